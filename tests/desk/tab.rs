//! The tab in ConnectWise: shown to whom ConnectWise vouches for, and to nobody else.

use recount_sim::{Member, member_hash};

use super::client::{Answer, Browser, DeskOfNight, held_night};
use crate::support::Night;

const ORIGIN: &str = "https://na.myconnectwise.net";

/// A night whose ConnectWise has two members who are logged in; one of them is named.
fn night_with_a_tab() -> Night {
    let night = held_night();
    night.append(&format!(
        "\n[desk]\nurl = \"http://127.0.0.1:1/\"\n\n[desk.tab]\norigins = [\"{ORIGIN}\"]\nmembers = [\"jdoe\"]\n"
    ));
    night.sim().edit(|world| {
        for (id, name) in [(71, "jdoe"), (72, "asmith")] {
            let names = (String::new(), String::new());
            world.members.push(Member { id, identifier: name.to_owned(), first_name: names.0, last_name: names.1 });
        }
    });
    night
}

/// What the window around the tab hands over.
fn claim(browser: &mut Browser, company: &str, member: &str, hash: &str, id: &str) -> Answer {
    let fields = [
        ("id", id),
        ("screen", "company"),
        ("companyid", company),
        ("memberid", member),
        ("memberHash", hash),
        ("memberContext", "c-1"),
    ];
    browser.post("/tab", &fields)
}

/// Otherwise whoever has the address, or writes a colleague's name into a form, reads what customers are billed.
#[test]
fn the_tab_is_shown_to_whom_connectwise_vouches_for_and_to_nobody_else() {
    let night = night_with_a_tab();
    let desk = DeskOfNight::open(&night);
    let mut browser = desk.browser();
    let right = member_hash("jdoe", "c-1");
    let shown = claim(&mut browser, "examplemsp", "jdoe", &right, "1");
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert!(shown.body.contains("MP-CLOUDFILTER") && shown.body.contains("1 to decide"), "{}", shown.body);
    assert!(!shown.body.contains("Borealis"), "another customer is in the tab: {}", shown.body);
    assert!(!shown.body.contains("<form"), "something can be decided in a frame: {}", shown.body);
    assert_eq!(shown.header("set-cookie"), None, "the tab leaves a cookie");
    // Last night wrote 7 where 5 was billed: beside it stands ConnectWise's own page, which says 7.
    let written = claim(&mut browser, "examplemsp", "jdoe", &right, "2").body;
    assert!(written.contains("<td class=\"n\">7</td><td class=\"n\">7</td>"), "{written}");

    let others = member_hash("asmith", "c-1");
    for (case, company, member, hash) in [
        ("a wrong proof", "examplemsp", "jdoe", "0000000000000000"),
        ("no proof", "examplemsp", "jdoe", ""),
        ("another's proof", "examplemsp", "jdoe", others.as_str()),
        ("somebody who is not named", "examplemsp", "asmith", others.as_str()),
        ("somebody who is not there", "examplemsp", "mallory", right.as_str()),
        ("another company", "othermsp", "jdoe", right.as_str()),
        ("a second cookie", "examplemsp", "jdoe; memberId=jdoe", right.as_str()),
    ] {
        let refused = claim(&mut browser, company, member, hash, "1");
        assert_eq!(refused.status, 403, "{case}: {}", refused.body);
        assert!(!refused.body.contains("MP-CLOUDFILTER"), "{case}: {}", refused.body);
    }
    for (case, fault) in [
        ("ConnectWise fails", r#"[{"when": {"method": "GET"}, "then": {"status": 500}}]"#),
        ("ConnectWise takes anything", r#"[{"when": {"method": "GET"}, "then": {"status": 200, "body": "html"}}]"#),
    ] {
        night.fault(fault);
        let refused = claim(&mut browser, "examplemsp", "jdoe", &right, "1");
        assert_eq!(refused.status, 403, "{case}: {}", refused.body);
    }
    night.no_faults();
    let mut reader = desk.person("vera", "viewer");
    let audit = reader.get("/audit?q=tab").body;
    assert!(audit.contains("jdoe") && audit.contains("refused"), "{audit}");
    desk.close();
}

/// Otherwise what ConnectWise's window hands to every tab would open the desk.
#[test]
fn what_the_tab_is_shown_by_is_nothing_on_the_desk() {
    let night = night_with_a_tab();
    let desk = DeskOfNight::open(&night);
    let proof = member_hash("jdoe", "c-1");
    let mut browser = desk.browser();
    let session = desk.person("dana", "operator").session_cookie();
    assert_eq!(claim(&mut browser, "examplemsp", "jdoe", &proof, "1").status, 200);
    assert!(browser.cookies.is_empty(), "the tab leaves a cookie: {:?}", browser.cookies);
    for (name, value) in [
        (session.as_str(), proof.as_str()),
        ("memberHash", &proof),
        ("memberId", "jdoe"),
        ("memberContext", "c-1"),
        ("companyName", "examplemsp"),
    ] {
        browser.cookies.insert(name.to_owned(), value.to_owned());
    }
    for path in ["/", "/plan", "/items/a7kx", "/reports/1", "/live/events"] {
        let shown = browser.get(path);
        assert!(shown.status == 303 || shown.status == 401, "{path}: {} {}", shown.status, shown.body);
        assert!(!shown.body.contains("Acme"), "{path}: {}", shown.body);
    }
    assert_eq!(browser.post("/runs/start", &[("kind", "night")]).status, 401);
    desk.close();
}

/// Otherwise another site puts the desk into a frame and has people click in it, or ConnectWise cannot show the tab.
#[test]
fn the_tab_alone_may_be_framed_and_by_the_named_origins_alone() {
    let night = night_with_a_tab();
    let desk = DeskOfNight::open(&night);
    let mut browser = desk.browser();
    let tab = browser.get("/tab?id=1&screen=company");
    let policy = tab.header("content-security-policy").expect("a policy");
    assert!(policy.contains(&format!("frame-ancestors {ORIGIN}")), "{policy}");
    assert_eq!((tab.status, tab.header("x-frame-options")), (200, None));
    assert!(!tab.body.contains("Acme") && !tab.body.contains("examplemsp"), "{}", tab.body);
    let hostile = browser.get("/tab?id=%22%3E%3Cscript%3Ex&screen=%22%3E%3Cscript%3E");
    assert!(!hostile.body.contains("<script>"), "{}", hostile.body);
    for path in ["/signin", "/style.css", "/tab.js", "/"] {
        let other = browser.get(path);
        assert_eq!(other.header("x-frame-options"), Some("DENY"), "{path}");
        let policy = other.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    }
    desk.close();
    let plain = held_night();
    let desk = DeskOfNight::open(&plain);
    assert_eq!(desk.browser().get("/tab").status, 404, "there is a tab that nobody configured");
    desk.close();
}

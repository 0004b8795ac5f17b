//! One desk for many tenants: who sees which, and that no tenant is another's business.

use std::fs;
use std::net::TcpListener;

use recount::web::desk::role_permissions::DeskAction;
use recount_sim::{Member, member_hash};

use crate::desk::client::{Browser, DeskOfNight, PASSWORD};
use crate::fleet::Fleet;
use crate::support::wait_until;

fn open(fleet: &Fleet) -> DeskOfNight<'_> {
    DeskOfNight::open_with(&fleet.night, &["--tenants", "pod-0"])
}

/// Somebody with this role at these tenants, signed in; every one where none is named.
pub(super) fn person(desk: &DeskOfNight<'_>, name: &str, role: &str, folder: &str, tenants: &[&str]) -> Browser {
    let mut words = vec!["users", "add", name, "--role", role, "--tenants", folder];
    tenants.iter().for_each(|tenant| words.extend(["--tenant", tenant]));
    words.extend(tenants.is_empty().then_some("--every-tenant"));
    let link = desk.link(&words);
    let mut browser = desk.browser();
    assert_eq!(browser.choose(&link, PASSWORD).status, 303);
    assert_eq!(browser.sign_in(name, PASSWORD).status, 303, "{name} cannot sign in");
    browser
}

/// Every page and every file that a tenant's desk has.
const PAGES: [&str; 24] = [
    "",
    "account",
    "items/aaaa",
    "plan",
    "invoices",
    "customers",
    "customers?look=1",
    "customers/tenant-00",
    "mapping/aaaa",
    "versions/mail",
    "services",
    "services/aaaa",
    "export",
    "nights",
    "nights/1",
    "runs/1",
    "integrations",
    "audit",
    "diff?a=1&b=2",
    "live",
    "find?q=tenant",
    "live/events",
    "reports/1",
    "style.css",
];

/// Where an action's form of a tenant is sent.
fn form_of(tenant: &str, action: DeskAction) -> String {
    let path = action.path().replace("{handle}", "aaaa").replace("{fingerprint}", &"a".repeat(64));
    format!("/t/{tenant}{}", path.replace("{run}", "1").replace("{name}", "mail"))
}

/// Otherwise an MSP reads what another one's customers are billed for, or bills them.
#[test]
fn whoever_has_no_role_at_a_tenant_sees_and_does_nothing_there() {
    let fleet = Fleet::new(4);
    fleet.night.recount(&["run", "--tenants", "pod-0"]).exits(0);
    // One is broken, and its people alone may read how.
    fs::write(fleet.folder(0, "tenant-02").join("recount.toml"), "no toml at all = =").expect("written");
    let desk = open(&fleet);
    let mut people = [
        ("dana", person(&desk, "dana", "operator", "pod-0", &["tenant-00"]), vec!["tenant-00"]),
        ("vera", person(&desk, "vera", "viewer", "pod-0", &["tenant-01", "tenant-02"]), vec!["tenant-01", "tenant-02"]),
        ("ada", person(&desk, "ada", "admin", "pod-0", &[]), vec!["tenant-00", "tenant-01", "tenant-02", "tenant-03"]),
    ];
    fleet.night.sim().clear_requests();
    let before = runs(&fleet);
    for (name, browser, own) in &mut people {
        let list = browser.get("/t/");
        let token = list.token();
        for tenant in &fleet.tenants {
            let (is_own, is_broken) = (own.contains(&tenant.as_str()), tenant == "tenant-02");
            assert_eq!(list.body.contains(tenant.as_str()), is_own, "{name}'s list: {}", list.body);
            for page in PAGES {
                let answer = browser.get(&format!("/t/{tenant}/{page}"));
                let case = format!("{name} at {tenant}/{page}: {} {}", answer.status, answer.body);
                let others = fleet.tenants.iter().filter(|other| *other != tenant || !is_own);
                others.for_each(|other| assert!(!answer.body.contains(other.as_str()), "{other}: {case}"));
                match (is_own, is_broken) {
                    (false, _) => assert_eq!(answer.status, 404, "{case}"),
                    (true, true) => assert!(answer.status == 503 && answer.body.contains("recount.toml"), "{case}"),
                    (true, false) => assert!([200, 404].contains(&answer.status), "{case}"),
                }
            }
            let token =
                if is_own && !is_broken { browser.get(&format!("/t/{tenant}/plan")).token() } else { token.clone() };
            // The last one would end the session.
            for action in DeskAction::ALL.iter().copied().filter(|action| *action != DeskAction::SignOut) {
                let answer = browser.post(&form_of(tenant, action), &[("csrf", &token), ("what", "night")]);
                let case = format!("{name}, {action:?} at {tenant}: {} {}", answer.status, answer.body);
                match (is_own, is_broken) {
                    (false, _) => assert_eq!(answer.status, 404, "{case}"),
                    (true, true) => assert_eq!(answer.status, 503, "{case}"),
                    (true, false) if *name == "vera" && action.path().contains("account") => {}
                    (true, false) if *name == "vera" => assert_eq!(answer.status, 403, "{case}"),
                    (true, false) => {}
                }
                if *name == "ada" {
                    break;
                }
            }
        }
        if *name == "vera" {
            assert_eq!(runs(&fleet)[1..], before[1..], "a viewer began nothing");
        }
    }
    for (name, browser, own) in &mut people {
        let sign_ins = browser.get("/audit");
        let all = own.len() == fleet.tenants.len();
        assert_eq!(
            (sign_ins.status, sign_ins.body.contains("signed in")),
            (if all { 200 } else { 404 }, all),
            "{name}"
        );
    }
    nobody_comes_in(&desk);
    desk.close();
}

/// Whoever has not signed in learns nothing, not even which tenants there are.
fn nobody_comes_in(desk: &DeskOfNight<'_>) {
    let nobody = desk.browser().get("/t/tenant-00/plan?q=1");
    let door = Some("/signin?next=%2Ft%2Ftenant-00%2Fplan%3Fq%3D1");
    assert_eq!((nobody.status, nobody.header("location")), (303, door));
    let nowhere = desk.browser().get("/t/nowhere/plan?q=1");
    assert_eq!(nowhere.status, 303, "whether there is such a tenant is not told either");
    assert_eq!(desk.browser().post(&form_of("tenant-00", DeskAction::Start), &[]).status, 401);
}

/// How many runs each tenant's history has.
fn runs(fleet: &Fleet) -> Vec<i64> {
    let of = |tenant: &String| {
        let state = fleet.folder(0, tenant).join("state/history.db");
        let history = rusqlite::Connection::open(state).expect("the history");
        history.query_row("SELECT count(*) FROM runs", [], |row| row.get(0)).expect("a number")
    };
    fleet.tenants.iter().map(of).collect()
}

/// Otherwise the desk of many is one to look at, or a button of one tenant's page acts on another.
#[test]
fn a_tenants_desk_works_as_its_own_and_on_itself_alone() {
    let fleet = Fleet::new(2);
    let desk = open(&fleet);
    let mut dana = person(&desk, "dana", "operator", "pod-0", &["tenant-00", "tenant-01"]);
    let today = dana.get("/t/tenant-01/");
    assert!(
        today.body.contains("All tenants") && today.body.contains(" · tenant-01 · recount</title>"),
        "{}",
        today.body
    );
    // Every address of a page leads to the same tenant, or is shared by all.
    for part in today
        .body
        .split(&['<', ' '][..])
        .filter_map(|part| part.strip_prefix("href=\"/").or(part.strip_prefix("action=\"/")))
    {
        let address = part.split('"').next().unwrap_or_default();
        assert!(
            address.starts_with("t/tenant-01/") || ["t/", "style.css", "account"].contains(&address),
            "{address}: {}",
            today.body
        );
    }
    let before = runs(&fleet);
    let begun = dana.press("/t/tenant-01/", "/t/tenant-01/runs/start", &[("kind", "night")]);
    assert_eq!((begun.status, begun.header("location")), (303, Some("/t/tenant-01/live")), "{}", begun.body);
    wait_until("the run is over", || dana.get("/t/tenant-01/live").body.contains("No run is under way"));
    assert_eq!(runs(&fleet), [before[0], before[1] + 1]);
    assert_eq!(fleet.billed()[1], fleet.goal()[1]);
    assert_ne!(fleet.billed()[0], fleet.goal()[0]);
    let audit = |browser: &mut Browser, tenant: &str| browser.get(&format!("/t/{tenant}/audit")).body;
    assert!(audit(&mut dana, "tenant-01").contains("started a night"));
    assert!(!audit(&mut dana, "tenant-00").contains("started a night"));
    // A role that is taken away is gone at the next request.
    fleet.night.recount(&["users", "remove", "dana", "--tenants", "pod-0", "--tenant", "tenant-01"]).exits(0);
    let mut dana_again = desk.browser();
    dana_again.sign_in("dana", PASSWORD);
    assert_eq!(dana_again.get("/t/tenant-01/").status, 404);
    assert_eq!(dana_again.get("/t/tenant-00/").status, 200);
    let out = dana_again.press("/t/", "/signout", &[]);
    assert_eq!((out.status, out.header("location")), (303, Some("/signin")));
    assert_eq!(dana_again.get("/t/tenant-00/").status, 303);
    let said = fleet.night.recount(&["users", "--tenants", "pod-0", "--json"]).exits(0).json();
    assert_eq!(said["people"][0]["tenants"], serde_json::json!({"tenant-00": "operator"}));
    desk.close();
}

/// Otherwise a new customer of the vendor waits for a restart, and monitoring for a tenant that nobody looks at.
#[test]
fn tenants_that_come_are_there_and_the_worst_is_first() {
    let fleet = Fleet::new(3);
    let aside = fleet.night.path("aside");
    fs::remove_dir_all(fleet.folder(0, "tenant-02").join("state")).expect("removed");
    fs::rename(fleet.folder(0, "tenant-02"), &aside).expect("moved");
    fleet.night.recount(&["run", "--tenants", "pod-0"]).exits(0);
    let desk = open(&fleet);
    let mut ada = person(&desk, "ada", "admin", "pod-0", &[]);
    assert!(!ada.get("/t/").body.contains("tenant-02"));
    fs::rename(&aside, fleet.folder(0, "tenant-02")).expect("moved");
    wait_until("the new tenant", || ada.get("/t/").body.contains("tenant-02"));
    let list = ada.get("/t/").body;
    let at = |tenant: &str| list.find(&format!(">{tenant}<")).unwrap_or_else(|| panic!("{tenant}: {list}"));
    assert!(at("tenant-02") < at("tenant-00") && at("tenant-00") < at("tenant-01"), "what never ran is worse: {list}");
    let elsewhere = ada.get("/t/tenant-02/");
    assert!(elsewhere.status == 503 && elsewhere.body.contains("not on this host"), "{}", elsewhere.body);
    assert!(!fleet.folder(0, "tenant-02").join("state").exists(), "to be looked at is not to be taken over");
    let metrics = ada.get("/metrics").body;
    for (tenant, code) in [("tenant-00", 0), ("tenant-01", 0), ("tenant-02", 1)] {
        assert!(metrics.contains(&format!("recount_tenant_exit_code{{tenant=\"{tenant}\"}} {code}\n")), "{metrics}");
        assert!(metrics.contains(&format!("tenant=\"{tenant}\",integration=\"mail\"")), "{metrics}");
    }
    // A copied file would show one tenant's lines to the people of another.
    let path = fleet.folder(0, "tenant-01").join("recount.toml");
    let text = fs::read_to_string(&path).expect("a file");
    fs::write(&path, text.replace("state = \"state\"", "state = \"../tenant-00/state\"")).expect("written");
    wait_until("both are refused", || ada.get("/t/tenant-01/").status == 503 && ada.get("/t/tenant-00/").status == 503);
    desk.close();
}

/// Otherwise one MSP's ConnectWise that hangs is a desk that hangs for all the others.
#[test]
fn a_connectwise_that_does_not_answer_keeps_no_other_tenants_people_waiting() {
    let fleet = Fleet::new(2);
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let path = fleet.folder(0, "tenant-01").join("recount.toml");
    let config = fs::read_to_string(&path).expect("a file");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    fs::write(&path, config.replace(&fleet.night.sim().url(), &url)).expect("written");
    let desk = open(&fleet);
    let mut ada = person(&desk, "ada", "admin", "pod-0", &[]);
    let token = ada.get("/t/tenant-01/plan").token();
    for _ in 0..24 {
        let (mut browser, token) = (ada.clone(), token.clone());
        let ask =
            move || browser.post("/t/tenant-01/integrations/mail/test", &[("csrf", &token), ("what", "connection")]);
        std::thread::spawn(ask);
    }
    silent.set_nonblocking(true).expect("set");
    let mut held = Vec::new();
    wait_until("ConnectWise is asked", || {
        held.extend(silent.accept());
        !held.is_empty()
    });
    assert_eq!(ada.get("/t/tenant-00/").status, 200);
    assert_eq!(ada.get("/t/tenant-00/customers?look=1").status, 200);
    assert_eq!(ada.get("/t/").status, 200);
    wait_until("no more than some wait", || ada.get("/t/tenant-01/").status == 503);
    desk.close();
}

/// Somebody types what is not there, or forgets at which tenant.
#[test]
fn a_person_without_a_tenant_is_not_added() {
    let fleet = Fleet::new(1);
    for (words, said) in [
        (&["users", "add", "dana", "--role", "operator", "--tenants", "pod-0"][..], "at which tenant"),
        (
            &["users", "add", "dana", "--role", "operator", "--tenants", "pod-0", "--tenant", "acme"][..],
            "no tenant acme",
        ),
        (&["users", "add", "dana", "--role", "operator", "--tenant", "acme"][..], "--tenants"),
    ] {
        let refused = fleet.night.recount(words).exits(2);
        assert!(refused.err.contains(said), "{}", refused.err);
    }
    assert!(fleet.night.recount(&["users", "--tenants", "pod-0"]).exits(0).out.contains("Nobody yet"));
    fleet.night.recount(&["users", "--tenants", "nowhere"]).exits(16);
    fleet.night.write("pod-0/desk.toml", "state = \"people\"\n[desk]\nlisten = \"127.0.0.1:9\"\nspeed = 1\n");
    let refused = fleet.night.recount(&["users", "--tenants", "pod-0"]).exits(16);
    assert!(refused.err.contains("speed"), "{}", refused.err);
    fleet.night.write("pod-0/desk.toml", "state = \"people\"\n[desk]\nurl = \"https://recount.example.com/\"\n");
    let words = ["users", "add", "dana", "--role", "operator", "--tenants", "pod-0", "--tenant", "tenant-00"];
    let added = fleet.night.recount(&words).exits(0);
    assert!(added.out.contains("https://recount.example.com/welcome/"), "{}", added.out);
    assert!(fleet.night.path("pod-0/people/history.db").exists());
}

/// Otherwise a vendor's people have a desk for all tenants, and the tab in ConnectWise needs a host for each of them; or the tab of
/// one tenant shows another's customers, or tells whoever asks which tenants there are.
#[test]
fn a_tenants_tab_is_under_its_own_address_and_shows_its_own_lines_alone() {
    let fleet = Fleet::new(3);
    fleet.night.recount(&["run", "--tenants", "pod-0"]).exits(0);
    let origin = "https://na.myconnectwise.net";
    for tenant in ["tenant-00", "tenant-01"] {
        let config = fleet.folder(0, tenant).join("recount.toml");
        let text = fs::read_to_string(&config).expect("the configuration");
        let url = format!("https://recount.example.com/t/{tenant}");
        let desk = format!("[desk]\nurl = \"{url}\"\n\n[desk.tab]\norigins = [\"{origin}\"]\nmembers = [\"jdoe\"]\n");
        fs::write(&config, format!("{text}\n{desk}")).expect("written");
        let config = config.display().to_string();
        let told = fleet.night.recount(&["check", "--config", &config]);
        let said = told.out.split_whitespace().collect::<Vec<_>>().join(" ");
        let entry = format!("URL {url}/tab?id=[cw_id]&screen=company, origin https://recount.example.com;");
        assert!(said.contains(&entry), "{said} {}", told.err);
    }
    fleet.night.sim().edit(|world| {
        let names = (String::new(), String::new());
        world.members.push(Member { id: 71, identifier: "jdoe".to_owned(), first_name: names.0, last_name: names.1 });
    });
    let desk = open(&fleet);
    let mut browser = desk.browser();
    let asked = browser.get("/t/tenant-00/tab?id=1001&screen=company");
    assert_eq!(asked.status, 200, "{}", asked.body);
    let policy = asked.header("content-security-policy").expect("a policy");
    assert!(policy.contains(&format!("frame-ancestors {origin}")), "{policy}");
    assert!(asked.body.contains("src=\"/t/tenant-00/tab.js\""), "{}", asked.body);
    assert_eq!(browser.get("/t/tenant-00/tab.js").status, 200);

    let proof = member_hash("jdoe", "c-1");
    let claim = |id: &'static str, hash: &'static str| {
        [
            ("id", id),
            ("screen", "company"),
            ("companyid", "examplemsp"),
            ("memberid", "jdoe"),
            ("memberHash", hash),
            ("memberContext", "c-1"),
        ]
    };
    let proof: &'static str = Box::leak(proof.into_boxed_str());
    let shown = browser.post("/t/tenant-00/tab", &claim("1001", proof));
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert!(shown.body.contains("MP-CLOUDFILTER") && !shown.body.contains("<form"), "{}", shown.body);
    // The other tenant bills in the same ConnectWise: its company is nobody's here.
    let others = browser.post("/t/tenant-00/tab", &claim("1002", proof));
    assert!(others.status == 200 && others.body.contains("No line of this company"), "{}", others.body);
    assert_eq!(browser.post("/t/tenant-00/tab", &claim("1001", "0000")).status, 403);
    // Of a tenant without a tab nobody learns more than of one that is not there.
    let [without, nobody] =
        ["tenant-02", "nobody"].map(|tenant| browser.get(&format!("/t/{tenant}/tab?id=1&screen=company")));
    assert_eq!((without.status, &without.body), (404, &nobody.body));
    assert!(browser.cookies.is_empty(), "the tab leaves a cookie: {:?}", browser.cookies);
    desk.close();
}

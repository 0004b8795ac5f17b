//! Whoever has no business here gets nothing and changes nothing.

use recount::history::desk::people::Role;
use recount::web::desk::role_permissions::DeskAction;

use super::client::{Browser, DeskOfNight, PASSWORD, decided, handle, held_night};
use crate::support::Night;

/// An action, with an address that means something and fields that would do it.
type Form = (DeskAction, String, Vec<(&'static str, String)>);

fn forms(night: &Night) -> Vec<Form> {
    let (zero, unmapped) = (handle(night, "to-zero"), handle(night, "customer-unmapped"));
    let own = |action: DeskAction| {
        let handle = if action == DeskAction::Map { &unmapped } else { &zero };
        let path = action.path().replace("{handle}", handle).replace("{fingerprint}", &"a".repeat(64));
        path.replace("{run}", "1").replace("{name}", "mail")
    };
    let fields = vec![
        ("answer", "accept".to_owned()),
        ("item", zero.clone()),
        ("shown", "3:0:to-zero".to_owned()),
        ("what", "map".to_owned()),
        ("map", format!("{unmapped}:2")),
        ("product", "MP-ARCHIVE".to_owned()),
        ("note", "x".to_owned()),
        ("kind", "night".to_owned()),
        ("mode", "off".to_owned()),
        ("lines", "1".to_owned()),
        ("company", "2".to_owned()),
    ];
    DeskAction::ALL.iter().copied().map(|action| (action, own(action), fields.clone())).collect()
}

fn sent<'a>(fields: &'a [(&'static str, String)], token: &'a str) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).chain([("csrf", token)]).collect()
}

/// What must not have changed: decisions, runs, modes.
fn standing(night: &Night) -> (usize, String, String) {
    let runs = night.recount(&["history", "--json"]).exits(0).out;
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let customers = std::fs::read_to_string(night.path("customers.csv")).expect("the customers");
    (decided(night).len(), runs, config + &customers)
}

/// Otherwise anybody who reaches the port, or whose page somebody visits, could bill a customer.
#[test]
fn no_action_is_done_for_whom_it_is_not_meant() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let (mut viewer, mut operator) = (desk.person("vera", "viewer"), desk.person("otto", "operator"));
    let (of_viewer, of_operator) = (viewer.get("/").token(), operator.get("/").token());
    let before = standing(&night);
    for (action, path, fields) in forms(&night) {
        let case = |what: &str| format!("{action:?} {what}");
        let nobody = desk.browser().post(&path, &sent(&fields, &of_operator));
        assert_eq!(nobody.status, 401, "{}", case("without session"));
        let mut forged = desk.browser();
        forged.cookies.insert(operator.session_cookie(), "0".repeat(64));
        assert_eq!(forged.post(&path, &sent(&fields, &of_operator)).status, 401, "{}", case("with a made-up session"));
        for token in ["", &of_viewer, &"0".repeat(64)] {
            assert_eq!(operator.post(&path, &sent(&fields, token)).status, 403, "{}", case("with a foreign token"));
        }
        for headers in [
            [("sec-fetch-site", "cross-site")],
            [("sec-fetch-site", "same-site")],
            [("origin", "https://evil.example")],
        ] {
            let foreign = operator.post_with(&path, &sent(&fields, &of_operator), &headers);
            assert_eq!(foreign.status, 403, "{} {headers:?}", case("from another site"));
        }
        let rebound = operator.post_with(&path, &sent(&fields, &of_operator), &[("host", "evil.example")]);
        assert_eq!(rebound.status, 421, "{}", case("under another name"));
        let by_get = operator.get(&path);
        let is_page = action == DeskAction::Map;
        assert!(is_page || by_get.status != 200, "{}", case("by GET"));
        if action.least() > Role::Viewer {
            let refused = viewer.post(&path, &sent(&fields, &of_viewer));
            assert_eq!(refused.status, 403, "{}", case("as viewer"));
        }
        if action.least() > Role::Operator {
            let refused = operator.post(&path, &sent(&fields, &of_operator));
            assert_eq!(refused.status, 403, "{}", case("as operator"));
        }
    }
    assert_eq!(standing(&night), before, "something was done");
    let audit = operator.get("/audit?q=role");
    assert!(audit.body.contains("vera") && audit.body.contains("refused"), "{}", audit.body);
    desk.close();
}

/// Otherwise a viewer sees buttons that refuse them, or a page that is nobody else's business is open to all.
#[test]
fn a_viewer_reads_and_has_no_buttons_and_nobody_reads_without_a_session() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut viewer = desk.person("vera", "viewer");
    let unmapped = format!("/mapping/{}", handle(&night, "customer-unmapped"));
    let handle = handle(&night, "to-zero");
    let pages = [
        "/",
        "/plan",
        "/invoices",
        "/customers",
        "/customers/Acme",
        "/nights",
        "/nights/1",
        "/integrations",
        "/audit",
        "/live",
        "/find?q=acme",
        "/reports/1",
        "/versions/mail",
        "/services",
        "/export",
    ];
    for page in pages.iter().map(|page| (*page).to_owned()).chain([format!("/items/{handle}"), unmapped.clone()]) {
        let read = viewer.get(&page);
        assert_eq!(read.status, 200, "{page}: {}", read.body);
        let forms: Vec<&str> =
            read.body.split("<form").skip(1).filter(|form| form.contains("method=\"post\"")).collect();
        let own = forms.iter().all(|form| form.contains("action=\"/signout\"") || form.contains("action=\"/account/"));
        assert!(own, "{page} has a button for a viewer: {forms:?}");
        let closed = desk.browser().get(&page);
        assert_eq!(closed.status, 303, "{page} is open to everybody: {}", closed.body);
        assert!(closed.header("location").is_some_and(|to| to.starts_with("/signin")), "{closed:?}");
        for word in ["Acme", "Borealis", "examplemsp"] {
            assert!(!closed.body.contains(word), "{page} says {word} to everybody");
        }
    }
    desk.close();
}

/// Otherwise who was sent away would still be in; or a session could be planted before somebody signs in.
#[test]
fn a_session_ends_with_what_it_came_from() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let old = dana.clone();
    assert_eq!(dana.press("/", "/signout", &[]).status, 303);
    assert_eq!(old.clone().get("/").status, 303, "a session goes on after signing out");

    let mut planted = desk.browser();
    planted.cookies.insert(old.session_cookie(), "a".repeat(64));
    assert_eq!(planted.sign_in("dana", PASSWORD).status, 303);
    assert_ne!(planted.session(), "a".repeat(64), "the session that was planted is used");

    let again = |browser: &mut Browser| assert_eq!(browser.sign_in("dana", PASSWORD).status, 303);
    let mut second = desk.browser();
    again(&mut second);
    assert_ne!(planted.session(), second.session(), "sessions are not new");
    night.recount(&["users", "role", "dana", "viewer"]).exits(0);
    assert_eq!(second.get("/").status, 303, "a session goes on with another role");
    again(&mut second);
    night.recount(&["users", "lock", "dana"]).exits(0);
    assert_eq!(second.get("/").status, 303, "a session goes on after a lock");
    assert_eq!(second.sign_in("dana", PASSWORD).status, 401, "who is locked comes in");
    night.recount(&["users", "unlock", "dana"]).exits(0);
    again(&mut second);
    let link = desk.link(&["users", "reset", "dana"]);
    assert_eq!(second.get("/").status, 303, "a session goes on after the password was taken away");
    assert_eq!(second.sign_in("dana", PASSWORD).status, 401, "the old password is still good");
    let mut third = desk.browser();
    assert_eq!(third.choose(&link, "password1234").status, 422, "a known password is taken");
    assert_eq!(third.choose(&link, "another good one").status, 303);
    assert_eq!(desk.browser().get(&link).status, 410, "a link is good twice");
    assert_eq!(third.sign_in("dana", "another good one").status, 303);
    night.recount(&["users", "remove", "dana"]).exits(0);
    assert_eq!(third.get("/").status, 303, "who was removed is still in");
    desk.close();
}

/// Otherwise a password could be found by trying, or a name by the answer.
#[test]
fn guessing_is_slowed_down_and_says_nothing() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    desk.person("dana", "operator");
    let mut guesser = desk.browser();
    let wrong = |browser: &mut Browser, name: &str| {
        let answer = browser.sign_in(name, "not the password");
        (
            answer.status,
            answer.body.split("role=\"alert\"").nth(1).and_then(|rest| rest.split("</b>").next()).map(str::to_owned),
        )
    };
    let known = wrong(&mut guesser, "dana");
    assert_eq!(known.0, 401);
    assert_eq!(wrong(&mut guesser, "nobody"), known, "the answer tells whether the name is there");
    for _ in 0..3 {
        assert_eq!(wrong(&mut guesser, "dana").0, 401);
    }
    assert_eq!(wrong(&mut guesser, "dana").0, 429, "the sixth guess is as quick as the first");
    let right = guesser.sign_in("dana", PASSWORD);
    assert_eq!(right.status, 429, "the right password is told apart while others have to wait");
    let mut unasked = desk.browser();
    let stale = unasked.post("/signin", &[("name", "dana"), ("password", PASSWORD), ("csrf", &"0".repeat(64))]);
    assert_eq!(stale.status, 403, "a form that no page gave signs somebody in");
    desk.close();
}

/// Otherwise whoever copies the history can come in, or reads the cookie in a log.
#[test]
fn what_lets_somebody_in_is_stored_nowhere() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let link = desk.link(&["users", "add", "dana", "--role", "admin"]);
    let mut dana = desk.browser();
    dana.choose(&link, PASSWORD);
    dana.sign_in("dana", PASSWORD);
    let secret = dana.session();
    let token = dana.get("/").token();
    let link = link.rsplit('/').next().expect("a link").to_owned();
    desk.close();
    for file in ["history.db", "history.db-wal"] {
        let Ok(bytes) = std::fs::read(night.path("state").join(file)) else { continue };
        for hidden in [&secret, &token, &link, PASSWORD] {
            let found = bytes.windows(hidden.len()).any(|window| window == hidden.as_bytes());
            assert!(!found, "{file} holds {hidden}");
        }
    }
}

/// Otherwise passwords go over the network for everybody to read.
#[test]
fn without_tls_the_desk_is_for_this_host_alone() {
    let night = held_night();
    let said = night.recount(&["serve", "--listen", "0.0.0.0:0"]).exits(16);
    assert!(said.err.contains("without TLS"), "{}", said.err);
}

/// Otherwise the desk cannot be reached from another host, or anybody on the way reads along.
#[test]
fn with_a_certificate_it_speaks_tls_and_nothing_else() {
    use std::io::{Read as _, Write as _};
    let night = held_night();
    let tls = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connectwise/tls");
    night.append(&format!("\n[desk]\ncert = \"{tls}/server.pem\"\nkey = \"{tls}/server.key.pem\"\n"));
    let desk = DeskOfNight::open(&night);
    let authority = std::fs::read(format!("{tls}/authority.pem")).expect("the authority");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let said = runtime.block_on(async {
        let authority = reqwest::Certificate::from_pem(&authority).expect("a certificate");
        let client = reqwest::Client::builder().tls_certs_only([authority]).build().expect("a client");
        client.get(format!("https://localhost:{}/signin", desk.port)).send().await.expect("an answer").text().await
    });
    assert!(said.expect("a page").contains("Sign in to recount"));
    let mut plain = std::net::TcpStream::connect(("127.0.0.1", desk.port)).expect("a connection");
    plain.write_all(b"GET /signin HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("sent");
    let mut heard = Vec::new();
    // Closed, with an alert of TLS at most.
    let _ = plain.read_to_end(&mut heard);
    assert!(!String::from_utf8_lossy(&heard).contains("HTTP/1.1"), "it answers without TLS");
    desk.close();
}

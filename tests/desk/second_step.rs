//! A second step at sign-in, through the real program.

use totp_rs::{Builder, Secret, Totp};

use super::client::{Answer, Browser, DeskOfNight, PASSWORD, held_night};
use crate::support::{Night, now};

/// The app that was shown this page.
fn app(page: &Answer) -> Totp {
    let key = page.body.split("class=\"key\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a key");
    let secret = Secret::try_from_base32(key.replace(' ', "")).expect("base32");
    Builder::new().with_secret(secret).with_account_name("x").build().expect("an app")
}

/// What the app shows, so many steps from now.
fn code(app: &Totp, steps: i64) -> String {
    let at = now().timestamp() + 30 * steps;
    app.generate(u64::try_from(at).expect("a time")).to_string()
}

fn type_code(browser: &mut Browser, code: &str) -> Answer {
    browser.press("/signin/code", "/signin/code", &[("code", code)])
}

/// Otherwise whoever learns a password is in, although its owner thinks that a code is asked for; or a code that
/// somebody looked at over a shoulder lets them in as well.
#[test]
fn who_switched_an_authenticator_on_needs_a_code_that_was_not_used() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    assert_eq!(dana.press("/account", "/account/authenticator", &[]).status, 303);
    let app = app(&dana.get("/account"));
    let on = "/account/authenticator/on";
    assert_eq!(dana.press("/account", on, &[("code", "000000")]).status, 422);
    assert_eq!(
        desk.browser().sign_in("dana", PASSWORD).header("location"),
        Some("/"),
        "it is asked for before it is on"
    );
    let first = code(&app, -1);
    assert_eq!(dana.press("/account", on, &[("code", &first)]).status, 303);
    assert!(!dana.get("/account").body.contains("class=\"key\""), "the key is shown again");

    let mut second = desk.browser();
    let half = second.sign_in("dana", PASSWORD);
    assert!(half.header("location").is_some_and(|to| to.starts_with("/signin/code")), "{half:?}");
    assert_eq!(second.get("/").status, 303, "half a sign-in is let in");
    assert_eq!(type_code(&mut second, &first).status, 401, "a code is good twice");
    assert_eq!(type_code(&mut second, "123").status, 401);
    let right = code(&app, 0);
    let mut twin = second.clone();
    assert_eq!(type_code(&mut second, &right).status, 303);
    assert_eq!(second.get("/").status, 200);
    assert_eq!(twin.get("/signin/code").header("location"), Some("/signin"), "half a sign-in is good twice");
    let mut third = desk.browser();
    third.sign_in("dana", PASSWORD);
    assert_eq!(type_code(&mut third, &right).status, 401, "a code is good for two sign-ins");

    let link = desk.link(&["users", "reset", "dana"]);
    assert_eq!(third.get("/signin/code").status, 303, "half a sign-in goes on after a reset");
    let mut again = desk.browser();
    again.choose(&link, PASSWORD);
    assert_eq!(
        again.sign_in("dana", PASSWORD).header("location"),
        Some("/"),
        "a lost app keeps its owner out for ever"
    );
    desk.close();
}

/// Otherwise codes are found by trying: six digits are few.
#[test]
fn codes_cannot_be_tried() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    dana.press("/account", "/account/authenticator", &[]);
    let app = app(&dana.get("/account"));
    dana.press("/account", "/account/authenticator/on", &[("code", &code(&app, -1))]);
    let mut thief = desk.browser();
    thief.sign_in("dana", PASSWORD);
    let answers: Vec<u16> = (0..6).map(|_| type_code(&mut thief, "000000").status).collect();
    assert_eq!(answers.last(), Some(&429), "{answers:?}");
    assert_eq!(type_code(&mut thief, &code(&app, 0)).status, 429, "the right code is told apart while others wait");
    let mut again = desk.browser();
    again.sign_in("dana", PASSWORD);
    assert_eq!(type_code(&mut again, &code(&app, 0)).status, 429, "the password starts the count anew");
    desk.close();
}

/// Puts every attempt so many minutes back, as if so much time had gone by.
fn minutes_go_by(night: &Night, minutes: i64) {
    let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
    history.busy_timeout(std::time::Duration::from_secs(10)).expect("patience");
    let mut statement = history.prepare("SELECT subject, last_at FROM attempts").expect("attempts");
    let read = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
    let read: Vec<(String, String)> = read.expect("attempts").map(|row| row.expect("a row")).collect();
    for (subject, last_at) in read {
        let at = chrono::DateTime::parse_from_rfc3339(&last_at).expect("a time").to_utc();
        let earlier = (at - chrono::TimeDelta::minutes(minutes)).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let changed = history.execute("UPDATE attempts SET last_at = ?2 WHERE subject = ?1", [&subject, &earlier]);
        assert_eq!(changed.expect("changed"), 1);
    }
}

/// Otherwise whoever mistypes a few codes never comes in again: the password before each code would begin a wait of its
/// own, and each refused code a longer one.
#[test]
fn the_right_code_is_taken_after_any_number_of_wrong_ones() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    dana.press("/account", "/account/authenticator", &[]);
    let app = app(&dana.get("/account"));
    dana.press("/account", "/account/authenticator/on", &[("code", &code(&app, -1))]);
    let mut clumsy = desk.browser();
    for _ in 0..12 {
        clumsy.sign_in("dana", PASSWORD);
        type_code(&mut clumsy, "000000");
    }
    minutes_go_by(&night, 16);
    let half = clumsy.sign_in("dana", PASSWORD);
    assert!(half.header("location").is_some_and(|to| to.starts_with("/signin/code")), "{half:?}");
    assert_eq!(type_code(&mut clumsy, "000000").status, 401, "a code is not judged after the wait");
    for _ in 0..8 {
        assert_eq!(type_code(&mut clumsy, "000000").status, 429);
    }
    minutes_go_by(&night, 16);
    let mut dana = desk.browser();
    dana.sign_in("dana", PASSWORD);
    assert_eq!(type_code(&mut dana, &code(&app, 0)).status, 303, "who mistyped never comes in again");
    assert_eq!(dana.get("/").status, 200);
    desk.close();
}

/// Otherwise everybody behind one address waits after a few of them came in, or mistyped passwords are forgiven by half a
/// sign-in.
#[test]
fn a_right_password_before_its_code_counts_for_nothing_and_forgives_nothing() {
    let night = held_night();
    night.append("\n[desk]\ntotp = \"required\"\n");
    let desk = DeskOfNight::open(&night);
    let link = desk.link(&["users", "add", "dana", "--role", "admin"]);
    desk.browser().choose(&link, PASSWORD);
    for _ in 0..7 {
        assert_eq!(desk.browser().sign_in("dana", PASSWORD).status, 303, "a right password waits for itself");
    }
    for _ in 0..4 {
        assert_eq!(desk.browser().sign_in("dana", "eleven yellow umbrellas").status, 401);
    }
    assert_eq!(desk.browser().sign_in("dana", PASSWORD).status, 303);
    assert_eq!(desk.browser().sign_in("dana", "eleven yellow umbrellas").status, 401);
    assert_eq!(desk.browser().sign_in("dana", "eleven yellow umbrellas").status, 429, "half a sign-in forgives");
    assert_eq!(desk.browser().sign_in("dana", PASSWORD).status, 429, "a try during the wait is judged");
    minutes_go_by(&night, 2);
    assert_eq!(desk.browser().sign_in("dana", PASSWORD).status, 303, "a try during the wait made it longer");
    desk.close();
}

/// Otherwise a desk that demands codes lets those in who never set an app up, or nobody at all.
#[test]
fn a_desk_that_demands_codes_has_them_set_up_at_the_door() {
    let night = held_night();
    night.append("\n[desk]\ntotp = \"required\"\n");
    let desk = DeskOfNight::open(&night);
    let link = desk.link(&["users", "add", "dana", "--role", "admin"]);
    let mut dana = desk.browser();
    dana.choose(&link, PASSWORD);
    let half = dana.sign_in("dana", PASSWORD);
    assert!(half.header("location").is_some_and(|to| to.starts_with("/signin/code")), "{half:?}");
    let app = app(&dana.get("/signin/code"));
    assert_eq!(type_code(&mut dana, "000000").status, 401);
    assert_eq!(type_code(&mut dana, &code(&app, 0)).status, 303);
    assert_eq!(dana.get("/").status, 200);
    let off = dana.press("/account", "/account/authenticator/off", &[("code", &code(&app, 1))]);
    assert_ne!(off.status, 303, "it can be switched off");
    let listed = night.recount(&["users"]).exits(0).out;
    assert!(listed.contains("with an authenticator"), "{listed}");
    desk.close();
}

/// Otherwise whoever copies the history can make everybody's codes.
#[test]
fn a_copy_of_the_history_makes_no_codes() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    dana.press("/account", "/account/authenticator", &[]);
    let secret = app(&dana.get("/account")).secret().as_bytes().to_vec();
    desk.close();
    for file in ["history.db", "history.db-wal"] {
        let Ok(bytes) = std::fs::read(night.path("state").join(file)) else { continue };
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{file} holds the secret");
    }
    use std::os::unix::fs::PermissionsExt as _;
    let key = std::fs::metadata(night.path("state/desk.key")).expect("the key");
    assert_eq!(key.permissions().mode() & 0o077, 0, "others may read the key");
}

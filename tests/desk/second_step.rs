//! A second step at sign-in, through the real program.

use totp_rs::{Builder, Secret, Totp};

use super::client::{Answer, Browser, DeskOfNight, PASSWORD, held_night};
use crate::support::now;

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
    assert_eq!(desk.browser().sign_in("dana", PASSWORD).status, 429, "the password starts the count anew");
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

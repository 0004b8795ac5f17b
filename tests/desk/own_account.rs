//! What people do with their own account.

use super::client::{Browser, DeskOfNight, PASSWORD, held_night};
use crate::support::Night;

const OTHER: &str = "twelve orange raincoats";

/// What the page of the own account has to do when a password is changed and sessions are ended, wherever it is.
pub(crate) fn password_and_sessions(desk: &DeskOfNight<'_>, mut dana: Browser) {
    let mut elsewhere = desk.browser();
    assert_eq!(elsewhere.sign_in("dana", PASSWORD).status, 303);
    let change = |browser: &mut Browser, old: &str, new: &str, again: &str| {
        browser.press("/account", "/account/password", &[("old", old), ("password", new), ("again", again)])
    };
    for (old, new, again) in
        [("not the password", OTHER, OTHER), (PASSWORD, OTHER, PASSWORD), (PASSWORD, "short", "short")]
    {
        let wrong = change(&mut dana, old, new, again);
        assert_eq!(wrong.status, 422, "{}", wrong.body);
        assert!(wrong.body.contains("id=\"err\"") && !wrong.body.contains(PASSWORD), "{}", wrong.body);
    }
    assert_eq!(elsewhere.get("/account").status, 200, "a wrong try ended a session");
    assert!(dana.get("/account").body.contains("and in 1 other"), "{}", dana.get("/account").body);
    assert_eq!(change(&mut dana, PASSWORD, OTHER, OTHER).status, 303);
    assert_eq!(dana.get("/account").status, 200, "who changed it has to sign in again");
    assert_eq!(elsewhere.get("/account").status, 303, "a session with the old password goes on");
    assert_eq!(elsewhere.sign_in("dana", PASSWORD).status, 401, "the old password lets in");
    assert_eq!(elsewhere.sign_in("dana", OTHER).status, 303);
    assert_eq!(dana.press("/account", "/account/sessions/end", &[]).status, 303);
    assert_eq!((elsewhere.get("/account").status, dana.get("/account").status), (303, 200));
    let foreign =
        dana.post("/account/password", &[("csrf", "x"), ("old", OTHER), ("password", PASSWORD), ("again", PASSWORD)]);
    assert_eq!(foreign.status, 403);
    assert_eq!(desk.browser().post("/account/sessions/end", &[]).status, 401);
}

/// Otherwise who fears that somebody has read the password along has to wait for an administrator.
#[test]
fn a_password_is_changed_by_who_knows_it_and_ends_what_is_open_elsewhere() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let dana = desk.person("dana", "viewer");
    password_and_sessions(&desk, dana);
    let audit = desk.person("vera", "viewer").get("/audit").body;
    for said in ["changed the password", "ended the other sessions", "The password that you have now is another one."] {
        assert!(audit.contains(said), "no {said}: {audit}");
    }
    desk.close();
}

/// A browser keeps cookies by host, whatever the port: else who signs in at one desk is signed out at the other.
#[test]
fn two_desks_on_one_host_leave_each_other_alone() {
    let nights = [Night::new(), Night::new()];
    let desks = nights.each_ref().map(DeskOfNight::open);
    let [mut one, mut other] = desks.each_ref().map(|desk| desk.person("dana", "viewer"));
    let (of_one, of_other) = (one.cookies.clone(), other.cookies.clone());
    one.cookies.extend(of_other);
    other.cookies.extend(of_one);
    assert_eq!((one.get("/").status, other.get("/").status), (200, 200));
    assert_eq!(other.press("/", "/signout", &[]).status, 303);
    let mut one = Browser { cookies: [one.cookies, other.cookies.clone()].into_iter().flatten().collect(), ..one };
    assert_eq!((one.get("/").status, other.get("/").status), (200, 303));
    // A restart is the same desk.
    let [first, second] = desks;
    first.close();
    let again = DeskOfNight::open(&nights[0]);
    let mut one = Browser { port: again.port, ..one };
    assert_eq!(one.get("/").status, 200, "a restart ends all sessions");
    again.close();
    second.close();
}

/// Otherwise a colleague gets a link to a port on which nothing listens, or where another program does.
#[test]
fn a_link_leads_to_where_the_desk_runs() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let here = format!("http://127.0.0.1:{}/welcome/", desk.port);
    let added = night.recount(&["users", "add", "dana", "--role", "viewer"]).exits(0).out;
    assert!(added.contains(&here) && !added.contains("no desk runs"), "{added}");
    let reset = night.recount(&["users", "reset", "dana", "--json"]).exits(0).json();
    assert!(reset["link"].as_str().is_some_and(|link| link.starts_with(&here)), "{reset}");
    desk.close();
    let added = night.recount(&["users", "add", "priya", "--role", "viewer"]).exits(0).out;
    assert!(!added.contains(&here), "a desk that was closed is believed to be there: {added}");
    assert!(added.contains("http://127.0.0.1:8080/welcome/") && added.contains("no desk runs now"), "{added}");
}

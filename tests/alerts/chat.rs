//! Webhooks and pings, at a real server.

use std::net::TcpListener;

use serde_json::Value;

use super::{Listener, OK};
use crate::support::{Night, wait_until};

fn bodies(server: &Listener) -> Vec<Value> {
    server.heard().iter().map(|heard| serde_json::from_str(&heard.body).expect("JSON")).collect()
}

fn webhook(night: &Night, server: &Listener, more: &str) {
    night.secret("hook", &server.url("/services/CANARY-hook-77"), 0o600);
    night.append(&format!("\n[alert.chat]\nkind = \"webhook\"\nurl = {{ file = \"keys/hook\" }}\n{more}\n"));
}

/// Otherwise what listens would have to guess.
#[test]
fn a_webhook_gets_the_night_as_json() {
    let night = Night::busy();
    let server = Listener::answering(OK);
    webhook(&night, &server, "when = \"always\"\nlink = \"https://recount.example.com/runs/{run}\"");
    let run = night.run().exits(0).first_run();
    assert_eq!(server.heard()[0].target, "POST /services/CANARY-hook-77");
    let told = &bodies(&server)[0];
    assert_eq!((&told["event"], &told["integration"]), (&"run".into(), &"mail".into()));
    assert_eq!((&told["run"], &told["verdict"]), (&run["run"], &run["verdict"]));
    assert_eq!(told["totals"]["changed"], run["totals"]["changed"]);
    assert_eq!(told["link"], format!("https://recount.example.com/runs/{}", run["run"]));
}

/// Otherwise a name in an export could ring the whole company, or draw a link to anywhere.
#[test]
fn a_name_is_never_markup_in_a_chat() {
    for shape in ["slack", "teams"] {
        let night = Night::new();
        night.approve();
        let server = Listener::answering(OK);
        // On a Monday the digest would come first.
        webhook(&night, &server, &format!("shape = \"{shape}\"\nwhen = \"attention\""));
        night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\n\"<!channel> [x](http://evil.example) *b* <@U1>\",CloudFilter,1\n");
        night.run().exits(3);
        let told = &bodies(&server)[0];
        each_text(told, &mut |kind, text| {
            let hostile = text.contains("<!channel>") || text.contains("](http");
            assert!(!hostile || matches!(kind, "plain_text" | "TextRun"), "{kind}: {text}");
        });
        let whole = told.to_string();
        assert!(whole.contains("evil.example"), "the name is told: {whole}");
        assert!(shape != "slack" || !told["text"].as_str().expect("a text").contains('<'));
        assert!(whole.contains("to decide 1"), "{whole}");
    }
}

/// Every text of a message, with the kind of the element that holds it.
fn each_text(value: &Value, look: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(object) => {
            let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
            for (key, value) in object {
                match value {
                    Value::String(text) if matches!(key.as_str(), "text" | "title" | "value") => look(kind, text),
                    value => each_text(value, look),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_text(item, look)),
        _ => {}
    }
}

/// Otherwise a token would stand in logs, in the history, or at another host.
#[test]
fn an_address_is_told_to_nobody_and_no_redirect_is_followed() {
    let night = Night::busy();
    let elsewhere = Listener::answering(OK);
    let answer = format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {}", elsewhere.url("/stolen")).leak();
    let server = Listener::answering(answer);
    webhook(&night, &server, "when = \"always\"");
    let said = night.run().exits(0);
    assert_eq!((server.heard().len(), elsewhere.heard().len()), (1, 0));
    assert!(said.err.contains("alert chat of run"), "a failure is logged: {}", said.err);
    let status = night.recount(&["status"]).exits(0);
    assert!(status.out.contains("was not delivered") && status.out.contains("307"), "{}", status.out);
    let history = std::fs::read(night.path("state/history.db")).expect("the history");
    let tested = night.recount(&["alerts", "test"]).exits(1);
    for text in [&said.err, &said.out, &status.out, &tested.out, &tested.err, &*String::from_utf8_lossy(&history)] {
        assert!(!text.contains("CANARY-hook"), "{text}");
    }
}

/// Otherwise a dead host would look like a quiet night.
#[test]
fn a_ping_is_told_before_and_after_with_the_exit_code() {
    let night = Night::new();
    let server = Listener::answering(OK);
    night.append(&format!("\n[alert.alive]\nkind = \"ping\"\nurl = \"{}\"\n", server.url("/ping/token")));
    // The first run that would write needs an approval; here nothing is to be written.
    night.approve();
    let approved = server.heard().len();
    assert_eq!(approved, 2, "`apply` is a night, `plan` is none");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\nNew,CloudFilter,1\n");
    night.run().exits(3);
    let heard = server.heard().split_off(approved);
    let id = |target: &str| target.split_once("rid=").expect("an id").1.to_owned();
    assert!(heard[0].target.starts_with("POST /ping/token/start?rid="), "{}", heard[0].target);
    assert!(heard[1].target.starts_with("POST /ping/token/3?rid="), "{}", heard[1].target);
    assert_eq!(id(&heard[0].target), id(&heard[1].target));
    assert_eq!(id(&heard[0].target).len(), 36, "a UUID");
    assert!(heard[1].body.contains("to decide 1") && heard[1].body.len() <= 10_000);
}

/// Otherwise people would go home, believing that last night's trouble is over.
#[test]
fn an_undo_is_not_the_end_of_trouble() {
    let night = Night::busy();
    let server = Listener::answering(OK);
    webhook(&night, &server, "when = \"attention\"");
    let wrote = night.run().exits(0).first_run()["run"].to_string();
    night.fault(r#"[{"then": {"status": 401}}]"#);
    night.run();
    night.no_faults();
    assert_eq!(server.heard().len(), 1, "the trouble");
    let undo = night.recount(&["undo", &wrote, "--json"]).first_run();
    let fingerprint = undo["plan"].as_str().expect("a plan").to_owned();
    night.recount(&["apply", &fingerprint]).exits(0);
    assert_eq!(server.heard().len(), 1, "{:?}", server.heard());
    night.run();
    assert_eq!(server.heard().len(), 2, "the next night");
}

/// Otherwise the first bad night is when somebody finds out that nobody is told of it.
#[test]
fn check_finds_an_address_that_cannot_be_read() {
    let night = Night::new();
    webhook(&night, &Listener::answering(OK), "");
    let good = night.recount(&["check"]).out;
    assert!(good.contains("webhook; not tested yet: `recount alerts test`"), "{good}");
    std::fs::remove_file(night.path("keys/hook")).expect("the address");
    let bad = night.recount(&["check"]).exits(16).out;
    assert!(
        bad.contains("`url`: the file that it names in keys") && bad.contains("alert is not\n    delivered"),
        "{bad}"
    );
}

/// A refused night was told to nobody for ever where the good one after it was not told either.
#[test]
fn all_nights_that_nobody_was_told_of_are_told_when_the_server_is_back() {
    let night = Night::new();
    night.approve();
    let server = Listener::answering(OK);
    webhook(&night, &server, "when = \"attention\"");
    night.run().exits(0);
    server.answer("HTTP/1.1 500 Internal Server Error");
    night.fault(r#"[{"then": {"status": 401}}]"#);
    let bad: Vec<String> = (0..2).map(|_| night.run().exits(13).first_run()["run"].to_string()).collect();
    night.no_faults();
    // The end of the trouble was to be told as well.
    let good = night.run().exits(0).first_run()["run"].to_string();
    server.answer(OK);
    let before = server.heard().len();
    night.run().exits(0);
    night.run().exits(0);
    let told = bodies(&server).split_off(before);
    assert_eq!(told.len(), 1, "once: {told:#?}");
    let untold = format!("run {good} of mail, ok; run {}, denied; run {}, denied", bad[1], bad[0]);
    assert_eq!(told[0]["untold"], untold, "{told:#?}");
}

/// The bad night was told, and that it was over was lost with the server: nobody heard of it.
#[test]
fn that_it_is_over_is_told_late_rather_than_never() {
    let night = Night::new();
    night.approve();
    let server = Listener::answering(OK);
    webhook(&night, &server, "when = [\"attention\", \"changes\"]");
    night.run().exits(0);
    night.fault(r#"[{"then": {"status": 401}}]"#);
    night.run().exits(13);
    night.no_faults();
    server.answer("HTTP/1.1 500 Internal Server Error");
    let good = night.run().exits(0).first_run()["run"].to_string();
    server.answer(OK);
    let before = server.heard().len();
    night.run().exits(0);
    night.run().exits(0);
    let told = bodies(&server).split_off(before);
    assert_eq!(told.len(), 1, "once: {told:#?}");
    assert_eq!(told[0]["untold"], format!("run {good} of mail, ok"), "{told:#?}");

    // Of both words the second one was dropped.
    night.export("Account,Product,Quantity\nAcme,CloudFilter,4\nBorealis,CloudFilter,5\n");
    let before = server.heard().len();
    night.run().exits(0);
    assert_eq!(bodies(&server).split_off(before).len(), 1, "a line was written");
}

/// The one message that named a customer was lost, and the next one said of it that nothing was new.
#[test]
fn what_a_lost_message_had_found_is_news_in_the_next() {
    let night = Night::new();
    night.approve();
    let server = Listener::answering(OK);
    webhook(&night, &server, "when = \"changes\"");
    night.run().exits(0);
    server.answer("HTTP/1.1 500 Internal Server Error");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\nCedar,CloudFilter,1\n");
    night.run().exits(3);
    server.answer(OK);
    let before = server.heard().len();
    night.run().exits(3);
    night.run().exits(3);
    let told = bodies(&server).split_off(before);
    assert_eq!(told.len(), 1, "the second of the two is like the one before: {told:#?}");
    assert!(told[0]["news"].to_string().contains("New: 1 item: Cedar"), "{told:#?}");
    assert!(!told[0].to_string().contains("ike yesterday"), "{told:#?}");
}

/// Otherwise a bad night would be lost together with the message about it.
#[test]
fn a_night_that_nobody_was_told_of_is_told_with_the_next() {
    for crashed in [false, true] {
        let night = Night::new();
        night.approve();
        let server = Listener::answering(OK);
        webhook(&night, &server, "when = \"attention\"");
        night.run().exits(0);
        // The process ends between the record and the alert; or the other side takes nothing.
        server.answer("HTTP/1.1 500 Internal Server Error");
        night.fault(r#"[{"then": {"status": 401}}]"#);
        let bad = night.run().exits(13).first_run()["run"].clone();
        night.no_faults();
        if crashed {
            let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
            history.execute("DELETE FROM alerts WHERE run = ?1", [bad.as_i64()]).expect("no note");
        }
        server.answer(OK);
        let before = server.heard().len();
        night.run().exits(0);
        night.run().exits(0);
        let told = bodies(&server).split_off(before);
        assert_eq!(told.len(), 1, "once: {told:#?}");
        assert_eq!(told[0]["untold"], format!("run {bad} of mail, denied"), "{told:#?}");
    }
}

/// Killed while one server hangs, on the first night with alerts: what it had to tell was told to nobody ever, and who had
/// taken the message was told of it again.
#[test]
fn a_night_that_is_killed_while_a_server_hangs_knows_whom_it_told() {
    let night = Night::new();
    night.approve();
    let server = Listener::answering(OK);
    webhook(&night, &server, "when = \"always\"");
    let hangs = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = hangs.local_addr().expect("an address").port();
    night.secret("slow", &format!("http://127.0.0.1:{port}/"), 0o600);
    night.append("\n[alert.slow]\nkind = \"webhook\"\nurl = { file = \"keys/slow\" }\nwhen = \"always\"\n");
    let outcomes = || {
        let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
        let mut rows = history.prepare("SELECT outcome FROM alerts ORDER BY run, alert").expect("alerts");
        let rows = rows.query_map([], |row| row.get::<_, String>(0)).expect("rows");
        rows.collect::<Result<Vec<_>, _>>().expect("words")
    };
    let running = night.start(&["run"]);
    wait_until("one took it", || outcomes() == ["sent", "failed"]);
    running.kill();
    drop(hangs);
    server.forget();
    night.run();
    assert_eq!(bodies(&server)[0]["untold"], Value::Null, "it took that message");
    assert_eq!(outcomes(), ["sent", "failed", "sent", "failed"]);
}

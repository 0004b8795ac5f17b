//! Mail, at a real server.

use base64::Engine as _;

use super::smtp::{Greeting, PASSWORD, Received, Smtp, TLS_FOLDER, USER};
use crate::support::Night;

/// Adds an alert by mail to a night's configuration.
fn mail(night: &Night, server: &Smtp, tls: &str, more: &str) {
    night.secret("smtp", PASSWORD, 0o600);
    let port = server.port;
    night.append(&format!(
        "\n[alert.office]\nkind = \"mail\"\nserver = \"localhost\"\nport = {port}\ntls = \"{tls}\"\n\
         ca_file = \"{TLS_FOLDER}/authority.pem\"\nuser = \"{USER}\"\npassword = {{ file = \"keys/smtp\" }}\n\
         from = \"recount <recount@example.com>\"\nto = [\"billing@example.com\", \"Ann <ann@example.com>\"]\n{more}\n"
    ));
}

fn one(server: &Smtp) -> Received {
    let received = server.received();
    assert_eq!(received.len(), 1, "{received:#?}");
    received[0].clone()
}

/// A header of a message, unfolded.
fn header(mail: &Received, name: &str) -> String {
    let head = mail.data.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
    let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
    line.unwrap_or_else(|| panic!("no {name} in\n{head}"))
}

/// Otherwise nobody would be told in the morning.
#[test]
fn a_night_arrives_by_mail_encrypted_and_signed_in() {
    for (greeting, tls, auth) in
        [(Greeting::Implicit, "implicit", "PLAIN LOGIN"), (Greeting::Starttls, "starttls", "LOGIN")]
    {
        let night = Night::busy();
        let server = Smtp::start(greeting, auth);
        mail(&night, &server, tls, "when = \"always\"\nlink = \"https://recount.example.com/runs/{run}\"");
        let said = night.run().exits(0);
        let mail = one(&server);
        assert!(mail.encrypted && mail.login.ends_with(&format!("{USER} {PASSWORD}")), "{mail:#?}");
        assert!(mail.from.contains("<recount@example.com>"));
        assert_eq!(mail.to, ["<billing@example.com>", "<ann@example.com>"]);
        let run = &said.first_run()["run"];
        assert!(header(&mail, "Auto-Submitted").contains("auto-generated"));
        assert!(header(&mail, "References").starts_with("<recount."));
        assert!(mail.data.contains("text/plain") && mail.data.contains("text/html"));
        assert!(mail.data.contains(&format!("https://recount.example.com/runs/{run}")), "{}", mail.data);
        assert!(!mail.data.contains("src=") && !mail.data.contains("<script"));
        assert!(!said.err.contains(PASSWORD));
    }
}

/// The mailbox of somebody who left kept every mail from everybody, night after night.
#[test]
fn a_receiver_that_is_refused_does_not_keep_the_mail_from_the_others() {
    let night = Night::busy();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"always\"");
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let ann = "\"Ann <ann@example.com>\"";
    night.write("recount.toml", text.replace(ann, &format!("\"leaver@example.com\", {ann}")));
    let said = night.run().exits(0);
    assert_eq!(one(&server).to, ["<billing@example.com>", "<ann@example.com>"]);
    assert!(said.err.contains("did not reach everybody") && said.err.contains("leaver@example.com"), "{}", said.err);
    let status = night.recount(&["status"]).exits(0).out.replace("\n  ", " ");
    assert!(status.contains("did not reach everybody: the server refused leaver@example.com"), "{status}");
    let document = night.recount(&["status", "--json"]).exits(0).json();
    assert_eq!(document["alerts"][0]["outcome"], "sent", "nothing is told twice: {document}");
    let tested = night.recount(&["alerts", "test"]).exits(1);
    assert!(tested.out.contains("✗ office (mail)  the server refused leaver@example.com"), "{}", tested.out);
    // When nobody is taken, nobody was told.
    night.write("recount.toml", text.replace(ann, "\"leaver@example.com\"").replace("billing@", "leaver2@"));
    night.run().exits(0);
    assert_eq!(server.received().len(), 2, "the night and the test");
    assert_eq!(night.recount(&["status", "--json"]).json()["alerts"][0]["outcome"], "failed");
}

/// Otherwise the password, and who is billed for what, could be read on the way.
#[test]
fn nothing_is_said_to_a_server_that_cannot_keep_it() {
    for (greeting, tls) in [(Greeting::Clear, "starttls"), (Greeting::Clear, "implicit")] {
        let night = Night::busy();
        let server = Smtp::start(greeting, "PLAIN");
        mail(&night, &server, tls, "when = \"always\"");
        night.config_root("alerts_within = \"2s\"");
        night.run().exits(0);
        assert!(server.received().is_empty());
        let status = night.recount(&["status", "--json"]).exits(0).json();
        assert_eq!(status["alerts"][0]["outcome"], "failed", "{status}");
    }
}

/// Otherwise a wrong authority would be as good as the right one.
#[test]
fn a_stranger_gets_no_mail() {
    let night = Night::busy();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"always\"");
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let text: Vec<&str> = text.lines().filter(|line| !line.starts_with("ca_file")).collect();
    night.write("recount.toml", text.join("\n") + "\n");
    night.run().exits(0);
    assert!(server.received().is_empty());
    let said = night.recount(&["alerts", "test"]).exits(1);
    assert!(said.out.contains("✗ office (mail)"), "{}", said.out);
}

/// Otherwise whoever names a customer could write headers, or a mail of their own.
#[test]
fn a_name_cannot_become_a_header() {
    let night = Night::new();
    night.approve();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"attention\"");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\n\"Evil\nBcc: all@example.com\n\n<b>&Co\",CloudFilter,1\n");
    night.run().exits(3);
    let mail = one(&server);
    let head = mail.data.split("\r\n\r\n").next().unwrap_or_default();
    assert!(!head.contains("Bcc"), "{head}");
    assert_eq!(mail.to.len(), 2);
    let html = mail.data.split("text/html").nth(1).expect("an HTML part");
    assert!(!html.contains("<b>"), "{html}");
}

/// A mail from billing that everybody trusts would carry a stranger's link.
#[test]
fn a_customers_name_is_no_link_in_a_mail() {
    let night = Night::new();
    night.approve();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"attention\"");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\nhttps://evil.example/pay,CloudFilter,1\n");
    night.run().exits(3);
    let mail = one(&server).data;
    assert!(mail.contains("evil") && !mail.contains("evil.example") && !mail.contains("https://evil"), "{mail}");
}

/// Otherwise an ordinary morning would come with noise, and people would stop reading.
#[test]
fn a_quiet_night_is_silent_and_the_end_of_trouble_is_told() {
    let night = Night::new();
    night.approve();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"attention\"");
    night.run().exits(0);
    assert!(server.received().is_empty());
    night.fault(r#"[{"then": {"status": 401}}]"#);
    night.run();
    night.no_faults();
    night.run().exits(0);
    night.run().exits(0);
    let subjects: Vec<String> = server.received().iter().map(|mail| header(mail, "Subject")).collect();
    assert_eq!(subjects.len(), 2, "the trouble, and its end: {subjects:?}");
}

/// Dry runs are nobody's business but the caller's.
#[test]
fn a_plan_tells_nobody() {
    let night = Night::new();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"always\"");
    night.recount(&["plan"]).exits(0);
    night.recount(&["run", "--dry-run"]).exits(0);
    assert!(server.received().is_empty());
    night.recount(&["alerts", "test", "office"]).exits(0);
    assert!(one(&server).data.contains("TEST"));
    night.recount(&["alerts", "test", "offce"]).exits(2);
}

/// Otherwise whoever reads every morning would have to compare mails, and would stop reading.
#[test]
fn a_morning_says_what_is_new_and_still_open_and_settled_and_by_whom() {
    let night = Night::new();
    night.approve();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"changes\"");
    let with_cedar = "Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\nCedar,CloudFilter,1\n";
    night.export(with_cedar);
    night.run().exits(3);
    let first = one(&server);
    assert!(first.data.contains("New: 1 "), "{}", first.data);
    night.run().exits(3);
    assert_eq!(server.received().len(), 1, "a morning like the one before is not told");
    night.recount(&["map", "ignore", "Cedar"]).exits(0);
    night.run().exits(0);
    let received = server.received();
    assert_eq!(received.len(), 2, "{received:#?}");
    assert!(received[1].data.contains("Settled: 1 "), "{}", received[1].data);
}

/// Somebody looked at a plan in the afternoon, and the morning's mail said nothing of what it had found first.
#[test]
fn what_a_dry_run_saw_first_is_new_in_the_morning() {
    let night = Night::new();
    night.approve();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"changes\"");
    night.run().exits(0);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\nCedar,CloudFilter,1\n");
    night.recount(&["plan"]).exits(3);
    night.recount(&["plan"]).exits(3);
    night.run().exits(3);
    let received = server.received();
    let told = &received.last().expect("a mail").data;
    assert!(told.contains("New: 1 ") && !told.contains("Still open"), "{told}");
}

/// A line that a person keeps bills otherwise than is counted: a mail that names none says that all is as counted.
#[test]
fn kept_lines_are_named_in_every_form() {
    let night = Night::new();
    night.approve();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"always\"");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,30\nBorealis,CloudFilter,5\n");
    night.run().exits(3);
    let held = night.recount(&["held", "--json"]).exits(0).json();
    let waiting = held["waiting"].as_array().expect("a list").iter();
    let mut handle =
        waiting.filter(|one| one["code"] == "line-step").map(|one| one["handle"].as_str().expect("a handle"));
    let handle = handle.next_back().expect("a large step").to_owned();
    night.recount(&["keep", &handle, "--note", "asked Acme"]).exits(0);
    night.run();
    let received = server.received();
    let told = &received.last().expect("a mail").data;
    let html = told.split("text/html").nth(1).expect("an HTML part");
    let markdown = night.recount(&["report", "--format", "markdown"]).exits(0).out;
    let text = night.recount(&["report"]).exits(0).out;
    for (form, said) in [("mail", html), ("markdown", &*markdown), ("text", &*text)] {
        let plain = said.to_lowercase().replace("=\r\n", "").replace("&#45;", "-");
        // Of a quiet night the text stays short.
        let is_named = plain.contains(&handle) || form == "text";
        assert!(plain.contains("kept by an answer") && is_named, "{form}: {said}");
    }
}

/// Otherwise the command in the last mail is refused, since the item shows another step now, and no mail has the new one.
#[test]
fn a_known_item_that_asks_for_another_step_is_told() {
    let night = Night::new();
    night.approve();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"changes\"");
    let counted = |acme: u32| format!("Account,Product,Quantity\nAcme,CloudFilter,{acme}\nBorealis,CloudFilter,5\n");
    night.export(counted(30));
    night.run().exits(3);
    night.run().exits(3);
    assert_eq!(server.received().len(), 1, "a morning like the one before is not told");
    night.export(counted(31));
    night.run().exits(3);
    let received = server.received();
    assert_eq!(received.len(), 2, "{received:#?}");
    assert!(received[1].data.contains("Moved: 1 "), "{}", received[1].data);
    assert!(!received[1].data.contains("Like yesterday"), "{}", received[1].data);
}

/// Otherwise a subject would ask for attention that nothing new deserves.
#[test]
fn a_morning_like_the_one_before_says_so_in_its_subject() {
    let night = Night::new();
    night.approve();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"attention\"");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\nCedar,CloudFilter,1\n");
    night.run().exits(3);
    night.run().exits(3);
    let received = server.received();
    assert!(!received[0].data.contains("Like yesterday"), "{}", received[0].data);
    assert!(received[1].data.contains("Like yesterday") && received[1].data.contains("Still open: 1 "));
}

/// A mail that was taken was told as lost, and the next one told of it once more.
#[test]
fn a_server_that_does_not_answer_the_goodbye_has_the_mail() {
    let night = Night::new();
    night.approve();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"always\"");
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", text.replace("billing@example.com", "no-goodbye@example.com"));
    for run in 0..2 {
        night.run().exits(0);
        assert_eq!(server.received().len(), run + 1);
        assert!(!night.recount(&["status"]).out.contains("not delivered"));
    }
    assert!(!server.received()[1].data.contains("not delivered"));
}

/// A server that repeats what it does not know wrote the password into log, status and history.
#[test]
fn what_a_server_repeats_of_the_sign_in_is_shown_nowhere() {
    let night = Night::new();
    night.approve();
    let server = Smtp::start(Greeting::Implicit, "PLAIN");
    mail(&night, &server, "implicit", "when = \"always\"");
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", text.replace(USER, "parrot@example.com"));
    let run = night.run().exits(0);
    let (status, test) = (night.recount(&["status"]), night.recount(&["alerts", "test"]).exits(1));
    assert!(run.err.contains("unrecognized command: AUTH PLAIN [redacted] ([redacted])"), "{}", run.err);
    let sent = base64::engine::general_purpose::STANDARD_NO_PAD.encode(format!("\0parrot@example.com\0{PASSWORD}"));
    for said in [&run, &status, &test] {
        let all = format!("{}{}", said.out, said.err);
        assert!(!all.contains(PASSWORD) && !all.contains(&sent), "{all}");
    }
}

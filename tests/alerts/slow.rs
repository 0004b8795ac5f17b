//! Who is told and does not answer costs a night nothing but the time that is configured.

use std::net::TcpListener;
use std::time::Duration;

use crate::support::Night;
use recount::alerts::error::NotifyError;
use recount::alerts::mail::{Mail, Privacy};
use recount::alerts::{Channel, PayloadShape, Ping, Webhook};
use recount::report::brief::Brief;

/// A server that takes connections and never says a word.
fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

/// Otherwise a chat server's bad day would keep billing from running. Time is simulated: it passes while all wait.
#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up_after_its_time() {
    let (_listener, port) = silent();
    let url = url::Url::parse(&format!("http://127.0.0.1:{port}/CANARY")).expect("an address");
    let mail = Mail {
        server: "127.0.0.1".to_owned(),
        port,
        privacy: Privacy::None,
        ca_file: None,
        login: None,
        from: "a@example.com".to_owned(),
        to: vec!["b@example.com".to_owned()],
    };
    let channels = [
        Channel::Mail(mail),
        Channel::Webhook(Webhook { url: url.clone(), shape: PayloadShape::Json, ca_file: None }),
        Channel::Ping(Ping { url, ca_file: None }),
    ];
    let brief = Brief::test("x", "2026-11-23T03:00:00Z".parse().expect("a time"));
    for channel in channels {
        let within = Duration::from_secs(10);
        let began = tokio::time::Instant::now();
        let error = channel.tell(&brief, "id", within).await.expect_err("silence");
        assert!(matches!(error, NotifyError::TooLate(_)), "{channel:?}: {error}");
        assert_eq!(began.elapsed(), within, "simulated time");
        assert!(!error.to_string().contains("CANARY"));
    }
}

/// Otherwise the exit code would tell of the messenger, not of the night.
#[test]
fn a_night_ends_as_it_would_without_anybody_listening() {
    let night = Night::busy();
    let (_listener, port) = silent();
    night.config_root("alerts_within = \"50ms\"");
    night.append(&format!(
        "\n[alert.alive]\nkind = \"ping\"\nurl = \"http://127.0.0.1:{port}/a\"\n\
         [alert.chat]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/b\"\nwhen = \"always\"\n\
         [alert.office]\nkind = \"mail\"\nserver = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nwhen = \"always\"\n\
         from = \"a@example.com\"\nto = \"b@example.com\"\n"
    ));
    let run = night.run().exits(0).first_run();
    assert_eq!((&run["verdict"], &run["totals"]["changed"]), (&"ok".into(), &3.into()));
    let status = night.recount(&["status", "--json"]).exits(0).json();
    let alerts = status["alerts"].as_array().expect("alerts").clone();
    assert_eq!(alerts.len(), 3);
    assert!(alerts.iter().all(|alert| alert["outcome"] == "failed"), "{alerts:#?}");
}

/// No more than this may ever be configured.
#[test]
fn nobody_can_configure_a_longer_wait() {
    let night = Night::new();
    night.config_root("alerts_within = \"11s\"");
    let said = night.recount(&["plan"]).exits(16);
    assert!(said.err.contains("at most"), "{}", said.err);
}

//! What monitoring asks of `recount serve` and of the daemon.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use super::exposition::parse;
use crate::support::{Night, wait_until};

/// One request, and the whole answer.
pub(crate) fn ask(port: u16, method: &str, path: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// A port that nobody has just now.
fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

fn is_up(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Otherwise whoever reaches the desk's port reads which integrations there are and what they count.
#[test]
fn beside_the_desk_the_numbers_are_for_this_host_alone() {
    let night = Night::new();
    night.approve();
    let port = free();
    let server = night.start(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
    wait_until("the server listens", || is_up(port));
    let local = format!("127.0.0.1:{port}");
    assert!(ask(port, "GET", "/healthz", &local).contains("ok"));
    let metrics = ask(port, "GET", "/metrics", &local);
    parse(metrics.split_once("\r\n\r\n").expect("a body").1);
    let forwarded = ask(port, "GET", "/metrics", &format!("{local}\r\nx-forwarded-for: 192.0.2.9"));
    assert!(forwarded.starts_with("HTTP/1.1 403") && !forwarded.contains("mail"), "{forwarded}");
    for host in ["evil.example", &format!("evil.example:{port}")] {
        let refused = ask(port, "GET", "/", host);
        assert!(refused.starts_with("HTTP/1.1 421") && !refused.contains("mail"), "{refused}");
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        let refused = ask(port, method, "/", "localhost");
        assert!(refused.starts_with("HTTP/1.1 405"), "{method}: {refused}");
    }
    server.signal("TERM");
    night.heard(server.end()).exits(0);
}

/// Otherwise a host without the node exporter could not be watched.
#[test]
fn the_daemon_answers_for_its_metrics_and_nothing_else() {
    let night = Night::new();
    night.approve();
    let port = free();
    night.append(&format!("\n[daemon]\nschedule = \"0 0 1 1 *\"\nlisten = \"127.0.0.1:{port}\"\n"));
    let daemon = night.start(&["daemon"]);
    wait_until("the daemon listens", || is_up(port));
    let metrics = ask(port, "GET", "/metrics", "localhost");
    let samples = parse(metrics.split_once("\r\n\r\n").expect("a body").1);
    let healthy = samples.get(&("recount_healthy".to_owned(), vec![("integration".to_owned(), "mail".to_owned())]));
    assert_eq!(healthy.map(String::as_str), Some("1"));
    assert!(ask(port, "GET", "/", "localhost").starts_with("HTTP/1.1 404"));
    daemon.signal("TERM");
    night.heard(daemon.end()).exits(0);
}

/// A reload by habit ended the daemon as if it were done, the unit did not begin it anew, and nights stopped without a word.
#[test]
fn a_hangup_is_no_good_end_of_what_is_there_all_the_time() {
    let status = std::fs::read_to_string("/proc/self/status").expect("of this process");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
    // Under nohup the program goes on, and so does this test.
    if ignored.trim().ends_with(['1', '3', '5', '7', '9', 'b', 'd', 'f']) {
        return;
    }
    for command in ["daemon", "serve"] {
        let night = Night::new();
        night.approve();
        let port = free();
        night.append(&format!("\n[daemon]\nschedule = \"0 0 1 1 *\"\nlisten = \"127.0.0.1:{port}\"\n"));
        let listen = format!("127.0.0.1:{port}");
        let arguments = if command == "serve" { vec!["serve", "--listen", &listen] } else { vec!["daemon"] };
        let service = night.start(&arguments);
        wait_until("it listens", || is_up(port));
        service.signal("HUP");
        let said = night.heard(service.end()).exits(129);
        assert!(said.err.contains("SIGHUP"), "{command}: {}", said.err);
    }
}

//! `recount serve`: pages that change nothing, load nothing, and are shown to nobody's browser by another site.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use super::exposition::parse;
use crate::support::{Night, wait_until};

/// One request, and the whole answer.
fn ask(port: u16, method: &str, path: &str, host: &str) -> String {
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

/// Otherwise a page of anybody could read who is billed for what, or change it.
#[test]
fn pages_are_read_only_and_for_those_who_know_their_name() {
    let night = Night::new();
    night.approve();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,4\nBorealis,CloudFilter,5\n\"<script>x</script> & Co/..\",CloudFilter,1\n");
    let run = night.run().exits(3).first_run()["run"].to_string();
    let port = free();
    let server = night.start(&["serve", "--listen", &format!("127.0.0.1:{port}"), "--host", "recount.example.com"]);
    wait_until("the server listens", || is_up(port));
    let get = |path: &str| ask(port, "GET", path, &format!("127.0.0.1:{port}"));
    let customer = "/customers/%3Cscript%3Ex%3C%2Fscript%3E%20%26%20Co%2F%2E%2E";
    for path in ["/", &format!("/runs/{run}"), "/customers", "/customers/Acme", customer] {
        let page = get(path);
        assert!(page.starts_with("HTTP/1.1 200"), "{path}: {page}");
        let head = page.to_lowercase();
        for header in [
            "content-security-policy: default-src 'none'; style-src 'self'",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "cache-control: no-store",
        ] {
            assert!(head.contains(header), "{path}: {header}");
        }
        assert!(!page.contains("<script"), "{path}: {page}");
        assert!(!page.contains("<form") && !page.contains("style="), "{path}: {page}");
    }
    assert!(get("/").contains("healthy") && get("/customers").contains(customer));
    assert!(get("/healthz").contains("ok"));
    let metrics = get("/metrics");
    parse(metrics.split_once("\r\n\r\n").expect("a body").1);
    let kept = get(&format!("/reports/{run}"));
    assert!(kept.starts_with("HTTP/1.1 200") && kept.contains("style-src 'unsafe-inline'; img-src data:;"), "{kept}");
    assert!(!kept.contains("<script"), "{kept}");
    for path in ["/runs/999", "/customers/Nobody", "/reports/999", "/nothing", "/reports/..%2Fhistory.db"] {
        assert!(!get(path).starts_with("HTTP/1.1 200"), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        assert!(ask(port, method, "/", "localhost").starts_with("HTTP/1.1 405"), "{method}");
    }
    assert!(ask(port, "GET", "/", "recount.example.com").starts_with("HTTP/1.1 200"));
    for host in ["evil.example", &format!("evil.example:{port}")] {
        let refused = ask(port, "GET", "/", host);
        assert!(refused.starts_with("HTTP/1.1 421") && !refused.contains("mail"), "{refused}");
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

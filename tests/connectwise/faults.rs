//! Broken connections, cut answers, and too many at once.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::raw_server::{Raw, json};
use super::{client, keys, settings};
use recount::connectwise::client::Client;
use recount::connectwise::{ReadError, Reader};
use recount::reconcile::model::ids::AgreementId;

/// Otherwise half a list would be a list, and the other half would be created a second time.
#[tokio::test]
async fn an_answer_that_is_cut_is_read_again() {
    let body = r#"[{"id":1,"identifier":"A"},{"id":2,"identifier":"B"}]"#;
    let whole = json("200 OK", body);
    let short = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{body}");
    let chunk = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n4\r\n[{\"i";
    let half = json("200 OK", &body[..30]);
    let none = json("200 OK", "");
    for broken in ["", "HTTP/1.1 2", &short, chunk, &half, &none] {
        let raw = Raw::answering(&[broken, &whole]).await;
        let client = Client::new(settings(&raw.url), &keys()).expect("a client");
        assert_eq!(client.catalog().await.map(|items| items.records.len()), Ok(2), "{broken}");
        assert_eq!(raw.served(), 2, "{broken}");
    }
    let raw = Raw::answering(&[&half]).await;
    let error = Client::new(settings(&raw.url), &keys()).expect("a client").catalog().await.expect_err("half");
    assert!(matches!(error, ReadError::Unreachable { .. }), "{error}");
    assert_eq!(raw.served(), 5);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error =
        Client::new(settings(&url), &keys()).expect("a client").catalog().await.expect_err("nobody").to_string();
    assert!(error.contains("no connection") && error.contains("5 tries") && !error.contains("canary"), "{error}");
}

/// Otherwise a server that takes requests and never answers would hold the night.
#[tokio::test]
async fn a_server_that_does_not_answer_in_time_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut settings = settings(&format!("http://{}", listener.local_addr().expect("an address")));
    settings.request_timeout = Duration::from_millis(20);
    let error = Client::new(settings, &keys()).expect("a client").catalog().await.expect_err("nothing").to_string();
    assert!(error.contains("no answer in time (5 tries)"), "{error}");
}

/// Otherwise an answer without an end would take the host's memory.
#[tokio::test]
async fn an_answer_larger_than_anything_right_is_not_read_on() {
    let server = MockServer::start().await;
    let body = format!("[{}]", " ".repeat(17 * 1024 * 1024));
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_raw(body, "application/json"))
        .mount(&server)
        .await;
    let error = client(&server).catalog().await.expect_err("too large").to_string();
    assert!(error.contains("larger than 16 MiB"), "{error}");
}

/// Otherwise a small answer would take the host's memory: what counts is what it is when it is unpacked.
#[tokio::test]
async fn an_answer_that_unpacks_to_something_huge_is_not_read_on() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..200 {
        packed.write_all(&[b' '; 1024 * 1024]).expect("packed");
    }
    let packed = packed.finish().expect("packed");
    assert!(packed.len() < 1024 * 1024, "it is small on the wire");
    let answer = ResponseTemplate::new(200).insert_header("content-encoding", "gzip");
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer.set_body_raw(packed, "application/json")).mount(&server).await;
    let error = client(&server).catalog().await.expect_err("too large").to_string();
    assert!(error.contains("larger than 16 MiB"), "{error}");
}

/// Otherwise the program would end without a report, for want of stack.
#[tokio::test]
async fn an_answer_nested_without_end_is_an_error() {
    for open in ["[", "{\"a\":", "[{\"id\":1,\"identifier\":"] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_raw(open.repeat(500_000), "application/json");
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let error = client(&server).catalog().await.expect_err("no list");
        assert!(matches!(error, ReadError::Unreachable { .. }), "{error}");
    }
}

/// Otherwise ConnectWise is met by more requests at once than the settings allow.
#[tokio::test]
async fn no_more_requests_are_on_their_way_than_allowed() {
    // Each answer waits for a partner: with fewer than two at a time this would never end.
    let (pair, now, most) = (Arc::new(Barrier::new(2)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let highest = most.clone();
    let handler = move || async move {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        pair.wait().await;
        now.fetch_sub(1, Ordering::SeqCst);
        axum::Json::<[u8; 0]>([])
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let app = Router::new().fallback(get(handler));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut settings = settings(&url);
    settings.max_in_flight = 2;
    let client = Client::new(settings, &keys()).expect("a client");
    let reads = (1..=8).map(|id| client.additions(AgreementId(id)));
    assert!(futures_util::future::join_all(reads).await.iter().all(Result::is_ok));
    assert_eq!(highest.load(Ordering::SeqCst), 2);
}

/// Otherwise the pace that the settings name would hold nobody back.
#[tokio::test]
async fn a_request_beyond_the_pace_is_not_sent_yet() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_raw("[]", "application/json"))
        .mount(&server)
        .await;
    let mut settings = settings(&server.uri());
    settings.requests_per_minute = 2;
    let client = Client::new(settings, &keys()).expect("a client");
    assert!(client.catalog().await.is_ok() && client.catalog().await.is_ok());
    // Polled once, a request that may go out is counted as sent.
    assert!(client.catalog().now_or_never().is_none());
    assert_eq!(client.traffic().sent, 2);
}

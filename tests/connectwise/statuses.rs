//! What each status is taken for, and whether it is asked again.

use wiremock::matchers::{any, query_param_contains};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{client, requests};
use recount::connectwise::client::Client;
use recount::connectwise::client::status_meaning::Right;
use recount::connectwise::{ReadError, Reader};
use recount::reconcile::model::connectwise_records::Listed;
use recount::reconcile::model::ids::{AgreementId, CompanyId};

async fn server(answer: ResponseTemplate) -> (MockServer, Client) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let client = client(&server);
    (server, client)
}

fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

/// Otherwise a wrong key would be tried until ConnectWise locks it, or look like a customer without lines.
#[tokio::test]
async fn what_a_person_has_to_mend_is_said_once_and_not_asked_again() {
    let refused = r#"{"code":"Unauthorized","message":"no private-canary","errors":null}"#;
    let cases = [
        (json(401, refused), Right::Catalog, "client_id"),
        (json(403, refused), Right::Catalog, "(its role) > Procurement > Product Catalog > Inquire Level = All"),
        (json(403, refused), Right::Companies, "Companies > Company Maintenance > Inquire Level = All"),
        (json(403, refused), Right::Agreements, "System > Security Roles > (its role) > Finance > Agreements"),
        (
            json(401, r#"{"code":"ConnectWiseApi","message":"UserNotAuthenticated"}"#),
            Right::Catalog,
            "role is too small",
        ),
        (json(403, r#"{"code":"Security","message":"SSL is required.","errors":null}"#), Right::Catalog, "https"),
        (ResponseTemplate::new(403).set_body_raw("<html>", "text/html"), Right::Catalog, "proxy"),
        (json(404, refused), Right::Agreements, "codebase"),
        (
            ResponseTemplate::new(400).set_body_raw("Cannot route. Codebase/company is invalid", "text/plain"),
            Right::Companies,
            "codebase",
        ),
    ];
    for (answer, right, advice) in cases {
        let (server, client) = server(answer).await;
        match client.probe(right).await {
            Err(ReadError::Denied { what, why, fix, .. }) => {
                assert_eq!(what, right.to_string());
                assert!(fix.contains(advice), "{fix}");
                assert!(!why.contains("canary"), "{why}");
            }
            other => panic!("{right}: {other:?}"),
        }
        assert_eq!(requests(&server).await.len(), 1);
    }
}

/// Otherwise a server that echoes the key as it travels, without the rest of the header, puts it into the report.
#[tokio::test]
async fn base64_of_the_key_alone_is_not_shown() {
    let echoed =
        r#"{"code":"Unauthorized","message":"no BASE64 here","errors":null}"#.replace("BASE64", "cHJpdmF0ZS1jYW5hcnk=");
    let (_server, client) = server(json(403, &echoed)).await;
    let Err(ReadError::Denied { why, .. }) = client.probe(Right::Catalog).await else { panic!("it is denied") };
    assert!(why.contains("no [redacted]") && !why.contains("cHJpdmF0ZS1jYW5hcnk"), "{why}");
}

/// Otherwise a single agreement that is out of sight would end the night of all others.
#[tokio::test]
async fn what_concerns_one_agreement_alone_is_told_apart() {
    let refused = r#"{"code":"Security","message":"no","errors":null}"#;
    for (answer, denied, advice) in [
        (json(403, refused), true, "Finance > Agreements > Inquire Level = All"),
        (json(404, refused), true, "agreement 3 is still there"),
        (json(400, refused), false, "api_version"),
        (json(500, refused), false, "administrator of this ConnectWise"),
        (json(200, r#"[{"name":"no id"}]"#), false, "check what is named"),
        (json(200, r#"[{"id":"7"}]"#), false, "check what is named"),
    ] {
        let (_server, client) = server(answer).await;
        match client.additions(AgreementId(3)).await {
            Err(ReadError::Additions { agreement: AgreementId(3), denied: found, fix, .. }) => {
                assert_eq!(found, denied, "{fix}");
                assert!(fix.contains(advice), "{fix}");
            }
            other => panic!("{other:?}"),
        }
    }
    for answer in [json(401, refused), json(403, r#"{"message":"SSL is required."}"#)] {
        let (_server, client) = server(answer).await;
        assert!(matches!(client.additions(AgreementId(3)).await, Err(ReadError::Denied { .. })));
    }
}

/// Otherwise a name that one ConnectWise does not know would end every night there.
#[tokio::test]
async fn a_field_that_is_refused_is_left_out() {
    let server = MockServer::start().await;
    let refused = json(400, r#"{"code":"ApiFindCondition","message":"_info is not a recognized name."}"#);
    Mock::given(query_param_contains("fields", "_info")).respond_with(refused).mount(&server).await;
    let row = json(200, r#"[{"id":7,"product":{"id":1},"quantity":3}]"#);
    Mock::given(any()).respond_with(row).mount(&server).await;
    let list = client(&server).additions(AgreementId(3)).await.expect("a list");
    assert_eq!(list.additions.len(), 1);
    assert_eq!(requests(&server).await.len(), 2, "tried once with fewer");
}

/// Otherwise a login page or a proxy's greeting would be taken for "no lines", and everything would be created anew.
#[tokio::test]
async fn an_answer_that_is_not_connectwises_is_never_an_empty_list() {
    let html = "<html><body>Sign in</body></html>";
    let deep = "[".repeat(100_000);
    let cases = [
        ResponseTemplate::new(200).set_body_raw(html, "text/html; charset=utf-8"),
        ResponseTemplate::new(200).set_body_raw("[]", "text/html"),
        json(200, html),
        json(200, "null"),
        json(200, r#"{"code":"x","message":"y"}"#),
        json(200, r#"[{"identifier":"x"}]"#),
        json(200, r#"[{"id":"five"}]"#),
        json(200, r#"[{"id":null}]"#),
        json(200, r#"[{"id":5,"id":6}]"#),
        json(200, "[1]"),
        json(200, &deep),
        json(409, "{}"),
        json(302, "").insert_header("location", "https://login.example.com/?t=1"),
    ];
    for answer in cases {
        let (server, client) = server(answer.clone()).await;
        let result = client.catalog().await;
        assert!(matches!(result, Err(ReadError::Unreachable { .. })), "{result:?} {answer:?}");
        assert_eq!(requests(&server).await.len(), 1, "{answer:?}");
    }
}

/// Otherwise credentials would leave for a host that nobody configured.
#[tokio::test]
async fn redirects_are_not_followed() {
    let (elsewhere, _) = server(json(200, "[]")).await;
    for status in [301, 302, 303, 307, 308] {
        let (here, client) = server(json(status, "").insert_header("location", elsewhere.uri())).await;
        let error = client.all_companies().await.expect_err("a redirect").to_string();
        assert!(error.contains("127.0.0.1") && error.contains("never followed"), "{error}");
        assert_eq!(requests(&here).await.len(), 1);
    }
    assert!(requests(&elsewhere).await.is_empty());
}

/// Otherwise one hiccup of a server would cost the night.
#[tokio::test]
async fn server_errors_are_tried_again_five_times_in_all() {
    for body in ["<html>busy</html>", r#"{"message":"timeout"}"#, ""] {
        let (server, client) = server(ResponseTemplate::new(503).set_body_string(body)).await;
        let error = client.catalog().await.expect_err("no answer").to_string();
        assert!(error.contains("the catalog") && error.contains("503") && error.contains("5 tries"), "{error}");
        assert_eq!(requests(&server).await.len(), 5);
        assert_eq!((client.traffic().sent, client.traffic().retried), (5, 4));
    }
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(json(500, "")).up_to_n_times(4).mount(&server).await;
    Mock::given(any()).respond_with(json(200, "[]")).mount(&server).await;
    assert_eq!(client(&server).catalog().await, Ok(Listed::default()));
}

/// Otherwise a busy hour would end the night, or a night would hammer a busy server without end.
#[tokio::test]
async fn a_429_is_waited_for_and_uses_up_no_try() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(json(500, "")).up_to_n_times(4).mount(&server).await;
    Mock::given(any()).respond_with(json(429, "")).up_to_n_times(9).mount(&server).await;
    Mock::given(any()).respond_with(json(200, "[]")).mount(&server).await;
    let client = client(&server);
    assert_eq!(client.catalog().await, Ok(Listed::default()));
    let traffic = client.traffic();
    assert_eq!((traffic.sent, traffic.retried), (14, 13));
    assert!(traffic.throttled_ms >= 1, "{traffic:?}");
}

#[tokio::test]
async fn a_429_without_end_is_an_error() {
    let (server, client) = server(json(429, r#"{"message":"Too many requests."}"#)).await;
    let error = client.catalog().await.expect_err("no answer").to_string();
    assert!(error.contains("Too many requests") && error.contains("10 times"), "{error}");
    assert_eq!(requests(&server).await.len(), 11);
}

/// Otherwise a run would hang for an hour; and the other requests would go on against a server that asked for peace.
#[tokio::test]
async fn a_wait_beyond_measure_ends_every_read_at_once() {
    let (server, client) = server(json(429, "").insert_header("retry-after", "3600")).await;
    for _ in 0..3 {
        let error = client.catalog().await.expect_err("no answer").to_string();
        assert!(error.contains("3600 seconds"), "{error}");
    }
    assert_eq!(requests(&server).await.len(), 1);
}

/// Otherwise a server that ignores `conditions` would hand over another customer's agreements.
#[tokio::test]
async fn records_that_were_not_asked_for_are_not_believed() {
    let (_server, client) = server(json(200, r#"[{"id":4,"company":{"id":99}}]"#)).await;
    let error = client.agreements_of(&[CompanyId(1)].into()).await.expect_err("a stranger").to_string();
    assert!(error.contains("not asked for"), "{error}");
    let error = client.agreements(&[AgreementId(5)].into()).await.expect_err("a stranger").to_string();
    assert!(error.contains("not asked for"), "{error}");
}

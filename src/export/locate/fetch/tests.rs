use std::fs;

use secrecy::SecretString;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const CSV: &str = "Account,Product,Quantity\nAcme,EDR,5\n";

struct Vendor {
    server: MockServer,
    state: tempfile::TempDir,
}

impl Vendor {
    async fn new() -> Self {
        Self { server: MockServer::start().await, state: tempfile::tempdir().expect("a folder") }
    }

    async fn answers(&self, at: &str, times: u64, answer: ResponseTemplate) {
        let mock = Mock::given(method("GET")).and(path(at)).and(header("X-API-KEY", "hunter2"));
        mock.respond_with(answer).up_to_n_times(times).mount(&self.server).await;
    }

    async fn fetch(&self, max_bytes: u64) -> Result<Fetched, FetchError> {
        let url = Url::parse(&format!("{}/report?sig=hunter3", self.server.uri())).expect("an address");
        let headers = vec![("X-API-KEY".to_owned(), SecretString::from("hunter2"))];
        let secrets = LinkSecrets { headers, ..LinkSecrets::default() };
        let clock = || DateTime::<Utc>::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
        let folder = self.state.path().join("fetched");
        let (secrets, pause) = (&secrets, Duration::ZERO);
        let order = FetchRequest { secrets, max_bytes, folder: &folder, name: "vendor", clock: &clock, pause };
        fetch(&url, &order).await
    }
}

fn answer(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

#[tokio::test]
async fn a_report_link_is_fetched_with_its_key_and_kept() {
    let vendor = Vendor::new().await;
    let good = answer(200).set_body_string(CSV).insert_header("Last-Modified", "Wed, 01 Jul 2020 02:00:00 GMT");
    vendor.answers("/report", 1, good).await;
    let fetched = vendor.fetch(1000).await.expect("fetched");
    assert_eq!(fetched.bytes, CSV.as_bytes());
    assert_eq!(fetched.modified_at.to_rfc3339(), "2020-07-01T02:00:00+00:00");
    assert_eq!(fs::read(&fetched.path).expect("kept"), CSV.as_bytes());
    assert!(fetched.path.ends_with("fetched/vendor.20241004T000000Z.csv"), "{:?}", fetched.path);
}

#[tokio::test]
async fn a_server_that_is_busy_or_ill_is_asked_again_and_obeyed() {
    let vendor = Vendor::new().await;
    vendor.answers("/report", 1, answer(503)).await;
    vendor.answers("/report", 1, answer(429).insert_header("Retry-After", "0")).await;
    vendor.answers("/report", 1, answer(200).set_body_string(CSV)).await;
    assert_eq!(vendor.fetch(1000).await.expect("fetched").bytes, CSV.as_bytes());
    assert_eq!(vendor.server.received_requests().await.expect("recorded").len(), 3);
}

#[tokio::test]
async fn what_will_not_get_better_is_not_asked_again_and_no_error_shows_a_secret() {
    let long = answer(429).insert_header("Retry-After", "86400");
    let away = answer(302).insert_header("Location", "https://storage.example/report?sig=hunter3");
    for (given, said) in [
        (answer(401), "the server answers 401 Unauthorized: look at the key, and at its rights"),
        (answer(404), "the server answers 404 Not Found: look at `url`; report links expire"),
        (answer(206).set_body_string("x"), "the server answers 206 Partial Content"),
        (long, "the server answers 429 Too Many Requests, and asks to wait 86400 s"),
        (
            away,
            "the server redirects to storage.example, and a redirect to another host is not followed; set `url` to it if \
             it is right",
        ),
        (answer(200).set_body_string("x".repeat(11)), "it has more bytes than max_bytes = 10"),
    ] {
        let vendor = Vendor::new().await;
        vendor.answers("/report", 9, given).await;
        let error = vendor.fetch(10).await.expect_err(said);
        assert_eq!(error.to_string(), said);
        assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
        assert_eq!(vendor.server.received_requests().await.expect("recorded").len(), 1, "{said}");
    }
}

#[tokio::test]
async fn a_server_that_stays_ill_or_is_gone_is_given_up() {
    let vendor = Vendor::new().await;
    vendor.answers("/report", 9, answer(500)).await;
    assert_eq!(vendor.fetch(10).await.expect_err("ill").to_string(), "the server answers 500 Internal Server Error");
    assert_eq!(vendor.server.received_requests().await.expect("recorded").len(), 3);
    let url = Url::parse("http://127.0.0.1:1/report?sig=hunter3").expect("an address");
    let (folder, clock) = (vendor.state.path(), || DateTime::<Utc>::UNIX_EPOCH);
    let (secrets, pause) = (&LinkSecrets::default(), Duration::ZERO);
    let order = FetchRequest { secrets, max_bytes: 1, folder, name: "vendor", clock: &clock, pause };
    let error = fetch(&url, &order).await.expect_err("nobody listens");
    assert!(matches!(error, FetchError::NoAnswer { .. }) && !error.to_string().contains("hunter"), "{error}");
    assert!(!error.to_string().contains("client error"), "{error}");
    // There is no export that could be replaced.
    assert!(error.remedy().starts_with("look at `url` in the export's table"), "{}", error.remedy());
}

#[tokio::test]
async fn a_redirect_on_the_same_host_is_followed_a_few_times() {
    let vendor = Vendor::new().await;
    vendor.answers("/report", 1, answer(302).insert_header("Location", "/file")).await;
    vendor.answers("/file", 1, answer(200).set_body_string(CSV)).await;
    assert_eq!(vendor.fetch(1000).await.expect("fetched").bytes, CSV.as_bytes());
    vendor.answers("/report", 9, answer(302).insert_header("Location", "/report")).await;
    assert!(matches!(vendor.fetch(1000).await, Err(FetchError::Redirects)));
}

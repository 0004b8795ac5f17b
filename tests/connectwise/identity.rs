//! Who the client says it is, to whom, and what it asks for.

use wiremock::matchers::{any, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{client, keys, query, requests, settings};
use recount::connectwise::Reader;
use recount::connectwise::client::Client;
use recount::connectwise::client::settings::{ApiKeys, ClientError, ConnectWiseSettings};
use recount::connectwise::client::status_meaning::Right;
use recount::reconcile::model::connectwise_records::{AdditionList, Listed};
use recount::reconcile::model::ids::AgreementId;

async fn empty_server() -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_raw("[]", "application/json");
    Mock::given(path_regex("/apis/3.0/")).respond_with(answer).mount(&server).await;
    server
}

/// Otherwise ConnectWise answers nothing, or with another model than the one that was tested.
#[tokio::test]
async fn every_read_is_signed_and_names_its_fields() {
    let server = empty_server().await;
    let client = client(&server);
    let additions = client.additions(AgreementId(12)).await.expect("an answer");
    assert_eq!(additions, AdditionList::default());
    let request = &requests(&server).await[0];
    let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // examplemsp+public-canary:private-canary
    assert_eq!(header("authorization"), "Basic ZXhhbXBsZW1zcCtwdWJsaWMtY2FuYXJ5OnByaXZhdGUtY2FuYXJ5");
    assert_eq!(header("clientid"), "client-canary");
    assert_eq!(header("accept"), "application/vnd.connectwise.com+json; version=2025.1");
    assert!(header("user-agent").starts_with("recount/"));
    assert_eq!(request.url.path(), "/v4_6_release/apis/3.0/finance/agreements/12/additions");
    let fields = "id,agreementId,product,quantity,effectiveDate,cancelledDate,lessIncluded,billCustomer,serialNumber,\
                  invoiceDescription,_info";
    assert_eq!(query(request, "fields").as_deref(), Some(fields));
    assert_eq!(query(request, "pageSize").as_deref(), Some("1000"));
    assert_eq!(query(request, "orderBy").as_deref(), Some("id asc"));
    assert_eq!(query(request, "page"), None);
}

/// Otherwise an export without any mapped customer would make requests with an empty list of ids.
#[tokio::test]
async fn nothing_is_asked_about_no_ids() {
    let server = empty_server().await;
    let client = client(&server);
    assert_eq!(client.companies(&[].into()).await, Ok(Listed::default()));
    assert_eq!(client.agreements_of(&[].into()).await, Ok(Listed::default()));
    assert_eq!(client.agreements(&[].into()).await, Ok(Listed::default()));
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn a_probe_is_one_small_read() {
    let server = empty_server().await;
    let client = client(&server);
    for right in [Right::Companies, Right::Agreements, Right::Catalog, Right::Additions(AgreementId(7))] {
        assert_eq!(client.probe(right).await, Ok(()));
    }
    let requests = requests(&server).await;
    assert_eq!(requests.len(), 4);
    for request in requests {
        assert_eq!((query(&request, "fields"), query(&request, "pageSize")), (Some("id".into()), Some("1".into())));
    }
    assert_eq!(client.traffic().sent, 4);
}

/// Otherwise a company on an old or a new codebase is not found at all.
#[tokio::test]
async fn the_codebase_is_looked_up_once_and_without_credentials() {
    let server = empty_server().await;
    let info = ResponseTemplate::new(200).set_body_raw(r#"{"Codebase":"v2025_1/"}"#, "application/json");
    Mock::given(path("/login/companyinfo/example%2Fmsp")).respond_with(info).mount(&server).await;
    let mut settings = settings(&server.uri());
    settings.codebase = None;
    settings.company = "example/msp".into();
    let client = Client::new(settings, &keys()).expect("a client");
    let (catalog, companies) = tokio::join!(client.catalog(), client.all_companies());
    assert!(catalog.is_ok() && companies.is_ok());
    let requests = requests(&server).await;
    let lookups: Vec<_> = requests.iter().filter(|request| request.url.path().starts_with("/login")).collect();
    assert_eq!((lookups.len(), requests.len()), (1, 3));
    assert!(requests.iter().filter(|request| request.url.path().starts_with("/v2025_1/apis/3.0/")).count() == 2);
    for header in ["authorization", "clientid"] {
        assert!(!lookups[0].headers.contains_key(header), "{header}");
    }
}

/// Otherwise an own server without the look-up could not be used.
#[tokio::test]
async fn a_codebase_that_cannot_be_looked_up_is_the_router() {
    for (status, body) in [(404, "no"), (200, "null"), (200, "<html>"), (200, r#"{"Codebase":"../x"}"#), (500, "{}")] {
        let server = empty_server().await;
        let info = ResponseTemplate::new(status).set_body_raw(body, "application/json");
        Mock::given(path("/login/companyinfo/examplemsp")).respond_with(info).mount(&server).await;
        let mut settings = settings(&server.uri());
        settings.codebase = None;
        assert!(Client::new(settings, &keys()).expect("a client").catalog().await.is_ok());
        assert_eq!(requests(&server).await[1].url.path(), "/v4_6_release/apis/3.0/procurement/catalog");
    }
}

type Spoil = fn(&mut ConnectWiseSettings, &mut ApiKeys);

/// Otherwise a typo would show up at night, as an answer that nobody understands.
#[tokio::test]
async fn settings_that_cannot_be_right_are_refused_before_anything_is_sent() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    let cases: [(&str, Spoil); 8] = [
        ("company", |s, _| s.company = String::new()),
        ("company", |s, _| s.company = "a:b".into()),
        ("client_id", |s, _| s.client_id = "x y".into()),
        ("private_key", |_, keys| keys.private_key = "key\n".into()),
        ("codebase", |s, _| s.codebase = Some("../x".into())),
        ("api_version", |s, _| s.api_version = "latest\r\nx: y".into()),
        ("max_in_flight", |s, _| s.max_in_flight = 0),
        ("requests_per_minute", |s, _| s.requests_per_minute = 0),
    ];
    for (key, spoil) in cases {
        let mut settings = settings(&server.uri());
        let mut keys = keys();
        spoil(&mut settings, &mut keys);
        let error = Client::new(settings, &keys).err().expect(key).to_string();
        assert!(error.starts_with(key) && !error.contains("canary"), "{error}");
    }
}

#[test]
fn authorities_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    let mut missing = settings("https://cw.example.com");
    missing.ca_file = Some(path.clone());
    assert!(matches!(Client::new(missing, &keys()), Err(ClientError::CaFile { .. })));
    std::fs::write(&path, "no certificate").expect("a file");
    let mut empty = settings("https://cw.example.com");
    empty.ca_file = Some(path);
    assert!(matches!(Client::new(empty, &keys()), Err(ClientError::CaFileForm { .. })));
}

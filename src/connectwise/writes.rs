//! The two writes: each call sends one request, once. Whether it may be sent again is decided elsewhere.
//!
//! They name no `fields`: no text of the vendor's declares it for writes. So the answers hold the whole record, and of
//! its money nothing is read.

use std::time::Duration;

use http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use crate::connectwise::client::answer_text::Sign;
use crate::connectwise::client::read_attempt::redirection;
use crate::connectwise::client::status_meaning::WriteKind;
use crate::connectwise::client::transport::{BodyCut, HttpAnswer, NoAnswer};
use crate::connectwise::client::{Client, status_meaning};
use crate::connectwise::reads::additions_path;
use crate::connectwise::urls::api_url;
use crate::connectwise::wire::{AdditionRow, Row, WireAddition, json_fields};
use crate::connectwise::{AdditionsLook, ReadError, WriteError, Writer};
use crate::reconcile::guard::cleared_plan::{CreateLine, SetQuantity};
use crate::reconcile::matching::item_marker::ItemMarker;
use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::ids::{AgreementId, ProductId};
use crate::reconcile::model::quantity::Quantity;

impl Writer for Client {
    async fn look(&self, agreement: AgreementId) -> Result<AdditionsLook, ReadError> {
        self.additions_timed(agreement).await
    }

    fn at_once(&self) -> usize {
        self.at_once
    }

    fn usual_answer(&self) -> Duration {
        self.answer_times.median()
    }

    fn sent_again(&self) {
        self.count_retry();
    }

    fn hold_back(&self, times: u32) {
        self.pause_at_least(self.backoff.pause(times));
    }

    async fn set_quantity(&self, write: &SetQuantity, before: Instant) -> Result<Quantity, WriteError> {
        let path = format!("{}/{}", additions_path(write.agreement()), write.addition());
        let url = api_url(self.api_root().await, &path, &[]);
        let body = ReplaceQuantity::to(write.to());
        let sending = Sending { kind: WriteKind::Set, method: Method::PATCH, url: &url, before: Some(before) };
        let row: QuantityRow = self.write(sending, &body).await?;
        if row.id != write.addition().0 {
            return Err(unclear(format!("the answer is about addition {}", row.id)));
        }
        json_fields::quantity(&row.quantity).map_err(|why| unclear(format!("the answer is unclear: {why}")))
    }

    async fn create_line(&self, write: &CreateLine, before: Instant) -> Result<Addition, WriteError> {
        let path = additions_path(write.agreement());
        let url = api_url(self.api_root().await, &path, &[]);
        let body = NewAddition::from(write);
        let sending = Sending { kind: WriteKind::Create, method: Method::POST, url: &url, before: Some(before) };
        let row: AdditionRow = self.write(sending, &body).await?;
        let WireAddition { addition, agreement, .. } = record_of(&row)?;
        let other_agreement = agreement.filter(|said| *said != write.agreement());
        let other_product = addition.product.filter(|said| *said != write.product());
        let said = [
            other_agreement.map(|other| format!("on agreement {other}, not {}", write.agreement())),
            other_product.map(|other| format!("of product {other}, not {}", write.product())),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        if !said.is_empty() {
            let why = format!("ConnectWise answered that it is addition {} {}", addition.id, said.join(" and "));
            return Err(WriteError::Misplaced { addition: addition.id, why });
        }
        Ok(addition)
    }
}

/// One write, before it is sent.
pub(crate) struct Sending<'a> {
    /// Which right it needs.
    pub(crate) kind: WriteKind,
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    /// After which it must not leave any more.
    pub(crate) before: Option<Instant>,
}

impl<'a> Sending<'a> {
    /// One that stands on nothing that grows old.
    pub(crate) fn at_leisure(kind: WriteKind, method: Method, url: &'a str) -> Self {
        Self { kind, method, url, before: None }
    }
}

impl Client {
    pub(crate) async fn write<T: DeserializeOwned>(
        &self,
        sending: Sending<'_>,
        body: &impl Serialize,
    ) -> Result<T, WriteError> {
        let Sending { kind, method, url, before } = sending;
        let body = serde_json::to_string(body).map_err(|error| WriteError::NotSent { why: error.to_string() })?;
        let answer = self.call(method, url, body, before).await.map_err(|error| self.unanswered(error))?;
        if answer.status.is_success() {
            return self.written(&answer);
        }
        let said = if answer.status.is_redirection() {
            self.censor.one_line(&redirection(&answer.headers))
        } else {
            self.censor.reason(&answer.body)
        };
        Err(status_meaning::of_write(kind, answer.status, Sign::of(&answer), said))
    }

    fn unanswered(&self, error: NoAnswer) -> WriteError {
        match error {
            NoAnswer::Throttled(why) => WriteError::Busy { why },
            NoAnswer::TooLate => WriteError::TooLate,
            NoAnswer::NotSent(why) | NoAnswer::Untrusted(_, why) => {
                WriteError::NotSent { why: self.censor.one_line(&why) }
            }
            NoAnswer::Lost(why) => unclear(self.censor.one_line(&why)),
        }
    }

    /// A good status with an answer that cannot be read may come from anything on the way.
    fn written<T: DeserializeOwned>(&self, answer: &HttpAnswer) -> Result<T, WriteError> {
        match &answer.cut {
            Some(BodyCut::Broken(why)) => return Err(unclear(self.censor.one_line(why))),
            Some(BodyCut::TooLarge) => return Err(unclear("the answer is larger than 16 MiB".to_owned())),
            None => {}
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            let why = format!("{} with an answer that cannot be read: {error}", answer.status.as_u16());
            unclear(self.censor.one_line(&why))
        })
    }
}

/// The record that an answer holds.
pub(crate) fn record_of<R: Row>(row: &R) -> Result<R::Record, WriteError> {
    let id = json_fields::id(row.id()).ok_or_else(|| unclear("the answer names no record".to_owned()))?;
    row.read(id).map_err(|record| unclear(record.why))
}

pub(crate) fn unclear(why: String) -> WriteError {
    WriteError::Unclear { why, server_error: false }
}

/// One operation of a PATCH: the quantity, and nothing else.
#[derive(Debug, Serialize)]
struct ReplaceQuantity {
    op: &'static str,
    /// A bare name without a slash, and in this case (ConnectWise developer guide).
    path: &'static str,
    value: Quantity,
}

impl ReplaceQuantity {
    fn to(value: Quantity) -> [Self; 1] {
        [Self { op: "replace", path: "quantity", value }]
    }
}

/// What a PATCH's answer is looked at for. It holds the whole record, money included; of that nothing is read.
#[derive(Debug, Deserialize)]
pub(crate) struct QuantityRow {
    pub(crate) id: i64,
    #[serde(default)]
    pub(crate) quantity: Value,
}

/// A new addition, with the mark of its item, if it is one's. The catalog's own price applies, because none is named.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NewAddition {
    product: NewReference,
    quantity: Quantity,
    bill_customer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_description: Option<String>,
    /// Midnight UTC in whole seconds: fractions are refused (seen in the field).
    effective_date: String,
}

#[derive(Debug, Serialize)]
struct NewReference {
    id: ProductId,
}

impl From<&CreateLine> for NewAddition {
    fn from(line: &CreateLine) -> Self {
        let (serial_number, invoice_description) = match line.item().and_then(ItemMarker::of) {
            None => (None, None),
            Some(ItemMarker::Serial(text)) => {
                let item = line.item().filter(|_| line.names_item());
                (Some(text), item.and_then(ItemMarker::beside_serial))
            }
            Some(ItemMarker::Description(text)) => (None, Some(text)),
        };
        Self {
            product: NewReference { id: line.product() },
            quantity: line.quantity(),
            bill_customer: line.bill().as_str(),
            serial_number,
            invoice_description,
            effective_date: format!("{}T00:00:00Z", line.effective_on()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::connectwise::client::settings::{ApiKeys, ConnectWiseSettings};
    use crate::reconcile::model::bill_customer::Bill;
    use crate::reconcile::model::ids::{AdditionId, AgreementId};

    fn client(url: &str) -> Client {
        Client::new(settings(url), &keys()).expect("a client")
    }

    fn keys() -> ApiKeys {
        ApiKeys { public_key: "public-canary".into(), private_key: "private-canary".into() }
    }

    fn settings(url: &str) -> ConnectWiseSettings {
        let url = url::Url::parse(url).expect("a URL");
        let mut settings = ConnectWiseSettings::new(url, "examplemsp".into(), "client-canary".into());
        settings.codebase = Some("v4_6_release".into());
        settings.retry_pause_max = Duration::from_millis(1);
        settings
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(600)
    }

    fn quantity(text: &str) -> Quantity {
        text.parse().expect("a quantity")
    }

    fn set(to: &str) -> SetQuantity {
        SetQuantity::for_tests(AgreementId(12), AdditionId(34), quantity("3"), quantity(to))
    }

    fn create() -> CreateLine {
        let day = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day");
        CreateLine::for_tests(AgreementId(12), ProductId(56), quantity("7"), day)
    }

    async fn server(status: u16, body: &str) -> MockServer {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(status).set_body_raw(body, "application/json");
        Mock::given(any()).respond_with(answer).mount(&server).await;
        server
    }

    /// Both writes against one answer; each may have been sent once only.
    async fn both(status: u16, body: &str) -> [WriteError; 2] {
        let server = server(status, body).await;
        let client = client(&server.uri());
        let patched = client.set_quantity(&set("4"), soon()).await.expect_err("an error");
        let posted = client.create_line(&create(), soon()).await.expect_err("an error");
        let methods = server.received_requests().await.expect("recording is on");
        let methods: Vec<_> = methods.iter().map(|request| request.method.to_string()).collect();
        assert_eq!(methods, ["PATCH", "POST"], "{status}");
        [patched, posted]
    }

    /// Otherwise something else than the quantity would be written.
    #[tokio::test]
    async fn a_patch_sets_the_quantity_and_nothing_else() {
        for (to, sent, answer) in [("4", "4", "4"), ("2.5", "2.5", "2.50"), ("0", "0", "0.0"), ("100", "100", "1e2")] {
            let server = server(200, &format!(r#"{{"id":34,"quantity":{answer},"x":1}}"#)).await;
            assert_eq!(client(&server.uri()).set_quantity(&set(to), soon()).await, Ok(quantity(to)));
            let request = &server.received_requests().await.expect("recording is on")[0];
            assert_eq!(request.method.as_str(), "PATCH");
            assert_eq!(request.url.path(), "/v4_6_release/apis/3.0/finance/agreements/12/additions/34");
            assert_eq!(request.url.query(), None);
            let body = format!(r#"[{{"op":"replace","path":"quantity","value":{sent}}}]"#);
            assert_eq!(String::from_utf8_lossy(&request.body), body);
            assert_eq!(request.headers["content-type"], "application/json");
            assert!(request.headers.contains_key("authorization") && request.headers.contains_key("clientid"));
        }
    }

    /// Otherwise a created line could carry a sum of its own instead of the catalog's.
    #[tokio::test]
    async fn a_post_names_product_quantity_and_day_only() {
        let server = server(201, r#"{"id":99,"product":{"id":56},"quantity":7.0,"_info":{"updatedBy":"api"}}"#).await;
        let created = client(&server.uri()).create_line(&create(), soon()).await.expect("a line");
        assert_eq!((created.id, created.product), (AdditionId(99), Some(ProductId(56))));
        assert_eq!(created.quantity, Ok(quantity("7")));
        let request = &server.received_requests().await.expect("recording is on")[0];
        assert_eq!(request.method.as_str(), "POST");
        assert_eq!(request.url.path(), "/v4_6_release/apis/3.0/finance/agreements/12/additions");
        assert_eq!(
            String::from_utf8_lossy(&request.body),
            r#"{"product":{"id":56},"quantity":7,"billCustomer":"Billable","effectiveDate":"2026-11-22T00:00:00Z"}"#
        );
        let url = request.url.as_str().to_lowercase();
        assert!(!["price", "cost", "margin"].iter().any(|money| url.contains(money)), "{url}");
    }

    /// Otherwise the next night would not know the line again, or it would stand on the wrong invoice.
    #[tokio::test]
    async fn a_post_carries_the_mark_of_its_item_and_how_it_is_billed() {
        let long = format!("{}.example.com", "x".repeat(50));
        let described = format!(r#""invoiceDescription":"[item {long}]""#);
        let named = r#""serialNumber":"a.com","invoiceDescription":"[item a.com]""#;
        for (item, mark, answer) in [
            ("example.com", r#""serialNumber":"example.com""#, r#""serialNumber":"EXAMPLE.COM""#),
            (&long, &described, &described),
            ("a.com", named, named),
            ("a]b", r#""serialNumber":"a]b""#, r#""serialNumber":"a]b""#),
        ] {
            let answer = format!(r#"{{"id":99,"product":{{"id":56}},"quantity":7,{answer}}}"#);
            let server = server(201, &answer).await;
            let write = create().with(Bill::DoNotBill, item);
            let write = if item.starts_with('a') { write.named() } else { write };
            let created = client(&server.uri()).create_line(&write, soon()).await.expect("a line");
            assert!(created.bears(write.item()));
            let request = &server.received_requests().await.expect("recording is on")[0];
            let body = format!(
                r#"{{"product":{{"id":56}},"quantity":7,"billCustomer":"DoNotBill",{mark},"effectiveDate":"2026-11-22T00:00:00Z"}}"#
            );
            assert_eq!(String::from_utf8_lossy(&request.body), body);
        }
    }

    /// Otherwise a write would be taken for done, or sent a second time, without anyone knowing.
    #[tokio::test]
    async fn each_status_tells_what_is_known_of_the_outcome() {
        let body =
            r#"{"code":"C","message":"no private-canary","errors":[{"message":"m","resource":"r","field":"f"}]}"#;
        let said = "C; no [redacted]; r.f: m";
        for status in [400, 404, 405, 409, 415, 422] {
            let refused = WriteError::Refused { status, why: said.to_owned() };
            assert_eq!(both(status, body).await, [refused.clone(), refused]);
        }
        assert!(both(302, "").await.iter().all(|error| matches!(error, WriteError::Refused { status: 302, .. })));
        assert!(both(401, body).await.iter().all(|error| matches!(error, WriteError::KeyRefused { .. })));
        let busy = WriteError::Busy { why: said.to_owned() };
        assert_eq!(both(429, body).await, [busy.clone(), busy]);
        for status in [500, 502, 503, 504] {
            let is_unclear = |error: &WriteError| matches!(error, WriteError::Unclear { server_error: true, .. });
            assert!(both(status, "<html>").await.iter().all(is_unclear));
        }
        let [patched, posted] = both(403, body).await.map(|error| match error {
            WriteError::RightMissing { fix, .. } => fix,
            other => panic!("{other}"),
        });
        assert!(patched.contains("Finance > Agreements > Edit Level = All"), "{patched}");
        assert!(posted.contains("Finance > Agreements > Add Level = All"), "{posted}");
    }

    /// Otherwise a proxy's greeting would count as ConnectWise's word.
    #[tokio::test]
    async fn a_good_status_with_an_answer_that_cannot_be_read_is_unclear() {
        for body in ["", "<html>", "null", "[]", "{}", r#"{"id":34,"quan"#, r#"{"id":"34","quantity":4}"#] {
            let is_unclear = |error: &WriteError| matches!(error, WriteError::Unclear { server_error: false, .. });
            assert!(both(200, body).await.iter().all(is_unclear), "{body}");
        }
        for body in [r#"{"id":34}"#, r#"{"id":34,"quantity":null}"#, r#"{"id":35,"quantity":4}"#] {
            let error = client(&server(200, body).await.uri()).set_quantity(&set("4"), soon()).await;
            assert!(matches!(error, Err(WriteError::Unclear { server_error: false, .. })), "{error:?}");
        }
    }

    /// Otherwise a line would be parked as unknown although nothing was ever sent.
    #[tokio::test]
    async fn without_a_connection_nothing_was_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        drop(listener);
        let client = client(&url);
        assert!(matches!(client.set_quantity(&set("4"), soon()).await, Err(WriteError::NotSent { .. })));
        assert!(matches!(client.create_line(&create(), soon()).await, Err(WriteError::NotSent { .. })));
    }

    /// Otherwise a creation whose answer was lost would be sent again, and bill twice.
    #[tokio::test]
    async fn a_connection_that_breaks_after_the_request_is_unclear_and_not_tried_again() {
        let cut = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"id\":";
        for answer in ["", "HTTP/1.1 20", cut] {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("http://{}", listener.local_addr().expect("an address"));
            let serve = async {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut request = Vec::new();
                while !request.ends_with(b"Z\"}") {
                    assert_ne!(stream.read_buf(&mut request).await.expect("a request"), 0);
                }
                stream.write_all(answer.as_bytes()).await.expect("written");
            };
            let client = client(&url);
            let line = create();
            let (error, ()) = tokio::join!(client.create_line(&line, soon()), serve);
            assert!(matches!(error, Err(WriteError::Unclear { server_error: false, .. })), "{error:?}");
            assert_eq!(client.traffic().sent, 1);
            let again = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
            assert!(again.is_err(), "nothing else was sent");
        }
    }

    /// Otherwise a server that hangs after it has written would count as one that has not.
    #[tokio::test]
    async fn a_write_without_an_answer_in_time_is_unclear() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let mut settings = settings(&url);
        settings.request_timeout = Duration::from_millis(20);
        let client = Client::new(settings, &keys()).expect("a client");
        let unclear = WriteError::Unclear { why: "no answer in time".to_owned(), server_error: false };
        assert_eq!(client.set_quantity(&set("4"), soon()).await, Err(unclear));
        assert_eq!(client.traffic().sent, 1);
    }

    /// Otherwise the next write would run into the wall that the last one found.
    #[tokio::test]
    async fn a_write_that_was_refused_as_too_many_holds_back_the_next() {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(429).insert_header("retry-after", "3600");
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let client = client(&server.uri());
        for _ in 0..2 {
            assert!(matches!(client.set_quantity(&set("4"), soon()).await, Err(WriteError::Busy { .. })));
        }
        assert_eq!(client.traffic().sent, 1);
    }
}

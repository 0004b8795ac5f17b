//! Lists are read whole, whatever moves in them and however the server cuts them.

use std::collections::BTreeSet;
use std::sync::Mutex;

use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{client, keys, query, requests};
use recount::connectwise::Reader;
use recount::reconcile::model::ids::CompanyId;

/// Companies behind a server that keeps to `conditions` and `orderBy`, with at most `cap` on a page.
struct Companies {
    ids: Mutex<BTreeSet<i64>>,
    cap: usize,
    /// Whether a page says that it is not the last.
    links: bool,
    /// Larger pages are refused.
    size_max: usize,
    /// Called after every page: what other people do meanwhile.
    meanwhile: fn(&mut BTreeSet<i64>),
}

impl Companies {
    async fn serve(ids: impl Iterator<Item = i64>, cap: usize, meanwhile: fn(&mut BTreeSet<i64>)) -> MockServer {
        let server = MockServer::start().await;
        let ids = Mutex::new(ids.collect());
        let companies = Companies { ids, cap, links: true, size_max: 1000, meanwhile };
        Mock::given(any()).respond_with(companies).mount(&server).await;
        server
    }

    /// Without a word of more.
    async fn serve_silently(ids: impl Iterator<Item = i64>, cap: usize, size_max: usize) -> MockServer {
        let server = MockServer::start().await;
        let ids = Mutex::new(ids.collect());
        let companies = Companies { ids, cap, links: false, size_max, meanwhile: |_| {} };
        Mock::given(any()).respond_with(companies).mount(&server).await;
        server
    }
}

impl Respond for Companies {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let conditions = query(request, "conditions").unwrap_or_default();
        let after = conditions.split_once("id>").map_or(0, |(_, id)| id.parse().expect("an id"));
        let wanted: Option<BTreeSet<i64>> = conditions
            .strip_prefix("id in (")
            .and_then(|rest| rest.split_once(')'))
            .map(|(ids, _)| ids.split(',').map(|id| id.parse().expect("an id")).collect());
        if query(request, "pageSize").is_some_and(|size| size.parse::<usize>().expect("a size") > self.size_max) {
            return ResponseTemplate::new(400)
                .set_body_raw(r#"{"code":"ConnectWiseApi","message":"pageSize 1-100"}"#, "application/json");
        }
        let mut ids = self.ids.lock().expect("no panic");
        let fits = |id: &&i64| **id > after && wanted.as_ref().is_none_or(|wanted| wanted.contains(id));
        let found: Vec<i64> = ids.iter().filter(fits).copied().collect();
        let page: Vec<String> =
            found.iter().take(self.cap).map(|id| format!(r#"{{"id":{id},"name":"C{id}"}}"#)).collect();
        let mut answer = ResponseTemplate::new(200).set_body_raw(format!("[{}]", page.join(",")), "application/json");
        if found.len() > self.cap && self.links {
            answer = answer.insert_header("link", r#"<http://x/?page=2>; rel="next", <http://x/?page=9>; rel="last""#);
        }
        (self.meanwhile)(&mut ids);
        answer
    }
}

fn ids(companies: &recount::reconcile::model::connectwise_records::Companies) -> Vec<i64> {
    assert!(companies.unreadable.is_empty());
    companies.records.iter().map(|company| company.id.0).collect()
}

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    // A page that may have been cut without a word is followed by one more question.
    for (count, pages) in [(0, 1), (24, 1), (25, 2), (999, 2), (1000, 2), (2000, 3), (2500, 4)] {
        let server = Companies::serve(1..=count, 1000, |_| {}).await;
        let companies = client(&server).all_companies().await.expect("a list");
        assert_eq!(ids(&companies), (1..=count).collect::<Vec<_>>());
        assert_eq!(requests(&server).await.len(), pages, "{count}");
    }
}

/// Otherwise a row that moves between two pages would be missed, and created a second time.
#[tokio::test]
async fn rows_that_come_and_go_between_pages_move_no_other_row() {
    let server = Companies::serve((1..=3000).map(|id| id * 2), 1000, |ids| {
        // The first rows go and new ones come at the front: by page number every later row would shift.
        for _ in 0..7 {
            ids.pop_first();
        }
        ids.insert(1);
    })
    .await;
    let companies = client(&server).all_companies().await.expect("a list");
    assert_eq!(ids(&companies), (1..=3000).map(|id| id * 2).collect::<Vec<_>>());
}

/// Otherwise a server with a smaller page of its own would show only the beginning.
#[tokio::test]
async fn a_server_that_caps_the_page_is_asked_on() {
    let server = Companies::serve(1..=260, 100, |_| {}).await;
    let companies = client(&server).all_companies().await.expect("a list");
    assert_eq!(ids(&companies), (1..=260).collect::<Vec<_>>());
    assert_eq!(requests(&server).await.len(), 4);
}

/// Otherwise rows behind the cut would not be there, and be created a second time.
#[tokio::test]
async fn a_server_that_caps_the_page_without_a_word_is_asked_on() {
    for (count, pages) in [(61, 3), (50, 3), (24, 1)] {
        let server = Companies::serve_silently(1..=count, 25, 1000).await;
        let companies = client(&server).all_companies().await.expect("a list");
        assert_eq!(ids(&companies), (1..=count).collect::<Vec<_>>());
        assert_eq!(requests(&server).await.len(), pages, "{count}");
    }
}

/// Otherwise a server with smaller pages could not be used at all, or be asked in vain for each of its lists.
#[tokio::test]
async fn a_server_that_refuses_large_pages_gets_smaller_ones_from_then_on() {
    let server = Companies::serve_silently(1..=130, 100, 100).await;
    let client = client(&server);
    for _ in 0..2 {
        assert_eq!(ids(&client.all_companies().await.expect("a list")), (1..=130).collect::<Vec<_>>());
    }
    let sizes: Vec<_> = requests(&server).await.iter().filter_map(|request| query(request, "pageSize")).collect();
    // In full and with fewer fields, then smaller.
    assert_eq!(sizes, ["1000", "1000", "100", "100", "100", "100", "100", "100"]);
}

/// Otherwise a server that makes up rows would be read until the host has no memory left.
#[tokio::test]
async fn a_list_without_an_end_is_an_error() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Endless).mount(&server).await;
    let mut settings = super::settings(&server.uri());
    settings.requests_per_minute = 100_000;
    let client = recount::connectwise::client::Client::new(settings, &keys()).expect("a client");
    let error = client.all_companies().await.expect_err("no end").to_string();
    assert!(error.contains("no end of the list after 1000 pages"), "{error}");
}

/// Always 25 more.
struct Endless;

impl Respond for Endless {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let conditions = query(request, "conditions").unwrap_or_default();
        let after: i64 = conditions.split_once("id>").map_or(0, |(_, id)| id.parse().expect("an id"));
        let rows: Vec<String> = (1..=25).map(|next| format!(r#"{{"id":{}}}"#, after + next)).collect();
        ResponseTemplate::new(200).set_body_raw(format!("[{}]", rows.join(",")), "application/json")
    }
}

/// Otherwise one odd company would end the night of all others.
#[tokio::test]
async fn a_record_that_cannot_be_read_stands_beside_those_that_can() {
    let server = MockServer::start().await;
    let rows = r#"[{"id":1,"name":"A","deletedFlag":""},{"id":2,"name":"B","types":"x"},{"id":"3","name":"C"},
        {"id":4,"name":7},{"id":5,"identifier":null,"name":"E","status":null}]"#;
    let answer = ResponseTemplate::new(200).set_body_raw(rows, "application/json");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let companies = client(&server).all_companies().await.expect("a list");
    assert_eq!(companies.records.iter().map(|company| company.id.0).collect::<Vec<_>>(), [1, 5]);
    let told: Vec<_> =
        companies.unreadable.iter().map(|record| (record.id, record.known.as_deref(), record.why.as_str())).collect();
    assert_eq!(
        told,
        [
            (2, Some("B"), "its types \"x\" is not a list"),
            (3, Some("C"), "its id \"3\" is not a number"),
            (4, None, "its name 7 is not a text"),
        ]
    );
}

/// Otherwise a server that ignores the key would be read for ever, or its rows twice.
#[tokio::test]
async fn paging_that_does_not_advance_is_an_error() {
    let row = |id: i64| format!(r#"{{"id":{id}}}"#);
    let thousand: Vec<String> = (1..=1000).map(row).collect();
    let cases = [
        (format!("[{}]", thousand.join(",")), 2),
        (r#"[{"id":2},{"id":1}]"#.to_owned(), 1),
        (r#"[{"id":2},{"id":2}]"#.to_owned(), 1),
        (r#"[{"id":0}]"#.to_owned(), 1),
        (r#"[{"id":-1}]"#.to_owned(), 1),
    ];
    for (body, sent) in cases {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).set_body_raw(body, "application/json"))
            .mount(&server)
            .await;
        let error = client(&server).all_companies().await.expect_err("no end").to_string();
        assert!(error.contains("did not advance"), "{error}");
        assert_eq!(requests(&server).await.len(), sent);
    }
    let server = MockServer::start().await;
    let more = ResponseTemplate::new(200).set_body_raw("[]", "application/json");
    let more = more.insert_header("link", r#"<http://x/>; rel="next""#);
    Mock::given(any()).respond_with(more).mount(&server).await;
    let error = client(&server).all_companies().await.expect_err("no end").to_string();
    assert!(error.contains("empty page"), "{error}");
}

/// Otherwise a portfolio of some size would be answered with "URI too long", or lose a customer between two batches.
#[tokio::test]
async fn ids_are_asked_for_in_urls_of_bearable_length() {
    let server = Companies::serve(1_000_000..1_003_000, 1000, |_| {}).await;
    let wanted: BTreeSet<CompanyId> = (1_000_000..1_002_500).map(CompanyId).chain([CompanyId(7)]).collect();
    let companies = client(&server).companies(&wanted).await.expect("a list");
    assert_eq!(ids(&companies), (1_000_000..1_002_500).collect::<Vec<_>>());
    // `requests` checks each URL's length.
    let requests = requests(&server).await;
    assert!(requests.len() < 40, "{}", requests.len());
    assert!(requests.iter().any(|request| request.url.as_str().len() > 1800));
}

//! Lists are read whole, whatever moves in them and however the server cuts them.

use std::collections::BTreeSet;
use std::sync::Mutex;

use recount::connectwise::Reader;
use recount::reconcile::model::ids::CompanyId;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{client, query, requests};

/// Companies behind a server that keeps to `conditions` and `orderBy`, with at most `cap` on a page.
struct Companies {
    ids: Mutex<BTreeSet<i64>>,
    cap: usize,
    /// Called after every page: what other people do meanwhile.
    meanwhile: fn(&mut BTreeSet<i64>),
}

impl Companies {
    async fn serve(ids: impl Iterator<Item = i64>, cap: usize, meanwhile: fn(&mut BTreeSet<i64>)) -> MockServer {
        let server = MockServer::start().await;
        let companies = Companies { ids: Mutex::new(ids.collect()), cap, meanwhile };
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
        let mut ids = self.ids.lock().expect("no panic");
        let fits = |id: &&i64| **id > after && wanted.as_ref().is_none_or(|wanted| wanted.contains(id));
        let found: Vec<i64> = ids.iter().filter(fits).copied().collect();
        let page: Vec<String> =
            found.iter().take(self.cap).map(|id| format!(r#"{{"id":{id},"name":"C{id}"}}"#)).collect();
        let mut answer = ResponseTemplate::new(200).set_body_raw(format!("[{}]", page.join(",")), "application/json");
        if found.len() > self.cap {
            answer = answer.insert_header("link", r#"<http://x/?page=2>; rel="next", <http://x/?page=9>; rel="last""#);
        }
        (self.meanwhile)(&mut ids);
        answer
    }
}

fn ids(companies: &[recount::reconcile::model::records::Company]) -> Vec<i64> {
    companies.iter().map(|company| company.id.0).collect()
}

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    for (count, pages) in [(0, 1), (999, 1), (1000, 2), (2000, 3), (2500, 3)] {
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
    assert_eq!(requests(&server).await.len(), 3);
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
    assert!(requests.len() < 20, "{}", requests.len());
    assert!(requests.iter().any(|request| request.url.as_str().len() > 1800));
}

use std::fs;
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use url::Url;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::*;
use crate::export::locate::fetch::vendor_sign_in::LinkSecrets;
use crate::export::locate::link_settings::{NextPage, OAuth2, Pages, TokenForm};

/// A vendor that answers what is asked for, each address as often as there are answers for it; the last one stays.
struct Vendor {
    server: MockServer,
    state: tempfile::TempDir,
}

/// Path and query, and what is answered.
type Answer = (&'static str, ResponseTemplate);

/// Answers by path and query.
struct Answers(Mutex<Vec<Answer>>);

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let asked = request.url.as_str().split_once("/list").map_or("token", |(_, rest)| rest);
        let mut answers = self.0.lock().expect("not poisoned");
        let of_it = |(at, _): &(&'static str, ResponseTemplate)| *at == asked;
        let Some(first) = answers.iter().position(of_it) else { return ResponseTemplate::new(404) };
        let last = answers.iter().filter(|answer| of_it(answer)).count() == 1;
        if last { answers[first].1.clone() } else { answers.remove(first).1 }
    }
}

impl Vendor {
    async fn of(answers: Vec<(&'static str, ResponseTemplate)>) -> Self {
        let server = MockServer::start().await;
        Mock::given(wiremock::matchers::any()).respond_with(Answers(Mutex::new(answers))).mount(&server).await;
        Self { server, state: tempfile::tempdir().expect("a folder") }
    }

    fn list(&self, query: &str, turn: NextPage, total: Option<&str>) -> ListRequest {
        let url = Url::parse(&format!("{}/list{query}", self.server.uri())).expect("an address");
        let total = total.map(|path| path.split('.').map(str::to_owned).collect());
        let pages = Some(Pages { turn, total, total_pages: None, max_pages: 5 });
        ListRequest { url, pages, records: vec!["items".to_owned()], on: None, name: None }
    }

    async fn read(&self, lists: Vec<ListRequest>) -> Result<FetchedLists, FetchError> {
        self.read_with(lists, &LinkSecrets::default()).await
    }

    async fn read_with(&self, requests: Vec<ListRequest>, secrets: &LinkSecrets) -> Result<FetchedLists, FetchError> {
        let link = Link { requests, headers: Vec::new(), auth: None };
        let clock = || DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
        let folder = self.state.path().join("fetched");
        let (max_bytes, pause) = (10_000, Duration::ZERO);
        fetch_lists(&link, &FetchRequest { secrets, max_bytes, folder: &folder, name: "v", clock: &clock, pause }).await
    }

    async fn asked(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.expect("recorded");
        requests.iter().map(|request| request.url.query().unwrap_or_default().to_owned()).collect()
    }

    async fn told_of(&self, query: &str, turn: NextPage) -> String {
        self.told(vec![self.list(query, turn, None)]).await
    }

    /// What it comes to, or why it does not.
    async fn told(&self, lists: Vec<ListRequest>) -> String {
        match self.read(lists).await {
            Ok(lists) => String::from_utf8(lists.kept.bytes).expect("UTF-8").trim_end().replace('\n', " "),
            Err(error) => error.to_string(),
        }
    }
}

fn json(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(text)
}

fn keys(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

fn cursor() -> NextPage {
    NextPage::Next { member: keys("meta.next"), query: Some("after".to_owned()) }
}

fn numbered() -> NextPage {
    NextPage::Numbered { page: "page".to_owned(), size: Some(("limit".to_owned(), 2)) }
}

/// A list that is read to its first page bills a third of the customers.
#[tokio::test]
async fn every_form_of_pages_is_read_to_its_end() {
    let pages =
        [r#"{"items":[{"a":1},{"a":2}],"meta":{"next":"x=&y"}}"#, r#"{"items":[{"a":3}],"meta":{"next":null}}"#];
    let vendor = Vendor::of(vec![("?k=1", json(pages[0])), ("?k=1&after=x%3D%26y", json(pages[1]))]).await;
    assert_eq!(vendor.told(vec![vendor.list("?k=1", cursor(), None)]).await, r#"{"a":1} {"a":2} {"a":3}"#);

    let linked = r#"{"items":[{"a":1}],"@odata.nextLink":"/list?s=2"}"#;
    let vendor = Vendor::of(vec![("", json(linked)), ("?s=2", json(r#"{"items":[{"a":2}]}"#))]).await;
    let turn = NextPage::Next { member: vec!["@odata.nextLink".to_owned()], query: None };
    assert_eq!(vendor.told(vec![vendor.list("", turn, None)]).await, r#"{"a":1} {"a":2}"#);

    let first = json(r#"{"items":[{"a":1}]}"#).insert_header("Link", "</list?p=2>; rel=\"next\"");
    let vendor = Vendor::of(vec![("", first), ("?p=2", json(r#"{"items":[{"a":2}]}"#))]).await;
    assert_eq!(vendor.told(vec![vendor.list("", NextPage::Header, None)]).await, r#"{"a":1} {"a":2}"#);

    // The vendor gives one record where two are asked for: an end is a page without any.
    let answers = [("?limit=2&page=1", 1), ("?limit=2&page=2", 2)];
    let mut answers: Vec<_> =
        answers.iter().map(|(at, n)| (*at, json(&format!(r#"{{"items":[{{"a":{n}}}]}}"#)))).collect();
    answers.push(("?limit=2&page=3", json(r#"{"items":[]}"#)));
    let vendor = Vendor::of(answers).await;
    assert_eq!(vendor.told(vec![vendor.list("", numbered(), None)]).await, r#"{"a":1} {"a":2}"#);

    let answers = vec![
        ("?top=2&skip=0", json(r#"{"items":[{"a":1}]}"#)),
        ("?top=2&skip=1", json(r#"{"items":[{"a":2},{"a":3}]}"#)),
        ("?top=2&skip=3", json(r#"{"items":[]}"#)),
    ];
    let vendor = Vendor::of(answers).await;
    let turn = NextPage::Offset { offset: "skip".to_owned(), size: Some(("top".to_owned(), 2)) };
    assert_eq!(vendor.told(vec![vendor.list("", turn, None)]).await, r#"{"a":1} {"a":2} {"a":3}"#);
}

#[tokio::test]
async fn numbered_pages_of_a_known_number_come_together_and_in_order() {
    let page = |n: u32| json(&format!(r#"{{"items":[{{"a":{n}}}],"total":"4"}}"#));
    let answers = ["?limit=2&page=0", "?limit=2&page=1", "?limit=2&page=2", "?limit=2&page=3"];
    let vendor = Vendor::of(answers.into_iter().zip(0..).map(|(at, n)| (at, page(n))).collect()).await;
    let list = vendor.list("?page=0", numbered(), Some("total"));
    let lists = vendor.read(vec![list]).await.expect("four pages");
    assert_eq!(lists.kept.bytes, b"{\"a\":0}\n{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
    assert_eq!(lists.document, "{\"items\":[{\"a\":0},\n{\"a\":1},\n{\"a\":2},\n{\"a\":3}]}");
    assert!(lists.kept.path.ends_with("fetched/v.20241004T000000Z.ndjson"), "{:?}", lists.kept.path);
    assert_eq!(fs::read(&lists.kept.path).expect("kept"), lists.kept.bytes);
    assert_eq!(vendor.asked().await.len(), 4, "nothing is asked for behind the last page");
}

/// Otherwise a part of the customers, or some of them twice, would be billed.
#[tokio::test]
async fn a_list_in_doubt_is_no_list() {
    let next = |to: &str| json(&format!(r#"{{"items":[{{"a":1}}],"meta":{{"next":"{to}"}}}}"#));
    let two = |total: u32| json(&format!(r#"{{"items":[{{"a":1}},{{"a":2}}],"total":{total},"meta":{{}}}}"#));
    let cases: Vec<(Vec<Answer>, Option<&str>, &str)> = vec![
        (vec![("", next("b")), ("?after=b", next("c"))], None, "page 2 is one that was read already"),
        (
            vec![
                ("", json("{\"items\":[{\"a\":1}],\"meta\":{\"next\":\"b\"}}")),
                ("?after=b", json("{\"items\":[{\"a\":2}],\"meta\":{\"next\":\"b\"}}")),
            ],
            None,
            "page 3 is one that was read already",
        ),
        (
            vec![("", next("b")), ("?after=b", ResponseTemplate::new(500))],
            None,
            "the server answers 500 Internal Server Error",
        ),
        (
            vec![("", next("b")), ("?after=b", json("{\"items\":[{\"a\":2},{\"a\""))],
            None,
            "page 2 is no whole JSON document",
        ),
        (vec![("", next("b")), ("?after=b", json("{\"state\":\"busy\"}"))], None, "page 2 has no list at \"items\""),
        (vec![("", two(3))], Some("total"), "its \"total\" says 3, and its pages hold 2"),
        (vec![("", two(1))], Some("total"), "its \"total\" says 1, and its pages hold 2"),
        (vec![("", two(2))], Some("count"), "no page says in \"count\" how many there are"),
        (
            vec![("", json("{\"items\":[],\"meta\":{\"next\":true}}"))],
            None,
            "what page 1 says in \"meta.next\" leads to no page",
        ),
        (
            vec![("", next("https://other.example/list"))],
            None,
            "the server redirects to other.example, and a redirect to another host is not followed; set `url` to it if \
             it is right",
        ),
    ];
    for (answers, total, said) in cases {
        let vendor = Vendor::of(answers).await;
        assert_eq!(vendor.told(vec![vendor.list("", cursor(), total)]).await, said);
        assert!(!vendor.state.path().join("fetched").exists(), "{said}: a part is not kept");
    }
    let pages = ["", "?after=b", "?after=c", "?after=d", "?after=e", "?after=f"];
    let page = |n: usize| {
        json(&format!(r#"{{"items":[{{"a":{n}}}],"meta":{{"next":"{}"}}}}"#, ["b", "c", "d", "e", "f", "g"][n]))
    };
    let vendor = Vendor::of(pages.into_iter().zip(0..).map(|(at, n)| (at, page(n))).collect()).await;
    let told = vendor.told(vec![vendor.list("", cursor(), None)]).await;
    assert_eq!(told, "there are more pages than max_pages = 5");
}

/// Vendors end their lists in ways of their own: refused, such a list would be copied by hand every month.
#[tokio::test]
async fn a_list_ends_where_its_vendor_says_so() {
    let page = |items: &str, more: &str| json(&format!("{{\"items\":[{items}]{more}}}"));
    let both = r#"{"a":1} {"a":2}"#;
    let stays = vec![
        ("", page(r#"{"a":1}"#, r#","has_more":true,"meta":{"next":"b"}"#)),
        ("?after=b", page(r#"{"a":2}"#, r#","has_more":false,"meta":{"next":"b"}"#)),
    ];
    assert_eq!(Vendor::of(stays).await.told_of("", cursor()).await, both);
    let empty = vec![
        ("", page(r#"{"a":1},{"a":2}"#, r#","meta":{"next":"b"}"#)),
        ("?after=b", page("", r#","meta":{"next":"b"}"#)),
    ];
    assert_eq!(Vendor::of(empty).await.told_of("", cursor()).await, both);

    let offset = || NextPage::Offset { offset: "start".to_owned(), size: None };
    let from_one =
        vec![("?start=1", page(r#"{"a":1}"#, "")), ("?start=2", page(r#"{"a":2}"#, "")), ("?start=3", page("", ""))];
    assert_eq!(Vendor::of(from_one).await.told_of("?start=1", offset()).await, both);

    let nothing = vec![
        ("?limit=2&page=1", page(r#"{"a":1}"#, "")),
        ("?limit=2&page=2", page(r#"{"a":2}"#, "")),
        ("?limit=2&page=3", ResponseTemplate::new(204)),
    ];
    assert_eq!(Vendor::of(nothing).await.told_of("", numbered()).await, both);
    let missing = vec![("?limit=2&page=1", page(r#"{"a":1}"#, ""))];
    let told = Vendor::of(missing).await.told_of("", numbered()).await;
    assert_eq!(told, "page 2: the server answers 404 Not Found");
}

/// Behind the last page some vendors answer 404: then the list says how many pages it has.
#[tokio::test]
async fn a_number_of_pages_is_as_good_as_one_of_records() {
    for (said, told) in [(2, r#"{"a":1} {"a":2}"#), (3, "page 3: the server answers 404 Not Found")] {
        let page = |n: u32| json(&format!(r#"{{"items":[{{"a":{n}}}],"n":{said}}}"#));
        let vendor = Vendor::of(vec![("?limit=2&page=1", page(1)), ("?limit=2&page=2", page(2))]).await;
        let mut list = vendor.list("", numbered(), None);
        list.pages = list.pages.map(|pages| Pages { total_pages: Some(keys("n")), ..pages });
        assert_eq!(vendor.told(vec![list]).await, told);
    }
}

#[tokio::test]
async fn a_list_that_changes_meanwhile_is_read_again() {
    let page = |n: u32, total: u32, next: &str| {
        json(&format!(r#"{{"items":[{{"a":{n}}}],"n":{total},"meta":{{"next":{next}}}}}"#))
    };
    let answers = vec![("", page(1, 3, "\"b\"")), ("", page(2, 2, "\"b\"")), ("?after=b", page(3, 2, "null"))];
    let vendor = Vendor::of(answers).await;
    assert_eq!(vendor.told(vec![vendor.list("", cursor(), Some("n"))]).await, r#"{"a":2} {"a":3}"#);
}

/// Otherwise the half of a list that a vendor cuts off is read as the whole of it, and the others' licences are not billed.
#[tokio::test]
async fn an_answer_that_says_what_went_wrong_is_no_last_page() {
    let first = json(r#"{"items":[{"a":1}],"error":null,"meta":{"next":"b","total":3}}"#);
    for wrong in [r#""rate limit""#, r#"{"code":7}"#, r#"["x"]"#] {
        let answers = vec![("", first.clone()), ("?after=b", json(&format!(r#"{{"error":{wrong},"items":[]}}"#)))];
        let told = Vendor::of(answers).await;
        let told = told.told(vec![told.list("", cursor(), None)]).await;
        assert_eq!(told, "page 2 says in \"error\" that something went wrong");
    }
    for (said, member) in [
        (r#""success":false"#, "success"),
        (r#""ok":false"#, "ok"),
        (r#""status":"error""#, "status"),
        (r#""code":500"#, "code"),
        (r#""errorCode":"E1""#, "errorCode"),
    ] {
        let answers = vec![("", first.clone()), ("?after=b", json(&format!(r#"{{{said},"message":"x","items":[]}}"#)))];
        let told = Vendor::of(answers).await;
        let told = told.told(vec![told.list("", cursor(), None)]).await;
        assert_eq!(told, format!("page 2 says in {member:?} that something went wrong"));
    }
    // It may be over when it is asked again.
    let busy = json(r#"{"success":false,"items":[]}"#);
    let answers =
        vec![("", first.clone()), ("?after=b", busy), ("?after=b", json(r#"{"success":true,"items":[{"a":2}]}"#))];
    let vendor = Vendor::of(answers).await;
    assert_eq!(vendor.told(vec![vendor.list("", cursor(), None)]).await, r#"{"a":1} {"a":2}"#);
    // A last page that knows nothing of the total leaves the first one's word.
    let vendor = Vendor::of(vec![("", first), ("?after=b", json(r#"{"items":[{"a":2}],"meta":{}}"#))]).await;
    let list = vendor.read(vec![vendor.list("", cursor(), None)]).await.expect("a list");
    assert_eq!(list.unread.len(), 1, "{:?}", list.unread);
}

/// The customers of a page that came empty would be billed for nothing.
#[tokio::test]
async fn a_page_before_the_last_without_records_is_no_end() {
    let page = |n: u32| json(&format!(r#"{{"items":[{{"a":{n}}}],"pages":3}}"#));
    for hole in [json(r#"{"items":[],"pages":3}"#), ResponseTemplate::new(204)] {
        let answers = vec![("?limit=2&page=1", page(1)), ("?limit=2&page=2", hole), ("?limit=2&page=3", page(3))];
        let vendor = Vendor::of(answers).await;
        let mut list = vendor.list("", numbered(), None);
        list.pages.as_mut().expect("pages").total_pages = Some(keys("pages"));
        assert_eq!(vendor.told(vec![list]).await, "page 2 of 3 has no records");
    }
}

/// What was put in front of the list meanwhile pushes a record onto the next page, and another one past the reader.
#[tokio::test]
async fn a_record_on_two_pages_is_a_list_that_moved() {
    let page = |ids: &[u32], next: &str| {
        let rows: Vec<String> = ids.iter().map(|id| format!(r#"{{"id":{id},"n":1}}"#)).collect();
        json(&format!(r#"{{"items":[{}],"meta":{{"next":{next}}}}}"#, rows.join(",")))
    };
    let vendor = Vendor::of(vec![("", page(&[1, 2], "\"b\"")), ("?after=b", page(&[2, 3], "null"))]).await;
    let said = "page 2 has a record that an earlier page has as well: the list changed while it was read";
    assert_eq!(vendor.told(vec![vendor.list("", cursor(), None)]).await, said);
    assert_eq!(vendor.asked().await.len(), 6, "three readings");
    let answers = vec![
        ("", page(&[1, 2], "\"b\"")),
        ("", page(&[0, 1], "\"b\"")),
        ("?after=b", page(&[2, 3], "null")),
        ("?after=b", page(&[2, 3], "null")),
    ];
    let vendor = Vendor::of(answers).await;
    let whole = vendor.told(vec![vendor.list("", cursor(), None)]).await;
    assert_eq!(whole.matches("\"id\"").count(), 4, "{whole}");
    // Rows without an identifier may be alike.
    let alike = |next: &str| json(&format!(r#"{{"items":[{{"sku":"E3"}},{next}],"meta":{{"next":"x"}}}}"#));
    let last = json(r#"{"items":[{"sku":"E3"}],"meta":{}}"#);
    let vendor = Vendor::of(vec![("", alike(r#"{"sku":"E5"}"#)), ("?after=x", last)]).await;
    assert_eq!(vendor.told(vec![vendor.list("", cursor(), None)]).await, r#"{"sku":"E3"} {"sku":"E5"} {"sku":"E3"}"#);
}

#[tokio::test]
async fn a_page_that_is_cut_or_throttled_is_asked_for_again() {
    let answers = vec![
        ("", json("{\"items\":[{\"a\":1},{\"a\"")),
        ("", ResponseTemplate::new(429).insert_header("Retry-After", "0")),
        (
            "",
            json(
                r#"{"items":[{"a":1},
            {"a":2}],"has_more":true}"#,
            ),
        ),
    ];
    let vendor = Vendor::of(answers).await;
    let lists = vendor.read(vec![vendor.list("", cursor(), None)]).await.expect("the third");
    assert_eq!(lists.kept.bytes, b"{\"a\":1}\n{\"a\":2}\n");
    // The path of the next page is misspelt, or the vendor has another: a person looks at it.
    let signs: Vec<String> = lists.unread.iter().map(ToString::to_string).collect();
    assert_eq!(signs, ["its \"has_more\" says that there is more"]);
}

/// Otherwise a long list would end with the first hour, or a wrong key would be sent all night.
#[tokio::test]
async fn a_token_is_renewed_once_when_it_has_worked_and_no_error_shows_it() {
    let token = |text: &str| json(&format!(r#"{{"access_token":"{text}","token_type":"bearer","expires_in":60}}"#));
    let next = |n: u32, to: &str| json(&format!(r#"{{"items":[{{"a":{n}}}],"meta":{{"next":{to}}}}}"#));
    let unknown = || ResponseTemplate::new(401).set_body_string("hunter2");
    let good = vec![
        ("token", token("hunter2-1")),
        ("token", token("hunter2-2")),
        ("", next(1, "\"b\"")),
        ("?after=b", unknown()),
        ("?after=b", next(2, "null")),
    ];
    let refused = "the server answers 401 Unauthorized: look at the key, and at its rights";
    let cases = vec![
        (good, "", 2),
        (vec![("token", token("hunter2-1")), ("", unknown())], refused, 1),
        (vec![("token", token("hunter2-1")), ("", next(1, "\"b\"")), ("?after=b", unknown())], refused, 2),
        (vec![("token", unknown())], "signing in is refused: the token's address answers 401 Unauthorized", 1),
        (vec![("token", json("{}"))], "the token's address answers 200 OK without an `access_token`", 1),
    ];
    for (answers, said, tokens) in cases {
        let vendor = Vendor::of(answers).await;
        let token = OAuth2 {
            token_url: Url::parse(&format!("{}/token", vendor.server.uri())).expect("an address"),
            client_id: SecretString::from("me"),
            client_secret: SecretString::from("hunter2&="),
            scope: Some("token".to_owned()),
            audience: None,
            send: TokenForm::Form,
        };
        let secrets = LinkSecrets { token: Some(token), ..LinkSecrets::default() };
        let read = vendor.read_with(vec![vendor.list("", cursor(), None)], &secrets).await;
        let told = read.err().map(|error| format!("{error}|{error:?}")).unwrap_or_default();
        assert!(told.starts_with(said) && said.is_empty() == told.is_empty(), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
        let requests = vendor.server.received_requests().await.expect("recorded");
        let asked: Vec<&Request> = requests.iter().filter(|request| request.url.path() == "/token").collect();
        assert_eq!(asked.len(), tokens, "{said}");
        let body = String::from_utf8_lossy(&asked[0].body);
        assert_eq!(body, "grant_type=client_credentials&client_id=me&client_secret=hunter2%26%3D&scope=token");
    }
}

/// A name of the wrong list is a bill for somebody else.
#[tokio::test]
async fn lists_are_joined_by_their_key() {
    let counts = r#"{"items":[{"org":7,"n":3},{"org":"8","n":1},{"org":9,"n":2}]}"#;
    let names =
        |more: &str| json(&format!(r#"{{"items":[{{"id":"7","name":"A","n":0}},{{"id":8,"name":"B"}}{more}]}}"#));
    let lists = |vendor: &Vendor, name: Option<&str>| {
        let list = |query: &str, on: &str, name: Option<&str>| {
            let on = Some(on.to_owned());
            ListRequest { pages: None, on, name: name.map(str::to_owned), ..vendor.list(query, NextPage::Header, None) }
        };
        vec![list("?counts", "org", None), list("?names", "id", name)]
    };
    let vendor = Vendor::of(vec![("?counts", json(counts)), ("?names", names(""))]).await;
    assert_eq!(
        vendor.told(lists(&vendor, None)).await,
        r#"{"org":7,"n":3,"id":"7","name":"A"} {"org":"8","n":1,"id":8,"name":"B"} {"org":9,"n":2}"#
    );
    assert_eq!(
        vendor.told(lists(&vendor, Some("of"))).await,
        r#"{"org":7,"n":3,"of":{"id":"7","name":"A","n":0}} {"org":"8","n":1,"of":{"id":8,"name":"B"}} {"org":9,"n":2}"#
    );
    let vendor = Vendor::of(vec![("?counts", json(counts)), ("?names", names(r#",{"id":70,"name":"C"}"#))]).await;
    let unasked = vendor.read(lists(&vendor, None)).await.expect("joined").unasked;
    assert_eq!(unasked, ["\"id\" \"70\" of list 2 stands in no record of list 1 (1 record in all)"]);
    let vendor = Vendor::of(vec![("?counts", json(counts)), ("?names", names(r#",{"id":7,"name":"C"}"#))]).await;
    assert_eq!(vendor.told(lists(&vendor, None)).await, "list 2 has two records of one \"id\"");
    let vendor = Vendor::of(vec![("?counts", json(counts)), ("?names", names(r#",{"name":"C"}"#))]).await;
    assert_eq!(vendor.told(lists(&vendor, None)).await, "a record of list 2 has no \"id\", by which lists are joined");
}

/// A path that is mistyped leads nowhere: the first page would be taken for all of it.
#[tokio::test]
async fn what_should_lead_on_and_is_in_no_answer_is_told() {
    let vendor = Vendor::of(vec![("", json(r#"{"items":[{"a":1}],"state":{"cursor":"b"}}"#))]).await;
    let turn = |path: &str| NextPage::Next { member: keys(path), query: Some("after".to_owned()) };
    let unread = |path: &'static str| {
        let list = vendor.list("", turn(path), None);
        async { vendor.read(vec![list]).await.expect("a page").unread }
    };
    assert_eq!(
        unread("state.cursr").await,
        [UnreadPart::Unled { member: "state.cursr".to_owned() }],
        "{:?}",
        unread("state.cursr").await
    );
    assert_eq!(unread("@odata.nextLink").await, [], "left out at the end, as is usual");
    let vendor = Vendor::of(vec![("", json(r#"{"items":[{"a":1}],"state":{"cursor":null}}"#))]).await;
    let list = vendor.list("", turn("state.cursor"), None);
    assert_eq!(vendor.read(vec![list]).await.expect("a page").unread, []);
}

/// The first hundred customers stand on the page that nobody asks for.
#[tokio::test]
async fn pages_that_are_counted_from_zero_are_not_read_from_one() {
    let page = |n: &str| json(&format!(r#"{{"items":[{n}]}}"#));
    let from_zero = "\"page\" counts from 0: the page of that number has records that no other page has";
    let (zero, one, two) = ("?limit=2&page=0", "?limit=2&page=1", "?limit=2&page=2");
    let cases: [(Vec<Answer>, &str, &str); 5] = [
        (vec![(zero, page(r#"{"a":0}"#)), (one, page(r#"{"a":1}"#)), (two, page(""))], "", from_zero),
        (vec![(zero, page(r#"{"a":0}"#)), (one, page(""))], "", from_zero),
        (vec![(zero, page(r#"{"a":1}"#)), (one, page(r#"{"a":1}"#)), (two, page(""))], "", r#"{"a":1}"#),
        (vec![(one, page(r#"{"a":1}"#)), (two, page(""))], "", r#"{"a":1}"#),
        (vec![(zero, page(r#"{"a":0}"#)), (one, page(r#"{"a":1}"#)), (two, page(""))], "?page=0", r#"{"a":0} {"a":1}"#),
    ];
    for (answers, query, told) in cases {
        let vendor = Vendor::of(answers).await;
        assert_eq!(vendor.told_of(query, numbered()).await, told, "{query}");
    }
    let said = |n: &str| json(&format!(r#"{{"items":[{n}],"pages":2}}"#));
    let vendor = Vendor::of(vec![(one, said(r#"{"a":1}"#)), (two, said(""))]).await;
    let mut list = vendor.list("", numbered(), None);
    list.pages.as_mut().expect("pages").total_pages = Some(keys("pages"));
    assert_eq!(vendor.told(vec![list]).await, "page 2 of 2 has no records");
}

/// A vendor that calls the number of a page's records `total`, and full pages: the first third of a list was billed.
#[tokio::test]
async fn a_total_that_is_of_one_page_alone_is_no_total() {
    let page = |n: u32| json(&format!(r#"{{"items":[{{"a":{n}}},{{"b":{n}}}],"total":2}}"#));
    let vendor = Vendor::of(vec![("?limit=2&page=1", page(1)), ("?limit=2&page=2", page(2))]).await;
    let told = vendor.told(vec![vendor.list("?limit=2", numbered(), Some("total"))]).await;
    assert!(told.contains("total") && told.contains('4'), "{told}");

    // Right where nothing stands behind it, or the last page again.
    for behind in [json(r#"{"items":[],"total":2}"#), page(1), ResponseTemplate::new(404)] {
        let vendor = Vendor::of(vec![("?limit=2&page=1", page(1)), ("?limit=2&page=2", behind)]).await;
        let told = vendor.told(vec![vendor.list("?limit=2", numbered(), Some("total"))]).await;
        assert_eq!(told, r#"{"a":1} {"b":1}"#);
    }
}

/// Of two lists that are joined, a page of one was the whole of it.
#[tokio::test]
async fn what_headers_say_of_more_is_told_of_lists_without_pages_too() {
    let page = r#"{"items":[{"a":1}]}"#;
    for (header, value, told) in
        [("Link", "</list?p=2>; rel=\"next\"", "header Link"), ("X-Total-Count", "12", "X-Total-Count says 12")]
    {
        let vendor = Vendor::of(vec![("", json(page).insert_header(header, value))]).await;
        let list = ListRequest { pages: None, ..vendor.list("", numbered(), None) };
        let lists = vendor.read(vec![list]).await.unwrap_or_else(|error| panic!("{error}"));
        let unread: Vec<String> = lists.unread.iter().map(ToString::to_string).collect();
        assert!(unread.len() == 1 && unread[0].contains(told), "{unread:?}");
    }
}

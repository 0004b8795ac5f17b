//! What the answers of a vendor's API say of themselves, on whatever page they say it: through the real program.

use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::shapes::read_source;

/// Nine customers on three pages, and what an answer says beside them: of a page, and of the so many-th answer for it.
struct Paged {
    beside: fn(page: usize, asked: usize) -> Value,
    header: fn(page: usize) -> Option<(&'static str, &'static str)>,
    /// From this page on there are no records.
    ends: usize,
    asked: Mutex<Vec<usize>>,
}

impl Paged {
    fn saying(beside: fn(usize, usize) -> Value) -> Self {
        Self { beside, header: |_| None, ends: 4, asked: Mutex::default() }
    }
}

impl Respond for Paged {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let of_query = request.url.query_pairs().find(|(name, _)| name == "page");
        let page: usize = of_query.map_or(1, |(_, page)| page.parse().expect("a number"));
        let asked = {
            let mut asked = self.asked.lock().expect("not poisoned");
            asked.push(page);
            asked.iter().filter(|known| **known == page).count()
        };
        let of = |n: usize| json!({"id": n, "customer": format!("C{n}"), "sku": "E3", "qty": n});
        let last = if page == 0 || page >= self.ends { 0 } else { 3 };
        let mut answer = json!({"items": (0..last).map(|n| of(page * 3 + n)).collect::<Vec<_>>()});
        let beside = (self.beside)(page, asked);
        let members = beside.as_object().cloned().unwrap_or_default();
        answer.as_object_mut().expect("an object").extend(members);
        let answer = ResponseTemplate::new(200).set_body_json(answer);
        match (self.header)(page) {
            Some((name, value)) => answer.insert_header(name, value),
            None => answer,
        }
    }
}

const COLUMNS: &str = "columns = { customer = \"customer\", service = \"sku\", count = \"qty\" }";
const NUMBERED: &str = "pages = { page = \"page\", size = { limit = 3 } }";
const LED: &str = "pages = { next = \"next\", query = \"page\" }";

/// The exit code, how many customers came, and what is said of a part.
fn read(api: Paged, pages: &str) -> (i32, usize, String) {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(MockServer::start());
    runtime.block_on(Mock::given(any()).respond_with(api).mount(&server));
    let folder = tempfile::tempdir().expect("a folder");
    let source = format!("url = \"{}/list\"\nrecords = \"items\"", server.uri());
    told(read_source(folder.path(), &source, &format!("{pages}\n{COLUMNS}")))
}

fn told((exit, document): (i32, Value)) -> (i32, usize, String) {
    let customers = document["customers"].as_object().map_or(0, serde_json::Map::len);
    let findings = document["findings"].as_array().cloned().unwrap_or_default();
    let part = findings.iter().find(|finding| finding["code"] == "export-part-unread");
    (exit, customers, part.map(|part| part["message"].as_str().expect("text").to_owned()).unwrap_or_default())
}

fn led(page: usize) -> Value {
    if page < 3 { json!(page + 1) } else { Value::Null }
}

/// The second of three pages had 20 of its 24 rows and said so, and four lines fell by a third.
#[test]
fn a_page_in_the_middle_that_says_it_is_not_whole_refuses_the_export() {
    for (pages, api) in [
        (NUMBERED, Paged::saying(|page, _| json!({"partial": page == 2}))),
        (LED, Paged::saying(|page, _| json!({"next": led(page), "complete": page != 2}))),
        (LED, Paged::saying(|page, _| json!({"next": led(page), "truncated": page == 2}))),
    ] {
        let (exit, _, said) = read(api, pages);
        assert_eq!(exit, 11, "{said}");
        assert!(said.contains("page 2 says that it is not whole"), "{said}");
    }
    // `truncated` says of each page but the last that another one follows.
    let api = Paged::saying(|page, _| json!({"next": led(page), "truncated": page < 3, "partial": false}));
    assert_eq!(read(api, LED), (0, 9, String::new()));
}

/// The list ended after two pages of three, and the customers of the third were gone.
#[test]
fn a_number_of_pages_that_nobody_declared_is_looked_at_all_the_same() {
    let two = |beside, header| Paged { ends: 3, header, ..Paged::saying(beside) };
    for (pages, api, name) in [
        (NUMBERED, two(|_, _| json!({"total_pages": 3}), |_| None), "total_pages"),
        (
            NUMBERED,
            two(|page, _| json!({"meta": {"last_page": if page < 3 { 3 } else { 0 }}}), |_| None),
            "meta.last_page",
        ),
        (NUMBERED, two(|_, _| json!({}), |_| Some(("X-Total-Pages", "3"))), "X-Total-Pages"),
        (NUMBERED, two(|page, _| json!({"total": if page < 3 { 9 } else { 0 }}), |_| None), "total"),
        (
            LED,
            two(|page, _| json!({"next": if page == 1 { json!(2) } else { Value::Null }, "pageCount": 3}), |_| None),
            "pageCount",
        ),
    ] {
        let (exit, customers, said) = read(api, pages);
        assert_eq!((exit, customers), (11, 6), "{name}: {said}");
        assert!(said.contains(name), "{name}: {said}");
    }
    for whole in [json!({"total_pages": 3}), json!({"total": 9}), json!({"pages": {"count": 3}}), json!({})] {
        let text = whole.to_string();
        let api = match text.contains("total_pages") {
            true => Paged::saying(|_, _| json!({"total_pages": 3})),
            false => Paged::saying(|page, _| json!({"total": 9, "count": if page < 4 { 3 } else { 0 }})),
        };
        assert_eq!(read(api, NUMBERED), (0, 9, String::new()), "{text}");
    }
}

/// A vendor began to page one of two lists that are joined, and the first page of it was the whole.
#[test]
fn each_of_several_lists_that_says_there_is_more_refuses_the_export() {
    let runtime = Runtime::new().expect("a runtime");
    for (first, second) in [
        (json!({"page": 1, "total_pages": 3}), json!({})),
        (json!({}), json!({"pagination": {"totalPages": 3}})),
        (json!({}), json!({"total": 9})),
        (json!({"meta": {"last_page": 2}}), json!({})),
    ] {
        let server = runtime.block_on(MockServer::start());
        let list = |records: Value, beside: &Value| {
            let mut answer = json!({"items": records});
            answer.as_object_mut().expect("an object").extend(beside.as_object().cloned().unwrap_or_default());
            ResponseTemplate::new(200).set_body_json(answer)
        };
        let seats = list(json!([{"of": 1, "sku": "E3", "qty": 4}, {"of": 1, "sku": "E5", "qty": 2}]), &first);
        let names = list(json!([{"id": 1, "customer": "Acme"}]), &second);
        let of = |path: &str| Mock::given(wiremock::matchers::path(path));
        runtime.block_on(of("/seats").respond_with(seats).mount(&server));
        runtime.block_on(of("/names").respond_with(names).mount(&server));
        let folder = tempfile::tempdir().expect("a folder");
        let source = format!(
            "requests = [{{ url = \"{0}/seats\", on = \"of\" }}, {{ url = \"{0}/names\", on = \"id\" }}]\n\
             records = \"items\"",
            server.uri()
        );
        let (exit, customers, said) = told(read_source(folder.path(), &source, COLUMNS));
        assert_eq!((exit, customers), (11, 1), "{first} {second}: {said}");
    }
}

/// The first record was deleted between two pages: the one that moved into its place stands on a page that was read already.
#[test]
fn a_number_that_changes_between_pages_is_a_list_that_is_read_again() {
    let once = Paged::saying(|page, asked| json!({"total": if page > 1 || asked > 1 { 9 } else { 10 }}));
    assert_eq!(read(once, NUMBERED), (0, 9, String::new()));
    let always: [(Paged, &str); 3] = [
        (Paged::saying(|page, _| json!({"total": if page > 1 { 8 } else { 9 }})), "\"total\" said 9, and then 8"),
        (Paged::saying(|page, _| json!({"count": if page > 1 { 8 } else { 9 }})), "\"count\" said 9, and then 8"),
        (
            Paged {
                header: |page| Some(("X-Total-Count", if page > 1 { "8" } else { "9" })),
                ..Paged::saying(|_, _| json!({}))
            },
            "\"X-Total-Count\" said 9, and then 8",
        ),
    ];
    for (api, what) in always {
        let (exit, _, said) = read(api, NUMBERED);
        assert_eq!(exit, 11, "{what}: {said}");
        assert!(said.contains(what), "{what}: {said}");
    }
}

//! Over a real socket: what the client would lose if the simulated ConnectWise were kinder than the real one.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

const ADDITIONS: &str = "/finance/agreements/10/additions";

fn world() -> World {
    let text = r#"{
        "companies": [{"id": 1, "name": "Acme"}, {"id": 2, "name": "Old Acme", "deleted": true}],
        "agreements": [{"id": 10, "company": 1, "type": "Email Security", "start": "2024-02-01"},
                       {"id": 11, "company": 1, "type": "Email Security", "end": "2025-12-31"}],
        "catalog": [{"id": 500, "identifier": "MP-A", "price": 2.5}, {"id": 501, "identifier": "MP-OLD", "inactive": true},
                    {"id": 502, "identifier": "MP-KIT", "class": "Bundle"}],
        "additions": [{"id": 100, "agreement": 10, "product": "MP-A", "quantity": 3},
                      {"id": 101, "agreement": 10, "product": "MP-OLD", "quantity": 1}]
    }"#;
    World::parse(text).expect("the world of these tests")
}

async fn start(faults: &str) -> Sim {
    Sim::start(world(), Faults::parse(faults).expect("faults")).await.expect("a free port")
}

struct Client<'a> {
    sim: &'a Sim,
    http: reqwest::Client,
}

impl<'a> Client<'a> {
    fn new(sim: &'a Sim) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        Self { sim, http: http.expect("a client without special settings") }
    }

    fn ask(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/v4_6_release/apis/3.0{path}", self.sim.url());
        self.http.request(method, url).basic_auth("examplemsp+pub", Some("priv")).header("clientId", "x")
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.ask(Method::GET, path)).await
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let body = serde_json::to_vec(body).expect("JSON");
        answer(self.ask(method, path).header("content-type", "application/json").body(body)).await
    }

    async fn set_quantity(&self, path: &str, value: Value) -> (StatusCode, Value) {
        let body = json!([{"op": "replace", "path": path, "value": value}]);
        self.send(Method::PATCH, &format!("{ADDITIONS}/100"), &body).await
    }

    async fn create(&self, body: Value) -> (StatusCode, Value) {
        self.send(Method::POST, ADDITIONS, &body).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let bytes = response.bytes().await.expect("a whole body");
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn quantity(sim: &Sim) -> Decimal {
    sim.world().addition(100).expect("addition 100").quantity
}

#[tokio::test]
async fn a_client_finds_the_codebase_without_a_key() {
    let sim = start("[]").await;
    let info = |company: &str| reqwest::get(format!("{}/login/companyinfo/{company}", sim.url()));
    let text = info("examplemsp").await.expect("an answer").text().await.expect("text");
    let found: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(found["Codebase"], "v2025_1/");
    assert_eq!(info("nobody").await.expect("an answer").text().await.expect("text"), "null");
}

#[tokio::test]
async fn wrong_keys_codebase_rights_and_addresses_never_look_like_an_empty_list() {
    let sim = start("[]").await;
    let client = Client::new(&sim);
    let url = format!("{}/v4_6_release/apis/3.0/company/companies", sim.url());
    let (status, body) =
        answer(client.http.get(&url).header("clientId", "x").basic_auth("examplemsp+pub", Some("no"))).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("Unauthorized")));
    let (status, _) = answer(client.http.get(&url).basic_auth("examplemsp+pub", Some("priv"))).await;
    assert_eq!(status, 401, "without a clientId");
    let wrong =
        client.http.get(format!("{}/v2019_1/apis/3.0/company/companies", sim.url())).send().await.expect("an answer");
    assert_eq!(
        (wrong.status().as_u16(), wrong.text().await.expect("text").as_str()),
        (400, "Cannot route. Codebase/company is invalid")
    );
    assert_eq!(client.get("/finance/agreements/99/additions").await.0, 404);
    assert_eq!(client.get("/finance/additions").await.0, 404);
    assert_eq!(client.get(&format!("{ADDITIONS}?conditions={}", "x".repeat(2000))).await.0, 414);
    sim.edit(|world| {
        world.keys[0].rights.insert(Module::Agreements, Rights::try_from("inquire".to_owned()).expect("a right"));
    });
    let (status, body) = client.set_quantity("quantity", json!(4)).await;
    assert_eq!((status.as_u16(), body["errors"].is_null(), quantity(&sim)), (403, true, Decimal::from(3)));
}

#[tokio::test]
async fn a_list_pages_with_absolute_links_and_sends_money_unless_fields_leave_it_out() {
    let sim = start("[]").await;
    let client = Client::new(&sim);
    let response =
        client.ask(Method::GET, &format!("{ADDITIONS}?pageSize=1&orderBy=id%20desc")).send().await.expect("an answer");
    let link = response.headers()["link"].to_str().expect("text").to_owned();
    assert!(
        link.contains(&format!("<{}/v4_6_release/apis/3.0{ADDITIONS}?", sim.url())) && link.contains("rel=\"next\""),
        "{link}"
    );
    assert!(response.headers().contains_key("api-current-version"));
    let rows: Value = serde_json::from_slice(&response.bytes().await.expect("bytes")).expect("JSON");
    assert_eq!((rows[0]["id"].as_i64(), rows[0]["_info"]["updatedBy"].as_str()), (Some(101), Some("jdoe")));
    let (_, rows) = client.get(&format!("{ADDITIONS}?conditions=product/identifier%3D%22mp-a%22")).await;
    assert_eq!((rows.as_array().map(Vec::len), rows[0]["extPrice"].to_string()), (Some(1), "7.5".to_owned()));
    let (_, rows) = client.get(&format!("{ADDITIONS}?fields=id,product/id&pageSize=1")).await;
    assert_eq!(rows, json!([{"id": 100, "product": {"id": 500}}]));
    assert_eq!(client.get(&format!("{ADDITIONS}?page=9")).await, (StatusCode::OK, json!([])));
    assert_eq!(
        client.get("/finance/agreements/count?conditions=agreementStatus='Active'").await.1,
        json!({"count": 1})
    );
    assert_eq!(client.get(&format!("{ADDITIONS}?conditions=nothing%3D1")).await.1["code"], "ApiFindCondition");
}

#[tokio::test]
async fn forward_only_paging_goes_by_id_and_always_names_a_next_page() {
    let sim = start("[]").await;
    let client = Client::new(&sim);
    let ask = |query: &str| {
        client.ask(Method::GET, &format!("{ADDITIONS}?{query}")).header("pagination-type", "forward-only")
    };
    let response = ask("pageId=100&page=7").send().await.expect("an answer");
    assert!(response.headers()["link"].to_str().expect("text").contains("pageId=101"));
    let (_, rows) = answer(ask("pageId=100")).await;
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
    assert_eq!(answer(ask("orderBy=id")).await.0, 400);
}

#[tokio::test]
async fn a_patch_keeps_every_digit_and_names_the_member_who_made_it() {
    let sim = start("[]").await;
    let client = Client::new(&sim);
    let exact: Value = serde_json::from_str("12.3400").expect("a number");
    let (status, row) = client.set_quantity("quantity", exact).await;
    assert_eq!(
        (status, row["quantity"].to_string(), row["_info"]["updatedBy"].as_str()),
        (StatusCode::OK, "12.3400".into(), Some("recount"))
    );
    assert_eq!(quantity(&sim).to_string(), "12.3400");
    assert_eq!(sim.writes().len(), 1);
}

#[tokio::test]
async fn a_patch_with_a_path_that_is_no_field_is_the_documented_false_200() {
    let sim = start("[]").await;
    let client = Client::new(&sim);
    for path in ["/quantity", "Quantity", "quantiti", "product/id", "billedQuantity"] {
        let (status, row) = client.set_quantity(path, json!(9)).await;
        assert_eq!((status, row["quantity"].to_string()), (StatusCode::OK, "3".to_owned()), "{path}");
    }
    sim.edit(|world| world.options.unknown_patch_path = UnknownPatchPath::Refuse);
    assert_eq!(client.set_quantity("/quantity", json!(9)).await.0, 400);
    assert_eq!(client.set_quantity("quantity", json!("9")).await.0, 400);
    let object = client.send(Method::PATCH, &format!("{ADDITIONS}/100"), &json!({"quantity": 9})).await;
    assert_eq!((object.0.as_u16(), quantity(&sim)), (400, Decimal::from(3)));
}

#[tokio::test]
async fn a_patch_can_fail_for_what_it_does_not_touch() {
    let sim = start("[]").await;
    let body = json!([{"op": "replace", "path": "quantity", "value": 2}]);
    let (status, body) = Client::new(&sim).send(Method::PATCH, &format!("{ADDITIONS}/101"), &body).await;
    assert_eq!(
        (status.as_u16(), body["code"].as_str(), body["errors"][0]["field"].as_str()),
        (400, Some("InvalidObject"), Some("product"))
    );
    assert_eq!(body["message"], "Addition object is invalid");
}

#[tokio::test]
async fn a_creation_without_money_takes_the_catalogs_price() {
    let sim = start("[]").await;
    let body = json!({"product": {"identifier": "mp-a"}, "billCustomer": "Billable", "quantity": 4, "effectiveDate": "2026-11-22T00:00:00Z"});
    let (status, row) = Client::new(&sim).create(body).await;
    assert_eq!(
        (status.as_u16(), row["unitPrice"].to_string(), row["agreementId"].as_i64()),
        (201, "2.5".to_owned(), Some(10))
    );
    assert_eq!(sim.world().additions.len(), 3);
}

#[tokio::test]
async fn a_creation_that_the_real_server_refuses_is_refused() {
    let sim = start("[]").await;
    let client = Client::new(&sim);
    let good = json!({"product": {"id": 500}, "billCustomer": "Billable", "quantity": 4});
    let changed = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        client.create(body)
    };
    for (name, value) in [
        ("product", Value::Null),
        ("product", json!({"id": 501})),
        ("product", json!({"id": 502})),
        ("product", json!({"id": 9})),
        ("billCustomer", Value::Null),
        ("billCustomer", json!("billable")),
        ("quantity", json!("4")),
        ("parentId", json!(10)),
        ("effectiveDate", json!("2024-01-31T00:00:00Z")),
        ("effectiveDate", json!("2026-11-22T00:00:00.000Z")),
    ] {
        assert_eq!(changed(name, value.clone()).await.0, 400, "{name} {value}");
    }
    let ended = client.send(Method::POST, "/finance/agreements/11/additions", &good).await;
    assert_eq!(ended.0, 400, "an agreement that has ended");
    let (_, body) = changed("effectiveDate", json!("2024-01-31T00:00:00Z")).await;
    assert_eq!(body["errors"][0]["message"], "effectiveDate cannot be less than the agreement billing start date");
    assert!(
        changed("parentId", json!(1)).await.1["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("Could not find member 'parentId'"))
    );
    assert_eq!(sim.world().additions.len(), 2);
}

#[tokio::test]
async fn a_ticket_is_opened_found_noted_and_closed() {
    let sim = start("[]").await;
    let client = Client::new(&sim);
    let body = json!({"summary": "recount: 2 lines to decide", "company": {"id": 1}, "externalXRef": "recount/a7", "priority": {"name": "Priority 4 - Low"}});
    let (status, ticket) = client.send(Method::POST, "/service/tickets", &body).await;
    assert_eq!(
        (status.as_u16(), &ticket["status"]["name"], &ticket["closedFlag"]),
        (201, &json!("New"), &json!(false))
    );
    let path = format!("/service/tickets/{}", ticket["id"]);
    let (status, _) = client
        .send(Method::POST, &format!("{path}/notes"), &json!({"text": "again", "internalAnalysisFlag": true}))
        .await;
    assert_eq!(status, 201);
    let close = json!([{"op": "replace", "path": "status", "value": {"id": 13}}]);
    assert_eq!(client.send(Method::PATCH, &path, &close).await.1["closedFlag"], true);
    let (_, found) =
        client.get("/service/tickets?conditions=externalXRef%3D%22recount/a7%22%20and%20closedFlag%3DFalse").await;
    assert_eq!(found, json!([]));
    let elsewhere = json!([{"op": "replace", "path": "status", "value": {"id": 99}}]);
    assert_eq!(client.send(Method::PATCH, &path, &elsewhere).await.0, 400);
}

#[tokio::test]
async fn a_delete_needs_its_own_right() {
    let sim = start("[]").await;
    let client = Client::new(&sim);
    let path = format!("{ADDITIONS}/100");
    assert_eq!(answer(client.ask(Method::DELETE, &path)).await.0, 204);
    assert_eq!(client.get(&path).await.0, 404);
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let sim = start("[]").await;
    sim.edit(|world| world.options.requests_per_minute = Some(1));
    let client = Client::new(&sim);
    assert_eq!(client.get(ADDITIONS).await.0, 200);
    let response = client.ask(Method::GET, ADDITIONS).send().await.expect("an answer");
    assert_eq!(response.status(), 429);
    assert!(
        response.headers()["retry-after"].to_str().expect("text").parse::<u64>().is_ok_and(|seconds| seconds <= 60)
    );
    let body: Value = serde_json::from_slice(&response.bytes().await.expect("bytes")).expect("JSON");
    assert_eq!(body["error"], "ConnectWiseAPI");
}

#[tokio::test]
async fn a_ghost_changes_the_record_and_answers_502() {
    let sim =
        start(r#"[{"when": {"method": "PATCH"}, "then": {"status": 502, "body": "html", "applied": true}}]"#).await;
    let (status, body) = Client::new(&sim).set_quantity("quantity", json!(7)).await;
    assert_eq!((status.as_u16(), body, quantity(&sim)), (502, Value::Null, Decimal::from(7)));
    assert_eq!((sim.writes()[0].applied, sim.writes()[0].status), (1, Some(502)));
}

#[tokio::test]
async fn a_reset_before_changes_nothing_and_a_reset_after_changes_once() {
    for (applied, expected) in [(false, 3), (true, 7)] {
        let faults =
            format!(r#"[{{"when": {{"method": "PATCH"}}, "then": {{"connection": "reset", "applied": {applied}}}}}]"#);
        let sim = start(&faults).await;
        let body = r#"[{"op":"replace","path":"quantity","value":7}]"#;
        let error = raw(&sim, "PATCH", &format!("{ADDITIONS}/100"), body).await.expect_err("a reset");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "a real RST, not an orderly close");
        assert_eq!((quantity(&sim), sim.writes()[0].status), (Decimal::from(expected), None));
    }
}

#[tokio::test]
async fn an_answer_can_break_off_at_any_byte() {
    for fault in
        [r#"{"truncate_at": 10}"#, r#"{"cut_chunk": true}"#, r#"{"truncate_at": 3, "bytes_per_second": 100000}"#]
    {
        let sim = start(&format!(r#"[{{"then": {fault}}}]"#)).await;
        let response = Client::new(&sim).ask(Method::GET, ADDITIONS).send().await.expect("a head");
        assert_eq!(response.status(), 200);
        assert!(response.bytes().await.is_err(), "{fault}");
    }
}

#[tokio::test]
async fn a_login_page_a_wrong_shape_and_a_redirect_are_sent_as_they_are_asked_for() {
    let sim = start(
        r#"[{"when": {"nth": 1}, "then": {"status": 200, "body": "html"}},
            {"when": {"nth": 2}, "then": {"raw": "{\"value\": []}"}},
            {"when": {"nth": 3}, "then": {"redirect": "http://127.0.0.1:9/", "status": 307}},
            {"when": {"nth": 4}, "then": {"status": 429, "headers": {"Retry-After": "-1"}}},
            {"when": {"nth": 5}, "then": {"content_type": "text/plain"}}]"#,
    )
    .await;
    let client = Client::new(&sim);
    let mut answers = Vec::new();
    for _ in 0..5 {
        let response = client.ask(Method::GET, ADDITIONS).send().await.expect("an answer");
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        answers.push((
            response.status().as_u16(),
            header("content-type"),
            header("location").or(header("retry-after")),
        ));
    }
    assert_eq!(answers[0], (200, Some("text/html; charset=utf-8".to_owned()), None));
    assert_eq!(answers[1].0, 200);
    assert_eq!((answers[2].0, answers[2].2.as_deref()), (307, Some("http://127.0.0.1:9/")));
    assert_eq!((answers[3].0, answers[3].2.as_deref()), (429, Some("-1")));
    assert_eq!(answers[4], (200, Some("text/plain".to_owned()), None));
}

#[tokio::test]
async fn a_post_delivered_twice_makes_two_lines_and_one_held_makes_one_later() {
    let sim = start(
        r#"[{"when": {"method": "POST", "nth": 1}, "then": {"deliver_twice": true}},
            {"when": {"method": "POST", "nth": 2}, "then": {"connection": "close", "apply_late_ms": 1}}]"#,
    )
    .await;
    let client = Client::new(&sim);
    let body = json!({"product": {"id": 500}, "billCustomer": "Billable", "quantity": 4});
    assert_eq!(client.create(body.clone()).await.0, 201);
    assert_eq!((sim.world().additions.len(), sim.writes()[0].applied), (4, 2));
    assert!(raw(&sim, "POST", ADDITIONS, &body.to_string()).await.expect("an orderly close").is_empty());
    let late = async {
        while sim.world().additions.len() < 5 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), late).await.expect("the late line");
}

#[tokio::test]
async fn a_lagging_list_misses_the_latest_write_and_an_ignored_patch_answers_200() {
    let sim = start(
        r#"[{"when": {"method": "GET", "times": 1}, "then": {"stale": {"writes": 2}}},
            {"when": {"method": "PATCH", "from": 2}, "then": {"ignore_patch": true}}]"#,
    )
    .await;
    let client = Client::new(&sim);
    client.set_quantity("quantity", json!(7)).await;
    client.create(json!({"product": {"id": 500}, "billCustomer": "Billable"})).await;
    let (_, rows) = client.get(ADDITIONS).await;
    assert_eq!((rows.as_array().map(Vec::len), rows[0]["quantity"].to_string()), (Some(2), "3".to_owned()));
    assert_eq!(client.get(ADDITIONS).await.1.as_array().map(Vec::len), Some(3));
    let (status, row) = client.set_quantity("quantity", json!(9)).await;
    assert_eq!((status.as_u16(), row["quantity"].to_string(), quantity(&sim)), (200, "7".to_owned(), Decimal::from(7)));
    assert_eq!(sim.writes()[2].applied, 0);
}

#[tokio::test]
async fn a_person_can_edit_between_two_requests() {
    let sim = start(
        r#"[{"when": {"method": "GET"}, "then": {"edit": {"addition": 100, "quantity": 14.5, "by": "mmiller"}}}]"#,
    )
    .await;
    let (_, rows) = Client::new(&sim).get(ADDITIONS).await;
    assert_eq!(
        (rows[0]["quantity"].to_string(), &rows[0]["_info"]["updatedBy"]),
        ("14.5".to_owned(), &json!("mmiller"))
    );
}

#[tokio::test]
async fn another_process_reads_the_state_back_and_no_header_value_is_kept() {
    let sim = start("[]").await;
    let client = Client::new(&sim);
    client.set_quantity("quantity", json!(5)).await;
    let control = |path: &str| format!("{}/sim/{path}", sim.url());
    let writes = client.http.get(control("writes")).send().await.expect("an answer").text().await.expect("text");
    assert!(writes.contains("authorization") && !writes.contains("Basic"), "{writes}");
    let world = client.http.get(control("world")).send().await.expect("an answer").text().await.expect("text");
    assert_eq!(World::parse(&world).expect("a world"), sim.world());
    let faults =
        client.http.post(control("faults")).body(r#"[{"then": {"status": 503}}]"#).send().await.expect("an answer");
    assert_eq!(faults.status(), 204);
    assert_eq!(client.get(ADDITIONS).await.0, 503);
    client.http.post(control("reset-requests")).send().await.expect("an answer");
    assert_eq!(sim.requests(), []);
    sim.shutdown().await;
}

#[tokio::test]
async fn a_held_request_is_never_answered_and_ends_with_the_server() {
    let sim = start(r#"[{"then": {"connection": "hold", "applied": true}}]"#).await;
    let body = r#"[{"op":"replace","path":"quantity","value":7}]"#;
    let path = format!("{ADDITIONS}/100");
    let applied = async {
        while quantity(&sim) != Decimal::from(7) {
            tokio::task::yield_now().await;
        }
        sim.requests()
    };
    tokio::select! {
        answer = raw(&sim, "PATCH", &path, body) => panic!("an answer came: {answer:?}"),
        requests = applied => assert_eq!((requests[0].status, requests[0].applied), (None, 1)),
    }
    sim.shutdown().await;
}

#[tokio::test]
async fn a_slow_answer_is_whole_in_the_end() {
    let sim = start(r#"[{"when": {"times": 1}, "then": {"body_bytes_per_second": 1000000}}]"#).await;
    let client = Client::new(&sim);
    let slow = client.get(ADDITIONS).await;
    assert_eq!((slow.0, slow.1.as_array().map(Vec::len)), (StatusCode::OK, Some(2)));
    assert_eq!(client.get(ADDITIONS).await, slow);
}

#[tokio::test]
async fn a_quantity_may_come_with_more_places_than_it_was_written_with() {
    let sim = start("[]").await;
    sim.edit(|world| world.options.quantity_places = 2);
    let (_, row) = Client::new(&sim).set_quantity("quantity", json!(5)).await;
    assert_eq!(row["quantity"].to_string(), "5.00");
    assert_eq!(quantity(&sim).to_string(), "5");
}

#[tokio::test]
async fn an_addition_is_not_found_under_another_agreement() {
    let sim = start("[]").await;
    let client = Client::new(&sim);
    let path = "/finance/agreements/11/additions/100";
    assert_eq!(client.get(path).await.0, 404);
    let body = json!([{"op": "replace", "path": "quantity", "value": 7}]);
    assert_eq!(client.send(Method::PATCH, path, &body).await.0, 404);
    assert_eq!(quantity(&sim), Decimal::from(3));
}

/// One request over a bare socket; what was answered until the connection ended.
async fn raw(sim: &Sim, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    let address = sim.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await?;
    let head = format!(
        "{method} /v4_6_release/apis/3.0{path} HTTP/1.1\r\nHost: {address}\r\nclientId: x\r\nContent-Type: application/json\r\n\
         Authorization: Basic ZXhhbXBsZW1zcCtwdWI6cHJpdg==\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn with_options(edit: impl FnOnce(&mut World)) -> Sim {
    let sim = start("[]").await;
    sim.edit(edit);
    sim
}

#[tokio::test]
async fn without_proration_nothing_begins_in_a_period_that_is_invoiced() {
    let next = chrono::NaiveDate::from_ymd_opt(2026, 12, 1);
    let sim = with_options(|world| world.agreements[0].next_invoice = next).await;
    let client = Client::new(&sim);
    let line = |day| json!({"product": {"id": 500}, "billCustomer": "Billable", "quantity": 1, "effectiveDate": day});
    let (status, body) = client.create(line("2026-11-22T00:00:00Z")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body["errors"][0]["message"].as_str().is_some_and(|text| text.contains("already been invoiced")), "{body}");
    assert_eq!(client.create(line("2026-12-01T00:00:00Z")).await.0, StatusCode::CREATED);
    sim.edit(|world| world.agreements[0].prorate = true);
    assert_eq!(client.create(line("2026-11-22T00:00:00Z")).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn a_quantity_is_cut_to_the_places_that_are_kept() {
    let sim = with_options(|world| world.options.quantity_scale = Some(2)).await;
    let (status, body) = Client::new(&sim).set_quantity("quantity", json!(6.255)).await;
    assert_eq!((status, body["quantity"].to_string().as_str()), (StatusCode::OK, "6.25"));
}

#[tokio::test]
async fn a_put_sets_what_it_leaves_out_to_its_default() {
    let sim = with_options(|world| world.additions[0].serial_number = "S-1".to_owned()).await;
    let body = json!({"product": {"id": 500}, "billCustomer": "Billable", "quantity": 8});
    let (status, row) = Client::new(&sim).send(Method::PUT, &format!("{ADDITIONS}/100"), &body).await;
    assert_eq!((status, &row["serialNumber"], row["quantity"].to_string().as_str()), (StatusCode::OK, &json!(""), "8"));
}

#[tokio::test]
async fn a_bundle_answers_each_of_its_reads_for_itself() {
    let sim = start("[]").await;
    let one = |number: i64, kind: &str, parent: i64| {
        json!({"SequenceNumber": number, "resourceType": kind, "version": "2025.1",
            "apiRequest": {"parentId": parent, "filters": {"conditions": "id>99"}, "fields": "id,quantity"}})
    };
    let asked = [one(1, "addition", 10), one(2, "Addition", 99), one(3, "nothing", 0)];
    let (status, body) = Client::new(&sim).send(Method::POST, "/system/bundles", &json!({"requests": asked})).await;
    assert_eq!(status, StatusCode::OK);
    let results = &body["results"];
    assert_eq!(results[0]["entities"], json!([{"id": 100, "quantity": 3}, {"id": 101, "quantity": 1}]), "{body}");
    let ended: Vec<_> = (0..3).map(|place| results[place]["statusCode"].clone()).collect();
    assert_eq!(ended, [json!(200), json!(404), json!(400)], "{body}");
    assert!(sim.writes().is_empty(), "a bundle only reads");
}

#[tokio::test]
async fn billing_cycles_tell_what_their_names_do_not() {
    let sim = start("[]").await;
    let (_, cycles) = Client::new(&sim).get("/finance/billingCycles/?fields=name,billingOptions").await;
    let found = cycles.as_array().expect("a list");
    assert!(found.contains(&json!({"name": "None", "billingOptions": "Monthly"})), "{cycles}");
    assert!(found.contains(&json!({"name": "Once", "billingOptions": "NotRecurring"})), "{cycles}");
}

#[tokio::test]
async fn errors_are_told_in_the_shapes_that_are_seen() {
    let sim = with_options(|world| {
        world.options.errors_absent = true;
        world.options.lower_case_resources = true;
    })
    .await;
    let client = Client::new(&sim);
    assert_eq!(client.get("/finance/agreements/77").await.1.get("errors"), None);
    let long = json!([{"op": "replace", "path": "serialNumber", "value": "x".repeat(51)}]);
    let (_, body) = client.send(Method::PATCH, &format!("{ADDITIONS}/100"), &long).await;
    assert_eq!(body["message"], "addition object is invalid");
    assert_eq!(
        (&body["errors"][0]["code"], &body["errors"][0]["resource"]),
        (&json!("MaxLengthField"), &json!("addition"))
    );
}

//! Vendors' APIs, through the real program and the shipped profiles: each against a server that pages as its vendor's
//! reference says, throttles once, cuts an answer, and lets a token expire in the middle.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::Night;

const KEY: &str = "CANARY-vendor-key";
const TOKEN: &str = "CANARY-vendor-token";

/// What a vendor has, and how it gives it.
struct Api {
    /// Whether the request is signed as the vendor wants it; of a token, whether it is the newest one.
    signed: fn(&Request, tokens: usize) -> bool,
    /// The page that is asked for, of records of that list.
    page: fn(&Request) -> Value,
    state: Mutex<ApiState>,
}

#[derive(Default)]
struct ApiState {
    asked: usize,
    tokens: usize,
}

impl Respond for Api {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.state.lock().expect("not poisoned");
        if request.url.path().ends_with("/token") {
            state.tokens += 1;
            return ResponseTemplate::new(200)
                .set_body_json(json!({"access_token": format!("{TOKEN}-{}", state.tokens)}));
        }
        state.asked += 1;
        // In the middle of the list, behind its first page, the token is of yesterday.
        if state.asked == 4 && state.tokens == 1 {
            state.tokens = 10;
        }
        let tokens = state.tokens;
        if !(self.signed)(request, tokens) {
            return ResponseTemplate::new(401);
        }
        let page = (self.page)(request);
        match state.asked {
            1 => ResponseTemplate::new(429).insert_header("Retry-After", "0"),
            2 => {
                let text = page.to_string();
                ResponseTemplate::new(200).set_body_string(&text[..text.len() - 3])
            }
            _ => ResponseTemplate::new(200).set_body_json(page),
        }
    }
}

fn query(request: &Request, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn header(request: &Request, name: &str) -> String {
    request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// A night whose export is that of a shipped profile, of which the host alone is another.
struct ApiNight {
    runtime: Runtime,
    server: MockServer,
    night: Night,
}

impl ApiNight {
    fn of(profile: &str, host: &str, keys: &str, api: Api) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(MockServer::start());
        runtime.block_on(Mock::given(any()).respond_with(api).mount(&server));
        let night = Night::new();
        night.approve();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("profiles/{profile}.toml"));
        let shipped = fs::read_to_string(shipped).expect("the profile").replace(host, &server.uri());
        night.write(&format!("profiles/{profile}.toml"), shipped);
        night.secret("vendor", KEY, 0o600);
        let keys = format!("profile = \"{profile}\"\n{}", keys.replace("HOST", &server.uri()));
        let text = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
        let kept = text.lines().filter(|line| !line.starts_with("columns = "));
        let lines = kept.map(|line| if line.starts_with("path = ") { keys.as_str() } else { line });
        let text = lines.collect::<Vec<_>>().join("\n") + "\n";
        night.write("recount.toml", text);
        Self { runtime, server, night }
    }

    /// The counts; and no secret is anywhere but where it was put.
    fn counts(&self) -> Value {
        let said = self.night.recount(&["read", "mail", "--json", "-vv"]).exits(0);
        for place in kept(&self.night.path("state")).iter().chain([&said.out, &said.err]) {
            assert!(!place.contains("CANARY-vendor"), "{place}");
        }
        serde_json::from_str::<Value>(&said.out).expect("one document")["customers"].clone()
    }

    fn asked(&self) -> Vec<String> {
        let requests = self.runtime.block_on(self.server.received_requests()).expect("recorded");
        requests.iter().map(|request| format!("{}?{}", request.url.path(), request.url.query().unwrap_or(""))).collect()
    }
}

fn kept(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { kept(&path) } else { vec![lossy(&path)] }).collect()
}

fn lossy(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned()
}

fn huntress() -> Api {
    Api {
        // "user:CANARY-vendor-key"
        signed: |request, _| header(request, "authorization") == "Basic dXNlcjpDQU5BUlktdmVuZG9yLWtleQ==",
        page: |request| {
            let organization = |name: &str, agents: u32| {
                json!({"id": agents, "name": name, "agents_count": agents, "billable_identity_count": 2 * agents,
                       "sat_learner_count": 0, "logs_sources_count": 0})
            };
            match query(request, "page_token").as_deref() {
                None => json!({"organizations": [organization("Acme", 7), organization("Borealis", 6)],
                               "pagination": {"next_page_token": "a+b=", "next_page_url": "https://api.huntress.io/x"}}),
                Some("a+b=") => {
                    json!({"organizations": [organization("Cedar", 1)], "pagination": {"next_page_token": null}})
                }
                Some(other) => panic!("{other}"),
            }
        },
        state: Mutex::default(),
    }
}

const HUNTRESS_KEYS: &str = "auth = { basic = { user = \"user\", password = { file = \"keys/vendor\" } } }";

#[test]
fn huntress_is_read_by_its_api() {
    let night = ApiNight::of("huntress-api", "https://api.huntress.io", HUNTRESS_KEYS, huntress());
    let counts = night.counts();
    let of =
        |name: &str| (counts[name]["agents_count"].to_string(), counts[name]["billable_identity_count"].to_string());
    assert_eq!(of("Acme"), ("7".to_owned(), "14".to_owned()), "{counts}");
    assert_eq!(of("Cedar"), ("1".to_owned(), "2".to_owned()), "{counts}");
    assert_eq!(night.asked().last().expect("asked"), "/v1/organizations?limit=500&page_token=a%2Bb%3D");
}

/// The same list again is the same export, whatever its pages say of themselves.
#[test]
fn a_night_bills_what_an_api_counts_and_the_next_one_writes_nothing() {
    let night = ApiNight::of("huntress-api", "https://api.huntress.io", HUNTRESS_KEYS, huntress()).with_services();
    night.night.run().exits(3);
    assert_eq!(night.night.sim().writes().len(), 2, "{:#?}", night.night.sim().writes());
    night.night.sim().clear_requests();
    night.night.run();
    assert!(night.night.sim().writes().is_empty(), "{:#?}", night.night.sim().writes());
    let fetched = fs::read_dir(night.night.path("state/fetched")).expect("kept");
    for file in fetched.map(|entry| entry.expect("an entry").path()) {
        assert_eq!(file.extension().and_then(|ending| ending.to_str()), Some("ndjson"), "{file:?}");
        assert_eq!(fs::read_to_string(&file).expect("kept").lines().count(), 3, "{file:?}");
    }
}

impl ApiNight {
    fn with_services(self) -> Self {
        self.night.config("services", "agents_count = { product = \"MP-CLOUDFILTER\" }");
        for unbilled in ["billable_identity_count", "sat_learner_count", "logs_sources_count"] {
            self.night.config("services", &format!("{unbilled} = {{ not_assigned = true }}"));
        }
        self
    }
}

#[test]
fn sentinelone_is_read_by_its_api() {
    let api = Api {
        signed: |request, _| header(request, "authorization") == format!("ApiToken {KEY}"),
        page: |request| {
            let site = |name: &str, state: &str, n: u32| json!({"name": name, "state": state, "sku": "Complete", "activeLicenses": n});
            let (sites, next) = match query(request, "cursor").as_deref() {
                None => (json!([site("Acme", "active", 7), site("Gone", "deleted", 9)]), json!("YWdl==")),
                Some("YWdl==") => (json!([site("Borealis", "active", 6)]), Value::Null),
                Some(other) => panic!("{other}"),
            };
            json!({"data": {"allSites": {"activeLicenses": 13, "totalLicenses": 0}, "sites": sites},
                   "pagination": {"totalItems": 3, "nextCursor": next}})
        },
        state: Mutex::default(),
    };
    let keys = "url = \"HOST/web/api/v2.1/sites?limit=1000\"\nauth = { bearer = { file = \"keys/vendor\" } }";
    let night = ApiNight::of("sentinelone-api", "https://none.example", keys, api);
    assert_eq!(night.counts(), json!({"Acme": {"Complete": 7}, "Borealis": {"Complete": 6}}));
}

fn pax8(request: &Request) -> Value {
    let page: usize = query(request, "page").expect("numbered").parse().expect("a number");
    assert_eq!(query(request, "size").as_deref(), Some("200"));
    let all: Vec<Value> = if request.url.path() == "/v1/companies" {
        vec![json!({"id": "c-1", "name": "Acme"}), json!({"id": "c-2", "name": "Borealis"})]
    } else {
        let of = |company: &str, product: &str, quantity: u32, status: &str| {
            json!({"id": format!("{company}-{product}-{quantity}"), "companyId": company, "productName": product,
                   "quantity": quantity, "status": status, "price": 32.01, "currencyCode": "USD"})
        };
        vec![
            of("c-1", "M365 E3", 5, "Active"),
            of("c-1", "M365 E3", 2, "PendingCancel"),
            of("c-2", "M365 E3", 9, "Cancelled"),
            of("c-2", "Defender", 6, "Active"),
        ]
    };
    // The vendor's own limit is 1, whatever is asked for.
    let content: Vec<&Value> = all.iter().skip(page).take(1).collect();
    json!({"content": content, "page": {"size": 1, "number": page, "totalPages": all.len(), "totalElements": all.len()}})
}

const PAX8_KEYS: &str = "auth = { oauth2 = { client_id = \"me\", client_secret = { file = \"keys/vendor\" } } }";

#[test]
fn pax8_is_read_by_its_api_with_a_token_that_expires_meanwhile() {
    let signed =
        |request: &Request, tokens: usize| header(request, "authorization") == format!("Bearer {TOKEN}-{tokens}");
    let api = Api { signed, page: pax8, state: Mutex::default() };
    let night = ApiNight::of("pax8-api", "https://api.pax8.com", PAX8_KEYS, api);
    let expected = json!({"Acme": {"M365 E3": 7}, "Borealis": {"Defender": 6}});
    assert_eq!(night.counts(), expected);
    let tokens = night.asked().iter().filter(|asked| asked.starts_with("/v1/token")).count();
    assert_eq!(tokens, 2, "{:#?}", night.asked());
}

fn easydmarc(request: &Request) -> Value {
    assert_eq!(
        (query(request, "organizationId").as_deref(), query(request, "pageSize").as_deref()),
        (Some("org_1"), Some("100"))
    );
    let page: usize = query(request, "page").expect("numbered").parse().expect("a number");
    let of = |domain: &str, kind: &str, group: &str| json!({"domain": domain, "type": kind, "policy": "reject", "domainGroup": group});
    let all =
        [of("a.example", "sending", "Acme"), of("b.example", "sending", "Acme"), of("p.example", "parked", "Borealis")];
    let data: Vec<&Value> = all.iter().skip((page - 1) * 2).take(2).collect();
    json!({"data": data, "meta": {"total": 3, "limit": 2, "page": page, "pageCount": 2, "hasNextPage": page < 2}})
}

#[test]
fn easydmarc_is_read_by_its_api() {
    let signed =
        |request: &Request, tokens: usize| header(request, "authorization") == format!("Bearer {TOKEN}-{tokens}");
    let api = Api { signed, page: easydmarc, state: Mutex::default() };
    let keys = format!("url = \"HOST/v1/domains?organizationId=org_1\"\n{PAX8_KEYS}");
    let night = ApiNight::of("easydmarc-api", "https://api2.easydmarc.com", &keys, api);
    assert_eq!(night.counts(), json!({"Acme": {"sending": 2}, "Borealis": {"parked": 1}}));
}

/// A list at the top, of users who name their domain alone; the domain names its customer.
fn mailprotector(request: &Request) -> Value {
    assert_eq!(query(request, "per_page").as_deref(), Some("50"));
    let page: usize = query(request, "page").expect("numbered").parse().expect("a number");
    let all: Vec<Value> = if request.url.path() == "/api/v1/resellers/188/domains" {
        let of = |id: u32, name: &str, account: &str| {
            json!({"id": id, "name": name, "account": {"id": 7000 + id, "name": account},
                   "domain_status": {"id": 2, "name": "Active"}, "parent": null})
        };
        vec![of(1, "acme.example", "Acme"), of(2, "acme-shop.example", "Acme"), of(3, "bor.example", "Borealis")]
    } else {
        let of = |id: u32, domain: u32, group: &str, kind: &str| {
            json!({"id": id, "name": format!("u{id}"), "user_type": {"id": 1, "name": kind},
                   "user_group": {"id": 9, "name": group}, "domain": {"id": domain, "name": "x"},
                   "primary_address": format!("u{id}@x.example"), "email_addresses": []})
        };
        vec![
            of(1, 1, "CloudFilter", "User"),
            of(2, 2, "CloudFilter", "User"),
            of(3, 2, "CloudFilter", "Alias"),
            of(4, 2, "Bracket", "User"),
            of(5, 3, "CloudFilter", "User"),
        ]
    };
    json!(all.iter().skip((page - 1) * 2).take(2).collect::<Vec<_>>())
}

#[test]
fn mailprotector_users_are_counted_by_the_customer_of_their_domain() {
    let api = Api {
        signed: |request, _| header(request, "authorization") == format!("Bearer {KEY}"),
        page: mailprotector,
        state: Mutex::default(),
    };
    let keys = "auth = { bearer = { file = \"keys/vendor\" } }
requests = [{ url = \"HOST/api/v1/resellers/188/users?page=1\", on = \"domain.id\" }, { url = \"HOST/api/v1/resellers/188/domains?page=1\", on = \"id\", as = \"of_domain\" }]";
    let night = ApiNight::of("mailprotector-api", "https://emailservice.io", keys, api);
    let expected = json!({"Acme": {"CloudFilter": 2, "Bracket": 1}, "Borealis": {"CloudFilter": 1}});
    assert_eq!(night.counts(), expected);
}

#[test]
fn defensx_is_read_by_its_api() {
    let api = Api {
        signed: |request, _| header(request, "authorization") == format!("Bearer {KEY}"),
        page: |request| {
            assert_eq!(query(request, "limit").as_deref(), Some("1000"));
            let of = |customer: &str, status: &str, quantity: f64| {
                json!({"subscriptionId": format!("s-{customer}"), "customerId": customer, "customerName": customer,
                       "sku": "DX-P01", "status": status, "quantity": quantity, "free_quantity": 0,
                       "termStart": "2026-11-01T00:00:00.000Z", "termEnd": "2026-12-01T00:00:00.000Z"})
            };
            let usage = match query(request, "page").expect("numbered").as_str() {
                "1" => vec![of("Acme", "active", 5.0), of("Trial", "in_trial", 9.0)],
                "2" => vec![of("Borealis", "non_renewing", 1.8)],
                _ => vec![],
            };
            json!({"usageBySubscriptions": usage})
        },
        state: Mutex::default(),
    };
    let keys = "auth = { bearer = { file = \"keys/vendor\" } }";
    let night = ApiNight::of("defensx-api", "https://cloud.defensx.com", keys, api);
    assert_eq!(night.counts(), json!({"Acme": {"DX-P01": 5}, "Borealis": {"DX-P01": 1.8}}));
}

#[test]
fn streamone_ion_is_read_by_its_api() {
    let api = Api {
        signed: |request, _| header(request, "authorization") == format!("Bearer {KEY}"),
        page: |request| {
            assert_eq!(query(request, "pagination.limit").as_deref(), Some("100"));
            let offset: usize = query(request, "pagination.offset").expect("counted").parse().expect("a number");
            let of = |id: usize, customer: &str, n: &str, status: &str| {
                json!({"id": id.to_string(), "customerName": customer, "subscriptionName": "M365 BP",
                       "subscriptionTotalLicenses": n, "subscriptionStatus": status})
            };
            let all = [
                of(1, "Acme", "22", "active"),
                of(2, "Acme", "3", "active"),
                of(3, "Borealis", "9", "active"),
                of(4, "Borealis", "40", "deleted"),
            ];
            json!({"items": all.iter().skip(offset).take(2).collect::<Vec<_>>()})
        },
        state: Mutex::default(),
    };
    let keys = "url = \"HOST/api/v3/accounts/1/subscriptions?pagination.offset=0\"\nauth = { bearer = { file = \"keys/vendor\" } }";
    let night = ApiNight::of("tdsynnex-ion", "https://none.example", keys, api);
    assert_eq!(night.counts(), json!({"Acme": {"M365 BP": 25}, "Borealis": {"M365 BP": 9}}));
}

/// A key that was taken back is said as such, and nothing of the answer or the key is shown.
#[test]
fn a_key_that_the_vendor_refuses_ends_the_night() {
    let api = Api { signed: |_, _| false, page: |_| Value::Null, state: Mutex::default() };
    let night = ApiNight::of("pax8-api", "https://api.pax8.com", PAX8_KEYS, api);
    let said = night.night.run().exits(11);
    assert!(said.out.contains("401 Unauthorized"), "{}", said.out);
    assert!(!format!("{}{}", said.out, said.err).contains("CANARY-vendor"), "{}", said.err);
    assert!(night.night.sim().requests().is_empty(), "nothing was asked of ConnectWise");
}

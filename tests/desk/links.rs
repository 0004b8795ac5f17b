//! Every page, as whoever follows its links meets it: nothing leads to nowhere.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::client::{Answer, Browser, DeskOfNight, handle, held_night};
use super::uploads::bring;
use crate::support::Night;

/// Customers whom somebody called so in a vendor's portal.
const HOSTILE: [&str; 6] = [
    "<script>x</script> & Co/..",
    "a?b=1&c#d%2Fe",
    "../..",
    "\"quoted\" 'once'",
    "Ümläut / 日本",
    "href=\"/items/x\" Ltd",
];

fn export(counts: &[(&str, &str, &str)]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let rows =
        counts.iter().map(|(customer, service, count)| format!("{},{},{count}\n", quoted(customer), quoted(service)));
    format!("Account,Product,Quantity\n{}", rows.collect::<String>())
}

/// Two nights with changes, an undo that waits for its approval, an integration whose first plan is held, one whose file is
/// refused, customers and services whom nobody has mapped, so many `more`, and an answer that waits for the night.
pub(crate) fn eventful_night(more: u8) -> Night {
    let night = Night::new();
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("a file");
    let (kept, services) = text.split_once("[integration.mail.services]").expect("services");
    let (services, guards) = services.split_once("[integration.mail.guards]").expect("guards");
    night.write("services.toml", services);
    let own = "mode = \"apply\"\nservices_file = \"services.toml\"\n";
    night.write("recount.toml", kept.replace("mode = \"apply\"\n", own) + "[integration.mail.guards]\n" + guards);
    night.approve();
    let many: Vec<String> = (0..more).map(|number| format!("Nobody {number}")).collect();
    let unmapped = HOSTILE.iter().copied().chain(many.iter().map(String::as_str));
    let unmapped: Vec<_> = unmapped.map(|customer| (customer, "CloudFilter", "1")).collect();
    let counts = [
        ("Acme", "CloudFilter", "7"),
        ("Acme", "Archive", "2"),
        ("Borealis", "CloudFilter", "6"),
        ("Acme", "Zz/<b>x", "3"),
    ];
    night.export(export(&[&counts[..], &unmapped[..]].concat()));
    night.run().exits(3);
    let counts = [
        ("Acme", "CloudFilter", "0"),
        ("Acme", "Archive", "3"),
        ("Borealis", "CloudFilter", "12"),
        ("Acme", "Zz/<b>x", "3"),
    ];
    night.export(export(&[&counts[..], &unmapped[..]].concat()));
    night.run().exits(3);
    let held = night.recount(&["held", "--json"]).exits(0).json();
    let waiting = held["waiting"].as_array().cloned().unwrap_or_default();
    let codes: BTreeSet<&str> = waiting.iter().filter_map(|one| one["code"].as_str()).collect();
    assert!(codes.len() >= 3, "of few kinds: {codes:?}");
    let other = |name: &str| {
        format!(
            "\n[integration.{name}]\nconnectwise = \"main\"\nmode = \"apply\"\ncustomers = \"customers.csv\"\n\
             match_customers = \"mapped\"\ndefault_agreement = {{ type = \"Email Security\" }}\ncreate_lines = true\n\
             [integration.{name}.export]\npath = \"{name}.csv\"\n\
             columns = {{ customer = \"Account\", service = \"Product\", count = \"Quantity\" }}\n\
             [integration.{name}.services]\n\"Backup\" = {{ product = \"MP-ARCHIVE\" }}\n"
        )
    };
    night.append(&(other("backup") + &other("damaged")));
    night.write("customers.csv", "customer,company_id,agreement_id,note\nAcme,1,10,\nBorealis,2,,\n");
    night.write("backup.csv", export(&[("Borealis", "Backup", "4"), ("Nobody & <i>", "Backup", "2")]));
    night.write("damaged.csv", "Account,Product,Quantity\nBorealis,Backup,4,5,6\n\"open");
    night.recount(&["run"]);
    let undo = night.recount(&["undo", "4", "--json"]);
    assert!(undo.out.contains("\"plan\""), "{undo:#?}");
    let unmapped = waiting.iter().find(|one| one["code"] == "customer-unmapped").expect("an unmapped customer");
    night.recount(&["ignore", unmapped["handle"].as_str().expect("a handle"), "--note", "<i>later</i>"]);
    night
}

/// What somebody finds who follows each link of each page.
pub(crate) struct Crawl {
    /// Each page with its text, by its address.
    pub(crate) pages: BTreeMap<String, String>,
    pub(crate) faults: BTreeSet<String>,
    /// Each place within a page that a link leads to.
    places: BTreeSet<(String, String)>,
    /// Where forms are sent.
    forms: BTreeSet<String>,
    to_do: Vec<(String, String)>,
}

/// Attributes whose value is an address.
const ADDRESSES: [&str; 7] = ["href", "src", "action", "formaction", "hx-get", "hx-post", "hx-sse:connect"];
/// Attributes whose value names elements of the same page.
const NAMES: [&str; 5] = ["for", "aria-labelledby", "aria-describedby", "aria-controls", "popovertarget"];
/// What belongs to all tenants.
const SHARED: [&str; 6] = ["/t/", "/style.css", "/htmx-4.0.1.js", "/htmx-sse-4.0.1.js", "/keys.js", "/signin"];
/// Of one page so many filters and searches are tried.
const FILTERS: usize = 8;
/// More pages than this are pages that lead to ever new ones.
const MOST: usize = 600;

impl Crawl {
    /// Follows everything from these pages on.
    pub(crate) fn from(browser: &mut Browser, starts: impl IntoIterator<Item = String>) -> Self {
        let mut crawl = Self {
            pages: BTreeMap::new(),
            faults: BTreeSet::new(),
            places: BTreeSet::new(),
            forms: BTreeSet::new(),
            to_do: starts.into_iter().map(|start| (start, String::new())).collect(),
        };
        while let Some((address, from)) = crawl.to_do.pop() {
            assert!(crawl.pages.len() < MOST, "no end of pages: {:?}", crawl.pages.keys());
            if !crawl.is_known(&address) {
                let answer = browser.get(&address);
                crawl.looked_at(&address, &from, answer);
            }
        }
        for form in std::mem::take(&mut crawl.forms) {
            // An address at which something is done says so, whoever asks.
            let status = browser.get(&form).status;
            if ![200, 405].contains(&status) {
                crawl.faults.insert(format!("{status}: a form is sent to {form}"));
            }
        }
        for (address, place) in std::mem::take(&mut crawl.places) {
            let is_there = crawl.pages.get(&address).is_some_and(|page| ids(page).contains(&place));
            if !is_there {
                crawl.faults.insert(format!("nothing is called {place} on {address}"));
            }
        }
        crawl
    }

    /// Events have no end. Of the filters of one page some are tried, not each with each.
    fn is_known(&self, address: &str) -> bool {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let kind = address.split_once('=').map_or(address, |(kind, _)| kind);
        let tried = || self.pages.keys().filter(|known| known.split('=').next() == Some(kind)).count();
        let is_asked = self.places.iter().any(|(known, _)| known == address);
        self.pages.contains_key(address)
            || path.ends_with("/live/events")
            || !query.is_empty() && !is_asked && tried() >= FILTERS
    }

    fn looked_at(&mut self, address: &str, from: &str, answer: Answer) {
        if answer.status >= 400 {
            self.faults.insert(format!("{}: {address}, linked from {from}", answer.status));
        }
        if let Some(to) = answer.header("location").map(str::to_owned) {
            self.leads(address, &to);
        }
        let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        let body = if is_page { without_style(&answer.body) } else { String::new() };
        self.pages.insert(address.to_owned(), body.clone());
        let known = ids(&body);
        if known.len() != known.iter().collect::<BTreeSet<_>>().len() {
            self.faults.insert(format!("two of one name on {address}: {known:?}"));
        }
        for (tag, name, value) in attributes(&body) {
            let form = tag.starts_with("<form");
            match name.as_str() {
                "action" if form && tag.contains("method=\"post\"") => {
                    if let Some((form, _)) = self.resolved(address, &value) {
                        self.forms.insert(form);
                    }
                }
                // What a browser asks for when its button is pressed.
                "action" if form => self.leads(address, &format!("{value}?{}", fields(&body, &tag))),
                name if ADDRESSES.contains(&name) => self.leads(address, &value),
                name if NAMES.contains(&name) => {
                    for word in value.split(' ').filter(|word| !known.iter().any(|id| id == word)) {
                        self.faults.insert(format!("{name} names {word}, which is not on {address}"));
                    }
                }
                _ => {}
            }
        }
    }

    fn leads(&mut self, from: &str, to: &str) {
        let Some((address, place)) = self.resolved(from, to) else { return };
        if let Some(place) = place.filter(|place| !place.is_empty()) {
            self.places.insert((address.clone(), place));
        }
        self.to_do.push((address, from.to_owned()));
    }

    /// An address of the same origin, and a place there.
    fn resolved(&mut self, from: &str, to: &str) -> Option<(String, Option<String>)> {
        let base = Url::parse(&format!("http://desk.example{from}")).expect("an address");
        let Ok(url) = base.join(to) else {
            self.faults.insert(format!("no address: {to:?} on {from}"));
            return None;
        };
        if url.origin() != base.origin() {
            return None;
        }
        let address = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        let is_shared = SHARED.iter().any(|shared| address == *shared);
        let is_shared = is_shared || address.starts_with("/signin") || address.starts_with("/account");
        if let Some(tenant) = tenant(from).filter(|own| tenant(&address).as_ref() != Some(own) && !is_shared) {
            self.faults.insert(format!("a page of {tenant} leads to {address}, from {from}"));
        }
        let place =
            url.fragment().map(|place| percent_encoding::percent_decode_str(place).decode_utf8_lossy().into_owned());
        Some((address, place))
    }
}

/// The tenant whose page it is, where there are many.
fn tenant(address: &str) -> Option<String> {
    address.strip_prefix("/t/")?.split('/').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

fn without_style(page: &str) -> String {
    match (page.split_once("<style>"), page.split_once("</style>")) {
        (Some((before, _)), Some((_, after))) => before.to_owned() + after,
        _ => page.to_owned(),
    }
}

/// The fields of the form that begins with this tag, as they stand there.
fn fields(page: &str, tag: &str) -> String {
    let within = page.split_once(tag).and_then(|(_, rest)| rest.split("</form>").next()).unwrap_or_default();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for tag in within.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("select")) {
        let known = attributes(&format!("<{tag}"));
        let value = |name: &str| known.iter().find(|(_, known, _)| known == name).map(|(_, _, value)| value.as_str());
        let chosen = match tag.starts_with("select") {
            true => within
                .split_once(tag)
                .and_then(|(_, rest)| attributes(rest).into_iter().find(|(_, name, _)| name == "value")),
            false => None,
        };
        let chosen = chosen.map(|(_, _, value)| value);
        if let Some(name) = value("name") {
            query.append_pair(name, chosen.as_deref().or(value("value")).unwrap_or_default());
        }
    }
    query.finish()
}

/// Each attribute, with its tag.
fn attributes(page: &str) -> Vec<(String, String, String)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(equals) = page[at..].find("=\"").map(|more| at + more) {
        let Some(end) = page[equals + 2..].find('"').map(|more| equals + 2 + more) else { break };
        let name = page[..equals].rsplit([' ', '\n']).next().unwrap_or_default().to_owned();
        let tag_end = page[end..].find('>').map_or(page.len(), |more| end + more);
        let tag_start = page[..equals].rfind('<').unwrap_or_default();
        found.push((page[tag_start..tag_end].to_owned(), name, unescaped(&page[equals + 2..end])));
        at = end + 1;
    }
    found
}

fn ids(page: &str) -> Vec<String> {
    attributes(page).into_iter().filter(|(_, name, _)| name == "id").map(|(_, _, value)| value).collect()
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Otherwise the biller presses "Ready to invoice" in a report, or the line behind a number, and stands before nothing.
#[test]
fn nothing_leads_to_nowhere_for_whoever_may_come_in() {
    let night = eventful_night(0);
    let desk = DeskOfNight::open(&night);
    for (name, role) in [("vera", "viewer"), ("otto", "operator"), ("ada", "admin")] {
        let mut browser = desk.person(name, role);
        if role != "viewer" {
            bring(&mut browser, "usage.csv", export(&[("Acme", "CloudFilter", "4")]).as_bytes());
        }
        let crawl = Crawl::from(&mut browser, ["/", "/live"].map(str::to_owned));
        assert!(crawl.faults.is_empty(), "{role}: {:#?}", crawl.faults);
        everything_is_seen(&crawl, "");
    }
    desk.close();
}

/// Otherwise the link of yesterday's mail leads to nothing once somebody has mapped the customer, and the biller does not know
/// whether it was done; and an old night's page leads to customers who are not there.
#[test]
fn what_is_settled_or_gone_since_has_a_page_that_says_so() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let (unmapped, to_zero) = (handle(&night, "customer-unmapped"), handle(&night, "to-zero"));
    let row = format!("/mapping/{unmapped}");
    assert_eq!(dana.press(&row, &row, &[("what", "map"), ("company", "2"), ("shown", "none")]).status, 303);
    let shown = dana.get(&format!("/items/{to_zero}")).field("shown");
    let keep = [("answer", "keep"), ("shown", shown.as_str()), ("note", "until May")];
    assert_eq!(dana.press("/", &format!("/items/{to_zero}/answer"), &keep).status, 303);
    let counts = [("Acme", "CloudFilter", "0"), ("Borealis", "CloudFilter", "12"), (HOSTILE[0], "Archive", "1")];
    night.export(export(&counts));
    night.recount(&["plan"]);

    let settled = dana.get(&format!("/items/{unmapped}"));
    assert_eq!(settled.status, 200, "{}", settled.body);
    for said in ["SETTLED", "mapped by dana in customers.csv", "customer unmapped", "last named by"] {
        assert!(settled.body.contains(said), "{said}: {}", settled.body);
    }
    assert!(!settled.body.contains("name=\"answer\""), "it can be answered: {}", settled.body);
    let kept = dana.get(&format!("/items/{to_zero}")).body;
    assert!(kept.contains("not open") && kept.contains("kept by dana on") && kept.contains("until May"), "{kept}");

    // The customer was in the plans so far, and is in none now.
    let saved = dana.get(&row).field("shown");
    assert_eq!(dana.press(&row, &row, &[("what", "remove"), ("shown", &saved)]).status, 303);
    let counts = [("Acme", "CloudFilter", "0"), ("Borealis", "CloudFilter", "12"), ("Acme", "Archive", "1")];
    night.export(export(&counts));
    night.recount(&["plan"]);
    let settled = dana.get(&format!("/items/{unmapped}")).body;
    assert!(settled.contains("Nobody answered it"), "{settled}");
    let crawl = Crawl::from(&mut dana, ["/".to_owned()]);
    assert!(crawl.faults.is_empty(), "{:#?}", crawl.faults);
    let gone = crawl.pages.values().filter(|page| page.contains("NO LINES NOW")).count();
    assert_eq!(gone, 1, "the customer's page was not met: {:#?}", crawl.pages.keys());
    assert_eq!(dana.get("/customers/Nobody%20at%20all").status, 404);
    assert_eq!(dana.get("/items/zzzz").status, 404);
    assert!(dana.get(&format!("/find?q={unmapped}")).body.contains(&format!("Open {unmapped}")), "it is not found");
    desk.close();
}

/// Otherwise the test passes on a desk that shows nothing.
pub(crate) fn everything_is_seen(crawl: &Crawl, base: &str) {
    for page in [
        "/plan?run=",
        "/items/",
        "/customers/",
        "/mapping/",
        "/versions/",
        "/services/",
        "/nights/",
        "/reports/",
        "/reports/ready.html",
        "/reports/trends.html",
        "/reports/customers/",
        "/invoices",
        "/integrations",
        "/audit",
        "/export",
        "/live",
        "/account",
    ] {
        // There is one account, whatever one sees.
        let begins = if page == "/account" { page.to_owned() } else { format!("{base}{page}") };
        assert!(
            crawl.pages.keys().any(|known| known.starts_with(&begins)),
            "{begins} was not seen: {:#?}",
            crawl.pages.keys()
        );
    }
}

//! What a service is billed as, chosen in a browser: tried before it is saved, and never saved into recount.toml.

use recount_sim::Addition;
use tokio::runtime::Runtime;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::client::{DeskOfNight, handle};
use crate::support::Night;

const SERVICES: &str = "# ours\nCloudFilter = { product = \"MP-CLOUDFILTER\" }\n";

/// A night whose services are in a file of their own, with a service that has no product.
fn night() -> Night {
    let night = Night::new();
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let (before, rest) = config.split_once("[integration.mail.services]\n").expect("the table");
    let after = rest.find("[integration.mail.guards]").map(|at| &rest[at..]).expect("the guards");
    let config = format!("{before}{after}")
        .replace("mode = \"apply\"\n", "mode = \"apply\"\nservices_file = \"services.toml\"\n");
    night.write("recount.toml", config);
    night.write("services.toml", SERVICES);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nAcme,Archive,2\nBorealis,CloudFilter,5\n");
    night.recount(&["plan"]).exits(3);
    night
}

fn services(night: &Night) -> String {
    std::fs::read_to_string(night.path("services.toml")).expect("the services")
}

/// Otherwise a new service is billed nothing until an engineer has time; or is billed wrong before anybody saw what it does.
#[test]
fn a_product_is_tried_and_then_saved() {
    let night = night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let page = format!("/services/{}", handle(&night, "service-unmapped"));
    assert!(dana.get("/services").body.contains("Without a product"));
    let found = dana.get(&format!("{page}?q=arch"));
    assert!(
        found.body.contains("value=\"MP-ARCHIVE\"") && !found.body.contains("value=\"MP-CLOUDFILTER\""),
        "{}",
        found.body
    );
    let runs = night.recount(&["history", "--json"]).exits(0).out;
    let tried = dana.press(&page, &format!("{page}/try"), &[("product", "MP-ARCHIVE")]);
    assert_eq!(tried.status, 200, "{}", tried.body);
    assert!(tried.body.contains("would-create") && tried.body.contains("<b>2</b>"), "{}", tried.body);
    let left = dana.press(&page, &format!("{page}/try"), &[("state", "not-assigned")]).body;
    for tried in [&tried.body, &left] {
        assert!(!tried.contains("what it bills stays"), "a service that bills nothing is said to leave bills: {tried}");
    }
    assert_eq!(night.recount(&["history", "--json"]).exits(0).out, runs, "a trial is stored as a run");
    assert_eq!(services(&night), SERVICES, "a trial was saved");
    let left: Vec<_> = std::fs::read_dir(night.path("state")).expect("the state").flatten().collect();
    assert!(!left.iter().any(|one| one.file_name().to_string_lossy().starts_with("trial")), "a trial left its copy");

    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    for (shown, status) in [("MP-OTHER", 409), ("none", 303), ("none", 409)] {
        let saved = dana.press(&page, &page, &[("product", "MP-ARCHIVE"), ("shown", shown)]);
        assert_eq!(saved.status, status, "{shown}: {}", saved.body);
    }
    assert_eq!(services(&night), format!("{SERVICES}Archive = {{ product = \"MP-ARCHIVE\" }}\n"));
    assert_eq!(std::fs::read_to_string(night.path("recount.toml")).expect("the configuration"), config);
    let twice = [("product", "MP-ARCHIVE"), ("product", "mp-archive"), ("shown", "MP-ARCHIVE")];
    assert_eq!(dana.press(&page, &page, &twice).status, 422, "one product under two spellings is two lines");
    assert_eq!(dana.press(&page, &page, &[("state", "not-assigned"), ("shown", "MP-ARCHIVE")]).status, 303);
    assert!(services(&night).ends_with("Archive = { not_assigned = true }\n"), "{}", services(&night));
    assert!(dana.get("/versions/mail").body.contains("services.toml"));
    desk.close();
}

/// Otherwise who maps a service of one customer saves, without having seen it, that every other customer's line of that
/// product goes to zero; or that what was billed until now stays behind on lines that nobody counts.
#[test]
fn what_it_would_change_shows_the_lines_of_everybody_and_of_the_old_product() {
    let night = night();
    night.sim().edit(|world| world.additions.push(Addition::new(201, 20, "MP-ARCHIVE", 4.into())));
    night.config("guards", "to_zero = \"apply\"");
    night.recount(&["plan"]).exits(3);
    night.recount(&["apply", &night.plan()]).exits(3);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let row = |body: &str, line: &str| {
        let rows = body.split("<tr>").map(|row| row.replace("</td>", "|").replace("</th>", "|"));
        let plain = rows.map(|row| row.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect::<String>());
        plain.into_iter().find(|row| row.contains(line)).unwrap_or_else(|| panic!("no row of {line}: {body}"))
    };
    let page = format!("/services/{}", handle(&night, "service-unmapped"));
    let tried = dana.press(&page, &format!("{page}/try"), &[("product", "MP-ARCHIVE")]).body;
    let theirs = row(&tried, "Borealis MP-ARCHIVE");
    assert!(theirs.contains("4|") && theirs.contains("|0|") && theirs.contains("would-update"), "{theirs}");
    assert!(row(&tried, "Acme MP-ARCHIVE").contains("would-create"), "{tried}");

    let services = dana.get("/services").body;
    let known = services.split("href=\"/services/").filter_map(|rest| rest.split('"').next());
    let other = known.filter(|one| one.len() == 5 && !page.ends_with(one)).last().expect("CloudFilter").to_owned();
    let page = format!("/services/{other}");
    let tried = dana.press(&page, &format!("{page}/try"), &[("product", "MP-ARCHIVE")]).body;
    for (customer, billed) in [("Acme", "3"), ("Borealis", "5")] {
        let left = row(&tried, &format!("{customer} MP-CLOUDFILTER"));
        assert!(left.contains(&format!("|{billed}|")) && left.contains("line left behind"), "{left}");
    }
    assert!(row(&tried, "Borealis MP-ARCHIVE").contains("|5|"), "{tried}");
    let same = dana.press(&page, &format!("{page}/try"), &[("product", "MP-CLOUDFILTER")]).body;
    assert!(same.contains("No line would differ"), "{same}");
    desk.close();
}

/// Otherwise half of what was agreed is billed from the next night on, because a press took more out of the file than the page
/// had said; or what people wrote beside it is gone.
#[test]
fn what_goes_with_a_choice_is_said_before_it_is_saved_and_comments_stay() {
    let night = night();
    let agreed = "# head\nCloudFilter = { product = \"MP-CLOUDFILTER\", multiply = 2, minimum = 3 }   # the first\n";
    night.write("services.toml", agreed);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let listed = dana.get("/services").body;
    let unmapped = handle(&night, "service-unmapped");
    let known = listed.split("href=\"/services/").filter_map(|rest| rest.split('"').next());
    let filter = known.filter(|one| one.len() == 5 && *one != unmapped).last().expect("CloudFilter").to_owned();
    let page = format!("/services/{filter}");
    let tried = dana.press(&page, &format!("{page}/try"), &[("state", "not-assigned")]);
    assert!(tried.body.contains("multiply = 2, minimum = 3"), "what goes is not said: {}", tried.body);
    let other = dana.press(&page, &format!("{page}/try"), &[("product", "MP-ARCHIVE")]).body;
    assert!(!other.contains("What was agreed of it goes"), "it stays with another product: {other}");

    // Somebody agrees on more meanwhile: that would go unseen.
    night.write("services.toml", agreed.replace("minimum = 3", "minimum = 3, included = 1"));
    let shown = tried.field("shown");
    let save = [("state", "not-assigned"), ("shown", shown.as_str())];
    assert_eq!(dana.press(&page, &page, &save).status, 409, "what the page had not shown was taken out");
    night.write("services.toml", agreed);
    assert_eq!(dana.press(&page, &page, &save).status, 303);
    assert_eq!(services(&night), "# head\nCloudFilter = { not_assigned = true }   # the first\n");
    assert!(dana.get("/audit").body.contains("without multiply = 2, minimum = 3"));
    assert_eq!(dana.press(&page, &page, &[("product", "MP-ARCHIVE"), ("shown", "not assigned")]).status, 303);
    assert_eq!(services(&night), "# head\nCloudFilter = { product = \"MP-ARCHIVE\" }   # the first\n");
    desk.close();
}

/// Otherwise the desk would write into the file that holds where the keys are, or say nothing of what to do.
#[test]
fn without_a_file_of_its_own_the_page_shows_the_line_to_write() {
    let night = Night::new();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nAcme,Trial,2\nBorealis,CloudFilter,5\n");
    night.recount(&["plan"]).exits(3);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let page = format!("/services/{}", handle(&night, "service-unmapped"));
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let refused = dana.press(&page, &page, &[("state", "not-assigned"), ("shown", "none")]);
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("not_assigned = true") && refused.body.contains("integration.mail.services"),
        "{}",
        refused.body
    );
    assert_eq!(std::fs::read_to_string(night.path("recount.toml")).expect("the configuration"), config);
    desk.close();
}

/// Otherwise one slip in the services of an integration would stop all of them, or bill without them.
#[test]
fn a_services_file_at_fault_stops_its_own_integration() {
    let night = night();
    night.write("services.toml", "CloudFilter = { product = 3 }\n");
    let said = night.recount(&["plan"]).exits(16);
    assert!(said.err.contains("services.toml") || said.out.contains("services.toml"), "{} {}", said.out, said.err);
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", format!("{config}\n[integration.mail.services]\nA = {{ product = \"B\" }}\n"));
    let said = night.recount(&["plan"]).exits(16);
    assert!(said.err.contains("write one of them"), "{}", said.err);
}

/// Otherwise a vendor's limit of requests is spent twice, and what the vendor counted meanwhile is shown as what the choice would
/// change.
#[test]
fn a_choice_is_tried_on_one_delivery() {
    let night = night();
    let runtime = Runtime::new().expect("a runtime");
    let vendor = runtime.block_on(MockServer::start());
    let of = |acme: u8| {
        format!("Account,Product,Quantity\nAcme,CloudFilter,{acme}\nAcme,Archive,2\nBorealis,CloudFilter,5\n")
    };
    for (acme, times) in [(3, 1), (4, 99)] {
        let answer = ResponseTemplate::new(200).set_body_string(of(acme));
        runtime.block_on(Mock::given(method("GET")).respond_with(answer).up_to_n_times(times).mount(&vendor));
    }
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let line = config.lines().find(|line| line.starts_with("path = ")).expect("a path").to_owned();
    night.write("recount.toml", config.replace(&line, &format!("url = \"{}/report\"", vendor.uri())));
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let page = format!("/services/{}", handle(&night, "service-unmapped"));
    let tried = dana.press(&page, &format!("{page}/try"), &[("product", "MP-ARCHIVE")]);
    assert!(tried.status == 200 && tried.body.contains("would-create"), "{}", tried.body);
    assert!(!tried.body.contains("MP-CLOUDFILTER</span>"), "a line that the choice does not touch: {}", tried.body);
    let asked = runtime.block_on(vendor.received_requests()).expect("recorded").len();
    assert_eq!(asked, 1, "the vendor was asked for two plans on one delivery");
    desk.close();
}

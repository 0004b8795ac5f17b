//! What an operator is told, and what a right configuration means.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::config::load::load;
use crate::config::settings::Config;
use crate::export::column::Column;
use crate::export::count::duplicate_rows::Duplicates;
use crate::export::locate::link_settings::{Auth, HeaderValue, NextPage, TokenForm};
use crate::export::settings::{Count, Encoding, ExportLocation, Format, HeaderRow, Shape, Sheet, WideLayout};
use crate::reconcile::guard::guard_policy::{GuardPolicy, HumanEdit, LineStep, Percent, ToZero};
use crate::reconcile::model::bill_customer::Bill;
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, IntegrationName, ProductCode};
use crate::reconcile::model::mapping::{
    AgreementRule, Billed, CompanyFilter, CustomerTarget, MatchCustomers, ServiceRule,
};
use crate::reconcile::model::plan::outcome::Mode;
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::quantity_policy::{Direction, Measure, Policy, Rounding};

const CONNECTWISE: &str = r#"
[connectwise.main]
url         = "https://api-na.myconnectwise.net"
company     = "examplemsp"
client_id   = "00000000-0000-0000-0000-000000000000"
public_key  = { credential = "cw-public" }
private_key = { file = "keys/private" }
"#;

const INTEGRATION: &str = r#"
[integration.mail]
connectwise = "main"
customers   = "customers.csv"
"#;

const EXPORT: &str = r#"
[integration.mail.export]
path    = "exports/mail-*.csv"
columns = { customer = "Account", service = "Product", count = "Quantity" }
"#;

/// Loads a configuration; what is wrong is told without the folder's name.
fn loaded(toml: &str, customers: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("recount.toml"), toml).expect("written");
    fs::write(folder.path().join("customers.csv"), customers).expect("written");
    let prefix = format!("{}/", folder.path().display());
    let config = load(&folder.path().join("recount.toml")).map_err(|errors| errors.to_string().replace(&prefix, ""))?;
    // What is wrong with customers.csv stops its own integration; here there is only one.
    let faults = config.integrations.values().find_map(|one| one.mapping.as_ref().err());
    match faults {
        Some(faults) => Err(faults.to_string().replace(&prefix, "")),
        None => Ok(config),
    }
}

/// A whole configuration with something more in its last tables.
fn with(more: &str) -> Result<Config, String> {
    loaded(&format!("{CONNECTWISE}{INTEGRATION}{EXPORT}{more}"), "customer,company_id\n")
}

fn mail(config: &Config) -> &crate::config::settings::IntegrationConfig {
    &config.integrations[&IntegrationName::new("mail")]
}

#[test]
fn the_shortest_configuration_has_the_contracts_defaults() {
    let config = with("").expect("valid");
    let (connectwise, mail) = (&config.connectwise["main"].client, mail(&config));
    assert!(config.state.ends_with("state") && config.daemon.is_none());
    assert_eq!((connectwise.api_version.as_str(), connectwise.codebase.as_deref()), ("2025.1", None));
    assert_eq!((connectwise.max_in_flight, connectwise.requests_per_minute), (4, 600));
    assert!(connectwise.bundled_reads);
    let settle = config.connectwise["main"].settle;
    assert_eq!((connectwise.request_timeout, settle), (Duration::from_secs(60), Duration::from_secs(900)));
    assert_eq!(
        (mail.mode, mail.mapping.as_ref().expect("whole").match_customers),
        (Mode::Observe, MatchCustomers::Mapped)
    );
    assert_eq!((mail.export.layout.delimiter, mail.export.layout.duplicates), (None, Duplicates::Error));
    assert_eq!((mail.export.layout.max_bytes, mail.export.layout.max_rows), (64 << 20, 1_000_000));
    assert_eq!(mail.guards, GuardPolicy::default());
}

const EVERY_KEY: &str = r#"
state = "var"
[daemon]
schedule = "0 2 * * *"
zone = "Europe/Zurich"
catch_up = "6h"
[connectwise.main]
url = "http://127.0.0.1:8080"
company = "examplemsp"
client_id = "id"
public_key = { env = "CW_PUBLIC" }
private_key = { file = "keys/private" }
codebase = "v4_6_release/"
api_version = "2025.8"
max_in_flight = 8
requests_per_minute = 60
bundled_reads = "off"
request_timeout = "5s"
retry_pause_max = "250ms"
settle = "2d"
[integration.mail]
connectwise = "main"
mode = "apply"
customers = "customers.csv"
zone = "Australia/Sydney"
freeze = "3d"
quantity_decimals = 2
names_on_line = true
match_customers = "exact-name"
company_types = { every = ["Client", "Partner"] }
company_statuses = ["Active"]
default_agreement = { type = "Email Security" }
create_lines = false
[integration.mail.export]
path = "/var/exports/mail.csv"
format = "csv"
encoding = "UTF-8"
delimiter = "tab"
columns = { customer = " Account ", service = "Product", count = "Quantity" }
duplicates = "sum"
max_bytes = 1_000
max_rows = 10
[integration.mail.services]
"Cloud  Filter" = { product = "MP-CF", whole = true, addition_id = 100 }
"Bracket" = { products = ["MP-BRACKET", "MP-CF"], addition_id = [200, 201] }
"Exchange+" = { deprecated = true }
"Old" = { deprecated = true, product = "MP-OLD" }
"Trial" = { not_assigned = true }
[integration.mail.guards]
max_age = "2d"
max_malformed = "0.5%"
max_units_up = "140%"
line_step = { units = 2.5, percent = 200 }
to_zero = "second-night"
human_edit = "overwrite"
"#;

#[test]
fn every_key_of_the_contract_is_understood() {
    let customers = "\u{feff}note,customer,company_id,agreement_id,addition_id\r\n# a comment, \"with a quote\r\n\r\n\
                     ,Acme  Ltd,1,10,\r\n\"on, purpose\",\"Zu\u{308}rich \"\"AG\"\"\",,,\r\n,Cedar,3,,300 301\r\n,,,,\r\n";
    let config = loaded(EVERY_KEY, customers).expect("valid");
    let (connectwise, mail) = (&config.connectwise["main"].client, mail(&config));
    assert_eq!(connectwise.codebase.as_deref(), Some("v4_6_release"));
    assert_eq!((connectwise.retry_pause_max, connectwise.bundled_reads), (Duration::from_millis(250), false));
    assert_eq!(config.daemon.as_ref().expect("there").catch_up, Duration::from_secs(21_600));
    assert_eq!((mail.mode, mail.zone.name(), config.zone.name()), (Mode::Apply, "Australia/Sydney", "Europe/Zurich"));
    assert_eq!(mail.export.source, ExportLocation::Path("/var/exports/mail.csv".into()));
    assert_eq!((mail.export.layout.delimiter, mail.export.layout.duplicates), (Some(b'\t'), Duplicates::Sum));
    assert_eq!(mail.export.layout.columns(), ["Account", "Product", "Quantity"]);
    assert_eq!(mail.guards.max_age, TimeDelta::days(2));
    assert_eq!(mail.guards.max_malformed, Percent(Decimal::new(5, 1)));
    assert_eq!(
        mail.guards.line_step,
        LineStep { units: Decimal::new(25, 1), percent: Percent::of(200), ..LineStep::default() }
    );
    assert_eq!(mail.guards.max_units_up, Percent::of(140));
    assert_eq!((mail.guards.to_zero, mail.guards.human_edit), (ToZero::SecondNight, HumanEdit::Overwrite));
    let mapping = mail.mapping.as_ref().expect("whole");
    assert_eq!(mapping.default_agreement, Some(AgreementRule::Type("Email Security".into())));
    assert_eq!((mapping.create_lines, mapping.names_on_line), (false, true));
    assert_eq!((mapping.freeze_days, mapping.quantity_decimals), (3, Some(2)));
    let folded = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let companies_of =
        CompanyFilter { kinds: folded(&["client", "partner"]), every_kind: true, statuses: folded(&["active"]) };
    assert_eq!(mapping.companies_of, companies_of);
    let codes = |codes: &[&str]| codes.iter().map(|code| ProductCode::new(code)).collect();
    let billed = |products: &[&str], whole| {
        ServiceRule::Billed(Billed { products: codes(products), whole, ..Billed::default() })
    };
    assert_eq!(mapping.services["Cloud Filter"], billed(&["MP-CF"], true));
    assert_eq!(mapping.services["Bracket"], billed(&["MP-BRACKET", "MP-CF"], false));
    assert_eq!(mapping.services["Exchange+"], ServiceRule::Deprecated { product: None });
    assert_eq!(mapping.services["Old"], ServiceRule::Deprecated { product: Some(ProductCode::new("MP-OLD")) });
    assert_eq!(mapping.services["Trial"], ServiceRule::NotAssigned);
    assert_eq!(mapping.pins, [100, 200, 201, 300, 301].map(AdditionId).into());
    let company = |company, agreement: Option<i64>| CustomerTarget::Company {
        company: CompanyId(company),
        agreement: agreement.map(AgreementId),
    };
    assert_eq!(mapping.customers["Acme Ltd"].target, company(1, Some(10)));
    assert_eq!(
        (&mapping.customers["Zürich \"AG\""].target, mapping.customers["Zürich \"AG\""].line),
        (&CustomerTarget::Skip, 5)
    );
    assert_eq!(mapping.customers["Cedar"].target, company(3, None));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one file with every fault in it")]
fn everything_that_is_wrong_is_said_at_once() {
    let toml = r#"
staet = "state"
[connectwise.main]
url         = "http://example.com"
company     = "example+msp"
public_key  = "hunter2"
private_key = { file = "keys/private", env = "hunter3" }
max_in_flight = 64
request_timout = "60s"

[integration.mail]
connectwise = "mian"
mode        = "aply"
customers   = "customers.csv"
default_agreement = { type = "A", name = "B" }

[integration.mail.export]
path    = "exports/mail-*.csv"
columns = { customer = "Account", service = "Product" }
profile = "cove"
delimiter = ";;"

[integration.mail.services]
"CloudFilter" = { product = "MP-CF", products = ["X"] }
"Bracket" = { products = ["MP-A", "mp-a"] }
"Trial" = "MP-TRIAL"

[integration.mail.guards]
max_age = "36"
min_rows = "120%"
max_units_down = 10
to_zero = "never"
"#;
    let customers = "customer,company_id,agrement_id,note\n";
    insta::assert_snapshot!(loaded(toml, customers).expect_err("wrong"), @r#"
    recount.toml:2:1: unknown key in the file (did you mean `state`?): `staet`
    recount.toml:3:1: [connectwise.main] lacks `client_id`
    recount.toml:4:15: `url` must begin with https://; http:// is for this host alone
    recount.toml:5:15: `company` is the login company id: no blank, `+` or `:` in it: `"example+msp"`
    recount.toml:6:15: `public_key` must not be written in this file; write public_key = { credential = "…" }, { file = "…" } or { env = "…" }
    recount.toml:7:15: `private_key` takes exactly one of `credential`, `file` and `env`
    recount.toml:8:17: `max_in_flight` is from 1 to 32: `64`
    recount.toml:9:1: unknown key in [connectwise.main] (did you mean `request_timeout`?): `request_timout`
    recount.toml:12:15: there is no [connectwise.mian] (did you mean "main"?): `"mian"`
    recount.toml:13:15: `mode` is one of "off", "observe", "apply": `"aply"`
    recount.toml:15:21: `default_agreement` takes one of `type` and `name`: `{ type = "A", name = "B" }`
    recount.toml:20:11: there is no profile (did you mean "cove-mv"?); `recount profiles` lists them: `"cove"`
    recount.toml:24:17: a service takes one of `product` and `products`: `{ product = "MP-CF", products = ["X"] }`
    recount.toml:25:13: the products MP-A and mp-a differ only in case, which ConnectWise ignores: `{ products = ["MP-A", "mp-a"] }`
    recount.toml:26:11: a service is a table: write { product = "…" }: `"MP-TRIAL"`
    recount.toml:29:11: `max_age` is a whole number with ms, s, m, h or d, such as "36h": `"36"`
    recount.toml:30:12: `min_rows` is a share from "0%" to "100%": `"120%"`
    recount.toml:31:18: `max_units_down` is written as a text with a percent sign, such as "5%": `10`
    recount.toml:32:11: `to_zero` is one of "ask", "second-night", "apply": `"never"`
    customers.csv:1:21: unknown column (did you mean `agreement_id`?): `agrement_id`
    "#);
    let customers = "customer,company_id,agreement_id,note\nAcme,1,x,\n,2,,\nBorealis,,20,\nAcme,7,,\nCedar,1\n\
                     Delta,1,,\"open\nAcme,1.5,,\nEcho,8,,\nEcho,8,,\n";
    let toml = format!("{CONNECTWISE}{INTEGRATION}{EXPORT}");
    insta::assert_snapshot!(loaded(&toml, customers).expect_err("wrong"), @r#"
    customers.csv:2:8: `agreement_id` is a record id of ConnectWise, a whole number: `x`
    customers.csv:3:1: a row without a customer: `,2,,`
    customers.csv:7:10: a quote opens here and is not closed on this line: `"open`
    customers.csv:8:6: `company_id` is a record id of ConnectWise, a whole number: `1.5`
    customers.csv:10:1: this customer is on line 9 already: `Echo`
    "#);
}

#[test]
fn each_rule_is_kept_and_says_what_to_do() {
    let services = "[integration.mail.services]\n";
    let cases = [
        ("[integration.mail.export]\n", "duplicate key"),
        ("decimal = \";\"\n", "`decimal` is one of"),
        ("format = \"xls\"\n", "`format` is one of"),
        ("format = \"xlsx\"\ndelimiter = \";\"\n", "`delimiter` has no effect with format = \"xlsx\""),
        ("format = \"csv\"\nrecords = \"a.b\"\n", "`records` has no effect with format = \"csv\""),
        ("records = \"a..b\"\n", "`records` is a path of keys"),
        ("encoding = \"ebcdic\"\n", "`encoding` is one of"),
        ("decimal = \",\"\nthousands = \",\"\n", "`decimal` is \",\" too"),
        ("thousands = \".\"\n", "`decimal` is \".\" too, unless declared otherwise"),
        ("thousands = \"x\"\n", "`thousands` is one of"),
        ("count_by = \"rows\"\n", "`count` has no effect where `count_by` counts rows or items"),
        ("header = \"Account\"\n", "`header` must be a table"),
        ("header = { row = 3 }\n", "unknown key"),
        (
            "stop = { column = \"A\", ist = [\"Total\"] }\n",
            "unknown key in [integration.mail.export.stop] (did you mean `is`?)",
        ),
        ("keep = [{ column = \"A\" }]\n", "`keep` takes `is` or `like`"),
        ("drop = [{ column = \"A\", is = [] }]\n", "`is` is empty"),
        ("drop = [{ is = [\"a\"] }]\n", "lacks `column`"),
        ("wide = []\n", "`wide` is empty"),
        ("wide = [\"A\", \"A \"]\n", "`wide` names this column twice"),
        ("wide = { from = 0 }\n", "`from` is from 1 to 4096"),
        ("signed = 1\n", "`signed` must be true or false"),
        ("sheet = 0\n", "`sheet` is from 1"),
        ("delimiter = \"\\\"\"\n", "`delimiter` is one character"),
        ("max_rows = 0\n", "`max_rows` is from 1 to 4000000000"),
        // Rows are told apart by four bytes: a night with more of them ended in a panic.
        ("max_rows = 4294967296\n", "`max_rows` is from 1 to 4000000000"),
        ("max_bytes = 4294967296\n", "`max_bytes` is from 1 to 4000000000"),
        ("duplicates = \"min\"\n", "`duplicates` is one of \"error\", \"sum\", \"max\""),
        ("[integration.mail.services]\nX = { }\n", "a service takes `product`"),
        ("[integration.mail.services]\nX = { products = [] }\n", "`products` is empty"),
        ("[integration.mail.services]\nX = { products = [\"A\", \"A\"] }\n", "names this product twice"),
        ("[integration.mail.services]\nX = { product = \"A\" }\nY = { product = \"a\" }\n", "differ only in case"),
        ("[integration.mail.services]\nX = { product = \"A\", not_assigned = true }\n", "has no product"),
        ("[integration.mail.services]\n\"X\" = { product = \"A\" }\n\"X \" = { product = \"A\" }\n", "is listed twice"),
        ("[integration.mail.services]\nX = { product = \"A\", addition_id = \"1\" }\n", "must be a whole number"),
        ("[integration.mail.guards]\nline_step = { factor = 1 }\n", "a number above 1"),
        ("[integration.mail.guards]\nline_step = { units = -1, percent = 5 }\n", "a plain number from 0"),
        ("[integration.\"../x\"]\n", "a name is made of"),
        ("[notify]\n", "unknown key in the file"),
        ("[daemon]\n", "[daemon] lacks `schedule`"),
    ];
    for (more, message) in cases {
        let told = with(more).expect_err(message);
        assert!(told.contains(message), "{more}{told}");
    }
    assert!(with(&format!("{services}X = {{ product = \"A\" }}\nY = {{ product = \"A\" }}\n")).is_ok());
}

#[test]
fn an_address_is_safe_and_is_the_apis() {
    let told = |url: &str| {
        loaded(
            &format!("{}{INTEGRATION}{EXPORT}", CONNECTWISE.replace("https://api-na.myconnectwise.net", url)),
            "customer,company_id\n",
        )
    };
    for good in [
        "http://localhost:1",
        "http://127.0.0.1:1",
        "http://[::1]:1",
        "https://cw.example.com",
        "https://api-eu.myconnectwise.net/",
        // The web pages' host; the client knows the API's.
        "https://na.myconnectwise.net",
    ] {
        assert!(told(good).is_ok(), "{good}");
    }
    for (bad, message) in [
        ("http://cw.example.com", "must begin with https://"),
        ("http://localhost.example.com", "must begin with https://"),
        ("ftp://cw.example.com", "must begin with https://"),
        ("https://me:hunter2@cw.example.com", "holds a user name or a password"),
        ("https://cw.example.com/v4_6_release/apis/3.0", "is the base address alone"),
        ("nonsense", "is not an address"),
    ] {
        let told = told(bad).expect_err(bad);
        assert!(told.contains(message) && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn no_fault_shows_a_secret() {
    for wrong in [
        "public_key = \"hunter2\"",
        "public_key = hunter2",
        "public_key = \"hunter2",
        "public_key = { env = \"hunter2!\" }",
        "public_key = { value = \"hunter2\" }",
        "public_key = [\"hunter2\"]",
        "client_id = \"hunter2 hunter2\"",
        "privat_key = \"hunter2\"",
    ] {
        let toml = format!("{CONNECTWISE}{INTEGRATION}{EXPORT}");
        let key = wrong.split(' ').next().unwrap_or_default();
        let lines = toml.lines().map(|line| if line.starts_with(key) { wrong } else { line });
        let mut toml = lines.collect::<Vec<_>>().join("\n");
        if !toml.contains("hunter2") {
            toml = toml.replace("[connectwise.main]", &format!("[connectwise.main]\n{wrong}"));
        }
        let told = loaded(&toml, "customer,company_id\n").expect_err(wrong);
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let told = load(Path::new("/nowhere/recount.toml")).expect_err("missing").to_string();
    assert!(told.starts_with("/nowhere/recount.toml: cannot be read: No such file"), "{told}");
    let told = loaded(&format!("{CONNECTWISE}{}{EXPORT}", INTEGRATION.replace("customers.csv", "other.csv")), "");
    assert!(told.expect_err("missing").starts_with("other.csv: cannot be read: No such file"));
}

/// A spreadsheet set to German or French saves `customers.csv` so; the columns that it says are unknown are all right.
#[test]
fn a_customers_file_of_semicolons_is_told_to_be_saved_with_commas() {
    let toml = format!("{CONNECTWISE}{INTEGRATION}{EXPORT}");
    for (file, with) in [
        ("customer;company_id;agreement_id;note\nAcme;1;;\n", "semicolons"),
        ("\"customer\";\"company_id\"\n\"Acme\";\"1\"\n", "semicolons"),
        ("customer\tcompany_id\nAcme\t1\n", "tabs"),
    ] {
        let told = loaded(&toml, file).expect_err(file);
        assert!(told.starts_with(&format!("customers.csv:1:1: separated by {with}; save it with commas")), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

/// Nobody sees the difference between the two kinds of quotes, and "invalid" names neither.
#[test]
fn what_a_word_processor_or_windows_made_of_the_file_is_named() {
    let faults = |toml: &str| loaded(toml, "").expect_err(toml);
    let told = faults("state = \u{201c}state\u{201d}\n");
    assert_eq!(
        told,
        "recount.toml:1:9: a curly quote, as word processors write it; write straight ones (\") in its line"
    );
    let told = faults("state = \"C:\\Users\\recount\"\n");
    assert!(told.contains("in single quotes: 'C:\\exports\\usage.csv'"), "{told}");
    assert!(!told.contains("curly"), "{told}");
    let told = faults("state = \"\u{201c}x\u{201d}\n");
    assert!(!told.contains("curly"), "{told}");
    for url in ["na.myconnectwise.net", "relative"] {
        let told = faults(&CONNECTWISE.replace("https://api-na.myconnectwise.net", url));
        assert!(told.contains("`url` is not an address; one begins with https://"), "{told}");
    }
}

const POLICIES: &str = r#"
[integration.mail.services]
"EDR" = { product = "EDR", minimum = 5, maximum = 100, round = "up", step = 5, bill = "no-charge" }
"Disk" = { product = "DISK", quantity = "average", multiply = 1.5, included = 2.5, never_decrease = true }
"Seats" = { product = "SEATS", report_only = true }

[[integration.mail.policy]]
customer = "Acme Ltd"
service  = "EDR"
minimum  = 20
"#;

/// Otherwise an operator could not say what was agreed, or would not be believed.
#[test]
fn what_was_agreed_about_a_service_and_with_one_customer() {
    let toml = format!("{CONNECTWISE}{INTEGRATION}{EXPORT}{POLICIES}");
    let config = loaded(&toml, "customer,company_id\nAcme Ltd,1\n").expect("a configuration");
    let mapping = config.integrations[&IntegrationName::new("mail")].mapping.as_ref().expect("whole");
    let q = |text: &str| Some(text.parse::<Quantity>().expect("a quantity"));
    let round = Some(Rounding { direction: Direction::Up, step: Quantity::from(5) });
    let edr = Policy { minimum: q("5"), maximum: q("100"), round, ..Policy::default() };
    let ServiceRule::Billed(billed) = &mapping.services["EDR"] else { panic!("{mapping:?}") };
    assert_eq!((&billed.policy, billed.bill), (&edr, Some(Bill::NoCharge)));
    assert_eq!(mapping.policies["Acme Ltd"]["EDR"], Policy { minimum: q("20"), own_minimum: true, ..edr });
    let ServiceRule::Billed(billed) = &mapping.services["Disk"] else { panic!("{mapping:?}") };
    let (measure, multiply) = (Measure::Average, Some(Decimal::new(15, 1)));
    let disk = Policy { measure, multiply, included: q("2.5"), never_decrease: true, ..Policy::default() };
    assert_eq!(billed.policy, disk);
    assert_eq!(mapping.looked_back_on().len(), 1);
}

/// Otherwise two rules would contradict each other on an invoice instead of here.
#[test]
fn contradictions_are_refused_where_they_stand() {
    for (rule, words) in [
        ("minimum = 5, maximum = 4", "`minimum` 5 is more than `maximum` 4"),
        ("step = 5", "`step` is for `round`"),
        ("round = \"up\", step = 0", "`step` is greater than 0"),
        ("round = \"up\", step = 5, maximum = 12", "`maximum` 12 is not a multiple of the `step` 5"),
        ("round = \"up\", step = 0.5, whole = true", "`whole` takes no fraction, and the `step` is 0.5"),
        ("multiply = 0", "`multiply` is greater than 0"),
        ("multiply = -1", "`multiply` is a plain number"),
        ("never_decrease = true, report_only = true", "needs no `never_decrease`"),
        ("lines = \"per-item\"", "lines = \"per-item\" needs `item` in the export's columns"),
        ("names_in_report = true", "names_in_report = true needs `item` in the export's columns"),
        ("quantity = \"median\"", "`quantity` is one of \"current\", \"peak\", \"average\""),
        ("bill = \"never\"", "`bill` is one of \"billable\", \"do-not-bill\", \"no-charge\""),
        ("maximun = 5", "did you mean `maximum`?"),
    ] {
        let services = format!("[integration.mail.services]\n\"EDR\" = {{ product = \"EDR\", {rule} }}\n");
        let said = loaded(&format!("{CONNECTWISE}{INTEGRATION}{EXPORT}{services}"), "customer,company_id\n");
        let said = said.expect_err(rule);
        assert!(said.starts_with("recount.toml:17:") && said.contains(words), "{rule}: {said}");
    }
    let other = |policy: &str, words: &str| {
        let toml = format!("{CONNECTWISE}{INTEGRATION}{EXPORT}{POLICIES}{policy}");
        let said = loaded(&toml, "customer,company_id\nAcme Ltd,1\n").expect_err(policy);
        assert!(said.contains(words), "{policy}: {said}");
    };
    let table = "[[integration.mail.policy]]\n";
    other(&format!("{table}customer = \"Acme\"\nservice = \"EDR\"\n"), "(did you mean \"Acme Ltd\"?)");
    other(&format!("{table}customer = \"Acme Ltd\"\nservice = \"EDRR\"\n"), "(did you mean \"EDR\"?)");
    other(&format!("{table}customer = \"Acme Ltd\"\nservice = \"EDR\"\n"), "there is another policy");
    other(&format!("{table}customer = \"Acme Ltd\"\nservice = \"Disk\"\nreport_only = true\n"), "`never_decrease`");
    other(&format!("{table}customer = \"Acme Ltd\"\n"), "lacks `service`");
}

/// Otherwise the two services would create the line in turn as each of them likes.
#[test]
fn services_of_one_product_agree_on_its_line() {
    let services = "[integration.mail.services]\n\"A\" = { product = \"P\", bill = \"billable\" }\n\"B\" = { product = \"p\" }\n\
                    \"T\" = { not_assigned = true, minimum = 5 }\n";
    let said =
        loaded(&format!("{CONNECTWISE}{INTEGRATION}{EXPORT}{services}"), "customer,company_id\n").expect_err("two");
    assert!(said.contains("the services of the product p differ in `lines` or `bill`"), "{said}");
    assert!(said.contains("a service that is not billed takes nothing but"), "{said}");
}

/// A configuration whose export has these keys and no others but `path`.
fn exporting(keys: &str) -> Result<crate::export::settings::Layout, String> {
    let export = "[integration.mail.export]\npath = \"mail.csv\"\n";
    let config = loaded(&format!("{CONNECTWISE}{INTEGRATION}{export}{keys}"), "customer,company_id\n")?;
    Ok(mail(&config).export.layout.clone())
}

#[test]
fn every_key_of_the_contract_is_read() {
    let layout = exporting(
        r#"
format = "xlsx"
decimal = ","
thousands = "."
sheet = "Usage"
header = { cell = "company" }
stop = { column = "CustomerName", is = ["Total", "Grand  total"] }
columns = { customer = { column = "Account", match = '^(\d+)' }, service = { fixed = "M365 user" }, item = { column = "Mail", split = ", ", lower = true } }
wide = { from = 3 }
count_by = "distinct"
signed = true
keep = [{ column = "Status", is = ["Paid", ""] }]
drop = { column = "Product", like = "*Per GB*" }
max_bytes = 10
max_rows = 20
"#,
    )
    .expect("valid");
    assert_eq!((layout.format, layout.sheet.clone()), (Some(Format::Xlsx), Some(Sheet::Name("Usage".into()))));
    assert_eq!((layout.notation.decimal, layout.notation.thousands), (',', Some('.')));
    assert_eq!((layout.header.clone(), layout.signed), (HeaderRow::Cell("company".into()), true));
    assert_eq!((layout.max_bytes, layout.max_rows, layout.duplicates), (10, 20, Duplicates::Sum));
    assert_eq!(layout.columns(), ["Account", "Mail", "CustomerName", "Status", "Product"]);
    assert_eq!(layout.stop.expect("a stop").is, ["Total", "Grand total"]);
    assert!(layout.keep[0].is.contains(&String::new()) && layout.drop[0].like[0].regex.is_match("100 Per GB [x]"));
    let Shape::Both(long, WideLayout::From(3)) = layout.shape else { panic!("both") };
    assert_eq!(long.service, Column::Fixed("M365 user".into()));
    assert!(matches!(long.count, Count::Distinct { item: Column::Named(item) } if item.lower && item.split.is_some()));
    let layout = exporting(
        "format = \"json\"\nrecords = \"data.sites\"\nencoding = \"utf-16\"\nwide = [\"A\", \"B\"]\ncolumns = { customer = \"C\" }\n",
    );
    let layout = layout.expect("valid");
    assert_eq!((layout.records.join("/"), layout.encoding), ("data/sites".into(), Some(Encoding::Utf16)));
    assert_eq!((layout.columns(), layout.duplicates), (vec!["C", "A", "B"], Duplicates::Error));
}

#[test]
fn keys_that_contradict_each_other_are_refused() {
    for (keys, message) in [
        ("columns = { customer = \"C\" }\n", "lacks `service`"),
        ("", "the export lacks `columns`"),
        ("columns = { customer = \"C\", service = \"S\" }\n", "lacks `count`; or set count_by"),
        ("columns = { customer = \"C\", service = \"S\" }\ncount_by = \"distinct\"\n", "lacks `item`"),
        ("columns = { customer = \"C\", count = \"N\" }\nwide = [\"A\"]\n", "no column is `count` or `item`"),
        ("columns = { customer = \"C\" }\nwide = [\"A\"]\ncount_by = \"rows\"\n", "`count_by` has no effect"),
        (
            "columns = { customer = \"C\", service = \"S\" }\ncount_by = \"rows\"\nduplicates = \"max\"\n",
            "`duplicates` can only be \"sum\"",
        ),
        (
            "columns = { customer = { column = \"C\", fixed = \"x\" }, service = \"S\", count = \"N\" }\n",
            "takes one of",
        ),
        (
            "columns = { customer = { fixed = \"x\", lower = true }, service = \"S\", count = \"N\" }\n",
            "nothing is taken",
        ),
        (
            "columns = { customer = { column = \"C\", match = \"(\" }, service = \"S\", count = \"N\" }\n",
            "not a regular expression",
        ),
        (
            "columns = { customer = { column = \"C\", match = \"(a)(b)\" }, service = \"S\", count = \"N\" }\n",
            "several groups",
        ),
        (
            "columns = { customer = \"C\", service = \"S\", count = { column = \"N\", split = \",\" } }\n",
            "a count is not split",
        ),
        (
            "columns = { customer = \"C\", service = \"S\", count = { fixed = \"many\" } }\n",
            "a fixed count is a plain number",
        ),
        ("columns = { customer = \"C\", servcie = \"S\", count = \"N\" }\n", "did you mean `service`?"),
    ] {
        let error = exporting(keys).expect_err(message);
        assert!(error.contains(message), "{message}: {error}");
        assert!(error.starts_with("recount.toml:"), "{error}");
    }
}

const ALERTS: &str = r#"
[alert.office]
kind = "mail"
integrations = ["mail"]
server = "smtp.example.com"
tls = "starttls"
user = "recount@example.com"
password = { file = "keys/smtp" }
from = "recount <recount@example.com>"
to = "billing@example.com"
[alert.chat]
kind = "webhook"
url = "https://hooks.example.com/CANARY"
shape = "slack"
when = "weekly"
[alert.alive]
kind = "ping"
url = { env = "PING_URL" }
"#;

#[test]
fn alerts_have_the_documented_defaults() {
    use crate::alerts::alert::RunFilter;
    use crate::config::tables::alerts::AlertKind;
    let config = with(ALERTS).expect("valid");
    assert_eq!(config.alerts_within, Duration::from_secs(10));
    assert!(config.metrics_file.ends_with("state/metrics.prom"));
    assert_eq!(mail(&config).expected_every, Duration::from_secs(26 * 3600));
    let when = |name: &str| (config.alerts[name].rules.each, config.alerts[name].rules.weekly);
    assert_eq!(when("office"), (RunFilter::Attention, true));
    assert_eq!(when("chat"), (RunFilter::Never, true));
    assert_eq!(when("alive"), (RunFilter::Always, false));
    assert!(matches!(&config.alerts["office"].kind, AlertKind::Mail(mail) if mail.port == 587));
    assert!(!format!("{config:?}").contains("CANARY"));
}

/// Otherwise a password would travel in the clear, or stand in a log, or an alert would reach nobody.
#[test]
fn an_alert_that_is_not_safe_or_not_whole_is_refused_without_its_secrets() {
    for (from, to, said) in [
        ("tls = \"starttls\"", "tls = \"none\"", "on this host alone"),
        ("{ file = \"keys/smtp\" }", "\"CANARY\"", "must not be written in this file"),
        ("password = { file = \"keys/smtp\" }\n", "", "belong together"),
        ("to = \"billing@example.com\"", "to = []", "is empty"),
        ("to = \"billing@example.com\"", "to = \"a@b.c, d@e.f\"", "is an address"),
        ("https://hooks", "http://hooks", "must begin with https://"),
        ("shape = \"slack\"", "shape = \"irc\"", "one of"),
        ("shape = \"slack\"", "shpae = \"slack\"", "did you mean `shape`"),
        ("integrations = [\"mail\"]", "integrations = [\"male\"]", "did you mean \"mail\""),
        ("kind = \"ping\"", "kind = \"ping\"\nwhen = \"weekly\"", "unknown key"),
    ] {
        let error = with(&ALERTS.replace(from, to)).expect_err(to);
        assert!(error.contains(said) && !error.contains("CANARY"), "{to}: {error}");
    }
}

const TICKETS: &str = "[integration.mail.tickets]\nboard = \"Billing\"\ncompany = 250\n";

#[test]
fn the_shortest_tickets_have_the_documented_defaults() {
    let config = with(&format!("{TICKETS}closing_status = \">Closed\"\n")).expect("valid");
    let tickets = &mail(&config).tickets[0];
    assert_eq!((tickets.desk.board.as_str(), tickets.company), ("Billing", CompanyId(250)));
    assert_eq!((tickets.kinds.len(), tickets.max_new, tickets.close), (5, 20, true));
    assert_eq!((tickets.note_every, tickets.time_limit), (Some(TimeDelta::days(7)), Duration::from_secs(60)));
    assert!(!tickets.visible && !tickets.notify && tickets.company_of_customer);
    let never = with(&format!("{TICKETS}close = false\nnote_every = \"never\"\n")).expect("valid");
    assert_eq!(mail(&never).tickets[0].note_every, None);
    assert!(mail(&with("").expect("valid")).tickets.is_empty());
}

/// A token that does not exist would stand in every ticket as it is.
#[test]
fn what_is_wrong_with_tickets_is_named_with_its_place() {
    let lines = format!("{CONNECTWISE}{INTEGRATION}{EXPORT}{TICKETS}").lines().count();
    for (key, at, words) in [
        (
            "summary = \"a [custmer]\"",
            14,
            "no such token in `summary`; did you mean [customer]? there are [integration]",
        ),
        ("note = \"\"\"\n  [x]\"\"\"", 3, "no such token in `note`"),
        ("description = 'a [b'", 18, "a `[` in `description` has no end"),
        ("kinds = [\"held\"]", 10, "`kinds` is one of \"failed-run\""),
        ("customers = { only = [\"A\"], except = [\"B\"] }", 13, "takes one of `only` and `except`"),
        ("connectwise = \"other\"", 15, "there is no [connectwise.other]"),
        ("proirity = \"x\"", 1, "did you mean `priority`?"),
    ] {
        let said = with(&format!("{TICKETS}close = false\n{key}\n")).expect_err(key);
        let line = lines + 2 + usize::from(key.contains("\n"));
        assert!(said.contains(&format!("recount.toml:{line}:{at}: ")) && said.contains(words), "{key}: {said}");
    }
    let said = with(TICKETS).expect_err("it cannot be closed");
    assert!(said.contains("`closing_status` is missing"), "{said}");
}

/// An export of these keys alone.
fn from_elsewhere(keys: &str) -> Result<ExportLocation, String> {
    let columns = "columns = { customer = \"A\", service = \"B\", count = \"C\" }\n";
    let export = format!("[integration.mail.export]\n{columns}{keys}\n");
    let config = loaded(&format!("{CONNECTWISE}{INTEGRATION}{export}"), "customer,company_id\n")?;
    Ok(mail(&config).export.source.clone())
}

#[test]
fn an_api_is_asked_as_the_configuration_says() {
    let keys = "url = \"https://v.example/l?page=0\"\nrecords = \"data.items[].licenses[]\"\n\
                pages = { page = \"page\", size = { limit = 50 }, total = \"meta.total\", max_pages = 7 }\n\
                auth = { oauth2 = { token_url = \"https://id.example/t\", client_id = \"me\", client_secret = { env = \"S\" } } }";
    let ExportLocation::Url(link) = from_elsewhere(keys).unwrap_or_else(|error| panic!("{error}")) else {
        panic!("a link");
    };
    let [list] = link.requests.as_slice() else { panic!("{link:?}") };
    assert_eq!(list.records, ["data", "items"]);
    let pages = list.pages.as_ref().expect("numbered");
    assert_eq!(pages.turn, NextPage::Numbered { page: "page".into(), size: Some(("limit".into(), 50)) });
    assert_eq!((pages.total.clone(), pages.max_pages), (Some(vec!["meta".into(), "total".into()]), 7));
    let Some(Auth::OAuth2(oauth2)) = link.auth else { panic!("{:?}", link.auth) };
    assert_eq!((oauth2.client_secret, oauth2.send), (HeaderValue::Env("S".into()), TokenForm::Form));
    // What stands in recount.toml completes what the profile says of signing in.
    let keys = "profile = \"pax8-api\"\nauth = { oauth2 = { client_id = \"me\", client_secret = { env = \"S\" } } }";
    let ExportLocation::Url(link) = from_elsewhere(keys).unwrap_or_else(|error| panic!("{error}")) else {
        panic!("a link");
    };
    let Some(Auth::OAuth2(oauth2)) = &link.auth else { panic!("{:?}", link.auth) };
    assert_eq!((oauth2.token_url.as_str(), oauth2.send), ("https://api.pax8.com/v1/token", TokenForm::Json));
    assert_eq!((link.requests.len(), link.requests[1].name.as_deref()), (2, Some("company")));
}

/// A key that goes to the wrong server, or in the clear, is everybody's.
#[test]
fn what_is_wrong_with_an_api_or_another_place_is_said_without_its_secrets() {
    let url = "url = \"https://v.example/l?sig=hunter2\"\n";
    let s3 = "path = \"s3://bucket/x-*.csv\"\n";
    let sftp =
        |keys: &str| format!("path = \"sftp://h.example/x-*.csv\"\nauth = {{ sftp = {{ user = \"u\", {keys} }} }}");
    for (keys, said) in [
        (format!("{url}pages = {{ next = \"n\", page = \"p\" }}"), "`pages` is one of"),
        (format!("{url}pages = {{ cursor = \"n\" }}"), "`pages` is one of"),
        (format!("{url}pages = {{ nxt = \"n\" }}"), "did you mean `next`?"),
        (format!("{url}pages = {{ page = \"p\", size = {{ a = 1, b = 2 }} }}"), "`size` is one parameter"),
        (format!("{url}pages = {{ link = true }}\nrecords = \"data{{}}\""), "pages are lists"),
        (
            format!(
                "{url}auth = {{ bearer = {{ env = \"A\" }}, basic = {{ user = \"hunter2\", password = {{ env = \"B\" }} }} }}"
            ),
            "`auth` takes one of",
        ),
        (format!("{url}auth = {{ basic = {{ user = \"hunter2\" }} }}"), "lacks `password`"),
        (
            format!(
                "{url}auth = {{ oauth2 = {{ token_url = \"http://id.example/t\", client_id = \"a\", client_secret = {{ env = \"B\" }} }} }}"
            ),
            "`token_url` must begin with https://",
        ),
        (
            "requests = [{ url = \"https://a.example/1\" }, { url = \"https://a.example/2\" }]".into(),
            "say by which key: `on`",
        ),
        (
            "requests = [{ url = \"https://a.example/1\", on = \"x\" }, { url = \"https://b.example/2\", on = \"x\" }]"
                .into(),
            "are of one host",
        ),
        ("requests = []".into(), "`requests` has from 1 to 5 lists"),
        (format!("{url}requests = []"), "a `url` or `requests`, not both"),
        (format!("path = \"x.csv\"\n{url}"), "a `path` or a `url`, not both"),
        ("path = \"x.csv\"\nauth = { bearer = { env = \"A\" } }".into(), "`auth` belong to a `url`"),
        ("profile = \"pax8-api\"".into(), "the export lacks `auth`"),
        (s3.into(), "a `path` of s3:// needs `auth`"),
        (format!("{s3}auth = {{ s3 = {{ access_key = \"a\" }} }}"), "lacks `secret_key`"),
        (format!("{s3}auth = {{ bearer = {{ env = \"A\" }} }}"), "lacks `s3`"),
        ("path = \"s3://bucket\"\nauth = { s3 = { } }".into(), "and a file or a pattern below it"),
        (sftp("host_key = \"hunter2\", password = { env = \"A\" }"), "`host_key` is SHA256:"),
        (sftp("password = { env = \"A\" }"), "lacks `host_key`"),
        (sftp("host_key = \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""), "takes a `password`, or a `key`"),
    ] {
        let error = from_elsewhere(&keys).expect_err(&keys);
        assert!(error.contains(said), "{keys}: {error}");
        assert!(!error.contains("hunter2") || said.contains("SHA256"), "{keys}: {error}");
    }
}

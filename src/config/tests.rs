//! What an operator is told, and what a right configuration means.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::config::Config;
use crate::config::load;
use crate::reconcile::counts::Duplicates;
use crate::reconcile::guards::GuardPolicy;
use crate::reconcile::guards::HumanEdit;
use crate::reconcile::guards::LineStep;
use crate::reconcile::guards::Percent;
use crate::reconcile::guards::ToZero;
use crate::reconcile::ids::AdditionId;
use crate::reconcile::ids::AgreementId;
use crate::reconcile::ids::CompanyId;
use crate::reconcile::ids::IntegrationName;
use crate::reconcile::ids::ProductCode;
use crate::reconcile::mapping::AgreementRule;
use crate::reconcile::mapping::Billed;
use crate::reconcile::mapping::CustomerTarget;
use crate::reconcile::mapping::MatchCustomers;
use crate::reconcile::mapping::ServiceRule;
use crate::reconcile::outcome::Mode;

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
        Some(faults) => Err(faults.replace(&prefix, "")),
        None => Ok(config),
    }
}

/// A whole configuration with something more in its last tables.
fn with(more: &str) -> Result<Config, String> {
    loaded(&format!("{CONNECTWISE}{INTEGRATION}{EXPORT}{more}"), "customer,company_id\n")
}

fn mail(config: &Config) -> &crate::config::IntegrationConfig {
    &config.integrations[&IntegrationName::new("mail")]
}

#[test]
fn the_shortest_configuration_has_the_contracts_defaults() {
    let config = with("").expect("valid");
    let (connectwise, mail) = (&config.connectwise["main"], mail(&config));
    assert!(config.state.ends_with("state") && config.daemon.is_none());
    assert_eq!((connectwise.api_version.as_str(), connectwise.codebase.as_deref()), ("2025.1", None));
    assert_eq!((connectwise.max_in_flight, connectwise.requests_per_minute), (4, 600));
    assert_eq!((connectwise.request_timeout, connectwise.settle), (Duration::from_secs(60), Duration::from_secs(900)));
    assert_eq!(
        (mail.mode, mail.mapping.as_ref().expect("whole").match_customers),
        (Mode::Observe, MatchCustomers::Mapped)
    );
    assert_eq!((mail.export.delimiter, mail.export.duplicates), (b',', Duplicates::Error));
    assert_eq!((mail.export.max_bytes, mail.export.max_rows), (64 << 20, 1_000_000));
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
request_timeout = "5s"
retry_pause_max = "250ms"
settle = "2d"
[integration.mail]
connectwise = "main"
mode = "apply"
customers = "customers.csv"
match_customers = "exact-name"
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
line_step = { units = 2.5, percent = 200 }
to_zero = "second-night"
human_edit = "overwrite"
"#;

#[test]
fn every_key_of_the_contract_is_understood() {
    let customers = "\u{feff}note,customer,company_id,agreement_id,addition_id\r\n# a comment, \"with a quote\r\n\r\n\
                     ,Acme  Ltd,1,10,\r\n\"on, purpose\",\"Zu\u{308}rich \"\"AG\"\"\",,,\r\n,Cedar,3,,300 301\r\n,,,,\r\n";
    let config = loaded(EVERY_KEY, customers).expect("valid");
    let (connectwise, mail) = (&config.connectwise["main"], mail(&config));
    assert_eq!(connectwise.codebase.as_deref(), Some("v4_6_release"));
    assert_eq!(connectwise.retry_pause_max, Duration::from_millis(250));
    assert_eq!(config.daemon.as_ref().expect("there").catch_up, Duration::from_secs(21_600));
    assert_eq!(mail.mode, Mode::Apply);
    assert_eq!(mail.export.path, Path::new("/var/exports/mail.csv"));
    assert_eq!((mail.export.delimiter, mail.export.duplicates), (b'\t', Duplicates::Sum));
    assert_eq!(mail.export.columns.customer, "Account");
    assert_eq!(mail.guards.max_age, TimeDelta::days(2));
    assert_eq!(mail.guards.max_malformed, Percent(Decimal::new(5, 1)));
    assert_eq!(mail.guards.line_step, LineStep { units: Decimal::new(25, 1), percent: Percent::of(200) });
    assert_eq!((mail.guards.to_zero, mail.guards.human_edit), (ToZero::SecondNight, HumanEdit::Overwrite));
    let mapping = mail.mapping.as_ref().expect("whole");
    assert_eq!(mapping.default_agreement, Some(AgreementRule::Type("Email Security".into())));
    assert!(!mapping.create_lines);
    let codes = |codes: &[&str]| codes.iter().map(|code| ProductCode::new(code)).collect();
    let billed = |products: &[&str], whole| ServiceRule::Billed(Billed { products: codes(products), whole });
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
    recount.toml:6:15: `public_key` must not stand in this file; write public_key = { credential = "…" }, { file = "…" } or { env = "…" }
    recount.toml:7:15: `private_key` takes exactly one of `credential`, `file` and `env`
    recount.toml:8:17: `max_in_flight` is from 1 to 32: `64`
    recount.toml:9:1: unknown key in [connectwise.main] (did you mean `request_timeout`?): `request_timout`
    recount.toml:12:15: there is no [connectwise.mian] (did you mean "main"?): `"mian"`
    recount.toml:13:15: `mode` is one of "off", "observe", "apply": `"aply"`
    recount.toml:15:21: `default_agreement` takes one of `type` and `name`: `{ type = "A", name = "B" }`
    recount.toml:19:11: [integration.mail.export.columns] lacks `count`
    recount.toml:20:1: `profile` is not supported by this version: `profile`
    recount.toml:21:13: `delimiter` is one character that is no letter, digit or quote, or "tab": `";;"`
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
    customers.csv:10:1: this customer stands on line 9 already: `Echo`
    "#);
}

#[test]
fn each_rule_is_kept_and_says_what_to_do() {
    let services = "[integration.mail.services]\n";
    let cases = [
        ("[integration.mail.export]\n", "duplicate key"),
        ("decimal = \",\"\n", "`decimal` is not supported by this version"),
        ("format = \"xlsx\"\n", "only \"csv\" is supported by this version"),
        ("encoding = \"utf-16\"\n", "only \"utf-8\" is supported by this version"),
        ("delimiter = \"\\\"\"\n", "`delimiter` is one character"),
        ("max_rows = 0\n", "`max_rows` is at least 1"),
        ("duplicates = \"min\"\n", "`duplicates` is one of \"error\", \"sum\", \"max\""),
        ("[integration.mail.services]\nX = { }\n", "a service takes `product`"),
        ("[integration.mail.services]\nX = { products = [] }\n", "`products` is empty"),
        ("[integration.mail.services]\nX = { products = [\"A\", \"A\"] }\n", "names this product twice"),
        ("[integration.mail.services]\nX = { product = \"A\" }\nY = { product = \"a\" }\n", "differ only in case"),
        ("[integration.mail.services]\nX = { product = \"A\", not_assigned = true }\n", "has no product"),
        (
            "[integration.mail.services]\n\"X\" = { product = \"A\" }\n\"X \" = { product = \"A\" }\n",
            "stands here twice",
        ),
        ("[integration.mail.services]\nX = { product = \"A\", addition_id = \"1\" }\n", "must be a whole number"),
        ("[integration.mail.guards]\nline_step = { units = 10 }\n", "lacks `percent`"),
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
        ("nonsense", "is no address"),
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

const TICKETS: &str = "[integration.mail.tickets]\nboard = \"Billing\"\ncompany = 250\n";

#[test]
fn the_shortest_tickets_have_the_documented_defaults() {
    let config = with(&format!("{TICKETS}closing_status = \">Closed\"\n")).expect("valid");
    let tickets = mail(&config).tickets.as_ref().expect("tickets");
    assert_eq!((tickets.desk.board.as_str(), tickets.company), ("Billing", CompanyId(250)));
    assert_eq!((tickets.kinds.len(), tickets.max_new, tickets.close), (5, 20, true));
    assert_eq!((tickets.note_every, tickets.time_limit), (Some(TimeDelta::days(7)), Duration::from_secs(60)));
    assert!(!tickets.visible && !tickets.notify && tickets.company_of_customer);
    let never = with(&format!("{TICKETS}close = false\nnote_every = \"never\"\n")).expect("valid");
    assert_eq!(mail(&never).tickets.as_ref().expect("tickets").note_every, None);
    assert!(mail(&with("").expect("valid")).tickets.is_none());
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

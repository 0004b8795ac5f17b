//! From an empty folder to a first plan, as a newcomer types it; and what the installation must never do.

use std::fs;

use crate::support::{Night, now, wait_until};

/// An empty folder beside a vendor's export, and the options that a newcomer gives.
fn init(night: &Night, more: &[&str]) -> Vec<String> {
    night.write("exports/usage-1.csv", "Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\n");
    let url = night.sim().url();
    let [public, private] =
        ["public", "private"].map(|name| format!("file:{}", night.path("keys").join(name).display()));
    let export = night.path("exports/usage-*.csv").display().to_string();
    let given = ["init", "--yes", "--dir", "first", "--url", &url, "--company", "examplemsp"];
    let client_id = crate::support::CLIENT_ID;
    let keys = ["--client-id", client_id, "--public-key", &public, "--private-key", &private, "--export", &export];
    given.iter().chain(&keys).chain(more).map(ToString::to_string).collect()
}

fn typed(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Five minutes are what a newcomer gives it.
#[test]
fn from_an_empty_folder_to_a_first_plan() {
    let night = Night::new();
    let words = init(&night, &["--agreement-type", "Email Security", "--at", "02:30", "--zone", "Europe/Amsterdam"]);
    let said = night.recount(&typed(&words)).exits(0);
    assert!(said.out.contains("2 rows, 2 customers, 1 service."), "{}", said.out);
    assert!(said.out.contains("\"Account\", \"Product\" and \"Quantity\""), "{}", said.out);
    assert!(said.out.lines().all(|line| line.chars().count() <= 80 || line.contains('/')), "{}", said.out);
    let config = night.path("first/recount.toml").display().to_string();
    let next = format!("Next: recount map suggest --config {config}");
    assert!(
        said.out.trim_end().ends_with(&next) && said.out.contains("✓ usage: keys"),
        "it ends with a check\n{}",
        said.out
    );
    let text = fs::read_to_string(night.path("first/recount.toml")).expect("the configuration");
    assert!(
        text.contains("# company_types = [\"")
            && text.contains("# \"CloudFilter\" = { product = \"MP-CLOUDFILTER\" }   # likely"),
        "{text}"
    );
    let said = night.recount(&["check", "--config", &config]).exits(3);
    assert!(said.out.trim_end().ends_with("Next: recount map suggest"), "{}", said.out);
    let said = night.recount(&["plan", "--config", &config]).exits(3);
    assert!(said.out.contains("Acme") && said.out.contains("not mapped"), "{}", said.out);
    assert!(night.sim().writes().is_empty(), "{:#?}", night.sim().writes());
    let timer = fs::read_to_string(night.path("first/systemd/recount.timer.d/schedule.conf")).expect("the timer");
    assert!(timer.contains("OnCalendar=\nOnCalendar=*-*-* 02:30:00 Europe/Amsterdam\n"), "{timer}");
    assert!(!timer.contains("06:15"), "{timer}");
}

/// A person at a real terminal, whose answers are these lines.
fn typed_at_a_terminal(night: &Night, command: &str, answers: &[&str]) -> String {
    let said = night.at_a_terminal(command, &(answers.join("\n") + "\n"));
    said.replace('\r', "")
}

/// Ten questions were asked, and README promises eight.
#[test]
fn eight_answers_lead_from_an_empty_folder_to_a_first_plan() {
    let night = Night::new();
    night.write("exports/usage-1.csv", "Konto;Artikel;Menge\nAcme;CloudFilter;3\nBorealis;CloudFilter;5\n");
    let url = night.sim().url();
    let [public, private] =
        ["public", "private"].map(|name| format!("file:{}", night.path("keys").join(name).display()));
    // Nothing of this file is guessed: the longest way there is.
    let answers = [
        &*url,
        "examplemsp",
        crate::support::CLIENT_ID,
        &public,
        &private,
        "exports/usage-*.csv",
        "1, Artikel, 3",
        "Email Security at 7am",
    ];
    assert!(answers.len() <= 8);
    let said = typed_at_a_terminal(&night, "init --dir first", &answers);
    assert!(said.contains("  1  Konto\n") && said.contains("✓ the keys work"), "{said}");
    for listed in ["    types of companies: ", "    statuses: Active ", "    products: MP-", "  1  Email Security ("] {
        assert!(said.contains(listed), "{listed}: {said}");
    }
    let timer = fs::read_to_string(night.path("first/systemd/recount.timer.d/schedule.conf")).expect("the timer");
    assert!(timer.contains("*-*-* 07:00:00"), "{timer}");
    let printed = said.lines().filter(|line| line.trim_start().starts_with("→ recount "));
    assert!(printed.clone().count() > 1 && printed.into_iter().all(|line| line.contains("--config ")), "{said}");
    assert!(said.replace('\n', " ").contains("2 rows, 2 customers, 1 service."), "{said}");
    let text = fs::read_to_string(night.path("first/recount.toml")).unwrap_or_else(|_| panic!("{said}"));
    assert!(text.contains("delimiter = \";\"") && text.contains("count = \"Menge\""), "{text}");
    let config = night.path("first/recount.toml").display().to_string();
    let said = night.recount(&["plan", "--config", &config]).exits(3);
    assert!(said.out.contains("Acme") && said.out.contains("not mapped"), "{}", said.out);
}

/// Of a known vendor's file nothing has to be asked, and the time has a question of its own.
#[test]
fn a_night_at_seven_is_answered_as_people_write_it() {
    let night = Night::new();
    let known = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exports/pax8_invoice.csv");
    fs::copy(known, night.path("invoice.csv")).expect("copied");
    let [public, private] =
        ["public", "private"].map(|name| format!("file:{}", night.path("keys").join(name).display()));
    let answers =
        [&*night.sim().url(), "examplemsp", crate::support::CLIENT_ID, &public, &private, "invoice.csv", "1", "7am"];
    let said = typed_at_a_terminal(&night, "init --dir first", &answers);
    assert!(said.contains("Time of the nightly run, such as 7am [06:15]"), "{said}");
    let text = fs::read_to_string(night.path("first/recount.toml")).unwrap_or_else(|_| panic!("{said}"));
    assert!(text.contains("profile = \"pax8-invoice\"") && text.contains("schedule = \"0 7 * * *\""), "{text}");
}

/// The proposals of an ordinary file are taken by Enter, and keys that ConnectWise refuses were "not asked yet".
#[test]
fn proposals_are_taken_by_enter_and_refused_keys_are_called_so() {
    let night = Night::new();
    night.write("rmm.csv", "Customer Tenant Id,Customer Name,Device,Plan\n8d1c,Acme,pc1,Basic\n8d1c,Acme,pc2,Basic\n");
    night.secret("wrong", "q1w2e3r4t5y6u7i8", 0o600);
    let [public, wrong] = ["public", "wrong"].map(|name| format!("file:{}", night.path("keys").join(name).display()));
    let answers = [&*night.sim().url(), "examplemsp", crate::support::CLIENT_ID, &public, &wrong, "rmm.csv", "", ""];
    let said = typed_at_a_terminal(&night, "init --dir first", &answers);
    assert!(said.contains("ConnectWise was asked: ") && !said.contains("was not asked"), "{said}");
    assert!(said.contains("[Customer Name, Plan, rows]") && said.contains("each row is one"), "{said}");
    let text = fs::read_to_string(night.path("first/recount.toml")).unwrap_or_else(|_| panic!("{said}"));
    assert!(text.contains("customer = \"Customer Name\"") && text.contains("count_by = \"rows\""), "{text}");
    let export = night.path("rmm.csv").display().to_string();
    let config = night.path("first/recount.toml").display().to_string();
    let added = ["integrations", "add", "second", "--yes", "--config", &config, "--agreement-type", "none"];
    night.recount(&[&added[..], &["--export", &export, "--service-column", "Device"]].concat());
    let text = fs::read_to_string(night.path("first/recount.toml")).expect("the configuration");
    let (_, second) = text.split_once("[integration.second.export]").expect("added");
    assert!(second.contains("service = \"Device\"") && second.contains("count_by = \"rows\""), "{text}");
}

/// An API's answer stands on one line as it comes, and on many where somebody looked at it: what is proposed is the same.
#[test]
fn the_keys_of_json_are_proposed_on_one_line_as_on_many() {
    let night = Night::new();
    let items = r#"{"account": "Acme", "plan": "CloudFilter", "seats": 3}, {"account": "Borealis", "plan": "CloudFilter", "seats": 5}"#;
    let one = format!("{{\"items\": [{items}], \"page\": {{\"size\": 2, \"number\": 0}}}}");
    let spread = one.replace("{\"", "{\n\"").replace(", ", ",\n");
    let pages = format!("{{\"tenant\": \"x\", \"items\": [{items}]}}\n").repeat(2);
    let plain = format!("[{items}]");
    for (number, (text, proposed)) in
        [(&one, "records = \"items"), (&spread, "records = \"items"), (&pages, "records = \"items[]\""), (&plain, "")]
            .into_iter()
            .enumerate()
    {
        let mut words = init(&night, &["--dir", &format!("json-{number}")]);
        fs::remove_file(night.path("exports/usage-1.csv")).expect("removed");
        night.write("exports/usage-1.json", text);
        words.iter_mut().for_each(|word| *word = word.replace("usage-*.csv", "usage-*.json"));
        if !proposed.is_empty() {
            let columns = ["--customer-column", "account", "--service-column", "plan", "--count-column", "seats"];
            words.extend(columns.map(str::to_owned));
        }
        words.drain(2..4);
        let said = night.recount(&typed(&words)).exits(0);
        assert!(said.out.replace('\n', " ").contains(proposed), "{text}\n{}", said.out);
        if proposed.is_empty() {
            assert!(said.out.replace('\n', " ").contains("2 rows, 2 customers, 1 service."), "{}", said.out);
        }
    }
}

/// A configuration that worked for a year is not replaced by a slip of the hand.
#[test]
fn init_never_writes_over_a_file() {
    let night = Night::new();
    let words = init(&night, &[]);
    night.write("first/customers.csv", "customer,company_id,agreement_id,note\n");
    let said = night.recount(&typed(&words)).exits(2);
    assert!(said.err.contains("customers.csv is there already"), "{}", said.err);
    assert!(!night.path("first/recount.toml").exists() && !night.path("first/systemd").exists());
}

/// A script is told of everything that it forgot, at once, and nothing is half done.
#[test]
fn init_without_answers_names_what_it_needs() {
    let night = Night::new();
    let said = night.recount(&["init", "--dir", "first"]).exits(2);
    for flag in ["--site or --url", "--company", "--client-id", "--export"] {
        assert!(said.err.contains(flag), "{flag}\n{}", said.err);
    }
    assert!(!night.path("first").exists());
}

/// Somebody pastes the key where its place is asked for: it is not repeated, stored or logged.
#[test]
fn a_key_given_to_init_is_refused_unseen() {
    let night = Night::new();
    let mut words = init(&night, &[]);
    let at = words.iter().position(|word| word == "--private-key").expect("given") + 1;
    words[at] = "hunter2".to_owned();
    let said = night.recount(&typed(&words)).exits(2);
    assert!(said.err.contains("--private-key") && !said.err.contains("hunter2"), "{}", said.err);
    assert!(!night.path("first").exists());
}

/// What cannot be loaded tonight is not left behind.
#[test]
fn an_answer_that_the_configuration_refuses_leaves_nothing() {
    let night = Night::new();
    let mut words = init(&night, &[]);
    let at = words.iter().position(|word| word == "--url").expect("given") + 1;
    words[at] = "http://psa.example.com".to_owned();
    let said = night.recount(&typed(&words)).exits(16);
    assert!(said.err.contains("https://"), "{}", said.err);
    assert!(!night.path("first/recount.toml").exists() && !night.path("first/customers.csv").exists());
}

/// The table that `init` prints is the one in the guide.
#[test]
fn the_role_is_the_same_in_init_and_in_the_guide() {
    let night = Night::new();
    let words = init(&night, &[]);
    let said = night.recount(&typed(&words)).exits(0);
    let guide = include_str!("../docs/connectwise-roles.md");
    let rows = guide.lines().filter(|line| line.starts_with("| ") && line.contains("Inquire"));
    for row in rows.clone() {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let printed = said.out.lines().find(|line| line.contains(cells[0])).unwrap_or_else(|| panic!("{row}"));
        let printed: Vec<&str> = printed.trim().split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        assert_eq!(printed, cells);
    }
    assert_eq!(rows.count(), 5);
}

/// A page for each command; a shell that completes.
#[test]
fn there_are_manual_pages_and_completions() {
    let night = Night::new();
    night.recount(&["man", "--out", "pages"]).exits(0);
    let page = fs::read_to_string(night.path("pages/recount-map-add.1")).expect("a page");
    assert!(page.contains("recount map add"), "{page}");
    for shell in ["bash", "zsh", "fish"] {
        assert!(night.recount(&["completions", shell]).exits(0).out.contains("recount"), "{shell}");
    }
}

/// A second vendor is asked as the first one was, and what it bills is named before it goes.
#[test]
fn a_second_vendor_is_added_and_removed_and_its_history_stays() {
    let night = Night::new();
    night.approve();
    night.write("exports/second-1.csv", "Account,Product,Quantity\nAcme,CloudFilter,3\n");
    let export = night.path("exports/second-*.csv").display().to_string();
    let added =
        night.recount(&["integrations", "add", "second", "--yes", "--export", &export, "--agreement-type", "none"]);
    let added = added.exits(0);
    assert!(added.out.contains("second was added to ") && added.out.contains("second: keys"), "{}", added.out);
    assert!(night.path("customers-second.csv").exists());
    let text = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    assert!(text.contains("[integration.second.services]\n# \"CloudFilter\" = { product = "), "{text}");
    night.recount(&["integrations", "add", "second", "--yes", "--export", &export]).exits(2);
    let refused = night.recount(&["integrations", "remove", "mail"]).exits(2);
    assert!(refused.err.contains("stay billed") && refused.err.contains("MP-CLOUDFILTER"), "{}", refused.err);
    night.recount(&["integrations", "remove", "second", "--yes"]).exits(0);
    let only = night.recount(&["integrations", "remove", "mail", "--yes"]).exits(2);
    assert!(only.err.contains("mail is the only integration"), "{}", only.err);
    night.recount(&["history"]).exits(0);
}

/// Otherwise a typo in the configuration ends billing without a word: the mail's address stands in the same file.
#[test]
fn a_night_without_a_readable_configuration_is_recorded_and_told() {
    let night = Night::new();
    night.approve();
    night.run().exits(0);
    let good = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", good.replace("[integration.mail]", "[integration.mail]\nmoed = \"apply\""));
    let said = night.recount(&["run"]).exits(16);
    assert!(said.err.contains("moed"), "{}", said.err);
    night.write("recount.toml", &good);
    let status = night.recount(&["status"]).exits(16);
    assert!(status.out.contains("unhealthy"), "{}", status.out);
    let history = night.recount(&["history", "--json"]).exits(0).json();
    assert_eq!(history["history"][0]["verdict"], "failed", "{history:#}");
    night.run().exits(0);
}

/// Keys that only stand there are no keys, and a slip in a name is said where it was made.
#[test]
fn check_proves_the_keys_and_names_what_is_not_there() {
    let night = Night::new();
    let good = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write(
        "recount.toml",
        good.replace("[integration.mail]", "[integration.mail]\ncompany_types = [\"Clientele\"]"),
    );
    let said = night.recount(&["check"]);
    assert!(said.out.contains("no company bears \"clientele\""), "{}", said.out);
    night.write("recount.toml", good.replace("company = \"examplemsp\"", "company = \"elsewhere\""));
    let said = night.recount(&["check"]);
    assert!(said.out.contains("has no login company elsewhere"), "{}", said.out);
    assert!(!said.out.contains("✓ mail: keys"), "{}", said.out);
}

/// A host that is a day ahead begins lines, and ends old ones, a day early: nobody would see it in the report.
#[test]
fn check_says_that_the_clock_is_not_connectwises() {
    let night = Night::new();
    let dated =
        |date: &str| night.fault(&format!(r#"[{{"when": {{}}, "then": {{"headers": {{"Date": "{date}"}}}}}}]"#));
    dated("Wed, 04 Mar 2026 02:00:00 GMT");
    let said = night.recount(&["check"]);
    assert!(said.out.contains("d ahead of ConnectWise's"), "{}", said.out);
    dated("Mon, 04 Mar 2233 02:00:00 GMT");
    let said = night.recount(&["check"]);
    assert!(said.out.contains("d behind ConnectWise's"), "{}", said.out);
    dated(&now().format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    let said = night.recount(&["check"]);
    assert!(!said.out.contains("of ConnectWise's") && !said.out.contains("behind ConnectWise's"), "{}", said.out);
}

/// Whoever has a live ConnectWise can answer what nobody wrote down, and gives nobody away.
#[test]
fn a_probe_asks_and_names_nobody() {
    let night = Night::new();
    night.approve();
    let before = night.billed();
    night.sim().clear_requests();
    let said = night.recount(&["check", "--probe", "10"]).exits(0);
    assert!(said.out.contains("system/bundles") && said.out.contains("midnight Z"), "{}", said.out);
    assert!(night.sim().writes().is_empty(), "{:#?}", night.sim().writes());
    for name in ["Acme", "Borealis", "MP-", "examplemsp"] {
        assert!(!said.out.contains(name), "{name}: {}", said.out);
    }
    let said = night.recount(&["check", "--probe", "10", "--write"]).exits(0);
    assert!(said.out.contains("PATCH of the same quantity: 200"), "{}", said.out);
    assert_eq!(night.billed(), before);
}

/// README promises an intent on the disk before any write, this one too: a probe that dies must leave something to look up.
#[test]
fn a_probe_that_writes_is_in_the_journal_before_its_request_leaves() {
    let night = Night::new();
    night.approve();
    night.recount(&["check", "--probe", "10", "--write"]).exits(0);
    let journal = night.journal();
    assert_eq!((journal.len(), journal[0].applied), (2, true), "the simulator refuses fields on a write: {journal:#?}");
    night.recount(&["verify"]).exits(0);
    assert!(night.run().exits(0).codes().is_empty(), "nothing is left in doubt");
    night.sim().clear_requests();
    night.fault(r#"[{"when": {"method": "PATCH"}, "then": {"connection": "hold"}}]"#);
    let probe = night.start(&["check", "--probe", "10", "--write"]);
    wait_until("the request", || night.sent("PATCH").len() == 1);
    night.heard(probe.kill());
    assert!(night.journal().last().is_some_and(|write| !write.applied), "{:#?}", night.journal());
    night.no_faults();
    let said = night.run();
    assert!(said.codes().contains(&"in-doubt".to_owned()) && said.out.contains("is not written again"), "{}", said.out);
    let newest = night.run().exits(0).first_run()["run"].clone();
    night.recount(&["check", "--probe", "10", "--write"]).exits(0);
    assert_eq!(night.recount(&["report", "--json"]).first_run()["run"], newest, "a probe is no night");
    let history = night.recount(&["history"]).exits(0);
    assert!(history.out.contains("probe"), "{}", history.out);
}

/// README says to apply the fingerprint that `plan` printed; where nothing was to be changed it printed none, and the first night
/// that changed something was held.
#[test]
fn a_first_plan_that_changes_nothing_says_how_it_is_approved() {
    let night = Night::new();
    for command in ["plan", "run"] {
        let said = night.recount(&[command]).exits(0);
        let typed =
            said.out.lines().find_map(|line| line.strip_prefix("Next: recount ")).expect("a command").to_owned();
        assert!(typed.starts_with("apply "), "{}", said.out);
        if command == "run" {
            night.recount(&typed.split(' ').collect::<Vec<_>>()).exits(0);
        }
    }
    assert!(!night.recount(&["plan"]).exits(0).out.contains("approved"), "once is enough");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,4\nBorealis,CloudFilter,5\n");
    night.run().exits(0);
    assert_eq!(night.sent("PATCH").len(), 1);
}

/// 4,000 licences became 1 each, and a list of devices was read by another vendor's profile, which kept nobody.
#[test]
fn init_takes_the_column_that_counts_and_no_profile_that_keeps_nobody() {
    let night = Night::new();
    for (number, (cells, says)) in [
        (["10 GB", "4 GB"], "match = '^"),
        (["\"1,250\"", "\"4,000\""], "thousands = \",\""),
        (["Yes", "No"], "is = [\"Yes\"]"),
    ]
    .into_iter()
    .enumerate()
    {
        let words = init(&night, &["--dir", &format!("kind-{number}")]);
        let [first, second] = cells;
        night.write("exports/usage-1.csv", format!("Customer,Product,Quantity\nA,E3,{first}\nB,E3,{second}\n"));
        let mut words = words;
        words.drain(2..4);
        let said = night.recount(&typed(&words)).exits(0);
        let text = fs::read_to_string(night.path(&format!("kind-{number}/recount.toml"))).expect("the configuration");
        assert!(text.contains("count = \"Quantity\"") && !text.contains("count_by"), "{text}");
        assert!(said.out.replace('\n', " ").contains(says), "{first}: {}", said.out);
    }
    let mut words = init(&night, &["--dir", "devices"]);
    words.drain(2..4);
    let devices = "Company,Type,Endpoint,Status\nA,Server,s1,Online\nB,Desktop,p1,Offline\n";
    night.write("exports/usage-1.csv", devices);
    let said = night.recount(&typed(&words)).exits(2);
    assert!(said.err.contains("--service-column"), "{}", said.err);
    night.write("exports/usage-1.csv", devices.replace("Online", "Paid"));
    let said = night.recount(&typed(&words)).exits(0);
    assert!(said.out.contains("the profile msp360"), "{}", said.out);
}

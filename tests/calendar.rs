//! Nights at set instants: whose day it is, whose month, and which invoice a change reaches.

mod renames;

use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use recount_sim::Addition;
use rust_decimal::Decimal;

use crate::support::Night;
use recount::apply::lease_guard::LeaseGuard;
use recount::apply::stop_signal::Stop;
use recount::config::load::load;
use recount::connectwise::client::Client;
use recount::history::desk::people_kept_by_restore::PeopleOf;
use recount::history::past::days_kept_by_restore::KeptDays;
use recount::history::run_record::{LineRecord, RunRecord};
use recount::history::store::open::History;
use recount::history::store::run_lock::RunLock;
use recount::nightly::job::{ExportSource, Job, PlanSource, RunControl};
use recount::nightly::run::{plan_and_apply, plan_only};
use recount::reconcile::model::ids::RunId;
use recount::reconcile::model::plan::outcome::{Mode, Outcome, RunCommand};
use recount::reconcile::model::plan::reason_code::{Code, Severity};
use recount::report::format::paint::Paint;
use recount::report::format::text::{self, View};
use recount::report::report_files::Reports;

/// An installation whose clock stands where a test puts it.
struct Clocked(Night);

impl Clocked {
    fn new(zone: &str) -> Self {
        let night = Night::new();
        let guards = "max_units_down = \"100%\"\nmax_units_up = \"100%\"\nmax_age = \"360d\"\n";
        night.append(guards);
        let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
        night.write(
            "recount.toml",
            text.replace("[integration.mail]\n", &format!("[integration.mail]\nzone = \"{zone}\"\n")),
        );
        Self(night)
    }

    /// A first plan that changes nothing was approved.
    fn approved(zone: &str, at: &str) -> Self {
        let clocked = Self::new(zone);
        let plan = clocked.run(at, RunCommand::Plan, None);
        let fingerprint = plan.planned.expect("a plan").fingerprint;
        clocked.run(at, RunCommand::Apply, Some(&fingerprint));
        clocked
    }

    fn counts(&self, rows: &str) {
        self.0.export(format!("Account,Product,Quantity\n{rows}"));
    }

    fn night(&self, at: &str) -> RunRecord {
        self.run(at, RunCommand::Run, None)
    }

    fn run(&self, at: &str, command: RunCommand, approved: Option<&str>) -> RunRecord {
        self.run_of(at, command, approved, None)
    }

    /// Sets a run back: its plan is drawn, and approved.
    fn undo(&self, at: &str, run: RunId) -> RunRecord {
        let plan = self.drawn_undo(at, run).planned.expect("a plan");
        self.run_of(at, RunCommand::Apply, Some(&plan.fingerprint), Some(run))
    }

    /// The plan to set a run back, for somebody to approve.
    fn drawn_undo(&self, at: &str, run: RunId) -> RunRecord {
        self.run_of(at, RunCommand::Undo, None, Some(run))
    }

    fn run_of(&self, at: &str, command: RunCommand, approved: Option<&str>, undone: Option<RunId>) -> RunRecord {
        let now: DateTime<Utc> = at.parse().expect("an instant");
        self.dated(now - TimeDelta::hours(1));
        let config = load(&self.0.path("recount.toml")).expect("a configuration");
        let integration = config.integrations.values().next().expect("an integration");
        let (settings, keys) = config.connectwise["main"].settings(|| SystemTime::UNIX_EPOCH).expect("keys");
        let client = Client::new(settings, &keys).expect("a client");
        let (lock, clock, stop) = (RunLock::take(&config.state, now).expect("the lock"), || now, Stop::never());
        let mut history = History::open(&config.state, now).expect("the history");
        let source = ExportSource {
            export: &integration.export,
            fetched: &config.state,
            shared: None,
            mapping: integration.mapping.as_ref().expect("a mapping"),
            neighbours: &[],
            guards: &integration.guards,
        };
        let job = Job {
            integration: &integration.name,
            mode: Mode::Apply,
            command,
            source: undone.map_or(PlanSource::Export(source), |run| PlanSource::Undo(run, source)),
            approved,
            settle: TimeDelta::zero(),
            approval_life: TimeDelta::MAX,
            site: "sim",
            zone: &integration.zone,
            host_change: None,
            missed: None,
            control: RunControl { clock: &clock, stop: &stop, lease: &LeaseGuard::none() },
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let run = match command {
            RunCommand::Plan => runtime.block_on(plan_only(job, &lock, &mut history, || Ok(client))),
            _ => runtime.block_on(plan_and_apply(job, &lock, &mut history, || Ok(client))),
        };
        let run = run.expect("a run");
        Reports::of(&config.state).keep(&history, &run).expect("a report");
        run
    }

    /// Every export is of that hour: the newest by its name is read.
    fn dated(&self, at: DateTime<Utc>) {
        let mut files: Vec<_> = std::fs::read_dir(self.0.path("exports")).expect("exports").flatten().collect();
        files.sort_by_key(|file| (file.file_name().len(), file.file_name()));
        for (age, file) in files.iter().rev().enumerate() {
            let file = std::fs::File::options().write(true).open(file.path()).expect("an export");
            let hours = TimeDelta::hours(i64::try_from(age).expect("few") * 12);
            file.set_modified(SystemTime::from(at - hours)).expect("a time");
        }
    }

    fn addition(&self, product: &str) -> Addition {
        self.0.sim().world().additions.into_iter().find(|found| found.product == product).expect("an addition")
    }

    fn next_invoice(&self, date: &str) {
        let day = date.parse::<NaiveDate>().expect("a day");
        self.0.sim().edit(|world| world.agreements.iter_mut().for_each(|one| one.next_invoice = Some(day)));
    }
}

fn line<'a>(run: &'a RunRecord, product: &str) -> &'a LineRecord {
    let lines = &run.planned.as_ref().expect("a plan").lines;
    let of_product = |line: &&LineRecord| line.product.as_ref().is_some_and(|found| found.as_str() == product);
    lines.iter().find(of_product).unwrap_or_else(|| panic!("{product}: {lines:?}"))
}

fn exit(run: &RunRecord) -> Option<u8> {
    run.end.as_ref().map(|end| end.exit_code)
}

fn told(run: &RunRecord) -> String {
    text::render(run, View { paint: Paint::PLAIN, whole: true, known: &[], is_older: false })
}

/// Otherwise a line would begin a day early, and a report of December bear November's name.
#[test]
fn a_new_line_begins_and_a_report_is_dated_by_the_days_of_the_zone() {
    for (zone, at, day, shown, month) in [
        ("Australia/Sydney", "2026-11-30T20:30:00Z", "2026-12-01", "Tue 1 Dec 2026", "December 2026"),
        ("America/Los_Angeles", "2026-12-01T06:15:00Z", "2026-11-30", "Mon 30 Nov 2026", "November 2026"),
        ("Asia/Kolkata", "2028-02-28T18:30:00Z", "2028-02-29", "Tue 29 Feb 2028", "February 2028"),
        // The night on which the clocks go forward, and the second of two hours on which they go back.
        ("America/New_York", "2027-03-14T07:00:00Z", "2027-03-14", "Sun 14 Mar 2027", "March 2027"),
        ("America/New_York", "2026-11-01T06:30:00Z", "2026-11-01", "Sun 1 Nov 2026", "November 2026"),
        ("Australia/Lord_Howe", "2027-04-03T15:30:00Z", "2027-04-04", "Sun 4 Apr 2027", "April 2027"),
    ] {
        let before = at.parse::<DateTime<Utc>>().expect("an instant") - TimeDelta::days(2);
        let clocked = Clocked::approved(zone, &before.to_rfc3339());
        clocked.counts("Acme,CloudFilter,3\nAcme,Archive,2\nBorealis,CloudFilter,5\n");
        let run = clocked.night(at);
        assert_eq!(line(&run, "MP-ARCHIVE").outcome, Outcome::Created, "{zone} at {at}: {}", told(&run));
        let effective = clocked.addition("MP-ARCHIVE").effective.map(|day| day.to_string());
        assert_eq!(effective.as_deref(), Some(day), "{zone} at {at}");
        assert!(told(&run).contains(shown), "{zone} at {at}: {}", told(&run));
        let page = std::fs::read_to_string(clocked.0.path("state/reports/ready.html")).expect("the page");
        assert!(page.contains(month) && page.contains("MP-ARCHIVE"), "{zone} at {at}: the month's page");
    }
}

/// Otherwise a peak would be lost before its month's invoice, in the evening of the last day.
#[test]
fn a_peak_lasts_through_the_evening_of_the_month_s_last_day() {
    let clocked = Clocked::new("America/Los_Angeles");
    let text = std::fs::read_to_string(clocked.0.path("recount.toml")).expect("the configuration");
    let peak = "\"CloudFilter\" = { product = \"MP-CLOUDFILTER\", quantity = \"peak\" }";
    clocked.0.write("recount.toml", text.replace("\"CloudFilter\" = { product = \"MP-CLOUDFILTER\" }", peak));
    clocked.counts("Acme,CloudFilter,12\nBorealis,CloudFilter,5\n");
    let plan = clocked.run("2026-11-29T20:00:00Z", RunCommand::Plan, None).planned.expect("a plan");
    let peak = clocked.run("2026-11-29T20:00:00Z", RunCommand::Apply, Some(&plan.fingerprint));
    assert_eq!(line(&peak, "MP-CLOUDFILTER").outcome, Outcome::Updated, "{}", told(&peak));
    clocked.counts("Acme,CloudFilter,9\nBorealis,CloudFilter,5\n");
    clocked.next_invoice("2026-12-01");
    // In UTC it is December already.
    clocked.night("2026-12-01T06:15:00Z");
    assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(12), "it is 30 November there");
    let due = clocked.night("2026-12-02T06:15:00Z");
    assert_eq!(line(&due, "MP-CLOUDFILTER").outcome, Outcome::Skipped, "the invoice of 1 December is not made yet");
    clocked.next_invoice("2027-01-01");
    let made = clocked.night("2026-12-03T06:15:00Z");
    assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(9), "{}", told(&made));
}

/// The month's peak, and the one whose invoice was not made yet, were on no invoice: the count began anew under the other name.
#[test]
fn a_peak_is_the_lines_whatever_its_integration_is_called() {
    let clocked = Clocked::new("UTC");
    let edit = |from: &str, to: &str| {
        let text = std::fs::read_to_string(clocked.0.path("recount.toml")).expect("the configuration");
        clocked.0.write("recount.toml", text.replace(from, to));
    };
    let plain = "\"CloudFilter\" = { product = \"MP-CLOUDFILTER\" }";
    edit(plain, "\"CloudFilter\" = { product = \"MP-CLOUDFILTER\", quantity = \"peak\" }");
    clocked.next_invoice("2026-12-15");
    let night = |at: &str, acme: u32| {
        clocked.counts(&format!("Acme,CloudFilter,{acme}\nBorealis,CloudFilter,5\n"));
        clocked.night(at)
    };
    let approve = |at: &str, acme: u32| {
        clocked.counts(&format!("Acme,CloudFilter,{acme}\nBorealis,CloudFilter,5\n"));
        let plan = clocked.run(at, RunCommand::Plan, None).planned.expect("a plan");
        clocked.run(at, RunCommand::Apply, Some(&plan.fingerprint))
    };
    let billed = || clocked.addition("MP-CLOUDFILTER").quantity;
    approve("2026-11-20T06:00:00Z", 12);
    night("2026-11-25T06:00:00Z", 9);
    night("2026-12-02T06:00:00Z", 11);
    edit("[integration.mail", "[integration.post");
    approve("2026-12-05T06:00:00Z", 7);
    let waits = night("2026-12-06T06:00:00Z", 8);
    assert_eq!(billed(), Decimal::from(12), "November's peak is for the invoice of 15 December: {}", told(&waits));
    clocked.next_invoice("2027-01-15");
    let made = night("2026-12-16T06:00:00Z", 7);
    assert_eq!(billed(), Decimal::from(11), "December's was before the other name: {}", told(&made));
    night("2027-01-16T06:00:00Z", 6);
    assert_eq!(billed(), Decimal::from(11), "until its invoice is made");
    clocked.next_invoice("2027-02-15");
    let next = night("2027-01-17T06:00:00Z", 6);
    assert_eq!(billed(), Decimal::from(6), "and no longer: {}", told(&next));
}

/// Otherwise an agreement would end half a day early, or a quantity be written on one that has ended.
#[test]
fn an_agreement_ends_with_its_last_day_in_the_zone() {
    let clocked = Clocked::approved("Asia/Kolkata", "2028-02-01T12:00:00Z");
    let last = NaiveDate::from_ymd_opt(2028, 2, 29);
    clocked.0.sim().edit(|world| {
        world.agreements[0].end = last;
        world.agreements[0].status = Some("Active".to_owned());
    });
    clocked.counts("Acme,CloudFilter,4\nBorealis,CloudFilter,5\n");
    let after = clocked.run("2028-02-29T18:30:00Z", RunCommand::Plan, None);
    assert_eq!(line(&after, "MP-CLOUDFILTER").outcome, Outcome::Held, "1 March there");
    clocked.night("2028-02-29T18:29:00Z");
    assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(4), "its last minute");
}

/// Otherwise a quantity would change under the hands of whoever makes the invoices.
#[test]
fn nothing_is_written_in_the_days_before_an_invoice() {
    let clocked = Clocked::approved("America/New_York", "2026-11-20T12:00:00Z");
    let text = std::fs::read_to_string(clocked.0.path("recount.toml")).expect("the configuration");
    clocked.0.write("recount.toml", text.replace("create_lines = true", "create_lines = true\nfreeze = \"3d\""));
    clocked.next_invoice("2026-12-01");
    for (at, count, billed) in [
        ("2026-11-28T04:59:00Z", 4, 4),
        // 28 November there, three days before, until the day itself is over.
        ("2026-11-28T05:00:00Z", 5, 4),
        ("2026-12-02T04:59:00Z", 6, 4),
        ("2026-12-02T05:00:00Z", 7, 7),
    ] {
        clocked.counts(&format!("Acme,CloudFilter,{count}\nBorealis,CloudFilter,5\n"));
        let run = clocked.night(at);
        assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(billed), "{at}: {}", told(&run));
        assert_eq!(run.end.as_ref().map(|end| end.exit_code), Some(0), "{at}: {}", told(&run));
    }
}

/// On the last night of November ConnectWise refused the peak of 9, or somebody had to approve it. On the first of December the line
/// was "equal", though November's invoice was not made yet: it was billed nowhere. And December's rise went onto November's invoice.
#[test]
fn a_month_s_peak_stands_until_its_invoice_is_made() {
    let clocked = Clocked::approved("Etc/UTC", "2026-11-20T12:00:00Z");
    let text = std::fs::read_to_string(clocked.0.path("recount.toml")).expect("the configuration");
    let peak = "\"CloudFilter\" = { product = \"MP-CLOUDFILTER\", quantity = \"peak\" }";
    clocked.0.write("recount.toml", text.replace("\"CloudFilter\" = { product = \"MP-CLOUDFILTER\" }", peak));
    clocked.next_invoice("2026-12-01");
    let billed = || clocked.addition("MP-CLOUDFILTER").quantity;
    let acme = |count: u32| clocked.counts(&format!("Acme,CloudFilter,{count}\nBorealis,CloudFilter,5\n"));
    acme(4);
    clocked.night("2026-11-29T06:15:00Z");
    acme(6);
    clocked.0.fault(r#"[{"when": {"method": "PATCH"}, "then": {"status": 400}}]"#);
    clocked.night("2026-11-30T06:15:00Z");
    clocked.0.no_faults();
    assert_eq!(billed(), Decimal::from(4));
    // December begins with less, and then with more: the invoice of November shows November's peak.
    acme(5);
    let first = clocked.night("2026-12-01T06:15:00Z");
    assert_eq!(billed(), Decimal::from(6), "{}", told(&first));
    let how = line(&first, "MP-CLOUDFILTER").sources[0].how.clone().unwrap_or_default();
    assert!(how.starts_with("last month, whose invoice is not made: ") && how.contains("peak of"), "{how}");
    acme(7);
    let second = clocked.night("2026-12-02T06:15:00Z");
    assert_eq!(billed(), Decimal::from(6), "{}", told(&second));
    assert_eq!(line(&second, "MP-CLOUDFILTER").reason, Code::InvoiceDue, "{}", told(&second));
    // It is made: December counts by itself.
    clocked.next_invoice("2027-01-01");
    acme(5);
    let made = clocked.night("2026-12-03T06:15:00Z");
    assert_eq!(billed(), Decimal::from(7), "{}", told(&made));
}

/// A peak that was planned for December's invoice was approved once that was made, and was billed on January's; and a new line that
/// was to begin with the invoice of 15 December began with the next one: its month was billed nowhere.
#[test]
fn a_plan_that_meets_another_invoice_by_now_is_refused_and_says_so() {
    let planned = |service: &str, rows: &str, next: &str, at: &str| {
        let clocked = Clocked::approved("Etc/UTC", "2026-12-10T12:00:00Z");
        let text = std::fs::read_to_string(clocked.0.path("recount.toml")).expect("the configuration");
        clocked.0.write("recount.toml", text.replace("\"CloudFilter\" = { product = \"MP-CLOUDFILTER\" }", service));
        if !next.is_empty() {
            clocked.next_invoice(next);
        }
        clocked.counts(rows);
        let drawn = clocked.run(at, RunCommand::Plan, None).planned.expect("a plan").fingerprint;
        let later = at.parse::<DateTime<Utc>>().expect("an instant") + TimeDelta::hours(12);
        let again = clocked.run(&later.to_rfc3339(), RunCommand::Plan, None).planned.expect("a plan").fingerprint;
        assert_eq!(drawn, again, "nothing moved on that day");
        (clocked, drawn)
    };
    let peak = "\"CloudFilter\" = { product = \"MP-CLOUDFILTER\", quantity = \"peak\" }";
    let current = "\"CloudFilter\" = { product = \"MP-CLOUDFILTER\" }";
    let (seven, archive) = (
        "Acme,CloudFilter,7\nBorealis,CloudFilter,5\n",
        "Acme,CloudFilter,3\nAcme,Archive,2\nBorealis,CloudFilter,5\n",
    );
    for (service, rows, [before, after], [drawn, late], [was, now]) in [
        (
            peak,
            seven,
            ["2026-12-31", "2027-01-31"],
            ["2026-12-31T06:15:00Z", "2027-01-01T09:00:00Z"],
            [
                "3 → 7 on the invoice of Thu 31 Dec 2026, of December 2026",
                "3 → 7 on the invoice of Sun 31 Jan 2027, of January 2027",
            ],
        ),
        // Nobody says when it is invoiced.
        (
            peak,
            seven,
            ["", ""],
            ["2026-12-31T06:15:00Z", "2027-01-01T09:00:00Z"],
            ["3 → 7, of December 2026", "3 → 7, of January 2027"],
        ),
        (
            current,
            archive,
            ["2026-12-15", "2027-01-15"],
            ["2026-12-14T06:15:00Z", "2026-12-16T09:00:00Z"],
            ["none → 2 on the invoice of Tue 15 Dec 2026", "none → 2 on the invoice of Fri 15 Jan 2027"],
        ),
    ] {
        let (clocked, plan) = planned(service, rows, before, drawn);
        let on_the_day = clocked.run(&drawn.replace("06:15", "20:15"), RunCommand::Apply, Some(&plan));
        assert_eq!(exit(&on_the_day), Some(0), "{}", told(&on_the_day));
        assert_eq!(clocked.0.sim().writes().len(), 1);

        let (clocked, plan) = planned(service, rows, before, drawn);
        if !after.is_empty() {
            clocked.next_invoice(after);
        }
        let refused = clocked.run(late, RunCommand::Apply, Some(&plan));
        let said = told(&refused).split_whitespace().collect::<Vec<_>>().join(" ");
        let moved = format!("planned {was}, now {now}");
        assert!(exit(&refused) == Some(10) && said.contains(&moved), "{}", told(&refused));
        assert!(clocked.0.sim().writes().is_empty());
    }
}

/// Counts a day of Acme's for a peak or an average, by the days that count.
struct Month<'a> {
    clocked: &'a Clocked,
}

impl<'a> Month<'a> {
    fn of(clocked: &'a Clocked, quantity: &str) -> Self {
        let text = std::fs::read_to_string(clocked.0.path("recount.toml")).expect("the configuration");
        let service = format!("\"CloudFilter\" = {{ product = \"MP-CLOUDFILTER\", quantity = \"{quantity}\" }}");
        let text = text.replace("\"CloudFilter\" = { product = \"MP-CLOUDFILTER\" }", &service);
        clocked.0.write("recount.toml", text.replace("max_age =", "min_units = \"10%\"\nmax_age ="));
        Self { clocked }
    }

    /// A night with this count; what is billed after it.
    fn night(&self, day: &str, count: u32) -> Decimal {
        self.clocked.counts(&format!("Acme,CloudFilter,{count}\nBorealis,CloudFilter,5\n"));
        let run = self.clocked.night(&format!("{day}T06:15:00Z"));
        assert_eq!(run.end.as_ref().map(|end| end.exit_code), Some(0), "{day}: {}", told(&run));
        self.clocked.addition("MP-CLOUDFILTER").quantity
    }
}

/// Nine were used on 20 November, the invoice is dated the 15th: on the first of December the line fell to December's 5, and
/// what was used between an invoice and the month's end was on no invoice, every month.
#[test]
fn an_invoice_in_the_middle_of_a_month_shows_the_month_before() {
    let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
    let month = Month::of(&clocked, "peak");
    clocked.next_invoice("2026-12-15");
    let billed = |day, count| month.night(day, count);
    assert_eq!(billed("2026-11-20", 9), Decimal::from(9));
    assert_eq!(billed("2026-11-21", 5), Decimal::from(9));
    assert_eq!(billed("2026-12-01", 5), Decimal::from(9), "November's invoice is to come");
    assert_eq!(billed("2026-12-14", 6), Decimal::from(9));
    assert_eq!(billed("2026-12-17", 5), Decimal::from(9), "it is late");
    clocked.next_invoice("2027-01-15");
    assert_eq!(billed("2026-12-18", 5), Decimal::from(6), "December's peak so far");
    assert_eq!(billed("2026-12-20", 12), Decimal::from(12));
    assert_eq!(billed("2027-01-14", 5), Decimal::from(12), "December's invoice is to come");
}

/// Sixty were used while November's invoice was to come. Left out without a word, they were on no invoice; whether they are true is
/// for a person to say, once they would be written.
#[test]
fn a_count_far_from_the_last_one_before_an_invoice_is_asked_about_behind_it() {
    let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
    let text = std::fs::read_to_string(clocked.0.path("recount.toml")).expect("the configuration");
    clocked.0.write("recount.toml", text.replace("max_units_up = \"100%\"", "max_units_up = \"1000%\""));
    let month = Month::of(&clocked, "peak");
    clocked.next_invoice("2026-12-15");
    assert_eq!(month.night("2026-11-20", 9), Decimal::from(9));
    assert_eq!(month.night("2026-12-02", 6), Decimal::from(9));
    assert_eq!(month.night("2026-12-03", 60), Decimal::from(9));
    assert_eq!(month.night("2026-12-04", 7), Decimal::from(9), "the next export is read as any other");
    clocked.next_invoice("2027-01-15");
    clocked.counts("Acme,CloudFilter,5\nBorealis,CloudFilter,5\n");
    let asked = clocked.night("2026-12-18T06:15:00Z");
    assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(9), "60 are not written unasked");
    assert_eq!(line(&asked, "MP-CLOUDFILTER").reason, Code::LineStep, "{}", told(&asked));
    assert_eq!(line(&asked, "MP-CLOUDFILTER").wanted, Some(60.into()), "{}", told(&asked));
}

/// Invoices are made on the last day: otherwise December's would show November, and February's the January that was billed.
#[test]
fn an_invoice_at_a_month_s_end_shows_that_month() {
    let clocked = Clocked::approved("Etc/UTC", "2027-01-20T12:00:00Z");
    let month = Month::of(&clocked, "peak");
    clocked.next_invoice("2027-01-31");
    assert_eq!(month.night("2027-01-30", 9), Decimal::from(9));
    assert_eq!(month.night("2027-01-31", 10), Decimal::from(10), "January's, on its last day");
    assert_eq!(month.night("2027-02-01", 5), Decimal::from(10), "it is not made yet");
    clocked.next_invoice("2027-02-28");
    assert_eq!(month.night("2027-02-02", 5), Decimal::from(5));
    assert_eq!(month.night("2027-02-28", 7), Decimal::from(7));
}

/// The average fell on the last of November, and ConnectWise refused it: December kept the higher one for November's invoice, said
/// that all is well, and then counted anew.
#[test]
fn what_an_invoice_is_to_show_is_written_also_where_it_falls() {
    let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
    let month = Month::of(&clocked, "average");
    clocked.next_invoice("2026-12-01");
    assert_eq!(month.night("2026-11-28", 9), Decimal::from(9));
    clocked.0.fault(r#"[{"when": {"method": "PATCH"}, "then": {"status": 400}}]"#);
    clocked.counts("Acme,CloudFilter,4\nBorealis,CloudFilter,5\n");
    let refused = clocked.night("2026-11-30T06:15:00Z");
    assert_eq!(refused.end.as_ref().map(|end| end.exit_code), Some(5), "{}", told(&refused));
    clocked.0.no_faults();
    let november = Decimal::new(65, 1);
    assert_eq!(month.night("2026-12-01", 4), november);
    assert_eq!(month.night("2026-12-02", 3), november, "December's is for the invoice after");
    clocked.next_invoice("2027-01-01");
    assert_eq!(month.night("2026-12-03", 2), Decimal::from(3));
}

/// The export said 12 one night, which was written and set back; the next night wrote 12 again, though the export was right, and
/// so on to the month's end.
#[test]
fn a_night_that_was_set_back_has_no_part_in_a_peak() {
    for (quantity, after) in [("peak", Decimal::from(6)), ("average", Decimal::from(6))] {
        let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
        let month = Month::of(&clocked, quantity);
        clocked.next_invoice("2026-12-01");
        for day in ["2026-11-18", "2026-11-19", "2026-11-20"] {
            month.night(day, 6);
        }
        clocked.counts("Acme,CloudFilter,12\nBorealis,CloudFilter,5\n");
        let wrong = clocked.night("2026-11-21T06:15:00Z");
        assert!(clocked.addition("MP-CLOUDFILTER").quantity > after, "{}", told(&wrong));
        let undone = clocked.undo("2026-11-21T09:00:00Z", wrong.run);
        assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, after, "{}", told(&undone));
        assert_eq!(month.night("2026-11-22", 6), after, "{quantity}");
        assert_eq!(month.night("2026-11-23", 6), after, "{quantity}");
    }
}

/// A second look at the wrong file wrote nothing, and its counts were those of the day: the night after the undo wrote 12 again.
#[test]
fn what_was_read_twice_and_set_back_has_no_part_in_a_peak() {
    for again in ["2026-11-21T07:00:00Z", "2026-11-22T06:15:00Z"] {
        let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
        let month = Month::of(&clocked, "peak");
        clocked.next_invoice("2026-12-01");
        for day in ["2026-11-18", "2026-11-19", "2026-11-20"] {
            month.night(day, 6);
        }
        clocked.counts("Acme,CloudFilter,12\nBorealis,CloudFilter,5\n");
        let wrong = clocked.night("2026-11-21T06:15:00Z");
        assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(12), "{}", told(&wrong));
        clocked.night(again);
        let undone = clocked.undo("2026-11-22T09:00:00Z", wrong.run);
        assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(6), "{}", told(&undone));
        assert_eq!(month.night("2026-11-23", 6), Decimal::from(6), "read again at {again}");
        assert_eq!(month.night("2026-11-24", 7), Decimal::from(7), "read again at {again}");
    }
}

/// Setting back was looked at and thought better of: the peak was gone all the same, and the next night wrote less than was used.
#[test]
fn an_undo_that_is_only_drawn_takes_no_peak_back() {
    for quantity in ["peak", "average"] {
        let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
        let month = Month::of(&clocked, quantity);
        clocked.next_invoice("2026-12-01");
        clocked.counts("Acme,CloudFilter,9\nBorealis,CloudFilter,5\n");
        let right = clocked.night("2026-11-18T06:15:00Z");
        let before = month.night("2026-11-19", 6);
        clocked.drawn_undo("2026-11-19T09:00:00Z", right.run);
        let after = if quantity == "peak" { before } else { Decimal::from(7) };
        assert_eq!(month.night("2026-11-20", 6), after, "{quantity}: {before} before");
    }
}

/// A right night was set back by mistake, and that was set back, too: the next night took the peak away again.
#[test]
fn an_undo_that_is_undone_gives_the_peak_back() {
    let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
    let month = Month::of(&clocked, "peak");
    clocked.next_invoice("2026-12-01");
    month.night("2026-11-18", 6);
    clocked.counts("Acme,CloudFilter,9\nBorealis,CloudFilter,5\n");
    let right = clocked.night("2026-11-19T06:15:00Z");
    assert_eq!(month.night("2026-11-20", 6), Decimal::from(9));
    let undone = clocked.undo("2026-11-20T09:00:00Z", right.run);
    assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(6), "{}", told(&undone));
    let again = clocked.undo("2026-11-20T10:00:00Z", undone.run);
    assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(9), "{}", told(&again));
    assert_eq!(month.night("2026-11-21", 6), Decimal::from(9));
    let once_more = clocked.undo("2026-11-21T10:00:00Z", again.run);
    assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(6), "{}", told(&once_more));
    assert_eq!(month.night("2026-11-22", 6), Decimal::from(6));
}

/// The vendor's noon export was wrong and was set back: what the right one of the morning had counted went with it.
#[test]
fn the_other_run_of_a_day_that_was_set_back_keeps_its_peak() {
    let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
    let month = Month::of(&clocked, "peak");
    clocked.next_invoice("2026-12-01");
    month.night("2026-11-18", 6);
    assert_eq!(month.night("2026-11-19", 9), Decimal::from(9));
    clocked.counts("Acme,CloudFilter,13\nBorealis,CloudFilter,5\n");
    let wrong = clocked.night("2026-11-19T12:15:00Z");
    let undone = clocked.undo("2026-11-19T13:00:00Z", wrong.run);
    assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(9), "{}", told(&undone));
    assert_eq!(month.night("2026-11-20", 6), Decimal::from(9));
    assert_eq!(month.night("2026-11-21", 6), Decimal::from(9));
}

/// The wrong peak was written on the last of November; before the invoice was made, it said to make it first.
#[test]
fn a_wrong_peak_is_set_back_before_its_invoice_is_made() {
    let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
    let month = Month::of(&clocked, "peak");
    clocked.next_invoice("2026-12-01");
    month.night("2026-11-29", 6);
    clocked.counts("Acme,CloudFilter,12\nBorealis,CloudFilter,5\n");
    let wrong = clocked.night("2026-11-30T06:15:00Z");
    let undone = clocked.undo("2026-12-01T05:00:00Z", wrong.run);
    assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(6), "{}", told(&undone));
    assert_eq!(month.night("2026-12-01", 7), Decimal::from(6), "November's invoice shows November");
}

/// A night of a wrong file was set back, and was the first of two all the same: the next wrong file set the line to 0.
#[test]
fn a_night_that_was_set_back_is_not_the_first_of_two_at_zero() {
    let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
    let text = std::fs::read_to_string(clocked.0.path("recount.toml")).expect("the configuration");
    clocked.0.write("recount.toml", text + "to_zero = \"second-night\"\nmin_units = \"10%\"\n");
    let night = |day: &str, acme: u32| {
        clocked.counts(&format!("Acme,CloudFilter,{acme}\nBorealis,CloudFilter,0\n"));
        clocked.night(&format!("{day}T06:15:00Z"))
    };
    let borealis = || clocked.0.billed().into_iter().find(|line| line.0 == 20).expect("a line").2;
    let wrong = night("2026-11-18", 7);
    let undone = clocked.undo("2026-11-18T09:00:00Z", wrong.run);
    assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(3), "{}", told(&undone));
    let first = night("2026-11-19", 6);
    assert_eq!(borealis(), Decimal::from(5), "{}", told(&first));
    // The second one, though its undo was looked at.
    clocked.drawn_undo("2026-11-19T09:00:00Z", first.run);
    let second = night("2026-11-20", 7);
    assert_eq!(borealis(), Decimal::ZERO, "{}", told(&second));
}

#[test]
fn an_undo_that_is_undone_leaves_the_first_of_two_nights_at_zero() {
    let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
    let text = std::fs::read_to_string(clocked.0.path("recount.toml")).expect("the configuration");
    clocked.0.write("recount.toml", text + "to_zero = \"second-night\"\nmin_units = \"10%\"\n");
    clocked.counts("Acme,CloudFilter,7\nBorealis,CloudFilter,0\n");
    let right = clocked.night("2026-11-18T06:15:00Z");
    let undone = clocked.undo("2026-11-18T09:00:00Z", right.run);
    clocked.undo("2026-11-18T10:00:00Z", undone.run);
    clocked.counts("Acme,CloudFilter,8\nBorealis,CloudFilter,0\n");
    let second = clocked.night("2026-11-19T06:15:00Z");
    let borealis = clocked.0.billed().into_iter().find(|line| line.0 == 20).expect("a line").2;
    assert_eq!(borealis, Decimal::ZERO, "{}", told(&second));
}

/// The peak of a month waits for its invoice in the history alone. An older backup was put back, and the nights since were in no
/// peak: 6 was billed of 9, and every night said OK.
#[test]
fn a_backup_that_is_put_back_takes_no_days_out_of_a_peak() {
    for (damaged, parted, after) in [(false, false, 9), (false, true, 9), (true, false, 6)] {
        let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
        let month = Month::of(&clocked, "peak");
        clocked.next_invoice("2026-12-15");
        month.night("2026-11-30", 5);
        month.night("2026-12-02", 5);
        let (state, copy) = (clocked.0.path("state"), clocked.0.path("copy.db"));
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        let open = || History::open(&state, at("2026-12-02T12:00:00Z")).expect("the history");
        open().back_up(&copy).expect("a backup");
        for day in ["2026-12-03", "2026-12-09"] {
            assert_eq!(month.night(day, 9), Decimal::from(5), "November's invoice is not made yet");
        }
        if damaged {
            std::fs::write(state.join("history.db"), "damaged").expect("written");
        }
        let restore = |from: &Path, now: &str| {
            let lock = RunLock::take(&state, at(now)).expect("the lock");
            History::restore(&lock, &state, from, PeopleOf::WhatStood, at(now)).expect("restored")
        };
        let mut restored = restore(&copy, "2026-12-10T05:00:00Z");
        if parted {
            // There and back: each went on by itself.
            month.night("2026-12-10", 6);
            restored = restore(&state.join("history.db.before-restore"), "2026-12-11T05:00:00Z");
        }
        let days = |first: &str, last: &str| Some((first.parse().expect("a day"), last.parse().expect("a day")));
        let expected = match (damaged, parted) {
            (true, _) => KeptDays { kept: None, unknown: days("2026-12-03", "2026-12-10") },
            (false, true) => KeptDays { kept: days("2026-12-10", "2026-12-10"), unknown: None },
            (false, false) => KeptDays { kept: days("2026-12-03", "2026-12-09"), unknown: None },
        };
        assert_eq!(restored.days, expected);
        clocked.counts("Acme,CloudFilter,6\nBorealis,CloudFilter,5\n");
        clocked.next_invoice("2027-01-15");
        let night = clocked.night("2026-12-16T06:15:00Z");
        assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(after), "{}", told(&night));
        let said = night.end.as_ref().is_some_and(|end| end.findings.iter().any(|one| one.code == Code::DaysUnknown));
        assert_eq!((exit(&night), said), if damaged { (Some(3), true) } else { (Some(0), false) }, "{}", told(&night));
    }
}

/// November's invoice was made on 6 January: January's peak of 12 stood on it, and then on December's.
#[test]
fn an_invoice_that_is_months_late_shows_no_later_month() {
    let clocked = Clocked::approved("Etc/UTC", "2026-11-17T12:00:00Z");
    let month = Month::of(&clocked, "peak");
    clocked.next_invoice("2026-12-01");
    assert_eq!(month.night("2026-11-28", 9), Decimal::from(9));
    assert_eq!(month.night("2026-12-10", 7), Decimal::from(9));
    assert_eq!(month.night("2027-01-03", 12), Decimal::from(9), "November's is not made yet");
    clocked.next_invoice("2027-01-01");
    assert_eq!(month.night("2027-01-06", 12), Decimal::from(7), "December's is to come");
    clocked.next_invoice("2027-02-01");
    assert_eq!(month.night("2027-01-07", 4), Decimal::from(12));
}

/// It said "will be written when 1 December is past", and then December counted anew: November's 9 were billed nowhere, and
/// nobody was told.
#[test]
fn a_peak_that_freeze_keeps_off_its_invoice_is_a_warning() {
    let clocked = Clocked::approved("Etc/UTC", "2026-11-20T12:00:00Z");
    let text = std::fs::read_to_string(clocked.0.path("recount.toml")).expect("the configuration");
    let peak = "\"CloudFilter\" = { product = \"MP-CLOUDFILTER\", quantity = \"peak\" }";
    let text = text.replace("create_lines = true", "create_lines = true\nfreeze = \"3d\"");
    let text = text.replace("max_age =", "min_units = \"10%\"\nmax_age =");
    clocked.0.write("recount.toml", text.replace("\"CloudFilter\" = { product = \"MP-CLOUDFILTER\" }", peak));
    let frozen = |run: &RunRecord| {
        let findings = run.end.iter().flat_map(|end| &end.findings);
        findings.filter(|found| found.code == Code::Frozen).map(|found| found.severity).collect::<Vec<_>>()
    };
    clocked.counts("Acme,CloudFilter,9\nBorealis,CloudFilter,5\n");
    clocked.next_invoice("2026-12-01");
    let last = clocked.night("2026-11-29T06:15:00Z");
    assert_eq!(frozen(&last), [Severity::Warning], "{}", told(&last));
    let said = &line(&last, "MP-CLOUDFILTER").detail;
    assert!(said.contains("is on no invoice if that of Tue 1 Dec 2026 is made by then"), "{said}");
    // In the middle of a month, too: that invoice is to show the month before.
    clocked.next_invoice("2026-12-15");
    let before = clocked.night("2026-12-14T06:15:00Z");
    assert_eq!(frozen(&before), [Severity::Warning], "{}", told(&before));
    clocked.next_invoice("2027-01-15");
    clocked.counts("Acme,CloudFilter,4\nBorealis,CloudFilter,5\n");
    let after = clocked.night("2026-12-16T06:15:00Z");
    assert_eq!(clocked.addition("MP-CLOUDFILTER").quantity, Decimal::from(9), "{}", told(&after));
}

/// Otherwise a biller would have to work out which invoice a change of tonight is on.
#[test]
fn each_change_names_its_invoice_wherever_it_is_shown() {
    let night = Night::new();
    night.approve();
    let next = crate::support::today() + TimeDelta::days(9);
    let said = format!("on the invoice of {}", next.format("%a %-d %b %Y"));
    night.sim().edit(|world| world.agreements.iter_mut().for_each(|one| one.next_invoice = Some(next)));
    night.export(crate::support::BUSY);
    let shown = |arguments: &[&str], times: usize| {
        let out = night.recount(arguments).exits(0).out;
        let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(out.matches(&said).count() >= times, "{arguments:?}\n{out}");
    };
    shown(&["plan"], 1);
    shown(&["plan", "--json"], 3);
    shown(&["run"], 1);
    shown(&["report"], 3);
    for format in ["json", "csv", "html"] {
        shown(&["report", "--format", format], 3);
    }
    shown(&["report", "--format", "markdown"], 1);
    // One of two is on another invoice: each says its own.
    night.sim().edit(|world| world.agreements[0].next_invoice = Some(next + TimeDelta::days(1)));
    night.export("Account,Product,Quantity\nAcme,CloudFilter,8\nAcme,Archive,2\nBorealis,CloudFilter,7\n");
    let out = night.recount(&["run"]).exits(0).out;
    assert!(out.matches("on the invoice of").count() == 2 && !out.contains("each:"), "{out}");
}

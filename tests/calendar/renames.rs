//! Months in which a vendor renames a service or a customer, or the mapping is edited: a peak or an average is the line's, and
//! never another's.

use super::*;

/// A month of Acme's line, under whatever names.
struct Names(Clocked);

impl Names {
    /// Twelve were counted on 1 December, and 15 on the fifth.
    fn since_december(quantity: &str) -> Self {
        let clocked = Clocked::approved("UTC", "2026-11-30T12:00:00Z");
        let names = Self(clocked);
        names.edit(
            "recount.toml",
            "\"CloudFilter\" = { product = \"MP-CLOUDFILTER\" }",
            &billed("CloudFilter", quantity),
        );
        let open = "min_units = \"10%\"\nmin_rows = \"10%\"\nmin_customers = \"10%\"\nmax_age =";
        names.edit("recount.toml", "max_age =", open);
        names.0.next_invoice("2026-12-31");
        names.night("12-01", "Acme,CloudFilter,12");
        names.night("12-05", "Acme,CloudFilter,15");
        names.night("12-09", "Acme,CloudFilter,13");
        names
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.0.0.path(file)).expect("a file");
        assert!(text.contains(from), "{from}: {text}");
        self.0.0.write(file, text.replace(from, to));
    }

    /// One count of Acme's on a day, beside Borealis, who is always the same.
    fn night(&self, day: &str, rows: &str) -> RunRecord {
        self.0.counts(&format!("{rows}\nBorealis,CloudFilter,5\n"));
        self.0.night(&format!("2026-{day}T06:15:00Z"))
    }

    fn billed(&self) -> Decimal {
        self.0.addition("MP-CLOUDFILTER").quantity
    }

    fn sql(&self, sql: &str) {
        let history = rusqlite::Connection::open(self.0.0.path("state/history.db")).expect("the history");
        history.execute_batch(sql).expect(sql);
    }
}

fn billed(service: &str, quantity: &str) -> String {
    format!("\"{service}\" = {{ product = \"MP-CLOUDFILTER\", quantity = \"{quantity}\" }}")
}

/// What Acme's line is to hold.
fn wanted(run: &RunRecord) -> Option<Decimal> {
    let lines = &run.planned.as_ref().expect("a plan").lines;
    let of_acme = lines.iter().find(|line| line.addition.is_some() && line.agreement.is_some_and(|id| id.0 == 10));
    of_acme.unwrap_or_else(|| panic!("{lines:#?}")).wanted.map(|units| units.as_decimal())
}

fn reason(run: &RunRecord) -> Code {
    let lines = &run.planned.as_ref().expect("a plan").lines;
    lines.iter().find(|line| line.agreement.is_some_and(|id| id.0 == 10)).expect("a line").reason
}

/// The peak of the month was thrown away with the old name, and December's invoice billed 13 where 15 was agreed.
#[test]
fn a_month_s_peak_outlives_a_service_that_the_vendor_renames() {
    let names = Names::since_december("peak");
    names.edit("recount.toml", &billed("CloudFilter", "peak"), &billed("Cloud Filter v2", "peak"));
    // Borealis was renamed as well: with every row of a vendor.
    let night = |day: &str, count: u32| {
        names.0.counts(&format!("Acme,Cloud Filter v2,{count}\nBorealis,Cloud Filter v2,5\n"));
        names.0.night(&format!("2026-{day}T06:15:00Z"))
    };
    for (day, count) in [("12-10", 13), ("12-11", 12), ("12-31", 14)] {
        let run = night(day, count);
        assert_eq!((exit(&run), names.billed()), (Some(0), Decimal::from(15)), "{day}: {}", told(&run));
        let how = &line(&run, "MP-CLOUDFILTER").sources[0].how;
        let how = how.as_deref().unwrap_or_default();
        assert!(how.contains("as CloudFilter before Thu 10 Dec 2026"), "{day}: {how}");
    }
    names.0.next_invoice("2027-01-31");
    let next = |day: &str, count: u32| {
        names.0.counts(&format!("Acme,Cloud Filter v2,{count}\nBorealis,Cloud Filter v2,5\n"));
        names.0.night(&format!("2027-{day}T06:15:00Z"))
    };
    let run = next("01-02", 12);
    assert_eq!(names.billed(), Decimal::from(12), "the next month begins anew: {}", told(&run));
}

/// A morning goes by before somebody maps a new name, and the old one has no row on it, which is none. Both stay mapped: the mean of
/// the old name was added to that of the new one.
#[test]
fn the_average_of_a_renamed_service_is_that_of_all_days_of_its_line() {
    let names = Names::since_december("average");
    names.night("12-10", "Acme,Cloud Filter v2,13");
    let both = format!("{}\n{}", billed("CloudFilter", "average"), billed("Cloud Filter v2", "average"));
    names.edit("recount.toml", &billed("CloudFilter", "average"), &both);
    // Of 12, 15, 13, 0 and 14; then of 16 as well.
    for (day, count, mean) in [("12-11", 14, "10.8"), ("12-12", 16, "11.6667")] {
        let run = names.night(day, &format!("Acme,Cloud Filter v2,{count}"));
        assert_eq!(wanted(&run), Some(mean.parse().expect("a number")), "{day}: {}", told(&run));
    }
}

/// A customer who is called otherwise is the customer of the days before; the mapping follows on the morning after.
#[test]
fn a_month_s_peak_outlives_a_customer_who_is_renamed() {
    let names = Names::since_december("peak");
    let waits = names.night("12-10", "Acme Inc,CloudFilter,13");
    assert_eq!(exit(&waits), Some(3), "{}", told(&waits));
    names.edit("customers.csv", "Acme,1", "Acme Inc,1");
    let run = names.night("12-11", "Acme Inc,CloudFilter,13");
    assert_eq!((wanted(&run), names.billed()), (Some(Decimal::from(15)), Decimal::from(15)), "{}", told(&run));
}

/// Who was in the export beside the old customer is somebody else: the company would be billed for what that one never used.
#[test]
fn another_customer_who_is_mapped_to_the_line_does_not_take_its_peak_over() {
    let names = Names::since_december("peak");
    names.night("12-10", "Acme,CloudFilter,13\nCygnus,CloudFilter,12");
    names.edit("customers.csv", "Acme,1", "Cygnus,1");
    let run = names.night("12-11", "Cygnus,CloudFilter,12");
    assert_eq!((wanted(&run), reason(&run)), (Some(Decimal::from(12)), Code::CountTakenOut), "{}", told(&run));
    assert_eq!(names.billed(), Decimal::from(15), "until somebody has looked");
}

/// A service that is counted still is billed elsewhere, and so are its days.
#[test]
fn a_service_that_is_mapped_elsewhere_takes_its_peak_along() {
    let names = Names::since_december("peak");
    let elsewhere =
        format!("\"CloudFilter\" = {{ product = \"MP-ARCHIVE\", quantity = \"peak\" }}\n{}", billed("Basic", "peak"));
    names.edit("recount.toml", "\"Archive\"", "\"Vault\"");
    names.edit("recount.toml", &billed("CloudFilter", "peak"), &elsewhere);
    let run = names.night("12-10", "Acme,CloudFilter,13\nAcme,Basic,12");
    let line = line(&run, "MP-CLOUDFILTER");
    assert_eq!(line.wanted.map(|units| units.as_decimal()), Some(Decimal::from(12)), "{}", told(&run));
}

/// A count of other terms or of another size is not the same count, whatever came in its place.
#[test]
fn a_name_on_other_terms_or_of_another_size_begins_anew() {
    for (terms, count, peak) in [("multiply = 2, ", 6, 12), ("", 2, 2)] {
        let names = Names::since_december("peak");
        let other = billed("Storage", "peak").replace("quantity", &format!("{terms}quantity"));
        names.edit("recount.toml", &billed("CloudFilter", "peak"), &other);
        names.edit("customers.csv", "Borealis,2", "Cygnus,9");
        let run = names.night("12-10", &format!("Acme,Storage,{count}"));
        assert_eq!(wanted(&run), Some(Decimal::from(peak)), "{}", told(&run));
    }
}

/// Two services that become one were used side by side: their days add up, and never their peaks of different days.
#[test]
fn services_that_the_vendor_merges_add_up_day_by_day() {
    let names = Names::since_december("peak");
    names.edit(
        "recount.toml",
        &billed("CloudFilter", "peak"),
        &format!("{}\n{}", billed("CloudFilter", "peak"), billed("Bracket", "peak")),
    );
    names.night("12-10", "Acme,CloudFilter,8\nAcme,Bracket,10");
    names.night("12-11", "Acme,CloudFilter,12\nAcme,Bracket,4");
    assert_eq!(names.billed(), Decimal::from(18));
    names.edit("recount.toml", &billed("CloudFilter", "peak"), &billed("Suite", "peak"));
    names.edit("recount.toml", &format!("{}\n", billed("Bracket", "peak")), "");
    names.edit("customers.csv", "Borealis,2", "Cygnus,9");
    let run = names.night("12-12", "Acme,Suite,16");
    assert_eq!((wanted(&run), names.billed()), (Some(Decimal::from(18)), Decimal::from(18)), "{}", told(&run));
}

/// A name that the vendor gives back goes on with all days, each counted once.
#[test]
fn a_service_that_gets_its_old_name_back_has_the_days_of_both() {
    let names = Names::since_december("average");
    let rename = |from: &str, to: &str| names.edit("recount.toml", &billed(from, "average"), &billed(to, "average"));
    names.edit("customers.csv", "Borealis,2", "Cygnus,9");
    rename("CloudFilter", "Filter");
    names.night("12-10", "Acme,Filter,17");
    rename("Filter", "CloudFilter");
    // 12, 15, 13, 17 and 13.
    let run = names.night("12-11", "Acme,CloudFilter,13");
    assert_eq!(wanted(&run), Some(Decimal::from(14)), "{}", told(&run));
}

/// An installation of the version before has days, and no names of lines: from its first night on a rename keeps them.
#[test]
fn a_history_of_the_version_before_follows_a_rename_from_its_second_night_on() {
    let before = "DROP TABLE names_on_lines; DROP TABLE customers_in_exports; DROP TABLE unknown_days; DROP TABLE replaced_counts;
                  ALTER TABLE runs DROP COLUMN billed_units; ALTER TABLE runs DROP COLUMN invoice_days; ALTER TABLE lines DROP COLUMN edited;
                  ALTER TABLE runs DROP COLUMN export_counts; PRAGMA user_version = 25;";
    for (nights_between, peak) in [(1, 15), (0, 13)] {
        let names = Names::since_december("peak");
        names.sql(before);
        for _ in 0..nights_between {
            names.night("12-10", "Acme,CloudFilter,13");
        }
        names.edit(
            "recount.toml",
            &billed("CloudFilter", "peak"),
            &format!("{}\n{}", billed("Filter", "peak"), billed("CloudFilter", "peak")),
        );
        names.edit("customers.csv", "Borealis,2", "Cygnus,9");
        names.edit("recount.toml", &format!("\n{}", billed("CloudFilter", "peak")), "");
        let run = names.night("12-11", "Acme,Filter,13");
        assert_eq!(wanted(&run), Some(Decimal::from(peak)), "{nights_between}: {}", told(&run));
    }
}

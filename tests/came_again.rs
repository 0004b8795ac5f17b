//! What is gone from an export for everybody, and what came again: services, days, files and nights; through the real program.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use recount_sim::{Addition, World};
use rust_decimal::Decimal;

use crate::support::{Night, Said, now, today};

/// Agreements of the customers beside those of [`Night::new`].
const MORE: std::ops::Range<i64> = 300..310;

/// Ten more customers, each with 10 of `CloudFilter` and 2 of Archive.
pub(crate) fn portfolio() -> Night {
    let night = Night::new();
    night.sim().edit(|world: &mut World| {
        for id in MORE {
            let mut company = world.companies[0].clone();
            (company.id, company.name) = (id, format!("C{id}"));
            let mut agreement = world.agreements[0].clone();
            (agreement.id, agreement.company) = (id, id);
            world.companies.push(company);
            world.agreements.push(agreement);
            world.additions.push(Addition::new(id, id, "MP-CLOUDFILTER", Decimal::from(10)));
            world.additions.push(Addition::new(id + 100, id, "MP-ARCHIVE", Decimal::from(2)));
        }
    });
    let customers = fs::read_to_string(night.path("customers.csv")).expect("the customers");
    night.write("customers.csv", customers + &rows(|id| format!("C{id},{id},,\n")));
    of_any_size(&night);
    night
}

/// Lets the guards of size pass: their share is not what is looked at here.
fn of_any_size(night: &Night) {
    for (key, value) in [
        ("min_rows", "40%"),
        ("min_units", "40%"),
        ("max_lines_changed", "100%"),
        ("max_units_down", "90%"),
        ("max_units_up", "500%"),
    ] {
        night.config("guards", &format!("{key} = \"{value}\""));
    }
}

fn rows(of: impl Fn(i64) -> String) -> String {
    MORE.map(of).collect()
}

pub(crate) const HEAD: &str = "Account,Product,Quantity\n";
pub(crate) const REST: &str = "Acme,CloudFilter,3\nBorealis,CloudFilter,5\n";

pub(crate) fn cloud(of: impl Fn(i64) -> i64) -> String {
    rows(|id| format!("C{id},CloudFilter,{}\n", of(id)))
}

pub(crate) fn archive(name: &str) -> String {
    rows(|id| format!("C{id},{name},2\n"))
}

fn message(said: &Said, code: &str) -> String {
    let run = said.first_run();
    let found = run["findings"].as_array().expect("findings").iter().find(|one| one["code"] == code);
    found.unwrap_or_else(|| panic!("no {code}\n{}", said.out))["message"].as_str().expect("a message").to_owned()
}

/// A column that is gone would end what every customer has of it, where `to_zero` writes by itself.
#[test]
fn a_service_that_nobody_has_any_more_waits_as_one_item_until_somebody_answers() {
    for to_zero in ["apply", "second-night"] {
        let night = portfolio();
        night.config("guards", &format!("to_zero = \"{to_zero}\""));
        night.export(format!("{HEAD}{REST}{}{}", cloud(|_| 10), archive("Archive")));
        night.approve();
        for (count, gone) in [(10, ""), (11, ""), (11, &*rows(|id| format!("C{id},Archive,0\n")))] {
            night.export(format!("{HEAD}{REST}{}{gone}", cloud(|id| if id == 300 { count } else { 10 })));
            let said = night.run().exits(3);
            assert_eq!(said.codes().iter().filter(|code| *code == "service-missing").count(), 1, "{}", said.out);
            assert!(message(&said, "service-missing").starts_with("10 customers had 20 units of it"), "{}", said.out);
        }
        assert_eq!(night.sent("PATCH").len(), 1, "the other service goes on");

        let run = night.run().first_run();
        let item = run["findings"].as_array().expect("findings").iter().find(|one| one["code"] == "service-missing");
        let handle = item.expect("one")["handle"].as_str().expect("a handle").to_owned();
        night.recount(&["accept", &handle]).exits(2);
        night.recount(&["accept", &handle, "--yes"]).exits(0);
        night.run().exits(0);
        assert_eq!(night.sent("PATCH").len(), 11, "accepted with all its lines");
    }
}

/// Else the lines end, and the new name waits beside them.
#[test]
fn a_service_under_a_new_name_is_told_with_it_and_mapped_it_goes_on() {
    let night = portfolio();
    night.config("guards", "to_zero = \"apply\"");
    night.export(format!("{HEAD}{REST}{}{}", cloud(|_| 10), archive("Archive")));
    night.approve();
    night.export(format!("{HEAD}{REST}{}{}", cloud(|_| 10), archive("Vault")));
    let said = night.run().exits(3);
    assert!(message(&said, "service-missing").contains("\"Vault\", which is not mapped, has 20 units"), "{}", said.out);
    night.config("services", "\"Vault\" = { product = \"MP-ARCHIVE\" }");
    night.run().exits(0);
    assert!(night.sent("PATCH").is_empty());
}

/// The others' lines were settled in ConnectWise, and the last one went to 0, of which nobody had been asked anything more.
#[test]
fn a_line_that_waits_for_a_missing_service_waits_also_once_it_is_the_last_one() {
    let night = portfolio();
    night.config("guards", "to_zero = \"apply\"");
    night.export(format!("{HEAD}{REST}{}{}", cloud(|_| 10), archive("Archive")));
    night.approve();
    let without = |count: i64| format!("{HEAD}{REST}{}", cloud(|id| if id == 300 { count } else { 10 }));
    night.export(without(10));
    night.run().exits(3);
    night.sim().edit(|world| {
        let others = world.additions.iter_mut().filter(|line| line.product == "MP-ARCHIVE" && line.agreement != 300);
        others.for_each(|line| line.quantity = Decimal::ZERO);
    });
    for count in [10, 11] {
        night.export(without(count));
        let said = night.run().exits(3);
        assert!(said.codes().contains(&"service-missing".to_owned()), "{}", said.out);
    }
    // For a night its customer is not there at all.
    night.export(without(11).replace("C300,CloudFilter,11\n", ""));
    night.run().exits(3);
    night.export(without(11));
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"service-missing".to_owned()), "{}", said.out);
    assert_eq!(night.sent("PATCH").len(), 1, "the other service goes on");
    // A row that says 0 is an answer of the vendor's.
    night.export(without(11) + "C300,Archive,0\n");
    night.run().exits(0);
    assert_eq!(night.sent("PATCH").len(), 2);
}

/// The last customer of a rare service is ordinary.
#[test]
fn a_service_that_one_customer_had_goes_to_zero_as_it_always_did() {
    let night = portfolio();
    night.config("guards", "to_zero = \"apply\"");
    let first = "C300,Archive,2\n";
    night.sim().edit(|world| world.additions.retain(|line| line.product != "MP-ARCHIVE" || line.agreement == 300));
    night.export(format!("{HEAD}{REST}{}{first}", cloud(|_| 10)));
    night.approve();
    night.export(format!("{HEAD}{REST}{}", cloud(|_| 10)));
    night.run().exits(0);
    assert_eq!(night.sent("PATCH").len(), 1);
}

/// A vendor that says 0 of two customers has counted: what they left goes to zero as ever.
#[test]
fn a_service_that_two_customers_have_at_zero_is_no_missing_one() {
    let night = portfolio();
    night.config("guards", "to_zero = \"apply\"");
    let of_two = |line: &Addition| [300, 301].contains(&line.agreement);
    night.sim().edit(|world| world.additions.retain(|line| line.product != "MP-ARCHIVE" || of_two(line)));
    let two = |count: i64| format!("C300,Archive,{count}\nC301,Archive,{count}\n");
    night.export(format!("{HEAD}{REST}{}{}", cloud(|_| 10), two(2)));
    night.approve();
    night.export(format!("{HEAD}{REST}{}{}", cloud(|_| 10), two(0)));
    night.run().exits(0);
    assert_eq!(night.sent("PATCH").len(), 2);
}

/// An older night's counts in another coat would set back what was changed since.
#[test]
fn the_counts_of_an_older_night_are_known_again_with_other_bytes() {
    let night = portfolio();
    let text = |count: i64| format!("{HEAD}{REST}{}{}", cloud(|_| count), archive("Archive"));
    night.export(text(10));
    night.approve();
    night.export(text(11));
    night.run().exits(0);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in [("log.txt", "today"), ("u.csv", &text(10))] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a member");
        zip.write_all(content.as_bytes()).expect("written");
    }
    let zip = zip.finish().expect("an archive").into_inner();
    let crlf = text(10).replace('\n', "\r\n").into_bytes();
    let marked = [b"\xef\xbb\xbf".to_vec(), text(10).into_bytes()].concat();
    for bytes in [crlf, marked] {
        night.export(bytes);
        assert!(message(&night.run().exits(11), "export-old-again").contains("count by count"));
    }
    night.config("export", "member = \"*.csv\"");
    night.export(zip);
    assert!(message(&night.run().exits(11), "export-old-again").contains("count by count"));
    assert_eq!(night.sent("PATCH").len(), 10, "nothing went back");
}

/// Otherwise one short night makes every right one wait for a person.
#[test]
fn the_export_that_has_again_what_a_short_night_lacked_is_the_right_one() {
    let night = portfolio();
    night.config("export", "duplicates = \"sum\"");
    night.config("guards", "line_step = { units = 50 }");
    let whole = format!("{HEAD}{REST}{}{}", cloud(|_| 6), cloud(|_| 4));
    night.sim().edit(|world| world.additions.retain(|line| line.product != "MP-ARCHIVE"));
    night.export(&whole);
    night.approve();
    let second = (300..306).map(|id| format!("C{id},CloudFilter,4\n")).collect::<String>();
    let short = format!("{HEAD}{REST}{}{second}", cloud(|_| 6));
    night.export(short);
    night.run().exits(0);
    assert_eq!(night.sent("PATCH").len(), 4);
    night.export(&whole);
    let said = night.run();
    assert!(!said.codes().contains(&"export-old-again".to_owned()), "{}", said.out);
    assert_eq!((said.exit, night.sent("PATCH").len()), (0, 8));
}

/// Puts these files of one delivery there, an hour old, and takes all others away.
fn deliver(night: &Night, files: &[(&str, String)]) {
    let _ = fs::remove_dir_all(night.path("exports"));
    for (name, text) in files {
        night.write(&format!("exports/mail-{name}.csv"), text);
        aged(night, name, 60);
    }
}

fn aged(night: &Night, name: &str, minutes: u64) {
    let path = night.path(&format!("exports/mail-{name}.csv"));
    let file = fs::File::options().write(true).open(path).expect("the file");
    let at = SystemTime::from(now()) - Duration::from_secs(60 * minutes);
    file.set_modified(at).expect("a time");
}

/// Two regions, one file each.
fn regions(first: i64, second: i64) -> [String; 2] {
    let of = |ids: std::ops::Range<i64>, count: i64| {
        ids.map(|id| format!("C{id},CloudFilter,{count}\nC{id},Archive,2\n")).collect::<String>()
    };
    [format!("{HEAD}{REST}{}", of(300..305, first)), format!("{HEAD}{}", of(305..310, second))]
}

/// One region's file of last week among tonight's sets its customers back, and the delivery is another one than ever.
#[test]
fn one_file_of_an_older_delivery_among_new_ones_is_known_again() {
    let night = portfolio();
    night.config("export", "files = \"all\"");
    for (count, exit) in [(10, 0), (11, 0), (12, 0)] {
        let [north, south] = regions(count, count);
        deliver(&night, &[("north", north), ("south", south)]);
        if count == 10 {
            night.approve();
        } else {
            night.run().exits(exit);
        }
    }
    let (before, [north, _], [_, south]) = (night.sent("PATCH").len(), regions(11, 11), regions(13, 13));
    deliver(&night, &[("north", north), ("south", south)]);
    let said = night.run().exits(11);
    assert!(message(&said, "export-old-again").contains("mail-north.csv"), "{}", said.out);
    assert_eq!(night.sent("PATCH").len(), before);
}

/// The number of files is right each time, and the bill is not.
#[test]
fn a_delivery_whose_number_is_made_up_by_an_old_file_or_a_copy_is_refused() {
    let night = portfolio();
    night.config("export", "files = \"all\"");
    night.config("export", "duplicates = \"sum\"");
    let server = |count: i64| {
        let archive = rows(|id| format!("C{id},Archive,{}\n", count - 8));
        format!("{HEAD}Acme,CloudFilter,{count}\n{}{archive}", cloud(|_| count)) + "Borealis,CloudFilter,5\n"
    };
    night.sim().edit(|world| {
        for line in &mut world.additions {
            line.quantity = Decimal::from(match (line.agreement, line.product.as_str()) {
                (20, _) => 10,
                (_, "MP-ARCHIVE") => 5,
                _ => 21,
            });
        }
    });
    let both = |night: &Night, day: &str| {
        deliver(night, &[(&format!("s1-{day}"), server(10)), (&format!("s2-{day}"), server(11))]);
    };
    both(&night, "1202");
    night.approve();
    let old = server(11);
    deliver(&night, &[("s1-1203", server(10)), ("s2-1202", old)]);
    let said = night.run().exits(11);
    assert!(message(&said, "export-old-again").contains("mail-s2-1202.csv"), "{}", said.out);
    deliver(&night, &[("s1-1203", server(10)), ("s1-1203 (1)", server(12))]);
    let said = night.run().exits(11);
    assert!(said.codes().contains(&"export-file-twice".to_owned()), "{}", said.out);
    assert!(message(&said, "export-fewer-files").contains("mail-s2-1202.csv"), "{}", said.out);
    both(&night, "1204");
    night.run().exits(0);
    assert!(night.sent("PATCH").is_empty());
}

/// A server that is always done 65 minutes before the last is billed nothing, from the first night on.
#[test]
fn a_file_of_the_same_night_outside_the_delivery_is_told() {
    let night = portfolio();
    night.config("export", "files = \"all\"");
    let [north, south] = regions(10, 10);
    deliver(&night, &[("north", north), ("south", south)]);
    aged(&night, "north", 125);
    let said = night.recount(&["read", "mail", "--json"]).exits(11);
    assert!(said.out.contains("mail-north.csv") && said.out.contains("delivery = \\\"2h\\\""), "{}", said.out);
    night.recount(&["plan"]).exits(11);
    night.config("export", "delivery = \"2h\"");
    night.approve();
    night.run().exits(0);
}

/// Two of three sites' rows of tonight are not there yet: their units would leave the bill.
#[test]
fn a_newest_day_with_fewer_rows_of_a_count_is_held() {
    let night = portfolio();
    night.config("export", "latest = \"Day\"");
    night.config("export", "duplicates = \"sum\"");
    let head = "Account,Product,Quantity,Day\n";
    let day = |day: &str, sites: i64| {
        let of = |id: i64| {
            let number = if id == 300 { sites } else { 2 };
            (0..number).map(|_| format!("C{id},CloudFilter,5,{day}\n")).collect::<String>()
        };
        let rest = format!("Acme,CloudFilter,3,{day}\nBorealis,CloudFilter,5,{day}\n");
        rest + &rows(|id| of(id) + &format!("C{id},Archive,2,{day}\n"))
    };
    let [first, second] = [-1, 0].map(|days| (today() + chrono::TimeDelta::days(days)).to_string());
    night.export(format!("{head}{}", day(&first, 2)));
    night.approve();
    night.export(format!("{head}{}{}", day(&first, 2), day(&second, 1)));
    let said = night.run().exits(3);
    assert!(message(&said, "rows-missing").contains("1 of the 2 rows that C300 had of CloudFilter"), "{}", said.out);
    night.export(format!("{head}{}{}", day(&first, 2), day(&second, 2)));
    night.run().exits(0);
    assert!(night.sent("PATCH").is_empty());
}

/// What one of two customers used ends in a line that goes on, and nobody is asked; or the line of both is ended for one.
#[test]
fn a_customer_of_a_shared_line_is_asked_about_and_its_line_is_not_to_be_ended() {
    let night = portfolio();
    let customers = fs::read_to_string(night.path("customers.csv")).expect("the customers");
    night.write(
        "customers.csv",
        customers.replace("C301,301,,", "C301,300,300,").replace("C300,300,,", "C300,300,300,"),
    );
    night.sim().edit(|world| {
        world.additions.retain(|line| line.agreement != 301);
        for line in world.additions.iter_mut().filter(|line| line.agreement == 300) {
            line.quantity *= Decimal::from(2);
        }
    });
    let whole = format!("{HEAD}{REST}{}{}", cloud(|_| 10), archive("Archive"));
    night.export(&whole);
    night.approve();
    night.export(whole.replace("C301,CloudFilter,10\n", ""));
    let said = night.run().exits(3);
    assert!(message(&said, "to-zero").contains("C301's 10 of CloudFilter would go to zero"), "{}", said.out);
    night.export(whole.replace("C301,CloudFilter,10\n", "").replace("C301,Archive,2\n", ""));
    let said = night.run().exits(3);
    assert!(message(&said, "customer-missing").contains("not in the export"), "{}", said.out);
    assert!(!said.out.contains("end its lines") && said.out.contains("bill C300 as well"), "{}", said.out);
    assert!(night.sent("PATCH").is_empty());
}

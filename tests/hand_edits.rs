//! What a person did in ConnectWise, or answered, is not overwritten, passed over or taken for something else.

use chrono::Days;
use recount_sim::{Addition, Agreement, Product};
use serde_json::json;

use crate::support::{Night, QUIET, Said, today, wait_until};

const FILTER: &str = "MP-CLOUDFILTER";

/// Past its approval and one more night, in which every line was only compared.
fn compared() -> Night {
    let night = Night::new();
    // One line of two is gone in these nights.
    night.config("guards", r#"min_lines_seen = "10%""#);
    night.approve();
    night.run().exits(0);
    night
}

fn ends(night: &Night, id: i64, days_ago: u64) {
    night.sim().edit(|world| {
        let addition = world.addition_mut(id).expect("the line");
        addition.cancelled = today().checked_sub_days(Days::new(days_ago));
    });
}

fn deletes(night: &Night, id: i64) {
    night.sim().edit(|world| world.additions.retain(|addition| addition.id != id));
}

fn begins(night: &Night, id: i64, agreement: i64, quantity: i64) {
    night.sim().edit(|world| world.additions.push(Addition::new(id, agreement, FILTER, quantity.into())));
}

/// Another agreement of Acme, on which nobody is mapped, bills the product.
fn bills_elsewhere(night: &Night, agreement: i64, id: i64) {
    night.sim().edit(|world| {
        let other = Agreement { id: agreement, kind: "Legacy".to_owned(), ..world.agreements[0].clone() };
        world.agreements.push(other);
    });
    begins(night, id, agreement, 3);
}

fn quantity(night: &Night, id: i64) -> String {
    night.sim().world().addition(id).expect("the line").quantity.normalize().to_string()
}

/// What a person agreed with the customer was overwritten, on every line that recount had never had to write.
#[test]
fn a_line_that_was_put_in_the_place_of_one_that_was_only_compared_is_asked_about() {
    for is_deleted in [true, false] {
        let night = compared();
        if is_deleted {
            deletes(&night, 100);
        } else {
            ends(&night, 100, 1);
        }
        begins(&night, 150, 10, 2);
        for _ in 0..2 {
            let said = night.run().exits(3);
            assert!(said.codes().contains(&"human-edit".to_owned()), "deleted {is_deleted}: {}", said.out);
        }
        assert_eq!(quantity(&night, 150), "2");
        night.sim().edit(|world| world.addition_mut(150).expect("the line").quantity = 3.into());
        night.run().exits(0);
        night.export(QUIET.replace("CloudFilter,3", "CloudFilter,4"));
        night.run().exits(0);
        assert_eq!(quantity(&night, 150), "4", "it is the line now");
    }
}

/// While the line waits for something else, a look at it settles nothing.
#[test]
fn a_line_in_the_place_of_another_is_asked_about_after_the_customer_was_missing() {
    let night = compared();
    deletes(&night, 100);
    night.run().exits(3);
    begins(&night, 150, 10, 2);
    night.config("guards", r#"min_rows = "10%""#);
    night.config("guards", r#"min_units = "10%""#);
    night.config("guards", r#"min_customers = "10%""#);
    night.export("Account,Product,Quantity\nBorealis,CloudFilter,5\n");
    night.run();
    night.export(QUIET);
    let said = night.run();
    assert!(said.codes().contains(&"human-edit".to_owned()), "{}", said.out);
    assert_eq!(quantity(&night, 150), "2");
}

/// While the customer is not in the export there is nothing that the line could be as: a 0 that somebody sets then, told to end
/// what a customer has who left, was overwritten on the night on which it was back.
#[test]
fn a_line_that_is_set_to_0_while_its_customer_is_missing_is_asked_about_when_it_is_back() {
    for typed in [0, 2] {
        let night = compared();
        night.config("guards", r#"min_rows = "10%""#);
        night.config("guards", r#"min_units = "10%""#);
        night.config("guards", r#"min_customers = "10%""#);
        night.sim().edit(|world| world.addition_mut(100).expect("the line").quantity = typed.into());
        night.export("Account,Product,Quantity\nBorealis,CloudFilter,5\n");
        for _ in 0..2 {
            night.run();
        }
        night.export(QUIET);
        for _ in 0..2 {
            let said = night.run().exits(3);
            assert!(said.codes().contains(&"human-edit".to_owned()), "{typed}: {}", said.out);
        }
        assert_eq!(quantity(&night, 100), typed.to_string());
    }
}

fn handle(said: &Said) -> String {
    let run = said.first_run();
    let lines = run["lines"].as_array().cloned().unwrap_or_default();
    let held = lines.iter().find(|line| line["outcome"] == "held").expect("a held line");
    held["handle"].as_str().expect("a handle").to_owned()
}

/// Ten were billed for five: the answer was for a line that is gone, and the one that bills elsewhere was never shown.
#[test]
fn an_answer_to_a_line_that_is_gone_does_not_create_beside_one_elsewhere() {
    let night = compared();
    deletes(&night, 100);
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"human-edit".to_owned()), "{}", said.out);
    night.recount(&["accept", &handle(&said), "--to", "3"]).exits(0);
    bills_elsewhere(&night, 11, 1_100);
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"line-elsewhere".to_owned()), "{}", said.out);
    assert!(night.sent("POST").is_empty(), "{}", said.out);
    // Both are shown now, so one answer is for both.
    night.recount(&["accept", &handle(&said), "--to", "3"]).exits(0);
    night.run().exits(0);
    assert_eq!(night.sent("POST").len(), 1);
}

#[test]
fn a_line_elsewhere_is_shown_at_once_with_the_line_that_is_gone() {
    let night = compared();
    deletes(&night, 100);
    bills_elsewhere(&night, 11, 1_100);
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"line-elsewhere".to_owned()), "{}", said.out);
    assert!(said.out.contains("addition 1100 on agreement 11 bills 3"), "{}", said.out);
    assert!(said.out.contains("addition 100 was here"), "{}", said.out);
}

#[test]
fn a_line_that_somebody_ended_this_month_is_shown_as_such() {
    let night = compared();
    ends(&night, 100, 0);
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"human-edit".to_owned()), "{}", said.out);
    assert!(said.out.contains("bills its last day today"), "{}", said.out);
    night.recount(&["accept", &handle(&said), "--to", "3"]).exits(0);
    night.run().exits(0);
    assert_eq!(night.sent("POST").len(), 1, "it was shown, and accepted");
}

/// A printed command that leads nowhere costs a morning.
#[test]
fn no_answer_is_offered_that_cannot_create() {
    let night = compared();
    night.config("guards", "create_lines = false");
    deletes(&night, 100);
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"line-missing".to_owned()), "{}", said.out);
    assert!(said.out.contains("addition 100 was here") && !said.out.contains("recount accept"), "{}", said.out);
    assert_eq!(night.recount(&["accept", &handle(&said), "--to", "3"]).exit, 2);
}

/// Every night a PATCH, exit 5, and a line that never was as wanted.
#[test]
fn whole_numbers_are_learnt_from_a_fraction_that_was_cut_off() {
    let night = compared();
    night.sim().edit(|world| world.options.quantity_scale = Some(0));
    night.export(QUIET.replace("CloudFilter,3", "CloudFilter,3.4"));
    let said = night.run().exits(0);
    assert!(said.codes().contains(&"stored-rounded".to_owned()), "{}", said.out);
    night.sim().clear_requests();
    night.run().exits(0);
    assert!(night.sent("PATCH").is_empty(), "{:#?}", night.sent("PATCH"));
}

/// One line that ConnectWise keeps whole made all lines whole, also those whose answers had shown two decimals: 6.75 were
/// counted, and 7 were billed.
#[test]
fn a_line_that_is_kept_whole_rounds_no_line_that_holds_more() {
    let night = compared();
    let counts = |acme: &str, borealis: &str| {
        night.export(format!("Account,Product,Quantity\nAcme,CloudFilter,{acme}\nBorealis,CloudFilter,{borealis}\n"));
    };
    let keeps = |scale| night.sim().edit(|world| world.options.quantity_scale = scale);
    let billed = || night.billed().into_iter().map(|(.., units)| units.to_string()).collect::<Vec<_>>();
    counts("3", "5.25");
    night.run().exits(0);
    assert_eq!(billed(), ["3", "5.25"], "Borealis' answer shows two decimals");
    keeps(Some(0));
    counts("4.25", "5.25");
    night.run().exits(0);
    assert_eq!(billed(), ["4", "5.25"]);
    keeps(None);
    counts("4.25", "6.75");
    night.run().exits(0);
    assert_eq!(billed(), ["4", "6.75"]);
    keeps(Some(0));
    counts("5.25", "6.75");
    night.run().exits(0);
    assert_eq!(billed(), ["5", "6.75"]);
    night.sim().clear_requests();
    night.run().exits(0);
    assert!(night.sent("PATCH").is_empty(), "{:#?}", night.sent("PATCH"));
}

/// 0.004 of 3 were sent and kept as nothing: the line went to 0, and `to_zero` asked nobody.
#[test]
fn what_may_be_kept_as_nothing_is_asked_about_like_a_zero() {
    for (policy, exit) in [("ask", 3), ("second-night", 3), ("apply", 0)] {
        let night = compared();
        night.config(
            "guards",
            &format!("line_step = {{ units = 100, percent = 100, factor = 9999 }}\nmax_units_down = \"100%\"\nmin_units = \"10%\"\nto_zero = \"{policy}\""),
        );
        night.sim().edit(|world| world.options.quantity_scale = Some(2));
        night.export(QUIET.replace("CloudFilter,3", "CloudFilter,0.004"));
        let said = night.run().exits(exit);
        assert_eq!(said.codes().contains(&"to-zero".to_owned()), exit == 3, "{}", said.out);
        if exit == 0 {
            continue;
        }
        assert!(night.sent("PATCH").is_empty() && said.out.contains("which ConnectWise may keep as 0"), "{}", said.out);
        night.recount(&["accept", &handle(&said), "--to", "0.004"]).exits(0);
        assert!(night.run().exits(0).codes().contains(&"stored-rounded".to_owned()));
        night.sim().clear_requests();
        night.run().exits(0);
        assert!(night.sent("PATCH").is_empty(), "{:#?}", night.sent("PATCH"));
        // Two decimals are known to be kept by now.
        night.export(QUIET.replace("CloudFilter,3", "CloudFilter,1.25"));
        night.run().exits(0);
        night.export(QUIET.replace("CloudFilter,3", "CloudFilter,0.01"));
        night.run().exits(0);
    }
}

/// The night was told as one whose key may change nothing, because there was nothing else to write. Where every change is refused
/// it ends with 13, and of a single one no more is said than that.
#[test]
fn one_line_that_the_role_may_not_change_is_one_failed_line() {
    for (other, exit) in [("5", 13), ("6", 5)] {
        let night = compared();
        night.sim().edit(|world| world.addition_mut(100).expect("the line").locked = true);
        night.export(format!("Account,Product,Quantity\nAcme,CloudFilter,4\nBorealis,CloudFilter,{other}\n"));
        let said = night.run().exits(exit);
        assert_eq!(said.outcome(10, FILTER), "failed", "{}", said.out);
        assert!(said.out.contains("Edit Level"), "the switch is named: {}", said.out);
        assert!(!said.out.contains("may not change agreement additions"), "nobody knows that: {}", said.out);
        assert_eq!(said.out.contains("may not change the one agreement addition"), exit == 13, "{}", said.out);
    }
}

/// A row that names nobody stands below a row that is left out and one that is kept of one customer: it is one line.
#[test]
fn a_line_of_the_export_is_named_once() {
    let night = Night::new();
    night.config("guards", r#"max_malformed = "50%""#);
    night.config("export", r#"drop = [{ column = "Status", is = ["Trial"] }]"#);
    night.export(
        "Account,Product,Quantity,Status\nAcme,CloudFilter,3,Paid\nAcme,CloudFilter,1,Trial\n,CloudFilter,9,Paid\n\
         Borealis,CloudFilter,5,Paid\n",
    );
    let said = night.recount(&["plan", "--json"]);
    assert!(said.codes().contains(&"customer-incomplete".to_owned()), "{}", said.out);
    assert!(said.out.contains("line 4 of the export has no customer"), "{}", said.out);
}

/// Somebody billed the product on another agreement while the night was at its writes: three were billed for three twice, and
/// no later night said so.
#[test]
fn what_is_billed_elsewhere_since_the_plan_was_drawn_is_not_created_again() {
    let night = compared();
    night.sim().edit(|world| {
        let other = Agreement { id: 21, kind: "Legacy".to_owned(), ..world.agreements[1].clone() };
        world.agreements.push(other);
    });
    night.export(QUIET.replace("CloudFilter,3", "CloudFilter,4") + "Borealis,Archive,2\n");
    night.fault(r#"[{"when": {"method": "PATCH", "nth": 1}, "then": {"delay_after_ms": 2000}}]"#);
    let run = night.start(&["run", "--json", "-vv"]);
    wait_until("the first write", || !night.sent("PATCH").is_empty());
    night.sim().edit(|world| world.additions.push(Addition::new(1_100, 21, "MP-ARCHIVE", 2.into())));
    let said = night.heard(run.end());
    assert!(night.sent("POST").is_empty(), "{}", said.out);
    assert_eq!(said.outcome(20, "MP-ARCHIVE"), "conflict", "{}", said.out);
    let next = night.run().exits(3);
    assert!(next.codes().contains(&"line-elsewhere".to_owned()), "{}", next.out);
}

/// The same under another catalog item of the identifier, on an agreement where somebody is counted, and on its own: the plan
/// would have asked about it.
#[test]
fn what_another_catalog_item_of_the_identifier_bills_since_the_plan_was_drawn_is_not_billed_twice() {
    for (agreement, created) in [(21, 0), (20, 0), (11, 1)] {
        let night = compared();
        night.sim().edit(|world| {
            let other = Agreement { id: 21, kind: "Legacy".to_owned(), ..world.agreements[1].clone() };
            world.agreements.push(other);
            let another = Agreement { id: 11, kind: "Legacy".to_owned(), ..world.agreements[0].clone() };
            world.agreements.push(another);
            let archive = world.catalog.iter().find(|product| product.identifier == "MP-ARCHIVE").expect("the product");
            let old = Product { id: 977, identifier: "mp-archive".to_owned(), ..archive.clone() };
            world.catalog.push(old);
        });
        night.write(
            "customers.csv",
            "customer,company_id,agreement_id,note\nAcme,1,10,\nBorealis,2,20,\nBoreal South,2,21,\n",
        );
        night.export(
            QUIET.replace("CloudFilter,3", "CloudFilter,4") + "Borealis,Archive,2\nBoreal South,CloudFilter,0\n",
        );
        night.fault(r#"[{"when": {"method": "PATCH", "nth": 1}, "then": {"delay_after_ms": 2000}}]"#);
        let run = night.start(&["run", "--json", "-vv"]);
        wait_until("the first write", || !night.sent("PATCH").is_empty());
        night.sim().edit(|world| {
            let mut line = Addition::new(1_100, agreement, "MP-ARCHIVE", 2.into());
            line.more.insert("product".to_owned(), json!({ "id": 977, "identifier": "mp-archive" }));
            world.additions.push(line);
        });
        let said = night.heard(run.end());
        assert_eq!(night.sent("POST").len(), created, "on {agreement}: {}", said.out);
    }
}

/// Nine units were billed for three: what one vendor left behind billed on, and another vendor's line of the product, which
/// stood at 0 on another agreement, was raised the same night.
#[test]
fn a_line_at_zero_of_another_vendor_waits_for_what_one_vendor_left_behind() {
    let night = compared();
    night.sim().edit(|world| {
        let other = Agreement { id: 11, kind: "Legacy".to_owned(), ..world.agreements[0].clone() };
        world.agreements.push(other);
    });
    begins(&night, 150, 11, 0);
    night.config("guards", r#"max_units_down = "100%""#);
    night.write("customers.csv", "customer,company_id,agreement_id,note\nBorealis,2,,\n");
    night.write("other.csv", "customer,company_id,agreement_id,note\nAcme,1,11,\n");
    night.write("exports/other-1.csv", "Account,Product,Quantity\nAcme,Filter,3\n");
    night.append(
        "\n[integration.other]\nconnectwise = \"main\"\nmode = \"apply\"\ncustomers = \"other.csv\"\ncreate_lines = true\n\
         match_customers = \"mapped\"\n[integration.other.export]\npath = \"exports/other-*.csv\"\n\
         columns = { customer = \"Account\", service = \"Product\", count = \"Quantity\" }\n\
         [integration.other.services]\n\"Filter\" = { product = \"MP-CLOUDFILTER\" }\n",
    );
    let said = night.recount(&["run", "mail", "--json"]).exits(3);
    assert!(said.codes().contains(&"line-left-behind".to_owned()), "{}", said.out);
    let left = handle(&said);
    let said = night.recount(&["plan", "other", "--json"]).exits(3);
    assert!(said.codes().contains(&"line-elsewhere".to_owned()), "{}", said.out);
    let approve = |said: Said| {
        let plan = said.first_run()["plan"].as_str().expect("a plan").to_owned();
        night.recount(&["apply", &plan, "--json"])
    };
    approve(said).exits(3);
    assert_eq!((quantity(&night, 100), quantity(&night, 150)), ("3".to_owned(), "0".to_owned()));

    night.recount(&["accept", &left, "--to", "0"]).exits(0);
    night.recount(&["run", "mail", "--json"]).exits(3);
    approve(night.recount(&["plan", "other", "--json"])).exits(0);
    assert_eq!((quantity(&night, 100), quantity(&night, 150)), ("0".to_owned(), "3".to_owned()));
}

/// The agreement was deleted, or hidden from the key; that its customer "is not mapped any more" sent people to a row that
/// was right, and the one thing to type was to ignore it.
#[test]
fn an_agreement_that_vanished_is_told_as_that_and_not_as_an_edit_of_the_mapping() {
    for (agreement, addition) in [(10, 100), (20, 200)] {
        let night = compared();
        let mut gone = None;
        night.sim().edit(|world| {
            let at = world.agreements.iter().position(|found| found.id == agreement).expect("the agreement");
            gone = Some(world.agreements.remove(at));
        });
        let said = night.run().exits(3);
        assert!(said.codes().contains(&"agreement-missing".to_owned()), "{agreement}: {}", said.out);
        assert!(!said.out.contains("not mapped any more"), "{agreement}: {}", said.out);
        assert!(said.out.contains(&format!("agreement {agreement}")), "{agreement}: {}", said.out);
        assert!(night.sent("POST").is_empty() && night.sent("PATCH").is_empty(), "{}", said.out);
        night.sim().edit(|world| world.agreements.extend(gone.take()));
        night.run().exits(0);
        assert_ne!(quantity(&night, addition), "0");
    }
}

/// "READY, nothing was changed": the page said nothing of a line that went out at 3 where 4 were counted.
#[test]
fn the_page_before_the_invoices_names_what_is_left_for_now() {
    let night = compared();
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", text.replacen("create_lines = true", "create_lines = true\nfreeze = \"3d\"", 1));
    night.sim().edit(|world| world.agreements[0].next_invoice = Some(today()));
    night.export(QUIET.replace("CloudFilter,3", "CloudFilter,4"));
    night.run().exits(0);
    assert_eq!(quantity(&night, 100), "3");
    let page = std::fs::read_to_string(night.path("state/reports/ready.html")).expect("the page");
    assert!(page.contains("Left for now, and not billed as counted"), "{page}");
    assert!(page.contains(r#"<td class="n">3</td><td class="n">4</td>"#), "{page}");
}

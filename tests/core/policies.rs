//! What was agreed with a customer, and what it makes of a count: otherwise a biller corrects the same lines by hand
//! every month.

use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::core::answers::decision;
use crate::core::night::{FILTER, Night, by_day, create, key, q, said, set};
use recount::reconcile::guard::guard_policy::HumanEdit;
use recount::reconcile::model::bill_customer::Bill;
use recount::reconcile::model::decision::{Decision, DecisionSubject, SeenLine};
use recount::reconcile::model::ids::{AdditionId, CustomerName, RunId, ServiceName};
use recount::reconcile::model::line_owners::Owned;
use recount::reconcile::model::past::SeenQuantity;
use recount::reconcile::model::plan::line::Verdict;
use recount::reconcile::model::plan::outcome::AnswerVerb;
use recount::reconcile::model::plan::reason_code::{Code, Severity};
use recount::reconcile::model::quantity::Quantity;
use recount::reconcile::model::quantity_policy::{Direction, Measure, Policy, PolicyInput, Rounding};

fn acme(policy: Policy, count: &str, billed: &str) -> Night {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", count).addition(10, 100, crate::core::night::FILTER, billed);
    night.row("Borealis", "Bracket", "0");
    night.billed("CloudFilter", |billed| billed.policy = policy);
    night
}

#[test]
fn each_customer_s_count_goes_its_own_way_before_the_line_adds_up() {
    let mut night = acme(Policy { included: Some(q("2")), ..Policy::default() }, "5", "3");
    night.company(3, "Cedar").customer("Cedar", 1, Some(10)).row("Cedar", "CloudFilter", "4");
    let own = Policy { minimum: Some(q("6")), own_minimum: true, ..Policy::default() };
    let cedar = CustomerName::new("Cedar");
    night.mapping.policies.entry(cedar).or_default().insert(ServiceName::new("CloudFilter"), own);
    let line = night.filter_line();
    // Acme 5 − 2, and Cedar at least 6.
    assert_eq!((line.wanted, line.verdict), (Some(q("9")), set(100, "3", "9")));
    let how: Vec<_> = line.sources.iter().map(|source| source.how.as_deref().unwrap_or_default()).collect();
    assert_eq!(how, ["count 5 · included −2 = 3", "count 4 · minimum 6 = 6"]);
}

#[test]
fn what_was_counted_earlier_in_the_month_is_remembered() {
    let mut night = acme(Policy { measure: Measure::Peak, ..Policy::default() }, "5", "3");
    let days = [(ServiceName::new("CloudFilter"), by_day(&["4", "11", "6"]))].into();
    night.past.counted.insert(CustomerName::new("Acme"), days);
    assert_eq!(night.filter_line().verdict, set(100, "3", "11"));
    // Also on a day on which the customer has no row any more.
    night.rows.remove(0);
    night.row("Acme", "Bracket", "0");
    assert_eq!(night.filter_line().verdict, set(100, "3", "11"));
}

/// Eight licences were renewed yearly instead of monthly, which the vendor lists as another service: each had a peak of 8, and 16
/// were billed that month.
#[test]
fn peaks_of_different_days_are_not_added() {
    let peak = Policy { measure: Measure::Peak, ..Policy::default() };
    let mut night = acme(peak.clone(), "0", "8");
    night.service("Yearly", &[FILTER]).billed("Yearly", |billed| billed.policy = peak.clone());
    night.row("Acme", "Yearly", "8");
    let mut counted = |monthly: &[&str], yearly: &[&str]| {
        let days = [("CloudFilter", monthly), ("Yearly", yearly)];
        let days = days.map(|(service, counts)| (ServiceName::new(service), by_day(counts)));
        night.past.counted.insert(CustomerName::new("Acme"), days.into());
        night.filter_line()
    };
    let line = counted(&["8", "8", "0"], &["0", "0", "8"]);
    assert_eq!(line.verdict, Verdict::Unchanged(Code::Equal), "{line:#?}");
    // Both on the second day, and each on a day of its own: 6 + 5, not 7 + 9.
    let line = counted(&["7", "6"], &["1", "5"]);
    assert_eq!(line.verdict, set(100, "8", "11"), "{line:#?}");
    let how: Vec<_> = line.sources.iter().map(|source| source.how.as_deref().unwrap_or_default()).collect();
    assert_eq!(
        how,
        ["count 0 · on the line's peak day of 3 days = 6", "count 8 · on the line's peak day of 3 days = 5"]
    );
}

#[test]
fn a_line_that_never_decreases_stays() {
    let mut night = acme(Policy { never_decrease: true, ..Policy::default() }, "5", "9");
    let line = night.filter_line();
    assert_eq!((line.wanted, &line.verdict), (Some(q("9")), &Verdict::Unchanged(Code::NeverDecrease)));
    assert_eq!(line.detail, "5 would be less; the line never decreases, and stays at 9");
    night.amend_addition(100, |addition| addition.quantity = Ok(q("4")));
    assert_eq!(night.filter_line().verdict, set(100, "4", "5"));
}

/// Six and four were billed as ten. The row of the four, which are never taken off, was gone, and six were billed.
#[test]
fn a_line_that_never_decreases_stays_also_where_its_service_has_no_row_any_more() {
    let never = Policy { never_decrease: true, ..Policy::default() };
    let reported = Policy { report_only: true, ..Policy::default() };
    let stays = [(never, Verdict::Unchanged(Code::NeverDecrease)), (reported, Verdict::Skipped(Code::ReportOnly))];
    for (policy, verdict) in stays {
        let mut night = acme(Policy::default(), "6", "10");
        night.service("Archive", &[FILTER]).billed("Archive", |billed| billed.policy = policy);
        assert_eq!(night.filter_line().verdict, set(100, "10", "6"), "nobody ever had it here");
        let (acme, names) = (CustomerName::new("Acme"), ["CloudFilter", "Archive"].map(ServiceName::new));
        let sources = names.map(|name| (acme.clone(), name)).to_vec();
        let owned = Owned { addition: Some(AdditionId(100)), company: None, sources };
        night.past.owned.insert(key(10, FILTER), owned);
        let line = night.filter_line();
        assert_eq!(line.verdict, verdict);
        // And on the night after: what the line is known by still names it.
        assert!(line.sources.iter().any(|source| source.service == ServiceName::new("Archive")), "{line:#?}");
        night.rows[0].3 = "12".to_owned();
        let rises = verdict == Verdict::Unchanged(Code::NeverDecrease);
        assert_eq!(night.filter_line().verdict, if rises { set(100, "10", "12") } else { verdict });
    }
}

/// Seventy were typed for seven. The line was not lowered, nobody was asked, and seventy were billed for good.
#[test]
fn a_hand_edit_of_a_line_that_never_decreases_is_asked_about() {
    let mut night = acme(Policy { never_decrease: true, ..Policy::default() }, "7", "70");
    let saw = |quantity: &str| SeenQuantity { quantity: q(quantity), run: RunId(7) };
    let stays = Verdict::Unchanged(Code::NeverDecrease);
    assert_eq!(night.filter_line().verdict, stays, "nobody ever saw it otherwise");
    night.past.seen.insert(AdditionId(100), saw("70"));
    assert_eq!(night.filter_line().verdict, stays);
    night.past.seen.insert(AdditionId(100), saw("7"));
    let line = night.filter_line();
    assert_eq!((line.wanted, &line.verdict), (Some(q("70")), &Verdict::Held(Code::HumanEdit)));
    assert!(line.detail.starts_with("run 7 saw 7, ConnectWise holds 70; 7 would be less"), "{}", line.detail);
    let told = said(&night.plan(), Code::HumanEdit).len();
    assert_eq!(told, 1);
    let answer = |night: &mut Night, verb| {
        let seen =
            SeenLine { addition: Some(AdditionId(100)), was: Some(q("70")), wanted: Some(q("70")), changed_at: None };
        let said = Decision { seen: Some(seen), ..decision(verb, Code::HumanEdit) };
        night.past.decisions.0.insert(DecisionSubject::line(&key(10, FILTER)), said);
        night.filter_line().verdict
    };
    assert_eq!(answer(&mut night, AnswerVerb::Accept), stays);
    assert_eq!(answer(&mut night, AnswerVerb::Keep), Verdict::Skipped(Code::Kept));
    night.past.decisions.0.clear();
    night.policy.human_edit = HumanEdit::Overwrite;
    assert_eq!(night.filter_line().verdict, stays);
    // Down as well: that it is not lowered is what was agreed.
    night.policy.human_edit = HumanEdit::Ask;
    night.past.seen.insert(AdditionId(100), saw("90"));
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::HumanEdit));
    night.rows[0].3 = "70".to_owned();
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::Equal));
}

#[test]
fn what_was_paid_in_advance_is_reported_and_never_written() {
    let mut night = acme(Policy { report_only: true, ..Policy::default() }, "5", "9");
    let plan = night.plan();
    assert_eq!(night.filter_line().verdict, Verdict::Skipped(Code::ReportOnly));
    assert_eq!(said(&plan, Code::ReportOnly)[0].severity, Severity::Info);
    night.amend_addition(100, |addition| addition.quantity = Ok(q("4")));
    let plan = night.plan();
    let found = said(&plan, Code::ReportOnly)[0];
    assert_eq!((found.severity, found.message.as_str()), (Severity::Warning, "5 used, 4 billed in advance"));
    night.additions.values_mut().for_each(Vec::clear);
    assert_eq!(night.filter_line().verdict, Verdict::Skipped(Code::ReportOnly));
}

/// Otherwise the included units would be given away twice.
#[test]
fn units_that_the_line_includes_itself_are_not_taken_off_again() {
    let mut night = acme(Policy { included: Some(q("2")), ..Policy::default() }, "5", "9");
    night.amend_addition(100, |addition| addition.less_included = Ok(q("2")));
    let line = night.filter_line();
    assert_eq!(line.verdict, Verdict::Held(Code::IncludedTwice));
    assert_eq!(line.live.map(|live| live.addition), Some(AdditionId(100)));
    night.amend_addition(100, |addition| addition.less_included = Err("\"x\" cannot be read".to_owned()));
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::IncludedTwice), "doubt means no write");
    night.billed("CloudFilter", |billed| billed.policy = Policy::default());
    assert_eq!(night.filter_line().verdict, set(100, "9", "5"), "without a policy it is the line's own matter");
}

#[test]
fn a_line_is_created_as_configured_and_one_that_differs_is_only_told() {
    let mut night = acme(Policy::default(), "5", "5");
    night.billed("CloudFilter", |billed| billed.bill = Some(Bill::NoCharge));
    let plan = night.plan();
    let found = said(&plan, Code::BillFlagDiffers)[0];
    assert_eq!(found.severity, Severity::Warning);
    assert_eq!(found.message, "billCustomer of addition 100 is Billable, not NoCharge");
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::Equal));
    night.additions.values_mut().for_each(Vec::clear);
    let Verdict::Create(creation) = create(1, "5") else { unreachable!("it is one") };
    let creation = recount::reconcile::model::plan::line::Creation { bill: Bill::NoCharge, ..creation };
    assert_eq!(night.filter_line().verdict, Verdict::Create(creation));
}

/// A line without a policy is unchanged by there being policies.
#[test]
fn a_policy_that_moves_the_quantity_moves_the_fingerprint() {
    let plain = acme(Policy::default(), "5", "3").plan().fingerprint();
    assert_eq!(acme(Policy { minimum: Some(q("2")), ..Policy::default() }, "5", "3").plan().fingerprint(), plain);
    assert_ne!(acme(Policy { minimum: Some(q("8")), ..Policy::default() }, "5", "3").plan().fingerprint(), plain);
}

fn quantity(most: u64) -> impl Strategy<Value = Quantity> {
    (0..most, 0_u32..4).prop_map(|(number, places)| {
        let number = i64::try_from(number).expect("small");
        Quantity::from_decimal(Decimal::new(number, places)).expect("not negative")
    })
}

fn rounding() -> impl Strategy<Value = Rounding> {
    let direction = prop::sample::select(vec![Direction::Up, Direction::Down, Direction::Nearest]);
    (direction, quantity(2000)).prop_map(|(direction, step)| {
        let step = if step.is_zero() { Quantity::from(1) } else { step };
        Rounding { direction, step }
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let some = |most| prop::option::of(quantity(most));
    let measure = prop::sample::select(vec![Measure::Current, Measure::Peak, Measure::Average]);
    (measure, some(100_000), some(100_000), some(100_000), some(100_000), prop::option::of(rounding())).prop_map(
        |(measure, multiply, included, minimum, maximum, round)| Policy {
            measure,
            multiply: multiply.map(Quantity::as_decimal),
            included,
            minimum,
            maximum,
            round,
            ..Policy::default()
        },
    )
}

/// The quantity in units of 10⁻¹², as an integer: another arithmetic than the product's.
fn scaled(units: Quantity) -> i128 {
    let units = units.as_decimal();
    units.mantissa() * 10_i128.pow(12 - units.scale())
}

proptest! {
    /// Otherwise a bill could be negative, or off by what a computer cannot hold.
    #[test]
    fn a_policy_never_yields_a_negative_or_inexact_quantity(
        policy in policy(),
        count in quantity(9_999_999),
        earlier in prop::collection::vec(quantity(9_999_999), 0..31),
    ) {
        let reckoned = policy.apply(PolicyInput { count, earlier: &earlier, on_peak_day: None, stated: true }).expect("it fits in 28 digits");
        prop_assert!(reckoned.units >= Quantity::ZERO);
        if policy.measure != Measure::Average {
            let measured = match policy.measure {
                Measure::Peak => earlier.iter().copied().fold(count, Quantity::max),
                _ => count,
            };
            // All numbers have at most three decimals, so a product of two has at most six.
            let factor = policy.multiply.and_then(Quantity::from_decimal).unwrap_or(Quantity::from(1));
            let mut units = scaled(measured) / 1_000_000 * (scaled(factor) / 1_000_000);
            units = (units - policy.included.map_or(0, scaled)).max(0);
            units = units.max(policy.minimum.map_or(0, scaled));
            units = units.min(policy.maximum.map_or(i128::MAX, scaled));
            if let Some(Rounding { direction, step }) = policy.round {
                let step = scaled(step);
                let over = units % step;
                let up = match direction {
                    Direction::Up => over > 0,
                    Direction::Down => false,
                    Direction::Nearest => over * 2 >= step,
                };
                units += if up { step - over } else { -over };
            }
            prop_assert_eq!(scaled(reckoned.units), units, "{:?}", reckoned.how);
        }
        if let Some(how) = reckoned.how {
            let end = format!("= {}", reckoned.units);
            prop_assert!(how.ends_with(&end), "{}", how);
        }
    }

    /// Limits and rounding are a shape: what has it already stays as it is.
    #[test]
    fn what_is_shaped_once_is_shaped(rounding in rounding(), least in 0_u32..50, more in 0_u32..50, count in quantity(9_999_999)) {
        let times = |times: u32| Quantity::from_decimal(rounding.step.as_decimal() * Decimal::from(times));
        let policy = Policy {
            minimum: times(least),
            maximum: times(least + more),
            round: Some(rounding),
            ..Policy::default()
        };
        let shape = |count| policy.apply(PolicyInput { count, earlier: &[], on_peak_day: None, stated: true }).expect("it fits").units;
        let once = shape(count);
        prop_assert_eq!(shape(once), once);
        prop_assert!(Some(once) >= policy.minimum && Some(once) <= policy.maximum);
    }
}

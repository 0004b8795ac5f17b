//! What holds for every night there can be, tried on small and nasty ones.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;
use proptest::test_runner::Config;
use proptest::{prop_assert, prop_assert_eq, proptest};
use rust_decimal::Decimal;

use super::night::{Night, day, key, stamp, time};
use super::oracle;
use super::oracle::Fate;
use recount::export::count::duplicate_rows::Duplicates;
use recount::reconcile::decide::permitted_answers::{ShownItem, ShownLine, answer};
use recount::reconcile::guard::guard_policy::{HumanEdit, ToZero};
use recount::reconcile::matching::placement::Place;
use recount::reconcile::model::connectwise_records::Recurrence;
use recount::reconcile::model::decision::{Decision, DecisionSubject, SeenLine};
use recount::reconcile::model::export::row_lines::RowLines;
use recount::reconcile::model::ids::{AdditionId, ProductId, RunId, ServiceName};
use recount::reconcile::model::mapping::{AgreementRule, MatchCustomers, ServiceRule};
use recount::reconcile::model::past::{CreationInDoubt, WrittenQuantity};
use recount::reconcile::model::plan::Plan;
use recount::reconcile::model::plan::handle::of_product;
use recount::reconcile::model::plan::line::{Line, Source, Subject, Verdict};
use recount::reconcile::model::plan::outcome::{AnswerVerb, Outcome};
use recount::reconcile::model::plan::reason_code::{Code, Severity};

/// Counts of rows: most are close together, so that lines change by little, and some are nonsense.
const COUNTS: [&str; 12] = ["0", "1", "3", "4", "5", "7", "12", "2.5", "60", "", "N/A", "-1"];
const QUANTITIES: [&str; 8] = ["0", "3", "4", "5", "2.5", "8", "30", "100"];

/// A few numbers out of which a whole night is made; small ones stand for the ordinary.
#[derive(Debug, Clone)]
struct Recipe {
    services: Vec<(u8, u8, bool)>,
    customers: Vec<(u8, u8, Option<u8>)>,
    agreements: Vec<(u8, u8)>,
    products: Vec<u8>,
    additions: Vec<(u8, u8, u8, u8)>,
    rows: Vec<(u8, u8, u8)>,
    past: Vec<(u8, u8, u8)>,
    policy: (u8, u8, bool, bool, bool),
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let mapping = (
        vec((0..10_u8, 1..16_u8, any::<bool>()), 4),
        vec((0..12_u8, 0..7_u8, proptest::option::of(0..4_u8)), 4),
        vec((0..7_u8, 0..20_u8), 4),
        vec(0..20_u8, 4),
    );
    let night = (
        vec((0..4_u8, 0..5_u8, 0..8_u8, 0..9_u8), 0..12),
        vec((0..6_u8, 0..6_u8, 0..24_u8), 0..20),
        vec((0..4_u8, 0..4_u8, 0..16_u8), 0..5),
        (0..3_u8, 0..3_u8, any::<bool>(), any::<bool>(), any::<bool>()),
    );
    (mapping, night).prop_map(|((services, customers, agreements, products), (additions, rows, past, policy))| Recipe {
        services,
        customers,
        agreements,
        products,
        additions,
        rows,
        past,
        policy,
    })
}

fn night() -> impl Strategy<Value = Night> {
    recipe().prop_map(|recipe| {
        let mut night = Night::empty();
        recipe.mapping(&mut night);
        recipe.connectwise(&mut night);
        recipe.export(&mut night);
        recipe.past(&mut night);
        night
    })
}

impl Recipe {
    fn mapping(&self, night: &mut Night) {
        for (at, (kind, bits, whole)) in self.services.iter().enumerate() {
            let name = format!("S{at}");
            let rule = match kind {
                0 => ServiceRule::NotAssigned,
                1 => ServiceRule::Deprecated { product: None },
                2 => ServiceRule::Deprecated { product: Some("P0".into()) },
                3 => continue,
                _ => {
                    let products: Vec<String> =
                        (0..4).filter(|bit| bits & (1 << bit) != 0).map(|bit| format!("P{bit}")).collect();
                    night.service(&name, &products.iter().map(String::as_str).collect::<Vec<_>>());
                    if *whole {
                        night.whole(&name);
                    }
                    continue;
                }
            };
            night.mapping.services.insert(ServiceName::new(&name), rule);
        }
        for (at, (kind, company, named)) in self.customers.iter().enumerate() {
            let agreement = named.map(|at| 10 + i64::from(at));
            // A row that names an agreement mostly names its company as well.
            let company = match named {
                Some(at) if *kind > 2 => self.agreements[usize::from(*at)].0,
                _ => *company,
            };
            match kind {
                0 => _ = night.skipped(&format!("C{at}")),
                1 => {}
                _ => _ = night.customer(&format!("C{at}"), i64::from(company / 3), agreement),
            }
        }
        let (to_zero, duplicates, create_lines, overwrite, exact) = self.policy;
        night.policy.to_zero = [ToZero::Apply, ToZero::Ask, ToZero::SecondNight][usize::from(to_zero)];
        night.duplicates = [Duplicates::Error, Duplicates::Sum, Duplicates::Max][usize::from(duplicates)];
        night.policy.human_edit = if overwrite { HumanEdit::Overwrite } else { HumanEdit::Ask };
        night.mapping.create_lines = create_lines;
        night.mapping.match_customers = if exact { MatchCustomers::ExactName } else { MatchCustomers::Mapped };
        night.mapping.default_agreement = Some(AgreementRule::Type("Email".to_owned()));
    }

    fn connectwise(&self, night: &mut Night) {
        // Company 2 does not exist; customers C0 and C1 bear the names of the others.
        night.company(0, "C0").company(1, "C1");
        for (id, (company, state)) in (10..).zip(&self.agreements) {
            night.agreement(id, i64::from(company / 3)).amend(id, |agreement| match state {
                0 => agreement.status = Some("Cancelled".to_owned()),
                1 => agreement.ends_on = Some(day("2026-03-09")),
                2 => agreement.recurrence = Recurrence::Once,
                3 => agreement.kind = "Other".to_owned(),
                _ => {}
            });
        }
        night.product(104, "FOREIGN");
        for (id, state) in (100..).zip(&self.products) {
            let name = format!("P{}", id - 100);
            match state {
                0 => continue,
                1 => _ = night.product(id, &name).amend_product(&name, |product| product.inactive = true),
                2 => _ = night.product(id, &name).amend_product(&name, |product| product.bundle_class = true),
                3 => _ = night.product(id, &name).product(id + 100, &name),
                _ => _ = night.product(id, &name),
            }
        }
        for (id, (agreement, product, quantity, state)) in (1000..).zip(&self.additions) {
            night.addition(10 + i64::from(*agreement), id, "FOREIGN", QUANTITIES[usize::from(*quantity)]);
            night.amend_addition(id, |addition| {
                addition.product = Some(ProductId(100 + i64::from(*product)));
                match state {
                    0 => addition.cancelled_on = Some(day("2026-03-10")),
                    1 => addition.effective_on = Some(day("2026-03-11")),
                    2 => addition.quantity = Err("unreadable".to_owned()),
                    3 if *quantity == 0 => addition.product = None,
                    _ => {}
                }
            });
        }
    }

    fn export(&self, night: &mut Night) {
        for (customer, service, count) in &self.rows {
            let customer = if *customer == 5 { String::new() } else { format!("C{customer}") };
            let service = if *service == 5 { String::new() } else { format!("S{service}") };
            night.row(&customer, &service, COUNTS.get(usize::from(*count)).unwrap_or(&"4"));
        }
    }

    fn past(&self, night: &mut Night) {
        for (agreement, product, what) in &self.past {
            let key = key(10 + i64::from(*agreement), &format!("P{product}"));
            match what {
                0 => {
                    let (run, sent_at) = (RunId(1), time("2026-03-09T01:00:00Z"));
                    night.past.in_doubt.insert(
                        key,
                        CreationInDoubt { run, sent_at, candidates: Vec::new(), elsewhere: None, product: None },
                    );
                }
                1..=5 => drop(night.past.zero_before.insert(key, stamp("bb", "2026-03-09T01:00:00Z"))),
                _ => {
                    let written = WrittenQuantity::once(u32::from(*product).into(), RunId(1));
                    night.past.written.insert(AdditionId(1000 + i64::from(*what) - 6), written);
                }
            }
        }
    }
}

fn fate(verdict: &Verdict) -> Fate {
    match verdict {
        Verdict::Unchanged(_) => Fate::Leave,
        Verdict::Held(_) | Verdict::Large(_) => Fate::Ask,
        Verdict::Update(change) => Fate::Set(change.addition.0, change.from.as_decimal(), change.to.as_decimal()),
        Verdict::Create(creation) => Fate::Create(creation.product.0, creation.quantity.as_decimal()),
        Verdict::Skipped(code) => panic!("a line on an agreement is never skipped: {code}"),
    }
}

/// What a plan decides: its lines without handles, sentences, lines of the file and the day.
fn decided(plan: &Plan) -> Vec<Line> {
    let without = |line: &Line| {
        let sources = line.sources.iter().map(|source| Source { lines: Vec::new(), ..source.clone() }).collect();
        let mut line = Line { handle: String::new(), detail: String::new(), sources, ..line.clone() };
        if let Verdict::Create(creation) = &mut line.verdict {
            creation.effective_on = day("2000-01-01");
        }
        line
    };
    plan.lines.iter().map(without).collect()
}

/// A line as the report of a dry run shows it.
fn shown(line: &Line) -> ShownLine {
    let (outcome, reason) = match &line.verdict {
        Verdict::Update(_) => (Outcome::WouldUpdate, line.verdict.code()),
        Verdict::Create(_) => (Outcome::WouldCreate, line.verdict.code()),
        Verdict::Unchanged(code) => (Outcome::Unchanged, *code),
        Verdict::Held(Code::InDoubt) => (Outcome::Unknown, Code::InDoubt),
        Verdict::Held(_) | Verdict::Large(_) => (Outcome::Held, line.verdict.code()),
        Verdict::Skipped(code) => (Outcome::Skipped, *code),
    };
    ShownLine { outcome, reason, is_placed: line.key().is_some(), is_counted: line.wanted.is_some() }
}

/// The verdict of a line once this was answered to it.
fn answered(night: &Night, line: &Line, verb: AnswerVerb) -> Verdict {
    let (mut night, key) = (night.clone(), line.key().expect("a place"));
    let (addition, was) = (line.live.map(|live| live.addition), line.live.map(|live| live.quantity));
    let decision = Decision {
        handle: line.handle.clone(),
        verb,
        until: None,
        note: String::new(),
        who: "mmiller".to_owned(),
        at: time("2026-03-09T08:00:00Z").fixed_offset(),
        reason: line.verdict.code(),
        seen: Some(SeenLine { addition, was, wanted: line.wanted, changed_at: None }),
        named: None,
        within: None,
        unmapped: false,
        spent: false,
    };
    night.past.decisions.0.insert(DecisionSubject::line(key), decision);
    let plan = night.plan();
    let again = plan.lines.iter().find(|again| again.handle == line.handle);
    again.expect("the line is in the next plan").verdict.clone()
}

proptest! {
    #![proptest_config(Config { cases: 512, failure_persistence: None, ..Config::default() })]

    /// An answer that is taken and not followed would leave a line to somebody who believes that it is settled; one that
    /// is refused and would be followed would leave it open for nothing.
    #[test]
    fn an_answer_is_taken_exactly_where_the_planner_follows_it(night in night()) {
        let plan = night.plan();
        for line in plan.lines.iter().filter(|line| line.key().is_some()) {
            let item = ShownItem { line: Some(shown(line)), finding: None, answered: None };
            let is_open = line.verdict.is_change() || line.verdict.is_held();
            let kept = answered(&night, line, AnswerVerb::Keep) == Verdict::Skipped(Code::Kept);
            prop_assert_eq!(answer(AnswerVerb::Keep, &item).is_ok() && is_open, kept, "keep {:?}", line);
            let accepted = answered(&night, line, AnswerVerb::Accept) != line.verdict;
            prop_assert_eq!(answer(AnswerVerb::Accept, &item).is_ok(), accepted, "accept {:?}", line);
        }
    }

    /// Two programs written apart agree on every line: bundles stay apart, sums add up, doubt is doubt.
    #[test]
    fn a_plan_is_what_a_slow_and_obvious_reading_says(night in night()) {
        let plan = night.plan();
        let placed = plan.lines.iter().filter_map(|line| {
            let key = line.key()?;
            let wanted = line.wanted.map(|wanted| wanted.as_decimal());
            Some(((key.agreement.0, key.product.as_str().to_owned()), (wanted, fate(&line.verdict))))
        });
        prop_assert_eq!(placed.collect::<BTreeMap<_, (Option<Decimal>, Fate)>>(), oracle::expected(&night));
    }

    /// Otherwise an invoice would change from night to night although nothing happened.
    #[test]
    fn a_plan_that_was_carried_out_leaves_nothing_to_do(mut night in night()) {
        let plan = night.plan();
        night.carry_out(&plan);
        for line in &plan.lines {
            if let Verdict::Update(change) = &line.verdict {
                night.past.written.insert(change.addition, WrittenQuantity::once(change.to, RunId(2)));
            }
        }
        let again = night.plan();
        let changes: Vec<_> = again.lines.iter().filter(|line| line.verdict.is_change()).collect();
        prop_assert!(changes.is_empty(), "{:#?}", changes);
    }

    #[test]
    fn the_order_of_rows_decides_nothing(night in night(), order in vec(any::<Index>(), 20)) {
        // A row that names nobody may belong to the customer above it, so there the order means something.
        if night.rows.iter().any(|(_, customer, ..)| customer.trim().is_empty()) {
            return Ok(());
        }
        let mut shuffled = night.clone();
        for (at, other) in order.iter().enumerate().take(night.rows.len()) {
            shuffled.rows.swap(at, other.index(night.rows.len()));
        }
        let (one, two) = (night.plan(), shuffled.plan());
        prop_assert_eq!(one.fingerprint(), two.fingerprint());
        prop_assert_eq!(decided(&one), decided(&two));
        let handles = |plan: &Plan| plan.lines.iter().map(|line| line.handle.clone()).collect::<Vec<_>>();
        prop_assert_eq!(handles(&one), handles(&two));
        let told = |plan: &Plan| {
            let told = plan.findings.iter().map(|f| {
                (f.severity, f.code, f.customer.clone(), f.service.clone(), f.handle.clone(), f.fix.clone())
            });
            told.collect::<Vec<_>>()
        };
        prop_assert_eq!(told(&one), told(&two));
    }

    /// Approving a fingerprint approves what was seen: no more, and no less.
    #[test]
    fn a_fingerprint_changes_exactly_when_a_decision_does(
        night in night(), at in any::<Index>(), count in 0..12_usize, moved in 0..3_u64,
    ) {
        let mut other = night.clone();
        other.rows.iter_mut().for_each(|row| row.0 += moved);
        if !other.rows.is_empty() {
            let at = at.index(other.rows.len());
            other.rows[at].3 = COUNTS[count].to_owned();
        }
        let (one, two) = (night.plan(), other.plan());
        prop_assert_eq!(one.fingerprint() == two.fingerprint(), decided(&one) == decided(&two));
    }

    #[test]
    fn every_row_and_every_line_of_ours_is_explained_once(night in night()) {
        let plan = night.plan();
        let places = night.places();
        let mut explained: BTreeMap<u64, usize> = BTreeMap::new();
        for line in plan.lines.iter().flat_map(|line| &line.sources).flat_map(|source| &source.lines) {
            *explained.entry(*line).or_default() += 1;
        }
        let mut of_a_count: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (number, customer, service, text) in &night.rows {
            let named = !customer.is_empty() && !service.is_empty();
            let billed = match night.mapping.services.get(service.as_str()) {
                Some(ServiceRule::Billed(billed)) if oracle::agreement_of(&night, customer).is_some() => {
                    billed.products.len()
                }
                _ => 1,
            };
            let expected = if named && oracle::count(text).is_some() { billed } else { 0 };
            let before = of_a_count.entry((customer.as_str(), service.as_str())).or_default();
            // Of many rows of one count the first are named.
            let told = if *before < RowLines::KEPT { expected } else { 0 };
            *before += usize::from(expected > 0);
            prop_assert_eq!(explained.get(number).copied().unwrap_or_default(), told, "row {}", number);
            let rejected = plan.findings.iter().filter(|finding| {
                finding.code == Code::RowMalformed && finding.message.starts_with(&format!("line {number},"))
            });
            prop_assert_eq!(rejected.count(), usize::from(!customer.is_empty() && expected == 0), "row {}", number);
        }
        let nameless = night.rows.iter().filter(|row| row.1.is_empty()).count();
        let told = plan.findings.iter().filter(|finding| finding.code == Code::CustomerNameless).count();
        prop_assert_eq!(told, usize::from(nameless > 0));
        let agreements: BTreeSet<_> = places.values().filter_map(Place::agreement).map(|(_, id)| id).collect();
        for product in oracle::products(&night) {
            let ids = oracle::catalog_ids(&night, &product);
            for (agreement, additions) in night.additions.iter().filter(|(id, _)| agreements.contains(id)) {
                let ours = |a: &&recount::reconcile::model::connectwise_records::Addition| a.product.is_some_and(|id| ids.contains(&id.0));
                if additions.iter().filter(ours).any(|addition| addition.is_live(night.today)) {
                    let key = key(agreement.0, &product);
                    prop_assert_eq!(plan.lines.iter().filter(|line| line.key() == Some(&key)).count(), 1);
                }
            }
        }
    }

    /// Somebody else's addition, or another customer's agreement, is not this program's business.
    #[test]
    fn nothing_is_written_but_mapped_products_on_mapped_agreements(night in night()) {
        let plan = night.plan();
        let agreements: BTreeSet<_> = night.places().values().filter_map(Place::agreement).map(|(_, id)| id).collect();
        let products: BTreeSet<i64> =
            oracle::products(&night).iter().flat_map(|product| oracle::catalog_ids(&night, product)).collect();
        let mut written = BTreeSet::new();
        for line in plan.lines.iter().filter(|line| line.verdict.is_change()) {
            let agreement = line.key().expect("only lines on agreements are written").agreement;
            prop_assert!(agreements.contains(&agreement));
            match &line.verdict {
                Verdict::Update(change) => {
                    let addition = night.additions[&agreement].iter().find(|a| a.id == change.addition);
                    let addition = addition.expect("an addition of that agreement");
                    prop_assert!(addition.is_live(night.today) && written.insert(change.addition));
                    prop_assert!(addition.product.is_some_and(|id| products.contains(&id.0)));
                }
                Verdict::Create(creation) => prop_assert!(products.contains(&creation.product.0)),
                _ => {}
            }
        }
    }

    /// `to decide: 0` has to mean that nobody has to decide anything.
    #[test]
    fn every_held_line_belongs_to_something_to_decide(night in night()) {
        let plan = night.plan();
        let ask: Vec<_> = plan.findings.iter().filter(|finding| finding.severity == Severity::Decide).collect();
        for line in &plan.lines {
            let code = line.verdict.code();
            if !line.verdict.is_held() {
                continue;
            }
            if code == Code::InDoubt {
                continue;
            }
            let product = line.key().map(|key| of_product(&night.integration, &key.product));
            let about = ask.iter().any(|finding| {
                let customer = finding.customer.as_ref();
                let service = finding.service.as_ref();
                let source = line.sources.iter().any(|source| {
                    (customer.is_none() || customer == Some(&source.customer))
                        && (service.is_none() || service == Some(&source.service))
                });
                let named = customer.is_some() || service.is_some();
                finding.code == code
                    && ((named && source) || finding.handle == product || finding.handle.as_ref() == Some(&line.handle))
            });
            prop_assert!(about, "nobody is asked about {:#?} in {:#?}", line, plan.findings);
        }
    }

    #[test]
    fn handles_are_unique_and_hold_from_night_to_night(night in night(), next in night()) {
        let tonight = night.plan();
        let handles: BTreeSet<&str> = tonight.lines.iter().map(|line| line.handle.as_str()).collect();
        prop_assert_eq!(handles.len(), tonight.lines.len());
        let tomorrow = next.plan();
        let known: BTreeMap<&Subject, &str> = tonight.lines.iter().map(|l| (&l.subject, l.handle.as_str())).collect();
        for line in &tomorrow.lines {
            if let Some(handle) = known.get(&line.subject) {
                prop_assert_eq!(*handle, line.handle.as_str());
            }
        }
    }
}

//! The guards' defaults on ordinary months, in which nothing is wrong: how often would they hold a night, or a line?
//! `cargo run --example months [-- MONTHS]`; the seeds are 0, 1, 2, … and docs/guards.md has the table for 200.
//!
//! A month has growth, churn, and in some a season, or a vendor that is new; services are billed by the count, by its
//! peak or by its average, and the month of the calendar changes in its middle. Whoever is asked says yes.
#![expect(clippy::print_stdout, reason = "it is a program for people")]

#[path = "../tests/nights/engine/chance.rs"]
#[expect(dead_code, reason = "the simulated nights use the rest of it")]
mod chance;
#[path = "../tests/core/night.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod night;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::chance::Chance;
use crate::night::{Night, day, stamp, time};
use recount::reconcile::guard::baseline;
use recount::reconcile::guard::guard_inputs::GuardInputs;
use recount::reconcile::guard::plan_check::{Approval, clear};
use recount::reconcile::model::ids::{AgreementId, CustomerName, RunId, ServiceName};
use recount::reconcile::model::past::{Accepted, Past, WrittenQuantity};
use recount::reconcile::model::plan::Plan;
use recount::reconcile::model::plan::line::Verdict;
use recount::reconcile::model::plan::reason_code::Code;
use recount::reconcile::model::quantity::Quantity;
use recount::reconcile::model::quantity_policy::{Measure, Policy};

const NIGHTS: u64 = 30;

fn main() {
    let months = std::env::args().nth(1).and_then(|months| months.parse().ok()).unwrap_or(200);
    let mut told = Told::default();
    for seed in 0..months {
        Month::new(seed).live(&mut told);
    }
    println!("{months} months, {} nights, {} lines each", told.nights, told.lines / told.nights.max(1));
    println!("whole nights held: {}", told.held.values().map(BTreeSet::len).sum::<usize>());
    for (code, nights) in &told.held {
        println!("  {code}: {} {nights:?}", nights.len());
    }
    println!("lines held, of {} changes", told.changes);
    println!("  new lines, for their size: {}", told.large);
    for (code, lines) in &told.asked {
        println!("  {code}: {lines}");
    }
}

/// What was held.
#[derive(Default)]
struct Told {
    nights: u64,
    lines: u64,
    changes: u64,
    /// Seed, night and customers of each night that a guard held whole.
    held: BTreeMap<Code, BTreeSet<(u64, u64, usize)>>,
    asked: BTreeMap<Code, u64>,
    large: u64,
}

/// One customer's use of one service.
struct Use {
    customer: usize,
    service: usize,
    count: u64,
}

struct Month {
    seed: u64,
    chance: Chance,
    night: Night,
    customers: usize,
    uses: Vec<Use>,
    /// The nights in which many grow, or shrink.
    season: Option<(u64, bool)>,
    first: NaiveDate,
}

impl Month {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let customers = match chance.below(10) {
            0..=3 => 8 + chance.below(20),
            4..=7 => 25 + chance.below(75),
            _ => 100 + chance.below(150),
        };
        let season = (chance.below(10) == 0).then(|| (5 + chance.below(15), chance.below(2) == 0));
        let first = day("2026-03-16").checked_add_days(Days::new(30 * (seed % 12))).expect("a day");
        let mut month = Self { seed, chance, night: Night::empty(), customers: 0, uses: Vec::new(), season, first };
        month.services();
        (0..customers).for_each(|_| month.customer());
        // Nine of ten months go on from the month before; in the others the vendor is new, and a person approves the
        // first plan.
        if !seed.is_multiple_of(10) {
            month.night_of(0);
            let plan = month.night.plan();
            month.yes(&plan);
            month.remember(0, &plan, true);
        }
        month
    }

    fn services(&mut self) {
        let rule = recount::reconcile::model::mapping::AgreementRule::Type("Email".to_owned());
        self.night.mapping.default_agreement = Some(rule);
        for service in 0..1 + self.chance.below(4) {
            let (name, product) = (format!("S{service}"), format!("P{service}"));
            self.night.service(&name, &[&product]).product(i64::try_from(service).unwrap_or(0) + 1, &product);
            let measure = match self.chance.below(8) {
                0 => Measure::Peak,
                1 => Measure::Average,
                _ => Measure::Current,
            };
            self.night.billed(&name, |billed| billed.policy = Policy { measure, ..Policy::default() });
        }
    }

    /// A customer, its company and agreement, and what it uses: mostly a few, sometimes many.
    fn customer(&mut self) {
        let at = self.customers;
        let (name, company) = (format!("C{at:03}"), i64::try_from(at).unwrap_or(0) + 1);
        self.night.company(company, &name).agreement(10_000 + company, company).customer(&name, company, None);
        let seats = match self.chance.below(20) {
            0..=9 => 1 + self.chance.below(6),
            10..=16 => 5 + self.chance.below(25),
            _ => 30 + self.chance.below(170),
        };
        let services = self.night.mapping.services.len();
        for service in 0..services {
            if service == 0 || self.chance.below(10) < 6 {
                let count = seats.saturating_sub(self.chance.below(1 + seats / 4)).max(1);
                self.uses.push(Use { customer: at, service, count });
            }
        }
        self.customers += 1;
    }

    fn live(mut self, told: &mut Told) {
        for at in 1..=NIGHTS {
            self.move_on(at);
            self.night_of(at);
            let plan = self.night.plan();
            told.nights += 1;
            told.lines += u64::try_from(plan.lines.len()).unwrap_or(0);
            let stopped = self.stopped(at, &plan);
            // The first plan of a new vendor is approved anyway.
            let approves = !self.night.past.approved_once;
            for code in stopped.iter().filter(|_| !approves) {
                told.held.entry(*code).or_default().insert((self.seed, at, self.customers));
            }
            for line in plan.lines.iter().filter(|_| !approves) {
                told.changes += u64::from(line.verdict.is_change());
                if let Verdict::Large(_) = line.verdict {
                    told.large += 1;
                } else if line.verdict.is_held() {
                    *told.asked.entry(line.verdict.code()).or_default() += 1;
                }
            }
            self.yes(&plan);
            self.remember(at, &plan, approves || !stopped.is_empty());
        }
    }

    /// What the customers do in a day.
    fn move_on(&mut self, at: u64) {
        let season = self.season.filter(|(from, _)| (*from..*from + 5).contains(&at));
        // People come and go on the first of a month; what is done on a weekend is done on Monday.
        let today = self.today(at);
        let busy = match (today.day(), today.weekday()) {
            (1, _) => 4,
            (_, Weekday::Sat | Weekday::Sun) => 0,
            (_, Weekday::Mon) => 2,
            _ => 1,
        };
        for of in &mut self.uses {
            let (odds, up) = match season {
                Some((_, up)) => (200, if up { 80 } else { 20 }),
                None => (25 * busy, 60),
            };
            if self.chance.below(1000) < odds {
                let by = 1 + self.chance.below(1 + of.count / 20);
                let grows = self.chance.below(100) < up;
                of.count = if grows { of.count + by } else { of.count.saturating_sub(by).max(1) };
            }
        }
        // Each night one customer in two hundred buys another service, one in a thousand leaves, and some come.
        let services = self.night.mapping.services.len();
        for customer in 0..self.customers {
            let seats = self.uses.iter().filter(|of| of.customer == customer).map(|of| of.count).max();
            let Some(seats) = seats else { continue };
            let all: u64 = self.uses.iter().map(|of| of.count).sum();
            let own: u64 = self.uses.iter().filter(|of| of.customer == customer).map(|of| of.count).sum();
            match self.chance.below(2000) {
                0..=9 => {
                    let service = usize::try_from(self.chance.below(4)).unwrap_or(0) % services;
                    if !self.uses.iter().any(|of| of.customer == customer && of.service == service) {
                        self.uses.push(Use { customer, service, count: seats });
                    }
                }
                // One with a tenth of all units leaves in no ordinary month, and is held rightly.
                10 | 11 if own * 10 < all => self.uses.retain(|of| of.customer != customer),
                _ => {}
            }
        }
        let is_new = self.seed.is_multiple_of(10) && (2..7).contains(&at);
        if is_new || self.chance.below(2000) < 10 + u64::try_from(self.customers).unwrap_or(0) {
            self.customer();
        }
    }

    fn today(&self, at: u64) -> NaiveDate {
        self.first.checked_add_days(Days::new(at)).expect("a day")
    }

    fn night_of(&mut self, at: u64) {
        let today = self.today(at);
        self.night.today = today;
        self.night.export = stamp(&format!("{at}"), &format!("{today}T01:00:00Z"));
        self.night.rows.clear();
        for of in &self.uses {
            self.night.row(&format!("C{:03}", of.customer), &format!("S{}", of.service), &of.count.to_string());
        }
    }

    fn stopped(&self, at: u64, plan: &Plan) -> BTreeSet<Code> {
        let night = &self.night;
        let checks = GuardInputs {
            policy: &night.policy,
            past: &night.past,
            counts: &night.counts(),
            export: &night.export,
            seen: &night.seen(),
            now: time(&format!("{}T02:00:00Z", self.today(at))),
            unattended: true,
        };
        let stopped = clear(plan, checks, Approval::Nobody).err();
        stopped.into_iter().flat_map(|stopped| stopped.findings).map(|finding| finding.code).collect()
    }

    /// Every write is made, and every held step taken.
    fn yes(&mut self, plan: &Plan) {
        let mut plan = plan.clone().approved_by(&plan.fingerprint());
        for line in &mut plan.lines {
            if let (Verdict::Held(Code::LineStep | Code::ToZero), Some(live), Some(to)) =
                (&line.verdict, line.live, line.wanted)
            {
                let change = recount::reconcile::model::plan::line::QuantityChange {
                    addition: live.addition,
                    from: live.quantity,
                    to,
                };
                line.verdict = Verdict::Update(change);
            }
        }
        self.carry_out(&plan);
        self.part();
    }

    /// Who is not in the export any more has left: its lines are ended, and its row says so.
    fn part(&mut self) {
        for customer in 0..self.customers {
            if !self.uses.iter().any(|of| of.customer == customer) {
                let agreement = AgreementId(10_001 + i64::try_from(customer).unwrap_or(0));
                self.night.skipped(&format!("C{customer:03}"));
                self.night.additions.insert(agreement, Vec::new());
            }
        }
    }

    /// A creation's id is of its night alone, so each addition is numbered by its place on its agreement.
    fn carry_out(&mut self, plan: &Plan) {
        self.night.carry_out(plan);
        for (agreement, additions) in &mut self.night.additions {
            for (id, addition) in (agreement.0 * 100..).zip(additions) {
                addition.id.0 = id;
            }
        }
    }

    fn remember(&mut self, at: u64, plan: &Plan, approved: bool) {
        let counts = self.night.counts();
        let night = &self.night;
        let doubted: BTreeSet<(CustomerName, ServiceName)> =
            baseline::doubted(plan, &counts, &night.past, &night.policy)
                .into_iter()
                .map(|(customer, service)| (customer.clone(), service.clone()))
                .collect();
        let after = baseline::after(&night.past, &counts, plan, approved);
        let run = RunId(i64::try_from(at).unwrap_or(0) + 1);
        let customers: BTreeSet<CustomerName> = counts.customers.keys().cloned().collect();
        let accepted = Accepted {
            run,
            rows: counts.rows,
            customers,
            units: counts.units(),
            lines: BTreeMap::new(),
            missing: BTreeSet::new(),
            open_end: false,
            files: 0,
            by_count: true,
        };
        let written =
            night.additions.values().flatten().filter_map(|addition| {
                Some((addition.id, WrittenQuantity::once(*addition.quantity.as_ref().ok()?, run)))
            });
        let written = written.collect();
        let past = &mut self.night.past;
        *past = Past { accepted: Some(accepted), approved_once: true, counts: after, written, ..std::mem::take(past) };
        self.count_day(at, &doubted);
    }

    fn count_day(&mut self, at: u64, doubted: &BTreeSet<(CustomerName, ServiceName)>) {
        let (today, tomorrow) = (self.today(at), self.today(at + 1));
        let past = &mut self.night.past;
        for of in &self.uses {
            let customer = CustomerName::new(&format!("C{:03}", of.customer));
            let service = ServiceName::new(&format!("S{}", of.service));
            let days = past.counted.entry(customer.clone()).or_default().entry(service.clone()).or_default();
            let count = Quantity::from(u32::try_from(of.count).unwrap_or(u32::MAX));
            let last = days.counts().last().copied().filter(|_| doubted.contains(&(customer, service)));
            days.push(today, last.unwrap_or(count));
        }
        past.counted_before =
            if today.month() == tomorrow.month() { BTreeMap::new() } else { std::mem::take(&mut past.counted) };
    }
}

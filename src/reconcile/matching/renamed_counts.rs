//! The days of a line that were counted under another name: a vendor that renames a service or a customer does not begin the month
//! anew. What a line came to on a day is the sum of the names that stood on it on that day, and no day is counted twice.
//!
//! A name takes the days of another one over where it came to the very lines of the other one on the night on which that one fell
//! silent, and where nothing speaks against it: the old name is in tonight's export no more and stands on no other line, what is
//! counted is of one size and on the same terms, and of two customers the new one was never in an export beside the old one. In
//! doubt it begins anew: a fall is asked about then (`count-taken-out`), and another's usage is never billed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use crate::reconcile::guard::guard_policy::LineStep;
use crate::reconcile::matching::line_claims::OtherIntegration;
use crate::reconcile::matching::names_of_counts::{CountName, InExports, NameSpan, NamesOfCounts, NamesTonight, Stood};
use crate::reconcile::matching::placement::Place;
use crate::reconcile::matching::wanted_line::count;
use crate::reconcile::model::display_text::{self, shown};
use crate::reconcile::model::export::counts::CustomerCounts;
use crate::reconcile::model::ids::{AgreementId, CustomerName, ServiceName};
use crate::reconcile::model::mapping::ServiceRule;
use crate::reconcile::model::past::{CountedDays, CountsByDay, EarlierOwner, Past};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::quantity::Quantity;

/// What tells a new name of an old count from another count.
#[derive(Debug, Clone, Copy)]
pub struct RenameSigns<'a> {
    /// Tonight's names.
    pub tonight: NamesTonight<'a>,
    /// Who else bills in the same ConnectWise. What one of them counts still is its own.
    pub neighbours: &'a [OtherIntegration<'a>],
    /// How far a count may move at once and still be the same one.
    pub line_step: LineStep,
}

/// Gives the names of tonight the days of those that they came in the place of. `names` is what is known after tonight.
pub fn take_over_renamed(past: &mut Past, owners: &[EarlierOwner], names: &NamesOfCounts, signs: RenameSigns<'_>) {
    let index = NameIndex::of(names, signs);
    if index.hand_overs.is_empty() {
        return;
    }
    let mut days = DaysOfNames {
        past,
        owners,
        index: &index,
        of: BTreeMap::new(),
        changed: BTreeSet::new(),
        said: BTreeMap::new(),
    };
    for (day, arrivals) in &index.hand_overs {
        for (lines, arrivals) in index.by_lines(arrivals, *day) {
            index.hand_over(&mut days, *day, (&lines, arrivals));
        }
    }
    let DaysOfNames { of, changed, said, .. } = days;
    let this_period = signs.tonight.today.with_day(1).unwrap_or(signs.tonight.today);
    for (name, days) in of.into_iter().filter(|(name, _)| changed.contains(name)) {
        // What nobody asks for tonight is nobody's.
        if name.integration == *signs.tonight.integration {
            let (last, this) = days.into_iter().partition(|(day, _)| *day < this_period);
            put(&mut past.counted_before, &name, last);
            put(&mut past.counted, &name, this);
            if let Some(said) = said.get(&name) {
                past.counted_as.insert((name.customer, name.service), said.clone());
            }
        }
    }
}

/// Each day with its count.
type Days = BTreeMap<NaiveDate, Quantity>;

fn put(counted: &mut CountedDays, name: &CountName, days: Days) {
    let is_known = counted.get(&name.customer).is_some_and(|own| own.contains_key(&name.service));
    if is_known || !days.is_empty() {
        let own = counted.entry(name.customer.clone()).or_default();
        own.insert(name.service.clone(), days.into_iter().collect::<CountsByDay>());
    }
}

/// The names by the lines and the days on which they came.
struct NameIndex<'a> {
    signs: RenameSigns<'a>,
    customers: &'a BTreeMap<CustomerName, InExports>,
    of_name: BTreeMap<&'a CountName, Vec<(&'a NameSpan, &'a Stood)>>,
    on_line: BTreeMap<&'a LineKey, BTreeSet<&'a CountName>>,
    /// Names of tonight's integration that came to stand on a line, where they stood on none the night before.
    hand_overs: BTreeMap<NaiveDate, Vec<&'a CountName>>,
}

impl<'a> NameIndex<'a> {
    fn of(names: &'a NamesOfCounts, signs: RenameSigns<'a>) -> Self {
        let (mut of_name, mut on_line) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, BTreeSet<_>>::new());
        for (span, stood) in &names.spans {
            of_name.entry(&span.name).or_default().push((span, stood));
            on_line.entry(&span.line).or_default().insert(&span.name);
        }
        let mut index = Self { signs, customers: &names.customers, of_name, on_line, hand_overs: BTreeMap::new() };
        let mut hand_overs = BTreeMap::<_, Vec<_>>::new();
        for (name, spans) in &index.of_name {
            let days: BTreeSet<_> = spans.iter().map(|(span, _)| span.first).collect();
            for day in days.into_iter().filter(|day| index.lines_before(name, *day).is_empty()) {
                if name.integration == *signs.tonight.integration && index.others_before(name, day) {
                    hand_overs.entry(day).or_default().push(*name);
                }
            }
        }
        index.hand_overs = hand_overs;
        index
    }

    /// Whether another name stood on a line of this one before it came.
    fn others_before(&self, name: &CountName, day: NaiveDate) -> bool {
        self.lines_on(name, day).into_iter().any(|line| {
            let mut on_line = self.on_line.get(line).into_iter().flatten();
            on_line.any(|other| *other != name && self.lines_before(other, day).contains(line))
        })
    }

    fn spans(&self, name: &CountName) -> impl Iterator<Item = (&'a NameSpan, &'a Stood)> {
        self.of_name.get(name).into_iter().flatten().copied()
    }

    fn lines_before(&self, name: &CountName, day: NaiveDate) -> BTreeSet<&'a LineKey> {
        self.spans(name).filter(|(span, stood)| span.stood_before(stood, day)).map(|(span, _)| &span.line).collect()
    }

    fn lines_on(&self, name: &CountName, day: NaiveDate) -> BTreeSet<&'a LineKey> {
        self.spans(name).filter(|(span, stood)| span.stood_on(stood, day)).map(|(span, _)| &span.line).collect()
    }

    /// What was agreed about a name last.
    fn terms(&self, name: &CountName) -> Option<&'a str> {
        self.spans(name).max_by_key(|(span, _)| span.first).map(|(_, stood)| stood.terms.as_str())
    }

    /// Whether each of several counts comes to as much alone as in a sum.
    fn add_up(&self, names: &[&CountName]) -> bool {
        let mapping = self.signs.tonight.mapping;
        names.iter().all(|name| match mapping.services.get(&name.service) {
            Some(ServiceRule::Billed(billed)) => mapping.policy(&name.customer, &name.service, billed).adds_up(),
            _ => false,
        })
    }

    fn stands(&self, name: &CountName) -> bool {
        !self.lines_on(name, self.signs.tonight.today).is_empty()
    }

    /// Names that stand on the same lines: a service of two products is no other name of one of one product.
    fn by_lines(
        &self,
        arrivals: &[&'a CountName],
        day: NaiveDate,
    ) -> BTreeMap<BTreeSet<&'a LineKey>, Vec<&'a CountName>> {
        let mut by_lines: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for name in arrivals {
            by_lines.entry(self.lines_on(name, day)).or_default().push(*name);
        }
        by_lines.remove(&BTreeSet::new());
        by_lines
    }

    /// What another integration called the same first; then one customer's services, then the customers of one service. Where
    /// both names are others, nobody knows.
    fn hand_over(
        &self,
        days: &mut DaysOfNames<'_, 'a>,
        day: NaiveDate,
        (lines, mut arrivals): (&BTreeSet<&'a LineKey>, Vec<&'a CountName>),
    ) {
        let on_line = lines.first().and_then(|line| self.on_line.get(line));
        let others = on_line.into_iter().flatten().filter(|name| !arrivals.contains(name));
        let mut former: Vec<&CountName> = others
            .filter(|name| self.lines_before(name, day) == *lines && self.is_gone(name, lines))
            .filter(|name| days.end_before(name, day))
            .copied()
            .collect();
        for new in arrivals.clone() {
            let is_same = |name: &mut &CountName| name.customer == new.customer && name.service == new.service;
            let gone: Vec<_> = former.extract_if(.., is_same).collect();
            if !gone.is_empty() {
                days.move_to(day, (&gone, &[new]));
                arrivals.retain(|name| *name != new);
            }
        }
        let customers: BTreeSet<&CustomerName> = arrivals.iter().map(|name| &name.customer).collect();
        for customer in customers {
            let of_customer = |name: &mut &CountName| name.customer == *customer;
            let gone: Vec<_> = former.extract_if(.., of_customer).collect();
            if !gone.is_empty() {
                let new: Vec<_> = arrivals.extract_if(.., of_customer).collect();
                days.move_to(day, (&gone, &new));
            }
        }
        former.retain(|name| name.integration == *self.signs.tonight.integration);
        let services: BTreeSet<&ServiceName> = arrivals.iter().map(|name| &name.service).collect();
        for service in services {
            let of_service = |name: &&&CountName| name.service == *service;
            let gone: Vec<_> = former.iter().filter(of_service).copied().collect();
            let new: Vec<_> = arrivals.iter().filter(of_service).copied().collect();
            if self.never_met(&gone, &new) {
                days.move_to(day, (&gone, &new));
            }
        }
    }

    /// Whether the new customers came to the exports once the old ones had left them.
    fn never_met(&self, gone: &[&CountName], new: &[&CountName]) -> bool {
        let left = gone.iter().map(|name| self.customers.get(&name.customer).and_then(|seen| seen.gone));
        let came = new.iter().map(|name| self.customers.get(&name.customer).map(|seen| seen.first));
        match (left.collect::<Option<Vec<_>>>(), came.collect::<Option<Vec<_>>>()) {
            (Some(left), Some(came)) => left.iter().max() <= came.iter().min(),
            _ => false,
        }
    }

    /// Whether nothing is counted under a name any more, and none of its days are another line's.
    fn is_gone(&self, name: &CountName, lines: &BTreeSet<&LineKey>) -> bool {
        let tonight = self.signs.tonight;
        if name.integration != *tonight.integration {
            let counts_still = |one: &&OtherIntegration<'_>| {
                *one.integration == name.integration
                    && matches!(one.mapping.services.get(&name.service), Some(ServiceRule::Billed(_)))
            };
            return !self.signs.neighbours.iter().any(|one| counts_still(&one));
        }
        // What is ignored on purpose is counted nowhere, and may be in the export.
        if matches!(tonight.mapping.services.get(&name.service), Some(ServiceRule::NotAssigned)) {
            return false;
        }
        let own = tonight.counts.of(&name.customer);
        let is_silent = own.is_none_or(|own| own.is_whole() && own.get(&name.service).is_none());
        let (there, now) = (self.agreement(name), tonight.lines(&name.customer, &name.service));
        let is_elsewhere = there.is_some_and(|there| lines.iter().any(|line| line.agreement != there))
            || (!now.is_empty() && now.iter().collect::<BTreeSet<_>>() != *lines);
        is_silent && !is_elsewhere
    }

    fn agreement(&self, name: &CountName) -> Option<AgreementId> {
        self.signs.tonight.places.get(&name.customer).and_then(Place::agreement).map(|(_, agreement)| agreement)
    }
}

/// The days of each name that has to do with a hand-over.
struct DaysOfNames<'p, 'a> {
    past: &'p Past,
    owners: &'p [EarlierOwner],
    index: &'p NameIndex<'a>,
    of: BTreeMap<CountName, Days>,
    /// Names whose days are no more those that were counted under them alone.
    changed: BTreeSet<CountName>,
    /// Under which names they were counted, of those that came in the place of others.
    said: BTreeMap<CountName, String>,
}

impl<'a> DaysOfNames<'_, 'a> {
    fn of(&mut self, name: &CountName) -> &mut Days {
        if !self.of.contains_key(name) {
            self.of.insert(name.clone(), self.counted(name));
        }
        self.of.entry(name.clone()).or_default()
    }

    /// The days on which it stood somewhere. They are stored by change, and where it stood nowhere its last count is none.
    fn counted(&self, name: &CountName) -> Days {
        let own = (&self.past.counted_before, &self.past.counted);
        let theirs = self.owners.iter().find(|owner| owner.integration == name.integration);
        let theirs = theirs.map(|owner| (&owner.last_period, &owner.this_period));
        let is_own = name.integration == *self.index.signs.tonight.integration;
        let Some((last, this)) = (if is_own { Some(own) } else { theirs }) else { return Days::new() };
        let began = self.index.spans(name).map(|(span, _)| span.first).min();
        let stood = |day: NaiveDate| {
            // Before the first span nobody noted where it stood.
            began.is_none_or(|began| day < began)
                || self.index.spans(name).any(|(span, stood)| span.stood_on(stood, day))
        };
        let of_name = |counted: &CountedDays| {
            counted.get(&name.customer).and_then(|own| own.get(&name.service)).cloned().unwrap_or_default()
        };
        let all = [of_name(last), of_name(this)];
        all.iter().flat_map(CountsByDay::iter).filter(|(day, _)| stood(*day)).collect()
    }

    /// Whether something was counted under a name before a day, and nothing from then on.
    fn end_before(&mut self, name: &CountName, day: NaiveDate) -> bool {
        let days = self.of(name);
        days.range(..day).any(|(_, count)| !count.is_zero()) && days.range(day..).all(|(_, count)| count.is_zero())
    }

    /// Gives the days of names that are gone to those that came: their sum to the first of them, for they stood on one line, and
    /// none to the others. Nothing is given where the terms differ, where several do not add up, or where the new count is
    /// another one by its size. Two names that stand side by side since before have their own days each.
    fn move_to(&mut self, day: NaiveDate, (gone, new): (&[&'a CountName], &[&'a CountName])) {
        let terms: BTreeSet<_> = gone.iter().chain(new).map(|name| self.index.terms(name)).collect();
        let is_one = gone.len() == 1 && new.len() == 1;
        let is_alike = terms.len() == 1 && (is_one || self.index.add_up(new));
        let was_there = new.iter().any(|name| self.of(name).range(..day).next().is_some());
        let side_by_side = was_there && gone.iter().any(|name| self.index.stands(name));
        let Some((first, others)) = new.split_first().filter(|_| is_alike && !side_by_side && !gone.is_empty()) else {
            return;
        };
        let former: Vec<Days> = gone.iter().map(|name| self.of(name).range(..day).map(pair).collect()).collect();
        let Some(sums) = daily_sums(&former) else { return };
        let last = sums.values().rev().find(|sum| !sum.is_zero());
        let now: Option<Vec<Decimal>> = new.iter().map(|name| self.first_count(name, day)).collect();
        let Some((last, now)) = last.zip(now) else { return };
        let now = now.into_iter().fold(Decimal::ZERO, Decimal::saturating_add);
        if self.index.signs.line_step.too_far(last.as_decimal(), now).is_some() {
            return;
        }
        for name in gone {
            let days = self.of(name);
            days.range_mut(..day).for_each(|(_, count)| *count = Quantity::ZERO);
            self.changed.insert((*name).clone());
        }
        for name in others {
            let days = self.of(name);
            sums.keys().for_each(|day| _ = days.entry(*day).or_insert(Quantity::ZERO));
            self.changed.insert((*name).clone());
        }
        let days = self.of(first);
        for (day, sum) in sums {
            let own = days.get(&day).copied().unwrap_or_default();
            days.insert(day, own.checked_add(sum).unwrap_or(sum));
        }
        self.changed.insert((*first).clone());
        self.say(day, (gone, first));
    }

    fn say(&mut self, before: NaiveDate, (gone, new): (&[&'a CountName], &CountName)) {
        let name = |name: &&CountName| {
            let whose = match name.integration == new.integration {
                true => String::new(),
                false => format!(" of {}", shown(name.integration.as_str())),
            };
            format!(
                "{}{whose}",
                shown(if name.customer == new.customer { name.service.as_str() } else { name.customer.as_str() })
            )
        };
        let names = gone.iter().map(name).collect::<Vec<_>>().join(" and ");
        let earlier: Vec<_> = gone.iter().filter_map(|name| self.said.remove(*name)).collect();
        let now = format!("as {names} before {}", display_text::day(before));
        let all: Vec<_> = std::iter::once(now).chain(earlier).collect();
        self.said.insert(new.clone(), all.join(", "));
    }

    /// What was counted under a name first, from the night on which it came.
    fn first_count(&mut self, name: &CountName, day: NaiveDate) -> Option<Decimal> {
        if let Some((_, count)) = self.of(name).range(day..).next() {
            return Some(count.as_decimal());
        }
        let own: Option<&CustomerCounts> = self.index.signs.tonight.counts.of(&name.customer);
        let cell = own.and_then(|own| own.get(&name.service));
        count(cell, own).ok().map(Quantity::as_decimal)
    }
}

fn pair((day, count): (&NaiveDate, &Quantity)) -> (NaiveDate, Quantity) {
    (*day, *count)
}

/// What several names of one line came to day by day. A day on which one of them does not say, once it was counted, is left out;
/// nothing where the sum is no quantity.
fn daily_sums(names: &[Days]) -> Option<Days> {
    let all: BTreeSet<NaiveDate> = names.iter().flat_map(Days::keys).copied().collect();
    let mut sums = Days::new();
    for day in all {
        let begun = names.iter().filter(|days| days.first_key_value().is_some_and(|(first, _)| *first <= day));
        if let Some(counts) = begun.map(|days| days.get(&day).copied()).collect::<Option<Vec<_>>>() {
            let sum = counts.into_iter().try_fold(Quantity::ZERO, Quantity::checked_add)?;
            sums.insert(day, sum);
        }
    }
    Some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::guard::guard_policy::GuardPolicy;
    use crate::reconcile::model::export::cell_items::CellItems;
    use crate::reconcile::model::export::counts::{Cell, Counts};
    use crate::reconcile::model::export::row_lines::RowLines;
    use crate::reconcile::model::ids::{CompanyId, IntegrationName, ProductCode};
    use crate::reconcile::model::mapping::{Billed, Mapping};
    use crate::reconcile::model::quantity_policy::{Measure, Policy};

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 12, day).unwrap()
    }

    /// What one day's export names, each with its count and the agreement that it is mapped to.
    type Night = Vec<(&'static str, &'static str, u32, i64)>;

    /// A month, night by night, as the history keeps it.
    #[derive(Default)]
    struct Month {
        names: NamesOfCounts,
        past: Past,
    }

    impl Month {
        /// What each name of a night is looked back on with. `still` are names that are mapped and not in the export.
        fn night(&mut self, at: u32, night: &Night, still: &[(&'static str, &'static str, i64)]) -> Past {
            let (mapping, places, counts) = (mapping(night, still), places(night, still), counts(night));
            let integration = &IntegrationName::new("mail");
            let tonight =
                NamesTonight { integration, mapping: &mapping, places: &places, counts: &counts, today: day(at) };
            self.names = self.names.after(tonight);
            let mut past = self.past.clone();
            let line_step = GuardPolicy::default().line_step;
            take_over_renamed(&mut past, &[], &self.names, RenameSigns { tonight, neighbours: &[], line_step });
            let mapped = night.iter().filter(|(.., agreement)| *agreement > 0);
            let mapped = mapped.map(|(customer, service, ..)| (*customer, *service));
            for (customer, service) in mapped.chain(still.iter().map(|(customer, service, _)| (*customer, *service))) {
                let of = |(one, other, ..): &&(&str, &str, u32, i64)| (*one, *other) == (customer, service);
                let count = night.iter().find(of).map_or(0, |(_, _, count, _)| *count);
                let own = self.past.counted.entry(CustomerName::new(customer)).or_default();
                own.entry(ServiceName::new(service)).or_default().push(day(at), Quantity::from(count));
            }
            past
        }
    }

    fn names(night: &Night) -> impl Iterator<Item = (&'static str, &'static str)> {
        night.iter().map(|(customer, service, ..)| (*customer, *service))
    }

    fn mapping(night: &Night, still: &[(&'static str, &'static str, i64)]) -> Mapping {
        let policy = Policy { measure: Measure::Peak, ..Policy::default() };
        let billed = Billed { products: vec![ProductCode::new("P")], policy, ..Billed::default() };
        let services = names(night).map(|(_, service)| service).chain(still.iter().map(|(_, service, _)| *service));
        let services = services.map(|service| (ServiceName::new(service), ServiceRule::Billed(billed.clone())));
        Mapping { services: services.collect(), ..Mapping::default() }
    }

    /// A customer on agreement 0 is in the export and not mapped.
    fn places(night: &Night, still: &[(&'static str, &'static str, i64)]) -> BTreeMap<CustomerName, Place> {
        let tonight = night.iter().map(|(customer, _, _, agreement)| (*customer, *agreement));
        let all = tonight.chain(still.iter().map(|(customer, _, agreement)| (*customer, *agreement)));
        let on = |agreement: i64| Place::On { company: CompanyId(agreement), agreement: AgreementId(agreement) };
        all.filter(|(_, agreement)| *agreement > 0)
            .map(|(customer, agreement)| (CustomerName::new(customer), on(agreement)))
            .collect()
    }

    fn counts(night: &Night) -> Counts {
        let mut by_customer: BTreeMap<CustomerName, Vec<(ServiceName, Cell)>> = BTreeMap::new();
        for (customer, service, count, _) in night {
            let cell = Cell::Counted {
                count: Quantity::from(*count),
                lines: RowLines::default(),
                items: CellItems::default(),
            };
            by_customer.entry(CustomerName::new(customer)).or_default().push((ServiceName::new(service), cell));
        }
        let customers = by_customer.into_iter().map(|(customer, mut cells)| {
            cells.sort_by(|(one, _), (other, _)| one.cmp(other));
            (customer, CustomerCounts::of_ordered(cells, Vec::new()))
        });
        Counts { customers: customers.collect(), ..Counts::default() }
    }

    /// Day by day, what a name is looked back on with.
    fn of(past: &Past, customer: &str, service: &str) -> Vec<(u32, String)> {
        let days = past.earlier(&CustomerName::new(customer), &ServiceName::new(service));
        days.iter().map(|(day, count)| (day.day(), count.to_string())).collect()
    }

    fn said(days: &[(u32, u32)]) -> Vec<(u32, String)> {
        days.iter().map(|(day, count)| (*day, count.to_string())).collect()
    }

    #[test]
    fn a_service_that_is_renamed_twice_has_the_days_of_all_three_names_once_each() {
        let mut month = Month::default();
        month.night(1, &vec![("Acme", "S", 12, 10)], &[]);
        month.night(2, &vec![("Acme", "S", 15, 10)], &[]);
        month.night(3, &vec![("Acme", "S2", 14, 10)], &[]);
        let past = month.night(4, &vec![("Acme", "S3", 13, 10)], &[]);
        assert_eq!(of(&past, "Acme", "S3"), said(&[(1, 12), (2, 15), (3, 14)]));
        let told = past.counted_as.values().collect::<Vec<_>>();
        assert_eq!(told, ["as S2 before Fri 4 Dec 2026, as S before Thu 3 Dec 2026"]);
    }

    /// Otherwise an average would count what is gone beside what came in its place: more than was ever used.
    #[test]
    fn a_name_that_stays_mapped_keeps_none_of_the_days_that_it_gave_away() {
        let mut month = Month::default();
        month.night(1, &vec![("Acme", "S", 12, 10)], &[]);
        month.night(2, &vec![("Acme", "S2", 12, 10)], &[("Acme", "S", 10)]);
        let past = month.night(3, &vec![("Acme", "S2", 12, 10)], &[("Acme", "S", 10)]);
        assert_eq!(of(&past, "Acme", "S2"), said(&[(1, 12), (2, 12)]));
        assert_eq!(of(&past, "Acme", "S"), said(&[(1, 0), (2, 0)]));
    }

    /// A split service was one on the days before: its days are given once.
    #[test]
    fn of_two_names_that_come_for_one_the_first_has_its_days_and_the_other_none() {
        let mut month = Month::default();
        month.night(1, &vec![("Acme", "S", 12, 10)], &[]);
        let past = month.night(2, &vec![("Acme", "S East", 7, 10), ("Acme", "S West", 5, 10)], &[]);
        assert_eq!(of(&past, "Acme", "S East"), said(&[(1, 12)]));
        assert_eq!(of(&past, "Acme", "S West"), said(&[(1, 0)]));
    }

    /// Two customers change places on two lines: each name goes on being counted, and takes its own days along.
    #[test]
    fn customers_who_change_places_take_nothing_of_each_other() {
        let mut month = Month::default();
        month.night(1, &vec![("Acme", "S", 20, 10), ("Borealis", "S", 3, 20)], &[]);
        let past = month.night(2, &vec![("Acme", "S", 20, 20), ("Borealis", "S", 3, 10)], &[]);
        assert_eq!(of(&past, "Acme", "S"), said(&[(1, 20)]));
        assert_eq!(of(&past, "Borealis", "S"), said(&[(1, 3)]));
    }

    #[test]
    fn a_customer_who_was_in_an_export_beside_the_old_one_is_not_the_old_one() {
        for (was_there, days) in [(true, vec![]), (false, vec![(1, 12), (2, 12)])] {
            let mut month = Month::default();
            let beside = if was_there { vec![("Acme Inc", "S", 12, 0)] } else { vec![] };
            let with = |mut night: Night| {
                night.extend(beside.clone());
                night
            };
            month.night(1, &with(vec![("Acme", "S", 12, 10)]), &[]);
            month.night(2, &vec![("Acme", "S", 12, 10)], &[]);
            // A night passes before it is mapped.
            month.names = month.names.after(NamesTonight {
                integration: &IntegrationName::new("mail"),
                mapping: &mapping(&vec![("Acme", "S", 1, 10)], &[]),
                places: &places(&vec![("Acme", "S", 1, 10)], &[]),
                counts: &counts(&vec![("Acme Inc", "S", 12, 0)]),
                today: day(3),
            });
            let past = month.night(4, &vec![("Acme Inc", "S", 12, 10)], &[]);
            assert_eq!(of(&past, "Acme Inc", "S"), said(&days), "beside it before: {was_there}");
        }
    }

    /// What another integration called otherwise is the line's, unless that one counts it still.
    #[test]
    fn a_service_that_comes_from_another_integration_under_another_name_brings_its_days() {
        let (mail, post) = (IntegrationName::new("mail"), IntegrationName::new("post"));
        let span = |integration: &IntegrationName, service: &str, first: u32| {
            let (customer, service) = (CustomerName::new("Acme"), ServiceName::new(service));
            let name = CountName { integration: integration.clone(), customer, service };
            let line = LineKey::total(AgreementId(10), ProductCode::new("p"));
            (NameSpan { name, line, first: day(first) }, Stood { gone: None, terms: String::new() })
        };
        let spans = [span(&post, "S", 1)].into_iter().collect();
        let theirs = [(day(1), Quantity::from(12)), (day(2), Quantity::from(15))].into_iter().collect::<CountsByDay>();
        let theirs = BTreeMap::from([(CustomerName::new("Acme"), BTreeMap::from([(ServiceName::new("S"), theirs)]))]);
        let owner = EarlierOwner {
            integration: post.clone(),
            this_period: theirs,
            last_period: CountedDays::new(),
            additions: BTreeSet::new(),
        };
        let night: Night = vec![("Acme", "T", 14, 10)];
        let (mapping_of_mail, places, counts) = (mapping(&night, &[]), places(&night, &[]), counts(&night));
        let still = mapping(&vec![("Acme", "S", 1, 10)], &[]);
        for (on, days) in [(true, vec![]), (false, vec![(1, 12), (2, 15)])] {
            let mapping = if on { still.clone() } else { Mapping::default() };
            let neighbours = [OtherIntegration { integration: &post, mapping: &mapping }];
            let tonight = NamesTonight {
                integration: &mail,
                mapping: &mapping_of_mail,
                places: &places,
                counts: &counts,
                today: day(3),
            };
            let names = NamesOfCounts { spans: BTreeMap::clone(&spans), customers: BTreeMap::new() }.after(tonight);
            let mut past = Past::default();
            let line_step = GuardPolicy::default().line_step;
            let signs = RenameSigns { tonight, neighbours: &neighbours, line_step };
            take_over_renamed(&mut past, std::slice::from_ref(&owner), &names, signs);
            assert_eq!(of(&past, "Acme", "T"), said(&days), "it counts still: {on}");
            let told = past.counted_as.values().map(String::as_str).collect::<Vec<_>>();
            assert_eq!(told, if on { vec![] } else { vec!["as S of post before Thu 3 Dec 2026"] });
        }
    }

    /// Whatever comes and goes: on no day do the names of tonight come to more than the line did, and a name that is counted
    /// gives nothing away.
    #[test]
    fn no_day_comes_to_more_than_the_line_did_on_it() {
        const NAMES: [(&str, &str); 6] =
            [("Acme", "S"), ("Acme", "T"), ("Acme", "U"), ("Acme Inc", "S"), ("Acme Inc", "T"), ("Borealis", "S")];
        let mut seed: u64 = 7;
        let mut draw = |most: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % most
        };
        for round in 0..2_000 {
            let mut month = Month::default();
            let mut there = draw(64);
            let mut mapped = 63;
            let mut line: BTreeMap<(i64, u32), u32> = BTreeMap::new();
            for at in 1..=8 {
                if draw(2) == 0 {
                    there ^= 1 << draw(6) | 1 << draw(6);
                    mapped = if draw(2) == 0 { there } else { 63 };
                }
                let agreement_of = |customer: &str| if customer == "Borealis" && round % 2 == 0 { 20 } else { 10 };
                let named = |bits: u64| {
                    let each = NAMES.iter().enumerate().filter(move |(at, _)| bits >> at & 1 == 1);
                    each.map(move |(_, (customer, service))| (*customer, *service, agreement_of(customer)))
                };
                let night: Night = named(there)
                    .map(|(customer, service, agreement)| {
                        (customer, service, u32::try_from(draw(4)).unwrap() + 5, agreement)
                    })
                    .collect();
                let still: Vec<_> = named(mapped & !there).collect();
                let past = month.night(at, &night, &still);
                for agreement in [10, 20] {
                    for before in 1..at {
                        let on_line = named(there | mapped & !there).filter(|(_, _, on)| *on == agreement);
                        let sum: Decimal = on_line
                            .map(|(customer, service, _)| {
                                let days = of(&past, customer, service);
                                let of_day = days.iter().find(|(day, _)| *day == before);
                                of_day.map_or(Decimal::ZERO, |(_, count)| count.parse().unwrap())
                            })
                            .sum();
                        let most = line.get(&(agreement, before)).copied().unwrap_or_default();
                        assert!(sum <= Decimal::from(most), "round {round}, night {at}, day {before}: {sum} of {most}");
                    }
                }
                for (_, _, count, agreement) in &night {
                    *line.entry((*agreement, at)).or_default() += count;
                }
            }
        }
    }
}

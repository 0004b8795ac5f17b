//! Counts of the billing period's days, for the policies that look back.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::history::counts_by_day::DayCount;
use crate::history::past::days_kept_by_restore::UnknownDays;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::nightly::begun_run::BegunRun;
use crate::nightly::job::ExportSource;
use crate::nightly::remote::Remote;
use crate::reconcile::guard::baseline::CountKeys;
use crate::reconcile::matching::inherited_days::{LinesTonight, inherit};
use crate::reconcile::matching::names_of_counts::{NamesOfCounts, NamesTonight};
use crate::reconcile::matching::placement::Place;
use crate::reconcile::matching::renamed_counts::{RenameSigns, take_over_renamed};
use crate::reconcile::matching::wanted_line::count;
use crate::reconcile::model::display_text::day;
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::{CustomerName, IntegrationName};
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::past::{CountedDays, CountsByDay, EarlierOwner, Past};
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::reason_code::{Code, Severity};

/// The period is the calendar month, because that is what an invoice names; agreements may have other cycles. Empty where no
/// day of it was counted yet.
pub(super) fn earlier_counts(
    integration: &IntegrationName,
    mapping: &Mapping,
    history: &History,
    today: NaiveDate,
) -> Result<CountedDays, StoreError> {
    if mapping.looked_back_on().is_empty() {
        return Ok(CountedDays::new());
    }
    let counted = history.counted(integration, first_of_month(today), today)?;
    let is_first_day = counted.values().flat_map(BTreeMap::values).all(CountsByDay::is_empty);
    Ok(if is_first_day { CountedDays::new() } else { counted })
}

/// The counts of the period before.
pub(super) fn counts_of_last_period(
    integration: &IntegrationName,
    mapping: &Mapping,
    history: &History,
    today: NaiveDate,
) -> Result<CountedDays, StoreError> {
    let this = first_of_month(today);
    match this.pred_opt() {
        Some(last) if !mapping.looked_back_on().is_empty() => history.counted(integration, first_of_month(last), this),
        _ => Ok(CountedDays::new()),
    }
}

/// Gives tonight's counts the days of their lines that were counted under other names, or by other integrations. What of the names
/// of lines is not as before is left to be stored.
pub(super) fn follow_lines(
    past: &mut Past,
    (run, source): (BegunRun<'_>, ExportSource<'_>),
    (counts, remote): (&Counts, &Remote),
    history: &History,
) -> Result<NamesOfCounts, StoreError> {
    let ExportSource { mapping, neighbours, guards, .. } = source;
    if mapping.looked_back_on().is_empty() {
        return Ok(NamesOfCounts::default());
    }
    let (integration, today) = (run.job.integration, run.today());
    let Remote { directory, places, additions, .. } = remote;
    let owners = earlier_owners(run, mapping, history)?;
    let known = history.names_of_counts(integration, run.job.site)?;
    let tonight = NamesTonight { integration, mapping, places, counts, today };
    let names = known.after(tonight);
    take_over_renamed(past, &owners, &names, RenameSigns { tonight, neighbours, line_step: guards.line_step });
    inherit(past, &owners, LinesTonight { mapping, neighbours, places, directory, additions });
    Ok(names.since(&known))
}

/// What other integrations counted of tonight's lines before. On an ordinary night of one vendor there is none.
fn earlier_owners(run: BegunRun<'_>, mapping: &Mapping, history: &History) -> Result<Vec<EarlierOwner>, StoreError> {
    let (today, this) = (run.today(), first_of_month(run.today()));
    match this.pred_opt().map(first_of_month) {
        Some(last) if !mapping.looked_back_on().is_empty() => {
            history.earlier_owners((run.job.integration, run.id), (last, this), today)
        }
        _ => Ok(Vec::new()),
    }
}

/// What a peak or an average of this period or the last one lacks, since an older history was put back.
pub(super) fn days_unknown(
    run: BegunRun<'_>,
    mapping: &Mapping,
    history: &History,
) -> Result<Option<Finding>, StoreError> {
    let Some(last) = first_of_month(run.today()).pred_opt().map(first_of_month) else { return Ok(None) };
    if mapping.looked_back_on().is_empty() {
        return Ok(None);
    }
    let unknown = history.unknown_days(run.job.integration, last)?;
    let days: Vec<String> =
        unknown.iter().map(|UnknownDays { first, last }| format!("{} to {}", day(*first), day(*last))).collect();
    let message = format!(
        "what was counted from {} is not known, since an older history was put back: peaks and averages of these days may come to \
         less than was used",
        days.join(", from ")
    );
    let fix = "look at the lines that bill a peak or an average; one that should bill more is set by hand in ConnectWise, and kept: \
               recount keep HANDLE";
    let found = Finding { fix: fix.into(), ..finding(Severity::Decide, Code::DaysUnknown, message) };
    Ok((!unknown.is_empty()).then_some(found))
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// Tonight's counts of the services that are looked back on, of every customer who has a place. A customer in the
/// export without a row has none of it; of one who is not in the export nobody knows. A count that is doubted is not
/// noted, so that the one of the day before stands for it: a typo would be the peak of the month.
pub(super) fn counts_of_today(
    mapping: &Mapping,
    counts: &Counts,
    places: &BTreeMap<CustomerName, Place>,
    doubted: &CountKeys<'_>,
) -> Vec<DayCount> {
    let services = mapping.looked_back_on();
    if services.is_empty() {
        return Vec::new();
    }
    let placed = places.iter().filter(|(_, place)| place.agreement().is_some()).map(|(customer, _)| customer);
    let counts = placed.flat_map(|customer| {
        let counted = counts.of(customer);
        let believed = services.iter().filter(move |service| !doubted.contains(&(customer, **service)));
        believed.map(move |service| {
            let cell = counted.and_then(|counted| counted.get(*service));
            (customer.clone(), (*service).clone(), count(cell, counted).ok())
        })
    });
    counts.collect()
}

//! What one month's invoices stand on.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, FixedOffset, Months, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::history::invoices::units_of_month::{UnitsOfMonth, UnitsRead};
use crate::history::run_record::RunSummary;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::decision::{DecisionSubject, Decisions};
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::current_lines::Current;
use crate::report::invoices::invoice_moment::{IntegrationNow, InvoiceMoment};
use crate::report::invoices::invoice_standing::InvoiceStanding;
use crate::report::invoices::month_lines::MonthLines;
use crate::report::invoices::month_units::{MonthUnits, UnitsBeside};
use crate::report::invoices::night_in_time::NightInTime;
use crate::report::invoices::unwritten_lines::Unwritten;
use crate::report::invoices::{asked_at_end, left_on_purpose, unwritten_lines};
use crate::report::numbers_and_dates;

/// A month of the calendar, as the zones of the runs have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InvoiceMonth(NaiveDate);

impl InvoiceMonth {
    /// The month of a day.
    pub fn of(day: NaiveDate) -> Self {
        Self(day.format("%Y-%m-01").to_string().parse().unwrap_or(day))
    }

    /// From `2026-11`.
    pub fn parse(text: &str) -> Option<Self> {
        format!("{text}-01").parse().ok().map(Self)
    }

    /// `2026-11`, as an address has it.
    pub fn key(self) -> String {
        self.0.format("%Y-%m").to_string()
    }

    /// `November 2026`.
    pub fn said(self) -> String {
        self.0.format("%B %Y").to_string()
    }

    /// How each integration stands in it: by its newest run, and where the month is over by the last one in it. Of one that is
    /// not on by now only what it changed counts; one that is on and has no run is named as well.
    pub fn standings(
        self,
        history: &History,
        today: NaiveDate,
        moment: &InvoiceMoment,
    ) -> Result<Vec<InvoiceStanding>, StoreError> {
        let days = self.days();
        let look = MonthLook { history, days, is_over: days.1 < today, moment };
        let runs = if look.is_over { history.newest_runs_within(days.0, days.1)? } else { history.newest_runs()? };
        let ran: BTreeSet<IntegrationName> = runs.iter().map(|run| run.integration.clone()).collect();
        let mut standings = Vec::new();
        for run in runs {
            standings.extend(look.standing(run)?);
        }
        let on = moment.integrations.iter().flatten().filter(|one| one.mode != Mode::Off && !ran.contains(&one.name));
        for one in on {
            standings.extend(look.without_run(one, today)?);
        }
        standings.sort_by(|one, other| one.integration.cmp(&other.integration));
        Ok(standings)
    }

    /// The first and the last day.
    fn days(self) -> (NaiveDate, NaiveDate) {
        let last = self.0.checked_add_months(Months::new(1)).and_then(|next| next.checked_sub_days(Days::new(1)));
        (self.0, last.unwrap_or(self.0))
    }
}

/// What is looked at for the page of one month.
struct MonthLook<'a> {
    history: &'a History,
    days: (NaiveDate, NaiveDate),
    is_over: bool,
    moment: &'a InvoiceMoment,
}

impl MonthLook<'_> {
    fn standing(&self, run: RunSummary) -> Result<Option<InvoiceStanding>, StoreError> {
        let Self { history, days, is_over, moment } = *self;
        let now = moment.of(&run.integration);
        let zone = *run.started_at.offset();
        let decisions = history.decisions(&run.integration)?.in_zone(|at| at.with_timezone(&zone));
        let mut known = history.units_within(&run.integration, days)?;
        for read in [&mut known.first, &mut known.last].into_iter().flatten() {
            let several = self.on_several(read.run, &decisions)?;
            read.units = read.units.map(|units| units.saturating_add(several));
        }
        let units = MonthUnits { beside: self.beside(known.last.as_ref())?, ..MonthUnits::of(&known) };
        let changes = MonthLines::of(&known.writes, units.since());
        let is_on = is_over || moment.integrations.is_none() || now.is_some_and(|now| now.mode != Mode::Off);
        if !is_on && changes.all == 0 {
            return Ok(None);
        }
        let changes = changes.looked_up(history, &decisions)?;
        let findings = history.findings(run.run)?;
        let unsettled = history.unsettled_lines(run.run)?;
        let asked = unwritten_lines::asked(&findings);
        let unwritten =
            unsettled.iter().filter_map(|line| Some((line.clone(), Unwritten::of(line, &asked)?))).collect();
        let left_on_purpose = left_on_purpose::of_run(&run, &unsettled, &findings, &decisions);
        let asked_at_end = if is_over { asked_at_end::of_run(history, &run, &findings)? } else { Vec::new() };
        let (undos, uncounted) = undone(history, &run)?;
        let night = self.last_night(&run.integration)?;
        Ok(Some(InvoiceStanding {
            in_time: self.in_time(&run.integration, night.as_ref())?,
            export_age: self.export_age(&run),
            mode: now.filter(|_| !is_over).map_or(run.mode, |now| now.mode),
            since: if is_over { Vec::new() } else { self.done_since(&run, now)? },
            integration: run.integration.clone(),
            run: Some(run),
            night,
            is_on,
            findings,
            units,
            changes,
            left_on_purpose,
            unwritten,
            asked_at_end,
            undos,
            uncounted,
        }))
    }

    /// What is billed on several additions of one line: they are in no number of a plan, and on the invoice.
    fn on_several(&self, run: RunId, decisions: &Decisions) -> Result<Decimal, StoreError> {
        let lines = self.history.unsettled_lines(run)?;
        let several = lines.iter().filter_map(|line| {
            let decision = line.key().and_then(|key| decisions.0.get(&DecisionSubject::line(&key)));
            left_on_purpose::on_several(line, decision)
        });
        Ok(several.fold(Decimal::ZERO, |sum, units| sum.saturating_add(units.as_decimal())))
    }

    /// What the last accepted plan found beside its lines.
    fn beside(&self, last: Option<&UnitsRead>) -> Result<UnitsBeside, StoreError> {
        let lines = last.map(|last| self.history.unsettled_lines(last.run)).transpose()?;
        Ok(UnitsBeside::of(&lines.unwrap_or_default()))
    }

    /// One that is on and has no run here. Of a month before the last one nobody knows whether it was there.
    fn without_run(&self, one: &IntegrationNow, today: NaiveDate) -> Result<Option<InvoiceStanding>, StoreError> {
        let ran_before = self.history.ran_before(&one.name, Some(self.days.0))?;
        let is_last = InvoiceMonth::of(today).days().0.pred_opt() == Some(self.days.1);
        let is_missed = ran_before || (is_last && !self.history.ran_before(&one.name, None)?);
        if self.is_over && !is_missed {
            return Ok(None);
        }
        let units = MonthUnits::of(&UnitsOfMonth::default());
        Ok(Some(InvoiceStanding {
            integration: one.name.clone(),
            run: None,
            night: None,
            in_time: Some(if ran_before { NightInTime::NoneInMonth } else { NightInTime::Never }),
            export_age: String::new(),
            is_on: true,
            mode: one.mode,
            since: Vec::new(),
            findings: Vec::new(),
            units,
            changes: MonthLines::default(),
            left_on_purpose: Vec::new(),
            unwritten: Vec::new(),
            asked_at_end: Vec::new(),
            undos: Vec::new(),
            uncounted: 0,
        }))
    }

    /// The last night that ended, undos and dry runs aside; of a month that is over, the last one in it.
    fn last_night(&self, integration: &IntegrationName) -> Result<Option<RunSummary>, StoreError> {
        let days = self.is_over.then_some(self.days);
        self.history.last_ended_night(integration, days)
    }

    fn in_time(
        &self,
        integration: &IntegrationName,
        night: Option<&RunSummary>,
    ) -> Result<Option<NightInTime>, StoreError> {
        let Self { history, days, is_over, moment } = *self;
        let accepted = history.was_accepted_within(integration, days)?;
        let now = moment.of(integration).filter(|now| now.mode != Mode::Off);
        if is_over {
            let every = now.map(|now| now.every);
            return Ok(Some(NightInTime::at_end(night, every, after(days.1, night), accepted)));
        }
        let Some(now) = now else { return Ok((!accepted).then_some(NightInTime::NoneInMonth)) };
        Ok(Some(NightInTime::now(&now.health(history, moment.now)?, now.every, accepted)))
    }

    fn export_age(&self, run: &RunSummary) -> String {
        let now = self.moment.now.with_timezone(run.started_at.offset());
        let at = if self.is_over { run.started_at } else { now };
        run.planned.as_ref().map(|planned| numbers_and_dates::age(at, &planned.export)).unwrap_or_default()
    }

    /// What a later run follows, and this one did not.
    fn done_since(&self, run: &RunSummary, now: Option<&IntegrationNow>) -> Result<Vec<String>, StoreError> {
        let began = run.started_at.to_utc();
        let answers = self.history.answers_since(&run.integration, began)?;
        let queued = self.history.queued_answers()?.len();
        let edits = now.iter().flat_map(|now| &now.edits).filter(|edit| edit.at > began);
        let mut done: Vec<String> = edits.map(|edit| edit.what.clone()).collect();
        if answers + queued > 0 {
            done.push(numbers_and_dates::plural(answers + queued, "answer"));
        }
        Ok(done)
    }
}

/// When the day after begins, by the clocks of a night.
fn after(day: NaiveDate, night: Option<&RunSummary>) -> DateTime<Utc> {
    let offset = night.map_or(FixedOffset::east_opt(0), |night| Some(*night.started_at.offset()));
    let begins = day.succ_opt().and_then(|next| next.and_hms_opt(0, 0, 0));
    let begins = begins.zip(offset).and_then(|(begins, offset)| begins.and_local_timezone(offset).single());
    begins.map_or(DateTime::<Utc>::MAX_UTC, |begins| begins.to_utc())
}

/// The undos since a run, and how many lines are not billed as counted because of them.
fn undone(history: &History, run: &RunSummary) -> Result<(Vec<RunSummary>, usize), StoreError> {
    if history.undos_since(&run.integration, run.run)?.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let Some(run) = history.run(run.run)? else { return Ok((Vec::new(), 0)) };
    let Current { undos, uncounted, .. } = Current::of(history, run)?;
    Ok((undos, uncounted))
}

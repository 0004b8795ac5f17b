//! One request of somebody who is signed in, and what every page of it is drawn from.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::history::desk::answer_queue::QueuedAnswer;
use crate::history::desk::events::DeskEvent;
use crate::history::run_record::RunSummary;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::plan::outcome::{AnswerVerb, Mode};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::command_output::held_output::{AnsweredItem, Waiting};
use crate::report::display_names;
use crate::report::item_tickets::with_tickets;
use crate::report::open_items::{Item, OpenItems, decided, open_items, waiting};
use crate::report::outdated::Outdated;
use crate::web::access::signed_in::SignedIn;
use crate::web::desk::host::{Background, DeskGround, IntegrationStanding};
use crate::web::desk::mapped_since::{MappedItem, mapped_since};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::site::DeskSite;
use crate::web::site::PageError;
use crate::zone::Zone;

/// Who asks for what, and when.
pub(crate) struct Visit {
    pub(crate) site: DeskSite,
    pub(crate) person: SignedIn,
    pub(crate) address: IpAddr,
    /// Parts of the address: handles, numbers, names.
    pub(crate) path: BTreeMap<String, String>,
    pub(crate) query: PostedFields,
    pub(crate) now: DateTime<Utc>,
    pub(crate) desk: Overview,
}

/// What the newest plans ask, and what was answered.
pub(crate) struct Overview {
    /// None before the first run.
    pub(crate) history: Option<History>,
    /// Why what the pages show is not how things stand, if it is not.
    pub(crate) outdated: Option<Outdated>,
    pub(crate) standings: Vec<IntegrationStanding>,
    /// The last night of each integration that looked at every line; of a new one there is none.
    nights: Vec<(IntegrationName, RunSummary)>,
    pub(crate) plans: Vec<OpenItems>,
    /// Longest first.
    pub(crate) waiting: Vec<Waiting>,
    /// Undos that are drawn, and may still be approved.
    pub(crate) undos: Vec<RunSummary>,
    /// Answers that wait for the end of a run.
    pub(crate) queued: Vec<QueuedAnswer>,
    /// Answers that no night has followed yet, whatever dry runs came between.
    pub(crate) answered: Vec<AnsweredItem>,
    /// What is kept or ignored since an earlier night.
    pub(crate) in_force: Vec<AnsweredItem>,
    /// What the mapping was changed about since it was asked: the next night uses it.
    pub(crate) mapped: Vec<MappedItem>,
    pub(crate) background: Background,
    /// Whose days and times are shown.
    pub(crate) zone: Zone,
    /// Where records open in ConnectWise.
    pub(crate) records: BTreeMap<IntegrationName, RecordLinks>,
    /// The process that holds the run lock.
    pub(crate) running: Option<String>,
    /// The run that it is about, once that has begun and until it has ended.
    pub(crate) under_way: Option<RunId>,
}

impl Overview {
    pub(crate) fn of(site: &DeskSite, now: DateTime<Utc>) -> Result<Self, PageError> {
        let host = &site.host;
        let DeskGround { standings, standing_by, zone, mut records } = host.ground().map_err(PageError::Broken)?;
        let history = History::open_existing(&site.site.state)?;
        let older = history.as_ref().and_then(|history| history.is_current().err()).map(Outdated::Older);
        let outdated = older.or(standing_by.map(Outdated::StandsBy));
        let (mut plans, mut open, mut undos) = (Vec::new(), Vec::new(), Vec::new());
        let mut nights: Vec<(IntegrationName, RunSummary)> = Vec::new();
        let mut queued: Vec<QueuedAnswer> = Vec::new();
        if let Some(history) = &history {
            for (name, links) in &mut records {
                *links = with_tickets(links, name, history)?;
            }
            plans = open_items(standings.iter().map(|standing| &standing.name), history)?;
            let off = |name: &IntegrationName| {
                standings.iter().any(|standing| standing.name == *name && standing.mode == Mode::Off)
            };
            open = waiting(&plans, off, history)?;
            queued.extend(history.queued_answers()?.into_iter().map(|(_, answer)| answer));
            let answered: BTreeSet<&str> = queued.iter().map(|answer| answer.handle.as_str()).collect();
            open.retain(|one| !one.finding.handle.as_deref().is_some_and(|handle| answered.contains(handle)));
            for standing in &standings {
                undos.extend(waiting_undos(history, standing, now)?);
                let night = history.last_night(&standing.name)?.map(|run| history.summary(run)).transpose()?.flatten();
                nights.extend(night.map(|night| (standing.name.clone(), night)));
            }
        }
        open.retain(|one| !plans.iter().any(|plan| is_answered_line_by_line(one, plan)));
        // A line, and what it left behind, have one handle.
        let is_left = |code: Code| code == Code::LineLeftBehind;
        let asked: BTreeSet<(&str, bool)> =
            open.iter().filter_map(|one| Some((one.finding.handle.as_deref()?, is_left(one.finding.code)))).collect();
        let mut live = decided(&plans, |_| zone.day(now));
        live.retain(|one| !asked.contains(&(one.decision.handle.as_str(), is_left(one.decision.reason))));
        live.sort_by_key(|one| std::cmp::Reverse(one.decision.at));
        let (answered, mut in_force): (Vec<_>, Vec<_>) =
            live.into_iter().partition(|one| waits_for_night(one, &nights));
        in_force.retain(|one| one.holds);
        let mapped = match &history {
            Some(history) => mapped_since(history, &plans, (host.as_ref(), now), &mut open)?,
            None => Vec::new(),
        };
        let running = RunLock::holder(&site.site.state);
        let under_way = run_under_way(history.as_ref().filter(|_| running.is_some()))?;
        Ok(Self {
            history,
            outdated,
            standings,
            nights,
            undos,
            queued,
            plans,
            waiting: open,
            answered,
            in_force,
            mapped,
            background: host.background(),
            zone,
            records,
            running,
            under_way,
        })
    }

    /// Whether the last night was the first to ask: runs of the same day before it, and dry ones after it, change nothing.
    pub(crate) fn is_new(&self, one: &Waiting) -> bool {
        self.last_night(&one.integration).is_none_or(|night| one.since.0 >= night)
    }

    /// The last night of an integration that looked at every line.
    pub(crate) fn last_night(&self, integration: &IntegrationName) -> Option<RunId> {
        self.nights.iter().find(|(name, _)| name == integration).map(|(_, night)| night.run)
    }

    /// The history, where a page is nothing without it.
    pub(crate) fn history(&self) -> Result<&History, PageError> {
        self.history.as_ref().ok_or(PageError::Nothing)
    }

    pub(crate) fn plan(&self, integration: &IntegrationName) -> Option<&OpenItems> {
        self.plans.iter().find(|plan| plan.run.integration == *integration)
    }

    /// What a handle means in the newest plans; only the whole handle means something here.
    pub(crate) fn item(&self, handle: &str) -> Option<Item<'_>> {
        self.plans.iter().filter_map(|plan| plan.item(handle)).max_by_key(Item::is_asked)
    }

    /// Whether it waits for a person: by itself, or as one of the lines that an open item lists.
    pub(crate) fn is_open(&self, item: &Item<'_>) -> bool {
        let is_queued = || self.queued.iter().any(|answer| answer.handle == item.handle);
        let is_line_of_one = item.is_listed() || (item.is_of_missing_service() && self.listing(item).is_some());
        self.waiting.iter().any(|one| one.finding.handle.as_deref() == Some(item.handle))
            || (is_line_of_one && !item.was_answered() && !is_queued())
    }

    /// The open item that lists a line.
    pub(crate) fn listing(&self, line: &Item<'_>) -> Option<&Waiting> {
        let mut of_it = self.waiting.iter().filter(|one| one.integration == line.of.run.integration);
        let services = line.line.map(display_names::services).unwrap_or_default();
        let is_gone = |one: &Waiting| one.finding.service.as_ref().is_some_and(|service| services.contains(&service));
        of_it.find(|one| match line.is_of_missing_service() {
            true => one.finding.code == Code::ServiceMissing && is_gone(one),
            false => one.finding.code == Code::BilledNotCounted,
        })
    }

    /// The lines that an open item lists, as far as they wait for a person.
    pub(crate) fn listed(&self, item: &Item<'_>) -> Vec<Item<'_>> {
        let is_list = item.line.is_none() && item.finding.is_some_and(|one| one.code == Code::BilledNotCounted);
        let plan = self.plan(&item.of.run.integration).filter(|_| is_list);
        let all = plan.map(OpenItems::items).unwrap_or_default();
        all.into_iter().filter(|one| one.is_listed() && self.is_open(one)).collect()
    }

    /// Whether a run holds the lock, and not a command that stores something.
    pub(crate) fn is_run_at_work(&self) -> bool {
        self.background.by.is_some() || self.under_way.is_some()
    }

    /// Whether it was mapped since it was asked, and by whom.
    pub(crate) fn mapped(&self, handle: &str) -> Option<&MappedItem> {
        self.mapped.iter().find(|one| one.waiting.finding.handle.as_deref() == Some(handle))
    }

    /// What the page shows of an item of several additions, and a form carries: who chose one since stands in it.
    pub(crate) fn addition_shown(&self, item: &Item<'_>) -> String {
        let chosen = self.mapped(item.handle).map(|one| format!("{}:{}", one.at.timestamp_micros(), one.who));
        format!("{}:{}", item.as_shown(), chosen.unwrap_or_default())
    }

    /// The answer about it that stands: not yet written, or kept or ignored.
    pub(crate) fn standing_answer(&self, handle: &str) -> Option<&AnsweredItem> {
        self.answered.iter().chain(&self.in_force).find(|one| one.decision.handle == handle)
    }

    /// When the next night is, where recount keeps the time itself.
    pub(crate) fn next_night(&self) -> Option<DateTime<Utc>> {
        self.standings.iter().filter_map(|standing| standing.next).min()
    }
}

/// The newest run, if it has not ended.
fn run_under_way(history: Option<&History>) -> Result<Option<RunId>, StoreError> {
    let newest = history.map(|history| history.runs(1)).transpose()?;
    Ok(newest.iter().flatten().find(|run| run.end.is_none()).map(|run| run.run))
}

/// Undos that are drawn, and young enough to be approved.
fn waiting_undos(
    history: &History,
    standing: &IntegrationStanding,
    now: DateTime<Utc>,
) -> Result<Vec<RunSummary>, StoreError> {
    let drawn = history.drawn_undos(&standing.name)?.into_iter();
    let until = |undo: &RunSummary| undo.started_at.to_utc().checked_add_signed(standing.approval_life);
    Ok(drawn.filter(|undo| until(undo).is_none_or(|until| now <= until)).collect())
}

/// Whether it only lists lines, and each of them was answered.
fn is_answered_line_by_line(one: &Waiting, plan: &OpenItems) -> bool {
    if one.finding.code != Code::BilledNotCounted || one.line.is_some() || one.integration != plan.run.integration {
        return false;
    }
    let listed: Vec<Item<'_>> = plan.items().into_iter().filter(Item::is_listed).collect();
    !listed.is_empty() && listed.iter().all(Item::was_answered)
}

/// Whether no night has followed it yet: an accepted step until it is written, anything else until the next night.
fn waits_for_night(one: &AnsweredItem, nights: &[(IntegrationName, RunSummary)]) -> bool {
    let night = nights.iter().find(|(name, _)| *name == one.integration).map(|(_, night)| night.started_at);
    one.decision.verb == AnswerVerb::Accept || night.is_none_or(|night| one.decision.at >= night)
}

impl Visit {
    /// A part of the address.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Whether the buttons of operators are there.
    pub(crate) fn may(&self, action: crate::web::desk::role_permissions::DeskAction) -> bool {
        self.person.role >= action.least()
    }

    /// What is noted of this visit.
    pub(crate) fn event(&self, deed: &str, about: &str) -> DeskEvent {
        DeskEvent {
            at: self.now,
            person: self.person.called.clone(),
            address: self.address.to_string(),
            deed: deed.to_owned(),
            about: about.to_owned(),
            refused: false,
            said: String::new(),
        }
    }
}

//! The additions of many agreements in one request: `POST /system/bundles` (ConnectWise best practice, "Bundled Requests").
//!
//! Nothing says how much a bundle may hold, nor that its lists are whole. So it is tried once a night and compared with plain
//! reads, and what is missing from a list that came in a bundle is never believed.
//!
//! Nor does anything say that its rows carry all members of an addition. One that is not there may be unset: live answers leave
//! out what is unset. A `cancelledDate` that bundles never carry would bill every line that ended. So where no row of a night
//! bears one, bundles are asked for the lines that have one, and lists of which they then give out rows are read by themselves.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use futures_util::future::join_all;

use crate::connectwise::bundle_wire::{BundleAnswer, BundlePart, bundle_body};
use crate::connectwise::client::Client;
use crate::connectwise::client::paging::{CUT_MIN, PAGE_SIZES};
use crate::connectwise::client::read_attempt::Unanswered;
use crate::connectwise::client::status_meaning::Right;
use crate::connectwise::reads::own_rows;
use crate::connectwise::urls::api_url;
use crate::connectwise::wire::WireAddition;
use crate::connectwise::{BundledLists, ReadError};
use crate::reconcile::model::connectwise_records::AdditionList;
use crate::reconcile::model::ids::AgreementId;

/// Agreements of one request.
const AGREEMENTS_MAX: usize = 50;
/// Fewer are as soon read one by one.
const AGREEMENTS_MIN: usize = 16;
/// A bundle that fails twice is no help; the plain reads try longer.
const TRIES: u32 = 2;
/// Agreements of one request for lines that end: hardly any has some, where none was seen.
const ENDS_MAX: usize = 100;
/// Lists that are read by themselves where bundles say that lines end, and no row of theirs says which.
const SUSPECTS: usize = 3;
/// More rounds than the longest list has pages.
const ROUNDS_MAX: usize = 50;

/// Why a bundle is of no use.
enum BundleFault {
    /// No answer: what else came in bundles may be right.
    Unanswered(String),
    /// An answer that is wrong, or not whole: nothing that came in bundles is believed.
    Wrong(String),
}

type Lists = BTreeMap<AgreementId, AdditionList>;

/// What plain reads say of lists that came in bundles.
#[derive(Default)]
struct Compared {
    plain: Lists,
    is_wrong: bool,
}

impl Client {
    /// The lists that come in bundles. Those that are not in the answer have to be read one by one.
    pub(crate) async fn read_in_bundles(&self, agreements: &BTreeSet<AgreementId>) -> BundledLists {
        if !self.bundled_reads || agreements.len() < AGREEMENTS_MIN {
            return BundledLists::default();
        }
        let agreements: Vec<AgreementId> = agreements.iter().copied().collect();
        let mut bundles = agreements.chunks(AGREEMENTS_MAX);
        let mut lists = Lists::new();
        if self.bundling().is_untried() {
            let Some(first) = bundles.next() else { return BundledLists::default() };
            match self.whole_bundle(first).await {
                Ok(first) => lists = first,
                Err(fault) => _ = self.leave_for(fault),
            }
        }
        // The others come while the first is compared.
        let (first, (others, wrong)) = tokio::join!(self.compare(&lists), self.other_bundles(bundles));
        lists.extend(others);
        let all = self.compare(&lists).await;
        let read: BTreeSet<AgreementId> = first.plain.keys().chain(all.plain.keys()).copied().collect();
        let ends = self.look_for_ends(&lists, &read).await;
        if wrong || first.is_wrong || all.is_wrong || ends.is_wrong {
            lists.retain(|_, list| !list.bundled);
        }
        lists.extend(first.plain.into_iter().chain(all.plain).chain(ends.plain));
        BundledLists { lists, left: self.bundling().left() }
    }

    /// The lists of these bundles, and whether one of them was wrong.
    async fn other_bundles(&self, bundles: impl Iterator<Item = &[AgreementId]>) -> (Lists, bool) {
        let reads = bundles.map(|some| self.one_bundle(some));
        let mut reads = futures_util::stream::iter(reads).buffer_unordered(self.at_once);
        let (mut lists, mut wrong) = (Lists::new(), false);
        while let Some(read) = reads.next().await {
            match read {
                Ok(some) => lists.extend(some),
                Err(fault) => wrong |= self.leave_for(fault),
            }
        }
        (lists, wrong)
    }

    /// Until bundles are proven: the fullest and the emptiest of these lists, read by themselves. If they are the same,
    /// bundles are trusted; a bundle of empty lists alone proves nothing.
    async fn compare(&self, lists: &Lists) -> Compared {
        if !self.bundling().is_untried() {
            return Compared::default();
        }
        let compared = self.compare_these(telling(lists), lists).await;
        if !compared.is_wrong && compared.plain.values().any(|list| !list.additions.is_empty()) {
            self.bundling().trust();
        }
        compared
    }

    /// Where no row of these lists says that a line ended: some of those that bundles say end when they are asked for such, read
    /// by themselves, but for those that were `read` so.
    async fn look_for_ends(&self, lists: &Lists, read: &BTreeSet<AgreementId>) -> Compared {
        let ends = |list: &AdditionList| list.additions.iter().any(|addition| addition.cancelled_on.is_some());
        if self.bundling().left().is_some() || lists.values().any(ends) {
            return Compared::default();
        }
        let ended: BTreeSet<AgreementId> = self.with_ended_lines(lists).await.difference(read).copied().collect();
        self.compare_these(changed_last(lists, &ended), lists).await
    }

    /// Of these agreements those of which a bundle gives out rows when it is asked for lines that end, and those of which it
    /// does not answer that. A server that does not know the question, or filters nothing, gives out all of them.
    async fn with_ended_lines(&self, lists: &Lists) -> BTreeSet<AgreementId> {
        let agreements: Vec<AgreementId> =
            lists.iter().filter(|(_, list)| !list.additions.is_empty()).map(|(agreement, _)| *agreement).collect();
        let reads = agreements.chunks(ENDS_MAX).map(async |some| {
            let asked: Vec<BundlePart> = some.iter().map(|agreement| BundlePart::ended(*agreement)).collect();
            let found = self.parts(&asked, 1).await.unwrap_or_else(|_| asked.iter().map(|_| None).collect());
            let ends = some.iter().zip(found).filter(|(_, rows)| rows.as_ref().is_none_or(|rows| !rows.is_empty()));
            ends.map(|(agreement, _)| *agreement).collect::<Vec<_>>()
        });
        futures_util::stream::iter(reads).buffer_unordered(self.at_once).concat().await.into_iter().collect()
    }

    /// These, read by themselves and compared. If one is another, bundles are left.
    async fn compare_these(&self, these: BTreeSet<AgreementId>, lists: &Lists) -> Compared {
        let mut compared = Compared::default();
        let plain = join_all(these.into_iter().map(|one| async move { (one, self.additions_timed(one).await) }));
        let mut why = lists.is_empty().then(|| "no list came in a bundle".to_owned());
        for (agreement, look) in plain.await {
            match look {
                Ok(look) => {
                    if !is_same(lists.get(&agreement), &look.list) {
                        why = Some(format!("the list of agreement {agreement} was another one by itself"));
                    }
                    compared.plain.insert(agreement, look.list);
                }
                Err(error) => why = Some(format!("there was nothing to compare a bundle with: {error}")),
            }
        }
        compared.is_wrong = why.is_some();
        why.into_iter().for_each(|why| self.bundling().leave(why));
        compared
    }

    /// One bundle, unless they were left meanwhile.
    async fn one_bundle(&self, agreements: &[AgreementId]) -> Result<Lists, BundleFault> {
        if self.bundling().left().is_some() { Ok(Lists::new()) } else { self.whole_bundle(agreements).await }
    }

    /// Whether the fault is one after which nothing that came in bundles is believed.
    fn leave_for(&self, fault: BundleFault) -> bool {
        let (why, wrong) = match fault {
            BundleFault::Unanswered(why) => (why, false),
            BundleFault::Wrong(why) => (why, true),
        };
        self.bundling().leave(why);
        wrong
    }

    /// The lists of these agreements, as far as a bundle gives them out whole: where there may be more rows, it is asked
    /// on.
    async fn whole_bundle(&self, agreements: &[AgreementId]) -> Result<Lists, BundleFault> {
        let size = self.page_size().min(PAGE_SIZES[0]);
        let mut rows: BTreeMap<AgreementId, Vec<WireAddition>> = BTreeMap::new();
        let mut asked: Vec<BundlePart> = agreements.iter().map(|agreement| BundlePart::first(*agreement)).collect();
        for _ in 0..ROUNDS_MAX {
            let found = self.parts(&asked, size).await?;
            let mut on = Vec::new();
            for (part, found) in asked.into_iter().zip(found) {
                let agreement = part.agreement;
                let Some(found) = found else {
                    rows.remove(&agreement);
                    continue;
                };
                if part.is_over && !found.is_empty() {
                    let why = format!("the list of agreement {agreement} was cut, and nothing said so");
                    return Err(BundleFault::Wrong(why));
                }
                if let Some(last) = found.last().filter(|_| found.len() >= CUT_MIN.min(size)) {
                    on.push(BundlePart { after: last.addition.id.0, is_over: found.len() < size, ..part });
                }
                rows.entry(agreement).or_default().extend(found);
            }
            if on.is_empty() {
                let list = |(agreement, rows)| (agreement, AdditionList { bundled: true, ..own_rows(agreement, rows) });
                return Ok(rows.into_iter().map(list).collect());
            }
            asked = on;
        }
        Err(BundleFault::Wrong(format!("no end of a list after {ROUNDS_MAX} bundles")))
    }

    /// What each part of one request brought; nothing for a part that has to be read by itself.
    async fn parts(&self, asked: &[BundlePart], size: usize) -> Result<Vec<Option<Vec<WireAddition>>>, BundleFault> {
        let url = api_url(self.api_root().await, "system/bundles", &[]);
        let body = bundle_body(asked, &self.api_version, size);
        let one_try = async || match self.good(Right::Bundles, self.ask(&url, body.clone()).await) {
            Ok(answer) => self.parsed::<BundleAnswer>(Right::Bundles, &answer, "a bundle of lists"),
            Err(trouble) => trouble.into(),
        };
        let answer = self.tried(Right::Bundles, TRIES, one_try).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(Unanswered::Refused(error) | Unanswered::Failed(error)) => {
                return Err(BundleFault::Unanswered(read_error_text(error)));
            }
        };
        answer.parts(asked).map_err(BundleFault::Wrong)
    }
}

/// The fullest list and the emptiest one: they show best whether rows are left out.
fn telling(lists: &Lists) -> BTreeSet<AgreementId> {
    let rows = |(_, list): &(&AgreementId, &AdditionList)| list.additions.len();
    let fullest = lists.iter().max_by_key(rows);
    let emptiest = lists.iter().min_by_key(rows);
    fullest.into_iter().chain(emptiest).map(|(agreement, _)| *agreement).collect()
}

/// Of these lists the ones that were changed last, for a person who ends a line changes its record; where nothing says when,
/// the longest.
fn changed_last(lists: &Lists, these: &BTreeSet<AgreementId>) -> BTreeSet<AgreementId> {
    let mut by_change: Vec<(Option<DateTime<Utc>>, usize, AgreementId)> = lists
        .iter()
        .filter(|(agreement, _)| these.contains(agreement))
        .map(|(agreement, list)| (latest_change(list), list.additions.len(), *agreement))
        .collect();
    by_change.sort_unstable();
    by_change.into_iter().rev().take(SUSPECTS).map(|(.., agreement)| agreement).collect()
}

fn latest_change(list: &AdditionList) -> Option<DateTime<Utc>> {
    let changes = list.additions.iter().filter_map(|addition| addition.changed.as_ref());
    changes.filter_map(|change| DateTime::parse_from_rfc3339(&change.at).ok()).map(|at| at.to_utc()).max()
}

fn is_same(bundled: Option<&AdditionList>, plain: &AdditionList) -> bool {
    bundled.is_some_and(|bundled| bundled.additions == plain.additions && bundled.others == plain.others)
}

/// The reason alone: what was being read is known.
fn read_error_text(error: ReadError) -> String {
    match error {
        ReadError::Unreachable { why, .. }
        | ReadError::Denied { why, .. }
        | ReadError::WriteDenied { why, .. }
        | ReadError::Additions { why, .. } => why,
    }
}

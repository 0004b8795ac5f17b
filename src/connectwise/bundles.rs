//! The additions of many agreements in one request: `POST /system/bundles` (ConnectWise best practice, "Bundled Requests").
//!
//! Nothing says how much a bundle may hold, nor that its lists are whole. So it is tried once a night and compared with plain
//! reads, and what is missing from a list that came in a bundle is never believed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use futures_util::future::join_all;

use crate::connectwise::bundle_wire::{BundleAnswer, BundlePart, bundle_body};
use crate::connectwise::client::Client;
use crate::connectwise::client::attempt::Unanswered;
use crate::connectwise::client::denial::Right;
use crate::connectwise::client::paging::{CUT_MIN, PAGE_SIZES};
use crate::connectwise::reads::own_rows;
use crate::connectwise::urls::api_url;
use crate::connectwise::wire::WireAddition;
use crate::connectwise::{BundledLists, ReadError};
use crate::reconcile::model::ids::AgreementId;
use crate::reconcile::model::records::AdditionList;

/// Agreements of one request.
const AGREEMENTS_MAX: usize = 50;
/// Fewer are as soon read one by one.
const AGREEMENTS_MIN: usize = 16;
/// A bundle that fails twice is no help; the plain reads try longer.
const TRIES: u32 = 2;
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
        if wrong || first.is_wrong || all.is_wrong {
            lists.retain(|_, list| !list.bundled);
        }
        lists.extend(first.plain.into_iter().chain(all.plain));
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
        let mut compared = Compared::default();
        if !self.bundling().is_untried() {
            return compared;
        }
        let plain =
            join_all(telling(lists).into_iter().map(|one| async move { (one, self.additions_timed(one).await) }));
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
        match why {
            Some(why) => self.bundling().leave(why),
            None if compared.plain.values().any(|list| !list.additions.is_empty()) => self.bundling().trust(),
            None => {}
        }
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
                    on.push(BundlePart { agreement, after: last.addition.id.0, is_over: found.len() < size });
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

fn is_same(bundled: Option<&AdditionList>, plain: &AdditionList) -> bool {
    bundled.is_some_and(|bundled| bundled.additions == plain.additions && bundled.others == plain.others)
}

/// The reason alone: what was being read is known.
fn read_error_text(error: ReadError) -> String {
    match error {
        ReadError::Unreachable { why, .. } | ReadError::Denied { why, .. } | ReadError::Additions { why, .. } => why,
    }
}

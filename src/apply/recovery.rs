//! What earlier runs left unfinished: looked up before anything is planned, and told.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use crate::connectwise::{ReadError, Reader};
use crate::history::journal::{Intent, IntentKind, OpenWrite, WriteOutcome};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::matching::sent_write::{FoundWrite, SentWrite, look_up};
use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::ids::{AdditionId, AgreementId, IntegrationName, ProductCode, RunId};
use crate::reconcile::model::past::CreationInDoubt;
use crate::reconcile::model::plan::line::LineKey;

/// What was found of one unfinished write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The run that left it.
    pub run: RunId,
    /// The line.
    pub key: LineKey,
    /// What is known of it now.
    pub outcome: WriteOutcome,
    /// The ConnectWise that it was sent to, where that is not tonight's: it was not looked for.
    pub elsewhere: Option<String>,
}

/// Whose unfinished writes are looked up, and where.
#[derive(Debug, Clone, Copy)]
pub struct RecoveryScope<'a> {
    /// Whose.
    pub integration: &'a IntegrationName,
    /// The run that looks.
    pub run: RunId,
    /// The products that it bills: of these also what other integrations left in the same ConnectWise.
    pub products: &'a BTreeSet<&'a ProductCode>,
    /// Tonight's ConnectWise: its host, and the login company.
    pub site: &'a str,
    /// How long a creation that is not there may be on its way.
    pub settle: TimeDelta,
    /// When the run began, as the clocks of its zone showed it.
    pub now: DateTime<FixedOffset>,
}

/// Looks up every write without a known outcome, and writes down what is found. Gives the resolutions, and the lines
/// that stay in doubt: for those nothing may be created. What is in doubt is the line, whoever sent it: of a product that this
/// integration bills it is looked up here, for the one that sent it may be renamed, off, or without that service by now.
///
/// A creation that is not there counts as not done only `settle` after it was sent: "not in the listing" is no proof
/// while the request may still be on its way. In another ConnectWise than the one that it was sent to it is no proof
/// either, and what is there is another line: such a write stays open until recount is pointed back there.
///
/// # Errors
/// ConnectWise's or the store's. Nothing may be planned then.
pub async fn resolve_open_writes<R: Reader>(
    what: RecoveryScope<'_>,
    connectwise: &R,
    journal: &mut History,
) -> Result<(Vec<Resolution>, BTreeMap<LineKey, CreationInDoubt>), RecoveryError> {
    let (mut resolutions, mut in_doubt) = (Vec::new(), BTreeMap::new());
    let mut read: BTreeMap<AgreementId, Vec<Addition>> = BTreeMap::new();
    let RecoveryScope { integration, run, products, site, settle, now } = what;
    let mut unfinished = journal.open_writes(integration)?;
    unfinished.extend(journal.open_writes_of_others(integration, run, products)?);
    for open in unfinished {
        let agreement = open.intent.key.agreement;
        if let Some(other) = open.elsewhere(site).map(str::to_owned) {
            let why = format!("it was sent to {other}, and this is {site}: it is not looked for here");
            if matches!(open.intent.kind, IntentKind::Create { .. }) {
                let doubt =
                    CreationInDoubt { elsewhere: Some(other.clone()), ..CreationInDoubt::of(&open, Vec::new()) };
                in_doubt.entry(open.intent.key.folded().into_owned()).or_insert(doubt);
            }
            let (run, key, outcome) = (open.run, open.intent.key, WriteOutcome::Unknown { why });
            resolutions.push(Resolution { run, key, outcome, elsewhere: Some(other) });
            continue;
        }
        if let Entry::Vacant(entry) = read.entry(agreement) {
            match connectwise.additions_now(agreement).await {
                Ok(list) => _ = entry.insert(list.additions),
                Err(
                    error @ (ReadError::Unreachable { .. } | ReadError::Denied { .. } | ReadError::WriteDenied { .. }),
                ) => return Err(error.into()),
                // An agreement that is out of sight, or gone. Its line stays in doubt, and the others go on.
                Err(ReadError::Additions { .. }) => {
                    in_doubt.insert(open.intent.key.folded().into_owned(), CreationInDoubt::of(&open, Vec::new()));
                    continue;
                }
            }
        }
        let additions = read.get(&agreement).map(Vec::as_slice).unwrap_or_default();
        let waited = now.signed_duration_since(open.sent_at) >= settle;
        let outcome = match look_up(sent(&open.intent), additions, now.date_naive(), waited) {
            FoundWrite::Done { addition, quantity } => WriteOutcome::Applied { addition, quantity },
            FoundWrite::NotDone(why) => WriteOutcome::Superseded { why },
            FoundWrite::Instead(addition) => {
                journal.line_is(&open.integration, &open.intent.key, addition)?;
                WriteOutcome::Superseded { why: format!("addition {addition} is there instead") }
            }
            FoundWrite::InDoubt(candidates) => {
                in_doubt.insert(open.intent.key.folded().into_owned(), CreationInDoubt::of(&open, candidates));
                WriteOutcome::Unknown { why: "looked for again, and not there yet".to_owned() }
            }
        };
        record(journal, &open, &outcome, now.to_utc())?;
        resolutions.push(Resolution { run: open.run, key: open.intent.key, outcome, elsewhere: None });
    }
    Ok((resolutions, in_doubt))
}

/// Why unfinished writes could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// ConnectWise could not be read.
    #[error("cannot look up what an earlier run left unfinished")]
    Read(#[from] ReadError),
    /// The store failed.
    #[error("cannot write down what an earlier run left unfinished")]
    Store(#[from] StoreError),
}

/// An unknown outcome that is still unknown is not written down a second time.
fn record(
    journal: &mut History,
    open: &OpenWrite,
    outcome: &WriteOutcome,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let still_unknown = matches!(outcome, WriteOutcome::Unknown { .. }) && open.unknown.is_some();
    if still_unknown { Ok(()) } else { journal.outcome(open.write, outcome, now) }
}

impl CreationInDoubt {
    fn of(open: &OpenWrite, candidates: Vec<AdditionId>) -> Self {
        let product = match open.intent.kind {
            IntentKind::Create { product, .. } => Some(product),
            IntentKind::Set { .. } => None,
        };
        Self { run: open.run, sent_at: open.sent_at, candidates, elsewhere: None, product }
    }
}

/// The same as plain data.
fn sent(intent: &Intent) -> SentWrite<'_> {
    match &intent.kind {
        IntentKind::Set { addition, from, to } => SentWrite::Set { addition: *addition, from: *from, to: *to },
        IntentKind::Create { product, quantity, effective_on: _, before } => {
            SentWrite::Create { product: *product, item: intent.key.item.as_ref(), quantity: *quantity, before }
        }
    }
}

//! How far a run is, for a person who waits at a terminal: on stderr, and gone before the report. Nobody else sees it.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use crate::cli::arguments::global_options::Global;
use crate::connectwise::{
    AdditionsLook, BundledLists, CyclesByName, ReadError, Reader, UpcomingWork, WriteError, Writer,
};
use crate::reconcile::guard::cleared_plan::{CreateLine, SetQuantity};
use crate::reconcile::model::connectwise_records::{Addition, AdditionList, Agreements, Companies, Products};
use crate::reconcile::model::ids::{AgreementId, CompanyId};
use crate::reconcile::model::plan::outcome::Traffic;
use crate::reconcile::model::quantity::Quantity;

/// Whether somebody waits at a terminal: set once, as logging is.
static SOMEBODY_WAITS: AtomicBool = AtomicBool::new(false);
/// What takes no longer needs no bar.
const DRAWN_EVERY: Duration = Duration::from_millis(100);

/// Bars are drawn for a person at a terminal who asked for neither silence, nor a document, nor logs.
pub(crate) fn init(global: &Global) {
    let Global { json, quiet, verbose, .. } = global;
    let wanted = !*json && !*quiet && *verbose == 0 && std::io::stderr().is_terminal();
    SOMEBODY_WAITS.store(wanted, Ordering::Relaxed);
}

/// The same ConnectWise, with a bar that follows what is asked of it.
pub(crate) fn watched<C>(inner: C) -> WatchedConnectWise<C> {
    if !SOMEBODY_WAITS.load(Ordering::Relaxed) {
        return WatchedConnectWise { inner, bar: ProgressBar::hidden() };
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(DRAWN_EVERY);
    WatchedConnectWise { inner, bar }
}

/// A ConnectWise that is watched.
pub(crate) struct WatchedConnectWise<C> {
    inner: C,
    bar: ProgressBar,
}

impl<C> Drop for WatchedConnectWise<C> {
    /// Before the report is shown, the line is empty again.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl<C> WatchedConnectWise<C> {
    /// Beside what is counted it needs no words of its own.
    fn reading(&self, what: &'static str) {
        if self.bar.length().is_some() {
            return;
        }
        self.bar.set_style(style("{spinner} {msg}"));
        self.bar.set_message(what);
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    // Signs that any terminal can show.
    style.progress_chars("=> ").tick_chars("|/-\\ ")
}

impl<C: Reader> Reader for WatchedConnectWise<C> {
    async fn companies(&self, ids: &BTreeSet<CompanyId>) -> Result<Companies, ReadError> {
        self.reading("reading companies");
        self.inner.companies(ids).await
    }

    async fn all_companies(&self) -> Result<Companies, ReadError> {
        self.reading("reading companies");
        self.inner.all_companies().await
    }

    async fn agreements_of(&self, companies: &BTreeSet<CompanyId>) -> Result<Agreements, ReadError> {
        self.reading("reading agreements");
        self.inner.agreements_of(companies).await
    }

    async fn agreements(&self, ids: &BTreeSet<AgreementId>) -> Result<Agreements, ReadError> {
        self.inner.agreements(ids).await
    }

    async fn catalog(&self) -> Result<Products, ReadError> {
        self.reading("reading the catalog");
        self.inner.catalog().await
    }

    async fn named_items(&self, identifiers: &BTreeSet<String>) -> Result<Option<Products>, ReadError> {
        self.reading("reading the catalog");
        self.inner.named_items(identifiers).await
    }

    async fn additions(&self, agreement: AgreementId) -> Result<AdditionList, ReadError> {
        let additions = self.inner.additions(agreement).await;
        // Writing, each line's agreement is read again.
        if self.bar.message() == UpcomingWork::Agreements(0).words() {
            self.bar.inc(1);
        }
        additions
    }

    async fn additions_now(&self, agreement: AgreementId) -> Result<AdditionList, ReadError> {
        self.inner.additions_now(agreement).await
    }

    async fn in_bundles(&self, agreements: &BTreeSet<AgreementId>) -> BundledLists {
        let read = self.inner.in_bundles(agreements).await;
        self.bar.inc(u64::try_from(read.lists.len()).unwrap_or(u64::MAX));
        read
    }

    fn leave_bundles(&self, why: String) {
        self.inner.leave_bundles(why);
    }

    fn cycles_by_name(&self) -> Option<CyclesByName> {
        self.inner.cycles_by_name()
    }

    fn traffic(&self) -> Traffic {
        self.inner.traffic()
    }

    fn ahead(&self, work: UpcomingWork) {
        self.inner.ahead(work);
        let (UpcomingWork::Agreements(of) | UpcomingWork::Writes(of)) = work;
        self.bar.set_style(style("{bar:30} {pos}/{len} {msg}"));
        self.bar.set_length(u64::try_from(of).unwrap_or(u64::MAX));
        self.bar.set_position(0);
        self.bar.set_message(work.words());
    }
}

impl<C: Writer> Writer for WatchedConnectWise<C> {
    async fn look(&self, agreement: AgreementId) -> Result<AdditionsLook, ReadError> {
        self.inner.look(agreement).await
    }

    fn at_once(&self) -> usize {
        self.inner.at_once()
    }

    fn usual_answer(&self) -> Duration {
        self.inner.usual_answer()
    }

    fn sent_again(&self) {
        self.inner.sent_again();
    }

    fn hold_back(&self, times: u32) {
        self.inner.hold_back(times);
    }

    async fn set_quantity(&self, write: &SetQuantity, before: Instant) -> Result<Quantity, WriteError> {
        let answer = self.inner.set_quantity(write, before).await;
        self.bar.inc(1);
        answer
    }

    async fn create_line(&self, write: &CreateLine, before: Instant) -> Result<Addition, WriteError> {
        let answer = self.inner.create_line(write, before).await;
        self.bar.inc(1);
        answer
    }
}

//! What one command has read of a ConnectWise, shared by its integrations.
//!
//! Integrations that bill in one ConnectWise need the same companies, agreements, catalog and additions. What is shared is at
//! most ten minutes old, and a write drops what is shared of its company. It is for plans alone: what a write stands
//! on, and what an unfinished write is looked up in, is never taken from here.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::connectwise::client::Client;
use crate::connectwise::client::shared_connection::SharedConnection;
use crate::connectwise::{
    AdditionsLook, BundledLists, CyclesByName, ReadError, Reader, UpcomingWork, WriteError, Writer,
};
use crate::reconcile::guard::cleared_plan::{CreateLine, SetQuantity};
use crate::reconcile::model::connectwise_records::{Addition, AdditionList, Agreements, Companies, Listed, Products};
use crate::reconcile::model::ids::{AgreementId, CompanyId};
use crate::reconcile::model::plan::outcome::Traffic;
use crate::reconcile::model::quantity::Quantity;

/// How old what is shared may be.
const LIFE: Duration = Duration::from_secs(600);

/// What was read of one ConnectWise.
#[derive(Debug, Default)]
pub struct SharedReads {
    kept: RefCell<Kept>,
    /// What the clients share beside that, from the first of them.
    connection: OnceCell<SharedConnection>,
    /// The catalog items that somebody will ask for, folded: they are asked for together, once.
    expected: RefCell<BTreeSet<String>>,
    /// Whether lists of additions are kept: for one integration they would only take their room twice.
    keeps_lists: bool,
}

#[derive(Debug, Default)]
struct Kept {
    /// Each with its own record, or without one where it is not there.
    companies: BTreeMap<CompanyId, Aged<Companies>>,
    all_companies: Option<Aged<Companies>>,
    agreements: BTreeMap<CompanyId, Aged<Agreements>>,
    /// Whose each agreement is that was ever among them.
    company_of: BTreeMap<AgreementId, CompanyId>,
    catalog: Option<Aged<Products>>,
    /// Those of each identifier, folded.
    named_items: BTreeMap<String, Aged<Products>>,
    additions: BTreeMap<AgreementId, Aged<AdditionList>>,
}

/// Something with the instant before it was asked for.
#[derive(Debug, Clone)]
struct Aged<T> {
    asked_at: Instant,
    what: T,
}

impl<T: Clone> Aged<T> {
    fn fresh(&self) -> Option<T> {
        (self.asked_at.elapsed() < LIFE).then(|| self.what.clone())
    }
}

impl Kept {
    /// Forgets what a write on this agreement may change, and what else is known of its company.
    fn forget(&mut self, agreement: AgreementId) {
        let Some(company) = self.company_of.get(&agreement) else {
            (self.agreements, self.additions) = Default::default();
            return;
        };
        let own = self.agreements.remove(company).map(|one| one.what.records).unwrap_or_default();
        self.companies.remove(company);
        for one in own {
            self.additions.remove(&one.id);
        }
    }
}

impl SharedReads {
    /// Nothing was read yet; so many integrations may read, and these identifiers of catalog items, folded, will be asked
    /// for.
    pub fn expecting(integrations: usize, identifiers: BTreeSet<String>) -> Self {
        Self { keeps_lists: integrations > 1, expected: RefCell::new(identifiers), ..Self::default() }
    }

    /// A client beside the others of this ConnectWise; what it does is told to whoever watches.
    pub fn joined_by(&self, client: Client, watch: impl Fn(WatchedStep) + 'static) -> Sharing<'_> {
        let connection = self.connection.get_or_init(|| client.connection().clone());
        Sharing { inner: client.beside(connection), shared: self, watch: Box::new(watch) }
    }

    fn list(&self, agreement: AgreementId) -> Option<AdditionList> {
        self.kept.borrow().additions.get(&agreement).and_then(Aged::fresh)
    }

    fn keep(&self, agreement: AgreementId, asked_at: Instant, list: &AdditionList) {
        if self.keeps_lists {
            self.kept.borrow_mut().additions.insert(agreement, Aged { asked_at, what: list.clone() });
        }
    }
}

/// A ConnectWise of which an earlier integration of the same command may have read something already.
pub struct Sharing<'a> {
    inner: Client,
    shared: &'a SharedReads,
    watch: Box<dyn Fn(WatchedStep)>,
}

/// What is told while a ConnectWise is read and written.
#[derive(Debug, Clone, Copy)]
pub enum WatchedStep {
    /// What is being read.
    Reading(&'static str),
    /// So much comes next.
    Ahead(UpcomingWork),
    /// The additions of so many agreements were read.
    Read(usize),
    /// A line was written, or was not.
    Written,
}

/// What of these is shared, and what is still to be read.
fn divided<I: Ord + Clone, T: Clone>(ids: &BTreeSet<I>, kept: &BTreeMap<I, Aged<T>>) -> (Vec<T>, BTreeSet<I>) {
    let known = |id: &I| kept.get(id).and_then(Aged::fresh);
    let found = ids.iter().filter_map(known).collect();
    (found, ids.iter().filter(|id| known(id).is_none()).cloned().collect())
}

fn joined<R, K>(lists: impl IntoIterator<Item = Listed<R, K>>) -> Listed<R, K> {
    lists.into_iter().fold(Listed::default(), |mut all, one| {
        all.append(one);
        all
    })
}

impl Sharing<'_> {
    async fn items_now(&self, identifiers: &BTreeSet<String>) -> Result<Option<Products>, ReadError> {
        let asked_at = Instant::now();
        let Some(read) = self.inner.named_items(identifiers).await? else { return Ok(None) };
        let kept = &mut self.shared.kept.borrow_mut().named_items;
        kept.extend(identifiers.iter().map(|one| (one.clone(), Aged { asked_at, what: read.named(one) })));
        Ok(Some(read))
    }
}

impl Reader for Sharing<'_> {
    async fn companies(&self, ids: &BTreeSet<CompanyId>) -> Result<Companies, ReadError> {
        (self.watch)(WatchedStep::Reading("reading companies"));
        let (known, missing) = divided(ids, &self.shared.kept.borrow().companies);
        if missing.is_empty() {
            return Ok(joined(known));
        }
        let asked_at = Instant::now();
        let read = self.inner.companies(&missing).await?;
        let parts = read.divided(missing, |one| one.id, |one| Some(CompanyId(one.id)));
        let parts = parts.into_iter().map(|(id, what)| (id, Aged { asked_at, what }));
        self.shared.kept.borrow_mut().companies.extend(parts);
        Ok(joined(known.into_iter().chain([read])))
    }

    async fn all_companies(&self) -> Result<Companies, ReadError> {
        (self.watch)(WatchedStep::Reading("reading companies"));
        if let Some(known) = self.shared.kept.borrow().all_companies.as_ref().and_then(Aged::fresh) {
            return Ok(known);
        }
        let asked_at = Instant::now();
        let read = self.inner.all_companies().await?;
        self.shared.kept.borrow_mut().all_companies = Some(Aged { asked_at, what: read.clone() });
        Ok(read)
    }

    async fn agreements_of(&self, companies: &BTreeSet<CompanyId>) -> Result<Agreements, ReadError> {
        (self.watch)(WatchedStep::Reading("reading agreements"));
        let (known, missing) = divided(companies, &self.shared.kept.borrow().agreements);
        if missing.is_empty() {
            return Ok(joined(known));
        }
        let asked_at = Instant::now();
        let read = self.inner.agreements_of(&missing).await?;
        // One that does not say whose it is would be missing from whatever is shared.
        if read.unreadable.iter().all(|one| one.known.company.is_some()) {
            let parts = read.divided(missing, |one| one.company, |one| one.known.company);
            let parts = parts.into_iter().map(|(id, what)| (id, Aged { asked_at, what }));
            let kept = &mut *self.shared.kept.borrow_mut();
            kept.company_of.extend(read.records.iter().map(|one| (one.id, one.company)));
            kept.agreements.extend(parts);
        }
        Ok(joined(known.into_iter().chain([read])))
    }

    async fn agreements(&self, ids: &BTreeSet<AgreementId>) -> Result<Agreements, ReadError> {
        self.inner.agreements(ids).await
    }

    async fn catalog(&self) -> Result<Products, ReadError> {
        (self.watch)(WatchedStep::Reading("reading the catalog"));
        if let Some(known) = self.shared.kept.borrow().catalog.as_ref().and_then(Aged::fresh) {
            return Ok(known);
        }
        let asked_at = Instant::now();
        let read = self.inner.catalog().await?;
        self.shared.kept.borrow_mut().catalog = Some(Aged { asked_at, what: read.clone() });
        Ok(read)
    }

    async fn named_items(&self, identifiers: &BTreeSet<String>) -> Result<Option<Products>, ReadError> {
        (self.watch)(WatchedStep::Reading("reading the catalog"));
        if self.shared.kept.borrow().catalog.as_ref().and_then(Aged::fresh).is_some() {
            return Ok(None);
        }
        let (known, missing) = divided(identifiers, &self.shared.kept.borrow().named_items);
        if missing.is_empty() {
            return Ok(Some(joined(known)));
        }
        let expected = self.shared.expected.take();
        let together: BTreeSet<String> = missing.union(&expected).cloned().collect();
        // What another integration wants may not be there, and is nothing to this one.
        let read = match self.items_now(&together).await? {
            None if together != missing => self.items_now(&missing).await?,
            read => read,
        };
        Ok(read.map(|read| joined(known.into_iter().chain([read]))))
    }

    async fn additions(&self, agreement: AgreementId) -> Result<AdditionList, ReadError> {
        // What came in a bundle may lack rows, and whoever asks here wants all of them.
        let additions = match self.shared.list(agreement).filter(|known| !known.bundled) {
            Some(known) => Ok(known),
            None => self.additions_now(agreement).await,
        };
        (self.watch)(WatchedStep::Read(1));
        additions
    }

    async fn additions_now(&self, agreement: AgreementId) -> Result<AdditionList, ReadError> {
        let asked_at = Instant::now();
        let read = self.inner.additions_now(agreement).await?;
        self.shared.keep(agreement, asked_at, &read);
        Ok(read)
    }

    async fn in_bundles(&self, agreements: &BTreeSet<AgreementId>) -> BundledLists {
        let known = |id: &AgreementId| Some((*id, self.shared.list(*id)?));
        let known: BTreeMap<AgreementId, AdditionList> = agreements.iter().filter_map(known).collect();
        let missing = agreements.iter().copied().filter(|id| !known.contains_key(id)).collect();
        let asked_at = Instant::now();
        let mut read = self.inner.in_bundles(&missing).await;
        for (id, list) in &read.lists {
            self.shared.keep(*id, asked_at, list);
        }
        read.lists.extend(known);
        (self.watch)(WatchedStep::Read(read.lists.len()));
        read
    }

    fn leave_bundles(&self, why: String) {
        self.shared.kept.borrow_mut().additions.retain(|_, list| !list.what.bundled);
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
        (self.watch)(WatchedStep::Ahead(work));
    }
}

impl Writer for Sharing<'_> {
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
        self.shared.kept.borrow_mut().forget(write.agreement());
        let answer = self.inner.set_quantity(write, before).await;
        (self.watch)(WatchedStep::Written);
        answer
    }

    async fn create_line(&self, write: &CreateLine, before: Instant) -> Result<Addition, WriteError> {
        self.shared.kept.borrow_mut().forget(write.agreement());
        let answer = self.inner.create_line(write, before).await;
        (self.watch)(WatchedStep::Written);
        answer
    }
}

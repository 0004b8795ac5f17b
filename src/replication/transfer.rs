//! Copies of the history, sent and fetched.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use chrono::{DateTime, SubsecRound as _, Utc};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::replication::copy_names::{CopyName, superfluous};
use crate::replication::error::ReplicaError;
use crate::replication::lease_turn::Lease;
use crate::replication::store::CopyStore;

/// The newest copy, and how many there are.
pub type NewestCopy = (CopyName, CopyDescription, usize);

/// What lies beside a copy and says what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyDescription {
    /// The version of this form.
    pub schema: u32,
    /// The host that made it.
    pub host: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// The last run in it; `None` if there is none.
    pub last_run: Option<i64>,
    /// The journal's head in it, in hex.
    pub head: String,
    /// SHA-256 of the compressed history, in hex.
    pub sha256: String,
    /// Its bytes, compressed.
    pub bytes: usize,
}

/// One state of the history, compressed.
pub struct Snapshot {
    packed: Vec<u8>,
    last_run: Option<i64>,
    head: String,
}

/// One state of the history, whatever is written meanwhile. The scratch file beside it goes again.
///
/// # Errors
/// When there is no room for it, or it is not sound.
pub fn snapshot(history: &History, state: &Path) -> Result<Snapshot, ReplicaError> {
    let failed = |source| ReplicaError::Local { what: "the history cannot be packed".to_owned(), source };
    let scratch = tempfile::Builder::new().prefix(".copy.").tempdir_in(state).map_err(failed)?;
    let file = scratch.path().join("history.db");
    history.back_up(&file)?;
    let copied = History::copy_at(&file)?;
    let (head, last_run) = (copied.head()?, copied.runs(1)?.first().map(|run| run.run.0));
    drop(copied);
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    let packed = fs::read(&file).and_then(|bytes| {
        packer.write_all(&bytes)?;
        packer.finish()
    });
    Ok(Snapshot { packed: packed.map_err(failed)?, last_run, head })
}

/// Sends a copy, its description last, and takes away what is superfluous by then, if it can.
///
/// # Errors
/// The store's; what was sent without a description is no copy.
pub async fn send(
    store: &CopyStore,
    snapshot: Snapshot,
    lease: &Lease,
    now: DateTime<Utc>,
) -> Result<(CopyName, CopyDescription), ReplicaError> {
    let files = store.list("copies").await?;
    let number = files.iter().filter_map(|file| CopyName::parse(file)).map(|copy| copy.number).max().unwrap_or(0) + 1;
    let made_at = now.trunc_subsecs(0);
    let name = CopyName { term: lease.term, number, made_at };
    let Snapshot { packed, last_run, head } = snapshot;
    let (bytes, sha256) = (packed.len(), hex::encode(Sha256::digest(&packed)));
    let host = lease.holder.host.clone();
    let description = CopyDescription { schema: 1, host, made_at, last_run, head, sha256, bytes };
    store.create(&name.history(), packed).await?;
    let text = serde_json::to_vec(&description).expect("texts, numbers and times always make JSON");
    store.create(&name.description(), text).await?;
    let mut copies = described(&files);
    copies.insert(name);
    // The copy is there. What is superfluous is taken away by a later one.
    let pruned = prune(store, &copies).await;
    if let Err(error) = pruned.and(remove_unfinished(store, &files, &copies).await) {
        tracing::warn!("a copy that is superfluous could not be taken away: {error}");
    }
    Ok((name, description))
}

/// The description goes first: what is left without one is no copy.
async fn prune(store: &CopyStore, copies: &BTreeSet<CopyName>) -> Result<(), ReplicaError> {
    for old in superfluous(copies) {
        store.delete(&old.description()).await?;
        store.delete(&old.history()).await?;
    }
    Ok(())
}

/// Histories without a description: whoever sent them died before the end, or while they were taken away.
async fn remove_unfinished(
    store: &CopyStore,
    files: &[String],
    copies: &BTreeSet<CopyName>,
) -> Result<(), ReplicaError> {
    let histories = files.iter().filter(|file| !file.ends_with(".json")).filter_map(|file| CopyName::parse(file));
    let newest = copies.last().copied();
    for unfinished in histories.filter(|name| !copies.contains(name) && Some(*name) < newest) {
        store.delete(&unfinished.history()).await?;
    }
    Ok(())
}

fn described(files: &[String]) -> BTreeSet<CopyName> {
    files.iter().filter(|file| file.ends_with(".json")).filter_map(|file| CopyName::parse(file)).collect()
}

/// The newest copy, and how many there are; `None` if there is none.
pub async fn newest(store: &CopyStore) -> Result<Option<NewestCopy>, ReplicaError> {
    let copies = described(&store.list("copies").await?);
    let Some(name) = copies.last().copied() else { return Ok(None) };
    let damaged = |why: String| ReplicaError::Damaged { name: name.to_string(), why };
    let found = store.read(&name.description()).await?.ok_or_else(|| damaged("its description is gone".to_owned()))?;
    let description = serde_json::from_slice(&found.bytes).map_err(|error| damaged(error.to_string()))?;
    Ok(Some((name, description, copies.len())))
}

/// The newest copy's name and its host, also where its description is damaged and names none.
///
/// # Errors
/// The store's.
pub async fn newest_name(store: &CopyStore) -> Result<Option<(CopyName, String)>, ReplicaError> {
    match newest(store).await {
        Ok(found) => Ok(found.map(|(name, description, _)| (name, description.host))),
        Err(ReplicaError::Damaged { .. }) => {
            let copies = described(&store.list("copies").await?);
            Ok(copies.last().map(|name| (*name, "another host".to_owned())))
        }
        Err(error) => Err(error),
    }
}

/// Opens a copy as a host would that takes over, and gives the last run that is in it.
pub async fn last_run_in(
    store: &CopyStore,
    name: CopyName,
    description: &CopyDescription,
) -> Result<Option<i64>, ReplicaError> {
    let scratch = tempfile::Builder::new().prefix("recount.copy.").tempdir();
    let scratch =
        scratch.map_err(|source| ReplicaError::Local { what: "the copy cannot be unpacked".to_owned(), source })?;
    fetch(store, name, description, &scratch.path().join("history.db")).await
}

/// Fetches a copy into a file, and proves that it is what its description says, and a sound history that this program reads.
/// Gives the last run in it.
///
/// # Errors
/// [`ReplicaError::Damaged`] if it is not; [`ReplicaError::NewerCopy`] if only a newer program reads it.
pub async fn fetch(
    store: &CopyStore,
    name: CopyName,
    description: &CopyDescription,
    into: &Path,
) -> Result<Option<i64>, ReplicaError> {
    unpack(store, name, description, into).await?;
    let opened = || {
        let copy = History::copy_at(into)?;
        copy.check()?;
        Ok(copy.runs(1)?.first().map(|run| run.run.0))
    };
    opened().map_err(|error: StoreError| match error {
        StoreError::Newer { found, known } => ReplicaError::NewerCopy { name: name.to_string(), found, known },
        error => ReplicaError::Damaged { name: name.to_string(), why: error.to_string() },
    })
}

async fn unpack(
    store: &CopyStore,
    name: CopyName,
    description: &CopyDescription,
    into: &Path,
) -> Result<(), ReplicaError> {
    let damaged = |why: String| ReplicaError::Damaged { name: name.to_string(), why };
    let found = store.read(&name.history()).await?.ok_or_else(|| damaged("the history is gone".to_owned()))?;
    if hex::encode(Sha256::digest(&found.bytes)) != description.sha256 {
        return Err(damaged("its digest is another one".to_owned()));
    }
    let mut history = Vec::new();
    GzDecoder::new(found.bytes.as_slice()).read_to_end(&mut history).map_err(|error| damaged(error.to_string()))?;
    fs::write(into, history)
        .map_err(|source| ReplicaError::Local { what: "the copy cannot be unpacked".to_owned(), source })
}

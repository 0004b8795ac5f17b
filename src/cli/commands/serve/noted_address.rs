//! Where the desk of a state folder runs, as it noted itself: links are printed by another process. The note counts for as
//! long as the desk holds its lock, so that what a desk left that was killed is not believed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::error_chain::error_chain;

const FILE: &str = "desk.address";
/// Bytes of an address, at most.
const ADDRESS_MOST: u64 = 200;

/// The note of a desk that runs; dropped with it.
#[derive(Debug)]
pub(crate) struct NotedAddress {
    _held: Option<File>,
}

impl NotedAddress {
    /// Notes where the desk is: `http://127.0.0.1:9000`. A desk that cannot note it runs all the same, and so does a second
    /// one beside the first.
    pub(super) fn of(state: &Path, address: &str) -> Self {
        let noted = noted(state, address);
        let _held = noted.inspect_err(|error| tracing::warn!("{FILE} cannot be written: {}", error_chain(error)));
        Self { _held: _held.ok().flatten() }
    }
}

fn noted(state: &Path, address: &str) -> std::io::Result<Option<File>> {
    let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(state.join(FILE))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    file.set_len(0)?;
    file.write_all(address.as_bytes())?;
    Ok(Some(file))
}

/// Where the desk of a state folder runs now; `None` if none does.
pub(crate) fn of_running_desk(state: &Path) -> Option<String> {
    let file = File::open(state.join(FILE)).ok()?;
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let mut address = String::new();
    file.take(ADDRESS_MOST).read_to_string(&mut address).ok()?;
    let is_address = !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_graphic());
    is_address.then_some(address)
}

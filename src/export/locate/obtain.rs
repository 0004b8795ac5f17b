//! Tonight's export, read from wherever the configuration has it come: a file, standard input, or a report link.

use std::io;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::export::error::ExportError;
use crate::export::locate::fetch;
use crate::export::locate::fetch::{Order, fetch};
use crate::export::locate::file::{Export, read, read_all};
use crate::export::settings::{ExportLocation, ExportSettings, Files};

/// What a report link needs beside its settings.
pub struct Way<'a> {
    /// Names and values of the link's headers, its secrets read.
    pub headers: &'a [(String, SecretString)],
    /// The folder that keeps what was fetched.
    pub folder: &'a Path,
    /// Whose it is: the beginning of the name under which it is kept.
    pub name: &'a str,
    /// The clock.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
}

/// Reads the newest file, standard input, or the link. A file's bytes are read at once, so nothing else of the process
/// goes on meanwhile.
///
/// # Errors
/// Whatever makes the export no sound ground for a bill; nothing of it is used then.
pub async fn obtain(settings: &ExportSettings, way: &Way<'_>) -> Result<Export, ExportError> {
    let layout = &settings.layout;
    match &settings.source {
        ExportLocation::Path(pattern) => match settings.files {
            Files::Newest => read(pattern, layout, (way.clock)()),
            Files::All { delivery, expected } => read_all(pattern, (delivery, expected), layout, (way.clock)()),
        },
        ExportLocation::Stdin => {
            let bytes = standard_input(layout.max_bytes)?;
            Export::of(PathBuf::from("-"), bytes, (way.clock)(), layout)
        }
        ExportLocation::Url(link) => {
            let Way { headers, folder, name, clock } = *way;
            let order = Order { url: &link.url, headers, max_bytes: layout.max_bytes, folder, name, clock };
            let fetched = fetch(&order).await;
            let fetched = fetched.map_err(|why| ExportError::Fetch { path: fetch::shown(&link.url).into(), why })?;
            Export::of(fetched.path, fetched.bytes, fetched.modified_at, layout)
        }
    }
}

/// Everything up to the end of standard input.
///
/// # Errors
/// If it cannot be read, or is longer than this.
pub fn standard_input(max_bytes: u64) -> Result<Vec<u8>, ExportError> {
    let path = PathBuf::from("-");
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(max_bytes.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|source| ExportError::Read { path: path.clone(), source })?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= max_bytes => Ok(bytes),
        _ => Err(ExportError::TooBig { path, bytes: max_bytes.saturating_add(1), max: max_bytes }),
    }
}

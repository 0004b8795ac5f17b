//! Tonight's export, read from wherever the configuration has it come: a file, standard input, or a report link.

use std::io;
use std::io::Read as _;
use std::path::PathBuf;

use crate::export::error::ExportError;
use crate::export::locate::fetch::{Order, fetch, shown};
use crate::export::locate::file::{Export, read, read_all};
use crate::export::locate::link::Link;
use crate::export::locate::newest::or_kept;
use crate::export::locate::paging::fetch_lists;
use crate::export::locate::places::{RemoteExport, read_place};
use crate::export::settings::{ExportLocation, ExportSettings, Files, Layout};

/// Reads the newest file of this host or another, standard input, the link, or the lists of an API. A file's bytes are read at once, so nothing
/// else of the process goes on meanwhile.
///
/// # Errors
/// Whatever makes the export no sound ground for a bill; nothing of it is used then.
pub async fn obtain(settings: &ExportSettings, order: &Order<'_>) -> Result<Export, ExportError> {
    let layout = &settings.layout;
    match &settings.source {
        ExportLocation::Path(pattern) => match settings.files {
            Files::Newest => read(&or_kept(pattern, settings.kept.as_deref())?, layout, (order.clock)()),
            Files::All { delivery, expected } => read_all(pattern, (delivery, expected), layout, (order.clock)()),
        },
        ExportLocation::Stdin => {
            let bytes = standard_input(layout.max_bytes)?;
            Export::of(PathBuf::from("-"), bytes, (order.clock)(), layout)
        }
        ExportLocation::Place(place) => {
            let order = Order { max_bytes: layout.max_bytes, ..*order };
            let RemoteExport { path, bytes, modified_at } = read_place(place, &order).await?;
            let path = PathBuf::from(path);
            let kept = order.keep(bytes, Some(modified_at));
            let kept = kept.map_err(|why| ExportError::Fetch { path: path.clone(), why })?;
            Export::of(path, kept.bytes, modified_at, layout)
        }
        ExportLocation::Url(link) => linked(link, layout, order).await,
    }
}

async fn linked(link: &Link, layout: &Layout, order: &Order<'_>) -> Result<Export, ExportError> {
    let order = Order { max_bytes: layout.max_bytes, ..*order };
    let refused = |why| {
        let path = link.requests.first().map(|first| shown(&first.url)).unwrap_or_default();
        ExportError::Fetch { path: path.into(), why }
    };
    if let Some(file) = link.file() {
        let fetched = fetch(&file.url, &order).await.map_err(refused)?;
        return Export::of(fetched.path, fetched.bytes, fetched.modified_at, layout);
    }
    let lists = fetch_lists(link, &order).await.map_err(refused)?;
    Export::of_lists(lists, layout)
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

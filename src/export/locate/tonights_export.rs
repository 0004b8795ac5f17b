//! Tonight's export, from where the configuration has it come: file, other host, standard input, report link or API.

use std::io;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::export::error::ExportError;
use crate::export::format::json::nested_path::is_nested;
use crate::export::format::zip_archive;
use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::fetch::{FetchRequest, fetch, shown};
use crate::export::locate::link_settings::Link;
use crate::export::locate::newest_file::{Delivered, or_kept};
use crate::export::locate::one_file::{Export, read};
use crate::export::locate::paging::fetch_lists;
use crate::export::locate::place_settings::RemotePlace;
use crate::export::locate::places::{read_delivery, read_place};
use crate::export::locate::several_files::{ReadFile, and_outside, complete, read_all, together};
use crate::export::settings::{ExportLocation, ExportSettings, Files, Layout};

/// Reads the newest file of this host or another, standard input, the link, or the lists of an API. A file's bytes are read at once, so nothing
/// else of the process goes on meanwhile.
///
/// # Errors
/// Whatever makes the export no sound ground for a bill; nothing of it is used then.
pub async fn obtain(settings: &ExportSettings, order: &FetchRequest<'_>) -> Result<Export, ExportError> {
    let export = found(settings, order).await?;
    let pattern = match &settings.source {
        ExportLocation::Path(pattern) => pattern.clone(),
        ExportLocation::Place(place) => place.shown(&place.pattern).into(),
        ExportLocation::Stdin | ExportLocation::Url(_) => export.path.clone(),
    };
    complete(settings.files, &pattern, export)
}

async fn found(settings: &ExportSettings, order: &FetchRequest<'_>) -> Result<Export, ExportError> {
    let layout = &settings.layout;
    match &settings.source {
        ExportLocation::Path(pattern) => match settings.files {
            Files::Newest => read(&or_kept(pattern, settings.kept.as_deref())?, layout, (order.clock)()),
            Files::All { delivery, .. } => read_all(pattern, delivery, layout, (order.clock)()),
        },
        ExportLocation::Stdin => {
            let bytes = standard_input(layout.max_bytes)?;
            Export::of(PathBuf::from("-"), bytes, (order.clock)(), layout)
        }
        ExportLocation::Place(place) => {
            let order = FetchRequest { max_bytes: layout.max_bytes, ..*order };
            match settings.files {
                Files::Newest => placed(place, layout, &order).await,
                Files::All { delivery, .. } => all_placed(place, delivery, layout, &order).await,
            }
        }
        ExportLocation::Url(link) => linked(link, layout, order).await,
    }
}

/// The newest file of another host.
async fn placed(place: &RemotePlace, layout: &Layout, order: &FetchRequest<'_>) -> Result<Export, ExportError> {
    let ReadFile { path, bytes, modified_at } = read_place(place, order).await?;
    let kept = order.keep(bytes, Some(modified_at));
    let kept = kept.map_err(|why| ExportError::Fetch { path: path.clone(), why })?;
    Export::of(path, kept.bytes, modified_at, layout)
}

/// Every file of a delivery to another host. They are kept as one archive.
async fn all_placed(
    place: &RemotePlace,
    delivery: Duration,
    layout: &Layout,
    order: &FetchRequest<'_>,
) -> Result<Export, ExportError> {
    let Delivered { files, outside } = read_delivery(place, delivery, order).await?;
    let pattern = PathBuf::from(place.shown(&place.pattern));
    let refused = |why| ExportError::Fetch { path: pattern.clone(), why };
    let named = files.iter().map(|file| (file.path.file_name().unwrap_or_default().to_string_lossy(), &*file.bytes));
    let archive = zip_archive::packed(named)
        .map_err(|error| refused(FetchError::Keep { folder: order.folder.to_owned(), why: error.to_string() }))?;
    order.keep_as("zip", archive, None).map_err(refused)?;
    Ok(and_outside(together(files, &pattern, layout, (order.clock)())?, outside, layout))
}

async fn linked(link: &Link, layout: &Layout, order: &FetchRequest<'_>) -> Result<Export, ExportError> {
    let order = FetchRequest { max_bytes: layout.max_bytes, ..*order };
    let refused = |why| {
        let path = link.requests.first().map(|first| shown(&first.url)).unwrap_or_default();
        ExportError::Fetch { path: path.into(), why }
    };
    if let Some(file) = link.file() {
        let fetched = fetch(&file.url, &order).await.map_err(refused)?;
        let mut export = Export::of(fetched.path, fetched.bytes, fetched.modified_at, layout)?;
        if !layout.whole {
            // Of lists in lists a server counts the outer records.
            let records = (!is_nested(&layout.records)).then_some(export.counts.rows);
            export.counts.unread.extend(fetched.paging.unread(records, 1));
        }
        return Ok(export);
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

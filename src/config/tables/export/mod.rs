//! `[integration.NAME.export]`, and the same keys in a profile.

pub(crate) mod api;
mod auth;
mod columns;
mod filters;
pub(crate) mod layered;
pub(crate) mod layout;
pub(in crate::config) mod place;
mod source;
mod texts;

use std::path::Path;

use crate::config::document::Section;
use crate::config::tables::export::layered::Layered;
use crate::config::tables::export::layout::layout;
use crate::export::settings::{ExportLocation, ExportSettings, Files};

/// Reads the table; keys that it does not have come from the profile, if there is one.
pub(in crate::config) fn settings(
    section: Section<'_>,
    profile: Option<Section<'_>>,
    folder: &Path,
) -> Option<ExportSettings> {
    let files = source::files(&section);
    let keys = Layered::new(section, profile);
    let source = source::source(&keys, folder);
    let layout = layout(keys);
    let (files, mut layout) = (files?, layout?);
    layout.all_members = files != Files::Newest;
    let source = source?;
    if let ExportLocation::Url(link) = &source
        && layout.records.is_empty()
    {
        // Said of the first list alone, whose records the others join.
        layout.records = link.requests.first().map(|first| first.records.clone()).unwrap_or_default();
    }
    Some(ExportSettings { source, files, layout, kept: None })
}

//! `[integration.NAME.export]`, and the same keys in a profile.

mod auth_keys;
mod column_keys;
mod filter_keys;
pub(crate) mod layout_keys;
pub(crate) mod over_profile;
pub(in crate::config) mod place_keys;
pub(crate) mod request_keys;
mod source_keys;
mod text_lists;

use std::path::Path;

use crate::config::tables::export::layout_keys::layout;
use crate::config::tables::export::over_profile::Layered;
use crate::config::toml_document::Section;
use crate::export::settings::{ExportLocation, ExportSettings, Files};

/// Reads the table; keys that it does not have come from the profile, if there is one.
pub(in crate::config) fn settings(
    section: Section<'_>,
    profile: Option<Section<'_>>,
    folder: &Path,
) -> Option<ExportSettings> {
    let files = source_keys::files(&section);
    let keys = Layered::new(section, profile);
    let source = source_keys::source(&keys, folder);
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

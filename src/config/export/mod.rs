//! `[integration.NAME.export]`, and the same keys in a profile.

mod columns;
mod filters;
mod layout;
mod source;

use std::path::Path;

use crate::config::document::Section;
use crate::export::ExportSettings;

pub(in crate::config) use layout::Layered;
pub(in crate::config) use layout::layout;

/// Reads the table; keys that it does not have come from the profile, if there is one.
pub(in crate::config) fn settings(
    section: Section<'_>,
    profile: Option<Section<'_>>,
    folder: &Path,
) -> Option<ExportSettings> {
    let source = source::source(&section, folder);
    if let (Some(field), None) = (section.get("profile"), &profile) {
        field.error("`profile` is not supported by this version");
    }
    let layout = layout(Layered::new(section, profile));
    Some(ExportSettings { source: source?, layout: layout? })
}

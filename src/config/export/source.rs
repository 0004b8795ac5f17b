//! `path`, or `url` with `headers`.

use std::path::Path;
use std::path::PathBuf;

use crate::config::document::Field;
use crate::config::document::Section;
use crate::export::settings::Source;

/// Where the export comes from.
pub(in crate::config) fn source(section: &Section<'_>, folder: &Path) -> Option<Source> {
    for key in ["url", "headers"] {
        if let Some(field) = section.get(key) {
            field.error_unseen(format!("`{key}` is not supported by this version"));
            section.get("path");
            return None;
        }
    }
    let path = section.required("path")?;
    match path.text()? {
        "-" => Some(Source::Stdin),
        _ => pattern(&path, folder).map(Source::Path),
    }
}

/// The folder's own name is no pattern, whatever characters it holds.
fn pattern(field: &Field<'_>, folder: &Path) -> Option<PathBuf> {
    let text = field.text()?;
    if let Err(error) = glob::Pattern::new(text) {
        field.error(format!("`path` is no pattern: {error}"));
        return None;
    }
    let plain = !text.contains(['*', '?', '[']);
    let escaped = || PathBuf::from(glob::Pattern::escape(&folder.to_string_lossy()));
    Some(if plain { folder.join(text) } else { escaped().join(text) })
}

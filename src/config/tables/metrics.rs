//! `metrics_file`: it is replaced after each run, so it is no file that is read, and none of the state's own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::toml_document::Field;
use crate::export::locate::newest_file::is_matched;

/// Where the numbers are written. Every other path of the file has to be read before.
pub(in crate::config) fn metrics_file(field: Option<&Field<'_>>, of: &Path, state: &Path) -> Option<PathBuf> {
    let folder = of.parent().unwrap_or(Path::new(""));
    let Some(field) = field else { return Some(state.join("metrics.prom")) };
    let read: Vec<(String, PathBuf)> = field.paths_of_the_file();
    let path = field.path(folder)?;
    let Some(why) = would_overwrite(&path, (of, state), &read) else { return Some(path) };
    field.error(format!("`metrics_file` {why}"));
    None
}

/// Why no numbers may be written to a file: it is one that this configuration reads, or one of its state's own.
pub(crate) fn would_overwrite(path: &Path, (of, state): (&Path, &Path), read: &[(String, PathBuf)]) -> Option<String> {
    let wanted = place(path);
    let is_read = |(_, read): &&(String, PathBuf)| place(read) == wanted;
    let may_be_read = |(_, read): &&(String, PathBuf)| is_matched(read, path) || is_matched(&place(read), &wanted);
    Some(if path.is_dir() {
        "is a folder; name a file in it, such as recount.prom".to_owned()
    } else if let Some((key, _)) = read.iter().find(is_read) {
        format!("is the file of `{key}`, which it would overwrite")
    } else if let Some((key, _)) = read.iter().find(may_be_read) {
        format!("is a file that `{key}` matches: it would be read as an export")
    } else if place(of) == wanted {
        "is this file, which it would overwrite".to_owned()
    } else if wanted.starts_with(place(state)) && path.extension() != Some(OsStr::new("prom")) {
        "is in the state folder, where it would overwrite what recount keeps; give it a name that ends in .prom"
            .to_owned()
    } else {
        return None;
    })
}

/// One way to write a file, whatever links lead to its folder. The file itself may be a link, which would be replaced.
pub(crate) fn place(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    folder.join(path.file_name().unwrap_or_default())
}

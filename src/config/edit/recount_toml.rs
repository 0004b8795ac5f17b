//! A change of `recount.toml` in place: comments and order are kept, and a file that would not load is not written.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use toml_edit::{DocumentMut, Item, TableLike, value};

use crate::atomic_files::Replacement;
use crate::config::error::ConfigErrors;
use crate::config::load::load;
use crate::reconcile::model::plan::outcome::Mode;

/// Why a configuration was not changed. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ConfigEditError {
    /// It could not be read or replaced.
    #[error("cannot change {}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no TOML, or not in a form that can be changed in place.
    #[error("{} cannot be changed in place: {why}", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is in the way.
        why: &'static str,
    },
    /// It would not load any more.
    #[error("the changed file would not load: {0}")]
    Invalid(ConfigErrors),
}

/// Sets the mode of an integration.
///
/// # Errors
/// When the file cannot be read, changed or replaced, or would not load afterwards; then it is as it was.
pub fn set_mode(path: &Path, integration: &str, mode: Mode) -> Result<(), ConfigEditError> {
    change(path, |document| {
        let integrations = document.get_mut("integration").and_then(Item::as_table_like_mut)?;
        let table: &mut dyn TableLike = integrations.get_mut(integration).and_then(Item::as_table_like_mut)?;
        match table.get_mut("mode").and_then(Item::as_value_mut) {
            Some(old) => {
                // What stands around a value, such as a comment behind it, belongs to the line.
                let around = old.decor().clone();
                *old = mode.as_str().into();
                *old.decor_mut() = around;
            }
            None => _ = table.insert("mode", value(mode.as_str())),
        }
        Some(())
    })
}

/// Adds tables at the end of the file.
///
/// # Errors
/// As for [`set_mode`].
pub fn append(path: &Path, tables: &str) -> Result<(), ConfigEditError> {
    change(path, |document| {
        *document = format!("{document}{tables}").parse().ok()?;
        Some(())
    })
}

/// Removes the tables of an integration.
///
/// # Errors
/// As for [`set_mode`]; also when something else in the file names it, or when it is the only one.
pub fn remove(path: &Path, integration: &str) -> Result<(), ConfigEditError> {
    change(path, |document| {
        let integrations = document.get_mut("integration").and_then(Item::as_table_like_mut)?;
        integrations.remove(integration).map(drop)
    })
}

/// Changes the file by `edit`, which gives `None` when it does not find its place.
fn change(path: &Path, edit: impl FnOnce(&mut DocumentMut) -> Option<()>) -> Result<(), ConfigEditError> {
    // The file itself is replaced, and a link to it stays one.
    let failed = |source| ConfigEditError::File { path: path.to_owned(), source };
    let path = &fs::canonicalize(path).map_err(failed)?;
    let form = |why| ConfigEditError::Form { path: path.clone(), why };
    let text = fs::read_to_string(path).map_err(failed)?;
    // Without what the parser says: a line that does not parse may hold a secret.
    let mut document: DocumentMut = text.parse().map_err(|_| form("it is not TOML"))?;
    edit(&mut document).ok_or_else(|| form("the table of the integration was not found"))?;
    // Beside the file, so that its relative paths mean the same while it is tried.
    let mut new = Replacement::of(path).map_err(failed)?;
    new.file().write_all(document.to_string().as_bytes()).map_err(failed)?;
    new.file().set_permissions(fs::metadata(path).map_err(failed)?.permissions()).map_err(failed)?;
    load(new.part()).map_err(ConfigEditError::Invalid)?;
    new.put_in_place().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# How we bill.
[connectwise.main]
url = "https://api-na.myconnectwise.net"
company = "examplemsp"
client_id = "id"
public_key = { env = "A" }
private_key = { env = "B" }

[integration.mail] # the vendor
connectwise = "main"
mode = "observe"   # until the new year
customers = "customers.csv"
[integration.mail.export]
path = "mail.csv"
columns = { customer = "A", service = "B", count = "C" }
"#;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("recount.toml");
        fs::write(&path, text).expect("written");
        fs::write(folder.path().join("customers.csv"), "customer,company_id\n").expect("written");
        (folder, path)
    }

    /// Otherwise a command would tear up what an operator wrote down beside a setting.
    #[test]
    fn a_mode_is_changed_and_nothing_else() {
        let (_folder, path) = written(TEXT);
        set_mode(&path, "mail", Mode::Apply).expect("changed");
        let changed = fs::read_to_string(&path).expect("text");
        assert_eq!(changed, TEXT.replace("mode = \"observe\"   #", "mode = \"apply\"   #"));
        set_mode(&path, "mail", Mode::Observe).expect("changed back");
        assert_eq!(fs::read_to_string(&path).expect("text"), TEXT);
    }

    #[test]
    fn a_mode_that_is_not_there_is_added_to_its_table() {
        let (_folder, path) = written(&TEXT.replace("mode = \"observe\"   # until the new year\n", ""));
        set_mode(&path, "mail", Mode::Off).expect("changed");
        let config = load(&path).expect("valid");
        assert_eq!(config.integrations["mail"].mode, Mode::Off);
        assert!(fs::read_to_string(&path).expect("text").contains("[integration.mail] # the vendor\n"));
    }

    /// Otherwise the next night would not run at all.
    #[test]
    fn a_file_that_would_not_load_is_not_written() {
        let broken = TEXT.replace("company = \"examplemsp\"\n", "");
        let (folder, path) = written(&broken);
        assert!(matches!(set_mode(&path, "mail", Mode::Apply), Err(ConfigEditError::Invalid(_))));
        assert!(matches!(set_mode(&path, "other", Mode::Apply), Err(ConfigEditError::Form { .. })));
        assert_eq!(fs::read_to_string(&path).expect("text"), broken);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing is left behind");
    }
}

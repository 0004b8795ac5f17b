//! A change of `recount.toml` in place: comments and order are kept, and a file that would not load is not written.

use std::path::{Path, PathBuf};
use std::{fs, io};

use toml_edit::{DocumentMut, Item, RawString, Table, TableLike, value};

use crate::config::edit::in_place::{NotReplaced, beside, hold, in_form_of, put_in_place};
use crate::config::error::ConfigErrors;
use crate::config::load::load;
use crate::reconcile::model::plan::outcome::Mode;

/// Why a configuration was not changed. The file is as it was.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum ConfigEditError {
    #[error("cannot change {}", .path.display())]
    File { path: PathBuf, source: io::Error },
    /// It is no TOML, or not in a form that can be changed in place.
    #[error("{} cannot be changed in place: {why}", .path.display())]
    Form { path: PathBuf, why: &'static str },
    #[error("{}: was changed by somebody else in the meantime", .path.display())]
    Changed { path: PathBuf },
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
        let removed = integrations.remove(integration)?;
        if let Some(first) = headers(&removed).into_iter().min_by_key(|table| table.position()) {
            keep_comments(document, of_the_table_before(first), first.position());
        }
        Some(())
    })
}

/// The comments above a table that a blank line parts from it: they belong to the table before.
fn of_the_table_before(table: &Table) -> &str {
    let above = table.decor().prefix().and_then(RawString::as_str).unwrap_or_default();
    let comments = above.rfind("\n\n").map(|blank| &above[..=blank]);
    comments.filter(|comments| comments.contains('#')).unwrap_or_default()
}

/// Puts comments above the first table behind a place, or at the end of the file.
fn keep_comments(document: &mut DocumentMut, comments: &str, behind: Option<isize>) {
    if comments.is_empty() {
        return;
    }
    let next =
        headers(document.as_item()).into_iter().filter_map(Table::position).filter(|at| Some(*at) > behind).min();
    match next.and_then(|at| header_at(document.as_item_mut(), at)) {
        Some(table) => {
            let own = table.decor().prefix().and_then(RawString::as_str).unwrap_or_default();
            let all = format!("{comments}{own}");
            table.decor_mut().set_prefix(all);
        }
        None => {
            let all = format!("{comments}{}", document.trailing().as_str().unwrap_or_default());
            document.set_trailing(all);
        }
    }
}

/// The tables of an item that have a header of their own, the item itself included.
fn headers(item: &Item) -> Vec<&Table> {
    let Some(table) = item.as_table() else { return Vec::new() };
    let own = Some(table).filter(|table| !table.is_implicit() && table.position().is_some());
    own.into_iter().chain(table.iter().flat_map(|(_, item)| headers(item))).collect()
}

fn header_at(item: &mut Item, at: isize) -> Option<&mut Table> {
    let table = item.as_table_mut()?;
    if table.position() == Some(at) {
        return Some(table);
    }
    table.iter_mut().find_map(|(_, item)| header_at(item, at))
}

/// Changes the file by `edit`, which gives `None` when it does not find its place.
fn change(path: &Path, edit: impl FnOnce(&mut DocumentMut) -> Option<()>) -> Result<(), ConfigEditError> {
    // The file itself is replaced, and a link to it stays one.
    let failed = |source| ConfigEditError::File { path: path.to_owned(), source };
    let path = &fs::canonicalize(path).map_err(failed)?;
    let form = |why| ConfigEditError::Form { path: path.clone(), why };
    let held = hold(path).map_err(failed)?;
    let before = fs::read(path).map_err(failed)?;
    let text = str::from_utf8(&before).map_err(|_| form("it is not TOML"))?;
    // Without what the parser says: a line that does not parse may hold a secret.
    let mut document: DocumentMut = text.parse().map_err(|_| form("it is not TOML"))?;
    edit(&mut document).ok_or_else(|| form("the table of the integration was not found"))?;
    // Beside the file, so that its relative paths mean the same while it is tried.
    let new = beside(path, &held, in_form_of(text, &document).as_bytes()).map_err(failed)?;
    load(new.part()).map_err(ConfigEditError::Invalid)?;
    put_in_place(new, path, &before).map_err(|error| match error {
        NotReplaced::Changed => ConfigEditError::Changed { path: path.clone() },
        NotReplaced::Failed(source) => failed(source),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

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

    /// A file from Windows came back with every line changed, in whatever compares it.
    #[test]
    fn a_file_keeps_its_line_ends_and_its_byte_order_mark() {
        let text = format!("\u{feff}{}", TEXT.replace('\n', "\r\n"));
        let (_folder, path) = written(&text);
        set_mode(&path, "mail", Mode::Apply).expect("changed");
        let changed = fs::read_to_string(&path).expect("text");
        assert_eq!(changed, text.replace("mode = \"observe\"   #", "mode = \"apply\"   #"));
    }

    #[test]
    fn a_mode_that_is_not_there_is_added_to_its_table() {
        let (_folder, path) = written(&TEXT.replace("mode = \"observe\"   # until the new year\n", ""));
        set_mode(&path, "mail", Mode::Off).expect("changed");
        let config = load(&path).expect("valid");
        assert_eq!(config.integrations["mail"].mode, Mode::Off);
        assert!(fs::read_to_string(&path).expect("text").contains("[integration.mail] # the vendor\n"));
    }

    /// What an operator had noted at the end of one integration's tables was lost with the one that was added behind it.
    #[test]
    fn an_integration_that_is_removed_takes_no_comment_of_another() {
        let noted = format!("{TEXT}# \"Archive\" = {{ product = \"\" }} # from January\n");
        let added = "\n# The backups.\n[integration.backup]\nconnectwise = \"main\"\ncustomers = \"customers.csv\"\n\n# Of the portal.\n\
                     [integration.backup.export]\npath = \"b.csv\"\n\
                     columns = { customer = \"A\", service = \"B\", count = \"C\" }\n";
        let behind = added.replace("backup", "rmm").replace("The backups", "The devices");
        for behind in ["", &behind] {
            let (_folder, path) = written(&noted);
            append(&path, added).expect("added");
            append(&path, behind).expect("added");
            remove(&path, "backup").expect("removed");
            assert_eq!(fs::read_to_string(&path).expect("text"), format!("{noted}{behind}"));
        }
    }

    /// Otherwise the service could not read recount.toml any more after `integrations enable`, and no night would run.
    #[test]
    fn whose_the_file_is_its_mode_and_a_link_to_it_stay() {
        let (folder, path) = written(TEXT);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
        // Only root can give a file away.
        let given = rustix::process::geteuid().is_root().then_some(65_534);
        chown(&path, given, given).expect("given");
        let owner = |path: &Path| fs::metadata(path).map(|file| (file.uid(), file.gid())).expect("there");
        let (link, before) = (folder.path().join("link.toml"), owner(&path));
        symlink(&path, &link).expect("a link");
        set_mode(&link, "mail", Mode::Apply).expect("changed");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(owner(&path), before);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3, "nothing is left behind");
    }

    /// Two people switch on two integrations at the same time, and neither takes back what the other did.
    #[test]
    fn edits_at_the_same_time_all_arrive() {
        let (_folder, path) = written(TEXT);
        let more = |name: &str| {
            TEXT.split_once("[integration.mail]").expect("a table").1.replace(".mail.", &format!(".{name}."))
        };
        for name in ["a", "b", "c", "d"] {
            append(&path, &format!("\n[integration.{name}]{}", more(name))).expect("added");
        }
        std::thread::scope(|scope| {
            for name in ["a", "b", "c", "d"] {
                let path = &path;
                scope.spawn(move || set_mode(path, name, Mode::Apply).expect("changed"));
            }
        });
        assert_eq!(fs::read_to_string(&path).expect("text").matches("\"apply\"").count(), 4);
    }

    /// Otherwise what an editor saved while the new file was tried would be lost without a word.
    #[test]
    fn what_somebody_saved_meanwhile_is_not_written_over() {
        let (_folder, path) = written(TEXT);
        let saved = format!("{TEXT}# saved meanwhile\n");
        let edited = change(&path, |document| {
            document["integration"]["mail"]["mode"] = value("apply");
            fs::write(&path, &saved).ok()
        });
        assert!(matches!(edited, Err(ConfigEditError::Changed { .. })), "{edited:?}");
        assert_eq!(fs::read_to_string(&path).expect("text"), saved);
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

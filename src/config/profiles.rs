//! Profiles: the keys that say how one vendor's file is read, under a name. Shipped with the program, and the
//! operator's own in `profiles/` beside `recount.toml`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::config::config_file::{decoded, read};
use crate::config::error::{ConfigError, ConfigErrors};
use crate::config::tables::export::layout_keys::layout;
use crate::config::tables::export::over_profile::Layered;
use crate::config::tables::export::request_keys;
use crate::config::toml_document::{Document, Field, Section};
use crate::export::read::alike_names::alike;
use crate::export::settings::Layout;
use crate::reconcile::model::export::normalized_names::normalized;

/// The folder of the operator's own, beside `recount.toml`.
const FOLDER: &str = "profiles";

/// One vendor's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// As `profile = "…"` names it.
    pub name: String,
    /// What the file is.
    pub title: String,
    /// Who writes it.
    pub vendor: String,
    /// The operator's file; `None` for one that is shipped.
    pub path: Option<PathBuf>,
    /// How it is read.
    pub layout: Layout,
    /// Columns that the file has beside those that are read: they tell it from similar files.
    pub recognised_by: Vec<String>,
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../profiles/", $name, ".toml")))),*]
    };
}

const SHIPPED: &[(&str, &str)] = shipped![
    "acronis-usage",
    "also-charges",
    "also-subscriptions",
    "altaro",
    "auvik-usage",
    "backblaze-group",
    "checkpoint-usage-csv",
    "checkpoint-usage-json",
    "cipp-licenses-csv",
    "cipp-licenses-json",
    "cove-cdpusage",
    "cove-mv",
    "cove-mvplus-nl",
    "csp-statement",
    "datto-saas-seats",
    "defensx-api",
    "easydmarc-api",
    "google-workspace-users",
    "huntress-api",
    "keeper-csv",
    "keeper-json",
    "keepit-usage",
    "mailprotector-api",
    "ms-daily-usage",
    "ms-nce",
    "msp360",
    "nable-efile",
    "ncentral-license-usage",
    "pax8-api",
    "pax8-invoice",
    "sentinelone-api",
    "sophos-usage-csv",
    "sophos-usage-json",
    "tdsynnex-ion",
    "vmware-usage-meter",
    "wasabi-buckets",
    "webroot-sites",
];

/// Every profile, by name: those that are shipped, and the operator's own beside this configuration, which win.
pub fn all(folder: &Path) -> Result<BTreeMap<String, Profile>, ConfigErrors> {
    let own = own_names(folder).map_err(|error| ConfigErrors(vec![error]))?;
    let shipped = SHIPPED.iter().map(|(name, _)| (*name).to_owned());
    let (mut profiles, mut errors) = (BTreeMap::new(), Vec::new());
    for name in shipped.chain(own) {
        match written(&name, folder).map(|written| written.map(|written| profile(&name, &written))) {
            Ok(Some(Ok(profile))) => drop(profiles.insert(name, profile)),
            Ok(None) => {}
            Ok(Some(Err(faults))) => errors.extend(faults),
            Err(fault) => errors.push(fault),
        }
    }
    errors.dedup();
    if errors.is_empty() { Ok(profiles) } else { Err(ConfigErrors(errors)) }
}

/// Reads something with the profile that a `profile = "…"` names, if there is one.
pub(in crate::config) fn with<T>(
    field: Option<Field<'_>>,
    folder: &Path,
    read: impl FnOnce(Option<Section<'_>>) -> Option<T>,
) -> Option<T> {
    let Some(field) = field else { return read(None) };
    let name = field.text()?;
    let written = match written(name, folder) {
        Ok(Some(written)) => written,
        Ok(None) => {
            let own = own_names(folder).unwrap_or_default();
            let known = SHIPPED.iter().map(|(name, _)| *name).chain(own.iter().map(String::as_str));
            let meant = alike(name, known).map(|meant| format!(" (did you mean \"{meant}\"?)")).unwrap_or_default();
            field.error(format!("there is no profile{meant}; `recount profiles` lists them"));
            return None;
        }
        Err(fault) => {
            field.error_unseen(format!("its profile: {fault}"));
            return None;
        }
    };
    let (value, faults) = walked(&written, |profile| {
        about(&profile);
        read(Some(profile))
    });
    faults.iter().for_each(|fault| field.error_unseen(format!("its profile: {fault}")));
    value.filter(|_| faults.is_empty())
}

/// A profile as it is written.
struct ProfileText {
    path: PathBuf,
    text: Cow<'static, str>,
    own: bool,
}

/// The operator's own, else the shipped one. A profile's name is a plain file name.
fn written(name: &str, folder: &Path) -> Result<Option<ProfileText>, ConfigError> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if !plain || name.starts_with('.') {
        return Ok(None);
    }
    let path = folder.join(FOLDER).join(format!("{name}.toml"));
    if path.exists() {
        let bytes = read(&path)?;
        let text = decoded(&path, &bytes)?.to_owned().into();
        return Ok(Some(ProfileText { path, text, own: true }));
    }
    let shipped = SHIPPED.iter().find(|(known, _)| *known == name);
    Ok(shipped.map(|(_, text)| ProfileText { path: PathBuf::from(name), text: Cow::Borrowed(text), own: false }))
}

fn own_names(folder: &Path) -> Result<Vec<String>, ConfigError> {
    let folder = folder.join(FOLDER);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ConfigError::of_file(folder, format!("cannot be listed: {error}"))),
    };
    let names = entries.filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        name.strip_suffix(".toml").filter(|name| !name.starts_with('.')).map(str::to_owned)
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

fn profile(name: &str, written: &ProfileText) -> Result<Profile, Vec<ConfigError>> {
    let (profile, faults) = walked(written, |section| {
        let (title, vendor, recognised_by) = about(&section);
        let (title, vendor) = (title.unwrap_or_else(|| name.to_owned()), vendor.unwrap_or_default());
        request_keys::of_profile(&section);
        let layout = layout(Layered::new(section, None))?;
        let path = written.own.then(|| written.path.clone());
        Some(Profile { name: name.to_owned(), title, vendor, path, layout, recognised_by: recognised_by? })
    });
    profile.filter(|_| faults.is_empty()).ok_or(faults)
}

/// What is said about the file, and not about reading it.
fn about(section: &Section<'_>) -> (Option<String>, Option<String>, Option<Vec<String>>) {
    let text = |key| section.get(key).and_then(|field| field.text().map(str::to_owned));
    let names = |field: Field<'_>| {
        let names = field.list()?.into_iter().map(|name| Some(normalized(name.text()?).into_owned()));
        names.collect::<Vec<_>>().into_iter().collect()
    };
    (text("title"), text("vendor"), section.get("recognised_by").map_or(Some(Vec::new()), names))
}

fn walked<T>(written: &ProfileText, read: impl FnOnce(Section<'_>) -> Option<T>) -> (Option<T>, Vec<ConfigError>) {
    let document = Document::new(&written.path, &written.text);
    let (table, faults) = DeTable::parse_recoverable(&written.text);
    for fault in &faults {
        document.error(fault.span().unwrap_or_default(), fault.message().replace('\n', " "), None);
    }
    let value = if faults.is_empty() { read(document.root(&table)) } else { None };
    (value, document.into_errors())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shipped profile that cannot be read fails in the middle of somebody's night.
    #[test]
    fn every_shipped_profile_is_whole_and_names_its_vendor() {
        let profiles = all(Path::new("/nowhere")).unwrap_or_else(|errors| panic!("{errors}"));
        let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER)).expect("the folder").count();
        assert_eq!((profiles.len(), SHIPPED.len()), (files, files));
        for profile in profiles.values() {
            assert!(
                profile.path.is_none() && !profile.vendor.is_empty() && profile.title != profile.name,
                "{profile:?}"
            );
        }
    }

    #[test]
    fn the_operators_own_win_and_their_faults_have_a_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = folder.path().join(FOLDER);
        fs::create_dir(&own).expect("made");
        let text = "columns = { customer = \"A\", service = \"B\", count = \"C\" }\n";
        fs::write(own.join("ms-nce.toml"), text).expect("written");
        let profiles = all(folder.path()).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(profiles["ms-nce"].layout.columns(), ["A", "B", "C"]);
        assert_eq!((profiles["ms-nce"].title.as_str(), profiles["ms-nce"].path.is_some()), ("ms-nce", true));
        fs::write(own.join("bad.toml"), format!("{text}delimter = \";\"\npath = \"x\"\n")).expect("written");
        let errors = all(folder.path()).expect_err("two unknown keys").to_string();
        assert!(errors.contains("bad.toml:2:1: unknown key in the file (did you mean `delimiter`?)"), "{errors}");
        assert!(errors.contains("bad.toml:3:1: unknown key"), "{errors}");
    }
}

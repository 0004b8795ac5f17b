//! One service of a `services_file` added or changed in place. Comments and order stay, and so does what is said of the
//! service beside its products.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use toml_edit::{Array, DocumentMut, InlineTable, Item, RawString, TableLike, value};

use crate::config::config_file;
use crate::config::edit::in_place::{FileChange, NotReplaced, hold, in_form_of, replace_file};
use crate::config::error::ConfigErrors;
use crate::config::tables::services;
use crate::reconcile::model::export::normalized_names::normalized;
use crate::reconcile::model::ids::{ProductCode, ServiceName};
use crate::reconcile::model::mapping::{Billed, ServiceRule};

/// What becomes of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceChoice {
    /// It is billed as these products.
    Products(Vec<ProductCode>),
    /// It is ignored on purpose.
    NotAssigned,
    /// It is no longer to be mapped.
    Deprecated,
}

/// Why the file was left as it was.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum ServicesEditError {
    #[error("{}: cannot be opened for writing", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Invalid(ConfigErrors),
    /// The edited text would not read back as what was meant.
    #[error("{}: the edited file would not read back as intended", path.display())]
    Unsound { path: PathBuf },
    #[error("{}: was changed by somebody else in the meantime", path.display())]
    Changed { path: PathBuf },
    #[error("{}: cannot be replaced", path.display())]
    Replace { path: PathBuf, source: io::Error },
}

impl ServiceChoice {
    /// The rule that it makes of the one that is there. What was said beside the products stays while it is billed.
    pub fn applied_to(&self, known: Option<&ServiceRule>) -> ServiceRule {
        match self {
            Self::NotAssigned => ServiceRule::NotAssigned,
            Self::Deprecated => match known {
                Some(known @ ServiceRule::Deprecated { .. }) => known.clone(),
                _ => ServiceRule::Deprecated { product: None },
            },
            Self::Products(products) => {
                let billed = match known {
                    Some(ServiceRule::Billed(billed)) => billed.clone(),
                    _ => Billed::default(),
                };
                ServiceRule::Billed(Billed { products: products.clone(), ..billed })
            }
        }
    }
}

/// Says of a service what becomes of it. `names_items` is whether the export has a column of items.
///
/// # Errors
/// The file is as it was then.
pub fn set_service(
    path: &Path,
    service: &ServiceName,
    choice: &ServiceChoice,
    names_items: bool,
) -> Result<FileChange, ServicesEditError> {
    let unopened = |source| ServicesEditError::Open { path: path.to_owned(), source };
    // A link stays a link: what it leads to is edited.
    let path = fs::canonicalize(path).map_err(unopened)?;
    let held = hold(&path).map_err(unopened)?;
    let damaged = |error| ServicesEditError::Invalid(ConfigErrors(vec![error]));
    let before = config_file::read(&path).map_err(damaged)?;
    let text = config_file::decoded(&path, &before).map_err(damaged)?;
    let rules = |text: &str| services::parse(&path, text, names_items).map_err(ServicesEditError::Invalid);
    let known = rules(text)?.rules;
    let unsound = || ServicesEditError::Unsound { path: path.clone() };
    let mut document: DocumentMut = text.parse().map_err(|_| unsound())?;
    let rule = choice.applied_to(known.get(service));
    if known.get(service) != Some(&rule) {
        set_in(&mut document, service, choice);
    }
    let new = in_form_of(text, &document);
    let now = rules(&new)?.rules;
    let mut meant = known.clone();
    meant.insert(service.clone(), rule);
    if now != meant {
        return Err(unsound());
    }
    let mark = &before[..before.len() - text.len()];
    let after = [mark, new.as_bytes()].concat();
    replace_file(&path, &held, &before, &after).map_err(|error| match error {
        NotReplaced::Changed => ServicesEditError::Changed { path: path.clone() },
        NotReplaced::Failed(source) => ServicesEditError::Replace { path: path.clone(), source },
    })?;
    Ok(FileChange { path, before, after })
}

/// What stands beside the products of each service of a file, as it is written: `multiply = 2`. Nothing of a file that
/// cannot be read.
pub fn beside_products(path: &Path) -> BTreeMap<ServiceName, Vec<String>> {
    let text = config_file::read(path).ok().and_then(|bytes| Some(config_file::decoded(path, &bytes).ok()?.to_owned()));
    let document: DocumentMut = text.and_then(|text| text.parse().ok()).unwrap_or_default();
    let of = |(key, item): (&str, &Item)| {
        let said = item.as_table_like().into_iter().flat_map(|table| table.iter());
        let beside = said.filter(|(key, _)| !OF_RULE.contains(key));
        let written = beside.map(|(key, item)| format!("{key} = {}", plain(item))).collect();
        (ServiceName::new(&normalized(key)), written)
    };
    document.iter().map(of).collect()
}

/// A value without what stands around it.
fn plain(item: &Item) -> String {
    let mut item = item.clone();
    if let Some(value) = item.as_value_mut() {
        value.decor_mut().clear();
    }
    item.to_string().trim().replace('\n', " ")
}

/// The keys that say what becomes of a service.
const OF_RULE: [&str; 4] = ["product", "products", "deprecated", "not_assigned"];

fn set_in(document: &mut DocumentMut, service: &ServiceName, choice: &ServiceChoice) {
    let spelled = document.iter().map(|(key, _)| key).find(|key| normalized(key) == service.as_str());
    let key = spelled.unwrap_or(service.as_str()).to_owned();
    let new = written(choice);
    let Some(item) = document.get_mut(&key) else {
        document.insert(&key, value(InlineTable::from_iter([new])));
        return;
    };
    let stays = matches!(choice, ServiceChoice::Products(_)) && is_billed(item);
    match (stays, item) {
        // What stands before the key and behind the value is somebody's comment.
        (false, Item::Value(there)) => {
            let around = there.decor().clone();
            *there = InlineTable::from_iter([new]).into();
            *there.decor_mut() = around;
        }
        (_, item) => _ = item.as_table_like_mut().map(|table| replace_keys(table, stays, new)),
    }
}

fn is_billed(item: &Item) -> bool {
    let billed = |table: &dyn TableLike| table.contains_key("product") && !table.contains_key("deprecated");
    item.as_table_like().is_some_and(|table| billed(table) || table.contains_key("products"))
}

/// The key of a choice, and its value.
fn written(choice: &ServiceChoice) -> (&'static str, toml_edit::Value) {
    match choice {
        ServiceChoice::Products(products) if products.len() == 1 => ("product", products_value(products)),
        ServiceChoice::Products(products) => ("products", products_value(products)),
        ServiceChoice::NotAssigned => ("not_assigned", true.into()),
        ServiceChoice::Deprecated => ("deprecated", true.into()),
    }
}

/// Puts a key in the place of those that name the products, or of all where nothing else stays. The comments stay.
fn replace_keys(table: &mut dyn TableLike, stays: bool, (key, mut new): (&str, toml_edit::Value)) {
    if let Some(there) = table.get_mut(key).filter(|_| stays).and_then(Item::as_value_mut) {
        *new.decor_mut() = there.decor().clone();
        *there = new;
        return;
    }
    let goes = |known: &str| !stays || OF_RULE.contains(&known);
    let old: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).filter(|known| goes(known)).collect();
    let mut comments = String::new();
    for old in old {
        let before = table.key(&old).and_then(|key| key.leaf_decor().prefix()).and_then(RawString::as_str);
        comments.extend(lines_of_comments(before));
        let behind = table.get(&old).and_then(Item::as_value).and_then(|value| value.decor().suffix());
        comments.extend(lines_of_comments(behind.and_then(RawString::as_str)));
        table.remove(&old);
    }
    table.insert(key, Item::Value(new));
    if let Some(mut key) = table.key_mut(key).filter(|_| !comments.is_empty()) {
        key.leaf_decor_mut().set_prefix(comments);
    }
}

/// Each comment on a line of its own.
fn lines_of_comments(around: Option<&str>) -> Vec<String> {
    let lines = around.unwrap_or_default().lines().map(str::trim).filter(|line| line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

fn products_value(products: &[ProductCode]) -> toml_edit::Value {
    match products {
        [one] => one.as_str().into(),
        several => several.iter().map(ProductCode::as_str).collect::<Array>().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn edited(text: &str, service: &str, choice: &ServiceChoice) -> Result<String, ServicesEditError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("services.toml");
        fs::write(&path, text).expect("written");
        set_service(&path, &ServiceName::new(service), choice, false)?;
        Ok(fs::read_to_string(path).expect("text"))
    }

    fn products(codes: &[&str]) -> ServiceChoice {
        ServiceChoice::Products(codes.iter().map(|code| ProductCode::new(code)).collect())
    }

    const TEXT: &str =
        "# ours\n\"Cloud  Filter\" = { product = \"A\", whole = true } # since May\nTrial = { not_assigned = true }\n";

    /// Otherwise a choice on a page would tear up what was agreed about a service.
    #[test]
    fn what_stands_beside_the_products_stays() {
        let one = edited(TEXT, "Cloud Filter", &products(&["B"])).expect("edited");
        assert_eq!(one, TEXT.replace("\"A\"", "\"B\""));
        let two = edited(TEXT, "Cloud Filter", &products(&["B", "C"])).expect("edited");
        assert!(two.contains("whole = true") && two.contains("products = [\"B\", \"C\"]"), "{two}");
        assert!(two.contains("# since May") && two.starts_with("# ours\n"), "{two}");
    }

    #[test]
    fn a_service_becomes_whatever_is_chosen() {
        let new = edited(TEXT, "New \"one\"", &products(&["B"])).expect("edited");
        assert!(new.starts_with(TEXT), "{new}");
        let off = edited(TEXT, "Cloud Filter", &ServiceChoice::NotAssigned).expect("edited");
        assert!(!off.contains("whole") && off.matches("not_assigned").count() == 2, "{off}");
        let on = edited(TEXT, "Trial", &products(&["C"])).expect("edited");
        assert!(!on.contains("not_assigned"), "{on}");
        let empty = edited("", "Trial", &ServiceChoice::Deprecated).expect("edited");
        assert_eq!(empty, "Trial = { deprecated = true }\n");
    }

    /// Otherwise what people wrote down about a service, or about the whole file, is gone with one press.
    #[test]
    fn comments_stay_whatever_is_chosen() {
        let text = "# head\nA = { product = \"PA\", multiply = 2 }   # the first\n\n# of C\n[C]\n# why\nproduct = \"PB\"   # table\n\
                    # two are free\nincluded = 2\n\n# of D\n[D]\nproduct = \"PB\"\n";
        let comments = |text: &str| {
            let said = text.lines().filter_map(|line| line.split_once('#'));
            said.map(|(_, said)| said.trim().to_owned()).collect::<BTreeSet<_>>()
        };
        for choice in
            [ServiceChoice::NotAssigned, ServiceChoice::Deprecated, products(&["PA", "PB"]), products(&["PC"])]
        {
            let mut new = text.to_owned();
            for service in ["A", "C", "D"] {
                new = edited(&new, service, &choice).expect("edited");
            }
            assert_eq!(comments(&new), comments(text), "{choice:?}: {new}");
            let back = edited(&new, "C", &products(&["PB"])).expect("edited");
            assert_eq!(comments(&back), comments(text), "{choice:?}, and back: {back}");
        }
        let off = edited(text, "A", &ServiceChoice::NotAssigned).expect("edited");
        assert!(off.starts_with("# head\nA = { not_assigned = true }   # the first\n"), "{off}");
    }

    /// Otherwise a page cannot say what would go.
    #[test]
    fn what_stands_beside_the_products_is_told_as_it_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("services.toml");
        fs::write(&path, "A = { product = \"PA\", multiply = 2, quantity = \"peak\" } # one\n[C]\nproduct = \"PB\" # two\nincluded = 2 # three\n").expect("written");
        let beside = beside_products(&path);
        assert_eq!(beside[&ServiceName::new("A")], ["multiply = 2", "quantity = \"peak\""]);
        assert_eq!(beside[&ServiceName::new("C")], ["included = 2"]);
        assert!(beside_products(&folder.path().join("none.toml")).is_empty());
    }

    /// Otherwise a service that is deprecated already loses its product by being called that once more.
    #[test]
    fn what_is_so_already_stays_as_it_is() {
        let text = "A = { deprecated = true, product = \"PA\" } # since May\n";
        assert_eq!(edited(text, "A", &ServiceChoice::Deprecated).expect("edited"), text);
    }

    /// Otherwise the next night of the integration would not run.
    #[test]
    fn what_would_not_load_is_not_written() {
        for choice in [products(&[]), products(&["B", "B"]), products(&[""])] {
            assert!(edited(TEXT, "Trial", &choice).is_err(), "{choice:?}");
        }
        let other_case = edited("A = { product = \"X\" }\n", "B", &products(&["x"]));
        assert!(matches!(other_case, Err(ServicesEditError::Invalid(_))), "{other_case:?}");
        assert!(matches!(edited("A = 1\n", "B", &products(&["X"])), Err(ServicesEditError::Invalid(_))));
    }
}

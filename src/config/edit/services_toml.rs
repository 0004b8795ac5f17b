//! One service of a `services_file` added or changed in place. Comments and order stay, and so does what is said of the
//! service beside its products.

use std::path::{Path, PathBuf};
use std::{fs, io};

use toml_edit::{Array, DocumentMut, InlineTable, Item, TableLike, value};

use crate::config::config_file;
use crate::config::edit::in_place::{FileChange, NotReplaced, hold, replace_file};
use crate::config::error::ConfigErrors;
use crate::config::tables::services;
use crate::export::read::normalized_names::normalized;
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
pub enum ServicesEditError {
    /// It cannot be opened for writing.
    #[error("{}: cannot be opened for writing", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not whole, or would not be afterwards.
    #[error("{0}")]
    Invalid(ConfigErrors),
    /// The edited text would not read back as what was meant.
    #[error("{}: the edited file would not read back as intended", path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else wrote to the file meanwhile.
    #[error("{}: was changed by somebody else in the meantime", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The new file cannot be put in its place.
    #[error("{}: cannot be replaced", path.display())]
    Replace {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ServiceChoice {
    /// The rule that it makes of the one that is there. What was said beside the products stays while it is billed.
    pub fn applied_to(&self, known: Option<&ServiceRule>) -> ServiceRule {
        match self {
            Self::NotAssigned => ServiceRule::NotAssigned,
            Self::Deprecated => ServiceRule::Deprecated { product: None },
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
    set_in(&mut document, service, choice);
    let new = document.to_string();
    let now = rules(&new)?.rules;
    let mut meant = known.clone();
    meant.insert(service.clone(), choice.applied_to(known.get(service)));
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

fn set_in(document: &mut DocumentMut, service: &ServiceName, choice: &ServiceChoice) {
    let spelled = document.iter().map(|(key, _)| key).find(|key| normalized(key) == service.as_str());
    let key = spelled.unwrap_or(service.as_str()).to_owned();
    let billed = |table: &dyn TableLike| table.contains_key("product") && !table.contains_key("deprecated");
    let is_billed =
        |item: &Item| item.as_table_like().is_some_and(|table| billed(table) || table.contains_key("products"));
    match (choice, document.get_mut(&key).filter(|item| is_billed(item)).and_then(Item::as_table_like_mut)) {
        (ServiceChoice::Products(products), Some(table)) => {
            let (old, new) = if products.len() == 1 { ("products", "product") } else { ("product", "products") };
            table.remove(old);
            let said = products_value(products);
            match table.get_mut(new).and_then(Item::as_value_mut) {
                Some(there) => {
                    let around = there.decor().clone();
                    *there = said;
                    *there.decor_mut() = around;
                }
                None => _ = table.insert(new, Item::Value(said)),
            }
        }
        (choice, _) => {
            let mut table = InlineTable::new();
            match choice {
                ServiceChoice::Products(products) => {
                    let key = if products.len() == 1 { "product" } else { "products" };
                    table.insert(key, products_value(products));
                }
                ServiceChoice::NotAssigned => _ = table.insert("not_assigned", true.into()),
                ServiceChoice::Deprecated => _ = table.insert("deprecated", true.into()),
            }
            document.insert(&key, value(table));
        }
    }
}

fn products_value(products: &[ProductCode]) -> toml_edit::Value {
    match products {
        [one] => one.as_str().into(),
        several => several.iter().map(ProductCode::as_str).collect::<Array>().into(),
    }
}

#[cfg(test)]
mod tests {
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

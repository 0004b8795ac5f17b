//! Where a secret stands, as the configuration says it. Reading it is `secrets`' part.

use std::path::Path;

use crate::config::secrets::SecretSource;
use crate::config::toml_document::Field;

/// `{ credential = "…" }`, `{ file = "…" }` or `{ env = "…" }`. No value is shown: it may be the secret itself.
pub(in crate::config) fn secret(field: &Field<'_>, folder: &Path) -> Option<SecretSource> {
    if field.value().as_table().is_none() {
        field.error_unseen(format!(
            "`{0}` must not be written in this file; write {0} = {{ credential = \"…\" }}, {{ file = \"…\" }} or {{ env = \"…\" }}",
            field.key
        ));
        return None;
    }
    let section = field.table()?;
    let credential = section.get("credential").map(|field| source(&field, SecretSource::Credential, is_file_name));
    let file = section
        .get("file")
        .map(|field| source(&field, |path| SecretSource::File(field.naming(folder.join(path))), |_| true));
    let env = section.get("env").map(|field| source(&field, SecretSource::Env, is_variable));
    section.finish(&[]);
    let mut sources = [credential, file, env].into_iter().flatten();
    match (sources.next(), sources.next()) {
        (Some(source), None) => source,
        _ => {
            field.error_unseen(format!("`{}` takes exactly one of `credential`, `file` and `env`", field.key));
            None
        }
    }
}

fn source(
    field: &Field<'_>,
    make: impl FnOnce(String) -> SecretSource,
    good: impl FnOnce(&str) -> bool,
) -> Option<SecretSource> {
    let text = field.value().as_str().map(str::trim).unwrap_or_default();
    if text.is_empty() || text.contains('\0') || !good(text) {
        field.error_unseen(format!("`{}` is the name of a secret, not the secret: a plain name in quotes", field.key));
        return None;
    }
    Some(make(text.to_owned()))
}

fn is_file_name(name: &str) -> bool {
    !name.contains('/') && name != "." && name != ".."
}

fn is_variable(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

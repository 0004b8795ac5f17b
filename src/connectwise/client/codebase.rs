//! The codebase: the version word in every URL of the API.

use serde::Deserialize;

/// Always right on an own server; on the cloud a router to the company's version (ConnectWise developer guide).
pub(crate) const FALLBACK: &str = "v4_6_release";

/// `v` and letters, digits, `_` or `.`; the slash at its end that servers send is taken off.
pub(crate) fn parse(text: &str) -> Option<&str> {
    let word = text.strip_suffix('/').unwrap_or(text);
    let rest = word.strip_prefix('v')?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    (!rest.is_empty() && rest.len() <= 40 && rest.bytes().all(fits)).then_some(word)
}

/// What `/login/companyinfo/COMPANY` answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CodebaseAnswer {
    /// The codebase.
    Up(String),
    /// `null`: there is no such company (seen in the field).
    UnknownCompany,
    /// Anything else.
    Elsewhere,
}

#[derive(Deserialize)]
struct CompanyInfo {
    #[serde(rename = "Codebase", alias = "codebase")]
    codebase: String,
}

pub(crate) fn read(body: &[u8]) -> CodebaseAnswer {
    match serde_json::from_slice::<Option<CompanyInfo>>(body) {
        Ok(Some(info)) => {
            parse(&info.codebase).map_or(CodebaseAnswer::Elsewhere, |word| CodebaseAnswer::Up(word.to_owned()))
        }
        Ok(None) => CodebaseAnswer::UnknownCompany,
        Err(_) => CodebaseAnswer::Elsewhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a hostile or broken answer could send the keys to a path of its choosing.
    #[test]
    fn only_a_version_word_is_a_codebase() {
        assert_eq!(read(br#"{"CompanyName":"X","Codebase":"v2025_1/"}"#), CodebaseAnswer::Up("v2025_1".into()));
        assert_eq!(read(b"null"), CodebaseAnswer::UnknownCompany);
        for body in ["{}", r#"{"Codebase":"../evil"}"#, r#"{"Codebase":"v1/../x"}"#, "<html>", r#"{"Codebase":"v"}"#] {
            assert_eq!(read(body.as_bytes()), CodebaseAnswer::Elsewhere, "{body}");
        }
    }
}

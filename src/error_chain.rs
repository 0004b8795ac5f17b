//! An error with its causes, on one line.

use std::error::Error;
use std::iter::successors;

/// Layers of the HTTP library that say nothing which the ones below do not.
const NAMELESS: [&str; 2] = ["client error (Connect)", "tcp connect error"];

/// An error and its causes, each said once: several layers repeat the one below.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let causes = successors(error.source(), |cause| (*cause).source());
    let causes = causes.map(ToString::to_string).filter(|cause| !NAMELESS.contains(&cause.as_str()));
    causes.fold(error.to_string(), |line, cause| if line.contains(&cause) { line } else { format!("{line}: {cause}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    fn layers(words: &[&'static str]) -> Option<Box<Layer>> {
        let (first, rest) = words.split_first()?;
        Some(Box::new(Layer(first, layers(rest))))
    }

    /// Otherwise whoever reads the line of a failed night sees that something failed, and not what.
    #[test]
    fn the_line_ends_in_the_first_cause_and_says_nothing_twice() {
        let error = layers(&["cannot send: no route", "client error (Connect)", "no route", "os error 113"]);
        assert_eq!(error_chain(&*error.expect("layers")), "cannot send: no route: os error 113");
    }
}

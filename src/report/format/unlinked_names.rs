//! Names that mail programs and pages would make a link of. A customer may be called `www.example.com`, and nobody clicks
//! on what an export says.

use std::collections::BTreeSet;

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::plan::finding::Finding;
use crate::report::lines;

/// The words of a run's names that would become links, the longest first.
pub(crate) fn link_words_of(run: &RunRecord) -> Vec<String> {
    link_words(lines(run).iter(), run.end.iter().flat_map(|end| &end.findings))
}

/// The same of any lines and findings.
pub(crate) fn link_words<'a>(
    lines: impl Iterator<Item = &'a LineRecord>,
    findings: impl Iterator<Item = &'a Finding>,
) -> Vec<String> {
    let of_lines = lines.flat_map(|line| {
        let sources = line.sources.iter().flat_map(|source| [source.customer.as_str(), source.service.as_str()]);
        sources.chain(line.item.as_ref().map(|item| item.as_str()))
    });
    let of_findings = findings.flat_map(|finding| {
        [finding.customer.as_ref().map(|name| name.as_str()), finding.service.as_ref().map(|name| name.as_str())]
    });
    let names = of_lines.chain(of_findings.flatten());
    let words = names.flat_map(|name| shown(name).split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let words: BTreeSet<String> = words.filter(|word| parts(word).len() > 1).collect();
    let mut words: Vec<String> = words.into_iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

/// A text in which each of these words is broken where it would become a link; `by` shows or hides the break.
pub(crate) fn unlinked(text: &str, words: &[String], by: &str) -> String {
    // A longer word holds a shorter one: each place is looked at once.
    let (mut all, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((at, word)) = first(rest, words) {
        all.push_str(&rest[..at]);
        all.push_str(&broken(word, by));
        rest = &rest[at + word.len()..];
    }
    all + rest
}

fn first<'a>(text: &str, words: &'a [String]) -> Option<(usize, &'a str)> {
    let found = words.iter().filter_map(|word| Some((text.find(word.as_str())?, word.as_str())));
    found.min_by_key(|(at, word)| (*at, std::cmp::Reverse(word.len())))
}

/// A word, broken before each sign that makes a link of it.
fn broken(word: &str, by: &str) -> String {
    parts(word).join(by)
}

/// The parts of a word before the signs that make a link of it; one, if there are none.
pub(crate) fn parts(word: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    for (at, c) in word.char_indices() {
        let (before, behind) = (&word[..at], &word[at + c.len_utf8()..]);
        let is_cut = match c {
            '@' => !before.is_empty() && behind.contains('.'),
            ':' => behind.starts_with("//") || before.ends_with("mailto") || before.ends_with("tel"),
            // A dot with a top-level domain behind it, or one of its own kind: `1.5` and `Inc.` are no links.
            '.' => {
                before.ends_with(char::is_alphanumeric) && behind.chars().take_while(|c| c.is_alphabetic()).count() >= 2
            }
            _ => false,
        };
        if is_cut {
            cuts.push(at);
        }
    }
    cuts.push(word.len());
    cuts.windows(2).map(|cut| &word[cut[0]..cut[1]]).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mail from billing that everybody trusts would carry a stranger's link.
    #[test]
    fn a_name_is_broken_where_it_would_become_a_link() {
        for (name, shown) in [
            ("https://evil.com/pay", "https|://evil|.com/pay"),
            ("www.evil.com", "www|.evil|.com"),
            ("Booking.com", "Booking|.com"),
            ("billing@evil.com", "billing|@evil|.com"),
            ("mailto:a@b.example", "mailto|:a|@b|.example"),
            ("Acme", "Acme"),
            ("Inc.", "Inc."),
            ("1.5", "1.5"),
            ("A.G.", "A.G."),
            ("@home", "@home"),
        ] {
            assert_eq!(broken(name, "|"), shown);
        }
        let words = ["www.evil.com".to_owned(), "evil.com".to_owned()];
        assert_eq!(unlinked("to evil.com, not www.evil.com", &words, "|"), "to evil|.com, not www|.evil|.com");
    }
}

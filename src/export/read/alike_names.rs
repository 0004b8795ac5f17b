//! Which name is meant by one that is not there.

/// Names that are less alike than this are no misspelling (Jaro-Winkler).
const ALIKE: f64 = 0.84;

/// The one of `candidates` that looks most like `wanted`, if any does.
pub fn alike<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = wanted.to_lowercase();
    let scored = candidates.into_iter().map(|one| (strsim::jaro_winkler(&folded, &one.to_lowercase()), one));
    let best = scored.fold(None, |best: Option<(f64, &str)>, one| match best {
        Some(best) if best.0 >= one.0 => Some(best),
        _ => Some(one),
    });
    best.filter(|(score, _)| *score >= ALIKE).map(|(_, one)| one)
}

/// The only one of `candidates` in which `wanted` stands, as part of a longer name; else the one that looks most like it.
pub fn named_in_part<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let folded = wanted.trim().to_lowercase();
    let mut longer = candidates.clone().filter(|one| !folded.is_empty() && one.to_lowercase().contains(&folded));
    longer.next().filter(|first| longer.all(|other| other == *first)).or_else(|| alike(wanted, candidates))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise who types what a customer is called for short is told of nothing, or of another customer.
    #[test]
    fn a_part_of_one_name_means_it_and_a_part_of_two_means_neither() {
        let names = ["Acme Dental", "Birchwood Dental", "Cedar"];
        for (typed, meant) in
            [("acme", Some("Acme Dental")), ("Dental", None), ("Nobody", None), ("ceder", Some("Cedar"))]
        {
            assert_eq!(named_in_part(typed, names.into_iter()), meant, "{typed}");
        }
    }
}

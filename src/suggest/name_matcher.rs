//! One name against many records, without comparing it with each: only records that share letters are looked at.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use crate::reconcile::model::export::normalized_names::normalized;
use crate::suggest::folded_names::Folded;
use crate::suggest::written_ids::written_ids;

/// Finds records that a name may mean.
#[derive(Debug)]
pub struct Matcher {
    entries: Vec<Entry>,
    by_id: HashMap<i64, usize>,
    by_code: HashMap<String, Vec<usize>>,
    by_word: HashMap<String, Vec<usize>>,
    by_trigram: HashMap<Trigram, Vec<usize>>,
}

/// A company, or a catalog item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Record id.
    pub id: i64,
    /// Its `identifier`.
    pub code: String,
    /// A company's name, a catalog item's description.
    pub name: String,
}

/// A guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What is guessed.
    pub record: Record,
    /// How good a guess it is, up to 100. Scores order candidates; they are no probabilities.
    pub score: u8,
    /// Why.
    pub reason: Reason,
}

/// Why a record may be meant, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The name is, or holds, its record id.
    Id,
    /// The name is, or holds, its identifier.
    Identifier,
    /// The same name.
    SameName,
    /// The same name but for case, accents, blanks or punctuation.
    SameLetters,
    /// The same name but for a legal form.
    WithoutLegalForm,
    /// All words of the shorter name, which few others have.
    RareWords,
    /// Alike, letter by letter.
    Similar,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    name: Folded,
    code: Folded,
}

type Trigram = [char; 3];

/// Candidates that are shown.
const SHOWN: usize = 5;
/// Records that are compared letter by letter: those that share most trigrams.
const COMPARED: usize = 40;
/// Words that more records have tell nothing.
const RARE: usize = 3;
/// Likeness below this is chance, in percent of two equal names.
const ALIKE_MIN: u8 = 63;
/// However alike, it is no equal name.
const ALIKE_MAX: f64 = 90.0;
/// Shorter identifiers are found in any name.
const CODE_MIN: usize = 3;

impl Matcher {
    /// An index of these records.
    pub fn new(records: impl IntoIterator<Item = Record>) -> Self {
        let mut entries: Vec<Entry> = records.into_iter().map(Entry::new).collect();
        entries.sort_by_key(|entry| entry.record.id);
        let mut matcher = Self {
            entries: Vec::new(),
            by_id: HashMap::new(),
            by_code: HashMap::new(),
            by_word: HashMap::new(),
            by_trigram: HashMap::new(),
        };
        for (at, entry) in entries.iter().enumerate() {
            matcher.by_id.insert(entry.record.id, at);
            matcher.by_code.entry(entry.record.code.to_lowercase()).or_default().push(at);
            for word in entry.words() {
                matcher.by_word.entry(word.to_owned()).or_default().push(at);
            }
            let texts = [&entry.name.compact, &entry.code.compact];
            for trigram in texts.into_iter().flat_map(|text| trigrams(text)).collect::<BTreeSet<_>>() {
                matcher.by_trigram.entry(trigram).or_default().push(at);
            }
        }
        Self { entries, ..matcher }
    }

    /// The best guesses, best first; none where nothing is alike.
    pub fn candidates(&self, name: &str) -> Vec<Candidate> {
        let wanted = Folded::new(name);
        let mut found: BTreeMap<usize, (u8, Reverse<Reason>)> = BTreeMap::new();
        let mut offer = |at: usize, score: u8, reason: Reason| {
            let new = (score, Reverse(reason));
            let best = found.entry(at).or_insert(new);
            *best = new.max(*best);
        };
        for (at, score, reason) in self.by_key(name, &wanted) {
            offer(at, score, reason);
        }
        for at in self.sharing_letters(&wanted) {
            if let Some((score, reason)) = self.likeness(&self.entries[at], name, &wanted) {
                offer(at, score, reason);
            }
        }
        let candidate = |(at, (score, Reverse(reason))): (usize, (u8, Reverse<Reason>))| {
            let record = self.entries[at].record.clone();
            Candidate { record, score, reason }
        };
        let mut candidates: Vec<Candidate> = found.into_iter().map(candidate).collect();
        candidates.sort_by(|a, b| {
            let key = |one: &Candidate| (Reverse(one.score), one.reason);
            key(a).cmp(&key(b)).then_with(|| a.record.name.cmp(&b.record.name)).then(a.record.id.cmp(&b.record.id))
        });
        candidates.truncate(SHOWN);
        candidates
    }

    /// Records whose id or identifier the name is, or holds where it is written as one. Without a word in common that says
    /// little.
    fn by_key(&self, name: &str, wanted: &Folded) -> Vec<(usize, u8, Reason)> {
        let name = name.trim();
        let mut found = Vec::new();
        let whole = name.parse().ok().into_iter();
        for (id, is_whole) in whole.map(|id| (id, true)).chain(written_ids(name).into_iter().map(|id| (id, false))) {
            if let Some(at) = self.by_id.get(&id) {
                found.push((*at, self.key_score(*at, wanted, is_whole, (100, 99, 64)), Reason::Id));
            }
        }
        let split = |c: char| c.is_whitespace() || "()[]{}<>:;,|#/\"".contains(c);
        for token in
            name.split(split).map(|token| token.trim_matches(['-', '_', '.'])).filter(|token| !token.is_empty())
        {
            let is_whole = token == name;
            for at in self.by_code.get(&token.to_lowercase()).into_iter().flatten() {
                if is_whole || token.chars().count() >= CODE_MIN {
                    // A code is no accident; an identifier that is an ordinary word may be.
                    let is_word = token.chars().all(char::is_alphabetic);
                    let scores = if is_word { (98, 80, 72) } else { (98, 97, 80) };
                    found.push((*at, self.key_score(*at, wanted, is_whole, scores), Reason::Identifier));
                }
            }
        }
        for at in self.by_code.get(&wanted.compact).into_iter().flatten().filter(|_| !wanted.compact.is_empty()) {
            found.push((*at, 93, Reason::Identifier));
        }
        found
    }

    fn key_score(&self, at: usize, wanted: &Folded, is_whole: bool, (whole, shared, alone): (u8, u8, u8)) -> u8 {
        let name = &self.entries[at].name;
        let in_common = wanted.words.iter().any(|word| name.words.contains(word));
        match (is_whole, in_common) {
            (true, _) => whole,
            (false, true) => shared,
            (false, false) => alone,
        }
    }

    fn sharing_letters(&self, wanted: &Folded) -> Vec<usize> {
        let mut hits: BTreeMap<usize, usize> = BTreeMap::new();
        for trigram in trigrams(&wanted.compact) {
            for at in self.by_trigram.get(&trigram).into_iter().flatten() {
                *hits.entry(*at).or_default() += 1;
            }
        }
        let mut most: Vec<(Reverse<usize>, usize)> = hits.into_iter().map(|(at, hits)| (Reverse(hits), at)).collect();
        most.sort_unstable();
        // Equal names share every trigram, but so may many longer ones: those with a rare word are looked at anyway.
        let rare = wanted.words.iter().filter_map(|word| self.by_word.get(word)).filter(|with| with.len() <= RARE);
        let rare = rare.flatten().copied();
        let compared: BTreeSet<usize> = most.into_iter().take(COMPARED).map(|(_, at)| at).chain(rare).collect();
        compared.into_iter().collect()
    }

    fn likeness(&self, entry: &Entry, name: &str, wanted: &Folded) -> Option<(u8, Reason)> {
        if wanted.words.is_empty() {
            return None;
        }
        if normalized(&entry.record.name) == normalized(name) {
            return Some((99, Reason::SameName));
        }
        if entry.name.letters == wanted.letters {
            return Some((96, Reason::SameLetters));
        }
        if entry.name.words == wanted.words || entry.name.compact == wanted.compact {
            return Some((94, Reason::WithoutLegalForm));
        }
        let similar = [&entry.name, &entry.code].into_iter().map(|folded| percent(folded, wanted)).max();
        let similar = similar.filter(|score| *score >= ALIKE_MIN).map(|score| (score, Reason::Similar));
        let rare = self.share_rare_words(entry, wanted).then_some((75, Reason::RareWords));
        similar.into_iter().chain(rare).max_by_key(|(score, _)| *score)
    }

    fn share_rare_words(&self, entry: &Entry, wanted: &Folded) -> bool {
        let within = |few: &[String], many: &[String]| few.iter().all(|word| many.contains(word));
        let is_rare = |word: &String| self.by_word.get(word).is_some_and(|with| with.len() <= RARE);
        [&entry.name.words, &entry.code.words].into_iter().filter(|words| !words.is_empty()).any(|words| {
            (within(words, &wanted.words) && words.iter().any(is_rare))
                || (within(&wanted.words, words) && wanted.words.iter().any(is_rare))
        })
    }
}

/// Whether the best guess is not the only one that is as good: then none is to be taken without a look.
pub fn are_ambiguous(candidates: &[Candidate]) -> bool {
    matches!(candidates, [first, second, ..] if first.score == second.score)
}

/// Whether two names are one, but for case and spaces.
pub fn is_same_name(one: &str, other: &str) -> bool {
    normalized(one) == normalized(other)
}

impl Entry {
    fn new(record: Record) -> Self {
        Self { name: Folded::new(&record.name), code: Folded::new(&record.code), record }
    }

    fn words(&self) -> BTreeSet<&str> {
        self.name.words.iter().chain(&self.code.words).map(String::as_str).collect()
    }
}

/// The mean of two measures: Jaro-Winkler alone takes a common beginning for likeness, Sørensen-Dice alone a slip of the
/// hand for a difference.
fn percent(one: &Folded, other: &Folded) -> u8 {
    let mean = |a: &str, b: &str| f64::midpoint(strsim::jaro_winkler(a, b), strsim::sorensen_dice(a, b));
    let sorted = |folded: &Folded| {
        let mut words: Vec<&str> = folded.words.iter().map(String::as_str).collect();
        words.sort_unstable();
        words.concat()
    };
    let alike = mean(&one.compact, &other.compact).max(mean(&sorted(one), &sorted(other)));
    // Within 0 and 90, so nothing is cut off.
    (alike * ALIKE_MAX).round() as u8
}

fn trigrams(text: &str) -> BTreeSet<Trigram> {
    let padded: Vec<char> = [' ', ' '].into_iter().chain(text.chars()).chain([' ']).collect();
    if text.is_empty() {
        return BTreeSet::new();
    }
    padded.windows(3).map(|three| [three[0], three[1], three[2]]).collect()
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Id => "its id stands in the name",
            Reason::Identifier => "its identifier stands in the name",
            Reason::SameName => "the same name",
            Reason::SameLetters => "the same name but for case, accents, blanks or marks",
            Reason::WithoutLegalForm => "the same name without its legal form",
            Reason::RareWords => "the same words, which few others have",
            Reason::Similar => "a similar name",
        })
    }
}

impl Reason {
    /// The word that stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Id => "id",
            Reason::Identifier => "identifier",
            Reason::SameName => "same-name",
            Reason::SameLetters => "same-letters",
            Reason::WithoutLegalForm => "without-legal-form",
            Reason::RareWords => "rare-words",
            Reason::Similar => "similar",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(records: &[(i64, &str, &str)]) -> Matcher {
        let record =
            |(id, code, name): &(i64, &str, &str)| Record { id: *id, code: (*code).into(), name: (*name).into() };
        Matcher::new(records.iter().map(record))
    }

    /// The best guess, its score and reason.
    fn best(matcher: &Matcher, name: &str) -> Option<(i64, u8, Reason)> {
        matcher.candidates(name).first().map(|one| (one.record.id, one.score, one.reason))
    }

    #[test]
    fn every_way_of_writing_a_customer_finds_its_company() {
        let companies = matcher(&[
            (3321, "AcmeDental", "Acme Dental Ltd"),
            (3405, "BOR01", "Borealis Legal, LLP"),
            (3410, "CEDAR", "Cedar Veterinary"),
            (54, "Studio", "Photographers United"),
            (9, "MS", "Müller & Söhne GmbH"),
        ]);
        for (name, found) in [
            ("3321", (3321, 100, Reason::Id)),
            ("Acme (3321)", (3321, 99, Reason::Id)),
            ("BOR01", (3405, 98, Reason::Identifier)),
            ("bor01 - Borealis", (3405, 97, Reason::Identifier)),
            ("Acme Dental Ltd", (3321, 99, Reason::SameName)),
            ("ACME Dental, Ltd.", (3321, 96, Reason::SameLetters)),
            ("Acme Dental Inc", (3321, 94, Reason::WithoutLegalForm)),
            ("Muller and Sohne", (9, 94, Reason::WithoutLegalForm)),
            ("Borealis", (3405, 75, Reason::RareWords)),
        ] {
            assert_eq!(best(&companies, name), Some(found), "{name}");
        }
        let (id, score, reason) = best(&companies, "Borealsi Legal").expect("a slip of the hand");
        assert!((id, reason) == (3405, Reason::Similar) && (70..90).contains(&score), "{score}");
        let (id, score, _) = best(&companies, "Studio 54 Dance").expect("a number");
        assert!(id == 54 && score <= 80, "{score}");
        assert_eq!(best(&companies, "Zenith Foundry"), None);
        assert_eq!(best(&companies, "!?"), None);
    }

    /// A wrong guess that looks sure bills one customer's units to another.
    #[test]
    fn two_companies_that_fit_as_well_are_said_to() {
        let companies = matcher(&[(1, "a1", "Acme Ltd"), (2, "a2", "Acme Inc"), (3, "a3", "Borealis")]);
        let acme = companies.candidates("Acme");
        assert_eq!(acme.iter().map(|one| one.record.id).collect::<Vec<_>>(), [2, 1], "in the order of names");
        assert!(are_ambiguous(&acme) && !are_ambiguous(&companies.candidates("Borealis")));
        assert!(!are_ambiguous(&companies.candidates("Acme Ltd")));
    }

    #[test]
    fn a_common_beginning_is_no_likeness() {
        let companies =
            matcher(&[(1, "", "Acme Drilling"), (2, "", "Acme Dentistry"), (3, "", "Acme Law"), (4, "", "Acme Vets")]);
        let guesses = companies.candidates("Acme Dental");
        assert!(guesses.iter().all(|one| one.record.id == 2), "{guesses:?}");
    }

    /// An MSP with thousands of companies is not compared name by name: the work is bounded by what shares letters.
    #[test]
    fn large_lists_keep_the_right_one_on_top() {
        let words = ["North", "South", "Dental", "Legal", "Vets", "Group", "Clinic", "Partners", "Foundry", "Bakery"];
        let name = |at: i64| format!("{} {} {at:04} Ltd", words[at as usize % 10], words[(at as usize / 10) % 10]);
        let companies =
            Matcher::new((1..=5000).map(|id| Record { id: 100_000 + id, code: String::new(), name: name(id) }));
        for id in (1..=5000).step_by(10) {
            let asked = name(id).replace("Ltd", "GmbH");
            assert_eq!(best(&companies, &asked), Some((100_000 + id, 94, Reason::WithoutLegalForm)), "{asked}");
        }
    }
}

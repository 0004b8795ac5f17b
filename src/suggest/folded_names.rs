//! Names in the forms they are compared in: without case, accents and punctuation, and without a legal form.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A name, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::suggest) struct Folded {
    /// Every word, run together.
    pub(in crate::suggest) letters: String,
    /// The words without a legal form. Empty only if the name has no letter or digit.
    pub(in crate::suggest) words: Vec<String>,
    /// The words without a legal form, run together.
    pub(in crate::suggest) compact: String,
}

/// Legal forms at the end of a name. What is also an ordinary word (`zoo`, `as`) counts at the end only, and never
/// where it is all that there is.
const FORMS: &[&str] = &[
    "ab",
    "ag",
    "aps",
    "as",
    "asa",
    "bhd",
    "bv",
    "bvba",
    "co",
    "company",
    "corp",
    "corporation",
    "cv",
    "dba",
    "doo",
    "eg",
    "ev",
    "gbr",
    "gesmbh",
    "gmbh",
    "inc",
    "incorporated",
    "kft",
    "kg",
    "kgaa",
    "kk",
    "lda",
    "limited",
    "limitada",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "mbh",
    "nv",
    "ohg",
    "oy",
    "oyj",
    "pc",
    "plc",
    "pllc",
    "private",
    "pte",
    "pty",
    "pvt",
    "sa",
    "sarl",
    "sas",
    "scs",
    "sdn",
    "se",
    "sl",
    "snc",
    "spa",
    "sprl",
    "srl",
    "sro",
    "ug",
    "vof",
    "vzw",
];
/// Legal forms and articles that stand before a name.
const LEADING: &[&str] = &["the", "sarl", "sas", "sprl", "vof", "stichting"];

impl Folded {
    pub(in crate::suggest) fn new(name: &str) -> Self {
        let words = words(&letters(name));
        let letters = words.concat();
        let core = core(&words).to_vec();
        Self { letters, compact: core.concat(), words: core }
    }
}

/// Lower case without accents; `&` is `and`; apostrophes and dots within words vanish, other marks part words.
fn letters(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for c in name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            '&' | '+' => folded.push_str(" and "),
            '\'' | '’' | '‘' | '`' | '.' => {}
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            c if c.is_alphanumeric() => folded.push(c),
            _ => folded.push(' '),
        }
    }
    folded
}

/// The words; letters that stand alone, one after another, are one word (`S. A.`, `A/S`).
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut spelled = false;
    for word in text.split_whitespace() {
        let single = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
        match words.last_mut() {
            Some(last) if single && spelled => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
        spelled = single;
    }
    words
}

fn core(words: &[String]) -> &[String] {
    let mut core = words;
    loop {
        core = match core {
            [rest @ .., sp, z, oo] if !rest.is_empty() && [sp, z, oo] == ["sp", "z", "oo"] => rest,
            [rest @ .., sp, zoo] if !rest.is_empty() && [sp, zoo] == ["sp", "zoo"] => rest,
            [rest @ .., last] if !rest.is_empty() && (last == "and" || FORMS.contains(&last.as_str())) => rest,
            [first, rest @ ..] if !rest.is_empty() && LEADING.contains(&first.as_str()) => rest,
            core => return core,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_company_are_one() {
        for (name, core) in [
            ("Acme Dental Ltd", "acme dental"),
            ("ACME Dental, L.L.C.", "acme dental"),
            ("The Acme-Dental Co., Inc.", "acme dental"),
            ("Müller & Söhne GmbH & Co. KG", "muller and sohne"),
            ("Muller and Sohne", "muller and sohne"),
            ("Straße AG", "strasse"),
            ("Société Générale S. A.", "societe generale"),
            ("Ørsted A/S", "orsted"),
            ("Łódź Sp. z o.o.", "lodz"),
            ("Joe's Plumbing Pty Ltd", "joes plumbing"),
            ("SARL Dupont", "dupont"),
            ("Jansen B.V.", "jansen"),
            ("Zoo", "zoo"),
            ("Ltd", "ltd"),
            ("A B C Plumbing", "abc plumbing"),
            ("株式会社", "株式会社"),
            ("!?", ""),
        ] {
            assert_eq!(Folded::new(name).words.join(" "), core, "{name}");
        }
    }
}

//! The notations that vendors write numbers in: which mark stands before the places, and which between thousands.

/// How numbers in text are written. Declared, never guessed: `1,234` is two different counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notation {
    /// Stands before the decimal places: `.` or `,`.
    pub decimal: char,
    /// May stand between groups of three digits; a blank means a no-break one too.
    pub thousands: Option<char>,
}

impl Default for Notation {
    fn default() -> Self {
        Self { decimal: '.', thousands: None }
    }
}

impl Notation {
    /// The digits before and after the decimal mark, if the text is a number in this notation.
    pub(super) fn digits(self, text: &str) -> Option<(String, &str)> {
        let (whole, places) = match text.split_once(self.decimal) {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (text, ""),
        };
        let whole = self.ungrouped(whole)?;
        (is_digits(&whole) && (places.is_empty() || is_digits(places))).then_some((whole, places))
    }

    /// Without the marks between its groups; `None` if they stand in wrong places.
    fn ungrouped(self, whole: &str) -> Option<String> {
        let is_mark = |c: char| match self.thousands {
            Some(' ') => is_gap(c),
            Some('\'') => is_apostrophe(c),
            mark => Some(c) == mark,
        };
        let groups: Vec<&str> = whole.split(is_mark).collect();
        let grouped = groups.len() > 1;
        // `0,050` is no fifty: a zero stands before no group, but before decimals of another notation.
        let begins = |group: &str| (1..=3).contains(&group.len()) && !group.starts_with('0');
        let good = !grouped || (begins(groups[0]) && (is_of_three(&groups[1..]) || self.is_of_two(&groups)));
        good.then(|| groups.concat())
    }

    /// `12,34,567`, as in India: three digits at the end, two in each group before them. With one comma alone nobody could
    /// tell it from decimals; with two it is nothing else.
    fn is_of_two(self, groups: &[&str]) -> bool {
        let [first, between @ .., last] = groups else { return false };
        let twos = first.len() <= 2 && between.iter().all(|group| group.len() == 2) && last.len() == 3;
        self.thousands == Some(',') && !between.is_empty() && twos
    }
}

/// What typesetters and spreadsheets write between thousands: blanks that do not break, narrow and figure-wide ones.
pub(super) fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{2009}')
}

/// An apostrophe, and what stands for it: a closing quotation mark, a letter's apostrophe, an accent.
pub(super) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2bc}' | '\u{b4}')
}

fn is_of_three(groups: &[&str]) -> bool {
    groups.iter().all(|group| group.len() == 3)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

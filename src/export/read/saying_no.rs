//! Cells that say that there is nothing, where any that says something would count one.

use crate::export::column::CountMark;
use crate::export::count::count_parser::Units;
use crate::export::count::number_sign::is_minus;
use crate::reconcile::model::export::count_error::CountError;
use crate::reconcile::model::export::normalized_names::{has_no_width, normalized};

/// What a cell in a column of licences says where it says no.
const NO: [&str; 46] = [
    "no",
    "n",
    "false",
    "f",
    "0",
    "-",
    "–",
    "—",
    "−",
    "none",
    "n/a",
    "na",
    "nil",
    "null",
    "nan",
    "off",
    "never",
    "nein",
    "non",
    "nee",
    "nej",
    "não",
    "disabled",
    "inactive",
    "unlicensed",
    "unassigned",
    "uninstalled",
    "absent",
    "missing",
    "removed",
    "ko",
    "✗",
    "✘",
    "❌",
    "☐",
    "⬜",
    "□",
    "○",
    "◯",
    "☒",
    "✖",
    "✕",
    "×",
    "⨯",
    "🚫",
    "⛔",
];

/// The same in the languages of vendors and their customers; a blank between the words.
const NO_IN_WORDS: &str = "without uncovered unprotected unchecked unmanaged unmonitored unregistered unenrolled \
    cancelled canceled deleted terminated revoked deactivated decommissioned deprovisioned retired undefined blank empty \
    kein keine keiner keins ohne nicht nie aus leer falsch deaktiviert inaktiv gelöscht gekündigt entfernt \
    geen niet nooit uit zonder leeg onwaar uitgeschakeld inactief verwijderd \
    aucun aucune sans jamais faux vide néant désactivé désactivée inactif inactive supprimé supprimée \
    ninguno ninguna sin nunca falso vacío desactivado deshabilitado inactivo eliminado \
    nessuno nessuna senza vuoto disattivato disabilitato inattivo eliminato assente \
    nao nenhum nenhuma sem vazio desativado desabilitado inativo excluído ausente \
    nei ingen inga inget intet aldrig aldri ikke inte utan uden uten avaktiverad deaktiveret deaktivert borttagen slettet \
    nie brak żaden żadna żadne nigdy bez fałsz wyłączony wyłączone wyłączona nieaktywny usunięty \
    нет ні 否 无 無 なし いいえ";
/// What a cell says where nobody knows, or something went wrong: no unit, and no word for none either.
const UNKNOWN: &str = "error failed failure unknown unavailable undetermined fehler fehlgeschlagen unbekannt fehlt fout mislukt \
    onbekend ontbreekt erreur échec inconnu inconnue indisponible fallido fallo desconocido errore fallito sconosciuto erro \
    falhou desconhecido fel fejl feil okänd ukendt ukjent saknas mangler błąd nieznany";
/// States in which one vendor bills, and another one does not.
const DOUBTFUL: &str = "trial trialing evaluation demo pending suspended paused expired expiring grace testversion probe \
    testphase abgelaufen ausgesetzt gesperrt ausstehend proef proefperiode verlopen opgeschort essai expiré expirée suspendu \
    suspendue prueba vencido caducado suspendido pendiente prova scaduto sospeso expirado suspenso pendente utgången udløbet \
    utløpt prøve wygasł zawieszony oczekuje";
/// What says yes, and nothing else.
const YES: &str = "yes y true t 1 x on enabled ja oui si sí sim tak wahr vrai waar verdadero vero verdadeiro ✓ ✔ ☑ ✅";
/// Words that say no of what stands behind them.
const NOT: &str = "not no none without kein keine nicht ohne geen niet zonder aucun aucune pas sans non sin ninguna ninguno \
    nessun nessuna senza nenhum nenhuma sem ingen inga ikke inte brak bez";
/// Units behind a zero.
const ZERO_OF: &str = "b kb mb gb tb gib tib bytes of von van de";

fn is_one_of(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

/// In small letters, without brackets and what shows nothing.
fn bare(cell: &str) -> String {
    let seen: String = cell.chars().filter(|c| !has_no_width(*c)).collect();
    let cell = seen.to_lowercase();
    cell.trim_matches(|c: char| "()[]<>{}".contains(c)).trim().to_owned()
}

/// Whether a cell says that nobody knows, or that something went wrong.
fn says_unknown(cell: &str) -> bool {
    let bare = bare(cell);
    is_one_of(UNKNOWN, &bare) || bare.split_whitespace().next().is_some_and(|first| is_one_of(UNKNOWN, first))
}

/// `0 GB`, `0/5`.
fn is_zero_of(bare: &str) -> bool {
    let rest = bare.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let number = &bare[..bare.len() - rest.len()];
    let zero = number.starts_with('0') && number.chars().all(|c| matches!(c, '0' | '.' | ','));
    zero && (rest.starts_with('/') || rest.split_whitespace().next().is_some_and(|unit| is_one_of(ZERO_OF, unit)))
}

/// A cell in a column of marks whose word is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) enum OtherMark {
    /// It counts nothing: it is none of the words that are listed, and says no in no word that is known.
    Uncounted,
    /// It counts one, and is a word for what not every vendor bills.
    Counted,
}

impl CountMark {
    /// One unit or none.
    pub(in crate::export) fn units(&self, cell: &str) -> Result<Units, CountError> {
        let cell = normalized(cell);
        match self {
            _ if cell.is_empty() => Ok(Units::default()),
            _ if cell.starts_with('#') => Err(CountError::ErrorValue),
            Self::Present if says_no(&cell) || says_unknown(&cell) => Err(CountError::SaysNo),
            Self::Present => Ok(Units::ONE),
            Self::Is(texts) if is_listed(texts, &cell) => Ok(Units::ONE),
            // In a column of yes and no another word for yes is no word for no.
            Self::Is(texts) if is_yes(&cell) && texts.iter().any(|text| is_yes(text)) => Err(CountError::OtherYes),
            Self::Is(_) => Ok(Units::default()),
        }
    }

    /// What is to be told of a cell that [`CountMark::units`] takes for one unit or for none.
    pub(in crate::export) fn other(&self, cell: &str) -> Option<OtherMark> {
        let cell = normalized(cell);
        match self {
            _ if cell.is_empty() => None,
            Self::Present => {
                let bare = bare(&cell);
                let doubtful = bare.split(|c: char| !c.is_alphanumeric()).any(|word| is_one_of(DOUBTFUL, word));
                doubtful.then_some(OtherMark::Counted)
            }
            Self::Is(texts) => (!is_listed(texts, &cell) && !says_no(&cell)).then_some(OtherMark::Uncounted),
        }
    }
}

/// `YES` and `Yes` are no two answers.
fn is_listed(texts: &[String], cell: &str) -> bool {
    let cell = cell.to_lowercase();
    texts.iter().any(|text| text.to_lowercase() == cell)
}

fn is_yes(text: &str) -> bool {
    is_one_of(YES, bare(text).trim_end_matches('\u{fe0f}'))
}

/// Whether a cell says no, in a word or in several, or by a date that never was.
pub(in crate::export) fn says_no(cell: &str) -> bool {
    let cell = bare(cell);
    let bare = cell.as_str();
    let zero = bare.contains('0') && bare.chars().all(|c| "0.,: /-".contains(c));
    let nothing = bare.chars().all(|c| is_minus(c) || " \u{2014}_.?/".contains(c));
    let word = NO.contains(&bare) || NO.contains(&bare.replace(['.', ' '], "").as_str());
    let in_words = is_one_of(NO_IN_WORDS, bare) || bare.split_once(' ').is_some_and(|(first, _)| is_one_of(NOT, first));
    zero || nothing || word || in_words || is_zero_of(bare) || never_was(bare)
}

/// What programs write for a date that is not set: the first day of their calendar (1 January 0001 of .NET, 1601 of
/// Windows, 1753 and 1900 of SQL Server, 1970 of Unix, in America the evening before; 1899 and `1900-01-00` of Excel).
/// Nothing that is billed was there in 1970.
fn never_was(cell: &str) -> bool {
    if cell.contains("-62135596800") {
        return true;
    }
    if let (8, Ok(date)) = (cell.len(), cell.parse::<u32>()) {
        return date / 10_000 <= LAST_YEAR && is_first_or_last(date / 100 % 100, date % 100);
    }
    let mut parts = cell.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).peekable();
    // A weekday may stand before the date.
    parts.next_if(|part| part.chars().all(char::is_alphabetic) && month(part).is_none());
    let date: Vec<&str> = parts.take(3).collect();
    let is_year = |part: &str| part.len() == 4 && part.parse().is_ok_and(|year: u32| year <= LAST_YEAR);
    let others = date.iter().filter(|part| !is_year(part));
    let others: Vec<Option<u32>> = others.map(|part| month(part).or_else(|| leading_number(part))).collect();
    match others.as_slice() {
        [Some(one), Some(other)] if date.len() == 3 => is_first_or_last(*one, *other) || is_first_or_last(*other, *one),
        _ => false,
    }
}

/// Whether a month and a day are where a calendar begins, or the days before.
fn is_first_or_last(month: u32, day: u32) -> bool {
    matches!((month, day), (1, 0 | 1) | (12, 30 | 31))
}

/// The last year in which nothing was there.
const LAST_YEAR: u32 = 1970;

/// January or December by name, in the languages of vendors.
fn month(part: &str) -> Option<u32> {
    let is_any = |names: &[&str]| names.iter().any(|name| part.starts_with(name));
    match part {
        _ if is_any(&["jan", "ene", "gen"]) => Some(1),
        _ if is_any(&["dec", "dez", "dic", "d\u{e9}c"]) => Some(12),
        _ => None,
    }
}

/// `1` of `01t00`, where the time follows.
fn leading_number(part: &str) -> Option<u32> {
    let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
    let rest = part.get(digits.len()..).unwrap_or_default();
    (rest.is_empty() || rest.starts_with('t')).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of these was one unit more for every device that has none.
    #[test]
    fn a_date_that_never_was_says_no() {
        let no = [
            "0001-01-01",
            "0001-01-01T00:00:00Z",
            "1/1/0001 12:00:00 AM",
            "01.01.0001 00:00:00",
            "1970-01-01T00:00:00Z",
            "1/1/1970",
            "19700101",
            "1969-12-31T19:00:00-05:00",
            "12/31/1969 7:00:00 PM",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Jan 1, 0001",
            "1900-01-00",
            "1/0/1900",
            "1900-01-01 00:00:00.000",
            "30.12.1899",
            "1601-01-01T00:00:00Z",
            "0000-00-00",
            "/Date(-62135596800000)/",
            "-",
            "--",
            "\u{2014}\u{2014}",
            "(none)",
            "[None]",
            "N.A.",
            "n. a.",
            "N/A",
            "?",
            "...",
            "not installed",
            "No license",
            "(not set)",
            "<null>",
            "☐",
            "⬜",
            "○",
            "☒",
            "✖\u{fe0f}",
            "×",
            "🚫",
            "⛔\u{fe0f}",
        ];
        for cell in no {
            assert!(says_no(cell), "{cell}");
            assert_eq!(CountMark::Present.units(cell), Err(CountError::SaysNo), "{cell}");
            assert_eq!(CountMark::Is(vec!["Yes".to_owned()]).other(cell), None, "{cell}");
        }
    }

    /// And each of these is a unit that would not be billed.
    #[test]
    fn what_says_something_is_taken_for_it() {
        let yes = [
            "2026-10-03",
            "10/3/2026 1:02:03 AM",
            "2001-01-01",
            "1/1/01",
            "20261003",
            "Yes",
            "x",
            "\u{2713}",
            "✔\u{fe0f}",
            "☑",
            "✅",
            "*",
            "+",
            "v4.12.1970",
            "10.0.1900.1",
            "Acme 1900 Server",
            "srv-01",
            "1971-01-01",
            "1 Jan 2026",
            "Nora",
            "12345678",
            "4",
            "\u{25cf}",
            "1.2.3",
            "00:1A:2B:3C:4D:5E",
            "00aabbcc",
            "0.5 GB",
            "10 GB",
            "Nina",
            "Nodexa",
        ];
        for cell in yes {
            assert!(!says_no(cell), "{cell}");
            assert_eq!(CountMark::Present.units(cell), Ok(Units::ONE), "{cell}");
        }
    }

    /// `present = true` counted one for each.
    #[test]
    fn words_of_absence_say_no_in_many_languages() {
        let no = [
            "Unprotected",
            "none assigned",
            "0 GB",
            "0.00 GB",
            "0/5",
            "kein",
            "Keine Lizenz",
            "geen",
            "aucun",
            "Ninguno",
            "нет",
            "否",
            "Deleted",
            "wyłączone",
        ];
        for cell in no {
            assert_eq!(CountMark::Present.units(cell), Err(CountError::SaysNo), "{cell}");
            assert_eq!(CountMark::Is(vec!["Yes".to_owned()]).other(cell), None, "{cell}");
        }
    }

    /// Cells that say `Enabled` where `Yes` counts, or `error` where anything does, moved a bill and were told nowhere.
    #[test]
    fn a_mark_in_a_word_that_nobody_listed_is_told_or_unreadable() {
        let is = |text: &str| CountMark::Is(vec![text.to_owned()]);
        for cell in ["Enabled", "Y", "Ja", "true", "✓", "1"] {
            assert_eq!(is("Yes").units(cell), Err(CountError::OtherYes), "{cell}");
        }
        for cell in ["error", "unknown", "Basic", "Enabled since May", "Fehler"] {
            assert_eq!(is("Yes").units(cell), Ok(Units::default()), "{cell}");
            assert_eq!(is("Yes").other(cell), Some(OtherMark::Uncounted), "{cell}");
        }
        assert_eq!(is("Pro").units("Yes"), Ok(Units::default()), "no column of yes and no");
        assert_eq!((is("Yes").units("YES"), is("Yes").other("YES")), (Ok(Units::ONE), None));
        for cell in ["Error", "failed", "Unknown state", "Unavailable"] {
            assert_eq!(CountMark::Present.units(cell), Err(CountError::SaysNo), "{cell}");
        }
        for cell in ["trial", "Expired", "suspended (unpaid)", "Abgelaufen"] {
            assert_eq!(CountMark::Present.units(cell), Ok(Units::ONE), "{cell}");
            assert_eq!(CountMark::Present.other(cell), Some(OtherMark::Counted), "{cell}");
        }
        assert_eq!(CountMark::Present.other("Business Premium"), None);
    }
}

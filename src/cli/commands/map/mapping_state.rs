//! How far a customer or a service is mapped, in the order of lists: what needs a person first.

use std::collections::BTreeMap;

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MappingState {
    /// In no file, and in the export.
    Unmapped,
    /// A service that must not be mapped any more.
    Deprecated,
    /// Its company does not exist any more, or not for this key.
    CompanyGone,
    /// Its agreement is at fault.
    NoAgreement,
    /// By its exact name.
    ByName,
    /// Without a row, where names are matched and ConnectWise was not asked.
    MaybeByName,
    /// By its row.
    Mapped,
    /// On purpose.
    Skipped,
}

impl MappingState {
    fn words(self) -> &'static str {
        match self {
            MappingState::Unmapped => "unmapped",
            MappingState::Deprecated => "deprecated",
            MappingState::CompanyGone => "company gone",
            MappingState::NoAgreement => "without an agreement",
            MappingState::ByName => "by name",
            MappingState::MaybeByName => "perhaps by name",
            MappingState::Mapped => "mapped",
            MappingState::Skipped => "skipped",
        }
    }

    pub(super) fn sign(self) -> char {
        match self {
            MappingState::Unmapped => '?',
            MappingState::Deprecated => '!',
            MappingState::CompanyGone | MappingState::NoAgreement => '×',
            MappingState::ByName | MappingState::Mapped => '✓',
            MappingState::MaybeByName | MappingState::Skipped => '·',
        }
    }
}

/// How many there are of each.
pub(super) fn counted(states: impl Iterator<Item = MappingState>, none: &str) -> String {
    let mut counted: BTreeMap<MappingState, usize> = BTreeMap::new();
    states.for_each(|state| *counted.entry(state).or_default() += 1);
    let counted: Vec<String> = counted.iter().map(|(state, count)| format!("{count} {}", state.words())).collect();
    if counted.is_empty() { none.to_owned() } else { counted.join(" · ") }
}

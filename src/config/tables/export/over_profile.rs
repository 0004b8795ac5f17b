//! A table of the configuration over that of a profile.

use crate::config::toml_document::{Field, Section};

/// A table over another one: a key that the first does not have is looked for in the second.
pub(in crate::config) struct Layered<'a> {
    own: Section<'a>,
    profile: Option<Section<'a>>,
}

impl<'a> Layered<'a> {
    pub(in crate::config) fn new(own: Section<'a>, profile: Option<Section<'a>>) -> Self {
        Self { own, profile }
    }

    /// The value of a key, if either has it.
    pub(in crate::config) fn get(&self, key: &'static str) -> Option<Field<'a>> {
        let below = self.profile.as_ref().and_then(|profile| profile.get(key));
        self.own.get(key).or(below)
    }

    /// The value of a key that only this table may have.
    pub(in crate::config) fn own(&self, key: &'static str) -> Option<Field<'a>> {
        self.own.get(key)
    }

    /// The value of a key that only this table may have, and has to have.
    pub(in crate::config) fn required_own(&self, key: &'static str) -> Option<Field<'a>> {
        self.own.required(key)
    }

    /// Whether this table itself has the key, and not the profile alone.
    pub(in crate::config) fn has_own(&self, key: &'static str) -> bool {
        self.own.get(key).is_some()
    }

    /// A table over the profile's of the same key; `None` where this one has none.
    pub(in crate::config) fn table(&self, key: &'static str) -> Option<Layered<'a>> {
        let below = self.profile.as_ref().and_then(|profile| profile.get(key)).and_then(|field| field.table());
        Some(Self::new(self.own.get(key)?.table()?, below))
    }

    /// The values of two keys that contradict each other, if one document says both. What is given here overrides a
    /// profile, also by contradicting it.
    pub(in crate::config) fn both(&self, one: &'static str, other: &'static str) -> Option<Field<'a>> {
        let in_one = |section: &Section<'a>| section.get(one).and(section.get(other));
        in_one(&self.own).or_else(|| self.profile.as_ref().and_then(in_one))
    }

    pub(in crate::config) fn error(&self, message: impl Into<String>) {
        self.own.error(message);
    }

    pub(in crate::config) fn finish(self) {
        self.own.finish(&[]);
        if let Some(profile) = self.profile {
            profile.finish(&[]);
        }
    }
}

//! A TOML document, walked by hand so that every fault is found in one go and has its place.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::error::ConfigError;
use crate::export::excerpt::Excerpt;
use crate::export::read::alike_names::alike;
use crate::reconcile::model::display_text::{escaped, shown};

/// Words of lines on which somebody may have written a secret, against all advice.
const BESIDE_SECRETS: [&str; 8] = ["key", "secret", "token", "pass", "header", "auth", "credential", "cookie"];

/// The file, and what was found wrong with it so far.
pub(in crate::config) struct Document<'a> {
    path: &'a Path,
    text: &'a str,
    errors: RefCell<Vec<ConfigError>>,
    /// The files and folders that were named so far, by the key.
    paths: RefCell<Vec<(String, PathBuf)>>,
}

/// One table. Every key that is asked for is known; [`Section::finish`] refuses the others.
pub(in crate::config) struct Section<'a> {
    document: &'a Document<'a>,
    /// As it is written in its header: `[connectwise.main]`.
    name: String,
    span: Range<usize>,
    table: &'a DeTable<'a>,
    asked: RefCell<Vec<&'static str>>,
}

/// One value, with its place.
#[derive(Clone)]
pub(in crate::config) struct Field<'a> {
    document: &'a Document<'a>,
    /// The key, as far as its own table.
    pub(in crate::config) key: String,
    path: String,
    span: Range<usize>,
    value: &'a DeValue<'a>,
}

impl<'a> Document<'a> {
    pub(in crate::config) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text, errors: RefCell::default(), paths: RefCell::default() }
    }

    pub(in crate::config) fn root(&'a self, table: &'a Spanned<DeTable<'a>>) -> Section<'a> {
        Section { document: self, name: String::new(), span: 0..0, table: table.get_ref(), asked: RefCell::default() }
    }

    /// A fault at a place of the file.
    pub(in crate::config) fn error(&self, span: Range<usize>, message: impl Into<String>, text: Option<String>) {
        let (line, column) = self.place(span.start);
        let (path, message) = (self.path.to_owned(), message.into());
        let mark = text.as_ref().map(|_| self.mark(&span));
        self.push(ConfigError {
            line: Some(line),
            column: Some(column),
            text,
            mark,
            ..ConfigError::of_file(path, message)
        });
    }

    /// A fault of any file.
    pub(in crate::config) fn push(&self, error: ConfigError) {
        self.errors.borrow_mut().push(error);
    }

    pub(in crate::config) fn into_errors(self) -> Vec<ConfigError> {
        self.errors.into_inner()
    }

    /// The line of a text at fault that may be shown. What stands beside it is left out where it may be a secret.
    fn mark(&self, span: &Range<usize>) -> Excerpt {
        let before = self.text.get(..span.start).unwrap_or_default();
        let begins = before.rfind('\n').map_or(0, |at| at + 1);
        let ends =
            self.text.get(span.start..).and_then(|rest| rest.find('\n')).map_or(self.text.len(), |at| span.start + at);
        let (line, own) = (self.text.get(begins..ends), self.text.get(span.start..span.end.min(ends)));
        let (line, own) = (line.unwrap_or_default(), own.unwrap_or_default());
        let lower = line.to_lowercase();
        if BESIDE_SECRETS.iter().any(|word| lower.contains(word)) {
            return Excerpt::of(own, 0..own.len());
        }
        let from = span.start - begins;
        Excerpt::of(line, from..from + own.len())
    }

    fn place(&self, offset: usize) -> (u64, u64) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
        let from_1 = |number| u64::try_from(number).unwrap_or(u64::MAX).saturating_add(1);
        (from_1(line), from_1(column))
    }
}

impl<'a> Section<'a> {
    /// Every path that was read so far, with its key.
    pub(in crate::config) fn paths_of_the_file(&self) -> Vec<(String, PathBuf)> {
        self.document.paths.borrow().clone()
    }

    /// The value of a key, if it is there.
    pub(in crate::config) fn get(&self, key: &'static str) -> Option<Field<'a>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key).map(|value| self.field(key, value))
    }

    /// The value of a key that has to be there.
    pub(in crate::config) fn required(&self, key: &'static str) -> Option<Field<'a>> {
        let field = self.get(key);
        if field.is_none() {
            self.error(format!("{} lacks `{key}`", self.name));
        }
        field
    }

    /// A table of the operator's own names: every entry.
    pub(in crate::config) fn entries(&self) -> Vec<Field<'a>> {
        self.table.iter().map(|(key, value)| self.field(key.get_ref(), value)).collect()
    }

    /// A fault of the table as a whole.
    pub(in crate::config) fn error(&self, message: impl Into<String>) {
        self.document.error(self.span.clone(), message, None);
    }

    /// Refuses every key that nobody asked for. `later` are keys of the contract that this version does not have.
    pub(in crate::config) fn finish(self, later: &[&str]) {
        let asked = self.asked.borrow();
        for key in self.table.keys().filter(|key| !asked.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref().as_ref();
            let message = match alike(name, asked.iter().copied()) {
                _ if later.contains(&name) => format!("`{name}` is not supported by this version"),
                Some(meant) => format!("unknown key in {} (did you mean `{meant}`?)", self.label()),
                None => format!("unknown key in {}; its keys are {}", self.label(), asked.join(", ")),
            };
            self.document.error(key.span(), message, Some(shown(name)));
        }
    }

    fn label(&self) -> &str {
        if self.name.is_empty() { "the file" } else { &self.name }
    }

    fn field(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Field<'a> {
        let inside = self.name.trim_matches(['[', ']']);
        let path = if inside.is_empty() { escaped(key) } else { format!("{inside}.{}", escaped(key)) };
        Field { document: self.document, key: key.to_owned(), path, span: value.span(), value: value.get_ref() }
    }
}

impl<'a> Field<'a> {
    /// A fault of the value, shown with it.
    pub(in crate::config) fn error(&self, message: impl Into<String>) {
        let text = self.document.text.get(self.span.clone()).map(shown);
        self.document.error(self.span.clone(), message, text);
    }

    /// A fault of a part of the value, shown with that part; the place is the value's own if it is written otherwise.
    pub(in crate::config) fn error_at(&self, part: &str, message: impl Into<String>) {
        let raw = self.document.text.get(self.span.clone()).unwrap_or_default();
        let start = self.span.start + raw.find(part).unwrap_or_default();
        self.document.error(start..self.span.end, message, Some(shown(part)));
    }

    /// A fault of the value, which is not shown: it may be a secret.
    pub(in crate::config) fn error_unseen(&self, message: impl Into<String>) {
        self.document.error(self.span.clone(), message, None);
    }

    /// A fault of another file that this value names.
    pub(in crate::config) fn error_elsewhere(&self, error: ConfigError) {
        self.document.push(error);
    }

    /// A path that this value names, and the same.
    pub(in crate::config) fn naming(&self, path: PathBuf) -> PathBuf {
        self.document.paths.borrow_mut().push((self.path.clone(), path.clone()));
        path
    }

    /// The files and folders that were read of the document so far, by the key.
    pub(in crate::config) fn paths_of_the_file(&self) -> Vec<(String, PathBuf)> {
        self.document.paths.borrow().clone()
    }

    /// The raw value.
    pub(in crate::config) fn value(&self) -> &'a DeValue<'a> {
        self.value
    }

    /// A string that is not blank, trimmed.
    pub(in crate::config) fn text(&self) -> Option<&'a str> {
        let text = self.value.as_str().map(str::trim);
        match text {
            Some("") => self.error(format!("`{}` is empty", self.key)),
            Some(text) if text.chars().any(char::is_control) => {
                self.error(format!("`{}` holds a control character", self.key));
            }
            Some(text) => return Some(text),
            None => self.mistyped("a string"),
        }
        None
    }

    /// `true` or `false`.
    pub(in crate::config) fn boolean(&self) -> Option<bool> {
        self.value.as_bool().or_else(|| {
            self.mistyped("true or false");
            None
        })
    }

    /// A table.
    pub(in crate::config) fn table(&self) -> Option<Section<'a>> {
        match self.value.as_table() {
            Some(table) => Some(Section {
                document: self.document,
                name: format!("[{}]", self.path),
                span: self.span.clone(),
                table,
                asked: RefCell::default(),
            }),
            None => {
                self.mistyped("a table");
                None
            }
        }
    }

    /// The items of a list.
    pub(in crate::config) fn list(&self) -> Option<Vec<Field<'a>>> {
        let Some(items) = self.value.as_array() else {
            self.mistyped("a list");
            return None;
        };
        let item = |item: &'a Spanned<DeValue<'a>>| Field {
            document: self.document,
            key: self.key.clone(),
            path: self.path.clone(),
            span: item.span(),
            value: item.get_ref(),
        };
        Some(items.iter().map(item).collect())
    }

    /// One of a few words.
    pub(in crate::config) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let listed: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            self.error(format!("`{}` is one of {}", self.key, listed.join(", ")));
        }
        found
    }

    /// Says what it should have been.
    pub(in crate::config) fn mistyped(&self, expected: &str) {
        self.error(format!("`{}` must be {expected}, not {}", self.key, self.kind()));
    }

    /// What it is.
    pub(in crate::config) fn kind(&self) -> &'static str {
        match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }
}

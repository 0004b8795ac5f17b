//! A finding: something about an export, a mapping or a line that a person is told.

use crate::reconcile::model::ids::{CustomerName, ServiceName};
use crate::reconcile::model::plan::line::Source;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// Orders findings as a report lists them: what asks most first, then by code, customer and service.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.severity, finding.code);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.customer.cmp(&b.customer))
            .then_with(|| a.service.cmp(&b.service))
            .then_with(|| a.handle.cmp(&b.handle))
            .then_with(|| a.message.cmp(&b.message))
    });
}

/// A finding about nothing in particular.
pub fn finding(severity: Severity, code: Code, message: String) -> Finding {
    Finding { severity, code, customer: None, service: None, handle: None, message, fix: Remedy::Unsaid }
}

/// `3 units`, `1 unit`.
pub(in crate::reconcile) fn plural(count: &(impl ToString + ?Sized), noun: &str) -> String {
    let count = count.to_string();
    let s = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{s}")
}

/// Something to be said, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it asks of the reader.
    pub severity: Severity,
    /// What it is about.
    pub code: Code,
    /// The customer, if it is about one.
    pub customer: Option<CustomerName>,
    /// The service, if it is about one.
    pub service: Option<ServiceName>,
    /// The handle of the line, or of the customer or service, that it is about.
    pub handle: Option<String>,
    /// What is the matter: a sentence.
    pub message: String,
    /// What to do about it.
    pub fix: Remedy,
}

impl Finding {
    /// The same about a line: its handle, and whose count of what comes first in it.
    #[must_use]
    pub fn about_line(self, handle: &str, sources: &[Source]) -> Self {
        let source = sources.first();
        Self {
            customer: source.map(|source| source.customer.clone()),
            service: source.map(|source| source.service.clone()),
            handle: Some(handle.to_owned()),
            ..self
        }
    }
}

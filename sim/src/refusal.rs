//! What ConnectWise answers when it does not do as asked: a status and `{code, message, errors}`.

use serde_json::{Value, json};

use crate::world::Options;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// The `errors` array: code, message, resource, field.
    pub(super) errors: Vec<(&'static str, String, String, String)>,
    /// Without details there is no `errors` at all.
    absent: bool,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), errors: Vec::new(), absent: false }
    }

    /// A name in `conditions`, `orderBy` that the record does not have (seen in the field: `ApiFindCondition`).
    pub(super) fn condition(message: impl Into<String>) -> Self {
        Self::new(400, "ApiFindCondition", message)
    }

    /// What the JSON binder refuses (seen in the field: `ConnectWiseApi`).
    pub(super) fn binder(message: impl Into<String>) -> Self {
        Self::new(400, "ConnectWiseApi", message)
    }

    pub(super) fn not_found(what: impl Into<String>) -> Self {
        Self::new(404, "NotFound", format!("{} not found", what.into()))
    }

    /// A record that breaks one of the vendor's rules: `InvalidObject`, "addition object is invalid".
    pub(super) fn invalid(resource: &'static str, code: &'static str, field: &str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: "InvalidObject",
            message: format!("{resource} object is invalid"),
            errors: vec![(code, message.into(), resource.to_owned(), field.to_owned())],
            absent: false,
        }
    }

    /// A text that is too long (seen in the field: `MaxLengthField`).
    pub(super) fn too_long(resource: &'static str, field: &str, length_max: usize) -> Self {
        let message = format!("The field {field} must be a string with a maximum length of {length_max}.");
        Self::invalid(resource, "MaxLengthField", field, message)
    }

    /// In the words of this server.
    pub(super) fn told(mut self, options: &Options) -> Self {
        self.absent = options.errors_absent;
        if options.lower_case_resources {
            for (_, _, resource, _) in &mut self.errors {
                self.message = self.message.replace(resource.as_str(), &resource.to_lowercase());
                *resource = resource.to_lowercase();
            }
        }
        self
    }

    /// The vendor's error body.
    pub(super) fn body(&self) -> Value {
        if self.status == 429 {
            // The body of a 429 has a shape of its own (ConnectWise developer guide).
            return json!({"error": "ConnectWiseAPI", "message": self.message});
        }
        if self.absent && self.errors.is_empty() {
            return json!({"code": self.code, "message": self.message});
        }
        let errors: Vec<Value> = self.errors.iter().map(error).collect();
        let errors = if errors.is_empty() { Value::Null } else { Value::Array(errors) };
        json!({"code": self.code, "message": self.message, "errors": errors})
    }
}

fn error(found: &(&'static str, String, String, String)) -> Value {
    let (code, message, resource, field) = found;
    json!({"code": code, "message": message, "resource": resource, "field": field})
}

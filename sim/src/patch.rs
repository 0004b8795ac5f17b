//! The body of a PATCH: an array of `{op, path, value}`, with bare, case-sensitive paths.

use serde::Deserialize;
use serde_json::Value;

use crate::refusal::Refusal;

/// One operation. Other members of the object are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Operation {
    pub(super) op: Op,
    pub(super) path: String,
    #[serde(default)]
    pub(super) value: Value,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Op {
    Add,
    Replace,
    Remove,
}

impl Operation {
    /// The value to set; null for a removal.
    pub(super) fn value(&self) -> &Value {
        if self.op == Op::Remove { &Value::Null } else { &self.value }
    }
}

/// Reads the operations.
///
/// # Errors
/// 400 when the body is not an array of operations, as an object is not.
pub(super) fn parse(body: Value) -> Result<Vec<Operation>, Refusal> {
    if !body.is_array() {
        return Err(Refusal::binder(
            "Cannot deserialize the current JSON into type 'List<PatchOperation>': a JSON array is required.",
        ));
    }
    serde_json::from_value(body).map_err(|cause| Refusal::binder(format!("The patch is not valid: {cause}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_an_array_of_operations_is_a_patch() {
        let found = parse(json!([{"op": "replace", "path": "quantity", "value": 12}])).expect("a patch");
        assert_eq!((found[0].path.as_str(), found[0].value()), ("quantity", &json!(12)));
        for wrong in
            [json!({"quantity": 12}), json!([{"path": "quantity"}]), json!([{"op": "move", "path": "a"}]), json!([1])]
        {
            assert_eq!(parse(wrong).expect_err("no patch").status, 400);
        }
    }
}

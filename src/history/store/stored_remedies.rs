//! What to do about a finding, as the history keeps it.

use crate::reconcile::model::plan::remedy::Remedy;

/// The text of a row. Nothing is said with no text.
pub(crate) fn stored(remedy: &Remedy) -> String {
    if remedy.is_empty() {
        return String::new();
    }
    serde_json::to_string(remedy).expect("texts always make JSON")
}

/// The remedy of a row, whichever version wrote it.
pub(crate) fn read(text: &str) -> Remedy {
    serde_json::from_str(text).unwrap_or_else(|_| of_old_row(text))
}

/// Until 0.9 a remedy was one text: a sentence, or commands with a bar between them.
fn of_old_row(text: &str) -> Remedy {
    let parts = text.split(" | ");
    if parts.clone().all(|part| part.starts_with("recount ")) {
        Remedy::any_of(parts.map(Remedy::command))
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a report of a night before an update could not be shown, or would advise a pipeline.
    #[test]
    fn rows_of_older_versions_are_read() {
        let commands = ["recount accept h1", "recount keep h1"].map(Remedy::command);
        assert_eq!(read("recount accept h1 | recount keep h1"), Remedy::any_of(commands));
        assert_eq!(read("recount apply 1a2b3c4d"), Remedy::command("recount apply 1a2b3c4d"));
        assert_eq!(read("end it | or not"), Remedy::from("end it | or not"));
        assert_eq!(read(""), Remedy::Unsaid);
    }

    #[test]
    fn what_is_stored_comes_back_as_it_was() {
        let edit = Remedy::customers("name one").or(Remedy::in_connectwise("add \"one\""));
        for remedy in [
            Remedy::Unsaid,
            Remedy::command("recount plan"),
            Remedy::nothing("a later run looks again"),
            Remedy::from("{\"command\":\"x\"}"),
            edit.clone().noting("nothing is billed until then"),
            Remedy::in_turn([edit, Remedy::settings("x"), Remedy::export("y")]),
        ] {
            assert_eq!(read(&stored(&remedy)), remedy);
        }
    }
}

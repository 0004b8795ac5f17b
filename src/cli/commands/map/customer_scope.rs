//! Whose row a command is about, as it was typed.

use clap::Args;

use crate::reconcile::model::display_text::shell_word;
use crate::reconcile::model::mapping::CustomerTarget;

/// Whose row.
#[derive(Debug, Default, Args)]
pub(super) struct CustomerScope {
    /// The customer's handle, as reports show it, or its name, exactly as in the export
    #[arg(value_name = "HANDLE|CUSTOMER")]
    pub(super) customer: String,
    /// Whose customer, where several integrations have one of that name
    #[arg(long, value_name = "NAME")]
    pub(super) integration: Option<String>,
    /// Why; kept in the row
    #[arg(long, value_name = "TEXT")]
    pub(super) note: Option<String>,
    /// Change the row that the customer has
    #[arg(long)]
    pub(super) replace: bool,
    /// The customer is in no export yet
    #[arg(long)]
    pub(super) new: bool,
}

impl CustomerScope {
    /// A customer who has a row, or is in the export.
    pub(super) fn of(customer: &str, integration: Option<&str>) -> Self {
        let (customer, integration) = (customer.to_owned(), integration.map(str::to_owned));
        Self { customer, integration, ..Self::default() }
    }

    /// What was typed, so that it changes the customer's row.
    pub(super) fn replacing(&self, target: &CustomerTarget, offline: bool) -> String {
        let whose = shell_word(&self.customer);
        let mut typed = match target {
            CustomerTarget::Skip => format!("recount map ignore {whose}"),
            CustomerTarget::Company { company, agreement } => {
                let agreement = agreement.map(|id| format!(" --agreement {id}")).unwrap_or_default();
                let offline = if offline { " --offline" } else { "" };
                format!("recount map add {whose} {company}{agreement}{offline}")
            }
        };
        for (option, value) in [("--integration", &self.integration), ("--note", &self.note)] {
            typed += &value.as_ref().map(|value| format!(" {option} {}", shell_word(value))).unwrap_or_default();
        }
        typed + " --replace"
    }
}

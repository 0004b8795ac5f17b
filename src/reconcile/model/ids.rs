//! Names and record ids. A customer is not a company and an agreement id is not an addition id: the compiler knows.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! record_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

record_id!(
    /// A ConnectWise company's record id (not the login company).
    CompanyId
);
record_id!(
    /// A ConnectWise agreement's record id.
    AgreementId
);
record_id!(
    /// A ConnectWise agreement addition's record id; unique over all agreements.
    AdditionId
);
record_id!(
    /// A ConnectWise catalog item's record id.
    ProductId
);
record_id!(
    /// One execution of recount, as numbered by its history.
    RunId
);
record_id!(
    /// A ConnectWise service ticket's record id, which is also its number.
    TicketId
);

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as it was written, trimmed.
            pub fn new(text: &str) -> Self {
                Self(Arc::from(text.trim()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// A customer, as the vendor's export names it.
    CustomerName
);
name!(
    /// A service, as the vendor's export names it.
    ServiceName
);
name!(
    /// One thing that a count counts (a device, a mailbox, a domain), as the vendor's export names it.
    ItemName
);
name!(
    /// A catalog item's `identifier`, as the configuration writes it.
    ProductCode
);
name!(
    /// The name of one integration, as `recount.toml` writes it.
    IntegrationName
);
name!(
    /// The name that recount gives a ticket, by which it finds it again: ConnectWise's `externalXRef`.
    TicketRef
);

impl ProductCode {
    /// The form two identifiers are compared in. ConnectWise compares them without regard to case (seen in the field).
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// Record ids for a sentence: `1, 2, 3`.
pub(in crate::reconcile) fn ids(ids: impl Iterator<Item = i64>) -> String {
    ids.map(|id| id.to_string()).collect::<Vec<_>>().join(", ")
}

impl ItemName {
    /// The form two items are compared in: ConnectWise compares texts without regard to case, and collapses blanks.
    pub fn folded(&self) -> String {
        self.as_str().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
    }

    /// Whether both are the same item to ConnectWise.
    pub fn is_same(&self, other: &ItemName) -> bool {
        self == other || self.folded() == other.folded()
    }
}

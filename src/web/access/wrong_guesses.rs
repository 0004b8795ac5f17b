//! What a wrong password or code counts against. The two are counted apart: a code is asked for right after a password, and
//! would wait for it.

use std::net::IpAddr;

use crate::reconcile::model::display_text::shown;

/// What somebody may try to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guessed {
    Password,
    Code,
}

impl Guessed {
    /// The account, as it is counted.
    pub(crate) fn account(self, name: &str) -> String {
        match self {
            Guessed::Password => format!("account {}", shown(name)),
            Guessed::Code => format!("codes of account {}", shown(name)),
        }
    }

    /// The account, and the address from which it is tried.
    pub(crate) fn account_and_address(self, name: &str, address: IpAddr) -> [String; 2] {
        let from = match self {
            Guessed::Password => format!("address {address}"),
            Guessed::Code => format!("codes from address {address}"),
        };
        [self.account(name), from]
    }
}

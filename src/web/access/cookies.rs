//! What the cookies of a desk are called. A browser keeps them by host, whatever the port: two desks on one host would end each
//! other's sessions if they were called the same.

use std::fmt;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::history::desk::desk_key::DeskKey;

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookieKind {
    /// A session.
    Session,
    /// Somebody is about to sign in.
    Door,
    /// The password was right, and the code has not come yet.
    Half,
    /// Somebody is at the provider.
    Provider,
}

/// The names of one desk's cookies.
#[derive(Debug, Clone)]
pub(crate) struct CookieNames {
    mark: String,
}

/// Bytes of a hash that tell the desks of one host apart.
const MARK: usize = 6;

impl CookieNames {
    /// Those of the desk whose people are in this folder: the same at each start, and no other desk's.
    pub(crate) fn of(people: &Path, key: &DeskKey) -> Self {
        let folder = std::fs::canonicalize(people).unwrap_or_else(|_| people.to_owned());
        let hash = Sha256::new()
            .chain_update(b"cookies of the desk\0")
            .chain_update(key.reveal())
            .chain_update(folder.as_os_str().as_encoded_bytes());
        Self { mark: hex::encode(&hash.finalize()[..MARK]) }
    }

    /// A browser takes a name that begins so only over https or on this host, for this very host, and no page elsewhere can
    /// set it.
    pub(crate) fn name(&self, kind: CookieKind) -> String {
        format!("__Host-{kind}-{}", self.mark)
    }
}

impl fmt::Display for CookieKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CookieKind::Session => "desk",
            CookieKind::Door => "door",
            CookieKind::Half => "half",
            CookieKind::Provider => "provider",
        })
    }
}

//! Where a `path` lies that is not on this host, as the configuration says it.

use url::Url;

use crate::export::locate::link_settings::HeaderValue;

/// Files of another host, of which the newest one that matches is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemotePlace {
    /// What stands before a file's name: `s3://bucket`, `sftp://host:22`.
    pub root: String,
    /// The pattern of names below it, without a leading slash; for `sftp` the path on the host.
    pub pattern: String,
    /// Whom to ask, and how.
    pub store: PlaceStore,
}

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceStore {
    /// S3, or a store that speaks as it does.
    S3(S3Place),
    /// Azure Blob Storage.
    Azure(AzurePlace),
    /// SFTP.
    Sftp(SftpPlace),
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Place {
    /// Its name.
    pub bucket: String,
    /// Where it is.
    pub region: String,
    /// Who serves it, where that is not Amazon. https; http only to this machine.
    pub endpoint: Option<Url>,
    /// The key's name.
    pub access_key: HeaderValue,
    /// And the key.
    pub secret_key: HeaderValue,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzurePlace {
    /// Its name.
    pub container: String,
    /// Whose it is.
    pub account: String,
    /// Who serves it, where that is not Azure's public cloud. https; http only to this machine.
    pub endpoint: Option<Url>,
    /// The account's key.
    pub key: HeaderValue,
}

/// A user on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SftpPlace {
    /// The host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user.
    pub user: String,
    /// The one key by which the host is known, as `ssh-keygen -lf` prints it: `SHA256:…`.
    pub host_key: String,
    /// How the user signs in.
    pub sign_in: SftpSignIn,
}

/// How a user signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SftpSignIn {
    /// By a password.
    Password(HeaderValue),
    /// By a private key, and what opens it.
    Key {
        /// OpenSSH's form.
        key: HeaderValue,
        /// What opens it, if it is closed.
        passphrase: Option<HeaderValue>,
    },
}

impl RemotePlace {
    /// A file as a person reads it.
    pub fn shown(&self, name: &str) -> String {
        format!("{}/{}", self.root, name.trim_start_matches('/'))
    }

    /// The folder that is looked into: everything before the first sign of a pattern.
    pub fn folder(&self) -> &str {
        let plain = self.pattern.find(['*', '?', '[']).unwrap_or(self.pattern.len());
        self.pattern[..plain].rfind('/').map_or("", |at| &self.pattern[..at.max(usize::from(at == 0))])
    }
}

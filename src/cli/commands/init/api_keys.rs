//! The API member's keys: where they are, or a pasted one, which is stored and shown nowhere.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, io};

use secrecy::{ExposeSecret as _, SecretString};

use crate::cli::commands::init::new_folder::{Folder, HOME};
use crate::cli::error::CommandError;
use crate::config::secrets;
use crate::config::secrets::SecretSource;
use crate::error_chain::error_chain;

/// One key.
#[derive(Debug)]
pub(super) struct ApiKey {
    /// Where the nightly run finds it; of a pasted one once it is stored.
    pub(super) source: SecretSource,
    /// Whether it is encrypted for this host.
    pub(super) is_encrypted: bool,
    name: &'static str,
    pasted: Option<SecretString>,
}

/// Shorter ones are words: ConnectWise's keys have sixteen characters (seen in the field).
const KEY_MIN: usize = 12;

/// Where a key is, or, where a person may have pasted it, the key.
///
/// # Errors
/// It is neither. The answer is not repeated.
pub(super) fn key(name: &'static str, text: &str, may_be_pasted: bool) -> Result<ApiKey, String> {
    let source = match text.split_once(':') {
        Some((_, "")) => None,
        Some(("credential", name)) => Some(SecretSource::Credential(name.to_owned())),
        Some(("file", path)) => std::path::absolute(path).ok().map(SecretSource::File),
        Some(("env", name)) => Some(SecretSource::Env(name.to_owned())),
        _ => None,
    };
    if let Some(source) = source {
        return Ok(ApiKey { source, is_encrypted: false, name, pasted: None });
    }
    let is_key = text.len() >= KEY_MIN && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match may_be_pasted && is_key {
        true => {
            let source = SecretSource::Credential(name.to_owned());
            Ok(ApiKey { source, is_encrypted: false, name, pasted: Some(SecretString::from(text)) })
        }
        false => {
            Err("says where the key is, and is not the key: credential:NAME, file:PATH or env:VARIABLE".to_owned())
        }
    }
}

impl ApiKey {
    /// The key itself, if it can be read here and now.
    pub(super) fn secret(&self, folder: &Path) -> Result<SecretString, String> {
        match &self.pasted {
            Some(pasted) => Ok(pasted.clone()),
            None => secrets::read(&self.source, folder).map_err(|error| error_chain(&error)),
        }
    }

    /// Whether another command started here could read it.
    pub(super) fn is_readable_here(&self) -> bool {
        !matches!(self.source, SecretSource::Credential(_))
    }

    /// Stores a pasted key: for the service as a credential, encrypted where the host can; elsewhere in a file for its
    /// owner alone.
    ///
    /// # Errors
    /// When it cannot be stored; what was made before is taken back.
    pub(super) fn store(&mut self, folder: &mut Folder) -> Result<(), CommandError> {
        let Some(pasted) = &self.pasted else { return Ok(()) };
        let secret = pasted.expose_secret();
        if folder.path == Path::new(HOME) {
            let file = folder.path.join("credentials").join(self.name);
            self.is_encrypted = encrypted(self.name, secret, &file).is_ok();
            if !self.is_encrypted {
                folder.write_secret(&format!("credentials/{}", self.name), secret)?;
            }
            return Ok(());
        }
        let path = folder.write_secret(&format!("keys/{}", self.name), secret)?;
        self.source = SecretSource::File(path);
        Ok(())
    }
}

/// By the host's TPM, or the key that systemd keeps for it.
fn encrypted(name: &str, secret: &str, file: &Path) -> io::Result<()> {
    if file.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
    let mut child = Command::new("systemd-creds")
        .args(["encrypt", &format!("--name={name}"), "-"])
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(input) = child.stdin.take() {
        { input }.write_all(secret.as_bytes())?;
    }
    match child.wait()?.success() {
        true => fs::set_permissions(file, fs::Permissions::from_mode(0o600)),
        false => Err(io::Error::other("systemd-creds does not encrypt here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a key that a script puts where its place belongs would be stored, and stand in a shell's history as well.
    #[test]
    fn a_pasted_key_is_taken_from_a_person_alone() {
        let pasted = "q1w2e3r4t5y6u7i8";
        let taken = key("cw-public", pasted, true).expect("a key");
        assert_eq!(taken.secret(Path::new("")).expect("pasted").expose_secret(), pasted);
        assert!(!format!("{taken:?}").contains(pasted));
        for (text, person) in [(pasted, false), ("hunter2", true), ("two words in it", true)] {
            assert!(key("cw-public", text, person).is_err_and(|why| !why.contains(text)), "{text}");
        }
        assert!(key("cw-public", "file:", true).is_err());
        assert_eq!(key("x", "env:CW", true).expect("a place").source, SecretSource::Env("CW".to_owned()));
    }

    /// Others on the host must not read it.
    #[test]
    fn a_pasted_key_is_stored_for_its_owner_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let mut folder = Folder::new(place.path()).expect("empty");
        let mut pasted = key("cw-private", "q1w2e3r4t5y6u7i8", true).expect("a key");
        pasted.store(&mut folder).expect("stored");
        let file = place.path().join("keys/cw-private");
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(pasted.source, SecretSource::File(file));
        assert!(pasted.is_readable_here());
    }
}

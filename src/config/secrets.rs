//! Secrets, from where the operator put them, and nowhere else.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::{env, io};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::export::locate::fetch::vendor_sign_in::{LinkSecrets, PlaceSecrets};
use crate::export::locate::link_settings::{Auth, HeaderValue, Link, OAuth2};
use crate::export::locate::place_settings::{AzurePlace, PlaceStore, RemotePlace, S3Place, SftpSignIn};
use crate::replication::settings::ReplicaPlace;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A systemd credential: `$CREDENTIALS_DIRECTORY/NAME`.
    Credential(String),
    /// A file that only its owner may read.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
}

/// How a secret is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// A key or a password.
    One,
    /// A private key of OpenSSH.
    Several,
}

/// A key is a line; more is another file.
const BYTES_MAX: u64 = 64 * 1024;
/// Where systemd puts a unit's credentials.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// The secret, without its trailing line end. A relative path starts from `config_dir`.
///
/// # Errors
/// If it is not there, is empty, or is in a file that others may read. No error shows the secret.
pub fn read(source: &SecretSource, config_dir: &Path) -> Result<SecretString, SecretError> {
    read_with(source, config_dir, &variable, Lines::One)
}

/// What a link sends of secrets, read now: its headers, or what asks for a token.
pub fn of_link(link: &Link) -> Result<LinkSecrets, SecretError> {
    let headers =
        link.headers.iter().map(|(name, written)| Ok((name.clone(), of_value(written, &format!("headers.{name}"))?)));
    let headers = headers.collect::<Result<_, SecretError>>()?;
    let mut secrets = LinkSecrets { headers, ..LinkSecrets::default() };
    let authorized = |value: String| ("Authorization".to_owned(), SecretString::from(value));
    match &link.auth {
        None => {}
        Some(Auth::Basic { user, password }) => {
            let (user, password) = (of_value(user, "auth.basic.user")?, of_value(password, "auth.basic.password")?);
            let both = format!("{}:{}", user.expose_secret(), password.expose_secret());
            secrets.headers.push(authorized(format!("Basic {}", STANDARD.encode(both))));
        }
        Some(Auth::Bearer { scheme, token }) => {
            let token = of_value(token, "auth.bearer")?;
            secrets.headers.push(authorized(format!("{scheme} {}", token.expose_secret())));
        }
        Some(Auth::OAuth2(of)) => {
            let (client_id, client_secret) = (
                of_value(&of.client_id, "auth.oauth2.client_id")?,
                of_value(&of.client_secret, "auth.oauth2.client_secret")?,
            );
            let (token_url, send) = (of.token_url.clone(), of.send);
            let (scope, audience) = (of.scope.clone(), of.audience.clone());
            secrets.token = Some(OAuth2 { token_url, client_id, client_secret, scope, audience, send });
        }
    }
    Ok(secrets)
}

/// What opens a store or another host, read now.
pub fn of_place(place: &RemotePlace) -> Result<LinkSecrets, SecretError> {
    let place = match &place.store {
        PlaceStore::S3(s3) => of_s3(s3)?,
        PlaceStore::Azure(azure) => of_azure(azure)?,
        PlaceStore::Sftp(sftp) => match &sftp.sign_in {
            SftpSignIn::Password(password) => {
                PlaceSecrets::Password { password: of_value(password, "auth.sftp.password")? }
            }
            SftpSignIn::Key { key, passphrase } => {
                let passphrase = passphrase.as_ref().map(|of| of_value(of, "auth.sftp.passphrase")).transpose()?;
                PlaceSecrets::PrivateKey { key: of_value_with(key, "auth.sftp.key", Lines::Several)?, passphrase }
            }
        },
    };
    Ok(LinkSecrets { place: Some(place), ..LinkSecrets::default() })
}

/// What opens the store of copies, read now; `None` for a folder.
pub fn of_replica(place: &ReplicaPlace) -> Result<Option<PlaceSecrets>, SecretError> {
    Ok(match place {
        ReplicaPlace::S3(s3) => Some(of_s3(s3)?),
        ReplicaPlace::Azure(azure) => Some(of_azure(azure)?),
        ReplicaPlace::Folder(_) => None,
    })
}

fn of_s3(s3: &S3Place) -> Result<PlaceSecrets, SecretError> {
    let access_key = of_value(&s3.access_key, "auth.s3.access_key")?;
    Ok(PlaceSecrets::Keys { access_key, secret_key: of_value(&s3.secret_key, "auth.s3.secret_key")? })
}

fn of_azure(azure: &AzurePlace) -> Result<PlaceSecrets, SecretError> {
    Ok(PlaceSecrets::Account { key: of_value(&azure.key, "auth.azure.key")? })
}

fn of_value(value: &HeaderValue, key: &str) -> Result<SecretString, SecretError> {
    of_value_with(value, key, Lines::One)
}

fn of_value_with(value: &HeaderValue, key: &str, lines: Lines) -> Result<SecretString, SecretError> {
    let source = match value {
        HeaderValue::Plain(text) => return Ok(SecretString::from(text.as_str())),
        HeaderValue::Credential(name) => SecretSource::Credential(name.clone()),
        HeaderValue::File(path) => SecretSource::File(path.clone()),
        HeaderValue::Env(name) => SecretSource::Env(name.clone()),
    };
    read_with(&source, Path::new(""), &variable, lines).map_err(|error| error.of(key))
}

/// Why a secret is not used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum SecretError {
    #[error(
        "the credential that it names was not found: CREDENTIALS_DIRECTORY is not set; run it by the systemd unit, or use {{ file = \"…\" }}"
    )]
    NoCredentials,
    /// The variable is not set. What is not there may be the secret itself, written where its name belongs, so its name
    /// is not repeated.
    #[error("the variable that it names is not set")]
    NoVariable,
    /// The file could not be opened or read; its name is not repeated either, only the folder, if there is such a one.
    #[error("the file that it names{} cannot be read", within(.folder.as_deref()))]
    Read { folder: Option<PathBuf>, source: io::Error },
    #[error("`{key}`")]
    Of { key: String, source: Box<SecretError> },
    #[error("the secret file {} is not a regular file", .path.display())]
    NotAFile { path: PathBuf },
    #[error("the secret file {} may be read by others (mode {mode:04o}); run: chmod 600 {}", .path.display(), .path.display())]
    Readable { path: PathBuf, mode: u32 },
    #[error("the secret file {} belongs to user {owner}, neither to this user nor to root", .path.display())]
    ForeignOwner { path: PathBuf, owner: u32 },
    #[error("the secret {subject} is too long to be a key")]
    TooLong { subject: String },
    #[error("the secret {subject} is empty")]
    Empty { subject: String },
    #[error("the secret {subject} is not one line of UTF-8 text")]
    NotText { subject: String },
}

fn within(folder: Option<&Path>) -> String {
    folder.map(|folder| format!(" in {}", folder.display())).unwrap_or_default()
}

impl SecretError {
    /// The same, said of the key that names the secret.
    #[must_use]
    pub fn of(self, key: impl Into<String>) -> Self {
        Self::Of { key: key.into(), source: Box::new(self) }
    }
}

fn read_with(
    source: &SecretSource,
    config_dir: &Path,
    variable: &dyn Fn(&str) -> Option<OsString>,
    lines: Lines,
) -> Result<SecretString, SecretError> {
    match source {
        SecretSource::Credential(name) => {
            let folder = variable(CREDENTIALS_DIRECTORY).filter(|folder| !folder.is_empty());
            let folder = folder.ok_or(SecretError::NoCredentials)?;
            // Who may read it is systemd's business; an access list shows as a group bit there.
            of_file(&Path::new(&folder).join(name), lines, |_, _| Ok(()))
        }
        SecretSource::File(path) => of_file(&config_dir.join(path), lines, owner_only),
        SecretSource::Env(name) => {
            let value = variable(name).ok_or(SecretError::NoVariable)?;
            let value = value.into_string().map(String::into_bytes);
            secret(name, value.map_err(|_| SecretError::NotText { subject: name.clone() })?, lines)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

fn of_file(
    path: &Path,
    lines: Lines,
    check: impl FnOnce(&Path, &File) -> Result<(), SecretError>,
) -> Result<SecretString, SecretError> {
    let unreadable = |source: io::Error| match source.raw_os_error() {
        Some(libc::ELOOP | libc::ENXIO) => SecretError::NotAFile { path: path.to_owned() },
        _ => SecretError::Read { folder: folder_of(path), source },
    };
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(SecretError::NotAFile { path: path.to_owned() });
    }
    check(path, &file)?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    secret(&path.display().to_string(), bytes, lines)
}

/// The folder of a file, where there is one of that name: then it is no part of a key.
fn folder_of(path: &Path) -> Option<PathBuf> {
    path.parent().filter(|folder| folder.is_dir()).map(Path::to_owned)
}

/// Neither group nor others have any right to it, and it belongs to this user or to root.
fn owner_only(path: &Path, file: &File) -> Result<(), SecretError> {
    let unreadable = |source| SecretError::Read { folder: folder_of(path), source };
    let metadata = file.metadata().map_err(unreadable)?;
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    if mode & 0o077 != 0 {
        return Err(SecretError::Readable { path: path.to_owned(), mode });
    }
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(SecretError::ForeignOwner { path: path.to_owned(), owner });
    }
    Ok(())
}

fn secret(subject: &str, bytes: Vec<u8>, lines: Lines) -> Result<SecretString, SecretError> {
    let subject = || subject.to_owned();
    if u64::try_from(bytes.len()).is_ok_and(|length| length > BYTES_MAX) {
        return Err(SecretError::TooLong { subject: subject() });
    }
    let text = String::from_utf8(bytes).map_err(|_| SecretError::NotText { subject: subject() })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    match text {
        _ if text.trim().is_empty() => Err(SecretError::Empty { subject: subject() }),
        _ if lines == Lines::Several && !text.contains('\0') => Ok(SecretString::from(text)),
        _ if text.contains(char::is_control) => Err(SecretError::NotText { subject: subject() }),
        _ => Ok(SecretString::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn written(folder: &Path, name: &str, bytes: &[u8], mode: u32) -> SecretSource {
        let path = folder.join(name);
        fs::write(&path, bytes).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("restricted");
        SecretSource::File(PathBuf::from(name))
    }

    #[test]
    fn a_key_is_its_file_without_the_line_end() {
        let folder = tempfile::tempdir().expect("a folder");
        for bytes in ["key 1", "key 1\n", "key 1\r\n", "\u{feff}key 1\n"] {
            let source = written(folder.path(), "key", bytes.as_bytes(), 0o600);
            assert_eq!(read(&source, folder.path()).expect("a key").expose_secret(), "key 1");
        }
        for bytes in ["", "\n", " \r\n", "two\nlines\n", "\0"] {
            let source = written(folder.path(), "key", bytes.as_bytes(), 0o600);
            assert!(read(&source, folder.path()).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_and_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        for mode in [0o644, 0o640, 0o604, 0o620] {
            let source = written(folder.path(), "key", b"hunter2", mode);
            let error = read(&source, folder.path()).expect_err("readable");
            assert!(matches!(&error, SecretError::Readable { mode: found, .. } if *found == mode), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        let good = written(folder.path(), "good", b"hunter2", 0o400);
        assert!(read(&good, folder.path()).is_ok());
        assert!(!format!("{:?}", read(&good, folder.path())).contains("hunter2"));
        std::os::unix::fs::symlink(folder.path().join("good"), folder.path().join("link")).expect("a link");
        for name in ["link", "."] {
            let error = read(&SecretSource::File(name.into()), folder.path()).expect_err(name);
            assert!(matches!(error, SecretError::NotAFile { .. }), "{error}");
        }
    }

    #[test]
    fn credentials_and_variables_are_looked_up_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        written(folder.path(), "cw-public", b"from systemd\n", 0o440);
        let variable = |name: &str| match name {
            "CREDENTIALS_DIRECTORY" => Some(OsString::from(folder.path())),
            "CW_KEY" => Some(OsString::from("from the environment")),
            _ => None,
        };
        let read = |source| {
            let read = read_with(&source, Path::new("/nowhere"), &variable, Lines::One);
            read.map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(read(SecretSource::Credential("cw-public".into())).expect("there"), "from systemd");
        assert_eq!(read(SecretSource::Env("CW_KEY".into())).expect("there"), "from the environment");
        assert!(matches!(read(SecretSource::Credential("other".into())), Err(SecretError::Read { .. })));
        assert!(matches!(read(SecretSource::Env("OTHER".into())), Err(SecretError::NoVariable)));
        let none = read_with(&SecretSource::Credential("x".into()), Path::new(""), &|_| None, Lines::One);
        assert!(matches!(none, Err(SecretError::NoCredentials)));
    }

    /// A key that was pasted where its name belongs would stand in the journal, the report, the mail and the history.
    #[test]
    fn a_key_in_the_place_of_its_name_is_not_repeated() {
        const KEY: &str = "k9Xv/Q2mZtR4uWb7=";
        let credentials = |_: &str| Some(OsString::from("/nowhere"));
        let pasted =
            [SecretSource::File(KEY.into()), SecretSource::Credential(KEY.into()), SecretSource::Env(KEY.into())];
        for source in pasted {
            for variable in [&(|_: &str| None) as &dyn Fn(&str) -> Option<OsString>, &credentials] {
                let Err(error) = read_with(&source, Path::new("/etc/recount"), variable, Lines::One) else { continue };
                let error = error.of("private_key");
                let said = format!("{} {error:?}", crate::error_chain::error_chain(&error));
                assert!(!said.contains("k9Xv") && said.contains("private_key"), "{said}");
            }
        }
    }
}

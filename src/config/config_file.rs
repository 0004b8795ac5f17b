//! One file of a configuration, read as text.

use std::path::Path;
use std::{fs, io};

use crate::config::error::ConfigError;
use crate::export::format::encoding::text;

/// A configuration is a page or two; what is longer is another file.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The bytes of a small regular file.
pub(in crate::config) fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let unreadable = |error: io::Error| ConfigError {
        is_denied: error.kind() == io::ErrorKind::PermissionDenied,
        ..ConfigError::of_file(path.to_owned(), format!("cannot be read: {error}"))
    };
    let refused = |message: &str| ConfigError::of_file(path.to_owned(), message.to_owned());
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(refused("is not a regular file"));
    }
    if metadata.len() > BYTES_MAX {
        return Err(refused("is larger than 4 MiB, the limit"));
    }
    fs::read(path).map_err(unreadable)
}

/// Bytes as text, without a byte order mark.
pub(in crate::config) fn decoded<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, ConfigError> {
    text(bytes).map_err(|(place, damage)| ConfigError {
        line: place.line,
        ..ConfigError::of_file(path.to_owned(), damage.to_string())
    })
}

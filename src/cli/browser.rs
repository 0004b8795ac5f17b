//! Shows a file in the browser of whoever typed the command.

use std::path::Path;
use std::process::{Command, Stdio};

/// Programs that open a file, by the systems that have them.
const OPENERS: [&str; 3] = ["xdg-open", "open", "wslview"];

/// Opens the file; `false` where nothing here can.
pub(crate) fn open(path: &Path) -> bool {
    OPENERS.into_iter().any(|opener| {
        let mut command = Command::new(opener);
        command.arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    })
}

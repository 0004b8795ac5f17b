//! Where products go: stdout. A closed pipe (`| head`) is no failure.

use std::borrow::Cow;
use std::io;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::cli::arguments::global_options::{Colour, Global};
use crate::config::environment;
use crate::report::exit_codes::Exit;
use crate::report::format::ascii::ascii;
use crate::report::format::json::Envelope;
use crate::report::format::paint::Paint;

/// How a command speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    /// One JSON document instead of text.
    pub(crate) json: bool,
    /// Only what somebody has to read.
    pub(crate) quiet: bool,
    /// Colour or none.
    pub(crate) paint: Paint,
    /// Nothing but ASCII.
    ascii: bool,
}

impl Console {
    pub(crate) fn new(global: &Global) -> Self {
        let on = match global.color {
            _ if environment::no_color() => false,
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => std::io::stdout().is_terminal(),
        };
        Self { json: global.json, quiet: global.quiet, paint: Paint { on }, ascii: global.ascii }
    }

    /// One on which runs are not shown.
    pub(crate) fn unheard(self) -> Self {
        Self { json: true, ..self }
    }

    /// Text, on stdout.
    pub(crate) fn print(&self, text: &str) {
        write(self.signs(text).as_bytes());
    }

    /// One document, on stdout.
    pub(crate) fn document(&self, exit: Exit, body: &impl Serialize) {
        document(exit, body);
    }

    /// What a command found: as one document, or as this text; and its exit.
    pub(crate) fn show(&self, exit: Exit, body: &impl Serialize, text: impl FnOnce() -> String) -> Exit {
        match self.json {
            true => self.document(exit, body),
            false => self.print(&text()),
        }
        exit
    }

    /// Text, on stderr: what went wrong.
    pub(crate) fn complain(&self, text: &str) {
        let _ = std::io::stderr().lock().write_all(self.signs(text).as_bytes());
    }

    fn signs<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.ascii { Cow::Owned(ascii(text)) } else { Cow::Borrowed(text) }
    }
}

/// One document, on stdout; for whoever has no console yet.
pub(crate) fn document(exit: Exit, body: &impl Serialize) {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = serde_json::to_writer_pretty(&mut out, &Envelope::new(exit, body)).map_err(io::Error::from);
    written_or_noted(written.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()));
}

fn write(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    written_or_noted(out.write_all(bytes).and_then(|()| out.flush()));
}

/// What was done, for whoever cannot be shown it.
static DONE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes what is on record now, whatever becomes of the output.
pub(crate) fn note_done(what: String) {
    if let Ok(mut done) = DONE.lock() {
        done.push(what);
    }
}

/// Whether anything that was to be printed is lost.
static IS_LOST: AtomicBool = AtomicBool::new(false);

/// A reader that has seen enough is no failure; a full disk behind `>` is one, and is told once.
fn written_or_noted(written: io::Result<()>) {
    let Err(error) = written else { return };
    if error.kind() != io::ErrorKind::BrokenPipe && !IS_LOST.swap(true, Ordering::Relaxed) {
        let _ = writeln!(std::io::stderr(), "recount: the output cannot be written: {error}; what was done is done");
    }
}

/// Once, at the end: what the lost output would have said.
fn tell_what_was_done() {
    let done = DONE.lock().map(|done| done.clone()).unwrap_or_default();
    let mut err = std::io::stderr().lock();
    for what in &done {
        let _ = writeln!(err, "recount: {what}");
    }
    if !done.is_empty() {
        let _ = writeln!(err, "fix: recount report");
    }
}

/// The exit of the process: what went well and could not be printed is no success.
pub(crate) fn heard(exit: Exit) -> Exit {
    if !IS_LOST.load(Ordering::Relaxed) {
        return exit;
    }
    tell_what_was_done();
    if exit == Exit::Done { Exit::Unexpected } else { exit }
}

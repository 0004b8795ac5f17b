//! The program as a process: what it said, and how it is ended.

use std::io::Read as _;
use std::process::{Child, Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// One command and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) arguments: String,
    /// The exit code; -1 when a signal ended it.
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(super) fn of(arguments: &[&str], output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program speaks UTF-8");
        Self {
            arguments: arguments.join(" "),
            exit: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// The document on stdout; the whole of it.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{self:#?}"))
    }

    /// The first run of the document.
    pub(crate) fn first_run(&self) -> Value {
        self.json()["runs"][0].clone()
    }

    /// The outcome of a line, by agreement and product.
    pub(crate) fn outcome(&self, agreement: i64, product: &str) -> String {
        let run = self.first_run();
        let lines = run["lines"].as_array().cloned().unwrap_or_default();
        let line = lines.iter().find(|line| line["agreement_id"] == agreement && line["product"] == product);
        line.and_then(|line| line["outcome"].as_str()).unwrap_or("no such line").to_owned()
    }

    /// The codes of the findings.
    pub(crate) fn codes(&self) -> Vec<String> {
        let run = self.first_run();
        let findings = run["findings"].as_array().cloned().unwrap_or_default();
        findings.iter().filter_map(|finding| finding["code"].as_str()).map(str::to_owned).collect()
    }

    /// Panics with everything that is known, unless it exited like this.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.exit, code, "recount {}\n{}\n{}", self.arguments, self.out, self.err);
        self
    }
}

/// A program that was started and has not been waited for.
pub(crate) struct Running {
    child: Option<Child>,
    arguments: String,
}

impl Running {
    pub(super) fn new(child: Child, arguments: &[&str]) -> Self {
        Self { child: Some(child), arguments: arguments.join(" ") }
    }

    /// SIGKILL: nothing in the program has a say.
    pub(crate) fn kill(mut self) -> Said {
        self.child.as_mut().expect("still there").kill().expect("killed");
        self.end()
    }

    /// `TERM` or `INT`: the wish to stop.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.as_ref().expect("still there").id();
        let asked = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().expect("a shell");
        assert!(asked.success());
    }

    /// Whether it is over.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.as_mut().expect("still there").try_wait().expect("its state").is_some()
    }

    /// Waits for its end, with nobody at the other end of its stdout and its stderr.
    pub(crate) fn end_unread(mut self) -> Said {
        let mut child = self.child.take().expect("still there");
        drop((child.stdout.take(), child.stderr.take()));
        let output = child.wait_with_output().expect("its end");
        Said { arguments: self.arguments.clone(), ..Said::of(&[], &output) }
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Said {
        let mut child = self.child.take().expect("still there");
        let mut err = child.stderr.take().expect("a pipe");
        let reading = thread::spawn(move || {
            let mut text = Vec::new();
            err.read_to_end(&mut text).expect("read");
            text
        });
        let mut output = child.wait_with_output().expect("its end");
        output.stderr = reading.join().expect("read");
        Said { arguments: self.arguments.clone(), ..Said::of(&[], &output) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // A test that failed leaves nothing behind.
            let _ = child.kill().and_then(|()| child.wait().map(drop));
        }
    }
}

/// Waits until another process has done something. Only a hang is a failure; how long it takes is nobody's business.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(60), "still waiting: {what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}

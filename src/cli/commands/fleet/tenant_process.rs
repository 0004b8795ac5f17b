//! One tenant's command, in a process of its own: its panic, its memory, its keys and its hang are nobody else's.

use std::cell::RefCell;
use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::apply::stop_signal::Stop;
use crate::cli::commands::fleet::tenants::Tenant;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;

/// How a tenant's command ended.
#[derive(Debug)]
pub(super) struct TenantEnd {
    pub(super) tenant: Tenant,
    pub(super) exit: Exit,
    /// What it printed.
    pub(super) out: String,
    /// What it complained of.
    pub(super) err: String,
    /// Why it has no exit code of its own.
    pub(super) why: Option<String>,
    pub(super) took: Duration,
}

impl TenantEnd {
    /// One whose command was not begun.
    pub(super) fn not_begun(tenant: Tenant, why: String) -> Self {
        let (out, err, why, took) = (String::new(), String::new(), Some(why), Duration::ZERO);
        Self { tenant, exit: Exit::Config, out, err, why, took }
    }
}

/// What is asked of each tenant.
#[derive(Debug, Clone)]
pub(super) struct TenantRequest {
    pub(super) words: Vec<OsString>,
    pub(super) limit: Duration,
}

/// What a tenant says beyond this is cut off: its reports have all of it.
const SAID_MAX: usize = 64 * 1024 * 1024;
/// Read at a time.
const PIECE: usize = 64 * 1024;
/// After the wish to stop, the line in flight is finished (`request_timeout` is 60 s by default). Less than the 90 s after which
/// a service manager kills all of it: what came of the others is told before that.
const GRACE: Duration = Duration::from_secs(75);
/// After which one that was killed, and does not end (its disk does not answer), keeps nobody waiting.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// Runs a tenant's command to its end, or to the end of its time.
pub(super) async fn run_tenant(tenant: Tenant, order: &TenantRequest, stop: &Stop) -> TenantEnd {
    if let Some(signal) = stop.signal() {
        return TenantEnd { exit: stopped(signal), ..TenantEnd::not_begun(tenant, "not begun any more".to_owned()) };
    }
    let began = Instant::now();
    let (exit, out, err, why) = match spent(&tenant, order, stop).await {
        Ok(spent) => spent.told(),
        Err(error) => (Exit::Unexpected, String::new(), String::new(), Some(format!("cannot start: {error}"))),
    };
    TenantEnd { tenant, exit, out, err, why, took: began.elapsed() }
}

fn stopped(signal: i32) -> Exit {
    Exit::Signal(u8::try_from(signal).unwrap_or_default())
}

struct Spent {
    /// Nothing for one that did not even end when it was killed.
    status: Option<ExitStatus>,
    out: String,
    err: String,
    /// By which signal it was told to stop.
    told: Option<i32>,
    why: Option<String>,
}

impl Spent {
    /// One that was told to stop, and had no time for an exit code of its own, was interrupted, whatever it took to end it.
    fn told(self) -> (Exit, String, String, Option<String>) {
        let Spent { status, out, err, told, why } = self;
        let code = status.and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
        let exit = match (code, told) {
            (Some(code), _) => Exit::of_code(code),
            (None, Some(signal)) => stopped(signal),
            (None, None) => Exit::Unexpected,
        };
        let ended = status.filter(|_| code.is_none()).map(|status| format!("its process ended by a signal ({status})"));
        let stays = status.is_none().then(|| "its process was killed, and has not ended yet".to_owned());
        let all: Vec<String> = [why, ended, stays].into_iter().flatten().collect();
        (exit, out, err, Some(all.join(", ")).filter(|all| !all.is_empty()))
    }
}

async fn spent(tenant: &Tenant, order: &TenantRequest, stop: &Stop) -> std::io::Result<Spent> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(&order.words).arg("--of-fleet").arg("--config").arg(tenant.configuration());
    // The folder of one tenant is no place for the summary of a build, and no other tenant's file is meant.
    command.current_dir(&tenant.folder).env_remove("RECOUNT_CONFIG").env_remove("RECOUNT_DESK");
    command.env_remove("GITHUB_STEP_SUMMARY");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let (pid, out, err) = (child.id(), child.stdout.take(), child.stderr.take());
    let (said, complained) = (Kept::default(), Kept::default());
    let whole = async {
        let (_, _, status) = tokio::join!(read_output(out, &said), read_output(err, &complained), child.wait());
        status
    };
    tokio::pin!(whole);
    let (told, why) = tokio::select! {
        status = &mut whole => {
            let (out, err) = (text(&said), text(&complained));
            return Ok(Spent { status: Some(status?), out, err, told: None, why: None });
        }
        () = tokio::time::sleep(order.limit) => {
            let seconds = usize::try_from(order.limit.as_secs()).unwrap_or(usize::MAX);
            (Signal::TERM.as_raw(), Some(format!("stopped after {}", plural(seconds, "second"))))
        }
        () = stop.wait() => (stop.signal().unwrap_or(Signal::TERM.as_raw()), None),
    };
    send(pid, Signal::TERM);
    let ended = match tokio::time::timeout(GRACE, &mut whole).await {
        Ok(ended) => Some(ended),
        Err(_) => {
            send(pid, Signal::KILL);
            tokio::time::timeout(AFTER_KILL, &mut whole).await.ok()
        }
    };
    Ok(Spent { status: ended.transpose()?, out: text(&said), err: text(&complained), told: Some(told), why })
}

/// It may have ended by itself.
fn send(pid: Option<u32>, signal: Signal) {
    let pid = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    let _ = pid.map(|pid| kill_process(pid, signal));
}

/// What was read so far of a process.
type Kept = RefCell<Vec<u8>>;

fn text(kept: &Kept) -> String {
    String::from_utf8_lossy(&kept.borrow()).into_owned()
}

/// Read to the end, so that nobody waits for a full pipe; kept up to a limit.
async fn read_output(pipe: Option<impl AsyncRead + Unpin>, kept: &Kept) {
    let Some(mut pipe) = pipe else { return };
    let mut piece = vec![0; PIECE];
    while let Ok(length) = pipe.read(&mut piece).await
        && length > 0
    {
        let mut kept = kept.borrow_mut();
        let room = SAID_MAX.saturating_sub(kept.len());
        kept.extend_from_slice(&piece[..length.min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::path::PathBuf;

    use super::*;

    fn ended(status: Option<i32>, told: Option<i32>) -> Exit {
        let status = status.map(ExitStatus::from_raw);
        Spent { status, out: String::new(), err: String::new(), told, why: None }.told().0
    }

    /// Who is woken by it would look for a crash where a tenant's ConnectWise was slow.
    #[test]
    fn a_tenant_that_was_told_to_stop_is_interrupted_whatever_ended_it() {
        let term = Some(Signal::TERM.as_raw());
        assert_eq!(ended(Some(Signal::TERM.as_raw()), term), Exit::Signal(15), "before it could listen");
        assert_eq!(ended(Some(Signal::KILL.as_raw()), term), Exit::Signal(15), "it did not listen");
        assert_eq!(ended(None, term), Exit::Signal(15), "not even killed does it end");
        assert_eq!(ended(Some(5 << 8), term), Exit::Partial, "what it says itself goes before");
        assert_eq!(ended(Some(Signal::KILL.as_raw()), None), Exit::Unexpected, "nobody told it to");
    }

    /// Otherwise a fleet of hundreds that is stopped begins each of them to kill it at once, and tells of a hundred crashes.
    #[tokio::test]
    async fn who_has_not_begun_when_the_fleet_is_stopped_is_not_begun() {
        let (sender, stop) = Stop::new();
        sender.send(Some(Signal::INT.as_raw())).expect("heard");
        let tenant = Tenant { name: "acme".to_owned(), folder: PathBuf::from("/nowhere/acme") };
        let order = TenantRequest { words: Vec::new(), limit: Duration::MAX };
        let end = run_tenant(tenant, &order, &stop).await;
        assert_eq!((end.exit, end.why.as_deref()), (Exit::Signal(2), Some("not begun any more")));
    }
}

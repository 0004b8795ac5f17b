//! One tenant's command, in a process of its own: its panic, its memory, its keys and its hang are nobody else's.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::apply::stop_signal::Stop;
use crate::cli::commands::fleet::tenants::Tenant;
use crate::report::exit_codes::Exit;

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
const SAID_MAX: u64 = 64 * 1024 * 1024;
/// After the wish to stop, the line in flight is finished.
const GRACE: Duration = Duration::from_secs(90);

/// Runs a tenant's command to its end, or to the end of its time.
pub(super) async fn run_tenant(tenant: Tenant, order: &TenantRequest, stop: &Stop) -> TenantEnd {
    let began = Instant::now();
    let (exit, out, err, why) = match spent(&tenant, order, stop).await {
        Ok(Spent { status, out, err, why }) => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            let why = why.or_else(|| code.is_none().then(|| format!("its process ended by a signal ({status})")));
            (code.map_or(Exit::Unexpected, Exit::of_code), out, err, why)
        }
        Err(error) => (Exit::Unexpected, String::new(), String::new(), Some(format!("cannot start: {error}"))),
    };
    TenantEnd { tenant, exit, out, err, why, took: began.elapsed() }
}

struct Spent {
    status: ExitStatus,
    out: String,
    err: String,
    why: Option<String>,
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
    let whole = async { tokio::join!(read_output(out), read_output(err), child.wait()) };
    tokio::pin!(whole);
    let why = tokio::select! {
        (out, err, status) = &mut whole => return Ok(Spent { status: status?, out, err, why: None }),
        () = tokio::time::sleep(order.limit) => Some(format!("stopped after {} seconds", order.limit.as_secs())),
        () = stop.wait() => None,
    };
    send(pid, Signal::TERM);
    let ended = tokio::select! {
        ended = &mut whole => ended,
        () = tokio::time::sleep(GRACE) => {
            send(pid, Signal::KILL);
            whole.await
        }
    };
    let (out, err, status) = ended;
    Ok(Spent { status: status?, out, err, why })
}

/// It may have ended by itself.
fn send(pid: Option<u32>, signal: Signal) {
    let pid = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    let _ = pid.map(|pid| kill_process(pid, signal));
}

/// Read to the end, so that nobody waits for a full pipe; kept up to a limit.
async fn read_output(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut pipe) = pipe else { return String::new() };
    let mut kept = Vec::new();
    let read = (&mut pipe).take(SAID_MAX).read_to_end(&mut kept).await;
    if read.is_ok() {
        let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    }
    String::from_utf8_lossy(&kept).into_owned()
}

//! SIGINT, SIGTERM, and SIGHUP of a terminal that is gone: the wish to stop, passed on to whoever is at work.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::apply::stop_signal::Stop;
use crate::report::exit_codes::Exit;

/// A wish that the signals make. Has to be called within a tokio runtime.
///
/// # Errors
/// The system's, if it does not let the signals be heard.
pub(crate) fn stop_on_signals() -> std::io::Result<Stop> {
    let (sender, stop) = Stop::new();
    let mut heard = StopSignals {
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
        // Who began it with nohup wants it to go on.
        hangup: if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) },
    };
    tokio::spawn(async move {
        let asked = heard.first().await;
        // Nobody listens any more: then there is nothing to stop.
        let _ = sender.send(Some(asked));
        // Later signals are heard and change nothing: the line in flight is finished.
        loop {
            heard.first().await;
        }
    });
    Ok(stop)
}

/// How a command ends that is there until it is told to stop: well, unless a hangup told it. Whoever sent that by habit, to
/// have files read again, wants it to go on, and a service manager begins what did not end well anew.
pub(crate) fn end_of_service(stop: &Stop) -> Exit {
    let hangup = SignalKind::hangup().as_raw_value();
    match stop.signal() {
        Some(signal) if signal == hangup => {
            tracing::warn!(
                "ended by SIGHUP (exit code 129); nothing has to be reloaded: files are read when a night begins"
            );
            Exit::Signal(u8::try_from(signal).unwrap_or_default())
        }
        Some(signal) => {
            tracing::info!("told to stop by signal {signal}");
            Exit::Done
        }
        None => Exit::Done,
    }
}

struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl StopSignals {
    async fn first(&mut self) -> i32 {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
            _ = hangup => SignalKind::hangup().as_raw_value(),
        }
    }
}

/// Whether SIGHUP, the first of the signals, is ignored from the start.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

//! SIGINT and SIGTERM: the wish to stop, passed on to whoever is at work.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::apply::stop::Stop;

/// A wish that the two signals make. Has to be called within a tokio runtime.
///
/// # Errors
/// The system's, if it does not let the signals be heard.
pub(crate) fn stop_on_signals() -> std::io::Result<Stop> {
    let (sender, stop) = Stop::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        let asked = first(&mut interrupt, &mut terminate).await;
        // Nobody listens any more: then there is nothing to stop.
        let _ = sender.send(Some(asked));
        // Later signals are heard and change nothing: the line in flight is finished.
        loop {
            first(&mut interrupt, &mut terminate).await;
        }
    });
    Ok(stop)
}

async fn first(interrupt: &mut Signal, terminate: &mut Signal) -> i32 {
    tokio::select! {
        _ = interrupt.recv() => SignalKind::interrupt().as_raw_value(),
        _ = terminate.recv() => SignalKind::terminate().as_raw_value(),
    }
}

//! How the daemon can fail.

use tokio_cron_scheduler::JobSchedulerError;

/// Why the daemon ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The jobs could not be given to the scheduler.
    #[error("the scheduler did not start")]
    Start(#[source] JobSchedulerError),
    /// The scheduler was lost while the daemon ran.
    #[error("the scheduler stopped")]
    Lost,
    /// The scheduler did not shut down.
    #[error("the scheduler did not shut down")]
    Stop(#[source] JobSchedulerError),
}

//! Logs: to stderr, for the engineer. Reports are products and go to stdout.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Warnings only; `-v` says what is being done, `-vv` how. `RUST_LOG` overrides, `RUST_LOG_FORMAT=json` for machines.
pub(crate) fn init(verbose: u8) {
    let level = match verbose {
        // The certificate verifier logs as an error what the report says as well.
        0 => "warn,rustls_platform_verifier=off",
        1 => "recount=info,warn",
        _ => "recount=debug,info",
    };
    let filter = crate::config::environment::log_filter().unwrap_or_else(|| level.to_owned());
    let filter = EnvFilter::try_new(&filter).unwrap_or_else(|_| EnvFilter::new(level));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // It would tell of a stderr that nobody reads on that stderr, and panic in the middle of a night.
        .log_internal_errors(false)
        // tracing-subscriber colours files as well, if it is not told.
        .with_ansi(std::io::stderr().is_terminal());
    // A second call, as tests make it, finds the first one's logs, which is as good.
    let _ = if crate::config::environment::log_format_is_json() {
        logs.json().try_init()
    } else {
        logs.without_time().try_init()
    };
}

//! The desk in a real browser: Debian's chromium and its driver, and the accessibility checker from npm.
//!
//! A package of its own, which `cargo test` leaves out: `.ci/run browser` installs what it needs and runs it.

mod axe;
mod chrome;
#[path = "../desk/client.rs"]
#[expect(dead_code, reason = "the other test binary uses the rest of it")]
mod client;
mod keys;
mod mails;
mod morning;
mod picker;
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other test binary uses the rest of it")]
mod support;
mod tab;
mod tenants;
mod viewer;

/// The folder of npm's modules that `.ci/run browser` installs.
#[expect(clippy::disallowed_methods, reason = "where npm's modules are is told by whoever starts the test")]
fn modules() -> std::path::PathBuf {
    std::env::var_os("NODE_MODULES").expect("NODE_MODULES: the folder of npm's modules; see .ci/run").into()
}

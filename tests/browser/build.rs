//! Where the program is that the tests start: beside what is built here.

fn main() {
    let profile = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/debug/recount");
    println!("cargo::rustc-env=CARGO_BIN_EXE_recount={}", profile.display());
    println!("cargo::rerun-if-changed=build.rs");
}

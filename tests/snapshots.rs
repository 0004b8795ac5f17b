//! Where snapshots live: all in `snapshots/` at the top of the repository, named by the test and not by its module.

use std::path::Path;

/// Settings under which every snapshot of this repository is taken: `snapshot_settings().bind(|| assert_snapshot!(…))`.
pub(crate) fn snapshot_settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

/// Otherwise whoever pastes what is advised into a shell would run every alternative of it, and one stops a bill.
#[test]
fn no_remedy_is_a_pipeline() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let files: Vec<_> = folder.read_dir().expect("the snapshots").map(|file| file.expect("a file").path()).collect();
    assert!(!files.is_empty(), "the snapshots were not found");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a text");
        let line = text.lines().find(|line| line.contains("| recount"));
        assert_eq!(line, None, "{}", file.display());
    }
}

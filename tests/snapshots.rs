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

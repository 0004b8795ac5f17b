//! The security role to click together in ConnectWise. docs/connectwise-roles.md says more; a test compares the two.

/// A module of the role editor, and its levels to observe, to change quantities, and to create lines as well.
const ROLE: &[(&str, [&str; 3])] = &[
    ("Companies > Company Maintenance", ["Inquire", "Inquire", "Inquire"]),
    ("Finance > Agreements", ["Inquire", "Inquire, Edit", "Inquire, Edit, Add"]),
    ("Procurement > Product Catalog", ["Inquire", "Inquire", "Inquire"]),
    ("Procurement > Products", ["Inquire", "Inquire", "Inquire"]),
    ("System > Table Setup", ["Inquire", "Inquire", "Inquire"]),
];

/// As a table of at most 80 columns.
pub(super) fn table() -> String {
    let row = |module: &str, [observe, change, create]: [&str; 3]| {
        format!("  {module:<33}{observe:<12}{change:<15}{create}\n")
    };
    let rows: String = ROLE.iter().map(|(module, levels)| row(module, *levels)).collect();
    row("", ["to observe", "to change", "to create"]) + &rows
}

//! The command line: clap types, exit codes, one file per command. The only place that wires real parts together.

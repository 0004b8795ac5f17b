//! What can be typed behind `init`, so that it need not be asked.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder to write into
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub(super) dir: PathBuf,
    /// Region of your ConnectWise: na, eu, au, aus, za
    #[arg(long, value_name = "REGION")]
    pub(super) site: Option<String>,
    /// Address of your own ConnectWise server, instead of --site
    #[arg(long, value_name = "URL", conflicts_with = "site")]
    pub(super) url: Option<String>,
    /// Company id of the login screen
    #[arg(long, value_name = "ID")]
    pub(super) company: Option<String>,
    /// Client id from developer.connectwise.com
    #[arg(long, value_name = "ID")]
    pub(super) client_id: Option<String>,
    /// Where the public key is: `credential:NAME`, `file:PATH` or `env:VARIABLE`
    #[arg(long, value_name = "WHERE")]
    pub(super) public_key: Option<String>,
    /// Where the private key is, likewise
    #[arg(long, value_name = "WHERE")]
    pub(super) private_key: Option<String>,
    #[command(flatten)]
    pub(super) vendor: VendorOptions,
    /// What commands and reports call it
    #[arg(long, value_name = "NAME")]
    pub(super) integration: Option<String>,
    /// Time of the nightly run: 06:15, or 7am
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<String>,
    /// Time zone of that time
    #[arg(long, value_name = "ZONE")]
    pub(super) zone: Option<String>,
    /// Ask nothing; take the proposals for what is not given
    #[arg(long)]
    pub(super) yes: bool,
}

/// What counts where no column does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli::commands) enum CountBy {
    /// Each row is one: a device, a mailbox, a user
    Rows,
}

/// One vendor: the same for `init` and for `integrations add`.
#[derive(Debug, Args)]
pub(in crate::cli::commands) struct VendorOptions {
    /// The vendor's export: a file, a pattern in quotes, or a link
    #[arg(long, value_name = "EXPORT")]
    pub(super) export: Option<String>,
    /// How it is read; without it the one profile that fits, else three columns
    #[arg(long, value_name = "NAME", conflicts_with_all = ["customer_column", "service_column", "count_column", "count_by"])]
    pub(super) profile: Option<String>,
    /// Its column of the customer
    #[arg(long, value_name = "COLUMN")]
    pub(super) customer_column: Option<String>,
    /// Its column of the service
    #[arg(long, value_name = "COLUMN")]
    pub(super) service_column: Option<String>,
    /// Its column of the count
    #[arg(long, value_name = "COLUMN", conflicts_with = "count_by")]
    pub(super) count_column: Option<String>,
    /// Instead of a column of the count: each row is one
    #[arg(long, value_enum)]
    pub(super) count_by: Option<CountBy>,
    /// Type of the agreements that it bills
    #[arg(long, value_name = "TYPE")]
    pub(super) agreement_type: Option<String>,
    /// observe: plans and reports; apply: writes; off
    #[arg(long, value_name = "MODE", value_parser = ["observe", "apply", "off"])]
    pub(super) mode: Option<String>,
}

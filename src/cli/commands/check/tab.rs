//! What `recount check` says of the tab in ConnectWise: how it is set up there, and who will see it.

use url::Url;

use crate::cli::commands::check::check_output::CheckList;
use crate::config::desk_settings::{TabConfig, TabMembers};
use crate::config::settings::Config;
use crate::report::numbers_and_dates::plural;

/// The name of this check.
const TAB: &str = "tab";

impl CheckList {
    pub(super) fn desk(&mut self, config: &Config) {
        let desk = config.desk.as_ref();
        let Some((tab, url)) = desk.and_then(|desk| Some((desk.tab.as_ref()?, desk.url.as_ref()?))) else { return };
        let plain = if url.scheme() == "https" { "" } else { "; a page of ConnectWise frames https alone" };
        self.note(TAB, format!("{}{plain}", set_up(tab, url)));
    }
}

/// What is entered in ConnectWise; that it works there nobody can see from here.
fn set_up(tab: &TabConfig, url: &Url) -> String {
    // A tenant's desk stands under a path; an origin has none.
    let (desk, origin) = (url.as_str().trim_end_matches('/'), url.origin().ascii_serialization());
    let seen = match &tab.members {
        TabMembers::All => format!("every member that {} vouches for", tab.connectwise),
        TabMembers::Named(named) => plural(named.len(), "member"),
    };
    format!(
        "{} may frame it, {seen} may see it; in ConnectWise: Setup Tables, Manage Hosted API, screen Company, type Tab, \
         URL {desk}/tab?id=[cw_id]&screen=company, origin {origin}; not tried from here",
        tab.origins.join(", ")
    )
}

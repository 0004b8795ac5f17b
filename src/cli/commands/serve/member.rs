//! Who looks at the tab: named by the configuration, and vouched for by ConnectWise.

use crate::cli::session;
use crate::config::settings::Config;
use crate::connectwise::hosted::HostedMember;
use crate::web::desk::host::member::{MemberClaim, Vouched};

/// Whether they may see it. Whatever cannot be made out is a no.
pub(super) fn vouched(config: Option<&Config>, claim: &MemberClaim) -> Vouched {
    let Some(config) = config else { return Vouched::Unknown };
    let Some(tab) = config.desk.as_ref().and_then(|desk| desk.tab.as_ref()) else { return Vouched::NotNamed };
    if !tab.members.may(&claim.member) {
        return Vouched::NotNamed;
    }
    let Some(connectwise) = config.connectwise.get(&tab.connectwise) else { return Vouched::Unknown };
    let (Ok(client), Ok(runtime)) = (session::connect(connectwise), session::runtime()) else {
        return Vouched::Unknown;
    };
    let MemberClaim { company, member, hash, context } = claim;
    match runtime.block_on(client.vouches_for(&HostedMember { company, member, hash, context })) {
        Ok(true) => Vouched::Yes,
        Ok(false) => Vouched::No,
        Err(why) => {
            tracing::warn!("ConnectWise could not be asked about a member: {why}");
            Vouched::Unknown
        }
    }
}

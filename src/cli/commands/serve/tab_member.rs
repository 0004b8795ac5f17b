//! Who looks at the tab: named by the configuration, and vouched for by ConnectWise.

use crate::cli::session;
use crate::config::settings::Config;
use crate::connectwise::hosted_member::HostedMember;
use crate::web::desk::host::member_claim::{MemberClaim, MemberVerification};

/// Whether they may see it. Whatever cannot be made out is a no.
pub(super) fn vouched(config: Option<&Config>, claim: &MemberClaim) -> MemberVerification {
    let Some(config) = config else { return MemberVerification::Unknown };
    let Some(tab) = config.desk.as_ref().and_then(|desk| desk.tab.as_ref()) else {
        return MemberVerification::NotNamed;
    };
    if !tab.members.may(&claim.member) {
        return MemberVerification::NotNamed;
    }
    let Some(connectwise) = config.connectwise.get(&tab.connectwise) else { return MemberVerification::Unknown };
    let (Ok(client), Ok(runtime)) = (session::connect(connectwise), session::runtime()) else {
        return MemberVerification::Unknown;
    };
    let MemberClaim { company, member, hash, context } = claim;
    match runtime.block_on(client.vouches_for(&HostedMember { company, member, hash, context })) {
        Ok(true) => MemberVerification::Yes,
        Ok(false) => MemberVerification::No,
        Err(why) => {
            tracing::warn!("ConnectWise could not be asked about a member: {why}");
            MemberVerification::Unknown
        }
    }
}

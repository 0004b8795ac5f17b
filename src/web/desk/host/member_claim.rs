//! Who looks at the tab.

/// What the window around the tab said of who is looking: a browser's word.
#[derive(Debug, Clone)]
pub struct MemberClaim {
    /// The company that they are logged in to.
    pub company: String,
    /// The member's id.
    pub member: String,
    /// What ConnectWise gave to prove it.
    pub hash: String,
    /// Which session of the member it is.
    pub context: String,
}

/// Whether somebody may see the tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberVerification {
    /// ConnectWise vouches for them, and they are named.
    Yes,
    /// ConnectWise does not know them.
    No,
    /// The configuration does not name them.
    NotNamed,
    /// ConnectWise could not be asked, or its answer proves nothing.
    Unknown,
}

impl MemberVerification {
    /// A sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            MemberVerification::Yes => "verified by ConnectWise",
            MemberVerification::No => "ConnectWise does not vouch for you.",
            MemberVerification::NotNamed => "You are not among the members of [desk.tab].",
            MemberVerification::Unknown => "ConnectWise could not be asked who you are.",
        }
    }
}

//! Whether a member of ConnectWise is who a hosted page was told it is.
//!
//! The window around a hosted page hands it `memberid`, `memberHash` and `memberContext` (hosted API client document).
//! Those are a browser's word. Sent as cookies, with the company's name, they sign a call of the API in (developer guide,
//! cookie authentication); a live client verifies them by such a call. Which calls a small role may make so is settled by
//! no public source, so the least one is made: `/system/info`.

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderValue, Method, StatusCode};

use crate::connectwise::client::Client;
use crate::connectwise::client::transport::NoAnswer;

/// What the window said of who is looking.
#[derive(Debug, Clone, Copy)]
pub struct HostedMember<'a> {
    /// The company that they are logged in to.
    pub company: &'a str,
    /// The member's id, as it is typed at the login.
    pub member: &'a str,
    /// What ConnectWise gave to prove it.
    pub hash: &'a str,
    /// Which session of the member it is.
    pub context: &'a str,
}

/// Characters of each part, at most.
const PART_MOST: usize = 512;

impl Client {
    /// Whether ConnectWise takes these for a member who is logged in. A server that would also take a wrong proof proves
    /// nothing, so it is asked with one first.
    ///
    /// # Errors
    /// When ConnectWise could not be asked; then nobody is vouched for.
    pub async fn vouches_for(&self, member: &HostedMember<'_>) -> Result<bool, String> {
        let parts = [member.member, member.hash, member.context];
        if !member.company.eq_ignore_ascii_case(self.company()) || !parts.into_iter().all(is_cookie) {
            return Ok(false);
        }
        let wrong: String = member.hash.chars().rev().chain("0".chars()).collect();
        if self.lets_in(&HostedMember { hash: &wrong, ..*member }).await? {
            return Err("it takes a wrong proof as well, so it proves nothing".to_owned());
        }
        self.lets_in(member).await
    }

    async fn lets_in(&self, member: &HostedMember<'_>) -> Result<bool, String> {
        let said = |error: NoAnswer| format!("{error:?}");
        let url = format!("{}/system/info", self.api_root().await);
        let mut request = self.request(Method::GET, &url).map_err(said)?;
        let HostedMember { company: _, member, hash, context } = member;
        let company = self.company();
        let cookies = format!("companyName={company}; memberId={member}; memberHash={hash}; memberContext={context}");
        let cookies = HeaderValue::from_str(&cookies).map_err(|_| "a part of it cannot be sent".to_owned())?;
        request.headers_mut().remove(AUTHORIZATION);
        request.headers_mut().insert(COOKIE, cookies);
        let answer = self.send(request, None).await.map_err(said)?;
        match answer.status {
            StatusCode::OK if answer.cut.is_none() => Ok(true),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ok(false),
            status => Err(format!("it answered {status}")),
        }
    }
}

/// Whether a text is one value of a cookie, and nothing beside it.
fn is_cookie(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"\";,\\".contains(&byte);
    !text.is_empty() && text.len() <= PART_MOST && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a browser could send a second cookie, and be somebody else.
    #[test]
    fn a_part_is_one_value_and_nothing_beside_it() {
        for good in ["jdoe", "a+b/c==", "0a1b-2c"] {
            assert!(is_cookie(good), "{good}");
        }
        for bad in ["", "a; memberId=admin", "a b", "a\r\nx: y", "ä", "a,b", &"x".repeat(600)] {
            assert!(!is_cookie(bad), "{bad:?}");
        }
    }
}

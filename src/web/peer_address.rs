//! From where a request comes.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// The other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

impl Peer {
    /// Whose browser it is: what the proxy in front says, if this is that proxy; nobody else is believed.
    pub(crate) fn address(self, headers: &HeaderMap, proxy: Option<IpAddr>) -> IpAddr {
        let own = self.0.ip().to_canonical();
        if proxy != Some(own) {
            return own;
        }
        // Each proxy appends whom it saw: the last is what ours saw.
        let said = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
        let last = said.and_then(|said| said.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
        last.unwrap_or(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise anybody could guess passwords under a new address each time, or in the name of another.
    #[test]
    fn only_the_proxy_in_front_is_believed() {
        let peer = Peer("10.0.0.1:4000".parse().expect("an address"));
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "6.6.6.6, 192.0.2.9".parse().expect("a value"));
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(peer.address(&headers, None), ip("10.0.0.1"));
        assert_eq!(peer.address(&headers, Some(ip("10.0.0.2"))), ip("10.0.0.1"));
        assert_eq!(peer.address(&headers, Some(ip("10.0.0.1"))), ip("192.0.2.9"));
        assert_eq!(peer.address(&HeaderMap::new(), Some(ip("10.0.0.1"))), ip("10.0.0.1"));
    }
}

//! The names that this server answers to: a request under another was made by a page of somebody else (DNS rebinding).

use std::net::{Ipv4Addr, Ipv6Addr};

/// The names under which this server is known.
pub(in crate::web) struct HostNames {
    names: Vec<String>,
}

impl HostNames {
    pub(in crate::web) fn new(names: Vec<String>) -> Self {
        Self { names: names.into_iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// An address cannot be rebound; a name can, so only those that are known pass.
    pub(super) fn knows(&self, host: &str) -> bool {
        if let Some((address, behind)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            return address.parse::<Ipv6Addr>().is_ok()
                && (behind.is_empty() || behind.strip_prefix(':').is_some_and(is_port));
        }
        let name = match host.split_once(':') {
            Some((name, port)) if is_port(port) => name,
            Some(_) => return false,
            None => host,
        };
        let name = name.to_ascii_lowercase();
        name == "localhost" || name.parse::<Ipv4Addr>().is_ok() || self.names.contains(&name)
    }
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise any page that an operator visits could read who is billed for what.
    #[test]
    fn foreign_names_are_refused() {
        let names = HostNames::new(vec!["Recount.example.com".to_owned()]);
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "10.0.0.7", "recount.example.com:8080"]
        {
            assert!(names.knows(host), "{host}");
        }
        let foreign =
            ["evil.example", "127.0.0.1.evil.example:8080", "localhost.evil.example", "", ":8080", "[evil]:1"];
        let disguised =
            ["[::1].evil.com", "[::1].evil.com:80", "[::1]:x", "[::1]:", "[::1", "::1", "localhost:8080.evil.com"];
        for host in foreign.into_iter().chain(disguised) {
            assert!(!names.knows(host), "{host}");
        }
    }
}

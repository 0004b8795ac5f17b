//! Why there is no answer of ConnectWise that can be used, and what helps. The network is blamed for the network only.

/// What stands between this host and an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreachableCause {
    /// No connection, a broken one, or nothing in time.
    Network,
    /// Too many requests, for longer than a run waits.
    Busy,
    /// ConnectWise's own errors (5xx), again and again.
    Server,
    /// The server could not prove who it is.
    Certificate(CertificateFault),
    /// Something on the way answers in its place: a proxy, or a page to sign in.
    Page,
    /// It sends us elsewhere, and that is never followed.
    Redirect,
    /// It takes no such request (400 and the like).
    Refused,
    /// Its answer is not what was asked for.
    Answer,
}

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateFault {
    /// It is signed by itself.
    SelfSigned,
    /// The server sends its own alone, and not those above it; or it is of an authority that nobody named.
    Incomplete,
    /// It is of an authority that nobody named.
    UnknownAuthority,
    /// It is for another name.
    OtherName,
    /// It is not valid today.
    Expired,
    /// Anything else.
    Other,
}

impl UnreachableCause {
    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            UnreachableCause::Network => "look at the network, then run again",
            UnreachableCause::Busy => {
                "nothing, if the next run gets through; else lower requests_per_minute, or run at a quieter time"
            }
            UnreachableCause::Server => {
                "nothing, if the next run gets through; else ask the administrator of this ConnectWise what its errors mean"
            }
            UnreachableCause::Certificate(fault) => fault.remedy(),
            UnreachableCause::Page => {
                "let the proxy or the firewall pass this host's requests to ConnectWise untouched; else correct url"
            }
            UnreachableCause::Redirect => {
                "correct url and codebase: redirects are never followed, so that keys go to no other host"
            }
            UnreachableCause::Refused => {
                "compare api_version with what this ConnectWise serves; if it lasts, report what ConnectWise says"
            }
            UnreachableCause::Answer => {
                "check what is named in ConnectWise; if nothing is wrong with it, compare api_version"
            }
        }
    }
}

impl CertificateFault {
    fn remedy(self) -> &'static str {
        match self {
            CertificateFault::SelfSigned => {
                "give the server a certificate of an authority, and name an authority of your own in ca_file"
            }
            CertificateFault::Incomplete => {
                "let the server send the certificates above its own, too (its whole chain); \
                 an authority of your own is named in ca_file"
            }
            CertificateFault::UnknownAuthority => "name the authority in ca_file",
            CertificateFault::OtherName => "write url with the name that the certificate is for",
            CertificateFault::Expired => "renew the server's certificate, or set this host's clock",
            CertificateFault::Other => "look at the server's certificate; an authority of your own is named in ca_file",
        }
    }
}

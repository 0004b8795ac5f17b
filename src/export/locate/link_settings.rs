//! What is asked of a vendor's server, as the configuration says it: a report link, or lists of its API that come in
//! pages.

use std::path::PathBuf;

use url::Url;

/// A vendor's report link, or its API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The lists that become one export, all of one host; never empty. The first one's records are joined by those of
    /// the others.
    pub requests: Vec<ListRequest>,
    /// Names and values, in the order of their names.
    pub headers: Vec<(String, HeaderValue)>,
    /// How recount signs in, beside the headers.
    pub auth: Option<Auth>,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// https; http only to this machine.
    pub url: Url,
    /// How its pages follow each other; `None` where one answer is all of it.
    pub pages: Option<Pages>,
    /// The keys that lead to the list in an answer; none when the answer is the list.
    pub records: Vec<String>,
    /// The path of the record's key, by which lists are joined.
    pub on: Option<String>,
    /// The key under which the joined record stands; `None` where its keys stand beside the first one's.
    pub name: Option<String>,
}

/// How a list's pages follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// What leads to the next one.
    pub turn: NextPage,
    /// The keys of an answer that lead to the number of all records.
    pub total: Option<Vec<String>>,
    /// The keys of an answer that lead to the number of all pages; only of numbered ones.
    pub total_pages: Option<Vec<String>>,
    /// More pages than this are refused.
    pub max_pages: usize,
}

/// What leads from one page to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPage {
    /// A member of the answer: an address, or the value of a parameter. None, null and blank is the end.
    Next {
        /// The keys that lead to it.
        member: Vec<String>,
        /// The parameter, where it is no address.
        query: Option<String>,
    },
    /// The header `Link`, `rel="next"` (RFC 8288).
    Header,
    /// Pages are numbered: from the number in the address, else from 1.
    Numbered {
        /// The parameter of the number.
        page: String,
        /// The parameter of the size, and what it says.
        size: Option<(String, u64)>,
    },
    /// How many records are passed over.
    Offset {
        /// The parameter of the number.
        offset: String,
        /// The parameter of the size, and what it says.
        size: Option<(String, u64)>,
    },
}

/// How recount signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// A name and a password.
    Basic {
        /// The name.
        user: HeaderValue,
        /// The password.
        password: HeaderValue,
    },
    /// A token that is always the same, after a word.
    Bearer {
        /// `Bearer`, or the vendor's own word.
        scheme: String,
        /// The token.
        token: HeaderValue,
    },
    /// A token that is asked for with a client's credentials (RFC 6749, 4.4).
    OAuth2(Box<OAuth2>),
}

/// Where a token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2<S = HeaderValue> {
    /// https; http only to this machine.
    pub token_url: Url,
    /// Who asks.
    pub client_id: S,
    /// And the proof.
    pub client_secret: S,
    /// What for.
    pub scope: Option<String>,
    /// For whom, where a vendor asks.
    pub audience: Option<String>,
    /// How it is sent.
    pub send: TokenForm,
}

/// How a client's credentials are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenForm {
    /// In the form.
    Form,
    /// As basic authentication, the rest in the form.
    Basic,
    /// As a JSON document.
    Json,
}

/// What a header says, or where its secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// As it is written.
    Plain(String),
    /// A systemd credential.
    Credential(String),
    /// A file that only its owner may read.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
}

/// More pages than this are no list of customers, but a server that has no end.
pub const MAX_PAGES: usize = 1000;

impl ListRequest {
    /// What says how many records there are; empty where nothing does.
    pub(super) fn total_member(&self) -> String {
        self.pages.as_ref().and_then(|pages| pages.total.as_ref()).map_or(String::new(), |keys| keys.join("."))
    }

    /// What says how many pages there are; empty where nothing does.
    pub(super) fn total_pages_member(&self) -> String {
        self.pages.as_ref().and_then(|pages| pages.total_pages.as_ref()).map_or(String::new(), |keys| keys.join("."))
    }
}

impl Link {
    /// A report link: one answer, which is the file.
    pub fn file(&self) -> Option<&ListRequest> {
        match self.requests.as_slice() {
            [only] if only.pages.is_none() => Some(only),
            _ => None,
        }
    }
}

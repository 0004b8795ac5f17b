//! Why a file looks like a part of an export, and not like the whole of it.

use std::fmt;
use std::path::PathBuf;

use crate::reconcile::model::display_text::shown;

/// A sign that there is more than was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnreadPart {
    /// A member of a JSON document says that there is more: `next`, `has_more`.
    Next {
        /// Its name, with what it stands in.
        member: String,
        /// Whether it is an address, and not a number or a text for a parameter.
        is_address: bool,
    },
    /// A member of a JSON document says yes or no, or a number, to whether there is more: `has_more`, `last`, `remaining`.
    More {
        /// Its name, with what it stands in.
        member: String,
    },
    /// A member of a JSON document says that it is not whole: `partial`, `complete`.
    Incomplete {
        /// Its name, with what it stands in.
        member: String,
    },
    /// A page before the last one says so of itself.
    IncompletePage {
        /// The page, from 1.
        page: usize,
        /// The member, with what it stands in.
        member: String,
    },
    /// What pages say of how many there are differs between them, each time that the list was read.
    Moved {
        /// The member or the header.
        member: String,
        /// What an earlier page said.
        before: u64,
        /// What a later one said.
        after: u64,
    },
    /// The server's header `Link` leads to a next page.
    Header,
    /// Another header of the server says that there is more: `X-Next-Page`, `X-Has-More`.
    HeaderLeads {
        /// Its name.
        name: String,
    },
    /// A header of the server says how many there are, and there are fewer.
    HeaderTotal {
        /// Its name.
        name: String,
        /// What it says.
        total: u64,
        /// How many records or pages there are.
        read: u64,
    },
    /// No answer has the member that should lead to the next page: its path may be mistyped.
    Unled {
        /// Its path, as it is configured.
        member: String,
    },
    /// A member of a JSON document is a list of links, and one of them leads to the next page.
    Linked {
        /// Its name, with what it stands in.
        member: String,
    },
    /// A member of a JSON document says how many there are, and there are fewer.
    Total {
        /// Its name, with what it stands in.
        member: String,
        /// What it says.
        total: u64,
        /// How many records or pages there are.
        read: u64,
    },
    /// A member of a JSON document says that something went wrong: `error`, `errors`.
    Error {
        /// Its name.
        member: String,
    },
    /// Another visible sheet of the workbook has the same columns.
    Sheet {
        /// Its name.
        name: String,
    },
    /// Another file of the pattern, of the same delivery, names customers or services that the newest lacks.
    File {
        /// The file.
        path: PathBuf,
        /// One of those names.
        lacking: String,
    },
    /// Another file of the pattern came in the same night, before the hours of its delivery.
    Earlier {
        /// The file.
        path: PathBuf,
        /// In how many hours all of them came.
        hours: u64,
    },
}

impl UnreadPart {
    /// The keys of the export's table that would read the rest; `None` where none does.
    pub fn keys(&self) -> Option<String> {
        let keys = match self {
            Self::Error { .. } | Self::Incomplete { .. } | Self::Unled { .. } => return None,
            Self::IncompletePage { .. } | Self::Moved { .. } => return None,
            Self::Header => "pages = { link = true }".to_owned(),
            Self::Next { member, is_address: true } => format!("pages = {{ next = \"{}\" }}", shown(member)),
            Self::Next { member, .. } if has(member, &["cursor", "token"]) => {
                format!("pages = {{ cursor = \"{0}\", query = \"cursor\" }}", shown(member))
            }
            Self::Next { member, .. } => format!("pages = {{ next = \"{}\", query = \"page\" }}", shown(member)),
            Self::More { .. }
            | Self::Total { .. }
            | Self::Linked { .. }
            | Self::HeaderLeads { .. }
            | Self::HeaderTotal { .. } => NUMBERED.to_owned(),
            Self::Sheet { .. } => "sheet = \"*\"".to_owned(),
            Self::File { .. } => "files = \"all\"".to_owned(),
            Self::Earlier { hours, .. } => format!("delivery = \"{hours}h\""),
        };
        Some(keys)
    }

    /// The same of what is not read page by page: of XML, and of a list in a record.
    #[must_use]
    pub fn not_of_pages(self) -> Self {
        match self {
            Self::Next { member, .. } | Self::More { member } => Self::Incomplete { member },
            sign => sign,
        }
    }

    /// Whether the vendor's server is to be asked on, and not the file read on.
    pub fn is_of_pages(&self) -> bool {
        match self {
            Self::Next { .. } | Self::More { .. } | Self::Linked { .. } | Self::Total { .. } => true,
            Self::Header | Self::HeaderLeads { .. } | Self::HeaderTotal { .. } => true,
            Self::Incomplete { .. } | Self::Unled { .. } | Self::Error { .. } => false,
            Self::IncompletePage { .. } | Self::Moved { .. } => false,
            Self::Sheet { .. } | Self::File { .. } | Self::Earlier { .. } => false,
        }
    }
}

/// Pages that nothing leads to.
const NUMBERED: &str = "pages = { page = \"page\", size = { limit = 100 } }";

fn has(member: &str, words: &[&str]) -> bool {
    let last = member.rsplit('.').next().unwrap_or_default().to_lowercase();
    words.iter().any(|word| last.contains(word))
}

impl fmt::Display for UnreadPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("the server's header Link leads to a next page"),
            Self::HeaderLeads { name } => write!(f, "the server's header {} says that there is more", shown(name)),
            Self::HeaderTotal { name, total, read } => {
                write!(f, "the server's header {} says {total}, and there are {read}", shown(name))
            }
            Self::Linked { member } => write!(f, "its \"{}\" lead to a next page", shown(member)),
            Self::Next { member, .. } | Self::More { member } => {
                write!(f, "its \"{}\" says that there is more", shown(member))
            }
            Self::Unled { member } => {
                write!(f, "no answer has \"{}\", which should lead to the next page", shown(member))
            }
            Self::Incomplete { member } => write!(f, "its \"{}\" says that it is not whole", shown(member)),
            Self::IncompletePage { page, member } => {
                write!(f, "\"{}\" of its page {page} says that it is not whole", shown(member))
            }
            Self::Moved { member, before, after } => {
                let member = shown(member);
                write!(f, "its \"{member}\" said {before}, and then {after}: the list changed while it was read")
            }
            Self::Error { member } => write!(f, "its \"{}\" says that something went wrong", shown(member)),
            Self::Total { member, total, read } => {
                write!(f, "its \"{}\" says {total}, and there are {read}", shown(member))
            }
            Self::Sheet { name } => write!(f, "its sheet \"{}\" has the same columns, and is not read", shown(name)),
            Self::Earlier { path, hours } => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                write!(f, "{} came less than {hours} hours before the newest file, and is not read", shown(&name))
            }
            Self::File { path, lacking } => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                write!(f, "{} of the same delivery has \"{}\", and is not read", shown(&name), shown(lacking))
            }
        }
    }
}

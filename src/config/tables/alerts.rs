//! `[alert.NAME]`: who is told of a run, and how.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::alerts::alert::{AlertRules, ChannelSource, RunFilter};
use crate::alerts::mail::{Mail, Privacy};
use crate::alerts::{Channel, PayloadShape, Ping, Webhook};
use crate::config::secret_source::secret;
use crate::config::secrets::{SecretError, SecretSource, read};
use crate::config::toml_document::{Field, Section};
use crate::config::values::{ca_file, is_name, optional};
use crate::export::read::alike_names::alike;
use crate::http_client::is_loopback;

/// One way to tell somebody.
#[derive(Debug, Clone)]
pub struct AlertConfig {
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// What it tells of.
    pub rules: AlertRules,
    /// By which means.
    pub kind: AlertKind,
}

/// By which means.
#[derive(Debug, Clone)]
pub enum AlertKind {
    /// E-mail.
    Mail(Mail<SecretSource>),
    /// A POST of JSON.
    Webhook {
        /// Where to.
        url: Address,
        /// In which shape.
        shape: PayloadShape,
        /// An authority of one's own, in PEM.
        ca_file: Option<PathBuf>,
    },
    /// A dead man's switch: told before each run and after it.
    Ping {
        /// Where to.
        url: Address,
        /// An authority of one's own, in PEM.
        ca_file: Option<PathBuf>,
    },
}

impl AlertKind {
    /// The word of the configuration.
    pub fn word(&self) -> &'static str {
        match self {
            AlertKind::Mail(_) => "mail",
            AlertKind::Webhook { .. } => "webhook",
            AlertKind::Ping { .. } => "ping",
        }
    }
}

impl ChannelSource for AlertConfig {
    fn is_ping(&self) -> bool {
        matches!(self.kind, AlertKind::Ping { .. })
    }

    fn channel(&self) -> Result<Channel, Box<dyn Error>> {
        let Self { folder, kind, .. } = self;
        Ok(match kind {
            AlertKind::Mail(mail) => {
                let Mail { server, port, privacy, ca_file, login, from, to } = mail.clone();
                let password = |source: &SecretSource| read(source, folder).map_err(|error| error.of("password"));
                let login = login.map(|(user, source)| Ok::<_, SecretError>((user, password(&source)?)));
                Channel::Mail(Mail { server, port, privacy, ca_file, login: login.transpose()?, from, to })
            }
            AlertKind::Webhook { url, shape, ca_file } => {
                Channel::Webhook(Webhook { url: url.url(folder)?, shape: *shape, ca_file: ca_file.clone() })
            }
            AlertKind::Ping { url, ca_file } => Channel::Ping(Ping { url: url.url(folder)?, ca_file: ca_file.clone() }),
        })
    }
}

/// An address that may be a secret: whoever has the one of a webhook can write there.
#[derive(Clone)]
pub enum Address {
    /// It stands in the file.
    Plain(SecretString),
    /// It is elsewhere.
    Secret(SecretSource),
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address")
    }
}

impl Address {
    /// The address, read now. A relative path starts from `folder`.
    ///
    /// # Errors
    /// When it cannot be read, or is none that anything may be sent to. No error shows it.
    pub fn url(&self, folder: &Path) -> Result<Url, AddressError> {
        let text = match self {
            Address::Plain(text) => text.clone(),
            Address::Secret(source) => read(source, folder).map_err(|error| error.of("url"))?,
        };
        checked(text.expose_secret())
    }
}

/// Why an address is not used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is a secret that cannot be read.
    #[error("the address cannot be read")]
    Secret(#[from] SecretError),
    /// It is no address, or not a safe one.
    #[error("{0}")]
    Form(&'static str),
}

/// The longest that alerts may delay a run.
pub(in crate::config) const WITHIN_MOST: Duration = Duration::from_secs(10);

/// `alerts_within`.
pub(in crate::config) fn within(field: &Field<'_>) -> Option<Duration> {
    let within = field.duration(Duration::from_millis(1))?;
    if within > WITHIN_MOST {
        field.error("`alerts_within` is at most \"10s\": alerts must not delay a night");
        return None;
    }
    Some(within)
}

/// Every `[alert.NAME]`; `integrations` are the names that they may refer to.
pub(in crate::config) fn tables(
    field: &Field<'_>,
    folder: &Path,
    integrations: &[&str],
) -> Option<BTreeMap<String, AlertConfig>> {
    let entries = field.table()?.entries();
    let read = |field: &Field<'_>| Some((field.key.clone(), alert(field.table()?, folder, integrations)?));
    let tables: Vec<_> = entries.iter().map(|field| is_name(field).then(|| read(field))?).collect();
    tables.into_iter().collect()
}

const KINDS: &[(&str, Kind)] = &[("mail", Kind::Mail), ("webhook", Kind::Webhook), ("ping", Kind::Ping)];
const SHAPES: &[(&str, PayloadShape)] =
    &[("json", PayloadShape::Json), ("slack", PayloadShape::Slack), ("teams", PayloadShape::Teams)];
const TLS: &[(&str, Privacy)] =
    &[("implicit", Privacy::Implicit), ("starttls", Privacy::Starttls), ("none", Privacy::None)];

#[derive(Clone, Copy)]
enum Kind {
    Mail,
    Webhook,
    Ping,
}

fn alert(section: Section<'_>, folder: &Path, known: &[&str]) -> Option<AlertConfig> {
    let kind = section.required("kind").and_then(|field| field.word(KINDS));
    let integrations = section.get("integrations").map_or(Some(Vec::new()), |field| names(&field, known));
    let link = optional(section.get("link"), link);
    let when = match kind {
        // A switch that is not told of every night says that the host is dead.
        Some(Kind::Ping) => Some((RunFilter::Always, false)),
        _ => section.get("when").map_or(Some((RunFilter::Attention, true)), |field| when(&field)),
    };
    let kind = match kind {
        Some(Kind::Mail) => mail(&section, folder).map(AlertKind::Mail),
        Some(Kind::Webhook) => webhook(&section, folder),
        Some(Kind::Ping) => ping(&section, folder),
        // The other keys depend on it.
        None => return None,
    };
    section.finish(&[]);
    let (each, weekly) = when?;
    let rules = AlertRules { integrations: integrations?, each, weekly, link: link? };
    Some(AlertConfig { folder: folder.to_owned(), rules, kind: kind? })
}

fn names(field: &Field<'_>, known: &[&str]) -> Option<Vec<String>> {
    let named = field.list()?.into_iter().map(|item| {
        let name = item.text()?;
        if !known.contains(&name) {
            let meant = alike(name, known.iter().copied()).map(|meant| format!(" (did you mean \"{meant}\"?)"));
            item.error(format!("there is no [integration.{name}]{}", meant.unwrap_or_default()));
            return None;
        }
        Some(name.to_owned())
    });
    named.collect::<Vec<_>>().into_iter().collect()
}

/// One word, or several: `["attention", "weekly"]`.
fn when(field: &Field<'_>) -> Option<(RunFilter, bool)> {
    #[derive(Clone, Copy, PartialEq)]
    enum Word {
        Always,
        Attention,
        Changes,
        Weekly,
    }
    let words = [
        ("always", Word::Always),
        ("attention", Word::Attention),
        ("changes", Word::Changes),
        ("weekly", Word::Weekly),
    ];
    let found: Vec<Word> = match field.value().as_array() {
        Some(_) => field.list()?.iter().map(|item| item.word(&words)).collect::<Option<_>>()?,
        None => vec![field.word(&words)?],
    };
    let each = match (found.contains(&Word::Attention), found.contains(&Word::Changes)) {
        _ if found.contains(&Word::Always) => RunFilter::Always,
        (true, true) => RunFilter::AttentionOrChanges,
        (true, false) => RunFilter::Attention,
        (false, true) => RunFilter::Changes,
        (false, false) => RunFilter::Never,
    };
    Some((each, found.contains(&Word::Weekly)))
}

fn link(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    match Url::parse(&text.replace("{run}", "1")) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && text.contains("{run}") => Some(text.to_owned()),
        _ => {
            field.error("`link` is the address of a run's report, such as \"https://recount.example.com/runs/{run}\"");
            None
        }
    }
}

fn webhook(section: &Section<'_>, folder: &Path) -> Option<AlertKind> {
    let url = section.required("url").and_then(|field| address(&field, folder));
    let shape = section.get("shape").map_or(Some(PayloadShape::Json), |field| field.word(SHAPES));
    let ca_file = optional(section.get("ca_file"), |field| ca_file(field, folder));
    Some(AlertKind::Webhook { url: url?, shape: shape?, ca_file: ca_file? })
}

fn ping(section: &Section<'_>, folder: &Path) -> Option<AlertKind> {
    let url = section.required("url").and_then(|field| address(&field, folder));
    let ca_file = optional(section.get("ca_file"), |field| ca_file(field, folder));
    Some(AlertKind::Ping { url: url?, ca_file: ca_file? })
}

/// Never shown: it may hold a token.
fn address(field: &Field<'_>, folder: &Path) -> Option<Address> {
    if field.value().as_table().is_some() {
        return secret(field, folder).map(Address::Secret);
    }
    let text = field.value().as_str().map(str::trim).unwrap_or_default();
    match checked(text) {
        Ok(_) => Some(Address::Plain(SecretString::from(text))),
        Err(error) => {
            field.error_unseen(error.to_string());
            None
        }
    }
}

fn checked(text: &str) -> Result<Url, AddressError> {
    let Ok(url) = Url::parse(text.trim()) else { return Err(AddressError::Form("`url` is not an address")) };
    if !url.has_host() || !matches!(url.scheme(), "http" | "https") {
        Err(AddressError::Form("`url` must begin with https://"))
    } else if url.scheme() == "http" && !is_loopback(&url) {
        Err(AddressError::Form("`url` must begin with https://; http:// is for this host alone"))
    } else {
        Ok(url)
    }
}

fn mail(section: &Section<'_>, folder: &Path) -> Option<Mail<SecretSource>> {
    let server_field = section.required("server");
    let server = server_field.as_ref().and_then(server);
    let privacy = section.get("tls").map_or(Some(Privacy::Implicit), |field| private(&field, server.as_deref()));
    let port = optional(section.get("port"), |field| field.whole(1, 65_535));
    let ca_file = optional(section.get("ca_file"), |field| ca_file(field, folder));
    let user = optional(section.get("user"), |field| field.text().map(str::to_owned));
    let password = optional(section.get("password"), |field| secret(field, folder));
    let from = section.required("from").and_then(|field| mailbox(&field));
    let to = section.required("to").and_then(|field| mailboxes(&field));
    let login = match (user?, password?) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        _ => {
            section.error("`user` and `password` belong together");
            return None;
        }
    };
    let (server, privacy, ca_file) = (server?, privacy?, ca_file?);
    let port = port?.unwrap_or(match privacy {
        Privacy::Implicit => 465,
        Privacy::Starttls => 587,
        Privacy::None => 25,
    });
    Some(Mail { server, port, privacy, ca_file, login, from: from?, to: to? })
}

fn server(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte)) {
        field.error("`server` is the name of a mail server, such as \"smtp.example.com\"; its port stands in `port`");
        return None;
    }
    Some(text.trim_matches(['[', ']']).to_owned())
}

fn private(field: &Field<'_>, server: Option<&str>) -> Option<Privacy> {
    let tls = field.word(TLS)?;
    let is_here = |server: &str| {
        server == "localhost" || server.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    if tls == Privacy::None && !server.is_some_and(is_here) {
        field.error("`tls` = \"none\" is for a server on this host alone");
        return None;
    }
    Some(tls)
}

/// `name@example.com` or `Name <name@example.com>`. The whole grammar is left to the library that writes the mail.
fn mailbox(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let address = text.rsplit_once('<').map_or(text, |(_, address)| address.trim_end_matches('>'));
    let good = address.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if !good || address.contains(char::is_whitespace) || address.contains([',', ';', '<', '>']) {
        field.error(format!("`{}` is an address, such as \"recount <recount@example.com>\"", field.key));
        return None;
    }
    Some(text.to_owned())
}

fn mailboxes(field: &Field<'_>) -> Option<Vec<String>> {
    let boxes: Vec<_> = match field.value().as_array() {
        Some(_) => field.list()?.iter().map(mailbox).collect(),
        None => vec![mailbox(field)],
    };
    if boxes.is_empty() {
        field.error("`to` is empty");
        return None;
    }
    boxes.into_iter().collect()
}

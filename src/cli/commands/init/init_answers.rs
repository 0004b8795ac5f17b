//! What `init` has to know, and how each answer is checked.

use std::fmt::Write as _;
use std::path::Path;

use url::Url;

use crate::cli::commands::init::api_keys::{ApiKey, key};
use crate::cli::commands::init::connectwise_offers::Offers;
use crate::cli::commands::init::init_options::{Options, VendorOptions};
use crate::cli::commands::init::layout_choice;
use crate::cli::commands::init::layout_choice::{ChosenExport, ChosenLayout};
use crate::cli::commands::init::prompt::{Asker, Question};
use crate::cli::error::CommandError;
use crate::connectwise::client::settings::{ApiKeys, ConnectWiseSettings};
use crate::zone::Zone;

/// Everything that goes into the files.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) connection: Connection,
    pub(super) vendor: Vendor,
    pub(super) at: TimeOfDay,
    pub(super) zone: String,
}

/// `[connectwise.main]`.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) url: String,
    pub(super) company: String,
    pub(super) client_id: String,
    pub(super) public_key: ApiKey,
    pub(super) private_key: ApiKey,
}

/// `[integration.NAME]`.
#[derive(Debug)]
pub(in crate::cli::commands) struct Vendor {
    pub(in crate::cli::commands) name: String,
    pub(in crate::cli::commands) export: ChosenExport,
    pub(in crate::cli::commands) layout: ChosenLayout,
    pub(in crate::cli::commands) agreement_type: Option<String>,
    pub(in crate::cli::commands) mode: String,
    /// What ConnectWise has, as far as it could be asked.
    pub(in crate::cli::commands) offers: Offers,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::commands) struct TimeOfDay {
    pub(in crate::cli::commands) hour: u8,
    pub(in crate::cli::commands) minute: u8,
}

/// Asks for everything, in the order in which a person knows it.
pub(super) fn ask(options: &Options, asker: &mut Asker<'_>) -> Result<Answers, CommandError> {
    let connection = connection(options, asker)?;
    let mut offers = Offers::default();
    if let Some(connection) = &connection {
        offers = Offers::of(settings(connection, &options.dir));
        asker.say(&offers.description());
    }
    let mut at = match &options.at {
        Some(given) => asker.settle(Question::new("--at", "", Some(given)), time_of_day)?,
        None => None,
    };
    let vendor = vendor((&options.dir, &options.vendor), options.integration.as_ref(), offers, (asker, &mut at))?;
    let time = Question::new("--at", "Time of the nightly run, such as 7am", None).or(USUAL_TIME);
    let at = match at {
        Some(at) => Some(at),
        None if asker.questions_left() > 0 => asker.ask(time, time_of_day)?,
        None => asker.settle(time, time_of_day)?,
    };
    // No question is spent on what has an ordinary answer, and is said in the end: the host's own zone.
    let host = Zone::of_host();
    let zone = Question::new("--zone", "", options.zone.as_ref()).or(host.name());
    let zone = asker.settle(zone, self::zone)?;
    asker.complete()?;
    let all = connection.zip(vendor).zip(at.zip(zone));
    let ((connection, vendor), (at, zone)) = all.expect("what is missing was told");
    Ok(Answers { connection, vendor, at, zone })
}

fn connection(options: &Options, asker: &mut Asker<'_>) -> Result<Option<Connection>, CommandError> {
    let site = options.url.as_ref().or(options.site.as_ref());
    let text = "ConnectWise region (na, eu, au, aus, za, staging), or the URL of your own server";
    let url = asker.ask(Question::new("--site or --url", text, site), base_url)?;
    let text = "Company id of the login screen";
    let company = asker.ask(Question::new("--company", text, options.company.as_ref()), word)?;
    let text = "Client id (from developer.connectwise.com)";
    let client_id = asker.ask(Question::new("--client-id", text, options.client_id.as_ref()), word)?;
    let text = "Public key: paste it, it is not shown; or credential:NAME, file:PATH, env:VARIABLE";
    let question = Question::new("--public-key", text, options.public_key.as_ref()).or("credential:cw-public");
    let public_key = asker.ask(question.unseen(), |text| key("cw-public", text, options.public_key.is_none()))?;
    let text = "Private key, likewise";
    let question = Question::new("--private-key", text, options.private_key.as_ref()).or("credential:cw-private");
    let private_key = asker.ask(question.unseen(), |text| key("cw-private", text, options.private_key.is_none()))?;
    let all = || {
        let (url, company, client_id) = (url?, company?, client_id?);
        Some(Connection { url, company, client_id, public_key: public_key?, private_key: private_key? })
    };
    Ok(all())
}

/// What ConnectWise may be asked with, if the keys can be read here and now.
fn settings(connection: &Connection, folder: &Path) -> Result<(ConnectWiseSettings, ApiKeys), String> {
    let Connection { url, company, client_id, public_key, private_key } = connection;
    let url = Url::parse(url).map_err(|error| error.to_string())?;
    let keys = ApiKeys { public_key: public_key.secret(folder)?, private_key: private_key.secret(folder)? };
    Ok((ConnectWiseSettings::new(url, company.clone(), client_id.clone()), keys))
}

/// When a night runs where nobody says otherwise.
const USUAL_TIME: &str = "06:15";

/// What has to be known of one vendor; a name that is not given is proposed, and not asked. Where no question is left for the
/// time, and it is not known, it may stand behind the last answer.
pub(in crate::cli::commands) fn vendor(
    (folder, options): (&Path, &VendorOptions),
    given_name: Option<&String>,
    mut offers: Offers,
    (asker, at): (&mut Asker<'_>, &mut Option<TimeOfDay>),
) -> Result<Option<Vendor>, CommandError> {
    let text = "The vendor's export: a file, a pattern such as exports/usage-*.csv, or a link";
    let export = asker.ask(Question::new("--export", text, options.export.as_ref()), export)?;
    let Some(export) = export else { return Ok(None) };
    let layout = layout_choice::layout(&export, (folder, options), asker)?;
    let proposal = proposed_name(&export, layout.as_ref());
    let name = asker.settle(Question::new("--integration", "", given_name).or(&proposal), name)?;
    let listed = offers.agreement_types(name.as_deref().unwrap_or_default());
    asker.say(&listed);
    let is_last = at.is_none() && asker.questions_left() == 1;
    let mut text =
        "Type of the agreements it bills, or its number; none if customers.csv names each agreement".to_owned();
    if is_last {
        let _ = write!(text, ". Every night at {USUAL_TIME}, or as in \"1 at 7am\"");
    }
    let question = Question::new("--agreement-type", &text, options.agreement_type.as_ref()).or("none");
    let answer =
        asker.ask(question, |text| match (&options.agreement_type, time_behind(text).filter(|_| is_last)) {
            (Some(given), _) => Ok((Some(given.clone()).filter(|given| given != "none"), None)),
            (None, Some((before, time))) if offers.is_no_type(text) => {
                offers.agreement_type(before).map(|kind| (kind, Some(time)))
            }
            (None, _) => offers.agreement_type(text).map(|kind| (kind, None)),
        })?;
    let (agreement_type, time) = answer.unzip();
    *at = at.or(time.flatten());
    let mode = asker.settle(Question::new("--mode", "", options.mode.as_ref()).or("observe"), mode)?;
    let all =
        || Some(Vendor { name: name?, layout: layout?, agreement_type: agreement_type?, mode: mode?, export, offers });
    Ok(all())
}

/// The regions of the cloud, by the first part of the address that people log in to (ConnectWise developer guide: the
/// API's host has `api-` in front).
const REGIONS: &[(&str, &str)] = &[
    ("na", "https://api-na.myconnectwise.net"),
    ("eu", "https://api-eu.myconnectwise.net"),
    ("au", "https://api-au.myconnectwise.net"),
    ("aus", "https://api-aus.myconnectwise.net"),
    ("za", "https://api-za.myconnectwise.net"),
    ("staging", "https://api-staging.connectwisedev.com"),
];

fn base_url(text: &str) -> Result<String, String> {
    if let Some((_, url)) = REGIONS.iter().find(|(region, _)| region.eq_ignore_ascii_case(text)) {
        return Ok((*url).to_owned());
    }
    let regions: Vec<&str> = REGIONS.iter().map(|(region, _)| *region).collect();
    let Ok(url) = Url::parse(text) else {
        return Err(format!("is neither a region ({}) nor an address that begins with https://", regions.join(", ")));
    };
    // The address of the login screen answers people; its twin answers programs.
    let of_people = url.host_str().and_then(|host| host.strip_suffix(".myconnectwise.net"));
    match of_people.and_then(|region| REGIONS.iter().find(|(known, _)| *known == region)) {
        Some((_, twin)) => Ok((*twin).to_owned()),
        None => Ok(text.trim_end_matches('/').to_owned()),
    }
}

fn word(text: &str) -> Result<String, String> {
    let good = !text.is_empty() && !text.contains(char::is_whitespace);
    good.then(|| text.to_owned()).ok_or_else(|| "is one word, without blanks".to_owned())
}

fn export(text: &str) -> Result<ChosenExport, String> {
    match text {
        "" => Err("is a file, a pattern or a link".to_owned()),
        "-" => Err("cannot be standard input every night".to_owned()),
        _ if text.starts_with("https://") || text.starts_with("http://") => Ok(ChosenExport::Url(text.to_owned())),
        _ => std::path::absolute(text).map(ChosenExport::Path).map_err(|error| error.to_string()),
    }
}

/// The profile's, else the file's without what changes every night.
fn proposed_name(export: &ChosenExport, layout: Option<&ChosenLayout>) -> String {
    let profile = match layout {
        Some(ChosenLayout::Profile(name)) => Some(name.as_str()),
        _ => None,
    };
    let stem = match export {
        ChosenExport::Path(path) => path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default(),
        ChosenExport::Url(_) => "",
    };
    let stem = stem.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let proposal = profile.unwrap_or(stem).to_lowercase();
    if proposal.is_empty() { "vendor".to_owned() } else { proposal }
}

fn name(text: &str) -> Result<String, String> {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let good = plain && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.len() <= 64;
    good.then(|| text.to_owned()).ok_or_else(|| "may hold only letters, digits, `-` and `_`".to_owned())
}

fn mode(text: &str) -> Result<String, String> {
    let known = ["observe", "apply", "off"].contains(&text);
    known.then(|| text.to_owned()).ok_or_else(|| "is one of observe, apply, off".to_owned())
}

/// `Email Security at 7am`, or with a comma: what stands before the time, and the time.
fn time_behind(text: &str) -> Option<(&str, TimeOfDay)> {
    let (before, time) = text.rsplit_once(" at ").or_else(|| text.rsplit_once(','))?;
    Some((before.trim(), time_of_day(time).ok()?))
}

fn time_of_day(text: &str) -> Result<TimeOfDay, String> {
    let text = text.trim().to_lowercase();
    let half = |mark: &str| text.strip_suffix(mark).map(str::trim_end);
    let (time, from, below, afternoon) = match (half("am"), half("pm")) {
        (Some(time), _) => (time, 1, 13, Some(0)),
        (_, Some(time)) => (time, 1, 13, Some(12)),
        _ => (text.as_str(), 0, 24, None),
    };
    let (hour, minute) = match (time.split_once(':'), afternoon) {
        (Some(parts), _) => parts,
        (None, Some(_)) => (time, "00"),
        (None, None) => (time, ""),
    };
    let number = |part: &str, sizes: &[usize], range: std::ops::Range<u8>| {
        let plain = sizes.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u8>().ok().filter(|number| plain && range.contains(number))
    };
    let at = number(hour, &[1, 2], from..below).zip(number(minute, &[2], 0..60));
    let at = at.map(|(hour, minute)| TimeOfDay { hour: afternoon.map_or(hour, |more| hour % 12 + more), minute });
    at.ok_or_else(|| "is a time such as 02:30 or 7am".to_owned())
}

fn zone(text: &str) -> Result<String, String> {
    let known = Zone::named(text).map(|zone| zone.name().to_owned());
    known.map_err(|_| "is not a time zone such as UTC or Europe/Amsterdam".to_owned())
}

/// Whether this path stands for one file, or for the newest of several.
pub(super) fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The address of the login screen is what people know; requests to it are refused.
    #[test]
    fn a_region_or_a_login_address_becomes_the_address_of_the_api() {
        for typed in ["eu", "EU", "https://eu.myconnectwise.net", "https://eu.myconnectwise.net/v4_6_release"] {
            assert_eq!(base_url(typed).as_deref(), Ok("https://api-eu.myconnectwise.net"), "{typed}");
        }
        assert_eq!(base_url("https://psa.example.com/").as_deref(), Ok("https://psa.example.com"));
        assert!(base_url("mars").expect_err("no region").contains("na, eu"));
    }

    #[test]
    fn times_zones_and_names_are_what_the_files_can_hold() {
        assert_eq!(time_of_day("02:30"), Ok(TimeOfDay { hour: 2, minute: 30 }));
        for (typed, hour, minute) in
            [("7am", 7, 0), ("7:30 PM", 19, 30), ("12am", 0, 0), ("12pm", 12, 0), ("2:30", 2, 30)]
        {
            assert_eq!(time_of_day(typed), Ok(TimeOfDay { hour, minute }), "{typed}");
        }
        let seven = Some(TimeOfDay { hour: 7, minute: 0 });
        for typed in ["2 at 7am", "2, 7am", "2,07:00"] {
            assert_eq!(time_behind(typed).map(|(before, _)| before), Some("2"), "{typed}");
            assert_eq!(time_behind(typed).map(|(_, at)| at), seven, "{typed}");
        }
        assert_eq!(time_behind("Support at night"), None);
        for wrong in ["24:00", "12:60", "noon", "", "02:30:00", "13pm", "0am", "+7:00", "7"] {
            assert!(time_of_day(wrong).is_err(), "{wrong}");
        }
        assert!(zone("Europe/Amsterdam").is_ok() && zone("Mars/Olympus").is_err());
        let path = ChosenExport::Path("/srv/exports/mailprotector-2026-11-22.csv".into());
        assert_eq!(proposed_name(&path, None), "mailprotector");
        assert_eq!(proposed_name(&ChosenExport::Path("/x/2026.csv".into()), None), "vendor");
    }
}

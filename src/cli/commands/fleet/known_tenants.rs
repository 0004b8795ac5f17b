//! What is known of tenants by their configurations, which are read again only when their files have changed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::{DateTime, Utc};

use crate::cli::commands::daemon::configured_schedule::schedule;
use crate::cli::commands::fleet::billed_twice::{BilledLines, BilledTwice, billed_twice};
use crate::cli::commands::fleet::tenants::Tenant;
use crate::cli::session;
use crate::config::desk_toml;
use crate::config::settings::{Config, IntegrationConfig};
use crate::config::tables::metrics::{place, would_overwrite};
use crate::daemon::schedule::Schedule;
use crate::reconcile::model::display_text::shown;
use crate::replication::settings::{ReplicaPlace, ReplicaSettings};
use crate::report::metrics_file;

/// All tenants of a folder, those of other shards as well: what two of them share is nobody's.
#[derive(Default)]
pub(super) struct KnownTenants {
    tenants: BTreeMap<Tenant, KnownTenant>,
    /// The folder of the people who come to the desk of all of them.
    people: Option<PathBuf>,
    /// Those that bill what an earlier one bills.
    billed_twice: BTreeMap<Tenant, BilledTwice>,
}

struct KnownTenant {
    stamps: Vec<Option<Stamp>>,
    /// `None` while its configuration cannot be read.
    facts: Option<TenantFacts>,
}

/// Device and inode, size, and the last change of content or rights.
pub(crate) type Stamp = (u64, u64, u64, i64, i64);

struct TenantFacts {
    /// What it may share with nobody: its state, and where its copies go.
    own: Vec<(&'static str, OsString)>,
    state: PathBuf,
    metrics_file: PathBuf,
    /// Every path that it names, with its key.
    paths: Vec<(String, PathBuf)>,
    schedule: Option<Schedule>,
    /// What it bills follows from these files beside its configuration.
    files: Vec<PathBuf>,
    billed: BilledLines,
}

impl KnownTenants {
    /// Looks at each file, and reads those that have changed. Gives the tenants whose files have.
    pub(super) fn look(&mut self, tenants: &[Tenant]) -> BTreeSet<Tenant> {
        let there: BTreeSet<&Tenant> = tenants.iter().collect();
        let before = self.tenants.len();
        self.tenants.retain(|tenant, _| there.contains(tenant));
        let any_gone = self.tenants.len() < before;
        let folder = tenants.first().and_then(|tenant| tenant.folder.parent());
        self.people = folder.map(|folder| {
            // What a broken desk.toml says nobody knows; the usual place is refused all the same.
            let state = desk_toml::load(folder).map_or_else(|_| desk_toml::usual_state(folder), |desk| desk.state);
            real(&state)
        });
        let mut changed = BTreeSet::new();
        for tenant in tenants {
            let stamp_of = |files: &[PathBuf]| {
                let files = std::iter::once(tenant.configuration()).chain(files.iter().cloned());
                files.map(|file| stamp(&file).ok()).collect::<Vec<_>>()
            };
            let files = self.facts(tenant).map(|facts| facts.files.clone()).unwrap_or_default();
            if self.tenants.get(tenant).is_some_and(|known| known.stamps == stamp_of(&files)) {
                continue;
            }
            let facts = session::configuration_of(&tenant.configuration()).ok().as_ref().map(TenantFacts::of);
            let stamps = stamp_of(facts.as_ref().map(|facts| &*facts.files).unwrap_or_default());
            self.tenants.insert(tenant.clone(), KnownTenant { stamps, facts });
            changed.insert(tenant.clone());
        }
        if any_gone || !changed.is_empty() {
            let billed =
                self.tenants.iter().filter_map(|(tenant, known)| Some((tenant, &known.facts.as_ref()?.billed)));
            self.billed_twice = billed_twice(billed);
        }
        changed
    }

    /// What several tenants have that each must have for itself.
    fn owners(&self) -> BTreeMap<&(&'static str, OsString), Vec<&Tenant>> {
        let mut owners: BTreeMap<&(&'static str, OsString), Vec<&Tenant>> = BTreeMap::new();
        for (tenant, known) in &self.tenants {
            for own in known.facts.iter().flat_map(|facts| &facts.own) {
                owners.entry(own).or_default().push(tenant);
            }
        }
        owners.retain(|_, tenants| tenants.len() > 1);
        owners
    }

    /// The tenants that cannot be begun beside the others, and why: they share what each must have for itself, or have no
    /// configuration any more.
    pub(super) fn refused(&self) -> BTreeMap<Tenant, String> {
        let said = |what: &str, of: &OsStr| {
            format!("its {what} is another tenant's too: {}; each needs its own", shown(&of.to_string_lossy()))
        };
        let shared = self.owners().into_iter();
        let shared =
            shared.flat_map(|((what, of), tenants)| tenants.into_iter().map(move |one| (one.clone(), said(what, of))));
        shared.chain(self.of_people().map(of_people)).chain(self.remains()).collect()
    }

    /// The tenants that bill what another one bills, and what that is.
    pub(super) fn billed_twice(&self) -> BTreeMap<Tenant, String> {
        self.billed_twice.iter().map(|(tenant, twice)| (tenant.clone(), twice.sentence())).collect()
    }

    /// What is left of tenants.
    fn remains(&self) -> impl Iterator<Item = (Tenant, String)> {
        let without = self.tenants.iter().filter(|(_, known)| known.facts.is_none());
        without.filter_map(|(tenant, _)| Some((tenant.clone(), tenant.remains()?.sentence())))
    }

    /// The tenants whose history would be that of the people of all tenants.
    fn of_people(&self) -> impl Iterator<Item = &Tenant> {
        let of_people = |facts: &TenantFacts| self.people.as_ref() == Some(&real(&facts.state));
        let known = self.tenants.iter().filter(move |(_, known)| known.facts.as_ref().is_some_and(of_people));
        known.map(|(tenant, _)| tenant)
    }

    /// The same for people of one tenant: with no other's name or folder.
    pub(super) fn refused_discreetly(&self) -> BTreeMap<Tenant, String> {
        let shared = self.owners().into_iter();
        let said = |what: &str| format!("its {what} is another tenant's, too; each needs its own");
        let shared =
            shared.flat_map(|((what, _), tenants)| tenants.into_iter().map(move |one| (one.clone(), said(what))));
        shared.chain(self.of_people().map(of_people)).chain(self.remains()).collect()
    }

    /// The state folder of a tenant; `None` while its configuration cannot be read.
    pub(super) fn state(&self, tenant: &Tenant) -> Option<&Path> {
        Some(&self.facts(tenant)?.state)
    }

    /// Where a tenant's last night put its numbers.
    pub(super) fn metrics_file(&self, tenant: &Tenant) -> Option<&Path> {
        Some(&self.facts(tenant)?.metrics_file)
    }

    /// Why the numbers of all tenants cannot be written to this file: it holds something else, or is one of a tenant's.
    pub(super) fn would_overwrite(&self, file: &Path) -> Option<String> {
        if !metrics_file::is_replaceable(file) {
            return Some("is there, and holds no metrics of recount, or cannot be read".to_owned());
        }
        let wanted = place(file);
        self.tenants.iter().find_map(|(tenant, known)| {
            let (of, name) = (tenant.configuration(), shown(&tenant.name));
            let Some(facts) = &known.facts else {
                return (place(&of) == wanted).then(|| format!("is the recount.toml of tenant {name}"));
            };
            if place(&facts.metrics_file) == wanted {
                return Some(format!("is the file of tenant {name}'s own metrics"));
            }
            let why = would_overwrite(file, (&of, &facts.state), &facts.paths)?;
            Some(format!("of tenant {name} {why}"))
        })
    }

    /// A tenant's next slot; `None` while its configuration cannot be read.
    pub(super) fn next_slot(&self, tenant: &Tenant, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.facts(tenant)?.schedule.as_ref()?.next_after(now)
    }

    fn facts(&self, tenant: &Tenant) -> Option<&TenantFacts> {
        self.tenants.get(tenant)?.facts.as_ref()
    }
}

impl TenantFacts {
    fn of(config: &Config) -> Self {
        let state = real(&config.state).into_os_string();
        let place = |replica: &ReplicaSettings| match &replica.place {
            ReplicaPlace::Folder(folder) => real(folder).into_os_string(),
            ReplicaPlace::S3(_) | ReplicaPlace::Azure(_) => OsString::from(replica.address()),
        };
        let copies = config.replica.as_ref().map(|replica| ("`replicate`", place(replica)));
        let own = std::iter::once(("`state`", state)).chain(copies).collect();
        Self {
            own,
            state: config.state.clone(),
            metrics_file: config.metrics_file.clone(),
            paths: config.paths.clone(),
            schedule: schedule(config).ok(),
            files: config.integrations.values().flat_map(files).collect(),
            billed: BilledLines::of(config),
        }
    }
}

/// The files of its mapping.
fn files(integration: &IntegrationConfig) -> impl Iterator<Item = PathBuf> {
    std::iter::once(integration.customers_path.clone()).chain(integration.services_path.clone())
}

fn of_people(tenant: &Tenant) -> (Tenant, String) {
    (tenant.clone(), "its `state` is the folder of the desk's people".to_owned())
}

/// Where a folder is, that may not be there yet, whatever links lead to it.
fn real(folder: &Path) -> PathBuf {
    followed(folder, LINKS)
}

/// As many links as the kernel follows.
const LINKS: u8 = 40;

/// A link whose target is not there yet is followed as well: the first night makes the target.
fn followed(folder: &Path, links: u8) -> PathBuf {
    if let Ok(found) = fs::canonicalize(folder) {
        return found;
    }
    let Some(above) = folder.parent() else { return folder.to_owned() };
    let above = followed(above, links);
    let Some(name) = folder.file_name() else { return above.parent().map(Path::to_owned).unwrap_or(above) };
    match fs::read_link(above.join(name)) {
        Ok(target) if links > 0 => followed(&above.join(target), links - 1),
        _ => above.join(name),
    }
}

pub(crate) fn stamp(file: &Path) -> io::Result<Stamp> {
    let found = fs::metadata(file)?;
    Ok((found.dev(), found.ino(), found.size(), found.ctime(), found.ctime_nsec()))
}

//! `recount check`: is everything in place? One line each, with the fix.

pub(crate) mod check_output;
mod connection;
mod export;
mod probe;
mod replication;
mod state_and_clock;
mod tab;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use futures_util::StreamExt as _;

use crate::alerts::alert::ChannelSource as _;
use crate::cli::arguments::global_options::Global;
use crate::cli::commands::check::check_output::{CheckList, NAMED, RightsFound};
use crate::cli::commands::daemon::configured_schedule;
use crate::cli::commands::fleet::fleet_options::FleetOptions;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::wiring::tickets_after_run;
use crate::cli::{clock, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::client::Client;
use crate::connectwise::client::settings::ConnectWiseSettings;
use crate::connectwise::client::status_meaning::Right;
use crate::connectwise::{ReadError, Reader};
use crate::error_chain::error_chain;
use crate::history::store::open::History;
use crate::nightly::night_failure::Failure;
use crate::nightly::precheck::{OtherIntegrations, precheck};
use crate::reconcile::matching::line_claims::{one_owner, owned_by, shared};
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::{AgreementId, CustomerName, IntegrationName, ProductCode};
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::Mode;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;
use crate::tickets::board::{ServiceBoard, TermsError};
use crate::tickets::settings::TicketSettings;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Ask the live ConnectWise what no public text says, on this agreement; the result names nobody
    #[arg(long, value_name = "AGREEMENT", value_parser = clap::value_parser!(i64).range(1..), conflicts_with = "tenants")]
    probe: Option<i64>,
    /// Set the quantity of its first addition to what it is, as well
    #[arg(long, requires = "probe")]
    write: bool,
    /// In whose ConnectWise; without it, that of the first integration that is on
    #[arg(long, requires = "probe", value_name = "NAME")]
    integration: Option<String>,
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    if let Some(agreement) = options.probe {
        let whose = options.integration.as_deref();
        return probe::run(global, (AgreementId(agreement), options.write, whose), console);
    }
    match checked(global) {
        Ok(checks) => checks.tell(console),
        Err(error) => error.tell(console),
    }
}

/// What of an integration's keys and rights is proved, what nobody can say yet, and what is wrong, with what helps.
pub(crate) fn rights_of(config: &Config, integration: &IntegrationName) -> Result<RightsFound, CommandError> {
    let gone = || CommandError::new(Exit::Config, format!("there is no integration {integration}"), "");
    let integration = config.integrations.get(integration).ok_or_else(gone)?;
    let mut checks = CheckList { list: Vec::new(), exit: Exit::Done, is_idle: false };
    session::runtime()?.block_on(checks.rights(config, integration));
    Ok(checks.found())
}

/// `1 customer has its agreement`.
fn placed(customers: usize) -> String {
    let have = if customers == 1 { "has its" } else { "have their" };
    format!("{} {have} agreement", plural(customers, "customer"))
}

fn checked(global: &Global) -> Result<CheckList, CommandError> {
    of(session::configuration(global)?)
}

/// Everything that has to be in place for this configuration.
pub(super) fn of(config: Config) -> Result<CheckList, CommandError> {
    let mut checks = CheckList { list: Vec::new(), exit: Exit::Done, is_idle: false };
    let integrations = config.integrations.len();
    checks.good("configuration", format!("{}: {}", config.path.display(), plural(integrations, "integration")));
    checks.schedule(&config);
    checks.store(&config);
    checks.clock(&config);
    checks.replica(&config);
    checks.metrics(&config);
    checks.alerts(&config);
    checks.desk(&config);
    let runtime = session::runtime()?;
    for integration in config.integrations.values().filter(|integration| integration.mode != Mode::Off) {
        runtime.block_on(checks.integration(&config, integration));
    }
    for integration in config.integrations.values().filter(|integration| integration.mode == Mode::Off) {
        checks.note(&format!("{}: off", integration.name), "nothing of it is looked at".to_owned());
    }
    checks.is_idle = config.integrations.values().all(|integration| integration.mode == Mode::Off);
    Ok(checks)
}

/// Products that another integration bills as well, and whose customers.
type Twice = BTreeMap<(ProductCode, IntegrationName), BTreeSet<CustomerName>>;

/// Probes that wait for an answer at the same time; the client's own `max_in_flight` is the limit that counts.
const PROBES_AT_ONCE: usize = 32;

impl CheckList {
    /// A schedule that never comes is no night at all, and the daemon would say so to its log alone.
    fn schedule(&mut self, config: &Config) {
        if config.daemon.is_none() {
            return;
        }
        match configured_schedule::schedule(config) {
            Ok(schedule) => self.good("schedule", schedule.describe()),
            Err(CommandError { exit, message, fix, .. }) => self.wrong("schedule", exit, message, fix),
        }
    }

    /// A night that cannot write its numbers says so to its log alone, and the graphs stand still.
    fn metrics(&mut self, config: &Config) {
        let (file, folder) = (config.metrics_file.display(), config.metrics_file.parent());
        let folder = folder.filter(|folder| *folder != config.state);
        let Some(folder) = folder else { return };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        match tempfile::tempfile_in(folder) {
            Ok(_) => self.good("metrics_file", format!("{file}: written after each run")),
            Err(error) => {
                let fix = "make the folder and let the user that runs recount write there (docs/alerts.md), or correct \
                           `metrics_file` in recount.toml";
                self.wrong("metrics_file", Exit::Config, format!("{file} cannot be written: {error}"), fix);
            }
        }
    }

    fn alerts(&mut self, config: &Config) {
        for (name, alert) in &config.alerts {
            let (subject, kind) = (format!("alert {name}"), alert.kind.word());
            match alert.channel() {
                Ok(_) => self.good(&subject, format!("{kind}; not tested yet: `recount alerts test`")),
                Err(error) => {
                    let fix = "correct it, then `recount alerts test`; until then this alert is not delivered";
                    self.wrong(&subject, Exit::Config, format!("{kind}: {}", error_chain(&*error)), fix);
                }
            }
        }
    }

    /// The connection and each right, without what the night reads and bills.
    async fn rights(&mut self, config: &Config, integration: &IntegrationConfig) {
        let name = |what: &str| format!("{}: {what}", integration.name);
        let Some((settings, client)) = self.connected(config, integration) else { return };
        if self.connection(&integration.name, settings, &client).await {
            self.cycles(&name("may read billing cycles"), &client).await;
        }
        self.writing(integration, config);
    }

    fn connected<'c>(
        &mut self,
        config: &'c Config,
        integration: &IntegrationConfig,
    ) -> Option<(&'c ConnectWiseSettings, Client)> {
        let connected = session::connectwise_of(config, integration)
            .and_then(|connectwise| Ok((&connectwise.client, session::connect(connectwise)?)));
        connected.map_err(|failure| self.failure(&format!("{}: keys", integration.name), &failure)).ok()
    }

    async fn integration(&mut self, config: &Config, integration: &IntegrationConfig) {
        let name = |what: &str| format!("{}: {what}", integration.name);
        let mapping = match &integration.mapping {
            Ok(mapping) => mapping,
            Err(faults) => {
                self.wrong(&name("customers"), Exit::Config, faults.to_string(), integration.mapping_fix());
                return self.draw(faults.drawn());
            }
        };
        self.shared(config, integration, mapping);
        let counts = self.export(&name("export"), config, integration).await;
        let Some((settings, client)) = self.connected(config, integration) else { return };
        if self.connection(&integration.name, settings, &client).await {
            self.cycles(&name("may read billing cycles"), &client).await;
            self.mapping((config, integration), mapping, &client, &counts).await;
        }
        self.writing(integration, config);
        if mapping.create_lines_unset {
            let detail = "left out, which means false: no line is created; write it, so that nobody has to know";
            self.note(&name("create_lines"), detail.to_owned());
        }
        if mapping.names_on_line && !mapping.bills_items() {
            let detail = "names the items of lines = \"per-item\", and no service has that";
            self.note(&name("names_on_line"), detail.to_owned());
        }
        for settings in &integration.tickets {
            self.tickets(&name("tickets"), config, integration, settings).await;
        }
    }

    /// Whether the names of the desk mean something, and the company is there. That tickets may be opened and closed is
    /// unproven until one is.
    async fn tickets(
        &mut self,
        name: &str,
        config: &Config,
        integration: &IntegrationConfig,
        settings: &TicketSettings,
    ) {
        let desk = match tickets_after_run::connect(tickets_after_run::desk_of(config, integration, settings)) {
            Ok(desk) => desk,
            Err(message) => return self.wrong(name, Exit::Config, message, "recount check names the key"),
        };
        match desk.terms(&settings.desk).await {
            Ok(_) => self.good(name, format!("board {}; not tested yet: `recount tickets test`", settings.desk.board)),
            Err(TermsError::Read(error)) => return self.failure(name, &Failure::from(error)),
            Err(TermsError::Missing(missing)) => {
                let fix = "write the names as ConnectWise shows them";
                missing.into_iter().for_each(|one| self.wrong(name, Exit::Config, one, fix));
            }
        }
        match desk.companies(&BTreeSet::from([settings.company])).await {
            Ok(found) if found.records.is_empty() && found.unreadable.is_empty() => {
                let message = format!("there is no company {}", settings.company);
                self.wrong(name, Exit::Config, message, "company is the record id of your own company");
            }
            Ok(_) => {}
            Err(error) => self.failure(name, &Failure::from(error)),
        }
        if let Err(error) = desk.probe(Right::Tickets).await {
            self.failure(name, &Failure::from(error));
        }
    }

    async fn mapping(
        &mut self,
        (config, integration): (&Config, &IntegrationConfig),
        mapping: &Mapping,
        client: &Client,
        counts: &Counts,
    ) {
        let name = &format!("{}: mapping", integration.name);
        let neighbours = config.neighbours(integration);
        // Whatever the history cannot say is said in its own line.
        let history = History::open_existing(&config.state).ok().flatten();
        let seen = history.and_then(|history| history.agreements_by_name(&neighbours).ok()).unwrap_or_default();
        let others = OtherIntegrations { neighbours: &neighbours, seen: &seen };
        let today = integration.zone.day(clock::now());
        let survey = match precheck(client, &integration.name, mapping, counts, others, today).await {
            Ok(survey) => survey,
            Err(error) => return self.failure(name, &Failure::from(error)),
        };
        self.additions(&format!("{}: may read additions", integration.name), client, &survey.agreements).await;
        self.company_filter(&format!("{}: companies", integration.name), mapping, client).await;
        survey.findings.iter().for_each(|finding| self.finding(name, finding));
        self.owned_twice(integration, &survey.owned_twice);
        if survey.findings.is_empty() {
            self.good(name, placed(survey.placed));
        }
    }

    /// Nothing stops without them: then a cycle's name says whether it recurs.
    async fn cycles(&mut self, name: &str, client: &Client) {
        match client.probe(Right::BillingCycles).await {
            Ok(()) => self.good(name, String::new()),
            Err(error) => {
                let role = "System > Table Setup > Inquire Level = All";
                let detail =
                    format!("{error}; a cycle's name says whether an agreement recurs, until the role has {role}");
                self.note(name, detail);
            }
        }
    }

    /// Whether the additions of every agreement that is billed on may be read: one of them may be closed to the role.
    async fn additions(&mut self, name: &str, client: &Client, agreements: &BTreeSet<AgreementId>) {
        let probes = agreements.iter().map(|agreement| client.probe(Right::Additions(*agreement)));
        let probes: Vec<_> = futures_util::stream::iter(probes).buffered(PROBES_AT_ONCE).collect().await;
        let refused: Vec<ReadError> = probes.into_iter().filter_map(Result::err).collect();
        if refused.is_empty() && !agreements.is_empty() {
            self.good(name, format!("of {}", plural(agreements.len(), "agreement")));
        }
        for error in refused {
            self.failure(name, &Failure::from(error));
        }
    }

    fn finding(&mut self, name: &str, finding: &Finding) {
        let Finding { code, message, fix, customer, service, .. } = finding;
        let customer = customer.as_ref().map(ToString::to_string);
        let subject = customer.or_else(|| service.as_ref().map(|service| format!("service {service}")));
        let about = subject.as_ref().map(|subject| format!("{subject}: ")).unwrap_or_default();
        self.wrong(name, exit_of(*code), format!("{about}{message} ({code})"), fix.clone());
        self.about(subject.map(|subject| (*code, subject)));
    }

    /// What the last one is about.
    fn about(&mut self, about: Option<(Code, String)>) {
        if let Some(check) = self.list.last_mut() {
            check.about = about;
        }
    }

    /// What two integrations bill for all that the files say: seen without ConnectWise.
    fn shared(&mut self, config: &Config, integration: &IntegrationConfig, mapping: &Mapping) {
        let mut twice: Twice = BTreeMap::new();
        for neighbour in config.neighbours(integration) {
            for (product, customers) in shared(mapping, neighbour.mapping) {
                twice.insert((product, neighbour.integration.clone()), customers);
            }
        }
        self.owned_twice(integration, &twice);
    }

    /// Says it once: ConnectWise may know of more lines than the files, and never of fewer.
    fn owned_twice(&mut self, integration: &IntegrationConfig, twice: &Twice) {
        let fix = integration.mapping.as_ref().map(one_owner).unwrap_or_default();
        let name = format!("{}: owned twice", integration.name);
        for ((product, other), customers) in twice {
            let owned = owned_by(product, &[other]);
            let about = Some((Code::LineOwnedTwice, format!("{product} of {other}")));
            self.list.retain(|check| !(check.name == name && check.about == about));
            let of = customers.iter().take(NAMED).map(|customer| customer.as_str()).collect::<Vec<_>>().join(", ");
            let more = customers.len().saturating_sub(NAMED);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let detail = format!("{owned}: {of}{more} ({})", Code::LineOwnedTwice);
            self.wrong(&name, Exit::Config, detail, fix.clone());
            self.about(about);
        }
    }
}

/// A mapping that names what is not there is invalid; everything else is for somebody to decide.
fn exit_of(code: Code) -> Exit {
    match code {
        Code::CompanyMissing
        | Code::AgreementMissing
        | Code::AgreementOtherCompany
        | Code::ProductMissing
        | Code::ProductAmbiguous
        | Code::ProductInactive
        | Code::ProductBundleClass
        | Code::ServiceDeprecated => Exit::Config,
        _ => Exit::Decide,
    }
}

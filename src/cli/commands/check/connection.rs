//! Whether ConnectWise answers these keys, and what it lets them do.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::cli::commands::check::check_output::CheckList;
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::client::Client;
use crate::connectwise::client::settings::ConnectWiseSettings;
use crate::connectwise::client::status_meaning::{Right, WriteKind};
use crate::connectwise::client::unreachable_cause::UnreachableCause;
use crate::connectwise::{ReadError, Reader as _};
use crate::history::store::open::History;
use crate::nightly::night_failure::Failure;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::mapping::{Mapping, folded};
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates;

/// Clocks that are set by the network differ by seconds; answers that took long, by less than this.
const CLOCKS_APART_S: i64 = 300;

impl CheckList {
    /// The login company, the keys, and each read right; whether all reads are allowed. The keys are good once an answer
    /// proved them.
    pub(super) async fn connection(
        &mut self,
        integration: &IntegrationName,
        settings: &ConnectWiseSettings,
        client: &Client,
    ) -> bool {
        let name = |what: &str| format!("{integration}: {what}");
        let site = format!("{} as {}", settings.url, settings.company);
        if client.knows_company().await == Some(false) {
            let message = format!("{} has no login company {}", settings.url, settings.company);
            let fix = "company is what stands in the first field of the login screen";
            self.wrong(&name("login company"), Exit::Config, message, fix);
        }
        let mut answers = Vec::new();
        for right in [Right::Companies, Right::Agreements, Right::Catalog] {
            let answer = client.probe(right).await;
            let is_end = matches!(answer, Err(ReadError::Unreachable { .. }));
            answers.push((right, answer));
            if is_end {
                break;
            }
        }
        if answers.iter().any(|(_, answer)| answer.is_ok()) {
            self.good(&name("keys"), site);
        } else {
            self.note(&name("keys"), format!("{site}: not proven, because no read was answered"));
        }
        if let Some(ahead_s) = client.server_clock.ahead_s().filter(|ahead_s| ahead_s.abs() >= CLOCKS_APART_S) {
            let side = if ahead_s > 0 { "ahead of" } else { "behind" };
            let apart = numbers_and_dates::span(TimeDelta::seconds(ahead_s.abs()));
            let why = "lines begin on this host's day: if it is this clock that is wrong, set it before a night runs";
            self.note(&name("clock"), format!("{apart} {side} ConnectWise's, as its answer says; {why}"));
        }
        let mut all = true;
        for (right, answer) in answers {
            all &= answer.is_ok();
            self.right(&name(&format!("may read {right}")), settings, answer);
        }
        all
    }

    fn right(&mut self, name: &str, settings: &ConnectWiseSettings, answer: Result<(), ReadError>) {
        match answer {
            Ok(()) => self.good(name, String::new()),
            Err(error @ ReadError::Unreachable { cause, .. }) => {
                let fix = match cause {
                    UnreachableCause::Network => format!("look at the network, and at url = \"{}\"", settings.url),
                    other => other.remedy().to_owned(),
                };
                self.wrong(name, Exit::Unreachable, error.to_string(), fix);
            }
            Err(
                ReadError::Denied { why, fix, .. }
                | ReadError::WriteDenied { why, fix, .. }
                | ReadError::Additions { why, fix, .. },
            ) => {
                self.wrong(name, Exit::Denied, why, fix);
            }
        }
    }

    /// A type or a status that no company bears leaves every company out.
    pub(super) async fn company_filter(&mut self, name: &str, mapping: &Mapping, client: &Client) {
        let filter = &mapping.companies_of;
        if filter.kinds.is_empty() && filter.statuses.is_empty() {
            return;
        }
        let companies = match client.all_companies().await {
            Ok(found) => found.records,
            Err(error) => return self.failure(name, &Failure::from(error)),
        };
        let kinds: BTreeSet<&str> = companies.iter().flat_map(|one| &one.kinds).map(String::as_str).collect();
        let statuses: BTreeSet<&str> = companies.iter().map(|one| one.status.as_str()).collect();
        for (key, wanted, there) in
            [("company_types", &filter.kinds, kinds), ("company_statuses", &filter.statuses, statuses)]
        {
            let unborne = wanted.iter().filter(|name| !there.iter().any(|one| folded(one) == **name));
            for unborne in unborne {
                let listed = there.iter().copied().collect::<Vec<_>>().join(", ");
                let message = format!("no company bears \"{unborne}\" of {key}");
                self.wrong(name, Exit::Config, message, format!("there are: {listed}"));
            }
        }
    }

    /// Rights to write cannot be tried without writing; a night that wrote has proved them, each by itself.
    pub(super) fn writing(&mut self, integration: &IntegrationConfig, config: &Config) {
        let name = |what: &str| format!("{}: {what}", integration.name);
        if integration.mode != Mode::Apply {
            let detail = "observe mode: never writes; a key that may only inquire is best";
            return self.note(&name("may write"), detail.to_owned());
        }
        // Whatever the history cannot say is said in its own line.
        let history = History::open_existing(&config.state).ok().flatten();
        let creates = integration.mapping.as_ref().is_ok_and(|mapping| mapping.create_lines);
        for (what, write, is_wanted) in
            [("may change lines", WriteKind::Set, true), ("may add lines", WriteKind::Create, creates)]
        {
            if !is_wanted {
                continue;
            }
            let last =
                history.as_ref().map(|history| history.last_confirmed(&integration.name, write == WriteKind::Create));
            match last.and_then(|last| last.ok().flatten()) {
                Some((run, at)) => self.good(&name(what), format!("run {run} did on {}", numbers_and_dates::day(at))),
                None => {
                    let needed = write.switch();
                    self.note(&name(what), format!("not tested yet, the first such write will show; needs {needed}"));
                }
            }
        }
    }
}

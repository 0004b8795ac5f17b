//! What helps with an item beside an answer: the picker that leads on, and the company that fits.

use maud::{Markup, html};

use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::command_output::held_output::Waiting;
use crate::web::desk::host::mapping_host::CompanyGuess;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::token;

/// Where the picker for it is, and what leads there.
fn picker(integration: &IntegrationName, finding: &Finding) -> Option<(String, &'static str)> {
    let what = match finding.code {
        Code::CustomerUnmapped | Code::CompanyAmbiguous | Code::CompanyMissing | Code::CompanyChanged => {
            "Choose company…"
        }
        Code::AgreementMissing
        | Code::AgreementNotActive
        | Code::AgreementOneTime
        | Code::AgreementAmbiguous
        | Code::AgreementOtherCompany => "Choose agreement…",
        Code::ServiceUnmapped => {
            let service = handle::of_matter(integration, "service", finding.service.as_ref()?.as_str());
            return Some((format!("/services/{service}"), "Choose product…"));
        }
        Code::LineAmbiguous => {
            return Some((format!("/items/{}#addition", finding.handle.as_ref()?), "Choose addition…"));
        }
        Code::BilledNotCounted => return Some((format!("/items/{}#lines", finding.handle.as_ref()?), "Choose lines…")),
        Code::ServiceMissing => {
            return Some((format!("/items/{}#lines", finding.handle.as_ref()?), "Accept or keep its lines…"));
        }
        Code::CustomerMissing => {
            let customer = handle::of_customer(integration, finding.customer.as_ref()?);
            return Some((format!("/mapping/{customer}#without"), "It has left…"));
        }
        _ => return None,
    };
    let customer = handle::of_customer(integration, finding.customer.as_ref()?);
    Some((format!("/mapping/{customer}"), what))
}

/// A link to the picker, for whoever may choose there.
pub(crate) fn link(visit: &Visit, integration: &IntegrationName, finding: &Finding, said: &str) -> Markup {
    let is_of_lines = matches!(finding.code, Code::BilledNotCounted | Code::ServiceMissing);
    let chooses = if is_of_lines { DeskAction::Several } else { DeskAction::Map };
    let picker = picker(integration, finding).filter(|_| visit.may(chooses));
    html! { @if let Some((address, what)) = picker { a.b href=(address) { (what) span.sr { " " (said) } } } }
}

/// The company that fits an unmapped customer, a press away; else the link to the picker.
pub(crate) fn way_on(visit: &Visit, one: &Waiting, guesses: &[CompanyGuess]) -> Markup {
    let finding = &one.finding;
    let guess = guesses.iter().find(|guess| finding.handle.as_ref() == Some(&guess.customer.handle));
    let best = guess.filter(|guess| !guess.is_ambiguous).and_then(|guess| Some((guess, guess.candidates.first()?)));
    let Some((guess, best)) = best.filter(|_| visit.may(DeskAction::Map)) else {
        return html! { p.do { (link(visit, &one.integration, finding, &one.title())) } };
    };
    let handle = &guess.customer.handle;
    html! {
        p.guess { b { (shown(&best.name)) } span.soft { "company " (best.company) " · " (escaped(&best.why)) } }
        form.do method="post" action=(DeskAction::Map.path().replace("{handle}", handle)) {
            (token(visit)) input type="hidden" name="shown" value=(guess.customer.as_shown()); input type="hidden" name="company" value=(best.company);
            button.b name="what" value="map" { "Map to " (best.company) span.sr { ", " (one.title()) } }
            a.b href={ "/mapping/" (handle) } { "Choose another…" span.sr { " for " (one.title()) } }
            a.b.quiet href={ "/mapping/" (handle) "#without" } { "Skip on purpose…" span.sr { " " (one.title()) } }
        }
    }
}

//! A company for one customer, and one of its agreements. What cannot be chosen stays visible, with why.

use maud::{Markup, html};

use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::CompanyId;
use crate::reconcile::model::mapping::CustomerTarget;
use crate::web::desk::host::mapping_host::{AgreementChoices, CompanyChoice, MappedCustomer};
use crate::web::desk::host::not_done::NotDone;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::page_pieces;
use crate::web::site::PageError;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let handle = visit.part("handle");
    let host = &visit.site.host;
    let customers = host.customers().map_err(PageError::Broken)?;
    let customer = customers.iter().find(|one| one.handle == handle).ok_or(PageError::Nothing)?;
    let name = shown(customer.name.as_str());
    let may = visit.may(DeskAction::Map);
    let main = html! {
        header.head { div {
            p.over { a href="/customers" { "Customers" } " · " code { (handle) } " · " (shown(customer.integration.as_str())) }
            h1 { (name) }
            p.lead { (standing(customer)) @if !customer.note.is_empty() { " Note: “" (shown(&customer.note)) "”." } @if customer.is_counted { " " a href=(page_pieces::customer_address(customer.name.as_str())) { "Its lines" } } }
        } }
        @if visit.query.get("saved") == "1" { (page_pieces::note("good", "Saved.", html! { "customers.csv was changed under your name, and the version before it is kept. Nothing was written to ConnectWise. The next plan uses it." })) }
        @if !may { (page_pieces::note("plain", "You may read.", html! { "Mapping is for operators." })) }
        @if may { (picker(visit, customer)) (without_company(visit, customer)) }
    };
    Ok(frame(visit, RailEntry::Customers, &name, &main))
}

pub(crate) fn standing(customer: &MappedCustomer) -> String {
    match &customer.target {
        None if customer.is_unmapped => "Not mapped: nothing is billed.".to_owned(),
        None => "It has no row in customers.csv.".to_owned(),
        Some(CustomerTarget::Skip) => "Skipped on purpose.".to_owned(),
        Some(CustomerTarget::Company { company, agreement }) => {
            let name = customer.company.as_ref().map(|name| format!(", {}", shown(name))).unwrap_or_default();
            let agreement = agreement.map_or("its default agreement".to_owned(), |id| format!("agreement {id}"));
            format!("Company {company}{name}, on {agreement}.")
        }
    }
}

fn picker(visit: &Visit, customer: &MappedCustomer) -> Markup {
    let typed = visit.query.get("q");
    if visit.query.get("again") == "1" {
        visit.site.host.read_again(&customer.integration);
    }
    let chosen = visit.query.get("company").parse::<i64>().ok().filter(|id| *id > 0).map(CompanyId);
    let companies = visit.site.host.companies(customer, typed);
    let agreements = chosen.map(|company| (company, visit.site.host.agreements(&customer.integration, company)));
    let address = format!("/mapping/{}", customer.handle);
    html! {
        div.sheet #picker { div.picker {
            fieldset {
                legend { "Company" }
                form.search role="search" method="get" action=(address) {
                    label.sr for="pq" { "Name, identifier or id" }
                    input id="pq" type="search" name="q" placeholder="Name, identifier or id" value=(typed) autocomplete="off"
                        hx-get=(address) hx-trigger="input changed delay:250ms" hx-select="#found" hx-target="#found" hx-swap="outerHTML";
                    button.b { "Search" }
                }
                (found(visit, &companies, chosen, (&address, typed)))
            }
            @match agreements {
                Some((company, Ok(agreements))) => (agreement_form(visit, customer, company, &agreements)),
                Some((_, Err(why))) => fieldset { legend { "Agreement" } (silent(visit, &why)) },
                None => fieldset { legend { "Agreement" } p.hint { "Choose a company first." } },
            }
        } }
    }
}

fn silent(visit: &Visit, why: &NotDone) -> Markup {
    page_pieces::note(
        "bad",
        "ConnectWise cannot be asked.",
        html! { (escaped(&why.message)) (page_pieces::ways(visit, &why.fix)) },
    )
}

fn found(
    visit: &Visit,
    companies: &Result<Vec<CompanyChoice>, NotDone>,
    chosen: Option<CompanyId>,
    (address, typed): (&str, &str),
) -> Markup {
    let companies = match companies {
        Ok(companies) => companies,
        Err(why) => return html! { div #found { (silent(visit, why)) } },
    };
    html! {
        div #found {
            @if companies.is_empty() { p.hint { @if typed.is_empty() { "No company has a name like it: search." } @else { "No company fits." } } }
            @for one in companies { (company(one, chosen, address, typed)) }
            (page_pieces::read_again(address, &[("q", typed)]))
        }
    }
}

fn company(one: &CompanyChoice, chosen: Option<CompanyId>, address: &str, typed: &str) -> Markup {
    let CompanyChoice { company, name, said, why, off } = one;
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("q", typed), ("company", &company.to_string())])
        .finish();
    let about =
        html! { span { b { (shown(name)) } span.rest { (company) @if !said.is_empty() { " · " (escaped(said)) } } } };
    match off {
        Some(off) => {
            html! { div.choice.off { span {} span { b { (shown(name)) } span.rest { (company) " · " (off) } } } }
        }
        None => html! {
            a.choice href={ (address) "?" (query) "#picker" } aria-current=[(chosen == Some(*company)).then_some("true")] {
                span aria-hidden="true" { @if chosen == Some(*company) { "●" } @else { "○" } } (about) span.small.soft { (escaped(why)) }
            }
        },
    }
}

fn agreement_form(visit: &Visit, customer: &MappedCustomer, company: CompanyId, choices: &AgreementChoices) -> Markup {
    let now = match &customer.target {
        Some(CustomerTarget::Company { company: known, agreement }) if *known == company => Some(*agreement),
        _ => None,
    };
    html! {
        form method="post" action=(DeskAction::Map.path().replace("{handle}", &customer.handle)) { (token(visit))
            input type="hidden" name="shown" value=(customer.as_shown()); input type="hidden" name="company" value=(company);
            fieldset {
                legend { "Agreement of company " (company) }
                @if let Some((rule, meant)) = &choices.default {
                    label.choice { input type="radio" name="agreement" value="" checked[now.is_none_or(|now| now.is_none())];
                        span { b { "The default: " (escaped(rule)) } span.rest { @match meant { Ok(meant) => { "today that is " (escaped(meant)) }, Err(why) => { (why) } } } } span {} }
                }
                @for one in &choices.agreements { @match &one.off {
                    Some(off) => div.choice.off { span {} span { b { (one.agreement) " " (shown(&one.name)) } span.rest { (escaped(off)) } } },
                    None => label.choice { input type="radio" name="agreement" value=(one.agreement) checked[now.flatten() == Some(one.agreement)] required[choices.default.is_none()];
                        span { b { (one.agreement) " " (shown(&one.name)) } span.rest { (shown(&one.kind)) " · this one and no other" } } span {} },
                } }
                @if choices.agreements.is_empty() { p.hint { "It has no agreement." } }
                div.field { label for="mn" { "Note " span.hint { "kept in the row" } } input id="mn" name="note" maxlength="500" value=(note(visit, customer)); }
            }
            p.small.soft { "Adds or changes one row of customers.csv under your name; the version before it is kept." }
            div.do { button.b.act name="what" value="map" { "Map to " (company) } }
        }
    }
}

/// What was typed before somebody was signed out, else the note that is there: emptied, it is taken out.
fn note<'a>(visit: &'a Visit, customer: &'a MappedCustomer) -> &'a str {
    Some(visit.query.get("note")).filter(|typed| !typed.is_empty()).unwrap_or(&customer.note)
}

/// What needs no company.
fn without_company(visit: &Visit, customer: &MappedCustomer) -> Markup {
    let is_skipped = customer.target == Some(CustomerTarget::Skip);
    html! {
        form.panel.stack #without method="post" action=(DeskAction::Map.path().replace("{handle}", &customer.handle)) { (token(visit))
            input type="hidden" name="shown" value=(customer.as_shown());
            h2 { "Without a company" }
            @if !is_skipped {
                div.field { label for="sn" { "Note " span.hint { "why nobody is billed" } } input id="sn" name="note" maxlength="500" value=(note(visit, customer)); }
                div.do { button.b name="what" value="skip" { "Skip on purpose" } }
            }
            @if customer.target.is_some() {
                p.small.soft { "Without its row it is not mapped, and reported as such. What else the row says goes with it: agreement, note, chosen additions." }
                div.do { button.b.quiet name="what" value="remove" { "Take its row out" } }
            }
        }
    }
}

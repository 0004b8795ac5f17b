//! The reports as they were kept. Their pages name each other by the files beside them; here each of these names leads to the
//! desk's page of the same thing, and what the desk has no page for is shown as it was kept.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use crate::reconcile::model::ids::{CustomerName, RunId};
use crate::report::format::csv;
use crate::report::format::html::customer_page;
use crate::report::lines;
use crate::report::report_files::Reports;
use crate::web::access::sign_in;
use crate::web::desk::visit::Visit;
use crate::web::desk_request::DeskRequest;
use crate::web::pages::page_pieces::customer_address;
use crate::web::response::{refused, see};
use crate::web::site::PageError;

/// A kept report is one file, with its style inside.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What a name in the reports' folder comes to.
enum KeptFile {
    /// The desk has a page of the same thing.
    At(String),
    Page(String),
    Lines(String),
}

/// `GET /reports/FILE`: the report of a run by its number, and whatever its page names beside itself.
pub(crate) async fn report(asked: DeskRequest) -> Response {
    answered(asked, beside_reports).await
}

/// `GET /reports/customers/FILE`.
pub(crate) async fn of_customer(asked: DeskRequest) -> Response {
    answered(asked, of_customers).await
}

async fn answered(asked: DeskRequest, kept: fn(&Visit, &str) -> Result<KeptFile, PageError>) -> Response {
    let address = asked.uri.path().to_owned();
    let found = asked.read(move |asked| asked.visit_now()?.map(|visit| kept(&visit, visit.part("file"))).transpose());
    match found.await {
        Ok(Some(KeptFile::At(address))) => see(&address),
        Ok(Some(KeptFile::Page(html))) => {
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)], html).into_response()
        }
        Ok(Some(KeptFile::Lines(csv))) => {
            let kind = HeaderValue::from_static("text/csv; charset=utf-8");
            let saved = HeaderValue::from_static("attachment");
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, saved)], csv).into_response()
        }
        Ok(None) => sign_in::to_door(&address),
        Err(missing) => refused(&missing),
    }
}

/// Paths are made of numbers alone, and of names that stand here.
fn beside_reports(visit: &Visit, file: &str) -> Result<KeptFile, PageError> {
    match file {
        "index.html" => Ok(KeptFile::At("/nights".to_owned())),
        "ready.html" => Ok(KeptFile::At("/invoices".to_owned())),
        "trends.html" => page(visit, file),
        _ => match file.strip_suffix("-lines.csv") {
            Some(number) => lines_of(visit, run(number)?),
            None => of_run(visit, run(file.strip_suffix(".html").unwrap_or(file))?),
        },
    }
}

fn run(number: &str) -> Result<RunId, PageError> {
    number.parse().map(RunId).map_err(|_| PageError::Nothing)
}

/// The report as it was kept; where it is not there any more, what the history knows of the run.
fn of_run(visit: &Visit, run: RunId) -> Result<KeptFile, PageError> {
    if let Ok(kept) = page(visit, &format!("{run}.html")) {
        return Ok(kept);
    }
    visit.desk.history()?.run(run)?.ok_or(PageError::Nothing)?;
    Ok(KeptFile::At(format!("/nights/{run}")))
}

/// The file itself is kept for a few nights only; it is made of the history.
fn lines_of(visit: &Visit, run: RunId) -> Result<KeptFile, PageError> {
    let run = visit.desk.history()?.run(run)?.ok_or(PageError::Nothing)?;
    Ok(KeptFile::Lines(csv::render(&run)))
}

/// The desk's page of a customer, where the newest plan has lines of it; else the one that was kept.
fn of_customers(visit: &Visit, file: &str) -> Result<KeptFile, PageError> {
    let known = visit.desk.plans.iter().find_map(|plan| {
        let is_meant = |name: &&CustomerName| customer_page::file(&plan.run.integration, name) == file;
        lines(&plan.run).iter().flat_map(|line| &line.sources).map(|source| &source.customer).find(is_meant)
    });
    match known {
        Some(customer) => Ok(KeptFile::At(customer_address(customer.as_str()))),
        // A file's name is made of lower letters, digits and dashes: nothing else leads anywhere.
        None if file.strip_suffix(".html").is_some_and(|name| name.bytes().all(is_of_a_name)) => {
            page(visit, &format!("customers/{file}"))
        }
        None => Err(PageError::Nothing),
    }
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn page(visit: &Visit, file: &str) -> Result<KeptFile, PageError> {
    let kept = Reports::of(&visit.site.site.state).file(file);
    std::fs::read_to_string(kept).map(KeptFile::Page).map_err(|_| PageError::Nothing)
}

//! The tab in ConnectWise: one company's lines, open items and nights, to read. Nothing is decided in a frame.
//!
//! It has no cookie and no session. Each time it is opened, the window around it says who is looking, and the desk asks
//! ConnectWise whether that is true before anything is shown. What is not answered with a clear yes is a no.

mod tab_page;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::history::desk::events::DeskEvent;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::CompanyId;
use crate::web::desk::host::member_claim::{MemberClaim, MemberVerification};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::visit::Overview;
use crate::web::peer_address::Peer;
use crate::web::response::{MayBeFramed, now, page_of, refused};
use crate::web::site::{DeskSite, PageError, TabRules};

/// What only this page may do: be framed by ConnectWise, and run the one script of the desk.
fn policy(rules: &TabRules) -> HeaderValue {
    let said = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; \
         frame-ancestors {}",
        rules.origins.join(" ")
    );
    let nobody = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    HeaderValue::from_str(&said).unwrap_or(nobody)
}

fn framed(mut response: Response, rules: &TabRules) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy(rules));
    // `frame-ancestors` says it, and to these origins alone; the older header knows only all or none.
    response.extensions_mut().insert(MayBeFramed);
    response
}

/// `GET /tab`: the page that asks who is looking. It holds nothing of anybody.
pub(crate) async fn open(State(desk): State<DeskSite>, RawQuery(query): RawQuery) -> Response {
    let Some(rules) = &desk.tab else { return refused(&PageError::Nothing) };
    let query = PostedFields::parse(query.unwrap_or_default().as_bytes());
    framed(page_of(StatusCode::OK, tab_page::asking(rules, query.get("id"), query.get("screen"))), rules)
}

/// Whether an address of the desk is the tab's: nobody signs in there.
pub(crate) fn is_tab(address: &str) -> bool {
    ["/tab", "/tab.js"].contains(&address)
}

/// The tab's script.
pub(crate) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../assets/tab.js")).into_response()
}

/// `POST /tab`: what ConnectWise's window said of who is looking; the company, if ConnectWise itself says so too.
pub(crate) async fn show(
    State(desk): State<DeskSite>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(rules) = desk.tab.clone() else { return refused(&PageError::Nothing) };
    let fields = PostedFields::parse(&body);
    let text = |name: &str| fields.get(name).to_owned();
    let claim = MemberClaim {
        company: text("companyid"),
        member: text("memberid"),
        hash: text("memberHash"),
        context: text("memberContext"),
    };
    let company = fields.get("id").parse::<i64>().ok().filter(|_| is_of_a_company(fields.get("screen"))).map(CompanyId);
    let address = peer.address(&headers, desk.door.rules.proxy).to_string();
    let reads = desk.site.reads.clone();
    let drawn = reads.read(move || {
        let vouched = desk.host.vouched(&claim);
        note(&desk, &claim, address, &vouched)?;
        if vouched != MemberVerification::Yes {
            return Ok((StatusCode::FORBIDDEN, tab_page::nothing(vouched)));
        }
        let Some(company) = company else { return Ok((StatusCode::NOT_FOUND, tab_page::elsewhere())) };
        let overview = Overview::of(&desk, now())?;
        Ok((StatusCode::OK, tab_page::company(&overview, company, &claim.member)?))
    });
    match drawn.await {
        Ok((status, page)) => framed(page_of(status, page), &rules),
        Err(missing) => refused(&missing),
    }
}

/// The tab is made for the company's screen alone: an id of another screen is that of another record.
fn is_of_a_company(screen: &str) -> bool {
    screen.to_ascii_lowercase().contains("company")
}

fn note(desk: &DeskSite, claim: &MemberClaim, address: String, vouched: &MemberVerification) -> Result<(), PageError> {
    let mut history = History::open_beside(&desk.site.state)?.ok_or(PageError::Nothing)?;
    let event = DeskEvent {
        at: now(),
        person: shown(&claim.member),
        address,
        deed: "opened the tab".to_owned(),
        about: String::new(),
        refused: *vouched != MemberVerification::Yes,
        said: vouched.sentence().to_owned(),
    };
    Ok(history.note_desk_event(&event)?)
}

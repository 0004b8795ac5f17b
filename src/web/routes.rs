//! Every address of the desk. A page is shown to somebody who is signed in; what can be done is one list of actions,
//! and each of them goes the same way.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts, RawPathParams};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use maud::Markup;

use crate::history::store::open::History;
use crate::report::files::Reports;
use crate::web::desk::act::act;
use crate::web::desk::deed::Acted;
use crate::web::desk::fields::PostedFields;
use crate::web::desk::roles::DeskAction;
use crate::web::desk::visit::{Overview, Visit};
use crate::web::door::oidc::flow;
use crate::web::door::signed_in::{COOKIE, SignedIn, set};
use crate::web::door::{account, second_step, sign_in};
use crate::web::pages::{
    audit, customer, customers, find, integrations, invoices, item, live, night, nights, plan, today,
};
use crate::web::peer::Peer;
use crate::web::response::{now, page_of, read, refused, see};
use crate::web::site::DeskSite;
use crate::web::site::Missing;
use crate::web::tab;

/// How a page is drawn.
type Page = fn(&Visit) -> Result<Markup, Missing>;

/// The pages of the desk.
const PAGES: [(&str, Page); 14] = [
    ("/", today::page),
    ("/account", account::page),
    ("/items/{handle}", item::page),
    ("/plan", plan::page),
    ("/invoices", invoices::page),
    ("/customers", customers::page),
    ("/customers/{customer}", customer::page),
    ("/nights", nights::page),
    ("/nights/{run}", night::page),
    // Where mails of older configurations lead.
    ("/runs/{run}", night::page),
    ("/integrations", integrations::page),
    ("/audit", audit::page),
    ("/live", live::page),
    ("/find", find::page),
];

/// Bytes of a form, at most.
const FORM_MOST: usize = 256 * 1024;

/// A kept report is one file, with its style inside.
const POLICY_OF_REPORTS: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(crate) fn routes(desk: DeskSite) -> Router {
    let mut router = Router::new()
        .route("/style.css", get(style))
        .route("/reports/{run}", get(report))
        .route("/signin", get(sign_in::door).post(sign_in::knock))
        .route("/signin/code", get(second_step::ask).post(second_step::answer))
        .route("/signin/provider", get(flow::begin))
        .route("/signin/provider/back", get(flow::back))
        .route("/tab", get(tab::open).post(tab::show))
        .route("/tab.js", get(tab::script))
        .route("/welcome/{link}", get(sign_in::welcome).post(sign_in::choose));
    for (address, page) in PAGES {
        router = router.route(address, get(move |asked: Asked| show(asked, page)));
    }
    for action in DeskAction::ALL {
        let handler = move |asked: Asked, body: Bytes| done(asked, action, body);
        router = router.route(action.path(), post(handler));
    }
    router.layer(DefaultBodyLimit::max(FORM_MOST)).with_state(desk)
}

/// What is taken of a request.
struct Asked {
    desk: DeskSite,
    peer: Peer,
    headers: HeaderMap,
    path: BTreeMap<String, String>,
    query: String,
    uri: Uri,
}

impl FromRequestParts<DeskSite> for Asked {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        desk: &DeskSite,
    ) -> Result<Self, Self::Rejection> {
        let path = RawPathParams::from_request_parts(parts, desk).await.map_err(|error| error.into_response())?;
        let path = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let ConnectInfo(peer) =
            ConnectInfo::from_request_parts(parts, desk).await.map_err(|error| error.into_response())?;
        let query = parts.uri.query().unwrap_or_default().to_owned();
        Ok(Self { desk: desk.clone(), peer, headers: parts.headers.clone(), path, query, uri: parts.uri.clone() })
    }
}

impl Asked {
    /// The visit, if somebody is signed in. Waits for the disk.
    fn visit(self, now: DateTime<Utc>) -> Result<Option<Visit>, Missing> {
        let Self { desk: site, peer, headers, path, query, uri: _ } = self;
        let history = History::open_existing(&site.site.state)?;
        let person = history.map(|history| SignedIn::of(&history, &headers, now)).transpose()?.flatten();
        let Some(person) = person else { return Ok(None) };
        let address = peer.address(&headers, site.rules.proxy);
        let desk = Overview::of(&site, now)?;
        Ok(Some(Visit { site, person, address, path, query: PostedFields::parse(query.as_bytes()), now, desk }))
    }
}

async fn show(asked: Asked, page: Page) -> Response {
    let address = asked.uri.path_and_query().map(|all| all.as_str().to_owned()).unwrap_or_default();
    let drawn = read(move || asked.visit(now())?.map(|visit| page(&visit)).transpose()).await;
    match drawn {
        Ok(Some(page)) => page_of(StatusCode::OK, page),
        Ok(None) => sign_in::to_door(&address),
        Err(missing) => refused(&missing),
    }
}

async fn done(asked: Asked, action: DeskAction, body: Bytes) -> Response {
    let acted = read(move || {
        let fields = PostedFields::parse(&body);
        asked.visit(now())?.map(|visit| act(action, &visit, &fields)).transpose()
    });
    match acted.await {
        Ok(None) => page_of(StatusCode::UNAUTHORIZED, sign_in::signed_out_page()),
        Ok(Some(Acted::To(address))) => see(&address),
        Ok(Some(Acted::Left)) => {
            let mut response = see("/signin");
            if let Ok(gone) = set(COOKIE, "", None).parse() {
                response.headers_mut().append(header::SET_COOKIE, gone);
            }
            response
        }
        Ok(Some(Acted::Page(status, page))) => page_of(status, *page),
        Err(missing) => refused(&missing),
    }
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("assets/style.css")).into_response()
}

/// The report of a run as it was kept, whole. The path is made of its number alone.
async fn report(asked: Asked) -> Response {
    let address = asked.uri.path().to_owned();
    let run = asked.path.get("run").and_then(|run| run.parse::<i64>().ok());
    let state = asked.desk.site.state.clone();
    let kept = read(move || {
        let Some(_) = asked.visit(now())? else { return Ok(None) };
        let page = Reports::of(&state).page(crate::reconcile::model::ids::RunId(run.ok_or(Missing::Nothing)?));
        std::fs::read_to_string(page).map(Some).map_err(|_| Missing::Nothing)
    });
    match kept.await {
        Ok(Some(html)) => {
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY_OF_REPORTS)], html).into_response()
        }
        Ok(None) => sign_in::to_door(&address),
        Err(missing) => refused(&missing),
    }
}

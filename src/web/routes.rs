//! Every address of the desk. A page is shown to somebody who is signed in; what can be done is one list of actions,
//! and each of them goes the same way.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use maud::Markup;

use crate::web::access::left_page::{LeftPage, signed_out_page};
use crate::web::access::oidc::flow;
use crate::web::access::signed_in::without_session;
use crate::web::access::{account_page, second_step, sign_in};
use crate::web::desk::action_outcome::FormResponse;
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::pressed_button::act;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::desk_request::DeskRequest;
use crate::web::pages::{
    audit, customers, exports, find, integrations, invoices, item, live_run, nights, one_night, plan, services, today,
};
use crate::web::response::{now, only_a_form, page_of, refused, see};
use crate::web::site::{DeskSite, Door, PageError};
use crate::web::{assets, kept_reports, live_events, receive_upload, tab};

/// How a page is drawn.
type Page = fn(&Visit) -> Result<Markup, PageError>;

/// The pages of the desk.
const PAGES: [(&str, Page); 20] = [
    ("/", today::page),
    ("/account", account_page::page),
    ("/items/{handle}", item::page),
    ("/plan", plan::page),
    ("/invoices", invoices::page),
    ("/customers", customers::page),
    ("/customers/{customer}", customers::one_customer::page),
    ("/mapping/{handle}", customers::company_picker::page),
    ("/versions/{integration}", customers::versions::page),
    ("/services", services::page),
    ("/services/{handle}", services::product_picker::page),
    ("/export", exports::page),
    ("/nights", nights::page),
    ("/nights/{run}", one_night::page),
    // Where mails of older configurations lead.
    ("/runs/{run}", one_night::page),
    ("/integrations", integrations::page),
    ("/audit", audit::page),
    ("/diff", nights::night_diff::page),
    ("/live", live_run::page),
    ("/find", find::page),
];

/// Bytes of a form, at most.
pub(crate) const FORM_MOST: usize = 256 * 1024;

pub(crate) fn routes(desk: DeskSite) -> Router {
    of_desk(Router::new().merge(door_routes()), desk)
}

/// Where people come in, and what every page loads.
pub(crate) fn door_routes<S: Clone + Send + Sync + 'static>() -> Router<S>
where
    Door: FromRef<S>,
{
    Router::new()
        .merge(assets::routes())
        .route("/signin", get(sign_in::door).post(sign_in::knock))
        .route("/signin/code", get(second_step::ask).post(second_step::answer))
        .route("/signin/provider", get(flow::begin))
        .route("/signin/provider/back", get(flow::back))
        .route("/welcome/{link}", get(sign_in::welcome).post(sign_in::choose))
}

/// The pages and the buttons of a desk, beside what is there already.
pub(crate) fn of_desk(beside: Router<DeskSite>, desk: DeskSite) -> Router {
    let mut router =
        beside.route("/live/events", get(live_events::events)).route("/reports/{file}", get(kept_reports::report));
    router = router.route("/reports/customers/{file}", get(kept_reports::of_customer));
    router = router.route("/tab", get(tab::open).post(tab::show)).route("/tab.js", get(tab::script));
    for (address, page) in PAGES {
        router = router.route(address, get(move |asked: DeskRequest| show(asked, page)));
    }
    let uploads = post(receive_upload::upload).layer(DefaultBodyLimit::max(receive_upload::FORM_MOST));
    router = router.route(DeskAction::Upload.path(), uploads);
    for action in DeskAction::ALL.iter().copied().filter(|action| *action != DeskAction::Upload) {
        let handler = move |asked: DeskRequest, body: Bytes| done(asked, action, body);
        router = router.route(action.path(), post(handler));
    }
    router
        .fallback(|| async { refused(&PageError::Nothing) })
        .method_not_allowed_fallback(only_a_form)
        .layer(DefaultBodyLimit::max(FORM_MOST))
        .with_state(desk)
}

async fn show(asked: DeskRequest, page: Page) -> Response {
    let address = asked.uri.path_and_query().map(|all| all.as_str().to_owned()).unwrap_or_default();
    let drawn = asked.read(move |asked| asked.visit_now()?.map(|visit| page(&visit)).transpose()).await;
    match drawn {
        Ok(Some(page)) => page_of(StatusCode::OK, page),
        Ok(None) => sign_in::to_door(&address),
        Err(missing) => refused(&missing),
    }
}

async fn done(asked: DeskRequest, action: DeskAction, body: Bytes) -> Response {
    let (door, sent_to, sent) = (asked.desk.door.clone(), asked.uri.path().to_owned(), body.clone());
    let acted = asked.read(move |asked| {
        let fields = PostedFields::parse(&body);
        asked.visit_now()?.map(|visit| act(action, &visit, &fields)).transpose()
    });
    match acted.await {
        Ok(None) => {
            let left = LeftPage::of("", &sent_to, &PostedFields::parse(&sent), (&door.typed, now()));
            page_of(StatusCode::UNAUTHORIZED, signed_out_page(&door, &left))
        }
        Ok(Some(FormResponse::To(address))) => see(&address),
        Ok(Some(FormResponse::Left)) => without_session(see("/signin"), &door),
        Ok(Some(FormResponse::Page(status, page))) => page_of(status, *page),
        Err(missing) => refused(&missing),
    }
}

//! What is taken of a request, and the visit that it is.

use std::collections::BTreeMap;

use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::history::store::open::History;
use crate::web::access::signed_in::SignedIn;
use crate::web::desk::fields::PostedFields;
use crate::web::desk::visit::{Overview, Visit};
use crate::web::peer::Peer;
use crate::web::site::{DeskSite, PageError};

/// What is taken of a request.
#[derive(Clone)]
pub(crate) struct DeskRequest {
    pub(crate) desk: DeskSite,
    peer: Peer,
    headers: HeaderMap,
    pub(crate) path: BTreeMap<String, String>,
    query: String,
    pub(crate) uri: Uri,
}

impl FromRequestParts<DeskSite> for DeskRequest {
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

impl DeskRequest {
    /// The visit, if somebody is signed in. Waits for the disk.
    pub(crate) fn visit(self, now: DateTime<Utc>) -> Result<Option<Visit>, PageError> {
        let Self { desk: site, peer, headers, path, query, uri: _ } = self;
        let history = History::open_existing(&site.site.state)?;
        let person = history.map(|history| SignedIn::of(&history, &headers, now)).transpose()?.flatten();
        let Some(person) = person else { return Ok(None) };
        let address = peer.address(&headers, site.rules.proxy);
        let desk = Overview::of(&site, now)?;
        Ok(Some(Visit { site, person, address, path, query: PostedFields::parse(query.as_bytes()), now, desk }))
    }
}

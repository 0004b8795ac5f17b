//! What is taken of a request, and the visit that it is.

use std::collections::BTreeMap;

use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::web::access::left_page::TYPED;
use crate::web::access::signed_in::SignedIn;
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::visit::{Overview, Visit};
use crate::web::peer_address::Peer;
use crate::web::response::now;
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
    /// Does this work for the request, where it may wait for the disk.
    pub(crate) async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(Self) -> Result<T, PageError> + Send + 'static,
    ) -> Result<T, PageError> {
        let reads = self.desk.site.reads.clone();
        reads.read(move || work(self)).await
    }

    /// The visit that it is at this moment.
    pub(crate) fn visit_now(self) -> Result<Option<Visit>, PageError> {
        self.visit(now())
    }

    /// The visit, if somebody is signed in, and may come to this desk. Waits for the disk.
    pub(crate) fn visit(self, now: DateTime<Utc>) -> Result<Option<Visit>, PageError> {
        let Self { desk: site, peer, headers, path, query, uri: _ } = self;
        let Some(mut person) = SignedIn::at(&site.door, &headers, now)? else { return Ok(None) };
        if let Some(tenant) = &site.tenant {
            person.role = person.role_at(&site.door, tenant)?.ok_or(PageError::Nothing)?;
        }
        let address = peer.address(&headers, site.door.rules.proxy);
        let desk = Overview::of(&site, now)?;
        let mut query = PostedFields::parse(query.as_bytes());
        if let Some(note) = site.door.typed.of(query.get(TYPED), now) {
            query.push("note", &note);
        }
        Ok(Some(Visit { site, person, address, path, query, now, desk }))
    }
}

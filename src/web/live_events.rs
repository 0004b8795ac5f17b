//! The run that is under way, as events: the same picture as the page draws, each time it has changed.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use tokio::time::{Instant, sleep};

use crate::web::desk_request::DeskRequest;
use crate::web::pages::frame::{self, RailEntry};
use crate::web::pages::live_run;
use crate::web::site::PageError;

/// How often the history is looked at.
const EACH: Duration = Duration::from_secs(1);
/// A browser connects again before the connection is cut for its age.
const LASTS: Duration = Duration::from_secs(90);

/// What was sent, and until when more follows.
struct Watching {
    asked: DeskRequest,
    sent: String,
    until: Instant,
    is_over: bool,
}

/// Events for somebody who is signed in; they end with the run, and with the session.
pub(crate) async fn events(asked: DeskRequest) -> Response {
    if !matches!(picture(&asked).await, Ok(Some(_))) {
        return (StatusCode::UNAUTHORIZED, "sign in first\n").into_response();
    }
    let watching = Watching { asked, sent: String::new(), until: Instant::now() + LASTS, is_over: false };
    Sse::new(futures_util::stream::unfold(watching, next)).keep_alive(KeepAlive::default()).into_response()
}

async fn next(mut watching: Watching) -> Option<(Result<Event, Infallible>, Watching)> {
    if watching.is_over {
        return None;
    }
    while Instant::now() < watching.until {
        let Ok(Some((drawn, busy))) = picture(&watching.asked).await else { return None };
        watching.is_over = !busy;
        if drawn != watching.sent {
            watching.sent.clone_from(&drawn);
            return Some((Ok(Event::default().data(drawn)), watching));
        }
        if !busy {
            return None;
        }
        sleep(EACH).await;
    }
    None
}

/// The picture, and whether a run is under way; `None` without a session.
async fn picture(asked: &DeskRequest) -> Result<Option<(String, bool)>, PageError> {
    let asked = asked.clone();
    let drawn = asked.read(|asked| {
        let Some(visit) = asked.visit_now()? else { return Ok(None) };
        let (drawn, busy) = (live_run::picture(&visit)?.into_string(), live_run::is_busy(&visit));
        // With the run's end what the menu counts has changed, too.
        let menu = if busy { String::new() } else { frame::menu_anew(&visit, RailEntry::Nights).into_string() };
        Ok(Some((drawn + &menu, busy)))
    });
    drawn.await
}

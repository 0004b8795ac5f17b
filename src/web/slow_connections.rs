//! Whoever keeps the desk waiting makes room for whoever comes: a connection on which nothing whole was said yet, whose form
//! trickles, or that was answered and stays open.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The connections that wait for their visitor.
#[derive(Debug, Clone, Default)]
pub(crate) struct WaitingRoom(Arc<Mutex<Seats>>);

#[derive(Debug, Default)]
struct Seats {
    /// How many sat down so far: those who wait longest have the smallest number.
    next: u64,
    taken: BTreeMap<u64, (Instant, Arc<Notify>)>,
}

/// What everybody may take: somebody who is only one of many at once is not slow.
const GRACE: Duration = Duration::from_secs(2);

impl WaitingRoom {
    /// A connection that has just come, and waits.
    pub(crate) fn enter(&self) -> Arc<Visitor> {
        let visitor = Visitor { room: self.clone(), sent_away: Arc::default(), seat: Mutex::default() };
        visitor.waits();
        Arc::new(visitor)
    }

    /// Sends away who keeps the desk waiting longest, if that is longer than everybody may.
    pub(crate) fn make_room(&self) {
        let mut seats = self.seats();
        if let Some(longest) = seats.taken.first_entry().filter(|longest| longest.get().0.elapsed() >= GRACE) {
            longest.remove().1.notify_one();
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Visitor {
    room: WaitingRoom,
    sent_away: Arc<Notify>,
    seat: Mutex<Option<u64>>,
}

impl Visitor {
    /// It is the visitor's turn to say something, or to read.
    pub(crate) fn waits(&self) {
        let mut seat = self.seat();
        let mut seats = self.room.seats();
        seat.take().map(|number| seats.taken.remove(&number));
        let number = seats.next;
        seats.next += 1;
        seats.taken.insert(number, (Instant::now(), Arc::clone(&self.sent_away)));
        *seat = Some(number);
    }

    /// The desk has all of the request: nobody takes the place before it is answered.
    pub(crate) fn is_served(&self) {
        let number = self.seat().take();
        number.map(|number| self.room.seats().taken.remove(&number));
    }

    /// Until the place is needed for somebody else.
    pub(crate) async fn sent_away(&self) {
        self.sent_away.notified().await;
    }

    fn seat(&self) -> MutexGuard<'_, Option<u64>> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.is_served();
    }
}

/// What a visitor sends; once all of it is there, they are served.
#[derive(Debug)]
pub(crate) struct SentBody {
    inner: Incoming,
    visitor: Arc<Visitor>,
}

impl SentBody {
    pub(crate) fn new(inner: Incoming, visitor: Arc<Visitor>) -> Self {
        if inner.is_end_stream() {
            visitor.is_served();
        }
        Self { inner, visitor }
    }
}

impl HttpBody for SentBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || self.inner.is_end_stream() {
            self.visitor.is_served();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

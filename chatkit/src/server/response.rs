//! The stream of events of one turn, as bytes.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;

use super::frames::FrameReceiver;
use super::repeats::Attempt;
use crate::error::{Error, ErrorKind};
use crate::types::ThreadStreamEvent;

/// The events of a turn, as server-sent events.
///
/// Each chunk holds one or more whole frames, `data: <one line of JSON>\n\n`. The stream ends when the turn does. A failure
/// that the protocol has no event for (an unknown thread, say) is the stream's last element; an HTTP adapter makes an
/// `error` event of it, see [`into_event_stream`](Self::into_event_stream).
///
/// Dropping it says that the client has left: by default that cancels the turn, see [`OnDisconnect`](super::OnDisconnect).
/// The handler's future is then dropped, and what was said so far is saved by
/// [`handle_stream_cancelled`](super::ChatKitHandler::handle_stream_cancelled).
pub struct StreamingResult {
    frames: FrameReceiver,
    cancel: CancellationToken,
    /// What to tell when all has been read.
    attempt: Option<Arc<Attempt>>,
}

impl StreamingResult {
    pub(super) fn new(
        frames: FrameReceiver,
        cancel: CancellationToken,
        attempt: Option<Arc<Attempt>>,
    ) -> Self {
        Self {
            frames,
            cancel,
            attempt,
        }
    }

    /// Waits until what the request brings is stored and the handler begins.
    ///
    /// For those who answer failures with a status: what fails before is the error here, and the stream is then over. What
    /// fails later is in the stream. Nothing of the stream is lost, and nothing needs this to be called.
    ///
    /// # Errors
    ///
    /// Whatever the request was refused with: an unknown thread, a store that fails, an item that is not what it should be.
    pub async fn begun(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.frames.poll_begun(cx)).await
    }

    /// The client has been given all there is.
    fn answered(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            attempt.answered();
        }
    }

    /// A handle that cancels the turn from elsewhere. The stream then ends with [`ErrorKind::Cancelled`], after the turn
    /// was saved; when saving fails, with that failure, an [`ErrorKind::Handler`].
    pub fn cancellation(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// The body of an HTTP response: failures become `error` events, and a comment is sent whenever nothing else was for
    /// `keep_alive`, so that a client that vanished is noticed. Clients ignore comments. [`Duration::ZERO`] and
    /// [`Duration::MAX`] are for none.
    ///
    /// Needs a Tokio runtime with its timer enabled.
    pub fn into_event_stream(self, keep_alive: Duration) -> EventStream {
        let keep_alive = if keep_alive.is_zero() {
            Duration::MAX
        } else {
            keep_alive
        };
        EventStream {
            events: Some(self),
            keep_alive,
            silence: Box::pin(tokio::time::sleep(keep_alive)),
            last: Instant::now(),
        }
    }
}

impl Stream for StreamingResult {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(self.frames.poll_chunk(cx));
        if chunk.is_none() {
            self.answered();
        }
        Poll::Ready(chunk)
    }
}

impl fmt::Debug for StreamingResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamingResult")
            .field("cancelled", &self.cancel.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// A [`StreamingResult`] as the body of an HTTP response; it never fails.
#[derive(Debug)]
pub struct EventStream {
    events: Option<StreamingResult>,
    keep_alive: Duration,
    /// Moved only when it fires: a timer that is moved for each delta costs as much as the delta.
    silence: Pin<Box<Sleep>>,
    /// When something was last given.
    last: Instant,
}

impl EventStream {
    /// Waits until nothing was given for as long as the client is to be left without.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.silence.as_mut().poll(cx));
            // A duration too long for the clock is for ever.
            let Some(due) = self.last.checked_add(self.keep_alive) else {
                return Poll::Pending;
            };
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            self.silence.as_mut().reset(due);
        }
    }
}

impl Stream for EventStream {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = &mut *self;
        let Some(events) = &mut this.events else {
            return Poll::Ready(None);
        };
        let given = match events.frames.poll_chunk(cx) {
            Poll::Ready(Some(Ok(chunk))) => chunk,
            Poll::Ready(Some(Err(error))) => {
                events.answered();
                this.events = None;
                // A cancelled turn has nobody to tell.
                if error.kind() == ErrorKind::Cancelled {
                    return Poll::Ready(None);
                }
                event_frame(error.to_event())
            }
            Poll::Ready(None) => {
                events.answered();
                this.events = None;
                return Poll::Ready(None);
            }
            Poll::Pending => {
                ready!(this.poll_silence(cx));
                Bytes::from_static(b": keep-alive\n\n")
            }
        };
        this.last = Instant::now();
        Poll::Ready(Some(given))
    }
}

/// One frame with an event.
pub(crate) fn event_frame(event: impl Into<ThreadStreamEvent>) -> Bytes {
    let json = serde_json::to_string(&event.into()).unwrap_or_default();
    Bytes::from(format!("data: {json}\n\n"))
}

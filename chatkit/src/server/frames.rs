//! The bounded buffer between a turn and its client.
//!
//! A turn serialises each event straight into one byte buffer; the client's side takes everything that is there in one
//! piece. So an event costs one serialisation and no allocation of its own, and a client that lags behind gets many
//! frames with one write. A turn that is too far ahead of its client waits; a client that takes nothing for too long is
//! given up.
//!
//! In a burst the reader gives way before it takes what is there, until the runtime has nothing else to do: the connection
//! to the model has more events at hand than it has given to the turn, and together they cost one write. A frame that
//! comes alone does not wait.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::runs::Run;
use crate::error::{Error, ErrorKind};

/// Reads that follow one another faster than this are a burst.
const BURST: Duration = Duration::from_millis(1);

/// Room for a frame with a few words, in bytes: one that comes alone costs one allocation.
const FRAME: usize = 256;

/// A pair of ends over one buffer. The sender's [`space`](FrameSender::space) waits while `limit` bytes are unread, and for
/// `patience` at most; `run` learns when the client is gone.
pub(super) fn frames(
    limit: usize,
    patience: Duration,
    run: Arc<Run>,
) -> (FrameSender, FrameReceiver) {
    let shared = Arc::new(Shared {
        limit,
        patience,
        run,
        state: Mutex::default(),
        space: Notify::new(),
    });
    (FrameSender(Arc::clone(&shared)), FrameReceiver(shared))
}

struct Shared {
    limit: usize,
    patience: Duration,
    run: Arc<Run>,
    state: Mutex<State>,
    /// Wakes senders that wait for space.
    space: Notify,
}

#[derive(Default)]
struct State {
    buffer: Vec<u8>,
    reader: Option<Waker>,
    reader_gone: bool,
    /// The request is stored; what fails from now on fails in the stream.
    begun: bool,
    /// Set once, when the turn is over; the error goes to the reader behind the last frame.
    end: Option<Result<(), Error>>,
    /// When the reader last took something.
    taken: Option<Instant>,
    gathering: Gathering,
}

/// Whether the reader lets more frames come before it takes those that are there.
#[derive(Default, PartialEq)]
enum Gathering {
    #[default]
    No,
    /// Until the runtime has nothing else to do.
    Waits,
    Over,
}

impl State {
    /// Registers the reader, to be woken by what comes next.
    fn wait(&mut self, cx: &Context<'_>) {
        match &mut self.reader {
            Some(reader) => reader.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    /// Whom a new frame wakes: not a reader that is to be woken when there are more.
    fn reader_of_frames(&mut self) -> Option<Waker> {
        (self.gathering != Gathering::Waits)
            .then(|| self.reader.take())
            .flatten()
    }

    fn in_burst(&self) -> bool {
        self.taken.is_some_and(|taken| taken.elapsed() < BURST)
    }
}

/// The runtime has nothing else to do: the reader takes what has gathered.
impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        let mut state = self.state();
        state.gathering = Gathering::Over;
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Discards what is there and what will come. `end` is what the reader gets, if it ever asks.
    fn leave(&self, end: Option<Error>) {
        let mut state = self.state();
        let in_mid_turn = state.end.is_none();
        state.reader_gone = true;
        state.buffer = Vec::new();
        if let Some(error) = end {
            state.end.get_or_insert(Err(error));
        }
        let reader = state.reader.take();
        drop(state);
        self.space.notify_waiters();
        if let Some(reader) = reader {
            reader.wake();
        }
        if in_mid_turn {
            self.run.client_left();
        }
    }
}

/// The turn's end. Dropping it without [`finish`](Self::finish) ends the stream with an error: the turn died.
pub(super) struct FrameSender(Arc<Shared>);

impl FrameSender {
    /// Appends `data: <event>\n\n`, where `write` appends the event. What is sent after the reader is gone is discarded.
    ///
    /// Returns whether the buffer is full, so that the caller waits for [`space`](Self::space).
    pub(super) fn push<E>(
        &self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let mut state = self.0.state();
        if state.reader_gone {
            return Ok(false);
        }
        if state.buffer.capacity() == 0 {
            state.buffer.reserve(FRAME);
        }
        let start = state.buffer.len();
        state.buffer.extend_from_slice(b"data: ");
        if let Err(error) = write(&mut state.buffer) {
            state.buffer.truncate(start);
            return Err(error);
        }
        state.buffer.extend_from_slice(b"\n\n");
        let full = state.buffer.len() >= self.0.limit;
        let reader = state.reader_of_frames();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        Ok(full)
    }

    /// The request is stored, and the handler begins.
    pub(super) fn begin(&self) {
        let mut state = self.0.state();
        state.begun = true;
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Waits until the reader has taken what is there, or is gone. One that has taken nothing for too long is gone.
    pub(super) async fn space(&self) {
        if tokio::time::timeout(self.0.patience, self.wait_for_space())
            .await
            .is_err()
        {
            tracing::debug!("the client takes no more events; it is given up");
            self.0.leave(Some(Error::cancelled()));
        }
    }

    async fn wait_for_space(&self) {
        let mut freed = pin!(self.0.space.notified());
        loop {
            // Registered before the look, so that a read in between is not missed.
            freed.as_mut().enable();
            {
                let state = self.0.state();
                if state.reader_gone || state.buffer.len() < self.0.limit {
                    return;
                }
            }
            freed.as_mut().await;
            freed.set(self.0.space.notified());
        }
    }

    /// Ends the stream; an error reaches the reader behind the last frame.
    pub(super) fn finish(&self, result: Result<(), Error>) {
        let mut state = self.0.state();
        state.end.get_or_insert(result);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl Drop for FrameSender {
    fn drop(&mut self) {
        self.finish(Err(Error::new(
            ErrorKind::Internal,
            "the turn ended without a result",
        )));
    }
}

/// The client's end.
pub(super) struct FrameReceiver(Arc<Shared>);

impl FrameReceiver {
    /// Everything that is there, as one piece of whole frames; then the end.
    pub(super) fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        let mut state = self.0.state();
        if state.buffer.is_empty() {
            return match &mut state.end {
                Some(result) => Poll::Ready(std::mem::replace(result, Ok(())).err().map(Err)),
                None => {
                    state.wait(cx);
                    Poll::Pending
                }
            };
        }
        if state.end.is_none() {
            match state.gathering {
                Gathering::No if state.in_burst() => {
                    state.gathering = Gathering::Waits;
                    state.wait(cx);
                    drop(state);
                    let gathered = Waker::from(Arc::clone(&self.0));
                    // Pending, and woken when the runtime is idle. Only the waker is kept of it.
                    let _ =
                        pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&gathered));
                    return Poll::Pending;
                }
                // Readers are polled for other reasons too.
                Gathering::Waits => {
                    state.wait(cx);
                    return Poll::Pending;
                }
                Gathering::No | Gathering::Over => {}
            }
        }
        state.gathering = Gathering::No;
        state.taken = Some(Instant::now());
        let chunk = Bytes::from(std::mem::take(&mut state.buffer));
        drop(state);
        self.0.space.notify_waiters();
        Poll::Ready(Some(Ok(chunk)))
    }

    /// Waits until the request is stored; gives the failure when it could not be.
    pub(super) fn poll_begun(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut state = self.0.state();
        if state.begun {
            return Poll::Ready(Ok(()));
        }
        match &mut state.end {
            Some(result) => Poll::Ready(std::mem::replace(result, Ok(()))),
            None => {
                state.wait(cx);
                Poll::Pending
            }
        }
    }

    /// [`poll_chunk`](Self::poll_chunk) as a future.
    #[cfg(test)]
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await
    }
}

impl Drop for FrameReceiver {
    fn drop(&mut self) {
        self.0.leave(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::OnDisconnect;
    use futures::FutureExt;
    use serde::Serialize;
    use tokio_util::sync::CancellationToken;

    fn frames(limit: usize) -> (FrameSender, FrameReceiver) {
        let run = Run::new(OnDisconnect::Cancel, CancellationToken::new());
        super::frames(limit, Duration::from_secs(60), run)
    }

    fn push(sender: &FrameSender, event: impl Serialize) -> Result<bool, serde_json::Error> {
        sender.push(|buffer| serde_json::to_writer(buffer, &event))
    }

    #[tokio::test]
    async fn frames_are_joined_and_the_end_comes_last() {
        let (sender, mut receiver) = frames(1024);
        push(&sender, 1).unwrap();
        push(&sender, "two").unwrap();
        sender.finish(Err(Error::cancelled()));
        assert_eq!(
            receiver.next().await.unwrap().unwrap(),
            "data: 1\n\ndata: \"two\"\n\n"
        );
        assert_eq!(
            receiver.next().await.unwrap().unwrap_err().kind(),
            ErrorKind::Cancelled
        );
        assert!(receiver.next().await.is_none());
    }

    #[tokio::test]
    async fn a_sender_waits_for_a_slow_reader_and_not_for_one_that_is_gone() {
        let (sender, mut receiver) = frames(8);
        assert!(push(&sender, "longer than the limit").unwrap());
        assert!(sender.space().now_or_never().is_none());
        receiver.next().await.unwrap().unwrap();
        sender.space().now_or_never().expect("space after a read");
        assert!(push(&sender, "longer than the limit").unwrap());
        let waiting = sender.space();
        drop(receiver);
        waiting.await;
        assert!(!push(&sender, "discarded").unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_given_up() {
        let (sender, mut receiver) = frames(8);
        let run = Arc::clone(&sender.0.run);
        push(&sender, "longer than the limit").unwrap();
        sender.space().await;
        assert!(run.cancellation().is_cancelled());
        assert_eq!(sender.0.state().buffer.capacity(), 0);
        assert!(!push(&sender, "discarded").unwrap());
        assert_eq!(
            receiver.next().await.unwrap().unwrap_err().kind(),
            ErrorKind::Cancelled
        );
    }

    /// Runs again at once, without letting the runtime come to rest.
    async fn go_on() {
        let mut polled = false;
        std::future::poll_fn(|cx| {
            if std::mem::replace(&mut polled, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_read_in_one_piece_and_a_frame_alone_at_once() {
        let (sender, mut receiver) = frames(1024);
        push(&sender, 0).unwrap();
        let first = receiver.next().now_or_never().expect("no wait");
        assert_eq!(first.unwrap().unwrap(), "data: 0\n\n");

        let sending = tokio::spawn(async move {
            for n in 1..4 {
                push(&sender, n).unwrap();
                go_on().await;
            }
            sender
        });
        let burst = receiver.next().await.unwrap().unwrap();
        assert_eq!(burst, "data: 1\n\ndata: 2\n\ndata: 3\n\n");

        let sender = sending.await.unwrap();
        tokio::time::advance(BURST).await;
        push(&sender, 4).unwrap();
        let alone = receiver.next().now_or_never().expect("no wait");
        assert_eq!(alone.unwrap().unwrap(), "data: 4\n\n");
        push(&sender, 5).unwrap();
        sender.finish(Ok(()));
        let last = receiver.next().now_or_never().expect("nothing more comes");
        assert_eq!(last.unwrap().unwrap(), "data: 5\n\n");
    }

    #[tokio::test]
    async fn a_reader_that_leaves_after_the_end_cancels_nothing() {
        let (sender, receiver) = frames(8);
        let run = Arc::clone(&sender.0.run);
        push(&sender, 1).unwrap();
        sender.finish(Ok(()));
        drop(receiver);
        assert!(!run.cancellation().is_cancelled());
    }

    #[tokio::test]
    async fn a_sender_that_is_dropped_unfinished_is_an_error() {
        let (sender, mut receiver) = frames(8);
        drop(sender);
        assert_eq!(
            receiver.next().await.unwrap().unwrap_err().kind(),
            ErrorKind::Internal
        );
    }
}

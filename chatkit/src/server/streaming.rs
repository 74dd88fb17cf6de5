//! Requests that make the server respond in a thread.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use tracing::field::Empty;

use super::frames::{FrameSender, frames};
use super::incoming::{Work, brings_message, brings_output};
use super::repeats::{Attempt, Stored};
use super::response::StreamingResult;
use super::runs::{Run, RunGuard};
use super::{ChatKitHandler, ChatKitServer, RequestInfo, Turn};
use crate::error::{Error, TurnError};
use crate::store::{Store, StoreError};
use crate::telemetry::RunningTurn;
use crate::types::{
    StreamOptionsEvent, StreamingRequest, ThreadItemReplacedEvent, ThreadMetadata,
    ThreadStreamEvent,
};

/// How the handler ended.
enum Outcome {
    Done(Result<(), TurnError>),
    Panicked,
    Cancelled,
}

/// What the task of a turn begins with.
struct Begin<C> {
    request: StreamingRequest,
    info: RequestInfo,
    context: C,
    sender: FrameSender,
    guard: RunGuard,
    owner: String,
    /// What is remembered of the request, and the one it repeats.
    attempt: Option<Arc<Attempt>>,
    earlier: Option<Arc<Attempt>>,
}

impl<H: ChatKitHandler> ChatKitServer<H> {
    /// Starts the task of a turn; the returned stream is its only owner besides the server.
    pub(super) fn start_turn(
        &self,
        body: &[u8],
        request: StreamingRequest,
        info: RequestInfo,
        context: H::Context,
    ) -> StreamingResult {
        let options = &self.options;
        let cancel = self.shutdown.child_token();
        let run = Run::new(options.on_disconnect, cancel.clone());
        let (sender, receiver) = frames(
            options.max_buffered_bytes,
            options.patience,
            Arc::clone(&run),
        );
        let owner = options.owner.owner(&context);
        let client_frame = info.frame_id().filter(|_| brings_message(&request));
        let (attempt, earlier) = match client_frame {
            Some(client_frame) if !options.repeat_window.is_zero() => {
                let window = options.repeat_window;
                let (attempt, earlier) =
                    self.repeats.begin(&owner, client_frame, body, &run, window);
                (Some(attempt), earlier)
            }
            _ => (None, None),
        };
        let guard = self.runs.register(Arc::clone(&run));
        let name = request.type_name();
        let span = tracing::info_span!(
            "chatkit.turn",
            request = name,
            request_id = info.request_id(),
            thread_id = Empty,
        );
        let begin = Begin {
            request,
            info,
            context,
            sender,
            guard,
            owner,
            attempt: attempt.clone(),
            earlier,
        };
        let server = self.clone();
        let turn = async move {
            let running = RunningTurn::begin(name);
            let turn = AssertUnwindSafe(server.run_turn(begin));
            let outcome = turn.catch_unwind().await.unwrap_or_else(|_| {
                tracing::error!("the store, or a hook of the handler, panicked");
                "panicked"
            });
            running.end(outcome);
        };
        let task = self.tasks.spawn(turn.instrument(span));
        run.set_task(task.abort_handle());
        StreamingResult::new(receiver, cancel, attempt)
    }

    /// Runs a turn. Gives how it ended, in a word for the log.
    async fn run_turn(&self, begin: Begin<H::Context>) -> &'static str {
        let Begin {
            request,
            info,
            context,
            sender,
            guard,
            owner,
            attempt,
            earlier,
        } = begin;
        let attempt = attempt.as_deref();
        let stored = match earlier {
            Some(earlier) => earlier.take_over().await,
            None => Stored::default(),
        };
        // The request is stored in full even when the client is gone already; only the handler is cancelled.
        let thread = match self
            .open_thread(&request, &stored, attempt, &guard, &context)
            .await
        {
            Ok(thread) => thread,
            Err(error) => {
                drop(guard);
                sender.finish(Err(error.logged()));
                return "rejected";
            }
        };
        tracing::Span::current().record("thread_id", &thread.id);
        let turn = Turn::new(thread, self.store.clone(), context, info, Some(sender));
        // Not before: what this request has ended needs its place no more.
        let prepared = match guard.take_place(&owner, self.options.limits) {
            // It would take something away, or answer what the user can answer again.
            Err(error) if !(brings_message(&request) || brings_output(&request)) => Err(error),
            place => match Box::pin(self.prepare(&turn, request, &stored, attempt)).await {
                Ok(work) => {
                    turn.begin();
                    place.map(|()| work)
                }
                Err(error) => Err(error),
            },
        };
        let (outcome, result) = match prepared {
            Ok(Some(work)) => self.handle(&turn, work, guard.run().cancellation()).await,
            Ok(None) => ("rejected", Ok(())),
            Err(error) => ("rejected", Err(error.logged())),
        };
        // The place is free when the client sees the end, and may ask for the next turn.
        drop(guard);
        turn.finish(result);
        outcome
    }

    /// The thread of the request, once no run is in it that nobody watches.
    async fn open_thread(
        &self,
        request: &StreamingRequest,
        stored: &Stored,
        attempt: Option<&Attempt>,
        guard: &RunGuard,
        context: &H::Context,
    ) -> Result<ThreadMetadata, Error> {
        let mut thread = match request.thread_id().or(stored.thread.as_deref()) {
            Some(id) => match self.store.load_thread(id, context).await {
                // A repeated request had not come to storing the thread, or it was deleted since.
                Err(StoreError::NotFound { .. }) if request.thread_id().is_none() => None,
                thread => Some(thread?),
            },
            None => None,
        };
        if let Some(found) = &thread {
            // Only now: the caller may see the thread.
            let abandoned = guard.enter(&found.id);
            for run in &abandoned {
                run.stop().await;
            }
            if !abandoned.is_empty() {
                thread = Some(self.store.load_thread(&found.id, context).await?);
            }
        }
        let thread = match thread {
            Some(thread) => {
                self.check_status(&thread)?;
                thread
            }
            None => {
                let thread = ThreadMetadata::new(self.store.generate_thread_id(context));
                if let Some(attempt) = attempt {
                    attempt.will_store_thread(&thread.id);
                }
                self.store.save_thread(&thread, context).await?;
                guard.enter(&thread.id);
                return Ok(thread);
            }
        };
        if let Some(attempt) = attempt {
            attempt.will_store_thread(&thread.id);
        }
        Ok(thread)
    }

    /// Runs the handler, and turns whatever it ends with into the last events of the stream.
    async fn handle(
        &self,
        turn: &Turn<H::Context>,
        work: Work,
        cancel: &CancellationToken,
    ) -> (&'static str, Result<(), Error>) {
        let options = self.handler.stream_options(&turn.thread(), turn.context());
        if let Err(error) = turn.push(&mut StreamOptionsEvent::new(options).into()) {
            return ("failed", Err(error.logged()));
        }

        let handler = &*self.handler;
        let work = async move {
            match work {
                Work::Respond(message) => handler.respond(turn, message).await,
                Work::AnswerStructuredInput(item) => {
                    turn.set_structured_input(item.clone());
                    turn.send(ThreadItemReplacedEvent::new(item)).await?;
                    handler.respond(turn, None).await
                }
                Work::Action(action, sender) => handler.action(turn, action, sender).await,
            }
        };
        // Boxed, so that the task is as large as the handler needs while it runs, and no larger before and after.
        let (outcome, failure) = match run_handler(Box::pin(work), turn, cancel).await {
            Outcome::Done(Ok(())) => ("done", turn.save_thread().await.err()),
            Outcome::Done(Err(error)) => ("failed", Some(Error::handler(error))),
            Outcome::Panicked => ("panicked", Some(Error::panicked())),
            Outcome::Cancelled => return ("cancelled", self.save_cancelled(turn).await),
        };
        turn.close();
        match failure.map(Error::logged) {
            None => (outcome, Ok(())),
            Some(failure) => {
                let outcome = if outcome == "done" { "failed" } else { outcome };
                (outcome, self.tell_failure(turn, &failure).await)
            }
        }
    }

    async fn tell_failure(&self, turn: &Turn<H::Context>, failure: &Error) -> Result<(), Error> {
        turn.push(&mut ThreadStreamEvent::from(failure.to_event()))?;
        // Not what the handler may just have failed to store: the client would get a second error for it.
        turn.save_new_changes().await.map_err(Error::logged)
    }

    async fn save_cancelled(&self, turn: &Turn<H::Context>) -> Result<(), Error> {
        tracing::debug!("the turn was cancelled");
        let pending = turn.close();
        if let Err(error) = turn.save_thread().await {
            error.logged();
        }
        match self.handler.handle_stream_cancelled(turn, pending).await {
            Ok(()) => Err(Error::cancelled()),
            Err(error) => Err(Error::handler(error).logged()),
        }
    }
}

/// Polls the handler until it is done or the turn is cancelled.
///
/// A store write that has begun is finished before the handler is dropped: otherwise an item could be stored and at the
/// same time be saved as unfinished.
async fn run_handler<C: Send + Sync + 'static>(
    work: impl Future<Output = Result<(), TurnError>> + Send,
    turn: &Turn<C>,
    cancel: &CancellationToken,
) -> Outcome {
    let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
    let mut cancelled = pin!(cancel.cancelled());
    let mut stopping = false;
    poll_fn(|cx| {
        if !stopping && cancelled.as_mut().poll(cx).is_ready() {
            stopping = true;
            turn.refuse_events();
        }
        if stopping && !turn.is_writing() {
            return Poll::Ready(Outcome::Cancelled);
        }
        match work.as_mut().poll(cx) {
            Poll::Ready(Ok(result)) => Poll::Ready(Outcome::Done(result)),
            Poll::Ready(Err(_)) => Poll::Ready(Outcome::Panicked),
            Poll::Pending if stopping && !turn.is_writing() => Poll::Ready(Outcome::Cancelled),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

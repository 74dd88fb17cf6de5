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
use super::repeats::{Attempt, Stored};
use super::response::StreamingResult;
use super::runs::{Run, RunGuard};
use super::{ChatKitHandler, ChatKitServer, RequestInfo, Turn};
use crate::error::{Error, ErrorKind, TurnError};
use crate::store::{Store, StoreError, StoreItemType};
use crate::telemetry::RunningTurn;
use crate::types::{
    Action, ClientToolCallStatus, ErrorCode, ErrorEvent, Order, Page, StreamOptionsEvent,
    StreamingRequest, StructuredInput, StructuredInputAnswer, StructuredInputItem,
    StructuredInputStatus, StructuredInputSubmission, StructuredInputSubmissionStatus, Thread,
    ThreadCreatedEvent, ThreadItem, ThreadItemDoneEvent, ThreadItemReplacedEvent, ThreadMetadata,
    ThreadStreamEvent, UserMessageInput, UserMessageItem, WidgetItem,
};

/// How many items are read at a time where a thread is searched from its end.
const SEARCH_PAGE: usize = 20;

/// What the handler is to do once the request has been stored.
enum Work {
    Respond(Option<UserMessageItem>),
    AnswerStructuredInput(StructuredInputItem),
    Action(Action, Option<WidgetItem>),
}

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
        let (sender, receiver) = frames(options.buffer, options.patience, Arc::clone(&run));
        let owner = options.owner(&context);
        let frame = info.frame_id().filter(|_| brings_message(&request));
        let (attempt, earlier) = match frame {
            Some(frame) if !options.repeat_window.is_zero() => {
                let window = options.repeat_window;
                let (attempt, earlier) = self.repeats.begin(&owner, frame, body, &run, window);
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
                sender.finish(Err(logged(error)));
                return "rejected";
            }
        };
        tracing::Span::current().record("thread_id", &thread.id);
        let turn = Turn::new(thread, self.store.clone(), context, info, Some(sender));
        // Not before: what this request has ended needs its place no more.
        let prepared = match guard.take_place(&owner, self.options.limits) {
            // It would take something away, or answer what the user can answer again.
            Err(error) if !(brings_message(&request) || brings_output(&request)) => Err(error),
            place => match self.prepare(&turn, request, &stored, attempt).await {
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
            Err(error) => ("rejected", Err(logged(error))),
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

    /// Stores what the request brings. Gives nothing to do when the request was refused with an event.
    async fn prepare(
        &self,
        turn: &Turn<H::Context>,
        request: StreamingRequest,
        stored: &Stored,
        attempt: Option<&Attempt>,
    ) -> Result<Option<Work>, Error> {
        let work = match request {
            StreamingRequest::ThreadsCreate(params) => {
                let thread = Thread::new((*turn.thread()).clone(), Page::default());
                turn.push(&mut ThreadCreatedEvent::new(thread).into())?;
                Work::Respond(Some(
                    self.user_message(turn, params.input, stored, attempt)
                        .await?,
                ))
            }
            StreamingRequest::ThreadsAddUserMessage(params) => Work::Respond(Some(
                self.user_message(turn, params.input, stored, attempt)
                    .await?,
            )),
            StreamingRequest::ThreadsAddClientToolOutput(params) => {
                self.complete_client_tool_call(turn, params.result).await?;
                Work::Respond(None)
            }
            StreamingRequest::ThreadsAddStructuredInput(params) => {
                match self
                    .store
                    .load_item(turn.thread_id(), &params.item_id, turn.context())
                    .await?
                {
                    ThreadItem::StructuredInput(item) => {
                        Work::AnswerStructuredInput(apply_submission(item, &params.input)?)
                    }
                    _ => {
                        return Err(Error::new(
                            ErrorKind::InvalidState,
                            "the item is not a structured input",
                        ));
                    }
                }
            }
            StreamingRequest::ThreadsRetryAfterItem(params) => {
                Work::Respond(Some(self.rewind(turn, &params.item_id).await?))
            }
            StreamingRequest::ThreadsCustomAction(params) => {
                match self.load_sender(turn, params.item_id.as_deref()).await {
                    Ok(sender) => Work::Action(params.action, sender),
                    // The client may hold an item that has changed its kind; that is no reason to fail the request.
                    Err(error) if error.kind() == ErrorKind::InvalidState => {
                        turn.push(&mut ErrorEvent::new(ErrorCode::StreamError).into())?;
                        return Ok(None);
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        Ok(Some(work))
    }

    /// The message that the request brings: stored now, or by the request that this one repeats.
    async fn user_message(
        &self,
        turn: &Turn<H::Context>,
        input: UserMessageInput,
        stored: &Stored,
        attempt: Option<&Attempt>,
    ) -> Result<UserMessageItem, Error> {
        if let Some(id) = &stored.message
            && let Some(message) = self.take_up(turn, id).await?
        {
            if let Some(attempt) = attempt {
                attempt.will_store_message(id);
            }
            turn.push(&mut ThreadItemDoneEvent::new(message.clone()).into())?;
            return Ok(message);
        }
        self.add_user_message(turn, input, attempt).await
    }

    /// The message that an earlier attempt has stored, and removes what was said after it. Nothing, when it is not there,
    /// or when the thread has gone on with another message.
    async fn take_up(
        &self,
        turn: &Turn<H::Context>,
        message_id: &str,
    ) -> Result<Option<UserMessageItem>, Error> {
        let (store, thread_id, context) = (&self.store, turn.thread_id(), turn.context());
        let mut stale = Vec::new();
        let mut after: Option<String> = None;
        let message = 'search: loop {
            let page = store
                .load_thread_items(
                    thread_id,
                    after.as_deref(),
                    SEARCH_PAGE,
                    Order::Desc,
                    context,
                )
                .await?;
            for item in page.data {
                match item {
                    ThreadItem::UserMessage(message) if message.id == message_id => {
                        break 'search message;
                    }
                    ThreadItem::UserMessage(_) => return Ok(None),
                    item => stale.push(item.id().to_owned()),
                }
            }
            match page.after {
                Some(next) if page.has_more => after = Some(next),
                _ => return Ok(None),
            }
        };
        for id in &stale {
            store.delete_thread_item(thread_id, id, context).await?;
        }
        Ok(Some(message))
    }

    async fn add_user_message(
        &self,
        turn: &Turn<H::Context>,
        input: UserMessageInput,
        attempt: Option<&Attempt>,
    ) -> Result<UserMessageItem, Error> {
        let (store, context) = (&self.store, turn.context());
        let mut message = UserMessageItem::new(
            turn.generate_id(StoreItemType::Message),
            turn.thread_id(),
            input.content,
        );
        for id in &input.attachments {
            let mut attachment = store.load_attachment(id, context).await?;
            attachment.set_thread_id(turn.thread_id());
            message.attachments.push(attachment);
        }
        message.quoted_text = input.quoted_text;
        message.inference_options = input.inference_options;
        for attachment in &message.attachments {
            store.save_attachment(attachment, context).await?;
        }
        let item = ThreadItem::from(message.clone());
        if let Some(attempt) = attempt {
            attempt.will_store_message(&message.id);
        }
        store
            .add_thread_item(turn.thread_id(), &item, context)
            .await?;
        turn.push(&mut ThreadItemDoneEvent::new(item).into())?;
        Ok(message)
    }

    /// Gives the pending client tool call its output.
    ///
    /// The client names no call: it is the newest pending one since the last message of the user and since the last turn
    /// that the user cancelled, which leaves a note. Older pending calls in the part of the thread that was read are stale
    /// and removed; nobody will ever answer them.
    async fn complete_client_tool_call(
        &self,
        turn: &Turn<H::Context>,
        result: serde_json::Value,
    ) -> Result<(), Error> {
        let (store, thread_id, context) = (&self.store, turn.thread_id(), turn.context());
        let mut output = Some(result);
        let mut after: Option<String> = None;
        loop {
            let page = store
                .load_thread_items(
                    thread_id,
                    after.as_deref(),
                    SEARCH_PAGE,
                    Order::Desc,
                    context,
                )
                .await?;
            let mut reached_past = false;
            for item in page.data {
                match item {
                    ThreadItem::UserMessage(_) | ThreadItem::SdkHiddenContext(_) => {
                        reached_past = true;
                    }
                    ThreadItem::ClientToolCall(mut call)
                        if call.status == ClientToolCallStatus::Pending =>
                    {
                        match output.take_if(|_| !reached_past) {
                            Some(output) => {
                                call.output = Some(output).filter(|output| !output.is_null());
                                call.status = ClientToolCallStatus::Completed;
                                store.save_item(thread_id, &call.into(), context).await?;
                            }
                            None if output.is_none() => {
                                tracing::warn!(
                                    "a client tool call was never completed; it is removed"
                                );
                                store
                                    .delete_thread_item(thread_id, &call.id, context)
                                    .await?;
                            }
                            None => {}
                        }
                    }
                    _ => {}
                }
            }
            match page.after {
                Some(next) if page.has_more && output.is_some() && !reached_past => {
                    after = Some(next);
                }
                _ => break,
            }
        }
        if output.is_some() {
            return Err(Error::new(
                ErrorKind::InvalidState,
                "the thread has no pending client tool call",
            ));
        }
        Ok(())
    }

    /// Removes all items behind `item_id` and finds the user's message to answer again: the item itself, or the nearest
    /// one before it, since the client names whatever item the turn before ended with.
    async fn rewind(
        &self,
        turn: &Turn<H::Context>,
        item_id: &str,
    ) -> Result<UserMessageItem, Error> {
        let (store, thread_id, context) = (&self.store, turn.thread_id(), turn.context());
        let mut stale = Vec::new();
        let mut found = false;
        let mut after: Option<String> = None;
        let message = 'search: loop {
            let page = store
                .load_thread_items(
                    thread_id,
                    after.as_deref(),
                    SEARCH_PAGE,
                    Order::Desc,
                    context,
                )
                .await?;
            for item in page.data {
                found = found || item.id() == item_id;
                match item {
                    ThreadItem::UserMessage(message) if found => break 'search message,
                    _ if found => {}
                    item => stale.push(item.id().to_owned()),
                }
            }
            match page.after {
                Some(next) if page.has_more => after = Some(next),
                _ if found => {
                    return Err(Error::new(
                        ErrorKind::InvalidState,
                        "there is no message to answer again",
                    ));
                }
                _ => return Err(Error::new(ErrorKind::NotFound, "item not found")),
            }
        };
        for id in &stale {
            store.delete_thread_item(thread_id, id, context).await?;
        }
        Ok(message)
    }

    /// The widget an action came from. Fails with [`ErrorKind::InvalidState`] when the item is something else.
    pub(super) async fn load_sender(
        &self,
        turn: &Turn<H::Context>,
        item_id: Option<&str>,
    ) -> Result<Option<WidgetItem>, Error> {
        let Some(id) = item_id.filter(|id| !id.is_empty()) else {
            return Ok(None);
        };
        match self
            .store
            .load_item(turn.thread_id(), id, turn.context())
            .await?
        {
            ThreadItem::Widget(widget) => Ok(Some(widget)),
            _ => Err(Error::new(
                ErrorKind::InvalidState,
                "the item is not a widget",
            )),
        }
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
            return ("failed", Err(logged(error)));
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
        match failure.map(logged) {
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
        turn.save_new_changes().await.map_err(logged)
    }

    async fn save_cancelled(&self, turn: &Turn<H::Context>) -> Result<(), Error> {
        tracing::debug!("the turn was cancelled");
        let pending = turn.close();
        if let Err(error) = turn.save_thread().await {
            logged(error);
        }
        match self.handler.handle_stream_cancelled(turn, pending).await {
            Ok(()) => Err(Error::cancelled()),
            Err(error) => Err(logged(Error::handler(error))),
        }
    }
}

fn brings_message(request: &StreamingRequest) -> bool {
    matches!(
        request,
        StreamingRequest::ThreadsCreate(_) | StreamingRequest::ThreadsAddUserMessage(_)
    )
}

/// The client never sends a tool's output again.
fn brings_output(request: &StreamingRequest) -> bool {
    matches!(request, StreamingRequest::ThreadsAddClientToolOutput(_))
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

/// Writes a failure to the log, once, with all its sources.
pub(super) fn logged(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Store | ErrorKind::Handler | ErrorKind::Internal => {
            tracing::error!(kind = ?error.kind(), "{error:#}");
        }
        // Its message is the reason that the application has written for its users.
        ErrorKind::Locked => tracing::debug!("the thread is locked or closed"),
        _ => tracing::debug!(kind = ?error.kind(), "{error:#}"),
    }
    error
}

/// Records a submission's answers in the item.
///
/// An input without an answer, or with an empty one, counts as skipped; answers to inputs that do not exist are ignored;
/// a single choice keeps its first value. This is what the Python SDK does.
fn apply_submission(
    mut item: StructuredInputItem,
    submission: &StructuredInputSubmission,
) -> Result<StructuredInputItem, Error> {
    if item.status != StructuredInputStatus::Pending {
        return Err(Error::new(
            ErrorKind::InvalidState,
            "the structured input is not pending",
        ));
    }
    let skip_all = submission.status == StructuredInputSubmissionStatus::Skipped;
    for input in &mut item.inputs {
        let answer = submission
            .answers
            .get(input.id())
            .filter(|answer| !skip_all && !answer.skipped);
        let values = answer
            .map(|answer| answer.values.as_slice())
            .unwrap_or_default();
        let values = match input {
            StructuredInput::MultipleChoice(choice) if !choice.multiple => {
                values.get(..1).unwrap_or_default()
            }
            _ => values,
        };
        input.set_answer(if values.is_empty() {
            StructuredInputAnswer::skipped()
        } else {
            StructuredInputAnswer::new(values.to_vec())
        });
    }
    item.status = match submission.status {
        StructuredInputSubmissionStatus::Answered => StructuredInputStatus::Answered,
        StructuredInputSubmissionStatus::Skipped => StructuredInputStatus::Skipped,
    };
    Ok(item)
}

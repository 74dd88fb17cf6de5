//! What a request brings to its thread: it is stored before the handler begins.

use std::pin::pin;

use futures::TryStreamExt;

use super::repeats::{Attempt, Stored};
use super::{ChatKitHandler, ChatKitServer, Turn};
use crate::error::{Error, ErrorKind};
use crate::store::{Store, StoreItemType};
use crate::types::{
    Action, ClientToolCallStatus, ErrorCode, ErrorEvent, Page, StreamingRequest, StructuredInput,
    StructuredInputAnswer, StructuredInputItem, StructuredInputStatus, StructuredInputSubmission,
    StructuredInputSubmissionStatus, Thread, ThreadCreatedEvent, ThreadItem, ThreadItemDoneEvent,
    UserMessageInput, UserMessageItem, WidgetItem,
};

/// Among how many of the newest items client tool calls are looked for that nobody will answer.
const STALE_CALLS_WITHIN: usize = 20;

/// What the handler is to do once the request has been stored.
pub(super) enum Work {
    Respond(Option<UserMessageItem>),
    AnswerStructuredInput(StructuredInputItem),
    Action(Action, Option<WidgetItem>),
}

impl<H: ChatKitHandler> ChatKitServer<H> {
    /// Stores what the request brings. Gives nothing to do when the request was refused with an event.
    pub(super) async fn prepare(
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
        let mut stale = Vec::new();
        let mut items = pin!(self.store.newest_first(turn.thread_id(), turn.context()));
        let message = loop {
            match items.try_next().await? {
                Some(ThreadItem::UserMessage(message)) if message.id == message_id => {
                    break message;
                }
                Some(ThreadItem::UserMessage(_)) | None => return Ok(None),
                Some(item) => stale.push(item.id().to_owned()),
            }
        };
        self.delete_items(turn, &stale).await?;
        Ok(Some(message))
    }

    async fn delete_items(&self, turn: &Turn<H::Context>, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            self.store
                .delete_thread_item(turn.thread_id(), id, turn.context())
                .await?;
        }
        Ok(())
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
    /// that the user cancelled, which leaves a note. Older pending calls among the newest items are stale and removed;
    /// nobody will ever answer them.
    async fn complete_client_tool_call(
        &self,
        turn: &Turn<H::Context>,
        result: serde_json::Value,
    ) -> Result<(), Error> {
        let (store, thread_id, context) = (&self.store, turn.thread_id(), turn.context());
        let mut pending = None;
        let mut stale = Vec::new();
        let mut read = 0;
        let mut items = pin!(store.newest_first(thread_id, context));
        while let Some(item) = items.try_next().await? {
            read += 1;
            match item {
                ThreadItem::UserMessage(_) | ThreadItem::SdkHiddenContext(_)
                    if pending.is_none() =>
                {
                    break;
                }
                ThreadItem::ClientToolCall(call)
                    if call.status == ClientToolCallStatus::Pending =>
                {
                    match &pending {
                        None => pending = Some(call),
                        Some(_) => stale.push(call.id),
                    }
                }
                _ => {}
            }
            if pending.is_some() && read >= STALE_CALLS_WITHIN {
                break;
            }
        }
        let Some(mut call) = pending else {
            return Err(Error::new(
                ErrorKind::InvalidState,
                "the thread has no pending client tool call",
            ));
        };
        call.output = Some(result).filter(|output| !output.is_null());
        call.status = ClientToolCallStatus::Completed;
        store.save_item(thread_id, &call.into(), context).await?;
        if !stale.is_empty() {
            let count = stale.len();
            tracing::warn!(
                count,
                "client tool calls were never completed; they are removed"
            );
        }
        self.delete_items(turn, &stale).await
    }

    /// Removes all items behind `item_id` and finds the user's message to answer again: the item itself, or the nearest
    /// one before it, since the client names whatever item the turn before ended with.
    async fn rewind(
        &self,
        turn: &Turn<H::Context>,
        item_id: &str,
    ) -> Result<UserMessageItem, Error> {
        let (store, thread_id, context) = (&self.store, turn.thread_id(), turn.context());
        // Not to search a long thread for what is not in it.
        store.load_item(thread_id, item_id, context).await?;
        let mut stale = Vec::new();
        let mut found = false;
        let mut items = pin!(store.newest_first(thread_id, context));
        let message = loop {
            let Some(item) = items.try_next().await? else {
                return Err(Error::new(
                    ErrorKind::InvalidState,
                    "there is no message to answer again",
                ));
            };
            found = found || item.id() == item_id;
            match item {
                ThreadItem::UserMessage(message) if found => break message,
                _ if found => {}
                item => stale.push(item.id().to_owned()),
            }
        };
        self.delete_items(turn, &stale).await?;
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
}

pub(super) fn brings_message(request: &StreamingRequest) -> bool {
    matches!(
        request,
        StreamingRequest::ThreadsCreate(_) | StreamingRequest::ThreadsAddUserMessage(_)
    )
}

/// The client never sends a tool's output again.
pub(super) fn brings_output(request: &StreamingRequest) -> bool {
    matches!(request, StreamingRequest::ThreadsAddClientToolOutput(_))
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

//! The trait that an application implements.

use std::future::Future;

use super::Turn;
use crate::error::TurnError;
use crate::store::StoreError;
use crate::types::{
    Action, AudioInput, FeedbackKind, StreamOptions, SyncCustomActionResponse, ThreadItem,
    ThreadMetadata, TranscriptionResult, UserMessageItem, WidgetItem,
};

/// What your server does when a user writes, clicks or speaks.
///
/// Only [`respond`](Self::respond) is required. Methods are native `async fn`s; each call runs in one task that the
/// server owns. When the client goes away the returned future is dropped, and with it everything it was waiting for.
///
/// ```
/// use chatkit::types::UserMessageItem;
/// use chatkit::{ChatKitHandler, Turn, TurnError};
///
/// struct Parrot;
///
/// impl ChatKitHandler for Parrot {
///     type Context = ();
///
///     async fn respond(&self, turn: &Turn<()>, message: Option<UserMessageItem>) -> Result<(), TurnError> {
///         let text = message.map(|message| message.text()).unwrap_or_default();
///         turn.add_message(text).await?;
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle chats",
    note = "implement `chatkit::ChatKitHandler` with at least its `respond` method"
)]
pub trait ChatKitHandler: Send + Sync + 'static {
    /// What a request brings along from your authentication: a user, a tenant, a locale. Handlers and stores get it.
    type Context: Send + Sync + 'static;

    /// Answers a user's message.
    ///
    /// `message` is the new message, already stored; it is `None` when a turn goes on without one: after the output of
    /// a client tool, or after the answers to a structured input.
    ///
    /// # Errors
    ///
    /// Any error ends the turn with an `error` event; see [`TurnError`] for what the client sees.
    fn respond(
        &self,
        turn: &Turn<Self::Context>,
        message: Option<UserMessageItem>,
    ) -> impl Future<Output = Result<(), TurnError>> + Send;

    /// Reacts to an action of a widget or of the client, with a stream of events.
    ///
    /// `sender` is the widget the action came from, if it came from one. The payload is untrusted input.
    /// [`actions`](crate::actions) tells how to read it, and what to do with the sender.
    ///
    /// The default fails: actions are not supported.
    fn action(
        &self,
        turn: &Turn<Self::Context>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> impl Future<Output = Result<(), TurnError>> + Send {
        let _ = (turn, action, sender);
        async { Err(StoreError::NotSupported("actions are not supported").into()) }
    }

    /// Reacts to an action that was sent with `streaming: false`, with one updated item at most.
    ///
    /// Events sent to `turn` are stored, but only the returned item reaches the client.
    ///
    /// The default fails: actions are not supported.
    fn sync_action(
        &self,
        turn: &Turn<Self::Context>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> impl Future<Output = Result<SyncCustomActionResponse, TurnError>> + Send {
        let _ = (turn, action, sender);
        async { Err(StoreError::NotSupported("actions are not supported").into()) }
    }

    /// Takes a user's judgement of some items. The default ignores it.
    fn add_feedback(
        &self,
        thread_id: &str,
        item_ids: &[String],
        kind: FeedbackKind,
        context: &Self::Context,
    ) -> impl Future<Output = Result<(), TurnError>> + Send {
        let _ = (thread_id, item_ids, kind, context);
        async { Ok(()) }
    }

    /// Turns dictated speech into text. The default fails: dictation is not supported.
    fn transcribe(
        &self,
        audio: AudioInput,
        context: &Self::Context,
    ) -> impl Future<Output = Result<TranscriptionResult, TurnError>> + Send {
        let _ = (audio, context);
        async { Err(StoreError::NotSupported("dictation is not supported").into()) }
    }

    /// What the client may do while a turn streams. By default it may cancel.
    #[doc(alias = "get_stream_options")]
    fn stream_options(&self, thread: &ThreadMetadata, context: &Self::Context) -> StreamOptions {
        let _ = (thread, context);
        StreamOptions::new(true)
    }

    /// Saves what is worth saving of a cancelled turn.
    ///
    /// Called after the future of [`respond`](Self::respond) or [`action`](Self::action) was dropped. `pending_items`
    /// are the items that were added and not done, in their latest state. The client sees the effects at its next
    /// reload only.
    ///
    /// The default is [`Turn::save_cancelled`]: it stores assistant messages that have text, and a hidden note that keeps
    /// the model from going on with the cancelled answer. To do one thing more, call it from yours:
    ///
    /// ```
    /// # use chatkit::types::{ThreadItem, UserMessageItem};
    /// # use chatkit::{ChatKitHandler, Turn, TurnError};
    /// # struct Assistant;
    /// # impl ChatKitHandler for Assistant {
    /// #     type Context = ();
    /// #     async fn respond(&self, _: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> { Ok(()) }
    /// async fn handle_stream_cancelled(&self, turn: &Turn<()>, pending_items: Vec<ThreadItem>) -> Result<(), TurnError> {
    ///     tracing::info!(thread_id = turn.thread_id(), pending = pending_items.len(), "cancelled");
    ///     Ok(turn.save_cancelled(pending_items).await?)
    /// }
    /// # }
    /// ```
    fn handle_stream_cancelled(
        &self,
        turn: &Turn<Self::Context>,
        pending_items: Vec<ThreadItem>,
    ) -> impl Future<Output = Result<(), TurnError>> + Send {
        async move { Ok(turn.save_cancelled(pending_items).await?) }
    }
}

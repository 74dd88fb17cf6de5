//! Where the history of a conversation lives between runs.
//!
//! A [`Session`] is one conversation. A run reads its items, and adds the new ones as it goes on.
//!
//! | | |
//! |---|---|
//! | [`MemorySession`] | in memory, until it is dropped |
#![cfg_attr(
    feature = "sqlite",
    doc = "| [`SqliteSession`] | one of many in an SQLite file |"
)]
//! | [`ConversationsSession`] | at OpenAI, in the Conversations API |
//! | [`CompactionSession`] | around another session: has a long history summarised by the endpoint |
//!
//! In a ChatKit server the history is in the threads, and no session is needed.
//!
//! ```
//! use chatkit_agents::items::InputItem;
//! use chatkit_agents::session::{MemorySession, Session, SessionError};
//!
//! # async fn run() -> Result<(), SessionError> {
//! let session = MemorySession::new("user 7");
//! session.add_items(&[InputItem::user("Hi"), InputItem::assistant("Hello")]).await?;
//! assert_eq!(session.get_items(Some(1)).await?, [InputItem::assistant("Hello")]);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run()).unwrap();
//! ```

mod compaction;
mod conversations;
mod dynamic;
mod error;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::future::{Future, ready};
use std::sync::Arc;

pub use compaction::{
    CompactionContext, CompactionMode, CompactionSession, DEFAULT_COMPACTION_MODEL,
    DEFAULT_COMPACTION_THRESHOLD,
};
pub use conversations::ConversationsSession;
pub use dynamic::DynSession;
pub use error::{SessionError, SessionErrorKind};
pub use memory::MemorySession;
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteSession, SqliteSessions};

use crate::items::InputItem;
use crate::model::Usage;

/// The history of one conversation.
///
/// Every method may be called concurrently. Dropping the returned future may or may not undo a write, but never leaves
/// a half of it.
///
/// # Implementing
/// Items are JSON ([`InputItem`] serialises and deserialises) and must come back as they were. Do not repair a history:
/// what reads it does, with [`prune_orphans`](crate::items::prune_orphans). For `limit` there is
/// [`keep_latest`](crate::items::keep_latest).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session",
    note = "implement `chatkit_agents::session::Session`, or use `MemorySession` or `SqliteSession`"
)]
pub trait Session: Send + Sync + 'static {
    /// The session's id; `None` while the endpoint that gives it has not been asked for one.
    fn session_id(&self) -> Option<String>;

    /// The items, oldest first: all, or the latest `limit`. With a limit no output comes without its call, and no part
    /// of a response without the reasoning before it, so they may be fewer.
    ///
    /// # Errors
    /// When the history cannot be read. A single item that cannot is skipped.
    fn get_items(
        &self,
        limit: Option<usize>,
    ) -> impl Future<Output = Result<Vec<InputItem>, SessionError>> + Send;

    /// Adds items at the end: all of them or none. What must not be apart, such as a call and its output, goes into one
    /// call.
    ///
    /// # Errors
    /// When they cannot be written; then none is.
    fn add_items(
        &self,
        items: &[InputItem],
    ) -> impl Future<Output = Result<(), SessionError>> + Send;

    /// Removes the latest item; `None` when there is none.
    ///
    /// # Errors
    /// When the item cannot be removed.
    fn pop_item(&self) -> impl Future<Output = Result<Option<InputItem>, SessionError>> + Send;

    /// Removes all items.
    ///
    /// # Errors
    /// When they cannot be removed.
    fn clear_session(&self) -> impl Future<Output = Result<(), SessionError>> + Send;

    /// Called after the items of a turn have been added: the moment to make a long history shorter. Gives the tokens
    /// that this took. The default does nothing.
    ///
    /// # Errors
    /// When it failed; the history is then as it was.
    fn run_compaction(
        &self,
        args: CompactionArgs<'_>,
    ) -> impl Future<Output = Result<Usage, SessionError>> + Send {
        let _ = args;
        ready(Ok(Usage::default()))
    }
}

/// A session that can exchange the beginning of its history in one step: what [`CompactionSession`] needs, so that
/// nothing is lost, whatever fails and whoever else writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be compacted: it does not replace the beginning of its history in one step",
    note = "implement `chatkit_agents::session::ReplaceItems`; a `ConversationsSession` is managed by the endpoint and cannot"
)]
pub trait ReplaceItems: Session {
    /// Replaces `old`, which must be exactly how the history begins, by `new`. Items after it stay. It is done at once
    /// or not at all, also when the future is dropped. Gives `false`, and changes nothing, when the history does not
    /// begin with `old` any more.
    ///
    /// # Errors
    /// When it cannot be written; the history is then as it was.
    fn replace_items(
        &self,
        old: &[InputItem],
        new: &[InputItem],
    ) -> impl Future<Output = Result<bool, SessionError>> + Send;
}

/// What [`Session::run_compaction`] is told about the turn that has just been saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
#[doc(alias = "OpenAIResponsesCompactionArgs")]
pub struct CompactionArgs<'a> {
    /// The id of the turn's response.
    pub response_id: Option<&'a str>,
    /// Whether the endpoint keeps the response: the request's `store`. Unset, endpoints do.
    pub store: Option<bool>,
    /// How many items of the history the response knows, because it was given or has produced them. Outputs of tools
    /// that ran after it are not among them, nor what a limit or a filter kept from the model.
    pub known_items: Option<usize>,
    /// Compact even if the session would not decide to.
    pub force: bool,
    /// Overrides the session's mode.
    pub mode: Option<CompactionMode>,
}

impl<'a> CompactionArgs<'a> {
    /// Nothing is known of the turn.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the id of the turn's response.
    pub fn response_id(mut self, id: impl Into<Option<&'a str>>) -> Self {
        self.response_id = id.into();
        self
    }

    /// Sets whether the endpoint keeps the response.
    pub fn store(mut self, store: impl Into<Option<bool>>) -> Self {
        self.store = store.into();
        self
    }

    /// Sets how many items of the history the response knows.
    pub fn known_items(mut self, items: impl Into<Option<usize>>) -> Self {
        self.known_items = items.into();
        self
    }

    /// Sets whether to compact even if the session would not decide to.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Overrides the session's mode.
    pub fn mode(mut self, mode: CompactionMode) -> Self {
        self.mode = Some(mode);
        self
    }
}

impl<S: Session> Session for Arc<S> {
    fn session_id(&self) -> Option<String> {
        (**self).session_id()
    }

    async fn get_items(&self, limit: Option<usize>) -> Result<Vec<InputItem>, SessionError> {
        (**self).get_items(limit).await
    }

    async fn add_items(&self, items: &[InputItem]) -> Result<(), SessionError> {
        (**self).add_items(items).await
    }

    async fn pop_item(&self) -> Result<Option<InputItem>, SessionError> {
        (**self).pop_item().await
    }

    async fn clear_session(&self) -> Result<(), SessionError> {
        (**self).clear_session().await
    }

    async fn run_compaction(&self, args: CompactionArgs<'_>) -> Result<Usage, SessionError> {
        (**self).run_compaction(args).await
    }
}

impl<S: ReplaceItems> ReplaceItems for Arc<S> {
    async fn replace_items(
        &self,
        old: &[InputItem],
        new: &[InputItem],
    ) -> Result<bool, SessionError> {
        (**self).replace_items(old, new).await
    }
}

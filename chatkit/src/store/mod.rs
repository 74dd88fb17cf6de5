//! Where threads live: the [`Store`] and [`AttachmentStore`] traits, and the stores that come with the crate.
//!
//! A store that is not scoped, as by [`MemoryStore::scoped`], shows every thread to every caller.

mod dynamic;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod scope;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;

pub(crate) use dynamic::store_methods;
pub use dynamic::{DynAttachmentStore, DynStore};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::{Imported, PostgresOptions, PostgresStore, PythonImport};
pub(crate) use scope::Scope;
#[cfg(feature = "sqlite")]
#[doc(hidden)]
pub use sqlite::open as sqlite_file;
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore};

use crate::BoxError;
use crate::types::{
    Attachment, AttachmentCreateParams, Order, Page, ThreadItem, ThreadMetadata, Url,
};

/// What an id is wanted for; it decides the id's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreItemType {
    /// A thread, `thr_…`.
    Thread,
    /// A message of the user or the assistant, a widget, a generated image, `msg_…`.
    Message,
    /// A client tool call, `tc_…`.
    ToolCall,
    /// A task, `tsk_…`.
    Task,
    /// A workflow, `wf_…`.
    Workflow,
    /// An attachment, `atc_…`.
    Attachment,
    /// Hidden context of the library itself, `shcx_…`.
    SdkHiddenContext,
}

impl StoreItemType {
    /// The prefix of generated ids, without the underscore. The prefixes are those of the Python SDK.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Thread => "thr",
            Self::Message => "msg",
            Self::ToolCall => "tc",
            Self::Task => "tsk",
            Self::Workflow => "wf",
            Self::Attachment => "atc",
            Self::SdkHiddenContext => "shcx",
        }
    }
}

/// A new id: the type's prefix, an underscore and 32 random hexadecimal digits.
pub fn default_generate_id(item_type: StoreItemType) -> String {
    format!("{}_{}", item_type.prefix(), uuid::Uuid::new_v4().simple())
}

/// An attachment that was sent in a thread which is not there any more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StrayAttachment {
    /// The key of the user it belongs to; empty in a store that does not tell users apart.
    pub owner: String,
    /// The attachment's id.
    pub id: String,
}

impl StrayAttachment {
    /// The attachment `id` of the user with the key `owner`.
    pub fn new(owner: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            id: id.into(),
        }
    }
}

/// Why a store call failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such thing for this caller. What belongs to another user is not found either.
    NotFound {
        /// What was looked for: `"thread"`, `"item"`, `"attachment"`.
        what: &'static str,
        /// The id it was looked for by.
        id: String,
    },
    /// The write collides with what is stored.
    Conflict(BoxError),
    /// The store does not offer this; the text says what is missing, and the client may see it.
    NotSupported(&'static str),
    /// What was asked cannot be done with these values; the text names the reason, and the client may see it.
    Invalid(Cow<'static, str>),
    /// Anything else: a lost connection, a full disk, a record that does not decode.
    Other(BoxError),
}

impl StoreError {
    /// There is no `what` with this id.
    pub fn not_found(what: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound {
            what,
            id: id.into(),
        }
    }

    /// Any other failure, with its cause.
    pub fn other(cause: impl Into<BoxError>) -> Self {
        Self::Other(cause.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { what, .. } => write!(f, "{what} not found"),
            Self::Conflict(_) => f.write_str("the write collides with what is stored"),
            Self::NotSupported(what) => f.write_str(what),
            Self::Invalid(reason) => f.write_str(reason),
            Self::Other(_) => f.write_str("the store failed"),
        }
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Conflict(cause) | Self::Other(cause) => Some(&**cause),
            Self::NotFound { .. } | Self::NotSupported(_) | Self::Invalid(_) => None,
        }
    }
}

/// Keeps threads, their items and the records of attachments.
///
/// `C` is the context of a request: whatever your server learns of the caller. A store uses it to keep users apart: what
/// belongs to another user is [not found](StoreError::NotFound).
///
/// Every method may be called concurrently. Dropping the returned future may or may not undo the write, but never
/// leaves a half of it.
///
/// # Implementing
///
/// Twelve methods, and these habits: look up every row by its id and the caller's key; one statement or one transaction a
/// write, [`take_item`](Self::take_item) above all. Keep items as the JSON that they serialise to, so that a new kind of item
/// needs nothing of you. Then let a test of yours run the rules, the checks of `chatkit::testing` (feature `testing`):
/// `run_all(store_checks(open, owner))`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a store for requests with the context `{C}`",
    note = "implement `chatkit::store::Store<{C}>`, or use `MemoryStore`, `SqliteStore` or `PostgresStore`"
)]
pub trait Store<C>: Send + Sync + 'static {
    /// A new thread id.
    fn generate_thread_id(&self, context: &C) -> String {
        let _ = context;
        default_generate_id(StoreItemType::Thread)
    }

    /// A new item id for `thread`.
    fn generate_item_id(
        &self,
        item_type: StoreItemType,
        thread: &ThreadMetadata,
        context: &C,
    ) -> String {
        let _ = (thread, context);
        default_generate_id(item_type)
    }

    /// A thread without its items. Fails with [`StoreError::NotFound`].
    fn load_thread(
        &self,
        thread_id: &str,
        context: &C,
    ) -> impl Future<Output = Result<ThreadMetadata, StoreError>> + Send;

    /// Inserts or replaces a thread.
    fn save_thread(
        &self,
        thread: &ThreadMetadata,
        context: &C,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A page of threads by creation time; threads of equal times in the order they were saved.
    ///
    /// `after` is the id of the thread behind which the page begins; an unknown one is [`StoreError::NotFound`]. The
    /// page's `after` is the id of its last thread when there is more.
    fn load_threads(
        &self,
        limit: usize,
        after: Option<&str>,
        order: Order,
        context: &C,
    ) -> impl Future<Output = Result<Page<ThreadMetadata>, StoreError>> + Send;

    /// Deletes a thread and its items. Deleting what is not there succeeds. The records of its attachments stay: they
    /// lead to the bytes, which are elsewhere.
    fn delete_thread(
        &self,
        thread_id: &str,
        context: &C,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A page of a thread's items by creation time; items of equal times in the order they were added. `after` is as in
    /// [`load_threads`](Self::load_threads). An unknown thread has no items.
    fn load_thread_items(
        &self,
        thread_id: &str,
        after: Option<&str>,
        limit: usize,
        order: Order,
        context: &C,
    ) -> impl Future<Output = Result<Page<ThreadItem>, StoreError>> + Send;

    /// Adds an item to a thread. An item with the same id in that thread is replaced where it stands.
    ///
    /// The default is [`save_item`](Self::save_item). Override it where it costs less to know that an item is new.
    fn add_thread_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        context: &C,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.save_item(thread_id, item, context)
    }

    /// Replaces an item of a thread where it stands, or adds it.
    fn save_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        context: &C,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// One item of a thread. Fails with [`StoreError::NotFound`].
    fn load_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> impl Future<Output = Result<ThreadItem, StoreError>> + Send;

    /// Deletes an item. Deleting what is not there succeeds.
    fn delete_thread_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes an item out of a thread: deletes it and gives it. Fails with [`StoreError::NotFound`].
    ///
    /// Of callers that take the same item at the same time, one gets it; that is how something is done once only. So it
    /// is one atomic step: reading and then deleting is something that two can do at once, unless the store learns from
    /// the deletion that it was the one who deleted.
    fn take_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> impl Future<Output = Result<ThreadItem, StoreError>> + Send;

    /// Inserts or replaces the record of an attachment.
    fn save_attachment(
        &self,
        attachment: &Attachment,
        context: &C,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The record of an attachment. Fails with [`StoreError::NotFound`].
    fn load_attachment(
        &self,
        attachment_id: &str,
        context: &C,
    ) -> impl Future<Output = Result<Attachment, StoreError>> + Send;

    /// Deletes the record of an attachment. Deleting what is not there succeeds.
    fn delete_attachment(
        &self,
        attachment_id: &str,
        context: &C,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Attachments whose thread is not there any more, whoever owns them: up to `limit` of them in the order of their ids,
    /// behind the id `after`.
    ///
    /// So whoever keeps the bytes finds those that a deleted thread has left, as
    /// `BlobAttachmentStore::remove_orphans` does. It belongs to no request, and has no context. The default knows of none:
    /// then only the deletion of a thread by its user deletes files.
    fn load_stray_attachments(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<StrayAttachment>, StoreError>> + Send {
        let _ = (after, limit);
        async { Ok(Vec::new()) }
    }
}

/// Keeps the bytes of attachments.
///
/// The records (name, type, thread) are in the [`Store`]; this trait makes the place that bytes are uploaded to, and
/// deletes them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an attachment store for requests with the context `{C}`",
    note = "implement `chatkit::store::AttachmentStore<{C}>`"
)]
pub trait AttachmentStore<C>: Send + Sync + 'static {
    /// Deletes an attachment's bytes, when they are the caller's. Deleting what is not there succeeds, and so does
    /// deleting what is another's, without effect: the server calls this for any id, also for one without a record.
    fn delete_attachment(
        &self,
        attachment_id: &str,
        context: &C,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Makes the record of an attachment that is about to be uploaded, with its upload descriptor.
    ///
    /// Needed for two-phase uploads only. The default fails with [`StoreError::NotSupported`].
    fn create_attachment(
        &self,
        params: &AttachmentCreateParams,
        context: &C,
    ) -> impl Future<Output = Result<Attachment, StoreError>> + Send {
        let _ = (params, context);
        async {
            Err(StoreError::NotSupported(
                "two-phase uploads are not supported",
            ))
        }
    }

    /// Where the client gets the picture of an image whose [`PreviewUrl`](crate::types::PreviewUrl) is lazy.
    ///
    /// The client's `<img>` sends no sign-in along, so the URL itself must give access. Needed for lazy previews only.
    /// The default fails with [`StoreError::NotSupported`].
    fn preview_url(
        &self,
        attachment_id: &str,
        context: &C,
    ) -> impl Future<Output = Result<Url, StoreError>> + Send {
        let _ = (attachment_id, context);
        async { Err(StoreError::NotSupported("lazy previews are not supported")) }
    }

    /// A new attachment id.
    fn generate_attachment_id(&self, mime_type: &str, context: &C) -> String {
        let _ = (mime_type, context);
        default_generate_id(StoreItemType::Attachment)
    }
}

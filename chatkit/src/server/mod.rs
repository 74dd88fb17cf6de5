//! The server: one request in, one JSON body or one stream of events out.

mod frames;
mod handler;
mod pending;
mod queries;
mod response;
mod streaming;
mod turn;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use handler::ChatKitHandler;
#[cfg(feature = "axum")]
pub(crate) use response::error_frame;
pub use response::{EventStream, StreamingResult};
pub use turn::Turn;

use crate::error::Error;
use crate::store::{AttachmentStore, DynAttachmentStore, DynStore, Store};
use crate::types::{ChatKitRequest, Request};

/// How many bytes of events may wait for a client before its turn waits too.
const DEFAULT_BUFFER: usize = 256 * 1024;

/// Serves the ChatKit protocol with your handler on a store.
///
/// It knows nothing of HTTP: [`process`](Self::process) takes the body of a request and gives bytes. The adapter for axum
/// is [`chatkit::axum`](crate::axum), behind the feature `axum`. Cloning is cheap and gives the same server.
///
/// ```
/// # use chatkit::types::UserMessageItem;
/// # use chatkit::{ChatKitHandler, Turn, TurnError};
/// # struct Parrot;
/// # impl ChatKitHandler for Parrot {
/// #     type Context = ();
/// #     async fn respond(&self, _: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> { Ok(()) }
/// # }
/// use chatkit::{ChatKitServer, ProcessResult, store::MemoryStore};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let server = ChatKitServer::new(Parrot, MemoryStore::new());
/// let answer = server.process(br#"{"type": "threads.list", "params": {}}"#, ()).await?;
/// let ProcessResult::NonStreaming(json) = answer else { unreachable!() };
/// assert_eq!(json, r#"{"data":[],"has_more":false}"#);
/// # Ok::<_, chatkit::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct ChatKitServer<H: ChatKitHandler> {
    handler: Arc<H>,
    store: DynStore<H::Context>,
    attachment_store: Option<DynAttachmentStore<H::Context>>,
    buffer: usize,
    /// Owns the turns' tasks.
    tasks: TaskTracker,
    /// Cancels them all.
    shutdown: CancellationToken,
}

/// The answer to a request.
#[derive(Debug)]
pub enum ProcessResult {
    /// Server-sent events, for requests that make the server respond in a thread.
    Streaming(StreamingResult),
    /// One JSON document.
    NonStreaming(Bytes),
}

impl<H: ChatKitHandler> ChatKitServer<H> {
    /// A server that keeps its threads in `store`, without attachments.
    pub fn new(handler: H, store: impl Store<H::Context>) -> Self {
        Self {
            handler: Arc::new(handler),
            store: DynStore::new(store),
            attachment_store: None,
            buffer: DEFAULT_BUFFER,
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        }
    }

    /// Lets clients create and delete attachments.
    pub fn attachment_store(mut self, store: impl AttachmentStore<H::Context>) -> Self {
        self.attachment_store = Some(DynAttachmentStore::new(store));
        self
    }

    /// Sets how many bytes of events may wait for a client before its turn waits too. The default is 256 KiB.
    pub fn buffer(mut self, bytes: usize) -> Self {
        self.buffer = bytes.max(1);
        self
    }

    /// The server's store.
    pub fn store(&self) -> &DynStore<H::Context> {
        &self.store
    }

    /// The server's handler.
    pub fn handler(&self) -> &H {
        &self.handler
    }

    /// Answers one request: the body of a `POST` of the client.
    ///
    /// A streaming request starts a task that this server owns; see [`StreamingResult`] for how it ends. Any other is
    /// answered by the time this returns, and dropping the future gives it up.
    ///
    /// Must be called within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the body is not a request, with a text that
    /// names the field. For a request that is not streaming, also whatever the store or the handler fails with; the
    /// failures of a streaming one come at the end of its stream.
    pub async fn process(
        &self,
        request: impl AsRef<[u8]>,
        context: H::Context,
    ) -> Result<ProcessResult, Error> {
        let request = ChatKitRequest::from_slice(request.as_ref())?;
        tracing::debug!(request = request.type_name(), "request");
        match request.request {
            Request::StreamingRequest(request) => {
                Ok(ProcessResult::Streaming(self.start_turn(request, context)))
            }
            Request::NonStreamingRequest(request) => Ok(ProcessResult::NonStreaming(
                self.answer(request, context).await?,
            )),
        }
    }

    /// Cancels all turns and waits until each is saved. Afterwards new turns are cancelled as soon as they begin.
    pub async fn shutdown(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl<H: ChatKitHandler> Clone for ChatKitServer<H> {
    fn clone(&self) -> Self {
        Self {
            handler: Arc::clone(&self.handler),
            store: self.store.clone(),
            attachment_store: self.attachment_store.clone(),
            buffer: self.buffer,
            tasks: self.tasks.clone(),
            shutdown: self.shutdown.clone(),
        }
    }
}

impl<H: ChatKitHandler> fmt::Debug for ChatKitServer<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatKitServer")
            .field("attachments", &self.attachment_store.is_some())
            .field("turns", &self.tasks.len())
            .finish_non_exhaustive()
    }
}

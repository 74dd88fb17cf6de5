//! The server: one request in, one JSON body or one stream of events out.

mod frames;
mod handler;
mod incoming;
mod pending;
mod public;
mod queries;
mod repeats;
mod request_info;
mod response;
mod runs;
mod streaming;
mod traced;
mod turn;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use handler::ChatKitHandler;
pub use request_info::RequestInfo;
#[cfg(feature = "axum")]
pub(crate) use response::event_frame;
pub use response::{EventStream, StreamingResult};
pub use runs::OnDisconnect;
pub use turn::Turn;

use crate::error::{Error, ErrorKind};
use crate::store::{AttachmentStore, DynAttachmentStore, DynStore, Scope, Store};
use crate::telemetry;
use crate::types::{ChatKitRequest, Request, ThreadMetadata, ThreadStatus};
use repeats::Repeats;
use runs::{Limits, Runs};
use traced::Traced;

/// How many bytes of events may wait for a client before its turn waits too.
const DEFAULT_BUFFER: usize = 256 * 1024;

/// How long a turn waits for a client that takes nothing.
const DEFAULT_PATIENCE: Duration = Duration::from_secs(60);

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
    options: Options<H::Context>,
    runs: Arc<Runs>,
    repeats: Arc<Repeats>,
    /// Owns the turns' tasks.
    tasks: TaskTracker,
    /// Cancels them all.
    shutdown: CancellationToken,
}

/// What can be set.
struct Options<C> {
    owner: Scope<C>,
    on_disconnect: OnDisconnect,
    limits: Limits,
    max_buffered_bytes: usize,
    patience: Duration,
    repeat_window: Duration,
    refuse_locked_threads: bool,
}

impl<C> Clone for Options<C> {
    fn clone(&self) -> Self {
        Self {
            owner: self.owner.clone(),
            ..*self
        }
    }
}

/// Turns that a shutdown could not save in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownError {
    /// How many there were. Their items up to the last finished one are stored; what they were writing is not.
    pub unsaved: usize,
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} turns could not be saved in time", self.unsaved)
    }
}

impl std::error::Error for ShutdownError {}

/// The answer to a request.
#[derive(Debug)]
pub enum ProcessResult {
    /// Server-sent events, for requests that make the server respond in a thread.
    Streaming(StreamingResult),
    /// One JSON document.
    #[doc(alias = "NonStreamingResult")]
    NonStreaming(Bytes),
}

impl<H: ChatKitHandler> ChatKitServer<H> {
    /// A server that keeps its threads in `store`, without attachments.
    pub fn new(handler: H, store: impl Store<H::Context>) -> Self {
        Self {
            handler: Arc::new(handler),
            store: DynStore::new(Traced(store)),
            attachment_store: None,
            options: Options {
                owner: Scope::shared(),
                on_disconnect: OnDisconnect::default(),
                limits: Limits::default(),
                max_buffered_bytes: DEFAULT_BUFFER,
                patience: DEFAULT_PATIENCE,
                repeat_window: repeats::DEFAULT_WINDOW,
                refuse_locked_threads: false,
            },
            runs: Arc::default(),
            repeats: Arc::default(),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        }
    }

    /// Lets clients create and delete attachments.
    #[must_use]
    pub fn attachment_store(mut self, store: impl AttachmentStore<H::Context>) -> Self {
        self.attachment_store = Some(DynAttachmentStore::new(store));
        self
    }

    /// Sets who a request belongs to: the same kind of function that scopes a store. Limits count by it, and a repeated
    /// request is one of the same owner. Without it all requests are one owner's.
    #[must_use]
    pub fn owner(mut self, owner: impl Fn(&H::Context) -> String + Send + Sync + 'static) -> Self {
        self.options.owner = Scope::by(owner);
        self
    }

    /// Sets how many turns may run at a time, whoever they belong to. The default is no limit; with zero none runs.
    ///
    /// A turn holds its place until its handler is done and saved, also when its client has gone. Where the limit is
    /// reached, a message is stored, and the client gets an `error` event that offers to try again; a retry or an action
    /// changes nothing. To limit requests a second, put a layer of tower around the router.
    #[must_use]
    pub fn max_runs(mut self, runs: usize) -> Self {
        self.options.limits.runs = Some(runs);
        self
    }

    /// Sets how many turns may run at a time for each [`owner`](Self::owner). The default is no limit. It works as
    /// [`max_runs`](Self::max_runs) does.
    #[must_use]
    pub fn max_runs_per_owner(mut self, runs: usize) -> Self {
        self.options.limits.runs_per_owner = Some(runs);
        self
    }

    /// Sets what becomes of a turn whose client has gone away. The default is to cancel it.
    #[must_use]
    pub fn on_disconnect(mut self, policy: OnDisconnect) -> Self {
        self.options.on_disconnect = policy;
        self
    }

    /// Sets whether turns and actions are refused in threads that are locked or closed: the client gets an `error` event
    /// with the reason.
    ///
    /// The client hides its composer in such threads, but anyone can send a request. Reading, renaming and deleting the
    /// thread are not refused, and a turn that locks its thread itself goes on. The default is not to refuse, as in the
    /// Python SDK.
    #[must_use]
    pub fn refuse_locked_threads(mut self, refuse: bool) -> Self {
        self.options.refuse_locked_threads = refuse;
        self
    }

    /// Sets for how long a message whose answer did not reach the client is remembered, so that it is not stored again when
    /// the client posts the same body again. The default is 30 seconds; zero switches it off.
    ///
    /// ChatKit.js does so after a 5xx, or after an answer that is not a stream: up to five times, ten seconds apart at most.
    /// A repeat is a body of the same [`owner`](Self::owner) from the same
    /// [frame](RequestInfo::frame_id) while the answer before it was not read to its end. It ends a turn that still
    /// runs, takes up the message that is stored, removes what was said after it, and lets the handler answer again:
    /// as the client's own retry does.
    ///
    /// Two limits. A user who presses Stop and sends the same text again within this time looks the same: the message is
    /// then there once, with the second answer. And it is remembered in this process: several instances need sticky
    /// sessions for it.
    #[must_use]
    pub fn repeat_window(mut self, window: Duration) -> Self {
        self.options.repeat_window = window;
        self
    }

    /// Sets how many bytes of events may wait for a client before its turn waits too. The default is 256 KiB; zero counts as
    /// one.
    #[must_use]
    pub fn max_buffered_bytes(mut self, bytes: usize) -> Self {
        self.options.max_buffered_bytes = bytes.max(1);
        self
    }

    /// Sets for how long a turn waits, its buffer full, for a client that takes nothing. Such a client counts as gone then.
    /// The default is a minute.
    #[must_use]
    pub fn client_patience(mut self, patience: Duration) -> Self {
        self.options.patience = patience;
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
    /// [`ErrorKind::InvalidRequest`] when the body is not a request, with a text that names the field.
    /// [`ErrorKind::Unavailable`] when a streaming request comes after [`shutdown`](Self::shutdown). For a request that is not streaming, also whatever the store or the handler fails with; the
    /// failures of a streaming one come at the end of its stream.
    pub async fn process(
        &self,
        request: impl AsRef<[u8]>,
        context: H::Context,
    ) -> Result<ProcessResult, Error> {
        self.process_with(request, RequestInfo::new(), context)
            .await
    }

    /// [`process`](Self::process) for a request of which more is known than its body. An HTTP adapter calls this.
    ///
    /// # Errors
    ///
    /// As for [`process`](Self::process).
    pub async fn process_with(
        &self,
        request: impl AsRef<[u8]>,
        info: RequestInfo,
        context: H::Context,
    ) -> Result<ProcessResult, Error> {
        let body = request.as_ref();
        let request = ChatKitRequest::from_slice(body)?;
        telemetry::request(request.type_name());
        match request.request {
            Request::StreamingRequest(_) if self.shutdown.is_cancelled() => Err(Error::new(
                ErrorKind::Unavailable,
                "The server is restarting. Please try again in a moment.",
            )),
            Request::StreamingRequest(request) => Ok(ProcessResult::Streaming(
                self.start_turn(body, request, info, context),
            )),
            Request::NonStreamingRequest(request) => Ok(ProcessResult::NonStreaming(
                self.answer(request, info, context).await?,
            )),
        }
    }

    /// Cancels the turns in a thread, also those that [go on](OnDisconnect::Continue) without a client, and waits until
    /// they are saved. Returns how many there were.
    ///
    /// This is how Stop works where turns outlive their clients, whose Stop and reload look the same: call it from an
    /// endpoint of your own. Turns of other instances are not found.
    ///
    /// ```
    /// # use chatkit::{ChatKitHandler, ChatKitServer};
    /// # struct User;
    /// async fn stop<H>(server: ChatKitServer<H>, user: User, thread_id: String) -> Result<(), chatkit::Error>
    /// where
    ///     H: ChatKitHandler<Context = User>,
    /// {
    ///     let stopped = server.stop(&thread_id, &user).await?;
    ///     tracing::debug!(stopped);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when the store has no such thread for this caller, [`ErrorKind::Store`] when it fails.
    pub async fn stop(&self, thread_id: &str, context: &H::Context) -> Result<usize, Error> {
        self.store.load_thread(thread_id, context).await?;
        let runs = self.runs.in_thread(thread_id);
        futures::future::join_all(runs.iter().map(|run| run.stop())).await;
        Ok(runs.len())
    }

    /// Cancels all turns and waits until each is saved. From now on new turns are refused as
    /// [unavailable](ErrorKind::Unavailable); other requests are still answered.
    ///
    /// A handler that does not give way, or a store that hangs, lets this wait for ever; see
    /// [`shutdown_within`](Self::shutdown_within).
    pub async fn shutdown(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// [`shutdown`](Self::shutdown) with a deadline. Turns that are not saved by then are ended where they are; their
    /// clients get an `error` event. A turn that blocks its thread ends when it gives way.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn serve<H: chatkit::ChatKitHandler>(server: chatkit::ChatKitServer<H>) {
    /// // For `axum::serve(…).with_graceful_shutdown(…)`, which waits for open streams.
    /// if let Err(error) = server.shutdown_within(Duration::from_secs(10)).await {
    ///     tracing::warn!("{error}");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// How many turns there were that could not be saved.
    pub async fn shutdown_within(&self, deadline: Duration) -> Result<(), ShutdownError> {
        if tokio::time::timeout(deadline, self.shutdown())
            .await
            .is_ok()
        {
            return Ok(());
        }
        match self.runs.abort_all() {
            0 => Ok(()),
            unsaved => Err(ShutdownError { unsaved }),
        }
    }

    /// Refuses a thread that is locked or closed, if that is the policy.
    fn check_status(&self, thread: &ThreadMetadata) -> Result<(), Error> {
        let (reason, default) = match &thread.status {
            _ if !self.options.refuse_locked_threads => return Ok(()),
            ThreadStatus::Active => return Ok(()),
            ThreadStatus::Locked { reason } => (reason, "This conversation is locked."),
            ThreadStatus::Closed { reason } => (reason, "This conversation is closed."),
        };
        let reason = reason.as_deref().filter(|reason| !reason.is_empty());
        Err(Error::new(
            ErrorKind::Locked,
            reason.unwrap_or(default).to_owned(),
        ))
    }
}

impl<H: ChatKitHandler> Clone for ChatKitServer<H> {
    fn clone(&self) -> Self {
        Self {
            handler: Arc::clone(&self.handler),
            store: self.store.clone(),
            attachment_store: self.attachment_store.clone(),
            options: self.options.clone(),
            runs: Arc::clone(&self.runs),
            repeats: Arc::clone(&self.repeats),
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

//! What can go wrong, and who may read about it.
//!
//! Every failure has two messages. [`Error::client_message`] is what the chat UI may show: beyond fixed texts and the names
//! of the request's fields it holds only what the application has written for the client. The `Display` form, and `{:#}` with
//! all its sources, is for the log.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::BoxError;
use crate::causes::{find_source, write_error};
use crate::store::StoreError;
use crate::types::{ErrorCode, ErrorEvent, InvalidAction, InvalidRequest};

/// What the client shows when nothing more may be said.
pub(crate) const DEFAULT_MESSAGE: &str = "An error occurred when generating a response.";

/// Why a request or a turn failed.
///
/// `Display` says what happened in one line; the alternate form (`{:#}`) adds the chain of sources. Neither repeats what
/// the user wrote.
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
}

/// The kinds of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request is not valid, or the action in it; the message names the field.
    InvalidRequest,
    /// The thread, item or attachment does not exist, or belongs to someone else.
    #[doc(alias = "NotFoundError")]
    NotFound,
    /// The request is valid, but not in the present state of the thread or item.
    InvalidState,
    /// The thread is locked or closed, and the server [refuses](crate::ChatKitServer::refuse_locked_threads) to go on in it.
    Locked,
    /// Too many turns run at present; see [`ChatKitServer::max_runs`](crate::ChatKitServer::max_runs).
    LimitExceeded,
    /// The server is shutting down. Nothing has been done; the request may be sent again.
    Unavailable,
    /// The handler or a store does not offer what was asked.
    NotSupported,
    /// The store failed.
    Store,
    /// The handler failed.
    Handler,
    /// The turn was cancelled, or is over.
    Cancelled,
    /// A defect: a value that does not serialise, a task that died.
    Internal,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "the turn was cancelled")
    }

    pub(crate) fn panicked() -> Self {
        Self::new(ErrorKind::Handler, "the handler panicked")
    }

    /// What a handler has failed with. An action that it could not read is the client's fault, unless the handler says
    /// something of its own about it.
    pub(crate) fn handler(error: TurnError) -> Self {
        let failed = Self::new(ErrorKind::Handler, "the handler failed").caused_by(error.0);
        let has_own_text = failed.find_source::<CustomStreamError>().is_some()
            || failed.find_source::<StreamError>().is_some();
        match failed.find_source::<InvalidAction>() {
            Some(action) if !has_own_text => Self {
                message: action.to_string().into(),
                kind: ErrorKind::InvalidRequest,
                ..failed
            },
            _ => failed,
        }
    }

    /// Writes the failure to the log, once, with all its sources.
    pub(crate) fn logged(self) -> Self {
        match self.kind {
            ErrorKind::Store | ErrorKind::Handler | ErrorKind::Internal => {
                tracing::error!(kind = ?self.kind, "{self:#}");
            }
            // Its message is the reason that the application has written for its users.
            ErrorKind::Locked => tracing::debug!("the thread is locked or closed"),
            _ => tracing::debug!(kind = ?self.kind, "{self:#}"),
        }
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the client may show its user.
    ///
    /// The text of an invalid request names the field, never its value. A [`CustomStreamError`] gives its own text. For
    /// everything else the text says nothing about the cause.
    pub fn client_message(&self) -> &str {
        match self.kind {
            ErrorKind::InvalidRequest
            | ErrorKind::NotFound
            | ErrorKind::InvalidState
            | ErrorKind::NotSupported
            | ErrorKind::Locked
            | ErrorKind::LimitExceeded
            | ErrorKind::Unavailable
            | ErrorKind::Cancelled => &self.message,
            ErrorKind::Handler => match self.find_source::<CustomStreamError>() {
                Some(custom) => &custom.message,
                None => DEFAULT_MESSAGE,
            },
            ErrorKind::Store | ErrorKind::Internal => DEFAULT_MESSAGE,
        }
    }

    /// The `error` event that tells the client, for a failure in a stream that had already begun.
    ///
    /// A retry is offered where the same request may succeed later: failures of the handler and of the store, limits, a
    /// shutdown.
    pub fn to_event(&self) -> ErrorEvent {
        if let Some(custom) = self.find_source::<CustomStreamError>() {
            return ErrorEvent::new(ErrorCode::Custom)
                .message(custom.message.clone())
                .allow_retry(custom.allow_retry);
        }
        if let Some(error) = self.find_source::<StreamError>() {
            return ErrorEvent::new(error.code).allow_retry(error.allow_retry);
        }
        match self.kind {
            ErrorKind::Store | ErrorKind::Handler | ErrorKind::Internal => {
                ErrorEvent::new(ErrorCode::StreamError).allow_retry(true)
            }
            kind => ErrorEvent::new(ErrorCode::Custom)
                .message(self.client_message())
                .allow_retry(matches!(
                    kind,
                    ErrorKind::LimitExceeded | ErrorKind::Unavailable
                )),
        }
    }

    /// The first error of type `E` in the chain of sources: the way back to an error of your own store or handler.
    pub fn find_source<E: StdError + 'static>(&self) -> Option<&E> {
        find_source(self.source())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_error(f, &self.message, self.source())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { what, .. } => {
                Self::new(ErrorKind::NotFound, format!("{what} not found")).caused_by(error)
            }
            StoreError::NotSupported(what) => {
                Self::new(ErrorKind::NotSupported, what).caused_by(error)
            }
            StoreError::Invalid(ref reason) => {
                Self::new(ErrorKind::InvalidRequest, reason.clone()).caused_by(error)
            }
            StoreError::Conflict(_) | StoreError::Other(_) => {
                Self::new(ErrorKind::Store, "the store failed").caused_by(error)
            }
        }
    }
}

impl From<InvalidRequest> for Error {
    fn from(error: InvalidRequest) -> Self {
        Self::new(ErrorKind::InvalidRequest, error.to_string()).caused_by(error)
    }
}

/// An error with a code that the client turns into a text of its own, in the user's language.
///
/// Return it from a handler: the client gets an `error` event with this code, and no message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamError {
    /// The code the client knows.
    pub code: ErrorCode,
    /// Whether the client offers to try again.
    pub allow_retry: bool,
}

impl StreamError {
    /// An error with `code`. A retry is offered for [`ErrorCode::StreamError`], as in the Python SDK.
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            allow_retry: code == ErrorCode::StreamError,
        }
    }

    /// Sets whether the client offers to try again.
    #[must_use]
    pub fn allow_retry(mut self, allow: bool) -> Self {
        self.allow_retry = allow;
        self
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream error {}", self.code.as_str())
    }
}

impl StdError for StreamError {}

/// An error with a text that the client shows as it is.
///
/// ```
/// # use chatkit::{CustomStreamError, TurnError};
/// fn check(credits: u32) -> Result<(), TurnError> {
///     if credits == 0 {
///         return Err(CustomStreamError::new("You have no credits left.").into());
///     }
///     Ok(())
/// }
/// # assert!(check(0).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomStreamError {
    /// The text shown to the user, already in the user's language.
    pub message: String,
    /// Whether the client offers to try again.
    pub allow_retry: bool,
}

impl CustomStreamError {
    /// An error that shows `message` and offers no retry.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            allow_retry: false,
        }
    }

    /// Sets whether the client offers to try again.
    #[must_use]
    pub fn allow_retry(mut self, allow: bool) -> Self {
        self.allow_retry = allow;
        self
    }
}

impl fmt::Display for CustomStreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for CustomStreamError {}

/// What a handler fails with.
///
/// `?` makes one of every type that implements [`std::error::Error`] and is `Send`, `Sync` and `'static`. A boxed error and
/// `anyhow::Error` do not implement it; for these it is `.map_err(TurnError::new)?`.
///
/// The client sees a general text and may try again; the log gets the error with all its sources. To choose what the
/// client sees, return a [`CustomStreamError`] or a [`StreamError`], alone or as the source of another error. An
/// [`InvalidAction`] is shown as it is.
///
/// Like `anyhow::Error`, this type does not implement [`std::error::Error`] itself, so that every type that does converts
/// into it.
pub struct TurnError(BoxError);

impl TurnError {
    /// An error from a text for the log.
    pub fn msg(message: impl fmt::Display) -> Self {
        Self(message.to_string().into())
    }

    /// An error of any kind: one that is boxed already, an `anyhow::Error`, a text for the log.
    ///
    /// ```
    /// # use chatkit::{BoxError, TurnError};
    /// # fn look_up() -> Result<u32, BoxError> { Err("no such city".into()) }
    /// fn forecast() -> Result<u32, TurnError> {
    ///     let degrees = look_up().map_err(TurnError::new)?; // its error is a `Box<dyn Error + Send + Sync>`
    ///     Ok(degrees)
    /// }
    /// # assert_eq!(forecast().unwrap_err().to_string(), "no such city");
    /// ```
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }

    /// The error inside.
    pub fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }

    /// The first error of type `E`: the error inside, or one in its chain of sources.
    pub fn find_source<E: StdError + 'static>(&self) -> Option<&E> {
        find_source(Some(self.as_error()))
    }

    /// The error inside, boxed.
    pub fn into_inner(self) -> BoxError {
        self.0
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for TurnError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for TurnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_error(f, &self.0.to_string(), self.0.source())
    }
}

impl fmt::Debug for TurnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

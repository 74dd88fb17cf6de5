//! Why a session failed.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use chatkit::{BoxError, write_error};

use crate::model::ModelError;

/// Why a call of a [`Session`](super::Session) failed.
///
/// `Display` holds no content of the conversation; `{:#}` adds the causes.
#[derive(Debug)]
pub struct SessionError {
    kind: SessionErrorKind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
}

/// The kinds of [`SessionError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionErrorKind {
    /// The place where the items are kept cannot be read or written.
    Storage,
    /// The endpoint refused, could not be reached, or gave an answer that cannot be used; the source, if there is one,
    /// is a [`ModelError`].
    Endpoint,
    /// An item cannot be written as JSON.
    Item,
}

impl SessionError {
    /// An error of the given kind. `message` goes to the log, so it must hold nothing of the conversation.
    pub fn new(kind: SessionErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// Adds the cause. Its `Display` reaches logs.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> SessionErrorKind {
        self.kind
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_error(f, &self.message, self.source())
    }
}

impl StdError for SessionError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

impl From<ModelError> for SessionError {
    fn from(error: ModelError) -> Self {
        Self::new(SessionErrorKind::Endpoint, "the session's endpoint failed").caused_by(error)
    }
}

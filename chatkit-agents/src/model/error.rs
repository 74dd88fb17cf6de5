//! Why a model call failed.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::event::ErrorEvent;
use super::response::Response;

/// The failure of a model call.
///
/// `Display` and `Debug` are safe to log: they name the kind, the status, the code and the request
/// id, and never the request, the answer, a key, or the endpoint's own sentence, which may quote
/// the user. That sentence is [`ModelError::api_message`].
pub struct ModelError(Box<Inner>);

struct Inner {
    kind: ModelErrorKind,
    /// What happened, in our words.
    what: Cow<'static, str>,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    api_message: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of failure a [`ModelError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// The client or the request was put together wrongly; nothing was sent.
    Config,
    /// No connection, or the connection broke before the answer began.
    Connect,
    /// The key was refused (401, 403).
    Authentication,
    /// Too many requests, or no quota left (429).
    RateLimited,
    /// Another status that is not a success.
    Status,
    /// A success whose content type is not the one asked for: an event stream, or JSON.
    ContentType,
    /// The endpoint was silent for longer than the idle timeout, or the call took longer than its
    /// own timeout.
    #[doc(alias = "ModelTimeoutError")]
    Timeout,
    /// The stream ended or broke before a terminal event.
    Truncated,
    /// One event, or a JSON answer, was larger than the limit.
    TooLarge,
    /// An event was not JSON, or a JSON answer did not have its documented form.
    Decode,
    /// The endpoint reported a failure inside the stream.
    Api,
}

impl ModelError {
    /// An error of a kind. `what` says what happened; it reaches logs, so it must not contain
    /// anything a user wrote.
    #[must_use]
    pub fn new(kind: ModelErrorKind, what: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            what: what.into(),
            status: None,
            code: None,
            request_id: None,
            retry_after: None,
            api_message: None,
            source: None,
        }))
    }

    /// Sets the cause. Its `Display` reaches logs through the error chain.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Sets the endpoint's error code. A code that does not look like one is left out, so that no
    /// sentence gets into logs this way.
    #[must_use]
    pub fn with_code(mut self, code: Option<&str>) -> Self {
        self.0.code = code.filter(|code| is_token(code)).map(str::to_owned);
        self
    }

    /// Sets the endpoint's own description.
    #[must_use]
    pub fn with_api_message(mut self, message: Option<String>) -> Self {
        self.0.api_message = message.filter(|message| !message.is_empty());
        self
    }

    pub(super) fn with_request_id(mut self, id: Option<&str>) -> Self {
        self.0.request_id = id.filter(|id| is_token(id)).map(str::to_owned);
        self
    }

    pub(super) fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        self.0.retry_after = delay;
        self
    }

    /// The kind, to decide what to do.
    #[must_use]
    pub fn kind(&self) -> ModelErrorKind {
        self.0.kind
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The endpoint's error code, e.g. `rate_limit_exceeded`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The endpoint's id of the request (`x-request-id`), which its support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the endpoint asked to wait before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The endpoint's own description of the failure. It may quote what the user wrote: show it to
    /// the operator who debugs, not to a log.
    #[must_use]
    pub fn api_message(&self) -> Option<&str> {
        self.0.api_message.as_deref()
    }
}

/// Short and without spaces: an identifier, not a sentence.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte))
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.what)?;
        let mut separator = " (";
        let mut detail = |f: &mut fmt::Formatter<'_>, name, value: &dyn fmt::Display| {
            let before = std::mem::replace(&mut separator, ", ");
            write!(f, "{before}{name} {value}")
        };
        if let Some(status) = &self.0.status {
            detail(f, "status", status)?;
        }
        if let Some(code) = &self.0.code {
            detail(f, "code", code)?;
        }
        if let Some(id) = &self.0.request_id {
            detail(f, "request", id)?;
        }
        if separator == ", " {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelError")
            .field("kind", &self.0.kind)
            .field("what", &self.0.what)
            .field("status", &self.0.status)
            .field("code", &self.0.code)
            .field("request_id", &self.0.request_id)
            .field("retry_after", &self.0.retry_after)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl Error for ModelError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// The failure an `error` event reports.
impl From<&ErrorEvent> for ModelError {
    fn from(event: &ErrorEvent) -> Self {
        let kind = match event.code.as_deref() {
            Some("rate_limit_exceeded" | "insufficient_quota") => ModelErrorKind::RateLimited,
            _ => ModelErrorKind::Api,
        };
        Self::new(kind, "the model endpoint reported an error")
            .with_code(event.code.as_deref())
            .with_api_message(event.message.clone())
    }
}

/// The failure a `response.failed` event reports.
impl From<&Response> for ModelError {
    fn from(response: &Response) -> Self {
        let error = response.error.as_ref();
        let code = error.and_then(|error| error.code.as_deref());
        let kind = match code {
            Some("rate_limit_exceeded" | "insufficient_quota") => ModelErrorKind::RateLimited,
            _ => ModelErrorKind::Api,
        };
        Self::new(kind, "the model endpoint reported a failed response")
            .with_code(code)
            .with_api_message(error.and_then(|error| error.message.clone()))
    }
}

//! How a request is refused, in the form that the client shows.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use crate::error::{DEFAULT_MESSAGE, Error, ErrorKind};
use crate::types::{ErrorCode, ErrorEvent};

/// How much is read of a response that is made into a message.
const MAX_BODY: usize = 64 * 1024;

/// Why a request gets no context: a status, and a text for the user.
///
/// What a context function may fail with; any [`IntoResponse`] will do as well. The client gets it in the form it shows:
/// a JSON request as the status with the body `{"message": …}`, a streaming one as an `error` event in a stream, unless
/// [`Failures::Statuses`](super::Failures::Statuses) is set.
///
/// Any error converts by `?`: a database that cannot be asked who the user is, say. The log then gets the error with its
/// causes, the client a general text and the status 500.
///
/// ```
/// use axum::http::request::Parts;
/// use chatkit::axum::Refusal;
///
/// # struct User; struct Sessions;
/// # impl Sessions { async fn find(&self, _: &str) -> Result<Option<User>, std::io::Error> { Ok(None) } }
/// async fn authenticate(parts: &Parts, sessions: &Sessions) -> Result<User, Refusal> {
///     let token = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
///     let token = token.ok_or_else(|| Refusal::unauthorized("Please sign in."))?;
///     let user = sessions.find(token).await?;
///     user.ok_or_else(|| Refusal::unauthorized("Your session has ended. Please sign in again."))
/// }
/// ```
#[derive(Clone)]
pub struct Refusal {
    status: StatusCode,
    message: Cow<'static, str>,
    allow_retry: bool,
    cause: Option<Arc<Error>>,
}

impl Refusal {
    /// A refusal with a status, and a text that the client shows as it is.
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            message: message.into(),
            allow_retry: false,
            cause: None,
        }
    }

    /// Nobody knows who is asking: status 401.
    pub fn unauthorized(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// The user may not do this: status 403.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// Sets whether the client offers to try again, where it gets an `error` event.
    #[must_use]
    pub fn allow_retry(mut self, allow: bool) -> Self {
        self.allow_retry = allow;
        self
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("status", &self.status)
            .field("message", &self.message)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Refusal {
    fn from(error: E) -> Self {
        let cause = Error::new(ErrorKind::Internal, "the request got no context");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: DEFAULT_MESSAGE.into(),
            allow_retry: true,
            cause: Some(Arc::new(cause.caused_by(error))),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = message_response(self.status, &self.message);
        response.extensions_mut().insert(self);
        response
    }
}

/// A status with a message as the client reads it where it asked for JSON.
pub(crate) fn message_response(status: StatusCode, message: &str) -> Response {
    #[derive(Serialize)]
    struct Failure<'a> {
        message: &'a str,
    }
    let body = serde_json::to_vec(&Failure { message }).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What a context function has refused with.
pub(crate) enum Refused {
    /// Not a failure at all; a redirect, say.
    Response(Response),
    /// A failure: the event for a stream, and the response with a status.
    Failure(ErrorEvent, Response),
}

/// Reads a refusal of any kind.
pub(crate) async fn read(response: Response) -> Refused {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return Refused::Response(response);
    }
    crate::telemetry::refused(status.as_u16());
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        match &refusal.cause {
            Some(cause) => tracing::error!(status = status.as_u16(), "{cause:#}"),
            None => tracing::debug!(status = status.as_u16(), "the request is refused"),
        }
        let event = event(&refusal.message).allow_retry(refusal.allow_retry);
        return Refused::Failure(event, response);
    }
    tracing::debug!(status = status.as_u16(), "the request is refused");
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, MAX_BODY)
        .await
        .unwrap_or_default();
    if let Some(message) = json_message(&body) {
        let mut response = Response::from_parts(parts, Body::from(body));
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return Refused::Failure(event(&message), response);
    }
    let message = text_message(&parts.headers, &body)
        .or(status.canonical_reason())
        .unwrap_or(DEFAULT_MESSAGE);
    let mut response = message_response(status, message);
    let mut headers = parts.headers;
    for replaced in [
        CONTENT_TYPE,
        CONTENT_LENGTH,
        CONTENT_ENCODING,
        TRANSFER_ENCODING,
    ] {
        headers.remove(replaced);
    }
    response.headers_mut().extend(headers);
    Refused::Failure(event(message), response)
}

fn event(message: &str) -> ErrorEvent {
    ErrorEvent::new(ErrorCode::Custom).message(message)
}

/// The message of a body that already is what the client reads.
fn json_message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Failure {
        message: String,
    }
    let failure: Failure = serde_json::from_slice(body).ok()?;
    Some(failure.message)
}

/// The text of a plain body. A page of HTML is nothing to show.
fn text_message<'a>(headers: &HeaderMap, body: &'a [u8]) -> Option<&'a str> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let text = content_type.starts_with("text/plain");
    let text = text.then(|| std::str::from_utf8(body).ok())??.trim();
    (!text.is_empty()).then_some(text)
}

//! The adapter for axum 0.8: one route that speaks the protocol.
//!
//! ```no_run
//! # use chatkit::types::UserMessageItem;
//! # use chatkit::{ChatKitHandler, Turn, TurnError};
//! # struct Parrot;
//! # impl ChatKitHandler for Parrot {
//! #     type Context = User;
//! #     async fn respond(&self, _: &Turn<User>, _: Option<UserMessageItem>) -> Result<(), TurnError> { Ok(()) }
//! # }
//! use axum::http::{StatusCode, request::Parts};
//! use chatkit::{ChatKitServer, store::MemoryStore};
//!
//! struct User(String);
//!
//! async fn authenticate(parts: Parts) -> Result<User, (StatusCode, &'static str)> {
//!     let name = parts.headers.get("x-user").and_then(|name| name.to_str().ok());
//!     name.map(|name| User(name.to_owned())).ok_or((StatusCode::UNAUTHORIZED, "sign in first"))
//! }
//!
//! let server = ChatKitServer::new(Parrot, MemoryStore::new());
//! let app: axum::Router = axum::Router::new().merge(chatkit::axum::router(server, authenticate));
//! ```

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::StreamExt;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::server::error_frame;
use crate::server::{ChatKitHandler, ChatKitServer, ProcessResult};

const EVENT_STREAM: &str = "text/event-stream";

/// A router with the protocol's one route, `POST /chatkit`, and the default limits. See [`Adapter`] to change them.
///
/// `context` makes a request's context from its head; what it refuses with is the response.
pub fn router<H, F, Fut, R>(server: ChatKitServer<H>, context: F) -> Router
where
    H: ChatKitHandler,
    F: Fn(Parts) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<H::Context, R>> + Send,
    R: IntoResponse,
{
    Adapter::new(server).router(context)
}

/// Makes contexts with an extractor of axum, which then is the context itself.
///
/// The extractor gets no application state; take that from a layer's extension.
///
/// ```
/// # use chatkit::types::UserMessageItem;
/// # use chatkit::{ChatKitHandler, Turn, TurnError};
/// use axum::http::{StatusCode, request::Parts};
/// use axum::extract::FromRequestParts;
/// use chatkit::{ChatKitServer, store::MemoryStore};
///
/// struct User(String);
///
/// impl<S: Sync> FromRequestParts<S> for User {
///     type Rejection = StatusCode;
///
///     async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
///         let name = parts.headers.get("x-user").and_then(|name| name.to_str().ok());
///         name.map(|name| Self(name.to_owned())).ok_or(StatusCode::UNAUTHORIZED)
///     }
/// }
/// # struct Parrot;
/// # impl ChatKitHandler for Parrot {
/// #     type Context = User;
/// #     async fn respond(&self, _: &Turn<User>, _: Option<UserMessageItem>) -> Result<(), TurnError> { Ok(()) }
/// # }
///
/// let server = ChatKitServer::new(Parrot, MemoryStore::scoped(|user: &User| user.0.clone()));
/// let app = chatkit::axum::router(server, chatkit::axum::extractor::<User>);
/// # let _: axum::Router = app;
/// ```
pub async fn extractor<E: FromRequestParts<()>>(mut parts: Parts) -> Result<E, E::Rejection> {
    E::from_request_parts(&mut parts, &()).await
}

/// How the protocol is served over HTTP.
#[derive(Debug)]
pub struct Adapter<H: ChatKitHandler> {
    server: ChatKitServer<H>,
    path: String,
    body_limit: usize,
    keep_alive: Duration,
}

impl<H: ChatKitHandler> Adapter<H> {
    /// The adapter with its defaults: `/chatkit`, bodies of 2 MiB, a keep-alive comment every 15 seconds.
    pub fn new(server: ChatKitServer<H>) -> Self {
        Self {
            server,
            path: "/chatkit".to_owned(),
            body_limit: 2 * 1024 * 1024,
            keep_alive: Duration::from_secs(15),
        }
    }

    /// Sets the route.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets how many bytes a request may have. Dictation needs more than the default: audio comes as base64.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets after how much silence a comment is sent, which is how a client that vanished is noticed.
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.keep_alive = interval;
        self
    }

    /// The router. `context` makes a request's context from its head; what it refuses with is the response.
    pub fn router<F, Fut, R>(self, context: F) -> Router
    where
        F: Fn(Parts) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<H::Context, R>> + Send,
        R: IntoResponse,
    {
        let path = self.path.clone();
        let adapter = Arc::new(self);
        let handle = move |request: Request<Body>| {
            let (adapter, context) = (Arc::clone(&adapter), context.clone());
            async move { adapter.respond(request, context).await }
        };
        Router::new().route(&path, post(handle))
    }

    async fn respond<F, Fut, R>(&self, request: Request<Body>, context: F) -> Response
    where
        F: Fn(Parts) -> Fut,
        Fut: Future<Output = Result<H::Context, R>>,
        R: IntoResponse,
    {
        let (parts, body) = request.into_parts();
        let streams = wants_events(&parts.headers);
        let context = match context(parts).await {
            Ok(context) => context,
            Err(refusal) => return refusal.into_response(),
        };
        let Ok(body) = axum::body::to_bytes(body, self.body_limit).await else {
            let error = Error::new(ErrorKind::InvalidRequest, "the request is too large");
            return failure(&error, StatusCode::PAYLOAD_TOO_LARGE, streams);
        };
        match self.server.process(body, context).await {
            Ok(ProcessResult::Streaming(events)) => {
                let events = events
                    .into_event_stream(self.keep_alive)
                    .map(Ok::<_, Infallible>);
                event_stream(Body::from_stream(events))
            }
            Ok(ProcessResult::NonStreaming(json)) => (
                [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
                json,
            )
                .into_response(),
            Err(error) => failure(&error, status(error.kind()), streams),
        }
    }
}

/// The client asks for a stream by this header, before anything is known of the body.
fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains(EVENT_STREAM))
}

/// The client drops the user's message without a word when a streaming request fails with a status, and repeats the
/// request when the status is 5xx. So a failure is an `error` event where events were asked for.
fn failure(error: &Error, status: StatusCode, streams: bool) -> Response {
    if streams {
        return event_stream(Body::from(error_frame(error)));
    }
    #[derive(Serialize)]
    struct Failure<'a> {
        message: &'a str,
    }
    let body = serde_json::to_vec(&Failure {
        message: error.client_message(),
    })
    .unwrap_or_default();
    (
        status,
        [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
        body,
    )
        .into_response()
}

fn event_stream(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-transform"),
    );
    // Proxies that buffer would hold the deltas back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::NotSupported => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::InvalidState => StatusCode::CONFLICT,
        // Not a 5xx: the client would repeat the request up to five times, and a handler may have had effects.
        ErrorKind::Handler | ErrorKind::Cancelled => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Store | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

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
//! use axum::http::request::Parts;
//! use chatkit::axum::{Cors, Refusal};
//! use chatkit::{ChatKitServer, store::MemoryStore};
//!
//! struct User(String);
//!
//! async fn authenticate(parts: Parts) -> Result<User, Refusal> {
//!     let name = parts.headers.get("x-user").and_then(|name| name.to_str().ok());
//!     name.map(|name| User(name.to_owned())).ok_or_else(|| Refusal::unauthorized("Please sign in."))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let owner = |user: &User| user.0.clone();
//! let server = ChatKitServer::new(Parrot, MemoryStore::new().scoped(owner))
//!     .owner(owner)
//!     .max_runs_per_owner(3);
//! let app: axum::Router = axum::Router::new()
//!     .merge(chatkit::axum::router(server, authenticate))
//!     .layer(Cors::new(["https://app.example.com"]).into_layer()?);
//! # Ok(())
//! # }
//! ```
//!
//! Every response has an `x-request-id`, that of the request or a new one, and so has the [log](crate::telemetry).
//! [`RequestInfo`] has it for your code.
//!
//! # Requests a second
//!
//! That limit is a layer's matter. The client shows a short notice for the status 429:
//!
//! ```
//! use std::time::Duration;
//! use axum::BoxError;
//! use axum::error_handling::HandleErrorLayer;
//! use axum::http::StatusCode;
//! use tower::ServiceBuilder;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # // Stands for `chatkit::axum::router(server, authenticate)`.
//! # let chat: axum::Router = axum::Router::new().route("/chatkit", axum::routing::post(async || {}));
//! let at_most_50_a_second = ServiceBuilder::new()
//!     .layer(HandleErrorLayer::new(async |_: BoxError| StatusCode::TOO_MANY_REQUESTS))
//!     .buffer(1024)
//!     .load_shed()
//!     .rate_limit(50, Duration::from_secs(1));
//! let chat = chat.layer(at_most_50_a_second);
//! # let chat: axum::Router = chat.with_state(()); // as `axum::serve` does
//! # let mut refused = 0;
//! # for _ in 0..60 {
//! #     let request = axum::http::Request::post("/chatkit").body(axum::body::Body::empty()).unwrap();
//! #     let response = tower::ServiceExt::oneshot(chat.clone(), request).await.unwrap();
//! #     refused += usize::from(response.status() == StatusCode::TOO_MANY_REQUESTS);
//! # }
//! # assert_eq!(refused, 10);
//! # }
//! ```
//!
//! To count for each caller, take a layer that keys by address or token, such as `tower_governor`'s. Layers that limit time
//! or concurrency let go of a stream when its head is sent; [`ChatKitServer::max_runs`] and
//! [`max_runs_per_owner`](ChatKitServer::max_runs_per_owner) hold on to it.

mod cors;
pub(crate) mod refusal;
pub(crate) mod request;

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
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode};

pub use cors::{Cors, CorsError};
pub use refusal::Refusal;

use crate::error::{Error, ErrorKind};
use crate::server::event_frame;
use crate::server::{ChatKitHandler, ChatKitServer, ProcessResult, RequestInfo};
use refusal::{Refused, message_response};

const EVENT_STREAM: &str = "text/event-stream";

/// A router with the protocol's one route, `POST /chatkit`, and the default limits. See [`Adapter`] to change them.
///
/// `context` makes a request's context from its head, or refuses it with a [`Refusal`] or whatever else is a response.
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
/// let server = ChatKitServer::new(Parrot, MemoryStore::new().scoped(|user: &User| user.0.clone()));
/// let app = chatkit::axum::router(server, chatkit::axum::extractor::<User>);
/// # let _: axum::Router = app;
/// ```
pub async fn extractor<E: FromRequestParts<()>>(mut parts: Parts) -> Result<E, E::Rejection> {
    E::from_request_parts(&mut parts, &()).await
}

/// How a streaming request fails over HTTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failures {
    /// As status 200 and a stream with an `error` event, which the client shows.
    #[default]
    Events,
    /// As a status with a JSON body, for callers that are not ChatKit.js, and for metrics that count statuses. What fails
    /// after the request was stored is in the stream all the same.
    ///
    /// What ChatKit.js makes of a status: 400, 401 and 404 let the user's message vanish without a word, 429 shows a short
    /// notice, 5xx lets it post the request again up to five times.
    Statuses,
}

/// How the protocol is served over HTTP.
#[derive(Debug)]
pub struct Adapter<H: ChatKitHandler> {
    server: ChatKitServer<H>,
    path: String,
    body_limit: usize,
    keep_alive: Duration,
    failures: Failures,
}

impl<H: ChatKitHandler> Adapter<H> {
    /// The adapter with its defaults: `/chatkit`, bodies of 2 MiB, a keep-alive comment every 15 seconds.
    pub fn new(server: ChatKitServer<H>) -> Self {
        Self {
            server,
            path: "/chatkit".to_owned(),
            body_limit: 2 * 1024 * 1024,
            keep_alive: Duration::from_secs(15),
            failures: Failures::default(),
        }
    }

    /// Sets the route. A path without a leading slash gets one; what axum cannot route otherwise panics in
    /// [`router`](Self::router), as in axum.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        if !self.path.starts_with('/') {
            self.path.insert(0, '/');
        }
        self
    }

    /// Sets how many bytes a request may have. Dictation needs more than the default: audio comes as base64.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets after how much silence a comment is sent, which is how a client that vanished is noticed. Zero and
    /// [`Duration::MAX`] are never.
    #[must_use]
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.keep_alive = interval;
        self
    }

    /// Sets how a streaming request fails.
    #[must_use]
    pub fn failures(mut self, failures: Failures) -> Self {
        self.failures = failures;
        self
    }

    /// The router. `context` makes a request's context from its head, or refuses it with a [`Refusal`] or whatever else is
    /// a response. A response that is a failure reaches the client in the form it shows: its `message`, where it is JSON
    /// with one, else its plain text, else the name of its status. A panic in `context` is a failure like any other.
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
        let info = request::from_headers(&parts.headers);
        let streams = self.failures == Failures::Events && wants_events(&parts.headers);
        let answer = self.answer(parts, body, info.clone(), streams, context);
        let panicked = || {
            tracing::error!("the function that makes contexts panicked");
            let error = Error::new(ErrorKind::Internal, "a panic");
            failure(&error, StatusCode::INTERNAL_SERVER_ERROR, streams)
        };
        request::traced(&info, answer, panicked).await
    }

    async fn answer<F, Fut, R>(
        &self,
        mut parts: Parts,
        body: Body,
        info: RequestInfo,
        streams: bool,
        context: F,
    ) -> Response
    where
        F: Fn(Parts) -> Fut,
        Fut: Future<Output = Result<H::Context, R>>,
        R: IntoResponse,
    {
        parts.extensions.insert(info.clone());
        let context = context(parts).await;
        let context = match context.map_err(IntoResponse::into_response) {
            Ok(context) => context,
            Err(refusal) => {
                return match refusal::read(refusal).await {
                    Refused::Failure(event, _) if streams => {
                        event_stream(Body::from(event_frame(event)))
                    }
                    Refused::Failure(_, response) | Refused::Response(response) => response,
                };
            }
        };
        let Ok(body) = axum::body::to_bytes(body, self.body_limit).await else {
            let error = Error::new(ErrorKind::InvalidRequest, "the request is too large");
            return failure(&error, StatusCode::PAYLOAD_TOO_LARGE, streams);
        };
        match self.server.process_with(body, info, context).await {
            Ok(ProcessResult::Streaming(mut events)) => {
                if self.failures == Failures::Statuses
                    && let Err(error) = events.begun().await
                {
                    return failure(&error, status(error.kind()), false);
                }
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
            // The client posts the request again by itself, and another instance may answer.
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                let mut response = failure(&error, StatusCode::SERVICE_UNAVAILABLE, false);
                let headers = response.headers_mut();
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
                response
            }
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
        return event_stream(Body::from(event_frame(error.to_event())));
    }
    message_response(status, error.client_message())
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
        ErrorKind::Locked => StatusCode::LOCKED,
        ErrorKind::LimitExceeded => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        // Not a 5xx: the client would repeat the request up to five times, and a handler may have had effects.
        ErrorKind::Handler | ErrorKind::Cancelled => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Store | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

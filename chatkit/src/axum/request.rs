//! What the head of a request says, in the library's own terms.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use axum::extract::FromRequestParts;
use axum::response::Response;
use futures::FutureExt;
use http::header::ACCEPT_LANGUAGE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use tracing::Instrument;

use crate::server::RequestInfo;

/// The client's header with one id for each time that a page shows the chat.
pub(super) const FRAME_HEADER: &str = "chatkit-frame-instance-id";

/// The header of a request's id, in requests and responses.
pub(super) const REQUEST_ID_HEADER: &str = "x-request-id";

impl RequestInfo {
    /// What the head of a request says. In a context function this has the same id as the log.
    pub fn from_parts(parts: &Parts) -> Self {
        match parts.extensions.get::<Self>() {
            Some(info) => info.clone(),
            None => from_headers(&parts.headers),
        }
    }
}

/// An extractor, for context functions and for routes of your own.
impl<S: Sync> FromRequestParts<S> for RequestInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::from_parts(parts))
    }
}

/// A request that has no id of its own gets one.
pub(crate) fn from_headers(headers: &HeaderMap) -> RequestInfo {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let mut info =
        RequestInfo::new().with_request_id(header(REQUEST_ID_HEADER).unwrap_or_default());
    if info.request_id().is_none() {
        info = info.with_request_id(uuid::Uuid::new_v4().simple().to_string());
    }
    if let Some(frame) = header(FRAME_HEADER) {
        info = info.with_frame_id(frame);
    }
    match header(ACCEPT_LANGUAGE.as_str()) {
        Some(languages) => info.accept_language(languages),
        None => info,
    }
}

/// Answers a request in a span with its id, which the response gets too. A panic is answered with `panicked`.
pub(crate) async fn traced(
    info: &RequestInfo,
    answer: impl Future<Output = Response>,
    panicked: impl FnOnce() -> Response,
) -> Response {
    let request_id = info.request_id().unwrap_or_default();
    let span = tracing::info_span!("chatkit.request", request_id);
    let answer = AssertUnwindSafe(answer).catch_unwind();
    let mut response = answer
        .instrument(span.clone())
        .await
        .unwrap_or_else(|_| span.in_scope(panicked));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID_HEADER, id);
    }
    response
}

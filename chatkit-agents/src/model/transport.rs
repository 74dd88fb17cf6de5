//! One call over HTTP: attempts, the answer's head, and its stream of events or its JSON.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_stream::try_stream;
use bytes::Bytes;
use chrono::Utc;
use futures::{Stream, StreamExt, TryStreamExt};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::time::{Instant, Sleep, timeout};

use super::error::{ModelError, ModelErrorKind};
use super::event::{ErrorBody, ResponseStreamEvent};
use super::responses::Config;
use super::retry;
use super::sse::{SseDecoder, SseEvent};

/// The most of an error answer that is read. Error bodies are short; a proxy's error page may not
/// be.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// How long the end of an answer may take after its last event.
const LONGEST_FAREWELL: Duration = Duration::from_millis(250);

/// The header that is the same in all attempts of a call, and in no other call.
pub(super) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// One call, ready to be sent.
pub(super) struct Call {
    pub(super) config: Arc<Config>,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether it may be sent again although it may have had its effect: one that writes what everyone would see twice
    /// may not.
    pub(super) repeatable: bool,
    pub(super) max_retries: u32,
    pub(super) timeout: Option<Duration>,
}

/// The answer a call needs.
#[derive(Clone, Copy)]
enum Wanted {
    Events,
    Json,
}

impl Wanted {
    fn content_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Json => "application/json",
        }
    }

    fn missing(self) -> &'static str {
        match self {
            Self::Events => "the model endpoint did not answer with an event stream",
            Self::Json => "the model endpoint did not answer with JSON",
        }
    }
}

/// A failed attempt: whether another may follow, and when.
struct Failure {
    error: ModelError,
    retry: bool,
}

impl Failure {
    fn last(error: ModelError) -> Self {
        Self {
            error,
            retry: false,
        }
    }
}

/// When a call has taken too long.
#[derive(Clone, Copy)]
struct Limits {
    idle: Duration,
    deadline: Option<Instant>,
}

impl Limits {
    /// Until when the endpoint has to do something, and what to say if it does not. A duration too long for the clock is
    /// no limit.
    fn due(self) -> Option<(Instant, &'static str)> {
        let idle = Instant::now().checked_add(self.idle);
        match (self.deadline, idle) {
            (Some(deadline), idle) if idle.is_none_or(|idle| deadline < idle) => {
                Some((deadline, "the model call took longer than its timeout"))
            }
            (_, idle) => idle.map(|idle| {
                let what = "the model endpoint was silent for longer than the idle timeout";
                (idle, what)
            }),
        }
    }

    /// Waits for one thing the endpoint has to do.
    async fn wait<F: Future>(self, future: F) -> Result<F::Output, ModelError> {
        let mut timer = pin!(tokio::time::sleep(Duration::ZERO));
        self.wait_with(timer.as_mut(), future).await
    }

    /// The same, with a timer for many waits: it is moved only when it fires, because to set one for each of a model's
    /// deltas costs as much as the delta.
    async fn wait_with<F: Future>(
        self,
        mut timer: Pin<&mut Sleep>,
        future: F,
    ) -> Result<F::Output, ModelError> {
        let due = self.due();
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            let Some((until, what)) = due else {
                return Poll::Pending;
            };
            while timer.as_mut().poll(cx).is_ready() {
                if until <= Instant::now() {
                    return Poll::Ready(Err(ModelError::new(ModelErrorKind::Timeout, what)));
                }
                timer.as_mut().reset(until);
            }
            Poll::Pending
        })
        .await
    }
}

impl Call {
    /// The events. Nothing happens before the first poll; all that happens is part of the stream,
    /// so dropping it ends it and closes the connection.
    pub(super) fn stream(self) -> impl Stream<Item = Result<ResponseStreamEvent, ModelError>> {
        try_stream! {
            let limits = self.limits();
            // Boxed: it would take room for as long as the events come.
            let answer = Box::pin(self.open(Wanted::Events, limits)).await?;
            let request_id = request_id(answer.headers()).map(str::to_owned);
            let request_id = request_id.as_deref();
            // The headers are parts of the buffer that they were read into, and would keep it.
            let mut chunks = pin!(answer.bytes_stream());
            let mut decoder = SseDecoder::new(self.config.max_event_bytes);
            // The request is not needed any more: its body is the whole conversation.
            drop(self);
            let mut timer = pin!(tokio::time::sleep(Duration::ZERO));
            loop {
                while let Some(event) = decoder
                    .next_event()
                    .map_err(|error| error.with_request_id(request_id))?
                {
                    let Some(event) = decode(&event, request_id)? else {
                        continue;
                    };
                    if event.is_terminal() {
                        yield event;
                        // What follows is at most `[DONE]`. Read to its end, the connection can
                        // serve the next call without another handshake.
                        let rest = async { while let Some(Ok(_)) = chunks.next().await {} };
                        let _ = timeout(LONGEST_FAREWELL, rest).await;
                        return;
                    }
                    yield event;
                }
                let chunk = limits
                    .wait_with(timer.as_mut(), chunks.try_next())
                    .await
                    .map_err(|error| error.with_request_id(request_id))?
                    .map_err(|error| {
                        truncated("the connection to the model endpoint broke", request_id)
                            .caused_by(error.without_url())
                    })?;
                match chunk {
                    Some(chunk) => decoder.push(&chunk),
                    None => break,
                }
            }
            // The last event may lack its blank line; one that is cut is not JSON.
            let last = decoder
                .finish()
                .and_then(|event| decode(&event, request_id).ok().flatten())
                .filter(ResponseStreamEvent::is_terminal);
            match last {
                Some(event) => yield event,
                None => Err(truncated(
                    "the model endpoint ended its answer early",
                    request_id,
                ))?,
            }
        }
    }

    /// The whole answer, decoded. Nothing happens before the first poll; dropping the future closes the connection.
    pub(super) async fn json<T: DeserializeOwned>(self) -> Result<T, ModelError> {
        let limits = self.limits();
        let mut answer = self.open(Wanted::Json, limits).await?;
        let request_id = request_id(answer.headers()).map(str::to_owned);
        let request_id = request_id.as_deref();
        let mut body = Vec::new();
        loop {
            let chunk = limits.wait(answer.chunk()).await;
            let chunk = chunk
                .map_err(|error| error.with_request_id(request_id))?
                .map_err(|error| {
                    truncated("the connection to the model endpoint broke", request_id)
                        .caused_by(error.without_url())
                })?;
            let Some(chunk) = chunk else { break };
            if body.len() + chunk.len() > self.config.max_event_bytes {
                let what = "the model endpoint's answer is larger than the limit";
                return Err(
                    ModelError::new(ModelErrorKind::TooLarge, what).with_request_id(request_id)
                );
            }
            body.extend_from_slice(&chunk);
        }
        // The cause is left out: it could quote the answer.
        serde_json::from_slice(&body).map_err(|_| {
            let what = "the model endpoint's answer does not have the expected form";
            ModelError::new(ModelErrorKind::Decode, what).with_request_id(request_id)
        })
    }

    fn limits(&self) -> Limits {
        let deadline = |timeout| Instant::now().checked_add(timeout);
        Limits {
            idle: self.config.idle_timeout,
            deadline: self.timeout.and_then(deadline),
        }
    }

    /// Sends the request until the wanted answer begins: never after a success, because that is a paid generation.
    ///
    /// An endpoint that failed, or whose connection broke, may have been at work all the same. The
    /// [`IDEMPOTENCY_KEY`] tells it that an attempt is not another call, and what is not
    /// [`repeatable`](Self::repeatable) is sent again only when it was not accepted.
    async fn open(&self, wanted: Wanted, limits: Limits) -> Result<reqwest::Response, ModelError> {
        let mut retries = 0;
        loop {
            let Failure { error, retry } = match self.attempt(wanted, limits).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if !retry || retries >= self.max_retries {
                return Err(error);
            }
            let delay = retry::delay(retries, error.retry_after());
            // At most two minutes, see `retry`.
            let wakes = Instant::now() + delay;
            if limits.deadline.is_some_and(|deadline| deadline < wakes) {
                return Err(error);
            }
            retries += 1;
            tracing::debug!(%error, retries, ?delay, "model call failed before its answer; trying again");
            tokio::time::sleep_until(wakes).await;
        }
    }

    async fn attempt(&self, wanted: Wanted, limits: Limits) -> Result<reqwest::Response, Failure> {
        let request = self
            .config
            .http
            .request(self.method.clone(), self.url.clone())
            .headers(self.headers.clone())
            .body(self.body.clone())
            .send();
        // A silent endpoint may be at work on this request, so a timeout is not retried.
        let sent = limits.wait(request).await.map_err(Failure::last)?;
        let answer = sent.map_err(|error| Failure {
            retry: self.repeatable || error.is_connect(),
            error: ModelError::new(
                if error.is_timeout() && !error.is_connect() {
                    ModelErrorKind::Timeout
                } else {
                    ModelErrorKind::Connect
                },
                "the model endpoint cannot be reached",
            )
            .caused_by(error.without_url()),
        })?;

        let status = answer.status();
        let id = request_id(answer.headers());
        tracing::debug!(
            status = status.as_u16(),
            request_id = id,
            "model endpoint answered"
        );
        if !status.is_success() {
            return Err(refused(answer, limits, self.repeatable).await);
        }
        if !has_type(answer.headers(), wanted.content_type()) {
            return Err(Failure::last(
                ModelError::new(ModelErrorKind::ContentType, wanted.missing())
                    .with_status(status.as_u16())
                    .with_request_id(id),
            ));
        }
        Ok(answer)
    }
}

/// Reads why the endpoint refused a request.
async fn refused(mut answer: reqwest::Response, limits: Limits, repeatable: bool) -> Failure {
    let status = answer.status();
    let headers = answer.headers().clone();
    let mut body = Vec::new();
    while body.len() < MAX_ERROR_BODY {
        match limits.wait(answer.chunk()).await {
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
            // What there is of the body has to do; the status matters more.
            _ => break,
        }
    }

    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        error: &'a RawValue,
    }
    let error = match serde_json::from_slice::<Envelope<'_>>(&body) {
        Ok(envelope) => ErrorBody::read(envelope.error),
        Err(_) => serde_json::from_slice::<&RawValue>(&body)
            .map(ErrorBody::read)
            .unwrap_or_default(),
    };
    let (kind, what) = match status.as_u16() {
        401 | 403 => (
            ModelErrorKind::Authentication,
            "the model endpoint refused the API key",
        ),
        429 => (
            ModelErrorKind::RateLimited,
            "the model endpoint's rate limit or quota is used up",
        ),
        _ => (
            ModelErrorKind::Status,
            "the model endpoint refused the request",
        ),
    };
    // Another call is adding to the conversation; this one has had no effect.
    let locked = error.code.as_deref() == Some("conversation_locked");
    let may_pass = retry::is_retryable(status, &headers);
    Failure {
        retry: locked || may_pass && (repeatable || status == StatusCode::TOO_MANY_REQUESTS),
        error: ModelError::new(kind, what)
            .with_status(status.as_u16())
            .with_code(error.code.as_deref())
            .with_request_id(request_id(&headers))
            .with_retry_after(retry::retry_after(&headers, Utc::now()))
            .with_api_message(error.message),
    }
}

fn decode(
    event: &SseEvent<'_>,
    request_id: Option<&str>,
) -> Result<Option<ResponseStreamEvent>, ModelError> {
    // OpenAI's other streams end with `[DONE]`, and so do some endpoints here; empty data is a
    // keep-alive.
    if event.data.is_empty() || event.data.starts_with("[DONE]") {
        return Ok(None);
    }
    ResponseStreamEvent::from_json(&event.data)
        .map(Some)
        .map_err(|error| {
            ModelError::new(
                ModelErrorKind::Decode,
                "the model endpoint sent an event that is not JSON",
            )
            .caused_by(error)
            .with_request_id(request_id)
        })
}

fn truncated(what: &'static str, request_id: Option<&str>) -> ModelError {
    ModelError::new(ModelErrorKind::Truncated, what).with_request_id(request_id)
}

fn has_type(headers: &HeaderMap, wanted: &str) -> bool {
    let wanted = wanted.as_bytes();
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        let value = value.as_bytes();
        let (essence, rest) = value.split_at(wanted.len().min(value.len()));
        essence.eq_ignore_ascii_case(wanted)
            && matches!(rest.trim_ascii_start().first(), None | Some(b';'))
    })
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-request-id")?.to_str().ok()
}

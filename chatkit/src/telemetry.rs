//! What the library tells [`tracing`]: the names of its spans and of its counters.
//!
//! No span and no event holds what a user wrote, what a model answered, a title, a file's name, a widget, an argument of a
//! tool, a header, or a key. Ids of threads and requests are in them. Errors of your handler and of your store are logged
//! with their causes as they are, at `ERROR`: what they say is up to you.
//!
//! # Spans
//!
//! | span | level | fields |
//! |---|---|---|
//! | `chatkit.request` | info | `request_id`; around everything that the adapter for axum does about a request |
//! | `chatkit.turn` | info | `request` (its type), `request_id`, `thread_id` (once it is known); the handler and all it does |
//! | `chatkit.store` | debug | `call` (the method of [`Store`](crate::store::Store)); one for each call of the server or a turn |
//!
//! # Counters
//!
//! Events of the target [`METRICS`], at `DEBUG`. Each has one field whose name says what to do with its value, in the
//! convention of the `MetricsLayer` of `tracing-opentelemetry`: `monotonic_counter.*` is added up, `counter.*` goes up and
//! down, `histogram.*` is a measurement. The other fields are its attributes.
//!
//! | field | attributes | counts |
//! |---|---|---|
//! | `monotonic_counter.chatkit.requests` | `request` | requests that parse |
//! | `monotonic_counter.chatkit.refusals` | `status` | requests without a context |
//! | `monotonic_counter.chatkit.limits` | `scope`: `server`, `owner` | turns that a limit refused |
//! | `monotonic_counter.chatkit.repeats` | | requests that came again |
//! | `monotonic_counter.chatkit.disconnects` | `policy`: `cancel`, `continue` | clients that left in mid-turn |
//! | `counter.chatkit.turns.active` | | turns that run |
//! | `histogram.chatkit.turns.seconds` | `request`, `outcome` | how long turns took |
//! | `monotonic_counter.chatkit.store.errors` | `call` | store calls that failed, but for what is not found |
//!
//! The `outcome` of a turn is `done`, `failed`, `panicked`, `cancelled`, `rejected` when it never came to the handler, or
//! `aborted` when a shutdown did not wait for it any longer.

use std::time::Instant;

/// The target of the events that count.
pub const METRICS: &str = "chatkit::metrics";

pub(crate) fn request(request: &'static str) {
    tracing::debug!(target: METRICS, { monotonic_counter.chatkit.requests = 1_u64, request }, "counted");
}

#[cfg(feature = "axum")]
pub(crate) fn refused(status: u16) {
    tracing::debug!(target: METRICS, { monotonic_counter.chatkit.refusals = 1_u64, status }, "counted");
}

pub(crate) fn limit_reached(scope: &'static str) {
    tracing::debug!(target: METRICS, { monotonic_counter.chatkit.limits = 1_u64, scope }, "counted");
}

pub(crate) fn repeated() {
    tracing::debug!(target: METRICS, { monotonic_counter.chatkit.repeats = 1_u64 }, "counted");
}

pub(crate) fn client_left(policy: &'static str) {
    tracing::debug!(target: METRICS, { monotonic_counter.chatkit.disconnects = 1_u64, policy }, "counted");
}

/// A turn that runs; it is counted until this is dropped.
pub(crate) struct RunningTurn {
    request: &'static str,
    began: Instant,
    outcome: &'static str,
}

impl RunningTurn {
    pub(crate) fn begin(request: &'static str) -> Self {
        tracing::debug!(target: METRICS, { counter.chatkit.turns.active = 1_i64 }, "counted");
        Self {
            request,
            began: Instant::now(),
            outcome: "aborted",
        }
    }

    pub(crate) fn end(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for RunningTurn {
    fn drop(&mut self) {
        let Self {
            request, outcome, ..
        } = *self;
        tracing::debug!(target: METRICS, { counter.chatkit.turns.active = -1_i64 }, "counted");
        let took = self.began.elapsed().as_secs_f64();
        tracing::debug!(target: METRICS, { histogram.chatkit.turns.seconds = took, request, outcome }, "measured");
    }
}

pub(crate) fn store_failed(call: &'static str) {
    tracing::debug!(target: METRICS, { monotonic_counter.chatkit.store.errors = 1_u64, call }, "counted");
}

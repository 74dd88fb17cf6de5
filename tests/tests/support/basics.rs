//! What these tests and those of the examples have in common, beside the client.

use std::future::Future;
use std::time::Duration;

use serde_json::{Value, json};

/// How long anything may take before a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something that has to happen.
#[track_caller]
pub(crate) fn within<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        tokio::time::timeout(PATIENCE, future)
            .await
            .unwrap_or_else(|_| panic!("nothing happened, awaited at {caller}"))
    }
}

/// What a user writes, as the client sends it.
pub(crate) fn input(text: &str) -> Value {
    json!({
        "content": [{"type": "input_text", "text": text}],
        "quoted_text": "",
        "attachments": [],
        "inference_options": {},
    })
}

//! A whole response, as the events that frame a stream carry it.

use std::ops::AddAssign;

use serde::{Deserialize, Deserializer, Serialize};

use super::lenient;
use crate::items::OutputItem;

/// A response object. Only what a runtime needs; endpoints echo far more.
///
/// Every field may be missing: endpoints other than OpenAI's leave out what they do not know.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
#[doc(alias = "ModelResponse")]
pub struct Response {
    /// The response's id, for `previous_response_id`.
    #[serde(default, deserialize_with = "lenient::string")]
    pub id: Option<String>,
    /// `in_progress`, `completed`, `incomplete`, `failed`, `queued`, `cancelled`.
    #[serde(default, deserialize_with = "lenient::string")]
    pub status: Option<String>,
    /// The model that answered; often more exact than the one asked for.
    #[serde(default, deserialize_with = "lenient::string")]
    pub model: Option<String>,
    /// When the response was created, in seconds since 1970. Some endpoints send fractions.
    #[serde(default, deserialize_with = "lenient::float")]
    pub created_at: Option<f64>,
    /// What the model produced; complete only in `response.completed` and `response.incomplete`.
    #[serde(default, deserialize_with = "null_default")]
    pub output: Vec<OutputItem>,
    /// The tokens used; only at the end.
    #[serde(default, deserialize_with = "usage")]
    pub usage: Option<Usage>,
    /// Why the response failed.
    #[serde(default)]
    pub error: Option<ResponseError>,
    /// Why the response is incomplete.
    #[serde(default)]
    pub incomplete_details: Option<IncompleteDetails>,
}

/// Why a response failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ResponseError {
    /// A short code, e.g. `server_error`.
    #[serde(default, deserialize_with = "lenient::string")]
    pub code: Option<String>,
    /// The endpoint's sentence. It may quote the user.
    #[serde(default, deserialize_with = "lenient::string")]
    pub message: Option<String>,
}

/// Why a response is incomplete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct IncompleteDetails {
    /// E.g. `max_output_tokens` or `content_filter`.
    #[serde(default, deserialize_with = "lenient::string")]
    pub reason: Option<String>,
}

/// Tokens used by one or more model calls. Counts an endpoint does not report are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// Model calls counted here.
    pub requests: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens read from the prompt cache; part of `input_tokens`.
    pub cached_tokens: u64,
    /// Tokens written to the prompt cache; part of `input_tokens`.
    pub cache_write_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens spent on reasoning; part of `output_tokens`.
    pub reasoning_tokens: u64,
    /// All tokens; the sum if the endpoint does not report it.
    pub total_tokens: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        let add = |count: &mut u64, more| *count = count.saturating_add(more);
        add(&mut self.requests, other.requests);
        add(&mut self.input_tokens, other.input_tokens);
        add(&mut self.cached_tokens, other.cached_tokens);
        add(&mut self.cache_write_tokens, other.cache_write_tokens);
        add(&mut self.output_tokens, other.output_tokens);
        add(&mut self.reasoning_tokens, other.reasoning_tokens);
        add(&mut self.total_tokens, other.total_tokens);
    }
}

/// Reads the wire's `usage` object, which is one call's.
fn usage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Usage>, D::Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Details {
        #[serde(deserialize_with = "lenient::count")]
        cached_tokens: Option<u64>,
        #[serde(deserialize_with = "lenient::count")]
        cache_write_tokens: Option<u64>,
        #[serde(deserialize_with = "lenient::count")]
        reasoning_tokens: Option<u64>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Wire {
        #[serde(deserialize_with = "lenient::count")]
        input_tokens: Option<u64>,
        input_tokens_details: Option<Details>,
        #[serde(deserialize_with = "lenient::count")]
        output_tokens: Option<u64>,
        output_tokens_details: Option<Details>,
        #[serde(deserialize_with = "lenient::count")]
        total_tokens: Option<u64>,
    }
    let Some(wire) = Option::<Wire>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let input = wire.input_tokens_details.unwrap_or_default();
    let output = wire.output_tokens_details.unwrap_or_default();
    let input_tokens = wire.input_tokens.unwrap_or_default();
    let output_tokens = wire.output_tokens.unwrap_or_default();
    Ok(Some(Usage {
        requests: 1,
        input_tokens,
        cached_tokens: input.cached_tokens.unwrap_or_default(),
        cache_write_tokens: input.cache_write_tokens.unwrap_or_default(),
        output_tokens,
        reasoning_tokens: output.reasoning_tokens.unwrap_or_default(),
        total_tokens: wire
            .total_tokens
            .unwrap_or_else(|| input_tokens.saturating_add(output_tokens)),
    }))
}

fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

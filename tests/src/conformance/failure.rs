//! What keeps a case from having a result, and how the errors that belong to a result are named.

use std::error::Error as StdError;
use std::fmt;

use base64::DecodeError;
use chatkit::store::StoreError;
use chatkit::types::ErrorCode;
use chatkit::{CustomStreamError, Error, ErrorKind, StreamError, TurnError};
use chatkit_agents::{ConvertError, RunError, RunErrorKind, WorkflowError};
use serde::Deserialize;
use serde_json::{Value, json};

/// Why a case has no result.
#[derive(Debug)]
pub enum Failure {
    /// The case needs something that is not there.
    Unsupported(String),
    /// The crates do not take an input that the case takes for granted.
    Rejected(String),
}

impl Failure {
    pub(super) fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }

    pub(super) fn rejected(reason: impl fmt::Display) -> Self {
        Self::Rejected(reason.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::rejected(error)
    }
}

/// The error of a script: any error that is none of the library's.
#[derive(Debug, Clone)]
pub(super) struct Scripted(pub(super) String);

impl fmt::Display for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Scripted {}

/// An error that a script asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum ErrorSpec {
    StreamError {
        #[serde(default = "stream_error_code")]
        code: ErrorCode,
        allow_retry: Option<bool>,
    },
    CustomStreamError {
        message: String,
        allow_retry: Option<bool>,
    },
    NotFound {},
    Generic {
        #[serde(default)]
        message: String,
    },
}

fn stream_error_code() -> ErrorCode {
    ErrorCode::StreamError
}

impl ErrorSpec {
    pub(super) fn to_error(&self) -> TurnError {
        match self {
            Self::StreamError { code, allow_retry } => {
                let error = StreamError::new(*code);
                match allow_retry {
                    Some(allow) => error.allow_retry(*allow).into(),
                    None => error.into(),
                }
            }
            Self::CustomStreamError {
                message,
                allow_retry,
            } => CustomStreamError::new(message)
                .allow_retry(allow_retry.unwrap_or_default())
                .into(),
            Self::NotFound {} => StoreError::not_found("item", "scripted").into(),
            Self::Generic { message } => Scripted(message.clone()).into(),
        }
    }
}

/// A value that a case counts as invalid.
#[derive(Debug)]
pub(super) struct Invalid(pub(super) String);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Invalid {}

/// An error of a handler or a run as a result has it: the kind of the first error in its chain that has one.
pub(super) fn turn_error(error: &TurnError) -> Value {
    let first: &(dyn StdError + 'static) = error.as_error();
    let kind = std::iter::successors(Some(first), |error: &&(dyn StdError + 'static)| {
        (*error).source()
    })
    .find_map(chain_kind);
    json!({ "kind": kind.unwrap_or("internal"), "message": format!("{error:#}") })
}

fn chain_kind(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<Error>() {
        return Some(kind(error));
    }
    if let Some(error) = error.downcast_ref::<RunError>() {
        return match error.kind() {
            RunErrorKind::InputGuardrailTripwireTriggered => Some("input_guardrail"),
            RunErrorKind::OutputGuardrailTripwireTriggered => Some("output_guardrail"),
            _ => None,
        };
    }
    if let Some(error) = error.downcast_ref::<ConvertError>() {
        return error.is_not_implemented().then_some("not_implemented");
    }
    if let Some(StoreError::NotFound { .. }) = error.downcast_ref() {
        return Some("not_found");
    }
    if let Some(StoreError::Conflict(_)) = error.downcast_ref() {
        return Some("store_conflict");
    }
    if let Some(error) = error.downcast_ref::<WorkflowError>() {
        return Some(match error {
            WorkflowError::NoSuchTask => "index_error",
            _ => "value_error",
        });
    }
    let named = [
        (error.is::<Scripted>(), "scripted"),
        (error.is::<CustomStreamError>(), "custom_stream_error"),
        (error.is::<StreamError>(), "stream_error"),
        (error.is::<Invalid>(), "validation"),
    ];
    named.into_iter().find_map(|(is, kind)| is.then_some(kind))
}

/// An error of the library as a result has it: the name of its kind, and its text.
pub(super) fn error(error: &Error) -> Value {
    json!({ "kind": kind(error), "message": format!("{error:#}") })
}

fn kind(error: &Error) -> &'static str {
    if error.find_source::<Scripted>().is_some() {
        return "scripted";
    }
    if error.find_source::<CustomStreamError>().is_some() {
        return "custom_stream_error";
    }
    if error.find_source::<StreamError>().is_some() {
        return "stream_error";
    }
    match error.find_source::<StoreError>() {
        Some(StoreError::NotFound { .. }) => return "not_found",
        Some(StoreError::Conflict(_)) => return "store_conflict",
        // The handler or the store says itself that it does not offer what was asked.
        Some(StoreError::NotSupported(_)) => return "not_implemented",
        _ => {}
    }
    match error.find_source::<DecodeError>() {
        // Text that is not even ASCII is told apart from bad base64.
        Some(DecodeError::InvalidByte(_, byte)) if !byte.is_ascii() => return "value_error",
        Some(_) => return "invalid_base64",
        None => {}
    }
    match error.kind() {
        ErrorKind::InvalidRequest => "validation",
        ErrorKind::NotFound => "not_found",
        ErrorKind::InvalidState => "value_error",
        // The server was built without the part that was asked for.
        ErrorKind::NotSupported => "runtime_error",
        ErrorKind::Cancelled => "cancelled",
        _ => "internal",
    }
}

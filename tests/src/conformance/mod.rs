//! Runs recorded cases against the public API of the crates.
//!
//! A case describes inputs in JSON: a value to parse, or requests with a script for the handler. Its result says what came
//! out, in a form that does not depend on the language of the implementation. The results that other implementations gave
//! for the same cases are compared elsewhere; nothing here knows them.
//!
//! | kind | module |
//! |---|---|
//! | `parse`, `serialize` | `values` |
//! | `server` | `server`, with the handler in `script` and the store in `store` |

mod failure;
mod normalise;
mod script;
mod server;
mod store;
mod values;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub use failure::Failure;

/// Runs one case, a JSON object with its `kind` and inputs, and gives its result.
///
/// A case that cannot be run is `{"unsupported": reason}`. One whose inputs the crates do not take is
/// `{"rejected_case": reason}`.
pub fn run(case: &str) -> Value {
    #[derive(Deserialize)]
    struct Kind {
        kind: String,
    }
    let result = read::<Kind>(case).and_then(|Kind { kind }| match kind.as_str() {
        "parse" => values::parse(&read(case)?),
        "serialize" => values::serialize(&read(case)?),
        "server" => server::run(read(case)?),
        other => Err(Failure::unsupported(format!("kind {other}"))),
    });
    match result {
        Ok(result) => normalise::normalise(result),
        Err(Failure::Unsupported(reason)) => json!({ "unsupported": reason }),
        Err(Failure::Rejected(reason)) => json!({ "rejected_case": reason }),
    }
}

fn read<T: DeserializeOwned>(case: &str) -> Result<T, Failure> {
    serde_json::from_str(case).map_err(Failure::rejected)
}

/// The bytes of an input that a case gives as a JSON value, as text or as base64.
///
/// A value is written compactly. One that this program cannot hold (a number out of range, too deep a nesting) stays as it
/// is written in the case.
fn raw_input(
    value: Option<&RawValue>,
    text: Option<&str>,
    base64: Option<&str>,
) -> Result<Vec<u8>, Failure> {
    if let Some(text) = text {
        return Ok(text.into());
    }
    if let Some(base64) = base64 {
        return STANDARD.decode(base64).map_err(Failure::rejected);
    }
    // A null is read as no value.
    let json = value.map_or("null", RawValue::get);
    Ok(match serde_json::from_str::<Value>(json) {
        Ok(value) => value.to_string().into_bytes(),
        Err(_) => json.into(),
    })
}

//! Sessions: what every one of them does, and what each does alone. Those of an endpoint are tested over real
//! connections.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

mod compaction;
mod contract;
mod conversations;
mod endpoint;
#[cfg(feature = "sqlite")]
mod sqlite;

use chatkit_agents::items::{InputItem, RawItem};
use serde_json::{Value, json};

fn item(json: &Value) -> InputItem {
    InputItem::Raw(RawItem::from_value(json).unwrap())
}

fn call(number: usize) -> InputItem {
    InputItem::function_call(format!("call_{number}"), "lookup", "{}")
}

fn output(number: usize) -> InputItem {
    InputItem::function_call_output(format!("call_{number}"), "ok")
}

fn reasoning(number: usize) -> InputItem {
    item(&json!({"type": "reasoning", "id": format!("rs_{number}"), "summary": []}))
}

/// What the items are, as the model would see them.
fn wire(items: &[InputItem]) -> Value {
    serde_json::to_value(items).unwrap()
}

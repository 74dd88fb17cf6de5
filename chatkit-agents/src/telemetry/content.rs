//! What was said, in the form that the conventions have for it: messages of parts.

use serde::Serialize;
use serde_json::{Value, json};
use tracing::Span;

/// Records instructions.
pub(crate) fn instructions(span: &Span, field: &'static str, text: Option<&str>) {
    if let Some(text) = text {
        let parts = json!([{"type": "text", "content": text}]);
        span.record(field, parts.to_string());
    }
}

/// Records items of the Responses API as messages, each with the reason why the model has stopped if there is one.
pub(crate) fn messages(
    span: &Span,
    field: &'static str,
    items: &[impl Serialize],
    finish_reason: Option<&str>,
) {
    let messages: Vec<Value> = items
        .iter()
        .filter_map(|item| serde_json::to_value(item).ok())
        .map(|item| {
            let mut message = message(&item);
            if let Some(reason) = finish_reason {
                message["finish_reason"] = reason.into();
            }
            message
        })
        .collect();
    span.record(field, Value::Array(messages).to_string());
}

fn message(item: &Value) -> Value {
    let kind = item["type"].as_str().unwrap_or("message");
    match kind {
        "message" => {
            let role = match item["role"].as_str() {
                Some("developer") | None => "system",
                Some(role) => role,
            };
            json!({"role": role, "parts": parts(&item["content"])})
        }
        "reasoning" => {
            let summary = item["summary"].as_array().into_iter().flatten();
            let parts: Vec<Value> = summary
                .map(|part| json!({"type": "reasoning", "content": part["text"]}))
                .collect();
            json!({"role": "assistant", "parts": parts})
        }
        "function_call" => json!({"role": "assistant", "parts": [{
            "type": "tool_call",
            "id": item["call_id"],
            "name": item["name"],
            "arguments": parsed(&item["arguments"]),
        }]}),
        "function_call_output" => json!({"role": "tool", "parts": [{
            "type": "tool_call_response",
            "id": item["call_id"],
            "response": item["output"],
        }]}),
        // The conventions let a part be anything that has a type.
        kind if kind.ends_with("_output") => json!({"role": "tool", "parts": [item]}),
        _ => json!({"role": "assistant", "parts": [item]}),
    }
}

fn parts(content: &Value) -> Vec<Value> {
    match content {
        Value::String(text) => vec![json!({"type": "text", "content": text})],
        Value::Array(parts) => parts
            .iter()
            .map(|part| match &part["text"] {
                Value::String(text) => json!({"type": "text", "content": text}),
                _ => part.clone(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Arguments are JSON in a text; what is no JSON stays one.
fn parsed(arguments: &Value) -> Value {
    arguments
        .as_str()
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_else(|| arguments.clone())
}

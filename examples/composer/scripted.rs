//! The model that answers when there is no key. It does what a real one is told to: it calls the tool that was picked.

use chatkit_agents::testing::{RecordedRequest, Script};
use chatkit_examples::model::{newest, text_of, tool_output};
use serde_json::{Value, json};

pub(crate) fn answer(request: &RecordedRequest) -> Script {
    if tool_output(request).is_some() {
        let citation = json!({
            "type": "url_citation", "url": "https://example.com/handbook#3", "title": "Handbook",
            "start_index": 0, "end_index": 18,
        });
        return Script::text("It is in chapter 3.").annotation(citation);
    }
    if let Some(tool) = request.body["tool_choice"]["name"].as_str() {
        return Script::function_call(tool, json!({"query": said(request)}));
    }
    Script::text(format!(
        "I am {}, and read: {}",
        request.body["model"].as_str().unwrap_or("a model"),
        text_of(newest(request)),
    ))
}

/// The newest text of the user.
fn said(request: &RecordedRequest) -> String {
    let input = request.body["input"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let newest = input.iter().rev().find(|item| item["role"] == "user");
    text_of(newest.unwrap_or(&Value::Null))
}

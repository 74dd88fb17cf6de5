//! The model that answers when there is no key.

use chatkit_agents::testing::{RecordedRequest, Script};
use chatkit_examples::model::{newest, text_of, tool_output};
use serde_json::json;

pub(crate) fn answer(request: &RecordedRequest) -> Script {
    if let Some(output) = tool_output(request) {
        return Script::text(format!("The tool says: {output}"));
    }
    let said = text_of(newest(request)).to_lowercase();
    if said.contains("select") {
        Script::function_call("get_selection", json!({}))
    } else if let Some((_, passage)) = said.split_once("highlight ") {
        Script::function_call("highlight", json!({"text": passage}))
    } else {
        Script::text(format!("What I know: {}", known(request)))
    }
}

/// The newest hidden context.
fn known(request: &RecordedRequest) -> String {
    let input = request.body["input"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut texts = input.iter().rev().map(text_of);
    texts
        .find(|text| text.contains("<DOCUMENT>"))
        .unwrap_or_else(|| "nothing".to_owned())
}

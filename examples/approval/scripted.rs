//! The model that answers when there is no key.

use chatkit_agents::testing::{RecordedRequest, Script};
use chatkit_examples::model::{newest, text_of, tool_output};
use serde_json::json;

pub(crate) fn answer(request: &RecordedRequest) -> Script {
    if let Some(output) = tool_output(request) {
        return Script::text(format!("About your refund: {output}"));
    }
    let said = text_of(newest(request));
    let digits = |c: char| !c.is_ascii_digit();
    match said
        .split(digits)
        .find_map(|number| number.parse::<u32>().ok())
    {
        Some(order) => Script::function_call("refund", json!({"order": order, "euros": 25})),
        None => Script::text("Which order is it about?"),
    }
}

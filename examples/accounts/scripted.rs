//! The model that answers when there is no key.

use chatkit_agents::testing::{RecordedRequest, Script};
use chatkit_examples::model::{newest, text_of, tool_output};
use serde_json::json;

pub(crate) fn answer(request: &RecordedRequest) -> Script {
    if let Some(orders) = tool_output(request) {
        return Script::text(format!("You have ordered {orders}."));
    }
    let said = text_of(newest(request));
    match said.to_lowercase() {
        text if text.contains("order") => Script::function_call("list_orders", json!({})),
        // It has begun, and then says nothing until it is stopped.
        text if text.contains("wait") => Script::text("Let me think about it.").hang_after(5),
        _ => Script::text(format!("You said: {said}")),
    }
}

//! The model that answers when there is no key: it plays all three, told apart by their instructions.

use chatkit_agents::testing::{RecordedRequest, Script};
use chatkit_examples::model::{newest, text_of, tool_output};
use serde_json::{Value, json};

pub(crate) fn answer(request: &RecordedRequest) -> Script {
    let input = request.body["input"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let newest_of_user = input.iter().rev().find(|item| item["role"] == "user");
    let said = text_of(newest_of_user.unwrap_or(&Value::Null)).to_lowercase();
    let mut numbers = said.split(|c: char| !c.is_ascii_digit());
    let number = numbers.find_map(|number| number.parse::<u32>().ok());
    let instructions = request.body["instructions"].as_str().unwrap_or_default();

    if instructions.contains("You are the front desk") {
        return match number {
            Some(_) if said.contains("refund") => {
                Script::function_call("transfer_to_refunds", json!({}))
            }
            Some(_) => Script::reasoning("It is about an order, so Orders can help.")
                .then_function_call("transfer_to_orders", json!({})),
            None => Script::text("Which order is it about? Its number is on the bill."),
        };
    }
    match (called(request, input), tool_output(request)) {
        (Some("find_order"), Some(order)) => Script::text(match serde_json::from_str(order) {
            Ok(order) => status(&order),
            Err(_) => order.to_owned(),
        }),
        (Some("refund"), Some(outcome)) => {
            let seen = input
                .iter()
                .any(|item| item.to_string().contains("input_image"));
            let thanks = if seen {
                "Thank you for the picture. "
            } else {
                ""
            };
            Script::text(format!("{thanks}About your refund: {outcome}"))
        }
        _ if instructions.contains("You pay back") => {
            let reason = if said.contains("broken") {
                "broken"
            } else {
                "unwanted"
            };
            Script::function_call("refund", json!({"number": number, "reason": reason}))
        }
        _ => Script::function_call("find_order", json!({"number": number})),
    }
}

/// The function whose output is the newest item.
fn called<'a>(request: &RecordedRequest, input: &'a [Value]) -> Option<&'a str> {
    let id = &newest(request)["call_id"];
    let call = input
        .iter()
        .find(|item| item["type"] == "function_call" && item["call_id"] == *id);
    call?["name"].as_str()
}

/// An order in words.
fn status(order: &Value) -> String {
    let text = |name: &str| order[name].as_str().unwrap_or_default();
    format!(
        "{} (order {}): {}.",
        text("item"),
        order["number"],
        text("status")
    )
}

//! Runs recorded cases against the public API of the crates.
//!
//! A case describes inputs in JSON: a value to parse, or requests with a script for the handler. Its result says what came
//! out, in a form that does not depend on the language of the implementation. The results that other implementations gave
//! for the same cases are compared elsewhere; nothing here knows them.
//!
//! | kind | module |
//! |---|---|
//! | `parse`, `serialize`, `diff_widget` | `values` |
//! | `stream_agent_response`, `accumulate_text` | `agents` |
//! | `to_agent_input` | `input` |
//! | `widget_template` | `template` |
//! | `server` | `server`, with the handler in `script` and the store in `store` |

mod agents;
mod failure;
mod input;
mod normalise;
mod script;
mod server;
mod store;
mod template;
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
        "diff_widget" => Ok(values::diff(&read(case)?)),
        "stream_agent_response" => agents::run(read(case)?),
        "accumulate_text" => agents::accumulate(read(case)?),
        "to_agent_input" => input::run(&read(case)?),
        "widget_template" => template::run(&read(case)?),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// One request to begin a thread, answered by the script.
    fn answer(script: &Value) -> Value {
        answer_with(script, &json!({}))
    }

    fn answer_with(script: &Value, store_options: &Value) -> Value {
        let steps = json!([{"request": create_thread(), "respond": script}]);
        serve(&steps, store_options)
    }

    fn create_thread() -> Value {
        json!({
            "type": "threads.create",
            "params": {"input": {"content": [{"type": "input_text", "text": "Hello"}]}},
        })
    }

    fn serve(steps: &Value, store_options: &Value) -> Value {
        let case = json!({
            "kind": "server",
            "store": {"threads": [], "items": {}, "attachments": []},
            "store_options": store_options,
            "steps": steps,
        });
        run(&case.to_string())
    }

    fn event_types(result: &Value) -> Vec<&str> {
        let events = result.pointer("/steps/0/result/events").unwrap();
        let types = events.as_array().unwrap().iter();
        types.map(|event| event["type"].as_str().unwrap()).collect()
    }

    fn message() -> Value {
        json!({
            "type": "assistant_message", "id": "m", "thread_id": "thr_g1",
            "created_at": "2024-01-01T00:00:00Z", "content": [{"type": "output_text", "text": "Hi"}],
        })
    }

    #[test]
    fn a_script_is_played_and_what_happens_is_recorded() {
        let result = answer(&json!([
            {"op": "set_thread", "set": {"title": "T", "metadata": {"k": 1}}},
            {"op": "yield", "event": {"type": "thread.item.done", "item": message()}},
            {"op": "raise", "error": {"kind": "custom_stream_error", "message": "no"}},
        ]));
        assert_eq!(
            event_types(&result),
            [
                "thread.created",
                "thread.item.done",
                "stream_options",
                "thread.item.done",
                "thread.updated",
                "error"
            ]
        );
        let step = &result["steps"][0];
        assert_eq!(step["result"]["error"], Value::Null);
        assert_eq!(step["handler_calls"][0]["handler"], "respond");
        assert_eq!(
            step["handler_calls"][0]["input_user_message"]["id"],
            "msg_g1"
        );
        assert_eq!(
            step["writes"],
            json!([
                {"op": "save_thread", "thread_id": "thr_g1"},
                {"op": "add_thread_item", "thread_id": "thr_g1", "id": "msg_g1"},
                {"op": "add_thread_item", "thread_id": "thr_g1", "id": "m"},
                {"op": "save_thread", "thread_id": "thr_g1"},
            ])
        );
        assert_eq!(result["store"]["threads"][0]["metadata"], json!({"k": 1}));
        assert_eq!(result["store"]["threads"][0]["created_at"], "<now>");
    }

    #[test]
    fn a_cancelled_turn_saves_what_is_pending() {
        let result = answer(&json!([
            {"op": "yield", "event": {"type": "thread.item.added", "item": message()}},
            {"op": "cancel"},
            {"op": "raise", "error": {"kind": "generic"}},
        ]));
        let step = &result["steps"][0];
        assert_eq!(step["result"]["error"]["kind"], "cancelled");
        assert_eq!(
            step["handler_calls"][1]["handler"],
            "handle_stream_cancelled"
        );
        let items = result["store"]["items"]["thr_g1"].as_array().unwrap();
        let ids: Vec<_> = items.iter().map(|item| item["id"].clone()).collect();
        assert_eq!(ids, ["msg_g1", "m", "shcx_g1"]);
    }

    #[test]
    fn a_thread_that_is_not_stored_is_one_error() {
        let script = json!([
            {"op": "set_thread", "set": {"title": "T"}},
            {"op": "yield", "event": {"type": "progress_update", "text": "…"}},
        ]);
        let options = json!({"fail_writes": [{"op": "save_thread", "nth": 2}]});
        let result = answer_with(&script, &options);
        assert_eq!(
            event_types(&result)[3..],
            ["progress_update", "error"],
            "{result}"
        );
        assert_eq!(result["store"]["threads"][0].get("title"), None);
    }

    #[test]
    fn a_cancelled_turn_that_is_not_saved_is_an_error() {
        let script = json!([
            {"op": "yield", "event": {"type": "thread.item.done", "item": message()}},
            {"op": "yield", "event": {"type": "thread.item.added", "item": message()}},
            {"op": "cancel"},
        ]);
        let result = answer_with(&script, &json!({"add_duplicate": "error"}));
        let error = &result["steps"][0]["result"]["error"];
        assert_eq!(error["kind"], "store_conflict");
    }

    #[test]
    fn a_call_of_a_cancelled_turn_takes_no_output() {
        let call = json!({
            "type": "client_tool_call", "id": "c", "thread_id": "thr_g1", "call_id": "call", "name": "f",
            "arguments": {}, "created_at": "2024-01-01T00:00:00Z",
        });
        let call = json!({"op": "yield", "event": {"type": "thread.item.done", "item": call}});
        let output = json!({
            "type": "threads.add_client_tool_output",
            "params": {"thread_id": "thr_g1", "result": 1},
        });
        let outcome = |script: &Value| {
            let steps = json!([
                {"request": create_thread(), "respond": script},
                {"request": output},
            ]);
            let result = serve(&steps, &json!({}));
            let status = result["store"]["items"]["thr_g1"][1]["status"].clone();
            (result["steps"][1]["result"]["error"].clone(), status)
        };
        assert_eq!(outcome(&json!([call])), (Value::Null, "completed".into()));
        let (error, status) = outcome(&json!([call, {"op": "cancel"}]));
        assert_eq!(
            (&error["kind"], status),
            (&"value_error".into(), "pending".into())
        );
    }

    #[test]
    fn values_are_read_and_written() {
        let attachment = json!({
            "type": "file", "id": "f", "name": "a.txt", "mime_type": "text/plain", "metadata": {"k": null},
        });
        let case = |kind: &str| {
            run(&json!({"kind": kind, "type": "attachment", "input": attachment}).to_string())
        };
        assert_eq!(case("parse")["value"], attachment);
        assert_eq!(case("serialize")["json"].get("metadata"), None);
        let refused = run(r#"{"kind": "parse", "type": "icon_name", "input": "nope"}"#);
        assert_eq!(refused["accepted"], false);
        assert_eq!(refused["error"]["kind"], "validation");
    }

    #[test]
    fn what_cannot_be_run_says_so() {
        assert!(run(r#"{"kind": "nope"}"#).get("unsupported").is_some());
        let bad_event = answer(&json!([{"op": "yield", "event": {"type": "nope"}}]));
        assert!(bad_event.get("rejected_case").is_some());
    }
}

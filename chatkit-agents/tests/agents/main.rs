//! Runs of agents, and the way from runs into threads, against a scripted endpoint over real connections.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

mod approvals;
mod bridge;
mod callbacks;
mod context;
mod guardrails;
mod guide;
mod handoffs;
mod hosted;
mod input;
mod privacy;
mod run;
mod settings;
mod stop;
mod telemetry;
mod tools;

use std::time::Duration;

use chatkit_agents::testing::{Script, ScriptedResponses};
use chatkit_agents::tool::{FnTool, IntoToolOutput, OwnedToolContext};
use chatkit_agents::{Agent, RunError, RunResultStreaming, StreamEvent};
use futures::StreamExt;
use serde_json::{Value, json};

async fn server(scripts: impl IntoIterator<Item = Script>) -> ScriptedResponses {
    let server = ScriptedResponses::start().await.unwrap();
    for script in scripts {
        server.push(script);
    }
    server
}

fn agent<C>(server: &ScriptedResponses) -> Agent<C> {
    Agent::new("Assistant", server.client().model("scripted"))
}

/// A tool without parameters.
fn tool<C, F, Fut>(name: &str, function: F) -> FnTool<C>
where
    C: Clone + Send + Sync + 'static,
    F: Fn(OwnedToolContext<C>) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoToolOutput,
{
    let schema = json!({"type": "object", "properties": {}});
    FnTool::with_schema(name, "", schema, function)
}

/// A tool without parameters that returns a text.
fn says<C: Clone + Send + Sync + 'static>(name: &str, text: &'static str) -> FnTool<C> {
    tool(name, move |_| async move { text })
}

/// A call whose ids are known beforehand.
fn call_item(number: u32, name: &str, arguments: &str) -> Value {
    json!({
        "type": "function_call",
        "id": format!("fc_{number}"),
        "call_id": format!("call_{number}"),
        "name": name,
        "arguments": arguments,
        "status": "completed",
    })
}

/// A response that calls these tools, in this order, as `call_1`, `call_2` and so on.
fn calls(names: &[&str]) -> Script {
    names
        .iter()
        .zip(1..)
        .fold(Script::new(), |script, (name, number)| {
            script.then_item(call_item(number, name, "{}"))
        })
}

fn bodies(server: &ScriptedResponses) -> Vec<Value> {
    server
        .requests()
        .into_iter()
        .map(|request| request.body)
        .collect()
}

/// What the model was told of the results of its calls, in a request: call id and output.
fn outputs(body: &Value) -> Vec<(String, Value)> {
    let input = body["input"].as_array().unwrap();
    input
        .iter()
        .filter(|item| item["type"] == "function_call_output")
        .map(|item| {
            let call_id = item["call_id"].as_str().unwrap();
            (call_id.to_owned(), item["output"].clone())
        })
        .collect()
}

/// The text that the model got in place of the result of its only call.
fn told(server: &ScriptedResponses) -> String {
    let bodies = bodies(server);
    let outputs = outputs(&bodies[1]);
    assert_eq!(outputs.len(), 1, "{outputs:?}");
    outputs[0].1.as_str().unwrap().to_owned()
}

/// Reads a run to its end: its events, and the error if it failed.
async fn drain(run: &mut RunResultStreaming) -> (Vec<StreamEvent>, Option<RunError>) {
    let mut events = Vec::new();
    while let Some(event) = within(run.next()).await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(run.next().await.is_none(), "an error is the last event");
                return (events, Some(error));
            }
        }
    }
    assert!(run.next().await.is_none(), "an ended run stays ended");
    (events, None)
}

/// Turns a test that would hang into one that fails.
async fn within<F: IntoFuture>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .expect("this takes too long")
}

/// Lets other tasks run until `done`.
async fn until(done: impl Fn() -> bool) {
    within(async {
        while !done() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

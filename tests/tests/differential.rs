//! The same agents in Python and here, against the same scripted endpoint: both send the same requests.
//!
//! ```text
//! python3 -m venv venv && venv/bin/pip install openai-agents==0.24.0
//! CHATKIT_PYTHON=venv/bin/python cargo test -p chatkit-tests --test end-to-end -- --ignored differential
//! ```
//!
//! Differences that are on purpose, and taken away before bodies are compared: pydantic's titles in schemas; a user's text as
//! a string (there) or as a part (here); `type: message`, which the API takes for granted; the order of keys; `stream`, which
//! Python leaves out for an agent in a tool.

use std::process::Stdio;

use chatkit_agents::testing::{Script, ScriptedResponses};
use chatkit_agents::{
    Agent, BoxError, GuardrailFunctionOutput, InputGuardrail, InputGuardrailData, Runner,
    function_tool,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

/// Look up the weather for a city.
#[function_tool]
async fn get_weather(
    /// City name.
    city: String,
) -> String {
    format!("Rain in {city}.")
}

/// Deletes everything.
#[function_tool(needs_approval)]
async fn delete_all() -> &'static str {
    "gone"
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct Report {
    /// The sky.
    sky: String,
    degrees: i64,
}

async fn endpoint(scripts: &[Script]) -> ScriptedResponses {
    let server = ScriptedResponses::start().await.unwrap();
    for script in scripts {
        server.push(script.clone());
    }
    server
}

fn agent(server: &ScriptedResponses, name: &str) -> Agent<()> {
    Agent::new(name, server.client().model("gpt-4.1"))
}

fn call(name: &str, arguments: &str) -> Script {
    Script::new().then_item(json!({
        "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": name, "arguments": arguments,
        "status": "completed",
    }))
}

/// What Python sends for its agent `name`.
async fn python(name: &str, scripts: &[Script]) -> Vec<Value> {
    let server = endpoint(scripts).await;
    let python = std::env::var("CHATKIT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/differential/runs.py"))
        .arg(name)
        .env("OPENAI_API_KEY", "test")
        .env("OPENAI_BASE_URL", server.base_url())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    bodies(&server)
}

fn bodies(server: &ScriptedResponses) -> Vec<Value> {
    let requests = server.requests().into_iter();
    requests.map(|request| plain(request.body)).collect()
}

/// A body without the differences that are on purpose.
fn plain(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(mut fields) => {
            if fields.get("title").is_some_and(Value::is_string) {
                fields.remove("title");
            }
            if fields.contains_key("model") {
                fields.remove("stream");
            }
            if fields.contains_key("role") {
                fields.remove("type");
                if let Some(Value::Array(parts)) = fields.get("content")
                    && let [part] = &parts[..]
                    && part["type"] == "input_text"
                {
                    let text = part["text"].clone();
                    fields.insert("content".to_owned(), text);
                }
            }
            fields
                .into_iter()
                .map(|(name, value)| (name, plain(value)))
                .collect()
        }
        other => other,
    }
}

/// Compares by value: objects are equal whatever the order of their keys.
fn assert_same(name: &str, ours: &[Value], theirs: &[Value]) {
    assert_eq!(ours.len(), theirs.len(), "{name}: requests");
    for (number, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap();
        assert!(
            ours == theirs,
            "{name}, request {number}:\nours {}\ntheirs {}",
            pretty(ours),
            pretty(theirs)
        );
    }
}

#[tokio::test]
#[ignore = "needs Python with openai-agents"]
async fn differential_tools() {
    let scripts = [
        call("get_weather", r#"{"city":"Oslo"}"#),
        Script::text("Rain"),
    ];
    let server = endpoint(&scripts).await;
    let agent = agent(&server, "Assistant")
        .instructions("Be brief.")
        .tool(get_weather);
    Runner::run(&agent, "Weather?", ()).await.unwrap();
    assert_same("tools", &bodies(&server), &python("tools", &scripts).await);
}

#[tokio::test]
#[ignore = "needs Python with openai-agents"]
async fn differential_handoff() {
    async fn pass_all(_: InputGuardrailData<'_, ()>) -> Result<GuardrailFunctionOutput, BoxError> {
        Ok(GuardrailFunctionOutput::pass())
    }
    let scripts = [call("transfer_to_desk_two", "{}"), Script::text("Helped")];
    let server = endpoint(&scripts).await;
    let desk = agent(&server, "Desk Two")
        .instructions("Help.")
        .handoff_description("Helps.");
    let agent = agent(&server, "Desk One")
        .instructions("Sort.")
        .handoff(desk)
        .input_guardrail(InputGuardrail::new("pass", pass_all));
    Runner::run(&agent, "Help me", ()).await.unwrap();
    assert_same(
        "handoff",
        &bodies(&server),
        &python("handoff", &scripts).await,
    );
}

#[tokio::test]
#[ignore = "needs Python with openai-agents"]
async fn differential_structured_output() {
    let scripts = [
        call("get_weather", r#"{"city":"Oslo"}"#),
        Script::text(r#"{"sky":"grey","degrees":3}"#),
    ];
    let server = endpoint(&scripts).await;
    let agent = agent(&server, "Reporter")
        .output_type::<Report>()
        .tool(get_weather);
    Runner::run(&agent, "Report", ()).await.unwrap();
    assert_same(
        "structured",
        &bodies(&server),
        &python("structured", &scripts).await,
    );
}

#[tokio::test]
#[ignore = "needs Python with openai-agents"]
async fn differential_approval() {
    let scripts = [call("delete_all", "{}"), Script::text("Kept")];
    let server = endpoint(&scripts).await;
    let agent = agent(&server, "Cleaner").tool(delete_all);
    let mut state = Runner::run(&agent, "Clean up", ())
        .await
        .unwrap()
        .into_state();
    state.reject("call_1").unwrap();
    Runner::resume(&agent, state, ()).await.unwrap();
    assert_same(
        "approval",
        &bodies(&server),
        &python("approval", &scripts).await,
    );
}

#[tokio::test]
#[ignore = "needs Python with openai-agents"]
async fn differential_agent_as_a_tool() {
    let scripts = [
        call("translate", r#"{"input":"Bonjour"}"#),
        Script::text("Hello"),
        Script::text("It says hello"),
    ];
    let server = endpoint(&scripts).await;
    let inner = agent(&server, "Inner").instructions("Translate.");
    let agent = agent(&server, "Outer").tool(inner.as_tool("translate", "Translates a text."));
    Runner::run(&agent, "Translate it", ()).await.unwrap();
    assert_same(
        "nested",
        &bodies(&server),
        &python("nested", &scripts).await,
    );
}

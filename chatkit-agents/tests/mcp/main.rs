//! Tools of MCP servers, against a real server: a process of its own, over its standard streams and over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

mod connection;
mod http;
mod runs;

use std::path::PathBuf;
use std::time::Duration;

use chatkit_agents::mcp::model::CallToolResult;
use chatkit_agents::mcp::{McpServer, McpServerBuilder, Stdio};
use chatkit_agents::testing::{Script, ScriptedResponses};
use chatkit_agents::tool::ToolProvider;
use chatkit_agents::{Agent, RunContext, RunError};
use serde_json::{Map, Value, json};

/// The server's program, which is built along with the tests.
fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let directory = tests.parent().and_then(|deps| deps.parent()).unwrap();
    let name = format!("mcp-test-server{}", std::env::consts::EXE_SUFFIX);
    let program = directory.join("examples").join(name);
    assert!(
        program.exists(),
        "build the server first: cargo build -p chatkit-agents --all-features --example mcp-test-server"
    );
    program
}

/// A server as a process of the tests.
fn process(args: &[&str]) -> McpServerBuilder<()> {
    let builder = McpServer::builder(Stdio::new(program()).args(args.iter().copied()));
    builder.name("test").connect_retries(0)
}

async fn model(scripts: impl IntoIterator<Item = Script>) -> ScriptedResponses {
    let model = ScriptedResponses::start().await.unwrap();
    for script in scripts {
        model.push(script);
    }
    model
}

fn agent(model: &ScriptedResponses, server: &McpServer<()>) -> Agent<()> {
    Agent::new("Assistant", model.client().model("scripted")).tool_provider(server.clone())
}

fn call(name: &str, arguments: Value) -> Script {
    Script::function_call(name, arguments).call_id("call_1")
}

/// The names of the tools that the model got in a request.
fn offered(model: &ScriptedResponses, request: usize) -> Vec<String> {
    let body = &model.requests()[request].body;
    let tools = body["tools"].as_array().unwrap();
    let names = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned());
    names.collect()
}

/// What the model was told of the only call, in the second request.
fn told(model: &ScriptedResponses) -> Value {
    let body = model.requests()[1].body.clone();
    let input = body["input"].as_array().unwrap();
    let mut outputs = input
        .iter()
        .filter(|item| item["type"] == "function_call_output");
    let output = outputs.next().unwrap()["output"].clone();
    assert!(outputs.next().is_none());
    output
}

/// The names of the tools that a run would offer.
async fn names(server: &McpServer<()>) -> Vec<String> {
    let tools = within(server.tools(RunContext::new(&()))).await.unwrap();
    let function = |tool: &chatkit_agents::tool::Tool<()>| {
        let definition = tool.as_function().unwrap().definition().unwrap();
        definition.name().to_owned()
    };
    tools.iter().map(function).collect()
}

fn text(result: &CallToolResult) -> &str {
    &result.content[0].as_text().unwrap().text
}

/// Calls a tool by hand.
async fn ask(server: &McpServer<()>, tool: &str, argument: &str) -> String {
    let mut arguments = Map::new();
    arguments.insert("text".to_owned(), argument.into());
    let result = within(server.call_tool(tool, arguments)).await.unwrap();
    text(&result).to_owned()
}

/// What the server has seen.
async fn status(server: &McpServer<()>) -> Value {
    serde_json::from_str(&ask(server, "status", "").await).unwrap()
}

async fn pid(server: &McpServer<()>) -> u64 {
    status(server).await["pid"].as_u64().unwrap()
}

/// Waits until the server has seen something this often.
async fn seen(server: &McpServer<()>, what: &str, count: u64) {
    within(async {
        while status(server).await[what] != count {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn kill(pid: u64) {
    let killed = std::process::Command::new("kill")
        .args(["-9", &pid.to_string()])
        .status();
    assert!(killed.unwrap().success());
}

fn is_alive(pid: u64) -> bool {
    let alive = std::process::Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(std::process::Stdio::null())
        .status();
    alive.unwrap().success()
}

/// Waits until a process is gone, not even a zombie.
async fn gone(pid: u64) {
    within(async {
        while is_alive(pid) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// An error and its causes.
fn whole(error: &RunError) -> String {
    format!("{error:#}")
}

/// Turns a test that would hang into one that fails.
async fn within<F: IntoFuture>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .expect("this takes too long")
}

fn nothing() -> Value {
    json!({})
}

//! An agent with the tools of an MCP server, which is a process of its own: this program again.
//!
//! ```text
//! cargo run --features mcp --bin mcp
//! ```
//!
//! With `OPENAI_API_KEY` set the model is OpenAI's; without it a built-in scripted one answers.

mod server;

use std::env;
use std::error::Error;

use chatkit_agents::mcp::{McpServer, Stdio};
use chatkit_agents::testing::{RecordedRequest, Script};
use chatkit_agents::{Agent, Runner};
use chatkit_examples::model::Models;
use serde_json::json;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it is the program's output")]
async fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("serve") {
        return server::serve().await;
    }
    let models = Models::connect(answer).await?;
    // It starts with the first question, and ends with the last handle.
    let library = McpServer::builder(Stdio::new(env::current_exe()?).args(["serve"]))
        .name("library")
        .build();
    let agent = Agent::new("Librarian", models.default_model())
        .instructions("Use the library's tools.")
        .tool_provider(library);
    let result = Runner::run(&agent, "Is there anything on lighthouses?", ()).await?;
    println!("{}", result.into_output()?);
    Ok(())
}

/// The built-in model: it searches, and says what was found.
fn answer(request: &RecordedRequest) -> Script {
    let input = request.body["input"].as_array();
    match input
        .and_then(|input| input.last())
        .map(|item| &item["output"])
    {
        Some(found) if found.is_string() => {
            Script::text(format!("Yes: {}", found.as_str().unwrap_or_default()))
        }
        _ => Script::function_call("search", json!({"subject": "lighthouses"})),
    }
}

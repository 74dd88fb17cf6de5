//! The Rust of the README, as a program that compiles.

use std::convert::Infallible;
use std::error::Error;
use std::fs;

use axum::http::request::Parts;
use chatkit::store::SqliteStore;
use chatkit::types::{IconName, ProgressUpdateEvent, UserMessageItem};
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use chatkit_agents::model::ResponsesClient;
use chatkit_agents::tool::Json;
use chatkit_agents::{
    Agent, AgentContext, DefaultThreadItemConverter, Runner, ThreadItemConverter, ToolContext,
    function_tool, stream_agent_response,
};
use serde::Serialize;

struct User;

#[derive(Serialize)]
struct Forecast {
    city: String,
    sky: &'static str,
    celsius: i8,
}

async fn authenticate(_: Parts) -> Result<User, Infallible> {
    Ok(User)
}

/// Look up the weather for a city.
#[function_tool]
async fn get_weather(
    ctx: ToolContext<'_, AgentContext<User>>,
    /// City name, e.g. "Paris".
    city: String,
) -> Json<Forecast> {
    ctx.stream(ProgressUpdateEvent::new("Looking outside").icon(IconName::Globe))
        .await;
    Json(Forecast {
        city,
        sky: "clear",
        celsius: 21,
    })
}

struct Assistant {
    agent: Agent<AgentContext<User>>,
}

impl ChatKitHandler for Assistant {
    type Context = User;

    async fn respond(
        &self,
        turn: &Turn<User>,
        _message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let input = DefaultThreadItemConverter.history(turn, 20).await?;
        let context = AgentContext::new(turn);
        let run = Runner::run_streamed(&self.agent, input, context.clone());
        turn.forward(stream_agent_response(context, run)).await
    }
}

#[expect(dead_code, reason = "that it compiles is what counts")]
async fn app() -> Result<axum::Router, Box<dyn Error>> {
    let client = ResponsesClient::from_env()?;
    let agent = Agent::new("Assistant", client.model("gpt-5.6-luna"))
        .instructions("Answer briefly.")
        .tool(get_weather);
    let server = ChatKitServer::new(Assistant { agent }, SqliteStore::open("chat.db").await?);
    let app = axum::Router::new().merge(chatkit::axum::router(server, authenticate));
    Ok(app)
}

/// Code without what formatting and comments change.
fn bare(code: &str) -> String {
    let lines = code.lines().map(|line| line.split("//").next());
    let code: String = lines.flatten().collect();
    code.replace(|c: char| c.is_whitespace() || c == ',', "")
}

#[test]
fn the_rust_of_the_readme_is_this_file() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let blocks = readme.split("```rust\n").skip(1);
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty());
    let here = bare(include_str!("readme.rs"));
    for part in blocks.iter().flat_map(|block| block.split("\n\n")) {
        assert!(here.contains(&bare(part)), "{part}");
    }
}

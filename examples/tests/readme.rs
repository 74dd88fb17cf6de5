//! The program of the README, as one that compiles.

use std::fs;

#[expect(dead_code, reason = "that it compiles is what counts")]
mod program {
    use std::error::Error;

    use axum::http::request::Parts;
    use chatkit::axum::Refusal;
    use chatkit::store::SqliteStore;
    use chatkit::types::{IconName, ProgressUpdateEvent, UserMessageItem};
    use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
    use chatkit_agents::{
        Agent, AgentContext, DefaultThreadItemConverter, Json, ResponsesClient, Runner,
        ThreadItemConverter, ToolContext, function_tool, stream_agent_response,
    };
    use serde::Serialize;
    use tokio::net::TcpListener;

    /// Who is asking.
    struct User {
        id: String,
    }

    /// Here the header is believed. Check a session or a token in its place.
    async fn authenticate(parts: Parts) -> Result<User, Refusal> {
        let id = parts.headers.get("x-user").and_then(|id| id.to_str().ok());
        id.map(|id| User { id: id.to_owned() })
            .ok_or_else(|| Refusal::unauthorized("Please sign in."))
    }

    #[derive(Serialize)]
    struct Forecast {
        city: String,
        sky: &'static str,
        celsius: i8,
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
            let input = DefaultThreadItemConverter.history(turn, 20).await?; // the last 20 items, for the model
            let context = AgentContext::new(turn);
            let run = Runner::run_streamed(&self.agent, input, context.clone());
            turn.forward(stream_agent_response(context, run)).await // the run's events, stored and sent
        }
    }

    #[tokio::main]
    async fn main() -> Result<(), Box<dyn Error>> {
        let client = ResponsesClient::from_env()?; // reads OPENAI_API_KEY and OPENAI_BASE_URL
        let agent = Agent::new("Assistant", client.model("gpt-5.6-luna"))
            .instructions("Answer briefly.")
            .tool(get_weather);
        let store = SqliteStore::open("chat.db")
            .await?
            .scoped(|user: &User| user.id.clone());
        let server = ChatKitServer::new(Assistant { agent }, store);
        let app = axum::Router::new().merge(chatkit::axum::router(server, authenticate));
        axum::serve(TcpListener::bind("127.0.0.1:8000").await?, app).await?;
        Ok(())
    }
}

/// Code without what formatting and comments change.
fn bare(code: &str) -> String {
    let lines = code.lines().map(|line| line.split("//").next());
    let code: String = lines.flatten().collect();
    code.replace(|c: char| c.is_whitespace() || c == ',', "")
}

#[test]
fn the_program_of_the_readme_is_this_one() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let blocks = readme.split("```rust\n").skip(1);
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    let [program] = blocks[..] else {
        panic!("one block of Rust, not {}", blocks.len());
    };
    let here = bare(include_str!("readme.rs"));
    // Part by part first, to name the one that differs.
    for part in program.split("\n\n") {
        assert!(here.contains(&bare(part)), "{part}");
    }
    assert!(
        here.contains(&format!("modprogram{{{}}}", bare(program))),
        "the README lacks a part"
    );
}

//! A chat server with one agent and one tool, on SQLite or PostgreSQL: the whole way from a request to a stored, streamed
//! answer. The page to try it in is at `/`.
//!
//! ```text
//! cargo run --bin quickstart
//! ```
//!
//! | variable | default | |
//! |---|---|---|
//! | `OPENAI_API_KEY` | | without it a built-in scripted model answers |
//! | `OPENAI_BASE_URL` | OpenAI's | any endpoint that speaks the Responses API |
//! | `MODEL` | `gpt-5.6-luna` | |
//! | `TITLE_MODEL` | that of `MODEL` | gives conversations their titles; empty for none |
//! | `PORT` | `8000` | on 127.0.0.1 |
//! | `DATABASE_URL` | `sqlite:quickstart.db` | or `postgres://user:password@host/database`; `memory` keeps nothing |
//! | `CORS_ORIGIN` | | the origin of a page elsewhere that may use the chat: `https://app.example.com` |
//! | `CHATKIT_DOMAIN_KEY` | | with one, the page is that of the official ChatKit.js |
//! | `RUST_LOG` | `info` | |

mod scripted;

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::io::{self, IsTerminal};
use std::num::NonZero;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;

use axum::http::request::Parts;
use axum::serve::ListenerExt;
use chatkit::axum::Cors;
use chatkit::store::{DynStore, MemoryStore, PostgresStore, SqliteStore};
use chatkit::types::{IconName, ProgressUpdateEvent, UserMessageItem};
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use chatkit_agents::model::ResponsesClient;
use chatkit_agents::testing::ScriptedResponses;
use chatkit_agents::tool::Json;
use chatkit_agents::{
    Agent, AgentContext, DefaultThreadItemConverter, RunResult, Runner, ThreadItemConverter,
    ToolContext, function_tool, stream_agent_response,
};
use chatkit_examples::page::Page;
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// What a request knows of its caller. There is no sign-in here, so there is nothing in it.
struct User;

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
    /// Names conversations.
    titles: Option<Agent<()>>,
}

impl ChatKitHandler for Assistant {
    type Context = User;

    async fn respond(
        &self,
        turn: &Turn<User>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let input = DefaultThreadItemConverter.history(turn, 20).await?;
        let context = AgentContext::new(turn);
        let run = Runner::run_streamed(&self.agent, input, context.clone());
        let answer = turn.forward(stream_agent_response(context, run));
        // Both at once: the title comes while the answer is being written.
        tokio::try_join!(answer, self.name(turn, message))?;
        Ok(())
    }
}

impl Assistant {
    /// Gives a new conversation a title. One without is no reason to fail.
    async fn name(
        &self,
        turn: &Turn<User>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let (Some(titles), Some(message), None) = (&self.titles, message, &turn.thread().title)
        else {
            return Ok(());
        };
        let result = Runner::run(titles, message.text(), ()).await;
        match result.and_then(RunResult::into_output) {
            Ok(title) => turn.set_title(title),
            Err(error) => tracing::warn!("the conversation gets no title: {error:#}"),
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    let ran = runtime().map_err(Into::into);
    let Err(error) = ran.and_then(|runtime| runtime.block_on(run())) else {
        return ExitCode::SUCCESS;
    };
    // What to do about it is often said by a cause.
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    #[expect(clippy::print_stderr, reason = "the log may be what is set up wrongly")]
    {
        eprintln!("quickstart: {message}");
    }
    ExitCode::FAILURE
}

/// With one core there is nobody to share work with, and a runtime that does not try to needs less time for a delta.
fn runtime() -> io::Result<Runtime> {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let mut runtime = match cores {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    runtime.enable_all().build()
}

async fn run() -> Result<(), Box<dyn Error>> {
    let filter: Targets = (env::var("RUST_LOG").as_deref().unwrap_or("info").parse())
        .map_err(|error| format!("RUST_LOG is not a list of levels, such as `info`: {error}"))?;
    let log = tracing_subscriber::fmt::layer().with_ansi(std::io::stdout().is_terminal());
    tracing_subscriber::registry().with(log).with(filter).init();

    // Without a key, the agent talks to a scripted endpoint in this process. It lives as long as `_scripted`.
    let has_key = env::var_os("OPENAI_API_KEY").is_some_and(|key| !key.is_empty());
    let (client, _scripted) = match has_key {
        true => (ResponsesClient::from_env()?, None),
        false => {
            tracing::warn!("OPENAI_API_KEY is not set: a built-in scripted model answers");
            let scripted = ScriptedResponses::start_with(scripted::answer).await?;
            (scripted.client(), Some(scripted))
        }
    };
    let model = env::var("MODEL").unwrap_or_else(|_| "gpt-5.6-luna".to_owned());
    let title_model = env::var("TITLE_MODEL").unwrap_or_else(|_| model.clone());
    let titles = (!title_model.is_empty()).then(|| {
        Agent::new("Titles", client.model(title_model)).instructions(
            "Write a title of five words at most for the conversation that begins with this message.",
        )
    });
    let agent = Agent::new("Assistant", client.model(model))
        .instructions("You are a friendly assistant. Use the tools you have; answer briefly.")
        .tool(get_weather);

    let database = env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite:quickstart.db".to_owned());
    // Everyone is the same user here. With sign-in, `.scoped(|user: &User| …)` keeps each one's threads apart.
    // The URL of PostgreSQL has a password in it, and is not logged.
    let (store, place) = match database.as_str() {
        "memory" => (DynStore::new(MemoryStore::new()), "memory"),
        url if url.starts_with("postgres") => {
            (DynStore::new(PostgresStore::open(url).await?), "PostgreSQL")
        }
        url if url.starts_with("sqlite:") => (DynStore::new(SqliteStore::open(url).await?), url),
        _ => {
            return Err(
                "DATABASE_URL must begin with `sqlite:` or `postgres:`, or be `memory`".into(),
            );
        }
    };
    let server = ChatKitServer::new(Assistant { agent, titles }, store);
    let authenticate = |_: Parts| async { Ok::<_, Infallible>(User) };
    let mut chat = chatkit::axum::router(server.clone(), authenticate);
    if let Ok(origin) = env::var("CORS_ORIGIN") {
        chat = chat.layer(Cors::new([origin]).into_layer()?);
    }
    let app = chat.merge(page());

    let port: u16 = (env::var("PORT").as_deref().unwrap_or("8000").parse())
        .map_err(|error| format!("PORT must be a number up to 65535: {error}"))?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await;
    let listener = listener.map_err(|error| {
        format!("cannot listen on 127.0.0.1:{port}; set PORT to another port, or 0 for any free one: {error}")
    })?;
    let address = listener.local_addr()?;
    tracing::info!("listening on http://{address}/, threads in {place}");
    // A delta is a small write; it must not wait for the next one.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, app.into_make_service())
        .with_graceful_shutdown(stopped(server))
        .await?;
    Ok(())
}

/// The page to try it in.
fn page() -> axum::Router {
    Page::new("Quickstart")
        .prompt(
            "What is the weather in Paris?",
            &IconName::Globe,
            "What is the weather in Paris?",
        )
        .prompt(
            "What can you do?",
            &IconName::CircleQuestion,
            "What can you do?",
        )
        .router()
}

/// Waits for Ctrl-C or SIGTERM, then ends and saves the open streams: an HTTP server waits for them.
async fn stopped(server: ChatKitServer<Assistant>) {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            },
            Err(_) => drop(interrupted.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupted.await);
    if let Err(error) = server.shutdown_within(Duration::from_secs(10)).await {
        tracing::warn!("{error}");
    }
}

//! Users who sign in, and see their own threads only: on PostgreSQL, or on SQLite where there is none.
//!
//! ```text
//! DATABASE_URL=postgres://user:password@host/database cargo run --bin accounts
//! ```
//!
//! Sign in as Ada in one window and as Bob in a private one: neither sees what the other has. Eve's account is suspended.
//! There are no passwords here; `sign_in` is the place for those, or for an identity provider. Without a key, ask the
//! scripted model for your orders, or let it `wait`: each user may have two answers at a time.
//!
//! | variable | default | |
//! |---|---|---|
//! | `DATABASE_URL` | `sqlite:accounts.db` | or `postgres://…` |
//! | `SESSION_SECRET` | a new one for each process | signs the sessions: 32 bytes or more |

mod scripted;
mod session;

use std::env;
use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chatkit::axum::Refusal;
use chatkit::store::{DynStore, PostgresStore, SqliteStore};
use chatkit::types::UserMessageItem;
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use chatkit_agents::{
    Agent, AgentContext, DefaultThreadItemConverter, Runner, ThreadItemConverter, ToolContext,
    function_tool, stream_agent_response,
};
use chatkit_examples::{model::Models, page::Page, serve};

use session::Sessions;

/// Who has an account.
const USERS: [&str; 3] = ["ada", "bob", "eve"];
const SUSPENDED: [&str; 1] = ["eve"];

/// Who is asking. The handler, the tools and the store get it with each request.
struct User {
    id: String,
}

impl User {
    /// Whose threads are this user's, and whose answers count together.
    fn owner(&self) -> String {
        self.id.clone()
    }
}

/// The user of a request, from its head.
async fn authenticate(sessions: Arc<Sessions>, parts: Parts) -> Result<User, Refusal> {
    let id = sessions.user(&parts.headers);
    let id = id.ok_or_else(|| Refusal::unauthorized("Please sign in."))?;
    if SUSPENDED.contains(&id) {
        return Err(Refusal::forbidden("Your account is suspended."));
    }
    Ok(User { id: id.to_owned() })
}

/// List the orders of the user.
#[function_tool]
async fn list_orders(ctx: ToolContext<'_, AgentContext<User>>) -> String {
    // Who it is says the session. What a model writes is no proof of anything.
    match ctx.request_context().id.as_str() {
        "ada" => "a teapot".to_owned(),
        "bob" => "two cups".to_owned(),
        _ => "nothing".to_owned(),
    }
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

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let models = Models::connect(scripted::answer).await?;
    let agent = Agent::new("Shop", models.default_model())
        .instructions("You work for a shop. Answer briefly.")
        .tool(list_orders);

    let database = env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite:accounts.db".to_owned());
    let store = if database.starts_with("postgres") {
        DynStore::new(PostgresStore::open(&database).await?.scoped(User::owner))
    } else {
        DynStore::new(SqliteStore::open(&database).await?.scoped(User::owner))
    };
    let server = ChatKitServer::new(Assistant { agent }, store)
        .owner(User::owner)
        .max_runs_per_owner(2);

    let sessions = Arc::new(Sessions::from_env()?);
    let of_requests = Arc::clone(&sessions);
    let user = move |parts| authenticate(Arc::clone(&of_requests), parts);
    let app = chatkit::axum::router(server.clone(), user).merge(pages(sessions));
    Ok(serve::serve(serve::listen().await?, app, server).await?)
}

/// The page for those who have signed in, and the way to do so.
fn pages(sessions: Arc<Sessions>) -> Router {
    let chat = Page::new("Accounts").disclaimer("[Be someone else](/sign-in)");
    let signed_in = middleware::from_fn_with_state(Arc::clone(&sessions), signed_in);
    Router::new()
        .route("/sign-in", get(ask_who))
        .route("/sign-in/{user}", post(sign_in))
        .route("/sign-out", post(sign_out))
        .with_state(sessions)
        .merge(chat.router().layer(signed_in))
}

/// Without a session, whatever is asked for is the sign-in.
async fn signed_in(
    State(sessions): State<Arc<Sessions>>,
    request: Request,
    next: Next,
) -> Response {
    if sessions.user(request.headers()).is_none() {
        return ask_who().await;
    }
    next.run(request).await
}

/// `GET /sign-in`
async fn ask_who() -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    (headers, Html(include_str!("sign_in.html"))).into_response()
}

/// `POST /sign-in/{user}`: here a server that is not an example wants a proof.
async fn sign_in(State(sessions): State<Arc<Sessions>>, Path(user): Path<String>) -> Response {
    if !USERS.contains(&user.as_str()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    (
        [(header::SET_COOKIE, sessions.begin(&user))],
        Redirect::to("/"),
    )
        .into_response()
}

/// `POST /sign-out`
async fn sign_out() -> Response {
    ([(header::SET_COOKIE, session::END)], Redirect::to("/")).into_response()
}

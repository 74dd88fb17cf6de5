//! What becomes of an answer when its client has gone away: it ends, or it goes on.
//!
//! ```text
//! ON_DISCONNECT=continue cargo run --bin disconnect
//! ```
//!
//! Say anything, and reload the page in the midst of the answer. With `cancel`, the default, what was said so far is in the
//! thread: that is how Stop stops, and the server cannot tell a reload from it. With `continue` the whole answer is there a
//! little later, so Stop needs a way of its own: `POST /stop/{thread_id}`.

use std::env;
use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use chatkit::store::MemoryStore;
use chatkit::types::UserMessageItem;
use chatkit::{ChatKitHandler, ChatKitServer, ErrorKind, OnDisconnect, Turn, TurnError};
use chatkit_examples::{page::Page, serve};
use futures::{StreamExt, stream};
use tokio::time::sleep;

/// How long the answer is.
const WORDS: usize = 50;

struct Slow;

impl ChatKitHandler for Slow {
    type Context = ();

    // Nothing here knows of clients that leave. Cancelled, it is dropped where it waits.
    async fn respond(
        &self,
        turn: &Turn<()>,
        _message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let words = stream::iter(1..=WORDS).then(async |n| {
            sleep(Duration::from_millis(100)).await;
            Ok::<_, TurnError>(format!("{n} "))
        });
        turn.stream_message(words).await
    }
}

/// `POST /stop/{thread_id}`: ends what goes on in a thread, and saves it. A server with users asks who is asking.
async fn stop(
    State(server): State<ChatKitServer<Slow>>,
    Path(thread_id): Path<String>,
) -> Result<String, StatusCode> {
    match server.stop(&thread_id, &()).await {
        Ok(stopped) => Ok(format!("{stopped} stopped")),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(StatusCode::NOT_FOUND),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let policy = match env::var("ON_DISCONNECT").as_deref() {
        Ok("cancel") | Err(_) => OnDisconnect::Cancel,
        Ok("continue") => OnDisconnect::Continue,
        Ok(other) => {
            return Err(format!("ON_DISCONNECT: {other:?} is neither cancel nor continue").into());
        }
    };
    let server = ChatKitServer::new(Slow, MemoryStore::new()).on_disconnect(policy);
    let stop = Router::new()
        .route("/stop/{thread_id}", post(stop))
        .with_state(server.clone());
    let app = chatkit::axum::router(server.clone(), serve::anyone)
        .merge(stop)
        .merge(Page::new("Disconnect").router());
    Ok(serve::serve(serve::listen().await?, app, server).await?)
}

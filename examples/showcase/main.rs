//! The whole protocol, one keyword at a time: for trying out a client, and for reading what a server sends when.
//!
//! ```text
//! cargo run --bin showcase
//! ```
//!
//! There is no model: the first keyword among the words of a message says what happens, the same each time. Threads and
//! files are kept in memory.
//!
//! | keyword | shows | file |
//! |---|---|---|
//! | `slow` | an answer of 15 seconds, to be stopped | `text.rs` |
//! | `ents` | an answer that refers to an entity and a file | `text.rs` |
//! | `widget` | a card that grows; actions for a stream, for one answer, and for the page | `widget.rs` |
//! | `workflow` | steps of work | `work.rs` |
//! | `progress` | progress in words, an effect in the page, a notice | `work.rs` |
//! | `image` | an image, first a coarse one | `work.rs` |
//! | `clienttool` | a tool of the page, whose result continues the answer | `questions.rs` |
//! | `structured` | questions for the user | `questions.rs` |
//! | `boom` | an error with a text of its own | `trouble.rs` |
//! | `crash` | a handler that fails | `trouble.rs` |
//! | `drop` | a connection that breaks in mid-answer | `trouble.rs` |
//! | `lockme`, `closeme` | a thread that takes no more messages | `trouble.rs` |
//! | `hello`, or none | an echo in small pieces, with a reference; it is the title, too | `text.rs` |
//!
//! `files.rs` has uploads, in two phases and direct; `handler.rs` has the rest: actions, feedback, dictation.
//!
//! | variable | default | |
//! |---|---|---|
//! | `PORT` | `8000` | on 127.0.0.1 |
//! | `UPLOAD_METHOD` | `POST` | how clients upload in two phases: `POST` a form, or `PUT` the bytes |
//! | `PUBLIC_BASE` | `http://127.0.0.1:$PORT` | what the URLs of uploads and files begin with |
//! | `CHATKIT_DOMAIN_KEY` | | with one, the page is that of the official ChatKit.js |
//! | `RUST_LOG` | `info` | |

mod connection;
mod files;
mod handler;
mod questions;
mod text;
mod trouble;
mod widget;
mod work;

use std::convert::Infallible;
use std::env;
use std::error::Error;

use axum::http::request::Parts;
use axum::middleware;
use chatkit::ChatKitServer;
use chatkit::store::{DynStore, MemoryStore};
use chatkit::types::{IconName, UploadMethod};
use chatkit_examples::page::{Page, Tool, Uploads};
use chatkit_examples::serve::{listen, serve, start_log};

use connection::Connection;
use files::Files;
use handler::Showcase;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    start_log()?;
    let listener = listen().await?;
    let base = match env::var("PUBLIC_BASE") {
        Ok(base) => base.trim_end_matches('/').to_owned(),
        Err(_) => format!("http://{}", listener.local_addr()?),
    };
    let method = match env::var("UPLOAD_METHOD").as_deref() {
        Ok("POST") | Err(_) => UploadMethod::Post,
        Ok("PUT") => UploadMethod::Put,
        Ok(other) => return Err(format!("UPLOAD_METHOD: {other:?} is neither POST nor PUT").into()),
    };

    let store = DynStore::new(MemoryStore::new());
    let files = Files::new(base, method, store.clone());
    let server = ChatKitServer::new(Showcase, store).attachment_store(files.clone());
    let context = |mut parts: Parts| async move {
        Ok::<_, Infallible>(Connection::of_request(&mut parts.extensions))
    };
    let app = chatkit::axum::router(server.clone(), context)
        .layer(middleware::from_fn(connection::breakable))
        .merge(files.router())
        .merge(page());
    serve(listener, app, server).await?;
    Ok(())
}

/// The page, with everything it can offer.
fn page() -> axum::Router {
    let keywords = [
        ("An echo", IconName::Sparkle, "hello"),
        ("A slow answer, to stop", IconName::Clock, "slow"),
        ("A widget", IconName::SquareCode, "widget"),
        ("A workflow", IconName::SettingsSlider, "workflow"),
        ("An image", IconName::SquareImage, "image"),
        ("Questions", IconName::CircleQuestion, "structured"),
        ("Progress, effect, notice", IconName::Bolt, "progress"),
        ("A tool of the page", IconName::Desktop, "clienttool"),
        ("Sources", IconName::Document, "ents"),
        ("An error", IconName::Bug, "boom"),
    ];
    let page = Page::new("Showcase")
        .greeting("What would you like to see?")
        .uploads(Uploads::TwoPhase)
        .tool(
            Tool::new("search", "Search the web", &IconName::Globe)
                .placeholder("What to search for?"),
        )
        .tool(
            Tool::new("think", "Think longer", &IconName::Lightbulb)
                .pinned()
                .persistent(),
        )
        .model("fast", "Fast", "Answers at once")
        .model("careful", "Careful", "Answers at once, too")
        .entity("ent-1", "Ada Lovelace", "People", &IconName::User)
        .entity("ent-2", "Alan Turing", "People", &IconName::User)
        .entity("ent-9", "ENT-NINE", "Documents", &IconName::Document)
        .action(
            "Send an action",
            "page.action",
            serde_json::json!({"from": "the page"}),
        )
        .dictation();
    let prompts = keywords.into_iter();
    prompts
        .fold(page, |page, (label, icon, word)| {
            page.prompt(label, &icon, word)
        })
        .router()
}

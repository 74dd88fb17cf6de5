//! The server side of [ChatKit](https://openai.github.io/chatkit-js/), OpenAI's finished chat UI.
//!
//! ChatKit.js draws the chat; it talks to one endpoint of yours. This crate is that endpoint: it reads the client's requests,
//! keeps threads, runs your handler, and streams what happens back as events.
//!
//! ```
//! use chatkit::store::MemoryStore;
//! use chatkit::types::UserMessageItem;
//! use chatkit::{ChatKitHandler, ChatKitServer, ProcessResult, Turn, TurnError};
//! use futures::StreamExt;
//!
//! struct Parrot;
//!
//! impl ChatKitHandler for Parrot {
//!     type Context = (); // what your authentication knows of the caller
//!
//!     async fn respond(&self, turn: &Turn<()>, message: Option<UserMessageItem>) -> Result<(), TurnError> {
//!         let text = message.map(|message| message.text()).unwrap_or_default();
//!         turn.add_message(text).await?; // stored, then sent
//!         turn.set_title("A talk with a parrot");
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), chatkit::Error> {
//! let server = ChatKitServer::new(Parrot, MemoryStore::new());
//! let body = br#"{"type": "threads.create", "params": {"input":
//!     {"content": [{"type": "input_text", "text": "Hello"}]}}}"#;
//! let ProcessResult::Streaming(mut events) = server.process(body, ()).await? else { unreachable!() };
//! while let Some(chunk) = events.next().await {
//!     print!("{}", String::from_utf8_lossy(&chunk?)); // data: {"type":"thread.created", …
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # The parts, in the order you meet them
//!
//! - [`ChatKitHandler`] is what you implement: [`respond`](ChatKitHandler::respond) to a message.
//!   [Actions](ChatKitHandler::action) of widgets, feedback and dictation are optional.
//! - [`Turn`] is what your handler talks to: [`send`](Turn::send) an event, [`forward`](Turn::forward) a stream of them,
//!   change the thread. It stores before it sends.
//! - [`types`] are the protocol: [items](types::ThreadItem), [events](types::ThreadStreamEvent),
//!   [requests](types::ChatKitRequest). [`widgets`] are what items can show besides text, and [`actions`] what users do in
//!   them.
//! - [`store`] keeps it all: in memory, in SQLite, in PostgreSQL, or in a [`Store`](store::Store) of yours. A store that is
//!   not [scoped](store::MemoryStore::scoped) shows every thread to every caller.
//! - [`ChatKitServer`] puts them together and takes the bytes of requests. The adapter for axum is one line:
//!   `chatkit::axum::router(server, authenticate)`.
//!
//! This crate knows no model. For agents add `chatkit-agents`, which has the guides too, a page for each topic.
//!
//! # Stop means stop
//!
//! When the client goes away, or its user presses Stop, the future of your handler is dropped, and with it everything it
//! waits for: model streams, tools, queries. Store writes that have begun are finished, the text so far is saved, and a
//! hidden note tells the model not to go on. See [`ChatKitHandler::handle_stream_cancelled`]. With
//! [`OnDisconnect::Continue`] the handler goes on instead, until [`ChatKitServer::stop`] is called.
//!
//! # Errors
//!
//! A handler fails by `?` with any type that implements [`std::error::Error`]; for a boxed error, or `anyhow::Error`, write
//! `.map_err(TurnError::new)?`. The client gets an `error` event with a general text, the log gets the error with all its
//! causes. A [`CustomStreamError`] chooses the text. See [`Error`] for what a server's caller gets.
//!
//! # In production
//!
//! ```
//! # use chatkit::types::UserMessageItem;
//! # use chatkit::{ChatKitHandler, Turn, TurnError};
//! # struct Assistant;
//! # struct User { id: String }
//! # impl ChatKitHandler for Assistant {
//! #     type Context = User;
//! #     async fn respond(&self, _: &Turn<User>, _: Option<UserMessageItem>) -> Result<(), TurnError> { Ok(()) }
//! # }
//! use chatkit::{ChatKitServer, store::MemoryStore};
//!
//! let owner = |user: &User| user.id.clone();
//! let server = ChatKitServer::new(Assistant, MemoryStore::new().scoped(owner))
//!     .owner(owner) // limits and repeated requests are counted per owner
//!     .max_runs(500)
//!     .max_runs_per_owner(3)
//!     .refuse_locked_threads(true);
//! # drop(server);
//! ```
//!
//! The guide `production` of the crate `chatkit-agents` (`chatkit_agents::guide::production`) is the whole of it, from sign-in
//! to backups. [`shutdown_within`](ChatKitServer::shutdown_within) ends open streams and saves them. The client posts a request again when it gets no answer;
//! [a repeat](ChatKitServer::repeat_window) stores no message twice. With
//! [`on_disconnect(OnDisconnect::Continue)`](ChatKitServer::on_disconnect) a reload does not lose the answer; the client's Stop
//! then does not end the model's work, so add a route that calls [`ChatKitServer::stop`]. [`telemetry`] names the spans and
//! counters.
//!
//! # Features
//!
//! None is on by default. The public API has types and traits of `bytes`, `chrono`, `futures-core`, `serde`, `serde_json`
//! and `tokio-util`; with the feature `axum` of `axum`, `http` and `tower-http`, and with `attachments` of `object_store`.
//!
//! | feature | |
//! |---|---|
//! | `attachments` | [`chatkit::attachments`](crate::attachments): a store for files and its routes, with a folder; with `attachments-s3`, `attachments-azure` or `attachments-gcs`, with a bucket |
//! | `axum` | [`chatkit::axum`](crate::axum): the route, refusals and CORS, for axum 0.8 |
//! | `macros` | [`#[derive(TypedAction)]`](derive@actions::TypedAction): actions as an enum |
//! | `postgres` | [`PostgresStore`](store::PostgresStore): the store for servers that are more than one process |
//! | `sqlite` | [`SqliteStore`](store::SqliteStore): the embedded store |
//! | `templates` | [`WidgetTemplate`](widgets::WidgetTemplate) and [`widget_template!`](widgets::widget_template): widgets from the files of the widget studio |
//! | `testing` | [`chatkit::testing`](crate::testing): the rules of stores as checks, for a store of yours |
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod actions;
#[cfg(feature = "attachments")]
pub mod attachments;
#[cfg(feature = "axum")]
pub mod axum;
mod causes;
mod error;
mod server;
pub mod store;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod types;
pub mod widgets;

#[doc(hidden)]
pub use causes::{find_source, write_error};
pub use error::{CustomStreamError, Error, ErrorKind, StreamError, TurnError};
pub use server::{
    ChatKitHandler, ChatKitServer, EventStream, OnDisconnect, ProcessResult, RequestInfo,
    ShutdownError, StreamingResult, Turn,
};

// The example of the README is a test.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// A boxed error of any kind.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

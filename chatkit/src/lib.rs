//! The server side of OpenAI's ChatKit chat UI.
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | is |
//! |---|---|
//! | `axum` | the HTTP adapter for axum 0.8 |
//! | `sqlite` | the embedded store |
//! | `templates` | widgets from the `.widget` files of the widget studio |
#![forbid(unsafe_code)]

#[cfg(feature = "axum")]
pub mod axum;
mod error;
mod server;
pub mod store;
pub mod types;
pub mod widgets;

pub use error::{BoxError, CustomStreamError, Error, ErrorKind, StreamError, TurnError};
pub use server::{
    ChatKitHandler, ChatKitServer, EventStream, ProcessResult, StreamingResult, Turn,
};

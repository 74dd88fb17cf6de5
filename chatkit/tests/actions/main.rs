//! Actions as Rust types, from a widget to the handler and back.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod server;
mod typed;

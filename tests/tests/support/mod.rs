//! What the tests have in common.

mod app;
mod basics;
mod client;
mod quickstart;
mod store;

pub(crate) use app::{App, Bot, Site};
pub(crate) use basics::{input, within};
pub(crate) use client::{Answer, Client};
pub(crate) use quickstart::Quickstart;
use serde_json::{Value, json};
pub(crate) use store::WatchedStore;

/// `threads.create` with a text.
pub(crate) fn create(text: &str) -> Value {
    json!({"type": "threads.create", "params": {"input": input(text)}})
}

/// `threads.add_user_message` with a text.
pub(crate) fn add(thread_id: &str, text: &str) -> Value {
    json!({
        "type": "threads.add_user_message",
        "params": {"thread_id": thread_id, "input": input(text)},
    })
}

/// An event in few words: its type, and the type of its item or update.
pub(crate) fn label(event: &Value) -> String {
    let kind = event["type"].as_str().unwrap();
    match event["item"]["type"]
        .as_str()
        .or(event["update"]["type"].as_str())
    {
        Some(what) => format!("{kind} {what}"),
        None => kind.to_owned(),
    }
}

pub(crate) fn labels(events: &[Value]) -> Vec<String> {
    events.iter().map(label).collect()
}

/// The thread that the events of a `threads.create` have made.
pub(crate) fn thread_id(events: &[Value]) -> String {
    assert_eq!(events[0]["type"], "thread.created", "{events:?}");
    events[0]["thread"]["id"].as_str().unwrap().to_owned()
}

/// The text deltas, joined.
pub(crate) fn streamed_text(events: &[Value]) -> String {
    let deltas = events
        .iter()
        .filter_map(|event| event["update"]["delta"].as_str());
    deltas.collect()
}

/// The one `error` event, which is the last event.
#[track_caller]
pub(crate) fn only_error(events: &[Value]) -> &Value {
    let errors = events.iter().filter(|event| event["type"] == "error");
    assert_eq!(errors.count(), 1, "{events:?}");
    let last = events.last().unwrap();
    assert_eq!(last["type"], "error", "{events:?}");
    last
}

/// The kinds of items, e.g. of a page.
pub(crate) fn kinds(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["type"].as_str().unwrap())
        .collect()
}

/// The text of a message, of either side.
pub(crate) fn text(item: &Value) -> String {
    let parts = item["content"].as_array().unwrap();
    parts
        .iter()
        .map(|part| part["text"].as_str().unwrap())
        .collect()
}

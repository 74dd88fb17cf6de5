//! The page about the wire: what it shows is what this library reads and writes, and all of it.

use std::collections::BTreeSet;

use chatkit::types::{
    Attachment, ChatKitRequest, Request, ThreadItem, ThreadItemUpdate, ThreadStreamEvent,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Deserializer, Value, json};

const PAGE: &str = include_str!("../../src/guide/wire_protocol.md");

/// The JSON of a section.
fn shown(section: &str) -> Vec<Value> {
    let (_, text) = PAGE
        .split_once(&format!("\n{section}\n"))
        .unwrap_or_else(|| panic!("no section {section}"));
    let end = text.find("\n# ").unwrap_or(text.len());
    let blocks = text[..end].split("```json\n").skip(1);
    let json = blocks.map(|block| block.split("```").next().unwrap());
    json.flat_map(|json| Deserializer::from_str(json).into_iter::<Value>())
        .map(Result::unwrap)
        .collect()
}

/// Reads each value, and writes it as it was. Gives their types.
fn survive<T: Serialize + DeserializeOwned>(values: &[Value]) -> BTreeSet<&str> {
    for value in values {
        let read: T = serde_json::from_value(value.clone())
            .unwrap_or_else(|error| panic!("{value}: {error}"));
        assert_eq!(&json!(read), value);
    }
    kinds(values)
}

fn kinds(values: &[Value]) -> BTreeSet<&str> {
    let kinds = values.iter().map(|value| value["type"].as_str().unwrap());
    kinds.collect()
}

fn all(types: &[&'static str]) -> BTreeSet<&'static str> {
    types.iter().copied().collect()
}

#[test]
fn the_page_about_the_wire_shows_every_request() {
    let requests = shown("# Requests");
    for request in &requests {
        let read = ChatKitRequest::from_slice(request.to_string().as_bytes())
            .unwrap_or_else(|error| panic!("{request}: {error}"));
        assert_eq!(read.type_name(), request["type"]);
    }
    assert_eq!(kinds(&requests), all(Request::TYPES));
}

#[test]
fn the_page_about_the_wire_shows_every_event_update_and_item() {
    let events = shown("# A turn's events");
    assert_eq!(
        survive::<ThreadStreamEvent>(&events),
        all(ThreadStreamEvent::TYPES)
    );
    let updates = shown("# Updates");
    assert_eq!(
        survive::<ThreadItemUpdate>(&updates),
        all(ThreadItemUpdate::TYPES)
    );
    let items = shown("# Items");
    assert_eq!(survive::<ThreadItem>(&items), all(ThreadItem::TYPES));
    let uploads = shown("# Uploads");
    assert_eq!(survive::<Attachment>(&uploads).len(), 1);
}

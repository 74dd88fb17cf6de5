//! What the tests have in common.

// From the end-to-end tests: the client that shows when a connection closes, and what it needs.
#[path = "../../../tests/tests/support/basics.rs"]
mod basics;
#[path = "../../../tests/tests/support/client.rs"]
mod client;
mod process;

use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::{Value, json};

pub(crate) use basics::{input, within};
pub(crate) use process::Example;

/// A directory that is gone with the test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("{name}-{}", std::process::id());
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    /// The path of something in it.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// The URL of a database in it.
    pub(crate) fn database(&self) -> String {
        format!("sqlite:{}", self.path("chat.db"))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The type of a [`form`].
pub(crate) const FORM: [(&str, &str); 1] =
    [("content-type", "multipart/form-data; boundary=limit")];

/// A form with one file.
pub(crate) fn form(name: &str, mime_type: &str, bytes: &[u8]) -> Vec<u8> {
    let mut form = format!(
        "--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         content-type: {mime_type}\r\n\r\n"
    )
    .into_bytes();
    form.extend(bytes);
    form.extend(b"\r\n--limit--\r\n");
    form
}

/// A request.
#[expect(clippy::needless_pass_by_value, reason = "it is a literal")]
pub(crate) fn request(kind: &str, params: Value) -> Value {
    json!({"type": kind, "params": params})
}

/// `threads.create` with a text.
pub(crate) fn create(text: &str) -> Value {
    request("threads.create", json!({"input": input(text)}))
}

/// The thread that the events of a `threads.create` have made.
pub(crate) fn thread_id(events: &[Value]) -> String {
    assert_eq!(events[0]["type"], "thread.created", "{events:?}");
    events[0]["thread"]["id"].as_str().unwrap().to_owned()
}

/// What follows the head of a turn: its thread, the user's message and the options.
pub(crate) fn answer(events: &[Value]) -> &[Value] {
    let head = events
        .iter()
        .position(|event| event["type"] == "stream_options");
    &events[head.unwrap() + 1..]
}

/// The text of the assistant's messages that are done.
pub(crate) fn said(events: &[Value]) -> Vec<&str> {
    let done = events
        .iter()
        .filter(|event| event["type"] == "thread.item.done")
        .map(|event| &event["item"])
        .filter(|item| item["type"] == "assistant_message");
    done.map(|item| item["content"][0]["text"].as_str().unwrap())
        .collect()
}

/// Events in few words: their types, and those of items and updates.
pub(crate) fn labels(events: &[Value]) -> Vec<String> {
    let label = |event: &Value| {
        let parts = [
            &event["type"],
            &event["item"]["type"],
            &event["update"]["type"],
        ];
        let parts: Vec<_> = parts.iter().filter_map(|part| part.as_str()).collect();
        parts.join(" ")
    };
    events.iter().map(label).collect()
}

/// `threads.add_user_message` with a text.
pub(crate) fn add(thread_id: &str, text: &str) -> Value {
    let params = json!({"thread_id": thread_id, "input": input(text)});
    request("threads.add_user_message", params)
}

/// The same events with names in the place of ids, `msg_1` for the first id of a message, and without times.
pub(crate) fn named(events: &[Value]) -> Value {
    let mut names = Names::default();
    events.iter().map(|event| names.replace(event)).collect()
}

#[derive(Default)]
struct Names {
    names: HashMap<String, String>,
    counts: HashMap<String, usize>,
}

impl Names {
    fn replace(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => text
                .split('/')
                .map(|part| self.name(part))
                .collect::<Vec<_>>()
                .join("/")
                .into(),
            Value::Array(values) => values.iter().map(|value| self.replace(value)).collect(),
            Value::Object(fields) => fields
                .iter()
                .filter(|(name, _)| *name != "created_at")
                .map(|(name, value)| (name.clone(), self.replace(value)))
                .collect(),
            value => value.clone(),
        }
    }

    fn name(&mut self, text: &str) -> String {
        match text.split_once('_') {
            Some((prefix, digits))
                if digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()) =>
            {
                let counts = &mut self.counts;
                let name = self.names.entry(text.to_owned()).or_insert_with(|| {
                    let count = counts.entry(prefix.to_owned()).or_default();
                    *count += 1;
                    format!("{prefix}_{count}")
                });
                name.clone()
            }
            _ => text.to_owned(),
        }
    }
}

//! The model that answers when there is no key: it says which files it has got, in this message and those before.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chatkit_agents::testing::{RecordedRequest, Script};
use serde_json::Value;

pub(crate) fn answer(request: &RecordedRequest) -> Script {
    let input = request.body["input"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let parts = input
        .iter()
        .filter_map(|item| item["content"].as_array())
        .flatten();
    let files: Vec<String> = parts.filter_map(file).collect();
    match files.len() {
        0 => Script::text("I have got no file. Attach one: an image, a PDF or a text."),
        _ => Script::text(format!("I have got:\n\n- {}", files.join("\n- "))),
    }
}

/// What a part of a message says of a file, if it is one.
fn file(part: &Value) -> Option<String> {
    if let Some(url) = part["image_url"].as_str() {
        return Some(format!("an image: {}", data(url)?));
    }
    if let Some(url) = part["file_data"].as_str() {
        let name = part["filename"].as_str()?;
        return Some(format!("the file {name}: {}", data(url)?));
    }
    // What else a file has to say is text, between these two lines.
    let (_, text) = part["text"].as_str()?.split_once("\n<Attachment>\n")?;
    let (text, _) = text.rsplit_once("\n</Attachment>")?;
    let first = text.lines().next().unwrap_or_default();
    Some(format!(
        "a text of {} bytes that begins: {first}",
        text.len()
    ))
}

/// The type and the size of what is in a `data:` URL.
fn data(url: &str) -> Option<String> {
    let (mime_type, base64) = url.strip_prefix("data:")?.split_once(";base64,")?;
    let bytes = STANDARD.decode(base64).ok()?;
    Some(format!("{mime_type}, {} bytes", bytes.len()))
}

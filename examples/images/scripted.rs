//! The model that answers when there is no key. It has one picture, and gets it into focus.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chatkit_agents::testing::{RecordedRequest, Script};

const COARSE: &[u8] = include_bytes!("../showcase/pictures/partial.png");
const FINE: &[u8] = include_bytes!("../showcase/pictures/done.png");

pub(crate) fn answer(request: &RecordedRequest) -> Script {
    let input = request.body["input"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let parts = input
        .iter()
        .filter_map(|item| item["content"].as_array())
        .flatten();
    let images = parts.filter_map(|part| part["image_url"].as_str());
    let seen = images
        .filter(|url| url.starts_with("data:image/png;base64,"))
        .count();
    Script::image(STANDARD.encode(FINE))
        .partial_image(STANDARD.encode(COARSE))
        .partial_image(STANDARD.encode(FINE))
        .then_text(format!("Here it is. I have seen {seen} before."))
}

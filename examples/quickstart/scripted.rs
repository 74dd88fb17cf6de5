//! The model that answers when there is no key: it calls the tool when asked for the weather, and otherwise repeats what
//! it hears; titles are the first words. It is reached over HTTP like the real one.

use std::time::Duration;

use chatkit_agents::testing::{RecordedRequest, Script};
use serde_json::{Value, json};

/// The pace of a model that writes fast.
const PAUSE: Duration = Duration::from_millis(15);

/// Answers a request to the Responses API.
pub(crate) fn answer(request: &RecordedRequest) -> Script {
    let input = request.body["input"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let instructions = request.body["instructions"].as_str().unwrap_or_default();
    if instructions.starts_with("Write a title") {
        let words = said(input).unwrap_or_default();
        let title: Vec<&str> = words.split_whitespace().take(5).collect();
        return Script::text(title.join(" "));
    }
    let script = match input.last() {
        Some(item) if item["type"] == "function_call_output" => {
            Script::text(report(&item["output"]))
        }
        _ => match said(input) {
            Some(text) if text.to_lowercase().contains("weather") => {
                Script::reasoning("The user asks for the weather, and there is a tool for that.")
                    .then_function_call("get_weather", json!({"city": city(&text)}))
            }
            Some(text) => Script::text(format!(
                "You said: {text}\n\nI am a **scripted** model: I repeat what I hear. Ask me for the weather in Paris to see \
                me use a tool, or set `OPENAI_API_KEY` to talk to a real one."
            )),
            None => Script::text("There is nothing to answer."),
        },
    };
    script.delay(PAUSE)
}

/// The newest text of the user.
fn said(input: &[Value]) -> Option<String> {
    let message = input.iter().rev().find(|item| item["role"] == "user")?;
    let parts = message["content"].as_array()?;
    Some(
        parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
    )
}

/// The words behind "in", without punctuation.
fn city(text: &str) -> String {
    let place = text.rsplit_once(" in ").map_or("", |(_, place)| place);
    let place: String = place
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '\''))
        .collect();
    match place.trim() {
        "" => "Paris".to_owned(),
        place => place.to_owned(),
    }
}

/// Says in words what the tool has found.
fn report(output: &Value) -> String {
    let forecast: Value = output
        .as_str()
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    match (
        forecast["city"].as_str(),
        forecast["sky"].as_str(),
        forecast["celsius"].as_i64(),
    ) {
        (Some(city), Some(sky), Some(celsius)) => {
            format!("In **{city}** the sky is {sky}, and it is {celsius} °C.")
        }
        _ => "The tool gave no forecast.".to_owned(),
    }
}

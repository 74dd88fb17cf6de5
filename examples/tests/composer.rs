//! What users pick and mention.

use serde_json::{Value, json};

use crate::support::{Example, answer, input, labels, request, said};

const PROGRAM: &str = env!("CARGO_BIN_EXE_composer");

/// The answer to a message.
async fn answer_to(message: Value) -> Vec<Value> {
    let composer = Example::start(PROGRAM).await;
    let events = composer
        .stream(&request("threads.create", json!({"input": message})))
        .await;
    answer(&events).to_vec()
}

/// A message with what the user has picked.
fn picked(options: Value) -> Value {
    let mut message = input("Holidays");
    message["inference_options"] = options;
    message
}

#[tokio::test]
async fn the_model_that_was_picked_answers() {
    let events = answer_to(picked(json!({"model": "thorough"}))).await;
    assert_eq!(said(&events), ["I am gpt-5.6, and read: Holidays"]);
    let events = answer_to(input("Holidays")).await;
    assert_eq!(said(&events), ["I am gpt-5.6-luna, and read: Holidays"]);
}

#[tokio::test]
async fn the_tool_that_was_picked_is_used_and_its_source_cited() {
    let events = answer_to(picked(json!({"tool_choice": {"id": "search_handbook"}}))).await;
    let progress =
        json!({"type": "progress_update", "text": "Searching for \"Holidays\"", "icon": "search"});
    assert!(events.contains(&progress), "{:?}", labels(&events));
    let message = &events.last().unwrap()["item"]["content"][0];
    assert_eq!(message["text"], "It is in chapter 3.");
    let source =
        json!({"type": "url", "title": "Handbook", "url": "https://example.com/handbook#3"});
    assert_eq!(
        message["annotations"],
        json!([{"type": "annotation", "source": source, "index": 18}])
    );
}

#[tokio::test]
async fn only_what_is_offered_can_be_picked() {
    for (options, text) in [
        (json!({"model": "expensive"}), "This model is not offered."),
        (
            json!({"tool_choice": {"id": "rm"}}),
            "This tool is not offered.",
        ),
    ] {
        let error =
            json!({"type": "error", "code": "custom", "message": text, "allow_retry": false});
        assert_eq!(answer_to(picked(options)).await, [error]);
    }
}

#[tokio::test]
async fn the_model_is_told_about_what_is_mentioned() {
    let mut message = input("");
    message["content"] = json!([
        {"type": "input_text", "text": "Who is "},
        {"type": "input_tag", "id": "cus_9", "text": "Ada"},
    ]);
    let events = answer_to(message).await;
    let [text] = said(&events)[..] else {
        panic!("{events:?}")
    };
    assert!(
        text.contains("<CUSTOMER id=\"cus_9\">Customer since 2019.</CUSTOMER>"),
        "{text}"
    );
}

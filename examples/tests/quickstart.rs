//! The quickstart: its history, its titles, and its model where there is a key.

use chatkit_agents::testing::{RecordedRequest, Script, ScriptedResponses};
use serde_json::{Value, json};

use crate::support::{Example, add, create, said, thread_id};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quickstart");
const MEMORY: (&str, &str) = ("DATABASE_URL", "memory");

#[tokio::test]
async fn a_conversation_gets_a_title_once() {
    let quickstart = Example::start_with(PROGRAM, &[MEMORY]).await;
    let events = quickstart
        .stream(&create("What is the weather in Oslo?"))
        .await;
    assert_eq!(
        said(&events),
        ["In **Oslo** the sky is clear, and it is 21 °C."]
    );
    let titles: Vec<&Value> = events
        .iter()
        .filter(|event| event["type"] == "thread.updated")
        .map(|event| &event["thread"]["title"])
        .collect();
    assert_eq!(titles, ["What is the weather in"]);
    let thread = thread_id(&events);
    let events = quickstart.stream(&add(&thread, "Thank you")).await;
    assert!(events.iter().all(|event| event["type"] != "thread.updated"));
    assert_eq!(
        quickstart.thread(&thread).await["title"],
        "What is the weather in"
    );
}

/// Whether a title is asked for.
fn is_title(request: &RecordedRequest) -> bool {
    let instructions = request.body["instructions"].as_str();
    instructions.is_some_and(|text| text.starts_with("Write a title"))
}

#[tokio::test]
async fn the_model_gets_the_history_and_an_answer_needs_no_title() {
    let openai = ScriptedResponses::start_with(|request| match is_title(request) {
        true => Script::status(400),
        false => Script::text("Hello."),
    });
    let openai = openai.await.unwrap();
    let base = openai.base_url();
    let variables = [
        MEMORY,
        ("OPENAI_API_KEY", "sk-test"),
        ("OPENAI_BASE_URL", &base),
        ("MODEL", "my-model"),
    ];
    let mut quickstart = Example::start_with(PROGRAM, &variables).await;
    let events = quickstart.stream(&create("One")).await;
    assert_eq!(said(&events), ["Hello."]);
    quickstart.logs("the conversation gets no title").await;
    let thread = thread_id(&events);
    assert!(quickstart.thread(&thread).await.get("title").is_none());
    quickstart.stream(&add(&thread, "Two")).await;

    let requests = openai.requests();
    let answers = requests.iter().filter(|request| !is_title(request));
    let read: Vec<Value> = answers
        .map(|request| {
            assert_eq!(request.body["model"], "my-model");
            assert_eq!(request.header("authorization"), Some("Bearer sk-test"));
            let input = request.body["input"].as_array().unwrap();
            let texts = input.iter().map(|item| &item["content"][0]["text"]);
            texts.cloned().collect()
        })
        .collect();
    assert_eq!(read, [json!(["One"]), json!(["One", "Hello.", "Two"])]);
}

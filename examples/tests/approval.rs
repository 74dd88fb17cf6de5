//! A refund that waits for its approval, while the server is stopped and started again.

use serde_json::{Value, json};

use crate::support::{Directory, Example, create, request, said, thread_id};

const PROGRAM: &str = env!("CARGO_BIN_EXE_approval");

fn submit(thread: &str, question: &Value, answer: &str) -> Value {
    let id = question["inputs"][0]["id"].as_str().unwrap();
    let answers = json!({id: {"values": [answer], "skipped": false}});
    let input = json!({"status": "answered", "answers": answers});
    let params = json!({"thread_id": thread, "item_id": question["id"], "input": input});
    request("threads.add_structured_input", params)
}

#[tokio::test]
async fn an_approval_outlives_the_process() {
    let directory = Directory::new("approval");
    let database = directory.database();
    let variables = [("DATABASE_URL", database.as_str())];

    let shop = Example::start_with(PROGRAM, &variables).await;
    let events = shop.stream(&create("Please refund order 17")).await;
    let question = events.last().unwrap()["item"].clone();
    assert_eq!(question["type"], "structured_input");
    assert_eq!(
        question["inputs"][0]["question"],
        "Clerk wants to use refund.\neuros: 25\norder: 17"
    );
    assert!(said(&events).is_empty());
    let thread = thread_id(&events);
    drop(shop);

    let shop = Example::start_with(PROGRAM, &variables).await;
    let events = shop.stream(&submit(&thread, &question, "Approve")).await;
    let paid = "About your refund: 25 € for the order 17 are on their way.";
    assert_eq!(said(&events), [paid]);
    let events = shop.stream(&submit(&thread, &question, "Approve")).await;
    assert_eq!(events.last().unwrap()["type"], "error");

    // A text of the user's own rejects, and the model reads it.
    let events = shop.stream(&create("Please refund order 18")).await;
    let question = events.last().unwrap()["item"].clone();
    let events = shop
        .stream(&submit(&thread_id(&events), &question, "The other one"))
        .await;
    let told = "About your refund: Tool execution was not approved. The user says: The other one";
    assert_eq!(said(&events), [told]);
}

//! The echo answers.

use serde_json::json;

use crate::support::{Example, add, answer, create, named, said, thread_id};

#[tokio::test]
async fn what_is_said_comes_back() {
    let echo = Example::start(env!("CARGO_BIN_EXE_echo")).await;
    let events = echo.stream(&create("Hello")).await;
    let expected = json!([{"type": "thread.item.done", "item": {
        "type": "assistant_message", "id": "msg_1", "thread_id": "thr_1",
        "content": [{"type": "output_text", "text": "You said: Hello", "annotations": []}],
    }}]);
    assert_eq!(named(answer(&events)), expected);

    let thread = thread_id(&events);
    let events = echo.stream(&add(&thread, "Hello again")).await;
    assert_eq!(said(&events), ["You said: Hello again"]);
    assert_eq!(echo.items(&thread).await.len(), 4);
}

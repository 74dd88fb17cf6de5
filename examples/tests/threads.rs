//! Locked and closed threads, notices and errors.

use serde_json::{Value, json};

use crate::support::{Example, add, answer, create, labels, request, said, thread_id};

const PROGRAM: &str = env!("CARGO_BIN_EXE_threads");

const REFUSED: &str = "This conversation takes no messages.";

#[tokio::test]
async fn a_locked_thread_waits_for_a_person() {
    let desk = Example::start(PROGRAM).await;
    let events = desk.stream(&create("agent")).await;
    let thread = thread_id(&events);
    let locked = json!({"type": "locked", "reason": "Waiting for a person to join."});
    assert_eq!(desk.thread(&thread).await["status"], locked);
    let events = desk.stream(&add(&thread, "Hello?")).await;
    assert_eq!(answer(&events)[0]["message"], REFUSED);

    let action = json!({"type": "person.joined"});
    let params = json!({"thread_id": thread, "item_id": null, "action": action});
    let events = desk.stream(&request("threads.custom_action", params)).await;
    assert_eq!(
        labels(answer(&events)),
        ["thread.item.done assistant_message", "thread.updated"]
    );
    assert_eq!(
        answer(&events)[1]["thread"]["status"],
        json!({"type": "active"})
    );
    let events = desk.stream(&add(&thread, "Hello!")).await;
    assert_eq!(said(&events), ["You said: Hello!"]);
}

#[tokio::test]
async fn a_closed_thread_stays_closed() {
    let desk = Example::start(PROGRAM).await;
    let events = desk.stream(&create("bye")).await;
    let closed = json!({"type": "closed", "reason": "This conversation is over."});
    assert_eq!(events.last().unwrap()["thread"]["status"], closed);
    let events = desk.stream(&add(&thread_id(&events), "Hello?")).await;
    assert_eq!(answer(&events)[0]["message"], REFUSED);
}

#[tokio::test]
async fn a_failure_that_users_understand_can_be_tried_again() {
    let desk = Example::start(PROGRAM).await;
    let events = desk.stream(&create("report")).await;
    let error = json!({
        "type": "error", "code": "custom", "message": "The report is not ready yet.", "allow_retry": true,
    });
    assert_eq!(answer(&events), [error]);
    let retry = json!({"thread_id": thread_id(&events), "item_id": events[1]["item"]["id"]});
    let events = desk
        .stream(&request("threads.retry_after_item", retry))
        .await;
    assert_eq!(said(&events), ["Here is your report."]);
}

#[tokio::test]
async fn notices_say_when_answers_run_out() {
    let desk = Example::start(PROGRAM).await;
    let events = desk.stream(&create("1")).await;
    let thread = thread_id(&events);
    let mut notices: Vec<Value> = Vec::new();
    let mut last = Vec::new();
    for text in ["2", "3", "4", "5"] {
        last = desk.stream(&add(&thread, text)).await;
        let new = last.iter().filter(|event| event["type"] == "notice");
        notices.extend(new.cloned());
    }
    let expected = [
        json!({
            "type": "notice", "level": "info", "message": "There is **one** answer left.",
            "actions": [{"label": "Get more", "link": "https://example.com/plans"}],
        }),
        json!({
            "type": "notice", "level": "warning", "message": "Start a **new** conversation to go on.",
            "title": "No answers left",
        }),
    ];
    assert_eq!(notices, expected);
    let closed = &last.last().unwrap()["thread"];
    assert_eq!(closed["status"]["type"], "closed");
    assert_eq!(
        closed["metadata"],
        json!({}),
        "the count is nobody's business"
    );
}

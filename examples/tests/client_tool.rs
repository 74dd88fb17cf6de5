//! The page's tool, effect and hidden context.

use serde_json::json;

use crate::support::{Example, add, answer, create, labels, request, said, thread_id};

const PROGRAM: &str = env!("CARGO_BIN_EXE_client_tool");

#[tokio::test]
async fn the_page_answers_a_tool_and_the_agent_goes_on() {
    let editor = Example::start(PROGRAM).await;
    let events = editor.stream(&create("What is selected?")).await;
    let last = &events.last().unwrap()["item"];
    assert_eq!(last["type"], "client_tool_call");
    assert_eq!(
        (&last["name"], &last["status"]),
        (&json!("get_selection"), &json!("pending"))
    );

    let output = json!({"thread_id": thread_id(&events), "result": "a teapot"});
    let events = editor
        .stream(&request("threads.add_client_tool_output", output))
        .await;
    assert_eq!(said(&events), ["The tool says: \"a teapot\""]);
}

#[tokio::test]
async fn an_effect_happens_in_the_page() {
    let editor = Example::start(PROGRAM).await;
    let events = editor.stream(&create("Highlight tea, please")).await;
    let effect =
        json!({"type": "client_effect", "name": "highlight", "data": {"text": "tea, please"}});
    assert!(events.contains(&effect), "{:?}", labels(&events));
    assert_eq!(said(&events), ["The tool says: It is highlighted."]);
}

#[tokio::test]
async fn the_agent_knows_what_the_user_does_not_see() {
    let editor = Example::start(PROGRAM).await;
    let events = editor.stream(&create("Which document is open?")).await;
    assert_eq!(said(&events), ["What I know: nothing"]);

    let thread = thread_id(&events);
    let action = json!({"type": "document.opened", "payload": {"name": "plan.md"}});
    let params = json!({"thread_id": thread, "item_id": null, "action": action});
    let events = editor
        .stream(&request("threads.custom_action", params))
        .await;
    assert!(answer(&events).is_empty(), "{events:?}");

    let events = editor.stream(&add(&thread, "And now?")).await;
    let [text] = said(&events)[..] else {
        panic!("{events:?}")
    };
    assert!(text.contains("The user has opened \"plan.md\"."), "{text}");
    let items = editor.items(&thread).await;
    assert!(
        items
            .iter()
            .all(|item| item["type"] != "hidden_context_item"),
        "{items:?}"
    );
}

//! The widgets, and the form that keeps what is entered.

use serde_json::{Value, json};

use crate::support::{Example, answer, create, labels, request, thread_id};

const PROGRAM: &str = env!("CARGO_BIN_EXE_widgets");

/// The one item that a word is answered with.
async fn shown(word: &str) -> Value {
    let widgets = Example::start(PROGRAM).await;
    let events = widgets.stream(&create(word)).await;
    let events = answer(&events);
    assert_eq!(labels(events), ["thread.item.done widget"]);
    events[0]["item"].clone()
}

#[tokio::test]
async fn an_order_is_made_of_its_template() {
    let line = |text: &str| json!({"type": "Row", "children": [{"type": "Text", "value": text}]});
    let expected = json!({
        "type": "Card", "size": "sm", "status": {"text": "on the way"},
        "children": [
            {"type": "Title", "value": "Order A-17"},
            {"type": "Caption", "value": "Leave it at the door."},
            {"type": "Col", "children": [line("2 × Tea"), line("1 × Cup")]},
        ],
    });
    assert_eq!(shown("order").await["widget"], expected);
}

#[tokio::test]
async fn a_table_can_be_copied() {
    let item = shown("Table").await;
    assert_eq!(item["copy_text"], "Oslo\t4\nParis\t11\nRome\t17\n");
    let rows = &item["widget"]["children"][0]["children"];
    assert_eq!(rows[0]["header"], true);
    let text = |row: usize, cell: usize| &rows[row]["children"][cell]["children"][0]["value"];
    assert_eq!((text(2, 0), text(2, 1)), (&json!("Paris"), &json!("11 °C")));
}

#[tokio::test]
async fn a_chart_has_two_series() {
    let item = shown("chart").await;
    let chart = &item["widget"]["children"][1];
    assert_eq!(
        chart["data"][1],
        json!({"month": "Feb", "sold": 17, "returned": 11})
    );
    let keys = [
        &chart["series"][0]["dataKey"],
        &chart["series"][1]["dataKey"],
    ];
    assert_eq!(keys, ["sold", "returned"]);
}

#[tokio::test]
async fn anything_else_shows_what_there_is() {
    let item = shown("What is there?").await;
    assert_eq!(item["widget"]["type"], "ListView");
    assert_eq!(item["widget"]["children"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_story_grows_by_deltas() {
    let widgets = Example::start(PROGRAM).await;
    let events = widgets.stream(&create("story")).await;
    let events = answer(&events);
    let deltas = events
        .iter()
        .filter_map(|event| event["update"]["delta"].as_str());
    assert_eq!(deltas.clone().count(), 10);
    let text: String = deltas.collect();
    assert!(text.starts_with(" upon a time"), "{text}");
    let done = &events.last().unwrap()["item"]["widget"]["children"][0];
    assert_eq!(
        done["value"],
        "Once upon a time there was a **teapot**. It is still there."
    );
    assert_eq!(done["streaming"], false);
}

#[tokio::test]
async fn a_form_keeps_what_is_entered_and_can_be_deleted() {
    let mut widgets = Example::start(PROGRAM).await;
    let events = widgets.stream(&create("todo")).await;
    let thread = thread_id(&events);
    let form = &answer(&events)[0]["item"];
    let submit = &form["widget"]["children"][0]["onSubmitAction"];
    assert_eq!(submit["streaming"], false);

    // As the client sends it: the values of the controls merged into the payload.
    let mut action = json!({"type": submit["type"], "payload": submit["payload"]});
    action["payload"]["todo"] = json!({"title": "Buy tea", "done": true});
    let params = json!({"thread_id": thread, "item_id": form["id"], "action": action});
    let saved = widgets
        .get(&request("threads.sync_custom_action", params.clone()))
        .await;
    let controls = &saved["updated_item"]["widget"]["children"][0]["children"];
    assert_eq!(controls[1]["value"], "Buy tea");
    assert_eq!(controls[2]["defaultChecked"], true);
    assert_eq!(widgets.items(&thread).await[1], saved["updated_item"]);
    widgets.logs("saved").await;

    // What does not fit is named, and not repeated.
    let mut wrong = params.clone();
    wrong["action"]["payload"]["todo"]["title"] = 5.into();
    let (status, body) = widgets
        .ask(&request("threads.sync_custom_action", wrong))
        .await;
    assert_eq!(status, 400);
    let message = body["message"].as_str().unwrap();
    assert!(message.contains("payload.todo.title"), "{message}");

    let mut delete = params;
    delete["action"] = json!({"type": "todo.delete", "payload": {"id": 7}});
    let events = widgets
        .stream(&request("threads.custom_action", delete))
        .await;
    assert_eq!(labels(answer(&events)), ["thread.item.removed"]);
    assert_eq!(widgets.items(&thread).await.len(), 1);
}

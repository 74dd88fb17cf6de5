//! A support desk, from the first question to the refund.

use serde_json::{Value, json};

use crate::support::{Directory, Example, answer, create, input, labels, request, said, thread_id};

const PROGRAM: &str = env!("CARGO_BIN_EXE_support_desk");
const PICTURE: &[u8] = include_bytes!("../showcase/pictures/done.png");

async fn start(directory: &Directory) -> Example {
    let (database, files) = (directory.database(), directory.path("files"));
    let variables = [("DATABASE_URL", &*database), ("ATTACHMENTS", &*files)];
    Example::start_with(PROGRAM, &variables).await
}

/// The kinds of the items that are done.
fn done(events: &[Value]) -> Vec<&str> {
    let done = answer(events)
        .iter()
        .filter(|event| event["type"] == "thread.item.done");
    done.map(|event| event["item"]["type"].as_str().unwrap())
        .collect()
}

/// The answer to the one question of a structured input.
fn decide(thread: &str, question: &Value, answer: &str) -> Value {
    let id = question["inputs"][0]["id"].as_str().unwrap();
    let answers = json!({id: {"values": [answer], "skipped": false}});
    let input = json!({"status": "answered", "answers": answers});
    let params = json!({"thread_id": thread, "item_id": question["id"], "input": input});
    request("threads.add_structured_input", params)
}

#[tokio::test]
async fn an_order_is_found_by_the_one_who_knows_orders_and_its_card_has_buttons() {
    let directory = Directory::new("desk-order");
    let desk = start(&directory).await;
    let events = desk.stream(&create("Where is order 8?")).await;
    assert_eq!(done(&events), ["workflow", "widget", "assistant_message"]);
    assert_eq!(said(&events), ["Two cups (order 8): on the way."]);
    let thread = thread_id(&events);
    let items = desk.items(&thread).await;
    let steps = items[1]["workflow"]["tasks"].as_array().unwrap();
    let step = steps.last().unwrap();
    assert_eq!(
        (&step["title"], &step["status_indicator"]),
        (&json!("Looking for order 8"), &json!("complete"))
    );
    let card = &items[2];
    assert_eq!(card["widget"]["status"]["text"], "on the way");

    // One button is answered with the card,
    let buttons = &card["widget"]["children"][2]["children"];
    let params = |button: &Value| {
        let action = &button["onClickAction"];
        let action = json!({"type": action["type"], "payload": action["payload"]});
        json!({"thread_id": thread, "item_id": card["id"], "action": action})
    };
    assert_eq!(buttons[0]["onClickAction"]["streaming"], false);
    let track = request("threads.sync_custom_action", params(&buttons[0]));
    let tracked = desk.get(&track).await;
    assert_eq!(
        tracked["updated_item"]["widget"]["status"]["text"],
        "on the way, seen just now"
    );
    // stored as it is shown,
    let stored = &desk.items(&thread).await[2];
    assert_eq!(stored["id"], card["id"]);
    assert_eq!(
        stored["widget"]["status"],
        tracked["updated_item"]["widget"]["status"]
    );
    // and the other one by an agent.
    let refund = request("threads.custom_action", params(&buttons[1]));
    let events = desk.stream(&refund).await;
    let question = &events.last().unwrap()["item"]["inputs"][0]["question"];
    assert_eq!(
        question,
        "Refunds wants to use refund.\nnumber: 8\nreason: \"unwanted\""
    );
}

#[tokio::test]
async fn a_refund_waits_for_its_approval_while_the_desk_is_closed() {
    let directory = Directory::new("desk-refund");
    let desk = start(&directory).await;
    let params = json!({"name": "teapot.png", "size": PICTURE.len(), "mime_type": "image/png"});
    let picture = desk.get(&request("attachments.create", params)).await;
    let place = picture["upload_descriptor"]["url"].as_str().unwrap();
    let place = place.strip_prefix(&desk.url).unwrap();
    let headers = [("content-type", "image/png")];
    let uploaded = desk.request("PUT", place, &headers, PICTURE).await;
    assert_eq!(uploaded.status, 200);
    let mut message = input("Order 7 came broken, I want a refund.");
    message["attachments"] = json!([picture["id"]]);
    let events = desk
        .stream(&request("threads.create", json!({"input": message})))
        .await;
    let question = events.last().unwrap()["item"].clone();
    assert_eq!(
        question["type"],
        "structured_input",
        "{:?}",
        labels(&events)
    );
    let thread = thread_id(&events);
    drop(desk);

    let desk = start(&directory).await;
    let events = desk.stream(&decide(&thread, &question, "Pay back")).await;
    let effect = json!({"type": "client_effect", "name": "order_refunded", "data": {"number": 7}});
    let progress = json!({"type": "progress_update", "text": "Paying back", "icon": "reload"});
    assert!(
        events.contains(&effect) && events.contains(&progress),
        "{events:?}"
    );
    let paid = "Thank you for the picture. About your refund: 25 euros, paid back today.";
    assert_eq!(said(&events), [paid]);
}

#[tokio::test]
async fn a_refund_that_is_not_approved_is_not_paid() {
    let directory = Directory::new("desk-rejected");
    let desk = start(&directory).await;
    let events = desk.stream(&create("Please refund order 8")).await;
    let question = events.last().unwrap()["item"].clone();
    let no = decide(&thread_id(&events), &question, "Do not pay");
    let events = desk.stream(&no).await;
    assert!(events.iter().all(|event| event["type"] != "client_effect"));
    let [text] = said(&events)[..] else {
        panic!("{events:?}")
    };
    assert!(text.contains("not approved"), "{text}");
}

#[tokio::test]
async fn a_card_number_reaches_no_model_and_does_not_stay() {
    let directory = Directory::new("desk-card");
    let desk = start(&directory).await;
    let events = desk
        .stream(&create("Refund order 7 to 4111 1111-1111 1111"))
        .await;
    let shown = answer(&events);
    assert_eq!(labels(shown), ["thread.item.removed", "error"]);
    assert_eq!(
        shown[1]["message"],
        "Please do not send the number of a credit card."
    );
    assert!(desk.items(&thread_id(&events)).await.is_empty());
    // What is quoted comes behind the message, and is looked at too.
    for (text, quoted) in [
        ("Refund it to 4111 1111 1111 1111", "order 7"),
        ("This", "4111-1111-1111-1111"),
    ] {
        let mut message = input(text);
        message["quoted_text"] = quoted.into();
        let events = desk
            .stream(&request("threads.create", json!({"input": message})))
            .await;
        assert_eq!(
            labels(answer(&events)),
            ["thread.item.removed", "error"],
            "{text}"
        );
    }
    // The process is well, and answers what it can.
    let events = desk.stream(&create("Hello")).await;
    assert_eq!(
        said(&events),
        ["Which order is it about? Its number is on the bill."]
    );
    let events = desk.stream(&create("Where is order 9?")).await;
    assert_eq!(said(&events), ["There is no order with this number."]);
}

//! Threads that are locked or closed.

use chatkit::store::{MemoryStore, Store};
use chatkit::types::{SyncCustomActionResponse, ThreadMetadata, ThreadStatus};
use serde_json::{Value, json};

use crate::support::{App, Bot, add, create, labels, thread_id};

fn requests(id: &str) -> [Value; 5] {
    let action = json!({"type": "a", "payload": {}});
    let submission = json!({"status": "answered", "answers": {}});
    [
        add(id, "Hi"),
        json!({"type": "threads.add_client_tool_output", "params": {"thread_id": id, "result": 1}}),
        json!({"type": "threads.add_structured_input",
            "params": {"thread_id": id, "item_id": "x", "input": submission}}),
        json!({"type": "threads.retry_after_item", "params": {"thread_id": id, "item_id": "x"}}),
        json!({"type": "threads.custom_action", "params": {"thread_id": id, "action": action}}),
    ]
}

fn bot() -> Bot {
    Bot::new(|turn, _| async move {
        turn.set_status(ThreadStatus::locked("One message is enough."));
        Ok(())
    })
    .on_sync_action(|_, _| async { Ok(SyncCustomActionResponse::new()) })
}

#[tokio::test]
async fn turns_and_actions_are_refused_with_the_reason() {
    let store = MemoryStore::new();
    let mut closed = ThreadMetadata::new("thr_closed");
    closed.status = serde_json::from_value(json!({"type": "closed"})).unwrap();
    store.save_thread(&closed, &()).await.unwrap();
    let app = App::start_with(store, bot(), |server| server.refuse_locked_threads(true)).await;

    // The turn that locks its thread is not refused itself.
    let events = app.client.stream(&create("Hi")).await;
    assert_eq!(labels(&events).last().unwrap(), "thread.updated");
    let id = thread_id(&events);
    let writes = app.store.writes();

    for (id, reason) in [
        (&*id, "One message is enough."),
        ("thr_closed", "This conversation is closed."),
    ] {
        for request in requests(id) {
            assert_eq!(
                app.client.stream(&request).await,
                [
                    json!({"type": "error", "code": "custom", "message": reason, "allow_retry": false})
                ],
                "{request}"
            );
        }
        let params = json!({"thread_id": id, "action": {"type": "a", "payload": {}}});
        let request = json!({"type": "threads.sync_custom_action", "params": params});
        let (status, body) = app.client.ask(&request).await;
        assert_eq!((status, body), (423, json!({"message": reason})));
    }
    assert_eq!(app.store.writes(), writes);

    // It can be read, renamed and deleted.
    assert_eq!(app.client.thread(&id).await["status"]["type"], "locked");
    let params = json!({"thread_id": id, "title": "Old"});
    app.client
        .get(&json!({"type": "threads.update", "params": params}))
        .await;
    app.client
        .get(&json!({"type": "threads.delete", "params": {"thread_id": id}}))
        .await;
}

#[tokio::test]
async fn without_the_option_nothing_is_refused() {
    let app = App::start(bot()).await;
    let id = thread_id(&app.client.stream(&create("Hi")).await);
    let events = app.client.stream(&add(&id, "Again")).await;
    assert_eq!(
        labels(&events),
        ["thread.item.done user_message", "stream_options"]
    );
}

//! What the client must never see, on all the ways there are to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use chatkit::store::{Store, StoreItemType};
use chatkit::types::{
    AssistantMessageContent, AssistantMessageItem, HiddenContextItem, Page, ProgressUpdateEvent,
    SdkHiddenContextItem, SyncCustomActionResponse, Thread, ThreadItem, ThreadItemAddedEvent,
    ThreadItemDoneEvent, ThreadItemReplacedEvent, ThreadUpdatedEvent,
};
use chatkit::{Turn, TurnError};
use serde_json::{Map, Value, json};

use crate::support::{App, Bot, add, create, kinds, labels, thread_id};

const SECRET: &str = "swordfish";

fn hidden(turn: &Turn<()>, id: &str) -> HiddenContextItem {
    HiddenContextItem::new(id, turn.thread_id(), SECRET)
}

fn answer(turn: &Turn<()>, id: &str) -> AssistantMessageItem {
    AssistantMessageItem::new(id, turn.thread_id(), AssistantMessageContent::new("Seen"))
}

/// Sends hidden things in every event that can carry one, with something visible in between.
async fn whisper(turn: &Turn<()>) -> Result<(), TurnError> {
    turn.set_metadata("note", SECRET);
    turn.send(ThreadItemAddedEvent::new(hidden(turn, "h1")))
        .await?;
    turn.send(ThreadItemDoneEvent::new(hidden(turn, "h1")))
        .await?;
    turn.send(ThreadItemReplacedEvent::new(hidden(turn, "h1")))
        .await?;
    turn.add_item(SdkHiddenContextItem::new("h2", turn.thread_id(), SECRET))
        .await?;
    turn.add_item(answer(turn, "m1")).await?;
    turn.add_item(hidden(turn, "h3")).await?;
    let items: Vec<ThreadItem> = vec![hidden(turn, "h3").into(), answer(turn, "m1").into()];
    let thread = Thread::new((*turn.thread()).clone(), Page::last(items));
    turn.send(ThreadUpdatedEvent::new(thread)).await?;
    Ok(())
}

fn assert_clean(seen: &[Value]) {
    let seen = format!("{seen:?}");
    assert!(
        !seen.contains(SECRET) && !seen.contains("hidden_context"),
        "{seen}"
    );
}

#[tokio::test]
async fn hidden_items_and_metadata_reach_no_client() {
    let bot = Bot::new(|turn, _| async move { whisper(&turn).await })
        .on_action(|turn, _| async move { whisper(&turn).await })
        .on_sync_action(|turn, (action, _)| async move {
            whisper(&turn).await?;
            let item: ThreadItem = match action.action_type.as_str() {
                "hidden" => hidden(&turn, "h1").into(),
                _ => answer(&turn, "m1").into(),
            };
            Ok(SyncCustomActionResponse::new().updated_item(item))
        });
    let app = App::start(bot).await;

    let events = app.client.stream(&create("Hello")).await;
    assert_eq!(
        labels(&events),
        [
            "thread.created",
            "thread.item.done user_message",
            "stream_options",
            // The metadata: that something has changed is no secret.
            "thread.updated",
            "thread.item.done assistant_message",
            "thread.updated",
        ]
    );
    assert_eq!(
        kinds(events[5]["thread"]["items"]["data"].as_array().unwrap()),
        ["assistant_message"]
    );
    assert_clean(&events);

    let id = thread_id(&events);
    let stored = app.store.items(&id).await;
    assert_eq!(
        kinds(&stored),
        [
            "user_message",
            "hidden_context_item",
            "sdk_hidden_context",
            "assistant_message",
            "hidden_context_item"
        ]
    );
    let metadata = app
        .server
        .store()
        .load_thread(&id, &())
        .await
        .unwrap()
        .metadata;
    assert_eq!(metadata["note"], SECRET);

    let action = json!({"type": "threads.custom_action", "params": {"thread_id": id, "action": {"type": "a"}}});
    assert_clean(&app.client.stream(&action).await);
    let sync = |kind: &str| json!({"type": "threads.sync_custom_action", "params": {"thread_id": id, "action": {"type": kind}}});
    assert_eq!(app.client.get(&sync("hidden")).await, json!({}));
    let seen = app.client.get(&sync("visible")).await;
    assert_eq!(seen["updated_item"]["type"], "assistant_message");

    let rename = json!({"type": "threads.update", "params": {"thread_id": id, "title": "Hello"}});
    let seen = [
        seen,
        app.client.thread(&id).await,
        app.client
            .get(&json!({"type": "threads.list", "params": {}}))
            .await,
        app.client.get(&rename).await,
        Value::from(app.client.items(&id).await),
    ];
    assert_clean(&seen);
    assert_eq!(seen[1]["metadata"], Value::Object(Map::new()));
}

/// Every page is full, whatever is hidden in between, and every visible item is on one page exactly.
#[tokio::test]
async fn hidden_items_do_not_use_up_pages() {
    let app = App::start(Bot::new(|turn, _| async move {
        for number in 0..30 {
            let id = turn.generate_id(StoreItemType::Message);
            if number % 3 == 0 {
                turn.add_item(answer(&turn, &id)).await?;
            } else {
                turn.add_item(hidden(&turn, &id)).await?;
            }
        }
        Ok(())
    }))
    .await;
    let id = thread_id(&app.client.stream(&create("Hello")).await);
    let visible = app.client.items(&id).await;
    assert_eq!(visible.len(), 11);
    assert_eq!(app.store.items(&id).await.len(), 31);

    for order in ["asc", "desc"] {
        let mut pages: Vec<Value> = Vec::new();
        loop {
            // The client goes on behind the last item it holds, whatever the server says.
            let after = pages.last().map(|item| item["id"].clone());
            let params = json!({"thread_id": id, "limit": 4, "order": order, "after": after});
            let page = app
                .client
                .get(&json!({"type": "items.list", "params": params}))
                .await;
            let data = page["data"].as_array().unwrap();
            pages.extend(data.iter().cloned());
            if page["has_more"] == false {
                break;
            }
            assert_eq!(data.len(), 4);
        }
        if order == "desc" {
            pages.reverse();
        }
        assert_eq!(pages, visible, "{order}");
    }
}

/// However many items are hidden between two visible ones, they are not read one by one.
#[tokio::test]
async fn hidden_items_are_read_by_the_page() {
    let app = App::start(Bot::new(|turn, _| async move {
        turn.add_item(answer(&turn, "m1")).await?;
        for number in 0..99 {
            turn.add_item(hidden(&turn, &format!("h{number}"))).await?;
        }
        turn.add_item(answer(&turn, "m2")).await?;
        turn.add_item(answer(&turn, "m3")).await?;
        Ok(())
    }))
    .await;
    let id = thread_id(&app.client.stream(&create("Hello")).await);
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = reads.clone();
    app.store.fail_if(move |method, _| {
        if method == "load_thread_items" {
            counted.fetch_add(1, Relaxed);
        }
        false
    });

    let params = json!({"thread_id": id, "limit": 3, "order": "asc"});
    let page = app
        .client
        .get(&json!({"type": "items.list", "params": params}))
        .await;

    let ids: Vec<_> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids[1..], ["m1", "m2"]);
    assert_eq!(
        (&page["has_more"], &page["after"]),
        (&json!(true), &json!("m2"))
    );
    // The first is as large as the page.
    assert_eq!(reads.load(Relaxed), 1 + 5);
}

/// A title that changes is sent behind the next event, and several changes at once are one event.
#[tokio::test]
async fn a_changed_thread_is_sent() {
    let app = App::start(Bot::new(|turn, message| async move {
        let Some(text) = message.map(|message| message.text()) else {
            return Ok(());
        };
        turn.set_title("Draft");
        turn.set_title(format!("About {text}"));
        turn.send(ProgressUpdateEvent::new("Working")).await?;
        turn.send(ProgressUpdateEvent::new("Still working")).await?;
        turn.set_title(format!("All about {text}"));
        Ok(())
    }))
    .await;

    let events = app.client.stream(&create("cats")).await;

    assert_eq!(
        labels(&events)[3..],
        [
            "progress_update",
            "thread.updated",
            "progress_update",
            "thread.updated"
        ]
    );
    assert_eq!(events[4]["thread"]["title"], "About cats");
    assert_eq!(events[6]["thread"]["title"], "All about cats");
    let id = thread_id(&events);
    assert_eq!(app.client.thread(&id).await["title"], "All about cats");

    // A turn that changes nothing says nothing of the thread.
    let app = App::start(Bot::new(|_, _| async { Ok(()) })).await;
    let id = thread_id(&app.client.stream(&create("dogs")).await);
    let events = app.client.stream(&add(&id, "dogs")).await;
    assert_eq!(
        labels(&events),
        ["thread.item.done user_message", "stream_options"]
    );
}

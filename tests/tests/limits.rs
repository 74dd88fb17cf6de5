//! How many turns may run at a time, and how much a request may ask for.

use std::collections::HashSet;
use std::sync::Arc;

use axum::http::request::Parts;
use chatkit::axum::Refusal;
use chatkit::store::{MemoryStore, Store};
use chatkit::types::{EndOfTurnItem, Order, ProgressUpdateEvent, ThreadMetadata, UserMessageItem};
use chatkit::{ChatKitHandler, ChatKitServer, OnDisconnect, Turn, TurnError};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support;
use crate::support::{
    Answer, Bot, Client, Site, add, create, labels, only_error, thread_id, within,
};

/// Runs until it is let go, or for good.
struct Slow(Arc<Notify>);

impl ChatKitHandler for Slow {
    type Context = String;

    async fn respond(
        &self,
        turn: &Turn<String>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        if message.is_some_and(|message| message.text() == "quick") {
            return Ok(());
        }
        turn.send(ProgressUpdateEvent::new("Running")).await?;
        self.0.notified().await;
        Ok(())
    }
}

struct App {
    site: Site,
    server: ChatKitServer<Slow>,
    go: Arc<Notify>,
}

impl App {
    async fn start(configure: impl FnOnce(ChatKitServer<Slow>) -> ChatKitServer<Slow>) -> Self {
        let go = Arc::new(Notify::new());
        let store = MemoryStore::new().scoped(|user: &String| user.clone());
        let server = ChatKitServer::new(Slow(Arc::clone(&go)), store);
        let server = configure(server.owner(|user: &String| user.clone()));
        let authenticate = async |parts: Parts| {
            let user = parts.headers.get("x-user");
            let user = user.and_then(|user| user.to_str().ok());
            let user = user.ok_or_else(|| Refusal::unauthorized("Who?"))?;
            Ok::<_, Refusal>(user.to_owned())
        };
        let site = Site::start(chatkit::axum::router(server.clone(), authenticate)).await;
        Self { site, server, go }
    }

    async fn open(&self, user: &str, request: &Value) -> Answer {
        post(self.site.client, user, request).await
    }

    /// Starts a turn, and waits until its handler runs.
    async fn run(&self, user: &str, request: &Value) -> (Answer, Vec<Value>) {
        let mut answer = self.open(user, request).await;
        let events = answer
            .until(|event| event["type"] == "progress_update")
            .await;
        (answer, events)
    }

    async fn items(&self, user: &str, thread_id: &str) -> usize {
        let (store, user) = (self.server.store(), user.to_owned());
        let page = store.load_thread_items(thread_id, None, 99, Order::Asc, &user);
        page.await.unwrap().data.len()
    }
}

async fn post(client: Client, user: &str, request: &Value) -> Answer {
    let answer = client
        .post_with(
            "text/event-stream",
            &format!("x-user: {user}\r\n"),
            request.to_string().as_bytes(),
        )
        .await;
    assert_eq!(answer.status, 200);
    answer
}

#[track_caller]
fn assert_limited(events: &[Value]) {
    let error = only_error(events);
    assert_eq!(error["allow_retry"], true, "{error}");
    assert_eq!(error["code"], "custom");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("Please try again")
    );
}

#[tokio::test]
async fn a_message_above_the_limit_is_stored_and_can_be_tried_again() {
    let app = App::start(|server| server.max_runs_per_owner(1)).await;
    let (first, events) = app.run("ann", &create("slow")).await;
    let running = thread_id(&events);

    let events = app.open("ann", &create("quick")).await.events().await;
    assert_limited(&events);
    assert_eq!(
        labels(&events),
        ["thread.created", "thread.item.done user_message", "error"]
    );
    let id = thread_id(&events);
    assert_eq!(app.items("ann", &id).await, 1);

    // Neither a retry nor an action does anything.
    let retry = json!({"type": "threads.retry_after_item",
        "params": {"thread_id": id, "item_id": events[1]["item"]["id"]}});
    assert_limited(&app.open("ann", &retry).await.events().await);
    let action = json!({"type": "threads.custom_action",
        "params": {"thread_id": running, "action": {"type": "a", "payload": {}}}});
    assert_limited(&app.open("ann", &action).await.events().await);
    assert_eq!(app.items("ann", &id).await, 1);

    // Another owner has places of its own.
    let events = app.open("bob", &create("quick")).await.events().await;
    assert_eq!(events.last().unwrap()["type"], "stream_options");

    app.go.notify_one();
    assert_eq!(first.events().await, [] as [Value; 0]);
    let events = app.open("ann", &retry).await.events().await;
    assert_eq!(labels(&events), ["stream_options"]);
    assert_eq!(app.items("ann", &id).await, 1);
}

#[tokio::test]
async fn all_owners_share_the_limit_of_the_server() {
    let app = App::start(|server| server.max_runs(2)).await;
    let (first, _) = app.run("ann", &create("slow")).await;
    let (_second, _) = app.run("bob", &create("slow")).await;
    assert_limited(&app.open("cid", &create("quick")).await.events().await);

    // Stop gives the place back, once the turn is saved.
    drop(first);
    within(async {
        loop {
            let events = app.open("cid", &create("quick")).await.events().await;
            if events.last().unwrap()["type"] == "stream_options" {
                return;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A run without a client holds its place, and makes way for the next message of its own thread.
#[tokio::test]
async fn a_run_that_goes_on_holds_its_place() {
    let app = App::start(|server| {
        server
            .max_runs_per_owner(1)
            .on_disconnect(OnDisconnect::Continue)
    })
    .await;
    let (first, events) = app.run("ann", &create("slow")).await;
    let id = thread_id(&events);
    drop(first);
    assert_limited(&app.open("ann", &create("quick")).await.events().await);

    // The connection may be seen as closed a moment later than the next request comes.
    within(async {
        loop {
            let events = app.open("ann", &add(&id, "quick")).await.events().await;
            if events.last().unwrap()["type"] == "stream_options" {
                return;
            }
            assert_limited(&events);
        }
    })
    .await;
    let events = app.open("ann", &create("quick")).await.events().await;
    assert_eq!(events.last().unwrap()["type"], "stream_options");
}

/// A page is in memory whole, so its size is not the caller's alone to choose.
#[tokio::test]
async fn a_page_has_a_largest_size() {
    let store = MemoryStore::new();
    for n in 0..1005 {
        let thread = ThreadMetadata::new(format!("thr_{n:04}"));
        store.save_thread(&thread, &()).await.unwrap();
        let item = EndOfTurnItem::new(format!("eot_{n:04}"), "thr_0000");
        store
            .save_item("thr_0000", &item.into(), &())
            .await
            .unwrap();
    }
    let bot = Bot::new(|_, _| async { Ok(()) });
    let app = support::App::start_on(store, bot).await;
    for (request, mut params) in [
        ("items.list", json!({"thread_id": "thr_0000"})),
        ("threads.list", json!({})),
    ] {
        params["limit"] = json!(u32::MAX);
        params["order"] = json!("asc");
        let mut sizes = Vec::new();
        let mut ids = HashSet::new();
        loop {
            let page = app
                .client
                .get(&json!({"type": request, "params": params}))
                .await;
            let data = page["data"].as_array().unwrap();
            sizes.push(data.len());
            ids.extend(
                data.iter()
                    .map(|row| row["id"].as_str().unwrap().to_owned()),
            );
            if page["has_more"] == false {
                break;
            }
            params["after"] = page["after"].clone();
        }
        assert_eq!(sizes, [1000, 5], "{request}");
        assert_eq!(ids.len(), 1005, "{request}");
    }
}

/// What is not in a thread is not looked for in all of it.
#[tokio::test]
async fn a_retry_of_an_item_that_is_not_there_reads_no_pages() {
    let bot = Bot::new(|_, _| async { Ok(()) });
    let app = support::App::start(bot).await;
    let id = thread_id(&app.client.stream(&create("Hi")).await);
    app.store.fail_if(|method, _| method == "load_thread_items");
    let retry =
        json!({"type": "threads.retry_after_item", "params": {"thread_id": id, "item_id": "x"}});
    let events = app.client.stream(&retry).await;
    assert_eq!(only_error(&events)["message"], "item not found");
}

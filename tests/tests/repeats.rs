//! Requests that the client posts again, because the answer before was none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use chatkit::axum::{Adapter, Failures, Refusal};
use chatkit::store::{MemoryStore, StoreItemType};
use chatkit::types::{AssistantMessageContent, AssistantMessageItem};
use chatkit::{ChatKitServer, OnDisconnect, ProcessResult, RequestInfo};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{
    Answer, Bot, Site, WatchedStore, add, create, kinds, streamed_text, text, thread_id, within,
};

const STREAM: &str = "text/event-stream";

/// A site behind a gateway that answers `failures` times with a 503 of its own, whatever the server says.
struct App {
    site: Site,
    store: WatchedStore,
    server: ChatKitServer<Bot>,
}

impl App {
    async fn start(
        bot: Bot,
        failures: usize,
        configure: impl FnOnce(ChatKitServer<Bot>) -> ChatKitServer<Bot>,
    ) -> Self {
        let store = WatchedStore::new(MemoryStore::new());
        let server = configure(ChatKitServer::new(bot, store.clone()));
        let left = Arc::new(AtomicUsize::new(failures));
        let gateway = from_fn(move |request: Request, next: Next| {
            let left = Arc::clone(&left);
            async move {
                let response: Response = next.run(request).await;
                let fail = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                });
                match fail {
                    Ok(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                    Err(_) => response,
                }
            }
        });
        let chat = chatkit::axum::router(server.clone(), async |_| Ok::<_, Refusal>(()));
        let site = Site::start(chat.layer(gateway)).await;
        Self {
            site,
            store,
            server,
        }
    }

    /// Posts as ChatKit.js does, from one of its frames.
    async fn post(&self, frame: &str, request: &Value) -> Answer {
        let headers = format!("chatkit-frame-instance-id: {frame}\r\n");
        let body = request.to_string();
        self.site
            .client
            .post_with(STREAM, &headers, body.as_bytes())
            .await
    }

    /// Posts until there is an answer, as ChatKit.js does. Gives the number of posts, and the events.
    async fn post_until_answered(&self, frame: &str, request: &Value) -> (usize, Vec<Value>) {
        for posts in 1..=6 {
            let answer = self.post(frame, request).await;
            if answer.status == 200 {
                return (posts, answer.events().await);
            }
        }
        panic!("no answer after the last repeat");
    }

    async fn threads(&self) -> usize {
        let request = json!({"type": "threads.list", "params": {}});
        let threads = self.site.client.get(&request).await;
        threads["data"].as_array().unwrap().len()
    }
}

fn parrot() -> Bot {
    Bot::new(|turn, message| async move {
        let message = message.expect("a message");
        let id = turn.generate_id(StoreItemType::Message);
        let content = AssistantMessageContent::new(format!("{}!", message.text()));
        turn.add_item(AssistantMessageItem::new(id, turn.thread_id(), content))
            .await?;
        Ok(())
    })
}

#[tokio::test]
async fn two_failures_and_a_success_are_one_thread_and_one_message() {
    let app = App::start(parrot(), 2, |server| server).await;
    let (posts, events) = app.post_until_answered("frame", &create("Hello")).await;
    assert_eq!(posts, 3);
    let id = thread_id(&events);
    assert_eq!(app.threads().await, 1);
    let items = app.store.items(&id).await;
    assert_eq!(kinds(&items), ["user_message", "assistant_message"]);
    assert_eq!(text(&items[0]), "Hello");
    assert_eq!(events[1]["item"]["id"], items[0]["id"]);
}

#[tokio::test]
async fn a_message_in_a_thread_that_exists() {
    let app = App::start(parrot(), 0, |server| server).await;
    let (_, events) = app.post_until_answered("frame", &create("Hello")).await;
    let id = thread_id(&events);

    // The end of a stream was read: the same words are a new message.
    app.post_until_answered("frame", &add(&id, "More")).await;
    app.post_until_answered("frame", &add(&id, "More")).await;
    assert_eq!(app.store.items(&id).await.len(), 6);
}

/// The run of the first attempt is still going on when the second comes.
#[tokio::test]
async fn a_repeat_ends_the_run_before_it() {
    for policy in [OnDisconnect::Cancel, OnDisconnect::Continue] {
        let runs = Arc::new(AtomicUsize::new(0));
        let began = Arc::new(Notify::new());
        let bot = {
            let (runs, began) = (Arc::clone(&runs), Arc::clone(&began));
            Bot::new(move |turn, _| {
                let first = runs.fetch_add(1, Ordering::SeqCst) == 0;
                let began = Arc::clone(&began);
                async move {
                    let content = AssistantMessageContent::new("Said");
                    let id = turn.generate_id(StoreItemType::Message);
                    let item = AssistantMessageItem::new(id, turn.thread_id(), content);
                    turn.add_item(item).await?;
                    if first {
                        began.notify_one();
                        std::future::pending::<()>().await;
                    }
                    Ok(())
                }
            })
        };
        let app = App::start(bot, 0, |server| server.on_disconnect(policy)).await;
        // A gateway keeps the connection open, and has told the client that it is over.
        let first = app.post("frame", &create("Hello")).await;
        within(began.notified()).await;
        let (_, events) = app.post_until_answered("frame", &create("Hello")).await;

        let id = thread_id(&events);
        let items = app.store.items(&id).await;
        assert_eq!(kinds(&items), ["user_message", "assistant_message"]);
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        assert_eq!(app.threads().await, 1);
        // What the first attempt has streamed is the same thread, and it has ended.
        assert_eq!(thread_id(&first.events().await), id);
        assert_eq!(app.server.stop(&id, &()).await.unwrap(), 0);
    }
}

/// A write that fails may have happened: the id was chosen before.
#[tokio::test]
async fn a_store_that_fails_in_the_middle() {
    for lost in ["save_thread", "add_thread_item"] {
        let store = WatchedStore::new(MemoryStore::new());
        let server = ChatKitServer::new(parrot(), store.clone());
        let adapter = Adapter::new(server).failures(Failures::Statuses);
        let site = Site::start(adapter.router(async |_| Ok::<_, Refusal>(()))).await;
        let post = async || {
            let headers = "chatkit-frame-instance-id: frame\r\n";
            let body = create("Hello").to_string();
            site.client
                .post_with(STREAM, headers, body.as_bytes())
                .await
        };
        for after in [false, true] {
            store.fail_writes(lost, after);
            assert_eq!(post().await.status, 500);
        }
        store.heal();
        let answer = post().await;
        assert_eq!(answer.status, 200);
        let id = thread_id(&answer.events().await);
        let items = store.items(&id).await;
        assert_eq!(kinds(&items), ["user_message", "assistant_message"]);
        let request = json!({"type": "threads.list", "params": {}});
        let threads = site.client.get(&request).await;
        assert_eq!(threads["data"].as_array().unwrap().len(), 1);
    }
}

/// Nothing is taken away from a thread that has gone on, and nothing is one message that was sent from two places.
#[tokio::test]
async fn what_is_no_repeat() {
    let app = App::start(parrot(), 0, |server| server).await;
    let (_, events) = app.post_until_answered("one", &create("Hello")).await;
    let id = thread_id(&events);
    // It is stored, and its client gone before the handler began.
    let info = RequestInfo::new().with_frame_id("one");
    let body = add(&id, "More").to_string();
    let result = app.server.process_with(body, info, ()).await.unwrap();
    assert!(matches!(result, ProcessResult::Streaming(_)));
    drop(result);
    app.store.items_when_cancelled(&id).await;
    app.post_until_answered("two", &add(&id, "More")).await;
    app.post_until_answered("one", &add(&id, "More")).await;
    let texts = app.store.items(&id).await;
    let of_user = texts.iter().filter(|item| item["type"] == "user_message");
    let of_user: Vec<_> = of_user.map(text).collect();
    assert_eq!(of_user, ["Hello", "More", "More", "More"]);
}

#[tokio::test]
async fn the_window_can_be_closed() {
    let app = App::start(parrot(), 1, |server| server.repeat_window(Duration::ZERO)).await;
    let (_, events) = app.post_until_answered("frame", &create("Hello")).await;
    assert_eq!(streamed_text(&events), "");
    assert_eq!(app.threads().await, 2);
}

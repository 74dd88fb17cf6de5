//! A panic anywhere in the application's code is the failure of one request.

use std::sync::{Arc, Mutex};

use chatkit::axum::Refusal;
use chatkit::store::MemoryStore;
use chatkit::types::{
    Action, AudioInput, FeedbackKind, ProgressUpdateEvent, StreamOptions, SyncCustomActionResponse,
    ThreadItem, ThreadMetadata, TranscriptionResult, UserMessageItem, WidgetItem,
};
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{Site, WatchedStore, create, kinds, only_error, thread_id, within};

/// Panics where it is told to.
#[derive(Clone, Default)]
struct Fragile {
    place: Arc<Mutex<&'static str>>,
    panicked: Arc<Notify>,
}

impl Fragile {
    fn check(&self, place: &str) {
        let fragile = *self.place.lock().unwrap();
        if fragile == place {
            self.panicked.notify_one();
            panic!("in {place}, and swordfish is the password");
        }
    }
}

impl ChatKitHandler for Fragile {
    type Context = ();

    async fn respond(&self, turn: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        turn.send(ProgressUpdateEvent::new("Running")).await?;
        self.check("respond");
        if *self.place.lock().unwrap() == "handle_stream_cancelled" {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn action(
        &self,
        _: &Turn<()>,
        _: Action,
        _: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        self.check("action");
        Ok(())
    }

    async fn sync_action(
        &self,
        _: &Turn<()>,
        _: Action,
        _: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, TurnError> {
        self.check("sync_action");
        Ok(SyncCustomActionResponse::new())
    }

    async fn add_feedback(
        &self,
        _: &str,
        _: &[String],
        _: FeedbackKind,
        _: &(),
    ) -> Result<(), TurnError> {
        self.check("add_feedback");
        Ok(())
    }

    async fn transcribe(&self, _: AudioInput, _: &()) -> Result<TranscriptionResult, TurnError> {
        self.check("transcribe");
        Ok(TranscriptionResult::new("words"))
    }

    fn stream_options(&self, _: &ThreadMetadata, _: &()) -> StreamOptions {
        self.check("stream_options");
        StreamOptions::new(true)
    }

    async fn handle_stream_cancelled(
        &self,
        _: &Turn<()>,
        _: Vec<ThreadItem>,
    ) -> Result<(), TurnError> {
        self.check("handle_stream_cancelled");
        Ok(())
    }
}

struct App {
    handler: Fragile,
    store: WatchedStore,
    server: ChatKitServer<Fragile>,
    site: Site,
    thread: String,
}

impl App {
    /// One place for a turn: what a panic does not give back is missed.
    async fn start() -> Self {
        let handler = Fragile::default();
        let store = WatchedStore::new(MemoryStore::new());
        let server = ChatKitServer::new(handler.clone(), store.clone()).max_runs(1);
        let chat = chatkit::axum::router(server.clone(), async |_| Ok::<_, Refusal>(()));
        let site = Site::start(chat).await;
        let thread = thread_id(&site.client.stream(&create("Hi")).await);
        Self {
            handler,
            store,
            server,
            site,
            thread,
        }
    }

    fn breaks(&self, place: &'static str) {
        *self.handler.place.lock().unwrap() = place;
    }

    /// The server goes on, and has forgotten the turn.
    async fn assert_alive(&self) {
        self.breaks("");
        let events = self.site.client.stream(&create("Hi")).await;
        assert_eq!(events.last().unwrap()["type"], "progress_update");
        let stopped = self.server.stop(&self.thread, &()).await.unwrap();
        assert_eq!(stopped, 0);
    }
}

#[tokio::test]
async fn in_a_stream() {
    let app = App::start().await;
    let action = json!({"type": "threads.custom_action",
        "params": {"thread_id": app.thread, "action": {"type": "a", "payload": {}}}});
    for (place, request) in [
        ("respond", create("Hi")),
        ("stream_options", create("Hi")),
        ("action", action),
    ] {
        app.breaks(place);
        let events = app.site.client.stream(&request).await;
        let error = only_error(&events);
        assert_eq!(
            *error,
            json!({"type": "error", "code": "stream.error", "allow_retry": true})
        );
        app.assert_alive().await;
    }
}

#[tokio::test]
async fn in_a_request_that_is_answered_with_json() {
    let app = App::start().await;
    let action = json!({"thread_id": app.thread, "action": {"type": "a", "payload": {}}});
    let feedback = json!({"thread_id": app.thread, "item_ids": [], "kind": "positive"});
    let audio = json!({"audio_base64": "aGk=", "mime_type": "audio/webm"});
    for (place, kind, params) in [
        ("sync_action", "threads.sync_custom_action", action),
        ("add_feedback", "items.feedback", feedback),
        ("transcribe", "input.transcribe", audio),
    ] {
        app.breaks(place);
        let request = json!({"type": kind, "params": params});
        let (status, body) = app.site.client.ask(&request).await;
        // Not a 5xx, which the client would repeat: the handler may have had effects.
        assert_eq!(status, 422);
        let expected: Value = json!({"message": "An error occurred when generating a response."});
        assert_eq!(body, expected);
        app.assert_alive().await;
    }
}

#[tokio::test]
async fn in_the_store() {
    let app = App::start().await;
    app.store.fail_if(|method, _| {
        assert!(method != "load_thread", "a bug in the store");
        false
    });
    let request = crate::support::add(&app.thread, "Hi");
    only_error(&app.site.client.stream(&request).await);
    let params = json!({"thread_id": app.thread});
    let request = json!({"type": "threads.get_by_id", "params": params});
    assert_eq!(app.site.client.ask(&request).await.0, 422);
    app.store.heal();
    app.assert_alive().await;
}

#[tokio::test]
async fn while_a_cancelled_turn_is_saved() {
    let app = App::start().await;
    app.breaks("handle_stream_cancelled");
    let mut answer = app.site.client.open(&create("Hi")).await;
    let events = answer
        .until(|event| event["type"] == "progress_update")
        .await;
    drop(answer);
    within(app.handler.panicked.notified()).await;
    within(app.server.stop(&thread_id(&events), &()))
        .await
        .unwrap();
    app.assert_alive().await;
    let items = app.store.items(&thread_id(&events)).await;
    assert_eq!(kinds(&items), ["user_message"]);
}

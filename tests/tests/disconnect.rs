//! Clients that leave, turns that outlive them, and how those end.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::request::Parts;
use axum::serve::Listener;
use chatkit::axum::{Adapter, Refusal};
use chatkit::store::{MemoryStore, Store, StoreError, StoreItemType};
use chatkit::types::{
    AssistantMessageContent, AssistantMessageItem, ProgressUpdateEvent, ThreadItem, UserMessageItem,
};
use chatkit::{
    ChatKitHandler, ChatKitServer, ErrorKind, OnDisconnect, ProcessResult, Turn, TurnError,
};
use chatkit_agents::testing::{Script, ScriptedResponses};
use chatkit_agents::{Agent, AgentContext};
use futures::StreamExt;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::support::{
    App, Bot, Client, Site, WatchedStore, add, create, kinds, text, thread_id, within,
};

fn agent(model: &ScriptedResponses) -> Agent<AgentContext<()>> {
    Agent::new("Assistant", model.client().model("scripted"))
}

fn is_delta(event: &Value) -> bool {
    event["update"]["type"] == "assistant_message.content_part.text_delta"
}

async fn start(bot: Bot) -> App {
    App::start_with(MemoryStore::new(), bot, |server| {
        server.on_disconnect(OnDisconnect::Continue)
    })
    .await
}

/// Opens a stream, and drops it after the first delta. Without a socket between, the server knows at once.
async fn open_and_leave(app: &App, request: &Value) -> String {
    let answer = app.server.process(request.to_string(), ()).await.unwrap();
    let ProcessResult::Streaming(mut events) = answer else {
        panic!("{answer:?}")
    };
    let mut seen = String::new();
    while !seen.contains("text_delta") {
        let chunk = within(events.next()).await.unwrap().unwrap();
        seen.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    let created = seen.lines().next().unwrap().strip_prefix("data: ").unwrap();
    thread_id(&[serde_json::from_str(created).unwrap()])
}

/// A reload in mid-answer: the answer is there.
#[tokio::test]
async fn a_turn_that_goes_on_is_there_after_a_reload() {
    let model = ScriptedResponses::start().await.unwrap();
    let script = Script::text("One two three four").hold_after(6);
    model.push(script);
    let app = start(Bot::agent(agent(&model))).await;
    let mut answer = app.client.open(&create("Count")).await;
    let id = thread_id(&answer.until(is_delta).await);
    drop(answer);

    model.release();
    let items = app
        .store
        .items_when(&id, |items| {
            kinds(items) == ["user_message", "assistant_message"]
        })
        .await;
    assert_eq!(text(&items[1]), "One two three four");
    assert!(!within(model.wait_closed(1)).await.closed_early);
    assert_eq!(app.client.items(&id).await.len(), 2);
    // No note says that the user has cancelled it.
    assert_eq!(app.store.items(&id).await.len(), 2);
}

#[tokio::test]
async fn stop_ends_a_turn_that_goes_on() {
    let model = ScriptedResponses::start().await.unwrap();
    model.push(Script::text("One two three").hang_after(5));
    let app = start(Bot::agent(agent(&model))).await;
    let mut answer = app.client.open(&create("Count")).await;
    let id = thread_id(&answer.until(is_delta).await);
    drop(answer);

    assert_eq!(within(app.server.stop(&id, &())).await.unwrap(), 1);
    // It is saved by then.
    let items = app.store.items(&id).await;
    assert_eq!(
        kinds(&items),
        ["user_message", "assistant_message", "sdk_hidden_context"]
    );
    assert_eq!(text(&items[1]), "One ");
    assert!(within(model.wait_closed(1)).await.closed_early);
    assert_eq!(within(app.server.stop(&id, &())).await.unwrap(), 0);
    let error = app.server.stop("thr_none", &()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// What Stop does not say, the next message does.
#[tokio::test]
async fn the_next_turn_ends_one_that_nobody_watches() {
    let model = ScriptedResponses::start().await.unwrap();
    model.push(Script::text("One two three").hang_after(5));
    model.push(Script::text("Fine."));
    let app = start(Bot::agent(agent(&model))).await;
    let id = open_and_leave(&app, &create("Count")).await;

    app.client.stream(&add(&id, "Thanks")).await;
    let items = app.store.items(&id).await;
    assert_eq!(
        kinds(&items),
        [
            "user_message",
            "assistant_message",
            "sdk_hidden_context",
            "user_message",
            "assistant_message",
        ]
    );
    assert_eq!(text(&items[1]), "One ");
}

/// Two pages that show the same thread do not stop each other.
#[tokio::test]
async fn the_next_turn_leaves_one_that_somebody_watches() {
    let model = ScriptedResponses::start().await.unwrap();
    model.push(Script::text("One two three").hold_after(5));
    model.push(Script::text("Fine."));
    let app = start(Bot::agent(agent(&model))).await;
    let mut answer = app.client.open(&create("Count")).await;
    let id = thread_id(&answer.until(is_delta).await);
    app.client.stream(&add(&id, "Thanks")).await;
    model.release();
    let rest = answer.events().await;
    assert_eq!(rest.last().unwrap()["type"], "thread.item.done");
}

#[tokio::test]
async fn a_shutdown_saves_turns_that_go_on() {
    let model = ScriptedResponses::start().await.unwrap();
    model.push(Script::text("One two three").hang_after(5));
    let app = start(Bot::agent(agent(&model))).await;
    let id = open_and_leave(&app, &create("Count")).await;

    let deadline = Duration::from_secs(3600);
    within(app.server.shutdown_within(deadline)).await.unwrap();
    let items = app.store.items(&id).await;
    assert_eq!(
        kinds(&items),
        ["user_message", "assistant_message", "sdk_hidden_context"]
    );

    // What comes now has no effect, and the client will ask again, maybe another instance.
    let writes = app.store.writes();
    let body = create("Hi").to_string();
    let answer = app.client.post("text/event-stream", body.as_bytes()).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(app.store.writes(), writes);
    assert_eq!(app.client.items(&id).await.len(), 2);
}

/// Saving hangs, as with a database that is gone.
struct Stuck {
    saving: Arc<Notify>,
}

impl ChatKitHandler for Stuck {
    type Context = ();

    async fn respond(&self, turn: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        turn.send(ProgressUpdateEvent::new("Running")).await?;
        std::future::pending().await
    }

    async fn handle_stream_cancelled(
        &self,
        _: &Turn<()>,
        _: Vec<ThreadItem>,
    ) -> Result<(), TurnError> {
        self.saving.notify_one();
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_shutdown_has_a_deadline() {
    for policy in [OnDisconnect::Cancel, OnDisconnect::Continue] {
        let saving = Arc::new(Notify::new());
        let handler = Stuck {
            saving: Arc::clone(&saving),
        };
        let server = ChatKitServer::new(handler, MemoryStore::new()).on_disconnect(policy);
        let chat = chatkit::axum::router(server.clone(), async |_| Ok::<_, Refusal>(()));
        let site = Site::start(chat).await;
        let mut watched = site.client.open(&create("Hi")).await;
        watched
            .until(|event| event["type"] == "progress_update")
            .await;

        let deadline = Duration::from_millis(50);
        let error = within(server.shutdown_within(deadline)).await.unwrap_err();
        assert_eq!(error.unsaved, 1);
        within(saving.notified()).await;
        // The stream ends, and the server with it.
        let events = watched.events().await;
        assert_eq!(events.last().unwrap()["type"], "error");
        within(server.shutdown()).await;
    }
}

/// A client that keeps its connection and reads nothing: the turn waits for a while, then the client counts as gone.
#[tokio::test]
async fn a_client_that_reads_nothing() {
    const LIMIT: usize = 64 * 1024 * 1024;
    for policy in [OnDisconnect::Cancel, OnDisconnect::Continue] {
        let sent = Arc::new(AtomicUsize::new(0));
        let over = Arc::new(Notify::new());
        let bot = {
            let (sent, over) = (Arc::clone(&sent), Arc::clone(&over));
            Bot::new(move |turn, _| {
                let (sent, over) = (Arc::clone(&sent), Arc::clone(&over));
                async move {
                    let text = "x".repeat(64 * 1024);
                    let mut total = 0;
                    while total < LIMIT {
                        turn.send(ProgressUpdateEvent::new(text.clone())).await?;
                        total += text.len();
                        sent.store(total, Ordering::SeqCst);
                    }
                    let id = turn.generate_id(StoreItemType::Message);
                    let content = AssistantMessageContent::new("Done");
                    turn.add_item(AssistantMessageItem::new(id, turn.thread_id(), content))
                        .await?;
                    over.notify_one();
                    Ok(())
                }
            })
        };
        let app = App::start_with(MemoryStore::new(), bot, |server| {
            server
                .on_disconnect(policy)
                .client_patience(Duration::from_millis(100))
        })
        .await;
        let mut answer = app.client.open(&create("Hi")).await;
        let id = thread_id(&[answer.event().await.unwrap()]);
        match policy {
            OnDisconnect::Continue => {
                within(over.notified()).await;
                let items = app.store.items(&id).await;
                assert_eq!(kinds(&items), ["user_message", "assistant_message"]);
            }
            _ => {
                app.store.items_when_cancelled(&id).await;
                assert!(sent.load(Ordering::SeqCst) < LIMIT);
            }
        }
        drop(answer);
    }
}

/// While a turn has nothing to say, comments tell proxies and clients that it is there.
#[tokio::test]
async fn a_silent_turn_is_kept_alive() {
    let app = App::start(Bot::new(|_, _| std::future::pending())).await;
    let answer = app.server.process(create("Hi").to_string(), ()).await;
    let ProcessResult::Streaming(events) = answer.unwrap() else {
        panic!("a turn is streamed")
    };
    let mut events = events.into_event_stream(Duration::from_millis(1));
    let mut comments = 0;
    while comments < 3 {
        let chunk = within(events.next()).await.unwrap();
        comments += usize::from(chunk == ": keep-alive\n\n");
    }
}

/// A connection that can be lost: nothing more goes out, and the other end is not heard to close.
struct Losable(TcpStream, Arc<AtomicBool>);

impl AsyncRead for Losable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Losable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.1.load(Ordering::SeqCst) {
            true => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            false => Pin::new(&mut self.0).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

struct LosingListener(TcpListener, Arc<AtomicBool>);

impl Listener for LosingListener {
    type Io = Losable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Losable, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Losable(stream, Arc::clone(&self.1)), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Only a write finds out that a client is gone which has not closed its connection: a turn that is silent needs one.
#[tokio::test]
async fn a_client_that_vanishes_is_noticed_by_a_silent_turn() {
    let bot = Bot::new(|turn, _| async move {
        turn.send(ProgressUpdateEvent::new("Thinking")).await?;
        std::future::pending().await
    });
    let store = WatchedStore::new(MemoryStore::new());
    let adapter = Adapter::new(ChatKitServer::new(bot, store.clone()));
    let adapter = adapter.keep_alive(Duration::from_millis(1));
    let router = adapter.router(async |_| Ok::<_, Refusal>(()));
    let lost = Arc::new(AtomicBool::new(false));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let client = Client::new(listener.local_addr().unwrap());
    let listener = LosingListener(listener, Arc::clone(&lost));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });

    let mut answer = client.open(&create("Hi")).await;
    let events = answer
        .until(|event| event["type"] == "progress_update")
        .await;
    lost.store(true, Ordering::SeqCst);
    store.items_when_cancelled(&thread_id(&events)).await;
    drop(answer);
    serving.abort();
}

/// Nobody stops the turn of somebody else, neither by `stop` nor by a message to the thread.
#[tokio::test]
async fn strangers_cannot_stop_a_turn() {
    struct Slow;

    impl ChatKitHandler for Slow {
        type Context = String;

        async fn respond(
            &self,
            turn: &Turn<String>,
            _: Option<UserMessageItem>,
        ) -> Result<(), TurnError> {
            turn.send(ProgressUpdateEvent::new("Running")).await?;
            std::future::pending().await
        }
    }

    let store = MemoryStore::new().scoped(|user: &String| user.clone());
    let server = ChatKitServer::new(Slow, store).on_disconnect(OnDisconnect::Continue);
    let authenticate = async |parts: Parts| {
        let user = parts.headers["x-user"].to_str().unwrap_or_default();
        Ok::<_, Refusal>(user.to_owned())
    };
    let site = Site::start(chatkit::axum::router(server.clone(), authenticate)).await;
    let post = async |user: &str, request: Value| {
        let headers = format!("x-user: {user}\r\n");
        let body = request.to_string();
        let accept = "text/event-stream";
        site.client
            .post_with(accept, &headers, body.as_bytes())
            .await
    };
    let mut answer = post("ann", create("Hi")).await;
    let events = answer
        .until(|event| event["type"] == "progress_update")
        .await;
    let id = thread_id(&events);
    drop(answer);

    let error = server.stop(&id, &"bob".to_owned()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let events = post("bob", add(&id, "Hi")).await.events().await;
    assert_eq!(events[0]["message"], "thread not found");
    let stopped = within(server.stop(&id, &"ann".to_owned())).await.unwrap();
    assert_eq!(stopped, 1);
    let missing = server.store().load_thread(&id, &"bob".to_owned()).await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
    assert!(
        server
            .store()
            .load_thread(&id, &"ann".to_owned())
            .await
            .is_ok()
    );
}

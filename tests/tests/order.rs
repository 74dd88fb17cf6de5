//! Order and backpressure: what happens when many send, and when nobody reads.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chatkit::store::MemoryStore;
use chatkit::types::{
    AssistantMessageContentPartTextDelta, ProgressUpdateEvent, ThreadItemUpdatedEvent,
};
use chatkit::{ChatKitServer, ProcessResult, Turn, TurnError};
use futures::future::{poll_fn, try_join_all};
use futures::{FutureExt, StreamExt};
use tokio::sync::Notify;
use tokio::task::coop::{consume_budget, unconstrained};

use crate::support::{App, Bot, create, labels, within};

const DELTA: usize = 64 * 1024;
const ALL: usize = 50 * 1024 * 1024;

/// What a flood has done so far.
#[derive(Default)]
struct Flood {
    sent: AtomicUsize,
    /// Set when a send has to wait.
    blocked: Notify,
    /// Set when the handler's future is gone.
    over: Notify,
    finished: AtomicUsize,
}

struct Over(Arc<Flood>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.over.notify_one();
    }
}

fn delta(item_id: &str, text: &str) -> ThreadItemUpdatedEvent {
    ThreadItemUpdatedEvent::new(
        item_id,
        AssistantMessageContentPartTextDelta::new(0_usize, text),
    )
}

/// Sends 50 MB of deltas, as fast as they are taken.
async fn flood(turn: Turn<()>, flood: Arc<Flood>) -> Result<(), TurnError> {
    let over = Over(flood);
    let text = "x".repeat(DELTA);
    while over.0.sent.load(Ordering::SeqCst) < ALL {
        // Without a budget, so that it waits for room and for nothing else.
        let mut send = pin!(unconstrained(turn.send(delta("m", &text))));
        poll_fn(|cx| {
            let sent = send.poll_unpin(cx);
            if sent.is_pending() {
                over.0.blocked.notify_one();
            }
            sent
        })
        .await?;
        over.0.sent.fetch_add(DELTA, Ordering::SeqCst);
        consume_budget().await;
    }
    over.0.finished.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

fn flooding(state: &Arc<Flood>) -> Bot {
    let state = Arc::clone(state);
    Bot::new(move |turn, _| flood(turn, Arc::clone(&state)))
}

/// With nothing between the turn and its reader, the bound is exact: the buffer and one event.
#[tokio::test]
async fn a_turn_waits_for_a_reader_that_does_not_read() {
    const BUFFER: usize = 1024 * 1024;
    let state = Arc::new(Flood::default());
    let app = App::start_with(MemoryStore::new(), flooding(&state), |server| {
        server.max_buffered_bytes(BUFFER)
    })
    .await;
    let Ok(ProcessResult::Streaming(mut events)) =
        app.server.process(create("Go").to_string(), ()).await
    else {
        panic!("a stream was asked for");
    };

    within(state.blocked.notified()).await;
    let sent = state.sent.load(Ordering::SeqCst);
    assert!(
        (BUFFER - 2 * DELTA..BUFFER + DELTA).contains(&sent),
        "{sent}"
    );

    // One read makes room for as much again.
    let chunk = events.next().await.unwrap().unwrap();
    assert!(chunk.len() < BUFFER + 2 * DELTA, "{}", chunk.len());
    within(state.blocked.notified()).await;
    let sent = state.sent.load(Ordering::SeqCst);
    assert!(
        (2 * BUFFER - 4 * DELTA..2 * BUFFER + 2 * DELTA).contains(&sent),
        "{sent}"
    );

    drop(events);
    within(state.over.notified()).await;
    assert_eq!(state.finished.load(Ordering::SeqCst), 0);
    assert!(
        state.sent.load(Ordering::SeqCst) < 3 * BUFFER,
        "nobody reads, so nothing more is made"
    );
}

/// The same over a socket, where the kernel's buffers come on top.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_waits_for_a_client_that_does_not_read() {
    let state = Arc::new(Flood::default());
    let app = App::start(flooding(&state)).await;
    let mut answer = app.client.open(&create("Go")).await;
    answer
        .until(|event| event["type"] == "stream_options")
        .await;

    within(async {
        tokio::select! {
            () = state.blocked.notified() => {}
            () = state.over.notified() => panic!("50 MB were made for a client that read nothing"),
        }
    })
    .await;
    drop(answer);
    within(state.over.notified()).await;
    assert_eq!(state.finished.load(Ordering::SeqCst), 0);
    let sent = state.sent.load(Ordering::SeqCst);
    assert!(
        sent < ALL / 2,
        "{sent} bytes were made for a client that read nothing"
    );
}

/// A slow client gets all of it in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_later_gets_everything() {
    let state = Arc::new(Flood::default());
    let app = App::start(flooding(&state)).await;
    let mut answer = app.client.open(&create("Go")).await;
    within(state.blocked.notified()).await;
    let mut received = 0;
    while let Some(event) = answer.event().await {
        received += event["update"]["delta"].as_str().map_or(0, str::len);
    }
    assert_eq!(received, ALL);
    assert_eq!(state.finished.load(Ordering::SeqCst), 1);
}

/// A handler that waits for nothing, not even for its client, is stopped all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_never_waits_can_be_stopped() {
    let state = Arc::new(Flood::default());
    let app = endless(&state).await;
    let mut answer = app.client.open(&create("Go")).await;
    answer.until(|event| event["update"]["delta"] == "x").await;
    drop(answer);
    within(state.over.notified()).await;
}

/// Shutting down ends it as well, while its client goes on reading.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_never_waits_ends_at_shutdown() {
    let state = Arc::new(Flood::default());
    let app = endless(&state).await;
    let mut answer = app.client.open(&create("Go")).await;
    answer.until(|event| event["update"]["delta"] == "x").await;
    within(app.server.shutdown()).await;
    within(state.over.notified()).await;
    within(answer.bytes()).await;
}

/// A server whose turns send for ever, into a buffer that they never fill.
async fn endless(state: &Arc<Flood>) -> App {
    let state = Arc::clone(state);
    let bot = Bot::new(move |turn, _| {
        let over = Over(Arc::clone(&state));
        async move {
            loop {
                turn.send(delta("m", "x")).await?;
                over.0.sent.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    App::start_with(MemoryStore::new(), bot, |server| {
        server.max_buffered_bytes(usize::MAX)
    })
    .await
}

/// Several tasks of one turn send at once, through a buffer that is always full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_senders_keep_their_order() {
    const SENDERS: usize = 8;
    const EACH: usize = 500;
    let bot = Bot::new(|turn, _| async move {
        let senders = (0..SENDERS).map(|sender| {
            let turn = turn.clone();
            tokio::spawn(async move {
                for number in 0..EACH {
                    turn.send(delta(&format!("m{sender}"), &number.to_string()))
                        .await?;
                }
                Ok::<_, chatkit::Error>(())
            })
        });
        for result in try_join_all(senders).await? {
            result?;
        }
        Ok(())
    });
    let app = App::start_with(MemoryStore::new(), bot, |server| {
        server.max_buffered_bytes(512)
    })
    .await;

    let events = app.client.stream(&create("Go")).await;

    assert_eq!(
        labels(&events)[..3],
        [
            "thread.created",
            "thread.item.done user_message",
            "stream_options"
        ]
    );
    let mut next: HashMap<&str, usize> = HashMap::new();
    for event in &events[3..] {
        let expected = next.entry(event["item_id"].as_str().unwrap()).or_default();
        assert_eq!(event["update"]["delta"], expected.to_string());
        *expected += 1;
    }
    assert_eq!(next.len(), SENDERS);
    assert!(next.values().all(|count| *count == EACH), "{next:?}");
}

/// Both are ways to say "never".
#[tokio::test]
async fn a_keep_alive_of_no_time_and_one_of_all_time_send_nothing() {
    let bot = Bot::new(|turn, _| async move {
        turn.send(ProgressUpdateEvent::new("Working")).await?;
        std::future::pending().await
    });
    let server = ChatKitServer::new(bot, MemoryStore::new());
    for keep_alive in [Duration::ZERO, Duration::MAX] {
        let answer = server.process(create("Hi").to_string(), ()).await.unwrap();
        let ProcessResult::Streaming(events) = answer else {
            panic!("it streams")
        };
        let mut events = events.into_event_stream(keep_alive);
        let mut read = String::new();
        while !read.contains("Working") {
            let chunk = within(events.next()).await.unwrap();
            read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        assert!(!read.contains("keep-alive"), "{keep_alive:?}: {read}");
        for _ in 0..100 {
            assert!(events.next().now_or_never().is_none(), "{keep_alive:?}");
            tokio::task::yield_now().await;
        }
    }
}

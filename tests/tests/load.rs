//! Many turns at once: what they write, what they hold in memory, and that nothing of them is lost. What it costs in time
//! is printed by `cargo bench --bench load`.

use std::sync::{Arc, Mutex};

use chatkit::store::{DynStore, MemoryStore, PostgresStore, SqliteStore, StoreItemType};
use chatkit::types::{
    AssistantMessageContent, AssistantMessageContentPartTextDelta, AssistantMessageItem,
    ThreadItemAddedEvent, ThreadItemDoneEvent, ThreadItemUpdatedEvent,
};
use chatkit::{ChatKitServer, ProcessResult, StreamingResult, Turn, TurnError};
use futures::StreamExt;
use futures::future::join_all;
use libtest_mimic::Trial;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::support::{Bot, WatchedStore, create, streamed_text, text, thread_id, within};
use crate::{Databases, Kind};

const STREAMS: usize = 500;

pub(crate) fn add(trials: &mut Vec<Trial>, databases: &Databases, runtime: &Handle) {
    for kind in Kind::ALL {
        let runtime = runtime.clone();
        trials.push(
            databases.trial(kind, "load::no_write_per_delta", move |databases| {
                runtime.block_on(async {
                    no_write_per_delta(open(&databases, kind, "writes.db").await).await;
                });
            }),
        );
    }
    let runtime = runtime.clone();
    let test = move |_| runtime.block_on(what_waits_is_bounded());
    trials.push(databases.trial(Kind::Memory, "load::what_waits_is_bounded", test));
}

async fn open(databases: &Databases, kind: Kind, name: &str) -> WatchedStore {
    let url = databases.url(kind, name);
    WatchedStore::new(match kind {
        Kind::Memory => DynStore::new(MemoryStore::new()),
        Kind::Sqlite => DynStore::new(SqliteStore::open(&url).await.unwrap()),
        Kind::Postgres => DynStore::new(PostgresStore::open(&url).await.unwrap()),
    })
}

/// Answers with the words of an answer, one delta each; `sent` is told how many there were so far.
async fn speak(turn: &Turn<()>, answer: &str, sent: impl Fn(usize)) -> Result<(), TurnError> {
    let id = turn.generate_id(StoreItemType::Message);
    let empty = AssistantMessageItem::new(id.as_str(), turn.thread_id(), vec![]);
    turn.send(ThreadItemAddedEvent::new(empty)).await?;
    for (number, word) in answer.split_inclusive(' ').enumerate() {
        let delta = AssistantMessageContentPartTextDelta::new(0usize, word);
        turn.send(ThreadItemUpdatedEvent::new(id.as_str(), delta))
            .await?;
        sent(number + 1);
        // All streams grow at the same time.
        tokio::task::yield_now().await;
    }
    let content = AssistantMessageContent::new(answer);
    let whole = AssistantMessageItem::new(id, turn.thread_id(), content);
    Ok(turn.send(ThreadItemDoneEvent::new(whole)).await?)
}

/// An answer of so many words.
fn words(stream: usize, count: usize) -> String {
    (0..count).map(|word| format!("{stream}.{word} ")).collect()
}

fn server(store: WatchedStore) -> ChatKitServer<Bot> {
    // A message says which stream it is, and how many words it wants.
    let bot = Bot::new(|turn, message| async move {
        let message = message.unwrap().text();
        let (stream, count) = message.split_once(' ').unwrap();
        let answer = words(stream.parse().unwrap(), count.parse().unwrap());
        speak(&turn, &answer, |_| ()).await
    });
    ChatKitServer::new(bot, store)
}

async fn start(server: &ChatKitServer<Bot>, message: &str) -> StreamingResult {
    let body = create(message).to_string();
    let Ok(ProcessResult::Streaming(events)) = server.process(body, ()).await else {
        panic!("a turn streams");
    };
    events
}

fn events(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    let frames = text.split_terminator("\n\n");
    let frames = frames.filter_map(|frame| frame.strip_prefix("data: "));
    frames
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

async fn run(server: &ChatKitServer<Bot>, message: String) -> Vec<Value> {
    let chunks = start(server, &message).await.map(Result::unwrap);
    events(&chunks.collect::<Vec<_>>().await.concat())
}

/// What a turn writes is the same for two deltas and for two hundred, also when many turns run at once; and each of them
/// says and stores all of its text.
async fn no_write_per_delta(store: WatchedStore) {
    let server = server(store.clone());
    let mut writes = Vec::new();
    for count in [2, 200] {
        let before = store.writes();
        let events = within(run(&server, format!("0 {count}"))).await;
        assert_eq!(streamed_text(&events), words(0, count));
        writes.push(store.writes() - before);
    }
    assert_eq!(writes[0], writes[1]);

    let before = store.writes();
    let turns = (0..STREAMS).map(|stream| run(&server, format!("{stream} 40")));
    let turns = within(join_all(turns)).await;
    assert_eq!(store.writes() - before, STREAMS * writes[0]);
    for (stream, events) in turns.iter().enumerate() {
        assert_eq!(streamed_text(events), words(stream, 40));
        let stored = store.items(&thread_id(events)).await;
        assert_eq!(text(stored.last().unwrap()), words(stream, 40));
    }
}

/// However far a turn could run ahead of a client that reads slowly: no more waits for it than the buffer holds, and one
/// event.
async fn what_waits_is_bounded() {
    const BUFFER: usize = 4096;
    const WORDS: usize = 400;
    /// More than any of the events here has, the last with all of its text included.
    const EVENT: usize = 4096;
    let sent: Arc<Mutex<Vec<watch::Sender<usize>>>> = Arc::default();
    sent.lock()
        .unwrap()
        .resize_with(STREAMS, || watch::Sender::new(0));

    let shared = Arc::clone(&sent);
    let bot = Bot::new(move |turn, message| {
        let shared = Arc::clone(&shared);
        async move {
            let stream: usize = message.unwrap().text().parse().unwrap();
            let sent = shared.lock().unwrap()[stream].clone();
            let told = |count| {
                sent.send_replace(count);
            };
            speak(&turn, &words(stream, WORDS), told).await
        }
    });
    let server = ChatKitServer::new(bot, MemoryStore::new()).max_buffered_bytes(BUFFER);
    let read = |stream: usize| {
        let mut progress = sent.lock().unwrap()[stream].subscribe();
        let server = &server;
        async move {
            let mut answer = start(server, &stream.to_string()).await;
            let mut bytes = Vec::new();
            loop {
                // The turn is under way, and gets time to run as far ahead as it can.
                progress.wait_for(|sent| *sent > 0).await.unwrap();
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                let Some(chunk) = answer.next().await else {
                    break;
                };
                let chunk = chunk.unwrap();
                assert!(
                    chunk.len() <= BUFFER + EVENT,
                    "{} bytes waited",
                    chunk.len()
                );
                bytes.extend_from_slice(&chunk);
            }
            assert!(bytes.len() > 8 * BUFFER, "only {} bytes", bytes.len());
            assert_eq!(streamed_text(&events(&bytes)), words(stream, WORDS));
        }
    };
    within(join_all((0..STREAMS).map(read))).await;
}

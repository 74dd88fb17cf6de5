//! The quickstart, killed without warning at random points of several turns at once, over and over on one database.
//!
//! Whatever was reported as done before must be there afterwards, nothing may be there by half, and the conversation must go
//! on. `CRASH_KILLS` says how often it is killed on each database.

use std::collections::HashMap;
use std::env;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::{Client, Quickstart, add as message, create, streamed_text, text, within};
use crate::{Databases, Kind};

const KILLS: u32 = 10;

/// How many conversations there are at once.
const CONVERSATIONS: u64 = 3;

/// It is killed after as many events at most: a few turns of each conversation have about as many.
const EVENTS: u64 = 300;

/// It is killed so long after that event at most: about as long as it takes to the next.
const DELAY: Duration = Duration::from_millis(6);

pub(crate) fn add(trials: &mut Vec<Trial>, databases: &Databases, runtime: &Handle) {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let runtime = runtime.clone();
        let test = move |databases: Databases| {
            runtime.block_on(survives(&databases.url(kind, "crash.db")));
        };
        trials.push(databases.trial(kind, "crash::survives_being_killed", test));
    }
}

/// What must be true from now on.
#[derive(Default)]
struct Promises {
    /// The items that were reported as done, by thread and id.
    items: HashMap<String, HashMap<String, Value>>,
}

impl Promises {
    fn note(&mut self, event: &Value) {
        let item = &event["item"];
        match event["type"].as_str() {
            Some("thread.created") => {
                let id = event["thread"]["id"].as_str().unwrap();
                self.items.entry(id.to_owned()).or_default();
            }
            Some("thread.item.done" | "thread.item.replaced") => {
                let thread = item["thread_id"].as_str().unwrap();
                let items = self.items.entry(thread.to_owned()).or_default();
                items.insert(item["id"].as_str().unwrap().to_owned(), item.clone());
            }
            Some("error") => panic!("a turn failed: {event}"),
            _ => {}
        }
    }

    /// Checks all threads that have changed since they were last checked.
    async fn check(&self, client: &Client, changed: &[String]) {
        for thread in changed {
            let stored = client.items(thread).await;
            for (id, item) in &self.items[thread] {
                let found = stored.iter().find(|stored| stored["id"] == **id);
                assert_eq!(found, Some(item), "an item that was done");
            }
            for item in &stored {
                let whole = match item["type"].as_str().unwrap() {
                    "user_message" => text(item).ends_with('?'),
                    "assistant_message" => {
                        let text = text(item);
                        text.ends_with("to talk to a real one.") || text.ends_with("°C.")
                    }
                    "workflow" => item["workflow"]["summary"].is_object(),
                    _ => false,
                };
                assert!(whole, "an item by half: {item}");
            }
        }
    }
}

/// A number below `end`.
fn random(end: u64) -> u64 {
    RandomState::new().hash_one(0) % end
}

#[expect(
    clippy::print_stderr,
    reason = "the figures are for whoever asks for many kills"
)]
async fn survives(database: &str) {
    let kills = env::var("CRASH_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut promises = Promises::default();
    let (mut done, mut unanswered) = (0, 0);
    for kill in 0..kills {
        let quickstart = within(Quickstart::start(database)).await;
        let (sender, mut events) = mpsc::unbounded_channel();
        let mut conversations = JoinSet::new();
        for n in 0..CONVERSATIONS {
            // Some go on where an earlier process died.
            let known: Vec<&String> = promises.items.keys().collect();
            let thread = match known.len() as u64 {
                0 => None,
                count => (n > 0).then(|| known[random(count) as usize].clone()),
            };
            conversations.spawn(converse(quickstart.client, thread, sender.clone()));
        }
        drop(sender);

        let point = 1 + random(EVENTS);
        let mut changed = Vec::new();
        let mut keep = |event: Value| {
            promises.note(&event);
            if let Some(thread) = event["item"]["thread_id"].as_str()
                && !changed.iter().any(|known| known == thread)
            {
                changed.push(thread.to_owned());
            }
        };
        for _ in 0..point {
            keep(
                within(events.recv())
                    .await
                    .expect("conversations go on until it is killed"),
            );
        }
        let delay = DELAY.mul_f64(random(1000) as f64 / 1000.0);
        tokio::time::sleep(delay).await;
        quickstart.kill().await;
        while let Some(event) = within(events.recv()).await {
            keep(event);
        }
        conversations.join_all().await;

        let quickstart = within(Quickstart::start(database)).await;
        promises.check(&quickstart.client, &changed).await;
        // The conversation goes on, whatever its last turn came to.
        if let Some(thread) = changed.first() {
            let before = quickstart.client.items(thread).await;
            unanswered += usize::from(before.last().unwrap()["type"] == "user_message");
            let events = quickstart.client.stream(&message(thread, "And now?")).await;
            assert!(
                streamed_text(&events).starts_with("You said: And now?"),
                "kill {kill}: {events:?}"
            );
            events.iter().for_each(|event| promises.note(event));
            promises.check(&quickstart.client, &changed[..1]).await;
        }
        quickstart.kill().await;
        done = promises.items.values().map(HashMap::len).sum();
    }
    // All of it once more: nothing was lost later.
    let quickstart = within(Quickstart::start(database)).await;
    let all: Vec<String> = promises.items.keys().cloned().collect();
    promises.check(&quickstart.client, &all).await;
    let list = json!({"type": "threads.list", "params": {"limit": 9999}});
    let threads = quickstart.client.get(&list).await;
    assert!(threads["data"].as_array().unwrap().len() >= all.len());
    eprintln!(
        "{kills} kills survived: {} threads, {done} items, {unanswered} turns cut off",
        all.len()
    );
}

/// One message after the other, until the server dies.
async fn converse(
    client: Client,
    mut thread: Option<String>,
    events: mpsc::UnboundedSender<Value>,
) {
    for n in 0_u64.. {
        let text = match n % 2 {
            0 => "What is the weather in Oslo?",
            _ => "What else?",
        };
        let request = match &thread {
            Some(thread) => message(thread, text),
            None => create(text),
        };
        let mut last = Value::Null;
        let ended = follow(client, &request, |event| {
            if let Some(id) = event["thread"]["id"].as_str() {
                thread = Some(id.to_owned());
            }
            last = event["type"].clone();
            events.send(event).ok();
        })
        .await;
        if !ended || last.is_null() || thread.is_none() {
            return;
        }
    }
}

/// Posts a request, and hands on the events of its stream, until that ends or the server dies. Says whether it ended.
async fn follow(client: Client, request: &Value, mut on_event: impl FnMut(Value)) -> bool {
    let body = request.to_string();
    // An answer to HTTP/1.0 is not in chunks, but all that comes until the connection closes.
    let head = format!(
        "POST /chatkit HTTP/1.0\r\ncontent-type: application/json\r\naccept: text/event-stream\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let read = async {
        let mut socket = TcpStream::connect(client.address).await?;
        socket.write_all(head.as_bytes()).await?;
        socket.write_all(body.as_bytes()).await?;
        let mut lines = BufReader::new(socket).lines();
        while let Some(line) = lines.next_line().await? {
            // The last line of a server that has died may be half of one.
            let data = line.strip_prefix("data: ");
            if let Some(event) = data.and_then(|data| serde_json::from_str(data).ok()) {
                on_event(event);
            }
        }
        std::io::Result::Ok(())
    };
    read.await.is_ok()
}

//! Many slow streams at once, over HTTP, on each kind of store: how long a delta takes from the handler to the client, and
//! how long a turn takes to begin.
//!
//! ```text
//! cargo bench -p chatkit-tests --bench load
//! ```
//!
//! `LOAD_STREAMS` (500), `LOAD_SECONDS` (10) and `LOAD_RATE` (20 deltas a second each) change the load. The clients run in
//! the same process, so that there is one clock; what they cost is in the figures. PostgreSQL is left out where it is not
//! installed.

#![allow(clippy::print_stdout, reason = "the figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use axum::http::request::Parts;
use axum::serve::ListenerExt;
use chatkit::store::{DynStore, MemoryStore, PostgresStore, SqliteStore, StoreItemType};
use chatkit::testing::PostgresCluster;
use chatkit::types::{
    AssistantMessageContent, AssistantMessageContentPartTextDelta, AssistantMessageItem,
    ThreadItemAddedEvent, ThreadItemDoneEvent, ThreadItemUpdatedEvent, UserMessageItem,
};
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// The begin of all times in here.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

#[derive(Clone, Copy)]
struct Load {
    streams: u32,
    deltas: u32,
    pause: Duration,
}

impl Load {
    fn from_env() -> Self {
        let number = |name: &str, default: u32| {
            std::env::var(name).map_or(default, |value| value.parse().unwrap())
        };
        let rate = number("LOAD_RATE", 20);
        Self {
            streams: number("LOAD_STREAMS", 500),
            deltas: number("LOAD_SECONDS", 10) * rate,
            pause: Duration::from_secs(1) / rate,
        }
    }
}

/// Says what time it is, again and again.
struct Clock(Load);

impl ChatKitHandler for Clock {
    type Context = ();

    async fn respond(&self, turn: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        let id = turn.generate_id(StoreItemType::Message);
        let empty = AssistantMessageItem::new(id.as_str(), turn.thread_id(), vec![]);
        turn.send(ThreadItemAddedEvent::new(empty)).await?;
        let mut text = String::new();
        let mut ticks = interval(self.0.pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for _ in 0..self.0.deltas {
            ticks.tick().await;
            let now = format!("{} ", EPOCH.elapsed().as_micros());
            text.push_str(&now);
            let delta = AssistantMessageContentPartTextDelta::new(0usize, now);
            turn.send(ThreadItemUpdatedEvent::new(id.as_str(), delta))
                .await?;
        }
        let content = AssistantMessageContent::new(text);
        let whole = AssistantMessageItem::new(id, turn.thread_id(), content);
        Ok(turn.send(ThreadItemDoneEvent::new(whole)).await?)
    }
}

/// What one client saw.
struct Seen {
    /// From its request to the first event.
    began: Duration,
    /// From the handler to here, each delta.
    deltas: Vec<Duration>,
}

async fn listen(address: SocketAddr) -> Seen {
    const BODY: &str = r#"{"type":"threads.create","params":{"input":{"content":[{"type":"input_text","text":"go"}]}}}"#;
    let request = format!(
        "POST /chatkit HTTP/1.0\r\ncontent-type: application/json\r\naccept: text/event-stream\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let asked = Instant::now();
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(socket).lines();
    let (mut began, mut deltas) = (None, Vec::new());
    while let Some(line) = lines.next_line().await.unwrap() {
        assert!(!line.contains(r#""type":"error""#), "{line}");
        if line.starts_with("data: ") {
            began.get_or_insert_with(|| asked.elapsed());
        }
        if let Some((_, delta)) = line.split_once(r#""delta":""#) {
            let (sent, _) = delta.split_once(' ').unwrap();
            let sent = Duration::from_micros(sent.parse().unwrap());
            deltas.push(EPOCH.elapsed().saturating_sub(sent));
        }
    }
    Seen {
        began: began.unwrap(),
        deltas,
    }
}

async fn run(name: &str, store: DynStore<()>, load: Load) {
    let server = ChatKitServer::new(Clock(load), store);
    let context = |_: Parts| async { Ok::<_, Infallible>(()) };
    let router = chatkit::axum::router(server, context);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let mut clients = JoinSet::new();
    for _ in 0..load.streams {
        clients.spawn(listen(address));
        // Not all in the same moment: a second's worth of arrivals.
        sleep(Duration::from_secs(1) / load.streams).await;
    }
    let seen = clients.join_all().await;
    serving.abort();

    let deltas: Vec<Duration> = seen.iter().flat_map(|seen| seen.deltas.clone()).collect();
    assert_eq!(
        deltas.len(),
        (load.streams * load.deltas) as usize,
        "a delta is missing"
    );
    let began = seen.iter().map(|seen| seen.began).collect();
    println!(
        "{name:10} delta {}   first event {}",
        figures(deltas),
        figures(began)
    );
}

/// The median, the 99th percentile and the longest, in milliseconds.
fn figures(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    format!(
        "p50 {:7.2}  p99 {:7.2}  max {:7.2} ms",
        at(50),
        at(99),
        at(100)
    )
}

#[tokio::main]
async fn main() {
    let load = Load::from_env();
    let _ = *EPOCH;
    println!(
        "{} streams, {} deltas each, one every {:?}",
        load.streams, load.deltas, load.pause
    );
    run("memory", DynStore::new(MemoryStore::new()), load).await;

    let file = std::env::temp_dir().join(format!("chatkit-load-{}.db", std::process::id()));
    run(
        "SQLite",
        DynStore::new(SqliteStore::open(&file).await.unwrap()),
        load,
    )
    .await;
    for end in ["", "-wal", "-shm"] {
        let mut name = file.clone().into_os_string();
        name.push(end);
        std::fs::remove_file(name).ok();
    }

    if let Some(cluster) = PostgresCluster::start_if_installed().unwrap() {
        let store = PostgresStore::open(&cluster.url()).await.unwrap();
        run("PostgreSQL", DynStore::new(store), load).await;
    }
}

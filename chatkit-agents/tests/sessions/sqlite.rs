//! Sessions in SQLite files.

use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use chatkit::store::SqliteStore;
use chatkit_agents::items::InputItem;
use chatkit_agents::session::{ReplaceItems, Session, SessionErrorKind, SqliteSessions};
use futures::future::join_all;
use serde_json::json;
use sqlx::{Connection, SqliteConnection, query, query_scalar, raw_sql};

use super::{call, item, output, wire};

/// A directory that goes away with its test.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("chatkit-sessions-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("agents.db")
    }

    /// A connection that knows nothing of sessions.
    async fn connect(&self) -> SqliteConnection {
        let url = format!("sqlite:{}?mode=rwc", self.file().display());
        SqliteConnection::connect(&url).await.unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn pair(number: usize) -> [InputItem; 2] {
    [call(number), output(number)]
}

#[tokio::test]
async fn a_file_keeps_its_sessions_apart() {
    let place = Place::new();
    let odd = item(&json!({"zeta": 1, "type": "newer", "alpha": [null, "ü"]}));
    {
        let sessions = SqliteSessions::open(place.file()).await.unwrap();
        sessions
            .session("a")
            .add_items(&[InputItem::user("Hi"), odd.clone()])
            .await
            .unwrap();
        sessions.session("b").add_items(&pair(1)).await.unwrap();
        sessions.close().await;
        assert!(sessions.session("a").get_items(None).await.is_err());
    }
    let url = format!("sqlite:{}?mode=rw", place.file().display());
    let sessions = SqliteSessions::open(url).await.unwrap();
    let (a, b) = (sessions.session("a"), sessions.session("b"));
    assert_eq!(
        a.get_items(None).await.unwrap(),
        [InputItem::user("Hi"), odd.clone()]
    );
    a.clear_session().await.unwrap();
    assert!(a.get_items(None).await.unwrap().is_empty());
    assert_eq!(b.get_items(None).await.unwrap(), pair(1));
    sessions.close().await;

    let mut connection = place.connect().await;
    let left: i64 = query_scalar("SELECT count(*) FROM agent_sessions")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn what_is_not_there_is_not_made_when_it_should_be_there() {
    let place = Place::new();
    let url = format!("sqlite:{}?mode=rw", place.file().display());
    let error = SqliteSessions::open(url).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::Storage);
    assert!(error.to_string().contains("agents.db"), "{error}");
    assert!(format!("{error:#}").len() > error.to_string().len());

    // What is wrong is said before there is a file.
    for (database, problem) in [
        ("", "the path is empty"),
        (
            "sqlite:agents.db?mode=rwc&cache=shared",
            "the only parameter is `mode`",
        ),
        (
            "file:agents.db",
            "URLs of the scheme `file` are not supported",
        ),
        (
            "/nowhere/agents.db",
            "the directory /nowhere does not exist; create it",
        ),
    ] {
        let error = SqliteSessions::open(database).await.unwrap_err();
        assert_eq!(error.kind(), SessionErrorKind::Storage);
        assert!(error.to_string().contains(problem), "{error}");
    }
}

/// The store of the threads may be in the same file.
#[tokio::test]
async fn a_file_has_room_for_threads_too() {
    let place = Place::new();
    for _ in 0..2 {
        let store: SqliteStore<()> = SqliteStore::open(place.file()).await.unwrap();
        let sessions = SqliteSessions::open(place.file()).await.unwrap();
        let session = sessions.session("s");
        session.add_items(&[InputItem::user("Hi")]).await.unwrap();
        store.close().await;
        sessions.close().await;
    }
    let sessions = SqliteSessions::open(place.file()).await.unwrap();
    let items = sessions.session("s").get_items(None).await.unwrap();
    assert_eq!(items.len(), 2);

    // A file that a newer version of this crate has made is left alone.
    sessions.close().await;
    let mut connection = place.connect().await;
    let newer = "INSERT INTO chatkit_session_migrations (version, applied_at) VALUES (99, 0)";
    query(newer).execute(&mut connection).await.unwrap();
    let error = SqliteSessions::open(place.file()).await.unwrap_err();
    assert!(error.to_string().contains("version 99"), "{error}");
}

/// The tables as openai-agents 0.24 makes them, with rows as it writes them.
#[tokio::test]
async fn a_file_of_the_python_sdk_goes_on() {
    let place = Place::new();
    let mut connection = place.connect().await;
    raw_sql(
        "CREATE TABLE IF NOT EXISTS agent_sessions (session_id TEXT PRIMARY KEY,
            created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
         CREATE TABLE IF NOT EXISTS agent_messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL,
            message_data TEXT NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
            FOREIGN KEY (session_id) REFERENCES agent_sessions (session_id) ON DELETE CASCADE);
         CREATE INDEX IF NOT EXISTS idx_agent_messages_session_id ON agent_messages (session_id, id);
         INSERT INTO agent_sessions (session_id) VALUES ('s');
         INSERT INTO agent_messages (session_id, message_data) VALUES ('s', '{\"content\": \"Hi\", \"role\": \"user\"}')",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    drop(connection);

    let sessions = SqliteSessions::open(place.file()).await.unwrap();
    let session = sessions.session("s");
    session
        .add_items(&[InputItem::assistant("Hello")])
        .await
        .unwrap();
    let items = session.get_items(None).await.unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(wire(&items)[0], json!({"content": "Hi", "role": "user"}));
}

#[tokio::test]
async fn corrupt_rows_are_skipped_and_do_not_count() {
    let place = Place::new();
    let sessions = SqliteSessions::open(place.file()).await.unwrap();
    let session = sessions.session("s");
    session
        .add_items(&[InputItem::user("a"), InputItem::user("b")])
        .await
        .unwrap();
    let mut connection = place.connect().await;
    for data in ["{\"cut", "", "not json", "\"text\"", "[]"] {
        query("INSERT INTO agent_messages (session_id, message_data) VALUES ('s', ?1)")
            .bind(data)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    query("INSERT INTO agent_messages (session_id, message_data) VALUES ('s', x'ff00')")
        .execute(&mut connection)
        .await
        .unwrap();
    let (a, b) = (InputItem::user("a"), InputItem::user("b"));
    assert_eq!(
        session.get_items(None).await.unwrap(),
        [a.clone(), b.clone()]
    );
    assert_eq!(
        session.get_items(Some(1)).await.unwrap(),
        std::slice::from_ref(&b)
    );
    assert_eq!(session.pop_item().await.unwrap(), Some(b));
    assert_eq!(session.get_items(Some(9)).await.unwrap(), [a]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_do_not_mix_what_belongs_together() {
    let place = Place::new();
    // Two sets of connections, as two processes would have.
    let opened = join_all((0..2).map(|_| SqliteSessions::open(place.file()))).await;
    let opened: Vec<SqliteSessions> = opened.into_iter().map(Result::unwrap).collect();
    let tasks = (0..40).map(|number| {
        let session = opened[number % 2].session("s");
        tokio::spawn(async move {
            session.add_items(&pair(number)).await.unwrap();
            session.get_items(Some(2)).await.unwrap()
        })
    });
    for latest in join_all(tasks).await {
        let latest = latest.unwrap();
        assert_eq!(latest.len(), 2);
        assert_eq!(latest[0].call_id(), latest[1].call_id());
    }
    let items = opened[0].session("s").get_items(None).await.unwrap();
    assert_eq!(items.len(), 80);
    for pair in items.chunks(2) {
        assert_eq!(pair[0].item_type(), "function_call");
        assert_eq!(pair[1].item_type(), "function_call_output");
        assert_eq!(pair[0].call_id(), pair[1].call_id());
    }
}

#[tokio::test]
async fn a_dropped_write_is_whole_or_nothing() {
    let place = Place::new();
    let sessions = SqliteSessions::open(place.file()).await.unwrap();
    let session = sessions.session("s");
    let (mut finished, mut dropped) = (0, 0);
    for number in 0..40 {
        let items = pair(number);
        let mut write = pin!(session.add_items(&items));
        // Dropped at its `number`th wait.
        let mut waits = number;
        let done = poll_fn(|cx| match write.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if waits == 0 => Poll::Ready(None),
            Poll::Pending => {
                waits -= 1;
                Poll::Pending
            }
        });
        match done.await {
            Some(done) => {
                done.unwrap();
                finished += 1;
            }
            None => dropped += 1,
        }
    }
    assert!(finished > 0 && dropped > 0);
    // What was dropped does not hold the lock.
    session.add_items(&pair(100)).await.unwrap();
    let items = session.get_items(None).await.unwrap();
    assert!(items.len() >= 2 * (finished + 1));
    for pair in items.chunks(2) {
        assert_eq!(pair[0].call_id(), pair[1].call_id());
    }
}

#[tokio::test]
async fn a_beginning_is_replaced_in_place() {
    let sessions = SqliteSessions::open("sqlite::memory:").await.unwrap();
    let (session, other) = (sessions.session("s"), sessions.session("other"));
    let old = [InputItem::user("a"), InputItem::assistant("b")];
    session.add_items(&old).await.unwrap();
    other.add_items(&old).await.unwrap();
    session.add_items(&pair(1)).await.unwrap();

    let new = [InputItem::user("short")];
    assert!(!session.replace_items(&new, &old).await.unwrap());
    assert!(session.replace_items(&old, &new).await.unwrap());
    assert!(!session.replace_items(&old, &new).await.unwrap());
    session.add_items(&[InputItem::user("c")]).await.unwrap();
    let [call, output] = pair(1);
    let expected = [InputItem::user("short"), call, output, InputItem::user("c")];
    assert_eq!(session.get_items(None).await.unwrap(), expected);
    assert_eq!(other.get_items(None).await.unwrap(), old);
    let too_long = [&expected[..], &old[..]].concat();
    assert!(!session.replace_items(&too_long, &new).await.unwrap());
}

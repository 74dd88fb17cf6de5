//! What only a store in a file can do or get wrong.
#![allow(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chatkit::store::{SqliteOptions, SqliteStore, Store, StoreError};
use chatkit::types::{
    AssistantMessageContent, AssistantMessageItem, FileAttachment, Order, Page, ThreadItem,
    ThreadMetadata,
};
use chrono::{DateTime, TimeDelta, Utc};

/// A user; the stores under test keep users apart by name.
#[derive(Clone, Copy)]
struct User(&'static str);

const ANN: User = User("ann");
const BOB: User = User("bob");

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_700_000_000 + seconds)
}

fn thread(id: &str, created_at: DateTime<Utc>) -> ThreadMetadata {
    let mut thread = ThreadMetadata::new(id);
    thread.created_at = created_at;
    thread
}

fn item(thread_id: &str, id: &str, created_at: DateTime<Utc>, text: &str) -> ThreadItem {
    let content = vec![AssistantMessageContent::new(text)];
    let mut item = AssistantMessageItem::new(id, thread_id, content);
    item.created_at = created_at;
    item.into()
}

fn ids(page: &Page<ThreadItem>) -> Vec<&str> {
    page.data.iter().map(ThreadItem::id).collect()
}

fn thread_ids(page: &Page<ThreadMetadata>) -> Vec<&str> {
    page.data.iter().map(|thread| thread.id.as_str()).collect()
}

#[track_caller]
fn assert_not_found<T: std::fmt::Debug>(result: Result<T, StoreError>, what: &str, id: &str) {
    match result {
        Err(StoreError::NotFound { what: w, id: i }) => assert_eq!((w, i.as_str()), (what, id)),
        other => panic!("{what} {id} should not be found: {other:?}"),
    }
}

/// A directory that is deleted with everything in it.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let name = format!("chatkit-{}", uuid::Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("chat.db")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

async fn open(path: impl AsRef<Path>) -> SqliteStore<User> {
    let store = SqliteStore::open(path).await.unwrap();
    store.scoped(|user: &User| user.0.to_owned())
}

#[tokio::test]
async fn a_file_keeps_everything() {
    let place = Place::new();
    let store = open(place.file()).await;
    let saved = [item("t", "b", at(0), "one"), item("t", "a", at(0), "two")];
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    for item in &saved {
        store.add_thread_item("t", item, &ANN).await.unwrap();
    }
    let attachment = FileAttachment::new("atc_1", "a.txt", "text/plain").into();
    store.save_attachment(&attachment, &BOB).await.unwrap();
    store.close().await;
    assert!(store.load_thread("t", &ANN).await.is_err());
    // The log has been written back: the one file is all there is to copy.
    let files = std::fs::read_dir(&place.0).unwrap().count();
    assert_eq!(files, 1);

    let url = format!("sqlite://{}?mode=rw", place.file().display());
    let store = open(url).await;
    assert_eq!(
        store.load_thread("t", &ANN).await.unwrap(),
        thread("t", at(0))
    );
    let third = item("t", "0", at(0), "three");
    store.add_thread_item("t", &third, &ANN).await.unwrap();
    let page = store.load_thread_items("t", None, 9, Order::Asc, &ANN);
    assert_eq!(ids(&page.await.unwrap()), ["b", "a", "0"]);
    let loaded = store.load_attachment("atc_1", &BOB).await.unwrap();
    assert_eq!(loaded, attachment);
    assert_not_found(store.load_thread("t", &BOB).await, "thread", "t");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_that_open_one_new_file_at_once() {
    // Several times, since what can go wrong does not always.
    for _ in 0..12 {
        let place = Place::new();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let path = place.file();
            tasks.spawn(async move {
                let store = open(path).await;
                let thread = thread(&format!("t{n}"), at(n));
                store.save_thread(&thread, &ANN).await.unwrap();
                store
            });
        }
        for store in tasks.join_all().await {
            let page = store.load_threads(99, None, Order::Asc, &ANN).await;
            let expected = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"];
            assert_eq!(thread_ids(&page.unwrap()), expected);
            store.close().await;
        }
    }
}

#[tokio::test]
async fn a_clone_with_another_scope_is_the_same_database() {
    let store: SqliteStore<User> = SqliteStore::open(":memory:").await.unwrap();
    let scoped = store.clone().scoped(|user: &User| user.0.to_owned());
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    assert!(store.load_thread("t", &BOB).await.is_ok());
    assert_not_found(scoped.load_thread("t", &ANN).await, "thread", "t");
    assert_not_found(
        scoped.save_thread(&thread("t", at(0)), &ANN).await,
        "thread",
        "t",
    );
}

#[tokio::test]
async fn odd_options_are_made_to_work() {
    let place = Place::new();
    let options = SqliteOptions::new().readers(0).busy_timeout(Duration::MAX);
    let store = SqliteStore::<User>::open_with(place.file(), options).await;
    let page = store.unwrap().load_threads(1, None, Order::Asc, &ANN).await;
    assert_eq!(page.unwrap(), Page::default());
}

#[tokio::test]
async fn paths_with_odd_characters() {
    let place = Place::new();
    let path = place.0.join("a?b #c%41 ü.db");
    open(&path).await.close().await;
    assert!(path.is_file());
    let url = format!("sqlite:{}", place.0.join("a%3Fb.db").display());
    open(url).await.close().await;
    assert!(place.0.join("a?b.db").is_file());
}

/// The message of an error and all its sources.
async fn failure(path: impl AsRef<Path>) -> String {
    let error = SqliteStore::<User>::open(path).await.unwrap_err();
    let mut text = String::new();
    let mut next: Option<&dyn StdError> = Some(&error);
    while let Some(error) = next {
        text.push_str(&error.to_string());
        text.push('\n');
        next = error.source();
    }
    text
}

#[tokio::test]
async fn a_path_that_cannot_be_opened_says_what_to_do() {
    let place = Place::new();
    let directory = place.0.display().to_string();

    let missing = place.0.join("no/such/chat.db");
    let text = failure(&missing).await;
    assert!(text.contains(&missing.display().to_string()), "{text}");
    let parent = place.0.join("no/such").display().to_string();
    assert!(
        text.contains(&format!("the directory {parent} does not exist")),
        "{text}"
    );

    let text = failure(&place.0).await;
    assert!(
        text.contains(&format!("{directory}: it is a directory")),
        "{text}"
    );

    let text = failure(format!("sqlite:{directory}/absent.db?mode=rw")).await;
    assert!(text.contains("absent.db"), "{text}");
    assert!(!place.0.join("absent.db").exists());

    let other = place.0.join("letter.txt");
    std::fs::write(&other, "Dear Ann, ".repeat(1000)).unwrap();
    let text = failure(&other).await;
    assert!(text.contains("letter.txt"), "{text}");
    assert!(text.contains("not an SQLite database"), "{text}");

    for (path, advice) in [
        ("", "the path is empty"),
        ("sqlite:", "the path is empty"),
        ("sqlite:a.db?cache=shared", "the only parameter is `mode`"),
        ("file:a.db", "write `sqlite:`"),
    ] {
        let text = failure(path).await;
        assert!(text.contains(advice), "{path}: {text}");
    }
}

/// Runs statements on a file behind the store's back.
async fn tamper(path: &Path, statement: &'static str) {
    use sqlx::{ConnectOptions, Connection};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(statement)
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn opening_waits_for_a_lock_as_long_as_it_is_told() {
    use sqlx::{ConnectOptions, Connection};
    let place = Place::new();
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(place.file());
    let mut other = file.create_if_missing(true).connect().await.unwrap();
    let lock = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();

    let impatient = SqliteOptions::new().busy_timeout(Duration::from_millis(50));
    let error = SqliteStore::<User>::open_with(place.file(), impatient).await;
    let error = error.unwrap_err().source().unwrap().to_string();
    assert!(error.contains("another process has locked it"), "{error}");

    let mut patient = Box::pin(open(place.file()));
    let early = tokio::time::timeout(Duration::from_millis(200), &mut patient).await;
    assert!(early.is_err(), "opened a locked file");
    lock.commit().await.unwrap();
    let store = patient.await;
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let place = Place::new();
    open(place.file()).await.close().await;
    tamper(
        &place.file(),
        "INSERT INTO chatkit_migrations VALUES (99, 0)",
    )
    .await;
    let text = failure(place.file()).await;
    assert!(text.contains("version 99"), "{text}");
}

#[tokio::test]
async fn tables_of_others_are_left_alone() {
    let place = Place::new();
    std::fs::write(place.file(), "").unwrap();
    tamper(
        &place.file(),
        "CREATE TABLE items (mine TEXT); INSERT INTO items VALUES ('kept')",
    )
    .await;
    let text = failure(place.file()).await;
    assert!(text.contains("table items already exists"), "{text}");
    // Nothing of the schema is there, and what was there is.
    tamper(
        &place.file(),
        "CREATE TABLE threads (x); CREATE TABLE chatkit_migrations (x); INSERT INTO items VALUES (1)",
    )
    .await;
}

#[tokio::test]
async fn a_record_that_does_not_decode_is_named_and_not_quoted() {
    let place = Place::new();
    let store = open(place.file()).await;
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let good = item("t", "item_7", at(0), "");
    store.save_item("t", &good, &ANN).await.unwrap();
    tamper(
        &place.file(),
        "UPDATE items SET data = '{\"type\": \"secret diary\", \"id\": 3}'",
    )
    .await;
    let one = store.load_item("t", "item_7", &ANN).await.map(drop);
    let page = store.load_thread_items("t", None, 9, Order::Asc, &ANN);
    for result in [one, page.await.map(drop)] {
        let error = result.unwrap_err();
        let cause = error.source().unwrap().to_string();
        assert!(
            cause.contains("items") && cause.contains("item_7"),
            "{cause}"
        );
        assert!(!format!("{error:?} {cause}").contains("secret"), "{cause}");
    }
}

/// A file that an older version has made gets what is new, and keeps what is in it.
#[tokio::test]
async fn an_older_schema_is_brought_up_to_date() {
    let place = Place::new();
    std::fs::write(place.file(), "").unwrap();
    tamper(
        &place.file(),
        concat!(
            "CREATE TABLE chatkit_migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;",
            "INSERT INTO chatkit_migrations VALUES (1, 0);",
            include_str!("../migrations/sqlite/0001_threads.sql"),
            "INSERT INTO threads (id, owner, created_at, data) VALUES ('t', 'ann', 1700000000000000, \
             '{\"id\": \"t\", \"created_at\": \"2023-11-14T22:13:20Z\"}')",
        ),
    )
    .await;
    let store = open(place.file()).await;
    assert_eq!(
        store.load_thread("t", &ANN).await.unwrap(),
        thread("t", at(0))
    );
    assert_eq!(store.delete_threads_before(at(1)).await.unwrap(), 1);
}

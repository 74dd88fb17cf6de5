//! What only a store in an SQLite database can do or get wrong.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chatkit::store::{DynStore, SqliteOptions, SqliteStore, Store};
use chatkit::testing::store_checks;
use chatkit::types::{FileAttachment, Order, Page, ThreadItem, ThreadMetadata};

use crate::{Tests, User, assert_not_found, at, item, model, retention, thread};

static ANN: User = User::named("ann");
static BOB: User = User::named("bob");

/// A folder that is deleted with everything in it.
struct Folder(PathBuf);

impl Folder {
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

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

async fn open(path: impl AsRef<Path>) -> SqliteStore<User> {
    SqliteStore::open(path).await.unwrap().scoped(User::key)
}

macro_rules! tests {
    ($tests:ident: $($name:ident)*) => {
        $($tests.add(concat!("sqlite::", stringify!($name)), $name);)*
    };
}

pub(crate) fn add(tests: &mut Tests) {
    let in_memory = async || open("sqlite::memory:").await;
    tests.add_checks("sqlite_memory", store_checks(in_memory, User::new));
    tests.add("sqlite_memory::retention", async move || {
        retention::of(in_memory().await).await;
    });
    let runtime = tests.runtime.clone();
    tests.add_blocking("sqlite_memory::answers_as_the_store_in_memory", move || {
        model::answers_as_the_store_in_memory(&runtime, async || DynStore::new(in_memory().await));
    });

    // One file for all checks: each has owners and ids of its own.
    let folder = Arc::new(Folder::new());
    let open_file = move || {
        let folder = Arc::clone(&folder);
        async move { open(folder.file()).await }
    };
    tests.add_checks("sqlite_file", store_checks(open_file, User::new));

    tests!(tests:
        a_file_keeps_everything
        stores_that_open_one_new_file_at_once
        a_clone_with_another_scope_is_the_same_database
        odd_options_are_made_to_work
        paths_with_odd_characters
        a_path_that_cannot_be_opened_says_what_to_do
        opening_waits_for_a_lock_as_long_as_it_is_told
        a_newer_schema_is_left_alone
        tables_of_others_are_left_alone
        a_record_that_does_not_decode_is_named_and_not_quoted
    );
}

fn ids(page: &Page<ThreadItem>) -> Vec<&str> {
    page.data.iter().map(ThreadItem::id).collect()
}

fn thread_ids(page: &Page<ThreadMetadata>) -> Vec<&str> {
    page.data.iter().map(|thread| thread.id.as_str()).collect()
}

async fn a_file_keeps_everything() {
    let folder = Folder::new();
    let store = open(folder.file()).await;
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
    let files = std::fs::read_dir(&folder.0).unwrap().count();
    assert_eq!(files, 1);

    let url = format!("sqlite://{}?mode=rw", folder.file().display());
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

async fn stores_that_open_one_new_file_at_once() {
    // Several times, since what can go wrong does not always.
    for _ in 0..12 {
        let folder = Folder::new();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let path = folder.file();
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

async fn a_clone_with_another_scope_is_the_same_database() {
    let store: SqliteStore<User> = SqliteStore::open(":memory:").await.unwrap();
    let scoped = store.clone().scoped(User::key);
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    assert!(store.load_thread("t", &BOB).await.is_ok());
    assert_not_found(scoped.load_thread("t", &ANN).await, "thread", "t");
    assert_not_found(
        scoped.save_thread(&thread("t", at(0)), &ANN).await,
        "thread",
        "t",
    );
}

async fn odd_options_are_made_to_work() {
    let folder = Folder::new();
    let options = SqliteOptions::new().readers(0).busy_timeout(Duration::MAX);
    let store = SqliteStore::<User>::open_with(folder.file(), options).await;
    let page = store.unwrap().load_threads(1, None, Order::Asc, &ANN).await;
    assert_eq!(page.unwrap(), Page::default());
}

async fn paths_with_odd_characters() {
    let folder = Folder::new();
    let path = folder.0.join("a?b #c%41 ü.db");
    open(&path).await.close().await;
    assert!(path.is_file());
    let url = format!("sqlite:{}", folder.0.join("a%3Fb.db").display());
    open(url).await.close().await;
    assert!(folder.0.join("a?b.db").is_file());
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

async fn a_path_that_cannot_be_opened_says_what_to_do() {
    let folder = Folder::new();
    let directory = folder.0.display().to_string();

    let missing = folder.0.join("no/such/chat.db");
    let text = failure(&missing).await;
    assert!(text.contains(&missing.display().to_string()), "{text}");
    let parent = folder.0.join("no/such").display().to_string();
    assert!(
        text.contains(&format!("the directory {parent} does not exist")),
        "{text}"
    );

    let text = failure(&folder.0).await;
    assert!(
        text.contains(&format!("{directory}: it is a directory")),
        "{text}"
    );

    let text = failure(format!("sqlite:{directory}/absent.db?mode=rw")).await;
    assert!(text.contains("absent.db"), "{text}");
    assert!(!folder.0.join("absent.db").exists());

    let other = folder.0.join("letter.txt");
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

async fn opening_waits_for_a_lock_as_long_as_it_is_told() {
    use sqlx::{ConnectOptions, Connection};
    let folder = Folder::new();
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.file());
    let mut other = file.create_if_missing(true).connect().await.unwrap();
    let lock = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();

    let impatient = SqliteOptions::new().busy_timeout(Duration::from_millis(50));
    let error = SqliteStore::<User>::open_with(folder.file(), impatient).await;
    let error = error.unwrap_err().source().unwrap().to_string();
    assert!(error.contains("another process has locked it"), "{error}");

    let mut patient = Box::pin(open(folder.file()));
    let early = tokio::time::timeout(Duration::from_millis(200), &mut patient).await;
    assert!(early.is_err(), "opened a locked file");
    lock.commit().await.unwrap();
    let store = patient.await;
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
}

async fn a_newer_schema_is_left_alone() {
    let folder = Folder::new();
    open(folder.file()).await.close().await;
    tamper(
        &folder.file(),
        "INSERT INTO chatkit_migrations VALUES (99, 0)",
    )
    .await;
    let text = failure(folder.file()).await;
    assert!(text.contains("version 99"), "{text}");
}

async fn tables_of_others_are_left_alone() {
    let folder = Folder::new();
    std::fs::write(folder.file(), "").unwrap();
    tamper(
        &folder.file(),
        "CREATE TABLE items (mine TEXT); INSERT INTO items VALUES ('kept')",
    )
    .await;
    let text = failure(folder.file()).await;
    assert!(text.contains("table items already exists"), "{text}");
    // Nothing of the schema is there, and what was there is.
    tamper(
        &folder.file(),
        "CREATE TABLE threads (x); CREATE TABLE chatkit_migrations (x); INSERT INTO items VALUES (1)",
    )
    .await;
}

async fn a_record_that_does_not_decode_is_named_and_not_quoted() {
    let folder = Folder::new();
    let store = open(folder.file()).await;
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let good = item("t", "item_7", at(0), "");
    store.save_item("t", &good, &ANN).await.unwrap();
    tamper(
        &folder.file(),
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

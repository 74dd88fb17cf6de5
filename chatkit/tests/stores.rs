//! What every store does, run against every store that comes with the crate.
// Clippy knows a test by its attribute, and most of these are called by one.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use chatkit::store::{DynStore, MemoryStore, Store, StoreError};
use chatkit::types::{
    AssistantMessageContent, AssistantMessageItem, Attachment, FileAttachment, HiddenContextItem,
    JsonObject, Order, Page, ThreadItem, ThreadMetadata, ThreadStatus,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// A user; the stores under test keep users apart by name.
#[derive(Clone, Copy)]
struct User(&'static str);

const ANN: User = User("ann");
const BOB: User = User("bob");

/// A store, and what has to be kept alive or cleaned up for it.
struct Opened {
    store: DynStore<User>,
    #[cfg(feature = "sqlite")]
    _place: Option<sqlite::Place>,
}

async fn memory() -> Opened {
    Opened {
        store: DynStore::new(MemoryStore::scoped(|user: &User| user.0.to_owned())),
        #[cfg(feature = "sqlite")]
        _place: None,
    }
}

macro_rules! suite {
    ($($open:path => $name:ident,)*) => {
        $(mod $name {
            use super::*;

            suite!(@cases $open;
                threads_round_trip threads_in_order threads_are_replaced_in_place
                items_round_trip items_in_order items_are_replaced_in_place
                one_item_id_in_two_threads every_page_of_items every_page_of_threads unknown_cursors
                not_found deleting deleting_a_thread_deletes_its_items scope_of_threads scope_of_items
                scope_of_attachments scope_of_pages attachments_round_trip concurrent_writers
                concurrent_saves_of_one_item unicode large_items times_before_1970
            );
        })*
    };
    (@cases $open:path; $($case:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let opened = $open().await;
            super::$case(&opened.store).await;
        })*
    };
}

suite! {
    memory => in_memory_store,
}

#[cfg(feature = "sqlite")]
suite! {
    sqlite::file => sqlite_file,
    sqlite::memory => sqlite_memory,
}

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

async fn all_items(store: &DynStore<User>, thread_id: &str, user: User) -> Page<ThreadItem> {
    let page = store.load_thread_items(thread_id, None, 9999, Order::Asc, &user);
    page.await.unwrap()
}

#[track_caller]
fn assert_not_found<T: std::fmt::Debug>(result: Result<T, StoreError>, what: &str, id: &str) {
    match result {
        Err(StoreError::NotFound { what: w, id: i }) => assert_eq!((w, i.as_str()), (what, id)),
        other => panic!("{what} {id} should not be found: {other:?}"),
    }
}

async fn threads_round_trip(store: &DynStore<User>) {
    let mut saved = thread("thr_1", at(0) + TimeDelta::microseconds(123_456));
    saved.title = Some("Holidays".into());
    saved.status = ThreadStatus::locked("closed for lunch");
    saved.metadata.insert("step".into(), json!({"n": [1, 2.5]}));
    store.save_thread(&saved, &ANN).await.unwrap();
    assert_eq!(store.load_thread("thr_1", &ANN).await.unwrap(), saved);
}

async fn threads_in_order(store: &DynStore<User>) {
    // Saved out of order; three at one time.
    for (id, seconds) in [("d", 9), ("x", 5), ("a", 5), ("m", 5), ("b", 1)] {
        store
            .save_thread(&thread(id, at(seconds)), &ANN)
            .await
            .unwrap();
    }
    let asc = store
        .load_threads(10, None, Order::Asc, &ANN)
        .await
        .unwrap();
    assert_eq!(thread_ids(&asc), ["b", "x", "a", "m", "d"]);
    assert!(!asc.has_more);
    let desc = store.load_threads(10, None, Order::Desc, &ANN).await;
    assert_eq!(thread_ids(&desc.unwrap()), ["d", "m", "a", "x", "b"]);
}

async fn threads_are_replaced_in_place(store: &DynStore<User>) {
    for id in ["a", "b", "c"] {
        store.save_thread(&thread(id, at(0)), &ANN).await.unwrap();
    }
    store
        .save_item("a", &item("a", "i", at(0), "kept"), &ANN)
        .await
        .unwrap();
    // Also when its time has changed.
    let mut changed = thread("a", at(100));
    changed.title = Some("new".into());
    store.save_thread(&changed, &ANN).await.unwrap();
    let page = store
        .load_threads(10, None, Order::Asc, &ANN)
        .await
        .unwrap();
    assert_eq!(thread_ids(&page), ["a", "b", "c"]);
    assert_eq!(page.data[0], changed);
    assert_eq!(ids(&all_items(store, "a", ANN).await), ["i"]);
}

async fn items_round_trip(store: &DynStore<User>) {
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let hidden = HiddenContextItem::new("h", "t", json!({"z": 1, "a": [null, true]}));
    let saved = [item("t", "i", at(1), "hello"), hidden.into()];
    for item in &saved {
        store.add_thread_item("t", item, &ANN).await.unwrap();
        assert_eq!(&store.load_item("t", item.id(), &ANN).await.unwrap(), item);
    }
    assert_eq!(all_items(store, "t", ANN).await, Page::last(saved.to_vec()));
}

async fn items_in_order(store: &DynStore<User>) {
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    for (id, seconds) in [("d", 9), ("x", 5), ("a", 5), ("m", 5), ("b", 1)] {
        store
            .add_thread_item("t", &item("t", id, at(seconds), ""), &ANN)
            .await
            .unwrap();
    }
    let asc = all_items(store, "t", ANN).await;
    assert_eq!(ids(&asc), ["b", "x", "a", "m", "d"]);
    let desc = store
        .load_thread_items("t", None, 10, Order::Desc, &ANN)
        .await;
    assert_eq!(ids(&desc.unwrap()), ["d", "m", "a", "x", "b"]);

    // Put in again after it was deleted, an item is the last of its time.
    store.delete_thread_item("t", "x", &ANN).await.unwrap();
    store
        .save_item("t", &item("t", "x", at(5), ""), &ANN)
        .await
        .unwrap();
    let asc = all_items(store, "t", ANN).await;
    assert_eq!(ids(&asc), ["b", "a", "m", "x", "d"]);
}

async fn items_are_replaced_in_place(store: &DynStore<User>) {
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    for id in ["a", "b", "c"] {
        store
            .add_thread_item("t", &item("t", id, at(0), "old"), &ANN)
            .await
            .unwrap();
    }
    let saved = item("t", "a", at(100), "saved");
    store.save_item("t", &saved, &ANN).await.unwrap();
    let added = item("t", "b", at(200), "added");
    store.add_thread_item("t", &added, &ANN).await.unwrap();
    let page = all_items(store, "t", ANN).await;
    assert_eq!(ids(&page), ["a", "b", "c"]);
    assert_eq!(page.data[..2], [saved, added]);
}

async fn one_item_id_in_two_threads(store: &DynStore<User>) {
    for id in ["t", "u"] {
        store.save_thread(&thread(id, at(0)), &ANN).await.unwrap();
        store
            .save_item(id, &item(id, "i", at(0), id), &ANN)
            .await
            .unwrap();
    }
    for id in ["t", "u"] {
        let found = store.load_item(id, "i", &ANN).await.unwrap();
        assert_eq!(found, item(id, "i", at(0), id));
    }
    store.delete_thread_item("t", "i", &ANN).await.unwrap();
    assert_not_found(store.load_item("t", "i", &ANN).await, "item", "i");
    assert!(store.load_item("u", "i", &ANN).await.is_ok());
}

/// Times of which several are equal, in an order that is not theirs.
const TIMES: [i64; 13] = [5, 3, 3, 9, 5, 5, 1, 9, 5, 3, 3, 0, 9];

/// What `TIMES` sorts to: by time, then as they came.
fn sorted(order: Order) -> Vec<String> {
    let mut keys: Vec<usize> = (0..TIMES.len()).collect();
    keys.sort_by_key(|&n| (TIMES[n], n));
    if order == Order::Desc {
        keys.reverse();
    }
    keys.into_iter().map(|n| format!("id_{n}")).collect()
}

/// Checks one page: what it holds, and whether and where it says that the list goes on.
#[track_caller]
fn check_page<T>(page: &Page<T>, id: impl Fn(&T) -> &str, rest: &[String], limit: usize) {
    let found: Vec<&str> = page.data.iter().map(&id).collect();
    let expected = &rest[..limit.min(rest.len())];
    assert_eq!(found, expected);
    let more = limit > 0 && rest.len() > limit;
    assert_eq!(page.has_more, more, "limit {limit} of {}", rest.len());
    let after = expected.last().filter(|_| more);
    assert_eq!(page.after.as_ref(), after);
}

async fn every_page_of_items(store: &DynStore<User>) {
    for id in ["t", "other"] {
        store.save_thread(&thread(id, at(0)), &ANN).await.unwrap();
    }
    for (n, seconds) in TIMES.into_iter().enumerate() {
        for thread_id in ["t", "other"] {
            let item = item(thread_id, &format!("id_{n}"), at(seconds), "");
            store.add_thread_item(thread_id, &item, &ANN).await.unwrap();
        }
    }
    for order in [Order::Asc, Order::Desc] {
        let all = sorted(order);
        for start in 0..=all.len() {
            let after = start.checked_sub(1).map(|n| all[n].as_str());
            for limit in (0..=all.len() + 1).chain([usize::MAX]) {
                let page = store.load_thread_items("t", after, limit, order, &ANN);
                let page = page.await.unwrap();
                check_page(&page, ThreadItem::id, &all[start..], limit);
                assert!(page.data.iter().all(|item| item.thread_id() == "t"));
            }
        }
    }
}

async fn every_page_of_threads(store: &DynStore<User>) {
    for (n, seconds) in TIMES.into_iter().enumerate() {
        for (user, id) in [(ANN, "id"), (BOB, "bobs")] {
            let thread = thread(&format!("{id}_{n}"), at(seconds));
            store.save_thread(&thread, &user).await.unwrap();
        }
    }
    for order in [Order::Asc, Order::Desc] {
        let all = sorted(order);
        for start in 0..=all.len() {
            let after = start.checked_sub(1).map(|n| all[n].as_str());
            for limit in (0..=all.len() + 1).chain([usize::MAX]) {
                let page = store.load_threads(limit, after, order, &ANN).await.unwrap();
                check_page(&page, |thread| &thread.id, &all[start..], limit);
            }
        }
    }
}

async fn unknown_cursors(store: &DynStore<User>) {
    for id in ["t", "u"] {
        store.save_thread(&thread(id, at(0)), &ANN).await.unwrap();
    }
    store
        .save_item("u", &item("u", "elsewhere", at(0), ""), &ANN)
        .await
        .unwrap();
    for cursor in ["nowhere", "elsewhere"] {
        let page = store.load_thread_items("t", Some(cursor), 10, Order::Asc, &ANN);
        assert_not_found(page.await, "item", cursor);
    }
    let page = store.load_threads(10, Some("nowhere"), Order::Desc, &ANN);
    assert_not_found(page.await, "thread", "nowhere");

    // An unknown thread has no items, whatever the cursor is.
    for cursor in [None, Some("nowhere")] {
        let page = store.load_thread_items("unknown", cursor, 10, Order::Asc, &ANN);
        assert_eq!(page.await.unwrap(), Page::default());
    }
}

async fn not_found(store: &DynStore<User>) {
    let lost = item("lost", "i", at(0), "");
    assert_not_found(store.load_thread("lost", &ANN).await, "thread", "lost");
    assert_not_found(store.load_item("lost", "i", &ANN).await, "thread", "lost");
    for result in [
        store.add_thread_item("lost", &lost, &ANN).await,
        store.save_item("lost", &lost, &ANN).await,
    ] {
        assert_not_found(result, "thread", "lost");
    }
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    assert_not_found(store.load_item("t", "i", &ANN).await, "item", "i");
    let attachment = store.load_attachment("lost", &ANN).await;
    assert_not_found(attachment, "attachment", "lost");
}

async fn deleting(store: &DynStore<User>) {
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let saved = item("t", "i", at(0), "");
    store.save_item("t", &saved, &ANN).await.unwrap();
    let attachment = FileAttachment::new("atc_1", "a.txt", "text/plain").into();
    store.save_attachment(&attachment, &ANN).await.unwrap();
    // Twice: what is gone already is no error.
    for _ in 0..2 {
        store.delete_thread_item("t", "i", &ANN).await.unwrap();
        assert_not_found(store.load_item("t", "i", &ANN).await, "item", "i");
        store.delete_attachment("atc_1", &ANN).await.unwrap();
        let loaded = store.load_attachment("atc_1", &ANN).await;
        assert_not_found(loaded, "attachment", "atc_1");
    }
    for _ in 0..2 {
        store.delete_thread("t", &ANN).await.unwrap();
        assert_not_found(store.load_thread("t", &ANN).await, "thread", "t");
    }
    store.delete_thread_item("t", "i", &ANN).await.unwrap();
}

async fn deleting_a_thread_deletes_its_items(store: &DynStore<User>) {
    for id in ["t", "u"] {
        store.save_thread(&thread(id, at(0)), &ANN).await.unwrap();
        store
            .save_item(id, &item(id, "i", at(0), ""), &ANN)
            .await
            .unwrap();
    }
    let mut sent = FileAttachment::new("atc_1", "a.txt", "text/plain");
    sent.thread_id = Some("t".into());
    store.save_attachment(&sent.into(), &ANN).await.unwrap();
    store.delete_thread("t", &ANN).await.unwrap();
    // A new thread of the same id begins empty.
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    assert_eq!(all_items(store, "t", ANN).await, Page::default());
    assert_eq!(ids(&all_items(store, "u", ANN).await), ["i"]);
    // Whose bytes are elsewhere outlives the thread, so that they can be found and deleted.
    assert!(store.load_attachment("atc_1", &ANN).await.is_ok());
}

async fn scope_of_threads(store: &DynStore<User>) {
    let anns = thread("t", at(0));
    store.save_thread(&anns, &ANN).await.unwrap();
    assert_not_found(store.load_thread("t", &BOB).await, "thread", "t");
    let mut bobs = thread("t", at(0));
    bobs.title = Some("mine now".into());
    assert_not_found(store.save_thread(&bobs, &BOB).await, "thread", "t");
    store.delete_thread("t", &BOB).await.unwrap();
    assert_eq!(store.load_thread("t", &ANN).await.unwrap(), anns);
    assert_not_found(store.load_thread("t", &BOB).await, "thread", "t");
}

async fn scope_of_items(store: &DynStore<User>) {
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let anns = item("t", "i", at(0), "ann's");
    store.add_thread_item("t", &anns, &ANN).await.unwrap();

    assert_not_found(store.load_item("t", "i", &BOB).await, "thread", "t");
    for id in ["i", "new"] {
        let bobs = item("t", id, at(0), "bob's");
        assert_not_found(store.add_thread_item("t", &bobs, &BOB).await, "thread", "t");
        assert_not_found(store.save_item("t", &bobs, &BOB).await, "thread", "t");
    }
    store.delete_thread_item("t", "i", &BOB).await.unwrap();
    for cursor in [None, Some("i"), Some("nowhere")] {
        let page = store.load_thread_items("t", cursor, 10, Order::Asc, &BOB);
        assert_eq!(page.await.unwrap(), Page::default());
    }
    assert_eq!(all_items(store, "t", ANN).await, Page::last(vec![anns]));
}

async fn scope_of_attachments(store: &DynStore<User>) {
    let anns: Attachment = FileAttachment::new("atc_1", "ann.txt", "text/plain").into();
    store.save_attachment(&anns, &ANN).await.unwrap();
    let loaded = store.load_attachment("atc_1", &BOB).await;
    assert_not_found(loaded, "attachment", "atc_1");
    let bobs = FileAttachment::new("atc_1", "bob.txt", "text/plain").into();
    let saved = store.save_attachment(&bobs, &BOB).await;
    assert_not_found(saved, "attachment", "atc_1");
    store.delete_attachment("atc_1", &BOB).await.unwrap();
    assert_eq!(store.load_attachment("atc_1", &ANN).await.unwrap(), anns);
}

async fn scope_of_pages(store: &DynStore<User>) {
    // Theirs alternate; neither sees a gap, nor may use the other's thread as a cursor.
    for n in 0..10 {
        let user = if n % 2 == 0 { ANN } else { BOB };
        let thread = thread(&format!("t{n}"), at(n / 4));
        store.save_thread(&thread, &user).await.unwrap();
    }
    let page = store.load_threads(3, None, Order::Asc, &ANN).await.unwrap();
    assert_eq!(thread_ids(&page), ["t0", "t2", "t4"]);
    assert_eq!(page.after.as_deref(), Some("t4"));
    let page = store.load_threads(3, Some("t4"), Order::Asc, &ANN).await;
    let page = page.unwrap();
    assert_eq!(thread_ids(&page), ["t6", "t8"]);
    assert!(!page.has_more);
    let page = store.load_threads(3, Some("t4"), Order::Asc, &BOB).await;
    assert_not_found(page, "thread", "t4");
}

async fn attachments_round_trip(store: &DynStore<User>) {
    let mut metadata = JsonObject::new();
    metadata.insert("bucket".into(), json!({"key": "a/b", "size": 12}));
    let saved = FileAttachment::new("atc_1", "ä.txt", "text/plain").metadata(metadata);
    let mut saved = Attachment::from(saved);
    store.save_attachment(&saved, &ANN).await.unwrap();
    assert_eq!(store.load_attachment("atc_1", &ANN).await.unwrap(), saved);
    // Sent in a thread that the store has never seen.
    saved.set_thread_id("thr_1");
    store.save_attachment(&saved, &ANN).await.unwrap();
    assert_eq!(store.load_attachment("atc_1", &ANN).await.unwrap(), saved);
}

const TASKS: usize = 32;

async fn concurrent_writers(store: &DynStore<User>) {
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let store = store.clone();
        tasks.spawn(async move {
            for n in 0..8 {
                let item = item("t", &format!("{task}_{n}"), at(0), "");
                store.add_thread_item("t", &item, &ANN).await.unwrap();
                // What is written is there at once, for any reader.
                let found = store.load_item("t", item.id(), &ANN).await.unwrap();
                assert_eq!(found, item);
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let page = all_items(store, "t", ANN).await;
    let found: HashSet<&str> = ids(&page).into_iter().collect();
    assert_eq!((page.data.len(), found.len()), (TASKS * 8, TASKS * 8));
    // Each task's own writes are in the order it made them.
    for task in 0..TASKS {
        let prefix = format!("{task}_");
        let own: Vec<&str> = ids(&page)
            .into_iter()
            .filter_map(|id| id.strip_prefix(&prefix))
            .collect();
        assert_eq!(own, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    }
}

async fn concurrent_saves_of_one_item(store: &DynStore<User>) {
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let store = store.clone();
        tasks.spawn(async move {
            let item = item("t", "i", at(0), &task.to_string());
            store.save_item("t", &item, &ANN).await.unwrap();
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let page = all_items(store, "t", ANN).await;
    let written: Vec<ThreadItem> = (0..TASKS)
        .map(|task| item("t", "i", at(0), &task.to_string()))
        .collect();
    assert_eq!(page.data.len(), 1);
    assert!(written.contains(&page.data[0]));
}

async fn unicode(store: &DynStore<User>) {
    let odd = "naïve 日本語 👩‍👩‍👧 \u{202e}right\u{202c} \u{0} \u{fffd} '; DROP TABLE items; --";
    let owner = User("o'ann 日本 % _");
    let mut saved = thread(odd, at(0));
    saved.title = Some(odd.into());
    store.save_thread(&saved, &owner).await.unwrap();
    for id in [odd, "é", "e\u{301}", "É", "%"] {
        let item = item(odd, id, at(0), odd);
        store.save_item(odd, &item, &owner).await.unwrap();
        assert_eq!(store.load_item(odd, id, &owner).await.unwrap(), item);
    }
    assert_eq!(store.load_thread(odd, &owner).await.unwrap(), saved);
    let page = all_items(store, odd, owner).await;
    assert_eq!(ids(&page), [odd, "é", "e\u{301}", "É", "%"]);
    let page = store.load_thread_items(odd, Some("é"), 2, Order::Asc, &owner);
    assert_eq!(ids(&page.await.unwrap()), ["e\u{301}", "É"]);
}

async fn large_items(store: &DynStore<User>) {
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let text = "0123456789abcde\n".repeat(65_536);
    let large = item("t", "large", at(0), &text);
    store.add_thread_item("t", &large, &ANN).await.unwrap();
    store
        .add_thread_item("t", &item("t", "small", at(0), ""), &ANN)
        .await
        .unwrap();
    assert_eq!(store.load_item("t", "large", &ANN).await.unwrap(), large);
    assert_eq!(ids(&all_items(store, "t", ANN).await), ["large", "small"]);
}

async fn times_before_1970(store: &DynStore<User>) {
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let before = |micros: i64| DateTime::UNIX_EPOCH - TimeDelta::microseconds(micros);
    for (id, time) in [("b", before(1)), ("c", before(0)), ("a", before(2))] {
        let item = item("t", id, time, "");
        store.add_thread_item("t", &item, &ANN).await.unwrap();
    }
    assert_eq!(ids(&all_items(store, "t", ANN).await), ["a", "b", "c"]);
}

#[cfg(feature = "sqlite")]
#[path = "stores/sqlite.rs"]
mod sqlite;

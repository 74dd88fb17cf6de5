//! Deleting what is old.

use chatkit::store::{MemoryStore, Store, StoreError, StrayAttachment};
use chatkit::types::{Attachment, FileAttachment, Order, Page, ThreadMetadata};
use chrono::{DateTime, Utc};

use crate::{User, at, item, thread};

/// What the stores that come with the crate can besides.
pub(crate) trait Retention: Store<User> {
    fn delete_threads_before(
        &self,
        before: DateTime<Utc>,
    ) -> impl Future<Output = Result<u64, StoreError>>;
}

macro_rules! retention {
    ($($store:ty),*) => {
        $(impl Retention for $store {
            async fn delete_threads_before(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
                self.delete_threads_before(before).await
            }
        })*
    };
}

retention!(MemoryStore<User>);
#[cfg(feature = "sqlite")]
retention!(chatkit::store::SqliteStore<User>);
#[cfg(feature = "postgres")]
retention!(chatkit::store::PostgresStore<User>);

async fn all(store: &impl Retention, user: &User) -> Page<ThreadMetadata> {
    let page = store.load_threads(9999, None, Order::Asc, user).await;
    page.unwrap()
}

/// `store` is a new one.
pub(crate) async fn of(store: impl Retention) {
    let (ann, bob) = (User::named("ann"), User::named("bob"));
    assert_eq!(store.delete_threads_before(at(0)).await.unwrap(), 0);

    // More than two batches of old ones, in no order, of two owners, many at one time; every tenth was used since.
    const OLD: i64 = 250;
    for n in 0..OLD {
        let user = if n % 2 == 0 { &ann } else { &bob };
        let id = format!("t{n}");
        let created_at = at((n * 7) % 50);
        store
            .save_thread(&thread(&id, created_at), user)
            .await
            .unwrap();
        let last = if n % 10 == 0 { 100 } else { 60 };
        for (item_id, time) in [("first", created_at), ("last", at(last))] {
            let item = item(&id, item_id, time, "");
            store.add_thread_item(&id, &item, user).await.unwrap();
        }
    }
    store
        .save_thread(&thread("empty", at(99)), &ann)
        .await
        .unwrap();
    store
        .save_thread(&thread("new", at(100)), &ann)
        .await
        .unwrap();
    let attachments = [
        ("unsent", &ann, None),
        ("lost-1", &bob, Some("t1")),
        ("kept", &ann, Some("t0")),
        ("lost-2", &ann, Some("t2")),
        ("lost-3", &ann, Some("t4")),
    ];
    for (id, user, thread) in attachments {
        let mut attachment = Attachment::from(FileAttachment::new(id, "a.txt", "text/plain"));
        if let Some(thread) = thread {
            attachment.set_thread_id(thread);
        }
        store.save_attachment(&attachment, user).await.unwrap();
    }
    let strays = store.load_stray_attachments(None, 9).await.unwrap();
    assert!(strays.is_empty(), "{strays:?}");

    assert_eq!(store.delete_threads_before(at(0)).await.unwrap(), 0);
    let deleted = store.delete_threads_before(at(100)).await.unwrap();
    assert_eq!(deleted, 225 + 1);
    assert_eq!(store.delete_threads_before(at(100)).await.unwrap(), 0);

    let left = all(&store, &ann).await;
    let left: Vec<&str> = left.data.iter().map(|thread| thread.id.as_str()).collect();
    assert_eq!(left.len(), 26, "{left:?}");
    assert!(left.contains(&"t0") && left.contains(&"new"), "{left:?}");
    assert_eq!(all(&store, &bob).await, Page::default());
    let items = store
        .load_thread_items("t0", None, 9, Order::Asc, &ann)
        .await;
    assert_eq!(items.unwrap().data.len(), 2);
    // What is left of the deleted threads, and whose it is, in pages.
    for (id, user, _) in attachments {
        assert!(store.load_attachment(id, user).await.is_ok(), "{id}");
    }
    let stray = |owner, id| StrayAttachment::new(owner, id);
    let lost = [
        stray("bob", "lost-1"),
        stray("ann", "lost-2"),
        stray("ann", "lost-3"),
    ];
    for (after, limit, page) in [
        (None, 9, &lost[..]),
        (None, 2, &lost[..2]),
        (Some("lost-1"), 1, &lost[1..2]),
        (Some("lost-2"), 9, &lost[2..]),
        (Some("lost-3"), 9, &[]),
        (None, 0, &[]),
    ] {
        let found = store.load_stray_attachments(after, limit).await;
        assert_eq!(found.unwrap(), page, "{after:?} {limit}");
    }
    for (user, id) in [(&bob, "lost-1"), (&ann, "lost-2")] {
        store.delete_attachment(id, user).await.unwrap();
    }
    // One that the user deletes, too.
    store.delete_thread("t0", &ann).await.unwrap();
    let found = store.load_stray_attachments(None, 9).await;
    assert_eq!(
        found.unwrap(),
        [stray("ann", "kept"), stray("ann", "lost-3")]
    );
    // Of the items, too, nothing is left.
    store.save_thread(&thread("t1", at(0)), &bob).await.unwrap();
    let items = store
        .load_thread_items("t1", None, 9, Order::Asc, &bob)
        .await;
    assert_eq!(items.unwrap(), Page::default());
}

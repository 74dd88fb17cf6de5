//! The kit itself: a store that breaks a rule is caught, and the failure says which.

use std::sync::Mutex;
use std::time::Duration;

use chatkit::store::{MemoryStore, Store, StoreError};
use chatkit::testing::{run_all, store_checks, unscoped_store_checks};
use chatkit::types::{AssistantMessageItem, Attachment, Order, Page, ThreadItem, ThreadMetadata};

use crate::{Tests, User};

/// What a store does wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// Items come in the order of their ids.
    SortsById,
    /// Everyone sees everything.
    NoOwners,
    /// A page never says that there is more.
    NoMore,
    /// An item that is saved again goes to the end.
    Moves,
    /// What is not there cannot be deleted.
    StrictDelete,
    /// An unknown cursor is as none.
    AnyCursor,
    /// Texts end at U+0000.
    CutsAtNull,
    /// Of writes at one moment some are lost.
    LosesWrites,
    /// Several get an item that is taken.
    TakesTwice,
    /// A write is two, and may be dropped between them.
    WritesInHalves,
}

/// A store with a fault.
struct Faulty {
    inner: MemoryStore<User>,
    fault: Fault,
    writing: Mutex<usize>,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self {
            inner: match fault {
                Fault::NoOwners => MemoryStore::new(),
                _ => MemoryStore::new().scoped(User::key),
            },
            fault,
            writing: Mutex::new(0),
        }
    }
}

impl Store<User> for Faulty {
    async fn load_thread(&self, id: &str, user: &User) -> Result<ThreadMetadata, StoreError> {
        self.inner.load_thread(id, user).await
    }

    async fn save_thread(&self, thread: &ThreadMetadata, user: &User) -> Result<(), StoreError> {
        let mut thread = thread.clone();
        if self.fault == Fault::CutsAtNull
            && let Some(title) = &mut thread.title
        {
            *title = title.split('\0').next().unwrap_or_default().to_owned();
        }
        self.inner.save_thread(&thread, user).await
    }

    async fn load_threads(
        &self,
        limit: usize,
        after: Option<&str>,
        order: Order,
        user: &User,
    ) -> Result<Page<ThreadMetadata>, StoreError> {
        self.inner.load_threads(limit, after, order, user).await
    }

    async fn delete_thread(&self, id: &str, user: &User) -> Result<(), StoreError> {
        if self.fault == Fault::StrictDelete {
            self.inner.load_thread(id, user).await?;
        }
        self.inner.delete_thread(id, user).await
    }

    async fn load_thread_items(
        &self,
        id: &str,
        after: Option<&str>,
        limit: usize,
        order: Order,
        user: &User,
    ) -> Result<Page<ThreadItem>, StoreError> {
        let page = self
            .inner
            .load_thread_items(id, after, limit, order, user)
            .await;
        let mut page = match (self.fault, page) {
            (Fault::AnyCursor, Err(_)) => {
                self.inner
                    .load_thread_items(id, None, limit, order, user)
                    .await?
            }
            (_, page) => page?,
        };
        match self.fault {
            Fault::SortsById => page.data.sort_by(|a, b| a.id().cmp(b.id())),
            Fault::NoMore => page = Page::last(page.data),
            _ => {}
        }
        Ok(page)
    }

    async fn add_thread_item(
        &self,
        id: &str,
        item: &ThreadItem,
        user: &User,
    ) -> Result<(), StoreError> {
        if self.fault == Fault::LosesWrites {
            *self.writing.lock().unwrap() += 1;
            // Long enough for the others to come to this point too.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let writers = std::mem::take(&mut *self.writing.lock().unwrap());
            if writers != 1 {
                return self.inner.load_thread(id, user).await.map(drop);
            }
        }
        self.inner.add_thread_item(id, item, user).await
    }

    async fn save_item(&self, id: &str, item: &ThreadItem, user: &User) -> Result<(), StoreError> {
        if self.fault == Fault::Moves {
            self.inner.delete_thread_item(id, item.id(), user).await?;
        }
        if self.fault == Fault::WritesInHalves {
            let empty = AssistantMessageItem::new(item.id(), id, vec![]).into();
            self.inner.save_item(id, &empty, user).await?;
            tokio::task::yield_now().await;
        }
        self.inner.save_item(id, item, user).await
    }

    async fn load_item(&self, id: &str, item: &str, user: &User) -> Result<ThreadItem, StoreError> {
        self.inner.load_item(id, item, user).await
    }

    async fn delete_thread_item(
        &self,
        id: &str,
        item: &str,
        user: &User,
    ) -> Result<(), StoreError> {
        self.inner.delete_thread_item(id, item, user).await
    }

    async fn take_item(&self, id: &str, item: &str, user: &User) -> Result<ThreadItem, StoreError> {
        if self.fault != Fault::TakesTwice {
            return self.inner.take_item(id, item, user).await;
        }
        let taken = self.inner.load_item(id, item, user).await?;
        // Until all that have begun have read it.
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.inner.delete_thread_item(id, item, user).await?;
        Ok(taken)
    }

    async fn save_attachment(&self, record: &Attachment, user: &User) -> Result<(), StoreError> {
        self.inner.save_attachment(record, user).await
    }

    async fn load_attachment(&self, id: &str, user: &User) -> Result<Attachment, StoreError> {
        self.inner.load_attachment(id, user).await
    }

    async fn delete_attachment(&self, id: &str, user: &User) -> Result<(), StoreError> {
        self.inner.delete_attachment(id, user).await
    }
}

/// The names of the rules that a store breaks.
async fn broken(fault: Fault) -> Vec<&'static str> {
    let checks = store_checks(move || async move { Faulty::new(fault) }, User::new);
    match run_all(checks).await {
        Ok(()) => Vec::new(),
        Err(violations) => violations
            .iter()
            .map(|violation| violation.check())
            .collect(),
    }
}

async fn caught(fault: Fault, rules: &'static [&'static str]) {
    let broken = broken(fault).await;
    for rule in rules {
        assert!(broken.contains(rule), "{fault:?} breaks {rule}: {broken:?}");
    }
}

pub(crate) fn add(tests: &mut Tests) {
    for (fault, rules) in [
        (
            Fault::SortsById,
            &["items_in_order", "every_page_of_items"][..],
        ),
        (
            Fault::NoOwners,
            &[
                "scope_of_threads",
                "scope_of_items",
                "scope_of_attachments",
                "scope_of_pages",
            ],
        ),
        (Fault::NoMore, &["every_page_of_items"]),
        (Fault::Moves, &["items_are_replaced_in_place"]),
        (Fault::StrictDelete, &["deleting"]),
        (Fault::AnyCursor, &["unknown_cursors"]),
        (Fault::CutsAtNull, &["null_characters"]),
        (Fault::LosesWrites, &["concurrent_writers"]),
        (Fault::TakesTwice, &["taking_an_item"]),
        (Fault::WritesInHalves, &["dropped_writes"]),
    ] {
        tests.add(format!("kit::catches::{fault:?}"), move || {
            caught(fault, rules)
        });
    }
    tests.add("kit::a_failure_says_what_was_expected", async || {
        let open = async || Faulty::new(Fault::SortsById);
        let checks = store_checks(open, User::new);
        let all = checks.len();
        let violations = run_all(checks).await.unwrap_err();
        let text = violations.to_string();
        let count = violations.iter().count();
        let head = format!("{count} of {all} rules are broken\n");
        assert!(text.starts_with(&head), "{text}");
        let part = "items_in_order: Items are listed by time of creation, those of equal times as they were added.\n  \
            load_thread_items, Asc\n    \
            expected: [\"b\", \"x\", \"a\", \"m\", \"d\"]\n    \
            found:    [\"a\", \"b\", \"d\", \"m\", \"x\"]";
        assert!(text.contains(part), "{text}");
    });
    tests.add(
        "kit::unscoped_stores_have_no_rules_about_owners",
        async || {
            let open = async || MemoryStore::<()>::new();
            let checks = unscoped_store_checks(open, || ());
            assert!(
                checks
                    .iter()
                    .all(|check| !check.name().starts_with("scope"))
            );
            let names: std::collections::HashSet<_> =
                checks.iter().map(|check| check.name()).collect();
            assert_eq!(names.len(), checks.len(), "names are different");
        },
    );
}

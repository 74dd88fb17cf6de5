//! What every store keeps to, checked for every store that comes with the crate, and what only one of them can get wrong.
//! The tests of PostgreSQL are ignored where it is not installed.
#![allow(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

mod kit;
mod model;
#[cfg(all(feature = "postgres", unix))]
mod postgres;
mod retention;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::borrow::Cow;
use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use chatkit::store::{AttachmentStore, MemoryStore, Store, StoreError};
use chatkit::testing::{Check, attachment_store_checks, store_checks, unscoped_store_checks};
use chatkit::types::{AssistantMessageContent, AssistantMessageItem, ThreadItem, ThreadMetadata};
use chrono::{DateTime, TimeDelta, Utc};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::{Handle, Runtime};

/// A user; the stores under test keep users apart by name.
#[derive(Debug, Clone)]
struct User(Cow<'static, str>);

impl User {
    const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    fn new(name: &str) -> Self {
        Self(name.to_owned().into())
    }

    fn key(&self) -> String {
        self.0.clone().into_owned()
    }
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

#[track_caller]
fn assert_not_found<T: std::fmt::Debug>(result: Result<T, StoreError>, what: &str, id: &str) {
    match result {
        Err(StoreError::NotFound { what: w, id: i }) => assert_eq!((w, i.as_str()), (what, id)),
        other => panic!("{what} {id} should not be found: {other:?}"),
    }
}

fn memory() -> MemoryStore<User> {
    MemoryStore::new().scoped(User::key)
}

async fn clones_of_memory() {
    let (ann, bob) = (User::named("ann"), User::named("bob"));
    let store = MemoryStore::new();
    let scoped = store.clone().scoped(User::key);
    store.save_thread(&thread("t", at(0)), &ann).await.unwrap();
    assert!(store.load_thread("t", &bob).await.is_ok());
    assert_not_found(scoped.load_thread("t", &ann).await, "thread", "t");
    scoped.save_thread(&thread("u", at(0)), &ann).await.unwrap();
    assert!(scoped.clone().load_thread("u", &ann).await.is_ok());
    assert_not_found(scoped.load_thread("u", &bob).await, "thread", "u");
}

/// The tests, and the runtime they run on.
struct Tests {
    runtime: Handle,
    trials: Vec<Trial>,
}

impl Tests {
    fn add<F: Future<Output = ()>>(
        &mut self,
        name: impl Into<String>,
        test: impl FnOnce() -> F + Send + 'static,
    ) {
        let runtime = self.runtime.clone();
        self.add_blocking(name, move || runtime.block_on(test()));
    }

    fn add_blocking(&mut self, name: impl Into<String>, test: impl FnOnce() + Send + 'static) {
        self.trials.push(Trial::test(name, || {
            test();
            Ok(())
        }));
    }

    fn add_checks(&mut self, store: &str, checks: Vec<Check>) {
        for check in checks {
            let runtime = self.runtime.clone();
            let name = format!("{store}::{}", check.name());
            self.trials.push(Trial::test(name, move || {
                runtime.block_on(check.run()).map_err(Failed::from)
            }));
        }
    }
}

/// An attachment store that does the least it may.
struct NoBytes;

impl AttachmentStore<()> for NoBytes {
    async fn delete_attachment(&self, _: &str, _: &()) -> Result<(), StoreError> {
        Ok(())
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = Runtime::new().unwrap();
    let mut tests = Tests {
        runtime: runtime.handle().clone(),
        trials: Vec::new(),
    };

    tests.add_checks("memory", store_checks(async || memory(), User::new));
    let open = async || MemoryStore::<()>::new();
    tests.add_checks("memory_unscoped", unscoped_store_checks(open, || ()));
    tests.add("memory::retention", || retention::of(memory()));
    tests.add(
        "memory::a_clone_with_another_scope_is_the_same_store",
        clones_of_memory,
    );
    let checks = attachment_store_checks(async || NoBytes, || ());
    tests.add_checks("attachments", checks);
    kit::add(&mut tests);

    #[cfg(feature = "sqlite")]
    sqlite::add(&mut tests);

    #[cfg(all(feature = "postgres", unix))]
    let cluster = {
        let cluster = chatkit::testing::PostgresCluster::start_if_installed().unwrap();
        let cluster = cluster.map(Arc::new);
        postgres::add(&mut tests, cluster.clone());
        cluster
    };

    let conclusion = libtest_mimic::run(&arguments, tests.trials);
    #[cfg(all(feature = "postgres", unix))]
    drop(cluster);
    conclusion.exit_code()
}

//! The files of a thread go with it: at once when its user deletes it, and else when orphans are removed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chatkit::attachments::object_store::{ObjectStore, memory::InMemory};
use chatkit::attachments::{AttachmentOptions, BlobAttachmentStore};
use chatkit::store::{
    AttachmentStore, DynStore, MemoryStore, PostgresOptions, PostgresStore, SqliteStore, Store,
    StoreError,
};
use chatkit::types::{
    AssistantMessageContent, AssistantMessageItem, Attachment, AttachmentCreateParams,
    UserMessageItem,
};
use chatkit::{ChatKitHandler, ChatKitServer, ProcessResult, Turn, TurnError};
use futures::{StreamExt, TryStreamExt};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tower::ServiceExt;

use crate::{Databases, Kind};

const HOUR: Duration = Duration::from_secs(60 * 60);

pub(crate) fn add(trials: &mut Vec<Trial>, databases: &Databases, runtime: &Handle) {
    for kind in Kind::ALL {
        macro_rules! tests {
            ($($test:ident),*) => { $({
                let runtime = runtime.clone();
                let test = move |databases| runtime.block_on(async {
                    $test(World::new(databases, kind, stringify!($test)).await).await;
                });
                trials.push(databases.trial(kind, concat!("files::", stringify!($test)), test));
            })* };
        }
        tests!(
            they_go_with_their_thread,
            one_that_stays_keeps_no_thread,
            those_of_old_threads_are_orphans
        );
    }
}

#[derive(Clone)]
struct User(&'static str);

const ANN: User = User("ann");
const BOB: User = User("bob");

fn owner(user: &User) -> String {
    user.0.to_owned()
}

/// Does nothing.
struct Silent;

impl ChatKitHandler for Silent {
    type Context = User;

    async fn respond(&self, _: &Turn<User>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        Ok(())
    }
}

/// Files, of which none can be deleted while it is stuck.
struct Files(BlobAttachmentStore<User>, Arc<AtomicBool>);

impl AttachmentStore<User> for Files {
    async fn delete_attachment(&self, id: &str, user: &User) -> Result<(), StoreError> {
        match self.1.load(Ordering::SeqCst) {
            true => Err(StoreError::other("the disk is away")),
            false => self.0.delete_attachment(id, user).await,
        }
    }

    async fn create_attachment(
        &self,
        params: &AttachmentCreateParams,
        user: &User,
    ) -> Result<Attachment, StoreError> {
        self.0.create_attachment(params, user).await
    }
}

/// A server with files, and a store of its own.
struct World {
    store: DynStore<User>,
    bucket: Arc<InMemory>,
    files: BlobAttachmentStore<User>,
    stuck: Arc<AtomicBool>,
    server: ChatKitServer<Silent>,
}

impl World {
    async fn new(databases: Databases, kind: Kind, name: &str) -> Self {
        let url = databases.url(kind, &format!("{name}.db"));
        let store = match kind {
            Kind::Memory => DynStore::new(MemoryStore::new().scoped(owner)),
            Kind::Sqlite => DynStore::new(SqliteStore::open(&url).await.unwrap().scoped(owner)),
            Kind::Postgres => {
                let options = PostgresOptions::new().schema(name);
                let store = PostgresStore::open_with(&url, options).await.unwrap();
                DynStore::new(store.scoped(owner))
            }
        };
        let bucket = Arc::new(InMemory::new());
        let whose = |owner: &str| if owner == ANN.0 { ANN } else { BOB };
        let files = AttachmentOptions::scoped("http://files.test/files", [7_u8; 32], owner, whose)
            .open_bucket(Arc::clone(&bucket), store.clone())
            .await
            .unwrap();
        let stuck = Arc::new(AtomicBool::new(false));
        let attachments = Files(files.clone(), Arc::clone(&stuck));
        let server = ChatKitServer::new(Silent, store.clone()).attachment_store(attachments);
        Self {
            store,
            bucket,
            files,
            stuck,
            server,
        }
    }

    /// Sends a request, and gives the answer or the events.
    async fn ask(&self, user: &User, kind: &str, params: Value) -> Vec<Value> {
        let body = json!({ "type": kind, "params": params }).to_string();
        match self.server.process(body.as_bytes(), user.clone()).await {
            Ok(ProcessResult::NonStreaming(json)) => vec![serde_json::from_slice(&json).unwrap()],
            Ok(ProcessResult::Streaming(stream)) => {
                let frames: Vec<_> = stream.map(Result::unwrap).collect().await;
                let text = String::from_utf8(frames.concat()).unwrap();
                let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
                data.map(|data| serde_json::from_str(data).unwrap())
                    .collect()
            }
            Err(error) => panic!("{kind}: {error:#}"),
        }
    }

    /// Uploads a file, and gives its id.
    async fn upload(&self, user: &User) -> String {
        let params = json!({ "name": "a.txt", "size": 5, "mime_type": "text/plain" });
        let created = self.ask(user, "attachments.create", params).await;
        let url = created[0]["upload_descriptor"]["url"].as_str().unwrap();
        let request = Request::put(url).header("content-type", "text/plain");
        let routes = self
            .files
            .router(async |_| Err::<User, _>(StatusCode::UNAUTHORIZED));
        let request = request.body(Body::from("bytes")).unwrap();
        assert_eq!(routes.oneshot(request).await.unwrap().status(), 200);
        created[0]["id"].as_str().unwrap().to_owned()
    }

    /// Sends a message with files, in a new thread or in one that is there; gives the thread.
    async fn send(&self, user: &User, thread: Option<&str>, files: &[&str]) -> String {
        let text = json!([{ "type": "input_text", "text": "Look." }]);
        let input = json!({ "content": text, "attachments": files });
        let events = match thread {
            None => {
                self.ask(user, "threads.create", json!({ "input": input }))
                    .await
            }
            Some(id) => {
                let params = json!({ "thread_id": id, "input": input });
                self.ask(user, "threads.add_user_message", params).await
            }
        };
        let done = events
            .iter()
            .find(|event| event["type"] == "thread.item.done");
        let item = &done.unwrap()["item"];
        assert_eq!(item["attachments"].as_array().unwrap().len(), files.len());
        item["thread_id"].as_str().unwrap().to_owned()
    }

    async fn delete(&self, user: &User, thread: &str) {
        let params = json!({ "thread_id": thread });
        assert_eq!(self.ask(user, "threads.delete", params).await, [json!({})]);
    }

    /// What is there of files: of each its bytes and its record.
    async fn there(&self, user: &User, ids: &[&str]) -> Vec<(bool, bool)> {
        let objects = self
            .bucket
            .list(None)
            .map_ok(|found| found.location.to_string());
        let objects: Vec<_> = objects.try_collect().await.unwrap();
        let mut there = Vec::new();
        for id in ids {
            let bytes = objects.contains(&format!("files/{id}"));
            let marks = objects
                .iter()
                .any(|object| object.ends_with(id) && !object.starts_with("files"));
            assert!(bytes || !marks, "{objects:?}");
            there.push((bytes, self.store.load_attachment(id, user).await.is_ok()));
        }
        there
    }
}

const THERE: (bool, bool) = (true, true);
const GONE: (bool, bool) = (false, false);

async fn they_go_with_their_thread(world: World) {
    let mut ids = Vec::new();
    for user in [&ANN, &ANN, &ANN, &ANN, &BOB] {
        ids.push(world.upload(user).await);
    }
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|n| ids[n].as_str());
    let first = world.send(&ANN, None, &[a, b]).await;
    // More than is read at a time, and then another file.
    let thread = world.store.load_thread(&first, &ANN).await.unwrap();
    for _ in 0..250 {
        let id =
            world
                .store
                .generate_item_id(chatkit::store::StoreItemType::Message, &thread, &ANN);
        let content = AssistantMessageContent::new("Go on.");
        let item = AssistantMessageItem::new(id, &first, content).into();
        world
            .store
            .add_thread_item(&first, &item, &ANN)
            .await
            .unwrap();
    }
    world.send(&ANN, Some(&first), &[c]).await;
    let bobs = world.send(&BOB, None, &[e]).await;

    // It is nobody else's to delete.
    world.delete(&BOB, &first).await;
    assert_eq!(world.there(&ANN, &[a, b, c, d]).await, [THERE; 4]);
    world.delete(&ANN, &first).await;
    assert_eq!(
        world.there(&ANN, &[a, b, c, d]).await,
        [GONE, GONE, GONE, THERE]
    );
    assert_eq!(world.there(&BOB, &[e]).await, [THERE]);
    assert!(world.store.load_thread(&first, &ANN).await.is_err());
    assert!(world.store.load_thread(&bobs, &BOB).await.is_ok());
    world.delete(&ANN, &first).await;

    // One that was sent again goes with the thread it was last sent in.
    let second = world.send(&ANN, None, &[d]).await;
    let third = world.send(&ANN, None, &[d]).await;
    world.delete(&ANN, &second).await;
    assert_eq!(world.there(&ANN, &[d]).await, [THERE]);
    world.delete(&ANN, &third).await;
    assert_eq!(world.there(&ANN, &[d]).await, [GONE]);
    assert_eq!(world.files.remove_orphans(HOUR).await.unwrap(), 0);
}

async fn one_that_stays_keeps_no_thread(world: World) {
    let (a, b) = (world.upload(&ANN).await, world.upload(&ANN).await);
    let thread = world.send(&ANN, None, &[&a, &b]).await;
    world.stuck.store(true, Ordering::SeqCst);
    world.delete(&ANN, &thread).await;
    assert!(world.store.load_thread(&thread, &ANN).await.is_err());
    assert_eq!(world.there(&ANN, &[&a, &b]).await, [THERE; 2]);
    assert_eq!(world.files.remove_orphans(HOUR).await.unwrap(), 2);
    assert_eq!(world.there(&ANN, &[&a, &b]).await, [GONE; 2]);
}

async fn those_of_old_threads_are_orphans(world: World) {
    // More than are looked for at a time.
    let mut anns = Vec::new();
    for _ in 0..105 {
        anns.push(world.upload(&ANN).await);
    }
    let anns: Vec<&str> = anns.iter().map(String::as_str).collect();
    let (bobs, kept) = (world.upload(&BOB).await, world.upload(&BOB).await);
    let old = world.send(&ANN, None, &anns).await;
    let bobs_old = world.send(&BOB, None, &[&bobs]).await;
    world.send(&BOB, None, &[&kept]).await;
    assert_eq!(world.files.remove_orphans(HOUR).await.unwrap(), 0);

    // As `delete_threads_before` does it: without a server.
    world.store.delete_thread(&old, &ANN).await.unwrap();
    world.store.delete_thread(&bobs_old, &BOB).await.unwrap();
    assert_eq!(world.there(&ANN, &anns).await, [THERE; 105]);
    assert_eq!(world.files.remove_orphans(HOUR).await.unwrap(), 106);
    assert_eq!(world.there(&ANN, &anns).await, [GONE; 105]);
    assert_eq!(world.there(&BOB, &[&bobs, &kept]).await, [GONE, THERE]);
    assert_eq!(world.files.remove_orphans(HOUR).await.unwrap(), 0);
}

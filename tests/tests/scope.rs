//! Whatever a client asks with another owner's ids: it is as if there were nothing by those ids.
//!
//! For each request type, Bob names a thread, an item or an attachment of Ann's wherever the request has a place for one. What
//! he gets, what is stored of his, and what the handler sees must be the same as with ids that nobody has; nothing of
//! Ann's may change. To show that the request would have done something, it is made with his own ids too.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use chatkit::store::{
    AttachmentStore, DynStore, MemoryStore, PostgresStore, SqliteStore, Store, StoreError,
};
use chatkit::types::{
    Action, Attachment, AttachmentCreateParams, AudioInput, FeedbackKind, FileAttachment, Order,
    Request, SyncCustomActionResponse, ThreadItem, ThreadMetadata, TranscriptionResult, Url,
    UserMessageItem, WidgetItem,
};
use chatkit::{ChatKitHandler, ChatKitServer, ProcessResult, Turn, TurnError};
use futures::StreamExt;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use crate::{Databases, Kind};

const THREAD: u8 = 1;
const ITEM: u8 = 2;
const ATTACHMENT: u8 = 4;

const FOREIGN: [(u8, &str); 3] = [
    (THREAD, "thread"),
    (ITEM, "item"),
    (ATTACHMENT, "attachment"),
];

/// All requests, and what of another's each has a place for.
const REQUESTS: [(&str, u8); 17] = [
    ("threads.create", ATTACHMENT),
    ("threads.add_user_message", THREAD | ATTACHMENT),
    ("threads.add_client_tool_output", THREAD),
    ("threads.add_structured_input", THREAD | ITEM),
    ("threads.retry_after_item", THREAD | ITEM),
    ("threads.custom_action", THREAD | ITEM),
    ("threads.get_by_id", THREAD),
    ("threads.list", THREAD),
    ("items.list", THREAD | ITEM),
    ("items.feedback", THREAD),
    ("attachments.create", 0),
    ("attachments.delete", ATTACHMENT),
    ("attachments.get_preview", ATTACHMENT),
    ("threads.update", THREAD),
    ("threads.delete", THREAD),
    ("input.transcribe", 0),
    ("threads.sync_custom_action", THREAD | ITEM),
];

pub(crate) fn add(trials: &mut Vec<Trial>, databases: &Databases, runtime: &Handle) {
    trials.push(Trial::test("scope::all_requests", || {
        let here: BTreeSet<_> = REQUESTS.into_iter().map(|(request, _)| request).collect();
        assert_eq!(here, Request::TYPES.iter().copied().collect());
        Ok(())
    }));
    for kind in Kind::ALL {
        // One database for all cells: each has owners and ids of its own.
        let store = Arc::new(OnceCell::new());
        for (request, places) in REQUESTS {
            for (foreign, foreign_name) in FOREIGN {
                let (runtime, store) = (runtime.clone(), Arc::clone(&store));
                let name = format!("scope::{request}::{foreign_name}");
                trials.push(databases.trial(kind, &name, move |databases| {
                    runtime.block_on(async {
                        let store = store.get_or_init(|| open(databases, kind)).await;
                        cell(store, request, foreign, places & foreign != 0).await;
                    });
                }));
            }
        }
    }
}

async fn open(databases: Databases, kind: Kind) -> DynStore<User> {
    let owner = |user: &User| user.0.clone();
    let url = databases.url(kind, "scope.db");
    match kind {
        Kind::Memory => DynStore::new(MemoryStore::new().scoped(owner)),
        Kind::Sqlite => DynStore::new(SqliteStore::open(url).await.unwrap().scoped(owner)),
        Kind::Postgres => DynStore::new(PostgresStore::open(&url).await.unwrap().scoped(owner)),
    }
}

async fn cell(store: &DynStore<User>, request: &str, foreign: u8, has_place: bool) {
    // Within a thread of his own, or in the one that the item is in.
    let whole = if foreign == ITEM {
        vec![ITEM, ITEM | THREAD]
    } else {
        vec![foreign]
    };
    for foreign in whole {
        let ann = World::new(store).await.play(request, foreign, "ann").await;
        let nobody = World::new(store)
            .await
            .play(request, foreign, "nobody")
            .await;
        assert_eq!(
            ann, nobody,
            "{request} with another's ids is as with unknown ones"
        );
        if has_place {
            let own = World::new(store).await.play(request, foreign, "bob").await;
            assert_ne!(own, nobody, "{request} does something with his own ids");
        }
    }
}

#[derive(Clone)]
struct User(String);

/// What a request has done, in words that do not depend on whose ids were in it.
#[derive(Debug, PartialEq)]
struct Outcome {
    answer: Vec<Value>,
    handler: Vec<Value>,
    bobs: Vec<Value>,
}

/// Ann and Bob, each with a thread, its items, and an attachment.
struct World {
    server: ChatKitServer<Spy>,
    files: Files,
    mark: String,
    anns: Vec<Value>,
}

const ROLES: [&str; 5] = ["user", "call", "form", "widget", "said"];

impl World {
    async fn new(store: &DynStore<User>) -> Self {
        let mark = chatkit::store::default_generate_id(chatkit::store::StoreItemType::Task);
        let files = Files::default();
        let server =
            ChatKitServer::new(Spy::default(), store.clone()).attachment_store(files.clone());
        let mut world = Self {
            server,
            files,
            mark,
            anns: Vec::new(),
        };
        for name in ["ann", "bob"] {
            world.furnish(name).await;
        }
        world.anns = world.snapshot("ann").await;
        world
    }

    fn user(&self, name: &str) -> User {
        User(format!("{name}-{}", self.mark))
    }

    fn id(&self, what: &str, name: &str) -> String {
        format!("{what}-{name}-{}", self.mark)
    }

    async fn furnish(&self, name: &str) {
        let (store, user) = (self.server.store(), self.user(name));
        let thread = self.id("thread", name);
        let mut metadata = ThreadMetadata::new(&thread);
        metadata.title = Some(format!("{name}'s own business"));
        store.save_thread(&metadata, &user).await.unwrap();
        let attachment = self.id("attachment", name);
        let mut record = Attachment::from(FileAttachment::new(&attachment, name, "text/plain"));
        record.set_thread_id(&thread);
        store.save_attachment(&record, &user).await.unwrap();
        self.files.put(&user, &attachment);
        for (n, role) in ROLES.into_iter().enumerate() {
            let mut item = match role {
                "user" => {
                    json!({"type": "user_message", "content": [{"type": "input_text", "text": format!("{name} asks")}],
                    "attachments": [record], "inference_options": {}})
                }
                "call" => {
                    json!({"type": "client_tool_call", "status": "pending", "call_id": "c", "name": "pick", "arguments": {}})
                }
                "form" => json!({"type": "structured_input", "status": "pending",
                    "inputs": [{"type": "freeform", "id": "why", "question": "Why?"}]}),
                "widget" => json!({"type": "widget", "widget": {"type": "Card", "children": []}}),
                _ => {
                    json!({"type": "assistant_message", "content": [{"type": "output_text", "text": format!("told {name}"), "annotations": []}]})
                }
            };
            item["id"] = json!(self.id(role, name));
            item["thread_id"] = json!(thread);
            item["created_at"] = json!(format!("2024-01-01T00:00:0{n}Z"));
            let item: ThreadItem = serde_json::from_value(item).unwrap();
            store.add_thread_item(&thread, &item, &user).await.unwrap();
        }
    }

    /// All that is stored of a user's.
    async fn snapshot(&self, name: &str) -> Vec<Value> {
        let (store, user) = (self.server.store(), self.user(name));
        let threads = store
            .load_threads(99, None, Order::Asc, &user)
            .await
            .unwrap();
        let mut all = Vec::new();
        for thread in threads.data {
            let items = store.load_thread_items(&thread.id, None, 99, Order::Asc, &user);
            all.push(serde_json::to_value(items.await.unwrap().data).unwrap());
            all.push(serde_json::to_value(thread).unwrap());
        }
        let attachment = self.id("attachment", name);
        let record = store.load_attachment(&attachment, &user).await.ok();
        all.push(serde_json::to_value(record).unwrap());
        all.push(json!(self.files.of(&user)));
        all
    }

    /// Lets Bob make a request, in which what `foreign` says is by ids of `whose`.
    async fn play(self, request: &str, foreign: u8, whose: &str) -> Outcome {
        let name = |what: u8| if foreign & what != 0 { whose } else { "bob" };
        let ids = Ids {
            thread: self.id("thread", name(THREAD)),
            items: ROLES.map(|role| self.id(role, name(ITEM))),
            attachment: self.id("attachment", name(ATTACHMENT)),
        };
        let body = body(request, &ids, foreign).to_string();
        let processed = self.server.process(body.as_bytes(), self.user("bob")).await;
        let answer = match processed {
            Ok(ProcessResult::Streaming(stream)) => {
                let mut answer = Vec::new();
                for chunk in stream.collect::<Vec<_>>().await {
                    match chunk {
                        Ok(frames) => answer.extend(events(&frames)),
                        Err(error) => answer.push(json!(error.to_string())),
                    }
                }
                answer
            }
            Ok(ProcessResult::NonStreaming(json)) => vec![serde_json::from_slice(&json).unwrap()],
            Err(error) => vec![json!(error.to_string())],
        };
        let handler = self.server.handler().0.lock().unwrap().clone();
        if whose == "ann" {
            assert_eq!(
                self.snapshot("ann").await,
                self.anns,
                "nothing of Ann's has changed"
            );
            let seen = format!("{answer:?} {handler:?}");
            // An item's id names one within its thread: judged in a thread of his own, it is his.
            if (request, foreign) != ("items.feedback", ITEM) {
                let seen = format!("{handler:?}");
                assert!(
                    !seen.contains("-ann-"),
                    "the handler gets no id of Ann's: {seen}"
                );
            }
            for secret in ["ann asks", "told ann", "ann's own business"] {
                assert!(!seen.contains(secret), "{seen}");
            }
        }
        let bobs = self.snapshot("bob").await;
        let neutral = |values: Vec<Value>| {
            values
                .into_iter()
                .map(|value| neutral(value, whose))
                .collect()
        };
        Outcome {
            answer: neutral(answer),
            handler: neutral(handler),
            bobs: neutral(bobs),
        }
    }
}

/// The events in some frames.
fn events(frames: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(frames).unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

struct Ids {
    thread: String,
    items: [String; ROLES.len()],
    attachment: String,
}

/// A request as the client makes it. Ids that it has no place for are in its metadata.
fn body(request: &str, ids: &Ids, foreign: u8) -> Value {
    let Ids {
        thread,
        items,
        attachment,
    } = ids;
    let [user, call, form, widget, said] = items;
    let input = json!({"content": [{"type": "input_text", "text": "hello"}], "attachments": [attachment], "inference_options": {}});
    let params = match request {
        "threads.create" => json!({"input": input}),
        "threads.add_user_message" => json!({"thread_id": thread, "input": input}),
        "threads.add_client_tool_output" => json!({"thread_id": thread, "result": {"picked": 42}}),
        "threads.add_structured_input" => json!({"thread_id": thread, "item_id": form,
            "input": {"status": "answered", "answers": {"why": {"values": ["so"], "skipped": false}}}}),
        "threads.retry_after_item" => json!({"thread_id": thread, "item_id": user}),
        "threads.custom_action" | "threads.sync_custom_action" => {
            json!({"thread_id": thread, "item_id": widget, "action": {"type": "press", "payload": {}}})
        }
        "threads.get_by_id" | "threads.delete" => json!({"thread_id": thread}),
        "threads.list" => json!({"limit": 9999, "order": "asc", "after": match foreign {
            ATTACHMENT => attachment,
            THREAD => thread,
            _ => said,
        }}),
        "items.list" => {
            json!({"thread_id": thread, "limit": 9999, "order": "asc", "after": match foreign {
                ATTACHMENT => attachment,
                _ => call,
            }})
        }
        "items.feedback" => json!({"thread_id": thread, "item_ids": [said], "kind": "positive"}),
        "attachments.create" => json!({"name": "a.txt", "size": 1, "mime_type": "text/plain"}),
        "attachments.delete" | "attachments.get_preview" => json!({"attachment_id": attachment}),
        "threads.update" => json!({"thread_id": thread, "title": "mine now"}),
        "input.transcribe" => json!({"audio_base64": "AAAA", "mime_type": "audio/wav"}),
        unknown => panic!("{unknown}"),
    };
    json!({"type": request, "params": params, "metadata": {"thread_id": thread, "item_id": said, "attachment_id": attachment}})
}

/// A value without what differs each time: whose ids are in it, generated ids, and times.
fn neutral(value: Value, whose: &str) -> Value {
    match value {
        Value::String(mut text) => {
            while let Some(at) = hexadecimal(&text) {
                text.replace_range(at..at + 32, "#");
            }
            Value::String(text.replace(&format!("-{whose}-"), "-whose-"))
        }
        Value::Array(values) => values
            .into_iter()
            .map(|value| neutral(value, whose))
            .collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(name, _)| name != "created_at");
            Value::Object(
                fields
                    .map(|(name, value)| (name, neutral(value, whose)))
                    .collect(),
            )
        }
        other => other,
    }
}

/// Where 32 hexadecimal digits begin.
fn hexadecimal(text: &str) -> Option<usize> {
    let digits = |window: &[u8]| window.iter().all(u8::is_ascii_hexdigit);
    text.as_bytes().windows(32).position(digits)
}

/// A handler that notes what it is given.
#[derive(Default)]
struct Spy(Mutex<Vec<Value>>);

impl Spy {
    fn note(&self, call: Value) {
        self.0.lock().unwrap().push(call);
    }

    /// All that a turn can see.
    async fn note_turn(
        &self,
        call: &str,
        turn: &Turn<User>,
        given: Value,
    ) -> Result<(), TurnError> {
        let items =
            turn.store()
                .load_thread_items(turn.thread_id(), None, 99, Order::Asc, turn.context());
        let items = items.await?.data;
        self.note(json!([call, turn.thread_id(), given, items]));
        Ok(())
    }
}

impl ChatKitHandler for Spy {
    type Context = User;

    async fn respond(
        &self,
        turn: &Turn<User>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        self.note_turn("respond", turn, json!(message)).await
    }

    async fn action(
        &self,
        turn: &Turn<User>,
        _: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        self.note_turn("action", turn, json!(sender)).await
    }

    async fn sync_action(
        &self,
        turn: &Turn<User>,
        _: Action,
        sender: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, TurnError> {
        self.note_turn("sync_action", turn, json!(sender)).await?;
        Ok(SyncCustomActionResponse::default())
    }

    async fn add_feedback(
        &self,
        thread_id: &str,
        item_ids: &[String],
        _: FeedbackKind,
        _: &User,
    ) -> Result<(), TurnError> {
        self.note(json!(["feedback", thread_id, item_ids]));
        Ok(())
    }

    async fn transcribe(&self, _: AudioInput, _: &User) -> Result<TranscriptionResult, TurnError> {
        self.note(json!(["transcribe"]));
        Ok(TranscriptionResult::new("hello"))
    }
}

/// Bytes of attachments, each its owner's.
#[derive(Clone, Default)]
struct Files(Arc<Mutex<Vec<(String, String)>>>);

impl Files {
    fn put(&self, user: &User, id: &str) {
        self.0.lock().unwrap().push((user.0.clone(), id.to_owned()));
    }

    fn of(&self, user: &User) -> Vec<String> {
        let files = self.0.lock().unwrap();
        let own = files.iter().filter(|(owner, _)| *owner == user.0);
        own.map(|(_, id)| id.clone()).collect()
    }
}

impl AttachmentStore<User> for Files {
    async fn delete_attachment(&self, id: &str, user: &User) -> Result<(), StoreError> {
        self.0
            .lock()
            .unwrap()
            .retain(|(owner, file)| *owner != user.0 || file != id);
        Ok(())
    }

    async fn create_attachment(
        &self,
        params: &AttachmentCreateParams,
        user: &User,
    ) -> Result<Attachment, StoreError> {
        let id = self.generate_attachment_id(&params.mime_type, user);
        self.put(user, &id);
        Ok(FileAttachment::new(id, &params.name, &params.mime_type).into())
    }

    async fn preview_url(&self, id: &str, user: &User) -> Result<Url, StoreError> {
        if !self.of(user).iter().any(|own| own == id) {
            return Err(StoreError::not_found("attachment", id));
        }
        Ok(Url::parse(format!("https://files.example.com/{id}")).unwrap())
    }
}

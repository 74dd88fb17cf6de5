//! What holds for any bytes at all, target by target. A rule that is broken is a panic.
//!
//! The targets of cargo-fuzz call these, and so do the tests of the workspace, with a generator of their own.

#![allow(
    unreachable_pub,
    reason = "public in one of the two crates that have it"
)]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chatkit::attachments::object_store::{ObjectStore, memory::InMemory};
use chatkit::attachments::{AttachmentOptions, BlobAttachmentStore};
use chatkit::store::{AttachmentStore, DynStore, MemoryStore, Store, StoreItemType};
use chatkit::types::{
    Action, AssistantMessageContent, AssistantMessageContentPartTextDelta, AssistantMessageItem,
    Attachment, ChatKitRequest, Order, SyncCustomActionResponse, ThreadItem, ThreadItemAddedEvent,
    ThreadItemDoneEvent, ThreadItemUpdate, ThreadItemUpdatedEvent, ThreadMetadata,
    ThreadStreamEvent, UserMessageItem, WidgetItem,
};
use chatkit::widgets::{WidgetDefinition, WidgetRoot, WidgetTemplate, diff_widget};
use chatkit::{ChatKitHandler, ChatKitServer, ProcessResult, RequestInfo, Turn, TurnError};
use chatkit_agents::model::{
    Model, ModelError, ModelErrorKind, ModelRequest, ModelStream, ResponseStreamEvent, SseDecoder,
};
use chatkit_agents::tool::{FnTool, OwnedToolContext, Tool, ToolError};
use chatkit_agents::{
    Agent, AgentContext, DefaultThreadItemConverter, Runner, ThreadItemConverter,
    stream_agent_response,
};
use futures::{StreamExt, TryStreamExt};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tower::ServiceExt;

/// A request that parses is written and parsed to the same; for one that does not, the message is short.
pub fn requests(bytes: &[u8]) {
    match ChatKitRequest::from_slice(bytes) {
        Ok(request) => {
            let json = serde_json::to_vec(&request).unwrap();
            assert_eq!(ChatKitRequest::from_slice(&json).unwrap(), request);
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() < 1000, "{message}");
            assert!(!message.contains(char::is_control), "{message:?}");
        }
    }
}

/// Requests, one a line, to one server that has a thread with an item of each kind: each answer is JSON, or events that
/// can be read back and that end; what was reported as done is stored, and nothing hidden gets out.
pub async fn processing(bytes: &[u8]) {
    let server = ChatKitServer::new(Echo, filled_store().await.0);
    for body in bytes.split(|byte| *byte == b'\n').take(8) {
        let info = RequestInfo::new()
            .with_frame_id("frame")
            .accept_language(&String::from_utf8_lossy(body));
        check_answer(&server, body, info).await;
    }
    let list = json!({"type": "items.list", "params": {"thread_id": "thr_1", "limit": 9999}});
    check_answer(&server, list.to_string().as_bytes(), RequestInfo::new()).await;
}

/// A stream gives the same events however its bytes are cut; and the data of an event is read if, and only if, it is JSON.
pub fn event_streams(bytes: &[u8]) {
    let (cut, stream) = bytes.split_first().unwrap_or((&0, &[]));
    let whole = decode(stream, stream.len(), 512);
    assert_eq!(decode(stream, 1 + usize::from(cut % 16), 512), whole);
    for (_, data) in whole.0 {
        let event = ResponseStreamEvent::from_json(&data);
        let is_json = serde_json::from_str::<&RawValue>(&data).is_ok();
        assert_eq!(event.is_ok(), is_json, "{data}");
        if let Ok(ResponseStreamEvent::Raw(event)) = event {
            // It goes back to the model as it came.
            assert_eq!(event.raw.get(), data.trim_matches([' ', '\t', '\n', '\r']));
        }
    }
}

/// A turn whose model says whatever the bytes say, as an event stream: it ends, with events that the client can read, and
/// with all in the store that was reported as done. The next turn works.
pub async fn answers(bytes: &[u8]) {
    let kinds = kinds_of_answer(bytes).await;
    let next = kinds.rsplit(|kind| *kind == "user_message").next();
    assert_eq!(next, Some(&["assistant_message"][..]), "{kinds:?}");
}

/// Two turns as [`answers`] makes them: what they add to the thread.
pub async fn kinds_of_answer(bytes: &[u8]) -> Vec<&'static str> {
    let model = Babble {
        says: bytes.into(),
        calls: AtomicUsize::new(0),
    };
    let agent = Agent::new("Babble", model).tool(echo_tool());
    let (store, before) = filled_store().await;
    let server = ChatKitServer::new(Assistant(agent), store);
    for _ in 0..2 {
        let body = br#"{"type":"threads.add_user_message","params":{"thread_id":"thr_1","input":{"content":[{"type":"input_text","text":"Hi"}]}}}"#;
        check_answer(&server, body, RequestInfo::new()).await;
    }
    let items = server
        .store()
        .load_thread_items("thr_1", None, 999, Order::Asc, &());
    let items = items.await.unwrap().data;
    items[before..].iter().map(ThreadItem::type_name).collect()
}

/// States of a widget, one a line, and what forms send: what is read is written and read to the same, the updates from one
/// state to another give that other on the client, and a form's values leave a widget a widget.
pub fn widgets(bytes: &[u8]) {
    let values: Vec<Value> = bytes
        .split(|byte| *byte == b'\n')
        .take(4)
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    let read = |value: &Value| WidgetRoot::try_from(value.clone()).ok();
    let states: Vec<WidgetRoot> = values.iter().filter_map(read).collect();
    for state in &states {
        let json = Value::from(state.clone());
        assert_eq!(WidgetRoot::try_from(json).as_ref(), Ok(state));
        // As a store reads it, some defaults are filled in; once.
        let stored = serde_json::to_string(state).unwrap();
        let loaded: WidgetRoot = serde_json::from_str(&stored).unwrap();
        let again = serde_json::to_string(&loaded).unwrap();
        assert_eq!(serde_json::from_str::<WidgetRoot>(&again).unwrap(), loaded);

        state.form_collisions();
        for payload in &values {
            let filled = Value::from(state.clone().with_form_values(payload));
            WidgetRoot::try_from(filled).expect("still a widget");
        }
    }
    for before in &states {
        for after in &states {
            let mut client = Value::from(before.clone());
            for update in diff_widget(before, after) {
                apply(&mut client, &update);
            }
            assert!(
                same(&client, &Value::from(after.clone())),
                "{client} is not {after:?}"
            );
        }
    }
}

/// A template, and in the last line its data: it compiles and renders, or says why not. And whatever the data, it does not
/// change the shape of a widget whose template writes it with `tojson`.
pub fn templates(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (template, data) = text.rsplit_once('\n').unwrap_or((&text, ""));
    let data: Value = serde_json::from_str(data).unwrap_or_else(|_| json!({ "text": data }));

    // A template is code of the application's, and may take its time: loops and long numbers are for `range` alone.
    let loops = template.matches("for").count() + template.matches("macro").count();
    let digits = template.split(|c: char| !c.is_ascii_digit());
    if loops < 2 && digits.map(str::len).max() < Some(4) && !template.contains("**") {
        let definition = WidgetDefinition::new("fuzz", template);
        if let Ok(template) = WidgetTemplate::new(definition)
            && let Ok(widget) = template.build(&data)
        {
            let json = Value::from(widget.clone());
            assert_eq!(WidgetRoot::try_from(json), Ok(widget));
        }
    }

    let fixed = r#"{"type":"Card","children":[{"type":"Text","value":{{ text | tojson }}},{"type":"Divider"}]}"#;
    let fixed = WidgetTemplate::new(WidgetDefinition::new("fixed", fixed)).unwrap();
    let widget = fixed.build(&json!({ "text": text })).unwrap();
    let expected =
        json!({"type": "Card", "children": [{"type": "Text", "value": text}, {"type": "Divider"}]});
    assert_eq!(Value::from(widget), expected);
}

/// A direct upload: how to cut it, a line with its content type, and its body. It is the same upload however its bytes are
/// cut. What is taken is a piece of the body, and is deleted whole; what is not taken leaves nothing.
pub async fn multipart(bytes: &[u8]) {
    let (cut, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let whole = upload(rest, usize::MAX).await;
    assert_eq!(upload(rest, 1 + usize::from(cut % 16)).await, whole);
}

/// A file as it was taken, or the status and the message of a refusal.
pub type Uploaded = Result<(String, String, Vec<u8>), (u16, String)>;

/// One upload as [`multipart`] makes them, in pieces of `size` bytes.
pub async fn upload(bytes: &[u8], size: usize) -> Uploaded {
    let line = bytes.iter().position(|byte| *byte == b'\n');
    let (content_type, body) = match line {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[][..]),
    };
    let bucket = Arc::new(InMemory::new());
    let threads = DynStore::new(MemoryStore::new());
    let files = AttachmentOptions::shared("http://fuzz.test/files", [7_u8; 32])
        .types(["*/*"])
        .open_bucket(Arc::clone(&bucket), threads.clone())
        .await
        .unwrap();
    let pieces: Vec<_> = body
        .chunks(size)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
        .collect();
    let mut request = Request::post("/files");
    if let Ok(content_type) = header::HeaderValue::from_bytes(content_type) {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    let pieces = Body::from_stream(futures::stream::iter(pieces));
    let (status, answer) = send(&files, request.body(pieces).unwrap()).await;
    files.settle().await;

    let answer: Value = serde_json::from_slice(&answer).unwrap();
    if status != StatusCode::OK {
        let client = [400, 413, 415].contains(&status.as_u16());
        assert!(client, "{status} {answer}");
        assert_eq!(objects(&bucket).await, [""; 0], "{answer}");
        let message = answer["message"].as_str().unwrap();
        return Err((status.as_u16(), message.to_owned()));
    }
    let attachment: Attachment = serde_json::from_value(answer).unwrap();
    let id = attachment.id();
    let stored = threads.load_attachment(id, &()).await;
    assert_eq!(stored.unwrap(), attachment);
    let kept = [format!("files/{id}"), format!("unsent/{id}")];
    assert_eq!(objects(&bucket).await, kept);

    let request = Request::get(format!("/files/{id}"));
    let (status, file) = send(&files, request.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    // Behind the headers of its part, and before the next delimiter.
    let part = [&b"\r\n\r\n"[..], &file, b"\r\n--"].concat();
    assert!(body.windows(part.len()).any(|piece| piece == part));

    files.delete_attachment(id, &()).await.unwrap();
    assert_eq!(objects(&bucket).await, [""; 0]);
    threads.load_attachment(id, &()).await.unwrap_err();
    let (name, mime_type) = (attachment.name(), attachment.mime_type());
    assert!(!name.is_empty() && !name.contains(['/', '\\']), "{name:?}");
    assert!(!name.contains(char::is_control), "{name:?}");
    Ok((name.to_owned(), mime_type.to_owned(), file))
}

async fn send(files: &BlobAttachmentStore<()>, request: Request<Body>) -> (StatusCode, Vec<u8>) {
    let routes = files.router(async |_| Ok::<_, StatusCode>(()));
    let answer = routes.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
    (status, body.unwrap().to_vec())
}

/// The names of all objects in a bucket, in order.
async fn objects(bucket: &InMemory) -> Vec<String> {
    let names = bucket.list(None).map_ok(|found| found.location.to_string());
    let mut names: Vec<_> = names.try_collect().await.unwrap();
    names.sort();
    names
}

/// The names and data of all events, in pieces of `size` bytes; and whether an event was larger than `limit`.
fn decode(bytes: &[u8], size: usize, limit: usize) -> (Vec<(Option<String>, String)>, bool) {
    let mut decoder = SseDecoder::new(limit);
    let mut events = Vec::new();
    for chunk in bytes.chunks(size.max(1)) {
        decoder.push(chunk);
        loop {
            match decoder.next_event() {
                Ok(Some(event)) => events.push((
                    event.name.map(|name| name.into_owned()),
                    event.data.into_owned(),
                )),
                Ok(None) => break,
                Err(_) => return (events, true),
            }
        }
    }
    let last = decoder.finish();
    events.extend(last.map(|event| {
        let name = event.name.map(|name| name.into_owned());
        (name, event.data.into_owned())
    }));
    (events, false)
}

/// Sends a request and checks what comes back.
async fn check_answer<H: ChatKitHandler<Context = ()>>(
    server: &ChatKitServer<H>,
    body: &[u8],
    info: RequestInfo,
) {
    let mut done: HashMap<String, ThreadItem> = HashMap::new();
    match server.process_with(body, info, ()).await {
        Ok(ProcessResult::NonStreaming(json)) => {
            let json: Value = serde_json::from_slice(&json).unwrap();
            check_nothing_hidden(&json);
        }
        Ok(ProcessResult::Streaming(events)) => {
            let chunks: Vec<_> = events
                .into_event_stream(Duration::from_secs(60))
                .collect()
                .await;
            let text = String::from_utf8(chunks.concat()).unwrap();
            for frame in text.split_terminator("\n\n") {
                let data = frame.strip_prefix("data: ").unwrap();
                assert!(!data.contains('\n'), "{data}");
                let json: Value = serde_json::from_str(data).unwrap();
                check_nothing_hidden(&json);
                let event: ThreadStreamEvent = serde_json::from_str(data).unwrap();
                match event {
                    ThreadStreamEvent::ThreadItemDone(event) => {
                        done.insert(event.item.id().to_owned(), event.item);
                    }
                    ThreadStreamEvent::ThreadItemReplaced(event) => {
                        done.insert(event.item.id().to_owned(), event.item);
                    }
                    ThreadStreamEvent::ThreadItemRemoved(event) => {
                        done.remove(&event.item_id);
                    }
                    _ => {}
                }
            }
        }
        Err(error) => assert!(error.client_message().len() < 1000),
    }
    for (id, item) in done {
        let stored = server.store().load_item(item.thread_id(), &id, &()).await;
        assert_eq!(stored.unwrap(), item);
    }
}

fn check_nothing_hidden(json: &Value) {
    let items = json["data"].as_array().or(json["items"]["data"].as_array());
    for item in items.into_iter().flatten().chain([&json["item"]]) {
        let hidden =
            serde_json::from_value(item.clone()).is_ok_and(|item: ThreadItem| item.is_hidden());
        assert!(!hidden, "{item}");
    }
}

/// A store with a thread in it that has an item of each kind; and how many those are. The seeds answer those below.
async fn filled_store() -> (MemoryStore<()>, usize) {
    let items = json!([
        {"type": "user_message", "id": "msg_1", "content": [{"type": "input_text", "text": "Hello"}], "attachments": [], "inference_options": {}},
        {"type": "hidden_context_item", "id": "hid_1", "content": "a secret"},
        {"type": "assistant_message", "id": "msg_2", "content": [{"type": "output_text", "text": "Hi", "annotations": []}]},
        {"type": "widget", "id": "wid_1", "widget": {"type": "Card", "children": [{"type": "Input", "name": "todo.title"}]}},
        {"type": "structured_input", "id": "inp_1", "status": "pending", "inputs": [
            {"type": "multiple_choice", "id": "q", "question": "Which?", "options": [{"value": "a"}, {"value": "b"}], "multiple": true},
            {"type": "freeform", "id": "why", "question": "Why?"}]},
        {"type": "client_tool_call", "id": "tcl_1", "call_id": "call_1", "name": "pick", "arguments": {}, "status": "pending"},
    ]);
    let store = MemoryStore::new();
    store
        .save_thread(&ThreadMetadata::new("thr_1"), &())
        .await
        .unwrap();
    let items = items.as_array().unwrap();
    let others = chatkit::testing::items().into_iter();
    let others = others.filter(|other| items.iter().all(|item| item["type"] != other.type_name()));
    let others: Vec<Value> = others.map(|other| json!(other)).collect();
    let mut number = 0;
    for item in others.iter().chain(items) {
        let mut item = item.clone();
        if number < others.len() {
            item["id"] = json!(format!("other_{number}"));
        }
        item["thread_id"] = json!("thr_1");
        item["created_at"] = json!("2026-01-02T03:04:05Z");
        let item: ThreadItem = serde_json::from_value(item).unwrap();
        store.add_thread_item("thr_1", &item, &()).await.unwrap();
        number += 1;
    }
    (store, number)
}

/// Says again what it is told: text in deltas, a payload that is a widget as one.
struct Echo;

impl Echo {
    async fn say(turn: &Turn<()>, text: &str) -> Result<(), TurnError> {
        let id = turn.generate_id(StoreItemType::Message);
        let empty = AssistantMessageItem::new(id.as_str(), turn.thread_id(), vec![]);
        turn.send(ThreadItemAddedEvent::new(empty)).await?;
        for word in text.split_inclusive(' ').take(100) {
            let delta = AssistantMessageContentPartTextDelta::new(0usize, word);
            turn.send(ThreadItemUpdatedEvent::new(id.as_str(), delta))
                .await?;
        }
        let content = AssistantMessageContent::new(text);
        let whole = AssistantMessageItem::new(id, turn.thread_id(), content);
        Ok(turn.send(ThreadItemDoneEvent::new(whole)).await?)
    }
}

impl ChatKitHandler for Echo {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        match message {
            Some(message) => Self::say(turn, &message.text()).await,
            None => Self::say(turn, "Thanks.").await,
        }
    }

    async fn action(
        &self,
        turn: &Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        match (WidgetRoot::try_from(action.payload.clone()), sender) {
            (Ok(widget), Some(sender)) => drop(turn.update_widget(sender, widget).await?),
            (Ok(widget), None) => {
                let id = turn.generate_id(StoreItemType::Message);
                turn.add_item(WidgetItem::new(id, turn.thread_id(), widget))
                    .await?;
            }
            (Err(_), _) => Self::say(turn, &action.payload.to_string()).await?,
        }
        Ok(())
    }

    async fn sync_action(
        &self,
        turn: &Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, TurnError> {
        let Some(sender) = sender else {
            return Ok(SyncCustomActionResponse::new());
        };
        let filled = sender.widget.clone().with_form_values(&action.payload);
        Ok(turn.update_widget(sender, filled).await?.into())
    }
}

/// Answers with an agent.
struct Assistant(Agent<AgentContext<()>>);

impl ChatKitHandler for Assistant {
    type Context = ();

    async fn respond(&self, turn: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        let input = DefaultThreadItemConverter.history(turn, 20).await?;
        let context = AgentContext::new(turn);
        let run = Runner::run_streamed(&self.0, input, context.clone());
        turn.forward(stream_agent_response(context, run)).await
    }
}

/// A model that answers with given bytes first, and then briefly.
struct Babble {
    says: Arc<[u8]>,
    calls: AtomicUsize,
}

impl Model for Babble {
    fn name(&self) -> &str {
        "babble"
    }

    fn stream(&self, _: &ModelRequest<'_>) -> ModelStream {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let (decoded, refused) = match call {
            0 => decode(&self.says, usize::MAX, 64 * 1024),
            _ => {
                let message = json!({
                    "type": "message", "id": format!("msg_bye_{call}"), "role": "assistant", "status": "completed",
                    "content": [{"type": "output_text", "text": "Bye", "annotations": []}],
                });
                let done = json!({"type": "response.output_item.done", "output_index": 0, "item": message});
                let response = json!({"id": format!("resp_{call}"), "output": [message]});
                let completed = json!({"type": "response.completed", "response": response});
                let bye = format!("data: {done}\n\ndata: {completed}\n\n");
                decode(bye.as_bytes(), usize::MAX, 64 * 1024)
            }
        };
        let mut events = Vec::new();
        for (_, data) in decoded {
            match ResponseStreamEvent::from_json(&data) {
                Ok(event) => {
                    let last = event.is_terminal();
                    events.push(Ok(event));
                    if last {
                        return futures::stream::iter(events).boxed();
                    }
                }
                Err(_) => break,
            }
        }
        // As a real one, it never ends without saying so.
        let error = match refused {
            true => ModelError::new(ModelErrorKind::TooLarge, "an event is too large"),
            false => ModelError::new(ModelErrorKind::Truncated, "the stream ended early"),
        };
        events.push(Err(error));
        futures::stream::iter(events).boxed()
    }
}

/// A tool that says its arguments again, if they are JSON.
fn echo_tool() -> Tool<AgentContext<()>> {
    let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}});
    let echo = |ctx: OwnedToolContext<AgentContext<()>>| async move {
        let arguments: Value = ctx.as_ref().parse_arguments()?;
        Ok::<_, ToolError>(arguments.to_string())
    };
    FnTool::with_schema("echo", "Says it again.", schema, echo).into()
}

/// What the client does with an update.
fn apply(widget: &mut Value, update: &ThreadItemUpdate) {
    match update {
        ThreadItemUpdate::WidgetRootUpdated(update) => *widget = update.widget.clone().into(),
        ThreadItemUpdate::WidgetStreamingTextValueDelta(update) => {
            let mut found = Vec::new();
            find(widget, &update.component_id, &mut found);
            let [component] = found.as_mut_slice() else {
                panic!("the id names {} components", found.len())
            };
            let Value::String(value) = &mut component["value"] else {
                panic!("the component has no text")
            };
            value.push_str(&update.delta);
        }
        other => panic!("an update that is never made: {other:?}"),
    }
}

fn find<'a>(component: &'a mut Value, id: &str, found: &mut Vec<&'a mut Value>) {
    if component.get("id").is_some_and(|own| own == id) {
        found.push(component);
        return;
    }
    match component.get_mut("children") {
        Some(Value::Array(children)) => {
            children.iter_mut().for_each(|child| find(child, id, found));
        }
        Some(child) => find(child, id, found),
        None => {}
    }
}

/// The same JSON; `1` and `1.0` are the same number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let has = |(name, left)| right.get(name).is_some_and(|right| same(left, right));
            left.len() == right.len() && left.iter().all(has)
        }
        _ => left == right,
    }
}

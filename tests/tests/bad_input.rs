//! Requests that are wrong: a clear answer, nothing stored, nothing of the user repeated.

use std::fmt::Write;

use chatkit::types::{AssistantMessageContent, AssistantMessageItem, UserMessageItem};
use chatkit::{Error, ErrorKind, ProcessResult, Turn, TurnError};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::support::{App, Bot, add, create, input, labels, only_error, thread_id};

/// In every bad request; it must not come back.
const SECRET: &str = "swordfish";

async fn parrot(turn: Turn<()>, message: Option<UserMessageItem>) -> Result<(), TurnError> {
    let text = message.map(|message| message.text()).unwrap_or_default();
    let id = turn.generate_id(chatkit::store::StoreItemType::Message);
    turn.add_item(AssistantMessageItem::new(
        id,
        turn.thread_id(),
        AssistantMessageContent::new(text),
    ))
    .await?;
    Ok(())
}

/// What a server says to a bad request.
struct Refusal<'a> {
    body: &'a [u8],
    kind: ErrorKind,
    /// The status where no stream was asked for.
    status: u16,
    message: &'a str,
    /// Whether the request as such is fine and asks for a stream: then even a client that accepts anything gets one.
    streams: bool,
}

/// Sends a bad request in all ways, and compares what comes back and what is left behind.
async fn assert_refused(app: &App, refusal: Refusal<'_>) {
    let Refusal {
        body,
        kind,
        status,
        message,
        streams,
    } = refusal;
    let before = (app.store.writes(), app.client.get(&list()).await);

    let error = process_error(app, body).await;
    assert_eq!(error.kind(), kind, "{error:#}");
    assert_eq!(error.client_message(), message);
    assert!(!format!("{error} {error:#}").contains(SECRET), "{error:?}");

    let events = app.client.open_bytes(body).await.events().await;
    let event = only_error(&events);
    assert_eq!(
        *event,
        json!({"type": "error", "code": "custom", "message": message, "allow_retry": false})
    );
    assert_eq!(events.len(), 1);

    let answer = app.client.post("*/*", body).await;
    if streams {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.events().await, events);
    } else {
        assert_eq!(answer.status, status, "{message}");
        assert_eq!(answer.headers["content-type"], "application/json");
        let body: Value = serde_json::from_slice(&answer.bytes().await).unwrap();
        assert_eq!(body, json!({"message": message}));
    }

    let after = (app.store.writes(), app.client.get(&list()).await);
    assert_eq!(
        before, after,
        "a bad request leaves nothing behind: {message}"
    );
}

/// The failure of a request, in whichever of the two places it is.
async fn process_error(app: &App, body: &[u8]) -> Error {
    match app.server.process(body, ()).await {
        Err(error) => error,
        Ok(ProcessResult::Streaming(mut events)) => match events.next().await {
            Some(Err(error)) => error,
            other => panic!("{other:?}"),
        },
        Ok(ProcessResult::NonStreaming(json)) => panic!("{}", String::from_utf8_lossy(&json)),
    }
}

fn list() -> Value {
    json!({"type": "threads.list", "params": {}})
}

fn invalid<'a>(body: &'a [u8], message: &'a str) -> Refusal<'a> {
    Refusal {
        body,
        kind: ErrorKind::InvalidRequest,
        status: 400,
        message,
        streams: false,
    }
}

#[tokio::test]
async fn bodies_that_are_not_json() {
    let app = App::start(Bot::new(parrot)).await;
    let cases: [(&[u8], &str); 8] = [
        (b"", "invalid request: not valid JSON, line 1 column 0"),
        (
            b"swordfish",
            "invalid request: not valid JSON, line 1 column 1",
        ),
        (
            b"{\"type\": \"threads.list\", \"params\": {\"swordfish",
            "invalid request: params: not valid JSON, line 1 column 46",
        ),
        (
            b"{\"type\": \"threads.list\",\n \"params\": {}}\n swordfish",
            "invalid request: not valid JSON, line 3 column 2",
        ),
        (
            b"{\"type\": \"threads.list\", \"params\": \"\xff swordfish\"}",
            "invalid request: not valid UTF-8",
        ),
        (b"null", "invalid request: expected an object, found null"),
        (
            b"[\"threads.list\", {}, \"swordfish\"]",
            "invalid request: expected an object, found sequence",
        ),
        (
            b"\"swordfish\"",
            "invalid request: expected an object, found string",
        ),
    ];
    for (body, message) in cases {
        assert_refused(&app, invalid(body, message)).await;
    }
}

/// Every message names the field by its path.
#[tokio::test]
async fn fields_that_are_missing_or_wrong() {
    let app = App::start(Bot::new(parrot)).await;
    let with_content = |content: Value| {
        let mut request = add("thr_1", "");
        request["params"]["input"]["content"] = content;
        request
    };
    let cases = [
        (json!({}), "type: missing field"),
        (json!({"type": "threads.list"}), "params: missing field"),
        (
            json!({"type": 7, "params": {}}),
            "type: expected a string, found integer",
        ),
        (
            json!({"type": "threads.explode", "params": SECRET}),
            "type: unknown request type \"threads.explode\"",
        ),
        (
            json!({"type": "threads.list", "params": SECRET}),
            "params: expected an object, found string",
        ),
        (
            json!({"type": "threads.list", "params": [SECRET]}),
            "params: expected an object, found sequence",
        ),
        (
            json!({"type": "threads.list", "params": {"limit": SECRET}}),
            "params.limit: expected u32, found string",
        ),
        (
            json!({"type": "threads.list", "params": {"limit": -1}}),
            "params.limit: expected u32, found integer",
        ),
        (
            json!({"type": "threads.list", "params": {"order": SECRET}}),
            "params.order: expected `asc` or `desc`",
        ),
        (
            json!({"type": "threads.create", "params": {}}),
            "params.input: missing field",
        ),
        (
            json!({"type": "threads.create", "params": {"input": {}}}),
            "params.input.content: missing field",
        ),
        (
            json!({"type": "threads.add_user_message", "params": {"input": input(SECRET)}}),
            "params.thread_id: missing field",
        ),
        (
            json!({"type": "threads.add_user_message", "params": {"input": input(SECRET), "thread_id": [SECRET]}}),
            "params.thread_id: expected a string, found sequence",
        ),
        (
            json!({"type": "items.feedback", "params": {"thread_id": "thr_1", "item_ids": ["a", 1], "kind": "positive"}}),
            "params.item_ids[1]: expected a string, found integer",
        ),
        (
            json!({"type": "items.feedback", "params": {"thread_id": "thr_1", "item_ids": [], "kind": SECRET}}),
            "params.kind: expected `positive` or `negative`",
        ),
        (
            json!({"type": "input.transcribe", "params": {"audio_base64": "*swordfish*", "mime_type": "audio/wav"}}),
            "params.audio_base64: not valid base64",
        ),
    ];
    for (request, problem) in cases {
        let message = match problem.strip_suffix("not valid base64") {
            Some(_) => problem.to_owned(),
            None => format!("invalid request: {problem}"),
        };
        assert_refused(&app, invalid(request.to_string().as_bytes(), &message)).await;
    }
    let cases = [
        with_content(json!(SECRET)),
        with_content(json!([SECRET])),
        with_content(json!([{"type": "input_text"}])),
        with_content(json!([{"type": "input_text", "text": {"swordfish": 1}}])),
        with_content(json!([{"type": "input_swordfish", "text": "Hi"}])),
    ];
    for request in cases {
        let body = request.to_string();
        let error = process_error(&app, body.as_bytes()).await;
        let message = error.client_message().to_owned();
        assert!(
            message.starts_with("invalid request: params.input.content"),
            "{message}"
        );
        assert_refused(&app, invalid(body.as_bytes(), &message)).await;
    }
}

#[tokio::test]
async fn json_that_nests_too_deeply() {
    let app = App::start(Bot::new(parrot)).await;
    let id = thread_id(&app.client.stream(&create("Hi")).await);
    for depth in [200, 100_000] {
        let deep = format!("{}\"{SECRET}\"{}", "[".repeat(depth), "]".repeat(depth));
        let cases = [
            (
                format!(
                    r#"{{"type": "threads.add_client_tool_output", "params": {{"thread_id": "{id}", "result": {deep}}}}}"#
                ),
                "invalid request: params.result: nested too deeply",
            ),
            (
                format!(
                    r#"{{"type": "threads.custom_action", "params":
                    {{"thread_id": "{id}", "action": {{"type": "a", "payload": {deep}}}}}}}"#
                ),
                "invalid request: params.action: nested too deeply",
            ),
            (
                format!(
                    r#"{{"metadata": {{"a": {deep}}}, "type": "threads.list", "params": {{}}}}"#
                ),
                "invalid request: metadata.a: nested too deeply",
            ),
        ];
        for (body, message) in cases {
            assert_refused(&app, invalid(body.as_bytes(), message)).await;
        }
        // Where nobody looks, depth does no harm.
        let ignored = format!(r#"{{"type": "threads.list", "params": {{"unknown": {deep}}}}}"#);
        let answer = app.client.post("*/*", ignored.as_bytes()).await;
        assert!(matches!(answer.status, 200 | 400), "{}", answer.status);
    }
}

#[tokio::test]
async fn threads_and_items_that_do_not_exist() {
    let app = App::start(Bot::new(parrot)).await;
    let id = thread_id(&app.client.stream(&create("Hi")).await);
    let submission = json!({"status": "answered", "answers": {}});
    let action = json!({"type": "a", "payload": SECRET});
    let cases = [
        (
            "threads.get_by_id",
            json!({"thread_id": SECRET}),
            "thread not found",
        ),
        (
            "threads.update",
            json!({"thread_id": SECRET, "title": SECRET}),
            "thread not found",
        ),
        (
            "threads.add_user_message",
            json!({"thread_id": SECRET, "input": input(SECRET)}),
            "thread not found",
        ),
        (
            "threads.add_client_tool_output",
            json!({"thread_id": SECRET, "result": SECRET}),
            "thread not found",
        ),
        (
            "threads.add_structured_input",
            json!({"thread_id": SECRET, "item_id": SECRET, "input": submission}),
            "thread not found",
        ),
        (
            "threads.retry_after_item",
            json!({"thread_id": SECRET, "item_id": SECRET}),
            "thread not found",
        ),
        (
            "threads.custom_action",
            json!({"thread_id": SECRET, "action": action}),
            "thread not found",
        ),
        (
            "threads.sync_custom_action",
            json!({"thread_id": SECRET, "action": action}),
            "thread not found",
        ),
        (
            "items.list",
            json!({"thread_id": id, "after": SECRET}),
            "item not found",
        ),
        ("threads.list", json!({"after": SECRET}), "thread not found"),
        (
            "threads.add_structured_input",
            json!({"thread_id": id, "item_id": SECRET, "input": submission}),
            "item not found",
        ),
        (
            "threads.retry_after_item",
            json!({"thread_id": id, "item_id": SECRET}),
            "item not found",
        ),
        (
            "threads.custom_action",
            json!({"thread_id": id, "item_id": SECRET, "action": action}),
            "item not found",
        ),
        (
            "threads.sync_custom_action",
            json!({"thread_id": id, "item_id": SECRET, "action": action}),
            "item not found",
        ),
    ];
    const STREAMING: [&str; 5] = [
        "threads.add_user_message",
        "threads.add_client_tool_output",
        "threads.add_structured_input",
        "threads.retry_after_item",
        "threads.custom_action",
    ];
    for (kind, params, message) in cases {
        let body = json!({"type": kind, "params": params}).to_string();
        let refusal = Refusal {
            body: body.as_bytes(),
            kind: ErrorKind::NotFound,
            status: 404,
            message,
            streams: STREAMING.contains(&kind),
        };
        assert_refused(&app, refusal).await;
    }
}

#[tokio::test]
async fn requests_that_fit_no_state() {
    let app = App::start(Bot::new(parrot)).await;
    let id = thread_id(&app.client.stream(&create("Hi")).await);
    let item = app.store.items(&id).await[1]["id"].clone();
    let cases = [
        (
            "threads.add_client_tool_output",
            json!({"thread_id": id, "result": SECRET}),
            "the thread has no pending client tool call",
        ),
        (
            "threads.add_structured_input",
            json!({"thread_id": id, "item_id": item, "input": {}}),
            "the item is not a structured input",
        ),
    ];
    for (kind, params, message) in cases {
        let body = json!({"type": kind, "params": params}).to_string();
        let refusal = Refusal {
            body: body.as_bytes(),
            kind: ErrorKind::InvalidState,
            status: 409,
            message,
            streams: true,
        };
        assert_refused(&app, refusal).await;
    }
}

#[tokio::test]
async fn uploads_without_an_attachment_store() {
    let app = App::start(Bot::new(parrot)).await;
    let cases = [
        (
            "attachments.create",
            json!({"name": "swordfish.txt", "size": 10, "mime_type": "text/plain"}),
        ),
        (
            "attachments.delete",
            json!({"attachment_id": "atc_swordfish"}),
        ),
    ];
    for (kind, params) in cases {
        let body = json!({"type": kind, "params": params}).to_string();
        let refusal = Refusal {
            body: body.as_bytes(),
            kind: ErrorKind::NotSupported,
            status: 400,
            message: "attachments are not supported",
            streams: false,
        };
        assert_refused(&app, refusal).await;
    }
}

#[tokio::test]
async fn a_message_with_an_unknown_attachment() {
    let app = App::start(Bot::new(parrot)).await;
    let id = thread_id(&app.client.stream(&create("Hi")).await);
    let mut request = add(&id, SECRET);
    request["params"]["input"]["attachments"] = json!(["atc_swordfish"]);
    let body = request.to_string();
    let refusal = Refusal {
        body: body.as_bytes(),
        kind: ErrorKind::NotFound,
        status: 404,
        message: "attachment not found",
        streams: true,
    };
    assert_refused(&app, refusal).await;

    // The first message of a thread: as in the Python SDK, the thread is made before the message is looked at.
    let mut request = create(SECRET);
    request["params"]["input"]["attachments"] = json!(["atc_swordfish"]);
    let events = app.client.stream(&request).await;
    assert_eq!(labels(&events), ["thread.created", "error"]);
    assert_eq!(only_error(&events)["message"], "attachment not found");
    assert_eq!(app.store.items(&thread_id(&events)).await, [] as [Value; 0]);
}

/// As in the Python SDK: there is no such thread, so it has no items.
#[tokio::test]
async fn the_items_of_a_thread_that_does_not_exist() {
    let app = App::start(Bot::new(parrot)).await;
    assert_eq!(app.client.items(SECRET).await, [] as [Value; 0]);
    assert_eq!(app.store.writes(), 0);
}

#[tokio::test]
async fn bodies_that_are_too_large() {
    let app = App::start(Bot::new(parrot)).await;
    let body = create(&"x".repeat(3_000_000)).to_string();

    let answer = app.client.post("*/*", body.as_bytes()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.headers["content-type"], "application/json");
    let message: Value = serde_json::from_slice(&answer.bytes().await).unwrap();
    assert_eq!(message, json!({"message": "the request is too large"}));

    let events = app.client.open_bytes(body.as_bytes()).await.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(only_error(&events)["message"], "the request is too large");
    assert_eq!(app.store.writes(), 0);

    // Large, but not too large.
    let mut text = String::new();
    while text.len() < 1_500_000 {
        write!(text, "{} ", text.len()).unwrap();
    }
    let events = app.client.stream(&create(&text)).await;
    assert_eq!(events.last().unwrap()["item"]["content"][0]["text"], text);
}

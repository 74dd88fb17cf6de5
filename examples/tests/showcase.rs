//! Every keyword, every action and every route of the showcase.

use serde_json::{Value, json};

use crate::support::{Example, FORM, answer, create, input, named, request, thread_id};

const PROGRAM: &str = env!("CARGO_BIN_EXE_showcase");

/// The events of one message in a new thread, after the head.
async fn answer_to(text: &str) -> Value {
    let showcase = Example::start(PROGRAM).await;
    named(answer(&showcase.stream(&create(text)).await))
}

#[expect(clippy::needless_pass_by_value, reason = "it is a literal")]
fn updated(item: &str, update: Value) -> Value {
    json!({"type": "thread.item.updated", "item_id": item, "update": update})
}

/// The events of an assistant's message, from its deltas and annotations.
fn message(deltas: &[&str], annotations: &[Value]) -> Vec<Value> {
    let item = |content: Value| json!({"type": "assistant_message", "id": "msg_1", "thread_id": "thr_1", "content": content});
    let part = |text: &str, notes: &[Value]| json!({"type": "output_text", "text": text, "annotations": notes});
    let mut events = vec![
        json!({"type": "thread.item.added", "item": item(json!([]))}),
        updated(
            "msg_1",
            json!({"type": "assistant_message.content_part.added", "content_index": 0, "content": part("", &[])}),
        ),
    ];
    for delta in deltas {
        events.push(updated(
            "msg_1",
            json!({"type": "assistant_message.content_part.text_delta", "content_index": 0, "delta": delta}),
        ));
    }
    for (index, annotation) in annotations.iter().enumerate() {
        events.push(updated(
            "msg_1",
            json!({
                "type": "assistant_message.content_part.annotation_added",
                "content_index": 0,
                "annotation_index": index,
                "annotation": annotation,
            }),
        ));
    }
    let part = part(&deltas.concat(), annotations);
    events.push(updated(
        "msg_1",
        json!({"type": "assistant_message.content_part.done", "content_index": 0, "content": part}),
    ));
    events.push(json!({"type": "thread.item.done", "item": item(json!([part]))}));
    events
}

fn source_a() -> Value {
    json!({
        "type": "annotation",
        "source": {"type": "url", "title": "Src A", "url": "https://example.com/a"},
        "index": 5,
    })
}

fn thread(title: Option<&str>, status: Value) -> Value {
    let mut thread = json!({"id": "thr_1"});
    if let Some(title) = title {
        thread["title"] = title.into();
    }
    thread["status"] = status;
    thread["metadata"] = json!({});
    thread["items"] = json!({"data": [], "has_more": false});
    json!({"type": "thread.updated", "thread": thread})
}

#[tokio::test]
async fn hello_is_echoed_and_becomes_the_title() {
    let deltas = [
        "ECHO[", "hello", "] wit", "h **b", "old**", " and ", "`code", "`.",
    ];
    let mut expected = message(&deltas, &[source_a()]);
    expected.insert(1, thread(Some("T: hello"), json!({"type": "active"})));
    assert_eq!(answer_to("hello").await, json!(expected));
}

#[tokio::test]
async fn a_turn_begins_with_the_thread_and_the_message() {
    let showcase = Example::start(PROGRAM).await;
    let events = showcase.stream(&create("boom")).await;
    let head = json!([
        {"type": "thread.created", "thread": {
            "id": "thr_1", "status": {"type": "active"}, "metadata": {}, "items": {"data": [], "has_more": false},
        }},
        {"type": "thread.item.done", "item": {
            "type": "user_message", "id": "msg_1", "thread_id": "thr_1",
            "content": [{"type": "input_text", "text": "boom"}], "attachments": [], "quoted_text": "",
            "inference_options": {},
        }},
        {"type": "stream_options", "stream_options": {"allow_cancel": true}},
    ]);
    assert_eq!(named(&events[..3]), head);
}

#[tokio::test]
async fn a_title_has_thirty_characters_of_the_text_and_keywords_are_whole_words() {
    let showcase = Example::start(PROGRAM).await;
    let text = "Grüße, with attachments, slowly: ÄÖÜ äöü ß";
    let events = showcase.stream(&create(text)).await;
    let thread = showcase.thread(&thread_id(&events)).await;
    assert_eq!(thread["title"], "T: Grüße, with attachments, slowl");
    let done = events.last().unwrap();
    let said = format!("ECHO[{text}] with **bold** and `code`.");
    assert_eq!(done["item"]["content"][0]["text"], said);
}

#[tokio::test]
async fn ents_refers_to_an_entity_and_a_file() {
    let entity = json!({
        "type": "annotation",
        "source": {
            "type": "entity", "title": "ENT-NINE", "id": "ent-9", "inline_label": "E9", "interactive": true, "data": {},
        },
        "index": 11,
    });
    let file = json!({
        "type": "annotation",
        "source": {"type": "file", "title": "doc.pdf", "filename": "doc.pdf"},
        "index": 21,
    });
    let expected = message(&["Here is one and a doc."], &[entity, file]);
    assert_eq!(answer_to("Show me the ENTS, please").await, json!(expected));
}

#[tokio::test]
async fn slow_comes_word_by_word_and_can_be_stopped() {
    let showcase = Example::start(PROGRAM).await;
    let mut stream = showcase.open(&create("slow")).await;
    let events = stream
        .until(|event| event["update"]["delta"] == "word2 ")
        .await;
    drop(stream);
    let deltas: Vec<_> = events
        .iter()
        .filter_map(|event| event["update"]["delta"].as_str())
        .collect();
    assert_eq!(deltas, ["word0 ", "word1 ", "word2 "]);

    // What was said is kept, once the server has noticed.
    let id = thread_id(&events);
    let items = stored(&showcase, &id, 2).await;
    assert_eq!(items[1]["type"], "assistant_message");
    let text = items[1]["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("word0 word1 word2 "), "{text}");
}

/// The items of a thread, once there are as many as that.
async fn stored(showcase: &Example, thread_id: &str, count: usize) -> Vec<Value> {
    crate::support::within(async {
        loop {
            let items = showcase.items(thread_id).await;
            if items.len() >= count {
                return items;
            }
        }
    })
    .await
}

fn card(title: &str, text: &str, growing: bool) -> Value {
    let cell =
        |value: &str| json!({"type": "Table.Cell", "children": [{"type": "Text", "value": value}]});
    let button = |label: &str, action: &str, payload: Value, handler: &str, streaming: bool| {
        json!({"type": "Button", "label": label, "onClickAction": {
            "type": action, "payload": payload, "handler": handler, "loadingBehavior": "auto", "streaming": streaming,
        }})
    };
    let mut streamed = json!({"type": "Text", "value": text, "id": "st"});
    if growing {
        streamed["streaming"] = true.into();
    }
    json!({"type": "Card", "children": [
        {"type": "Title", "value": title},
        streamed,
        {"type": "Table", "children": [
            {"type": "Table.Row", "children": [cell("Column A"), cell("Column B")], "header": true},
            {"type": "Table.Row", "children": [cell("CELL-A"), cell("CELL-B")]},
        ]},
        {"type": "Row", "children": [
            button("SyncBtn", "sync.it", json!({"a": 1}), "server", false),
            button("StreamBtn", "stream.it", json!({"b": 2}), "server", true),
            button("ClientBtn", "client.it", json!({"c": 3}), "client", true),
        ]},
    ]})
}

fn card_item(widget: &Value) -> Value {
    json!({"type": "widget", "id": "msg_1", "thread_id": "thr_1", "widget": widget})
}

const GROWN: &str = "stream stream stream ";

#[tokio::test]
async fn widget_grows() {
    let delta = json!({
        "type": "widget.streaming_text.value_delta", "component_id": "st", "delta": "stream ", "done": false,
    });
    let complete = card("WIDGET-TITLE", GROWN, false);
    let root = json!({"type": "widget.root.updated", "widget": complete});
    let expected = json!([
        {"type": "thread.item.added", "item": card_item(&card("WIDGET-TITLE", "", true))},
        updated("msg_1", delta.clone()),
        updated("msg_1", delta.clone()),
        updated("msg_1", delta),
        updated("msg_1", root),
        {"type": "thread.item.done", "item": card_item(&complete)},
    ]);
    assert_eq!(answer_to("widget").await, expected);
}

/// A showcase with the widget, its thread and the parameters of an action of the widget.
async fn widget() -> (Example, String, impl Fn(&str) -> Value) {
    let showcase = Example::start(PROGRAM).await;
    let events = showcase.stream(&create("widget")).await;
    let thread = thread_id(&events);
    let item = events.last().unwrap()["item"]["id"].clone();
    let of_thread = thread.clone();
    let params = move |action: &str| json!({"thread_id": of_thread, "item_id": item, "action": {"type": action, "payload": {"a": 1}}});
    (showcase, thread, params)
}

#[tokio::test]
async fn a_sync_action_retitles_the_card_and_saves_it() {
    let (showcase, thread, params) = widget().await;
    let answer = showcase
        .get(&request("threads.sync_custom_action", params("sync.it")))
        .await;
    let expected = card("SYNC-UPDATED", GROWN, false);
    let updated = json!([{"updated_item": card_item(&expected)}]);
    assert_eq!(named(std::slice::from_ref(&answer)), updated);
    assert_eq!(showcase.items(&thread).await[1], answer["updated_item"]);

    // The same over a stream.
    let events = showcase
        .stream(&request("threads.custom_action", params("sync.it")))
        .await;
    let replaced = json!([{"type": "thread.item.replaced", "item": card_item(&expected)}]);
    assert_eq!(named(self::answer(&events)), replaced);
}

#[tokio::test]
async fn any_other_action_is_named() {
    let (showcase, thread, params) = widget().await;
    let expected = |action: &str| {
        json!({
            "type": "assistant_message", "id": "msg_1", "thread_id": "thr_1",
            "content": [{"type": "output_text", "text": format!("ACTION[{action}]"), "annotations": []}],
        })
    };
    let events = showcase
        .stream(&request("threads.custom_action", params("stream.it")))
        .await;
    let done = json!([{"type": "thread.item.done", "item": expected("stream.it")}]);
    assert_eq!(named(answer(&events)), done);

    // Without a widget, as a page sends it.
    let mut from_page = params("page.it");
    from_page["item_id"] = Value::Null;
    let events = showcase
        .stream(&request("threads.custom_action", from_page))
        .await;
    let done = json!([{"type": "thread.item.done", "item": expected("page.it")}]);
    assert_eq!(named(answer(&events)), done);

    let answer = showcase
        .get(&request("threads.sync_custom_action", params("other.it")))
        .await;
    let item = answer["updated_item"].clone();
    assert_eq!(
        named(std::slice::from_ref(&item)),
        json!([expected("other.it")])
    );
    assert_eq!(showcase.items(&thread).await.last(), Some(&item));
}

#[tokio::test]
async fn workflow_has_a_task_and_a_summary() {
    let task = |status: &str| json!({"type": "custom", "status_indicator": status, "title": "TASK-ONE", "icon": "search"});
    let item = |workflow: Value| json!({"type": "workflow", "id": "wf_1", "thread_id": "thr_1", "workflow": workflow});
    let expected = json!([
        {"type": "thread.item.added", "item": item(json!({"type": "custom", "tasks": [], "expanded": false}))},
        updated("wf_1", json!({"type": "workflow.task.added", "task_index": 0, "task": task("loading")})),
        updated("wf_1", json!({"type": "workflow.task.updated", "task_index": 0, "task": task("complete")})),
        {"type": "thread.item.done", "item": item(json!({
            "type": "custom", "tasks": [task("complete")], "summary": {"title": "WF-SUMMARY"}, "expanded": false,
        }))},
    ]);
    assert_eq!(answer_to("workflow").await, expected);
}

#[tokio::test]
async fn progress_an_effect_and_a_notice_are_not_stored() {
    let showcase = Example::start(PROGRAM).await;
    let events = showcase.stream(&create("progress")).await;
    let expected = json!([
        {"type": "progress_update", "text": "PROGRESS-0"},
        {"type": "progress_update", "text": "PROGRESS-1"},
        {"type": "progress_update", "text": "PROGRESS-2"},
        {"type": "client_effect", "name": "open_dialog", "data": {"x": 1}},
        {"type": "notice", "level": "info", "message": "This is a notice, in **Markdown**.", "title": "NOTICE-TITLE"},
    ]);
    assert_eq!(named(answer(&events)), expected);
    assert_eq!(showcase.items(&thread_id(&events)).await.len(), 1);
}

#[tokio::test]
async fn image_comes_twice() {
    let events = answer_to("image").await;
    let urls = [
        &events[1]["update"]["image"]["url"],
        &events[2]["item"]["image"]["url"],
    ];
    assert_ne!(urls[0], urls[1]);
    for url in urls {
        assert!(
            url.as_str()
                .unwrap()
                .starts_with("data:image/png;base64,iVBOR")
        );
    }
    let item = json!({"type": "generated_image", "id": "msg_1", "thread_id": "thr_1"});
    let mut done = item.clone();
    done["image"] = json!({"id": "image-1", "url": urls[1]});
    let partial = json!({
        "type": "generated_image.updated", "image": {"id": "image-1", "url": urls[0]}, "progress": 0.5,
    });
    let expected = json!([
        {"type": "thread.item.added", "item": item},
        updated("msg_1", partial),
        {"type": "thread.item.done", "item": done},
    ]);
    assert_eq!(events, expected);
}

/// What the turn says that goes on without a message.
fn goes_on() -> Vec<Value> {
    let deltas = [
        "ECHO[", "no-us", "er-me", "ssage", "] wit", "h **b", "old**", " and ", "`code", "`.",
    ];
    message(&deltas, &[source_a()])
}

#[tokio::test]
async fn clienttool_asks_the_page_and_goes_on() {
    let showcase = Example::start(PROGRAM).await;
    let events = showcase.stream(&create("clienttool")).await;
    let call = json!([{"type": "thread.item.done", "item": {
        "type": "client_tool_call", "id": "tc_1", "thread_id": "thr_1", "call_id": "call_1", "name": "get_sel",
        "arguments": {"q": 1}, "status": "pending",
    }}]);
    assert_eq!(named(answer(&events)), call);

    let thread = thread_id(&events);
    let output = json!({"thread_id": thread, "result": {"picked": 42}});
    let events = showcase
        .stream(&request("threads.add_client_tool_output", output))
        .await;
    assert_eq!(named(answer(&events)), json!(goes_on()));
    let call = &showcase.items(&thread).await[1];
    assert_eq!(
        (&call["status"], &call["output"]),
        (&json!("completed"), &json!({"picked": 42}))
    );
}

#[tokio::test]
async fn structured_asks_the_user_and_goes_on() {
    let showcase = Example::start(PROGRAM).await;
    let events = showcase.stream(&create("structured")).await;
    let mut questions = json!({
        "type": "structured_input", "id": "msg_1", "thread_id": "thr_1",
        "inputs": [
            {
                "type": "multiple_choice", "id": "priority", "question": "Which priority?",
                "options": [{"value": "Low"}, {"value": "High"}], "multiple": false,
            },
            {"type": "freeform", "id": "notes", "question": "Any notes?"},
        ],
        "status": "pending",
    });
    let expected = json!([{"type": "thread.item.done", "item": questions}]);
    assert_eq!(named(answer(&events)), expected);

    let item = events.last().unwrap()["item"]["id"].clone();
    let answers =
        json!({"priority": {"values": ["High"]}, "notes": {"values": [], "skipped": true}});
    let params = json!({
        "thread_id": thread_id(&events), "item_id": item, "input": {"status": "answered", "answers": answers},
    });
    let events = showcase
        .stream(&request("threads.add_structured_input", params))
        .await;
    let events = answer(&events);
    questions["status"] = "answered".into();
    questions["inputs"][0]["answer"] = json!({"values": ["High"], "skipped": false});
    questions["inputs"][1]["answer"] = json!({"values": [], "skipped": true});
    let replaced = json!([{"type": "thread.item.replaced", "item": questions}]);
    assert_eq!(named(&events[..1]), replaced);
    assert_eq!(named(&events[1..]), json!(goes_on()));
}

#[tokio::test]
async fn boom_has_a_text_and_crash_has_none() {
    let boom = json!({"type": "error", "code": "custom", "message": "CUSTOM-ERROR-TEXT", "allow_retry": true});
    assert_eq!(answer_to("boom").await, json!([boom]));
    let crash = json!({"type": "error", "code": "stream.error", "allow_retry": true});
    assert_eq!(answer_to("crash").await, json!([crash]));
}

#[tokio::test]
async fn a_failed_message_is_answered_again() {
    let showcase = Example::start(PROGRAM).await;
    let events = showcase.stream(&create("boom")).await;
    let thread = thread_id(&events);
    let retry = json!({"thread_id": thread, "item_id": events[1]["item"]["id"]});
    let events = showcase
        .stream(&request("threads.retry_after_item", retry))
        .await;
    assert_eq!(answer(&events)[0]["message"], "CUSTOM-ERROR-TEXT");
    assert_eq!(showcase.items(&thread).await.len(), 1);
}

#[tokio::test]
async fn drop_breaks_the_connection_in_mid_answer() {
    let showcase = Example::start(PROGRAM).await;
    let mut stream = showcase.open(&create("drop")).await;
    let events = stream
        .until(|event| event["update"]["delta"] == "partial before drop")
        .await;
    assert!(stream.ends_early().await, "the body has an end");

    // To the server the client is gone: what was said is kept.
    let items = stored(&showcase, &thread_id(&events), 2).await;
    assert_eq!(items[1]["content"][0]["text"], "partial before drop");
}

#[tokio::test]
async fn threads_are_locked_and_closed() {
    for (keyword, status) in [
        ("lockme", json!({"type": "locked", "reason": "LOCK-REASON"})),
        (
            "closeme",
            json!({"type": "closed", "reason": "CLOSE-REASON"}),
        ),
    ] {
        assert_eq!(answer_to(keyword).await, json!([thread(None, status)]));
    }
}

#[tokio::test]
async fn feedback_is_accepted_and_dictation_understood() {
    let mut showcase = Example::start(PROGRAM).await;
    let thread_id = thread_id(&showcase.stream(&create("hello")).await);
    let feedback = json!({"thread_id": thread_id, "item_ids": ["msg_x"], "kind": "positive"});
    let answer = showcase.get(&request("items.feedback", feedback)).await;
    assert_eq!(answer, json!({}));
    showcase.logs("kind=Positive").await;

    let audio = json!({"audio_base64": "AAAA", "mime_type": "audio/webm;codecs=opus"});
    let answer = showcase.get(&request("input.transcribe", audio)).await;
    assert_eq!(answer, json!({"text": "transcribed!"}));
}

/// A form with one file.
fn form(mime_type: &str, bytes: &[u8]) -> Vec<u8> {
    crate::support::form("up.bin", mime_type, bytes)
}

/// Creates an attachment, and gives its record and where to upload it.
async fn create_attachment(showcase: &Example, mime_type: &str) -> (Value, String) {
    let params = json!({"name": "up.bin", "size": 3, "mime_type": mime_type});
    let record = showcase.get(&request("attachments.create", params)).await;
    let url = record["upload_descriptor"]["url"].as_str().unwrap();
    let path = url.strip_prefix(&showcase.url).unwrap().to_owned();
    (record, path)
}

#[tokio::test]
async fn a_file_is_uploaded_with_a_form() {
    let showcase = Example::start(PROGRAM).await;
    let (record, path) = create_attachment(&showcase, "text/plain").await;
    assert_eq!(record["upload_descriptor"]["method"], "POST");
    let body = form("text/plain", b"abc");
    assert_eq!(
        showcase.request("POST", &path, &FORM, &body).await.status,
        204
    );

    let mut message = input("here it is");
    message["attachments"] = json!([record["id"]]);
    let events = showcase
        .stream(&request("threads.create", json!({"input": message})))
        .await;
    let sent = json!([{
        "type": "file", "id": "atc_1", "name": "up.bin", "mime_type": "text/plain", "thread_id": "thr_1",
    }]);
    assert_eq!(named(&events)[1]["item"]["attachments"], sent);

    let path = path.replace("/upload/", "/files/");
    let file = showcase.request("GET", &path, &[], b"").await;
    assert_eq!(file.headers["content-type"], "text/plain");
    assert_eq!(file.headers["content-disposition"], "attachment");
    assert_eq!(file.headers["x-content-type-options"], "nosniff");
    assert_eq!(file.bytes().await, b"abc");

    let params = json!({"attachment_id": record["id"]});
    showcase.get(&request("attachments.delete", params)).await;
    assert_eq!(showcase.request("GET", &path, &[], b"").await.status, 404);
}

#[tokio::test]
async fn an_image_is_uploaded_as_it_is_and_has_a_preview() {
    let showcase = Example::start_with(PROGRAM, &[("UPLOAD_METHOD", "PUT")]).await;
    let (record, path) = create_attachment(&showcase, "image/png").await;
    assert_eq!(record["upload_descriptor"]["method"], "PUT");
    let preview = record["preview_url"].as_str().unwrap();
    let preview = preview.strip_prefix(&showcase.url).unwrap();
    assert_eq!(showcase.request("GET", preview, &[], b"").await.status, 404);

    let headers = [("content-type", "image/png")];
    assert_eq!(
        showcase
            .request("PUT", &path, &headers, b"png")
            .await
            .status,
        204
    );
    let file = showcase.request("GET", preview, &[], b"").await;
    assert_eq!(file.headers["content-type"], "image/png");
    assert_eq!(file.headers["content-disposition"], "inline");
    assert_eq!(file.bytes().await, b"png");
}

#[tokio::test]
async fn a_direct_upload_answers_the_attachment() {
    let base = "https://chat.example";
    let showcase = Example::start_with(PROGRAM, &[("PUBLIC_BASE", base)]).await;
    let body = form("image/png", b"png");
    let answer = showcase.request("POST", "/direct", &FORM, &body).await;
    assert_eq!(answer.status, 200);
    let record: Value = serde_json::from_slice(&answer.bytes().await).unwrap();
    let expected = json!([{
        "type": "image", "id": "atc_1", "name": "up.bin", "mime_type": "image/png",
        "preview_url": "https://chat.example/files/atc_1",
    }]);
    assert_eq!(named(std::slice::from_ref(&record)), expected);

    let path = record["preview_url"].as_str().unwrap();
    let path = path.strip_prefix(base).unwrap();
    assert_eq!(
        showcase.request("GET", path, &[], b"").await.bytes().await,
        b"png"
    );
}

#[tokio::test]
async fn uploads_that_cannot_be() {
    let showcase = Example::start(PROGRAM).await;
    let body = form("text/plain", b"abc");
    let status = async |method: &str, path: &str, body: &[u8]| {
        showcase.request(method, path, &FORM, body).await.status
    };
    assert_eq!(status("POST", "/upload/atc_x", &body).await, 404);
    assert_eq!(status("PUT", "/upload/atc_x", b"abc").await, 404);
    assert_eq!(status("GET", "/files/atc_x", b"").await, 404);
    assert_eq!(status("POST", "/direct", b"no form").await, 400);
    assert_eq!(status("POST", "/direct", b"--limit--\r\n").await, 400);
    let large = form("text/plain", &vec![b'a'; 10 * 1024 * 1024]);
    assert_eq!(status("POST", "/direct", &large).await, 413);
}

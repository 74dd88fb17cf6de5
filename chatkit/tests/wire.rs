//! Golden files for the wire: one value a file in `tests/wire/`, and the items in `src/testing/items.json`, where other tests
//! have them from. `UPDATE_GOLDEN=1` rewrites them.
//!
//! Each value is written as its file says, and read back as it was.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use chatkit::types::*;
use chatkit::widgets::WidgetRoot;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_704_164_645_123_456).unwrap()
}

fn object(value: Value) -> JsonObject {
    value.as_object().unwrap().clone()
}

fn golden<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/wire")
        .join(format!("{name}.json"));
    let written = serde_json::to_string_pretty(value).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_else(|_| {
        panic!(
            "no golden file {}; UPDATE_GOLDEN=1 writes it",
            path.display()
        )
    });
    assert_eq!(written, expected, "{name}");
    assert_eq!(
        &serde_json::from_str::<T>(&expected).unwrap(),
        value,
        "{name}"
    );
}

const ITEMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/items.json");

fn known_items() -> JsonObject {
    serde_json::from_str(&std::fs::read_to_string(ITEMS).unwrap()).unwrap()
}

fn golden_item(name: &str, value: &ThreadItem) {
    let written = serde_json::to_string_pretty(value).unwrap();
    let mut known = known_items();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        known.insert(name.to_owned(), serde_json::to_value(value).unwrap());
        let text = serde_json::to_string_pretty(&known).unwrap() + "\n";
        std::fs::write(ITEMS, text).unwrap();
    }
    let Some(expected) = known.get(name) else {
        panic!("no item {name} in {ITEMS}; UPDATE_GOLDEN=1 writes it")
    };
    let expected = serde_json::to_string_pretty(expected).unwrap();
    assert_eq!(written, expected, "{name}");
}

/// Sets the time of an item, which constructors take from the clock.
fn item(item: impl Into<ThreadItem>) -> ThreadItem {
    let mut json = serde_json::to_value(item.into()).unwrap();
    json["created_at"] = "2024-01-02T03:04:05.123456Z".into();
    serde_json::from_value(json).unwrap()
}

fn thread() -> ThreadMetadata {
    ThreadMetadata::new("thr_1").created_at(at())
}

fn image() -> Attachment {
    let url = Url::parse("https://example.com/atc_1/preview").unwrap();
    let upload = Url::parse("https://example.com/atc_1/upload").unwrap();
    let mut attachment = Attachment::from(
        ImageAttachment::new("atc_1", "cat.png", "image/png", url)
            .upload_descriptor(
                AttachmentUploadDescriptor::new(upload, UploadMethod::Put).header("x-key", "value"),
            )
            .metadata(object(json!({"source": null}))),
    );
    attachment.set_thread_id("thr_1");
    attachment
}

fn annotations() -> Vec<Annotation> {
    vec![
        Annotation::new(UrlSource::new("https://example.com", "Example")).index(3),
        Annotation::new(FileSource::new("a.pdf", "A")),
        Annotation::new(EntitySource::new("order-1", "Order 1")),
    ]
}

#[test]
fn sources() {
    let page = UrlSource::new("https://example.com", "Example")
        .description("About it")
        .timestamp("May 2026")
        .group("Web")
        .attribution("Ada");
    golden("annotation.url", &Annotation::new(page).index(3));
    let file = FileSource::new("a.pdf", "A").group("Files");
    golden("annotation.file", &Annotation::new(file));
    let order = EntitySource::new("order-1", "Order 1")
        .description("Of today")
        .icon(IconName::Suitcase)
        .label("Order")
        .inline_label("O1")
        .interactive(true)
        .data(object(json!({"href": "https://example.com/1"})));
    golden("annotation.entity", &Annotation::new(order).index(5));
}

#[test]
fn items() {
    let options = InferenceOptions::new()
        .model("fast")
        .tool_choice(ToolChoice::new("search"));
    let message = UserMessageItem::new(
        "msg_1",
        "thr_1",
        vec![
            UserMessageContent::text("Hello "),
            UserMessageContent::tag("u1", "Ada"),
        ],
    )
    .attachments([
        image(),
        FileAttachment::new("atc_2", "a.txt", "text/plain").into(),
    ])
    .quoted_text("before")
    .inference_options(options);
    golden_item("user_message", &item(message));

    let content = AssistantMessageContent::new("Hi **there**").annotations(annotations());
    golden_item(
        "assistant_message",
        &item(AssistantMessageItem::new("msg_2", "thr_1", content)),
    );

    let call = ClientToolCallItem::new(
        "tc_1",
        "thr_1",
        "call_1",
        "get_selection",
        object(json!({"q": null})),
    );
    golden_item("client_tool_call.pending", &item(call.clone()));
    golden_item(
        "client_tool_call.completed",
        &item(call.completed(json!({"a": null}))),
    );

    let card = json!({"type": "Card", "children": [{"type": "Text", "value": "x", "newer": 1}]});
    let widget = WidgetItem::new("msg_3", "thr_1", WidgetRoot::try_from(card).unwrap());
    golden_item("widget", &item(widget.copy_text("x".to_owned())));

    let picture = GeneratedImageItem::new("msg_4", "thr_1");
    golden_item("generated_image.empty", &item(picture.clone()));
    let image = GeneratedImage::new("ig_1", "https://example.com/1.png");
    golden_item("generated_image", &item(picture.image(image)));

    let mut answered =
        StructuredInput::from(StructuredInputFreeform::new("why", "Why?").description("In short."));
    answered.set_answer(StructuredInputAnswer::new(["Because"]));
    let choice = StructuredInputMultipleChoice::new("what", "What?", ["A", "B"]).multiple(true);
    golden_item(
        "structured_input",
        &item(StructuredInputItem::new(
            "msg_5",
            "thr_1",
            vec![choice.into(), answered],
        )),
    );

    let search = SearchTask::new()
        .title("Searching")
        .queries(["rust"])
        .sources([UrlSource::new("https://example.com", "Example")]);
    let files = FileTask::new().sources([FileSource::new("a.pdf", "A")]);
    let tasks: Vec<Task> = vec![
        CustomTask::new()
            .title("Step")
            .icon(IconName::Bolt)
            .content("*Done*")
            .status_indicator(TaskStatus::Complete)
            .into(),
        search.into(),
        ThoughtTask::new("Hmm").into(),
        files.into(),
        ImageTask::new()
            .status_indicator(TaskStatus::Loading)
            .into(),
    ];
    let summary = CustomSummary::new("All done").icon(IconName::vendor("logo"));
    let workflow = Workflow::custom(tasks).summary(summary);
    golden_item(
        "workflow",
        &item(WorkflowItem::new("wf_1", "thr_1", workflow)),
    );
    let reasoning = Workflow::reasoning().summary(DurationSummary::new(7));
    golden_item(
        "workflow.reasoning",
        &item(WorkflowItem::new("wf_2", "thr_1", reasoning)),
    );

    golden_item(
        "task",
        &item(TaskItem::new(
            "tsk_1",
            "thr_1",
            CustomTask::new().title("Step"),
        )),
    );
    golden_item(
        "hidden_context",
        &item(HiddenContextItem::new(
            "hc_1",
            "thr_1",
            json!({"a": [null]}),
        )),
    );
    golden_item(
        "sdk_hidden_context",
        &item(SdkHiddenContextItem::new("shcx_1", "thr_1", "note")),
    );
    golden_item("end_of_turn", &item(EndOfTurnItem::new("eot_1", "thr_1")));
}

/// Also those that no constructor above has made: the file is the list of all kinds.
#[test]
fn items_are_written_as_they_were_read() {
    let mut types = BTreeSet::new();
    for (name, json) in known_items() {
        let item: ThreadItem = serde_json::from_value(json.clone()).unwrap();
        let written = serde_json::to_string(&item).unwrap();
        assert_eq!(written, json.to_string(), "{name}");
        types.insert(item.type_name());
    }
    assert_eq!(types, ThreadItem::TYPES.iter().copied().collect());
}

/// Each type of event has a file, and what it says it brings is what its JSON has.
#[test]
fn events_are_written_as_they_were_read() {
    let mut types = BTreeSet::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if !name.starts_with("event.") && !name.starts_with("update.") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let mut event: ThreadStreamEvent = serde_json::from_value(json.clone()).unwrap();
        let tag = event.type_name();
        assert_eq!(serde_json::to_string_pretty(&event).unwrap() + "\n", text);
        assert_eq!(
            event.item_mut().is_some(),
            json["item"].is_object(),
            "{tag}"
        );
        assert_eq!(
            event.thread_mut().is_some(),
            json["thread"].is_object(),
            "{tag}"
        );
        types.insert(tag);
    }
    assert_eq!(types, ThreadStreamEvent::TYPES.iter().copied().collect());
}

#[test]
fn events() {
    let event = |name: &str, event: ThreadStreamEvent| {
        assert_eq!(event.type_name(), name.split('+').next().unwrap());
        golden(&format!("event.{name}"), &event);
    };
    let end = item(EndOfTurnItem::new("eot_1", "thr_1"));
    event(
        "thread.created",
        ThreadCreatedEvent::new(Thread::new(thread(), Page::default())).into(),
    );
    let mut renamed = thread();
    renamed.title = Some("Title".to_owned());
    renamed.status = ThreadStatus::locked("Come back later");
    renamed.allowed_image_domains = Some(vec!["example.com".to_owned()]);
    renamed.safe_urls = Some(vec!["https://example.com".to_owned()]);
    renamed.metadata = object(json!({"private": null}));
    let page = Page::with_more(vec![end.clone()], "eot_1".to_owned());
    event(
        "thread.updated",
        ThreadUpdatedEvent::new(Thread::new(renamed, page)).into(),
    );
    event(
        "thread.item.added",
        ThreadItemAddedEvent::new(end.clone()).into(),
    );
    event(
        "thread.item.done",
        ThreadItemDoneEvent::new(end.clone()).into(),
    );
    event(
        "thread.item.replaced",
        ThreadItemReplacedEvent::new(end).into(),
    );
    event(
        "thread.item.removed",
        ThreadItemRemovedEvent::new("eot_1").into(),
    );
    event(
        "stream_options",
        StreamOptionsEvent::new(StreamOptions::new(false)).into(),
    );
    event(
        "progress_update",
        ProgressUpdateEvent::new("Looking")
            .icon(IconName::lucide("eye"))
            .into(),
    );
    event(
        "client_effect",
        ClientEffectEvent::new("open")
            .data(object(json!({"x": null})))
            .into(),
    );
    event(
        "error",
        ErrorEvent::new(ErrorCode::StreamError)
            .allow_retry(true)
            .into(),
    );
    event(
        "error+custom",
        ErrorEvent::new(ErrorCode::Custom)
            .message("No credit")
            .into(),
    );
    let notice = NoticeEvent::warning("Almost **full**")
        .title("Quota")
        .action("Upgrade", "https://example.com");
    event("notice", notice.into());
}

#[test]
fn updates() {
    let update = |name: &str, update: ThreadItemUpdate| {
        golden(
            &format!("update.{name}"),
            &ThreadStreamEvent::from(ThreadItemUpdatedEvent::new("msg_1", update)),
        );
    };
    let content = AssistantMessageContent::new("x");
    update(
        "content_part.added",
        AssistantMessageContentPartAdded::new(0usize, content.clone()).into(),
    );
    update(
        "content_part.text_delta",
        AssistantMessageContentPartTextDelta::new(1usize, "\u{2028}\"d\"").into(),
    );
    let [annotation, ..] = <[Annotation; 3]>::try_from(annotations()).unwrap();
    update(
        "content_part.annotation_added",
        AssistantMessageContentPartAnnotationAdded::new(0usize, 0usize, annotation).into(),
    );
    update(
        "content_part.done",
        AssistantMessageContentPartDone::new(0usize, content).into(),
    );
    update(
        "widget.value_delta",
        WidgetStreamingTextValueDelta::new("st", "more", false).into(),
    );
    let basic = || WidgetRoot::try_from(json!({"type": "Basic", "children": []})).unwrap();
    update("widget.root", WidgetRootUpdated::new(basic()).into());
    update(
        "widget.component",
        WidgetComponentUpdated::new("st", basic()).into(),
    );
    update(
        "workflow.task_added",
        WorkflowTaskAdded::new(0usize, CustomTask::new()).into(),
    );
    update(
        "workflow.task_updated",
        WorkflowTaskUpdated::new(0usize, ThoughtTask::new("Hmm")).into(),
    );
    let picture = GeneratedImage::new("ig_1", "https://example.com/1.png");
    update(
        "generated_image",
        GeneratedImageUpdated::new(picture, 0.5).into(),
    );
}

#[test]
fn icons_are_read_as_they_are_written() {
    for icon in IconName::BUILT_IN {
        assert_eq!(&icon.as_str().parse::<IconName>().unwrap(), icon);
    }
    assert_eq!("vendor:a b".parse(), Ok(IconName::vendor("a b")));
    for bad in ["", "nope", "x vendor:y", "vendor"] {
        assert_eq!(bad.parse::<IconName>(), Err(UnknownIcon), "{bad}");
    }
}

#[test]
fn timestamps_are_read_in_every_form_that_was_ever_written() {
    let read = |text: Value| {
        serde_json::from_value::<ThreadMetadata>(json!({"id": "t", "created_at": text}))
            .map(|thread| thread.created_at)
    };
    for same in [
        json!("2024-01-02T03:04:05.123456Z"),
        json!("2024-01-02T03:04:05.123456789"),
        json!("2024-01-02T08:34:05.123456+05:30"),
        json!("2024-01-02T08:34:05.123456+0530"),
        json!("2024-01-02 03:04:05.123456"),
        json!(1_704_164_645.123456),
    ] {
        assert_eq!(read(same.clone()).unwrap(), at(), "{same}");
    }
    for bad in [
        json!("yesterday"),
        json!("2024-13-01T00:00:00"),
        json!(true),
        json!(null),
        json!("24:00"),
        json!(1e300),
    ] {
        assert!(read(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn urls_are_absolute_and_kept_as_written() {
    for good in [
        "https://example.com",
        "HTTPS://Example.com:443/a b".trim_end_matches(" b"),
        "data:image/png;base64,AA",
    ] {
        assert_eq!(Url::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", "example.com", "/a", "https://", "1a:b", "https://a b"] {
        assert_eq!(Url::parse(bad), Err(InvalidUrl), "{bad}");
    }
}

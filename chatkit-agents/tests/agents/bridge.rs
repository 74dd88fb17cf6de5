//! From runs into threads.

use std::collections::HashMap;

use chatkit::store::{MemoryStore, Store};
use chatkit::types::{
    CustomTask, ProgressUpdateEvent, ThreadItem, ThreadMetadata, ThreadStreamEvent, Workflow,
    WorkflowItem,
};
use chatkit::widgets::{WidgetContent, WidgetRoot};
use chatkit::{BoxError, Turn, TurnError};
use chatkit_agents::testing::Script;
use chatkit_agents::tool::OwnedToolContext;
use chatkit_agents::{
    Agent, AgentContext, ClientToolCall, ResponseStreamConverter, RunError, RunErrorKind, Runner,
    ToolUseBehavior, stream_agent_response, stream_agent_response_with,
};
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};

use super::*;

pub(crate) type Ctx = OwnedToolContext<AgentContext<()>>;

/// A turn of an empty thread.
pub(crate) async fn turn() -> Turn<()> {
    turn_with([]).await
}

/// A turn of a thread that has these items.
pub(crate) async fn turn_with(items: impl IntoIterator<Item = ThreadItem>) -> Turn<()> {
    let thread = ThreadMetadata::new("thr_1");
    let store = MemoryStore::new();
    store.save_thread(&thread, &()).await.unwrap();
    for item in items {
        store.add_thread_item("thr_1", &item, &()).await.unwrap();
    }
    Turn::detached(thread, store, ())
}

/// What a turn has shown.
pub(crate) struct Shown {
    /// The events, without times, and with ids that are counted by kind: `msg#1`, `msg#2`.
    pub(crate) events: Vec<Value>,
    pub(crate) error: Option<TurnError>,
    labels: Labels,
}

/// Sends all events to the turn.
pub(crate) async fn show(
    turn: &Turn<()>,
    events: impl Stream<Item = Result<ThreadStreamEvent, TurnError>>,
) -> Shown {
    let mut events = std::pin::pin!(events);
    let mut shown = Shown {
        events: Vec::new(),
        error: None,
        labels: Labels::default(),
    };
    while let Some(event) = within(events.next()).await {
        assert!(shown.error.is_none(), "an error is the last event");
        match event {
            Ok(event) => {
                let json = serde_json::to_value(&event).unwrap();
                shown.events.push(shown.labels.apply(json));
                turn.send(event).await.unwrap();
            }
            Err(error) => shown.error = Some(error),
        }
    }
    shown
}

/// Runs the agent in the turn.
pub(crate) async fn respond(turn: &Turn<()>, agent: &Agent<AgentContext<()>>) -> Shown {
    let context = AgentContext::new(turn);
    let run = Runner::run_streamed(agent, "Go", context.clone());
    let shown = show(turn, stream_agent_response(context, run)).await;
    assert!(shown.error.is_none(), "{:?}", shown.error);
    shown
}

impl Shown {
    /// One line an event.
    pub(crate) fn brief(&self) -> Vec<String> {
        self.events.iter().map(brief).collect()
    }

    /// The first event that `brief` shows like this.
    pub(crate) fn find(&self, line: &str) -> &Value {
        self.events
            .iter()
            .find(|event| brief(event) == line)
            .unwrap_or_else(|| panic!("no {line} in {:#?}", self.brief()))
    }

    /// The items of the thread, with the same labels.
    pub(crate) async fn stored(&mut self, turn: &Turn<()>) -> Vec<Value> {
        let items = turn.recent_items(100).await.unwrap();
        items
            .iter()
            .map(|item| self.labels.apply(serde_json::to_value(item).unwrap()))
            .collect()
    }

    /// The items of the events that say that an item is done.
    pub(crate) fn done(&self) -> Vec<Value> {
        self.events
            .iter()
            .filter(|event| event["type"] == "thread.item.done")
            .map(|event| event["item"].clone())
            .collect()
    }
}

fn brief(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let item = || {
        format!(
            "{} {}",
            text(&event["item"]["type"]),
            text(&event["item"]["id"])
        )
    };
    match event["type"].as_str().unwrap() {
        "thread.item.added" => format!("added {}", item()),
        "thread.item.done" => format!("done {}", item()),
        "thread.item.removed" => format!("removed {}", text(&event["item_id"])),
        "thread.item.updated" => {
            let update = &event["update"];
            let what = text(&update["type"]);
            let detail = [
                &update["delta"],
                &update["task"]["content"],
                &update["task"]["title"],
            ];
            let detail = detail.iter().find_map(|value| value.as_str());
            let detail = detail.map(|text| format!(" {text}")).unwrap_or_default();
            format!("{} {what}{detail}", text(&event["item_id"]))
        }
        "progress_update" => format!("progress {}", text(&event["text"])),
        other => other.to_owned(),
    }
}

#[derive(Default)]
struct Labels {
    known: HashMap<String, String>,
    counts: HashMap<String, usize>,
}

impl Labels {
    fn apply(&mut self, mut json: Value) -> Value {
        self.walk(&mut json);
        json
    }

    fn walk(&mut self, json: &mut Value) {
        match json {
            Value::Object(fields) => {
                fields.remove("created_at");
                for (name, value) in fields {
                    match value {
                        Value::String(id) if matches!(&**name, "id" | "item_id" | "call_id") => {
                            *id = self.label(id);
                        }
                        value => self.walk(value),
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.walk(value)),
            _ => {}
        }
    }

    fn label(&mut self, id: &str) -> String {
        if let Some(label) = self.known.get(id) {
            return label.clone();
        }
        let kind = id.split('_').next().unwrap_or_default().to_owned();
        let count = self.counts.entry(kind.clone()).or_default();
        *count += 1;
        let label = format!("{kind}#{count}");
        self.known.insert(id.to_owned(), label.clone());
        label
    }
}

fn card(text: &str) -> WidgetRoot {
    let text = json!({"type": "Text", "id": "text", "value": text});
    WidgetRoot::try_from(json!({"type": "Card", "children": [text]})).unwrap()
}

#[tokio::test]
async fn a_text_with_annotations() {
    let server = server([Script::text("Hello there")
        .annotation(json!({"type": "file_citation", "file_id": "file_1", "filename": "a.pdf", "index": 3}))
        .annotation(json!({"type": "file_path", "file_id": "file_2", "index": 0}))
        .annotation(json!({"type": "url_citation", "url": "https://x.test/", "title": "X", "start_index": 1, "end_index": 5}))
        .annotation(json!({"type": "from_the_future"}))])
    .await;
    let turn = turn().await;
    let mut shown = respond(&turn, &agent(&server)).await;

    let file = json!({
        "type": "annotation",
        "source": {"type": "file", "title": "a.pdf", "filename": "a.pdf"},
        "index": 3,
    });
    let url = json!({
        "type": "annotation",
        "source": {"type": "url", "title": "X", "url": "https://x.test/"},
        "index": 5,
    });
    let content = |text: &str, annotations: Value| json!({"type": "output_text", "text": text, "annotations": annotations});
    let message = |content: Value| json!({"type": "assistant_message", "id": "msg#1", "thread_id": "thr_1", "content": content});
    let update = |update: Value| json!({"type": "thread.item.updated", "item_id": "msg#1", "update": update});
    let annotation = |index: usize, annotation: &Value| {
        update(json!({
            "type": "assistant_message.content_part.annotation_added",
            "content_index": 0,
            "annotation_index": index,
            "annotation": annotation,
        }))
    };
    let delta = |delta: &str| {
        update(json!({
            "type": "assistant_message.content_part.text_delta",
            "content_index": 0,
            "delta": delta,
        }))
    };
    let done = message(json!([content("Hello there", json!([file, url]))]));
    let expected = [
        json!({"type": "thread.item.added", "item": message(json!([]))}),
        update(json!({
            "type": "assistant_message.content_part.added",
            "content_index": 0,
            "content": content("", json!([])),
        })),
        delta("Hello "),
        delta("there"),
        annotation(0, &file),
        annotation(1, &url),
        update(json!({
            "type": "assistant_message.content_part.done",
            "content_index": 0,
            "content": content("Hello there", json!([])),
        })),
        json!({"type": "thread.item.done", "item": done}),
    ];
    for (shown, expected) in shown.events.iter().zip(&expected) {
        assert_eq!(shown, expected);
    }
    assert_eq!(shown.events.len(), expected.len());
    assert_eq!(shown.stored(&turn).await, [done]);
}

#[tokio::test]
async fn a_refusal_is_a_message() {
    let server = server([Script::refusal("I will not.")]).await;
    let turn = turn().await;
    let mut shown = respond(&turn, &agent(&server)).await;
    let stored = shown.stored(&turn).await;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0]["type"], "assistant_message");
    assert_eq!(stored[0]["content"][0]["text"], "I will not.");
    assert_eq!(stored, shown.done());
}

#[tokio::test]
async fn reasoning_is_a_workflow_that_the_message_closes() {
    let server = server([Script::reasoning("First thought")
        .then_reasoning("Second thought")
        .then_text("Hello")])
    .await;
    let turn = turn().await;
    let mut shown = respond(&turn, &agent(&server)).await;
    assert_eq!(
        shown.brief(),
        [
            "added workflow wf#1",
            "wf#1 workflow.task.added First ",
            "wf#1 workflow.task.updated First thought",
            "wf#1 workflow.task.updated First thought",
            "wf#1 workflow.task.added Second thought",
            "done workflow wf#1",
            "added assistant_message msg#1",
            "msg#1 assistant_message.content_part.added",
            "msg#1 assistant_message.content_part.text_delta Hello",
            "msg#1 assistant_message.content_part.done",
            "done assistant_message msg#1",
        ]
    );
    let workflow = &shown.done()[0]["workflow"];
    assert_eq!(workflow["type"], "reasoning");
    assert_eq!(workflow["expanded"], false);
    assert!(workflow["summary"]["duration"].is_number(), "{workflow}");
    assert_eq!(workflow["tasks"][0]["type"], "thought");
    assert_eq!(workflow["tasks"][1]["content"], "Second thought");
    assert_eq!(shown.stored(&turn).await, shown.done());
}

mod images {
    use super::*;

    struct Hosted;

    impl ResponseStreamConverter for Hosted {
        fn partial_images(&self) -> Option<u32> {
            Some(4)
        }

        async fn base64_image_to_url(
            &self,
            image_id: &str,
            base64_image: &str,
            partial_image_index: Option<u64>,
        ) -> Result<String, BoxError> {
            assert!(image_id.starts_with("ig_"));
            Ok(match partial_image_index {
                Some(index) => format!("https://x.test/{base64_image}/{index}"),
                None => format!("https://x.test/{base64_image}"),
            })
        }
    }

    fn urls(shown: &Shown) -> Vec<(String, Value, Value)> {
        shown
            .events
            .iter()
            .map(|event| {
                let image = match event.get("update") {
                    Some(update) => &update["image"],
                    None => &event["item"]["image"],
                };
                (
                    brief(event),
                    image["url"].clone(),
                    event["update"]["progress"].clone(),
                )
            })
            .collect()
    }

    #[tokio::test]
    async fn come_closer() {
        let script = Script::image("whole")
            .partial_image("p0")
            .partial_image("p1");
        let server = server([script]).await;
        let turn = turn().await;
        let context = AgentContext::new(&turn);
        let run = Runner::run_streamed(&agent(&server), "Draw", context.clone());
        let mut shown = show(&turn, stream_agent_response_with(context, run, &Hosted)).await;
        let row = |brief: &str, url: Value, progress: Value| (brief.to_owned(), url, progress);
        assert_eq!(
            urls(&shown)[..4],
            [
                row("added generated_image msg#1", Value::Null, Value::Null),
                row(
                    "msg#1 generated_image.updated",
                    json!("https://x.test/p0/0"),
                    json!(0.0)
                ),
                row(
                    "msg#1 generated_image.updated",
                    json!("https://x.test/p1/1"),
                    json!(0.25)
                ),
                row(
                    "done generated_image msg#1",
                    json!("https://x.test/whole"),
                    Value::Null
                ),
            ]
        );
        assert_eq!(shown.stored(&turn).await, shown.done());
    }

    #[tokio::test]
    async fn are_data_urls_by_default() {
        let server = server([Script::image("d2hvbGU=").then_text("Here"), Script::new()]).await;
        let turn = turn().await;
        let shown = respond(&turn, &agent(&server)).await;
        let done = shown.find("done generated_image msg#1");
        assert_eq!(
            done["item"]["image"]["url"],
            "data:image/png;base64,d2hvbGU="
        );
    }

    #[tokio::test]
    async fn whose_converter_fails_fail_the_turn() {
        struct Broken;
        impl ResponseStreamConverter for Broken {
            async fn base64_image_to_url(
                &self,
                _: &str,
                _: &str,
                _: Option<u64>,
            ) -> Result<String, BoxError> {
                Err("the bucket is full".into())
            }
        }
        let server = server([Script::image("whole")]).await;
        let turn = turn().await;
        let context = AgentContext::new(&turn);
        let run = Runner::run_streamed(&agent(&server), "Draw", context.clone());
        let shown = show(&turn, stream_agent_response_with(context, run, &Broken)).await;
        assert_eq!(shown.error.unwrap().to_string(), "the bucket is full");
    }
}

mod client_tools {
    use super::*;

    fn asking(server: &ScriptedResponses) -> Agent<AgentContext<()>> {
        let ask = tool("ask_browser", |ctx: Ctx| async move {
            let arguments = json!({"deep": true}).as_object().cloned().unwrap();
            ctx.set_client_tool_call(ClientToolCall::new("get_selection", arguments));
        });
        agent(server)
            .tool(ask)
            .tool_use_behavior(ToolUseBehavior::stop_at_tools(["ask_browser"]))
    }

    #[tokio::test]
    async fn wait_in_the_thread_with_the_ids_of_the_call() {
        let server = server([calls(&["ask_browser"])]).await;
        let turn = turn().await;
        respond(&turn, &asking(&server)).await;
        let items = turn.recent_items(10).await.unwrap();
        let mut item = serde_json::to_value(&items).unwrap();
        item[0].as_object_mut().unwrap().remove("created_at");
        assert_eq!(
            item,
            json!([{
                "type": "client_tool_call",
                "id": "fc_1",
                "thread_id": "thr_1",
                "call_id": "call_1",
                "name": "get_selection",
                "arguments": {"deep": true},
                "status": "pending",
            }])
        );
        assert_eq!(server.requests().len(), 1);
    }

    #[tokio::test]
    async fn get_ids_of_the_store_from_an_endpoint_that_has_none() {
        for id in [Value::Null, json!(""), json!("__fake_id__")] {
            let mut call = call_item(1, "ask_browser", "{}");
            call["id"] = id.clone();
            let server = server([Script::new().then_item(call)]).await;
            let turn = turn().await;
            respond(&turn, &asking(&server)).await;
            let items = turn.recent_items(10).await.unwrap();
            let [ThreadItem::ClientToolCall(item)] = &items[..] else {
                panic!("{items:?}")
            };
            assert!(item.id.starts_with("tc_"), "{id} became {}", item.id);
            assert_eq!(item.call_id, "call_1");
        }
    }
}

#[tokio::test]
async fn what_tools_stream_comes_in_order() {
    let server = server([
        Script::text("Wait").then_item(call_item(1, "busy", "{}")),
        Script::text("Done"),
    ])
    .await;
    let busy = tool("busy", |ctx: Ctx| async move {
        ctx.stream(ProgressUpdateEvent::new("one")).await;
        ctx.add_widget(card("static")).await;
        let first = WidgetContent::new(card("a")).copy_text("copied");
        let states = stream::iter([first, card("ab").into()]).map(Ok::<_, BoxError>);
        ctx.stream_widget(states).await.unwrap();
        ctx.start_workflow(Workflow::custom(Vec::new())).await;
        let first = ctx
            .add_workflow_task(CustomTask::new().title("first"))
            .await;
        ctx.add_workflow_task(CustomTask::new().title("second"))
            .await;
        ctx.update_workflow_task(CustomTask::new().title("changed"), first)
            .await
            .unwrap();
        ctx.stream(ProgressUpdateEvent::new("two")).await;
    });
    let turn = turn().await;
    let mut shown = respond(&turn, &agent(&server).tool(busy)).await;
    let brief = shown.brief();
    assert_eq!(
        brief[4..],
        [
            "done assistant_message msg#1",
            "progress one",
            "done widget msg#2",
            "added widget msg#3",
            "msg#3 widget.streaming_text.value_delta b",
            "done widget msg#3",
            "added workflow wf#1",
            "wf#1 workflow.task.added second",
            "wf#1 workflow.task.updated changed",
            "progress two",
            "done workflow wf#1",
            "added assistant_message msg#4",
            "msg#4 assistant_message.content_part.added",
            "msg#4 assistant_message.content_part.text_delta Done",
            "msg#4 assistant_message.content_part.done",
            "done assistant_message msg#4",
        ]
    );
    assert_eq!(
        shown.find("done widget msg#3")["item"]["copy_text"],
        "copied"
    );
    let stored = shown.stored(&turn).await;
    let mut done = shown.done();
    let key = |item: &Value| item["id"].as_str().unwrap().to_owned();
    done.sort_by_key(key);
    let mut sorted = stored;
    sorted.sort_by_key(key);
    assert_eq!(sorted, done);
}

#[tokio::test]
async fn a_tool_may_show_one_workflow_after_the_other() {
    let server = server([calls(&["busy"]), Script::text("Done")]).await;
    let busy = tool("busy", |ctx: Ctx| async move {
        for name in ["one", "two"] {
            let task = CustomTask::new().title(name).into();
            ctx.start_workflow(Workflow::custom(vec![task])).await;
            ctx.end_workflow(None, true).await;
        }
    });
    let turn = turn().await;
    let shown = respond(&turn, &agent(&server).tool(busy)).await;
    assert_eq!(
        shown.brief()[..5],
        [
            "added workflow wf#1",
            "done workflow wf#1",
            "added workflow wf#2",
            "done workflow wf#2",
            "added assistant_message msg#1",
        ]
    );
}

#[tokio::test]
async fn a_workflow_ends_when_a_tool_shows_something_else() {
    let server = server([calls(&["busy"]), Script::text("Done")]).await;
    let busy = tool("busy", |ctx: Ctx| async move {
        ctx.add_workflow_task(CustomTask::new().title("one")).await;
        ctx.add_widget(card("widget")).await;
        ctx.add_workflow_task(CustomTask::new().title("two")).await;
    });
    let turn = turn().await;
    let shown = respond(&turn, &agent(&server).tool(busy)).await;
    assert_eq!(
        shown.brief()[..6],
        [
            "added workflow wf#1",
            "done workflow wf#1",
            "done widget msg#1",
            "added workflow wf#2",
            "done workflow wf#2",
            "added assistant_message msg#2",
        ]
    );
}

#[tokio::test]
async fn a_workflow_goes_on_in_the_next_turn() {
    let server = server([calls(&["busy"]), calls(&["busy"]), Script::text("Done")]).await;
    let busy = tool("busy", |ctx: Ctx| async move {
        ctx.add_workflow_task(CustomTask::new().title("step")).await;
    });
    let agent = agent(&server)
        .tool(busy)
        .tool_use_behavior(ToolUseBehavior::StopOnFirstTool);
    let first = turn().await;
    let shown = respond(&first, &agent).await;
    assert_eq!(shown.brief(), ["added workflow wf#1"]);
    let items = first.recent_items(10).await.unwrap();
    let [ThreadItem::Workflow(open)] = &items[..] else {
        panic!("{items:?}")
    };

    let second = turn_with(items.clone()).await;
    let agent = agent.tool_use_behavior(ToolUseBehavior::RunLlmAgain);
    let shown = respond(&second, &agent).await;
    assert_eq!(
        shown.brief()[..3],
        [
            "wf#1 workflow.task.added step",
            "done workflow wf#1",
            "added assistant_message msg#1",
        ]
    );
    assert_eq!(shown.events[0]["update"]["task_index"], 1);
    let items = second.recent_items(10).await.unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].id(), open.id);
    let ThreadItem::Workflow(done) = &items[0] else {
        panic!("{items:?}")
    };
    assert_eq!(done.workflow.tasks.len(), 2);
}

#[tokio::test]
async fn a_tripwire_takes_back_what_the_run_has_shown() {
    let server = server([]).await;
    let busy = tool("busy", |ctx: Ctx| async move {
        ctx.add_widget(card("forbidden")).await;
        ctx.add_workflow_task(CustomTask::new().title("forbidden"))
            .await;
    });
    let agent = agent(&server)
        .tool(busy)
        .tool_use_behavior(ToolUseBehavior::StopOnFirstTool);
    for (kind, remaining) in [
        (RunErrorKind::OutputGuardrailTripwireTriggered, 0),
        (RunErrorKind::InputGuardrailTripwireTriggered, 0),
        (RunErrorKind::ModelBehavior, 3),
    ] {
        server.push(
            Script::reasoning("Hm")
                .then_text("Forbidden")
                .then_item(call_item(1, "busy", "{}")),
        );
        let turn = turn().await;
        let context = AgentContext::new(&turn);
        let run = Runner::run_streamed(&agent, "Go", context.clone());
        let run = run.chain(stream::iter([Err(RunError::new(kind, "refused"))]));
        let shown = show(&turn, stream_agent_response(context, run)).await;
        assert_eq!(shown.error.as_ref().unwrap().to_string(), "refused");
        let items = turn.recent_items(10).await.unwrap();
        assert_eq!(items.len(), remaining, "{items:?}");
        let removed: Vec<_> = shown
            .brief()
            .into_iter()
            .filter(|line| line.starts_with("removed"))
            .collect();
        if remaining == 0 {
            for id in ["wf#1", "msg#1", "msg#2", "wf#2"] {
                assert!(removed.contains(&format!("removed {id}")), "{removed:?}");
            }
        } else {
            assert!(removed.is_empty());
        }
    }
}

fn open_workflow(id: &str) -> ThreadItem {
    let task = CustomTask::new().title("earlier").into();
    WorkflowItem::new(id, "thr_1", Workflow::custom(vec![task])).into()
}

#[tokio::test]
async fn a_tripwire_leaves_what_was_there_before() {
    let server = server([calls(&["busy"]), Script::text("Forbidden")]).await;
    let busy = tool("busy", |ctx: Ctx| async move {
        ctx.add_workflow_task(CustomTask::new().title("later"))
            .await;
        ctx.end_workflow(None, false).await;
    });
    let turn = turn_with([open_workflow("wf_1")]).await;
    let context = AgentContext::new(&turn);
    let run = Runner::run_streamed(&agent(&server).tool(busy), "Go", context.clone());
    let kind = RunErrorKind::OutputGuardrailTripwireTriggered;
    let run = run.chain(stream::iter([Err(RunError::new(kind, "refused"))]));
    show(&turn, stream_agent_response(context, run)).await;
    let items = turn.recent_items(10).await.unwrap();
    let ids: Vec<_> = items.iter().map(ThreadItem::id).collect();
    assert_eq!(ids, ["wf_1"]);
}

#[tokio::test]
async fn a_workflow_of_the_handler_ends_that_of_the_turn_before() {
    let server = server([Script::text("Done")]).await;
    let turn = turn_with([open_workflow("wf_1")]).await;
    let context = AgentContext::new(&turn);
    let task = CustomTask::new().title("handler").into();
    context.start_workflow(Workflow::custom(vec![task])).await;
    let run = Runner::run_streamed(&agent(&server), "Go", context.clone());
    let shown = show(&turn, stream_agent_response(context, run)).await;
    assert_eq!(
        shown.brief()[..4],
        [
            "done workflow wf#1",
            "added workflow wf#2",
            "done workflow wf#2",
            "added assistant_message msg#1",
        ]
    );
}

/// A message as an endpoint without ids streams it.
fn nameless(id: &Value, text: &str) -> Script {
    let message = |content: Value| json!({"type": "message", "id": id, "role": "assistant", "status": "completed", "content": content});
    let at = json!({"item_id": id, "output_index": 0, "content_index": 0});
    let event = |name: &str, more: Value| {
        let mut event = at.clone();
        let fields = event.as_object_mut().unwrap();
        fields.insert("type".to_owned(), name.into());
        fields.extend(more.as_object().unwrap().clone());
        event
    };
    let part = json!({"type": "output_text", "text": text, "annotations": []});
    let empty = json!({"type": "output_text", "text": "", "annotations": []});
    Script::new()
        .then_event(event(
            "response.output_item.added",
            json!({"item": message(json!([]))}),
        ))
        .then_event(event("response.content_part.added", json!({"part": empty})))
        .then_event(event("response.output_text.delta", json!({"delta": text})))
        .then_event(event("response.output_text.done", json!({"text": text})))
        .then_event(event(
            "response.output_item.done",
            json!({"item": message(json!([part]))}),
        ))
}

#[tokio::test]
async fn items_without_ids_get_one_of_the_store() {
    for id in [json!(""), json!("__fake_id__")] {
        let server = server([
            nameless(&id, "One").then_item(call_item(1, "tool", "{}")),
            nameless(&id, "Two"),
        ])
        .await;
        let turn = turn().await;
        let agent = agent(&server).tool(says("tool", "ok"));
        let mut shown = respond(&turn, &agent).await;
        let message = |id: &str, text: &str| {
            [
                format!("added assistant_message {id}"),
                format!("{id} assistant_message.content_part.added"),
                format!("{id} assistant_message.content_part.text_delta {text}"),
                format!("{id} assistant_message.content_part.done"),
                format!("done assistant_message {id}"),
            ]
        };
        let expected = [message("msg#1", "One"), message("msg#2", "Two")].concat();
        assert_eq!(shown.brief(), expected);
        assert_eq!(shown.stored(&turn).await, shown.done());
        let input = &bodies(&server)[1]["input"];
        assert!(!input.to_string().contains("__fake_id__"), "{input}");
    }
}

//! What tools get of the turn they run in.

use std::sync::Arc;

use chatkit::Turn;
use chatkit::store::MemoryStore;
use chatkit::types::{
    AssistantMessageContent, AssistantMessageItem, CustomSummary, CustomTask, ProgressUpdateEvent,
    ThoughtTask, ThreadMetadata, Workflow,
};
use chatkit::widgets::{WidgetComponent, WidgetRoot};
use chatkit_agents::testing::Script;
use chatkit_agents::{AgentContext, Runner, WorkflowError, accumulate_text, stream_agent_response};
use futures::StreamExt;
use serde_json::json;

use super::bridge::{Ctx, respond, show, turn};
use super::*;

#[tokio::test]
async fn a_tool_may_stream_more_than_the_queue_holds() {
    let server = server([calls(&["chatty", "chatty"]), Script::text("Done")]).await;
    let chatty = tool("chatty", |ctx: Ctx| async move {
        for number in 0..1000 {
            ctx.stream(ProgressUpdateEvent::new(format!(
                "{} {number}",
                ctx.tool_call_id()
            )))
            .await;
        }
    });
    let turn = turn().await;
    let shown = respond(&turn, &agent(&server).tool(chatty)).await;
    for call in ["call_1", "call_2"] {
        let start = format!("progress {call} ");
        let numbers: Vec<usize> = shown
            .brief()
            .iter()
            .filter_map(|line| line.strip_prefix(&start)?.parse().ok())
            .collect();
        assert!(numbers.iter().copied().eq(0..1000), "{numbers:?}");
    }
    assert_eq!(
        shown.brief().last().unwrap(),
        "done assistant_message msg#1",
        "the answer comes behind them"
    );
}

#[tokio::test]
async fn a_context_serves_one_run_after_the_other() {
    let server = server([
        calls(&["chatty"]),
        Script::text("One"),
        calls(&["chatty"]),
        Script::text("Two"),
    ])
    .await;
    let chatty = tool("chatty", |ctx: Ctx| async move {
        ctx.stream(ProgressUpdateEvent::new("hello")).await;
    });
    let agent = agent(&server).tool(chatty);
    let turn = turn().await;
    let context = AgentContext::new(&turn);
    for text in ["One", "Two"] {
        let run = Runner::run_streamed(&agent, "Go", context.clone());
        let shown = show(&turn, stream_agent_response(context.clone(), run)).await;
        assert!(shown.error.is_none());
        assert_eq!(shown.brief()[0], "progress hello");
        assert_eq!(shown.done()[0]["content"][0]["text"], text);
    }
}

#[tokio::test]
async fn a_stream_that_is_dropped_gives_the_queue_back() {
    let server = server([Script::text("One").hang_after(5), Script::text("Two")]).await;
    let agent = agent(&server);
    let turn = turn().await;
    let context = AgentContext::new(&turn);
    {
        let run = Runner::run_streamed(&agent, "Go", context.clone());
        let mut stream = std::pin::pin!(stream_agent_response(context.clone(), run));
        within(stream.next()).await.unwrap().unwrap();
    }
    assert!(within(server.wait_closed(1)).await.closed_early);
    context.stream(ProgressUpdateEvent::new("kept")).await;
    let run = Runner::run_streamed(&agent, "Go", context.clone());
    let shown = show(&turn, stream_agent_response(context, run)).await;
    assert_eq!(shown.brief()[0], "progress kept");
}

#[tokio::test]
async fn workflows_that_do_not_exist_cannot_be_changed() {
    let turn = turn().await;
    let context = AgentContext::new(&turn);
    let task = || CustomTask::new().title("one");
    let error = context.update_workflow_task(task(), 0).await.unwrap_err();
    assert_eq!(error, WorkflowError::NotStarted);
    context.end_workflow(None, false).await;
    context
        .start_workflow(Workflow::custom(vec![task().into()]))
        .await;
    let error = context.update_workflow_task(task(), 1).await.unwrap_err();
    assert_eq!(error, WorkflowError::NoSuchTask);
}

#[tokio::test]
async fn a_task_has_the_index_that_adding_it_gave() {
    let turn = turn().await;
    let context = AgentContext::new(&turn);
    let task = |title: &str| CustomTask::new().title(title);
    context
        .start_workflow(Workflow::custom(vec![task("given").into()]))
        .await;
    assert_eq!(context.add_workflow_task(task("one")).await, 1);
    let two = context.add_workflow_task(task("two")).await;
    context
        .update_workflow_task(task("second"), two)
        .await
        .unwrap();
    let workflow = serde_json::to_value(context.workflow_item().unwrap()).unwrap();
    let tasks = workflow["workflow"]["tasks"].as_array().unwrap();
    let titles: Vec<_> = tasks.iter().map(|task| &task["title"]).collect();
    assert_eq!(titles, ["given", "one", "second"]);
}

#[tokio::test]
async fn items_of_tools_come_in_order() {
    let server = server([calls(&["busy"]), Script::text("Done")]).await;
    let busy = tool("busy", |ctx: Ctx| async move {
        ctx.stream(ProgressUpdateEvent::new("one")).await;
        let content = AssistantMessageContent::new("From a tool");
        let item = AssistantMessageItem::new("m1", &ctx.thread().id, content);
        ctx.add_item(item).await;
        ctx.stream(ProgressUpdateEvent::new("two")).await;
    });
    let turn = turn().await;
    let mut shown = respond(&turn, &agent(&server).tool(busy)).await;
    assert_eq!(
        shown.brief()[..4],
        [
            "progress one",
            "done assistant_message m1#1",
            "progress two",
            "added assistant_message msg#1",
        ]
    );
    let stored = shown.stored(&turn).await;
    assert_eq!(stored[0]["content"][0]["text"], "From a tool");
}

#[tokio::test]
async fn tools_know_whose_request_it_is() {
    let server = server([calls(&["whoami"]), Script::text("Done")]).await;
    let whoami = tool(
        "whoami",
        |ctx: OwnedToolContext<AgentContext<String>>| async move { ctx.request_context().clone() },
    );
    let turn = Turn::detached(
        ThreadMetadata::new("thr_1"),
        MemoryStore::new(),
        "Ada".to_owned(),
    );
    let context = AgentContext::new(&turn);
    assert_eq!(context.request_context(), "Ada");
    Runner::run(&agent(&server).tool(whoami), "Go", context)
        .await
        .unwrap();
    assert_eq!(told(&server), "Ada");
}

#[tokio::test]
async fn an_empty_workflow_is_shown_with_its_first_task() {
    let server = server([calls(&["busy"]), calls(&["idle"]), Script::text("Done")]).await;
    let busy = tool("busy", |ctx: Ctx| async move {
        ctx.start_workflow(Workflow::custom(Vec::new())).await;
        ctx.stream(ProgressUpdateEvent::new("not yet")).await;
        ctx.add_workflow_task(CustomTask::new().title("one")).await;
        ctx.end_workflow(Some(CustomSummary::new("All done").into()), true)
            .await;
    });
    let idle = tool("idle", |ctx: Ctx| async move {
        ctx.start_workflow(Workflow::custom(Vec::new())).await;
    });
    let turn = turn().await;
    let shown = respond(&turn, &agent(&server).tool(busy).tool(idle)).await;
    assert_eq!(
        shown.brief()[..4],
        [
            "progress not yet",
            "added workflow wf#1",
            "done workflow wf#1",
            "added assistant_message msg#1",
        ]
    );
    let added = &shown.events[1]["item"]["workflow"];
    assert_eq!(added["tasks"][0]["title"], "one");
    let done = &shown.done()[0]["workflow"];
    assert_eq!(done["summary"]["title"], "All done");
    assert_eq!(done["expanded"], true);
}

#[tokio::test]
async fn the_thoughts_of_a_tool_join_those_of_the_model() {
    let server = server([
        Script::reasoning("Hm").then_item(call_item(1, "think", "{}")),
        Script::reasoning("So").then_text("Done"),
    ])
    .await;
    let think = tool("think", |ctx: Ctx| async move {
        ctx.add_workflow_task(ThoughtTask::new("from a tool")).await;
    });
    let turn = turn().await;
    let shown = respond(&turn, &agent(&server).tool(think)).await;
    let tasks = shown.done()[0]["workflow"]["tasks"].clone();
    let contents: Vec<_> = tasks
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["content"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(contents, ["Hm", "from a tool", "So"]);
}

#[tokio::test]
async fn a_run_inside_a_tool_writes_a_widget() {
    let server = Arc::new(server([calls(&["draft"])]).await);
    server.push(Script::text("Dear Ada"));
    server.push(Script::text("Sent"));
    let endpoint = Arc::clone(&server);
    let draft = tool("draft", move |ctx: Ctx| {
        let writer = agent::<()>(&endpoint);
        async move {
            let base = json!({"type": "Markdown", "id": "draft", "value": "", "streaming": true});
            let run = Runner::run_streamed(&writer, "Write", ());
            let states =
                accumulate_text(run, WidgetComponent::try_from(base).unwrap()).map(|text| {
                    let card = json!({"type": "Card", "children": [text?]});
                    Ok::<_, Box<dyn std::error::Error + Send + Sync>>(WidgetRoot::try_from(card)?)
                });
            ctx.stream_widget(states).await.unwrap();
        }
    });
    let turn = turn().await;
    let shown = respond(&turn, &agent(&server).tool(draft)).await;
    assert_eq!(
        shown.brief()[..5],
        [
            "added widget msg#1",
            "msg#1 widget.streaming_text.value_delta Dear ",
            "msg#1 widget.streaming_text.value_delta Ada",
            "msg#1 widget.root.updated",
            "done widget msg#1",
        ]
    );
    let child = &shown.done()[0]["widget"]["children"][0];
    assert_eq!(child["value"], "Dear Ada");
    assert_eq!(child["streaming"], false);
}

//! Runs that wait for a person.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chatkit::BoxError;
use chatkit::types::{Action, ThreadItem};
use chatkit_agents::items::InputItem;
use chatkit_agents::testing::Script;
use chatkit_agents::tool::{
    FunctionTool, SchemaError, Tool, ToolContext, ToolDefinition, ToolOutput,
};
use chatkit_agents::{
    AgentContext, AgentTool, ApprovalAnswer, Approvals, CancelMode, RunErrorKind, RunItemEventName,
    RunState, Runner, StreamEvent, ToolError,
};
use futures::future::BoxFuture;

use super::bridge::turn;
use super::*;

/// A tool that counts its calls, and may need an approval.
struct Counted {
    definition: ToolDefinition,
    calls: Arc<AtomicUsize>,
    needs_approval: bool,
}

fn counted(name: &str, needs_approval: bool) -> (Tool<()>, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let parameters = json!({"type": "object", "properties": {}});
    let tool = Counted {
        definition: ToolDefinition::new(name, "", parameters),
        calls: Arc::clone(&calls),
        needs_approval,
    };
    (Tool::function(tool), calls)
}

impl FunctionTool<()> for Counted {
    fn definition(&self) -> Result<&ToolDefinition, &SchemaError> {
        Ok(&self.definition)
    }

    fn call<'a>(&'a self, _: ToolContext<'a, ()>) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
        let calls = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move { Ok(ToolOutput::Text(format!("done {calls}"))) })
    }

    fn needs_approval<'a>(
        &'a self,
        _: ToolContext<'a, ()>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(std::future::ready(Ok(self.needs_approval)))
    }
}

/// To a store and back: another process goes on.
fn stored(state: &RunState) -> RunState {
    RunState::from_json(&state.to_json().unwrap()).unwrap()
}

#[tokio::test]
async fn a_run_waits_and_goes_on_in_another_process_without_doing_anything_twice() {
    let server = server([calls(&["free", "delete", "delete"]), Script::text("Done")]).await;
    let (free, free_calls) = counted("free", false);
    let (delete, delete_calls) = counted("delete", true);
    let agent = agent(&server).tool(free).tool(delete);

    let mut run = Runner::run_streamed(&agent, "Go", ());
    let (events, error) = drain(&mut run).await;
    assert!(error.is_none(), "{error:?}");
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            StreamEvent::RunItem(event) => Some(event.event_name()),
            _ => None,
        })
        .collect();
    use RunItemEventName::{MessageOutputCreated, ToolCalled, ToolOutput};
    assert_eq!(told, [ToolCalled, ToolCalled, ToolCalled, ToolOutput]);
    let result = run.into_result().unwrap();
    assert_eq!(result.final_output(), None);
    let waiting = result.interruptions();
    let ids: Vec<_> = waiting.iter().map(|item| &*item.call_id).collect();
    assert_eq!(ids, ["call_2", "call_3"]);
    assert_eq!(
        (&*waiting[0].agent, &*waiting[0].tool_name),
        ("Assistant", "delete")
    );
    assert_eq!(free_calls.load(Ordering::SeqCst), 1);
    assert_eq!(delete_calls.load(Ordering::SeqCst), 0);

    // One is decided; the other still waits.
    let mut state = stored(result.state());
    state.approve("call_2").unwrap();
    let result = Runner::resume(&agent, state, ()).await.unwrap();
    assert_eq!(result.interruptions().len(), 1);
    assert_eq!(delete_calls.load(Ordering::SeqCst), 1);
    assert_eq!(server.requests().len(), 1);

    let mut state = stored(result.state());
    assert_eq!(
        state.approve("call_2").unwrap_err().kind(),
        RunErrorKind::State
    );
    state.reject("call_3").unwrap();
    let mut run = Runner::resume(&agent, state, ()).streamed();
    let (events, error) = drain(&mut run).await;
    assert!(error.is_none(), "{error:?}");
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            StreamEvent::RunItem(event) => Some(event.event_name()),
            _ => None,
        })
        .collect();
    assert_eq!(told, [ToolOutput, MessageOutputCreated]);
    assert_eq!(run.final_output(), Some("Done"));
    assert_eq!(free_calls.load(Ordering::SeqCst), 1);
    assert_eq!(delete_calls.load(Ordering::SeqCst), 1);
    assert_eq!(
        outputs(&bodies(&server)[1]),
        [
            ("call_1".to_owned(), json!("done 1")),
            ("call_2".to_owned(), json!("done 1")),
            (
                "call_3".to_owned(),
                json!("Tool execution was not approved.")
            ),
        ]
    );
}

#[tokio::test]
async fn a_decision_may_hold_for_the_rest_of_the_run() {
    let server = server([calls(&["delete"]), calls(&["delete"]), Script::text("Done")]).await;
    let (delete, delete_calls) = counted("delete", true);
    let agent = agent(&server).tool(delete);
    let result = Runner::run(&agent, "Go", ()).await.unwrap();
    let mut state = result.into_state();
    state.approve_always("call_1").unwrap();
    let result = Runner::resume(&agent, stored(&state), ()).await.unwrap();
    assert_eq!(result.final_output(), Some("Done"));
    assert_eq!(delete_calls.load(Ordering::SeqCst), 2);

    let again = Script::new().then_item(call_item(2, "delete", "{}"));
    for script in [calls(&["delete"]), again, Script::text("Done")] {
        server.push(script);
    }
    let mut state = Runner::run(&agent, "Go", ()).await.unwrap().into_state();
    state.reject_always_with("call_1", "Not today.").unwrap();
    let result = Runner::resume(&agent, state, ()).await.unwrap();
    assert_eq!(result.final_output(), Some("Done"));
    assert_eq!(delete_calls.load(Ordering::SeqCst), 2);
    let told: Vec<_> = outputs(&bodies(&server)[5])
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert_eq!(told, ["Not today.", "Not today."]);
}

#[tokio::test]
async fn a_decision_about_a_tool_is_not_one_about_that_of_another_agent() {
    let server = server([
        Script::new()
            .then_item(call_item(1, "delete", "{}"))
            .then_item(call_item(2, "delete", "{}")),
        Script::new().then_item(call_item(3, "transfer_to_clerk", "{}")),
        Script::new().then_item(call_item(4, "delete", "{}")),
        Script::text("Done"),
    ])
    .await;
    let (delete, mine) = counted("delete", true);
    let (same, theirs) = counted("delete", true);
    let clerk: Agent<()> = Agent::new("Clerk", server.client().model("scripted")).tool(same);
    let agent = agent(&server).tool(delete).handoff(clerk);
    let mut state = Runner::run(&agent, "Go", ()).await.unwrap().into_state();
    state.approve_always("call_1").unwrap();
    let json: Value = serde_json::from_str(&state.to_json().unwrap()).unwrap();
    assert_eq!(
        json["decided_tools"],
        json!([{
            "tool": {"agent": "Assistant", "kind": "function_call", "name": "delete"},
            "decision": "approved",
        }])
    );

    let result = Runner::resume(&agent, stored(&state), ()).await.unwrap();
    assert_eq!(mine.load(Ordering::SeqCst), 2);
    assert_eq!(theirs.load(Ordering::SeqCst), 0);
    let waiting = result.interruptions();
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (&*waiting[0].agent, &*waiting[0].call_id),
        ("Clerk", "call_4")
    );
    let mut state = result.into_state();
    state.reject_always_with("call_4", "Never.").unwrap();
    let json: Value = serde_json::from_str(&state.to_json().unwrap()).unwrap();
    assert_eq!(
        json["decided_tools"][1],
        json!({
            "tool": {"agent": "Clerk", "kind": "function_call", "name": "delete"},
            "decision": {"rejected": {"message": "Never."}},
        })
    );
    let result = Runner::resume(&agent, stored(&state), ()).await.unwrap();
    assert_eq!(result.final_output(), Some("Done"));
    assert_eq!(theirs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_decision_about_a_call_wins_over_one_about_its_tool() {
    let server = server([calls(&["delete", "delete"]), Script::text("Done")]).await;
    let (delete, delete_calls) = counted("delete", true);
    let agent = agent(&server).tool(delete);
    let mut state = Runner::run(&agent, "Go", ()).await.unwrap().into_state();
    state.approve_always("call_1").unwrap();
    state.reject_with("call_2", "Not this one.").unwrap();
    Runner::resume(&agent, state, ()).await.unwrap();
    assert_eq!(delete_calls.load(Ordering::SeqCst), 1);
    let told = outputs(&bodies(&server)[1]).pop().unwrap().1;
    assert_eq!(told, "Not this one.");
}

#[tokio::test]
async fn what_a_user_says_meanwhile_comes_behind_the_results() {
    let server = server([calls(&["delete"]), Script::text("Done")]).await;
    let (delete, _) = counted("delete", true);
    let agent = agent(&server).tool(delete);
    let mut state = Runner::run(&agent, "Go", ()).await.unwrap().into_state();
    state.add_input(InputItem::user("Hurry")).unwrap();
    state.approve("call_1").unwrap();
    let result = Runner::resume(&agent, stored(&state), ()).await.unwrap();
    let input = &bodies(&server)[1]["input"];
    assert_eq!(input[2]["type"], "function_call_output");
    assert_eq!(input[3]["content"][0]["text"], "Hurry");
    let mut over = result.into_state();
    assert_eq!(
        over.add_input("more").unwrap_err().kind(),
        RunErrorKind::State
    );
}

#[tokio::test]
async fn a_run_inside_a_tool_waits_in_the_outer_run() {
    let server = server([
        Script::new().then_item(call_item(9, "sub", r#"{"input":"Delete it"}"#)),
        calls(&["free", "delete"]),
        Script::text("Deleted"),
        Script::text("All done"),
    ])
    .await;
    let (free, free_calls) = counted("free", false);
    let (delete, delete_calls) = counted("delete", true);
    let sub: Agent<()> = Agent::new("Sub", server.client().model("scripted"))
        .tool(free)
        .tool(delete);
    let tool: AgentTool<()> = sub.as_tool("sub", "");
    let outer = agent(&server).tool(tool);
    let result = Runner::run(&outer, "Go", ()).await.unwrap();
    let waiting = result.interruptions();
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (&*waiting[0].agent, &*waiting[0].call_id),
        ("Sub", "call_2")
    );

    let mut state = stored(result.state());
    state.approve("call_2").unwrap();
    let result = Runner::resume(&outer, state, ()).await.unwrap();
    assert_eq!(result.final_output(), Some("All done"));
    assert_eq!(free_calls.load(Ordering::SeqCst), 1);
    assert_eq!(delete_calls.load(Ordering::SeqCst), 1);
    assert_eq!(server.requests().len(), 4);
    assert_eq!(
        outputs(&bodies(&server)[3]),
        [("call_9".to_owned(), json!("Deleted"))]
    );
    assert_eq!(result.usage().requests, 4, "nothing is counted twice");
}

#[tokio::test]
async fn a_hosted_mcp_server_asks() {
    let request = json!({
        "type": "mcp_approval_request", "id": "mcpr_1", "server_label": "files", "name": "read", "arguments": "{}",
    });
    let server = server([
        Script::new().then_item(request.clone()),
        Script::text("Read"),
        Script::new().then_item(request),
        Script::text("Not read"),
    ])
    .await;
    let agent = agent(&server).tool(Tool::hosted(
        json!({"type": "mcp", "server_label": "files"}),
    ));
    let mut state = Runner::run(&agent, "Go", ()).await.unwrap().into_state();
    assert_eq!(state.interruptions()[0].tool_name, "read");
    state.approve("mcpr_1").unwrap();
    Runner::resume(&agent, stored(&state), ()).await.unwrap();
    let answer = &bodies(&server)[1]["input"][2];
    assert_eq!(
        *answer,
        json!({"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": true})
    );

    let mut state = Runner::run(&agent, "Go", ()).await.unwrap().into_state();
    state.reject_with("mcpr_1", "private").unwrap();
    Runner::resume(&agent, state, ()).await.unwrap();
    let answer = &bodies(&server)[3]["input"][2];
    assert_eq!(answer["approve"], false);
    assert_eq!(answer["reason"], "private");
}

#[tokio::test]
async fn a_state_of_another_version_or_agent_is_refused() {
    let server = server([calls(&["delete"])]).await;
    let (delete, _) = counted("delete", true);
    let agent = agent(&server).tool(delete);
    let state = Runner::run(&agent, "Go", ()).await.unwrap().into_state();
    let json = state.to_json().unwrap();
    let newer = json.replacen(r#""$schemaVersion":1"#, r#""$schemaVersion":99"#, 1);
    assert_ne!(newer, json);
    let error = RunState::from_json(&newer).unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::State);
    assert!(format!("{error:#}").contains("version 99"), "{error:#}");
    assert_eq!(
        RunState::from_json("{").unwrap_err().kind(),
        RunErrorKind::State
    );

    let stranger: Agent<()> = Agent::new("Stranger", server.client().model("scripted"));
    let error = Runner::resume(&stranger, state, ()).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::State);
}

#[tokio::test]
async fn a_run_that_is_cancelled_behind_a_turn_can_be_resumed() {
    let server = server([calls(&["free"]), Script::text("Done")]).await;
    let (free, free_calls) = counted("free", false);
    let agent = agent(&server).tool(free);
    let mut run = Runner::run_streamed(&agent, "Go", ());
    within(run.next()).await.unwrap().unwrap();
    run.cancel(CancelMode::AfterTurn);
    let (_, error) = drain(&mut run).await;
    assert!(error.is_none());
    assert!(run.is_complete());
    let result = run.into_result().unwrap();
    assert!(
        result.state().new_items().is_empty(),
        "the first turn had not begun"
    );

    let mut run = Runner::resume(&agent, result.into_state(), ()).streamed();
    while server.requests().is_empty() {
        within(run.next()).await.unwrap().unwrap();
    }
    run.cancel(CancelMode::AfterTurn);
    let (_, error) = drain(&mut run).await;
    assert!(error.is_none());
    assert_eq!(
        free_calls.load(Ordering::SeqCst),
        1,
        "the turn was finished"
    );
    let result = run.into_result().unwrap();
    assert_eq!(result.new_items().len(), 2);
    let result = Runner::resume(&agent, stored(result.state()), ())
        .await
        .unwrap();
    assert_eq!(result.final_output(), Some("Done"));
    assert_eq!(free_calls.load(Ordering::SeqCst), 1);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_run_that_is_cancelled_now_is_gone() {
    let server = server([Script::text("A long story").hang_after(5)]).await;
    let mut run = Runner::run_streamed(&agent::<()>(&server), "Go", ());
    within(run.next()).await.unwrap().unwrap();
    while !server.requests().is_empty() {
        within(run.next()).await.unwrap().unwrap();
    }
    for _ in 0..3 {
        within(run.next()).await.unwrap().unwrap();
    }
    run.cancel(CancelMode::Immediate);
    assert!(run.next().await.is_none());
    let error = run.into_result().unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::State);
    assert!(error.to_string().contains("cancelled"), "{error}");
    assert!(server.wait_closed(1).await.closed_early);
}

#[tokio::test]
async fn a_run_that_was_not_read_to_its_end_has_no_result() {
    let server = server([Script::text("Hello")]).await;
    let run = Runner::run_streamed(&agent::<()>(&server), "Go", ());
    let error = run.into_result().unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::State);
    assert!(error.to_string().contains("not read to its end"), "{error}");
}

#[tokio::test]
async fn a_detached_run_goes_on_without_a_reader() {
    let server = server([calls(&["free"]), Script::text("Done")]).await;
    let (free, _) = counted("free", false);
    let run = Runner::run_streamed(&agent(&server).tool(free), "Go", ()).detach();
    let result = within(run).await.unwrap().unwrap();
    assert_eq!(result.final_output(), Some("Done"));
}

#[tokio::test]
async fn the_texts_of_a_form_can_be_chosen() {
    let server = server([calls(&["delete", "delete"])]).await;
    let delete = says("delete", "gone").needs_approval(|_: ToolContext<'_, AgentContext<()>>| true);
    let agent = agent(&server).tool(delete);
    let turn = turn().await;
    let context = AgentContext::new(&turn);
    let approvals = Approvals::new()
        .in_widget()
        .widget_labels("Send", "Why?", "Left open");
    let run = Runner::run_streamed(&agent, "Go", context.clone());
    approvals.forward(context, run).await.unwrap();

    let widget = async || {
        let items = turn.recent_items(10).await.unwrap();
        let mut widgets = items.into_iter().filter_map(|item| match item {
            ThreadItem::Widget(item) => Some(item),
            _ => None,
        });
        widgets.next().unwrap()
    };
    let asked = widget().await;
    let card = serde_json::to_value(&asked.widget).unwrap();
    assert_eq!(card["confirm"]["label"], "Send");
    let inputs = card["children"].as_array().unwrap().iter();
    let mut inputs = inputs.filter(|child| child["type"] == "Input");
    assert_eq!(inputs.next().unwrap()["placeholder"], "Why?");

    // The form is sent as it came.
    let action: Action = serde_json::from_value(card["confirm"]["action"].clone()).unwrap();
    let answer = approvals.action(&turn, &action, Some(&asked)).await;
    assert!(matches!(answer.unwrap(), ApprovalAnswer::Decided(_)));
    let card = serde_json::to_value(&widget().await.widget).unwrap();
    let badges = card["children"].as_array().unwrap().iter();
    let badges: Vec<_> = badges
        .filter(|child| child["type"] == "Badge")
        .map(|badge| &badge["label"])
        .collect();
    assert_eq!(badges, ["Left open", "Left open"]);
}

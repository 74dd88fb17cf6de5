//! Handoffs, and agents as tools.

use std::sync::{Arc, Mutex};

use chatkit_agents::handoff::remove_all_tools;
use chatkit_agents::handoff::{HandoffArguments, HandoffInputData};
use chatkit_agents::items::InputItem;
use chatkit_agents::model::ModelSettings;
use chatkit_agents::run::{
    AgentToolInput, AgentToolOutput, AgentToolStreamEvent, ToolNameCollisionPolicy,
};
use chatkit_agents::testing::Script;
use chatkit_agents::{
    BoxError, Handoff, RunConfig, RunContext, RunErrorKind, RunItem, RunItemEventName, RunItemKind,
    Runner, StreamEvent,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::*;

fn named<C>(server: &ScriptedResponses, name: &str) -> Agent<C> {
    Agent::new(name, server.client().model("scripted"))
}

fn hands_over(to: &str) -> Script {
    Script::new().then_item(call_item(1, &format!("transfer_to_{to}"), "{}"))
}

/// The names of the events that are not the model's.
fn told_names(events: &[StreamEvent]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            StreamEvent::RawResponse(_) => None,
            StreamEvent::RunItem(event) => Some(format!("{:?}", event.event_name())),
            StreamEvent::AgentUpdated { agent } => Some(format!("agent {agent}")),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn the_next_agent_gets_the_whole_conversation() {
    let server = server([hands_over("billing_agent"), Script::text("Paid")]).await;
    let billing = named(&server, "Billing Agent")
        .instructions("Bill.")
        .handoff_description("does billing");
    let triage = named(&server, "Triage")
        .instructions("Sort.")
        .handoff(&billing);
    let mut run = Runner::run_streamed(&triage, "My bill?", ());
    let (events, error) = drain(&mut run).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(
        told_names(&events),
        [
            "agent Triage",
            "HandoffRequested",
            "HandoffOccurred",
            "agent Billing Agent",
            "MessageOutputCreated"
        ]
    );
    let result = run.into_result().unwrap();
    assert_eq!(result.final_output(), Some("Paid"));
    assert_eq!(result.last_agent(), "Billing Agent");
    let [
        call,
        RunItem {
            kind: RunItemKind::HandoffOutput { target_agent, .. },
            agent: source_agent,
            ..
        },
        answer,
    ] = result.new_items()
    else {
        panic!("{:?}", result.new_items());
    };
    assert!(matches!(call.kind, RunItemKind::HandoffCall(_)));
    assert_eq!(
        (&**source_agent, &**target_agent),
        ("Triage", "Billing Agent")
    );
    assert_eq!((&*call.agent, &*answer.agent), ("Triage", "Billing Agent"));

    let bodies = bodies(&server);
    assert_eq!(
        bodies[0]["tools"],
        json!([{
            "type": "function",
            "name": "transfer_to_billing_agent",
            "description": "Handoff to the Billing Agent agent to handle the request. does billing",
            "parameters": {"additionalProperties": false, "type": "object", "properties": {}, "required": []},
            "strict": true,
        }])
    );
    assert_eq!(bodies[1]["instructions"], "Bill.");
    assert_eq!(bodies[1]["tools"], json!([]));
    assert_eq!(bodies[1]["input"][0], bodies[0]["input"][0]);
    assert_eq!(bodies[1]["input"][1]["name"], "transfer_to_billing_agent");
    assert_eq!(
        outputs(&bodies[1]),
        [(
            "call_1".to_owned(),
            json!(r#"{"assistant": "Billing Agent"}"#)
        )]
    );
}

#[tokio::test]
async fn the_first_of_several_handoffs_wins_and_functions_run_before() {
    let server = server([
        calls(&["transfer_to_a", "lookup", "transfer_to_b"]),
        Script::text("I am A"),
    ])
    .await;
    let triage = named(&server, "Triage")
        .tool(says("lookup", "found"))
        .handoff(named(&server, "A"))
        .handoff(named(&server, "B"));
    let result = Runner::run(&triage, "Go", ()).await.unwrap();
    assert_eq!(result.last_agent(), "A");
    assert_eq!(
        outputs(&bodies(&server)[1]),
        [
            ("call_2".to_owned(), json!("found")),
            (
                "call_3".to_owned(),
                json!("Multiple handoffs detected, ignoring this one.")
            ),
            ("call_1".to_owned(), json!(r#"{"assistant": "A"}"#)),
        ]
    );
}

#[tokio::test]
async fn agents_hand_over_in_a_circle_by_name() {
    let server = server([hands_over("b"), hands_over("a"), Script::text("Home")]).await;
    let b = named(&server, "B").handoff(Handoff::to_name("A"));
    let a = named(&server, "A").handoff(b);
    let result = Runner::run(&a, "Go", ()).await.unwrap();
    assert_eq!(result.final_output(), Some("Home"));
    assert_eq!(result.last_agent(), "A");

    let lost = named(&server, "Lost").handoff(Handoff::to_name("Nobody"));
    let error = Runner::run(&lost, "Go", ()).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "the agent Lost hands over to Nobody, which Lost cannot reach"
    );
    assert_eq!(server.requests().len(), 3, "no model was called");
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Reason {
    /// Why.
    reason: String,
}

#[tokio::test]
async fn the_model_says_something_about_a_handoff() {
    async fn note(input: HandoffArguments<'_, Arc<Mutex<String>>, Reason>) -> Result<(), BoxError> {
        *input.run.lock().unwrap() = input.input.reason;
        Ok(())
    }
    let server = server([
        Script::new().then_item(call_item(1, "escalate", r#"{"reason":"angry"}"#)),
        Script::text("Sorry"),
        Script::new().then_item(call_item(1, "escalate", r#"{"reason":7}"#)),
    ])
    .await;
    let handoff = Handoff::to(&named(&server, "Boss"))
        .tool_name("escalate")
        .tool_description("Gets the boss.")
        .on_handoff_with(note);
    let agent = named(&server, "Clerk").handoff(handoff);
    let said = Arc::new(Mutex::new(String::new()));
    Runner::run(&agent, "Go", Arc::clone(&said)).await.unwrap();
    assert_eq!(*said.lock().unwrap(), "angry");
    let tool = &bodies(&server)[0]["tools"][0];
    assert_eq!(tool["description"], "Gets the boss.");
    assert_eq!(tool["parameters"]["required"], json!(["reason"]));

    let error = Runner::run(&agent, "Go", said).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Callback);
    assert!(format!("{error:#}").contains("reason"), "{error:#}");
}

#[tokio::test]
async fn a_filter_decides_what_the_next_agent_sees() {
    async fn only_new(data: HandoffInputData<'_, ()>) -> Result<Vec<InputItem>, BoxError> {
        assert_eq!(data.input_history.len(), 1);
        assert_eq!(
            data.pre_handoff_items.len(),
            2,
            "call and output of the tool"
        );
        assert_eq!(data.new_items.len(), 2, "call and output of the handoff");
        Ok(vec![InputItem::user("Filtered")])
    }
    let server = server([
        calls(&["lookup"]),
        Script::new().then_item(call_item(7, "transfer_to_b", "{}")),
        calls(&["lookup"]),
        Script::text("Done"),
    ])
    .await;
    let b = named(&server, "B").tool(says("lookup", "b"));
    let a = named(&server, "A")
        .tool(says("lookup", "a"))
        .handoff(Handoff::to(&b).input_filter(only_new));
    let result = Runner::run(&a, "Go", ()).await.unwrap();
    let bodies = bodies(&server);
    assert_eq!(bodies[2]["input"].as_array().unwrap().len(), 1);
    assert_eq!(bodies[2]["input"][0]["content"][0]["text"], "Filtered");
    let input = bodies[3]["input"].as_array().unwrap();
    assert_eq!(input.len(), 3, "what follows the handoff is added");
    assert_eq!(result.new_items().len(), 7, "the run keeps all it has done");

    let server = self::server([hands_over("b"), Script::text("Done")]).await;
    let b = named(&server, "B");
    let config = RunConfig::new().handoff_input_filter(remove_all_tools);
    let a = named(&server, "A").handoff(b);
    Runner::run(&a, "Go", ()).config(config).await.unwrap();
    let input = &self::bodies(&server)[1]["input"];
    assert_eq!(input.as_array().unwrap().len(), 1, "{input}");
}

#[tokio::test]
async fn removing_all_tools_keeps_messages_and_what_stands_for_them() {
    let item = |value: Value| InputItem::from_value(&value).unwrap();
    let kept = [
        json!({"type": "compaction", "id": "cmp_1", "encrypted_content": "all that was said"}),
        json!({"type": "item_reference", "id": "msg_1"}),
    ];
    let removed = [
        json!({"type": "reasoning", "id": "rs_1", "summary": []}),
        json!({"type": "web_search_call", "id": "ws_1"}),
        json!({"type": "shell_call", "call_id": "call_1"}),
        json!({"type": "shell_call_output", "call_id": "call_1"}),
        json!({"type": "tool_search_output", "id": "ts_1"}),
        json!({"type": "mcp_list_tools", "id": "mcpl_1"}),
        json!({"type": "mcp_approval_request", "id": "mcpr_1"}),
        json!({"type": "mcp_approval_response", "approval_request_id": "mcpr_1"}),
        json!({"type": "program_output", "call_id": "call_2"}),
    ];
    let mut input: Vec<_> = kept.iter().chain(&removed).cloned().map(item).collect();
    input.push(InputItem::user("Go"));

    let server = server([hands_over("b"), Script::text("Done")]).await;
    let b = named(&server, "B");
    let a: Agent<()> = named(&server, "A").handoff(Handoff::to(&b).input_filter(remove_all_tools));
    Runner::run(&a, input, ()).await.unwrap();
    let sent = bodies(&server)[1]["input"].as_array().unwrap().clone();
    assert_eq!(sent[..2], kept);
    assert_eq!(sent[2]["role"], "user");
    assert_eq!(sent.len(), 3, "{sent:?}");
}

#[tokio::test]
async fn a_nested_history_is_one_message_however_often() {
    let server = server([hands_over("b"), hands_over("c"), Script::text("Done")]).await;
    let c = named(&server, "C");
    let b = named(&server, "B").handoff(c);
    let a = named(&server, "A").handoff(b);
    let config = RunConfig::new().nest_handoff_history(true);
    Runner::run(&a, "hello", ()).config(config).await.unwrap();
    let bodies = bodies(&server);
    let text = |body: &Value| {
        let input = body["input"].as_array().unwrap();
        assert_eq!(input.len(), 1);
        assert_eq!(input[0]["role"], "assistant");
        input[0]["content"][0]["text"].as_str().unwrap().to_owned()
    };
    let lines: Vec<_> = text(&bodies[1]).lines().map(str::to_owned).collect();
    assert_eq!(lines[1], "<CONVERSATION HISTORY>");
    assert_eq!(lines[2], "1. user: hello");
    assert!(
        lines[3].starts_with("2. {") && lines[3].contains("transfer_to_b"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 6);
    let second = text(&bodies[2]);
    assert_eq!(
        second.matches("<CONVERSATION HISTORY>").count(),
        1,
        "{second}"
    );
    assert!(
        second.contains("1. user: hello") && second.contains("transfer_to_c"),
        "{second}"
    );
}

#[tokio::test]
async fn a_stream_says_which_agent_runs_now() {
    let server = server([hands_over("b"), Script::text("Done")]).await;
    let agent = named(&server, "A").handoff(named(&server, "B"));
    let mut run = Runner::run_streamed(&agent, "Go", ());
    assert_eq!(run.current_agent(), "A");
    drain(&mut run).await;
    assert_eq!(run.current_agent(), "B");
}

#[tokio::test]
async fn functions_with_one_name() {
    let server = server([hands_over("b"), Script::text("Done")]).await;
    let agent = named(&server, "A")
        .tool(says("transfer_to_b", "a function"))
        .tool(says("twice", "one"))
        .tool(says("twice", "two"))
        .handoff(named(&server, "B"));
    let result = Runner::run(&agent, "Go", ()).await.unwrap();
    assert_eq!(result.last_agent(), "B", "a handoff wins");
    let names: Vec<_> = bodies(&server)[0]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].clone())
        .collect();
    assert_eq!(names, ["twice", "transfer_to_b"]);

    let config = RunConfig::new().tool_name_collision_policy(ToolNameCollisionPolicy::Error);
    let error = Runner::run(&agent, "Go", ())
        .config(config)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Config);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_handoff_that_is_not_enabled_is_not_offered() {
    let server = server([Script::text("Alone")]).await;
    let handoff = Handoff::to(&named(&server, "B")).is_enabled(|run: RunContext<'_, bool>| *run);
    Runner::run(&named(&server, "A").handoff(handoff), "Go", false)
        .await
        .unwrap();
    assert_eq!(bodies(&server)[0]["tools"], json!([]));
}

// --- Agents as tools ---

#[tokio::test]
async fn an_agent_as_a_tool_may_have_a_configuration_of_its_own() {
    let server = server([
        Script::new().then_item(call_item(1, "inner", r#"{"input":"Go"}"#)),
        Script::text("Inner"),
        Script::text("Outer"),
    ])
    .await;
    let settings = |temperature| ModelSettings::new().temperature(temperature);
    let config = RunConfig::new().model_settings(settings(0.5));
    let inner = named(&server, "Inner")
        .as_tool("inner", "")
        .run_config(config);
    let run = Runner::run(&named(&server, "Outer").tool(inner), "Go", ())
        .config(RunConfig::new().model_settings(settings(1.0)));
    run.await.unwrap();
    let temperatures: Vec<_> = bodies(&server)
        .iter()
        .map(|body| body["temperature"].clone())
        .collect();
    assert_eq!(temperatures, [1.0, 0.5, 1.0]);
}

#[tokio::test]
async fn an_agent_as_a_tool_sees_its_input_only() {
    let server = server([
        Script::new()
            .then_item(call_item(1, "my_sub_agent_", r#"{"input":"Bonjour"}"#))
            .usage(10, 1),
        Script::text("Hello").usage(100, 20),
        Script::text("It says hello").usage(1000, 300),
    ])
    .await;
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let inner = named(&server, "My Sub-Agent!").instructions("Translate.");
    let log = Arc::clone(&seen);
    let sub =
        inner
            .as_tool("", "Translates.")
            .on_stream(move |event: AgentToolStreamEvent<'_, ()>| {
                if let StreamEvent::RunItem(event) = event.event {
                    log.lock()
                        .unwrap()
                        .push(format!("{:?}", event.event_name()));
                }
            });
    let outer = named(&server, "Outer").tool(sub);
    let result = Runner::run(&outer, "What does Bonjour mean?", ())
        .await
        .unwrap();
    assert_eq!(result.final_output(), Some("It says hello"));
    assert_eq!(result.usage().total_tokens, 1431, "both runs count");
    assert_eq!(result.usage().requests, 3);
    assert_eq!(*seen.lock().unwrap(), ["MessageOutputCreated"]);
    let bodies = bodies(&server);
    assert_eq!(
        bodies[0]["tools"][0]["parameters"],
        json!({
            "type": "object",
            "description": "Default input schema for agent-as-tool calls.",
            "properties": {"input": {"type": "string"}},
            "additionalProperties": false,
            "required": ["input"],
        })
    );
    assert_eq!(bodies[1]["instructions"], "Translate.");
    let input = bodies[1]["input"].as_array().unwrap();
    assert_eq!(input.len(), 1);
    assert_eq!(input[0]["content"][0]["text"], "Bonjour");
    assert_eq!(outputs(&bodies[2]), [("call_1".to_owned(), json!("Hello"))]);
}

#[tokio::test]
async fn an_agent_as_a_tool_that_fails_is_told_to_the_outer_model() {
    let server = server([
        Script::new().then_item(call_item(1, "sub", r#"{"input":"Go"}"#)),
        calls(&["again"]),
        Script::text("Well"),
    ])
    .await;
    let sub = named(&server, "Sub").tool(says("again", "and again"));
    let outer = named(&server, "Outer").tool(sub.as_tool("sub", "").max_turns(1));
    let result = Runner::run(&outer, "Go", ()).await.unwrap();
    assert_eq!(result.final_output(), Some("Well"));
    assert_eq!(
        outputs(&bodies(&server)[2]),
        [(
            "call_1".to_owned(),
            json!("The agent did not finish in time.")
        )]
    );

    server.push(Script::new().then_item(call_item(1, "sub", r#"{"input":"Go"}"#)));
    server.push(calls(&["again"]));
    let sub = named(&server, "Sub").tool(says("again", "and again"));
    let outer = named(&server, "Outer").tool(sub.as_tool("sub", "").max_turns(1).ends_run(true));
    let error = Runner::run(&outer, "Go", ()).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Tool);
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct Order {
    /// The number of the order.
    number: u32,
}

#[tokio::test]
async fn an_agent_as_a_tool_gets_structured_input_and_gives_what_is_asked() {
    async fn build(input: AgentToolInput<'_, ()>) -> Result<Vec<InputItem>, BoxError> {
        let number = input.arguments["number"].as_u64().ok_or("no number")?;
        Ok(vec![InputItem::user(format!("Order {number}"))])
    }
    async fn extract(output: AgentToolOutput<'_, ()>) -> Result<String, BoxError> {
        Ok(output.result.final_output().unwrap().to_uppercase())
    }
    let call = || Script::new().then_item(call_item(1, "sub", r#"{"number":7}"#));
    let server = server([call(), Script::text("sent"), Script::text("Done")]).await;
    let sub = named(&server, "Sub");
    let tool = sub
        .as_tool("sub", "")
        .parameters::<Order>()
        .input_builder(build)
        .output_extractor(extract);
    Runner::run(&named(&server, "Outer").tool(tool), "Go", ())
        .await
        .unwrap();
    let seen = bodies(&server);
    assert_eq!(
        seen[0]["tools"][0]["parameters"]["required"],
        json!(["number"])
    );
    assert_eq!(seen[1]["input"][0]["content"][0]["text"], "Order 7");
    assert_eq!(outputs(&seen[2]), [("call_1".to_owned(), json!("SENT"))]);

    for script in [call(), Script::text("sent"), Script::text("Done")] {
        server.push(script);
    }
    let tool = sub
        .as_tool("sub", "")
        .parameters::<Order>()
        .include_input_schema(true);
    Runner::run(&named(&server, "Outer").tool(tool), "Go", ())
        .await
        .unwrap();
    let text = bodies(&server)[4]["input"][0]["content"][0]["text"].to_string();
    assert!(
        text.contains("Structured Input Data") && text.contains("\\\"number\\\": 7"),
        "{text}"
    );
    assert!(
        text.contains("Input JSON Schema") && text.contains("The number of the order."),
        "{text}"
    );
}

#[tokio::test]
async fn an_empty_answer_of_an_agent_is_the_last_text_there_was() {
    let server = server([
        Script::new().then_item(call_item(1, "sub", r#"{"input":"Go"}"#)),
        calls(&["lookup"]),
        Script::text(""),
        Script::text("Done"),
    ])
    .await;
    let sub = named(&server, "Sub").tool(says("lookup", "found"));
    let outer = named(&server, "Outer").tool(sub.as_tool("sub", ""));
    let mut run = Runner::run_streamed(&outer, "Go", ());
    let (events, error) = drain(&mut run).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(
        outputs(&bodies(&server)[3]),
        [("call_1".to_owned(), json!("found"))]
    );
    let outer_items = events.iter().filter(|event| {
        matches!(event, StreamEvent::RunItem(event) if event.event_name() == RunItemEventName::ToolOutput)
    });
    assert_eq!(
        outer_items.count(),
        1,
        "the inner run's events are not the outer's"
    );
}

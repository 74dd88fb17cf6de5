//! Runs: requests, events, ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use chatkit_agents::items::{InputItem, OutputItem};
use chatkit_agents::model::{ModelError, ModelErrorKind, ModelSettings};
use chatkit_agents::testing::Script;
use chatkit_agents::tool::{OwnedToolContext, Tool, tool_fn};
use chatkit_agents::{
    RunConfig, RunErrorKind, RunItem, RunItemEventName, RunItemKind, RunState, Runner, StreamEvent,
};
use futures::StreamExt;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::*;

#[derive(Deserialize, JsonSchema)]
struct City {
    /// City name, e.g. "Paris".
    city: String,
}

fn weather() -> Tool<()> {
    tool_fn(
        "get_weather",
        "Looks up the weather.",
        |_: OwnedToolContext<()>, City { city }: City| async move { format!("Rain in {city}") },
    )
    .into()
}

fn user(text: &str) -> Value {
    json!({
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": text}],
    })
}

/// The name of an event, short.
fn name(event: &StreamEvent) -> String {
    match event {
        StreamEvent::RawResponse(event) => event.event_type().to_owned(),
        StreamEvent::RunItem(event) => format!("{:?}", event.event_name()),
        StreamEvent::AgentUpdated { agent } => format!("agent {agent}"),
        other => panic!("{other:?}"),
    }
}

fn names(events: &[StreamEvent]) -> Vec<String> {
    events.iter().map(name).collect()
}

#[tokio::test]
async fn a_text_is_the_answer() {
    let server = server([Script::text("Hello there").usage(7, 3)]).await;
    let agent = agent(&server).instructions("Be brief.");
    let result = Runner::run(&agent, "Hi", ()).await.unwrap();

    assert_eq!(result.final_output(), Some("Hello there"));
    assert_eq!(result.last_agent(), "Assistant");
    assert!(
        result
            .last_response_id()
            .is_some_and(|id| id.starts_with("resp_"))
    );
    let usage = result.usage();
    assert_eq!(
        (usage.requests, usage.input_tokens, usage.output_tokens),
        (1, 7, 3)
    );
    let [item] = result.new_items() else {
        panic!("{:?}", result.new_items());
    };
    assert!(matches!(item.kind, RunItemKind::Message(_)));
    assert_eq!(
        (&*item.agent, item.text().as_deref()),
        ("Assistant", Some("Hello there"))
    );
    assert_eq!(
        bodies(&server),
        [json!({
            "model": "scripted",
            "instructions": "Be brief.",
            "input": [user("Hi")],
            "include": [],
            "tools": [],
            "stream": true,
        })]
    );
}

#[tokio::test]
async fn a_tool_call_goes_back_with_its_result() {
    let call = call_item(1, "get_weather", r#"{"city":"Oslo"}"#);
    let server = server([
        Script::reasoning("Hm.")
            .then_item(call.clone())
            .usage(10, 5),
        Script::text("It rains.").usage(20, 7),
    ])
    .await;
    let settings = ModelSettings::new().include("reasoning.encrypted_content");
    let agent = agent(&server)
        .instructions("Be brief.")
        .model_settings(settings)
        .tool(weather())
        .tool(Tool::hosted(json!({"type": "web_search", "new": 1})));
    let result = Runner::run(&agent, "Weather?", ()).await.unwrap();

    assert_eq!(result.final_output(), Some("It rains."));
    let usage = result.usage();
    assert_eq!(
        (usage.requests, usage.input_tokens, usage.output_tokens),
        (2, 30, 12)
    );
    assert_eq!(usage.total_tokens, 42);

    let bodies = bodies(&server);
    let first = json!({
        "model": "scripted",
        "instructions": "Be brief.",
        "input": [user("Weather?")],
        "include": ["reasoning.encrypted_content"],
        "tools": [
            {
                "type": "function",
                "name": "get_weather",
                "description": "Looks up the weather.",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "city": {"type": "string", "description": "City name, e.g. \"Paris\"."},
                    },
                    "required": ["city"],
                    "additionalProperties": false,
                },
                "strict": true,
            },
            {"type": "web_search", "new": 1},
        ],
        "stream": true,
    });
    let mut sent = bodies[0].clone();
    // The title is the name of the struct, which the model need not care about.
    if let Some(parameters) = sent["tools"][0]["parameters"].as_object_mut() {
        parameters.remove("title");
        parameters.remove("$schema");
    }
    assert_eq!(sent, first);

    let mut second = bodies[0].clone();
    let input = second["input"].as_array_mut().unwrap();
    let reasoning = bodies[1]["input"][1].clone();
    assert_eq!(reasoning["summary"][0]["text"], "Hm.");
    input.extend([
        reasoning,
        call,
        json!({"type": "function_call_output", "call_id": "call_1", "output": "Rain in Oslo"}),
    ]);
    assert_eq!(bodies[1], second);
    assert_eq!(bodies.len(), 2);

    let mut list = second["input"].as_array().unwrap().clone();
    let last = serde_json::to_value(result.to_input_list()).unwrap();
    assert_eq!(last[4]["content"][0]["text"], "It rains.");
    list.push(last[4].clone());
    assert_eq!(last, Value::Array(list));
}

#[tokio::test]
async fn a_conversation_goes_on_from_its_input_list() {
    let server = server([Script::text("One"), Script::text("Two")]).await;
    let agent = agent(&server);
    let items = vec![InputItem::developer("Count."), InputItem::user("Begin")];
    let result = Runner::run(&agent, items, ()).await.unwrap();
    let mut input = result.to_input_list();
    input.push(InputItem::user("Go on"));
    let sent = serde_json::to_value(&input).unwrap();
    Runner::run(&agent, input, ()).await.unwrap();

    let bodies = bodies(&server);
    assert_eq!(bodies[0]["input"][0]["role"], "developer");
    assert_eq!(bodies[0]["input"][1], user("Begin"));
    assert_eq!(bodies[1]["input"], sent);
    assert_eq!(bodies[1]["input"][2]["content"][0]["text"], "One");
    assert_eq!(bodies[1]["input"][3], user("Go on"));
}

#[tokio::test]
async fn an_endpoint_that_keeps_the_conversation_gets_what_is_new() {
    let server = server([
        Script::function_call("get_weather", json!({"city": "Oslo"})).call_id("call_1"),
        Script::function_call("get_weather", json!({"city": "Rome"})).call_id("call_2"),
        Script::text("Rain."),
    ])
    .await;
    let agent = agent(&server).tool(weather());
    let result = Runner::run(&agent, "Weather?", ())
        .previous_response_id("resp_before")
        .await
        .unwrap();

    let bodies = bodies(&server);
    let previous: Vec<_> = bodies
        .iter()
        .map(|body| body["previous_response_id"].as_str().unwrap())
        .collect();
    assert_eq!(previous[0], "resp_before");
    assert!(previous[1].starts_with("resp_") && previous[1].ends_with("_1"));
    assert!(previous[2].ends_with("_2"));
    assert!(result.last_response_id().unwrap().ends_with("_3"));
    let output = |call_id, output| json!([{"type": "function_call_output", "call_id": call_id, "output": output}]);
    assert_eq!(bodies[0]["input"], json!([user("Weather?")]));
    assert_eq!(bodies[1]["input"], output("call_1", "Rain in Oslo"));
    assert_eq!(bodies[2]["input"], output("call_2", "Rain in Rome"));
    assert_eq!(result.new_items().len(), 5, "the result has everything");
}

/// The next call continues the last response that can be continued, and sends everything since.
#[tokio::test]
async fn a_response_without_id_leaves_the_continued_one() {
    let completed = |items: Value| {
        let response = json!({"status": "completed", "output": items});
        Script::new()
            .then_event(json!({"type": "response.completed", "response": response}))
            .unterminated()
    };
    let server = server([
        calls(&["tool"]),
        completed(json!([call_item(2, "tool", "{}")])),
        Script::text("Done"),
    ])
    .await;
    let agent = agent(&server).tool(says("tool", "ok"));
    Runner::run(&agent, "Go", ())
        .previous_response_id("resp_before")
        .await
        .unwrap();
    let bodies = bodies(&server);
    assert_eq!(
        bodies[2]["previous_response_id"],
        bodies[1]["previous_response_id"]
    );
    let output = |call| json!({"type": "function_call_output", "call_id": call, "output": "ok"});
    assert_eq!(
        bodies[2]["input"],
        json!([
            output("call_1"),
            call_item(2, "tool", "{}"),
            output("call_2")
        ])
    );
}

#[tokio::test]
async fn events_come_in_order() {
    let server = server([
        Script::text("Wait").then_item(call_item(1, "get_weather", r#"{"city":"Oslo"}"#)),
        Script::reasoning("Hm").then_text("Rain"),
    ])
    .await;
    let agent = agent(&server).tool(weather());
    let mut run = Runner::run_streamed(&agent, "Weather?", ());
    let (events, error) = drain(&mut run).await;
    assert!(error.is_none(), "{error:?}");
    let text = [
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "MessageOutputCreated",
    ];
    let mut expected = vec![
        "agent Assistant",
        "response.created",
        "response.in_progress",
    ];
    expected.extend(text);
    expected.extend([
        "response.output_item.added",
        "response.output_item.done",
        "ToolCalled",
        "response.completed",
        "ToolOutput",
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.output_item.done",
        "ReasoningItemCreated",
    ]);
    expected.extend(text);
    expected.push("response.completed");
    assert_eq!(names(&events), expected);
    assert_eq!(run.final_output(), Some("Rain"));
    assert_eq!(run.to_state().final_output(), Some("Rain"));
    assert_eq!(run.into_result().unwrap().final_output(), Some("Rain"));
}

#[tokio::test]
async fn items_have_the_names_of_their_kinds() {
    let server = server([Script::new()
        .then_item(json!({"type": "web_search_call", "id": "ws_1", "status": "completed"}))
        .then_item(json!({"type": "oracle", "id": "or_1"}))
        .then_image("aW1n")
        .then_text("Done")])
    .await;
    let mut run = Runner::run_streamed(&agent(&server), "Go", ());
    let (events, _) = drain(&mut run).await;
    let names: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            StreamEvent::RunItem(event) => Some(event.event_name()),
            _ => None,
        })
        .collect();
    assert_eq!(
        names,
        [
            RunItemEventName::ToolCalled,
            RunItemEventName::OtherItemCreated,
            RunItemEventName::ToolCalled,
            RunItemEventName::MessageOutputCreated,
        ]
    );
}

/// Some endpoints stream no finished items; the response has them.
#[tokio::test]
async fn items_are_taken_from_the_response_when_none_were_streamed() {
    let item = call_item(1, "get_weather", r#"{"city":"Oslo"}"#);
    let response = json!({"id": "resp_1", "status": "completed", "output": [item]});
    let server = server([
        Script::new()
            .then_event(json!({"type": "response.completed", "response": response}))
            .unterminated(),
        Script::text("Rain"),
    ])
    .await;
    let mut run = Runner::run_streamed(&agent(&server).tool(weather()), "Go", ());
    let (events, error) = drain(&mut run).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(
        names(&events)[3..6],
        ["response.completed", "ToolCalled", "ToolOutput"]
    );
    assert_eq!(run.final_output(), Some("Rain"));
}

#[tokio::test]
async fn nothing_happens_before_the_first_poll() {
    let server = server([Script::text("Hello")]).await;
    let mut run = Runner::run_streamed(&agent(&server), "Hi", ());
    assert_eq!(run.to_state().current_turn(), 0);
    let first = run.next().await.unwrap().unwrap();
    assert_eq!(name(&first), "agent Assistant");
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(
        server.requests().is_empty(),
        "the first event needs no model"
    );
    let (_, error) = drain(&mut run).await;
    assert!(error.is_none());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_run_that_was_not_read_to_its_end_has_no_result() {
    let server = server([Script::text("Hello").hang_after(5)]).await;
    let mut run = Runner::run_streamed(&agent(&server), "Hi", ());
    run.next().await.unwrap().unwrap();
    assert_eq!(run.final_output(), None);
    let error = run.into_result().unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::State);
}

#[tokio::test]
async fn max_turns_are_the_calls_of_the_model() {
    let server = ScriptedResponses::start_with(|_| calls(&["tool"]))
        .await
        .unwrap();
    let agent = agent(&server).tool(says("tool", "again"));
    let mut run = Runner::run(&agent, "Go", ()).max_turns(3).streamed();
    let (events, error) = drain(&mut run).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), RunErrorKind::MaxTurnsExceeded);
    assert_eq!(error.to_string(), "Max turns (3) exceeded");
    assert_eq!(server.requests().len(), 3);
    assert_eq!(names(&events).last().unwrap(), "ToolOutput");

    let error = Runner::run(&agent, "Go", ()).await.unwrap_err();
    assert_eq!(error.to_string(), "Max turns (10) exceeded");
    assert_eq!(server.requests().len(), 13);
}

#[tokio::test]
async fn without_a_limit_a_run_goes_on() {
    let server = ScriptedResponses::start_with(|request| match request.number {
        ..=15 => calls(&["tool"]),
        _ => Script::text("Enough"),
    })
    .await
    .unwrap();
    let agent = agent(&server).tool(says("tool", "again"));
    let result = Runner::run(&agent, "Go", ()).max_turns(None).await.unwrap();
    assert_eq!(result.final_output(), Some("Enough"));
    assert_eq!(result.usage().requests, 16);
}

#[tokio::test]
async fn a_model_that_only_used_a_hosted_tool_is_called_again() {
    let search = json!({"type": "web_search_call", "id": "ws_1", "status": "completed"});
    let server = server([
        Script::new().then_item(search.clone()),
        Script::text("Found"),
    ])
    .await;
    let result = Runner::run(&agent(&server), "Search", ()).await.unwrap();
    assert_eq!(result.final_output(), Some("Found"));
    assert_eq!(bodies(&server)[1]["input"], json!([user("Search"), search]));
}

#[tokio::test]
async fn an_answer_without_items_or_with_thoughts_only_is_empty() {
    let server = server([Script::new(), Script::reasoning("Nothing to say")]).await;
    let agent = agent(&server);
    for _ in 0..2 {
        let result = Runner::run(&agent, "Hi", ()).await.unwrap();
        assert_eq!(result.final_output(), Some(""));
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_refusal_is_the_answer_and_of_several_messages_the_last() {
    let server = server([
        Script::refusal("I will not."),
        Script::text("A").then_text("B"),
    ])
    .await;
    let agent = agent(&server);
    for expected in ["I will not.", "B"] {
        let result = Runner::run(&agent, "Hi", ()).await.unwrap();
        assert_eq!(result.final_output(), Some(expected));
    }
}

#[tokio::test]
async fn ends_that_are_no_answers_are_errors_behind_all_events() {
    use RunErrorKind::{Model, ModelBehavior};
    let text = || Script::text("Half an");
    let cases = [
        (text().incomplete("max_output_tokens"), ModelBehavior, None),
        (
            text().failed("server_error", "secret"),
            Model,
            Some(ModelErrorKind::Api),
        ),
        (
            text().error("server_error", "secret"),
            Model,
            Some(ModelErrorKind::Api),
        ),
        (
            text().nested_error("server_error", "secret"),
            Model,
            Some(ModelErrorKind::Api),
        ),
        (
            text().unterminated(),
            Model,
            Some(ModelErrorKind::Truncated),
        ),
        (text().cut_after(5), Model, None),
        (
            Script::status(401),
            Model,
            Some(ModelErrorKind::Authentication),
        ),
    ];
    for (script, kind, model_kind) in cases {
        let what = format!("{script:?}");
        let server = server([script]).await;
        let mut run = Runner::run_streamed(&agent(&server), "Hi", ());
        let (events, error) = drain(&mut run).await;
        let error = error.unwrap_or_else(|| panic!("{what}"));
        assert_eq!(error.kind(), kind, "{what}");
        let source = std::error::Error::source(&error).and_then(|e| e.downcast_ref::<ModelError>());
        assert_eq!(source.is_some(), kind == Model, "{what}");
        if let Some(model_kind) = model_kind {
            assert_eq!(source.unwrap().kind(), model_kind, "{what}");
        }
        assert!(
            !format!("{error} {error:#}").contains("secret"),
            "{error:#}"
        );
        let written = server.wait_closed(1).await.events_written;
        let raw = events
            .iter()
            .filter(|event| matches!(event, StreamEvent::RawResponse(_)))
            .count();
        assert_eq!(raw, written, "every event comes before the error: {what}");
        assert!(run.into_result().is_err());
    }
}

#[tokio::test]
async fn reasoning_goes_back_with_its_id_unless_it_must_not() {
    for omits in [false, true] {
        let server = server([
            Script::reasoning("Thinking").then_function_call("tool", json!({})),
            Script::text("Done"),
        ])
        .await;
        let agent = agent(&server).tool(says("tool", "ok"));
        let config = RunConfig::new().omit_reasoning_item_ids(omits);
        let run = Runner::run(&agent, "Go", ()).config(config);
        run.await.unwrap();
        let sent = &bodies(&server)[1]["input"][1];
        assert_eq!(sent["type"], "reasoning");
        assert_eq!(sent.get("id").is_none(), omits, "{sent}");
    }
}

#[tokio::test]
async fn an_incomplete_response_says_why() {
    let server = server([Script::text("Half").incomplete("content_filter")]).await;
    let error = Runner::run(&agent::<()>(&server), "Hi", ())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the response is incomplete: content_filter"
    );
}

#[tokio::test]
async fn a_connection_that_breaks_behind_the_answer_does_not_matter() {
    // Ten events: created, in_progress, seven of the message, completed.
    let server = server([Script::text("Hello").cut_after(9)]).await;
    let result = Runner::run(&agent(&server), "Hi", ()).await.unwrap();
    assert_eq!(result.final_output(), Some("Hello"));
    let request = server.wait_closed(1).await;
    assert_eq!(request.events_written, 9);
}

#[tokio::test]
async fn one_connection_serves_all_calls_of_a_run() {
    let server = server([calls(&["tool"]), calls(&["tool"]), Script::text("Done")]).await;
    let agent = agent(&server).tool(says("tool", "ok"));
    Runner::run(&agent, "Go", ()).await.unwrap();
    Runner::run(&agent, "Go", ()).await.unwrap_err();
    let connections: BTreeSet<_> = server
        .requests()
        .iter()
        .map(|request| request.connection)
        .collect();
    assert_eq!(connections, BTreeSet::from([1]));
}

/// A run that is warm: the connection is there, and the tasks that serve it.
async fn warm(server: &ScriptedResponses) -> usize {
    server.push(Script::text("warm"));
    Runner::run(&agent(server), "Warm up", ()).await.unwrap();
    tasks()
}

fn tasks() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}

#[tokio::test]
async fn dropping_a_run_closes_the_connection_of_the_model() {
    let server = server([]).await;
    let baseline = tasks();
    server.push(Script::text("one two three").hang_after(6));
    let mut run = Runner::run_streamed(&agent(&server), "Hi", ());
    while let Some(event) = within(run.next()).await {
        if name(&event.unwrap()) == "response.output_text.delta" {
            break;
        }
    }
    assert!(tasks() > baseline);
    drop(run);
    let request = within(server.wait_closed(1)).await;
    assert!(request.closed_early);
    until(|| tasks() == baseline).await;
}

#[tokio::test]
async fn dropping_a_run_drops_its_tools() {
    let server = server([]).await;
    let baseline = warm(&server).await;
    server.push(calls(&["stuck", "stuck"]));
    let held = Arc::new(());
    let both = Arc::new(Notify::new());
    let stuck = {
        let (held, both) = (Arc::clone(&held), Arc::clone(&both));
        tool("stuck", move |_| {
            let (held, both) = (Arc::clone(&held), Arc::clone(&both));
            async move {
                let _held = held;
                both.notify_one();
                std::future::pending::<()>().await;
            }
        })
    };
    let mut run = Runner::run_streamed(&agent(&server).tool(stuck), "Go", ());
    let reading = async {
        while let Some(event) = run.next().await {
            event.unwrap();
        }
    };
    within(async {
        tokio::select! {
            () = reading => panic!("the tools never end"),
            () = both.notified() => {}
        }
    })
    .await;
    assert_eq!(Arc::strong_count(&held), 4, "both tools run");
    drop(run);
    assert_eq!(
        Arc::strong_count(&held),
        1,
        "the agent is gone with the run"
    );
    until(|| tasks() == baseline).await;
    assert!(!server.wait_closed(2).await.closed_early);
}

/// The state as it comes back from a store, by text and by way of a value, with its fields in any order.
fn assert_lossless(state: &RunState) {
    let text = serde_json::to_string(state).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let from_text: RunState = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&from_text).unwrap(), text);
    let from_value: RunState = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(&from_value).unwrap(), value);
    let sorted: RunState = serde_json::from_str(&sorted(&value)).unwrap();
    assert_eq!(serde_json::to_value(&sorted).unwrap(), value);
}

/// The JSON with the fields of every object sorted, as a database may give it back.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{}:{}", json!(name), sorted(value)))
                .collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(sorted).collect();
            format!("[{}]", values.join(","))
        }
        other => other.to_string(),
    }
}

#[tokio::test]
async fn a_state_can_be_stored_at_every_step() {
    let server = server([
        Script::reasoning("Hm")
            .then_item(json!({"type": "oracle", "id": "or_1", "deep": {"n": 1.50, "b": null}}))
            .then_item(call_item(1, "get_weather", r#"{"city":"Oslo"}"#))
            .then_item(call_item(2, "get_weather", r#"{"city":"Rome"}"#)),
        Script::text("Rain"),
    ])
    .await;
    let input = vec![
        InputItem::user("Weather?"),
        InputItem::from_value(&json!({"type": "novelty", "x": [1, 2]})).unwrap(),
    ];
    let mut run = Runner::run(&agent(&server).tool(weather()), input, ())
        .previous_response_id("resp_before")
        .streamed();
    let mut steps = BTreeSet::new();
    let mut over = false;
    loop {
        assert_lossless(&run.to_state());
        let state = serde_json::to_value(run.to_state()).unwrap();
        steps.insert(match &state["step"]["call_tools"]["calls"] {
            Value::Array(calls) => {
                let settled = calls.iter().filter(|call| !call["output"].is_null());
                format!("call tools, {} settled", settled.count())
            }
            _ if run.final_output().is_some() => "done".to_owned(),
            _ => "call model".to_owned(),
        });
        if over {
            break;
        }
        match within(run.next()).await {
            Some(event) => drop(event.unwrap()),
            None => over = true,
        }
    }
    let expected = [
        "call model",
        "call tools, 1 settled",
        "call tools, 2 settled",
        "done",
    ];
    assert_eq!(steps, BTreeSet::from(expected.map(str::to_owned)));
}

#[test]
fn items_newer_than_the_state_keep_their_text() {
    let json = r#"{"type":"oracle","n":1.50,"big":123456789012345678901234567890}"#;
    let kind = RunItemKind::Other(OutputItem::from_json(json).unwrap());
    let item = RunItem::new("Assistant", kind);
    let stored = serde_json::to_string(&item).unwrap();
    assert_eq!(
        stored,
        format!(r#"{{"agent":"Assistant","kind":{{"other_item":{json}}}}}"#)
    );
    assert_eq!(serde_json::from_str::<RunItem>(&stored).unwrap(), item);
}

//! Agents that use the tools of a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chatkit_agents::mcp::{ApprovalContext, McpServer, RequireApproval, Stdio, ToolFilterContext};
use chatkit_agents::tool::{
    ToolGuardrailFunctionOutput, ToolInputGuardrail, ToolOutputGuardrail, ToolOutputGuardrailData,
};
use chatkit_agents::{RunErrorKind, RunState, Runner, ToolContext};
use futures::StreamExt;

use super::*;

/// What the model is told of one call of a tool.
async fn result_of(server: &McpServer<()>, tool: &str, arguments: Value) -> Value {
    let model = model([call(tool, arguments), Script::text("Done.")]).await;
    let result = within(Runner::run(&agent(&model, server), "Go", ()))
        .await
        .unwrap();
    assert_eq!(result.final_output(), Some("Done."));
    told(&model)
}

/// Why a run fails.
async fn failure(server: &McpServer<()>, scripts: impl IntoIterator<Item = Script>) -> RunError {
    let model = model(scripts).await;
    within(Runner::run(&agent(&model, server), "Go", ()))
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_model_gets_the_tools_and_their_results() {
    let server = process(&["stdio"]).build();
    let model = model([call("echo", json!({"text": "Hi"})), Script::text("Done.")]).await;
    within(Runner::run(&agent(&model, &server), "Go", ()))
        .await
        .unwrap();
    assert_eq!(told(&model), "Hi");
    assert_eq!(
        model.requests()[0].body["tools"][0],
        json!({
            "type": "function",
            "name": "echo",
            "description": "Does echo.",
            "parameters": {
                "type": "object",
                "properties": {"text": {"type": "string"}},
                "required": ["text"],
            },
            "strict": false,
        })
    );
    let bare = &model.requests()[0].body["tools"][2];
    assert_eq!(
        bare["parameters"],
        json!({"type": "object", "properties": {}})
    );
    // The list was asked for once, for both calls of the model.
    assert_eq!(status(&server).await["lists"], 1);
}

#[tokio::test]
async fn results_keep_their_kind() {
    let server = process(&["stdio"]).build();
    assert_eq!(
        result_of(&server, "picture", nothing()).await,
        json!([
            {"type": "input_text", "text": "A picture:"},
            {"type": "input_image", "image_url": "data:image/png;base64,QUJD"},
        ])
    );
    assert_eq!(
        result_of(&server, "fail", nothing()).await,
        "There is no such file."
    );

    let server = process(&["stdio"]).use_structured_content(true).build();
    assert_eq!(
        result_of(&server, "structured", nothing()).await,
        r#"{"celsius":21}"#
    );
}

#[tokio::test]
async fn a_schema_can_be_forced() {
    let server = process(&["stdio"]).convert_schemas_to_strict(true).build();
    let model = model([Script::text("Done.")]).await;
    within(Runner::run(&agent(&model, &server), "Go", ()))
        .await
        .unwrap();
    let echo = &model.requests()[0].body["tools"][0];
    assert_eq!(echo["strict"], true);
    assert_eq!(echo["parameters"]["additionalProperties"], false);
}

#[tokio::test]
async fn what_the_model_got_wrong_does_not_reach_the_server() {
    let server = process(&["stdio"]).build();
    let told = result_of(&server, "echo", nothing()).await;
    assert_eq!(told, "Invalid arguments for tool echo: text: missing field");
    let told = result_of(&server, "echo", json!([])).await;
    assert_eq!(
        told,
        "Invalid arguments for tool echo: expected a JSON object"
    );
}

#[tokio::test]
async fn a_refusal_is_told_to_the_model() {
    let refused = process(&["stdio"]).build();
    assert_eq!(
        result_of(&refused, "refuse", nothing()).await,
        "No tool is named refuse."
    );

    let worded = process(&["stdio"])
        .failure_message(|error| format!("Sorry: {}", error.model_message()))
        .build();
    let told = result_of(&worded, "refuse", nothing()).await;
    assert_eq!(told, "Sorry: No tool is named refuse.");

    let fatal = process(&["stdio"]).ends_run(true).build();
    let error = failure(&fatal, [call("refuse", nothing())]).await;
    assert_eq!(error.kind(), RunErrorKind::Tool);
    assert_eq!(
        whole(&error),
        "the tool refuse ended the run: the MCP server test refused `tools/call` (code -32602)"
    );
}

#[tokio::test]
async fn a_changed_list_is_there_for_the_next_call_of_the_model() {
    let server = process(&["stdio"]).build();
    let model = model([call("grow", nothing()), Script::text("Done.")]).await;
    within(Runner::run(&agent(&model, &server), "Go", ()))
        .await
        .unwrap();
    assert!(!offered(&model, 0).contains(&"extra".to_owned()));
    assert!(offered(&model, 1).contains(&"extra".to_owned()));
    assert_eq!(status(&server).await["lists"], 2);
}

#[tokio::test]
async fn the_list_is_kept_unless_it_is_not_to_be() {
    let kept = process(&["stdio"]).build();
    names(&kept).await;
    names(&kept).await;
    assert_eq!(status(&kept).await["lists"], 1);
    kept.invalidate_tools_cache();
    names(&kept).await;
    names(&kept).await;
    assert_eq!(status(&kept).await["lists"], 2);

    let asked = process(&["stdio"]).cache_tools_list(false).build();
    names(&asked).await;
    names(&asked).await;
    assert_eq!(status(&asked).await["lists"], 2);
}

#[tokio::test]
async fn names_are_filtered() {
    let allowed = process(&["stdio"])
        .allowed_tool_names(["die", "echo", "none"])
        .build();
    assert_eq!(names(&allowed).await, ["echo", "die"]);
    let blocked = process(&["stdio"])
        .allowed_tool_names(["die", "echo"])
        .blocked_tool_names(["die"])
        .build();
    assert_eq!(names(&blocked).await, ["echo"]);
}

#[tokio::test]
async fn a_function_filters_for_each_run() {
    struct User {
        admin: bool,
    }
    async fn harmless(tool: ToolFilterContext<'_, User>) -> bool {
        assert_eq!(tool.server_name, "test");
        tool.run.admin || tool.tool.name != "die"
    }
    let transport = Stdio::new(program()).arg("stdio");
    let server = McpServer::builder(transport)
        .name("test")
        .allowed_tool_names(["echo", "die"])
        .tool_filter(harmless)
        .build();
    for (admin, count) in [(true, 2), (false, 1)] {
        let user = User { admin };
        let tools = within(server.tools(RunContext::new(&user))).await.unwrap();
        assert_eq!(tools.len(), count);
    }
}

#[tokio::test]
async fn the_server_can_be_in_the_names() {
    let server = process(&["stdio"])
        .name("My server")
        .include_server_in_tool_names(true)
        .build();
    let tool = "mcp_My_server__echo";
    assert_eq!(names(&server).await[0], tool);
    assert_eq!(result_of(&server, tool, json!({"text": "Hi"})).await, "Hi");
}

#[tokio::test]
async fn a_slow_tool_times_out() {
    let server = process(&["stdio"])
        .call_timeout(Duration::from_millis(50))
        .build();
    within(server.connect()).await.unwrap();
    let told = result_of(&server, "slow", nothing()).await;
    assert_eq!(told, "Tool 'slow' timed out after 0.05 seconds.");
}

#[tokio::test]
async fn a_run_that_is_dropped_stops_its_call() {
    let server = process(&["stdio"]).build();
    let model = model([call("slow", nothing())]).await;
    let mut run = Runner::run_streamed(&agent(&model, &server), "Go", ());
    within(async {
        let begun = seen(&server, "slow", 1);
        let running = async { while run.next().await.is_some() {} };
        tokio::select! {
            () = running => panic!("the tool does not answer"),
            () = begun => {}
        }
    })
    .await;
    drop(run);
    seen(&server, "cancelled", 1).await;
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_is_told_of_and_started_again() {
    let server = process(&["stdio"]).build();
    let old = pid(&server).await;
    let model = model([
        call("die", nothing()),
        Script::function_call("echo", json!({"text": "Hi"})).call_id("call_2"),
        Script::text("Done."),
    ])
    .await;
    let result = within(Runner::run(&agent(&model, &server), "Go", ()))
        .await
        .unwrap();
    assert_eq!(result.final_output(), Some("Done."));
    assert_eq!(
        told(&model),
        "The server of this tool was lost before it answered. The call may have had an effect."
    );
    let last = model.requests()[2].body["input"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(last.last().unwrap()["output"], "Hi");
    assert_ne!(pid(&server).await, old);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_ends_the_run() {
    let server = process(&["broken"]).build();
    let model = model([]).await;
    let error = within(Runner::run(&agent(&model, &server), "Go", ()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Callback);
    assert_eq!(
        whole(&error),
        "a tool provider of the agent Assistant failed: the MCP server test ended before it was ready (exit status: 7)"
    );
    assert!(model.requests().is_empty());
}

#[tokio::test]
async fn a_run_can_go_on_without_a_server() {
    let server = process(&["broken"]).required(false).build();
    let model = model([Script::text("Done.")]).await;
    let result = within(Runner::run(&agent(&model, &server), "Go", ()))
        .await
        .unwrap();
    assert_eq!(result.final_output(), Some("Done."));
    assert!(offered(&model, 0).is_empty());
}

#[tokio::test]
async fn an_approval_interrupts_the_run() {
    let server = process(&["stdio"])
        .require_approval(RequireApproval::tools(["echo"]))
        .build();
    let model = model([call("echo", json!({"text": "Hi"})), Script::text("Done.")]).await;
    let agent = agent(&model, &server);
    let result = within(Runner::run(&agent, "Go", ())).await.unwrap();
    let interruptions = result.interruptions();
    assert_eq!(interruptions.len(), 1);
    assert_eq!(model.requests().len(), 1);

    let json = result.into_state().to_json().unwrap();
    let mut state = RunState::from_json(&json).unwrap();
    state.approve("call_1").unwrap();
    let result = within(Runner::resume(&agent, state, ())).await.unwrap();
    assert_eq!(result.final_output(), Some("Done."));
    assert_eq!(told(&model), "Hi");
}

#[tokio::test]
async fn a_decision_about_a_tool_is_not_one_about_that_of_another_server() {
    let over = Arc::new(AtomicBool::new(false));
    let (sets, shows_first, shows_second) = (over.clone(), over.clone(), over);
    let guardrail = ToolOutputGuardrail::new("over", move |_: ToolOutputGuardrailData<'_, ()>| {
        sets.store(true, Ordering::SeqCst);
        Ok(ToolGuardrailFunctionOutput::Allow)
    });
    let first = process(&["stdio"])
        .name("first")
        .require_approval(RequireApproval::Always)
        .tool_filter(move |_: ToolFilterContext<'_, ()>| !shows_first.load(Ordering::SeqCst))
        .tool_output_guardrail(guardrail)
        .build();
    let second = process(&["stdio"])
        .name("second")
        .require_approval(RequireApproval::Always)
        .tool_filter(move |_: ToolFilterContext<'_, ()>| shows_second.load(Ordering::SeqCst))
        .build();
    let again = Script::new().then_item(json!({
        "type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "echo", "arguments": r#"{"text":"Hi"}"#,
    }));
    let model = model([call("echo", json!({"text": "Hi"})), again]).await;
    let agent = agent(&model, &first).tool_provider(second);
    let mut state = within(Runner::run(&agent, "Go", ()))
        .await
        .unwrap()
        .into_state();
    assert_eq!(state.interruptions()[0].server.as_deref(), Some("first"));
    state.approve_always("call_1").unwrap();
    let result = within(Runner::resume(&agent, state, ())).await.unwrap();
    let waiting = result.interruptions();
    assert_eq!(waiting[0].call_id, "call_2");
    assert_eq!(waiting[0].server.as_deref(), Some("second"));
}

#[tokio::test]
async fn a_rejected_call_does_not_reach_the_server() {
    let server = process(&["stdio"])
        .require_approval(RequireApproval::Always)
        .build();
    let model = model([call("die", nothing()), Script::text("Done.")]).await;
    let agent = agent(&model, &server);
    let old = pid(&server).await;
    let mut state = within(Runner::run(&agent, "Go", ()))
        .await
        .unwrap()
        .into_state();
    state.reject("call_1").unwrap();
    let result = within(Runner::resume(&agent, state, ())).await.unwrap();
    assert_eq!(result.final_output(), Some("Done."));
    assert_eq!(told(&model), "Tool execution was not approved.");
    assert_eq!(pid(&server).await, old);
}

#[tokio::test]
async fn who_has_to_approve_is_asked_of_the_rule() {
    async fn needs(server: &McpServer<()>, name: &str, arguments: &str) -> bool {
        let tools = within(server.tools(RunContext::new(&()))).await.unwrap();
        let names = names(server).await;
        let index = names.iter().position(|known| known == name).unwrap();
        let ctx = ToolContext::new(&(), name, "call_1", arguments);
        tools[index]
            .as_function()
            .unwrap()
            .needs_approval(ctx)
            .await
            .unwrap()
    }
    let never = process(&["stdio"]).build();
    assert!(!needs(&never, "echo", "{}").await);
    let all_but = process(&["stdio"])
        .require_approval(RequireApproval::all_but(["echo"]))
        .build();
    assert!(!needs(&all_but, "echo", "{}").await);
    assert!(needs(&all_but, "die", "{}").await);

    async fn long(call: ApprovalContext<'_, ()>) -> bool {
        assert_eq!(call.server_name, "test");
        call.tool.name == "echo" && call.ctx.tool_arguments().len() > 4
    }
    let function = process(&["stdio"]).require_approval_fn(long).build();
    assert!(needs(&function, "echo", r#"{"text":"Hi"}"#).await);
    assert!(!needs(&function, "echo", "{}").await);
    assert!(!needs(&function, "die", r#"{"text":"Hi"}"#).await);
}

#[tokio::test]
async fn guardrails_check_every_tool() {
    let asked = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&asked);
    let guardrail = ToolInputGuardrail::new("quiet", move |ctx: ToolContext<'_, ()>| {
        flag.store(true, Ordering::SeqCst);
        let text = format!("no {}", ctx.tool_name());
        Ok(ToolGuardrailFunctionOutput::reject_content(text))
    });
    let server = process(&["stdio"]).tool_input_guardrail(guardrail).build();
    assert_eq!(result_of(&server, "die", nothing()).await, "no die");
    assert!(asked.load(Ordering::SeqCst));

    let guardrail = ToolOutputGuardrail::new("secret", |data: ToolOutputGuardrailData<'_, ()>| {
        let text = format!("not {}", data.output.to_wire());
        Ok(ToolGuardrailFunctionOutput::reject_content(text))
    });
    let server = process(&["stdio"]).tool_output_guardrail(guardrail).build();
    let told = result_of(&server, "echo", json!({"text": "Hi"})).await;
    assert_eq!(told, "not \"Hi\"");
}

#[tokio::test]
async fn two_runs_share_one_server() {
    let server = process(&["stdio"]).build();
    let first = model([call("slow", nothing())]).await;
    let second = model([call("echo", json!({"text": "Hi"})), Script::text("Done.")]).await;
    let patient = agent(&first, &server);
    let slow = Runner::run(&patient, "Go", ()).into_future();
    let quick = async {
        seen(&server, "slow", 1).await;
        let result = Runner::run(&agent(&second, &server), "Go", ())
            .await
            .unwrap();
        assert_eq!(result.final_output(), Some("Done."));
        assert_eq!(told(&second), "Hi");
    };
    within(async {
        tokio::select! {
            _ = slow => panic!("the tool does not answer"),
            () = quick => {}
        }
    })
    .await;
    seen(&server, "cancelled", 1).await;
    assert_eq!(status(&server).await["lists"], 1);
}

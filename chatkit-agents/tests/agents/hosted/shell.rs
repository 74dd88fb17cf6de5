//! Shells.

use super::*;

fn call(action: Value) -> Value {
    json!({"type": "shell_call", "id": "sh_1", "call_id": "call_1", "action": action, "status": "completed"})
}

#[tokio::test]
async fn commands_are_run() {
    let action = json!({"commands": ["hello", "nope", "sleep"], "timeout_ms": 1000});
    assert_eq!(
        answered(ShellTool::new(Sandbox), call(action)).await,
        json!({
            "type": "shell_call_output",
            "call_id": "call_1",
            "output": [
                {"stdout": "Grüße\n", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}},
                {"stdout": "", "stderr": "not found\n", "outcome": {"type": "exit", "exit_code": 127}},
                {"stdout": "", "stderr": "zzz", "outcome": {"type": "timeout"}},
            ],
        })
    );
}

#[tokio::test]
async fn the_output_is_as_long_as_the_model_wants() {
    let action = json!({"commands": ["hello", "nope"], "max_output_length": 8});
    let answer = answered(ShellTool::new(Sandbox), call(action)).await;
    assert_eq!(answer["max_output_length"], 8);
    assert_eq!(answer["output"][0]["stdout"], "Grüße\n");
    assert_eq!(answer["output"][1]["stderr"], "no");
    assert_eq!(answer["output"][1]["outcome"]["exit_code"], 127);
}

#[tokio::test]
async fn failures_go_to_the_model() {
    let crash = json!({"commands": ["crash"]});
    for (action, text) in [
        (
            crash,
            "An error occurred while running the tool. Please try again.",
        ),
        (
            json!({}),
            "Invalid arguments for tool shell_call: action.commands: missing field",
        ),
    ] {
        let answer = answered(ShellTool::new(Sandbox), call(action)).await;
        let output =
            json!([{"stdout": "", "stderr": text, "outcome": {"type": "exit", "exit_code": 1}}]);
        assert_eq!(answer["output"], output);
    }
}

/// Its calls are the provider's: nothing runs here.
#[tokio::test]
async fn a_container_of_the_provider_is_left_alone() {
    let server = server([Script::new()
        .then_item(call(json!({"commands": ["hello"]})))
        .then_item(json!({"type": "shell_call_output", "call_id": "call_1", "output": []}))
        .then_text("Done")])
    .await;
    let agent = agent::<()>(&server).tool(ContainerShellTool::auto());
    let result = Runner::run(&agent, "Go", ()).await.unwrap();
    assert_eq!(result.final_output(), Some("Done"));
    assert_eq!(result.new_items().len(), 3);
}

#[tokio::test]
async fn a_person_may_have_to_approve_commands() {
    let shell = || {
        ShellTool::new(Sandbox).needs_approval(async |ctx: ToolContext<'_, ()>| {
            ShellTool::action(ctx)
                .map_or(true, |action| action.commands.contains(&"hello".to_owned()))
        })
    };
    let server = server([
        Script::new().then_item(call(json!({"commands": ["hello"]}))),
        Script::text("Done"),
    ])
    .await;
    let agent = agent(&server).tool(shell());
    let result = Runner::run(&agent, "Go", ()).await.unwrap();
    let waiting = result.interruptions();
    assert_eq!(waiting[0].tool_name, "shell_call");
    assert_eq!(server.requests().len(), 1);
    let mut state = result.into_state();
    state.reject_with("call_1", "Not today.").unwrap();
    Runner::resume(&agent, state, ()).await.unwrap();
    let output = &bodies(&server)[1]["input"][2]["output"][0];
    assert_eq!(output["stderr"], "Not today.");

    let answer = answered(shell(), call(json!({"commands": ["nope"]}))).await;
    assert_eq!(answer["output"][0]["outcome"]["exit_code"], 127);
}

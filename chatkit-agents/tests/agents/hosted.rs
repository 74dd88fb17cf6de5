//! The tools of the model's provider, and those of its own kinds that this program carries out.

// So that `json!` can stand in a call as it is.
#![allow(clippy::needless_pass_by_value)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chatkit_agents::function_tool;
use chatkit_agents::tool::{
    ApplyPatchEditor, ApplyPatchTool, CodeInterpreterTool, Computer, ComputerAction,
    ComputerSafetyCheckData, ComputerTool, ContainerShellTool, CustomTool, FileSearchTool,
    HostedMcpTool, HostedTool, ImageGenerationTool, McpApproval, McpApprovalRequest,
    ProgrammaticToolCallingTool, ShellActionRequest, ShellCommandOutput, ShellExecutor,
    ShellResult, ShellTool, Tool, ToolCaller, ToolContext, ToolError, ToolNamespace,
    ToolOutputImage, ToolSearchTool, WebSearchTool, apply_diff, create_file_text,
};
use chatkit_agents::{
    RunErrorKind, RunItemEventName, RunItemKind, Runner, StreamEvent, ToolUseBehavior,
};

use super::*;

/// Finds a customer.
#[function_tool(defer_loading)]
async fn get_customer(id: i64) -> String {
    format!("customer {id}")
}

/// Finds orders.
#[function_tool(allowed_callers = ["direct", "programmatic"])]
async fn list_orders(customer: i64) -> String {
    format!("orders of {customer}")
}

/// Knows two commands.
struct Sandbox;

impl<C: Send + Sync> ShellExecutor<C> for Sandbox {
    async fn execute(
        &self,
        _: ToolContext<'_, C>,
        action: ShellActionRequest,
    ) -> Result<ShellResult, ToolError> {
        let mut outputs = Vec::new();
        for command in &action.commands {
            outputs.push(match command.as_str() {
                "hello" => ShellCommandOutput::exit(0, "Grüße\n", ""),
                "sleep" => ShellCommandOutput::timeout("", "zzz"),
                "crash" => return Err(ToolError::new("password=hunter2")),
                _ => ShellCommandOutput::exit(127, "", "not found\n"),
            });
        }
        Ok(ShellResult::new(outputs))
    }
}

/// Files in memory.
#[derive(Clone, Default)]
struct Files(Arc<Mutex<HashMap<String, String>>>);

impl Files {
    fn text(&self, path: &str) -> Option<String> {
        self.0.lock().unwrap().get(path).cloned()
    }
}

impl<C: Send + Sync> ApplyPatchEditor<C> for Files {
    async fn create_file(
        &self,
        _: ToolContext<'_, C>,
        path: &str,
        diff: &str,
    ) -> Result<String, ToolError> {
        let text = create_file_text(diff)?;
        self.0.lock().unwrap().insert(path.to_owned(), text);
        Ok(format!("Created {path}."))
    }

    async fn update_file(
        &self,
        _: ToolContext<'_, C>,
        path: &str,
        diff: &str,
        move_to: Option<&str>,
    ) -> Result<String, ToolError> {
        let text = self
            .text(path)
            .ok_or(ToolError::msg("There is no such file."))?;
        let text = apply_diff(&text, diff)?;
        let mut files = self.0.lock().unwrap();
        files.remove(path);
        files.insert(move_to.unwrap_or(path).to_owned(), text);
        Ok(String::new())
    }

    async fn delete_file(&self, _: ToolContext<'_, C>, path: &str) -> Result<String, ToolError> {
        self.0.lock().unwrap().remove(path);
        Ok(format!("Removed {path}."))
    }
}

/// Writes down what it is told to do.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<ComputerAction>>>);

impl<C: Send + Sync> Computer<C> for Screen {
    async fn act(&self, _: ToolContext<'_, C>, action: ComputerAction) -> Result<(), ToolError> {
        if matches!(action, ComputerAction::Wait) {
            return Err(ToolError::msg("the machine is gone"));
        }
        self.0.lock().unwrap().push(action);
        Ok(())
    }

    async fn screenshot(&self, _: ToolContext<'_, C>) -> Result<Vec<u8>, ToolError> {
        Ok(b"png".to_vec())
    }
}

async fn sql(ctx: ToolContext<'_, ()>) -> Result<String, ToolError> {
    match ctx.tool_arguments() {
        "SELECT 1" => Ok("1".to_owned()),
        "DROP" => Err(ToolError::new("password=hunter2")),
        other => Err(ToolError::msg(format!("Not known: {other}"))),
    }
}

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/hosted_tools.json")).unwrap()
}

/// The request of an agent with these tools.
async fn request(tools: impl IntoIterator<Item = Tool<()>>) -> Value {
    let server = server([Script::text("Done")]).await;
    let agent = tools.into_iter().fold(agent(&server), Agent::tool);
    Runner::run(&agent, "Go", ()).await.unwrap();
    bodies(&server).remove(0)
}

/// The golden file is what `openai-agents` 0.24 sends for the same tools, less the titles of schemas.
#[tokio::test]
async fn the_tools_of_the_provider_are_described_as_in_python() {
    let tools: Vec<(&str, Tool<()>)> = vec![
        ("web_search", WebSearchTool::new().into()),
        (
            "web_search_all",
            WebSearchTool::new()
                .user_location("Berlin", "DE")
                .allowed_domains(["rust-lang.org"])
                .search_context_size("high")
                .external_web_access(false)
                .images()
                .image_settings(3, true)
                .into(),
        ),
        ("file_search", FileSearchTool::new(["vs_1"]).into()),
        (
            "file_search_all",
            FileSearchTool::new(["vs_1", "vs_2"])
                .max_num_results(3)
                .include_search_results()
                .ranking_options(json!({"ranker": "auto", "score_threshold": 0.5}))
                .filters(json!({"type": "eq", "key": "language", "value": "en"}))
                .into(),
        ),
        (
            "code_interpreter",
            CodeInterpreterTool::auto()
                .file_ids(["file_1"])
                .memory_limit("4g")
                .into(),
        ),
        (
            "image_generation",
            ImageGenerationTool::new()
                .size("1024x1536")
                .quality("high")
                .partial_images(2)
                .into(),
        ),
        (
            "mcp",
            HostedMcpTool::url("wiki", "https://wiki.example/mcp")
                .allowed_tools(["read_page"])
                .require_approval("always")
                .into(),
        ),
        ("computer", ComputerTool::new(Screen::default()).into()),
        ("shell", ShellTool::new(Sandbox).into()),
        (
            "shell_container",
            ContainerShellTool::auto()
                .network_policy(json!({"type": "disabled"}))
                .into(),
        ),
        (
            "shell_reference",
            ContainerShellTool::container("cntr_1").into(),
        ),
        ("apply_patch", ApplyPatchTool::new(Files::default()).into()),
        (
            "custom",
            CustomTool::new("sql", "Runs an SQL query.", sql).into(),
        ),
        (
            "custom_grammar",
            CustomTool::new("sql", "Runs an SQL query.", sql)
                .regex("SELECT .*")
                .allowed_callers([ToolCaller::Direct])
                .into(),
        ),
        ("programmatic", ProgrammaticToolCallingTool::new().into()),
    ];
    let golden = golden();
    for (name, tool) in tools {
        let mut tools = vec![tool];
        if name == "programmatic" {
            tools.push(list_orders.into());
        }
        let body = request(tools).await;
        assert_eq!(body["tools"][0], golden[name]["tool"], "{name}");
        let include = body.get("include").cloned().unwrap_or_else(|| json!([]));
        assert_eq!(include, golden[name]["include"], "{name}");
    }
}

#[tokio::test]
async fn namespaces_and_deferred_tools_are_described_as_in_python() {
    let crm = ToolNamespace::new("crm", "Customers and their orders.");
    let search = || ToolSearchTool::new().into();
    let body = request([search(), crm.tool(get_customer), crm.tool(list_orders)]).await;
    assert_eq!(body["tools"], golden()["namespace"]["tools"]);
    let search = ToolSearchTool::new().description("Finds tools.");
    let body = request([search.into(), get_customer.into()]).await;
    assert_eq!(body["tools"], golden()["deferred"]["tools"]);
}

#[tokio::test]
async fn what_is_newer_than_the_builders_is_sent_as_it_is() {
    let newer = HostedTool::from(WebSearchTool::new()).option("budget", 5);
    let body = request([
        newer.into(),
        Tool::hosted(json!({"type": "video_search", "fps": 2})),
    ])
    .await;
    assert_eq!(body["tools"][0]["budget"], 5);
    assert_eq!(body["tools"][1], json!({"type": "video_search", "fps": 2}));
}

#[tokio::test]
async fn tools_that_need_one_another_are_checked_before_the_model_is_called() {
    let crm = |description: &str| ToolNamespace::new("crm", description);
    let only_programs = |name: &str| says(name, "ok").allowed_callers([ToolCaller::Programmatic]);
    let cases: Vec<(Vec<Tool<()>>, &str)> = vec![
        (vec![get_customer.into()], "get_customer has defer_loading"),
        (
            vec![
                HostedMcpTool::url("wiki", "https://x.test")
                    .defer_loading(true)
                    .into(),
            ],
            "wiki has defer_loading",
        ),
        (
            vec![ToolSearchTool::new().into(), list_orders.into()],
            "finds nothing",
        ),
        (
            vec![
                ToolSearchTool::new().into(),
                ToolSearchTool::new().into(),
                get_customer.into(),
            ],
            "at most one",
        ),
        (vec![only_programs("a").into()], "a is for programs only"),
        (
            vec![
                ProgrammaticToolCallingTool::new().into(),
                says("a", "ok").into(),
            ],
            "no tool to call",
        ),
        (
            vec![
                crm("One.").tool(says::<()>("a", "ok")),
                crm("Two.").tool(says::<()>("b", "ok")),
            ],
            "crm has two descriptions",
        ),
        (
            vec![ToolNamespace::new("", "Nothing.").tool(says::<()>("a", "ok"))],
            "without a name or a description",
        ),
    ];
    for (tools, problem) in cases {
        let server = server([]).await;
        let agent = tools.into_iter().fold(agent(&server), Agent::tool);
        let error = Runner::run(&agent, "Go", ()).await.unwrap_err();
        assert_eq!(error.kind(), RunErrorKind::Config);
        assert!(error.to_string().contains(problem), "{error}");
        assert!(server.requests().is_empty());
    }
}

/// Runs an agent whose model calls the tool once: the answer that goes back to the model behind the call.
async fn answered(tool: impl Into<Tool<()>>, call: Value) -> Value {
    let server = server([Script::new().then_item(call.clone()), Script::text("Done")]).await;
    let agent = agent(&server).tool(tool);
    let mut run = Runner::run_streamed(&agent, "Go", ());
    let (events, error) = drain(&mut run).await;
    assert!(error.is_none(), "{error:?}");
    let names: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            StreamEvent::RunItem(event) => Some(event.event_name()),
            _ => None,
        })
        .collect();
    let expected = match call["type"].as_str() {
        Some("mcp_approval_request") => [
            RunItemEventName::McpApprovalRequested,
            RunItemEventName::McpApprovalResponse,
        ],
        _ => [RunItemEventName::ToolCalled, RunItemEventName::ToolOutput],
    };
    assert_eq!(names[..2], expected);
    let body = bodies(&server).remove(1);
    let input = body["input"].as_array().unwrap();
    assert_eq!(input.len(), 3);
    assert_eq!(input[1], call, "the call goes back as it came");
    input[2].clone()
}

/// What ends the run of an agent whose model calls the tool once.
async fn ended(tool: impl Into<Tool<()>>, call: Value) -> chatkit_agents::RunError {
    let server = server([Script::new().then_item(call)]).await;
    let error = Runner::run(&agent(&server).tool(tool), "Go", ())
        .await
        .unwrap_err();
    assert_eq!(server.requests().len(), 1);
    error
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` gives values")]
mod shell {
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
            let output = json!([{"stdout": "", "stderr": text, "outcome": {"type": "exit", "exit_code": 1}}]);
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
        state.reject("call_1", "Not today.".to_owned()).unwrap();
        Runner::resume(&agent, state, ()).await.unwrap();
        let output = &bodies(&server)[1]["input"][2]["output"][0];
        assert_eq!(output["stderr"], "Not today.");

        let answer = answered(shell(), call(json!({"commands": ["nope"]}))).await;
        assert_eq!(answer["output"][0]["outcome"]["exit_code"], 127);
    }
}

mod apply_patch {
    use super::*;

    fn call(operation: Value) -> Value {
        json!({"type": "apply_patch_call", "id": "ap_1", "call_id": "call_1", "operation": operation, "status": "completed"})
    }

    fn answer(status: &str, output: &str) -> Value {
        let mut answer =
            json!({"type": "apply_patch_call_output", "call_id": "call_1", "status": status});
        if !output.is_empty() {
            answer["output"] = output.into();
        }
        answer
    }

    #[tokio::test]
    async fn files_are_created_changed_moved_and_removed() {
        let files = Files::default();
        let run =
            async |operation| answered(ApplyPatchTool::new(files.clone()), call(operation)).await;
        let create = json!({"type": "create_file", "path": "a.txt", "diff": "+one\n+two"});
        assert_eq!(run(create).await, answer("completed", "Created a.txt."));
        assert_eq!(files.text("a.txt").unwrap(), "one\ntwo");

        let update = json!({"type": "update_file", "path": "a.txt", "diff": "-one\n+1\n two"});
        assert_eq!(run(update).await, answer("completed", ""));
        assert_eq!(files.text("a.txt").unwrap(), "1\ntwo");

        let moved = json!({
            "type": "update_file", "path": "a.txt", "diff": "-two\n+2", "move_to": "b.txt",
        });
        run(moved).await;
        assert_eq!(files.text("a.txt"), None);
        assert_eq!(files.text("b.txt").unwrap(), "1\n2");

        let delete = json!({"type": "delete_file", "path": "b.txt"});
        assert_eq!(run(delete).await, answer("completed", "Removed b.txt."));
        assert_eq!(files.text("b.txt"), None);
    }

    #[tokio::test]
    async fn what_does_not_fit_goes_to_the_model() {
        for (operation, text) in [
            (
                json!({"type": "update_file", "path": "a", "diff": "-x"}),
                "There is no such file.",
            ),
            (
                json!({"type": "create_file", "path": "a", "diff": "x"}),
                "The diff cannot be applied: a line of a new file begins with `+`, not so:\nx",
            ),
            (
                json!({"type": "delete_file", "path": ""}),
                "Invalid arguments for tool apply_patch_call: operation.path: it is empty",
            ),
        ] {
            let got = answered(ApplyPatchTool::new(Files::default()), call(operation)).await;
            assert_eq!(got, answer("failed", text));
        }
        let unknown = call(json!({"type": "rename_file", "path": "a"}));
        let got = answered(ApplyPatchTool::new(Files::default()), unknown).await;
        assert_eq!(got["status"], "failed");
    }
}

mod computer {
    use super::*;

    fn call(actions: Value, checks: Value) -> Value {
        json!({
            "type": "computer_call", "id": "cu_1", "call_id": "call_1", "actions": actions,
            "pending_safety_checks": checks, "status": "completed",
        })
    }

    /// `png` in base64.
    const SCREENSHOT: &str = "data:image/png;base64,cG5n";

    #[tokio::test]
    async fn actions_are_done_and_a_screenshot_is_the_answer() {
        let screen = Screen::default();
        let actions = json!([
            {"type": "click", "x": 1, "y": 2, "button": "left", "keys": null},
            {"type": "drag", "path": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]},
            {"type": "scroll", "x": 0, "y": 0, "scroll_x": 0, "scroll_y": 100, "keys": ["SHIFT"]},
            {"type": "type", "text": "hi"},
            {"type": "screenshot"},
        ]);
        let answer = answered(ComputerTool::new(screen.clone()), call(actions, json!([]))).await;
        assert_eq!(
            answer,
            json!({
                "type": "computer_call_output",
                "call_id": "call_1",
                "output": {"type": "computer_screenshot", "image_url": SCREENSHOT},
            })
        );
        let done = screen.0.lock().unwrap();
        assert_eq!(done.len(), 4);
        assert!(
            matches!(&done[0], ComputerAction::Click { x: 1, y: 2, keys, .. } if keys.is_empty())
        );
        assert!(
            matches!(&done[2], ComputerAction::Scroll { scroll_y: 100, keys, .. } if keys == &["SHIFT"])
        );
    }

    #[tokio::test]
    async fn older_models_send_one_action() {
        let screen = Screen::default();
        let call = json!({
            "type": "computer_call", "id": "cu_1", "call_id": "call_1", "status": "completed",
            "action": {"type": "keypress", "keys": ["CTRL", "C"]}, "pending_safety_checks": [],
        });
        answered(ComputerTool::new(screen.clone()), call).await;
        let keys = vec!["CTRL".to_owned(), "C".to_owned()];
        assert_eq!(
            *screen.0.lock().unwrap(),
            [ComputerAction::Keypress { keys }]
        );
    }

    fn check() -> Value {
        json!([{"id": "sc_1", "code": "malicious_instructions", "message": "Look twice."}])
    }

    #[tokio::test]
    async fn a_function_acknowledges_safety_checks() {
        let tool = |answer: bool| {
            ComputerTool::new(Screen::default()).on_safety_check(
                move |data: ComputerSafetyCheckData<'_, ()>| {
                    let known = data.check.code.as_deref() == Some("malicious_instructions");
                    async move { answer && known }
                },
            )
        };
        let wait = json!([{"type": "move", "x": 1, "y": 1}]);
        let answer = answered(tool(true), call(wait.clone(), check())).await;
        assert_eq!(answer["acknowledged_safety_checks"], check());
        let error = ended(tool(false), call(wait, check())).await;
        assert_eq!(error.kind(), RunErrorKind::Tool);
        assert!(
            format!("{error:#}").contains("not acknowledged"),
            "{error:#}"
        );
    }

    #[tokio::test]
    async fn a_person_acknowledges_safety_checks_where_no_function_does() {
        let server = server([
            Script::new().then_item(call(json!([{"type": "screenshot"}]), check())),
            Script::text("Done"),
        ])
        .await;
        let agent = agent::<()>(&server).tool(ComputerTool::new(Screen::default()));
        let result = Runner::run(&agent, "Go", ()).await.unwrap();
        assert_eq!(result.interruptions().len(), 1);
        let mut state = result.into_state();
        state.approve("call_1").unwrap();
        Runner::resume(&agent, state, ()).await.unwrap();
        let answer = &bodies(&server)[1]["input"][2];
        assert_eq!(answer["acknowledged_safety_checks"], check());
    }

    #[tokio::test]
    async fn a_failure_ends_the_run() {
        for action in [json!([{"type": "wait"}]), json!([{"type": "sing"}])] {
            let tool = ComputerTool::new(Screen::default());
            let tool = tool.on_safety_check(async |_: ComputerSafetyCheckData<'_, ()>| true);
            let error = ended(tool, call(action, json!([]))).await;
            assert_eq!(error.kind(), RunErrorKind::Tool);
        }
    }
}

mod custom {
    use super::*;

    fn call(input: &str) -> Value {
        json!({"type": "custom_tool_call", "id": "ct_1", "call_id": "call_1", "name": "sql", "input": input})
    }

    fn tool() -> CustomTool<()> {
        CustomTool::new("sql", "Runs an SQL query.", sql)
    }

    #[tokio::test]
    async fn the_text_arrives_as_it_is() {
        for (input, output) in [
            ("SELECT 1", "1"),
            ("{\"a\":", "Not known: {\"a\":"),
            (
                "DROP",
                "An error occurred while running the tool. Please try again.",
            ),
        ] {
            assert_eq!(
                answered(tool(), call(input)).await,
                json!({"type": "custom_tool_call_output", "call_id": "call_1", "output": output})
            );
        }
    }

    #[tokio::test]
    async fn the_answer_may_be_an_image() {
        let tool = CustomTool::new("sql", "", async |_: ToolContext<'_, ()>| {
            ToolOutputImage::from_url("https://x.test/a.png")
        });
        let answer = answered(tool, call("")).await;
        assert_eq!(answer["output"][0]["type"], "input_image");
    }

    #[tokio::test]
    async fn several_are_told_apart_by_name() {
        let other = CustomTool::new("other", "", async |_: ToolContext<'_, ()>| "other");
        let server = server([
            Script::new().then_item(call("SELECT 1")),
            Script::text("Done"),
        ])
        .await;
        let agent = agent(&server).tool(tool()).tool(other);
        Runner::run(&agent, "Go", ()).await.unwrap();
        assert_eq!(bodies(&server)[1]["input"][2]["output"], "1");
    }

    #[tokio::test]
    async fn one_that_does_not_exist_is_answered_too() {
        let answer = answered(says::<()>("f", "ok"), call("x")).await;
        assert_eq!(
            answer,
            json!({
                "type": "custom_tool_call_output", "call_id": "call_1",
                "output": "Tool 'sql' not found.",
            })
        );
    }
}

mod mcp {
    use super::*;

    fn asks(id: &str, server: &str, name: &str) -> Value {
        json!({
            "type": "mcp_approval_request", "id": id, "server_label": server, "name": name,
            "arguments": "{\"page\":1}",
        })
    }

    async fn decide(request: McpApprovalRequest<'_, ()>) -> McpApproval {
        assert_eq!(request.server_label(), "wiki");
        assert_eq!(request.arguments(), "{\"page\":1}");
        match request.name() {
            "read_page" => McpApproval::approve(),
            "panic" => panic!("a panic on purpose"),
            _ => McpApproval::reject("Only reading is allowed."),
        }
    }

    fn wiki() -> HostedMcpTool<()> {
        HostedMcpTool::url("wiki", "https://wiki.example/mcp")
    }

    #[tokio::test]
    async fn a_function_decides() {
        let answer = |approve: bool| {
            json!({
                "type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": approve,
            })
        };
        let tool = || wiki().on_approval_request(decide);
        let asked = answered(tool(), asks("mcpr_1", "wiki", "read_page")).await;
        assert_eq!(asked, answer(true));
        let asked = answered(tool(), asks("mcpr_1", "wiki", "write_page")).await;
        let mut expected = answer(false);
        expected["reason"] = "Only reading is allowed.".into();
        assert_eq!(asked, expected);
        let asked = answered(tool(), asks("mcpr_1", "wiki", "panic")).await;
        assert_eq!(asked["approve"], false);
    }

    #[tokio::test]
    async fn a_person_decides_where_no_function_does() {
        let raw = || {
            Tool::hosted(
                json!({"type": "mcp", "server_label": "wiki", "server_url": "https://x.test"}),
            )
        };
        for tool in [wiki().into(), raw()] {
            let server = server([
                Script::new().then_item(asks("mcpr_1", "wiki", "write_page")),
                Script::text("Done"),
            ])
            .await;
            let agent = agent(&server).tool(tool);
            let result = Runner::run(&agent, "Go", ()).await.unwrap();
            let waiting = result.interruptions();
            assert_eq!(waiting[0].tool_name, "write_page");
            assert_eq!(waiting[0].namespace.as_deref(), Some("wiki"));
            let mut state = result.into_state();
            state.reject("mcpr_1", "No.".to_owned()).unwrap();
            let json = state.to_json().unwrap();
            let state = chatkit_agents::RunState::from_json(&json).unwrap();
            Runner::resume(&agent, state, ()).await.unwrap();
            assert_eq!(
                bodies(&server)[1]["input"][2],
                json!({
                    "type": "mcp_approval_response", "approval_request_id": "mcpr_1",
                    "approve": false, "reason": "No.",
                })
            );
        }
    }

    /// To approve a tool for good says nothing of a tool with the same name on another server, nor of a function.
    #[tokio::test]
    async fn always_means_the_tool_of_one_server() {
        let server = server([
            Script::new().then_item(asks("mcpr_1", "wiki", "delete")),
            Script::new().then_item(asks("mcpr_2", "wiki", "delete")),
            Script::new()
                .then_item(asks("mcpr_3", "shop", "delete"))
                .then_item(call_item(4, "delete", "{}")),
        ])
        .await;
        let agent = agent(&server)
            .tool(wiki())
            .tool(HostedMcpTool::url("shop", "https://shop.example/mcp"))
            .tool(says("delete", "gone").needs_approval(async |_: ToolContext<'_, ()>| true));
        let mut state = Runner::run(&agent, "Go", ()).await.unwrap().into_state();
        state.approve_always("mcpr_1").unwrap();
        let result = Runner::resume(&agent, state, ()).await.unwrap();
        let waiting: Vec<_> = result
            .interruptions()
            .into_iter()
            .map(|item| item.call_id)
            .collect();
        assert_eq!(waiting, ["mcpr_3", "call_4"]);
        let input = bodies(&server)[2]["input"].clone();
        assert_eq!(input[2]["approve"], true);
        assert_eq!(input[4]["approve"], true);
    }
}

mod namespaces {
    use super::*;

    fn call(number: u32, namespace: Option<&str>, name: &str) -> Value {
        let mut call = call_item(number, name, "{}");
        if let Some(namespace) = namespace {
            call["namespace"] = namespace.into();
        }
        call
    }

    #[tokio::test]
    async fn a_name_is_looked_for_in_its_namespace_only() {
        let server = server([
            Script::new()
                .then_item(call(1, Some("crm"), "find"))
                .then_item(call(2, Some("shop"), "find"))
                .then_item(call(3, None, "find"))
                .then_item(call(4, Some("crm"), "plain")),
            Script::text("Done"),
        ])
        .await;
        let crm = ToolNamespace::new("crm", "Customers.");
        let shop = ToolNamespace::new("shop", "Goods.");
        let named = |name: &str| {
            tool(name, |ctx: OwnedToolContext<()>| async move {
                ctx.tool_namespace().unwrap_or("none").to_owned()
            })
        };
        let agent = agent(&server)
            .tool(crm.tool(named("find")))
            .tool(shop.tool(named("find")))
            .tool(named("plain"));
        Runner::run(&agent, "Go", ()).await.unwrap();
        let outputs: Vec<_> = outputs(&bodies(&server)[1])
            .into_iter()
            .map(|(_, output)| output)
            .collect();
        assert_eq!(
            outputs,
            [
                "crm",
                "shop",
                "Tool 'find' not found.",
                "Tool 'plain' not found."
            ]
        );
    }

    #[tokio::test]
    async fn a_run_stops_at_a_name_with_or_without_its_namespace() {
        for (name, stops) in [("crm.find", true), ("find", true), ("shop.find", false)] {
            let server = server([
                Script::new().then_item(call(1, Some("crm"), "find")),
                Script::text("Done"),
            ])
            .await;
            let crm = ToolNamespace::new("crm", "Customers.");
            let agent = agent(&server)
                .tool(crm.tool(says::<()>("find", "found")))
                .tool_use_behavior(ToolUseBehavior::stop_at_tools([name]));
            let result = Runner::run(&agent, "Go", ()).await.unwrap();
            assert_eq!(result.final_output() == Some("found"), stops, "{name}");
        }
    }
}

/// A program of the model calls a function: the result names the program, as the call does.
#[tokio::test]
async fn the_results_for_programs_name_the_program() {
    let caller = json!({"type": "program", "caller_id": "prog_1"});
    let mut function = call_item(1, "list_orders", r#"{"customer":7}"#);
    function["caller"] = caller.clone();
    let shell = json!({
        "type": "shell_call", "id": "sh_2", "call_id": "call_2", "status": "completed",
        "action": {"commands": ["hello"]}, "caller": caller,
    });
    let server = server([
        Script::new()
            .then_item(json!({"type": "program", "id": "prog_1", "code": "…"}))
            .then_item(function.clone())
            .then_item(shell),
        Script::text("Done"),
    ])
    .await;
    let agent = agent::<()>(&server)
        .tool(ProgrammaticToolCallingTool::new())
        .tool(list_orders)
        .tool(ShellTool::new(Sandbox).allowed_callers([ToolCaller::Programmatic]));
    let result = Runner::run(&agent, "Go", ()).await.unwrap();
    let input = bodies(&server)[1]["input"].clone();
    assert_eq!(input[2], function);
    assert_eq!(
        input[4],
        json!({
            "type": "function_call_output", "call_id": "call_1", "output": "orders of 7",
            "caller": caller,
        })
    );
    assert_eq!(input[5]["caller"], caller);

    // A state that was stored keeps it.
    let json = result.into_state().to_json().unwrap();
    let state = chatkit_agents::RunState::from_json(&json).unwrap();
    assert_eq!(state.to_json().unwrap(), json);
}

/// Calls of hosted tools are items, and nothing is done here.
#[tokio::test]
async fn what_the_provider_has_run_is_kept() {
    let items = [
        json!({"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "x"}}),
        json!({"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["x"], "results": null}),
        json!({"type": "code_interpreter_call", "id": "ci_1", "status": "completed", "code": "1", "container_id": "c", "outputs": []}),
        json!({"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "wiki", "tools": []}),
        json!({"type": "mcp_call", "id": "mcp_1", "server_label": "wiki", "name": "read", "arguments": "{}", "output": "x"}),
        json!({"type": "tool_search_call", "id": "ts_1", "call_id": null, "execution": "server", "arguments": {}, "status": "completed"}),
        json!({"type": "tool_search_output", "id": "tso_1", "call_id": null, "execution": "server", "tools": [], "status": "completed"}),
    ];
    let script = items.iter().cloned().fold(Script::new(), Script::then_item);
    // No message: the model goes on.
    let server = server([script, Script::text("Done")]).await;
    let result = Runner::run(&agent::<()>(&server), "Go", ()).await.unwrap();
    assert_eq!(result.final_output(), Some("Done"));
    let sent = bodies(&server)[1]["input"].as_array().unwrap()[1..].to_vec();
    assert_eq!(sent, items);
    let kinds: Vec<_> = result.new_items()[..7]
        .iter()
        .map(|item| std::mem::discriminant(&item.kind))
        .collect();
    assert!(matches!(
        result.new_items()[3].kind,
        RunItemKind::McpListTools(_)
    ));
    assert!(matches!(
        result.new_items()[5].kind,
        RunItemKind::ToolSearchCall(_)
    ));
    assert!(matches!(
        result.new_items()[6].kind,
        RunItemKind::ToolSearchOutput(_)
    ));
    assert!(kinds[..3].iter().all(|kind| *kind == kinds[4]));
}

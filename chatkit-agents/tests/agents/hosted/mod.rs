//! The tools of the model's provider, and those of its own kinds that this program carries out.

#![allow(
    clippy::needless_pass_by_value,
    reason = "so that `json!` can stand in a call as it is"
)]

mod apply_patch;
mod computer;
mod custom;
mod mcp;
mod namespaces;
mod shell;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chatkit_agents::function_tool;
use chatkit_agents::tool::{
    ApplyPatchEditor, ApplyPatchTool, CodeInterpreterTool, Computer, ComputerAction,
    ComputerSafetyCheckData, ComputerTool, ContainerMemory, ContainerShellTool, CustomTool,
    FileSearchTool, HostedMcpTool, HostedTool, ImageAction, ImageBackground, ImageFormat,
    ImageGenerationTool, ImageInputFidelity, ImageModeration, ImageQuality, McpApproval,
    McpApprovalRequest, ProgrammaticToolCallingTool, SearchContextSize, ShellActionRequest,
    ShellCommandOutput, ShellExecutor, ShellResult, ShellTool, Tool, ToolCaller, ToolContext,
    ToolError, ToolNamespace, ToolOutputImage, ToolSearchTool, WebSearchTool, apply_diff,
    create_file_text,
};
use chatkit_agents::{
    RunContext, RunErrorKind, RunItemEventName, RunItemKind, Runner, StreamEvent, ToolUseBehavior,
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
            .ok_or(ToolError::for_model("There is no such file."))?;
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
            return Err(ToolError::for_model("the machine is gone"));
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
        other => Err(ToolError::for_model(format!("Not known: {other}"))),
    }
}

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/hosted_tools.json")).unwrap()
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
                .search_context_size(SearchContextSize::High)
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
                .memory_limit(ContainerMemory::Gb4)
                .into(),
        ),
        (
            "image_generation",
            ImageGenerationTool::new()
                .size("1024x1536")
                .quality(ImageQuality::High)
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
    let tried = tools.iter().map(|(name, _)| *name);
    let tried: Vec<_> = tried.chain(["namespace", "deferred"]).collect();
    let known: Vec<_> = golden.as_object().unwrap().keys().collect();
    assert_eq!(tried, known);
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
async fn the_rest_of_the_options_are_sent_too() {
    let web = WebSearchTool::new()
        .user_region("California")
        .user_timezone("America/Los_Angeles");
    let code = CodeInterpreterTool::auto().include_outputs();
    let image = ImageGenerationTool::new()
        .action(ImageAction::Edit)
        .background(ImageBackground::Opaque)
        .input_fidelity(ImageInputFidelity::High)
        .moderation(ImageModeration::Low)
        .output_format(ImageFormat::Webp);
    let body = request([web.into(), code.into(), image.into()]).await;
    assert_eq!(
        body["tools"][0]["user_location"],
        json!({"type": "approximate", "region": "California", "timezone": "America/Los_Angeles"})
    );
    assert_eq!(body["include"], json!(["code_interpreter_call.outputs"]));
    assert_eq!(
        body["tools"][2],
        json!({
            "type": "image_generation",
            "action": "edit",
            "background": "opaque",
            "input_fidelity": "high",
            "moderation": "low",
            "output_format": "webp",
        })
    );
}

#[tokio::test]
async fn a_tool_that_is_not_enabled_is_not_sent() {
    fn never(_: RunContext<'_, ()>) -> bool {
        false
    }
    let body = request([
        ShellTool::new(Sandbox).is_enabled(never).into(),
        ApplyPatchTool::new(Files::default())
            .is_enabled(never)
            .into(),
        CustomTool::new("sql", "Runs an SQL query.", sql)
            .is_enabled(never)
            .into(),
        says("hello", "Hi").into(),
    ])
    .await;
    assert_eq!(body["tools"].as_array().unwrap().len(), 1);
    assert_eq!(body["tools"][0]["name"], "hello");
}

#[tokio::test]
async fn what_is_newer_than_the_builders_is_sent_as_it_is() {
    let web = WebSearchTool::new().search_context_size("endless");
    let newer = HostedTool::from(web).option("budget", 5);
    let body = request([
        newer.into(),
        Tool::hosted(json!({"type": "video_search", "fps": 2})),
    ])
    .await;
    assert_eq!(body["tools"][0]["budget"], 5);
    assert_eq!(body["tools"][0]["search_context_size"], "endless");
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

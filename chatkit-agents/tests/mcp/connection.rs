//! A server as a process: its beginning, its end, and what it is asked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chatkit_agents::mcp::{McpErrorKind, McpServer, Stdio};
use serde_json::Map;

use super::*;

#[tokio::test]
async fn tools_are_listed_and_called() {
    let server = process(&["stdio"]).build();
    let tools = within(server.list_tools()).await.unwrap();
    assert_eq!(tools[0].name, "echo");
    assert_eq!(tools[0].description.as_deref(), Some("Does echo."));
    assert_eq!(ask(&server, "echo", "Hi").await, "Hi");
}

#[tokio::test]
async fn prompts_and_resources_pass_through() {
    let server = process(&["stdio"]).build();
    let prompts = within(server.list_prompts()).await.unwrap();
    assert_eq!(prompts[0].name, "greet");
    let mut arguments = Map::new();
    arguments.insert("name".to_owned(), "Ada".into());
    let prompt = within(server.get_prompt("greet", arguments)).await.unwrap();
    let prompt = serde_json::to_value(prompt).unwrap();
    assert_eq!(prompt["messages"][0]["content"]["text"], "Greet Ada.");

    let resources = within(server.list_resources()).await.unwrap();
    assert_eq!(resources[0].uri, "test:readme");
    let templates = within(server.list_resource_templates()).await.unwrap();
    assert_eq!(templates[0].uri_template, "test:{name}");
    let read = within(server.read_resource("test:readme")).await.unwrap();
    let read = serde_json::to_value(read).unwrap();
    assert_eq!(read["contents"][0]["text"], "Read me.");
}

#[tokio::test]
async fn the_process_gets_what_it_is_given_and_no_keys() {
    let needed = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];
    let (secret, _) = std::env::vars()
        .find(|(name, _)| !needed.contains(&name.as_str()))
        .unwrap();
    let directory = std::fs::canonicalize(std::env::temp_dir()).unwrap();
    let transport = Stdio::new(program())
        .arg("stdio")
        .env("MCP_TEST", "given")
        .cwd(&directory);
    let server = McpServer::builder(transport).build();
    assert_eq!(server.name(), "mcp-test-server");
    assert_eq!(ask(&server, "env", "MCP_TEST").await, "given");
    assert_eq!(ask(&server, "env", &secret).await, "unset");
    assert_eq!(
        ask(&server, "env", "PATH").await,
        std::env::var("PATH").unwrap()
    );
    assert_eq!(ask(&server, "where", "").await, directory.to_string_lossy());
}

#[tokio::test]
async fn a_command_that_does_not_exist_is_named() {
    let server: McpServer<()> = McpServer::builder(Stdio::new("no-such-command-1"))
        .name("files")
        .build();
    let error = within(server.connect()).await.unwrap_err();
    assert_eq!(error.kind(), McpErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "the command `no-such-command-1` of the MCP server files cannot be started"
    );
    assert!(format!("{error:#}").contains("os error"), "{error:#}");
}

#[tokio::test]
async fn a_process_that_ends_at_once_is_tried_again_and_its_status_is_told() {
    let server = process(&["broken"])
        .connect_retries(2)
        .connect_backoff(Duration::from_millis(1))
        .build();
    let error = within(server.connect()).await.unwrap_err();
    assert_eq!(error.kind(), McpErrorKind::Connect);
    assert_eq!(
        error.to_string(),
        "the MCP server test ended before it was ready (exit status: 7)"
    );
}

#[tokio::test]
async fn a_process_that_does_not_answer_is_given_up() {
    let server = process(&["mute"])
        .connect_timeout(Duration::from_millis(50))
        .build();
    let error = within(server.connect()).await.unwrap_err();
    assert_eq!(error.kind(), McpErrorKind::Connect);
    assert_eq!(
        error.to_string(),
        "the MCP server test was not ready after 0.05 seconds"
    );
}

#[tokio::test]
async fn pages_are_read_to_the_end_and_not_in_circles() {
    let paged = process(&["stdio", "paged"]).build();
    let whole = process(&["stdio"]).build();
    assert_eq!(names(&paged).await, names(&whole).await);
    assert_eq!(status(&paged).await["lists"], names(&whole).await.len());

    let circle = process(&["stdio", "circle"]).build();
    let error = within(circle.list_tools()).await.unwrap_err();
    assert_eq!(error.kind(), McpErrorKind::Protocol);
    assert_eq!(
        error.to_string(),
        "the MCP server test answered `tools/list` with a list in a circle"
    );
}

#[tokio::test]
async fn a_refusal_keeps_its_text_from_the_log() {
    let server = process(&["stdio"]).build();
    let error = within(server.call_tool("nothing", Map::new()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), McpErrorKind::Refused);
    assert_eq!(
        format!("{error:#}"),
        "the MCP server test refused `tools/call` (code -32602)"
    );
    assert_eq!(
        error.refusal().unwrap().message,
        "No tool is named nothing."
    );
}

#[tokio::test]
async fn the_process_ends_with_the_last_handle() {
    let server = process(&["stdio"]).build();
    let pid = pid(&server).await;
    let clone = server.clone();
    drop(server);
    assert_eq!(ask(&clone, "echo", "still there").await, "still there");
    assert!(is_alive(pid));
    drop(clone);
    gone(pid).await;
}

#[tokio::test]
async fn tools_in_use_keep_the_process() {
    let server = process(&["stdio"]).build();
    let pid = pid(&server).await;
    let tools = within(server.tools(RunContext::new(&()))).await.unwrap();
    drop(server);
    let echo = tools[0].as_function().unwrap();
    let ctx = chatkit_agents::ToolContext::new(&(), "echo", "call_1", r#"{"text":"Hi"}"#);
    let output = within(echo.call(ctx)).await.unwrap();
    assert_eq!(output.to_wire(), "Hi");
    drop(tools);
    gone(pid).await;
}

#[tokio::test]
async fn a_process_that_does_not_end_by_itself_is_killed() {
    let server = process(&["stdio", "stubborn"]).build();
    let pid = pid(&server).await;
    within(server.cleanup()).await;
    assert!(!is_alive(pid));
    drop(server);

    let server = process(&["stdio", "stubborn"]).build();
    let pid = super::pid(&server).await;
    drop(server);
    gone(pid).await;
}

/// A process that writes its id to a file, and never answers.
fn silent(file: &Path) -> McpServerBuilder<()> {
    let script = "echo $$ >> \"$0\"; exec sleep 1000";
    let transport = Stdio::new("sh").args(["-c", script]).arg(file);
    McpServer::builder(transport)
        .name("test")
        .connect_retries(0)
}

/// The ids in a file, of processes that have been started.
fn started(file: &Path) -> Vec<u64> {
    let ids = std::fs::read_to_string(file).unwrap_or_default();
    ids.lines().map(|id| id.parse().unwrap()).collect()
}

/// A file that does not exist yet, and goes with the value.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(name: &str) -> Self {
        let name = format!("chatkit-agents-mcp-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_process_that_is_not_ready_ends_with_the_last_handle() {
    let file = TemporaryFile::new("starting");
    let server = silent(&file.0).build();
    let begun = async {
        while started(&file.0).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    within(async {
        tokio::select! {
            _ = server.connect() => panic!("nothing answers"),
            () = begun => {}
        }
    })
    .await;
    let pid = started(&file.0)[0];
    assert!(is_alive(pid));
    drop(server);
    gone(pid).await;
}

#[tokio::test]
async fn a_server_that_runs_can_do_without_is_not_looked_for_again_at_once() {
    let file = TemporaryFile::new("resting");
    let limit = Duration::from_millis(500);
    let server = silent(&file.0)
        .connect_timeout(limit)
        .required(false)
        .build();
    assert!(names(&server).await.is_empty());
    assert!(names(&server).await.is_empty());
    assert_eq!(started(&file.0).len(), 1);
    // Asked for by name, it is.
    assert!(within(server.connect()).await.is_err());
    assert_eq!(started(&file.0).len(), 2);
}

#[tokio::test]
async fn calls_that_wait_fail_when_the_server_is_cleaned_up() {
    let server = process(&["stdio"]).build();
    let slow = async {
        let error = server.call_tool("slow", Map::new()).await.unwrap_err();
        assert_eq!(error.kind(), McpErrorKind::Disconnected);
    };
    let cleanup = async {
        seen(&server, "slow", 1).await;
        server.cleanup().await;
    };
    within(async { tokio::join!(slow, cleanup) }).await;
}

#[test]
fn the_process_ends_with_the_runtime() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let server = process(&["stdio", "stubborn"]).build();
    let first = runtime();
    let old = first.block_on(pid(&server));
    drop(first);
    let second = runtime();
    second.block_on(gone(old));
    // Another runtime starts another.
    let new = second.block_on(pid(&server));
    assert_ne!(old, new);
}

#[tokio::test]
async fn a_server_that_was_cleaned_up_is_started_again() {
    let server = process(&["stdio"]).build();
    within(server.cleanup()).await;
    let old = pid(&server).await;
    within(server.cleanup()).await;
    assert!(!is_alive(old));
    assert_ne!(pid(&server).await, old);
}

#[tokio::test]
async fn a_server_that_died_is_started_again() {
    let server = process(&["stdio"]).build();
    names(&server).await;
    let old = pid(&server).await;
    kill(old);
    // Whether the death is noticed before or after the question: lists are asked for twice.
    assert!(within(server.list_tools()).await.is_ok());
    let new = pid(&server).await;
    assert_ne!(old, new);
    assert!(!is_alive(old));
    // The list of the old one is not that of the new one.
    names(&server).await;
    assert_eq!(status(&server).await["lists"], 2);
}

#[tokio::test]
async fn a_call_is_not_made_twice_when_the_server_dies() {
    let server = process(&["stdio"]).build();
    let old = pid(&server).await;
    let slow = async {
        let error = server.call_tool("slow", Map::new()).await.unwrap_err();
        assert_eq!(error.kind(), McpErrorKind::Disconnected);
    };
    let killer = async {
        seen(&server, "slow", 1).await;
        kill(old);
    };
    within(async { tokio::join!(slow, killer) }).await;
    assert_eq!(status(&server).await["slow"], 0);
}

#[tokio::test]
async fn a_call_that_takes_too_long_fails() {
    let server = process(&["stdio"])
        .call_timeout(Duration::from_millis(50))
        .build();
    within(server.connect()).await.unwrap();
    let error = within(server.call_tool("slow", Map::new()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), McpErrorKind::Timeout);
    assert_eq!(
        error.to_string(),
        "the MCP server test did not answer `tools/call` within 0.05 seconds"
    );
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_at_the_server() {
    let server = process(&["stdio"]).build();
    {
        let slow = server.call_tool("slow", Map::new());
        let begun = seen(&server, "slow", 1);
        within(async {
            tokio::select! {
                _ = slow => panic!("nothing answers"),
                () = begun => {}
            }
        })
        .await;
    }
    seen(&server, "cancelled", 1).await;
}

#[tokio::test]
async fn many_who_ask_at_once_share_one_process() {
    let server = process(&["stdio"]).build();
    let pids = futures::future::join_all((0..100).map(|_| pid(&server))).await;
    assert!(pids.iter().all(|pid| *pid == pids[0]));
}

#[tokio::test]
async fn many_who_ask_at_once_share_one_failure() {
    let server = process(&["broken"]).build();
    let results = within(futures::future::join_all((0..10).map(|_| server.connect()))).await;
    assert!(results.iter().all(Result::is_err));
}

#[test]
fn without_a_runtime_it_is_an_error() {
    let server = process(&["stdio"]).build();
    let error = futures::executor::block_on(server.connect()).unwrap_err();
    assert_eq!(error.kind(), McpErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "the MCP server test needs a Tokio runtime"
    );
}

#[test]
fn what_is_shown_holds_no_keys() {
    let transport = Stdio::new("x").arg("--key=secret").env("KEY", "secret");
    let builder: McpServerBuilder<()> = McpServer::builder(transport);
    let shown = format!("{builder:?}");
    assert!(!shown.contains("secret"), "{shown}");
}

//! A server at an address.

use std::process::Stdio as Pipe;

use chatkit_agents::mcp::{McpErrorKind, McpServer, McpServerBuilder, StreamableHttp};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::*;

/// Starts a server at a port; 0 is any.
async fn start(port: u16, options: &[&str]) -> (Child, u16) {
    let mut process = Command::new(program())
        .args(["http", &port.to_string()])
        .args(options)
        .stdout(Pipe::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = within(lines.next_line()).await.unwrap().unwrap();
    (process, line.parse().unwrap())
}

fn at(port: u16, path: &str) -> StreamableHttp {
    StreamableHttp::new(format!("http://127.0.0.1:{port}/{path}"))
}

fn server(address: StreamableHttp) -> McpServerBuilder<()> {
    McpServer::builder(address).name("test").connect_retries(0)
}

#[tokio::test]
async fn tools_are_listed_and_called() {
    let (_process, port) = start(0, &["paged"]).await;
    let server = server(at(port, "mcp")).build();
    assert_eq!(names(&server).await[0], "echo");
    assert_eq!(ask(&server, "echo", "Hi").await, "Hi");
}

#[tokio::test]
async fn a_changed_list_is_asked_for_again() {
    let (_process, port) = start(0, &[]).await;
    let server = server(at(port, "mcp")).build();
    assert!(!names(&server).await.contains(&"extra".to_owned()));
    assert_eq!(ask(&server, "grow", "").await, "told: true");
    // The news come on a stream of their own.
    within(async {
        while !names(&server).await.contains(&"extra".to_owned()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_is_sent_and_its_lack_is_told() {
    let (_process, port) = start(0, &["token"]).await;
    let with = server(at(port, "mcp").bearer_auth("secret")).build();
    assert_eq!(ask(&with, "echo", "Hi").await, "Hi");
    let with = server(at(port, "mcp").header("authorization", "Bearer secret")).build();
    assert_eq!(ask(&with, "echo", "Hi").await, "Hi");

    let without = server(at(port, "mcp?key=hidden").bearer_auth("wrong")).build();
    let error = within(without.connect()).await.unwrap_err();
    assert_eq!(error.kind(), McpErrorKind::Connect);
    assert_eq!(
        format!("{error:#}"),
        "the MCP server test cannot be reached: HTTP 401 Unauthorized"
    );
}

#[tokio::test]
async fn a_redirect_is_followed_at_home_only() {
    let (_process, port) = start(0, &[]).await;
    let moved = server(at(port, "moved")).build();
    assert_eq!(ask(&moved, "echo", "Hi").await, "Hi");
    let away = server(at(port, "away")).build();
    let error = within(away.connect()).await.unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "the MCP server test cannot be reached: HTTP 307 Temporary Redirect"
    );
}

#[tokio::test]
async fn an_address_that_nobody_serves_is_told_without_its_query() {
    let (process, port) = start(0, &[]).await;
    drop(process);
    let server = server(at(port, "mcp?key=hidden")).build();
    let error = within(server.connect()).await.unwrap_err();
    assert_eq!(error.kind(), McpErrorKind::Connect);
    let whole = format!("{error:#}");
    assert!(
        whole.starts_with("the MCP server test cannot be reached: "),
        "{whole}"
    );
    assert!(!whole.contains("hidden"), "{whole}");
}

#[tokio::test]
async fn what_cannot_be_an_address_or_a_header_is_named() {
    for (address, message) in [
        (
            StreamableHttp::new("nowhere"),
            "the URL of the MCP server test is not an http or https URL",
        ),
        (
            StreamableHttp::new("http://localhost").bearer_auth("a\nb"),
            "the token of the MCP server test has characters that a header cannot carry",
        ),
        (
            StreamableHttp::new("http://localhost").header("x key", "value"),
            "the header name \"x key\" of the MCP server test is not valid",
        ),
    ] {
        let error = within(server(address).build().connect()).await.unwrap_err();
        assert_eq!(error.kind(), McpErrorKind::Config);
        assert_eq!(error.to_string(), message);
    }
}

#[tokio::test]
async fn a_server_that_was_restarted_is_used_again() {
    let (mut process, port) = start(0, &[]).await;
    let server = server(at(port, "mcp")).build();
    let old = pid(&server).await;
    within(process.kill()).await.unwrap();
    let error = within(server.call_tool("echo", Map::new()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), McpErrorKind::Disconnected);
    let (_process, _) = start(port, &[]).await;
    assert!(within(server.list_tools()).await.is_ok());
    assert_ne!(pid(&server).await, old);
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_at_the_server() {
    let (_process, port) = start(0, &[]).await;
    let server = server(at(port, "mcp")).build();
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
async fn a_call_that_takes_too_long_is_cancelled_at_the_server() {
    let (_process, port) = start(0, &[]).await;
    let hasty = server(at(port, "mcp"))
        .call_timeout(Duration::from_millis(50))
        .build();
    within(hasty.connect()).await.unwrap();
    let error = within(hasty.call_tool("slow", Map::new()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), McpErrorKind::Timeout);
    let patient = server(at(port, "mcp")).build();
    seen(&patient, "cancelled", 1).await;
}

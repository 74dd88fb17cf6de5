//! An MCP server for tests: `mcp-test-server (stdio | http | mute | broken) [OPTION...]`.
//!
//! `stdio` speaks over its standard streams, and `http PORT` at an address whose port is its first line of output. `mute`
//! never answers, and `broken` ends at once. Options: `paged` lists one tool a page, `circle` lists the same page for ever,
//! `stubborn` goes on when its input has ended, `token` wants `Authorization: Bearer secret`.

use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect};
use axum::routing::any;
use axum::serve::ListenerExt;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, Prompt, PromptMessage,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource,
    ResourceContents, ResourceTemplate, Role, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{ErrorData, ServerHandler, ServiceExt};
use serde_json::{Map, Value, json};

/// What the server has seen, over all sessions.
#[derive(Default)]
struct Seen {
    lists: AtomicUsize,
    slow: AtomicUsize,
    cancelled: AtomicUsize,
    extra: AtomicBool,
}

#[derive(Clone)]
struct TestServer {
    seen: Arc<Seen>,
    paged: bool,
    circle: bool,
}

fn tool(name: &'static str, parameters: Value) -> Tool {
    let schema: Map<String, Value> = match parameters {
        Value::Object(schema) => schema,
        _ => Map::new(),
    };
    Tool::new(name, format!("Does {name}."), Arc::new(schema))
}

impl TestServer {
    fn tools(&self) -> Vec<Tool> {
        let text = json!({
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
        });
        let nothing = json!({"type": "object"});
        let mut tools = vec![tool("echo", text.clone()), tool("env", text)];
        let others = [
            "status",
            "picture",
            "fail",
            "refuse",
            "structured",
            "grow",
            "slow",
            "die",
            "where",
        ];
        tools.extend(others.map(|name| tool(name, nothing.clone())));
        if self.seen.extra.load(Ordering::SeqCst) {
            tools.push(tool("extra", nothing));
        }
        tools
    }

    fn status(&self) -> Value {
        json!({
            "pid": std::process::id(),
            "lists": self.seen.lists.load(Ordering::SeqCst),
            "slow": self.seen.slow.load(Ordering::SeqCst),
            "cancelled": self.seen.cancelled.load(Ordering::SeqCst),
        })
    }
}

impl ServerHandler for TestServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_resources()
            .build();
        ServerConfig::new(capabilities)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.seen.lists.fetch_add(1, Ordering::SeqCst);
        let mut tools = self.tools();
        let mut next = None;
        if self.circle {
            next = Some("again".to_owned());
        } else if self.paged {
            let cursor = request.and_then(|request| request.cursor);
            let from = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
            next = (from + 1 < tools.len()).then(|| (from + 1).to_string());
            tools = tools.drain(from..=from).collect();
        }
        let mut result = ListToolsResult::with_all_items(tools);
        result.next_cursor = next;
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let text = arguments.get("text").and_then(Value::as_str).unwrap_or("");
        let says = |text: String| CallToolResult::success(vec![ContentBlock::text(text)]);
        let result = match &*request.name {
            "echo" => says(text.to_owned()),
            "env" => says(std::env::var(text).unwrap_or_else(|_| "unset".to_owned())),
            "where" => says(
                std::env::current_dir()
                    .unwrap_or_default()
                    .display()
                    .to_string(),
            ),
            "status" => says(self.status().to_string()),
            "extra" => says("more".to_owned()),
            "picture" => CallToolResult::success(vec![
                ContentBlock::text("A picture:"),
                ContentBlock::image("QUJD", "image/png"),
            ]),
            "fail" => CallToolResult::error(vec![ContentBlock::text("There is no such file.")]),
            "structured" => CallToolResult::structured(json!({"celsius": 21})),
            "grow" => {
                self.seen.extra.store(true, Ordering::SeqCst);
                let told = context.peer.notify_tool_list_changed().await;
                says(format!("told: {}", told.is_ok()))
            }
            "slow" => {
                self.seen.slow.fetch_add(1, Ordering::SeqCst);
                context.ct.cancelled().await;
                self.seen.cancelled.fetch_add(1, Ordering::SeqCst);
                says("cancelled".to_owned())
            }
            "die" => exit(3),
            other => {
                let message = format!("No tool is named {other}.");
                return Err(ErrorData::invalid_params(message, None));
            }
        };
        Ok(result.into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompt = Prompt::new("greet", Some("Greets."), None);
        Ok(ListPromptsResult::with_all_items(vec![prompt]))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let name = arguments.get("name").and_then(Value::as_str).unwrap_or("");
        let message = PromptMessage::new_text(Role::User, format!("Greet {name}."));
        Ok(GetPromptResult::new(vec![message]).into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resource = Resource::new("test:readme", "readme");
        Ok(ListResourcesResult::with_all_items(vec![resource]))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let template = ResourceTemplate::new("test:{name}", "any");
        Ok(ListResourceTemplatesResult::with_all_items(vec![template]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let contents = ResourceContents::text("Read me.", request.uri);
        Ok(ReadResourceResult::new(vec![contents]).into())
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

async fn serve_stdio(server: TestServer) -> Outcome {
    let transport = (tokio::io::stdin(), tokio::io::stdout());
    server.serve(transport).await?.waiting().await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "how the tests learn the port")]
async fn serve_http(server: TestServer, port: u16, token: bool) -> Outcome {
    let service = StreamableHttpService::new(
        move || Ok(server.clone()),
        Arc::<LocalSessionManager>::default(),
        Default::default(),
    );
    let app = axum::Router::new()
        .route_service("/mcp", service)
        .route("/moved", any(async || Redirect::temporary("/mcp")))
        .route(
            "/away",
            any(async || Redirect::temporary("http://127.0.0.2:9/mcp")),
        )
        .layer(axum::middleware::from_fn(
            move |request: Request, next: Next| async move {
                let given = request.headers().get(header::AUTHORIZATION);
                if token && given.is_none_or(|given| given != "Bearer secret") {
                    return (StatusCode::UNAUTHORIZED, "who are you?").into_response();
                }
                next.run(request).await
            },
        ));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("{}", listener.local_addr()?.port());
    // An answer in two pieces would wait for the client's delayed acknowledgement.
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    axum::serve(listener, app).await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |option: &str| args.iter().any(|arg| arg == option);
    let server = TestServer {
        seen: Arc::default(),
        paged: has("paged"),
        circle: has("circle"),
    };
    match args.first().map(String::as_str) {
        Some("stdio") => serve_stdio(server).await?,
        Some("http") => {
            let port = args.get(1).and_then(|port| port.parse().ok()).unwrap_or(0);
            serve_http(server, port, has("token")).await?;
        }
        Some("mute") => {}
        _ => exit(7),
    }
    if has("stubborn") || has("mute") {
        std::future::pending::<()>().await;
    }
    Ok(())
}

//! Requests to a server.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rmcp::ServiceError;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, JsonObject, PaginatedRequestParams, Prompt,
    ReadResourceRequestParams, ReadResourceResult, Resource, ResourceTemplate, Tool,
};
use rmcp::service::{Peer, RoleClient};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::error::{McpError, McpErrorKind};
use super::owner::{Command, Config, own};

/// The most pages of a list that are read.
const MAX_PAGES: usize = 100;
/// How many may ask for the connection at once without waiting.
const ASKING: usize = 32;

/// Everybody's way to one server. When the last one is dropped, the connection is closed.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) config: Arc<Config>,
    /// Rises whenever a list of tools that is known may be outdated.
    generation: Arc<AtomicU64>,
    owner: Mutex<Option<mpsc::Sender<Command>>>,
}

impl Client {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config: Arc::new(config),
            generation: Arc::default(),
            owner: Mutex::default(),
        }
    }

    /// A list of tools that was asked for at one generation is outdated at the next.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn invalidate(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// The owner; it is started if there is none, or if its runtime is gone.
    fn owner(&self) -> Result<mpsc::Sender<Command>, McpError> {
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = owner.as_ref().filter(|owner| !owner.is_closed()) {
            return Ok(owner.clone());
        }
        let runtime = tokio::runtime::Handle::try_current().map_err(|error| {
            let message = format!("the MCP server {} needs a Tokio runtime", self.config.name);
            McpError::new(McpErrorKind::Config, message).caused_by(error)
        })?;
        let (commands, receiver) = mpsc::channel(ASKING);
        let generation = Arc::clone(&self.generation);
        // It ends when the last sender is dropped, and `self` keeps the only one that stays.
        runtime.spawn(own(Arc::clone(&self.config), generation, receiver));
        *owner = Some(commands.clone());
        Ok(commands)
    }

    /// The connection; it is made if there is none, or if it is lost.
    pub(super) async fn connect(&self) -> Result<Peer<RoleClient>, McpError> {
        let gone = || {
            let message = format!("the task of the MCP server {} has ended", self.config.name);
            McpError::new(McpErrorKind::Connect, message)
        };
        let (reply, answer) = oneshot::channel();
        let command = Command::Connect(reply);
        self.owner()?.send(command).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Ends the connection, if there is one.
    pub(super) async fn close(&self) {
        let owner = {
            let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
            owner.clone()
        };
        let Some(owner) = owner else { return };
        let (done, closed) = oneshot::channel();
        self.invalidate();
        if owner.send(Command::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }

    /// Makes a request once. When it takes too long, or the future is dropped, the server is told that nobody waits.
    async fn request<T, F>(
        &self,
        what: &str,
        limit: Duration,
        send: impl FnOnce(Peer<RoleClient>) -> F,
    ) -> Result<T, McpError>
    where
        F: Future<Output = Result<T, ServiceError>>,
    {
        let server = &self.config.name;
        let peer = self.connect().await?;
        match timeout(limit, send(peer)).await {
            Ok(answer) => answer.map_err(|error| McpError::request(server, what, error)),
            Err(_) => {
                let message = format!(
                    "the MCP server {server} did not answer `{what}` within {} seconds",
                    limit.as_secs_f64()
                );
                Err(McpError::new(McpErrorKind::Timeout, message))
            }
        }
    }

    /// Makes a request that has no effect: once more, over a new connection, when the server was lost meanwhile.
    async fn read<T, F>(
        &self,
        what: &str,
        send: impl Fn(Peer<RoleClient>) -> F,
    ) -> Result<T, McpError>
    where
        F: Future<Output = Result<T, ServiceError>>,
    {
        let limit = self.config.list_timeout;
        match self.request(what, limit, &send).await {
            Err(error) if error.kind() == McpErrorKind::Disconnected => {
                self.request(what, limit, &send).await
            }
            result => result,
        }
    }

    /// Reads a list to its end. `page` gives the items of a page, and where the next one begins.
    async fn list<T, F>(
        &self,
        what: &str,
        page: impl Fn(Peer<RoleClient>, Option<PaginatedRequestParams>) -> F,
    ) -> Result<Vec<T>, McpError>
    where
        F: Future<Output = Result<(Vec<T>, Option<String>), ServiceError>>,
    {
        let page = &page;
        let list = self.read(what, |peer| async move {
            let mut items = Vec::new();
            let mut seen = HashSet::new();
            let mut cursor: Option<String> = None;
            for _ in 0..MAX_PAGES {
                let from = cursor
                    .take()
                    .map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
                let (more, next) = page(peer.clone(), from).await?;
                items.extend(more);
                match next {
                    None => return Ok(Ok(items)),
                    Some(next) if !seen.insert(next.clone()) => {
                        return Ok(Err("a list in a circle"));
                    }
                    next => cursor = next,
                }
            }
            Ok(Err("a list without end"))
        });
        list.await?.map_err(|problem| {
            let server = &self.config.name;
            let message = format!("the MCP server {server} answered `{what}` with {problem}");
            McpError::new(McpErrorKind::Protocol, message)
        })
    }

    pub(super) async fn list_tools(&self) -> Result<Vec<Tool>, McpError> {
        self.list("tools/list", |peer, from| async move {
            let page = peer.list_tools(from).await?;
            Ok((page.tools, page.next_cursor))
        })
        .await
    }

    pub(super) async fn call_tool(
        &self,
        name: &str,
        arguments: JsonObject,
    ) -> Result<CallToolResult, McpError> {
        let params = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
        let limit = self.config.call_timeout;
        self.request("tools/call", limit, |peer| async move {
            match peer.call_tool_once(params).await? {
                CallToolResponse::Complete(result) => Ok(result),
                // It asks for input, or has begun a task: this client has told it that it can do neither.
                _ => Err(ServiceError::UnexpectedResponse),
            }
        })
        .await
    }

    pub(super) async fn list_prompts(&self) -> Result<Vec<Prompt>, McpError> {
        self.list("prompts/list", |peer, from| async move {
            let page = peer.list_prompts(from).await?;
            Ok((page.prompts, page.next_cursor))
        })
        .await
    }

    pub(super) async fn get_prompt(
        &self,
        name: &str,
        arguments: JsonObject,
    ) -> Result<GetPromptResult, McpError> {
        let params = GetPromptRequestParams::new(name).with_arguments(arguments);
        self.read("prompts/get", |peer| {
            let params = params.clone();
            async move {
                match peer.get_prompt_once(params).await? {
                    GetPromptResponse::Complete(result) => Ok(result),
                    _ => Err(ServiceError::UnexpectedResponse),
                }
            }
        })
        .await
    }

    pub(super) async fn list_resources(&self) -> Result<Vec<Resource>, McpError> {
        self.list("resources/list", |peer, from| async move {
            let page = peer.list_resources(from).await?;
            Ok((page.resources, page.next_cursor))
        })
        .await
    }

    pub(super) async fn list_resource_templates(&self) -> Result<Vec<ResourceTemplate>, McpError> {
        self.list("resources/templates/list", |peer, from| async move {
            let page = peer.list_resource_templates(from).await?;
            Ok((page.resource_templates, page.next_cursor))
        })
        .await
    }

    pub(super) async fn read_resource(&self, uri: &str) -> Result<ReadResourceResult, McpError> {
        self.read("resources/read", |peer| async move {
            peer.read_resource(ReadResourceRequestParams::new(uri))
                .await
        })
        .await
    }
}

//! A server and its tools, for agents.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chatkit::BoxError;
use futures::future::BoxFuture;
use rmcp::model::{
    CallToolResult, GetPromptResult, JsonObject, Prompt, ReadResourceResult, Resource,
    ResourceTemplate, Tool as ListedTool,
};
use tokio::time::Instant;

use super::builder::McpServerBuilder;
use super::client::Client;
use super::error::McpError;
use super::name::public_names;
use super::options::{Options, ToolFilterContext};
use super::owner::Config;
use super::tool::McpTool;
use super::transport::McpTransport;
use crate::runner::RunContext;
use crate::tool::{Tool, ToolProvider};

/// How long runs go on without a server that they can do without, before it is looked for again.
const REST: Duration = Duration::from_secs(30);

/// An MCP server whose tools agents use, for runs whose context is `C`.
///
/// Clones are handles to one server and one connection. It is made when it is needed first, or by
/// [`connect`](Self::connect), and made again when it is needed after the server was lost. It is closed, and a process
/// killed, when the last handle is gone: those of agents and of runs count.
///
/// One task owns the connection. It lives on the Tokio runtime that used the server first; when that is gone, on the next.
///
/// See the [module](super) for an example.
pub struct McpServer<C> {
    shared: Arc<Shared<C>>,
}

struct Shared<C> {
    client: Arc<Client>,
    options: Arc<Options<C>>,
    known: Mutex<Option<Known<C>>>,
    /// Until when runs go on without the server.
    rests_until: Mutex<Option<Instant>>,
}

type Tools<C> = Arc<[Arc<McpTool<C>>]>;

/// The tools at a generation of the list.
struct Known<C> {
    generation: u64,
    tools: Tools<C>,
}

impl<C: Send + Sync + 'static> McpServer<C> {
    /// Sets up a server: a [process](super::Stdio) or an [address](super::StreamableHttp).
    pub fn builder(transport: impl Into<McpTransport>) -> McpServerBuilder<C> {
        McpServerBuilder::new(transport.into())
    }

    pub(super) fn new(config: Config, options: Options<C>) -> Self {
        Self {
            shared: Arc::new(Shared {
                client: Arc::new(Client::new(config)),
                options: Arc::new(options),
                known: Mutex::default(),
                rests_until: Mutex::default(),
            }),
        }
    }

    /// The server's name.
    pub fn name(&self) -> &str {
        &self.client().config.name
    }

    fn client(&self) -> &Arc<Client> {
        &self.shared.client
    }

    /// Connects, unless the connection is there already. Call it at the start of a program to find mistakes early.
    ///
    /// Dropping the future leaves the attempt to the server's task, which ends it with the last handle.
    ///
    /// # Errors
    ///
    /// [`McpErrorKind::Config`](super::McpErrorKind::Config) when the server cannot be reached as it is set up, and
    /// [`McpErrorKind::Connect`](super::McpErrorKind::Connect) when it was not ready in time, refused, or cannot be
    /// reached, after the repetitions that the builder sets.
    pub async fn connect(&self) -> Result<(), McpError> {
        self.client().connect().await.map(drop)
    }

    /// Closes the connection, and waits until the server is told or the process has ended, seven seconds at most. Calls that
    /// wait for an answer fail. The next use connects again.
    pub async fn cleanup(&self) {
        self.client().close().await;
    }

    /// Forgets the list of tools: it is asked for when it is needed next.
    pub fn invalidate_tools_cache(&self) {
        self.client().invalidate();
    }

    /// Asks the server for its tools, without filters and without the cache.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect), and others when the server does not answer in time or as the protocol says.
    pub async fn list_tools(&self) -> Result<Vec<ListedTool>, McpError> {
        self.client().list_tools().await
    }

    /// Calls a tool by the name that the server gives it. Dropping the future tells the server that nobody waits.
    ///
    /// # Errors
    ///
    /// As for [`list_tools`](Self::list_tools). A tool that fails gives a result that says so.
    pub async fn call_tool(
        &self,
        name: &str,
        arguments: JsonObject,
    ) -> Result<CallToolResult, McpError> {
        self.client().call_tool(name, arguments).await
    }

    /// Asks the server for its prompts.
    ///
    /// # Errors
    ///
    /// As for [`list_tools`](Self::list_tools).
    pub async fn list_prompts(&self) -> Result<Vec<Prompt>, McpError> {
        self.client().list_prompts().await
    }

    /// Gets a prompt, for example for an agent's instructions.
    ///
    /// # Errors
    ///
    /// As for [`list_tools`](Self::list_tools).
    pub async fn get_prompt(
        &self,
        name: &str,
        arguments: JsonObject,
    ) -> Result<GetPromptResult, McpError> {
        self.client().get_prompt(name, arguments).await
    }

    /// Asks the server for its resources.
    ///
    /// # Errors
    ///
    /// As for [`list_tools`](Self::list_tools).
    pub async fn list_resources(&self) -> Result<Vec<Resource>, McpError> {
        self.client().list_resources().await
    }

    /// Asks the server for the patterns of its resources' addresses.
    ///
    /// # Errors
    ///
    /// As for [`list_tools`](Self::list_tools).
    pub async fn list_resource_templates(&self) -> Result<Vec<ResourceTemplate>, McpError> {
        self.client().list_resource_templates().await
    }

    /// Reads a resource.
    ///
    /// # Errors
    ///
    /// As for [`list_tools`](Self::list_tools).
    pub async fn read_resource(&self, uri: &str) -> Result<ReadResourceResult, McpError> {
        self.client().read_resource(uri).await
    }

    /// The tools that the lists of names leave, from memory where it is up to date.
    async fn known_tools(&self) -> Result<Tools<C>, McpError> {
        let Shared {
            client,
            options,
            known,
            ..
        } = &*self.shared;
        // Before the server is asked: what changes meanwhile outdates the answer.
        let generation = client.generation();
        if options.cached {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = known
                .as_ref()
                .filter(|known| known.generation == generation)
            {
                return Ok(Arc::clone(&known.tools));
            }
        }
        let mut listed = client.list_tools().await?;
        listed.retain(|tool| options.admits(&tool.name));
        let server = options.server_in_names.then_some(&*client.config.name);
        let names: Vec<&str> = listed.iter().map(|tool| &*tool.name).collect();
        let names = public_names(server, &names);
        let tools: Tools<C> = listed
            .into_iter()
            .zip(names)
            .map(|(tool, name)| Arc::new(McpTool::new(client, options, tool, name)))
            .collect();
        if options.cached {
            let tools = Arc::clone(&tools);
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            *known = Some(Known { generation, tools });
        }
        Ok(tools)
    }

    /// Like [`known_tools`](Self::known_tools), but none when runs can do without the server and it cannot be reached.
    async fn tools_at_hand(&self) -> Result<Tools<C>, McpError> {
        if self.shared.options.required {
            return self.known_tools().await;
        }
        let rests_until = || {
            let rests_until = self.shared.rests_until.lock();
            rests_until.unwrap_or_else(PoisonError::into_inner)
        };
        if rests_until().is_some_and(|until| Instant::now() < until) {
            return Ok(Tools::default());
        }
        match self.known_tools().await {
            Ok(tools) => {
                *rests_until() = None;
                Ok(tools)
            }
            Err(error) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the run goes on without an MCP server"
                );
                *rests_until() = Some(Instant::now() + REST);
                Ok(Tools::default())
            }
        }
    }

    async fn tools_for(&self, run: RunContext<'_, C>) -> Result<Vec<Tool<C>>, BoxError> {
        let mut tools = Vec::new();
        for tool in self.tools_at_hand().await?.iter() {
            let admitted = match &self.shared.options.filter {
                Some(filter) => {
                    filter(ToolFilterContext {
                        run,
                        server_name: self.name(),
                        tool: &tool.tool,
                    })
                    .await?
                }
                None => true,
            };
            if admitted {
                tools.push(Tool::Function(Arc::clone(tool) as _));
            }
        }
        Ok(tools)
    }
}

impl<C: Send + Sync + 'static> ToolProvider<C> for McpServer<C> {
    fn tools<'a>(
        &'a self,
        run: RunContext<'a, C>,
    ) -> BoxFuture<'a, Result<Vec<Tool<C>>, BoxError>> {
        Box::pin(self.tools_for(run))
    }
}

impl<C> Clone for McpServer<C> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<C> fmt::Debug for McpServer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServer")
            .field("config", &self.shared.client.config)
            .finish_non_exhaustive()
    }
}

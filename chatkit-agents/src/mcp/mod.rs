//! Tools of MCP servers.
//!
//! An [`McpServer`] is a process or an address that speaks the [Model Context Protocol](https://modelcontextprotocol.io).
//! Give one to an agent, and its tools are functions that the model may call.
//!
//! ```no_run
//! use chatkit_agents::mcp::{McpServer, RequireApproval, Stdio};
//! use chatkit_agents::model::ResponsesClient;
//! use chatkit_agents::{Agent, Runner};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let files = Stdio::new("npx").args(["-y", "@modelcontextprotocol/server-filesystem", "/srv/data"]);
//! let files = McpServer::builder(files)
//!     .name("files")
//!     .blocked_tool_names(["move_file"])
//!     .require_approval(RequireApproval::tools(["write_file"]))
//!     .build();
//! files.connect().await?;
//!
//! let client = ResponsesClient::from_env()?;
//! let agent = Agent::new("Librarian", client.model("gpt-5.6-luna")).tool_provider(files);
//! let result = Runner::run(&agent, "What is in the readme?", ()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What can go wrong, and what happens then
//!
//! - **The server cannot be reached.** The run fails before it calls the model, with an error that says why. With
//!   [`required(false)`](McpServerBuilder::required) it goes on without the server's tools.
//! - **The server dies, or closes the connection.** Calls that wait fail, and the model is told that they may have had an
//!   effect; no call is made twice. The next use connects again, with
//!   [as many attempts](McpServerBuilder::connect_retries) as the first time. Nothing connects by itself, so a server
//!   that crashes again and again is started no more often than it is used.
//! - **A call takes too long.** After [`call_timeout`](McpServerBuilder::call_timeout) the model is told so. The server is
//!   told that nobody waits, as it is when a run is dropped.
//! - **A tool fails.** What it says of that is its result, and the model reads it.
//!
//! # What a server gets to know
//!
//! The arguments that the model writes, and nothing else of a conversation. A server cannot ask this client for a sample of
//! a model, nor the user for input. What a server says reaches the model, so connect only to those that you trust.
//!
//! The protocol is spoken by [rmcp](https://docs.rs/rmcp), whose [types](model) are those of tools, prompts and resources
//! here. It logs under its own name, from the level `INFO` on also what servers send: set the target `rmcp` to `warn`.

mod builder;
mod client;
mod connection;
mod error;
mod name;
mod options;
mod output;
mod owner;
mod server;
mod tool;
mod transport;

pub use rmcp::model;

pub use self::builder::McpServerBuilder;
pub use self::error::{McpError, McpErrorKind};
pub use self::options::{ApprovalContext, RequireApproval, ToolFilterContext};
pub use self::server::McpServer;
pub use self::transport::{McpTransport, Stdio, StreamableHttp};

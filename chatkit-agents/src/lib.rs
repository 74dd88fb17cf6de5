//! An agent runtime on the OpenAI Responses API, and the bridge from its runs into ChatKit threads.
//!
//! Declare tools with an attribute, give them to an agent, and run it:
//!
//! ```
//! use chatkit_agents::testing::{Script, ScriptedResponses};
//! use chatkit_agents::{Agent, Runner, function_tool};
//! use serde_json::json;
//!
//! /// Look up the weather for a city.
//! #[function_tool]
//! async fn get_weather(
//!     /// City name, e.g. "Paris".
//!     city: String,
//! ) -> String {
//!     format!("It is raining in {city}.")
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A scripted endpoint stands in for OpenAI: it calls the tool, then answers.
//! let openai = ScriptedResponses::start().await?;
//! openai.push(Script::function_call("get_weather", json!({"city": "Paris"})));
//! openai.push(Script::text("Take an umbrella."));
//!
//! let agent = Agent::new("Assistant", openai.client().model("gpt-5")).tool(get_weather);
//! let result = Runner::run(&agent, "What is the weather in Paris?", ()).await?;
//!
//! assert_eq!(result.final_output(), Some("Take an umbrella."));
//! assert_eq!(openai.requests()[1].body["input"][2]["output"], "It is raining in Paris.");
//! # Ok(())
//! # }
//! ```
//!
//! # The parts, in the order you meet them
//!
//! - [`Agent`] is a model with instructions and tools; [`model::ResponsesClient`] gives models of OpenAI, or of any endpoint
//!   that speaks the Responses API.
//! - [`function_tool`] makes a tool of an `async fn`; [`tool`] has closures, hosted tools, outputs, guardrails and errors.
//! - [`Runner`] runs an agent, to its answer or event by event. A run does its work while it is polled; dropping it closes
//!   the connection to the model and drops running tools. [`Run`] takes what one run needs, and [`RunConfig`]
//!   what holds for many runs.
//! - [`Agent::output_type`] makes the answer a Rust type.
//! - [`Handoff`] lets an agent give the conversation to another, and [`Agent::as_tool`] lets it use another as a tool.
//! - [`InputGuardrail`] and [`OutputGuardrail`] check what goes in and what comes out; [`RunHooks`] are told what happens,
//!   and [`telemetry`] says what traces hold.
//! - A tool that needs an approval interrupts the run. Its [`RunState`] is JSON: store it, decide, and [resume](Runner::resume)
//!   it, in another process if you like. Nothing that was done is done again.
//! - [`session`] keeps the history of a conversation between runs, where no ChatKit thread does.
//!
//! In a ChatKit server, four more:
//!
//! - [`ThreadItemConverter`] turns a thread's items into the model's input. Override it for attachments, mentions and
//!   hidden context of your own.
//! - [`AgentContext`] is what tools get: with it they stream progress, widgets and workflows into the thread, and hand over
//!   to the client.
//! - [`stream_agent_response`] turns a run into the events of a turn: text, citations, reasoning, images, tools.
//! - [`Approvals`] asks the user about tools that need an approval, and goes on with the run when the answer comes.
//!
//! ```
//! use chatkit::types::UserMessageItem;
//! use chatkit::{ChatKitHandler, Turn, TurnError};
//! use chatkit_agents::{
//!     Agent, AgentContext, DefaultThreadItemConverter, Runner, ThreadItemConverter, stream_agent_response,
//! };
//!
//! struct User;
//!
//! struct Assistant {
//!     agent: Agent<AgentContext<User>>,
//! }
//!
//! impl ChatKitHandler for Assistant {
//!     type Context = User;
//!
//!     async fn respond(&self, turn: &Turn<User>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
//!         let input = DefaultThreadItemConverter.history(turn, 20).await?;
//!         let context = AgentContext::new(turn);
//!         let run = Runner::run_streamed(&self.agent, input, context.clone());
//!         turn.forward(stream_agent_response(context, run)).await
//!     }
//! }
//! ```
//!
//! # Guides
//!
//! [`guide`] has a page for each topic, with code to start from: [answering](guide::respond_to_a_message),
//! [rich input](guide::rich_input), [annotations](guide::annotations), [conversations](guide::browse_threads),
//! [widgets](guide::widgets), [questions](guide::structured_input), [feedback](guide::feedback),
//! [effects and tools of the page](guide::keep_the_app_in_sync), [pickers](guide::tools_and_models),
//! [drafts](guide::draft_and_send), [extra context](guide::extra_context), [the model's input](guide::model_input),
//! [images](guide::generated_images), [events during a response](guide::update_the_client),
//! [production](guide::production), [the wire protocol](guide::wire_protocol), and
//! [the names of the Python SDK](guide::from_the_python_sdk).
//!
//! # Unknown events and fields are kept
//!
//! Events, items and fields that this version does not know pass through, and items go back to the model as they came. What
//! is newer than this version can be sent too, through [`ModelSettings`] (`extra_body`) and
//! [`Tool::hosted`](tool::Tool::hosted). A stream that ends too early is an error.
//!
//! # What is not here
//!
//! Chat Completions and adapters to other APIs, voice, realtime, and agents in sandboxes. Where another model API is needed,
//! implement [`model::Model`]. To schedule runs yourself, poll a run as a stream and store its [`RunState`].
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | |
//! |---|---|
//! | `attachments` | [`AttachmentConverter`]: gives the model the files that users attach |
//! | `async-openai` | an `async_openai::Client` as the transport, and its types as input |
//! | `mcp` | [`mcp`]: tools of MCP servers, as processes or over HTTP |
//! | `sqlite` | [`session::SqliteSession`]: histories in an SQLite file |
//! | `testing` | [`testing`]: a scripted Responses endpoint over HTTP, for tests and for running without a key |
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(
        feature = "_guide",
        feature = "async-openai",
        feature = "mcp",
        feature = "sqlite"
    )),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "links to what only other features have stay text"
    )
)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod agent;
mod agent_tool;
#[cfg(feature = "async-openai")]
mod async_openai;
mod bridge;
mod callback;
mod guardrail;
#[cfg(all(doc, feature = "_guide"))]
pub mod guide;
pub mod handoff;
mod hooks;
pub mod items;
#[cfg(feature = "mcp")]
pub mod mcp;
pub mod model;
mod output_schema;
mod runner;
pub mod session;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tool;

pub use agent::{Agent, Prompt, ToolUseBehavior};
pub use agent_tool::AgentTool;
#[cfg(feature = "attachments")]
pub use bridge::AttachmentConverter;
pub use bridge::{
    AgentContext, ApprovalAnswer, Approvals, ClientToolCall, ConvertError,
    DefaultResponseStreamConverter, DefaultThreadItemConverter, ResponseStreamConverter,
    ThreadItemConverter, WorkflowError, accumulate_text, simple_to_agent_input,
    stream_agent_response, stream_agent_response_with,
};
pub use callback::Callback;
/// The protocol, its stores and the server, in the version that this crate is made for.
pub use chatkit;
pub use chatkit::BoxError;
pub use guardrail::{
    GuardrailFunctionOutput, GuardrailResult, InputGuardrail, InputGuardrailData, OutputGuardrail,
    OutputGuardrailData,
};
pub use handoff::Handoff;
pub use hooks::RunHooks;
pub use model::{ModelSettings, ResponsesClient};
pub use output_schema::AgentOutputSchema;
pub use runner::{
    CancelMode, Run, RunConfig, RunContext, RunError, RunErrorKind, RunInput, RunItem,
    RunItemEventName, RunItemKind, RunResult, RunResultStreaming, RunState, Runner, StreamEvent,
    ToolApprovalItem,
};
pub use tool::{Json, Tool, ToolContext, ToolError, function_tool, tool_fn};

/// Finer points of a run: what its callbacks are given, and what they decide.
pub mod run {
    pub use crate::agent::{FunctionToolResult, ToolResults};
    pub use crate::agent_tool::{AgentToolInput, AgentToolOutput, AgentToolStreamEvent};
    pub use crate::callback::{Answer, Later, Now, Unfailing};
    pub use crate::runner::{
        CallModelData, DEFAULT_MAX_TURNS, ModelInputData, RunErrorHandlerData,
        RunErrorHandlerResult, RunErrorHandlers, SessionInputData, ToolErrorFormatterArgs,
        ToolErrorFormatterKind, ToolNameCollisionPolicy, ToolNotFound, ToolOutputTrimmer,
    };
}

// The example of the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! chatkit-agents

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod accumulate;
mod agent;
mod context;
mod convert;
mod input;
pub mod items;
pub mod model;
mod runner;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tool;

pub use accumulate::accumulate_text;
pub use agent::{Agent, ToolUseBehavior};
pub use context::{AgentContext, ClientToolCall, WorkflowError};
pub use convert::{DefaultResponseStreamConverter, ResponseStreamConverter};
pub use input::{
    ConvertError, DefaultThreadItemConverter, ThreadItemConverter, simple_to_agent_input,
};
pub use runner::{
    DEFAULT_MAX_TURNS, NextStep, Run, RunError, RunErrorKind, RunFunctionCall, RunInput, RunItem,
    RunItemEvent, RunItemEventName, RunResult, RunResultStreaming, RunState, Runner, StreamEvent,
    ToolCall,
};
pub use stream::{stream_agent_response, stream_agent_response_with};
pub use tool::{ToolContext, ToolError, function_tool};

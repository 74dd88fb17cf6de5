//! Between runs and threads: what a thread's items are to a model, and what a run is to a thread.

mod accumulate;
mod approval;
#[cfg(feature = "attachments")]
mod attachments;
mod context;
mod convert;
mod input;
mod stream;

pub use accumulate::accumulate_text;
pub use approval::{ApprovalAnswer, Approvals};
#[cfg(feature = "attachments")]
pub use attachments::AttachmentConverter;
pub use context::{AgentContext, ClientToolCall, WorkflowError};
pub use convert::{DefaultResponseStreamConverter, ResponseStreamConverter};
pub use input::{
    ConvertError, DefaultThreadItemConverter, ThreadItemConverter, simple_to_agent_input,
};
pub use stream::{stream_agent_response, stream_agent_response_with};

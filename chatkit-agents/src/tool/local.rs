//! Tools of the model's own kinds that this program carries out.

use chatkit::BoxError;
use futures::future::BoxFuture;
use serde_json::Value;

use super::{ToolContext, ToolError};
use crate::items::{InputItem, OutputItem};
use crate::runner::RunContext;

/// A tool whose calls are items of a kind of their own, for example `shell_call`, and that this program carries out.
///
/// Functions are [`FunctionTool`](super::FunctionTool)s. Implement this one for kinds that the crate does not know yet.
/// Calls of one kind in one response are carried out one after the other, in the order the model made them.
pub trait LocalTool<C>: Send + Sync + 'static {
    /// The entry for the `tools` array of a request to the Responses API.
    fn to_wire(&self) -> Value;

    /// The type of the items that call this tool, for example `shell_call`.
    fn call_type(&self) -> &str;

    /// Whether `item`, which is of the [call type](Self::call_type), calls this tool. All of them do by default; where
    /// several tools share a call type, compare the name.
    fn is_called_by(&self, item: &OutputItem) -> bool {
        let _ = item;
        true
    }

    /// Carries out a call. [`ToolContext::tool_arguments`] is the JSON of the whole item, and for a `custom_tool_call`
    /// its text. Gives the item that answers the call.
    ///
    /// Dropping the future cancels the call.
    ///
    /// # Errors
    ///
    /// An error goes to the model through [`failure`](Self::failure), unless it is [fatal](ToolError::is_fatal).
    fn call<'a>(&'a self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<InputItem, ToolError>>;

    /// The item that answers the call `call_id` when it has failed or was rejected; `text` says why.
    fn failure(&self, call_id: &str, text: &str) -> InputItem;

    /// Whether a person has to approve this call before it is carried out. Not needed by default.
    fn needs_approval<'a>(
        &'a self,
        ctx: ToolContext<'a, C>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        let _ = ctx;
        Box::pin(std::future::ready(Ok(false)))
    }

    /// Whether the model may use the tool now. Asked before every call to the model. Always enabled by default.
    fn is_enabled<'a>(&'a self, run: RunContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> {
        let _ = run;
        Box::pin(std::future::ready(Ok(true)))
    }
}

//! Tools that are not known when the agent is built.

use chatkit::BoxError;
use futures::future::BoxFuture;

use super::Tool;
use crate::runner::RunContext;

/// Gives an agent tools that may differ from one model call to the next: those of an MCP server, for example.
///
/// Add one with [`Agent::tool_provider`](crate::Agent::tool_provider).
pub trait ToolProvider<C>: Send + Sync + 'static {
    /// The tools that the model may use now. Asked before every call to the model, so answer from memory where you can.
    ///
    /// # Errors
    ///
    /// An error ends the run. A provider that can do without its tools for now logs the failure and gives none.
    fn tools<'a>(&'a self, run: RunContext<'a, C>)
    -> BoxFuture<'a, Result<Vec<Tool<C>>, BoxError>>;
}

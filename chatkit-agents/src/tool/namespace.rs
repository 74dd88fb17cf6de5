//! Groups of functions.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use chatkit::BoxError;
use futures::future::BoxFuture;

use super::definition::Namespace;
use super::{
    FunctionTool, SchemaError, Tool, ToolContext, ToolDefinition, ToolError, ToolInputGuardrail,
    ToolOutput, ToolOutputGuardrail,
};
use crate::runner::RunContext;

/// A group of functions that belong together. The [`ToolSearchTool`](super::ToolSearchTool) finds them as one.
///
/// Names need to be unique within the namespace only. Where a name is asked for, as by
/// [`ToolUseBehavior::stop_at_tools`](crate::ToolUseBehavior::stop_at_tools), `crm.get_customer` means one tool, and
/// `get_customer` all with this name.
///
/// ```
/// use chatkit_agents::Agent;
/// use chatkit_agents::tool::{ToolNamespace, ToolSearchTool};
/// # use chatkit_agents::function_tool;
/// # use chatkit_agents::model::ResponsesClient;
/// # /// Finds a customer.
/// # #[function_tool(defer_loading)]
/// # async fn get_customer(id: u64) {}
/// # /// Finds orders.
/// # #[function_tool(defer_loading)]
/// # async fn list_orders(customer: u64) {}
///
/// # fn agent(client: ResponsesClient) -> Agent<()> {
/// let crm = ToolNamespace::new("crm", "Customers and their orders.");
/// Agent::new("Support", client.model("gpt-5.6-luna"))
///     .tool(ToolSearchTool::new())
///     .tool(crm.tool(get_customer))
///     .tool(crm.tool(list_orders))
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ToolNamespace(Arc<Namespace>);

impl ToolNamespace {
    /// A namespace. The description tells the model what its tools are for; neither may be empty.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self(Arc::new(Namespace {
            name: name.into(),
            description: description.into(),
        }))
    }

    /// The tool, in this namespace.
    pub fn tool<C: 'static>(&self, tool: impl FunctionTool<C>) -> Tool<C> {
        let definition = match tool.definition() {
            Ok(definition) => Ok(definition.clone().in_namespace(Arc::clone(&self.0))),
            Err(error) => Err(error.clone()),
        };
        Tool::function(Member { tool, definition })
    }
}

/// A function in a namespace.
struct Member<T> {
    tool: T,
    definition: Result<ToolDefinition, SchemaError>,
}

impl<C, T: FunctionTool<C>> FunctionTool<C> for Member<T> {
    fn definition(&self) -> Result<&ToolDefinition, &SchemaError> {
        self.definition.as_ref()
    }

    fn call<'a>(&'a self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
        self.tool.call(ctx)
    }

    fn server_name(&self) -> Option<&str> {
        self.tool.server_name()
    }

    fn timeout(&self) -> Option<Duration> {
        self.tool.timeout()
    }

    fn is_enabled<'a>(&'a self, run: RunContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.tool.is_enabled(run)
    }

    fn needs_approval<'a>(
        &'a self,
        ctx: ToolContext<'a, C>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.tool.needs_approval(ctx)
    }

    fn input_guardrails(&self) -> &[ToolInputGuardrail<C>] {
        self.tool.input_guardrails()
    }

    fn output_guardrails(&self) -> &[ToolOutputGuardrail<C>] {
        self.tool.output_guardrails()
    }

    fn ends_run(&self, error: &ToolError) -> bool {
        self.tool.ends_run(error)
    }

    fn failure_message<'a>(&self, error: &'a ToolError) -> Cow<'a, str> {
        self.tool.failure_message(error)
    }
}

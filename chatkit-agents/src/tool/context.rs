//! What a tool is given besides its arguments.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::arguments;
use super::error::ToolError;
use crate::agent::Agent;
use crate::runner::{RunContext, RunScope, RunState, RunToolCall};

/// What a tool is given besides its arguments: the context of the run, and the call itself.
///
/// It dereferences to the context, so `ctx.user_id` and `ctx.stream(..)` reach the fields and the
/// methods of `C`. It only borrows, hence it is `Copy`.
///
/// The arguments and the context may hold user content; [`Debug`] shows neither.
pub struct ToolContext<'a, C> {
    /// The context that was given to the run.
    pub context: &'a C,
    run: RunContext<'a, C>,
    tool_name: &'a str,
    tool_call_id: &'a str,
    tool_arguments: &'a str,
    tool_namespace: Option<&'a str>,
    /// Where a run inside the tool goes on.
    resumed: Option<&'a RunState>,
}

impl<'a, C> ToolContext<'a, C> {
    /// A context for one call: the context of the run, the name of the tool, the model's id of the
    /// call, and the arguments as the model wrote them.
    ///
    /// Runs build this themselves. It is public for tests of tools.
    ///
    /// ```
    /// use chatkit_agents::tool::ToolContext;
    ///
    /// let ctx = ToolContext::new(&"Ada", "greet", "call_1", r#"{"polite":true}"#);
    /// assert_eq!(ctx.len(), 3);
    /// assert_eq!(ctx.tool_call_id(), "call_1");
    /// ```
    pub fn new(
        context: &'a C,
        tool_name: &'a str,
        tool_call_id: &'a str,
        tool_arguments: &'a str,
    ) -> Self {
        Self {
            context,
            run: RunContext::new(context),
            tool_name,
            tool_call_id,
            tool_arguments,
            tool_namespace: None,
            resumed: None,
        }
    }

    pub(crate) fn of_call(run: RunContext<'a, C>, call: &'a RunToolCall) -> Self {
        Self {
            context: run.context,
            run,
            tool_name: &call.name,
            tool_call_id: &call.call_id,
            tool_arguments: &call.arguments,
            tool_namespace: call.namespace.as_deref(),
            resumed: None,
        }
    }

    pub(crate) fn resuming(mut self, state: Option<&'a RunState>) -> Self {
        self.resumed = state;
        self
    }

    /// Where a run inside the tool goes on, when it was interrupted before.
    pub(crate) fn resumed(&self) -> Option<&'a RunState> {
        self.resumed
    }

    /// The run that the call belongs to: its agent and its usage.
    pub fn run(&self) -> RunContext<'a, C> {
        self.run
    }

    /// The name by which the model called the tool.
    pub fn tool_name(&self) -> &'a str {
        self.tool_name
    }

    /// The [namespace](super::ToolNamespace) that the tool is in, or the label of a hosted MCP server; `None` for most.
    pub fn tool_namespace(&self) -> Option<&'a str> {
        self.tool_namespace
    }

    /// The id of the call, `call_id` in the Responses API. Unique within a run.
    pub fn tool_call_id(&self) -> &'a str {
        self.tool_call_id
    }

    /// The arguments exactly as the model wrote them. This should be a JSON object, but the model
    /// may have written anything.
    pub fn tool_arguments(&self) -> &'a str {
        self.tool_arguments
    }

    /// Decodes the arguments. An empty text counts as `{}`, and unknown fields are ignored.
    ///
    /// # Errors
    ///
    /// A [`ToolError`] of the kind
    /// [`InvalidArguments`](super::ToolErrorKind::InvalidArguments), whose text for the model names
    /// the argument that is wrong.
    ///
    /// ```
    /// use chatkit_agents::tool::ToolContext;
    ///
    /// #[derive(Debug, serde::Deserialize)]
    /// struct Arguments {
    ///     city: String,
    /// }
    ///
    /// let ctx = ToolContext::new(&(), "get_weather", "call_1", "{}");
    /// let error = ctx.parse_arguments::<Arguments>().unwrap_err();
    /// assert_eq!(
    ///     error.model_message(),
    ///     "Invalid arguments for tool get_weather: city: missing field"
    /// );
    /// ```
    pub fn parse_arguments<T: DeserializeOwned>(&self) -> Result<T, ToolError> {
        arguments::parse(self.tool_name, self.tool_arguments)
    }

    /// A copy that owns all it holds, to move into a task or into the future of a closure.
    pub fn to_owned(&self) -> OwnedToolContext<C>
    where
        C: Clone,
    {
        OwnedToolContext {
            context: self.context.clone(),
            agent: self.run.agent().cloned(),
            scope: self.run.scope().cloned(),
            tool_name: self.tool_name.to_owned(),
            tool_call_id: self.tool_call_id.to_owned(),
            tool_arguments: self.tool_arguments.to_owned(),
            tool_namespace: self.tool_namespace.map(str::to_owned),
        }
    }
}

impl<C> Deref for ToolContext<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.context
    }
}

impl<C> Clone for ToolContext<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for ToolContext<'_, C> {}

impl<C> fmt::Debug for ToolContext<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolContext")
            .field("tool_name", &self.tool_name)
            .field("tool_call_id", &self.tool_call_id)
            .finish_non_exhaustive()
    }
}

/// A [`ToolContext`] that owns what it holds, including a clone of the run's context.
///
/// Closures get this form, because the future of a closure cannot borrow from the closure's
/// arguments. It dereferences to the context.
#[derive(Clone)]
pub struct OwnedToolContext<C> {
    /// A clone of the context that was given to the run.
    pub context: C,
    agent: Option<Agent<C>>,
    scope: Option<Arc<RunScope<C>>>,
    tool_name: String,
    tool_call_id: String,
    tool_arguments: String,
    tool_namespace: Option<String>,
}

impl<C> OwnedToolContext<C> {
    /// The borrowed form.
    pub fn as_ref(&self) -> ToolContext<'_, C> {
        ToolContext {
            context: &self.context,
            run: RunContext::with_parts(&self.context, self.agent.as_ref(), self.scope.as_ref()),
            tool_name: &self.tool_name,
            tool_call_id: &self.tool_call_id,
            tool_arguments: &self.tool_arguments,
            tool_namespace: self.tool_namespace.as_deref(),
            resumed: None,
        }
    }

    /// The name by which the model called the tool.
    pub fn tool_name(&self) -> &str {
        &self.tool_name
    }

    /// The namespace that the tool is in; `None` for most.
    pub fn tool_namespace(&self) -> Option<&str> {
        self.tool_namespace.as_deref()
    }

    /// The id of the call, `call_id` in the Responses API. Unique within a run.
    pub fn tool_call_id(&self) -> &str {
        &self.tool_call_id
    }

    /// The arguments exactly as the model wrote them.
    pub fn tool_arguments(&self) -> &str {
        &self.tool_arguments
    }
}

impl<C> Deref for OwnedToolContext<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.context
    }
}

impl<C> fmt::Debug for OwnedToolContext<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedToolContext")
            .field("tool_name", &self.tool_name)
            .field("tool_call_id", &self.tool_call_id)
            .finish_non_exhaustive()
    }
}

/// Names the context of a [`ToolContext`] type, also when it hides behind a type alias.
///
/// The `function_tool` attribute uses it: an attribute sees tokens, not types.
#[diagnostic::on_unimplemented(
    message = "the context parameter of a tool must be a `ToolContext<'_, C>`",
    label = "not a `ToolContext`"
)]
pub trait ToolContextType {
    /// The `C` of `ToolContext<'_, C>`.
    type Context;
}

impl<C> ToolContextType for ToolContext<'_, C> {
    type Context = C;
}

//! Tools: functions of your program that the model may call.
//!
//! The short way to write one is the [`function_tool`] attribute, which turns
//! an `async fn` into a tool. [`tool_fn`] does the same for a closure, [`FnTool::with_schema`] takes
//! a schema that you already have, and [`FunctionTool`] is the trait behind all of them.
//!
//! The provider of the model has tools of its own. It runs some of them: see [`HostedTool`]. For others the model
//! writes calls that your program carries out: [`ShellTool`], [`ApplyPatchTool`], [`ComputerTool`], [`CustomTool`].
//! What is newer than this crate works through [`HostedTool`] and [`LocalTool`].
//!
//! # What the model sees when a tool fails
//!
//! A failure does not end the run: the model gets a text in place of the result, and may try again.
//! An error that converts into [`ToolError`] by `?` gives a fixed text that tells nothing of your
//! program. [`ToolError::for_model`] gives a text of your own. [`ToolError::fatal`] ends the run.

mod apply_patch;
mod arguments;
mod attribute;
mod closure;
mod computer;
mod context;
mod custom;
mod definition;
mod error;
mod gates;
mod guardrail;
mod hosted;
mod local;
mod namespace;
mod output;
mod provider;
mod shell;
mod strict;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chatkit::BoxError;
use futures::future::BoxFuture;
use serde_json::Value;

use crate::runner::RunContext;

pub use self::apply_patch::{
    ApplyPatchEditor, ApplyPatchOperation, ApplyPatchTool, apply_diff, create_file_text,
};
pub use self::arguments::parameters_schema;
pub use self::attribute::function_tool;
pub use self::closure::{FnTool, tool_fn};
pub use self::computer::{
    Computer, ComputerAction, ComputerPoint, ComputerSafetyCheck, ComputerSafetyCheckData,
    ComputerTool,
};
#[doc(hidden)]
pub use self::context::ToolContextType;
pub use self::context::{OwnedToolContext, ToolContext};
pub use self::custom::CustomTool;
pub use self::definition::{ToolCaller, ToolDefinition};
pub use self::error::{ToolError, ToolErrorKind};
pub(crate) use self::gates::{Gates, gate_methods, gate_setters};
pub use self::guardrail::{
    ToolGuardrailFunctionOutput, ToolInputGuardrail, ToolOutputGuardrail, ToolOutputGuardrailData,
};
pub use self::hosted::*;
pub use self::local::LocalTool;
pub use self::namespace::ToolNamespace;
pub use self::output::{
    ImageDetail, IntoToolOutput, Json, ToolOutput, ToolOutputFileContent, ToolOutputImage,
    ToolOutputText,
};
pub use self::provider::ToolProvider;
pub use self::shell::{
    ShellActionRequest, ShellCallOutcome, ShellCommandOutput, ShellExecutor, ShellResult, ShellTool,
};
pub use self::strict::{SchemaError, ensure_strict_foreign_json_schema, ensure_strict_json_schema};

/// A function that the model may call, for agents whose context is `C`.
///
/// Implement it by hand when a tool has state or options that neither
/// [`function_tool`] nor [`tool_fn`] covers.
///
/// ```
/// use chatkit_agents::tool::{
///     FunctionTool, SchemaError, ToolContext, ToolDefinition, ToolError, ToolOutput,
/// };
/// use futures::future::BoxFuture;
/// use serde_json::json;
///
/// struct Lookup {
///     definition: ToolDefinition,
/// }
///
/// impl Lookup {
///     fn new() -> Result<Self, SchemaError> {
///         let parameters = json!({"type": "object", "properties": {"key": {"type": "string"}}});
///         let definition = ToolDefinition::strict("lookup", "Looks a key up.", parameters)?;
///         Ok(Self { definition })
///     }
/// }
///
/// impl<C: Send + Sync> FunctionTool<C> for Lookup {
///     fn definition(&self) -> Result<&ToolDefinition, &SchemaError> {
///         Ok(&self.definition)
///     }
///
///     fn call<'a>(
///         &'a self,
///         ctx: ToolContext<'a, C>,
///     ) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
///         #[derive(serde::Deserialize)]
///         struct Arguments {
///             key: String,
///         }
///         Box::pin(async move {
///             let Arguments { key } = ctx.parse_arguments()?;
///             Ok(ToolOutput::Text(format!("{key} = 1")))
///         })
///     }
/// }
/// # Lookup::new().unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool for agents with the context `{C}`",
    label = "not a function tool for the context `{C}`",
    note = "annotate an `async fn` with `#[function_tool]`, or wrap a closure in `tool_fn`",
    note = "a tool that takes `ToolContext<'_, X>` works only for agents with the context `X`"
)]
pub trait FunctionTool<C>: Send + Sync + 'static {
    /// The name, description and parameters that the model sees.
    ///
    /// It is asked for before every call to the model, so build it once. The error says why the
    /// parameters cannot be a strict schema; a run that offers such a tool ends with this error
    /// before it calls the model.
    fn definition(&self) -> Result<&ToolDefinition, &SchemaError>;

    /// Runs the tool with the arguments in [`ToolContext::tool_arguments`].
    ///
    /// The model wrote the arguments, so they may be anything:
    /// [`ToolContext::parse_arguments`] decodes them, or gives an error that tells the model which
    /// argument is wrong. Dropping the future cancels the call; this happens when the run is
    /// cancelled, when the [timeout](Self::timeout) has passed, and when another tool of the same
    /// response ends the run.
    #[doc(alias = "on_invoke_tool")]
    fn call<'a>(&'a self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<ToolOutput, ToolError>>;

    /// The name of the MCP server that has the tool; `None` for other functions.
    ///
    /// A decision about [all calls](crate::RunState::approve_always) of a tool holds for this server only.
    fn server_name(&self) -> Option<&str> {
        None
    }

    /// How long one call may take; then the call is dropped and the model is told so.
    ///
    /// No limit by default.
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// Whether the model may use the tool now. Asked before every call to the model.
    ///
    /// A disabled tool is not shown to the model. Always enabled by default.
    fn is_enabled<'a>(&'a self, run: RunContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> {
        let _ = run;
        Box::pin(std::future::ready(Ok(true)))
    }

    /// Whether a person has to approve this call before it is made. Not needed by default.
    ///
    /// The run then ends with an [interruption](crate::RunState::interruptions), and goes on once it is resumed with a
    /// decision. Arguments that cannot be decoded should need an approval too.
    fn needs_approval<'a>(
        &'a self,
        ctx: ToolContext<'a, C>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        let _ = ctx;
        Box::pin(std::future::ready(Ok(false)))
    }

    /// Checks of the arguments, made one after the other before the call. None by default.
    fn input_guardrails(&self) -> &[ToolInputGuardrail<C>] {
        &[]
    }

    /// Checks of the result, made one after the other, after the call. None by default.
    fn output_guardrails(&self) -> &[ToolOutputGuardrail<C>] {
        &[]
    }

    /// Whether `error` ends the run. By default only an error that [says so](ToolError::is_fatal) does.
    fn ends_run(&self, error: &ToolError) -> bool {
        error.is_fatal()
    }

    /// The text the model gets in place of a result when a call fails with `error`.
    ///
    /// Not asked for errors that [end the run](Self::ends_run). The default is [`ToolError::model_message`].
    fn failure_message<'a>(&self, error: &'a ToolError) -> Cow<'a, str> {
        Cow::Borrowed(error.model_message())
    }
}

/// What an agent offers to the model.
///
/// The tools of [`function_tool`] and of [`tool_fn`] convert into it, which is
/// why `agent.tool(get_weather)` works. [`Tool::function`] takes any other [`FunctionTool`].
#[non_exhaustive]
pub enum Tool<C> {
    /// A function of this program.
    Function(Arc<dyn FunctionTool<C>>),
    /// A tool that the provider of the model runs.
    Hosted(Arc<HostedTool>),
    /// A tool of a kind of its own that this program carries out.
    Local(Arc<dyn LocalTool<C>>),
}

impl<C: 'static> Tool<C> {
    /// A function of this program.
    pub fn function(tool: impl FunctionTool<C>) -> Self {
        Self::Function(Arc::new(tool))
    }

    /// A tool of a kind of its own that this program carries out.
    pub fn local(tool: impl LocalTool<C>) -> Self {
        Self::Local(Arc::new(tool))
    }

    /// A tool that the provider runs, from its definition in the Responses API, for example
    /// `{"type": "web_search"}`.
    ///
    /// The definition is sent as it is, so tools that are newer than this crate work too.
    pub fn hosted(definition: impl Into<Value>) -> Self {
        HostedTool::new(definition).into()
    }

    /// The function; `None` for the other kinds.
    pub fn as_function(&self) -> Option<&Arc<dyn FunctionTool<C>>> {
        match self {
            Self::Function(tool) => Some(tool),
            Self::Hosted(_) | Self::Local(_) => None,
        }
    }

    /// The definition of a function; `None` for the other kinds, and for a function without a valid definition.
    fn definition(&self) -> Option<&ToolDefinition> {
        self.as_function()?.definition().ok()
    }

    /// The name of a function, with its namespace.
    pub(crate) fn qualified_name(&self) -> Option<Cow<'_, str>> {
        self.definition().map(ToolDefinition::qualified_name)
    }

    /// The namespace of a function.
    pub(crate) fn namespace(&self) -> Option<&definition::Namespace> {
        self.definition()?.namespace()
    }

    /// Whether it is the function with this name, in this namespace or in none.
    pub(crate) fn is_function(&self, name: &str, namespace: Option<&str>) -> bool {
        self.definition().is_some_and(|definition| {
            definition.name() == name
                && definition.namespace().map(|known| known.name.as_str()) == namespace
        })
    }

    /// The entry for the `tools` array of a request to the Responses API.
    ///
    /// # Errors
    ///
    /// The [definition error](FunctionTool::definition) of a function tool.
    pub fn to_wire(&self) -> Result<Value, SchemaError> {
        match self {
            Self::Function(tool) => Ok(tool.definition().map_err(Clone::clone)?.to_wire()),
            Self::Hosted(tool) => Ok(tool.definition().clone()),
            Self::Local(tool) => Ok(tool.to_wire()),
        }
    }
}

/// What goes into an agent with [`Agent::tool`](crate::Agent::tool): all that converts into a [`Tool`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool for agents with the context `{C}`",
    label = "not a tool for the context `{C}`",
    note = "annotate an `async fn` with `#[function_tool]`, or wrap a closure in `tool_fn`",
    note = "a type of yours that implements `FunctionTool` goes in as `Tool::function(value)`",
    note = "a tool that takes `ToolContext<'_, X>` works only for agents with the context `X`"
)]
pub trait IntoTool<C> {
    /// The tool.
    fn into_tool(self) -> Tool<C>;
}

#[diagnostic::do_not_recommend]
impl<C, T: Into<Tool<C>>> IntoTool<C> for T {
    fn into_tool(self) -> Tool<C> {
        self.into()
    }
}

// Not for every `T: FunctionTool<C>`: this would overlap with `From<Tool<C>> for Tool<C>`, because
// other crates may implement `FunctionTool<Their>` for `Tool<Their>`.
impl<C: Clone + Send + Sync + 'static> From<FnTool<C>> for Tool<C> {
    fn from(tool: FnTool<C>) -> Self {
        Self::function(tool)
    }
}

impl<C> From<HostedTool> for Tool<C> {
    fn from(tool: HostedTool) -> Self {
        Self::Hosted(Arc::new(tool))
    }
}

impl<C> From<Arc<dyn FunctionTool<C>>> for Tool<C> {
    fn from(tool: Arc<dyn FunctionTool<C>>) -> Self {
        Self::Function(tool)
    }
}

impl<C> Clone for Tool<C> {
    fn clone(&self) -> Self {
        match self {
            Self::Function(tool) => Self::Function(Arc::clone(tool)),
            Self::Hosted(tool) => Self::Hosted(Arc::clone(tool)),
            Self::Local(tool) => Self::Local(Arc::clone(tool)),
        }
    }
}

impl<C: 'static> fmt::Debug for Tool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(tool) => f
                .debug_tuple("Function")
                .field(&tool.definition().map(ToolDefinition::name))
                .finish(),
            Self::Hosted(tool) => f.debug_tuple("Hosted").field(&tool.tool_type()).finish(),
            Self::Local(tool) => f.debug_tuple("Local").field(&tool.call_type()).finish(),
        }
    }
}

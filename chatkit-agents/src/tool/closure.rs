//! Tools from closures.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::FunctionTool;
use super::arguments::parameters_schema;
use super::context::{OwnedToolContext, ToolContext};
use super::definition::{ToolCaller, ToolDefinition};
use super::error::ToolError;
use super::gates::{Gates, gate_methods, gate_setters};
use super::guardrail::{ToolInputGuardrail, ToolOutputGuardrail};
use super::output::{IntoToolOutput, ToolOutput};
use super::strict::SchemaError;

type Handler<C> =
    dyn Fn(OwnedToolContext<C>) -> BoxFuture<'static, Result<ToolOutput, ToolError>> + Send + Sync;
type FailureMessage = dyn Fn(&ToolError) -> String + Send + Sync;
type EndsRun = dyn Fn(&ToolError) -> bool + Send + Sync;

/// A tool from an async closure. The closure may capture what it needs, such as a connection pool.
///
/// `A` is the struct of the arguments: its fields, and their doc comments, are what the model sees.
/// The closure gets the context of the run as a clone, because its future cannot borrow; so `C` is
/// a type that is cheap to clone.
///
/// The tool is strict; see [`FnTool::strict`] for arguments that cannot be.
///
/// ```
/// use chatkit_agents::tool::{OwnedToolContext, Tool, ToolError, tool_fn};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Convert {
///     /// The amount in euros.
///     euros: f64,
/// }
///
/// let rate = 1.1;
/// let convert = tool_fn(
///     "convert",
///     "Converts euros to dollars.",
///     move |_ctx: OwnedToolContext<()>, args: Convert| async move {
///         if args.euros < 0.0 {
///             return Err(ToolError::for_model("The amount must not be negative."));
///         }
///         Ok(args.euros * rate)
///     },
/// );
/// let tool: Tool<()> = convert.into();
/// ```
pub fn tool_fn<C, A, F, Fut>(
    name: impl Into<String>,
    description: impl Into<String>,
    function: F,
) -> FnTool<C>
where
    C: Clone + Send + Sync + 'static,
    A: DeserializeOwned + JsonSchema + Send + 'static,
    F: Fn(OwnedToolContext<C>, A) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoToolOutput,
{
    let function = Arc::new(function);
    FnTool::with_schema(
        name,
        description,
        parameters_schema::<A>(),
        move |ctx: OwnedToolContext<C>| {
            let function = Arc::clone(&function);
            async move {
                let arguments = ctx.as_ref().parse_arguments()?;
                function(ctx, arguments).await.into_tool_output()
            }
        },
    )
}

/// A tool from a closure, made by [`tool_fn`] or [`FnTool::with_schema`].
pub struct FnTool<C> {
    name: String,
    description: String,
    parameters: Value,
    strict: bool,
    definition: OnceLock<Result<ToolDefinition, SchemaError>>,
    handler: Box<Handler<C>>,
    timeout: Option<Duration>,
    gates: Gates<C>,
    input_guardrails: Vec<ToolInputGuardrail<C>>,
    output_guardrails: Vec<ToolOutputGuardrail<C>>,
    ends_run: Option<Box<EndsRun>>,
    failure_message: Option<Box<FailureMessage>>,
    defer_loading: bool,
    allowed_callers: Vec<ToolCaller>,
    output_schema: Option<Value>,
}

impl<C: Clone + Send + Sync + 'static> FnTool<C> {
    /// A tool with a JSON schema that you write, or get from elsewhere.
    ///
    /// The closure finds the arguments in [`OwnedToolContext::tool_arguments`], as the model wrote
    /// them; nothing has checked them against the schema.
    ///
    /// ```
    /// use chatkit_agents::tool::{FnTool, Json, OwnedToolContext, ToolError};
    /// use serde_json::{Value, json};
    ///
    /// let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}});
    /// let echo = FnTool::with_schema(
    ///     "echo",
    ///     "Repeats the text.",
    ///     schema,
    ///     |ctx: OwnedToolContext<()>| async move {
    ///         let arguments: Value = ctx.as_ref().parse_arguments()?;
    ///         Ok::<_, ToolError>(Json(arguments["text"].clone()))
    ///     },
    /// );
    /// ```
    pub fn with_schema<F, Fut>(
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: impl Into<Value>,
        function: F,
    ) -> Self
    where
        F: Fn(OwnedToolContext<C>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoToolOutput,
    {
        Self {
            name: name.into(),
            description: description.into(),
            parameters: parameters.into(),
            strict: true,
            definition: OnceLock::new(),
            handler: Box::new(move |ctx| {
                let result = function(ctx);
                Box::pin(async move { result.await.into_tool_output() })
            }),
            timeout: None,
            gates: Gates::default(),
            input_guardrails: Vec::new(),
            output_guardrails: Vec::new(),
            ends_run: None,
            failure_message: None,
            defer_loading: false,
            allowed_callers: Vec::new(),
            output_schema: None,
        }
    }
}

impl<C: 'static> FnTool<C> {
    /// Sets whether the model is forced to follow the schema. It is by default.
    ///
    /// A strict schema cannot have maps with arbitrary keys, and all its properties are required.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self.definition = OnceLock::new();
        self
    }

    /// Sets how long one call may take. No limit by default.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    gate_setters! {
        /// Sets which calls a person has to approve. Asked for each call, before its guardrails.
        ///
        /// ```
        /// use chatkit_agents::tool::{OwnedToolContext, ToolContext, tool_fn};
        ///
        /// #[derive(serde::Deserialize, schemars::JsonSchema)]
        /// struct Refund {
        ///     cents: u64,
        /// }
        ///
        /// fn is_large(ctx: ToolContext<'_, ()>) -> bool {
        ///     // What cannot be read needs an approval too.
        ///     ctx.parse_arguments::<Refund>().map_or(true, |refund| refund.cents > 100_00)
        /// }
        ///
        /// let refund = tool_fn("refund", "Pays back.", |_: OwnedToolContext<()>, refund: Refund| async move {
        ///     format!("{} cents are on their way.", refund.cents)
        /// })
        /// .needs_approval(is_large);
        /// ```
    }

    /// Adds a check of the arguments, made before the call, after those that were added earlier.
    #[must_use]
    pub fn input_guardrail(mut self, guardrail: ToolInputGuardrail<C>) -> Self {
        self.input_guardrails.push(guardrail);
        self
    }

    /// Adds a check of the result, made after those that were added earlier.
    #[must_use]
    pub fn output_guardrail(mut self, guardrail: ToolOutputGuardrail<C>) -> Self {
        self.output_guardrails.push(guardrail);
        self
    }

    /// Sets which errors end the run, besides those that are [fatal](ToolError::is_fatal). With
    /// [`ToolError::is_timed_out`] these are timeouts.
    #[doc(alias = "failure_error_function")]
    #[must_use]
    pub fn ends_run(
        mut self,
        ends_run: impl Fn(&ToolError) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.ends_run = Some(Box::new(ends_run));
        self
    }

    /// Sets whether the model sees the tool only once it has found it with the
    /// [`ToolSearchTool`](super::ToolSearchTool), which the agent must have.
    #[must_use]
    pub fn defer_loading(mut self, defer: bool) -> Self {
        self.defer_loading = defer;
        self.definition = OnceLock::new();
        self
    }

    /// Sets who may call the tool. The API's default is the model itself.
    #[must_use]
    pub fn allowed_callers(mut self, callers: impl IntoIterator<Item = ToolCaller>) -> Self {
        self.allowed_callers = callers.into_iter().collect();
        self.definition = OnceLock::new();
        self
    }

    /// Sets the JSON schema of the result, for programs of the model that read it. It is sent as it is.
    #[must_use]
    pub fn output_schema(mut self, schema: impl Into<Value>) -> Self {
        self.output_schema = Some(schema.into());
        self.definition = OnceLock::new();
        self
    }

    /// Sets the text that the model gets when a call fails, for every error that is not fatal.
    /// The default is [`ToolError::model_message`].
    #[must_use]
    pub fn failure_message(
        mut self,
        message: impl Fn(&ToolError) -> String + Send + Sync + 'static,
    ) -> Self {
        self.failure_message = Some(Box::new(message));
        self
    }
}

impl<C: Clone + Send + Sync + 'static> FunctionTool<C> for FnTool<C> {
    fn definition(&self) -> Result<&ToolDefinition, &SchemaError> {
        self.definition
            .get_or_init(|| {
                let parameters = self.parameters.clone();
                let definition =
                    ToolDefinition::build(&self.name, &self.description, parameters, self.strict)?
                        .defer_loading(self.defer_loading)
                        .allowed_callers(self.allowed_callers.iter().copied());
                Ok(match &self.output_schema {
                    Some(schema) => definition.output_schema(schema.clone()),
                    None => definition,
                })
            })
            .as_ref()
    }

    fn call<'a>(&'a self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
        (self.handler)(ctx.to_owned())
    }

    fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    gate_methods! {}

    fn input_guardrails(&self) -> &[ToolInputGuardrail<C>] {
        &self.input_guardrails
    }

    fn output_guardrails(&self) -> &[ToolOutputGuardrail<C>] {
        &self.output_guardrails
    }

    fn ends_run(&self, error: &ToolError) -> bool {
        error.is_fatal() || self.ends_run.as_ref().is_some_and(|ends| ends(error))
    }

    fn failure_message<'a>(&self, error: &'a ToolError) -> Cow<'a, str> {
        match &self.failure_message {
            Some(message) => Cow::Owned(message(error)),
            None => Cow::Borrowed(error.model_message()),
        }
    }
}

impl<C> fmt::Debug for FnTool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnTool")
            .field("name", &self.name)
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}

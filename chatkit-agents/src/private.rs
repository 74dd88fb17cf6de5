//! What the code that `#[function_tool]` writes needs. Not public API: it may change at any time.

pub use std::borrow::Cow;
pub use std::boxed::Box;

use std::marker::PhantomData;
pub use std::sync::LazyLock;

pub use futures::future::BoxFuture;
pub use {schemars, serde};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub use chatkit::BoxError;

pub use crate::callback::Answer;
pub use crate::runner::RunContext;
use crate::tool::ToolErrorKind;
pub use crate::tool::{
    FunctionTool, IntoToolOutput, SchemaError, Tool, ToolCaller, ToolContext, ToolContextType,
    ToolDefinition, ToolError, ToolInputGuardrail, ToolOutput, ToolOutputGuardrail,
};

/// The definition of a tool, made when it is first asked for.
pub type StaticDefinition = LazyLock<Result<ToolDefinition, SchemaError>>;

/// Defines a tool whose arguments are the fields of `A`.
pub fn define<A: JsonSchema>(
    name: &str,
    description: &str,
    strict: bool,
) -> Result<ToolDefinition, SchemaError> {
    ToolDefinition::build(
        name,
        description,
        crate::tool::parameters_schema::<A>(),
        strict,
    )
}

/// The text of the option `failure_message = "..."`. It stands in for the fixed text only: errors
/// that have a text of their own say more.
pub fn failure_text<'a>(error: &'a ToolError, text: &'static str) -> Cow<'a, str> {
    Cow::Borrowed(match error.kind() {
        ToolErrorKind::Failed => text,
        _ => error.model_message(),
    })
}

/// What the function of the option `needs_approval` may be.
///
/// `Kind` only keeps the implementations apart: a function has one of these forms.
#[diagnostic::on_unimplemented(
    message = "the function of `needs_approval` does not have one of the forms that it may have",
    label = "expected a function from `&C`, from `ToolContext<'_, C>`, from the arguments, or from the last two",
    note = "`C` is the context of the tool; the arguments are any type that implements `DeserializeOwned`",
    note = "it returns `bool` or a `Result` of it, or is an `async fn` that does"
)]
pub trait NeedsApproval<'a, C, Kind> {
    /// Whether the call needs an approval.
    fn ask(self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>>;
}

/// The function takes nothing.
#[derive(Debug)]
pub struct OfNothing<K>(PhantomData<K>);

/// The function takes the context of the run.
#[derive(Debug)]
pub struct OfContext<K>(PhantomData<K>);

/// The function takes the context of the call.
#[derive(Debug)]
pub struct OfCall<K>(PhantomData<K>);

/// The function takes the arguments.
#[derive(Debug)]
pub struct OfArguments<A, K>(PhantomData<(A, K)>);

/// The function takes the context of the call, and the arguments.
#[derive(Debug)]
pub struct OfCallAndArguments<A, K>(PhantomData<(A, K)>);

impl<'a, C: 'a, F, R, K> NeedsApproval<'a, C, OfNothing<K>> for F
where
    F: FnOnce() -> R,
    R: Answer<'a, Result<bool, BoxError>, K>,
{
    fn ask(self, _: ToolContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> {
        self().resolve()
    }
}

impl<'a, C: 'a, F, R, K> NeedsApproval<'a, C, OfContext<K>> for F
where
    F: FnOnce(&'a C) -> R,
    R: Answer<'a, Result<bool, BoxError>, K>,
{
    fn ask(self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> {
        self(ctx.context).resolve()
    }
}

impl<'a, C: 'a, F, R, K> NeedsApproval<'a, C, OfCall<K>> for F
where
    F: FnOnce(ToolContext<'a, C>) -> R,
    R: Answer<'a, Result<bool, BoxError>, K>,
{
    fn ask(self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> {
        self(ctx).resolve()
    }
}

impl<'a, C: 'a, A, F, R, K> NeedsApproval<'a, C, OfArguments<A, K>> for F
where
    A: DeserializeOwned,
    F: FnOnce(A) -> R,
    R: Answer<'a, Result<bool, BoxError>, K>,
{
    fn ask(self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> {
        decoded(ctx, self)
    }
}

impl<'a, C: 'a, A, F, R, K> NeedsApproval<'a, C, OfCallAndArguments<A, K>> for F
where
    A: DeserializeOwned,
    F: FnOnce(ToolContext<'a, C>, A) -> R,
    R: Answer<'a, Result<bool, BoxError>, K>,
{
    fn ask(self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> {
        decoded(ctx, |arguments| self(ctx, arguments))
    }
}

/// Nobody can tell what a call would do whose arguments cannot be decoded: a person decides.
fn decoded<'a, C, A: DeserializeOwned, R: Answer<'a, Result<bool, BoxError>, K>, K>(
    ctx: ToolContext<'a, C>,
    ask: impl FnOnce(A) -> R,
) -> BoxFuture<'a, Result<bool, BoxError>> {
    match ctx.parse_arguments() {
        Ok(arguments) => ask(arguments).resolve(),
        Err(_) => Box::pin(std::future::ready(Ok(true))),
    }
}

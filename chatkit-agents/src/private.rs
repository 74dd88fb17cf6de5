//! What the code that `#[function_tool]` writes needs. Not public API: it may change at any time.

pub use std::borrow::Cow;
pub use std::boxed::Box;

use std::sync::LazyLock;

pub use futures::future::BoxFuture;
pub use {schemars, serde};

use schemars::JsonSchema;

pub use crate::runner::RunContext;
use crate::tool::ToolErrorKind;
pub use crate::tool::{
    FunctionTool, IntoToolOutput, SchemaError, Tool, ToolContext, ToolContextType, ToolDefinition,
    ToolError, ToolOutput,
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

/// What the function of the option `is_enabled` may return: a `bool`, or a future of one.
///
/// `Kind` only keeps the two implementations apart.
#[diagnostic::on_unimplemented(
    message = "the function of `is_enabled` must return `bool`, or be an `async fn` that does",
    label = "neither `bool` nor a future of it"
)]
pub trait IsEnabled<Kind> {
    /// The answer.
    fn resolve(self) -> impl Future<Output = bool> + Send;
}

/// The function returns `bool`.
#[derive(Debug)]
pub struct Now;

/// The function returns a future.
#[derive(Debug)]
pub struct Later;

impl IsEnabled<Now> for bool {
    fn resolve(self) -> impl Future<Output = bool> + Send {
        std::future::ready(self)
    }
}

impl<F: Future<Output = bool> + Send> IsEnabled<Later> for F {
    fn resolve(self) -> impl Future<Output = bool> + Send {
        self
    }
}

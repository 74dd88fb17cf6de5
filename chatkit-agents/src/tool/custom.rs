//! Tools that take a text in place of JSON.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::gates::{Gates, gate_methods, gate_setters};
use super::{IntoToolOutput, LocalTool, Tool, ToolCaller, ToolContext, ToolError, ToolOutput};
use crate::callback::{Callback, Later};
use crate::items::{InputItem, OutputItem};

/// A tool whose only argument is a text: code, a query, a command. The model need not wrap it in JSON, and a
/// [grammar](Self::lark) can hold it to a language.
///
/// ```
/// use chatkit_agents::tool::{CustomTool, ToolContext, ToolError};
///
/// async fn run(ctx: ToolContext<'_, ()>) -> Result<String, ToolError> {
///     match ctx.tool_arguments() {
///         "SELECT 1" => Ok("1".to_owned()),
///         _ => Err(ToolError::for_model("This is not a query that I know.")),
///     }
/// }
///
/// let sql = CustomTool::new("sql", "Runs an SQL query.", run).regex("SELECT .*");
/// ```
pub struct CustomTool<C> {
    name: String,
    description: String,
    format: Option<Value>,
    defer_loading: bool,
    allowed_callers: Vec<ToolCaller>,
    run: Box<RunIt<C>>,
    gates: Gates<C>,
}

type RunIt<C> = dyn for<'a> Fn(ToolContext<'a, C>) -> BoxFuture<'a, Result<ToolOutput, ToolError>>
    + Send
    + Sync;

impl<C: 'static> CustomTool<C> {
    /// A tool that takes any text. `run` is async, and finds it in [`ToolContext::tool_arguments`].
    pub fn new<O: IntoToolOutput + 'static>(
        name: impl Into<String>,
        description: impl Into<String>,
        run: impl for<'a> Callback<'a, ToolContext<'a, C>, O, Later>,
    ) -> Self {
        let run = Arc::new(run);
        Self {
            name: name.into(),
            description: description.into(),
            format: None,
            defer_loading: false,
            allowed_callers: Vec::new(),
            run: Box::new(move |ctx| {
                let output = run.call(ctx);
                Box::pin(async move { output.await.into_tool_output() })
            }),
            gates: Gates::default(),
        }
    }

    /// Sets a grammar in the syntax of Lark, which the text then follows.
    #[must_use]
    pub fn lark(self, grammar: impl Into<String>) -> Self {
        self.grammar("lark", &grammar.into())
    }

    /// Sets a regular expression, which the text then matches.
    #[must_use]
    pub fn regex(self, regex: impl Into<String>) -> Self {
        self.grammar("regex", &regex.into())
    }

    fn grammar(self, syntax: &str, definition: &str) -> Self {
        self.format(json!({"type": "grammar", "syntax": syntax, "definition": definition}))
    }

    /// Sets the format of the text, as the API takes it.
    #[must_use]
    pub fn format(mut self, format: impl Into<Value>) -> Self {
        self.format = Some(format.into());
        self
    }

    /// Sets whether the model sees the tool only once it has found it with the
    /// [`ToolSearchTool`](super::ToolSearchTool).
    #[must_use]
    pub fn defer_loading(mut self, defer: bool) -> Self {
        self.defer_loading = defer;
        self
    }

    /// Sets who may call the tool. The API's default is the model itself.
    #[must_use]
    pub fn allowed_callers(mut self, callers: impl IntoIterator<Item = ToolCaller>) -> Self {
        self.allowed_callers = callers.into_iter().collect();
        self
    }

    gate_setters! {
        /// Sets which calls a person has to approve.
    }
}

fn answer(call_id: &str, output: &ToolOutput) -> InputItem {
    InputItem::from_json(&json!({
        "type": "custom_tool_call_output",
        "call_id": call_id,
        "output": output.to_wire(),
    }))
}

impl<C: Send + Sync + 'static> LocalTool<C> for CustomTool<C> {
    fn to_wire(&self) -> Value {
        let mut wire = json!({
            "type": "custom",
            "name": self.name,
            "description": self.description,
        });
        if let Some(format) = &self.format {
            wire["format"] = format.clone();
        }
        if self.defer_loading {
            wire["defer_loading"] = true.into();
        }
        if !self.allowed_callers.is_empty() {
            wire["allowed_callers"] = self.allowed_callers.clone().into();
        }
        wire
    }

    fn call_type(&self) -> &str {
        "custom_tool_call"
    }

    fn is_called_by(&self, item: &OutputItem) -> bool {
        item.raw().string_field("name").as_deref() == Some(&self.name)
    }

    fn call<'a>(&'a self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<InputItem, ToolError>> {
        Box::pin(async move { Ok(answer(ctx.tool_call_id(), &(self.run)(ctx).await?)) })
    }

    fn failure(&self, call_id: &str, text: &str) -> InputItem {
        answer(call_id, &ToolOutput::Text(text.to_owned()))
    }

    gate_methods! {}
}

impl<C: Send + Sync + 'static> From<CustomTool<C>> for Tool<C> {
    fn from(tool: CustomTool<C>) -> Self {
        Self::local(tool)
    }
}

impl<C> fmt::Debug for CustomTool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomTool")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

//! A tool of a server, as a function that the model may call.

use std::borrow::Cow;
use std::sync::Arc;

use chatkit::BoxError;
use futures::future::BoxFuture;
use rmcp::model;
use serde_json::{Map, Value, json};

use super::client::Client;
use super::error::{McpError, McpErrorKind};
use super::options::{ApprovalContext, Options};
use super::output::tool_output;
use crate::tool::{
    FunctionTool, SchemaError, ToolContext, ToolDefinition, ToolError, ToolInputGuardrail,
    ToolOutput, ToolOutputGuardrail,
};

/// What the model is told when the server went away in the middle of a call.
const LOST: &str =
    "The server of this tool was lost before it answered. The call may have had an effect.";

/// A tool of a server. It keeps the server's connection.
pub(super) struct McpTool<C> {
    client: Arc<Client>,
    options: Arc<Options<C>>,
    pub(super) tool: model::Tool,
    definition: ToolDefinition,
}

impl<C> McpTool<C> {
    /// `name` is what the model calls the tool.
    pub(super) fn new(
        client: &Arc<Client>,
        options: &Arc<Options<C>>,
        tool: model::Tool,
        name: String,
    ) -> Self {
        Self {
            client: Arc::clone(client),
            options: Arc::clone(options),
            definition: definition(&tool, name, options.strict),
            tool,
        }
    }

    /// A required parameter that the model has left out.
    fn missing(&self, arguments: &Map<String, Value>) -> Option<&str> {
        let required = self.tool.input_schema.get("required")?.as_array()?;
        let mut names = required.iter().filter_map(Value::as_str);
        names.find(|name| !arguments.contains_key(*name))
    }

    async fn run(&self, ctx: ToolContext<'_, C>) -> Result<ToolOutput, ToolError> {
        let arguments: Map<String, Value> = ctx.parse_arguments()?;
        if let Some(name) = self.missing(&arguments) {
            let problem = format_args!("{name}: missing field");
            return Err(ToolError::invalid_arguments(ctx.tool_name(), problem));
        }
        match self.client.call_tool(&self.tool.name, arguments).await {
            Ok(result) => tool_output(result, self.options.structured),
            Err(error) => Err(self.failed(ctx.tool_name(), error)),
        }
    }

    fn failed(&self, name: &str, error: McpError) -> ToolError {
        let for_model = match (error.kind(), error.refusal()) {
            (McpErrorKind::Refused, Some(data)) => ToolError::for_model(data.message.clone()),
            (McpErrorKind::Timeout, _) => {
                ToolError::timed_out(name, self.client.config.call_timeout)
            }
            (McpErrorKind::Disconnected, _) => ToolError::for_model(LOST),
            _ => return ToolError::new(error),
        };
        for_model.caused_by(error)
    }
}

/// How the tool is described to the model. The Responses API wants an object with `properties`, which MCP does not.
fn definition(tool: &model::Tool, name: String, strict: bool) -> ToolDefinition {
    let titles = [
        tool.description.as_deref(),
        tool.title.as_deref(),
        tool.annotations
            .as_ref()
            .and_then(|hints| hints.title.as_deref()),
    ];
    let description = titles.into_iter().flatten().find(|text| !text.is_empty());
    let description = description.unwrap_or_default();
    let mut parameters = Map::clone(&tool.input_schema);
    parameters.entry("type").or_insert_with(|| json!("object"));
    parameters.entry("properties").or_insert_with(|| json!({}));
    if strict {
        match ToolDefinition::strict(name.as_str(), description, parameters.clone()) {
            Ok(definition) => return definition,
            Err(error) => {
                tracing::debug!(tool = name, %error, "the schema of an MCP tool cannot be strict");
            }
        }
    }
    ToolDefinition::new(name, description, parameters)
}

impl<C: Send + Sync + 'static> FunctionTool<C> for McpTool<C> {
    fn definition(&self) -> Result<&ToolDefinition, &SchemaError> {
        Ok(&self.definition)
    }

    fn call<'a>(&'a self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
        Box::pin(self.run(ctx))
    }

    fn server_name(&self) -> Option<&str> {
        Some(&self.client.config.name)
    }

    fn needs_approval<'a>(
        &'a self,
        ctx: ToolContext<'a, C>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.options.approval.asks(ApprovalContext {
            ctx,
            server_name: &self.client.config.name,
            tool: &self.tool,
        })
    }

    fn input_guardrails(&self) -> &[ToolInputGuardrail<C>] {
        &self.options.input_guardrails
    }

    fn output_guardrails(&self) -> &[ToolOutputGuardrail<C>] {
        &self.options.output_guardrails
    }

    fn ends_run(&self, error: &ToolError) -> bool {
        self.options.ends_run || error.is_fatal()
    }

    fn failure_message<'a>(&self, error: &'a ToolError) -> Cow<'a, str> {
        match &self.options.failure_message {
            Some(message) => Cow::Owned(message(error)),
            None => Cow::Borrowed(error.model_message()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(json: Value) -> model::Tool {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_schema_gets_what_the_api_wants() {
        let bare = tool(json!({"name": "t", "inputSchema": {}}));
        let definition = definition(&bare, "t".into(), false);
        assert_eq!(
            *definition.parameters(),
            json!({"type": "object", "properties": {}})
        );
        assert!(!definition.is_strict());
    }

    #[test]
    fn a_schema_is_made_strict_where_it_can_be() {
        let text = json!({"type": "object", "properties": {"text": {"type": "string"}}});
        let text = tool(json!({"name": "t", "inputSchema": text}));
        let strict = definition(&text, "t".into(), true);
        assert!(strict.is_strict());
        assert_eq!(strict.parameters()["required"], json!(["text"]));

        let map = json!({"type": "object", "properties": {}, "additionalProperties": true});
        let open = tool(json!({"name": "t", "inputSchema": map}));
        let lenient = definition(&open, "t".into(), true);
        assert!(!lenient.is_strict());
        assert_eq!(*lenient.parameters(), map);
    }

    #[test]
    fn a_title_stands_in_for_a_description() {
        let described = |json: Value| {
            let mut tool_json = json!({"name": "t", "inputSchema": {}});
            tool_json
                .as_object_mut()
                .unwrap()
                .extend(json.as_object().unwrap().clone());
            let definition = definition(&tool(tool_json), "t".into(), false);
            definition.description().to_owned()
        };
        assert_eq!(described(json!({"description": "D", "title": "T"})), "D");
        assert_eq!(described(json!({"description": "", "title": "T"})), "T");
        assert_eq!(described(json!({"annotations": {"title": "A"}})), "A");
        assert_eq!(described(json!({})), "");
    }
}

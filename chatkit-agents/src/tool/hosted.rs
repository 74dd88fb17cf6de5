//! Tools that the provider of the model runs.

use serde_json::Value;

/// A tool that the provider of the model runs: its definition in the Responses API, sent as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct HostedTool {
    definition: Value,
    include: Vec<String>,
}

impl HostedTool {
    /// A tool from its definition, for example `{"type": "web_search"}`.
    pub fn new(definition: impl Into<Value>) -> Self {
        Self {
            definition: definition.into(),
            include: Vec::new(),
        }
    }

    /// Adds output that the model is asked to include, for example `file_search_call.results`.
    #[must_use]
    pub fn include(mut self, output: impl Into<String>) -> Self {
        self.include.push(output.into());
        self
    }

    /// The definition.
    pub fn definition(&self) -> &Value {
        &self.definition
    }

    /// The type of the definition, `web_search` for example; empty when it has none.
    pub fn tool_type(&self) -> &str {
        self.definition
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn included(&self) -> &[String] {
        &self.include
    }
}

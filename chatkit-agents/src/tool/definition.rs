//! How a function tool is described to the model.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use serde_json::{Value, json};

use super::strict::{SchemaError, ensure_strict_json_schema};

/// How a function tool is described to the model: name, description, and the JSON schema of its
/// arguments.
///
/// It serialises as a function tool of the Responses API:
/// `{"type": "function", "name", "description", "parameters", "strict"}`.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolDefinition {
    name: String,
    description: String,
    parameters: Value,
    strict: bool,
}

impl ToolDefinition {
    /// A definition whose schema the model is asked, but not forced, to follow.
    ///
    /// `parameters` is sent as it is.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: impl Into<Value>,
    ) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            parameters: parameters.into(),
            strict: false,
        }
    }

    /// A definition whose schema the model is forced to follow (`"strict": true`).
    ///
    /// `parameters` is rewritten by [`ensure_strict_json_schema`], which makes every property
    /// required and forbids others.
    ///
    /// # Errors
    ///
    /// When `parameters` cannot be made strict without a change to its meaning, for example because
    /// it has a map with arbitrary keys.
    pub fn strict(
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: impl Into<Value>,
    ) -> Result<Self, SchemaError> {
        let mut parameters = parameters.into();
        ensure_strict_json_schema(&mut parameters)?;
        Ok(Self {
            strict: true,
            ..Self::new(name, description, parameters)
        })
    }

    /// A strict definition, or one that is not.
    pub(crate) fn build(
        name: &str,
        description: &str,
        parameters: Value,
        strict: bool,
    ) -> Result<Self, SchemaError> {
        if strict {
            Self::strict(name, description, parameters)
        } else {
            Ok(Self::new(name, description, parameters))
        }
    }

    /// The name by which the model calls the tool.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the tool does, for the model. May be empty.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The JSON schema of the arguments.
    pub fn parameters(&self) -> &Value {
        &self.parameters
    }

    /// Whether the model is forced to follow the schema.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// The entry for the `tools` array of a request to the Responses API.
    pub fn to_wire(&self) -> Value {
        json!({
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
            "strict": self.strict,
        })
    }
}

impl Serialize for ToolDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut state = serializer.serialize_struct("ToolDefinition", 5)?;
        state.serialize_field("type", "function")?;
        state.serialize_field("name", &self.name)?;
        state.serialize_field("description", &self.description)?;
        state.serialize_field("parameters", &self.parameters)?;
        state.serialize_field("strict", &self.strict)?;
        state.end()
    }
}

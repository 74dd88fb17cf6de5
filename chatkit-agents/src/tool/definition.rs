//! How a function tool is described to the model.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::strict::{SchemaError, ensure_strict_json_schema};

/// How a function tool is described to the model: name, description, and the JSON schema of its
/// arguments.
///
/// It serialises as a function tool of the Responses API:
/// `{"type": "function", "name", "description", "parameters", "strict"}`, and what else is set.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolDefinition {
    name: String,
    description: String,
    parameters: Value,
    strict: bool,
    defer_loading: bool,
    allowed_callers: Vec<ToolCaller>,
    output_schema: Option<Value>,
    namespace: Option<Arc<Namespace>>,
}

/// A namespace that a tool is in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Namespace {
    pub(crate) name: String,
    pub(crate) description: String,
}

/// Who may call a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolCaller {
    /// The model itself.
    Direct,
    /// A program that the model has written, see [`ProgrammaticToolCallingTool`](super::ProgrammaticToolCallingTool).
    Programmatic,
}

impl ToolCaller {
    /// As the API names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Programmatic => "programmatic",
        }
    }
}

impl From<ToolCaller> for Value {
    fn from(caller: ToolCaller) -> Self {
        caller.as_str().into()
    }
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
            defer_loading: false,
            allowed_callers: Vec::new(),
            output_schema: None,
            namespace: None,
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
        let name = name.into();
        let mut parameters = parameters.into();
        ensure_strict_json_schema(&mut parameters)
            .map_err(|error| error.of(format!("the tool {name}")))?;
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

    /// Sets whether the model sees the tool only once it has found it with the
    /// [`ToolSearchTool`](super::ToolSearchTool), which the agent must have. It saves tokens where there are many tools.
    #[must_use]
    pub fn defer_loading(mut self, defer: bool) -> Self {
        self.defer_loading = defer;
        self
    }

    /// Sets who may call the tool. The default is left to the API: the model itself.
    #[must_use]
    pub fn allowed_callers(mut self, callers: impl IntoIterator<Item = ToolCaller>) -> Self {
        self.allowed_callers = callers.into_iter().collect();
        self
    }

    /// Sets the JSON schema of the result, for programs of the model that read it. It is sent as it is.
    #[must_use]
    pub fn output_schema(mut self, schema: impl Into<Value>) -> Self {
        self.output_schema = Some(schema.into());
        self
    }

    pub(crate) fn in_namespace(mut self, namespace: Arc<Namespace>) -> Self {
        self.namespace = Some(namespace);
        self
    }

    pub(crate) fn namespace(&self) -> Option<&Namespace> {
        self.namespace.as_deref()
    }

    /// The name, with the namespace before it if there is one: `crm.get_customer`.
    pub fn qualified_name(&self) -> Cow<'_, str> {
        match &self.namespace {
            Some(namespace) => Cow::Owned(format!("{}.{}", namespace.name, self.name)),
            None => Cow::Borrowed(&self.name),
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

    /// The entry for the `tools` array of a request to the Responses API. Tools of a namespace are sent inside of it.
    pub fn to_wire(&self) -> Value {
        let mut wire = json!({
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
            "strict": self.strict,
        });
        if self.defer_loading {
            wire["defer_loading"] = true.into();
        }
        if !self.allowed_callers.is_empty() {
            wire["allowed_callers"] = self.allowed_callers.clone().into();
        }
        if let Some(schema) = &self.output_schema {
            wire["output_schema"] = schema.clone();
        }
        wire
    }
}

impl Serialize for ToolDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_wire().serialize(serializer)
    }
}

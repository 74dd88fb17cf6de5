//! Structured output: an answer that is a Rust type.

use std::fmt;
use std::sync::Arc;

use chatkit::BoxError;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::tool::{SchemaError, ensure_strict_json_schema, parameters_schema};

/// The name of the schema on the wire, as in the Python SDK.
const NAME: &str = "final_output";
/// The field that an answer which is no object is wrapped in, as in the Python SDK.
const WRAPPER: &str = "response";

/// What an agent's answer has to look like.
///
/// [`Agent::output_type`](crate::Agent::output_type) makes one from a type. Make it yourself for a schema that is not
/// [strict](Self::strict), or that comes from elsewhere.
#[derive(Clone)]
pub struct AgentOutputSchema {
    schema: Value,
    wrapped: bool,
    strict: bool,
    validate: Arc<Validate>,
}

type Validate = dyn Fn(&str) -> Result<(), BoxError> + Send + Sync;

impl AgentOutputSchema {
    /// The schema of `T`, strict: the endpoint makes the model follow it.
    ///
    /// A type that is no object, a list for example, travels as the field `response` of one.
    pub fn of<T: JsonSchema + DeserializeOwned>() -> Self {
        let schema = parameters_schema::<T>();
        let wrapped = schema.get("type").and_then(Value::as_str) != Some("object");
        Self {
            schema: if wrapped { wrap(schema) } else { schema },
            wrapped,
            strict: true,
            validate: Arc::new(|json| {
                let mut json = serde_json::Deserializer::from_str(json);
                serde_path_to_error::deserialize::<_, T>(&mut json)?;
                Ok(())
            }),
        }
    }

    /// A schema that comes from elsewhere, of an object. `validate` gets the answer; its error ends the run.
    #[doc(alias = "AgentOutputSchemaBase")]
    pub fn from_schema(
        schema: Value,
        validate: impl Fn(&str) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            schema,
            wrapped: false,
            strict: true,
            validate: Arc::new(validate),
        }
    }

    /// Sets whether the endpoint makes the model follow the schema. A strict schema cannot have maps with arbitrary keys,
    /// and all its fields are required.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// The `text.format` of a request.
    ///
    /// # Errors
    ///
    /// When the schema is to be strict and cannot be.
    pub fn to_wire(&self) -> Result<Box<RawValue>, SchemaError> {
        let mut schema = self.schema.clone();
        if self.strict {
            ensure_strict_json_schema(&mut schema).map_err(|error| error.of("the output type"))?;
        }
        let format =
            json!({"type": "json_schema", "name": NAME, "schema": schema, "strict": self.strict});
        Ok(to_raw_value(&format).unwrap_or_default())
    }

    /// Checks an answer, and takes it out of its wrapping: the JSON that a `T` is read from.
    pub(crate) fn read(&self, text: &str) -> Result<String, BoxError> {
        let json = if self.wrapped {
            let mut wrapper: serde_json::Map<String, Value> = serde_json::from_str(text)?;
            let value = wrapper
                .remove(WRAPPER)
                .ok_or("there is no field `response`")?;
            value.to_string()
        } else {
            // A model that is not forced to may put space or a newline around it.
            text.trim().to_owned()
        };
        (self.validate)(&json)?;
        Ok(json)
    }

    // An error handler gives the value itself, not its wrapping.
    pub(crate) fn read_unwrapped(&self, json: &str) -> Result<String, BoxError> {
        (self.validate)(json)?;
        Ok(json.to_owned())
    }
}

fn wrap(mut schema: Value) -> Value {
    let definitions = schema
        .as_object_mut()
        .and_then(|schema| schema.remove("$defs"));
    let mut wrapper =
        json!({"type": "object", "properties": {WRAPPER: schema}, "required": [WRAPPER]});
    if let Some(definitions) = definitions {
        wrapper["$defs"] = definitions;
    }
    wrapper
}

impl fmt::Debug for AgentOutputSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentOutputSchema")
            .field("schema", &self.schema)
            .field("wrapped", &self.wrapped)
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}

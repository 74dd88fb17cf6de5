//! The arguments that the model writes: their schema, and how they are decoded.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::error::ToolError;

/// The JSON schema of a tool whose arguments are the fields of `T`.
///
/// It is what schemars derives, less what costs tokens and says nothing to a model, or is refused
/// by the Responses API: `$schema`, the `title` of `T`, and the names of Rust's number types as
/// `format`. It is not strict yet; [`ToolDefinition::strict`](super::ToolDefinition::strict) makes
/// it so.
///
/// ```
/// use chatkit_agents::tool::parameters_schema;
/// use serde_json::json;
///
/// #[derive(schemars::JsonSchema)]
/// struct Arguments {
///     /// City name.
///     city: String,
/// }
///
/// assert_eq!(
///     parameters_schema::<Arguments>(),
///     json!({
///         "type": "object",
///         "properties": {"city": {"description": "City name.", "type": "string"}},
///         "required": ["city"],
///     })
/// );
/// ```
pub fn parameters_schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.meta_schema = None)
        .with_transform(Portable);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    remove(&mut schema, "title");
    if let Some(Value::Object(definitions)) = schema.get("$defs").cloned() {
        MergeVariants { definitions }.transform(&mut schema);
    }
    schema.to_value()
}

/// Removes what only Rust understands, and completes objects that have no properties.
#[derive(Clone, Debug)]
struct Portable;

impl Transform for Portable {
    fn transform(&mut self, schema: &mut Schema) {
        if schema.get("type").is_some_and(is_numeric) {
            remove(schema, "format");
        }
        // The API refuses an object without `properties`. Maps have a schema for their values.
        if schema.get("type") == Some(&json!("object"))
            && ["properties", "additionalProperties", "patternProperties"]
                .into_iter()
                .all(|key| schema.get(key).is_none())
        {
            schema.insert("properties".to_owned(), json!({}));
        }
        transform_subschemas(self, schema);
    }
}

/// Merges a `$ref` with the properties beside it.
///
/// schemars writes this for an enum with `#[serde(tag = "...")]`, where a variant has the fields of
/// another type and the tag. Strict schemas cannot have it.
#[derive(Clone, Debug)]
struct MergeVariants {
    definitions: Map<String, Value>,
}

impl MergeVariants {
    /// The object that a `$ref` points to.
    fn target(&self, schema: &Schema) -> Option<&Map<String, Value>> {
        let name = schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")?;
        self.definitions
            .get(name)?
            .as_object()
            .filter(|target| target.contains_key("properties"))
    }
}

impl Transform for MergeVariants {
    fn transform(&mut self, schema: &mut Schema) {
        if schema.get("properties").is_some_and(Value::is_object)
            && let Some(target) = self.target(schema)
        {
            remove(schema, "$ref");
            for (key, theirs) in target {
                match (schema.get_mut(key), theirs) {
                    (Some(Value::Object(ours)), Value::Object(theirs)) => {
                        ours.extend(
                            theirs
                                .iter()
                                .map(|(key, value)| (key.clone(), value.clone())),
                        );
                    }
                    (Some(Value::Array(ours)), Value::Array(theirs)) => {
                        ours.extend(theirs.iter().cloned());
                    }
                    (Some(_), _) => {}
                    (None, theirs) => {
                        schema.insert(key.clone(), theirs.clone());
                    }
                }
            }
        }
        transform_subschemas(self, schema);
    }
}

/// Unlike [`Schema::remove`], it keeps the order of what is left.
fn remove(schema: &mut Schema, key: &str) {
    if let Some(object) = schema.as_object_mut() {
        object.shift_remove(key);
    }
}

fn is_numeric(kind: &Value) -> bool {
    match kind {
        Value::String(kind) => kind == "integer" || kind == "number",
        Value::Array(kinds) => kinds.iter().any(is_numeric),
        _ => false,
    }
}

/// Decodes what the model wrote. An error names the argument.
pub(super) fn parse<T: DeserializeOwned>(tool_name: &str, arguments: &str) -> Result<T, ToolError> {
    let arguments = if arguments.trim().is_empty() {
        "{}"
    } else {
        arguments
    };
    let value: Value = serde_json::from_str(arguments).map_err(|error| {
        ToolError::invalid_arguments(tool_name, format_args!("not valid JSON: {error}"))
    })?;
    if !value.is_object() {
        return Err(ToolError::invalid_arguments(
            tool_name,
            "expected a JSON object",
        ));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        ToolError::invalid_arguments(
            tool_name,
            describe(error.path(), &error.inner().to_string()),
        )
    })
}

/// `path: problem`. The path of a missing field is that of its parent, and serde's sentence has the
/// name; this joins the two.
fn describe(path: &serde_path_to_error::Path, problem: &str) -> String {
    let missing = problem
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    let at_root = path.iter().next().is_none();
    match missing {
        Some(field) if at_root => format!("{field}: missing field"),
        Some(field) => format!("{path}.{field}: missing field"),
        None if at_root => problem.to_owned(),
        None => format!("{path}: {problem}"),
    }
}

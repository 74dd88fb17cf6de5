//! Widgets from the `.widget` files of the widget studio.

mod engine;
mod error;
pub mod private;
mod schema;
mod typed;

use std::fmt;
use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use minijinja::value::{Serde, Value as TemplateValue, ValueKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::widgets::WidgetRoot;
use engine::Engine;
pub use error::{TemplateError, TemplateErrorKind};
pub use typed::widget_template;

/// The only version of `.widget` files there is.
const VERSION: &str = "1.0";

/// The content of a `.widget` file, as <https://widgets.chatkit.studio> exports it.
///
/// The studio writes more fields, for its own editor. They are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WidgetDefinition {
    /// The version of the format: `1.0`.
    pub version: String,
    /// The name that the widget has in the studio.
    pub name: String,
    /// The Jinja template. It renders to the JSON of a widget.
    pub template: String,
    /// The JSON schema of the data that the template takes; `{}` when the file has none.
    #[serde(default = "no_schema")]
    pub json_schema: Value,
}

fn no_schema() -> Value {
    Value::Object(serde_json::Map::new())
}

impl WidgetDefinition {
    /// A definition of version 1.0, without a schema.
    pub fn new(name: impl Into<String>, template: impl Into<String>) -> Self {
        Self {
            version: VERSION.to_owned(),
            name: name.into(),
            template: template.into(),
            json_schema: no_schema(),
        }
    }

    /// Sets the JSON schema of the data.
    #[must_use]
    pub fn json_schema(mut self, schema: impl Into<Value>) -> Self {
        self.json_schema = schema.into();
        self
    }
}

/// A widget with places for data: a `.widget` file of the widget studio, compiled.
///
/// Load it once, at start-up, and build from it as often as needed. A clone is another handle on the same template. The
/// template is Jinja, rendered as Jinja2 does with `StrictUndefined`: whatever the template uses, the data must have.
///
/// ```
/// use chatkit::widgets::WidgetTemplate;
/// use serde_json::json;
///
/// let template = WidgetTemplate::from_json(
///     r#"{
///         "version": "1.0",
///         "name": "Greeting",
///         "template": "{\"type\":\"Card\",\"children\":[{\"type\":\"Text\",\"value\":{{ (name) | tojson }}}]}",
///         "jsonSchema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
///     }"#,
/// )?;
/// let widget = template.build(&json!({"name": "Zoë"}))?;
/// assert_eq!(widget.as_object()["children"][0]["value"], "Zoë");
///
/// let error = template.build(&()).unwrap_err();
/// assert!(error.to_string().contains("`name` is undefined"));
/// # Ok::<(), chatkit::widgets::TemplateError>(())
/// ```
#[derive(Clone)]
pub struct WidgetTemplate(Arc<Template>);

struct Template {
    name: String,
    engine: Engine,
    schema: Value,
}

impl WidgetTemplate {
    /// Compiles a definition.
    ///
    /// Errors: another [`version`](WidgetDefinition::version) than 1.0, and a template that is not valid Jinja.
    pub fn new(definition: WidgetDefinition) -> Result<Self, TemplateError> {
        if definition.version != VERSION {
            return Err(TemplateError::new(
                TemplateErrorKind::Version,
                format!(
                    "the definition has version {:?}, not {VERSION:?}",
                    definition.version
                ),
            ));
        }
        let engine =
            Engine::compile(definition.template).map_err(|error| TemplateError::engine(&error))?;
        Ok(Self(Arc::new(Template {
            name: definition.name,
            engine,
            schema: definition.json_schema,
        })))
    }

    /// Reads and compiles a `.widget` file. A relative path starts at the current directory of the process.
    ///
    /// This blocks the thread while it reads: call it at start-up, before the runtime serves requests.
    /// `WidgetTemplate::from_json(include_str!("…"))` takes the file at compile time instead.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, TemplateError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| {
            let message = format!("cannot read the widget file {}", path.display());
            TemplateError::new(TemplateErrorKind::Io, message).caused_by(error)
        })?;
        Self::from_json(&text)
    }

    /// Compiles the text of a `.widget` file.
    pub fn from_json(text: &str) -> Result<Self, TemplateError> {
        Self::new(serde_json::from_str(text).map_err(TemplateError::definition)?)
    }

    /// The name that the widget has in the studio.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The JSON schema of the data, as the definition has it.
    pub fn json_schema(&self) -> &Value {
        &self.0.schema
    }

    /// Checks `data` against the JSON schema of the definition, for data that the program does not make itself.
    ///
    /// The error lists what does not fit, each with its path: `lines[2].price: must be of type number, is string`. The
    /// keywords `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`, `anyOf`,
    /// `oneOf` (as `anyOf`), `allOf` and `$ref` (within the schema) are checked. Others, such as `minimum`, `pattern` and
    /// `format`, are ignored. A null counts as an absent field where the schema does not require the field.
    pub fn validate<T: Serialize + ?Sized>(&self, data: &T) -> Result<(), TemplateError> {
        let data = match serde_json::to_value(data) {
            // What `build` takes as no data.
            Ok(Value::Null) => Value::Object(serde_json::Map::new()),
            Ok(data) => data,
            Err(_) => {
                return Err(TemplateError::new(
                    TemplateErrorKind::Data,
                    "the data of the widget does not serialise",
                ));
            }
        };
        schema::validate(&self.0.schema, &data).map_err(|problems| {
            TemplateError::new(
                TemplateErrorKind::Schema,
                format!("the data does not fit the widget: {problems}"),
            )
        })
    }

    /// Renders the template with `data`, and reads the widget that comes out.
    ///
    /// `data` serialises to an object, whose fields are the variables of the template; `()` is no data. Fields that the
    /// template does not use are ignored. The schema is not checked; [`validate`](Self::validate) does that.
    pub fn build<T: Serialize + ?Sized>(&self, data: &T) -> Result<WidgetRoot, TemplateError> {
        let rendered = self
            .0
            .engine
            .render(variables(data)?)
            .map_err(|error| TemplateError::engine(&error))?;
        let json: Value = serde_json::from_str(&rendered).map_err(TemplateError::json)?;
        Ok(json.try_into()?)
    }

    /// The same as [`build`](Self::build), for a template whose root must be a `Basic`.
    pub fn build_basic<T: Serialize + ?Sized>(
        &self,
        data: &T,
    ) -> Result<WidgetRoot, TemplateError> {
        let widget = self.build(data)?;
        if widget.type_name() != "Basic" {
            return Err(TemplateError::new(
                TemplateErrorKind::Widget,
                "the root of the widget is not a `Basic`",
            ));
        }
        Ok(widget)
    }
}

/// The data as the engine takes it.
fn variables<T: Serialize + ?Sized>(data: &T) -> Result<TemplateValue, TemplateError> {
    let value = TemplateValue::from(Serde(data));
    let problem = match value.kind() {
        ValueKind::Map => return Ok(value),
        ValueKind::None => return Ok(minijinja::context!()),
        ValueKind::Invalid => "the data of the widget does not serialise",
        _ => "the data of the widget is not an object",
    };
    Err(TemplateError::new(TemplateErrorKind::Data, problem))
}

impl TryFrom<WidgetDefinition> for WidgetTemplate {
    type Error = TemplateError;

    fn try_from(definition: WidgetDefinition) -> Result<Self, TemplateError> {
        Self::new(definition)
    }
}

impl FromStr for WidgetTemplate {
    type Err = TemplateError;

    /// The same as [`WidgetTemplate::from_json`].
    fn from_str(text: &str) -> Result<Self, TemplateError> {
        Self::from_json(text)
    }
}

impl fmt::Debug for WidgetTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WidgetTemplate")
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}

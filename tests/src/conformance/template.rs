//! The kind `widget_template`: a `.widget` file and data, built into a widget, which is stored and read back.

use chatkit::types::ThreadItem;
use chatkit::widgets::{TemplateError, TemplateErrorKind, WidgetTemplate};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Failure;

/// A case of this kind.
#[derive(Deserialize)]
pub(super) struct Case {
    definition: Box<RawValue>,
    data: Value,
    #[serde(default)]
    method: Method,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Method {
    #[default]
    Build,
    BuildBasic,
}

/// Builds the widget of a case.
pub(super) fn run(case: &Case) -> Result<Value, Failure> {
    let widget =
        WidgetTemplate::from_json(case.definition.get()).and_then(|template| match case.method {
            Method::Build => template.build(&case.data),
            Method::BuildBasic => template.build_basic(&case.data),
        });
    let widget = match widget {
        Ok(widget) => widget,
        Err(error) => {
            return Ok(
                json!({ "error": { "kind": kind(&error)?, "message": format!("{error:#}") } }),
            );
        }
    };
    let item = json!({
        "type": "widget", "id": "w", "thread_id": "t", "created_at": "2024-01-01T00:00:00Z", "widget": &widget,
    });
    let stored = serde_json::from_value::<ThreadItem>(item)
        .and_then(|item| serde_json::to_string(&item))
        .map_err(Failure::rejected)?;
    match serde_json::from_str(&stored).map_err(Failure::rejected)? {
        ThreadItem::Widget(item) => Ok(json!({ "widget": widget, "reloaded": item.widget })),
        _ => Err(Failure::rejected("a widget is read back as something else")),
    }
}

/// The kind of an error in a result.
fn kind(error: &TemplateError) -> Result<&'static str, Failure> {
    Ok(match error.kind() {
        TemplateErrorKind::Definition => "key_error",
        TemplateErrorKind::Version => "value_error",
        TemplateErrorKind::Syntax => "template_syntax",
        // Results tell apart what the template engine refuses from what the JSON writer behind `tojson` does.
        TemplateErrorKind::Undefined if error.expression() == Some("tojson") => "type_error",
        TemplateErrorKind::Undefined => "template_undefined",
        TemplateErrorKind::Render => "type_error",
        TemplateErrorKind::Json | TemplateErrorKind::Data => "invalid_json",
        TemplateErrorKind::Widget => "validation",
        other => return Err(Failure::rejected(format!("an error of the kind {other:?}"))),
    })
}

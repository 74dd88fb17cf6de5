//! What the code of `widget_template!` uses. Not public API.

use std::sync::LazyLock;

pub use serde;
pub use serde_json::{Map, Value};

pub use super::{TemplateError, WidgetTemplate};
pub use crate::widgets::WidgetRoot;

/// A template that is compiled at the first use.
pub type StaticTemplate = LazyLock<Result<WidgetTemplate, TemplateError>>;

/// The template, or why there is none.
pub fn get(template: &'static StaticTemplate) -> Result<&'static WidgetTemplate, TemplateError> {
    template.as_ref().map_err(Clone::clone)
}

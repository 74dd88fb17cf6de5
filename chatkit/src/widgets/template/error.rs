//! Why a template gives no widget.

use std::error::Error as StdError;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::widgets::InvalidWidget;

/// Why a `.widget` file is not a template, or a template gives no widget.
///
/// `Display` says what is wrong and where: the line of the template or of the rendered text, the name of the variable, the
/// path in the data. It may repeat parts of the template and names of fields, never a value of the data. The alternate
/// form (`{:#}`) adds the chain of sources.
#[derive(Clone)]
pub struct TemplateError {
    kind: TemplateErrorKind,
    message: String,
    line: Option<usize>,
    expression: Option<String>,
    // Shared, so that the error of a template that is compiled once can be given out at each use.
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The kinds of [`TemplateError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TemplateErrorKind {
    /// The file cannot be read.
    Io,
    /// The definition is not JSON, or a required field is missing or has another type.
    Definition,
    /// The definition has a `version` that this crate does not know.
    Version,
    /// The template is not valid Jinja, or uses a filter, test or function that does not exist. The latter is found when
    /// the expression is evaluated.
    Syntax,
    /// The data is not an object, or does not serialise, or has a number that JSON cannot hold.
    Data,
    /// The data does not fit the JSON schema of the definition.
    Schema,
    /// The template uses a variable or field that the data does not have. The message names it.
    Undefined,
    /// An expression of the template cannot be evaluated with this data, such as the sum of a text and a number.
    Render,
    /// The rendered text is not JSON.
    Json,
    /// The rendered JSON is not a widget.
    Widget,
}

impl TemplateError {
    pub(super) fn new(kind: TemplateErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            line: None,
            expression: None,
            source: None,
        }
    }

    pub(super) fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    pub(super) fn definition(error: serde_json::Error) -> Self {
        Self::new(
            TemplateErrorKind::Definition,
            "the definition of the widget is not valid",
        )
        .caused_by(error)
    }

    pub(super) fn json(error: serde_json::Error) -> Self {
        Self {
            line: Some(error.line()),
            ..Self::new(TemplateErrorKind::Json, "the rendered template is not JSON")
                .caused_by(error)
        }
    }

    /// What the engine says, without the values that its own error holds for debugging.
    pub(super) fn engine(error: &minijinja::Error) -> Self {
        use minijinja::ErrorKind;

        let kind = match error.kind() {
            ErrorKind::UndefinedError => TemplateErrorKind::Undefined,
            ErrorKind::BadSerialization => TemplateErrorKind::Data,
            ErrorKind::SyntaxError
            | ErrorKind::BadEscape
            | ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction => TemplateErrorKind::Syntax,
            _ => TemplateErrorKind::Render,
        };
        // Other details may show a value, such as the terms of a sum that is too large.
        let mut message = match (kind, error.detail()) {
            (TemplateErrorKind::Undefined | TemplateErrorKind::Syntax, Some(detail)) => {
                detail.to_owned()
            }
            (TemplateErrorKind::Data, _) if is_not_finite(error) => NotFinite.to_string(),
            _ => error.kind().to_string(),
        };
        let place = error.template_source().zip(error.range());
        if kind != TemplateErrorKind::Syntax
            && let Some((source, range)) = place.clone()
            && let Some(tag) = enclosing_tag(source, range)
        {
            message = format!("{message} in `{tag}`");
        }
        let expression = place.and_then(|(source, range)| source.get(range).map(str::to_owned));
        if let Some(line) = error.line() {
            message = format!("line {line} of the template: {message}");
        }
        Self {
            line: error.line(),
            expression,
            ..Self::new(kind, message)
        }
    }

    /// The kind of failure.
    pub fn kind(&self) -> TemplateErrorKind {
        self.kind
    }

    /// The line, from 1: of the template, or for [`TemplateErrorKind::Json`] of the rendered text.
    ///
    /// The widget studio writes templates of one line; the message also has the Jinja tag that failed.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The part of the template that failed, such as `user.name`; of a filter it is the name alone.
    pub fn expression(&self) -> Option<&str> {
        self.expression.as_deref()
    }
}

/// A number that JSON cannot hold.
#[derive(Debug)]
pub(super) struct NotFinite;

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number is not finite")
    }
}

impl StdError for NotFinite {}

fn is_not_finite(error: &minijinja::Error) -> bool {
    error
        .source()
        .is_some_and(|source| source.is::<NotFinite>())
}

/// What stands between the braces around the range.
fn enclosing_tag(template: &str, range: Range<usize>) -> Option<&str> {
    let (before, after) = (template.get(..range.start)?, template.get(range.end..)?);
    let start = before.rfind("{{").max(before.rfind("{%"))? + 2;
    let end = [after.find("}}"), after.find("%}")]
        .into_iter()
        .flatten()
        .min()?;
    let tag = template.get(start..range.end + end)?;
    Some(tag.trim_matches(|c: char| c == '-' || c.is_whitespace()))
}

impl From<InvalidWidget> for TemplateError {
    fn from(error: InvalidWidget) -> Self {
        Self::new(
            TemplateErrorKind::Widget,
            "the rendered template is not a widget",
        )
        .caused_by(error)
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::causes::write_error(f, &self.message, self.source())
    }
}

impl fmt::Debug for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("line", &self.line)
            .field("expression", &self.expression)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for TemplateError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

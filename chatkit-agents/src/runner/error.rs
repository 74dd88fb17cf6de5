//! Why a run failed.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use chatkit::BoxError;

use crate::model::ModelError;
use crate::tool::{SchemaError, ToolError};

/// Why a run failed.
///
/// `Display` holds no content of the conversation; `{:#}` adds the causes. In a turn it converts into
/// [`chatkit::TurnError`] by `?`, and the client sees a general text.
#[derive(Debug)]
pub struct RunError {
    kind: RunErrorKind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
}

/// The kinds of [`RunError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunErrorKind {
    /// The model did not finish within the allowed number of calls.
    MaxTurnsExceeded,
    /// The model could not be reached, or its stream broke; the source is a [`ModelError`].
    Model,
    /// The model answered with something that cannot be acted on: a response that failed or is incomplete.
    ModelBehavior,
    /// A tool ended the run, see [`ToolError::fatal`].
    Tool,
    /// The agent is set up wrong, for example with a tool whose schema cannot be strict.
    Config,
    /// A guardrail refused the input.
    InputGuardrailTripwireTriggered,
    /// A guardrail refused the output.
    OutputGuardrailTripwireTriggered,
}

impl RunError {
    /// An error of the given kind. `message` goes to the log.
    pub fn new(kind: RunErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// Adds the cause.
    pub fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> RunErrorKind {
        self.kind
    }

    /// A guardrail ended the run: what it produced should not be shown.
    pub fn is_tripwire(&self) -> bool {
        matches!(
            self.kind,
            RunErrorKind::InputGuardrailTripwireTriggered
                | RunErrorKind::OutputGuardrailTripwireTriggered
        )
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut next = self.source();
        while let (true, Some(error)) = (f.alternate(), next) {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

impl StdError for RunError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<ModelError> for RunError {
    fn from(error: ModelError) -> Self {
        Self::new(RunErrorKind::Model, "the model failed").caused_by(error)
    }
}

impl From<SchemaError> for RunError {
    fn from(error: SchemaError) -> Self {
        Self::new(RunErrorKind::Config, "a tool's schema is not valid").caused_by(error)
    }
}

impl RunError {
    pub(crate) fn fatal_tool(name: &str, error: ToolError) -> Self {
        Self::new(RunErrorKind::Tool, format!("the tool {name} ended the run")).caused_by(error)
    }
}

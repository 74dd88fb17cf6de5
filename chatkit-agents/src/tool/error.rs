//! How a tool fails.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use chatkit::write_error;

use crate::runner::RunState;

type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// What the model reads when a tool fails and gives no text of its own.
const DEFAULT_MESSAGE: &str = "An error occurred while running the tool. Please try again.";

/// The failure of a tool: a text for the model, and the cause for the log.
///
/// Every [`std::error::Error`] converts into it by `?`. The model then reads a fixed text, and the
/// cause stays in the program: [`source`](Self::source), [`downcast_ref`](Self::downcast_ref).
///
/// `Display` is safe for a log: it says what kind of failure this is and nothing that the model or
/// a user wrote. `Debug` adds the cause, and the alternate form `{:#}` the causes and the text for the model.
///
/// It does not implement [`std::error::Error`] itself; that would forbid the conversion by `?`.
pub struct ToolError(Box<Inner>);

struct Inner {
    kind: ToolErrorKind,
    message: Option<Cow<'static, str>>,
    source: Option<BoxError>,
    interrupted: Option<Box<RunState>>,
}

/// Why a tool failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolErrorKind {
    /// The tool returned an error that says nothing to the model.
    Failed,
    /// The tool returned a text for the model.
    Message,
    /// The model's arguments do not fit the tool.
    InvalidArguments,
    /// The tool did not finish in time.
    #[doc(alias = "ToolTimeoutError")]
    TimedOut,
    /// The tool ends the run.
    Fatal,
    /// A run inside the tool waits for an approval.
    Interrupted,
}

impl ToolError {
    /// A failure whose cause is kept from the model.
    ///
    /// `?` does the same for all types that implement [`std::error::Error`]; this also takes boxed
    /// errors and texts.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self::with(ToolErrorKind::Failed, None, Some(source.into()))
    }

    /// A failure with a text that the model reads, so that it can do better or tell the user.
    ///
    /// ```
    /// use chatkit_agents::tool::ToolError;
    ///
    /// let error = ToolError::for_model("There is no city of this name.");
    /// assert_eq!(error.model_message(), "There is no city of this name.");
    /// ```
    pub fn for_model(text: impl Into<Cow<'static, str>>) -> Self {
        Self::with(ToolErrorKind::Message, Some(text.into()), None)
    }

    /// A failure that ends the run. The model is not told.
    pub fn fatal(source: impl Into<BoxError>) -> Self {
        Self::with(ToolErrorKind::Fatal, None, Some(source.into()))
    }

    /// The arguments that the model wrote do not fit: `problem` says how, for the model.
    ///
    /// The model reads `Invalid arguments for tool {tool_name}: {problem}`.
    pub fn invalid_arguments(tool_name: &str, problem: impl fmt::Display) -> Self {
        let text = format!("Invalid arguments for tool {tool_name}: {problem}");
        Self::with(ToolErrorKind::InvalidArguments, Some(text.into()), None)
    }

    /// The tool did not finish within `limit`.
    ///
    /// The model reads, for example, `Tool 'search' timed out after 0.5 seconds.`
    pub fn timed_out(tool_name: &str, limit: Duration) -> Self {
        let text = format!(
            "Tool '{tool_name}' timed out after {} seconds.",
            limit.as_secs_f64()
        );
        Self::with(ToolErrorKind::TimedOut, Some(text.into()), None)
    }

    fn with(
        kind: ToolErrorKind,
        message: Option<Cow<'static, str>>,
        source: Option<BoxError>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            message,
            source,
            interrupted: None,
        }))
    }

    /// A run inside the tool waits for an approval.
    pub(crate) fn interrupted(state: RunState) -> Self {
        let mut error = Self::with(ToolErrorKind::Interrupted, None, None);
        error.0.interrupted = Some(Box::new(state));
        error
    }

    /// The run that waits; the error itself when there is none.
    pub(crate) fn into_interruption(mut self) -> Result<Box<RunState>, Self> {
        self.0.interrupted.take().ok_or(self)
    }

    /// Adds the cause, for the log. It replaces a cause that is there already.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Why the tool failed.
    pub fn kind(&self) -> ToolErrorKind {
        self.0.kind
    }

    /// Whether the error ends the run.
    pub fn is_fatal(&self) -> bool {
        self.0.kind == ToolErrorKind::Fatal
    }

    /// Whether the tool did not finish in time. A tool whose timeout ends the run has the option
    /// `ends_run = ToolError::is_timed_out`.
    pub fn is_timed_out(&self) -> bool {
        self.0.kind == ToolErrorKind::TimedOut
    }

    /// The text that the error has for the model.
    ///
    /// Without a text of its own this is
    /// `An error occurred while running the tool. Please try again.`
    pub fn model_message(&self) -> &str {
        self.0.message.as_deref().unwrap_or(DEFAULT_MESSAGE)
    }

    /// The cause, when there is one.
    pub fn source(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// The cause as an `E`, when it is one.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.source().and_then(|source| source.downcast_ref())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for ToolError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// Makes the error the cause of another. It gives the cause itself when there is one, and otherwise
/// an error that displays like this one.
impl From<ToolError> for BoxError {
    fn from(error: ToolError) -> Self {
        let inner = *error.0;
        match inner.source {
            Some(source) => source,
            None => Box::new(Causeless(ToolError::with(inner.kind, inner.message, None))),
        }
    }
}

/// A [`ToolError`] without a cause as a [`std::error::Error`].
#[derive(Debug)]
struct Causeless(ToolError);

impl fmt::Display for Causeless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Causeless {}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0.kind {
            ToolErrorKind::Failed => "the tool failed",
            ToolErrorKind::Message => "the tool reported a failure to the model",
            ToolErrorKind::InvalidArguments => "the model's arguments do not fit the tool",
            ToolErrorKind::TimedOut => "the tool timed out",
            ToolErrorKind::Fatal => "the tool ended the run",
            ToolErrorKind::Interrupted => "a run inside the tool waits for an approval",
        };
        let source = self.0.source.as_deref();
        let source = source.map(|source| source as &(dyn Error + 'static));
        match self.0.message.as_deref().filter(|_| f.alternate()) {
            Some(message) => write_error(f, &format!("{kind}: {message}"), source),
            None => write_error(f, kind, source),
        }
    }
}

/// Without the text for the model, and without the run that waits.
impl fmt::Debug for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolError")
            .field("kind", &self.0.kind)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

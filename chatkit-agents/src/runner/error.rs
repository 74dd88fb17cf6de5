//! Why a run failed.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use chatkit::{BoxError, write_error};

use super::state::RunState;
use crate::guardrail::GuardrailResult;
use crate::model::ModelError;
use crate::session::SessionError;
use crate::tool::{SchemaError, ToolError};

/// Why a run failed.
///
/// `Display` and `Debug` hold no content of the conversation, which is in [`state`](Self::state); `{:#}` adds the causes.
/// In a turn it converts into
/// [`chatkit::TurnError`] by `?`, and the client sees a general text.
#[doc(alias = "AgentsException")]
pub struct RunError {
    kind: RunErrorKind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
    guardrail: Option<Box<GuardrailResult>>,
    state: Option<Box<RunState>>,
}

/// The kinds of [`RunError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunErrorKind {
    /// The model did not finish within the allowed number of calls.
    MaxTurnsExceeded,
    /// The model could not be reached, or its stream broke; the source is a [`ModelError`].
    Model,
    /// The model answered with something that cannot be acted on: a response that failed or is incomplete, or nothing
    /// but functions that do not exist.
    #[doc(alias = "ModelBehaviorError")]
    ModelBehavior,
    /// The model refused to give an output of the agent's type.
    #[doc(alias = "ModelRefusalError")]
    ModelRefusal,
    /// The model's output is not of the agent's type; the source says where.
    InvalidFinalOutput,
    /// A tool ended the run, see [`ToolError::fatal`].
    Tool,
    /// The agent or the run is set up wrong, for example with a tool whose schema cannot be strict.
    #[doc(alias = "UserError")]
    Config,
    /// There is no answer yet: calls wait to be decided, or the run was stopped after a turn.
    Interrupted,
    /// A stored run cannot be read, or cannot do what it is asked to.
    State,
    /// The session could not be read or written; the source is a [`SessionError`](crate::session::SessionError).
    Session,
    /// A function of yours returned an error: a hook, a guardrail, a filter, or what is called at a handoff.
    Callback,
    /// A guardrail refused the input.
    InputGuardrailTripwireTriggered,
    /// A guardrail refused the output.
    OutputGuardrailTripwireTriggered,
    /// A guardrail of a tool refused its arguments.
    ToolInputGuardrailTripwireTriggered,
    /// A guardrail of a tool refused its result.
    ToolOutputGuardrailTripwireTriggered,
}

impl RunError {
    /// An error of the given kind. `message` goes to the log.
    pub fn new(kind: RunErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
            guardrail: None,
            state: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> RunErrorKind {
        self.kind
    }

    /// What the run had done until then: its items, its usage, the results of guardrails. `run_data` in Python.
    ///
    /// There for every error that a run ends with.
    #[doc(alias = "run_data")]
    pub fn state(&self) -> Option<&RunState> {
        self.state.as_deref()
    }

    /// What the guardrail has found that ended the run.
    pub fn guardrail_result(&self) -> Option<&GuardrailResult> {
        self.guardrail.as_deref()
    }

    /// The first error of type `E` in the chain of sources: a [`ModelError`], for example, or an error of a function of
    /// yours.
    pub fn find_source<E: StdError + 'static>(&self) -> Option<&E> {
        chatkit::find_source(self.source())
    }

    /// A guardrail of the run ended it: what it produced should not be shown.
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
        write_error(f, &self.message, self.source())
    }
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is wrong with an output of the model quotes it.
        let source = match self.kind {
            RunErrorKind::InvalidFinalOutput => None,
            _ => self.source.as_ref(),
        };
        let guardrail = self.guardrail.as_ref().map(|found| &found.guardrail);
        f.debug_struct("RunError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &source)
            .field("guardrail", &guardrail)
            .finish_non_exhaustive()
    }
}

impl StdError for RunError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<SessionError> for RunError {
    fn from(error: SessionError) -> Self {
        Self::new(RunErrorKind::Session, "the session failed").caused_by(error)
    }
}

impl From<ModelError> for RunError {
    fn from(error: ModelError) -> Self {
        Self::new(RunErrorKind::Model, "the model failed").caused_by(error)
    }
}

impl From<SchemaError> for RunError {
    fn from(error: SchemaError) -> Self {
        Self::new(RunErrorKind::Config, error.to_string()).caused_by(error)
    }
}

impl RunError {
    pub(super) fn in_state(mut self, state: RunState) -> Self {
        self.state = Some(Box::new(state));
        self
    }

    pub(super) fn tripwire(kind: RunErrorKind, result: GuardrailResult) -> Self {
        let message = format!("the guardrail {} triggered its tripwire", result.guardrail);
        Self {
            guardrail: Some(Box::new(result)),
            ..Self::new(kind, message)
        }
    }

    pub(crate) fn callback(message: impl Into<Cow<'static, str>>, error: BoxError) -> Self {
        Self::new(RunErrorKind::Callback, message).caused_by(error)
    }

    pub(crate) fn fatal_tool(name: &str, error: ToolError) -> Self {
        Self::new(RunErrorKind::Tool, format!("the tool {name} ended the run")).caused_by(error)
    }
}

//! What to answer when a run would fail.

use std::fmt;
use std::sync::Arc;

use chatkit::BoxError;
use futures::future::BoxFuture;

use super::context::RunContext;
use super::error::{RunError, RunErrorKind};
use super::state::RunState;
use crate::callback::Callback;

/// What an error handler decides about.
#[derive(Debug)]
#[non_exhaustive]
#[doc(alias = "RunErrorHandlerInput")]
pub struct RunErrorHandlerData<'a, C> {
    /// The run, and its agent.
    pub run: RunContext<'a, C>,
    /// Why the run would fail.
    pub error: &'a RunError,
    /// What the run has done.
    pub state: &'a RunState,
}

/// What a run answers instead of failing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunErrorHandlerResult {
    /// The answer. With an output type it must be JSON of that type.
    pub final_output: String,
    /// Whether the answer becomes a message of the conversation. It does by default.
    pub include_in_history: bool,
}

impl RunErrorHandlerResult {
    /// An answer.
    pub fn new(final_output: impl Into<String>) -> Self {
        Self {
            final_output: final_output.into(),
            include_in_history: true,
        }
    }

    /// Sets whether the answer becomes a message of the conversation.
    #[must_use]
    pub fn include_in_history(mut self, include: bool) -> Self {
        self.include_in_history = include;
        self
    }
}

type Handle<C> = dyn for<'a> Fn(
        RunErrorHandlerData<'a, C>,
    ) -> BoxFuture<'a, Result<Option<RunErrorHandlerResult>, BoxError>>
    + Send
    + Sync;

/// Functions that may answer when a run would fail; `None` lets it fail, and so does an error, which is then logged. Give them to
/// [`Run::error_handlers`](super::Run::error_handlers).
///
/// ```
/// use chatkit_agents::run::{RunErrorHandlerData, RunErrorHandlerResult, RunErrorHandlers};
///
/// fn give_up(_: RunErrorHandlerData<'_, ()>) -> Option<RunErrorHandlerResult> {
///     Some(RunErrorHandlerResult::new("This takes me too long. Please ask for less."))
/// }
///
/// let handlers = RunErrorHandlers::new().max_turns(give_up);
/// ```
pub struct RunErrorHandlers<C> {
    max_turns: Option<Arc<Handle<C>>>,
    model_refusal: Option<Arc<Handle<C>>>,
    invalid_final_output: Option<Arc<Handle<C>>>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name<K>(
            mut self,
            handler: impl for<'a> Callback<'a, RunErrorHandlerData<'a, C>, Result<Option<RunErrorHandlerResult>, BoxError>, K>,
        ) -> Self {
            self.$name = Some(Arc::new(move |data| handler.call(data)));
            self
        }
    )*};
}

impl<C: 'static> RunErrorHandlers<C> {
    /// No handlers.
    pub fn new() -> Self {
        Self {
            max_turns: None,
            model_refusal: None,
            invalid_final_output: None,
        }
    }

    setters! {
        /// Sets what answers when the run has made all the model calls it may make.
        max_turns
        /// Sets what answers when a model refuses to give an output of the agent's type.
        model_refusal
        /// Sets what answers when a model's output is not of the agent's type.
        invalid_final_output
    }

    pub(super) async fn handle(
        &self,
        run: RunContext<'_, C>,
        error: &RunError,
        state: &RunState,
    ) -> Option<RunErrorHandlerResult> {
        let handler = match error.kind() {
            RunErrorKind::MaxTurnsExceeded => &self.max_turns,
            RunErrorKind::ModelRefusal => &self.model_refusal,
            RunErrorKind::InvalidFinalOutput => &self.invalid_final_output,
            _ => &None,
        };
        let handler = handler.as_ref()?;
        let handled = handler(RunErrorHandlerData { run, error, state }).await;
        handled.unwrap_or_else(|failure| {
            tracing::error!(error = &*failure, kind = ?error.kind(), "an error handler failed");
            None
        })
    }
}

impl<C: 'static> Default for RunErrorHandlers<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> Clone for RunErrorHandlers<C> {
    fn clone(&self) -> Self {
        Self {
            max_turns: self.max_turns.clone(),
            model_refusal: self.model_refusal.clone(),
            invalid_final_output: self.invalid_final_output.clone(),
        }
    }
}

impl<C> fmt::Debug for RunErrorHandlers<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunErrorHandlers")
            .field("max_turns", &self.max_turns.is_some())
            .field("model_refusal", &self.model_refusal.is_some())
            .field("invalid_final_output", &self.invalid_final_output.is_some())
            .finish()
    }
}

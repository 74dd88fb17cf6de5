//! Guardrails of a single tool.

use std::fmt;
use std::sync::Arc;

use chatkit::BoxError;
use futures::future::BoxFuture;

use super::{ToolContext, ToolOutput};
use crate::callback::Callback;

/// What a guardrail of a tool decides.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolGuardrailFunctionOutput {
    /// Go on.
    Allow,
    /// The model gets this text in place of a result, and the run goes on. A tool that has not run yet does not run.
    RejectContent(String),
    /// The run ends.
    RaiseException,
}

impl ToolGuardrailFunctionOutput {
    /// [`RejectContent`](Self::RejectContent) with the text for the model.
    pub fn reject_content(message: impl Into<String>) -> Self {
        Self::RejectContent(message.into())
    }
}

/// What a guardrail sees of a call's result.
#[non_exhaustive]
pub struct ToolOutputGuardrailData<'a, C> {
    /// The call.
    pub ctx: ToolContext<'a, C>,
    /// What the tool has given.
    pub output: &'a ToolOutput,
}

type Decision = Result<ToolGuardrailFunctionOutput, BoxError>;
type InputCheck<C> = dyn for<'a> Fn(ToolContext<'a, C>) -> BoxFuture<'a, Decision> + Send + Sync;
type OutputCheck<C> =
    dyn for<'a> Fn(ToolOutputGuardrailData<'a, C>) -> BoxFuture<'a, Decision> + Send + Sync;

/// Checks the arguments of a tool before it runs.
pub struct ToolInputGuardrail<C> {
    name: String,
    check: Arc<InputCheck<C>>,
}

impl<C: 'static> ToolInputGuardrail<C> {
    /// A guardrail; an error of `check` ends the run.
    pub fn new(
        name: impl Into<String>,
        check: impl for<'a> Callback<'a, ToolContext<'a, C>, Decision>,
    ) -> Self {
        Self {
            name: name.into(),
            check: Arc::new(move |ctx| Box::pin(check.call(ctx))),
        }
    }

    /// The guardrail's name, for errors and traces.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn check<'a>(&self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Decision> {
        (self.check)(ctx)
    }
}

/// Checks the result of a tool before the model gets it.
pub struct ToolOutputGuardrail<C> {
    name: String,
    check: Arc<OutputCheck<C>>,
}

impl<C: 'static> ToolOutputGuardrail<C> {
    /// A guardrail; an error of `check` ends the run.
    pub fn new(
        name: impl Into<String>,
        check: impl for<'a> Callback<'a, ToolOutputGuardrailData<'a, C>, Decision>,
    ) -> Self {
        Self {
            name: name.into(),
            check: Arc::new(move |data| Box::pin(check.call(data))),
        }
    }

    /// The guardrail's name, for errors and traces.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn check<'a>(
        &self,
        ctx: ToolContext<'a, C>,
        output: &'a ToolOutput,
    ) -> BoxFuture<'a, Decision> {
        (self.check)(ToolOutputGuardrailData { ctx, output })
    }
}

impl<C> Clone for ToolInputGuardrail<C> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            check: Arc::clone(&self.check),
        }
    }
}

impl<C> Clone for ToolOutputGuardrail<C> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            check: Arc::clone(&self.check),
        }
    }
}

impl<C> fmt::Debug for ToolInputGuardrail<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToolInputGuardrail")
            .field(&self.name)
            .finish()
    }
}

impl<C> fmt::Debug for ToolOutputGuardrail<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToolOutputGuardrail")
            .field(&self.name)
            .finish()
    }
}

impl<C> fmt::Debug for ToolOutputGuardrailData<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolOutputGuardrailData")
            .field("ctx", &self.ctx)
            .finish_non_exhaustive()
    }
}

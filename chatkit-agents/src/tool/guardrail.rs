//! Guardrails of a single tool.

use std::fmt;
use std::sync::Arc;

use chatkit::BoxError;
use futures::future::BoxFuture;

use super::{ToolContext, ToolOutput};
use crate::callback::Callback;
use crate::guardrail::guardrail;

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

guardrail! {
    /// Checks the arguments of a tool before it runs.
    ToolInputGuardrail(ToolContext) -> Decision
}

impl<C: 'static> ToolInputGuardrail<C> {
    pub(crate) fn check<'a>(&self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Decision> {
        (self.check)(ctx)
    }
}

guardrail! {
    /// Checks the result of a tool before the model gets it.
    ToolOutputGuardrail(ToolOutputGuardrailData) -> Decision
}

impl<C: 'static> ToolOutputGuardrail<C> {
    pub(crate) fn check<'a>(
        &self,
        ctx: ToolContext<'a, C>,
        output: &'a ToolOutput,
    ) -> BoxFuture<'a, Decision> {
        (self.check)(ToolOutputGuardrailData { ctx, output })
    }
}

impl<C> fmt::Debug for ToolOutputGuardrailData<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolOutputGuardrailData")
            .field("ctx", &self.ctx)
            .finish_non_exhaustive()
    }
}

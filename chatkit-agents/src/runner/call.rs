//! One call of a tool.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chatkit::BoxError;
use futures::FutureExt;
use serde_json::json;
use tracing::Instrument;

use super::config::ToolErrorFormatterKind;
use super::context::RunContext;
use super::error::{RunError, RunErrorKind};
use super::scope::RunScope;
use super::state::{RunState, RunToolCall};
use crate::agent::Agent;
use crate::guardrail::{GuardrailFunctionOutput, GuardrailResult};
use crate::hooks::{self, DynHooks, Told};
use crate::items::{FunctionOutput, InputItem};
use crate::telemetry;
use crate::telemetry::names::{TOOL_CALL_ARGUMENTS, TOOL_CALL_RESULT};
use crate::tool::{
    FunctionTool, LocalTool, McpApproval, ToolContext, ToolError, ToolErrorKind,
    ToolGuardrailFunctionOutput, ToolOutput,
};

/// What the model is told of a call that a person has rejected.
const REJECTED: &str = "Tool execution was not approved.";

/// A call on its way: all it needs, owned.
pub(super) struct Call<C> {
    pub(super) scope: Arc<RunScope<C>>,
    pub(super) agent: Agent<C>,
    pub(super) hooks: Vec<Arc<dyn DynHooks<C>>>,
    pub(super) index: usize,
    pub(super) call: RunToolCall,
    pub(super) nested: Option<Box<RunState>>,
}

/// A call that is done.
pub(super) struct Settled {
    pub(super) index: usize,
    pub(super) outcome: Result<Outcome, RunError>,
}

pub(super) enum Outcome {
    /// What the model gets.
    Answer(InputItem),
    /// A run inside the tool waits for an approval.
    Interrupted(Box<RunState>),
}

impl<C: Send + Sync + 'static> Call<C> {
    fn context(&self) -> ToolContext<'_, C> {
        let run = RunContext::of(&self.scope, &self.agent);
        ToolContext::of_call(run, &self.call).resuming(self.nested.as_deref())
    }

    pub(super) async fn function(self, tool: Arc<dyn FunctionTool<C>>) -> Settled {
        let index = self.index;
        let span = {
            let definition = tool.definition().ok();
            let description = definition.map(|definition| definition.description());
            let RunToolCall { name, call_id, .. } = &self.call;
            telemetry::execute_tool(name, call_id, "function", description)
        };
        let outcome = async {
            let outcome = self.call_function(&*tool).await;
            if let Err(error) = &outcome {
                telemetry::run_failed(&tracing::Span::current(), error);
            }
            outcome
        };
        let outcome = outcome.instrument(span).await;
        Settled { index, outcome }
    }

    async fn call_function(&self, tool: &dyn FunctionTool<C>) -> Result<Outcome, RunError> {
        let ctx = self.context();
        let span = tracing::Span::current();
        let captures = self.scope.config.trace_include_sensitive_data;
        if captures {
            span.record(TOOL_CALL_ARGUMENTS, ctx.tool_arguments());
        }
        for guardrail in tool.input_guardrails() {
            let decision = guardrail.check(ctx).await;
            let decision =
                decision.map_err(|error| self.guardrail_failed(guardrail.name(), error))?;
            let kind = RunErrorKind::ToolInputGuardrailTripwireTriggered;
            if let Some(text) = self.decide(guardrail.name(), kind, decision)? {
                return Ok(self.answer(ToolOutput::Text(text)));
            }
        }
        self.tell(|hooks| hooks.tool_start(ctx)).await?;
        let running = AssertUnwindSafe(async { tool.call(ctx).await }).catch_unwind();
        let result = match tool.timeout() {
            None => running.await,
            Some(limit) => match tokio::time::timeout(limit, running).await {
                Ok(result) => result,
                Err(_) => Ok(Err(ToolError::timed_out(&self.call.name, limit))),
            },
        };
        let result = result.unwrap_or_else(|_| Err(ToolError::new("the tool panicked")));
        let mut output = match result {
            Ok(output) => output,
            Err(error) => match error.into_interruption() {
                Ok(state) => return Ok(Outcome::Interrupted(state)),
                Err(error) if tool.ends_run(&error) => {
                    return Err(RunError::fatal_tool(&self.call.name, error));
                }
                Err(error) => {
                    telemetry::failed(&span, error.kind());
                    ToolOutput::Text(self.failure_text(tool, &error))
                }
            },
        };
        for guardrail in tool.output_guardrails() {
            let decision = guardrail.check(ctx, &output).await;
            let decision =
                decision.map_err(|error| self.guardrail_failed(guardrail.name(), error))?;
            let kind = RunErrorKind::ToolOutputGuardrailTripwireTriggered;
            if let Some(text) = self.decide(guardrail.name(), kind, decision)? {
                output = ToolOutput::Text(text);
            }
        }
        self.tell(|hooks| hooks.tool_end(ctx, &output)).await?;
        let answer = self.answer(output);
        if let (true, Outcome::Answer(InputItem::FunctionCallOutput(item))) = (captures, &answer) {
            span.record(TOOL_CALL_RESULT, item.output.to_text());
        }
        Ok(answer)
    }

    pub(super) async fn local(self, tool: Arc<dyn LocalTool<C>>) -> Settled {
        let index = self.index;
        let span = telemetry::execute_tool(&self.call.name, &self.call.call_id, "extension", None);
        let outcome = self.call_local(&*tool).instrument(span).await;
        Settled { index, outcome }
    }

    async fn call_local(&self, tool: &dyn LocalTool<C>) -> Result<Outcome, RunError> {
        let ctx = self.context();
        let span = tracing::Span::current();
        self.tell(|hooks| hooks.tool_start(ctx)).await?;
        let running = AssertUnwindSafe(async { tool.call(ctx).await }).catch_unwind();
        let result = running.await;
        let item = match result.unwrap_or_else(|_| Err(ToolError::new("the tool panicked"))) {
            Ok(item) => item,
            Err(error) => {
                telemetry::failed(&span, error.kind());
                if error.is_fatal() {
                    return Err(RunError::fatal_tool(&self.call.name, error));
                }
                self.log(&error);
                let text = self.exception(&error, error.model_message().to_owned());
                tool.failure(&self.call.call_id, &text)
            }
        };
        let output = ToolOutput::Json(serde_json::to_value(&item).unwrap_or_default());
        self.tell(|hooks| hooks.tool_end(ctx, &output)).await?;
        Ok(Outcome::Answer(item))
    }

    /// The text in place of a result; an error when the run must end.
    fn decide(
        &self,
        guardrail: &str,
        kind: RunErrorKind,
        decision: ToolGuardrailFunctionOutput,
    ) -> Result<Option<String>, RunError> {
        let trips = matches!(decision, ToolGuardrailFunctionOutput::RaiseException);
        telemetry::guardrail(&tracing::Span::current(), guardrail, trips);
        match decision {
            ToolGuardrailFunctionOutput::Allow => Ok(None),
            ToolGuardrailFunctionOutput::RejectContent(text) => Ok(Some(text)),
            ToolGuardrailFunctionOutput::RaiseException => Err(RunError::tripwire(
                kind,
                GuardrailResult {
                    guardrail: guardrail.to_owned(),
                    agent: self.agent.name().to_owned(),
                    output: GuardrailFunctionOutput::trip(),
                },
            )),
        }
    }

    fn guardrail_failed(&self, guardrail: &str, error: BoxError) -> RunError {
        let tool = &self.call.name;
        RunError::callback(
            format!("the guardrail {guardrail} of the tool {tool} failed"),
            error,
        )
    }

    async fn tell<'a>(
        &'a self,
        tell: impl Fn(&'a dyn DynHooks<C>) -> Told<'a>,
    ) -> Result<(), RunError> {
        let told = hooks::tell(&self.hooks, &self.agent, tell);
        told.await.map_err(|error| {
            let message = format!("a hook failed at the tool {}", self.call.name);
            RunError::callback(message, error)
        })
    }

    fn failure_text(&self, tool: &dyn FunctionTool<C>, error: &ToolError) -> String {
        self.log(error);
        let text = tool.failure_message(error).into_owned();
        self.exception(error, text)
    }

    /// An error without a text of its own is put into words by the run's formatter.
    fn exception(&self, error: &ToolError, text: String) -> String {
        if error.kind() != ToolErrorKind::Failed {
            return text;
        }
        let kind = ToolErrorFormatterKind::ToolException;
        let Call { scope, call, .. } = self;
        scope
            .config
            .tool_error(kind, &call.name, &call.call_id, text)
    }

    /// The cause may quote the arguments, and is for those who look for it.
    fn log(&self, error: &ToolError) {
        let tool = &self.call.name;
        tracing::warn!(%tool, "a tool failed: {error}");
        if let Some(cause) = error.source() {
            tracing::debug!(%tool, %cause, "why a tool failed");
        }
    }

    fn answer(&self, output: ToolOutput) -> Outcome {
        Outcome::Answer(InputItem::function_call_output(
            self.call.call_id.clone(),
            FunctionOutput::from(output),
        ))
    }
}

/// The answer to a call that a person has rejected.
pub(super) fn rejected<C: 'static>(
    scope: &RunScope<C>,
    local: Option<&dyn LocalTool<C>>,
    call: &RunToolCall,
    message: Option<String>,
) -> InputItem {
    if call.item_type == "mcp_approval_request" && local.is_none() {
        return mcp_approval(&call.call_id, false, message.as_deref());
    }
    let kind = ToolErrorFormatterKind::ApprovalRejected;
    let text = message.unwrap_or_else(|| {
        scope
            .config
            .tool_error(kind, &call.name, &call.call_id, REJECTED.to_owned())
    });
    match local {
        Some(tool) => tool.failure(&call.call_id, &text),
        None => InputItem::function_call_output(call.call_id.clone(), text),
    }
}

/// The answer to a call of what is not here: a hosted MCP server that asks for an approval has it.
pub(super) fn unknown<C>(scope: &RunScope<C>, call: &RunToolCall) -> InputItem {
    match call.item_type.as_str() {
        "mcp_approval_request" => mcp_approval(&call.call_id, true, None),
        _ => not_found(scope, call),
    }
}

/// The answer to a call of something that does not exist: the model made the name up, and finds another way.
pub(super) fn not_found<C>(scope: &RunScope<C>, call: &RunToolCall) -> InputItem {
    let kind = ToolErrorFormatterKind::ToolNotFound;
    let text = format!("Tool '{}' not found.", call.name);
    let text = scope
        .config
        .tool_error(kind, &call.name, &call.call_id, text);
    if call.item_type == "custom_tool_call" {
        let output =
            json!({"type": "custom_tool_call_output", "call_id": call.call_id, "output": text});
        return InputItem::from_json(&output);
    }
    InputItem::function_call_output(call.call_id.clone(), text)
}

/// The answer to a hosted MCP server that asks for an approval.
fn mcp_approval(request_id: &str, approve: bool, reason: Option<&str>) -> InputItem {
    McpApproval::decided(approve, reason).answer(request_id)
}

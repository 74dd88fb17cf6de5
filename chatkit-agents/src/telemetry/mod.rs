//! The names that traces use, by OpenTelemetry's conventions for generative AI.
//!
//! A run is a tree of [`tracing`] spans at the level `INFO`, with the target [`TARGET`]:
//!
//! ```text
//! invoke_workflow            a run, whatever agents it comes to
//! ├─ invoke_agent            an agent, from its start to its answer or its handoff
//! │  ├─ chat                 a call to the model
//! │  └─ execute_tool         a call of a tool
//! │     └─ invoke_agent      an agent inside of the tool, with spans of its own
//! └─ invoke_agent            the agent that was handed over to
//! ```
//!
//! They carry names, ids, settings, and numbers of tokens. What was said is not among them unless the run
//! [asks for it](crate::RunConfig::trace_include_sensitive_data); then [`names::INPUT_MESSAGES`] and its like hold it as
//! JSON, in the form of the conventions. Handoffs and guardrails are events of the span of the agent.
//!
//! `otel.name`, `otel.kind` and `otel.status_code` are what `tracing-opentelemetry` reads: the name by which a span is
//! exported, its kind, and that it has failed. [`names::ERROR_TYPE`] is the kind of a failure, never its message.
//!
//! The conventions have lists where `tracing` has none: [`names::RESPONSE_FINISH_REASONS`] is a list written as JSON. They
//! are those of the repository `open-telemetry/semantic-conventions-genai` in 2026, all of the stability *development*: a
//! name that changes there changes here in a minor release.

pub(crate) mod content;
pub mod names;

use std::fmt;

use tracing::{Span, field};

use crate::items::{OutputItem, OutputItemKind};
use crate::model::{ModelError, ModelSettings, Response, Usage};
use crate::runner::RunError;

use names::*;

/// The target of all spans and events of runs.
pub const TARGET: &str = "chatkit_agents::run";

/// Span of a run.
pub const INVOKE_WORKFLOW: &str = "invoke_workflow";
/// Span of an agent's activity.
pub const INVOKE_AGENT: &str = "invoke_agent";
/// Span of a call to a model.
pub const CHAT: &str = "chat";
/// Span of a call of a tool.
pub const EXECUTE_TOOL: &str = "execute_tool";

/// Event: an agent has handed over to another.
pub const HANDOFF: &str = "handoff";
/// Event: a guardrail has decided.
pub const GUARDRAIL: &str = "guardrail";

/// The provider that the conventions have for the Responses API, whoever serves it.
const OPENAI: &str = "openai";

pub(crate) fn invoke_workflow(name: Option<&str>, conversation: Option<&str>) -> Span {
    let title = match name {
        Some(name) => format!("{INVOKE_WORKFLOW} {name}"),
        None => INVOKE_WORKFLOW.to_owned(),
    };
    tracing::info_span!(
        target: TARGET,
        INVOKE_WORKFLOW,
        { OTEL_NAME } = title,
        { OTEL_KIND } = "internal",
        { OTEL_STATUS_CODE } = field::Empty,
        { ERROR_TYPE } = field::Empty,
        { OPERATION_NAME } = INVOKE_WORKFLOW,
        { WORKFLOW_NAME } = name,
        { CONVERSATION_ID } = conversation,
    )
}

/// Below `parent`, and not below the agent that hands over.
pub(crate) fn invoke_agent(parent: &Span, agent: &str, conversation: Option<&str>) -> Span {
    tracing::info_span!(
        target: TARGET,
        parent: parent,
        INVOKE_AGENT,
        { OTEL_NAME } = format!("{INVOKE_AGENT} {agent}"),
        { OTEL_KIND } = "internal",
        { OTEL_STATUS_CODE } = field::Empty,
        { ERROR_TYPE } = field::Empty,
        { OPERATION_NAME } = INVOKE_AGENT,
        { PROVIDER_NAME } = OPENAI,
        { AGENT_NAME } = agent,
        { CONVERSATION_ID } = conversation,
    )
}

/// What is known of a call to a model before it is made.
pub(crate) struct ChatRequest<'a> {
    pub(crate) model: &'a str,
    pub(crate) agent: &'a str,
    pub(crate) settings: &'a ModelSettings,
    /// The output has to be of a type.
    pub(crate) json: bool,
    pub(crate) previous_response: Option<&'a str>,
    pub(crate) conversation: Option<&'a str>,
}

pub(crate) fn chat(request: &ChatRequest<'_>) -> Span {
    let ChatRequest {
        model,
        agent,
        settings,
        ..
    } = request;
    let reasoning = settings.reasoning.as_ref();
    let effort = reasoning.and_then(|reasoning| reasoning.effort.as_ref());
    tracing::info_span!(
        target: TARGET,
        CHAT,
        { OTEL_NAME } = format!("{CHAT} {model}"),
        { OTEL_KIND } = "client",
        { OTEL_STATUS_CODE } = field::Empty,
        { ERROR_TYPE } = field::Empty,
        { OPERATION_NAME } = CHAT,
        { PROVIDER_NAME } = OPENAI,
        { OPENAI_API_TYPE } = "responses",
        { OPENAI_REQUEST_SERVICE_TIER } = settings.service_tier.as_deref(),
        { AGENT_NAME } = agent,
        { CONVERSATION_ID } = request.conversation,
        { OUTPUT_TYPE } = if request.json { "json" } else { "text" },
        { REQUEST_MODEL } = model,
        { REQUEST_STREAM } = true,
        { REQUEST_TEMPERATURE } = settings.temperature,
        { REQUEST_TOP_P } = settings.top_p,
        { REQUEST_MAX_TOKENS } = settings.max_tokens,
        { REQUEST_REASONING_LEVEL } = effort.map(|effort| effort.as_str()),
        { REQUEST_PREVIOUS_RESPONSE_ID } = request.previous_response,
        { RESPONSE_MODEL } = field::Empty,
        { RESPONSE_ID } = field::Empty,
        { RESPONSE_FINISH_REASONS } = field::Empty,
        { RESPONSE_TIME_TO_FIRST_CHUNK } = field::Empty,
        { USAGE_INPUT_TOKENS } = field::Empty,
        { USAGE_CACHE_READ_INPUT_TOKENS } = field::Empty,
        { USAGE_CACHE_WRITE_INPUT_TOKENS } = field::Empty,
        { USAGE_OUTPUT_TOKENS } = field::Empty,
        { USAGE_REASONING_OUTPUT_TOKENS } = field::Empty,
        { SYSTEM_INSTRUCTIONS } = field::Empty,
        { INPUT_MESSAGES } = field::Empty,
        { OUTPUT_MESSAGES } = field::Empty,
    )
}

/// Records what a response says about itself, in whatever way it has ended.
pub(crate) fn response(span: &Span, response: &Response, usage: Usage) {
    if span.is_disabled() {
        return;
    }
    span.record(RESPONSE_MODEL, response.model.as_deref());
    span.record(RESPONSE_ID, response.id.as_deref());
    let reason = finish_reason(response);
    span.record(RESPONSE_FINISH_REASONS, format!("[\"{reason}\"]"));
    span.record(USAGE_INPUT_TOKENS, usage.input_tokens);
    span.record(USAGE_OUTPUT_TOKENS, usage.output_tokens);
    for (name, tokens) in [
        (USAGE_CACHE_READ_INPUT_TOKENS, usage.cached_tokens),
        (USAGE_CACHE_WRITE_INPUT_TOKENS, usage.cache_write_tokens),
        (USAGE_REASONING_OUTPUT_TOKENS, usage.reasoning_tokens),
    ] {
        if tokens > 0 {
            span.record(name, tokens);
        }
    }
}

/// The reasons of the conventions; the Responses API has a status, and a reason for what is incomplete.
pub(crate) fn finish_reason(response: &Response) -> &'static str {
    let details = response.incomplete_details.as_ref();
    match details.and_then(|details| details.reason.as_deref()) {
        Some("content_filter") => return "content_filter",
        Some(_) => return "length",
        None if response.error.is_some() => return "error",
        None => {}
    }
    let is_call = |item: &OutputItem| matches!(item.kind(), OutputItemKind::FunctionCall(_));
    if response.output.iter().any(is_call) {
        "tool_call"
    } else {
        "stop"
    }
}

pub(crate) fn execute_tool(
    tool: &str,
    call_id: &str,
    tool_type: &str,
    description: Option<&str>,
) -> Span {
    tracing::info_span!(
        target: TARGET,
        EXECUTE_TOOL,
        { OTEL_NAME } = format!("{EXECUTE_TOOL} {tool}"),
        { OTEL_KIND } = "internal",
        { OTEL_STATUS_CODE } = field::Empty,
        { ERROR_TYPE } = field::Empty,
        { OPERATION_NAME } = EXECUTE_TOOL,
        { TOOL_NAME } = tool,
        { TOOL_CALL_ID } = call_id,
        { TOOL_TYPE } = tool_type,
        { TOOL_DESCRIPTION } = description,
        { TOOL_CALL_ARGUMENTS } = field::Empty,
        { TOOL_CALL_RESULT } = field::Empty,
    )
}

pub(crate) fn handoff(source: &str, target: &str) {
    tracing::info!(
        target: TARGET,
        message = HANDOFF,
        { HANDOFF_SOURCE_AGENT } = source,
        { HANDOFF_TARGET_AGENT } = target,
    );
}

/// In the span of an agent, or of a tool.
pub(crate) fn guardrail(span: &Span, name: &str, tripwire_triggered: bool) {
    tracing::info!(
        target: TARGET,
        parent: span,
        message = GUARDRAIL,
        { GUARDRAIL_NAME } = name,
        { GUARDRAIL_TRIPWIRE_TRIGGERED } = tripwire_triggered,
    );
}

/// Marks a span as failed; `error_type` is a kind, never a message.
pub(crate) fn failed(span: &Span, error_type: impl fmt::Debug) {
    span.record(OTEL_STATUS_CODE, "ERROR");
    span.record(ERROR_TYPE, field::debug(error_type));
}

/// Marks a span as failed, with the kind of the failure: that of the model's error where it is one.
pub(crate) fn run_failed(span: &Span, error: &RunError) {
    let source = std::error::Error::source(error);
    match source.and_then(|source| source.downcast_ref::<ModelError>()) {
        Some(error) => failed(span, error.kind()),
        None => failed(span, error.kind()),
    }
}

//! The names that traces use, by OpenTelemetry's conventions for generative AI.
//!
//! A run is a tree of [`tracing`] spans at the level `INFO`, with the target [`TARGET`]:
//!
//! | span | of | `gen_ai.operation.name` |
//! |---|---|---|
//! | `invoke_agent` | an agent, from its start to its answer or its handoff | `invoke_agent` |
//! | `chat` | a call to the model | `chat` |
//! | `execute_tool` | a call of a tool | `execute_tool` |
//!
//! They carry names, ids and numbers of tokens. What was said is not among them unless the run
//! [asks for it](crate::RunConfig::trace_include_sensitive_data). `otel.name` is the name that the exporter of
//! `tracing-opentelemetry` takes, and `otel.status_code` the one by which it marks a failure.

use tracing::{Span, field};

/// The target of all spans of runs.
pub const TARGET: &str = "chatkit_agents::run";

/// Span of an agent's activity.
pub const INVOKE_AGENT: &str = "invoke_agent";
/// Span of a call to a model.
pub const CHAT: &str = "chat";
/// Span of a call of a tool.
pub const EXECUTE_TOOL: &str = "execute_tool";

pub(crate) fn invoke_agent(agent: &str, workflow: Option<&str>, group: Option<&str>) -> Span {
    tracing::info_span!(
        target: TARGET,
        INVOKE_AGENT,
        otel.name = %format_args!("{INVOKE_AGENT} {agent}"),
        otel.kind = "internal",
        otel.status_code = field::Empty,
        error.r#type = field::Empty,
        gen_ai.operation.name = INVOKE_AGENT,
        gen_ai.agent.name = agent,
        gen_ai.conversation.id = group,
        gen_ai.workflow.name = workflow,
    )
}

pub(crate) fn chat(model: &str, agent: &str) -> Span {
    tracing::info_span!(
        target: TARGET,
        CHAT,
        otel.name = %format_args!("{CHAT} {model}"),
        otel.kind = "client",
        otel.status_code = field::Empty,
        error.r#type = field::Empty,
        gen_ai.operation.name = CHAT,
        gen_ai.provider.name = "openai",
        gen_ai.agent.name = agent,
        gen_ai.request.model = model,
        gen_ai.response.model = field::Empty,
        gen_ai.response.id = field::Empty,
        gen_ai.usage.input_tokens = field::Empty,
        gen_ai.usage.output_tokens = field::Empty,
        gen_ai.system_instructions = field::Empty,
        gen_ai.input.messages = field::Empty,
        gen_ai.output.messages = field::Empty,
    )
}

pub(crate) fn execute_tool(tool: &str, call_id: &str, tool_type: &str) -> Span {
    tracing::info_span!(
        target: TARGET,
        EXECUTE_TOOL,
        otel.name = %format_args!("{EXECUTE_TOOL} {tool}"),
        otel.kind = "internal",
        otel.status_code = field::Empty,
        error.r#type = field::Empty,
        gen_ai.operation.name = EXECUTE_TOOL,
        gen_ai.tool.name = tool,
        gen_ai.tool.call.id = call_id,
        gen_ai.tool.r#type = tool_type,
        gen_ai.tool.call.arguments = field::Empty,
        gen_ai.tool.call.result = field::Empty,
    )
}

/// Marks a span as failed; `error_type` is a kind, never a message.
pub(crate) fn failed(span: &Span, error_type: impl std::fmt::Debug) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", field::debug(error_type));
}

//! The names of fields.

macro_rules! names {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: &str = $name;)*

        /// All of them.
        pub const ALL: &[&str] = &[$($name),*];
    };
}

names! {
    /// The name by which a span is exported.
    OTEL_NAME = "otel.name";
    /// The kind of a span, `internal` or `client`.
    OTEL_KIND = "otel.kind";
    /// `ERROR` on a span that has failed.
    OTEL_STATUS_CODE = "otel.status_code";
    /// The kind of a failure: of [`RunErrorKind`](crate::RunErrorKind), of
    /// [`ModelErrorKind`](crate::model::ModelErrorKind) or of [`ToolErrorKind`](crate::tool::ToolErrorKind).
    ERROR_TYPE = "error.type";

    /// What a span is of: `invoke_workflow`, `invoke_agent`, `chat`, `execute_tool`.
    OPERATION_NAME = "gen_ai.operation.name";
    /// Whose API the model is behind: `openai`.
    PROVIDER_NAME = "gen_ai.provider.name";
    /// The name of the workflow, [`RunConfig::workflow_name`](crate::RunConfig::workflow_name).
    WORKFLOW_NAME = "gen_ai.workflow.name";
    /// The name of the agent.
    AGENT_NAME = "gen_ai.agent.name";
    /// The conversation: [`RunConfig::group_id`](crate::RunConfig::group_id), or the one that the endpoint keeps.
    CONVERSATION_ID = "gen_ai.conversation.id";

    /// What was asked for: `text` or `json`.
    OUTPUT_TYPE = "gen_ai.output.type";
    /// The model that was asked.
    REQUEST_MODEL = "gen_ai.request.model";
    /// Whether the answer is streamed: it is.
    REQUEST_STREAM = "gen_ai.request.stream";
    /// The temperature, where it is set.
    REQUEST_TEMPERATURE = "gen_ai.request.temperature";
    /// The nucleus, where it is set.
    REQUEST_TOP_P = "gen_ai.request.top_p";
    /// The most tokens to write, where it is set.
    REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens";
    /// How much to think, where it is set.
    REQUEST_REASONING_LEVEL = "gen_ai.request.reasoning.level";
    /// The response that the call continues.
    REQUEST_PREVIOUS_RESPONSE_ID = "gen_ai.request.previous_response.id";
    /// Which of OpenAI's APIs: `responses`.
    OPENAI_API_TYPE = "openai.api.type";
    /// The service tier, where it is set.
    OPENAI_REQUEST_SERVICE_TIER = "openai.request.service_tier";

    /// The model that has answered.
    RESPONSE_MODEL = "gen_ai.response.model";
    /// The id of the response.
    RESPONSE_ID = "gen_ai.response.id";
    /// Why the model has stopped: a JSON list of one of `stop`, `tool_call`, `length`, `content_filter`, `error`.
    RESPONSE_FINISH_REASONS = "gen_ai.response.finish_reasons";
    /// Seconds to the first event of the model's stream.
    RESPONSE_TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk";

    /// Tokens read.
    USAGE_INPUT_TOKENS = "gen_ai.usage.input_tokens";
    /// Tokens read from the prompt cache, where there were any; part of those read.
    USAGE_CACHE_READ_INPUT_TOKENS = "gen_ai.usage.cache_read.input_tokens";
    /// Tokens written to the prompt cache, where there were any; part of those read.
    USAGE_CACHE_WRITE_INPUT_TOKENS = "gen_ai.usage.cache_write.input_tokens";
    /// Tokens written.
    USAGE_OUTPUT_TOKENS = "gen_ai.usage.output_tokens";
    /// Tokens spent on reasoning, where there were any; part of those written.
    USAGE_REASONING_OUTPUT_TOKENS = "gen_ai.usage.reasoning.output_tokens";

    /// The instructions, if content is recorded.
    SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions";
    /// What the model got, if content is recorded.
    INPUT_MESSAGES = "gen_ai.input.messages";
    /// What the model said, if content is recorded.
    OUTPUT_MESSAGES = "gen_ai.output.messages";

    /// The name of the tool.
    TOOL_NAME = "gen_ai.tool.name";
    /// The id of the call.
    TOOL_CALL_ID = "gen_ai.tool.call.id";
    /// `function`, or `extension` for what the program does for a tool of the endpoint.
    TOOL_TYPE = "gen_ai.tool.type";
    /// What the tool does, in the words that the model gets.
    TOOL_DESCRIPTION = "gen_ai.tool.description";
    /// The arguments, if content is recorded.
    TOOL_CALL_ARGUMENTS = "gen_ai.tool.call.arguments";
    /// The result, if content is recorded.
    TOOL_CALL_RESULT = "gen_ai.tool.call.result";

    /// The agent that has handed over. The conventions have no name for it.
    HANDOFF_SOURCE_AGENT = "chatkit_agents.handoff.source_agent";
    /// The agent that takes over. The conventions have no name for it.
    HANDOFF_TARGET_AGENT = "chatkit_agents.handoff.target_agent";
    /// The name of a guardrail. The conventions have no name for it.
    GUARDRAIL_NAME = "chatkit_agents.guardrail.name";
    /// Whether the guardrail has refused. The conventions have no name for it.
    GUARDRAIL_TRIPWIRE_TRIGGERED = "chatkit_agents.guardrail.tripwire_triggered";
}

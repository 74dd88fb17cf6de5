//! How a server is set up.

use chatkit::BoxError;
use std::fmt;
use std::time::Duration;

use super::McpServer;
use super::options::{ApprovalContext, ApprovalRule, Options, RequireApproval, ToolFilterContext};
use super::owner::Config;
use super::transport::McpTransport;
use crate::callback::Callback;
use crate::tool::{ToolError, ToolInputGuardrail, ToolOutputGuardrail};

/// Sets up an [`McpServer`]; made by [`McpServer::builder`].
#[must_use]
pub struct McpServerBuilder<C> {
    config: Config,
    options: Options<C>,
}

impl<C: Send + Sync + 'static> McpServerBuilder<C> {
    pub(super) fn new(transport: McpTransport) -> Self {
        Self {
            config: Config {
                name: transport.name(),
                transport,
                connect_timeout: Duration::from_secs(10),
                list_timeout: Duration::from_secs(10),
                call_timeout: Duration::from_secs(60),
                connect_retries: 2,
                connect_backoff: Duration::from_millis(500),
            },
            options: Options::default(),
        }
    }

    /// Sets the name, for errors, logs and [names of tools](Self::include_server_in_tool_names). By default it is that of
    /// the command, or the host.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.config.name = name.into();
        self
    }

    /// Sets how long one attempt to connect may take, until the server is ready. 10 seconds by default.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.config.connect_timeout = limit;
        self
    }

    /// Sets how long it may take to list the tools, and to get a prompt or a resource. 10 seconds by default.
    pub fn list_timeout(mut self, limit: Duration) -> Self {
        self.config.list_timeout = limit;
        self
    }

    /// Sets how long one call of a tool may take. 60 seconds by default. The model is told when it took longer, and the
    /// server that nobody waits any more.
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.config.call_timeout = limit;
        self
    }

    /// Sets how often an attempt to connect is repeated when it failed. Twice by default.
    ///
    /// This holds for the first connection, and for the one that is made when the server is needed after it was lost.
    /// A command that cannot be started and an address that is none are not tried again. A call is never repeated: it may
    /// have had an effect.
    pub fn connect_retries(mut self, retries: u32) -> Self {
        self.config.connect_retries = retries;
        self
    }

    /// Sets the pause before the first repetition. It doubles each time, up to 10 seconds. Half a second by default.
    pub fn connect_backoff(mut self, pause: Duration) -> Self {
        self.config.connect_backoff = pause;
        self
    }

    /// Sets whether the list of tools is kept until the server says that it has changed, or is lost. On by default; off,
    /// the server is asked before every call to the model.
    pub fn cache_tools_list(mut self, cache: bool) -> Self {
        self.options.cached = cache;
        self
    }

    /// Sets whether runs fail when the server cannot be reached. On by default; off, they go on without its tools, and
    /// look for it again after half a minute.
    pub fn required(mut self, required: bool) -> Self {
        self.options.required = required;
        self
    }

    /// Shows the model these tools only, by the names that the server gives them.
    #[doc(alias = "create_static_tool_filter")]
    pub fn allowed_tool_names<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        let names = names.into_iter().map(Into::into);
        self.options.allowed.get_or_insert_default().extend(names);
        self
    }

    /// Keeps these tools from the model, by the names that the server gives them. It wins over
    /// [`allowed_tool_names`](Self::allowed_tool_names).
    pub fn blocked_tool_names<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.options
            .blocked
            .extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets which tools the model gets in a run, of those that the lists of names leave. Asked for each tool before every
    /// call to the model.
    pub fn tool_filter<K>(
        mut self,
        filter: impl for<'a> Callback<'a, ToolFilterContext<'a, C>, Result<bool, BoxError>, K>,
    ) -> Self {
        self.options.filter = Some(Box::new(move |tool| filter.call(tool)));
        self
    }

    /// Sets whether the model knows the tools as `mcp_{server}__{tool}`. Off by default.
    ///
    /// Names are made of what the Responses API takes, and no longer than 64 bytes. Where this cuts one or makes two the
    /// same, it ends in eight digits.
    pub fn include_server_in_tool_names(mut self, include: bool) -> Self {
        self.options.server_in_names = include;
        self
    }

    /// Sets whether the model is forced to follow the tools' schemas, where they can be made
    /// [strict](crate::tool::ToolDefinition::strict). Off by default.
    pub fn convert_schemas_to_strict(mut self, strict: bool) -> Self {
        self.options.strict = strict;
        self
    }

    /// Sets whether the model gets the structured content of a result in place of its text, where there is one. Off by
    /// default.
    pub fn use_structured_content(mut self, structured: bool) -> Self {
        self.options.structured = structured;
        self
    }

    /// Sets which calls a person has to approve. None by default.
    pub fn require_approval(mut self, rule: RequireApproval) -> Self {
        self.options.approval = ApprovalRule::Rule(rule);
        self
    }

    /// Sets a function that decides whether a person has to approve a call.
    pub fn require_approval_fn<K>(
        mut self,
        ask: impl for<'a> Callback<'a, ApprovalContext<'a, C>, Result<bool, BoxError>, K>,
    ) -> Self {
        self.options.approval = ApprovalRule::Function(Box::new(move |call| ask.call(call)));
        self
    }

    /// Sets the text that the model gets when a call fails. The default is [`ToolError::model_message`].
    ///
    /// A failure that the tool itself reports is none here: the model gets its text.
    pub fn failure_message(
        mut self,
        message: impl Fn(&ToolError) -> String + Send + Sync + 'static,
    ) -> Self {
        self.options.failure_message = Some(Box::new(message));
        self
    }

    /// Sets whether a call that fails ends the run. By default the model is told.
    pub fn ends_run(mut self, ends: bool) -> Self {
        self.options.ends_run = ends;
        self
    }

    /// Adds a check of the arguments of every tool.
    pub fn tool_input_guardrail(mut self, guardrail: ToolInputGuardrail<C>) -> Self {
        self.options.input_guardrails.push(guardrail);
        self
    }

    /// Adds a check of the results of every tool.
    pub fn tool_output_guardrail(mut self, guardrail: ToolOutputGuardrail<C>) -> Self {
        self.options.output_guardrails.push(guardrail);
        self
    }

    /// The server. Nothing is started or connected yet.
    #[must_use]
    pub fn build(self) -> McpServer<C> {
        McpServer::new(self.config, self.options)
    }
}

impl<C> fmt::Debug for McpServerBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServerBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

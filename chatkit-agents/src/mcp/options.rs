//! Which tools of a server an agent gets, and how.

use std::collections::HashSet;
use std::fmt;

use chatkit::BoxError;
use futures::future::BoxFuture;
use rmcp::model;

use crate::runner::RunContext;
use crate::tool::{ToolContext, ToolError, ToolInputGuardrail, ToolOutputGuardrail};

/// What a function of [`McpServerBuilder::tool_filter`](super::McpServerBuilder::tool_filter) decides about.
#[non_exhaustive]
pub struct ToolFilterContext<'a, C> {
    /// The run, and the agent whose model would get the tool.
    pub run: RunContext<'a, C>,
    /// The name of the server.
    pub server_name: &'a str,
    /// The tool, as the server describes it.
    pub tool: &'a model::Tool,
}

/// What a function of [`McpServerBuilder::require_approval_fn`](super::McpServerBuilder::require_approval_fn) decides
/// about: a call that the model wants to make.
#[non_exhaustive]
pub struct ApprovalContext<'a, C> {
    /// The call, with its arguments.
    pub ctx: ToolContext<'a, C>,
    /// The name of the server.
    pub server_name: &'a str,
    /// The tool, as the server describes it. What it says of itself is a hint, and no more.
    pub tool: &'a model::Tool,
}

/// Which calls a person has to approve. Tools have the names that the server gives them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RequireApproval {
    /// None.
    #[default]
    Never,
    /// All.
    Always,
    /// Those of these tools.
    Tools(HashSet<String>),
    /// All but those of these tools.
    AllBut(HashSet<String>),
}

impl RequireApproval {
    /// [`Tools`](Self::Tools) with these names.
    pub fn tools<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::Tools(names.into_iter().map(Into::into).collect())
    }

    /// [`AllBut`](Self::AllBut) with these names.
    pub fn all_but<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::AllBut(names.into_iter().map(Into::into).collect())
    }

    fn asks(&self, tool: &str) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Tools(names) => names.contains(tool),
            Self::AllBut(names) => !names.contains(tool),
        }
    }
}

pub(super) type Filter<C> =
    dyn for<'a> Fn(ToolFilterContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> + Send + Sync;
type Ask<C> =
    dyn for<'a> Fn(ApprovalContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> + Send + Sync;
type FailureMessage = dyn Fn(&ToolError) -> String + Send + Sync;

pub(super) enum ApprovalRule<C> {
    Rule(RequireApproval),
    Function(Box<Ask<C>>),
}

impl<C> ApprovalRule<C> {
    pub(super) fn asks<'a>(
        &self,
        call: ApprovalContext<'a, C>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        match self {
            Self::Rule(rule) => Box::pin(std::future::ready(Ok(rule.asks(&call.tool.name)))),
            Self::Function(ask) => ask(call),
        }
    }
}

/// How a server's tools become tools of an agent.
pub(super) struct Options<C> {
    pub(super) allowed: Option<HashSet<String>>,
    pub(super) blocked: HashSet<String>,
    pub(super) filter: Option<Box<Filter<C>>>,
    pub(super) server_in_names: bool,
    pub(super) strict: bool,
    pub(super) structured: bool,
    pub(super) approval: ApprovalRule<C>,
    pub(super) failure_message: Option<Box<FailureMessage>>,
    pub(super) ends_run: bool,
    pub(super) input_guardrails: Vec<ToolInputGuardrail<C>>,
    pub(super) output_guardrails: Vec<ToolOutputGuardrail<C>>,
    pub(super) cached: bool,
    pub(super) required: bool,
}

impl<C> Options<C> {
    pub(super) fn admits(&self, tool: &str) -> bool {
        let allowed = self.allowed.as_ref();
        allowed.is_none_or(|names| names.contains(tool)) && !self.blocked.contains(tool)
    }
}

impl<C> Default for Options<C> {
    fn default() -> Self {
        Self {
            allowed: None,
            blocked: HashSet::new(),
            filter: None,
            server_in_names: false,
            strict: false,
            structured: false,
            approval: ApprovalRule::Rule(RequireApproval::default()),
            failure_message: None,
            ends_run: false,
            input_guardrails: Vec::new(),
            output_guardrails: Vec::new(),
            cached: true,
            required: true,
        }
    }
}

impl<C> fmt::Debug for ToolFilterContext<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolFilterContext")
            .field("server_name", &self.server_name)
            .field("tool", &self.tool.name)
            .finish_non_exhaustive()
    }
}

impl<C> fmt::Debug for ApprovalContext<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApprovalContext")
            .field("server_name", &self.server_name)
            .field("tool", &self.tool.name)
            .finish_non_exhaustive()
    }
}

//! What holds for a whole run, whatever agent runs.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use chatkit::BoxError;
use futures::future::BoxFuture;

use super::context::RunContext;
use crate::callback::Callback;
use crate::guardrail::{InputGuardrail, OutputGuardrail};
use crate::handoff::{HandoffInputData, InputFilter};
use crate::items::InputItem;
use crate::model::{AgentModel, ModelProvider, ModelSettings};

/// What holds for a whole run, whatever agent runs. Give it to [`Run::config`](super::Run::config).
///
/// Cloning is cheap: one configuration serves any number of runs. Agents that are used as tools run with that of the run
/// they are used in, its guardrails included, unless they have their own.
pub struct RunConfig<C> {
    pub(super) model: Option<AgentModel>,
    pub(super) model_provider: Option<Arc<dyn ModelProvider>>,
    pub(super) model_settings: Option<ModelSettings>,
    pub(super) input_guardrails: Vec<InputGuardrail<C>>,
    pub(super) output_guardrails: Vec<OutputGuardrail<C>>,
    pub(super) hold_back_output: bool,
    pub(super) handoff_input_filter: Option<Arc<InputFilter<C>>>,
    pub(super) nest_handoff_history: bool,
    pub(super) handoff_history_mapper: Option<Arc<HistoryMapper>>,
    pub(super) call_model_input_filter: Option<Arc<ModelInputFilter<C>>>,
    pub(super) session_input_callback: Option<Arc<SessionInput<C>>>,
    pub(super) session_limit: Option<usize>,
    pub(super) tool_error_formatter: Option<Arc<ToolErrorFormatter>>,
    pub(super) max_function_tool_concurrency: Option<NonZeroUsize>,
    pub(super) tool_not_found_behavior: ToolNotFound,
    pub(super) tool_name_collision_policy: ToolNameCollisionPolicy,
    pub(super) omit_reasoning_item_ids: bool,
    pub(super) workflow_name: Option<Arc<str>>,
    pub(super) group_id: Option<Arc<str>>,
    pub(super) trace_include_sensitive_data: bool,
}

type HistoryMapper = dyn Fn(Vec<InputItem>) -> Vec<InputItem> + Send + Sync;
type ModelInputFilter<C> = dyn for<'a> Fn(CallModelData<'a, C>) -> BoxFuture<'a, Result<ModelInputData, BoxError>>
    + Send
    + Sync;
type SessionInput<C> = dyn for<'a> Fn(SessionInputData<'a, C>) -> BoxFuture<'a, Result<Vec<InputItem>, BoxError>>
    + Send
    + Sync;
type ToolErrorFormatter = dyn Fn(&ToolErrorFormatterArgs<'_>) -> Option<String> + Send + Sync;

/// What the model is about to get.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ModelInputData {
    /// The conversation, oldest first.
    pub input: Vec<InputItem>,
    /// The instructions.
    pub instructions: Option<String>,
}

/// What [`RunConfig::call_model_input_filter`] decides about.
#[non_exhaustive]
pub struct CallModelData<'a, C> {
    /// The run, and its agent.
    pub run: RunContext<'a, C>,
    /// What the model is about to get.
    pub model_data: ModelInputData,
}

/// What [`RunConfig::session_input_callback`] decides about.
#[non_exhaustive]
pub struct SessionInputData<'a, C> {
    /// The run, and its agent.
    pub run: RunContext<'a, C>,
    /// What the session has.
    pub history: Vec<InputItem>,
    /// What the run was started with.
    pub new_input: &'a [InputItem],
}

/// Why a model gets a text in place of a tool's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToolErrorFormatterKind {
    /// A person has rejected the call.
    ApprovalRejected,
    /// There is no such tool.
    ToolNotFound,
    /// The tool has failed, and has no text of its own for that.
    ToolException,
}

/// What [`RunConfig::tool_error_formatter`] puts into words.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ToolErrorFormatterArgs<'a> {
    /// What happened.
    pub kind: ToolErrorFormatterKind,
    /// The name by which the model called the tool.
    pub tool_name: &'a str,
    /// The id of the call.
    pub call_id: &'a str,
    /// The text that the model gets otherwise.
    pub default_message: &'a str,
}

/// What happens when the model calls a function that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[doc(alias = "ToolNotFoundBehavior")]
pub enum ToolNotFound {
    /// The model is told, and finds another way. When it makes up nothing but names in this many responses in a row,
    /// the run ends.
    ReturnErrorToModel {
        /// How many such responses are too many.
        limit: u32,
    },
    /// The run ends.
    RaiseError,
}

impl Default for ToolNotFound {
    fn default() -> Self {
        Self::ReturnErrorToModel { limit: 3 }
    }
}

/// What happens when two functions that an agent offers, handoffs included, have the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ToolNameCollisionPolicy {
    /// It is logged. A handoff wins over a function, and the last of several functions over the others.
    #[default]
    Warn,
    /// The run ends before it calls the model.
    Error,
}

impl<C> RunConfig<C> {
    /// A configuration that changes nothing.
    pub fn new() -> Self {
        Self {
            model: None,
            model_provider: None,
            model_settings: None,
            input_guardrails: Vec::new(),
            output_guardrails: Vec::new(),
            hold_back_output: false,
            handoff_input_filter: None,
            nest_handoff_history: false,
            handoff_history_mapper: None,
            call_model_input_filter: None,
            session_input_callback: None,
            session_limit: None,
            tool_error_formatter: None,
            max_function_tool_concurrency: None,
            tool_not_found_behavior: ToolNotFound::default(),
            tool_name_collision_policy: ToolNameCollisionPolicy::default(),
            omit_reasoning_item_ids: false,
            workflow_name: None,
            group_id: None,
            trace_include_sensitive_data: false,
        }
    }

    /// Sets the model of all agents.
    #[must_use]
    pub fn model(mut self, model: impl Into<AgentModel>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Sets who resolves the names of models, for agents whose model is a name.
    #[must_use]
    pub fn model_provider(mut self, provider: impl ModelProvider) -> Self {
        self.model_provider = Some(Arc::new(provider));
        self
    }

    /// Sets settings that win over those of all agents; see [`ModelSettings::overlay`].
    #[must_use]
    pub fn model_settings(mut self, settings: ModelSettings) -> Self {
        self.model_settings = Some(settings);
        self
    }

    /// Adds a check of what the run is started with, and of what agents that are used as tools are.
    #[must_use]
    pub fn input_guardrail(mut self, guardrail: InputGuardrail<C>) -> Self {
        self.input_guardrails.push(guardrail);
        self
    }

    /// Adds a check of the answer, whatever agent gives it, and of the answers of agents that are used as tools.
    #[must_use]
    pub fn output_guardrail(mut self, guardrail: OutputGuardrail<C>) -> Self {
        self.output_guardrails.push(guardrail);
        self
    }

    /// Sets whether the events of the model are held back until all guardrails have passed, so that nothing is shown
    /// that a guardrail refuses. The user then sees the whole answer at once, at the end; of a run that fails, that waits
    /// for an approval or that is cancelled, only the results of tools. Off by default.
    #[must_use]
    pub fn hold_back_output(mut self, hold_back: bool) -> Self {
        self.hold_back_output = hold_back;
        self
    }

    /// Sets what the next agent gets to see at a handoff that has no filter of its own.
    #[must_use]
    pub fn handoff_input_filter<K>(
        mut self,
        filter: impl for<'a> Callback<'a, HandoffInputData<'a, C>, Result<Vec<InputItem>, BoxError>, K>,
    ) -> Self
    where
        C: 'static,
    {
        self.handoff_input_filter = Some(Arc::new(move |data| filter.call(data)));
        self
    }

    /// Sets whether the next agent gets the conversation as one message instead of its items, see
    /// [`nest_handoff_history`](crate::handoff::nest_handoff_history). Off by default.
    #[must_use]
    pub fn nest_handoff_history(mut self, nest: bool) -> Self {
        self.nest_handoff_history = nest;
        self
    }

    /// Sets what a nested conversation looks like: gets the items, and gives what the next agent gets instead.
    #[must_use]
    pub fn handoff_history_mapper(
        mut self,
        mapper: impl Fn(Vec<InputItem>) -> Vec<InputItem> + Send + Sync + 'static,
    ) -> Self {
        self.handoff_history_mapper = Some(Arc::new(mapper));
        self
    }

    /// Sets a last edit of what the model gets, before each call. The run itself keeps what it has. An error ends it.
    ///
    /// This is where to keep a conversation within the model's window: [`keep_latest`](crate::items::keep_latest) cuts it
    /// and leaves no call without its result and no part of a response without its reasoning;
    /// [`ToolOutputTrimmer`](crate::run::ToolOutputTrimmer) shortens old results.
    #[must_use]
    pub fn call_model_input_filter<K>(
        mut self,
        filter: impl for<'a> Callback<'a, CallModelData<'a, C>, Result<ModelInputData, BoxError>, K>,
    ) -> Self
    where
        C: 'static,
    {
        self.call_model_input_filter = Some(Arc::new(move |data| filter.call(data)));
        self
    }

    /// Sets how the history of a session and the new input become the input of the run. By default the input follows
    /// the history. What the session gets is the new input, either way. An error ends the run.
    #[must_use]
    pub fn session_input_callback<K>(
        mut self,
        combine: impl for<'a> Callback<'a, SessionInputData<'a, C>, Result<Vec<InputItem>, BoxError>, K>,
    ) -> Self
    where
        C: 'static,
    {
        self.session_input_callback = Some(Arc::new(move |data| combine.call(data)));
        self
    }

    /// Sets how many items of a session are read at most, the latest. All by default.
    #[must_use]
    #[doc(alias = "session_settings")]
    pub fn session_limit(mut self, items: usize) -> Self {
        self.session_limit = Some(items);
        self
    }

    /// Sets what the model is told when a call was rejected, when there is no such tool, and when a tool has failed
    /// that has no text of its own for that. `None` leaves it at the default.
    #[must_use]
    pub fn tool_error_formatter(
        mut self,
        format: impl Fn(&ToolErrorFormatterArgs<'_>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.tool_error_formatter = Some(Arc::new(format));
        self
    }

    /// Sets how many function calls of one response run at the same time. All by default.
    #[must_use]
    #[doc(alias = "tool_execution")]
    pub fn max_function_tool_concurrency(mut self, calls: NonZeroUsize) -> Self {
        self.max_function_tool_concurrency = Some(calls);
        self
    }

    /// Sets what happens when the model calls a function that does not exist.
    #[must_use]
    pub fn tool_not_found_behavior(mut self, behavior: ToolNotFound) -> Self {
        self.tool_not_found_behavior = behavior;
        self
    }

    /// Sets what happens when two functions of an agent have the same name.
    #[must_use]
    pub fn tool_name_collision_policy(mut self, policy: ToolNameCollisionPolicy) -> Self {
        self.tool_name_collision_policy = policy;
        self
    }

    /// Sets whether reasoning goes back to the model without its ids, `reasoning_item_id_policy` in Python. Off by
    /// default.
    #[must_use]
    #[doc(alias = "reasoning_item_id_policy")]
    pub fn omit_reasoning_item_ids(mut self, omit: bool) -> Self {
        self.omit_reasoning_item_ids = omit;
        self
    }

    /// Sets the name that traces give the run.
    #[must_use]
    pub fn workflow_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.workflow_name = Some(name.into());
        self
    }

    /// Sets what traces group runs by: the id of a thread, for example.
    #[must_use]
    pub fn group_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.group_id = Some(id.into());
        self
    }

    /// Sets whether traces hold what was said: instructions, messages, arguments and results of tools. Off by default.
    #[must_use]
    pub fn trace_include_sensitive_data(mut self, include: bool) -> Self {
        self.trace_include_sensitive_data = include;
        self
    }

    /// The text for the model, by the formatter or the default.
    pub(super) fn tool_error(
        &self,
        kind: ToolErrorFormatterKind,
        tool_name: &str,
        call_id: &str,
        default_message: String,
    ) -> String {
        let args = ToolErrorFormatterArgs {
            kind,
            tool_name,
            call_id,
            default_message: &default_message,
        };
        let text = self
            .tool_error_formatter
            .as_ref()
            .and_then(|format| format(&args));
        text.unwrap_or(default_message)
    }
}

impl<C> Default for RunConfig<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> Clone for RunConfig<C> {
    fn clone(&self) -> Self {
        Self {
            model: self.model.clone(),
            model_provider: self.model_provider.clone(),
            model_settings: self.model_settings.clone(),
            input_guardrails: self.input_guardrails.clone(),
            output_guardrails: self.output_guardrails.clone(),
            hold_back_output: self.hold_back_output,
            handoff_input_filter: self.handoff_input_filter.clone(),
            nest_handoff_history: self.nest_handoff_history,
            handoff_history_mapper: self.handoff_history_mapper.clone(),
            call_model_input_filter: self.call_model_input_filter.clone(),
            session_input_callback: self.session_input_callback.clone(),
            session_limit: self.session_limit,
            tool_error_formatter: self.tool_error_formatter.clone(),
            max_function_tool_concurrency: self.max_function_tool_concurrency,
            tool_not_found_behavior: self.tool_not_found_behavior,
            tool_name_collision_policy: self.tool_name_collision_policy,
            omit_reasoning_item_ids: self.omit_reasoning_item_ids,
            workflow_name: self.workflow_name.clone(),
            group_id: self.group_id.clone(),
            trace_include_sensitive_data: self.trace_include_sensitive_data,
        }
    }
}

impl<C> fmt::Debug for RunConfig<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunConfig")
            .field("model", &self.model)
            .field("model_settings", &self.model_settings)
            .field("input_guardrails", &self.input_guardrails)
            .field("output_guardrails", &self.output_guardrails)
            .finish_non_exhaustive()
    }
}

/// Shows sizes, not what was said.
impl fmt::Debug for ModelInputData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelInputData")
            .field("input", &self.input.len())
            .field("instructions", &self.instructions.as_deref().map(str::len))
            .finish()
    }
}

impl<C> fmt::Debug for CallModelData<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallModelData")
            .field("run", &self.run)
            .field("model_data", &self.model_data)
            .finish()
    }
}

impl<C> fmt::Debug for SessionInputData<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionInputData")
            .field("run", &self.run)
            .field("history", &self.history.len())
            .field("new_input", &self.new_input.len())
            .finish()
    }
}

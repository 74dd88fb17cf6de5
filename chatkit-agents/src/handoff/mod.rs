//! Handoffs: an agent gives the conversation to another.

mod history;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use chatkit::BoxError;
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use self::history::{
    CONVERSATION_HISTORY_END, CONVERSATION_HISTORY_START, nest_handoff_history, remove_all_tools,
};
use crate::agent::Agent;
use crate::callback::Callback;
use crate::items::InputItem;
use crate::runner::{RunContext, RunItem};
use crate::tool::{SchemaError, ToolDefinition, parameters_schema};

/// Text to put before the instructions of agents that hand over, so that their models know what a handoff is.
pub const RECOMMENDED_PROMPT_PREFIX: &str = "\
# How this works
You are one of several agents that share a conversation. Each agent has its own instructions and tools. An agent gives \
the conversation to another by calling a handoff function, whose name begins with `transfer_to_`. The user is not \
aware of this: do not mention handoffs or other agents in your answers.";

/// What [`Handoff::input_filter`] decides about: the conversation as the next agent would see it, in three parts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HandoffInputData<'a, C> {
    /// The run, with the agent that hands over.
    pub run: RunContext<'a, C>,
    /// What the run was started with.
    pub input_history: Vec<InputItem>,
    /// What the run added before the response that hands over.
    pub pre_handoff_items: Vec<RunItem>,
    /// What that response added, the call of the handoff and its result included.
    pub new_items: Vec<RunItem>,
}

impl<C> HandoffInputData<'_, C> {
    /// The whole, as the model gets it.
    pub fn into_items(self) -> Vec<InputItem> {
        let added = self.pre_handoff_items.iter().chain(&self.new_items);
        let added: Vec<_> = added.map(RunItem::to_input_item).collect();
        self.input_history.into_iter().chain(added).collect()
    }
}

/// The arguments of a handoff, as the model wrote them.
#[non_exhaustive]
pub(crate) struct HandoffCall<'a, C> {
    pub(crate) run: RunContext<'a, C>,
    pub(crate) arguments: &'a str,
}

type OnHandoff<C> =
    dyn for<'a> Fn(HandoffCall<'a, C>) -> BoxFuture<'a, Result<(), BoxError>> + Send + Sync;
pub(crate) type InputFilter<C> = dyn for<'a> Fn(HandoffInputData<'a, C>) -> BoxFuture<'a, Result<Vec<InputItem>, BoxError>>
    + Send
    + Sync;
type IsEnabled<C> =
    dyn for<'a> Fn(RunContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> + Send + Sync;

/// An agent that the conversation may be handed over to, and how.
///
/// An [`Agent`] converts into it. The model sees a function `transfer_to_{agent}`; the next agent gets the whole
/// conversation, unless a [filter](Self::input_filter) or [nesting](Self::nest_handoff_history) says otherwise.
///
/// ```
/// use chatkit_agents::{Agent, Handoff};
/// # use chatkit_agents::model::ResponsesClient;
///
/// # fn agents(client: ResponsesClient) {
/// let billing: Agent<()> = Agent::new("Billing", client.model("gpt-5.6-luna"))
///     .handoff_description("Knows invoices and refunds.")
///     // Back again: agents are values, so the way back is by name.
///     .handoff(Handoff::to_name("Triage"));
/// let triage = Agent::new("Triage", client.model("gpt-5.6-luna")).handoff(billing);
/// # }
/// ```
#[doc(alias = "handoff")]
pub struct Handoff<C> {
    target: Target<C>,
    tool_name: Option<String>,
    tool_description: Option<String>,
    parameters: Option<Value>,
    on_handoff: Option<Arc<OnHandoff<C>>>,
    input_filter: Option<Arc<InputFilter<C>>>,
    nest_handoff_history: Option<bool>,
    is_enabled: Option<Arc<IsEnabled<C>>>,
}

enum Target<C> {
    Agent(Agent<C>),
    Name(String),
}

impl<C> Handoff<C> {
    fn new(target: Target<C>) -> Self {
        Self {
            target,
            tool_name: None,
            tool_description: None,
            parameters: None,
            on_handoff: None,
            input_filter: None,
            nest_handoff_history: None,
            is_enabled: None,
        }
    }

    /// A handoff to `agent`.
    pub fn to(agent: &Agent<C>) -> Self {
        Self::new(Target::Agent(agent.clone()))
    }

    /// A handoff to the agent of this name, among those that the first agent of the run can reach. This is how agents
    /// hand over in a circle.
    ///
    /// A run whose agent has a handoff to a name that it cannot reach ends with an error before it calls the model.
    pub fn to_name(name: impl Into<String>) -> Self {
        Self::new(Target::Name(name.into()))
    }

    /// Sets the name of the function. The default is `transfer_to_` and the agent's name in lower case, with `_` for
    /// all but letters, digits and `_`.
    #[doc(alias = "tool_name_override")]
    #[must_use]
    pub fn tool_name(mut self, name: impl Into<String>) -> Self {
        self.tool_name = Some(name.into());
        self
    }

    /// Sets the description of the function. The default names the agent and has its
    /// [handoff description](Agent::handoff_description).
    #[doc(alias = "tool_description_override")]
    #[must_use]
    pub fn tool_description(mut self, description: impl Into<String>) -> Self {
        self.tool_description = Some(description.into());
        self
    }

    /// Sets a function that is called when the model hands over. An error ends the run.
    #[must_use]
    pub fn on_handoff<K>(
        mut self,
        on_handoff: impl for<'a> Callback<'a, RunContext<'a, C>, Result<(), BoxError>, K>,
    ) -> Self
    where
        C: 'static,
    {
        self.on_handoff = Some(Arc::new(move |call| on_handoff.call(call.run)));
        self
    }

    /// Lets the model say something about the handoff, its reason for example, and sets the function that gets it.
    ///
    /// The schema of `T` is strict. An input that is no `T` ends the run, and so does an error of the function.
    #[doc(alias = "input_type")]
    #[must_use]
    pub fn on_handoff_with<T, K>(
        mut self,
        on_handoff: impl for<'a> Callback<'a, HandoffArguments<'a, C, T>, Result<(), BoxError>, K>,
    ) -> Self
    where
        C: Send + Sync + 'static,
        T: JsonSchema + DeserializeOwned + Send + 'static,
    {
        self.parameters = Some(parameters_schema::<T>());
        let on_handoff = Arc::new(on_handoff);
        self.on_handoff = Some(Arc::new(move |call: HandoffCall<'_, C>| {
            let on_handoff = Arc::clone(&on_handoff);
            Box::pin(async move {
                let mut json = serde_json::Deserializer::from_str(call.arguments);
                let input = serde_path_to_error::deserialize(&mut json)?;
                let run = call.run;
                on_handoff.call(HandoffArguments { run, input }).await
            })
        }));
        self
    }

    /// Sets what the next agent gets to see. It wins over the [run's](crate::RunConfig::handoff_input_filter).
    ///
    /// The filter changes what models get, not what the run has added.
    #[must_use]
    pub fn input_filter<K>(
        mut self,
        filter: impl for<'a> Callback<'a, HandoffInputData<'a, C>, Result<Vec<InputItem>, BoxError>, K>,
    ) -> Self
    where
        C: 'static,
    {
        self.input_filter = Some(Arc::new(move |data| filter.call(data)));
        self
    }

    /// Sets whether the next agent gets the conversation as one message instead of its items. It wins over the
    /// [run's](crate::RunConfig::nest_handoff_history).
    #[must_use]
    pub fn nest_handoff_history(mut self, nest: bool) -> Self {
        self.nest_handoff_history = Some(nest);
        self
    }

    /// Sets when the model may hand over; asked before every call to the model.
    #[must_use]
    pub fn is_enabled<K>(
        mut self,
        is_enabled: impl for<'a> Callback<'a, RunContext<'a, C>, Result<bool, BoxError>, K>,
    ) -> Self
    where
        C: 'static,
    {
        self.is_enabled = Some(Arc::new(move |run| is_enabled.call(run)));
        self
    }

    /// The name of the agent.
    pub fn agent_name(&self) -> &str {
        match &self.target {
            Target::Agent(agent) => agent.name(),
            Target::Name(name) => name,
        }
    }

    /// The agent, unless it is known by its name only.
    pub(crate) fn agent(&self) -> Option<&Agent<C>> {
        match &self.target {
            Target::Agent(agent) => Some(agent),
            Target::Name(_) => None,
        }
    }

    /// The name of the function.
    pub(crate) fn function_name(&self) -> Cow<'_, str> {
        match &self.tool_name {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("transfer_to_{}", function_style(self.agent_name()))),
        }
    }

    /// The function that the model sees; `agent` is the target.
    pub(crate) fn definition(&self, agent: &Agent<C>) -> Result<ToolDefinition, SchemaError> {
        let description = match &self.tool_description {
            Some(description) => description.clone(),
            None => format!(
                "Handoff to the {} agent to handle the request. {}",
                agent.name(),
                agent.described().unwrap_or_default()
            ),
        };
        let parameters = self.parameters.clone().unwrap_or_else(|| json!({}));
        ToolDefinition::strict(self.function_name(), description, parameters)
    }

    pub(crate) async fn enabled(&self, run: RunContext<'_, C>) -> Result<bool, BoxError> {
        match &self.is_enabled {
            Some(is_enabled) => is_enabled(run).await,
            None => Ok(true),
        }
    }

    pub(crate) async fn handed_over(&self, call: HandoffCall<'_, C>) -> Result<(), BoxError> {
        match &self.on_handoff {
            Some(on_handoff) => on_handoff(call).await,
            None => Ok(()),
        }
    }

    pub(crate) fn filter(&self) -> Option<&Arc<InputFilter<C>>> {
        self.input_filter.as_ref()
    }

    pub(crate) fn nests(&self) -> Option<bool> {
        self.nest_handoff_history
    }
}

/// What the model said when it handed over, for [`Handoff::on_handoff_with`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HandoffArguments<'a, C, T> {
    /// The run, with the agent that hands over.
    pub run: RunContext<'a, C>,
    /// What the model said.
    pub input: T,
}

/// A name as that of a function: lower case, and `_` for all but letters, digits and `_`.
pub(crate) fn function_style(name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    name.chars().map(safe).collect()
}

impl<C> From<Agent<C>> for Handoff<C> {
    fn from(agent: Agent<C>) -> Self {
        Self::new(Target::Agent(agent))
    }
}

impl<C> From<&Agent<C>> for Handoff<C> {
    fn from(agent: &Agent<C>) -> Self {
        Self::to(agent)
    }
}

impl<C> Clone for Handoff<C> {
    fn clone(&self) -> Self {
        Self {
            target: match &self.target {
                Target::Agent(agent) => Target::Agent(agent.clone()),
                Target::Name(name) => Target::Name(name.clone()),
            },
            tool_name: self.tool_name.clone(),
            tool_description: self.tool_description.clone(),
            parameters: self.parameters.clone(),
            on_handoff: self.on_handoff.clone(),
            input_filter: self.input_filter.clone(),
            nest_handoff_history: self.nest_handoff_history,
            is_enabled: self.is_enabled.clone(),
        }
    }
}

impl<C> fmt::Debug for Handoff<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handoff").field(&self.agent_name()).finish()
    }
}

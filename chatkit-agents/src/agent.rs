//! An agent: a model with instructions and tools.

use std::fmt;
use std::sync::Arc;

use chatkit::BoxError;
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::agent_tool::AgentTool;
use crate::callback::Callback;
use crate::guardrail::{InputGuardrail, OutputGuardrail};
use crate::handoff::Handoff;
use crate::hooks::{DynHooks, RunHooks};
use crate::items::FunctionOutput;
use crate::model::{AgentModel, ModelSettings};
use crate::output_schema::AgentOutputSchema;
use crate::runner::{RunContext, RunError};
use crate::tool::{IntoTool, Tool, ToolProvider};

/// A model, what it is told, and what it may do.
///
/// `C` is the context that a run hands to tools; the model never sees it. An agent does not change while it runs, and
/// one agent serves any number of runs at once. Cloning is cheap; setting something on a clone leaves the original as
/// it was.
///
/// ```
/// use chatkit_agents::{Agent, function_tool, model::ResponsesClient};
///
/// /// Look up the weather for a city.
/// #[function_tool]
/// async fn get_weather(
///     /// City name, e.g. "Paris".
///     city: String,
/// ) -> String {
///     format!("It is raining in {city}.")
/// }
///
/// # fn agent() -> Result<Agent<()>, Box<dyn std::error::Error>> {
/// let client = ResponsesClient::from_env()?;
/// let agent: Agent<()> = Agent::new("Assistant", client.model("gpt-5"))
///     .instructions("Answer in one sentence.")
///     .tool(get_weather);
/// # Ok(agent)
/// # }
/// ```
pub struct Agent<C>(Arc<Inner<C>>);

struct Inner<C> {
    name: String,
    handoff_description: Option<String>,
    instructions: Option<Given<C, String>>,
    prompt: Option<Given<C, Prompt>>,
    model: AgentModel,
    model_settings: ModelSettings,
    tools: Vec<Tool<C>>,
    tool_providers: Vec<Arc<dyn ToolProvider<C>>>,
    handoffs: Vec<Handoff<C>>,
    input_guardrails: Vec<InputGuardrail<C>>,
    output_guardrails: Vec<OutputGuardrail<C>>,
    output_schema: Option<AgentOutputSchema>,
    hooks: Vec<Arc<dyn DynHooks<C>>>,
    tool_use_behavior: Behavior<C>,
    reset_tool_choice: bool,
}

/// A value that is there, or that a function of the run gives before every call to the model.
enum Given<C, T> {
    Fixed(T),
    Asked(Arc<Ask<C, T>>),
}

type Ask<C, T> =
    dyn for<'a> Fn(RunContext<'a, C>) -> BoxFuture<'a, Result<T, BoxError>> + Send + Sync;

impl<C, T: Clone> Given<C, T> {
    async fn get(&self, run: RunContext<'_, C>) -> Result<T, BoxError> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Asked(ask) => ask(run).await,
        }
    }
}

/// A prompt that the endpoint keeps. It may bring the model, its settings, the instructions and tools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Prompt {
    /// The prompt's id.
    pub id: String,
    /// Its version; the latest when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Values for its variables: text, or content parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<Map<String, Value>>,
}

impl Prompt {
    /// The latest version of a prompt.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            version: None,
            variables: None,
        }
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Sets the value of a variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.variables
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }
}

/// What happens when the model's tool calls have been answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ToolUseBehavior {
    /// The model goes on, with the results.
    #[default]
    RunLlmAgain,
    /// The run ends; its output is the result of the first call, in the order the model made them.
    #[doc(alias = "stop_on_first_tool")]
    StopOnFirstTool,
    /// The run ends if one of these tools was called; its output is the result of the first such call. Tools that hand
    /// over to the client end a run this way.
    StopAtTools(Vec<String>),
}

impl ToolUseBehavior {
    /// [`StopAtTools`](Self::StopAtTools) with the names of the tools.
    pub fn stop_at_tools<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::StopAtTools(names.into_iter().map(Into::into).collect())
    }
}

/// What a function of [`Agent::tool_use_behavior_fn`] sees: the results of a response's function calls.
#[derive(Debug)]
#[non_exhaustive]
pub struct ToolResults<'a, C> {
    /// The run, and its agent.
    pub run: RunContext<'a, C>,
    /// The results, in the order the model made the calls.
    pub results: &'a [FunctionToolResult],
}

/// The result of a function call.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FunctionToolResult {
    /// The name of the function.
    pub tool_name: String,
    /// The id of the call.
    pub call_id: String,
    /// What the model gets.
    pub output: FunctionOutput,
}

type Decide<C> = dyn for<'a> Fn(ToolResults<'a, C>) -> BoxFuture<'a, Result<Option<String>, BoxError>>
    + Send
    + Sync;

pub(crate) enum Behavior<C> {
    Rule(ToolUseBehavior),
    Function(Arc<Decide<C>>),
}

impl<C> Agent<C> {
    /// An agent with neither instructions nor tools.
    ///
    /// `model` is a [`Model`](crate::model::Model), for example that of a
    /// [`ResponsesClient`](crate::model::ResponsesClient). A name is a model too, but only for runs with a
    /// [model provider](crate::RunConfig::model_provider) that resolves it: others end with an error.
    pub fn new(name: impl Into<String>, model: impl Into<AgentModel>) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            handoff_description: None,
            instructions: None,
            prompt: None,
            model: model.into(),
            model_settings: ModelSettings::default(),
            tools: Vec::new(),
            tool_providers: Vec::new(),
            handoffs: Vec::new(),
            input_guardrails: Vec::new(),
            output_guardrails: Vec::new(),
            output_schema: None,
            hooks: Vec::new(),
            tool_use_behavior: Behavior::Rule(ToolUseBehavior::default()),
            reset_tool_choice: true,
        }))
    }

    fn set(mut self, set: impl FnOnce(&mut Inner<C>)) -> Self {
        set(Arc::make_mut(&mut self.0));
        self
    }

    /// Sets the name: of a clone that differs, for example.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.set(|agent| agent.name = name)
    }

    /// Sets what other agents are told this one is for, when they may hand over to it.
    #[must_use]
    pub fn handoff_description(self, description: impl Into<String>) -> Self {
        let description = description.into();
        self.set(|agent| agent.handoff_description = Some(description))
    }

    /// Sets what the model is told in every call, apart from the conversation.
    #[must_use]
    pub fn instructions(self, instructions: impl Into<String>) -> Self {
        let instructions = instructions.into();
        self.set(|agent| agent.instructions = Some(Given::Fixed(instructions)))
    }

    /// Sets a function that gives the instructions. Asked before every call to the model. An error ends the run.
    #[must_use]
    pub fn instructions_fn<K>(
        self,
        instructions: impl for<'a> Callback<'a, RunContext<'a, C>, Result<String, BoxError>, K>,
    ) -> Self
    where
        C: 'static,
    {
        let ask = Given::Asked(Arc::new(move |run| instructions.call(run)));
        self.set(|agent| agent.instructions = Some(ask))
    }

    /// Sets a prompt that the endpoint keeps.
    #[must_use]
    pub fn prompt(self, prompt: Prompt) -> Self {
        self.set(|agent| agent.prompt = Some(Given::Fixed(prompt)))
    }

    /// Sets a function that gives the prompt. Asked before every call to the model. An error ends the run.
    #[must_use]
    #[doc(alias = "DynamicPromptFunction")]
    pub fn prompt_fn<K>(
        self,
        prompt: impl for<'a> Callback<'a, RunContext<'a, C>, Result<Prompt, BoxError>, K>,
    ) -> Self
    where
        C: 'static,
    {
        let ask = Given::Asked(Arc::new(move |run| prompt.call(run)));
        self.set(|agent| agent.prompt = Some(ask))
    }

    /// Sets the model.
    #[must_use]
    pub fn model(self, model: impl Into<AgentModel>) -> Self {
        let model = model.into();
        self.set(|agent| agent.model = model)
    }

    /// Sets temperature, tool choice and the like.
    #[must_use]
    pub fn model_settings(self, settings: ModelSettings) -> Self {
        self.set(|agent| agent.model_settings = settings)
    }

    /// Adds a tool.
    #[must_use]
    pub fn tool(self, tool: impl IntoTool<C>) -> Self {
        let tool = tool.into_tool();
        self.set(|agent| agent.tools.push(tool))
    }

    /// Adds tools.
    #[must_use]
    pub fn tools(self, tools: impl IntoIterator<Item = impl Into<Tool<C>>>) -> Self {
        let tools = tools.into_iter().map(Into::into);
        self.set(|agent| agent.tools.extend(tools))
    }

    /// Adds the tools of an MCP server, or others that are known only when the run asks for them.
    #[doc(alias = "mcp_servers")]
    #[must_use]
    pub fn tool_provider(self, provider: impl ToolProvider<C>) -> Self {
        self.set(|agent| agent.tool_providers.push(Arc::new(provider)))
    }

    /// Adds an agent that this one may hand the conversation over to.
    #[must_use]
    pub fn handoff(self, handoff: impl Into<Handoff<C>>) -> Self {
        let handoff = handoff.into();
        self.set(|agent| agent.handoffs.push(handoff))
    }

    /// Adds agents that this one may hand the conversation over to.
    #[must_use]
    pub fn handoffs(self, handoffs: impl IntoIterator<Item = impl Into<Handoff<C>>>) -> Self {
        let handoffs = handoffs.into_iter().map(Into::into);
        self.set(|agent| agent.handoffs.extend(handoffs))
    }

    /// Adds a check of what a run that begins with this agent is started with.
    #[must_use]
    pub fn input_guardrail(self, guardrail: InputGuardrail<C>) -> Self {
        self.set(|agent| agent.input_guardrails.push(guardrail))
    }

    /// Adds a check of this agent's answers.
    #[must_use]
    pub fn output_guardrail(self, guardrail: OutputGuardrail<C>) -> Self {
        self.set(|agent| agent.output_guardrails.push(guardrail))
    }

    /// Makes the agent answer with JSON that a `T` can be read from; see
    /// [`RunResult::final_output_as`](crate::RunResult::final_output_as).
    ///
    /// The schema is strict. For one that is not, see [`output_schema`](Self::output_schema).
    #[must_use]
    pub fn output_type<T: JsonSchema + DeserializeOwned>(self) -> Self {
        self.output_schema(AgentOutputSchema::of::<T>())
    }

    /// Makes the agent answer with JSON that follows a schema.
    #[must_use]
    pub fn output_schema(self, schema: AgentOutputSchema) -> Self {
        self.set(|agent| agent.output_schema = Some(schema))
    }

    /// Adds hooks that are told what this agent does.
    #[must_use]
    pub fn hooks(self, hooks: impl RunHooks<C>) -> Self
    where
        C: Send + Sync + 'static,
    {
        self.set(|agent| agent.hooks.push(Arc::new(hooks)))
    }

    /// Sets what happens when the model's tool calls have been answered.
    #[must_use]
    pub fn tool_use_behavior(self, behavior: ToolUseBehavior) -> Self {
        self.set(|agent| agent.tool_use_behavior = Behavior::Rule(behavior))
    }

    /// Sets a function that decides what happens when the model's tool calls have been answered: the output that ends the
    /// run, or `None` to let the model go on with the results. An error ends the run without an output.
    #[doc(alias = "ToolsToFinalOutputResult")]
    #[must_use]
    pub fn tool_use_behavior_fn<K>(
        self,
        decide: impl for<'a> Callback<'a, ToolResults<'a, C>, Result<Option<String>, BoxError>, K>,
    ) -> Self
    where
        C: 'static,
    {
        let decide: Arc<Decide<C>> = Arc::new(move |results| decide.call(results));
        self.set(|agent| agent.tool_use_behavior = Behavior::Function(decide))
    }

    /// Whether a `tool_choice` is dropped once the agent has used a tool. On by default: a required tool would otherwise
    /// be called for ever.
    #[must_use]
    pub fn reset_tool_choice(self, reset: bool) -> Self {
        self.set(|agent| agent.reset_tool_choice = reset)
    }

    /// This agent as a tool of another: it gets an input from the other's model, runs on that alone, and its answer is
    /// the result.
    ///
    /// An empty `name` is made from the agent's own.
    pub fn as_tool(&self, name: impl Into<String>, description: impl Into<String>) -> AgentTool<C>
    where
        C: Send + Sync + 'static,
    {
        AgentTool::new(self.clone(), name.into(), description.into())
    }

    /// The agent's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What other agents are told this one is for.
    pub(crate) fn described(&self) -> Option<&str> {
        self.0.handoff_description.as_deref()
    }

    pub(crate) async fn instructions_for(
        &self,
        run: RunContext<'_, C>,
    ) -> Result<Option<String>, RunError> {
        let Some(instructions) = &self.0.instructions else {
            return Ok(None);
        };
        let given = instructions.get(run).await;
        given
            .map(Some)
            .map_err(|error| self.failed("instructions", error))
    }

    pub(crate) async fn prompt_for(
        &self,
        run: RunContext<'_, C>,
    ) -> Result<Option<Prompt>, RunError> {
        let Some(prompt) = &self.0.prompt else {
            return Ok(None);
        };
        let given = prompt.get(run).await;
        given
            .map(Some)
            .map_err(|error| self.failed("prompt", error))
    }

    /// The error of a run whose agent has a function that failed.
    pub(crate) fn failed(&self, function: &str, error: BoxError) -> RunError {
        let message = format!(
            "the {function} function of the agent {} failed",
            self.0.name
        );
        RunError::callback(message, error)
    }

    pub(crate) fn has_prompt(&self) -> bool {
        self.0.prompt.is_some()
    }

    pub(crate) fn the_model(&self) -> &AgentModel {
        &self.0.model
    }

    pub(crate) fn settings(&self) -> &ModelSettings {
        &self.0.model_settings
    }

    /// The tools, those of [providers](Self::tool_provider) apart.
    pub fn all_tools(&self) -> &[Tool<C>] {
        &self.0.tools
    }

    pub(crate) fn tool_providers(&self) -> &[Arc<dyn ToolProvider<C>>] {
        &self.0.tool_providers
    }

    /// The handoffs.
    pub fn all_handoffs(&self) -> &[Handoff<C>] {
        &self.0.handoffs
    }

    pub(crate) fn input_guardrails(&self) -> &[InputGuardrail<C>] {
        &self.0.input_guardrails
    }

    pub(crate) fn output_guardrails(&self) -> &[OutputGuardrail<C>] {
        &self.0.output_guardrails
    }

    pub(crate) fn output(&self) -> Option<&AgentOutputSchema> {
        self.0.output_schema.as_ref()
    }

    pub(crate) fn all_hooks(&self) -> &[Arc<dyn DynHooks<C>>] {
        &self.0.hooks
    }

    pub(crate) fn behavior(&self) -> &Behavior<C> {
        &self.0.tool_use_behavior
    }

    pub(crate) fn resets_tool_choice(&self) -> bool {
        self.0.reset_tool_choice
    }

    /// The agent of this name among this one and those it may hand over to, directly or not. The nearest, when there are
    /// several.
    ///
    /// A conversation goes on with the agent that has answered last:
    ///
    /// ```
    /// use chatkit_agents::{Agent, RunError, Runner};
    ///
    /// async fn talk(reception: &Agent<()>) -> Result<(), RunError> {
    ///     let result = Runner::run(reception, "I want my money back.", ()).await?;
    ///     let agent = reception.find(result.last_agent());
    ///     let mut input = result.to_input_list();
    ///     input.push("It was order 7.".into());
    ///     Runner::run(agent.as_ref().unwrap_or(reception), input, ()).await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn find(&self, name: &str) -> Option<Self> {
        let mut known = vec![self.clone()];
        let mut next = 0;
        while let Some(agent) = known.get(next) {
            if agent.name() == name {
                return Some(agent.clone());
            }
            let targets = agent.all_handoffs().iter().filter_map(Handoff::agent);
            let new: Vec<_> = targets
                .filter(|target| !known.iter().any(|agent| Arc::ptr_eq(&agent.0, &target.0)))
                .cloned()
                .collect();
            known.extend(new);
            next += 1;
        }
        None
    }
}

impl<C> Clone for Agent<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C, T: Clone> Clone for Given<C, T> {
    fn clone(&self) -> Self {
        match self {
            Self::Fixed(value) => Self::Fixed(value.clone()),
            Self::Asked(ask) => Self::Asked(Arc::clone(ask)),
        }
    }
}

impl<C> Clone for Behavior<C> {
    fn clone(&self) -> Self {
        match self {
            Self::Rule(rule) => Self::Rule(rule.clone()),
            Self::Function(decide) => Self::Function(Arc::clone(decide)),
        }
    }
}

impl<C> Clone for Inner<C> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            handoff_description: self.handoff_description.clone(),
            instructions: self.instructions.clone(),
            prompt: self.prompt.clone(),
            model: self.model.clone(),
            model_settings: self.model_settings.clone(),
            tools: self.tools.clone(),
            tool_providers: self.tool_providers.clone(),
            handoffs: self.handoffs.clone(),
            input_guardrails: self.input_guardrails.clone(),
            output_guardrails: self.output_guardrails.clone(),
            output_schema: self.output_schema.clone(),
            hooks: self.hooks.clone(),
            tool_use_behavior: self.tool_use_behavior.clone(),
            reset_tool_choice: self.reset_tool_choice,
        }
    }
}

impl<C: 'static> fmt::Debug for Agent<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("name", &self.0.name)
            .field("model", &self.0.model.name())
            .field("tools", &self.0.tools)
            .field("handoffs", &self.0.handoffs)
            .finish_non_exhaustive()
    }
}

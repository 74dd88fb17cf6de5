//! An agent: a model with instructions and tools.

use std::fmt;
use std::sync::Arc;

use crate::model::{Model, ModelSettings};
use crate::tool::Tool;

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
    instructions: Option<String>,
    model: Arc<dyn Model>,
    model_settings: ModelSettings,
    tools: Vec<Tool<C>>,
    tool_use_behavior: ToolUseBehavior,
    reset_tool_choice: bool,
}

/// What happens when the model's tool calls have been answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ToolUseBehavior {
    /// The model goes on, with the results.
    #[default]
    RunLlmAgain,
    /// The run ends; its output is the result of the first call, in the order the model made them.
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

impl<C> Agent<C> {
    /// An agent with neither instructions nor tools.
    pub fn new(name: impl Into<String>, model: impl Model) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            instructions: None,
            model: Arc::new(model),
            model_settings: ModelSettings::default(),
            tools: Vec::new(),
            tool_use_behavior: ToolUseBehavior::default(),
            reset_tool_choice: true,
        }))
    }

    fn set(mut self, set: impl FnOnce(&mut Inner<C>)) -> Self {
        set(Arc::make_mut(&mut self.0));
        self
    }

    /// Sets what the model is told in every call, apart from the conversation.
    pub fn instructions(self, instructions: impl Into<String>) -> Self {
        let instructions = instructions.into();
        self.set(|agent| agent.instructions = Some(instructions))
    }

    /// Sets the model.
    pub fn model(self, model: impl Model) -> Self {
        self.set(|agent| agent.model = Arc::new(model))
    }

    /// Sets temperature, tool choice and the like.
    pub fn model_settings(self, settings: ModelSettings) -> Self {
        self.set(|agent| agent.model_settings = settings)
    }

    /// Adds a tool.
    pub fn tool(self, tool: impl Into<Tool<C>>) -> Self {
        let tool = tool.into();
        self.set(|agent| agent.tools.push(tool))
    }

    /// Sets what happens when the model's tool calls have been answered.
    pub fn tool_use_behavior(self, behavior: ToolUseBehavior) -> Self {
        self.set(|agent| agent.tool_use_behavior = behavior)
    }

    /// Whether a `tool_choice` is dropped once the agent has used a tool. On by default: a required tool would otherwise
    /// be called for ever.
    pub fn reset_tool_choice(self, reset: bool) -> Self {
        self.set(|agent| agent.reset_tool_choice = reset)
    }

    /// The agent's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn instructions_text(&self) -> Option<&str> {
        self.0.instructions.as_deref()
    }

    pub(crate) fn the_model(&self) -> &Arc<dyn Model> {
        &self.0.model
    }

    pub(crate) fn settings(&self) -> &ModelSettings {
        &self.0.model_settings
    }

    pub(crate) fn tools(&self) -> &[Tool<C>] {
        &self.0.tools
    }

    pub(crate) fn behavior(&self) -> &ToolUseBehavior {
        &self.0.tool_use_behavior
    }

    pub(crate) fn resets_tool_choice(&self) -> bool {
        self.0.reset_tool_choice
    }
}

impl<C> Clone for Agent<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> Clone for Inner<C> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            instructions: self.instructions.clone(),
            model: Arc::clone(&self.model),
            model_settings: self.model_settings.clone(),
            tools: self.tools.clone(),
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
            .finish_non_exhaustive()
    }
}

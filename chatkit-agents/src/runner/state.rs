//! What a run has done and what it does next.

use serde::{Deserialize, Serialize};

use crate::items::{FunctionCall, InputItem, OutputItem};
use crate::model::Usage;

/// Everything a run knows, in a form that can be stored.
///
/// The runner is a loop over [`step`](Self::step); nothing else decides what happens next.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunState {
    /// The name of the agent that runs.
    pub agent: String,
    /// What the run was started with.
    pub input: Vec<InputItem>,
    /// What the run has added: the model's items and the tools' results, in the order the model gets them back.
    pub new_items: Vec<RunItem>,
    /// Model calls made so far.
    pub current_turn: u32,
    /// Model calls allowed; `None` for any number.
    pub max_turns: Option<u32>,
    /// The response that the endpoint continues. When set, the endpoint keeps the conversation, and each call sends
    /// only what is new.
    pub previous_response_id: Option<String>,
    /// How much of `new_items` the endpoint knows already, when it keeps the conversation.
    pub acknowledged: usize,
    /// The id of the last response.
    pub last_response_id: Option<String>,
    /// Tokens used.
    pub usage: Usage,
    /// The agent has used a tool in this run.
    pub used_tool: bool,
    /// What comes next.
    pub step: NextStep,
}

/// What a run does next.
// The variant is the key, here and in `RunItem`: serde reads any other form of tag through a buffer, and raw JSON does
// not survive that.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NextStep {
    /// Call the model with everything so far.
    CallModel,
    /// Run the tools that the model called.
    CallTools {
        /// The calls, in the order the model made them.
        calls: Vec<ToolCall>,
    },
    /// The run is over.
    Done {
        /// The agent's answer: text, or the result of the tool that ended the run.
        final_output: String,
    },
}

/// A function call and, once the tool has settled, its result.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCall {
    /// What the model asked for.
    pub call: RunFunctionCall,
    /// What the model gets.
    pub output: Option<InputItem>,
}

/// A function call of the model, as the state keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunFunctionCall {
    /// The name of the function.
    pub name: String,
    /// The id that the result refers to.
    pub call_id: String,
    /// The arguments, as the model wrote them.
    pub arguments: String,
}

impl From<&FunctionCall> for RunFunctionCall {
    fn from(call: &FunctionCall) -> Self {
        Self {
            name: call.name.clone(),
            call_id: call.call_id.clone(),
            arguments: call.arguments.clone(),
        }
    }
}

/// Something a run has added to the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunItem {
    /// A message of the assistant.
    MessageOutputItem(OutputItem),
    /// Reasoning of the model.
    ReasoningItem(OutputItem),
    /// A call of a function or of a hosted tool.
    ToolCallItem(OutputItem),
    /// The result of a function call.
    ToolCallOutputItem(InputItem),
    /// An item of a kind that this version does not know.
    OtherItem(OutputItem),
}

impl RunItem {
    /// The item as the model gets it back.
    pub fn to_input_item(&self) -> InputItem {
        match self {
            Self::MessageOutputItem(item)
            | Self::ReasoningItem(item)
            | Self::ToolCallItem(item)
            | Self::OtherItem(item) => item.to_input_item(),
            Self::ToolCallOutputItem(item) => item.clone(),
        }
    }
}

//! What a run adds to the conversation.

use serde::{Deserialize, Serialize};

use crate::items::{InputItem, OutputItem, OutputItemKind};

/// Something a run has added to the conversation.
///
/// In a stream it comes when it is there: a call when the model has finished writing that call, a result when that tool
/// has settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunItem {
    /// The name of the agent that ran.
    pub agent: String,
    /// What it is.
    pub kind: RunItemKind,
}

/// The kinds of [`RunItem`]; stored by the names of the Python SDK.
// The variant is a key, here and in the steps of a state: serde reads any other form of tag, and what is flattened, through a
// buffer, and raw JSON does not survive that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RunItemKind {
    /// A message of the assistant.
    #[serde(rename = "message_output_item")]
    #[doc(alias = "MessageOutputItem")]
    Message(OutputItem),
    /// Reasoning of the model.
    #[serde(rename = "reasoning_item")]
    Reasoning(OutputItem),
    /// A call of a function or of a hosted tool.
    #[serde(rename = "tool_call_item")]
    #[doc(alias = "ToolCallItem")]
    ToolCall(OutputItem),
    /// The result of a call.
    #[serde(rename = "tool_call_output_item")]
    #[doc(alias = "ToolCallOutputItem")]
    ToolCallOutput(InputItem),
    /// The model hands over to another agent.
    #[serde(rename = "handoff_call_item")]
    #[doc(alias = "HandoffCallItem")]
    HandoffCall(OutputItem),
    /// Another agent has taken over; the item's agent is the one that handed over.
    #[serde(rename = "handoff_output_item")]
    #[doc(alias = "HandoffOutputItem")]
    HandoffOutput {
        /// What the model that handed over is told.
        output: InputItem,
        /// The name of the agent that has taken over.
        target_agent: String,
    },
    /// The tools that a hosted MCP server offers.
    #[serde(rename = "mcp_list_tools_item")]
    #[doc(alias = "MCPListToolsItem")]
    McpListTools(OutputItem),
    /// A hosted MCP server asks for an approval.
    #[serde(rename = "mcp_approval_request_item")]
    #[doc(alias = "MCPApprovalRequestItem")]
    McpApprovalRequest(OutputItem),
    /// The answer to such a question.
    #[serde(rename = "mcp_approval_response_item")]
    McpApprovalResponse(InputItem),
    /// The model searches for tools.
    #[serde(rename = "tool_search_call_item")]
    #[doc(alias = "ToolSearchCallItem")]
    ToolSearchCall(OutputItem),
    /// The tools it has found.
    #[serde(rename = "tool_search_output_item")]
    ToolSearchOutput(OutputItem),
    /// The endpoint has shortened the conversation.
    #[serde(rename = "compaction_item")]
    #[doc(alias = "CompactionItem")]
    Compaction(OutputItem),
    /// Input that was added on the way.
    #[serde(rename = "input_item")]
    Input(InputItem),
    /// An item of a kind that this version does not know.
    #[serde(rename = "other_item")]
    Other(OutputItem),
}

impl RunItem {
    /// An item that `agent` has added.
    pub fn new(agent: impl Into<String>, kind: RunItemKind) -> Self {
        Self {
            agent: agent.into(),
            kind,
        }
    }

    /// The item as the model gets it back.
    pub fn to_input_item(&self) -> InputItem {
        match &self.kind {
            RunItemKind::Message(item)
            | RunItemKind::Reasoning(item)
            | RunItemKind::ToolCall(item)
            | RunItemKind::HandoffCall(item)
            | RunItemKind::McpListTools(item)
            | RunItemKind::McpApprovalRequest(item)
            | RunItemKind::ToolSearchCall(item)
            | RunItemKind::ToolSearchOutput(item)
            | RunItemKind::Compaction(item)
            | RunItemKind::Other(item) => item.to_input_item(),
            RunItemKind::ToolCallOutput(item)
            | RunItemKind::HandoffOutput { output: item, .. }
            | RunItemKind::McpApprovalResponse(item)
            | RunItemKind::Input(item) => item.clone(),
        }
    }

    /// The text, where the item is a message of the assistant.
    #[doc(alias = "ItemHelpers")]
    pub fn text(&self) -> Option<String> {
        match &self.kind {
            RunItemKind::Message(item) => match item.kind() {
                OutputItemKind::Message(message) => Some(message.text()),
                _ => None,
            },
            _ => None,
        }
    }

    /// What it means in a stream that this item comes.
    pub fn event_name(&self) -> RunItemEventName {
        match &self.kind {
            RunItemKind::Message(_) => RunItemEventName::MessageOutputCreated,
            RunItemKind::Reasoning(_) => RunItemEventName::ReasoningItemCreated,
            RunItemKind::ToolCall(_) => RunItemEventName::ToolCalled,
            RunItemKind::ToolCallOutput(_) => RunItemEventName::ToolOutput,
            RunItemKind::HandoffCall(_) => RunItemEventName::HandoffRequested,
            RunItemKind::HandoffOutput { .. } => RunItemEventName::HandoffOccurred,
            RunItemKind::McpListTools(_) => RunItemEventName::McpListTools,
            RunItemKind::McpApprovalRequest(_) => RunItemEventName::McpApprovalRequested,
            RunItemKind::McpApprovalResponse(_) => RunItemEventName::McpApprovalResponse,
            RunItemKind::ToolSearchCall(_) => RunItemEventName::ToolSearchCalled,
            RunItemKind::ToolSearchOutput(_) => RunItemEventName::ToolSearchOutputCreated,
            RunItemKind::Compaction(_) | RunItemKind::Input(_) | RunItemKind::Other(_) => {
                RunItemEventName::OtherItemCreated
            }
        }
    }
}

impl RunItemKind {
    /// The item of a model. Whether a function call is a handoff, only the run knows.
    pub(super) fn of_model(item: OutputItem, is_handoff: impl FnOnce(&str) -> bool) -> Self {
        match (item.kind(), item.item_type()) {
            (OutputItemKind::Message(_), _) => Self::Message(item),
            (OutputItemKind::Reasoning(_), _) => Self::Reasoning(item),
            (OutputItemKind::FunctionCall(call), _)
                if is_handoff(&call.name) && item.raw().string_field("namespace").is_none() =>
            {
                Self::HandoffCall(item)
            }
            (_, "mcp_list_tools") => Self::McpListTools(item),
            (_, "mcp_approval_request") => Self::McpApprovalRequest(item),
            (_, "tool_search_call") => Self::ToolSearchCall(item),
            (_, "tool_search_output") => Self::ToolSearchOutput(item),
            (_, "compaction") => Self::Compaction(item),
            (_, kind) if kind.ends_with("_call") => Self::ToolCall(item),
            _ => Self::Other(item),
        }
    }

    /// The answer to a call.
    pub(super) fn of_answer(output: InputItem) -> Self {
        match output.item_type() {
            "mcp_approval_response" => Self::McpApprovalResponse(output),
            _ => Self::ToolCallOutput(output),
        }
    }
}

/// What a [`RunItem`] means in a stream of events; the names are those of the Python SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunItemEventName {
    /// The assistant has written a message.
    MessageOutputCreated,
    /// The model has called a tool.
    ToolCalled,
    /// A tool has settled.
    ToolOutput,
    /// The model hands over to another agent.
    HandoffRequested,
    /// Another agent has taken over; `handoff_occured` in Python.
    HandoffOccurred,
    /// The model has reasoned.
    ReasoningItemCreated,
    /// A hosted MCP server has listed its tools.
    McpListTools,
    /// A hosted MCP server asks for an approval.
    McpApprovalRequested,
    /// The question of a hosted MCP server was answered.
    McpApprovalResponse,
    /// The model searches for tools.
    ToolSearchCalled,
    /// The model has found tools.
    ToolSearchOutputCreated,
    /// The model has produced an item of another kind.
    OtherItemCreated,
}

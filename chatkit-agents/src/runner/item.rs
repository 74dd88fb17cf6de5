//! What a run adds to the conversation.

use serde::{Deserialize, Serialize};

use crate::items::{InputItem, OutputItem, OutputItemKind};

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
    /// The result of a call.
    ToolCallOutputItem(InputItem),
    /// The model hands over to another agent.
    HandoffCallItem(OutputItem),
    /// Another agent has taken over.
    HandoffOutputItem {
        /// What the model that handed over is told.
        output: InputItem,
        /// The name of the agent that handed over.
        source_agent: String,
        /// The name of the agent that has taken over.
        target_agent: String,
    },
    /// The tools that a hosted MCP server offers.
    McpListToolsItem(OutputItem),
    /// A hosted MCP server asks for an approval.
    McpApprovalRequestItem(OutputItem),
    /// The answer to such a question.
    McpApprovalResponseItem(InputItem),
    /// The model searches for tools.
    ToolSearchCallItem(OutputItem),
    /// The tools it has found.
    ToolSearchOutputItem(OutputItem),
    /// The endpoint has shortened the conversation.
    CompactionItem(OutputItem),
    /// Input that was added on the way.
    InputItem(InputItem),
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
            | Self::HandoffCallItem(item)
            | Self::McpListToolsItem(item)
            | Self::McpApprovalRequestItem(item)
            | Self::ToolSearchCallItem(item)
            | Self::ToolSearchOutputItem(item)
            | Self::CompactionItem(item)
            | Self::OtherItem(item) => item.to_input_item(),
            Self::ToolCallOutputItem(item)
            | Self::HandoffOutputItem { output: item, .. }
            | Self::McpApprovalResponseItem(item)
            | Self::InputItem(item) => item.clone(),
        }
    }

    /// The text of a message of the assistant, or of the result of a function.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::MessageOutputItem(item) => match item.kind() {
                OutputItemKind::Message(message) => Some(message.text()),
                _ => None,
            },
            Self::ToolCallOutputItem(InputItem::FunctionCallOutput(output)) => {
                Some(output.output.to_text())
            }
            _ => None,
        }
    }

    /// The item of a model. Whether a function call is a handoff, only the run knows.
    pub(super) fn of_model(item: OutputItem, is_handoff: impl FnOnce(&str) -> bool) -> Self {
        match (item.kind(), item.item_type()) {
            (OutputItemKind::Message(_), _) => Self::MessageOutputItem(item),
            (OutputItemKind::Reasoning(_), _) => Self::ReasoningItem(item),
            (OutputItemKind::FunctionCall(call), _)
                if is_handoff(&call.name) && item.raw().string_field("namespace").is_none() =>
            {
                Self::HandoffCallItem(item)
            }
            (_, "mcp_list_tools") => Self::McpListToolsItem(item),
            (_, "mcp_approval_request") => Self::McpApprovalRequestItem(item),
            (_, "tool_search_call") => Self::ToolSearchCallItem(item),
            (_, "tool_search_output") => Self::ToolSearchOutputItem(item),
            (_, "compaction") => Self::CompactionItem(item),
            (_, kind) if kind.ends_with("_call") => Self::ToolCallItem(item),
            _ => Self::OtherItem(item),
        }
    }

    /// The answer to a call.
    pub(super) fn of_answer(output: InputItem) -> Self {
        match output.item_type() {
            "mcp_approval_response" => Self::McpApprovalResponseItem(output),
            _ => Self::ToolCallOutputItem(output),
        }
    }
}

/// A new item of a run.
///
/// A call is reported when the model has finished writing that call, a result when that tool has settled.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunItemEvent {
    /// What happened.
    pub name: RunItemEventName,
    /// The item.
    pub item: RunItem,
}

impl RunItemEvent {
    /// An event about `item`.
    pub fn new(name: RunItemEventName, item: RunItem) -> Self {
        Self { name, item }
    }

    pub(super) fn of(item: RunItem) -> Self {
        Self::new(RunItemEventName::of(&item), item)
    }
}

/// What a [`RunItemEvent`] says of its item; the names are those of the Python SDK.
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

impl RunItemEventName {
    fn of(item: &RunItem) -> Self {
        match item {
            RunItem::MessageOutputItem(_) => Self::MessageOutputCreated,
            RunItem::ReasoningItem(_) => Self::ReasoningItemCreated,
            RunItem::ToolCallItem(_) => Self::ToolCalled,
            RunItem::ToolCallOutputItem(_) => Self::ToolOutput,
            RunItem::HandoffCallItem(_) => Self::HandoffRequested,
            RunItem::HandoffOutputItem { .. } => Self::HandoffOccurred,
            RunItem::McpListToolsItem(_) => Self::McpListTools,
            RunItem::McpApprovalRequestItem(_) => Self::McpApprovalRequested,
            RunItem::McpApprovalResponseItem(_) => Self::McpApprovalResponse,
            RunItem::ToolSearchCallItem(_) => Self::ToolSearchCalled,
            RunItem::ToolSearchOutputItem(_) => Self::ToolSearchOutputCreated,
            RunItem::CompactionItem(_) | RunItem::InputItem(_) | RunItem::OtherItem(_) => {
                Self::OtherItemCreated
            }
        }
    }
}

//! What the next agent gets to see of the conversation.

use std::fmt::Write;

use super::HandoffInputData;
use crate::items::{InputItem, MessageContent};

/// The line before a conversation that was put into one message.
pub const CONVERSATION_HISTORY_START: &str = "<CONVERSATION HISTORY>";
/// The line after a conversation that was put into one message.
pub const CONVERSATION_HISTORY_END: &str = "</CONVERSATION HISTORY>";

const PREFACE: &str =
    "For context, here is the conversation so far between the user and the previous agent:";

/// Puts a conversation into one message of the assistant, so that the next agent reads it as a report and not as its own
/// words.
///
/// Messages whose text is one line are `role: text`; everything else is JSON. A conversation that was put into a message
/// before is taken out of it first.
///
/// ```
/// use chatkit_agents::handoff::nest_handoff_history;
/// use chatkit_agents::items::InputItem;
///
/// let nested = nest_handoff_history(vec![InputItem::from("hello")]);
/// assert_eq!(nested.len(), 1);
/// assert!(format!("{:?}", nested[0]).contains("1. user: hello"));
/// ```
#[doc(alias = "default_handoff_history_mapper")]
pub fn nest_handoff_history(items: Vec<InputItem>) -> Vec<InputItem> {
    let mut lines = Vec::new();
    for item in items {
        match nested_lines(&item) {
            Some(earlier) => lines.extend(earlier),
            None => lines.push(line(&item)),
        }
    }
    let mut text = format!("{PREFACE}\n{CONVERSATION_HISTORY_START}\n");
    if lines.is_empty() {
        text.push_str("(no previous turns recorded)\n");
    }
    for (index, line) in lines.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}. {line}", index + 1);
    }
    text.push_str(CONVERSATION_HISTORY_END);
    vec![InputItem::assistant(text)]
}

/// The lines of a message that this module wrote, without their numbers.
fn nested_lines(item: &InputItem) -> Option<Vec<String>> {
    let text = one_text(item)?;
    let text = text.strip_prefix(PREFACE)?.trim_start();
    let text = text.strip_prefix(CONVERSATION_HISTORY_START)?;
    let text = text.trim_end().strip_suffix(CONVERSATION_HISTORY_END)?;
    let lines = text.lines().filter(|line| !line.is_empty());
    let unnumbered =
        lines.filter_map(|line| line.split_once(". ").map(|(_, line)| line.to_owned()));
    Some(unnumbered.collect())
}

fn line(item: &InputItem) -> String {
    match (item.role(), one_text(item)) {
        (Some(role), Some(text)) if !text.contains('\n') => format!("{role}: {text}"),
        _ => serde_json::to_string(item).unwrap_or_default(),
    }
}

/// The text of a message that has exactly one.
fn one_text(item: &InputItem) -> Option<&str> {
    let InputItem::Message(message) = item else {
        return None;
    };
    match &message.content {
        MessageContent::Text(text) => Some(text),
        MessageContent::Parts(parts) => match &parts[..] {
            [part] => part.as_text(),
            _ => None,
        },
    }
}

/// A filter for [`Handoff::input_filter`](super::Handoff::input_filter): the next agent sees no tools, neither calls nor
/// their results, and no reasoning. A compaction stays: it stands for what was said before.
///
/// # Errors
///
/// None; the type is that of a filter.
pub async fn remove_all_tools<C>(
    data: HandoffInputData<'_, C>,
) -> Result<Vec<InputItem>, chatkit::BoxError> {
    let mut items = data.into_items();
    items.retain(|item| !is_of_tools(item.item_type()));
    Ok(items)
}

/// Whether items of this type are about tools. Reasoning is: it belongs to the calls that it led to.
fn is_of_tools(item_type: &str) -> bool {
    item_type.ends_with("_call")
        || item_type.ends_with("_call_output")
        || matches!(
            item_type,
            "reasoning"
                | "tool_search_output"
                | "mcp_list_tools"
                | "mcp_approval_request"
                | "mcp_approval_response"
                | "program"
                | "program_output"
        )
}

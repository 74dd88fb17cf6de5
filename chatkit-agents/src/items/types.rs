//! What has to be known of types of items that are else passed on as they are: one row for each.

/// A type of items.
struct ItemType {
    name: &'static str,
    /// The type of the answer, for a call that the caller answers.
    answer: Option<&'static str>,
    /// The Conversations API does not take it without its id (openai-agents 0.24).
    needs_id: bool,
    /// The hosted tools that make such items and are chosen by their type (`Converter.convert_tool_choice` in
    /// openai-agents 0.24).
    tools: &'static [&'static str],
}

const fn row(
    name: &'static str,
    answer: Option<&'static str>,
    needs_id: bool,
    tools: &'static [&'static str],
) -> ItemType {
    ItemType {
        name,
        answer,
        needs_id,
        tools,
    }
}

#[rustfmt::skip]
const ITEM_TYPES: [ItemType; 19] = [
    // name, answer, needs an id, tools
    row("function_call", Some("function_call_output"), false, &[]),
    row("custom_tool_call", Some("custom_tool_call_output"), false, &[]),
    row("shell_call", Some("shell_call_output"), false, &[]),
    row("apply_patch_call", Some("apply_patch_call_output"), false, &[]),
    row("computer_call", Some("computer_call_output"), true, &["computer", "computer_use", "computer_use_preview"]),
    row("local_shell_call", Some("local_shell_call_output"), true, &[]),
    row("local_shell_call_output", None, true, &[]),
    row("tool_search_call", Some("tool_search_output"), false, &[]),
    row("mcp_approval_request", Some("mcp_approval_response"), true, &[]),
    row("mcp_call", None, true, &["mcp"]),
    row("mcp_list_tools", None, true, &[]),
    row("file_search_call", None, true, &["file_search"]),
    row("web_search_call", None, true, &["web_search", "web_search_preview"]),
    row("code_interpreter_call", None, true, &["code_interpreter"]),
    row("image_generation_call", None, true, &["image_generation"]),
    row("program", None, true, &["programmatic_tool_calling"]),
    row("program_output", None, true, &[]),
    row("reasoning", None, true, &[]),
    row("item_reference", None, true, &[]),
];

/// A call that the caller answers, and its answer.
pub(super) type Pair = (&'static str, &'static str);

pub(super) fn pairs() -> impl Iterator<Item = Pair> {
    ITEM_TYPES
        .iter()
        .filter_map(|row| Some((row.name, row.answer?)))
}

/// Whether the Conversations API does not take items of this type without their id.
pub(crate) fn needs_id(item_type: &str) -> bool {
    ITEM_TYPES
        .iter()
        .any(|row| row.name == item_type && row.needs_id)
}

/// Whether a choice of this name means a hosted tool and not a function.
pub(crate) fn is_hosted_tool(name: &str) -> bool {
    ITEM_TYPES.iter().any(|row| row.tools.contains(&name))
}

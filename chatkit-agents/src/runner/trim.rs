//! Old results of tools, made shorter.

use std::collections::{HashMap, HashSet};

use chatkit::BoxError;

use super::config::{CallModelData, ModelInputData};
use crate::callback::{Callback, Now};
use crate::items::{FunctionOutput, InputItem};

/// Shortens long results of functions in older parts of a conversation, before the model gets them.
///
/// The last [`recent_turns`](Self::recent_turns) messages of the user, and all after the first of them, stay as they are.
/// Nothing is removed, so calls keep their results, and the run itself keeps all it has.
///
/// ```
/// use chatkit_agents::run::ToolOutputTrimmer;
/// use chatkit_agents::RunConfig;
///
/// let trimmer = ToolOutputTrimmer::new().max_output_chars(2_000).tools(["search"]);
/// let config: RunConfig<()> = RunConfig::new().call_model_input_filter(trimmer.into_filter());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOutputTrimmer {
    recent_turns: usize,
    max_output_chars: usize,
    preview_chars: usize,
    tools: Option<HashSet<String>>,
}

impl ToolOutputTrimmer {
    /// Results of all tools of more than 500 characters, before the last two messages of the user, become previews of 200
    /// characters.
    pub fn new() -> Self {
        Self {
            recent_turns: 2,
            max_output_chars: 500,
            preview_chars: 200,
            tools: None,
        }
    }

    /// Sets how many messages of the user are recent. At least one is.
    #[must_use]
    pub fn recent_turns(mut self, turns: usize) -> Self {
        self.recent_turns = turns.max(1);
        self
    }

    /// Sets how many characters a result may have before it is shortened.
    #[must_use]
    pub fn max_output_chars(mut self, chars: usize) -> Self {
        self.max_output_chars = chars;
        self
    }

    /// Sets how many characters of it remain.
    #[must_use]
    pub fn preview_chars(mut self, chars: usize) -> Self {
        self.preview_chars = chars;
        self
    }

    /// Sets the names of the tools whose results are shortened. All are by default.
    #[must_use]
    pub fn tools<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.tools = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// As a filter for [`RunConfig::call_model_input_filter`](crate::RunConfig::call_model_input_filter).
    pub fn into_filter<C: 'static>(
        self,
    ) -> impl for<'a> Callback<'a, CallModelData<'a, C>, Result<ModelInputData, BoxError>, Now>
    {
        move |data: CallModelData<'_, C>| {
            let mut data = data.model_data;
            self.trim(&mut data.input);
            Ok(data)
        }
    }

    /// Shortens the results in `items`.
    pub fn trim(&self, items: &mut [InputItem]) {
        let is_user = |item: &&InputItem| item.role() == Some("user");
        let users = items.iter().filter(is_user).count();
        let Some(old) = users.checked_sub(self.recent_turns) else {
            return;
        };
        let mut seen = 0;
        let recent = items.iter().position(|item| {
            seen += usize::from(item.role() == Some("user"));
            seen > old
        });
        let (older, _) = items.split_at_mut(recent.unwrap_or(0));
        let names: HashMap<String, String> = older.iter().filter_map(call_of).collect();
        for item in older {
            let InputItem::FunctionCallOutput(output) = item else {
                continue;
            };
            let name = names.get(&output.call_id).map(String::as_str);
            let name = name.unwrap_or("tool");
            if self
                .tools
                .as_ref()
                .is_some_and(|tools| !tools.contains(name))
            {
                continue;
            }
            if let FunctionOutput::Text(text) = &mut output.output
                && let Some(short) = self.shorten(name, text)
            {
                *text = short;
            }
        }
    }

    /// The preview, when the text is long and the preview is shorter.
    fn shorten(&self, name: &str, text: &str) -> Option<String> {
        let chars = text.chars().count();
        if chars <= self.max_output_chars {
            return None;
        }
        let preview: String = text.chars().take(self.preview_chars).collect();
        let short = format!("[Shortened: the result of {name} has {chars} characters]\n{preview}…");
        (short.len() < text.len()).then_some(short)
    }
}

impl Default for ToolOutputTrimmer {
    fn default() -> Self {
        Self::new()
    }
}

/// The id and the function of a call.
fn call_of(item: &InputItem) -> Option<(String, String)> {
    match item {
        InputItem::FunctionCall(call) => Some((call.call_id.clone(), call.name.clone())),
        InputItem::Raw(raw) if raw.item_type() == Some("function_call") => {
            let name = raw.string_field("name")?.into_owned();
            Some((raw.call_id()?.to_owned(), name))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> Vec<InputItem> {
        vec![
            InputItem::user("one"),
            InputItem::function_call("call_1", "search", "{}"),
            InputItem::function_call_output("call_1", "ä".repeat(600)),
            InputItem::function_call("call_2", "read", "{}"),
            InputItem::function_call_output("call_2", "short"),
            InputItem::user("two"),
            InputItem::function_call("call_3", "search", "{}"),
            InputItem::function_call_output("call_3", "b".repeat(600)),
            InputItem::user("three"),
        ]
    }

    #[test]
    fn only_old_and_long_results_become_shorter() {
        let mut items = history();
        ToolOutputTrimmer::new().trim(&mut items);
        let InputItem::FunctionCallOutput(output) = &items[2] else {
            panic!("{items:?}");
        };
        let text = output.output.to_text();
        let preview = "ä".repeat(200);
        assert_eq!(
            text,
            format!("[Shortened: the result of search has 600 characters]\n{preview}…")
        );
        assert_eq!(items[3..], history()[3..], "what is short or recent stays");

        let mut again = items.clone();
        ToolOutputTrimmer::new().trim(&mut again);
        assert_eq!(again, items);
    }

    #[test]
    fn tools_may_be_named_and_turns_counted() {
        let mut items = history();
        ToolOutputTrimmer::new().tools(["read"]).trim(&mut items);
        assert_eq!(items, history());
        ToolOutputTrimmer::new().recent_turns(9).trim(&mut items);
        assert_eq!(items, history());
        ToolOutputTrimmer::new().recent_turns(0).trim(&mut items);
        assert_ne!(items[7], history()[7]);
    }
}

//! async-openai's types as the input of a run, and as tools.

use async_openai::types::responses as theirs;

use crate::items::InputItem;
use crate::runner::RunInput;
use crate::tool::HostedTool;

/// Fails only for a value that does not serialise.
impl TryFrom<theirs::InputParam> for RunInput {
    type Error = serde_json::Error;

    fn try_from(input: theirs::InputParam) -> Result<Self, Self::Error> {
        match input {
            theirs::InputParam::Text(text) => Ok(text.into()),
            theirs::InputParam::Items(items) => {
                let items: Result<Vec<_>, _> = items.into_iter().map(InputItem::try_from).collect();
                Ok(items?.into())
            }
        }
    }
}

/// Fails only for a value that does not serialise.
impl TryFrom<theirs::Tool> for HostedTool {
    type Error = serde_json::Error;

    fn try_from(tool: theirs::Tool) -> Result<Self, Self::Error> {
        serde_json::to_value(&tool).map(Self::new)
    }
}

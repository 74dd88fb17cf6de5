//! What goes to a model and what comes back from it.
//!
//! A request to the Responses API carries [`InputItem`]s, a response carries [`OutputItem`]s.
//! Both keep JSON they do not understand: an item of a type newer than this crate is read, stored
//! and sent back byte for byte, so a conversation never loses a part of itself.

mod history;
mod input;
mod output;
mod raw;
mod types;

pub(crate) use history::{has_open_calls, is_given};
pub use history::{keep_latest, prune_orphans};
pub(crate) use input::data_url;
pub use input::{
    ContentPart, FunctionCallOutput, FunctionOutput, InputItem, InputMessage, MessageContent, Role,
};
pub(crate) use output::PLACEHOLDER_ID;
pub use output::{
    Annotation, ContainerFileCitation, FileCitation, FilePath, FunctionCall, ImageGenerationCall,
    OutputContent, OutputItem, OutputItemKind, OutputMessage, ReasoningItem, UrlCitation,
};
pub use raw::RawItem;
pub(crate) use raw::Text;
pub(crate) use types::{is_hosted_tool, needs_id};

#[cfg(test)]
mod tests;

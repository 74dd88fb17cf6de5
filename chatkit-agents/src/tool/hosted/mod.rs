//! Tools that the provider of the model runs.

mod code;
mod image;
mod mcp;
mod search;
mod shell;
mod web;

use serde_json::{Map, Value};

use crate::model::open_enum;

pub use self::code::CodeInterpreterTool;
pub use self::image::{
    ImageAction, ImageBackground, ImageFormat, ImageGenerationTool, ImageInputFidelity,
    ImageModeration, ImageQuality,
};
pub use self::mcp::{HostedMcpTool, McpApproval, McpApprovalRequest};
pub use self::search::{FileSearchTool, ProgrammaticToolCallingTool, ToolSearchTool};
pub use self::shell::ContainerShellTool;
pub use self::web::{SearchContextSize, WebSearchTool};

/// A tool that the provider of the model runs: its definition in the Responses API, sent as it is.
///
/// There is a builder for each tool that the API has: [`WebSearchTool`], [`FileSearchTool`], [`CodeInterpreterTool`],
/// [`ImageGenerationTool`], [`HostedMcpTool`], [`ContainerShellTool`], [`ToolSearchTool`] and
/// [`ProgrammaticToolCallingTool`]. What is newer than this crate goes through here.
///
/// ```
/// use chatkit_agents::tool::{HostedTool, WebSearchTool};
/// use serde_json::json;
///
/// let newer = HostedTool::new(json!({"type": "video_search"})).include("video_search_call.results");
///
/// // An option that a builder does not know.
/// let web = HostedTool::from(WebSearchTool::new()).option("return_token_budget", "unlimited");
/// assert_eq!(web.definition()["return_token_budget"], "unlimited");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HostedTool {
    definition: Value,
    include: Vec<String>,
}

impl HostedTool {
    /// A tool from its definition, for example `{"type": "web_search"}`.
    pub fn new(definition: impl Into<Value>) -> Self {
        Self {
            definition: definition.into(),
            include: Vec::new(),
        }
    }

    /// A tool without options.
    fn of_type(tool_type: &str) -> Self {
        Self::new(Map::from_iter([("type".to_owned(), tool_type.into())]))
    }

    /// Sets a field of the definition. Does nothing when the definition is no object.
    #[must_use]
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        if let Value::Object(definition) = &mut self.definition {
            definition.insert(name.into(), value.into());
        }
        self
    }

    /// Adds output that the model is asked to include, for example `file_search_call.results`.
    #[must_use]
    pub fn include(mut self, output: impl Into<String>) -> Self {
        self.include.push(output.into());
        self
    }

    /// The definition.
    pub fn definition(&self) -> &Value {
        &self.definition
    }

    /// The type of the definition, `web_search` for example; empty when it has none.
    pub fn tool_type(&self) -> &str {
        self.definition
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn included(&self) -> &[String] {
        &self.include
    }
}

open_enum! {
    /// How much memory a container has.
    ContainerMemory {
        /// 1 GB.
        Gb1 = "1g",
        /// 4 GB.
        Gb4 = "4g",
        /// 16 GB.
        Gb16 = "16g",
        /// 64 GB.
        Gb64 = "64g",
    }
}

/// A list of texts as JSON.
fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Value {
    let texts = texts.into_iter().map(|text| Value::String(text.into()));
    texts.collect()
}

/// The builders are hosted tools, and convert into all that hosted tools convert into.
macro_rules! is_hosted {
    ($($tool:ident),+ $(,)?) => {$(
        impl From<$tool> for HostedTool {
            fn from(tool: $tool) -> Self {
                tool.0
            }
        }

        impl<C: 'static> From<$tool> for super::Tool<C> {
            fn from(tool: $tool) -> Self {
                HostedTool::from(tool).into()
            }
        }
    )+};
}

is_hosted!(
    CodeInterpreterTool,
    ContainerShellTool,
    FileSearchTool,
    ImageGenerationTool,
    ProgrammaticToolCallingTool,
    ToolSearchTool,
    WebSearchTool,
);

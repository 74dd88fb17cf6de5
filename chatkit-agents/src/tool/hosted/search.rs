//! Searching files, and searching tools.

use serde_json::{Value, json};

use super::{HostedTool, texts};

/// Lets the model search vector stores.
///
/// ```
/// use chatkit_agents::tool::FileSearchTool;
/// use serde_json::json;
///
/// let search = FileSearchTool::new(["vs_handbook"])
///     .max_num_results(5)
///     .filters(json!({"type": "eq", "key": "language", "value": "en"}))
///     .include_search_results();
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FileSearchTool(pub(super) HostedTool);

impl FileSearchTool {
    /// A search of the vector stores with these ids.
    pub fn new<T: Into<String>>(vector_store_ids: impl IntoIterator<Item = T>) -> Self {
        let ids = texts(vector_store_ids);
        Self(HostedTool::new(
            json!({"type": "file_search", "vector_store_ids": ids}),
        ))
    }

    fn option(self, name: &str, value: impl Into<Value>) -> Self {
        Self(self.0.option(name, value))
    }

    /// Sets how many results there may be: 1 to 50.
    #[must_use]
    pub fn max_num_results(self, max: u8) -> Self {
        self.option("max_num_results", max)
    }

    /// Sets how results are ranked, as the API takes it: `{"ranker": "auto", "score_threshold": 0.5}` for example.
    #[must_use]
    pub fn ranking_options(self, options: impl Into<Value>) -> Self {
        self.option("ranking_options", options)
    }

    /// Sets which files are searched, by their attributes; a filter as the API takes it:
    /// `{"type": "eq", "key": "language", "value": "en"}` for example.
    #[must_use]
    pub fn filters(self, filters: impl Into<Value>) -> Self {
        self.option("filters", filters)
    }

    /// Asks for the results in the response, not only for what the model makes of them.
    #[must_use]
    pub fn include_search_results(self) -> Self {
        Self(self.0.include("file_search_call.results"))
    }
}

/// Lets the model search those tools that have [`defer_loading`](super::super::FnTool::defer_loading) or are in a
/// [namespace](super::super::ToolNamespace), so that it need not read all of them each time.
///
/// An agent has at most one.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSearchTool(pub(super) HostedTool);

impl ToolSearchTool {
    /// A search that the provider carries out.
    pub fn new() -> Self {
        Self(HostedTool::of_type("tool_search"))
    }

    /// Sets what the model reads about the search.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self(self.0.option("description", description.into()))
    }
}

impl Default for ToolSearchTool {
    fn default() -> Self {
        Self::new()
    }
}

/// Lets the model write programs that call tools: those that allow the caller
/// [`Programmatic`](super::super::ToolCaller::Programmatic).
///
/// The programs run at the provider; the tools they call are carried out by the run like all others. An agent has at
/// most one.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgrammaticToolCallingTool(pub(super) HostedTool);

impl ProgrammaticToolCallingTool {
    /// The tool; it has no options.
    pub fn new() -> Self {
        Self(HostedTool::of_type("programmatic_tool_calling"))
    }
}

impl Default for ProgrammaticToolCallingTool {
    fn default() -> Self {
        Self::new()
    }
}

//! Tasks and workflows: what the assistant did, step by step.

use serde::{Deserialize, Serialize};

use super::{FileSource, IconName, UrlSource};

/// The state of a task in a workflow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TaskStatus {
    /// No indicator.
    #[default]
    None,
    /// Under way.
    Loading,
    /// Finished.
    Complete,
}

/// One step of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum Task {
    /// Anything.
    #[serde(rename = "custom")]
    Custom(CustomTask),
    /// A web search.
    #[serde(rename = "web_search")]
    Search(SearchTask),
    /// A thought of the model.
    #[serde(rename = "thought")]
    Thought(ThoughtTask),
    /// Reading files.
    #[serde(rename = "file")]
    File(FileTask),
    /// Making an image.
    #[serde(rename = "image")]
    Image(ImageTask),
}

macro_rules! task {
    ($(#[$doc:meta])* $name:ident => $variant:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty,)* } required { $($(#[$rdoc:meta])* $required:ident: $rty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            /// Shown when the task is part of a workflow.
            #[serde(default)]
            pub status_indicator: TaskStatus,
            $($(#[$rdoc])* pub $required: $rty,)*
            $($(#[$fdoc])* pub $field: $ty,)*
        }

        impl $name {
            /// A task of which only this much is known; the setters add the rest.
            pub fn new($($required: impl Into<$rty>),*) -> Self {
                Self {
                    status_indicator: TaskStatus::None,
                    $($required: $required.into(),)*
                    $($field: Default::default(),)*
                }
            }

            /// Sets the indicator shown in a workflow.
            #[must_use]
            pub fn status_indicator(mut self, status: TaskStatus) -> Self {
                self.status_indicator = status;
                self
            }

            /// Sets the title.
            #[must_use]
            pub fn title(mut self, title: impl Into<String>) -> Self {
                self.title = Some(title.into());
                self
            }
        }

        impl From<$name> for Task {
            fn from(task: $name) -> Self {
                Self::$variant(task)
            }
        }
    };
}

task! {
    /// A step with a text of your own.
    CustomTask => Custom {
        /// The title shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The icon shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        icon: Option<IconName>,
        /// The text shown; Markdown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    } required {}
}

setters! {
    CustomTask {
        /// Sets the icon.
        some icon: IconName,
        /// Sets the text, as Markdown.
        some content: String,
    }
    SearchTask {
        /// Sets the query that stands in the title.
        some title_query: String,
        /// Sets what was searched for.
        list queries: String,
        /// Sets what was found.
        list sources: UrlSource,
    }
    FileTask {
        /// Sets the files.
        list sources: FileSource,
    }
    Workflow {
        /// Sets what is shown when the workflow is folded.
        some summary: WorkflowSummary,
        /// Sets whether the steps are shown once the workflow is done. Off by default.
        set expanded: bool,
    }
    CustomSummary {
        /// Sets the icon.
        some icon: IconName,
    }
}

impl Default for CustomTask {
    fn default() -> Self {
        Self::new()
    }
}

task! {
    /// A web search.
    SearchTask => Search {
        /// The title shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The query that stands in the title.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title_query: Option<String>,
        /// What was searched for.
        #[serde(default, deserialize_with = "super::null_as_default")]
        queries: Vec<String>,
        /// What was found.
        #[serde(default, deserialize_with = "sources::urls", serialize_with = "sources::write_urls")]
        sources: Vec<UrlSource>,
    } required {}
}

impl Default for SearchTask {
    fn default() -> Self {
        Self::new()
    }
}

task! {
    /// A thought of the model.
    ThoughtTask => Thought {
        /// The title shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    } required {
        /// The thought; Markdown.
        content: String,
    }
}

task! {
    /// Reading files.
    FileTask => File {
        /// The title shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The files.
        #[serde(default, deserialize_with = "sources::files", serialize_with = "sources::write_files")]
        sources: Vec<FileSource>,
    } required {}
}

impl Default for FileTask {
    fn default() -> Self {
        Self::new()
    }
}

task! {
    /// Making an image.
    ImageTask => Image {
        /// The title shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    } required {}
}

impl Default for ImageTask {
    fn default() -> Self {
        Self::new()
    }
}

/// A task's sources all have one type, and yet each is written with its tag.
mod sources {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{FileSource, UrlSource};

    #[derive(Serialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Tagged<'a> {
        Url(&'a UrlSource),
        File(&'a FileSource),
    }

    pub(super) fn write_urls<S: Serializer>(
        sources: &[UrlSource],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(sources.iter().map(Tagged::Url))
    }

    pub(super) fn write_files<S: Serializer>(
        sources: &[FileSource],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(sources.iter().map(Tagged::File))
    }

    pub(super) fn urls<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<UrlSource>, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or_default())
    }

    pub(super) fn files<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<FileSource>, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or_default())
    }
}

/// What a workflow shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkflowType {
    /// Steps of your own.
    Custom,
    /// The model's reasoning.
    Reasoning,
}

/// Steps that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Workflow {
    /// What the workflow shows.
    #[serde(rename = "type")]
    pub workflow_type: WorkflowType,
    /// The steps.
    pub tasks: Vec<Task>,
    /// What is shown when the workflow is folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<WorkflowSummary>,
    /// Whether the steps are shown once the workflow is done.
    #[serde(default)]
    pub expanded: bool,
}

impl Workflow {
    /// A workflow with the given steps.
    pub fn new(workflow_type: WorkflowType, tasks: impl IntoIterator<Item = Task>) -> Self {
        Self {
            workflow_type,
            tasks: tasks.into_iter().collect(),
            summary: None,
            expanded: false,
        }
    }

    /// A workflow of your own steps.
    pub fn custom(tasks: impl IntoIterator<Item = Task>) -> Self {
        Self::new(WorkflowType::Custom, tasks)
    }

    /// A workflow of the model's reasoning, empty at first.
    pub fn reasoning() -> Self {
        Self::new(WorkflowType::Reasoning, [])
    }
}

/// What is shown of a folded workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum WorkflowSummary {
    /// A text.
    Custom(CustomSummary),
    /// How long it took.
    Duration(DurationSummary),
}

/// A summary in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CustomSummary {
    /// The text shown.
    pub title: String,
    /// The icon shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<IconName>,
}

impl CustomSummary {
    /// A summary in words.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            icon: None,
        }
    }
}

/// A summary that says how long the workflow took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DurationSummary {
    /// Whole seconds.
    pub duration: i64,
}

impl DurationSummary {
    /// A summary of `duration` seconds.
    pub fn new(duration: i64) -> Self {
        Self { duration }
    }
}

impl From<CustomSummary> for WorkflowSummary {
    fn from(summary: CustomSummary) -> Self {
        Self::Custom(summary)
    }
}

impl From<DurationSummary> for WorkflowSummary {
    fn from(summary: DurationSummary) -> Self {
        Self::Duration(summary)
    }
}

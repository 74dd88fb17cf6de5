//! What happens to an item while it streams.

use serde::{Deserialize, Serialize};

use super::{Annotation, AssistantMessageContent, GeneratedImage, Task};
use crate::widgets::{WidgetComponent, WidgetRoot};

macro_rules! updates {
    ($(
        $(#[$doc:meta])*
        $name:ident = $tag:literal { $($(#[$fdoc:meta])* $field:ident: $ty:ty,)* }
    )*) => {
        /// A change of an item that is being streamed.
        #[allow(clippy::large_enum_variant, reason = "boxing the rare ones would show in every match")]
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type")]
        #[non_exhaustive]
        pub enum ThreadItemUpdate {
            $($(#[$doc])* #[serde(rename = $tag)] $name($name),)*
        }

        impl ThreadItemUpdate {
            /// The types of all updates on the wire. For tests: what is said of every update is said of each of these.
            #[doc(hidden)]
            pub const TYPES: &[&str] = &[$($tag,)*];
        }

        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[non_exhaustive]
            pub struct $name {
                $($(#[$fdoc])* pub $field: $ty,)*
            }

            impl $name {
                /// The update with all its fields.
                pub fn new($($field: impl Into<$ty>,)*) -> Self {
                    Self { $($field: $field.into(),)* }
                }
            }

            impl From<$name> for ThreadItemUpdate {
                fn from(update: $name) -> Self {
                    Self::$name(update)
                }
            }
        )*
    };
}

updates! {
    /// A message has a new part.
    AssistantMessageContentPartAdded = "assistant_message.content_part.added" {
        /// Which part, from 0.
        content_index: usize,
        /// The part.
        content: AssistantMessageContent,
    }

    /// A part of a message has more text.
    AssistantMessageContentPartTextDelta = "assistant_message.content_part.text_delta" {
        /// Which part, from 0.
        content_index: usize,
        /// The text to append.
        delta: String,
    }

    /// A part of a message has a new reference.
    AssistantMessageContentPartAnnotationAdded = "assistant_message.content_part.annotation_added" {
        /// Which part, from 0.
        content_index: usize,
        /// Which reference of that part, from 0.
        annotation_index: usize,
        /// The reference.
        annotation: Annotation,
    }

    /// A part of a message is complete.
    AssistantMessageContentPartDone = "assistant_message.content_part.done" {
        /// Which part, from 0.
        content_index: usize,
        /// The part.
        content: AssistantMessageContent,
    }

    /// A text of a widget has more text.
    WidgetStreamingTextValueDelta = "widget.streaming_text.value_delta" {
        /// The `id` of the Text or Markdown.
        component_id: String,
        /// The text to append.
        delta: String,
        /// Whether the text is complete.
        done: bool,
    }

    /// A component of a widget is replaced.
    WidgetComponentUpdated = "widget.component.updated" {
        /// The `id` of the component.
        component_id: String,
        /// What takes its place.
        component: WidgetComponent,
    }

    /// The whole widget is replaced.
    WidgetRootUpdated = "widget.root.updated" {
        /// What takes its place.
        widget: WidgetRoot,
    }

    /// A workflow has a new step.
    WorkflowTaskAdded = "workflow.task.added" {
        /// Which step, from 0.
        task_index: usize,
        /// The step.
        task: Task,
    }

    /// A step of a workflow has changed.
    WorkflowTaskUpdated = "workflow.task.updated" {
        /// Which step, from 0.
        task_index: usize,
        /// The step as it is now.
        task: Task,
    }

    /// There is a picture to show of an image that is being made.
    GeneratedImageUpdated = "generated_image.updated" {
        /// The picture so far.
        image: GeneratedImage,
        /// How far it is, from 0 to 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        progress: Option<f64>,
    }
}

//! The items of a thread.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::time::{now, timestamp};
use super::{
    AssistantMessageContent, Attachment, InferenceOptions, JsonObject, StructuredInput,
    StructuredInputStatus, Task, UserMessageContent, Workflow,
};
use crate::widgets::WidgetRoot;

// A row says what the client sees of the item: `shown` all of it, `redacted` all but what its `redact` takes out, `hidden`
// nothing. There is no default: a new kind of item must not get out because nobody thought of it.
macro_rules! items {
    (@hidden shown) => { false };
    (@hidden redacted) => { false };
    (@hidden hidden) => { true };
    (@redact $item:ident redacted) => { $item.redact() };
    (@redact $item:ident $audience:ident) => {{ let _ = $item; }};
    ($(
        $(#[$doc:meta])*
        $variant:ident($name:ident) = $tag:literal $audience:ident {
            $($(#[$rdoc:meta])* $required:ident: $rty:ty,)*
        } optional {
            $($(#[$fdoc:meta])* $field:ident: $ty:ty = $default:expr,)*
        }
    )*) => {
        /// An item of a thread.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type")]
        #[non_exhaustive]
        pub enum ThreadItem {
            $($(#[$doc])* #[serde(rename = $tag)] $variant($name),)*
        }

        impl ThreadItem {
            /// The types of all items on the wire. For tests: what is said of every item is said of each of these.
            #[doc(hidden)]
            pub const TYPES: &[&str] = &[$($tag,)*];

            /// The item's id.
            pub fn id(&self) -> &str {
                match self { $(Self::$variant(item) => &item.id,)* }
            }

            /// The thread it belongs to.
            pub fn thread_id(&self) -> &str {
                match self { $(Self::$variant(item) => &item.thread_id,)* }
            }

            /// When it was made.
            pub fn created_at(&self) -> DateTime<Utc> {
                match self { $(Self::$variant(item) => item.created_at,)* }
            }

            /// Its `type` on the wire.
            pub fn type_name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $tag,)* }
            }

            /// Whether the client must never see it.
            pub fn is_hidden(&self) -> bool {
                match self { $(Self::$variant(_) => items!(@hidden $audience),)* }
            }

            /// Takes out the data of attachments that the client must not see.
            #[doc(hidden)]
            pub fn hide_private_metadata(&mut self) {
                match self { $(Self::$variant(item) => items!(@redact item $audience),)* }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[non_exhaustive]
            pub struct $name {
                /// The item's id.
                pub id: String,
                /// The thread it belongs to.
                pub thread_id: String,
                /// When it was made.
                #[serde(with = "timestamp")]
                pub created_at: DateTime<Utc>,
                $($(#[$rdoc])* pub $required: $rty,)*
                $($(#[$fdoc])* pub $field: $ty,)*
            }

            impl $name {
                /// An item made now, with the required fields only.
                pub fn new(
                    id: impl Into<String>,
                    thread_id: impl Into<String>,
                    $($required: impl Into<$rty>,)*
                ) -> Self {
                    Self {
                        id: id.into(),
                        thread_id: thread_id.into(),
                        created_at: now(),
                        $($required: $required.into(),)*
                        $($field: $default,)*
                    }
                }
            }

            setters! {
                $name {
                    /// Sets when it was made.
                    set created_at: DateTime<Utc>,
                }
            }

            impl From<$name> for ThreadItem {
                fn from(item: $name) -> Self {
                    Self::$variant(item)
                }
            }
        )*
    };
}

items! {
    /// What a user wrote.
    UserMessage(UserMessageItem) = "user_message" redacted {
        /// Text and mentions, in order.
        content: Vec<UserMessageContent>,
    } optional {
        /// The files sent along.
        #[serde(default, deserialize_with = "super::null_as_default")]
        attachments: Vec<Attachment> = Vec::new(),
        /// The passage of the conversation that the message refers to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quoted_text: Option<String> = None,
        /// What the user chose in the composer.
        #[serde(default, deserialize_with = "super::null_as_default")]
        inference_options: InferenceOptions = InferenceOptions::default(),
    }

    /// What the assistant wrote.
    AssistantMessage(AssistantMessageItem) = "assistant_message" shown {
        /// The parts, in order.
        content: Vec<AssistantMessageContent>,
    } optional {}

    /// Something the client is asked to do, with a result.
    ClientToolCall(ClientToolCallItem) = "client_tool_call" shown {
        /// The id that the model knows the call by.
        call_id: String,
        /// The tool's name.
        name: String,
        /// The arguments for the client.
        arguments: JsonObject,
    } optional {
        /// Whether the client has answered.
        #[serde(default)]
        status: ClientToolCallStatus = ClientToolCallStatus::Pending,
        /// The client's answer. Untrusted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Value> = None,
    }

    /// A widget.
    Widget(WidgetItem) = "widget" shown {
        /// The widget.
        widget: WidgetRoot,
    } optional {
        /// What copying the widget puts into the clipboard.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        copy_text: Option<String> = None,
    }

    /// An image that the model has made, or is making.
    GeneratedImage(GeneratedImageItem) = "generated_image" shown {} optional {
        /// The image; `None` while there is nothing to show.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<GeneratedImage> = None,
    }

    /// Questions for the user.
    StructuredInput(StructuredInputItem) = "structured_input" shown {
        /// The questions.
        inputs: Vec<StructuredInput>,
    } optional {
        /// Whether the user has answered.
        #[serde(default)]
        status: StructuredInputStatus = StructuredInputStatus::Pending,
    }

    /// Steps of the assistant's work.
    Workflow(WorkflowItem) = "workflow" shown {
        /// The workflow.
        workflow: Workflow,
    } optional {}

    /// A single step, outside of a workflow.
    Task(TaskItem) = "task" shown {
        /// The step.
        task: Task,
    } optional {}

    /// Context for the model that the client never sees.
    HiddenContext(HiddenContextItem) = "hidden_context_item" hidden {
        /// Anything; text needs no conversion of your own.
        content: Value,
    } optional {}

    /// Context for the model that this library keeps for itself.
    SdkHiddenContext(SdkHiddenContextItem) = "sdk_hidden_context" hidden {
        /// The text.
        content: String,
    } optional {}

    /// Marks the end of the assistant's turn.
    EndOfTurn(EndOfTurnItem) = "end_of_turn" shown {} optional {}
}

impl UserMessageItem {
    /// The message's text as the user sees it: mentions as `@name`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for part in &self.content {
            match part {
                UserMessageContent::Text(part) => text.push_str(&part.text),
                UserMessageContent::Tag(tag) => {
                    text.push('@');
                    text.push_str(&tag.text);
                }
            }
        }
        text
    }

    /// Takes out what the client must not see.
    fn redact(&mut self) {
        let attachments = self.attachments.iter_mut();
        attachments.for_each(Attachment::hide_metadata);
    }
}

impl AssistantMessageItem {
    /// The message's text, all parts joined.
    pub fn text(&self) -> String {
        self.content.iter().map(|part| part.text.as_str()).collect()
    }
}

setters! {
    UserMessageItem {
        /// Sets the files sent along.
        list attachments: Attachment,
        /// Sets the passage of the conversation that the message refers to.
        some quoted_text: String,
        /// Sets what the user chose in the composer.
        set inference_options: InferenceOptions,
    }
    GeneratedImageItem {
        /// Sets the image.
        some image: GeneratedImage,
    }
    StructuredInputItem {
        /// Sets whether the user has answered.
        set status: StructuredInputStatus,
    }
}

impl ClientToolCallItem {
    /// Sets the client's answer.
    #[must_use]
    pub fn completed(mut self, output: impl Into<Option<Value>>) -> Self {
        self.output = output.into();
        self.status = ClientToolCallStatus::Completed;
        self
    }
}

impl WidgetItem {
    /// Sets what copying the widget puts into the clipboard.
    #[must_use]
    pub fn copy_text(mut self, text: impl Into<Option<String>>) -> Self {
        self.copy_text = text.into();
        self
    }
}

/// Whether the client has answered a tool call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientToolCallStatus {
    /// Not yet.
    #[default]
    Pending,
    /// It has.
    Completed,
}

/// An image that the model made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GeneratedImage {
    /// The id of the model's call.
    pub id: String,
    /// Where the client gets the picture; a `data:` URL holds it.
    pub url: String,
}

impl GeneratedImage {
    /// An image by the id of the model's call and its address.
    pub fn new(id: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            url: url.into(),
        }
    }
}

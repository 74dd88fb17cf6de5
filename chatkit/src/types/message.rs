//! What users and assistants say.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Annotation, JsonObject};

/// A part of a user's message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum UserMessageContent {
    /// Text.
    #[serde(rename = "input_text")]
    Text(UserMessageTextContent),
    /// A mention.
    #[serde(rename = "input_tag")]
    Tag(UserMessageTagContent),
}

/// Text that a user wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UserMessageTextContent {
    /// The text.
    pub text: String,
}

/// Something that a user mentioned with `@`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UserMessageTagContent {
    /// The application's id of the thing.
    pub id: String,
    /// The name shown, without the `@`.
    pub text: String,
    /// What the page attached to it. Untrusted: it comes from the client.
    pub data: JsonObject,
    /// The group it was offered in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether the client's callbacks are wired to it.
    pub interactive: bool,
}

impl UserMessageContent {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(UserMessageTextContent { text: text.into() })
    }

    /// A mention of the thing with this id, by its name.
    pub fn tag(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Tag(UserMessageTagContent {
            id: id.into(),
            text: text.into(),
            data: JsonObject::new(),
            group: None,
            interactive: false,
        })
    }
}

// By hand, and flat: a derived tagged enum loses the path to a wrong field, which the error for the client names.
impl<'de> Deserialize<'de> for UserMessageContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            #[serde(rename = "type")]
            content_type: ContentType,
            text: String,
            #[serde(default)]
            id: Option<String>,
            #[serde(default)]
            data: Option<JsonObject>,
            #[serde(default)]
            group: Option<String>,
            #[serde(default)]
            interactive: Option<bool>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum ContentType {
            InputText,
            InputTag,
        }
        let fields = Fields::deserialize(deserializer)?;
        match fields.content_type {
            ContentType::InputText => Ok(Self::text(fields.text)),
            ContentType::InputTag => Ok(Self::Tag(UserMessageTagContent {
                id: fields.id.ok_or_else(|| D::Error::missing_field("id"))?,
                text: fields.text,
                data: fields.data.unwrap_or_default(),
                group: fields.group,
                interactive: fields.interactive.unwrap_or_default(),
            })),
        }
    }
}

/// A message as the client submits it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserMessageInput {
    /// Text and mentions, in order.
    pub content: Vec<UserMessageContent>,
    /// The ids of uploaded attachments.
    #[serde(default, deserialize_with = "super::null_as_default")]
    pub attachments: Vec<String>,
    /// The passage of the conversation that the message refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted_text: Option<String>,
    /// What the user chose in the composer.
    #[serde(default, deserialize_with = "super::null_as_default")]
    pub inference_options: InferenceOptions,
}

impl UserMessageInput {
    /// A message with the given parts.
    pub fn new(content: Vec<UserMessageContent>) -> Self {
        Self {
            content,
            attachments: Vec::new(),
            quoted_text: None,
            inference_options: InferenceOptions::default(),
        }
    }

    /// A message of one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(vec![UserMessageContent::text(text)])
    }
}

/// The model and the tool that a user chose in the composer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InferenceOptions {
    /// The tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// The model, by the id your page gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// A tool that a user chose in the composer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolChoice {
    /// The id your page gave the tool.
    pub id: String,
}

impl ToolChoice {
    /// The tool with this id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into() }
    }
}

/// A part of an assistant's message.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(tag = "type", rename = "output_text")]
#[non_exhaustive]
pub struct AssistantMessageContent {
    /// The text; Markdown.
    pub text: String,
    /// What the text refers to.
    pub annotations: Vec<Annotation>,
}

impl AssistantMessageContent {
    /// Text without annotations.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            annotations: Vec::new(),
        }
    }

    /// Sets what the text refers to.
    pub fn annotations(mut self, annotations: Vec<Annotation>) -> Self {
        self.annotations = annotations;
        self
    }
}

// The `type` is written always and may be missing when read.
impl<'de> Deserialize<'de> for AssistantMessageContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            text: String,
            #[serde(default)]
            annotations: Option<Vec<Annotation>>,
        }
        let Fields { text, annotations } = Fields::deserialize(deserializer)?;
        Ok(Self {
            text,
            annotations: annotations.unwrap_or_default(),
        })
    }
}

/// Recorded speech to be turned into text.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AudioInput {
    /// The recording.
    pub data: Vec<u8>,
    /// Its type with parameters, such as `audio/webm;codecs=opus`.
    pub mime_type: String,
}

impl AudioInput {
    /// A recording of the given type.
    pub fn new(data: Vec<u8>, mime_type: impl Into<String>) -> Self {
        Self {
            data,
            mime_type: mime_type.into(),
        }
    }

    /// The type without parameters: `audio/webm`, `audio/ogg` or `audio/mp4` from the present client.
    pub fn media_type(&self) -> &str {
        self.mime_type.split(';').next().unwrap_or_default()
    }
}

impl fmt::Debug for AudioInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudioInput")
            .field("bytes", &self.data.len())
            .field("mime_type", &self.mime_type)
            .finish_non_exhaustive()
    }
}

/// What was said in a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TranscriptionResult {
    /// The text for the composer.
    pub text: String,
}

impl TranscriptionResult {
    /// A transcript.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

// So that a message of one part needs no list.
impl From<AssistantMessageContent> for Vec<AssistantMessageContent> {
    fn from(part: AssistantMessageContent) -> Self {
        vec![part]
    }
}

/// Text without annotations.
impl From<&str> for AssistantMessageContent {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// Text without annotations.
impl From<String> for AssistantMessageContent {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

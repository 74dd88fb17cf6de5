//! Items a model produced.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::InputItem;
use super::raw::{RawItem, Text};

/// One item of a response's `output`: its JSON as received, and a typed view of it.
///
/// Reading never fails on content. An item of an unknown type, or one that does not have the shape
/// its type promises, is [`OutputItemKind::Other`] and still goes back to the model losslessly.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputItem {
    raw: RawItem,
    kind: OutputItemKind,
}

/// The typed view of an [`OutputItem`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OutputItemKind {
    /// `message`: text or a refusal for the user.
    Message(OutputMessage),
    /// `function_call`: the model asks for one of the caller's functions.
    FunctionCall(FunctionCall),
    /// `reasoning`: what the endpoint shows of the model's thinking.
    Reasoning(ReasoningItem),
    /// `image_generation_call`: the hosted image tool. The picture itself is read with
    /// [`OutputItem::image_result`].
    ImageGenerationCall(ImageGenerationCall),
    /// Everything else: other hosted tools, and whatever is newer than this crate.
    Other {
        /// The item's `type`; empty if it has none.
        item_type: String,
    },
}

/// An assistant's message.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct OutputMessage {
    /// The item's id. Some endpoints send none.
    pub id: Option<String>,
    /// The parts, in order.
    pub content: Vec<OutputContent>,
    /// `in_progress`, `completed` or `incomplete`.
    pub status: Option<String>,
}

impl OutputMessage {
    /// The text of all `output_text` parts, joined without a separator.
    #[must_use]
    pub fn text(&self) -> String {
        self.content
            .iter()
            .filter_map(|part| match part {
                OutputContent::OutputText { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The first refusal, if the model refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.content.iter().find_map(|part| match part {
            OutputContent::Refusal { refusal } => Some(refusal.as_str()),
            _ => None,
        })
    }
}

/// A call of one of the caller's functions, in a response and, sent back, in a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "function_call")]
#[non_exhaustive]
pub struct FunctionCall {
    /// The item's id, e.g. `fc_…`. Not what the output refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The call's id, which the `function_call_output` must name.
    pub call_id: String,
    /// The function's name.
    pub name: String,
    /// The arguments, JSON in a string, as the model wrote it. Not necessarily valid JSON.
    pub arguments: String,
    /// `in_progress`, `completed` or `incomplete`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl FunctionCall {
    /// A call without item id and status.
    #[must_use]
    pub fn new(
        call_id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        Self {
            id: None,
            call_id: call_id.into(),
            name: name.into(),
            arguments: arguments.into(),
            status: None,
        }
    }

    /// Sets the item id.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the status.
    #[must_use]
    pub fn status(mut self, status: impl Into<String>) -> Self {
        self.status = Some(status.into());
        self
    }
}

/// A reasoning item. Encrypted content stays in the raw JSON: only the endpoint can read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReasoningItem {
    /// The item's id.
    pub id: Option<String>,
    /// The texts of the summary parts, in order.
    pub summary: Vec<String>,
    /// The texts of the reasoning parts, in order. Open-weight models send these.
    pub content: Vec<String>,
}

/// A call of the hosted image generation tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageGenerationCall {
    /// The item's id.
    pub id: Option<String>,
    /// `in_progress`, `generating`, `completed` or `failed`.
    pub status: Option<String>,
    /// The picture's format, e.g. `png`; endpoints may leave it out.
    pub output_format: Option<String>,
}

/// One part of a message or of a reasoning item.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OutputContent {
    /// `output_text`.
    #[non_exhaustive]
    OutputText {
        /// The text.
        text: String,
        /// Citations that belong to the text.
        annotations: Vec<Annotation>,
    },
    /// `refusal`.
    #[non_exhaustive]
    Refusal {
        /// The model's explanation.
        refusal: String,
    },
    /// `reasoning_text`.
    #[non_exhaustive]
    ReasoningText {
        /// The text.
        text: String,
    },
    /// A part of another type, or of an unexpected shape.
    #[non_exhaustive]
    Other {
        /// The part as received.
        raw: RawItem,
    },
}

/// A citation in a text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Annotation {
    /// `file_citation`: a file of a vector store.
    FileCitation(FileCitation),
    /// `url_citation`: a web page.
    UrlCitation(UrlCitation),
    /// `container_file_citation`: a file that the code interpreter wrote.
    ContainerFileCitation(ContainerFileCitation),
    /// `file_path`: a file without a name.
    FilePath(FilePath),
    /// An annotation of another type, or of an unexpected shape.
    Other(RawItem),
}

/// A citation of a file. Indexes count Unicode code points of the part's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct FileCitation {
    /// The file's id.
    pub file_id: Option<String>,
    /// The file's name.
    pub filename: Option<String>,
    /// Where in the text the citation belongs.
    pub index: Option<u64>,
}

/// A citation of a web page. Indexes count Unicode code points of the part's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct UrlCitation {
    /// The page's address.
    pub url: String,
    /// The page's title.
    pub title: Option<String>,
    /// The first character of the citation.
    pub start_index: Option<u64>,
    /// The end of the citation.
    pub end_index: Option<u64>,
}

/// A citation of a file in a container. Indexes count Unicode code points of the part's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ContainerFileCitation {
    /// The container's id.
    pub container_id: Option<String>,
    /// The file's id.
    pub file_id: Option<String>,
    /// The file's name.
    pub filename: Option<String>,
    /// The first character of the citation.
    pub start_index: Option<u64>,
    /// The end of the citation.
    pub end_index: Option<u64>,
}

/// A path to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct FilePath {
    /// The file's id.
    pub file_id: Option<String>,
    /// The file's place in the list of files.
    pub index: Option<u64>,
}

/// Placeholder id that adapters of other providers put on items that have none. It means nothing
/// to an endpoint (`FAKE_RESPONSES_ID` in openai-agents).
pub(crate) const PLACEHOLDER_ID: &str = "__fake_id__";

impl OutputItem {
    /// Reads an item.
    ///
    /// # Errors
    /// Only when `json` is not JSON.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        RawItem::from_json(json).map(Self::from)
    }

    /// The typed view.
    #[must_use]
    pub fn kind(&self) -> &OutputItemKind {
        &self.kind
    }

    /// The item as received.
    #[must_use]
    pub fn raw(&self) -> &RawItem {
        &self.raw
    }

    /// The item's `type`; empty if it has none.
    #[must_use]
    pub fn item_type(&self) -> &str {
        match &self.kind {
            OutputItemKind::Message(_) => "message",
            OutputItemKind::FunctionCall(_) => "function_call",
            OutputItemKind::Reasoning(_) => "reasoning",
            OutputItemKind::ImageGenerationCall(_) => "image_generation_call",
            OutputItemKind::Other { item_type } => item_type,
        }
    }

    /// The item's id. Some endpoints send none.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match &self.kind {
            OutputItemKind::Message(message) => message.id.as_deref(),
            OutputItemKind::FunctionCall(call) => call.id.as_deref(),
            OutputItemKind::Reasoning(reasoning) => reasoning.id.as_deref(),
            OutputItemKind::ImageGenerationCall(call) => call.id.as_deref(),
            OutputItemKind::Other { .. } => self.raw.id(),
        }
    }

    /// The base64 picture of a finished `image_generation_call`. It is read from the raw JSON on
    /// each call and borrowed, because a picture can be megabytes. `None` for other items and while
    /// there is no picture yet.
    #[must_use]
    pub fn image_result(&self) -> Option<Cow<'_, str>> {
        match self.kind {
            OutputItemKind::ImageGenerationCall(_) => self.raw.string_field("result"),
            _ => None,
        }
    }

    /// A finished message of the assistant, as if a model had written it.
    pub(crate) fn assistant_text(text: &str) -> Result<Self, serde_json::Error> {
        let message = serde_json::json!({
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        });
        Self::from_json(&message.to_string())
    }

    /// The item without its id, as the model gets it back.
    pub(crate) fn without_id(&self) -> InputItem {
        let mut fields: serde_json::Map<String, serde_json::Value> = match self.raw.decode() {
            Ok(fields) => fields,
            Err(_) => return self.to_input_item(),
        };
        fields.remove("id");
        InputItem::from_value(&fields).unwrap_or_else(|_| self.to_input_item())
    }

    /// The item as input of the next request: the same JSON, shared, without what the API does not
    /// take back. Those are a null `status`, `created_by`, `provider_data`, and placeholder ids
    /// (what openai-agents 0.24 removes).
    #[must_use]
    pub fn to_input_item(&self) -> InputItem {
        InputItem::Raw(self.raw.without(|name, value| match name {
            "status" => value.get() == "null",
            "id" => value.get().trim_matches('"') == PLACEHOLDER_ID,
            "created_by" | "provider_data" => true,
            _ => false,
        }))
    }
}

/// The fields of all typed items at once, so that an item is read in one pass.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "type", borrow)]
    item_type: Option<Text<'a>>,
    id: Option<String>,
    status: Option<String>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    summary: Option<&'a RawValue>,
    call_id: Option<String>,
    name: Option<String>,
    arguments: Option<String>,
    output_format: Option<String>,
}

impl OutputItemKind {
    fn read(raw: &RawItem) -> Self {
        serde_json::from_str::<Wire<'_>>(raw.get())
            .ok()
            .and_then(Self::from_wire)
            .unwrap_or_else(|| Self::Other {
                item_type: raw.item_type().unwrap_or_default().to_owned(),
            })
    }

    fn from_wire(wire: Wire<'_>) -> Option<Self> {
        let parts = |json: Option<&RawValue>| -> Option<Vec<OutputContent>> {
            let Some(json) = json.filter(|json| json.get() != "null") else {
                return Some(Vec::new());
            };
            let parts: Vec<&RawValue> = serde_json::from_str(json.get()).ok()?;
            Some(parts.into_iter().map(OutputContent::read).collect())
        };
        match wire.item_type?.0.as_ref() {
            "message" => Some(Self::Message(OutputMessage {
                id: wire.id,
                content: parts(wire.content)?,
                status: wire.status,
            })),
            "function_call" => Some(Self::FunctionCall(FunctionCall {
                call_id: wire.call_id.or_else(|| wire.id.clone())?,
                id: wire.id,
                name: wire.name?,
                arguments: wire.arguments.unwrap_or_default(),
                status: wire.status,
            })),
            "reasoning" => Some(Self::Reasoning(ReasoningItem {
                id: wire.id,
                summary: texts(wire.summary)?,
                content: texts(wire.content)?,
            })),
            "image_generation_call" => Some(Self::ImageGenerationCall(ImageGenerationCall {
                id: wire.id,
                status: wire.status,
                output_format: wire.output_format,
            })),
            _ => None,
        }
    }
}

/// The `text` of each element; elements without one are skipped.
fn texts(json: Option<&RawValue>) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Part {
        text: Option<String>,
    }
    let Some(json) = json.filter(|json| json.get() != "null") else {
        return Some(Vec::new());
    };
    let parts: Vec<Part> = serde_json::from_str(json.get()).ok()?;
    Some(parts.into_iter().filter_map(|part| part.text).collect())
}

impl OutputContent {
    /// Reads a part; never fails.
    pub(crate) fn read(json: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(rename = "type", borrow)]
            part_type: Option<Text<'a>>,
            text: Option<String>,
            refusal: Option<String>,
            #[serde(borrow)]
            annotations: Option<Vec<&'a RawValue>>,
        }
        let typed = serde_json::from_str::<Wire<'_>>(json.get())
            .ok()
            .and_then(|wire| match wire.part_type?.0.as_ref() {
                "output_text" => Some(Self::OutputText {
                    text: wire.text?,
                    annotations: wire
                        .annotations
                        .unwrap_or_default()
                        .into_iter()
                        .map(Annotation::read)
                        .collect(),
                }),
                "refusal" => Some(Self::Refusal {
                    refusal: wire.refusal?,
                }),
                "reasoning_text" => Some(Self::ReasoningText { text: wire.text? }),
                _ => None,
            });
        typed.unwrap_or_else(|| Self::Other {
            raw: RawItem::new(json.to_owned()),
        })
    }
}

impl Annotation {
    /// Reads an annotation; never fails.
    pub(crate) fn read(json: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct Tag<'a> {
            #[serde(rename = "type", borrow)]
            tag: Text<'a>,
        }
        fn read<T: for<'de> Deserialize<'de>>(json: &RawValue) -> Option<T> {
            serde_json::from_str(json.get()).ok()
        }
        let typed = serde_json::from_str::<Tag<'_>>(json.get())
            .ok()
            .and_then(|tag| match tag.tag.0.as_ref() {
                "file_citation" => read(json).map(Self::FileCitation),
                "url_citation" => read(json).map(Self::UrlCitation),
                "container_file_citation" => read(json).map(Self::ContainerFileCitation),
                "file_path" => read(json).map(Self::FilePath),
                _ => None,
            });
        typed.unwrap_or_else(|| Self::Other(RawItem::new(json.to_owned())))
    }
}

impl From<RawItem> for OutputItem {
    fn from(raw: RawItem) -> Self {
        let kind = OutputItemKind::read(&raw);
        Self { raw, kind }
    }
}

impl From<Box<RawValue>> for OutputItem {
    fn from(json: Box<RawValue>) -> Self {
        RawItem::new(json).into()
    }
}

impl Serialize for OutputItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OutputItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawItem::deserialize(deserializer).map(Self::from)
    }
}

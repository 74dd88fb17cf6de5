//! Items a request sends to the model.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::output::FunctionCall;
use super::raw::{RawItem, Text};

/// One item of a request's `input`.
///
/// The kinds that programs build by hand are typed; everything else is [`InputItem::Raw`]: items
/// a model produced, hosted tools' items, and items newer than this crate.
///
/// Reading is lossless: JSON becomes a typed variant only if it has exactly the fields of that
/// variant, otherwise it stays raw.
///
/// ```
/// use chatkit_agents::items::InputItem;
///
/// let item = InputItem::user("Hello");
/// assert_eq!(
///     serde_json::to_string(&item).unwrap(),
///     r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"Hello"}]}"#,
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[doc(alias = "TResponseInputItem")]
pub enum InputItem {
    /// A message of the user, the developer, the system or the assistant.
    Message(InputMessage),
    /// A call the model made earlier.
    FunctionCall(FunctionCall),
    /// What a call returned.
    FunctionCallOutput(FunctionCallOutput),
    /// Any other item, or one that has more fields than the typed kinds.
    Raw(RawItem),
}

/// Who speaks in a message. `developer` and `system` take precedence over `user`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// The person in front of the chat.
    User,
    /// The model, in an earlier turn.
    Assistant,
    /// The operator; the older name of `developer`.
    System,
    /// The program's author.
    Developer,
}

impl Role {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
            Self::Developer => "developer",
        }
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "message")]
#[non_exhaustive]
pub struct InputMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: MessageContent,
}

impl InputMessage {
    /// A message.
    #[must_use]
    pub fn new(role: Role, content: impl Into<MessageContent>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }
}

/// The content of a message: a plain string or a list of parts. The API takes both.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum MessageContent {
    /// One text, written as a JSON string.
    Text(String),
    /// Parts, written as a JSON array.
    Parts(Vec<ContentPart>),
}

impl MessageContent {
    /// The text: that of all text parts, joined without a separator. Empty when there is none.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        let parts = match self {
            Self::Text(text) => return Cow::Borrowed(text),
            Self::Parts(parts) => parts,
        };
        let mut texts = parts.iter().filter_map(ContentPart::said);
        let first = texts.next().unwrap_or_default();
        texts.fold(first, |all, text| all + text)
    }
}

impl From<String> for MessageContent {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for MessageContent {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<ContentPart>> for MessageContent {
    fn from(parts: Vec<ContentPart>) -> Self {
        Self::Parts(parts)
    }
}

/// One part of a message or of a function's output.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ContentPart {
    /// `input_text`: text for the model.
    InputText(String),
    /// `output_text`: text the model said earlier; only in assistant messages. Written with an
    /// empty list of annotations. A part that has annotations stays [`ContentPart::Raw`].
    OutputText(String),
    /// Any other part, e.g. an image or a file.
    Raw(RawItem),
}

impl ContentPart {
    /// Text for the model.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::InputText(text.into())
    }

    /// Text the model said earlier, for assistant messages.
    #[must_use]
    pub fn output_text(text: impl Into<String>) -> Self {
        Self::OutputText(text.into())
    }

    /// An image by address: `https:` or a base64 `data:` URL. The level of detail is `auto`.
    #[must_use]
    pub fn image_url(url: impl AsRef<str>) -> Self {
        Self::object(&[
            ("type", "input_image"),
            ("detail", "auto"),
            ("image_url", url.as_ref()),
        ])
    }

    /// An image uploaded to the endpoint, by file id. The level of detail is `auto`.
    #[must_use]
    pub fn image_file_id(file_id: impl AsRef<str>) -> Self {
        Self::object(&[
            ("type", "input_image"),
            ("detail", "auto"),
            ("file_id", file_id.as_ref()),
        ])
    }

    /// A file uploaded to the endpoint, by file id.
    #[must_use]
    pub fn file_id(file_id: impl AsRef<str>) -> Self {
        Self::object(&[("type", "input_file"), ("file_id", file_id.as_ref())])
    }

    /// A file by address. The endpoint fetches it.
    #[must_use]
    pub fn file_url(url: impl AsRef<str>) -> Self {
        Self::object(&[("type", "input_file"), ("file_url", url.as_ref())])
    }

    /// A file with its content, as a base64 `data:` URL.
    #[must_use]
    pub fn file(filename: impl AsRef<str>, data_url: impl AsRef<str>) -> Self {
        Self::object(&[
            ("type", "input_file"),
            ("filename", filename.as_ref()),
            ("file_data", data_url.as_ref()),
        ])
    }

    /// A part that has no constructor here.
    #[must_use]
    pub fn raw(json: Box<RawValue>) -> Self {
        Self::Raw(RawItem::new(json))
    }

    /// The text of a text part.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::InputText(text) | Self::OutputText(text) => Some(text),
            Self::Raw(_) => None,
        }
    }

    /// The text of a text part, one with annotations included.
    fn said(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::InputText(text) | Self::OutputText(text) => Some(Cow::Borrowed(text)),
            Self::Raw(raw) => match raw.item_type()? {
                "input_text" | "output_text" => raw.string_field("text"),
                _ => None,
            },
        }
    }

    fn object(fields: &[(&str, &str)]) -> Self {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, Some(*value)))
            .collect();
        Self::with_fields(&fields)
    }

    /// A part with those of the fields that are set.
    pub(crate) fn with_fields(fields: &[(&str, Option<&str>)]) -> Self {
        let fields: serde_json::Map<String, serde_json::Value> = fields
            .iter()
            .filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.into())))
            .collect();
        // A map of strings always serialises; the text is the fallback that needs no panic.
        RawItem::from_value(&fields).map_or_else(|_| Self::text(String::new()), Self::Raw)
    }
}

/// A URL that holds what it points to.
pub(crate) fn data_url(mime_type: &str, base64: &str) -> String {
    format!("data:{mime_type};base64,{base64}")
}

impl From<&str> for ContentPart {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for ContentPart {
    fn from(text: String) -> Self {
        Self::InputText(text)
    }
}

/// The answer to a [`FunctionCall`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "function_call_output")]
#[non_exhaustive]
pub struct FunctionCallOutput {
    /// The `call_id` of the call.
    pub call_id: String,
    /// What the function returned.
    pub output: FunctionOutput,
    /// The program of the model that made the call, as the call names it; `None` when the model made it itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<Value>,
}

impl FunctionCallOutput {
    /// The answer to the call `call_id`.
    #[must_use]
    pub fn new(call_id: impl Into<String>, output: impl Into<FunctionOutput>) -> Self {
        Self {
            call_id: call_id.into(),
            output: output.into(),
            caller: None,
        }
    }
}

/// What a function returned, as the model sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum FunctionOutput {
    /// Text; JSON results go here too, as text.
    Text(String),
    /// Text, images and files.
    Parts(Vec<ContentPart>),
}

impl FunctionOutput {
    /// The text; of parts, their JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => serde_json::to_string(parts).unwrap_or_default(),
        }
    }
}

impl From<String> for FunctionOutput {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for FunctionOutput {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<ContentPart>> for FunctionOutput {
    fn from(parts: Vec<ContentPart>) -> Self {
        Self::Parts(parts)
    }
}

impl InputItem {
    /// A message of the user.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self::user_parts(vec![ContentPart::text(text)])
    }

    /// A message of the user with text, images and files.
    #[must_use]
    pub fn user_parts(parts: Vec<ContentPart>) -> Self {
        Self::Message(InputMessage::new(Role::User, parts))
    }

    /// A message the assistant gave earlier.
    #[must_use]
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::Message(InputMessage::new(
            Role::Assistant,
            vec![ContentPart::output_text(text)],
        ))
    }

    /// A message of the program's author, which takes precedence over the user's.
    #[must_use]
    pub fn developer(text: impl Into<String>) -> Self {
        Self::Message(InputMessage::new(
            Role::Developer,
            vec![ContentPart::text(text)],
        ))
    }

    /// A call the model made earlier.
    #[must_use]
    pub fn function_call(
        call_id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        Self::FunctionCall(FunctionCall::new(call_id, name, arguments))
    }

    /// The answer to the call `call_id`: a text, or parts.
    #[must_use]
    pub fn function_call_output(
        call_id: impl Into<String>,
        output: impl Into<FunctionOutput>,
    ) -> Self {
        Self::FunctionCallOutput(FunctionCallOutput::new(call_id, output))
    }

    /// Any JSON as an item.
    #[must_use]
    pub fn raw(json: Box<RawValue>) -> Self {
        Self::Raw(RawItem::new(json))
    }

    /// Any serialisable value as an item. It stays raw, even if it has the shape of a typed kind.
    ///
    /// # Errors
    /// When the value does not serialise to JSON.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        RawItem::from_value(value).map(Self::Raw)
    }

    /// JSON that the crate has put together as an item.
    pub(crate) fn from_json(value: &Value) -> Self {
        // A `Value` always serialises.
        Self::from_value(value).unwrap_or_else(|_| Self::from(""))
    }

    /// The item's `type`; empty if it has none.
    #[must_use]
    pub fn item_type(&self) -> &str {
        match self {
            Self::Message(_) => "message",
            Self::FunctionCall(_) => "function_call",
            Self::FunctionCallOutput(_) => "function_call_output",
            Self::Raw(raw) => raw.item_type().unwrap_or_default(),
        }
    }

    /// The item's id, if it has one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::FunctionCall(call) => call.id.as_deref(),
            Self::Raw(raw) => raw.id(),
            Self::Message(_) | Self::FunctionCallOutput(_) => None,
        }
    }

    /// The id that ties a call and its output together, if it has one.
    #[must_use]
    pub fn call_id(&self) -> Option<&str> {
        match self {
            Self::FunctionCall(call) => Some(&call.call_id),
            Self::FunctionCallOutput(output) => Some(&output.call_id),
            Self::Raw(raw) => raw.call_id(),
            Self::Message(_) => None,
        }
    }

    /// Who speaks, for messages.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        match self {
            Self::Message(message) => Some(message.role.as_str()),
            Self::Raw(raw) => raw.role(),
            Self::FunctionCall(_) | Self::FunctionCallOutput(_) => None,
        }
    }
}

impl InputItem {
    /// What a message says: the text of its text parts, joined without a separator. Empty for a message without text, an
    /// image for example; `None` for what is no message.
    ///
    /// ```
    /// use chatkit_agents::items::InputItem;
    ///
    /// assert_eq!(InputItem::user("Hello").text().as_deref(), Some("Hello"));
    /// assert_eq!(InputItem::function_call_output("call_1", "42").text(), None);
    /// ```
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        #[derive(Deserialize)]
        struct Said {
            content: exact::Content,
        }
        match self {
            Self::Message(message) => Some(message.content.text()),
            // `type` may be left out of a message.
            Self::Raw(raw) if matches!(raw.item_type(), None | Some("message")) => {
                raw.role()?;
                let content = raw.decode::<Said>().ok().map(|said| match said.content {
                    exact::Content::Text(text) => text,
                    exact::Content::Parts(parts) => {
                        MessageContent::Parts(parts).text().into_owned()
                    }
                });
                Some(Cow::Owned(content.unwrap_or_default()))
            }
            Self::Raw(_) | Self::FunctionCall(_) | Self::FunctionCallOutput(_) => None,
        }
    }

    /// Says which program of the model made the call that this item answers.
    pub(crate) fn set_caller(&mut self, caller: &Value) {
        match self {
            Self::FunctionCallOutput(output) => output.caller = Some(caller.clone()),
            Self::Raw(raw) => *raw = raw.with("caller", caller),
            Self::Message(_) | Self::FunctionCall(_) => {}
        }
    }
}

impl From<&str> for InputItem {
    fn from(text: &str) -> Self {
        Self::user(text)
    }
}

/// A message of the user.
impl From<String> for InputItem {
    fn from(text: String) -> Self {
        Self::user(text)
    }
}

impl From<RawItem> for InputItem {
    fn from(raw: RawItem) -> Self {
        Self::Raw(raw)
    }
}

impl From<InputMessage> for InputItem {
    fn from(message: InputMessage) -> Self {
        Self::Message(message)
    }
}

impl From<FunctionCall> for InputItem {
    fn from(call: FunctionCall) -> Self {
        Self::FunctionCall(call)
    }
}

impl From<FunctionCallOutput> for InputItem {
    fn from(output: FunctionCallOutput) -> Self {
        Self::FunctionCallOutput(output)
    }
}

impl Serialize for InputItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Message(message) => message.serialize(serializer),
            Self::FunctionCall(call) => call.serialize(serializer),
            Self::FunctionCallOutput(output) => output.serialize(serializer),
            Self::Raw(raw) => raw.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for InputItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawItem::deserialize(deserializer)?;
        Ok(exact::item(&raw).unwrap_or(Self::Raw(raw)))
    }
}

impl Serialize for ContentPart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        enum Wire<'a> {
            InputText { text: &'a str },
            OutputText { text: &'a str, annotations: [(); 0] },
        }
        match self {
            Self::InputText(text) => Wire::InputText { text }.serialize(serializer),
            Self::OutputText(text) => Wire::OutputText {
                text,
                annotations: [],
            }
            .serialize(serializer),
            Self::Raw(raw) => raw.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ContentPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawItem::deserialize(deserializer)?;
        Ok(exact::part(raw))
    }
}

/// Typed reading of JSON that has exactly the fields a typed kind writes: a field more, or a null
/// where the kind writes nothing, would be lost on the way back.
mod exact {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Message {
        #[serde(rename = "type")]
        _tag: String,
        role: Role,
        content: Content,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Call {
        #[serde(rename = "type")]
        _tag: String,
        #[serde(default, deserialize_with = "present")]
        id: Option<String>,
        call_id: String,
        name: String,
        arguments: String,
        #[serde(default, deserialize_with = "present")]
        status: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Output {
        #[serde(rename = "type")]
        _tag: String,
        call_id: String,
        output: Content,
        #[serde(default, deserialize_with = "present")]
        caller: Option<Value>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part<'a> {
        #[serde(rename = "type", borrow)]
        tag: Text<'a>,
        text: String,
        #[serde(default, deserialize_with = "present")]
        annotations: Option<Vec<Value>>,
    }

    pub(super) enum Content {
        Text(String),
        Parts(Vec<ContentPart>),
    }

    impl<'de> Deserialize<'de> for Content {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let json = Box::<RawValue>::deserialize(deserializer)?;
            if json.get().starts_with('"') {
                serde_json::from_str(json.get()).map(Self::Text)
            } else {
                serde_json::from_str(json.get()).map(Self::Parts)
            }
            .map_err(D::Error::custom)
        }
    }

    /// An optional field that must not be null when it is there.
    fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        T::deserialize(deserializer).map(Some)
    }

    pub(super) fn item(raw: &RawItem) -> Option<InputItem> {
        match raw.item_type()? {
            "message" => raw.decode::<Message>().ok().map(|message| {
                InputItem::Message(InputMessage {
                    role: message.role,
                    content: match message.content {
                        Content::Text(text) => MessageContent::Text(text),
                        Content::Parts(parts) => MessageContent::Parts(parts),
                    },
                })
            }),
            "function_call" => raw.decode::<Call>().ok().map(|call| {
                InputItem::FunctionCall(FunctionCall {
                    id: call.id,
                    call_id: call.call_id,
                    name: call.name,
                    arguments: call.arguments,
                    status: call.status,
                })
            }),
            "function_call_output" => raw.decode::<Output>().ok().map(|output| {
                InputItem::FunctionCallOutput(FunctionCallOutput {
                    call_id: output.call_id,
                    output: match output.output {
                        Content::Text(text) => FunctionOutput::Text(text),
                        Content::Parts(parts) => FunctionOutput::Parts(parts),
                    },
                    caller: output.caller,
                })
            }),
            _ => None,
        }
    }

    pub(super) fn part(raw: RawItem) -> ContentPart {
        let typed = raw.decode::<Part<'_>>().ok().and_then(|part| {
            let annotations = part.annotations.as_ref().map(Vec::len);
            match (part.tag.0.as_ref(), annotations) {
                ("input_text", None) => Some(ContentPart::InputText(part.text)),
                ("output_text", Some(0)) => Some(ContentPart::OutputText(part.text)),
                _ => None,
            }
        });
        typed.unwrap_or(ContentPart::Raw(raw))
    }
}

//! What the client asks for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::{Action, JsonObject, Order, UserMessageInput};

macro_rules! requests {
    ($($kind:ident: $(#[$kdoc:meta])* { $($(#[$doc:meta])* $variant:ident($params:ident) = $tag:literal,)* })*) => {
        $(
            $(#[$kdoc])*
            #[derive(Debug, Clone, PartialEq, Serialize)]
            #[serde(tag = "type", content = "params")]
            #[non_exhaustive]
            pub enum $kind {
                $($(#[$doc])* #[serde(rename = $tag)] $variant($params),)*
            }

            impl $kind {
                /// The request's `type` on the wire.
                pub fn type_name(&self) -> &'static str {
                    match self { $(Self::$variant(_) => $tag,)* }
                }
            }

            impl From<$kind> for Request {
                fn from(request: $kind) -> Self {
                    Self::$kind(request)
                }
            }
        )*

        impl Request {
            /// The types of all requests on the wire. For tests: what is said of every request is said of each of these.
            #[doc(hidden)]
            pub const TYPES: &[&str] = &[$($($tag,)*)*];

            fn parse(request_type: &str, params: &RawValue) -> Result<Self, InvalidRequest> {
                match request_type {
                    $($($tag => Ok(Self::$kind($kind::$variant(decode(params)?))),)*)*
                    unknown => Err(InvalidRequest::unknown_type(unknown)),
                }
            }
        }
    };
}

/// A request of the client.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
#[doc(alias = "ChatKitReq")]
pub struct ChatKitRequest {
    /// Whatever the caller attached. ChatKit.js attaches nothing; other callers may. Untrusted.
    pub metadata: JsonObject,
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
}

/// What a request asks.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Request {
    /// Something that is answered with a stream of events.
    StreamingRequest(StreamingRequest),
    /// Something that is answered with one JSON document.
    NonStreamingRequest(NonStreamingRequest),
}

requests! {
    StreamingRequest: /// A request that makes the server respond in a thread.
    {
        /// Begin a thread with a message.
        ThreadsCreate(ThreadCreateParams) = "threads.create",
        /// Add a message to a thread.
        ThreadsAddUserMessage(ThreadAddUserMessageParams) = "threads.add_user_message",
        /// Answer the thread's pending client tool call.
        ThreadsAddClientToolOutput(ThreadAddClientToolOutputParams) = "threads.add_client_tool_output",
        /// Answer a structured input.
        ThreadsAddStructuredInput(ThreadAddStructuredInputParams) = "threads.add_structured_input",
        /// Take back what came after an item, and answer again.
        ThreadsRetryAfterItem(ThreadRetryAfterItemParams) = "threads.retry_after_item",
        /// React to an action.
        ThreadsCustomAction(ThreadCustomActionParams) = "threads.custom_action",
    }
    NonStreamingRequest: /// A request that is answered with one JSON document.
    {
        /// A thread with its first items.
        ThreadsGetById(ThreadGetByIdParams) = "threads.get_by_id",
        /// The caller's threads.
        ThreadsList(ThreadListParams) = "threads.list",
        /// The items of a thread.
        ItemsList(ItemsListParams) = "items.list",
        /// Judge some items.
        ItemsFeedback(ItemFeedbackParams) = "items.feedback",
        /// Register a file before it is uploaded.
        AttachmentsCreate(AttachmentCreateParams) = "attachments.create",
        /// Delete an attached file.
        AttachmentsDelete(AttachmentDeleteParams) = "attachments.delete",
        /// Where to get the picture of an image whose preview is lazy.
        AttachmentsGetPreview(AttachmentGetPreviewParams) = "attachments.get_preview",
        /// Rename a thread.
        ThreadsUpdate(ThreadUpdateParams) = "threads.update",
        /// Delete a thread.
        ThreadsDelete(ThreadDeleteParams) = "threads.delete",
        /// Turn speech into text.
        InputTranscribe(InputTranscribeParams) = "input.transcribe",
        /// React to an action with one updated item.
        ThreadsSyncCustomAction(ThreadCustomActionParams) = "threads.sync_custom_action",
    }
}

impl ChatKitRequest {
    /// A request without metadata.
    pub fn new(request: impl Into<Request>) -> Self {
        Self {
            metadata: JsonObject::new(),
            request: request.into(),
        }
    }

    /// Reads the body of a request: UTF-8 JSON.
    ///
    /// # Errors
    ///
    /// The error names the field that is wrong, by its path. It repeats no value, but the name of an unknown request type.
    pub fn from_slice(body: &[u8]) -> Result<Self, InvalidRequest> {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            #[serde(rename = "type", borrow)]
            request_type: Cow<'a, str>,
            #[serde(borrow)]
            params: &'a RawValue,
            #[serde(default, deserialize_with = "super::null_as_default")]
            metadata: JsonObject,
        }
        let text =
            std::str::from_utf8(body).map_err(|_| InvalidRequest::new("", "not valid UTF-8"))?;
        let envelope: Envelope<'_> = decode_str(text, "")?;
        let request = Request::parse(&envelope.request_type, envelope.params)?;
        Ok(Self {
            metadata: envelope.metadata,
            request,
        })
    }

    /// The request's `type` on the wire.
    pub fn type_name(&self) -> &'static str {
        match &self.request {
            Request::StreamingRequest(request) => request.type_name(),
            Request::NonStreamingRequest(request) => request.type_name(),
        }
    }

    /// Whether the answer is a stream of events.
    #[doc(alias = "is_streaming_req")]
    pub fn is_streaming(&self) -> bool {
        matches!(self.request, Request::StreamingRequest(_))
    }
}

impl StreamingRequest {
    /// The thread it is about, unless it begins one.
    pub fn thread_id(&self) -> Option<&str> {
        match self {
            Self::ThreadsCreate(_) => None,
            Self::ThreadsAddUserMessage(params) => Some(&params.thread_id),
            Self::ThreadsAddClientToolOutput(params) => Some(&params.thread_id),
            Self::ThreadsAddStructuredInput(params) => Some(&params.thread_id),
            Self::ThreadsRetryAfterItem(params) => Some(&params.thread_id),
            Self::ThreadsCustomAction(params) => Some(&params.thread_id),
        }
    }
}

macro_rules! params {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty,)* } optional { $($(#[$odoc:meta])* $optional:ident: $oty:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[non_exhaustive]
            pub struct $name {
                $($(#[$fdoc])* pub $field: $ty,)*
                $($(#[$odoc])* pub $optional: $oty,)*
            }

            impl $name {
                /// The parameters with the required fields only.
                #[allow(clippy::new_without_default, reason = "one rule for all parameters")]
                pub fn new($($field: impl Into<$ty>,)*) -> Self {
                    Self { $($field: $field.into(),)* $($optional: Default::default(),)* }
                }
            }
        )*
    };
}

params! {
    /// Parameters of `threads.create`.
    ThreadCreateParams {
        /// The first message.
        input: UserMessageInput,
    } optional {}

    /// Parameters of `threads.add_user_message`.
    ThreadAddUserMessageParams {
        /// The message.
        input: UserMessageInput,
        /// The thread.
        thread_id: String,
    } optional {}

    /// Parameters of `threads.add_client_tool_output`. The client names no call: it answers the pending one.
    ThreadAddClientToolOutputParams {
        /// The thread.
        thread_id: String,
        /// What the client's tool gave; untrusted.
        result: serde_json::Value,
    } optional {}

    /// Parameters of `threads.add_structured_input`.
    ThreadAddStructuredInputParams {
        /// The thread.
        thread_id: String,
        /// The structured input's item.
        item_id: String,
        /// The answers.
        input: StructuredInputSubmission,
    } optional {}

    /// Parameters of `threads.retry_after_item`.
    ThreadRetryAfterItemParams {
        /// The thread.
        thread_id: String,
        /// The last item to keep.
        item_id: String,
    } optional {}

    /// Parameters of `threads.custom_action` and `threads.sync_custom_action`.
    ThreadCustomActionParams {
        /// The thread.
        thread_id: String,
        /// The action.
        action: Action,
    } optional {
        /// The widget it came from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item_id: Option<String>,
    }

    /// Parameters of `threads.get_by_id`.
    ThreadGetByIdParams {
        /// The thread.
        thread_id: String,
    } optional {}

    /// Parameters of `threads.list`.
    ThreadListParams {} optional {
        /// How many at most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
        /// In which direction.
        #[serde(default, deserialize_with = "super::null_as_default")]
        order: Order,
        /// The id of the last thread the client has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    }

    /// Parameters of `items.list`.
    ItemsListParams {
        /// The thread.
        thread_id: String,
    } optional {
        /// How many at most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
        /// In which direction.
        #[serde(default, deserialize_with = "super::null_as_default")]
        order: Order,
        /// The id of the last item the client has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    }

    /// Parameters of `items.feedback`.
    ItemFeedbackParams {
        /// The thread.
        thread_id: String,
        /// The items judged.
        item_ids: Vec<String>,
        /// The judgement.
        kind: FeedbackKind,
    } optional {}

    /// Parameters of `attachments.create`.
    AttachmentCreateParams {
        /// The file's name. Untrusted.
        name: String,
        /// Its size in bytes. Untrusted.
        size: u64,
        /// Its type. Untrusted.
        mime_type: String,
    } optional {}

    /// Parameters of `attachments.delete`.
    AttachmentDeleteParams {
        /// The attachment.
        attachment_id: String,
    } optional {}

    /// Parameters of `attachments.get_preview`.
    AttachmentGetPreviewParams {
        /// The attachment.
        attachment_id: String,
    } optional {}

    /// Parameters of `threads.update`.
    ThreadUpdateParams {
        /// The thread.
        thread_id: String,
        /// Its new title.
        title: String,
    } optional {}

    /// Parameters of `threads.delete`.
    ThreadDeleteParams {
        /// The thread.
        thread_id: String,
    } optional {}

    /// Parameters of `input.transcribe`.
    InputTranscribeParams {
        /// The recording, as base64.
        audio_base64: String,
        /// Its type with parameters, such as `audio/webm;codecs=opus`.
        mime_type: String,
    } optional {}
}

setters! {
    ThreadCustomActionParams {
        /// Sets the widget it came from.
        some item_id: String,
    }
    ThreadListParams {
        /// Sets how many at most.
        some limit: u32,
        /// Sets in which direction.
        set order: Order,
        /// Sets the id of the last thread the client has.
        some after: String,
    }
    ItemsListParams {
        /// Sets how many at most.
        some limit: u32,
        /// Sets in which direction.
        set order: Order,
        /// Sets the id of the last item the client has.
        some after: String,
    }
}

/// A user's judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FeedbackKind {
    /// Good.
    Positive,
    /// Bad.
    Negative,
}

/// Answers to a structured input, as the client submits them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StructuredInputSubmission {
    /// Whether the user has answered at all.
    #[serde(default)]
    pub status: StructuredInputSubmissionStatus,
    /// The answers by the ids of the questions.
    #[serde(default, deserialize_with = "super::null_as_default")]
    pub answers: BTreeMap<String, StructuredInputAnswerSubmission>,
}

/// Whether a user has answered a structured input at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StructuredInputSubmissionStatus {
    /// Yes.
    #[default]
    Answered,
    /// No.
    Skipped,
}

/// An answer to one question, as the client submits it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StructuredInputAnswerSubmission {
    /// The texts chosen or written.
    #[serde(default)]
    pub values: Vec<String>,
    /// The user gave no answer.
    #[serde(default)]
    pub skipped: bool,
}

/// A body that is not a request.
///
/// `Display` names the field by its path and says what is wrong with it. It repeats no value, but (shortened) the name of
/// an unknown request type: it may be logged and shown to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRequest {
    path: String,
    problem: Cow<'static, str>,
}

impl InvalidRequest {
    fn new(path: impl Into<String>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            problem: problem.into(),
        }
    }

    fn unknown_type(name: &str) -> Self {
        let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
        Self::new("type", format!("unknown request type \"{name}\""))
    }

    /// The path of the field, such as `params.input.content[0].text`; empty when the body as a whole is wrong.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.path {
            "" => write!(f, "invalid request: {}", self.problem),
            path => write!(f, "invalid request: {path}: {}", self.problem),
        }
    }
}

impl std::error::Error for InvalidRequest {}

fn decode<T: DeserializeOwned>(params: &RawValue) -> Result<T, InvalidRequest> {
    decode_str(params.get(), "params")
}

fn decode_str<'de, T: Deserialize<'de>>(json: &'de str, base: &str) -> Result<T, InvalidRequest> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = serde_path_to_error::deserialize(ObjectOnly(&mut deserializer))
        .map_err(|error| invalid(base, &error.path().to_string(), error.inner()))?;
    deserializer
        .end()
        .map_err(|error| invalid(base, ".", &error))?;
    Ok(value)
}

/// Serde's structs also read from arrays; the protocol's do not.
struct ObjectOnly<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ObjectOnly<D> {
    type Error = D::Error;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

fn invalid(base: &str, path: &str, error: &serde_json::Error) -> InvalidRequest {
    let (path, problem) = problem(base, path, error);
    InvalidRequest::new(presentable(path), problem)
}

/// A path may go through keys that the caller has chosen: it is one line of a length that a log can take.
fn presentable(path: String) -> String {
    const MAX_CHARS: usize = 200;
    if path.len() <= MAX_CHARS && !path.contains(char::is_control) {
        return path;
    }
    let printable = path.chars().filter(|c| !c.is_control());
    let mut short: String = printable.clone().take(MAX_CHARS).collect();
    if printable.count() > MAX_CHARS {
        short.push('…');
    }
    short
}

/// Makes the path of the field out of serde's, and takes the values out of serde's text.
pub(super) fn problem(
    base: &str,
    path: &str,
    error: &serde_json::Error,
) -> (String, Cow<'static, str>) {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let mut path = match (base, path.trim_matches('.')) {
        (base, "" | "?") => base.to_owned(),
        ("", path) => path.to_owned(),
        (base, path) => format!("{base}.{path}"),
    };
    let quoted = |rest: &str| rest.split('`').nth(1).unwrap_or_default().to_owned();
    let problem: Cow<'static, str> = if let Some(rest) = text.strip_prefix("missing field ") {
        push(&mut path, &quoted(rest));
        "missing field".into()
    } else if let Some(rest) = text.strip_prefix("duplicate field ") {
        push(&mut path, &quoted(rest));
        "duplicate field".into()
    } else if let Some(rest) = text
        .strip_prefix("invalid type: ")
        .or_else(|| text.strip_prefix("invalid value: "))
    {
        // `string "…", expected u32`: the kind, not the value.
        let found = rest.split([' ', ',']).next().unwrap_or_default().to_owned();
        let expected = rest.rsplit(", expected ").next().unwrap_or_default();
        // The names of this crate's types mean nothing to the client.
        let expected = match expected {
            "a map" => "an object",
            name if name.starts_with("struct ") => "an object",
            other => other,
        };
        format!("expected {expected}, found {found}").into()
    } else if text.starts_with("unknown variant ") {
        let expected = text
            .rsplit("expected ")
            .next()
            .unwrap_or_default()
            .to_owned();
        format!("expected {expected}").into()
    } else if text.starts_with("recursion limit exceeded") {
        // The path leads to the bottom; what is wrong is the field at its top.
        let field = path.match_indices(['.', '[']).nth(1);
        path.truncate(field.map_or(path.len(), |(end, _)| end));
        "nested too deeply".into()
    } else if error.is_data() {
        "not a valid value".into()
    } else {
        format!(
            "not valid JSON, line {} column {}",
            error.line(),
            error.column()
        )
        .into()
    };
    (path, problem)
}

fn push(path: &mut String, field: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(field);
}

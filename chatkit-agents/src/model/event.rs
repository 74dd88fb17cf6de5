//! The events of a response stream.

mod text_delta;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::lenient;
use super::response::Response;
use crate::items::{Annotation, OutputContent, OutputItem, RawItem, Text};

/// The typed events. A row is the variant, what it holds, its `type` on the wire, and the method of [`Wire`] that reads it;
/// `last` behind it, for events that end the stream. What comes often is asked for first, and is what the enum has room for:
/// each event is moved from place to place, so the large ones are boxed.
macro_rules! events {
    (
        $(#[$doc:meta])*
        pub enum ResponseStreamEvent;
        $($(#[$row_doc:meta])* $variant:ident($data:ty) = $name:literal, $read:ident $(, $last:ident)?;)*
    ) => {
        $(#[$doc])*
        pub enum ResponseStreamEvent {
            $($(#[$row_doc])* $variant($data),)*
            /// Any other event.
            Raw(RawEvent),
        }

        impl ResponseStreamEvent {
            #[cfg(test)]
            const TYPES: &[&str] = &[$($name,)*];

            /// The event's `type` on the wire.
            #[must_use]
            pub fn event_type(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $name,)*
                    Self::Raw(event) => &event.event_type,
                }
            }

            /// Whether this is the last event: `response.completed`, `response.incomplete`,
            /// `response.failed` or `error`. An event of these types ends the stream even if it could not
            /// be read and is therefore raw.
            #[must_use]
            pub fn is_terminal(&self) -> bool {
                match self {
                    $($(Self::$variant(_) => events!(@$last),)?)*
                    Self::Raw(event) => {
                        let last: &[&str] = &[$($(events!(@$last $name),)?)*];
                        last.contains(&event.event_type.as_str())
                    }
                    _ => false,
                }
            }

            fn from_wire(wire: Wire<'_>) -> Option<Self> {
                let Some(Text(event_type)) = &wire.event_type else {
                    wire.error?;
                    return wire.error().map(Self::Error);
                };
                Some(match event_type.as_ref() {
                    $($name => Self::$variant(wire.$read()?.into()),)*
                    _ => return None,
                })
            }
        }
    };
    (@last) => { true };
    (@last $name:literal) => { $name };
}

events! {
    /// One event of a Responses API stream.
    ///
    /// The events a chat needs are typed; all others, and those that lack a field the typed form needs,
    /// are [`ResponseStreamEvent::Raw`]. So a new event, field or value never fails a stream.
    ///
    /// `item_id` is empty and indexes are zero where an endpoint leaves them out.
    ///
    /// ```
    /// use chatkit_agents::model::ResponseStreamEvent;
    ///
    /// let event = ResponseStreamEvent::from_json(
    ///     r#"{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,
    ///         "content_index":0,"delta":"Hi","sequence_number":4}"#,
    /// )
    /// .unwrap();
    /// match event {
    ///     ResponseStreamEvent::OutputTextDelta(event) => assert_eq!(event.delta, "Hi"),
    ///     other => panic!("unexpected {}", other.event_type()),
    /// }
    /// ```
    #[derive(Clone, Debug, PartialEq)]
    #[non_exhaustive]
    pub enum ResponseStreamEvent;

    /// `response.output_text.delta`: more text.
    OutputTextDelta(ContentDelta) = "response.output_text.delta", content_delta;
    /// `response.refusal.delta`: more of a refusal.
    RefusalDelta(ContentDelta) = "response.refusal.delta", content_delta;
    /// `response.reasoning_text.delta`: more of the thinking itself, from open-weight models.
    ReasoningTextDelta(ContentDelta) = "response.reasoning_text.delta", content_delta;
    /// `response.function_call_arguments.delta`: more of a call's arguments.
    FunctionCallArgumentsDelta(ArgumentsDelta) = "response.function_call_arguments.delta", arguments_delta;
    /// `response.reasoning_summary_text.delta`: more of a summary of the model's thinking.
    ReasoningSummaryTextDelta(SummaryDelta) = "response.reasoning_summary_text.delta", summary_delta;
    /// `response.image_generation_call.partial_image`: a preview of an image.
    ImageGenerationPartialImage(Box<PartialImage>) = "response.image_generation_call.partial_image", partial_image;
    /// `response.output_item.added`: an item begins; its content is empty.
    OutputItemAdded(Box<OutputItemEvent>) = "response.output_item.added", output_item;
    /// `response.output_item.done`: an item is complete.
    OutputItemDone(Box<OutputItemEvent>) = "response.output_item.done", output_item;
    /// `response.content_part.added`: a part of a message begins.
    ContentPartAdded(Box<ContentPartEvent>) = "response.content_part.added", content_part;
    /// `response.content_part.done`: a part of a message is complete.
    ContentPartDone(Box<ContentPartEvent>) = "response.content_part.done", content_part;
    /// `response.output_text.annotation.added`: a citation.
    OutputTextAnnotationAdded(Box<AnnotationAdded>) = "response.output_text.annotation.added", annotation;
    /// `response.output_text.done`: the whole text of a part.
    OutputTextDone(ContentDone) = "response.output_text.done", content_done;
    /// `response.refusal.done`: the whole refusal.
    RefusalDone(ContentDone) = "response.refusal.done", content_done;
    /// `response.reasoning_text.done`: the whole text of a reasoning part.
    ReasoningTextDone(ContentDone) = "response.reasoning_text.done", content_done;
    /// `response.function_call_arguments.done`: the whole arguments.
    FunctionCallArgumentsDone(ArgumentsDone) = "response.function_call_arguments.done", arguments_done;
    /// `response.reasoning_summary_text.done`: the whole text of a summary part.
    ReasoningSummaryTextDone(SummaryDone) = "response.reasoning_summary_text.done", summary_done;
    /// `response.created`: the endpoint accepted the request.
    Created(Box<ResponseEvent>) = "response.created", response;
    /// `response.in_progress`.
    InProgress(Box<ResponseEvent>) = "response.in_progress", response;
    /// `response.completed`. Terminal.
    Completed(Box<ResponseEvent>) = "response.completed", response, last;
    /// `response.incomplete`: the model had to stop early. Terminal.
    Incomplete(Box<ResponseEvent>) = "response.incomplete", response, last;
    /// `response.failed`. Terminal.
    Failed(Box<ResponseEvent>) = "response.failed", response, last;
    /// `error`. Terminal.
    Error(ErrorEvent) = "error", error, last;
}

/// A response's state, in the events that frame a stream.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ResponseEvent {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The response so far.
    pub response: Response,
}

/// An output item that begins or is complete.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OutputItemEvent {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The item's place in the response's output.
    pub output_index: u64,
    /// The item.
    pub item: OutputItem,
}

/// A part of a message that begins or is complete.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ContentPartEvent {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The message's id.
    pub item_id: String,
    /// The message's place in the response's output.
    pub output_index: u64,
    /// The part's place in the message.
    pub content_index: u64,
    /// The part.
    pub part: OutputContent,
}

/// More text of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContentDelta {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The item's id.
    pub item_id: String,
    /// The item's place in the response's output.
    pub output_index: u64,
    /// The part's place in the item.
    pub content_index: u64,
    /// The text to append.
    pub delta: String,
}

/// The whole text of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContentDone {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The item's id.
    pub item_id: String,
    /// The item's place in the response's output.
    pub output_index: u64,
    /// The part's place in the item.
    pub content_index: u64,
    /// The text.
    pub text: String,
}

/// A citation that belongs to a part's text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AnnotationAdded {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The message's id.
    pub item_id: String,
    /// The message's place in the response's output.
    pub output_index: u64,
    /// The part's place in the message.
    pub content_index: u64,
    /// The annotation's place among the part's annotations.
    pub annotation_index: u64,
    /// The annotation.
    pub annotation: Annotation,
}

/// More of a function call's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArgumentsDelta {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The call's item id (not its `call_id`).
    pub item_id: String,
    /// The call's place in the response's output.
    pub output_index: u64,
    /// The text to append.
    pub delta: String,
}

/// The whole arguments of a function call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArgumentsDone {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The call's item id (not its `call_id`).
    pub item_id: String,
    /// The call's place in the response's output.
    pub output_index: u64,
    /// The arguments, JSON in a string.
    pub arguments: String,
}

/// More of a reasoning summary.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SummaryDelta {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The reasoning item's id.
    pub item_id: String,
    /// The reasoning item's place in the response's output.
    pub output_index: u64,
    /// The part's place in the summary.
    pub summary_index: u64,
    /// The text to append.
    pub delta: String,
}

/// The whole text of one part of a reasoning summary.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SummaryDone {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The reasoning item's id.
    pub item_id: String,
    /// The reasoning item's place in the response's output.
    pub output_index: u64,
    /// The part's place in the summary.
    pub summary_index: u64,
    /// The text.
    pub text: String,
}

/// A preview of an image that is being generated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartialImage {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The `image_generation_call` item's id.
    pub item_id: String,
    /// The item's place in the response's output.
    pub output_index: u64,
    /// The preview's number, from zero.
    pub partial_image_index: u64,
    /// The picture, base64.
    pub partial_image_b64: String,
    /// The picture's format, e.g. `png`, if the endpoint says it.
    pub output_format: Option<String>,
}

/// A failure the endpoint reports in the stream.
///
/// Read from the documented flat form `{"type":"error","code","message"}`, from the nested form
/// `{"type":"error","error":{…}}`, and from a bare `{"error":{…}}`: endpoints send all three.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorEvent {
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// A short code, e.g. `rate_limit_exceeded`; the error's `type` if it has no code.
    pub code: Option<String>,
    /// The endpoint's sentence. It may quote the user.
    pub message: Option<String>,
    /// The request field the error is about.
    pub param: Option<String>,
}

/// An event without a typed form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawEvent {
    /// The event's `type`; empty if it has none.
    pub event_type: String,
    /// The event's place in the stream.
    pub sequence_number: Option<u64>,
    /// The event as received.
    pub raw: RawItem,
}

impl ResponseStreamEvent {
    /// Reads an event from the `data` of a server-sent event.
    ///
    /// # Errors
    /// Only when `json` is not JSON.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        if let Some(event) = text_delta::read(json) {
            return Ok(Self::OutputTextDelta(event));
        }
        // The usual case takes one pass: all typed fields at once, nested values unread.
        let typed = serde_json::from_str::<Wire<'_>>(json).ok();
        if let Some(event) = typed.and_then(Self::from_wire) {
            return Ok(event);
        }
        let raw = RawItem::from_json(json)?;
        let header: Header = raw.decode().unwrap_or_default();
        Ok(Self::Raw(RawEvent {
            event_type: raw.item_type().unwrap_or_default().to_owned(),
            sequence_number: header.sequence_number,
            raw,
        }))
    }
}

/// The fields of all typed events at once.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "type", borrow, default)]
    event_type: Option<Text<'a>>,
    #[serde(default, deserialize_with = "lenient::count")]
    sequence_number: Option<u64>,
    #[serde(default)]
    item_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::count")]
    output_index: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    content_index: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    summary_index: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    annotation_index: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    partial_image_index: Option<u64>,
    delta: Option<String>,
    text: Option<String>,
    refusal: Option<String>,
    arguments: Option<String>,
    partial_image_b64: Option<String>,
    output_format: Option<String>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    part: Option<&'a RawValue>,
    #[serde(borrow)]
    annotation: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient::string")]
    code: Option<String>,
    #[serde(default, deserialize_with = "lenient::string")]
    message: Option<String>,
    #[serde(default, deserialize_with = "lenient::string")]
    param: Option<String>,
}

impl Wire<'_> {
    fn content_delta(self) -> Option<ContentDelta> {
        Some(ContentDelta {
            sequence_number: self.sequence_number,
            item_id: self.item_id.unwrap_or_default(),
            output_index: self.output_index.unwrap_or_default(),
            content_index: self.content_index.unwrap_or_default(),
            delta: self.delta?,
        })
    }

    fn content_done(self) -> Option<ContentDone> {
        Some(ContentDone {
            sequence_number: self.sequence_number,
            item_id: self.item_id.unwrap_or_default(),
            output_index: self.output_index.unwrap_or_default(),
            content_index: self.content_index.unwrap_or_default(),
            text: self.text.or(self.refusal)?,
        })
    }

    fn arguments_delta(self) -> Option<ArgumentsDelta> {
        Some(ArgumentsDelta {
            sequence_number: self.sequence_number,
            item_id: self.item_id.unwrap_or_default(),
            output_index: self.output_index.unwrap_or_default(),
            delta: self.delta?,
        })
    }

    fn arguments_done(self) -> Option<ArgumentsDone> {
        Some(ArgumentsDone {
            sequence_number: self.sequence_number,
            item_id: self.item_id.unwrap_or_default(),
            output_index: self.output_index.unwrap_or_default(),
            arguments: self.arguments?,
        })
    }

    fn summary_delta(self) -> Option<SummaryDelta> {
        Some(SummaryDelta {
            sequence_number: self.sequence_number,
            item_id: self.item_id.unwrap_or_default(),
            output_index: self.output_index.unwrap_or_default(),
            summary_index: self.summary_index.unwrap_or_default(),
            delta: self.delta?,
        })
    }

    fn summary_done(self) -> Option<SummaryDone> {
        Some(SummaryDone {
            sequence_number: self.sequence_number,
            item_id: self.item_id.unwrap_or_default(),
            output_index: self.output_index.unwrap_or_default(),
            summary_index: self.summary_index.unwrap_or_default(),
            text: self.text?,
        })
    }

    fn annotation(self) -> Option<AnnotationAdded> {
        Some(AnnotationAdded {
            sequence_number: self.sequence_number,
            item_id: self.item_id.unwrap_or_default(),
            output_index: self.output_index.unwrap_or_default(),
            content_index: self.content_index.unwrap_or_default(),
            annotation_index: self.annotation_index.unwrap_or_default(),
            annotation: Annotation::read(object(self.annotation)?),
        })
    }

    fn partial_image(self) -> Option<PartialImage> {
        Some(PartialImage {
            sequence_number: self.sequence_number,
            item_id: self.item_id.unwrap_or_default(),
            output_index: self.output_index.unwrap_or_default(),
            partial_image_index: self.partial_image_index.unwrap_or_default(),
            partial_image_b64: self.partial_image_b64?,
            output_format: self.output_format,
        })
    }

    fn output_item(self) -> Option<OutputItemEvent> {
        let item = object(self.item)?;
        Some(OutputItemEvent {
            sequence_number: self.sequence_number,
            output_index: self.output_index.unwrap_or_default(),
            item: OutputItem::from(item.to_owned()),
        })
    }

    fn content_part(self) -> Option<ContentPartEvent> {
        let part = object(self.part)?;
        Some(ContentPartEvent {
            sequence_number: self.sequence_number,
            item_id: self.item_id.unwrap_or_default(),
            output_index: self.output_index.unwrap_or_default(),
            content_index: self.content_index.unwrap_or_default(),
            part: OutputContent::read(part),
        })
    }

    fn response(self) -> Option<ResponseEvent> {
        Some(ResponseEvent {
            sequence_number: self.sequence_number,
            response: serde_json::from_str(self.response?.get()).ok()?,
        })
    }

    fn error(self) -> Option<ErrorEvent> {
        let nested = self.error.map(ErrorBody::read).unwrap_or_default();
        Some(ErrorEvent {
            sequence_number: self.sequence_number,
            code: self.code.or(nested.code),
            message: self.message.or(nested.message),
            param: self.param.or(nested.param),
        })
    }
}

fn object(json: Option<&RawValue>) -> Option<&RawValue> {
    json.filter(|json| json.get().starts_with('{'))
}

/// An error object of the API, as events and error answers carry it.
#[derive(Default)]
pub(super) struct ErrorBody {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) param: Option<String>,
}

impl ErrorBody {
    /// Reads an error object; some endpoints send a bare string.
    pub(super) fn read(json: &RawValue) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Object {
            #[serde(deserialize_with = "lenient::string")]
            code: Option<String>,
            #[serde(rename = "type", deserialize_with = "lenient::string")]
            error_type: Option<String>,
            #[serde(deserialize_with = "lenient::string")]
            message: Option<String>,
            #[serde(deserialize_with = "lenient::string")]
            param: Option<String>,
        }
        if let Ok(Text(message)) = serde_json::from_str::<Text<'_>>(json.get()) {
            return Self {
                message: Some(message.into_owned()),
                ..Self::default()
            };
        }
        let object: Object = serde_json::from_str(json.get()).unwrap_or_default();
        Self {
            code: object.code.or(object.error_type),
            message: object.message,
            param: object.param,
        }
    }
}

#[derive(Default, Deserialize)]
struct Header {
    #[serde(default, deserialize_with = "lenient::count")]
    sequence_number: Option<u64>,
}

#[cfg(test)]
mod tests;

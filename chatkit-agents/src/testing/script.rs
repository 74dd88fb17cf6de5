//! What a scripted endpoint answers.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

/// The answer to one request.
///
/// A script for a success lists what the model produces; the endpoint makes the events of the
/// Responses API from it, in their order and with their fields. The constructors make a script with
/// one item; `then_…` adds another.
///
/// ```
/// use chatkit_agents::testing::Script;
/// use serde_json::json;
///
/// let script = Script::reasoning("Looking for the weather.")
///     .then_function_call("get_weather", json!({"city": "Paris"}))
///     .then_function_call("get_weather", json!({"city": "Oslo"}));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Script {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) content_type: Option<String>,
    pub(super) reply: Reply,
    pub(super) delay: Duration,
    pub(super) piece_bytes: Option<usize>,
    pub(super) stop: Option<(usize, Stop)>,
}

#[derive(Clone, Debug)]
pub(super) enum Reply {
    Turn(Turn),
    Body(Vec<u8>),
}

/// What happens in the middle of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    Cut,
    Hang,
    Hold,
}

/// What a model produces in one turn.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) parts: Vec<Part>,
    /// Words in each delta.
    pub(super) words: usize,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) end: End,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    Text {
        text: String,
        annotations: Vec<Value>,
    },
    Refusal(String),
    FunctionCall {
        call_id: Option<String>,
        name: String,
        arguments: String,
    },
    Reasoning(Vec<String>),
    Image {
        result: String,
        partials: Vec<String>,
    },
    Item(Value),
    Event(Value),
    Bytes(Vec<u8>),
}

#[derive(Clone, Debug)]
pub(super) enum End {
    Completed,
    Incomplete(String),
    Failed {
        code: String,
        message: String,
    },
    Error {
        code: String,
        message: String,
        nested: bool,
    },
    Missing,
}

impl Script {
    /// A success with no items at all.
    pub fn new() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            content_type: None,
            reply: Reply::Turn(Turn {
                parts: Vec::new(),
                words: 1,
                input_tokens: 10,
                output_tokens: 5,
                end: End::Completed,
            }),
            delay: Duration::ZERO,
            piece_bytes: None,
            stop: None,
        }
    }

    /// A message with this text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new().then_text(text)
    }

    /// A call of a function, with arguments of any type that serialises; a string is taken for
    /// JSON as it is.
    pub fn function_call(name: impl Into<String>, arguments: impl Serialize) -> Self {
        Self::new().then_function_call(name, arguments)
    }

    /// A reasoning item with a summary of one part.
    pub fn reasoning(summary: impl Into<String>) -> Self {
        Self::new().then_reasoning(summary)
    }

    /// A finished image, base64.
    pub fn image(result: impl Into<String>) -> Self {
        Self::new().then_image(result)
    }

    /// A message that is a refusal.
    pub fn refusal(refusal: impl Into<String>) -> Self {
        Self::new().then_refusal(refusal)
    }

    /// A failure: this status, and an error body in the API's form. See [`body`](Self::body) for
    /// another body.
    pub fn status(status: u16) -> Self {
        let body = serde_json::json!({
            "error": {
                "message": "The scripted endpoint refuses this request.",
                "type": "scripted_error",
                "param": null,
                "code": format!("scripted_{status}"),
            }
        });
        Self {
            status,
            content_type: Some("application/json".to_owned()),
            ..Self::new()
        }
        .body(body.to_string())
    }

    /// A success with this JSON as its body, for other parts of the API than responses.
    pub fn json(body: &Value) -> Self {
        Self::new()
            .content_type("application/json")
            .body(body.to_string())
    }

    /// Adds a message with this text.
    pub fn then_text(self, text: impl Into<String>) -> Self {
        self.part(Part::Text {
            text: text.into(),
            annotations: Vec::new(),
        })
    }

    /// Adds a message that is a refusal.
    pub fn then_refusal(self, refusal: impl Into<String>) -> Self {
        self.part(Part::Refusal(refusal.into()))
    }

    /// Adds a call of a function.
    pub fn then_function_call(self, name: impl Into<String>, arguments: impl Serialize) -> Self {
        let arguments = match serde_json::to_value(arguments) {
            Ok(Value::String(json)) => json,
            Ok(value) => value.to_string(),
            Err(_) => String::new(),
        };
        self.part(Part::FunctionCall {
            call_id: None,
            name: name.into(),
            arguments,
        })
    }

    /// Adds a reasoning item. If the last item is one, adds a part to its summary.
    pub fn then_reasoning(mut self, summary: impl Into<String>) -> Self {
        let summary = summary.into();
        if let Some(Part::Reasoning(parts)) = self.last() {
            parts.push(summary);
            return self;
        }
        self.part(Part::Reasoning(vec![summary]))
    }

    /// Adds a finished image, base64.
    pub fn then_image(self, result: impl Into<String>) -> Self {
        self.part(Part::Image {
            result: result.into(),
            partials: Vec::new(),
        })
    }

    /// Adds an output item that is given whole, framed by `added` and `done`.
    pub fn then_item(self, item: Value) -> Self {
        self.part(Part::Item(item))
    }

    /// Adds one event as it is. A `sequence_number` is added to an object that has none.
    pub fn then_event(self, event: Value) -> Self {
        self.part(Part::Event(event))
    }

    /// Adds bytes as they are, e.g. a comment or malformed data. They count as one event.
    pub fn then_bytes(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.part(Part::Bytes(bytes.into()))
    }

    /// Adds an annotation to the last item, which must be a text.
    pub fn annotation(mut self, annotation: Value) -> Self {
        if let Some(Part::Text { annotations, .. }) = self.last() {
            annotations.push(annotation);
        }
        self
    }

    /// Adds a preview, base64, to the last item, which must be an image.
    pub fn partial_image(mut self, partial: impl Into<String>) -> Self {
        if let Some(Part::Image { partials, .. }) = self.last() {
            partials.push(partial.into());
        }
        self
    }

    /// Sets the call id of the last item, which must be a function call.
    pub fn call_id(mut self, id: impl Into<String>) -> Self {
        if let Some(Part::FunctionCall { call_id, .. }) = self.last() {
            *call_id = Some(id.into());
        }
        self
    }

    /// Sets how many words a delta has. The default is one; 0 counts as one.
    pub fn chunked(self, words: usize) -> Self {
        self.turn(|turn| turn.words = words.max(1))
    }

    /// Sets the tokens the response reports. The defaults are 10 and 5.
    pub fn usage(self, input_tokens: u64, output_tokens: u64) -> Self {
        self.turn(|turn| {
            turn.input_tokens = input_tokens;
            turn.output_tokens = output_tokens;
        })
    }

    /// Ends the stream with `response.incomplete`.
    pub fn incomplete(self, reason: impl Into<String>) -> Self {
        self.turn(|turn| turn.end = End::Incomplete(reason.into()))
    }

    /// Ends the stream with `response.failed`.
    pub fn failed(self, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.turn(|turn| {
            turn.end = End::Failed {
                code: code.into(),
                message: message.into(),
            };
        })
    }

    /// Ends the stream with an `error` event in the documented, flat form.
    pub fn error(self, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.turn(|turn| {
            turn.end = End::Error {
                code: code.into(),
                message: message.into(),
                nested: false,
            };
        })
    }

    /// Ends the stream with an `error` event whose fields are in an `error` object.
    pub fn nested_error(self, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.turn(|turn| {
            turn.end = End::Error {
                code: code.into(),
                message: message.into(),
                nested: true,
            };
        })
    }

    /// Ends the stream without a terminal event, though orderly on the HTTP level.
    pub fn unterminated(self) -> Self {
        self.turn(|turn| turn.end = End::Missing)
    }

    /// Adds a header to the answer.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the content type. The default is that of an event stream, or of JSON.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Answers with this body instead of events. Of [`cut_after`](Self::cut_after) and its like, only those that name 0
    /// events then have an effect.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.reply = Reply::Body(body.into());
        self
    }

    /// Waits before each event.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Writes in pieces of this many bytes, each in its own HTTP chunk.
    pub fn in_pieces(mut self, bytes: usize) -> Self {
        self.piece_bytes = Some(bytes.max(1));
        self
    }

    /// Breaks the connection after so many events.
    pub fn cut_after(mut self, events: usize) -> Self {
        self.stop = Some((events, Stop::Cut));
        self
    }

    /// Falls silent after so many events, until the client hangs up.
    pub fn hang_after(mut self, events: usize) -> Self {
        self.stop = Some((events, Stop::Hang));
        self
    }

    /// Pauses after so many events, until
    /// [`ScriptedResponses::release`](super::ScriptedResponses::release) or until the client hangs
    /// up.
    pub fn hold_after(mut self, events: usize) -> Self {
        self.stop = Some((events, Stop::Hold));
        self
    }

    fn part(self, part: Part) -> Self {
        self.turn(|turn| turn.parts.push(part))
    }

    fn last(&mut self) -> Option<&mut Part> {
        match &mut self.reply {
            Reply::Turn(turn) => turn.parts.last_mut(),
            Reply::Body(_) => None,
        }
    }

    fn turn(mut self, change: impl FnOnce(&mut Turn)) -> Self {
        if let Reply::Turn(turn) = &mut self.reply {
            change(turn);
        }
        self
    }
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

//! From a scripted turn to the events of the Responses API.
//!
//! The order and the fields are those of the API's reference
//! (<https://platform.openai.com/docs/api-reference/responses-streaming>).

use serde_json::{Map, Value, json};

use super::script::{End, Part, Turn};

/// A turn, written out.
pub(super) struct Rendered {
    /// Each element is one event, as bytes of the stream.
    pub(super) events: Vec<Vec<u8>>,
    /// The response as its last event shows it.
    pub(super) response: Value,
}

/// Writes a turn's events. `stem` makes the ids unique; `model` is echoed.
pub(super) fn turn(turn: &Turn, stem: &str, model: &Value) -> Rendered {
    let mut writer = Writer {
        stem: stem.to_owned(),
        words: turn.words,
        sequence_number: 0,
        output: Vec::new(),
        events: Vec::new(),
    };
    let response = json!({
        "id": format!("resp_{stem}"),
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "in_progress",
        "model": model,
        "error": null,
        "incomplete_details": null,
        "output": [],
        "usage": null,
    });
    writer.event("response.created", json!({"response": response}));
    writer.event("response.in_progress", json!({"response": response}));
    for part in &turn.parts {
        writer.part(part);
    }

    let mut response = response;
    set(&mut response, "output", writer.output.clone().into());
    set(
        &mut response,
        "usage",
        json!({
            "input_tokens": turn.input_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": turn.output_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": turn.input_tokens + turn.output_tokens,
        }),
    );
    match &turn.end {
        End::Completed => {
            set(&mut response, "status", "completed".into());
            writer.event("response.completed", json!({"response": response}));
        }
        End::Incomplete(reason) => {
            set(&mut response, "status", "incomplete".into());
            set(
                &mut response,
                "incomplete_details",
                json!({"reason": reason}),
            );
            writer.event("response.incomplete", json!({"response": response}));
        }
        End::Failed { code, message } => {
            set(&mut response, "status", "failed".into());
            let error = json!({"code": code, "message": message});
            set(&mut response, "error", error);
            writer.event("response.failed", json!({"response": response}));
        }
        End::Error {
            code,
            message,
            nested,
        } => {
            set(&mut response, "status", "failed".into());
            let error = json!({"code": code, "message": message, "param": null});
            writer.event(
                "error",
                if *nested {
                    json!({"error": error})
                } else {
                    error
                },
            );
        }
        End::Missing => {}
    }
    Rendered {
        events: writer.events,
        response,
    }
}

struct Writer {
    stem: String,
    words: usize,
    sequence_number: u64,
    output: Vec<Value>,
    events: Vec<Vec<u8>>,
}

impl Writer {
    fn part(&mut self, part: &Part) {
        match part {
            Part::Text { text, annotations } => self.text(text, annotations),
            Part::Refusal(refusal) => self.refusal(refusal),
            Part::FunctionCall {
                call_id,
                name,
                arguments,
            } => self.function_call(call_id.as_deref(), name, arguments),
            Part::Reasoning(summary) => self.reasoning(summary),
            Part::Image { result, partials } => self.image(result, partials),
            Part::Item(item) => {
                self.added(item);
                self.done(item.clone());
            }
            Part::Event(event) => match event {
                Value::Object(fields) => self.object(None, fields.clone()),
                other => self.events.push(frame(None, &other.to_string())),
            },
            Part::Bytes(bytes) => self.events.push(bytes.clone()),
        }
    }

    fn text(&mut self, text: &str, annotations: &[Value]) {
        let id = self.id("msg");
        let (index, message) = (self.index(), message_item);
        self.added(&message(&id, "in_progress", &[]));
        let at = json!({"item_id": id, "output_index": index, "content_index": 0});
        let empty = json!({"type": "output_text", "text": "", "annotations": []});
        self.event(
            "response.content_part.added",
            with(&at, json!({"part": empty})),
        );
        for delta in words(text, self.words) {
            let delta = json!({"delta": delta, "logprobs": []});
            self.event("response.output_text.delta", with(&at, delta));
        }
        for (number, annotation) in annotations.iter().enumerate() {
            let annotation = json!({"annotation_index": number, "annotation": annotation});
            self.event(
                "response.output_text.annotation.added",
                with(&at, annotation),
            );
        }
        let done = json!({"text": text, "logprobs": []});
        self.event("response.output_text.done", with(&at, done));
        let part = json!({"type": "output_text", "text": text, "annotations": annotations});
        self.event(
            "response.content_part.done",
            with(&at, json!({"part": part})),
        );
        self.done(message(&id, "completed", &[part]));
    }

    fn refusal(&mut self, refusal: &str) {
        let id = self.id("msg");
        let (index, message) = (self.index(), message_item);
        self.added(&message(&id, "in_progress", &[]));
        let at = json!({"item_id": id, "output_index": index, "content_index": 0});
        let empty = json!({"type": "refusal", "refusal": ""});
        self.event(
            "response.content_part.added",
            with(&at, json!({"part": empty})),
        );
        for delta in words(refusal, self.words) {
            self.event("response.refusal.delta", with(&at, json!({"delta": delta})));
        }
        self.event(
            "response.refusal.done",
            with(&at, json!({"refusal": refusal})),
        );
        let part = json!({"type": "refusal", "refusal": refusal});
        self.event(
            "response.content_part.done",
            with(&at, json!({"part": part})),
        );
        self.done(message(&id, "completed", &[part]));
    }

    fn function_call(&mut self, call_id: Option<&str>, name: &str, arguments: &str) {
        let id = self.id("fc");
        let index = self.index();
        let call_id = call_id.map_or_else(|| self.id("call"), str::to_owned);
        let item = |status, arguments| {
            json!({
                "type": "function_call",
                "id": id,
                "call_id": call_id,
                "name": name,
                "arguments": arguments,
                "status": status,
            })
        };
        self.added(&item("in_progress", ""));
        let at = json!({"item_id": id, "output_index": index});
        for delta in words(arguments, self.words) {
            let delta = json!({"delta": delta});
            self.event("response.function_call_arguments.delta", with(&at, delta));
        }
        let done = json!({"arguments": arguments, "name": name});
        self.event("response.function_call_arguments.done", with(&at, done));
        self.done(item("completed", arguments));
    }

    fn reasoning(&mut self, summary: &[String]) {
        let id = self.id("rs");
        let index = self.index();
        let item = |summary: Vec<Value>| json!({"type": "reasoning", "id": id, "summary": summary});
        let part = |text: &str| json!({"type": "summary_text", "text": text});
        self.added(&item(Vec::new()));
        for (number, text) in summary.iter().enumerate() {
            let at = json!({"item_id": id, "output_index": index, "summary_index": number});
            self.event(
                "response.reasoning_summary_part.added",
                with(&at, json!({"part": part("")})),
            );
            for delta in words(text, self.words) {
                let delta = json!({"delta": delta});
                self.event("response.reasoning_summary_text.delta", with(&at, delta));
            }
            self.event(
                "response.reasoning_summary_text.done",
                with(&at, json!({"text": text})),
            );
            self.event(
                "response.reasoning_summary_part.done",
                with(&at, json!({"part": part(text)})),
            );
        }
        self.done(item(summary.iter().map(|text| part(text)).collect()));
    }

    fn image(&mut self, result: &str, partials: &[String]) {
        let id = self.id("ig");
        let index = self.index();
        let item = |status, result: Value| {
            json!({
                "type": "image_generation_call",
                "id": id,
                "status": status,
                "output_format": "png",
                "result": result,
            })
        };
        self.added(&item("in_progress", Value::Null));
        let at = json!({"item_id": id, "output_index": index});
        self.event("response.image_generation_call.in_progress", at.clone());
        self.event("response.image_generation_call.generating", at.clone());
        for (number, partial) in partials.iter().enumerate() {
            let partial = json!({
                "partial_image_index": number,
                "partial_image_b64": partial,
                "output_format": "png",
            });
            self.event(
                "response.image_generation_call.partial_image",
                with(&at, partial),
            );
        }
        self.event("response.image_generation_call.completed", at);
        self.done(item("completed", result.into()));
    }

    /// The place of the item that is being written.
    fn index(&self) -> usize {
        self.output.len()
    }

    fn id(&self, prefix: &str) -> String {
        format!("{prefix}_{}_{}", self.stem, self.index())
    }

    fn added(&mut self, item: &Value) {
        let event = json!({"output_index": self.index(), "item": item});
        self.event("response.output_item.added", event);
    }

    fn done(&mut self, item: Value) {
        let event = json!({"output_index": self.index(), "item": &item});
        self.event("response.output_item.done", event);
        self.output.push(item);
    }

    fn event(&mut self, event_type: &str, fields: Value) {
        if let Value::Object(fields) = fields {
            self.object(Some(event_type), fields);
        }
    }

    fn object(&mut self, event_type: Option<&str>, fields: Map<String, Value>) {
        let mut event = Map::new();
        if let Some(event_type) = event_type {
            event.insert("type".to_owned(), event_type.into());
        }
        event.extend(fields);
        event
            .entry("sequence_number")
            .or_insert(self.sequence_number.into());
        self.sequence_number += 1;
        let name = event.get("type").and_then(Value::as_str).map(str::to_owned);
        self.events
            .push(frame(name.as_deref(), &Value::Object(event).to_string()));
    }
}

fn message_item(id: &str, status: &str, content: &[Value]) -> Value {
    json!({
        "type": "message",
        "id": id,
        "status": status,
        "role": "assistant",
        "content": content,
    })
}

fn frame(name: Option<&str>, data: &str) -> Vec<u8> {
    let name = name.map(|name| format!("event: {name}\n"));
    format!("{}data: {data}\n\n", name.unwrap_or_default()).into_bytes()
}

fn with(base: &Value, more: Value) -> Value {
    let mut merged = base.as_object().cloned().unwrap_or_default();
    if let Value::Object(more) = more {
        merged.extend(more);
    }
    Value::Object(merged)
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// Splits after every `count` words; the deltas joined are the text.
fn words(text: &str, count: usize) -> Vec<String> {
    let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
    words.chunks(count).map(<[&str]>::concat).collect()
}

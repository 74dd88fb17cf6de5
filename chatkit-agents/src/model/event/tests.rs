use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::items::OutputItemKind;
use crate::model::Usage;

fn read(json: &Value) -> ResponseStreamEvent {
    ResponseStreamEvent::from_json(&json.to_string()).unwrap()
}

/// Each typed event, minimal.
fn typed() -> Vec<Value> {
    vec![
        json!({"type": "response.created", "response": {}}),
        json!({"type": "response.in_progress", "response": {}}),
        json!({"type": "response.output_item.added", "item": {"type": "message"}}),
        json!({"type": "response.output_item.done", "item": {"type": "message"}}),
        json!({"type": "response.content_part.added", "part": {"type": "output_text"}}),
        json!({"type": "response.content_part.done", "part": {"type": "output_text"}}),
        json!({"type": "response.output_text.delta", "delta": "d"}),
        json!({"type": "response.output_text.done", "text": "t"}),
        json!({"type": "response.output_text.annotation.added", "annotation": {}}),
        json!({"type": "response.refusal.delta", "delta": "d"}),
        json!({"type": "response.refusal.done", "refusal": "r"}),
        json!({"type": "response.function_call_arguments.delta", "delta": "d"}),
        json!({"type": "response.function_call_arguments.done", "arguments": "{}"}),
        json!({"type": "response.reasoning_summary_text.delta", "delta": "d"}),
        json!({"type": "response.reasoning_summary_text.done", "text": "t"}),
        json!({"type": "response.reasoning_text.delta", "delta": "d"}),
        json!({"type": "response.reasoning_text.done", "text": "t"}),
        json!({"type": "response.image_generation_call.partial_image", "partial_image_b64": "b"}),
        json!({"type": "response.completed", "response": {}}),
        json!({"type": "response.incomplete", "response": {}}),
        json!({"type": "response.failed", "response": {}}),
        json!({"type": "error"}),
    ]
}

#[test]
fn every_row_of_the_table_is_tried() {
    let events = typed();
    let mut tried: Vec<_> = events
        .iter()
        .map(|json| json["type"].as_str().unwrap())
        .collect();
    let mut rows = ResponseStreamEvent::TYPES.to_vec();
    tried.sort_unstable();
    rows.sort_unstable();
    assert_eq!(tried, rows);
}

#[test]
fn the_last_event_is_one_that_ends_the_response() {
    let events = typed();
    let last = events.iter().filter(|json| read(json).is_terminal());
    let last: Vec<_> = last.map(|json| json["type"].as_str().unwrap()).collect();
    assert_eq!(
        last,
        [
            "response.completed",
            "response.incomplete",
            "response.failed",
            "error"
        ]
    );
}

#[test]
fn every_typed_event_tolerates_missing_and_new_fields() {
    for minimal in typed() {
        let mut extended = minimal.clone();
        let fields = extended.as_object_mut().unwrap();
        fields.insert("sequence_number".to_owned(), json!(12.0));
        fields.insert("output_index".to_owned(), json!(null));
        fields.insert("brand_new".to_owned(), json!([{"x": null}]));
        for json in [minimal, extended] {
            let event = read(&json);
            assert!(!matches!(event, ResponseStreamEvent::Raw(_)), "{json}");
            assert_eq!(event.event_type(), json["type"]);
        }
    }
}

#[test]
fn a_typed_event_without_its_payload_is_raw() {
    for json in typed() {
        let event_type = &json["type"];
        if event_type == "error" {
            continue;
        }
        for broken in [
            json!({"type": event_type, "sequence_number": 5}),
            json!({"type": event_type, "sequence_number": 5, "item_id": 7, "delta": {}, "text": 1,
                   "arguments": [], "refusal": {}, "partial_image_b64": 0, "item": 1, "part": "x",
                   "annotation": [], "response": "r"}),
        ] {
            let event = read(&broken);
            let ResponseStreamEvent::Raw(raw) = &event else {
                panic!("{event:?}")
            };
            assert_eq!(raw.event_type, *event_type);
            assert_eq!(raw.sequence_number, Some(5));
            assert_eq!(raw.raw.get(), broken.to_string());
            assert_eq!(event.is_terminal(), read(&json).is_terminal());
        }
    }
}

#[test]
fn reads_all_fields_of_a_delta() {
    let event = read(&json!({
        "type": "response.output_text.delta", "sequence_number": 4, "item_id": "msg_1",
        "output_index": 2, "content_index": 1, "delta": "a\n\u{1f600}", "logprobs": [],
        "obfuscation": "xxxx",
    }));
    let expected = ContentDelta {
        sequence_number: Some(4),
        item_id: "msg_1".to_owned(),
        output_index: 2,
        content_index: 1,
        delta: "a\n\u{1f600}".to_owned(),
    };
    assert_eq!(event, ResponseStreamEvent::OutputTextDelta(expected));
}

#[test]
fn other_json_is_raw_and_other_text_an_error() {
    for json in [
        "{}",
        "[]",
        "3",
        "\"x\"",
        "null",
        r#"{"type":null}"#,
        r#"{"type":["a"]}"#,
    ] {
        let event = ResponseStreamEvent::from_json(json).unwrap();
        assert!(
            matches!(&event, ResponseStreamEvent::Raw(raw) if raw.raw.get() == json),
            "{json}"
        );
        assert!(!event.is_terminal());
    }
    for text in [
        "",
        "{",
        "oops",
        r#"{"type":"x"} {}"#,
        r#"{"type":"response.created",}"#,
    ] {
        assert!(ResponseStreamEvent::from_json(text).is_err(), "{text}");
    }
}

#[test]
fn errors_come_in_many_forms() {
    let code = |json: Value| match read(&json) {
        ResponseStreamEvent::Error(event) => (event.code, event.message),
        other => panic!("{other:?}"),
    };
    let expected = (Some("c".to_owned()), Some("m".to_owned()));
    assert_eq!(
        code(json!({"type": "error", "code": "c", "message": "m"})),
        expected
    );
    assert_eq!(
        code(json!({"type": "error", "error": {"type": "t", "code": "c", "message": "m"}})),
        expected
    );
    assert_eq!(
        code(json!({"type": "error", "error": {"type": "c", "code": null, "message": "m"}})),
        expected
    );
    assert_eq!(
        code(json!({"error": {"code": "c", "message": "m"}})),
        expected
    );
    assert_eq!(code(json!({"error": "m"})), (None, Some("m".to_owned())));
    assert_eq!(
        code(json!({"type": "error", "code": 500, "message": {"x": 1}})),
        (Some("500".to_owned()), None)
    );
}

#[test]
fn responses_may_be_sparse_or_strange() {
    let response =
        |json: Value| match read(&json!({"type": "response.completed", "response": json})) {
            ResponseStreamEvent::Completed(event) => event.response,
            other => panic!("{other:?}"),
        };
    let sparse = response(json!({"output": null, "usage": null, "error": null}));
    assert_eq!(sparse, Response::default());

    let full = response(json!({
        "id": "r", "created_at": 1_700_000_000.25, "status": "completed", "model": {"x": 1},
        "output": [{"type": "new_call"}, {"type": "message", "content": []}, 7],
        "usage": {
            "input_tokens": 100, "input_tokens_details": {"cached_tokens": 60, "text_tokens": 1},
            "output_tokens": 20.0, "output_tokens_details": {"reasoning_tokens": 8},
        },
    }));
    assert_eq!(full.created_at, Some(1_700_000_000.25));
    assert_eq!(full.model, None);
    assert_eq!(full.output.len(), 3);
    assert!(matches!(full.output[1].kind(), OutputItemKind::Message(_)));
    let mut usage = Usage::default();
    usage += full.usage.unwrap();
    usage += full.usage.unwrap();
    let expected = Usage {
        requests: 2,
        input_tokens: 200,
        cached_tokens: 120,
        cache_write_tokens: 0,
        output_tokens: 40,
        reasoning_tokens: 16,
        total_tokens: 240,
    };
    assert_eq!(usage, expected);
}

/// A value that a field of a delta should have, or should not.
fn any_value() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        4 => any::<u32>().prop_map(|number| Some(json!(number))),
        4 => any::<String>().prop_map(|text| Some(json!(text))),
        1 => Just(None),
        1 => proptest::sample::select(vec![
            json!(null), json!(-1), json!(2.0), json!(2.5), json!(true), json!("7"), json!([]), json!({"a": [1]}),
        ]).prop_map(Some),
    ]
}

/// A text delta that is read apart from all other events.
fn read_apart() -> impl Strategy<Value = String> {
    let id = "[a-z_0-9]{0,60}";
    let word = prop_oneof![3 => "[ a-z,.]{0,20}", 1 => any::<String>()];
    (any::<u64>(), id, 0..9u64, 0..9u64, word, "[a-zA-Z0-9]{0,16}").prop_map(
        |(number, id, output_index, content_index, delta, padding)| {
            let event = json!({
                "type": "response.output_text.delta", "sequence_number": number, "item_id": id,
                "output_index": output_index, "content_index": content_index, "delta": delta, "logprobs": [],
                "obfuscation": padding,
            });
            event.to_string()
        },
    )
}

/// How all events are read: it takes any JSON, and with a space in front a text delta is like any other.
fn among_all(json: &str) -> Option<ResponseStreamEvent> {
    ResponseStreamEvent::from_json(&format!(" {json}")).ok()
}

proptest! {
    /// What OpenAI writes is read apart, and as it would be among all.
    #[test]
    fn a_usual_delta_is_read_apart(event in read_apart()) {
        let apart = text_delta::read(&event).map(ResponseStreamEvent::OutputTextDelta);
        prop_assert!(apart.is_some(), "not apart: {}", event);
        prop_assert_eq!(apart, among_all(&event));
    }

    /// Whatever else it says, in whatever order.
    #[test]
    fn an_unusual_delta_is_read_as_any_event_is(
        values in proptest::collection::vec(any_value(), 6),
        names in Just(["sequence_number", "item_id", "output_index", "content_index", "delta", "logprobs"].to_vec())
            .prop_shuffle(),
    ) {
        let mut event = json!({"type": "response.output_text.delta"});
        for (name, value) in names.into_iter().zip(values) {
            if let Some(value) = value {
                event[name] = value;
            }
        }
        let event = event.to_string();
        prop_assert_eq!(ResponseStreamEvent::from_json(&event).ok(), among_all(&event));
    }

    /// And whatever is wrong with it.
    #[test]
    fn a_broken_delta_is_not_read_apart(
        event in read_apart(),
        at in any::<proptest::sample::Index>(),
        (removed, added) in prop_oneof![
            (0..3_usize, prop_oneof!["[\"\\\\{}:,\\[\\]0-9.eE+u\n\t -]{0,2}", any::<String>()]),
            (Just(0), Just(r#","delta":"again""#.to_owned())),
        ],
    ) {
        let mut chars: Vec<char> = event.chars().collect();
        let from = text_delta::BEGIN.len() + at.index(chars.len() - text_delta::BEGIN.len() + 1);
        let to = chars.len().min(from + removed);
        chars.splice(from..to, added.chars());
        let event: String = chars.into_iter().collect();
        prop_assert_eq!(ResponseStreamEvent::from_json(&event).ok(), among_all(&event));
    }
}

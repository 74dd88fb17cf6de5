use std::borrow::Cow;

use serde_json::{Value, json};

use super::*;

fn written(item: &InputItem) -> Value {
    serde_json::to_value(item).unwrap()
}

#[test]
fn a_message_says_its_text_in_any_form() {
    let said = |json: Value| {
        let item: InputItem = serde_json::from_value(json).unwrap();
        item.text().map(Cow::into_owned)
    };
    let cited = json!([{"type": "output_text", "text": "a\n", "annotations": [{}]}, {"type": "output_text", "text": "b"}]);
    for (message, expected) in [
        (
            json!({"type": "message", "role": "user", "content": "Hi"}),
            "Hi",
        ),
        (json!({"role": "user", "content": "Hi"}), "Hi"),
        (
            json!({"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}),
            "Hi",
        ),
        (
            json!({"type": "message", "id": "msg_1", "role": "assistant", "content": cited}),
            "a\nb",
        ),
        (
            json!({"type": "message", "role": "user", "content": [{"type": "input_image"}]}),
            "",
        ),
        (json!({"role": "user", "content": null}), ""),
    ] {
        assert_eq!(
            said(message.clone()).as_deref(),
            Some(expected),
            "{message}"
        );
    }
    for other in [
        json!({"type": "function_call_output", "call_id": "c", "output": "Hi"}),
        json!({"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hi"}]}),
        json!({"content": "Hi"}),
    ] {
        assert_eq!(said(other.clone()), None, "{other}");
    }
}

#[test]
fn writes_what_the_api_takes() {
    let parts = vec![
        ContentPart::text("look"),
        ContentPart::image_url("https://example.com/a.png"),
        ContentPart::image_file_id("file_1"),
        ContentPart::file_id("file_2"),
        ContentPart::file_url("https://example.com/a.pdf"),
        ContentPart::file("a.pdf", "data:application/pdf;base64,AA=="),
    ];
    assert_eq!(
        written(&InputItem::user_parts(parts)),
        json!({"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "look"},
            {"type": "input_image", "detail": "auto", "image_url": "https://example.com/a.png"},
            {"type": "input_image", "detail": "auto", "file_id": "file_1"},
            {"type": "input_file", "file_id": "file_2"},
            {"type": "input_file", "file_url": "https://example.com/a.pdf"},
            {"type": "input_file", "filename": "a.pdf",
             "file_data": "data:application/pdf;base64,AA=="},
        ]})
    );
    assert_eq!(
        written(&InputItem::assistant("hello")),
        json!({"type": "message", "role": "assistant", "content": [
            {"type": "output_text", "text": "hello", "annotations": []},
        ]})
    );
    assert_eq!(
        written(&InputItem::function_call("c", "f", "{}")),
        json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"})
    );
    assert_eq!(
        written(&InputItem::function_call_output(
            "c",
            vec![ContentPart::text("x")]
        )),
        json!({"type": "function_call_output", "call_id": "c",
               "output": [{"type": "input_text", "text": "x"}]})
    );
    assert_eq!(
        written(&InputItem::Message(InputMessage::new(Role::System, "s"))),
        json!({"type": "message", "role": "system", "content": "s"})
    );
}

#[test]
fn reads_back_what_it_writes() {
    for item in [
        InputItem::user("a \"quoted\" \u{1f600}"),
        InputItem::assistant("hello"),
        InputItem::developer("d"),
        InputItem::Message(InputMessage::new(Role::User, "plain")),
        InputItem::FunctionCall(
            FunctionCall::new("c", "f", "{")
                .id("fc")
                .status("completed"),
        ),
        InputItem::function_call_output("c", "out"),
        InputItem::function_call_output("c", vec![ContentPart::image_url("data:,")]),
    ] {
        let json = serde_json::to_string(&item).unwrap();
        let back: InputItem = serde_json::from_str(&json).unwrap();
        assert!(!matches!(back, InputItem::Raw(_)), "{json}");
        assert_eq!(back, item);
    }
}

#[test]
fn stays_raw_rather_than_lose_something() {
    for json in [
        r#"{"role":"user","content":"no type"}"#,
        r#"{"type":"message","role":"user","content":"x","id":"m"}"#,
        r#"{"type":"message","role":"critic","content":"x"}"#,
        r#"{"type":"message","role":"user","content":null}"#,
        r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{}","id":null}"#,
        r#"{"type":"function_call","call_id":"c","name":"f","arguments":{}}"#,
        r#"{"type":"function_call_output","call_id":"c","output":"x","status":"completed"}"#,
        r#"{"type":"item_reference","id":"i"}"#,
        r#"{ "type" : "message" , "n" : 1.50 }"#,
        r#"["not","an","object"]"#,
    ] {
        let item: InputItem = serde_json::from_str(json).unwrap();
        assert!(matches!(item, InputItem::Raw(_)), "{json}");
        assert_eq!(serde_json::to_string(&item).unwrap(), json);
    }
}

#[test]
fn parts_keep_what_they_have_beyond_text() {
    for part in [
        json!({"type": "output_text", "text": "x", "annotations": [{"type": "file_path"}]}),
        json!({"type": "output_text", "text": "x", "annotations": [], "logprobs": null}),
        json!({"type": "output_text", "text": "x"}),
        json!({"type": "input_text", "text": "x", "annotations": null}),
        json!({"type": "input_text", "text": "x", "prompt_cache_breakpoint": {}}),
        json!({"type": "input_text"}),
        json!("bare"),
    ] {
        let json = json!({"type": "message", "role": "user", "content": [part]});
        let item: InputItem = serde_json::from_value(json.clone()).unwrap();
        assert!(matches!(item, InputItem::Message(_)));
        assert_eq!(written(&item), json);
    }
}

#[test]
fn answers_for_typed_and_raw_items_alike() {
    let typed = InputItem::FunctionCall(FunctionCall::new("c", "f", "{}").id("i"));
    let raw = InputItem::from_value(&typed).unwrap();
    for item in [typed, raw] {
        assert_eq!(item.item_type(), "function_call");
        assert_eq!(
            (item.id(), item.call_id(), item.role()),
            (Some("i"), Some("c"), None)
        );
    }
    let raw = InputItem::from_value(&json!({"type": 3, "role": "user", "id": null})).unwrap();
    assert_eq!(
        (raw.item_type(), raw.id(), raw.role()),
        ("", None, Some("user"))
    );
}

#[test]
fn output_items_have_typed_views() {
    let read = |json: Value| OutputItem::from_json(&json.to_string()).unwrap();
    let message = read(
        json!({"type": "message", "id": "m", "role": "assistant", "content": [
            {"type": "output_text", "text": "a", "annotations": [
                {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 1},
                {"type": "file_citation", "file_id": "f", "filename": "n", "index": 2},
                {"type": "container_file_citation", "container_id": "c", "file_id": "f",
                 "filename": "n", "start_index": 3, "end_index": 4},
                {"type": "file_path", "file_id": "f", "index": 5},
                {"type": "mystery", "x": 1},
                {"type": "url_citation", "url": 7},
            ]},
            {"type": "refusal", "refusal": "no"},
            {"type": "output_audio"},
            {"type": "output_text", "text": "b"},
        ]}),
    );
    let OutputItemKind::Message(view) = message.kind() else {
        panic!("{message:?}")
    };
    assert_eq!(view.text(), "ab");
    assert_eq!(view.refusal(), Some("no"));
    let OutputContent::OutputText { annotations, .. } = &view.content[0] else {
        panic!("{view:?}")
    };
    assert!(matches!(
        annotations.as_slice(),
        [
            Annotation::UrlCitation(UrlCitation {
                end_index: Some(1),
                ..
            }),
            Annotation::FileCitation(FileCitation { index: Some(2), .. }),
            Annotation::ContainerFileCitation(ContainerFileCitation {
                end_index: Some(4),
                ..
            }),
            Annotation::FilePath(FilePath { index: Some(5), .. }),
            Annotation::Other(_),
            Annotation::Other(_),
        ]
    ));
    assert!(matches!(view.content[2], OutputContent::Other { .. }));

    let reasoning = read(
        json!({"type": "reasoning", "encrypted_content": "e", "content": null,
        "summary": [{"type": "summary_text", "text": "s"}]}),
    );
    let OutputItemKind::Reasoning(view) = reasoning.kind() else {
        panic!("{reasoning:?}")
    };
    assert_eq!(view.summary, ["s"]);
    assert_eq!(reasoning.id(), None);

    let image = read(json!({"type": "image_generation_call", "id": "i", "result": "QUJD"}));
    assert!(matches!(image.image_result(), Some(Cow::Borrowed("QUJD"))));
    let pending = read(json!({"type": "image_generation_call", "id": "i", "result": null}));
    assert_eq!(pending.image_result(), None);
}

#[test]
fn output_items_degrade_instead_of_failing() {
    for (json, item_type) in [
        (r#"{"type":"web_search_call","id":"w"}"#, "web_search_call"),
        (r#"{"type":"function_call","name":"f"}"#, "function_call"),
        (
            r#"{"type":"function_call","call_id":"c","name":9}"#,
            "function_call",
        ),
        (r#"{"type":"message","content":"text"}"#, "message"),
        (r#"{"id":"i"}"#, ""),
        (r#"{"type":{}}"#, ""),
        ("3", ""),
    ] {
        let item = OutputItem::from_json(json).unwrap();
        let expected = OutputItemKind::Other {
            item_type: item_type.to_owned(),
        };
        assert_eq!(item.kind(), &expected, "{json}");
        assert_eq!(serde_json::to_string(&item.to_input_item()).unwrap(), json);
    }
    assert!(OutputItem::from_json("{").is_err());
    // An endpoint without call ids: the item's id ties call and output together.
    let call = OutputItem::from_json(r#"{"type":"function_call","id":"i","name":"f"}"#).unwrap();
    let OutputItemKind::FunctionCall(call) = call.kind() else {
        panic!("{call:?}")
    };
    assert_eq!((call.call_id.as_str(), call.arguments.as_str()), ("i", ""));
}

#[test]
fn output_items_go_back_without_what_the_api_refuses() {
    let back = |json: &str| {
        let item = OutputItem::from_json(json).unwrap();
        serde_json::to_string(&item.to_input_item()).unwrap()
    };
    assert_eq!(
        back(
            r#"{"type":"x","id":"__fake_id__","status":null,"created_by":"u","provider_data":{},"z":1.0,"a":[ ]}"#
        ),
        r#"{"type":"x","z":1.0,"a":[ ]}"#
    );
    let kept = r#"{"type":"x","id":"i","status":"completed","nested":{"status":null}}"#;
    assert_eq!(back(kept), kept);
}

#[test]
fn debug_shows_no_content() {
    let item = InputItem::from_value(&json!({"type": "secret_call", "text": "hush"})).unwrap();
    let shown = format!("{item:?}");
    assert!(
        shown.contains("secret_call") && !shown.contains("hush"),
        "{shown}"
    );
}

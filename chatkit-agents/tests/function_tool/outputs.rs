//! What tools return.

use super::*;

#[derive(Serialize)]
struct Forecast {
    celsius: Option<i32>,
}

fn wire(output: impl IntoToolOutput) -> Value {
    output.into_tool_output().unwrap().to_wire()
}

#[test]
fn are_text_or_json_text() {
    assert_eq!(wire("a"), json!("a"));
    assert_eq!(wire(String::from("b")), json!("b"));
    assert_eq!(wire(std::borrow::Cow::Borrowed("c")), json!("c"));
    assert_eq!(wire(()), json!("null"));
    assert_eq!(wire(true), json!("true"));
    assert_eq!(wire(-3_i64), json!("-3"));
    assert_eq!(wire(0.5), json!("0.5"));
    assert_eq!(
        wire(Json(Forecast { celsius: None })),
        json!(r#"{"celsius":null}"#)
    );
    assert_eq!(wire(json!([1, "x", null])), json!(r#"[1,"x",null]"#));
    assert_eq!(wire(Some("a")), json!("a"));
    assert_eq!(wire(None::<String>), json!("null"));
    assert_eq!(wire(Ok::<_, ToolError>("a")), json!("a"));
}

#[test]
fn keep_their_structure_for_the_program() {
    let forecast = Json(Forecast { celsius: Some(3) });
    assert_eq!(
        json_of(forecast.into_tool_output().unwrap()),
        json!({"celsius": 3})
    );
    assert_eq!(json_of(7.into_tool_output().unwrap()), json!(7));
}

#[test]
fn have_parts() {
    assert_eq!(
        wire(ToolOutputText::new("a")),
        json!([{"type": "input_text", "text": "a"}])
    );
    assert_eq!(
        wire(vec![
            ContentPart::from(ToolOutputText::new("a")),
            ToolOutputImage::from_url("data:image/png;base64,AA==")
                .detail(ImageDetail::Low)
                .into(),
            ToolOutputImage::from_file_id("file_1").into(),
            ToolOutputFileContent::from_data("AA==")
                .filename("a.pdf")
                .into(),
            ToolOutputFileContent::from_url("https://example.com/a.pdf").into(),
            ToolOutputFileContent::from_file_id("file_2").into(),
        ]),
        json!([
            {"type": "input_text", "text": "a"},
            {
                "type": "input_image",
                "image_url": "data:image/png;base64,AA==",
                "detail": "low",
            },
            {"type": "input_image", "file_id": "file_1"},
            {"type": "input_file", "file_data": "AA==", "filename": "a.pdf"},
            {"type": "input_file", "file_url": "https://example.com/a.pdf"},
            {"type": "input_file", "file_id": "file_2"},
        ])
    );
    // The API refuses an empty list of parts.
    assert_eq!(wire(Vec::<ToolOutputText>::new()), json!("[]"));
}

#[test]
fn that_cannot_be_json_are_failures() {
    let keys_are_no_strings = HashMap::from([((1, 2), 3)]);
    let error = Json(keys_are_no_strings).into_tool_output().unwrap_err();
    assert_eq!(error.kind(), ToolErrorKind::Failed);
    assert!(error.downcast_ref::<serde_json::Error>().is_some());
}

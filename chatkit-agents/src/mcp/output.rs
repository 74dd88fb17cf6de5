//! What a model gets of a tool's result.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::Value;

use crate::items::{ContentPart, data_url};
use crate::tool::{IntoToolOutput, ToolError, ToolOutput, ToolOutputFileContent, ToolOutputImage};

/// The result for the model. A failure that the tool reports is a result too: its text says what went wrong.
///
/// `structured` prefers the structured content, unless the tool failed: what went wrong is in its text.
pub(super) fn tool_output(
    result: CallToolResult,
    structured: bool,
) -> Result<ToolOutput, ToolError> {
    let failed = result.is_error == Some(true);
    let content = result.structured_content.filter(|content| match content {
        Value::Null => false,
        Value::Object(object) => !object.is_empty(),
        _ => true,
    });
    match content {
        Some(content) if (structured && !failed) || result.content.is_empty() => {
            return Ok(ToolOutput::Json(content));
        }
        _ => {}
    }
    let mut parts: Vec<ContentPart> = result.content.into_iter().map(part).collect();
    match parts.pop() {
        Some(ContentPart::InputText(only)) if parts.is_empty() => Ok(ToolOutput::Text(only)),
        last => {
            parts.extend(last);
            parts.into_tool_output()
        }
    }
}

fn part(content: ContentBlock) -> ContentPart {
    match content {
        ContentBlock::Text(text) => ContentPart::text(text.text),
        ContentBlock::Image(image) => {
            ToolOutputImage::from_url(data_url(&image.mime_type, &image.data)).into()
        }
        ContentBlock::Resource(resource) => match resource.resource {
            ResourceContents::TextResourceContents { text, .. } => ContentPart::text(text),
            ResourceContents::BlobResourceContents {
                uri,
                mime_type,
                blob,
                ..
            } => binary(&uri, mime_type.as_deref(), &blob),
            other => as_json(&other),
        },
        // A model cannot hear it here, and its bytes as text would only fill the model's window.
        ContentBlock::Audio(audio) => ContentPart::text(format!("[audio, {}]", audio.mime_type)),
        other => as_json(&other),
    }
}

fn binary(uri: &str, mime_type: Option<&str>, base64: &str) -> ContentPart {
    let mime_type = mime_type.unwrap_or("application/octet-stream");
    let url = data_url(mime_type, base64);
    if mime_type.starts_with("image/") {
        return ToolOutputImage::from_url(url).into();
    }
    let file = ToolOutputFileContent::from_data(url);
    let name = uri.trim_end_matches('/').rsplit('/').next();
    match name.filter(|name| !name.is_empty()) {
        Some(name) => file.filename(name).into(),
        None => file.into(),
    }
}

/// What has no form of its own for the model: links to resources, and what is newer than this.
fn as_json(content: &impl serde::Serialize) -> ContentPart {
    ContentPart::text(serde_json::to_string(content).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What the Responses API gets.
    fn wire(result: Value, structured: bool) -> Value {
        let result: CallToolResult = serde_json::from_value(result).unwrap();
        tool_output(result, structured).unwrap().to_wire()
    }

    #[test]
    fn one_text_is_a_text() {
        let content = json!([{"type": "text", "text": "Hi"}]);
        assert_eq!(wire(json!({"content": content}), false), "Hi");
        assert_eq!(
            wire(json!({"content": content, "isError": true}), false),
            "Hi"
        );
    }

    #[test]
    fn several_are_parts() {
        let content = json!([
            {"type": "text", "text": "A chart:"},
            {"type": "image", "mimeType": "image/png", "data": "QUJD"},
            {"type": "audio", "mimeType": "audio/wav", "data": "QUJD"},
        ]);
        assert_eq!(
            wire(json!({"content": content}), false),
            json!([
                {"type": "input_text", "text": "A chart:"},
                {"type": "input_image", "image_url": "data:image/png;base64,QUJD"},
                {"type": "input_text", "text": "[audio, audio/wav]"},
            ])
        );
    }

    #[test]
    fn resources_are_texts_images_and_files() {
        let of = |resource: Value| {
            let content = json!([{"type": "resource", "resource": resource}]);
            wire(json!({"content": content}), false)
        };
        assert_eq!(of(json!({"uri": "a:b", "text": "T"})), "T");
        assert_eq!(
            of(json!({"uri": "file:///x/logo", "mimeType": "image/gif", "blob": "QUJD"})),
            json!([{"type": "input_image", "image_url": "data:image/gif;base64,QUJD"}])
        );
        assert_eq!(
            of(json!({"uri": "file:///x/a.pdf", "mimeType": "application/pdf", "blob": "QUJD"})),
            json!([{
                "type": "input_file",
                "file_data": "data:application/pdf;base64,QUJD",
                "filename": "a.pdf",
            }])
        );
        let link = json!({"type": "resource_link", "uri": "file:///x/a", "name": "a"});
        let text = wire(json!({"content": [link]}), false);
        let text: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
        assert_eq!(text, link);
    }

    #[test]
    fn structured_content_is_json_where_it_is_wanted_or_all_there_is() {
        let content = json!([{"type": "text", "text": "one"}]);
        let both = json!({"content": content, "structuredContent": {"n": 1}});
        assert_eq!(wire(both.clone(), false), "one");
        assert_eq!(wire(both, true), r#"{"n":1}"#);
        let failed = json!({"content": content, "structuredContent": {"n": 1}, "isError": true});
        assert_eq!(wire(failed, true), "one");
        let alone = json!({"content": [], "structuredContent": {"n": 1}});
        assert_eq!(wire(alone, false), r#"{"n":1}"#);
        let empty = json!({"content": content, "structuredContent": {}});
        assert_eq!(wire(empty, true), "one");
    }

    #[test]
    fn nothing_is_an_empty_list() {
        assert_eq!(wire(json!({"content": []}), false), "[]");
    }
}

//! The kind `to_agent_input`: the items of a thread, as a model gets them.

use chatkit::types::{
    AssistantMessageItem, Attachment, ClientToolCallItem, EndOfTurnItem, GeneratedImageItem,
    HiddenContextItem, SdkHiddenContextItem, StructuredInputItem, TaskItem, ThreadItem,
    UserMessageTagContent, WidgetItem, WorkflowItem,
};
use chatkit_agents::items::{ContentPart, InputItem};
use chatkit_agents::{ConvertError, DefaultThreadItemConverter, ThreadItemConverter};
use serde::Deserialize;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use super::failure::{self, Failure};

/// A case of this kind.
#[derive(Deserialize)]
pub(super) struct Case {
    items: Vec<ThreadItem>,
    #[serde(default)]
    single: bool,
    #[serde(default)]
    converter: TemplateConverter,
}

/// Converts by templates, where there are any: JSON whose strings have placeholders.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct TemplateConverter(Map<String, Value>);

/// Converts the items of a case.
pub(super) fn run(case: &Case) -> Result<Value, Failure> {
    let items = if case.single {
        case.items.get(..1).unwrap_or_default()
    } else {
        &case.items
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(Failure::rejected)?;
    Ok(
        match runtime.block_on(case.converter.to_agent_input(items)) {
            Ok(input) => json!({ "input": input }),
            Err(error) => json!({ "error": failure::turn_error(&error.into()) }),
        },
    )
}

impl TemplateConverter {
    /// The template's value, if there is a template.
    fn fill(&self, name: &str, values: &[(&str, String)]) -> Option<Value> {
        Some(fill(self.0.get(name)?, values))
    }

    fn part(
        &self,
        name: &str,
        values: &[(&str, String)],
    ) -> Option<Result<ContentPart, ConvertError>> {
        let value = self.fill(name, values)?;
        Some(
            to_raw_value(&value)
                .map(ContentPart::raw)
                .map_err(ConvertError::other),
        )
    }

    fn items(
        &self,
        name: &str,
        values: &[(&str, String)],
    ) -> Option<Result<Vec<InputItem>, ConvertError>> {
        let values = match self.fill(name, values)? {
            Value::Null => Vec::new(),
            Value::Array(values) => values,
            value => vec![value],
        };
        Some(
            values
                .iter()
                .map(|value| InputItem::from_value(value).map_err(ConvertError::other))
                .collect(),
        )
    }
}

fn fill(template: &Value, values: &[(&str, String)]) -> Value {
    match template {
        Value::String(text) => {
            let filled = values.iter().fold(text.clone(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            });
            Value::String(filled)
        }
        Value::Array(parts) => parts.iter().map(|part| fill(part, values)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), fill(value, values)))
            .collect(),
        value => value.clone(),
    }
}

/// Compact JSON with sorted keys.
fn sorted(value: &Value) -> String {
    fn sort(value: &Value) -> Value {
        match value {
            Value::Array(values) => values.iter().map(sort).collect(),
            Value::Object(fields) => {
                let mut names: Vec<&String> = fields.keys().collect();
                names.sort();
                names
                    .into_iter()
                    .map(|name| (name.clone(), sort(&fields[name])))
                    .collect()
            }
            value => value.clone(),
        }
    }
    sort(value).to_string()
}

macro_rules! by_template {
    ($($method:ident($item:ty) = $name:literal;)*) => {
        $(async fn $method(&self, item: &$item) -> Result<Vec<InputItem>, ConvertError> {
            match self.items($name, &[("id", item.id.clone())]) {
                Some(items) => items,
                None => DefaultThreadItemConverter.$method(item).await,
            }
        })*
    };
}

impl ThreadItemConverter for TemplateConverter {
    async fn attachment_to_message_content(
        &self,
        attachment: &Attachment,
    ) -> Result<ContentPart, ConvertError> {
        let json = serde_json::to_value(attachment).map_err(ConvertError::other)?;
        let text = |field: &str| json[field].as_str().unwrap_or_default().to_owned();
        let fields = [
            "id",
            "name",
            "mime_type",
            "type",
            "preview_url",
            "thread_id",
        ];
        match self.part("attachment", &fields.map(|field| (field, text(field)))) {
            Some(part) => part,
            None => {
                DefaultThreadItemConverter
                    .attachment_to_message_content(attachment)
                    .await
            }
        }
    }

    async fn tag_to_message_content(
        &self,
        tag: &UserMessageTagContent,
    ) -> Result<ContentPart, ConvertError> {
        let mut values = vec![
            ("id".to_owned(), tag.id.clone()),
            ("text".to_owned(), tag.text.clone()),
            ("group".to_owned(), tag.group.clone().unwrap_or_default()),
            ("data".to_owned(), sorted(&Value::Object(tag.data.clone()))),
        ];
        for (name, value) in &tag.data {
            let text = value.as_str().map_or_else(|| sorted(value), str::to_owned);
            values.push((format!("data.{name}"), text));
        }
        let values: Vec<(&str, String)> = values
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        match self.part("tag", &values) {
            Some(part) => part,
            None => DefaultThreadItemConverter.tag_to_message_content(tag).await,
        }
    }

    async fn hidden_context_to_input(
        &self,
        item: &HiddenContextItem,
    ) -> Result<Vec<InputItem>, ConvertError> {
        let keys: Vec<&str> = item
            .content
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        let values = [
            ("id", item.id.clone()),
            ("content", sorted(&item.content)),
            ("content_keys", keys.join(",")),
        ];
        match self.items("hidden_context", &values) {
            Some(items) => items,
            None => {
                DefaultThreadItemConverter
                    .hidden_context_to_input(item)
                    .await
            }
        }
    }

    by_template! {
        sdk_hidden_context_to_input(SdkHiddenContextItem) = "sdk_hidden_context";
        task_to_input(TaskItem) = "task";
        workflow_to_input(WorkflowItem) = "workflow";
        widget_to_input(WidgetItem) = "widget";
        generated_image_to_input(GeneratedImageItem) = "generated_image";
        structured_input_to_input(StructuredInputItem) = "structured_input";
        assistant_message_to_input(AssistantMessageItem) = "assistant_message";
        client_tool_call_to_input(ClientToolCallItem) = "client_tool_call";
        end_of_turn_to_input(EndOfTurnItem) = "end_of_turn";
    }
}

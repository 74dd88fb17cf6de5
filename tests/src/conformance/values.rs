//! The kinds `parse` and `serialize`: one value of the protocol, read and written. And `diff_widget`.

use std::fmt::Display;

use chatkit::types::{
    ActionConfig, Attachment, ChatKitRequest, IconName, Page, SyncCustomActionResponse, Thread,
    ThreadItem, ThreadItemUpdate, ThreadMetadata, ThreadStatus, ThreadStreamEvent,
    TranscriptionResult,
};
use chatkit::widgets::{WidgetComponent, WidgetRoot, diff_widget};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Failure, raw_input};

/// A case of either kind.
#[derive(Deserialize)]
pub(super) struct Case {
    #[serde(rename = "type")]
    value_type: String,
    input: Option<Box<RawValue>>,
    input_text: Option<String>,
    input_base64: Option<String>,
}

/// Who is to see a value.
#[derive(Clone, Copy)]
enum Audience {
    /// The store: everything.
    Store,
    /// The client: without the private data of attachments.
    Client,
}

/// Reads a value and gives it back whole.
pub(super) fn parse(case: &Case) -> Result<Value, Failure> {
    Ok(match convert(case, Audience::Store)? {
        Ok(value) => json!({ "accepted": true, "value": value }),
        Err(error) => refused(&error),
    })
}

/// Reads a value and gives it as the client gets it, also as text.
pub(super) fn serialize(case: &Case) -> Result<Value, Failure> {
    Ok(match convert(case, Audience::Client)? {
        Ok(value) => json!({ "accepted": true, "text": value.to_string(), "json": value }),
        Err(error) => refused(&error),
    })
}

fn refused(message: &str) -> Value {
    json!({ "accepted": false, "error": { "kind": "validation", "message": message } })
}

/// The value of the case, read and written; the inner error says why it was refused.
fn convert(case: &Case, audience: Audience) -> Result<Result<Value, String>, Failure> {
    let json = raw_input(
        case.input.as_deref(),
        case.input_text.as_deref(),
        case.input_base64.as_deref(),
    )?;
    let json = &json[..];
    Ok(match case.value_type.as_str() {
        "request" => written(ChatKitRequest::from_slice(json)),
        "thread_item" => read(json, audience, ThreadItem::hide_private_metadata),
        "thread_stream_event" => read(json, audience, hide_in_event),
        "thread_item_update" => read::<ThreadItemUpdate>(json, audience, |_| {}),
        "widget_root" | "dynamic_widget_root" => read::<WidgetRoot>(json, audience, |_| {}),
        "widget_component" => read::<WidgetComponent>(json, audience, |_| {}),
        "attachment" => read(json, audience, Attachment::hide_metadata),
        "thread_metadata" => read::<ThreadMetadata>(json, audience, |_| {}),
        "thread" => read(json, audience, |thread: &mut Thread| {
            hide_in_page(&mut thread.items);
        }),
        "page_thread_items" => read(json, audience, hide_in_page),
        "thread_status" => read::<ThreadStatus>(json, audience, |_| {}),
        "sync_custom_action_response" => read(json, audience, hide_in_response),
        "transcription_result" => read::<TranscriptionResult>(json, audience, |_| {}),
        "icon_name" => read::<IconName>(json, audience, |_| {}),
        "action_config" => read::<ActionConfig>(json, audience, |_| {}),
        other => return Err(Failure::unsupported(format!("type {other}"))),
    })
}

/// A case of the kind `diff_widget`.
#[derive(Deserialize)]
pub(super) struct DiffCase {
    before: WidgetRoot,
    after: WidgetRoot,
}

/// What the client is told when one widget becomes the other.
pub(super) fn diff(case: &DiffCase) -> Value {
    json!({ "deltas": diff_widget(&case.before, &case.after) })
}

/// Reads a value; `hide` takes out what the client must not see.
fn read<T: DeserializeOwned + Serialize>(
    json: &[u8],
    audience: Audience,
    hide: impl FnOnce(&mut T),
) -> Result<Value, String> {
    let value = serde_json::from_slice::<T>(json).map(|mut value| {
        if let Audience::Client = audience {
            hide(&mut value);
        }
        value
    });
    written(value)
}

fn written<T: Serialize, E: Display>(value: Result<T, E>) -> Result<Value, String> {
    let value = value.map_err(|error| error.to_string())?;
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// Takes out what the client must not see: private data only, as the Python SDK leaves it out where it writes JSON.
pub(super) fn hide_in_event(event: &mut ThreadStreamEvent) {
    if let Some(thread) = event.thread_mut() {
        hide_in_page(&mut thread.items);
    }
    if let Some(item) = event.item_mut() {
        item.hide_private_metadata();
    }
}

fn hide_in_response(response: &mut SyncCustomActionResponse) {
    let item = response.updated_item.iter_mut();
    item.for_each(ThreadItem::hide_private_metadata);
}

fn hide_in_page(page: &mut Page<ThreadItem>) {
    let items = page.data.iter_mut();
    items.for_each(ThreadItem::hide_private_metadata);
}

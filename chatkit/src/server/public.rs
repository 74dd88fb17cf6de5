//! What of an event, an item or a thread the client may see.

use crate::types::{Thread, ThreadItem, ThreadStreamEvent};

/// Takes out what the client must not see: hidden items and private metadata. Returns whether anything is left to send.
///
/// Called after the event was stored, on the event itself, so that no copy is made. Which events bring an item or a thread
/// is said where events are defined, so there is no list to forget one in.
pub(super) fn make_public(event: &mut ThreadStreamEvent) -> bool {
    if let Some(thread) = event.thread_mut() {
        public_thread(thread);
    }
    event.item_mut().is_none_or(public_item)
}

/// Prepares an item for the client. Returns false for one that the client must not see at all.
pub(super) fn public_item(item: &mut ThreadItem) -> bool {
    item.hide_private_metadata();
    !item.is_hidden()
}

/// Prepares a thread for the client: no metadata, no hidden items.
pub(super) fn public_thread(thread: &mut Thread) {
    thread.metadata.metadata.clear();
    thread.items.data.retain_mut(public_item);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Every event that could bring it, with a hidden item or with private data: nothing of it is left.
    #[test]
    fn no_event_brings_what_is_hidden() {
        let id = json!({"id": "i", "thread_id": "t", "created_at": "2024-01-02T03:04:05Z"});
        let with = |fields: Value| {
            let mut item = id.clone();
            let fields = fields.as_object().cloned().unwrap_or_default();
            fields
                .into_iter()
                .for_each(|(name, value)| item[name] = value);
            item
        };
        let hidden = with(json!({"type": "hidden_context_item", "content": "SECRET"}));
        let noted = with(json!({"type": "sdk_hidden_context", "content": "SECRET"}));
        let file = json!({"type": "file", "id": "a", "name": "a", "mime_type": "text/plain", "metadata": {"key": "SECRET"}});
        let message = with(json!({"type": "user_message", "content": [], "attachments": [file]}));
        for tag in ThreadStreamEvent::TYPES {
            for item in [&hidden, &noted, &message] {
                let page = json!({"data": [item], "has_more": false});
                let thread = json!({"id": "t", "created_at": "2024-01-02T03:04:05Z", "status": {"type": "active"},
                    "metadata": {"key": "SECRET"}, "items": page});
                let event = json!({"type": tag, "item": item, "thread": thread, "item_id": "i", "text": "", "name": "",
                    "level": "info", "message": "", "stream_options": {"allow_cancel": true},
                    "update": {"type": "workflow.task.added", "task_index": 0, "task": {"type": "custom"}}});
                let mut event: ThreadStreamEvent = serde_json::from_value(event)
                    .unwrap_or_else(|error| panic!("{tag} has more fields: {error}"));
                if make_public(&mut event) {
                    let sent = serde_json::to_string(&event).unwrap();
                    assert!(!sent.contains("SECRET"), "{tag}: {sent}");
                }
            }
        }
    }
}

//! What ChatKit.js 1.9 has sent, in a recorded session, sent again.
//!
//! The ids of the recording are replaced by those that this server has made for the same things.

use std::collections::HashMap;

use chatkit::store::{AttachmentStore, MemoryStore, StoreError, StoreItemType};
use chatkit::types::{
    Attachment, AttachmentCreateParams, AttachmentUploadDescriptor, ClientToolCallItem,
    FileAttachment, JsonObject, StructuredInputFreeform, StructuredInputItem,
    StructuredInputMultipleChoice, SyncCustomActionResponse, UploadMethod, Url, UserMessageItem,
};
use chatkit::widgets::WidgetRoot;
use chatkit::{Turn, TurnError};
use serde_json::{Value, json};

use crate::support::{App, Bot, Client, create, kinds, labels, text, thread_id};

const RECORDING: &str = include_str!("../fixtures/client-requests.json");

async fn say(turn: &Turn<()>, text: &str) -> Result<(), TurnError> {
    Ok(turn.add_message(text).await?)
}

/// Answers as the recorded server did: a form for a greeting, a widget on request, and else a text.
async fn respond(turn: Turn<()>, message: Option<UserMessageItem>) -> Result<(), TurnError> {
    let Some(message) = message else {
        return say(&turn, "Thank you").await;
    };
    match message.text().as_str() {
        "hello" => {
            say(&turn, "Hi").await?;
            let inputs = vec![
                StructuredInputMultipleChoice::new(
                    "priority",
                    "How urgent is it?",
                    ["low", "high"],
                )
                .into(),
                StructuredInputFreeform::new("notes", "Anything else?").into(),
            ];
            let id = turn.generate_id(StoreItemType::Message);
            turn.add_item(StructuredInputItem::new(id, turn.thread_id(), inputs))
                .await?;
        }
        "widget please" => turn.add_widget(card("Ready")).await?,
        _ => say(&turn, &format!("{} attached", message.attachments.len())).await?,
    }
    Ok(())
}

fn card(text: &str) -> WidgetRoot {
    WidgetRoot::try_from(json!({"type": "Card", "children": [{"type": "Text", "value": text}]}))
        .unwrap()
}

fn bot() -> Bot {
    Bot::new(respond)
        .on_sync_action(|_, (action, sender)| async move {
            assert_eq!(
                (action.action_type.as_str(), action.payload),
                ("sync.it", json!({"a": 1}))
            );
            let mut widget = sender.unwrap();
            widget.widget = card("Done");
            Ok(SyncCustomActionResponse::new().updated_item(widget))
        })
        .on_action(|turn, (action, sender)| async move {
            assert_eq!(
                (action.action_type.as_str(), action.payload),
                ("stream.it", json!({"b": 2}))
            );
            assert!(sender.is_some());
            let id = turn.generate_id(StoreItemType::ToolCall);
            let call =
                ClientToolCallItem::new(id, turn.thread_id(), "call_1", "pick", JsonObject::new());
            turn.add_item(call).await?;
            Ok(())
        })
}

/// Keeps no bytes; says where they would go.
struct Uploads;

impl AttachmentStore<()> for Uploads {
    async fn delete_attachment(&self, _: &str, _: &()) -> Result<(), StoreError> {
        Ok(())
    }

    async fn create_attachment(
        &self,
        params: &AttachmentCreateParams,
        context: &(),
    ) -> Result<Attachment, StoreError> {
        let id = self.generate_attachment_id(&params.mime_type, context);
        let url = Url::parse(format!("http://localhost/upload/{id}")).map_err(StoreError::other)?;
        let descriptor = AttachmentUploadDescriptor::new(url, UploadMethod::Put);
        Ok(FileAttachment::new(id, &params.name, &params.mime_type)
            .upload_descriptor(descriptor)
            .into())
    }
}

/// The recorded requests in their order.
struct Replay {
    client: Client,
    requests: std::vec::IntoIter<Value>,
    /// What this server calls the things of the recording.
    ids: HashMap<&'static str, Value>,
}

impl Replay {
    /// The next request, which is of this type.
    fn request(&mut self, kind: &str) -> Value {
        let mut request = self.requests.next().unwrap();
        assert_eq!(request["type"], kind);
        self.translate(&mut request["params"]);
        request
    }

    fn translate(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(id) = self.ids.get(text.as_str()) {
                    *value = id.clone();
                }
                let known = value.as_str().unwrap();
                let recorded = ["thr_", "msg_", "atc_"]
                    .iter()
                    .any(|prefix| known.starts_with(prefix))
                    && known.len() < 16;
                assert!(!recorded, "{known} has no counterpart");
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.translate(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.translate(value)),
            _ => {}
        }
    }

    async fn get(&mut self, kind: &str) -> Value {
        let request = self.request(kind);
        self.client.get(&request).await
    }

    async fn stream(&mut self, kind: &str) -> Vec<Value> {
        let request = self.request(kind);
        self.client.stream(&request).await
    }
}

#[tokio::test]
async fn a_recorded_session() {
    let app = App::start_with(MemoryStore::new(), bot(), |server| {
        server.attachment_store(Uploads)
    })
    .await;
    let requests: Vec<Value> = serde_json::from_str(RECORDING).unwrap();
    assert_eq!(requests.len(), 12);
    let mut replay = Replay {
        client: app.client,
        requests: requests.into_iter(),
        ids: HashMap::new(),
    };

    let threads = replay.get("threads.list").await;
    assert_eq!(threads, json!({"data": [], "has_more": false}));

    let events = replay.stream("threads.create").await;
    assert_eq!(
        labels(&events),
        [
            "thread.created",
            "thread.item.done user_message",
            "stream_options",
            "thread.item.done assistant_message",
            "thread.item.done structured_input",
        ]
    );
    assert_eq!(
        events[1]["item"]["inference_options"],
        json!({"model": "m1"})
    );
    let first = thread_id(&events);
    replay.ids.insert("thr_e400579f", first.as_str().into());

    let events = replay.stream("threads.add_user_message").await;
    assert_eq!(
        labels(&events),
        [
            "thread.item.done user_message",
            "stream_options",
            "thread.item.done widget"
        ]
    );
    replay
        .ids
        .insert("msg_88ba0afa", events[2]["item"]["id"].clone());

    let answer = replay.get("threads.sync_custom_action").await;
    assert_eq!(answer["updated_item"]["id"], events[2]["item"]["id"]);
    assert_eq!(
        answer["updated_item"]["widget"]["children"][0]["value"],
        "Done"
    );

    let events = replay.stream("threads.custom_action").await;
    assert_eq!(
        labels(&events),
        ["stream_options", "thread.item.done client_tool_call"]
    );
    assert_eq!(events[1]["item"]["status"], "pending");

    let events = replay.stream("threads.add_client_tool_output").await;
    assert_eq!(
        labels(&events),
        ["stream_options", "thread.item.done assistant_message"]
    );
    let items = app.client.items(&first).await;
    let call = items
        .iter()
        .find(|item| item["type"] == "client_tool_call")
        .unwrap();
    assert_eq!(call["status"], "completed");
    assert_eq!(call["output"], json!({"picked": 42}));

    // The recording goes on in a second thread, whose beginning it does not hold.
    let events = app.client.stream(&create("hello")).await;
    let second = thread_id(&events);
    replay.ids.insert("thr_2e4f6d3a", second.as_str().into());
    replay
        .ids
        .insert("msg_fe351e36", events[1]["item"]["id"].clone());
    replay
        .ids
        .insert("msg_53718b44", events[3]["item"]["id"].clone());

    assert_eq!(replay.get("items.feedback").await, json!({}));

    let retried = replay.stream("threads.retry_after_item").await;
    assert_eq!(
        labels(&retried),
        [
            "stream_options",
            "thread.item.done assistant_message",
            "thread.item.done structured_input"
        ]
    );
    let items = app.client.items(&second).await;
    assert_eq!(
        kinds(&items),
        ["user_message", "assistant_message", "structured_input"]
    );
    assert_ne!(
        items[1]["id"], events[3]["item"]["id"],
        "the first answer is gone"
    );
    replay.ids.insert("msg_b5681d02", items[2]["id"].clone());

    let events = replay.stream("threads.add_structured_input").await;
    assert_eq!(
        labels(&events),
        [
            "stream_options",
            "thread.item.replaced structured_input",
            "thread.item.done assistant_message"
        ]
    );
    let form = &events[1]["item"];
    assert_eq!(form["status"], "skipped");
    for input in form["inputs"].as_array().unwrap() {
        assert_eq!(input["answer"], json!({"values": [], "skipped": true}));
    }

    let attachment = replay.get("attachments.create").await;
    assert_eq!(attachment["type"], "file");
    assert_eq!(attachment["name"], "up.txt");
    assert_eq!(attachment["upload_descriptor"]["method"], "PUT");
    replay.ids.insert("atc_0b3d1649", attachment["id"].clone());

    let events = replay.stream("threads.add_user_message").await;
    let message = &events[0]["item"];
    assert_eq!(message["attachments"][0]["id"], attachment["id"]);
    assert_eq!(message["attachments"][0]["thread_id"], second.as_str());
    assert_eq!(text(&events[2]["item"]), "1 attached");

    let thread = replay.get("threads.get_by_id").await;
    assert_eq!(thread["id"], second.as_str());
    assert_eq!(thread["status"], json!({"type": "active"}));
    assert_eq!(
        kinds(thread["items"]["data"].as_array().unwrap()),
        [
            "user_message",
            "assistant_message",
            "structured_input",
            "assistant_message",
            "user_message",
            "assistant_message",
        ]
    );
    assert_eq!(thread["items"]["has_more"], false);
    assert!(replay.requests.next().is_none());
}

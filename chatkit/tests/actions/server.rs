//! Action requests through the server: read by type, answered, and stored.

use std::sync::{Arc, Mutex};

use chatkit::actions::{Action, ActionConfig, TypedAction};
use chatkit::store::{DynStore, MemoryStore, Store};
use chatkit::types::{
    SyncCustomActionResponse, ThreadItem, ThreadMetadata, UserMessageItem, WidgetItem,
};
use chatkit::widgets::{
    Button, Card, Checkbox, EditableProps, Form, Input, Text, WidgetContent, WidgetRoot,
};
use chatkit::{
    ChatKitHandler, ChatKitServer, CustomStreamError, Error, ErrorKind, ProcessResult, Turn,
    TurnError,
};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, TypedAction)]
enum TodoAction {
    #[action("todo.save", streaming = false)]
    Save { id: u64, todo: Fields },
    #[action("todo.done")]
    Done { id: u64 },
    #[action("todo.remove")]
    Remove,
    #[action("todo.own_text")]
    OwnText(Fields),
}

#[derive(Debug, Serialize, Deserialize)]
struct Fields {
    title: String,
    #[serde(default)]
    urgent: bool,
}

/// An error of the application around the one of this library.
#[derive(Debug)]
struct Unreadable(chatkit::actions::InvalidAction);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the todo action cannot be read")
    }
}

impl std::error::Error for Unreadable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Remembers how often the model ran, and with what hidden context.
#[derive(Clone, Default)]
struct Assistant(Arc<Mutex<Vec<Value>>>);

impl ChatKitHandler for Assistant {
    type Context = ();

    async fn respond(&self, turn: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        let history = turn.recent_items(10).await?;
        let hidden = history.into_iter().filter_map(|item| match item {
            ThreadItem::HiddenContext(item) => Some(item.content),
            _ => None,
        });
        self.0.lock().unwrap().extend(hidden);
        Ok(())
    }

    async fn action(
        &self,
        turn: &Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        if action.action_type == "todo.own_text" && action.payload_as::<Fields>().is_err() {
            return Err(CustomStreamError::new("Please give it a title.").into());
        }
        match (TodoAction::parse(&action).map_err(Unreadable)?, sender) {
            (TodoAction::Done { id }, Some(sender)) => {
                let content = WidgetContent::new(Card::new().child(Text::new("Done")));
                let item = turn
                    .update_widget(sender, content.copy_text("Done!"))
                    .await?;
                assert_eq!(item.copy_text.as_deref(), Some("Done!"));
                turn.add_hidden_context(format!("The user has done {id}."))
                    .await?;
                self.respond(turn, None).await
            }
            (TodoAction::Remove, Some(sender)) => Ok(turn.remove_item(sender.id).await?),
            _ => Ok(()),
        }
    }

    async fn sync_action(
        &self,
        turn: &Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, TurnError> {
        let TodoAction::Save { .. } = TodoAction::parse(&action)? else {
            return Ok(SyncCustomActionResponse::new());
        };
        let Some(sender) = sender else {
            return Ok(SyncCustomActionResponse::new());
        };
        let filled = sender.widget.clone().with_form_values(&action.payload);
        Ok(turn.update_widget(sender, filled).await?.into())
    }
}

fn form() -> WidgetRoot {
    let save = ActionConfig::new("todo.save").payload(json!({"id": 7}));
    let title = Text::new("Buy milk").editable(EditableProps::new("todo.title").required(true));
    let form = Form::new()
        .on_submit_action(save)
        .child(title)
        .child(Checkbox::new("todo.urgent"))
        .child(Input::new("note").default_value("none"))
        .child(Button::submit("Save"));
    Card::new().child(form).into()
}

/// A server with one thread, and the form in it.
async fn server() -> (ChatKitServer<Assistant>, DynStore<()>, Assistant) {
    let (store, assistant) = (DynStore::new(MemoryStore::new()), Assistant::default());
    let thread = ThreadMetadata::new("thr_1");
    store.save_thread(&thread, &()).await.unwrap();
    let item = WidgetItem::new("msg_1", "thr_1", form()).copy_text("A form".to_owned());
    store
        .add_thread_item("thr_1", &item.into(), &())
        .await
        .unwrap();
    let server = ChatKitServer::new(assistant.clone(), store.clone());
    (server, store, assistant)
}

fn request(kind: &str, action: &Value) -> Vec<u8> {
    let params = json!({"thread_id": "thr_1", "item_id": "msg_1", "action": action});
    json!({"type": kind, "params": params})
        .to_string()
        .into_bytes()
}

/// The events of an action's turn, without the options at its beginning.
async fn events(server: &ChatKitServer<Assistant>, action: Value) -> Vec<Value> {
    let body = request("threads.custom_action", &action);
    let ProcessResult::Streaming(mut stream) = server.process(&body, ()).await.unwrap() else {
        panic!("an action is answered with a stream");
    };
    let mut text = String::new();
    while let Some(chunk) = stream.next().await {
        // How a turn has failed is said in the last event.
        if let Ok(chunk) = chunk {
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
    let frames = text
        .split("\n\n")
        .filter_map(|frame| frame.strip_prefix("data: "));
    frames
        .map(|json| serde_json::from_str::<Value>(json).unwrap())
        .filter(|event| event["type"] != "stream_options")
        .collect()
}

async fn json_answer(server: &ChatKitServer<Assistant>, body: Vec<u8>) -> Result<Value, Error> {
    match server.process(&body, ()).await? {
        ProcessResult::NonStreaming(bytes) => Ok(serde_json::from_slice(&bytes).unwrap()),
        _ => panic!("not a JSON answer"),
    }
}

async fn sync(server: &ChatKitServer<Assistant>, action: Value) -> Result<Value, Error> {
    json_answer(server, request("threads.sync_custom_action", &action)).await
}

/// The thread's items as the client gets them after a reload.
async fn reload(server: &ChatKitServer<Assistant>) -> Value {
    let body = json!({"type": "threads.get_by_id", "params": {"thread_id": "thr_1"}});
    let mut thread = json_answer(server, body.to_string().into_bytes())
        .await
        .unwrap();
    thread["items"]["data"].take()
}

#[tokio::test]
async fn an_action_replaces_its_sender_and_the_model_knows() {
    let (server, store, assistant) = server().await;
    let before = store.load_item("thr_1", "msg_1", &()).await.unwrap();
    let sent = events(
        &server,
        json!({"type": "todo.done", "payload": {"id": 7, "note": "x"}}),
    )
    .await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0]["type"], "thread.item.replaced");
    assert_eq!(sent[0]["item"]["id"], "msg_1");
    assert_eq!(sent[0]["item"]["copy_text"], "Done!");
    assert_eq!(sent[0]["item"]["widget"]["children"][0]["value"], "Done");

    let items = reload(&server).await;
    assert_eq!(
        items.as_array().unwrap().len(),
        1,
        "hidden context stays hidden"
    );
    assert_eq!(items[0], sent[0]["item"]);
    let after = store.load_item("thr_1", "msg_1", &()).await.unwrap();
    assert_eq!(after.created_at(), before.created_at());
    assert_eq!(
        *assistant.0.lock().unwrap(),
        [json!("The user has done 7.")]
    );
}

#[tokio::test]
async fn an_action_removes_its_sender() {
    let (server, ..) = server().await;
    let sent = events(&server, json!({"type": "todo.remove"})).await;
    assert_eq!(
        sent,
        [json!({"type": "thread.item.removed", "item_id": "msg_1"})]
    );
    assert_eq!(reload(&server).await, json!([]));
}

#[tokio::test]
async fn a_form_keeps_what_was_entered() {
    let (server, ..) = server().await;
    let payload = json!({"id": 7, "todo": {"title": "Buy oat milk", "urgent": true}});
    let answer = sync(&server, json!({"type": "todo.save", "payload": payload}))
        .await
        .unwrap();
    let item = &answer["updated_item"];
    let controls = &item["widget"]["children"][0]["children"];
    assert_eq!(controls[0]["value"], "Buy oat milk");
    assert_eq!(controls[1]["defaultChecked"], true);
    assert_eq!(controls[2]["defaultValue"], "none");
    assert_eq!(
        item["copy_text"], "A form",
        "it stays, since nothing else was said"
    );
    assert_eq!(reload(&server).await, json!([item]));
}

#[tokio::test]
async fn an_unknown_action_is_an_error_that_says_so() {
    let (server, ..) = server().await;
    let action = json!({"type": "todo.rename", "payload": {"title": "secret"}});
    let message = r#"invalid action: unknown type "todo.rename""#;
    let error =
        json!({"type": "error", "code": "custom", "message": message, "allow_retry": false});
    assert_eq!(events(&server, action.clone()).await, [error]);

    let error = sync(&server, action).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.client_message(), message);
}

#[tokio::test]
async fn a_bad_payload_is_an_error_that_says_where() {
    let (server, ..) = server().await;
    let payload = json!({"id": 7, "todo": {"title": ["secret"]}});
    let error = sync(&server, json!({"type": "todo.save", "payload": payload}))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let message =
        r#"invalid action "todo.save": payload.todo.title: expected a string, found sequence"#;
    assert_eq!(error.client_message(), message);
    assert!(!format!("{error:#}").contains("secret"));

    let sent = events(
        &server,
        json!({"type": "todo.done", "payload": {"id": "secret"}}),
    )
    .await;
    let message = r#"invalid action "todo.done": payload.id: expected u64, found string"#;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["message"], message);
    assert_eq!(reload(&server).await[0]["widget"], Value::from(form()));
}

#[tokio::test]
async fn a_text_of_the_handlers_own_comes_first() {
    let (server, ..) = server().await;
    let sent = events(&server, json!({"type": "todo.own_text", "payload": {}})).await;
    assert_eq!(sent[0]["message"], "Please give it a title.");
}

#[tokio::test]
async fn whatever_is_sent_is_answered() {
    let (server, ..) = server().await;
    for payload in [
        json!(null),
        json!([]),
        json!("x"),
        json!({"todo": {"title": {}}}),
        json!({"id": -1, "todo": null}),
        json!({"id": 1.5, "todo": [1]}),
    ] {
        for action_type in TodoAction::TYPES.iter().copied().chain(["", "x"]) {
            let action = json!({"type": action_type, "payload": payload});
            if action_type != "todo.remove" {
                let sent = events(&server, action.clone()).await;
                assert_eq!(sent[0]["type"], "error", "{action}");
            }
            if action_type != "todo.remove" {
                let answer = sync(&server, action.clone()).await;
                assert_eq!(
                    answer.unwrap_err().kind(),
                    ErrorKind::InvalidRequest,
                    "{action}"
                );
            }
        }
    }
}

/// Keeps the warnings of the thread it is set in.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = String::new();
        event.record(
            &mut |_: &tracing::field::Field, value: &dyn std::fmt::Debug| {
                text.push_str(&format!("{value:?}"));
            },
        );
        self.0.lock().unwrap().push(text);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn a_form_that_loses_values_is_logged_when_it_is_stored() {
    let (_, store, _) = server().await;
    let turn = Turn::detached(ThreadMetadata::new("thr_1"), store, ());
    let warnings = Warnings::default();
    let _guard = tracing::subscriber::set_default(warnings.clone());

    turn.add_widget(form()).await.unwrap();
    assert_eq!(*warnings.0.lock().unwrap(), Vec::<String>::new());

    let save = ActionConfig::new("save").payload(json!({"title": "secret"}));
    let wrong = Form::new()
        .on_submit_action(save)
        .child(Input::new("title"));
    turn.add_widget(Card::new().child(wrong)).await.unwrap();
    assert_eq!(
        *warnings.0.lock().unwrap(),
        [
            "a widget loses what the user enters: the payload of the action `save` already has `title`, so the control \
             `title` is not sent"
        ]
    );
}

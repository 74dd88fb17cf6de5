//! What handlers do with a turn, through the server.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fmt;
use std::sync::{Arc, Mutex};

use chatkit::store::{DynStore, MemoryStore, Store};
use chatkit::types::{
    AssistantMessageContent, AssistantMessageItem, Order, ThreadItem, ThreadItemAddedEvent,
    ThreadMetadata, UserMessageItem, WidgetItem,
};
use chatkit::widgets::Card;
use chatkit::{BoxError, ChatKitHandler, ChatKitServer, ProcessResult, Turn, TurnError};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service is lost")
    }
}

impl std::error::Error for Lost {}

/// Says a few words, or nothing, or fails on the way.
struct Narrator;

impl ChatKitHandler for Narrator {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let pieces = match &*message.unwrap().text() {
            "Tell" => vec![Ok("one "), Ok("two")],
            "Nothing" => vec![],
            _ => vec![Ok("half"), Err(Lost)],
        };
        turn.stream_message(stream::iter(pieces)).await
    }
}

/// What the client sees of an answer, and the texts of the answers that are stored.
async fn answer(text: &str) -> (Vec<String>, Vec<String>) {
    let store = DynStore::new(MemoryStore::new());
    let server = ChatKitServer::new(Narrator, store.clone());
    let input = json!({"content": [{"type": "input_text", "text": text}]});
    let request = json!({"type": "threads.create", "params": {"input": input}});
    let answer = server.process(request.to_string(), ()).await.unwrap();
    let ProcessResult::Streaming(mut chunks) = answer else {
        panic!("no stream");
    };
    let mut frames = String::new();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(bytes) => frames.push_str(std::str::from_utf8(&bytes).unwrap()),
            Err(_) => frames.push_str("data: {\"type\":\"error\"}\n\n"),
        }
    }
    let events: Vec<Value> = frames
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|json| serde_json::from_str(json).unwrap())
        .collect();
    let thread_id = events[0]["thread"]["id"].as_str().unwrap();
    let items = store
        .load_thread_items(thread_id, None, 10, Order::Asc, &())
        .await
        .unwrap();
    let stored = items.data.into_iter().filter_map(|item| match item {
        ThreadItem::AssistantMessage(item) => Some(item.content[0].text.clone()),
        _ => None,
    });
    let shown = events.iter().filter(|event| {
        event["item"]["type"] == "assistant_message"
            || event["type"] == "thread.item.updated"
            || event["type"] == "error"
    });
    (shown.map(brief).collect(), stored.collect())
}

fn brief(event: &Value) -> String {
    let (update, item) = (&event["update"], &event["item"]);
    let texts = [
        &event["type"],
        &update["type"],
        &update["delta"],
        &update["content"]["text"],
        &item["content"][0]["text"],
    ];
    let texts: Vec<_> = texts.into_iter().filter_map(Value::as_str).collect();
    texts.join(" | ")
}

#[tokio::test]
async fn a_message_comes_piece_by_piece_and_is_stored_at_the_end() {
    let (shown, stored) = answer("Tell").await;
    assert_eq!(
        shown,
        [
            "thread.item.added",
            "thread.item.updated | assistant_message.content_part.added | ",
            "thread.item.updated | assistant_message.content_part.text_delta | one ",
            "thread.item.updated | assistant_message.content_part.text_delta | two",
            "thread.item.updated | assistant_message.content_part.done | one two",
            "thread.item.done | one two",
        ]
    );
    assert_eq!(stored, ["one two"]);
}

#[tokio::test]
async fn a_message_without_pieces_is_none() {
    assert_eq!(answer("Nothing").await, (vec![], vec![]));
}

#[tokio::test]
async fn a_message_whose_stream_fails_is_shown_and_not_stored() {
    let (shown, stored) = answer("Fail").await;
    assert_eq!(
        shown,
        [
            "thread.item.added",
            "thread.item.updated | assistant_message.content_part.added | ",
            "thread.item.updated | assistant_message.content_part.text_delta | half",
            "error",
        ]
    );
    assert!(stored.is_empty());
}

#[test]
fn the_error_of_a_turn_knows_what_it_comes_from() {
    #[derive(Debug)]
    struct Around(Lost);
    impl fmt::Display for Around {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("around")
        }
    }
    impl std::error::Error for Around {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let error = TurnError::from(Around(Lost));
    assert!(error.find_source::<Around>().is_some());
    assert!(error.find_source::<Lost>().is_some());
    assert!(error.find_source::<fmt::Error>().is_none());
    assert!(TurnError::msg("lost").find_source::<Lost>().is_none());
}

#[test]
fn a_boxed_error_becomes_the_error_of_a_turn_as_it_is() {
    fn fails() -> Result<(), TurnError> {
        let boxed: Result<(), BoxError> = Err(Lost.into());
        boxed.map_err(TurnError::new)?;
        Ok(())
    }
    let error = fails().unwrap_err();
    assert!(error.as_error().is::<Lost>());
    assert_eq!(error.to_string(), "the service is lost");
    assert_eq!(TurnError::new("lost").to_string(), "lost");
}

/// The texts of a thread, oldest first; of a hidden note, that it is one.
async fn texts(store: &DynStore<()>, thread_id: &str) -> Vec<String> {
    let items = store
        .load_thread_items(thread_id, None, 10, Order::Asc, &())
        .await
        .unwrap();
    let text = |item| match item {
        ThreadItem::UserMessage(item) => item.text(),
        ThreadItem::AssistantMessage(item) => item.content[0].text.clone(),
        ThreadItem::SdkHiddenContext(_) => "(hidden)".to_owned(),
        other => other.type_name().to_owned(),
    };
    items.data.into_iter().map(text).collect()
}

#[tokio::test]
async fn of_a_cancelled_turn_the_text_and_a_hidden_note_are_saved() {
    let store = DynStore::new(MemoryStore::new());
    let thread = ThreadMetadata::new("t");
    store.save_thread(&thread, &()).await.unwrap();
    let turn = Turn::detached(thread, store.clone(), ());
    let message = |id: &str, text: &str| {
        AssistantMessageItem::new(id, "t", vec![AssistantMessageContent::new(text)])
    };
    turn.save_cancelled(vec![
        message("m1", "so far").into(),
        message("m2", " \n").into(),
        WidgetItem::new("w1", "t", Card::new()).into(),
        message("m3", "and this").into(),
    ])
    .await
    .unwrap();
    assert_eq!(texts(&store, "t").await, ["so far", "and this", "(hidden)"]);
}

/// Says half of what it has to say, and is cancelled.
#[derive(Clone, Default)]
struct Interrupted {
    cancelled: Arc<Mutex<Vec<usize>>>,
}

impl ChatKitHandler for Interrupted {
    type Context = ();

    async fn respond(&self, turn: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        let half = vec![AssistantMessageContent::new("half")];
        let item = AssistantMessageItem::new("m", turn.thread_id(), half);
        turn.send(ThreadItemAddedEvent::new(item)).await?;
        std::future::pending().await
    }

    async fn handle_stream_cancelled(
        &self,
        turn: &Turn<()>,
        pending_items: Vec<ThreadItem>,
    ) -> Result<(), TurnError> {
        self.cancelled.lock().unwrap().push(pending_items.len());
        Ok(turn.save_cancelled(pending_items).await?)
    }
}

#[tokio::test]
async fn a_handler_may_save_a_cancelled_turn_as_usual_and_do_more() {
    let store = DynStore::new(MemoryStore::new());
    let handler = Interrupted::default();
    let server = ChatKitServer::new(handler.clone(), store.clone());
    let input = json!({"content": [{"type": "input_text", "text": "Tell"}]});
    let request = json!({"type": "threads.create", "params": {"input": input}});
    let answer = server.process(request.to_string(), ()).await.unwrap();
    let ProcessResult::Streaming(mut chunks) = answer else {
        panic!("no stream");
    };
    let mut frames = String::new();
    while !frames.contains("thread.item.added") {
        let chunk = chunks.next().await.unwrap().unwrap();
        frames.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    drop(chunks);
    server.shutdown().await;
    assert_eq!(*handler.cancelled.lock().unwrap(), [1]);
    let threads = store.load_threads(1, None, Order::Asc, &()).await.unwrap();
    assert_eq!(
        texts(&store, &threads.data[0].id).await,
        ["Tell", "half", "(hidden)"]
    );
}

//! The quickstart as a process of its own, killed without warning.

use std::path::PathBuf;

use serde_json::json;
use tokio::process::Command;

use crate::support::{
    Quickstart, add, create, kinds, labels, streamed_text, text, thread_id, within,
};

/// A database file that is gone with the test.
struct Database(PathBuf);

impl Database {
    fn new(name: &str) -> Self {
        let name = format!("{name}-{}.db", std::process::id());
        Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.0.display())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let mut file = self.0.clone().into_os_string();
            file.push(suffix);
            let _ = std::fs::remove_file(file);
        }
    }
}

#[tokio::test]
async fn threads_outlive_a_killed_process() {
    let database = Database::new("killed");
    let quickstart = Quickstart::start(&database.url()).await;
    let events = quickstart
        .client
        .stream(&create("What is the weather in Oslo?"))
        .await;
    let labels = labels(&events);
    let shown: Vec<&str> = labels
        .iter()
        .map(String::as_str)
        .filter(|label| !label.contains("updated"))
        .collect();
    assert_eq!(
        shown,
        [
            "thread.created",
            "thread.item.done user_message",
            "stream_options",
            "thread.item.added workflow",
            "progress_update",
            "thread.item.done workflow",
            "thread.item.added assistant_message",
            "thread.item.done assistant_message",
        ]
    );
    assert_eq!(
        streamed_text(&events),
        "In **Oslo** the sky is clear, and it is 21 °C."
    );
    let id = thread_id(&events);
    let before = quickstart.client.thread(&id).await;
    quickstart.kill().await;

    let quickstart = Quickstart::start(&database.url()).await;
    assert_eq!(quickstart.client.thread(&id).await, before);
    let threads = quickstart
        .client
        .get(&json!({"type": "threads.list", "params": {}}))
        .await;
    assert_eq!(threads["data"][0]["id"], id.as_str());

    // The conversation goes on.
    let events = quickstart.client.stream(&add(&id, "Thank you")).await;
    assert!(streamed_text(&events).starts_with("You said: Thank you"));
    let items = quickstart.client.items(&id).await;
    assert_eq!(
        kinds(&items),
        [
            "user_message",
            "workflow",
            "assistant_message",
            "user_message",
            "assistant_message"
        ]
    );
}

#[tokio::test]
async fn a_process_killed_in_mid_answer_keeps_the_message() {
    let database = Database::new("mid-answer");
    let quickstart = Quickstart::start(&database.url()).await;
    let mut answer = quickstart.client.open(&create("Tell me a story")).await;
    let events = answer
        .until(|event| event["update"]["delta"].is_string())
        .await;
    let id = thread_id(&events);
    quickstart.kill().await;
    drop(answer);

    let quickstart = Quickstart::start(&database.url()).await;
    let items = quickstart.client.items(&id).await;
    assert_eq!(kinds(&items), ["user_message"]);
    assert_eq!(text(&items[0]), "Tell me a story");

    // The client offers to try again; that works.
    let retry = json!({"thread_id": id, "item_id": items[0]["id"]});
    let events = quickstart
        .client
        .stream(&json!({"type": "threads.retry_after_item", "params": retry}))
        .await;
    assert!(streamed_text(&events).starts_with("You said: Tell me a story"));
    assert_eq!(
        kinds(&quickstart.client.items(&id).await),
        ["user_message", "assistant_message"]
    );
}

/// Ctrl-C with an open stream: it ends in order, and the process does not hang on it.
#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_process_saves_what_it_has_said() {
    let database = Database::new("interrupted");
    let mut quickstart = Quickstart::start(&database.url()).await;
    let mut answer = quickstart.client.open(&create("Tell me a story")).await;
    let events = answer
        .until(|event| event["update"]["delta"].is_string())
        .await;
    let id = thread_id(&events);
    let pid = quickstart.process.id().unwrap().to_string();
    let sent = Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .await
        .unwrap();
    assert!(sent.success());
    answer.events().await;
    assert!(within(quickstart.process.wait()).await.unwrap().success());

    let quickstart = Quickstart::start(&database.url()).await;
    let items = quickstart.client.items(&id).await;
    assert_eq!(kinds(&items), ["user_message", "assistant_message"]);
    assert!(text(&items[1]).starts_with("You"), "{items:?}");
}

//! The quickstart as a process of its own, killed without warning.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::support::{Client, add, create, kinds, labels, streamed_text, text, thread_id, within};

/// A database file that is gone with the test.
struct Database(PathBuf);

impl Database {
    fn new(name: &str) -> Self {
        let name = format!("{name}-{}.db", std::process::id());
        Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name))
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

/// The running quickstart. Killed when dropped.
struct Quickstart {
    process: Child,
    client: Client,
    /// Held, so that the process can go on logging.
    _log: Lines<BufReader<ChildStdout>>,
}

impl Quickstart {
    async fn start(database: &Database) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_quickstart-process"))
            .env_clear()
            .env("DATABASE_URL", format!("sqlite:{}", database.0.display()))
            .env("PORT", "0")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = within(async {
            loop {
                let line = log
                    .next_line()
                    .await
                    .unwrap()
                    .expect("the quickstart ended");
                if let Some((_, rest)) = line.split_once("listening on http://") {
                    return rest.split('/').next().unwrap().parse().unwrap();
                }
            }
        });
        Self {
            client: Client::new(address.await),
            process,
            _log: log,
        }
    }

    /// Kills it: no handler of a signal runs, and nothing is written in a hurry.
    async fn kill(mut self) {
        within(self.process.kill()).await.unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::process::ExitStatusExt;
            let status = within(self.process.wait()).await.unwrap();
            assert_eq!(
                status.signal(),
                Some(9),
                "it lived until it was killed: {status}"
            );
        }
    }
}

#[tokio::test]
async fn threads_outlive_a_killed_process() {
    let database = Database::new("killed");
    let quickstart = Quickstart::start(&database).await;
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

    let quickstart = Quickstart::start(&database).await;
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
    let quickstart = Quickstart::start(&database).await;
    let mut answer = quickstart.client.open(&create("Tell me a story")).await;
    let events = answer
        .until(|event| event["update"]["delta"].is_string())
        .await;
    let id = thread_id(&events);
    quickstart.kill().await;
    drop(answer);

    let quickstart = Quickstart::start(&database).await;
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
    let mut quickstart = Quickstart::start(&database).await;
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

    let quickstart = Quickstart::start(&database).await;
    let items = quickstart.client.items(&id).await;
    assert_eq!(kinds(&items), ["user_message", "assistant_message"]);
    assert!(text(&items[1]).starts_with("You"), "{items:?}");
}

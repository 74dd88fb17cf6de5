//! The quickstart as a process of its own, killed without warning.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::json;
use tokio::net::TcpSocket;
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

/// Starts it with variables of the environment with which it must not start, and gives what it says.
async fn refuses(variables: &[(&str, &str)]) -> String {
    let process = Command::new(env!("CARGO_BIN_EXE_quickstart-process"))
        .env_clear()
        .envs([("DATABASE_URL", "memory"), ("PORT", "0")])
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = within(process).await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{variables:?}");
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(!log.contains("listening"), "{log}");
    String::from_utf8(output.stderr).unwrap()
}

/// Each says what is wrong, in one line, and what to do; and no password.
#[tokio::test]
async fn a_wrong_configuration_ends_the_start() {
    let file = Database::new("not-a-folder");
    std::fs::write(&file.0, "").unwrap();
    let below_a_file = format!("{}/chat.db", file.url());
    let nowhere = format!("{}/missing/chat.db", Database::new("no-folder").url());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = listener.local_addr().unwrap().port().to_string();
    // Bound and not listening: nothing answers there, and nothing else takes it.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let closed_at = closed.local_addr().unwrap();
    let unreachable = format!("postgres://ann:tr0ut@{closed_at}/chat");

    let cases: [(&str, &str, &[&str]); 10] = [
        (
            "DATABASE_URL",
            &unreachable,
            &[
                "no connection to PostgreSQL at 127.0.0.1:",
                "check that it runs",
            ],
        ),
        (
            "DATABASE_URL",
            "postgres://ann:tr@0ut:x/chat",
            &["URL of the PostgreSQL database is not valid", "%40"],
        ),
        (
            "DATABASE_URL",
            &nowhere,
            &[
                "cannot open the SQLite database",
                "does not exist; create it",
            ],
        ),
        (
            "DATABASE_URL",
            &below_a_file,
            &[
                "cannot open the SQLite database",
                "check that this process may",
            ],
        ),
        (
            "DATABASE_URL",
            "mysql://ann:tr0ut@localhost/chat",
            &["`sqlite:` or `postgres:`"],
        ),
        (
            "CORS_ORIGIN",
            "https://app.example.com/",
            &["https://app.example.com/", "an origin has no path"],
        ),
        (
            "CORS_ORIGIN",
            "app.example.com",
            &["app.example.com", "a scheme and a host"],
        ),
        (
            "PORT",
            &taken,
            &[
                "cannot listen on 127.0.0.1:",
                &taken,
                "set PORT to another port",
            ],
        ),
        ("PORT", "80000", &["PORT must be a number"]),
        (
            "RUST_LOG",
            "chatkit=loud",
            &["RUST_LOG is not a list of levels"],
        ),
    ];
    for (name, value, expected) in cases {
        let says = refuses(&[(name, value)]).await;
        assert_eq!(says.lines().count(), 1, "{says}");
        for expected in expected {
            assert!(says.contains(expected), "{name}={value}: {says}");
        }
        assert!(!says.contains("0ut"), "{says}");
    }
}

/// A folder that this process may not write to. An administrator may write anywhere, so it is a file system without files.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_that_cannot_be_written_to_ends_the_start() {
    let says = refuses(&[("DATABASE_URL", "sqlite:/proc/chat.db")]).await;
    assert!(
        says.contains("cannot open the SQLite database /proc/chat.db"),
        "{says}"
    );
    assert!(says.contains("create files beside it"), "{says}");
}

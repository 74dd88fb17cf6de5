//! An example as a process of its own.

use std::ops::Deref;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::client::Client;
use super::within;

/// A running example, and a client of it. Killed when dropped.
pub(crate) struct Example {
    client: Client,
    /// `http://` and its address.
    pub(crate) url: String,
    _process: Child,
    log: Lines<BufReader<ChildStdout>>,
}

impl Example {
    /// Starts a program, waits until it listens, and looks at its page.
    pub(crate) async fn start(program: &str) -> Self {
        Self::start_with(program, &[]).await
    }

    /// [`start`](Self::start) with further environment variables. None is inherited.
    pub(crate) async fn start_with(program: &str, variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(program)
            .env_clear()
            .env("PORT", "0")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut example = Self {
            client: Client::new(([127, 0, 0, 1], 0).into()),
            url: String::new(),
            _process: process,
            log,
        };
        let line = example.logs("listening on http://").await;
        let (_, rest) = line.split_once("http://").unwrap();
        let address = rest.split('/').next().unwrap();
        example.url = format!("http://{address}");
        example.client = Client::new(address.parse().unwrap());
        let page = example.request("GET", "/", &[], b"").await;
        assert_eq!(page.status, 200, "each example has a page to try it in");
        example
    }

    /// Waits for a line of the log that has `text` in it.
    pub(crate) async fn logs(&mut self, text: &str) -> String {
        within(async {
            loop {
                let line = self.log.next_line().await.unwrap();
                let line = line.expect("the process has ended");
                if line.contains(text) {
                    return line;
                }
            }
        })
        .await
    }
}

impl Deref for Example {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

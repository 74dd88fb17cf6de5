//! The quickstart as a process of its own.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::{Client, within};

/// The running quickstart. Killed when dropped.
pub(crate) struct Quickstart {
    pub(crate) process: Child,
    pub(crate) client: Client,
    /// Held, so that the process can go on logging.
    _log: Lines<BufReader<ChildStdout>>,
}

impl Quickstart {
    /// Starts it on a database, and waits until it listens.
    pub(crate) async fn start(database: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_quickstart-process"))
            .env_clear()
            .env("DATABASE_URL", database)
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
    pub(crate) async fn kill(mut self) {
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

//! The one task that owns the connection to a server.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use rmcp::service::{Peer, RoleClient};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::connection::Connection;
use super::error::{McpError, McpErrorKind};
use super::transport::McpTransport;

/// The longest pause between two attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How a server is reached, and how long that may take.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) name: String,
    pub(super) transport: McpTransport,
    pub(super) connect_timeout: Duration,
    pub(super) list_timeout: Duration,
    pub(super) call_timeout: Duration,
    pub(super) connect_retries: u32,
    pub(super) connect_backoff: Duration,
}

pub(super) type Connected = oneshot::Sender<Result<Peer<RoleClient>, McpError>>;

/// What the owner is asked for.
pub(super) enum Command {
    /// The connection; it is made if there is none.
    Connect(Connected),
    /// The end of the connection. The next `Connect` makes another.
    Close(oneshot::Sender<()>),
}

/// Owns the connection until nobody can ask for it any more, then closes it.
pub(super) async fn own(
    config: Arc<Config>,
    generation: Arc<AtomicU64>,
    mut commands: mpsc::Receiver<Command>,
) {
    let mut connection: Option<Connection> = None;
    loop {
        let lost = async {
            match &mut connection {
                Some(connection) => connection.lost().await,
                None => std::future::pending().await,
            }
        };
        let command = tokio::select! {
            command = commands.recv() => command,
            () = lost => {
                tracing::warn!(server = %config.name, "the connection to an MCP server is lost");
                discard(&mut connection).await;
                continue;
            }
        };
        match command {
            None => break,
            Some(Command::Connect(reply)) => {
                if let Some(connection) = connection.as_ref().filter(|known| known.is_open()) {
                    // It fails when the caller has gone.
                    let _ = reply.send(Ok(connection.peer.clone()));
                    continue;
                }
                discard(&mut connection).await;
                connection = connect_for(reply, &config, &generation, &mut commands).await;
            }
            Some(Command::Close(done)) => {
                if let Some(connection) = connection.take() {
                    connection.close().await;
                }
                let _ = done.send(());
            }
        }
    }
    if let Some(connection) = connection {
        connection.close().await;
    }
}

async fn discard(connection: &mut Option<Connection>) {
    if let Some(connection) = connection.take() {
        connection.discard().await;
    }
}

/// Connects for all who ask meanwhile. Gives up when nobody can ask any more.
async fn connect_for(
    reply: Connected,
    config: &Config,
    generation: &Arc<AtomicU64>,
    commands: &mut mpsc::Receiver<Command>,
) -> Option<Connection> {
    let mut waiting = vec![reply];
    let mut connecting = Box::pin(connect(config, generation));
    let result = loop {
        let command = tokio::select! {
            result = &mut connecting => break result,
            command = commands.recv() => command,
        };
        match command {
            None => return None,
            Some(Command::Connect(reply)) => waiting.push(reply),
            Some(Command::Close(done)) => {
                drop(connecting);
                let message = format!("the MCP server {} was closed", config.name);
                let error = McpError::new(McpErrorKind::Connect, message);
                answer(waiting, &Err(error));
                let _ = done.send(());
                return None;
            }
        }
    };
    answer(
        waiting,
        &result
            .as_ref()
            .map(|known| known.peer.clone())
            .map_err(McpError::clone),
    );
    result.ok()
}

fn answer(waiting: Vec<Connected>, result: &Result<Peer<RoleClient>, McpError>) {
    for reply in waiting {
        let _ = reply.send(result.clone());
    }
}

/// Connects, and tries again as often as the configuration says.
async fn connect(config: &Config, generation: &Arc<AtomicU64>) -> Result<Connection, McpError> {
    let mut retries = 0;
    loop {
        let opening = Connection::open(&config.transport, &config.name, generation);
        let error = match timeout(config.connect_timeout, opening).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => error,
            Err(_) => {
                let message = format!(
                    "the MCP server {} was not ready after {} seconds",
                    config.name,
                    config.connect_timeout.as_secs_f64()
                );
                McpError::new(McpErrorKind::Connect, message)
            }
        };
        if error.kind() == McpErrorKind::Config || retries >= config.connect_retries {
            return Err(error);
        }
        let factor = 2_u32.saturating_pow(retries);
        let pause = config
            .connect_backoff
            .saturating_mul(factor)
            .min(LONGEST_PAUSE);
        retries += 1;
        tracing::debug!(
            error = format!("{error:#}"),
            retries,
            ?pause,
            "connecting failed; trying again"
        );
        tokio::time::sleep(pause).await;
    }
}

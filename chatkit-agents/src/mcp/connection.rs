//! One connection to a server: its process, if it has one, and the session.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use rmcp::ClientCacheConfig;
use rmcp::model::{
    ClientCapabilities, ClientConfig, Implementation, JsonRpcMessage, JsonRpcNotification,
    ServerNotification,
};
use rmcp::service::{
    ClientInitializeError, Peer, RoleClient, RunningService, RunningServiceCancellationToken,
    RxJsonRpcMessage, TxJsonRpcMessage, serve_client,
};
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, Transport};
use tokio::process::Child;
use tokio::time::timeout;

use super::error::McpError;
use super::transport::{McpTransport, Resolved};

/// How long the end of a session may take: a server over HTTP is told that the session is over.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a process may live on once its standard input is closed.
const LAST_BREATH: Duration = Duration::from_secs(2);
/// How long the exit status of a process that has closed its standard output is waited for.
const EXIT_STATUS: Duration = Duration::from_millis(250);

/// What a transport tells the rest the moment it is read, before any answer that follows.
#[derive(Clone)]
struct Watch {
    /// Rises whenever a list of tools that is known may be outdated.
    generation: Arc<AtomicU64>,
    open: Arc<AtomicBool>,
}

/// A connection. Dropping it ends the session and kills the process.
pub(super) struct Connection {
    pub(super) peer: Peer<RoleClient>,
    open: Arc<AtomicBool>,
    stop: RunningServiceCancellationToken,
    /// The session, which ends when the connection does. Dropping it ends the session.
    session: BoxFuture<'static, ()>,
    process: Option<Child>,
}

impl Connection {
    /// Connects, and waits until the server is ready. `generation` rises whenever a list of tools that is known may be
    /// outdated.
    ///
    /// Dropping the future ends what has begun.
    pub(super) async fn open(
        transport: &McpTransport,
        server: &str,
        generation: &Arc<AtomicU64>,
    ) -> Result<Self, McpError> {
        let watch = Watch {
            generation: Arc::clone(generation),
            open: Arc::new(AtomicBool::new(true)),
        };
        let open = Arc::clone(&watch.open);
        let (service, process) = match transport {
            McpTransport::Stdio(process) => {
                let mut process = process.spawn(server)?;
                match shake_hands(&mut process, watch).await {
                    Ok(service) => (service, Some(process)),
                    Err(error) => {
                        let closed = matches!(
                            error,
                            ClientInitializeError::ConnectionClosed(_)
                                | ClientInitializeError::TransportError { .. }
                        );
                        let ended = match closed {
                            true => timeout(EXIT_STATUS, process.wait()).await.ok(),
                            false => None,
                        };
                        let ended = ended.and_then(Result::ok);
                        return Err(McpError::handshake(server, error, ended));
                    }
                }
            }
            McpTransport::StreamableHttp(address) => {
                let Resolved {
                    client,
                    url,
                    headers,
                } = address.resolve(server)?;
                let config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
                    .custom_headers(headers);
                let inner = StreamableHttpClientTransport::with_client(client, config);
                let service = serve_client(client_config(), Watched { inner, watch })
                    .await
                    .map_err(|error| McpError::handshake(server, error, None))?;
                (service, None)
            }
        };
        // Lists are kept here, where they can be dropped at will.
        let peer = service.peer().clone();
        peer.set_response_cache_config(ClientCacheConfig::disabled())
            .await;
        Ok(Self {
            peer,
            open,
            stop: service.cancellation_token(),
            session: Box::pin(async move {
                if let Err(error) = service.waiting().await {
                    tracing::warn!(%error, "a session with an MCP server broke");
                }
            }),
            process,
        })
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire) && !self.peer.is_transport_closed()
    }

    /// Waits until the connection is lost. It must be [dropped](Self::discard) then.
    pub(super) async fn lost(&mut self) {
        (&mut self.session).await;
    }

    /// Ends the session as the protocol wants it: a process sees the end of its input, and is killed if it goes on.
    pub(super) async fn close(self) {
        self.stop.cancel();
        let _ = timeout(FAREWELL, self.session).await;
        if let Some(mut process) = self.process
            && timeout(LAST_BREATH, process.wait()).await.is_err()
        {
            kill(process).await;
        }
    }

    /// Gives up a connection that is lost.
    pub(super) async fn discard(self) {
        if let Some(process) = self.process {
            kill(process).await;
        }
    }
}

async fn kill(mut process: Child) {
    // It fails when the process is gone already.
    if let Err(error) = process.kill().await {
        tracing::debug!(%error, "the process of an MCP server could not be killed");
    }
}

async fn shake_hands(
    process: &mut Child,
    watch: Watch,
) -> Result<RunningService<RoleClient, ClientConfig>, ClientInitializeError> {
    let (Some(stdout), Some(stdin)) = (process.stdout.take(), process.stdin.take()) else {
        // Both were asked for when the process was started.
        let message = "the process has no standard streams".to_owned();
        return Err(ClientInitializeError::ConnectionClosed(message));
    };
    let inner = AsyncRwTransport::new_client(stdout, stdin);
    serve_client(client_config(), Watched { inner, watch }).await
}

/// What the server is told of this client. It offers nothing: neither samples nor questions to the user.
fn client_config() -> ClientConfig {
    let name = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    ClientConfig::new(ClientCapabilities::default(), name)
}

/// A transport that is watched.
///
/// Handlers of notifications run in tasks of their own, so an answer can overtake a notification that came before it. What
/// is seen here is seen in order.
struct Watched<T> {
    inner: T,
    watch: Watch,
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Watched<T> {
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        let message = self.inner.receive().await;
        match &message {
            Some(JsonRpcMessage::Notification(JsonRpcNotification {
                notification: ServerNotification::ToolListChangedNotification(_),
                ..
            })) => {
                self.watch.generation.fetch_add(1, Ordering::AcqRel);
            }
            Some(_) => {}
            None => {
                self.watch.open.store(false, Ordering::Release);
                self.watch.generation.fetch_add(1, Ordering::AcqRel);
            }
        }
        message
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        self.inner.close()
    }
}

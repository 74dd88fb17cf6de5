//! Why an MCP server could not be used.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use chatkit::{BoxError, write_error};
use rmcp::ServiceError;
use rmcp::model::ErrorData;
use rmcp::service::ClientInitializeError;
use rmcp::transport::DynamicTransportError;
use rmcp::transport::streamable_http_client::StreamableHttpError;

/// Why an MCP server could not be used.
///
/// `Display` names the server and holds nothing that it or a user wrote; `{:#}` adds the causes, without the address.
#[derive(Clone)]
pub struct McpError {
    kind: McpErrorKind,
    message: Cow<'static, str>,
    refusal: Option<Arc<ErrorData>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The kinds of [`McpError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum McpErrorKind {
    /// The command, the address or a header cannot be used. Trying again does not help.
    Config,
    /// The server cannot be reached, or did not get ready in time.
    Connect,
    /// The server did not answer a request in time. It has been told that nobody waits any more.
    Timeout,
    /// The connection ended before the server answered. The request may have had an effect.
    Disconnected,
    /// The server answered with an error, see [`McpError::refusal`].
    Refused,
    /// The server's answer cannot be used.
    Protocol,
}

impl McpError {
    pub(super) fn new(kind: McpErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            refusal: None,
            source: None,
        }
    }

    pub(super) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into().into());
        self
    }

    /// A request that failed: `what` is its method.
    pub(super) fn request(server: &str, what: &str, error: ServiceError) -> Self {
        let of = |kind, problem: &str| {
            let message = format!("the MCP server {server} {problem} `{what}`");
            Self::new(kind, message)
        };
        match error {
            ServiceError::McpError(data) => {
                let mut error = of(McpErrorKind::Refused, "refused");
                error.message = format!("{} (code {})", error.message, data.code.0).into();
                error.refusal = Some(Arc::new(data));
                error
            }
            ServiceError::TransportSend(error) => {
                of(McpErrorKind::Disconnected, "could not be asked").caused_by(transport(error))
            }
            ServiceError::TransportClosed | ServiceError::Cancelled { .. } => of(
                McpErrorKind::Disconnected,
                "was lost before it had answered",
            ),
            ServiceError::UnexpectedResponse => of(
                McpErrorKind::Protocol,
                "answered with something that this client cannot use to",
            ),
            other => of(McpErrorKind::Protocol, "failed at").caused_by(other),
        }
    }

    /// The handshake failed. `ended` is how the server's process ended, if it did.
    pub(super) fn handshake(
        server: &str,
        error: ClientInitializeError,
        ended: Option<std::process::ExitStatus>,
    ) -> Self {
        let connect = |problem: &str| {
            let message = format!("the MCP server {server} {problem}");
            Self::new(McpErrorKind::Connect, message)
        };
        if let Some(status) = ended {
            return connect(&format!("ended before it was ready ({status})"));
        }
        match error {
            ClientInitializeError::TransportError { error, .. } => {
                connect("cannot be reached").caused_by(transport(error))
            }
            ClientInitializeError::ConnectionClosed(_) => {
                connect("closed the connection before it was ready")
            }
            ClientInitializeError::JsonRpcError(data) => {
                let problem = format!("refused the handshake (code {})", data.code.0);
                Self {
                    refusal: Some(Arc::new(data)),
                    ..connect(&problem)
                }
            }
            // What was received instead is left out: it could be anything.
            _ => connect("did not answer the handshake as the protocol says"),
        }
    }

    /// The kind of failure.
    pub fn kind(&self) -> McpErrorKind {
        self.kind
    }

    /// The error that the server answered with. Its text is the server's, so it belongs to the model and not to a log.
    pub fn refusal(&self) -> Option<&ErrorData> {
        self.refusal.as_deref()
    }
}

/// The cause of a transport's failure, without the address, which may hold a key, and without what the server wrote.
fn transport(error: DynamicTransportError) -> BoxError {
    match error
        .error
        .downcast::<StreamableHttpError<reqwest::Error>>()
    {
        Ok(error) => match *error {
            StreamableHttpError::Client(error) => error.without_url().into(),
            // "HTTP 400 Bad Request: the whole body".
            StreamableHttpError::UnexpectedServerResponse(text) if text.starts_with("HTTP ") => {
                text.split(':').next().unwrap_or_default().into()
            }
            StreamableHttpError::UnexpectedServerResponse(_) => {
                "the answer is not of the protocol".into()
            }
            StreamableHttpError::AuthRequired(_) => "HTTP 401, authorization is required".into(),
            StreamableHttpError::InsufficientScope(_) => "HTTP 403, the scope is too small".into(),
            other => other.into(),
        },
        Err(other) => other,
    }
}

impl fmt::Display for McpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_error(f, &self.message, self.source())
    }
}

/// Without the server's own text.
impl fmt::Debug for McpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl StdError for McpError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

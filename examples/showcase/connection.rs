//! A connection that a handler can break. Nothing but a showcase of trouble needs one.

use std::fmt;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::Extensions;
use axum::middleware::Next;
use axum::response::Response;
use futures::{FutureExt, Stream, StreamExt};
use tokio::sync::Notify;

/// The connection that a request came in on: the context of this server's requests.
#[derive(Clone, Default)]
pub(crate) struct Connection {
    broken: Arc<Notify>,
}

impl Connection {
    /// The connection that [`breakable`] has put into a request.
    pub(crate) fn of_request(extensions: &mut Extensions) -> Self {
        extensions.remove().unwrap_or_default()
    }

    /// Breaks the connection once all that was sent is on its way.
    pub(crate) fn hang_up(&self) {
        self.broken.notify_one();
    }

    /// The body of a response, with an error in the place where the connection breaks. The HTTP server then closes it
    /// without the end of the body.
    fn body(self, body: Body) -> impl Stream<Item = Result<Bytes, BrokenBody>> {
        async_stream::stream! {
            let mut pieces = body.into_data_stream();
            loop {
                tokio::select! {
                    biased;
                    piece = pieces.next() => match piece {
                        Some(piece) => yield piece.map_err(BrokenBody::Failed),
                        None => return,
                    },
                    () = self.broken.notified() => break,
                }
            }
            while let Some(Some(Ok(piece))) = pieces.next().now_or_never() {
                yield Ok(piece);
            }
            // Meanwhile the server writes out what it has.
            tokio::task::yield_now().await;
            yield Err(BrokenBody::HungUp);
        }
    }
}

/// Middleware that makes the connections of requests breakable.
pub(crate) async fn breakable(mut request: Request, next: Next) -> Response {
    let connection = Connection::default();
    request.extensions_mut().insert(connection.clone());
    let response = next.run(request).await;
    response.map(|body| Body::from_stream(connection.body(body)))
}

/// Why a body has ended early.
#[derive(Debug)]
enum BrokenBody {
    HungUp,
    Failed(axum::Error),
}

impl fmt::Display for BrokenBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HungUp => f.write_str("the handler hung up"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BrokenBody {}

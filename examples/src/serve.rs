//! The log, the listener and the orderly end of an example's process.

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::future::Future;
use std::io::{self, IsTerminal};
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::page::Page;
use axum::Router;
use axum::http::request::Parts;
use axum::serve::ListenerExt;
use chatkit::{ChatKitHandler, ChatKitServer};
use tokio::net::TcpListener;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// Runs a server that has no sign-in, and a page to try it in at `/`: on `PORT`, until Ctrl-C or SIGTERM.
///
/// # Errors
///
/// Those of [`listen`] and [`serve`].
pub async fn run<H: ChatKitHandler<Context = ()>>(
    server: ChatKitServer<H>,
    page: Page,
) -> Result<(), Box<dyn Error>> {
    let app = chatkit::axum::router(server.clone(), anyone).merge(page.router());
    Ok(serve(listen().await?, app, server).await?)
}

/// The context of a request where everyone is the same.
///
/// # Errors
///
/// Never.
pub async fn anyone(_: Parts) -> Result<(), Infallible> {
    Ok(())
}

/// Writes the log to stdout, as much of it as `RUST_LOG` says; by default `info`.
///
/// # Errors
///
/// When `RUST_LOG` is not a list of targets and levels.
pub fn start_log() -> Result<(), Box<dyn Error>> {
    let filter: Targets = env::var("RUST_LOG").as_deref().unwrap_or("info").parse()?;
    let log = tracing_subscriber::fmt::layer().with_ansi(io::stdout().is_terminal());
    tracing_subscriber::registry().with(log).with(filter).init();
    Ok(())
}

/// Listens on 127.0.0.1, on the port that `PORT` names; by default 8000, and with 0 on any free one.
///
/// # Errors
///
/// When `PORT` is not a port, or is taken.
pub async fn listen() -> Result<TcpListener, Box<dyn Error>> {
    let port: u16 = env::var("PORT").as_deref().unwrap_or("8000").parse()?;
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?)
}

/// Serves `app` until Ctrl-C or SIGTERM. Then the open streams of `server` are ended and saved: an HTTP server waits for
/// its responses.
///
/// # Errors
///
/// When the listener has no address.
pub async fn serve<H: ChatKitHandler>(
    listener: TcpListener,
    app: Router,
    server: ChatKitServer<H>,
) -> io::Result<()> {
    tracing::info!("listening on http://{}/", listener.local_addr()?);
    // A delta is a small write; it must not wait for the next one.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, app.into_make_service())
        .with_graceful_shutdown(async move {
            interrupted().await;
            if let Err(error) = server.shutdown_within(Duration::from_secs(10)).await {
                tracing::warn!("{error}");
            }
        })
        .await
}

#[cfg(unix)]
fn interrupted() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    async {
        let interrupt = tokio::signal::ctrl_c();
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            },
            Err(_) => drop(interrupt.await),
        }
    }
}

#[cfg(not(unix))]
async fn interrupted() {
    drop(tokio::signal::ctrl_c().await);
}

//! The scripted endpoint.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::http::{self, HttpRequest, Reader};
use super::render;
use super::script::{Reply, Script, Stop};
use crate::model::{ResponsesClient, ResponsesClientBuilder};

/// An endpoint on the loopback interface that speaks the Responses API by script.
///
/// Requests take the scripts in the order they were pushed. When none is left, the handler makes
/// one ([`start_with`](Self::start_with)); without a handler the answer is a status 500 that asks
/// not to be retried. Requests are numbered from 1, in the order they arrived.
///
/// Dropping the server closes its port and all its connections.
pub struct ScriptedResponses {
    address: SocketAddr,
    client: ResponsesClient,
    shared: Arc<Shared>,
    /// Accepts connections and owns their tasks, so that aborting it stops everything.
    task: JoinHandle<()>,
}

type Handler = Box<dyn Fn(&RecordedRequest) -> Script + Send + Sync>;

struct Shared {
    state: Mutex<State>,
    /// Counts changes of the state, for those who wait for one.
    changes: watch::Sender<u64>,
    /// One permit for each script that may go on.
    releases: Semaphore,
    handler: Option<Handler>,
    /// What answers at other paths, by the path's beginning.
    routes: Mutex<Vec<(String, Arc<Handler>)>>,
    /// Part of every id, so that ids of another run do not come again in a thread that outlives this one.
    tag: u32,
}

#[derive(Default)]
struct State {
    scripts: VecDeque<Script>,
    requests: Vec<RecordedRequest>,
}

/// A request the endpoint received, and what became of its answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// From 1, in the order of arrival.
    pub number: usize,
    /// The connection it came on, from 1 in the order of accepting.
    pub connection: usize,
    /// The method, e.g. `POST`.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; null if it is not JSON.
    pub body: Value,
    /// Events handed to the operating system so far.
    pub events_written: usize,
    /// Whether the exchange is over: the answer is complete, was cut, or nobody reads it.
    pub over: bool,
    /// Whether the client closed the connection before the answer was complete.
    pub closed_early: bool,
}

impl RecordedRequest {
    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        Some(value)
    }
}

impl ScriptedResponses {
    /// Starts an endpoint without a handler, on a free port.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start() -> io::Result<Self> {
        Self::bind(None).await
    }

    /// Starts an endpoint that asks `handler` for a script when none is queued. The handler sees
    /// the request, so it can, for instance, call a tool first and answer once the tool's output is
    /// in the input.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start_with(
        handler: impl Fn(&RecordedRequest) -> Script + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::bind(Some(Box::new(handler))).await
    }

    async fn bind(handler: Option<Handler>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let client = builder(address).build().map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changes: watch::Sender::new(0),
            releases: Semaphore::new(0),
            handler,
            routes: Mutex::default(),
            tag: RandomState::new().hash_one(address) as u32,
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            client,
            shared,
            task,
        })
    }

    /// Queues the answer to a request.
    pub fn push(&self, script: Script) {
        self.shared.state().scripts.push_back(script);
    }

    /// Answers the requests at another part of the API: those whose path, after [`base_url`](Self::base_url), is
    /// `path` or begins with it and a slash. The longest path counts, and of equal ones the latest.
    ///
    /// ```
    /// # use chatkit_agents::testing::{Script, ScriptedResponses};
    /// # use serde_json::json;
    /// # async fn start() -> std::io::Result<()> {
    /// let server = ScriptedResponses::start().await?;
    /// server.respond_at("/conversations", |request| match request.method.as_str() {
    ///     "POST" => Script::json(&json!({"id": "conv_1", "object": "conversation"})),
    ///     _ => Script::status(404),
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn respond_at(
        &self,
        path: impl Into<String>,
        respond: impl Fn(&RecordedRequest) -> Script + Send + Sync + 'static,
    ) {
        let respond: Handler = Box::new(respond);
        self.shared.routes().push((path.into(), Arc::new(respond)));
    }

    /// Lets one script go on that paused, or will pause, at
    /// [`Script::hold_after`].
    pub fn release(&self) {
        self.shared.releases.add_permits(1);
    }

    /// The address for clients: `http://127.0.0.1:<port>/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        base_url(self.address)
    }

    /// A client of this endpoint, with a key that means nothing. All clients share connections.
    #[must_use]
    pub fn client(&self) -> ResponsesClient {
        self.client.clone()
    }

    /// The configuration of [`client`](Self::client), to change it.
    pub fn client_builder(&self) -> ResponsesClientBuilder {
        builder(self.address)
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.state().requests.clone()
    }

    /// Waits until request `number` (from 1) has arrived.
    pub async fn wait_for_request(&self, number: usize) -> RecordedRequest {
        self.wait_until(number, |_| true).await
    }

    /// Waits until at least `events` events of the answer to request `number` (from 1) are written.
    pub async fn wait_for_events(&self, number: usize, events: usize) -> RecordedRequest {
        self.wait_until(number, |request| request.events_written >= events)
            .await
    }

    /// Waits until the exchange of request `number` (from 1) is over, and says how it ended: look
    /// at [`RecordedRequest::closed_early`].
    pub async fn wait_closed(&self, number: usize) -> RecordedRequest {
        self.wait_until(number, |request| request.over).await
    }

    async fn wait_until(
        &self,
        number: usize,
        ready: impl Fn(&RecordedRequest) -> bool,
    ) -> RecordedRequest {
        let mut changes = self.shared.changes.subscribe();
        loop {
            let found = {
                let state = self.shared.state();
                let request = state.requests.get(number.saturating_sub(1));
                request.filter(|request| ready(request)).cloned()
            };
            if let Some(request) = found {
                return request;
            }
            // The sender lives as long as `self`.
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Drop for ScriptedResponses {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for ScriptedResponses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedResponses")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn routes(&self) -> MutexGuard<'_, Vec<(String, Arc<Handler>)>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What answers at a path that is not the Responses API's own.
    fn route(&self, path: &str) -> Option<Arc<Handler>> {
        let path = path.strip_prefix("/v1")?;
        let routes = self.routes();
        let found = routes.iter().filter(|(prefix, _)| {
            let rest = path.strip_prefix(prefix.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let (_, handler) = found.max_by_key(|(prefix, _)| prefix.len())?;
        Some(Arc::clone(handler))
    }

    fn record(&self, connection: usize, request: &HttpRequest) -> RecordedRequest {
        let mut state = self.state();
        let recorded = RecordedRequest {
            number: state.requests.len() + 1,
            connection,
            method: request.method.clone(),
            target: request.target.clone(),
            headers: request.headers.clone(),
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
            events_written: 0,
            over: false,
            closed_early: false,
        };
        state.requests.push(recorded.clone());
        drop(state);
        self.changed();
        recorded
    }

    fn update(&self, number: usize, change: impl FnOnce(&mut RecordedRequest)) {
        if let Some(request) = self.state().requests.get_mut(number.saturating_sub(1)) {
            change(request);
        }
        self.changed();
    }

    fn changed(&self) {
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    fn script(&self, request: &RecordedRequest) -> Script {
        let path = request.target.split('?').next().unwrap_or_default();
        if let Some(handler) = self.route(path) {
            return handler(request);
        }
        if request.method != "POST" || path != "/v1/responses" {
            return Script::status(404);
        }
        let queued = self.state().scripts.pop_front();
        queued.unwrap_or_else(|| match &self.handler {
            Some(handler) => handler(request),
            None => Script::status(500).header("x-should-retry", "false"),
        })
    }
}

fn base_url(address: SocketAddr) -> String {
    format!("http://{address}/v1")
}

fn builder(address: SocketAddr) -> ResponsesClientBuilder {
    ResponsesClient::builder()
        .base_url(base_url(address))
        .api_key("scripted-key")
        .direct()
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut accepted_so_far = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((socket, _)) = accepted else { return };
                accepted_so_far += 1;
                connections.spawn(serve(accepted_so_far, socket, Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection, request by request.
async fn serve(connection: usize, socket: TcpStream, shared: Arc<Shared>) {
    // Events have to leave at once, as from a model.
    let _ = socket.set_nodelay(true);
    let (reader, writer) = socket.into_split();
    let mut reader = Reader::new(reader);
    let mut writer = Writer {
        socket: writer,
        piece_bytes: None,
    };
    while let Ok(Some(request)) = reader.request().await {
        let request = shared.record(connection, &request);
        let script = shared.script(&request);
        writer.piece_bytes = script.piece_bytes;
        let answer = answer(&script, &request, &shared, &mut writer);
        let end = tokio::select! {
            end = answer => end,
            () = reader.closed() => Err(io::ErrorKind::ConnectionReset.into()),
        };
        shared.update(request.number, |request| {
            request.over = true;
            request.closed_early = end.is_err();
        });
        match end {
            Ok(Next::Request) => {}
            Ok(Next::Close) | Err(_) => return,
        }
    }
}

enum Next {
    Request,
    Close,
}

/// Writes one answer. An error means that the client is gone.
async fn answer(
    script: &Script,
    request: &RecordedRequest,
    shared: &Shared,
    writer: &mut Writer,
) -> io::Result<Next> {
    let model = request.body.get("model").unwrap_or(&Value::Null);
    let turn = match &script.reply {
        Reply::Body(body) => {
            if let Some(next) = stopped(script, 0, shared).await {
                return Ok(next);
            }
            writer.whole(script, "text/plain", body).await?;
            return Ok(Next::Request);
        }
        Reply::Turn(turn) => {
            let stem = format!("{:08x}_{}", shared.tag, request.number);
            render::turn(turn, &stem, model)
        }
    };
    if request.body.get("stream") != Some(&json!(true)) {
        let body = turn.response.to_string();
        writer
            .whole(script, "application/json", body.as_bytes())
            .await?;
        return Ok(Next::Request);
    }

    writer.head(script, request.number).await?;
    let mut events = turn.events.iter();
    for written in 0.. {
        if let Some(next) = stopped(script, written, shared).await {
            return Ok(next);
        }
        let Some(event) = events.next() else { break };
        if !script.delay.is_zero() {
            tokio::time::sleep(script.delay).await;
        }
        writer.event(event).await?;
        shared.update(request.number, |request| request.events_written += 1);
    }
    writer.end().await?;
    Ok(Next::Request)
}

/// Does what the script says happens after so many events; says whether the answer is over with that.
async fn stopped(script: &Script, written: usize, shared: &Shared) -> Option<Next> {
    let (_, stop) = script.stop.filter(|(after, _)| *after == written)?;
    match stop {
        Stop::Cut => return Some(Next::Close),
        Stop::Hang => std::future::pending().await,
        Stop::Hold => {
            if let Ok(permit) = shared.releases.acquire().await {
                permit.forget();
            }
        }
    }
    None
}

struct Writer {
    socket: OwnedWriteHalf,
    piece_bytes: Option<usize>,
}

impl Writer {
    async fn whole(&mut self, script: &Script, content_type: &str, body: &[u8]) -> io::Result<()> {
        let length = body.len().to_string();
        let mut bytes = head(script, content_type, &[("content-length", &length)]);
        bytes.extend_from_slice(body);
        self.socket.write_all(&bytes).await
    }

    async fn head(&mut self, script: &Script, number: usize) -> io::Result<()> {
        let id = format!("req_{number}");
        let framing = [
            ("transfer-encoding", "chunked"),
            ("x-request-id", id.as_str()),
        ];
        let bytes = head(script, "text/event-stream; charset=utf-8", &framing);
        self.socket.write_all(&bytes).await
    }

    async fn event(&mut self, event: &[u8]) -> io::Result<()> {
        for piece in event.chunks(self.piece_bytes.unwrap_or(usize::MAX)) {
            self.socket.write_all(&http::chunk(piece)).await?;
        }
        Ok(())
    }

    async fn end(&mut self) -> io::Result<()> {
        self.socket.write_all(http::LAST_CHUNK).await
    }
}

fn head(script: &Script, content_type: &str, framing: &[(&str, &str)]) -> Vec<u8> {
    let content_type = script.content_type.as_deref().unwrap_or(content_type);
    let mut headers = vec![("content-type", content_type)];
    headers.extend_from_slice(framing);
    for (name, value) in &script.headers {
        headers.push((name, value));
    }
    http::head(script.status, &headers)
}

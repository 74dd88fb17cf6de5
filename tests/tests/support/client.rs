//! A small HTTP client that shows what others hide: when bytes arrive, and what closing a connection does.

use std::collections::HashMap;
use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::within;

const STREAM: &str = "text/event-stream";

/// A client of one server. Every request has a connection of its own.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Posts a body, and waits for the head of the answer.
    pub(crate) async fn post(&self, accept: &str, body: &[u8]) -> Answer {
        self.post_with(accept, "accept-language: en\r\n", body)
            .await
    }

    /// [`post`](Self::post) with other headers, each ending with a line end.
    pub(crate) async fn post_with(&self, accept: &str, headers: &str, body: &[u8]) -> Answer {
        self.send("POST", &format!("accept: {accept}\r\n{headers}"), body)
            .await
    }

    /// Sends a request of any method.
    pub(crate) async fn send(&self, method: &str, headers: &str, body: &[u8]) -> Answer {
        let headers = format!("content-type: application/json\r\n{headers}");
        self.exchange(method, "/chatkit", &headers, body).await
    }

    /// Sends any request, to any route.
    #[allow(dead_code, reason = "not all servers have other routes")]
    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        self.exchange(method, path, &headers, body).await
    }

    async fn exchange(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        within(async {
            let socket = TcpStream::connect(self.address).await.unwrap();
            socket.set_nodelay(true).unwrap();
            let (reader, mut writer) = socket.into_split();
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: {}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
                self.address,
                body.len(),
            );
            let mut reader = BufReader::new(reader);
            let send = async {
                // A server that has seen enough may answer and close before it has read all.
                let _ = writer.write_all(head.as_bytes()).await;
                let _ = writer.write_all(body).await;
            };
            let ((), head) = tokio::join!(send, Head::read(&mut reader));
            let framing = match head.headers.get("content-length") {
                Some(length) => Framing::Length(length.parse().unwrap()),
                None if matches!(head.status, 204 | 304) => Framing::Over,
                None => {
                    assert_eq!(head.headers["transfer-encoding"], "chunked");
                    Framing::Chunked
                }
            };
            Answer { status: head.status, headers: head.headers, framing, reader, _writer: writer, unread: Vec::new(), searched: 0 }
        })
        .await
    }

    /// Posts a request whose answer is one JSON document.
    pub(crate) async fn ask(&self, request: &Value) -> (u16, Value) {
        let answer = self.post("*/*", request.to_string().as_bytes()).await;
        assert_eq!(answer.headers["content-type"], "application/json");
        let status = answer.status;
        let body = answer.bytes().await;
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// Posts a request whose answer is one JSON document, and a success.
    pub(crate) async fn get(&self, request: &Value) -> Value {
        let (status, body) = self.ask(request).await;
        assert_eq!(status, 200, "{request} {body}");
        body
    }

    /// The items of a thread as the client sees them, oldest first.
    pub(crate) async fn items(&self, thread_id: &str) -> Vec<Value> {
        let params = json!({"thread_id": thread_id, "limit": 9999, "order": "asc"});
        let page = self
            .get(&json!({"type": "items.list", "params": params}))
            .await;
        assert_eq!(page["has_more"], false);
        page["data"].as_array().unwrap().clone()
    }

    /// A thread with its first items.
    pub(crate) async fn thread(&self, thread_id: &str) -> Value {
        self.get(&json!({"type": "threads.get_by_id", "params": {"thread_id": thread_id}}))
            .await
    }

    /// Posts a request whose answer is a stream of events.
    pub(crate) async fn open(&self, request: &Value) -> Answer {
        self.open_bytes(request.to_string().as_bytes()).await
    }

    /// [`open`](Self::open) with any body.
    pub(crate) async fn open_bytes(&self, body: &[u8]) -> Answer {
        let answer = self.post(STREAM, body).await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers["content-type"].starts_with(STREAM));
        answer
    }

    /// Posts a request, and reads its events to the end.
    pub(crate) async fn stream(&self, request: &Value) -> Vec<Value> {
        self.open(request).await.events().await
    }
}

struct Head {
    status: u16,
    headers: HashMap<String, String>,
}

impl Head {
    async fn read(reader: &mut BufReader<OwnedReadHalf>) -> Self {
        let status = line(reader).await;
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = HashMap::new();
        loop {
            let line = line(reader).await;
            if line.is_empty() {
                return Self { status, headers };
            }
            let (name, value) = line.split_once(": ").unwrap();
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
    }
}

async fn line(reader: &mut BufReader<OwnedReadHalf>) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).await.unwrap();
    line.strip_suffix("\r\n")
        .expect("the server closed the connection early")
        .to_owned()
}

enum Framing {
    Length(usize),
    Chunked,
    Over,
}

/// An answer whose body is read piece by piece. Dropping it closes the connection.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    framing: Framing,
    reader: BufReader<OwnedReadHalf>,
    _writer: OwnedWriteHalf,
    /// Bytes of the body that are not a whole frame yet.
    unread: Vec<u8>,
    /// How much of it holds no end of a frame.
    searched: usize,
}

impl Answer {
    /// The next piece of the body; `None` at its end.
    async fn piece(&mut self) -> Option<Vec<u8>> {
        let mut piece;
        match self.framing {
            Framing::Over => return None,
            Framing::Length(length) => {
                piece = vec![0; length];
                self.reader.read_exact(&mut piece).await.unwrap();
                self.framing = Framing::Over;
            }
            Framing::Chunked => {
                let size = usize::from_str_radix(&line(&mut self.reader).await, 16).unwrap();
                piece = vec![0; size];
                self.reader.read_exact(&mut piece).await.unwrap();
                assert_eq!(line(&mut self.reader).await, "");
                if size == 0 {
                    self.framing = Framing::Over;
                    return None;
                }
            }
        }
        Some(piece)
    }

    /// The rest of the body.
    pub(crate) async fn bytes(mut self) -> Vec<u8> {
        within(async {
            while let Some(piece) = self.piece().await {
                self.unread.extend(piece);
            }
            self.unread
        })
        .await
    }

    /// Whether the connection closes here, before the end of the body.
    #[allow(dead_code, reason = "not all tests cut connections")]
    pub(crate) async fn ends_early(mut self) -> bool {
        let mut rest = Vec::new();
        let read = within(self.reader.read_to_end(&mut rest)).await;
        self.unread.is_empty() && (read.is_err() || rest.is_empty())
    }

    /// The next event; `None` at the end of the stream. Comments are skipped.
    #[track_caller]
    pub(crate) fn event(&mut self) -> impl Future<Output = Option<Value>> {
        within(async {
            loop {
                let unsearched = &self.unread[self.searched..];
                let end = unsearched.windows(2).position(|bytes| bytes == b"\n\n");
                let Some(end) = end.map(|end| end + self.searched) else {
                    self.searched = self.unread.len().saturating_sub(1);
                    let Some(piece) = self.piece().await else {
                        assert_eq!(self.unread, b"", "the stream ends inside an event");
                        return None;
                    };
                    self.unread.extend(piece);
                    continue;
                };
                self.searched = 0;
                let frame: Vec<u8> = self.unread.drain(..end + 2).collect();
                let frame = std::str::from_utf8(&frame).unwrap().trim_end();
                if frame.starts_with(':') {
                    continue;
                }
                let data = frame.strip_prefix("data: ").unwrap();
                assert!(!data.contains('\n'), "an event is one line");
                return Some(serde_json::from_str(data).unwrap());
            }
        })
    }

    /// Reads until an event is as wanted, and gives all that were read.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.event().await;
            let event = event.unwrap_or_else(|| panic!("the event did not come: {events:?}"));
            let found = wanted(&event);
            events.push(event);
            if found {
                return events;
            }
        }
    }

    /// All events, to the end of the stream.
    pub(crate) async fn events(mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Some(event) = self.event().await {
            events.push(event);
        }
        events
    }
}

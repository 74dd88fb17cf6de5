//! A server with attachments on the loopback interface, and a client of it.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn};
use chatkit::attachments::object_store::ObjectStore;
use chatkit::attachments::{AttachmentOptions, BlobAttachmentStore};
use chatkit::axum::Refusal;
use chatkit::store::{DynStore, MemoryStore, StoreItemType};
use chatkit::types::{AssistantMessageContent, AssistantMessageItem, UserMessageItem};
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) const SECRET: [u8; 32] = [7; 32];
pub(crate) const URL: &str = "http://files.test/files";
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and then some";
pub(crate) const PDF: &[u8] = b"%PDF-1.7 and then some";

/// Who asks.
#[derive(Debug, PartialEq)]
pub(crate) struct User(pub(crate) String);

pub(crate) async fn authenticate(parts: Parts) -> Result<User, Refusal> {
    match parts.headers.get("x-user").map(|name| name.to_str()) {
        Some(Ok("panic")) => panic!("as asked"),
        Some(Ok(name)) => Ok(User(name.to_owned())),
        _ => Err(Refusal::unauthorized("Please sign in.")),
    }
}

pub(crate) fn options() -> AttachmentOptions<User> {
    AttachmentOptions::scoped(
        URL,
        SECRET,
        |user: &User| user.0.clone(),
        |owner| User(owner.to_owned()),
    )
}

pub(crate) fn threads() -> DynStore<User> {
    DynStore::new(MemoryStore::new().scoped(|user: &User| user.0.clone()))
}

/// A folder for one test, deleted at its end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = chatkit::store::default_generate_id(StoreItemType::Thread);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Where the store is; beside it nothing may change.
    pub(crate) fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    /// All files in the store, in order.
    pub(crate) fn list(&self) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, root, found);
                } else {
                    found.push(
                        path.strip_prefix(root)
                            .unwrap()
                            .to_str()
                            .unwrap()
                            .to_owned(),
                    );
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.files(), &self.files(), &mut found);
        found.sort();
        found
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Says which files a message has, and how many bytes they are.
struct Reader(BlobAttachmentStore<User>);

impl ChatKitHandler for Reader {
    type Context = User;

    async fn respond(
        &self,
        turn: &Turn<User>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let mut text = String::from("You sent");
        for attachment in message.iter().flat_map(|message| &message.attachments) {
            let bytes = self.0.read(attachment, 1024).await?;
            text.push_str(&format!(" {}, {} bytes", attachment.name(), bytes.len()));
        }
        let id = turn.generate_id(StoreItemType::Message);
        let content = AssistantMessageContent::new(text);
        turn.add_item(AssistantMessageItem::new(id, turn.thread_id(), content))
            .await?;
        Ok(())
    }
}

/// A server that runs in the test's process.
pub(crate) struct Site {
    pub(crate) files: BlobAttachmentStore<User>,
    pub(crate) store: DynStore<User>,
    address: SocketAddr,
    /// How many requests are over, for whatever reason.
    over: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn in_folder(folder: &Folder) -> Self {
        Self::with(options(), folder).await
    }

    pub(crate) async fn with(options: AttachmentOptions<User>, folder: &Folder) -> Self {
        let store = threads();
        let files = options.open_folder(folder.files(), store.clone()).await;
        let files = files.unwrap();
        let routes = files.router(authenticate);
        Self::start(files, store, routes).await
    }

    pub(crate) async fn in_bucket(bucket: impl ObjectStore) -> Self {
        let store = threads();
        let options = options().max_bytes(64 * 1024 * 1024);
        let files = options.open_bucket(bucket, store.clone()).await.unwrap();
        let routes = files.router(authenticate);
        Self::start(files, store, routes).await
    }

    pub(crate) async fn start(
        files: BlobAttachmentStore<User>,
        store: DynStore<User>,
        routes: axum::Router,
    ) -> Self {
        struct Over(watch::Sender<usize>);
        impl Drop for Over {
            fn drop(&mut self) {
                self.0.send_modify(|over| *over += 1);
            }
        }

        let server = ChatKitServer::new(Reader(files.clone()), store.clone())
            .attachment_store(files.clone());
        let (sender, over) = watch::channel(0);
        let count = move |request: Request, next: Next| {
            let over = Over(sender.clone());
            async move {
                let response = next.run(request).await;
                drop(over);
                response
            }
        };
        let app = chatkit::axum::router(server, authenticate)
            .merge(routes)
            .layer(from_fn(count));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            files,
            store,
            address,
            over,
            task,
        }
    }

    /// Waits until this many requests are over, and what they have left behind is cleaned up.
    pub(crate) async fn quiet_after(&mut self, requests: usize) {
        within(self.over.wait_for(|over| *over >= requests))
            .await
            .unwrap();
        within(self.files.settle()).await;
    }

    /// Opens a connection and sends a head.
    pub(crate) async fn open(&self, method: &str, target: &str, headers: &str) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let target = target.strip_prefix("http://files.test").unwrap_or(target);
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: files.test\r\nconnection: close\r\n{headers}\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        socket
    }

    /// Sends a request. Each header ends with a line end.
    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &str,
        body: &[u8],
    ) -> Answer {
        let headers = format!("{headers}content-length: {}\r\n", body.len());
        let mut socket = self.open(method, target, &headers).await;
        // A server that has seen enough may answer before it has read all.
        let _ = socket.write_all(body).await;
        Answer::read(socket).await
    }

    /// [`send`](Self::send) without saying how long the body is.
    pub(crate) async fn send_chunked(
        &self,
        method: &str,
        target: &str,
        headers: &str,
        body: &[u8],
    ) -> Answer {
        let headers = format!("{headers}transfer-encoding: chunked\r\n");
        let mut socket = self.open(method, target, &headers).await;
        for piece in body.chunks(7) {
            send_chunk(&mut socket, piece).await;
        }
        send_chunk(&mut socket, b"").await;
        Answer::read(socket).await
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, "", b"").await
    }

    pub(crate) async fn get_as(&self, user: &str, target: &str) -> Answer {
        self.send("GET", target, &format!("x-user: {user}\r\n"), b"")
            .await
    }

    /// Puts bytes where a descriptor says.
    pub(crate) async fn put(&self, attachment: &Value, body: &[u8]) -> Answer {
        self.send(
            "PUT",
            upload_url(attachment),
            &put_headers(attachment),
            body,
        )
        .await
    }

    /// A direct upload.
    pub(crate) async fn post_form(
        &self,
        user: &str,
        name: &str,
        kind: &str,
        file: &[u8],
    ) -> Answer {
        let headers = format!("x-user: {user}\r\n{FORM}");
        self.send("POST", "/files", &headers, &form(name, kind, file))
            .await
    }

    /// A request of the protocol; its answer may be a stream.
    pub(crate) async fn ask(&self, user: &str, kind: &str, params: Value) -> Answer {
        let body = json!({ "type": kind, "params": params }).to_string();
        let headers =
            format!("x-user: {user}\r\naccept: */*\r\ncontent-type: application/json\r\n");
        self.send("POST", "/chatkit", &headers, body.as_bytes())
            .await
    }

    /// `attachments.create`, which must succeed.
    pub(crate) async fn create(&self, user: &str, name: &str, kind: &str, size: usize) -> Value {
        let params = json!({ "name": name, "size": size, "mime_type": kind });
        let answer = self.ask(user, "attachments.create", params).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// An attachment with its bytes, in two phases.
    pub(crate) async fn uploaded(&self, user: &str, name: &str, kind: &str, file: &[u8]) -> Value {
        let attachment = self.create(user, name, kind, file.len()).await;
        let answer = self.put(&attachment, file).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        attachment
    }

    /// Sends a message with an attachment, and gives the stream of its answer.
    pub(crate) async fn say(&self, user: &str, attachment: &str) -> String {
        let input = json!({
            "content": [{ "type": "input_text", "text": "Look." }],
            "attachments": [attachment],
        });
        let answer = self
            .ask(user, "threads.create", json!({ "input": input }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn send_chunk(socket: &mut TcpStream, piece: &[u8]) {
    let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
    let _ = socket.write_all(&chunk).await;
}

pub(crate) fn id(attachment: &Value) -> &str {
    attachment["id"].as_str().unwrap()
}

pub(crate) fn upload_url(attachment: &Value) -> &str {
    attachment["upload_descriptor"]["url"].as_str().unwrap()
}

/// The headers that a descriptor asks for.
pub(crate) fn put_headers(attachment: &Value) -> String {
    let headers = attachment["upload_descriptor"]["headers"]
        .as_object()
        .unwrap();
    let line =
        |(name, value): (&String, &Value)| format!("{name}: {}\r\n", value.as_str().unwrap());
    headers.iter().map(line).collect()
}

pub(crate) const FORM: &str = "content-type: multipart/form-data; boundary=XX\r\n";

pub(crate) fn form(name: &str, kind: &str, file: &[u8]) -> Vec<u8> {
    let head = format!(
        "--XX\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         content-type: {kind}\r\n\r\n"
    );
    [head.as_bytes(), file, b"\r\n--XX--\r\n"].concat()
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(mut socket: TcpStream) -> Self {
        let mut all = Vec::new();
        within(socket.read_to_end(&mut all)).await.unwrap();
        let end = all.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let mut body = all.split_off(end.expect("an answer") + 4);
        let head = String::from_utf8(all).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers: HashMap<_, _> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        if headers
            .get("transfer-encoding")
            .is_some_and(|encoding| encoding == "chunked")
        {
            body = unchunked(&body);
        }
        Self {
            status: status.parse().unwrap(),
            headers,
            body,
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Checks that it is a failure in the form that the client shows.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, message: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        let shown = self.json()["message"].as_str().unwrap().to_owned();
        assert!(shown.contains(message), "{shown}");
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let line = body.windows(2).position(|bytes| bytes == b"\r\n").unwrap();
        let size = std::str::from_utf8(&body[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return whole;
        }
        whole.extend_from_slice(&body[line + 2..line + 2 + size]);
        body = &body[line + 2 + size + 2..];
    }
}

/// Fails instead of waiting for ever.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    let deadline = Duration::from_secs(60);
    tokio::time::timeout(deadline, work).await.expect("a hang")
}

//! A bucket on S3: a server on the loopback interface that speaks what the client of `object_store` speaks.
//!
//! It is as strict as the real one where that matters to uploads, and fails when it is told to.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, request::Parts};
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) const BUCKET: &str = "chat-files";
pub(crate) const KEY_ID: &str = "AKIAPLANTED";
pub(crate) const SECRET_KEY: &str = "Zq7-planted-secret-key";

/// The least of a part that is not the last, as on S3; and all those have one size, as on R2.
const LEAST_PART: usize = 5 * 1024 * 1024;

/// How many objects a listing gives at a time: few, so that there is a next page.
const PAGE: usize = 2;

#[derive(Debug, Clone)]
struct Object {
    bytes: Bytes,
    modified: DateTime<Utc>,
}

impl Object {
    fn new(bytes: Bytes) -> Self {
        let modified = Utc::now();
        Self { bytes, modified }
    }

    fn tag(&self) -> String {
        format!("\"{}\"", sha256(&self.bytes))
    }
}

#[derive(Debug, Default)]
struct Upload {
    key: String,
    parts: BTreeMap<usize, Bytes>,
}

/// What goes wrong from now on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// A status, and S3's code for it.
    Status(u16, &'static str),
    /// A status of 200, and an error in its body: S3 begins to answer before it is done.
    ErrorInBody,
}

/// Where connections break.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cut {
    /// When this many more bytes have come.
    Reading(usize),
    /// When this many more bytes have gone.
    Writing(usize),
}

#[derive(Debug, Default)]
struct Inside {
    objects: BTreeMap<String, Object>,
    uploads: HashMap<String, Upload>,
    /// Operations with their keys, as they came.
    requests: Vec<String>,
    /// The beginning of requests that fail, and how.
    fault: Option<(String, Fault)>,
    begun: usize,
    cut: Option<Cut>,
    /// Whether a cut is for good.
    gone: bool,
}

type Shared = Arc<Mutex<Inside>>;

/// The server, until it is dropped.
pub(crate) struct S3 {
    inside: Shared,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl S3 {
    pub(crate) async fn start() -> Self {
        let inside = Shared::default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(inside.clone());
        let listener = Cuttable(listener, inside.clone());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            inside,
            address,
            task,
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    /// The names of all objects, and of uploads that have not ended.
    pub(crate) fn list(&self) -> Vec<String> {
        let inside = self.inside();
        let pending = inside.uploads.values();
        let pending = pending.map(|upload| format!("{} in parts", upload.key));
        inside.objects.keys().cloned().chain(pending).collect()
    }

    pub(crate) fn object(&self, key: &str) -> Option<Bytes> {
        let object = self.inside().objects.get(key)?.bytes.clone();
        Some(object)
    }

    /// The requests since the last call, such as `PutObject files/atc_1`.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.inside().requests)
    }

    /// Lets every request fail that begins like this.
    pub(crate) fn fail(&self, requests: &str, fault: Fault) {
        self.inside().fault = Some((requests.to_owned(), fault));
    }

    /// Breaks the connection once.
    pub(crate) fn cut_once(&self, cut: Cut) {
        self.inside().cut = Some(cut);
    }

    /// Breaks connections, and then every other that is made.
    pub(crate) fn cut(&self, cut: Cut) {
        let mut inside = self.inside();
        inside.cut = Some(cut);
        inside.gone = true;
    }

    /// Everything works again.
    pub(crate) fn mend(&self) {
        let mut inside = self.inside();
        inside.fault = None;
        inside.cut = None;
        inside.gone = false;
    }

    /// Whether a cut has come.
    pub(crate) fn is_cut(&self) -> bool {
        let cut = self.inside().cut;
        matches!(cut, None | Some(Cut::Reading(0) | Cut::Writing(0)))
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn error(status: u16, code: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let body = format!("<Error><Code>{code}</Code><Message>As it was told.</Message></Error>");
    (status, body).into_response()
}

async fn answer(State(inside): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return error(400, "IncompleteBody");
    };
    let query: HashMap<String, String> = parts
        .uri
        .query()
        .map(|query| form_urlencoded::parse(query.as_bytes()))
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let authorization = header("authorization").unwrap_or_default();
    if !authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/")) {
        return error(403, "InvalidAccessKeyId");
    }
    let signed = header("x-amz-content-sha256").filter(|hash| hash.len() == 64);
    if signed.is_some_and(|hash| hash != sha256(&body)) {
        return error(400, "XAmzContentSHA256Mismatch");
    }
    let path = parts.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket != BUCKET {
        return error(404, "NoSuchBucket");
    }
    let operation = match (&parts.method, key) {
        (&Method::GET, "") => "ListObjectsV2",
        (&Method::POST, "") if query.contains_key("delete") => "DeleteObjects",
        (&Method::GET, _) => "GetObject",
        (&Method::HEAD, _) => "HeadObject",
        (&Method::PUT, _) if query.contains_key("partNumber") => "UploadPart",
        (&Method::PUT, _) => "PutObject",
        (&Method::POST, _) if query.contains_key("uploads") => "CreateMultipartUpload",
        (&Method::POST, _) => "CompleteMultipartUpload",
        (&Method::DELETE, _) if query.contains_key("uploadId") => "AbortMultipartUpload",
        _ => return error(405, "MethodNotAllowed"),
    };
    let subject = match operation {
        "DeleteObjects" => keys(&body).join(","),
        "ListObjectsV2" => query["prefix"].clone(),
        _ => key.to_owned(),
    };
    let request = format!("{operation} {subject}");
    let mut inside = inside.lock().unwrap();
    inside.requests.push(request.clone());
    match &inside.fault {
        Some((failing, Fault::Status(status, code))) if request.starts_with(failing) => {
            return error(*status, code);
        }
        Some((failing, Fault::ErrorInBody)) if request.starts_with(failing) => {
            return "<Error><Code>InternalError</Code><Message>No.</Message></Error>"
                .into_response();
        }
        _ => {}
    }
    match operation {
        "ListObjectsV2" => inside.page(&query),
        "DeleteObjects" => {
            let mut deleted = String::new();
            for key in keys(&body) {
                // What is not there is deleted too.
                inside.objects.remove(&key);
                deleted.push_str(&format!("<Deleted><Key>{key}</Key></Deleted>"));
            }
            format!("<DeleteResult>{deleted}</DeleteResult>").into_response()
        }
        "GetObject" | "HeadObject" => inside.get(&parts, key),
        "PutObject" => {
            let create = header("if-none-match") == Some("*");
            if create && inside.objects.contains_key(key) {
                return error(412, "PreconditionFailed");
            }
            let object = Object::new(body);
            let tag = object.tag();
            inside.objects.insert(key.to_owned(), object);
            [("etag", tag)].into_response()
        }
        _ => inside.multipart(operation, key, &query, body),
    }
}

/// The keys in a request for deletion.
fn keys(body: &[u8]) -> Vec<String> {
    let body = std::str::from_utf8(body).unwrap();
    let keys = body.split("<Key>").skip(1);
    keys.map(|rest| rest.split("</Key>").next().unwrap().to_owned())
        .collect()
}

impl Inside {
    fn page(&self, query: &HashMap<String, String>) -> Response {
        let after = query.get("continuation-token").map_or("", String::as_str);
        let mut found = self.objects.iter().filter(|(key, _)| {
            key.starts_with(&query["prefix"]) && (after.is_empty() || key.as_str() > after)
        });
        let mut page = String::new();
        let mut last = "";
        for (key, object) in found.by_ref().take(PAGE) {
            page.push_str(&format!(
                "<Contents><Key>{key}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
                object.modified.to_rfc3339(),
                object.tag(),
                object.bytes.len(),
            ));
            last = key;
        }
        if found.next().is_some() {
            page.push_str(&format!(
                "<NextContinuationToken>{last}</NextContinuationToken>"
            ));
        }
        format!("<ListBucketResult>{page}</ListBucketResult>").into_response()
    }

    fn get(&self, parts: &Parts, key: &str) -> Response {
        let Some(object) = self.objects.get(key) else {
            return error(404, "NoSuchKey");
        };
        let size = object.bytes.len();
        let response = Response::builder()
            .header("etag", object.tag())
            .header("last-modified", http_date(object.modified));
        if parts.method == Method::HEAD {
            let response = response.header("content-length", size);
            return response.body(Body::empty()).unwrap();
        }
        let Some(range) = parts.headers.get("range") else {
            return response.body(object.bytes.clone().into()).unwrap();
        };
        let range = range.to_str().unwrap().strip_prefix("bytes=").unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let start: usize = start.parse().unwrap();
        let end = end.parse().map_or(size, |last: usize| size.min(last + 1));
        response
            .status(206)
            .header("content-range", format!("bytes {start}-{}/{size}", end - 1))
            .body(object.bytes.slice(start..end).into())
            .unwrap()
    }

    fn multipart(
        &mut self,
        operation: &str,
        key: &str,
        query: &HashMap<String, String>,
        body: Bytes,
    ) -> Response {
        if operation == "CreateMultipartUpload" {
            self.begun += 1;
            let id = format!("upload-{}", self.begun);
            let upload = Upload {
                key: key.to_owned(),
                ..Upload::default()
            };
            self.uploads.insert(id.clone(), upload);
            return format!(
                "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            )
            .into_response();
        }
        let id = &query["uploadId"];
        let Some(upload) = self.uploads.get_mut(id).filter(|upload| upload.key == key) else {
            return error(404, "NoSuchUpload");
        };
        match operation {
            "UploadPart" => {
                let tag = Object::new(body.clone()).tag();
                let number = query["partNumber"].parse().unwrap();
                upload.parts.insert(number, body);
                [("etag", tag)].into_response()
            }
            "AbortMultipartUpload" => {
                self.uploads.remove(id);
                StatusCode::NO_CONTENT.into_response()
            }
            _ => {
                let listed = std::str::from_utf8(&body)
                    .unwrap()
                    .matches("<Part>")
                    .count();
                let sizes: Vec<usize> = upload.parts.values().map(Bytes::len).collect();
                let (last, others) = sizes.split_last().unwrap();
                if listed != sizes.len() || others.iter().any(|size| size < last) {
                    return error(400, "InvalidPart");
                }
                if others
                    .iter()
                    .any(|size| *size < LEAST_PART || *size != others[0])
                {
                    return error(400, "EntityTooSmall");
                }
                let parts: Vec<Bytes> = upload.parts.values().cloned().collect();
                let object = Object::new(parts.concat().into());
                let tag = object.tag();
                self.uploads.remove(id);
                self.objects.insert(key.to_owned(), object);
                format!("<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>")
                    .into_response()
            }
        }
    }

    /// Whether a connection on which this many bytes come or go breaks.
    fn breaks(&mut self, bytes: usize, reading: bool) -> bool {
        let left = match &mut self.cut {
            Some(Cut::Reading(left)) if reading => left,
            Some(Cut::Writing(left)) if !reading => left,
            _ => return false,
        };
        *left = left.saturating_sub(bytes);
        let breaks = *left == 0;
        if breaks && !self.gone {
            self.cut = None;
        }
        breaks
    }
}

fn http_date(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A listener whose connections can break.
struct Cuttable(TcpListener, Shared);

impl Listener for Cuttable {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let connection = Connection {
            stream,
            inside: self.1.clone(),
            broken: false,
        };
        (connection, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

struct Connection {
    stream: TcpStream,
    inside: Shared,
    broken: bool,
}

impl Connection {
    /// How many bytes may pass before it breaks.
    fn left(&self, reading: bool) -> io::Result<usize> {
        let cut = self.inside.lock().unwrap().cut;
        let left = match cut {
            Some(Cut::Reading(left)) if reading => left,
            Some(Cut::Writing(left)) if !reading => left,
            _ => usize::MAX,
        };
        match self.broken || left == 0 {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(left),
        }
    }

    fn passed(&mut self, bytes: usize, reading: bool) {
        self.broken = self.inside.lock().unwrap().breaks(bytes, reading);
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.left(true)?;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.passed(buffer.filled().len() - before, true);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let most = bytes.len().min(self.left(false)?);
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..most]))?;
        self.passed(written, false);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

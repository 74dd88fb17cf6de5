//! How much of a large upload is held at a time: bytes are counted when they are taken from the request, and when they
//! have gone to where they are kept.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use chatkit::attachments::object_store::memory::InMemory;
use chatkit::attachments::object_store::path::Path;
use chatkit::attachments::object_store::{
    self, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, UploadPart,
};
use chatkit::store::{AttachmentStore, Store};
use chatkit::types::AttachmentCreateParams;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use tower::ServiceExt;

use crate::support::{
    FORM, Folder, Site, User, authenticate, form, id, options, put_headers, threads, upload_url,
};

/// A part of an upload to a bucket.
const PART: usize = 5 * 1024 * 1024;

/// What is written to a disk at once.
const DISK_PART: usize = 512 * 1024;

const PIECE: usize = 64 * 1024;

#[derive(Debug, Default)]
struct Held {
    now: AtomicUsize,
    peak: AtomicUsize,
    parts: Mutex<Vec<usize>>,
}

impl Held {
    fn take(&self, bytes: usize) {
        let now = self.now.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.peak.fetch_max(now, Ordering::SeqCst);
    }

    fn give(&self, bytes: usize) {
        self.now.fetch_sub(bytes, Ordering::SeqCst);
    }
}

/// A bucket that counts what has arrived.
#[derive(Debug)]
struct Counting(InMemory, Arc<Held>);

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Counting {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.0.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        let upload = self.0.put_multipart_opts(location, options).await?;
        Ok(Box::new(CountingUpload(upload, Arc::clone(&self.1))))
    }

    async fn get_opts(
        &self,
        location: &Path,
        options: GetOptions,
    ) -> object_store::Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    async fn get_ranges(
        &self,
        location: &Path,
        ranges: &[Range<u64>],
    ) -> object_store::Result<Vec<Bytes>> {
        self.0.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct CountingUpload(Box<dyn MultipartUpload>, Arc<Held>);

#[async_trait]
impl MultipartUpload for CountingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (size, held) = (data.content_length(), Arc::clone(&self.1));
        held.parts.lock().unwrap().push(size);
        let part = self.0.put_part(data);
        Box::pin(async move {
            part.await?;
            held.give(size);
            Ok(())
        })
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        self.0.complete().await
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        self.0.abort().await
    }
}

#[tokio::test]
async fn of_a_large_upload_to_a_bucket_one_part_is_held() {
    const SIZE: usize = 4 * PART + 123_456;
    let held = Arc::new(Held::default());
    let bucket = Counting(InMemory::new(), Arc::clone(&held));
    let store = threads();
    let options = options().max_bytes(SIZE as u64);
    let files = options.open_bucket(bucket, store.clone()).await.unwrap();
    let counted = Arc::clone(&held);
    let count = move |request: Request, next: Next| {
        let held = Arc::clone(&counted);
        next.run(request.map(|body| {
            Body::from_stream(body.into_data_stream().inspect(move |piece| {
                held.take(piece.as_ref().map_or(0, Bytes::len));
            }))
        }))
    };
    let routes = files.router(authenticate).layer(from_fn(count));
    let site = Site::start(files, store, routes).await;

    let file = vec![b'a'; SIZE];
    let attachment = site.create("ann", "a.txt", "text/plain", SIZE).await;
    let user = format!("x-user: ann\r\n{FORM}");
    for (method, target, headers, body) in [
        (
            "PUT",
            upload_url(&attachment),
            put_headers(&attachment),
            file.clone(),
        ),
        ("POST", "/files", user, form("a.txt", "text/plain", &file)),
    ] {
        held.now.store(0, Ordering::SeqCst);
        held.peak.store(0, Ordering::SeqCst);
        held.parts.lock().unwrap().clear();
        let answer = site.send(method, target, &headers, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        // Buckets want parts of one size.
        assert_eq!(
            *held.parts.lock().unwrap(),
            [PART, PART, PART, PART, 123_456]
        );
        let peak = held.peak.load(Ordering::SeqCst);
        assert!((PART..PART + PART / 4).contains(&peak), "{method}: {peak}");
        let kept = site
            .get_as("ann", &format!("/files/{}", id(&answer.json())))
            .await;
        assert!(kept.body == file, "{method}");
    }
}

/// A piece of a body that is held until it is dropped.
struct Piece(Arc<Held>);

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &[b'a'; PIECE]
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.0.give(PIECE);
    }
}

#[tokio::test]
async fn of_a_large_upload_to_a_disk_one_part_is_held() {
    const PIECES: usize = 16 * DISK_PART / PIECE;
    let folder = Folder::new();
    let store = threads();
    let files = options()
        .open_folder(folder.files(), store.clone())
        .await
        .unwrap();
    let ann = User("ann".to_owned());
    let size = PIECES * PIECE;
    let params = AttachmentCreateParams::new("a.txt", size as u64, "text/plain");
    let attachment = files.create_attachment(&params, &ann).await.unwrap();
    store.save_attachment(&attachment, &ann).await.unwrap();

    let held = Arc::new(Held::default());
    let source = Arc::clone(&held);
    let pieces = stream::iter(0..PIECES).map(move |_| {
        source.take(PIECE);
        Ok::<_, std::io::Error>(Bytes::from_owner(Piece(Arc::clone(&source))))
    });
    let url = attachment.upload_descriptor().unwrap().url.as_str();
    let request = Request::put(url)
        .header("content-type", "text/plain")
        .body(Body::from_stream(pieces))
        .unwrap();
    let answer = files.router(authenticate).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(held.now.load(Ordering::SeqCst), 0);
    let peak = held.peak.load(Ordering::SeqCst);
    assert!(
        (DISK_PART..=DISK_PART + 2 * PIECE).contains(&peak),
        "{peak}"
    );
    let kept = std::fs::metadata(folder.files().join("files").join(attachment.id())).unwrap();
    assert_eq!(kept.len(), size as u64);
}

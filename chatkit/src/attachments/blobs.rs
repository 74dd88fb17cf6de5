//! The bytes, and what is known of them where no user is known: one layout for folders and buckets.
//!
//! `files/ID` are the bytes. `unsent/ID` is there for as long as it is not known that a message carries the attachment:
//! it says whose it is, and is what looking for orphans lists. `claims/ID` is there while the bytes arrive.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, future};
use object_store::path::Path;
use object_store::{
    GetResult, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::error::{UploadError, store_error};
use super::sniff::{HEAD, Sniffer};
use crate::store::StoreError;

/// The least that S3 takes as a part of an upload which is not the last.
const BUCKET_PART: usize = 5 * 1024 * 1024;

/// What is written to a disk at once.
const DISK_PART: usize = 512 * 1024;

const FILES: &str = "files";
const UNSENT: &str = "unsent";
const CLAIMS: &str = "claims";

/// A place for bytes.
#[derive(Debug, Clone)]
pub(super) struct Blobs {
    objects: Arc<dyn ObjectStore>,
    /// The folder, if it is one: what a crash leaves there is in no listing.
    folder: Option<PathBuf>,
    part: usize,
    /// What goes on although the request that began it may be gone.
    tasks: TaskTracker,
}

/// What is kept of an attachment until it is sent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Unsent {
    pub(super) owner: String,
    pub(super) mime_type: String,
    /// In bytes, as announced; `None` when the upload itself creates the attachment.
    pub(super) size: Option<u64>,
}

/// What an upload may be.
pub(super) struct Expected {
    /// The type that the bytes must fit.
    pub(super) mime_type: String,
    /// The exact size, in bytes.
    pub(super) size: Option<u64>,
    /// The most, in bytes.
    pub(super) most: u64,
}

fn path(kind: &str, id: &str) -> Path {
    Path::from_iter([kind, id])
}

impl Blobs {
    pub(super) fn folder(objects: Arc<dyn ObjectStore>, folder: PathBuf) -> Self {
        Self {
            objects,
            folder: Some(folder),
            part: DISK_PART,
            tasks: TaskTracker::new(),
        }
    }

    pub(super) fn bucket(objects: Arc<dyn ObjectStore>) -> Self {
        Self {
            objects,
            folder: None,
            part: BUCKET_PART,
            tasks: TaskTracker::new(),
        }
    }

    /// Writes and deletes an object, to see whether that works, the way claims are written.
    pub(super) async fn probe(&self) -> Result<(), object_store::Error> {
        let probe = path("probes", &uuid::Uuid::new_v4().simple().to_string());
        let create = PutOptions::from(PutMode::Create);
        self.objects
            .put_opts(&probe, PutPayload::from_static(b"probe"), create)
            .await?;
        self.objects.delete(&probe).await
    }

    pub(super) async fn mark_unsent(&self, id: &str, unsent: &Unsent) -> Result<(), StoreError> {
        let json = serde_json::to_vec(unsent).map_err(StoreError::other)?;
        self.objects
            .put(&path(UNSENT, id), json.into())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    pub(super) async fn unsent(&self, id: &str) -> Result<Unsent, StoreError> {
        let unsent = self
            .objects
            .get(&path(UNSENT, id))
            .await
            .map_err(store_error)?;
        let json = unsent.bytes().await.map_err(store_error)?;
        serde_json::from_slice(&json).map_err(StoreError::other)
    }

    pub(super) async fn is_unsent(&self, id: &str) -> Result<bool, StoreError> {
        match self.objects.head(&path(UNSENT, id)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    /// The ids of what is not known to be sent, marked at `before` or earlier.
    pub(super) fn list_unsent(
        &self,
        before: DateTime<Utc>,
    ) -> BoxStream<'static, Result<String, StoreError>> {
        self.objects
            .list(Some(&Path::from(UNSENT)))
            .filter_map(move |found| {
                future::ready(match found {
                    Ok(object) if object.last_modified <= before => {
                        object.location.filename().map(|id| Ok(id.to_owned()))
                    }
                    Ok(_) => None,
                    Err(error) => Some(Err(store_error(error))),
                })
            })
            .boxed()
    }

    pub(super) async fn forget_unsent(&self, id: &str) -> Result<(), StoreError> {
        self.delete(UNSENT, id).await
    }

    /// Deletes everything. The bytes go before the mark, so that what fails half-way is still found as an orphan, and once
    /// more after it: an upload that is just ending looks for the mark last, and without it takes itself back.
    pub(super) async fn remove(&self, id: &str) -> Result<(), StoreError> {
        for kind in [FILES, UNSENT, FILES, CLAIMS] {
            self.delete(kind, id).await?;
        }
        Ok(())
    }

    async fn delete(&self, kind: &str, id: &str) -> Result<(), StoreError> {
        match self.objects.delete(&path(kind, id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(store_error(error)),
        }
    }

    /// The right to be the only upload of this attachment; `None` while another has it.
    pub(super) async fn claim(&self, id: &str) -> Result<Option<Claim>, StoreError> {
        let create = PutOptions::from(PutMode::Create);
        let claimed = self
            .objects
            .put_opts(&path(CLAIMS, id), PutPayload::new(), create)
            .await;
        match claimed {
            Ok(_) => Ok(Some(Claim {
                blobs: self.clone(),
                id: id.to_owned(),
                released: false,
            })),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(None),
            Err(error) => Err(store_error(error)),
        }
    }

    /// Whether an upload began after `since` and has not ended.
    pub(super) async fn is_claimed(
        &self,
        id: &str,
        since: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        match self.objects.head(&path(CLAIMS, id)).await {
            Ok(claim) => Ok(claim.last_modified > since),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    /// The bytes of an attachment.
    pub(super) async fn get(&self, id: &str) -> Result<GetResult, StoreError> {
        self.objects
            .get(&path(FILES, id))
            .await
            .map_err(store_error)
    }

    /// Stores what arrives, if it is what is expected, and gives its size. Until all of it has arrived nothing is under
    /// its name; what was written before a failure, or before the future is dropped, is deleted.
    ///
    /// No more is held in memory than one part and one piece of `body`.
    pub(super) async fn put(
        &self,
        id: &str,
        expected: Expected,
        mut body: impl Stream<Item = Result<Bytes, UploadError>> + Unpin,
    ) -> Result<u64, UploadError> {
        let most = expected.size.unwrap_or(expected.most);
        let mut sniffer = Sniffer::new(expected.mime_type);
        let mut writer = Writer {
            blobs: self,
            id,
            part: Vec::new(),
            held: 0,
            upload: None,
        };
        let received = async {
            let mut size: u64 = 0;
            let mut head = Some(Vec::new());
            while let Some(piece) = body.next().await {
                let piece = piece?;
                size = size.saturating_add(piece.len() as u64);
                if size > most {
                    return Err(UploadError::TooLarge { most });
                }
                sniffer.feed(&piece).map_err(|_| UploadError::WrongType)?;
                if let Some(bytes) = &mut head {
                    bytes.extend_from_slice(&piece[..piece.len().min(HEAD - bytes.len())]);
                    if bytes.len() == HEAD {
                        sniffer.head(bytes).map_err(|_| UploadError::WrongType)?;
                        head = None;
                    }
                }
                writer.write(piece).await?;
            }
            if let Some(announced) = expected.size.filter(|announced| size < *announced) {
                return Err(UploadError::TooSmall { announced });
            }
            if let Some(bytes) = head {
                sniffer.head(&bytes).map_err(|_| UploadError::WrongType)?;
            }
            sniffer.finish().map_err(|_| UploadError::WrongType)?;
            Ok(size)
        };
        match received.await {
            Ok(size) => {
                writer.finish().await?;
                Ok(size)
            }
            Err(error) => {
                if let Some(discarded) = writer.discard() {
                    // What it says is in the log already.
                    let _ = discarded.await;
                }
                Err(error)
            }
        }
    }

    /// Deletes what a crash has left in a folder before `before`: bytes that never got their name.
    pub(super) async fn remove_unnamed(&self, before: DateTime<Utc>) -> Result<(), StoreError> {
        let Some(folder) = self.folder.clone() else {
            return Ok(());
        };
        let sweep = move || -> std::io::Result<()> {
            for kind in [FILES, UNSENT, CLAIMS] {
                let entries = match std::fs::read_dir(folder.join(kind)) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    entries => entries?,
                };
                for entry in entries {
                    let entry = entry?;
                    // `object_store` writes to the name with `#` and a number.
                    let unnamed = entry.file_name().to_string_lossy().contains('#');
                    if unnamed && entry.metadata()?.modified()? <= SystemTime::from(before) {
                        std::fs::remove_file(entry.path())?;
                    }
                }
            }
            Ok(())
        };
        match tokio::task::spawn_blocking(sweep).await {
            Ok(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::other(error))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(StoreError::other(error)),
        }
    }

    /// Waits until all that requests have left behind is cleaned up.
    pub(super) async fn settle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    /// Does what must be done even if nobody waits for it. `None` outside of a runtime, where nothing can be done.
    pub(super) fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        let runtime = Handle::try_current().ok()?;
        Some(self.tasks.spawn_on(work, &runtime))
    }
}

/// The right to upload, until it is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    blobs: Blobs,
    id: String,
    released: bool,
}

impl Claim {
    pub(super) async fn release(mut self) {
        self.released = true;
        if let Some(released) = self.delete() {
            let _ = released.await;
        }
    }

    fn delete(&self) -> Option<JoinHandle<()>> {
        let (blobs, id) = (self.blobs.clone(), self.id.clone());
        self.blobs.see_through(async move {
            if let Err(error) = blobs.delete(CLAIMS, &id).await {
                tracing::warn!(%id, %error, "the claim of an upload stays until orphans are removed");
            }
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.released {
            self.delete();
        }
    }
}

/// Collects pieces into parts of equal size, which some buckets insist on. What fits into one part is written at once.
struct Writer<'a> {
    blobs: &'a Blobs,
    id: &'a str,
    part: Vec<Bytes>,
    held: usize,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Writer<'_> {
    async fn write(&mut self, mut piece: Bytes) -> Result<(), UploadError> {
        while self.held + piece.len() > self.blobs.part {
            let rest = piece.split_off(self.blobs.part - self.held);
            self.hold(piece);
            self.put_part().await?;
            piece = rest;
        }
        self.hold(piece);
        Ok(())
    }

    fn hold(&mut self, piece: Bytes) {
        self.held += piece.len();
        self.part.push(piece);
    }

    fn take_part(&mut self) -> PutPayload {
        self.held = 0;
        self.part.drain(..).collect()
    }

    async fn put_part(&mut self) -> Result<(), UploadError> {
        let part = self.take_part();
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => {
                let path = path(FILES, self.id);
                none.insert(self.blobs.objects.put_multipart(&path).await?)
            }
        };
        Ok(upload.put_part(part).await?)
    }

    async fn finish(mut self) -> Result<(), UploadError> {
        if self.upload.is_none() {
            let all = self.take_part();
            let path = path(FILES, self.id);
            self.blobs.objects.put(&path, all).await?;
            return Ok(());
        }
        if self.held > 0 {
            self.put_part().await?;
        }
        if let Some(upload) = &mut self.upload {
            upload.complete().await?;
        }
        // It is complete: there is nothing to discard.
        self.upload = None;
        Ok(())
    }

    fn discard(&mut self) -> Option<JoinHandle<()>> {
        let mut upload = self.upload.take()?;
        let id = self.id.to_owned();
        self.blobs.see_through(async move {
            if let Err(error) = upload.abort().await {
                tracing::warn!(%id, %error, "parts of a failed upload were not deleted");
            }
        })
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        self.discard();
    }
}

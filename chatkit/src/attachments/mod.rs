//! Files that users attach: a store for them, in a folder or a bucket, and the routes that they come and go by.
//!
//! ```no_run
//! # use chatkit::types::UserMessageItem;
//! # use chatkit::{ChatKitHandler, Turn, TurnError};
//! # use axum::http::{StatusCode, request::Parts};
//! # struct Parrot;
//! # impl ChatKitHandler for Parrot {
//! #     type Context = User;
//! #     async fn respond(&self, _: &Turn<User>, _: Option<UserMessageItem>) -> Result<(), TurnError> { Ok(()) }
//! # }
//! # struct User { id: String }
//! # async fn authenticate(_: Parts) -> Result<User, StatusCode> { Err(StatusCode::UNAUTHORIZED) }
//! # async fn start() -> Result<axum::Router, Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use chatkit::ChatKitServer;
//! use chatkit::attachments::AttachmentOptions;
//! use chatkit::store::{DynStore, MemoryStore};
//!
//! let threads = DynStore::new(MemoryStore::new().scoped(|user: &User| user.id.clone()));
//! let files = AttachmentOptions::scoped(
//!     "https://chat.example.com/attachments",
//!     std::env::var("ATTACHMENT_SECRET")?,
//!     |user: &User| user.id.clone(),
//!     |id| User { id: id.to_owned() },
//! )
//! .open_folder("attachments", threads.clone())
//! .await?;
//!
//! let server = ChatKitServer::new(Parrot, threads).attachment_store(files.clone());
//! let app = chatkit::axum::router(server, authenticate).merge(files.router(authenticate));
//!
//! // And once an hour, on one instance:
//! files.remove_orphans(Duration::from_secs(24 * 60 * 60)).await?;
//! # Ok(app)
//! # }
//! ```
//!
//! # Uploads
//!
//! The client uploads in one of two ways, which you choose in its options.
//!
//! - **Two phases**: `attachments.create` answers with a signed URL, which takes the bytes once, until it expires. The
//!   signature binds it to its user, the attachment, the size and the type that were announced.
//! - **Direct**: a form with the field `file` goes to the URL of the routes, with the sign-in that your own function knows.
//!   The answer is the attachment.
//!
//! Bytes go to the disk or the bucket as they come, and get their name when all are there: a broken upload leaves nothing.
//! They must be what their type says. A file is only ever served as a download, except that a picture (PNG, JPEG, GIF,
//! WebP, AVIF) has a preview; SVG and HTML can run scripts and are never shown. URLs of previews are signed too, since an
//! `<img>` sends no sign-in along; the client asks for a fresh one whenever it needs it.
//!
//! Browsers may call the routes from another origin: put [`Cors`](crate::axum::Cors) around them too. How many requests
//! come in is for a layer as well.
//!
//! # Buckets
//!
//! [`open_bucket`](AttachmentOptions::open_bucket) takes whatever implements [`ObjectStore`](object_store::ObjectStore).
//! The features `attachments-s3`, `attachments-azure` and `attachments-gcs` build those of the clouds. They need HTTP with
//! TLS, which `HttpClients` has, behind these features:
//!
//! ```ignore
//! let bucket = AmazonS3Builder::from_env().with_bucket_name("files").with_http_connector(HttpClients).build()?;
//! ```

mod blobs;
#[cfg(feature = "_cloud")]
mod cloud;
mod error;
mod multipart;
mod names;
mod options;
mod routes;
mod signed;
mod sniff;
mod upload;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
pub use object_store;

use self::blobs::{Blobs, Unsent};
#[cfg(feature = "_cloud")]
pub use self::cloud::HttpClients;
pub use self::error::AttachmentConfigError;
use self::error::{UploadError, store_error};
pub use self::options::AttachmentOptions;
use self::signed::{Grant, SignedQuery, Signer};
use crate::store::{AttachmentStore, DynStore, Store, StoreError, StrayAttachment};
use crate::types::{
    Attachment, AttachmentCreateParams, AttachmentUploadDescriptor, FileAttachment,
    ImageAttachment, PreviewUrl, Url,
};

/// How many attachments of deleted threads are read at a time.
const STRAYS_PAGE: usize = 100;

/// Keeps attached files in a folder or a bucket. See the [module](self) for an example.
///
/// The records are in the server's [`Store`]. Beside the bytes there is a small file for each attachment that was not sent
/// yet, which is how [`remove_orphans`](Self::remove_orphans) finds them. Cloning is cheap and gives the same store.
pub struct BlobAttachmentStore<C>(Arc<Inner<C>>);

struct Inner<C> {
    options: AttachmentOptions<C>,
    signer: Signer,
    route: String,
    blobs: Blobs,
    store: DynStore<C>,
}

impl<C: Send + Sync + 'static> BlobAttachmentStore<C> {
    fn new(
        options: AttachmentOptions<C>,
        signer: Signer,
        route: String,
        blobs: Blobs,
        store: DynStore<C>,
    ) -> Self {
        Self(Arc::new(Inner {
            options,
            signer,
            route,
            blobs,
            store,
        }))
    }

    /// The bytes of an attachment, of which there may be `most`. Use it with records that were loaded for the user whom
    /// you act for, as those in the items of a thread are: it asks for no owner.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`] when the file was not uploaded yet, or is deleted. [`StoreError::Invalid`] when there are
    /// more bytes.
    pub async fn read(&self, attachment: &Attachment, most: u64) -> Result<Bytes, StoreError> {
        let id = checked(attachment.id())?;
        let found = self
            .0
            .blobs
            .get(id)
            .await
            .map_err(|error| about(id, error))?;
        if found.meta.size > most {
            return Err(UploadError::TooLarge { most }.into());
        }
        found.bytes().await.map_err(store_error)
    }

    /// A signed URL at which the file can be downloaded without a sign-in, until it expires: for a model that fetches
    /// files itself. Nothing is looked up; see [`read`](Self::read) for whose records to use.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`] when this store has never made such an id.
    pub fn download_url(&self, attachment: &Attachment) -> Result<Url, StoreError> {
        let id = checked(attachment.id())?;
        let (mime_type, name) = (attachment.mime_type(), attachment.name());
        let grant = Grant::Download {
            id,
            mime_type,
            name,
        };
        self.signed_url(id, "", grant, mime_type, name)
    }

    /// Deletes attachments that were made `older_than` ago or longer and are in no message: those that were never
    /// uploaded, and those that were never sent. Also those of threads that are deleted, however long ago: by
    /// `delete_threads_before`, or by their users, when a file could not be deleted then. Gives how many it has deleted. Also
    /// deletes what a crash has left of uploads in a folder.
    ///
    /// Call it on a schedule, on one instance; twice at once does no harm. Of the bytes it lists only what is not known to be
    /// sent; what belongs to deleted threads comes from the [store](Store::load_stray_attachments).
    /// A day is a good age: whoever attaches a file and sends the message later than that finds it gone. Uploads that
    /// are going on are left alone while they are younger than that. Dropping the future leaves the rest for the next call.
    ///
    /// # Errors
    ///
    /// Goes through all of them even if some fail, and then gives the first failure.
    pub async fn remove_orphans(&self, older_than: Duration) -> Result<usize, StoreError> {
        let before = before(older_than);
        let mut ids = self.0.blobs.list_unsent(before);
        let (mut removed, mut failed) = (0, None);
        while let Some(id) = ids.next().await {
            let outcome = match id {
                Ok(id) => self.remove_orphan(&id, before).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(orphan) => removed += usize::from(orphan),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        let mut after: Option<String> = None;
        loop {
            let strays = self
                .0
                .store
                .load_stray_attachments(after.as_deref(), STRAYS_PAGE);
            let strays = match strays.await {
                Ok(strays) => strays,
                Err(error) => {
                    failed = failed.or(Some(error));
                    break;
                }
            };
            for stray in &strays {
                match self.remove_stray(stray).await {
                    Ok(gone) => removed += usize::from(gone),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            match strays.last() {
                Some(last) => after = Some(last.id.clone()),
                None => break,
            }
        }
        if let Err(error) = self.0.blobs.remove_unnamed(before).await {
            failed = failed.or(Some(error));
        }
        failed.map_or(Ok(removed), Err)
    }

    async fn remove_stray(&self, stray: &StrayAttachment) -> Result<bool, StoreError> {
        let Inner { blobs, store, .. } = &*self.0;
        let context = self.context_of(&stray.owner)?;
        // It may have been deleted, or sent in another thread, since it was listed.
        let thread = match store.load_attachment(&stray.id, &context).await {
            Ok(attachment) => attachment.thread_id().map(str::to_owned),
            Err(StoreError::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let Some(thread) = thread else {
            return Ok(false);
        };
        match store.load_thread(&thread, &context).await {
            Ok(_) => return Ok(false),
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        // An id that this store has not made has no bytes here.
        if let Ok(id) = checked(&stray.id) {
            blobs.remove(id).await?;
        }
        store.delete_attachment(&stray.id, &context).await?;
        Ok(true)
    }

    async fn remove_orphan(&self, id: &str, before: DateTime<Utc>) -> Result<bool, StoreError> {
        let Inner { blobs, store, .. } = &*self.0;
        let unsent = match blobs.unsent(id).await {
            Err(StoreError::NotFound { .. }) => return Ok(false),
            unsent => unsent?,
        };
        let context = self.context_of(&unsent.owner)?;
        match store.load_attachment(id, &context).await {
            Ok(attachment) if attachment.thread_id().is_some() => {
                blobs.forget_unsent(id).await?;
                return Ok(false);
            }
            Ok(_) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        if blobs.is_claimed(id, before).await? {
            return Ok(false);
        }
        blobs.remove(id).await?;
        store.delete_attachment(id, &context).await?;
        Ok(true)
    }

    /// Waits for what requests have left behind: aborted uploads that are being deleted. Call it before the process ends.
    pub async fn settle(&self) {
        self.0.blobs.settle().await;
    }

    fn context_of(&self, owner: &str) -> Result<C, StoreError> {
        let options = &self.0.options;
        let context = (options.context)(owner);
        if (options.owner)(&context) == owner {
            Ok(context)
        } else {
            Err(StoreError::other(
                "the context that AttachmentOptions makes of an owner's key belongs to another owner",
            ))
        }
    }

    fn signed_url(
        &self,
        id: &str,
        place: &str,
        grant: Grant<'_>,
        mime_type: &str,
        name: &str,
    ) -> Result<Url, StoreError> {
        let Inner {
            options, signer, ..
        } = &*self.0;
        let lifetime = match grant {
            Grant::Upload { .. } => options.upload_lifetime,
            Grant::Download { .. } | Grant::Preview { .. } => options.read_lifetime,
        };
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let expires = Utc::now().timestamp().saturating_add(lifetime);
        let query = SignedQuery {
            expires,
            signature: signer.sign(grant, expires),
            mime_type: mime_type.to_owned(),
            name: name.to_owned(),
        };
        Url::parse(format!("{}/{id}{place}?{}", options.url, query.write()))
            .map_err(StoreError::other)
    }
}

impl<C: Send + Sync + 'static> AttachmentStore<C> for BlobAttachmentStore<C> {
    async fn create_attachment(
        &self,
        params: &AttachmentCreateParams,
        context: &C,
    ) -> Result<Attachment, StoreError> {
        let Inner { options, blobs, .. } = &*self.0;
        let most = options.max_bytes;
        if params.size > most {
            return Err(UploadError::TooLarge { most }.into());
        }
        let (mut attachment, unsent) =
            self.begin(&params.name, &params.mime_type, Some(params.size), context)?;
        let id = attachment.id().to_owned();
        blobs.mark_unsent(&id, &unsent).await?;
        let grant = Grant::Upload {
            id: &id,
            owner: &unsent.owner,
            mime_type: &unsent.mime_type,
            size: params.size,
        };
        let url = self.signed_url(&id, "", grant, "", "")?;
        let mut descriptor = AttachmentUploadDescriptor::new(url, options.upload_method);
        if options.upload_method == crate::types::UploadMethod::Put {
            descriptor = descriptor.header("content-type", &unsent.mime_type);
        }
        attachment.set_upload_descriptor(descriptor);
        Ok(attachment)
    }

    async fn delete_attachment(&self, attachment_id: &str, context: &C) -> Result<(), StoreError> {
        let Inner { blobs, store, .. } = &*self.0;
        // Whose it is, is what the record says.
        match store.load_attachment(attachment_id, context).await {
            Err(StoreError::NotFound { .. }) => return Ok(()),
            found => found?,
        };
        blobs.remove(checked(attachment_id)?).await?;
        store.delete_attachment(attachment_id, context).await
    }

    async fn preview_url(&self, attachment_id: &str, context: &C) -> Result<Url, StoreError> {
        let attachment = self.0.store.load_attachment(attachment_id, context).await?;
        if attachment.upload_descriptor().is_some() {
            return Err(StoreError::Invalid("the file is not uploaded yet".into()));
        }
        let (id, mime_type) = (checked(attachment_id)?, attachment.mime_type());
        if !sniff::is_picture(mime_type) {
            return Err(StoreError::Invalid(
                "files of this type have no preview".into(),
            ));
        }
        let grant = Grant::Preview { id, mime_type };
        self.signed_url(id, "/preview", grant, mime_type, "")
    }
}

impl<C: Send + Sync + 'static> BlobAttachmentStore<C> {
    /// The record of a new attachment, and what is kept beside its bytes.
    fn begin(
        &self,
        name: &str,
        mime_type: &str,
        size: Option<u64>,
        context: &C,
    ) -> Result<(Attachment, Unsent), UploadError> {
        let options = &self.0.options;
        let mime_type = sniff::essence(mime_type);
        if !sniff::is_mime_type(&mime_type) || !sniff::is_among(&mime_type, &options.types) {
            return Err(UploadError::TypeNotAllowed);
        }
        let id = self.generate_attachment_id(&mime_type, context);
        let name = names::clean_name(name);
        let attachment = if sniff::is_picture(&mime_type) {
            ImageAttachment::new(id, name, &mime_type, PreviewUrl::Lazy).into()
        } else {
            FileAttachment::new(id, name, &mime_type).into()
        };
        let unsent = Unsent {
            owner: (options.owner)(context),
            mime_type,
            size,
        };
        Ok((attachment, unsent))
    }
}

fn before(older_than: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(older_than)
        .ok()
        .and_then(|age| Utc::now().checked_sub_signed(age))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// An id that this store can have made.
fn checked(id: &str) -> Result<&str, StoreError> {
    if names::is_safe_id(id) {
        Ok(id)
    } else {
        Err(StoreError::not_found("attachment", id))
    }
}

/// Says which attachment was not found.
fn about(id: &str, error: StoreError) -> StoreError {
    match error {
        StoreError::NotFound { what, .. } => StoreError::not_found(what, id),
        error => error,
    }
}

impl<C> Clone for BlobAttachmentStore<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> fmt::Debug for BlobAttachmentStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobAttachmentStore")
            .field("options", &self.0.options)
            .field("blobs", &self.0.blobs)
            .finish_non_exhaustive()
    }
}

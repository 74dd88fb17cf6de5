//! How an upload becomes an attachment.

use bytes::Bytes;
use chrono::Utc;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, stream};

use super::blobs::{Claim, Expected, Unsent};
use super::error::UploadError;
use super::multipart::{MOST_AROUND, Multipart};
use super::signed::{Grant, SignedQuery};
use super::sniff::essence;
use super::{BlobAttachmentStore, Inner, names};
use crate::store::{Store, StoreError};
use crate::types::Attachment;

/// Why someone may upload to an attachment.
pub(super) enum Authority<C> {
    /// The URL says so.
    Signed(SignedQuery),
    /// It is the caller's own.
    Context(C),
}

/// The body of an upload.
pub(super) struct Body {
    pub(super) content_type: String,
    /// What the header says.
    pub(super) length: Option<u64>,
    pub(super) pieces: BoxStream<'static, Result<Bytes, UploadError>>,
}

/// How the file is in the body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// It is the body.
    Raw,
    /// It is the field `file` of a form.
    Multipart,
}

impl<C: Send + Sync + 'static> BlobAttachmentStore<C> {
    /// Takes the bytes of an attachment that was created before.
    ///
    /// Dropping the future aborts the upload, unless all bytes are there.
    pub(super) async fn upload(
        &self,
        id: &str,
        authority: Authority<C>,
        form: Form,
        body: Body,
    ) -> Result<Attachment, UploadError> {
        let Inner { blobs, store, .. } = &*self.0;
        if !names::is_safe_id(id) {
            return Err(UploadError::NotFound);
        }
        let unsent = blobs.unsent(id).await?;
        // An attachment whose upload creates it has no second phase.
        let size = unsent.size.ok_or(UploadError::NotFound)?;
        let context = self.authorise(id, size, &unsent, authority)?;
        let claim = blobs.claim(id).await?.ok_or(UploadError::Used)?;
        // Only now: the one who had the claim before may just have finished.
        let attachment = store.load_attachment(id, &context).await?;
        if attachment.upload_descriptor().is_none() {
            return Err(UploadError::Used);
        }
        let expected = Expected {
            mime_type: unsent.mime_type,
            size: Some(size),
            most: size,
        };
        self.receive(id, expected, form, body).await?;
        self.conclude(id.to_owned(), context, claim).await
    }

    fn authorise(
        &self,
        id: &str,
        size: u64,
        unsent: &Unsent,
        authority: Authority<C>,
    ) -> Result<C, UploadError> {
        match authority {
            Authority::Context(context) if (self.0.options.owner)(&context) == unsent.owner => {
                Ok(context)
            }
            Authority::Context(_) => Err(UploadError::NotFound),
            Authority::Signed(query) => {
                let grant = Grant::Upload {
                    id,
                    owner: &unsent.owner,
                    mime_type: &unsent.mime_type,
                    size,
                };
                self.verify(grant, &query)?;
                Ok(self.context_of(&unsent.owner)?)
            }
        }
    }

    pub(super) fn verify(&self, grant: Grant<'_>, query: &SignedQuery) -> Result<(), UploadError> {
        if !self.0.signer.verify(grant, query.expires, &query.signature) {
            return Err(UploadError::BadSignature);
        }
        if query.expires <= Utc::now().timestamp() {
            return Err(UploadError::Expired);
        }
        Ok(())
    }

    async fn receive(
        &self,
        id: &str,
        expected: Expected,
        form: Form,
        body: Body,
    ) -> Result<u64, UploadError> {
        let blobs = &self.0.blobs;
        check_length(form, &expected, body.length)?;
        let fits = |content_type: &str| {
            let declared = essence(content_type);
            declared == expected.mime_type || declared == "application/octet-stream"
        };
        match form {
            Form::Raw if fits(&body.content_type) => blobs.put(id, expected, body.pieces).await,
            Form::Raw => Err(UploadError::WrongType),
            Form::Multipart => {
                let mut form = Multipart::new(&body.content_type, body.pieces)?;
                let part = form.file().await?;
                if !fits(part.mime_type.as_deref().unwrap_or_default()) {
                    return Err(UploadError::WrongType);
                }
                blobs.put(id, expected, file_of(form)).await
            }
        }
    }

    /// Saves that the bytes are there. This goes on although the caller may go away: it is a moment, and half of it would
    /// be bytes that nobody knows of.
    async fn conclude(
        &self,
        id: String,
        context: C,
        claim: Claim,
    ) -> Result<Attachment, UploadError> {
        let this = self.clone();
        self.see_through(async move {
            let store = &this.0.store;
            let saved = async {
                // Once more: it may have been sent or deleted in the meantime.
                let mut attachment = match store.load_attachment(&id, &context).await {
                    Err(StoreError::NotFound { .. }) => {
                        this.0.blobs.remove(&id).await?;
                        return Err(UploadError::NotFound);
                    }
                    found => found?,
                };
                attachment.set_uploaded();
                store.save_attachment(&attachment, &context).await?;
                this.undo_if_deleted(&id, &context).await?;
                Ok(attachment)
            };
            let saved = saved.await;
            claim.release().await;
            saved
        })
        .await
    }

    /// Takes a form with a file, and makes an attachment of it.
    pub(super) async fn create_and_upload(
        &self,
        context: C,
        body: Body,
    ) -> Result<Attachment, UploadError> {
        let Inner { options, blobs, .. } = &*self.0;
        let most = options.max_bytes;
        let mut form = Multipart::new(&body.content_type, body.pieces)?;
        let part = form.file().await?;
        let declared = part.mime_type.unwrap_or_default();
        let (attachment, unsent) = self.begin(&part.name, &declared, None, &context)?;
        let id = attachment.id().to_owned();
        let expected = Expected {
            mime_type: unsent.mime_type.clone(),
            size: None,
            most,
        };
        check_length(Form::Multipart, &expected, body.length)?;
        let claim = blobs.claim(&id).await?.ok_or(UploadError::Used)?;
        let unfinished = Unfinished {
            store: self,
            id: Some(id),
        };
        let id = attachment.id();
        blobs.mark_unsent(id, &unsent).await?;
        blobs.put(id, expected, file_of(form)).await?;
        unfinished.finished();

        let this = self.clone();
        self.see_through(async move {
            let Inner { blobs, store, .. } = &*this.0;
            let saved = async {
                store.save_attachment(&attachment, &context).await?;
                this.undo_if_deleted(attachment.id(), &context).await
            };
            let saved = saved.await;
            if saved.is_err() {
                blobs.remove(attachment.id()).await?;
            }
            claim.release().await;
            saved.map(|()| attachment)
        })
        .await
    }

    /// A deletion while the bytes arrived has removed the mark, and may have come too early for the rest.
    async fn undo_if_deleted(&self, id: &str, context: &C) -> Result<(), UploadError> {
        let Inner { blobs, store, .. } = &*self.0;
        if blobs.is_unsent(id).await? {
            return Ok(());
        }
        blobs.remove(id).await?;
        store.delete_attachment(id, context).await?;
        Err(UploadError::NotFound)
    }

    async fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, UploadError>> + Send + 'static,
    ) -> Result<T, UploadError> {
        match self.0.blobs.see_through(work) {
            Some(task) => task
                .await
                .unwrap_or_else(|error| Err(StoreError::other(error).into())),
            None => Err(StoreError::other("uploads need a Tokio runtime").into()),
        }
    }
}

/// Removes an upload that came to nothing.
struct Unfinished<'a, C: Send + Sync + 'static> {
    store: &'a BlobAttachmentStore<C>,
    id: Option<String>,
}

impl<C: Send + Sync + 'static> Unfinished<'_, C> {
    fn finished(mut self) {
        self.id = None;
    }
}

impl<C: Send + Sync + 'static> Drop for Unfinished<'_, C> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            let blobs = self.store.0.blobs.clone();
            self.store.0.blobs.see_through(async move {
                if let Err(error) = blobs.remove(&id).await {
                    tracing::warn!(%id, %error, "a failed upload stays until orphans are removed");
                }
            });
        }
    }
}

/// Refuses what the header already says is too much or too little, before any byte is read.
fn check_length(form: Form, expected: &Expected, length: Option<u64>) -> Result<(), UploadError> {
    let Some(length) = length else {
        return Ok(());
    };
    let most = expected.most;
    let around = match form {
        Form::Raw => 0,
        Form::Multipart => MOST_AROUND as u64,
    };
    if length > most.saturating_add(around) {
        return Err(UploadError::TooLarge { most });
    }
    match expected.size {
        Some(announced) if length < announced => Err(UploadError::TooSmall { announced }),
        _ => Ok(()),
    }
}

/// The file of a form as a stream. It ends when the rest of the form is read too.
fn file_of<S>(form: Multipart<S>) -> impl Stream<Item = Result<Bytes, UploadError>> + Send + Unpin
where
    S: Stream<Item = Result<Bytes, UploadError>> + Send + Unpin + 'static,
{
    stream::try_unfold(form, |mut form| async {
        match form.chunk().await? {
            Some(chunk) => Ok(Some((chunk, form))),
            None => form.finish().await.map(|()| None),
        }
    })
    .boxed()
}

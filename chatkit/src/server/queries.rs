//! Requests that are answered with one JSON document.

use std::error::Error as StdError;
use std::panic::AssertUnwindSafe;
use std::pin::pin;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{FutureExt, TryStreamExt};
use serde::Serialize;

use super::public::{public_item, public_thread};
use super::{ChatKitHandler, ChatKitServer, RequestInfo, Turn};
use crate::error::{Error, ErrorKind};
use crate::store::{AttachmentStore, DynAttachmentStore, Store, StoreError};
use crate::types::{
    AttachmentCreateParams, AttachmentPreview, AudioInput, InputTranscribeParams,
    ItemFeedbackParams, ItemsListParams, NonStreamingRequest, Order, Page, Thread,
    ThreadCustomActionParams, ThreadItem, ThreadListParams, ThreadUpdateParams,
};

/// The size of a page when the client asks for none.
const DEFAULT_PAGE_SIZE: usize = 20;

/// The size of the largest page. Who asks for more gets this much, and that there is more: a page is in memory whole, and
/// its size is the caller's to choose.
const MAX_PAGE_SIZE: usize = 1000;

impl<H: ChatKitHandler> ChatKitServer<H> {
    pub(super) async fn answer(
        &self,
        request: NonStreamingRequest,
        info: RequestInfo,
        context: H::Context,
    ) -> Result<Bytes, Error> {
        let answer = AssertUnwindSafe(self.query(request, info, context));
        let answer = answer.catch_unwind().await;
        answer
            .unwrap_or_else(|_| Err(Error::panicked()))
            .map_err(Error::logged)
    }

    async fn query(
        &self,
        request: NonStreamingRequest,
        info: RequestInfo,
        context: H::Context,
    ) -> Result<Bytes, Error> {
        match request {
            NonStreamingRequest::ThreadsGetById(params) => {
                self.get_thread(&params.thread_id, &context).await
            }
            NonStreamingRequest::ThreadsList(params) => self.list_threads(params, &context).await,
            NonStreamingRequest::ItemsList(params) => self.list_items(params, &context).await,
            NonStreamingRequest::ItemsFeedback(params) => self.add_feedback(params, &context).await,
            NonStreamingRequest::AttachmentsCreate(params) => {
                self.create_attachment(&params, &context).await
            }
            NonStreamingRequest::AttachmentsDelete(params) => {
                self.delete_attachment(&params.attachment_id, &context)
                    .await
            }
            NonStreamingRequest::AttachmentsGetPreview(params) => {
                self.preview_attachment(&params.attachment_id, &context)
                    .await
            }
            NonStreamingRequest::ThreadsUpdate(params) => {
                self.rename_thread(params, &context).await
            }
            NonStreamingRequest::ThreadsDelete(params) => {
                self.delete_thread(&params.thread_id, &context).await?;
                Ok(empty())
            }
            NonStreamingRequest::InputTranscribe(params) => self.transcribe(params, &context).await,
            NonStreamingRequest::ThreadsSyncCustomAction(params) => {
                self.sync_action(params, info, context).await
            }
        }
    }

    async fn get_thread(&self, thread_id: &str, context: &H::Context) -> Result<Bytes, Error> {
        let thread = self.store.load_thread(thread_id, context).await?;
        let items = self
            .visible_items(&thread.id, None, DEFAULT_PAGE_SIZE, Order::Asc, context)
            .await?;
        json(&response(Thread::new(thread, items)))
    }

    async fn list_threads(
        &self,
        params: ThreadListParams,
        context: &H::Context,
    ) -> Result<Bytes, Error> {
        let limit = page_size(params.limit);
        let after = params.after.as_deref().filter(|after| !after.is_empty());
        let page = self
            .store
            .load_threads(limit, after, params.order, context)
            .await?;
        json(&page.map(|thread| response(Thread::new(thread, Page::default()))))
    }

    async fn list_items(
        &self,
        params: ItemsListParams,
        context: &H::Context,
    ) -> Result<Bytes, Error> {
        let limit = page_size(params.limit);
        let items = self
            .visible_items(
                &params.thread_id,
                params.after,
                limit,
                params.order,
                context,
            )
            .await?;
        json(&items)
    }

    async fn add_feedback(
        &self,
        params: ItemFeedbackParams,
        context: &H::Context,
    ) -> Result<Bytes, Error> {
        // The handler gets no thread that is not the caller's.
        self.store.load_thread(&params.thread_id, context).await?;
        self.handler
            .add_feedback(&params.thread_id, &params.item_ids, params.kind, context)
            .await
            .map_err(Error::handler)?;
        Ok(empty())
    }

    async fn create_attachment(
        &self,
        params: &AttachmentCreateParams,
        context: &H::Context,
    ) -> Result<Bytes, Error> {
        let mut attachment = self
            .attachments()?
            .create_attachment(params, context)
            .await?;
        self.store.save_attachment(&attachment, context).await?;
        attachment.hide_metadata();
        json(&attachment)
    }

    async fn delete_attachment(&self, id: &str, context: &H::Context) -> Result<Bytes, Error> {
        self.attachments()?.delete_attachment(id, context).await?;
        self.store.delete_attachment(id, context).await?;
        Ok(empty())
    }

    async fn preview_attachment(&self, id: &str, context: &H::Context) -> Result<Bytes, Error> {
        let url = self.attachments()?.preview_url(id, context).await?;
        json(&AttachmentPreview::new(url))
    }

    async fn rename_thread(
        &self,
        params: ThreadUpdateParams,
        context: &H::Context,
    ) -> Result<Bytes, Error> {
        let mut thread = self.store.load_thread(&params.thread_id, context).await?;
        thread.title = Some(params.title);
        self.store.save_thread(&thread, context).await?;
        json(&response(Thread::new(thread, Page::default())))
    }

    async fn transcribe(
        &self,
        params: InputTranscribeParams,
        context: &H::Context,
    ) -> Result<Bytes, Error> {
        let data = STANDARD.decode(&params.audio_base64).map_err(|error| {
            Error::new(
                ErrorKind::InvalidRequest,
                "params.audio_base64: not valid base64",
            )
            .caused_by(error)
        })?;
        let audio = AudioInput::new(data, params.mime_type);
        let text = self.handler.transcribe(audio, context).await;
        json(&text.map_err(Error::handler)?)
    }

    /// Deletes a thread, and then the files that were sent in it. No file keeps a thread: what cannot be deleted is found
    /// later, by its record.
    async fn delete_thread(&self, thread_id: &str, context: &H::Context) -> Result<(), StoreError> {
        let Some(files) = &self.attachment_store else {
            return self.store.delete_thread(thread_id, context).await;
        };
        let sent = self.attachments_in(thread_id, context).await;
        self.store.delete_thread(thread_id, context).await?;
        let ids = sent.unwrap_or_else(|error| {
            let error: &dyn StdError = &error;
            tracing::warn!(
                error,
                "the files of a deleted thread stay until orphans are removed"
            );
            Vec::new()
        });
        for id in ids {
            match self.delete_file(files, &id, thread_id, context).await {
                Ok(()) | Err(StoreError::NotFound { .. }) => {}
                Err(error) => {
                    let error: &dyn StdError = &error;
                    tracing::warn!(%id, error, "a file of a deleted thread stays until orphans are removed");
                }
            }
        }
        Ok(())
    }

    async fn delete_file(
        &self,
        files: &DynAttachmentStore<H::Context>,
        id: &str,
        thread_id: &str,
        context: &H::Context,
    ) -> Result<(), StoreError> {
        let attachment = self.store.load_attachment(id, context).await?;
        // It may have been sent in another thread since.
        if attachment.thread_id() == Some(thread_id) {
            files.delete_attachment(id, context).await?;
            self.store.delete_attachment(id, context).await?;
        }
        Ok(())
    }

    /// The ids of what was sent in a thread of the caller's.
    async fn attachments_in(
        &self,
        thread_id: &str,
        context: &H::Context,
    ) -> Result<Vec<String>, StoreError> {
        let mut ids = Vec::new();
        let mut items = pin!(self.store.newest_first(thread_id, context));
        while let Some(item) = items.try_next().await? {
            if let ThreadItem::UserMessage(message) = item {
                ids.extend(message.attachments.iter().map(|file| file.id().to_owned()));
            }
        }
        Ok(ids)
    }

    async fn sync_action(
        &self,
        params: ThreadCustomActionParams,
        info: RequestInfo,
        context: H::Context,
    ) -> Result<Bytes, Error> {
        let thread = self.store.load_thread(&params.thread_id, &context).await?;
        self.check_status(&thread)?;
        let turn = Turn::new(thread, self.store.clone(), context, info, None);
        let sender = self.load_sender(&turn, params.item_id.as_deref()).await?;
        let result = self.handler.sync_action(&turn, params.action, sender).await;
        turn.save_thread().await?;
        turn.close();
        let mut response = result.map_err(Error::handler)?;
        response.updated_item = response
            .updated_item
            .and_then(|mut item| public_item(&mut item).then_some(item));
        json(&response)
    }

    fn attachments(&self) -> Result<&DynAttachmentStore<H::Context>, Error> {
        self.attachment_store
            .as_ref()
            .ok_or_else(|| Error::new(ErrorKind::NotSupported, "attachments are not supported"))
    }

    /// A page of what the client may see. Hidden items neither use up the limit nor end a page early.
    async fn visible_items(
        &self,
        thread_id: &str,
        after: Option<String>,
        limit: usize,
        order: Order,
        context: &H::Context,
    ) -> Result<Page<ThreadItem>, Error> {
        let mut after = after.filter(|after| !after.is_empty());
        let mut items: Vec<ThreadItem> = Vec::new();
        let mut wanted = limit;
        loop {
            let page = self
                .store
                .load_thread_items(thread_id, after.as_deref(), wanted, order, context)
                .await?;
            items.extend(
                page.data
                    .into_iter()
                    .filter_map(|mut item| public_item(&mut item).then_some(item)),
            );
            if items.len() > limit {
                items.truncate(limit);
                let last = items.last().map(|item| item.id().to_owned());
                return Ok(Page::with_more(items, last));
            }
            if !page.has_more {
                return Ok(Page::last(items));
            }
            after = page.after;
            if items.len() == limit || after.is_none() {
                return Ok(Page::with_more(items, after));
            }
            // Where one item is missing, the next may be behind thousands of hidden ones.
            wanted = DEFAULT_PAGE_SIZE.max(limit - items.len());
        }
    }
}

fn page_size(limit: Option<u32>) -> usize {
    match limit {
        None | Some(0) => DEFAULT_PAGE_SIZE,
        Some(limit) => MAX_PAGE_SIZE.min(limit as usize),
    }
}

fn response(mut thread: Thread) -> Thread {
    public_thread(&mut thread);
    thread
}

fn empty() -> Bytes {
    Bytes::from_static(b"{}")
}

fn json(value: &impl Serialize) -> Result<Bytes, Error> {
    match serde_json::to_vec(value) {
        Ok(json) => Ok(json.into()),
        Err(error) => {
            Err(Error::new(ErrorKind::Internal, "a response does not serialise").caused_by(error))
        }
    }
}

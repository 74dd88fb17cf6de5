//! A store whose calls are spans.

use std::future::Future;

use tracing::Instrument;

use crate::store::{Store, StoreError, StoreItemType, StrayAttachment};
use crate::telemetry;
use crate::types::{Attachment, Order, Page, ThreadItem, ThreadMetadata};

/// Any store; each call is a span, and failures are counted. No span holds what is stored.
pub(super) struct Traced<S>(pub(super) S);

/// One call.
async fn call<T>(
    name: &'static str,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let span = tracing::debug_span!("chatkit.store", call = name);
    let result = call.instrument(span).await;
    if let Err(StoreError::Conflict(_) | StoreError::Other(_)) = &result {
        telemetry::store_failed(name);
    }
    result
}

impl<C: Send + Sync + 'static, S: Store<C>> Store<C> for Traced<S> {
    fn generate_thread_id(&self, context: &C) -> String {
        self.0.generate_thread_id(context)
    }

    fn generate_item_id(
        &self,
        item_type: StoreItemType,
        thread: &ThreadMetadata,
        context: &C,
    ) -> String {
        self.0.generate_item_id(item_type, thread, context)
    }

    async fn load_thread(&self, id: &str, context: &C) -> Result<ThreadMetadata, StoreError> {
        call("load_thread", self.0.load_thread(id, context)).await
    }

    async fn save_thread(&self, thread: &ThreadMetadata, context: &C) -> Result<(), StoreError> {
        call("save_thread", self.0.save_thread(thread, context)).await
    }

    async fn load_threads(
        &self,
        limit: usize,
        after: Option<&str>,
        order: Order,
        context: &C,
    ) -> Result<Page<ThreadMetadata>, StoreError> {
        let page = self.0.load_threads(limit, after, order, context);
        call("load_threads", page).await
    }

    async fn delete_thread(&self, id: &str, context: &C) -> Result<(), StoreError> {
        call("delete_thread", self.0.delete_thread(id, context)).await
    }

    async fn load_thread_items(
        &self,
        thread_id: &str,
        after: Option<&str>,
        limit: usize,
        order: Order,
        context: &C,
    ) -> Result<Page<ThreadItem>, StoreError> {
        let page = self
            .0
            .load_thread_items(thread_id, after, limit, order, context);
        call("load_thread_items", page).await
    }

    async fn add_thread_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        context: &C,
    ) -> Result<(), StoreError> {
        let added = self.0.add_thread_item(thread_id, item, context);
        call("add_thread_item", added).await
    }

    async fn save_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        context: &C,
    ) -> Result<(), StoreError> {
        call("save_item", self.0.save_item(thread_id, item, context)).await
    }

    async fn load_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> Result<ThreadItem, StoreError> {
        call("load_item", self.0.load_item(thread_id, item_id, context)).await
    }

    async fn delete_thread_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> Result<(), StoreError> {
        let deleted = self.0.delete_thread_item(thread_id, item_id, context);
        call("delete_thread_item", deleted).await
    }

    async fn take_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> Result<ThreadItem, StoreError> {
        call("take_item", self.0.take_item(thread_id, item_id, context)).await
    }

    async fn save_attachment(
        &self,
        attachment: &Attachment,
        context: &C,
    ) -> Result<(), StoreError> {
        let saved = self.0.save_attachment(attachment, context);
        call("save_attachment", saved).await
    }

    async fn load_attachment(&self, id: &str, context: &C) -> Result<Attachment, StoreError> {
        call("load_attachment", self.0.load_attachment(id, context)).await
    }

    async fn delete_attachment(&self, id: &str, context: &C) -> Result<(), StoreError> {
        call("delete_attachment", self.0.delete_attachment(id, context)).await
    }

    async fn load_stray_attachments(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StrayAttachment>, StoreError> {
        let found = self.0.load_stray_attachments(after, limit);
        call("load_stray_attachments", found).await
    }
}

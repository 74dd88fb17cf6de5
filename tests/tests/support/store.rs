//! A store that can be watched, and made to fail.

use std::sync::{Arc, Mutex};

use chatkit::store::{DynStore, Store, StoreError, StoreItemType};
use chatkit::types::{Attachment, Order, Page, ThreadItem, ThreadMetadata};
use serde_json::Value;
use tokio::sync::{Barrier, watch};

use super::within;

type Fault = Box<dyn Fn(&str, Option<&ThreadItem>) -> bool + Send + Sync>;

/// Any store, whose writes can be waited for, and whose calls fail on demand.
#[derive(Clone)]
pub(crate) struct WatchedStore {
    inner: DynStore<()>,
    shared: Arc<Shared>,
}

struct Shared {
    /// Counts the writes.
    writes: watch::Sender<usize>,
    fault: Mutex<Option<Fault>>,
    /// The method whose writes fail, and whether they happen all the same.
    failing_write: Mutex<Option<(&'static str, bool)>>,
    /// Where the readers of an item wait for each other.
    meeting: Mutex<Option<Arc<Barrier>>>,
}

impl WatchedStore {
    /// What the cause of a failure says; nobody outside may read it.
    pub(crate) const SECRET: &str = "the password of the database is swordfish";

    pub(crate) fn new(inner: impl Store<()>) -> Self {
        Self {
            inner: DynStore::new(inner),
            shared: Arc::new(Shared {
                writes: watch::Sender::new(0),
                fault: Mutex::new(None),
                failing_write: Mutex::new(None),
                meeting: Mutex::new(None),
            }),
        }
    }

    /// How many writes there were.
    pub(crate) fn writes(&self) -> usize {
        *self.shared.writes.borrow()
    }

    /// Lets the calls fail that `fault` picks, by the method's name and the item that is written.
    pub(crate) fn fail_if(
        &self,
        fault: impl Fn(&str, Option<&ThreadItem>) -> bool + Send + Sync + 'static,
    ) {
        *self.shared.fault.lock().unwrap() = Some(Box::new(fault));
    }

    /// Lets whoever reads an item wait until so many have come to read one.
    pub(crate) fn meet_at_load_item(&self, readers: usize) {
        *self.shared.meeting.lock().unwrap() = Some(Arc::new(Barrier::new(readers)));
    }

    /// Lets the calls of a method fail, after they have written (`happens`) or before.
    pub(crate) fn fail_writes(&self, method: &'static str, happens: bool) {
        *self.shared.failing_write.lock().unwrap() = Some((method, happens));
    }

    fn failing_write(&self, method: &str) -> Option<bool> {
        let failing = *self.shared.failing_write.lock().unwrap();
        failing.and_then(|(name, happens)| (name == method).then_some(happens))
    }

    /// Lets all calls succeed again.
    pub(crate) fn heal(&self) {
        *self.shared.failing_write.lock().unwrap() = None;
        *self
            .shared
            .fault
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }

    /// All items of a thread, hidden ones included, oldest first.
    pub(crate) async fn items(&self, thread_id: &str) -> Vec<Value> {
        let page = self
            .inner
            .load_thread_items(thread_id, None, 9999, Order::Asc, &())
            .await
            .unwrap();
        page.data
            .iter()
            .map(|item| serde_json::to_value(item).unwrap())
            .collect()
    }

    /// All items of a thread, once they are as wanted.
    #[track_caller]
    pub(crate) fn items_when(
        &self,
        thread_id: &str,
        wanted: impl Fn(&[Value]) -> bool,
    ) -> impl Future<Output = Vec<Value>> {
        let mut writes = self.shared.writes.subscribe();
        within(async move {
            loop {
                writes.borrow_and_update();
                let items = self.items(thread_id).await;
                if wanted(&items) {
                    return items;
                }
                writes.changed().await.unwrap();
            }
        })
    }

    /// All items of a thread, once the note is there that a cancelled turn leaves.
    #[track_caller]
    pub(crate) fn items_when_cancelled(&self, thread_id: &str) -> impl Future<Output = Vec<Value>> {
        self.items_when(thread_id, |items| {
            items
                .last()
                .is_some_and(|item| item["type"] == "sdk_hidden_context")
        })
    }

    fn check(&self, method: &str, item: Option<&ThreadItem>) -> Result<(), StoreError> {
        match &*self
            .shared
            .fault
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
        {
            Some(fault) if fault(method, item) => Err(StoreError::other(Self::SECRET)),
            _ => Ok(()),
        }
    }

    fn written<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.is_ok() {
            self.shared.writes.send_modify(|writes| *writes += 1);
        }
        result
    }
}

impl Store<()> for WatchedStore {
    fn generate_thread_id(&self, context: &()) -> String {
        self.inner.generate_thread_id(context)
    }

    fn generate_item_id(
        &self,
        kind: StoreItemType,
        thread: &ThreadMetadata,
        context: &(),
    ) -> String {
        self.inner.generate_item_id(kind, thread, context)
    }

    async fn load_thread(
        &self,
        thread_id: &str,
        context: &(),
    ) -> Result<ThreadMetadata, StoreError> {
        self.check("load_thread", None)?;
        self.inner.load_thread(thread_id, context).await
    }

    async fn save_thread(&self, thread: &ThreadMetadata, context: &()) -> Result<(), StoreError> {
        self.check("save_thread", None)?;
        let fails = self.failing_write("save_thread");
        if fails != Some(false) {
            self.written(self.inner.save_thread(thread, context).await)?;
        }
        fails.map_or(Ok(()), |_| Err(StoreError::other(Self::SECRET)))
    }

    async fn load_threads(
        &self,
        limit: usize,
        after: Option<&str>,
        order: Order,
        context: &(),
    ) -> Result<Page<ThreadMetadata>, StoreError> {
        self.check("load_threads", None)?;
        self.inner.load_threads(limit, after, order, context).await
    }

    async fn delete_thread(&self, thread_id: &str, context: &()) -> Result<(), StoreError> {
        self.check("delete_thread", None)?;
        self.written(self.inner.delete_thread(thread_id, context).await)
    }

    async fn load_thread_items(
        &self,
        thread_id: &str,
        after: Option<&str>,
        limit: usize,
        order: Order,
        context: &(),
    ) -> Result<Page<ThreadItem>, StoreError> {
        self.check("load_thread_items", None)?;
        self.inner
            .load_thread_items(thread_id, after, limit, order, context)
            .await
    }

    async fn add_thread_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        context: &(),
    ) -> Result<(), StoreError> {
        self.check("add_thread_item", Some(item))?;
        let fails = self.failing_write("add_thread_item");
        if fails != Some(false) {
            self.written(self.inner.add_thread_item(thread_id, item, context).await)?;
        }
        fails.map_or(Ok(()), |_| Err(StoreError::other(Self::SECRET)))
    }

    async fn save_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        context: &(),
    ) -> Result<(), StoreError> {
        self.check("save_item", Some(item))?;
        self.written(self.inner.save_item(thread_id, item, context).await)
    }

    async fn load_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &(),
    ) -> Result<ThreadItem, StoreError> {
        self.check("load_item", None)?;
        let meeting = self.shared.meeting.lock().unwrap().clone();
        if let Some(meeting) = meeting {
            meeting.wait().await;
        }
        self.inner.load_item(thread_id, item_id, context).await
    }

    async fn delete_thread_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &(),
    ) -> Result<(), StoreError> {
        self.check("delete_thread_item", None)?;
        self.written(
            self.inner
                .delete_thread_item(thread_id, item_id, context)
                .await,
        )
    }

    async fn take_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &(),
    ) -> Result<ThreadItem, StoreError> {
        self.check("take_item", None)?;
        let taken = self.inner.take_item(thread_id, item_id, context).await?;
        self.written(Ok(taken))
    }

    async fn save_attachment(
        &self,
        attachment: &Attachment,
        context: &(),
    ) -> Result<(), StoreError> {
        self.check("save_attachment", None)?;
        self.written(self.inner.save_attachment(attachment, context).await)
    }

    async fn load_attachment(
        &self,
        attachment_id: &str,
        context: &(),
    ) -> Result<Attachment, StoreError> {
        self.check("load_attachment", None)?;
        self.inner.load_attachment(attachment_id, context).await
    }

    async fn delete_attachment(&self, attachment_id: &str, context: &()) -> Result<(), StoreError> {
        self.check("delete_attachment", None)?;
        self.written(self.inner.delete_attachment(attachment_id, context).await)
    }
}

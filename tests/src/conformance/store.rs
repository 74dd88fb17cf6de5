//! The store of a case: everything as JSON text in the order it came, with a record of the writes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chatkit::store::{Store, StoreError, StoreItemType};
use chatkit::types::{Attachment, Order, Page, ThreadItem, ThreadMetadata};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::failure::{Failure, Scripted};

/// What a store holds at first.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Contents {
    threads: Vec<ThreadMetadata>,
    items: Map<String, Value>,
    attachments: Vec<Attachment>,
}

/// How a store misbehaves.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Options {
    /// `"error"`: an item that is there already cannot be added.
    add_duplicate: Option<String>,
    fail_writes: Vec<FailingWrite>,
}

/// The `nth` write of its kind fails, counted from 1 over the whole case.
#[derive(Deserialize)]
struct FailingWrite {
    op: String,
    nth: usize,
    #[serde(skip)]
    seen: usize,
}

/// A write that a case makes by itself, between two requests. It is not recorded.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(super) enum StoreOp {
    SaveThread { thread: ThreadMetadata },
    AddThreadItem { thread_id: String, item: ThreadItem },
    SaveAttachment { attachment: Attachment },
}

/// The store. Clones share what is stored.
#[derive(Clone)]
pub(super) struct RecordingStore(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    threads: Rows,
    /// By thread, in no particular order.
    items: HashMap<String, Rows>,
    attachments: Rows,
    options: Options,
    ids: HashMap<&'static str, u64>,
    writes: Vec<Value>,
}

/// JSON texts by id, in the order they were added.
#[derive(Default)]
struct Rows(Vec<(String, String)>);

impl RecordingStore {
    pub(super) fn new(contents: Contents, options: Options) -> Result<Self, Failure> {
        let mut state = State {
            options,
            ..State::default()
        };
        for thread in &contents.threads {
            state.threads.put(&thread.id, thread)?;
        }
        for (thread_id, items) in contents.items {
            let items: Vec<ThreadItem> =
                serde_json::from_value(items).map_err(Failure::rejected)?;
            let rows = state.items.entry(thread_id).or_default();
            for item in &items {
                rows.put(item.id(), item)?;
            }
        }
        for attachment in &contents.attachments {
            state.attachments.put(attachment.id(), attachment)?;
        }
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// Writes without a record.
    pub(super) fn apply(&self, op: &StoreOp) -> Result<(), Failure> {
        let mut state = self.state();
        match op {
            StoreOp::SaveThread { thread } => state.threads.put(&thread.id, thread),
            StoreOp::AddThreadItem { thread_id, item } => state
                .items
                .entry(thread_id.clone())
                .or_default()
                .put(item.id(), item),
            StoreOp::SaveAttachment { attachment } => {
                state.attachments.put(attachment.id(), attachment)
            }
        }
        .map_err(Failure::from)
    }

    /// The successful writes since this was last called.
    pub(super) fn take_writes(&self) -> Vec<Value> {
        std::mem::take(&mut self.state().writes)
    }

    /// Everything that is stored.
    pub(super) fn snapshot(&self) -> Result<Value, Failure> {
        let state = self.state();
        let mut items = Map::new();
        for (thread_id, rows) in &state.items {
            if !rows.0.is_empty() {
                items.insert(thread_id.clone(), rows.all()?);
            }
        }
        Ok(json!({
            "threads": state.threads.all()?,
            "items": items,
            "attachments": state.attachments.all()?,
        }))
    }

    /// The next id of a prefix.
    pub(super) fn next_id(&self, item_type: StoreItemType) -> String {
        let prefix = item_type.prefix();
        let mut state = self.state();
        let n = state.ids.entry(prefix).or_default();
        *n += 1;
        format!("{prefix}_g{n}")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a write and records it, unless it is one that is to fail.
    fn write(
        &self,
        op: &'static str,
        record: &[(&str, &str)],
        write: impl FnOnce(&mut State) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let mut fails = false;
        for failing in &mut state.options.fail_writes {
            if failing.op == op {
                failing.seen += 1;
                fails |= failing.seen == failing.nth;
            }
        }
        if fails {
            return Err(StoreError::other(Scripted(format!("{op} fails"))));
        }
        write(&mut state)?;
        let mut entry = Map::from_iter([("op".to_owned(), op.into())]);
        for (name, value) in record {
            entry.insert((*name).to_owned(), (*value).into());
        }
        state.writes.push(entry.into());
        Ok(())
    }
}

impl Rows {
    fn put(&mut self, id: &str, value: &impl Serialize) -> Result<(), StoreError> {
        let json = serde_json::to_string(value).map_err(StoreError::other)?;
        match self.0.iter_mut().find(|(known, _)| known == id) {
            Some((_, row)) => *row = json,
            None => self.0.push((id.to_owned(), json)),
        }
        Ok(())
    }

    fn contains(&self, id: &str) -> bool {
        self.0.iter().any(|(known, _)| known == id)
    }

    fn remove(&mut self, id: &str) {
        self.0.retain(|(known, _)| known != id);
    }

    fn load<T: DeserializeOwned>(&self, what: &'static str, id: &str) -> Result<T, StoreError> {
        let row = self.0.iter().find(|(known, _)| known == id);
        let (_, json) = row.ok_or_else(|| StoreError::not_found(what, id))?;
        serde_json::from_str(json).map_err(StoreError::other)
    }

    fn page<T: DeserializeOwned>(
        &self,
        what: &'static str,
        after: Option<&str>,
        limit: usize,
        order: Order,
    ) -> Result<Page<T>, StoreError> {
        let mut rows: Vec<&(String, String)> = self.0.iter().collect();
        if order == Order::Desc {
            rows.reverse();
        }
        let start = match after.filter(|after| !after.is_empty()) {
            Some(after) => {
                let at = rows.iter().position(|(id, _)| id == after);
                at.ok_or_else(|| StoreError::not_found(what, after))? + 1
            }
            None => 0,
        };
        let rest = rows.split_off(start);
        let data = rest
            .iter()
            .take(limit)
            .map(|(_, json)| serde_json::from_str(json).map_err(StoreError::other))
            .collect::<Result<Vec<T>, _>>()?;
        if rest.len() <= limit {
            return Ok(Page::last(data));
        }
        let last = limit.checked_sub(1).and_then(|last| rest.get(last));
        Ok(Page::with_more(data, last.map(|(id, _)| id.clone())))
    }

    fn all(&self) -> Result<Value, Failure> {
        self.0
            .iter()
            .map(|(_, json)| serde_json::from_str::<Value>(json).map_err(Failure::rejected))
            .collect()
    }
}

impl Store<()> for RecordingStore {
    fn generate_thread_id(&self, (): &()) -> String {
        self.next_id(StoreItemType::Thread)
    }

    fn generate_item_id(&self, item_type: StoreItemType, _: &ThreadMetadata, (): &()) -> String {
        self.next_id(item_type)
    }

    async fn load_thread(&self, thread_id: &str, (): &()) -> Result<ThreadMetadata, StoreError> {
        self.state().threads.load("thread", thread_id)
    }

    async fn save_thread(&self, thread: &ThreadMetadata, (): &()) -> Result<(), StoreError> {
        self.write("save_thread", &[("thread_id", &thread.id)], |state| {
            state.threads.put(&thread.id, thread)
        })
    }

    async fn load_threads(
        &self,
        limit: usize,
        after: Option<&str>,
        order: Order,
        (): &(),
    ) -> Result<Page<ThreadMetadata>, StoreError> {
        self.state().threads.page("thread", after, limit, order)
    }

    async fn delete_thread(&self, thread_id: &str, (): &()) -> Result<(), StoreError> {
        self.write("delete_thread", &[("thread_id", thread_id)], |state| {
            state.threads.remove(thread_id);
            state.items.remove(thread_id);
            Ok(())
        })
    }

    async fn load_thread_items(
        &self,
        thread_id: &str,
        after: Option<&str>,
        limit: usize,
        order: Order,
        (): &(),
    ) -> Result<Page<ThreadItem>, StoreError> {
        match self.state().items.get(thread_id) {
            Some(items) => items.page("item", after, limit, order),
            None => Ok(Page::default()),
        }
    }

    async fn add_thread_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        (): &(),
    ) -> Result<(), StoreError> {
        let record = [("thread_id", thread_id), ("id", item.id())];
        self.write("add_thread_item", &record, |state| {
            let items = state.items.entry(thread_id.to_owned()).or_default();
            if state.options.add_duplicate.as_deref() == Some("error") && items.contains(item.id())
            {
                return Err(StoreError::Conflict("the item is there already".into()));
            }
            items.put(item.id(), item)
        })
    }

    async fn save_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        (): &(),
    ) -> Result<(), StoreError> {
        let record = [("thread_id", thread_id), ("id", item.id())];
        self.write("save_item", &record, |state| {
            state
                .items
                .entry(thread_id.to_owned())
                .or_default()
                .put(item.id(), item)
        })
    }

    async fn load_item(
        &self,
        thread_id: &str,
        item_id: &str,
        (): &(),
    ) -> Result<ThreadItem, StoreError> {
        match self.state().items.get(thread_id) {
            Some(items) => items.load("item", item_id),
            None => Err(StoreError::not_found("item", item_id)),
        }
    }

    async fn delete_thread_item(
        &self,
        thread_id: &str,
        item_id: &str,
        (): &(),
    ) -> Result<(), StoreError> {
        let record = [("thread_id", thread_id), ("id", item_id)];
        self.write("delete_thread_item", &record, |state| {
            if let Some(items) = state.items.get_mut(thread_id) {
                items.remove(item_id);
            }
            Ok(())
        })
    }

    /// No recorded case takes anything: it is as if the item were deleted.
    async fn take_item(
        &self,
        thread_id: &str,
        item_id: &str,
        (): &(),
    ) -> Result<ThreadItem, StoreError> {
        let mut taken = Err(StoreError::not_found("item", item_id));
        let record = [("thread_id", thread_id), ("id", item_id)];
        self.write("delete_thread_item", &record, |state| {
            if let Some(items) = state.items.get_mut(thread_id) {
                taken = items.load("item", item_id);
                items.remove(item_id);
            }
            Ok(())
        })?;
        taken
    }

    async fn save_attachment(&self, attachment: &Attachment, (): &()) -> Result<(), StoreError> {
        self.write("save_attachment", &[("id", attachment.id())], |state| {
            state.attachments.put(attachment.id(), attachment)
        })
    }

    async fn load_attachment(
        &self,
        attachment_id: &str,
        (): &(),
    ) -> Result<Attachment, StoreError> {
        self.state().attachments.load("attachment", attachment_id)
    }

    async fn delete_attachment(&self, attachment_id: &str, (): &()) -> Result<(), StoreError> {
        self.write("delete_attachment", &[("id", attachment_id)], |state| {
            state.attachments.remove(attachment_id);
            Ok(())
        })
    }
}

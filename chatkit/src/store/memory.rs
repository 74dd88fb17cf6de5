//! A store in memory.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, Utc};

use super::scope::Scope;
use super::{Store, StoreError, StrayAttachment};
use crate::types::{Attachment, Order, Page, ThreadItem, ThreadMetadata};

/// Keeps everything in memory until it is dropped: for tests, examples, and servers whose threads need not last.
///
/// It shows every thread to every caller until it is [scoped](Self::scoped). Cloning is cheap and gives the same store;
/// a clone may have another scope.
///
/// ```
/// use chatkit::store::MemoryStore;
///
/// struct User { id: u64 }
///
/// let everyone_sees_everything = MemoryStore::<User>::new();
/// let each_user_apart = MemoryStore::new().scoped(|user: &User| user.id.to_string());
/// ```
pub struct MemoryStore<C> {
    scope: Scope<C>,
    data: Arc<RwLock<Data>>,
}

#[derive(Default)]
struct Data {
    threads: Sorted<ThreadRow>,
    attachments: HashMap<String, (String, Attachment)>,
}

struct ThreadRow {
    owner: String,
    metadata: ThreadMetadata,
    items: Sorted<ThreadItem>,
}

impl<C> MemoryStore<C> {
    /// An empty store that does not tell users apart until it is [scoped](Self::scoped).
    pub fn new() -> Self {
        Self {
            scope: Scope::shared(),
            data: Arc::default(),
        }
    }

    /// Keeps users apart: `owner` gives a user's key from the context of a request. What was stored under another key,
    /// or without one, is not found.
    #[must_use]
    pub fn scoped(self, owner: impl Fn(&C) -> String + Send + Sync + 'static) -> Self {
        Self {
            scope: Scope::by(owner),
            ..self
        }
    }

    /// Deletes the threads that are older than `before`, whoever owns them, with their items; returns how many threads
    /// that were.
    ///
    /// A thread is as old as the last thing in it: one that was made before `before`, and in which no item was made since,
    /// is deleted. The records of attachments stay, as they do in [`delete_thread`](Store::delete_thread), and
    /// [are found](Store::load_stray_attachments) by whoever keeps the bytes. It is no method of [`Store`]: it belongs to no
    /// request, and answers to no owner.
    ///
    /// It never fails; the other stores have the same method, and theirs can.
    pub async fn delete_threads_before(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut data = self.write();
        let threads = data.threads.rows.range(..(before, 0));
        let old: Vec<String> = threads
            .filter(|(_, thread)| thread.items.newest().is_none_or(|newest| newest < before))
            .map(|(_, thread)| thread.metadata.id.clone())
            .collect();
        for id in &old {
            data.threads.remove(id);
        }
        Ok(old.len() as u64)
    }

    fn read(&self) -> RwLockReadGuard<'_, Data> {
        self.data.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Data> {
        self.data.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Default for MemoryStore<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> Clone for MemoryStore<C> {
    fn clone(&self) -> Self {
        Self {
            scope: self.scope.clone(),
            data: Arc::clone(&self.data),
        }
    }
}

impl<C> fmt::Debug for MemoryStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("scope", &self.scope)
            .field("threads", &self.read().threads.len())
            .finish_non_exhaustive()
    }
}

impl Data {
    fn thread(&self, thread_id: &str, owner: &str) -> Result<&ThreadRow, StoreError> {
        self.threads
            .get(thread_id)
            .filter(|thread| thread.owner == owner)
            .ok_or_else(|| StoreError::not_found("thread", thread_id))
    }

    fn thread_mut(&mut self, thread_id: &str, owner: &str) -> Result<&mut ThreadRow, StoreError> {
        self.threads
            .get_mut(thread_id)
            .filter(|thread| thread.owner == owner)
            .ok_or_else(|| StoreError::not_found("thread", thread_id))
    }
}

impl<C: Send + Sync + 'static> Store<C> for MemoryStore<C> {
    async fn load_thread(
        &self,
        thread_id: &str,
        context: &C,
    ) -> Result<ThreadMetadata, StoreError> {
        Ok(self
            .read()
            .thread(thread_id, &self.scope.owner(context))?
            .metadata
            .clone())
    }

    async fn save_thread(&self, thread: &ThreadMetadata, context: &C) -> Result<(), StoreError> {
        let owner = self.scope.owner(context);
        let mut data = self.write();
        if data.threads.get(&thread.id).is_some() {
            data.thread_mut(&thread.id, &owner)?
                .metadata
                .clone_from(thread);
        } else {
            let row = ThreadRow {
                owner,
                metadata: thread.clone(),
                items: Sorted::default(),
            };
            data.threads.put(&thread.id, thread.created_at, row);
        }
        Ok(())
    }

    async fn load_threads(
        &self,
        limit: usize,
        after: Option<&str>,
        order: Order,
        context: &C,
    ) -> Result<Page<ThreadMetadata>, StoreError> {
        let owner = self.scope.owner(context);
        let data = self.read();
        let own = |thread: &&ThreadRow| thread.owner == owner;
        if let Some(after) = after {
            data.thread(after, &owner)?;
        }
        let threads = data
            .threads
            .after(after, order)
            .ok_or_else(|| StoreError::not_found("thread", after.unwrap_or_default()))?;
        Ok(page(
            threads.filter(own).map(|thread| &thread.metadata),
            limit,
            |thread| &thread.id,
        ))
    }

    async fn delete_thread(&self, thread_id: &str, context: &C) -> Result<(), StoreError> {
        let owner = self.scope.owner(context);
        let mut data = self.write();
        if data.thread(thread_id, &owner).is_ok() {
            data.threads.remove(thread_id);
        }
        Ok(())
    }

    async fn load_thread_items(
        &self,
        thread_id: &str,
        after: Option<&str>,
        limit: usize,
        order: Order,
        context: &C,
    ) -> Result<Page<ThreadItem>, StoreError> {
        let data = self.read();
        let Ok(thread) = data.thread(thread_id, &self.scope.owner(context)) else {
            return Ok(Page::default());
        };
        let items = thread
            .items
            .after(after, order)
            .ok_or_else(|| StoreError::not_found("item", after.unwrap_or_default()))?;
        Ok(page(items, limit, ThreadItem::id))
    }

    async fn save_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        context: &C,
    ) -> Result<(), StoreError> {
        let mut data = self.write();
        let thread = data.thread_mut(thread_id, &self.scope.owner(context))?;
        match thread.items.get_mut(item.id()) {
            Some(known) => known.clone_from(item),
            None => thread.items.put(item.id(), item.created_at(), item.clone()),
        }
        Ok(())
    }

    async fn load_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> Result<ThreadItem, StoreError> {
        let data = self.read();
        let thread = data.thread(thread_id, &self.scope.owner(context))?;
        thread
            .items
            .get(item_id)
            .cloned()
            .ok_or_else(|| StoreError::not_found("item", item_id))
    }

    async fn delete_thread_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> Result<(), StoreError> {
        if let Ok(thread) = self
            .write()
            .thread_mut(thread_id, &self.scope.owner(context))
        {
            thread.items.remove(item_id);
        }
        Ok(())
    }

    async fn take_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> Result<ThreadItem, StoreError> {
        let mut data = self.write();
        let thread = data.thread_mut(thread_id, &self.scope.owner(context))?;
        thread
            .items
            .remove(item_id)
            .ok_or_else(|| StoreError::not_found("item", item_id))
    }

    async fn save_attachment(
        &self,
        attachment: &Attachment,
        context: &C,
    ) -> Result<(), StoreError> {
        let owner = self.scope.owner(context);
        let mut data = self.write();
        match data.attachments.get(attachment.id()) {
            Some((other, _)) if *other != owner => {
                Err(StoreError::not_found("attachment", attachment.id()))
            }
            _ => {
                data.attachments
                    .insert(attachment.id().to_owned(), (owner, attachment.clone()));
                Ok(())
            }
        }
    }

    async fn load_attachment(
        &self,
        attachment_id: &str,
        context: &C,
    ) -> Result<Attachment, StoreError> {
        let owner = self.scope.owner(context);
        match self.read().attachments.get(attachment_id) {
            Some((known, attachment)) if *known == owner => Ok(attachment.clone()),
            _ => Err(StoreError::not_found("attachment", attachment_id)),
        }
    }

    async fn delete_attachment(&self, attachment_id: &str, context: &C) -> Result<(), StoreError> {
        let owner = self.scope.owner(context);
        let mut data = self.write();
        if data
            .attachments
            .get(attachment_id)
            .is_some_and(|(known, _)| *known == owner)
        {
            data.attachments.remove(attachment_id);
        }
        Ok(())
    }

    async fn load_stray_attachments(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StrayAttachment>, StoreError> {
        let data = self.read();
        let strays = data.attachments.iter().filter(|(id, (_, attachment))| {
            let thread = attachment.thread_id();
            after.is_none_or(|after| id.as_str() > after)
                && thread.is_some_and(|id| data.threads.get(id).is_none())
        });
        let mut strays: Vec<_> = strays
            .map(|(id, (owner, _))| StrayAttachment::new(owner, id))
            .collect();
        strays.sort_unstable_by(|left, right| left.id.cmp(&right.id));
        strays.truncate(limit);
        Ok(strays)
    }
}

/// Takes a page off an iterator that begins where the page does.
fn page<'a, T: Clone + 'a>(
    mut rows: impl Iterator<Item = &'a T>,
    limit: usize,
    id: impl Fn(&T) -> &str,
) -> Page<T> {
    let data: Vec<T> = rows.by_ref().take(limit).cloned().collect();
    match data.last() {
        Some(last) if rows.next().is_some() => {
            let after = id(last).to_owned();
            Page::with_more(data, Some(after))
        }
        _ => Page::last(data),
    }
}

/// Values by id and in order: by creation time, those of equal times as they were put in.
struct Sorted<T> {
    /// Boxed: the tree has room for eleven in a node, and most threads have two.
    rows: BTreeMap<Key, Box<T>>,
    keys: HashMap<String, Key>,
    next: u64,
}

type Key = (DateTime<Utc>, u64);

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            keys: HashMap::new(),
            next: 0,
        }
    }
}

impl<T> Sorted<T> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    /// The time of the last value.
    fn newest(&self) -> Option<DateTime<Utc>> {
        self.rows.last_key_value().map(|((time, _), _)| *time)
    }

    fn get(&self, id: &str) -> Option<&T> {
        self.rows.get(self.keys.get(id)?).map(|value| &**value)
    }

    fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.rows
            .get_mut(self.keys.get(id)?)
            .map(|value| &mut **value)
    }

    fn put(&mut self, id: &str, created_at: DateTime<Utc>, value: T) {
        let key = (created_at, self.next);
        self.next += 1;
        self.keys.insert(id.to_owned(), key);
        self.rows.insert(key, Box::new(value));
    }

    fn remove(&mut self, id: &str) -> Option<T> {
        let key = self.keys.remove(id)?;
        self.rows.remove(&key).map(|value| *value)
    }

    /// The values behind `after` in `order`; `None` when there is no such id.
    fn after(
        &self,
        after: Option<&str>,
        order: Order,
    ) -> Option<Box<dyn Iterator<Item = &T> + '_>> {
        let bound = match after {
            Some(id) => Bound::Excluded(*self.keys.get(id)?),
            None => Bound::Unbounded,
        };
        Some(match order {
            Order::Asc => Box::new(
                self.rows
                    .range((bound, Bound::Unbounded))
                    .map(|(_, value)| &**value),
            ),
            Order::Desc => Box::new(
                self.rows
                    .range((Bound::Unbounded, bound))
                    .rev()
                    .map(|(_, value)| &**value),
            ),
        })
    }
}

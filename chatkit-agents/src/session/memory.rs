//! A session in memory.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{ReplaceItems, Session, SessionError};
use crate::items::{InputItem, is_given, keep_latest};

/// Keeps the history in memory until the last clone is dropped: for tests, and for conversations that need not last.
/// Clones share the history.
#[derive(Clone)]
pub struct MemorySession {
    id: Arc<str>,
    items: Arc<Mutex<Vec<InputItem>>>,
}

impl MemorySession {
    /// An empty session. The id is a name for logs; two sessions with the same id have nothing in common.
    #[must_use]
    pub fn new(session_id: impl Into<String>) -> Self {
        Self {
            id: session_id.into().into(),
            items: Arc::default(),
        }
    }

    fn items(&self) -> MutexGuard<'_, Vec<InputItem>> {
        // No method leaves a half of a change behind.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemorySession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySession")
            .field("id", &self.id)
            .field("items", &self.items().len())
            .finish()
    }
}

impl Session for MemorySession {
    fn session_id(&self) -> Option<String> {
        Some(self.id.as_ref().to_owned())
    }

    async fn get_items(&self, limit: Option<usize>) -> Result<Vec<InputItem>, SessionError> {
        let items = self.items();
        let Some(limit) = limit else {
            return Ok(items.clone());
        };
        // Back to where a response cannot go on further.
        let cut = items.len().saturating_sub(limit);
        let start = items[..cut].iter().rposition(is_given).unwrap_or(0);
        let mut latest = items[start..].to_vec();
        drop(items);
        keep_latest(&mut latest, limit);
        Ok(latest)
    }

    async fn add_items(&self, items: &[InputItem]) -> Result<(), SessionError> {
        self.items().extend_from_slice(items);
        Ok(())
    }

    async fn pop_item(&self) -> Result<Option<InputItem>, SessionError> {
        Ok(self.items().pop())
    }

    async fn clear_session(&self) -> Result<(), SessionError> {
        self.items().clear();
        Ok(())
    }
}

impl ReplaceItems for MemorySession {
    async fn replace_items(
        &self,
        old: &[InputItem],
        new: &[InputItem],
    ) -> Result<bool, SessionError> {
        let mut items = self.items();
        if !items.starts_with(old) {
            return Ok(false);
        }
        items.splice(..old.len(), new.iter().cloned());
        Ok(true)
    }
}

//! Threads and pages.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::time::{now, timestamp};
use super::{JsonObject, ThreadItem};

/// A thread without its items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ThreadMetadata {
    /// The thread's id.
    pub id: String,
    /// When it was made.
    #[serde(with = "timestamp")]
    pub created_at: DateTime<Utc>,
    /// The title in the client's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether users may write in it.
    #[serde(default, deserialize_with = "super::null_as_default")]
    pub status: ThreadStatus,
    /// The hosts that Markdown images may come from; `None` leaves it to the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_image_domains: Option<Vec<String>>,
    /// Links that the client opens without asking. The client knows this field (`@openai/chatkit` 1.9), the Python SDK does
    /// not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_urls: Option<Vec<String>>,
    /// Your own data. It is stored, and never sent to the client.
    #[serde(default, deserialize_with = "super::null_as_default")]
    pub metadata: JsonObject,
}

impl ThreadMetadata {
    /// A new, active thread.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            created_at: now(),
            title: None,
            status: ThreadStatus::default(),
            allowed_image_domains: None,
            safe_urls: None,
            metadata: JsonObject::new(),
        }
    }
}

setters! {
    ThreadMetadata {
        /// Sets when it was made.
        set created_at: DateTime<Utc>,
        /// Sets the title in the client's list.
        some title: String,
        /// Sets whether users may write in it.
        set status: ThreadStatus,
        /// Sets your own data.
        set metadata: JsonObject,
    }
}

impl ThreadMetadata {
    /// Sets the hosts that Markdown images may come from.
    #[must_use]
    pub fn allowed_image_domains(
        mut self,
        domains: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.allowed_image_domains = Some(domains.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the links that the client opens without asking.
    #[must_use]
    pub fn safe_urls(mut self, urls: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.safe_urls = Some(urls.into_iter().map(Into::into).collect());
        self
    }
}

/// Whether users may write in a thread.
#[doc(alias = "LockedStatus")]
#[doc(alias = "ClosedStatus")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ThreadStatus {
    /// They may.
    #[default]
    Active,
    /// Not at present. The composer shows the reason.
    #[non_exhaustive]
    Locked {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// No more. The composer shows the reason.
    #[non_exhaustive]
    Closed {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

impl ThreadStatus {
    /// Locked for a reason.
    pub fn locked(reason: impl Into<String>) -> Self {
        Self::Locked {
            reason: Some(reason.into()),
        }
    }

    /// Closed for a reason.
    pub fn closed(reason: impl Into<String>) -> Self {
        Self::Closed {
            reason: Some(reason.into()),
        }
    }
}

/// A thread with a page of its items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Thread {
    /// The thread.
    #[serde(flatten)]
    pub metadata: ThreadMetadata,
    /// Its items.
    pub items: Page<ThreadItem>,
}

impl Thread {
    /// A thread with a page of its items.
    pub fn new(metadata: ThreadMetadata, items: Page<ThreadItem>) -> Self {
        Self { metadata, items }
    }
}

/// A part of a longer list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
#[non_exhaustive]
pub struct Page<T> {
    /// The entries.
    #[serde(default = "Vec::new")]
    pub data: Vec<T>,
    /// Whether the list goes on.
    #[serde(default)]
    pub has_more: bool,
    /// The id behind which it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl<T> Page<T> {
    /// The last page of a list.
    pub fn last(data: Vec<T>) -> Self {
        Self {
            data,
            has_more: false,
            after: None,
        }
    }

    /// A page behind which the list goes on, behind the entry with the id `after`.
    pub fn with_more(data: Vec<T>, after: impl Into<Option<String>>) -> Self {
        Self {
            data,
            has_more: true,
            after: after.into(),
        }
    }

    /// The same page of other entries.
    pub fn map<U>(self, map: impl FnMut(T) -> U) -> Page<U> {
        Page {
            data: self.data.into_iter().map(map).collect(),
            has_more: self.has_more,
            after: self.after,
        }
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self::last(Vec::new())
    }
}

/// The direction of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Oldest first.
    Asc,
    /// Newest first.
    #[default]
    Desc,
}

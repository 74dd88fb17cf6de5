//! A store in an SQLite file.

mod engine;
#[doc(hidden)]
pub mod open;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

#[cfg(test)]
pub(super) use open::SCHEMA;

use super::scope::Scope;
use super::sql::{Sql, Statements, scoped_store};
use super::{StoreError, StrayAttachment};
use crate::types::{Attachment, Order, Page, ThreadItem, ThreadMetadata};
use engine::Pools;

/// Keeps everything in one SQLite file: for a server that is one process, or a few on one machine.
///
/// Reads run side by side; writes take turns and do not hold up reads (write-ahead logging, one connection that
/// writes). Two files stand beside the database while it is open, `-wal` and `-shm`: they belong to it. A write that has
/// returned survives the process; a power cut may lose the last ones, but damages nothing.
///
/// Every write is one statement, so a future that is dropped has written all or nothing. SQLite runs on threads of its
/// own; no call blocks the runtime.
///
/// ```
/// # async fn run() -> Result<(), chatkit::store::StoreError> {
/// use chatkit::store::SqliteStore;
///
/// struct User { id: u64 }
///
/// let store = SqliteStore::open("sqlite::memory:").await?.scoped(|user: &User| user.id.to_string());
/// # store.close().await; Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run()).unwrap();
/// ```
pub struct SqliteStore<C> {
    scope: Scope<C>,
    sql: Arc<Sql<Pools>>,
    database: Arc<Path>,
}

/// How a [`SqliteStore`] uses its database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// How many reads run at once; at least one. Each takes a thread. A database in memory has one connection for all.
    pub readers: u32,
    /// How long a call waits while another process holds the file, before it fails.
    pub busy_timeout: Duration,
}

impl SqliteOptions {
    /// Four readers, and five seconds of patience.
    pub fn new() -> Self {
        Self {
            readers: 4,
            busy_timeout: Duration::from_secs(5),
        }
    }

    /// Sets how many reads run at once.
    #[must_use]
    pub fn readers(mut self, readers: u32) -> Self {
        self.readers = readers;
        self
    }

    /// Sets how long a call waits while another process holds the file. SQLite knows no more than 24 days.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> SqliteStore<C> {
    /// Opens a database, creates it if there is none, and brings its schema up to date. The store does not tell users
    /// apart until it is [scoped](Self::scoped).
    ///
    /// `database` is a path, or a URL: `sqlite:chat.db`, `sqlite:///var/lib/chat.db`, `sqlite::memory:` for a database
    /// that is gone with the store. `?mode=rw` opens only what exists. Several stores and processes may open one file,
    /// also at the same moment; it must be on a local disk.
    ///
    /// Fails with [`StoreError::Other`], whose source names the path and says what to do. Needs a Tokio runtime with
    /// its timer enabled. Dropping the future leaves the schema as it was.
    pub async fn open(database: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(database, SqliteOptions::new()).await
    }

    /// [Opens](Self::open) a database with `options`.
    pub async fn open_with(
        database: impl AsRef<Path>,
        options: SqliteOptions,
    ) -> Result<Self, StoreError> {
        let database = database.as_ref();
        let pools = open::open(database, &options, open::SCHEMA)
            .await
            .map_err(StoreError::other)?;
        Ok(Self {
            scope: Scope::shared(),
            sql: Arc::new(Sql::new(pools, Statements::new(""))),
            database: Arc::from(PathBuf::from(database)),
        })
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

    /// Waits for the calls under way, and closes the file. Later calls fail, of clones too. A store that is only dropped
    /// closes its file a little later, by itself.
    pub async fn close(&self) {
        self.sql.engine().close().await;
    }

    /// Deletes the threads that are older than `before`, whoever owns them, with their items; returns how many threads
    /// that were.
    ///
    /// A thread is as old as the last thing in it: one that was made before `before`, and in which no item was made since,
    /// is deleted. The records of attachments stay, as they do in [`delete_thread`](super::Store::delete_thread), and
    /// [are found](super::Store::load_stray_attachments) by whoever keeps the bytes.
    ///
    /// It works in batches of a hundred threads, each a write of its own, so that other writes get their turn. When
    /// it fails or its future is dropped, what is deleted stays deleted; call it again for the rest. It is no method of
    /// [`Store`](super::Store): it belongs to no request, and answers to no owner.
    ///
    /// ```
    /// # async fn run(store: chatkit::store::SqliteStore<()>) -> Result<(), chatkit::store::StoreError> {
    /// use chrono::{TimeDelta, Utc};
    ///
    /// let deleted = store.delete_threads_before(Utc::now() - TimeDelta::days(90)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_threads_before(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.sql.delete_threads_before(before).await
    }
}

impl<C> Clone for SqliteStore<C> {
    /// Another handle to the same database.
    fn clone(&self) -> Self {
        Self {
            scope: self.scope.clone(),
            sql: Arc::clone(&self.sql),
            database: Arc::clone(&self.database),
        }
    }
}

impl<C> fmt::Debug for SqliteStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("database", &self.database)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

scoped_store!(SqliteStore);

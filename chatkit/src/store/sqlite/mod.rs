//! A store in an SQLite file.

mod open;
mod sql;

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{Row, query, query_as};

use super::scope::Scope;
use super::{Store, StoreError};
use crate::types::{Attachment, Order, Page, ThreadItem, ThreadMetadata};

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
    reader: SqlitePool,
    writer: SqlitePool,
    database: Arc<Path>,
}

/// How a [`SqliteStore`] uses its database.
#[derive(Debug, Clone)]
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
    pub fn readers(mut self, readers: u32) -> Self {
        self.readers = readers;
        self
    }

    /// Sets how long a call waits while another process holds the file. SQLite knows no more than 24 days.
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
        let pools = open::open(database, &options)
            .await
            .map_err(StoreError::other)?;
        Ok(Self {
            scope: Scope::shared(),
            reader: pools.reader,
            writer: pools.writer,
            database: Arc::from(PathBuf::from(database)),
        })
    }

    /// Keeps users apart: `owner` gives a user's key from the context of a request. What was stored under another key,
    /// or without one, is not found.
    pub fn scoped(self, owner: impl Fn(&C) -> String + Send + Sync + 'static) -> Self {
        Self {
            scope: Scope::by(owner),
            ..self
        }
    }

    /// Waits for the calls under way, and closes the file. Later calls fail, of clones too. A store that is only dropped
    /// closes its file a little later, by itself.
    pub async fn close(&self) {
        // The last connection to close writes the log back into the file, and a reader must not.
        self.reader.close().await;
        self.writer.close().await;
    }

    /// Runs a statement that changes at most one row; says whether it did.
    async fn write(&self, statement: Statement) -> Result<bool, StoreError> {
        let done = statement
            .execute(&self.writer)
            .await
            .map_err(StoreError::other)?;
        Ok(done.rows_affected() > 0)
    }

    /// The first row of a result, in the columns `id` and `data`.
    async fn read(&self, statement: Statement) -> Result<Option<SqliteRow>, StoreError> {
        statement
            .fetch_optional(&self.reader)
            .await
            .map_err(StoreError::other)
    }

    /// Up to `limit` rows of a statement that asks for one more, which tells whether the list goes on.
    async fn page<T: DeserializeOwned>(
        &self,
        table: &'static str,
        statement: Statement,
        limit: usize,
    ) -> Result<Page<T>, StoreError> {
        // Decoded as they come, so that a long thread is not in memory twice.
        let mut rows = statement.fetch(&self.reader);
        let mut data = Vec::new();
        let mut last = None;
        while let Some(row) = rows.try_next().await.map_err(StoreError::other)? {
            if data.len() == limit {
                return Ok(match last {
                    Some(last) => Page::with_more(data, Some(id(&last)?.to_owned())),
                    None => Page::last(data),
                });
            }
            data.push(decode(table, &row)?);
            last = Some(row);
        }
        Ok(Page::last(data))
    }
}

impl<C> Clone for SqliteStore<C> {
    /// Another handle to the same database.
    fn clone(&self) -> Self {
        Self {
            scope: self.scope.clone(),
            reader: self.reader.clone(),
            writer: self.writer.clone(),
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

impl<C: Send + Sync + 'static> Store<C> for SqliteStore<C> {
    async fn load_thread(
        &self,
        thread_id: &str,
        context: &C,
    ) -> Result<ThreadMetadata, StoreError> {
        let owner = self.scope.owner(context);
        let row = self
            .read(query(sql::LOAD_THREAD).bind(thread_id).bind(owner))
            .await?;
        let row = row.ok_or_else(|| StoreError::not_found("thread", thread_id))?;
        decode("threads", &row)
    }

    async fn save_thread(&self, thread: &ThreadMetadata, context: &C) -> Result<(), StoreError> {
        let statement = query(sql::SAVE_THREAD)
            .bind(&thread.id)
            .bind(self.scope.owner(context))
            .bind(thread.created_at.timestamp_micros())
            .bind(encode(thread)?);
        if self.write(statement).await? {
            Ok(())
        } else {
            Err(StoreError::not_found("thread", &thread.id))
        }
    }

    async fn load_threads(
        &self,
        limit: usize,
        after: Option<&str>,
        order: Order,
        context: &C,
    ) -> Result<Page<ThreadMetadata>, StoreError> {
        let owner = self.scope.owner(context);
        let position = match after {
            None => before_all(order),
            Some(after) => query_as(sql::THREAD_POSITION)
                .bind(after)
                .bind(&owner)
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::other)?
                .ok_or_else(|| StoreError::not_found("thread", after))?,
        };
        let statement = match order {
            Order::Asc => sql::THREADS_ASC,
            Order::Desc => sql::THREADS_DESC,
        };
        let statement = query(statement)
            .bind(owner)
            .bind(position.0)
            .bind(position.1)
            .bind(one_more(limit));
        self.page("threads", statement, limit).await
    }

    async fn delete_thread(&self, thread_id: &str, context: &C) -> Result<(), StoreError> {
        let owner = self.scope.owner(context);
        self.write(query(sql::DELETE_THREAD).bind(thread_id).bind(owner))
            .await?;
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
        let owner = self.scope.owner(context);
        let position = match after {
            None => before_all(order),
            Some(after) => {
                let found: Option<(Option<i64>, Option<i64>)> = query_as(sql::ITEM_POSITION)
                    .bind(thread_id)
                    .bind(&owner)
                    .bind(after)
                    .fetch_optional(&self.reader)
                    .await
                    .map_err(StoreError::other)?;
                match found {
                    None => return Ok(Page::default()),
                    Some((Some(created_at), Some(seq))) => (created_at, seq),
                    Some(_) => return Err(StoreError::not_found("item", after)),
                }
            }
        };
        let statement = match order {
            Order::Asc => sql::ITEMS_ASC,
            Order::Desc => sql::ITEMS_DESC,
        };
        let statement = query(statement)
            .bind(thread_id)
            .bind(owner)
            .bind(position.0)
            .bind(position.1)
            .bind(one_more(limit));
        self.page("items", statement, limit).await
    }

    async fn add_thread_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        context: &C,
    ) -> Result<(), StoreError> {
        self.save_item(thread_id, item, context).await
    }

    async fn save_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        context: &C,
    ) -> Result<(), StoreError> {
        let statement = query(sql::SAVE_ITEM)
            .bind(thread_id)
            .bind(self.scope.owner(context))
            .bind(item.id())
            .bind(item.created_at().timestamp_micros())
            .bind(encode(item)?);
        if self.write(statement).await? {
            Ok(())
        } else {
            Err(StoreError::not_found("thread", thread_id))
        }
    }

    async fn load_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> Result<ThreadItem, StoreError> {
        let statement = query(sql::LOAD_ITEM)
            .bind(thread_id)
            .bind(self.scope.owner(context))
            .bind(item_id);
        let row = self.read(statement).await?;
        let row = row.ok_or_else(|| StoreError::not_found("thread", thread_id))?;
        let found: Option<&str> = row.try_get(ID).map_err(StoreError::other)?;
        if found.is_none() {
            return Err(StoreError::not_found("item", item_id));
        }
        decode("items", &row)
    }

    async fn delete_thread_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> Result<(), StoreError> {
        let statement = query(sql::DELETE_ITEM)
            .bind(thread_id)
            .bind(self.scope.owner(context))
            .bind(item_id);
        self.write(statement).await?;
        Ok(())
    }

    async fn take_item(
        &self,
        thread_id: &str,
        item_id: &str,
        context: &C,
    ) -> Result<ThreadItem, StoreError> {
        let statement = query(sql::TAKE_ITEM)
            .bind(thread_id)
            .bind(self.scope.owner(context))
            .bind(item_id);
        let row = statement
            .fetch_optional(&self.writer)
            .await
            .map_err(StoreError::other)?;
        let row = row.ok_or_else(|| StoreError::not_found("item", item_id))?;
        decode("items", &row)
    }

    async fn save_attachment(
        &self,
        attachment: &Attachment,
        context: &C,
    ) -> Result<(), StoreError> {
        let statement = query(sql::SAVE_ATTACHMENT)
            .bind(attachment.id())
            .bind(self.scope.owner(context))
            .bind(attachment.thread_id())
            .bind(encode(attachment)?);
        if self.write(statement).await? {
            Ok(())
        } else {
            Err(StoreError::not_found("attachment", attachment.id()))
        }
    }

    async fn load_attachment(
        &self,
        attachment_id: &str,
        context: &C,
    ) -> Result<Attachment, StoreError> {
        let owner = self.scope.owner(context);
        let row = self
            .read(query(sql::LOAD_ATTACHMENT).bind(attachment_id).bind(owner))
            .await?;
        let row = row.ok_or_else(|| StoreError::not_found("attachment", attachment_id))?;
        decode("attachments", &row)
    }

    async fn delete_attachment(&self, attachment_id: &str, context: &C) -> Result<(), StoreError> {
        let owner = self.scope.owner(context);
        self.write(
            query(sql::DELETE_ATTACHMENT)
                .bind(attachment_id)
                .bind(owner),
        )
        .await?;
        Ok(())
    }
}

type Statement = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

// The columns of every statement that reads records.
const ID: usize = 0;
const DATA: usize = 1;

/// A position, as creation time and sequence number, behind which everything comes.
fn before_all(order: Order) -> (i64, i64) {
    match order {
        Order::Asc => (i64::MIN, i64::MIN),
        Order::Desc => (i64::MAX, i64::MAX),
    }
}

fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

fn encode<T: Serialize>(record: &T) -> Result<String, StoreError> {
    serde_json::to_string(record).map_err(StoreError::other)
}

fn id(row: &SqliteRow) -> Result<&str, StoreError> {
    row.try_get(ID).map_err(StoreError::other)
}

fn decode<T: DeserializeOwned>(table: &'static str, row: &SqliteRow) -> Result<T, StoreError> {
    let data: &str = row.try_get(DATA).map_err(StoreError::other)?;
    match serde_json::from_str(data) {
        Ok(record) => Ok(record),
        Err(error) => Err(StoreError::other(InvalidRecord {
            table,
            id: id(row)?.to_owned(),
            line: error.line(),
            column: error.column(),
        })),
    }
}

/// A stored record that is not what it should be. The JSON error itself is left out: it may quote the content.
#[derive(Debug)]
struct InvalidRecord {
    table: &'static str,
    id: String,
    line: usize,
    column: usize,
}

impl fmt::Display for InvalidRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            table,
            id,
            line,
            column,
        } = self;
        write!(
            f,
            "the record {id} in the table {table} does not decode, at line {line} column {column}"
        )
    }
}

impl StdError for InvalidRecord {}

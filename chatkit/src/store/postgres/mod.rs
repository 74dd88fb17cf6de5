//! A store in a PostgreSQL database.

mod engine;
mod import;
mod open;
mod options;
mod text;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::scope::Scope;
use super::sql::{Sql, Statements, scoped_store};
use super::{StoreError, StrayAttachment};
use crate::types::{Attachment, Order, Page, ThreadItem, ThreadMetadata};
use engine::Connections;
use open::Place;

pub use import::{Imported, PythonImport};
pub use options::PostgresOptions;

/// Keeps everything in a PostgreSQL database: for servers that are more than one process.
///
/// The tables are in a schema of their own, `chatkit` unless [`PostgresOptions::schema`] says otherwise, beside
/// whatever else the database holds. Items are `JSONB`, so that they can be looked into with SQL; as the database reads
/// them, so they come back: the fields of an object in an order of its own, numbers of the same value. Version 15 is what
/// the tests run on.
///
/// Every write is one statement, so a future that is dropped has written all or nothing; when a write has returned, it
/// is as durable as the server makes it (`synchronous_commit`).
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use chatkit::store::PostgresStore;
///
/// struct User { id: u64 }
///
/// let url = std::env::var("DATABASE_URL")?; // postgres://chat:password@db.example.com/chat?sslmode=verify-full
/// let store = PostgresStore::open(&url).await?.scoped(|user: &User| user.id.to_string());
/// # Ok(())
/// # }
/// ```
pub struct PostgresStore<C> {
    scope: Scope<C>,
    sql: Arc<Sql<Connections>>,
    place: Arc<Place>,
}

impl<C> PostgresStore<C> {
    /// Connects to a database and brings its schema up to date. The store does not tell users apart until it is
    /// [scoped](Self::scoped).
    ///
    /// `url` is `postgres://user:password@host:port/database`, every part of it optional, with the parameters that libpq
    /// knows, among them `sslmode` (`prefer` when nothing is said; certificates are checked with `verify-full`, against the
    /// system's roots or `sslrootcert`) and `host` for the directory of a Unix socket. What the URL does not say comes from
    /// `PGHOST`, `PGUSER`, `PGPASSWORD` and so on, and `~/.pgpass`.
    ///
    /// Any number of servers may start at the same moment: the first changes the schema, the others wait for it. A
    /// schema that is up to date is only looked at, so that the role needs no rights to change it.
    ///
    /// Fails with [`StoreError::Other`], whose source names the host and the database, and says what to do; never a
    /// password. Needs a Tokio runtime with I/O and timers. Dropping the future leaves the schema as it was.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, PostgresOptions::new()).await
    }

    /// [Connects](Self::open) to a database with `options`.
    pub async fn open_with(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let (place, pool) = open::open(url, &options).await.map_err(StoreError::other)?;
        let engine = Connections::new(pool, options.acquire_timeout, options.statement_timeout);
        Ok(Self {
            scope: Scope::shared(),
            sql: Arc::new(Sql::new(engine, Statements::new(place.prefix()))),
            place: Arc::new(place),
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

    /// Waits for the calls under way, and closes the connections. Later calls fail, of clones too. A store that is only
    /// dropped closes them by itself.
    pub async fn close(&self) {
        self.sql.engine().pool.close().await;
    }

    /// Deletes the threads that are older than `before`, whoever owns them, with their items; returns how many threads
    /// that were.
    ///
    /// A thread is as old as the last thing in it: one that was made before `before`, and in which no item was made since,
    /// is deleted. The records of attachments stay, as they do in [`delete_thread`](super::Store::delete_thread), and
    /// [are found](super::Store::load_stray_attachments) by whoever keeps the bytes.
    ///
    /// It works in batches of a hundred threads, each a transaction of its own, so that no lock is held for long and
    /// several servers may do it at once. When it fails or its future is dropped, what is deleted stays deleted; call it
    /// again for the rest. It is no method of [`Store`](super::Store): it belongs to no request, and answers to no owner.
    ///
    /// ```no_run
    /// # async fn run(store: chatkit::store::PostgresStore<()>) -> Result<(), chatkit::store::StoreError> {
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

impl<C> Clone for PostgresStore<C> {
    /// Another handle to the same connections.
    fn clone(&self) -> Self {
        Self {
            scope: self.scope.clone(),
            sql: Arc::clone(&self.sql),
            place: Arc::clone(&self.place),
        }
    }
}

impl<C> fmt::Debug for PostgresStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("database", &format_args!("{}", self.place))
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

scoped_store!(PostgresStore);

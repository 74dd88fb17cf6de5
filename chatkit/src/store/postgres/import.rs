//! Reading the tables of the Python SDK's sample store.

use std::fmt;
use std::sync::Arc;

use futures::TryStreamExt;
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Row, raw_sql};

use super::engine::{bind, failure};
use super::open::{Place, quoted};
use super::{Connections, PostgresStore};
use crate::store::StoreError;
use crate::store::sql::{InvalidRecord, Value, encode};
use crate::types::{ThreadItem, ThreadMetadata};

type Owner = dyn Fn(Option<&str>) -> String + Send + Sync;

/// Where [`PostgresStore::import_python`] reads, and whose what it reads becomes.
#[derive(Clone)]
pub struct PythonImport {
    schema: String,
    owner: Arc<Owner>,
}

impl PythonImport {
    /// The tables `threads` and `items` of the schema `public`. The owner of a thread is its column `user_id`; where there
    /// is no such column, it is the one that a store without [scope](PostgresStore::scoped) has.
    pub fn new() -> Self {
        Self {
            schema: "public".to_owned(),
            owner: Arc::new(|user_id| user_id.unwrap_or_default().to_owned()),
        }
    }

    /// Sets the schema of the tables.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// Sets whose a thread becomes. `owner` gets the thread's `user_id`, if there is such a column, and gives the key that
    /// the function given to [`PostgresStore::scoped`] gives for that user.
    #[must_use]
    pub fn owner(mut self, owner: impl Fn(Option<&str>) -> String + Send + Sync + 'static) -> Self {
        self.owner = Arc::new(owner);
        self
    }
}

impl Default for PythonImport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PythonImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PythonImport")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

/// What an import has brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Threads that were not there before.
    pub threads: u64,
    /// Items that were not there before.
    pub items: u64,
}

impl<C> PostgresStore<C> {
    /// Copies the threads and items that the Python SDK's sample store for PostgreSQL has written to the same database.
    ///
    /// That store has the tables `threads` and `items`, with the columns `id`, `data` (`JSON` or `JSONB`) and, if it keeps
    /// users apart, `user_id`; items have a `thread_id`, as a column or in their `data`. Times are those in `data`; without a
    /// zone, as Python writes them, they are taken as UTC. Items of equal times come in the order of the table. An item
    /// whose thread is not there is left out.
    ///
    /// It all happens in one transaction: on failure, and when the future is dropped, nothing is imported. Records that
    /// are there already stay as they are, so that it can be called again. The tables are only read. However many rows
    /// there are, few are in memory. It takes two connections, and `statement_timeout` does not apply.
    ///
    /// Fails with [`StoreError::Other`], which names the table when it is missing or not as above, and a record that does
    /// not decode.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use chatkit::store::{PostgresStore, PythonImport};
    ///
    /// struct User { id: u64 }
    ///
    /// let store = PostgresStore::open(&std::env::var("DATABASE_URL")?).await?;
    /// let store = store.scoped(|user: &User| user.id.to_string());
    /// let imported = store.import_python(&PythonImport::new()).await?; // owners are the user ids, as they are
    /// println!("{} threads, {} items", imported.threads, imported.items);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn import_python(&self, import: &PythonImport) -> Result<Imported, StoreError> {
        let Connections { pool, .. } = self.sql.engine();
        let mut source = pool.acquire().await.map_err(failure)?;
        let mut target = pool.acquire().await.map_err(failure)?;
        let mut source = source.begin().await.map_err(failure)?;
        let mut target = target.begin().await.map_err(failure)?;
        for connection in [&mut source, &mut target] {
            raw_sql("SET LOCAL statement_timeout = 0")
                .execute(&mut **connection)
                .await
                .map_err(failure)?;
        }
        let imported = Imported {
            threads: self.threads(import, &mut source, &mut target).await?,
            items: self.items(import, &mut source, &mut target).await?,
        };
        target.commit().await.map_err(failure)?;
        Ok(imported)
    }

    async fn threads(
        &self,
        import: &PythonImport,
        source: &mut PgConnection,
        target: &mut PgConnection,
    ) -> Result<u64, StoreError> {
        // Asking the row as a whole for a column gives null where there is none.
        let select = format!(
            "SELECT t.id, t.data::text, to_jsonb(t) ->> 'user_id' FROM {}.threads t ORDER BY t.ctid",
            quoted(&import.schema)
        );
        let insert = insert(
            &self.place,
            "INSERT INTO @threads (id, owner, created_at, data) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        );
        let mut rows = sqlx::query(AssertSqlSafe(select)).fetch(source);
        let mut imported = 0;
        while let Some(row) = rows.try_next().await.map_err(failure)? {
            let owner = (import.owner)(row.try_get(2).map_err(failure)?);
            let thread: ThreadMetadata = decode("threads", &row)?;
            let values = vec![
                Value::Text(row.try_get(0).map_err(failure)?),
                Value::Text(&owner),
                Value::Integer(thread.created_at.timestamp_micros()),
                Value::Json(encode(&thread)?),
            ];
            let done = bind(insert.clone(), values).execute(&mut *target).await;
            imported += done.map_err(failure)?.rows_affected();
        }
        Ok(imported)
    }

    async fn items(
        &self,
        import: &PythonImport,
        source: &mut PgConnection,
        target: &mut PgConnection,
    ) -> Result<u64, StoreError> {
        let schema = quoted(&import.schema);
        let select = format!(
            "SELECT i.id, i.data::text, to_jsonb(t) ->> 'user_id', t.id FROM {schema}.items i \
             JOIN {schema}.threads t ON t.id = coalesce(to_jsonb(i) ->> 'thread_id', i.data ->> 'thread_id') ORDER BY i.ctid"
        );
        // Not into a thread of the same id that is another owner's.
        let insert = insert(
            &self.place,
            "INSERT INTO @items (thread_id, id, created_at, data) \
             SELECT id, $3, $4, $5 FROM @threads WHERE id = $1 AND owner = $2 ON CONFLICT DO NOTHING",
        );
        let mut rows = sqlx::query(AssertSqlSafe(select)).fetch(source);
        let mut imported = 0;
        while let Some(row) = rows.try_next().await.map_err(failure)? {
            let owner = (import.owner)(row.try_get(2).map_err(failure)?);
            let item: ThreadItem = decode("items", &row)?;
            let values = vec![
                Value::Text(row.try_get(3).map_err(failure)?),
                Value::Text(&owner),
                Value::Text(row.try_get(0).map_err(failure)?),
                Value::Integer(item.created_at().timestamp_micros()),
                Value::Json(encode(&item)?),
            ];
            let done = bind(insert.clone(), values).execute(&mut *target).await;
            imported += done.map_err(failure)?.rows_affected();
        }
        Ok(imported)
    }
}

fn insert(place: &Place, statement: &str) -> sqlx::SqlStr {
    use sqlx::SqlSafeStr;
    AssertSqlSafe(statement.replace('@', place.prefix())).into_sql_str()
}

/// The record of a row with the columns `id` and `data`.
fn decode<T: DeserializeOwned>(table: &'static str, row: &PgRow) -> Result<T, StoreError> {
    let id: &str = row.try_get(0).map_err(failure)?;
    let data: &str = row.try_get(1).map_err(failure)?;
    serde_json::from_str(data)
        .map_err(|error| StoreError::other(InvalidRecord::new(table, id, &error)))
}

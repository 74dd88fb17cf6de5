//! Statements on an SQLite database.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Row, SqlStr, query};

use crate::store::StoreError;
use crate::store::sql::{Columns, Engine, Value};

/// The two pools of a database. In memory they are one, with one connection: readers would meet its locks.
#[derive(Debug, Clone)]
pub struct Pools {
    /// Connections that only read.
    pub reader: SqlitePool,
    /// The one connection that writes.
    pub writer: SqlitePool,
    /// A database in memory lives as long as there is a connection to it, and a pool gives up one whose statement was
    /// dropped half way.
    pub(super) _keeper: Option<Arc<Mutex<SqliteConnection>>>,
}

impl Pools {
    /// Waits for the calls under way, and closes the file.
    pub async fn close(&self) {
        // The last connection to close writes the log back into the file, and a reader must not.
        self.reader.close().await;
        self.writer.close().await;
    }
}

impl Engine for Pools {
    type Row = SqliteRow;

    async fn execute(&self, statement: SqlStr, values: Vec<Value<'_>>) -> Result<u64, StoreError> {
        let done = bind(statement, values).execute(&self.writer).await;
        Ok(done.map_err(StoreError::other)?.rows_affected())
    }

    async fn first(
        &self,
        statement: SqlStr,
        values: Vec<Value<'_>>,
    ) -> Result<Option<SqliteRow>, StoreError> {
        let row = bind(statement, values).fetch_optional(&self.reader).await;
        row.map_err(StoreError::other)
    }

    fn rows(
        &self,
        statement: SqlStr,
        values: Vec<Value<'_>>,
    ) -> BoxStream<'_, Result<SqliteRow, StoreError>> {
        let rows = bind(statement, values).fetch(&self.reader);
        rows.map_err(StoreError::other).boxed()
    }
}

fn bind(
    statement: SqlStr,
    values: Vec<Value<'_>>,
) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    values
        .into_iter()
        .fold(query(statement), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::OptionalText(text) => query.bind(text),
            Value::Integer(integer) => query.bind(integer),
            Value::Json(json) => query.bind(json),
        })
}

impl Columns for SqliteRow {
    fn text(&self, column: usize) -> Result<Option<Cow<'_, str>>, StoreError> {
        let text: Option<&str> = self.try_get(column).map_err(StoreError::other)?;
        Ok(text.map(Cow::Borrowed))
    }

    fn json(&self, column: usize) -> Result<Cow<'_, str>, StoreError> {
        let json: &str = self.try_get(column).map_err(StoreError::other)?;
        Ok(Cow::Borrowed(json))
    }

    fn integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.try_get(column).map_err(StoreError::other)
    }
}

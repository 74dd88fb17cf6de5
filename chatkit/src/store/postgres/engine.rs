//! Statements on a PostgreSQL database.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use sqlx::encode::IsNull;
use sqlx::error::{BoxDynError, ErrorKind};
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgPool, PgRow, PgTypeInfo, PgValueFormat, PgValueRef, Postgres,
};
use sqlx::{Decode, Encode, Row, SqlStr, Type, query};

use super::text;
use crate::store::StoreError;
use crate::store::sql::{Columns, Engine, Value};

// The server ends a statement that takes too long. This is for a server that no longer answers.
const GRACE: Duration = Duration::from_secs(5);

/// Connections to a database.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) pool: PgPool,
    /// How long a connection and an answer may take together.
    limit: Option<Duration>,
}

impl Connections {
    pub(super) fn new(
        pool: PgPool,
        acquire_timeout: Duration,
        statement_timeout: Option<Duration>,
    ) -> Self {
        let limit = statement_timeout.map(|timeout| {
            timeout
                .saturating_add(acquire_timeout)
                .saturating_add(GRACE)
        });
        Self { pool, limit }
    }
}

impl Engine for Connections {
    type Row = PgRow;

    async fn execute(&self, statement: SqlStr, values: Vec<Value<'_>>) -> Result<u64, StoreError> {
        match bind(statement, values).execute(&self.pool).await {
            Ok(done) => Ok(done.rows_affected()),
            // The only reference is that of an item to its thread, which has just been deleted.
            Err(sqlx::Error::Database(error)) if error.kind() == ErrorKind::ForeignKeyViolation => {
                Ok(0)
            }
            Err(error) => Err(failure(error)),
        }
    }

    async fn first(
        &self,
        statement: SqlStr,
        values: Vec<Value<'_>>,
    ) -> Result<Option<PgRow>, StoreError> {
        let row = bind(statement, values).fetch_optional(&self.pool).await;
        row.map_err(failure)
    }

    fn rows(
        &self,
        statement: SqlStr,
        values: Vec<Value<'_>>,
    ) -> BoxStream<'_, Result<PgRow, StoreError>> {
        let rows = bind(statement, values).fetch(&self.pool);
        rows.map_err(failure).boxed()
    }

    async fn within<T: Send>(
        &self,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        match self.limit {
            None => call.await,
            Some(limit) => match tokio::time::timeout(limit, call).await {
                Ok(result) => result,
                Err(_) => Err(StoreError::other(NoAnswer(limit))),
            },
        }
    }
}

/// Tells whoever reads the log what to look at.
pub(super) fn failure(error: sqlx::Error) -> StoreError {
    let advice = match &error {
        sqlx::Error::PoolTimedOut => {
            "no connection became free in time; the database is out of reach or too slow, or `max_connections` too small"
        }
        sqlx::Error::PoolClosed => "the store is closed",
        _ => "a statement failed",
    };
    StoreError::other(Failure { advice, error })
}

#[derive(Debug)]
struct Failure {
    advice: &'static str,
    error: sqlx::Error,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL: {}", self.advice)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.error)
    }
}

#[derive(Debug)]
struct NoAnswer(Duration);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL did not answer for {:?}", self.0)
    }
}

impl StdError for NoAnswer {}

pub(super) fn bind(
    statement: SqlStr,
    values: Vec<Value<'_>>,
) -> sqlx::query::Query<'static, Postgres, PgArguments> {
    values
        .into_iter()
        .fold(query(statement), |query, value| match value {
            Value::Text(text) => query.bind(text::escape(text).as_ref()),
            Value::OptionalText(text) => query.bind(text.map(text::escape).as_deref()),
            Value::Integer(integer) => query.bind(integer),
            Value::Json(json) => query.bind(Jsonb(text::escape_json(json))),
        })
}

impl Columns for PgRow {
    fn text(&self, column: usize) -> Result<Option<Cow<'_, str>>, StoreError> {
        let text: Option<&str> = self.try_get(column).map_err(failure)?;
        Ok(text.map(text::unescape))
    }

    fn json(&self, column: usize) -> Result<Cow<'_, str>, StoreError> {
        let Jsonb(json) = self.try_get::<Jsonb<&str>, _>(column).map_err(failure)?;
        Ok(text::unescape_json(json))
    }

    fn integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.try_get(column).map_err(failure)
    }
}

/// A JSON text in a column of the type `jsonb`.
struct Jsonb<T>(T);

// The type's number, the same in every database.
const JSONB: Oid = Oid(3802);

// What precedes the text on the wire; there has been no other version since the type exists.
const JSONB_VERSION: u8 = 1;

impl<T> Type<Postgres> for Jsonb<T> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(JSONB)
    }
}

impl Encode<'_, Postgres> for Jsonb<String> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.push(JSONB_VERSION);
        buffer.extend(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

impl<'r> Decode<'r, Postgres> for Jsonb<&'r str> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let bytes = value.as_bytes()?;
        let json = match value.format() {
            PgValueFormat::Text => bytes,
            PgValueFormat::Binary => bytes
                .strip_prefix(&[JSONB_VERSION])
                .ok_or("an unknown version of jsonb")?,
        };
        Ok(Self(std::str::from_utf8(json)?))
    }
}

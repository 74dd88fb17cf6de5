//! What the stores in databases have in common: everything but the database.

mod record;
mod statements;

use std::borrow::Cow;
use std::future::Future;

use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use sqlx::SqlStr;

pub(super) use statements::Statements;

use super::{StoreError, StrayAttachment};
use crate::types::{Attachment, Order, Page, ThreadItem, ThreadMetadata};
#[cfg(feature = "postgres")]
pub(super) use record::InvalidRecord;
use record::decode;
pub(super) use record::encode;

/// A database: runs statements.
pub(super) trait Engine: Send + Sync + 'static {
    /// A row of a result.
    type Row: Columns + Send;

    /// Runs a statement that changes rows, and says how many it has changed. A thread that goes away at the same moment
    /// is as one that was never there.
    fn execute(
        &self,
        statement: SqlStr,
        values: Vec<Value<'_>>,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// The one row of a result, if there is one.
    fn first(
        &self,
        statement: SqlStr,
        values: Vec<Value<'_>>,
    ) -> impl Future<Output = Result<Option<Self::Row>, StoreError>> + Send;

    /// The rows of a result, as they come.
    fn rows(
        &self,
        statement: SqlStr,
        values: Vec<Value<'_>>,
    ) -> BoxStream<'_, Result<Self::Row, StoreError>>;

    /// Waits for a call, as long as this database may take.
    fn within<T: Send>(
        &self,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        call
    }
}

/// A parameter of a statement.
pub(super) enum Value<'a> {
    Text(&'a str),
    OptionalText(Option<&'a str>),
    Integer(i64),
    Json(String),
}

/// The columns of a row, counted from 0.
pub(super) trait Columns {
    fn text(&self, column: usize) -> Result<Option<Cow<'_, str>>, StoreError>;

    fn json(&self, column: usize) -> Result<Cow<'_, str>, StoreError>;

    fn integer(&self, column: usize) -> Result<Option<i64>, StoreError>;
}

use Value::{Integer, Json, OptionalText, Text};

// The columns of every statement that reads records.
const ID: usize = 0;
const DATA: usize = 1;

/// Where there is no record.
const OWNER: usize = 1;

/// How many threads are deleted at once where many are.
const RETENTION_BATCH: i64 = 100;

/// The calls of a store, for an owner that is known.
#[derive(Debug)]
pub(super) struct Sql<E> {
    engine: E,
    statements: Statements,
}

/// A place in a list: creation time and sequence number.
type Position = (i64, i64);

const FIRST: Position = (i64::MIN, i64::MIN);
const LAST: Position = (i64::MAX, i64::MAX);

impl<E: Engine> Sql<E> {
    pub(super) fn new(engine: E, statements: Statements) -> Self {
        Self { engine, statements }
    }

    pub(super) fn engine(&self) -> &E {
        &self.engine
    }

    pub(super) async fn load_thread(
        &self,
        thread_id: &str,
        owner: &str,
    ) -> Result<ThreadMetadata, StoreError> {
        let row = self
            .first(
                &self.statements.load_thread,
                vec![Text(thread_id), Text(owner)],
            )
            .await?;
        let row = row.ok_or_else(|| StoreError::not_found("thread", thread_id))?;
        decode("threads", &row)
    }

    pub(super) async fn save_thread(
        &self,
        thread: &ThreadMetadata,
        owner: &str,
    ) -> Result<(), StoreError> {
        let values = vec![
            Text(&thread.id),
            Text(owner),
            Integer(thread.created_at.timestamp_micros()),
            Json(encode(thread)?),
        ];
        match self.execute(&self.statements.save_thread, values).await? {
            0 => Err(StoreError::not_found("thread", &thread.id)),
            _ => Ok(()),
        }
    }

    pub(super) async fn load_threads(
        &self,
        limit: usize,
        after: Option<&str>,
        order: Order,
        owner: &str,
    ) -> Result<Page<ThreadMetadata>, StoreError> {
        let position = match after {
            None => before_all(order),
            Some(after) => {
                let statement = &self.statements.thread_position;
                let row = self
                    .first(statement, vec![Text(after), Text(owner)])
                    .await?;
                row.as_ref()
                    .map(position)
                    .transpose()?
                    .flatten()
                    .ok_or_else(|| StoreError::not_found("thread", after))?
            }
        };
        let statement = match order {
            Order::Asc => &self.statements.threads_asc,
            Order::Desc => &self.statements.threads_desc,
        };
        let values = vec![
            Text(owner),
            Integer(position.0),
            Integer(position.1),
            Integer(one_more(limit)),
        ];
        self.page("threads", statement, values, limit).await
    }

    pub(super) async fn delete_thread(
        &self,
        thread_id: &str,
        owner: &str,
    ) -> Result<(), StoreError> {
        let statement = &self.statements.delete_thread;
        self.execute(statement, vec![Text(thread_id), Text(owner)])
            .await
            .map(drop)
    }

    pub(super) async fn load_thread_items(
        &self,
        thread_id: &str,
        after: Option<&str>,
        limit: usize,
        order: Order,
        owner: &str,
    ) -> Result<Page<ThreadItem>, StoreError> {
        let position = match after {
            None => before_all(order),
            Some(after) => {
                let values = vec![Text(thread_id), Text(owner), Text(after)];
                let row = self.first(&self.statements.item_position, values).await?;
                let Some(row) = row else {
                    return Ok(Page::default());
                };
                position(&row)?.ok_or_else(|| StoreError::not_found("item", after))?
            }
        };
        let statement = match order {
            Order::Asc => &self.statements.items_asc,
            Order::Desc => &self.statements.items_desc,
        };
        let values = vec![
            Text(thread_id),
            Text(owner),
            Integer(position.0),
            Integer(position.1),
            Integer(one_more(limit)),
        ];
        self.page("items", statement, values, limit).await
    }

    pub(super) async fn save_item(
        &self,
        thread_id: &str,
        item: &ThreadItem,
        owner: &str,
    ) -> Result<(), StoreError> {
        let values = vec![
            Text(thread_id),
            Text(owner),
            Text(item.id()),
            Integer(item.created_at().timestamp_micros()),
            Json(encode(item)?),
        ];
        match self.execute(&self.statements.save_item, values).await? {
            0 => Err(StoreError::not_found("thread", thread_id)),
            _ => Ok(()),
        }
    }

    pub(super) async fn load_item(
        &self,
        thread_id: &str,
        item_id: &str,
        owner: &str,
    ) -> Result<ThreadItem, StoreError> {
        let values = vec![Text(thread_id), Text(owner), Text(item_id)];
        let row = self.first(&self.statements.load_item, values).await?;
        let row = row.ok_or_else(|| StoreError::not_found("thread", thread_id))?;
        match row.text(ID)? {
            Some(_) => decode("items", &row),
            None => Err(StoreError::not_found("item", item_id)),
        }
    }

    pub(super) async fn delete_thread_item(
        &self,
        thread_id: &str,
        item_id: &str,
        owner: &str,
    ) -> Result<(), StoreError> {
        let values = vec![Text(thread_id), Text(owner), Text(item_id)];
        self.execute(&self.statements.delete_item, values)
            .await
            .map(drop)
    }

    /// Of those that read the item, one deletes it.
    pub(super) async fn take_item(
        &self,
        thread_id: &str,
        item_id: &str,
        owner: &str,
    ) -> Result<ThreadItem, StoreError> {
        let item = self.load_item(thread_id, item_id, owner).await?;
        let values = vec![Text(thread_id), Text(owner), Text(item_id)];
        match self.execute(&self.statements.delete_item, values).await? {
            0 => Err(StoreError::not_found("item", item_id)),
            _ => Ok(item),
        }
    }

    pub(super) async fn save_attachment(
        &self,
        attachment: &Attachment,
        owner: &str,
    ) -> Result<(), StoreError> {
        let values = vec![
            Text(attachment.id()),
            Text(owner),
            OptionalText(attachment.thread_id()),
            Json(encode(attachment)?),
        ];
        match self
            .execute(&self.statements.save_attachment, values)
            .await?
        {
            0 => Err(StoreError::not_found("attachment", attachment.id())),
            _ => Ok(()),
        }
    }

    pub(super) async fn load_attachment(
        &self,
        attachment_id: &str,
        owner: &str,
    ) -> Result<Attachment, StoreError> {
        let statement = &self.statements.load_attachment;
        let row = self
            .first(statement, vec![Text(attachment_id), Text(owner)])
            .await?;
        let row = row.ok_or_else(|| StoreError::not_found("attachment", attachment_id))?;
        decode("attachments", &row)
    }

    pub(super) async fn delete_attachment(
        &self,
        attachment_id: &str,
        owner: &str,
    ) -> Result<(), StoreError> {
        let statement = &self.statements.delete_attachment;
        self.execute(statement, vec![Text(attachment_id), Text(owner)])
            .await
            .map(drop)
    }

    pub(super) async fn load_stray_attachments(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StrayAttachment>, StoreError> {
        // No id is less than the empty one.
        let values = vec![
            Text(after.unwrap_or_default()),
            Integer(i64::try_from(limit).unwrap_or(i64::MAX)),
        ];
        let statement = self.statements.stray_attachments.clone();
        let rows = self.engine.rows(statement, values);
        let strays = rows.map(|row| {
            let row = row?;
            let id = row.text(ID)?.unwrap_or_default();
            let owner = row.text(OWNER)?.unwrap_or_default();
            Ok::<_, StoreError>(StrayAttachment::new(owner, id))
        });
        self.engine.within(strays.try_collect()).await
    }

    pub(super) async fn delete_threads_before(
        &self,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let before = before.timestamp_micros();
        let mut deleted = 0;
        let mut from = FIRST;
        loop {
            let values = vec![
                Integer(before),
                Integer(from.0),
                Integer(from.1),
                Integer(RETENTION_BATCH - 1),
            ];
            let row = self.first(&self.statements.retention_batch, values).await?;
            let to = row.as_ref().map(position).transpose()?.flatten();
            let end = to.unwrap_or(LAST);
            let values = vec![
                Integer(before),
                Integer(from.0),
                Integer(from.1),
                Integer(end.0),
                Integer(end.1),
            ];
            deleted += self
                .execute(&self.statements.retention_delete, values)
                .await?;
            match to {
                Some(to) => from = to,
                None => return Ok(deleted),
            }
        }
    }

    async fn execute(&self, statement: &SqlStr, values: Vec<Value<'_>>) -> Result<u64, StoreError> {
        self.engine
            .within(self.engine.execute(statement.clone(), values))
            .await
    }

    async fn first(
        &self,
        statement: &SqlStr,
        values: Vec<Value<'_>>,
    ) -> Result<Option<E::Row>, StoreError> {
        self.engine
            .within(self.engine.first(statement.clone(), values))
            .await
    }

    /// Up to `limit` rows of a statement that asks for one more, which tells whether the list goes on.
    async fn page<T: DeserializeOwned + Send>(
        &self,
        table: &'static str,
        statement: &SqlStr,
        values: Vec<Value<'_>>,
        limit: usize,
    ) -> Result<Page<T>, StoreError> {
        // Decoded as they come, so that a long thread is not in memory twice.
        let mut rows = self.engine.rows(statement.clone(), values);
        let read = async {
            let mut data = Vec::new();
            let mut last = None;
            let mut more = false;
            // To the end, so that the connection is free for the next call.
            while let Some(row) = rows.try_next().await? {
                if data.len() == limit {
                    more = true;
                } else {
                    data.push(decode(table, &row)?);
                    last = Some(row);
                }
            }
            match last {
                Some(last) if more => {
                    let after = last.text(ID)?.map(Cow::into_owned);
                    Ok(Page::with_more(data, after))
                }
                _ => Ok(Page::last(data)),
            }
        };
        self.engine.within(read).await
    }
}

/// A position, behind which everything comes.
fn before_all(order: Order) -> Position {
    match order {
        Order::Asc => FIRST,
        Order::Desc => LAST,
    }
}

fn position(row: &impl Columns) -> Result<Option<Position>, StoreError> {
    Ok(row.integer(0)?.zip(row.integer(1)?))
}

fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// Implements [`Store`](super::Store) for a type with the fields `scope` and `sql`: every call is one for the owner that
/// its context names.
macro_rules! scoped_store {
    ($store:ident) => {
        $crate::store::store_methods! { [$crate::store::sql::scoped_store] @methods $store }
    };
    (
        @methods $store:ident
        sync { $($ids:tt)* }
        async { $( fn $method:ident(&self $(, $arg:ident: [$($ty:tt)*])*) -> $out:ty; )* }
        async { $($defaults:tt)* }
        without_context { $( fn $own:ident(&self $(, $oarg:ident: [$($oty:tt)*])*) -> $oout:ty; )* }
    ) => {
        impl<C: Send + Sync + 'static> crate::store::Store<C> for $store<C> {
            $( async fn $method(&self $(, $arg: $($ty)*)*, context: &C) -> Result<$out, StoreError> {
                self.sql.$method($($arg,)* &self.scope.owner(context)).await
            } )*
            $( async fn $own(&self $(, $oarg: $($oty)*)*) -> Result<$oout, StoreError> {
                self.sql.$own($($oarg),*).await
            } )*
        }
    };
}

pub(super) use scoped_store;

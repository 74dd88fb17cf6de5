//! Sessions in an SQLite file.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use chatkit::store::SqliteOptions;
use chatkit::store::sqlite_file::{self, Pools, Schema};
use futures::TryStreamExt;
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{Executor, Row, Transaction, query};

use super::{ReplaceItems, Session, SessionError, SessionErrorKind};
use crate::items::{InputItem, is_given, keep_latest};

/// The tables of the Python SDK's `SQLiteSession`, so that a file can move between the two.
const SCHEMA: Schema = Schema {
    versions: "chatkit_session_migrations",
    migrations: &[(1, TABLES)],
};

const TABLES: &str = "\
    CREATE TABLE IF NOT EXISTS agent_sessions (\
        session_id TEXT PRIMARY KEY, \
        created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, \
        updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP\
    ); \
    CREATE TABLE IF NOT EXISTS agent_messages (\
        id INTEGER PRIMARY KEY AUTOINCREMENT, \
        session_id TEXT NOT NULL, \
        message_data TEXT NOT NULL, \
        created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, \
        FOREIGN KEY (session_id) REFERENCES agent_sessions (session_id) ON DELETE CASCADE\
    ); \
    CREATE INDEX IF NOT EXISTS idx_agent_messages_session_id ON agent_messages (session_id, id)";

const OLDEST_FIRST: &str =
    "SELECT id, message_data FROM agent_messages WHERE session_id = ?1 ORDER BY id";
const LATEST_FIRST: &str =
    "SELECT id, message_data FROM agent_messages WHERE session_id = ?1 ORDER BY id DESC";
const TOUCH_SESSION: &str = "\
    INSERT INTO agent_sessions (session_id) VALUES (?1) \
    ON CONFLICT (session_id) DO UPDATE SET updated_at = CURRENT_TIMESTAMP";
const ADD_ITEM: &str = "INSERT INTO agent_messages (session_id, message_data) VALUES (?1, ?2)";
const POP_ITEM: &str = "\
    DELETE FROM agent_messages \
    WHERE id = (SELECT max(id) FROM agent_messages WHERE session_id = ?1) RETURNING id, message_data";
const DELETE_ITEM: &str = "DELETE FROM agent_messages WHERE id = ?1";
const DELETE_ITEMS: &str = "DELETE FROM agent_messages WHERE session_id = ?1";
const DELETE_SESSION: &str = "DELETE FROM agent_sessions WHERE session_id = ?1";

/// An SQLite file with any number of sessions.
///
/// Reads run side by side; writes take turns and do not hold up reads (write-ahead logging, one connection that
/// writes). Several processes may open one file; it must be on a local disk. SQLite runs on threads of its own, so no
/// call blocks the runtime. Clones share the connections.
///
/// ```
/// # async fn run() -> Result<(), chatkit_agents::session::SessionError> {
/// use chatkit_agents::session::{Session, SqliteSessions};
///
/// let sessions = SqliteSessions::open("sqlite::memory:").await?;
/// let session = sessions.session("user 7");
/// session.add_items(&["Hi".into()]).await?;
/// assert!(sessions.session("user 8").get_items(None).await?.is_empty());
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Clone)]
pub struct SqliteSessions {
    pools: Pools,
}

impl SqliteSessions {
    /// Opens a database, and creates it and its tables (`agent_sessions`, `agent_messages`) if they are not there.
    ///
    /// `database` is a path, or a URL: `sqlite:agents.db`, `sqlite:///var/lib/agents.db`, `sqlite::memory:` for a
    /// database that is gone with the last clone. `?mode=rw` opens only what exists.
    ///
    /// # Errors
    /// [`SessionErrorKind::Storage`] when the file cannot be opened; the message names it and says what to do. Needs a
    /// Tokio runtime with its timer enabled.
    pub async fn open(database: impl AsRef<Path>) -> Result<Self, SessionError> {
        let options = SqliteOptions::new();
        let opened = sqlite_file::open(database.as_ref(), &options, SCHEMA).await;
        let pools = opened.map_err(|error| {
            SessionError::new(SessionErrorKind::Storage, error.to_string()).caused_by(error)
        })?;
        Ok(Self { pools })
    }

    /// The session with this id. Nothing is written before its first item.
    #[must_use]
    pub fn session(&self, session_id: impl Into<String>) -> SqliteSession {
        SqliteSession {
            id: session_id.into().into(),
            sessions: self.clone(),
        }
    }

    /// Waits for the calls under way, and closes the file. Later calls fail, of clones and sessions too.
    pub async fn close(&self) {
        self.pools.close().await;
    }

    /// A transaction that holds the write lock. Dropped before its commit, it has changed nothing.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, SessionError> {
        // Without IMMEDIATE, one that first reads cannot wait for another process that writes.
        self.pools
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(storage)
    }
}

impl fmt::Debug for SqliteSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteSessions")
    }
}

/// One session of [`SqliteSessions`]. A row that is not a JSON object is skipped, with a warning in the log.
///
/// A write that has returned survives the process.
#[derive(Clone, Debug)]
pub struct SqliteSession {
    id: Arc<str>,
    sessions: SqliteSessions,
}

impl Session for SqliteSession {
    fn session_id(&self) -> Option<String> {
        Some(self.id.as_ref().to_owned())
    }

    async fn get_items(&self, limit: Option<usize>) -> Result<Vec<InputItem>, SessionError> {
        let reader = &self.sessions.pools.reader;
        let Some(limit) = limit else {
            let rows = read(reader, OLDEST_FIRST, &self.id, |_| false).await?;
            return Ok(rows.into_iter().map(|(_, item)| item).collect());
        };
        let mut seen = 0;
        // Back to where a response cannot go on further.
        let rows = read(reader, LATEST_FIRST, &self.id, |item| {
            seen += 1;
            seen > limit && is_given(item)
        });
        let mut items: Vec<InputItem> = rows.await?.into_iter().map(|(_, item)| item).collect();
        items.reverse();
        keep_latest(&mut items, limit);
        Ok(items)
    }

    async fn add_items(&self, items: &[InputItem]) -> Result<(), SessionError> {
        if items.is_empty() {
            return Ok(());
        }
        let rows = encode(items)?;
        let mut transaction = self.sessions.begin().await?;
        insert(&mut transaction, &self.id, &rows).await?;
        transaction.commit().await.map_err(storage)
    }

    async fn pop_item(&self) -> Result<Option<InputItem>, SessionError> {
        loop {
            let rows = query(POP_ITEM)
                .bind(self.id.as_ref())
                .fetch_all(&self.sessions.pools.writer)
                .await
                .map_err(storage)?;
            let Some(row) = rows.first() else {
                return Ok(None);
            };
            if let Some((_, item)) = decode(row)? {
                return Ok(Some(item));
            }
        }
    }

    async fn clear_session(&self) -> Result<(), SessionError> {
        let mut transaction = self.sessions.begin().await?;
        for statement in [DELETE_ITEMS, DELETE_SESSION] {
            query(statement)
                .bind(self.id.as_ref())
                .execute(&mut *transaction)
                .await
                .map_err(storage)?;
        }
        transaction.commit().await.map_err(storage)
    }
}

impl ReplaceItems for SqliteSession {
    async fn replace_items(
        &self,
        old: &[InputItem],
        new: &[InputItem],
    ) -> Result<bool, SessionError> {
        let new = encode(new)?;
        let mut transaction = self.sessions.begin().await?;
        let rows = read(&mut *transaction, OLDEST_FIRST, &self.id, |_| false).await?;
        if rows.len() < old.len() || rows.iter().zip(old).any(|((_, item), old)| item != old) {
            return Ok(false);
        }
        // Rows are ordered by their ids, so what stays has to be written again, after what is new.
        let kept: Vec<String> = rows[old.len()..]
            .iter()
            .map(|(_, item)| serde_json::to_string(item).map_err(unwritable))
            .collect::<Result<_, _>>()?;
        for (id, _) in &rows {
            query(DELETE_ITEM)
                .bind(id)
                .execute(&mut *transaction)
                .await
                .map_err(storage)?;
        }
        insert(&mut transaction, &self.id, &new).await?;
        insert(&mut transaction, &self.id, &kept).await?;
        transaction.commit().await.map_err(storage)?;
        Ok(true)
    }
}

/// The rows of a session that hold an item, up to the one after which `enough` says so.
async fn read(
    executor: impl Executor<'_, Database = Sqlite>,
    statement: &'static str,
    session: &str,
    mut enough: impl FnMut(&InputItem) -> bool,
) -> Result<Vec<(i64, InputItem)>, SessionError> {
    let mut rows = query(statement).bind(session.to_owned()).fetch(executor);
    let mut items = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(storage)? {
        let Some((id, item)) = decode(&row)? else {
            continue;
        };
        let enough = enough(&item);
        items.push((id, item));
        if enough {
            break;
        }
    }
    Ok(items)
}

async fn insert(
    connection: &mut SqliteConnection,
    session: &str,
    rows: &[String],
) -> Result<(), SessionError> {
    query(TOUCH_SESSION)
        .bind(session)
        .execute(&mut *connection)
        .await
        .map_err(storage)?;
    for row in rows {
        query(ADD_ITEM)
            .bind(session)
            .bind(row)
            .execute(&mut *connection)
            .await
            .map_err(storage)?;
    }
    Ok(())
}

fn encode(items: &[InputItem]) -> Result<Vec<String>, SessionError> {
    let rows = items.iter().map(serde_json::to_string);
    rows.collect::<Result<_, _>>().map_err(unwritable)
}

fn decode(row: &sqlx::sqlite::SqliteRow) -> Result<Option<(i64, InputItem)>, SessionError> {
    let id: i64 = row.try_get(0).map_err(storage)?;
    // A row may hold bytes that are no text.
    let item = row.try_get::<&str, _>(1).ok();
    let item = item.filter(|data| data.trim_start().starts_with('{'));
    match item.and_then(|data| serde_json::from_str(data).ok()) {
        Some(item) => Ok(Some((id, item))),
        None => {
            tracing::warn!(
                row = id,
                "an item of a session is not a JSON object and is skipped"
            );
            Ok(None)
        }
    }
}

fn storage(error: sqlx::Error) -> SessionError {
    SessionError::new(
        SessionErrorKind::Storage,
        "the SQLite database of the session failed",
    )
    .caused_by(error)
}

fn unwritable(error: serde_json::Error) -> SessionError {
    SessionError::new(SessionErrorKind::Item, "an item cannot be written as JSON").caused_by(error)
}

//! Finding, opening and preparing a database: the store's own, and that of sessions, which are in another crate.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, query, query_scalar, raw_sql};
use tokio::time::Instant;

use super::SqliteOptions;
pub use super::engine::Pools;
use crate::types::now;

/// What a file is to have in it.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The table that keeps the versions. Each schema has its own, so that several can be in one file.
    pub versions: &'static str,
    /// The history. What is released never changes; a change of the schema is a new entry.
    pub migrations: &'static [(i64, &'static str)],
}

/// That of the store.
pub(in crate::store) const SCHEMA: Schema = Schema {
    versions: "chatkit_migrations",
    migrations: &[(
        1,
        include_str!("../../../migrations/sqlite/0001_threads.sql"),
    )],
};

// Between two attempts to get at a file that another process is just setting up.
const RETRY: Duration = Duration::from_millis(20);

// SQLite takes milliseconds as a C `int`.
const LONGEST_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

/// Opens a database, creates it if there is none, and brings its schema up to date.
pub async fn open(
    database: &Path,
    options: &SqliteOptions,
    schema: Schema,
) -> Result<Pools, OpenError> {
    let place = Place::parse(database)?;
    let timeout = options.busy_timeout.min(LONGEST_TIMEOUT);
    let connect = place
        .options
        .clone()
        .busy_timeout(timeout)
        .foreign_keys(true)
        // In WAL mode a power cut may lose the last writes, but never damages the file.
        .synchronous(SqliteSynchronous::Normal);
    let pool = |size: u32| {
        // A connection costs nothing while it is idle.
        SqlitePoolOptions::new()
            .max_connections(size)
            .idle_timeout(None)
            .max_lifetime(None)
    };

    let opened = async {
        let keeper = match place.in_memory {
            true => Some(Arc::new(Mutex::new(connect.connect().await?))),
            false => None,
        };
        let writer = pool(1).connect_with(connect.clone()).await?;
        set_up(&writer, place.in_memory, timeout, schema).await?;
        Ok((keeper, writer))
    };
    let (keeper, writer) = match opened.await {
        Ok(opened) => opened,
        Err(problem) => return Err(place.explain(problem).await),
    };
    let reader = if place.in_memory {
        writer.clone()
    } else {
        let connect = connect.create_if_missing(false).pragma("query_only", "ON");
        pool(options.readers.max(1)).connect_lazy_with(connect)
    };
    Ok(Pools {
        reader,
        writer,
        _keeper: keeper,
    })
}

/// Where a database is.
struct Place {
    options: SqliteConnectOptions,
    path: PathBuf,
    in_memory: bool,
}

impl Place {
    /// Reads a path, or a URL with the scheme `sqlite`.
    fn parse(database: &Path) -> Result<Self, OpenError> {
        let url = database
            .to_str()
            .and_then(|text| text.strip_prefix("sqlite:"));
        let options = match url {
            _ if database == Path::new(":memory:") => return Ok(Self::memory()),
            None => SqliteConnectOptions::new()
                .filename(database)
                .create_if_missing(true),
            Some(url) => {
                let url = url.strip_prefix("//").unwrap_or(url);
                let (file, parameters) = url.split_once('?').unwrap_or((url, ""));
                let create = match parameters {
                    "" | "mode=rwc" => true,
                    "mode=rw" => false,
                    "mode=memory" => return Ok(Self::memory()),
                    _ => {
                        return Err(OpenError::new(
                            database,
                            "the only parameter is `mode`, with the values `rwc`, `rw` and `memory`",
                        ));
                    }
                };
                if file == ":memory:" {
                    return Ok(Self::memory());
                }
                // This decodes `%3F` and the like.
                SqliteConnectOptions::from_str(file)
                    .map_err(|error| {
                        OpenError::new(database, "the URL is not valid").caused_by(error)
                    })?
                    .create_if_missing(create)
            }
        };
        let path = options.get_filename().to_owned();
        if path.as_os_str().is_empty() {
            return Err(OpenError::new(
                database,
                "the path is empty; name a file, or `sqlite::memory:`",
            ));
        }
        // SQLite itself would read these as URLs, with parameters that none of the above is prepared for.
        if path.as_os_str().as_encoded_bytes().starts_with(b"file:") {
            return Err(OpenError::new(
                database,
                "URLs of the scheme `file` are not supported; write `sqlite:` and the path",
            ));
        }
        Ok(Self {
            options,
            path,
            in_memory: false,
        })
    }

    fn memory() -> Self {
        let path = PathBuf::from(":memory:");
        // With a name of its own, under which several connections find it.
        let named = SqliteConnectOptions::from_str("sqlite::memory:");
        Self {
            options: named.unwrap_or_else(|_| SqliteConnectOptions::new().filename(&path)),
            path,
            in_memory: true,
        }
    }

    /// Says what to do about a failure.
    async fn explain(self, problem: Problem) -> OpenError {
        let error = match problem {
            Problem::Newer { found, known } => {
                return OpenError::new(
                    &self.path,
                    format!(
                        "its schema has version {found}, and this version of the library knows {known}; use a newer one"
                    ),
                );
            }
            Problem::NoWal => {
                return OpenError::new(
                    &self.path,
                    "its file system does not support write-ahead logging; put it on a local disk",
                );
            }
            Problem::Sqlite(error) => error,
        };
        let advice = match primary_code(&error) {
            Some(CANTOPEN) => {
                let path = self.path.clone();
                let advice = tokio::task::spawn_blocking(move || cannot_open(&path)).await;
                advice.unwrap_or_else(|_| CHECK_RIGHTS.to_owned())
            }
            Some(READONLY | PERM | AUTH) => CHECK_RIGHTS.to_owned(),
            Some(NOTADB | CORRUPT) => {
                "it is damaged, or not an SQLite database; use another path".to_owned()
            }
            Some(BUSY | LOCKED) => {
                "another process has locked it; try again when that has finished".to_owned()
            }
            _ => "SQLite failed".to_owned(),
        };
        OpenError::new(&self.path, advice).caused_by(error)
    }
}

const CHECK_RIGHTS: &str =
    "check that this process may read and write the file, and create files beside it";

fn cannot_open(path: &Path) -> String {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if path.is_dir() {
        return "it is a directory; name a file in it".to_owned();
    }
    match directory {
        Some(directory) if !directory.exists() => {
            format!(
                "the directory {} does not exist; create it",
                directory.display()
            )
        }
        _ => CHECK_RIGHTS.to_owned(),
    }
}

enum Problem {
    Sqlite(sqlx::Error),
    NoWal,
    Newer { found: i64, known: i64 },
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Brings the file into WAL mode and its schema up to date. Stores that open one file at once take turns.
async fn set_up(
    pool: &SqlitePool,
    in_memory: bool,
    timeout: Duration,
    schema: Schema,
) -> Result<(), Problem> {
    let deadline = Instant::now() + timeout;
    let mut connection = pool.acquire().await?;
    loop {
        let done = async {
            if !in_memory {
                enable_wal(&mut connection).await?;
            }
            migrate(&mut connection, schema).await
        };
        match done.await {
            // SQLite waits by itself, except where two connections would wait for each other. While several make a new
            // file, that happens.
            Err(Problem::Sqlite(error)) if is_busy(&error) && Instant::now() < deadline => {
                tokio::time::sleep(RETRY).await;
            }
            done => return done,
        }
    }
}

async fn enable_wal(connection: &mut SqliteConnection) -> Result<(), Problem> {
    let mode: String = query_scalar("PRAGMA journal_mode = WAL")
        .fetch_one(connection)
        .await?;
    if mode.eq_ignore_ascii_case("wal") {
        Ok(())
    } else {
        Err(Problem::NoWal)
    }
}

async fn migrate(connection: &mut SqliteConnection, schema: Schema) -> Result<(), Problem> {
    let Schema {
        versions,
        migrations,
    } = schema;
    // Taking the write lock first makes another process wait here, before it looks at the version.
    let mut transaction = connection.begin_with("BEGIN EXCLUSIVE").await?;
    let table = format!(
        "CREATE TABLE IF NOT EXISTS {versions} (\
            version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL\
        ) STRICT"
    );
    query(AssertSqlSafe(table))
        .execute(&mut *transaction)
        .await?;
    let newest = format!("SELECT max(version) FROM {versions}");
    let found: Option<i64> = query_scalar(AssertSqlSafe(newest))
        .fetch_one(&mut *transaction)
        .await?;
    let found = found.unwrap_or(0);
    let known = migrations.last().map_or(0, |(version, _)| *version);
    if found > known {
        return Err(Problem::Newer { found, known });
    }
    let applied = format!("INSERT INTO {versions} (version, applied_at) VALUES (?1, ?2)");
    for (version, migration) in migrations.iter().filter(|(version, _)| *version > found) {
        raw_sql(*migration).execute(&mut *transaction).await?;
        query(AssertSqlSafe(applied.clone()))
            .bind(version)
            .bind(now().timestamp_micros())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

// Primary result codes, https://www.sqlite.org/rescode.html.
const PERM: u32 = 3;
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
const CORRUPT: u32 = 11;
const CANTOPEN: u32 = 14;
const AUTH: u32 = 23;
const NOTADB: u32 = 26;

fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let extended: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(BUSY | LOCKED))
}

/// Why a database could not be opened, and what to do about it.
#[derive(Debug)]
pub struct OpenError {
    message: String,
    cause: Option<sqlx::Error>,
}

impl OpenError {
    fn new(database: &Path, advice: impl fmt::Display) -> Self {
        Self {
            message: format!(
                "cannot open the SQLite database {}: {advice}",
                database.display()
            ),
            cause: None,
        }
    }

    fn caused_by(mut self, cause: sqlx::Error) -> Self {
        self.cause = Some(cause);
        self
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for OpenError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: (i64, &str) = (1, "CREATE TABLE notes (text TEXT NOT NULL) STRICT");
    const SECOND: (i64, &str) = (
        2,
        "ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 3",
    );
    // Its second statement fails.
    const BROKEN: (i64, &str) = (3, "CREATE TABLE more (x); CREATE TABLE notes (x)");

    const fn schema(migrations: &'static [(i64, &'static str)]) -> Schema {
        Schema {
            versions: "versions",
            migrations,
        }
    }

    async fn bring_to(
        connection: &mut SqliteConnection,
        migrations: &'static [(i64, &'static str)],
    ) -> Result<(), Problem> {
        migrate(connection, schema(migrations)).await
    }

    async fn versions(connection: &mut SqliteConnection) -> Vec<i64> {
        query_scalar("SELECT version FROM versions ORDER BY version")
            .fetch_all(connection)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn an_older_schema_gets_what_is_new_and_keeps_what_is_in_it() {
        let mut file = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        assert!(bring_to(&mut file, &[FIRST]).await.is_ok());
        raw_sql("INSERT INTO notes VALUES ('kept')")
            .execute(&mut file)
            .await
            .unwrap();

        assert!(bring_to(&mut file, &[FIRST, SECOND]).await.is_ok());
        let kept: (String, i64) = sqlx::query_as("SELECT text, stars FROM notes")
            .fetch_one(&mut file)
            .await
            .unwrap();
        assert_eq!(kept, ("kept".to_owned(), 3));
        assert_eq!(versions(&mut file).await, [1, 2]);

        // Twice is as once.
        assert!(bring_to(&mut file, &[FIRST, SECOND]).await.is_ok());
        assert_eq!(versions(&mut file).await, [1, 2]);

        let older = bring_to(&mut file, &[FIRST]).await;
        assert!(matches!(older, Err(Problem::Newer { found: 2, known: 1 })));
    }

    #[tokio::test]
    async fn a_migration_that_fails_leaves_nothing_behind() {
        let mut file = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        assert!(bring_to(&mut file, &[FIRST]).await.is_ok());
        let failed = bring_to(&mut file, &[FIRST, SECOND, BROKEN]).await;
        assert!(matches!(failed, Err(Problem::Sqlite(_))));
        assert_eq!(versions(&mut file).await, [1]);
        let tables: i64 = query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'more'")
            .fetch_one(&mut file)
            .await
            .unwrap();
        assert_eq!(tables, 0);
        assert!(bring_to(&mut file, &[FIRST, SECOND]).await.is_ok());
    }
}

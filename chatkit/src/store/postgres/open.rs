//! Connecting, and preparing the schema.

use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, query, query_scalar, raw_sql};

use super::PostgresOptions;
use crate::types::now;

/// The schema's history. What is released never changes; a change of the schema is a new entry.
const MIGRATIONS: &[(i64, &str)] = &[(
    1,
    include_str!("../../../migrations/postgres/0001_threads.sql"),
)];

/// What all who change the schema take turns on: "chatkit", as a number.
const LOCK: i64 = i64::from_be_bytes(*b"\0chatkit");

/// How long one waits for the others to change the schema.
const MIGRATION_PATIENCE: Duration = Duration::from_secs(60);

// A connection that has been idle for less is taken as it is; one for longer is tried first.
const TRUSTED: Duration = Duration::from_secs(1);

pub(super) async fn open(
    url: &str,
    options: &PostgresOptions,
) -> Result<(Place, PgPool), OpenError> {
    let (place, connect) = Place::parse(url, options)?;
    if let Err(problem) = prepare(&place, &connect, options.connect_timeout).await {
        return Err(place.explain(problem));
    }
    let pool = PgPoolOptions::new()
        .max_connections(options.max_connections.max(1))
        .min_connections(options.min_connections)
        .acquire_timeout(options.acquire_timeout)
        .idle_timeout(options.idle_timeout)
        .max_lifetime(options.max_lifetime)
        .test_before_acquire(false)
        .before_acquire(|connection, state| {
            Box::pin(async move {
                if state.idle_for > TRUSTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(connect);
    Ok((place, pool))
}

/// Where a store is: what may be shown of its URL.
#[derive(Debug)]
pub(super) struct Place {
    user: String,
    server: String,
    database: String,
    schema: String,
    /// The quoted schema and a dot.
    prefix: String,
}

// The parameters of a URL. An unknown one would be ignored, and its value logged.
const PARAMETERS: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

impl Place {
    fn parse(url: &str, options: &PostgresOptions) -> Result<(Self, PgConnectOptions), OpenError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(OpenError::url(
                "it must look like postgres://user:password@host:port/database",
            ));
        }
        let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
        for parameter in parameters.split('&').filter(|text| !text.is_empty()) {
            let name = parameter.split('=').next().unwrap_or_default();
            if !PARAMETERS.contains(&name) && !name.starts_with("options[") {
                return Err(OpenError::url(format!(
                    "the parameter `{name}` is not known"
                )));
            }
        }
        // The cause is left out: it may quote the URL.
        let connect = PgConnectOptions::from_str(url).map_err(|_| {
            OpenError::url(
                "it does not parse; in the user and the password, write / ? # @ : and % as %2F %3F %23 %40 %3A and %25",
            )
        })?;
        let schema = options.schema.clone();
        if schema.is_empty() || schema.contains('\0') || schema.len() > 63 {
            return Err(OpenError::new(
                "the store's schema has no valid name: 1 to 63 bytes are one",
            ));
        }
        let server = match connect.get_socket() {
            Some(socket) => format!("the socket in {}", socket.display()),
            None => format!("{}:{}", connect.get_host(), connect.get_port()),
        };
        let place = Self {
            user: connect.get_username().to_owned(),
            server,
            // What the server takes when nothing is said.
            database: connect
                .get_database()
                .unwrap_or(connect.get_username())
                .to_owned(),
            prefix: format!("{}.", quoted(&schema)),
            schema,
        };
        let mut connect = connect;
        if connect.get_application_name().is_none() {
            connect = connect.application_name("chatkit");
        }
        if let Some(timeout) = options.statement_timeout {
            // 0 would be none at all.
            let timeout = timeout.as_millis().clamp(1, i32::MAX as u128);
            connect = connect.options([("statement_timeout", timeout)]);
        }
        Ok((place, connect))
    }

    /// What stands before the name of a table.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Says what to do about a failure.
    fn explain(&self, problem: Problem) -> OpenError {
        let Self {
            user,
            server,
            database,
            schema,
            ..
        } = self;
        let error = match problem {
            Problem::NoAnswer(timeout) => {
                return OpenError::new(format!(
                    "PostgreSQL at {server} did not answer for {timeout:?}; check the host, the port and the firewall"
                ));
            }
            Problem::Newer { found, known } => {
                return OpenError::new(format!(
                    "cannot use {self}: its version is {found}, and this version of the library knows {known}; use a newer one"
                ));
            }
            Problem::Postgres(error) => error,
        };
        let code = error.as_database_error().and_then(|error| error.code());
        let advice = match (&error, code.as_deref()) {
            (sqlx::Error::Io(_), _) => format!(
                "no connection to PostgreSQL at {server}; check that it runs, and the host and port of the URL"
            ),
            (sqlx::Error::Tls(_), _) => format!(
                "no encrypted connection to PostgreSQL at {server}; check `sslmode` and `sslrootcert` of the URL"
            ),
            (_, Some("28P01" | "28000")) => format!(
                "PostgreSQL at {server} does not let the user {user} in; check the user and the password of the URL, and pg_hba.conf"
            ),
            (_, Some("3D000")) => format!(
                "there is no database {database} on PostgreSQL at {server}; create it, for example with `createdb {database}`"
            ),
            (_, Some("42501")) => format!(
                "the user {user} lacks a right in {self}; let one open the store that may create the schema, or grant CREATE on the database, \
                 and USAGE on the schema and all rights on its tables"
            ),
            (_, Some("42P07")) => {
                format!("{self} has tables that are not the store's; choose another schema")
            }
            (_, Some("53300")) => format!(
                "PostgreSQL at {server} has no connection left; raise its `max_connections`, or lower the store's"
            ),
            (_, Some("55P03")) => format!(
                "another process has been changing {schema} for more than {MIGRATION_PATIENCE:?}; look for it in pg_stat_activity"
            ),
            (_, Some("57P03")) => {
                format!("PostgreSQL at {server} is starting or stopping; try again")
            }
            _ => format!("PostgreSQL at {server} failed"),
        };
        OpenError {
            message: advice,
            cause: Some(error),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server,
            database,
            schema,
            ..
        } = self;
        write!(
            f,
            "the schema {schema} of the database {database} on {server}"
        )
    }
}

/// An SQL identifier.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

enum Problem {
    Postgres(sqlx::Error),
    NoAnswer(Duration),
    Newer { found: i64, known: i64 },
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::Postgres(error)
    }
}

/// Connects once, and brings the schema up to date.
async fn prepare(
    place: &Place,
    connect: &PgConnectOptions,
    timeout: Duration,
) -> Result<(), Problem> {
    // Not through the pool: that would try again and again, and then only say that it had no time.
    let connecting = PgConnection::connect_with(connect);
    let mut connection = tokio::time::timeout(timeout, connecting)
        .await
        .map_err(|_| Problem::NoAnswer(timeout))??;
    let known = MIGRATIONS.last().map_or(0, |(version, _)| *version);
    match tokio::time::timeout(timeout, version(place, &mut connection))
        .await
        .map_err(|_| Problem::NoAnswer(timeout))??
    {
        found if found > known => return Err(Problem::Newer { found, known }),
        found if found < known => migrate(place, &mut connection).await?,
        _ => {}
    }
    connection.close().await?;
    Ok(())
}

/// The version of the schema; 0 when there is none.
async fn version(place: &Place, connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    // Read from the catalog like any table. The functions that look a name up may answer from a cache that does not
    // know yet what another process has just made.
    let there: bool = query_scalar(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'chatkit_migrations')",
    )
    .bind(&place.schema)
    .fetch_one(&mut *connection)
    .await?;
    if !there {
        return Ok(0);
    }
    let newest = AssertSqlSafe(format!(
        "SELECT max(version) FROM {}chatkit_migrations",
        place.prefix
    ));
    let version: Option<i64> = query_scalar(newest).fetch_one(connection).await?;
    Ok(version.unwrap_or(0))
}

async fn migrate(place: &Place, connection: &mut PgConnection) -> Result<(), Problem> {
    let prefix = &place.prefix;
    let mut transaction = connection.begin().await?;
    // A change of a large table may take its time; waiting for another process may not.
    let patience = MIGRATION_PATIENCE.as_millis();
    let settings = format!("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = {patience}");
    raw_sql(AssertSqlSafe(settings))
        .execute(&mut *transaction)
        .await?;
    // Held until the transaction ends: whoever waits here sees what the one before has done.
    query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *transaction)
        .await?;
    let found = version(place, &mut transaction).await?;
    if found == 0 {
        let there: bool =
            query_scalar("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)")
                .bind(&place.schema)
                .fetch_one(&mut *transaction)
                .await?;
        // Even with IF NOT EXISTS, creating a schema takes the right to create one.
        let create_schema = match there {
            true => String::new(),
            false => format!("CREATE SCHEMA {};", quoted(&place.schema)),
        };
        let create = format!(
            "{create_schema} CREATE TABLE IF NOT EXISTS {prefix}chatkit_migrations \
             (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)"
        );
        raw_sql(AssertSqlSafe(create))
            .execute(&mut *transaction)
            .await?;
    }
    for (version, migration) in MIGRATIONS.iter().filter(|(version, _)| *version > found) {
        raw_sql(AssertSqlSafe(migration.replace('@', prefix)))
            .execute(&mut *transaction)
            .await?;
        let record =
            format!("INSERT INTO {prefix}chatkit_migrations (version, applied_at) VALUES ($1, $2)");
        query(AssertSqlSafe(record))
            .bind(version)
            .bind(now().timestamp_micros())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Why a database could not be opened, and what to do about it.
#[derive(Debug)]
pub(super) struct OpenError {
    message: String,
    cause: Option<sqlx::Error>,
}

impl OpenError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            cause: None,
        }
    }

    fn url(advice: impl fmt::Display) -> Self {
        Self::new(format!(
            "the URL of the PostgreSQL database is not valid: {advice}"
        ))
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

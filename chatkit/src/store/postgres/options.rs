//! How a store uses its database.

use std::time::Duration;

/// How a [`PostgresStore`](super::PostgresStore) uses its database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// How many connections there are at most; at least one. All servers together must stay below the database's
    /// `max_connections`.
    pub max_connections: u32,
    /// How many connections are kept open even when nothing happens.
    pub min_connections: u32,
    /// How long the first connection, with which the store opens, may take.
    pub connect_timeout: Duration,
    /// How long a call waits for a connection while all are busy or new ones are being made, before it fails.
    pub acquire_timeout: Duration,
    /// How long the database may work on one statement, before it gives up and the call fails; `None` for any time.
    pub statement_timeout: Option<Duration>,
    /// How long a connection is kept that nothing uses; `None` for ever.
    pub idle_timeout: Option<Duration>,
    /// How long a connection is used before a new one takes its place; `None` for ever.
    pub max_lifetime: Option<Duration>,
    /// The schema that holds the tables; it is created when there is none.
    pub schema: String,
}

impl PostgresOptions {
    /// Ten connections; ten seconds to get one, thirty for a statement; the schema `chatkit`.
    pub fn new() -> Self {
        Self {
            max_connections: 10,
            min_connections: 0,
            connect_timeout: Duration::from_secs(10),
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: Some(Duration::from_secs(30)),
            idle_timeout: Some(Duration::from_secs(600)),
            max_lifetime: Some(Duration::from_secs(1800)),
            schema: "chatkit".to_owned(),
        }
    }

    /// Sets how many connections there are at most.
    #[must_use]
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets how many connections are kept open even when nothing happens.
    #[must_use]
    pub fn min_connections(mut self, connections: u32) -> Self {
        self.min_connections = connections;
        self
    }

    /// Sets how long the first connection may take.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long a call waits for a connection.
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Sets how long the database may work on one statement. It is sent as a startup option, which PgBouncer refuses
    /// unless it is told to ignore `options`; behind one, say `None` and set `statement_timeout` for the role.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.statement_timeout = timeout.into();
        self
    }

    /// Sets how long a connection is kept that nothing uses.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = timeout.into();
        self
    }

    /// Sets how long a connection is used before a new one takes its place.
    #[must_use]
    pub fn max_lifetime(mut self, lifetime: impl Into<Option<Duration>>) -> Self {
        self.max_lifetime = lifetime.into();
        self
    }

    /// Sets the schema that holds the tables. Its name is taken as it is, upper case included.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self::new()
    }
}

//! What only a store in a PostgreSQL database can do or get wrong.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chatkit::store::{DynStore, PostgresOptions, PostgresStore, PythonImport, Store, StoreError};
use chatkit::testing::{PostgresCluster, store_checks, unscoped_store_checks};
use chatkit::types::{Order, ThreadItem};
use sqlx::{AssertSqlSafe, Connection, PgConnection, query_scalar, raw_sql};
use tracing::field::{Field, Visit};

use crate::{Tests, User, assert_not_found, at, item, model, retention, thread};

static ANN: User = User::named("ann");
static BOB: User = User::named("bob");

/// Where the tests run: not at all where there is no server.
#[derive(Clone)]
struct Server(Option<Arc<PostgresCluster>>);

impl Server {
    fn url(&self) -> String {
        self.cluster().url()
    }

    fn cluster(&self) -> &PostgresCluster {
        self.0.as_ref().expect("ignored without a server")
    }

    /// A store in a schema of its own.
    async fn store(&self) -> PostgresStore<User> {
        open(&self.url(), &schema()).await.unwrap()
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }

    /// Runs statements behind the stores' backs, as a superuser.
    async fn run(&self, statements: impl Into<String>) {
        let statements = AssertSqlSafe(statements.into());
        raw_sql(statements)
            .execute(&mut self.connect().await)
            .await
            .unwrap();
    }
}

/// The name of a schema that nobody else has.
fn schema() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("Test {}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn options(schema: &str) -> PostgresOptions {
    PostgresOptions::new().schema(schema).max_connections(4)
}

async fn open(url: &str, schema: &str) -> Result<PostgresStore<User>, StoreError> {
    let store = PostgresStore::open_with(url, options(schema)).await?;
    Ok(store.scoped(User::key))
}

macro_rules! tests {
    ($tests:ident, $server:ident: $($name:ident)*) => {
        $({
            let server = $server.clone();
            $tests.add(concat!("postgres::", stringify!($name)), move || $name(server));
        })*
    };
}

pub(crate) fn add(tests: &mut Tests, cluster: Option<Arc<PostgresCluster>>) {
    tracing::subscriber::set_global_default(Statements).unwrap();
    let server = Server(cluster);
    let ignored = server.0.is_none();
    let first = tests.trials.len();

    // One schema for all checks: each has owners and ids of its own.
    let shared = schema();
    let opened = server.clone();
    let open_shared = move || {
        let (server, schema) = (opened.clone(), shared.clone());
        async move { open(&server.url(), &schema).await.unwrap() }
    };
    tests.add_checks("postgres", store_checks(open_shared, User::new));
    let opened = server.clone();
    let unscoped = move || {
        let server = opened.clone();
        async move {
            PostgresStore::<()>::open_with(&server.url(), options(&schema()))
                .await
                .unwrap()
        }
    };
    tests.add_checks("postgres_unscoped", unscoped_store_checks(unscoped, || ()));
    let (opened, runtime) = (server.clone(), tests.runtime.clone());
    tests.add_blocking("postgres::answers_as_the_store_in_memory", move || {
        model::answers_as_the_store_in_memory(&runtime, async || {
            DynStore::new(opened.store().await)
        });
    });
    tests!(tests, server:
        retention
        stores_that_open_one_new_schema_at_once
        schemas_are_apart
        a_clone_with_another_scope_is_the_same_database
        a_long_thread_is_one_query_and_one_pass
        jsonb_can_be_looked_into
        a_database_out_of_reach_says_what_to_do
        a_role_needs_no_right_to_change_a_schema_that_is_up_to_date
        a_newer_schema_is_left_alone
        tables_of_others_are_left_alone
        a_record_that_does_not_decode_is_named_and_not_quoted
        a_statement_that_takes_too_long_fails
        no_free_connection_is_a_failure_in_time
        a_connection_that_the_server_has_closed_is_replaced
        a_closed_store_fails
        what_the_python_store_wrote_is_imported
        an_import_is_whole_or_absent
    );
    for trial in tests.trials.split_off(first) {
        tests.trials.push(trial.with_ignored_flag(ignored));
    }
}

async fn retention(server: Server) {
    retention::of(server.store().await).await;
}

async fn stores_that_open_one_new_schema_at_once(server: Server) {
    for _ in 0..5 {
        let name = schema();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..10 {
            let (url, name) = (server.url(), name.clone());
            tasks.spawn(async move {
                let store = open(&url, &name).await.unwrap();
                let thread = thread(&format!("t{n}"), at(n));
                store.save_thread(&thread, &ANN).await.unwrap();
                store
            });
        }
        for store in tasks.join_all().await {
            let page = store
                .load_threads(99, None, Order::Asc, &ANN)
                .await
                .unwrap();
            assert_eq!(page.data.len(), 10);
            store.close().await;
        }
        let mut connection = server.connect().await;
        let applied = format!("SELECT count(*) FROM \"{name}\".chatkit_migrations");
        let applied: i64 = query_scalar(AssertSqlSafe(applied))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(applied, 1, "each migration is applied once");
    }
}

async fn schemas_are_apart(server: Server) {
    let odd = "a \"quoted\"; DROP TABLE threads; --";
    let (one, other) = (
        open(&server.url(), odd).await.unwrap(),
        server.store().await,
    );
    one.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    assert_not_found(other.load_thread("t", &ANN).await, "thread", "t");
    let again = open(&server.url(), odd).await.unwrap();
    assert_eq!(
        again.load_thread("t", &ANN).await.unwrap(),
        thread("t", at(0))
    );
    for name in ["", "a\0b", &"x".repeat(64)] {
        let error = open(&server.url(), name).await.unwrap_err();
        assert!(chain(&error).contains("no valid name"), "{name:?}");
    }
}

async fn a_clone_with_another_scope_is_the_same_database(server: Server) {
    let scoped = server.store().await;
    let bobs = scoped.clone().scoped(|_| "bob".to_owned());
    scoped.save_thread(&thread("t", at(0)), &BOB).await.unwrap();
    assert!(bobs.load_thread("t", &ANN).await.is_ok());
    assert_not_found(scoped.load_thread("t", &ANN).await, "thread", "t");
}

thread_local! {
    /// The statements that this thread has run since it began to keep them.
    static KEPT: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Keeps statements. It is the subscriber of the whole process: tracing remembers whether anyone wants to know of an
/// event, and the first to ask may be a thread that does not.
struct Statements;

impl tracing::Subscriber for Statements {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::Id {
        tracing::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Statement(String);
        impl Visit for Statement {
            fn record_str(&mut self, field: &Field, value: &str) {
                if field.name() == "db.statement" {
                    self.0 = value.trim().to_owned();
                }
            }

            fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
        }
        KEPT.with_borrow_mut(|kept| {
            if let Some(kept) = kept {
                let mut statement = Statement(String::new());
                event.record(&mut statement);
                kept.push(statement.0);
            }
        });
    }

    fn enter(&self, _: &tracing::Id) {}

    fn exit(&self, _: &tracing::Id) {}
}

async fn a_long_thread_is_one_query_and_one_pass(server: Server) {
    const ITEMS: usize = 5000;
    let name = schema();
    let store = open(&server.url(), &name).await.unwrap();
    for id in ["t", "other"] {
        store.save_thread(&thread(id, at(0)), &ANN).await.unwrap();
    }
    let first = serde_json::to_string(&item("t", "ID", at(0), "hello")).unwrap();
    server
        .run(format!(
            "INSERT INTO \"{name}\".items (thread_id, id, created_at, data) \
             SELECT thread, 'i' || n, 1700000000000000 + n, replace('{first}', 'ID', 'i' || n)::jsonb \
             FROM generate_series(1, {ITEMS}) n, (VALUES ('t'), ('other')) AS threads (thread); \
             ANALYZE \"{name}\".items; ANALYZE \"{name}\".threads;"
        ))
        .await;

    KEPT.set(Some(Vec::new()));
    let page = store
        .load_thread_items("t", None, 9999, Order::Asc, &ANN)
        .await
        .unwrap();
    assert_eq!(page.data.len(), ITEMS);
    assert_eq!(page.data[ITEMS - 1].id(), format!("i{ITEMS}"));
    let run = KEPT.take().unwrap();
    assert_eq!(run.len(), 1, "{run:#?}");

    // Whatever the values are, the rows come off the index in order.
    let mut connection = server.connect().await;
    let plan = format!(
        "SET plan_cache_mode = force_generic_plan; PREPARE page (text, text, bigint, bigint, bigint) AS {}",
        run[0]
    );
    raw_sql(AssertSqlSafe(plan))
        .execute(&mut connection)
        .await
        .unwrap();
    let explain =
        "EXPLAIN EXECUTE page ('t', 'ann', -9223372036854775808, -9223372036854775808, 10000)";
    let plan: Vec<String> = {
        use futures::TryStreamExt;
        use sqlx::{Either, Row};
        let rows = raw_sql(explain).fetch_many(&mut connection);
        let rows = rows.try_filter_map(async |row| {
            Ok(match row {
                Either::Right(row) => Some(row.get::<String, _>(0)),
                Either::Left(_) => None,
            })
        });
        rows.try_collect().await.unwrap()
    };
    let plan = plan.join("\n");
    assert!(plan.contains("Index Scan using items_in_order"), "{plan}");
    assert!(
        !plan.contains("Sort") && !plan.contains("Seq Scan on items"),
        "{plan}"
    );
}

async fn jsonb_can_be_looked_into(server: Server) {
    let name = schema();
    let store = open(&server.url(), &name).await.unwrap();
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let item = item("t", "i", at(0), "hello");
    store.save_item("t", &item, &ANN).await.unwrap();
    let mut connection = server.connect().await;
    let text = format!(
        "SELECT data->'content'->0->>'text' FROM \"{name}\".items WHERE data @> '{{\"type\": \"assistant_message\"}}'"
    );
    let text: String = query_scalar(AssertSqlSafe(text))
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(text, "hello");
}

/// The message of an error and all its sources, as both formats have them.
fn chain(error: &StoreError) -> String {
    let mut text = format!("{error:?}\n");
    let mut next: Option<&dyn StdError> = Some(error);
    while let Some(error) = next {
        text.push_str(&format!("{error}\n"));
        next = error.source();
    }
    text
}

async fn a_database_out_of_reach_says_what_to_do(server: Server) {
    let cluster = server.cluster();
    server
        .run("CREATE ROLE guest LOGIN PASSWORD 'swordfish'")
        .await;
    server.run("CREATE DATABASE closed").await;
    // Nobody listens on a port that was just given up.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    // One that accepts and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silence = silent.local_addr().unwrap().port();

    for (url, advice) in [
        (
            format!("postgres://u:hunter2@127.0.0.1:{port}/db"),
            &[
                "no connection to PostgreSQL at 127.0.0.1",
                "check that it runs",
            ][..],
        ),
        (
            format!("postgres://u:hunter2@127.0.0.1:{silence}/db?sslmode=disable"),
            &["did not answer for 200ms", "firewall"],
        ),
        (
            cluster.url_of("postgres", "hunter2", "postgres"),
            &[
                "does not let the user postgres in",
                "check the user and the password",
            ],
        ),
        (
            cluster.url_of("nobody_here", "hunter2", "postgres"),
            &["does not let the user nobody_here in"],
        ),
        (
            cluster.url_of("postgres", "swordfish", "no_such_db"),
            &["there is no database no_such_db", "createdb no_such_db"],
        ),
        (
            cluster.url_of("guest", "swordfish", "closed"),
            &[
                "the user guest lacks a right",
                "grant CREATE on the database",
            ],
        ),
        (
            format!("{}&sslmode=require", cluster.url()),
            &["no encrypted connection", "sslmode"],
        ),
        (
            "mysql://u:hunter2@localhost/db".to_owned(),
            &["it must look like postgres://user:password@host:port/database"],
        ),
        (
            "postgres://u:hunter2/x@localhost:5432/db".to_owned(),
            &["it does not parse", "write / ? # @"],
        ),
        (
            "postgres://u:swordfish@localhost:hunter2/db".to_owned(),
            &["it does not parse"],
        ),
        (
            "postgres://u@localhost/db?pasword=hunter2".to_owned(),
            &["the parameter `pasword` is not known"],
        ),
        (
            "postgres://u@localhost/db?sslmode=hunter2".to_owned(),
            &["it does not parse"],
        ),
    ] {
        let options =
            options(&schema()).connect_timeout(match url.contains(&silence.to_string()) {
                true => Duration::from_millis(200),
                false => Duration::from_secs(30),
            });
        let error = PostgresStore::<User>::open_with(&url, options)
            .await
            .unwrap_err();
        let text = chain(&error);
        for part in advice {
            assert!(text.contains(part), "{url}: {part}: {text}");
        }
        for secret in ["hunter2", "swordfish"] {
            assert!(!text.contains(secret), "{url}: {text}");
        }
    }
    let store = server.store().await;
    assert!(!format!("{store:?}").contains("swordfish"), "{store:?}");
}

async fn a_role_needs_no_right_to_change_a_schema_that_is_up_to_date(server: Server) {
    let name = schema();
    open(&server.url(), &name).await.unwrap();
    server
        .run(format!(
            "CREATE ROLE clerk LOGIN PASSWORD 'clerk'; GRANT USAGE ON SCHEMA \"{name}\" TO clerk; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \"{name}\" TO clerk"
        ))
        .await;
    let url = server.cluster().url_of("clerk", "clerk", "postgres");
    let store = open(&url, &name).await.unwrap();
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let added = item("t", "i", at(0), "");
    store.save_item("t", &added, &ANN).await.unwrap();
    store.delete_thread("t", &ANN).await.unwrap();
}

async fn a_newer_schema_is_left_alone(server: Server) {
    let name = schema();
    open(&server.url(), &name).await.unwrap();
    server
        .run(format!(
            "INSERT INTO \"{name}\".chatkit_migrations VALUES (99, 0)"
        ))
        .await;
    let text = chain(&open(&server.url(), &name).await.unwrap_err());
    assert!(text.contains("its version is 99"), "{text}");
}

async fn tables_of_others_are_left_alone(server: Server) {
    let name = schema();
    server
        .run(format!(
            "CREATE SCHEMA \"{name}\"; CREATE TABLE \"{name}\".items (mine TEXT)"
        ))
        .await;
    let text = chain(&open(&server.url(), &name).await.unwrap_err());
    assert!(
        text.contains("has tables that are not the store's"),
        "{text}"
    );
    // Nothing of the schema is there.
    server.run(format!("CREATE TABLE \"{name}\".threads (x INT); CREATE TABLE \"{name}\".chatkit_migrations (x INT)")).await;
}

async fn a_record_that_does_not_decode_is_named_and_not_quoted(server: Server) {
    let name = schema();
    let store = open(&server.url(), &name).await.unwrap();
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let good = item("t", "item_7", at(0), "");
    store.save_item("t", &good, &ANN).await.unwrap();
    server
        .run(format!(
            "UPDATE \"{name}\".items SET data = '{{\"type\": \"secret diary\", \"id\": 3}}'"
        ))
        .await;
    let one = store.load_item("t", "item_7", &ANN).await.map(drop);
    let page = store
        .load_thread_items("t", None, 9, Order::Asc, &ANN)
        .await;
    for result in [one, page.map(drop)] {
        let text = chain(&result.unwrap_err());
        assert!(text.contains("items") && text.contains("item_7"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    // The connections are in order.
    store.save_item("t", &good, &ANN).await.unwrap();
    let page = store
        .load_thread_items("t", None, 9, Order::Asc, &ANN)
        .await
        .unwrap();
    assert_eq!(
        page.data.iter().map(ThreadItem::id).collect::<Vec<_>>(),
        ["item_7"]
    );
}

/// A connection that holds the row of the thread `t`.
async fn lock(server: &Server, schema: &str) -> PgConnection {
    let mut other = server.connect().await;
    let lock = format!("BEGIN; SELECT 1 FROM \"{schema}\".threads WHERE id = 't' FOR UPDATE");
    raw_sql(AssertSqlSafe(lock))
        .execute(&mut other)
        .await
        .unwrap();
    other
}

async fn a_statement_that_takes_too_long_fails(server: Server) {
    let name = schema();
    let options = options(&name).statement_timeout(Duration::from_millis(100));
    let store = PostgresStore::open_with(&server.url(), options)
        .await
        .unwrap();
    let store = store.scoped(User::key);
    let saved = thread("t", at(0));
    store.save_thread(&saved, &ANN).await.unwrap();
    let other = lock(&server, &name).await;
    let text = chain(&store.save_thread(&saved, &ANN).await.unwrap_err());
    assert!(text.contains("statement timeout"), "{text}");
    drop(other);
    store.save_thread(&saved, &ANN).await.unwrap();
}

async fn no_free_connection_is_a_failure_in_time(server: Server) {
    let name = schema();
    let options = options(&name)
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(100));
    let store = PostgresStore::open_with(&server.url(), options)
        .await
        .unwrap();
    let store = store.scoped(User::key);
    let saved = thread("t", at(0));
    store.save_thread(&saved, &ANN).await.unwrap();
    let other = lock(&server, &name).await;
    let mut waiting = Box::pin(store.save_thread(&saved, &ANN));
    // Both are in this task: the second is only asked for when the first has the connection.
    let failed = loop {
        let short = tokio::time::timeout(Duration::from_millis(20), &mut waiting).await;
        assert!(short.is_err(), "wrote a row that is locked");
        let blocked: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1)")
            .bind(format!("%\"{name}\"%"))
            .fetch_one(&mut server.connect().await)
            .await
            .unwrap();
        if blocked {
            break store.load_thread("t", &ANN).await.unwrap_err();
        }
    };
    let text = chain(&failed);
    assert!(text.contains("no connection became free in time"), "{text}");
    drop(other);
    waiting.await.unwrap();
}

async fn a_connection_that_the_server_has_closed_is_replaced(server: Server) {
    let name = schema();
    let url = format!("{}&application_name=replaced", server.url());
    let store = open(&url, &name).await.unwrap();
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    server
        .run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'replaced'")
        .await;
    // The first may still get a connection that was just used; those after it get new ones.
    let mut failures = 0;
    while store.load_thread("t", &ANN).await.is_err() {
        failures += 1;
        assert!(
            failures < 5,
            "as many failures as there are connections at most"
        );
    }
}

async fn a_closed_store_fails(server: Server) {
    let store = server.store().await;
    store.save_thread(&thread("t", at(0)), &ANN).await.unwrap();
    let clone = store.clone();
    store.close().await;
    let text = chain(&clone.load_thread("t", &ANN).await.unwrap_err());
    assert!(text.contains("the store is closed"), "{text}");
}

/// What the sample store of the Python SDK puts into its tables, as `python/rows.py` has written it.
const PYTHON: &str = include_str!("python/rows.json");

/// The tables of the Python sample, with its rows.
async fn python_tables(server: &Server, columns: &str) -> String {
    let name = schema();
    server
        .run(format!(
            "CREATE SCHEMA \"{name}\"; SET search_path = \"{name}\"; \
             CREATE TABLE threads (id TEXT PRIMARY KEY, {columns}); \
             CREATE TABLE items (id TEXT PRIMARY KEY, thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE, {columns}); \
             INSERT INTO threads SELECT * FROM json_populate_recordset(NULL::threads, $json${PYTHON}$json$::json -> 'threads'); \
             INSERT INTO items SELECT * FROM json_populate_recordset(NULL::items, $json${PYTHON}$json$::json -> 'items')"
        ))
        .await;
    name
}

async fn what_the_python_store_wrote_is_imported(server: Server) {
    let rows: serde_json::Value = serde_json::from_str(PYTHON).unwrap();
    let items: Vec<ThreadItem> = rows["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| serde_json::from_value(row["data"].clone()).unwrap())
        .collect();
    for (columns, users) in [
        (
            "user_id TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL, data JSONB NOT NULL",
            true,
        ),
        ("created_at TIMESTAMP NOT NULL, data JSON NOT NULL", false),
    ] {
        let tables = python_tables(&server, columns).await;
        let name = schema();
        let store = open(&server.url(), &name).await.unwrap();
        let import = PythonImport::new()
            .schema(&tables)
            .owner(|user| match user {
                Some(user) => user.to_owned(),
                None => "ann".to_owned(),
            });
        let imported = store.import_python(&import).await.unwrap();
        assert_eq!((imported.threads, imported.items), (2, items.len() as u64));

        let page = store
            .load_thread_items("thr_ann", None, 99, Order::Asc, &ANN)
            .await;
        assert_eq!(page.unwrap().data, items);
        let thread = store.load_thread("thr_ann", &ANN).await.unwrap();
        assert_eq!(thread.title.as_deref(), Some("Ann's"));
        assert_eq!(
            thread.created_at.to_rfc3339(),
            "2025-03-01T12:00:00.123456+00:00"
        );
        let others = if users { &BOB } else { &ANN };
        assert!(store.load_thread("thr_bob", others).await.is_ok());

        // Again: what has changed since stays as it is.
        let changed = item("thr_ann", "item_2", at(0), "changed");
        store.save_item("thr_ann", &changed, &ANN).await.unwrap();
        let again = store.import_python(&import).await.unwrap();
        assert_eq!((again.threads, again.items), (0, 0));
        assert_eq!(
            store.load_item("thr_ann", "item_2", &ANN).await.unwrap(),
            changed
        );
    }
}

async fn an_import_is_whole_or_absent(server: Server) {
    let tables = python_tables(
        &server,
        "created_at TIMESTAMP NOT NULL, data JSONB NOT NULL",
    )
    .await;
    server
        .run(format!("UPDATE \"{tables}\".items SET data = '{{\"type\": \"secret diary\"}}' WHERE id = 'item_9'"))
        .await;
    let store = server.store().await;
    let import = PythonImport::new()
        .schema(&tables)
        .owner(|_| "ann".to_owned());
    let text = chain(&store.import_python(&import).await.unwrap_err());
    assert!(
        text.contains("item_9") && !text.contains("secret"),
        "{text}"
    );
    assert_not_found(
        store.load_thread("thr_ann", &ANN).await,
        "thread",
        "thr_ann",
    );

    // A thread of the same id that is another's gets nothing.
    server
        .run(format!(
            "DELETE FROM \"{tables}\".items WHERE id = 'item_9'"
        ))
        .await;
    store
        .save_thread(&thread("thr_ann", at(0)), &BOB)
        .await
        .unwrap();
    let imported = store.import_python(&import).await.unwrap();
    assert_eq!((imported.threads, imported.items), (1, 0));
    let text = chain(
        &store
            .import_python(&PythonImport::new().schema("absent"))
            .await
            .unwrap_err(),
    );
    assert!(text.contains("absent.threads"), "{text}");
}

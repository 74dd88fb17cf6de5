//! The statements of the stores in databases. Every one of them names the owner, but for those of retention.
//!
//! SQLite and PostgreSQL both read them: parameters are `$1`, and `@` stands for the schema.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The statements, for tables in one schema.
        #[derive(Debug)]
        pub(in crate::store) struct Statements {
            $($(#[$doc])* pub(super) $name: SqlStr,)*
        }

        impl Statements {
            /// `schema` is what stands before the name of a table: nothing, or a quoted name and a dot.
            pub(in crate::store) fn new(schema: &str) -> Self {
                // Cloned once, a text that is shared is shared from then on.
                let statement = |text: &str| AssertSqlSafe(text.replace('@', schema)).into_sql_str().clone();
                Self { $($name: statement($text),)* }
            }
        }
    };
}

statements! {
    load_thread = "SELECT id, data FROM @threads WHERE id = $1 AND owner = $2";

    /// Writes nothing when the id is another owner's.
    save_thread = "\
        INSERT INTO @threads (id, owner, created_at, data) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (id) DO UPDATE SET data = excluded.data WHERE threads.owner = excluded.owner";

    delete_thread = "DELETE FROM @threads WHERE id = $1 AND owner = $2";

    thread_position = "SELECT created_at, seq FROM @threads WHERE id = $1 AND owner = $2";

    threads_asc = "\
        SELECT id, data FROM @threads WHERE owner = $1 AND (created_at, seq) > ($2, $3) \
        ORDER BY created_at, seq LIMIT $4";

    threads_desc = "\
        SELECT id, data FROM @threads WHERE owner = $1 AND (created_at, seq) < ($2, $3) \
        ORDER BY created_at DESC, seq DESC LIMIT $4";

    /// No row: no such thread. A row of nulls: no such item in it.
    load_item = "\
        SELECT items.id, items.data FROM @threads \
        LEFT JOIN @items ON items.thread_id = threads.id AND items.id = $3 \
        WHERE threads.id = $1 AND threads.owner = $2";

    /// As above.
    item_position = "\
        SELECT items.created_at, items.seq FROM @threads \
        LEFT JOIN @items ON items.thread_id = threads.id AND items.id = $3 \
        WHERE threads.id = $1 AND threads.owner = $2";

    items_asc = "\
        SELECT id, data FROM @items \
        WHERE thread_id = (SELECT id FROM @threads WHERE id = $1 AND owner = $2) AND (created_at, seq) > ($3, $4) \
        ORDER BY created_at, seq LIMIT $5";

    items_desc = "\
        SELECT id, data FROM @items \
        WHERE thread_id = (SELECT id FROM @threads WHERE id = $1 AND owner = $2) AND (created_at, seq) < ($3, $4) \
        ORDER BY created_at DESC, seq DESC LIMIT $5";

    /// Writes nothing when the thread is not there. An item that is there keeps its place.
    save_item = "\
        INSERT INTO @items (thread_id, id, created_at, data) \
        SELECT id, $3, $4, $5 FROM @threads WHERE id = $1 AND owner = $2 \
        ON CONFLICT (thread_id, id) DO UPDATE SET data = excluded.data";

    delete_item = "\
        DELETE FROM @items \
        WHERE thread_id = (SELECT id FROM @threads WHERE id = $1 AND owner = $2) AND id = $3";

    load_attachment = "SELECT id, data FROM @attachments WHERE id = $1 AND owner = $2";

    /// Writes nothing when the id is another owner's.
    save_attachment = "\
        INSERT INTO @attachments (id, owner, thread_id, data) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (id) DO UPDATE SET thread_id = excluded.thread_id, data = excluded.data \
        WHERE attachments.owner = excluded.owner";

    delete_attachment = "DELETE FROM @attachments WHERE id = $1 AND owner = $2";

    stray_attachments = "\
        SELECT id, owner FROM @attachments WHERE id > $1 AND thread_id IS NOT NULL \
        AND NOT EXISTS (SELECT 1 FROM @threads WHERE threads.id = attachments.thread_id) \
        ORDER BY id LIMIT $2";

    /// The position of the last thread of a batch. No row: less than a whole batch is left.
    retention_batch = "\
        SELECT created_at, seq FROM @threads \
        WHERE created_at < $1 AND (created_at, seq) > ($2, $3) \
        AND NOT EXISTS (SELECT 1 FROM @items WHERE items.thread_id = threads.id AND items.created_at >= $1) \
        ORDER BY created_at, seq LIMIT 1 OFFSET $4";

    /// The threads behind one position, up to another.
    retention_delete = "\
        DELETE FROM @threads \
        WHERE created_at < $1 AND (created_at, seq) > ($2, $3) AND (created_at, seq) <= ($4, $5) \
        AND NOT EXISTS (SELECT 1 FROM @items WHERE items.thread_id = threads.id AND items.created_at >= $1)";
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use sqlx::{AssertSqlSafe, Connection, SqliteConnection, query_as, raw_sql};

    use super::*;
    use crate::store::sqlite::SCHEMA;

    /// A list must cost what its page costs: found by an index, and never sorted. (Among equal times SQLite steps
    /// over the entries before `seq`, in the index.)
    #[tokio::test]
    async fn pages_come_in_order_off_an_index() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for (_, migration) in SCHEMA.migrations {
            raw_sql(*migration).execute(&mut connection).await.unwrap();
        }
        let sql = Statements::new("");
        for (statement, search) in [
            (
                &sql.threads_asc,
                "threads_in_order (owner=? AND created_at>?)",
            ),
            (
                &sql.threads_desc,
                "threads_in_order (owner=? AND created_at<?)",
            ),
            (
                &sql.items_asc,
                "items_in_order (thread_id=? AND created_at>?)",
            ),
            (
                &sql.items_desc,
                "items_in_order (thread_id=? AND created_at<?)",
            ),
            (
                &sql.stray_attachments,
                "SEARCH attachments USING INDEX sqlite_autoindex_attachments_1 (id>?)",
            ),
            (
                &sql.retention_batch,
                "threads_by_age (created_at>? AND created_at<?)",
            ),
            (
                &sql.retention_delete,
                "threads_by_age (created_at>? AND created_at<?)",
            ),
        ] {
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.as_str()));
            let plan: Vec<(i64, i64, i64, String)> =
                query_as(explain).fetch_all(&mut connection).await.unwrap();
            let plan: Vec<String> = plan.into_iter().map(|step| step.3).collect();
            let plan = plan.join("\n");
            assert!(plan.contains(search), "{plan}");
            assert!(
                !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
                "{plan}"
            );
        }
    }
}

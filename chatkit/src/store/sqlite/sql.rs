//! The statements of the store. Every one of them names the owner.

pub(super) const LOAD_THREAD: &str = "SELECT id, data FROM threads WHERE id = ?1 AND owner = ?2";

// Writes nothing when the id is another owner's.
pub(super) const SAVE_THREAD: &str = "\
    INSERT INTO threads (id, owner, created_at, data) VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT (id) DO UPDATE SET data = excluded.data WHERE threads.owner = excluded.owner";

pub(super) const DELETE_THREAD: &str = "DELETE FROM threads WHERE id = ?1 AND owner = ?2";

pub(super) const THREAD_POSITION: &str =
    "SELECT created_at, seq FROM threads WHERE id = ?1 AND owner = ?2";

pub(super) const THREADS_ASC: &str = "\
    SELECT id, data FROM threads WHERE owner = ?1 AND (created_at, seq) > (?2, ?3) \
    ORDER BY created_at, seq LIMIT ?4";

pub(super) const THREADS_DESC: &str = "\
    SELECT id, data FROM threads WHERE owner = ?1 AND (created_at, seq) < (?2, ?3) \
    ORDER BY created_at DESC, seq DESC LIMIT ?4";

// No row: no such thread. A row of nulls: no such item in it.
pub(super) const LOAD_ITEM: &str = "\
    SELECT items.id, items.data FROM threads \
    LEFT JOIN items ON items.thread_id = threads.id AND items.id = ?3 \
    WHERE threads.id = ?1 AND threads.owner = ?2";

// As above.
pub(super) const ITEM_POSITION: &str = "\
    SELECT items.created_at, items.seq FROM threads \
    LEFT JOIN items ON items.thread_id = threads.id AND items.id = ?3 \
    WHERE threads.id = ?1 AND threads.owner = ?2";

pub(super) const ITEMS_ASC: &str = "\
    SELECT id, data FROM items \
    WHERE thread_id = (SELECT id FROM threads WHERE id = ?1 AND owner = ?2) AND (created_at, seq) > (?3, ?4) \
    ORDER BY created_at, seq LIMIT ?5";

pub(super) const ITEMS_DESC: &str = "\
    SELECT id, data FROM items \
    WHERE thread_id = (SELECT id FROM threads WHERE id = ?1 AND owner = ?2) AND (created_at, seq) < (?3, ?4) \
    ORDER BY created_at DESC, seq DESC LIMIT ?5";

// Writes nothing when the thread is not there. An item that is there keeps its place.
pub(super) const SAVE_ITEM: &str = "\
    INSERT INTO items (thread_id, id, created_at, data) \
    SELECT id, ?3, ?4, ?5 FROM threads WHERE id = ?1 AND owner = ?2 \
    ON CONFLICT (thread_id, id) DO UPDATE SET data = excluded.data";

pub(super) const DELETE_ITEM: &str = "\
    DELETE FROM items \
    WHERE thread_id = (SELECT id FROM threads WHERE id = ?1 AND owner = ?2) AND id = ?3";

pub(super) const TAKE_ITEM: &str = "\
    DELETE FROM items \
    WHERE thread_id = (SELECT id FROM threads WHERE id = ?1 AND owner = ?2) AND id = ?3 \
    RETURNING id, data";

pub(super) const LOAD_ATTACHMENT: &str =
    "SELECT id, data FROM attachments WHERE id = ?1 AND owner = ?2";

// Writes nothing when the id is another owner's.
pub(super) const SAVE_ATTACHMENT: &str = "\
    INSERT INTO attachments (id, owner, thread_id, data) VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT (id) DO UPDATE SET thread_id = excluded.thread_id, data = excluded.data \
    WHERE attachments.owner = excluded.owner";

pub(super) const DELETE_ATTACHMENT: &str = "DELETE FROM attachments WHERE id = ?1 AND owner = ?2";

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection, SqliteConnection, query_as, raw_sql};

    use super::*;

    /// A list must cost what its page costs: found by an index, and never sorted. (Among equal times SQLite steps
    /// over the entries before `seq`, in the index.)
    #[tokio::test]
    async fn pages_come_in_order_off_an_index() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let schema = include_str!("../../../migrations/sqlite/0001_threads.sql");
        raw_sql(schema).execute(&mut connection).await.unwrap();
        for (statement, search) in [
            (THREADS_ASC, "threads_in_order (owner=? AND created_at>?)"),
            (THREADS_DESC, "threads_in_order (owner=? AND created_at<?)"),
            (ITEMS_ASC, "items_in_order (thread_id=? AND created_at>?)"),
            (ITEMS_DESC, "items_in_order (thread_id=? AND created_at<?)"),
        ] {
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
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

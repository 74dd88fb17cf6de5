-- Finds old threads, whoever owns them.
CREATE INDEX threads_by_age ON threads (created_at);

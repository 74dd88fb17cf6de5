//! What every session does.

use std::sync::Arc;

use chatkit_agents::items::{InputItem, prune_orphans};
use chatkit_agents::session::{
    CompactionArgs, CompactionSession, ConversationsSession, DynSession, MemorySession, Session,
};
use chatkit_agents::testing::ScriptedResponses;

use super::endpoint::Endpoint;
use super::{call, item, output, reasoning, wire};

/// Types and ids: what is left of an item wherever it is kept.
fn outline(items: &[InputItem]) -> Vec<String> {
    let line = |item: &InputItem| {
        let said = serde_json::to_value(item).unwrap();
        let text = said["content"][0]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        format!(
            "{} {}{text}",
            item.item_type(),
            item.call_id().unwrap_or_default()
        )
    };
    items.iter().map(line).collect()
}

async fn check(session: impl Session) {
    // Nothing is there, and nothing fails for that.
    assert!(session.get_items(None).await.unwrap().is_empty());
    assert!(session.get_items(Some(3)).await.unwrap().is_empty());
    assert_eq!(session.pop_item().await.unwrap(), None);
    session.clear_session().await.unwrap();
    session.add_items(&[]).await.unwrap();
    assert!(session.get_items(None).await.unwrap().is_empty());

    let first = [
        InputItem::user("one"),
        reasoning(1),
        call(1),
        call(2),
        output(1),
        output(2),
        reasoning(2),
        InputItem::assistant("two"),
    ];
    let second = [InputItem::user("three"), InputItem::assistant("four")];
    session.add_items(&first).await.unwrap();
    session.add_items(&second).await.unwrap();
    let all = [&first[..], &second[..]].concat();
    assert!(session.session_id().is_some());

    let outlines = outline(&all);
    for (limit, kept) in [
        (None, 10),
        (Some(0), 0),
        (Some(1), 1),
        (Some(2), 2),
        // The reasoning of "two" is cut off.
        (Some(3), 2),
        (Some(4), 4),
        // Outputs without their calls, calls without their reasoning.
        (Some(6), 4),
        (Some(7), 4),
        (Some(9), 9),
        (Some(10), 10),
        (Some(usize::MAX), 10),
    ] {
        let items = session.get_items(limit).await.unwrap();
        assert_eq!(outline(&items), outlines[10 - kept..], "limit {limit:?}");
        let mut pruned = items.clone();
        prune_orphans(&mut pruned);
        assert_eq!(pruned, items, "limit {limit:?}");
    }

    let popped = session.pop_item().await.unwrap().unwrap();
    assert_eq!(outline(&[popped]), outlines[9..]);
    let items = session.get_items(None).await.unwrap();
    assert_eq!(outline(&items), outlines[..9]);

    session.clear_session().await.unwrap();
    assert!(session.get_items(None).await.unwrap().is_empty());
    session.add_items(&second).await.unwrap();
    let items = session.get_items(None).await.unwrap();
    assert_eq!(outline(&items), outlines[8..]);
}

#[tokio::test]
async fn in_memory() {
    check(MemorySession::new("s")).await;
}

#[tokio::test]
async fn behind_pointers() {
    check(Arc::new(MemorySession::new("s"))).await;
    check(DynSession::new(MemorySession::new("s"))).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn in_sqlite() {
    use chatkit_agents::session::SqliteSessions;

    let sessions = SqliteSessions::open("sqlite::memory:").await.unwrap();
    check(sessions.session("s")).await;
}

#[tokio::test]
async fn at_an_endpoint() {
    for page in [1, 3, 100] {
        let endpoint = Endpoint::start(page).await;
        check(ConversationsSession::new(endpoint.server.client())).await;
    }
}

#[tokio::test]
async fn with_compaction_around_it() {
    let server = ScriptedResponses::start().await.unwrap();
    check(CompactionSession::new(
        MemorySession::new("s"),
        server.client(),
    ))
    .await;
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn items_come_back_as_they_were() {
    let odd =
        item(&serde_json::json!({"zeta": 1.50, "type": "newer", "alpha": {"b": null, "a": "ü"}}));
    let session = MemorySession::new("s");
    session.add_items(std::slice::from_ref(&odd)).await.unwrap();
    assert_eq!(session.get_items(None).await.unwrap(), [odd]);
}

#[tokio::test]
async fn clones_share_a_history_and_names_do_not() {
    let session = MemorySession::new("s");
    session.clone().add_items(&["Hi".into()]).await.unwrap();
    assert_eq!(
        wire(&session.get_items(None).await.unwrap())
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let other = MemorySession::new("s");
    assert!(other.get_items(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_session_without_compaction_does_nothing_after_a_turn() {
    let session = DynSession::new(MemorySession::new("s"));
    let usage = session
        .run_compaction(CompactionArgs::new().force(true))
        .await
        .unwrap();
    assert_eq!(usage.requests, 0);
}

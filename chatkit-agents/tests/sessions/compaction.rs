//! Having histories compacted.

use std::sync::{Arc, Mutex};

use chatkit_agents::items::InputItem;
use chatkit_agents::session::{
    CompactionArgs, CompactionMode, CompactionSession, DynSession, MemorySession, ReplaceItems,
    Session, SessionError, SessionErrorKind,
};
use chatkit_agents::testing::{Script, ScriptedResponses};
use serde_json::{Value, json};

use super::{call, output, reasoning, wire};

fn compacted() -> Script {
    Script::json(&json!({
        "id": "resp_c",
        "object": "response.compaction",
        "output": [
            {"type": "message", "id": "msg_1", "role": "user", "status": "completed", "content": [
                {"type": "input_text", "text": "question"},
                {"type": "input_image", "file_id": null, "image_url": "data:x", "detail": "auto"},
            ]},
            {"type": "message", "id": "msg_2", "role": "assistant", "status": null, "content": []},
            {"type": "compaction", "id": "cmp_1", "encrypted_content": "abc", "created_by": "x"},
        ],
        "usage": {"input_tokens": 90, "output_tokens": 7, "total_tokens": 97},
    }))
}

/// What [`compacted`] is in a history.
fn short() -> Value {
    json!([
        {"type": "message", "id": "msg_1", "role": "user", "status": "completed", "content": [
            {"type": "input_text", "text": "question"},
            {"type": "input_image", "image_url": "data:x", "detail": "auto"},
        ]},
        {"type": "message", "role": "assistant", "content": []},
        {"type": "compaction", "id": "cmp_1", "encrypted_content": "abc"},
    ])
}

async fn endpoint(script: Script) -> ScriptedResponses {
    let server = ScriptedResponses::start().await.unwrap();
    server.respond_at("/responses/compact", move |_| script.clone());
    server
}

/// A question and answers: so many candidates.
fn long(candidates: usize) -> Vec<InputItem> {
    let answers = (0..candidates).map(|number| InputItem::assistant(format!("{number}")));
    std::iter::once(InputItem::user("question"))
        .chain(answers)
        .collect()
}

async fn memory(items: &[InputItem]) -> MemorySession {
    let session = MemorySession::new("s");
    session.add_items(items).await.unwrap();
    session
}

async fn history(session: &impl Session) -> Value {
    wire(&session.get_items(None).await.unwrap())
}

#[tokio::test]
async fn a_long_history_is_replaced_after_a_turn() {
    let server = endpoint(compacted()).await;
    let items = memory(&long(9)).await;
    let session = DynSession::new(CompactionSession::new(items.clone(), server.client()));
    let args = CompactionArgs::new().response_id("resp_1");
    assert_eq!(session.run_compaction(args).await.unwrap().requests, 0);
    assert!(server.requests().is_empty());

    session
        .add_items(&[InputItem::assistant("ten")])
        .await
        .unwrap();
    let before = history(&session).await;
    let usage = session.run_compaction(args).await.unwrap();
    assert_eq!(
        (usage.requests, usage.input_tokens, usage.output_tokens),
        (1, 90, 7)
    );
    assert_eq!(history(&items).await, short());
    let request = server.requests().pop().unwrap();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/v1/responses/compact")
    );
    assert_eq!(request.body, json!({"model": "gpt-4.1", "input": before}));

    // It is short now.
    session.run_compaction(args).await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn the_mode_decides_how_the_endpoint_learns_the_history() {
    let args = || CompactionArgs::new().response_id("resp_1").known_items(11);
    let by_id = json!({"model": "m", "previous_response_id": "resp_1"});
    let sent = json!({"model": "m", "input": wire(&long(10))});
    for (mode, args, body) in [
        (CompactionMode::Auto, args(), Some(&by_id)),
        (CompactionMode::Auto, args().store(true), Some(&by_id)),
        (CompactionMode::Auto, args().store(false), Some(&sent)),
        (CompactionMode::Auto, args().response_id(None), Some(&sent)),
        // Read with a limit, or changed by someone else: the response does not know everything.
        (CompactionMode::Auto, args().known_items(4), Some(&sent)),
        (CompactionMode::Auto, args().known_items(None), Some(&sent)),
        (CompactionMode::Input, args(), Some(&sent)),
        (
            CompactionMode::Input,
            args().mode(CompactionMode::PreviousResponseId),
            Some(&by_id),
        ),
        (CompactionMode::PreviousResponseId, args(), Some(&by_id)),
        (
            CompactionMode::PreviousResponseId,
            args().known_items(4),
            None,
        ),
        (
            CompactionMode::PreviousResponseId,
            args().response_id(None).force(true),
            None,
        ),
    ] {
        let server = endpoint(compacted()).await;
        let items = memory(&long(10)).await;
        let session = CompactionSession::new(items, server.client())
            .model("m")
            .mode(mode);
        session.run_compaction(args).await.unwrap();
        let asked = server.requests().pop().map(|request| request.body);
        assert_eq!(asked.as_ref(), body, "{mode:?} {args:?}");
        let expected = if body.is_some() {
            short()
        } else {
            wire(&long(10))
        };
        assert_eq!(history(&session).await, expected, "{mode:?} {args:?}");
    }
}

#[tokio::test]
async fn the_decision_sees_the_history() {
    let server = endpoint(compacted()).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let decisions = Arc::clone(&seen);
    let mut items = long(2);
    items.push(super::item(
        &json!({"type": "compaction", "encrypted_content": "abc"}),
    ));
    let session = CompactionSession::new(memory(&items).await, server.client())
        .should_trigger_compaction(move |context| {
            decisions.lock().unwrap().push((
                context.compaction_candidate_items.len(),
                context.session_items.len(),
                context.compaction_mode,
                context.response_id.map(str::to_owned),
            ));
            false
        });
    let args = CompactionArgs::new().response_id("resp_1");
    session.run_compaction(args).await.unwrap();
    assert!(server.requests().is_empty());
    let expected = (2, 4, CompactionMode::Input, Some("resp_1".to_owned()));
    assert_eq!(*seen.lock().unwrap(), [expected]);

    session.run_compaction(args.force(true)).await.unwrap();
    assert_eq!(server.requests().len(), 1);
    assert_eq!(history(&session).await, short());
}

#[tokio::test]
async fn a_call_without_output_is_waited_for() {
    let server = endpoint(compacted()).await;
    let items = memory(&long(10)).await;
    items
        .add_items(&[InputItem::user("again"), reasoning(1), call(1)])
        .await
        .unwrap();
    let session = CompactionSession::new(items, server.client());
    let before = history(&session).await;
    session
        .run_compaction(CompactionArgs::new().force(true))
        .await
        .unwrap();
    assert!(server.requests().is_empty());
    assert_eq!(history(&session).await, before);

    session.add_items(&[output(1)]).await.unwrap();
    session.run_compaction(CompactionArgs::new()).await.unwrap();
    assert_eq!(history(&session).await, short());
}

#[tokio::test]
async fn an_abandoned_call_is_not_sent_and_does_not_hinder() {
    let server = endpoint(compacted()).await;
    let items = memory(&[InputItem::user("a"), reasoning(1), call(1)]).await;
    items.add_items(&long(10)).await.unwrap();
    let session = CompactionSession::new(items, server.client());
    session.run_compaction(CompactionArgs::new()).await.unwrap();
    let sent = server.requests().pop().unwrap().body;
    let expected = [vec![InputItem::user("a")], long(10)].concat();
    assert_eq!(sent["input"], wire(&expected));
    assert_eq!(history(&session).await, short());
}

#[tokio::test]
async fn a_failure_keeps_the_history() {
    for script in [
        Script::status(400),
        Script::json(&json!({"output": []})),
        Script::json(&json!({"output": "?"})),
        Script::json(&json!({})).cut_after(0),
    ] {
        let server = endpoint(script).await;
        let client = server.client_builder().max_retries(0).build().unwrap();
        let session = CompactionSession::new(memory(&long(10)).await, client);
        let error = session
            .run_compaction(CompactionArgs::new())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), SessionErrorKind::Endpoint);
        assert_eq!(history(&session).await, wire(&long(10)));
        // And the next turn can try again.
        server.respond_at("/responses/compact", |_| compacted());
        session.run_compaction(CompactionArgs::new()).await.unwrap();
        assert_eq!(history(&session).await, short());
    }
}

#[tokio::test]
async fn a_dropped_compaction_closes_its_request_and_keeps_the_history() {
    let server = endpoint(Script::json(&json!({})).hang_after(0)).await;
    let session = CompactionSession::new(memory(&long(10)).await, server.client());
    {
        let mut compaction = Box::pin(session.run_compaction(CompactionArgs::new()));
        tokio::select! {
            _ = &mut compaction => panic!("the endpoint does not answer"),
            _ = server.wait_for_request(1) => {}
        }
    }
    assert!(server.wait_closed(1).await.closed_early);
    assert_eq!(history(&session).await, wire(&long(10)));
    server.respond_at("/responses/compact", |_| compacted());
    session.run_compaction(CompactionArgs::new()).await.unwrap();
    assert_eq!(history(&session).await, short());
}

/// Starts a compaction that the endpoint holds, does something else, and lets it go on.
async fn meanwhile<S: ReplaceItems + Clone>(
    items: S,
    other: impl AsyncFnOnce(&CompactionSession<S>),
) -> Value {
    let server = endpoint(compacted().hold_after(0)).await;
    items.add_items(&long(10)).await.unwrap();
    let session = Arc::new(CompactionSession::new(items.clone(), server.client()));
    let running = Arc::clone(&session);
    let compaction =
        tokio::spawn(async move { running.run_compaction(CompactionArgs::new()).await });
    server.wait_for_request(1).await;
    other(&session).await;
    server.release();
    compaction.await.unwrap().unwrap();
    assert_eq!(server.requests().len(), 1);
    history(&items).await
}

async fn others_may_write<S: ReplaceItems + Clone>(session: impl AsyncFn() -> S) {
    // What is added stays behind the compacted history.
    let after = meanwhile(session().await, async |session| {
        session
            .add_items(&[InputItem::user("new"), call(1), output(1)])
            .await
            .unwrap();
    });
    let mut expected = short();
    let added = wire(&[InputItem::user("new"), call(1), output(1)]);
    expected
        .as_array_mut()
        .unwrap()
        .extend(added.as_array().unwrap().clone());
    assert_eq!(after.await, expected);

    // What is removed does not come back.
    let after = meanwhile(session().await, async |session| {
        session.pop_item().await.unwrap();
    });
    assert_eq!(after.await, wire(&long(9)));
    let after = meanwhile(session().await, async |session| {
        session.clear_session().await.unwrap();
    });
    assert_eq!(after.await, json!([]));

    // A second compaction is not paid for.
    let after = meanwhile(session().await, async |session| {
        let usage = session.run_compaction(CompactionArgs::new()).await.unwrap();
        assert_eq!(usage.requests, 0);
    });
    assert_eq!(after.await, short());
}

#[tokio::test]
async fn others_may_write_in_memory() {
    others_may_write(async || MemorySession::new("s")).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn others_may_write_in_sqlite() {
    use chatkit_agents::session::SqliteSessions;
    others_may_write(async || {
        SqliteSessions::open("sqlite::memory:")
            .await
            .unwrap()
            .session("s")
    })
    .await;
}

/// A session whose storage is full.
#[derive(Clone)]
struct Full(MemorySession);

impl Session for Full {
    fn session_id(&self) -> Option<String> {
        self.0.session_id()
    }
    async fn get_items(&self, limit: Option<usize>) -> Result<Vec<InputItem>, SessionError> {
        self.0.get_items(limit).await
    }
    async fn add_items(&self, items: &[InputItem]) -> Result<(), SessionError> {
        self.0.add_items(items).await
    }
    async fn pop_item(&self) -> Result<Option<InputItem>, SessionError> {
        self.0.pop_item().await
    }
    async fn clear_session(&self) -> Result<(), SessionError> {
        self.0.clear_session().await
    }
}

impl ReplaceItems for Full {
    async fn replace_items(&self, _: &[InputItem], _: &[InputItem]) -> Result<bool, SessionError> {
        Err(SessionError::new(SessionErrorKind::Storage, "full"))
    }
}

#[tokio::test]
async fn a_replacement_that_fails_keeps_the_history() {
    let server = endpoint(compacted()).await;
    let session = CompactionSession::new(Full(memory(&long(10)).await), server.client());
    let error = session
        .run_compaction(CompactionArgs::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::Storage);
    assert_eq!(history(&session).await, wire(&long(10)));
}

#[tokio::test]
async fn a_message_keeps_its_id_beside_its_reasoning() {
    let output = json!([
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "id": "msg_2", "role": "assistant", "content": []},
    ]);
    let server = endpoint(Script::json(&json!({"output": output}))).await;
    let session = CompactionSession::new(memory(&long(10)).await, server.client());
    session.run_compaction(CompactionArgs::new()).await.unwrap();
    assert_eq!(history(&session).await, output);
}

#[tokio::test]
async fn an_empty_history_is_not_compacted() {
    let server = endpoint(compacted()).await;
    let session = CompactionSession::new(MemorySession::new("s"), server.client());
    session
        .run_compaction(CompactionArgs::new().force(true))
        .await
        .unwrap();
    assert!(server.requests().is_empty());
}

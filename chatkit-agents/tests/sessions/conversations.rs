//! Sessions at OpenAI.

use std::sync::Arc;

use chatkit_agents::items::InputItem;
use chatkit_agents::model::{ModelError, ModelErrorKind};
use chatkit_agents::session::{ConversationsSession, Session, SessionError, SessionErrorKind};
use chatkit_agents::testing::{Script, ScriptedResponses};
use futures::future::join_all;
use serde_json::json;

use super::endpoint::Endpoint;
use super::{item, output, wire};

fn session(endpoint: &Endpoint) -> ConversationsSession {
    ConversationsSession::new(endpoint.server.client())
}

fn cause(error: &SessionError) -> &ModelError {
    std::error::Error::source(error)
        .unwrap()
        .downcast_ref()
        .unwrap()
}

#[tokio::test]
async fn one_conversation_is_made_with_the_first_items() {
    let endpoint = Endpoint::start(100).await;
    let session = Arc::new(session(&endpoint));
    assert!(session.get_items(None).await.unwrap().is_empty());
    assert_eq!(session.session_id(), None);
    assert!(endpoint.server.requests().is_empty());

    let writes = (0..5).map(|number| {
        let session = Arc::clone(&session);
        tokio::spawn(async move {
            session
                .add_items(&[InputItem::user(format!("{number}"))])
                .await
        })
    });
    for write in join_all(writes).await {
        write.unwrap().unwrap();
    }
    assert_eq!(endpoint.conversations().len(), 1);
    assert_eq!(session.session_id(), endpoint.conversations().pop());
    assert_eq!(endpoint.items().len(), 5);

    session.clear_session().await.unwrap();
    assert!(endpoint.conversations().is_empty());
    assert_eq!(session.session_id(), None);
}

#[tokio::test]
async fn requests_are_the_documented_ones() {
    let endpoint = Endpoint::start(100).await;
    let session = session(&endpoint);
    session.add_items(&["Hi".into()]).await.unwrap();
    session.get_items(None).await.unwrap();
    session.get_items(Some(1)).await.unwrap();
    session.pop_item().await.unwrap();
    session.clear_session().await.unwrap();
    let requests = endpoint.server.requests();
    let lines: Vec<String> = requests
        .iter()
        .map(|request| format!("{} {}", request.method, request.target))
        .collect();
    assert_eq!(
        lines,
        [
            "POST /v1/conversations",
            "POST /v1/conversations/conv_1/items",
            "GET /v1/conversations/conv_1/items?order=asc&limit=100",
            "GET /v1/conversations/conv_1/items?order=desc&limit=100",
            "GET /v1/conversations/conv_1/items?order=desc&limit=1",
            "DELETE /v1/conversations/conv_1/items/item_2",
            "DELETE /v1/conversations/conv_1",
        ]
    );
    assert_eq!(requests[0].body, json!({"items": []}));
    assert_eq!(requests[1].body, json!({"items": wire(&["Hi".into()])}));
    for request in requests {
        assert_eq!(request.header("authorization"), Some("Bearer scripted-key"));
        assert_eq!(request.header("accept"), Some("application/json"));
    }
}

#[tokio::test]
async fn ids_of_other_responses_are_left_out() {
    let endpoint = Endpoint::start(100).await;
    let session = session(&endpoint);
    let items = [
        json!({"type": "message", "id": "msg_1", "role": "assistant", "content": [], "provider_data": {}}),
        json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"}),
        json!({"type": "function_call_output", "call_id": "call_1", "output": "ok", "created_by": "x"}),
        json!({"type": "web_search_call", "id": "ws_1", "status": "completed"}),
        json!({"type": "web_search_call", "id": "__fake_id__", "status": "completed"}),
        json!({"type": "reasoning", "id": "rs_1", "summary": []}),
        json!({"type": "reasoning", "summary": [], "encrypted_content": "abc"}),
        // The endpoint could do nothing with these.
        json!({"type": "reasoning", "summary": []}),
        json!({"type": "reasoning", "id": "__fake_id__", "summary": []}),
    ];
    session
        .add_items(&items.each_ref().map(item))
        .await
        .unwrap();
    let sent = endpoint.server.requests().pop().unwrap().body;
    let expected = json!([
        {"type": "message", "role": "assistant", "content": []},
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "ok"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {"type": "web_search_call", "status": "completed"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "reasoning", "summary": [], "encrypted_content": "abc"},
    ]);
    assert_eq!(sent["items"], expected);

    // A typed call's, too.
    let call = chatkit_agents::items::FunctionCall::new("call_2", "f", "{}").id("fc_2");
    session.add_items(&[call.into(), output(2)]).await.unwrap();
    let sent = endpoint.server.requests().pop().unwrap().body;
    assert_eq!(sent["items"][0].get("id"), None);

    // What comes back: an assistant's message without the id that the endpoint gave it, anything else with it.
    let read = wire(&session.get_items(None).await.unwrap());
    assert_eq!(read[0].get("id"), None);
    assert_eq!(read[3]["id"], "ws_1");
    assert!(read[1]["id"].is_string());

    // Nothing is left of it, so nothing is asked.
    let before = endpoint.server.requests().len();
    session.add_items(&[item(&items[7])]).await.unwrap();
    assert_eq!(endpoint.server.requests().len(), before);
}

#[tokio::test]
async fn many_items_take_several_requests_and_are_taken_back_together() {
    let endpoint = Endpoint::start(7).await;
    let session = session(&endpoint);
    let items: Vec<InputItem> = (0..45)
        .map(|number| InputItem::user(format!("{number}")))
        .collect();
    session.add_items(&items).await.unwrap();
    let texts = |items: &[InputItem]| -> Vec<String> {
        let text = |item| {
            wire(std::slice::from_ref(item))[0]["content"][0]["text"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        items.iter().map(text).collect()
    };
    assert_eq!(
        texts(&session.get_items(None).await.unwrap()),
        texts(&items)
    );
    assert_eq!(
        texts(&session.get_items(Some(30)).await.unwrap()),
        texts(&items[15..])
    );

    endpoint.fail_add(3);
    let error = session.add_items(&items).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::Endpoint);
    assert_eq!(cause(&error).status(), Some(400));
    assert_eq!(
        texts(&session.get_items(None).await.unwrap()),
        texts(&items)
    );
}

#[tokio::test]
async fn failures_name_no_content() {
    let server = ScriptedResponses::start().await.unwrap();
    let session = ConversationsSession::with_id(server.client(), "conv/1");
    // The endpoint knows no conversations at all.
    let error = session.get_items(None).await.unwrap_err();
    assert_eq!(cause(&error).status(), Some(404));
    assert_eq!(
        server.requests()[0].target,
        "/v1/conversations/conv%2F1/items?order=asc&limit=100"
    );

    for (script, kind) in [
        (
            Script::json(&json!({"data": "secret"})),
            ModelErrorKind::Decode,
        ),
        (
            Script::new()
                .content_type("application/json")
                .body("secret"),
            ModelErrorKind::Decode,
        ),
        (
            Script::new().content_type("text/html").body("secret"),
            ModelErrorKind::ContentType,
        ),
        (Script::status(401), ModelErrorKind::Authentication),
    ] {
        server.respond_at("/conversations", move |_| script.clone());
        let error = session.get_items(None).await.unwrap_err();
        assert_eq!(cause(&error).kind(), kind);
        assert!(!format!("{error:#} {error:?}").contains("secret"));
    }

    // One that goes on for ever without saying where.
    server.respond_at("/conversations", |_| {
        Script::json(&json!({"data": [], "has_more": true}))
    });
    let error = session.get_items(None).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::Endpoint);

    let small = server
        .client_builder()
        .max_event_bytes(100)
        .build()
        .unwrap();
    server.respond_at("/conversations", |_| {
        Script::json(&json!({"data": [], "x": "y".repeat(100)}))
    });
    let error = ConversationsSession::with_id(small, "conv_1")
        .get_items(None)
        .await
        .unwrap_err();
    assert_eq!(cause(&error).kind(), ModelErrorKind::TooLarge);
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let server = ScriptedResponses::start().await.unwrap();
    let attempts = std::sync::atomic::AtomicUsize::new(0);
    server.respond_at("/conversations", move |_| {
        match attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Script::status(503).header("retry-after-ms", "1"),
            _ => Script::json(&json!({"data": [{"role": "user", "content": "Hi"}]})),
        }
    });
    let session = ConversationsSession::with_id(server.client(), "conv_1");
    assert_eq!(session.get_items(None).await.unwrap().len(), 1);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn what_is_gone_already_is_deleted() {
    let server = ScriptedResponses::start().await.unwrap();
    let session = ConversationsSession::with_id(server.client(), "conv_1");
    session.clear_session().await.unwrap();
    assert_eq!(session.session_id(), None);
}

#[tokio::test]
async fn a_query_of_the_base_url_stays() {
    let endpoint = Endpoint::start(100).await;
    let base_url = format!("{}?api-version=preview", endpoint.server.base_url());
    let client = endpoint
        .server
        .client_builder()
        .base_url(base_url)
        .build()
        .unwrap();
    let session = ConversationsSession::new(client);
    session.add_items(&["Hi".into()]).await.unwrap();
    session.get_items(None).await.unwrap();
    let targets: Vec<String> = endpoint
        .server
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    assert_eq!(targets[0], "/v1/conversations?api-version=preview");
    assert_eq!(
        targets[2],
        "/v1/conversations/conv_1/items?api-version=preview&order=asc&limit=100"
    );
}

#[tokio::test]
async fn the_scripted_endpoint_takes_the_longest_path() {
    let server = ScriptedResponses::start().await.unwrap();
    let one =
        |role: &'static str| Script::json(&json!({"data": [{"role": role, "content": "Hi"}]}));
    server.respond_at("/conversations/conv_1", move |_| one("developer"));
    server.respond_at("/conversations", move |_| one("user"));
    for (id, role) in [
        ("conv_1", "developer"),
        ("conv_10", "user"),
        ("other", "user"),
    ] {
        let session = ConversationsSession::with_id(server.client(), id);
        assert_eq!(
            session.get_items(None).await.unwrap()[0].role(),
            Some(role),
            "{id}"
        );
    }
}

#[tokio::test]
async fn items_are_not_added_again_when_they_may_have_been_kept() {
    let cases = [
        // The connection breaks after the whole request was read.
        (Script::json(&json!({})).cut_after(0), 1),
        (Script::status(503), 1),
        (Script::status(409), 1),
        (Script::status(429).header("retry-after-ms", "1"), 3),
    ];
    for (script, attempts) in cases {
        let server = ScriptedResponses::start().await.unwrap();
        server.respond_at("/conversations", move |_| script.clone());
        let session = ConversationsSession::with_id(server.client(), "conv_1");
        let added = session.add_items(&[InputItem::user("Hi")]).await;
        assert_eq!(added.unwrap_err().kind(), SessionErrorKind::Endpoint);
        assert_eq!(server.requests().len(), attempts);
    }
}

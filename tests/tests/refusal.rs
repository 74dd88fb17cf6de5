//! Requests without a context, failures as events and as statuses, and what the head of a request is good for.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use chatkit::axum::{Adapter, Cors, Failures, Refusal};
use chatkit::store::MemoryStore;
use chatkit::{ChatKitServer, RequestInfo, TurnError};
use serde_json::{Value, json};

use crate::support::{Bot, Site, WatchedStore, add, create, labels, only_error};

const STREAM: &str = "text/event-stream";

const OWN: &str = r#"{"message": "No more credits.", "plan": "free"}"#;

fn server() -> ChatKitServer<Bot> {
    let bot = Bot::new(|_, _| async { Ok(()) });
    ChatKitServer::new(bot, MemoryStore::new())
}

/// A site that refuses everyone.
async fn refusing(failures: Failures, refusal: fn() -> Response) -> Site {
    let refuse = move |_: Parts| async move { Err::<(), _>(refusal()) };
    let adapter = Adapter::new(server()).failures(failures);
    Site::start(adapter.router(refuse)).await
}

fn list() -> Vec<u8> {
    json!({"type": "threads.list", "params": {}})
        .to_string()
        .into_bytes()
}

/// What the client is told, in its three forms.
async fn assert_refused(refusal: fn() -> Response, status: u16, message: &str, allow_retry: bool) {
    let site = refusing(Failures::Events, refusal).await;
    let answer = site.client.post("*/*", &list()).await;
    assert_eq!(answer.status, status);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(!answer.headers["x-request-id"].is_empty());
    let body: Value = serde_json::from_slice(&answer.bytes().await).unwrap();
    assert_eq!(body["message"], message);

    let events = site.client.stream(&create("Hi")).await;
    assert_eq!(
        events,
        [
            json!({"type": "error", "code": "custom", "message": message, "allow_retry": allow_retry})
        ]
    );

    let site = refusing(Failures::Statuses, refusal).await;
    let answer = site
        .client
        .post(STREAM, create("Hi").to_string().as_bytes())
        .await;
    assert_eq!(answer.status, status);
    let body: Value = serde_json::from_slice(&answer.bytes().await).unwrap();
    assert_eq!(body["message"], message);
}

#[tokio::test]
async fn refusals_reach_the_client_in_the_form_it_shows() {
    let unauthorized = || Refusal::unauthorized("Please sign in.").into_response();
    assert_refused(unauthorized, 401, "Please sign in.", false).await;
    let forbidden = || {
        Refusal::forbidden("Not \"yours\".")
            .allow_retry(true)
            .into_response()
    };
    assert_refused(forbidden, 403, "Not \"yours\".", true).await;
    let text = || (StatusCode::UNAUTHORIZED, "sign in first").into_response();
    assert_refused(text, 401, "sign in first", false).await;
    let bare = || StatusCode::FORBIDDEN.into_response();
    assert_refused(bare, 403, "Forbidden", false).await;
    let page = || {
        let page = axum::response::Html("<h1>Sign in</h1>");
        (StatusCode::UNAUTHORIZED, page).into_response()
    };
    assert_refused(page, 401, "Unauthorized", false).await;
    let own = || (StatusCode::PAYMENT_REQUIRED, OWN).into_response();
    assert_refused(own, 402, "No more credits.", false).await;
}

#[tokio::test]
async fn what_a_refusal_says_besides_stays() {
    let own = || (StatusCode::PAYMENT_REQUIRED, [("x-plan", "free")], OWN).into_response();
    let site = refusing(Failures::Events, own).await;
    let answer = site.client.post("*/*", &list()).await;
    assert_eq!(answer.headers["x-plan"], "free");
    let body: Value = serde_json::from_slice(&answer.bytes().await).unwrap();
    assert_eq!(body["plan"], "free");

    let text = || {
        let challenge = [("www-authenticate", "Bearer")];
        (StatusCode::UNAUTHORIZED, challenge, "sign in first").into_response()
    };
    let site = refusing(Failures::Events, text).await;
    let answer = site.client.post("*/*", &list()).await;
    assert_eq!(answer.headers["www-authenticate"], "Bearer");

    let site = refusing(Failures::Events, || {
        Redirect::to("/sign-in").into_response()
    })
    .await;
    let answer = site.client.post(STREAM, &list()).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.headers["location"], "/sign-in");
}

#[tokio::test]
async fn a_failure_to_find_out_who_asks_tells_nothing() {
    async fn broken(_: Parts) -> Result<(), Refusal> {
        Err(std::io::Error::other(WatchedStore::SECRET))?
    }
    let site = Site::start(chatkit::axum::router(server(), broken)).await;
    let events = site.client.stream(&create("Hi")).await;
    let error = only_error(&events);
    assert_eq!(error["allow_retry"], true);
    let answer = site.client.post("*/*", &list()).await;
    assert_eq!(answer.status, 500);
    let body = String::from_utf8(answer.bytes().await).unwrap();
    for told in [error.to_string(), body] {
        assert!(!told.contains("swordfish"), "{told}");
        assert!(told.contains("An error occurred"), "{told}");
    }
}

#[tokio::test]
async fn a_panic_in_the_context_function_is_contained() {
    async fn broken(parts: Parts) -> Result<(), Refusal> {
        assert!(!parts.headers.contains_key("x-panic"), "a bug");
        Ok(())
    }
    let site = Site::start(chatkit::axum::router(server(), broken)).await;
    for accept in [STREAM, "*/*"] {
        let answer = site
            .client
            .post_with(accept, "x-panic: 1\r\n", &list())
            .await;
        assert_eq!(answer.status, if accept == STREAM { 200 } else { 500 });
        assert!(!answer.headers["x-request-id"].is_empty());
    }
    assert_eq!(site.client.post("*/*", &list()).await.status, 200);
}

#[tokio::test]
async fn a_path_without_a_slash_gets_one() {
    let adapter = Adapter::new(server()).path("chatkit");
    let site = Site::start(adapter.router(async |_| Ok::<_, Refusal>(()))).await;
    assert_eq!(site.client.post("*/*", b"{").await.status, 400);
}

/// With statuses, what fails before the request is stored has one; what fails later is in the stream.
#[tokio::test]
async fn failures_as_statuses() {
    let store = WatchedStore::new(MemoryStore::new());
    let bot = Bot::new(|_, _| async { Err(TurnError::msg("no")) });
    let server = ChatKitServer::new(bot, store.clone());
    let adapter = Adapter::new(server).failures(Failures::Statuses);
    let site = Site::start(adapter.router(async |_| Ok::<_, Refusal>(()))).await;
    let post = async |body: Value| site.client.post(STREAM, body.to_string().as_bytes()).await;

    let answer = post(add("thr_none", "Hi")).await;
    assert_eq!(answer.status, 404);
    let body: Value = serde_json::from_slice(&answer.bytes().await).unwrap();
    assert_eq!(body, json!({"message": "thread not found"}));
    assert_eq!(site.client.post(STREAM, b"{").await.status, 400);

    let answer = post(create("Hi")).await;
    assert_eq!(answer.status, 200);
    let events = answer.events().await;
    assert_eq!(events[0]["type"], "thread.created");
    only_error(&events);

    // The thread is there already, and the stream has an event of it: nothing stands in the way of a status.
    store.fail_if(|method, _| method == "add_thread_item");
    assert_eq!(post(create("Hi")).await.status, 500);
}

#[tokio::test]
async fn the_head_of_a_request_reaches_the_handler_and_the_context_function() {
    let seen: Arc<Mutex<Vec<RequestInfo>>> = Arc::default();
    let by_handler = Arc::clone(&seen);
    let bot = Bot::new(move |turn, _| {
        by_handler.lock().unwrap().push(turn.request().clone());
        async { Ok(()) }
    });
    let by_context = Arc::clone(&seen);
    let authenticate = move |parts: Parts| {
        let info = RequestInfo::from_parts(&parts);
        by_context.lock().unwrap().push(info);
        async { Ok::<_, Refusal>(()) }
    };
    let server = ChatKitServer::new(bot, MemoryStore::new());
    let site = Site::start(chatkit::axum::router(server, authenticate)).await;

    let headers =
        "x-request-id: req-7\r\nchatkit-frame-instance-id: cc2d2be8\r\naccept-language: de-CH\r\n";
    let body = create("Hi").to_string();
    let answer = site
        .client
        .post_with(STREAM, headers, body.as_bytes())
        .await;
    assert_eq!(answer.headers["x-request-id"], "req-7");
    assert_eq!(
        labels(&answer.events().await),
        [
            "thread.created",
            "thread.item.done user_message",
            "stream_options"
        ]
    );
    {
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 2);
        for info in &*seen {
            assert_eq!(info.request_id(), Some("req-7"));
            assert_eq!(info.frame_id(), Some("cc2d2be8"));
            assert_eq!(info.best_locale(&["en", "de"]), Some("de"));
        }
    }

    // What does not fit into a log is replaced, and one request has one id.
    let answer = site
        .client
        .post_with(STREAM, "x-request-id: a b\r\n", body.as_bytes())
        .await;
    let id = answer.headers["x-request-id"].clone();
    answer.events().await;
    assert_eq!(id.len(), 32);
    let seen = seen.lock().unwrap();
    assert_eq!(seen[2].request_id(), Some(&*id));
    assert_eq!(seen[3].request_id(), Some(&*id));
}

#[tokio::test]
async fn a_preflight_allows_what_the_client_sends() {
    let cors = Cors::new(["https://app.example.com"])
        .allow_header(HeaderName::from_static("x-team"))
        .into_layer()
        .unwrap();
    let chat = chatkit::axum::router(server(), async |_| Ok::<_, Refusal>(()));
    let site = Site::start(Router::new().merge(chat).layer(cors)).await;
    let preflight = async |origin: &str| {
        let headers = format!(
            "origin: {origin}\r\naccess-control-request-method: POST\r\naccess-control-request-headers: \
             content-type,chatkit-frame-instance-id,authorization,x-team\r\n"
        );
        let answer = site.client.send("OPTIONS", &headers, b"").await;
        assert_eq!(answer.status, 200);
        answer
    };
    let headers = preflight("https://app.example.com").await.headers;
    assert_eq!(
        headers["access-control-allow-origin"],
        "https://app.example.com"
    );
    let allowed = &headers["access-control-allow-headers"];
    for header in [
        "content-type",
        "accept",
        "authorization",
        "chatkit-frame-instance-id",
        "x-team",
    ] {
        assert!(
            allowed.split(',').any(|name| name.trim() == header),
            "{allowed}"
        );
    }
    let stranger = preflight("https://evil.example.com").await.headers;
    assert!(!stranger.contains_key("access-control-allow-origin"));

    // Errors can be read by the page too.
    let answer = site
        .client
        .post_with("*/*", "origin: https://app.example.com\r\n", b"{")
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.headers["access-control-allow-origin"],
        "https://app.example.com"
    );
    assert_eq!(
        answer.headers["access-control-expose-headers"],
        "x-request-id"
    );
}

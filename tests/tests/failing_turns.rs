//! A model endpoint that fails, and a server that fails inside: the user sees one error, and the thread goes on.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use chatkit::types::{
    AssistantMessageContent, AssistantMessageItem, ProgressUpdateEvent, ThreadItemAddedEvent,
};
use chatkit::{CustomStreamError, StreamError, Turn, TurnError};
use chatkit_agents::model::{ResponsesClient, ResponsesClientBuilder};
use chatkit_agents::testing::{Script, ScriptedResponses};
use chatkit_agents::tool::{OwnedToolContext, ToolError, tool_fn};
use chatkit_agents::{Agent, AgentContext};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{
    App, Bot, WatchedStore, add, create, kinds, labels, only_error, streamed_text, text, thread_id,
    within,
};

/// In what the endpoint, a tool or a handler says about its failure; the client must not see it.
const SECRET: &str = "the key sk-swordfish is revoked";

type Context = AgentContext<()>;

fn agent(client: &ResponsesClient) -> Agent<Context> {
    Agent::new("Assistant", client.model("scripted"))
}

/// Runs a turn against an endpoint that fails as scripted, then one against an endpoint that has recovered.
///
/// Gives the first turn's events.
async fn failing_turn(
    scripts: impl IntoIterator<Item = Script>,
    configure: impl FnOnce(ResponsesClientBuilder) -> ResponsesClientBuilder,
) -> Vec<Value> {
    let model = ScriptedResponses::start().await.unwrap();
    let mut calls = 0;
    for script in scripts {
        model.push(script);
        calls += 1;
    }
    let client = configure(model.client_builder()).build().unwrap();
    let app = App::start(Bot::agent(agent(&client))).await;

    let events = app.client.stream(&create("Hello")).await;
    assert_general_error(&events);
    assert_eq!(
        model.requests().len(),
        calls,
        "each script was for one call"
    );
    let id = thread_id(&events);
    let done = events
        .iter()
        .filter(|event| event["type"] == "thread.item.done")
        .map(|event| &event["item"]);
    let items = app.client.items(&id).await;
    assert_eq!(
        items.iter().collect::<Vec<_>>(),
        done.collect::<Vec<_>>(),
        "what was shown as done is stored, no more"
    );

    model.push(Script::text("Back again."));
    assert_next_turn_works(&app, &id).await;
    events
}

/// One error event without a text of its own; the client has a text, and offers to try again.
#[track_caller]
fn assert_general_error(events: &[Value]) {
    assert_eq!(
        *only_error(events),
        json!({"type": "error", "code": "stream.error", "allow_retry": true})
    );
    let wire = format!("{events:?}");
    assert!(!wire.contains("swordfish"), "{wire}");
}

/// The next turn is answered with "Back again.", and stored.
async fn assert_next_turn_works(app: &App, id: &str) {
    let before = app.store.items(id).await.len();
    let events = app.client.stream(&add(id, "And now?")).await;
    assert_eq!(streamed_text(&events), "Back again.");
    assert!(events.iter().all(|event| event["type"] != "error"));
    let items = app.client.items(id).await;
    assert_eq!(items.len(), before + 2, "{items:?}");
    assert_eq!(text(items.last().unwrap()), "Back again.");
}

fn as_is(builder: ResponsesClientBuilder) -> ResponsesClientBuilder {
    builder
}

#[tokio::test]
async fn a_refused_key() {
    let body = json!({"error": {"message": SECRET, "code": "invalid_api_key"}}).to_string();
    let events = failing_turn([Script::status(401).body(body)], as_is).await;
    let expected = [
        "thread.created",
        "thread.item.done user_message",
        "stream_options",
        "error",
    ];
    assert_eq!(labels(&events), expected);
}

#[tokio::test]
async fn a_rate_limit_that_passes() {
    let model = ScriptedResponses::start().await.unwrap();
    model.push(Script::status(429).header("retry-after", "0"));
    model.push(Script::status(429).header("retry-after-ms", "1"));
    model.push(Script::text("Back again."));
    let app = App::start(Bot::agent(agent(&model.client()))).await;
    let id = thread_id(&app.client.stream(&create("Hello")).await);
    assert_eq!(text(&app.client.items(&id).await[1]), "Back again.");
    assert_eq!(model.requests().len(), 3);
}

#[tokio::test]
async fn a_rate_limit_that_stays() {
    let limit = || Script::status(429).header("retry-after", "0");
    failing_turn([limit(), limit(), limit()], as_is).await;
    // The endpoint asks for more patience than a user has.
    failing_turn([Script::status(429).header("retry-after", "3600")], as_is).await;
}

#[tokio::test]
async fn a_broken_endpoint() {
    let broken = || {
        Script::status(500)
            .header("retry-after-ms", "1")
            .body(SECRET)
    };
    failing_turn([broken(), broken(), broken()], as_is).await;
}

#[tokio::test]
async fn no_endpoint() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let model = ScriptedResponses::start().await.unwrap();
    let nowhere = model
        .client_builder()
        .base_url(format!("http://127.0.0.1:{port}/v1"))
        .max_retries(0);
    let app = App::start(Bot::agent(agent(&nowhere.build().unwrap()))).await;
    let events = app.client.stream(&create("Hello")).await;
    assert_general_error(&events);
    assert!(!format!("{events:?}").contains(&port.to_string()));
    assert_eq!(
        kinds(&app.store.items(&thread_id(&events)).await),
        ["user_message"]
    );
}

/// What was shown before the failure stays on the screen until the client reloads; it is not stored as an answer.
#[tokio::test]
async fn an_answer_that_breaks_off() {
    let cut = Script::text("One two three").cut_after(6);
    let silent = Script::text("One two three").hang_after(6);
    let failures = [
        failing_turn([cut], as_is).await,
        failing_turn([silent], |client| {
            client.idle_timeout(Duration::from_millis(100))
        })
        .await,
    ];
    for events in failures {
        assert_eq!(streamed_text(&events), "One two ");
        assert!(!labels(&events).contains(&"thread.item.done assistant_message".to_owned()));
    }
}

/// A message that the endpoint has finished is an answer, even if the response as a whole fails.
#[tokio::test]
async fn a_response_that_fails_behind_its_message() {
    let text = || Script::text("One two ");
    let failures = [
        failing_turn([text().error("server_error", SECRET)], as_is).await,
        failing_turn([text().nested_error("server_error", SECRET)], as_is).await,
        failing_turn([text().failed("server_error", SECRET)], as_is).await,
        failing_turn([text().incomplete("max_output_tokens")], as_is).await,
        failing_turn([text().unterminated()], as_is).await,
    ];
    for events in failures {
        let labels = labels(&events);
        assert_eq!(
            labels[labels.len() - 2..],
            ["thread.item.done assistant_message", "error"]
        );
    }
    // Nothing but an error.
    failing_turn([Script::new().error("rate_limit_exceeded", SECRET)], as_is).await;
    failing_turn(
        [Script::new().nested_error("rate_limit_exceeded", SECRET)],
        as_is,
    )
    .await;
}

#[tokio::test]
async fn an_endpoint_that_is_something_else() {
    let page = Script::new()
        .body(format!("<html>{SECRET}</html>"))
        .content_type("text/html");
    failing_turn([page], as_is).await;
    let json = Script::new()
        .body(json!({"output": SECRET}).to_string())
        .content_type("application/json");
    failing_turn([json], as_is).await;
    // Not even events are read from it then.
    let text = Script::text("Never shown").content_type("text/plain");
    assert_eq!(streamed_text(&failing_turn([text], as_is).await), "");
    let nonsense = Script::new().then_bytes("data: {swordfish\n\n");
    failing_turn([nonsense], as_is).await;
}

/// What a newer endpoint sends beyond what this version knows does no harm.
#[tokio::test]
async fn events_and_items_from_the_future() {
    let model = ScriptedResponses::start().await.unwrap();
    model.push(
        Script::new()
            .then_event(json!({"type": "response.hologram.delta", "delta": {"depth": 3}}))
            .then_bytes(": a comment\n\nevent: ping\ndata:\n\n")
            .then_item(json!({"type": "hologram_call", "id": "h_1", "voxels": [1, 2]}))
            .then_event(json!({"type": "response.output_text.delta", "delta": 7}))
            .then_text("Fine."),
    );
    model.push(Script::text("Back again."));
    let app = App::start(Bot::agent(agent(&model.client()))).await;
    let events = app.client.stream(&create("Hello")).await;
    assert_eq!(streamed_text(&events), "Fine.");
    assert!(events.iter().all(|event| event["type"] != "error"));
    assert_next_turn_works(&app, &thread_id(&events)).await;
}

#[tokio::test]
async fn an_event_of_four_megabytes_in_small_pieces() {
    let picture = "iVBO".repeat(1024 * 1024);
    let model = ScriptedResponses::start().await.unwrap();
    model.push(
        Script::image("c21hbGw=")
            .partial_image(picture.clone())
            .then_text("Here.")
            .in_pieces(4096),
    );
    model.push(Script::text("Back again."));
    let app = App::start(Bot::agent(agent(&model.client()))).await;

    let events = app.client.stream(&create("Draw")).await;

    let partial = events
        .iter()
        .find(|event| event["update"]["type"] == "generated_image.updated")
        .unwrap();
    let url = partial["update"]["image"]["url"].as_str().unwrap();
    assert!(
        url == format!("data:image/png;base64,{picture}"),
        "{} bytes came",
        url.len()
    );
    let id = thread_id(&events);
    assert_eq!(
        kinds(&app.client.items(&id).await),
        ["user_message", "generated_image", "assistant_message"]
    );
    assert_next_turn_works(&app, &id).await;
}

#[tokio::test]
async fn an_event_that_is_larger_than_allowed() {
    let picture = "iVBO".repeat(64 * 1024);
    let image = Script::image("c21hbGw=")
        .partial_image(picture)
        .in_pieces(4096);
    failing_turn([image], |client| client.max_event_bytes(100_000)).await;
}

/// Runs a turn whose handler fails, then another.
async fn failing_handler<F, Fut>(fail: F) -> Vec<Value>
where
    F: Fn(Turn<()>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), TurnError>> + Send + 'static,
{
    let app = App::start(Bot::new(move |turn, message| {
        let failing = message
            .is_some_and(|message| message.text() == "Fail")
            .then(|| fail(turn.clone()));
        async move {
            match failing {
                Some(failing) => failing.await,
                None => Ok(turn
                    .add_item(AssistantMessageItem::new(
                        "ok",
                        turn.thread_id(),
                        content("Fine."),
                    ))
                    .await?),
            }
        }
    }))
    .await;
    let events = app.client.stream(&create("Fail")).await;
    assert!(!format!("{events:?}").contains("swordfish"), "{events:?}");
    only_error(&events);
    let id = thread_id(&events);
    let next = app.client.stream(&add(&id, "Go on")).await;
    assert_eq!(
        labels(&next).last().unwrap(),
        "thread.item.done assistant_message"
    );
    assert_eq!(
        kinds(&app.client.items(&id).await).last(),
        Some(&"assistant_message")
    );
    events
}

fn content(text: &str) -> AssistantMessageContent {
    AssistantMessageContent::new(text)
}

#[tokio::test]
async fn handlers_that_fail() {
    let events = failing_handler(|_| async { Err(TurnError::msg(SECRET)) }).await;
    assert_general_error(&events);
    // In the middle of an answer.
    let events = failing_handler(|turn| async move {
        let item = AssistantMessageItem::new("m", turn.thread_id(), content("One"));
        turn.send(ThreadItemAddedEvent::new(item)).await?;
        Err(std::io::Error::other(SECRET).into())
    });
    assert_general_error(&events.await);
    // With words for the user.
    let events =
        failing_handler(|_| async { Err(CustomStreamError::new("No credits left.").into()) }).await;
    let expected = json!({"type": "error", "code": "custom", "message": "No credits left.", "allow_retry": false});
    assert_eq!(*only_error(&events), expected);
    let events = failing_handler(|_| async {
        Err(StreamError::new(chatkit::types::ErrorCode::StreamError)
            .allow_retry(false)
            .into())
    })
    .await;
    assert_eq!(
        *only_error(&events),
        json!({"type": "error", "code": "stream.error", "allow_retry": false})
    );
}

#[tokio::test]
async fn handlers_that_panic() {
    let events = failing_handler(|_| async { panic!("{SECRET}") }).await;
    assert_general_error(&events);
    let events = failing_handler(|turn| async move {
        turn.send(ProgressUpdateEvent::new("Working")).await?;
        panic!("{SECRET}")
    })
    .await;
    assert_general_error(&events);
    // Before there is a future at all.
    let events = failing_handler(|_| -> futures::future::Ready<Result<(), TurnError>> {
        panic!("{SECRET}")
    })
    .await;
    assert_general_error(&events);
}

#[derive(Deserialize, JsonSchema)]
struct NoArguments {}

/// An agent with a tool that fails, and the model's answer to that.
async fn failing_tool<F, Fut>(fail: F) -> (App, ScriptedResponses, Vec<Value>)
where
    F: Fn(OwnedToolContext<Context>, NoArguments) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, ToolError>> + Send + 'static,
{
    let model = ScriptedResponses::start().await.unwrap();
    model.push(Script::function_call("fail", json!({})));
    model.push(Script::text("Back again."));
    let tool = tool_fn("fail", "Fails.", fail);
    let app = App::start(Bot::agent(agent(&model.client()).tool(tool))).await;
    let events = app.client.stream(&create("Use the tool")).await;
    assert!(!format!("{events:?}").contains("swordfish"), "{events:?}");
    (app, model, events)
}

/// The failure of a tool is the model's to explain: it is told that the tool failed, and not why.
#[tokio::test]
async fn tools_that_fail_or_panic() {
    let failed = failing_tool(|_, _| async { Err(std::io::Error::other(SECRET).into()) }).await;
    let panicked = failing_tool(|_, _| async { panic!("{SECRET}") }).await;
    for (app, model, events) in [failed, panicked] {
        assert_eq!(streamed_text(&events), "Back again.");
        let input = within(model.wait_for_request(2)).await.body["input"].clone();
        let output = input.as_array().unwrap().last().unwrap();
        assert_eq!(
            output["output"],
            "An error occurred while running the tool. Please try again."
        );
        assert!(!input.to_string().contains("swordfish"));
        model.push(Script::text("Back again."));
        assert_next_turn_works(&app, &thread_id(&events)).await;
    }
}

#[tokio::test]
async fn tools_that_end_the_run() {
    let (app, model, events) = failing_tool(|_, _| async { Err(ToolError::fatal(SECRET)) }).await;
    assert_general_error(&events);
    assert_eq!(model.requests().len(), 1, "the model is not asked again");
    // The answer that was meant for this turn serves the next one.
    assert_next_turn_works(&app, &thread_id(&events)).await;
}

#[tokio::test]
async fn a_store_that_fails() {
    let faults: [(&str, Option<&str>, &[&str]); 4] = [
        // What fails, with which item, and what the client sees of the turn before the error.
        ("load_thread", None, &[]),
        ("add_thread_item", Some("user_message"), &[]),
        (
            "load_thread_items",
            None,
            &["thread.item.done user_message", "stream_options"],
        ),
        (
            "add_thread_item",
            Some("assistant_message"),
            &["thread.item.done user_message", "stream_options"],
        ),
    ];
    for (method, item, seen) in faults {
        let model = ScriptedResponses::start_with(|_| Script::text("Back again."))
            .await
            .unwrap();
        let app = App::start(Bot::agent(agent(&model.client()))).await;
        let id = thread_id(&app.client.stream(&create("Hello")).await);

        app.store.fail_if(move |name, writes| {
            name == method && writes.map(|item| item.type_name()) == item
        });
        let events = app.client.stream(&add(&id, "And?")).await;
        app.store.heal();

        assert_general_error(&events);
        assert_eq!(labels(&events)[..seen.len()], *seen, "{method}");
        assert!(
            !labels(&events).contains(&"thread.item.done assistant_message".to_owned()),
            "not stored, not done"
        );
        assert_next_turn_works(&app, &id).await;
    }
}

#[tokio::test]
async fn a_store_that_fails_a_query() {
    let app = App::start(Bot::new(|_, _| async { Ok(()) })).await;
    let id = thread_id(&app.client.stream(&create("Hello")).await);
    app.store.fail_if(|_, _| true);
    let requests = [
        json!({"type": "threads.get_by_id", "params": {"thread_id": id}}),
        json!({"type": "threads.list", "params": {}}),
        json!({"type": "items.list", "params": {"thread_id": id}}),
        json!({"type": "threads.update", "params": {"thread_id": id, "title": "x"}}),
        json!({"type": "threads.delete", "params": {"thread_id": id}}),
    ];
    for request in requests {
        let (status, body) = app.client.ask(&request).await;
        assert_eq!(status, 500);
        assert_eq!(
            body,
            json!({"message": "An error occurred when generating a response."})
        );
    }
    let events = app.client.stream(&create("Hello")).await;
    assert_eq!(events.len(), 1);
    assert_general_error(&events);
    assert!(!format!("{events:?}").contains(WatchedStore::SECRET));
}

/// The title is stored at the end of the turn. When that fails, the client is told once, and not of the title.
#[tokio::test]
async fn a_store_that_fails_at_the_end() {
    let app = App::start(Bot::new(|turn, message| async move {
        turn.set_title(message.unwrap().text());
        Ok(())
    }))
    .await;
    let id = thread_id(&app.client.stream(&create("First")).await);
    app.store.fail_if(|method, _| method == "save_thread");
    let events = app.client.stream(&add(&id, "Second")).await;
    app.store.heal();
    assert_eq!(
        labels(&events),
        ["thread.item.done user_message", "stream_options", "error"]
    );
    assert_general_error(&events);
    assert_eq!(app.client.thread(&id).await["title"], "First");
    let events = app.client.stream(&add(&id, "Third")).await;
    assert_eq!(labels(&events).last().unwrap(), "thread.updated");
    assert_eq!(app.client.thread(&id).await["title"], "Third");
}

//! Stop: the client closes the connection, and everything behind it ends at once.

use std::sync::Arc;

use chatkit::types::ProgressUpdateEvent;
use chatkit_agents::testing::{Script, ScriptedResponses};
use chatkit_agents::tool::{OwnedToolContext, tool_fn};
use chatkit_agents::{Agent, AgentContext, RunResult, Runner};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{App, Bot, add, create, kinds, streamed_text, text, thread_id, within};

type Context = AgentContext<()>;

fn agent(model: &ScriptedResponses) -> Agent<Context> {
    Agent::new("Assistant", model.client().model("scripted"))
}

/// Tells when it is dropped.
struct Guard(Arc<Notify>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn is_delta(event: &Value) -> bool {
    event["update"]["type"] == "assistant_message.content_part.text_delta"
}

/// The note is in the store, and on no way to the client.
async fn assert_note_is_hidden(app: &App, id: &str) {
    let note = app.store.items(id).await.pop().unwrap();
    assert_eq!(note["type"], "sdk_hidden_context");
    let note = note["content"].as_str().unwrap();
    let thread = app.client.thread(id).await.to_string();
    let items = Value::from(app.client.items(id).await).to_string();
    for seen in [thread, items] {
        assert!(
            !seen.contains("hidden_context") && !seen.contains(note),
            "{seen}"
        );
    }
}

#[tokio::test]
async fn stopped_in_mid_text() {
    let model = ScriptedResponses::start().await.unwrap();
    // Two of the words are written when the model pauses.
    model.push(Script::text("One two three four").hold_after(6));
    let app = App::start(Bot::agent(agent(&model))).await;

    let mut answer = app.client.open(&create("Count")).await;
    let mut events = answer.until(is_delta).await;
    events.extend(answer.until(is_delta).await);
    let id = thread_id(&events);
    drop(answer);

    let upstream = within(model.wait_closed(1)).await;
    assert!(upstream.closed_early);
    let items = app.store.items_when_cancelled(&id).await;
    assert_eq!(
        kinds(&items),
        ["user_message", "assistant_message", "sdk_hidden_context"]
    );
    assert_eq!(text(&items[1]), "One two ");
    assert_note_is_hidden(&app, &id).await;
    assert_eq!(
        kinds(&app.client.items(&id).await),
        ["user_message", "assistant_message"]
    );

    // The next turn works, and its model is told that the answer was stopped.
    model.push(Script::text("Fine."));
    let events = app.client.stream(&add(&id, "Thanks")).await;
    assert_eq!(streamed_text(&events), "Fine.");
    let input = within(model.wait_for_request(2)).await.body["input"].to_string();
    assert!(
        input.contains(items[2]["content"].as_str().unwrap()),
        "{input}"
    );
    let wire = Value::from(events).to_string();
    assert!(!wire.contains("hidden_context"), "{wire}");
    assert_eq!(
        model.requests().len(),
        2,
        "the stopped answer was not asked for again"
    );
}

/// The model has said nothing yet, so no write fails: only the closed connection tells.
#[tokio::test]
async fn stopped_while_the_model_is_silent() {
    let model = ScriptedResponses::start().await.unwrap();
    model.push(Script::text("Never said").hang_after(0));
    let app = App::start(Bot::agent(agent(&model))).await;

    let mut answer = app.client.open(&create("Say")).await;
    let events = answer
        .until(|event| event["type"] == "stream_options")
        .await;
    within(model.wait_for_request(1)).await;
    drop(answer);

    assert!(within(model.wait_closed(1)).await.closed_early);
    let id = thread_id(&events);
    let items = app.store.items_when_cancelled(&id).await;
    assert_eq!(kinds(&items), ["user_message", "sdk_hidden_context"]);
}

#[derive(Deserialize, JsonSchema)]
struct NoArguments {}

#[tokio::test]
async fn stopped_in_mid_tool() {
    let model = ScriptedResponses::start().await.unwrap();
    model.push(Script::function_call("dig", json!({})));
    let dropped = Arc::new(Notify::new());
    let guard_of = Arc::clone(&dropped);
    let dig = tool_fn(
        "dig",
        "Digs for ever.",
        move |ctx: OwnedToolContext<Context>, _: NoArguments| {
            let guard = Guard(Arc::clone(&guard_of));
            async move {
                ctx.stream(ProgressUpdateEvent::new("Digging")).await;
                std::future::pending::<()>().await;
                drop(guard);
            }
        },
    );
    let app = App::start(Bot::agent(agent(&model).tool(dig))).await;

    let mut answer = app.client.open(&create("Dig")).await;
    let events = answer
        .until(|event| event["type"] == "progress_update")
        .await;
    let id = thread_id(&events);
    drop(answer);

    within(dropped.notified()).await;
    let items = app.store.items_when_cancelled(&id).await;
    assert_eq!(kinds(&items), ["user_message", "sdk_hidden_context"]);
    assert_note_is_hidden(&app, &id).await;
    assert_eq!(model.requests().len(), 1, "the model is not asked again");

    model.push(Script::text("Up again."));
    let events = app.client.stream(&add(&id, "Come up")).await;
    assert_eq!(streamed_text(&events), "Up again.");
}

/// A tool that runs an agent of its own: the inner agent's connection closes as well.
#[tokio::test]
async fn stopped_in_a_tool_that_asks_a_model() {
    let model = ScriptedResponses::start().await.unwrap();
    model.push(Script::function_call("consult", json!({})));
    model.push(Script::text("A long answer").hang_after(5));
    let expert: Agent<()> = Agent::new("Expert", model.client().model("expert"));
    let consult = tool_fn(
        "consult",
        "Asks an expert.",
        move |_: OwnedToolContext<Context>, _: NoArguments| {
            let expert = expert.clone();
            async move {
                Runner::run(&expert, "A question", ())
                    .await
                    .and_then(RunResult::into_output)
            }
        },
    );
    let app = App::start(Bot::agent(agent(&model).tool(consult))).await;

    let mut answer = app.client.open(&create("Ask the expert")).await;
    let events = answer
        .until(|event| event["type"] == "stream_options")
        .await;
    within(model.wait_for_events(2, 5)).await;
    drop(answer);

    assert!(within(model.wait_closed(2)).await.closed_early);
    let items = app.store.items_when_cancelled(&thread_id(&events)).await;
    assert_eq!(kinds(&items), ["user_message", "sdk_hidden_context"]);
}

/// Shutting the server down is a stop for every open stream: each ends, and each is saved.
#[tokio::test]
async fn stopped_by_shutdown() {
    let model = ScriptedResponses::start_with(|_| Script::text("One two three").hold_after(5))
        .await
        .unwrap();
    let app = App::start(Bot::agent(agent(&model))).await;
    let mut answers = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let mut answer = app.client.open(&create("Count")).await;
        ids.push(thread_id(&answer.until(is_delta).await));
        answers.push(answer);
    }

    within(app.server.shutdown()).await;

    for (answer, id) in answers.into_iter().zip(ids) {
        assert_eq!(
            answer.events().await,
            [] as [Value; 0],
            "the stream ends in order"
        );
        let items = app.store.items(&id).await;
        assert_eq!(
            kinds(&items),
            ["user_message", "assistant_message", "sdk_hidden_context"]
        );
        assert_eq!(text(&items[1]), "One ");
    }
    for number in 1..=3 {
        assert!(within(model.wait_closed(number)).await.closed_early);
    }
}

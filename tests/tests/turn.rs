//! A whole turn: message, tool call, tool result, streamed answer, and what is stored of it.

use std::sync::atomic::{AtomicU32, Ordering};

use chatkit::store::{MemoryStore, SqliteStore, Store};
use chatkit::types::{IconName, ProgressUpdateEvent};
use chatkit_agents::testing::{Script, ScriptedResponses};
use chatkit_agents::{Agent, AgentContext, ToolContext, function_tool};
use serde_json::{Value, json};

use crate::support::{App, Bot, add, create, kinds, labels, streamed_text, text, thread_id};

/// Look up the weather for a city.
#[function_tool]
async fn get_weather(ctx: ToolContext<'_, AgentContext<()>>, city: String) -> String {
    let progress = ProgressUpdateEvent::new(format!("Looking outside in {city}"));
    ctx.stream(progress.icon(IconName::Globe)).await;
    "21 degrees".to_owned()
}

fn weather_agent(model: &ScriptedResponses) -> Agent<AgentContext<()>> {
    Agent::new("Assistant", model.client().model("scripted"))
        .instructions("Be brief.")
        .tool(get_weather)
}

#[tokio::test]
async fn a_turn_with_a_tool_in_memory() {
    a_turn_with_a_tool(MemoryStore::new()).await;
}

#[tokio::test]
async fn a_turn_with_a_tool_in_sqlite() {
    a_turn_with_a_tool(SqliteStore::open("sqlite::memory:").await.unwrap()).await;
}

async fn a_turn_with_a_tool(store: impl Store<()>) {
    let model = ScriptedResponses::start().await.unwrap();
    model.push(
        Script::reasoning("A tool knows.")
            .then_function_call("get_weather", json!({"city": "Oslo"}))
            .call_id("call_1"),
    );
    model.push(Script::text("It is 21 degrees."));
    let app = App::start_on(store, Bot::agent(weather_agent(&model))).await;

    let events = app.client.stream(&create("How warm is Oslo?")).await;

    assert_eq!(
        labels(&events),
        [
            "thread.created",
            "thread.item.done user_message",
            "stream_options",
            "thread.item.added workflow",
            "thread.item.updated workflow.task.added",
            "thread.item.updated workflow.task.updated",
            "thread.item.updated workflow.task.updated",
            "thread.item.updated workflow.task.updated",
            "progress_update",
            "thread.item.done workflow",
            "thread.item.added assistant_message",
            "thread.item.updated assistant_message.content_part.added",
            "thread.item.updated assistant_message.content_part.text_delta",
            "thread.item.updated assistant_message.content_part.text_delta",
            "thread.item.updated assistant_message.content_part.text_delta",
            "thread.item.updated assistant_message.content_part.text_delta",
            "thread.item.updated assistant_message.content_part.done",
            "thread.item.done assistant_message",
        ]
    );
    assert_eq!(streamed_text(&events), "It is 21 degrees.");
    assert_eq!(events[2]["stream_options"], json!({"allow_cancel": true}));
    let progress = &events[8];
    assert_eq!(progress["text"], "Looking outside in Oslo");
    assert_eq!(progress["icon"], "globe");

    // One item is one id, from `added` to `done`.
    let (added, done) = (&events[10]["item"], &events[17]["item"]);
    assert_eq!(added["id"], done["id"]);
    assert!(
        events[11..17]
            .iter()
            .all(|event| event["item_id"] == done["id"])
    );
    assert_eq!(text(done), "It is 21 degrees.");

    // The model got the tool's result, behind its own call.
    let requests = model.requests();
    assert_eq!(requests.len(), 2);
    let input = requests[1].body["input"].as_array().unwrap();
    let [user, reasoning, call, output] = input.as_slice() else {
        panic!("{input:#?}")
    };
    assert_eq!(user["role"], "user");
    assert_eq!(reasoning["type"], "reasoning");
    assert_eq!(call["type"], "function_call");
    assert_eq!(call["call_id"], "call_1");
    assert_eq!(output["type"], "function_call_output");
    assert_eq!(output["call_id"], "call_1");
    assert_eq!(output["output"], "21 degrees");

    // What was shown is what is stored.
    let id = thread_id(&events);
    let shown: Vec<&Value> = events
        .iter()
        .filter(|event| event["type"] == "thread.item.done")
        .map(|event| &event["item"])
        .collect();
    let items = app.client.items(&id).await;
    assert_eq!(items.iter().collect::<Vec<_>>(), shown);
    let thread = app.client.thread(&id).await;
    assert_eq!(thread["id"], id.as_str());
    assert_eq!(thread["items"]["data"].as_array().unwrap(), &items);
    assert_eq!(thread["items"]["has_more"], false);
    let threads = app
        .client
        .get(&json!({"type": "threads.list", "params": {"limit": 9999}}))
        .await;
    assert_eq!(threads["data"][0]["id"], id.as_str());
    assert_eq!(app.store.items(&id).await.len(), 3);
}

#[tokio::test]
async fn the_next_turn_remembers() {
    let model = ScriptedResponses::start().await.unwrap();
    model.push(Script::text("Hello Ada."));
    model.push(Script::text("You are Ada."));
    let app = App::start(Bot::agent(weather_agent(&model))).await;
    let id = thread_id(&app.client.stream(&create("I am Ada.")).await);

    let events = app.client.stream(&add(&id, "Who am I?")).await;

    assert_eq!(
        labels(&events)[..2],
        ["thread.item.done user_message", "stream_options"]
    );
    assert_eq!(streamed_text(&events), "You are Ada.");
    let input = model.requests()[1].body["input"].clone();
    let said: Vec<&str> = input
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["content"][0]["text"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["I am Ada.", "Hello Ada.", "Who am I?"]);
    assert_eq!(
        kinds(&app.client.items(&id).await),
        [
            "user_message",
            "assistant_message",
            "user_message",
            "assistant_message"
        ]
    );
}

/// Two tools that the model calls at once, the first of which settles last.
#[tokio::test]
async fn parallel_tool_calls_are_answered_in_the_order_of_the_calls() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    /// Waits for its twin.
    #[function_tool]
    async fn meet(ctx: ToolContext<'_, AgentContext<()>>, name: String) -> String {
        CALLS.fetch_add(1, Ordering::SeqCst);
        ctx.stream(ProgressUpdateEvent::new(format!("{name} is here")))
            .await;
        while name == "first" && CALLS.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        format!("{name} has met")
    }
    let model = ScriptedResponses::start().await.unwrap();
    model.push(
        Script::function_call("meet", json!({"name": "first"}))
            .then_function_call("meet", json!({"name": "second"})),
    );
    model.push(Script::text("They met."));
    let agent = Agent::new("Assistant", model.client().model("scripted")).tool(meet);
    let app = App::start(Bot::agent(agent)).await;

    let events = app.client.stream(&create("Meet")).await;

    assert_eq!(streamed_text(&events), "They met.");
    let input = model.requests()[1].body["input"].clone();
    let outputs: Vec<&str> = input
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item["output"].as_str())
        .collect();
    assert_eq!(outputs, ["first has met", "second has met"]);
}

//! What the log of a whole run holds, and what it must not hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::request::Parts;
use chatkit::axum::Refusal;
use chatkit::store::{AttachmentStore, SqliteStore, StoreError};
use chatkit::types::{
    Attachment, AttachmentCreateParams, FileAttachment, ProgressUpdateEvent,
    SyncCustomActionResponse,
};
use chatkit::widgets::{Card, Text};
use chatkit::{ChatKitServer, TurnError};
use chatkit_agents::items::ContentPart;
use chatkit_agents::testing::{Script, ScriptedResponses};
use chatkit_agents::{
    Agent, AgentContext, ConvertError, Runner, ThreadItemConverter, ToolContext, function_tool,
    stream_agent_response,
};
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

use crate::support::{Bot, Client, Site, WatchedStore, add, input, thread_id, within};

/// Every secret begins like this, and says where it was planted.
const PLANTED: &str = "Zq7-";

const RUN: &str = "telemetry::a_logged_run";

#[function_tool]
async fn look_up(_ctx: ToolContext<'_, AgentContext<()>>, word: String) -> String {
    format!("Zq7-tool-output for {word}")
}

struct Uploads;

impl AttachmentStore<()> for Uploads {
    async fn delete_attachment(&self, _: &str, _: &()) -> Result<(), StoreError> {
        Ok(())
    }

    async fn create_attachment(
        &self,
        params: &AttachmentCreateParams,
        _: &(),
    ) -> Result<Attachment, StoreError> {
        Ok(FileAttachment::new("atc_1", &*params.name, &*params.mime_type).into())
    }
}

struct Converter;

impl ThreadItemConverter for Converter {
    async fn attachment_to_message_content(
        &self,
        attachment: &Attachment,
    ) -> Result<ContentPart, ConvertError> {
        Ok(ContentPart::text(attachment.name()))
    }
}

fn bot(agent: Agent<AgentContext<()>>) -> Bot {
    let turns = Arc::new(AtomicUsize::new(0));
    Bot::new(move |turn, _| {
        let (agent, turns) = (agent.clone(), Arc::clone(&turns));
        async move {
            turn.set_title("Zq7-title-of-the-handler");
            turn.send(ProgressUpdateEvent::new("Zq7-progress")).await?;
            turn.add_hidden_context("Zq7-hidden").await?;
            turn.add_widget(Card::new().child(Text::new("Zq7-widget")))
                .await?;
            turns.fetch_add(1, Ordering::SeqCst);
            let input = Converter.history(&turn, 20).await?;
            let context = AgentContext::new(&turn);
            let run = Runner::run_streamed(&agent, input, context.clone());
            turn.forward(stream_agent_response(context, run)).await
        }
    })
    .on_action(|_, _| async { Err(TurnError::msg("the handler's own words")) })
    .on_sync_action(|_, _| async { Ok(SyncCustomActionResponse::new()) })
}

async fn post(client: &Client, accept: &str, request: &Value) -> Vec<u8> {
    let headers = "authorization: Bearer Zq7-authorization\r\ncookie: session=Zq7-cookie\r\n\
                   x-request-id: req-7\r\nchatkit-frame-instance-id: frame-7\r\n";
    let body = request.to_string();
    let answer = client.post_with(accept, headers, body.as_bytes()).await;
    answer.bytes().await
}

async fn stream(client: &Client, request: &Value) -> Vec<Value> {
    let body = post(client, "text/event-stream", request).await;
    let frames = std::str::from_utf8(&body).unwrap().split("\n\n");
    let data = frames.filter_map(|frame| frame.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

/// The run; the test below starts it in a process of its own, so that it has all threads' log for itself.
#[tokio::test]
#[ignore = "started by the_log_holds_no_secrets"]
async fn a_logged_run() {
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(std::io::stdout);
    tracing_subscriber::registry().with(layer).init();

    let model = ScriptedResponses::start().await.unwrap();
    model.push(
        Script::reasoning("Zq7-reasoning")
            .then_function_call("look_up", json!({"word": "Zq7-argument"})),
    );
    model.push(Script::text("Zq7-answer of the model"));
    let client = model.client_builder().api_key("Zq7-key").build().unwrap();
    let agent = Agent::new("Assistant", client.model("scripted"))
        .instructions("Zq7-instructions")
        .tool(look_up);
    let store = WatchedStore::new(SqliteStore::open("sqlite::memory:").await.unwrap());
    let server = ChatKitServer::new(bot(agent), store.clone()).attachment_store(Uploads);
    let authenticate = async |parts: Parts| match parts.headers.get("authorization") {
        Some(_) => Ok(()),
        None => Err(Refusal::unauthorized("Please sign in.")),
    };
    let site = Site::start(chatkit::axum::router(server.clone(), authenticate)).await;
    let client = &site.client;

    // A turn with all that can be in one.
    let params = json!({"name": "Zq7-file.txt", "size": 7, "mime_type": "text/plain"});
    let request = json!({"type": "attachments.create", "params": params});
    post(client, "*/*", &request).await;
    let mut message = input("Zq7-message");
    message["attachments"] = json!(["atc_1"]);
    message["quoted_text"] = json!("Zq7-quoted");
    let request = json!({"type": "threads.create", "params": {"input": message}});
    let events = stream(client, &request).await;
    let told = Value::from(events.clone()).to_string();
    assert!(told.contains("Zq7-answer"), "{told}");
    let id = thread_id(&events);

    // Arguments that do not fit, an endpoint that fails and repeats what it got, a client that leaves.
    model.push(Script::function_call(
        "look_up",
        json!({"word": ["Zq7-misfit"], "Zq7-extra": 1}),
    ));
    model.push(Script::text("Zq7-answer"));
    stream(client, &add(&id, "Zq7-more")).await;
    model.push(Script::status(500).body("Zq7-echo"));
    model.push(Script::text("Zq7-recovered").cut_after(5));
    stream(client, &add(&id, "Zq7-again")).await;
    model.push(Script::text("Zq7-one Zq7-two").hang_after(5));
    let mut answer = client_open(client, &add(&id, "Zq7-stop")).await;
    answer
        .until(|event| event["update"]["delta"].is_string())
        .await;
    drop(answer);
    store.items_when_cancelled(&id).await;
    store.fail_if(|method, item| {
        method == "add_thread_item" && item.is_some_and(|item| item.type_name() == "widget")
    });
    stream(client, &add(&id, "Zq7-unstored")).await;
    store.heal();

    // The other requests, good and bad.
    let action = json!({"type": "Zq7-action", "payload": {"title": "Zq7-payload"}});
    let action = json!({"thread_id": id, "action": action});
    let submission = json!({"status": "answered", "answers": {"q": {"values": ["Zq7-value"]}}});
    for (kind, params) in [
        ("threads.custom_action", action.clone()),
        (
            "threads.add_client_tool_output",
            json!({"thread_id": id, "result": "Zq7-result"}),
        ),
        (
            "threads.add_structured_input",
            json!({"thread_id": id, "item_id": "x", "input": submission}),
        ),
        (
            "threads.create",
            json!({"input": {"content": "Zq7-malformed"}}),
        ),
    ] {
        stream(client, &json!({"type": kind, "params": params})).await;
    }
    for (kind, params) in [
        ("threads.sync_custom_action", action),
        (
            "threads.update",
            json!({"thread_id": id, "title": "Zq7-title"}),
        ),
        (
            "input.transcribe",
            json!({"audio_base64": "Zq7-", "mime_type": "Zq7-type"}),
        ),
        (
            "input.transcribe",
            json!({"audio_base64": "Zq7aGk=", "mime_type": "audio/wav"}),
        ),
        ("threads.get_by_id", json!({"thread_id": id})),
        ("threads.list", json!({"limit": "Zq7-limit"})),
        ("threads.delete", json!({"thread_id": id})),
    ] {
        post(client, "*/*", &json!({"type": kind, "params": params})).await;
    }
    let answer = client.post("*/*", b"Zq7-no-json").await;
    assert_eq!(answer.status, 401);
    within(server.shutdown()).await;
}

async fn client_open(client: &Client, request: &Value) -> crate::support::Answer {
    let headers = "authorization: Bearer Zq7-authorization\r\n";
    let body = request.to_string();
    client
        .post_with("text/event-stream", headers, body.as_bytes())
        .await
}

#[tokio::test]
async fn the_log_holds_no_secrets() {
    let run = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args([RUN, "--exact", "--ignored", "--nocapture"])
        .kill_on_drop(true)
        .output();
    let output = within(run).await.unwrap();
    let log = [output.stdout, output.stderr].concat();
    let log = String::from_utf8(log).unwrap();
    assert!(output.status.success(), "{log}");

    let leaks: Vec<_> = log.lines().filter(|line| line.contains(PLANTED)).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");

    // It is the whole log, to the finest level and of all crates.
    for said in [
        "TRACE",
        "hyper",
        "sqlx",
        "chatkit.request{request_id=\"req-7\"}",
        "chatkit.turn{request=\"threads.create\" request_id=\"req-7\" thread_id=\"thr_",
        "chatkit.store{call=\"add_thread_item\"}",
        "the request is refused",
        "the handler's own words",
        "monotonic_counter.chatkit.requests=1 request=\"threads.create\"",
        "monotonic_counter.chatkit.refusals=1 status=401",
        "monotonic_counter.chatkit.disconnects=1 policy=\"cancel\"",
        "monotonic_counter.chatkit.store.errors=1 call=\"add_thread_item\"",
        "counter.chatkit.turns.active=1",
        "counter.chatkit.turns.active=-1",
        "outcome=\"done\"",
        "outcome=\"failed\"",
        "outcome=\"cancelled\"",
        "outcome=\"rejected\"",
    ] {
        assert!(log.contains(said), "{said} is missing in\n{log}");
    }
}

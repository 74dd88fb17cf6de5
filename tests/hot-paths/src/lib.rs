//! What happens once per token, per turn, per page or per widget state, as functions that do it `n` times.
//!
//! `cargo bench -p chatkit-hot-paths` prints their time and allocations; the binary `hot-paths` does one of
//! them and nothing else, so that its instructions can be counted.

use chatkit::store::{MemoryStore, Store};
use chatkit::types::{
    AssistantMessageContent, AssistantMessageContentPartTextDelta, AssistantMessageItem, Order,
    ThreadItem, ThreadItemAddedEvent, ThreadItemUpdatedEvent, ThreadMetadata, UserMessageContent,
    UserMessageItem,
};
use chatkit::widgets::{Card, Col, Markdown, Text, WidgetRoot, WidgetStream, diff_widget};
use chatkit::{ChatKitHandler, ChatKitServer, ProcessResult, Turn, TurnError};
use chatkit_agents::model::{Model, ModelRequest, ModelStream, ResponseStreamEvent, SseDecoder};
use chatkit_agents::{
    Agent, AgentContext, DefaultThreadItemConverter, Runner, ThreadItemConverter,
    stream_agent_response,
};
use futures::StreamExt;
use std::hint::black_box;
use tokio::runtime::Runtime;

/// A path: its name, and what gets it ready. What is ready does the path as often as it is told.
pub struct HotPath {
    /// Its name on the command line.
    pub name: &'static str,
    /// What one time of it is.
    pub unit: &'static str,
    ready: fn() -> Box<dyn Fn(usize)>,
}

impl HotPath {
    /// Gets it ready: stores are filled and runtimes started, so that this is not measured.
    #[must_use]
    pub fn ready(&self) -> Box<dyn Fn(usize)> {
        (self.ready)()
    }
}

impl std::fmt::Debug for HotPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl std::fmt::Display for HotPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// All of them.
pub const HOT_PATHS: &[HotPath] = &[
    path(
        "split_event",
        "an event found in the bytes of the network",
        split_event,
    ),
    path("decode_delta", "a delta read from its JSON", decode_delta),
    path(
        "delta_of_turn",
        "a delta that a handler sends: tracked, serialised, read",
        delta_of_turn,
    ),
    path(
        "delta_of_run",
        "a delta from the model's bytes to the client's",
        delta_of_run,
    ),
    path("turn", "a turn with an agent that says one word", turn),
    path("converter", "the newest 20 items as model input", converter),
    path(
        "page_in_memory",
        "the newest 20 of 2,000 items",
        page_in_memory,
    ),
    path("diff_widget", "two states of a card of 200 nodes", diff),
    path(
        "widget_step",
        "the same as a step of a widget that streams",
        widget_step,
    ),
];

const fn path(
    name: &'static str,
    unit: &'static str,
    ready: fn() -> Box<dyn Fn(usize)>,
) -> HotPath {
    HotPath { name, unit, ready }
}

const DELTA: &str = r#"{"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_68a1b2c3d4","output_index":0,"content_index":0,"delta":" token","logprobs":[],"obfuscation":"x8Jk2"}"#;

/// Sixteen of them in one read of the network.
fn split_event() -> Box<dyn Fn(usize)> {
    let chunk = format!("data: {DELTA}\n\n").repeat(16);
    Box::new(move |times| {
        let mut decoder = SseDecoder::new(1 << 20);
        let mut events = 0;
        while events < times {
            decoder.push(black_box(chunk.as_bytes()));
            while let Ok(Some(_)) = decoder.next_event() {
                events += 1;
            }
        }
    })
}

fn decode_delta() -> Box<dyn Fn(usize)> {
    Box::new(|times| {
        for _ in 0..times {
            drop(black_box(ResponseStreamEvent::from_json(black_box(DELTA))));
        }
    })
}

fn delta_of_turn() -> Box<dyn Fn(usize)> {
    let runtime = runtime();
    Box::new(move |times| {
        let server = ChatKitServer::new(Deltas(times), MemoryStore::new());
        runtime.block_on(answer(&server));
    })
}

/// Sends so many deltas.
struct Deltas(usize);

impl ChatKitHandler for Deltas {
    type Context = ();

    async fn respond(&self, turn: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        let message = AssistantMessageItem::new("msg_68a1b2c3d4", turn.thread_id(), vec![]);
        turn.send(ThreadItemAddedEvent::new(message)).await?;
        for _ in 0..self.0 {
            let delta = AssistantMessageContentPartTextDelta::new(0usize, " token");
            turn.send(ThreadItemUpdatedEvent::new("msg_68a1b2c3d4", delta))
                .await?;
        }
        Ok(())
    }
}

fn delta_of_run() -> Box<dyn Fn(usize)> {
    let runtime = runtime();
    Box::new(move |times| {
        let server = ChatKitServer::new(Assistant::saying(times), MemoryStore::new());
        runtime.block_on(answer(&server));
    })
}

fn turn() -> Box<dyn Fn(usize)> {
    let runtime = runtime();
    let server = ChatKitServer::new(Assistant::saying(1), MemoryStore::new());
    Box::new(move |times| {
        for _ in 0..times {
            runtime.block_on(answer(&server));
        }
    })
}

struct Assistant(Agent<AgentContext<()>>);

impl Assistant {
    fn saying(deltas: usize) -> Self {
        Self(Agent::new("Assistant", Canned { deltas }).instructions("Answer briefly."))
    }
}

impl ChatKitHandler for Assistant {
    type Context = ();

    async fn respond(&self, turn: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        let input = DefaultThreadItemConverter.history(turn, 20).await?;
        let context = AgentContext::new(turn);
        let run = Runner::run_streamed(&self.0, input, context.clone());
        turn.forward(stream_agent_response(context, run)).await
    }
}

/// A model whose bytes are there already: everything of a run but the network.
struct Canned {
    deltas: usize,
}

impl Model for Canned {
    fn name(&self) -> &str {
        "canned"
    }

    fn stream(&self, _: &ModelRequest<'_>) -> ModelStream {
        const BEGIN: [&str; 3] = [
            r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","output":[]}}"#,
            r#"{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"msg_68a1b2c3d4","type":"message","role":"assistant","status":"in_progress","content":[]}}"#,
            r#"{"type":"response.content_part.added","sequence_number":2,"item_id":"msg_68a1b2c3d4","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}"#,
        ];
        const END: [&str; 2] = [
            r#"{"type":"response.output_item.done","sequence_number":8,"output_index":0,"item":{"id":"msg_68a1b2c3d4","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"words","annotations":[]}]}}"#,
            r#"{"type":"response.completed","sequence_number":9,"response":{"id":"resp_1","output":[],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}}"#,
        ];
        let deltas = std::iter::repeat_n(DELTA, self.deltas);
        let mut events = BEGIN.into_iter().chain(deltas).chain(END);
        let mut decoder = SseDecoder::new(1 << 20);
        let next = move || {
            let data = events.next()?;
            decoder.push(b"data: ");
            decoder.push(data.as_bytes());
            decoder.push(b"\n\n");
            let event = decoder.next_event().ok().flatten()?;
            ResponseStreamEvent::from_json(&event.data).ok()
        };
        futures::stream::iter(std::iter::from_fn(next).map(Ok)).boxed()
    }
}

/// Asks something and reads the answer to its end.
async fn answer<H: ChatKitHandler<Context = ()>>(server: &ChatKitServer<H>) -> usize {
    const BODY: &[u8] = br#"{"type":"threads.create","params":{"input":{"content":[{"type":"input_text","text":"go"}]}}}"#;
    let Ok(ProcessResult::Streaming(mut events)) = server.process(BODY, ()).await else {
        return 0;
    };
    let mut bytes = 0;
    while let Some(Ok(chunk)) = events.next().await {
        bytes += chunk.len();
    }
    bytes
}

fn converter() -> Box<dyn Fn(usize)> {
    let runtime = runtime();
    let question = |n| {
        let content = vec![UserMessageContent::text("What is the weather in Paris?")];
        ThreadItem::from(UserMessageItem::new(format!("msg_{n}"), "thr", content))
    };
    let items: Vec<ThreadItem> = (0..20)
        .map(|n| if n % 2 == 0 { question(n) } else { said(n) })
        .collect();
    Box::new(move |times| {
        for _ in 0..times {
            let input = DefaultThreadItemConverter.to_agent_input(black_box(&items));
            drop(black_box(runtime.block_on(input)));
        }
    })
}

fn said(n: usize) -> ThreadItem {
    let content = AssistantMessageContent::new("some words of an answer");
    AssistantMessageItem::new(format!("msg_{n}"), "thr", content).into()
}

fn page_in_memory() -> Box<dyn Fn(usize)> {
    let runtime = runtime();
    let store = MemoryStore::<()>::new();
    runtime.block_on(async {
        let _ = store.save_thread(&ThreadMetadata::new("thr"), &()).await;
        for n in 0..2000 {
            let _ = store.add_thread_item("thr", &said(n), &()).await;
        }
    });
    Box::new(move |times| {
        for _ in 0..times {
            let page = store.load_thread_items("thr", None, 20, Order::Desc, &());
            let _ = black_box(runtime.block_on(page));
        }
    })
}

fn diff() -> Box<dyn Fn(usize)> {
    let (before, after) = (card("Once upon a"), card("Once upon a time"));
    Box::new(move |times| {
        for _ in 0..times {
            drop(black_box(diff_widget(
                black_box(&before),
                black_box(&after),
            )));
        }
    })
}

fn widget_step() -> Box<dyn Fn(usize)> {
    let states = [card("Once upon a"), card("Once upon a time")];
    Box::new(move |times| {
        let (mut widget, _) = WidgetStream::start("msg", "thr", states[0].clone());
        for n in 1..=times {
            drop(black_box(widget.update(states[n % 2].clone())));
        }
    })
}

/// Two hundred nodes; the last is a text.
fn card(text: &str) -> WidgetRoot {
    let rows = (0..99).map(|n| Col::new().child(Text::new(format!("line {n}"))));
    Card::new()
        .children(rows)
        .child(Markdown::new(text).id("story"))
        .into()
}

fn runtime() -> Runtime {
    let built = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    built.unwrap_or_else(|error: std::io::Error| {
        // Infallible in practice; there is nothing to measure without one.
        panic!("no runtime: {error}")
    })
}

//! What happens once per token, per page or per widget state: time and allocations.
//!
//! ```text
//! cargo bench -p chatkit-tests
//! ```

use chatkit::store::{MemoryStore, Store};
use chatkit::types::{
    AssistantMessageContent, AssistantMessageContentPartTextDelta, AssistantMessageItem, Order,
    ThreadItemAddedEvent, ThreadItemUpdatedEvent, ThreadMetadata, UserMessageItem,
};
use chatkit::widgets::{Card, Col, Markdown, Text, WidgetRoot, WidgetStream, diff_widget};
use chatkit::{ChatKitHandler, ChatKitServer, ProcessResult, Turn, TurnError};
use chatkit_agents::model::{ResponseStreamEvent, SseDecoder};
use divan::{AllocProfiler, Bencher, black_box};
use futures::StreamExt;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

const DELTA: &str = r#"{"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_68a1b2c3d4","output_index":0,"content_index":0,"delta":" token","logprobs":[],"obfuscation":"x8Jk2"}"#;

/// One event of the model's stream, read from its JSON.
#[divan::bench]
fn decode_delta(bencher: Bencher<'_, '_>) {
    bencher.bench(|| ResponseStreamEvent::from_json(black_box(DELTA)));
}

/// One read of the network with sixteen events in it, per event.
#[divan::bench]
fn split_events(bencher: Bencher<'_, '_>) {
    let chunk = format!("data: {DELTA}\n\n").repeat(16);
    bencher.counter(16usize).bench(|| {
        let mut decoder = SseDecoder::new(1 << 20);
        decoder.push(black_box(chunk.as_bytes()));
        let mut events = 0;
        while let Ok(Some(_)) = decoder.next_event() {
            events += 1;
        }
        events
    });
}

/// A turn of a thousand deltas: tracked, serialised, and read by a client. The row divides by the deltas.
#[divan::bench(sample_count = 30)]
fn turn_of_1000_deltas(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let server = ChatKitServer::new(Deltas, MemoryStore::new());
    let body = br#"{"type":"threads.create","params":{"input":{"content":[{"type":"input_text","text":"go"}]}}}"#;
    bencher.counter(1000usize).bench(|| {
        runtime.block_on(async {
            let Ok(ProcessResult::Streaming(mut events)) = server.process(body, ()).await else {
                return 0;
            };
            let mut bytes = 0;
            while let Some(Ok(chunk)) = events.next().await {
                bytes += chunk.len();
            }
            bytes
        })
    });
}

struct Deltas;

impl ChatKitHandler for Deltas {
    type Context = ();

    async fn respond(&self, turn: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        let message = AssistantMessageItem::new("msg_68a1b2c3d4", turn.thread_id(), vec![]);
        turn.send(ThreadItemAddedEvent::new(message)).await?;
        for _ in 0..1000 {
            let delta = AssistantMessageContentPartTextDelta::new(0usize, " token");
            turn.send(ThreadItemUpdatedEvent::new("msg_68a1b2c3d4", delta))
                .await?;
        }
        Ok(())
    }
}

/// The newest 20 items of a thread of 2000.
#[divan::bench]
fn page_of_20_in_memory(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let store = MemoryStore::<()>::new();
    runtime.block_on(async {
        let _ = store.save_thread(&ThreadMetadata::new("thr"), &()).await;
        for n in 0..2000 {
            let content = AssistantMessageContent::new("some words of an answer");
            let item = AssistantMessageItem::new(format!("msg_{n}"), "thr", content).into();
            let _ = store.add_thread_item("thr", &item, &()).await;
        }
    });
    bencher.bench(|| runtime.block_on(store.load_thread_items("thr", None, 20, Order::Desc, &())));
}

/// A card of two hundred nodes whose last text has grown by one token: the comparison alone.
#[divan::bench]
fn diff_of_200_nodes(bencher: Bencher<'_, '_>) {
    let (before, after) = (card("Once upon a"), card("Once upon a time"));
    bencher.bench(|| diff_widget(black_box(&before), black_box(&after)));
}

/// The same, as a step of a widget that streams: comparison, event, and the new state kept.
#[divan::bench]
fn step_of_200_nodes(bencher: Bencher<'_, '_>) {
    let (before, after) = (card("Once upon a"), card("Once upon a time"));
    bencher
        .with_inputs(|| {
            (
                WidgetStream::start("msg", "thr", before.clone()).0,
                after.clone(),
            )
        })
        .bench_values(|(mut stream, after)| (stream.update(after), stream));
}

fn card(text: &str) -> WidgetRoot {
    let rows = (0..99).map(|n| Col::new().child(Text::new(format!("line {n}"))));
    Card::new()
        .children(rows)
        .child(Markdown::new(text).id("story"))
        .into()
}

fn runtime() -> tokio::runtime::Runtime {
    let built = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    built.unwrap_or_else(|error| panic!("no runtime: {error}"))
}

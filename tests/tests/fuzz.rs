//! Bytes that nobody would write: no panic, no hang, and a clear answer.
//!
//! Each test mutates a corpus of real requests and streams with a generator of its own, seeded, so that a failure can be
//! played again. `CHATKIT_FUZZ_SECONDS` lets each of them run that long instead of a fixed number of executions, with a
//! seed of the clock; the count is printed. A finding becomes an entry of the corpus.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chatkit::store::MemoryStore;
use chatkit::types::ChatKitRequest;
use chatkit::{ChatKitServer, ProcessResult, RequestInfo};
use chatkit_agents::model::SseDecoder;
use futures::{FutureExt, StreamExt};

use crate::support::{Bot, within};

/// Requests of every type, as ChatKit.js sends them.
const REQUESTS: [&str; 16] = [
    r#"{"type":"threads.create","params":{"input":{"content":[{"type":"input_text","text":"hi \u00e9"},{"type":"input_tag","id":"1","text":"t","data":{"a":[1,null]}}],"quoted_text":"q","attachments":["atc_1"],"inference_options":{"model":"m1","tool_choice":{"id":"x"}}}},"metadata":{"a":1}}"#,
    r#"{"type":"threads.create","params":{"input":{"content":[{"type":"input_text","text":"hello"}],"quoted_text":"","attachments":[],"inference_options":{}}}}"#,
    r#"{"type":"threads.add_user_message","params":{"input":{"content":[{"type":"input_text","text":"more"}],"attachments":[]},"thread_id":"thr_1"}}"#,
    r#"{"type":"threads.add_client_tool_output","params":{"thread_id":"thr_1","result":{"ok":true,"n":-1.5e300}}}"#,
    r#"{"type":"threads.add_structured_input","params":{"thread_id":"thr_1","item_id":"msg_1","input":{"status":"answered","answers":{"q":{"values":["a"],"skipped":false}}}}}"#,
    r#"{"type":"threads.retry_after_item","params":{"thread_id":"thr_1","item_id":"msg_1"}}"#,
    r#"{"type":"threads.custom_action","params":{"thread_id":"thr_1","item_id":null,"action":{"type":"a","payload":{"todo":{"title":"x"}}}}}"#,
    r#"{"type":"threads.sync_custom_action","params":{"thread_id":"thr_1","item_id":"msg_1","action":{"type":"a","payload":[]}}}"#,
    r#"{"type":"threads.get_by_id","params":{"thread_id":"thr_1"}}"#,
    r#"{"type":"threads.list","params":{"limit":9999,"order":"desc","after":"thr_1"}}"#,
    r#"{"type":"items.list","params":{"thread_id":"thr_1","limit":0,"order":"asc","after":null}}"#,
    r#"{"type":"items.feedback","params":{"thread_id":"thr_1","item_ids":["msg_1"],"kind":"positive"}}"#,
    r#"{"type":"attachments.create","params":{"name":"a.txt","size":18446744073709551615,"mime_type":"text/plain"}}"#,
    r#"{"type":"attachments.delete","params":{"attachment_id":"atc_1"}}"#,
    r#"{"type":"threads.update","params":{"thread_id":"thr_1","title":"T"}}"#,
    r#"{"type":"input.transcribe","params":{"audio_base64":"aGk=","mime_type":"audio/webm;codecs=opus"}}"#,
];

/// Event streams with everything the format has.
const STREAMS: [&str; 5] = [
    "event: response.created\ndata: {\"type\":\"response.created\"}\n\nevent: x\ndata: 1\n\n",
    "\u{feff}data: first\ndata:second\ndata\n\n: keep-alive\n\nid: 7\nretry: 10\n\n",
    "data: a\r\n\r\ndata: b\r\rdata: c\n\r\n",
    "data: [DONE]\n\n",
    ": \u{e9}\ndata: \u{1f980}\n\nevent:\ndata:\n\n",
];

/// Pieces that break parsers.
const TOKENS: [&[u8]; 20] = [
    b"\0",
    b"\xff",
    b"\xc3",
    b"\\ud800",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"1e999",
    b"-0",
    b"\n\n",
    b"\r",
    b"data:",
    b"\xef\xbb\xbf",
    b"\"type\":",
    b"thr_1",
    b":",
    b"18446744073709551616",
];

/// A small generator (splitmix64): a seed plays a run again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    fn range(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let length = self.below((bytes.len() - start).min(64) + 1);
        start..start + length
    }

    /// One of the corpus, with some changes; now and then none, now and then another one's piece.
    fn mutate(&mut self, corpus: &[&str]) -> Vec<u8> {
        let mut bytes = self.pick(corpus).as_bytes().to_vec();
        for _ in 0..self.below(6) {
            let range = self.range(&bytes);
            match self.below(7) {
                0 => drop(bytes.drain(range)),
                1 => {
                    let token = self.pick(&TOKENS).to_vec();
                    drop(bytes.splice(range.start..range.start, token));
                }
                2 => {
                    let token = self.pick(&TOKENS).to_vec();
                    drop(bytes.splice(range, token));
                }
                3 => {
                    let other = self.pick(corpus).as_bytes();
                    let piece = other[self.range(other)].to_vec();
                    drop(bytes.splice(range, piece));
                }
                4 => {
                    let bit = 1 << self.below(8);
                    if let Some(byte) = bytes.get_mut(range.start) {
                        *byte ^= bit;
                    }
                }
                5 => {
                    let piece = bytes[range.clone()].repeat(1 + self.below(40));
                    drop(bytes.splice(range, piece));
                }
                _ => bytes.truncate(range.end),
            }
        }
        bytes
    }
}

/// Runs `one` a fixed number of times, or for as long as the environment says.
#[expect(
    clippy::print_stdout,
    reason = "how far a long run came, with --nocapture"
)]
async fn fuzz(name: &str, executions: u64, mut one: impl AsyncFnMut(&mut Random)) {
    let seconds = std::env::var("CHATKIT_FUZZ_SECONDS").ok();
    let seconds: Option<u64> = seconds.map(|seconds| seconds.parse().unwrap());
    let first_seed = match seconds {
        None => 0,
        Some(_) => {
            let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            clock.as_nanos() as u64
        }
    };
    let began = Instant::now();
    let mut count = 0;
    while match seconds {
        None => count < executions,
        Some(seconds) => began.elapsed() < Duration::from_secs(seconds),
    } {
        let seed = first_seed.wrapping_add(count);
        let result = AssertUnwindSafe(one(&mut Random(seed)))
            .catch_unwind()
            .await;
        assert!(result.is_ok(), "{name} fails with seed {seed}");
        count += 1;
    }
    println!("{name}: {count} executions from seed {first_seed}");
}

/// What parses is written and parsed to the same; what does not says why in few words, and repeats nothing but the type.
#[tokio::test]
async fn requests() {
    fuzz("requests", 20_000, async |random| {
        let body = random.mutate(&REQUESTS);
        match ChatKitRequest::from_slice(&body) {
            Ok(request) => {
                let json = serde_json::to_vec(&request).unwrap();
                assert_eq!(ChatKitRequest::from_slice(&json).unwrap(), request);
            }
            Err(error) => assert!(error.to_string().len() < 1000, "{error}"),
        }
    })
    .await;
}

/// The whole server: every answer is JSON or a stream that ends.
#[tokio::test]
async fn processing() {
    let bot = Bot::new(|_, _| async { Ok(()) });
    let server = ChatKitServer::new(bot, MemoryStore::new());
    fuzz("processing", 3_000, async |random| {
        let body = random.mutate(&REQUESTS);
        let info = RequestInfo::new()
            .with_frame_id("frame")
            .accept_language(&String::from_utf8_lossy(&random.mutate(&STREAMS)));
        match within(server.process_with(&body, info, ())).await {
            Ok(ProcessResult::NonStreaming(json)) => {
                serde_json::from_slice::<serde_json::Value>(&json).unwrap();
            }
            Ok(ProcessResult::Streaming(events)) => {
                let events = events.into_event_stream(Duration::from_secs(15));
                let chunks: Vec<_> = within(events.collect()).await;
                let text = String::from_utf8(chunks.concat()).unwrap();
                for frame in text.split_terminator("\n\n") {
                    let data = frame.strip_prefix("data: ").unwrap();
                    let event: serde_json::Value = serde_json::from_str(data).unwrap();
                    assert!(event["type"].is_string(), "{event}");
                }
            }
            Err(error) => assert!(error.client_message().len() < 1000),
        }
    })
    .await;
}

/// A stream gives the same events however its bytes are cut.
#[tokio::test]
async fn event_streams() {
    fn decode(bytes: &[u8], mut cut: impl FnMut(usize) -> usize) -> (Vec<String>, bool) {
        let mut decoder = SseDecoder::new(512);
        let mut events = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(cut(rest.len()));
            rest = after;
            decoder.push(chunk);
            loop {
                match decoder.next_event() {
                    Ok(Some(event)) => events.push(format!("{:?} {}", event.name, event.data)),
                    Ok(None) => break,
                    Err(_) => return (events, true),
                }
            }
        }
        events.extend(decoder.finish().map(|event| format!("{event:?}")));
        (events, false)
    }
    fuzz("event streams", 20_000, async |random| {
        let bytes = random.mutate(&STREAMS);
        let whole = decode(&bytes, |length| length);
        let cut = decode(&bytes, |length| 1 + random.below(length.min(9)));
        assert_eq!(whole, cut);
    })
    .await;
}

/// What was found: the path of a field goes through keys of the caller's, of any length and with any characters.
#[test]
fn keys_of_the_caller_in_a_message() {
    let long = format!(r#"{{"{}": x}}"#, "param".repeat(300));
    let lines =
        r#"{"type": "threads.list", "metadata": {"a\nERROR b\u001b[31m": x}, "params": {}}"#;
    for body in [&*long, lines] {
        let error = ChatKitRequest::from_slice(body.as_bytes()).unwrap_err();
        let message = error.to_string();
        assert!(message.len() < 300, "{message}");
        assert!(!message.contains(char::is_control), "{message:?}");
        assert!(message.contains("not valid JSON"), "{message}");
    }
}

/// A fuzzer that finds nothing has to be able to find something.
#[test]
fn the_mutations_reach_everywhere() {
    let (mut parsed, mut types) = (0, std::collections::HashSet::new());
    for seed in 0..20_000 {
        let body = Random(seed).mutate(&REQUESTS);
        if let Ok(Ok(request)) = catch_unwind(|| ChatKitRequest::from_slice(&body)) {
            parsed += 1;
            types.insert(request.type_name());
        }
    }
    assert_eq!(types.len(), 16 - 1, "one type is there twice");
    assert!((2_000..18_000).contains(&parsed), "{parsed}");
}

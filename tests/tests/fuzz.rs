//! Bytes that nobody would write: no panic, no hang, and a clear answer.
//!
//! The rules and the seeds are those of `tests/fuzz`, the targets of cargo-fuzz. Each test here plays the seeds, and then
//! mutates them with a generator of its own, so that a failure can be played again. `CHATKIT_FUZZ_SECONDS` lets each of
//! them run that long instead of a fixed number of executions, with a seed of the clock; the count is printed.

#[path = "../fuzz/src/properties.rs"]
mod properties;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chatkit::types::{ChatKitRequest, Request};
use futures::FutureExt;

use crate::support::within;

/// The seeds of a target, by name.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let files = fs::read_dir(&folder).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty(), "{}", folder.display());
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Pieces that break parsers.
const TOKENS: [&[u8]; 27] = [
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
    b"\n",
    b"{{ ",
    b" }}",
    b"{% ",
    b"\"id\":\"t\"",
    b"\"children\":",
    b"\r\n--XX",
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

    fn pick<'a, T: AsRef<[u8]>>(&mut self, of: &'a [T]) -> &'a [u8] {
        of[self.below(of.len())].as_ref()
    }

    fn range(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let length = self.below((bytes.len() - start).min(64) + 1);
        start..start + length
    }

    /// One of the corpus, with some changes; now and then none, now and then another one's piece.
    fn mutate(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = self.pick(corpus).to_vec();
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
                    let other = self.pick(corpus);
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

/// Plays the seeds of a target, and then what becomes of them, a fixed number of times, or for as long as the environment
/// says.
#[expect(
    clippy::print_stdout,
    reason = "how far a long run came, with --nocapture"
)]
async fn fuzz(target: &str, executions: u64, mut rule: impl AsyncFnMut(&[u8])) {
    let seconds = std::env::var("CHATKIT_FUZZ_SECONDS").ok();
    let seconds: Option<u64> = seconds.map(|seconds| seconds.parse().unwrap());
    let first_seed = match seconds {
        None => 0,
        Some(_) => {
            let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            clock.as_nanos() as u64
        }
    };
    let corpus = seeds(target);
    let mut hold = async |bytes: &[u8], what: &str| {
        let result = AssertUnwindSafe(within(rule(bytes))).catch_unwind().await;
        assert!(result.is_ok(), "{target} fails with {what}");
    };
    for (number, bytes) in corpus.iter().enumerate() {
        hold(bytes, &format!("the file {number}")).await;
    }
    let began = Instant::now();
    let mut count = 0;
    while match seconds {
        None => count < executions,
        Some(seconds) => began.elapsed() < Duration::from_secs(seconds),
    } {
        let seed = first_seed.wrapping_add(count);
        let bytes = Random(seed).mutate(&corpus);
        hold(&bytes, &format!("seed {seed}")).await;
        count += 1;
    }
    println!("{target}: {count} executions from seed {first_seed}");
}

#[tokio::test]
async fn requests() {
    fuzz("requests", 20_000, async |bytes| {
        properties::requests(bytes);
    })
    .await;
}

#[tokio::test]
async fn processing() {
    fuzz("processing", 2_000, properties::processing).await;
}

#[tokio::test]
async fn event_streams() {
    fuzz("event_streams", 20_000, async |bytes| {
        properties::event_streams(bytes);
    })
    .await;
}

#[tokio::test]
async fn answers() {
    fuzz("answers", 500, properties::answers).await;
}

#[tokio::test]
async fn widgets() {
    fuzz("widgets", 5_000, async |bytes| properties::widgets(bytes)).await;
}

#[tokio::test]
async fn templates() {
    fuzz("templates", 2_000, async |bytes| {
        properties::templates(bytes);
    })
    .await;
}

#[tokio::test]
async fn multipart() {
    fuzz("multipart", 2_000, properties::multipart).await;
}

/// Uploads are really taken, and really refused: their seeds say which.
#[tokio::test]
async fn the_uploads_are_what_their_names_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/multipart");
    let (mut taken, mut refused) = (0, 0);
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let upload = properties::upload(&bytes[1..], usize::MAX).await;
        match path.file_name().unwrap().to_str().unwrap().split_once('-') {
            Some(("taken", _)) => taken += usize::from(upload.is_ok()),
            Some(("refused", _)) => refused += usize::from(upload.is_err()),
            _ => {}
        }
    }
    assert_eq!((taken, refused), (6, 6));
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

/// What a model says is really said: each seed makes the items it is meant to make.
#[tokio::test]
async fn the_answers_reach_the_thread() {
    let seed = |name| format!("{}/fuzz/seeds/answers/{name}", env!("CARGO_MANIFEST_DIR"));
    let user = "user_message";
    let message = "assistant_message";
    for (name, expected) in [
        ("text", &[user, message, user, message][..]),
        ("call", &[user, message, user, message]),
        ("thought", &[user, "workflow", message, user, message]),
        ("image", &[user, "generated_image", message, user, message]),
        ("failed", &[user, user, message]),
        ("error", &[user, user, message]),
        ("nested-error", &[user, user, message]),
    ] {
        let bytes = fs::read(seed(name)).unwrap();
        let kinds = properties::kinds_of_answer(&bytes).await;
        assert_eq!(kinds, expected, "{name}");
    }
}

/// A fuzzer that finds nothing has to be able to find something.
#[test]
fn the_mutations_reach_everywhere() {
    let corpus = seeds("requests");
    let (mut parsed, mut types) = (0, BTreeSet::new());
    for seed in 0..20_000 {
        let body = Random(seed).mutate(&corpus);
        if let Ok(Ok(request)) = catch_unwind(|| ChatKitRequest::from_slice(&body)) {
            parsed += 1;
            types.insert(request.type_name());
        }
    }
    assert_eq!(types, Request::TYPES.iter().copied().collect());
    assert!((2_000..18_000).contains(&parsed), "{parsed}");
}

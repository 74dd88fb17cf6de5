//! Requests that the client posts again.
//!
//! When an answer is a 5xx, or has another content type than it expects, ChatKit.js posts the same body again, up to five
//! times, one to ten seconds apart. The server, or a proxy before it, may have failed after the message was stored; then
//! the repeat must not store it twice. The protocol has no key that would name a request, so this remembers, for a short
//! while and in this process, the requests that brought a message and whose answer did not reach its end.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::runs::Run;
use crate::telemetry;

/// For how long a request is remembered after its turn has ended. The client waits ten seconds at most.
pub(super) const DEFAULT_WINDOW: Duration = Duration::from_secs(30);

/// How many requests are remembered at most.
const CAPACITY: usize = 4096;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    owner: String,
    /// The page's frame that the client runs in.
    client_frame: String,
    /// Keyed at random for each process, so that nobody can make two bodies collide.
    body: [u64; 2],
}

/// What a request has stored.
#[derive(Clone, Default)]
pub(super) struct Stored {
    pub(super) thread: Option<String>,
    pub(super) message: Option<String>,
}

/// The requests that might come again.
#[derive(Default)]
pub(super) struct Repeats {
    attempts: Mutex<HashMap<Key, Arc<Attempt>>>,
    hashers: [RandomState; 2],
}

/// One request that brings a message.
pub(super) struct Attempt {
    repeats: Weak<Repeats>,
    key: Key,
    run: Arc<Run>,
    stored: Mutex<Stored>,
}

impl Repeats {
    fn attempts(&self) -> MutexGuard<'_, HashMap<Key, Arc<Attempt>>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a request. Gives the one before it that it repeats, if there is one.
    pub(super) fn begin(
        self: &Arc<Self>,
        owner: &str,
        client_frame: &str,
        body: &[u8],
        run: &Arc<Run>,
        window: Duration,
    ) -> (Arc<Attempt>, Option<Arc<Attempt>>) {
        let key = Key {
            owner: owner.to_owned(),
            client_frame: client_frame.to_owned(),
            body: self.hashers.each_ref().map(|hasher| hasher.hash_one(body)),
        };
        let attempt = Arc::new(Attempt {
            repeats: Arc::downgrade(self),
            key: key.clone(),
            run: Arc::clone(run),
            stored: Mutex::default(),
        });
        let is_over = |attempt: &Attempt| attempt.run.ended_ago().is_some_and(|ago| ago > window);
        let mut attempts = self.attempts();
        if attempts.len() >= CAPACITY {
            attempts.retain(|_, attempt| !is_over(attempt));
        }
        if attempts.len() >= CAPACITY {
            let oldest = attempts
                .iter()
                .max_by_key(|(_, attempt)| attempt.run.ended_ago());
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                attempts.remove(&oldest);
            }
        }
        let earlier = attempts.insert(key, Arc::clone(&attempt));
        drop(attempts);
        let earlier = earlier.filter(|earlier| !is_over(earlier));
        if earlier.is_some() {
            telemetry::repeated();
        }
        (attempt, earlier)
    }
}

impl Attempt {
    fn stored_mut(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the attempt, if it has not ended, and gives what it has stored.
    pub(super) async fn take_over(&self) -> Stored {
        self.run.stop().await;
        self.stored_mut().clone()
    }

    /// To be called before the thread is stored: a write that fails may have happened.
    pub(super) fn will_store_thread(&self, id: &str) {
        self.stored_mut().thread = Some(id.to_owned());
    }

    /// To be called before the message is stored.
    pub(super) fn will_store_message(&self, id: &str) {
        self.stored_mut().message = Some(id.to_owned());
    }

    /// The client has the whole answer, and will not repeat the request. The same body is a new message from now on.
    pub(super) fn answered(&self) {
        let Some(repeats) = self.repeats.upgrade() else {
            return;
        };
        let mut attempts = repeats.attempts();
        if let Some(known) = attempts.get(&self.key)
            && std::ptr::eq(Arc::as_ptr(known), self)
        {
            attempts.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::OnDisconnect;
    use tokio_util::sync::CancellationToken;

    fn run() -> Arc<Run> {
        Run::new(OnDisconnect::Cancel, CancellationToken::new())
    }

    #[test]
    fn a_repeat_is_the_same_owner_client_frame_and_body() {
        let repeats = Arc::new(Repeats::default());
        let begin = |owner: &str, client_frame: &str, body: &[u8]| {
            repeats.begin(owner, client_frame, body, &run(), DEFAULT_WINDOW)
        };
        let (first, earlier) = begin("ann", "1", b"Hi");
        assert!(earlier.is_none());
        assert!(begin("bob", "1", b"Hi").1.is_none());
        assert!(begin("ann", "2", b"Hi").1.is_none());
        assert!(begin("ann", "1", b"Ho").1.is_none());

        let (second, earlier) = begin("ann", "1", b"Hi");
        assert!(Arc::ptr_eq(&earlier.unwrap(), &first));
        // An answer to the first attempt says nothing about the second.
        first.answered();
        let (third, earlier) = begin("ann", "1", b"Hi");
        assert!(Arc::ptr_eq(&earlier.unwrap(), &second));
        third.answered();
        assert!(begin("ann", "1", b"Hi").1.is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let repeats = Arc::new(Repeats::default());
        for number in 0..2 * CAPACITY {
            let body = number.to_le_bytes();
            repeats.begin("", "frame", &body, &run(), DEFAULT_WINDOW);
        }
        assert_eq!(repeats.attempts().len(), CAPACITY);
    }
}

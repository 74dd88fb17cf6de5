//! The runs that are going on: how many, whose, in which thread, and how to end them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind};
use crate::telemetry;

/// What becomes of a turn whose client has gone away: by Stop, by a reload, by a lost connection. They look the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnDisconnect {
    /// It is cancelled: the handler's future is dropped, and the text so far is saved. This is what makes the client's Stop
    /// button stop the model.
    #[default]
    Cancel,
    /// It goes on, and what it adds to the thread is there after a reload. It ends early by
    /// [`ChatKitServer::stop`](crate::ChatKitServer::stop), by the next turn in the same thread, and by a shutdown; it is
    /// then saved as a cancelled one is.
    ///
    /// Nothing else ends it: give tools and other calls a timeout.
    ///
    /// The client's own Stop button then only ends the stream. Let the page call an endpoint of yours that calls
    /// [`stop`](crate::ChatKitServer::stop), if it is to end the run.
    Continue,
}

impl OnDisconnect {
    /// Its name among the attributes of counters.
    fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Continue => "continue",
        }
    }
}

/// How many turns may run at a time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    pub(super) runs: Option<usize>,
    pub(super) runs_per_owner: Option<usize>,
}

/// One turn, as those see it who may end it.
pub(super) struct Run {
    on_disconnect: OnDisconnect,
    cancel: CancellationToken,
    client_gone: AtomicBool,
    done: CancellationToken,
    ended: OnceLock<Instant>,
    abort: OnceLock<AbortHandle>,
}

impl Run {
    pub(super) fn new(on_disconnect: OnDisconnect, cancel: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            on_disconnect,
            cancel,
            client_gone: AtomicBool::new(false),
            done: CancellationToken::new(),
            ended: OnceLock::new(),
            abort: OnceLock::new(),
        })
    }

    /// Cancels the turn when this token is cancelled.
    pub(super) fn cancellation(&self) -> &CancellationToken {
        &self.cancel
    }

    /// The client will take no more events.
    pub(super) fn client_left(&self) {
        if !self.client_gone.swap(true, Ordering::AcqRel) {
            telemetry::client_left(self.on_disconnect.name());
        }
        if self.on_disconnect == OnDisconnect::Cancel {
            self.cancel.cancel();
        }
    }

    fn is_abandoned(&self) -> bool {
        self.client_gone.load(Ordering::Acquire)
    }

    /// Cancels the turn, and waits until it is saved.
    pub(super) async fn stop(&self) {
        self.cancel.cancel();
        self.done.cancelled().await;
    }

    pub(super) fn set_task(&self, task: AbortHandle) {
        let _ = self.abort.set(task);
    }

    /// How long ago it ended; `None` while it runs.
    pub(super) fn ended_ago(&self) -> Option<Duration> {
        self.ended.get().map(Instant::elapsed)
    }
}

/// All runs of a server.
#[derive(Default)]
pub(super) struct Runs(Mutex<State>);

#[derive(Default)]
struct State {
    next_id: u64,
    all: HashMap<u64, Arc<Run>>,
    /// How many count against the limit of all.
    counted: usize,
    /// How many count against the limit of each owner.
    owners: HashMap<String, usize>,
    threads: HashMap<String, Vec<u64>>,
}

impl Runs {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a run. It holds no place yet.
    pub(super) fn register(self: &Arc<Self>, run: Arc<Run>) -> RunGuard {
        let mut state = self.state();
        let id = state.next_id;
        state.next_id += 1;
        state.all.insert(id, Arc::clone(&run));
        drop(state);
        RunGuard {
            runs: Arc::clone(self),
            run,
            id,
            place: OnceLock::new(),
            thread: OnceLock::new(),
        }
    }

    /// The runs in a thread.
    pub(super) fn in_thread(&self, thread_id: &str) -> Vec<Arc<Run>> {
        let state = self.state();
        let ids = state.threads.get(thread_id).into_iter().flatten();
        ids.filter_map(|id| state.all.get(id).cloned()).collect()
    }

    /// Ends all tasks where they are. Returns how many there were.
    pub(super) fn abort_all(&self) -> usize {
        let runs: Vec<_> = self.state().all.values().cloned().collect();
        let tasks = runs.iter().filter_map(|run| run.abort.get());
        tasks.map(AbortHandle::abort).count()
    }
}

/// A run's place among the others, for as long as its task lives.
pub(super) struct RunGuard {
    runs: Arc<Runs>,
    run: Arc<Run>,
    id: u64,
    /// The owner it counts for, once it counts.
    place: OnceLock<String>,
    thread: OnceLock<String>,
}

impl RunGuard {
    pub(super) fn run(&self) -> &Arc<Run> {
        &self.run
    }

    /// Takes one of the places that the limits leave. The error is what to tell the client.
    pub(super) fn take_place(&self, owner: &str, limits: Limits) -> Result<(), Error> {
        let mut state = self.runs.state();
        let owned = state.owners.get(owner).copied().unwrap_or_default();
        let (scope, message) = if limits.runs.is_some_and(|limit| state.counted >= limit) {
            (
                "server",
                "Too many answers are being written right now. Please try again in a moment.",
            )
        } else if limits.runs_per_owner.is_some_and(|limit| owned >= limit) {
            (
                "owner",
                "You have too many answers in progress. Please try again when one is done.",
            )
        } else {
            if self.place.set(owner.to_owned()).is_ok() {
                state.counted += 1;
                *state.owners.entry(owner.to_owned()).or_default() += 1;
            }
            return Ok(());
        };
        drop(state);
        telemetry::limit_reached(scope);
        Err(Error::new(ErrorKind::LimitExceeded, message))
    }

    /// Says which thread the run is in. Gives the runs in it whose clients are gone: nobody sees them any more, and the
    /// thread goes on with this one.
    pub(super) fn enter(&self, thread_id: &str) -> Vec<Arc<Run>> {
        let abandoned = self.runs.in_thread(thread_id).into_iter();
        let abandoned = abandoned.filter(|run| run.is_abandoned()).collect();
        if self.thread.set(thread_id.to_owned()).is_ok() {
            let mut state = self.runs.state();
            let threads = &mut state.threads;
            threads
                .entry(thread_id.to_owned())
                .or_default()
                .push(self.id);
        }
        abandoned
    }
}

impl Drop for RunGuard {
    fn drop(&mut self) {
        let mut state = self.runs.state();
        state.all.remove(&self.id);
        if let Some(owner) = self.place.get() {
            state.counted -= 1;
            if let Some(count) = state.owners.get_mut(owner) {
                *count -= 1;
                if *count == 0 {
                    state.owners.remove(owner);
                }
            }
        }
        if let Some(thread) = self.thread.get()
            && let Some(runs) = state.threads.get_mut(thread)
        {
            runs.retain(|id| *id != self.id);
            if runs.is_empty() {
                state.threads.remove(thread);
            }
        }
        drop(state);
        let _ = self.run.ended.set(Instant::now());
        self.run.done.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(runs: &Arc<Runs>) -> RunGuard {
        runs.register(Run::new(OnDisconnect::Continue, CancellationToken::new()))
    }

    fn begin(runs: &Arc<Runs>, owner: &str) -> (RunGuard, Result<(), Error>) {
        let guard = register(runs);
        let limits = Limits {
            runs: Some(3),
            runs_per_owner: Some(2),
        };
        let place = guard.take_place(owner, limits);
        (guard, place)
    }

    #[test]
    fn limits_hold_for_each_owner_and_for_all() {
        let runs = Arc::new(Runs::default());
        let (first, ok) = begin(&runs, "ann");
        ok.unwrap();
        let (_second, ok) = begin(&runs, "ann");
        ok.unwrap();
        let (refused, error) = begin(&runs, "ann");
        assert_eq!(error.unwrap_err().kind(), ErrorKind::LimitExceeded);
        let (_third, ok) = begin(&runs, "bob");
        ok.unwrap();
        let (_, error) = begin(&runs, "cid");
        assert_eq!(error.unwrap_err().kind(), ErrorKind::LimitExceeded);

        // One that held no place gives none back.
        drop(refused);
        begin(&runs, "ann").1.unwrap_err();
        drop(first);
        begin(&runs, "ann").1.unwrap();
    }

    #[test]
    fn nothing_is_kept_of_runs_that_ended() {
        let runs = Arc::new(Runs::default());
        for owner in 0..100 {
            let (guard, ok) = begin(&runs, &owner.to_string());
            ok.unwrap();
            guard.enter("thr");
            assert_eq!(runs.in_thread("thr").len(), 1);
        }
        let state = runs.state();
        assert_eq!(state.counted, 0);
        assert!(state.all.is_empty() && state.owners.is_empty() && state.threads.is_empty());
    }

    #[test]
    fn only_abandoned_runs_make_way() {
        let runs = Arc::new(Runs::default());
        let watched = register(&runs);
        let left = register(&runs);
        watched.enter("thr");
        left.enter("thr");
        left.run().client_left();
        let next = register(&runs);
        let abandoned = next.enter("thr");
        assert_eq!(abandoned.len(), 1);
        assert!(Arc::ptr_eq(&abandoned[0], left.run()));
        assert!(!left.run().cancellation().is_cancelled());
    }
}

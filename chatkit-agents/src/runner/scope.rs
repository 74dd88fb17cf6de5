//! What a run shares with the functions that it calls.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::config::RunConfig;
use super::result::StreamEvent;
use super::state::RunState;
use crate::model::Usage;

/// A run as the functions see it that it calls. The run's driver and its stream hold it too.
pub(crate) struct RunScope<C> {
    pub(crate) context: Arc<C>,
    pub(crate) config: RunConfig<C>,
    pub(super) shared: Arc<Shared>,
    /// The run that has this one as a tool: what is used here is used there too.
    parent: Option<Arc<Shared>>,
}

impl<C> RunScope<C> {
    pub(super) fn new(
        context: Arc<C>,
        config: RunConfig<C>,
        shared: Arc<Shared>,
        parent: Option<Arc<Shared>>,
    ) -> Self {
        Self {
            context,
            config,
            shared,
            parent,
        }
    }

    /// The run is inside of a tool of another.
    pub(super) fn is_nested(&self) -> bool {
        self.parent.is_some()
    }

    pub(crate) fn usage(&self) -> Usage {
        self.shared.state().usage
    }

    pub(super) fn add_usage(&self, usage: Usage) {
        self.shared.state().usage += usage;
        if let Some(parent) = &self.parent {
            parent.state().usage += usage;
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

/// What the driver of a run and the stream of its events both touch. No lock is held for longer than a move.
pub(crate) struct Shared {
    state: Mutex<RunState>,
    due: Mutex<VecDeque<StreamEvent>>,
    stop_after_turn: AtomicBool,
}

impl Shared {
    pub(super) fn new(state: RunState) -> Self {
        Self {
            state: Mutex::new(state),
            due: Mutex::default(),
            stop_after_turn: AtomicBool::new(false),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, RunState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, event: StreamEvent) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        due.push_back(event);
    }

    pub(super) fn pop(&self) -> Option<StreamEvent> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        due.pop_front()
    }

    pub(super) fn stop_after_turn(&self) {
        self.stop_after_turn.store(true, Ordering::Relaxed);
    }

    pub(super) fn stops_after_turn(&self) -> bool {
        self.stop_after_turn.load(Ordering::Relaxed)
    }
}

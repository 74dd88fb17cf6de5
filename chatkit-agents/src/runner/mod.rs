//! The run loop: call the model, run its tools, until there is an answer.

mod error;
mod result;
mod state;

use std::sync::Arc;

use futures::StreamExt;

pub use error::{RunError, RunErrorKind};
pub use result::{RunItemEvent, RunItemEventName, RunResult, RunResultStreaming, StreamEvent};
pub use state::{NextStep, RunFunctionCall, RunItem, RunState, ToolCall};

use crate::agent::Agent;
use crate::items::InputItem;
use crate::model::Usage;

/// Model calls a run may make when nothing else is said, as in the Python SDK.
pub const DEFAULT_MAX_TURNS: u32 = 10;

/// Runs agents.
///
/// A run is one state machine ([`RunState`]): call the model, run the tools it asked for, call it again with their
/// results, until it answers. [`run_streamed`](Self::run_streamed) shows every event on the way and [`run`](Self::run)
/// gives the end; both are the same loop. A run does its work while it is polled, in the caller's task; dropping it
/// closes the connection to the model and drops the tools that are running.
#[derive(Debug)]
pub struct Runner;

impl Runner {
    /// Runs `agent` on `input` until it has an answer.
    ///
    /// # Errors
    ///
    /// See [`RunErrorKind`]. A tool that fails does not fail the run: the model gets an error text instead.
    pub async fn run<C: Send + Sync + 'static>(
        agent: &Agent<C>,
        input: impl Into<RunInput>,
        context: C,
    ) -> Result<RunResult, RunError> {
        Run::new(agent, input, context).run().await
    }

    /// Starts a run whose events are read as they happen. Nothing happens before the first poll.
    ///
    /// `context` is what tools get. To set more, see [`Run`].
    pub fn run_streamed<C: Send + Sync + 'static>(
        agent: &Agent<C>,
        input: impl Into<RunInput>,
        context: C,
    ) -> RunResultStreaming<C> {
        Run::new(agent, input, context).run_streamed()
    }
}

/// What an agent is run on: a text, or a list of items.
#[derive(Debug, Clone)]
pub struct RunInput(Vec<InputItem>);

impl From<&str> for RunInput {
    fn from(text: &str) -> Self {
        Self(vec![InputItem::from(text)])
    }
}

impl From<String> for RunInput {
    fn from(text: String) -> Self {
        Self(vec![InputItem::from(text)])
    }
}

impl From<Vec<InputItem>> for RunInput {
    fn from(items: Vec<InputItem>) -> Self {
        Self(items)
    }
}

/// A run that has not begun, for setting what [`Runner`]'s two functions leave at its default.
#[must_use = "a run does nothing until it is started"]
pub struct Run<C> {
    agent: Agent<C>,
    context: Arc<C>,
    state: RunState,
}

impl<C: Send + Sync + 'static> Run<C> {
    /// A run of `agent` on `input`.
    pub fn new(agent: &Agent<C>, input: impl Into<RunInput>, context: C) -> Self {
        let state = RunState {
            agent: agent.name().to_owned(),
            input: input.into().0,
            new_items: Vec::new(),
            current_turn: 0,
            max_turns: Some(DEFAULT_MAX_TURNS),
            previous_response_id: None,
            acknowledged: 0,
            last_response_id: None,
            usage: Usage::default(),
            used_tool: false,
            step: NextStep::CallModel,
        };
        Self {
            agent: agent.clone(),
            context: Arc::new(context),
            state,
        }
    }

    /// Sets how many model calls the run may make; `None` for any number. The default is [`DEFAULT_MAX_TURNS`].
    pub fn max_turns(mut self, turns: impl Into<Option<u32>>) -> Self {
        self.state.max_turns = turns.into();
        self
    }

    /// Lets the endpoint continue a conversation that it keeps. The input is then only what is new, and so is what each
    /// further call of this run sends.
    pub fn previous_response_id(mut self, id: impl Into<String>) -> Self {
        self.state.previous_response_id = Some(id.into());
        self
    }

    /// Runs until there is an answer. See [`Runner::run`].
    pub async fn run(self) -> Result<RunResult, RunError> {
        let mut run = self.run_streamed();
        while let Some(event) = run.next().await {
            event?;
        }
        run.into_result()
    }

    /// Starts a run whose events are read as they happen. See [`Runner::run_streamed`].
    pub fn run_streamed(self) -> RunResultStreaming<C> {
        RunResultStreaming::new(self.agent, self.context, self.state)
    }
}

impl<C: 'static> std::fmt::Debug for Run<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("agent", &self.agent)
            .finish_non_exhaustive()
    }
}

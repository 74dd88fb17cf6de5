//! The run loop: call the model, run its tools, until there is an answer.

mod call;
mod config;
mod context;
mod definitions;
mod driver;
mod error;
mod handlers;
mod item;
mod offer;
mod result;
mod scope;
mod state;
mod trim;

use std::sync::Arc;

use futures::StreamExt;

pub use config::{
    CallModelData, ModelInputData, RunConfig, SessionInputData, ToolErrorFormatterArgs,
    ToolErrorFormatterKind, ToolNameCollisionPolicy, ToolNotFound,
};
pub use context::RunContext;
pub use error::{RunError, RunErrorKind};
pub use handlers::{RunErrorHandlerData, RunErrorHandlerResult, RunErrorHandlers};
pub use item::{RunItem, RunItemEvent, RunItemEventName};
pub use result::{CancelMode, RunResult, RunResultStreaming, StreamEvent};
pub(crate) use scope::RunScope;
pub use state::{Approval, ModelView, NextStep, RunState, RunToolCall, ToolApprovalItem, ToolCall};
pub use trim::ToolOutputTrimmer;

use crate::agent::Agent;
use crate::hooks::{DynHooks, RunHooks};
use crate::items::InputItem;
use crate::session::{DynSession, Session};

use self::driver::Driver;
use self::scope::Shared;

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
    /// Runs `agent` on `input` until it has an answer, or waits for an approval.
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
    ) -> RunResultStreaming {
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
///
/// ```
/// use chatkit_agents::{Agent, Run, RunConfig, RunError, model::ModelSettings};
///
/// async fn briefly(agent: &Agent<()>) -> Result<String, RunError> {
///     let config = RunConfig::new().model_settings(ModelSettings::new().max_tokens(200));
///     let result = Run::new(agent, "What is new?", ()).config(config).max_turns(3).run().await?;
///     Ok(result.final_output)
/// }
/// ```
#[must_use = "a run does nothing until it is started"]
pub struct Run<C> {
    agent: Agent<C>,
    context: Arc<C>,
    state: RunState,
    config: RunConfig<C>,
    hooks: Vec<Arc<dyn DynHooks<C>>>,
    handlers: RunErrorHandlers<C>,
    session: Option<DynSession>,
    parent: Option<Arc<Shared>>,
}

impl<C: Send + Sync + 'static> Run<C> {
    /// A run of `agent` on `input`.
    pub fn new(agent: &Agent<C>, input: impl Into<RunInput>, context: C) -> Self {
        let state = RunState::new(agent.name().to_owned(), input.into().0);
        Self::of(agent, state, Arc::new(context), RunConfig::new())
    }

    /// Goes on with a run that was interrupted, cancelled behind a turn, or stored. Nothing that was done is done again.
    ///
    /// `agent` is the one that the run was started with; the agent that runs is found among those it can reach, by its
    /// name. What the run was set up with beyond its state, its configuration for example, has to be set again.
    pub fn resume(agent: &Agent<C>, state: RunState, context: C) -> Self {
        Self::of(agent, state, Arc::new(context), RunConfig::new())
    }

    fn of(agent: &Agent<C>, state: RunState, context: Arc<C>, config: RunConfig<C>) -> Self {
        Self {
            agent: agent.clone(),
            context,
            state,
            config,
            hooks: Vec::new(),
            handlers: RunErrorHandlers::new(),
            session: None,
            parent: None,
        }
    }

    /// A run inside a tool of another: it shares the context, and what it uses counts there too.
    pub(crate) fn nested(agent: &Agent<C>, start: NestedStart, outer: &RunScope<C>) -> Self {
        let state = match start {
            NestedStart::Input(input) => RunState::new(agent.name().to_owned(), input),
            NestedStart::Resume(state) => *state,
        };
        let mut config = outer.config.clone();
        // Those of the run decide about what the user gets, not about what an agent tells another.
        config.input_guardrails.clear();
        config.output_guardrails.clear();
        config.hold_back_output = false;
        Self {
            parent: Some(Arc::clone(outer.shared())),
            ..Self::of(agent, state, Arc::clone(&outer.context), config)
        }
    }

    /// Sets what holds for the whole run, whatever agent runs.
    pub fn config(mut self, config: RunConfig<C>) -> Self {
        self.config = config;
        self
    }

    /// Sets how many model calls the run may make; `None` for any number. The default is [`DEFAULT_MAX_TURNS`].
    pub fn max_turns(mut self, turns: impl Into<Option<u32>>) -> Self {
        self.state.max_turns = turns.into();
        self
    }

    /// Adds hooks that are told what the run does.
    pub fn hooks(mut self, hooks: impl RunHooks<C>) -> Self {
        self.hooks.push(Arc::new(hooks));
        self
    }

    pub(crate) fn shared_hooks(mut self, hooks: Arc<dyn DynHooks<C>>) -> Self {
        self.hooks.push(hooks);
        self
    }

    /// Sets what answers when the run would fail.
    pub fn error_handlers(mut self, handlers: RunErrorHandlers<C>) -> Self {
        self.handlers = handlers;
        self
    }

    /// Sets where the history of the conversation lives: the run reads it first, and adds what is new as it goes on.
    pub fn session(mut self, session: impl Session) -> Self {
        self.session = Some(DynSession::new(session));
        self
    }

    /// Lets the endpoint continue a conversation that it keeps. The input is then only what is new, and so is what each
    /// further call of this run sends.
    pub fn previous_response_id(mut self, id: impl Into<String>) -> Self {
        self.state.previous_response_id = Some(id.into());
        self
    }

    /// Lets the endpoint keep the conversation from the first response on: each further call of this run sends only
    /// what is new.
    pub fn auto_previous_response_id(mut self, auto: bool) -> Self {
        self.state.auto_previous_response_id = auto;
        self
    }

    /// Adds to a conversation that the endpoint keeps. The input is then only what is new, and so is what each further
    /// call of this run sends.
    pub fn conversation_id(mut self, id: impl Into<String>) -> Self {
        self.state.conversation_id = Some(id.into());
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
    pub fn run_streamed(self) -> RunResultStreaming {
        let shared = Arc::new(Shared::new(self.state));
        let scope = RunScope::new(self.context, self.config, Arc::clone(&shared), self.parent);
        let driver = Driver::new(scope, self.agent, self.hooks, self.handlers, self.session);
        RunResultStreaming::new(shared, Box::pin(driver.drive()))
    }
}

/// How a run inside a tool starts.
pub(crate) enum NestedStart {
    Input(Vec<InputItem>),
    Resume(Box<RunState>),
}

impl<C: 'static> std::fmt::Debug for Run<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("agent", &self.agent)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

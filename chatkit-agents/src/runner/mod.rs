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

use std::future::IntoFuture;
use std::sync::Arc;

use futures::StreamExt;
use futures::future::BoxFuture;

pub use config::{
    CallModelData, ModelInputData, RunConfig, SessionInputData, ToolErrorFormatterArgs,
    ToolErrorFormatterKind, ToolNameCollisionPolicy, ToolNotFound,
};
pub use context::RunContext;
pub use error::{RunError, RunErrorKind};
pub use handlers::{RunErrorHandlerData, RunErrorHandlerResult, RunErrorHandlers};
pub use item::{RunItem, RunItemEventName, RunItemKind};
pub use result::{CancelMode, RunResult, RunResultStreaming, StreamEvent};
pub(crate) use scope::RunScope;
pub(crate) use state::RunToolCall;
pub use state::{RunState, ToolApprovalItem};
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
/// results, until it answers. A run does its work while it is polled, in the caller's task; dropping it closes the
/// connection to the model and drops the tools that are running.
#[derive(Debug)]
pub struct Runner;

impl Runner {
    /// Runs `agent` on `input`: awaited, the [`Run`] gives an answer, or calls that wait for an approval; before that it
    /// takes options. `context` is what tools get.
    ///
    /// The context moves into the run. To read it afterwards, let it be an `Arc` and keep a clone.
    ///
    /// ```
    /// use chatkit_agents::session::MemorySession;
    /// use chatkit_agents::{Agent, RunError, Runner};
    ///
    /// async fn answer(agent: &Agent<()>, session: MemorySession) -> Result<String, RunError> {
    ///     let result = Runner::run(agent, "What is new?", ()).session(session).max_turns(3).await?;
    ///     result.into_output()
    /// }
    /// ```
    #[doc(alias = "run_sync")]
    pub fn run<C: Send + Sync + 'static>(
        agent: &Agent<C>,
        input: impl Into<RunInput>,
        context: C,
    ) -> Run<C> {
        let state = RunState::new(agent.name().to_owned(), input.into().0);
        Run::of(agent, state, Arc::new(context), RunConfig::new())
    }

    /// Starts a run whose events are read as they happen: [`run`](Self::run) without options, then
    /// [`streamed`](Run::streamed).
    pub fn run_streamed<C: Send + Sync + 'static>(
        agent: &Agent<C>,
        input: impl Into<RunInput>,
        context: C,
    ) -> RunResultStreaming {
        Self::run(agent, input, context).streamed()
    }

    /// Goes on with a run that was interrupted, cancelled after a turn, or stored. Nothing that was done is done again.
    ///
    /// `agent` is the one that the run was started with; the agent that runs is found among those it can reach, by its
    /// name. What the run was set up with beyond its state, its configuration for example, has to be set again.
    pub fn resume<C: Send + Sync + 'static>(
        agent: &Agent<C>,
        state: RunState,
        context: C,
    ) -> Run<C> {
        Run::of(agent, state, Arc::new(context), RunConfig::new())
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

/// A run that has not begun, made by [`Runner`]. Set its options, then await it, or read its events:
/// [`streamed`](Self::streamed).
///
/// It is awaited as it is; where a future is asked for, [`into_future`](IntoFuture::into_future) gives one.
///
/// ```
/// use chatkit_agents::{Agent, RunConfig, RunError, Runner, model::ModelSettings};
///
/// async fn briefly(agent: &Agent<()>) -> Result<String, RunError> {
///     let config = RunConfig::new().model_settings(ModelSettings::new().max_tokens(200));
///     Runner::run(agent, "What is new?", ()).config(config).max_turns(3).await?.into_output()
/// }
/// ```
#[must_use = "a run does nothing until it is awaited"]
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
        Self {
            parent: Some(Arc::clone(outer.shared())),
            ..Self::of(
                agent,
                state,
                Arc::clone(&outer.context),
                outer.config.clone(),
            )
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

    /// Starts a run whose events are read as they happen. Nothing happens before the first poll.
    pub fn streamed(self) -> RunResultStreaming {
        let shared = Arc::new(Shared::new(self.state));
        let scope = RunScope::new(self.context, self.config, Arc::clone(&shared), self.parent);
        let driver = Driver::new(scope, self.agent, self.hooks, self.handlers, self.session);
        RunResultStreaming::new(shared, Box::pin(driver.drive()))
    }
}

impl<C: Send + Sync + 'static> IntoFuture for Run<C> {
    type Output = Result<RunResult, RunError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// Runs until there is an answer, or calls wait for an approval.
    ///
    /// # Errors
    ///
    /// See [`RunErrorKind`]. A tool that fails does not fail the run: the model gets an error text instead.
    fn into_future(self) -> Self::IntoFuture {
        let mut run = self.streamed();
        Box::pin(async move {
            while let Some(event) = run.next().await {
                event?;
            }
            run.into_result()
        })
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

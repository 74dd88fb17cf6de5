//! The loop that drives a run.

mod begin;
mod finish;
mod handoff;
mod model;
mod tools;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use tracing::{Instrument, Span};

use super::context::RunContext;
use super::error::RunError;
use super::handlers::RunErrorHandlers;
use super::item::{RunItem, RunItemKind};
use super::offer::Offer;
use super::result::StreamEvent;
use super::scope::RunScope;
use super::state::NextStep;
use crate::agent::Agent;
use crate::guardrail::GuardrailResult;
use crate::hooks::{self, DynHooks, Told};
use crate::items::InputItem;
use crate::session::DynSession;
use crate::telemetry;

/// A run, and all it needs to go on: what [`RunState`](super::RunState) says is next is what it does.
pub(super) struct Driver<C> {
    scope: Arc<RunScope<C>>,
    /// The agent that the run was started with: from it all others can be reached.
    root: Agent<C>,
    agent: Agent<C>,
    hooks: Vec<Arc<dyn DynHooks<C>>>,
    handlers: RunErrorHandlers<C>,
    session: Option<DynSession>,
    /// What the session has yet to get of the input.
    new_input: Vec<InputItem>,
    /// How many items the session has; `None` when not all of them were read.
    session_items: Option<usize>,
    /// What the model may call, until its calls have been answered.
    offer: Option<Offer<C>>,
    /// Input guardrails that work beside the model. The mutex is never locked: it makes the future `Sync`.
    checks: Mutex<Option<Checks>>,
    /// Events that are held back until guardrails have passed.
    held: Vec<StreamEvent>,
    /// What the spans of agents are below: the span of the run, or of the tool that it is inside of.
    run_span: Span,
    /// The span of the agent that runs.
    span: Span,
}

type Checks = BoxFuture<'static, Result<Vec<GuardrailResult>, RunError>>;

impl<C: Send + Sync + 'static> Driver<C> {
    pub(super) fn new(
        scope: RunScope<C>,
        root: Agent<C>,
        hooks: Vec<Arc<dyn DynHooks<C>>>,
        handlers: RunErrorHandlers<C>,
        session: Option<DynSession>,
    ) -> Self {
        Self {
            scope: Arc::new(scope),
            agent: root.clone(),
            root,
            hooks,
            handlers,
            session,
            new_input: Vec::new(),
            session_items: None,
            offer: None,
            checks: Mutex::new(None),
            held: Vec::new(),
            run_span: Span::none(),
            span: Span::none(),
        }
    }

    /// Runs to the end: an answer, an interruption, or an error.
    pub(super) async fn drive(mut self) -> Result<(), RunError> {
        let result = self.steps().await;
        if let Err(error) = &result {
            telemetry::run_failed(&self.span, error);
            if !self.scope.is_nested() {
                telemetry::run_failed(&self.run_span, error);
            }
        }
        // What no guardrail has passed is not shown, however the run ends.
        if self.scope.shared.state().final_output().is_none() {
            self.held.clear();
        }
        for event in std::mem::take(&mut self.held) {
            self.show(event).await;
        }
        result.map_err(|error| error.in_state(self.scope.shared.state().clone()))
    }

    async fn steps(&mut self) -> Result<(), RunError> {
        self.begin_with_agent()?;
        self.emit(self.agent_updated()).await;
        let span = self.span.clone();
        Box::pin(self.begin()).instrument(span).await?;
        loop {
            let next = match &self.scope.shared.state().step {
                NextStep::CallModel => Next::Model,
                NextStep::CallTools { .. } => Next::Tools,
                NextStep::Done { .. } => return Ok(()),
            };
            match next {
                Next::Model if self.scope.shared.stops_after_turn() => return Ok(()),
                Next::Model => self.call_model().await?,
                Next::Tools => {
                    let span = self.span.clone();
                    if !Box::pin(self.call_tools()).instrument(span).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Tells the hooks of the run and of the agent, at the same time.
    async fn tell<'a>(
        &'a self,
        tell: impl Fn(&'a dyn DynHooks<C>, RunContext<'a, C>) -> Told<'a>,
    ) -> Result<(), RunError> {
        let run = RunContext::of(&self.scope, &self.agent);
        let told = hooks::tell(&self.hooks, &self.agent, |hooks| tell(hooks, run));
        told.await.map_err(|error| {
            let message = format!("a hook failed in the agent {}", self.agent.name());
            RunError::callback(message, error)
        })
    }

    fn agent_updated(&self) -> StreamEvent {
        StreamEvent::AgentUpdated {
            agent: self.agent.name().to_owned(),
        }
    }

    fn agent_span(&self) -> Span {
        let conversation = self.scope.config.group_id.as_deref();
        telemetry::invoke_agent(&self.run_span, self.agent.name(), conversation)
    }

    /// An item of the agent that runs.
    fn item(&self, kind: RunItemKind) -> RunItem {
        RunItem::new(self.agent.name(), kind)
    }

    async fn emit_item(&mut self, item: RunItem) {
        self.emit(StreamEvent::RunItem(item.into())).await;
    }

    /// Gives an event to whoever reads the run, or keeps it back until guardrails have passed.
    async fn emit(&mut self, event: StreamEvent) {
        if self.scope.config.hold_back_output {
            self.held.push(event);
        } else {
            self.show(event).await;
        }
    }

    /// Gives an event to whoever reads the run, and goes on when it is taken.
    ///
    /// Only where the reader polls directly: a future inside a `select!` or a `FuturesUnordered` would not be woken.
    async fn show(&self, event: StreamEvent) {
        self.scope.shared.push(event);
        Taken::default().await;
    }
}

enum Next {
    Model,
    Tools,
}

/// Is ready when it is polled again: the reader polls again when it has taken what is due.
#[derive(Default)]
struct Taken(bool);

impl Future for Taken {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

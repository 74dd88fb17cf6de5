//! Hooks: being told what a run does.

use std::future::{Future, ready};
use std::sync::Arc;

use chatkit::BoxError;
use futures::future::{BoxFuture, FutureExt, try_join_all};

use crate::agent::Agent;
use crate::items::InputItem;
use crate::model::Response;
use crate::runner::RunContext;
use crate::tool::{ToolContext, ToolOutput};

/// Is told what a run does, at the moment it does it. Every function has a default that does nothing.
///
/// Give it to one agent ([`Agent::hooks`]) or to a whole run ([`Run::hooks`](crate::Run::hooks)); where both are told,
/// they are told at the same time. The run waits for a hook, and an error of a hook ends the run.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use chatkit_agents::{BoxError, RunHooks, ToolContext, tool::ToolOutput};
///
/// #[derive(Default)]
/// struct Counter(AtomicUsize);
///
/// impl<C: Send + Sync> RunHooks<C> for Counter {
///     async fn on_tool_end(&self, ctx: ToolContext<'_, C>, _: &ToolOutput) -> Result<(), BoxError> {
///         self.0.fetch_add(1, Ordering::Relaxed);
///         tracing::info!(tool = ctx.tool_name(), "done");
///         Ok(())
///     }
/// }
/// ```
#[doc(alias = "AgentHooks")]
pub trait RunHooks<C: Send + Sync>: Send + Sync + 'static {
    /// An agent begins: at the start of the run, and after each handoff.
    #[doc(alias = "on_start")]
    fn on_agent_start(
        &self,
        run: RunContext<'_, C>,
        agent: &Agent<C>,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = (run, agent);
        ready(Ok(()))
    }

    /// The model is about to be called.
    fn on_llm_start(
        &self,
        run: RunContext<'_, C>,
        instructions: Option<&str>,
        input: &[InputItem],
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = (run, instructions, input);
        ready(Ok(()))
    }

    /// The model has answered; its tools have not run yet.
    fn on_llm_end(
        &self,
        run: RunContext<'_, C>,
        response: &Response,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = (run, response);
        ready(Ok(()))
    }

    /// A tool of this program is about to be called.
    fn on_tool_start(
        &self,
        ctx: ToolContext<'_, C>,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = ctx;
        ready(Ok(()))
    }

    /// A tool of this program has settled. A failure is the text that the model gets. Of a tool that is no function the
    /// output is the whole item that answers the call.
    fn on_tool_end(
        &self,
        ctx: ToolContext<'_, C>,
        output: &ToolOutput,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = (ctx, output);
        ready(Ok(()))
    }

    /// An agent hands over. Of the hooks of agents, those of `from` are told.
    fn on_handoff(
        &self,
        run: RunContext<'_, C>,
        from: &Agent<C>,
        to: &Agent<C>,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = (run, from, to);
        ready(Ok(()))
    }

    /// An agent has answered. Output guardrails have not decided yet.
    #[doc(alias = "on_end")]
    fn on_agent_end(
        &self,
        run: RunContext<'_, C>,
        output: &str,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = (run, output);
        ready(Ok(()))
    }
}

pub(crate) type Told<'a> = BoxFuture<'a, Result<(), BoxError>>;

/// [`RunHooks`] behind a pointer.
pub(crate) trait DynHooks<C>: Send + Sync + 'static {
    fn agent_start<'a>(&'a self, run: RunContext<'a, C>, agent: &'a Agent<C>) -> Told<'a>;
    fn llm_start<'a>(
        &'a self,
        run: RunContext<'a, C>,
        instructions: Option<&'a str>,
        input: &'a [InputItem],
    ) -> Told<'a>;
    fn llm_end<'a>(&'a self, run: RunContext<'a, C>, response: &'a Response) -> Told<'a>;
    fn tool_start<'a>(&'a self, ctx: ToolContext<'a, C>) -> Told<'a>;
    fn tool_end<'a>(&'a self, ctx: ToolContext<'a, C>, output: &'a ToolOutput) -> Told<'a>;
    fn handoff<'a>(
        &'a self,
        run: RunContext<'a, C>,
        from: &'a Agent<C>,
        to: &'a Agent<C>,
    ) -> Told<'a>;
    fn agent_end<'a>(&'a self, run: RunContext<'a, C>, output: &'a str) -> Told<'a>;
}

/// Tells the hooks of a run and those of an agent, at the same time. The first error ends it.
pub(crate) async fn tell<'a, C: 'static>(
    hooks: &'a [Arc<dyn DynHooks<C>>],
    agent: &'a Agent<C>,
    tell: impl Fn(&'a dyn DynHooks<C>) -> Told<'a>,
) -> Result<(), BoxError> {
    let hooks = hooks.iter().chain(agent.all_hooks());
    try_join_all(hooks.map(|hooks| tell(&**hooks)))
        .await
        .map(drop)
}

impl<C: Send + Sync + 'static, H: RunHooks<C>> DynHooks<C> for H {
    fn agent_start<'a>(&'a self, run: RunContext<'a, C>, agent: &'a Agent<C>) -> Told<'a> {
        self.on_agent_start(run, agent).boxed()
    }

    fn llm_start<'a>(
        &'a self,
        run: RunContext<'a, C>,
        instructions: Option<&'a str>,
        input: &'a [InputItem],
    ) -> Told<'a> {
        self.on_llm_start(run, instructions, input).boxed()
    }

    fn llm_end<'a>(&'a self, run: RunContext<'a, C>, response: &'a Response) -> Told<'a> {
        self.on_llm_end(run, response).boxed()
    }

    fn tool_start<'a>(&'a self, ctx: ToolContext<'a, C>) -> Told<'a> {
        self.on_tool_start(ctx).boxed()
    }

    fn tool_end<'a>(&'a self, ctx: ToolContext<'a, C>, output: &'a ToolOutput) -> Told<'a> {
        self.on_tool_end(ctx, output).boxed()
    }

    fn handoff<'a>(
        &'a self,
        run: RunContext<'a, C>,
        from: &'a Agent<C>,
        to: &'a Agent<C>,
    ) -> Told<'a> {
        self.on_handoff(run, from, to).boxed()
    }

    fn agent_end<'a>(&'a self, run: RunContext<'a, C>, output: &'a str) -> Told<'a> {
        self.on_agent_end(run, output).boxed()
    }
}

//! What your own functions are given of the run they are called in.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::scope::RunScope;
use crate::agent::Agent;
use crate::model::Usage;

/// The run that a function of yours is called in: the context that was given to the run, and what the run knows.
///
/// Instructions, guardrails, hooks, handoffs and tools that are asked whether they are enabled get it. It dereferences to
/// the context, so `run.user_id` reaches a field of `C`. It only borrows, hence it is `Copy`.
///
/// The model never sees the context.
pub struct RunContext<'a, C> {
    /// The context that was given to the run.
    pub context: &'a C,
    agent: Option<&'a Agent<C>>,
    scope: Option<&'a Arc<RunScope<C>>>,
}

impl<'a, C> RunContext<'a, C> {
    /// A context outside of any run, for tests of your functions.
    ///
    /// ```
    /// use chatkit_agents::RunContext;
    ///
    /// let run = RunContext::new(&"Ada");
    /// assert_eq!(run.len(), 3);
    /// assert!(run.agent().is_none());
    /// ```
    pub fn new(context: &'a C) -> Self {
        Self {
            context,
            agent: None,
            scope: None,
        }
    }

    pub(crate) fn of(scope: &'a Arc<RunScope<C>>, agent: &'a Agent<C>) -> Self {
        Self {
            context: &scope.context,
            agent: Some(agent),
            scope: Some(scope),
        }
    }

    /// The same run with another place for the context, a clone of it for example.
    pub(crate) fn with_parts(
        context: &'a C,
        agent: Option<&'a Agent<C>>,
        scope: Option<&'a Arc<RunScope<C>>>,
    ) -> Self {
        Self {
            context,
            agent,
            scope,
        }
    }

    /// The agent that runs now; `None` outside of a run.
    pub fn agent(&self) -> Option<&'a Agent<C>> {
        self.agent
    }

    /// Tokens used so far, by this run and by the agents it has used as tools.
    pub fn usage(&self) -> Usage {
        self.scope
            .map_or_else(Usage::default, |scope| scope.usage())
    }

    pub(crate) fn scope(&self) -> Option<&'a Arc<RunScope<C>>> {
        self.scope
    }
}

impl<C> Deref for RunContext<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.context
    }
}

impl<C> Clone for RunContext<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for RunContext<'_, C> {}

impl<C> fmt::Debug for RunContext<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunContext")
            .field("agent", &self.agent.map(Agent::name))
            .finish_non_exhaustive()
    }
}

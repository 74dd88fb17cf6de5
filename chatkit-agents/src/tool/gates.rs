//! What decides whether a tool may be used, and which of its calls need a person.

use chatkit::BoxError;
use futures::future::BoxFuture;

use super::ToolContext;
use crate::callback::Callback;
use crate::runner::RunContext;

type AskRun<C> =
    dyn for<'a> Fn(RunContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> + Send + Sync;
type AskCall<C> =
    dyn for<'a> Fn(ToolContext<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>> + Send + Sync;

/// The functions that a tool asks. Without them it is always enabled, and no call needs an approval.
pub(crate) struct Gates<C> {
    is_enabled: Option<Box<AskRun<C>>>,
    needs_approval: Option<Box<AskCall<C>>>,
}

impl<C> Default for Gates<C> {
    fn default() -> Self {
        Self {
            is_enabled: None,
            needs_approval: None,
        }
    }
}

impl<C: 'static> Gates<C> {
    pub(crate) fn set_is_enabled<K>(
        &mut self,
        is_enabled: impl for<'a> Callback<'a, RunContext<'a, C>, Result<bool, BoxError>, K>,
    ) {
        self.is_enabled = Some(Box::new(move |run| is_enabled.call(run)));
    }

    pub(crate) fn set_needs_approval<K>(
        &mut self,
        needs: impl for<'a> Callback<'a, ToolContext<'a, C>, Result<bool, BoxError>, K>,
    ) {
        self.needs_approval = Some(Box::new(move |ctx| needs.call(ctx)));
    }
}

impl<C> Gates<C> {
    pub(crate) fn is_enabled<'a>(
        &self,
        run: RunContext<'a, C>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        match &self.is_enabled {
            Some(is_enabled) => is_enabled(run),
            None => Box::pin(std::future::ready(Ok(true))),
        }
    }

    pub(crate) fn needs_approval<'a>(
        &self,
        ctx: ToolContext<'a, C>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        match &self.needs_approval {
            Some(needs) => needs(ctx),
            None => Box::pin(std::future::ready(Ok(false))),
        }
    }
}

/// The setters of a tool with a field `gates`. The documentation is that of `needs_approval`.
macro_rules! gate_setters {
    ($(#[$needs_approval:meta])*) => {
        /// Sets when the model may use the tool; asked before every call to the model.
        #[must_use]
        pub fn is_enabled<K>(
            mut self,
            is_enabled: impl for<'a> $crate::Callback<'a, $crate::RunContext<'a, C>, Result<bool, $crate::BoxError>, K>,
        ) -> Self {
            self.gates.set_is_enabled(is_enabled);
            self
        }

        $(#[$needs_approval])*
        #[must_use]
        pub fn needs_approval<K>(
            mut self,
            needs: impl for<'a> $crate::Callback<'a, $crate::ToolContext<'a, C>, Result<bool, $crate::BoxError>, K>,
        ) -> Self {
            self.gates.set_needs_approval(needs);
            self
        }
    };
}

/// The methods of [`FunctionTool`](super::FunctionTool) and [`LocalTool`](super::LocalTool) that ask a field `gates`.
macro_rules! gate_methods {
    () => {
        fn is_enabled<'a>(
            &'a self,
            run: $crate::RunContext<'a, C>,
        ) -> futures::future::BoxFuture<'a, Result<bool, $crate::BoxError>> {
            self.gates.is_enabled(run)
        }

        fn needs_approval<'a>(
            &'a self,
            ctx: $crate::ToolContext<'a, C>,
        ) -> futures::future::BoxFuture<'a, Result<bool, $crate::BoxError>> {
            self.gates.needs_approval(ctx)
        }
    };
}

pub(crate) use {gate_methods, gate_setters};

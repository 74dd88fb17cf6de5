//! Whose rows a request may see.

use std::fmt;
use std::sync::Arc;

/// A function from a request's context to the key of the user its rows belong to.
pub(crate) struct Scope<C>(Option<Arc<Owner<C>>>);

type Owner<C> = dyn Fn(&C) -> String + Send + Sync;

impl<C> Scope<C> {
    /// One owner for everything: every request sees every row.
    pub(crate) fn shared() -> Self {
        Self(None)
    }

    pub(crate) fn by(owner: impl Fn(&C) -> String + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(owner)))
    }

    /// The owner's key; empty when nothing is scoped.
    pub(crate) fn owner(&self, context: &C) -> String {
        self.0
            .as_ref()
            .map(|owner| owner(context))
            .unwrap_or_default()
    }
}

impl<C> Clone for Scope<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> fmt::Debug for Scope<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Scope(by context)"
        } else {
            "Scope(shared)"
        })
    }
}

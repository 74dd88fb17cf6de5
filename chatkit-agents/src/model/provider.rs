//! Models by name.

use std::fmt;
use std::sync::Arc;

use super::{Model, ModelError, ResponsesClient};

/// Gives models by their name.
pub trait ModelProvider: Send + Sync + 'static {
    /// The model of this name.
    ///
    /// # Errors
    ///
    /// When the provider has no such model, and knows it. Most find out only when they call it.
    fn model(&self, name: &str) -> Result<Arc<dyn Model>, ModelError>;
}

impl ModelProvider for ResponsesClient {
    fn model(&self, name: &str) -> Result<Arc<dyn Model>, ModelError> {
        Ok(Arc::new(Self::model(self, name)))
    }
}

/// The model of an agent: the model itself, or its name.
#[derive(Clone)]
#[non_exhaustive]
pub enum AgentModel {
    /// A name that the run's [model provider](crate::RunConfig::model_provider) resolves.
    Name(String),
    /// The model.
    Model(Arc<dyn Model>),
}

impl AgentModel {
    /// The model's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Model(model) => model.name(),
        }
    }
}

impl<M: Model> From<M> for AgentModel {
    fn from(model: M) -> Self {
        Self::Model(Arc::new(model))
    }
}

impl From<&str> for AgentModel {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for AgentModel {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl fmt::Debug for AgentModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AgentModel").field(&self.name()).finish()
    }
}

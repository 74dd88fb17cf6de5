//! Running code at the provider.

use serde_json::{Value, json};

use super::{ContainerMemory, HostedTool, texts};
use crate::tool::ToolCaller;

/// Lets the model write and run Python in a container of the provider.
///
/// ```
/// use chatkit_agents::tool::{CodeInterpreterTool, ContainerMemory};
///
/// let code = CodeInterpreterTool::auto().file_ids(["file_sales"]).memory_limit(ContainerMemory::Gb4);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CodeInterpreterTool(pub(super) HostedTool);

impl CodeInterpreterTool {
    /// A container that the provider makes when it is needed.
    pub fn auto() -> Self {
        Self::with(json!({"type": "auto"}))
    }

    /// The container with this id.
    pub fn container(id: impl Into<String>) -> Self {
        Self::with(id.into().into())
    }

    fn with(container: Value) -> Self {
        Self(HostedTool::of_type("code_interpreter").option("container", container))
    }

    /// Sets the files that the new container has. Only for [`auto`](Self::auto).
    #[must_use]
    pub fn file_ids<T: Into<String>>(self, ids: impl IntoIterator<Item = T>) -> Self {
        self.container_option("file_ids", texts(ids))
    }

    /// Sets the memory of the new container. Only for [`auto`](Self::auto).
    #[must_use]
    pub fn memory_limit(self, limit: impl Into<ContainerMemory>) -> Self {
        self.container_option("memory_limit", limit.into().as_str().into())
    }

    /// Sets what the new container may reach, as the API takes it: `{"type": "disabled"}`, or
    /// `{"type": "allowlist", "allowed_domains": ["pypi.org"]}`. Only for [`auto`](Self::auto).
    #[must_use]
    pub fn network_policy(self, policy: impl Into<Value>) -> Self {
        self.container_option("network_policy", policy.into())
    }

    fn container_option(self, name: &str, value: Value) -> Self {
        let mut container = self.0.definition()["container"].clone();
        if let Value::Object(container) = &mut container {
            container.insert(name.to_owned(), value);
        }
        Self(self.0.option("container", container))
    }

    /// Sets who may use the tool. The API's default is the model itself.
    #[must_use]
    pub fn allowed_callers(self, callers: impl IntoIterator<Item = ToolCaller>) -> Self {
        let callers: Value = callers.into_iter().collect();
        Self(self.0.option("allowed_callers", callers))
    }

    /// Asks for what the code has printed in the response.
    #[must_use]
    pub fn include_outputs(self) -> Self {
        Self(self.0.include("code_interpreter_call.outputs"))
    }
}

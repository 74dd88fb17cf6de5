//! A shell at the provider.

use serde_json::{Value, json};

use super::{ContainerMemory, HostedTool, texts};
use crate::tool::ToolCaller;

/// Lets the model run commands in a container of the provider. [`ShellTool`](crate::tool::ShellTool) is the one whose
/// commands your program runs.
///
/// ```
/// use chatkit_agents::tool::ContainerShellTool;
/// use serde_json::json;
///
/// let shell = ContainerShellTool::auto().network_policy(json!({"type": "disabled"}));
/// let known = ContainerShellTool::container("cntr_1");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerShellTool(pub(super) HostedTool);

impl ContainerShellTool {
    /// A container that the provider makes when it is needed.
    #[doc(alias = "ShellToolContainerAutoEnvironment")]
    pub fn auto() -> Self {
        Self::with(json!({"type": "container_auto"}))
    }

    /// The container with this id.
    #[doc(alias = "ShellToolContainerReferenceEnvironment")]
    pub fn container(id: impl Into<String>) -> Self {
        Self::with(json!({"type": "container_reference", "container_id": id.into()}))
    }

    fn with(environment: Value) -> Self {
        Self(HostedTool::of_type("shell").option("environment", environment))
    }

    /// Sets the files that the new container has. Only for [`auto`](Self::auto).
    #[must_use]
    pub fn file_ids<T: Into<String>>(self, ids: impl IntoIterator<Item = T>) -> Self {
        self.environment("file_ids", texts(ids))
    }

    /// Sets the memory of the new container. Only for [`auto`](Self::auto).
    #[must_use]
    pub fn memory_limit(self, limit: impl Into<ContainerMemory>) -> Self {
        self.environment("memory_limit", limit.into().as_str().into())
    }

    /// Sets what the new container may reach, as the API takes it: `{"type": "disabled"}`, or
    /// `{"type": "allowlist", "allowed_domains": ["pypi.org"]}`. Only for [`auto`](Self::auto).
    #[must_use]
    pub fn network_policy(self, policy: impl Into<Value>) -> Self {
        self.environment("network_policy", policy.into())
    }

    /// Sets the skills of the new container, as the API takes them: `[{"type": "skill_reference", "skill_id": "..."}]`
    /// for example. Only for [`auto`](Self::auto).
    #[must_use]
    pub fn skills(self, skills: impl Into<Value>) -> Self {
        self.environment("skills", skills.into())
    }

    fn environment(self, name: &str, value: Value) -> Self {
        let mut environment = self.0.definition()["environment"].clone();
        environment[name] = value;
        Self(self.0.option("environment", environment))
    }

    /// Sets who may use the tool. The API's default is the model itself.
    #[must_use]
    pub fn allowed_callers(self, callers: impl IntoIterator<Item = ToolCaller>) -> Self {
        let callers: Value = callers.into_iter().collect();
        Self(self.0.option("allowed_callers", callers))
    }
}

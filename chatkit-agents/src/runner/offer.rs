//! What a model may call in a turn.

use std::sync::Arc;

use chatkit::BoxError;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::config::ToolNameCollisionPolicy;
use super::context::RunContext;
use super::definitions::definitions;
use super::error::{RunError, RunErrorKind};
use super::scope::RunScope;
use super::state::RunToolCall;
use crate::agent::Agent;
use crate::handoff::Handoff;
use crate::items::{OutputItem, OutputItemKind};
use crate::tool::{FunctionTool, LocalTool, Tool};

/// What a model may call in a turn: as it is called, and as it is described.
pub(super) struct Offer<C> {
    tools: Vec<Tool<C>>,
    handoffs: Vec<(Handoff<C>, Agent<C>)>,
    pub(super) definitions: Vec<Box<RawValue>>,
    pub(super) include: Vec<String>,
}

/// What a call calls.
pub(super) enum Callee<'a, C> {
    Handoff(&'a Handoff<C>, &'a Agent<C>),
    Function(&'a Arc<dyn FunctionTool<C>>),
    Local(&'a Arc<dyn LocalTool<C>>),
    Unknown,
}

impl<C: Send + Sync + 'static> Offer<C> {
    /// Finds what is enabled now. All are asked at the same time. `root` is the agent that the run was started with.
    pub(super) async fn of(
        agent: &Agent<C>,
        root: &Agent<C>,
        scope: &Arc<RunScope<C>>,
    ) -> Result<Self, RunError> {
        let run = RunContext::of(scope, agent);
        let tools = all_tools(agent, run).await?;
        let (tools, handoffs) =
            futures::try_join!(enabled_tools(tools, run), enabled_handoffs(agent, run))
                .map_err(|error| agent.failed("is_enabled", error))?;
        let hosted = tools.iter().filter_map(|tool| match tool {
            Tool::Hosted(hosted) => Some(hosted.included()),
            Tool::Function(_) | Tool::Local(_) => None,
        });
        let handoffs = handoffs.into_iter().map(|handoff| {
            let target = target(&handoff, agent, root)?;
            Ok((handoff, target))
        });
        let mut offer = Self {
            include: hosted.flatten().cloned().collect(),
            handoffs: handoffs.collect::<Result<_, RunError>>()?,
            tools,
            definitions: Vec::new(),
        };
        offer.settle_names(agent.name(), scope.config.tool_name_collision_policy)?;
        offer.describe(agent)?;
        Ok(offer)
    }

    /// Writes the definitions of what is offered.
    fn describe(&mut self, agent: &Agent<C>) -> Result<(), RunError> {
        for tool in definitions(&self.tools, agent.has_prompt())? {
            self.definitions.push(definition(&tool)?);
        }
        for (handoff, target) in &self.handoffs {
            self.definitions
                .push(definition(&handoff.definition(target)?)?);
        }
        Ok(())
    }

    /// Leaves one of several functions with one name: a handoff, or else the last.
    fn settle_names(
        &mut self,
        agent: &str,
        policy: ToolNameCollisionPolicy,
    ) -> Result<(), RunError> {
        let mut taken: Vec<String> = Vec::new();
        let mut take = |name: &str| {
            if !taken.iter().any(|known| known == name) {
                taken.push(name.to_owned());
                return Ok(true);
            }
            let message = format!("the agent {agent} offers several functions named {name}");
            match policy {
                ToolNameCollisionPolicy::Error => Err(RunError::new(RunErrorKind::Config, message)),
                ToolNameCollisionPolicy::Warn => {
                    tracing::warn!("{message}");
                    Ok(false)
                }
            }
        };
        let mut failed = Ok(());
        let mut keep = |name: &str| {
            take(name).unwrap_or_else(|error| {
                failed = Err(error);
                true
            })
        };
        self.handoffs.reverse();
        self.handoffs
            .retain(|(handoff, _)| keep(&handoff.function_name()));
        self.handoffs.reverse();
        self.tools.reverse();
        self.tools
            .retain(|tool| tool.qualified_name().is_none_or(|name| keep(&name)));
        self.tools.reverse();
        failed
    }

    pub(super) fn is_handoff(&self, name: &str) -> bool {
        self.handoffs
            .iter()
            .any(|(handoff, _)| handoff.function_name() == name)
    }

    /// What an item of the model calls here; `None` when it is no call, or one that the provider of the model answers.
    pub(super) fn tool_call(&self, item: &OutputItem) -> Option<RunToolCall> {
        let raw = item.raw();
        let text = |field: &str| raw.string_field(field).map(|text| text.into_owned());
        let item_type = item.item_type();
        let origin = || raw.decode::<Origin>().unwrap_or_default();
        if let OutputItemKind::FunctionCall(call) = item.kind() {
            let Origin {
                namespace, caller, ..
            } = origin();
            return Some(RunToolCall {
                item_type: item_type.to_owned(),
                name: call.name.clone(),
                call_id: call.call_id.clone(),
                arguments: call.arguments.clone(),
                server: self
                    .function(&call.name, namespace.as_deref())
                    .and_then(|function| function.server_name())
                    .map(str::to_owned),
                namespace,
                caller,
            });
        }
        let local = self.local(item);
        if local.is_none() && !matches!(item_type, "custom_tool_call" | "mcp_approval_request") {
            return None;
        }
        let arguments = match item_type {
            "custom_tool_call" => text("input"),
            "mcp_approval_request" => text("arguments"),
            _ => None,
        };
        let Origin {
            namespace,
            server_label,
            caller,
        } = origin();
        Some(RunToolCall {
            item_type: item_type.to_owned(),
            name: text("name").unwrap_or_else(|| item_type.to_owned()),
            call_id: raw.call_id().or(raw.id()).unwrap_or_default().to_owned(),
            arguments: arguments.unwrap_or_else(|| raw.get().to_owned()),
            namespace: namespace.or(server_label),
            server: None,
            caller,
        })
    }

    fn local(&self, item: &OutputItem) -> Option<&Arc<dyn LocalTool<C>>> {
        self.tools.iter().rev().find_map(|tool| match tool {
            Tool::Local(tool)
                if tool.call_type() == item.item_type() && tool.is_called_by(item) =>
            {
                Some(tool)
            }
            _ => None,
        })
    }

    /// What a call calls; `item` is the call itself, where it is known.
    pub(super) fn callee(&self, call: &RunToolCall, item: Option<&OutputItem>) -> Callee<'_, C> {
        if call.item_type != "function_call" {
            return item
                .and_then(|item| self.local(item))
                .map_or(Callee::Unknown, Callee::Local);
        }
        if call.namespace.is_none()
            && let Some((handoff, target)) = self
                .handoffs
                .iter()
                .find(|(handoff, _)| handoff.function_name() == call.name)
        {
            return Callee::Handoff(handoff, target);
        }
        self.function(&call.name, call.namespace.as_deref())
            .map_or(Callee::Unknown, Callee::Function)
    }

    fn function(&self, name: &str, namespace: Option<&str>) -> Option<&Arc<dyn FunctionTool<C>>> {
        let mut tools = self.tools.iter().rev();
        tools
            .find(|tool| tool.is_function(name, namespace))?
            .as_function()
    }
}

/// The tools of an agent and of its providers. Those of providers come first, as in the Python SDK, so that an agent's own
/// win over them.
async fn all_tools<C: Send + Sync + 'static>(
    agent: &Agent<C>,
    run: RunContext<'_, C>,
) -> Result<Vec<Tool<C>>, RunError> {
    let providers = agent.tool_providers().iter();
    let provided = futures::future::try_join_all(providers.map(|provider| provider.tools(run)));
    let provided = provided.await.map_err(|error| {
        let message = format!("a tool provider of the agent {} failed", agent.name());
        RunError::callback(message, error)
    })?;
    let own = agent.all_tools().iter().cloned();
    Ok(provided.into_iter().flatten().chain(own).collect())
}

async fn enabled_tools<C: 'static>(
    tools: Vec<Tool<C>>,
    run: RunContext<'_, C>,
) -> Result<Vec<Tool<C>>, BoxError> {
    let enabled = tools.iter().map(|tool| async move {
        match tool {
            Tool::Function(function) => function.is_enabled(run).await,
            Tool::Local(tool) => tool.is_enabled(run).await,
            Tool::Hosted(_) => Ok(true),
        }
    });
    let enabled = futures::future::try_join_all(enabled).await?;
    Ok(those(tools, enabled))
}

async fn enabled_handoffs<C: Send + Sync + 'static>(
    agent: &Agent<C>,
    run: RunContext<'_, C>,
) -> Result<Vec<Handoff<C>>, BoxError> {
    let handoffs = agent.all_handoffs();
    let enabled = handoffs.iter().map(|handoff| handoff.enabled(run));
    let enabled = futures::future::try_join_all(enabled).await?;
    Ok(those(handoffs.iter().cloned(), enabled))
}

fn those<T>(all: impl IntoIterator<Item = T>, enabled: Vec<bool>) -> Vec<T> {
    let all = all.into_iter().zip(enabled);
    all.filter(|(_, enabled)| *enabled)
        .map(|(one, _)| one)
        .collect()
}

/// The agent that a handoff of `agent` leads to. One that it only has the name of is looked for from `root` on.
fn target<C: 'static>(
    handoff: &Handoff<C>,
    agent: &Agent<C>,
    root: &Agent<C>,
) -> Result<Agent<C>, RunError> {
    let named = || root.find(handoff.agent_name());
    handoff.agent().cloned().or_else(named).ok_or_else(|| {
        let message = format!(
            "the agent {} hands over to {}, which {} cannot reach",
            agent.name(),
            handoff.agent_name(),
            root.name()
        );
        RunError::new(RunErrorKind::Config, message)
    })
}

/// Where a call comes from, and where it belongs. All of it is rare.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Origin {
    /// Of a function.
    namespace: Option<String>,
    /// The hosted MCP server that asks for an approval.
    server_label: Option<String>,
    /// The program of the model that made the call.
    caller: Option<Value>,
}

fn definition(definition: &impl serde::Serialize) -> Result<Box<RawValue>, RunError> {
    to_raw_value(definition).map_err(|error| {
        RunError::new(RunErrorKind::Config, "a tool's definition is not JSON").caused_by(error)
    })
}

//! What a run has done and what it does next.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::error::{RunError, RunErrorKind};
use super::item::RunItem;
use crate::guardrail::GuardrailResult;
use crate::items::InputItem;
use crate::model::Usage;

/// The version of the JSON of [`RunState`]. It grows when older code could not read newer JSON.
const VERSION: u32 = 1;

/// Everything a run knows, in a form that can be stored.
///
/// The runner is a loop over [`step`](Self::step); nothing else decides what happens next. A state that was stored, in
/// another process for example, goes on with [`Run::resume`](super::Run::resume).
///
/// Whoever can change the JSON can make the run do anything its tools can do, so keep it on the server.
///
/// ```
/// use chatkit_agents::{Agent, Run, RunError, RunState};
///
/// async fn approved(agent: &Agent<()>, stored: &str) -> Result<String, RunError> {
///     let mut state = RunState::from_json(stored)?;
///     for item in state.interruptions() {
///         state.approve(&item.call_id)?;
///     }
///     Ok(Run::resume(agent, state, ()).run().await?.final_output)
/// }
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunState {
    #[serde(rename = "$schemaVersion", deserialize_with = "version")]
    version: u32,
    /// The name of the agent that runs.
    pub agent: String,
    /// What the run was started with, history of a session included.
    pub input: Vec<InputItem>,
    /// What the run has added: the model's items and the tools' results, in the order the model gets them back.
    pub new_items: Vec<RunItem>,
    /// What was added to the input on the way, and the model has yet to get.
    pub pending_input: Vec<InputItem>,
    /// What models get in place of `input` and the first of `new_items`, since a handoff has changed it.
    pub model_view: Option<ModelView>,
    /// The first of `new_items` that the last response has brought.
    pub turn_start: usize,
    /// Model calls made so far.
    pub current_turn: u32,
    /// Model calls allowed; `None` for any number.
    pub max_turns: Option<u32>,
    /// Turns in a row in which the model only called functions that do not exist.
    pub unknown_calls: u32,
    /// The response that the endpoint continues. When set, the endpoint keeps the conversation, and each call sends
    /// only what is new.
    pub previous_response_id: Option<String>,
    /// The endpoint keeps the conversation from the first response on.
    pub auto_previous_response_id: bool,
    /// The conversation that the endpoint keeps. Each call sends only what is new.
    pub conversation_id: Option<String>,
    /// How much of `input` and `new_items` the endpoint knows already, when it keeps the conversation.
    pub acknowledged: usize,
    /// The id of the last response.
    pub last_response_id: Option<String>,
    /// Tokens used, by this run and by the agents it has used as tools.
    pub usage: Usage,
    /// The agents that have used a tool in this run.
    pub used_tools: BTreeSet<String>,
    /// Tools that were approved (`true`) or rejected for the rest of the run.
    pub decided_tools: BTreeMap<String, bool>,
    /// The agent that runs has begun: its hooks were told.
    pub agent_started: bool,
    /// The input guardrails have passed.
    pub input_checked: bool,
    /// How much of the run the session has: nothing, the input, or the input and so many of `new_items`.
    pub saved: Option<usize>,
    /// Where the run's own input begins in `input`; before it is the history of the session.
    pub history: usize,
    /// What input guardrails have found.
    pub input_guardrail_results: Vec<GuardrailResult>,
    /// What output guardrails have found.
    pub output_guardrail_results: Vec<GuardrailResult>,
    /// What comes next.
    pub step: NextStep,
}

/// What models get of a conversation that a handoff has changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelView {
    /// The items in place of those that the run had then.
    pub items: Vec<InputItem>,
    /// The first of `new_items` that follows them.
    pub from: usize,
}

/// What a run does next.
// The variant is the key, here and in `RunItem`: serde reads any other form of tag through a buffer, and raw JSON does
// not survive that.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NextStep {
    /// Call the model with everything so far.
    CallModel,
    /// Run the tools that the model called.
    CallTools {
        /// The calls, in the order the model made them.
        calls: Vec<ToolCall>,
    },
    /// The run is over.
    Done {
        /// The agent's answer: text, JSON when it has an output type, or the result of the tool that ended the run.
        final_output: String,
    },
}

/// A tool call and, once the tool has settled, its result.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCall {
    /// What the model asked for.
    pub call: RunToolCall,
    /// What the model gets.
    pub output: Option<InputItem>,
    /// What a person has decided, where the call needs an approval.
    pub approval: Option<Approval>,
    /// The run of an agent that is used as a tool, when it waits for an approval itself.
    pub nested: Option<Box<RunState>>,
}

/// What a person has decided about a tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Approval {
    /// Nothing yet.
    Pending,
    /// The tool may run.
    Approved,
    /// The tool does not run.
    Rejected {
        /// What the model is told; `None` for a general text.
        message: Option<String>,
    },
}

/// A call of a tool of this program, as the state keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunToolCall {
    /// The type of the item, `function_call` for a function.
    pub item_type: String,
    /// The name of the tool; the type of the item for tools that have no name.
    pub name: String,
    /// The id that the result refers to.
    pub call_id: String,
    /// The arguments, as the model wrote them. For other tools than functions the JSON of the whole item, or the text
    /// of a `custom_tool_call`.
    pub arguments: String,
    /// The [namespace](crate::tool::ToolNamespace) of a function, or the label of a hosted MCP server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The program of the model that made the call; the result names it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Value>,
}

/// A call that a run waits to be decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolApprovalItem {
    /// The name of the agent whose model made the call.
    pub agent: String,
    /// The name of the tool.
    pub tool_name: String,
    /// The id of the call: what [`RunState::approve`] and [`RunState::reject`] take.
    pub call_id: String,
    /// The arguments, as the model wrote them.
    pub arguments: String,
    /// The [namespace](crate::tool::ToolNamespace) of a function, or the label of a hosted MCP server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl RunState {
    pub(super) fn new(agent: String, input: Vec<InputItem>) -> Self {
        Self {
            version: VERSION,
            agent,
            input,
            new_items: Vec::new(),
            pending_input: Vec::new(),
            model_view: None,
            turn_start: 0,
            current_turn: 0,
            max_turns: Some(super::DEFAULT_MAX_TURNS),
            unknown_calls: 0,
            previous_response_id: None,
            auto_previous_response_id: false,
            conversation_id: None,
            acknowledged: 0,
            last_response_id: None,
            usage: Usage::default(),
            used_tools: BTreeSet::new(),
            decided_tools: BTreeMap::new(),
            agent_started: false,
            input_checked: false,
            saved: None,
            history: 0,
            input_guardrail_results: Vec::new(),
            output_guardrail_results: Vec::new(),
            step: NextStep::CallModel,
        }
    }

    /// Reads a state that [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// When it is not the JSON of a state, or of a version that is newer than this crate.
    pub fn from_json(json: &str) -> Result<Self, RunError> {
        serde_json::from_str(json).map_err(|error| {
            RunError::new(RunErrorKind::State, "the stored run cannot be read").caused_by(error)
        })
    }

    /// The state as JSON, to be stored where only the server can write.
    ///
    /// # Errors
    ///
    /// Not for a state that a run gave.
    pub fn to_json(&self) -> Result<String, RunError> {
        serde_json::to_string(self).map_err(|error| {
            RunError::new(RunErrorKind::State, "the run cannot be stored").caused_by(error)
        })
    }

    /// The calls that the run waits to be decided, those of agents that are used as tools included. Empty unless the run
    /// was interrupted.
    pub fn interruptions(&self) -> Vec<ToolApprovalItem> {
        let NextStep::CallTools { calls } = &self.step else {
            return Vec::new();
        };
        let mut items = Vec::new();
        for call in calls.iter().filter(|call| call.output.is_none()) {
            if call.approval == Some(Approval::Pending) {
                items.push(ToolApprovalItem {
                    agent: self.agent.clone(),
                    tool_name: call.call.name.clone(),
                    call_id: call.call.call_id.clone(),
                    arguments: call.call.arguments.clone(),
                    namespace: call.call.namespace.clone(),
                });
            }
            if let Some(nested) = &call.nested {
                items.extend(nested.interruptions());
            }
        }
        items
    }

    /// Approves a call: when the run is resumed, the tool runs.
    ///
    /// # Errors
    ///
    /// When no call with this id waits to be decided.
    pub fn approve(&mut self, call_id: &str) -> Result<(), RunError> {
        self.decide(call_id, &Approval::Approved).map(drop)
    }

    /// Approves a call, and every later call of the same tool in this run.
    ///
    /// # Errors
    ///
    /// When no call with this id waits to be decided.
    pub fn approve_always(&mut self, call_id: &str) -> Result<(), RunError> {
        let tool = self.decide(call_id, &Approval::Approved)?;
        self.decide_tool(&tool, true);
        Ok(())
    }

    /// Rejects a call: when the run is resumed, the model is told `message`, or a general text.
    ///
    /// # Errors
    ///
    /// When no call with this id waits to be decided.
    pub fn reject(
        &mut self,
        call_id: &str,
        message: impl Into<Option<String>>,
    ) -> Result<(), RunError> {
        let message = message.into();
        self.decide(call_id, &Approval::Rejected { message })
            .map(drop)
    }

    /// Rejects a call, and every later call of the same tool in this run.
    ///
    /// # Errors
    ///
    /// When no call with this id waits to be decided.
    pub fn reject_always(
        &mut self,
        call_id: &str,
        message: impl Into<Option<String>>,
    ) -> Result<(), RunError> {
        let message = message.into();
        let tool = self.decide(call_id, &Approval::Rejected { message })?;
        self.decide_tool(&tool, false);
        Ok(())
    }

    /// Adds to what the model gets next, before the run is resumed: what a user said while it waited, for example. The
    /// input guardrails of the agent that runs check it.
    ///
    /// # Errors
    ///
    /// When the run is over: start a new one instead.
    pub fn add_input(&mut self, item: impl Into<InputItem>) -> Result<(), RunError> {
        if matches!(self.step, NextStep::Done { .. }) {
            return Err(RunError::new(
                RunErrorKind::State,
                "this run is over; start a new one with its result as input",
            ));
        }
        self.pending_input.push(item.into());
        Ok(())
    }

    /// The answer, once the run is over.
    pub fn final_output(&self) -> Option<&str> {
        match &self.step {
            NextStep::Done { final_output } => Some(final_output),
            _ => None,
        }
    }

    /// The endpoint keeps the conversation; calls send only what is new.
    pub(super) fn is_server_managed(&self) -> bool {
        self.previous_response_id.is_some()
            || self.auto_previous_response_id
            || self.conversation_id.is_some()
    }

    /// Gives the [key](RunToolCall::key) of the tool.
    ///
    /// Ids need not be unique: an agent that is used as a tool has an endpoint, and ids, of its own. So each decision
    /// goes to the first call that has none, and changes one only when all have.
    fn decide(&mut self, call_id: &str, decision: &Approval) -> Result<String, RunError> {
        self.try_decide(call_id, decision, |approval| *approval == Approval::Pending)
            .or_else(|| self.try_decide(call_id, decision, |_| true))
            .ok_or_else(|| {
                let message = "no call with this id waits to be decided";
                RunError::new(RunErrorKind::State, message)
            })
    }

    fn try_decide(
        &mut self,
        call_id: &str,
        decision: &Approval,
        which: fn(&Approval) -> bool,
    ) -> Option<String> {
        let NextStep::CallTools { calls } = &mut self.step else {
            return None;
        };
        for call in calls.iter_mut().filter(|call| call.output.is_none()) {
            if call.call.call_id == call_id && call.approval.as_ref().is_some_and(which) {
                call.approval = Some(decision.clone());
                return Some(call.call.key());
            }
            let nested = call.nested.as_mut();
            if let Some(tool) =
                nested.and_then(|nested| nested.try_decide(call_id, decision, which))
            {
                return Some(tool);
            }
        }
        None
    }

    /// Remembers a decision for the rest of the run, where the tool is: here or in a run below.
    fn decide_tool(&mut self, tool: &str, approved: bool) {
        let NextStep::CallTools { calls } = &mut self.step else {
            return;
        };
        let mut here = false;
        for call in calls {
            here |= call.approval.is_some() && call.call.key() == tool;
            if let Some(nested) = &mut call.nested {
                nested.decide_tool(tool, approved);
            }
        }
        if here {
            self.decided_tools.insert(tool.to_owned(), approved);
        }
    }
}

/// Shows where the run is, not what was said.
impl fmt::Debug for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (step, calls) = match &self.step {
            NextStep::CallModel => ("CallModel", 0),
            NextStep::CallTools { calls } => ("CallTools", calls.len()),
            NextStep::Done { .. } => ("Done", 0),
        };
        f.debug_struct("RunState")
            .field("agent", &self.agent)
            .field("step", &step)
            .field("calls", &calls)
            .field("input", &self.input.len())
            .field("new_items", &self.new_items.len())
            .field("current_turn", &self.current_turn)
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

impl RunToolCall {
    /// The name with the namespace before it, as in `crm.get_customer`; without a namespace only the name.
    pub fn qualified_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// What tells the tool from all others, of other kinds too: a decision about all its calls is kept by it.
    pub(super) fn key(&self) -> String {
        match self.item_type.as_str() {
            "function_call" => self.qualified_name(),
            kind => format!("{kind}:{}", self.qualified_name()),
        }
    }
}

impl ToolCall {
    pub(super) fn new(call: RunToolCall) -> Self {
        Self {
            call,
            output: None,
            approval: None,
            nested: None,
        }
    }

    /// A person has to decide before the call, or a run inside it, can go on.
    pub(super) fn waits(&self) -> bool {
        self.output.is_none() && (self.approval == Some(Approval::Pending) || self.nested.is_some())
    }
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        version @ 1..=VERSION => Ok(version),
        newer => Err(D::Error::custom(format_args!(
            "version {newer} of the state of a run; this crate reads up to {VERSION}"
        ))),
    }
}

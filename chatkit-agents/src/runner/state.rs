//! What a run has done and what it does next.

use std::collections::BTreeSet;
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
/// The runner is a loop over it; nothing else decides what happens next. A state that was stored, in another process for
/// example, goes on with [`Runner::resume`](super::Runner::resume).
///
/// Whoever can change the JSON can make the run do anything its tools can do, so keep it on the server.
///
/// ```
/// use chatkit_agents::{Agent, RunError, RunState, Runner};
///
/// async fn approved(agent: &Agent<()>, stored: &str) -> Result<String, RunError> {
///     let mut state = RunState::from_json(stored)?;
///     for item in state.interruptions() {
///         state.approve(&item.call_id)?;
///     }
///     Runner::resume(agent, state, ()).await?.into_output()
/// }
/// ```
#[derive(Clone, Serialize, Deserialize)]
pub struct RunState {
    #[serde(rename = "$schemaVersion", deserialize_with = "version")]
    version: u32,
    /// The name of the agent that runs.
    pub(super) agent: String,
    /// What the run was started with, history of a session included.
    pub(super) input: Vec<InputItem>,
    /// What the run has added: the model's items and the tools' results, in the order the model gets them back.
    pub(super) new_items: Vec<RunItem>,
    /// What was added to the input on the way, and the model has yet to get.
    pub(super) pending_input: Vec<InputItem>,
    /// What models get in place of `input` and the first of `new_items`, since a handoff has changed it.
    pub(super) model_view: Option<ModelView>,
    /// The first of `new_items` that the last response has brought.
    pub(super) turn_start: usize,
    /// Model calls made so far.
    pub(super) current_turn: u32,
    /// Model calls allowed; `None` for any number.
    pub(super) max_turns: Option<u32>,
    /// Turns in a row in which the model only called functions that do not exist.
    pub(super) unknown_calls: u32,
    /// The response that the endpoint continues. When set, the endpoint keeps the conversation, and each call sends
    /// only what is new.
    pub(super) previous_response_id: Option<String>,
    /// The endpoint keeps the conversation from the first response on.
    pub(super) auto_previous_response_id: bool,
    /// The conversation that the endpoint keeps. Each call sends only what is new.
    pub(super) conversation_id: Option<String>,
    /// How much of `input` and `new_items` the endpoint knows already, when it keeps the conversation.
    pub(super) acknowledged: usize,
    /// The id of the last response.
    pub(super) last_response_id: Option<String>,
    /// Tokens used, by this run and by the agents it has used as tools.
    pub(super) usage: Usage,
    /// The agents that have used a tool in this run.
    pub(super) used_tools: BTreeSet<String>,
    /// What was decided about tools for the rest of the run.
    pub(super) decided_tools: Vec<DecidedTool>,
    /// The agent that runs has begun: its hooks were told.
    pub(super) agent_started: bool,
    /// The input guardrails have passed.
    pub(super) input_checked: bool,
    /// How much of the run the session has: nothing, the input, or the input and so many of `new_items`.
    pub(super) saved: Option<usize>,
    /// Where the run's own input begins in `input`; before it is the history of the session.
    pub(super) history: usize,
    /// What input guardrails have found.
    pub(super) input_guardrail_results: Vec<GuardrailResult>,
    /// What output guardrails have found.
    pub(super) output_guardrail_results: Vec<GuardrailResult>,
    /// What comes next.
    pub(super) step: NextStep,
}

/// What models get of a conversation that a handoff has changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ModelView {
    /// The items in place of those that the run had then.
    pub(super) items: Vec<InputItem>,
    /// The first of `new_items` that follows them.
    pub(super) from: usize,
}

/// What a run does next.
// The variant is the key, here and in `RunItemKind`: serde reads any other form of tag through a buffer, and raw JSON does
// not survive that.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NextStep {
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
pub(super) struct ToolCall {
    /// What the model asked for.
    pub(super) call: RunToolCall,
    /// What the model gets.
    pub(super) output: Option<InputItem>,
    /// What a person has decided, where the call needs an approval.
    pub(super) approval: Option<Approval>,
    /// The run of an agent that is used as a tool, when it waits for an approval itself.
    pub(super) nested: Option<Box<RunState>>,
}

/// What a person has decided about a tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Approval {
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

/// What a person has decided about all calls of a tool.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DecidedTool {
    tool: ToolKey,
    decision: Approval,
}

/// What tells a tool from all others, those of other agents and servers too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ToolKey {
    agent: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
}

/// A call of a tool of this program, as the state keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunToolCall {
    /// The type of the item, `function_call` for a function.
    pub(crate) item_type: String,
    /// The name of the tool; the type of the item for tools that have no name.
    pub(crate) name: String,
    /// The id that the result refers to.
    pub(crate) call_id: String,
    /// The arguments, as the model wrote them. For other tools than functions the JSON of the whole item, or the text
    /// of a `custom_tool_call`.
    pub(crate) arguments: String,
    /// The [namespace](crate::tool::ToolNamespace) of a function, or the label of a hosted MCP server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    /// The MCP server that has the function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    /// The program of the model that made the call; the result names it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) caller: Option<Value>,
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
    /// The [name](crate::tool::FunctionTool::server_name) of the MCP server that has the function. Of hosted servers see
    /// `namespace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
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
            decided_tools: Vec::new(),
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

    /// The name of the agent that runs.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// What the run was started with, history of a session included.
    pub fn input(&self) -> &[InputItem] {
        &self.input
    }

    /// What the run has added: the model's items and the tools' results, in the order the model gets them back.
    pub fn new_items(&self) -> &[RunItem] {
        &self.new_items
    }

    /// The whole conversation as input for another run: the input, then what the run has added.
    pub fn to_input_list(&self) -> Vec<InputItem> {
        let added = self.new_items.iter().map(RunItem::to_input_item);
        self.input.iter().cloned().chain(added).collect()
    }

    /// Model calls made so far.
    pub fn current_turn(&self) -> u32 {
        self.current_turn
    }

    /// Tokens used, by this run and by the agents it has used as tools.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The id of the last response, to continue from with [`previous_response_id`](super::Run::previous_response_id).
    pub fn last_response_id(&self) -> Option<&str> {
        self.last_response_id.as_deref()
    }

    /// What input guardrails have found.
    pub fn input_guardrail_results(&self) -> &[GuardrailResult] {
        &self.input_guardrail_results
    }

    /// What output guardrails have found.
    pub fn output_guardrail_results(&self) -> &[GuardrailResult] {
        &self.output_guardrail_results
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
                    server: call.call.server.clone(),
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

    /// Approves a call, and every call of the same tool in this run that is not decided yet.
    ///
    /// The same tool is one of the same agent and, where it has them, of the same MCP server and namespace: an agent that
    /// takes over asks again, whatever the names of its tools are.
    ///
    /// # Errors
    ///
    /// When no call with this id waits to be decided.
    pub fn approve_always(&mut self, call_id: &str) -> Result<(), RunError> {
        self.decide_always(call_id, &Approval::Approved)
    }

    /// Rejects a call: when the run is resumed, the model is told so in a general text.
    ///
    /// # Errors
    ///
    /// When no call with this id waits to be decided.
    pub fn reject(&mut self, call_id: &str) -> Result<(), RunError> {
        self.decide(call_id, &Approval::Rejected { message: None })
            .map(drop)
    }

    /// Rejects a call: when the run is resumed, the model is told `message`.
    ///
    /// # Errors
    ///
    /// When no call with this id waits to be decided.
    pub fn reject_with(
        &mut self,
        call_id: &str,
        message: impl Into<String>,
    ) -> Result<(), RunError> {
        let message = Some(message.into());
        self.decide(call_id, &Approval::Rejected { message })
            .map(drop)
    }

    /// Rejects a call, and every call of the [same tool](Self::approve_always) in this run that is not decided yet: the
    /// model is told so in a general text.
    ///
    /// # Errors
    ///
    /// When no call with this id waits to be decided.
    pub fn reject_always(&mut self, call_id: &str) -> Result<(), RunError> {
        self.decide_always(call_id, &Approval::Rejected { message: None })
    }

    /// Rejects a call, and every call of the [same tool](Self::approve_always) in this run that is not decided yet: the
    /// model is told `message` each time.
    ///
    /// # Errors
    ///
    /// When no call with this id waits to be decided.
    pub fn reject_always_with(
        &mut self,
        call_id: &str,
        message: impl Into<String>,
    ) -> Result<(), RunError> {
        let message = Some(message.into());
        self.decide_always(call_id, &Approval::Rejected { message })
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

    /// What holds for a call: what was decided about it, or else about all calls of its tool.
    pub(super) fn decision<'a>(&'a self, call: &'a ToolCall) -> Option<&'a Approval> {
        let decided = || {
            let key = call.call.key(&self.agent);
            let mut decided = self.decided_tools.iter();
            decided.find(|decided| decided.tool == key)
        };
        match &call.approval {
            Some(Approval::Approved | Approval::Rejected { .. }) => call.approval.as_ref(),
            waits => decided()
                .map(|decided| &decided.decision)
                .or(waits.as_ref()),
        }
    }

    /// Gives the tool's [key](RunToolCall::key).
    ///
    /// Ids need not be unique: an agent that is used as a tool has an endpoint, and ids, of its own. So each decision
    /// goes to the first call that has none, and changes one only when all have.
    fn decide(&mut self, call_id: &str, decision: &Approval) -> Result<ToolKey, RunError> {
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
    ) -> Option<ToolKey> {
        let NextStep::CallTools { calls } = &mut self.step else {
            return None;
        };
        for call in calls.iter_mut().filter(|call| call.output.is_none()) {
            if call.call.call_id == call_id && call.approval.as_ref().is_some_and(which) {
                call.approval = Some(decision.clone());
                return Some(call.call.key(&self.agent));
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

    fn decide_always(&mut self, call_id: &str, decision: &Approval) -> Result<(), RunError> {
        let tool = self.decide(call_id, decision)?;
        self.decide_tool(&tool, decision);
        Ok(())
    }

    /// Remembers a decision for the rest of the run, where the tool is: here or in a run below.
    fn decide_tool(&mut self, tool: &ToolKey, decision: &Approval) {
        let NextStep::CallTools { calls } = &mut self.step else {
            return;
        };
        let mut here = false;
        for call in calls {
            here |= call.approval.is_some() && call.call.key(&self.agent) == *tool;
            if let Some(nested) = &mut call.nested {
                nested.decide_tool(tool, decision);
            }
        }
        if here {
            self.decided_tools.retain(|decided| decided.tool != *tool);
            self.decided_tools.push(DecidedTool {
                tool: tool.clone(),
                decision: decision.clone(),
            });
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
    pub(super) fn qualified_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// A decision about all calls of the tool, as `agent` has it, is kept by this.
    fn key(&self, agent: &str) -> ToolKey {
        ToolKey {
            agent: agent.to_owned(),
            kind: self.item_type.clone(),
            server: self.server.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
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

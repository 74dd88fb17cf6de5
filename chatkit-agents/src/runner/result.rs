//! A run on its way, and at its end.

use std::collections::VecDeque;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, Stream, StreamExt};
use serde_json::value::{RawValue, to_raw_value};

use super::error::{RunError, RunErrorKind};
use super::state::{NextStep, RunFunctionCall, RunItem, RunState, ToolCall};
use crate::agent::{Agent, ToolUseBehavior};
use crate::items::{ContentPart, FunctionOutput, InputItem, OutputItem, OutputItemKind};
use crate::model::{ModelError, ModelRequest, ModelStream, ResponseStreamEvent, Usage};
use crate::tool::{FunctionTool, Tool, ToolContext, ToolError, ToolOutput, ToolOutputPart};

/// Something that happened in a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum StreamEvent {
    /// An event of the model's stream, as it came.
    RawResponse(ResponseStreamEvent),
    /// The run has a new item.
    RunItem(RunItemEvent),
    /// An agent has taken over. The first event of every run.
    AgentUpdated {
        /// The agent's name.
        agent: String,
    },
}

/// A new item of a run.
///
/// A call is reported when the model has finished writing that call, a result when that tool has settled.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunItemEvent {
    /// What happened.
    pub name: RunItemEventName,
    /// The item.
    pub item: RunItem,
}

impl RunItemEvent {
    /// An event about `item`.
    pub fn new(name: RunItemEventName, item: RunItem) -> Self {
        Self { name, item }
    }
}

/// What a [`RunItemEvent`] says of its item; the names are those of the Python SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunItemEventName {
    /// The assistant has written a message.
    MessageOutputCreated,
    /// The model has called a tool.
    ToolCalled,
    /// A tool has settled.
    ToolOutput,
    /// The model has reasoned.
    ReasoningItemCreated,
    /// The model has produced an item of another kind.
    OtherItemCreated,
}

/// The end of a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunResult {
    /// The agent's answer: text, or the result of the tool that ended the run.
    pub final_output: String,
    /// What the run was started with.
    pub input: Vec<InputItem>,
    /// What the run has added.
    pub new_items: Vec<RunItem>,
    /// The name of the agent that answered.
    pub last_agent: String,
    /// The id of the last response, to continue from with [`previous_response_id`](super::Run::previous_response_id).
    pub last_response_id: Option<String>,
    /// Tokens used.
    pub usage: Usage,
}

impl RunResult {
    /// The whole conversation as input for another run: the input, then what the run has added.
    pub fn to_input_list(&self) -> Vec<InputItem> {
        self.input
            .iter()
            .cloned()
            .chain(self.new_items.iter().map(RunItem::to_input_item))
            .collect()
    }
}

/// A run on its way: a stream of its events.
///
/// Reading it drives the run. An error is the last event, and comes behind everything that happened before. Dropping it
/// cancels the run: the model's connection closes and running tools are dropped.
pub struct RunResultStreaming<C> {
    agent: Agent<C>,
    context: Arc<C>,
    state: RunState,
    phase: Phase<C>,
    /// Events that are due before anything else happens.
    due: VecDeque<StreamEvent>,
    /// The functions that the model may call in this turn.
    functions: Vec<Arc<dyn FunctionTool<C>>>,
    /// The items of the response that is being streamed.
    streamed: Vec<OutputItem>,
    /// The response that is being streamed is complete.
    answered: bool,
}

enum Phase<C> {
    /// Look at the state and begin its step.
    Begin,
    Preparing(BoxFuture<'static, Result<Offer<C>, RunError>>),
    /// Reading the model's stream. Its terminal event has decided the next step; the stream is still read to its end, so
    /// that its connection can serve the next call.
    Model(ModelStream),
    Tools(FuturesUnordered<BoxFuture<'static, Settled>>),
    Over,
}

/// What the model is offered in a turn: the tools as they are called, and as they are described.
struct Offer<C> {
    functions: Vec<Arc<dyn FunctionTool<C>>>,
    definitions: Vec<Box<RawValue>>,
}

/// A tool that is done.
struct Settled {
    index: usize,
    result: Result<ToolOutput, ToolError>,
}

impl<C: Send + Sync + 'static> RunResultStreaming<C> {
    pub(super) fn new(agent: Agent<C>, context: Arc<C>, state: RunState) -> Self {
        let started = StreamEvent::AgentUpdated {
            agent: agent.name().to_owned(),
        };
        Self {
            agent,
            context,
            state,
            phase: Phase::Begin,
            due: VecDeque::from([started]),
            functions: Vec::new(),
            streamed: Vec::new(),
            answered: false,
        }
    }

    /// What the run has done and what it does next.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// The answer, once the run is over.
    pub fn final_output(&self) -> Option<&str> {
        match &self.state.step {
            NextStep::Done { final_output } => Some(final_output),
            _ => None,
        }
    }

    /// The result of a run that is over.
    ///
    /// # Errors
    ///
    /// When the run is not over, because it was not read to its end or has failed.
    pub fn into_result(self) -> Result<RunResult, RunError> {
        let NextStep::Done { final_output } = self.state.step else {
            return Err(RunError::new(RunErrorKind::Config, "the run is not over"));
        };
        Ok(RunResult {
            final_output,
            input: self.state.input,
            new_items: self.state.new_items,
            last_agent: self.state.agent,
            last_response_id: self.state.last_response_id,
            usage: self.state.usage,
        })
    }

    /// Begins what the state says comes next.
    fn begin(&mut self) -> Result<(), RunError> {
        self.phase = match &mut self.state.step {
            NextStep::Done { .. } => Phase::Over,
            NextStep::CallModel => {
                let turns = self.state.current_turn;
                if let Some(max) = self.state.max_turns.filter(|max| turns >= *max) {
                    let message = format!("Max turns ({max}) exceeded");
                    return Err(RunError::new(RunErrorKind::MaxTurnsExceeded, message));
                }
                self.state.current_turn += 1;
                Phase::Preparing(Box::pin(offer(
                    self.agent.clone(),
                    Arc::clone(&self.context),
                )))
            }
            NextStep::CallTools { calls } => {
                let tools = FuturesUnordered::new();
                for (index, ToolCall { call, output }) in calls.iter().enumerate() {
                    if output.is_some() {
                        continue;
                    }
                    tools.push(call_tool(
                        find(&self.functions, &call.name),
                        Arc::clone(&self.context),
                        call.clone(),
                        index,
                    ));
                }
                Phase::Tools(tools)
            }
        };
        Ok(())
    }

    /// Sends the conversation to the model.
    fn call_model(&mut self, offer: Offer<C>) {
        let continued = self.state.previous_response_id.is_some();
        let known = if continued {
            self.state.acknowledged
        } else {
            0
        };
        // The first response that can be continued has the input.
        let input: &[InputItem] = if known > 0 { &[] } else { &self.state.input };
        let items: Vec<InputItem> = input
            .iter()
            .cloned()
            .chain(
                self.state
                    .new_items
                    .iter()
                    .skip(known)
                    .map(RunItem::to_input_item),
            )
            .collect();
        let mut settings = self.agent.settings().clone();
        if self.state.used_tool && self.agent.resets_tool_choice() {
            settings.tool_choice = None;
        }
        let tools: Vec<&RawValue> = offer.definitions.iter().map(|tool| &**tool).collect();
        let request = ModelRequest::new(&items)
            .instructions(self.agent.instructions_text())
            .tools(&tools)
            .settings(&settings)
            .previous_response_id(self.state.previous_response_id.as_deref());
        self.phase = Phase::Model(self.agent.the_model().stream(&request));
        self.functions = offer.functions;
        self.streamed.clear();
        self.answered = false;
    }

    /// Takes note of an event of the model; what it means for the run is due behind the event itself.
    fn on_model_event(&mut self, event: ResponseStreamEvent) -> Result<(), RunError> {
        let mut ended = Ok(());
        match &event {
            // The hot path: a text delta only passes through.
            ResponseStreamEvent::OutputTextDelta(_) => {}
            ResponseStreamEvent::OutputItemDone(done) => {
                self.streamed.push(done.item.clone());
                let item = done.item.clone();
                self.due.push_back(StreamEvent::RawResponse(event));
                self.due.push_back(created(item));
                return Ok(());
            }
            ResponseStreamEvent::Completed(completed) => {
                let id = completed.response.id.clone();
                let usage = completed.response.usage.unwrap_or_default();
                let mut items = std::mem::take(&mut self.streamed);
                // Some endpoints stream no finished items, others leave the output of the final response empty.
                let unannounced = items.is_empty();
                if unannounced {
                    items.clone_from(&completed.response.output);
                }
                self.due.push_back(StreamEvent::RawResponse(event));
                if unannounced {
                    self.due.extend(items.iter().cloned().map(created));
                }
                self.on_response(id, usage, items);
                return Ok(());
            }
            ResponseStreamEvent::Incomplete(end) => {
                let reason = end
                    .response
                    .incomplete_details
                    .as_ref()
                    .and_then(|details| details.reason.as_deref());
                ended = Err(bad_end(format!(
                    "the response is incomplete: {}",
                    reason.unwrap_or("no reason given")
                )));
            }
            ResponseStreamEvent::Failed(end) => ended = Err(ModelError::from(&end.response).into()),
            ResponseStreamEvent::Error(error) => ended = Err(ModelError::from(error).into()),
            _ => {}
        }
        self.due.push_back(StreamEvent::RawResponse(event));
        ended
    }

    /// The model has finished a response: decide what comes next.
    fn on_response(&mut self, id: Option<String>, usage: Usage, items: Vec<OutputItem>) {
        self.state.usage += usage;
        self.state.last_response_id.clone_from(&id);
        let calls: Vec<ToolCall> = items
            .iter()
            .filter_map(|item| match item.kind() {
                OutputItemKind::FunctionCall(call) => Some(ToolCall {
                    call: call.into(),
                    output: None,
                }),
                _ => None,
            })
            .collect();
        let answer = items.iter().rev().find_map(|item| match item.kind() {
            OutputItemKind::Message(message) => Some(
                message
                    .refusal()
                    .map_or_else(|| message.text(), str::to_owned),
            ),
            _ => None,
        });
        self.state.step = if !calls.is_empty() {
            self.state.used_tool = true;
            NextStep::CallTools { calls }
        } else if let Some(final_output) = answer {
            NextStep::Done { final_output }
        } else if items
            .iter()
            .any(|item| !matches!(item.kind(), OutputItemKind::Reasoning(_)))
        {
            // A hosted tool ran and the model has not spoken yet.
            self.state.used_tool = true;
            NextStep::CallModel
        } else {
            NextStep::Done {
                final_output: String::new(),
            }
        };
        self.state.new_items.extend(items.into_iter().map(run_item));
        if self.state.previous_response_id.is_some() && id.is_some() {
            self.state.previous_response_id = id;
            self.state.acknowledged = self.state.new_items.len();
        }
        self.answered = true;
    }

    fn on_settled(&mut self, Settled { index, result }: Settled) -> Result<(), RunError> {
        let NextStep::CallTools { calls } = &mut self.state.step else {
            return Ok(());
        };
        let Some(ToolCall { call, output }) = calls.get_mut(index) else {
            return Ok(());
        };
        let result = match result {
            Ok(result) => result,
            Err(error) if error.is_fatal() => return Err(RunError::fatal_tool(&call.name, error)),
            Err(error) => {
                // The cause goes to the log, without the arguments; the model gets the tool's text.
                let cause = error.source().map(tracing::field::display);
                tracing::warn!(tool = %call.name, cause, "a tool failed: {error}");
                let tool = find(&self.functions, &call.name);
                ToolOutput::Text(match tool {
                    Some(tool) => tool.failure_message(&error).into_owned(),
                    None => error.model_message().to_owned(),
                })
            }
        };
        let item = InputItem::function_call_output(call.call_id.clone(), function_output(&result));
        *output = Some(item.clone());
        let event = RunItemEvent::new(
            RunItemEventName::ToolOutput,
            RunItem::ToolCallOutputItem(item),
        );
        self.due.push_back(StreamEvent::RunItem(event));
        Ok(())
    }

    /// All tools have settled: keep their results in the order of the calls, and decide what comes next.
    fn on_all_settled(&mut self) {
        let NextStep::CallTools { calls } =
            std::mem::replace(&mut self.state.step, NextStep::CallModel)
        else {
            return;
        };
        let last = match self.agent.behavior() {
            ToolUseBehavior::RunLlmAgain => None,
            ToolUseBehavior::StopOnFirstTool => calls.first(),
            ToolUseBehavior::StopAtTools(names) => {
                calls.iter().find(|call| names.contains(&call.call.name))
            }
        };
        if let Some(ToolCall {
            output: Some(InputItem::FunctionCallOutput(output)),
            ..
        }) = last
        {
            let final_output = match &output.output {
                FunctionOutput::Text(text) => text.clone(),
                parts => serde_json::to_string(parts).unwrap_or_default(),
            };
            self.state.step = NextStep::Done { final_output };
        }
        let outputs = calls.into_iter().filter_map(|call| call.output);
        self.state
            .new_items
            .extend(outputs.map(RunItem::ToolCallOutputItem));
        self.phase = Phase::Begin;
    }
}

impl<C: Send + Sync + 'static> Stream for RunResultStreaming<C> {
    type Item = Result<StreamEvent, RunError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(event) = this.due.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            let step = match &mut this.phase {
                Phase::Begin => this.begin(),
                Phase::Preparing(preparing) => {
                    ready!(preparing.as_mut().poll(cx)).map(|offer| this.call_model(offer))
                }
                Phase::Model(events) => match ready!(events.poll_next_unpin(cx)) {
                    // What comes behind a complete response, even an error, no longer matters.
                    Some(_) if this.answered => Ok(()),
                    Some(Ok(event)) => this.on_model_event(event),
                    Some(Err(error)) => Err(error.into()),
                    None if this.answered => {
                        this.phase = Phase::Begin;
                        Ok(())
                    }
                    None => Err(bad_end("the model's stream ended without a response")),
                },
                Phase::Tools(tools) => match ready!(tools.poll_next_unpin(cx)) {
                    Some(settled) => this.on_settled(settled),
                    None => {
                        this.on_all_settled();
                        Ok(())
                    }
                },
                Phase::Over => return Poll::Ready(None),
            };
            if let Err(error) = step {
                // What happened before is delivered first.
                this.phase = Phase::Over;
                return match this.due.pop_front() {
                    None => Poll::Ready(Some(Err(error))),
                    Some(event) => {
                        this.phase = Phase::Preparing(Box::pin(std::future::ready(Err(error))));
                        Poll::Ready(Some(Ok(event)))
                    }
                };
            }
        }
    }
}

impl<C> fmt::Debug for RunResultStreaming<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunResultStreaming")
            .field("agent", &self.state.agent)
            .field("turn", &self.state.current_turn)
            .finish_non_exhaustive()
    }
}

fn bad_end(message: impl Into<std::borrow::Cow<'static, str>>) -> RunError {
    RunError::new(RunErrorKind::ModelBehavior, message)
}

/// Finds the tools that are enabled now. All are asked at the same time.
async fn offer<C: Send + Sync + 'static>(
    agent: Agent<C>,
    context: Arc<C>,
) -> Result<Offer<C>, RunError> {
    let enabled = futures::future::join_all(agent.tools().iter().map(|tool| async {
        match tool {
            Tool::Function(function) => function.is_enabled(&context).await,
            Tool::Hosted(_) => true,
        }
    }))
    .await;
    let mut offer = Offer {
        functions: Vec::new(),
        definitions: Vec::new(),
    };
    for (tool, enabled) in agent.tools().iter().zip(enabled) {
        if enabled {
            let definition = tool.to_wire()?;
            offer
                .definitions
                .push(to_raw_value(&definition).map_err(|error| {
                    RunError::new(RunErrorKind::Config, "a tool's definition is not JSON")
                        .caused_by(error)
                })?);
            offer.functions.extend(tool.as_function().cloned());
        }
    }
    Ok(offer)
}

fn find<C: 'static>(
    functions: &[Arc<dyn FunctionTool<C>>],
    name: &str,
) -> Option<Arc<dyn FunctionTool<C>>> {
    // The last of several with one name wins, as in the Python SDK.
    functions
        .iter()
        .rev()
        .find(|tool| {
            tool.definition()
                .is_ok_and(|definition| definition.name() == name)
        })
        .cloned()
}

fn call_tool<C: Send + Sync + 'static>(
    tool: Option<Arc<dyn FunctionTool<C>>>,
    context: Arc<C>,
    call: RunFunctionCall,
    index: usize,
) -> BoxFuture<'static, Settled> {
    Box::pin(async move {
        let Some(tool) = tool else {
            // The model made the name up; told so, it finds another way.
            let result = Err(ToolError::message(format!(
                "Tool '{}' not found.",
                call.name
            )));
            return Settled { index, result };
        };
        let ctx = ToolContext::new(&*context, &call.name, &call.call_id, &call.arguments);
        let running = AssertUnwindSafe(async { tool.call(ctx).await }).catch_unwind();
        let result = match tool.timeout() {
            None => running.await,
            Some(limit) => match tokio::time::timeout(limit, running).await {
                Ok(result) => result,
                Err(_) => Ok(Err(ToolError::timed_out(&call.name, limit))),
            },
        };
        let result = result.unwrap_or_else(|_| Err(ToolError::new("the tool panicked")));
        Settled { index, result }
    })
}

fn created(item: OutputItem) -> StreamEvent {
    let item = run_item(item);
    let name = match &item {
        RunItem::MessageOutputItem(_) => RunItemEventName::MessageOutputCreated,
        RunItem::ReasoningItem(_) => RunItemEventName::ReasoningItemCreated,
        RunItem::ToolCallItem(_) => RunItemEventName::ToolCalled,
        RunItem::ToolCallOutputItem(_) => RunItemEventName::ToolOutput,
        RunItem::OtherItem(_) => RunItemEventName::OtherItemCreated,
    };
    StreamEvent::RunItem(RunItemEvent::new(name, item))
}

fn run_item(item: OutputItem) -> RunItem {
    match item.kind() {
        OutputItemKind::Message(_) => RunItem::MessageOutputItem(item),
        OutputItemKind::Reasoning(_) => RunItem::ReasoningItem(item),
        OutputItemKind::FunctionCall(_) | OutputItemKind::ImageGenerationCall(_) => {
            RunItem::ToolCallItem(item)
        }
        _ if item.item_type().ends_with("_call") => RunItem::ToolCallItem(item),
        _ => RunItem::OtherItem(item),
    }
}

/// A tool's result as the model gets it.
fn function_output(output: &ToolOutput) -> FunctionOutput {
    match output {
        ToolOutput::Text(text) => FunctionOutput::Text(text.clone()),
        ToolOutput::Json(value) => FunctionOutput::Text(value.to_string()),
        ToolOutput::Parts(parts) => FunctionOutput::Parts(parts.iter().map(content_part).collect()),
    }
}

fn content_part(part: &ToolOutputPart) -> ContentPart {
    match part {
        ToolOutputPart::Text(part) => ContentPart::text(&part.text),
        part => {
            to_raw_value(&part.to_wire()).map_or_else(|_| ContentPart::text(""), ContentPart::raw)
        }
    }
}

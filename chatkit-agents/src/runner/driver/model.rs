//! A call to the model.

use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use serde_json::value::{RawValue, to_raw_value};
use tracing::{Instrument, Span};

use super::Driver;
use crate::agent::Prompt;
use crate::items::{InputItem, OutputItem, OutputItemKind, prune_orphans};
use crate::model::{
    AgentModel, Model, ModelError, ModelRequest, ModelSettings, ModelStream, Response,
    ResponseStreamEvent, is_token,
};
use crate::runner::config::{CallModelData, ModelInputData};
use crate::runner::context::RunContext;
use crate::runner::error::{RunError, RunErrorKind};
use crate::runner::item::{RunItem, RunItemKind};
use crate::runner::offer::Offer;
use crate::runner::result::StreamEvent;
use crate::runner::state::{NextStep, ToolCall};
use crate::telemetry::names::*;
use crate::telemetry::{self, ChatRequest, content};

/// A call of the model, of which nothing has been read.
struct ModelCall<C> {
    events: ModelStream,
    offer: Offer<C>,
    span: Span,
    started: Instant,
}

/// A response of the model, at its end.
struct Answer {
    items: Vec<OutputItem>,
    response: Response,
}

impl<C: Send + Sync + 'static> Driver<C> {
    /// Calls the model, and decides what its answer means.
    ///
    /// A run spends its time in the middle. So what comes before and after it is boxed, and takes no room meanwhile, and
    /// only that is in the agent's span: to enter one costs as much as to read a delta.
    pub(super) async fn call_model(&mut self) -> Result<(), RunError> {
        let span = self.span.clone();
        let asked = Box::pin(self.ask()).instrument(span.clone());
        let Some(call) = asked.await? else {
            return Ok(());
        };
        let (answer, offer) = self.read(call).await?;
        Box::pin(self.on_answer(answer, offer))
            .instrument(span)
            .await
    }

    /// Calls the model; `None` when there may be no more calls, and the run has ended.
    async fn ask(&mut self) -> Result<Option<ModelCall<C>>, RunError> {
        if let Some(error) = self.next_turn() {
            return self.recover(error).await.map(|()| None);
        }
        self.start_agent().await?;
        let offer = Offer::of(&self.agent, &self.root, &self.scope).await?;
        let (data, prompt) = self.model_data().await?;
        let ModelInputData {
            input,
            instructions,
        } = &data;
        self.tell(|hooks, run| hooks.llm_start(run, instructions.as_deref(), input))
            .await?;
        self.save_input().await?;
        let model = self.model()?;
        let span = self.chat_span(model.name());
        if self.scope.config.trace_include_sensitive_data {
            content::instructions(&span, SYSTEM_INSTRUCTIONS, data.instructions.as_deref());
            content::messages(&span, INPUT_MESSAGES, &data.input, None);
        }
        let started = Instant::now();
        let events = self.open(&*model, &offer, &data, prompt.as_ref())?;
        Ok(Some(ModelCall {
            events,
            offer,
            span,
            started,
        }))
    }

    /// Counts a turn; the error when there may be no more.
    fn next_turn(&self) -> Option<RunError> {
        let mut state = self.scope.shared.state();
        match state.max_turns {
            Some(max) if state.current_turn >= max => {
                let message = format!("Max turns ({max}) exceeded");
                Some(RunError::new(RunErrorKind::MaxTurnsExceeded, message))
            }
            _ => {
                state.current_turn += 1;
                let added = std::mem::take(&mut state.pending_input);
                state.new_items.extend(
                    added
                        .into_iter()
                        .map(|item| self.item(RunItemKind::Input(item))),
                );
                None
            }
        }
    }

    async fn start_agent(&self) -> Result<(), RunError> {
        if std::mem::replace(&mut self.scope.shared.state().agent_started, true) {
            return Ok(());
        }
        self.tell(|hooks, run| hooks.agent_start(run, &self.agent))
            .await
    }

    /// What the model gets: the conversation, the instructions, the prompt.
    async fn model_data(&self) -> Result<(ModelInputData, Option<Prompt>), RunError> {
        let run = RunContext::of(&self.scope, &self.agent);
        let (instructions, prompt) =
            futures::try_join!(self.agent.instructions_for(run), self.agent.prompt_for(run))?;
        let mut data = ModelInputData {
            input: self.model_input(),
            instructions,
        };
        if let Some(filter) = &self.scope.config.call_model_input_filter {
            let model_data = data;
            data = filter(CallModelData { run, model_data })
                .await
                .map_err(|error| {
                    RunError::callback("the filter of the model's input failed", error)
                })?;
        }
        Ok((data, prompt))
    }

    /// The conversation as the model gets it, or what is new of it when the endpoint keeps it.
    fn model_input(&self) -> Vec<InputItem> {
        let state = self.scope.shared.state();
        let items = |items: &[RunItem]| -> Vec<InputItem> {
            items.iter().map(|item| self.input_item(item)).collect()
        };
        if state.is_server_managed() {
            let input = state.input.iter().skip(state.acknowledged).cloned();
            let known = state.acknowledged.saturating_sub(state.input.len());
            return input
                .chain(items(state.new_items.get(known..).unwrap_or_default()))
                .collect();
        }
        let (head, from) = match &state.model_view {
            Some(view) => (&view.items, view.from),
            None => (&state.input, 0),
        };
        // What the caller gave stays as it is. What the run has added may have lost a part: a tool that failed ended it.
        let mut added = items(state.new_items.get(from..).unwrap_or_default());
        prune_orphans(&mut added);
        head.iter().cloned().chain(added).collect()
    }

    pub(super) fn input_item(&self, item: &RunItem) -> InputItem {
        match &item.kind {
            RunItemKind::Reasoning(item) if self.scope.config.omit_reasoning_item_ids => {
                item.without_id()
            }
            _ => item.to_input_item(),
        }
    }

    fn model(&self) -> Result<Arc<dyn Model>, RunError> {
        let config = &self.scope.config;
        match config.model.as_ref().unwrap_or(self.agent.the_model()) {
            AgentModel::Model(model) => Ok(Arc::clone(model)),
            AgentModel::Name(name) => match &config.model_provider {
                Some(provider) => Ok(provider.model(name)?),
                None => {
                    let message = format!(
                        "the model of the agent {} is the name {name}: set RunConfig::model_provider, or give it a model",
                        self.agent.name()
                    );
                    Err(RunError::new(RunErrorKind::Config, message))
                }
            },
        }
    }

    fn open(
        &self,
        model: &dyn Model,
        offer: &Offer<C>,
        data: &ModelInputData,
        prompt: Option<&Prompt>,
    ) -> Result<ModelStream, RunError> {
        let settings = self.settings();
        let prompt = prompt.map(raw_json).transpose()?;
        let format = self
            .agent
            .output()
            .map(|schema| schema.to_wire())
            .transpose()?;
        let tools: Vec<&RawValue> = offer.definitions.iter().map(|tool| &**tool).collect();
        let include: Vec<&str> = offer.include.iter().map(String::as_str).collect();
        let (previous, conversation) = {
            let state = self.scope.shared.state();
            (
                state.previous_response_id.clone(),
                state.conversation_id.clone(),
            )
        };
        let request = ModelRequest::new(&data.input)
            .instructions(data.instructions.as_deref())
            .prompt(prompt.as_deref())
            .tools(&tools)
            .include(&include)
            .output_format(format.as_deref())
            .settings(&settings)
            .previous_response_id(previous.as_deref())
            .conversation(conversation.as_deref());
        Ok(model.stream(&request))
    }

    pub(super) fn settings(&self) -> ModelSettings {
        let settings = self.agent.settings();
        let mut settings = match &self.scope.config.model_settings {
            Some(over) => settings.overlay(over),
            None => settings.clone(),
        };
        let used = self
            .scope
            .shared
            .state()
            .used_tools
            .contains(self.agent.name());
        if used && self.agent.resets_tool_choice() {
            settings.tool_choice = None;
        }
        settings
    }

    /// Reads the model's answer, and keeps what it has brought.
    async fn read(&mut self, call: ModelCall<C>) -> Result<(Answer, Offer<C>), RunError> {
        let ModelCall {
            events,
            offer,
            span,
            started,
        } = call;
        let answer = self.read_events(events, &offer, &span, started).await;
        let answer = answer.inspect_err(|error| telemetry::run_failed(&span, error))?;
        self.record(&span, &answer);
        Ok((answer, offer))
    }

    /// Reads the model's stream to its end, so that its connection can serve the next call.
    async fn read_events(
        &mut self,
        mut events: ModelStream,
        offer: &Offer<C>,
        span: &Span,
        started: Instant,
    ) -> Result<Answer, RunError> {
        let mut waiting = Some(started);
        let mut streamed = Vec::new();
        let mut answer = None;
        loop {
            // In the call's span until the answer begins; a delta has nothing to say about itself.
            let within = waiting.map_or_else(Span::none, |_| span.clone());
            let next = events.next().instrument(within);
            let event = match self.checks() {
                None => next.await,
                Some(checks) => tokio::select! {
                    biased;
                    found = checks => {
                        *self.checks() = None;
                        self.input_checked(found)?;
                        continue;
                    }
                    event = next => event,
                },
            };
            let event = match (event, &answer) {
                (None, _) => break,
                // What comes behind a complete response, even an error, no longer matters.
                (Some(_), Some(_)) => continue,
                (Some(event), None) => event?,
            };
            if let Some(started) = waiting.take() {
                let seconds = started.elapsed().as_secs_f64();
                span.record(RESPONSE_TIME_TO_FIRST_CHUNK, seconds);
            }
            match &event {
                // The hot path: a text delta only passes through.
                ResponseStreamEvent::OutputTextDelta(_) => {}
                ResponseStreamEvent::OutputItemDone(done) => {
                    let item = done.item.clone();
                    streamed.push(item.clone());
                    self.emit(StreamEvent::RawResponse(event)).await;
                    self.emit_item(self.model_item(item, offer)).await;
                    continue;
                }
                ResponseStreamEvent::Completed(completed) => {
                    let mut response = completed.response.clone();
                    let mut items = std::mem::take(&mut streamed);
                    self.emit(StreamEvent::RawResponse(event)).await;
                    // Some endpoints stream no finished items, others leave the output of the final response empty.
                    if items.is_empty() {
                        items.clone_from(&response.output);
                        for item in items.iter().cloned() {
                            self.emit_item(self.model_item(item, offer)).await;
                        }
                    } else {
                        response.output.clone_from(&items);
                    }
                    answer = Some(Answer { items, response });
                    continue;
                }
                _ => {
                    if let Some(error) = bad_end(&event) {
                        if let ResponseStreamEvent::Incomplete(end)
                        | ResponseStreamEvent::Failed(end) = &event
                        {
                            let usage = end.response.usage.unwrap_or_default();
                            telemetry::response(span, &end.response, usage);
                        }
                        self.emit(StreamEvent::RawResponse(event)).await;
                        return Err(error);
                    }
                }
            }
            self.emit(StreamEvent::RawResponse(event)).await;
        }
        answer.ok_or_else(|| {
            RunError::new(
                RunErrorKind::ModelBehavior,
                "the model's stream ended without a response",
            )
        })
    }

    /// Keeps what a response has brought.
    fn record(&self, span: &Span, answer: &Answer) {
        let usage = answer.response.usage.unwrap_or_default();
        self.scope.add_usage(usage);
        telemetry::response(span, &answer.response, usage);
        if self.scope.config.trace_include_sensitive_data {
            let output: Vec<_> = answer.items.iter().map(OutputItem::to_input_item).collect();
            let reason = telemetry::finish_reason(&answer.response);
            content::messages(span, OUTPUT_MESSAGES, &output, Some(reason));
        }
    }

    fn chat_span(&self, model: &str) -> Span {
        let state = self.scope.shared.state();
        let group = self.scope.config.group_id.as_deref();
        let (previous_response, conversation) = (
            state.previous_response_id.clone(),
            state.conversation_id.clone(),
        );
        drop(state);
        telemetry::chat(&ChatRequest {
            model,
            agent: self.agent.name(),
            settings: &self.settings(),
            json: self.agent.output().is_some(),
            previous_response: previous_response.as_deref(),
            conversation: conversation.as_deref().or(group),
        })
    }

    fn model_item(&self, item: OutputItem, offer: &Offer<C>) -> RunItem {
        self.item(RunItemKind::of_model(item, |name| offer.is_handoff(name)))
    }

    /// Decides what a response means for the run.
    async fn on_answer(&mut self, answer: Answer, offer: Offer<C>) -> Result<(), RunError> {
        self.tell(|hooks, run| hooks.llm_end(run, &answer.response))
            .await?;
        // No tool runs, no agent takes over, and nothing is final before the input is known to be good.
        self.finish_checks().await?;
        let Answer { items, response } = answer;
        let calls: Vec<ToolCall> = items
            .iter()
            .filter_map(|item| offer.tool_call(item))
            .map(ToolCall::new)
            .collect();
        let message = items.iter().rev().find_map(|item| match item.kind() {
            OutputItemKind::Message(message) => Some(message.clone()),
            _ => None,
        });
        let acted = items.iter().any(|item| {
            !matches!(
                item.kind(),
                OutputItemKind::Reasoning(_) | OutputItemKind::Message(_)
            )
        });
        {
            let mut state = self.scope.shared.state();
            state.turn_start = state.new_items.len();
            let items = items.into_iter().map(|item| self.model_item(item, &offer));
            state.new_items.extend(items);
            state.last_response_id.clone_from(&response.id);
            if (state.previous_response_id.is_some() || state.auto_previous_response_id)
                && response.id.is_some()
            {
                state.previous_response_id = response.id;
                state.acknowledged = state.input.len() + state.new_items.len();
            } else if state.conversation_id.is_some() {
                state.acknowledged = state.input.len() + state.new_items.len();
            }
            if acted {
                state.used_tools.insert(self.agent.name().to_owned());
            }
            if !calls.is_empty() {
                state.step = NextStep::CallTools { calls };
                self.offer = Some(offer);
                return Ok(());
            }
        }
        match (message, self.agent.output()) {
            (Some(message), None) => {
                let text = message
                    .refusal()
                    .map_or_else(|| message.text(), str::to_owned);
                self.finish(text).await
            }
            (Some(message), Some(schema)) => {
                let error = match (message.refusal(), schema.read(&message.text())) {
                    (Some(_), _) => RunError::new(
                        RunErrorKind::ModelRefusal,
                        "the model refused to give an output of the agent's type",
                    ),
                    (None, Ok(json)) => return self.finish(json).await,
                    (None, Err(error)) => RunError::new(
                        RunErrorKind::InvalidFinalOutput,
                        "the model's output is not of the agent's type",
                    )
                    .caused_by(error),
                };
                self.recover(error).await
            }
            (None, None) if !acted => self.finish(String::new()).await,
            // A hosted tool ran and the model has not spoken yet, or not in the form it has to.
            (None, _) => self.save_turn().await,
        }
    }
}

/// The error that an event means, if the response does not end well with it.
fn bad_end(event: &ResponseStreamEvent) -> Option<RunError> {
    match event {
        ResponseStreamEvent::Incomplete(end) => {
            let details = end.response.incomplete_details.as_ref();
            let reason = details.and_then(|details| details.reason.as_deref());
            let reason = reason.filter(|reason| is_token(reason));
            let message = format!(
                "the response is incomplete: {}",
                reason.unwrap_or("no reason given")
            );
            Some(RunError::new(RunErrorKind::ModelBehavior, message))
        }
        ResponseStreamEvent::Failed(end) => Some(ModelError::from(&end.response).into()),
        ResponseStreamEvent::Error(error) => Some(ModelError::from(error).into()),
        _ => None,
    }
}

fn raw_json(value: &impl serde::Serialize) -> Result<Box<RawValue>, RunError> {
    to_raw_value(value).map_err(|error| {
        RunError::new(RunErrorKind::Config, "the prompt is not JSON").caused_by(error)
    })
}

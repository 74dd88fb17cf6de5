//! The kinds `stream_agent_response` and `accumulate_text`, and the op `agent` of a handler: a run whose events the case
//! gives, one at a time.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use chatkit::types::{
    Annotation, GeneratedImageItem, JsonObject, Task, ThreadItem, ThreadMetadata,
    ThreadStreamEvent, Workflow, WorkflowItem, WorkflowSummary,
};
use chatkit::widgets::{WidgetComponent, WidgetContent, WidgetRoot};
use chatkit::{BoxError, Turn, TurnError};
use chatkit_agents::items::{
    ContainerFileCitation, FileCitation, OutputItem, RawItem, UrlCitation,
};
use chatkit_agents::model::ResponseStreamEvent;
use chatkit_agents::{
    AgentContext, ClientToolCall, DefaultResponseStreamConverter, ResponseStreamConverter,
    RunError, RunErrorKind, RunItem, RunItemKind, StreamEvent, accumulate_text,
    stream_agent_response_with,
};
use futures::{Stream, StreamExt};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::failure::{self, ErrorSpec, Failure, Invalid, Scripted};
use super::store::{Contents, Options, RecordingStore};
use super::values::hide_in_event;

/// A case of the kind `stream_agent_response`.
#[derive(Deserialize)]
pub(super) struct Case {
    thread: ThreadMetadata,
    store: Contents,
    #[serde(default)]
    store_options: Options,
    #[serde(flatten)]
    run: ScriptedRun,
}

/// A run and what tools do in it.
#[derive(Deserialize)]
pub(super) struct ScriptedRun {
    inputs: Vec<Input>,
    #[serde(default)]
    end: End,
    #[serde(default)]
    context: ContextFields,
    #[serde(default)]
    converter: CaseConverter,
}

/// One thing that happens.
#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Raw {
        raw: Value,
    },
    RunItem {
        run_item: ScriptedRunItem,
    },
    Other {
        #[serde(rename = "other")]
        _other: Value,
    },
    Context(ContextCall),
}

#[derive(Deserialize)]
struct ScriptedRunItem {
    #[serde(rename = "type", default = "tool_call_item")]
    item_type: String,
    #[serde(default)]
    raw_item: Value,
}

fn tool_call_item() -> String {
    "tool_call_item".to_owned()
}

/// A tool calls a method of its context.
#[derive(Deserialize)]
#[serde(tag = "ctx", rename_all = "snake_case")]
enum ContextCall {
    Stream {
        event: Box<ThreadStreamEvent>,
    },
    StartWorkflow {
        workflow: Workflow,
    },
    AddWorkflowTask {
        task: Task,
    },
    UpdateWorkflowTask {
        task: Task,
        task_index: i64,
    },
    EndWorkflow {
        summary: Option<WorkflowSummary>,
        #[serde(default)]
        expanded: bool,
    },
    StreamWidget(ScriptedWidget),
    SetClientToolCall {
        name: String,
        arguments: JsonObject,
    },
}

/// A widget and its states.
#[derive(Deserialize)]
pub(super) struct ScriptedWidget {
    states: Vec<WidgetRoot>,
    #[serde(default = "yes")]
    generator: bool,
    copy_text: Option<String>,
    raise: Option<ErrorSpec>,
}

fn yes() -> bool {
    true
}

/// Fields of the context that are set before the run.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ContextFields {
    client_tool_call: Option<ScriptedCall>,
    workflow_item: Option<ThreadItem>,
    generated_image_item: Option<ThreadItem>,
}

#[derive(Deserialize)]
struct ScriptedCall {
    name: String,
    arguments: JsonObject,
}

/// How the run ends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct End {
    kind: EndKind,
    error: Option<ErrorSpec>,
    /// Before anything that the last input has caused is taken.
    immediate: bool,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EndKind {
    #[default]
    Complete,
    InputGuardrail,
    OutputGuardrail,
    Error,
}

/// What a case has instead of the default conversions.
#[derive(Default, Deserialize)]
#[serde(default)]
struct CaseConverter {
    partial_images: Option<i64>,
    image_url: Option<String>,
    #[serde(deserialize_with = "present")]
    file_citation: Option<Option<Annotation>>,
    #[serde(deserialize_with = "present")]
    container_file_citation: Option<Option<Annotation>>,
    #[serde(deserialize_with = "present")]
    url_citation: Option<Option<Annotation>>,
    /// An annotation that comes by itself must be of a known kind; inside of a finished item any kind goes.
    #[serde(skip)]
    strict: AtomicBool,
}

/// Tells a null from an absent field.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl ResponseStreamConverter for CaseConverter {
    fn partial_images(&self) -> Option<u32> {
        self.partial_images
            .map(|count| u32::try_from(count).unwrap_or_default())
    }

    async fn base64_image_to_url(
        &self,
        image_id: &str,
        base64_image: &str,
        partial_image_index: Option<u64>,
    ) -> Result<String, BoxError> {
        let index = partial_image_index.map_or("final".to_owned(), |index| index.to_string());
        let template = self
            .image_url
            .as_deref()
            .unwrap_or("data:image/png;base64,{base64}");
        Ok(template
            .replace("{image_id}", image_id)
            .replace("{base64}", base64_image)
            .replace("{index}", &index))
    }

    async fn file_citation_to_annotation(
        &self,
        citation: &FileCitation,
    ) -> Result<Option<Annotation>, BoxError> {
        match &self.file_citation {
            Some(fixed) => Ok(fixed.clone()),
            None => {
                DefaultResponseStreamConverter::new()
                    .file_citation_to_annotation(citation)
                    .await
            }
        }
    }

    async fn container_file_citation_to_annotation(
        &self,
        citation: &ContainerFileCitation,
    ) -> Result<Option<Annotation>, BoxError> {
        match &self.container_file_citation {
            Some(fixed) => Ok(fixed.clone()),
            None => {
                DefaultResponseStreamConverter::new()
                    .container_file_citation_to_annotation(citation)
                    .await
            }
        }
    }

    async fn url_citation_to_annotation(
        &self,
        citation: &UrlCitation,
    ) -> Result<Option<Annotation>, BoxError> {
        match &self.url_citation {
            Some(fixed) => Ok(fixed.clone()),
            None => {
                DefaultResponseStreamConverter::new()
                    .url_citation_to_annotation(citation)
                    .await
            }
        }
    }

    async fn other_annotation_to_annotation(
        &self,
        _: &RawItem,
    ) -> Result<Option<Annotation>, BoxError> {
        if self.strict.load(Ordering::Relaxed) {
            return Err(Invalid("an annotation of an unknown kind".to_owned()).into());
        }
        Ok(None)
    }
}

/// Where the events of a run go.
#[derive(Clone, Copy)]
pub(super) enum Sink<'a> {
    /// Into a turn.
    Turn(&'a Turn<()>),
    /// Into a list, as JSON.
    List(&'a Mutex<Vec<Value>>),
}

impl Sink<'_> {
    async fn take(self, mut event: ThreadStreamEvent) -> Result<(), TurnError> {
        match self {
            Self::Turn(turn) => turn.send(event).await?,
            Self::List(list) => {
                hide_in_event(&mut event);
                let event = serde_json::to_value(&event)?;
                list.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(event);
            }
        }
        Ok(())
    }
}

/// What came of a run.
#[derive(Default)]
pub(super) struct Outcome {
    error: Option<TurnError>,
    /// Errors of the context's methods, with the number of the input.
    context_errors: Vec<Value>,
}

impl Outcome {
    pub(super) fn into_result(self) -> Result<(), TurnError> {
        self.error.map_or(Ok(()), Err)
    }
}

/// Runs a case of the kind `stream_agent_response`.
pub(super) fn run(case: Case) -> Result<Value, Failure> {
    let store = RecordingStore::new(case.store, case.store_options)?;
    let turn = Turn::detached(case.thread, store.clone(), ());
    let context = AgentContext::new(&turn);
    let events = Mutex::new(Vec::new());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(Failure::rejected)?;
    let outcome = runtime.block_on(case.run.play(&context, Sink::List(&events)))?;
    let mut events = events.into_inner().unwrap_or_else(PoisonError::into_inner);
    if matches!(
        case.run.end.kind,
        EndKind::InputGuardrail | EndKind::OutputGuardrail
    ) {
        sort_removals(&mut events);
    }
    Ok(json!({
        "events": events,
        "error": outcome.error.as_ref().map(failure::turn_error),
        "ctx_errors": outcome.context_errors,
        "context_after": {
            "workflow_item": context.workflow_item().map(|item| item.id),
            "generated_image_item": context.generated_image_item().map(|item| item.id),
        },
        "writes": store.take_writes(),
        "store": store.snapshot()?,
    }))
}

/// The order of the removals behind a guardrail's error says nothing.
fn sort_removals(events: &mut [Value]) {
    let removals = events
        .iter()
        .rev()
        .take_while(|event| event["type"] == "thread.item.removed")
        .count();
    let start = events.len() - removals;
    events[start..].sort_by_key(|event| event["item_id"].to_string());
}

/// A case of the kind `accumulate_text`.
#[derive(Deserialize)]
pub(super) struct AccumulateCase {
    base: WidgetComponent,
    inputs: Vec<Input>,
}

/// Runs a case of the kind `accumulate_text`.
pub(super) fn accumulate(case: AccumulateCase) -> Result<Value, Failure> {
    let events = case
        .inputs
        .iter()
        .map(Input::event)
        .collect::<Result<Vec<_>, _>>()?;
    let events = futures::stream::iter(events.into_iter().flatten().map(Ok));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(Failure::rejected)?;
    let states: Vec<Value> = runtime.block_on(async {
        accumulate_text(events, case.base)
            .map(|state| match state {
                Ok(state) => serde_json::to_value(state).map_err(Failure::rejected),
                Err(error) => Err(Failure::rejected(error)),
            })
            .collect::<Vec<_>>()
            .await
            .into_iter()
            .collect::<Result<_, _>>()
    })?;
    Ok(json!({ "states": states }))
}

impl Input {
    /// The event of the run that this input is; nothing for what a tool does.
    fn event(&self) -> Result<Option<StreamEvent>, Failure> {
        Ok(Some(match self {
            Self::Raw { raw } => {
                let event =
                    ResponseStreamEvent::from_json(&raw.to_string()).map_err(Failure::rejected)?;
                StreamEvent::RawResponse(event)
            }
            Self::RunItem { run_item } if run_item.item_type == "tool_call_item" => {
                let item = OutputItem::from_json(&run_item.raw_item.to_string())
                    .map_err(Failure::rejected)?;
                StreamEvent::RunItem(RunItem::new("agent", RunItemKind::ToolCall(item)).into())
            }
            Self::RunItem { .. } | Self::Other { .. } => StreamEvent::AgentUpdated {
                agent: "other".to_owned(),
            },
            Self::Context(_) => return Ok(None),
        }))
    }
}

impl ScriptedRun {
    /// Plays the run; each of its events goes to `sink` before the next input is given.
    pub(super) async fn play(
        &self,
        context: &AgentContext<()>,
        sink: Sink<'_>,
    ) -> Result<Outcome, Failure> {
        self.context.set(context);
        let (inputs, mut received) = mpsc::unbounded_channel();
        let run = futures::stream::poll_fn(move |cx| received.poll_recv(cx));
        let mut stream = pin!(stream_agent_response_with(
            context.clone(),
            run,
            &self.converter
        ));
        let mut outcome = Outcome::default();
        let mut over = !pump(stream.as_mut(), sink, &mut outcome).await;
        for (number, input) in self.inputs.iter().enumerate() {
            self.converter
                .strict
                .store(input.is_annotation(), Ordering::Relaxed);
            if over {
                break;
            }
            match input {
                Input::Context(call) => {
                    if let Err(error) = call.perform(context).await {
                        outcome
                            .context_errors
                            .push(json!({ "input": number, "error": failure::turn_error(&error) }));
                    }
                }
                input => {
                    if let Some(event) = input.event()? {
                        // The other end lives as long as the stream.
                        let _ = inputs.send(Ok(event));
                    }
                }
            }
            let last = number + 1 == self.inputs.len();
            if !(last && self.end.immediate) {
                over = !pump(stream.as_mut(), sink, &mut outcome).await;
            }
        }
        if let Some(error) = self.end.error() {
            let _ = inputs.send(Err(error));
        }
        drop(inputs);
        while !over && pump(stream.as_mut(), sink, &mut outcome).await {
            tokio::task::yield_now().await;
        }
        Ok(outcome)
    }
}

impl Input {
    fn is_annotation(&self) -> bool {
        matches!(self, Self::Raw { raw } if raw["type"] == "response.output_text.annotation.added")
    }
}

/// Takes what is there. Returns whether there may be more later.
async fn pump(
    mut stream: Pin<&mut impl Stream<Item = Result<ThreadStreamEvent, TurnError>>>,
    sink: Sink<'_>,
    outcome: &mut Outcome,
) -> bool {
    // The runtime may want to be asked again, even where nothing is waited for.
    let mut quiet = 0;
    while quiet < 3 {
        match futures::poll!(stream.next()) {
            Poll::Pending => {
                quiet += 1;
                tokio::task::yield_now().await;
            }
            Poll::Ready(None) => return false,
            Poll::Ready(Some(event)) => {
                quiet = 0;
                let result = match event {
                    Ok(event) => sink.take(event).await,
                    Err(error) => Err(error),
                };
                if let Err(error) = result {
                    outcome.error = Some(error);
                    return false;
                }
            }
        }
    }
    true
}

impl End {
    fn error(&self) -> Option<RunError> {
        let kind = match self.kind {
            EndKind::Complete => return None,
            EndKind::InputGuardrail => RunErrorKind::InputGuardrailTripwireTriggered,
            EndKind::OutputGuardrail => RunErrorKind::OutputGuardrailTripwireTriggered,
            EndKind::Error => RunErrorKind::ModelBehavior,
        };
        let error = RunError::new(kind, "scripted");
        Some(match (&self.error, self.kind) {
            (Some(cause), _) => error.caused_by(cause.to_error().into_inner()),
            (None, EndKind::Error) => error.caused_by(Scripted("the run failed".to_owned())),
            (None, _) => error,
        })
    }
}

impl ContextFields {
    fn set(&self, context: &AgentContext<()>) {
        if let Some(call) = &self.client_tool_call {
            context.set_client_tool_call(ClientToolCall::new(&call.name, call.arguments.clone()));
        }
        if let Some(ThreadItem::Workflow(item)) = &self.workflow_item {
            context.set_workflow_item(WorkflowItem::clone(item));
        }
        if let Some(ThreadItem::GeneratedImage(item)) = &self.generated_image_item {
            context.set_generated_image_item(GeneratedImageItem::clone(item));
        }
    }
}

impl ContextCall {
    async fn perform(&self, context: &AgentContext<()>) -> Result<(), TurnError> {
        match self {
            Self::Stream { event } => context.stream((**event).clone()).await,
            Self::StartWorkflow { workflow } => context.start_workflow(workflow.clone()).await,
            Self::AddWorkflowTask { task } => {
                context.add_workflow_task(task.clone()).await;
            }
            Self::UpdateWorkflowTask { task, task_index } => {
                let index = usize::try_from(*task_index).unwrap_or(usize::MAX);
                context.update_workflow_task(task.clone(), index).await?;
            }
            Self::EndWorkflow { summary, expanded } => {
                context.end_workflow(summary.clone(), *expanded).await;
            }
            Self::StreamWidget(widget) if widget.generator => {
                context.stream_widget(widget.states()).await?;
            }
            Self::StreamWidget(widget) => {
                if let Some(content) = widget.content() {
                    context.add_widget(content).await;
                }
            }
            Self::SetClientToolCall { name, arguments } => {
                context.set_client_tool_call(ClientToolCall::new(name, arguments.clone()));
            }
        }
        Ok(())
    }
}

impl ScriptedWidget {
    /// Shows the widget in a turn.
    pub(super) async fn show(&self, turn: &Turn<()>) -> Result<(), TurnError> {
        if self.generator {
            return turn.stream_widget(self.states()).await;
        }
        if let Some(content) = self.content() {
            turn.add_widget(content).await?;
        }
        Ok(())
    }

    fn states(&self) -> impl Stream<Item = Result<WidgetContent, TurnError>> + Send {
        let states = self.states.iter().map(|state| Ok(self.content_of(state)));
        let error = self.raise.iter().map(|error| Err(error.to_error()));
        futures::stream::iter(states.chain(error))
    }

    fn content(&self) -> Option<WidgetContent> {
        self.states.first().map(|state| self.content_of(state))
    }

    fn content_of(&self, state: &WidgetRoot) -> WidgetContent {
        let content = WidgetContent::new(state.clone());
        match &self.copy_text {
            Some(text) => content.copy_text(text),
            None => content,
        }
    }
}

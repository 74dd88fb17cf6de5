//! From a run to a thread: the events of an agent's run become events of a ChatKit turn.

use std::collections::HashMap;

use chatkit::TurnError;
use chatkit::store::{Store, StoreItemType};
use chatkit::types::{
    Annotation, AssistantMessageContent, AssistantMessageContentPartAdded,
    AssistantMessageContentPartAnnotationAdded, AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta, AssistantMessageItem, ClientToolCallItem, GeneratedImage,
    GeneratedImageItem, GeneratedImageUpdated, Order, Task, ThoughtTask, ThreadItem,
    ThreadItemAddedEvent, ThreadItemDoneEvent, ThreadItemRemovedEvent, ThreadItemUpdate,
    ThreadItemUpdatedEvent, ThreadStreamEvent, Workflow, WorkflowType,
};
use futures::{Stream, StreamExt};

use super::context::{ActiveWorkflow, AgentContext};
use super::convert::{DefaultResponseStreamConverter, ResponseStreamConverter};
use crate::items::{
    self, OutputContent, OutputItem, OutputItemKind, OutputMessage, PLACEHOLDER_ID,
};
use crate::model::ResponseStreamEvent;
use crate::runner::{RunError, RunItemKind, StreamEvent};

/// Turns a run into the events of a turn, with the default converter.
///
/// Text, refusals and citations become assistant messages; reasoning becomes a workflow; generated images show their
/// partial images on the way; what tools send through the [`AgentContext`] joins in between. A workflow ends when
/// something else is shown; one that is open at the end of the run is stored, and the next turn continues it. A client
/// tool call that a tool has [set](AgentContext::set_client_tool_call) comes last. When a guardrail trips, everything
/// the run has shown is removed before the error.
///
/// Pass the result to [`Turn::forward`](chatkit::Turn::forward). Dropping it drops the run.
///
/// ```
/// # use chatkit::{Turn, TurnError};
/// use chatkit_agents::{Agent, AgentContext, Runner, stream_agent_response};
///
/// # struct User;
/// async fn answer(agent: &Agent<AgentContext<User>>, turn: &Turn<User>) -> Result<(), TurnError> {
///     let context = AgentContext::new(turn);
///     let run = Runner::run_streamed(agent, "Hello", context.clone());
///     turn.forward(stream_agent_response(context, run)).await
/// }
/// ```
///
/// Of a run that is lent, the result is there afterwards:
///
/// ```
/// # use chatkit::{Turn, TurnError};
/// # use chatkit_agents::{Agent, AgentContext, Runner, stream_agent_response};
/// # struct User;
/// async fn answer(agent: &Agent<AgentContext<User>>, turn: &Turn<User>) -> Result<(), TurnError> {
///     let context = AgentContext::new(turn);
///     let mut run = Runner::run_streamed(agent, "Hello", context.clone());
///     turn.forward(stream_agent_response(context, &mut run)).await?;
///     if let Some(id) = run.into_result()?.last_response_id() {
///         turn.set_metadata("previous_response_id", id); // for the next run
///     }
///     Ok(())
/// }
/// ```
pub fn stream_agent_response<'a, C, R>(
    context: AgentContext<C>,
    run: R,
) -> impl Stream<Item = Result<ThreadStreamEvent, TurnError>> + Send + 'a
where
    C: Send + Sync + 'static,
    R: Stream<Item = Result<StreamEvent, RunError>> + Send + 'a,
{
    const DEFAULT: &DefaultResponseStreamConverter = &DefaultResponseStreamConverter::new();
    stream_agent_response_with(context, run, DEFAULT)
}

/// [`stream_agent_response`] with a converter of your own for images and citations.
pub fn stream_agent_response_with<'a, C, R, V>(
    context: AgentContext<C>,
    run: R,
    converter: &'a V,
) -> impl Stream<Item = Result<ThreadStreamEvent, TurnError>> + Send + 'a
where
    C: Send + Sync + 'static,
    R: Stream<Item = Result<StreamEvent, RunError>> + Send + 'a,
    V: ResponseStreamConverter,
{
    async_stream::try_stream! {
        let mut queue = context.take_queue();
        let mut run = std::pin::pin!(run);
        let mut response = ResponseState::new(&context, converter);
        response.resume_workflow().await?;
        let failure = loop {
            for event in response.out.drain(..) { yield event; }
            let event = tokio::select! {
                biased;
                event = run.next() => event,
                event = queue.next() => {
                    response.on_context_event(event);
                    continue;
                }
            };
            // What tools have sent until now came before the event that the run gave.
            while let Some(event) = queue.try_next() {
                response.on_context_event(event);
            }
            match event {
                None => break None,
                Some(Err(error)) => break Some(error),
                Some(Ok(event)) => response.on_run_event(event).await?,
            }
        };
        if let Some(error) = failure {
            for event in response.out.drain(..) { yield event; }
            if error.is_tripwire() {
                for item_id in response.produced {
                    yield ThreadItemRemovedEvent::new(item_id).into();
                }
                while queue.try_next().is_some() {}
            }
            Err(error)?;
        } else {
            response.finish().await?;
            for event in response.out.drain(..) { yield event; }
        }
    }
}

/// Whether this is an id of the endpoint's own. Some send none, others always the same placeholder.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id != PLACEHOLDER_ID
}

fn index(index: u64) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// What has to be remembered from event to event.
struct ResponseState<'a, C, V> {
    context: &'a AgentContext<C>,
    converter: &'a V,
    /// Events that are due.
    out: Vec<ThreadStreamEvent>,
    /// Items shown by this run, to be removed when a guardrail trips.
    produced: Vec<String>,
    /// The workflow of an earlier turn that this run goes on with. It stays when a guardrail trips.
    resumed: Option<String>,
    /// Ids of our own for items of endpoints that give none, by output index, until the item is done: the next response
    /// counts from 0 again.
    own_ids: HashMap<u64, String>,
    /// Annotations sent so far, by item and content part: those that are left out take no index.
    annotations: HashMap<(String, u64), usize>,
    thought: Option<StreamingThought>,
    /// The function call that a client tool call answers.
    last_call: Option<(String, Option<String>)>,
    /// Images on their way, by the id of the model's call.
    images: HashMap<String, GeneratedImageItem>,
}

/// The thought that is being streamed: the first of a workflow, so that something is seen early.
struct StreamingThought {
    reasoning_id: String,
    summary_index: u64,
    workflow_id: String,
    task_index: usize,
    task: ThoughtTask,
}

impl<'a, C: Send + Sync + 'static, V: ResponseStreamConverter> ResponseState<'a, C, V> {
    fn new(context: &'a AgentContext<C>, converter: &'a V) -> Self {
        Self {
            context,
            converter,
            out: Vec::new(),
            produced: Vec::new(),
            resumed: None,
            own_ids: HashMap::new(),
            annotations: HashMap::new(),
            thought: None,
            last_call: None,
            images: HashMap::new(),
        }
    }

    /// Goes on with the workflow that the thread ends with, if it does; a client tool call may come after it.
    async fn resume_workflow(&mut self) -> Result<(), TurnError> {
        let turn = self.context.turn();
        let page = turn
            .store()
            .load_thread_items(turn.thread_id(), None, 2, Order::Desc, turn.context())
            .await?;
        let mut newest = page.data.into_iter();
        let item = match newest.next() {
            Some(ThreadItem::ClientToolCall(_)) => newest.next(),
            item => item,
        };
        if let Some(ThreadItem::Workflow(item)) = item {
            self.resumed = Some(item.id.clone());
            self.out.extend(self.context.resume_workflow(item));
        }
        Ok(())
    }

    fn produce(&mut self, id: &str) {
        if !self.produced.iter().any(|known| known == id) {
            self.produced.push(id.to_owned());
        }
    }

    fn update(&mut self, item_id: String, update: impl Into<ThreadItemUpdate>) {
        self.out
            .push(ThreadItemUpdatedEvent::new(item_id, update).into());
    }

    /// The id of an item in the thread: the model's own, or one of ours where the endpoint gives none.
    fn item_id(&mut self, id: String, output_index: u64) -> String {
        if is_id(&id) {
            return id;
        }
        let context = self.context;
        self.own_ids
            .entry(output_index)
            .or_insert_with(|| context.generate_id(StoreItemType::Message))
            .clone()
    }

    /// Ends the workflow that is open, since something is shown after it.
    fn end_workflow(&mut self) {
        self.out.extend(self.context.end_open_workflow());
    }

    /// Passes on what a tool has sent. What it means for the workflow, the context has seen to when it was sent.
    fn on_context_event(&mut self, event: ThreadStreamEvent) {
        if let ThreadStreamEvent::ThreadItemAdded(ThreadItemAddedEvent { item, .. })
        | ThreadStreamEvent::ThreadItemDone(ThreadItemDoneEvent { item, .. }) = &event
            && self.resumed.as_deref() != Some(item.id())
        {
            self.produce(item.id());
        }
        self.out.push(event);
    }

    async fn on_run_event(&mut self, event: StreamEvent) -> Result<(), TurnError> {
        match event {
            // The hot path, apart: one delta in, one delta out.
            StreamEvent::RawResponse(ResponseStreamEvent::OutputTextDelta(delta)) => {
                let item_id = self.item_id(delta.item_id, delta.output_index);
                let part = index(delta.content_index);
                self.update(
                    item_id,
                    AssistantMessageContentPartTextDelta::new(part, delta.delta),
                );
                Ok(())
            }
            StreamEvent::RawResponse(event) => self.on_response_event(event).await,
            StreamEvent::RunItem(item) => {
                if let RunItemKind::ToolCall(item) = &item.kind
                    && let OutputItemKind::FunctionCall(call) = item.kind()
                {
                    let id = call.id.clone().filter(|id| is_id(id));
                    if let Some(id) = &id {
                        self.produce(id);
                    }
                    // Without a call id of its own, the item is no call that a result could name.
                    let call_id = item.raw().call_id().unwrap_or_default().to_owned();
                    self.last_call = Some((call_id, id));
                }
                Ok(())
            }
            StreamEvent::AgentUpdated { .. } => Ok(()),
        }
    }

    async fn on_response_event(&mut self, event: ResponseStreamEvent) -> Result<(), TurnError> {
        match event {
            ResponseStreamEvent::ContentPartAdded(event) => {
                if let Some(content) = self.content(&event.part).await? {
                    let item_id = self.item_id(event.item_id, event.output_index);
                    self.update(
                        item_id,
                        AssistantMessageContentPartAdded::new(index(event.content_index), content),
                    );
                }
            }
            ResponseStreamEvent::OutputTextDone(event) => {
                let item_id = self.item_id(event.item_id, event.output_index);
                let content = AssistantMessageContent::new(event.text);
                self.update(
                    item_id,
                    AssistantMessageContentPartDone::new(index(event.content_index), content),
                );
            }
            ResponseStreamEvent::OutputTextAnnotationAdded(event) => {
                if let Some(annotation) = self.annotation(&event.annotation).await? {
                    let item_id = self.item_id(event.item_id, event.output_index);
                    let count = self
                        .annotations
                        .entry((item_id.clone(), event.content_index))
                        .or_default();
                    let at = *count;
                    *count += 1;
                    let part = index(event.content_index);
                    self.update(
                        item_id,
                        AssistantMessageContentPartAnnotationAdded::new(part, at, annotation),
                    );
                }
            }
            ResponseStreamEvent::OutputItemAdded(event) => {
                self.on_item_added(&event.item, event.output_index).await?;
            }
            ResponseStreamEvent::OutputItemDone(event) => {
                self.on_item_done(&event.item, event.output_index).await?;
            }
            ResponseStreamEvent::ImageGenerationPartialImage(event) => {
                let Some(mut item) = self.image(&event.item_id) else {
                    return Ok(());
                };
                let at = event.partial_image_index;
                let url = self
                    .converter
                    .base64_image_to_url(&event.item_id, &event.partial_image_b64, Some(at))
                    .await
                    .map_err(TurnError::new)?;
                let progress = self.converter.partial_image_index_to_progress(at);
                let image = GeneratedImage::new(event.item_id.clone(), url);
                item.image = Some(image.clone());
                self.update(item.id.clone(), GeneratedImageUpdated::new(image, progress));
                self.keep_image(event.item_id, item);
            }
            ResponseStreamEvent::ReasoningSummaryTextDelta(event) => {
                self.on_thought_delta(&event.item_id, event.summary_index, &event.delta);
            }
            ResponseStreamEvent::ReasoningSummaryTextDone(event) => {
                self.on_thought_done(&event.item_id, event.summary_index, event.text);
            }
            _ => {}
        }
        Ok(())
    }

    async fn on_item_added(
        &mut self,
        item: &OutputItem,
        output_index: u64,
    ) -> Result<(), TurnError> {
        match item.kind() {
            OutputItemKind::Reasoning(_) if self.context.workflow_item().is_none() => {
                let item = self.context.new_workflow(Workflow::reasoning());
                self.context.set_workflow_item(item.clone());
                self.produce(&item.id);
                self.out.push(ThreadItemAddedEvent::new(item).into());
            }
            OutputItemKind::Message(message) => {
                self.end_workflow();
                let message = self.message(message, output_index).await?;
                self.out.push(ThreadItemAddedEvent::new(message).into());
            }
            OutputItemKind::ImageGenerationCall(call) => {
                let id = self.context.generate_id(StoreItemType::Message);
                let item = GeneratedImageItem::new(id, self.context.turn().thread_id());
                self.produce(&item.id);
                self.keep_image(call.id.clone().unwrap_or_default(), item.clone());
                self.out.push(ThreadItemAddedEvent::new(item).into());
            }
            _ => {}
        }
        Ok(())
    }

    async fn on_item_done(
        &mut self,
        item: &OutputItem,
        output_index: u64,
    ) -> Result<(), TurnError> {
        match item.kind() {
            OutputItemKind::Message(message) => {
                let message = self.message(message, output_index).await?;
                self.own_ids.remove(&output_index);
                self.annotations.retain(|(id, _), _| *id != message.id);
                self.out.push(ThreadItemDoneEvent::new(message).into());
            }
            OutputItemKind::ImageGenerationCall(call) => {
                let Some(base64) = item.image_result().filter(|result| !result.is_empty()) else {
                    return Ok(());
                };
                let call_id = call.id.as_deref().unwrap_or_default();
                let Some(mut item) = self.image(call_id) else {
                    return Ok(());
                };
                let url = self
                    .converter
                    .base64_image_to_url(call_id, &base64, None)
                    .await
                    .map_err(TurnError::new)?;
                item.image = Some(GeneratedImage::new(call_id, url));
                self.images.remove(call_id);
                self.context
                    .with_state(|_, image| image.take_if(|image| image.id == item.id));
                self.out.push(ThreadItemDoneEvent::new(item).into());
            }
            _ => {}
        }
        Ok(())
    }

    /// The image that a call of the model is making.
    fn image(&self, call_id: &str) -> Option<GeneratedImageItem> {
        self.images
            .get(call_id)
            .cloned()
            .or_else(|| self.context.generated_image_item())
    }

    fn keep_image(&mut self, call_id: String, item: GeneratedImageItem) {
        self.context
            .with_state(|_, image| *image = Some(item.clone()));
        self.images.insert(call_id, item);
    }

    fn on_thought_delta(&mut self, reasoning_id: &str, summary_index: u64, delta: &str) {
        let Some(workflow) = self.context.workflow_item() else {
            return;
        };
        if workflow.workflow.workflow_type == WorkflowType::Reasoning
            && workflow.workflow.tasks.is_empty()
        {
            let task = ThoughtTask::new(delta);
            self.out.push(self.context.push_task(task.clone().into()));
            self.thought = Some(StreamingThought {
                reasoning_id: reasoning_id.to_owned(),
                summary_index,
                workflow_id: workflow.id,
                task_index: 0,
                task,
            });
        } else if let Some(mut thought) =
            self.take_thought(&workflow.id, reasoning_id, summary_index)
        {
            thought.task.content.push_str(delta);
            self.replace_thought(&thought);
            self.thought = Some(thought);
        }
    }

    fn on_thought_done(&mut self, reasoning_id: &str, summary_index: u64, text: String) {
        let Some(workflow) = self.context.workflow_item() else {
            return;
        };
        if let Some(mut thought) = self.take_thought(&workflow.id, reasoning_id, summary_index) {
            thought.task.content = text;
            self.replace_thought(&thought);
        } else {
            self.out
                .push(self.context.push_task(ThoughtTask::new(text).into()));
        }
    }

    /// Takes the streamed thought, if it is this one.
    fn take_thought(
        &mut self,
        workflow_id: &str,
        reasoning_id: &str,
        summary_index: u64,
    ) -> Option<StreamingThought> {
        self.thought.take_if(|thought| {
            thought.workflow_id == workflow_id
                && thought.reasoning_id == reasoning_id
                && thought.summary_index == summary_index
        })
    }

    fn replace_thought(&mut self, thought: &StreamingThought) {
        let task = Task::from(thought.task.clone());
        if let Ok(event) = self.context.replace_task(task, thought.task_index) {
            self.out.push(event);
        }
    }

    async fn message(
        &mut self,
        message: &OutputMessage,
        output_index: u64,
    ) -> Result<AssistantMessageItem, TurnError> {
        let id = self.item_id(message.id.clone().unwrap_or_default(), output_index);
        self.produce(&id);
        let mut content = Vec::with_capacity(message.content.len());
        for part in &message.content {
            content.extend(self.content(part).await?);
        }
        Ok(AssistantMessageItem::new(
            id,
            self.context.turn().thread_id(),
            content,
        ))
    }

    async fn content(
        &self,
        part: &OutputContent,
    ) -> Result<Option<AssistantMessageContent>, TurnError> {
        match part {
            OutputContent::OutputText {
                text, annotations, ..
            } => {
                let mut converted = Vec::with_capacity(annotations.len());
                for annotation in annotations {
                    converted.extend(self.annotation(annotation).await?);
                }
                Ok(Some(
                    AssistantMessageContent::new(text.clone()).annotations(converted),
                ))
            }
            OutputContent::Refusal { refusal, .. } => {
                Ok(Some(AssistantMessageContent::new(refusal.clone())))
            }
            OutputContent::ReasoningText { .. } | OutputContent::Other { .. } => Ok(None),
        }
    }

    async fn annotation(
        &self,
        annotation: &items::Annotation,
    ) -> Result<Option<Annotation>, TurnError> {
        let converter = self.converter;
        match annotation {
            items::Annotation::FileCitation(citation) => {
                converter.file_citation_to_annotation(citation).await
            }
            items::Annotation::UrlCitation(citation) => {
                converter.url_citation_to_annotation(citation).await
            }
            items::Annotation::ContainerFileCitation(citation) => {
                converter
                    .container_file_citation_to_annotation(citation)
                    .await
            }
            items::Annotation::FilePath(_) => Ok(None),
            items::Annotation::Other(raw) => converter.other_annotation_to_annotation(raw).await,
        }
        .map_err(TurnError::new)
    }

    /// The run has ended well: keep an open workflow for the next turn, and hand over to the client if a tool said so.
    async fn finish(&mut self) -> Result<(), TurnError> {
        let turn = self.context.turn();
        let open = self
            .context
            .with_state(|workflow, _| workflow.clone())
            .filter(|workflow| workflow.announced);
        if let Some(ActiveWorkflow { item, .. }) = open {
            turn.store()
                .add_thread_item(turn.thread_id(), &item.into(), turn.context())
                .await?;
        }
        if let Some(call) = self.context.take_client_tool_call() {
            let (call_id, item_id) = self.last_call.take().unwrap_or_default();
            let own_id = || self.context.generate_id(StoreItemType::ToolCall);
            let item_id = item_id.unwrap_or_else(own_id);
            let call_id = if call_id.is_empty() {
                own_id()
            } else {
                call_id
            };
            let item = ClientToolCallItem::new(
                item_id,
                turn.thread_id(),
                call_id,
                call.name,
                call.arguments,
            );
            self.out.push(ThreadItemDoneEvent::new(item).into());
        }
        Ok(())
    }
}

//! What tools get of the turn they run in.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chatkit::Turn;
use chatkit::store::{DynStore, StoreItemType};
use chatkit::types::{
    DurationSummary, GeneratedImageItem, JsonObject, Task, ThreadItem, ThreadItemAddedEvent,
    ThreadItemDoneEvent, ThreadItemUpdatedEvent, ThreadMetadata, ThreadStreamEvent, Workflow,
    WorkflowItem, WorkflowSummary, WorkflowTaskAdded, WorkflowTaskUpdated, WorkflowType, now,
};
use chatkit::widgets::{WidgetContent, WidgetStream};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

/// How many events of tools may wait to be forwarded.
const QUEUE: usize = 256;

/// The context of a run inside a ChatKit turn: what a tool needs to talk to the thread.
///
/// Hand it to [`Runner::run_streamed`](crate::Runner::run_streamed) and to
/// [`stream_agent_response`](crate::stream_agent_response); tools get it as `ToolContext<'_, AgentContext<User>>`. What
/// tools stream through it joins the run's own events in order. Cloning is cheap and gives the same context.
pub struct AgentContext<C> {
    inner: Arc<Inner<C>>,
}

struct Inner<C> {
    turn: Turn<C>,
    /// Boxed: the channel has room for 32 from the start, which would be most of what a turn holds in memory.
    events: mpsc::Sender<Box<ThreadStreamEvent>>,
    /// Taken by the stream that forwards the events, and given back when it ends.
    queue: Mutex<Option<mpsc::Receiver<Box<ThreadStreamEvent>>>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    client_tool_call: Option<ClientToolCall>,
    workflow: Option<ActiveWorkflow>,
    generated_image: Option<GeneratedImageItem>,
}

impl State {
    /// Ends the workflow; one that the client does not know goes without an event.
    fn end_workflow(&mut self) -> Option<ThreadStreamEvent> {
        let ActiveWorkflow {
            item, announced, ..
        } = self.workflow.take()?;
        announced.then(|| finished(item, false).into())
    }

    fn replace_task(
        &mut self,
        task: Task,
        index: usize,
    ) -> Result<ThreadStreamEvent, WorkflowError> {
        let workflow = self.workflow.as_mut().ok_or(WorkflowError::NotStarted)?;
        let item = &mut workflow.item;
        let place = item
            .workflow
            .tasks
            .get_mut(index)
            .ok_or(WorkflowError::NoSuchTask)?;
        place.clone_from(&task);
        let update = WorkflowTaskUpdated::new(index, task);
        Ok(ThreadItemUpdatedEvent::new(item.id.clone(), update).into())
    }

    /// What an event that is about to be sent means for the workflow. Gives the event that has to come first, if the
    /// workflow ends because something else is shown.
    fn follow(&mut self, event: &ThreadStreamEvent) -> Option<ThreadStreamEvent> {
        let (ThreadStreamEvent::ThreadItemAdded(ThreadItemAddedEvent { item, .. })
        | ThreadStreamEvent::ThreadItemDone(ThreadItemDoneEvent { item, .. })) = event
        else {
            return None;
        };
        let current = self
            .workflow
            .as_ref()
            .is_some_and(|workflow| workflow.item.id == item.id());
        let shown = !item.is_hidden() && !matches!(item, ThreadItem::ClientToolCall(_));
        let ended = (!current && shown).then(|| self.end_workflow()).flatten();
        match (event, item) {
            (ThreadStreamEvent::ThreadItemAdded(_), ThreadItem::Workflow(item)) if !current => {
                self.workflow = Some(ActiveWorkflow {
                    item: item.clone(),
                    announced: true,
                    begun: true,
                });
            }
            // The workflow was ended by hand.
            (ThreadStreamEvent::ThreadItemDone(_), ThreadItem::Workflow(_)) if current => {
                self.workflow = None;
            }
            _ => {}
        }
        ended
    }
}

/// The workflow that tasks and thoughts are added to.
#[derive(Debug, Clone)]
pub(crate) struct ActiveWorkflow {
    pub(crate) item: WorkflowItem,
    /// Whether the client knows of it. An empty workflow of your own is announced with its first task.
    pub(crate) announced: bool,
    /// It was begun through this context, and not taken from the thread.
    begun: bool,
}

/// Something the client is asked to do, with a result that the next turn gets.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClientToolCall {
    /// The name of the client's tool.
    pub name: String,
    /// Its arguments.
    pub arguments: JsonObject,
}

impl ClientToolCall {
    /// A call of the client's tool `name`.
    pub fn new(name: impl Into<String>, arguments: JsonObject) -> Self {
        Self {
            name: name.into(),
            arguments,
        }
    }
}

/// A context was asked to change a workflow, or a task of it, that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkflowError {
    /// There is no workflow.
    NotStarted,
    /// The workflow has no task with this index.
    NoSuchTask,
}

impl fmt::Display for WorkflowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotStarted => "there is no workflow",
            Self::NoSuchTask => "the workflow has no such task",
        })
    }
}

impl std::error::Error for WorkflowError {}

impl<C: Send + Sync + 'static> AgentContext<C> {
    /// The context of runs in `turn`.
    pub fn new(turn: &Turn<C>) -> Self {
        // An event may end the workflow first, which takes a second place.
        let (events, queue) = mpsc::channel(QUEUE + 1);
        let inner = Inner {
            turn: turn.clone(),
            events,
            queue: Mutex::new(Some(queue)),
            state: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The turn.
    pub fn turn(&self) -> &Turn<C> {
        &self.inner.turn
    }

    /// The thread as it is now. To change it, see [`Turn::update_thread`].
    pub fn thread(&self) -> Arc<ThreadMetadata> {
        self.inner.turn.thread()
    }

    /// The server's store.
    pub fn store(&self) -> &DynStore<C> {
        self.inner.turn.store()
    }

    /// The server's context of this request: what your function that authenticates has returned.
    pub fn request_context(&self) -> &C {
        self.inner.turn.context()
    }

    /// A new id from the store.
    pub fn generate_id(&self, item_type: StoreItemType) -> String {
        self.inner.turn.generate_id(item_type)
    }

    /// Sends an event into the thread.
    ///
    /// It is forwarded by the [`stream_agent_response`](crate::stream_agent_response) of this context, between the run's
    /// own events; when this returns it is queued, not yet stored. Waits while 256 events are queued, so without a
    /// `stream_agent_response` that is read it comes to wait forever: a run that only [`Runner::run`](crate::Runner::run)
    /// reads has a context of its own, or none.
    pub async fn stream(&self, event: impl Into<ThreadStreamEvent>) {
        let event = event.into();
        self.publish(|state| {
            let ended = state.follow(&event);
            ((), [ended, Some(event)])
        })
        .await;
    }

    /// Changes the state and queues the events that say so, as one step: so the queue has the events in the order in
    /// which the state has changed.
    async fn publish<T>(
        &self,
        change: impl FnOnce(&mut State) -> (T, [Option<ThreadStreamEvent>; 2]),
    ) -> T {
        let permits = self.inner.events.reserve_many(2).await;
        let mut state = self.state();
        let (result, events) = change(&mut state);
        // The receiver lives as long as this context, so there is no error to report.
        for (permit, event) in permits
            .into_iter()
            .flatten()
            .zip(events.into_iter().flatten())
        {
            permit.send(Box::new(event));
        }
        result
    }

    /// Adds a finished item to the thread, as [`stream`](Self::stream) sends an event.
    pub async fn add_item(&self, item: impl Into<ThreadItem>) {
        self.stream(ThreadItemDoneEvent::new(item)).await;
    }

    /// Adds a widget to the thread, complete. For one that changes while it is shown see
    /// [`stream_widget`](Self::stream_widget).
    #[doc(alias = "stream_widget")]
    pub async fn add_widget(&self, widget: impl Into<WidgetContent>) {
        let id = self.generate_id(StoreItemType::Message);
        self.stream(WidgetStream::once(id, self.inner.turn.thread_id(), widget))
            .await;
    }

    /// Adds a widget that changes: the first state is shown, then what differs from state to state, and the last one is
    /// stored. A stream without states adds nothing. What is copied is the last text to copy that a
    /// [state](WidgetContent) has.
    ///
    /// # Errors
    ///
    /// The error of the stream, which ends the widget where it is: shown, and not stored.
    pub async fn stream_widget<W: Into<WidgetContent>, E>(
        &self,
        states: impl Stream<Item = Result<W, E>>,
    ) -> Result<(), E> {
        let mut events = std::pin::pin!(self.inner.turn.widget_events(states));
        while let Some(event) = events.next().await {
            self.stream(event?).await;
        }
        Ok(())
    }

    /// Begins a workflow; later tasks and the model's reasoning go into it.
    ///
    /// An empty custom workflow is shown with its first task.
    pub async fn start_workflow(&self, workflow: Workflow) {
        let announced =
            workflow.workflow_type == WorkflowType::Reasoning || !workflow.tasks.is_empty();
        let item = self.new_workflow(workflow);
        self.publish(|state| {
            let added = announced.then(|| ThreadItemAddedEvent::new(item.clone()).into());
            state.workflow = Some(ActiveWorkflow {
                item,
                announced,
                begun: true,
            });
            ((), [added, None])
        })
        .await;
    }

    /// Adds a task to the workflow, and begins one if there is none. Returns the index of the task, for
    /// [`update_workflow_task`](Self::update_workflow_task).
    pub async fn add_workflow_task(&self, task: impl Into<Task>) -> usize {
        let task = task.into();
        self.publish(|state| {
            let (index, event) = self.push_task_to(state, task);
            (index, [Some(event), None])
        })
        .await
    }

    /// Replaces the task at `task_index` of the workflow, from 0.
    pub async fn update_workflow_task(
        &self,
        task: impl Into<Task>,
        task_index: usize,
    ) -> Result<(), WorkflowError> {
        let task = task.into();
        self.publish(|state| match state.replace_task(task, task_index) {
            Ok(event) => (Ok(()), [Some(event), None]),
            Err(error) => (Err(error), [None, None]),
        })
        .await
    }

    /// Ends the workflow and stores it. Without a summary it says how long it took, unless it has one already. Does
    /// nothing when there is none.
    pub async fn end_workflow(&self, summary: impl Into<Option<WorkflowSummary>>, expanded: bool) {
        let summary = summary.into();
        self.publish(|state| {
            let done = state
                .workflow
                .take()
                .map(|ActiveWorkflow { mut item, .. }| {
                    item.workflow.summary = summary.or(item.workflow.summary);
                    finished(item, expanded).into()
                });
            ((), [done, None])
        })
        .await;
    }

    /// Hands over to the client: when the run is over, the client is asked to run one of its tools, and its answer begins
    /// the next turn.
    ///
    /// The tool that calls this should be one that the agent [stops at](crate::ToolUseBehavior::StopAtTools).
    pub fn set_client_tool_call(&self, call: ClientToolCall) {
        self.state().client_tool_call = Some(call);
    }

    /// The call that the client will be asked to make.
    pub fn client_tool_call(&self) -> Option<ClientToolCall> {
        self.state().client_tool_call.clone()
    }

    /// The workflow that tasks are added to.
    pub fn workflow_item(&self) -> Option<WorkflowItem> {
        self.state()
            .workflow
            .as_ref()
            .map(|workflow| workflow.item.clone())
    }

    /// Makes an image that the client knows the one that the model's next pictures go into.
    pub fn set_generated_image_item(&self, item: GeneratedImageItem) {
        self.state().generated_image = Some(item);
    }

    /// The image that the model is making.
    pub fn generated_image_item(&self) -> Option<GeneratedImageItem> {
        self.state().generated_image.clone()
    }

    /// Makes a workflow that the client knows the one that tasks are added to.
    pub fn set_workflow_item(&self, item: WorkflowItem) {
        self.state().workflow = Some(ActiveWorkflow {
            item,
            announced: true,
            begun: false,
        });
    }

    /// Goes on with the workflow that the thread ends with. It ends at once if another has been begun since; the event
    /// says so.
    pub(crate) fn resume_workflow(&self, item: WorkflowItem) -> Option<ThreadStreamEvent> {
        let mut state = self.state();
        match &state.workflow {
            Some(open) if open.begun && open.item.id != item.id => {
                Some(finished(item, false).into())
            }
            _ => {
                state.workflow = Some(ActiveWorkflow {
                    item,
                    announced: true,
                    begun: false,
                });
                None
            }
        }
    }

    pub(crate) fn new_workflow(&self, workflow: Workflow) -> WorkflowItem {
        WorkflowItem::new(
            self.generate_id(StoreItemType::Workflow),
            self.inner.turn.thread_id(),
            workflow,
        )
    }

    /// Adds a task, beginning a workflow if there is none, and gives the event that says so.
    pub(crate) fn push_task(&self, task: Task) -> ThreadStreamEvent {
        self.push_task_to(&mut self.state(), task).1
    }

    /// The same; also gives the index of the task.
    fn push_task_to(&self, state: &mut State, task: Task) -> (usize, ThreadStreamEvent) {
        let workflow = state.workflow.get_or_insert_with(|| ActiveWorkflow {
            item: self.new_workflow(Workflow::custom([])),
            announced: false,
            begun: true,
        });
        let item = &mut workflow.item;
        item.workflow.tasks.push(task.clone());
        let index = item.workflow.tasks.len() - 1;
        // An empty workflow shows nothing; the first task makes it appear.
        if index == 0 && item.workflow.workflow_type != WorkflowType::Reasoning {
            workflow.announced = true;
            return (index, ThreadItemAddedEvent::new(item.clone()).into());
        }
        let added = WorkflowTaskAdded::new(index, task);
        (
            index,
            ThreadItemUpdatedEvent::new(item.id.clone(), added).into(),
        )
    }

    pub(crate) fn replace_task(
        &self,
        task: Task,
        index: usize,
    ) -> Result<ThreadStreamEvent, WorkflowError> {
        self.state().replace_task(task, index)
    }

    /// Ends the workflow that is open, since something is shown after it.
    pub(crate) fn end_open_workflow(&self) -> Option<ThreadStreamEvent> {
        self.state().end_workflow()
    }

    pub(crate) fn with_state<T>(
        &self,
        with: impl FnOnce(&mut Option<ActiveWorkflow>, &mut Option<GeneratedImageItem>) -> T,
    ) -> T {
        let mut state = self.state();
        let State {
            workflow,
            generated_image,
            ..
        } = &mut *state;
        with(workflow, generated_image)
    }

    pub(crate) fn take_client_tool_call(&self) -> Option<ClientToolCall> {
        self.state().client_tool_call.take()
    }

    /// The events of tools, to be read by one stream at a time.
    pub(crate) fn take_queue(&self) -> Queue<C> {
        let receiver = self
            .inner
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        Queue {
            context: self.clone(),
            receiver,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The event that ends a workflow.
pub(crate) fn finished(mut item: WorkflowItem, expanded: bool) -> ThreadItemDoneEvent {
    let seconds = (now() - item.created_at).num_seconds().max(0);
    item.workflow
        .summary
        .get_or_insert_with(|| DurationSummary::new(seconds).into());
    item.workflow.expanded = expanded;
    ThreadItemDoneEvent::new(item)
}

/// The reading end of a context's events; goes back to the context when dropped.
pub(crate) struct Queue<C> {
    context: AgentContext<C>,
    receiver: Option<mpsc::Receiver<Box<ThreadStreamEvent>>>,
}

impl<C> Queue<C> {
    /// The next event. Never ends: the context holds the other end.
    pub(crate) async fn next(&mut self) -> ThreadStreamEvent {
        match &mut self.receiver {
            Some(receiver) => match receiver.recv().await {
                Some(event) => *event,
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }

    /// The next event, if it is there already.
    pub(crate) fn try_next(&mut self) -> Option<ThreadStreamEvent> {
        self.receiver.as_mut()?.try_recv().ok().map(|event| *event)
    }
}

impl<C> Drop for Queue<C> {
    fn drop(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            *self
                .context
                .inner
                .queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(receiver);
        }
    }
}

impl<C> Clone for AgentContext<C> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<C> fmt::Debug for AgentContext<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentContext")
            .field("turn", &self.inner.turn)
            .finish_non_exhaustive()
    }
}

//! A turn: the one place that tracks, stores, filters and serialises events.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio::task::coop::consume_budget;

use super::frames::FrameSender;
use super::pending::PendingItems;
use super::public::make_public;
use super::request_info::RequestInfo;
use crate::error::{Error, ErrorKind, TurnError};
use crate::store::{DynStore, Store, StoreItemType};
use crate::types::{
    AssistantMessageContent, AssistantMessageContentPartAdded, AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta, AssistantMessageItem, HiddenContextItem, Order, Page,
    SdkHiddenContextItem, StructuredInputItem, Thread, ThreadItem, ThreadItemAddedEvent,
    ThreadItemDoneEvent, ThreadItemRemovedEvent, ThreadItemReplacedEvent, ThreadItemUpdatedEvent,
    ThreadMetadata, ThreadStatus, ThreadStreamEvent, ThreadUpdatedEvent, WidgetItem,
};
use crate::widgets::{WidgetContent, WidgetStream};

/// The note that a cancelled turn leaves in its thread, for the model. The text is that of the Python SDK.
const CANCELLED_NOTE: &str = "The user cancelled the stream. Stop responding to the prior request.";

/// One answer of the server in one thread, while it is being given.
///
/// A handler gets a reference to it and sends events through it. Cloning is cheap and gives another handle to the same
/// turn, for tools and helpers. Once the turn is over or cancelled, sending fails with [`ErrorKind::Cancelled`].
pub struct Turn<C> {
    inner: Arc<Inner<C>>,
}

struct Inner<C> {
    thread_id: String,
    context: C,
    request: RequestInfo,
    store: DynStore<C>,
    /// What the request answers; set before the handler begins.
    structured_input: OnceLock<StructuredInputItem>,
    thread: Mutex<ThreadState>,
    /// The thread differs from what is stored. Apart from the lock, so that an event in an unchanged thread takes none.
    thread_changed: AtomicBool,
    pending: Mutex<PendingItems>,
    /// Where events go; a detached turn has no client.
    frames: Option<FrameSender>,
    /// Store writes that have begun. A cancelled turn waits for them, so that what is stored and what is pending agree.
    writes: AtomicUsize,
    over: AtomicBool,
}

struct ThreadState {
    current: Arc<ThreadMetadata>,
    saved: Arc<ThreadMetadata>,
    /// Someone is saving the thread already, and will look again when done.
    saving: bool,
}

impl<C> Clone for Turn<C> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<C> fmt::Debug for Turn<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn")
            .field("thread_id", &self.inner.thread_id)
            .finish_non_exhaustive()
    }
}

impl<C: Send + Sync + 'static> Turn<C> {
    /// A turn without a client: what is sent to it is stored as always, and reaches nobody.
    ///
    /// For work outside of a request, and for tests of handlers. `thread` should be stored already.
    pub fn detached(thread: ThreadMetadata, store: impl Store<C>, context: C) -> Self {
        let store = DynStore::new(store);
        Self::new(thread, store, context, RequestInfo::new(), None)
    }

    pub(super) fn new(
        thread: ThreadMetadata,
        store: DynStore<C>,
        context: C,
        request: RequestInfo,
        frames: Option<FrameSender>,
    ) -> Self {
        let thread = Arc::new(thread);
        Self {
            inner: Arc::new(Inner {
                thread_id: thread.id.clone(),
                context,
                request,
                store,
                structured_input: OnceLock::new(),
                thread: Mutex::new(ThreadState {
                    saved: Arc::clone(&thread),
                    current: thread,
                    saving: false,
                }),
                thread_changed: AtomicBool::new(false),
                pending: Mutex::default(),
                frames,
                writes: AtomicUsize::new(0),
                over: AtomicBool::new(false),
            }),
        }
    }

    /// The thread's id.
    pub fn thread_id(&self) -> &str {
        &self.inner.thread_id
    }

    /// The thread as it is now, with the changes made in this turn.
    pub fn thread(&self) -> Arc<ThreadMetadata> {
        Arc::clone(&self.thread_state().current)
    }

    /// The server's context of this request: what your function that authenticates has returned.
    pub fn context(&self) -> &C {
        &self.inner.context
    }

    /// What the request says about itself: its id, the user's languages. Empty for a turn without a request.
    pub fn request(&self) -> &RequestInfo {
        &self.inner.request
    }

    /// The server's store.
    pub fn store(&self) -> &DynStore<C> {
        &self.inner.store
    }

    /// The structured input that the user has answered, or skipped, with the request of this turn; `None` when the turn
    /// began with anything else.
    pub fn structured_input(&self) -> Option<&StructuredInputItem> {
        self.inner.structured_input.get()
    }

    pub(super) fn set_structured_input(&self, item: StructuredInputItem) {
        // A turn has one request, so this is set once.
        let _ = self.inner.structured_input.set(item);
    }

    /// A new id from the store.
    pub fn generate_id(&self, item_type: StoreItemType) -> String {
        match item_type {
            StoreItemType::Thread => self.inner.store.generate_thread_id(&self.inner.context),
            _ => self
                .inner
                .store
                .generate_item_id(item_type, &self.thread(), &self.inner.context),
        }
    }

    /// The newest `limit` items of the thread, oldest first, hidden ones included: the history a model needs.
    pub async fn recent_items(&self, limit: usize) -> Result<Vec<ThreadItem>, Error> {
        let page = self
            .inner
            .store
            .load_thread_items(
                self.thread_id(),
                None,
                limit,
                Order::Desc,
                &self.inner.context,
            )
            .await?;
        let mut items = page.data;
        items.reverse();
        Ok(items)
    }

    /// Stores what the event says, then sends it to the client.
    ///
    /// When this returns, a finished, replaced or removed item is in the store. Hidden items are stored and never sent.
    /// Changes of the thread made since the last event follow as a `thread.updated` event.
    ///
    /// Waits while the client is too far behind. Events of concurrent callers keep the order of each caller.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] when the store fails; the event is then not sent. [`ErrorKind::Cancelled`] when the turn is
    /// over.
    pub async fn send(&self, event: impl Into<ThreadStreamEvent>) -> Result<(), Error> {
        let mut event = event.into();
        self.emit(&mut event).await
    }

    /// Adds a finished item: stores it and sends `thread.item.done`.
    pub async fn add_item(&self, item: impl Into<ThreadItem>) -> Result<(), Error> {
        self.send(ThreadItemDoneEvent::new(item)).await
    }

    /// Adds a finished message of the assistant: a text in Markdown, or one with its
    /// [annotations](AssistantMessageContent::annotations).
    ///
    /// ```
    /// # use chatkit::types::UserMessageItem;
    /// # use chatkit::{ChatKitHandler, Turn, TurnError};
    /// # struct Greeter;
    /// # impl ChatKitHandler for Greeter {
    /// #     type Context = ();
    /// async fn respond(&self, turn: &Turn<()>, _message: Option<UserMessageItem>) -> Result<(), TurnError> {
    ///     turn.add_message("Hello!").await?;
    ///     Ok(())
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub async fn add_message(
        &self,
        content: impl Into<AssistantMessageContent>,
    ) -> Result<(), Error> {
        let id = self.generate_id(StoreItemType::Message);
        let content = content.into();
        self.add_item(AssistantMessageItem::new(id, self.thread_id(), content))
            .await
    }

    /// Adds a message of the assistant that comes piece by piece: each is shown as it comes, and the message is stored at
    /// the end. A stream without pieces adds nothing.
    ///
    /// Dropping the returned future drops the stream. When that is because the user stopped the turn, what was said is
    /// saved.
    ///
    /// ```
    /// # use chatkit::types::UserMessageItem;
    /// # use chatkit::{ChatKitHandler, Error, Turn, TurnError};
    /// # use futures::{StreamExt, stream};
    /// # struct Counter;
    /// # impl ChatKitHandler for Counter {
    /// #     type Context = ();
    /// async fn respond(&self, turn: &Turn<()>, _message: Option<UserMessageItem>) -> Result<(), TurnError> {
    ///     turn.stream_message(stream::iter(["one ", "two"]).map(Ok::<_, Error>)).await
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send), and the error of the stream, which ends the message where it is: shown, and not stored.
    pub fn stream_message<T: Into<String>, E>(
        &self,
        pieces: impl Stream<Item = Result<T, E>> + Send,
    ) -> impl Future<Output = Result<(), TurnError>> + Send
    where
        E: Send,
        TurnError: From<E>,
    {
        let mut pieces = Box::pin(pieces.map_ok(Into::into));
        async move {
            let mut next: Option<String> = pieces.try_next().await?;
            if next.is_none() {
                return Ok(());
            }
            let id = self.generate_id(StoreItemType::Message);
            let mut message = AssistantMessageItem::new(&id, self.thread_id(), Vec::new());
            self.send(ThreadItemAddedEvent::new(message.clone()))
                .await?;
            let mut content = AssistantMessageContent::default();
            let part = AssistantMessageContentPartAdded::new(0_usize, content.clone());
            self.send(ThreadItemUpdatedEvent::new(&id, part)).await?;
            while let Some(piece) = next {
                content.text.push_str(&piece);
                let delta = AssistantMessageContentPartTextDelta::new(0_usize, piece);
                self.send(ThreadItemUpdatedEvent::new(&id, delta)).await?;
                next = pieces.try_next().await?;
            }
            let part = AssistantMessageContentPartDone::new(0_usize, content.clone());
            self.send(ThreadItemUpdatedEvent::new(&id, part)).await?;
            message.content.push(content);
            Ok(self.send(ThreadItemDoneEvent::new(message)).await?)
        }
    }

    /// Replaces an item of the thread: stores it and sends `thread.item.replaced`.
    pub async fn replace_item(&self, item: impl Into<ThreadItem>) -> Result<(), Error> {
        self.send(ThreadItemReplacedEvent::new(item)).await
    }

    /// Removes an item from the thread: deletes it from the store and sends `thread.item.removed`.
    pub async fn remove_item(&self, item_id: impl Into<String>) -> Result<(), Error> {
        self.send(ThreadItemRemovedEvent::new(item_id)).await
    }

    /// Adds context for the model that the client never sees, such as what the user has done in a widget: stored at once,
    /// and part of the history from the next run on.
    ///
    /// `content` is usually text; [`recent_items`](Self::recent_items) has it as a [`HiddenContextItem`].
    ///
    /// ```
    /// # use chatkit::{ChatKitHandler, Turn, TurnError};
    /// # use chatkit::types::{Action, InvalidAction, UserMessageItem, WidgetItem};
    /// # struct Assistant;
    /// # impl ChatKitHandler for Assistant {
    /// #     type Context = ();
    /// async fn respond(&self, turn: &Turn<()>, _message: Option<UserMessageItem>) -> Result<(), TurnError> {
    ///     let _history = turn.recent_items(20).await?; // … for the model
    ///     Ok(())
    /// }
    ///
    /// async fn action(&self, turn: &Turn<()>, action: Action, _sender: Option<WidgetItem>) -> Result<(), TurnError> {
    ///     match action.action_type.as_str() {
    ///         "order.confirm" => {
    ///             turn.add_hidden_context("<USER_ACTION>The user confirmed the order.</USER_ACTION>").await?;
    ///             self.respond(turn, None).await // the model goes on, and knows
    ///         }
    ///         _ => Err(InvalidAction::unknown_type(&action).into()),
    ///     }
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub async fn add_hidden_context(
        &self,
        content: impl Into<serde_json::Value>,
    ) -> Result<(), Error> {
        let id = self.generate_id(StoreItemType::Message);
        self.add_item(HiddenContextItem::new(id, self.thread_id(), content))
            .await
    }

    /// Puts another widget in the place of one that the thread has: stores it and sends `thread.item.replaced`.
    ///
    /// `item` is usually the sender of an action. It keeps its id, its time and its place; the text to copy stays too,
    /// unless `widget` is a [`WidgetContent`] with another one. Returns the item as it is stored.
    ///
    /// ```
    /// # use chatkit::{ChatKitHandler, Turn, TurnError};
    /// # use chatkit::types::{Action, UserMessageItem, WidgetItem};
    /// # use chatkit::widgets::{Card, Text};
    /// # struct Assistant;
    /// # impl ChatKitHandler for Assistant {
    /// #     type Context = ();
    /// #     async fn respond(&self, _: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> { Ok(()) }
    /// async fn action(&self, turn: &Turn<()>, _: Action, sender: Option<WidgetItem>) -> Result<(), TurnError> {
    ///     if let Some(sender) = sender {
    ///         turn.update_widget(sender, Card::new().child(Text::new("Confirmed"))).await?;
    ///     }
    ///     Ok(())
    /// }
    /// # }
    /// ```
    ///
    /// In a [`sync_action`](crate::ChatKitHandler::sync_action) nothing is sent; there the item is the answer:
    ///
    /// ```
    /// # use chatkit::{ChatKitHandler, Turn, TurnError};
    /// # use chatkit::types::{Action, SyncCustomActionResponse, UserMessageItem, WidgetItem};
    /// # struct Assistant;
    /// # impl ChatKitHandler for Assistant {
    /// #     type Context = ();
    /// #     async fn respond(&self, _: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> { Ok(()) }
    /// async fn sync_action(
    ///     &self,
    ///     turn: &Turn<()>,
    ///     action: Action,
    ///     sender: Option<WidgetItem>,
    /// ) -> Result<SyncCustomActionResponse, TurnError> {
    ///     let Some(sender) = sender else { return Ok(SyncCustomActionResponse::new()) };
    ///     let filled = sender.widget.clone().with_form_values(&action.payload);
    ///     Ok(turn.update_widget(sender, filled).await?.into())
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub async fn update_widget(
        &self,
        mut item: WidgetItem,
        widget: impl Into<WidgetContent>,
    ) -> Result<WidgetItem, Error> {
        let content = widget.into();
        item.widget = content.widget;
        if content.copy_text.is_some() {
            item.copy_text = content.copy_text;
        }
        self.replace_item(item.clone()).await?;
        Ok(item)
    }

    /// Sends all events of a stream, until it ends or fails.
    ///
    /// Dropping the returned future drops the stream.
    pub fn forward<E>(
        &self,
        events: impl Stream<Item = Result<ThreadStreamEvent, E>> + Send,
    ) -> impl Future<Output = Result<(), TurnError>> + Send
    where
        E: Send,
        TurnError: From<E>,
    {
        // Boxed: a future that pins its argument has room for it twice, and a turn has this one inside its handler's.
        let mut events = Box::pin(events);
        async move {
            while let Some(event) = events.next().await {
                let mut event = event?;
                self.emit(&mut event).await?;
            }
            Ok(())
        }
    }

    /// Adds a widget to the thread, complete. For one that changes while it is shown see
    /// [`stream_widget`](Self::stream_widget).
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    #[doc(alias = "stream_widget")]
    pub async fn add_widget(&self, widget: impl Into<WidgetContent>) -> Result<(), Error> {
        let id = self.generate_id(StoreItemType::Message);
        self.send(WidgetStream::once(id, self.thread_id(), widget))
            .await
    }

    /// Adds a widget that changes: the first state is shown, then what differs from state to state, and the last one is
    /// stored. A stream without states adds nothing. What is copied is the last text to copy that a
    /// [state](WidgetContent) has.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send), and the error of the stream, which ends the widget where it is: shown, and not stored.
    pub fn stream_widget<W: Into<WidgetContent>, E>(
        &self,
        states: impl Stream<Item = Result<W, E>> + Send,
    ) -> impl Future<Output = Result<(), TurnError>> + Send
    where
        E: Send,
        TurnError: From<E>,
    {
        self.forward(self.widget_events(states))
    }

    /// What [`stream_widget`](Self::stream_widget) sends, for a stream that has other events too.
    pub fn widget_events<W: Into<WidgetContent>, E>(
        &self,
        states: impl Stream<Item = Result<W, E>>,
    ) -> impl Stream<Item = Result<ThreadStreamEvent, E>> {
        // What comes of one state: the events, and how it goes on.
        let states = (Box::pin(states), None::<WidgetStream>);
        let steps = stream::try_unfold(Some(states), move |at| async move {
            let Some((mut states, widget)) = at else {
                return Ok(None);
            };
            let state = states.next().await.transpose()?;
            let (widget, events) = match (widget, state) {
                (None, None) => return Ok(None),
                (None, Some(first)) => {
                    let id = self.generate_id(StoreItemType::Message);
                    let (widget, added) = WidgetStream::start(id, self.thread_id(), first);
                    (widget, vec![added.into()])
                }
                (Some(mut widget), Some(state)) => {
                    let updates = widget.update(state);
                    (widget, updates.into_iter().map(Into::into).collect())
                }
                (Some(widget), None) => return Ok(Some((vec![widget.finish().into()], None))),
            };
            Ok(Some((events, Some((states, Some(widget))))))
        });
        steps
            .map_ok(|events: Vec<ThreadStreamEvent>| stream::iter(events.into_iter().map(Ok)))
            .try_flatten()
    }

    /// Changes the thread's title.
    pub fn set_title(&self, title: impl Into<String>) {
        let title = title.into();
        self.update_thread(|thread| thread.title = Some(title));
    }

    /// Changes the thread's status: a locked or closed thread takes no more messages.
    pub fn set_status(&self, status: ThreadStatus) {
        self.update_thread(|thread| thread.status = status);
    }

    /// Sets one entry of the thread's metadata, which clients never see.
    pub fn set_metadata(&self, key: impl Into<String>, value: impl Into<serde_json::Value>) {
        let (key, value) = (key.into(), value.into());
        self.update_thread(|thread| drop(thread.metadata.insert(key, value)));
    }

    /// Changes the thread.
    ///
    /// The change is stored and sent as `thread.updated` after the next event of this turn, or at its end; several
    /// changes in a row become one event. The thread's id cannot be changed. `change` runs under a lock, and must not use
    /// the turn itself.
    pub fn update_thread(&self, change: impl FnOnce(&mut ThreadMetadata)) {
        let mut state = self.thread_state();
        let thread = Arc::make_mut(&mut state.current);
        change(thread);
        if thread.id != self.inner.thread_id {
            thread.id.clone_from(&self.inner.thread_id);
        }
        self.inner.thread_changed.store(true, Ordering::Release);
    }

    /// Saves what a cancelled turn has said: what the default of
    /// [`handle_stream_cancelled`](crate::ChatKitHandler::handle_stream_cancelled) does, for one of your own to call.
    ///
    /// Of `pending`, the items that were added and not done, it stores the messages of the assistant that have text, and
    /// after them a hidden note that keeps the model from going on with the cancelled answer. It works on a turn that is
    /// over, and sends nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] when the store fails; what comes before the item that failed is stored.
    pub async fn save_cancelled(&self, pending: Vec<ThreadItem>) -> Result<(), Error> {
        let has_text = |item: &ThreadItem| match item {
            ThreadItem::AssistantMessage(message) => message
                .content
                .iter()
                .any(|part| !part.text.trim().is_empty()),
            _ => false,
        };
        let id = self.generate_id(StoreItemType::SdkHiddenContext);
        let note = SdkHiddenContextItem::new(id, self.thread_id(), CANCELLED_NOTE);
        let said = pending.into_iter().filter(has_text);
        for item in said.chain([note.into()]) {
            self.store()
                .add_thread_item(self.thread_id(), &item, self.context())
                .await?;
        }
        Ok(())
    }

    /// The hot path: for a text delta this tracks, serialises into the buffer, and touches nothing else.
    pub(super) async fn emit(&self, event: &mut ThreadStreamEvent) -> Result<(), Error> {
        // A handler that waits for nothing else gives way here now and then: only then is its cancellation noticed.
        consume_budget().await;
        self.persist(event).await?;
        if self.push(event)? {
            self.wait_for_client().await;
        }
        self.save_new_changes().await
    }

    async fn persist(&self, event: &ThreadStreamEvent) -> Result<(), Error> {
        let Inner {
            store,
            thread_id,
            context,
            ..
        } = &*self.inner;
        match event {
            ThreadStreamEvent::ThreadItemUpdated(event) => {
                self.check_open()?;
                self.pending().apply(&event.item_id, &event.update);
            }
            ThreadStreamEvent::ThreadItemAdded(event) => {
                self.check_open()?;
                self.pending().add(event.item.clone());
            }
            ThreadStreamEvent::ThreadItemDone(event) => {
                warn_of_collisions(&event.item);
                let _write = self.begin_write()?;
                store
                    .add_thread_item(thread_id, &event.item, context)
                    .await?;
                self.pending().remove(event.item.id());
            }
            ThreadStreamEvent::ThreadItemReplaced(event) => {
                warn_of_collisions(&event.item);
                let _write = self.begin_write()?;
                store.save_item(thread_id, &event.item, context).await?;
                self.pending().remove(event.item.id());
            }
            ThreadStreamEvent::ThreadItemRemoved(event) => {
                let _write = self.begin_write()?;
                store
                    .delete_thread_item(thread_id, &event.item_id, context)
                    .await?;
                self.pending().remove(&event.item_id);
            }
            // Named one by one: whoever adds an event decides here whether it is stored.
            ThreadStreamEvent::ThreadCreated(_)
            | ThreadStreamEvent::ThreadUpdated(_)
            | ThreadStreamEvent::StreamOptions(_)
            | ThreadStreamEvent::ProgressUpdate(_)
            | ThreadStreamEvent::ClientEffect(_)
            | ThreadStreamEvent::Error(_)
            | ThreadStreamEvent::Notice(_) => self.check_open()?,
        }
        Ok(())
    }

    /// Serialises what the client may see. Returns whether the buffer is full.
    pub(super) fn push(&self, event: &mut ThreadStreamEvent) -> Result<bool, Error> {
        let Some(frames) = &self.inner.frames else {
            return Ok(false);
        };
        if !make_public(event) {
            return Ok(false);
        }
        frames
            .push(|buffer| event.write_json(buffer))
            .map_err(|error| {
                Error::new(ErrorKind::Internal, "an event does not serialise").caused_by(error)
            })
    }

    /// Waits until the client has taken what is in the buffer. Kept out of the hot path's future.
    async fn wait_for_client(&self) {
        if let Some(frames) = &self.inner.frames {
            frames.space().await;
        }
    }

    /// Stores the thread and tells the client, if the thread has changed.
    pub(super) async fn save_thread(&self) -> Result<(), Error> {
        loop {
            let changed = {
                let mut state = self.thread_state();
                self.inner.thread_changed.store(false, Ordering::Release);
                if state.saving || state.current == state.saved {
                    return Ok(());
                }
                state.saving = true;
                Arc::clone(&state.current)
            };
            let saving = SavingThread(self);
            self.inner
                .store
                .save_thread(&changed, &self.inner.context)
                .await?;
            self.thread_state().saved = Arc::clone(&changed);
            drop(saving);
            let thread = Thread::new((*changed).clone(), Page::default());
            self.push(&mut ThreadUpdatedEvent::new(thread).into())?;
        }
    }

    /// Stores the thread and tells the client, if the thread has changed since it was last to be stored.
    ///
    /// Unlike [`save_thread`](Self::save_thread) this leaves a change alone that could not be stored before.
    pub(super) async fn save_new_changes(&self) -> Result<(), Error> {
        if self.inner.thread_changed.load(Ordering::Acquire) {
            self.save_thread().await?;
        }
        Ok(())
    }

    /// Takes the unfinished items; nothing can be sent any more.
    pub(super) fn close(&self) -> Vec<ThreadItem> {
        self.inner.over.store(true, Ordering::Release);
        self.pending().take()
    }

    /// Refuses new events. Writes that have begun go on.
    pub(super) fn refuse_events(&self) {
        self.inner.over.store(true, Ordering::Release);
    }

    pub(super) fn is_writing(&self) -> bool {
        self.inner.writes.load(Ordering::Acquire) > 0
    }

    /// The request is stored; failures are part of the stream from now on.
    pub(super) fn begin(&self) {
        if let Some(frames) = &self.inner.frames {
            frames.begin();
        }
    }

    /// Ends the client's stream.
    pub(super) fn finish(&self, result: Result<(), Error>) {
        self.inner.over.store(true, Ordering::Release);
        if let Some(frames) = &self.inner.frames {
            frames.finish(result);
        }
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.inner.over.load(Ordering::Acquire) {
            Err(Error::cancelled())
        } else {
            Ok(())
        }
    }

    fn begin_write(&self) -> Result<Write<'_>, Error> {
        self.check_open()?;
        self.inner.writes.fetch_add(1, Ordering::AcqRel);
        Ok(Write(&self.inner.writes))
    }

    fn pending(&self) -> MutexGuard<'_, PendingItems> {
        self.inner
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn thread_state(&self) -> MutexGuard<'_, ThreadState> {
        self.inner
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whoever made a widget that some of its form will not arrive. The user could do nothing about it, so it is no
/// `error` event, and it is said when the widget is sent, before anyone has filled in the form.
fn warn_of_collisions(item: &ThreadItem) {
    if let ThreadItem::Widget(item) = item
        && tracing::enabled!(tracing::Level::WARN)
    {
        for collision in item.widget.form_collisions() {
            tracing::warn!("a widget loses what the user enters: {collision}");
        }
    }
}

/// A store write that has begun; counted until it is dropped.
struct Write<'a>(&'a AtomicUsize);

impl Drop for Write<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The right to save the thread, given back even when the save is dropped half way.
struct SavingThread<'a, C: Send + Sync + 'static>(&'a Turn<C>);

impl<C: Send + Sync + 'static> Drop for SavingThread<'_, C> {
    fn drop(&mut self) {
        self.0.thread_state().saving = false;
    }
}

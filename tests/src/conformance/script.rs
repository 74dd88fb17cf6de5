//! The handler of a case: it does what the script of the present step says, and records what it was called with.

use std::future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chatkit::types::{
    Action, AudioInput, FeedbackKind, JsonObject, StreamOptions, SyncCustomActionResponse,
    ThreadItem, ThreadMetadata, ThreadStatus, ThreadStreamEvent, TranscriptionResult,
    UserMessageItem, WidgetItem,
};
use chatkit::{ChatKitHandler, Turn, TurnError};
use chatkit_agents::AgentContext;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::agents::{ScriptedRun, ScriptedWidget, Sink};
use super::failure::ErrorSpec;

/// What the handler does in one step. Without a script it does what the library does by default.
#[derive(Default, Deserialize)]
pub(super) struct Script {
    respond: Option<Vec<Op>>,
    action: Option<Vec<Op>>,
    sync_action: Option<Answer<SyncCustomActionResponse>>,
    transcribe: Option<Answer<TranscriptionResult>>,
    feedback: Option<Answer<()>>,
    /// The handler asks for its turn to be cancelled.
    #[serde(skip)]
    cancel: Notify,
}

/// What a method gives that has no turn.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer<T> {
    Return(T),
    Raise(ErrorSpec),
}

/// One act of a handler in its turn.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Op {
    Yield { event: Box<ThreadStreamEvent> },
    SetThread { set: ThreadChange },
    Raise { error: ErrorSpec },
    Cancel,
    StreamWidget(ScriptedWidget),
    Agent(Box<ScriptedRun>),
}

/// New values of a thread's fields; an outer `None` leaves a field alone.
#[derive(Deserialize)]
struct ThreadChange {
    #[serde(default, deserialize_with = "present")]
    title: Option<Option<String>>,
    status: Option<ThreadStatus>,
    #[serde(default, deserialize_with = "present")]
    allowed_image_domains: Option<Option<Vec<String>>>,
    /// Merged into what is there.
    metadata: Option<JsonObject>,
}

/// Tells a null from an absent field.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Script {
    /// Waits until the handler asks for its turn to be cancelled.
    pub(super) async fn cancel_requested(&self) {
        self.cancel.notified().await;
    }

    async fn play(&self, ops: &[Op], turn: &Turn<()>) -> Result<(), TurnError> {
        for op in ops {
            match op {
                Op::Yield { event } => turn.send((**event).clone()).await?,
                Op::SetThread { set } => turn.update_thread(|thread| set.apply(thread)),
                Op::Raise { error } => return Err(error.to_error()),
                Op::Cancel => {
                    self.cancel.notify_one();
                    future::pending::<()>().await;
                }
                Op::StreamWidget(widget) => widget.show(turn).await?,
                Op::Agent(run) => {
                    let context = AgentContext::new(turn);
                    let outcome = run.play(&context, Sink::Turn(turn)).await;
                    outcome
                        .map_err(|failure| TurnError::msg(format!("{failure:?}")))?
                        .into_result()?;
                }
            }
        }
        Ok(())
    }
}

impl ThreadChange {
    fn apply(&self, thread: &mut ThreadMetadata) {
        if let Some(title) = &self.title {
            thread.title.clone_from(title);
        }
        if let Some(status) = &self.status {
            thread.status.clone_from(status);
        }
        if let Some(domains) = &self.allowed_image_domains {
            thread.allowed_image_domains.clone_from(domains);
        }
        thread.metadata.extend(
            self.metadata
                .iter()
                .flatten()
                .map(|(k, v)| (k.clone(), v.clone())),
        );
    }
}

impl<T: Clone> Answer<T> {
    fn give(&self) -> Result<T, TurnError> {
        match self {
            Self::Return(value) => Ok(value.clone()),
            Self::Raise(error) => Err(error.to_error()),
        }
    }
}

/// What handlers and attachment stores were called with, in order. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Calls(Arc<Mutex<Vec<Value>>>);

impl Calls {
    pub(super) fn record(&self, call: Value) {
        self.calls().push(call);
    }

    /// The calls since this was last called.
    pub(super) fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.calls())
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handler of all steps of a case.
pub(super) struct ScriptedHandler {
    script: Mutex<Arc<Script>>,
    calls: Calls,
    allow_cancel: Option<bool>,
}

impl ScriptedHandler {
    pub(super) fn new(calls: Calls, allow_cancel: Option<bool>) -> Self {
        Self {
            script: Mutex::default(),
            calls,
            allow_cancel,
        }
    }

    /// Sets what is done from now on.
    pub(super) fn follow(&self, script: Arc<Script>) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = script;
    }

    fn script(&self) -> Arc<Script> {
        Arc::clone(&self.script.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The library's own behaviour.
struct Defaults;

impl ChatKitHandler for Defaults {
    type Context = ();

    async fn respond(&self, _: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        Ok(())
    }
}

impl ChatKitHandler for ScriptedHandler {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        self.calls.record(json!({
            "handler": "respond",
            "thread": dump(&*turn.thread()),
            "input_user_message": dump(&message.clone().map(ThreadItem::from)),
        }));
        let script = self.script();
        match &script.respond {
            Some(ops) => script.play(ops, turn).await,
            None => Defaults.respond(turn, message).await,
        }
    }

    async fn action(
        &self,
        turn: &Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        self.calls
            .record(action_call("action", turn, &action, sender.as_ref()));
        let script = self.script();
        match &script.action {
            Some(ops) => script.play(ops, turn).await,
            None => Defaults.action(turn, action, sender).await,
        }
    }

    async fn sync_action(
        &self,
        turn: &Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, TurnError> {
        self.calls
            .record(action_call("sync_action", turn, &action, sender.as_ref()));
        match &self.script().sync_action {
            Some(answer) => answer.give(),
            None => Defaults.sync_action(turn, action, sender).await,
        }
    }

    async fn add_feedback(
        &self,
        thread_id: &str,
        item_ids: &[String],
        kind: FeedbackKind,
        context: &(),
    ) -> Result<(), TurnError> {
        self.calls.record(json!({
            "handler": "add_feedback",
            "thread_id": thread_id,
            "item_ids": item_ids,
            "kind": dump(&kind),
        }));
        match &self.script().feedback {
            Some(answer) => answer.give(),
            None => {
                Defaults
                    .add_feedback(thread_id, item_ids, kind, context)
                    .await
            }
        }
    }

    async fn transcribe(
        &self,
        audio: AudioInput,
        context: &(),
    ) -> Result<TranscriptionResult, TurnError> {
        self.calls.record(json!({
            "handler": "transcribe",
            "data_base64": STANDARD.encode(&audio.data),
            "mime_type": audio.mime_type,
            "media_type": audio.media_type(),
        }));
        match &self.script().transcribe {
            Some(answer) => answer.give(),
            None => Defaults.transcribe(audio, context).await,
        }
    }

    fn stream_options(&self, thread: &ThreadMetadata, context: &()) -> StreamOptions {
        match self.allow_cancel {
            Some(allow) => StreamOptions::new(allow),
            None => Defaults.stream_options(thread, context),
        }
    }

    async fn handle_stream_cancelled(
        &self,
        turn: &Turn<()>,
        pending_items: Vec<ThreadItem>,
    ) -> Result<(), TurnError> {
        self.calls.record(json!({
            "handler": "handle_stream_cancelled",
            "pending_items": dump(&pending_items),
        }));
        Defaults.handle_stream_cancelled(turn, pending_items).await
    }
}

fn action_call(
    handler: &str,
    turn: &Turn<()>,
    action: &Action,
    sender: Option<&WidgetItem>,
) -> Value {
    json!({
        "handler": handler,
        "thread": dump(&*turn.thread()),
        // Both fields always, also a payload that is null.
        "action": { "type": action.action_type, "payload": action.payload },
        "sender": dump(&sender.cloned().map(ThreadItem::from)),
    })
}

/// A value as JSON; one that does not serialise shows up in the comparison as the error's text.
fn dump(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_else(|error| error.to_string().into())
}

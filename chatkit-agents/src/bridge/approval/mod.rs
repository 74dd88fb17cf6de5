//! Asking the user about tools that need an approval, and going on when the answer comes.

mod question;
mod record;
mod text;

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use chatkit::store::{Store, StoreError, StoreItemType};
use chatkit::types::{Action, StructuredInputItem, ThreadItem, WidgetItem};
use chatkit::{Turn, TurnError};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

use self::question::Decision;
use self::record::Record;
pub(crate) use self::record::is_waiting_run;
use super::context::AgentContext;
use super::stream::stream_agent_response;
use crate::runner::{RunResultStreaming, RunState, ToolApprovalItem};

/// Asks the user about calls that need an approval, in the thread, and gives the run back when the answer comes.
///
/// When a run ends with [interruptions](RunState::interruptions), the question is shown as a structured input, or as a
/// [widget](Self::in_widget), and the run is stored beside it. The answer begins a turn of its own, perhaps on another
/// server: [`answer`](Self::answer) takes the run out of the store with its calls decided, and the run goes on in the
/// same thread.
///
/// ```
/// use chatkit::types::UserMessageItem;
/// use chatkit::{ChatKitHandler, Turn, TurnError};
/// use chatkit_agents::{
///     Agent, AgentContext, ApprovalAnswer, Approvals, DefaultThreadItemConverter, Runner, ThreadItemConverter,
/// };
///
/// struct User;
///
/// struct Assistant {
///     agent: Agent<AgentContext<User>>,
///     approvals: Approvals,
/// }
///
/// impl ChatKitHandler for Assistant {
///     type Context = User;
///
///     async fn respond(&self, turn: &Turn<User>, _: Option<UserMessageItem>) -> Result<(), TurnError> {
///         let context = AgentContext::new(turn);
///         let run = match self.approvals.answer(turn).await? {
///             ApprovalAnswer::Decided(state) => Runner::resume(&self.agent, *state, context.clone()),
///             ApprovalAnswer::Late => return Ok(()),
///             _ => {
///                 let input = DefaultThreadItemConverter.history(turn, 20).await?;
///                 Runner::run(&self.agent, input, context.clone())
///             }
///         };
///         self.approvals.forward(context, run.streamed()).await
///     }
/// }
/// ```
///
/// # What an answer means
///
/// A call runs only if the user has chosen the approving option for this very call. A text of the user's own rejects it,
/// and the model gets the text. A call that is skipped is rejected too, and the model is told that the user did not
/// decide. When the user writes a message instead of answering, the question is withdrawn and the run is dropped: the
/// message begins a new one.
///
/// # What is safe
///
/// - The run is in a hidden item of the thread. It never reaches a client, has the thread's owner, and is deleted with the
///   thread. The converter of threads leaves it out.
/// - An answer takes it out, in one step ([`Store::take_item`]): a double click, a second tab or another server gets
///   [`ApprovalAnswer::Late`], and nothing runs twice. A run that then fails or is stopped is not put back: nobody knows
///   what its tools have done. The user asks again, and is asked again.
/// - What the user reads is made of the arguments that the tool will get. See [`describe`](Self::describe).
///
/// # More than one call
///
/// One question asks about all calls that wait, those of agents that are used as tools included. Calls that need no
/// approval have run by then. If the run comes to further calls, it asks again.
#[derive(Clone, Default)]
pub struct Approvals {
    widget: bool,
    labels: Labels,
    describe: Option<Arc<Describe>>,
}

type Describe = dyn Fn(&ToolApprovalItem) -> String + Send + Sync;

/// What stands on what the user chooses from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Labels {
    approve: String,
    reject: String,
    /// Only then is it an option.
    #[serde(skip_serializing_if = "Option::is_none")]
    always: Option<String>,
    undecided: String,
    submit: String,
    reason: String,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            approve: "Approve".to_owned(),
            reject: "Reject".to_owned(),
            always: None,
            undecided: "Not decided".to_owned(),
            submit: "Submit".to_owned(),
            reason: "Reason, if you reject".to_owned(),
        }
    }
}

/// What a turn says to a run that waits.
#[derive(Debug)]
#[non_exhaustive]
pub enum ApprovalAnswer {
    /// Nothing: the turn began with something else than an answer to a question of [`Approvals`].
    Unrelated,
    /// The user has answered. The state has the decisions; [resume](crate::Runner::resume) it.
    Decided(Box<RunState>),
    /// The question was answered, or withdrawn, before. There is nothing to do.
    Late,
}

impl Approvals {
    /// Asks with a structured input, in English.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks with a widget: a card with two buttons, or a form when there are several calls. Its answers come as actions,
    /// so let [`ChatKitHandler::action`](chatkit::ChatKitHandler::action) call [`action`](Self::action).
    #[must_use]
    pub fn in_widget(mut self) -> Self {
        self.widget = true;
        self
    }

    /// Sets the texts of the two options. They must differ.
    #[must_use]
    pub fn labels(mut self, approve: impl Into<String>, reject: impl Into<String>) -> Self {
        self.labels.approve = approve.into();
        self.labels.reject = reject.into();
        self
    }

    /// Adds an option with this text: the call is approved, and so are later calls of the same tool in this run.
    #[must_use]
    pub fn always(mut self, label: impl Into<String>) -> Self {
        self.labels.always = Some(label.into());
        self
    }

    /// Sets the other texts of the widget: of the button that sends a form, of the field for a reason, and of a call that
    /// nobody has decided.
    #[must_use]
    pub fn widget_labels(
        mut self,
        submit: impl Into<String>,
        reason: impl Into<String>,
        undecided: impl Into<String>,
    ) -> Self {
        self.labels.submit = submit.into();
        self.labels.reason = reason.into();
        self.labels.undecided = undecided.into();
        self
    }

    /// Sets the words for a call. In a widget, lines after the first are small.
    ///
    /// The default names the agent and the tool, and shows each argument on a line of its own, escaped such that no value
    /// can look like something else. The arguments are what a model wrote, perhaps after it has read a text of someone
    /// who wants the call to look harmless: escape what you show of them, and show all that matters.
    #[must_use]
    pub fn describe(
        mut self,
        describe: impl Fn(&ToolApprovalItem) -> String + Send + Sync + 'static,
    ) -> Self {
        self.describe = Some(Arc::new(describe));
        self
    }

    /// Forwards a run into its turn like [`stream_agent_response`], and [asks](Self::ask) when it ends with calls to be
    /// decided.
    ///
    /// # Errors
    ///
    /// Those of the run and of [`Turn::forward`], and of the store.
    pub async fn forward<C: Send + Sync + 'static>(
        &self,
        context: AgentContext<C>,
        mut run: RunResultStreaming,
    ) -> Result<(), TurnError> {
        let events = stream_agent_response(context.clone(), &mut run);
        context.turn().forward(events).await?;
        if run.interruptions().is_empty() {
            return Ok(());
        }
        self.ask(&context, &run.to_state()).await
    }

    /// Stores a run that waits and shows the question. Does nothing when no call waits.
    ///
    /// For runs that are not [forwarded](Self::forward) here, with a converter of their own for example.
    ///
    /// # Errors
    ///
    /// Those of [`Turn::send`]. The run is stored first: a question that is shown can be answered.
    pub async fn ask<C: Send + Sync + 'static>(
        &self,
        context: &AgentContext<C>,
        state: &RunState,
    ) -> Result<(), TurnError> {
        let calls = self.described(state);
        if calls.is_empty() {
            return Ok(());
        }
        let turn = context.turn();
        // The question stands behind it, so no later turn would find it to go on with.
        if let Some(ended) = context.end_open_workflow() {
            turn.send(ended).await?;
        }
        let id = turn.generate_id(StoreItemType::Message);
        let record = Record::new(self.labels.clone(), state)?;
        record.store(turn, &id).await?;
        if self.widget {
            let card = question::card(&calls, &self.labels);
            turn.add_item(WidgetItem::new(id, turn.thread_id(), card))
                .await?;
        } else {
            let inputs = question::inputs(&calls, &self.labels);
            turn.add_item(StructuredInputItem::new(id, turn.thread_id(), inputs))
                .await?;
        }
        Ok(())
    }

    /// What the turn says to a run that waits. Call it at the beginning of
    /// [`ChatKitHandler::respond`](chatkit::ChatKitHandler::respond).
    ///
    /// When the thread ends with a message of the user, questions before it are withdrawn.
    ///
    /// # Errors
    ///
    /// Those of the store. When what is stored cannot be read, which needs a newer version of this crate, the run is
    /// lost.
    pub async fn answer<C: Send + Sync + 'static>(
        &self,
        turn: &Turn<C>,
    ) -> Result<ApprovalAnswer, TurnError> {
        let Some(item) = turn.structured_input() else {
            self.withdraw(turn).await?;
            return Ok(ApprovalAnswer::Unrelated);
        };
        if !question::is_question(item) {
            return Ok(ApprovalAnswer::Unrelated);
        }
        let Some(record) = Record::take(turn, &item.id).await? else {
            return Ok(ApprovalAnswer::Late);
        };
        let mut state = record.state()?;
        question::decide(&mut state, &question::answers(item, &record.labels))?;
        Ok(ApprovalAnswer::Decided(Box::new(state)))
    }

    /// What an action says to a run that waits; the widget then shows what was decided. Call it in
    /// [`ChatKitHandler::action`](chatkit::ChatKitHandler::action), and treat what it gives as in `respond`. An action
    /// that is [unrelated](ApprovalAnswer::Unrelated) is one of yours.
    ///
    /// # Errors
    ///
    /// As for [`answer`](Self::answer).
    pub async fn action<C: Send + Sync + 'static>(
        &self,
        turn: &Turn<C>,
        action: &Action,
        sender: Option<&WidgetItem>,
    ) -> Result<ApprovalAnswer, TurnError> {
        if !question::is_action(action) {
            return Ok(ApprovalAnswer::Unrelated);
        }
        let Some(widget) = sender else {
            return Ok(ApprovalAnswer::Late);
        };
        let Some(record) = Record::take(turn, &widget.id).await? else {
            return Ok(ApprovalAnswer::Late);
        };
        let mut state = record.state()?;
        let calls = self.described(&state);
        let decisions = question::decisions(action, calls.len(), &record.labels);
        question::decide(&mut state, &decisions)?;
        let card = question::settled(&calls, &decisions, &record.labels);
        turn.update_widget(widget.clone(), card).await?;
        Ok(ApprovalAnswer::Decided(Box::new(state)))
    }

    fn described(&self, state: &RunState) -> Vec<String> {
        let calls = state.interruptions();
        let words = |call| match &self.describe {
            Some(describe) => describe(call),
            None => text::describe(call),
        };
        calls.iter().map(words).collect()
    }

    /// Drops the runs that wait for an answer, if the user has written instead.
    async fn withdraw<C: Send + Sync + 'static>(&self, turn: &Turn<C>) -> Result<(), TurnError> {
        let mut questions = Vec::new();
        let mut items = pin!(turn.store().newest_first(turn.thread_id(), turn.context()));
        let mut messages = 0;
        // Up to the message before: what is older was withdrawn in its turn.
        while messages < 2
            && let Some(item) = items.try_next().await?
        {
            match item {
                ThreadItem::UserMessage(_) => messages += 1,
                // Something else has begun the turn: an answer may still come.
                _ if messages == 0 => break,
                item => {
                    if let Some(question) = record::question_of(&item) {
                        questions.push(question.to_owned());
                    }
                }
            }
        }
        for question in &questions {
            self.withdraw_question(turn, question).await?;
        }
        Ok(())
    }

    async fn withdraw_question<C: Send + Sync + 'static>(
        &self,
        turn: &Turn<C>,
        id: &str,
    ) -> Result<(), TurnError> {
        let Some(record) = Record::take(turn, id).await? else {
            return Ok(());
        };
        let question = turn
            .store()
            .load_item(turn.thread_id(), id, turn.context())
            .await;
        match question {
            Ok(ThreadItem::StructuredInput(item)) => {
                turn.replace_item(question::withdrawn(item)).await?;
            }
            Ok(ThreadItem::Widget(item)) => {
                // A run that cannot be read any more has no calls to show.
                let calls = record.state().map(|state| self.described(&state));
                let decisions: &[Decision] = &[];
                let card = question::settled(&calls.unwrap_or_default(), decisions, &record.labels);
                turn.update_widget(item, card).await?;
            }
            // It was never shown.
            Ok(_) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

impl fmt::Debug for Approvals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Approvals")
            .field("widget", &self.widget)
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}

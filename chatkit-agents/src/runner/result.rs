//! A run on its way, and at its end.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;

use super::error::{RunError, RunErrorKind};
use super::item::RunItem;
use super::scope::Shared;
use super::state::{NextStep, RunState, ToolApprovalItem};
use crate::guardrail::GuardrailResult;
use crate::items::InputItem;
use crate::model::{ResponseStreamEvent, Usage};

/// Something that happened in a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum StreamEvent {
    /// An event of the model's stream, as it came.
    #[doc(alias = "RawResponsesStreamEvent")]
    RawResponse(ResponseStreamEvent),
    /// The run has a new item.
    #[doc(alias = "RunItemStreamEvent")]
    RunItem(Box<RunItem>),
    /// An agent has taken over. The first event of every run.
    #[doc(alias = "AgentUpdatedStreamEvent")]
    AgentUpdated {
        /// The agent's name.
        agent: String,
    },
}

/// The end of a run: an answer, or calls that wait to be decided.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunResult {
    state: RunState,
}

impl RunResult {
    fn new(state: RunState) -> Self {
        Self { state }
    }

    /// The agent's answer: text, JSON when it has an output type, or the result of the tool that ended the run. `None`
    /// when the run has [interruptions](Self::interruptions), or was cancelled after a turn.
    pub fn final_output(&self) -> Option<&str> {
        self.state.final_output()
    }

    /// The agent's answer, where the run has to have one.
    ///
    /// # Errors
    ///
    /// [`RunErrorKind::Interrupted`] when [`final_output`](Self::final_output) is `None`; the error has the state.
    pub fn into_output(self) -> Result<String, RunError> {
        let state = self.state;
        match state.step {
            NextStep::Done { final_output } => Ok(final_output),
            _ => Err(interrupted().in_state(state)),
        }
    }

    /// The answer as the agent's [output type](crate::Agent::output_type).
    ///
    /// # Errors
    ///
    /// [`RunErrorKind::InvalidFinalOutput`] when the answer is no `T`: another agent has answered, for example.
    /// [`RunErrorKind::Interrupted`] when there is none.
    pub fn final_output_as<T: DeserializeOwned>(&self) -> Result<T, RunError> {
        let output = self.final_output().ok_or_else(interrupted)?;
        serde_json::from_str(output).map_err(|error| {
            RunError::new(
                RunErrorKind::InvalidFinalOutput,
                "the answer is not of this type",
            )
            .caused_by(error)
        })
    }

    /// What the run was started with, history of a session included.
    pub fn input(&self) -> &[InputItem] {
        &self.state.input
    }

    /// What the run has added.
    pub fn new_items(&self) -> &[RunItem] {
        &self.state.new_items
    }

    /// The whole conversation as input for another run: the input, then what the run has added.
    pub fn to_input_list(&self) -> Vec<InputItem> {
        self.state.to_input_list()
    }

    /// The name of the agent that answered. [`Agent::find`](crate::Agent::find) gives the agent, to go on with.
    pub fn last_agent(&self) -> &str {
        &self.state.agent
    }

    /// The id of the last response, to continue from with [`previous_response_id`](super::Run::previous_response_id).
    pub fn last_response_id(&self) -> Option<&str> {
        self.state.last_response_id.as_deref()
    }

    /// Tokens used, by the run and by the agents it has used as tools.
    pub fn usage(&self) -> Usage {
        self.state.usage
    }

    /// The calls that wait to be decided. While there are any, the run is not over: decide them in the
    /// [state](Self::into_state), and [resume](super::Runner::resume) it.
    pub fn interruptions(&self) -> Vec<ToolApprovalItem> {
        self.state.interruptions()
    }

    /// What input guardrails have found.
    pub fn input_guardrail_results(&self) -> &[GuardrailResult] {
        &self.state.input_guardrail_results
    }

    /// What output guardrails have found.
    pub fn output_guardrail_results(&self) -> &[GuardrailResult] {
        &self.state.output_guardrail_results
    }

    /// Everything the run knows.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// Everything the run knows, to be stored or resumed.
    pub fn into_state(self) -> RunState {
        self.state
    }
}

fn interrupted() -> RunError {
    let message = "the run has no answer yet: calls wait to be decided (see `interruptions`), or it was cancelled after \
         a turn; go on with `Runner::resume`";
    RunError::new(RunErrorKind::Interrupted, message)
}

/// How [`RunResultStreaming::cancel`] ends a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CancelMode {
    /// Now: the model's connection closes, running tools are dropped, and no more events come. The same as dropping
    /// the run.
    #[default]
    Immediate,
    /// When the turn is over: its tools finish, its items are kept and saved, and the model is not called again. The
    /// run can be resumed.
    AfterTurn,
}

/// A run on its way: a stream of its events.
///
/// It is a [`Stream`]: with [`futures::StreamExt`] in scope, `run.next().await` gives the next event. Reading it drives the
/// run. An error is the last event, and comes after everything that happened before. Dropping it
/// cancels the run: the model's connection closes and running tools are dropped. To let it go on without a reader,
/// [`detach`](Self::detach) it.
#[must_use = "a run does nothing unless it is read"]
#[doc(alias = "stream_events")]
pub struct RunResultStreaming {
    shared: Arc<Shared>,
    driver: Option<BoxFuture<'static, Result<(), RunError>>>,
    end: End,
    /// What the state has, once the run is over: here it can be borrowed.
    final_output: Option<String>,
}

enum End {
    /// Not yet, or with nothing to say.
    Quiet,
    /// The error that is to come after everything that happened before.
    Failed(RunError),
    /// The error was given, or the run was cancelled.
    Lost,
}

impl RunResultStreaming {
    pub(super) fn new(
        shared: Arc<Shared>,
        driver: BoxFuture<'static, Result<(), RunError>>,
    ) -> Self {
        Self {
            shared,
            driver: Some(driver),
            end: End::Quiet,
            final_output: None,
        }
    }

    /// What the run has done until now and what it does next: a copy.
    pub fn to_state(&self) -> RunState {
        self.shared.state().clone()
    }

    /// The answer, once the run is over.
    pub fn final_output(&self) -> Option<&str> {
        self.final_output.as_deref()
    }

    /// The calls that wait to be decided, once the run has ended with any. See [`RunResult::interruptions`].
    pub fn interruptions(&self) -> Vec<ToolApprovalItem> {
        self.shared.state().interruptions()
    }

    /// Tokens used until now.
    pub fn usage(&self) -> Usage {
        self.shared.state().usage
    }

    /// The name of the agent that runs.
    pub fn current_agent(&self) -> String {
        self.shared.state().agent.clone()
    }

    /// Model calls made until now.
    pub fn current_turn(&self) -> u32 {
        self.shared.state().current_turn
    }

    /// Nothing more will happen: the run has its answer, waits for an approval, has failed, or was cancelled.
    pub fn is_complete(&self) -> bool {
        self.driver.is_none()
    }

    /// Ends the run. A run that is over stays as it is.
    pub fn cancel(&mut self, mode: CancelMode) {
        match mode {
            CancelMode::AfterTurn => self.shared.stop_after_turn(),
            CancelMode::Immediate => {
                if self.driver.take().is_some() {
                    while self.shared.pop().is_some() {}
                    self.end = End::Lost;
                }
            }
        }
    }

    /// Lets the run go on in a task of its own, with nobody reading its events. Aborting the task cancels the run.
    ///
    /// # Panics
    ///
    /// When there is no Tokio runtime.
    pub fn detach(mut self) -> JoinHandle<Result<RunResult, RunError>> {
        tokio::spawn(async move {
            while let Some(event) = self.next().await {
                event?;
            }
            self.into_result()
        })
    }

    /// The result of a run that is over, or that waits for an approval.
    ///
    /// # Errors
    ///
    /// [`RunErrorKind::State`] when the run was not read to its end, has failed, or was cancelled.
    pub fn into_result(self) -> Result<RunResult, RunError> {
        match (&self.driver, self.end) {
            (None, End::Quiet) => Ok(RunResult::new(self.shared.state().clone())),
            (_, End::Failed(error)) => Err(error),
            (None, End::Lost) => Err(RunError::new(
                RunErrorKind::State,
                "the run was cancelled, or its error was already given as the last event",
            )),
            (Some(_), _) => Err(RunError::new(
                RunErrorKind::State,
                "the run was not read to its end: read its events until there are no more",
            )),
        }
    }
}

impl Stream for RunResultStreaming {
    type Item = Result<StreamEvent, RunError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(event) = this.shared.pop() {
                return Poll::Ready(Some(Ok(event)));
            }
            let Some(driver) = &mut this.driver else {
                return Poll::Ready(match std::mem::replace(&mut this.end, End::Lost) {
                    End::Failed(error) => Some(Err(error)),
                    End::Quiet => {
                        this.end = End::Quiet;
                        None
                    }
                    End::Lost => None,
                });
            };
            match driver.as_mut().poll(cx) {
                Poll::Ready(result) => {
                    this.driver = None;
                    this.final_output = this.shared.state().final_output().map(str::to_owned);
                    if let Err(error) = result {
                        this.end = End::Failed(error);
                    }
                }
                // The driver waits: for something that wakes it, or for its event to be taken.
                Poll::Pending => {
                    return match this.shared.pop() {
                        Some(event) => Poll::Ready(Some(Ok(event))),
                        None => Poll::Pending,
                    };
                }
            }
        }
    }
}

impl fmt::Debug for RunResultStreaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state();
        f.debug_struct("RunResultStreaming")
            .field("agent", &state.agent)
            .field("turn", &state.current_turn)
            .field("over", &matches!(state.step, NextStep::Done { .. }))
            .finish_non_exhaustive()
    }
}

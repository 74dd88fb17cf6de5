//! How a run begins: the history of its session, and its input guardrails.

use std::sync::{Arc, PoisonError};

use chatkit::BoxError;
use tracing::{Instrument, Span};

use super::{Checks, Driver};
use crate::agent::Agent;
use crate::guardrail::{GuardrailFunctionOutput, GuardrailResult, InputGuardrail};
use crate::items::{InputItem, prune_orphans};
use crate::runner::config::SessionInputData;
use crate::runner::context::RunContext;
use crate::runner::error::{RunError, RunErrorKind};
use crate::session::Session;
use crate::telemetry;

impl<C: Send + Sync + 'static> Driver<C> {
    /// Finds the agent that the state names, and checks what cannot go together.
    pub(super) fn begin_with_agent(&mut self) -> Result<(), RunError> {
        let (name, managed) = {
            let state = self.scope.shared.state();
            (state.agent.clone(), state.is_server_managed())
        };
        let found = self.root.find(&name).ok_or_else(|| {
            let message = format!(
                "the run is at the agent {name}, which {} cannot reach",
                self.root.name()
            );
            RunError::new(RunErrorKind::State, message)
        });
        self.run_span = if self.scope.is_nested() {
            Span::current()
        } else {
            let config = &self.scope.config;
            telemetry::invoke_workflow(config.workflow_name.as_deref(), config.group_id.as_deref())
        };
        self.agent = found?;
        self.span = self.agent_span();
        let conflict = |message| Err(RunError::new(RunErrorKind::Config, message));
        if managed && self.session.is_some() {
            return conflict(
                "a session cannot be combined with conversation_id, previous_response_id or auto_previous_response_id",
            );
        }
        if managed && self.output_guardrails().next().is_some() {
            return conflict(
                "output guardrails cannot be combined with conversation_id, previous_response_id or \
                 auto_previous_response_id: a refused answer cannot be removed from what the endpoint keeps",
            );
        }
        Ok(())
    }

    /// The history of the session, and the input guardrails.
    pub(super) async fn begin(&mut self) -> Result<(), RunError> {
        let (fresh, unsaved) = {
            let state = self.scope.shared.state();
            (!state.input_checked, state.saved.is_none())
        };
        if unsaved && self.session.is_some() {
            self.load_session(fresh).await?;
        }
        let guardrails = self.agent.input_guardrails().iter();
        let guardrails: Vec<_> = guardrails
            .chain(&self.scope.config.input_guardrails)
            .cloned()
            .collect();
        if guardrails.is_empty() {
            return Ok(());
        }
        let (input, pending) = {
            let state = self.scope.shared.state();
            (state.input.clone(), state.pending_input.clone())
        };
        if !pending.is_empty() {
            let found = self.check_input(guardrails.clone(), pending.into()).await;
            self.input_checked(found)?;
        }
        if !fresh {
            return Ok(());
        }
        let input: Arc<[InputItem]> = input.into();
        let (blocking, parallel): (Vec<_>, Vec<_>) = guardrails
            .into_iter()
            .partition(InputGuardrail::is_blocking);
        let found = self.check_input(blocking, Arc::clone(&input)).await;
        self.input_checked(found)?;
        if !parallel.is_empty() {
            *self.checks() = Some(self.check_input(parallel, input));
        }
        Ok(())
    }

    /// Puts the history of the session before the input.
    async fn load_session(&mut self, fresh: bool) -> Result<(), RunError> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        let input = {
            let state = self.scope.shared.state();
            state.input[state.history.min(state.input.len())..].to_vec()
        };
        self.new_input = input;
        if !fresh {
            return Ok(());
        }
        let limit = self.scope.config.session_limit;
        let mut history = session.get_items(limit).await?;
        let read = history.len();
        prune_orphans(&mut history);
        let length = history.len();
        let combine = self.scope.config.session_input_callback.as_ref();
        let combined = match combine.filter(|_| length > 0) {
            None => history
                .into_iter()
                .chain(self.new_input.iter().cloned())
                .collect(),
            Some(combine) => {
                let run = RunContext::of(&self.scope, &self.agent);
                combine(SessionInputData {
                    run,
                    history,
                    new_input: &self.new_input,
                })
                .await
                .map_err(|error| RunError::callback("the session input callback failed", error))?
            }
        };
        self.session_items = limit.is_none().then_some(read);
        let mut state = self.scope.shared.state();
        state.history = length.min(combined.len());
        state.input = combined;
        Ok(())
    }

    /// Asks guardrails, all at the same time; the first that trips ends it for all.
    fn check_input(&self, guardrails: Vec<InputGuardrail<C>>, input: Arc<[InputItem]>) -> Checks {
        let (scope, agent) = (Arc::clone(&self.scope), self.agent.clone());
        let span = self.span.clone();
        let checks = async move {
            let run = RunContext::of(&scope, &agent);
            let checks = guardrails.iter().map(|guardrail| {
                let input = &*input;
                async move {
                    let found = guardrail.check(run, input).await;
                    found_by(
                        &Span::current(),
                        guardrail.name(),
                        run,
                        found,
                        RunErrorKind::InputGuardrailTripwireTriggered,
                    )
                }
            });
            futures::future::try_join_all(checks).await
        };
        // Those beside the model are polled outside of it.
        Box::pin(checks.instrument(span))
    }

    pub(super) fn checks(&mut self) -> &mut Option<Checks> {
        self.checks
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn input_checked(
        &self,
        found: Result<Vec<GuardrailResult>, RunError>,
    ) -> Result<(), RunError> {
        self.scope
            .shared
            .state()
            .input_guardrail_results
            .extend(found?);
        Ok(())
    }

    /// Waits for the guardrails that work beside the model.
    pub(super) async fn finish_checks(&mut self) -> Result<(), RunError> {
        let checks = self.checks().take();
        if let Some(checks) = checks {
            let found = checks.await;
            self.input_checked(found)?;
        }
        self.scope.shared.state().input_checked = true;
        Ok(())
    }
}

/// What a guardrail has found, or the error that ends the run.
pub(super) fn found_by<C>(
    span: &Span,
    name: &str,
    run: RunContext<'_, C>,
    found: Result<GuardrailFunctionOutput, BoxError>,
    tripwire: RunErrorKind,
) -> Result<GuardrailResult, RunError> {
    let output =
        found.map_err(|error| RunError::callback(format!("the guardrail {name} failed"), error))?;
    telemetry::guardrail(span, name, output.tripwire_triggered);
    let result = GuardrailResult {
        guardrail: name.to_owned(),
        agent: run.agent().map(Agent::name).unwrap_or_default().to_owned(),
        output,
    };
    if result.output.tripwire_triggered {
        return Err(RunError::tripwire(tripwire, result));
    }
    Ok(result)
}

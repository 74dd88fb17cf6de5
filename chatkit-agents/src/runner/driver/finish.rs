//! How a run ends, and what its session gets.

use chatkit::BoxError;

use super::Driver;
use super::begin::found_by;
use crate::guardrail::OutputGuardrail;
use crate::items::{OutputItem, prune_orphans};
use crate::runner::context::RunContext;
use crate::runner::error::{RunError, RunErrorKind};
use crate::runner::item::RunItem;
use crate::runner::state::NextStep;
use crate::session::{CompactionArgs, Session};

impl<C: Send + Sync + 'static> Driver<C> {
    /// The agent has answered.
    pub(super) async fn finish(&mut self, final_output: String) -> Result<(), RunError> {
        self.tell(|hooks, run| hooks.agent_end(run, &final_output))
            .await?;
        let run = RunContext::of(&self.scope, &self.agent);
        let (output, span) = (final_output.as_str(), &self.span);
        let checks = self.output_guardrails().map(|guardrail| async move {
            let found = guardrail.check(run, output).await;
            found_by(
                span,
                guardrail.name(),
                run,
                found,
                RunErrorKind::OutputGuardrailTripwireTriggered,
            )
        });
        let checked = futures::future::try_join_all(checks).await;
        match checked {
            Ok(results) => self
                .scope
                .shared
                .state()
                .output_guardrail_results
                .extend(results),
            Err(error) if error.is_tripwire() => return Err(error),
            Err(error) => {
                // The guardrail has failed, not the answer: it stays in the history.
                self.save_turn().await?;
                return Err(error);
            }
        }
        self.save_turn().await?;
        self.scope.shared.state().step = NextStep::Done { final_output };
        Ok(())
    }

    /// Lets a handler answer instead of failing.
    pub(super) async fn recover(&mut self, error: RunError) -> Result<(), RunError> {
        let state = self.scope.shared.state().clone();
        let run = RunContext::of(&self.scope, &self.agent);
        let Some(result) = self.handlers.handle(run, &error, &state).await else {
            return Err(error);
        };
        let invalid = |cause: BoxError| {
            RunError::new(
                RunErrorKind::InvalidFinalOutput,
                "an error handler's output is not of the agent's type",
            )
            .caused_by(cause)
        };
        let final_output = match self.agent.output() {
            Some(schema) => schema
                .read_unwrapped(&result.final_output)
                .map_err(invalid)?,
            None => result.final_output,
        };
        if result.include_in_history {
            let message =
                OutputItem::assistant_text(&final_output).map_err(|cause| invalid(cause.into()))?;
            let item = RunItem::MessageOutputItem(message);
            self.scope.shared.state().new_items.push(item.clone());
            self.emit_item(item).await;
        }
        self.finish(final_output).await
    }

    pub(super) fn output_guardrails(&self) -> impl Iterator<Item = &OutputGuardrail<C>> {
        self.agent
            .output_guardrails()
            .iter()
            .chain(&self.scope.config.output_guardrails)
    }

    /// The session gets the input before the model is called.
    pub(super) async fn save_input(&mut self) -> Result<(), RunError> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        if self.scope.shared.state().saved.is_some() {
            return Ok(());
        }
        session.add_items(&self.new_input).await?;
        self.session_items = self
            .session_items
            .map(|length| length + self.new_input.len());
        self.new_input = Vec::new();
        self.scope.shared.state().saved = Some(0);
        Ok(())
    }

    /// The session gets what the run has added, calls together with their answers.
    pub(super) async fn save_turn(&mut self) -> Result<(), RunError> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        let (mut items, count, response_id) = {
            let state = self.scope.shared.state();
            let saved = state.saved.unwrap_or_default();
            let items = state.new_items.get(saved..).unwrap_or_default();
            let items: Vec<_> = items.iter().map(|item| self.input_item(item)).collect();
            (items, state.new_items.len(), state.last_response_id.clone())
        };
        // What the last response knows is what the session has, unless tools have answered since.
        let known = items
            .last()
            .is_some_and(|item| item.role() == Some("assistant"));
        prune_orphans(&mut items);
        if !items.is_empty() {
            session.add_items(&items).await?;
        }
        self.scope.shared.state().saved = Some(count);
        self.session_items = self.session_items.map(|length| length + items.len());
        let args = CompactionArgs::new()
            .response_id(response_id.as_deref())
            .store(self.settings().store)
            .known_items(self.session_items.filter(|_| known));
        match session.run_compaction(args).await {
            Ok(usage) => self.scope.add_usage(usage),
            // The history is as it was, only longer than it might be.
            Err(error) => tracing::warn!("the session was not compacted: {error:#}"),
        }
        Ok(())
    }
}

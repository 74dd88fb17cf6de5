//! Handing over to another agent.

use serde_json::json;

use super::Driver;
use crate::handoff::{Handoff, HandoffCall, HandoffInputData, nest_handoff_history};
use crate::items::InputItem;
use crate::runner::call;
use crate::runner::context::RunContext;
use crate::runner::error::{RunError, RunErrorKind};
use crate::runner::item::RunItemKind;
use crate::runner::offer::{Callee, Offer};
use crate::runner::state::{ModelView, NextStep, RunToolCall};
use crate::telemetry;

impl<C: Send + Sync + 'static> Driver<C> {
    /// All other calls are answered: the first handoff wins.
    pub(super) async fn hand_over(&mut self, offer: &Offer<C>) -> Result<(), RunError> {
        let calls: Vec<(usize, RunToolCall)> = {
            let state = self.scope.shared.state();
            let NextStep::CallTools { calls } = &state.step else {
                return Ok(());
            };
            let open = calls
                .iter()
                .enumerate()
                .filter(|(_, call)| call.output.is_none());
            open.map(|(index, call)| (index, call.call.clone()))
                .collect()
        };
        let mut calls = calls.into_iter();
        let Some((index, call)) = calls.next() else {
            return Ok(());
        };
        let Callee::Handoff(handoff, target) = offer.callee(&call, None) else {
            // A function that was there when it was called is not there any more.
            self.answer(index, call::not_found(&self.scope, &call))
                .await;
            return Ok(());
        };
        let run = RunContext::of(&self.scope, &self.agent);
        let arguments = if call.arguments.is_empty() {
            "{}"
        } else {
            &call.arguments
        };
        handoff
            .handed_over(HandoffCall { run, arguments })
            .await
            .map_err(|error| RunError::callback("a handoff failed", error))?;
        for (index, ignored) in calls {
            let text = "Multiple handoffs detected, ignoring this one.";
            self.answer(
                index,
                InputItem::function_call_output(ignored.call_id, text),
            )
            .await;
        }
        self.keep_answers();
        // With the space that Python writes: requests stay the same to the byte.
        let text = format!("{{\"assistant\": {}}}", json!(target.name()));
        let item = self.item(RunItemKind::HandoffOutput {
            output: InputItem::function_call_output(call.call_id, text),
            target_agent: target.name().to_owned(),
        });
        self.scope.shared.state().new_items.push(item.clone());
        self.tell(|hooks, run| hooks.handoff(run, &self.agent, target))
            .await?;
        self.change_view(handoff).await?;
        self.emit_item(item).await;
        self.save_turn().await?;
        {
            let mut state = self.scope.shared.state();
            state.agent = target.name().to_owned();
            state.agent_started = false;
        }
        telemetry::handoff(self.agent.name(), target.name());
        self.agent = target.clone();
        self.span = self.agent_span();
        self.emit(self.agent_updated()).await;
        Ok(())
    }

    /// Decides what the next agent gets to see.
    async fn change_view(&self, handoff: &Handoff<C>) -> Result<(), RunError> {
        let config = &self.scope.config;
        let filter = handoff.filter().or(config.handoff_input_filter.as_ref());
        let nests = handoff.nests().unwrap_or(config.nest_handoff_history);
        if filter.is_none() && !nests {
            return Ok(());
        }
        let (managed, data) = {
            let state = self.scope.shared.state();
            let (input_history, from) = match &state.model_view {
                Some(view) => (view.items.clone(), view.from),
                None => (state.input.clone(), 0),
            };
            let start = state.turn_start.max(from);
            let items = |from, to| state.new_items.get(from..to).unwrap_or_default().to_vec();
            let data = HandoffInputData {
                run: RunContext::of(&self.scope, &self.agent),
                input_history,
                pre_handoff_items: items(from, start),
                new_items: items(start, state.new_items.len()),
            };
            (state.is_server_managed(), data)
        };
        let items = match filter {
            Some(_) if managed => {
                return Err(RunError::new(
                    RunErrorKind::Config,
                    "a handoff's input filter cannot be combined with conversation_id, previous_response_id or \
                     auto_previous_response_id: the endpoint keeps the conversation",
                ));
            }
            Some(filter) => filter(data)
                .await
                .map_err(|error| RunError::callback("a handoff's input filter failed", error))?,
            None if managed => {
                tracing::warn!(
                    "the endpoint keeps the conversation: it is not nested at the handoff"
                );
                return Ok(());
            }
            None => match &config.handoff_history_mapper {
                Some(mapper) => mapper(data.into_items()),
                None => nest_handoff_history(data.into_items()),
            },
        };
        let mut state = self.scope.shared.state();
        let from = state.new_items.len();
        state.model_view = Some(ModelView { items, from });
        Ok(())
    }
}

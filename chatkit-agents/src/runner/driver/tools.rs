//! The tools that the model has called.

use std::num::NonZeroUsize;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{BoxStream, SelectAll};
use futures::{FutureExt, StreamExt};

use super::Driver;
use crate::agent::{Behavior, FunctionToolResult, ToolResults, ToolUseBehavior};
use crate::items::{InputItem, OutputItem};
use crate::model::is_token;
use crate::runner::call::{self, Call, Outcome, Settled};
use crate::runner::config::ToolNotFound;
use crate::runner::context::RunContext;
use crate::runner::error::{RunError, RunErrorKind};
use crate::runner::item::{RunItem, RunItemKind};
use crate::runner::offer::{Callee, Offer};
use crate::runner::result::StreamEvent;
use crate::runner::state::{Approval, NextStep, RunToolCall, ToolCall};
use crate::tool::{LocalTool, ToolContext};

/// Whether a call may run.
enum Decision {
    Runs,
    Waits,
    Rejected(Option<String>),
}

impl<C: Send + Sync + 'static> Driver<C> {
    /// Runs the tools that may run. Gives `false` when the run is interrupted: calls wait to be decided.
    pub(super) async fn call_tools(&mut self) -> Result<bool, RunError> {
        // A run that is resumed has no offer yet.
        let offer = match self.offer.take() {
            Some(offer) => offer,
            None => Offer::of(&self.agent, &self.root, &self.scope).await?,
        };
        self.check_unknown(&offer)?;
        let mut settled = self.start_calls(&offer).await?;
        let mut failure = None;
        while let Some(Settled { index, outcome }) = settled.next().await {
            match outcome {
                Ok(Outcome::Answer(item)) => self.answer(index, item).await,
                Ok(Outcome::Interrupted(state)) => {
                    self.with_call(index, |call| call.nested = Some(state));
                }
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        // Those that are still running are dropped, when one has ended the run.
        drop(settled);
        if let Some(error) = failure {
            self.keep_answers();
            self.save_turn().await?;
            return Err(error);
        }
        let (waits, hands_over) = {
            let state = self.scope.shared.state();
            let NextStep::CallTools { calls } = &state.step else {
                return Ok(true);
            };
            let hands_over = calls.iter().any(|call| call.output.is_none());
            (calls.iter().any(ToolCall::waits), hands_over)
        };
        if waits {
            return Ok(false);
        }
        if hands_over {
            self.hand_over(&offer).await?;
            return Ok(true);
        }
        let results = self.results();
        let final_output = self.final_output(&results).await?;
        self.keep_answers();
        match final_output {
            Some(final_output) => self.finish(final_output).await?,
            None => self.save_turn().await?,
        }
        Ok(true)
    }

    /// Ends the run when the model makes up names, and nothing but names.
    fn check_unknown(&self, offer: &Offer<C>) -> Result<(), RunError> {
        let mut state = self.scope.shared.state();
        let NextStep::CallTools { calls } = &state.step else {
            return Ok(());
        };
        let mut unknown = calls
            .iter()
            .filter(|call| call.call.item_type == "function_call")
            .filter(|call| matches!(offer.callee(&call.call, None), Callee::Unknown));
        let name = unknown.next().map(|call| call.call.name.clone());
        let all = 1 + unknown.count() == calls.len();
        let Some(name) = name else {
            state.unknown_calls = 0;
            return Ok(());
        };
        state.unknown_calls = if all { state.unknown_calls + 1 } else { 0 };
        let ends = match self.scope.config.tool_not_found_behavior {
            ToolNotFound::ReturnErrorToModel { limit } => state.unknown_calls >= limit.max(1),
            ToolNotFound::RaiseError => true,
        };
        if ends {
            // The model wrote the name, and may have written anything.
            let name = Some(name).filter(|name| is_token(name));
            let name = name.as_deref().unwrap_or("(not a name)");
            let message = format!("Tool {name} not found in agent {}", state.agent);
            return Err(RunError::new(RunErrorKind::ModelBehavior, message));
        }
        Ok(())
    }

    /// Starts what may run, and answers what needs no running. Functions run at the same time, other tools one after the
    /// other for each kind.
    async fn start_calls(
        &self,
        offer: &Offer<C>,
    ) -> Result<SelectAll<BoxStream<'static, Settled>>, RunError> {
        let (calls, items) = {
            let state = self.scope.shared.state();
            let NextStep::CallTools { calls } = &state.step else {
                return Ok(SelectAll::new());
            };
            (
                calls.clone(),
                state
                    .new_items
                    .get(state.turn_start..)
                    .unwrap_or_default()
                    .to_vec(),
            )
        };
        let mut started = Started::default();
        for (index, call) in calls
            .into_iter()
            .enumerate()
            .filter(|(_, call)| call.output.is_none())
        {
            let item = item_of(&items, &call.call);
            let callee = offer.callee(&call.call, item);
            match self.decision(index, &call, &callee).await? {
                Decision::Waits => {}
                Decision::Rejected(message) => {
                    let local = match &callee {
                        Callee::Local(tool) => Some(&***tool as &dyn LocalTool<C>),
                        _ => None,
                    };
                    let answer = call::rejected(&self.scope, local, &call.call, message);
                    self.answer(index, answer).await;
                }
                Decision::Runs => match callee {
                    Callee::Handoff(..) => {}
                    Callee::Function(tool) => {
                        let call = self.started(index, call);
                        started.function(call.function(Arc::clone(tool)).boxed());
                    }
                    Callee::Local(tool) => {
                        let call = self.started(index, call);
                        let kind = call.call.item_type.clone();
                        started.local(kind, call.local(Arc::clone(tool)).boxed());
                    }
                    Callee::Unknown => {
                        let answer = call::unknown(&self.scope, &call.call);
                        self.answer(index, answer).await;
                    }
                },
            }
        }
        Ok(started.together(self.scope.config.max_function_tool_concurrency))
    }

    fn started(&self, index: usize, call: ToolCall) -> Call<C> {
        Call {
            scope: Arc::clone(&self.scope),
            agent: self.agent.clone(),
            hooks: self.hooks.clone(),
            index,
            call: call.call,
            nested: call.nested,
        }
    }

    /// Whether a call may run; asks whether it needs an approval when that is not known.
    async fn decision(
        &self,
        index: usize,
        call: &ToolCall,
        callee: &Callee<'_, C>,
    ) -> Result<Decision, RunError> {
        let decided = self.scope.shared.state().decision(call).cloned();
        match decided {
            Some(Approval::Approved) => return Ok(Decision::Runs),
            Some(Approval::Rejected { message }) => return Ok(Decision::Rejected(message)),
            Some(Approval::Pending) => return Ok(Decision::Waits),
            None => {}
        }
        if call.nested.is_some() {
            return Ok(Decision::Runs);
        }
        let run = RunContext::of(&self.scope, &self.agent);
        let ctx = ToolContext::of_call(run, &call.call);
        let needs = match callee {
            Callee::Function(tool) => tool.needs_approval(ctx).await,
            Callee::Local(tool) => tool.needs_approval(ctx).await,
            Callee::Handoff(..) => Ok(false),
            Callee::Unknown => Ok(call.call.item_type == "mcp_approval_request"),
        };
        let needs = needs.map_err(|error| {
            let message = format!("needs_approval of the tool {} failed", call.call.name);
            RunError::callback(message, error)
        })?;
        if !needs {
            return Ok(Decision::Runs);
        }
        self.with_call(index, |call| call.approval = Some(Approval::Pending));
        Ok(Decision::Waits)
    }

    fn with_call(&self, index: usize, change: impl FnOnce(&mut ToolCall)) {
        if let NextStep::CallTools { calls } = &mut self.scope.shared.state().step
            && let Some(call) = calls.get_mut(index)
        {
            change(call);
        }
    }

    /// A call is answered.
    pub(super) async fn answer(&self, index: usize, mut item: InputItem) {
        self.with_call(index, |call| {
            if let Some(caller) = &call.call.caller {
                item.set_caller(caller);
            }
            call.output = Some(item.clone());
            call.nested = None;
        });
        // Answers are never held back: the user has to know what tools do.
        let item = self.item(RunItemKind::of_answer(item));
        self.show(StreamEvent::RunItem(item.into())).await;
    }

    /// Moves the answers there are to the items of the run, in the order of the calls.
    pub(super) fn keep_answers(&self) {
        let mut state = self.scope.shared.state();
        let NextStep::CallTools { calls } = std::mem::replace(&mut state.step, NextStep::CallModel)
        else {
            return;
        };
        let answers = calls
            .into_iter()
            .filter_map(|call| call.output)
            .map(|output| self.item(RunItemKind::of_answer(output)));
        state.new_items.extend(answers);
    }

    /// The results of the functions.
    fn results(&self) -> Vec<FunctionToolResult> {
        let state = self.scope.shared.state();
        let NextStep::CallTools { calls } = &state.step else {
            return Vec::new();
        };
        let result = |call: &ToolCall| match &call.output {
            Some(InputItem::FunctionCallOutput(output)) => Some(FunctionToolResult {
                tool_name: call.call.qualified_name(),
                call_id: call.call.call_id.clone(),
                output: output.output.clone(),
            }),
            _ => None,
        };
        calls.iter().filter_map(result).collect()
    }

    /// The output, when the results of tools end the run.
    async fn final_output(
        &self,
        results: &[FunctionToolResult],
    ) -> Result<Option<String>, RunError> {
        let result = match self.agent.behavior() {
            Behavior::Rule(ToolUseBehavior::RunLlmAgain) => None,
            Behavior::Rule(ToolUseBehavior::StopOnFirstTool) => results.first(),
            Behavior::Rule(ToolUseBehavior::StopAtTools(names)) => results
                .iter()
                .find(|result| names.iter().any(|name| is_named(&result.tool_name, name))),
            Behavior::Function(decide) => {
                let run = RunContext::of(&self.scope, &self.agent);
                let decided = decide(ToolResults { run, results }).await;
                return decided.map_err(|error| self.agent.failed("tool_use_behavior", error));
            }
        };
        Ok(result.map(|result| result.output.to_text()))
    }
}

/// Calls on their way.
#[derive(Default)]
struct Started {
    functions: Vec<BoxFuture<'static, Settled>>,
    /// Those of other tools, by kind.
    locals: Vec<(String, Vec<BoxFuture<'static, Settled>>)>,
}

impl Started {
    fn function(&mut self, call: BoxFuture<'static, Settled>) {
        self.functions.push(call);
    }

    fn local(&mut self, kind: String, call: BoxFuture<'static, Settled>) {
        match self.locals.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, calls)) => calls.push(call),
            None => self.locals.push((kind, vec![call])),
        }
    }

    /// All calls, as they settle: at most `limit` functions at a time, and one call of each other kind.
    fn together(self, limit: Option<NonZeroUsize>) -> SelectAll<BoxStream<'static, Settled>> {
        let limit = limit.map_or(self.functions.len().max(1), Into::into);
        let functions = futures::stream::iter(self.functions).buffer_unordered(limit);
        let locals = self.locals.into_iter();
        let locals =
            locals.map(|(_, calls)| futures::stream::iter(calls).then(|call| call).boxed());
        futures::stream::select_all(std::iter::once(functions.boxed()).chain(locals))
    }
}

/// Whether a tool is meant by a name, with its namespace or without.
fn is_named(qualified: &str, name: &str) -> bool {
    let bare = qualified.rsplit('.').next();
    qualified == name || bare == Some(name)
}

/// The item that is this call.
fn item_of<'a>(items: &'a [RunItem], call: &RunToolCall) -> Option<&'a OutputItem> {
    items.iter().find_map(|item| match &item.kind {
        RunItemKind::ToolCall(item)
        | RunItemKind::McpApprovalRequest(item)
        | RunItemKind::Other(item)
            if item.raw().call_id().or(item.raw().id()) == Some(&call.call_id) =>
        {
            Some(item)
        }
        _ => None,
    })
}

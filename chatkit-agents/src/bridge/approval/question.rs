//! What the user is asked, and what an answer means.

use chatkit::types::{
    Action, ActionConfig, LoadingBehavior, StructuredInput, StructuredInputAnswer,
    StructuredInputItem, StructuredInputMultipleChoice, StructuredInputStatus,
};
use chatkit::widgets::{
    Badge, Caption, Card, CardAction, Divider, Input, RadioGroup, Text, WidgetComponent,
};
use serde_json::Value;

use super::Labels;
use crate::runner::{RunError, RunState};

/// What the model is told of a call that was rejected with words.
const REJECTED: &str = "Tool execution was not approved. The user says: ";
/// What the model is told of a call that the user did not want to decide.
const UNDECIDED: &str = "Tool execution was not approved: the user did not decide.";

/// The action of a card about one call, and of its other button.
const APPROVE: &str = "chatkit_agents.approve";
const REJECT: &str = "chatkit_agents.reject";
/// The action of a card about several calls.
const DECIDE: &str = "chatkit_agents.decide";

/// What a user has said about one call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Decision {
    Approved,
    /// And so are later calls of the same tool in this run.
    Always,
    /// With words of the user's own.
    Rejected(Option<String>),
    Undecided,
}

impl Labels {
    fn choices(&self) -> impl Iterator<Item = &str> {
        let always = self.always.as_deref();
        [Some(&*self.approve), always, Some(&*self.reject)]
            .into_iter()
            .flatten()
    }

    fn of(&self, decision: &Decision) -> &str {
        match decision {
            Decision::Approved => &self.approve,
            Decision::Always => self.always.as_deref().unwrap_or(&self.approve),
            Decision::Rejected(_) => &self.reject,
            Decision::Undecided => &self.undecided,
        }
    }

    /// What a text means that was chosen or written. Only the very text of the option approves.
    fn decision(&self, text: &str) -> Decision {
        if text == self.approve {
            Decision::Approved
        } else if Some(text) == self.always.as_deref() {
            Decision::Always
        } else if text == self.reject {
            Decision::Rejected(None)
        } else {
            Decision::Rejected(words(text))
        }
    }
}

fn words(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Decides the calls that the run waits for, in their order. One without a decision counts as undecided.
pub(super) fn decide(state: &mut RunState, decisions: &[Decision]) -> Result<(), RunError> {
    for (index, call) in state.interruptions().iter().enumerate() {
        let id = &call.call_id;
        match decisions.get(index).unwrap_or(&Decision::Undecided) {
            Decision::Approved => state.approve(id)?,
            Decision::Always => state.approve_always(id)?,
            Decision::Rejected(None) => state.reject(id)?,
            Decision::Rejected(Some(words)) => {
                state.reject_with(id, format!("{REJECTED}{words}"))?;
            }
            Decision::Undecided => state.reject_with(id, UNDECIDED)?,
        }
    }
    Ok(())
}

/// The id of the question about a call.
fn input_id(index: usize) -> String {
    format!("{INPUT}{index}")
}

const INPUT: &str = "chatkit_agents_approval_";

/// One question a call.
pub(super) fn inputs(calls: &[String], labels: &Labels) -> Vec<StructuredInput> {
    let input = |(index, call): (usize, &String)| {
        StructuredInputMultipleChoice::new(input_id(index), call, labels.choices()).into()
    };
    calls.iter().enumerate().map(input).collect()
}

/// Whether it was asked here.
pub(super) fn is_question(item: &StructuredInputItem) -> bool {
    item.inputs
        .first()
        .is_some_and(|input| input.id().starts_with(INPUT))
}

pub(super) fn answers(item: &StructuredInputItem, labels: &Labels) -> Vec<Decision> {
    let decision = |input: &StructuredInput| match input.answer() {
        Some(answer) if !answer.skipped => match answer.values.first() {
            Some(text) => labels.decision(text),
            None => Decision::Undecided,
        },
        _ => Decision::Undecided,
    };
    item.inputs.iter().map(decision).collect()
}

/// The question, when nobody will answer it any more.
pub(super) fn withdrawn(mut item: StructuredInputItem) -> StructuredInputItem {
    item.status = StructuredInputStatus::Skipped;
    for input in &mut item.inputs {
        input.set_answer(StructuredInputAnswer::skipped());
    }
    item
}

/// A card with two buttons about one call; a form with a choice a call about several.
pub(super) fn card(calls: &[String], labels: &Labels) -> Card {
    let button = |label: &str, action: &str| {
        let action = ActionConfig::new(action).loading_behavior(LoadingBehavior::Container);
        CardAction::new(label, action)
    };
    let mut card = Card::new().as_form(true);
    if let ([call], None) = (calls, &labels.always) {
        card = lines(card, call).confirm(button(&labels.approve, APPROVE));
    } else {
        for (index, call) in calls.iter().enumerate() {
            let choices = CHOICES
                .into_iter()
                .filter(|choice| *choice != ALWAYS || labels.always.is_some())
                .map(|choice| (choice, labels.of(&choice_named(choice))));
            let group = RadioGroup::new(format!("decisions.{}", field(index)))
                .aria_label(call.lines().next().unwrap_or_default())
                .options(choices);
            card = lines(card, call).child(group).child(Divider::new());
        }
        card = card.confirm(button(&labels.submit, DECIDE));
    }
    card.child(Input::new("reason").placeholder(&*labels.reason))
        .cancel(button(&labels.reject, REJECT))
}

/// What remains of the card when the calls are decided.
pub(super) fn settled(calls: &[String], decisions: &[Decision], labels: &Labels) -> Card {
    let mut card = Card::new();
    for (index, call) in calls.iter().enumerate() {
        let decision = decisions.get(index).unwrap_or(&Decision::Undecided);
        card = lines(card, call).child(Badge::new(labels.of(decision)));
    }
    card
}

/// The first line as it is, the others small.
fn lines(mut card: Card, call: &str) -> Card {
    for (index, line) in call.lines().enumerate() {
        let line: WidgetComponent = match index {
            0 => Text::new(line).into(),
            _ => Caption::new(line).into(),
        };
        card = card.child(line);
    }
    card
}

fn field(index: usize) -> String {
    format!("call_{index}")
}

const ALWAYS: &str = "always";
const CHOICES: [&str; 3] = ["approve", ALWAYS, "reject"];

fn choice_named(name: &str) -> Decision {
    match name {
        "approve" => Decision::Approved,
        ALWAYS => Decision::Always,
        "reject" => Decision::Rejected(None),
        _ => Decision::Undecided,
    }
}

/// Whether the action is of a card that was shown here.
pub(super) fn is_action(action: &Action) -> bool {
    matches!(action.action_type.as_str(), APPROVE | REJECT | DECIDE)
}

/// What an action says about so many calls. The payload is untrusted: only a plain approval approves.
pub(super) fn decisions(action: &Action, calls: usize, labels: &Labels) -> Vec<Decision> {
    let payload = &action.payload;
    let reason = payload.get("reason").and_then(Value::as_str);
    let reason = reason.and_then(words);
    let decision = |index: usize| match action.action_type.as_str() {
        // The button of a card about one call says nothing about others.
        APPROVE if calls == 1 => Decision::Approved,
        REJECT => Decision::Rejected(reason.clone()),
        DECIDE => {
            let chosen = payload
                .get("decisions")
                .and_then(|decisions| decisions.get(field(index)))
                .and_then(Value::as_str);
            match choice_named(chosen.unwrap_or_default()) {
                Decision::Always if labels.always.is_none() => Decision::Undecided,
                Decision::Rejected(_) => Decision::Rejected(reason.clone()),
                decision => decision,
            }
        }
        _ => Decision::Undecided,
    };
    (0..calls).map(decision).collect()
}

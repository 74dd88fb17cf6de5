//! The run that waits, as its thread keeps it.

use chatkit::store::{Store, StoreError};
use chatkit::types::{HiddenContextItem, ThreadItem};
use chatkit::{Turn, TurnError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::Labels;
use crate::runner::RunState;

/// The field that only the hidden context of a waiting run has: the version of the record, whose `rename` it also is.
const MARK: &str = "chatkit_agents.waiting_run";

/// The version of [`Record`]. It grows when older code could not read newer records.
const VERSION: u32 = 1;

/// A run that waits for the answer to a question.
///
/// It is in a hidden item of the question's thread. So it never reaches a client, belongs to the thread's owner, survives
/// a restart, and is deleted with its thread. Who takes it out goes on with the run, and only one can.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    #[serde(rename = "chatkit_agents.waiting_run", deserialize_with = "version")]
    version: u32,
    /// What the question was asked with: other labels may be in use when it is answered.
    pub(super) labels: Labels,
    /// The JSON of the state, as a text: what models have written stays as it is, byte for byte.
    state: String,
}

impl Record {
    pub(super) fn new(labels: Labels, state: &RunState) -> Result<Self, TurnError> {
        Ok(Self {
            version: VERSION,
            labels,
            state: state.to_json()?,
        })
    }

    pub(super) fn state(&self) -> Result<RunState, TurnError> {
        Ok(RunState::from_json(&self.state)?)
    }

    /// Puts the record where the answer to `question_id` finds it.
    pub(super) async fn store<C: Send + Sync + 'static>(
        &self,
        turn: &Turn<C>,
        question_id: &str,
    ) -> Result<(), TurnError> {
        let content = serde_json::to_value(self)?;
        let item = HiddenContextItem::new(record_id(question_id), turn.thread_id(), content);
        Ok(turn.add_item(item).await?)
    }

    /// Takes the run that waits for the answer to `question_id`; `None` when it has gone on already.
    pub(super) async fn take<C: Send + Sync + 'static>(
        turn: &Turn<C>,
        question_id: &str,
    ) -> Result<Option<Self>, TurnError> {
        let id = record_id(question_id);
        let taken = turn
            .store()
            .take_item(turn.thread_id(), &id, turn.context())
            .await;
        match taken {
            Ok(ThreadItem::HiddenContext(item)) => Ok(Some(serde_json::from_value(item.content)?)),
            Ok(_) | Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn record_id(question_id: &str) -> String {
    format!("{question_id}{SUFFIX}")
}

const SUFFIX: &str = "_run";

/// The question that a waiting run has asked; `None` for any other item.
pub(super) fn question_of(item: &ThreadItem) -> Option<&str> {
    match item {
        ThreadItem::HiddenContext(item) if is_waiting_run(item) => item.id.strip_suffix(SUFFIX),
        _ => None,
    }
}

/// Whether this is a run that waits, and no context for a model.
pub(crate) fn is_waiting_run(item: &HiddenContextItem) -> bool {
    item.content.get(MARK).is_some()
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        version @ 1..=VERSION => Ok(version),
        newer => Err(D::Error::custom(format_args!(
            "version {newer} of a waiting run; this crate reads up to {VERSION}"
        ))),
    }
}

//! Having a long history made shorter.

use std::fmt;
use std::sync::Arc;

use reqwest::Method;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::{CompactionArgs, ReplaceItems, Session, SessionError, SessionErrorKind};
use crate::items::{InputItem, OutputItem, OutputItemKind, RawItem, has_open_calls, prune_orphans};
use crate::model::{Response, ResponsesClient, Usage};

/// From how many candidates on a history is compacted.
pub const DEFAULT_COMPACTION_THRESHOLD: usize = 10;

/// The model that compacts.
pub const DEFAULT_COMPACTION_MODEL: &str = "gpt-4.1";

/// How the endpoint learns what to compact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CompactionMode {
    /// By the id of the last response, if the endpoint keeps it and it knows the whole history
    /// ([`CompactionArgs::known_items`]); otherwise the history is sent.
    #[default]
    Auto,
    /// The history is sent.
    Input,
    /// By the id of the last response only. When that does not know the whole history, nothing is compacted: what it
    /// does not know would be lost.
    PreviousResponseId,
}

/// What the decision to compact is made from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompactionContext<'a> {
    /// The id of the last response, if there is one.
    pub response_id: Option<&'a str>,
    /// How the endpoint would learn the history: [`Input`](CompactionMode::Input) or
    /// [`PreviousResponseId`](CompactionMode::PreviousResponseId).
    pub compaction_mode: CompactionMode,
    /// The items that make a history long: all but the user's messages and earlier compactions.
    pub compaction_candidate_items: Vec<&'a InputItem>,
    /// The whole history.
    pub session_items: &'a [InputItem],
}

type Decide = Arc<dyn Fn(&CompactionContext<'_>) -> bool + Send + Sync>;

/// Has the history of another session compacted (`POST /responses/compact`) when it has become long.
///
/// It happens after a turn ([`Session::run_compaction`]), when [`should_trigger_compaction`] says so: by default from
/// [`DEFAULT_COMPACTION_THRESHOLD`] candidates on. It waits while a call of the turn has no output.
///
/// Always the whole history is compacted, whatever limit it is read with. It stays as it is until the endpoint has
/// answered, and is then replaced in one step: a failure, or a future that is dropped, leaves it as it was, and what
/// others have added in the meantime stays, after it. One compaction runs at a time.
///
/// [`should_trigger_compaction`]: Self::should_trigger_compaction
///
/// ```
/// use chatkit_agents::model::ResponsesClient;
/// use chatkit_agents::session::{CompactionSession, MemorySession};
///
/// # fn main() -> Result<(), chatkit_agents::model::ModelError> {
/// let client = ResponsesClient::builder().api_key("sk-…").build()?;
/// let session = CompactionSession::new(MemorySession::new("user 7"), client)
///     .model("gpt-5")
///     .should_trigger_compaction(|context| context.compaction_candidate_items.len() >= 50);
/// # let _ = session;
/// # Ok(())
/// # }
/// ```
#[doc(alias = "OpenAIResponsesCompactionSession")]
pub struct CompactionSession<S> {
    session: S,
    client: ResponsesClient,
    model: String,
    mode: CompactionMode,
    decide: Decide,
    /// One permit: two compactions of the same history would be paid twice.
    running: Semaphore,
}

impl<S: ReplaceItems> CompactionSession<S> {
    /// Puts compaction around a session. Build one for each history and share it ([`Arc`] is a session too): compactions
    /// through different ones do not wait for each other, though none of them can harm the history.
    pub fn new(session: S, client: ResponsesClient) -> Self {
        Self {
            session,
            client,
            model: DEFAULT_COMPACTION_MODEL.to_owned(),
            mode: CompactionMode::Auto,
            decide: Arc::new(|context| {
                context.compaction_candidate_items.len() >= DEFAULT_COMPACTION_THRESHOLD
            }),
            running: Semaphore::new(1),
        }
    }

    /// Sets the model that compacts. The default is [`DEFAULT_COMPACTION_MODEL`].
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Sets how the endpoint learns what to compact. The default is [`CompactionMode::Auto`].
    #[must_use]
    pub fn mode(mut self, mode: CompactionMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets what decides, after each turn, whether to compact.
    #[must_use]
    pub fn should_trigger_compaction(
        mut self,
        decide: impl Fn(&CompactionContext<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.decide = Arc::new(decide);
        self
    }

    /// The session inside.
    pub fn inner(&self) -> &S {
        &self.session
    }

    /// How to compact a history of so many items; `None` when it would lose some of them.
    fn resolve(&self, args: &CompactionArgs<'_>, items: usize) -> Option<CompactionMode> {
        let known = args.response_id.is_some()
            && args.store != Some(false)
            && args.known_items == Some(items);
        match args.mode.unwrap_or(self.mode) {
            CompactionMode::Input => Some(CompactionMode::Input),
            CompactionMode::Auto | CompactionMode::PreviousResponseId if known => {
                Some(CompactionMode::PreviousResponseId)
            }
            CompactionMode::Auto => Some(CompactionMode::Input),
            CompactionMode::PreviousResponseId => None,
        }
    }

    async fn compact(&self, args: &CompactionArgs<'_>) -> Result<Usage, SessionError> {
        let history = self.session.get_items(None).await?;
        if history.is_empty() {
            return Ok(Usage::default());
        }
        let Some(mode) = self.resolve(args, history.len()) else {
            tracing::warn!("no compaction: the last response does not know the whole history");
            return Ok(Usage::default());
        };
        let context = CompactionContext {
            response_id: args.response_id,
            compaction_mode: mode,
            compaction_candidate_items: history.iter().filter(|item| is_candidate(item)).collect(),
            session_items: &history,
        };
        if !args.force && !(self.decide)(&context) {
            return Ok(Usage::default());
        }
        // An older call without output is what a cancelled run has left: nobody will answer it.
        let asked = history.iter().rposition(|item| item.role() == Some("user"));
        if has_open_calls(&history[asked.unwrap_or(0)..]) {
            tracing::debug!("no compaction yet: a call has no output");
            return Ok(Usage::default());
        }

        let body = match mode {
            CompactionMode::PreviousResponseId => Body {
                model: &self.model,
                previous_response_id: args.response_id,
                input: None,
            },
            _ => {
                let mut input: Vec<&InputItem> = history.iter().collect();
                prune_orphans(&mut input);
                Body {
                    model: &self.model,
                    previous_response_id: None,
                    input: Some(input),
                }
            }
        };
        let path = ["responses", "compact"];
        let compacted: Response = self
            .client
            .request(Method::POST, &path, &[], Some(&body))
            .await?;
        let usage = compacted.usage.unwrap_or_default();
        let items = replayable(&compacted.output);
        if items.is_empty() {
            return Err(SessionError::new(
                SessionErrorKind::Endpoint,
                "the endpoint compacted a history into nothing",
            ));
        }
        if self.session.replace_items(&history, &items).await? {
            tracing::debug!(
                before = history.len(),
                after = items.len(),
                "history compacted"
            );
        } else {
            tracing::warn!("the history was changed while it was compacted, and is kept");
        }
        Ok(usage)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_response_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Vec<&'a InputItem>>,
}

impl<S: ReplaceItems> Session for CompactionSession<S> {
    fn session_id(&self) -> Option<String> {
        self.session.session_id()
    }

    async fn get_items(&self, limit: Option<usize>) -> Result<Vec<InputItem>, SessionError> {
        self.session.get_items(limit).await
    }

    async fn add_items(&self, items: &[InputItem]) -> Result<(), SessionError> {
        self.session.add_items(items).await
    }

    async fn pop_item(&self) -> Result<Option<InputItem>, SessionError> {
        self.session.pop_item().await
    }

    async fn clear_session(&self) -> Result<(), SessionError> {
        self.session.clear_session().await
    }

    /// Compacts the history if it is time to. While another compaction runs, only [`force`](CompactionArgs::force)
    /// waits for its turn.
    async fn run_compaction(&self, args: CompactionArgs<'_>) -> Result<Usage, SessionError> {
        let permit = if args.force {
            self.running.acquire().await.ok()
        } else {
            self.running.try_acquire().ok()
        };
        match permit {
            Some(_running) => self.compact(&args).await,
            None => Ok(Usage::default()),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for CompactionSession<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactionSession")
            .field("session", &self.session)
            .field("model", &self.model)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

fn is_candidate(item: &InputItem) -> bool {
    item.role() != Some("user") && item.item_type() != "compaction"
}

/// What a compaction gives, in the form in which the endpoint takes it back (openai-agents 0.24): optional fields of
/// images and files must not be null, and a message's id names reasoning that must then be there.
fn replayable(output: &[OutputItem]) -> Vec<InputItem> {
    let thought = output
        .iter()
        .any(|item| matches!(item.kind(), OutputItemKind::Reasoning(_)));
    let replay = |item: &OutputItem| match item.to_input_item() {
        InputItem::Raw(raw) => InputItem::Raw(match raw.role() {
            Some("assistant") if !thought => raw.without(|name, _| name == "id"),
            Some("user") => without_nulls(&raw).unwrap_or(raw),
            _ => raw,
        }),
        typed => typed,
    };
    output.iter().map(replay).collect()
}

/// A message whose images and files have no null fields; `None` when nothing is to be done.
fn without_nulls(message: &RawItem) -> Option<RawItem> {
    let mut json: Value = message.decode().ok()?;
    let mut changed = false;
    for part in json.get_mut("content")?.as_array_mut()? {
        let part_type = part.get("type").and_then(Value::as_str);
        if !matches!(part_type, Some("input_image" | "input_file")) {
            continue;
        }
        if let Some(part) = part.as_object_mut() {
            let fields = part.len();
            part.retain(|_, value| !value.is_null());
            changed |= part.len() != fields;
        }
    }
    changed.then(|| RawItem::from_value(&json).ok()).flatten()
}

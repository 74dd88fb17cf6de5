//! What is wrong with an action that the client has sent.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use super::Action;
use crate::types::request::problem;

/// How many characters of a name from outside are repeated in an error.
const MAX_NAME: usize = 40;

/// How many characters of a path are: it may name keys of a map, which come from outside too.
const MAX_PATH: usize = 120;

/// An action that the server cannot act on: of an unknown type, or with a payload that does not fit its type.
///
/// `Display` names the type, the path of the field and what was expected there, and never repeats a value: it may be
/// logged, and the client may see it. A handler passes it on by `?`: the client then gets an `error` event (a sync action:
/// an error response) with this text and without an offer to try again, and the log has it at `debug`, since it is the
/// client that sent something wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidAction {
    action_type: String,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    UnknownType,
    Payload {
        path: String,
        problem: Cow<'static, str>,
    },
    /// The server's own payload does not serialise.
    NotJson,
}

impl InvalidAction {
    /// Nobody handles actions of this type: for the last arm of a `match` on
    /// [`action_type`](Action::action_type).
    pub fn unknown_type(action: &Action) -> Self {
        Self::new(&action.action_type, Problem::UnknownType)
    }

    /// Serde's reason why a payload does not fit.
    pub(super) fn payload(
        action: &Action,
        error: &serde_path_to_error::Error<serde_json::Error>,
    ) -> Self {
        let (path, problem) = problem("payload", &error.path().to_string(), error.inner());
        let path = shortened(&path, MAX_PATH);
        Self::new(&action.action_type, Problem::Payload { path, problem })
    }

    pub(super) fn not_json(action_type: &str) -> Self {
        Self::new(action_type, Problem::NotJson)
    }

    fn new(action_type: &str, problem: Problem) -> Self {
        Self {
            action_type: shortened(action_type, MAX_NAME),
            problem,
        }
    }

    /// The action's type, cut off after 40 characters.
    pub fn action_type(&self) -> &str {
        &self.action_type
    }

    /// Whether the type is what is wrong, rather than the payload.
    pub fn is_unknown_type(&self) -> bool {
        self.problem == Problem::UnknownType
    }

    /// The path of the field that is wrong, such as `payload.todo.title`; none if it is not the payload.
    pub fn path(&self) -> Option<&str> {
        match &self.problem {
            Problem::Payload { path, .. } => Some(path),
            _ => None,
        }
    }
}

impl fmt::Display for InvalidAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            action_type,
            problem,
        } = self;
        match problem {
            Problem::UnknownType => write!(f, "invalid action: unknown type \"{action_type}\""),
            Problem::Payload { path, problem } => {
                write!(f, "invalid action \"{action_type}\": {path}: {problem}")
            }
            Problem::NotJson => write!(
                f,
                "invalid action \"{action_type}\": the payload does not serialise"
            ),
        }
    }
}

impl Error for InvalidAction {}

/// A text from outside, without control characters and not too long.
fn shortened(text: &str, limit: usize) -> String {
    let mut characters = text.chars().filter(|c| !c.is_control());
    let mut short: String = characters.by_ref().take(limit).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

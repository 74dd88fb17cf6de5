//! Actions: what a widget or the client asks the server to do.

mod invalid;
mod typed;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use invalid::InvalidAction;
pub use typed::TypedAction;
#[doc(hidden)]
pub use typed::private;

/// An action that a user has triggered. The payload comes from the client and is untrusted.
///
/// [`actions`](crate::actions) tells how actions get into widgets, and what arrives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Action {
    /// The action's type, chosen by your widget.
    #[serde(rename = "type")]
    pub action_type: String,
    /// Its payload; the values of a form are merged into it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
}

impl Action {
    /// An action of the given type.
    pub fn new(action_type: impl Into<String>, payload: impl Into<Value>) -> Self {
        Self {
            action_type: action_type.into(),
            payload: payload.into(),
        }
    }

    /// Reads the payload as a type of yours. Fields that the type does not have are ignored.
    ///
    /// The values of a form are nested objects: the control `todo.title` is the field `title` of the field `todo`.
    ///
    /// ```
    /// use chatkit::types::Action;
    /// use serde_json::json;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct UpdateTodo {
    ///     id: u64,
    ///     todo: Fields,
    /// }
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Fields {
    ///     title: String,
    /// }
    ///
    /// let action = Action::new("update_todo", json!({"id": 7, "todo": {"title": "Buy milk"}}));
    /// let update: UpdateTodo = action.payload_as()?;
    /// assert_eq!((update.id, update.todo.title.as_str()), (7, "Buy milk"));
    ///
    /// let action = Action::new("update_todo", json!({"id": 7, "todo": {"title": 5}}));
    /// let error = action.payload_as::<UpdateTodo>().err().unwrap();
    /// assert_eq!(
    ///     error.to_string(),
    ///     r#"invalid action "update_todo": payload.todo.title: expected a string, found integer"#
    /// );
    /// # Ok::<(), chatkit::types::InvalidAction>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidAction`] with the path of the field that does not fit.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T, InvalidAction> {
        serde_path_to_error::deserialize(&self.payload)
            .map_err(|error| InvalidAction::payload(self, &error))
    }
}

/// Who handles an action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Handler {
    /// The page, in the browser.
    Client,
    /// This server.
    #[default]
    Server,
}

/// What the client shows as loading while the server handles an action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LoadingBehavior {
    /// What suits the control.
    #[default]
    Auto,
    /// Nothing.
    None,
    /// The control.
    #[serde(rename = "self")]
    Itself,
    /// The control's container.
    Container,
}

/// An action as it is attached to a control of a widget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ActionConfig {
    /// The action's type.
    #[serde(rename = "type")]
    pub action_type: String,
    /// Its payload.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
    /// Who handles it.
    #[serde(default)]
    pub handler: Handler,
    /// What is shown meanwhile.
    #[serde(default)]
    pub loading_behavior: LoadingBehavior,
    /// Whether the server answers with a stream of events, or with one updated item.
    #[serde(default = "yes")]
    pub streaming: bool,
}

fn yes() -> bool {
    true
}

impl ActionConfig {
    /// A streaming action that the server handles, without a payload.
    pub fn new(action_type: impl Into<String>) -> Self {
        Self {
            action_type: action_type.into(),
            payload: Value::Null,
            handler: Handler::default(),
            loading_behavior: LoadingBehavior::default(),
            streaming: true,
        }
    }

    /// Sets the payload.
    #[must_use]
    pub fn payload(mut self, payload: impl Into<Value>) -> Self {
        self.payload = payload.into();
        self
    }

    /// Sets who handles it.
    #[must_use]
    pub fn handler(mut self, handler: Handler) -> Self {
        self.handler = handler;
        self
    }

    /// Sets what is shown meanwhile.
    #[must_use]
    pub fn loading_behavior(mut self, behavior: LoadingBehavior) -> Self {
        self.loading_behavior = behavior;
        self
    }

    /// Sets whether the server answers with a stream of events.
    #[must_use]
    pub fn streaming(mut self, streaming: bool) -> Self {
        self.streaming = streaming;
        self
    }
}

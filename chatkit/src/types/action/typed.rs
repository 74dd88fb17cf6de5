//! Actions as an enum of the application's own.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Action, ActionConfig, InvalidAction};

/// Derives [`TypedAction`](trait@TypedAction) for an enum, and its conversion into an [`ActionConfig`].
///
/// Each variant is an action. Its type is the variant's name in snake case, unless the variant names another one; its
/// payload is what the variant holds:
///
/// | variant | payload |
/// |---|---|
/// | `Save(SaveTodo)` | `SaveTodo`: any type that is `Serialize` and `DeserializeOwned` |
/// | `Move { id: u64, before: Option<u64> }` | an object of these fields; `#[serde(…)]` works on them and on the variant |
/// | `Clear` | none is sent, and whatever arrives is accepted: a form adds its values to every action |
/// | `#[action(other)] Other(Action)` | actions of all other types, as they arrived |
///
/// ```
/// use chatkit::types::{Action, ActionConfig, Handler, LoadingBehavior, TypedAction};
/// use serde::{Deserialize, Serialize};
/// use serde_json::json;
///
/// #[derive(Debug, PartialEq, TypedAction)]
/// #[action(prefix = "todo.")]
/// enum TodoAction {
///     #[action(loading_behavior = "container")]
///     Save(SaveTodo), // "todo.save"
///     #[action(streaming = false)]
///     Toggle { id: u64, done: bool }, // "todo.toggle"
///     #[action("open_editor", handler = "client")]
///     Edit { id: u64 },
///     ClearAll, // "todo.clear_all"
///     #[action(other)]
///     Other(Action),
/// }
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct SaveTodo {
///     id: u64,
///     title: Option<String>,
/// }
///
/// assert_eq!(TodoAction::TYPES, ["todo.save", "todo.toggle", "open_editor", "todo.clear_all"]);
///
/// // Into a widget …
/// let config = ActionConfig::from(TodoAction::Edit { id: 7 });
/// assert_eq!(config.action_type, "open_editor");
/// assert_eq!(config.payload, json!({"id": 7}));
/// assert_eq!(config.handler, Handler::Client);
///
/// // … and back from the client.
/// let action = Action::new("todo.save", json!({"id": 7, "title": "Buy milk", "note": "not known here"}));
/// let save = SaveTodo { id: 7, title: Some("Buy milk".into()) };
/// assert_eq!(TodoAction::parse(&action)?, TodoAction::Save(save));
///
/// let error = TodoAction::parse(&Action::new("todo.save", json!({"id": "seven"}))).unwrap_err();
/// assert_eq!(error.to_string(), r#"invalid action "todo.save": payload.id: expected u64, found string"#);
/// # Ok::<(), chatkit::types::InvalidAction>(())
/// ```
///
/// # Options of a variant
///
/// `#[action("type")]` names its type. The others are those of [`ActionConfig`], and count where the action is attached to
/// a control: `handler = "client"` or `"server"`; `loading_behavior = "auto"`, `"none"`, `"self"` or `"container"`;
/// `streaming = false`, with which the action arrives at
/// [`sync_action`](crate::ChatKitHandler::sync_action).
///
/// `#[action(other)]` marks the one variant that takes all other actions. Without it they are errors.
///
/// # Options of the enum
///
/// `#[action(prefix = "todo.")]` comes before the types that are made of variants' names, and before no others.
/// `#[action(crate = "…")]` is the path of this crate where it has another name.
///
/// # Why not serde's tagged enums
///
/// `#[serde(tag = "type", content = "payload")]` reads actions too. But there a variant without a payload fails as soon as
/// its button stands in a form, errors repeat what the client sent, nothing can be said about the handler or the loading
/// behaviour, and the way into a widget can fail. For one or two actions, a `match` on the type and
/// [`Action::payload_as`] are enough.
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use chatkit_macros::TypedAction;

/// Actions as a Rust type: usually an enum, by `#[derive(TypedAction)]` (feature `macros`).
///
/// Such a type also converts into an [`ActionConfig`], so that it can be handed to the controls of a widget as it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type of actions",
    note = "derive `chatkit::types::TypedAction` for an enum, with the feature `macros`"
)]
pub trait TypedAction: Sized {
    /// The types of all actions that have a variant of their own, in the order of the variants.
    const TYPES: &'static [&'static str];

    /// The type of this action.
    fn action_type(&self) -> &str;

    /// Reads an action that the client has sent. Fields of the payload that the type does not have are ignored.
    ///
    /// # Errors
    ///
    /// [`InvalidAction`] when the type is not one of [`TYPES`](Self::TYPES) and no variant takes others, or when the
    /// payload does not fit the type.
    fn parse(action: &Action) -> Result<Self, InvalidAction>;

    /// The action as it is attached to a control.
    ///
    /// # Errors
    ///
    /// [`InvalidAction`] when the payload does not serialise to JSON: a map whose keys are not text, or an error of a
    /// `Serialize` of your own. The conversion by `From` writes that to the log and leaves the payload out.
    fn into_config(self) -> Result<ActionConfig, InvalidAction>;
}

/// What the derived code calls.
pub mod private {
    #[cfg(feature = "macros")]
    pub use serde;

    use super::{Action, ActionConfig, DeserializeOwned, InvalidAction, Serialize, TypedAction};

    /// Reads the payload of an action.
    pub fn payload<T: DeserializeOwned>(action: &Action) -> Result<T, InvalidAction> {
        action.payload_as()
    }

    /// An action with a payload, for a control.
    pub fn config<T: Serialize>(
        action_type: &str,
        payload: &T,
    ) -> Result<ActionConfig, InvalidAction> {
        let payload =
            serde_json::to_value(payload).map_err(|_| InvalidAction::not_json(action_type))?;
        Ok(ActionConfig::new(action_type).payload(payload))
    }

    /// The type of an action that has no variant of its own.
    pub fn other_type(action: &Action) -> &str {
        &action.action_type
    }

    /// An action that has no variant of its own, as it arrived.
    pub fn other(action: &Action) -> Action {
        action.clone()
    }

    /// An action that has no variant of its own, for a control.
    pub fn other_config(action: Action) -> ActionConfig {
        ActionConfig::new(action.action_type).payload(action.payload)
    }

    /// The conversion that cannot fail.
    pub fn into_config<T: TypedAction>(action: T) -> ActionConfig {
        let action_type = action.action_type().to_owned();
        action.into_config().unwrap_or_else(|error| {
            tracing::error!("{error}; the action is attached without a payload");
            ActionConfig::new(action_type)
        })
    }
}

//! Actions: what a user does in a widget, and what your server does about it.
//!
//! An action is a type and a payload. A widget has it as an [`ActionConfig`] on one of its controls; when the user clicks,
//! chooses or submits, the client sends it as an [`Action`] to [`ChatKitHandler::action`](crate::ChatKitHandler::action),
//! together with the widget it comes from. There you can change the widget, tell the model, run it, or anything else. The
//! page around the chat can send actions too, without a widget.
//!
//! # A button
//!
//! ```
//! use chatkit::actions::ActionConfig;
//! use chatkit::widgets::{Button, WidgetComponent};
//! use serde_json::json;
//!
//! let button = Button::new("Example")
//!     .on_click_action(ActionConfig::new("example").payload(json!({"id": 123})));
//! # assert_eq!(
//! #     serde_json::Value::from(WidgetComponent::from(button)),
//! #     json!({"type": "Button", "label": "Example", "onClickAction": {
//! #         "type": "example", "payload": {"id": 123},
//! #         "handler": "server", "loadingBehavior": "auto", "streaming": true,
//! #     }}),
//! # );
//! ```
//!
//! The client's types know payloads that are objects only, and a null in a widget is the same as nothing.
//!
//! The page sends the same action by `chatKit.sendCustomAction({type: "example", payload: {id: 123}})`; without a widget's
//! item, `sender` is `None`.
//!
//! # On the server
//!
//! ```
//! use chatkit::actions::{Action, InvalidAction};
//! use chatkit::types::{UserMessageItem, WidgetItem};
//! use chatkit::{ChatKitHandler, Turn, TurnError};
//!
//! #[derive(serde::Deserialize)]
//! struct Example {
//!     id: u64,
//! }
//!
//! struct Assistant;
//!
//! impl ChatKitHandler for Assistant {
//!     type Context = ();
//!
//!     async fn respond(&self, turn: &Turn<()>, _message: Option<UserMessageItem>) -> Result<(), TurnError> {
//!         let _history = turn.recent_items(20).await?; // … run the model
//!         Ok(())
//!     }
//!
//!     async fn action(&self, turn: &Turn<()>, action: Action, _sender: Option<WidgetItem>) -> Result<(), TurnError> {
//!         match action.action_type.as_str() {
//!             "example" => {
//!                 let Example { id } = action.payload_as()?;
//!                 // … do it, then let the model know that the user did something,
//!                 turn.add_hidden_context(format!("<USER_ACTION>The user did {id}</USER_ACTION>")).await?;
//!                 // and answer, if an answer is wanted.
//!                 self.respond(turn, None).await
//!             }
//!             _ => Err(InvalidAction::unknown_type(&action).into()),
//!         }
//!     }
//! }
//! ```
//!
//! Types and payloads come from the client, so both are untrusted: that a widget of yours has no button for something keeps
//! nobody from sending it. What cannot be read is an [`InvalidAction`]; returned from the handler it becomes an `error`
//! event that says what is wrong and repeats no values.
//!
//! # In the page
//!
//! With `handler("client")` an action goes to the page instead, to the `widgets.onAction` of ChatKit.js. That can send
//! another one to the server when it is done, for example `example_complete`.
//!
//! ```
//! use chatkit::actions::{ActionConfig, Handler};
//! use chatkit::widgets::Button;
//! use serde_json::json;
//!
//! let button = Button::new("Example").on_click_action(
//!     ActionConfig::new("example").payload(json!({"id": 123})).handler(Handler::Client),
//! );
//! ```
//!
//! ```ts
//! chatKit.setOptions({
//!   widgets: {
//!     onAction: async (action, item) => {
//!       const result = await doSomething(action.payload);
//!       await chatKit.sendCustomAction({ type: "example_complete", payload: result }, item.id);
//!     },
//!   },
//! });
//! ```
//!
//! # As Rust types
//!
//! With the feature `macros`, an enum holds all actions: a variant goes into a widget, and comes back.
//!
#![cfg_attr(feature = "macros", doc = "```")]
#![cfg_attr(not(feature = "macros"), doc = "```ignore")]
//! use chatkit::actions::{Action, TypedAction};
//! use chatkit::types::{UserMessageItem, WidgetItem};
//! use chatkit::widgets::{Button, Card, Text};
//! use chatkit::{ChatKitHandler, Turn, TurnError};
//!
//! #[derive(TypedAction)]
//! enum AppAction {
//!     Example { id: u64 },
//!     Dismiss,
//! }
//!
//! fn card() -> Card {
//!     Card::new()
//!         .child(Button::new("Example").on_click_action(AppAction::Example { id: 123 }))
//!         .child(Button::new("Dismiss").on_click_action(AppAction::Dismiss))
//! }
//!
//! struct Assistant;
//!
//! impl ChatKitHandler for Assistant {
//!     type Context = ();
//!
//!     async fn respond(&self, turn: &Turn<()>, _message: Option<UserMessageItem>) -> Result<(), TurnError> {
//!         Ok(turn.add_widget(card()).await?)
//!     }
//!
//!     async fn action(&self, turn: &Turn<()>, action: Action, sender: Option<WidgetItem>) -> Result<(), TurnError> {
//!         match (AppAction::parse(&action)?, sender) {
//!             (AppAction::Example { id }, Some(sender)) => {
//!                 let done = Card::new().child(Text::new(format!("Number {id} is done.")));
//!                 turn.update_widget(sender, done).await?; // in its place, and stored
//!             }
//!             (AppAction::Dismiss, Some(sender)) => turn.remove_item(sender.id).await?,
//!             (_, None) => {}
//!         }
//!         Ok(())
//!     }
//! }
//! ```
//!
//! # Forms
//!
//! Every action from within a [`Form`](crate::widgets::Form) carries the values of the form's controls. They are merged
//! into its payload, each under the name of its control; dots in a name lead into objects, so the control `title` is
//! `payload.title`, and `todo.title` is `payload.todo.title`.
//!
#![cfg_attr(feature = "macros", doc = "```")]
#![cfg_attr(not(feature = "macros"), doc = "```ignore")]
//! use chatkit::actions::{Action, TypedAction};
//! use chatkit::types::{SyncCustomActionResponse, UserMessageItem, WidgetItem};
//! use chatkit::widgets::{Button, Card, EditableProps, Form, Text, TextSize, Title, WidgetRoot};
//! use chatkit::{ChatKitHandler, Turn, TurnError};
//!
//! struct Todo {
//!     id: u64,
//!     title: String,
//!     description: String,
//! }
//!
//! /// What the form's action is sent with …
//! #[derive(TypedAction)]
//! enum EditTodo {
//!     #[action("update_todo", streaming = false)]
//!     Update { id: u64 },
//! }
//!
//! /// … and what it arrives with.
//! #[derive(TypedAction)]
//! enum TodoEdited {
//!     #[action("update_todo")]
//!     Update { id: u64, todo: Fields },
//! }
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Fields {
//!     title: String,
//!     #[serde(default)]
//!     description: String,
//! }
//!
//! fn form(todo: &Todo) -> WidgetRoot {
//!     let label = |text| Text::new(text).color("secondary").size(TextSize::Sm);
//!     let form = Form::new()
//!         .on_submit_action(EditTodo::Update { id: todo.id })
//!         .child(Title::new("Edit Todo"))
//!         .child(label("Title"))
//!         .child(Text::new(&todo.title).editable(EditableProps::new("todo.title").required(true)))
//!         .child(label("Description"))
//!         .child(Text::new(&todo.description).editable(EditableProps::new("todo.description")))
//!         .child(Button::submit("Save"));
//!     Card::new().child(form).into()
//! }
//! # let todo = Todo { id: 7, title: "Buy milk".into(), description: "".into() };
//! # assert_eq!(form(&todo).form_collisions(), []);
//!
//! struct Assistant;
//!
//! impl ChatKitHandler for Assistant {
//!     type Context = ();
//!     # async fn respond(&self, _: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> { Ok(()) }
//!
//!     async fn sync_action(
//!         &self,
//!         turn: &Turn<()>,
//!         action: Action,
//!         sender: Option<WidgetItem>,
//!     ) -> Result<SyncCustomActionResponse, TurnError> {
//!         let TodoEdited::Update { id, todo } = TodoEdited::parse(&action)?;
//!         println!("{id} is {} now: {}", todo.title, todo.description); // … save it
//!         let Some(sender) = sender else { return Ok(SyncCustomActionResponse::new()) };
//!         let filled = sender.widget.clone().with_form_values(&action.payload);
//!         Ok(turn.update_widget(sender, filled).await?.into())
//!     }
//! }
//! ```
//!
//! The browser checks `required` and `pattern` before a form is submitted, and the server has to check again. For checks
//! that need more, let the page handle the action, show a form of its own, and send the result.
//!
//! A stored widget has its controls as the server made them: after a reload they would be back at those values.
//! [`WidgetRoot::with_form_values`](crate::widgets::WidgetRoot::with_form_values) writes the user's into them.
//!
//! ## A card as a form
//!
//! A card with `as_form` is a form: its `confirm` carries the values of the controls in it.
//!
//! ```
//! use chatkit::actions::ActionConfig;
//! use chatkit::widgets::{Card, CardAction, Input, Textarea};
//!
//! let card = Card::new()
//!     .as_form(true)
//!     .child(Input::new("email.to").required(true))
//!     .child(Textarea::new("email.text"))
//!     .confirm(CardAction::new("Send", ActionConfig::new("email.send")))
//!     .cancel(CardAction::new("Discard", ActionConfig::new("email.discard")));
//! ```
//!
//! ## Names that collide
//!
//! Where the payload of an action already has what a control is called, the client keeps what is there and ignores the
//! control. That is a mistake in the widget, so it is found when a turn stores the widget: the log gets a warning. No
//! `error` event comes from the server, for the user could do nothing about it. In tests,
//! [`form_collisions`](crate::widgets::WidgetRoot::form_collisions) lists them:
//!
//! ```
//! use chatkit::actions::ActionConfig;
//! use chatkit::widgets::{Card, CardAction, Input, WidgetRoot};
//! use serde_json::json;
//!
//! let rename = |payload| {
//!     let confirm = CardAction::new("Rename", ActionConfig::new("rename").payload(payload));
//!     WidgetRoot::from(Card::new().as_form(true).child(Input::new("name")).confirm(confirm))
//! };
//! assert_eq!(rename(json!({"name": "old"})).form_collisions().len(), 1);
//! assert!(rename(json!({"old_name": "old"})).form_collisions().is_empty());
//! ```
//!
//! # What shows that it is loading
//!
//! ```
//! use chatkit::actions::{ActionConfig, LoadingBehavior};
//! use chatkit::widgets::Button;
//!
//! let button = Button::new("This may take a while").on_click_action(
//!     ActionConfig::new("long_running").loading_behavior(LoadingBehavior::Container),
//! );
//! ```
//!
//! | [`LoadingBehavior`] | while the action is handled |
//! |---|---|
//! | `Auto` | what suits the place: `Itself` for the click of a button, `None` for the change of a menu, `Container` for the `confirm` of a card |
//! | `Itself` | the control shows that it is loading |
//! | `Container` | the whole widget fades a little, and cannot be used |
//! | `None` | nothing |

pub use crate::types::{
    Action, ActionConfig, Handler, InvalidAction, LoadingBehavior, TypedAction,
};

//! Widgets: the interactive parts of a thread.
//!
//! A widget is a tree of components. The client draws it among the messages of a thread, and sends an action when a user
//! does something with it.
//!
//! ```
//! use chatkit::types::ActionConfig;
//! use chatkit::widgets::{Button, Card, Form, Input, Title, WidgetRoot};
//!
//! let card = Card::new()
//!     .child(Title::new("Todo"))
//!     .child(
//!         Form::new()
//!             .on_submit_action(ActionConfig::new("todo.save"))
//!             .child(Input::new("todo.title").placeholder("What?").required(true))
//!             .child(Button::submit("Save")),
//!     );
//! let widget = WidgetRoot::from(card);
//! ```
//!
//! # Roots
//!
//! A widget begins with a [`Card`], a [`ListView`] or a [`Basic`]. Each converts into a [`WidgetRoot`]: what an item of a
//! thread holds, and what everything that sends a widget takes.
//!
//! # Components
//!
//! | for | there are |
//! |---|---|
//! | layout | [`Box`], [`Row`], [`Col`], [`Spacer`], [`Divider`], [`Transition`], [`Table`] of [`TableRow`] of [`TableCell`] |
//! | text | [`Title`], [`Text`], [`Caption`], [`Markdown`], [`Label`] |
//! | content | [`Badge`], [`Icon`], [`Image`], [`Chart`] |
//! | controls | [`Form`], [`Button`], [`Input`], [`Textarea`], [`Checkbox`], [`Select`], [`RadioGroup`], [`DatePicker`] |
//!
//! Constructors take what is required. Each field of the protocol has a setter of its name: `maxLines` is set by
//! `max_lines`. `child` adds one child, `children` several of one type. A component stands only where the client accepts
//! it: in a `ListView` there are [`ListViewItem`]s, in a `Table` rows.
//!
//! ```compile_fail
//! use chatkit::widgets::{ListView, Text};
//!
//! let list = ListView::new().child(Text::new("not a row"));
//! ```
//!
//! Fields that take one of several words have an enum each. What the client knows and this version does not goes through
//! too: a word as `Other`, a field by the method `field`.
//!
//! # Actions
//!
//! An [`ActionConfig`](crate::types::ActionConfig) is what a control does: its type and payload, chosen by you. It comes
//! back as an [`Action`](crate::types::Action), to the server unless it names the page as its handler. A setter such as
//! `on_click_action` takes whatever converts into it, such as an enum of your application's actions. From inside a [`Form`]
//! the payload carries the values of its controls. The chapter is [`actions`](crate::actions).
//!
//! # As JSON
//!
//! [`WidgetRoot`] and [`WidgetComponent`] hold a widget as the JSON it is on the wire, with fields this crate does not
//! know, so that it survives being stored and read back. Made from JSON they are checked; and they stand wherever a typed
//! component stands, so the two mix. Read by serde, as from a store, they also say what their actions do by default: as
//! typed components say it.
//!
//! ```
//! use chatkit::widgets::{Card, Text, WidgetComponent, WidgetRoot};
//! use serde_json::json;
//!
//! let newer = WidgetComponent::try_from(json!({"type": "Map", "zoom": 3}))?;
//! let widget = WidgetRoot::from(Card::new().child(Text::new("Here:")).child(newer));
//!
//! // And back: a stored widget is read, changed and sent again.
//! let mut card = Card::try_from(&widget)?;
//! card.children.truncate(1);
//! assert_eq!(Text::try_from(&card.children[0])?.value, "Here:");
//! # Ok::<(), chatkit::widgets::InvalidWidget>(())
//! ```
//!
//! # Streaming
//!
//! [`WidgetStream`] sends a widget that changes while it is being made, state by state. [`diff_widget`] says how the one
//! on the screen becomes the next: text that grows in a `Text` or `Markdown` with an `id` is sent as what was added.

mod components;
mod diff;
mod fields;
mod forms;
mod normalise;
mod stream;
mod style;
#[cfg(feature = "templates")]
mod template;
mod tokens;

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

pub use components::*;
pub use diff::diff_widget;
pub use forms::FormCollision;
pub use stream::{WidgetContent, WidgetStream};
pub use style::*;
#[cfg(feature = "templates")]
#[doc(hidden)]
pub use template::private as __private;
#[cfg(feature = "templates")]
pub use template::{
    TemplateError, TemplateErrorKind, WidgetDefinition, WidgetTemplate, widget_template,
};
pub use tokens::*;

/// How deeply the JSON of a widget may nest, counting the widget itself as 1.
///
/// `serde_json` reads 128 levels. The protocol wraps a widget in at most 6 (event, thread, page, list, item, field), so a
/// widget within this limit can always be read back from the store and by the client.
const MAX_DEPTH: usize = 120;

/// A part of a widget: a JSON object whose `type` is a string.
///
/// Made from JSON, it is checked: the `id` and `key`, if any, are strings; `children` is one component or a list of them;
/// the JSON nests at most 120 levels. Other fields are kept unread. A null means the same as an absent field to the
/// protocol, so nulls are dropped at any depth, out of lists too.
///
/// ```
/// use chatkit::widgets::WidgetComponent;
/// use serde_json::json;
///
/// let text = WidgetComponent::try_from(json!({"type": "Text", "id": "title", "value": "Hello", "size": null}))?;
/// assert_eq!(text.type_name(), "Text");
/// assert_eq!(text.id(), Some("title"));
/// assert_eq!(text.get("size"), None);
/// # Ok::<(), chatkit::widgets::InvalidWidget>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
#[doc(alias = "DynamicWidgetComponent")]
#[doc(alias = "StrictWidgetComponent")]
pub struct WidgetComponent(Map<String, Value>);

impl WidgetComponent {
    /// The component's `type`, such as `Text`.
    pub fn type_name(&self) -> &str {
        // There is no component without it; the default is only for the compiler.
        self.text("type").unwrap_or_default()
    }

    /// The component's `id`: where the client applies updates.
    pub fn id(&self) -> Option<&str> {
        self.text("id")
    }

    /// The component's `key`: which entry of a list it is, between two states of the widget.
    pub fn key(&self) -> Option<&str> {
        self.text("key")
    }

    /// The value of a field, under its name in the JSON. Never null.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// The same component with another text: for a Text or Markdown that is being streamed.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<String>) -> Self {
        self.0
            .insert("value".to_owned(), Value::String(value.into()));
        self
    }

    /// The same component, whose text goes on or is complete: for a Text or Markdown that is being streamed.
    #[must_use]
    pub fn with_streaming(mut self, streaming: bool) -> Self {
        self.0
            .insert("streaming".to_owned(), Value::Bool(streaming));
        self
    }

    /// The component as JSON.
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The component as JSON, without a copy.
    pub fn into_object(self) -> Map<String, Value> {
        self.0
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field)?.as_str()
    }
}

impl TryFrom<Value> for WidgetComponent {
    type Error = InvalidWidget;

    fn try_from(mut json: Value) -> Result<Self, InvalidWidget> {
        drop_nulls(&mut json, MAX_DEPTH)?;
        check(&json)?;
        match json {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(InvalidWidget::new(Problem::NotAnObject)),
        }
    }
}

impl TryFrom<Map<String, Value>> for WidgetComponent {
    type Error = InvalidWidget;

    fn try_from(json: Map<String, Value>) -> Result<Self, InvalidWidget> {
        Value::Object(json).try_into()
    }
}

impl From<WidgetComponent> for Value {
    fn from(component: WidgetComponent) -> Self {
        Value::Object(component.0)
    }
}

/// Checked as by `try_from`, and brought to the form in which the typed components are written: the defaults of actions are
/// written out, and the dates of a `DatePicker` have a time.
impl<'de> Deserialize<'de> for WidgetComponent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?;
        let mut component = Self::try_from(json).map_err(de::Error::custom)?;
        normalise::write_out(&mut component.0);
        Ok(component)
    }
}

/// A whole widget: a [`WidgetComponent`] whose `type` is `Card`, `ListView` or `Basic`.
///
/// ```
/// use chatkit::widgets::WidgetRoot;
/// use serde_json::json;
///
/// let card = WidgetRoot::try_from(json!({"type": "Card", "children": [{"type": "Text", "value": "Hello"}]}))?;
/// assert_eq!(card.type_name(), "Card");
/// assert!(WidgetRoot::try_from(json!({"type": "Text", "value": "Hello"})).is_err());
/// # Ok::<(), chatkit::widgets::InvalidWidget>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
#[doc(alias = "DynamicWidgetRoot")]
#[doc(alias = "StrictWidgetRoot")]
pub struct WidgetRoot(WidgetComponent);

impl WidgetRoot {
    /// The root's `type`: `Card`, `ListView` or `Basic`.
    pub fn type_name(&self) -> &str {
        self.0.type_name()
    }

    /// The root's `id`.
    pub fn id(&self) -> Option<&str> {
        self.0.id()
    }

    /// The root's `key`.
    pub fn key(&self) -> Option<&str> {
        self.0.key()
    }

    /// The value of a field, under its name in the JSON. Never null.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// The widget as JSON.
    pub fn as_object(&self) -> &Map<String, Value> {
        self.0.as_object()
    }

    /// The widget as JSON, without a copy.
    pub fn into_object(self) -> Map<String, Value> {
        self.0.into_object()
    }

    /// The same widget in fewer words: without the defaults of its actions. For a model to read.
    #[must_use]
    pub fn without_defaults(mut self) -> Self {
        normalise::leave_out(&mut self.0.0);
        self
    }
}

impl TryFrom<WidgetComponent> for WidgetRoot {
    type Error = InvalidWidget;

    fn try_from(component: WidgetComponent) -> Result<Self, InvalidWidget> {
        match component.type_name() {
            "Card" | "ListView" | "Basic" => Ok(Self(component)),
            _ => Err(InvalidWidget::new(Problem::NotARoot)),
        }
    }
}

impl TryFrom<Value> for WidgetRoot {
    type Error = InvalidWidget;

    fn try_from(json: Value) -> Result<Self, InvalidWidget> {
        WidgetComponent::try_from(json)?.try_into()
    }
}

impl TryFrom<Map<String, Value>> for WidgetRoot {
    type Error = InvalidWidget;

    fn try_from(json: Map<String, Value>) -> Result<Self, InvalidWidget> {
        WidgetComponent::try_from(json)?.try_into()
    }
}

impl From<WidgetRoot> for WidgetComponent {
    fn from(root: WidgetRoot) -> Self {
        root.0
    }
}

impl From<WidgetRoot> for Value {
    fn from(root: WidgetRoot) -> Self {
        root.0.into()
    }
}

impl<'de> Deserialize<'de> for WidgetRoot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WidgetComponent::deserialize(deserializer)?
            .try_into()
            .map_err(de::Error::custom)
    }
}

/// Why some JSON is not a widget.
///
/// `Display` names the place by positions (`children[2].children[0]`) and the rule that is broken. It repeats nothing of
/// the JSON, so it may be logged and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidWidget {
    path: String,
    problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    NotAnObject,
    NoType,
    NotText(&'static str),
    NotChildren,
    NotARoot,
    TooDeep,
    NotOfType(&'static str),
    Missing(&'static str),
    Unreadable,
}

impl InvalidWidget {
    fn new(problem: Problem) -> Self {
        Self {
            path: String::new(),
            problem,
        }
    }

    /// The same problem, seen from one component further up.
    fn below(mut self, step: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.path = format!("{step}{dot}{}", self.path);
        self
    }
}

impl fmt::Display for InvalidWidget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid widget: ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        match self.problem {
            Problem::NotAnObject => f.write_str("a component must be a JSON object"),
            Problem::NoType => f.write_str("a component must have a `type`, a string"),
            Problem::NotText(field) => write!(f, "`{field}` must be a string"),
            Problem::NotChildren => {
                f.write_str("`children` must be a component or a list of components")
            }
            Problem::NotARoot => {
                f.write_str("the root must be a `Card`, a `ListView` or a `Basic`")
            }
            Problem::NotOfType(name) => write!(f, "the `type` must be `{name}`"),
            Problem::Missing(field) => write!(f, "`{field}` is required"),
            Problem::Unreadable => f.write_str("the value is none that this version knows"),
            Problem::TooDeep => write!(f, "it nests deeper than {MAX_DEPTH} levels"),
        }
    }
}

impl Error for InvalidWidget {}

/// Drops the nulls below `json`, which may nest `levels` deep. The recursion is no deeper than that.
fn drop_nulls(json: &mut Value, levels: usize) -> Result<(), InvalidWidget> {
    if !matches!(json, Value::Object(_) | Value::Array(_)) {
        return Ok(());
    }
    let levels = levels
        .checked_sub(1)
        .ok_or(InvalidWidget::new(Problem::TooDeep))?;
    match json {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields
                .values_mut()
                .try_for_each(|value| drop_nulls(value, levels))
        }
        Value::Array(entries) => {
            entries.retain(|entry| !entry.is_null());
            entries
                .iter_mut()
                .try_for_each(|entry| drop_nulls(entry, levels))
        }
        _ => Ok(()),
    }
}

/// Checks a component and those below it. `drop_nulls` has limited the depth.
fn check(json: &Value) -> Result<(), InvalidWidget> {
    let component = json
        .as_object()
        .ok_or(InvalidWidget::new(Problem::NotAnObject))?;
    if !component.get("type").is_some_and(Value::is_string) {
        return Err(InvalidWidget::new(Problem::NoType));
    }
    for field in ["id", "key"] {
        if component.get(field).is_some_and(|value| !value.is_string()) {
            return Err(InvalidWidget::new(Problem::NotText(field)));
        }
    }
    match component.get("children") {
        None => Ok(()),
        Some(child @ Value::Object(_)) => check(child).map_err(|error| error.below("children")),
        Some(Value::Array(children)) => {
            children
                .iter()
                .enumerate()
                .try_for_each(|(position, child)| {
                    check(child).map_err(|error| error.below(&format!("children[{position}]")))
                })
        }
        Some(_) => Err(InvalidWidget::new(Problem::NotChildren)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn component(json: Value) -> Result<WidgetComponent, InvalidWidget> {
        json.try_into()
    }

    fn nested(levels: usize) -> Value {
        // The root is one level, each wrapped list another one.
        let list = (1..levels - 1).fold(json!([]), |inner, _| json!([inner]));
        json!({"type": "Card", "extra": list})
    }

    #[test]
    fn nulls_are_dropped_everywhere() {
        let widget = json!({
            "type": "Card", "id": null, "zzz": {"a": null, "b": [null, 1, [null]]},
            "children": [null, {"type": "Button", "new": {"type": "a", "payload": {"x": null}}}],
        });
        let expected = json!({
            "type": "Card", "zzz": {"b": [1, []]},
            "children": [{"type": "Button", "new": {"type": "a", "payload": {}}}],
        });
        assert_eq!(Value::from(component(widget.clone()).unwrap()), expected);

        let read: WidgetRoot = serde_json::from_str(&widget.to_string()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), expected);
    }

    #[test]
    fn the_order_of_fields_is_kept() {
        let text = r#"{"z":1,"type":"Basic","b":{"y":1,"x":2},"a":1}"#;
        let widget: WidgetRoot = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&widget).unwrap(), text);
        let with_nulls = r#"{"n":null,"z":1,"type":"Basic","b":{"y":1,"m":null,"x":2},"a":1}"#;
        let widget: WidgetRoot = serde_json::from_str(with_nulls).unwrap();
        assert_eq!(serde_json::to_string(&widget).unwrap(), text);
    }

    #[test]
    fn accessors() {
        let root =
            WidgetRoot::try_from(json!({"type": "Card", "id": "c", "key": "k", "size": "sm"}))
                .unwrap();
        assert_eq!(
            (root.type_name(), root.id(), root.key()),
            ("Card", Some("c"), Some("k"))
        );
        assert_eq!(root.get("size"), Some(&json!("sm")));
        assert_eq!(root.get("padding"), None);
        assert_eq!(root.as_object().len(), 4);
        let component = WidgetComponent::from(root.clone());
        assert_eq!(component.as_object(), root.as_object());
        assert_eq!(WidgetRoot::try_from(component.into_object()), Ok(root));
    }

    #[test]
    fn what_is_wrong_is_named_and_nothing_repeated() {
        let cases = [
            (json!([1]), "a component must be a JSON object"),
            (
                json!({"value": "secret"}),
                "a component must have a `type`, a string",
            ),
            (
                json!({"type": 5}),
                "a component must have a `type`, a string",
            ),
            (
                json!({"type": null}),
                "a component must have a `type`, a string",
            ),
            (json!({"type": "Card", "id": 1}), "`id` must be a string"),
            (
                json!({"type": "Card", "key": ["secret"]}),
                "`key` must be a string",
            ),
            (
                json!({"type": "Card", "children": "secret"}),
                "`children` must be a component or a list of components",
            ),
            (
                json!({"type": "Card", "children": [{"type": "Row", "children": {"type": "Box", "children": [{}]}}]}),
                "children[0].children.children[0]: a component must have a `type`, a string",
            ),
            (
                json!({"type": "Card", "children": ["secret"]}),
                "children[0]: a component must be a JSON object",
            ),
            (nested(121), "it nests deeper than 120 levels"),
        ];
        for (json, message) in cases {
            assert_eq!(
                component(json).unwrap_err().to_string(),
                format!("invalid widget: {message}")
            );
        }
    }

    #[test]
    fn depth_is_limited() {
        assert!(component(nested(120)).is_ok());
        assert!(component(nested(200)).is_err());
        // By way of children, too.
        let boxes = (0..60).fold(
            json!({"type": "Text"}),
            |inner, _| json!({"type": "Box", "children": [inner]}),
        );
        let message = component(boxes).unwrap_err().to_string();
        assert_eq!(message, "invalid widget: it nests deeper than 120 levels");
    }

    #[test]
    fn only_three_types_are_roots() {
        for root in ["Card", "ListView", "Basic"] {
            assert!(WidgetRoot::try_from(json!({"type": root})).is_ok());
        }
        for other in ["Text", "card", ""] {
            let error = WidgetRoot::try_from(json!({"type": other})).unwrap_err();
            assert_eq!(
                error.to_string(),
                "invalid widget: the root must be a `Card`, a `ListView` or a `Basic`"
            );
        }
        let error = serde_json::from_str::<WidgetRoot>(r#"{"type":"Text"}"#).unwrap_err();
        assert!(error.to_string().contains("the root must be"));
    }
}

//! Forms: what a user has entered goes back into the widget, and names that get into each other's way are found.

use std::collections::HashSet;
use std::fmt;

use serde_json::{Map, Value};

use super::{IsoDateTime, WidgetRoot};

impl WidgetRoot {
    /// The widget with what the user has entered: `payload` is that of an action from within its form.
    ///
    /// A stored widget shows its controls as the server made them, so after a reload they are back at their first values.
    /// Store the widget with the values to keep them; [`Turn::update_widget`](crate::Turn::update_widget) does it:
    ///
    /// ```
    /// use chatkit::types::{Action, SyncCustomActionResponse, UserMessageItem, WidgetItem};
    /// use chatkit::{ChatKitHandler, Turn, TurnError};
    ///
    /// struct Assistant;
    ///
    /// impl ChatKitHandler for Assistant {
    ///     type Context = ();
    ///     # async fn respond(&self, _: &Turn<()>, _: Option<UserMessageItem>) -> Result<(), TurnError> { Ok(()) }
    ///
    ///     async fn sync_action(
    ///         &self,
    ///         turn: &Turn<()>,
    ///         action: Action,
    ///         sender: Option<WidgetItem>,
    ///     ) -> Result<SyncCustomActionResponse, TurnError> {
    ///         let Some(sender) = sender else { return Ok(SyncCustomActionResponse::new()) };
    ///         let filled = sender.widget.clone().with_form_values(&action.payload);
    ///         Ok(turn.update_widget(sender, filled).await?.into())
    ///     }
    /// }
    /// ```
    ///
    /// Each control with a `name` is set from the place in the payload that the name leads to (`todo.title`: the field
    /// `title` of the object `todo`):
    ///
    /// | control | field | from |
    /// |---|---|---|
    /// | `Input`, `Textarea` | `defaultValue` | a string, or a number as its digits |
    /// | `Select`, `RadioGroup` | `defaultValue` | a string that is one of the options |
    /// | `DatePicker` | `defaultValue` | a string with an ISO 8601 date, or date and time |
    /// | `Checkbox` | `defaultChecked` | a boolean |
    /// | `Text` that is `editable` | `value` | a string, or a number as its digits |
    ///
    /// A null clears any of them, an empty string also a choice or a date. Everything else is left as it is: controls the
    /// payload says nothing about, and values of another kind, for the payload is untrusted. Nothing is checked against
    /// `required`, `pattern`, `min` or `max`. The work is linear in the size of the widget.
    #[must_use = "the widget with the values is returned"]
    pub fn with_form_values(self, payload: &Value) -> Self {
        let mut object = self.into_object();
        fill(&mut object, payload);
        // Still the same tree of components: only fields that hold a value have changed.
        Self(super::WidgetComponent(object))
    }

    /// The controls whose values never arrive: a form's action has something in its payload already where the value of a
    /// control would go, and the client lets that stand.
    ///
    /// Such a widget is a mistake of whoever made it: a field of the payload, or the control, needs another name. When a
    /// [`Turn`](crate::Turn) stores a widget it looks for these and writes a warning to the log; a test of your own widgets
    /// can assert that there are none.
    ///
    /// ```
    /// use chatkit::types::ActionConfig;
    /// use chatkit::widgets::{Card, Form, Input, WidgetRoot};
    /// use serde_json::json;
    ///
    /// let save = ActionConfig::new("update_todo").payload(json!({"id": 7, "title": "Buy milk"}));
    /// let form = Form::new().on_submit_action(save).child(Input::new("title"));
    /// let collisions = WidgetRoot::from(Card::new().child(form)).form_collisions();
    /// assert_eq!(
    ///     collisions[0].to_string(),
    ///     "the payload of the action `update_todo` already has `title`, so the control `title` is not sent",
    /// );
    /// ```
    ///
    /// A form is a `Form`, or a `Card` with `asForm`; its actions are its own and those of all components in it. The result is
    /// in the order of the actions. The work is linear in the size of the widget, for each level of forms in forms.
    pub fn form_collisions(&self) -> Vec<FormCollision> {
        let mut found = Vec::new();
        // What stands outside of all forms is collected too, and never looked at.
        find_forms(self.as_object(), &mut FormParts::default(), &mut found);
        found
    }
}

/// A control of a form whose value an action of that form does not carry.
///
/// `Display` says it in one line. It names the action, the field and the control, and repeats no values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormCollision {
    /// The type of the action.
    pub action_type: String,
    /// The control's name.
    pub control: String,
    /// The path of the field in the payload that is in the way: the control's name, or the beginning of it.
    pub field: String,
}

impl fmt::Display for FormCollision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            action_type,
            control,
            field,
        } = self;
        write!(
            f,
            "the payload of the action `{action_type}` already has `{field}`, so the control `{control}` is not sent"
        )
    }
}

/// The components right below one.
fn children(component: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let children = component.get("children");
    let list = children.and_then(Value::as_array).into_iter().flatten();
    children
        .into_iter()
        .chain(list)
        .filter_map(Value::as_object)
}

/// Sets the controls of a component and those below. A checked widget limits the depth.
fn fill(component: &mut Map<String, Value>, payload: &Value) {
    let value = control_name(component).and_then(|name| lookup(payload, name));
    if let Some(value) = value {
        set(component, value);
    }
    match component.get_mut("children") {
        Some(Value::Object(child)) => fill(child, payload),
        Some(Value::Array(children)) => children
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(|child| fill(child, payload)),
        _ => {}
    }
}

/// The name of a control that takes input.
fn control_name(component: &Map<String, Value>) -> Option<&str> {
    let of = match component.get("type")?.as_str()? {
        "Input" | "Textarea" | "Select" | "RadioGroup" | "DatePicker" | "Checkbox" => component,
        "Text" => component.get("editable")?.as_object()?,
        _ => return None,
    };
    of.get("name")?.as_str()
}

/// What is in the payload at a dotted path.
fn lookup<'a>(payload: &'a Value, name: &str) -> Option<&'a Value> {
    name.split('.')
        .try_fold(payload, |value, step| value.as_object()?.get(step))
}

/// What becomes of a control.
enum Change {
    Set(&'static str, Value),
    Clear(&'static str),
}

/// Sets the value of a control, if it is one that such a control can have.
fn set(control: &mut Map<String, Value>, value: &Value) {
    match change(control, value) {
        Some(Change::Set(field, value)) => {
            control.insert(field.to_owned(), value);
        }
        // Not `swap_remove`: the order of the fields stays.
        Some(Change::Clear(field)) => {
            control.shift_remove(field);
        }
        None => {}
    }
}

fn change(control: &Map<String, Value>, value: &Value) -> Option<Change> {
    let kind = control.get("type").and_then(Value::as_str);
    let is_empty = value.is_null() || value == "";
    Some(match kind? {
        "Checkbox" => match value {
            Value::Null => Change::Clear("defaultChecked"),
            Value::Bool(_) => Change::Set("defaultChecked", value.clone()),
            _ => return None,
        },
        // A text cannot be without one.
        "Text" if is_empty => Change::Set("value", "".into()),
        "Text" => Change::Set("value", text(value)?),
        "Input" | "Textarea" if value.is_null() => Change::Clear("defaultValue"),
        "Input" | "Textarea" => Change::Set("defaultValue", text(value)?),
        _ if is_empty => Change::Clear("defaultValue"),
        "DatePicker" => {
            value.as_str()?.parse::<IsoDateTime>().ok()?;
            Change::Set("defaultValue", value.clone())
        }
        _ => {
            let options = control.get("options")?.as_array()?;
            let known = options
                .iter()
                .any(|option| option.get("value") == Some(value));
            return (value.is_string() && known)
                .then(|| Change::Set("defaultValue", value.clone()));
        }
    })
}

fn text(value: &Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(value.clone()),
        Value::Number(number) => Some(Value::String(number.to_string())),
        _ => None,
    }
}

/// The controls and actions of one form, without those of forms in it.
#[derive(Default)]
struct FormParts<'a> {
    names: HashSet<&'a str>,
    /// In order, for the report.
    controls: Vec<&'a str>,
    /// What the names begin with, before each of their dots.
    beginnings: HashSet<&'a str>,
    /// The types and payloads of the actions.
    actions: Vec<(&'a str, &'a Map<String, Value>)>,
}

fn find_forms<'a>(
    component: &'a Map<String, Value>,
    around: &mut FormParts<'a>,
    found: &mut Vec<FormCollision>,
) {
    let is_form = match component.get("type").and_then(Value::as_str) {
        Some("Form") => true,
        Some("Card") => component.get("asForm") == Some(&Value::Bool(true)),
        _ => false,
    };
    let mut own = FormParts::default();
    let form = if is_form { &mut own } else { around };
    form.add(component);
    for child in children(component) {
        find_forms(child, form, found);
    }
    if is_form {
        own.report(found);
    }
}

impl<'a> FormParts<'a> {
    fn add(&mut self, component: &'a Map<String, Value>) {
        if let Some(name) = control_name(component)
            && self.names.insert(name)
        {
            self.controls.push(name);
            let dots = name.match_indices('.');
            self.beginnings
                .extend(dots.filter_map(|(dot, _)| name.get(..dot)));
        }
        for (field, value) in component {
            let action = match field.as_str() {
                "confirm" | "cancel" => value.get("action"),
                field if field.ends_with("Action") => Some(value),
                _ => None,
            };
            if let Some(action) = action
                && let Some(Value::String(action_type)) = action.get("type")
                && let Some(Value::Object(payload)) = action.get("payload")
            {
                self.actions.push((action_type, payload));
            }
        }
    }

    fn report(&self, found: &mut Vec<FormCollision>) {
        for (action_type, payload) in &self.actions {
            self.search(payload, "", &mut |field, control| {
                found.push(FormCollision {
                    action_type: (*action_type).to_owned(),
                    control: control.to_owned(),
                    field: field.to_owned(),
                });
            });
        }
    }

    /// Calls `found` with each field that is in the way of a control. `above` is the path of the object, with its dot.
    fn search(&self, object: &Map<String, Value>, above: &str, found: &mut impl FnMut(&str, &str)) {
        // A dot in the payload's own key is no step of a path.
        for (key, value) in object.iter().filter(|(key, _)| !key.contains('.')) {
            let path = format!("{above}{key}");
            if self.names.contains(&*path) {
                found(&path, &path);
            }
            if !self.beginnings.contains(&*path) {
                continue;
            }
            let below = format!("{path}.");
            match value {
                Value::Object(object) => self.search(object, &below, found),
                _ => self
                    .controls
                    .iter()
                    .filter(|control| control.starts_with(&below))
                    .for_each(|control| found(&path, control)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn filled(control: &Value, payload: &Value) -> Value {
        let root = json!({"type": "Card", "children": [{"type": "Col", "children": control}]});
        let root = WidgetRoot::try_from(root)
            .unwrap()
            .with_form_values(payload);
        let mut json = Value::from(root);
        json["children"][0]["children"].take()
    }

    #[test]
    fn each_control_takes_what_it_can_have() {
        let field = |kind: &str| json!({"type": kind, "name": "a", "defaultValue": "2025-01-01"});
        let choice = |kind: &str| {
            let options =
                json!([{"value": "s", "label": "Small"}, {"value": "l", "label": "Large"}]);
            json!({"type": kind, "name": "a", "options": options, "defaultValue": "s"})
        };
        let checkbox = json!({"type": "Checkbox", "name": "a", "defaultChecked": false});
        let text = json!({"type": "Text", "value": "old", "editable": {"name": "a"}});
        // A control and its field; pairs of what is sent and what the field is then; what leaves it as it is.
        let lines = json!([["new", "new"], ["", ""], [1.5, "1.5"], [null, null]]);
        let choices = json!([["l", "l"], ["s", "s"], ["", null], [null, null]]);
        let table = [
            (
                field("Input"),
                "defaultValue",
                lines.clone(),
                json!([[1], {}, true]),
            ),
            (
                field("Textarea"),
                "defaultValue",
                lines,
                json!([[1], {}, true]),
            ),
            (
                field("DatePicker"),
                "defaultValue",
                json!([["2026-02-03", "2026-02-03"], ["", null], [null, null]]),
                json!(["2026-02-31", "soon", 5, {}, false]),
            ),
            (
                choice("Select"),
                "defaultValue",
                choices.clone(),
                json!(["xl", 5, {}, ["l"]]),
            ),
            (
                choice("RadioGroup"),
                "defaultValue",
                choices,
                json!(["xl", 5, {}, ["l"]]),
            ),
            (
                checkbox,
                "defaultChecked",
                json!([[true, true], [false, false], [null, null]]),
                json!(["on", 1, {}, ""]),
            ),
            (
                text,
                "value",
                json!([["new", "new"], [7, "7"], ["", ""], [null, ""]]),
                json!([{"b": 1}, true]),
            ),
        ];
        for (control, name, changes, refused) in table {
            for pair in changes.as_array().unwrap() {
                let mut expected = control.clone();
                expected.as_object_mut().unwrap().shift_remove(name);
                if !pair[1].is_null() {
                    expected[name] = pair[1].clone();
                }
                let after = filled(&control, &json!({"a": pair[0]}));
                assert_eq!(after, expected, "{control} with {}", pair[0]);
            }
            for value in refused.as_array().unwrap() {
                let after = filled(&control, &json!({"a": value}));
                assert_eq!(after, control, "with {value}");
            }
            let after = filled(&control, &json!({"b": "new"}));
            assert_eq!(after, control);
        }
    }

    #[test]
    fn dotted_names_lead_into_objects() {
        let input = json!({"type": "Input", "name": "todo.owner.name"});
        let after = filled(&input, &json!({"todo": {"owner": {"name": "Ada"}}}));
        assert_eq!(after["defaultValue"], "Ada");
        for payload in [
            json!({"todo.owner.name": "Ada"}),
            json!({"todo": "Ada"}),
            json!({"todo": {"owner": {}}}),
            json!({"todo": [{"owner": 1}]}),
            json!("Ada"),
            json!(null),
        ] {
            assert_eq!(filled(&input, &payload), input, "{payload}");
        }
    }

    #[test]
    fn what_is_no_control_stays() {
        for other in [
            json!({"type": "Text", "value": "old", "editable": false}),
            json!({"type": "Text", "value": "old"}),
            json!({"type": "Icon", "name": "a"}),
            json!({"type": "Input", "name": 5}),
            json!({"type": "Chart", "series": [{"type": "Input", "name": "a"}]}),
        ] {
            assert_eq!(filled(&other, &json!({"a": "new"})), other);
        }
    }

    fn collisions(root: Value) -> Vec<(String, String, String)> {
        let found = WidgetRoot::try_from(root).unwrap().form_collisions();
        let parts = |it: FormCollision| (it.action_type, it.field, it.control);
        found.into_iter().map(parts).collect()
    }

    fn triple(action: &str, field: &str, control: &str) -> (String, String, String) {
        (action.into(), field.into(), control.into())
    }

    #[test]
    fn collisions_are_found_for_every_action_of_a_form() {
        let action = |name: &str, payload: Value| json!({"type": name, "payload": payload});
        let form = json!({
            "type": "Form", "onSubmitAction": action("save", json!({"id": 1, "todo": {"id": 2, "title": "x"}})),
            "children": [
                {"type": "Row", "children": {"type": "Input", "name": "todo.title"}},
                {"type": "Text", "value": "", "editable": {"name": "todo.note"}},
                {"type": "Select", "name": "list", "options": [], "onChangeAction": action("move", json!({"list": "a"}))},
                {"type": "Button", "onClickAction": action("flat", json!({"todo": 1, "todo.note": 1}))},
                {"type": "Button", "onClickAction": action("fine", json!({"id": 1, "note": 2, "todo": {}}))},
                {"type": "Button", "onClickAction": {"type": "none"}},
            ],
        });
        assert_eq!(
            collisions(json!({"type": "Card", "children": [form]})),
            [
                triple("save", "todo.title", "todo.title"),
                triple("move", "list", "list"),
                triple("flat", "todo", "todo.title"),
                triple("flat", "todo", "todo.note"),
            ]
        );
    }

    #[test]
    fn only_forms_have_collisions() {
        let card = |as_form: bool| {
            json!({
                "type": "Card", "asForm": as_form,
                "confirm": {"label": "Send", "action": {"type": "send", "payload": {"to": "x"}}},
                "cancel": {"label": "Discard", "action": {"type": "discard", "payload": {"id": 1}}},
                "children": [{"type": "Input", "name": "to"}],
            })
        };
        assert_eq!(collisions(card(true)), [triple("send", "to", "to")]);
        assert_eq!(collisions(card(false)), []);
        // A form in a form is one of its own.
        let mut outer = card(true);
        outer["children"] =
            json!([{"type": "Form", "children": [{"type": "Input", "name": "to"}]}]);
        assert_eq!(collisions(outer), []);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-c.]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 4, |inner| {
            let key = prop_oneof!["[a-c]", Just("type".to_owned()), Just("name".to_owned())];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((key, inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_widget_stays_one_whatever_is_sent(payload in any_json(), extra in any_json()) {
            let kinds = ["Input", "Select", "RadioGroup", "DatePicker", "Checkbox", "Textarea"];
            let mut children: Vec<Value> = kinds
                .iter()
                .flat_map(|kind| ["a", "a.b", "b.c.a", ".", ""].map(|name| {
                    json!({"type": kind, "name": name, "options": [{"value": "a", "label": "A"}]})
                }))
                .collect();
            children.push(json!({
                "type": "Form", "onSubmitAction": {"type": "x", "payload": payload},
                "children": [{"type": "Text", "value": "", "editable": {"name": "a.b"}, "extra": extra}],
            }));
            let root = WidgetRoot::try_from(json!({"type": "Card", "children": children})).unwrap();
            root.form_collisions();
            let filled = root.with_form_values(&payload);
            let again = WidgetRoot::try_from(Value::from(filled.clone())).unwrap();
            prop_assert_eq!(&again, &filled);
            prop_assert_eq!(filled.clone().with_form_values(&payload), filled);
        }
    }
}

//! What known fields stand for, written out or left out.

use chrono::NaiveDate;
use serde_json::Value;

use crate::types::JsonObject;

/// What an action stands for when it does not say so: the server handles it, with a stream of events, and the client shows
/// what suits the control.
const ACTION_DEFAULTS: [(&str, &str); 2] = [("handler", "server"), ("loadingBehavior", "auto")];

/// Writes out what the fields of known components stand for, in a component and those below it.
///
/// An action says who handles it, what is shown meanwhile and whether it streams; the dates of a `DatePicker` have a time.
/// So does the Python SDK when it reads a widget. Nothing is taken away, and what is not as expected stays.
pub(super) fn write_out(component: &mut JsonObject) {
    visit(
        component,
        |action| {
            for (field, default) in ACTION_DEFAULTS {
                action.entry(field).or_insert_with(|| default.into());
            }
            action.entry("streaming").or_insert(Value::Bool(true));
        },
        |date| {
            if NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok() {
                date.push_str("T00:00:00");
            }
        },
    );
}

/// Leaves out of the actions what goes without saying.
pub(super) fn leave_out(component: &mut JsonObject) {
    visit(
        component,
        |action| {
            action.retain(|field, value| {
                let is_default = ACTION_DEFAULTS
                    .iter()
                    .any(|(name, default)| field == name && value == default);
                !is_default && (field != "streaming" || *value != Value::Bool(true))
            });
        },
        |_| {},
    );
}

/// Goes through the actions and the dates of a component and those below it.
///
/// The recursion is as deep as the widget, which has been checked.
fn visit(component: &mut JsonObject, on_action: fn(&mut JsonObject), on_date: fn(&mut String)) {
    let (actions, buttons, dates): (&[&str], &[&str], &[&str]) =
        match component.get("type").and_then(Value::as_str) {
            Some("Card") => (&[], &["confirm", "cancel"], &[]),
            Some("Button" | "ListViewItem") => (&["onClickAction"], &[], &[]),
            Some("Form") => (&["onSubmitAction"], &[], &[]),
            Some("Select" | "Checkbox" | "RadioGroup") => (&["onChangeAction"], &[], &[]),
            Some("DatePicker") => (&["onChangeAction"], &[], &["defaultValue", "min", "max"]),
            _ => (&[], &[], &[]),
        };
    for &field in actions {
        if let Some(Value::Object(action)) = component.get_mut(field) {
            on_action(action);
        }
    }
    for &field in buttons {
        let action = component.get_mut(field).and_then(|it| it.get_mut("action"));
        if let Some(Value::Object(action)) = action {
            on_action(action);
        }
    }
    for &field in dates {
        if let Some(Value::String(date)) = component.get_mut(field) {
            on_date(date);
        }
    }

    match component.get_mut("children") {
        Some(Value::Object(child)) => visit(child, on_action, on_date),
        Some(Value::Array(children)) => children
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(|child| visit(child, on_action, on_date)),
        _ => {}
    }
}

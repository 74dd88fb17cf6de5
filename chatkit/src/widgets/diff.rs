//! How one state of a widget becomes the next.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use super::{MAX_DEPTH, WidgetRoot};
use crate::types::{ThreadItemUpdate, WidgetRootUpdated, WidgetStreamingTextValueDelta};

type Object = Map<String, Value>;

/// The updates that take the client from one state of a widget to the next.
///
/// If nothing but text was appended, there is one delta for each `Text` or `Markdown` whose `value` has grown, in the
/// order of the tree; it is `done` unless the component says `streaming: true`. Any other difference gives one update with
/// the whole widget: so does text that a delta cannot name, because its component has no id, shares it with another one,
/// or is not among the `children`. Equal states give no update; `1` and `1.0` are the same number.
///
/// The work is linear in the size of the smaller widget. It never fails.
pub fn diff_widget(before: &WidgetRoot, after: &WidgetRoot) -> Vec<ThreadItemUpdate> {
    let replaced = || {
        vec![ThreadItemUpdate::WidgetRootUpdated(WidgetRootUpdated::new(
            after.clone(),
        ))]
    };

    let mut appends = Vec::new();
    // One level more than a widget may nest, for the scalars in its deepest object.
    if !component_grows(
        before.as_object(),
        after.as_object(),
        MAX_DEPTH + 1,
        &mut appends,
    ) {
        return replaced();
    }
    // Without appended text the states are equal, and ids do not matter.
    if appends.is_empty() {
        return Vec::new();
    }
    let mut uses: HashMap<&str, usize> = appends
        .iter()
        .map(|append| (append.component_id, 0))
        .collect();
    count_ids(after.as_object(), &mut uses);
    if uses.values().any(|&uses| uses > 1) {
        return replaced();
    }
    appends.into_iter().map(Append::into_update).collect()
}

/// Text that was appended to the `value` of one component.
struct Append<'a> {
    component_id: &'a str,
    delta: &'a str,
    done: bool,
}

impl Append<'_> {
    fn into_update(self) -> ThreadItemUpdate {
        ThreadItemUpdate::WidgetStreamingTextValueDelta(WidgetStreamingTextValueDelta::new(
            self.component_id,
            self.delta,
            self.done,
        ))
    }
}

/// Whether `after` is `before` with some text appended, which then is in `appends`.
///
/// `levels` bounds the recursion here and in [`equal`], whatever the widgets are made from. Each call goes down at least
/// one level of JSON, so a widget that was read is never cut off; of one that is deeper, the whole is sent.
fn component_grows<'a>(
    before: &Object,
    after: &'a Object,
    levels: usize,
    appends: &mut Vec<Append<'a>>,
) -> bool {
    let Some(levels) = levels.checked_sub(1) else {
        return false;
    };
    // Of the same size, with each of the one's fields in the other: so they have the same fields.
    before.len() == after.len()
        && before.iter().all(|(field, before_value)| {
            let Some(after_value) = after.get(field) else {
                return false;
            };
            match (field.as_str(), before_value, after_value) {
                ("children", Value::Array(before), Value::Array(after)) => {
                    before.len() == after.len()
                        && before
                            .iter()
                            .zip(after)
                            .all(|(before, after)| child_grows(before, after, levels, appends))
                }
                ("children", before, after) => child_grows(before, after, levels, appends),
                ("value", Value::String(text), Value::String(grown)) if streams_text(after) => {
                    match grown.strip_prefix(text.as_str()) {
                        Some("") => true,
                        Some(delta) => {
                            let Some(component_id) = id(after) else {
                                return false;
                            };
                            // `true` alone means that more is to come; anything else ends the text.
                            let done = after.get("streaming") != Some(&Value::Bool(true));
                            appends.push(Append {
                                component_id,
                                delta,
                                done,
                            });
                            true
                        }
                        None => false,
                    }
                }
                (_, before, after) => equal(before, after, levels),
            }
        })
}

fn child_grows<'a>(
    before: &Value,
    after: &'a Value,
    levels: usize,
    appends: &mut Vec<Append<'a>>,
) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            component_grows(before, after, levels, appends)
        }
        _ => equal(before, after, levels),
    }
}

/// Whether the client can append to this component's `value`. That both states have the type is compared elsewhere.
fn streams_text(component: &Object) -> bool {
    matches!(
        component.get("type").and_then(Value::as_str),
        Some("Text" | "Markdown")
    )
}

fn id(component: &Object) -> Option<&str> {
    component
        .get("id")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty())
}

/// Counts how many components have each of the ids in `uses`. Called once [`component_grows`] has been everywhere, so the
/// depth is bounded.
fn count_ids(component: &Object, uses: &mut HashMap<&str, usize>) {
    if let Some(uses) = id(component).and_then(|id| uses.get_mut(id)) {
        *uses += 1;
    }
    match component.get("children") {
        Some(Value::Object(child)) => count_ids(child, uses),
        Some(Value::Array(children)) => {
            children
                .iter()
                .filter_map(Value::as_object)
                .for_each(|child| count_ids(child, uses));
        }
        _ => {}
    }
}

/// Equality of JSON in which numbers are equal by value.
fn equal(a: &Value, b: &Value, levels: usize) -> bool {
    let Some(levels) = levels.checked_sub(1) else {
        return false;
    };
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(field, a)| b.get(field).is_some_and(|b| equal(a, b, levels)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b, levels))
        }
        (Value::Number(a), Value::Number(b)) => equal_numbers(a, b),
        _ => a == b,
    }
}

fn equal_numbers(a: &Number, b: &Number) -> bool {
    match (a.as_i128(), b.as_i128()) {
        (Some(int), None) => b.as_f64().is_some_and(|float| is_integer(float, int)),
        (None, Some(int)) => a.as_f64().is_some_and(|float| is_integer(float, int)),
        _ => a == b,
    }
}

/// Exact, also where a float cannot tell neighbouring integers apart. The cast saturates far outside of JSON's integers.
fn is_integer(float: f64, int: i128) -> bool {
    float.fract() == 0.0 && float as i128 == int
}

#[cfg(test)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "states are written in place, without a `&` before each `json!`"
)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn root(json: Value) -> WidgetRoot {
        json.try_into().unwrap()
    }

    /// The updates between two states, as the client reads them.
    fn diff(before: Value, after: Value) -> Value {
        serde_json::to_value(diff_widget(&root(before), &root(after))).unwrap()
    }

    fn delta(id: &str, delta: &str, done: bool) -> Value {
        json!({"type": "widget.streaming_text.value_delta", "component_id": id, "delta": delta, "done": done})
    }

    fn replaced(widget: &Value) -> Value {
        json!([{"type": "widget.root.updated", "widget": widget}])
    }

    fn card(children: Value) -> Value {
        json!({"type": "Card", "children": children})
    }

    fn text(id: &str, value: &str) -> Value {
        json!({"type": "Text", "id": id, "value": value})
    }

    /// Checks that the change sends the whole widget, in either direction.
    fn check_replaced(before: Value, after: Value) {
        assert_eq!(diff(before.clone(), after.clone()), replaced(&after));
        assert_eq!(diff(after, before.clone()), replaced(&before));
    }

    #[test]
    fn appended_text_is_a_delta() {
        let before = card(json!([text("x", "e"), {"type": "Row", "children": [text("y", "")]}]));
        let after =
            card(json!([text("x", "e\u{301} 👩"), {"type": "Row", "children": [text("y", "Hi")]}]));
        assert_eq!(
            diff(before, after),
            json!([delta("x", "\u{301} 👩", true), delta("y", "Hi", true)])
        );
    }

    #[test]
    fn done_unless_still_streaming() {
        for (streaming, done) in [
            (json!(true), false),
            (json!(false), true),
            (json!(null), true),
        ] {
            let state = |value: &str| {
                card(
                    json!([{"type": "Markdown", "id": "x", "value": value, "streaming": streaming}]),
                )
            };
            assert_eq!(
                diff(state("a"), state("ab")),
                json!([delta("x", "b", done)])
            );
        }
        let state = |streaming: bool| {
            card(json!([{"type": "Text", "id": "x", "value": "a", "streaming": streaming}]))
        };
        check_replaced(state(true), state(false));
    }

    #[test]
    fn equal_states_give_nothing() {
        let state = card(
            json!([text("x", "a"), text("x", "a"), {"type": "Chart", "data": [{"n": 1, "k": "a"}]}]),
        );
        assert_eq!(diff(state.clone(), state), json!([]));
        // The order of fields means nothing, nor does a null.
        let (before, after) = (
            json!({"type": "Card", "id": "c", "size": "sm"}),
            json!({"size": "sm", "id": "c", "key": null, "type": "Card"}),
        );
        assert_eq!(diff(before, after), json!([]));
    }

    #[test]
    fn text_that_shrinks_or_changes_replaces() {
        for value in ["ab", "b", "", "Abc"] {
            assert_eq!(
                diff(
                    card(json!([text("x", "abc")])),
                    card(json!([text("x", value)]))
                ),
                replaced(&card(json!([text("x", value)])))
            );
        }
    }

    #[test]
    fn other_changes_replace() {
        let base = card(json!([text("x", "a")]));
        check_replaced(base.clone(), card(json!([])));
        check_replaced(base.clone(), card(json!([text("x", "a"), text("y", "b")])));
        check_replaced(base.clone(), card(json!([text("y", "ab")])));
        check_replaced(
            base.clone(),
            card(json!([{"type": "Markdown", "id": "x", "value": "a"}])),
        );
        check_replaced(base.clone(), json!({"type": "Card"}));
        check_replaced(
            base.clone(),
            json!({"type": "ListView", "children": [text("x", "a")]}),
        );
        check_replaced(
            base,
            json!({"type": "Card", "key": "k", "children": [text("x", "a")]}),
        );
        check_replaced(
            card(json!([text("x", "a"), text("y", "b")])),
            card(json!([text("y", "b"), text("x", "a")])),
        );
        // An appended text does not hide another change behind or before it.
        let changed = |value: &str, color: &str| {
            card(
                json!([{"color": color, "type": "Text", "id": "x", "value": value, "weight": color}]),
            )
        };
        check_replaced(changed("a", "red"), changed("ab", "blue"));
    }

    #[test]
    fn only_text_components_stream() {
        for other in ["Title", "Caption", "Fancy"] {
            let state = |value: &str| card(json!([{"type": other, "id": "x", "value": value}]));
            check_replaced(state("a"), state("ab"));
        }
        let state = |value: Value| card(json!([{"type": "Text", "id": "x", "value": value}]));
        check_replaced(state(json!(1)), state(json!(12)));
        check_replaced(state(json!(1)), state(json!("1")));
    }

    #[test]
    fn appended_text_without_an_id_replaces() {
        let state = |value: &str| card(json!([{"type": "Text", "value": value}]));
        check_replaced(state("a"), state("ab"));
        check_replaced(card(json!([text("", "a")])), card(json!([text("", "ab")])));
        // Also next to text that has one.
        let state = |value: &str| card(json!([text("x", value), {"type": "Text", "value": value}]));
        check_replaced(state("a"), state("ab"));
    }

    #[test]
    fn a_single_child_is_found() {
        let state = |value: &str| json!({"type": "Basic", "children": {"type": "Transition", "children": text("x", value)}});
        assert_eq!(
            diff(state("a"), state("ab")),
            json!([delta("x", "b", true)])
        );
        let alone = |value: &str| json!({"type": "Basic", "children": text("x", value)});
        check_replaced(
            alone("a"),
            json!({"type": "Basic", "children": [text("x", "ab")]}),
        );
    }

    #[test]
    fn text_outside_of_children_replaces() {
        for field in ["header", "payload"] {
            let state = |value: &str| json!({"type": "Basic", field: text("x", value)});
            check_replaced(state("a"), state("ab"));
            let state = |value: &str| json!({"type": "Basic", field: [text("x", value)]});
            check_replaced(state("a"), state("ab"));
        }
    }

    #[test]
    fn duplicate_ids_replace() {
        let state = |first: &str, second: &str| {
            card(json!([text("x", first), {"type": "Box", "children": [text("x", second)]}]))
        };
        check_replaced(state("a", "b"), state("aa", "bb"));
        check_replaced(state("a", "b"), state("aa", "b"));
        check_replaced(state("a", "b"), state("a", "bb"));
        // The other one need not be text, and may be the root or a single child.
        let state =
            |value: &str| json!({"type": "Card", "id": "x", "children": [text("x", value)]});
        check_replaced(state("a"), state("ab"));
        let state = |value: &str| {
            card(
                json!([text("x", value), {"type": "Transition", "children": {"type": "Box", "id": "x"}}]),
            )
        };
        check_replaced(state("a"), state("ab"));
        // Others may share an id.
        let state = |value: &str| card(json!([text("x", value), text("y", "b"), text("y", "b")]));
        assert_eq!(
            diff(state("a"), state("ab")),
            json!([delta("x", "b", true)])
        );
    }

    #[test]
    fn a_field_on_one_side_replaces() {
        let with = |field: &str| json!({"type": "Card", "children": [{"type": "Text", "id": "x", "value": "a", field: false}]});
        check_replaced(card(json!([text("x", "a")])), with("streaming"));
        // The same number of fields, but not the same.
        check_replaced(with("streaming"), with("other"));
        check_replaced(
            json!({"type": "Card", "size": "sm"}),
            json!({"type": "Card"}),
        );
        check_replaced(
            json!({"type": "Card", "items": [{"a": 1}]}),
            json!({"type": "Card", "items": [{"b": 1}]}),
        );
    }

    #[test]
    fn numbers_are_equal_by_value() {
        let state = |number: Value| json!({"type": "Card", "gap": number, "deep": [{"n": number}]});
        for (a, b) in [
            (json!(1), json!(1.0)),
            (json!(-2.0), json!(-2)),
            (json!(0), json!(-0.0)),
            (json!(1e3), json!(1000)),
        ] {
            assert_eq!(diff(state(a.clone()), state(b.clone())), json!([]));
            assert_eq!(diff(state(b), state(a)), json!([]));
        }
        let big = 1_u64 << 53;
        assert_eq!(diff(state(json!(big)), state(json!(big as f64))), json!([]));
        for (a, b) in [
            (json!(1), json!(1.5)),
            (json!(1), json!(true)),
            (json!(1), json!("1")),
            (json!(big), json!(big + 1)),
            (json!(big as f64), json!(big + 1)),
            (json!(u64::MAX), json!(u64::MAX as f64)),
            (json!(u64::MAX), json!(1e300)),
        ] {
            check_replaced(state(a), state(b));
        }
    }

    #[test]
    fn the_deepest_widget_is_compared_to_the_bottom() {
        // A root, a scalar, and each pair of a list and an object: 119 levels of JSON, then one object more.
        let children = |value: &str| {
            (0..59).fold(
                text("x", value),
                |inner, _| json!({"type": "Box", "children": [inner]}),
            )
        };
        let state = |value: &str| json!({"type": "Card", "children": children(value)});
        assert_eq!(diff(state("a"), state("a")), json!([]));
        assert_eq!(
            diff(state("a"), state("ab")),
            json!([delta("x", "b", true)])
        );

        let opaque = |leaf: Value| json!({"type": "Card", "extra": (0..119).fold(leaf, |inner, _| json!([inner]))});
        assert_eq!(diff(opaque(json!(1)), opaque(json!(1))), json!([]));
        check_replaced(opaque(json!(1)), opaque(json!(2)));
    }

    #[test]
    fn a_deeper_widget_is_sent_whole() {
        // Such a widget is not read, but may be built.
        let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
        let Value::Object(object) = json!({"type": "Card", "extra": deep}) else {
            panic!("not an object")
        };
        let widget = WidgetRoot(super::super::WidgetComponent(object));
        assert_eq!(diff_widget(&widget, &widget).len(), 1);
    }

    /// What the client does with an update.
    fn apply(widget: &mut Value, update: &ThreadItemUpdate) {
        match update {
            ThreadItemUpdate::WidgetRootUpdated(update) => *widget = update.widget.clone().into(),
            ThreadItemUpdate::WidgetStreamingTextValueDelta(update) => {
                assert!(!update.delta.is_empty());
                let mut found = Vec::new();
                find(widget, &update.component_id, &mut found);
                let [component] = found.as_mut_slice() else {
                    panic!("the id must name one component")
                };
                let Value::String(value) = &mut component["value"] else {
                    panic!("the component must have a text")
                };
                value.push_str(&update.delta);
            }
            other => panic!("an update that is never made: {other:?}"),
        }
    }

    fn find<'a>(component: &'a mut Value, id: &str, found: &mut Vec<&'a mut Value>) {
        if component.get("id").is_some_and(|own| own == id) {
            found.push(component);
            return;
        }
        match component.get_mut("children") {
            Some(Value::Array(children)) => {
                children.iter_mut().for_each(|child| find(child, id, found));
            }
            Some(child) => find(child, id, found),
            None => {}
        }
    }

    /// A widget's state and a later one, in which some texts have grown and, if `wild`, other things have changed.
    fn states(wild: bool) -> impl Strategy<Value = (Value, Value)> {
        let id = prop_oneof![Just(None), "[a-z]{6}".prop_map(Some), "[ab]".prop_map(Some)];
        let appended = prop_oneof![3 => Just(String::new()), 2 => "[xé👩]{1,3}"];
        let leaf = (
            prop_oneof![Just("Text"), Just("Markdown"), Just("Title")],
            id,
            "[ab]{0,2}",
            appended,
            any::<bool>(),
        );
        let leaf = leaf.prop_map(move |(type_name, id, value, appended, streaming)| {
            let state = |value: String| json!({"type": type_name, "id": id, "value": value, "streaming": streaming});
            let after = if wild && value == "ab" { appended } else { format!("{value}{appended}") };
            (state(value), state(after))
        });
        let tree = leaf.prop_recursive(4, 24, 4, move |inner| {
            let box_ =
                |children: Value, gap: u8| json!({"type": "Box", "children": children, "gap": gap});
            prop_oneof![
                (prop::collection::vec(inner.clone(), 0..4), 0..4_u8).prop_map(
                    move |(children, gap)| {
                        let (before, mut after): (Vec<_>, Vec<_>) = children.into_iter().unzip();
                        if wild && gap == 3 {
                            after.pop();
                        }
                        (box_(before.into(), gap), box_(after.into(), gap))
                    }
                ),
                inner
                    .clone()
                    .prop_map(move |(before, after)| (box_(before, 1), box_(after, 1))),
                inner.prop_map(|(before, after)| {
                    (
                        json!({"type": "Card", "header": before}),
                        json!({"type": "Card", "header": after}),
                    )
                }),
            ]
        });
        tree.prop_map(|(before, after)| (card(json!([before])), card(json!([after]))))
    }

    proptest! {
        #[test]
        fn applying_the_updates_gives_the_next_state((before, after) in prop_oneof![states(false), states(true)]) {
            let (before, after) = (root(before), root(after));
            let updates = diff_widget(&before, &after);
            prop_assert_eq!(updates.is_empty(), before == after);
            let mut client = Value::from(before);
            updates.iter().for_each(|update| apply(&mut client, update));
            prop_assert_eq!(client, Value::from(after));
        }

        #[test]
        fn unrelated_states_are_replaced((before, _) in states(false), (after, _) in states(false)) {
            let (before, after) = (root(before), root(after));
            let mut client = Value::from(before.clone());
            diff_widget(&before, &after).iter().for_each(|update| apply(&mut client, update));
            prop_assert_eq!(client, Value::from(after));
        }
    }
}

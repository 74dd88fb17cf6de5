//! Reading a component as a typed one and writing it loses nothing, whatever its fields hold.

use std::sync::LazyLock;

use chatkit::widgets::WidgetComponent;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::golden::{self, Golden};

static GOLDEN: LazyLock<Vec<Golden>> = LazyLock::new(golden::all);

/// The same JSON; `1` and `1.0` are the same number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, left)| right.get(name).is_some_and(|right| same(left, right)))
        }
        _ => left == right,
    }
}

/// Whether a component can be read without this field, whatever is there in its place.
fn is_optional(golden: &Golden, field: &str) -> bool {
    const FIXED: [&str; 7] = ["type", "id", "key", "children", "options", "data", "series"];
    let mut json = golden.json.clone();
    json.as_object_mut().unwrap().remove(field);
    !FIXED.contains(&field) && (golden.reread)(&json.try_into().unwrap()).is_ok()
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z0-9 ]{0,6}",
        prop::sample::select(vec![
            "lg",
            "center",
            "check",
            "lucide:x",
            "auto",
            "go",
            "2024-12-31"
        ])
        .prop_map(str::to_owned),
    ];
    let scalar = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1000..1000i32).prop_map(|halves| json!(f64::from(halves) / 2.0)),
        text.prop_map(Value::from),
        Just(Value::Null),
    ];
    let name = prop::sample::select(vec![
        "top", "x", "size", "color", "style", "dark", "light", "type", "payload", "handler",
        "text", "icon", "name", "label", "action", "dataKey", "new",
    ]);
    scalar.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..5).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

/// One of the components, some of whose optional fields are gone or hold something else, and which has fields of its own.
fn component() -> impl Strategy<Value = (usize, Value)> {
    let goldens = &*GOLDEN;
    let fields: Vec<Vec<String>> = goldens
        .iter()
        .map(|golden| {
            let fields = golden.json.as_object().unwrap().keys();
            fields
                .filter(|field| is_optional(golden, field))
                .cloned()
                .collect()
        })
        .collect();
    let changes = prop::collection::vec(
        (any::<prop::sample::Index>(), prop::option::of(value())),
        0..8,
    );
    (0..goldens.len(), changes, prop::option::of(value())).prop_map(
        move |(position, changes, unknown)| {
            let mut json = GOLDEN[position].json.clone();
            let object = json.as_object_mut().unwrap();
            let fields = &fields[position];
            for (index, value) in changes {
                if fields.is_empty() {
                    continue;
                }
                let field = index.get(fields);
                match value {
                    Some(value) => object.insert(field.clone(), value),
                    None => object.remove(field),
                };
            }
            if let Some(value) = unknown {
                object.insert("brandNew".to_owned(), value);
            }
            (position, json)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_the_optional_fields_hold((position, json) in component()) {
        let read: WidgetComponent = serde_json::from_value(json).unwrap();
        let (written, _) = (GOLDEN[position].reread)(&read).unwrap();
        let read = Value::from(read);
        prop_assert!(same(&written, &read), "{written}\n{read}");
    }
}

#[test]
fn a_component_says_what_it_is() {
    for golden in &*GOLDEN {
        let component = WidgetComponent::try_from(golden.json.clone()).unwrap();
        for other in &*GOLDEN {
            let is_same = golden.json["type"] == other.json["type"];
            assert_eq!((other.reread)(&component).is_ok(), is_same);
        }
    }
}

#[test]
fn required_fields_are_required() {
    let mut required = Vec::new();
    for golden in &*GOLDEN {
        let object = golden.json.as_object().unwrap();
        for field in object.keys().filter(|field| *field != "type") {
            let mut without = object.clone();
            without.remove(field);
            if let Err(error) = (golden.reread)(&without.try_into().unwrap()) {
                assert_eq!(
                    error.to_string(),
                    format!("invalid widget: `{field}` is required")
                );
                required.push(format!("{}.{field}", golden.json["type"].as_str().unwrap()));
            }
        }
    }
    required.sort();
    required.dedup();
    assert_eq!(
        required,
        [
            "Badge.label",
            "Caption.value",
            "Chart.xAxis",
            "Checkbox.name",
            "DatePicker.name",
            "Icon.name",
            "Image.src",
            "Input.name",
            "Label.fieldName",
            "Label.value",
            "Markdown.value",
            "RadioGroup.name",
            "Select.name",
            "Text.value",
            "Textarea.name",
            "Title.value",
            "Transition.children",
        ]
    );
}

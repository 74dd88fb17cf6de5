//! `#[derive(TypedAction)]` and `Action::payload_as`.

use std::collections::HashMap;

use chatkit::actions::{
    Action, ActionConfig, Handler, InvalidAction, LoadingBehavior, TypedAction,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Todo {
    title: String,
    #[serde(default)]
    priority: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Top,
    Bottom,
}

#[derive(Debug, Clone, PartialEq, TypedAction)]
#[action(prefix = "todo.")]
enum TodoAction {
    Save(Todo),
    #[action(loading_behavior = "container")]
    #[serde(rename_all = "camelCase")]
    MoveTo {
        todo_id: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
    },
    #[action(streaming = false, loading_behavior = "none")]
    ClearAll,
    #[action("open", handler = "client")]
    Open {
        #[serde(rename = "type")]
        kind: String,
    },
    Tags(HashMap<String, u8>),
    Nothing {},
}

#[derive(Debug, Clone, PartialEq, TypedAction)]
enum Lenient {
    Known,
    #[action(other)]
    Other(Action),
}

fn todo() -> Todo {
    Todo {
        title: "Buy milk".into(),
        priority: None,
    }
}

fn message(action_type: &str, payload: Value) -> String {
    TodoAction::parse(&Action::new(action_type, payload))
        .unwrap_err()
        .to_string()
}

#[test]
fn types_are_listed_in_order() {
    assert_eq!(
        TodoAction::TYPES,
        [
            "todo.save",
            "todo.move_to",
            "todo.clear_all",
            "open",
            "todo.tags",
            "todo.nothing"
        ]
    );
    assert_eq!(Lenient::TYPES, ["known"]);
    assert_eq!(TodoAction::ClearAll.action_type(), "todo.clear_all");
    let other = Lenient::Other(Action::new("else", json!(1)));
    assert_eq!(other.action_type(), "else");
}

#[test]
fn a_variant_is_the_config_of_a_control() {
    let save = ActionConfig::from(TodoAction::Save(todo()));
    let expected =
        ActionConfig::new("todo.save").payload(json!({"title": "Buy milk", "priority": null}));
    assert_eq!(save, expected);

    let moved = TodoAction::MoveTo {
        todo_id: 7,
        place: Some(Place::Top),
    };
    let expected = ActionConfig::new("todo.move_to")
        .payload(json!({"todoId": 7, "place": "top"}))
        .loading_behavior(LoadingBehavior::Container);
    assert_eq!(moved.into_config(), Ok(expected));

    let expected = ActionConfig::new("todo.clear_all")
        .streaming(false)
        .loading_behavior(LoadingBehavior::None);
    assert_eq!(ActionConfig::from(TodoAction::ClearAll), expected);

    let open = TodoAction::Open { kind: "x".into() };
    let expected = ActionConfig::new("open")
        .payload(json!({"type": "x"}))
        .handler(Handler::Client);
    assert_eq!(ActionConfig::from(open), expected);

    let nothing = ActionConfig::new("todo.nothing").payload(json!({}));
    assert_eq!(ActionConfig::from(TodoAction::Nothing {}), nothing);

    let other = Lenient::Other(Action::new("else", json!({"a": 1})));
    let expected = ActionConfig::new("else").payload(json!({"a": 1}));
    assert_eq!(ActionConfig::from(other), expected);
}

#[test]
fn what_was_sent_comes_back() {
    for action in [
        TodoAction::Save(todo()),
        TodoAction::MoveTo {
            todo_id: u64::MAX,
            place: None,
        },
        TodoAction::ClearAll,
        TodoAction::Open { kind: "x".into() },
        TodoAction::Tags(HashMap::from([("a".into(), 1)])),
        TodoAction::Nothing {},
    ] {
        let config = action.clone().into_config().unwrap();
        let sent = Action::new(config.action_type, config.payload);
        assert_eq!(TodoAction::parse(&sent), Ok(action));
    }
}

#[test]
fn a_form_may_add_its_values() {
    let save = Action::new(
        "todo.save",
        json!({"title": "Buy milk", "note": "x", "more": {}}),
    );
    assert_eq!(TodoAction::parse(&save), Ok(TodoAction::Save(todo())));
    for payload in [json!(null), json!({"title": "x"}), json!([1]), json!("x")] {
        let clear = Action::new("todo.clear_all", payload);
        assert_eq!(TodoAction::parse(&clear), Ok(TodoAction::ClearAll));
    }
}

#[test]
fn other_actions_arrive_as_they_are() {
    let action = Action::new("todo.save", json!({"title": 5}));
    assert_eq!(Lenient::parse(&action), Ok(Lenient::Other(action)));
    assert_eq!(
        Lenient::parse(&Action::new("known", json!(1))),
        Ok(Lenient::Known)
    );
}

#[test]
fn errors_name_the_place_and_no_value() {
    for (action_type, payload, expected) in [
        (
            "todo.save",
            json!(null),
            r#"invalid action "todo.save": payload: expected an object, found null"#,
        ),
        (
            "todo.save",
            json!({"priority": 1}),
            r#"invalid action "todo.save": payload.title: missing field"#,
        ),
        (
            "todo.save",
            json!({"title": "a", "priority": "secret"}),
            r#"invalid action "todo.save": payload.priority: expected u8, found string"#,
        ),
        (
            "todo.save",
            json!({"title": "a", "priority": 256}),
            r#"invalid action "todo.save": payload.priority: expected u8, found integer"#,
        ),
        (
            "todo.move_to",
            json!({"todoId": 1, "place": "secret"}),
            r#"invalid action "todo.move_to": payload.place: expected `top` or `bottom`"#,
        ),
        (
            "todo.move_to",
            json!({"todo_id": 1}),
            r#"invalid action "todo.move_to": payload.todoId: missing field"#,
        ),
        (
            "todo.savee",
            json!({"title": "secret"}),
            r#"invalid action: unknown type "todo.savee""#,
        ),
        ("", json!(null), r#"invalid action: unknown type """#),
    ] {
        assert_eq!(message(action_type, payload), expected);
    }
}

#[test]
fn names_from_outside_are_cut_off_and_cleaned() {
    let long = "x\n\u{1b}[31m".repeat(1000);
    let error = TodoAction::parse(&Action::new(long.clone(), json!(null))).unwrap_err();
    assert!(error.is_unknown_type());
    assert_eq!(error.action_type().chars().count(), 41);
    assert!(!error.to_string().chars().any(char::is_control));
    assert_eq!(error.path(), None);

    let error = TodoAction::parse(&Action::new("todo.tags", json!({long: "secret"}))).unwrap_err();
    assert!(!error.is_unknown_type());
    let text = error.to_string();
    assert!(text.ends_with("…: expected u8, found string"), "{text}");
    assert!(
        text.len() < 250 && !text.chars().any(char::is_control),
        "{text}"
    );
}

#[test]
fn a_payload_that_is_no_json_is_an_error_or_left_out() {
    #[derive(TypedAction)]
    enum Odd {
        Map(HashMap<(u8, u8), u8>),
    }
    let map = || Odd::Map(HashMap::from([((1, 2), 3)]));
    let error = map().into_config().unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"invalid action "map": the payload does not serialise"#
    );
    assert_eq!(ActionConfig::from(map()), ActionConfig::new("map"));
}

#[test]
fn the_payload_is_read_where_it_is() {
    let action = Action::new("any", json!({"a": {"b": [1, "x"]}}));
    let error = action
        .payload_as::<HashMap<String, HashMap<String, Vec<u8>>>>()
        .unwrap_err();
    assert_eq!(error.path(), Some("payload.a.b[1]"));
    let value: Value = action.payload_as().unwrap();
    assert_eq!(value, action.payload);
    let nothing: Option<Todo> = Action::new("any", Value::Null).payload_as().unwrap();
    assert_eq!(nothing, None);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "SECRET.{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 4, |inner| {
        let key = prop_oneof![
            Just("title".to_owned()),
            Just("priority".to_owned()),
            Just("todoId".to_owned()),
            Just("place".to_owned()),
            Just("type".to_owned()),
            "[a-z]{1,3}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_payload_makes_it_panic_or_is_repeated(
        which in 0..TodoAction::TYPES.len(),
        payload in any_json(),
    ) {
        let action = Action::new(TodoAction::TYPES[which], payload);
        if let Err(error) = TodoAction::parse(&action) {
            prop_assert!(!error.is_unknown_type());
            prop_assert!(error.path().is_some_and(|path| path.starts_with("payload")));
            let texts = format!("{error} {error:?}");
            prop_assert!(!texts.contains("SECRET"));
        }
    }

    #[test]
    fn no_type_makes_it_panic(action_type in ".{0,80}", payload in any_json()) {
        prop_assume!(!TodoAction::TYPES.contains(&action_type.as_str()));
        let action = Action::new(action_type, payload);
        let error: InvalidAction = TodoAction::parse(&action).unwrap_err();
        prop_assert!(error.is_unknown_type());
    }
}

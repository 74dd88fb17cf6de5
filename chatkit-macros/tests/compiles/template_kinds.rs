//! Every kind of schema, with a renamed crate and a lint that asks for docs.

#![deny(missing_docs)]
#![allow(unreachable_pub, reason = "a test exports nothing")]

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

mod renamed {
    pub use ::chatkit as kit;
}
#[allow(
    dead_code,
    non_camel_case_types,
    reason = "the names that generated code could mean by mistake"
)]
mod shadowed {
    pub struct String;
    pub struct Vec;
    pub struct Option;
    pub struct Result;
    pub struct f64;
    pub mod std {}

    super::renamed::kit::widgets::widget_template! {
        #[template(crate = "super::renamed::kit")]
        pub struct Kinds = "./kinds.widget";
    }
}
use shadowed::{Kinds, KindsEntry, KindsNode, KindsSelf, KindsState, KindsType};

fn leaf(value: &str) -> KindsNode {
    KindsNode {
        value: value.to_owned(),
        left: None,
        rest: vec![],
    }
}

#[test]
fn every_kind_of_schema_is_a_type() {
    let kinds = Kinds {
        is_admin: true,
        r#type: KindsType::Kinds,
        nick: None,
        level: 2_i64,
        mixed: json!(1.5),
        extra: Map::from_iter([("k".to_owned(), json!(1))]),
        scores: BTreeMap::from([("a".to_owned(), 0.5)]),
        children: vec![vec![1, 2], vec![]],
        entries: vec![
            None,
            Some(KindsEntry {
                a_b: "x".to_owned(),
                a_b_2: "y".to_owned(),
            }),
        ],
        none: (),
        state: Some(KindsState::Off),
        tree: KindsNode {
            left: Some(Box::new(leaf("l"))),
            rest: vec![leaf("r")],
            ..leaf("root")
        },
        hidden: None,
        self_: Some(KindsSelf::Empty),
        field: Some(true),
        f2nd: None,
        undescribed: Value::Null,
    };
    let json = json!({
        "isAdmin": true,
        "type": "kinds",
        "nick": null,
        "level": 2,
        "mixed": 1.5,
        "extra": {"k": 1},
        "scores": {"a": 0.5},
        "children": [[1, 2], []],
        "entries": [null, {"a_b": "x", "aB": "y"}],
        "none": null,
        "state": "off",
        "tree": {
            "value": "root",
            "left": {"value": "l", "left": null, "rest": []},
            "rest": [{"value": "r", "left": null, "rest": []}],
        },
        "hidden": null,
        "self": "€ \"²'",
        "€ \"²'": true,
        "2nd": null,
        "undescribed": null,
    });
    let names = [
        KindsSelf::Self_,
        KindsSelf::As,
        KindsSelf::Empty,
        KindsSelf::Empty2,
        KindsSelf::E3xl,
    ];
    assert_eq!(
        serde_json::to_value(names).unwrap(),
        json!(["self", "as", "€ \"²'", "", "3xl"])
    );
    assert_eq!(serde_json::to_value(&kinds).unwrap(), json);
    assert_eq!(serde_json::from_value::<Kinds>(json).unwrap(), kinds);

    let widget = kinds.build().unwrap();
    let data = &widget.as_object()["data"];
    assert_eq!(data["tree"]["rest"][0]["value"], "r");
    assert_eq!(data["entries"], json!([{"a_b": "x", "aB": "y"}]));
}

//! Every rule of the strict transform.

#![allow(
    clippy::needless_pass_by_value,
    reason = "so that `json!` can stand in a call as it is"
)]

use serde_json::{Value, json};

use proptest::prelude::*;

use super::{ensure_strict_foreign_json_schema, ensure_strict_json_schema};

fn strict(mut schema: Value) -> Value {
    ensure_strict_json_schema(&mut schema).unwrap();
    schema
}

/// The error, after a check that the schema is as it was.
fn error(schema: Value) -> String {
    let mut changed = schema.clone();
    let error = ensure_strict_json_schema(&mut changed).unwrap_err();
    assert_eq!(changed, schema);
    error.to_string()
}

/// Compares with the order of keys, which the bytes of a request depend on.
#[track_caller]
fn assert_strict(schema: Value, expected: Value) {
    assert_eq!(strict(schema).to_string(), expected.to_string());
}

#[track_caller]
fn assert_error(schema: Value, expected: &str) {
    assert_eq!(
        error(schema),
        format!("cannot make the JSON schema strict: {expected}")
    );
}

const OPEN_OBJECT: &str = "`additionalProperties` allows properties that the object does not name, \
                           as the schema of a map does; name them, or do not make the schema strict";
const NOT_AN_OBJECT: &str = "expected a schema that is a JSON object, which says what it accepts";
const NESTED_RESOURCE: &str = "a `$ref` lies in, or points into, a part with an `$id` of its own";

#[test]
fn the_empty_schema_becomes_an_object_without_properties() {
    assert_strict(
        json!({}),
        json!({"additionalProperties": false, "type": "object", "properties": {}, "required": []}),
    );
}

#[test]
fn objects_are_closed_and_all_their_properties_required() {
    assert_strict(
        json!({
            "type": "object",
            "required": ["a"],
            "properties": {
                "b": {"type": "object", "properties": {"c": {"type": "string"}}},
                "a": {"type": ["object", "null"]},
            },
        }),
        json!({
            "type": "object",
            "required": ["b", "a"],
            "properties": {
                "b": {
                    "type": "object",
                    "properties": {"c": {"type": "string"}},
                    "additionalProperties": false,
                    "required": ["c"],
                },
                "a": {"type": ["object", "null"], "additionalProperties": false},
            },
            "additionalProperties": false,
        }),
    );
}

#[test]
fn properties_make_an_object() {
    assert_strict(
        json!({"properties": {}}),
        json!({"properties": {}, "type": "object", "additionalProperties": false, "required": []}),
    );
    assert_strict(
        json!({"type": "object", "properties": {"a": {"type": null, "properties": {}}}}),
        json!({
            "type": "object",
            "properties": {
                "a": {
                    "type": "object", "properties": {}, "additionalProperties": false,
                    "required": [],
                },
            },
            "additionalProperties": false,
            "required": ["a"],
        }),
    );
}

#[test]
fn open_objects_are_refused() {
    for open in [
        json!(true),
        json!({}),
        json!({"type": "string"}),
        json!(null),
        json!(0),
    ] {
        let at_root = format!("{OPEN_OBJECT}, at #");
        assert_error(
            json!({"type": "object", "additionalProperties": open}),
            &at_root,
        );
        assert_error(json!({"additionalProperties": open}), &at_root);
        assert_error(
            json!({"type": "object", "properties": {"a/b": {
                "type": ["object", "null"], "additionalProperties": open,
            }}}),
            &format!("{at_root}/properties/a~1b"),
        );
    }
    // Not an object, so the keyword means nothing.
    let text = json!({"type": "string", "additionalProperties": true});
    assert_strict(text.clone(), text);
}

#[test]
fn items_definitions_and_unions_are_visited() {
    let open = json!({"type": "object"});
    let closed = json!({"type": "object", "additionalProperties": false});
    assert_strict(json!({"items": open}), json!({"items": closed}));
    for key in ["$defs", "definitions"] {
        assert_strict(
            json!({"type": "array", key: {"A": open}}),
            json!({"type": "array", key: {"A": closed}}),
        );
    }
    for key in ["anyOf", "allOf"] {
        assert_strict(
            json!({"type": "array", "items": {key: [open, open]}}),
            json!({"type": "array", "items": {key: [closed, closed]}}),
        );
    }
}

#[test]
fn unknown_keywords_stay() {
    let schema = json!({
        "type": "array",
        "items": [{"type": "object"}],
        "prefixItems": [{"type": "object"}],
        "patternProperties": {"a": {"type": "object"}},
        "not": {"type": "object"},
        "minItems": 1,
        "x-own": {"type": "object"},
    });
    assert_strict(schema.clone(), schema);
}

#[test]
fn one_of_becomes_more_of_any_of() {
    assert_strict(
        json!({"type": "array", "items": {
            "oneOf": [{"type": "object"}],
            "discriminator": {"propertyName": "kind"},
            "anyOf": [{"type": "null"}],
        }}),
        json!({"type": "array", "items": {
            "discriminator": {"propertyName": "kind"},
            "anyOf": [{"type": "null"}, {"type": "object", "additionalProperties": false}],
        }}),
    );
}

#[test]
fn null_defaults_go_and_others_stay() {
    assert_strict(
        json!({"type": "array", "default": [], "items": {"type": "string", "default": null}}),
        json!({"type": "array", "default": [], "items": {"type": "string"}}),
    );
}

#[test]
fn references_alone_stay() {
    let schema = json!({
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}, "b": {"$ref": "#/$defs/Missing"}},
        "required": ["a", "b"],
        "$defs": {"A": {"type": "string"}},
        "additionalProperties": false,
    });
    assert_strict(schema.clone(), schema);
}

#[test]
fn references_with_annotations_are_expanded() {
    let defs = json!({
        "A": {"type": "object", "properties": {"x": {"type": "integer"}}, "description": "of A"},
        "B": {"$ref": "#/$defs/A", "title": "of B"},
        "a/b~c é": {"type": "boolean"},
    });
    let schema = strict(json!({
        "type": "object",
        "properties": {
            "own": {"$ref": "#/$defs/A", "description": "of own"},
            "chain": {"$ref": "#/$defs/B", "default": 1},
            "encoded": {"$ref": "#/$defs/a~1b~0c%20%C3%A9", "default": null, "title": "t"},
        },
        "$defs": defs,
    }));
    assert_eq!(
        schema["properties"],
        json!({
            "own": {
                "type": "object",
                "properties": {"x": {"type": "integer"}},
                "description": "of own",
                "additionalProperties": false,
                "required": ["x"],
            },
            "chain": {
                "type": "object",
                "properties": {"x": {"type": "integer"}},
                "description": "of A",
                "title": "of B",
                "default": 1,
                "additionalProperties": false,
                "required": ["x"],
            },
            "encoded": {"type": "boolean", "title": "t"},
        })
    );
}

#[test]
fn references_with_constraints_are_refused() {
    assert_error(
        json!({
            "type": "object",
            "properties": {"a": {"$ref": "#/$defs/A", "minLength": 1, "enum": ["x"], "title": "t"}},
            "$defs": {"A": {"type": "string"}},
        }),
        "a `$ref` cannot be merged with `enum`, `minLength` beside it, at #/properties/a",
    );
    // Only the root may have an `$id` beside it.
    let target = json!({"type": "object", "properties": {}});
    let root = strict(json!({"$id": "urn:x", "$ref": "#/$defs/A", "$defs": {"A": target}}));
    assert_eq!(root["type"], "object");
    assert_error(
        json!({
            "type": "array",
            "items": {"$ref": "#/$defs/A", "$id": 5},
            "$defs": {"A": target},
        }),
        "a `$ref` cannot be merged with `$id` beside it, at #/items",
    );
}

#[test]
fn references_that_lead_nowhere_are_refused() {
    for reference in [
        "#/$defs/B",
        "#/type",
        "#",
        "#/",
        "A",
        "https://example.com/a.json",
        "#/$defs/%FF",
    ] {
        assert_error(
            json!({
                "type": "array",
                "items": {"$ref": reference, "title": "t"},
                "$defs": {"A": {"type": "string"}},
            }),
            &format!(
                "the `$ref` {reference} does not point to a schema of this document, at #/items"
            ),
        );
    }
    assert_error(
        json!({"type": "array", "items": {"$ref": 5, "title": "t"}}),
        "the `$ref` that is not a string does not point to a schema of this document, at #/items",
    );
    // Not followed, and so left to the API.
    let empty = json!({"type": "array", "items": {"$ref": "", "title": "t"}});
    assert_strict(empty.clone(), empty);
}

#[test]
fn references_do_not_cross_into_another_document() {
    assert_error(
        json!({
            "type": "array",
            "items": {"$ref": "#/$defs/A", "title": "t"},
            "$defs": {"A": {"$id": "urn:a", "type": "string"}},
        }),
        &format!("{NESTED_RESOURCE}, at #/items"),
    );
    assert_error(
        json!({
            "type": "object",
            "properties": {"a": {"$id": "urn:a", "type": "array", "items": {"$ref": "#/$defs/A"}}},
        }),
        &format!("{NESTED_RESOURCE}, at #/properties/a/items"),
    );
    assert_error(
        json!({
            "type": "array",
            "items": {"$id": "urn:a", "allOf": [{"$ref": "#/$defs/A"}]},
            "$defs": {"A": {"type": "string"}},
        }),
        &format!("{NESTED_RESOURCE}, at #/items"),
    );
}

#[test]
fn a_single_all_of_is_merged() {
    let defs = json!({
        "A": {"$ref": "#/$defs/B", "title": "of A", "default": 1},
        "B": {"type": "object", "properties": {"x": {"type": "null"}}, "title": "of B"},
    });
    let schema = strict(json!({
        "type": "object",
        "properties": {
            "plain": {"allOf": [{"type": "string", "minLength": 1}], "description": "d"},
            "agrees": {"type": "number", "allOf": [{"type": "number", "minimum": 1}], "minimum": 1.0},
            "chain": {"allOf": [{"$ref": "#/$defs/A", "description": "d"}], "title": "of chain"},
            "bare": {"type": "object", "properties": {}, "required": [], "allOf": [
                {"properties": {"y": {"type": "null"}}},
            ]},
        },
        "$defs": defs,
    }));
    assert_eq!(
        schema["properties"],
        json!({
            "plain": {"type": "string", "minLength": 1, "description": "d"},
            "agrees": {"type": "number", "minimum": 1},
            "chain": {
                "type": "object",
                "properties": {"x": {"type": "null"}},
                "title": "of chain",
                "default": 1,
                "description": "d",
                "additionalProperties": false,
                "required": ["x"],
            },
            "bare": {
                "type": "object",
                "properties": {"y": {"type": "null"}},
                "additionalProperties": false,
                "required": ["y"],
            },
        })
    );
}

#[test]
fn a_single_all_of_that_disagrees_is_refused() {
    let conflict = |keys: &str| {
        format!("the one entry of `allOf` and its parent do not agree on `{keys}`, at #/items")
    };
    assert_error(
        json!({"type": "array", "items": {
            "type": "string", "minLength": 2, "allOf": [{"type": "integer", "minLength": 1}],
        }}),
        &conflict("minLength`, `type"),
    );
    // JSON tells a number from a boolean.
    assert_error(
        json!({"type": "array", "items": {"const": true, "allOf": [{"const": 1}]}}),
        &conflict("const"),
    );
    // The author closed the parent, which therefore admits none of the entry's properties.
    assert_error(
        json!({"type": "array", "items": {
            "type": "object",
            "additionalProperties": false,
            "allOf": [{"properties": {"a": {"type": "null"}}}],
        }}),
        &conflict("properties"),
    );
}

#[test]
fn circular_chains_are_refused() {
    assert_error(
        json!({
            "type": "array",
            "items": {"allOf": [{"$ref": "#/$defs/A"}]},
            "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}},
        }),
        "a chain of `$ref`s leads back to itself, at #/items",
    );
}

#[test]
fn recursive_types_work_while_their_references_stand_alone() {
    let node = |kids: Value| {
        json!({
            "type": "object",
            "properties": {"root": {"$ref": "#/$defs/Node"}},
            "$defs": {"Node": {"type": "object", "properties": {"next": kids}}},
        })
    };
    let schema = strict(node(
        json!({"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}),
    ));
    assert_eq!(schema["$defs"]["Node"]["required"], json!(["next"]));

    let error = error(node(
        json!({"$ref": "#/$defs/Node", "title": "expands without end"}),
    ));
    assert!(error.contains("more than 100 levels deep"), "{error}");
}

#[test]
fn the_root_is_a_plain_object() {
    assert_error(
        json!({"anyOf": [{"type": "object"}]}),
        "the root must not be an `anyOf` or `oneOf`, at #",
    );
    assert_error(
        json!({"oneOf": [{"type": "object"}]}),
        "the root must not be an `anyOf` or `oneOf`, at #",
    );
    assert_error(
        json!({"type": ["object", "null"]}),
        "the root must be an object and nothing else, not even null, at #",
    );
    assert_strict(
        json!({"type": ["object"]}),
        json!({"type": "object", "additionalProperties": false}),
    );
}

#[test]
fn what_is_no_schema_is_refused() {
    for schema in [json!(null), json!(true), json!([]), json!("object")] {
        assert_error(schema, &format!("{NOT_AN_OBJECT}, at #"));
    }
    assert_error(
        json!({"type": "object", "properties": {"any": true}}),
        &format!("{NOT_AN_OBJECT}, at #/properties/any"),
    );
    assert_error(
        json!({"type": "array", "items": {"anyOf": [{"type": "null"}, 5]}}),
        &format!("{NOT_AN_OBJECT}, at #/items/anyOf/1"),
    );
}

#[test]
fn depth_is_limited() {
    // Not `json!`, which copies by recursion.
    let around = |inner| Value::Object([("items".to_owned(), inner)].into_iter().collect());
    let nested = |levels: usize| (0..levels).fold(json!("string"), |inner, _| around(inner));
    strict(nested(100));
    assert_error(nested(101), "it nests more than 100 levels deep, at #");

    // As deep as would overflow the stack of a recursive function. Taking it apart from the outside
    // keeps the destructor from recursing too.
    let mut deep = nested(200_000);
    assert!(ensure_strict_json_schema(&mut deep).is_err());
    while let Some(inner) = deep.get_mut("items").map(Value::take) {
        deep = inner;
    }
}

#[test]
fn size_is_limited() {
    let wide = |count: usize| -> Value {
        let properties = (0..count)
            .map(|i| (format!("p{i}"), json!({"type": "null"})))
            .collect();
        json!({"type": "object", "properties": Value::Object(properties)})
    };
    strict(wide(99_999));
    let error_text = error(wide(100_000));
    assert!(
        error_text.contains("more than 100000 nodes"),
        "{error_text}"
    );

    // Ten references to ten references, and so on.
    let mut defs = serde_json::Map::new();
    defs.insert("D0".to_owned(), json!({"type": "null"}));
    for level in 1..9 {
        let reference = json!({"$ref": format!("#/$defs/D{}", level - 1), "title": "t"});
        let all = vec![reference; 10];
        defs.insert(format!("D{level}"), json!({"anyOf": all}));
    }
    defs.sort_keys();
    let defs: serde_json::Map<_, _> = defs.into_iter().rev().collect();
    let error_text = error(json!({"type": "object", "$defs": defs}));
    assert!(
        error_text.contains("more than 100000 nodes"),
        "{error_text}"
    );

    // Expanding is cheap, but writing the long parts out again and again would not be.
    let long: Vec<_> = (0..5_000).collect();
    let properties: serde_json::Map<_, _> = (0..1_000)
        .map(|i| {
            (
                format!("p{i}"),
                json!({"$ref": "#/$defs/Long", "title": "t"}),
            )
        })
        .collect();
    let error_text = error(json!({
        "type": "object",
        "properties": properties,
        "$defs": {"Long": {"enum": long}},
    }));
    assert!(
        error_text.contains("more than 100000 nodes"),
        "{error_text}"
    );
}

#[test]
fn schemas_of_others_name_their_properties() {
    let foreign = |mut schema: Value| {
        let result = ensure_strict_foreign_json_schema(&mut schema);
        result.map(|()| schema).map_err(|error| error.to_string())
    };
    for open in [
        json!({"type": "object"}),
        json!({"type": "object", "properties": {}}),
        json!({"type": "object", "properties": {"a": {"type": ["object", "null"]}}}),
        json!({"type": "object", "properties": {"a": {"type": "object"}}}),
    ] {
        let error = foreign(open.clone()).unwrap_err();
        assert!(error.contains(OPEN_OBJECT), "{error}");
        assert!(strict(open).is_object());
    }
    let reference = json!({
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "$defs": {"A": {"type": "string"}},
    });
    let error = foreign(reference.clone()).unwrap_err();
    assert!(
        error.ends_with("what it points to, at #/properties/a"),
        "{error}"
    );
    assert!(strict(reference).is_object());

    let closed = json!({"type": "object", "additionalProperties": false});
    assert_eq!(foreign(closed.clone()).unwrap(), strict(closed));
    let named = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    assert_eq!(foreign(named.clone()).unwrap(), strict(named));
    assert_eq!(foreign(json!({})).unwrap(), strict(json!({})));
}

/// Schemas, and what is nearly one.
fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!({"type": "string"})),
        Just(json!({"type": "string", "default": null})),
        Just(json!({"default": null})),
        Just(json!({"enum": ["a", 1]})),
        Just(json!({"type": "object"})),
        Just(json!({"type": ["object", "null"]})),
        Just(json!({"type": ["object"]})),
        Just(json!({"$ref": "#/$defs/A"})),
        Just(json!({"$ref": "#/$defs/B", "description": "B"})),
        Just(json!({"$ref": "#/$defs/A", "default": null})),
    ];
    let schema = leaf.prop_recursive(4, 24, 3, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..3);
        let map = proptest::collection::btree_map("[ab]", inner.clone(), 0..3);
        let keyword = prop_oneof![
            (
                prop_oneof![Just("properties"), Just("$defs"), Just("definitions")],
                map
            )
                .prop_map(|(key, map)| (key, json!(map))),
            (
                prop_oneof![Just("anyOf"), Just("oneOf"), Just("allOf")],
                list
            )
                .prop_map(|(key, list)| (key, json!(list))),
            inner.prop_map(|items| ("items", items)),
            any::<bool>().prop_map(|open| ("additionalProperties", json!(open))),
            Just(("type", json!("object"))),
            Just(("description", json!("text"))),
            Just(("default", Value::Null)),
        ];
        proptest::collection::btree_map("key[0-9]", keyword, 1..4).prop_map(|keywords| {
            let keywords = keywords
                .into_values()
                .map(|(key, value)| (key.to_owned(), value));
            Value::Object(keywords.collect())
        })
    });
    (schema.clone(), schema.clone(), schema).prop_map(|(mut root, a, b)| {
        root["$defs"] = json!({"A": a, "B": b});
        root
    })
}

proptest! {
    /// What is strict stays as it is, to the byte.
    #[test]
    fn a_second_time_changes_nothing(mut schema in schemas()) {
        if ensure_strict_json_schema(&mut schema).is_ok() {
            let again = strict(schema.clone());
            prop_assert_eq!(again.to_string(), schema.to_string());
        }
    }
}

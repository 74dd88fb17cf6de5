//! Widgets from `.widget` files, as a program loads and fills them.
#![allow(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

use std::error::Error as _;
use std::thread;

use chatkit::widgets::{
    TemplateError, TemplateErrorKind, WidgetDefinition, WidgetRoot, WidgetTemplate,
};
use serde::Serialize;
use serde_json::{Value, json};

fn template(text: &str) -> WidgetTemplate {
    WidgetTemplate::new(WidgetDefinition::new("Test", text)).unwrap()
}

/// A card with one text, whose value is the expression.
fn card(expression: &str) -> WidgetTemplate {
    template(&format!(
        r#"{{"type":"Card","children":[{{"type":"Text","value":{{{{ ({expression}) | tojson }}}}}}]}}"#
    ))
}

fn value(expression: &str, data: &impl Serialize) -> Value {
    let widget = card(expression).build(data).unwrap();
    widget.as_object()["children"][0]["value"].clone()
}

fn failure(expression: &str, data: &impl Serialize) -> TemplateError {
    card(expression).build(data).unwrap_err()
}

#[test]
fn data_is_whatever_serialises_to_an_object() {
    #[derive(Serialize)]
    struct Person<'a> {
        name: &'a str,
        #[serde(rename = "isAdmin")]
        admin: bool,
    }
    let person = Person {
        name: "Zoë",
        admin: true,
    };
    assert_eq!(value("name", &person), "Zoë");
    assert_eq!(value("isAdmin", &person), true);
    assert_eq!(
        value("name", &json!({"name": "a \"<b>&'\u{2028}"})),
        "a \"<b>&'\u{2028}"
    );
    assert_eq!(value("1", &()), 1);
    assert_eq!(value("1", &None::<Person<'_>>), 1);
    assert_eq!(value("1", &Value::Null), 1);

    for data in [json!([1]), json!("x"), json!(5)] {
        assert_eq!(failure("1", &data).kind(), TemplateErrorKind::Data);
    }
}

#[test]
fn values_are_written_as_jinja_writes_them() {
    let data = json!({"o": {"z": 1, "a": null}, "list": [1.5, true], "big": u64::MAX, "n": null});
    assert_eq!(value("o", &data), json!({"z": 1}));
    assert_eq!(value("list", &data), json!([1.5, true]));
    assert_eq!(value("big", &data), u64::MAX);
    assert_eq!(
        value("n ~ true ~ false ~ list", &data),
        "NoneTrueFalse[1.5, True]"
    );
    assert_eq!(
        value("o | list", &data),
        json!(["z", "a"]),
        "the order of the data"
    );
    assert_eq!(value("n is none and nope is undefined", &data), true);
    assert_eq!(value("nope | default('d')", &data), "d");
}

#[test]
fn an_undefined_variable_is_named() {
    let data = json!({"user": {"name": "secret"}, "list": [{"a": 1}, {}]});
    let cases = [
        ("nope", "`nope` is undefined"),
        ("user.nope", "`user.nope` is undefined"),
        ("user.nope.deeper", "`user.nope` is undefined"),
        ("'x' if nope else 'y'", "`nope` is undefined"),
        ("'x' ~ nope", "`nope` is undefined"),
        ("[user, {'k': nope}]", "`nope` is undefined"),
        ("list[1].a", "`list[1].a` is undefined"),
        ("nope | upper", "`nope` is undefined"),
    ];
    for (expression, message) in cases {
        let error = failure(expression, &data);
        assert_eq!(error.kind(), TemplateErrorKind::Undefined, "{expression}");
        assert!(error.to_string().contains(message), "{expression}: {error}");
        assert_eq!(error.line(), Some(1), "{expression}");
        assert!(
            !format!("{error:#} {error:?}").contains("secret"),
            "{error:?}"
        );
    }
    assert_eq!(failure("nope", &()).expression(), Some("tojson"));
    assert_eq!(
        failure("nope", &()).to_string(),
        "line 1 of the template: `nope` is undefined in `(nope) | tojson`"
    );

    let error = template("{% for x in xs %}{{ x }}{% endfor %}")
        .build(&())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1 of the template: `xs` is undefined in `for x in xs`"
    );
}

#[test]
fn a_template_that_is_not_jinja_is_refused_with_the_line() {
    let error = WidgetTemplate::new(WidgetDefinition::new("Test", "{\n{% if %}")).unwrap_err();
    assert_eq!(
        (error.kind(), error.line()),
        (TemplateErrorKind::Syntax, Some(2))
    );
    assert!(
        error.to_string().starts_with("line 2 of the template: "),
        "{error}"
    );

    let error = template("{{ 1 | nope }}").build(&()).unwrap_err();
    assert_eq!(error.kind(), TemplateErrorKind::Syntax);
    assert_eq!(
        error.to_string(),
        "line 1 of the template: filter nope is unknown"
    );

    // A template stands alone.
    for other in ["{% include 'widget' %}", "{% extends 'widget' %}"] {
        let error = WidgetTemplate::new(WidgetDefinition::new("Test", other)).unwrap_err();
        assert_eq!(error.kind(), TemplateErrorKind::Syntax);
    }
}

#[test]
fn an_expression_that_fails_repeats_no_data() {
    let error = failure("a + b", &json!({"a": "secret", "b": 1}));
    assert_eq!(error.kind(), TemplateErrorKind::Render);
    assert_eq!(
        error.to_string(),
        "line 1 of the template: invalid operation in `(a + b) | tojson`"
    );
    let error = failure("a ** a", &json!({"a": 1_234_567_890_123_u64}));
    assert!(
        !format!("{error:#} {error:?}").contains("1234567890123"),
        "{error:?}"
    );
}

#[test]
fn what_is_not_finite_is_refused() {
    #[derive(Serialize)]
    struct Data {
        x: Vec<f64>,
    }
    for number in [f64::NAN, f64::INFINITY] {
        let error = failure(
            "x",
            &Data {
                x: vec![1.0, number],
            },
        );
        assert_eq!(error.kind(), TemplateErrorKind::Data);
        assert!(
            error
                .to_string()
                .ends_with("a number is not finite in `(x) | tojson`"),
            "{error}"
        );
    }
    let error = template(r#"{"type":"Card","x":NaN}"#)
        .build(&())
        .unwrap_err();
    assert_eq!(error.kind(), TemplateErrorKind::Json);
}

#[test]
fn data_that_does_not_serialise_is_refused() {
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("secret"))
        }
    }
    #[derive(Serialize)]
    struct Data {
        x: Broken,
    }
    for error in [failure("x", &Broken), failure("x", &Data { x: Broken })] {
        assert_eq!(error.kind(), TemplateErrorKind::Data);
        assert!(
            !format!("{error:#} {error:?}").contains("secret"),
            "{error:?}"
        );
    }
}

#[test]
fn what_is_rendered_must_be_a_widget() {
    let error = template("{\"type\":\"Card\",\n}").build(&()).unwrap_err();
    assert_eq!(
        (error.kind(), error.line()),
        (TemplateErrorKind::Json, Some(2))
    );
    assert!(
        format!("{error:#}").contains("at line 2 column 1"),
        "{error:#}"
    );
    assert!(error.source().is_some());

    let error = template(r#"{"type":"Card","children":[{}]}"#)
        .build(&())
        .unwrap_err();
    assert_eq!(error.kind(), TemplateErrorKind::Widget);
    assert!(
        format!("{error:#}").contains("children[0]: a component must have a `type`"),
        "{error:#}"
    );

    for no_root in [r#"{"type":"Text"}"#, "[1]", "5"] {
        assert_eq!(
            template(no_root).build(&()).unwrap_err().kind(),
            TemplateErrorKind::Widget
        );
    }
}

#[test]
fn a_basic_is_asked_for() {
    let basic = template(r#"{"type":"Basic","children":[]}"#);
    assert_eq!(basic.build_basic(&()).unwrap(), basic.build(&()).unwrap());
    let error = card("1").build_basic(&()).unwrap_err();
    assert_eq!(error.kind(), TemplateErrorKind::Widget);
}

#[test]
fn a_definition_is_read() {
    let text = r#"{
        "version": "1.0", "name": "N", "template": "{\"type\":\"Card\"}",
        "outputJsonPreview": {}, "encodedWidget": "eyJ9"
    }"#;
    let template: WidgetTemplate = text.parse().unwrap();
    assert_eq!((template.name(), template.json_schema()), ("N", &json!({})));

    let definition: WidgetDefinition = serde_json::from_str(text).unwrap();
    assert_eq!(definition, WidgetDefinition::new("N", r#"{"type":"Card"}"#));
    let template =
        WidgetTemplate::try_from(definition.json_schema(json!({"type": "object"}))).unwrap();
    assert_eq!(template.json_schema()["type"], "object");

    let cases = [
        ("{", TemplateErrorKind::Definition, "EOF while parsing"),
        (
            r#"{"name":"n","template":""}"#,
            TemplateErrorKind::Definition,
            "missing field `version`",
        ),
        (
            r#"{"version":"1.0","template":""}"#,
            TemplateErrorKind::Definition,
            "missing field `name`",
        ),
        (
            r#"{"version":"1.0","name":"n"}"#,
            TemplateErrorKind::Definition,
            "missing field `template`",
        ),
        (
            r#"{"version":"2.0","name":"n","template":""}"#,
            TemplateErrorKind::Version,
            "\"2.0\"",
        ),
    ];
    for (text, kind, message) in cases {
        let error = WidgetTemplate::from_json(text).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}");
        assert!(format!("{error:#}").contains(message), "{error:#}");
    }
}

#[test]
fn a_file_is_read() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/templates");
    let template = WidgetTemplate::from_file(format!("{directory}/order.widget")).unwrap();
    assert_eq!(template.name(), "Order");

    let error = WidgetTemplate::from_file(format!("{directory}/none.widget")).unwrap_err();
    assert_eq!(error.kind(), TemplateErrorKind::Io);
    assert!(error.to_string().ends_with("none.widget"));
    assert!(error.source().unwrap().is::<std::io::Error>());
}

#[test]
fn a_template_is_shared_between_threads() {
    let template = card("n");
    let build = |n: usize| {
        let template = template.clone();
        thread::spawn(move || template.build(&json!({ "n": n })).unwrap())
    };
    let threads: Vec<_> = (0..4).map(build).collect();
    for (n, thread) in threads.into_iter().enumerate() {
        let widget: WidgetRoot = thread.join().unwrap();
        assert_eq!(widget.as_object()["children"][0]["value"], n);
    }
}

fn problems(schema: Value, data: &Value) -> String {
    let definition = WidgetDefinition::new("Test", "{}").json_schema(schema);
    match WidgetTemplate::new(definition).unwrap().validate(data) {
        Ok(()) => String::new(),
        Err(error) => {
            assert_eq!(error.kind(), TemplateErrorKind::Schema);
            let message = error.to_string();
            message
                .strip_prefix("the data does not fit the widget: ")
                .unwrap()
                .to_owned()
        }
    }
}

#[test]
fn data_is_checked_against_the_schema() {
    let text = include_str!("templates/order.widget");
    let template = WidgetTemplate::from_json(text).unwrap();
    let line = json!({"id": "a", "label": "Tea", "quantity": 2, "price": 3, "in-stock": true});
    let order = json!({"status": "new", "customer": {"name": "Zoë"}, "lines": [line]});
    template.validate(&order).unwrap();

    let mut optional = order.clone();
    optional["customer"]["note"] = Value::Null;
    template.validate(&optional).unwrap();

    let mut wrong = order.clone();
    wrong["status"] = json!("secret");
    wrong["customer"] = json!({"note": 5, "phone": "secret"});
    wrong["lines"][0]["quantity"] = json!(1.5);
    wrong["lines"][0]["in-stock"] = json!("secret");
    let error = template.validate(&wrong).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the data does not fit the widget: status: must be one of \"new\", \"on the way\", \"done\"; \
         customer.name: is missing; customer.note: must be of type string, is number; \
         customer.phone: is not allowed; lines[0].quantity: must be of type integer, is number; \
         lines[0].in-stock: must be of type boolean, is string"
    );

    let mut required = order;
    required["customer"]["name"] = Value::Null;
    let error = template.validate(&required).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("customer.name: must be of type string, is null")
    );

    let error = template.validate(&()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("status: is missing; customer: is missing; lines: is missing")
    );
    let error = template.validate(&json!([])).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("data: must be of type object, is array")
    );
}

#[test]
fn every_checked_keyword_refuses_and_accepts() {
    let cases = [
        (json!({"type": "integer"}), json!(2.0), json!(2.5)),
        (json!({"type": "number"}), json!(2), json!("2")),
        (
            json!({"type": ["string", "null"]}),
            json!(null),
            json!(true),
        ),
        (json!({"enum": [1, "a"]}), json!(1.0), json!("b")),
        (json!({"const": {"a": 1}}), json!({"a": 1}), json!({})),
        (json!({"required": ["x"]}), json!({"x": null}), json!({})),
        (
            json!({"properties": {"x": false}}),
            json!({}),
            json!({"x": 1}),
        ),
        (
            json!({"additionalProperties": {"type": "string"}}),
            json!({"k": "y"}),
            json!({"k": 1}),
        ),
        (
            json!({"items": {"type": "null"}}),
            json!([null]),
            json!([1]),
        ),
        (
            json!({"prefixItems": [true], "items": false}),
            json!([1]),
            json!([1, 2]),
        ),
        (
            json!({"anyOf": [{"type": "null"}, {"const": 1}]}),
            json!(1),
            json!(2),
        ),
        (
            json!({"oneOf": [{"type": "null"}, {"const": 1}]}),
            json!(null),
            json!(2),
        ),
        (
            json!({"allOf": [{"type": "integer"}, {"enum": [1, "a"]}]}),
            json!(1),
            json!("a"),
        ),
        (json!({"$ref": "#/$defs/t"}), json!(true), json!(0)),
    ];
    for (schema, fits, other) in cases {
        // One level down: the data itself is always an object.
        let whole = json!({
            "type": "object", "properties": {"v": schema}, "$defs": {"t": {"type": "boolean"}},
        });
        assert_eq!(problems(whole.clone(), &json!({"v": fits})), "", "{schema}");
        let found = problems(whole, &json!({"v": other}));
        assert!(found.starts_with('v'), "{schema}: {found:?}");
    }
    // Checked by the cases above only for an object or a list.
    assert_eq!(
        problems(json!({"minimum": 5, "format": "x"}), &json!({"v": 1})),
        ""
    );
}

#[test]
fn a_schema_may_refer_to_itself_one_level_down() {
    let tree = json!({
        "$ref": "#/$defs/node",
        "$defs": {"node": {
            "type": "object",
            "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
            "additionalProperties": false,
        }},
    });
    assert_eq!(problems(tree.clone(), &json!({"next": {"next": null}})), "");
    assert_eq!(
        problems(tree, &json!({"next": {"next": {"x": 1}}})),
        "next: fits no alternative (next.next: fits no alternative (next.next.x: is not allowed | \
         next.next: must be of type null, is object) | next: must be of type null, is object)"
    );

    let circle = json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]});
    assert!(problems(circle, &json!({})).contains("`#` in the schema refers to itself"));
    let nowhere = json!({"$ref": "https://example.com/schema"});
    assert!(problems(nowhere, &json!({})).contains("which it does not have"));
}

#[test]
fn a_long_list_of_problems_is_cut() {
    let schema = json!({"additionalProperties": {"type": "string"}});
    let data: Value = (0..20)
        .map(|n| (format!("f{n}"), json!(n)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    assert!(
        problems(schema, &data).ends_with("f7: must be of type string, is number; and 12 more")
    );
}

mod typed {
    use super::*;
    use chatkit::widgets::widget_template;

    widget_template! {
        struct Syntax = "./templates/syntax.widget";
        struct NoData = "tests/templates/no_data.widget";
    }

    #[test]
    fn a_template_that_is_not_jinja_is_found_at_the_first_use() {
        let error = Syntax::template().unwrap_err();
        assert_eq!(error.kind(), TemplateErrorKind::Syntax);
        let again = Syntax {}.build().unwrap_err();
        assert_eq!(again.to_string(), error.to_string());
    }

    #[test]
    fn a_path_begins_at_the_package_or_at_the_source_file() {
        assert_eq!(NoData::template().unwrap().name(), "No data");
        assert_eq!(NoData {}.build().unwrap().type_name(), "Card");
    }
}

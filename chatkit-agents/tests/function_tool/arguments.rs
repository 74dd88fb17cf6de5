//! The arguments that the model writes: how they arrive, and what their schema is.

use super::*;

#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unit {
    /// Degrees Celsius.
    Celsius,
    /// Degrees Fahrenheit.
    Fahrenheit,
}

#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

/// A place on earth.
#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
struct Place {
    city: String,
    /// Two letters.
    country: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64 },
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Email {
    /// To whom.
    address: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(tag = "by", rename_all = "lowercase")]
enum Contact {
    /// With the fields of a type of its own.
    Email(Email),
    Phone {
        number: String,
    },
}

/// Gets in touch.
#[function_tool]
async fn contact(how: Contact) -> Json<Contact> {
    Json(how)
}

#[tokio::test]
async fn of_tagged_enums_are_strict() {
    let arguments = r#"{"how":{"by":"email","address":"a@example.com"}}"#;
    let output = call(&contact, &(), arguments).await.unwrap();
    assert_eq!(
        json_of(output),
        json!({"by": "email", "address": "a@example.com"})
    );
    let parameters = contact::definition().unwrap().parameters();
    assert_eq!(
        parameters["$defs"]["Contact"]["anyOf"][0],
        json!({
            "description": "With the fields of a type of its own.",
            "type": "object",
            "properties": {
                "by": {"type": "string", "const": "email"},
                "address": {"type": "string", "description": "To whom."},
            },
            "required": ["by", "address"],
            "additionalProperties": false,
        })
    );
}

fn three() -> u8 {
    3
}

/// Takes every kind of argument.
///
/// And a second paragraph.
#[function_tool]
#[allow(clippy::too_many_arguments, reason = "one of each kind")]
async fn every_kind(
    /// Any text.
    text: String,
    /// Counts
    /// in two lines.
    count: u32,
    ratio: f64,
    exact: bool,
    note: Option<String>,
    tags: Vec<String>,
    unit: Unit,
    colour: Colour,
    /// Where.
    place: Place,
    places: Vec<Place>,
    maybe_unit: Option<Unit>,
    shape: Shape,
    #[serde(default = "three")] days: u8,
    #[schemars(range(min = 1, max = 9), description = "From one to nine.")] level: i64,
    #[serde(rename = "type")] kind: String,
    r#match: bool,
) -> Json<Value> {
    Json(json!({
        "text": text, "count": count, "ratio": ratio, "exact": exact, "note": note,
        "tags": tags, "unit": unit, "colour": colour, "place": place, "places": places,
        "maybe_unit": maybe_unit, "shape": shape, "days": days, "level": level, "type": kind,
        "match": r#match,
    }))
}

fn complete() -> Value {
    json!({
        "text": "a", "count": 2, "ratio": 0.5, "exact": true, "note": "n",
        "tags": ["x", "y"], "unit": "celsius", "colour": "red",
        "place": {"city": "Paris", "country": null},
        "places": [{"city": "Rome", "country": "IT"}],
        "maybe_unit": "fahrenheit", "shape": {"kind": "circle", "radius": 1.5}, "days": 5,
        "level": 4, "type": "t", "match": false,
    })
}

#[tokio::test]
async fn of_every_kind_arrive() {
    let arguments = complete();
    let output = call(&every_kind, &(), &arguments.to_string())
        .await
        .unwrap();
    assert_eq!(json_of(output), arguments);
}

#[tokio::test]
async fn options_and_defaults_may_be_absent_and_unknown_fields_are_ignored() {
    let mut arguments = complete();
    let fields = arguments.as_object_mut().unwrap();
    for absent in ["note", "maybe_unit", "days"] {
        fields.remove(absent);
    }
    fields.insert("unknown".to_owned(), json!(1));
    let output = call(&every_kind, &(), &arguments.to_string())
        .await
        .unwrap();
    let output = json_of(output);
    assert_eq!(output["note"], Value::Null);
    assert_eq!(output["maybe_unit"], Value::Null);
    assert_eq!(output["days"], 3);
}

/// The golden file is what is sent; `UPDATE_GOLDEN=1` rewrites it.
#[test]
fn of_every_kind_have_a_strict_schema() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/function_tool/every_kind.json"
    );
    let definition = every_kind::definition().unwrap();
    let actual = serde_json::to_string_pretty(definition).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &actual).unwrap();
    }
    assert_eq!(actual, std::fs::read_to_string(path).unwrap());
    assert_eq!(
        definition.to_wire(),
        serde_json::to_value(definition).unwrap()
    );
}

/// Has nothing to ask.
#[function_tool]
async fn no_arguments() {}

#[tokio::test]
async fn may_be_none_at_all() {
    for arguments in ["", "  ", "{}", r#"{"unknown":1}"#] {
        let output = call(&no_arguments, &(), arguments).await.unwrap();
        assert_eq!(output, ToolOutput::Json(Value::Null), "{arguments:?}");
    }
    assert_eq!(
        *no_arguments::definition().unwrap().parameters(),
        json!({
            "type": "object", "properties": {}, "additionalProperties": false, "required": [],
        })
    );
}

#[tokio::test]
async fn that_are_wrong_are_named_to_the_model() {
    let message = async |change: &dyn Fn(&mut Value)| {
        let mut arguments = complete();
        change(&mut arguments);
        failure(&every_kind, &(), &arguments.to_string()).await
    };
    let prefix = "Invalid arguments for tool under_test: ";
    assert_eq!(
        message(&|arguments| {
            arguments.as_object_mut().unwrap().remove("text");
        })
        .await,
        format!("{prefix}text: missing field")
    );
    assert_eq!(
        message(&|arguments| arguments["places"] = json!([{"city": "a"}, {}])).await,
        format!("{prefix}places[1].city: missing field")
    );
    assert_eq!(
        message(&|arguments| arguments["place"]["city"] = json!(7)).await,
        format!("{prefix}place.city: invalid type: integer `7`, expected a string")
    );
    assert_eq!(
        message(&|arguments| arguments["unit"] = json!("kelvin")).await,
        format!("{prefix}unit: unknown variant `kelvin`, expected `celsius` or `fahrenheit`")
    );
    assert_eq!(
        message(&|arguments| arguments["count"] = json!(-1)).await,
        format!("{prefix}count: invalid value: integer `-1`, expected u32")
    );
}

#[tokio::test]
async fn that_are_no_object_are_refused() {
    for (arguments, problem) in [
        ("[]", "expected a JSON object"),
        ("null", "expected a JSON object"),
        ("\"text\"", "expected a JSON object"),
        (
            "{\"text\"",
            "not valid JSON: EOF while parsing an object at line 1 column 7",
        ),
    ] {
        let error = call::<()>(&no_arguments, &(), arguments).await.unwrap_err();
        assert_eq!(error.kind(), ToolErrorKind::InvalidArguments);
        assert_eq!(
            error.model_message(),
            format!("Invalid arguments for tool under_test: {problem}")
        );
    }
}

/// Counts words.
#[function_tool(strict = false)]
async fn count_words(words: HashMap<String, u32>) -> u32 {
    words.values().sum()
}

/// Cannot be strict.
#[function_tool]
async fn strict_map(words: HashMap<String, u32>) -> u32 {
    words.values().sum()
}

#[tokio::test]
async fn with_free_keys_are_for_tools_that_are_not_strict() {
    let output = call(&count_words, &(), r#"{"words":{"a":1,"b":2}}"#)
        .await
        .unwrap();
    assert_eq!(output, ToolOutput::Json(json!(3)));

    let definition = count_words::definition().unwrap();
    assert!(!definition.is_strict());
    assert_eq!(definition.parameters().get("additionalProperties"), None);

    let error = strict_map::definition().unwrap_err().to_string();
    let tool = "cannot make the JSON schema of the tool strict_map strict: `additionalProperties`";
    assert!(error.starts_with(tool), "{error}");
    assert!(error.ends_with("at #/properties/words"), "{error}");
    let tool = Tool::<()>::from(strict_map);
    assert_eq!(tool.to_wire().unwrap_err().to_string(), error);
}

//! Checks data against the JSON schema of a definition.
//!
//! Only the part of JSON Schema that describes the shape of data: what the widget studio writes, and what derives such as
//! those of `schemars` and `zod` write for plain types.

use std::fmt;

use serde_json::{Map, Value};

/// How many problems one message lists.
const MAX_PROBLEMS: usize = 8;

/// Checks `data`. The error lists what does not fit, each with its path in the data.
pub(super) fn validate(schema: &Value, data: &Value) -> Result<(), String> {
    let mut problems = Problems::default();
    Place {
        root: schema,
        path: &Path::Root,
        references: &[],
    }
    .check(schema, data, &mut problems);
    problems.into_result()
}

#[derive(Default)]
struct Problems {
    listed: Vec<String>,
    more: usize,
}

impl Problems {
    fn add(&mut self, path: &Path<'_>, problem: impl fmt::Display) {
        if self.listed.len() < MAX_PROBLEMS {
            self.listed.push(format!("{path}: {problem}"));
        } else {
            self.more += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    fn into_result(self) -> Result<(), String> {
        if self.is_empty() {
            return Ok(());
        }
        let mut message = self.listed.join("; ");
        if self.more > 0 {
            message = format!("{message}; and {} more", self.more);
        }
        Err(message)
    }
}

/// The way from the root of the data to a value.
enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Entry(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("data"),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(above, name) => write!(f, "{above}.{name}"),
            Self::Entry(above, position) => write!(f, "{above}[{position}]"),
        }
    }
}

/// Where the check is.
#[derive(Clone, Copy)]
struct Place<'a> {
    root: &'a Value,
    path: &'a Path<'a>,
    /// The references followed since the last step down in the data: one that repeats would never end.
    references: &'a [&'a str],
}

impl<'a> Place<'a> {
    fn below(self, path: &'a Path<'a>) -> Self {
        Self {
            path,
            references: &[],
            ..self
        }
    }

    fn check(self, schema: &Value, data: &Value, problems: &mut Problems) {
        let schema = match schema {
            Value::Object(schema) => schema,
            Value::Bool(false) => return problems.add(self.path, "is not allowed"),
            // `true` allows everything.
            _ => return,
        };
        if let Some(Value::String(reference)) = schema.get("$ref") {
            self.check_reference(reference, data, problems);
        }
        if !self.check_type(schema, data, problems) {
            return;
        }
        self.check_values(schema, data, problems);
        self.check_alternatives(schema, data, problems);
        match data {
            Value::Object(fields) => self.check_fields(schema, fields, problems),
            Value::Array(entries) => self.check_entries(schema, entries, problems),
            _ => {}
        }
    }

    fn check_reference(self, reference: &str, data: &Value, problems: &mut Problems) {
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| self.root.pointer(pointer));
        let Some(target) = target else {
            return problems.add(
                self.path,
                format_args!("the schema refers to `{reference}`, which it does not have"),
            );
        };
        if self.references.contains(&reference) {
            return problems.add(
                self.path,
                format_args!("`{reference}` in the schema refers to itself"),
            );
        }
        let references = [self.references, &[reference]].concat();
        Place {
            references: &references,
            ..self
        }
        .check(target, data, problems);
    }

    fn check_type(
        self,
        schema: &Map<String, Value>,
        data: &Value,
        problems: &mut Problems,
    ) -> bool {
        let names: Vec<&str> = match schema.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => return true,
        };
        let fits = names.iter().any(|name| has_type(data, name));
        if !fits {
            problems.add(
                self.path,
                format_args!(
                    "must be of type {}, is {}",
                    names.join(" or "),
                    type_name(data)
                ),
            );
        }
        fits
    }

    fn check_values(self, schema: &Map<String, Value>, data: &Value, problems: &mut Problems) {
        if let Some(Value::Array(values)) = schema.get("enum")
            && !values.iter().any(|value| equal(value, data))
        {
            let values: Vec<_> = values.iter().map(Value::to_string).collect();
            problems.add(
                self.path,
                format_args!("must be one of {}", values.join(", ")),
            );
        }
        if let Some(value) = schema.get("const")
            && !equal(value, data)
        {
            problems.add(self.path, format_args!("must be {value}"));
        }
    }

    fn check_alternatives(
        self,
        schema: &Map<String, Value>,
        data: &Value,
        problems: &mut Problems,
    ) {
        let list = |name| schema.get(name).and_then(Value::as_array);
        for part in list("allOf").into_iter().flatten() {
            self.check(part, data, problems);
        }
        for alternatives in [list("anyOf"), list("oneOf")].into_iter().flatten() {
            let mut why = Vec::new();
            let fits = alternatives.iter().any(|alternative| {
                let mut problems = Problems::default();
                self.check(alternative, data, &mut problems);
                let fits = problems.is_empty();
                why.extend(problems.into_result().err());
                fits
            });
            if !fits {
                problems.add(
                    self.path,
                    format_args!("fits no alternative ({})", why.join(" | ")),
                );
            }
        }
    }

    fn check_fields(
        self,
        schema: &Map<String, Value>,
        fields: &Map<String, Value>,
        problems: &mut Problems,
    ) {
        let required: Vec<&str> = list_of_names(schema.get("required")).collect();
        for name in &required {
            if !fields.contains_key(*name) {
                problems.add(&Path::Field(self.path, name), "is missing");
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for (name, value) in fields {
            let known = properties.and_then(|properties| properties.get(name));
            // An optional field that is null is one that is not there.
            if known.is_some() && value.is_null() && !required.contains(&name.as_str()) {
                continue;
            }
            if let Some(schema) = known.or(others) {
                self.below(&Path::Field(self.path, name))
                    .check(schema, value, problems);
            }
        }
    }

    fn check_entries(
        self,
        schema: &Map<String, Value>,
        entries: &[Value],
        problems: &mut Problems,
    ) {
        let first = schema.get("prefixItems").and_then(Value::as_array);
        for (position, entry) in entries.iter().enumerate() {
            let known = first.and_then(|first| first.get(position));
            if let Some(schema) = known.or(schema.get("items")) {
                self.below(&Path::Entry(self.path, position))
                    .check(schema, entry, problems);
            }
        }
    }
}

fn list_of_names(names: Option<&Value>) -> impl Iterator<Item = &str> {
    let names = names.and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str)
}

fn has_type(data: &Value, name: &str) -> bool {
    match name {
        // A number without a fraction is an integer, however it is written.
        "integer" => data.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => data.is_number(),
        _ => type_name(data) == name,
    }
}

fn type_name(data: &Value) -> &'static str {
    match data {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Equality by value: 1 is 1.0.
fn equal(a: &Value, b: &Value) -> bool {
    a == b || (a.is_number() && a.as_f64() == b.as_f64())
}

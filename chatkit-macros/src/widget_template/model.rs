//! The types for a JSON schema.

use std::collections::HashMap;

use proc_macro2::Span;
use serde_json::{Map, Value};
use syn::Ident;
use syn::ext::IdentExt;

use super::names::{self, Names};

/// A type to write.
pub(crate) struct TypeDef {
    pub(crate) ident: Ident,
    /// The description in the schema.
    pub(crate) doc: Option<String>,
    pub(crate) shape: Shape,
}

pub(crate) enum Shape {
    Struct(Vec<Field>),
    Enum(Vec<Variant>),
}

pub(crate) struct Field {
    pub(crate) ident: Ident,
    /// The name in the JSON.
    pub(crate) name: String,
    pub(crate) doc: Option<String>,
    pub(crate) ty: Type,
}

pub(crate) struct Variant {
    pub(crate) ident: Ident,
    /// The string in the JSON.
    pub(crate) value: String,
}

/// The type of a field.
#[derive(Clone)]
pub(crate) enum Type {
    Text,
    Integer,
    Number,
    Boolean,
    Null,
    /// Any JSON: what has no type of its own here.
    Any,
    /// An object with any fields.
    Object,
    Option(Box<Type>),
    List(Box<Type>),
    /// An object with any names, whose values have one type.
    Dictionary(Box<Type>),
    Named(Ident),
    /// A type inside of itself.
    Boxed(Ident),
}

impl Type {
    fn optional(self) -> Self {
        match self {
            Self::Option(_) => self,
            other => Self::Option(Box::new(other)),
        }
    }

    /// In a list or dictionary, a type inside of itself needs no box.
    fn unboxed(self) -> Self {
        match self {
            Self::Boxed(ident) => Self::Named(ident),
            Self::Option(ty) => Self::Option(Box::new(ty.unboxed())),
            other => other,
        }
    }
}

/// The types for the schema of the data, the struct `ident` first. The errors say where in the schema.
pub(crate) fn types(ident: &Ident, schema: &Value) -> Result<Vec<TypeDef>, Vec<String>> {
    let mut builder = Builder {
        schema,
        prefix: ident.unraw().to_string(),
        span: ident.span(),
        names: Names::default(),
        types: Vec::new(),
        references: HashMap::new(),
        problems: Vec::new(),
    };
    builder.root(ident);
    if builder.problems.is_empty() {
        // Found from the inside out, to be read from the outside in.
        builder.types.reverse();
        Ok(builder.types)
    } else {
        Err(builder.problems)
    }
}

struct Builder<'a> {
    schema: &'a Value,
    /// What the names of all types begin with.
    prefix: String,
    span: Span,
    names: Names,
    types: Vec<TypeDef>,
    references: HashMap<&'a str, Reference>,
    problems: Vec<String>,
}

/// What a `$ref` stands for.
#[derive(Clone)]
enum Reference {
    /// Being read; the name, if it is a struct.
    Open(Option<Ident>),
    Done(Type),
}

/// A place in the schema.
#[derive(Clone, Copy)]
struct Place<'p> {
    /// For messages, such as `properties.lines.items`.
    path: &'p str,
    /// What a type here is called.
    name: &'p str,
}

impl<'a> Builder<'a> {
    /// Reads the whole schema into the struct `ident`.
    fn root(&mut self, ident: &Ident) {
        let name = self.prefix.clone();
        let mut place = Place {
            path: "",
            name: &name,
        };
        // Taken first, so that no other type gets the name.
        self.names.exact(&name, self.span);
        let this = Reference::Open(Some(ident.clone()));
        self.references.insert("#", this.clone());
        let mut schema = self.schema;
        // A type that contains itself stands among the definitions.
        if let Some(Value::String(reference)) = schema.get("$ref") {
            let Some(target) = self.target(reference) else {
                return self.no_target(place, reference);
            };
            place.path = reference;
            self.references.insert(reference, this);
            schema = target;
        }
        let Value::Object(schema) = schema else {
            return self.problem(place, "a schema must be an object");
        };
        if schema.get("type").is_some_and(|name| name != "object") {
            return self.problem(place, "the data of a widget must be of type object");
        }
        self.structure(schema, ident.clone(), place);
    }

    fn problem(&mut self, place: Place<'_>, problem: impl std::fmt::Display) {
        let at = if place.path.is_empty() { "" } else { " at " };
        let path = place.path;
        self.problems
            .push(format!("in `jsonSchema`{at}{path}: {problem}"));
    }

    fn no_target(&mut self, place: Place<'_>, reference: &str) {
        self.problem(place, format_args!("`{reference}` is not in the schema"));
    }

    fn target(&self, reference: &str) -> Option<&'a Value> {
        self.schema.pointer(reference.strip_prefix('#')?)
    }

    /// Reads an object into the struct `ident`.
    fn structure(&mut self, schema: &'a Map<String, Value>, ident: Ident, place: Place<'_>) {
        let required: Vec<&str> = match schema.get("required") {
            None => Vec::new(),
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            Some(_) => return self.problem(place, "`required` must be a list of names"),
        };
        let mut names = Names::default();
        let mut fields = Vec::new();
        match schema.get("properties") {
            None => {}
            Some(Value::Object(properties)) => {
                for (name, schema) in properties {
                    let ty = self.property(name, schema, place);
                    fields.push(Field {
                        ident: names.field(name, self.span),
                        name: name.clone(),
                        doc: description(schema),
                        ty: if required.contains(&name.as_str()) {
                            ty
                        } else {
                            ty.optional()
                        },
                    });
                }
            }
            Some(_) => return self.problem(place, "`properties` must be an object"),
        }
        // One that must be there, and is not described.
        for name in required {
            if !fields.iter().any(|field| field.name == name) {
                fields.push(Field {
                    ident: names.field(name, self.span),
                    name: name.to_owned(),
                    doc: None,
                    ty: Type::Any,
                });
            }
        }
        self.types.push(TypeDef {
            ident,
            doc: doc(schema),
            shape: Shape::Struct(fields),
        });
    }

    fn property(&mut self, name: &str, schema: &'a Value, place: Place<'_>) -> Type {
        let path = join(place.path, &format!("properties.{name}"));
        let name = format!("{}{}", place.name, names::camel(name));
        let place = Place {
            path: &path,
            name: &name,
        };
        self.ty(schema, place)
    }

    fn ty(&mut self, schema: &'a Value, place: Place<'_>) -> Type {
        let schema = match schema {
            Value::Object(schema) => schema,
            Value::Bool(_) => return Type::Any,
            _ => {
                self.problem(place, "a schema must be an object");
                return Type::Any;
            }
        };
        if let Some(Value::String(reference)) = schema.get("$ref") {
            return self.reference(reference, place);
        }
        for keyword in ["anyOf", "oneOf"] {
            match schema.get(keyword) {
                None => {}
                Some(Value::Array(alternatives)) => {
                    return self.alternatives(schema, alternatives, place);
                }
                Some(_) => {
                    self.problem(place, format_args!("`{keyword}` must be a list"));
                    return Type::Any;
                }
            }
        }
        if let Some(values) = choices(schema) {
            return self.choice(schema, &values, place);
        }
        match schema.get("type") {
            Some(Value::String(name)) => self.of_type(name, schema, place),
            Some(Value::Array(names)) => {
                let mut others = names.iter().filter(|name| *name != "null");
                let ty = match (others.next(), others.next()) {
                    (Some(Value::String(name)), None) => self.of_type(name, schema, place),
                    (None, _) => Type::Null,
                    _ => Type::Any,
                };
                let nullable = names.iter().any(|name| name == "null");
                if nullable { ty.optional() } else { ty }
            }
            Some(_) => {
                self.problem(place, "`type` must be a name or a list of names");
                Type::Any
            }
            None if schema.contains_key("properties") => self.of_type("object", schema, place),
            None => Type::Any,
        }
    }

    fn of_type(&mut self, name: &str, schema: &'a Map<String, Value>, place: Place<'_>) -> Type {
        match name {
            "string" => Type::Text,
            "integer" => Type::Integer,
            "number" => Type::Number,
            "boolean" => Type::Boolean,
            "null" => Type::Null,
            "array" => {
                let path = join(place.path, "items");
                let name = names::singular(place.name);
                let place = Place {
                    path: &path,
                    name: &name,
                };
                let entry = schema.get("items");
                let entry = entry.map_or(Type::Any, |entry| self.ty(entry, place));
                Type::List(Box::new(entry.unboxed()))
            }
            "object" if is_structure(schema) => {
                let ident = self.names.exact(place.name, self.span);
                self.structure(schema, ident.clone(), place);
                Type::Named(ident)
            }
            "object" => match schema.get("additionalProperties") {
                Some(values @ Value::Object(values_schema)) if !values_schema.is_empty() => {
                    let path = join(place.path, "additionalProperties");
                    let name = names::singular(place.name);
                    let place = Place {
                        path: &path,
                        name: &name,
                    };
                    Type::Dictionary(Box::new(self.ty(values, place).unboxed()))
                }
                _ => Type::Object,
            },
            other => {
                self.problem(place, format_args!("there is no type `{other}`"));
                Type::Any
            }
        }
    }

    fn reference(&mut self, reference: &'a str, place: Place<'_>) -> Type {
        match self.references.get(reference) {
            Some(Reference::Done(ty)) => return ty.clone(),
            Some(Reference::Open(Some(ident))) => return Type::Boxed(ident.clone()),
            // A list of itself, for example: there is no name for such a type.
            Some(Reference::Open(None)) => return Type::Any,
            None => {}
        }
        let Some(target) = self.target(reference) else {
            self.no_target(place, reference);
            return Type::Any;
        };
        let last = reference.rsplit('/').next().unwrap_or_default();
        let name = format!("{}{}", self.prefix, names::camel(last));
        let place = Place {
            path: reference,
            name: &name,
        };
        let ty = match target {
            Value::Object(schema) if is_structure(schema) => {
                let ident = self.names.exact(&name, self.span);
                let open = Reference::Open(Some(ident.clone()));
                self.references.insert(reference, open);
                self.structure(schema, ident.clone(), place);
                Type::Named(ident)
            }
            schema => {
                self.references.insert(reference, Reference::Open(None));
                self.ty(schema, place)
            }
        };
        self.references
            .insert(reference, Reference::Done(ty.clone()));
        ty
    }

    fn alternatives(
        &mut self,
        schema: &'a Map<String, Value>,
        alternatives: &'a [Value],
        place: Place<'_>,
    ) -> Type {
        let (nulls, others): (Vec<_>, Vec<_>) = alternatives.iter().partition(|alternative| {
            alternative.get("type").is_some_and(|name| name == "null")
                || alternative.get("const").is_some_and(Value::is_null)
        });
        let choices: Option<Vec<_>> = others
            .iter()
            .map(|alternative| choices(alternative.as_object()?))
            .collect();
        let ty = match (&others[..], choices) {
            ([], _) => Type::Null,
            ([only], _) => self.ty(only, place),
            (_, Some(choices)) => self.choice(schema, &choices.concat(), place),
            _ => Type::Any,
        };
        if nulls.is_empty() { ty } else { ty.optional() }
    }

    /// A type for one of several values.
    fn choice(
        &mut self,
        schema: &Map<String, Value>,
        values: &[&'a Value],
        place: Place<'_>,
    ) -> Type {
        let others: Vec<&Value> = values
            .iter()
            .copied()
            .filter(|value| !value.is_null())
            .collect();
        let strings: Option<Vec<&str>> = others.iter().map(|value| value.as_str()).collect();
        let ty = match strings {
            Some(strings) if !strings.is_empty() => {
                let ident = self.names.exact(place.name, self.span);
                let mut names = Names::default();
                let variants = strings.into_iter().map(|value| Variant {
                    ident: names.camel(value, self.span),
                    value: value.to_owned(),
                });
                let shape = Shape::Enum(variants.collect());
                self.types.push(TypeDef {
                    ident: ident.clone(),
                    doc: doc(schema),
                    shape,
                });
                Type::Named(ident)
            }
            Some(_) if values.is_empty() => {
                self.problem(place, "`enum` has no values");
                Type::Any
            }
            Some(_) => Type::Null,
            None if others.iter().all(|value| value.is_i64()) => Type::Integer,
            None if others.iter().all(|value| value.is_number()) => Type::Number,
            None if others.iter().all(|value| value.is_boolean()) => Type::Boolean,
            None => Type::Any,
        };
        if others.len() < values.len() {
            ty.optional()
        } else {
            ty
        }
    }
}

/// The values that `enum` or `const` allow.
fn choices(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(values)), _) => Some(values.iter().collect()),
        (_, Some(value)) => Some(vec![value]),
        _ => None,
    }
}

/// Whether an object has fields that are known.
fn is_structure(schema: &Map<String, Value>) -> bool {
    let is_object = schema.get("type").is_none_or(|name| name == "object");
    let properties = schema.get("properties");
    // What is no object at all is reported when it is read.
    is_object
        && properties
            .is_some_and(|properties| properties.as_object().is_none_or(|all| !all.is_empty()))
}

fn description(schema: &Value) -> Option<String> {
    doc(schema.as_object()?)
}

fn doc(schema: &Map<String, Value>) -> Option<String> {
    Some(schema.get("description")?.as_str()?.trim().to_owned()).filter(|text| !text.is_empty())
}

fn join(path: &str, step: &str) -> String {
    if path.is_empty() {
        step.to_owned()
    } else {
        format!("{path}.{step}")
    }
}

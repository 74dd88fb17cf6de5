//! How typed fields become JSON and come back: the machinery below the typed components.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{InvalidWidget, MAX_DEPTH, Problem, WidgetComponent};
use crate::types::{ActionConfig, IconName, JsonObject};

/// The fields that every component shares. They have setters of their own and are never unknown.
const STRUCTURE: [&str; 4] = ["type", "id", "key", "children"];

/// A value that a field can have.
pub(super) trait Prop: Sized {
    /// The value as JSON; null leaves the field out.
    fn into_json(self) -> Value;

    /// The value that the JSON stands for. The JSON is part of a widget that has been checked.
    fn from_json(json: &Value) -> Result<Self, InvalidWidget>;
}

/// A JSON object whose fields are known, defined by [`record!`].
pub(super) trait Record: Sized {
    /// Adds the fields that are set. A field that is there already stays.
    fn write(self, object: &mut JsonObject);

    /// Takes the known fields out of the object and keeps the others.
    fn read(fields: Reader<'_>) -> Result<Self, InvalidWidget>;
}

/// The value is none that this version knows.
pub(super) fn unreadable() -> InvalidWidget {
    InvalidWidget::new(Problem::Unreadable)
}

/// An object on its way into a [`Record`]: it remembers which fields have been understood.
pub(super) struct Reader<'a> {
    object: &'a JsonObject,
    understood: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(object: &'a JsonObject) -> Self {
        Self {
            object,
            understood: Vec::new(),
        }
    }

    /// An object that says its type in a field of its own.
    pub(super) fn of_type(
        object: &'a JsonObject,
        name: &'static str,
    ) -> Result<Self, InvalidWidget> {
        if object.get("type").and_then(Value::as_str) != Some(name) {
            return Err(InvalidWidget::new(Problem::NotOfType(name)));
        }
        Ok(Self {
            object,
            understood: vec!["type"],
        })
    }

    pub(super) fn required<T: Prop>(&mut self, name: &'static str) -> Result<T, InvalidWidget> {
        let json = self
            .object
            .get(name)
            .ok_or(InvalidWidget::new(Problem::Missing(name)))?;
        let value = T::from_json(json).map_err(|error| error.below(name))?;
        self.understood.push(name);
        Ok(value)
    }

    /// None also for a value that this version does not know: that one is among the unknown fields.
    pub(super) fn optional<T: Prop>(&mut self, name: &'static str) -> Option<T> {
        let value = T::from_json(self.object.get(name)?).ok()?;
        self.understood.push(name);
        Some(value)
    }

    /// A list, empty if it is absent.
    pub(super) fn list<T: Prop>(
        &mut self,
        name: &'static str,
        required: bool,
    ) -> Result<Vec<T>, InvalidWidget> {
        let Some(json) = self.object.get(name) else {
            return Ok(Vec::new());
        };
        let entries = json.as_array().ok_or(unreadable().below(name))?;
        // An empty list that might be absent stays what it was: it is kept as if it were unknown.
        if required || !entries.is_empty() {
            self.understood.push(name);
        }
        entries
            .iter()
            .enumerate()
            .map(|(position, entry)| {
                T::from_json(entry).map_err(|error| error.below(&format!("{name}[{position}]")))
            })
            .collect()
    }

    /// What nobody has understood.
    pub(super) fn rest(self) -> JsonObject {
        self.object
            .iter()
            .filter(|(name, _)| !self.understood.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

/// Sets a field, unless the value says that it has none.
pub(super) fn put<T: Prop>(object: &mut JsonObject, name: &str, value: T) {
    let json = value.into_json();
    if !json.is_null() {
        object.insert(name.to_owned(), json);
    }
}

/// Adds the fields that no other setter sets.
pub(super) fn put_unknown(object: &mut JsonObject, unknown: JsonObject) {
    for (name, value) in unknown {
        object.entry(name).or_insert(value);
    }
}

/// Whether a name can be set beside the known fields.
pub(super) fn is_free(name: &str) -> bool {
    !STRUCTURE.contains(&name)
}

/// The object of a component: its type, its fields, no nulls, and no more levels than can be read back.
pub(super) fn into_component(name: &str, record: impl Record) -> WidgetComponent {
    let mut object = JsonObject::new();
    object.insert("type".to_owned(), Value::from(name));
    record.write(&mut object);
    let mut cut = false;
    object.retain(|_, value| fit(value, MAX_DEPTH - 1, &mut cut));
    if cut {
        tracing::warn!(
            component = name,
            "a widget nests deeper than {MAX_DEPTH} levels; what is below is left out"
        );
    }
    WidgetComponent(object)
}

/// Whether a value stays: nulls do not, nor do objects and lists below the deepest level.
fn fit(json: &mut Value, levels: usize, cut: &mut bool) -> bool {
    match json {
        Value::Null => return false,
        Value::Object(_) | Value::Array(_) if levels == 0 => {
            *cut = true;
            return false;
        }
        Value::Object(fields) => fields.retain(|_, value| fit(value, levels - 1, cut)),
        Value::Array(entries) => entries.retain_mut(|entry| fit(entry, levels - 1, cut)),
        _ => {}
    }
    true
}

/// Defines an object of the protocol: a struct with a public field for each field on the wire, a constructor that takes
/// the required ones, a setter for each of the others, and its way to JSON and back.
///
/// A list has a setter for one entry (`add`) and one for several; an empty list is written if it is `required`.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $name:ident {
            $(#[$ctor_meta:meta])*
            $ctor_vis:vis fn $ctor:ident {
                $($(#[$req_meta:meta])* $req:ident: $req_ty:ident = $req_wire:literal,)*
            }
            $(lists {
                $($(#[$list_meta:meta])* $list:ident: $item:ident = $list_wire:literal, $when:ident, add $add:ident;)*
            })?
            $(set {
                $($(#[$opt_meta:meta])* $opt:ident $(as $setter:ident)?: $opt_ty:ident = $opt_wire:literal,)*
            })*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$req_meta])* pub $req: $req_ty,)*
            $($($(#[$list_meta])* pub $list: Vec<$item>,)*)?
            $($($(#[$opt_meta])* pub $opt: Option<$opt_ty>,)*)*
            /// What this version does not know.
            unknown: $crate::types::JsonObject,
        }

        impl $name {
            $(#[$ctor_meta])*
            $ctor_vis fn $ctor($($req: impl Into<$req_ty>),*) -> Self {
                Self {
                    $($req: $req.into(),)*
                    $($($list: Vec::new(),)*)?
                    $($($opt: None,)*)*
                    unknown: $crate::types::JsonObject::new(),
                }
            }

            $($(
                #[doc = concat!("Adds one entry to [`", stringify!($list), "`](Self#structfield.", stringify!($list), ").")]
                pub fn $add(mut self, $add: impl Into<$item>) -> Self {
                    self.$list.push($add.into());
                    self
                }

                #[doc = concat!("Adds entries to [`", stringify!($list), "`](Self#structfield.", stringify!($list), "), behind those that are there.")]
                pub fn $list(mut self, $list: impl IntoIterator<Item = impl Into<$item>>) -> Self {
                    self.$list.extend($list.into_iter().map(Into::into));
                    self
                }
            )*)?

            $($($crate::widgets::fields::setter! { [$(#[$opt_meta])*] $opt [$($setter)? $opt]: $opt_ty })*)*

            /// Sets a field that has no setter, under its name on the wire: the escape for what the client knows and this
            /// version does not.
            ///
            /// A field that is set by its own setter keeps that value. `type`, `id`, `key` and `children` are ignored.
            #[must_use]
            pub fn field(
                mut self,
                name: impl Into<String>,
                value: impl Into<serde_json::Value>,
            ) -> Self {
                let name = name.into();
                if $crate::widgets::fields::is_free(&name) {
                    self.unknown.insert(name, value.into());
                }
                self
            }

            /// The fields that were set by [`field`](Self::field), or read and not understood: of an unknown name, or
            /// with a value that this version does not know.
            pub fn unknown_fields(&self) -> &$crate::types::JsonObject {
                &self.unknown
            }
        }

        impl $crate::widgets::fields::Record for $name {
            fn write(self, object: &mut $crate::types::JsonObject) {
                use $crate::widgets::fields::{put, put_unknown};
                $(put(object, $req_wire, self.$req);)*
                $($(
                    if $crate::widgets::fields::required!($when) || !self.$list.is_empty() {
                        put(object, $list_wire, self.$list);
                    }
                )*)?
                $($(if let Some(value) = self.$opt {
                    put(object, $opt_wire, value);
                })*)*
                put_unknown(object, self.unknown);
            }

            #[allow(unused_mut, reason = "there are records without fields")]
            fn read(
                mut fields: $crate::widgets::fields::Reader<'_>,
            ) -> Result<Self, $crate::widgets::InvalidWidget> {
                Ok(Self {
                    $($req: fields.required($req_wire)?,)*
                    $($($list: fields.list($list_wire, $crate::widgets::fields::required!($when))?,)*)?
                    $($($opt: fields.optional($opt_wire),)*)*
                    unknown: fields.rest(),
                })
            }
        }
    };
}

/// A record that is the value of a field.
macro_rules! value_record {
    ($(#[$meta:meta])* $name:ident $body:tt) => {
        $crate::widgets::fields::record! { $(#[$meta])* $name $body }

        impl $crate::widgets::fields::Prop for $name {
            fn into_json(self) -> serde_json::Value {
                let mut object = $crate::types::JsonObject::new();
                $crate::widgets::fields::Record::write(self, &mut object);
                serde_json::Value::Object(object)
            }

            fn from_json(
                json: &serde_json::Value,
            ) -> Result<Self, $crate::widgets::InvalidWidget> {
                let object = json
                    .as_object()
                    .ok_or($crate::widgets::fields::unreadable())?;
                let fields = $crate::widgets::fields::Reader::new(object);
                $crate::widgets::fields::Record::read(fields)
            }
        }
    };
}

/// Whether an empty list is written.
macro_rules! required {
    (required) => {
        true
    };
    (optional) => {
        false
    };
}

/// A setter. Its name is the field's unless another one stands before it.
///
/// Integers and booleans are taken as they are, for a literal to need no suffix.
macro_rules! setter {
    ([$(#[$meta:meta])*] $field:ident [$setter:ident $($name:ident)?]: bool) => {
        $(#[$meta])*
        pub fn $setter(mut self, $field: bool) -> Self {
            self.$field = Some($field);
            self
        }
    };
    ([$(#[$meta:meta])*] $field:ident [$setter:ident $($name:ident)?]: u32) => {
        $(#[$meta])*
        pub fn $setter(mut self, $field: u32) -> Self {
            self.$field = Some($field);
            self
        }
    };
    ([$(#[$meta:meta])*] $field:ident [$setter:ident $($name:ident)?]: i32) => {
        $(#[$meta])*
        pub fn $setter(mut self, $field: i32) -> Self {
            self.$field = Some($field);
            self
        }
    };
    ([$(#[$meta:meta])*] $field:ident [$setter:ident $($name:ident)?]: $ty:ident) => {
        $(#[$meta])*
        pub fn $setter(mut self, $field: impl Into<$ty>) -> Self {
            self.$field = Some($field.into());
            self
        }
    };
}

pub(super) use {record, required, setter, value_record};

impl Prop for bool {
    fn into_json(self) -> Value {
        Value::Bool(self)
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        json.as_bool().ok_or(unreadable())
    }
}

impl Prop for u32 {
    fn into_json(self) -> Value {
        Value::from(self)
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        json.as_u64()
            .and_then(|number| number.try_into().ok())
            .ok_or(unreadable())
    }
}

impl Prop for i32 {
    fn into_json(self) -> Value {
        Value::from(self)
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        json.as_i64()
            .and_then(|number| number.try_into().ok())
            .ok_or(unreadable())
    }
}

/// Written without a fraction where there is none. What is not finite has no JSON, and is left out.
impl Prop for f64 {
    fn into_json(self) -> Value {
        // Up to here every integer is a float.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if self.fract() == 0.0 && self.abs() <= EXACT {
            Value::from(self as i64)
        } else {
            Value::from(self)
        }
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        json.as_f64().ok_or(unreadable())
    }
}

impl Prop for String {
    fn into_json(self) -> Value {
        Value::String(self)
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        json.as_str().map(Self::from).ok_or(unreadable())
    }
}

impl<T: Prop> Prop for Vec<T> {
    fn into_json(self) -> Value {
        self.into_iter().map(T::into_json).collect()
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        let entries = json.as_array().ok_or(unreadable())?;
        entries.iter().map(T::from_json).collect()
    }
}

impl<T: Prop> Prop for BTreeMap<String, T> {
    fn into_json(self) -> Value {
        let fields = self.into_iter();
        fields
            .map(|(name, value)| (name, value.into_json()))
            .collect()
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        let object = json.as_object().ok_or(unreadable())?;
        let fields = object.iter();
        fields
            .map(|(name, value)| Ok((name.clone(), T::from_json(value)?)))
            .collect()
    }
}

impl Prop for WidgetComponent {
    fn into_json(self) -> Value {
        self.into()
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        let object = json
            .as_object()
            .ok_or(InvalidWidget::new(Problem::NotAnObject))?;
        Ok(Self(object.clone()))
    }
}

impl Prop for IconName {
    fn into_json(self) -> Value {
        Value::from(self.as_str())
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        json.as_str()
            .and_then(|name| name.parse().ok())
            .ok_or(unreadable())
    }
}

/// An action with a field or a handler that this version does not know is not understood, so that nothing of it is lost.
impl Prop for ActionConfig {
    fn into_json(self) -> Value {
        // Its strings, booleans and JSON always serialise.
        serde_json::to_value(self).unwrap_or_default()
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        const FIELDS: [&str; 5] = ["type", "payload", "handler", "loadingBehavior", "streaming"];
        let object = json.as_object().ok_or(unreadable())?;
        if !object.keys().all(|name| FIELDS.contains(&name.as_str())) {
            return Err(unreadable());
        }
        Self::deserialize(json).map_err(|_| unreadable())
    }
}

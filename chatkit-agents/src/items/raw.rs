//! JSON kept as it came.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// One item's JSON, kept exactly as it was written.
///
/// Cloning is cheap: the text is shared. The few fields that decide where an item belongs
/// (`type`, `id`, `call_id`, `role`) are read once, on demand.
#[derive(Clone)]
pub struct RawItem(Arc<Inner>);

struct Inner {
    json: Box<RawValue>,
    header: OnceLock<Header>,
}

/// The routing fields of an item. A field of another JSON type than string counts as absent.
#[derive(Default)]
struct Header {
    item_type: Option<String>,
    id: Option<String>,
    call_id: Option<String>,
    role: Option<String>,
}

impl RawItem {
    /// Wraps JSON that has been read already.
    #[must_use]
    pub fn new(json: Box<RawValue>) -> Self {
        Self(Arc::new(Inner {
            json,
            header: OnceLock::new(),
        }))
    }

    /// Reads an item from text.
    ///
    /// # Errors
    /// When `json` is not one complete JSON value. Any value is accepted, an object or not.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        RawValue::from_string(json.to_owned()).map(Self::new)
    }

    /// Writes any serialisable value as an item.
    ///
    /// # Errors
    /// When the value does not serialise to JSON, e.g. a map with keys that are not strings.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self::new)
    }

    /// The JSON text.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.json.get()
    }

    /// The JSON as a raw value, to embed it into a larger document without copying it first.
    #[must_use]
    pub fn raw(&self) -> &RawValue {
        &self.0.json
    }

    /// The `type` field, if it is a string.
    #[must_use]
    pub fn item_type(&self) -> Option<&str> {
        self.header().item_type.as_deref()
    }

    /// The `id` field, if it is a string.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.header().id.as_deref()
    }

    /// The `call_id` field, if it is a string.
    #[must_use]
    pub fn call_id(&self) -> Option<&str> {
        self.header().call_id.as_deref()
    }

    /// The `role` field, if it is a string.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.header().role.as_deref()
    }

    /// Reads one top-level field that is a string. Borrows from the item unless the string has
    /// escapes. `None` when the field is absent or is not a string.
    #[must_use]
    pub fn string_field(&self, name: &str) -> Option<Cow<'_, str>> {
        let fields = Fields::of(self.raw())?;
        let value = fields.get(name)?;
        serde_json::from_str::<Text<'_>>(value.get())
            .ok()
            .map(|text| text.0)
    }

    /// Decodes the item into a type of the caller's, for item types this crate has no view of.
    ///
    /// # Errors
    /// When the JSON does not fit `T`.
    pub fn decode<'de, T: Deserialize<'de>>(&'de self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.get())
    }

    /// The item with some top-level fields left out; the same item, shared, if there are none.
    pub(crate) fn without(&self, mut drop: impl FnMut(&str, &RawValue) -> bool) -> Self {
        let Some(fields) = Fields::of(self.raw()) else {
            return self.clone();
        };
        let total = fields.0.len();
        let kept: Vec<_> = fields
            .0
            .into_iter()
            .filter(|(name, value)| !drop(name, value))
            .collect();
        if kept.len() == total {
            return self.clone();
        }
        Self::from_value(&Fields(kept)).unwrap_or_else(|_| self.clone())
    }

    /// The item with one more top-level field; the item as it is, if it is no object.
    pub(crate) fn with(&self, name: &str, value: &impl Serialize) -> Self {
        let with = || {
            let mut fields = Fields::of(self.raw())?;
            let value = serde_json::value::to_raw_value(value).ok()?;
            fields.0.retain(|(known, _)| known != name);
            fields.0.push((Cow::Borrowed(name), &value));
            Self::from_value(&fields).ok()
        };
        with().unwrap_or_else(|| self.clone())
    }

    fn header(&self) -> &Header {
        self.0.header.get_or_init(|| {
            let Some(fields) = Fields::of(self.raw()) else {
                return Header::default();
            };
            let text = |name| {
                let value: &RawValue = fields.get(name)?;
                serde_json::from_str::<String>(value.get()).ok()
            };
            Header {
                item_type: text("type"),
                id: text("id"),
                call_id: text("call_id"),
                role: text("role"),
            }
        })
    }
}

/// Shows the type and the length: an item may hold megabytes, and what users wrote.
impl fmt::Debug for RawItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawItem")
            .field("type", &self.item_type())
            .field("bytes", &self.get().len())
            .finish()
    }
}

/// Equal text. Two spellings of the same JSON are not equal.
impl PartialEq for RawItem {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.get() == other.get()
    }
}

impl Eq for RawItem {}

impl Serialize for RawItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::new)
    }
}

/// A string borrowed from the input where it has no escapes. (serde borrows a bare `Cow<str>`
/// only as a direct field, not inside an `Option`.)
#[derive(Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// The top-level fields of an object, in order, values unread.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    fn of(json: &'a RawValue) -> Option<Self> {
        serde_json::from_str(json.get()).ok()
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        Some(value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

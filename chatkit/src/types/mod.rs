//! The protocol's types: requests, items, events and what they are made of.
//!
//! The wire is JSON. Every type here serialises exactly as the ChatKit client (`@openai/chatkit` 1.9) and the Python server
//! SDK (`openai-chatkit` 1.6) write it, and reads what either writes; unknown fields are accepted. Enums are tagged by the
//! field `type`, and fields without a value are left out.
//!
//! All types are `#[non_exhaustive]`: build them with their constructors, which take the required fields, and set the rest with
//! the methods that have the names of the fields.

/// Setters of fields: `some` is for optional ones, `set` takes the place of what was there, `list` takes anything that can
/// be iterated.
macro_rules! setters {
    (@some $(#[$doc:meta])* $field:ident: $ty:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$ty>) -> Self {
            self.$field = Some($field.into());
            self
        }
    };
    (@set $(#[$doc:meta])* $field:ident: $ty:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: $ty) -> Self {
            self.$field = $field;
            self
        }
    };
    (@list $(#[$doc:meta])* $field:ident: $ty:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: impl IntoIterator<Item = impl Into<$ty>>) -> Self {
            self.$field = $field.into_iter().map(Into::into).collect();
            self
        }
    };
    ($($name:ident { $($(#[$doc:meta])* $kind:ident $field:ident: $ty:ty,)* })*) => {
        $(impl $name {
            $(setters!(@$kind $(#[$doc])* $field: $ty);)*
        })*
    };
}

mod action;
mod attachment;
mod event;
mod icon;
mod item;
mod message;
mod request;
mod source;
mod structured_input;
mod task;
mod thread;
mod time;
mod update;

use serde::{Deserialize, Deserializer};

#[doc(hidden)]
pub use action::private as __private;
pub use action::{Action, ActionConfig, Handler, InvalidAction, LoadingBehavior, TypedAction};
pub use attachment::*;
pub use event::*;
pub use icon::*;
pub use item::*;
pub use message::*;
pub use request::*;
pub use source::*;
pub use structured_input::*;
pub use task::*;
pub use thread::*;
pub use time::now;
pub use update::*;

/// A JSON object, in the order its fields were written.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

/// Reads `null` as a default value; other writers of the protocol leave fields out or write `null`.
fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

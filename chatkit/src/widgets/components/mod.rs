//! The components that the protocol knows.

mod chart;
mod choices;
mod content;
mod controls;
mod date;
mod layout;
mod roots;
mod table;
mod text;

pub use chart::*;
pub use choices::*;
pub use content::*;
pub use controls::*;
pub use date::*;
pub use layout::*;
pub use roots::*;
pub use table::*;
pub use text::*;

/// Defines a component: its `type` on the wire, where it may stand, and a [`record!`](super::fields::record) of its fields.
///
/// It may stand wherever a `WidgetComponent` may, be a `WidgetRoot`, or be a `part` of one other component only. `Sizes`,
/// `Layout` and `TextStyle` stand for fields that several components share; `id` and `key` every component has.
macro_rules! component {
    ($(#[$meta:meta])* $name:ident = $wire:literal, $place:ident + Layout { $($body:tt)* }) => {
        component! {
            $(#[$meta])*
            $name = $wire, $place + Sizes {
                $($body)*
                set {
                    /// Where children are put across the direction.
                    align: Alignment = "align",
                    /// How children are spread along the direction.
                    justify: Justification = "justify",
                    /// What happens to children that do not fit into one line.
                    wrap: Wrap = "wrap",
                    /// How much of the free space it takes beside its siblings: a number, or CSS.
                    flex: CssValue = "flex",
                    /// The space between children.
                    gap: CssValue = "gap",
                    /// The space inside its edge.
                    padding: SpacingValue = "padding",
                    /// The space around it.
                    margin: SpacingValue = "margin",
                    /// Its border.
                    border: BorderValue = "border",
                    /// How round its corners are.
                    radius: RadiusValue = "radius",
                    /// What it is filled with: a token such as `surface` or `surface-secondary`, or any other colour.
                    background: Color = "background",
                }
            }
        }
    };
    ($(#[$meta:meta])* $name:ident = $wire:literal, $place:ident + Sizes { $($body:tt)* }) => {
        component! {
            $(#[$meta])*
            $name = $wire, $place {
                $($body)*
                set {
                    /// Its height, in pixels or CSS.
                    height: CssValue = "height",
                    /// Its width, in pixels or CSS.
                    width: CssValue = "width",
                    /// Height and width in one.
                    size: CssValue = "size",
                    /// The least height.
                    min_height: CssValue = "minHeight",
                    /// The least width.
                    min_width: CssValue = "minWidth",
                    /// The least height and width in one.
                    min_size: CssValue = "minSize",
                    /// The greatest height.
                    max_height: CssValue = "maxHeight",
                    /// The greatest width.
                    max_width: CssValue = "maxWidth",
                    /// The greatest height and width in one.
                    max_size: CssValue = "maxSize",
                    /// Width divided by height, or CSS such as `16 / 9`.
                    aspect_ratio: CssValue = "aspectRatio",
                }
            }
        }
    };
    ($(#[$meta:meta])* $name:ident = $wire:literal, $place:ident + TextStyle { $($body:tt)* }) => {
        component! {
            $(#[$meta])*
            $name = $wire, $place {
                $($body)*
                set {
                    /// Its colour: a token such as `secondary`, `tertiary` or `danger`, or any other colour.
                    color: Color = "color",
                    /// How bold it is.
                    weight: FontWeight = "weight",
                    /// Where it is put in its line.
                    text_align: TextAlign = "textAlign",
                    /// Whether text that does not fit ends in an ellipsis.
                    truncate: bool = "truncate",
                    /// After how many lines it is cut off.
                    max_lines: u32 = "maxLines",
                }
            }
        }
    };
    ($(#[$meta:meta])* $name:ident = $wire:literal, $place:ident { $($body:tt)* }) => {
        $crate::widgets::fields::record! {
            $(#[$meta])*
            $name {
                $($body)*
                set {
                    /// Names it for updates; text that is streamed needs one. Unique within the widget.
                    id: String = "id",
                    /// Says which entry of a list it is, when the list changes.
                    key: String = "key",
                }
            }
        }

        impl $crate::widgets::fields::Prop for $name {
            fn into_json(self) -> serde_json::Value {
                $crate::widgets::fields::into_component($wire, self).into()
            }

            fn from_json(
                json: &serde_json::Value,
            ) -> Result<Self, $crate::widgets::InvalidWidget> {
                use $crate::widgets::fields::{Reader, Record, unreadable};
                let object = json.as_object().ok_or(unreadable())?;
                Self::read(Reader::of_type(object, $wire)?)
            }
        }

        impl From<$name> for serde_json::Value {
            fn from(component: $name) -> Self {
                $crate::widgets::fields::Prop::into_json(component)
            }
        }

        /// Reads the component; unknown fields are kept. Fails if the `type` is another one, a required field is absent,
        /// or a required field or a list is of another form.
        impl TryFrom<&$crate::widgets::WidgetComponent> for $name {
            type Error = $crate::widgets::InvalidWidget;

            fn try_from(
                component: &$crate::widgets::WidgetComponent,
            ) -> Result<Self, $crate::widgets::InvalidWidget> {
                use $crate::widgets::fields::{Reader, Record};
                Self::read(Reader::of_type(component.as_object(), $wire)?)
            }
        }

        place! { $name = $wire, $place }
    };
}

/// The conversions that say where a component may stand.
macro_rules! place {
    ($name:ident = $wire:literal, part) => {};
    ($name:ident = $wire:literal, WidgetComponent) => {
        impl From<$name> for $crate::widgets::WidgetComponent {
            fn from(component: $name) -> Self {
                $crate::widgets::fields::into_component($wire, component)
            }
        }
    };
    ($name:ident = $wire:literal, WidgetRoot) => {
        impl From<$name> for $crate::widgets::WidgetRoot {
            fn from(root: $name) -> Self {
                Self($crate::widgets::fields::into_component($wire, root))
            }
        }

        /// Reads the root; unknown fields are kept. Fails if the `type` is another one, a required field is absent, or a
        /// required field or a list is of another form.
        impl TryFrom<&$crate::widgets::WidgetRoot> for $name {
            type Error = $crate::widgets::InvalidWidget;

            fn try_from(
                root: &$crate::widgets::WidgetRoot,
            ) -> Result<Self, $crate::widgets::InvalidWidget> {
                Self::try_from(&root.0)
            }
        }
    };
}

use {component, place};

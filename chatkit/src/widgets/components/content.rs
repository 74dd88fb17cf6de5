//! Badges, icons and images.

use crate::types::IconName;
use crate::widgets::{
    BadgeColor, BadgeSize, BadgeVariant, Color, CssValue, IconSize, ImageFit, ImagePosition,
    RadiusValue, SpacingValue,
};

use super::{component, place};

component! {
    /// A word or two with a coloured ground, such as a state.
    Badge = "Badge", WidgetComponent {
        /// A badge with a text.
        pub fn new {
            /// The text.
            label: String = "label",
        }
        set {
            /// Its colour.
            color: BadgeColor = "color",
            /// Its look.
            variant: BadgeVariant = "variant",
            /// How large it is.
            size: BadgeSize = "size",
            /// Whether its ends are round.
            pill: bool = "pill",
        }
    }
}

component! {
    /// An icon.
    Icon = "Icon", WidgetComponent {
        /// An icon by name.
        pub fn new {
            /// Which icon.
            name: IconName = "name",
        }
        set {
            /// Its colour: a token of text such as `secondary` or `danger`, or any other colour.
            color: Color = "color",
            /// How large it is.
            size: IconSize = "size",
        }
    }
}

component! {
    /// An image.
    Image = "Image", WidgetComponent + Sizes {
        /// An image by its address.
        pub fn new {
            /// The address, or a `data:` URL.
            src: String = "src",
        }
        set {
            /// What it shows, for those who do not see it.
            alt: String = "alt",
            /// How it fills its frame.
            fit: ImageFit = "fit",
            /// Which part of it stays in sight.
            position: ImagePosition = "position",
            /// How round its corners are.
            radius: RadiusValue = "radius",
            /// Whether it has a thin frame.
            frame: bool = "frame",
            /// Whether it reaches the edge of its container, across the padding.
            flush: bool = "flush",
            /// The space around it.
            margin: SpacingValue = "margin",
            /// What is behind it: a token such as `surface`, or any other colour.
            background: Color = "background",
            /// How much of the free space it takes beside its siblings: a number, or CSS.
            flex: CssValue = "flex",
        }
    }
}

//! Containers, and the space between things.

use crate::types::ActionConfig;
use crate::widgets::{
    Alignment, BorderValue, Color, CssValue, Direction, Justification, RadiusValue, SpacingValue,
    WidgetComponent, Wrap,
};

use super::{component, place};

component! {
    /// A container whose direction can be set.
    ///
    /// Its name is that of the standard library's `Box`: write `widgets::Box`, or use it under another name.
    #[derive(Default)]
    Box = "Box", WidgetComponent + Layout {
        /// An empty container.
        pub fn new {}
        lists {
            /// What it holds.
            children: WidgetComponent = "children", optional, add child;
        }
        set {
            /// In which direction children follow each other.
            direction: Direction = "direction",
        }
    }
}

component! {
    /// A container whose children stand side by side.
    #[derive(Default)]
    Row = "Row", WidgetComponent + Layout {
        /// An empty container.
        pub fn new {}
        lists {
            /// What it holds, from left to right.
            children: WidgetComponent = "children", optional, add child;
        }
    }
}

component! {
    /// A container whose children stand one below the other.
    #[derive(Default)]
    Col = "Col", WidgetComponent + Layout {
        /// An empty container.
        pub fn new {}
        lists {
            /// What it holds, from top to bottom.
            children: WidgetComponent = "children", optional, add child;
        }
    }
}

component! {
    /// A container whose controls are sent together.
    ///
    /// Every action from within it carries the values of its controls: they are merged into the payload under the controls'
    /// names, and a name with dots makes nested objects (`todo.title` becomes `payload.todo.title`).
    #[derive(Default)]
    Form = "Form", WidgetComponent + Layout {
        /// An empty form.
        pub fn new {}
        lists {
            /// What it holds.
            children: WidgetComponent = "children", optional, add child;
        }
        set {
            /// What submitting it does, as with a [`Button::submit`](super::Button::submit).
            on_submit_action: ActionConfig = "onSubmitAction",
            /// In which direction children follow each other.
            direction: Direction = "direction",
        }
    }
}

component! {
    /// Free space that pushes its siblings apart.
    #[derive(Default)]
    Spacer = "Spacer", WidgetComponent {
        /// All the space there is.
        pub fn new {}
        set {
            /// The least space it takes.
            min_size: CssValue = "minSize",
        }
    }
}

component! {
    /// A line between parts.
    #[derive(Default)]
    Divider = "Divider", WidgetComponent {
        /// A line across its container.
        pub fn new {}
        set {
            /// Its colour: a token such as `default`, `subtle` or `strong`, or any other colour.
            color: Color = "color",
            /// How thick it is, in pixels or CSS.
            size: CssValue = "size",
            /// The space before and behind it.
            spacing: CssValue = "spacing",
            /// Whether it reaches the edge of its container, across the padding.
            flush: bool = "flush",
        }
    }
}

component! {
    /// Animates what happens to the layout when its child changes.
    Transition = "Transition", WidgetComponent {
        /// Around the child as it is now.
        pub fn new {
            /// The child.
            children: WidgetComponent = "children",
        }
    }
}

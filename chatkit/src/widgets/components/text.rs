//! Text.

use serde_json::Value;

use crate::widgets::fields::{Prop, unreadable, value_record};
use crate::widgets::{
    CaptionSize, Color, CssValue, FontWeight, InvalidWidget, TextAlign, TextSize, TitleSize,
};

use super::{component, place};

component! {
    /// Plain text.
    ///
    /// Text that grows while the widget is streamed needs an [`id`](Self::id), and `streaming` until it is complete.
    ///
    /// ```
    /// use chatkit::widgets::{EditableProps, Text};
    ///
    /// let answer = Text::new("It is ").id("answer").streaming(true);
    /// let title = Text::new("Buy milk").editable(EditableProps::new("todo.title").required(true));
    /// ```
    Text = "Text", WidgetComponent + TextStyle {
        /// Text as it is shown.
        pub fn new {
            /// The text.
            value: String = "value",
        }
        set {
            /// Whether more text is to come; the client then fades it in.
            streaming: bool = "streaming",
            /// Whether it is slanted.
            italic: bool = "italic",
            /// Whether it is struck through.
            line_through: bool = "lineThrough",
            /// The width it has, in pixels or CSS.
            width: CssValue = "width",
            /// How large it is.
            size: TextSize = "size",
            /// For how many lines there is space at least.
            min_lines: u32 = "minLines",
            /// Whether a user can change it, as a control of a form.
            editable: Editable = "editable",
        }
    }
}

/// Whether a [`Text`] can be edited.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Editable {
    /// It cannot.
    No,
    /// It can, as a control with these properties.
    Yes(EditableProps),
}

impl From<EditableProps> for Editable {
    fn from(props: EditableProps) -> Self {
        Self::Yes(props)
    }
}

impl Prop for Editable {
    fn into_json(self) -> Value {
        match self {
            Self::No => Value::Bool(false),
            Self::Yes(props) => props.into_json(),
        }
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        match json {
            Value::Bool(false) => Ok(Self::No),
            Value::Object(_) => EditableProps::from_json(json).map(Self::Yes),
            _ => Err(unreadable()),
        }
    }
}

value_record! {
    /// A [`Text`] as a control of a form.
    EditableProps {
        /// A control of a name: where its value is in the payload of an action.
        pub fn new {
            /// The control's name in the form.
            name: String = "name",
        }
        set {
            /// Whether it has the focus when it appears.
            auto_focus: bool = "autoFocus",
            /// Whether its text is selected when it gets the focus.
            auto_select: bool = "autoSelect",
            /// The browser's hint for completion, such as `email`.
            auto_complete: String = "autoComplete",
            /// Whether password managers may fill it in.
            allow_autofill_extensions: bool = "allowAutofillExtensions",
            /// A regular expression that the value must match.
            pattern: String = "pattern",
            /// Shown while it is empty.
            placeholder: String = "placeholder",
            /// Whether the form cannot be submitted without it.
            required: bool = "required",
        }
    }
}

component! {
    /// A headline.
    Title = "Title", WidgetComponent + TextStyle {
        /// A headline of a text.
        pub fn new {
            /// The text.
            value: String = "value",
        }
        set {
            /// How large it is.
            size: TitleSize = "size",
        }
    }
}

component! {
    /// Small text beside the main thing.
    Caption = "Caption", WidgetComponent + TextStyle {
        /// Small text.
        pub fn new {
            /// The text.
            value: String = "value",
        }
        set {
            /// How large it is.
            size: CaptionSize = "size",
        }
    }
}

component! {
    /// Formatted text, written in Markdown.
    ///
    /// Text that grows while the widget is streamed needs an [`id`](Self::id), and `streaming` until it is complete.
    Markdown = "Markdown", WidgetComponent {
        /// From Markdown.
        pub fn new {
            /// The Markdown.
            value: String = "value",
        }
        set {
            /// Whether more text is to come; the client then fades it in.
            streaming: bool = "streaming",
        }
    }
}

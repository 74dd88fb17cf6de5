//! Sizes, spacing, borders and colours.

use serde_json::Value;

use super::InvalidWidget;
use super::fields::{Prop, value_record};
use super::tokens::BorderStyle;

/// A number, or a string of CSS.
///
/// What a number counts depends on the field: `width` and the like are pixels, `gap` and `padding` units of spacing,
/// `flex` and `aspect_ratio` bare numbers. A number that is not finite leaves the field out.
///
/// ```
/// use chatkit::widgets::{Row, Spacer};
///
/// Row::new().gap(2).width("50%").aspect_ratio(16.0 / 9.0).child(Spacer::new().min_size("auto"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum CssValue {
    /// A number.
    Number(f64),
    /// CSS, such as `50%` or `2rem`.
    Css(String),
}

impl Prop for CssValue {
    fn into_json(self) -> Value {
        match self {
            Self::Number(number) => number.into_json(),
            Self::Css(css) => css.into_json(),
        }
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        match json {
            Value::String(css) => Ok(Self::Css(css.clone())),
            _ => f64::from_json(json).map(Self::Number),
        }
    }
}

/// A colour: a token of the design such as `secondary` or `surface`, a primitive such as `blue-900`, or CSS.
///
/// Which tokens there are depends on the field: of text, of backgrounds, of borders, of charts. Made from a string it is
/// the same in both themes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Color {
    /// The same in the light and the dark theme.
    Same(String),
    /// One for each theme.
    Themed(Box<ThemeColor>),
}

value_record! {
    /// One colour for each theme.
    #[derive(Eq)]
    ThemeColor {
        /// A colour on dark ground, and one on light ground.
        pub fn new {
            /// The colour in the dark theme.
            dark: String = "dark",
            /// The colour in the light theme.
            light: String = "light",
        }
        set {}
    }
}

impl From<&str> for Color {
    fn from(color: &str) -> Self {
        Self::Same(color.to_owned())
    }
}

impl From<String> for Color {
    fn from(color: String) -> Self {
        Self::Same(color)
    }
}

impl From<ThemeColor> for Color {
    fn from(color: ThemeColor) -> Self {
        Self::Themed(color.into())
    }
}

impl Prop for Color {
    fn into_json(self) -> Value {
        match self {
            Self::Same(color) => color.into_json(),
            Self::Themed(color) => (*color).into_json(),
        }
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        match json {
            Value::String(color) => Ok(Self::Same(color.clone())),
            _ => ThemeColor::from_json(json).map(Self::from),
        }
    }
}

/// A padding or a margin: one for all sides, or each side its own.
///
/// ```
/// use chatkit::widgets::{Col, Spacing};
///
/// Col::new().padding(4).margin(Spacing::new().x("auto").top(2));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum SpacingValue {
    /// The same on all sides.
    All(CssValue),
    /// Each side its own.
    Sides(Box<Spacing>),
}

value_record! {
    /// Spacing side by side.
    #[derive(Default)]
    Spacing {
        /// Without any side; set those that need it.
        pub fn new {}
        set {
            /// Above.
            top: CssValue = "top",
            /// To the right.
            right: CssValue = "right",
            /// Below.
            bottom: CssValue = "bottom",
            /// To the left.
            left: CssValue = "left",
            /// Left and right.
            x: CssValue = "x",
            /// Above and below.
            y: CssValue = "y",
        }
    }
}

impl From<CssValue> for SpacingValue {
    fn from(value: CssValue) -> Self {
        Self::All(value)
    }
}

impl From<Spacing> for SpacingValue {
    fn from(sides: Spacing) -> Self {
        Self::Sides(sides.into())
    }
}

impl Prop for SpacingValue {
    fn into_json(self) -> Value {
        match self {
            Self::All(value) => value.into_json(),
            Self::Sides(sides) => (*sides).into_json(),
        }
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        if json.is_object() {
            Spacing::from_json(json).map(Self::from)
        } else {
            CssValue::from_json(json).map(Self::All)
        }
    }
}

/// The border of a container: one for all sides, or each side its own. A number is its width in pixels.
///
/// ```
/// use chatkit::widgets::{Border, BorderStyle, Borders, Box};
///
/// Box::new().border(1);
/// Box::new().border(Border::new(2).color("strong"));
/// Box::new().border(Borders::new().top(1).x(Border::new(1).style(BorderStyle::Dashed)));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum BorderValue {
    /// The same on all sides.
    All(BorderEdge),
    /// Each side its own.
    Sides(Box<Borders>),
}

/// The border of one side.
#[derive(Debug, Clone, PartialEq)]
pub enum BorderEdge {
    /// Its width in pixels.
    Size(f64),
    /// Its width, colour and style.
    Border(Box<Border>),
}

value_record! {
    /// A border's width, colour and style.
    Border {
        /// A border of a width in pixels.
        pub fn new {
            /// The width in pixels.
            size: f64 = "size",
        }
        set {
            /// The colour: a token such as `default`, `subtle` or `strong`, or any other colour.
            color: Color = "color",
            /// The kind of line.
            style: BorderStyle = "style",
        }
    }
}

value_record! {
    /// Borders side by side.
    #[derive(Default)]
    Borders {
        /// Without any side; set those that need it.
        pub fn new {}
        set {
            /// Above.
            top: BorderEdge = "top",
            /// To the right.
            right: BorderEdge = "right",
            /// Below.
            bottom: BorderEdge = "bottom",
            /// To the left.
            left: BorderEdge = "left",
            /// Left and right.
            x: BorderEdge = "x",
            /// Above and below.
            y: BorderEdge = "y",
        }
    }
}

impl From<Border> for BorderEdge {
    fn from(border: Border) -> Self {
        Self::Border(border.into())
    }
}

impl From<Border> for BorderValue {
    fn from(border: Border) -> Self {
        Self::All(border.into())
    }
}

impl From<BorderEdge> for BorderValue {
    fn from(edge: BorderEdge) -> Self {
        Self::All(edge)
    }
}

impl From<Borders> for BorderValue {
    fn from(sides: Borders) -> Self {
        Self::Sides(sides.into())
    }
}

impl Prop for BorderEdge {
    fn into_json(self) -> Value {
        match self {
            Self::Size(size) => size.into_json(),
            Self::Border(border) => (*border).into_json(),
        }
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        if json.is_object() {
            Border::from_json(json).map(Self::from)
        } else {
            f64::from_json(json).map(Self::Size)
        }
    }
}

impl Prop for BorderValue {
    fn into_json(self) -> Value {
        match self {
            Self::All(edge) => edge.into_json(),
            Self::Sides(sides) => (*sides).into_json(),
        }
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        // Only a border of its own has a size.
        match json {
            Value::Object(object) if !object.contains_key("size") => {
                Borders::from_json(json).map(Self::from)
            }
            _ => BorderEdge::from_json(json).map(Self::All),
        }
    }
}

macro_rules! from_numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for CssValue {
            fn from(number: $number) -> Self {
                Self::Number(number.into())
            }
        }

        impl From<$number> for SpacingValue {
            fn from(number: $number) -> Self {
                Self::All(number.into())
            }
        }

        impl From<$number> for BorderEdge {
            fn from(size: $number) -> Self {
                Self::Size(size.into())
            }
        }

        impl From<$number> for BorderValue {
            fn from(size: $number) -> Self {
                Self::All(size.into())
            }
        }
    )*};
}

from_numbers!(i32, u32, f64);

macro_rules! from_text {
    ($($text:ty),*) => {$(
        impl From<$text> for CssValue {
            fn from(css: $text) -> Self {
                Self::Css(css.into())
            }
        }

        impl From<$text> for SpacingValue {
            fn from(css: $text) -> Self {
                Self::All(css.into())
            }
        }
    )*};
}

from_text!(&str, String);

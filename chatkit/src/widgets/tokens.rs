//! The words that fields of widgets take.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::InvalidWidget;
use super::fields::{Prop, unreadable};

macro_rules! tokens {
    ($($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        $(#[$meta])*
        ///
        /// Parsed from a word, one that is not known becomes [`Other`](Self::Other).
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum $name {
            $($variant,)*
            /// A word that a newer client knows.
            Other(String),
        }

        impl $name {
            /// All words of the protocol.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(word: &str) -> Result<Self, Infallible> {
                Ok(match word {
                    $($word => Self::$variant,)*
                    _ => Self::Other(word.to_owned()),
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Prop for $name {
            fn into_json(self) -> Value {
                Value::from(self.as_str())
            }

            fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
                let word = json.as_str().ok_or(unreadable())?;
                match word.parse() {
                    Ok(token) => Ok(token),
                    Err(never) => match never {},
                }
            }
        }
    )*};
}

// Layout.
tokens! {
    /// Where children are put across the direction of their container.
    Alignment { Start = "start", Center = "center", End = "end", Baseline = "baseline", Stretch = "stretch" }

    /// How children are spread along the direction of their container.
    Justification {
        Start = "start", Center = "center", End = "end", Between = "between", Around = "around", Evenly = "evenly",
        Stretch = "stretch",
    }

    /// In which direction children follow each other.
    Direction { Row = "row", Col = "col" }

    /// What happens to children that do not fit into one line.
    Wrap { NoWrap = "nowrap", Wrap = "wrap", WrapReverse = "wrap-reverse" }

    /// How round a corner is.
    RadiusValue {
        Xs2 = "2xs", Xs = "xs", Sm = "sm", Md = "md", Lg = "lg", Xl = "xl", Xl2 = "2xl", Xl3 = "3xl", Xl4 = "4xl",
        Full = "full", Percent100 = "100%", None = "none",
    }

    /// The line of a border.
    BorderStyle {
        Solid = "solid", Dashed = "dashed", Dotted = "dotted", Double = "double", Groove = "groove", Ridge = "ridge",
        Inset = "inset", Outset = "outset",
    }

    /// The colours a widget is drawn in, whatever the page's are.
    Theme { Light = "light", Dark = "dark" }

    /// How wide a card is.
    CardSize { Sm = "sm", Md = "md", Lg = "lg", Full = "full" }
}

// Text.
tokens! {
    /// Where text is put in its line.
    TextAlign { Start = "start", Center = "center", End = "end" }

    /// The size of text in a `Text` or `Label`.
    TextSize { Xs = "xs", Sm = "sm", Md = "md", Lg = "lg", Xl = "xl" }

    /// The size of a `Title`.
    TitleSize {
        Sm = "sm", Md = "md", Lg = "lg", Xl = "xl", Xl2 = "2xl", Xl3 = "3xl", Xl4 = "4xl", Xl5 = "5xl",
    }

    /// The size of a `Caption`.
    CaptionSize { Sm = "sm", Md = "md", Lg = "lg" }

    /// How bold text is.
    FontWeight { Normal = "normal", Medium = "medium", Semibold = "semibold", Bold = "bold" }
}

// Content.
tokens! {
    /// The colour of a `Badge`.
    BadgeColor {
        Secondary = "secondary", Success = "success", Danger = "danger", Warning = "warning", Info = "info",
        Discovery = "discovery",
    }

    /// The look of a `Badge`.
    BadgeVariant { Solid = "solid", Soft = "soft", Outline = "outline" }

    /// The size of a `Badge`.
    BadgeSize { Sm = "sm", Md = "md", Lg = "lg" }

    /// The size of an `Icon`.
    IconSize { Xs = "xs", Sm = "sm", Md = "md", Lg = "lg", Xl = "xl", Xl2 = "2xl", Xl3 = "3xl" }

    /// How an image fills its frame.
    ImageFit { Cover = "cover", Contain = "contain", Fill = "fill", ScaleDown = "scale-down", None = "none" }

    /// Which part of an image stays in sight.
    ImagePosition {
        TopLeft = "top left", Top = "top", TopRight = "top right", Left = "left", Center = "center", Right = "right",
        BottomLeft = "bottom left", Bottom = "bottom", BottomRight = "bottom right",
    }

    /// How the values between two points of a series are drawn.
    CurveType {
        Basis = "basis", BasisClosed = "basisClosed", BasisOpen = "basisOpen", BumpX = "bumpX", BumpY = "bumpY",
        Bump = "bump", Linear = "linear", LinearClosed = "linearClosed", Natural = "natural", MonotoneX = "monotoneX",
        MonotoneY = "monotoneY", Monotone = "monotone", Step = "step", StepBefore = "stepBefore",
        StepAfter = "stepAfter",
    }

    /// Where the content of a table's cell is put.
    TableCellAlign { Start = "start", Center = "center", End = "end" }

    /// The width of a table's column.
    TableColSize { Xs = "xs", Sm = "sm", Md = "md", Lg = "lg", Xl = "xl" }
}

// Controls.
tokens! {
    /// The look of a `Button`, `Select` or `DatePicker`.
    ControlVariant { Solid = "solid", Soft = "soft", Outline = "outline", Ghost = "ghost" }

    /// The size of a control.
    ControlSize {
        Xs3 = "3xs", Xs2 = "2xs", Xs = "xs", Sm = "sm", Md = "md", Lg = "lg", Xl = "xl", Xl2 = "2xl", Xl3 = "3xl",
    }

    /// The rank of a `Button`: a preset of its look.
    ButtonStyle { Primary = "primary", Secondary = "secondary" }

    /// The colour of a `Button`.
    ButtonColor {
        Primary = "primary", Secondary = "secondary", Info = "info", Discovery = "discovery", Success = "success",
        Caution = "caution", Warning = "warning", Danger = "danger",
    }

    /// The size of the icons in a `Button`.
    ButtonIconSize { Sm = "sm", Md = "md", Lg = "lg", Xl = "xl", Xl2 = "2xl" }

    /// What an `Input` takes.
    InputType {
        Number = "number", Email = "email", Text = "text", Password = "password", Tel = "tel", Url = "url",
    }

    /// The look of an `Input` or `Textarea`.
    InputVariant { Soft = "soft", Outline = "outline" }

    /// The space between the edge of an `Input` or `Textarea` and its text.
    GutterSize { Xs2 = "2xs", Xs = "xs", Sm = "sm", Md = "md", Lg = "lg", Xl = "xl" }

    /// On which side of a `DatePicker` its calendar opens.
    DatePickerSide { Top = "top", Bottom = "bottom", Left = "left", Right = "right" }

    /// How the calendar of a `DatePicker` lines up with it.
    DatePickerAlign { Start = "start", Center = "center", End = "end" }
}

//! Names of icons.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! icons {
    ($($variant:ident = $name:literal,)*) => {
        /// An icon that the client can draw.
        ///
        /// Besides the built-in ones there are `vendor:` icons, which the page registers with the client, and `lucide:`
        /// icons. Other names are rejected when read.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "the names say it")]
        #[doc(alias = "WidgetIcon")]
        pub enum IconName {
            $($variant,)*
            /// An icon that the page registers, without its `vendor:` prefix.
            Vendor(String),
            /// An icon of the Lucide set, without its `lucide:` prefix.
            Lucide(String),
        }

        impl IconName {
            /// All built-in icons.
            pub const BUILT_IN: &[Self] = &[$(Self::$variant,)*];

            /// The name on the wire.
            pub fn as_str(&self) -> Cow<'_, str> {
                match self {
                    $(Self::$variant => Cow::Borrowed($name),)*
                    Self::Vendor(name) => Cow::Owned(format!("vendor:{name}")),
                    Self::Lucide(name) => Cow::Owned(format!("lucide:{name}")),
                }
            }
        }

        impl FromStr for IconName {
            type Err = UnknownIcon;

            fn from_str(name: &str) -> Result<Self, UnknownIcon> {
                match name {
                    $($name => Ok(Self::$variant),)*
                    _ => match name.split_once(':') {
                        Some(("vendor", name)) => Ok(Self::vendor(name)),
                        Some(("lucide", name)) => Ok(Self::lucide(name)),
                        _ => Err(UnknownIcon),
                    },
                }
            }
        }
    };
}

icons! {
    Agent = "agent", Analytics = "analytics", Atom = "atom", Batch = "batch", Bolt = "bolt",
    BookOpen = "book-open", BookClosed = "book-closed", BookClock = "book-clock", Bug = "bug",
    Calendar = "calendar", Chart = "chart", Check = "check", CheckCircle = "check-circle",
    CheckCircleFilled = "check-circle-filled", ChevronLeft = "chevron-left", ChevronRight = "chevron-right",
    CircleQuestion = "circle-question", Clock = "clock", Compass = "compass", Confetti = "confetti",
    Cube = "cube", Desktop = "desktop", Document = "document", Dot = "dot",
    DotsHorizontal = "dots-horizontal", DotsVertical = "dots-vertical", EmptyCircle = "empty-circle",
    ExternalLink = "external-link", Globe = "globe", Keys = "keys", Lab = "lab", Images = "images",
    Info = "info", Lifesaver = "lifesaver", Lightbulb = "lightbulb", Mail = "mail", MapPin = "map-pin",
    Maps = "maps", Mobile = "mobile", Name = "name", Notebook = "notebook", NotebookPencil = "notebook-pencil",
    PageBlank = "page-blank", Phone = "phone", Play = "play", Plus = "plus", Profile = "profile",
    ProfileCard = "profile-card", Reload = "reload", Star = "star", StarFilled = "star-filled",
    Search = "search", Sparkle = "sparkle", SparkleDouble = "sparkle-double", SquareCode = "square-code",
    SquareImage = "square-image", SquareText = "square-text", Suitcase = "suitcase",
    SettingsSlider = "settings-slider", User = "user", Wreath = "wreath", Write = "write",
    WriteAlt = "write-alt", WriteAlt2 = "write-alt2",
}

impl IconName {
    /// An icon that the page registers with the client.
    pub fn vendor(name: impl Into<String>) -> Self {
        Self::Vendor(name.into())
    }

    /// An icon of the Lucide set.
    pub fn lucide(name: impl Into<String>) -> Self {
        Self::Lucide(name.into())
    }
}

/// The name is neither a built-in icon nor prefixed with `vendor:` or `lucide:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownIcon;

impl fmt::Display for UnknownIcon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown icon name")
    }
}

impl std::error::Error for UnknownIcon {}

impl fmt::Display for IconName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str())
    }
}

impl Serialize for IconName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.as_str())
    }
}

impl<'de> Deserialize<'de> for IconName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'_, str>::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

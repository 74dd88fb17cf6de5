//! The control for a date.

use std::error::Error;
use std::fmt::{self, Display};
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone};
use serde_json::Value;

use crate::types::ActionConfig;
use crate::widgets::fields::{Prop, unreadable};
use crate::widgets::{ControlSize, ControlVariant, DatePickerAlign, DatePickerSide, InvalidWidget};

use super::{component, place};

component! {
    /// A field with a calendar.
    ///
    /// ```
    /// use chatkit::widgets::DatePicker;
    /// use chrono::NaiveDate;
    ///
    /// let day = NaiveDate::from_ymd_opt(2025, 3, 1).expect("a day of the calendar");
    /// let due = DatePicker::new("due").min(day).placeholder("When?").clearable(true);
    /// ```
    DatePicker = "DatePicker", WidgetComponent {
        /// A field of a name: where its value is in the payload of an action.
        pub fn new {
            /// The field's name in the form.
            name: String = "name",
        }
        set {
            /// What a choice does.
            on_change_action: ActionConfig = "onChangeAction",
            /// Shown while nothing is chosen.
            placeholder: String = "placeholder",
            /// The date chosen at first.
            default_value: IsoDateTime = "defaultValue",
            /// The first date that can be chosen.
            min: IsoDateTime = "min",
            /// The last date that can be chosen.
            max: IsoDateTime = "max",
            /// Its look.
            variant: ControlVariant = "variant",
            /// How large it is.
            size: ControlSize = "size",
            /// On which side its calendar opens.
            side: DatePickerSide = "side",
            /// How its calendar lines up with it.
            align: DatePickerAlign = "align",
            /// Whether its ends are round.
            pill: bool = "pill",
            /// Whether it takes the whole width.
            block: bool = "block",
            /// Whether the choice can be taken back.
            clearable: bool = "clearable",
            /// Whether it cannot be used.
            disabled: bool = "disabled",
        }
    }
}

/// A date and time in ISO 8601, with an offset or without: then it is the user's own time.
///
/// It converts from the date and time types of `chrono`; a date is its midnight. Parsed, a text is kept as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IsoDateTime(String);

impl IsoDateTime {
    /// The text, as it is on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for IsoDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whole seconds, or microseconds: what the Python SDK writes.
const NAIVE: &str = "%Y-%m-%dT%H:%M:%S";

impl From<NaiveDate> for IsoDateTime {
    fn from(date: NaiveDate) -> Self {
        Self(date.format("%Y-%m-%dT00:00:00").to_string())
    }
}

impl From<NaiveDateTime> for IsoDateTime {
    fn from(time: NaiveDateTime) -> Self {
        let micros = time.and_utc().timestamp_subsec_micros();
        Self(if micros == 0 {
            time.format(NAIVE).to_string()
        } else {
            format!("{}.{micros:06}", time.format(NAIVE))
        })
    }
}

impl<Tz: TimeZone<Offset: Display>> From<DateTime<Tz>> for IsoDateTime {
    fn from(time: DateTime<Tz>) -> Self {
        let digits = if time.timestamp_subsec_micros() == 0 {
            SecondsFormat::Secs
        } else {
            SecondsFormat::Micros
        };
        Self(time.to_rfc3339_opts(digits, true))
    }
}

impl FromStr for IsoDateTime {
    type Err = InvalidDateTime;

    fn from_str(text: &str) -> Result<Self, InvalidDateTime> {
        let valid = DateTime::parse_from_rfc3339(text).is_ok()
            || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").is_ok()
            || NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
        valid.then(|| Self(text.to_owned())).ok_or(InvalidDateTime)
    }
}

/// The text is neither an ISO 8601 date nor a date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidDateTime;

impl Display for InvalidDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an ISO 8601 date or date and time")
    }
}

impl Error for InvalidDateTime {}

impl Prop for IsoDateTime {
    fn into_json(self) -> Value {
        Value::String(self.0)
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        json.as_str()
            .and_then(|text| text.parse().ok())
            .ok_or(unreadable())
    }
}

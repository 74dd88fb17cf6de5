//! Timestamps as the protocol writes them.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, SubsecRound, Utc};
use serde::de::{self, Visitor};
use serde::{Deserializer, Serializer};

/// The current time in whole microseconds, the precision that is written.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// Serde for timestamps, to be named in `#[serde(with = …)]`.
///
/// Written in UTC with `Z`, and a fraction of six digits unless it is zero. Read leniently: any offset, none (UTC), a bare
/// date, or Unix time as a number or a numeric string, in milliseconds when it is beyond 2·10¹⁰. So everything that the
/// Python SDK has ever written is read.
pub(super) mod timestamp {
    use super::*;

    pub(in crate::types) fn serialize<S: Serializer>(
        time: &DateTime<Utc>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let digits = if time.timestamp_subsec_micros() == 0 {
            SecondsFormat::Secs
        } else {
            SecondsFormat::Micros
        };
        serializer.collect_str(&time.to_rfc3339_opts(digits, true))
    }

    pub(in crate::types) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DateTime<Utc>, D::Error> {
        deserializer.deserialize_any(Timestamp)
    }
}

struct Timestamp;

impl Visitor<'_> for Timestamp {
    type Value = DateTime<Utc>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a timestamp")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        parse(text)
            .map(|time| time.trunc_subsecs(6))
            .ok_or_else(|| E::custom("not a timestamp"))
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Self::Value, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Self::Value, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Self::Value, E> {
        from_unix(seconds).ok_or_else(|| E::custom("not a timestamp"))
    }
}

fn parse(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    for format in [
        "%Y-%m-%dT%H:%M:%S%.f%z",
        "%Y-%m-%d %H:%M:%S%.f%z",
        "%Y-%m-%dT%H:%M%z",
    ] {
        if let Ok(time) = DateTime::parse_from_str(text, format) {
            return Some(time.to_utc());
        }
    }
    for format in [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return Some(time.and_utc());
        }
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(date.and_hms_opt(0, 0, 0)?.and_utc());
    }
    text.parse().ok().and_then(from_unix)
}

fn from_unix(seconds: f64) -> Option<DateTime<Utc>> {
    let seconds = if seconds.abs() > 2e10 {
        seconds / 1000.0
    } else {
        seconds
    };
    let micros = (seconds * 1e6).round();
    // Floats are compared, not cast blindly: what is out of range is not a time.
    (micros.abs() < 9e18).then(|| DateTime::from_timestamp_micros(micros as i64))?
}

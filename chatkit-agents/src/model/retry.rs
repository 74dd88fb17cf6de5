//! When to try again, and after how long.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

/// The first pause when the endpoint names none; doubled each time (as in `openai` for Python).
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);
/// The longest pause an endpoint may ask for; beyond it the failure is the caller's to handle.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(120);

/// Whether an answer with this status is worth another attempt.
pub(super) fn is_retryable(status: StatusCode, headers: &HeaderMap) -> bool {
    if retry_after(headers, Utc::now()).is_some_and(|delay| delay > LONGEST_RETRY_AFTER) {
        return false;
    }
    // Not a standard header; OpenAI's clients obey it.
    match header(headers, "x-should-retry") {
        Some("true") => return true,
        Some("false") => return false,
        _ => {}
    }
    matches!(status.as_u16(), 408 | 409 | 429) || status.is_server_error()
}

/// How long the endpoint asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let number = |name| header(headers, name)?.trim().parse::<f64>().ok();
    let seconds = number("retry-after-ms")
        .map(|millis| millis / 1000.0)
        .or_else(|| number("retry-after"));
    if let Some(seconds) = seconds {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = DateTime::parse_from_rfc2822(header(headers, "retry-after")?.trim()).ok()?;
    // A date that has passed means: now.
    Some(
        (date.with_timezone(&Utc) - now)
            .to_std()
            .unwrap_or_default(),
    )
}

/// The pause before attempt `retries + 1`.
pub(super) fn delay(retries: u32, asked: Option<Duration>) -> Duration {
    if let Some(asked) = asked.filter(|asked| *asked <= LONGEST_RETRY_AFTER) {
        return asked;
    }
    let doubled = FIRST_BACKOFF.saturating_mul(2u32.saturating_pow(retries));
    // Up to a quarter less, so that clients that failed together do not come back together.
    doubled.min(LONGEST_BACKOFF).mul_f64(1.0 - 0.25 * random())
}

/// A number in 0..1. The standard library seeds each hasher from the system's randomness, which is
/// enough here and needs no further dependency.
fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1u64 << 53) as f64
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).unwrap()
    }

    #[test]
    fn reads_all_spellings_of_retry_after() {
        let read = |pairs: &[_]| retry_after(&headers(pairs), now());
        assert_eq!(
            read(&[("retry-after-ms", "1500"), ("retry-after", "9")]),
            Some(Duration::from_millis(1500))
        );
        assert_eq!(
            read(&[("retry-after", "2.5")]),
            Some(Duration::from_millis(2500))
        );
        assert_eq!(
            read(&[("retry-after", "Fri, 02 Jan 2026 03:04:15 GMT")]),
            Some(Duration::from_secs(10))
        );
        assert_eq!(
            read(&[("retry-after", "Fri, 02 Jan 2026 03:00:00 GMT")]),
            Some(Duration::ZERO)
        );
        for nonsense in ["soon", "-1", "NaN", "inf", ""] {
            assert_eq!(
                retry_after(
                    &HeaderMap::from_iter([(
                        HeaderName::from_static("retry-after"),
                        HeaderValue::from_str(nonsense).unwrap()
                    )]),
                    now()
                ),
                None,
                "{nonsense}"
            );
        }
    }

    #[test]
    fn retries_what_may_pass() {
        let ask = |status: u16, pairs: &[_]| {
            is_retryable(StatusCode::from_u16(status).unwrap(), &headers(pairs))
        };
        for status in [408, 409, 429, 500, 502, 503, 529] {
            assert!(ask(status, &[]), "{status}");
        }
        for status in [301, 400, 401, 403, 404, 422] {
            assert!(!ask(status, &[]), "{status}");
        }
        assert!(ask(400, &[("x-should-retry", "true")]));
        assert!(!ask(500, &[("x-should-retry", "false")]));
        assert!(!ask(429, &[("retry-after", "3600")]));
    }

    #[test]
    fn backs_off_between_bounds() {
        assert_eq!(
            delay(0, Some(Duration::from_millis(7))),
            Duration::from_millis(7)
        );
        for (retries, full) in [(0, 500), (1, 1000), (2, 2000), (9, 8000), (u32::MAX, 8000)] {
            let full = Duration::from_millis(full);
            let delay = delay(retries, None);
            assert!(delay <= full && delay >= full.mul_f64(0.75), "{delay:?}");
        }
    }
}

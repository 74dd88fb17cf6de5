//! U+0000, which PostgreSQL cannot store, neither as text nor inside of JSON.
//!
//! It is written as U+001A (SUBSTITUTE) and `0`, and U+001A itself as U+001A and `1`. So every text comes back as it was,
//! two texts never become one, and almost none is touched.

use std::borrow::Cow;

const SUBSTITUTE: char = '\u{1a}';

/// A text that PostgreSQL can store.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', SUBSTITUTE]) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '\0' => escaped.push_str("\u{1a}0"),
            SUBSTITUTE => escaped.push_str("\u{1a}1"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

/// Undoes [`escape`].
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains(SUBSTITUTE) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\u{1a}0", "\0").replace("\u{1a}1", "\u{1a}"))
}

// JSON texts hold control characters as `\u` and four digits, and have no backslash outside of strings.

/// JSON whose strings PostgreSQL can store.
pub(super) fn escape_json(json: String) -> String {
    if !json.contains("\\u0000") && !json.contains("\\u001") {
        return json;
    }
    replace(&json, |escape, _| match escape {
        r"\u0000" => Some((r"\u001a0", 0)),
        r"\u001a" | r"\u001A" => Some((r"\u001a1", 0)),
        _ => None,
    })
}

/// Undoes [`escape_json`], on the JSON as PostgreSQL writes it.
pub(super) fn unescape_json(json: &str) -> Cow<'_, str> {
    if !json.contains("\\u001a") {
        return Cow::Borrowed(json);
    }
    Cow::Owned(replace(json, |escape, next| match (escape, next) {
        (r"\u001a", Some('0')) => Some((r"\u0000", 1)),
        (r"\u001a", Some('1')) => Some((r"\u001a", 1)),
        _ => None,
    }))
}

/// Replaces `\u` sequences, for which `with` gets the six characters and the one behind them; it answers with what takes
/// their place, and how many bytes behind them that replaces as well.
fn replace<'a>(
    json: &str,
    with: impl Fn(&str, Option<char>) -> Option<(&'a str, usize)>,
) -> String {
    let mut replaced = String::with_capacity(json.len() + 8);
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        replaced.push_str(before);
        let sequence = escape.get(..6).filter(|text| text.starts_with(r"\u"));
        let found = sequence.and_then(|sequence| with(sequence, escape[6..].chars().next()));
        let length = match found {
            Some((text, more)) => {
                replaced.push_str(text);
                6 + more
            }
            None => {
                // The backslash, and what it escapes: that may be a backslash too.
                let length = escape.chars().take(2).map(char::len_utf8).sum();
                replaced.push_str(&escape[..length]);
                length
            }
        };
        rest = &escape[length..];
    }
    replaced.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn odd() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("\0"),
            Just("\u{1a}"),
            Just("0"),
            Just("1"),
            Just("\\"),
            Just("\""),
            Just("u0000"),
            Just("u001a"),
            Just("\u{1b}"),
            Just("é"),
            Just("\n"),
        ];
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn texts_come_back(text in odd()) {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains('\0'));
            let back = unescape(&escaped);
            prop_assert_eq!(back.as_ref(), text.as_str());
        }

        #[test]
        fn json_comes_back(key in odd(), value in odd()) {
            let json = serde_json::json!({ key.as_str(): [value.as_str(), 0] });
            let escaped = escape_json(json.to_string());
            let stored: serde_json::Value = serde_json::from_str(&escaped).unwrap();
            // What is stored is the texts, escaped.
            let expected = serde_json::json!({ escape(&key).into_owned(): [escape(&value), 0] });
            prop_assert_eq!(&stored, &expected);
            let read: serde_json::Value = serde_json::from_str(&unescape_json(&stored.to_string())).unwrap();
            prop_assert_eq!(read, json);
        }
    }

    #[test]
    fn common_json_is_not_touched() {
        let json = r#"{"text": "a \\ \n \u001b 0"}"#.to_owned();
        assert_eq!(escape_json(json.clone()), json);
        assert!(matches!(unescape_json(&json), Cow::Borrowed(_)));
    }
}

//! A call in words that its reader can trust.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::runner::ToolApprovalItem;

/// How many characters of a name, and of a value, are shown.
const NAME: usize = 80;
const VALUE: usize = 500;
/// How many arguments are shown.
const ARGUMENTS: usize = 20;

/// What is asked when the application has no words of its own: who wants to use what, and one line an argument.
///
/// The model has written the arguments, and whatever it has read may have told it what to write. So each value stays on
/// its line, in quotes if it is a text, and nothing in it is invisible; what is cut says so.
pub(super) fn describe(call: &ToolApprovalItem) -> String {
    let agent = visible(&call.agent, NAME);
    let tool = visible(&call.tool_name, NAME);
    let mut text = match &call.namespace {
        Some(namespace) => format!("{agent} wants to use {}.{tool}.", visible(namespace, NAME)),
        None => format!("{agent} wants to use {tool}."),
    };
    for line in arguments(&call.arguments) {
        text.push('\n');
        text.push_str(&line);
    }
    text
}

fn arguments(json: &str) -> Vec<String> {
    let Ok(arguments) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) else {
        return match json.trim() {
            "" | "null" => Vec::new(),
            text => vec![visible(text, VALUE)],
        };
    };
    let more = arguments.len().saturating_sub(ARGUMENTS);
    let lines = arguments.iter().take(ARGUMENTS).map(|(name, value)| {
        // Other than a `Value`, the text of a number has all its digits.
        let text = match serde_json::from_str(value.get()) {
            Ok(Value::Number(_)) | Err(_) => value.get().to_owned(),
            Ok(value) => value.to_string(),
        };
        format!("{}: {}", visible(name, NAME), visible(&text, VALUE))
    });
    let rest = (more > 0).then(|| format!("… and {more} more arguments"));
    lines.chain(rest).collect()
}

/// The text with every character visible, and cut at `limit`.
fn visible(text: &str, limit: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(limit));
    let mut rest = text.chars();
    for character in rest.by_ref().take(limit) {
        if hides(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    match rest.count() {
        0 => shown,
        more => format!("{shown}… ({more} more characters)"),
    }
}

/// Whether a character changes what is around it, or shows nothing.
fn hides(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(arguments: &str) -> String {
        describe(&ToolApprovalItem {
            agent: "Clerk".to_owned(),
            tool_name: "refund".to_owned(),
            namespace: None,
            server: None,
            call_id: "call_1".to_owned(),
            arguments: arguments.to_owned(),
        })
    }

    #[test]
    fn arguments_are_one_line_each() {
        assert_eq!(
            described(r#"{"order": 17, "to": "Ann", "items": [1, {"a": null}]}"#),
            "Clerk wants to use refund.\nitems: [1,{\"a\":null}]\norder: 17\nto: \"Ann\""
        );
        assert_eq!(described("{}"), "Clerk wants to use refund.");
        assert_eq!(described(" "), "Clerk wants to use refund.");
    }

    #[test]
    fn a_value_cannot_look_like_anything_else() {
        let text = described(r#"{"to": "Ann\nApproved by: the boss\u202e\u200b", "a\nb": 1}"#);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains(r"a\u{a}b: 1"), "{text}");
        assert!(
            text.contains(r#"to: "Ann\nApproved by: the boss\u{202e}\u{200b}""#),
            "{text}"
        );
    }

    #[test]
    fn numbers_keep_their_digits_and_text_that_is_no_json_is_shown() {
        assert!(
            described(r#"{"n": 12345678901234567890.10}"#).ends_with("n: 12345678901234567890.10")
        );
        assert!(described("{\"n\": ").ends_with("\n{\"n\":"));
        assert!(described("rm -rf\n/").ends_with("\nrm -rf\\u{a}/"));
    }

    #[test]
    fn what_is_cut_says_so() {
        let text = described(&format!(r#"{{"text": "{}"}}"#, "x".repeat(600)));
        assert!(text.ends_with("x… (102 more characters)"), "{text}");
        let many: Vec<String> = (0..25).map(|n| format!(r#""a{n}": {n}"#)).collect();
        let text = described(&format!("{{{}}}", many.join(",")));
        assert!(text.ends_with("… and 5 more arguments"), "{text}");
    }
}

//! Takes out of a result what differs from run to run, or from one implementation to another without a meaning.

use serde_json::Value;

/// Replaces generated timestamps with `<now>` and measured durations with 0, at any depth, and leaves out the content of
/// a hidden item when it is null: results have no null in a declared field.
///
/// The timestamps that cases supply are before 2025, their durations between 100 and 9999 seconds.
pub(super) fn normalise(mut result: Value) -> Value {
    visit(&mut result);
    result
}

fn visit(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let only_field = fields.len() == 1;
            if fields
                .get("type")
                .is_some_and(|name| name == "hidden_context_item")
                && fields.get("content").is_some_and(Value::is_null)
            {
                fields.shift_remove("content");
            }
            for (name, value) in fields {
                match (name.as_str(), &*value) {
                    ("created_at", Value::String(time)) if is_generated(time) => {
                        *value = "<now>".into();
                    }
                    ("duration", Value::Number(seconds)) if only_field => {
                        if seconds
                            .as_i64()
                            .is_some_and(|n| !(100..10_000).contains(&n))
                        {
                            *value = 0.into();
                        }
                    }
                    _ => visit(value),
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(visit),
        _ => {}
    }
}

/// Whether the text begins like a timestamp of the years 2025 to 2099.
fn is_generated(time: &str) -> bool {
    let Some((date, _)) = time.split_once('T') else {
        return false;
    };
    let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] else {
        return false;
    };
    let digits =
        |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(year, 4) && ("2025"..="2099").contains(&year) && digits(month, 2) && digits(day, 2)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn generated_values_are_replaced_and_given_ones_kept() {
        let result = json!({
            "created_at": "2024-12-31T23:59:59Z",
            "items": [{"created_at": "2026-01-02T03:04:05.678901Z"}, {"created_at": "2025-13"}],
            "hidden": [
                {"type": "hidden_context_item", "content": null},
                {"type": "hidden_context_item", "content": {"a": null}},
            ],
            "summaries": [{"duration": 3}, {"duration": 150}, {"duration": 3, "unit": "s"}, {"duration": 10_000}],
        });
        let expected = json!({
            "created_at": "2024-12-31T23:59:59Z",
            "items": [{"created_at": "<now>"}, {"created_at": "2025-13"}],
            "hidden": [
                {"type": "hidden_context_item"},
                {"type": "hidden_context_item", "content": {"a": null}},
            ],
            "summaries": [{"duration": 0}, {"duration": 150}, {"duration": 3, "unit": "s"}, {"duration": 0}],
        });
        assert_eq!(normalise(result), expected);
    }
}

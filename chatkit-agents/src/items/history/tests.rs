use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::*;

fn item(json: Value) -> InputItem {
    serde_json::from_value(json).unwrap()
}

fn items(json: Value) -> Vec<InputItem> {
    serde_json::from_value(json).unwrap()
}

fn pruned(json: Value) -> Value {
    let mut items = items(json);
    prune_orphans(&mut items);
    serde_json::to_value(items).unwrap()
}

fn user(text: &str) -> Value {
    json!({"type": "message", "role": "user", "content": text})
}

fn answer(id: &str) -> Value {
    json!({"type": "message", "id": id, "role": "assistant", "content": [{"type": "output_text", "text": id, "annotations": []}]})
}

fn reasoning(id: &str) -> Value {
    json!({"type": "reasoning", "id": id, "summary": []})
}

fn call(id: &str) -> Value {
    json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": id, "name": "f", "arguments": "{}"})
}

fn output(id: &str) -> Value {
    json!({"type": "function_call_output", "call_id": id, "output": "ok"})
}

#[test]
fn a_call_id_that_is_used_again_is_another_call() {
    let call = |item: &str| json!({"type": "function_call", "id": item, "call_id": "call_1", "name": "f", "arguments": item});
    let history = json!([
        user("a"),
        call("fc_1"),
        output("call_1"),
        call("fc_2"),
        output("call_1"),
        call("fc_3"),
    ]);
    let mut expected = history.clone();
    expected.as_array_mut().unwrap().pop();
    assert_eq!(pruned(history), expected);
}

#[test]
fn a_call_without_output_goes_with_its_reasoning() {
    let history = json!([
        user("a"),
        reasoning("rs_1"),
        reasoning("rs_2"),
        call("c1"),
        call("c2"),
        output("c2"),
        reasoning("rs_3"),
        answer("m1"),
    ]);
    let expected = json!([
        user("a"),
        call("c2"),
        output("c2"),
        reasoning("rs_3"),
        answer("m1")
    ]);
    assert_eq!(pruned(history), expected);
}

#[test]
fn an_output_needs_its_own_kind_of_call_before_it() {
    for history in [
        json!([user("a"), output("c1")]),
        json!([user("a"), output("c1"), call("c1")]),
        json!([user("a"), {"type": "shell_call", "call_id": "c1", "action": {}}, output("c1")]),
        json!([user("a"), {"type": "mcp_approval_response", "approval_request_id": "r1", "approve": true}]),
        json!([user("a"), {"type": "mcp_approval_request", "id": "r1", "name": "f"}]),
    ] {
        assert_eq!(pruned(history.clone()), json!([user("a")]), "{history}");
    }
}

#[test]
fn every_pair_stays() {
    let mut history = vec![user("a")];
    for (call, output) in pairs().take(7) {
        history.push(reasoning(&format!("rs_{call}")));
        history.push(json!({"type": call, "id": format!("i_{call}"), "call_id": "same"}));
        history.push(json!({"type": output, "call_id": "same"}));
    }
    history.push(json!({"type": "mcp_approval_request", "id": "r1"}));
    history.push(json!({"type": "mcp_approval_response", "approval_request_id": "r1"}));
    history.push(json!({"type": "tool_search_call", "execution": "server", "call_id": null}));
    history.push(json!({"type": "tool_search_output", "execution": "server", "call_id": null}));
    history.push(json!({"type": "function_call", "id": "old", "name": "f", "arguments": "{}"}));
    history.push(output("old"));
    assert_eq!(pruned(history.clone().into()), Value::from(history));
}

#[test]
fn the_latest_value_wins_and_the_earliest_position_stays() {
    let old = json!({"type": "web_search_call", "id": "ws_1", "status": "in_progress"});
    let new = json!({"type": "web_search_call", "id": "ws_1", "status": "completed"});
    let mut changed = call("c1");
    changed["arguments"] = json!(r#"{"a":1}"#);
    let mut late = output("c1");
    late["output"] = json!("late");
    let history = json!([
        user("a"),
        user("a"),
        old,
        call("c1"),
        output("c1"),
        new,
        changed,
        late,
        answer("m1"),
        answer("m1"),
    ]);
    let expected = json!([
        user("a"),
        user("a"),
        new,
        changed,
        late,
        answer("m1"),
        answer("m1")
    ]);
    assert_eq!(pruned(history), expected);
}

#[test]
fn ids_of_different_types_and_placeholders_are_not_the_same() {
    let history = json!([
        {"type": "web_search_call", "id": "x"}, {"type": "file_search_call", "id": "x"},
        {"type": "web_search_call", "id": "__fake_id__"}, {"type": "web_search_call", "id": "__fake_id__"},
        {"type": "compaction", "encrypted_content": "a"}, {"type": "compaction", "encrypted_content": "a"},
    ]);
    assert_eq!(pruned(history.clone()), history);
}

#[test]
fn reasoning_needs_what_it_led_to() {
    for lonely in [
        json!([user("a"), reasoning("rs_1"), user("b"), answer("m1")]),
        json!([
            user("a"),
            reasoning("rs_1"),
            output("c1"),
            user("b"),
            answer("m1")
        ]),
        json!([
            user("a"),
            user("b"),
            answer("m1"),
            reasoning("rs_1"),
            reasoning("rs_2")
        ]),
    ] {
        assert_eq!(pruned(lonely), json!([user("a"), user("b"), answer("m1")]));
    }
    let hosted =
        json!([user("a"), reasoning("rs_1"), {"type": "image_generation_call", "id": "ig_1"}]);
    assert_eq!(pruned(hosted.clone()), hosted);
}

#[test]
fn references_may_stand_for_the_counterpart() {
    let history = json!([{"type": "item_reference", "id": "fc_1"}, output("c1"), output("c1")]);
    let expected = json!([{"type": "item_reference", "id": "fc_1"}, output("c1")]);
    assert_eq!(pruned(history), expected);
}

#[test]
fn a_limit_cuts_no_pair() {
    let history = json!([
        user("a"),
        reasoning("rs_1"),
        call("c1"),
        call("c2"),
        output("c1"),
        output("c2"),
        reasoning("rs_2"),
        answer("m1"),
        user("b"),
        answer("m2"),
    ]);
    let latest = |limit| {
        let mut items = items(history.clone());
        keep_latest(&mut items, limit);
        serde_json::to_value(items).unwrap()
    };
    let whole = |from: usize| Value::from(history.as_array().unwrap()[from..].to_vec());
    assert_eq!(latest(0), json!([]));
    assert_eq!(latest(1), whole(9));
    assert_eq!(latest(2), whole(8));
    // The reasoning of m1 is cut off.
    assert_eq!(latest(3), whole(8));
    assert_eq!(latest(4), whole(6));
    // Outputs whose calls are cut off, and calls whose reasoning is.
    for limit in 5..=8 {
        assert_eq!(latest(limit), whole(6), "{limit}");
    }
    assert_eq!(latest(9), whole(1));
    for limit in [10, 11, usize::MAX] {
        assert_eq!(latest(limit), history);
    }
}

/// One response of the model and what answers it, by the kinds of its items.
fn response() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0..12u8, 1..5)
}

/// A history that the API accepts.
fn valid() -> impl Strategy<Value = Vec<Value>> {
    let turn = (any::<bool>(), 0..3usize, response());
    prop::collection::vec(turn, 0..7).prop_map(|turns| {
        let mut history = Vec::new();
        let mut number = 0;
        let mut next = |prefix: &str| {
            number += 1;
            format!("{prefix}_{number}")
        };
        for (asks, thoughts, kinds) in turns {
            if asks || history.is_empty() {
                history.push(user("same text"));
            }
            for _ in 0..thoughts {
                history.push(reasoning(&next("rs")));
            }
            let mut outputs = Vec::new();
            for kind in kinds {
                match kind {
                    0..=6 => {
                        let (call, output) = pairs().nth(usize::from(kind)).unwrap();
                        let call_id = next("call");
                        history.push(json!({"type": call, "id": next("i"), "call_id": call_id}));
                        outputs.push(json!({"type": output, "call_id": call_id}));
                    }
                    7 => {
                        let id = next("mcpr");
                        history.push(json!({"type": "mcp_approval_request", "id": id}));
                        outputs.push(
                            json!({"type": "mcp_approval_response", "approval_request_id": id}),
                        );
                    }
                    8 => history.push(json!({"type": "web_search_call", "id": next("ws")})),
                    9 => history.push(json!({"type": "newer_than_this", "id": next("n")})),
                    10 => history.push(json!({"role": "assistant", "content": "easy form"})),
                    _ => history.push(answer(&next("msg"))),
                }
            }
            history.append(&mut outputs);
        }
        history
    })
}

#[derive(Clone, Debug)]
enum Edit {
    Delete(Index, usize),
    Duplicate(Index, usize, Index),
    /// An item comes again later, with another content.
    Again(Index, Index),
    Swap(Index, Index, usize),
    CutFront(Index),
    CutBack(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    prop_oneof![
        (index(), 1..4usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        (index(), 1..5usize, index())
            .prop_map(|(from, length, to)| Edit::Duplicate(from, length, to)),
        (index(), index()).prop_map(|(from, to)| Edit::Again(from, to)),
        (index(), index(), 1..4usize).prop_map(|(a, b, length)| Edit::Swap(a, b, length)),
        index().prop_map(Edit::CutFront),
        index().prop_map(Edit::CutBack),
    ]
}

fn apply(history: &mut Vec<Value>, edit: &Edit) {
    let length = history.len();
    if length == 0 {
        return;
    }
    let window = |at: &Index, size: usize| {
        let start = at.index(length);
        start..(start + size).min(length)
    };
    match edit {
        Edit::Delete(at, size) => drop(history.drain(window(at, *size))),
        Edit::Duplicate(from, size, to) => {
            let copy = history[window(from, *size)].to_vec();
            let to = to.index(length + 1);
            history.splice(to..to, copy);
        }
        Edit::Again(from, to) => {
            let mut copy = history[from.index(length)].clone();
            copy["version"] = json!(length);
            history.insert(to.index(length + 1), copy);
        }
        Edit::Swap(a, b, size) => {
            let (a, b) = (a.index(length), b.index(length));
            for offset in 0..*size {
                if a.max(b) + offset < length {
                    history.swap(a + offset, b + offset);
                }
            }
        }
        Edit::CutFront(at) => drop(history.drain(..at.index(length))),
        Edit::CutBack(at) => history.truncate(at.index(length)),
    }
}

fn text<'a>(item: &'a Value, field: &str) -> Option<&'a str> {
    item.get(field)?.as_str()
}

/// What the API would refuse, written without any of the code above.
fn fault(history: &[Value]) -> Option<String> {
    let calls = [
        "function_call",
        "custom_tool_call",
        "shell_call",
        "apply_patch_call",
        "computer_call",
        "local_shell_call",
    ];
    let is_output = |item: &Value| {
        text(item, "type").is_some_and(|t| t.ends_with("_output") || t == "mcp_approval_response")
    };
    for (at, item) in history.iter().enumerate() {
        let (before, after) = (&history[..at], &history[at + 1..]);
        let item_type = text(item, "type").unwrap_or_default();
        let refers = |other: &Value, other_type: &str, theirs: &str, ours: &str| {
            text(other, "type") == Some(other_type) && text(other, theirs) == text(item, ours)
        };
        let answers = |other: &Value| match item_type {
            "mcp_approval_request" => {
                refers(other, "mcp_approval_response", "approval_request_id", "id")
            }
            "tool_search_call" => refers(other, "tool_search_output", "call_id", "call_id"),
            _ => refers(other, &format!("{item_type}_output"), "call_id", "call_id"),
        };
        let asks = |other: &Value| match item_type {
            "mcp_approval_response" => {
                refers(other, "mcp_approval_request", "id", "approval_request_id")
            }
            "tool_search_output" => refers(other, "tool_search_call", "call_id", "call_id"),
            _ => refers(
                other,
                item_type.strip_suffix("_output").unwrap_or_default(),
                "call_id",
                "call_id",
            ),
        };
        let needs_output = calls.contains(&item_type)
            || ["tool_search_call", "mcp_approval_request"].contains(&item_type);
        if needs_output && after.iter().filter(|other| answers(other)).count() != 1 {
            return Some(format!("call {at} has not one output"));
        }
        if is_output(item) && before.iter().filter(|other| asks(other)).count() != 1 {
            return Some(format!("output {at} has not one call"));
        }
        if item_type == "reasoning" {
            let follower = after
                .iter()
                .find(|item| text(item, "type") != Some("reasoning"));
            let produced = |item: &Value| {
                text(item, "role").unwrap_or("assistant") == "assistant" && !is_output(item)
            };
            if !follower.is_some_and(produced) {
                return Some(format!("reasoning {at} led to nothing"));
            }
        }
        let twin = |other: &&Value| {
            text(item, "role").is_none()
                && text(item, "id").is_some()
                && text(other, "id") == text(item, "id")
                && text(other, "type") == Some(item_type)
        };
        if before.iter().any(|other| twin(&other)) {
            return Some(format!("item {at} is there twice"));
        }
    }
    None
}

/// What identifies an item, whatever its content.
fn identity(item: &Value) -> String {
    let field = |name| text(item, name).unwrap_or_default();
    let content = if item.get("role").is_some() {
        item.to_string()
    } else {
        String::new()
    };
    [
        field("type"),
        field("id"),
        field("call_id"),
        field("approval_request_id"),
        &content,
    ]
    .join("|")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_valid_history_does_not_change(history in valid()) {
        prop_assert_eq!(fault(&history), None);
        prop_assert_eq!(pruned(history.clone().into()), Value::from(history));
    }

    #[test]
    fn edited_histories_become_valid(mut history in valid(), edits in prop::collection::vec(edit(), 1..6)) {
        for edit in &edits {
            apply(&mut history, edit);
        }
        let result: Vec<Value> = serde_json::from_value(pruned(history.clone().into())).unwrap();
        prop_assert_eq!(fault(&result), None);
        prop_assert_eq!(pruned(result.clone().into()), Value::from(result.clone()), "a second pass changes nothing");

        // What is left is in the order it was in.
        let mut rest = history.iter().map(identity);
        for item in &result {
            let identity = identity(item);
            prop_assert!(rest.any(|other| other == identity), "{} is out of order", identity);
        }
        // Every value is the latest of its kind that is not an output before its call.
        for item in result.iter().filter(|item| item.get("role").is_none()) {
            let latest = history.iter().rfind(|other| identity(other) == identity(item));
            let early_output = text(item, "type").is_some_and(|t| t.ends_with("_output") || t.ends_with("_response"));
            prop_assert!(early_output || latest == Some(item));
        }
        // Nothing that a person or the model said is lost.
        let said = |items: &[Value]| items.iter().filter(|item| item.get("role").is_some()).count();
        prop_assert_eq!(said(&result), said(&history));
    }

    #[test]
    fn borrowed_items_are_treated_alike(mut history in valid(), edits in prop::collection::vec(edit(), 1..6)) {
        for edit in &edits {
            apply(&mut history, edit);
        }
        let owned: Vec<InputItem> = history.into_iter().map(item).collect();
        let mut borrowed: Vec<&InputItem> = owned.iter().collect();
        prune_orphans(&mut borrowed);
        let borrowed: Vec<InputItem> = borrowed.into_iter().cloned().collect();
        let mut owned = owned;
        prune_orphans(&mut owned);
        prop_assert_eq!(owned, borrowed);
    }

    #[test]
    fn limits_leave_valid_histories(history in valid(), limit in 0..30usize) {
        let mut latest = items(history.clone().into());
        keep_latest(&mut latest, limit);
        prop_assert!(latest.len() <= limit);
        let latest: Vec<Value> = serde_json::from_value(serde_json::to_value(latest).unwrap()).unwrap();
        prop_assert_eq!(fault(&latest), None);
        // No item of a response without the response's reasoning.
        if let Some(first) = latest.first() {
            let at = history.iter().rposition(|item| identity(item) == identity(first)).unwrap();
            let produced = |item: &&Value| {
                text(item, "role") != Some("user")
                    && !text(item, "type").is_some_and(|t| t.ends_with("_output") || t.ends_with("_response"))
            };
            if produced(&first) && text(first, "role").is_none() {
                let response = history[..at].iter().rev().take_while(produced);
                prop_assert!(response.into_iter().all(|item| text(item, "type") != Some("reasoning")));
            }
        }
    }
}

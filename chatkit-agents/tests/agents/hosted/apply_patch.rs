//! Patches of files.

use super::*;

fn call(operation: Value) -> Value {
    json!({"type": "apply_patch_call", "id": "ap_1", "call_id": "call_1", "operation": operation, "status": "completed"})
}

fn answer(status: &str, output: &str) -> Value {
    let mut answer =
        json!({"type": "apply_patch_call_output", "call_id": "call_1", "status": status});
    if !output.is_empty() {
        answer["output"] = output.into();
    }
    answer
}

#[tokio::test]
async fn files_are_created_changed_moved_and_removed() {
    let files = Files::default();
    let run = async |operation| answered(ApplyPatchTool::new(files.clone()), call(operation)).await;
    let create = json!({"type": "create_file", "path": "a.txt", "diff": "+one\n+two"});
    assert_eq!(run(create).await, answer("completed", "Created a.txt."));
    assert_eq!(files.text("a.txt").unwrap(), "one\ntwo");

    let update = json!({"type": "update_file", "path": "a.txt", "diff": "-one\n+1\n two"});
    assert_eq!(run(update).await, answer("completed", ""));
    assert_eq!(files.text("a.txt").unwrap(), "1\ntwo");

    let moved = json!({
        "type": "update_file", "path": "a.txt", "diff": "-two\n+2", "move_to": "b.txt",
    });
    run(moved).await;
    assert_eq!(files.text("a.txt"), None);
    assert_eq!(files.text("b.txt").unwrap(), "1\n2");

    let delete = json!({"type": "delete_file", "path": "b.txt"});
    assert_eq!(run(delete).await, answer("completed", "Removed b.txt."));
    assert_eq!(files.text("b.txt"), None);
}

#[tokio::test]
async fn what_does_not_fit_goes_to_the_model() {
    for (operation, text) in [
        (
            json!({"type": "update_file", "path": "a", "diff": "-x"}),
            "There is no such file.",
        ),
        (
            json!({"type": "create_file", "path": "a", "diff": "x"}),
            "The diff cannot be applied: a line of a new file begins with `+`, not so:\nx",
        ),
        (
            json!({"type": "delete_file", "path": ""}),
            "Invalid arguments for tool apply_patch_call: operation.path: it is empty",
        ),
    ] {
        let got = answered(ApplyPatchTool::new(Files::default()), call(operation)).await;
        assert_eq!(got, answer("failed", text));
    }
    let unknown = call(json!({"type": "rename_file", "path": "a"}));
    let got = answered(ApplyPatchTool::new(Files::default()), unknown).await;
    assert_eq!(got["status"], "failed");
}

//! Computers.

use super::*;

fn call(actions: Value, checks: Value) -> Value {
    json!({
        "type": "computer_call", "id": "cu_1", "call_id": "call_1", "actions": actions,
        "pending_safety_checks": checks, "status": "completed",
    })
}

/// `png` in base64.
const SCREENSHOT: &str = "data:image/png;base64,cG5n";

#[tokio::test]
async fn actions_are_done_and_a_screenshot_is_the_answer() {
    let screen = Screen::default();
    let actions = json!([
        {"type": "click", "x": 1, "y": 2, "button": "left", "keys": null},
        {"type": "drag", "path": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]},
        {"type": "scroll", "x": 0, "y": 0, "scroll_x": 0, "scroll_y": 100, "keys": ["SHIFT"]},
        {"type": "type", "text": "hi"},
        {"type": "screenshot"},
    ]);
    let answer = answered(ComputerTool::new(screen.clone()), call(actions, json!([]))).await;
    assert_eq!(
        answer,
        json!({
            "type": "computer_call_output",
            "call_id": "call_1",
            "output": {"type": "computer_screenshot", "image_url": SCREENSHOT},
        })
    );
    let done = screen.0.lock().unwrap();
    assert_eq!(done.len(), 4);
    assert!(matches!(&done[0], ComputerAction::Click { x: 1, y: 2, keys, .. } if keys.is_empty()));
    assert!(
        matches!(&done[2], ComputerAction::Scroll { scroll_y: 100, keys, .. } if keys == &["SHIFT"])
    );
}

#[tokio::test]
async fn older_models_send_one_action() {
    let screen = Screen::default();
    let call = json!({
        "type": "computer_call", "id": "cu_1", "call_id": "call_1", "status": "completed",
        "action": {"type": "keypress", "keys": ["CTRL", "C"]}, "pending_safety_checks": [],
    });
    answered(ComputerTool::new(screen.clone()), call).await;
    let keys = vec!["CTRL".to_owned(), "C".to_owned()];
    assert_eq!(
        *screen.0.lock().unwrap(),
        [ComputerAction::Keypress { keys }]
    );
}

fn check() -> Value {
    json!([{"id": "sc_1", "code": "malicious_instructions", "message": "Look twice."}])
}

#[tokio::test]
async fn a_function_acknowledges_safety_checks() {
    let tool = |answer: bool| {
        ComputerTool::new(Screen::default()).on_safety_check(
            move |data: ComputerSafetyCheckData<'_, ()>| {
                let known = data.check.code.as_deref() == Some("malicious_instructions");
                answer && known
            },
        )
    };
    let wait = json!([{"type": "move", "x": 1, "y": 1}]);
    let answer = answered(tool(true), call(wait.clone(), check())).await;
    assert_eq!(answer["acknowledged_safety_checks"], check());
    let error = ended(tool(false), call(wait, check())).await;
    assert_eq!(error.kind(), RunErrorKind::Tool);
    assert!(
        format!("{error:#}").contains("not acknowledged"),
        "{error:#}"
    );
}

#[tokio::test]
async fn a_person_acknowledges_safety_checks_where_no_function_does() {
    let server = server([
        Script::new().then_item(call(json!([{"type": "screenshot"}]), check())),
        Script::text("Done"),
    ])
    .await;
    let agent = agent::<()>(&server).tool(ComputerTool::new(Screen::default()));
    let result = Runner::run(&agent, "Go", ()).await.unwrap();
    assert_eq!(result.interruptions().len(), 1);
    let mut state = result.into_state();
    state.approve("call_1").unwrap();
    Runner::resume(&agent, state, ()).await.unwrap();
    let answer = &bodies(&server)[1]["input"][2];
    assert_eq!(answer["acknowledged_safety_checks"], check());
}

#[tokio::test]
async fn a_failure_ends_the_run() {
    for action in [json!([{"type": "wait"}]), json!([{"type": "sing"}])] {
        let tool = ComputerTool::new(Screen::default());
        let tool = tool.on_safety_check(async |_: ComputerSafetyCheckData<'_, ()>| true);
        let error = ended(tool, call(action, json!([]))).await;
        assert_eq!(error.kind(), RunErrorKind::Tool);
    }
}

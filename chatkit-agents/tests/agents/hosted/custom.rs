//! Tools that take a text.

use super::*;

fn call(input: &str) -> Value {
    json!({"type": "custom_tool_call", "id": "ct_1", "call_id": "call_1", "name": "sql", "input": input})
}

fn tool() -> CustomTool<()> {
    CustomTool::new("sql", "Runs an SQL query.", sql)
}

#[tokio::test]
async fn the_text_arrives_as_it_is() {
    for (input, output) in [
        ("SELECT 1", "1"),
        ("{\"a\":", "Not known: {\"a\":"),
        (
            "DROP",
            "An error occurred while running the tool. Please try again.",
        ),
    ] {
        assert_eq!(
            answered(tool(), call(input)).await,
            json!({"type": "custom_tool_call_output", "call_id": "call_1", "output": output})
        );
    }
}

#[tokio::test]
async fn the_answer_may_be_an_image() {
    let tool = CustomTool::new("sql", "", async |_: ToolContext<'_, ()>| {
        ToolOutputImage::from_url("https://x.test/a.png")
    });
    let answer = answered(tool, call("")).await;
    assert_eq!(answer["output"][0]["type"], "input_image");
}

#[tokio::test]
async fn several_are_told_apart_by_name() {
    let other = CustomTool::new("other", "", async |_: ToolContext<'_, ()>| "other");
    let server = server([
        Script::new().then_item(call("SELECT 1")),
        Script::text("Done"),
    ])
    .await;
    let agent = agent(&server).tool(tool()).tool(other);
    Runner::run(&agent, "Go", ()).await.unwrap();
    assert_eq!(bodies(&server)[1]["input"][2]["output"], "1");
}

#[tokio::test]
async fn one_that_does_not_exist_is_answered_too() {
    let answer = answered(says::<()>("f", "ok"), call("x")).await;
    assert_eq!(
        answer,
        json!({
            "type": "custom_tool_call_output", "call_id": "call_1",
            "output": "Tool 'sql' not found.",
        })
    );
}

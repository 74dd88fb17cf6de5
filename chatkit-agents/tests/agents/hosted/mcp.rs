//! MCP servers that the provider talks to.

use super::*;

fn asks(id: &str, server: &str, name: &str) -> Value {
    json!({
        "type": "mcp_approval_request", "id": id, "server_label": server, "name": name,
        "arguments": "{\"page\":1}",
    })
}

async fn decide(request: McpApprovalRequest<'_, ()>) -> McpApproval {
    assert_eq!(request.server_label(), "wiki");
    assert_eq!(request.arguments(), "{\"page\":1}");
    match request.name() {
        "read_page" => McpApproval::approve(),
        "panic" => panic!("a panic on purpose"),
        _ => McpApproval::reject("Only reading is allowed."),
    }
}

fn wiki() -> HostedMcpTool<()> {
    HostedMcpTool::url("wiki", "https://wiki.example/mcp")
}

#[tokio::test]
async fn a_function_decides() {
    let answer = |approve: bool| {
        json!({
            "type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": approve,
        })
    };
    let tool = || wiki().on_approval_request(decide);
    let asked = answered(tool(), asks("mcpr_1", "wiki", "read_page")).await;
    assert_eq!(asked, answer(true));
    let asked = answered(tool(), asks("mcpr_1", "wiki", "write_page")).await;
    let mut expected = answer(false);
    expected["reason"] = "Only reading is allowed.".into();
    assert_eq!(asked, expected);
    let asked = answered(tool(), asks("mcpr_1", "wiki", "panic")).await;
    assert_eq!(asked["approve"], false);
}

#[tokio::test]
async fn a_person_decides_where_no_function_does() {
    let raw = || {
        Tool::hosted(json!({"type": "mcp", "server_label": "wiki", "server_url": "https://x.test"}))
    };
    for tool in [wiki().into(), raw()] {
        let server = server([
            Script::new().then_item(asks("mcpr_1", "wiki", "write_page")),
            Script::text("Done"),
        ])
        .await;
        let agent = agent(&server).tool(tool);
        let result = Runner::run(&agent, "Go", ()).await.unwrap();
        let waiting = result.interruptions();
        assert_eq!(waiting[0].tool_name, "write_page");
        assert_eq!(waiting[0].namespace.as_deref(), Some("wiki"));
        let mut state = result.into_state();
        state.reject_with("mcpr_1", "No.").unwrap();
        let json = state.to_json().unwrap();
        let state = chatkit_agents::RunState::from_json(&json).unwrap();
        Runner::resume(&agent, state, ()).await.unwrap();
        assert_eq!(
            bodies(&server)[1]["input"][2],
            json!({
                "type": "mcp_approval_response", "approval_request_id": "mcpr_1",
                "approve": false, "reason": "No.",
            })
        );
    }
}

/// To approve a tool for good says nothing of a tool with the same name on another server, nor of a function.
#[tokio::test]
async fn always_means_the_tool_of_one_server() {
    let server = server([
        Script::new().then_item(asks("mcpr_1", "wiki", "delete")),
        Script::new().then_item(asks("mcpr_2", "wiki", "delete")),
        Script::new()
            .then_item(asks("mcpr_3", "shop", "delete"))
            .then_item(call_item(4, "delete", "{}")),
    ])
    .await;
    let agent = agent(&server)
        .tool(wiki())
        .tool(HostedMcpTool::url("shop", "https://shop.example/mcp"))
        .tool(says("delete", "gone").needs_approval(async |_: ToolContext<'_, ()>| true));
    let mut state = Runner::run(&agent, "Go", ()).await.unwrap().into_state();
    state.approve_always("mcpr_1").unwrap();
    let result = Runner::resume(&agent, state, ()).await.unwrap();
    let waiting: Vec<_> = result
        .interruptions()
        .into_iter()
        .map(|item| item.call_id)
        .collect();
    assert_eq!(waiting, ["mcpr_3", "call_4"]);
    let input = bodies(&server)[2]["input"].clone();
    assert_eq!(input[2]["approve"], true);
    assert_eq!(input[4]["approve"], true);
}

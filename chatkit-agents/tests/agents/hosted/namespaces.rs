//! Functions in namespaces.

use super::*;

fn call(number: u32, namespace: Option<&str>, name: &str) -> Value {
    let mut call = call_item(number, name, "{}");
    if let Some(namespace) = namespace {
        call["namespace"] = namespace.into();
    }
    call
}

#[tokio::test]
async fn a_name_is_looked_for_in_its_namespace_only() {
    let server = server([
        Script::new()
            .then_item(call(1, Some("crm"), "find"))
            .then_item(call(2, Some("shop"), "find"))
            .then_item(call(3, None, "find"))
            .then_item(call(4, Some("crm"), "plain")),
        Script::text("Done"),
    ])
    .await;
    let crm = ToolNamespace::new("crm", "Customers.");
    let shop = ToolNamespace::new("shop", "Goods.");
    let named = |name: &str| {
        tool(name, |ctx: OwnedToolContext<()>| async move {
            ctx.tool_namespace().unwrap_or("none").to_owned()
        })
    };
    let agent = agent(&server)
        .tool(crm.tool(named("find")))
        .tool(shop.tool(named("find")))
        .tool(named("plain"));
    Runner::run(&agent, "Go", ()).await.unwrap();
    let outputs: Vec<_> = outputs(&bodies(&server)[1])
        .into_iter()
        .map(|(_, output)| output)
        .collect();
    assert_eq!(
        outputs,
        [
            "crm",
            "shop",
            "Tool 'find' not found.",
            "Tool 'plain' not found."
        ]
    );
}

#[tokio::test]
async fn a_run_stops_at_a_name_with_or_without_its_namespace() {
    for (name, stops) in [("crm.find", true), ("find", true), ("shop.find", false)] {
        let server = server([
            Script::new().then_item(call(1, Some("crm"), "find")),
            Script::text("Done"),
        ])
        .await;
        let crm = ToolNamespace::new("crm", "Customers.");
        let agent = agent(&server)
            .tool(crm.tool(says::<()>("find", "found")))
            .tool_use_behavior(ToolUseBehavior::stop_at_tools([name]));
        let result = Runner::run(&agent, "Go", ()).await.unwrap();
        assert_eq!(result.final_output == "found", stops, "{name}");
    }
}

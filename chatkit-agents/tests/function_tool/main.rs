//! Tools as a program writes them: the attribute, closures, outputs, and errors.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

mod arguments;
mod errors;
mod outputs;

use std::collections::HashMap;
use std::time::Duration;

use chatkit_agents::items::ContentPart;
use chatkit_agents::tool::{
    FnTool, FunctionTool, ImageDetail, IntoToolOutput, Json, OwnedToolContext, Tool, ToolContext,
    ToolError, ToolErrorKind, ToolOutput, ToolOutputFileContent, ToolOutputImage, ToolOutputText,
    tool_fn,
};
use chatkit_agents::{RunContext, function_tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone)]
struct User {
    name: String,
    admin: bool,
}

fn user(name: &str) -> User {
    User {
        name: name.to_owned(),
        admin: name == "root",
    }
}

/// Calls a tool as a run does, with the arguments as the model writes them.
async fn call<C>(
    tool: &impl FunctionTool<C>,
    context: &C,
    arguments: &str,
) -> Result<ToolOutput, ToolError> {
    tool.call(ToolContext::new(context, "under_test", "call_1", arguments))
        .await
}

/// A structured result.
fn json_of(output: ToolOutput) -> Value {
    match output {
        ToolOutput::Json(value) => value,
        other => panic!("not JSON: {other:?}"),
    }
}

/// The text that the model reads instead of a result.
async fn failure<C>(tool: &impl FunctionTool<C>, context: &C, arguments: &str) -> String {
    let error = call(tool, context, arguments).await.unwrap_err();
    tool.failure_message(&error).into_owned()
}

mod context {
    use super::*;

    /// Greets the user.
    #[function_tool]
    async fn greet(ctx: ToolContext<'_, User>, greeting: String) -> String {
        format!("{greeting} {} ({})", ctx.name, ctx.tool_call_id())
    }

    type Ctx<'a> = chatkit_agents::tool::ToolContext<'a, User>;

    /// Says who asks.
    #[function_tool]
    async fn who(#[ctx] ctx: Ctx<'_>) -> String {
        ctx.name.clone()
    }

    /// Has a parameter whose name is like that of a context.
    #[function_tool]
    async fn impostor(ctx: String, context: Option<String>) -> String {
        format!("{ctx} {context:?}")
    }

    #[tokio::test]
    async fn reaches_the_tool_and_not_the_schema() {
        let output = call(&greet, &user("Ada"), r#"{"greeting":"Hello"}"#)
            .await
            .unwrap();
        assert_eq!(output, ToolOutput::Text("Hello Ada (call_1)".to_owned()));
        let properties = &greet::definition().unwrap().parameters()["properties"];
        assert_eq!(*properties, json!({"greeting": {"type": "string"}}));
    }

    #[tokio::test]
    async fn may_hide_behind_an_alias() {
        let output = call(&who, &user("Ada"), "").await.unwrap();
        assert_eq!(output, ToolOutput::Text("Ada".to_owned()));
    }

    #[tokio::test]
    async fn is_not_told_by_the_name_of_a_parameter() {
        let output = call(&impostor, &(), r#"{"ctx":"a","context":"b"}"#)
            .await
            .unwrap();
        assert_eq!(output, ToolOutput::Text("a Some(\"b\")".to_owned()));
    }

    #[tokio::test]
    async fn is_given_to_the_plain_function_in_tests() {
        let user = user("Ada");
        let ctx = ToolContext::new(&user, "greet", "call_7", "{}");
        assert_eq!(greet::call(ctx, "Hi".to_owned()).await, "Hi Ada (call_7)");
    }

    #[test]
    fn does_not_show_user_content_in_debug() {
        let user = user("Ada");
        let ctx = ToolContext::new(&user, "greet", "call_1", r#"{"greeting":"secret"}"#);
        for shown in [format!("{ctx:?}"), format!("{:?}", ctx.to_owned())] {
            assert!(shown.contains("call_1"), "{shown}");
            assert!(
                !shown.contains("secret") && !shown.contains("Ada"),
                "{shown}"
            );
        }
    }
}

mod options {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(1500);

    fn is_admin(user: &User) -> bool {
        user.admin
    }

    async fn is_admin_later(user: &User) -> bool {
        tokio::task::yield_now().await;
        user.admin
    }

    fn never() -> bool {
        false
    }

    fn explain(error: &ToolError) -> String {
        format!("It failed: {error}.")
    }

    /// Not the description.
    #[function_tool(
        name = "other-name",
        description = "The description.",
        strict = false,
        timeout = "250ms",
        is_enabled = is_admin,
        failure_message = "Come back later.",
    )]
    async fn all_options(_ctx: ToolContext<'_, User>, code: u8) -> Result<(), ToolError> {
        match code {
            0 => Err(std::io::Error::other("disk on fire").into()),
            1 => Err(ToolError::for_model("A better text.")),
            _ => Ok(()),
        }
    }

    #[tokio::test]
    async fn are_all_obeyed() {
        let definition = all_options::definition().unwrap();
        assert_eq!(
            definition.to_wire(),
            json!({
                "type": "function",
                "name": "other-name",
                "description": "The description.",
                "parameters": {
                    "type": "object",
                    "properties": {"code": {"type": "integer", "minimum": 0, "maximum": 255}},
                    "required": ["code"],
                },
                "strict": false,
            })
        );
        assert_eq!(all_options.timeout(), Some(Duration::from_millis(250)));
        assert!(
            all_options
                .is_enabled(RunContext::new(&user("root")))
                .await
                .unwrap()
        );
        assert!(
            !all_options
                .is_enabled(RunContext::new(&user("Ada")))
                .await
                .unwrap()
        );

        let user = user("Ada");
        assert_eq!(
            failure(&all_options, &user, r#"{"code":0}"#).await,
            "Come back later."
        );
        assert_eq!(
            failure(&all_options, &user, r#"{"code":1}"#).await,
            "A better text."
        );
        assert_eq!(
            failure(&all_options, &user, "{}").await,
            "Invalid arguments for tool under_test: code: missing field"
        );
    }

    #[function_tool(timeout = 3, is_enabled = is_admin_later, failure_message = explain)]
    async fn functions(_ctx: ToolContext<'_, User>) -> Result<(), std::fmt::Error> {
        Err(std::fmt::Error)
    }

    #[function_tool(timeout = LIMIT, is_enabled = never, description = concat!("two ", "parts"))]
    async fn expressions() {}

    #[tokio::test]
    async fn may_be_functions_and_expressions() {
        assert_eq!(functions.timeout(), Some(Duration::from_secs(3)));
        assert!(
            functions
                .is_enabled(RunContext::new(&user("root")))
                .await
                .unwrap()
        );
        assert!(
            !functions
                .is_enabled(RunContext::new(&user("Ada")))
                .await
                .unwrap()
        );
        assert_eq!(
            failure(&functions, &user("Ada"), "").await,
            "It failed: the tool failed."
        );

        assert_eq!(FunctionTool::<()>::timeout(&expressions), Some(LIMIT));
        assert!(!expressions.is_enabled(RunContext::new(&())).await.unwrap());
        assert_eq!(
            expressions::definition().unwrap().description(),
            "two parts"
        );
    }

    /// One.
    /// Two.
    ///
    ///   Indented.
    #[function_tool]
    async fn plain() {}

    #[tokio::test]
    async fn have_defaults() {
        let definition = plain::definition().unwrap();
        assert_eq!(definition.name(), "plain");
        assert_eq!(definition.description(), "One.\nTwo.\n\n  Indented.");
        assert!(definition.is_strict());
        assert_eq!(FunctionTool::<()>::timeout(&plain), None);
        assert!(plain.is_enabled(RunContext::new(&())).await.unwrap());
    }

    mod renamed {
        use chatkit_agents as agents;

        /// Finds the crate by the given path only.
        #[chatkit_agents::function_tool(crate = "super::renamed::agents")]
        pub(super) async fn elsewhere(number: i32) -> i32 {
            number + 1
        }
    }

    #[tokio::test]
    async fn name_the_crate_when_it_is_renamed() {
        let output = call(&renamed::elsewhere, &(), r#"{"number":1}"#)
            .await
            .unwrap();
        assert_eq!(output, ToolOutput::Json(json!(2)));
    }
}

mod closures {
    use super::*;

    #[derive(Deserialize, JsonSchema)]
    struct Add {
        /// The first number.
        a: i64,
        b: Option<i64>,
    }

    fn adder(offset: i64) -> FnTool<User> {
        tool_fn(
            "add",
            "Adds.",
            move |ctx: OwnedToolContext<User>, args: Add| async move {
                if args.a < 0 {
                    return Err(ToolError::for_model(format!(
                        "{}, that is negative",
                        ctx.name
                    )));
                }
                Ok(args.a + args.b.unwrap_or(offset))
            },
        )
    }

    #[tokio::test]
    async fn are_tools() {
        let tool = adder(10);
        let output = call(&tool, &user("Ada"), r#"{"a":1}"#).await.unwrap();
        assert_eq!(output, ToolOutput::Json(json!(11)));
        assert_eq!(
            failure(&tool, &user("Ada"), r#"{"a":-1}"#).await,
            "Ada, that is negative"
        );
        assert_eq!(
            failure(&tool, &user("Ada"), "").await,
            "Invalid arguments for tool under_test: a: missing field"
        );
        assert_eq!(
            tool.definition().unwrap().to_wire(),
            json!({
                "type": "function",
                "name": "add",
                "description": "Adds.",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "a": {"description": "The first number.", "type": "integer"},
                        "b": {"type": ["integer", "null"]},
                    },
                    "required": ["a", "b"],
                    "additionalProperties": false,
                },
                "strict": true,
            })
        );
    }

    #[tokio::test]
    async fn have_options() {
        let tool = adder(0)
            .strict(false)
            .timeout(Duration::from_secs(1))
            .is_enabled(|run: RunContext<'_, User>| run.admin)
            .failure_message(|error| format!("{:?}", error.kind()));
        let tool: &dyn FunctionTool<User> = &tool;
        assert_eq!(
            tool.definition().unwrap().parameters()["required"],
            json!(["a"])
        );
        assert_eq!(tool.timeout(), Some(Duration::from_secs(1)));
        assert!(
            tool.is_enabled(RunContext::new(&user("root")))
                .await
                .unwrap()
        );
        assert!(
            !tool
                .is_enabled(RunContext::new(&user("Ada")))
                .await
                .unwrap()
        );
        let error = ToolError::invalid_arguments("add", "none");
        assert_eq!(tool.failure_message(&error), "InvalidArguments");
    }

    #[tokio::test]
    async fn may_bring_a_schema() {
        let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}});
        let tool =
            FnTool::with_schema("echo", "", schema, |ctx: OwnedToolContext<()>| async move {
                ctx.tool_arguments().to_owned()
            });
        // Nothing but the closure looks at the arguments.
        let output = call(&tool, &(), "not JSON").await.unwrap();
        assert_eq!(output, ToolOutput::Text("not JSON".to_owned()));
        assert_eq!(
            tool.definition().unwrap().parameters()["required"],
            json!(["text"])
        );
    }
}

mod tools_of_an_agent {
    use super::*;

    /// Does nothing.
    #[function_tool]
    async fn noop() {}

    /// Needs a user.
    #[function_tool]
    async fn needs_user(_ctx: ToolContext<'_, User>) {}

    #[test]
    fn come_from_all_kinds() {
        let closure = tool_fn(
            "f",
            "",
            |_: OwnedToolContext<User>, _: HashMap<String, u8>| async {},
        );
        let tools: Vec<Tool<User>> = vec![
            noop.into(),
            needs_user.into(),
            closure.strict(false).into(),
            Tool::function(noop),
            Tool::hosted(json!({"type": "web_search", "filters": null})),
        ];
        let kinds: Vec<_> = tools
            .iter()
            .map(|tool| {
                let wire = tool.clone().to_wire().unwrap();
                (
                    tool.as_function().is_some(),
                    wire["type"].clone(),
                    wire["name"].clone(),
                )
            })
            .collect();
        assert_eq!(
            kinds,
            [
                (true, json!("function"), json!("noop")),
                (true, json!("function"), json!("needs_user")),
                (true, json!("function"), json!("f")),
                (true, json!("function"), json!("noop")),
                (false, json!("web_search"), Value::Null),
            ]
        );
        let hosted = tools.last().unwrap().to_wire().unwrap();
        assert_eq!(
            hosted.to_string(),
            r#"{"type":"web_search","filters":null}"#
        );
        assert_eq!(format!("{:?}", tools[0]), r#"Function(Ok("noop"))"#);
    }

    #[test]
    fn share_one_definition() {
        let first = noop::definition().unwrap();
        let second = FunctionTool::<()>::definition(&noop).unwrap();
        assert!(std::ptr::eq(first, second));
    }
}

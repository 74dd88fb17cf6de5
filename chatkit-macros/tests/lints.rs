//! A library that denies undocumented items, and all that clippy knows to say, may use every macro.
//!
//! It has a `main` of its own because the compiler asks for no docs in what it builds as a test.
#![deny(
    missing_docs,
    missing_debug_implementations,
    rust_2018_idioms,
    warnings,
    clippy::all,
    clippy::pedantic
)]
#![allow(unreachable_pub, reason = "a program exports nothing")]

use chatkit::types::TypedAction;
use chatkit::widgets::widget_template;
use chatkit_agents::tool::{
    Tool, ToolContext, ToolError, ToolGuardrailFunctionOutput, ToolOutputGuardrailData,
};
use chatkit_agents::{BoxError, function_tool};

/// A user.
#[derive(Debug)]
pub struct User {
    /// Whether the user may do everything.
    pub admin: bool,
}

fn is_admin(user: &User) -> bool {
    user.admin
}

async fn check_arguments(
    ctx: ToolContext<'_, User>,
) -> Result<ToolGuardrailFunctionOutput, BoxError> {
    Ok(match ctx.tool_arguments() {
        "" => ToolGuardrailFunctionOutput::RaiseException,
        _ => ToolGuardrailFunctionOutput::Allow,
    })
}

async fn check_result(
    data: ToolOutputGuardrailData<'_, User>,
) -> Result<ToolGuardrailFunctionOutput, BoxError> {
    let _ = data.output;
    Ok(ToolGuardrailFunctionOutput::Allow)
}

/// Looks something up.
#[function_tool]
pub async fn lookup(
    _ctx: ToolContext<'_, User>,
    /// What to look up.
    key: String,
) -> Result<String, ToolError> {
    Ok(key)
}

/// Has every option.
#[function_tool(
    name = "all-options",
    strict = false,
    timeout = "5s",
    is_enabled = is_admin,
    needs_approval = is_admin,
    input_guardrails = [check_arguments],
    output_guardrails = check_result,
    ends_run = ToolError::is_timed_out,
    failure_message = "It does not work.",
    defer_loading,
    allowed_callers = ["direct", "programmatic"],
)]
pub async fn all_options(ctx: ToolContext<'_, User>, count: Option<u32>) -> Option<u32> {
    assert!(ctx.admin);
    count
}

#[function_tool(description = "Is documented by its description.")]
pub async fn described(
    #[allow(unused, reason = "what stands on an argument stays there")] key: String,
) {
}

/// Is behind a `cfg`.
#[function_tool]
#[cfg(any())]
pub async fn absent() -> Missing {}

/// What a user may click.
#[derive(Debug, Clone, TypedAction)]
pub enum Action {
    /// Opens an order.
    Open {
        /// Its number.
        order: u64,
    },
}

widget_template! {
    /// A card.
    pub struct Order = "./compiles/order.widget";
}

fn main() {
    let tools: [Tool<User>; 3] = [lookup.into(), all_options.into(), described.into()];
    for tool in tools {
        assert!(tool.to_wire().is_ok(), "{tool:?}");
    }
    assert_eq!(Action::TYPES, ["open"]);
    assert!(Order::template().is_ok());
}

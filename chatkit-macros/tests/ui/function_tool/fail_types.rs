use chatkit_agents::function_tool;
use chatkit_agents::tool::{Tool, ToolContext};

struct User;
struct Other;
struct Opaque;

#[function_tool]
async fn bad_output() -> Opaque {
    Opaque
}

#[function_tool]
async fn not_a_context(#[ctx] _ctx: Other) {}

#[function_tool]
async fn for_user(_ctx: ToolContext<'_, User>) {}

fn wrong_context(_: &Other) -> bool {
    true
}

fn says_text(_: &User) -> &'static str {
    "yes"
}

fn of_an_error(_: u8) -> bool {
    true
}

#[function_tool(needs_approval = wrong_context)]
async fn asks_of_another(_ctx: ToolContext<'_, User>) {}

#[function_tool(is_enabled = says_text)]
async fn enabled_by_a_text(_ctx: ToolContext<'_, User>) {}

#[function_tool(ends_run = of_an_error)]
async fn ends_by_a_number() {}

#[function_tool(input_guardrails = [wrong_context])]
async fn checked_by_a_flag(_ctx: ToolContext<'_, User>) {}

fn main() {
    let _: Tool<Other> = Tool::function(for_user);
}

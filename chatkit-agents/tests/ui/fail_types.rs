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

fn main() {
    let _: Tool<Other> = Tool::function(for_user);
}

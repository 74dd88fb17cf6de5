use chatkit_agents::function_tool;
use chatkit_agents::tool::ToolContext;

struct User;

#[function_tool]
async fn not_first(city: String, ctx: ToolContext<'_, User>) {}

#[function_tool]
async fn twice(first: ToolContext<'_, User>, second: ToolContext<'_, User>) {}

#[function_tool]
async fn by_reference(ctx: &ToolContext<'_, User>) {}

#[function_tool]
async fn with_arguments(#[ctx(1)] #[serde(default)] ctx: ToolContext<'_, User>) {}

fn main() {}

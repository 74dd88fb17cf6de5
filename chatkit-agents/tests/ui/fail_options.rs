use chatkit_agents::function_tool;

/// All mistakes are shown at once.
#[function_tool(
    nmae = "x",
    colour = "red",
    strict = "no",
    strict,
    timeout = "5 days",
    is_enabled = true,
    failure_message = 5,
    description = 1,
    name = "not a name",
    name = "again"
)]
async fn options() {}

#[function_tool(timeout = 0)]
async fn zero_timeout() {}

#[function_tool(timeout = -1)]
async fn negative_timeout() {}

#[function_tool(name = "a" strict = true)]
async fn no_comma() {}

#[function_tool("a")]
async fn no_key() {}

#[function_tool(crate = 5)]
async fn bad_crate() {}

fn main() {}

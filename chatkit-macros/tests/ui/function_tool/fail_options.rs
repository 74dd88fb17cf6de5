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

#[function_tool(
    needs_approval = 5,
    ends_run = "yes",
    input_guardrails = [],
    output_guardrails = ["a"],
    defer_loading = 1,
    allowed_callers = ["nobody"],
    need_approval
)]
async fn values_of_flags_and_lists() {}

#[function_tool(input_guardrails)]
async fn guardrails_without_a_value() {}

#[function_tool(output_guardrails = check)]
async fn guardrails_without_a_context() {}

fn main() {}

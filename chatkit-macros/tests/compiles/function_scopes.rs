//! Tools see what is around them, in modules and in functions, and shadow nothing of it.

#![allow(unreachable_pub, reason = "a test exports nothing")]

use chatkit_agents::function_tool;
use chatkit_agents::tool::Tool;

type Result<T> = std::result::Result<T, std::io::Error>;
type Option<T> = std::option::Option<T>;

mod inner {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    pub struct Arguments {
        pub a: u8,
    }

    /// Has a type like those that generated code may have.
    #[chatkit_agents::function_tool]
    pub async fn nested(arguments: Arguments, self_: super::Option<u8>) -> super::Result<u8> {
        Ok(arguments.a + self_.unwrap_or_default())
    }
}

/// Is named like a part of what it becomes.
#[function_tool]
async fn call(mut definition: String, ctx: String, error: String, context: String) -> String {
    definition.push_str(&(ctx + &error + &context));
    definition
}

macro_rules! tool {
    ($name:ident, $text:expr, $limit:literal) => {
        #[function_tool(description = $text, timeout = $limit)]
        async fn $name(number: u8) -> u8 {
            number
        }
    };
}

tool!(made_by_macro, "From a macro.", 3);

#[test]
fn tools_work_in_every_scope() {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Local(u8);

    /// Lives in a function.
    #[function_tool]
    async fn local(value: Local) -> u8 {
        value.0
    }

    let _: [Tool<()>; 4] = [
        inner::nested.into(),
        call.into(),
        local.into(),
        made_by_macro.into(),
    ];
}

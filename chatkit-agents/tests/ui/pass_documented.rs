//! A library that denies undocumented items may export tools.
#![deny(missing_docs, warnings, rust_2018_idioms, unreachable_pub)]

use chatkit_agents::function_tool;
use chatkit_agents::tool::{Tool, ToolContext};

/// A user.
#[derive(Debug)]
pub struct User;

/// Looks something up.
#[function_tool]
pub async fn lookup(
    _ctx: ToolContext<'_, User>,
    /// What to look up.
    key: String,
) -> String {
    key
}

#[function_tool(description = "Is documented by its description.")]
pub async fn described(#[allow(unused)] key: String) {}

/// Is behind a `cfg`.
#[function_tool]
#[cfg(any())]
pub async fn absent() -> Missing {}

fn main() {
    let _: [Tool<User>; 2] = [lookup.into(), described.into()];
}

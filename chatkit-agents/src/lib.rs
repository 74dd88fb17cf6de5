//! chatkit-agents

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod tool;

pub use tool::function_tool;

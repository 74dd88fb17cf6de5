//! chatkit-agents

pub mod items;
pub mod model;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tool;

pub use tool::function_tool;

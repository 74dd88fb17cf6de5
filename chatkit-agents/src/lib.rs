//! chatkit-agents

pub mod items;
pub mod model;
#[cfg(feature = "testing")]
pub mod testing;

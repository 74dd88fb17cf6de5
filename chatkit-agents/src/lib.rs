//! chatkit-agents

pub mod items;
pub mod model;

//! chatkit-agents

pub mod tool;

//! What the examples have in common.

pub mod model;
pub mod serve;

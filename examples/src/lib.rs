//! What the examples have in common.

pub mod model;
pub mod page;
pub mod serve;

//! What the examples have in common.

pub mod serve;

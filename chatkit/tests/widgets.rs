//! Typed widgets, from outside.

#[path = "widgets/golden.rs"]
mod golden;

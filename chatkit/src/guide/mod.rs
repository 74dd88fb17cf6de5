//! What no single type explains. There is one guide: [`production`].

/// What a server needs before users come, in the order in which it is set up.
#[doc = include_str!("production.md")]
pub mod production {}

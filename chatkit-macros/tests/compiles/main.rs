//! Macros in places where their code could go wrong: other names in scope, renamed crates, every kind of schema.

mod action_hygiene;
mod function_scopes;
mod template_kinds;
mod template_order;

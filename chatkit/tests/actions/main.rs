//! Actions as Rust types, from a widget to the handler and back.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod server;
mod typed;

/// What the compiler says about actions that are written wrong.
#[test]
fn mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui_action/pass_*.rs");
    cases.compile_fail("tests/ui_action/fail_*.rs");
}

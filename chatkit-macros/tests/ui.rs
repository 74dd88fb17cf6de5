//! What the compiler says about macros that are used wrong.
//!
//! They are all here, and not beside what the macros are for: the project that is built for this has every feature of the
//! crate it belongs to, and here that is no database.

#[test]
fn mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/bounds/fail_*.rs");
    cases.compile_fail("tests/ui/function_tool/fail_*.rs");
    cases.compile_fail("tests/ui/typed_action/fail_*.rs");
    cases.compile_fail("tests/ui/widget_template/fail_*.rs");
}

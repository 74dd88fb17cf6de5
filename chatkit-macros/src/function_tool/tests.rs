//! What `#[function_tool]` writes.

use std::str::FromStr;

use proc_macro2::TokenStream;

use super::{expand, parse};

fn expanded(options: &str, item: &str) -> TokenStream {
    let tokens = |text| TokenStream::from_str(text).unwrap();
    let function = parse::function(tokens(options), tokens(item)).unwrap();
    expand::expand(&function)
}

const PLAIN: &str = "
    /// Greets.
    async fn greet() -> String { String::from(\"Hello\") }
";

const OPTIONS: &str = "
    name = \"all-options\", description = \"The description.\", strict = false, timeout = \"250ms\",
    is_enabled = is_admin, needs_approval = is_large, input_guardrails = [first, checks::second],
    output_guardrails = third, ends_run = ToolError::is_timed_out, failure_message = \"Later.\",
    defer_loading, allowed_callers = [\"direct\", \"programmatic\"], crate = \"agents\"
";

const ARGUMENTS: &str = "
    /// Not the description.
    #[cfg(all())]
    pub(crate) async fn all_options(
        ctx: ToolContext<'_, User>,
        /// How many.
        #[serde(default)]
        count: u32,
        #[allow(unused)] note: Option<String>,
    ) -> Result<(), Error> {
        Ok(())
    }
";

/// The golden files are Rust, so that they can be read; how they are formatted is no matter. `UPDATE_GOLDEN=1` rewrites
/// them, through rustfmt.
fn assert_golden(name: &str, actual: &TokenStream) {
    let path = format!(
        "{}/src/function_tool/tests/{name}.rs",
        env!("CARGO_MANIFEST_DIR")
    );
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual.to_string()).unwrap();
        let format = std::process::Command::new("rustfmt")
            .args(["--edition", "2024", &path])
            .status();
        assert!(format.unwrap().success());
    }
    let golden = TokenStream::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(flat(&golden), flat(actual), "{path}");
}

/// The text of the tokens, without what rustfmt adds and removes: commas at the end, and braces around a closure's body.
fn flat(tokens: &TokenStream) -> String {
    let mut text = tokens.to_string();
    text.retain(|c| !c.is_whitespace() && !"{}".contains(c));
    text.replace(",)", ")")
        .replace(",]", "]")
        .replace(",>", ">")
}

#[test]
fn a_plain_tool_is_little_code() {
    assert_golden("plain", &expanded("", PLAIN));
}

#[test]
fn every_option_is_a_method() {
    assert_golden("options", &expanded(OPTIONS, ARGUMENTS));
}

/// Everything is reached through the crate that was named, and through `core`.
#[test]
fn a_renamed_crate_is_the_only_one_that_is_used() {
    let text = expanded(OPTIONS, ARGUMENTS).to_string();
    assert!(text.contains("agents :: __private"));
    for other in [
        "chatkit_agents",
        ":: std ::",
        ":: serde ::",
        ":: schemars ::",
    ] {
        let found = text
            .replace("agents :: __private :: serde ::", "")
            .replace("agents :: __private :: schemars ::", "");
        assert!(!found.contains(other), "{other}: {text}");
    }
}

#[test]
fn all_that_is_wrong_is_reported_at_once() {
    let tokens = |text| TokenStream::from_str(text).unwrap();
    let Err(errors) = parse::function(
        tokens("colour = 1, timeout = 0, strict"),
        tokens("fn f(a: &str, (b, c): (u8, u8)) {}"),
    ) else {
        panic!("this is no tool");
    };
    assert_eq!(errors.into_iter().count(), 6);
}

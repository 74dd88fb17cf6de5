//! The macros of `chatkit-agents` and `chatkit`, which re-export and document them:
//! [`#[function_tool]`](https://docs.rs/chatkit-agents/latest/chatkit_agents/tool/attr.function_tool.html),
//! [`#[derive(TypedAction)]`](https://docs.rs/chatkit/latest/chatkit/actions/derive.TypedAction.html) and
//! [`widget_template!`](https://docs.rs/chatkit/latest/chatkit/widgets/macro.widget_template.html).

mod errors;
mod function_tool;
mod typed_action;
#[cfg(feature = "widget-template")]
mod widget_template;

use proc_macro::TokenStream;

#[allow(
    missing_docs,
    reason = "documented where it is re-exported, so that the examples there compile"
)]
#[proc_macro_attribute]
pub fn function_tool(options: TokenStream, item: TokenStream) -> TokenStream {
    match function_tool::function_tool(options.into(), item.into()) {
        Ok(tokens) => tokens.into(),
        Err(errors) => errors.into_compile_error().into(),
    }
}

#[allow(
    missing_docs,
    reason = "documented where it is re-exported, so that the examples there compile"
)]
#[proc_macro_derive(TypedAction, attributes(action, serde))]
pub fn typed_action(item: TokenStream) -> TokenStream {
    match typed_action::typed_action(item.into()) {
        Ok(tokens) => tokens.into(),
        Err(errors) => errors.into_compile_error().into(),
    }
}

#[cfg(feature = "widget-template")]
#[allow(
    missing_docs,
    reason = "documented where it is re-exported, so that the examples there compile"
)]
#[proc_macro]
pub fn widget_template(items: TokenStream) -> TokenStream {
    match widget_template::widget_templates(items.into()) {
        Ok(tokens) => tokens.into(),
        Err(errors) => errors.into_compile_error().into(),
    }
}

// The example of the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! The `#[function_tool]` attribute of `chatkit-agents`, and `#[derive(TypedAction)]` and `widget_template!` of `chatkit`.
//! They re-export and document them.

mod expand;
mod options;
mod parse;
#[cfg(test)]
mod tests;
mod typed_action;
#[cfg(feature = "widget-template")]
mod widget_template;

use proc_macro::TokenStream;

// Documented where it is re-exported, so that the examples there compile.
#[allow(missing_docs)]
#[proc_macro_attribute]
pub fn function_tool(options: TokenStream, item: TokenStream) -> TokenStream {
    match parse::function(options.into(), item.into()) {
        Ok(function) => expand::expand(&function).into(),
        Err(errors) => errors.into_compile_error().into(),
    }
}

// Documented where it is re-exported, so that the examples there compile.
#[allow(missing_docs)]
#[proc_macro_derive(TypedAction, attributes(action, serde))]
pub fn typed_action(item: TokenStream) -> TokenStream {
    match typed_action::typed_action(item.into()) {
        Ok(tokens) => tokens.into(),
        Err(errors) => errors.into_compile_error().into(),
    }
}

// Documented where it is re-exported, so that the examples there compile.
#[cfg(feature = "widget-template")]
#[allow(missing_docs)]
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

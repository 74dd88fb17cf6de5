//! The `#[function_tool]` attribute of `chatkit-agents`, which re-exports and documents it.

mod expand;
mod options;
mod parse;

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

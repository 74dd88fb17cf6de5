//! `#[function_tool]`: an `async fn` as a tool.
//!
//! [`parse`] reads the function, with the [`options`], and [`expand`] writes the tool.

mod expand;
mod options;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

/// Expands one function. All its errors are reported together.
pub(crate) fn function_tool(options: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    parse::function(options, item).map(|function| expand::expand(&function))
}

//! `#[derive(TypedAction)]`: an enum whose variants are actions.
//!
//! [`parse`] reads the enum and the options, and [`expand`] writes the implementation.

mod expand;
mod parse;

use proc_macro2::TokenStream;

/// Expands one enum. All its errors are reported together.
pub(crate) fn typed_action(item: TokenStream) -> syn::Result<TokenStream> {
    parse::actions(item).map(|actions| expand::expand(&actions))
}

//! `widget_template!`: a `.widget` file as a struct of the data that it takes.
//!
//! [`parse`] reads the tokens, [`file`] the file, [`model`] turns its JSON schema into types, with names from [`names`],
//! and [`expand`] writes them.

mod expand;
mod file;
mod model;
mod names;
mod parse;

use proc_macro2::TokenStream;

use crate::errors::Errors;

/// Expands all items of one call. All their errors are reported together.
pub(crate) fn widget_templates(tokens: TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let mut expanded = TokenStream::new();
    for item in parse::items(tokens, &mut errors) {
        let Some(file) = file::read(&item.path, &mut errors) else {
            continue;
        };
        match model::types(&item.ident, &file.schema) {
            Ok(types) => expanded.extend(expand::expand(&item, &file, &types)),
            Err(problems) => {
                for problem in problems {
                    errors.push_at(&item.path, format!("{}: {problem}", item.path.value()));
                }
            }
        }
    }
    errors.into_result().map(|()| expanded)
}

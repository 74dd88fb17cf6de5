//! Reads `pub struct Name = "path";`, once or several times.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, LitStr, Path, Token, Visibility};

use crate::errors::Errors;

/// One struct to write.
pub(crate) struct Item {
    /// Everything but `#[template(...)]`.
    pub(crate) attrs: Vec<Attribute>,
    /// Where `chatkit` is, if it was renamed.
    pub(crate) crate_path: Option<Path>,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) path: LitStr,
}

/// Reads the items. What is wrong goes to `errors`.
pub(crate) fn items(tokens: TokenStream, errors: &mut Errors) -> Vec<Item> {
    let mut items = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            items.push(item(input, errors)?);
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.add(error);
    }
    items
}

fn item(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Item> {
    let mut attrs = input.call(Attribute::parse_outer)?;
    let mut crate_path = None;
    attrs.retain(|attr| {
        let ours = attr.path().is_ident("template");
        if ours {
            let option = attr.parse_nested_meta(|meta| {
                if !meta.path.is_ident("crate") {
                    return Err(meta.error("the only option is `crate = \"path\"`"));
                }
                crate_path = Some(meta.value()?.parse::<LitStr>()?.parse()?);
                Ok(())
            });
            if let Err(error) = option {
                errors.add(error);
            }
        }
        !ours
    });
    let vis = input.parse()?;
    input.parse::<Token![struct]>()?;
    let ident = input.parse()?;
    input.parse::<Token![=]>()?;
    let path = input.parse()?;
    // After the last one it may be left out, as in `widget_template!(struct A = "a.widget")`.
    if !input.is_empty() {
        input.parse::<Token![;]>()?;
    }
    Ok(Item {
        attrs,
        crate_path,
        vis,
        ident,
        path,
    })
}

//! Writes the types, and the functions that build the widget.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;

use super::file::File;
use super::model::{Field, Shape, Type, TypeDef, Variant};
use super::parse::Item;

/// Writes the types for one item.
pub(crate) fn expand(item: &Item, file: &File, types: &[TypeDef]) -> TokenStream {
    let private = match &item.crate_path {
        Some(path) => quote!(#path::widgets::__private),
        None => quote!(::chatkit::widgets::__private),
    };
    let definitions = types.iter().enumerate().map(|(position, definition)| {
        if position == 0 {
            root(item, file, definition, &private)
        } else {
            let doc = definition
                .doc
                .clone()
                .unwrap_or_else(|| format!("Part of the data of [`{}`].", item.ident));
            type_definition(item, definition, &quote!(#[doc = #doc]), &private)
        }
    });
    let functions = functions(item, file, &private);
    quote!(#(#definitions)* #functions)
}

/// The struct that the item names, with its attributes.
fn root(item: &Item, file: &File, definition: &TypeDef, private: &TokenStream) -> TokenStream {
    let attrs = &item.attrs;
    let documented = attrs.iter().any(|attr| attr.path().is_ident("doc"));
    let doc = (!documented).then(|| {
        let text = definition
            .doc
            .clone()
            .unwrap_or_else(|| format!("The data of the widget {:?}.", file.name));
        quote!(#[doc = #text])
    });
    type_definition(item, definition, &quote!(#(#attrs)* #doc), private)
}

fn type_definition(
    item: &Item,
    definition: &TypeDef,
    attrs: &TokenStream,
    private: &TokenStream,
) -> TokenStream {
    let (vis, ident) = (&item.vis, &definition.ident);
    let serde = quote!(#private::serde).to_string();
    let derives = quote! {
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        #private::serde::Serialize,
        #private::serde::Deserialize,
    };
    match &definition.shape {
        Shape::Struct(fields) => {
            let fields = fields.iter().map(|each| field(item, each, private));
            quote! {
                #attrs
                #[derive(#derives)]
                #[serde(crate = #serde)]
                #vis struct #ident { #(#fields,)* }
            }
        }
        Shape::Enum(variants) => {
            let variants = variants.iter().map(variant);
            quote! {
                #attrs
                #[derive(::core::marker::Copy, ::core::cmp::Eq, ::core::hash::Hash, #derives)]
                #[serde(crate = #serde)]
                #vis enum #ident { #(#variants,)* }
            }
        }
    }
}

fn field(item: &Item, field: &Field, private: &TokenStream) -> TokenStream {
    let (vis, ident, name) = (&item.vis, &field.ident, &field.name);
    let doc = match &field.doc {
        Some(doc) => doc.clone(),
        None => format!("The field `{name}` of the data."),
    };
    let rename = (ident.unraw() != name).then(|| quote!(#[serde(rename = #name)]));
    let ty = type_tokens(&field.ty, private);
    quote!(#[doc = #doc] #rename #vis #ident: #ty)
}

fn variant(variant: &Variant) -> TokenStream {
    let (ident, value) = (&variant.ident, &variant.value);
    let doc = format!("`{value}`");
    quote!(#[doc = #doc] #[serde(rename = #value)] #ident)
}

fn type_tokens(ty: &Type, private: &TokenStream) -> TokenStream {
    let inner = |ty| type_tokens(ty, private);
    match ty {
        Type::Text => quote!(::std::string::String),
        Type::Integer => quote!(::core::primitive::i64),
        Type::Number => quote!(::core::primitive::f64),
        Type::Boolean => quote!(::core::primitive::bool),
        Type::Null => quote!(()),
        Type::Any => quote!(#private::Value),
        Type::Object => quote!(#private::Map<::std::string::String, #private::Value>),
        Type::Option(ty) => {
            let ty = inner(ty);
            quote!(::core::option::Option<#ty>)
        }
        Type::List(ty) => {
            let ty = inner(ty);
            quote!(::std::vec::Vec<#ty>)
        }
        Type::Dictionary(ty) => {
            let ty = inner(ty);
            quote!(::std::collections::BTreeMap<::std::string::String, #ty>)
        }
        Type::Named(ident) => ident.to_token_stream(),
        Type::Boxed(ident) => quote!(::std::boxed::Box<#ident>),
    }
}

fn functions(item: &Item, file: &File, private: &TokenStream) -> TokenStream {
    let (vis, ident, path) = (&item.vis, &item.ident, &file.path);
    let template_doc = format!(
        "The template of `{}`, compiled at the first use and then shared.",
        item.path.value()
    );
    quote! {
        impl #ident {
            #[doc = #template_doc]
            #vis fn template() -> ::core::result::Result<
                &'static #private::WidgetTemplate,
                #private::TemplateError,
            > {
                // The compiler watches the file: a change builds the program anew.
                static TEMPLATE: #private::StaticTemplate =
                    #private::StaticTemplate::new(|| {
                        #private::WidgetTemplate::from_json(::core::include_str!(#path))
                    });
                #private::get(&TEMPLATE)
            }

            /// Renders the widget with this data.
            #vis fn build(&self) -> ::core::result::Result<
                #private::WidgetRoot,
                #private::TemplateError,
            > {
                <#ident>::template()?.build(self)
            }
        }
    }
}

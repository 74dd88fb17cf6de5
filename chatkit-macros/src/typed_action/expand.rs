//! Writes the implementation of `TypedAction`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::parse::{ActionVariant, Actions, Payload};

pub(crate) fn expand(actions: &Actions) -> TokenStream {
    let types = match &actions.crate_path {
        Some(path) => quote!(#path::types),
        None => quote!(::chatkit::types),
    };
    let private = quote!(#types::__private);
    let Actions {
        ident,
        variants,
        other,
        ..
    } = actions;
    let payloads = variants
        .iter()
        .filter_map(|variant| payload_struct(variant, &private));
    let names = variants.iter().map(|variant| &variant.action_type);

    let mut type_arms: Vec<TokenStream> = Vec::new();
    let mut parse_arms: Vec<TokenStream> = Vec::new();
    let mut config_arms: Vec<TokenStream> = Vec::new();
    for variant in variants {
        let (name, action_type) = (&variant.ident, &variant.action_type);
        type_arms.push(quote!(Self::#name { .. } => #action_type));
        parse_arms.push(parse_arm(variant, &private));
        config_arms.push(config_arm(variant, &types, &private));
    }
    let fallback = match other {
        Some((name, ty)) => {
            // With the span of the type, so that one that is not `Action` is what the compiler underlines.
            let other_type = quote_spanned!(ty.span()=> #private::other_type(__action));
            let other_config = quote_spanned!(ty.span()=> #private::other_config(__action));
            let other = quote_spanned!(ty.span()=> Self::#name(#private::other(__action)));
            type_arms.push(quote!(Self::#name(__action) => #other_type));
            config_arms.push(quote! {
                Self::#name(__action) => ::core::result::Result::Ok(#other_config)
            });
            quote!(::core::result::Result::Ok(#other))
        }
        None => quote! {
            ::core::result::Result::Err(#types::InvalidAction::unknown_type(__action))
        },
    };

    quote! {
        const _: () = {
            #(#payloads)*

            #[automatically_derived]
            impl #types::TypedAction for #ident {
                const TYPES: &'static [&'static str] = &[#(#names),*];

                fn action_type(&self) -> &str {
                    match self { #(#type_arms,)* }
                }

                fn parse(
                    __action: &#types::Action,
                ) -> ::core::result::Result<Self, #types::InvalidAction> {
                    match __action.action_type.as_str() {
                        #(#parse_arms,)*
                        _ => #fallback,
                    }
                }

                fn into_config(
                    self,
                ) -> ::core::result::Result<#types::ActionConfig, #types::InvalidAction> {
                    match self { #(#config_arms,)* }
                }
            }

            #[automatically_derived]
            impl ::core::convert::From<#ident> for #types::ActionConfig {
                fn from(__action: #ident) -> Self {
                    #private::into_config(__action)
                }
            }
        };
    }
}

/// The struct that stands for the payload of a variant with fields.
fn payload_ident(variant: &ActionVariant) -> Ident {
    format_ident!("__{}", variant.ident)
}

fn payload_struct(variant: &ActionVariant, private: &TokenStream) -> Option<TokenStream> {
    let Payload::Fields { attrs, fields } = &variant.payload else {
        return None;
    };
    let ident = payload_ident(variant);
    let serde = quote!(#private::serde).to_string();
    Some(quote! {
        #[derive(#private::serde::Serialize, #private::serde::Deserialize)]
        #[serde(crate = #serde)]
        #(#attrs)*
        struct #ident { #(#fields),* }
    })
}

fn parse_arm(variant: &ActionVariant, private: &TokenStream) -> TokenStream {
    let (name, action_type) = (&variant.ident, &variant.action_type);
    let value = match &variant.payload {
        Payload::None => quote!(::core::result::Result::Ok(Self::#name)),
        Payload::Value(ty) => {
            // With the span of the type, so that one that cannot be read is what the compiler underlines.
            let payload = quote_spanned!(ty.span()=> #private::payload::<#ty>(__action));
            quote!(#payload.map(Self::#name))
        }
        Payload::Fields { fields, .. } => {
            let ident = payload_ident(variant);
            let names: Vec<_> = fields.iter().map(|field| &field.ident).collect();
            quote! {
                #private::payload(__action)
                    .map(|#ident { #(#names),* }| Self::#name { #(#names),* })
            }
        }
    };
    quote!(#action_type => #value)
}

fn config_arm(variant: &ActionVariant, types: &TokenStream, private: &TokenStream) -> TokenStream {
    let (name, action_type) = (&variant.ident, &variant.action_type);
    let handler = variant
        .handler
        .as_ref()
        .map(|handler| quote!(.handler(#types::Handler::#handler)));
    let loading = variant
        .loading_behavior
        .as_ref()
        .map(|loading| quote!(.loading_behavior(#types::LoadingBehavior::#loading)));
    let streaming = variant
        .streaming
        .map(|streaming| quote!(.streaming(#streaming)));
    let options = quote!(#handler #loading #streaming);
    let with_options = if options.is_empty() {
        TokenStream::new()
    } else {
        quote!(.map(|__config| __config #options))
    };
    match &variant.payload {
        Payload::None => quote! {
            Self::#name => ::core::result::Result::Ok(
                #types::ActionConfig::new(#action_type) #options
            )
        },
        Payload::Value(ty) => {
            let payload = quote_spanned!(ty.span()=> #private::config::<#ty>);
            quote! {
                Self::#name(__payload) => #payload(#action_type, &__payload) #with_options
            }
        }
        Payload::Fields { fields, .. } => {
            let ident = payload_ident(variant);
            let names: Vec<_> = fields.iter().map(|field| &field.ident).collect();
            quote! {
                Self::#name { #(#names),* } => #private::config(
                    #action_type,
                    &#ident { #(#names),* },
                ) #with_options
            }
        }
    }
}

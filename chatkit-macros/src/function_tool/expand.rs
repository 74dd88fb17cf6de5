//! Writes the unit struct, the function behind it, and the implementation of `FunctionTool`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, Ident, Lifetime, Path, PathArguments, ReturnType, Type, parse_quote};

use super::options::{FailureMessage, FlagOr, Timeout};
use super::parse::Function;

pub(crate) fn expand(function: &Function) -> TokenStream {
    let private = private_path(function);
    let Function {
        cfg_attrs, item, ..
    } = function;
    let (vis, ident) = (&item.vis, &item.sig.ident);
    let doc_attrs = struct_docs(function);

    // Not `call_site`, so that messages about the function point to its name.
    let mut call = item.clone();
    call.sig.ident = Ident::new("call", ident.span());

    let arguments = arguments_struct(function, &private);
    let definition = definition(function, &private);
    let implementation = implementation(function, &private);

    quote! {
        #(#cfg_attrs)*
        #(#doc_attrs)*
        #[allow(non_camel_case_types, reason = "it is called like the function")]
        #[derive(
            ::core::clone::Clone,
            ::core::marker::Copy,
            ::core::fmt::Debug,
        )]
        #vis struct #ident;

        #(#cfg_attrs)*
        impl #ident {
            /// The function behind the tool, to call without a model, for example in a test.
            #[allow(
                clippy::missing_errors_doc,
                clippy::missing_panics_doc,
                clippy::needless_pass_by_value,
                clippy::unused_async,
                reason = "a tool is async and owns its arguments, and its docs are those of the struct",
            )]
            #call
        }

        #(#cfg_attrs)*
        const _: () = {
            #arguments

            impl #ident {
                /// The name, description and parameters that the model sees.
                ///
                /// # Errors
                ///
                /// Why the parameters cannot be a strict schema.
                #vis fn definition() -> ::core::result::Result<
                    &'static #private::ToolDefinition,
                    &'static #private::SchemaError,
                > {
                    #definition
                }
            }

            #implementation
        };
    }
}

/// The one module through which generated code reaches anything that is not `core`.
fn private_path(function: &Function) -> TokenStream {
    match &function.options.crate_path {
        Some(path) => quote!(#path::__private),
        None => quote!(::chatkit_agents::__private),
    }
}

/// The docs of the struct: those of the function, or else the description.
fn struct_docs(function: &Function) -> Vec<TokenStream> {
    let mut docs: Vec<_> = function
        .doc_attrs
        .iter()
        .map(ToTokens::to_token_stream)
        .collect();
    if function.doc.is_empty()
        && let Some(description) = &function.options.description
    {
        docs.push(quote!(#[doc = #description]));
    }
    docs
}

/// The struct that the arguments are decoded into, and whose schema the model sees.
fn arguments_struct(function: &Function, private: &TokenStream) -> TokenStream {
    let serde = quote!(#private::serde).to_string();
    let schemars = quote!(#private::schemars).to_string();
    let fields = function.arguments.iter().map(|argument| {
        let (attrs, ident, ty) = (&argument.attrs, &argument.ident, &argument.ty);
        quote!(#(#attrs)* #ident: #ty)
    });
    quote! {
        #[derive(#private::serde::Deserialize, #private::schemars::JsonSchema)]
        #[serde(crate = #serde)]
        #[schemars(crate = #schemars)]
        struct __Arguments {
            #(#fields,)*
        }
    }
}

fn definition(function: &Function, private: &TokenStream) -> TokenStream {
    let name = &function.tool_name;
    let description = match &function.options.description {
        Some(description) => description.to_token_stream(),
        None => function.doc.to_token_stream(),
    };
    let options = &function.options;
    let strict = options.strict.unwrap_or(true);
    let defer_loading = options
        .defer_loading
        .map(|defer| quote!(.map(|definition| definition.defer_loading(#defer))));
    let allowed_callers = options.allowed_callers.as_ref().map(|callers| {
        quote!(.map(|definition| definition.allowed_callers([#(#private::ToolCaller::#callers),*])))
    });
    quote! {
        static DEFINITION: #private::StaticDefinition = #private::StaticDefinition::new(|| {
            #private::define::<__Arguments>(#name, #description, #strict)
                #defer_loading
                #allowed_callers
        });
        DEFINITION.as_ref()
    }
}

fn implementation(function: &Function, private: &TokenStream) -> TokenStream {
    let ident = &function.item.sig.ident;
    // A tool without a context parameter works with every context.
    let (generics, context) = match &function.context {
        Some(ty) => {
            let ty = with_static_lifetimes(ty);
            let context = quote_spanned!(ty.span()=> <#ty as #private::ToolContextType>::Context);
            (None, context)
        }
        None => {
            let bounds = quote!(::core::marker::Send + ::core::marker::Sync + 'static);
            (Some(quote!(<__Context: #bounds>)), quote!(__Context))
        }
    };
    let call = call_body(function, private);
    let options = option_methods(function, private, &context);

    quote! {
        #[automatically_derived]
        impl #generics #private::FunctionTool<#context> for #ident {
            fn definition(&self) -> ::core::result::Result<
                &#private::ToolDefinition,
                &#private::SchemaError,
            > {
                <#ident>::definition()
            }

            fn call<'__call>(
                &'__call self,
                __ctx: #private::ToolContext<'__call, #context>,
            ) -> #private::BoxFuture<
                '__call,
                ::core::result::Result<#private::ToolOutput, #private::ToolError>,
            > {
                #call
            }

            #options
        }

        #[automatically_derived]
        impl #generics ::core::convert::From<#ident> for #private::Tool<#context> {
            fn from(tool: #ident) -> Self {
                #private::Tool::function(tool)
            }
        }
    }
}

fn call_body(function: &Function, private: &TokenStream) -> TokenStream {
    let sig = &function.item.sig;
    let ident = &sig.ident;
    let context = function.context.is_some().then(|| quote!(__ctx,));
    let arguments = function.arguments.iter().map(|argument| {
        let field = &argument.ident;
        quote!(__arguments.#field)
    });
    let unused = function
        .arguments
        .is_empty()
        .then(|| quote!(let _ = __arguments;));
    // With the span of the type, so that an unfit type is what the compiler underlines.
    let span = match &sig.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => Span::call_site(),
    };
    let output = Ident::new("__output", span.resolved_at(Span::mixed_site()));
    let convert = quote_spanned!(span=> #private::IntoToolOutput::into_tool_output(#output));
    quote! {
        #private::Box::pin(async move {
            let __arguments =
                #private::ToolContext::parse_arguments::<__Arguments>(&__ctx)?;
            #unused
            let #output = <#ident>::call(#context #(#arguments),*).await;
            #convert
        })
    }
}

/// The methods of the trait that have a default, where an option replaces it.
fn option_methods(
    function: &Function,
    private: &TokenStream,
    context: &TokenStream,
) -> TokenStream {
    let options = &function.options;
    let timeout = options.timeout.as_ref().map(|timeout| {
        let limit = match timeout {
            Timeout::Literal(limit) => {
                let (seconds, nanos) = (limit.as_secs(), limit.subsec_nanos());
                quote!(::core::time::Duration::new(#seconds, #nanos))
            }
            Timeout::Expr(limit) => limit.to_token_stream(),
        };
        quote! {
            fn timeout(&self) -> ::core::option::Option<::core::time::Duration> {
                ::core::option::Option::Some(#limit)
            }
        }
    });
    let is_enabled = options.is_enabled.as_ref().map(|path| {
        let argument = function.context.is_some().then(|| quote!(__run.context));
        quote! {
            fn is_enabled<'__call>(
                &'__call self,
                __run: #private::RunContext<'__call, #context>,
            ) -> #private::BoxFuture<'__call, ::core::result::Result<bool, #private::BoxError>> {
                let _ = __run;
                #private::Answer::<::core::result::Result<bool, #private::BoxError>, _>::resolve(#path(#argument))
            }
        }
    });
    let failure_message = options.failure_message.as_ref().map(|message| {
        let text = match message {
            FailureMessage::Text(text) => quote!(#private::failure_text(__error, #text)),
            FailureMessage::Function(path) => quote! {
                #private::Cow::Owned(::core::convert::Into::into(#path(__error)))
            },
        };
        quote! {
            fn failure_message<'__error>(
                &self,
                __error: &'__error #private::ToolError,
            ) -> #private::Cow<'__error, str> {
                #text
            }
        }
    });
    let needs_approval = options.needs_approval.as_ref().map(|needs| {
        let answer = match needs {
            FlagOr::Flag(flag) => quote!(::core::future::ready(::core::result::Result::Ok(#flag))),
            FlagOr::Function(path) => {
                // The path is what the compiler underlines when the function does not fit.
                let ask = quote_spanned!(path.span()=> #private::NeedsApproval::ask);
                quote!(#ask(#path, __ctx))
            }
        };
        quote! {
            fn needs_approval<'__call>(
                &'__call self,
                __ctx: #private::ToolContext<'__call, #context>,
            ) -> #private::BoxFuture<'__call, ::core::result::Result<bool, #private::BoxError>> {
                let _ = __ctx;
                #private::Box::pin(#answer)
            }
        }
    });
    let ends_run = options.ends_run.as_ref().map(|ends| {
        let answer = match ends {
            FlagOr::Flag(true) => quote!(true),
            FlagOr::Flag(false) => quote!(#private::ToolError::is_fatal(__error)),
            FlagOr::Function(path) => {
                quote!(#private::ToolError::is_fatal(__error) || #path(__error))
            }
        };
        quote! {
            fn ends_run(&self, __error: &#private::ToolError) -> bool {
                let _ = __error;
                #answer
            }
        }
    });
    let guardrails = |method: &str, kind: &str, option: &Option<(Ident, Vec<Path>)>| {
        option.as_ref().map(|(_, paths)| {
            let method = Ident::new(method, Span::mixed_site());
            let kind = Ident::new(kind, Span::mixed_site());
            let count = paths.len();
            let made = paths.iter().map(|path| {
                let name = path
                    .segments
                    .last()
                    .map(|last| last.ident.unraw().to_string());
                let new = quote_spanned!(path.span()=> #private::#kind::new);
                quote!(#new(#name, #path))
            });
            quote! {
                fn #method(&self) -> &[#private::#kind<#context>] {
                    static GUARDRAILS: #private::LazyLock<[#private::#kind<#context>; #count]> =
                        #private::LazyLock::new(|| [#(#made),*]);
                    &*GUARDRAILS
                }
            }
        })
    };
    let input = guardrails(
        "input_guardrails",
        "ToolInputGuardrail",
        &options.input_guardrails,
    );
    let output = guardrails(
        "output_guardrails",
        "ToolOutputGuardrail",
        &options.output_guardrails,
    );
    quote!(#timeout #is_enabled #needs_approval #input #output #ends_run #failure_message)
}

/// The type of the context parameter as it can stand in the header of an `impl`, where a lifetime
/// cannot be left out.
fn with_static_lifetimes(ty: &Type) -> Type {
    struct Static;

    impl VisitMut for Static {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime.ident == "_" {
                *lifetime = Lifetime::new("'static", lifetime.span());
            }
            visit_mut::visit_lifetime_mut(self, lifetime);
        }
    }

    let mut ty = ty.clone();
    Static.visit_type_mut(&mut ty);
    // `ToolContext<User>` leaves the lifetime out altogether.
    if let Type::Path(path) = &mut ty
        && let Some(last) = path.path.segments.last_mut()
        && last.ident == "ToolContext"
        && let PathArguments::AngleBracketed(arguments) = &mut last.arguments
        && !arguments
            .args
            .iter()
            .any(|argument| matches!(argument, GenericArgument::Lifetime(_)))
    {
        arguments.args.insert(0, parse_quote!('static));
    }
    ty
}

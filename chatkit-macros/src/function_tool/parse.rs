//! Reads the options and the function into plain data. All errors are collected, so that one build
//! shows them all.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{Attribute, Expr, FnArg, Ident, ItemFn, Lit, Meta, Pat, PatType, Safety, Type};

use super::options::{Options, is_tool_name};
use crate::errors::Errors;

/// A function that becomes a tool.
pub(crate) struct Function {
    pub(crate) options: Options,
    /// The name that the model uses.
    pub(crate) tool_name: String,
    /// The doc comments, joined.
    pub(crate) doc: String,
    /// The doc attributes of the function, which go to the struct.
    pub(crate) doc_attrs: Vec<Attribute>,
    /// The `cfg` attributes, which go to every generated item.
    pub(crate) cfg_attrs: Vec<Attribute>,
    /// The type of the context parameter.
    pub(crate) context: Option<Type>,
    pub(crate) arguments: Vec<Argument>,
    /// The function with the attributes removed that the compiler would not understand.
    pub(crate) item: ItemFn,
}

/// A parameter that the model fills in.
pub(crate) struct Argument {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// The attributes for the field: docs, `serde` and `schemars`.
    pub(crate) attrs: Vec<Attribute>,
}

/// Reads `#[function_tool(options)] item`.
pub(crate) fn function(options: TokenStream, item: TokenStream) -> syn::Result<Function> {
    let mut errors = Errors::default();
    let options = Options::parse(options, &mut errors);
    let mut item: ItemFn = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => {
            errors.push(
                error.span(),
                format!("`#[function_tool]` goes on an `async fn`: {error}"),
            );
            return Err(errors.into_result().err().unwrap_or(error));
        }
    };
    check_signature(&item, &mut errors);

    let (doc_attrs, others) = split(std::mem::take(&mut item.attrs), |attr| {
        attr.path().is_ident("doc")
    });
    let (cfg_attrs, others) = split(others, |attr| attr.path().is_ident("cfg"));
    item.attrs = others;
    let doc = doc_text(&doc_attrs, options.description.is_none(), &mut errors);

    let mut context = None;
    let mut arguments: Vec<Argument> = Vec::new();
    for (index, input) in item.sig.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(receiver) => errors.push_at(
                receiver,
                "a tool is a free function; take what it needs from the context",
            ),
            FnArg::Typed(param) if is_context(param) => {
                check_context(index, param, &mut errors);
                param.attrs.retain(is_lint);
                context = Some((*param.ty).clone());
            }
            FnArg::Typed(param) => {
                if let Some(argument) = argument(param, &item.sig.ident, &mut errors) {
                    arguments.push(argument);
                }
            }
        }
    }

    let guardrails = [&options.input_guardrails, &options.output_guardrails];
    if let (None, Some((key, _))) = (&context, guardrails.into_iter().flatten().next()) {
        errors.push(
            key.span(),
            "a tool with guardrails names the context of its agents: \
             give it a first parameter `ctx: ToolContext<'_, C>`",
        );
    }

    let ident = item.sig.ident.unraw().to_string();
    if options.name.is_none() && !is_tool_name(&ident) {
        errors.push_at(
            &item.sig.ident,
            "a tool name has 1 to 64 ASCII letters, digits, `_` and `-`; \
             give one with `#[function_tool(name = \"...\")]`",
        );
    }
    let tool_name = options.name.as_ref().map_or(ident, syn::LitStr::value);

    errors.into_result().map(|()| Function {
        options,
        tool_name,
        doc,
        doc_attrs,
        cfg_attrs,
        context,
        arguments,
        item,
    })
}

fn split(
    attrs: Vec<Attribute>,
    first: impl Fn(&Attribute) -> bool,
) -> (Vec<Attribute>, Vec<Attribute>) {
    attrs.into_iter().partition(first)
}

fn check_signature(item: &ItemFn, errors: &mut Errors) {
    let sig = &item.sig;
    if sig.asyncness.is_none() {
        errors.push(
            sig.fn_token.span,
            "a tool is an `async fn`; run blocking work with `tokio::task::spawn_blocking` in it",
        );
    }
    if let Some(token) = &sig.constness {
        errors.push(token.span, "a tool cannot be `const`");
    }
    if let Safety::Unsafe(token) = &sig.safety {
        errors.push(
            token.span,
            "a tool cannot be `unsafe`: the model calls it with any arguments",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.push_at(abi, "a tool cannot be `extern`");
    }
    if !sig.generics.params.is_empty() {
        errors.push_at(
            &sig.generics.params,
            "a tool cannot be generic: the model needs one schema for its arguments",
        );
    } else if let Some(clause) = &sig.generics.where_clause {
        errors.push_at(
            clause,
            "a tool cannot be generic, so it has no `where` clause",
        );
    }
}

/// The text of doc comments. `needed` says whether the text becomes the description.
fn doc_text(attrs: &[Attribute], needed: bool, errors: &mut Errors) -> String {
    let mut lines = Vec::new();
    for attr in attrs {
        // Others, such as `#[doc(hidden)]`, are not text.
        let Meta::NameValue(doc) = &attr.meta else {
            continue;
        };
        match &doc.value {
            Expr::Lit(literal) if let Lit::Str(text) = &literal.lit => {
                let text = text.value();
                lines.extend(
                    text.split('\n')
                        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()),
                );
            }
            value if needed => errors.push_at(
                value,
                "the description of a tool is made of doc comments; for other text, \
                 use `#[function_tool(description = ...)]`",
            ),
            _ => {}
        }
    }
    lines.join("\n").trim().to_owned()
}

/// Whether the model fills this parameter in, or the run does.
fn is_context(param: &PatType) -> bool {
    let is_tool_context = |ty: &Type| match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "ToolContext"),
        _ => false,
    };
    param.attrs.iter().any(|attr| attr.path().is_ident("ctx"))
        || match &*param.ty {
            Type::Reference(reference) => is_tool_context(&reference.elem),
            ty => is_tool_context(ty),
        }
}

fn check_context(index: usize, param: &PatType, errors: &mut Errors) {
    if index > 0 {
        errors.push_at(
            param,
            "the context is the first parameter of a tool, and the only one",
        );
    }
    if let Type::Reference(reference) = &*param.ty {
        errors.push(
            reference.and_token.span,
            "take the context by value, as `ToolContext<'_, C>`; it is `Copy`",
        );
    }
    for attr in &param.attrs {
        if attr.path().is_ident("ctx") {
            if let Err(error) = attr.meta.require_path_only() {
                errors.add(error);
            }
        } else if !attr.path().is_ident("doc") && !is_lint(attr) {
            errors.push_at(attr, "this attribute does nothing on the context");
        }
    }
}

/// Reads a parameter for the model, and removes from it the attributes that go to the field.
fn argument(param: &mut PatType, function: &Ident, errors: &mut Errors) -> Option<Argument> {
    let mut field_attrs = Vec::new();
    for attr in std::mem::take(&mut param.attrs) {
        let path = attr.path();
        if ["doc", "serde", "schemars"]
            .iter()
            .any(|known| path.is_ident(known))
        {
            field_attrs.push(attr);
        } else if is_lint(&attr) {
            param.attrs.push(attr);
        } else {
            errors.push_at(
                attr,
                "a tool argument takes doc comments, `#[serde(...)]`, `#[schemars(...)]` and lint \
                 levels; the context takes `#[ctx]`",
            );
        }
    }
    check_type(&param.ty, errors);
    let ident = match &*param.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => pat.ident.clone(),
        other => {
            errors.push_at(
                other,
                "a tool argument is a plain name, which the model sees; take it apart in the body",
            );
            return None;
        }
    };
    if ident == *function {
        errors.push_at(
            &ident,
            "a tool argument cannot have the name of its function, which names the tool",
        );
    }
    Some(Argument {
        ident,
        ty: (*param.ty).clone(),
        attrs: field_attrs,
    })
}

fn check_type(ty: &Type, errors: &mut Errors) {
    match ty {
        Type::Reference(reference) => errors.push_at(
            reference,
            "a tool owns its arguments: use `String` for `&str`, `Vec<T>` for `&[T]`",
        ),
        Type::ImplTrait(ty) => errors.push_at(
            ty,
            "a tool cannot be generic: name the type, so that it has a schema",
        ),
        _ => {}
    }
}

/// Lint levels stay on the parameter.
fn is_lint(attr: &Attribute) -> bool {
    ["allow", "expect", "warn", "deny", "forbid"]
        .iter()
        .any(|level| attr.path().is_ident(level))
}

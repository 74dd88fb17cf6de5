//! Reads the enum into plain data.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Expr, Field, Fields, Ident, Lit, LitStr, Path, Token, Type,
    Variant,
};

use crate::errors::{Errors, nearest_of};

const OF_ENUM: [&str; 2] = ["prefix", "crate"];
const OF_VARIANT: [&str; 3] = ["handler", "loading_behavior", "streaming"];

/// The values of `handler`, and the variants of `Handler` that they are.
const HANDLERS: [(&str, &str); 2] = [("client", "Client"), ("server", "Server")];

/// The values of `loading_behavior`, and the variants of `LoadingBehavior` that they are.
const LOADING: [(&str, &str); 4] = [
    ("auto", "Auto"),
    ("none", "None"),
    ("self", "Itself"),
    ("container", "Container"),
];

/// An enum of actions.
pub(crate) struct Actions {
    pub(crate) ident: Ident,
    pub(crate) crate_path: Option<Path>,
    /// The variants with a type of their own, in order.
    pub(crate) variants: Vec<ActionVariant>,
    /// The variant for all other types, and the type it holds.
    pub(crate) other: Option<(Ident, Type)>,
}

/// A variant that is one action.
pub(crate) struct ActionVariant {
    pub(crate) ident: Ident,
    pub(crate) action_type: String,
    pub(crate) payload: Payload,
    /// A variant of `Handler`.
    pub(crate) handler: Option<Ident>,
    /// A variant of `LoadingBehavior`.
    pub(crate) loading_behavior: Option<Ident>,
    pub(crate) streaming: Option<bool>,
}

/// What an action carries.
pub(crate) enum Payload {
    /// Nothing.
    None,
    /// A value of this type.
    Value(Type),
    /// An object.
    Fields {
        /// The `serde` attributes of the variant.
        attrs: Vec<Attribute>,
        fields: Vec<Field>,
    },
}

/// Reads the item below `#[derive(TypedAction)]`.
pub(crate) fn actions(item: TokenStream) -> syn::Result<Actions> {
    let item: DeriveInput = syn::parse2(item)?;
    let mut errors = Errors::default();
    let options = EnumOptions::parse(&item.attrs, &mut errors);
    if !item.generics.params.is_empty() {
        errors.push_at(
            &item.generics.params,
            "actions cannot be generic: their payloads come from outside, and must have known types",
        );
    }
    let mut actions = Actions {
        ident: item.ident,
        crate_path: options.crate_path,
        variants: Vec::new(),
        other: None,
    };
    match item.data {
        Data::Enum(data) => {
            if data.variants.is_empty() {
                errors.push_at(&actions.ident, "an enum without variants has no actions");
            }
            let prefix = options.prefix.unwrap_or_default();
            for variant in data.variants {
                actions.add(variant, &prefix, &mut errors);
            }
        }
        Data::Struct(_) | Data::Union(_) => errors.push_at(
            &actions.ident,
            "`TypedAction` is derived for an enum: each variant is an action",
        ),
    }
    errors.into_result().map(|()| actions)
}

impl Actions {
    fn add(&mut self, variant: Variant, prefix: &str, errors: &mut Errors) {
        let options = VariantOptions::parse(&variant.attrs, errors);
        if let Some(other) = &options.other {
            self.add_other(variant, other, &options, errors);
            return;
        }
        let type_span = options
            .action_type
            .as_ref()
            .map_or(variant.ident.span(), LitStr::span);
        let action_type = options.action_type.as_ref().map_or_else(
            || format!("{prefix}{}", snake_case(&variant.ident.unraw().to_string())),
            LitStr::value,
        );
        if let Some(first) = self
            .variants
            .iter()
            .find(|first| first.action_type == action_type)
        {
            errors.push(
                type_span,
                format!(
                    "the type `{action_type}` is that of `{}` already",
                    first.ident
                ),
            );
        }
        let Some(payload) = payload(&variant, errors) else {
            return;
        };
        self.variants.push(ActionVariant {
            ident: variant.ident,
            action_type,
            payload,
            handler: options.handler,
            loading_behavior: options.loading_behavior,
            streaming: options.streaming,
        });
    }

    fn add_other(
        &mut self,
        variant: Variant,
        other: &Ident,
        options: &VariantOptions,
        errors: &mut Errors,
    ) {
        if let Some(span) = options.not_other {
            errors.push(
                span,
                "the variant for all other actions has no options: they arrive with their own type",
            );
        }
        if let Some((first, _)) = &self.other {
            errors.push(
                other.span(),
                format!("`{first}` takes all other actions already"),
            );
        }
        match variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                let field = fields.unnamed.into_iter().next();
                self.other = field.map(|field| (variant.ident, field.ty));
            }
            _ => errors.push_at(
                &variant.ident,
                format!(
                    "the variant for all other actions holds the action: `{}(Action)`",
                    variant.ident
                ),
            ),
        }
    }
}

fn payload(variant: &Variant, errors: &mut Errors) -> Option<Payload> {
    match &variant.fields {
        Fields::Unit => Some(Payload::None),
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields
            .unnamed
            .first()
            .map(|field| Payload::Value(field.ty.clone())),
        Fields::Unnamed(fields) => {
            errors.push_at(
                fields,
                "an action has one payload: give the fields names, or put them into a struct",
            );
            None
        }
        Fields::Named(fields) => {
            let is_serde = |attr: &&Attribute| attr.path().is_ident("serde");
            let attrs = variant.attrs.iter().filter(is_serde).cloned().collect();
            let fields = fields.named.iter().map(|field| {
                let mut field = field.clone();
                field.attrs.retain(|attr| is_serde(&attr));
                field
            });
            Some(Payload::Fields {
                attrs,
                fields: fields.collect(),
            })
        }
    }
}

/// The options in `#[action(…)]` on the enum.
#[derive(Default)]
struct EnumOptions {
    prefix: Option<String>,
    crate_path: Option<Path>,
}

impl EnumOptions {
    fn parse(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut options = Self::default();
        for entry in entries(attrs, errors) {
            match entry {
                Entry::Type(text) => errors.push(
                    text.span(),
                    "a type belongs on a variant; what comes before all types is \
                     `prefix = \"todo.\"`",
                ),
                Entry::Option(key, value) => match key.to_string().as_str() {
                    "prefix" => {
                        let text = string(&key, value, "prefix = \"todo.\"", errors);
                        options.prefix = text.map(|text| text.value());
                    }
                    "crate" => options.crate_path = crate_path(&key, value, errors),
                    name => unknown(&key, name, &OF_ENUM, "of an enum", errors),
                },
            }
        }
        options
    }
}

/// The options in `#[action(…)]` on a variant.
#[derive(Default)]
struct VariantOptions {
    action_type: Option<LitStr>,
    handler: Option<Ident>,
    loading_behavior: Option<Ident>,
    streaming: Option<bool>,
    /// The word `other`.
    other: Option<Ident>,
    /// Something that does not go with it.
    not_other: Option<Span>,
}

impl VariantOptions {
    fn parse(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut options = Self::default();
        for entry in entries(attrs, errors) {
            match entry {
                Entry::Type(text) => {
                    options.not_other = Some(text.span());
                    if text.value().is_empty() {
                        errors.push(text.span(), "the type of an action cannot be empty");
                    } else if options.action_type.is_some() {
                        errors.push(text.span(), "an action has one type");
                    } else {
                        options.action_type = Some(text);
                    }
                }
                Entry::Option(key, None) if key == "other" => options.other = Some(key),
                Entry::Option(key, value) => {
                    options.not_other = Some(key.span());
                    match key.to_string().as_str() {
                        "handler" => options.handler = choice(&key, value, &HANDLERS, errors),
                        "loading_behavior" => {
                            options.loading_behavior = choice(&key, value, &LOADING, errors);
                        }
                        "streaming" => options.streaming = boolean(&key, value, errors),
                        "other" => errors.push(key.span(), "`other` has no value"),
                        "type" | "name" => errors.push(
                            key.span(),
                            "the type stands by itself, as in `#[action(\"todo.save\")]`",
                        ),
                        name => unknown(&key, name, &OF_VARIANT, "of a variant", errors),
                    }
                }
            }
        }
        options
    }
}

/// What stands between the commas of `#[action(…)]`.
enum Entry {
    /// The type of the action.
    Type(LitStr),
    Option(Ident, Option<Expr>),
}

/// The entries of all `#[action(…)]`. What is wrong goes to `errors`; an option that is given twice counts once.
fn entries(attrs: &[Attribute], errors: &mut Errors) -> Vec<Entry> {
    let mut entries = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("action")) {
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                let entry = if input.peek(LitStr) {
                    Entry::Type(input.parse()?)
                } else {
                    let key = input.call(Ident::parse_any)?;
                    let value = match input.parse::<Option<Token![=]>>()? {
                        Some(_) => Some(input.parse()?),
                        None => None,
                    };
                    Entry::Option(key, value)
                };
                entries.push(entry);
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = attr.parse_args_with(parser) {
            errors.add(error);
        }
    }
    let mut seen: Vec<String> = Vec::new();
    entries.retain(|entry| {
        let Entry::Option(key, _) = entry else {
            return true;
        };
        let name = key.to_string();
        let twice = seen.contains(&name);
        if twice {
            errors.push(key.span(), format!("the option `{name}` is given twice"));
        }
        seen.push(name);
        !twice
    });
    entries
}

fn unknown(key: &Ident, name: &str, known: &[&'static str], place: &str, errors: &mut Errors) {
    let hint = match nearest_of(name, known) {
        Some(known) => format!("; did you mean `{known}`?"),
        None => format!("; the options {place} are `{}`", known.join("`, `")),
    };
    errors.push(key.span(), format!("unknown option `{name}`{hint}"));
}

fn expected(what: &str, example: &str) -> String {
    format!("expected {what}, as in `{example}`")
}

/// The value of an option, which is a string.
fn string(key: &Ident, value: Option<Expr>, example: &str, errors: &mut Errors) -> Option<LitStr> {
    match literal(value) {
        Ok(Lit::Str(text)) => Some(text),
        Ok(other) => {
            errors.push(other.span(), expected("a string", example));
            None
        }
        Err(span) => {
            errors.push(span.unwrap_or(key.span()), expected("a string", example));
            None
        }
    }
}

fn crate_path(key: &Ident, value: Option<Expr>, errors: &mut Errors) -> Option<Path> {
    const EXAMPLE: &str = "crate = \"my_chatkit\"";
    let text = string(key, value, EXAMPLE, errors)?;
    let path = text.parse_with(Path::parse_mod_style);
    if path.is_err() {
        errors.push(text.span(), expected("a path", EXAMPLE));
    }
    path.ok()
}

/// The value of an option that has a few, as the variant that it stands for.
fn choice(
    key: &Ident,
    value: Option<Expr>,
    choices: &[(&str, &str)],
    errors: &mut Errors,
) -> Option<Ident> {
    let (first, _) = choices.first()?;
    let text = string(key, value, &format!("{key} = \"{first}\""), errors)?;
    let chosen = choices.iter().find(|(name, _)| *name == text.value());
    if chosen.is_none() {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        errors.push(
            text.span(),
            format!("`{key}` is one of \"{}\"", names.join("\", \"")),
        );
    }
    chosen.map(|(_, variant)| Ident::new(variant, text.span()))
}

fn boolean(key: &Ident, value: Option<Expr>, errors: &mut Errors) -> Option<bool> {
    let span = match literal(value) {
        Ok(Lit::Bool(boolean)) => return Some(boolean.value),
        Ok(other) => other.span(),
        Err(span) => span.unwrap_or(key.span()),
    };
    let message = expected("`true` or `false`", &format!("{key} = false"));
    errors.push(span, message);
    None
}

/// The literal that an option has, or where something else stands.
fn literal(value: Option<Expr>) -> Result<Lit, Option<Span>> {
    match value {
        Some(Expr::Lit(literal)) => Ok(literal.lit),
        // Values from `macro_rules!` come in invisible groups.
        Some(Expr::Group(group)) => literal(Some(*group.expr)),
        Some(other) => Err(Some(other.span())),
        None => Err(None),
    }
}

/// `SaveTodo` as `save_todo`; a run of capitals is one word, so `OpenURLNow` is `open_url_now`.
fn snake_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (position, &character) in characters.iter().enumerate() {
        let before = position
            .checked_sub(1)
            .and_then(|before| characters.get(before));
        if character.is_uppercase()
            && let Some(before) = before
            && *before != '_'
        {
            let ends_capitals = characters
                .get(position + 1)
                .is_some_and(|next| next.is_lowercase());
            if !before.is_uppercase() || ends_capitals {
                snake.push('_');
            }
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_the_names_in_snake_case() {
        for (name, snake) in [
            ("Save", "save"),
            ("SaveTodo", "save_todo"),
            ("OpenURLNow", "open_url_now"),
            ("URL", "url"),
            ("Step2Done", "step2_done"),
            ("Odd_Name", "odd_name"),
            ("ÄndernBitte", "ändern_bitte"),
            ("a", "a"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}

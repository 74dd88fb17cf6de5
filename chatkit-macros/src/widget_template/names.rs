//! Rust names for the names in a schema.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::Ident;
use unicode_ident::{is_xid_continue, is_xid_start};

/// Gives each name once: a repeated one gets a number.
#[derive(Default)]
pub(crate) struct Names(HashSet<String>);

impl Names {
    /// A name for a field, such as `is_admin` for `isAdmin`.
    pub(crate) fn field(&mut self, name: &str, span: Span) -> Ident {
        let snake = words(name).join("_").to_lowercase();
        self.unique(&or_else(snake, "field"), "_", span)
    }

    /// A name for a type or variant, such as `OnTheWay` for `on the way`.
    pub(crate) fn camel(&mut self, name: &str, span: Span) -> Ident {
        self.unique(&or_else(camel(name), "Empty"), "", span)
    }

    /// A name as it is.
    pub(crate) fn exact(&mut self, name: &str, span: Span) -> Ident {
        self.unique(name, "", span)
    }

    fn unique(&mut self, name: &str, separator: &str, span: Span) -> Ident {
        let numbered = (2..).map(|number| format!("{name}{separator}{number}"));
        std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| self.0.insert(name.clone()))
            .map_or_else(|| ident(name, span), |name| ident(&name, span))
    }
}

/// `OnTheWay` for `on the way`; empty if there is no letter or digit.
pub(crate) fn camel(name: &str) -> String {
    let capital = |word: String| {
        let mut chars = word.chars();
        let first = chars.next().into_iter().flat_map(char::to_uppercase);
        first
            .chain(chars.flat_map(char::to_lowercase))
            .collect::<String>()
    };
    words(name).into_iter().map(capital).collect()
}

/// The name of one entry of a list: `lines` has a `line`.
pub(crate) fn singular(name: &str) -> String {
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    match name.strip_suffix('s') {
        Some(stem) if !stem.is_empty() && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => name.to_owned(),
    }
}

/// The name, if an identifier can begin like it; else behind or instead of it, the other one.
fn or_else(name: String, other: &str) -> String {
    match name.chars().next() {
        None => other.to_owned(),
        Some(first) if is_xid_start(first) => name,
        Some(_) => format!("{}{name}", &other[..1]),
    }
}

/// The words of a name, split at anything but letters and digits, and before the capitals of `camelCase`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let chars: Vec<char> = name.chars().collect();
    for (position, &c) in chars.iter().enumerate() {
        if c == '_' || !is_xid_continue(c) {
            words.push(String::new());
            continue;
        }
        let before = position.checked_sub(1).and_then(|before| chars.get(before));
        let after = chars.get(position + 1);
        let after_small = before.is_some_and(|c| c.is_lowercase() || c.is_ascii_digit());
        // The `T` of `HTMLText`.
        let last_capital =
            before.is_some_and(|c| c.is_uppercase()) && after.is_some_and(|c| c.is_lowercase());
        if c.is_uppercase() && (after_small || last_capital) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The name as an identifier: a keyword becomes `r#type`, and the few that cannot, `self_`.
fn ident(name: &str, span: Span) -> Ident {
    if ["self", "Self", "super", "crate"].contains(&name) {
        return Ident::new(&format!("{name}_"), span);
    }
    match syn::parse_str::<Ident>(name) {
        Ok(_) => Ident::new(name, span),
        Err(_) => Ident::new_raw(name, span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        let cases = [
            ("name", "name"),
            ("isAdmin", "is_admin"),
            ("in-stock", "in_stock"),
            ("HTMLText", "html_text"),
            ("URL", "url"),
            ("line2Text", "line2_text"),
            ("2nd", "f2nd"),
            ("größe", "größe"),
            ("type", "r#type"),
            ("self", "self_"),
            ("as", "r#as"),
            ("€ ²ⓐ", "field"),
            ("\u{301}x", "f\u{301}x"),
            ("", "field"),
        ];
        for (name, expected) in cases {
            let ident = Names::default().field(name, Span::call_site());
            assert_eq!(ident.to_string(), expected, "{name}");
        }
    }

    #[test]
    fn variants() {
        let cases = [
            ("blue-500", "Blue500"),
            ("on the way", "OnTheWay"),
            ("3xl", "E3xl"),
            ("DONE", "Done"),
            ("", "Empty"),
            ("self", "Self_"),
        ];
        for (name, expected) in cases {
            let ident = Names::default().camel(name, Span::call_site());
            assert_eq!(ident.to_string(), expected, "{name}");
        }
    }

    #[test]
    fn a_name_is_given_once() {
        let mut names = Names::default();
        let given = ["a-b", "a_b", "aB", "a_b_2", "type", "Type"]
            .map(|name| names.field(name, Span::call_site()).to_string());
        assert_eq!(
            given,
            ["a_b", "a_b_2", "a_b_3", "a_b_2_2", "r#type", "type_2"]
        );
    }

    #[test]
    fn entries() {
        let cases = [
            ("lines", "line"),
            ("entries", "entry"),
            ("status", "status"),
            ("s", "s"),
            ("address", "address"),
        ];
        for (name, expected) in cases {
            assert_eq!(singular(name), expected);
        }
    }
}

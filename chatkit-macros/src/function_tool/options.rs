//! The options in `#[function_tool(...)]`.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, Lit, LitStr, Path, Token, parse_quote};

use crate::errors::{Errors, nearest_of};

const KNOWN: [&str; 13] = [
    "name",
    "description",
    "strict",
    "timeout",
    "is_enabled",
    "needs_approval",
    "input_guardrails",
    "output_guardrails",
    "ends_run",
    "failure_message",
    "defer_loading",
    "allowed_callers",
    "crate",
];

/// Those that may stand without a value.
const FLAGS: [&str; 3] = ["needs_approval", "ends_run", "defer_loading"];

/// The longest name that the Responses API takes.
const MAX_NAME: usize = 64;

/// The options, as they were written; `None` where one was not.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    /// A string literal, or a macro such as `include_str!`.
    pub(crate) description: Option<Expr>,
    pub(crate) strict: Option<bool>,
    pub(crate) timeout: Option<Timeout>,
    pub(crate) is_enabled: Option<Path>,
    pub(crate) needs_approval: Option<FlagOr>,
    /// Functions, and the option itself.
    pub(crate) input_guardrails: Option<(Ident, Vec<Path>)>,
    pub(crate) output_guardrails: Option<(Ident, Vec<Path>)>,
    pub(crate) ends_run: Option<FlagOr>,
    pub(crate) defer_loading: Option<bool>,
    /// The variants of `ToolCaller`.
    pub(crate) allowed_callers: Option<Vec<Ident>>,
    pub(crate) failure_message: Option<FailureMessage>,
    pub(crate) crate_path: Option<Path>,
}

pub(crate) enum Timeout {
    Literal(Duration),
    /// An expression of the type `Duration`.
    Expr(Expr),
}

/// Yes or no, or a function that says so.
pub(crate) enum FlagOr {
    Flag(bool),
    Function(Path),
}

pub(crate) enum FailureMessage {
    Text(LitStr),
    /// A function from the error to the text.
    Function(Path),
}

impl Options {
    /// Reads the options. What is wrong goes to `errors`, and the rest is read nonetheless.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let mut seen = Vec::new();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                let key = input.call(Ident::parse_any)?;
                let value = if input.parse::<Option<Token![=]>>()?.is_some() {
                    Some(input.parse()?)
                } else {
                    None
                };
                if seen.contains(&key) {
                    errors.push(key.span(), format!("the option `{key}` is given twice"));
                } else {
                    options.set(&key, value, errors);
                    seen.push(key);
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.add(error);
        }
        options
    }

    fn set(&mut self, key: &Ident, value: Option<Expr>, errors: &mut Errors) {
        let name = key.to_string();
        if !KNOWN.contains(&name.as_str()) {
            let hint = match nearest(&name) {
                Some(known) => format!(", did you mean `{known}`?"),
                None => String::new(),
            };
            let message = format!(
                "unknown option `{name}`{hint}\nthe options are `{}`",
                KNOWN.join("`, `")
            );
            return errors.push(key.span(), message);
        }
        let flag = || parse_quote!(true);
        let value = value.or_else(|| FLAGS.contains(&name.as_str()).then(flag));
        let Some(value) = value else {
            let message = format!("the option `{name}` needs a value: `{}`", example(&name));
            return errors.push(key.span(), message);
        };
        let value = ungroup(value);
        let result = match name.as_str() {
            "name" => tool_name(value).map(|name| self.name = Some(name)),
            "description" => description(value).map(|text| self.description = Some(text)),
            "strict" => boolean(&value).map(|strict| self.strict = Some(strict)),
            "timeout" => timeout(value).map(|limit| self.timeout = Some(limit)),
            "is_enabled" => function_path(value).map(|path| self.is_enabled = Some(path)),
            "needs_approval" => flag_or(value).map(|needs| self.needs_approval = Some(needs)),
            "input_guardrails" => {
                functions(value).map(|paths| self.input_guardrails = Some((key.clone(), paths)))
            }
            "output_guardrails" => {
                functions(value).map(|paths| self.output_guardrails = Some((key.clone(), paths)))
            }
            "ends_run" => flag_or(value).map(|ends| self.ends_run = Some(ends)),
            "defer_loading" => boolean(&value).map(|defer| self.defer_loading = Some(defer)),
            "allowed_callers" => callers(value).map(|callers| self.allowed_callers = Some(callers)),
            "failure_message" => {
                failure_message(value).map(|message| self.failure_message = Some(message))
            }
            _ => crate_path(value).map(|path| self.crate_path = Some(path)),
        };
        if let Err((value, expected)) = result {
            errors.push_at(value, format!("{expected}, as in `{}`", example(&name)));
        }
    }
}

/// A value that does not fit, and what would.
type Unfit = (TokenStream, &'static str);

fn unfit<T>(value: &Expr, expected: &'static str) -> Result<T, Unfit> {
    Err((value.to_token_stream(), expected))
}

/// Values from `macro_rules!` come in invisible groups.
fn ungroup(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => ungroup(*group.expr),
        other => other,
    }
}

fn tool_name(value: Expr) -> Result<LitStr, Unfit> {
    let name = match value {
        Expr::Lit(literal) => match literal.lit {
            Lit::Str(name) => name,
            other => return Err((other.to_token_stream(), "expected a string")),
        },
        other => return unfit(&other, "expected a string"),
    };
    if is_tool_name(&name.value()) {
        Ok(name)
    } else {
        Err((
            name.to_token_stream(),
            "a tool name has 1 to 64 ASCII letters, digits, `_` and `-`",
        ))
    }
}

/// Whether the Responses API takes this as the name of a tool.
pub(crate) fn is_tool_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn description(value: Expr) -> Result<Expr, Unfit> {
    match &value {
        Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)) => Ok(value),
        Expr::Macro(_) => Ok(value),
        _ => unfit(&value, "expected a string"),
    }
}

fn boolean(value: &Expr) -> Result<bool, Unfit> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Bool(boolean) => Ok(boolean.value),
            _ => unfit(value, "expected `true` or `false`"),
        },
        _ => unfit(value, "expected `true` or `false`"),
    }
}

fn timeout(value: Expr) -> Result<Timeout, Unfit> {
    const EXPECTED: &str = "expected a time above zero: a string with the unit `ms`, `s`, `m` or \
                            `h`, a number of seconds, or a `Duration`";
    let literal = match value {
        Expr::Lit(literal) => literal,
        Expr::Unary(_) => return unfit(&value, EXPECTED),
        other => return Ok(Timeout::Expr(other)),
    };
    let limit = match &literal.lit {
        Lit::Str(text) => parse_duration(&text.value()),
        Lit::Int(seconds) if seconds.suffix().is_empty() => {
            seconds.base10_parse().ok().map(Duration::from_secs)
        }
        Lit::Float(seconds) if seconds.suffix().is_empty() => {
            let seconds = seconds.base10_parse().ok();
            seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        }
        _ => None,
    };
    match limit {
        Some(limit) if !limit.is_zero() => Ok(Timeout::Literal(limit)),
        _ => Err((literal.to_token_stream(), EXPECTED)),
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let number: u64 = number.trim_end().parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

fn function_path(value: Expr) -> Result<Path, Unfit> {
    match value {
        Expr::Path(path) if path.qself.is_none() && path.attrs.is_empty() => Ok(path.path),
        other => unfit(&other, "expected the path of a function"),
    }
}

fn flag_or(value: Expr) -> Result<FlagOr, Unfit> {
    if let Ok(flag) = boolean(&value) {
        return Ok(FlagOr::Flag(flag));
    }
    match function_path(value) {
        Ok(path) => Ok(FlagOr::Function(path)),
        Err((value, _)) => Err((value, "expected `true`, `false`, or the path of a function")),
    }
}

/// One path, or several in brackets.
fn functions(value: Expr) -> Result<Vec<Path>, Unfit> {
    const EXPECTED: &str = "expected the path of a function, or several in brackets";
    let paths = match value {
        Expr::Array(array) if !array.elems.is_empty() => {
            array.elems.into_iter().map(function_path).collect()
        }
        Expr::Array(array) => return Err((array.to_token_stream(), EXPECTED)),
        value => function_path(value).map(|path| vec![path]),
    };
    paths.map_err(|(value, _)| (value, EXPECTED))
}

fn callers(value: Expr) -> Result<Vec<Ident>, Unfit> {
    const EXPECTED: &str = "expected `\"direct\"` and `\"programmatic\"` in brackets";
    let Expr::Array(array) = value else {
        return unfit(&value, EXPECTED);
    };
    if array.elems.is_empty() {
        return Err((array.to_token_stream(), EXPECTED));
    }
    let caller = |value: Expr| {
        if let Expr::Lit(literal) = &value
            && let Lit::Str(text) = &literal.lit
        {
            match text.value().as_str() {
                "direct" => return Ok(Ident::new("Direct", text.span())),
                "programmatic" => return Ok(Ident::new("Programmatic", text.span())),
                _ => {}
            }
        }
        unfit(&value, EXPECTED)
    };
    array.elems.into_iter().map(caller).collect()
}

fn failure_message(value: Expr) -> Result<FailureMessage, Unfit> {
    if let Expr::Lit(literal) = &value
        && let Lit::Str(text) = &literal.lit
    {
        return Ok(FailureMessage::Text(text.clone()));
    }
    match function_path(value) {
        Ok(path) => Ok(FailureMessage::Function(path)),
        Err((value, _)) => Err((value, "expected a string, or the path of a function")),
    }
}

fn crate_path(value: Expr) -> Result<Path, Unfit> {
    if let Expr::Lit(literal) = &value
        && let Lit::Str(text) = &literal.lit
        && let Ok(path) = text.parse_with(Path::parse_mod_style)
    {
        return Ok(path);
    }
    match value {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path),
        other => unfit(&other, "expected the path of the `chatkit-agents` crate"),
    }
}

fn example(option: &str) -> &'static str {
    match option {
        "name" => r#"name = "get_weather""#,
        "description" => r#"description = "Looks up the weather.""#,
        "strict" => "strict = false",
        "timeout" => r#"timeout = "5s""#,
        "is_enabled" => "is_enabled = has_access",
        "needs_approval" => "needs_approval = is_large",
        "input_guardrails" => "input_guardrails = [no_secrets]",
        "output_guardrails" => "output_guardrails = [no_secrets]",
        "ends_run" => "ends_run = ToolError::is_timed_out",
        "defer_loading" => "defer_loading",
        "allowed_callers" => r#"allowed_callers = ["direct", "programmatic"]"#,
        "failure_message" => r#"failure_message = "The weather service is down.""#,
        _ => r#"crate = "my_agents""#,
    }
}

/// The known option that `name` is a misspelling of.
fn nearest(name: &str) -> Option<&'static str> {
    nearest_of(name, &KNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse_duration(" 5 s "), Some(Duration::from_secs(5)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(parse_duration("1h"), Some(Duration::from_secs(3600)));
        for wrong in [
            "",
            "5",
            "s",
            "5 days",
            "-1s",
            "1.5s",
            "99999999999999999999s",
        ] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn misspelled_options_are_recognised() {
        assert_eq!(nearest("timout"), Some("timeout"));
        assert_eq!(nearest("desciption"), Some("description"));
        assert_eq!(nearest("is_enable"), Some("is_enabled"));
        assert_eq!(nearest("colour"), None);
    }

    #[test]
    fn tool_names_are_short_and_ascii() {
        assert!(is_tool_name("get-weather_2"));
        assert!(is_tool_name(&"a".repeat(64)));
        for wrong in ["", "get weather", "wetter.holen", "größe", &"a".repeat(65)] {
            assert!(!is_tool_name(wrong), "{wrong}");
        }
    }
}

//! The template engine, set so that templates render as they do with Jinja2 and `StrictUndefined`.

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, filters};

use super::error::NotFinite;

/// The one template in its environment.
const NAME: &str = "widget";

/// A compiled template.
pub(super) struct Engine(Environment<'static>);

impl Engine {
    /// Compiles a template. The error has the line.
    pub(super) fn compile(template: String) -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        // What names the undefined variable.
        environment.set_debug(true);
        environment.add_filter("tojson", to_json);
        environment.add_template_owned(NAME, template)?;
        Ok(Self(environment))
    }

    pub(super) fn render(&self, data: Value) -> Result<String, Error> {
        self.0.get_template(NAME)?.render(data)
    }
}

/// The engine's own filter writes null for what is undefined and for NaN: both are mistakes that a widget would hide.
fn to_json(value: &Value, indent: Option<Value>, options: Kwargs) -> Result<Value, Error> {
    check(value)?;
    filters::tojson(value, indent, options)
}

fn check(value: &Value) -> Result<(), Error> {
    match value.kind() {
        // Any look-up in an undefined value gives the error that knows the variable's name.
        ValueKind::Undefined => value.get_attr("").and(Ok(())),
        ValueKind::Number
            if f64::try_from(value.clone()).is_ok_and(|number| !number.is_finite()) =>
        {
            Err(Error::from(ErrorKind::BadSerialization).with_source(NotFinite))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            value.try_iter()?.try_for_each(|entry| check(&entry))
        }
        ValueKind::Map => value
            .try_iter()?
            .try_for_each(|key| check(&value.get_item(&key)?)),
        _ => Ok(()),
    }
}

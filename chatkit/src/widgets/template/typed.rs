//! The `widget_template!` macro. It is documented here, and not beside its code, so that the example compiles.

/// Makes a `.widget` file a struct of the data that the widget takes.
///
/// ```
/// use chatkit::widgets::widget_template;
///
/// widget_template!(pub struct Order = "tests/templates/order.widget");
///
/// let order = Order {
///     status: OrderStatus::OnTheWay,
///     customer: OrderCustomer { name: "Zoë".to_owned(), note: None },
///     lines: vec![OrderLine {
///         id: "a".to_owned(),
///         label: "Tea".to_owned(),
///         quantity: 2,
///         price: 3.5,
///         in_stock: true,
///     }],
/// };
/// let widget = order.build()?;
/// assert_eq!(widget.type_name(), "Card");
/// # Ok::<(), chatkit::widgets::TemplateError>(())
/// ```
///
/// A field that the schema requires and the program does not give is an error of the compiler, and so is one that the
/// schema does not have.
///
/// # The file
///
/// The path begins at the directory of the package's `Cargo.toml`; one with `./` or `../` begins at the source file. The
/// file is read at compile time, and its text becomes part of the program. The compiler watches it: a change builds the
/// program anew. Several items, each with a `;` after it, may stand in one call.
///
/// # What it becomes
///
/// The struct, with public fields for the properties of the `jsonSchema`, and two functions:
///
/// - `fn build(&self) -> Result<WidgetRoot, TemplateError>` renders the widget.
/// - `fn template() -> Result<&'static WidgetTemplate, TemplateError>` is the template, compiled at the first use. Its
///   error is a template that is not valid Jinja; a test that calls it finds that out.
///
/// | in the schema | in Rust |
/// |---|---|
/// | `string`, `integer`, `number`, `boolean`, `null` | `String`, `i64`, `f64`, `bool`, `()` |
/// | `array` | `Vec`; the type of its entries has the name of the property without a plural `s` |
/// | `object` with `properties` | a struct, whose name is that of the outer struct and the property |
/// | `object` without | `BTreeMap<String, T>` for `additionalProperties`, else `serde_json::Map` |
/// | `enum` or `const` with strings | an enum, named like a struct |
/// | a property that is not required; an alternative or type `null` | `Option`, which renders as null |
/// | `$ref` into the schema | the type that is there, named after the definition; in a `Box` if inside of itself |
/// | `description` | the docs |
/// | anything else | `serde_json::Value` |
///
/// Names become Rust's (`isAdmin` is `is_admin`, `type` is `r#type`); equal ones get a number. All types are `Debug`,
/// `Clone`, `PartialEq`, `Serialize` and `Deserialize`; enums are also `Copy`, `Eq` and `Hash`. Attributes before the
/// struct are kept. `#[template(crate = "path")]` says where this crate is, when it was renamed.
#[doc(inline)]
pub use chatkit_macros::widget_template;

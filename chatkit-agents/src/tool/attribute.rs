//! The `function_tool` attribute. It is documented here, and not beside its code, so that the
//! examples compile.

/// Makes an `async fn` a tool that a model may call.
///
/// ```
/// use chatkit_agents::function_tool;
/// use chatkit_agents::tool::{Tool, ToolContext, ToolError};
///
/// struct User {
///     metric: bool,
/// }
///
/// /// Looks up the temperature in a city.
/// #[function_tool]
/// async fn temperature(
///     ctx: ToolContext<'_, User>,
///     /// City name, e.g. "Paris".
///     city: String,
/// ) -> Result<String, ToolError> {
///     let celsius = match city.as_str() {
///         "Paris" => 20,
///         _ => return Err(ToolError::for_model("There is no such city.")),
///     };
///     Ok(if ctx.metric { format!("{celsius} °C") } else { format!("{} °F", celsius * 9 / 5 + 32) })
/// }
///
/// // The name of the function is the tool.
/// let tool: Tool<User> = temperature.into();
///
/// // The function itself is `temperature::call`.
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let ctx = ToolContext::new(&User { metric: true }, "temperature", "call_1", "{}");
/// assert_eq!(temperature::call(ctx, "Paris".to_owned()).await.unwrap(), "20 °C");
/// # });
/// # std::io::Result::Ok(())
/// ```
///
/// # What it becomes
///
/// A unit struct with the name, the visibility and the docs of the function. It implements
/// [`FunctionTool`](super::FunctionTool), converts into [`Tool`](super::Tool), and has two associated
/// functions: `call`, which is the function, and `definition`, which gives the
/// [`ToolDefinition`](super::ToolDefinition).
///
/// As a unit struct is also a value, no local variable in scope of it can have its name.
///
/// # Parameters
///
/// The context is optional and comes first. It is recognised by its type, a path that ends in
/// [`ToolContext`](super::ToolContext); a type alias of it is marked `#[ctx]`. A tool without it works
/// for agents with any context.
///
/// All others are arguments that the model writes. Their types implement
/// [`serde::de::DeserializeOwned`] and [`schemars::JsonSchema`]. Their doc comments are the
/// descriptions in the schema. `#[serde(...)]` and `#[schemars(...)]` work as on the field of a
/// struct. An `Option` may be null; in a tool that is not strict it may also be absent.
///
/// ```
/// use chatkit_agents::function_tool;
/// use chatkit_agents::tool::ToolContext;
///
/// struct User;
/// type Ctx<'a> = ToolContext<'a, User>;
///
/// fn ten() -> u32 {
///     10
/// }
///
/// /// Searches the orders.
/// #[function_tool(strict = false)]
/// async fn search(
///     #[ctx] _ctx: Ctx<'_>,
///     /// What to look for.
///     #[serde(rename = "query")]
///     text: String,
///     #[serde(default = "ten")]
///     #[schemars(range(max = 100))]
///     limit: u32,
/// ) -> String {
///     format!("the first {limit} orders with {text}")
/// }
///
/// let definition = search::definition().unwrap();
/// assert_eq!(definition.description(), "Searches the orders.");
/// assert_eq!(definition.parameters()["properties"]["query"]["description"], "What to look for.");
/// ```
///
/// # Result
///
/// Any type that is [`IntoToolOutput`](super::IntoToolOutput), often a `Result` whose error
/// implements [`std::error::Error`], or is a [`ToolError`](super::ToolError).
///
/// # Options
///
/// | option | default | |
/// |---|---|---|
/// | `name = "..."` | that of the function | the name that the model uses |
/// | `description = "..."` | the doc comment | what the model reads about the tool; also `include_str!(..)` |
/// | `strict = false` | `true` | do not force the model to follow the schema; needed for maps |
/// | `timeout = "5s"` | none | how long a call may take: `"250ms"`, `"5s"`, `"2m"`, `"1h"`, a number of seconds, or a `Duration` |
/// | `is_enabled = path` | always | a function from `&C` to `bool`, async or not, asked before every call to the model; without a context parameter it has no argument |
/// | `needs_approval` | no | a person has to approve each call, see [`RunState`](crate::RunState) |
/// | `needs_approval = path` | | a person has to approve a call when the function says so: from `&C`, from `ToolContext<'_, C>`, from the arguments, or from the last two; async or not |
/// | `input_guardrails = [path]` | none | checks of the arguments: async functions from `ToolContext<'_, C>`, see [`ToolInputGuardrail`](super::ToolInputGuardrail) |
/// | `output_guardrails = [path]` | none | checks of the result: async functions from [`ToolOutputGuardrailData`](super::ToolOutputGuardrailData) |
/// | `ends_run` | fatal errors only | each error ends the run |
/// | `ends_run = path` | | a function from `&ToolError` to `bool`: which errors end the run; with `ToolError::is_timed_out` the timeout does |
/// | `failure_message = "..."` | see [`ToolError`](super::ToolError) | the text for the model when the error has none of its own |
/// | `failure_message = path` | | a function from `&ToolError` to the text, for every error |
/// | `defer_loading` | no | the model sees the tool once it has found it with [`ToolSearchTool`](super::ToolSearchTool) |
/// | `allowed_callers = ["direct", "programmatic"]` | the API's | who may call the tool, see [`ToolCaller`](super::ToolCaller) |
/// | `crate = "path"` | `::chatkit_agents` | where this crate is, when it was renamed |
///
/// ```
/// use std::time::Duration;
///
/// use chatkit_agents::function_tool;
/// use chatkit_agents::tool::{FunctionTool, ToolContext};
///
/// struct User {
///     admin: bool,
/// }
///
/// fn is_admin(user: &User) -> bool {
///     user.admin
/// }
///
/// /// Removes an order for good.
/// #[function_tool(
///     name = "remove_order",
///     timeout = "5s",
///     is_enabled = is_admin,
///     failure_message = "The shop is closed for maintenance."
/// )]
/// async fn remove(ctx: ToolContext<'_, User>, order: u64) -> Result<(), std::io::Error> {
///     assert!(ctx.admin);
///     std::fs::remove_file(format!("orders/{order}"))
/// }
///
/// assert_eq!(remove::definition().unwrap().name(), "remove_order");
/// assert_eq!(remove.timeout(), Some(Duration::from_secs(5)));
/// ```
///
/// # Approvals
///
/// The arguments that the function of `needs_approval` takes are decoded from those of the call, into any type that
/// implements [`serde::de::DeserializeOwned`]; it need not have all the fields. When they cannot be decoded, the call
/// needs an approval.
///
/// ```
/// use chatkit_agents::function_tool;
/// use chatkit_agents::tool::{FunctionTool, ToolContext};
///
/// struct User {
///     trusted: bool,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Amount {
///     cents: u64,
/// }
///
/// fn is_large(ctx: ToolContext<'_, User>, amount: Amount) -> bool {
///     !ctx.trusted || amount.cents > 100_00
/// }
///
/// /// Pays back what a customer has paid.
/// #[function_tool(needs_approval = is_large)]
/// async fn refund(_ctx: ToolContext<'_, User>, order: u64, cents: u64) -> String {
///     format!("{cents} cents for order {order} are on their way.")
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let user = User { trusted: true };
/// let call = |arguments| ToolContext::new(&user, "refund", "call_1", arguments);
/// assert!(!refund.needs_approval(call(r#"{"order": 1, "cents": 500}"#)).await.unwrap());
/// assert!(refund.needs_approval(call(r#"{"order": 1, "cents": 50000}"#)).await.unwrap());
/// assert!(refund.needs_approval(call(r#"{"order": 1}"#)).await.unwrap());
/// # });
/// # std::io::Result::Ok(())
/// ```
pub use chatkit_macros::function_tool;

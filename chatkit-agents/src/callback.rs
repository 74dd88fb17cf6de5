//! Async functions as values.

/// An async function that is called with an `A` that lives for `'a`, and gives an `O`.
///
/// Every place that takes a function of yours takes one of these. You never implement it: an `async fn` is one, an async
/// closure that captures nothing is one, and so is a closure that returns a future. A closure that captures clones what
/// it needs into the future, because the future may outlive the call. Write the type of a closure's argument, as below:
/// `async |_| …` is "not general enough" for the compiler.
///
/// ```
/// use chatkit_agents::{Agent, RunContext};
/// # use chatkit_agents::model::ResponsesClient;
///
/// struct User {
///     name: String,
/// }
///
/// async fn greeting(run: RunContext<'_, User>) -> String {
///     format!("You talk to {}.", run.name)
/// }
///
/// # fn agents(client: ResponsesClient) {
/// let agent = Agent::new("Greeter", client.model("gpt-5.6-luna")).instructions_fn(greeting);
///
/// let shop = String::from("Books & Tea");
/// let agent = agent.instructions_fn(move |run: RunContext<'_, User>| {
///     let text = format!("You work for {shop}, and talk to {}.", run.name);
///     async move { text }
/// });
/// # }
/// ```
pub trait Callback<'a, A, O>: Send + Sync + 'static {
    /// What the function returns.
    type Future: Future<Output = O> + Send + 'a;

    /// Calls the function.
    fn call(&self, argument: A) -> Self::Future;
}

impl<'a, A, O, F, Fut> Callback<'a, A, O> for F
where
    F: Fn(A) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = O> + Send + 'a,
{
    type Future = Fut;

    fn call(&self, argument: A) -> Fut {
        self(argument)
    }
}

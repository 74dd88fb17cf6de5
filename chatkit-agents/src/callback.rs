//! Functions as values.

use std::marker::PhantomData;

use chatkit::BoxError;
use futures::FutureExt;
use futures::future::BoxFuture;

/// A function that is called with an `A` that lives for `'a`, and gives an `O`.
///
/// Every place that takes a function of yours takes one of these. You never implement it: a function or closure that returns
/// an `O` is one, and so is an async one. Where `O` is a [`Result`], a function that cannot fail may return what is in it.
/// `K` tells these forms apart; the compiler infers it.
///
/// An async closure may capture nothing, because the future may outlive the call. In place of one that captures, write a
/// closure that clones what it needs, and takes what it needs of its argument, into an `async move` block. Write the type of
/// a closure's argument, as below.
///
/// ```
/// use chatkit_agents::{Agent, BoxError, RunContext};
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
/// async fn rules(_: RunContext<'_, User>) -> Result<String, BoxError> {
///     Ok(load_rules().await?) // an error ends the run
/// }
/// # async fn load_rules() -> std::io::Result<String> { Ok(String::new()) }
///
/// # fn agents(client: ResponsesClient) {
/// let agent = Agent::new("Greeter", client.model("gpt-5.6-luna")).instructions_fn(greeting);
/// let agent = agent.instructions_fn(rules);
///
/// let shop = String::from("Books & Tea");
/// let agent = agent.instructions_fn(move |run: RunContext<'_, User>| {
///     format!("You work for {shop}, and talk to {}.", run.name)
/// });
/// # }
/// ```
pub trait Callback<'a, A, O, K>: Send + Sync + 'static {
    /// Calls the function.
    fn call(&self, argument: A) -> BoxFuture<'a, O>;
}

impl<'a, A, O, K, F, R> Callback<'a, A, O, K> for F
where
    F: Fn(A) -> R + Send + Sync + 'static,
    R: Answer<'a, O, K>,
{
    fn call(&self, argument: A) -> BoxFuture<'a, O> {
        self(argument).resolve()
    }
}

/// What a function of yours may return: an `O`, or a future of one. Where `O` is a `Result<T, BoxError>`, also a `T`.
#[diagnostic::on_unimplemented(
    message = "the function must return `{O}`, or be an `async fn` that does",
    label = "neither `{O}` nor a future of it",
    note = "in place of a `Result<T, BoxError>` it may return the `T`"
)]
pub trait Answer<'a, O, K> {
    /// The answer.
    fn resolve(self) -> BoxFuture<'a, O>;
}

/// The function returns its answer.
#[derive(Debug)]
pub struct Now;

/// The function is async: it returns a future.
#[derive(Debug)]
pub struct Later;

/// The function cannot fail, where one may.
#[derive(Debug)]
pub struct Unfailing<K>(PhantomData<K>);

impl<'a, O: Send + 'a> Answer<'a, O, Now> for O {
    fn resolve(self) -> BoxFuture<'a, O> {
        Box::pin(std::future::ready(self))
    }
}

impl<'a, O, F: Future<Output = O> + Send + 'a> Answer<'a, O, Later> for F {
    fn resolve(self) -> BoxFuture<'a, O> {
        Box::pin(self)
    }
}

impl<'a, T: Send + 'a> Answer<'a, Result<T, BoxError>, Unfailing<Now>> for T {
    fn resolve(self) -> BoxFuture<'a, Result<T, BoxError>> {
        Box::pin(std::future::ready(Ok(self)))
    }
}

impl<'a, T: Send + 'a, F> Answer<'a, Result<T, BoxError>, Unfailing<Later>> for F
where
    F: Future<Output = T> + Send + 'a,
{
    fn resolve(self) -> BoxFuture<'a, Result<T, BoxError>> {
        Box::pin(self.map(Ok))
    }
}

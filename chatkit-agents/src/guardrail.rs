//! Guardrails: checks of what goes into a run and of what comes out.

use std::fmt;
use std::sync::Arc;

use chatkit::BoxError;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::callback::Callback;
use crate::items::InputItem;
use crate::runner::RunContext;

/// What a guardrail has found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GuardrailFunctionOutput {
    /// Anything you want to know later, for example why. It stays in the results of the run.
    pub output_info: Value,
    /// Whether the run must end.
    pub tripwire_triggered: bool,
}

impl GuardrailFunctionOutput {
    /// Nothing is wrong.
    pub fn pass() -> Self {
        Self::default()
    }

    /// The run must end.
    pub fn trip() -> Self {
        Self {
            tripwire_triggered: true,
            ..Self::default()
        }
    }

    /// Sets what you want to know later.
    #[must_use]
    pub fn output_info(mut self, info: impl Into<Value>) -> Self {
        self.output_info = info.into();
        self
    }
}

/// What a guardrail has found, and which one it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
#[doc(alias = "InputGuardrailResult")]
#[doc(alias = "OutputGuardrailResult")]
pub struct GuardrailResult {
    /// The guardrail's name.
    pub guardrail: String,
    /// The agent whose input or output it has checked.
    pub agent: String,
    /// What it has found.
    pub output: GuardrailFunctionOutput,
}

/// What an input guardrail sees.
#[non_exhaustive]
pub struct InputGuardrailData<'a, C> {
    /// The run, and its agent.
    pub run: RunContext<'a, C>,
    /// What the model is about to get, history included.
    pub input: &'a [InputItem],
}

/// What an output guardrail sees.
#[non_exhaustive]
pub struct OutputGuardrailData<'a, C> {
    /// The run, and the agent that has answered.
    pub run: RunContext<'a, C>,
    /// The answer: text, or JSON when the agent has an output type.
    pub output: &'a str,
}

impl<C> InputGuardrailData<'_, C> {
    /// What the user has said that nothing is an answer to yet: the texts of the user's messages behind the last item of
    /// [`input`](Self::input) that the model has produced, or that answers a call of it. A line break is between two
    /// messages. What is quoted or mentioned counts, as [`ThreadItemConverter`](crate::ThreadItemConverter) gives it; what
    /// was said before the last answer does not.
    pub fn unanswered_user_text(&self) -> String {
        let answered =
            |item: &InputItem| !matches!(item.role(), Some("user" | "developer" | "system"));
        let since = self.input.rsplit(answered).next().unwrap_or_default();
        let texts = since.iter().filter(|item| item.role() == Some("user"));
        let texts: Vec<_> = texts.filter_map(InputItem::text).collect();
        texts.join("\n")
    }
}

impl<C> OutputGuardrailData<'_, C> {
    /// The answer as a `T`, when the agent has an [output type](crate::Agent::output_type).
    ///
    /// # Errors
    ///
    /// When the answer is no JSON of a `T`: another agent has answered, or the agent has no output type.
    pub fn output_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.output)
    }
}

type Found = Result<GuardrailFunctionOutput, BoxError>;

/// A guardrail: a name, and a function of yours that gets the data. `flag` is something that it may be besides.
macro_rules! guardrail {
    (
        $(#[$doc:meta])*
        $name:ident($data:ident) -> $found:ty $(, $flag:ident)?
    ) => {
        $(#[$doc])*
        pub struct $name<C> {
            name: String,
            $($flag: bool,)?
            check: Arc<dyn for<'a> Fn($data<'a, C>) -> BoxFuture<'a, $found> + Send + Sync>,
        }

        impl<C: 'static> $name<C> {
            /// A guardrail; an error of `check` ends the run.
            pub fn new<K>(
                name: impl Into<String>,
                check: impl for<'a> Callback<'a, $data<'a, C>, $found, K>,
            ) -> Self {
                Self {
                    name: name.into(),
                    $($flag: false,)?
                    check: Arc::new(move |data| check.call(data)),
                }
            }

            /// The guardrail's name, for errors, results and traces.
            pub fn name(&self) -> &str {
                &self.name
            }
        }

        impl<C> Clone for $name<C> {
            fn clone(&self) -> Self {
                Self {
                    name: self.name.clone(),
                    $($flag: self.$flag,)?
                    check: Arc::clone(&self.check),
                }
            }
        }

        impl<C> fmt::Debug for $name<C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("name", &self.name)
                    $(.field(stringify!($flag), &self.$flag))?
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use guardrail;

guardrail! {
    /// Checks what a run is started with.
    ///
    /// It is asked once a run, for the agent that begins. Unless it is [blocking](Self::blocking) it works beside the first
    /// call to the model. No tool runs before it has decided.
    ///
    /// ```
    /// use chatkit_agents::{BoxError, GuardrailFunctionOutput, InputGuardrail, InputGuardrailData};
    ///
    /// fn no_homework(data: InputGuardrailData<'_, ()>) -> Result<GuardrailFunctionOutput, BoxError> {
    ///     let asked = data.unanswered_user_text().contains("homework");
    ///     Ok(if asked { GuardrailFunctionOutput::trip() } else { GuardrailFunctionOutput::pass() })
    /// }
    ///
    /// let guardrail = InputGuardrail::new("no homework", no_homework).blocking(true);
    /// assert_eq!(guardrail.name(), "no homework");
    /// ```
    ///
    /// Or a small agent decides. The closure clones what its future needs:
    ///
    /// ```
    /// use chatkit_agents::{
    ///     Agent, AgentContext, GuardrailFunctionOutput, InputGuardrail, InputGuardrailData, Runner,
    /// };
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    /// # use chatkit_agents::model::ResponsesClient;
    ///
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Verdict {
    ///     is_homework: bool,
    /// }
    ///
    /// # fn agents(client: ResponsesClient) {
    /// let judge = Agent::new("Judge", client.model("gpt-5.6-luna"))
    ///     .instructions("Does the user want homework done?")
    ///     .output_type::<Verdict>();
    /// let guardrail = InputGuardrail::new(
    ///     "no homework",
    ///     move |data: InputGuardrailData<'_, AgentContext<()>>| {
    ///         let (judge, said) = (judge.clone(), data.unanswered_user_text());
    ///         async move {
    ///             let result = Runner::run(&judge, said, ()).await?;
    ///             Ok(match result.final_output_as::<Verdict>()?.is_homework {
    ///                 true => GuardrailFunctionOutput::trip(),
    ///                 false => GuardrailFunctionOutput::pass(),
    ///             })
    ///         }
    ///     },
    /// );
    /// let agent = Agent::new("Tutor", client.model("gpt-5.6-luna")).input_guardrail(guardrail);
    /// # }
    /// ```
    InputGuardrail(InputGuardrailData) -> Found, blocking
}

impl<C: 'static> InputGuardrail<C> {
    /// Sets whether the model waits until this guardrail has decided, `run_in_parallel=False` in Python: no token is
    /// spent on an input that is refused. Off by default.
    #[must_use]
    #[doc(alias = "run_in_parallel")]
    pub fn blocking(mut self, blocking: bool) -> Self {
        self.blocking = blocking;
        self
    }

    pub(crate) fn is_blocking(&self) -> bool {
        self.blocking
    }

    pub(crate) async fn check(&self, run: RunContext<'_, C>, input: &[InputItem]) -> Found {
        (self.check)(InputGuardrailData { run, input }).await
    }
}

guardrail! {
    /// Checks the answer of a run before it counts.
    ///
    /// The text has been streamed by then, unless the run [holds it back](crate::RunConfig::hold_back_output).
    OutputGuardrail(OutputGuardrailData) -> Found
}

impl<C: 'static> OutputGuardrail<C> {
    pub(crate) async fn check(&self, run: RunContext<'_, C>, output: &str) -> Found {
        (self.check)(OutputGuardrailData { run, output }).await
    }
}

/// Shows whose input it is, not what was said.
impl<C> fmt::Debug for InputGuardrailData<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputGuardrailData")
            .field("run", &self.run)
            .field("input", &self.input.len())
            .finish()
    }
}

/// Shows whose output it is, not what was said.
impl<C> fmt::Debug for OutputGuardrailData<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputGuardrailData")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

//! Guardrails: checks of what goes into a run and of what comes out.

use std::fmt;
use std::sync::Arc;

use chatkit::BoxError;
use futures::future::BoxFuture;
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
    ///     let asked = data.input.iter().any(|item| format!("{item:?}").contains("homework"));
    ///     Ok(if asked { GuardrailFunctionOutput::trip() } else { GuardrailFunctionOutput::pass() })
    /// }
    ///
    /// let guardrail = InputGuardrail::new("no homework", no_homework).blocking(true);
    /// assert_eq!(guardrail.name(), "no homework");
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

//! A shell whose commands this program runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use super::gates::{Gates, gate_methods, gate_setters};
use super::{LocalTool, Tool, ToolCaller, ToolContext, ToolError};
use crate::items::InputItem;

/// Runs the commands of a [`ShellTool`].
///
/// A model writes the commands, and people write what the model reads: run them where they can do no harm, in a
/// container for example, and not as your server's user.
pub trait ShellExecutor<C>: Send + Sync + 'static {
    /// Runs the commands, one after the other, and gives one output for each.
    ///
    /// Dropping the future means that the run was cancelled: what is still running should be stopped.
    ///
    /// # Errors
    ///
    /// An error goes to the model in place of the outputs, unless it is [fatal](ToolError::is_fatal). A command that
    /// fails is no error: it has an exit code.
    fn execute(
        &self,
        ctx: ToolContext<'_, C>,
        action: ShellActionRequest,
    ) -> impl Future<Output = Result<ShellResult, ToolError>> + Send;
}

/// What a model wants a shell to do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ShellActionRequest {
    /// The commands.
    pub commands: Vec<String>,
    /// How long the commands may take, in milliseconds.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// How many characters of output the model wants to read at most. The tool sees to it.
    #[serde(default)]
    pub max_output_length: Option<u64>,
}

impl ShellActionRequest {
    /// How long the commands may take.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout_ms.map(Duration::from_millis)
    }
}

/// What the commands have given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShellResult {
    /// For each command, what it wrote and how it ended.
    pub output: Vec<ShellCommandOutput>,
    /// How many characters of output the model gets at most; it may have asked for less.
    pub max_output_length: Option<u64>,
}

impl ShellResult {
    /// The outputs of the commands.
    pub fn new(output: impl IntoIterator<Item = ShellCommandOutput>) -> Self {
        Self {
            output: output.into_iter().collect(),
            max_output_length: None,
        }
    }

    /// Sets how many characters of output the model gets at most, those of all commands together.
    #[must_use]
    pub fn max_output_length(mut self, max: u64) -> Self {
        self.max_output_length = Some(max);
        self
    }
}

/// What a command wrote and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShellCommandOutput {
    /// What it wrote to the standard output.
    pub stdout: String,
    /// What it wrote to the standard error.
    pub stderr: String,
    /// How it ended.
    pub outcome: ShellCallOutcome,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShellCallOutcome {
    /// By itself, with this exit code.
    Exit(i32),
    /// It took too long.
    Timeout,
}

impl ShellCommandOutput {
    /// The output of a command that ended with this exit code.
    pub fn exit(code: i32, stdout: impl Into<String>, stderr: impl Into<String>) -> Self {
        Self {
            stdout: stdout.into(),
            stderr: stderr.into(),
            outcome: ShellCallOutcome::Exit(code),
        }
    }

    /// The output of a command that took too long.
    pub fn timeout(stdout: impl Into<String>, stderr: impl Into<String>) -> Self {
        Self {
            outcome: ShellCallOutcome::Timeout,
            ..Self::exit(0, stdout, stderr)
        }
    }

    fn to_wire(&self) -> Value {
        let outcome = match self.outcome {
            ShellCallOutcome::Exit(code) => json!({"type": "exit", "exit_code": code}),
            ShellCallOutcome::Timeout => json!({"type": "timeout"}),
        };
        json!({"stdout": self.stdout, "stderr": self.stderr, "outcome": outcome})
    }
}

/// Lets the model run commands, through an executor of yours.
/// [`ContainerShellTool`](super::ContainerShellTool) is the one whose commands run at the provider.
///
/// ```
/// use chatkit_agents::tool::{
///     ShellActionRequest, ShellCommandOutput, ShellExecutor, ShellResult, ShellTool, ToolContext, ToolError,
/// };
///
/// struct Sandbox;
///
/// impl<C: Send + Sync> ShellExecutor<C> for Sandbox {
///     async fn execute(
///         &self,
///         _ctx: ToolContext<'_, C>,
///         action: ShellActionRequest,
///     ) -> Result<ShellResult, ToolError> {
///         let outputs = action.commands.iter().map(|command| match command.as_str() {
///             "uname" => ShellCommandOutput::exit(0, "Linux\n", ""),
///             _ => ShellCommandOutput::exit(127, "", "not found\n"),
///         });
///         Ok(ShellResult::new(outputs))
///     }
/// }
///
/// let shell: ShellTool<()> = ShellTool::new(Sandbox);
/// ```
pub struct ShellTool<C> {
    execute: Box<Execute<C>>,
    gates: Gates<C>,
    skills: Option<Value>,
    allowed_callers: Vec<ToolCaller>,
}

type Execute<C> = dyn for<'a> Fn(
        ToolContext<'a, C>,
        ShellActionRequest,
    ) -> BoxFuture<'a, Result<ShellResult, ToolError>>
    + Send
    + Sync;

impl<C: Send + Sync + 'static> ShellTool<C> {
    /// A shell that runs its commands with `executor`.
    pub fn new(executor: impl ShellExecutor<C>) -> Self {
        let executor = Arc::new(executor);
        Self {
            execute: Box::new(move |ctx, action| {
                let executor = Arc::clone(&executor);
                Box::pin(async move { executor.execute(ctx, action).await })
            }),
            gates: Gates::default(),
            skills: None,
            allowed_callers: Vec::new(),
        }
    }

    gate_setters! {
        /// Sets which calls a person has to approve. [`ShellTool::action`] reads the commands of a call.
    }

    /// Sets the skills that the model finds on the machine, as the API takes them:
    /// `[{"name": "...", "description": "...", "path": "..."}]`.
    #[must_use]
    pub fn skills(mut self, skills: impl Into<Value>) -> Self {
        self.skills = Some(skills.into());
        self
    }

    /// Sets who may call the tool. The API's default is the model itself.
    #[must_use]
    pub fn allowed_callers(mut self, callers: impl IntoIterator<Item = ToolCaller>) -> Self {
        self.allowed_callers = callers.into_iter().collect();
        self
    }

    /// What a call of a shell wants to be done.
    ///
    /// # Errors
    ///
    /// When it is not the call of a shell, or has no commands.
    pub fn action(ctx: ToolContext<'_, C>) -> Result<ShellActionRequest, ToolError> {
        #[derive(Deserialize)]
        struct Call {
            action: ShellActionRequest,
        }
        Ok(ctx.parse_arguments::<Call>()?.action)
    }
}

impl<C: Send + Sync + 'static> LocalTool<C> for ShellTool<C> {
    fn to_wire(&self) -> Value {
        let mut wire = json!({"type": "shell", "environment": {"type": "local"}});
        if let Some(skills) = &self.skills {
            wire["environment"]["skills"] = skills.clone();
        }
        if !self.allowed_callers.is_empty() {
            wire["allowed_callers"] = self.allowed_callers.clone().into();
        }
        wire
    }

    fn call_type(&self) -> &str {
        "shell_call"
    }

    fn call<'a>(&'a self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<InputItem, ToolError>> {
        Box::pin(async move {
            let action = Self::action(ctx)?;
            let asked = action.max_output_length;
            let result = (self.execute)(ctx, action).await?;
            let max = asked
                .into_iter()
                .chain(result.max_output_length)
                .min()
                .map(|max| usize::try_from(max).unwrap_or(usize::MAX));
            let mut output = result.output;
            if let Some(max) = max {
                truncate(&mut output, max);
            }
            Ok(answer(ctx.tool_call_id(), &output, max))
        })
    }

    fn failure(&self, call_id: &str, text: &str) -> InputItem {
        answer(call_id, &[ShellCommandOutput::exit(1, "", text)], None)
    }

    gate_methods! {}
}

fn answer(call_id: &str, output: &[ShellCommandOutput], max: Option<usize>) -> InputItem {
    let output: Vec<Value> = output.iter().map(ShellCommandOutput::to_wire).collect();
    let mut item = json!({"type": "shell_call_output", "call_id": call_id, "output": output});
    if let Some(max) = max {
        item["max_output_length"] = max.into();
    }
    InputItem::from_json(&item)
}

/// Keeps at most `left` characters of all the outputs together.
fn truncate(outputs: &mut [ShellCommandOutput], mut left: usize) {
    let texts = outputs
        .iter_mut()
        .flat_map(|output| [&mut output.stdout, &mut output.stderr]);
    for text in texts {
        match text.char_indices().nth(left) {
            Some((end, _)) => {
                text.truncate(end);
                left = 0;
            }
            None => left -= text.chars().count(),
        }
    }
}

impl<C: Send + Sync + 'static> From<ShellTool<C>> for Tool<C> {
    fn from(tool: ShellTool<C>) -> Self {
        Self::local(tool)
    }
}

impl<C> fmt::Debug for ShellTool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShellTool").finish_non_exhaustive()
    }
}

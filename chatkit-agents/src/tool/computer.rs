//! A computer that the model uses by mouse and keyboard.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chatkit::BoxError;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{LocalTool, Tool, ToolContext, ToolError};
use crate::callback::Callback;
use crate::items::{InputItem, data_url};

/// The computer behind a [`ComputerTool`]: a browser, or a virtual machine.
///
/// The model decides what to do from what it sees, and what it sees may be written by others: give it a machine on which
/// it can do no harm.
pub trait Computer<C>: Send + Sync + 'static {
    /// Does one thing. Coordinates are pixels of the screenshot.
    ///
    /// # Errors
    ///
    /// An error ends the run: the model expects a screenshot, and cannot be told.
    fn act(
        &self,
        ctx: ToolContext<'_, C>,
        action: ComputerAction,
    ) -> impl Future<Output = Result<(), ToolError>> + Send;

    /// What the screen shows now: the bytes of a PNG.
    ///
    /// # Errors
    ///
    /// An error ends the run.
    fn screenshot(
        &self,
        ctx: ToolContext<'_, C>,
    ) -> impl Future<Output = Result<Vec<u8>, ToolError>> + Send;
}

/// One thing that the model does with a computer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ComputerAction {
    /// Clicks.
    Click {
        /// Pixels from the left.
        x: i64,
        /// Pixels from the top.
        y: i64,
        /// `left`, `right`, `wheel`, `back` or `forward`.
        button: String,
        /// The keys that are held meanwhile.
        #[serde(default, deserialize_with = "keys")]
        keys: Vec<String>,
    },
    /// Clicks twice, with the left button.
    DoubleClick {
        /// Pixels from the left.
        x: i64,
        /// Pixels from the top.
        y: i64,
        /// The keys that are held meanwhile.
        #[serde(default, deserialize_with = "keys")]
        keys: Vec<String>,
    },
    /// Presses the left button at the first point, and lets go at the last.
    Drag {
        /// The points on the way.
        path: Vec<ComputerPoint>,
        /// The keys that are held meanwhile.
        #[serde(default, deserialize_with = "keys")]
        keys: Vec<String>,
    },
    /// Presses keys together, `CTRL` and `C` for example.
    Keypress {
        /// The keys.
        keys: Vec<String>,
    },
    /// Moves the mouse.
    Move {
        /// Pixels from the left.
        x: i64,
        /// Pixels from the top.
        y: i64,
        /// The keys that are held meanwhile.
        #[serde(default, deserialize_with = "keys")]
        keys: Vec<String>,
    },
    /// Looks at the screen. The tool does this itself, [`Computer::act`] never gets it.
    Screenshot,
    /// Turns the wheel.
    Scroll {
        /// Pixels from the left.
        x: i64,
        /// Pixels from the top.
        y: i64,
        /// How far to the right, in pixels.
        scroll_x: i64,
        /// How far down, in pixels.
        scroll_y: i64,
        /// The keys that are held meanwhile.
        #[serde(default, deserialize_with = "keys")]
        keys: Vec<String>,
    },
    /// Types a text.
    Type {
        /// The text.
        text: String,
    },
    /// Waits until the computer is ready.
    Wait,
}

/// A point on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ComputerPoint {
    /// Pixels from the left.
    pub x: i64,
    /// Pixels from the top.
    pub y: i64,
}

fn keys<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Something that the provider wants to be looked at before the model goes on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ComputerSafetyCheck {
    /// The id of the check.
    pub id: String,
    /// What kind of check it is, `malicious_instructions` for example.
    #[serde(default)]
    pub code: Option<String>,
    /// What was found.
    #[serde(default)]
    pub message: Option<String>,
}

/// What the function of [`ComputerTool::on_safety_check`] gets.
#[non_exhaustive]
pub struct ComputerSafetyCheckData<'a, C> {
    /// The call.
    pub ctx: ToolContext<'a, C>,
    /// What was found.
    pub check: ComputerSafetyCheck,
}

impl<C> fmt::Debug for ComputerSafetyCheckData<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComputerSafetyCheckData")
            .field("ctx", &self.ctx)
            .field("code", &self.check.code)
            .finish_non_exhaustive()
    }
}

/// Lets the model use a computer.
///
/// The provider may attach safety checks to a call. [`on_safety_check`](Self::on_safety_check) decides about them.
/// Without it a person does: the run is interrupted, and an approval of the call acknowledges its checks.
///
/// ```
/// use chatkit_agents::tool::{Computer, ComputerAction, ComputerTool, ToolContext, ToolError};
///
/// struct Browser;
///
/// impl<C: Send + Sync> Computer<C> for Browser {
///     async fn act(&self, _ctx: ToolContext<'_, C>, action: ComputerAction) -> Result<(), ToolError> {
///         match action {
///             ComputerAction::Click { x, y, .. } => println!("click at {x}, {y}"),
///             ComputerAction::Type { text } => println!("{text}"),
///             other => return Err(ToolError::new(format!("cannot do {other:?}"))),
///         }
///         Ok(())
///     }
///
///     async fn screenshot(&self, _ctx: ToolContext<'_, C>) -> Result<Vec<u8>, ToolError> {
///         Ok(std::fs::read("screen.png")?)
///     }
/// }
///
/// let computer: ComputerTool<()> = ComputerTool::new(Browser);
/// ```
pub struct ComputerTool<C> {
    perform: Box<Perform<C>>,
    on_safety_check: Option<Box<OnSafetyCheck<C>>>,
}

type Perform<C> = dyn for<'a> Fn(ToolContext<'a, C>, Vec<ComputerAction>) -> BoxFuture<'a, Result<Vec<u8>, ToolError>>
    + Send
    + Sync;
type OnSafetyCheck<C> = dyn for<'a> Fn(ComputerSafetyCheckData<'a, C>) -> BoxFuture<'a, Result<bool, BoxError>>
    + Send
    + Sync;

/// What of a call matters here.
#[derive(Deserialize)]
struct Call {
    /// Older models send one, newer ones a list.
    #[serde(default)]
    action: Option<ComputerAction>,
    #[serde(default)]
    actions: Option<Vec<ComputerAction>>,
    #[serde(default)]
    pending_safety_checks: Option<Vec<ComputerSafetyCheck>>,
}

impl Call {
    fn checks(&mut self) -> Vec<ComputerSafetyCheck> {
        self.pending_safety_checks.take().unwrap_or_default()
    }

    fn into_actions(self) -> Vec<ComputerAction> {
        match self.actions {
            Some(actions) if !actions.is_empty() => actions,
            _ => self.action.into_iter().collect(),
        }
    }
}

impl<C: Send + Sync + 'static> ComputerTool<C> {
    /// A tool for this computer.
    pub fn new(computer: impl Computer<C>) -> Self {
        let computer = Arc::new(computer);
        Self {
            perform: Box::new(move |ctx, actions| {
                let computer = Arc::clone(&computer);
                Box::pin(async move {
                    // A screenshot at the end is the answer; others are seen by nobody.
                    for action in actions {
                        if action != ComputerAction::Screenshot {
                            computer.act(ctx, action).await?;
                        }
                    }
                    computer.screenshot(ctx).await
                })
            }),
            on_safety_check: None,
        }
    }

    /// Sets the function that decides whether the model may go on in spite of a safety check. `false` ends the run.
    #[must_use]
    pub fn on_safety_check<K>(
        mut self,
        decide: impl for<'a> Callback<'a, ComputerSafetyCheckData<'a, C>, Result<bool, BoxError>, K>,
    ) -> Self {
        self.on_safety_check = Some(Box::new(move |data| decide.call(data)));
        self
    }

    async fn perform(&self, ctx: ToolContext<'_, C>) -> Result<InputItem, ToolError> {
        let mut call: Call = ctx.parse_arguments()?;
        let checks = call.checks();
        if let Some(decide) = &self.on_safety_check {
            for check in &checks {
                let check = check.clone();
                let decided = decide(ComputerSafetyCheckData { ctx, check }).await;
                if !decided.map_err(ToolError::new)? {
                    return Err(ToolError::new("a safety check was not acknowledged"));
                }
            }
        }
        let screenshot = (self.perform)(ctx, call.into_actions()).await?;
        Ok(answer(
            ctx.tool_call_id(),
            &STANDARD.encode(screenshot),
            &checks,
        ))
    }
}

/// A single transparent pixel, where a screenshot must be and there is none.
const NOTHING: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR42mNgAAIAAAUAAen63NgAAAAASUVORK5CYII=";

fn answer(call_id: &str, png: &str, acknowledged: &[ComputerSafetyCheck]) -> InputItem {
    let mut item = json!({
        "type": "computer_call_output",
        "call_id": call_id,
        "output": {
            "type": "computer_screenshot",
            "image_url": data_url("image/png", png),
        },
    });
    if !acknowledged.is_empty() {
        item["acknowledged_safety_checks"] = acknowledged
            .iter()
            .map(|check| json!({"id": check.id, "code": check.code, "message": check.message}))
            .collect();
    }
    InputItem::from_json(&item)
}

impl<C: Send + Sync + 'static> LocalTool<C> for ComputerTool<C> {
    fn to_wire(&self) -> Value {
        json!({"type": "computer"})
    }

    fn call_type(&self) -> &str {
        "computer_call"
    }

    fn call<'a>(&'a self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<InputItem, ToolError>> {
        Box::pin(async move { self.perform(ctx).await.map_err(ToolError::fatal) })
    }

    /// No text can be an answer: the model sees an empty picture, and no check is acknowledged.
    fn failure(&self, call_id: &str, _: &str) -> InputItem {
        answer(call_id, NOTHING, &[])
    }

    fn needs_approval<'a>(
        &'a self,
        ctx: ToolContext<'a, C>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        let needs = self.on_safety_check.is_none()
            && ctx
                .parse_arguments::<Call>()
                .map_or(true, |mut call| !call.checks().is_empty());
        Box::pin(std::future::ready(Ok(needs)))
    }
}

impl<C: Send + Sync + 'static> From<ComputerTool<C>> for Tool<C> {
    fn from(tool: ComputerTool<C>) -> Self {
        Self::local(tool)
    }
}

impl<C> fmt::Debug for ComputerTool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComputerTool").finish_non_exhaustive()
    }
}

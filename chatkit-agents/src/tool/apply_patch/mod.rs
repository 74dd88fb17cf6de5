//! Editing files by patches.

mod diff;

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::diff::{apply_diff, create_file_text};

use super::gates::{Gates, gate_methods, gate_setters};
use super::{LocalTool, Tool, ToolCaller, ToolContext, ToolError};
use crate::items::InputItem;

/// Changes the files of an [`ApplyPatchTool`].
///
/// A model writes the paths: an editor of a directory must refuse those that lead out of it, by `..`, as absolute paths,
/// or through symbolic links. What a method returns is what the model reads; it may be empty.
pub trait ApplyPatchEditor<C>: Send + Sync + 'static {
    /// Makes a new file. [`create_file_text`] reads the diff.
    ///
    /// # Errors
    ///
    /// An error goes to the model, unless it is [fatal](ToolError::is_fatal).
    fn create_file(
        &self,
        ctx: ToolContext<'_, C>,
        path: &str,
        diff: &str,
    ) -> impl Future<Output = Result<String, ToolError>> + Send;

    /// Changes a file, and moves it if `move_to` says so. [`apply_diff`] applies the diff.
    ///
    /// # Errors
    ///
    /// An error goes to the model, unless it is [fatal](ToolError::is_fatal).
    fn update_file(
        &self,
        ctx: ToolContext<'_, C>,
        path: &str,
        diff: &str,
        move_to: Option<&str>,
    ) -> impl Future<Output = Result<String, ToolError>> + Send;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// An error goes to the model, unless it is [fatal](ToolError::is_fatal).
    fn delete_file(
        &self,
        ctx: ToolContext<'_, C>,
        path: &str,
    ) -> impl Future<Output = Result<String, ToolError>> + Send;
}

/// A change that a model wants to make.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApplyPatchOperation {
    /// Make a new file.
    CreateFile {
        /// Where.
        path: String,
        /// Its lines, each after a `+`.
        diff: String,
    },
    /// Change a file.
    UpdateFile {
        /// Which.
        path: String,
        /// The change.
        diff: String,
        /// Where the file is moved to.
        #[serde(default)]
        move_to: Option<String>,
    },
    /// Remove a file.
    DeleteFile {
        /// Which.
        path: String,
    },
}

impl ApplyPatchOperation {
    /// The path of the file.
    pub fn path(&self) -> &str {
        match self {
            Self::CreateFile { path, .. }
            | Self::UpdateFile { path, .. }
            | Self::DeleteFile { path } => path,
        }
    }
}

/// Lets the model create, change and remove files, through an editor of yours.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use chatkit_agents::tool::{
///     ApplyPatchEditor, ApplyPatchTool, ToolContext, ToolError, apply_diff, create_file_text,
/// };
///
/// /// Files that are kept in memory.
/// #[derive(Default)]
/// struct Files(Mutex<HashMap<String, String>>);
///
/// impl<C: Send + Sync> ApplyPatchEditor<C> for Files {
///     async fn create_file(&self, _: ToolContext<'_, C>, path: &str, diff: &str) -> Result<String, ToolError> {
///         self.0.lock().unwrap().insert(path.to_owned(), create_file_text(diff)?);
///         Ok(format!("{path} is there now."))
///     }
///
///     async fn update_file(
///         &self,
///         _: ToolContext<'_, C>,
///         path: &str,
///         diff: &str,
///         move_to: Option<&str>,
///     ) -> Result<String, ToolError> {
///         let mut files = self.0.lock().unwrap();
///         let text = files.get(path).ok_or(ToolError::for_model("There is no such file."))?;
///         let text = apply_diff(text, diff)?;
///         files.remove(path);
///         files.insert(move_to.unwrap_or(path).to_owned(), text);
///         Ok(String::new())
///     }
///
///     async fn delete_file(&self, _: ToolContext<'_, C>, path: &str) -> Result<String, ToolError> {
///         self.0.lock().unwrap().remove(path);
///         Ok(String::new())
///     }
/// }
///
/// let patch: ApplyPatchTool<()> = ApplyPatchTool::new(Files::default());
/// ```
pub struct ApplyPatchTool<C> {
    apply: Box<Apply<C>>,
    gates: Gates<C>,
    allowed_callers: Vec<ToolCaller>,
}

type Apply<C> = dyn for<'a> Fn(ToolContext<'a, C>, ApplyPatchOperation) -> BoxFuture<'a, Result<String, ToolError>>
    + Send
    + Sync;

impl<C: Send + Sync + 'static> ApplyPatchTool<C> {
    /// A tool that changes files with `editor`.
    pub fn new(editor: impl ApplyPatchEditor<C>) -> Self {
        let editor = Arc::new(editor);
        Self {
            apply: Box::new(move |ctx, operation| {
                let editor = Arc::clone(&editor);
                Box::pin(async move {
                    match &operation {
                        ApplyPatchOperation::CreateFile { path, diff } => {
                            editor.create_file(ctx, path, diff).await
                        }
                        ApplyPatchOperation::UpdateFile {
                            path,
                            diff,
                            move_to,
                        } => {
                            editor
                                .update_file(ctx, path, diff, move_to.as_deref())
                                .await
                        }
                        ApplyPatchOperation::DeleteFile { path } => {
                            editor.delete_file(ctx, path).await
                        }
                    }
                })
            }),
            gates: Gates::default(),
            allowed_callers: Vec::new(),
        }
    }

    gate_setters! {
        /// Sets which calls a person has to approve. [`ApplyPatchTool::operations`] reads the changes of a call.
    }

    /// Sets who may call the tool. The API's default is the model itself.
    #[must_use]
    pub fn allowed_callers(mut self, callers: impl IntoIterator<Item = ToolCaller>) -> Self {
        self.allowed_callers = callers.into_iter().collect();
        self
    }

    /// What a call wants to be changed.
    ///
    /// # Errors
    ///
    /// When it is not the call of such a tool, or a path or a diff is missing.
    pub fn operations(ctx: ToolContext<'_, C>) -> Result<Vec<ApplyPatchOperation>, ToolError> {
        #[derive(Deserialize)]
        struct Call {
            #[serde(default)]
            operation: Option<ApplyPatchOperation>,
            #[serde(default)]
            operations: Option<Vec<ApplyPatchOperation>>,
        }
        let call: Call = ctx.parse_arguments()?;
        let operations = call
            .operations
            .unwrap_or_else(|| call.operation.into_iter().collect());
        let problem = if operations.is_empty() {
            "there is no operation"
        } else if operations
            .iter()
            .any(|operation| operation.path().is_empty())
        {
            "operation.path: it is empty"
        } else {
            return Ok(operations);
        };
        Err(ToolError::invalid_arguments(ctx.tool_name(), problem))
    }
}

impl<C: Send + Sync + 'static> LocalTool<C> for ApplyPatchTool<C> {
    fn to_wire(&self) -> Value {
        let mut wire = json!({"type": "apply_patch"});
        if !self.allowed_callers.is_empty() {
            wire["allowed_callers"] = self.allowed_callers.clone().into();
        }
        wire
    }

    fn call_type(&self) -> &str {
        "apply_patch_call"
    }

    fn call<'a>(&'a self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<InputItem, ToolError>> {
        Box::pin(async move {
            let mut said = Vec::new();
            for operation in Self::operations(ctx)? {
                let text = (self.apply)(ctx, operation).await?;
                if !text.is_empty() {
                    said.push(text);
                }
            }
            Ok(answer(ctx.tool_call_id(), "completed", &said.join("\n")))
        })
    }

    fn failure(&self, call_id: &str, text: &str) -> InputItem {
        answer(call_id, "failed", text)
    }

    gate_methods! {}
}

fn answer(call_id: &str, status: &str, text: &str) -> InputItem {
    let mut item = json!({"type": "apply_patch_call_output", "call_id": call_id, "status": status});
    if !text.is_empty() {
        item["output"] = text.into();
    }
    InputItem::from_json(&item)
}

impl<C: Send + Sync + 'static> From<ApplyPatchTool<C>> for Tool<C> {
    fn from(tool: ApplyPatchTool<C>) -> Self {
        Self::local(tool)
    }
}

impl<C> fmt::Debug for ApplyPatchTool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplyPatchTool").finish_non_exhaustive()
    }
}

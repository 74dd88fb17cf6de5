//! MCP servers that the provider of the model talks to.

use std::collections::BTreeMap;
use std::fmt;

use chatkit::BoxError;
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::{HostedTool, texts};
use crate::callback::Callback;
use crate::items::{InputItem, OutputItem};
use crate::tool::{LocalTool, Tool, ToolCaller, ToolContext, ToolError};

/// Lets the model use the tools of an MCP server, which the provider of the model talks to.
///
/// The server may want an approval for a call. Without [`on_approval_request`](Self::on_approval_request) the run is
/// then interrupted, and goes on once it is resumed with a decision, as for a function.
///
/// ```
/// use chatkit_agents::tool::{HostedMcpTool, McpApproval, McpApprovalRequest};
///
/// struct User {
///     admin: bool,
/// }
///
/// fn decide(request: McpApprovalRequest<'_, User>) -> McpApproval {
///     if request.ctx.admin || request.name().starts_with("read_") {
///         McpApproval::approve()
///     } else {
///         McpApproval::reject("Only an administrator may do this.")
///     }
/// }
///
/// let wiki = HostedMcpTool::url("wiki", "https://wiki.example/mcp")
///     .allowed_tools(["read_page", "write_page"])
///     .require_approval("always")
///     .on_approval_request(decide);
/// ```
pub struct HostedMcpTool<C> {
    definition: HostedTool,
    decide: Option<Box<Decide<C>>>,
}

type Decide<C> = dyn for<'a> Fn(McpApprovalRequest<'a, C>) -> BoxFuture<'a, Result<McpApproval, BoxError>>
    + Send
    + Sync;

/// A hosted MCP server asks whether a tool may be called.
#[non_exhaustive]
pub struct McpApprovalRequest<'a, C> {
    /// The call: its id is that of the request, and its arguments are those of the MCP tool.
    pub ctx: ToolContext<'a, C>,
}

impl<'a, C> McpApprovalRequest<'a, C> {
    /// The label of the server.
    pub fn server_label(&self) -> &'a str {
        self.ctx.tool_namespace().unwrap_or_default()
    }

    /// The name of the tool.
    pub fn name(&self) -> &'a str {
        self.ctx.tool_name()
    }

    /// The arguments, as the model wrote them.
    pub fn arguments(&self) -> &'a str {
        self.ctx.tool_arguments()
    }
}

impl<C> fmt::Debug for McpApprovalRequest<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpApprovalRequest")
            .field("server_label", &self.server_label())
            .field("ctx", &self.ctx)
            .finish()
    }
}

/// Whether an MCP tool may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(alias = "MCPToolApprovalFunctionResult")]
pub struct McpApproval {
    approve: bool,
    reason: Option<String>,
}

impl McpApproval {
    /// The tool may be called.
    pub fn approve() -> Self {
        Self {
            approve: true,
            reason: None,
        }
    }

    /// The tool may not be called; the model is told why.
    pub fn reject(reason: impl Into<String>) -> Self {
        Self {
            approve: false,
            reason: Some(reason.into()),
        }
    }

    /// What a person has decided; `reason` is what the model is told.
    pub(crate) fn decided(approve: bool, reason: Option<&str>) -> Self {
        Self {
            approve,
            reason: reason.map(str::to_owned),
        }
    }

    /// The answer to the request with this id.
    pub(crate) fn answer(&self, request_id: &str) -> InputItem {
        let mut answer = json!({
            "type": "mcp_approval_response",
            "approval_request_id": request_id,
            "approve": self.approve,
        });
        if let Some(reason) = &self.reason {
            answer["reason"] = reason.as_str().into();
        }
        InputItem::from_json(&answer)
    }
}

impl<C> HostedMcpTool<C> {
    /// A server at an address. The label tells it from other servers of the agent.
    pub fn url(label: impl Into<String>, url: impl Into<String>) -> Self {
        Self::with(label.into(), "server_url", url.into())
    }

    /// A connector of the provider, `connector_googlecalendar` for example.
    pub fn connector(label: impl Into<String>, connector_id: impl Into<String>) -> Self {
        Self::with(label.into(), "connector_id", connector_id.into())
    }

    fn with(label: String, field: &str, value: String) -> Self {
        let definition = HostedTool::of_type("mcp")
            .option("server_label", label)
            .option(field, value);
        Self {
            definition,
            decide: None,
        }
    }

    /// Sets a field of the definition, for options that have no method here.
    #[must_use]
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.definition = self.definition.option(name, value);
        self
    }

    /// Sets what the model reads about the server.
    #[must_use]
    pub fn server_description(self, description: impl Into<String>) -> Self {
        self.option("server_description", description.into())
    }

    /// Sets the tools that the model may use; all of the server by default.
    #[must_use]
    pub fn allowed_tools<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        self.option("allowed_tools", texts(names))
    }

    /// Sets which calls need an approval: `always`, `never`, or a filter as the API takes it,
    /// `{"never": {"tool_names": ["read_page"]}}` for example. The API's default is `always`.
    #[must_use]
    pub fn require_approval(self, when: impl Into<Value>) -> Self {
        self.option("require_approval", when)
    }

    /// Sets the OAuth access token for the server. It goes to the provider with each request.
    #[must_use]
    pub fn authorization(self, token: impl Into<String>) -> Self {
        self.option("authorization", token.into())
    }

    /// Sets headers that the provider sends to the server.
    #[must_use]
    pub fn headers(self, headers: BTreeMap<String, String>) -> Self {
        let headers: Map<String, Value> = headers
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect();
        self.option("headers", headers)
    }

    /// Sets whether the model sees the tools only once it has found them with the
    /// [`ToolSearchTool`](super::ToolSearchTool).
    #[must_use]
    pub fn defer_loading(self, defer: bool) -> Self {
        self.option("defer_loading", defer)
    }

    /// Sets who may call the tools. The API's default is the model itself.
    #[must_use]
    pub fn allowed_callers(self, callers: impl IntoIterator<Item = ToolCaller>) -> Self {
        let callers: Value = callers.into_iter().collect();
        self.option("allowed_callers", callers)
    }

    /// Sets the function that decides when the server wants an approval. A panic of it counts as a rejection.
    #[must_use]
    #[doc(alias = "MCPToolApprovalFunction")]
    pub fn on_approval_request<K>(
        mut self,
        decide: impl for<'a> Callback<'a, McpApprovalRequest<'a, C>, Result<McpApproval, BoxError>, K>,
    ) -> Self {
        self.decide = Some(Box::new(move |request| decide.call(request)));
        self
    }

    fn label(&self) -> Option<&str> {
        self.definition.definition()["server_label"].as_str()
    }
}

impl<C: Send + Sync + 'static> LocalTool<C> for HostedMcpTool<C> {
    fn to_wire(&self) -> Value {
        self.definition.definition().clone()
    }

    fn call_type(&self) -> &str {
        "mcp_approval_request"
    }

    fn is_called_by(&self, item: &OutputItem) -> bool {
        item.raw().string_field("server_label").as_deref() == self.label()
    }

    fn call<'a>(&'a self, ctx: ToolContext<'a, C>) -> BoxFuture<'a, Result<InputItem, ToolError>> {
        Box::pin(async move {
            let Some(decide) = &self.decide else {
                return Ok(McpApproval::approve().answer(ctx.tool_call_id()));
            };
            let decision = decide(McpApprovalRequest { ctx })
                .await
                .map_err(ToolError::new)?;
            Ok(decision.answer(ctx.tool_call_id()))
        })
    }

    fn failure(&self, call_id: &str, text: &str) -> InputItem {
        McpApproval::reject(text).answer(call_id)
    }

    /// A person decides when no function does.
    fn needs_approval<'a>(
        &'a self,
        _: ToolContext<'a, C>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(std::future::ready(Ok(self.decide.is_none())))
    }
}

impl<C: Send + Sync + 'static> From<HostedMcpTool<C>> for Tool<C> {
    fn from(tool: HostedMcpTool<C>) -> Self {
        Self::local(tool)
    }
}

/// Not the definition: it may hold a token.
impl<C> fmt::Debug for HostedMcpTool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostedMcpTool")
            .field("server_label", &self.label())
            .finish_non_exhaustive()
    }
}

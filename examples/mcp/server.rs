//! The MCP server: one tool, over standard input and output.

use std::error::Error;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler, ServiceExt};
use serde_json::{Value, json};

struct Library;

impl ServerHandler for Library {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({
            "type": "object",
            "properties": {"subject": {"type": "string"}},
            "required": ["subject"],
        });
        let schema = schema.as_object().cloned().unwrap_or_default();
        let search = Tool::new("search", "Finds books on a subject.", Arc::new(schema));
        Ok(ListToolsResult::with_all_items(vec![search]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let subject = arguments.get("subject").and_then(Value::as_str);
        let found = match subject {
            Some("lighthouses") => "\"To the Lighthouse\", shelf W.",
            _ => "Nothing.",
        };
        Ok(CallToolResult::success(vec![ContentBlock::text(found)]).into())
    }
}

pub(crate) async fn serve() -> Result<(), Box<dyn Error>> {
    let transport = (tokio::io::stdin(), tokio::io::stdout());
    Library.serve(transport).await?.waiting().await?;
    Ok(())
}

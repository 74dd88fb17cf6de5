//! The page takes part: a tool of the page whose result the agent gets, an effect in the page, and context that the page
//! tells the agent and the user never sees.
//!
//! ```text
//! cargo run --bin client_tool
//! ```
//!
//! The page is an editor. It runs `get_selection` when it is asked to (`onClientTool` in ChatKit.js), marks text at the
//! effect `highlight` (`onEffect`), and sends the action `document.opened` when the user opens another document. Without a
//! key, ask the scripted model what is selected, which document is open, or to highlight something.

mod scripted;

use std::error::Error;

use chatkit::actions::{Action, TypedAction};
use chatkit::store::MemoryStore;
use chatkit::types::{ClientEffectEvent, IconName, JsonObject, UserMessageItem, WidgetItem};
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use chatkit_agents::{
    Agent, AgentContext, ClientToolCall, DefaultThreadItemConverter, Runner, ThreadItemConverter,
    ToolContext, ToolUseBehavior, function_tool, stream_agent_response,
};
use chatkit_examples::{model::Models, page::Page, serve};
use serde_json::json;

/// Get the text that the user has selected in the editor.
#[function_tool]
async fn get_selection(ctx: ToolContext<'_, AgentContext<()>>) {
    // The run ends here. The page runs its tool, and its result begins the next turn.
    ctx.set_client_tool_call(ClientToolCall::new("get_selection", JsonObject::new()));
}

/// Highlight a passage in the editor.
#[function_tool]
async fn highlight(
    ctx: ToolContext<'_, AgentContext<()>>,
    /// The passage, word for word.
    text: String,
) -> &'static str {
    let data = JsonObject::from_iter([("text".into(), text.into())]);
    ctx.stream(ClientEffectEvent::new("highlight").data(data))
        .await;
    "It is highlighted."
}

/// What the page tells.
#[derive(TypedAction)]
#[action(prefix = "document.")]
enum PageAction {
    Opened { name: String },
}

struct Editor {
    agent: Agent<AgentContext<()>>,
}

impl ChatKitHandler for Editor {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        _message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let input = DefaultThreadItemConverter.history(turn, 20).await?;
        let context = AgentContext::new(turn);
        let run = Runner::run_streamed(&self.agent, input, context.clone());
        turn.forward(stream_agent_response(context, run)).await
    }

    async fn action(
        &self,
        turn: &Turn<()>,
        action: Action,
        _sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        let PageAction::Opened { name } = PageAction::parse(&action)?;
        // Part of what the model reads from now on. Nothing is sent.
        turn.add_hidden_context(format!(
            "<DOCUMENT>The user has opened {name:?}.</DOCUMENT>"
        ))
        .await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let models = Models::connect(scripted::answer).await?;
    let agent = Agent::new("Editor", models.default_model())
        .instructions("You help with the document that the user has open. Answer briefly.")
        .tool(get_selection)
        .tool(highlight)
        .tool_use_behavior(ToolUseBehavior::stop_at_tools(["get_selection"]));
    // Here the page only plays the editor.
    let page = Page::new("Editor")
        .prompt("What is selected?", &IconName::Desktop, "What is selected?")
        .prompt("Highlight tea", &IconName::Write, "Highlight tea")
        .prompt(
            "Which document is open?",
            &IconName::Document,
            "Which document is open?",
        )
        .client_tool("get_selection", json!("a pot of tea"))
        .action(
            "Open plan.md",
            "document.opened",
            json!({"name": "plan.md"}),
        );
    let server = ChatKitServer::new(Editor { agent }, MemoryStore::new());
    serve::run(server, page).await
}

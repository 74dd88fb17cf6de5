//! What the composer offers besides text: models and tools to pick, and things to mention. The answer cites its sources.
//!
//! ```text
//! cargo run --bin composer
//! ```
//!
//! The page says what can be picked (`composer.models`, `composer.tools` and `entities.onTagSearch` in ChatKit.js); the
//! server says what that means. Both come from the client and are input like any other.

mod scripted;

use std::error::Error;

use chatkit::store::MemoryStore;
use chatkit::types::{IconName, ProgressUpdateEvent, UserMessageItem, UserMessageTagContent};
use chatkit::{ChatKitHandler, ChatKitServer, CustomStreamError, Turn, TurnError};
use chatkit_agents::items::ContentPart;
use chatkit_agents::model::{ModelSettings, ToolChoice};
use chatkit_agents::{
    Agent, AgentContext, ConvertError, Runner, ThreadItemConverter, ToolContext, function_tool,
    stream_agent_response,
};
use chatkit_examples::page::{Page, Tool};
use chatkit_examples::{model::Models, serve};

/// The models that may be picked, by the ids that the page has for them, and the names that the endpoint has.
const MODELS: [(&str, &str); 2] = [("fast", "gpt-5.6-luna"), ("thorough", "gpt-5.6")];

/// The tools that may be picked. The page's ids are the names of the functions.
const TOOLS: [&str; 1] = ["search_handbook"];

/// Search the handbook.
#[function_tool]
async fn search_handbook(
    ctx: ToolContext<'_, AgentContext<()>>,
    /// What to look for.
    query: String,
) -> String {
    // Shown until something else is.
    let progress = ProgressUpdateEvent::new(format!("Searching for {query:?}"));
    ctx.stream(progress.icon(IconName::Search)).await;
    format!("Chapter 3 is about {query}: https://example.com/handbook#3")
}

/// How the items of a thread become input; only mentions are special here.
struct WithCustomers;

impl ThreadItemConverter for WithCustomers {
    async fn tag_to_message_content(
        &self,
        tag: &UserMessageTagContent,
    ) -> Result<ContentPart, ConvertError> {
        // Look it up by its id: the name and the data are what the page says.
        let text = format!("<CUSTOMER id={:?}>Customer since 2019.</CUSTOMER>", tag.id);
        Ok(ContentPart::text(text))
    }
}

struct Assistant {
    models: Models,
    agent: Agent<AgentContext<()>>,
}

impl Assistant {
    /// The agent with what the user has picked.
    fn agent(
        &self,
        message: Option<&UserMessageItem>,
    ) -> Result<Agent<AgentContext<()>>, TurnError> {
        let mut agent = self.agent.clone();
        let Some(picked) = message.map(|message| &message.inference_options) else {
            return Ok(agent);
        };
        if let Some(id) = &picked.model {
            let (_, name) = MODELS
                .iter()
                .find(|(known, _)| known == id)
                .ok_or_else(|| CustomStreamError::new("This model is not offered."))?;
            agent = agent.model(self.models.named(*name));
        }
        if let Some(tool) = &picked.tool_choice {
            let name = TOOLS
                .iter()
                .find(|known| **known == tool.id)
                .ok_or_else(|| CustomStreamError::new("This tool is not offered."))?;
            let choice = ToolChoice::Function((*name).to_owned());
            agent = agent.model_settings(ModelSettings::new().tool_choice(choice));
        }
        Ok(agent)
    }
}

impl ChatKitHandler for Assistant {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let agent = self.agent(message.as_ref())?;
        let input = WithCustomers.history(turn, 20).await?;
        let context = AgentContext::new(turn);
        let run = Runner::run_streamed(&agent, input, context.clone());
        // Citations of the model become annotations of the message.
        turn.forward(stream_agent_response(context, run)).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let models = Models::connect(scripted::answer).await?;
    let agent = Agent::new("Assistant", models.default_model())
        .instructions("Answer briefly, and cite the handbook.")
        .tool(search_handbook);
    let page = Page::new("Composer")
        .model("fast", "Fast", "Answers at once")
        .model("thorough", "Thorough", "Thinks first")
        .tool(Tool::new(
            "search_handbook",
            "Search the handbook",
            &IconName::Search,
        ))
        .entity("cus_9", "Ada", "Customers", &IconName::User);
    let server = ChatKitServer::new(Assistant { models, agent }, MemoryStore::new());
    serve::run(server, page).await
}

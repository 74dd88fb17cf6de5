//! What the compiler says where something of yours is to go, and something else is given: once for each trait.

use chatkit::ChatKitServer;
use chatkit::store::MemoryStore;
use chatkit_agents::model::ResponsesClient;
use chatkit_agents::session::CompactionSession;
use chatkit_agents::tool::Tool;
use chatkit_agents::{Agent, Run};

struct Other;

async fn get_weather(city: String) -> String {
    city
}

fn a_function_without_the_attribute(agent: Agent<()>) {
    agent.tool(get_weather);
}

fn a_tool(agent: Agent<()>) {
    agent.tool(Other);
    Tool::<()>::function(Other);
}

fn a_model() {
    Agent::<()>::new("Assistant", Other);
}

fn a_session(run: Run<()>) {
    run.session(Other);
}

fn a_session_that_is_compacted(client: ResponsesClient) {
    CompactionSession::new(Other, client);
}

fn a_handler() {
    ChatKitServer::new(Other, MemoryStore::new());
}

fn a_store<H: chatkit::ChatKitHandler>(handler: H, server: ChatKitServer<H>) {
    ChatKitServer::new(handler, Other);
    server.attachment_store(Other);
}

fn main() {}

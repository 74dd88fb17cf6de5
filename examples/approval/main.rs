//! A tool that the user has to approve: the assistant asks in the thread, and goes on when the answer comes, even after
//! the server was restarted in between.
//!
//! ```text
//! cargo run --bin approval
//! ```
//!
//! Threads are in `DATABASE_URL`, by default `sqlite:approval.db`. Without a key, ask the scripted model for a refund of an
//! order, say of "order 17". A text of your own in place of "Approve" or "Reject" rejects, and the model reads it.

mod scripted;

use std::env;
use std::error::Error;

use chatkit::store::SqliteStore;
use chatkit::types::{IconName, UserMessageItem};
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use chatkit_agents::{
    Agent, AgentContext, ApprovalAnswer, Approvals, DefaultThreadItemConverter, Runner,
    ThreadItemConverter, function_tool,
};
use chatkit_examples::{model::Models, page::Page, serve};

/// Pay an order back.
#[function_tool(needs_approval)]
async fn refund(
    /// The number of the order.
    order: u32,
    /// In whole euros.
    euros: u32,
) -> String {
    tracing::info!(order, euros, "money goes out");
    format!("{euros} € for the order {order} are on their way.")
}

struct Clerk {
    agent: Agent<AgentContext<()>>,
    approvals: Approvals,
}

impl ChatKitHandler for Clerk {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        _message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let context = AgentContext::new(turn);
        let run = match self.approvals.answer(turn).await? {
            ApprovalAnswer::Decided(state) => Runner::resume(&self.agent, *state, context.clone()),
            ApprovalAnswer::Late => return Ok(()),
            _ => {
                let input = DefaultThreadItemConverter.history(turn, 20).await?;
                Runner::run(&self.agent, input, context.clone())
            }
        };
        self.approvals.forward(context, run.streamed()).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let models = Models::connect(scripted::answer).await?;
    let agent = Agent::new("Clerk", models.default_model())
        .instructions("You work for a shop. Refund what customers are unhappy with.")
        .tool(refund);
    let approvals = Approvals::new();
    let database = env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite:approval.db".to_owned());
    let store = SqliteStore::open(&database).await?;
    let page = Page::new("Refunds").prompt(
        "Refund order 17",
        &IconName::Document,
        "Please refund order 17",
    );
    let server = ChatKitServer::new(Clerk { agent, approvals }, store);
    serve::run(server, page).await
}

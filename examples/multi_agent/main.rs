//! Several agents: one sorts, one knows orders, one knows the law and is asked as a tool.
//!
//! ```text
//! cargo run --bin multi_agent
//! ```
//!
//! With `OPENAI_API_KEY` set the models are OpenAI's; without it a built-in scripted one answers.

use std::error::Error;

use chatkit_agents::testing::{RecordedRequest, Script};
use chatkit_agents::{Agent, Handoff, Runner, StreamEvent, function_tool};
use chatkit_examples::model::{Models, tool_output};
use futures::StreamExt;
use serde_json::json;

/// Look up an order.
#[function_tool]
async fn find_order(
    /// The number of the order.
    number: u32,
) -> String {
    format!("Order {number}: a teapot, delivered ten days ago, broken.")
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it is the program's output")]
async fn main() -> Result<(), Box<dyn Error>> {
    let models = Models::connect(answer).await?;
    let lawyer = Agent::new("Lawyer", models.default_model())
        .instructions("Say in one sentence what the customer is entitled to.");
    let orders = Agent::new("Orders", models.default_model())
        .handoff_description("Knows orders, deliveries and refunds.")
        .instructions("Help with the order. Ask the lawyer before you promise anything.")
        .tool(find_order)
        .tool(lawyer.as_tool("ask_lawyer", "Says what a customer is entitled to."))
        // Agents are values; the way back is by name.
        .handoff(Handoff::to_name("Reception"));
    let reception = Agent::new("Reception", models.default_model())
        .instructions("Find out who can help, and hand over.")
        .handoff(&orders);

    let mut run = Runner::run(&reception, "My order 7 came in pieces.", ()).streamed();
    while let Some(event) = run.next().await {
        if let StreamEvent::AgentUpdated { agent } = event? {
            println!("-- {agent}");
        }
    }
    println!("{}", run.into_result()?.into_output()?);
    Ok(())
}

/// The built-in model plays all three.
fn answer(request: &RecordedRequest) -> Script {
    let instructions = request.body["instructions"].as_str().unwrap_or_default();
    if instructions.starts_with("Find out") {
        return Script::function_call("transfer_to_orders", json!({}));
    }
    if instructions.starts_with("Say in one") {
        return Script::text("A new teapot or the money, within two years.");
    }
    match tool_output(request) {
        Some(order) if order.starts_with("Order") => {
            Script::function_call("ask_lawyer", json!({"input": format!("What now? {order}")}))
        }
        Some(law) if law.starts_with("A new") => {
            Script::text("I am sorry. You get a new teapot or your money, as you like.")
        }
        _ => Script::function_call("find_order", json!({"number": 7})),
    }
}

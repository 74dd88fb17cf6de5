//! The first agent: a model, a tool, a question.
//!
//! ```text
//! cargo run --bin first_agent
//! ```
//!
//! With `OPENAI_API_KEY` set the model is OpenAI's; without it a built-in scripted one answers.

use std::error::Error;

use chatkit_agents::testing::{RecordedRequest, Script};
use chatkit_agents::{Agent, Runner, function_tool};
use chatkit_examples::model::{Models, tool_output};
use serde_json::json;

/// Look up the weather for a city.
#[function_tool]
async fn get_weather(
    /// City name, e.g. "Paris".
    city: String,
) -> String {
    format!("It is raining in {city}.")
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it is the program's output")]
async fn main() -> Result<(), Box<dyn Error>> {
    let models = Models::connect(answer).await?;
    let agent = Agent::new("Assistant", models.default_model())
        .instructions("Answer in one sentence.")
        .tool(get_weather);
    let result = Runner::run(&agent, "Do I need an umbrella in Paris?", ()).await?;
    println!("{}", result.into_output()?);
    Ok(())
}

/// The built-in model: it calls the tool, and repeats what that says.
fn answer(request: &RecordedRequest) -> Script {
    match tool_output(request) {
        None => Script::function_call("get_weather", json!({"city": "Paris"})),
        Some(weather) => Script::text(format!("{weather} Take an umbrella.")),
    }
}

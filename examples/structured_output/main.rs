//! An answer that is a Rust type.
//!
//! ```text
//! cargo run --bin structured_output
//! ```
//!
//! With `OPENAI_API_KEY` set the model is OpenAI's; without it a built-in scripted one answers.

use std::error::Error;

use chatkit_agents::testing::{RecordedRequest, Script};
use chatkit_agents::{Agent, Runner};
use chatkit_examples::model::Models;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What the agent finds in a mail.
#[derive(Debug, Deserialize, JsonSchema)]
struct Appointment {
    /// What it is about, in a few words.
    subject: String,
    /// The day, as YYYY-MM-DD.
    day: String,
    /// Who takes part.
    people: Vec<String>,
    /// Where it is, if the mail says so.
    place: Option<String>,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it is the program's output")]
async fn main() -> Result<(), Box<dyn Error>> {
    let models = Models::connect(answer).await?;
    let agent = Agent::new("Secretary", models.default_model())
        .instructions("Find the appointment in the mail.")
        .output_type::<Appointment>();
    let mail = "Hi Ann, Bob and I would like to go through the plans on 3 March 2027. See you, Cid";
    let result = Runner::run(&agent, mail, ()).await?;
    let found: Appointment = result.final_output_as()?;
    let place = found.place.as_deref().unwrap_or("somewhere");
    println!(
        "{}: {} ({}), {place}",
        found.day,
        found.subject,
        found.people.join(", ")
    );
    Ok(())
}

/// The built-in model: the endpoint makes it follow the schema.
fn answer(_: &RecordedRequest) -> Script {
    let found = json!({
        "subject": "Going through the plans", "day": "2027-03-03", "people": ["Ann", "Bob", "Cid"], "place": null,
    });
    Script::text(found.to_string())
}

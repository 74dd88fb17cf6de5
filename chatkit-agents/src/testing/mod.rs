//! A scripted Responses endpoint, for tests and for running without a key.
//!
//! [`ScriptedResponses`] is a real HTTP server on the loopback interface. What it answers is a
//! [`Script`]: the text, the function calls, the pictures a model would produce, or a failure at a
//! chosen place. What it was asked, and whether the client hung up early, is recorded.
//!
//! ```
//! use chatkit_agents::items::InputItem;
//! use chatkit_agents::model::{Model, ModelRequest, ResponseStreamEvent};
//! use chatkit_agents::testing::{Script, ScriptedResponses};
//! use futures::TryStreamExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = ScriptedResponses::start().await?;
//! server.push(Script::text("Hello there"));
//!
//! let model = server.client().model("scripted");
//! let input = [InputItem::user("Hi")];
//! let events: Vec<ResponseStreamEvent> =
//!     model.stream(&ModelRequest::new(&input)).try_collect().await?;
//!
//! assert_eq!(events.last().unwrap().event_type(), "response.completed");
//! assert_eq!(server.requests()[0].body["input"][0]["content"][0]["text"], "Hi");
//! # Ok(())
//! # }
//! ```

mod http;
mod render;
mod script;
mod server;

pub use script::Script;
pub use server::{RecordedRequest, ScriptedResponses};

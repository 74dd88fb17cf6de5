//! The smallest server: it repeats what it hears, and forgets it all when it ends.
//!
//! ```text
//! cargo run --bin echo
//! ```

use std::error::Error;

use chatkit::store::MemoryStore;
use chatkit::types::UserMessageItem;
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use chatkit_examples::{page::Page, serve};

struct Echo;

impl ChatKitHandler for Echo {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let text = message.map(|message| message.text()).unwrap_or_default();
        turn.add_message(format!("You said: {text}")).await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let server = ChatKitServer::new(Echo, MemoryStore::new());
    serve::run(server, Page::new("Echo")).await
}

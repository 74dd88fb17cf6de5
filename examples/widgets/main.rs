//! Widgets: from a template, built in code, growing, with a table, a chart, and a form that keeps what is entered.
//!
//! ```text
//! cargo run --bin widgets
//! ```
//!
//! Say `order`, `table`, `chart`, `story` or `todo`.

mod shown;
mod todo;

use std::error::Error;

use chatkit::actions::{Action, TypedAction};
use chatkit::store::MemoryStore;
use chatkit::types::{IconName, SyncCustomActionResponse, UserMessageItem, WidgetItem};
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use chatkit_examples::{page::Page, serve};
use futures::stream;

use todo::{Todo, TodoEdited};

struct Widgets;

impl ChatKitHandler for Widgets {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let text = message.map(|message| message.text()).unwrap_or_default();
        match text.trim().to_lowercase().as_str() {
            "order" => turn.add_widget(shown::order()?).await?,
            "table" => turn.add_widget(shown::table()).await?,
            "chart" => turn.add_widget(shown::chart()).await?,
            // A widget that changes is a stream of its states. What goes to the client is the difference.
            "story" => {
                let states = stream::iter(shown::story().map(Ok::<_, TurnError>));
                turn.stream_widget(states).await?;
            }
            "todo" => {
                let todo = Todo {
                    id: 7,
                    title: "Buy milk".into(),
                    done: false,
                };
                turn.add_widget(todo.form()).await?;
            }
            _ => turn.add_widget(shown::menu()).await?,
        }
        Ok(())
    }

    // A streaming action may do anything in the thread.
    async fn action(
        &self,
        turn: &Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        match (TodoEdited::parse(&action)?, sender) {
            (TodoEdited::Delete { .. }, Some(sender)) => turn.remove_item(sender.id).await?,
            (TodoEdited::Delete { .. }, None) => {}
            (TodoEdited::Save { .. }, sender) => {
                self.sync_action(turn, action, sender).await?;
            }
        }
        Ok(())
    }

    // A sync action is answered with the widget it came from.
    async fn sync_action(
        &self,
        turn: &Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, TurnError> {
        let TodoEdited::Save { id, todo } = TodoEdited::parse(&action)? else {
            return Err(TurnError::msg("this action is sent as a stream"));
        };
        tracing::info!(id, title = todo.title, done = todo.done, "saved"); // … in your database
        let Some(sender) = sender else {
            return Ok(SyncCustomActionResponse::new());
        };
        // Without this the form would be back at its first values after a reload.
        let filled = sender.widget.clone().with_form_values(&action.payload);
        Ok(turn.update_widget(sender, filled).await?.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let page = shown::WORDS
        .iter()
        .fold(Page::new("Widgets"), |page, word| {
            page.prompt(word, &IconName::SquareCode, word)
        });
    serve::run(ChatKitServer::new(Widgets, MemoryStore::new()), page).await
}

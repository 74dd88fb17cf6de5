//! Threads that are locked and closed, notices above the composer, and errors that users understand.
//!
//! ```text
//! cargo run --bin threads
//! ```
//!
//! A help desk: `agent` waits for a person and locks the thread meanwhile, until the page sends the action
//! `person.joined`; `bye` closes it. Every second answer to `report` fails, and can be tried again; each thread has five
//! answers, and a notice says when they run out.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

use chatkit::actions::{Action, TypedAction};
use chatkit::store::MemoryStore;
use chatkit::types::{
    IconName, JsonObject, NoticeEvent, ThreadStatus, UserMessageItem, WidgetItem,
};
use chatkit::{ChatKitHandler, ChatKitServer, CustomStreamError, Turn, TurnError};
use chatkit_examples::{page::Page, serve};

/// How many answers a thread has.
const ANSWERS: u64 = 5;

#[derive(Default)]
struct HelpDesk {
    /// Reports succeed and fail in turn.
    printer_works: AtomicBool,
}

#[derive(TypedAction)]
enum PageAction {
    #[action("person.joined")]
    PersonJoined,
}

impl ChatKitHandler for HelpDesk {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        // The client's composer is off in such a thread. Anyone can send a request.
        if turn.thread().status != ThreadStatus::Active {
            return Err(CustomStreamError::new("This conversation takes no messages.").into());
        }
        let text = message.map(|message| message.text()).unwrap_or_default();
        let answer = match text.trim() {
            "agent" => {
                turn.set_status(ThreadStatus::locked("Waiting for a person to join."));
                "A person will be with you soon.".to_owned()
            }
            "bye" => {
                turn.set_status(ThreadStatus::closed("This conversation is over."));
                "Goodbye.".to_owned()
            }
            "report" => {
                // The user reads this text, and gets a button to try again. Other errors show a general text.
                if !self.printer_works.fetch_not(Ordering::Relaxed) {
                    let error = CustomStreamError::new("The report is not ready yet.");
                    return Err(error.allow_retry(true).into());
                }
                "Here is your report.".to_owned()
            }
            other => format!("You said: {other}"),
        };
        turn.add_message(answer).await?;
        count_answer(turn).await
    }

    async fn action(
        &self,
        turn: &Turn<()>,
        action: Action,
        _sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        let PageAction::PersonJoined = PageAction::parse(&action)?;
        turn.set_status(ThreadStatus::Active);
        turn.add_message("Hello, this is Ada. How can I help?")
            .await?;
        Ok(())
    }
}

/// Counts in the thread's metadata, which clients never see, and tells the user when there is little left.
async fn count_answer(turn: &Turn<()>) -> Result<(), TurnError> {
    let given = turn
        .thread()
        .metadata
        .get("given")
        .and_then(|given| given.as_u64());
    let given = given.unwrap_or(0) + 1;
    turn.set_metadata(JsonObject::from_iter([("given".into(), given.into())]));
    match ANSWERS.saturating_sub(given) {
        0 => {
            turn.set_status(ThreadStatus::closed(
                "This conversation has no answers left.",
            ));
            let notice = NoticeEvent::warning("Start a **new** conversation to go on.");
            turn.send(notice.title("No answers left")).await?;
        }
        1 => {
            let notice = NoticeEvent::info("There is **one** answer left.");
            let notice = notice.action("Get more", "https://example.com/plans");
            turn.send(notice).await?;
        }
        _ => {}
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let page = Page::new("Help desk")
        .prompt("Get the report", &IconName::Document, "report")
        .prompt("Wait for a person", &IconName::User, "agent")
        .prompt("Say goodbye", &IconName::CheckCircle, "bye");
    let server = ChatKitServer::new(HelpDesk::default(), MemoryStore::new());
    serve::run(server, page).await
}

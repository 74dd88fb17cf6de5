//! A support desk: what the other examples show one at a time, together.
//!
//! ```text
//! cargo run --features attachments --bin support_desk
//! ```
//!
//! A front desk hands over to those who know orders and refunds (`agents.rs`). A tool shows an order as a card, whose
//! buttons are answered here; a refund waits for an approval, and goes on after a restart if need be. A guardrail keeps the
//! numbers of credit cards out. Customers can attach a picture of what is broken. Without a key, ask the scripted model
//! where order 7 is.
//!
//! | variable | default | |
//! |---|---|---|
//! | `DATABASE_URL` | `sqlite:support_desk.db` | the threads, and the refunds that wait |
//! | `ATTACHMENTS` | `attachments.out` | the folder of the pictures |
//! | `ATTACHMENT_SECRET` | a new one for each process | signs the URLs of uploads and previews: 32 bytes or more |

mod agents;
mod scripted;

use std::env;
use std::error::Error;

use chatkit::actions::{Action, TypedAction};
use chatkit::attachments::AttachmentOptions;
use chatkit::store::{DynStore, SqliteStore};
use chatkit::types::{IconName, SyncCustomActionResponse, UserMessageItem, WidgetItem};
use chatkit::{ChatKitHandler, ChatKitServer, CustomStreamError, Turn, TurnError};
use chatkit_agents::{
    Agent, AgentContext, ApprovalAnswer, Approvals, AttachmentConverter, RunError, Runner,
    ThreadItemConverter,
};
use chatkit_examples::page::{Page, Uploads};
use chatkit_examples::{model::Models, serve};

use agents::{Context, Order};

struct SupportDesk {
    front_desk: Agent<Context>,
    approvals: Approvals,
    converter: AttachmentConverter<()>,
}

/// The buttons of an order's card.
#[derive(TypedAction)]
#[action(prefix = "order.")]
enum OrderAction {
    #[action(streaming = false)]
    Track {
        number: u32,
    },
    Refund {
        number: u32,
    },
}

impl ChatKitHandler for SupportDesk {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let context = AgentContext::new(turn);
        let run = match self.approvals.answer(turn).await? {
            // The answer to a question of ours: the refund's run goes on where it was.
            ApprovalAnswer::Decided(state) => {
                Runner::resume(&self.front_desk, *state, context.clone())
            }
            ApprovalAnswer::Late => return Ok(()),
            _ => {
                let input = self.converter.history(turn, 30).await?;
                Runner::run(&self.front_desk, input, context.clone())
            }
        };
        match (
            self.approvals.forward(context, run.streamed()).await,
            message,
        ) {
            (Err(error), Some(message)) if is_refused(&error) => {
                // Nothing of it stays, neither here nor on the page.
                turn.remove_item(message.id).await?;
                let text = "Please do not send the number of a credit card.";
                Err(CustomStreamError::new(text).into())
            }
            (answered, _) => answered,
        }
    }

    // A button that the model answers: it is told what was clicked.
    async fn action(
        &self,
        turn: &Turn<()>,
        action: Action,
        _sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        let OrderAction::Refund { number } = OrderAction::parse(&action)? else {
            return Err(TurnError::msg("this action is not sent as a stream"));
        };
        turn.add_hidden_context(format!("The customer asks for a refund of order {number}."))
            .await?;
        self.respond(turn, None).await
    }

    // A button that needs no model: the card changes where it is.
    async fn sync_action(
        &self,
        turn: &Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, TurnError> {
        let OrderAction::Track { number } = OrderAction::parse(&action)? else {
            return Err(TurnError::msg("this action is sent as a stream"));
        };
        let (Some(mut order), Some(sender)) = (Order::find(number), sender) else {
            return Ok(SyncCustomActionResponse::new());
        };
        order.status = format!("{}, seen just now", order.status);
        Ok(turn.update_widget(sender, order.build()?).await?.into())
    }
}

/// Whether a guardrail has ended the run.
fn is_refused(error: &TurnError) -> bool {
    let error = error.find_source::<RunError>();
    error.is_some_and(RunError::is_tripwire)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let models = Models::connect(scripted::answer).await?;
    let listener = serve::listen().await?;
    let base = format!("http://{}", listener.local_addr()?);

    let database = env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite:support_desk.db".to_owned());
    let folder = env::var_os("ATTACHMENTS").unwrap_or_else(|| "attachments.out".into());
    let store = DynStore::new(SqliteStore::open(&database).await?);
    let secret = serve::secret("ATTACHMENT_SECRET");
    let files = AttachmentOptions::shared(format!("{base}/attachments"), secret)
        .open_folder(folder, store.clone())
        .await?;

    let desk = SupportDesk {
        front_desk: agents::front_desk(&models),
        approvals: Approvals::new().labels("Pay back", "Do not pay"),
        converter: AttachmentConverter::bytes(files.clone()),
    };
    let server = ChatKitServer::new(desk, store).attachment_store(files.clone());
    let page = Page::new("Support desk")
        .greeting("How can we help?")
        .prompt("Where is my order?", &IconName::Search, "Where is order 8?")
        .prompt(
            "Something is broken",
            &IconName::Lifesaver,
            "Order 7 came broken, I want a refund.",
        )
        .uploads(Uploads::TwoPhase)
        .images_from(base);
    let app = chatkit::axum::router(server.clone(), serve::anyone)
        .merge(files.router(serve::anyone))
        .merge(page.router());
    serve::serve(listener, app, server).await?;
    files.settle().await;
    Ok(())
}

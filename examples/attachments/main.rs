//! Files that users attach: kept in a folder, shown in the thread, and read by the model.
//!
//! ```text
//! cargo run --features attachments --bin attachments
//! ```
//!
//! Attach an image, a PDF or a text, and ask about it. Without a key, the scripted model says what has reached it.
//!
//! | variable | default | |
//! |---|---|---|
//! | `ATTACHMENTS` | `attachments.out` | the folder of the files |
//! | `ATTACHMENT_SECRET` | a new one for each process | signs the URLs of uploads and previews: 32 bytes or more |
//! | `UPLOADS` | `two_phase` | how the page uploads; `direct` is the other way, and the server takes both |
//! | `DATABASE_URL` | `sqlite:attachments.db` | the threads |
//! | `PUBLIC_BASE` | `http://127.0.0.1:$PORT` | what the URLs begin with |

mod scripted;

use std::env;
use std::error::Error;
use std::time::Duration;

use chatkit::attachments::AttachmentOptions;
use chatkit::store::{DynStore, SqliteStore};
use chatkit::types::UserMessageItem;
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use chatkit_agents::{
    Agent, AgentContext, AttachmentConverter, Runner, ThreadItemConverter, stream_agent_response,
};
use chatkit_examples::page::{Page, Uploads};
use chatkit_examples::{model::Models, serve};

/// The route of uploads, downloads and previews.
const ROUTE: &str = "/attachments";

struct Reader {
    agent: Agent<AgentContext<()>>,
    /// Makes input of a thread's items; its files go to the model with their bytes.
    converter: AttachmentConverter<()>,
}

impl ChatKitHandler for Reader {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        _message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let input = self.converter.history(turn, 20).await?;
        let context = AgentContext::new(turn);
        let run = Runner::run_streamed(&self.agent, input, context.clone());
        turn.forward(stream_agent_response(context, run)).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let models = Models::connect(scripted::answer).await?;
    let agent = Agent::new("Reader", models.default_model())
        .instructions("Answer questions about the files that the user attaches.");

    let listener = serve::listen().await?;
    let base = match env::var("PUBLIC_BASE") {
        Ok(base) => base.trim_end_matches('/').to_owned(),
        Err(_) => format!("http://{}", listener.local_addr()?),
    };
    let uploads = match env::var("UPLOADS").as_deref() {
        Ok("two_phase") | Err(_) => Uploads::TwoPhase,
        Ok("direct") => Uploads::Direct(ROUTE.to_owned()),
        Ok(other) => {
            return Err(format!("UPLOADS: {other:?} is neither two_phase nor direct").into());
        }
    };
    let database = env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite:attachments.db".to_owned());
    let folder = env::var_os("ATTACHMENTS").unwrap_or_else(|| "attachments.out".into());
    // URLs end with the secret; the page asks for new ones whenever it shows a thread.
    let secret = serve::secret("ATTACHMENT_SECRET");

    // The records of the files are in the store of the threads, so both get the same one.
    let store = DynStore::new(SqliteStore::open(&database).await?);
    let files = AttachmentOptions::shared(format!("{base}{ROUTE}"), secret)
        .max_bytes(10 * 1024 * 1024)
        .open_folder(folder, store.clone())
        .await?;
    // What was uploaded and never sent. A server that runs for long does this once an hour.
    let removed = files
        .remove_orphans(Duration::from_secs(24 * 60 * 60))
        .await?;
    tracing::info!(removed, "files that nobody has sent");

    let converter = AttachmentConverter::bytes(files.clone());
    let server =
        ChatKitServer::new(Reader { agent, converter }, store).attachment_store(files.clone());
    let page = Page::new("Attachments").uploads(uploads).images_from(base);
    let app = chatkit::axum::router(server.clone(), serve::anyone)
        .merge(files.router(serve::anyone))
        .merge(page.router());
    serve::serve(listener, app, server).await?;
    files.settle().await;
    Ok(())
}

//! Images that the model makes, kept as files instead of in the thread; coarse ones are shown on the way.
//!
//! ```text
//! cargo run --bin images
//! ```
//!
//! | variable | default | |
//! |---|---|---|
//! | `IMAGES` | `images.out` | the directory of the files |
//! | `PUBLIC_BASE` | `http://127.0.0.1:$PORT` | what their URLs begin with |

mod pictures;
mod scripted;

use std::env;
use std::error::Error;

use chatkit::store::MemoryStore;
use chatkit::types::{GeneratedImageItem, UserMessageItem};
use chatkit::{BoxError, ChatKitHandler, ChatKitServer, Turn, TurnError};
use chatkit_agents::items::{ContentPart, InputItem};
use chatkit_agents::tool::Tool;
use chatkit_agents::{
    Agent, AgentContext, ConvertError, ResponseStreamConverter, Runner, ThreadItemConverter,
    stream_agent_response_with,
};
use chatkit_examples::{model::Models, page::Page, serve};
use serde_json::json;

use pictures::Pictures;

/// How many coarse images the model is asked for.
const PARTIAL_IMAGES: u32 = 2;

struct Painter {
    agent: Agent<AgentContext<()>>,
    pictures: Pictures,
}

impl ChatKitHandler for Painter {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        _message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let input = self.pictures.history(turn, 20).await?;
        let context = AgentContext::new(turn);
        let run = Runner::run_streamed(&self.agent, input, context.clone());
        turn.forward(stream_agent_response_with(context, run, &self.pictures))
            .await
    }
}

/// From the model into the thread: the URL of a file.
impl ResponseStreamConverter for Pictures {
    fn partial_images(&self) -> Option<u32> {
        Some(PARTIAL_IMAGES)
    }

    async fn base64_image_to_url(
        &self,
        image_id: &str,
        base64_image: &str,
        partial_image_index: Option<u64>,
    ) -> Result<String, BoxError> {
        self.save(image_id, base64_image, partial_image_index).await
    }
}

/// From the thread to the model: the file itself, since the model cannot reach this server.
impl ThreadItemConverter for Pictures {
    async fn generated_image_to_input(
        &self,
        item: &GeneratedImageItem,
    ) -> Result<Vec<InputItem>, ConvertError> {
        let Some(image) = &item.image else {
            return Ok(Vec::new());
        };
        let data = self.load(&image.id).await.map_err(ConvertError::other)?;
        Ok(vec![InputItem::user_parts(vec![
            ContentPart::text("You made this image:"),
            ContentPart::image_url(data),
        ])])
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let models = Models::connect(scripted::answer).await?;
    let tool = json!({"type": "image_generation", "partial_images": PARTIAL_IMAGES});
    let agent = Agent::new("Painter", models.default_model())
        .instructions("Paint what the user asks for.")
        .tool(Tool::hosted(tool));

    let listener = serve::listen().await?;
    let directory = env::var_os("IMAGES").unwrap_or_else(|| "images.out".into());
    let base = match env::var("PUBLIC_BASE") {
        Ok(base) => base,
        Err(_) => format!("http://{}", listener.local_addr()?),
    };
    let pictures = Pictures::open(directory, base.clone())?;
    let routes = pictures.router();
    let server = ChatKitServer::new(Painter { agent, pictures }, MemoryStore::new());
    let app = chatkit::axum::router(server.clone(), serve::anyone)
        .merge(routes)
        .merge(Page::new("Images").images_from(base).router());
    Ok(serve::serve(listener, app, server).await?)
}

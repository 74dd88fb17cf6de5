//! Dictation: the client sends a recording, and puts the text it gets into the composer.
//!
//! ```text
//! cargo run --bin dictation
//! ```
//!
//! ChatKit.js shows the microphone with `composer.dictation.enabled`.

mod speech;

use std::error::Error;

use axum::Router;
use chatkit::axum::Adapter;
use chatkit::store::MemoryStore;
use chatkit::types::{AudioInput, TranscriptionResult, UserMessageItem};
use chatkit::{ChatKitHandler, ChatKitServer, CustomStreamError, Turn, TurnError};
use chatkit_examples::{page::Page, serve};

use speech::Recogniser;

/// What ChatKit.js records, depending on the browser.
const AUDIO: [&str; 3] = ["audio/webm", "audio/ogg", "audio/mp4"];

struct Secretary {
    recogniser: Recogniser,
}

impl ChatKitHandler for Secretary {
    type Context = ();

    async fn transcribe(
        &self,
        audio: AudioInput,
        _: &(),
    ) -> Result<TranscriptionResult, TurnError> {
        if !AUDIO.contains(&audio.media_type()) {
            return Err(CustomStreamError::new("This kind of recording is not understood.").into());
        }
        Ok(TranscriptionResult::new(
            self.recogniser.text_of(audio).await?,
        ))
    }

    async fn respond(
        &self,
        turn: &Turn<()>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let text = message.map(|message| message.text()).unwrap_or_default();
        turn.add_message(format!("Noted: {text}")).await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::start_log()?;
    let recogniser = Recogniser::from_env()?;
    let server = ChatKitServer::new(Secretary { recogniser }, MemoryStore::new());
    // A recording comes as base64 in the request, and is larger than the default limit soon.
    let app: Router = Adapter::new(server.clone())
        .body_limit(25 * 1024 * 1024)
        .router(serve::anyone)
        .merge(Page::new("Dictation").dictation().router());
    Ok(serve::serve(serve::listen().await?, app, server).await?)
}

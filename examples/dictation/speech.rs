//! Speech recognition: OpenAI's when there is a key, else none that deserves the name.

use std::env;
use std::error::Error;

use chatkit::TurnError;
use chatkit::types::AudioInput;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;

pub(crate) enum Recogniser {
    /// An endpoint that takes recordings in a form.
    Http {
        http: reqwest::Client,
        url: String,
        key: String,
    },
    /// Tells what it hears of: a recording, and how much.
    BuiltIn,
}

impl Recogniser {
    /// The endpoint that `OPENAI_BASE_URL` names, by default OpenAI's, with the key in `OPENAI_API_KEY`.
    pub(crate) fn from_env() -> Result<Self, Box<dyn Error>> {
        let Some(key) = env::var("OPENAI_API_KEY")
            .ok()
            .filter(|key| !key.is_empty())
        else {
            tracing::warn!("OPENAI_API_KEY is not set: nothing is really understood");
            return Ok(Self::BuiltIn);
        };
        // The crypto provider of this process, for its one HTTP client.
        drop(rustls::crypto::ring::default_provider().install_default());
        let base =
            env::var("OPENAI_BASE_URL").unwrap_or_else(|_| "https://api.openai.com/v1".into());
        Ok(Self::Http {
            http: reqwest::Client::builder().build()?,
            url: format!("{}/audio/transcriptions", base.trim_end_matches('/')),
            key,
        })
    }

    /// What is said in a recording.
    pub(crate) async fn text_of(&self, audio: AudioInput) -> Result<String, TurnError> {
        #[derive(Deserialize)]
        struct Transcript {
            text: String,
        }
        let Self::Http { http, url, key } = self else {
            return Ok(format!(
                "{} bytes of {}",
                audio.data.len(),
                audio.media_type()
            ));
        };
        // The endpoint tells the format by the name's ending.
        let ending = audio.media_type().trim_start_matches("audio/");
        let name = format!("speech.{ending}");
        let part = Part::bytes(audio.data).file_name(name);
        let form = Form::new()
            .text("model", "gpt-4o-mini-transcribe")
            .part("file", part);
        let request = http.post(url).bearer_auth(key).multipart(form);
        let body = request.send().await?.error_for_status()?.bytes().await?;
        let transcript: Transcript = serde_json::from_slice(&body)?;
        Ok(transcript.text)
    }
}

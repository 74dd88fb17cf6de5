//! The model behind an example: OpenAI's, or a scripted one that is part of the example.

use std::env;
use std::error::Error;
use std::time::Duration;

use chatkit_agents::model::{ResponsesClient, ResponsesModel};
use chatkit_agents::testing::{RecordedRequest, Script, ScriptedResponses};
use serde_json::Value;

/// The pace of a model that writes fast.
const PAUSE: Duration = Duration::from_millis(15);

/// Where models are reached.
#[derive(Debug)]
pub struct Models {
    client: ResponsesClient,
    /// The endpoint in this process; it lives as long as this does.
    _scripted: Option<ScriptedResponses>,
}

impl Models {
    /// OpenAI's models when `OPENAI_API_KEY` is set, or those of the endpoint that `OPENAI_BASE_URL` names. Without a key
    /// every model is one that answers with a script, over HTTP like a real one.
    ///
    /// # Errors
    ///
    /// When the environment names no usable endpoint, or there is no free port for the scripted one.
    pub async fn connect(
        script: impl Fn(&RecordedRequest) -> Script + Send + Sync + 'static,
    ) -> Result<Self, Box<dyn Error>> {
        if env::var_os("OPENAI_API_KEY").is_some_and(|key| !key.is_empty()) {
            return Ok(Self {
                client: ResponsesClient::from_env()?,
                _scripted: None,
            });
        }
        tracing::warn!("OPENAI_API_KEY is not set: a built-in scripted model answers");
        let scripted =
            ScriptedResponses::start_with(move |request| script(request).delay(PAUSE)).await?;
        Ok(Self {
            client: scripted.client(),
            _scripted: Some(scripted),
        })
    }

    /// The model that `MODEL` names; by default `gpt-5.6-luna`.
    pub fn default_model(&self) -> ResponsesModel {
        self.named(env::var("MODEL").unwrap_or_else(|_| "gpt-5.6-luna".to_owned()))
    }

    /// The model of this name.
    pub fn named(&self, name: impl Into<String>) -> ResponsesModel {
        self.client.model(name)
    }
}

/// For scripts: the newest item of a request's input.
pub fn newest(request: &RecordedRequest) -> &Value {
    let input = request.body["input"].as_array();
    input.and_then(|input| input.last()).unwrap_or(&Value::Null)
}

/// For scripts: what a tool has answered, if that is the newest item.
pub fn tool_output(request: &RecordedRequest) -> Option<&str> {
    let item = newest(request);
    item["output"]
        .as_str()
        .filter(|_| item["type"] == "function_call_output")
}

/// For scripts: the texts of an item, joined.
pub fn text_of(item: &Value) -> String {
    match &item["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
        _ => String::new(),
    }
}

//! async-openai as the transport, and its types as input.

use std::fmt;

use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::types::responses as theirs;
use futures::StreamExt;
use serde_json::value::{RawValue, to_raw_value};

use super::body::Body;
use super::{
    Model, ModelError, ModelErrorKind, ModelProvider, ModelRequest, ModelStream,
    ResponseStreamEvent,
};
use crate::items::InputItem;

/// A model behind an [`async_openai::Client`], for programs that have one: its key, its address, its HTTP client, its
/// middleware.
///
/// Of async-openai only the transport is used. Requests are written and events are read as by a
/// [`ResponsesModel`](super::ResponsesModel), so what async-openai's own types do not know passes through. What its
/// transport lacks is missing here too: timeouts, retries and limits are those of its HTTP client, a server that sends
/// faster than events are read fills memory, and of the [settings](super::ModelSettings) `extra_headers`, `extra_query`,
/// `max_retries` and `timeout` have no effect.
///
/// ```
/// use async_openai::Client;
/// use async_openai::config::OpenAIConfig;
/// use chatkit_agents::Agent;
/// use chatkit_agents::model::AsyncOpenAiModel;
///
/// fn agent(client: Client<OpenAIConfig>) -> Agent<()> {
///     Agent::new("Assistant", AsyncOpenAiModel::new(client, "gpt-5.6-luna"))
/// }
/// ```
#[derive(Clone)]
pub struct AsyncOpenAiModel<C: Config> {
    client: Client<C>,
    name: String,
}

impl<C: Config + Clone + 'static> AsyncOpenAiModel<C> {
    /// The model `name` of the endpoint that `client` talks to.
    pub fn new(client: Client<C>, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }
}

impl<C: Config + Clone + 'static> Model for AsyncOpenAiModel<C> {
    fn name(&self) -> &str {
        &self.name
    }

    fn stream(&self, request: &ModelRequest<'_>) -> ModelStream {
        let body = to_raw_value(&Body {
            model: &self.name,
            request,
        });
        let client = self.client.clone();
        Box::pin(async_stream::try_stream! {
            let body = body.map_err(|error| {
                ModelError::new(ModelErrorKind::Config, "the request is not JSON").caused_by(error)
            })?;
            let mut events = client
                .responses()
                .create_stream_byot::<_, Box<RawValue>>(body)
                .await
                .map_err(failed)?;
            loop {
                let Some(event) = events.next().await else {
                    Err(ModelError::new(ModelErrorKind::Truncated, "the stream ended without a response"))?
                };
                let event = ResponseStreamEvent::from_json(event.map_err(failed)?.get()).map_err(|error| {
                    ModelError::new(ModelErrorKind::Decode, "an event is not JSON").caused_by(error)
                })?;
                let last = event.is_terminal();
                yield event;
                if last {
                    break;
                }
            }
        })
    }
}

impl<C: Config + Clone + 'static> ModelProvider for Client<C> {
    fn model(&self, name: &str) -> Result<std::sync::Arc<dyn Model>, ModelError> {
        Ok(std::sync::Arc::new(AsyncOpenAiModel::new(
            self.clone(),
            name,
        )))
    }
}

impl<C: Config> fmt::Debug for AsyncOpenAiModel<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncOpenAiModel")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The failure without what async-openai quotes: its texts may hold what was said.
fn failed(error: OpenAIError) -> ModelError {
    match error {
        OpenAIError::ApiError(response) => {
            let status = response.status_code.as_u16();
            let kind = match status {
                401 | 403 => ModelErrorKind::Authentication,
                429 => ModelErrorKind::RateLimited,
                _ => ModelErrorKind::Status,
            };
            ModelError::new(kind, "the model endpoint refused the request")
                .with_status(status)
                .with_code(response.api_error.code.as_deref())
                .with_api_message(Some(response.api_error.message))
        }
        OpenAIError::Reqwest(error) if error.is_timeout() => ModelError::new(
            ModelErrorKind::Timeout,
            "the model endpoint did not answer in time",
        )
        .caused_by(error.without_url()),
        OpenAIError::Reqwest(error) => ModelError::new(
            ModelErrorKind::Connect,
            "the connection to the model endpoint failed",
        )
        .caused_by(error.without_url()),
        OpenAIError::JSONDeserialize(..) => ModelError::new(
            ModelErrorKind::Decode,
            "the model endpoint sent something that is not JSON",
        ),
        OpenAIError::StreamError(_) => {
            ModelError::new(ModelErrorKind::Truncated, "the model's stream broke")
        }
        OpenAIError::InvalidArgument(_) => {
            ModelError::new(ModelErrorKind::Config, "async-openai refused the request")
        }
        _ => ModelError::new(
            ModelErrorKind::Connect,
            "async-openai could not make the request",
        ),
    }
}

/// Fails only for a value that does not serialise.
impl TryFrom<theirs::InputItem> for InputItem {
    type Error = serde_json::Error;

    fn try_from(item: theirs::InputItem) -> Result<Self, Self::Error> {
        Self::from_value(&item)
    }
}

/// Fails only for a value that does not serialise.
impl TryFrom<theirs::OutputItem> for InputItem {
    type Error = serde_json::Error;

    fn try_from(item: theirs::OutputItem) -> Result<Self, Self::Error> {
        Self::from_value(&item)
    }
}

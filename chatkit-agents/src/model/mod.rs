//! The model layer: one request in, one stream of events out.
//!
//! [`Model`] is the seam. [`ResponsesModel`] speaks the OpenAI Responses API to any endpoint that
//! offers it; another transport implements the trait and yields the same events.

#[cfg(feature = "async-openai")]
mod async_openai;
mod body;
mod conversations;
mod error;
mod event;
mod lenient;
mod provider;
mod request;
mod response;
mod responses;
mod retry;
mod settings;
mod sse;
mod transport;

use std::sync::Arc;

use futures::stream::BoxStream;

#[cfg(feature = "async-openai")]
pub use async_openai::AsyncOpenAiModel;
pub(crate) use conversations::ListOrder;
pub(crate) use error::is_token;
pub use error::{ModelError, ModelErrorKind};
pub use event::*;
pub use provider::{AgentModel, ModelProvider};
pub use request::ModelRequest;
pub use response::{IncompleteDetails, Response, ResponseError, Usage};
#[cfg(feature = "mcp")]
pub(crate) use responses::tls_config;
pub use responses::{ResponsesClient, ResponsesClientBuilder, ResponsesModel};
pub(crate) use settings::open_enum;
pub use settings::{
    ModelSettings, Reasoning, ReasoningEffort, ReasoningSummary, ToolChoice, Truncation, Verbosity,
};
// For the benches and the fuzz targets.
#[doc(hidden)]
pub use sse::{SseDecoder, SseEvent};

/// The events of one model call.
///
/// The stream does nothing before its first poll, and it reads from the network only when it is
/// polled, so it holds at most one event and one network read. Dropping it closes the connection to the endpoint, which stops the generation. It ends after the
/// first terminal event ([`ResponseStreamEvent::is_terminal`]) or after the first error, and never
/// silently before either. Polled to its end it leaves the connection to the next call; dropped
/// right after the terminal event it usually does too.
pub type ModelStream = BoxStream<'static, Result<ResponseStreamEvent, ModelError>>;

/// Something that answers a request with a stream of Responses API events.
///
/// # Implementing
/// `stream` borrows the request only during the call: write the body there and move it into the
/// stream. Connect at the first poll, not before. A stream that ends without a terminal event must
/// yield an error first.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "expected something that implements `Model`",
    note = "for an OpenAI-compatible endpoint use `ResponsesClient::from_env()?.model(\"…\")`"
)]
pub trait Model: Send + Sync + 'static {
    /// The model's name, as the request names it.
    fn name(&self) -> &str;

    /// Starts one call. See [`ModelStream`] for what the stream promises.
    fn stream(&self, request: &ModelRequest<'_>) -> ModelStream;
}

impl<M: Model + ?Sized> Model for Arc<M> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn stream(&self, request: &ModelRequest<'_>) -> ModelStream {
        (**self).stream(request)
    }
}

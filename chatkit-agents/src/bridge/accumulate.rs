//! The text of a run, as it grows inside a widget.

use chatkit::widgets::WidgetComponent;
use futures::{Stream, StreamExt};

use crate::model::ResponseStreamEvent;
use crate::runner::{RunError, StreamEvent};

/// Gives the states of a text component while a run writes into it: `base`, then `base` with the text so far in its
/// `value`, and at the end with `streaming` set to false.
///
/// Put each state into a widget and stream that with
/// [`AgentContext::stream_widget`](crate::AgentContext::stream_widget): what reaches the client is the new text only, and the whole
/// widget once at the end. `base` should be a Text or a Markdown with an `id` and `streaming: true`. Dropping the stream drops the run.
///
/// ```
/// use chatkit::widgets::{Card, Markdown};
/// use chatkit_agents::{AgentContext, RunError, RunResultStreaming, accumulate_text};
/// use futures::StreamExt;
///
/// # async fn example<C: Send + Sync + 'static>(ctx: AgentContext<C>, run: RunResultStreaming)
/// # -> Result<(), RunError> {
/// let base = Markdown::new("").id("draft").streaming(true);
/// let states = accumulate_text(run, base).map(|text| Ok::<_, RunError>(Card::new().child(text?)));
/// ctx.stream_widget(states).await
/// # }
/// ```
pub fn accumulate_text(
    events: impl Stream<Item = Result<StreamEvent, RunError>> + Send,
    base: impl Into<WidgetComponent>,
) -> impl Stream<Item = Result<WidgetComponent, RunError>> + Send {
    let base = base.into();
    async_stream::try_stream! {
        let mut events = std::pin::pin!(events);
        let mut text = String::new();
        yield base.clone();
        while let Some(event) = events.next().await {
            if let StreamEvent::RawResponse(ResponseStreamEvent::OutputTextDelta(delta)) = event? {
                text.push_str(&delta.delta);
                yield base.clone().with_value(text.as_str());
            }
        }
        yield base.with_value(text).with_streaming(false);
    }
}

//! The text of a run, as it grows inside a widget.

use chatkit::widgets::WidgetComponent;
use futures::{Stream, StreamExt};

use crate::model::ResponseStreamEvent;
use crate::runner::{RunError, StreamEvent};

/// Gives the states of a text component while a run writes into it: `base`, then `base` with the text so far in its
/// `value`, and at the end with `streaming` set to false.
///
/// Put each state into a widget and stream that with
/// [`AgentContext::stream_widget_states`](crate::AgentContext::stream_widget_states): what reaches the client is the new text only, and the whole
/// widget once at the end. `base` should be a Text or a Markdown with an `id` and `streaming: true`. Dropping the stream drops the run.
///
/// ```
/// use chatkit::widgets::{WidgetComponent, WidgetRoot};
/// use chatkit_agents::{AgentContext, RunResultStreaming, accumulate_text};
/// use futures::StreamExt;
/// use serde_json::json;
///
/// # async fn example<C: Send + Sync + 'static>(ctx: AgentContext<C>, run: RunResultStreaming)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let base = json!({"type": "Markdown", "id": "draft", "value": "", "streaming": true});
/// let states = accumulate_text(run, WidgetComponent::try_from(base)?).map(|text| {
///     let card = json!({"type": "Card", "children": [text?]});
///     Ok::<_, Box<dyn std::error::Error>>(WidgetRoot::try_from(card)?)
/// });
/// ctx.stream_widget_states(states, None).await?;
/// # Ok(())
/// # }
/// ```
pub fn accumulate_text(
    events: impl Stream<Item = Result<StreamEvent, RunError>> + Send,
    base: WidgetComponent,
) -> impl Stream<Item = Result<WidgetComponent, RunError>> + Send {
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

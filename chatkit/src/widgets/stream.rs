//! A widget on its way to the client.

use crate::types::{ThreadItemAddedEvent, ThreadItemDoneEvent, ThreadItemUpdatedEvent, WidgetItem};

use super::{WidgetRoot, diff_widget};

/// A widget and the text that the client's copy button puts on the clipboard.
///
/// A plain [`WidgetRoot`] converts into it, without such a text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WidgetContent {
    /// The widget.
    pub widget: WidgetRoot,
    /// What is copied in its place.
    pub copy_text: Option<String>,
}

impl WidgetContent {
    /// A widget without a text to copy.
    pub fn new(widget: impl Into<WidgetRoot>) -> Self {
        Self {
            widget: widget.into(),
            copy_text: None,
        }
    }

    /// Sets the text to copy.
    #[must_use]
    pub fn copy_text(mut self, text: impl Into<String>) -> Self {
        self.copy_text = Some(text.into());
        self
    }

    fn into_item(self, id: String, thread_id: String) -> WidgetItem {
        WidgetItem::new(id, thread_id, self.widget).copy_text(self.copy_text)
    }
}

impl<W: Into<WidgetRoot>> From<W> for WidgetContent {
    fn from(widget: W) -> Self {
        Self::new(widget)
    }
}

/// A widget that changes while the client shows it.
///
/// It makes the events; sending them is the caller's part. [`start`](Self::start) adds the widget to the thread, each
/// [`update`](Self::update) changes it, and [`finish`](Self::finish) ends it: only then is the widget stored. Dropping the
/// stream before that makes no event, so the client keeps the last state until it reloads the thread.
///
/// A `Text` or `Markdown` that grows should have an `id` and keep it: then an update carries only the new text. Any other
/// change sends the whole widget again, see [`diff_widget`].
///
/// ```
/// use chatkit::widgets::{WidgetContent, WidgetRoot, WidgetStream};
/// use serde_json::json;
///
/// let card = |text: &str| {
///     WidgetRoot::try_from(json!({"type": "Card", "children": [{"type": "Text", "id": "answer", "value": text}]}))
/// };
/// let (mut stream, _added) = WidgetStream::start("msg_1", "thr_1", card("It is ")?);
/// let updates = stream.update(card("It is raining.")?);
/// assert_eq!(updates.len(), 1);
/// let _done = stream.copy_text("It is raining.").finish();
///
/// // A widget that is ready takes one event.
/// let _done = WidgetStream::once("msg_2", "thr_1", WidgetContent::new(card("Hello")?).copy_text("Hello"));
/// # Ok::<(), chatkit::widgets::InvalidWidget>(())
/// ```
#[derive(Debug)]
#[must_use = "a widget that is not finished is not stored"]
pub struct WidgetStream {
    /// With the state that the client has.
    item: WidgetItem,
}

impl WidgetStream {
    /// The one event of a widget that does not change: it is added and done.
    pub fn once(
        id: impl Into<String>,
        thread_id: impl Into<String>,
        widget: impl Into<WidgetContent>,
    ) -> ThreadItemDoneEvent {
        ThreadItemDoneEvent::new(widget.into().into_item(id.into(), thread_id.into()))
    }

    /// Starts with the widget's first state, and the event that shows it.
    ///
    /// The item is created now; the id must be new in its thread.
    pub fn start(
        id: impl Into<String>,
        thread_id: impl Into<String>,
        first: impl Into<WidgetContent>,
    ) -> (Self, ThreadItemAddedEvent) {
        let item = first.into().into_item(id.into(), thread_id.into());
        (Self { item: item.clone() }, ThreadItemAddedEvent::new(item))
    }

    /// Sets the text to copy, in place of the one at the start. The client gets it when the stream is finished.
    pub fn copy_text(mut self, text: impl Into<String>) -> Self {
        self.item.copy_text = Some(text.into());
        self
    }

    /// The state that the client has, once it has got all events so far.
    pub fn widget(&self) -> &WidgetRoot {
        &self.item.widget
    }

    /// Goes on to the next state: the events that take the client there, to be sent in this order.
    ///
    /// None if the client would see no difference. A text to copy takes the place of the one before.
    pub fn update(&mut self, next: impl Into<WidgetContent>) -> Vec<ThreadItemUpdatedEvent> {
        let WidgetContent {
            widget: next,
            copy_text,
        } = next.into();
        self.item.copy_text = copy_text.or(self.item.copy_text.take());
        let updates = diff_widget(&self.item.widget, &next);
        self.item.widget = next;
        updates
            .into_iter()
            .map(|update| ThreadItemUpdatedEvent::new(self.item.id.clone(), update))
            .collect()
    }

    /// Ends with the last state: the event that completes the item.
    pub fn finish(self) -> ThreadItemDoneEvent {
        ThreadItemDoneEvent::new(self.item)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::types::{ThreadItem, ThreadItemUpdate};

    fn card(text: &str) -> WidgetRoot {
        json!({"type": "Card", "children": [{"type": "Text", "id": "x", "value": text}]})
            .try_into()
            .unwrap()
    }

    fn widget_item(item: ThreadItem) -> WidgetItem {
        let ThreadItem::Widget(item) = item else {
            panic!("not a widget: {item:?}")
        };
        item
    }

    #[test]
    fn a_widget_that_does_not_change_is_one_event() {
        let item = widget_item(WidgetStream::once("msg_1", "thr_1", card("a")).item);
        assert_eq!(
            (item.id.as_str(), item.thread_id.as_str()),
            ("msg_1", "thr_1")
        );
        assert_eq!((item.widget, item.copy_text), (card("a"), None));

        let content = WidgetContent::new(card("a")).copy_text("A");
        let item = widget_item(WidgetStream::once("msg_1", "thr_1", content).item);
        assert_eq!(item.copy_text.as_deref(), Some("A"));
    }

    #[test]
    fn updates_go_from_state_to_state() {
        let (mut stream, added) = WidgetStream::start(
            "msg_1",
            "thr_1",
            WidgetContent::new(card("a")).copy_text("A"),
        );
        let first = widget_item(added.item);
        assert_eq!(
            (&first.widget, first.copy_text.as_deref()),
            (&card("a"), Some("A"))
        );

        // Each against the state before it: first a delta, then nothing, then a whole widget, then a delta on that.
        let mut updates = |text: &str| {
            let events = stream.update(card(text));
            assert_eq!(stream.widget(), &card(text));
            assert!(events.iter().all(|event| event.item_id == "msg_1"));
            events
                .into_iter()
                .map(|event| event.update)
                .collect::<Vec<_>>()
        };
        let delta = |update: &ThreadItemUpdate| match update {
            ThreadItemUpdate::WidgetStreamingTextValueDelta(update) => Some(update.delta.clone()),
            _ => None,
        };
        assert_eq!(
            updates("ab").iter().map(delta).collect::<Vec<_>>(),
            [Some("b".to_owned())]
        );
        assert_eq!(updates("ab"), []);
        assert_eq!(updates("x").iter().map(delta).collect::<Vec<_>>(), [None]);
        assert_eq!(
            updates("xy").iter().map(delta).collect::<Vec<_>>(),
            [Some("y".to_owned())]
        );

        let last = widget_item(stream.finish().item);
        assert_eq!(
            last,
            WidgetItem {
                widget: card("xy"),
                ..first
            }
        );
    }

    #[test]
    fn a_state_that_counts_as_equal_is_still_the_last_one() {
        let state = |gap: Value| WidgetRoot::try_from(json!({"type": "Card", "gap": gap})).unwrap();
        let (mut stream, _added) = WidgetStream::start("msg_1", "thr_1", state(json!(1)));
        assert_eq!(stream.update(state(json!(1.0))), []);
        assert_eq!(widget_item(stream.finish().item).widget, state(json!(1.0)));
    }

    #[test]
    fn the_text_to_copy_may_come_last() {
        let (stream, added) = WidgetStream::start("msg_1", "thr_1", card("a"));
        assert_eq!(widget_item(added.item).copy_text, None);
        let last = widget_item(stream.copy_text("A").finish().item);
        assert_eq!(last.copy_text.as_deref(), Some("A"));
    }
}

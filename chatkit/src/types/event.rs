//! The events of a turn.

use serde::{Deserialize, Serialize};

use super::{IconName, JsonObject, Thread, ThreadItem, ThreadItemUpdate};

// A row says what of a thread the event brings to the client, `with item`, `with thread` or `with nothing`: that goes
// through the filter of what clients may see. There is no default, as for items.
macro_rules! events {
    (@item $event:ident item) => { Some(&mut $event.item) };
    (@item $event:ident $other:ident) => {{ let _ = $event; None }};
    (@thread $event:ident thread) => { Some(&mut $event.thread) };
    (@thread $event:ident item) => {{ let _ = $event; None }};
    (@thread $event:ident nothing) => {{ let _ = $event; None }};
    ($(
        $(#[$doc:meta])*
        $variant:ident($name:ident) = $tag:literal with $content:ident { $($(#[$rdoc:meta])* $required:ident: $rty:ty,)* }
        optional { $($(#[$fdoc:meta])* $field:ident: $ty:ty,)* }
    )*) => {
        /// An event that tells the client what happens in a thread.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type")]
        #[non_exhaustive]
        pub enum ThreadStreamEvent {
            $($(#[$doc])* #[serde(rename = $tag)] $variant($name),)*
        }

        impl ThreadStreamEvent {
            /// The types of all events on the wire, for tests.
            #[doc(hidden)]
            pub const TYPES: &[&str] = &[$($tag,)*];

            /// The item that it brings.
            #[doc(hidden)]
            pub fn item_mut(&mut self) -> Option<&mut ThreadItem> {
                match self { $(Self::$variant(event) => events!(@item event $content),)* }
            }

            /// The thread that it brings.
            #[doc(hidden)]
            pub fn thread_mut(&mut self) -> Option<&mut Thread> {
                match self { $(Self::$variant(event) => events!(@thread event $content),)* }
            }

            /// Its `type` on the wire.
            pub fn type_name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $tag,)* }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[non_exhaustive]
            pub struct $name {
                $($(#[$rdoc])* pub $required: $rty,)*
                $($(#[$fdoc])* pub $field: $ty,)*
            }

            impl $name {
                /// An event with its required fields.
                pub fn new($($required: impl Into<$rty>,)*) -> Self {
                    Self { $($required: $required.into(),)* $($field: Default::default(),)* }
                }
            }

            impl From<$name> for ThreadStreamEvent {
                fn from(event: $name) -> Self {
                    Self::$variant(event)
                }
            }
        )*
    };
}

events! {
    /// There is a new thread.
    ThreadCreated(ThreadCreatedEvent) = "thread.created" with thread {
        /// The thread.
        thread: Thread,
    } optional {}

    /// A thread has a new title or status.
    ThreadUpdated(ThreadUpdatedEvent) = "thread.updated" with thread {
        /// The thread as it is now.
        thread: Thread,
    } optional {}

    /// An item begins. It is stored when it is done.
    ThreadItemAdded(ThreadItemAddedEvent) = "thread.item.added" with item {
        /// The item as it is at first.
        item: ThreadItem,
    } optional {}

    /// An item that has begun changes.
    ThreadItemUpdated(ThreadItemUpdatedEvent) = "thread.item.updated" with nothing {
        /// The item's id.
        item_id: String,
        /// The change.
        update: ThreadItemUpdate,
    } optional {}

    /// An item is complete.
    ThreadItemDone(ThreadItemDoneEvent) = "thread.item.done" with item {
        /// The item.
        item: ThreadItem,
    } optional {}

    /// An item is taken back.
    ThreadItemRemoved(ThreadItemRemovedEvent) = "thread.item.removed" with nothing {
        /// The item's id.
        item_id: String,
    } optional {}

    /// An item of the thread is replaced by another with its id.
    ThreadItemReplaced(ThreadItemReplacedEvent) = "thread.item.replaced" with item {
        /// What takes its place.
        item: ThreadItem,
    } optional {}

    /// What the client may do while the turn streams.
    StreamOptions(StreamOptionsEvent) = "stream_options" with nothing {
        /// The options.
        stream_options: StreamOptions,
    } optional {}

    /// What the assistant is doing, in words; shown until something else comes.
    ProgressUpdate(ProgressUpdateEvent) = "progress_update" with nothing {
        /// The text shown.
        text: String,
    } optional {
        /// The icon shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        icon: Option<IconName>,
    }

    /// Something for the page to do, without a result.
    ClientEffect(ClientEffectEvent) = "client_effect" with nothing {
        /// What to do.
        name: String,
    } optional {
        /// What to do it with.
        #[serde(default, deserialize_with = "super::null_as_default")]
        data: JsonObject,
    }

    /// The turn has failed.
    Error(ErrorEvent) = "error" with nothing {
        /// What kind of failure; the client has a text for each.
        #[serde(default)]
        code: ErrorCode,
    } optional {
        /// The text shown, with the code [`ErrorCode::Custom`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Whether the client offers to try again.
        #[serde(default)]
        allow_retry: bool,
    }

    /// A notice above the composer.
    Notice(NoticeEvent) = "notice" with nothing {
        /// How it looks.
        level: NoticeLevel,
        /// The text shown; Markdown.
        message: String,
    } optional {
        /// The title shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Links shown with it; the client draws two at most. The client knows this field (`@openai/chatkit` 1.9), the
        /// Python SDK does not.
        #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "super::null_as_default")]
        actions: Vec<NoticeAction>,
    }
}

impl ThreadStreamEvent {
    /// Appends it as JSON: the same bytes that serde writes, and for what comes once per token in a fraction of the time.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let Self::ThreadItemUpdated(ThreadItemUpdatedEvent {
            item_id,
            update: ThreadItemUpdate::AssistantMessageContentPartTextDelta(update),
        }) = self
        else {
            return serde_json::to_writer(out, self);
        };
        out.extend_from_slice(br#"{"type":"thread.item.updated","item_id":"#);
        write_string(out, item_id)?;
        out.extend_from_slice(
            br#","update":{"type":"assistant_message.content_part.text_delta","content_index":"#,
        );
        serde_json::to_writer(&mut *out, &update.content_index)?;
        out.extend_from_slice(br#","delta":"#);
        write_string(out, &update.delta)?;
        out.extend_from_slice(b"}}");
        Ok(())
    }
}

/// Appends a JSON string. In most of them nothing is to be escaped, and to see that is many bytes at a time: the search
/// does not end early.
fn write_string(out: &mut Vec<u8>, text: &str) -> Result<(), serde_json::Error> {
    let escaped = |byte| byte < b' ' || byte == b'"' || byte == b'\\';
    if text
        .bytes()
        .fold(false, |found, byte| found | escaped(byte))
    {
        return serde_json::to_writer(out, text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

impl ProgressUpdateEvent {
    /// Sets the icon.
    #[must_use]
    pub fn icon(mut self, icon: IconName) -> Self {
        self.icon = Some(icon);
        self
    }
}

impl ClientEffectEvent {
    /// Sets what to do it with.
    #[must_use]
    pub fn data(mut self, data: JsonObject) -> Self {
        self.data = data;
        self
    }
}

impl ErrorEvent {
    /// Sets the text shown.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Sets whether the client offers to try again.
    #[must_use]
    pub fn allow_retry(mut self, allow: bool) -> Self {
        self.allow_retry = allow;
        self
    }
}

impl NoticeEvent {
    /// A notice that informs.
    pub fn info(message: impl Into<String>) -> Self {
        Self::new(NoticeLevel::Info, message)
    }

    /// A notice that warns.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(NoticeLevel::Warning, message)
    }

    /// A notice of danger.
    pub fn danger(message: impl Into<String>) -> Self {
        Self::new(NoticeLevel::Danger, message)
    }

    /// Sets the title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Adds a link; the client draws two at most.
    #[must_use]
    pub fn action(mut self, label: impl Into<String>, link: impl Into<String>) -> Self {
        self.actions.push(NoticeAction {
            label: label.into(),
            link: link.into(),
        });
        self
    }
}

/// What the client may do while a turn streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StreamOptions {
    /// Whether the user may stop it.
    pub allow_cancel: bool,
}

impl StreamOptions {
    /// Options that say whether the user may stop the turn.
    pub fn new(allow_cancel: bool) -> Self {
        Self { allow_cancel }
    }
}

/// The kind of an `error` event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The event has a text of its own.
    #[default]
    #[serde(rename = "custom")]
    Custom,
    /// Generating the response has failed.
    #[serde(rename = "stream.error")]
    StreamError,
}

impl ErrorCode {
    /// The code on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Custom => "custom",
            Self::StreamError => "stream.error",
        }
    }
}

/// How a notice looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoticeLevel {
    /// Neutral.
    Info,
    /// A warning.
    Warning,
    /// Something is wrong.
    Danger,
}

/// A link of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NoticeAction {
    /// The text shown.
    pub label: String,
    /// Where it leads.
    pub link: String,
}

/// The answer to an action that was sent with `streaming: false`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SyncCustomActionResponse {
    /// The item that the action has changed, usually the widget it came from. It is only shown: storing it is the matter of
    /// [`Turn::update_widget`](crate::Turn::update_widget) or [`Turn::replace_item`](crate::Turn::replace_item).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_item: Option<ThreadItem>,
}

impl SyncCustomActionResponse {
    /// An answer that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the item that the action has changed.
    #[must_use]
    pub fn updated_item(mut self, item: impl Into<ThreadItem>) -> Self {
        self.updated_item = Some(item.into());
        self
    }
}

/// The answer that shows an item that the action has changed.
impl<T: Into<ThreadItem>> From<T> for SyncCustomActionResponse {
    fn from(item: T) -> Self {
        Self::new().updated_item(item)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::AssistantMessageContentPartTextDelta;
    use super::*;

    proptest! {
        #[test]
        fn a_delta_is_written_as_serde_writes_it(
            item_id in any::<String>(),
            index in any::<usize>(),
            delta in any::<String>(),
        ) {
            let update = AssistantMessageContentPartTextDelta::new(index, delta);
            let event = ThreadStreamEvent::from(ThreadItemUpdatedEvent::new(item_id, update));
            let mut written = Vec::new();
            event.write_json(&mut written).unwrap();
            prop_assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&event).unwrap());
        }
    }
}

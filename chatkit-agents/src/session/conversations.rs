//! A session that OpenAI keeps.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::{Session, SessionError, SessionErrorKind};
use crate::items::{InputItem, PLACEHOLDER_ID, RawItem, is_given, keep_latest, needs_id};
use crate::model::{ListOrder, ResponsesClient};

/// The most items that the endpoint takes in one request.
const MAX_ITEMS: usize = 20;

/// Keeps the history in OpenAI's Conversations API.
///
/// The conversation is created with the first items. Clones share it.
///
/// Ids that came from other responses are left out of what is written, except where the endpoint asks for them, and so
/// are reasoning items that have neither an id nor encrypted content. The endpoint takes 20 items in a request: up to
/// that number, items are added all at once. Of more, the first requests are taken back when a later one fails, but not
/// when the future is dropped between them.
///
/// ```
/// use chatkit_agents::model::ResponsesClient;
/// use chatkit_agents::session::{ConversationsSession, Session};
///
/// # fn main() -> Result<(), chatkit_agents::model::ModelError> {
/// let client = ResponsesClient::builder().api_key("sk-…").build()?;
/// assert_eq!(ConversationsSession::new(client.clone()).session_id(), None);
/// let known = ConversationsSession::with_id(client, "conv_1");
/// assert_eq!(known.session_id().as_deref(), Some("conv_1"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ConversationsSession(Arc<Inner>);

struct Inner {
    client: ResponsesClient,
    /// The conversation's id, created once. Replaced, not emptied, when the conversation is deleted: a call that is
    /// just creating one keeps its cell.
    conversation: Mutex<Arc<OnceCell<String>>>,
    /// Held while items are written, so that those of two calls do not mix.
    writing: tokio::sync::Mutex<()>,
}

impl ConversationsSession {
    /// A session whose conversation is still to be created.
    #[must_use]
    pub fn new(client: ResponsesClient) -> Self {
        Self::with(client, OnceCell::new())
    }

    /// A session of a conversation that exists.
    #[must_use]
    pub fn with_id(client: ResponsesClient, conversation_id: impl Into<String>) -> Self {
        Self::with(client, OnceCell::new_with(Some(conversation_id.into())))
    }

    fn with(client: ResponsesClient, conversation: OnceCell<String>) -> Self {
        Self(Arc::new(Inner {
            client,
            conversation: Mutex::new(Arc::new(conversation)),
            writing: tokio::sync::Mutex::default(),
        }))
    }

    fn conversation(&self) -> Arc<OnceCell<String>> {
        let conversation = self.0.conversation.lock();
        Arc::clone(&conversation.unwrap_or_else(PoisonError::into_inner))
    }

    /// The items as the endpoint has them, up to the one after which `enough` says so.
    async fn read(
        &self,
        conversation: &str,
        order: ListOrder,
        mut enough: impl FnMut(&InputItem) -> bool,
    ) -> Result<Vec<InputItem>, SessionError> {
        let client = &self.0.client;
        let mut items = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = client
                .conversation_items(conversation, order, None, after.as_deref())
                .await?;
            after = page.data.last().and_then(RawItem::id).map(str::to_owned);
            for item in &page.data {
                let item = readable(item);
                let enough = enough(&item);
                items.push(item);
                if enough {
                    return Ok(items);
                }
            }
            if !page.has_more {
                return Ok(items);
            }
            if after.is_none() {
                return Err(SessionError::new(
                    SessionErrorKind::Endpoint,
                    "the endpoint says that a conversation goes on, and not from where",
                ));
            }
        }
    }
}

impl fmt::Debug for ConversationsSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationsSession")
            .field("conversation", &self.session_id())
            .finish_non_exhaustive()
    }
}

impl Session for ConversationsSession {
    fn session_id(&self) -> Option<String> {
        self.conversation().get().cloned()
    }

    async fn get_items(&self, limit: Option<usize>) -> Result<Vec<InputItem>, SessionError> {
        let conversation = self.conversation();
        let (Some(id), true) = (conversation.get(), limit != Some(0)) else {
            return Ok(Vec::new());
        };
        let Some(limit) = limit else {
            return self.read(id, ListOrder::OldestFirst, |_| false).await;
        };
        let mut seen = 0;
        // Back to where a response cannot go on further.
        let latest = self.read(id, ListOrder::LatestFirst, |item| {
            seen += 1;
            seen > limit && is_given(item)
        });
        let mut items = latest.await?;
        items.reverse();
        keep_latest(&mut items, limit);
        Ok(items)
    }

    async fn add_items(&self, items: &[InputItem]) -> Result<(), SessionError> {
        let items = writable(items)?;
        if items.is_empty() {
            return Ok(());
        }
        let _writing = self.0.writing.lock().await;
        let client = &self.0.client;
        let conversation = self.conversation();
        let id = conversation
            .get_or_try_init(|| client.create_conversation())
            .await?;
        let mut written = Vec::new();
        for batch in items.chunks(MAX_ITEMS) {
            match client.create_conversation_items(id, batch).await {
                Ok(page) => written.extend(page.data),
                Err(error) => {
                    for item in written.iter().rev().filter_map(RawItem::id) {
                        if let Err(error) = client.delete_conversation_item(id, item).await {
                            tracing::warn!(%error, "items of a failed write stay in the conversation");
                            break;
                        }
                    }
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    async fn pop_item(&self) -> Result<Option<InputItem>, SessionError> {
        let _writing = self.0.writing.lock().await;
        let client = &self.0.client;
        let conversation = self.conversation();
        let Some(id) = conversation.get() else {
            return Ok(None);
        };
        let page = client
            .conversation_items(id, ListOrder::LatestFirst, Some("1"), None)
            .await?;
        let Some(item) = page.data.first() else {
            return Ok(None);
        };
        let item_id = item.id().ok_or_else(|| {
            SessionError::new(
                SessionErrorKind::Endpoint,
                "an item of the conversation has no id",
            )
        })?;
        client.delete_conversation_item(id, item_id).await?;
        Ok(Some(readable(item)))
    }

    async fn clear_session(&self) -> Result<(), SessionError> {
        let _writing = self.0.writing.lock().await;
        let conversation = self.conversation();
        if let Some(id) = conversation.get() {
            self.0.client.delete_conversation(id).await?;
            let current = self.0.conversation.lock();
            *current.unwrap_or_else(PoisonError::into_inner) = Arc::default();
        }
        Ok(())
    }
}

/// The items as the endpoint takes them.
fn writable(items: &[InputItem]) -> Result<Vec<RawItem>, SessionError> {
    let mut written = Vec::with_capacity(items.len());
    for item in items {
        let raw = match item {
            InputItem::Raw(raw) => raw.clone(),
            typed => RawItem::from_value(typed).map_err(|error| {
                SessionError::new(SessionErrorKind::Item, "an item cannot be written as JSON")
                    .caused_by(error)
            })?,
        };
        let item_type = raw.item_type().unwrap_or_default();
        let is_reasoning = item_type == "reasoning";
        let needs_id = needs_id(item_type);
        let clean = raw.without(|name, value| match name {
            "id" => !needs_id || value.get().trim_matches('"') == PLACEHOLDER_ID,
            "created_by" | "provider_data" => true,
            _ => false,
        });
        let has = |name| {
            clean
                .string_field(name)
                .is_some_and(|text| !text.is_empty())
        };
        if !is_reasoning || has("id") || has("encrypted_content") {
            written.push(clean);
        }
    }
    Ok(written)
}

/// An item of the endpoint as input of a model. Other items keep their id; an assistant's message must not, because the
/// endpoint would look for the reasoning before it.
fn readable(item: &RawItem) -> InputItem {
    let said = item.role() == Some("assistant");
    InputItem::Raw(item.without(|name, _| match name {
        "id" | "provider_data" => said,
        "created_by" => true,
        _ => false,
    }))
}

//! The Conversations API: an endpoint that keeps the items of conversations.
//!
//! <https://platform.openai.com/docs/api-reference/conversations>

use reqwest::Method;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{ModelError, ResponsesClient};
use crate::items::RawItem;

/// The most items that the endpoint gives at once.
const PAGE: &str = "100";

const NO_BODY: Option<&()> = None;

/// Which items come first.
#[derive(Clone, Copy)]
pub(crate) enum ListOrder {
    OldestFirst,
    LatestFirst,
}

/// Some of a conversation's items.
#[derive(Deserialize)]
pub(crate) struct ItemPage {
    pub(crate) data: Vec<RawItem>,
    #[serde(default)]
    pub(crate) has_more: bool,
}

impl ResponsesClient {
    /// Creates an empty conversation; gives its id.
    pub(crate) async fn create_conversation(&self) -> Result<String, ModelError> {
        #[derive(Serialize)]
        struct Body {
            items: [(); 0],
        }
        #[derive(Deserialize)]
        struct Conversation {
            id: String,
        }
        let body = Body { items: [] };
        let path = ["conversations"];
        let created: Conversation = self.request(Method::POST, &path, &[], Some(&body)).await?;
        Ok(created.id)
    }

    /// Items of a conversation, from the one after `after` on.
    pub(crate) async fn conversation_items(
        &self,
        conversation: &str,
        order: ListOrder,
        limit: Option<&str>,
        after: Option<&str>,
    ) -> Result<ItemPage, ModelError> {
        let order = match order {
            ListOrder::OldestFirst => "asc",
            ListOrder::LatestFirst => "desc",
        };
        let mut query = vec![("order", order), ("limit", limit.unwrap_or(PAGE))];
        query.extend(after.map(|after| ("after", after)));
        let path = ["conversations", conversation, "items"];
        self.request(Method::GET, &path, &query, NO_BODY).await
    }

    /// Adds items to a conversation, at most 20; gives them as they are kept, with their ids.
    pub(crate) async fn create_conversation_items(
        &self,
        conversation: &str,
        items: &[RawItem],
    ) -> Result<ItemPage, ModelError> {
        #[derive(Serialize)]
        struct Body<'a> {
            items: &'a [RawItem],
        }
        let path = ["conversations", conversation, "items"];
        let mut call = self.prepare(Method::POST, &path, &[], Some(&Body { items }))?;
        // Items that were kept without our hearing of it would be in the conversation twice.
        call.repeatable = false;
        call.json().await
    }

    /// Deletes an item; it is no error when it is gone already.
    pub(crate) async fn delete_conversation_item(
        &self,
        conversation: &str,
        item: &str,
    ) -> Result<(), ModelError> {
        self.delete(&["conversations", conversation, "items", item])
            .await
    }

    /// Deletes a conversation; it is no error when it is gone already.
    pub(crate) async fn delete_conversation(&self, conversation: &str) -> Result<(), ModelError> {
        self.delete(&["conversations", conversation]).await
    }

    async fn delete(&self, path: &[&str]) -> Result<(), ModelError> {
        let deleted: Result<IgnoredAny, _> = self.request(Method::DELETE, path, &[], NO_BODY).await;
        match deleted {
            // An attempt before this one may have succeeded without our hearing of it.
            Err(error) if error.status() != Some(404) => Err(error),
            _ => Ok(()),
        }
    }
}

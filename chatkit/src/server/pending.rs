//! Items that were added to a stream and are not done.

use crate::types::{AssistantMessageContent, ThreadItem, ThreadItemUpdate};

/// An update may name a content part that does not exist yet; parts up to it are made. This is as far as that goes.
const MAX_CONTENT_PARTS: usize = 1024;

/// The latest state of each unfinished item, in the order they were added, so that a cancelled turn can be saved.
#[derive(Default)]
pub(super) struct PendingItems(Vec<ThreadItem>);

impl PendingItems {
    /// Begins to track an item, or replaces it where it stands.
    pub(super) fn add(&mut self, item: ThreadItem) {
        match self.0.iter_mut().find(|known| known.id() == item.id()) {
            Some(known) => *known = item,
            None => {
                // A turn has one at a time as a rule, and items are large.
                self.0.reserve_exact(1);
                self.0.push(item);
            }
        }
    }

    /// Forgets an item that is done, replaced or removed.
    pub(super) fn remove(&mut self, item_id: &str) {
        self.0.retain(|item| item.id() != item_id);
    }

    /// Keeps an assistant message or a workflow up to date. What other items become needs no tracking.
    pub(super) fn apply(&mut self, item_id: &str, update: &ThreadItemUpdate) {
        let Some(item) = self.0.iter_mut().find(|item| item.id() == item_id) else {
            return;
        };
        match update {
            ThreadItemUpdate::AssistantMessageContentPartTextDelta(update) => {
                if let Some(part) = part(item, update.content_index) {
                    part.text.push_str(&update.delta);
                }
            }
            ThreadItemUpdate::AssistantMessageContentPartAdded(update) => {
                if let Some(part) = part(item, update.content_index) {
                    part.clone_from(&update.content);
                }
            }
            ThreadItemUpdate::AssistantMessageContentPartDone(update) => {
                if let Some(part) = part(item, update.content_index) {
                    part.clone_from(&update.content);
                }
            }
            ThreadItemUpdate::AssistantMessageContentPartAnnotationAdded(update) => {
                if let Some(part) = part(item, update.content_index) {
                    let at = update.annotation_index.min(part.annotations.len());
                    part.annotations.insert(at, update.annotation.clone());
                }
            }
            ThreadItemUpdate::WorkflowTaskAdded(update) => {
                if let ThreadItem::Workflow(item) = item {
                    item.workflow.tasks.push(update.task.clone());
                }
            }
            ThreadItemUpdate::WorkflowTaskUpdated(update) => {
                // An index out of range is the client's to ignore; tracking does not fail a turn.
                if let ThreadItem::Workflow(item) = item
                    && let Some(task) = item.workflow.tasks.get_mut(update.task_index)
                {
                    task.clone_from(&update.task);
                }
            }
            // Named one by one: whoever adds an update decides here whether a cancelled turn saves it.
            ThreadItemUpdate::WidgetStreamingTextValueDelta(_)
            | ThreadItemUpdate::WidgetComponentUpdated(_)
            | ThreadItemUpdate::WidgetRootUpdated(_)
            | ThreadItemUpdate::GeneratedImageUpdated(_) => {}
        }
    }

    pub(super) fn take(&mut self) -> Vec<ThreadItem> {
        std::mem::take(&mut self.0)
    }
}

/// A part of a message, made if it is not there yet; none of another item, or beyond the limit.
fn part(item: &mut ThreadItem, index: usize) -> Option<&mut AssistantMessageContent> {
    let ThreadItem::AssistantMessage(item) = item else {
        return None;
    };
    if index >= MAX_CONTENT_PARTS {
        return None;
    }
    if item.content.len() <= index {
        item.content
            .resize_with(index + 1, || AssistantMessageContent::new(""));
    }
    item.content.get_mut(index)
}

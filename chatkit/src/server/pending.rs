//! Items that were added to a stream and are not done.

use crate::types::{
    AssistantMessageContent, AssistantMessageItem, ThreadItem, ThreadItemUpdate, WorkflowItem,
};

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

    /// Keeps an assistant message or a workflow up to date. Updates of other items need no tracking.
    pub(super) fn apply(&mut self, item_id: &str, update: &ThreadItemUpdate) {
        match self.0.iter_mut().find(|item| item.id() == item_id) {
            Some(ThreadItem::AssistantMessage(item)) => update_message(item, update),
            Some(ThreadItem::Workflow(item)) => update_workflow(item, update),
            _ => {}
        }
    }

    pub(super) fn take(&mut self) -> Vec<ThreadItem> {
        std::mem::take(&mut self.0)
    }
}

fn update_message(item: &mut AssistantMessageItem, update: &ThreadItemUpdate) {
    let index = match update {
        ThreadItemUpdate::AssistantMessageContentPartAdded(update) => update.content_index,
        ThreadItemUpdate::AssistantMessageContentPartTextDelta(update) => update.content_index,
        ThreadItemUpdate::AssistantMessageContentPartAnnotationAdded(update) => {
            update.content_index
        }
        ThreadItemUpdate::AssistantMessageContentPartDone(update) => update.content_index,
        _ => return,
    };
    if index >= MAX_CONTENT_PARTS {
        return;
    }
    if item.content.len() <= index {
        item.content
            .resize_with(index + 1, || AssistantMessageContent::new(""));
    }
    let Some(part) = item.content.get_mut(index) else {
        return;
    };
    match update {
        ThreadItemUpdate::AssistantMessageContentPartAdded(update) => {
            part.clone_from(&update.content);
        }
        ThreadItemUpdate::AssistantMessageContentPartTextDelta(update) => {
            part.text.push_str(&update.delta);
        }
        ThreadItemUpdate::AssistantMessageContentPartAnnotationAdded(update) => {
            let at = update.annotation_index.min(part.annotations.len());
            part.annotations.insert(at, update.annotation.clone());
        }
        ThreadItemUpdate::AssistantMessageContentPartDone(update) => {
            part.clone_from(&update.content);
        }
        _ => {}
    }
}

fn update_workflow(item: &mut WorkflowItem, update: &ThreadItemUpdate) {
    let tasks = &mut item.workflow.tasks;
    match update {
        ThreadItemUpdate::WorkflowTaskAdded(update) => tasks.push(update.task.clone()),
        // An index out of range is the client's to ignore; tracking does not fail a turn.
        ThreadItemUpdate::WorkflowTaskUpdated(update) => {
            if let Some(task) = tasks.get_mut(update.task_index) {
                task.clone_from(&update.task);
            }
        }
        _ => {}
    }
}

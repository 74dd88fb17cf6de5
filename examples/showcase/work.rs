//! What the assistant does besides writing: steps of work, progress, effects in the page, notices, images.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chatkit::TurnError;
use chatkit::store::StoreItemType;
use chatkit::types::{
    ClientEffectEvent, CustomSummary, CustomTask, GeneratedImage, GeneratedImageItem,
    GeneratedImageUpdated, IconName, JsonObject, NoticeEvent, ProgressUpdateEvent, TaskStatus,
    ThreadItemAddedEvent, ThreadItemDoneEvent, ThreadItemUpdatedEvent, Workflow, WorkflowItem,
    WorkflowTaskAdded, WorkflowTaskUpdated,
};
use tokio::time::sleep;

use crate::handler::Turn;

/// Long enough for a state to be seen before the next one.
pub(crate) const SEEN: Duration = Duration::from_millis(400);

/// One step: it begins, it ends, and the whole is folded under a summary.
pub(crate) async fn show_workflow(turn: &Turn) -> Result<(), TurnError> {
    let id = turn.generate_id(StoreItemType::Workflow);
    let mut item = WorkflowItem::new(id, turn.thread_id(), Workflow::custom([]));
    turn.send(ThreadItemAddedEvent::new(item.clone())).await?;

    let task = CustomTask::new().title("TASK-ONE").icon(IconName::Search);
    let loading = task.clone().status_indicator(TaskStatus::Loading);
    let added = WorkflowTaskAdded::new(0_usize, loading);
    turn.send(ThreadItemUpdatedEvent::new(&item.id, added))
        .await?;
    sleep(SEEN).await;

    let complete = task.status_indicator(TaskStatus::Complete);
    let updated = WorkflowTaskUpdated::new(0_usize, complete.clone());
    turn.send(ThreadItemUpdatedEvent::new(&item.id, updated))
        .await?;

    item.workflow = Workflow::custom([complete.into()]).summary(CustomSummary::new("WF-SUMMARY"));
    Ok(turn.send(ThreadItemDoneEvent::new(item)).await?)
}

/// None of this is stored: progress is shown until something else comes, an effect happens in the page, and a notice stands
/// above the composer.
pub(crate) async fn show_progress(turn: &Turn) -> Result<(), TurnError> {
    for n in 0..3 {
        turn.send(ProgressUpdateEvent::new(format!("PROGRESS-{n}")))
            .await?;
        sleep(SEEN).await;
    }
    let data = JsonObject::from_iter([("x".into(), 1.into())]);
    turn.send(ClientEffectEvent::new("open_dialog").data(data))
        .await?;
    let notice = NoticeEvent::info("This is a notice, in **Markdown**.").title("NOTICE-TITLE");
    Ok(turn.send(notice).await?)
}

/// An image: first its place, then a coarse picture, then the picture. All three are one item, so they have one id.
pub(crate) async fn make_image(turn: &Turn) -> Result<(), TurnError> {
    let id = turn.generate_id(StoreItemType::Message);
    let item = GeneratedImageItem::new(id, turn.thread_id());
    turn.send(ThreadItemAddedEvent::new(item.clone())).await?;
    sleep(SEEN).await;

    let partial = GeneratedImageUpdated::new(picture(include_bytes!("pictures/partial.png")), 0.5);
    turn.send(ThreadItemUpdatedEvent::new(&item.id, partial))
        .await?;
    sleep(SEEN).await;

    let item = item.image(picture(include_bytes!("pictures/done.png")));
    Ok(turn.send(ThreadItemDoneEvent::new(item)).await?)
}

fn picture(png: &[u8]) -> GeneratedImage {
    GeneratedImage::new(
        "image-1",
        format!("data:image/png;base64,{}", STANDARD.encode(png)),
    )
}

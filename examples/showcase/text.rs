//! Messages of the assistant, piece by piece.

use std::time::Duration;

use chatkit::store::StoreItemType;
use chatkit::types::{
    Annotation, AssistantMessageContent, AssistantMessageContentPartAdded,
    AssistantMessageContentPartAnnotationAdded, AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta, AssistantMessageItem, EntitySource, FileSource, Source,
    ThreadItemAddedEvent, ThreadItemDoneEvent, ThreadItemUpdate, ThreadItemUpdatedEvent, UrlSource,
};
use chatkit::{Error, TurnError};
use futures::{StreamExt, stream};
use tokio::time::sleep;

use crate::handler::Turn;

/// Repeats a text: in small pieces, in Markdown, and with a source.
pub(crate) async fn echo(turn: &Turn, text: &str) -> Result<(), TurnError> {
    let mut answer = Answer::begin(turn).await?;
    for piece in pieces(&format!("ECHO[{text}] with **bold** and `code`.")) {
        answer.say(piece).await?;
    }
    let source = UrlSource::new("https://example.com/a", "Src A");
    answer.refer(source, 5).await?;
    Ok(answer.finish().await?)
}

/// Takes its time, so that it can be stopped. What was said until then is kept, without any code for it here.
pub(crate) async fn slow(turn: &Turn) -> Result<(), TurnError> {
    let words = stream::iter(0..60).then(async |n| {
        sleep(Duration::from_millis(250)).await;
        Ok::<_, TurnError>(format!("word{n} "))
    });
    turn.stream_message(words).await
}

/// Refers to a thing of the application, which the page can make interactive, and to a file.
pub(crate) async fn refer_to_entities(turn: &Turn) -> Result<(), TurnError> {
    let mut answer = Answer::begin(turn).await?;
    answer.say("Here is one and a doc.").await?; // references stand behind "one" and "doc"
    let entity = EntitySource::new("ent-9", "ENT-NINE")
        .inline_label("E9")
        .interactive(true);
    answer.refer(entity, 11).await?;
    answer
        .refer(FileSource::new("doc.pdf", "doc.pdf"), 21)
        .await?;
    Ok(answer.finish().await?)
}

/// A message that is being written by hand, which may have references. It is stored when it is finished.
pub(crate) struct Answer<'a> {
    turn: &'a Turn,
    message: AssistantMessageItem,
    content: AssistantMessageContent,
}

impl<'a> Answer<'a> {
    /// Adds an empty message to the thread, with an empty part.
    pub(crate) async fn begin(turn: &'a Turn) -> Result<Self, Error> {
        let id = turn.generate_id(StoreItemType::Message);
        let message = AssistantMessageItem::new(id, turn.thread_id(), Vec::new());
        turn.send(ThreadItemAddedEvent::new(message.clone()))
            .await?;
        let content = AssistantMessageContent::default();
        let answer = Self {
            turn,
            message,
            content,
        };
        let part = answer.content.clone();
        answer
            .update(AssistantMessageContentPartAdded::new(0_usize, part))
            .await?;
        Ok(answer)
    }

    /// Goes on with a piece of text.
    pub(crate) async fn say(&mut self, piece: &str) -> Result<(), Error> {
        self.content.text.push_str(piece);
        self.update(AssistantMessageContentPartTextDelta::new(0_usize, piece))
            .await
    }

    /// Adds a reference, at a place in the text that is counted in characters.
    async fn refer(&mut self, source: impl Into<Source>, index: i64) -> Result<(), Error> {
        let annotation = Annotation::new(source).index(index);
        let annotation_index = self.content.annotations.len();
        self.content.annotations.push(annotation.clone());
        let added =
            AssistantMessageContentPartAnnotationAdded::new(0_usize, annotation_index, annotation);
        self.update(added).await
    }

    /// Completes the part, and the message.
    async fn finish(mut self) -> Result<(), Error> {
        self.message.content.push(self.content.clone());
        let part = AssistantMessageContentPartDone::new(0_usize, self.content.clone());
        self.update(part).await?;
        self.turn.send(ThreadItemDoneEvent::new(self.message)).await
    }

    async fn update(&self, update: impl Into<ThreadItemUpdate>) -> Result<(), Error> {
        self.turn
            .send(ThreadItemUpdatedEvent::new(&self.message.id, update))
            .await
    }
}

/// A text in pieces of a few characters.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(5).map_or(rest.len(), |(at, _)| at);
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

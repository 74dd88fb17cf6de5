//! What happens when a user writes, clicks, judges or speaks.

use chatkit::types::{
    Action, AudioInput, FeedbackKind, SyncCustomActionResponse, TranscriptionResult,
    UserMessageItem, WidgetItem,
};
use chatkit::{ChatKitHandler, TurnError};

use crate::connection::Connection;
use crate::{questions, text, trouble, widget, work};

/// A turn of this server.
pub(crate) type Turn = chatkit::Turn<Connection>;

pub(crate) struct Showcase;

impl ChatKitHandler for Showcase {
    type Context = Connection;

    async fn respond(
        &self,
        turn: &Turn,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        // There is no message when the turn goes on after a client tool or a structured input.
        let Some(message) = message else {
            return text::echo(turn, "no-user-message").await;
        };
        let said = message.text();
        let words = said.split(|c: char| !c.is_alphanumeric());
        for word in words.map(str::to_lowercase) {
            return match word.as_str() {
                "slow" => text::slow(turn).await,
                "ents" => text::refer_to_entities(turn).await,
                "widget" => widget::show(turn).await,
                "workflow" => work::show_workflow(turn).await,
                "progress" => work::show_progress(turn).await,
                "image" => work::make_image(turn).await,
                "clienttool" => questions::call_client_tool(turn).await,
                "structured" => questions::ask(turn).await,
                "boom" => trouble::fail_with_a_text(),
                "crash" => trouble::crash(),
                "drop" => trouble::drop_connection(turn).await,
                "lockme" => trouble::lock(turn),
                "closeme" => trouble::close(turn),
                _ => continue,
            };
        }
        turn.set_title(format!("T: {}", said.chars().take(30).collect::<String>()));
        text::echo(turn, &said).await
    }

    async fn action(
        &self,
        turn: &Turn,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        widget::act(turn, &action, sender).await?;
        Ok(())
    }

    // The same actions, sent by a control with `streaming: false`: what changes is not an event, but the answer.
    async fn sync_action(
        &self,
        turn: &Turn,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, TurnError> {
        Ok(widget::act(turn, &action, sender).await?.into())
    }

    async fn add_feedback(
        &self,
        thread_id: &str,
        item_ids: &[String],
        kind: FeedbackKind,
        _: &Connection,
    ) -> Result<(), TurnError> {
        tracing::info!(thread_id, ?item_ids, ?kind, "feedback");
        Ok(())
    }

    async fn transcribe(
        &self,
        audio: AudioInput,
        _: &Connection,
    ) -> Result<TranscriptionResult, TurnError> {
        tracing::info!(
            media_type = audio.media_type(),
            bytes = audio.data.len(),
            "dictation"
        );
        Ok(TranscriptionResult::new("transcribed!"))
    }
}

//! What can go wrong, and threads that take no more messages.

use std::future;

use chatkit::types::ThreadStatus;
use chatkit::{CustomStreamError, TurnError};
use tokio::time::sleep;

use crate::handler::Turn;
use crate::text::Answer;
use crate::work::SEEN;

/// An error that the user reads as it is, and may try again.
pub(crate) fn fail_with_a_text() -> Result<(), TurnError> {
    Err(CustomStreamError::new("CUSTOM-ERROR-TEXT")
        .allow_retry(true)
        .into())
}

/// Any other error: the log has it, the client gets a general text.
pub(crate) fn crash() -> Result<(), TurnError> {
    Err(TurnError::msg("the showcase was asked to crash"))
}

/// Breaks the connection in the middle of an answer. To this server that is a client that has gone away: the handler is
/// dropped where it waits, and the text so far is saved.
pub(crate) async fn drop_connection(turn: &Turn) -> Result<(), TurnError> {
    let mut answer = Answer::begin(turn).await?;
    answer.say("partial before drop").await?;
    // When a connection breaks, a browser forgets what it has not handed to the page yet.
    sleep(SEEN).await;
    turn.context().hang_up();
    future::pending().await
}

/// The user may not write at present; the client shows why.
pub(crate) fn lock(turn: &Turn) -> Result<(), TurnError> {
    turn.set_status(ThreadStatus::locked("LOCK-REASON"));
    Ok(())
}

/// The user may not write any more; the client shows why.
pub(crate) fn close(turn: &Turn) -> Result<(), TurnError> {
    turn.set_status(ThreadStatus::closed("CLOSE-REASON"));
    Ok(())
}

//! What the assistant asks others: the page, and the user. The turn ends with the question; the answer is a request of its
//! own, which calls the handler again, without a message.

use chatkit::TurnError;
use chatkit::store::StoreItemType;
use chatkit::types::{
    ClientToolCallItem, JsonObject, StructuredInputFreeform, StructuredInputItem,
    StructuredInputMultipleChoice,
};

use crate::handler::Turn;

/// Asks the page to run one of its tools.
pub(crate) async fn call_client_tool(turn: &Turn) -> Result<(), TurnError> {
    let id = turn.generate_id(StoreItemType::ToolCall);
    let arguments = JsonObject::from_iter([("q".into(), 1.into())]);
    let call = ClientToolCallItem::new(id, turn.thread_id(), "call_1", "get_sel", arguments);
    Ok(turn.add_item(call).await?)
}

/// Asks the user: one choice, and one text.
pub(crate) async fn ask(turn: &Turn) -> Result<(), TurnError> {
    let id = turn.generate_id(StoreItemType::Message);
    let inputs = vec![
        StructuredInputMultipleChoice::new("priority", "Which priority?", ["Low", "High"]).into(),
        StructuredInputFreeform::new("notes", "Any notes?").into(),
    ];
    let questions = StructuredInputItem::new(id, turn.thread_id(), inputs);
    Ok(turn.add_item(questions).await?)
}

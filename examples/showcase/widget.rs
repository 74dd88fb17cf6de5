//! A widget that grows, and what its buttons do.

use chatkit::TurnError;
use chatkit::actions::{ActionConfig, Handler};
use chatkit::store::StoreItemType;
use chatkit::types::{
    Action, AssistantMessageContent, AssistantMessageItem, ThreadItem, WidgetItem,
};
use chatkit::widgets::{Button, Card, Row, Table, TableRow, Text, Title, WidgetRoot};
use futures::stream;
use serde_json::json;

use crate::handler::Turn;

const GROWTH: &str = "stream ";
const GROWN: usize = 3;

/// Shows the card while it grows. From the states the turn makes the events: as the text has an id, what was added to it
/// is a delta. That it is complete is another change, so the last event has the whole card.
pub(crate) async fn show(turn: &Turn) -> Result<(), TurnError> {
    let growing = (0..=GROWN).map(|times| card("WIDGET-TITLE", times, true));
    let complete = card("WIDGET-TITLE", GROWN, false);
    let states = growing.chain([complete]).map(Ok::<_, TurnError>);
    turn.stream_widget(stream::iter(states)).await
}

fn card(title: &str, times: usize, growing: bool) -> WidgetRoot {
    let mut streamed = Text::new(GROWTH.repeat(times)).id("st");
    if growing {
        streamed = streamed.streaming(true);
    }
    let table = Table::new()
        .child(
            TableRow::new()
                .header(true)
                .children(["Column A", "Column B"]),
        )
        .child(TableRow::new().children(["CELL-A", "CELL-B"]));
    // The same kind of button three times: who handles it, and how, is in the action.
    let sync = ActionConfig::new("sync.it")
        .payload(json!({"a": 1}))
        .streaming(false);
    let stream = ActionConfig::new("stream.it").payload(json!({"b": 2}));
    let client = ActionConfig::new("client.it")
        .payload(json!({"c": 3}))
        .handler(Handler::Client);
    let buttons = Row::new()
        .child(Button::new("SyncBtn").on_click_action(sync))
        .child(Button::new("StreamBtn").on_click_action(stream))
        .child(Button::new("ClientBtn").on_click_action(client));
    Card::new()
        .child(Title::new(title))
        .child(streamed)
        .child(table)
        .child(buttons)
        .into()
}

/// Does what an action asks for, and gives the item that shows it, which is stored and sent.
///
/// Anyone can send any action, with or without a widget: the type, the payload and the sender are input.
pub(crate) async fn act(
    turn: &Turn,
    action: &Action,
    sender: Option<WidgetItem>,
) -> Result<ThreadItem, TurnError> {
    match (action.action_type.as_str(), sender) {
        ("sync.it", Some(sender)) => {
            let updated = card("SYNC-UPDATED", GROWN, false);
            Ok(turn.update_widget(sender, updated).await?.into())
        }
        (other, _) => {
            let id = turn.generate_id(StoreItemType::Message);
            let answer = AssistantMessageContent::new(format!("ACTION[{other}]"));
            let message = AssistantMessageItem::new(id, turn.thread_id(), answer);
            turn.add_item(message.clone()).await?;
            Ok(message.into())
        }
    }
}

//! What a widget begins with.

use serde_json::Value;

use crate::types::{ActionConfig, IconName};
use crate::widgets::fields::{Prop, unreadable, value_record};
use crate::widgets::{
    Alignment, BorderValue, CardSize, Color, CssValue, Direction, InvalidWidget, Justification,
    SpacingValue, Theme, WidgetComponent,
};

use super::{component, place};

component! {
    /// A card: the usual root.
    ///
    /// With [`confirm`](Self::confirm) and [`cancel`](Self::cancel) it has two buttons at its foot; as a form it sends the
    /// values of its controls with them.
    ///
    /// ```
    /// use chatkit::types::ActionConfig;
    /// use chatkit::widgets::{Card, CardAction, Input, Title, WidgetStatus};
    ///
    /// let card = Card::new()
    ///     .status(WidgetStatus::new("Draft"))
    ///     .as_form(true)
    ///     .child(Title::new("Send this e-mail?"))
    ///     .child(Input::new("to").placeholder("To"))
    ///     .confirm(CardAction::new("Send", ActionConfig::new("email.send")))
    ///     .cancel(CardAction::new("Discard", ActionConfig::new("email.discard")));
    /// ```
    #[derive(Default)]
    Card = "Card", WidgetRoot {
        /// An empty card.
        pub fn new {}
        lists {
            /// What it shows, from top to bottom.
            children: WidgetComponent = "children", required, add child;
        }
        set {
            /// Whether it is a form: then `confirm` and `cancel` send the values of its controls.
            as_form: bool = "asForm",
            /// What it is filled with: a token such as `surface` or `surface-secondary`, or any other colour.
            background: Color = "background",
            /// Its border.
            border: BorderValue = "border",
            /// How wide it is.
            size: CardSize = "size",
            /// The space inside its edge.
            padding: SpacingValue = "padding",
            /// A line above the card.
            status: WidgetStatus = "status",
            /// Whether only its head is shown, as after its main action.
            collapsed: bool = "collapsed",
            /// The button at its foot that goes ahead.
            confirm: CardAction = "confirm",
            /// The button at its foot that calls off.
            cancel: CardAction = "cancel",
            /// Its colours, whatever the page's are.
            theme: Theme = "theme",
        }
    }
}

value_record! {
    /// A button at the foot of a [`Card`].
    CardAction {
        /// A button with a label.
        pub fn new {
            /// What stands on the button.
            label: String = "label",
            /// What it does.
            action: ActionConfig = "action",
        }
        set {}
    }
}

value_record! {
    /// A line above a [`Card`] or [`ListView`], with an icon or a favicon.
    ///
    /// The protocol has either. Of both, the Python SDK keeps the favicon.
    WidgetStatus {
        /// A line of text.
        pub fn new {
            /// The text.
            text: String = "text",
        }
        set {
            /// The address of a small picture before the text.
            favicon: String = "favicon",
            /// Whether the favicon has a frame, for contrast.
            frame: bool = "frame",
            /// An icon before the text.
            icon: IconName = "icon",
        }
    }
}

component! {
    /// A list of rows, which may be long.
    ///
    /// ```
    /// use chatkit::types::ActionConfig;
    /// use chatkit::widgets::{ListView, ListViewItem, Text};
    ///
    /// let songs = ["Clair de lune", "Gymnopédie"];
    /// let list = ListView::new().limit(5).children(songs.map(|song| {
    ///     ListViewItem::new()
    ///         .child(Text::new(song))
    ///         .on_click_action(ActionConfig::new("song.play").payload(song))
    /// }));
    /// ```
    #[derive(Default)]
    ListView = "ListView", WidgetRoot {
        /// A list without rows.
        pub fn new {}
        lists {
            /// The rows.
            children: ListViewItem = "children", required, add child;
        }
        set {
            /// How many rows are shown before one asks for more.
            limit: ListLimit = "limit",
            /// A line above the list.
            status: WidgetStatus = "status",
            /// Its colours, whatever the page's are.
            theme: Theme = "theme",
        }
    }
}

/// How many rows of a [`ListView`] are shown at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListLimit {
    /// As the client sees fit.
    Auto,
    /// So many.
    Count(u32),
}

impl From<u32> for ListLimit {
    fn from(count: u32) -> Self {
        Self::Count(count)
    }
}

impl Prop for ListLimit {
    fn into_json(self) -> Value {
        match self {
            Self::Auto => Value::from("auto"),
            Self::Count(count) => count.into_json(),
        }
    }

    fn from_json(json: &Value) -> Result<Self, InvalidWidget> {
        match json {
            Value::String(word) if word == "auto" => Ok(Self::Auto),
            Value::String(_) => Err(unreadable()),
            _ => u32::from_json(json).map(Self::Count),
        }
    }
}

component! {
    /// A row of a [`ListView`]. It stands nowhere else.
    #[derive(Default)]
    ListViewItem = "ListViewItem", part {
        /// An empty row.
        pub fn new {}
        lists {
            /// What it shows, from left to right.
            children: WidgetComponent = "children", required, add child;
        }
        set {
            /// What a click on the row does.
            on_click_action: ActionConfig = "onClickAction",
            /// The space between children.
            gap: CssValue = "gap",
            /// Where children are put between top and bottom.
            align: Alignment = "align",
        }
    }
}

component! {
    /// A root without a frame.
    ///
    /// It may hold other roots, which convert by way of [`WidgetRoot`](crate::widgets::WidgetRoot):
    ///
    /// ```
    /// use chatkit::widgets::{Basic, Card, Text, WidgetRoot};
    ///
    /// let two = Basic::new()
    ///     .gap(2)
    ///     .child(WidgetRoot::from(Card::new().child(Text::new("One"))))
    ///     .child(WidgetRoot::from(Card::new().child(Text::new("Two"))));
    /// ```
    #[derive(Default)]
    #[doc(alias = "BasicRoot")]
    Basic = "Basic", WidgetRoot {
        /// An empty root.
        pub fn new {}
        lists {
            /// What it shows.
            children: WidgetComponent = "children", required, add child;
        }
        set {
            /// In which direction children follow each other.
            direction: Direction = "direction",
            /// The space between children.
            gap: CssValue = "gap",
            /// The space inside its edge.
            padding: SpacingValue = "padding",
            /// Where children are put across the direction.
            align: Alignment = "align",
            /// How children are spread along the direction.
            justify: Justification = "justify",
            /// Its colours, whatever the page's are.
            theme: Theme = "theme",
        }
    }
}

//! A form: what it is sent with, and what arrives.

use chatkit::actions::TypedAction;
use chatkit::widgets::{
    Button, ButtonStyle, Card, Checkbox, EditableProps, Form, Row, Text, Title,
};
use serde::{Deserialize, Serialize};

pub(crate) struct Todo {
    pub(crate) id: u64,
    pub(crate) title: String,
    pub(crate) done: bool,
}

/// The actions as the form has them.
#[derive(TypedAction)]
#[action(prefix = "todo.")]
enum TodoAction {
    #[action(streaming = false)]
    Save {
        id: u64,
    },
    Delete {
        id: u64,
    },
}

/// The actions as they arrive: the values of the form are merged into the payload, `todo.title` as `title` of `todo`.
#[derive(TypedAction)]
#[action(prefix = "todo.")]
pub(crate) enum TodoEdited {
    Save { id: u64, todo: Fields },
    Delete { id: u64 },
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Fields {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) done: bool,
}

impl Todo {
    pub(crate) fn form(&self) -> Card {
        let title = EditableProps::new("todo.title").required(true);
        let buttons = Row::new().child(Button::submit("Save")).child(
            Button::new("Delete")
                .style(ButtonStyle::Secondary)
                .on_click_action(TodoAction::Delete { id: self.id }),
        );
        let form = Form::new()
            .on_submit_action(TodoAction::Save { id: self.id })
            .child(Title::new("To do"))
            .child(Text::new(&self.title).editable(title))
            .child(
                Checkbox::new("todo.done")
                    .label("Done")
                    .default_checked(self.done),
            )
            .child(buttons);
        Card::new().child(form)
    }
}

//! What is no enum of actions.

use chatkit::actions::{Action, TypedAction};

#[derive(TypedAction)]
struct NotAnEnum {
    id: u64,
}

#[derive(TypedAction)]
enum Empty {}

#[derive(TypedAction)]
enum Generic<T> {
    Save(T),
}

#[derive(TypedAction)]
enum Shapes {
    Two(u8, u8),
    None(),
    #[action(other)]
    Other,
    #[action(other)]
    AndAnother(Action),
    #[action(other)]
    AndOneMore(Action),
}

#[derive(TypedAction)]
enum Twice {
    Save,
    #[action("save")]
    Store,
    #[action("delete")]
    Remove,
    Delete,
}

fn main() {}

//! Payloads that serde cannot read or write, and a variant for other actions that does not hold one.

use chatkit::actions::TypedAction;

struct NotSerde;

#[derive(TypedAction)]
enum Actions {
    A(NotSerde),
}

#[derive(TypedAction)]
enum Other {
    #[action(other)]
    Other(String),
}

fn main() {}

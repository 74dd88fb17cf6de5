//! A variant for other actions that does not hold one.

use chatkit::actions::TypedAction;

struct NotAnAction;

#[derive(TypedAction)]
enum Other {
    Known,
    #[action(other)]
    Other(NotAnAction),
}

fn main() {}

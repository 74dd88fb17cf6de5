//! Options that are wrong: all of one enum are reported together.

use chatkit::actions::{Action, TypedAction};

#[derive(TypedAction)]
#[action(prefx = "todo.")]
enum Options {
    #[action(handler = "browser")]
    A,
    #[action(loading_behaviour = "auto")]
    B,
    #[action(loading_behavior = "everything")]
    C,
    #[action(streaming = "no")]
    D,
    #[action(streaming)]
    E,
    #[action(handler = client)]
    F,
    #[action("")]
    G,
    #[action("one", "two")]
    H,
    #[action(streaming = true)]
    #[action(streaming = false)]
    I,
    #[action(type = "todo.save")]
    J,
    #[action(other, handler = "client")]
    K(Action),
    #[action(other = true)]
    L(Action),
    #[action(colour = "red")]
    M,
    #[action("n" "o")]
    N,
}

#[derive(TypedAction)]
#[action("todo", crate = "not a path", prefix)]
enum OfTheEnum {
    A,
}

fn main() {}

//! Names that could get in the way of the generated code, and a crate of another name.

#![no_implicit_prelude]
#![deny(warnings)]
#![allow(unreachable_pub, reason = "a test exports nothing")]
#![allow(non_camel_case_types, reason = "names that must not get in the way")]

mod my {
    pub use ::chatkit::types;
}

#[derive(::core::fmt::Debug, my::types::TypedAction)]
#[action(crate = "crate::action_hygiene::my")]
pub enum Action {
    Result {
        action: u8,
        __action: u8,
    },
    Option(::std::string::String),
    r#type,
    Ok {
        r#type: u8,
    },
    #[action(other)]
    Err(my::types::Action),
}

/// The enum may derive serde's traits too, with attributes of its own.
#[derive(::serde::Serialize, ::serde::Deserialize, my::types::TypedAction)]
#[action(crate = "crate::action_hygiene::my")]
#[serde(tag = "type")]
pub enum AlsoSerde {
    #[serde(rename_all = "camelCase")]
    Save {
        #[serde(default)]
        todo_id: u8,
    },
    Clear,
}

macro_rules! actions {
    ($name:ident, $kind:literal, $streaming:expr) => {
        #[derive(my::types::TypedAction)]
        #[action(crate = "crate::action_hygiene::my")]
        pub enum $name {
            #[action($kind, streaming = $streaming)]
            Made,
        }
    };
}

actions!(FromMacro, "made.by.macro", false);

#[test]
fn actions_shadow_nothing() {
    use ::core::convert::From;
    use my::types::TypedAction;

    ::core::assert_eq!(Action::TYPES, ["result", "option", "type", "ok"]);
    ::core::assert_eq!(AlsoSerde::TYPES, ["save", "clear"]);
    ::core::assert_eq!(FromMacro::Made.action_type(), "made.by.macro");
    let config = my::types::ActionConfig::from(AlsoSerde::Save { todo_id: 1 });
    ::core::assert_eq!(config.payload["todoId"], 1);
    let config = my::types::ActionConfig::from(FromMacro::Made);
    ::core::assert!(!config.streaming);
}

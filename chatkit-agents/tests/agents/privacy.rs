//! What users and models write is in no `Display` and no `Debug` of an error.

use chatkit_agents::run::ToolNotFound;
use chatkit_agents::tool::ToolError;
use chatkit_agents::{RunConfig, RunErrorKind, Runner};

use super::*;

/// The word that must not get out.
const WORD: &str = "wormwood";

fn assert_silent(error: &RunError) {
    for text in [
        format!("{error}"),
        format!("{error:?}"),
        format!("{error:#?}"),
    ] {
        assert!(!text.to_lowercase().contains(WORD), "{text}");
        assert!(!text.is_empty());
    }
}

#[tokio::test]
async fn an_error_of_a_run_does_not_show_the_conversation() {
    let server = server([
        Script::text("Wormwood grows in").then_function_call("look_up", json!({"plant": WORD})),
        Script::status(400),
    ])
    .await;
    let agent = agent(&server).tool(says("look_up", "wormwood is bitter"));
    let error = Runner::run(&agent, "Where does wormwood grow?", ())
        .await
        .unwrap_err();
    assert_silent(&error);
    // The cause is there, and so is what the run has done, for those who ask for it.
    assert!(format!("{error:?}").contains("400"), "{error:?}");
    let state = error.state().unwrap();
    let json = state.to_json().unwrap();
    for said in ["grow?", "grows in", "look_up", "bitter"] {
        assert!(json.contains(said), "{json}");
    }
    assert!(!format!("{state:?}").contains(WORD), "{state:?}");
    let turn_error = chatkit::TurnError::from(error);
    assert!(!format!("{turn_error:?} {turn_error:#}").contains(WORD));
}

#[tokio::test]
async fn an_error_shows_no_sentence_of_the_model_or_of_its_endpoint() {
    let sentence = format!("the {WORD} sentence");
    let raises = RunConfig::new().tool_not_found_behavior(ToolNotFound::RaiseError);
    let bad_schema = || Script::text(format!(r#"{{"response": "{WORD}"}}"#));
    let cases = [
        (
            Script::function_call(sentence.clone(), json!({})),
            RunErrorKind::ModelBehavior,
        ),
        (
            Script::text("Half").incomplete(sentence.clone()),
            RunErrorKind::ModelBehavior,
        ),
        (
            Script::new().failed("server_error", sentence.clone()),
            RunErrorKind::Model,
        ),
        (bad_schema(), RunErrorKind::InvalidFinalOutput),
    ];
    for (script, kind) in cases {
        let server = server([script]).await;
        let agent = agent(&server).output_type::<Vec<u8>>();
        let run = Runner::run(&agent, "Hello", ()).config(raises.clone());
        let error = run.await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_silent(&error);
    }
}

#[test]
fn an_error_of_a_tool_does_not_show_what_it_tells_the_model() {
    for error in [
        ToolError::for_model(WORD),
        ToolError::invalid_arguments("look_up", WORD),
    ] {
        assert!(error.model_message().contains(WORD));
        assert!(!format!("{error} {error:?} {error:#?}").contains(WORD));
        // As the cause of another error, too.
        let boxed = chatkit_agents::BoxError::from(error);
        assert!(!format!("{boxed} {boxed:?}").contains(WORD));
    }
    let error = ToolError::for_model(WORD).caused_by(std::io::Error::other("no network"));
    assert!(format!("{error:?}").contains("no network"));
}

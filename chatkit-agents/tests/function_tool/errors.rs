//! How tools fail.

use super::*;

const DEFAULT: &str = "An error occurred while running the tool. Please try again.";

#[derive(Debug, PartialEq)]
struct DatabaseDown;

impl std::fmt::Display for DatabaseDown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no route to db.internal")
    }
}

impl std::error::Error for DatabaseDown {}

/// Fails in the way it is asked to.
#[function_tool]
async fn fail(how: String) -> Result<String, ToolError> {
    match how.as_str() {
        "question mark" => Err(DatabaseDown)?,
        "boxed" => Err(ToolError::new("a text for the log")),
        "message" => Err(ToolError::for_model("The database is away.").caused_by(DatabaseDown)),
        "fatal" => Err(ToolError::fatal(DatabaseDown)),
        _ => Ok(how),
    }
}

async fn error(how: &str) -> ToolError {
    call(&fail, &(), &json!({ "how": how }).to_string())
        .await
        .unwrap_err()
}

#[tokio::test]
async fn convert_by_the_question_mark_and_tell_the_model_nothing() {
    let error = error("question mark").await;
    assert_eq!(error.kind(), ToolErrorKind::Failed);
    assert_eq!(error.model_message(), DEFAULT);
    assert_eq!(error.downcast_ref(), Some(&DatabaseDown));
    assert_eq!(error.to_string(), "the tool failed");
    assert_eq!(
        format!("{error:#}"),
        "the tool failed: no route to db.internal"
    );
    assert!(!error.is_fatal());
}

#[tokio::test]
async fn may_have_a_text_for_the_model() {
    let error = error("message").await;
    assert_eq!(error.model_message(), "The database is away.");
    assert_eq!(error.downcast_ref(), Some(&DatabaseDown));
    assert_eq!(
        error.to_string(),
        "the tool reported a failure to the model"
    );
}

#[tokio::test]
async fn may_be_made_of_a_text_for_the_log() {
    let error = error("boxed").await;
    assert_eq!(error.model_message(), DEFAULT);
    assert_eq!(error.source().unwrap().to_string(), "a text for the log");
}

#[tokio::test]
async fn may_end_the_run() {
    let error = error("fatal").await;
    assert!(error.is_fatal());
    let cause: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert_eq!(cause.downcast_ref(), Some(&DatabaseDown));
}

#[test]
fn without_a_cause_are_their_own_cause() {
    let error = ToolError::timed_out("search", Duration::from_millis(500));
    assert_eq!(error.kind(), ToolErrorKind::TimedOut);
    assert_eq!(
        error.model_message(),
        "Tool 'search' timed out after 0.5 seconds."
    );
    let cause: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert_eq!(cause.to_string(), "the tool timed out");
}

#[tokio::test]
async fn do_not_show_arguments_in_their_display() {
    let error = call(&fail, &(), r#"{"how":["secret"]}"#).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model's arguments do not fit the tool"
    );

    let error = call(&fail, &(), r#"{"how":{"secret":1}}"#)
        .await
        .unwrap_err();
    assert!(!error.to_string().contains("secret"));
}

/// Has an error of its own.
#[function_tool]
async fn own_error(ok: bool) -> Result<u8, DatabaseDown> {
    if ok { Ok(1) } else { Err(DatabaseDown) }
}

#[tokio::test]
async fn of_any_type_may_be_returned() {
    assert_eq!(own_error::call(false).await, Err(DatabaseDown));
    let error = call(&own_error, &(), r#"{"ok":false}"#).await.unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&DatabaseDown));
}

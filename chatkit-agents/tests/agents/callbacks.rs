//! Each form that a function may have.

use chatkit::BoxError;

use chatkit_agents::run::{
    RunErrorHandlerData, RunErrorHandlerResult, RunErrorHandlers, ToolResults,
};
use chatkit_agents::testing::Script;
use chatkit_agents::{Handoff, RunContext, RunErrorKind, Runner, ToolContext};

use super::*;

type Run<'a> = RunContext<'a, bool>;

fn text(run: Run<'_>) -> String {
    format!("plain, {}", *run)
}

async fn text_later(run: Run<'_>) -> String {
    tokio::task::yield_now().await;
    format!("async, {}", *run)
}

fn given(run: Run<'_>) -> bool {
    *run
}

async fn given_later(run: Run<'_>) -> bool {
    tokio::task::yield_now().await;
    *run
}

#[tokio::test]
async fn instructions_come_from_plain_and_from_async_functions() {
    let server = server([]).await;
    let captured = String::from("captured");
    let kept = captured.clone();
    let agents = [
        agent(&server).instructions_fn(text),
        agent(&server).instructions_fn(text_later),
        agent(&server).instructions_fn(move |run: Run<'_>| format!("{captured}, {}", *run)),
        agent(&server).instructions_fn(async |run: Run<'_>| text_later(run).await),
        agent(&server).instructions_fn(move |run: Run<'_>| {
            let (kept, given) = (kept.clone(), *run);
            async move {
                tokio::task::yield_now().await;
                format!("{kept}, async, {given}")
            }
        }),
    ];
    for agent in agents {
        server.push(Script::text("Hi"));
        Runner::run(&agent, "Go", true).await.unwrap();
    }
    let told: Vec<_> = bodies(&server)
        .iter()
        .map(|body| body["instructions"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        told,
        [
            "plain, true",
            "async, true",
            "captured, true",
            "async, true",
            "captured, async, true"
        ]
    );
}

#[tokio::test]
async fn plain_and_async_functions_decide() {
    let server = server([Script::text("Hi"), Script::text("Hi")]).await;
    let expected = true;
    let agent = agent(&server)
        .tool(says("plain", "").is_enabled(given))
        .tool(says("async", "").is_enabled(given_later))
        .tool(says("captured", "").is_enabled(move |run: Run<'_>| *run == expected))
        .tool(says("closure", "").is_enabled(async |run: Run<'_>| given_later(run).await))
        .tool(says("future", "").is_enabled(move |run: Run<'_>| {
            let given = *run;
            async move { given == expected }
        }));
    for enabled in [true, false] {
        Runner::run(&agent, "Go", enabled).await.unwrap();
    }
    let offered: Vec<_> = bodies(&server)
        .iter()
        .map(|body| body["tools"].as_array().unwrap().len())
        .collect();
    assert_eq!(offered, [5, 0]);
}

fn fails<T>(_: Run<'_>) -> Result<T, BoxError> {
    Err("no database".into())
}

async fn fails_later<T>(_: Run<'_>) -> Result<T, BoxError> {
    tokio::task::yield_now().await;
    Err("no database".into())
}

#[tokio::test]
async fn functions_that_may_fail_are_plain_or_async_too() {
    let server = server([Script::text("Hi"), Script::text("Hi")]).await;
    let greet = |run: Run<'_>| -> Result<String, BoxError> { Ok(text(run)) };
    let agents = [
        agent(&server).instructions_fn(greet),
        agent(&server).instructions_fn(async |run: Run<'_>| {
            given_later(run)
                .await
                .then(|| text(run))
                .ok_or(BoxError::from("not given"))
        }),
    ];
    for agent in agents {
        Runner::run(&agent, "Go", true).await.unwrap();
    }
    for body in bodies(&server) {
        assert_eq!(body["instructions"], "plain, true");
    }
}

#[tokio::test]
async fn a_function_that_fails_ends_the_run_with_its_error() {
    let server = server([]).await;
    let other = agent(&server);
    let needs = |_: ToolContext<'_, bool>| -> Result<bool, BoxError> { Err("no database".into()) };
    let decide = |_: ToolResults<'_, bool>| -> Result<Option<String>, BoxError> {
        Err("no database".into())
    };
    let cases = [
        (
            agent(&server).instructions_fn(fails),
            "the instructions function of the agent Assistant failed",
        ),
        (
            agent(&server).instructions_fn(fails_later),
            "the instructions function of the agent Assistant failed",
        ),
        (
            agent(&server).prompt_fn(fails),
            "the prompt function of the agent Assistant failed",
        ),
        (
            agent(&server).tool(says("a", "").is_enabled(fails)),
            "the is_enabled function of the agent Assistant failed",
        ),
        (
            agent(&server).handoff(Handoff::to(&other).is_enabled(fails_later)),
            "the is_enabled function of the agent Assistant failed",
        ),
        (
            agent(&server).tool(says("a", "").needs_approval(needs)),
            "needs_approval of the tool a failed",
        ),
        (
            agent(&server)
                .tool(says("a", ""))
                .tool_use_behavior_fn(decide),
            "the tool_use_behavior function of the agent Assistant failed",
        ),
    ];
    for (agent, message) in cases {
        server.push(Script::function_call("a", serde_json::json!({})));
        let error = Runner::run(&agent, "Go", true).await.unwrap_err();
        assert_eq!(error.kind(), RunErrorKind::Callback, "{message}");
        assert_eq!(error.to_string(), message);
        assert_eq!(
            std::error::Error::source(&error).unwrap().to_string(),
            "no database"
        );
    }
}

#[tokio::test]
async fn an_error_handler_that_fails_leaves_the_error_as_it_is() {
    let server = server([]).await;
    let fails =
        |_: RunErrorHandlerData<'_, bool>| -> Result<Option<RunErrorHandlerResult>, BoxError> {
            Err("no database".into())
        };
    let handlers = RunErrorHandlers::new().max_turns(fails);
    let run = Runner::run(&agent(&server), "Go", true)
        .max_turns(0)
        .error_handlers(handlers);
    assert_eq!(
        run.await.unwrap_err().kind(),
        RunErrorKind::MaxTurnsExceeded
    );
}

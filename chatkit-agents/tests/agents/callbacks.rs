//! Each form that a function may have.

use chatkit_agents::testing::Script;
use chatkit_agents::{RunContext, Runner};

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

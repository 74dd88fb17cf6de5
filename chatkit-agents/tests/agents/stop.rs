//! Stopping a run, wherever it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chatkit_agents::items::InputItem;
use chatkit_agents::testing::{RecordedRequest, Script};
use chatkit_agents::{CancelMode, Runner};
use futures::FutureExt;

use super::*;

/// Counts the calls of tools that are going on.
#[derive(Clone, Default)]
struct Going(Arc<AtomicUsize>);

impl Going {
    fn on(&self) -> Guard {
        self.0.fetch_add(1, Ordering::SeqCst);
        Guard(self.clone())
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

struct Guard(Going);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn tasks() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}

fn sub_call() -> Script {
    Script::new().then_item(call_item(1, "sub", r#"{"input":"Go"}"#))
}

/// An agent whose tools are one that never ends and another agent with that tool.
fn endless(server: &ScriptedResponses) -> Agent<Going> {
    let never = || {
        tool("never", |ctx: OwnedToolContext<Going>| async move {
            let _guard = ctx.on();
            std::future::pending::<()>().await;
        })
    };
    let sub: Agent<Going> = Agent::new("Sub", server.client().model("scripted")).tool(never());
    agent(server).tool(never()).tool(sub.as_tool("sub", ""))
}

#[tokio::test]
async fn wherever_a_run_is_stopped_nothing_goes_on() {
    // What the endpoint answers, how many of its requests are made until nothing more happens, and whether a tool runs.
    let states = [
        (
            "a model that has not answered",
            vec![Script::text("Hi").hang_after(0)],
            1,
            false,
        ),
        (
            "a model in mid-text",
            vec![Script::text("A long story").hang_after(6)],
            1,
            false,
        ),
        ("a tool", vec![calls(&["never"])], 1, true),
        (
            "an agent in a tool, its model silent",
            vec![sub_call(), Script::text("Hi").hang_after(0)],
            2,
            false,
        ),
        (
            "an agent in a tool, in mid-text",
            vec![sub_call(), Script::text("Hi there").hang_after(5)],
            2,
            false,
        ),
        (
            "a tool of an agent in a tool",
            vec![sub_call(), calls(&["never"])],
            2,
            true,
        ),
    ];
    for (state, scripts, requests, in_tool) in states {
        for mode in ["drop", "cancel"] {
            let server = server(scripts.clone()).await;
            let going = Going::default();
            let mut run = Runner::run_streamed(&endless(&server), "Go", going.clone());
            // Until nothing more has come for a while: it waits for something that does not come.
            within(async {
                let mut quiet = 0;
                while quiet < 300 {
                    quiet += 1;
                    while let Some(event) = run.next().now_or_never() {
                        event.unwrap().unwrap();
                        quiet = 0;
                    }
                    if server.requests().len() < requests || (going.count() == 1) != in_tool {
                        quiet = 0;
                    }
                    tokio::task::yield_now().await;
                }
            })
            .await;
            match mode {
                "drop" => drop(run),
                _ => {
                    run.cancel(CancelMode::Immediate);
                    assert!(run.next().await.is_none());
                }
            }
            assert_eq!(
                going.count(),
                0,
                "{state}, {mode}: the tool's future is dropped"
            );
            if !in_tool {
                let closed = within(server.wait_closed(requests)).await;
                assert!(
                    closed.closed_early,
                    "{state}, {mode}: the upstream connection closes"
                );
            }
            assert_eq!(
                Arc::strong_count(&going.0),
                1,
                "{state}, {mode}: the context is gone"
            );
        }
    }
}

/// What the endpoint answers to whatever it is asked: calls of a tool and of an agent first, then a text.
fn answers(request: &RecordedRequest) -> Script {
    let input = request.body["input"].as_array().unwrap();
    let answered = input
        .iter()
        .any(|item| item["type"] == "function_call_output");
    let is_sub = request.body["instructions"] == "sub";
    match (answered, is_sub) {
        (true, _) => Script::text("one two three four five six"),
        (false, true) => calls(&["work"]),
        (false, false) => sub_call().then_item(call_item(2, "work", "{}")),
    }
}

/// Numbers that look random and are the same in every run of the test.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// `STOPPED_RUNS` says how many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_are_stopped_anywhere_leave_nothing() {
    const AT_A_TIME: u64 = 50;
    let runs = std::env::var("STOPPED_RUNS").map_or(2000, |runs| runs.parse().unwrap());

    let server = ScriptedResponses::start_with(answers).await.unwrap();
    let work = || {
        tool("work", |ctx: OwnedToolContext<Going>| async move {
            let _guard = ctx.on();
            tokio::task::yield_now().await;
            "done"
        })
    };
    let sub: Agent<Going> = Agent::new("Sub", server.client().model("scripted"))
        .instructions("sub")
        .tool(work());
    let agent = agent(&server).tool(work()).tool(sub.as_tool("sub", ""));
    let going = Going::default();
    // One whole run tells how many events there are, and warms the connections.
    let (events, error) = drain(&mut Runner::run_streamed(&agent, "Go", going.clone())).await;
    assert!(error.is_none(), "{error:?}");
    let whole = events.len() as u64;

    let mut numbers = Numbers(1);
    let mut stopped_early = 0;
    for _ in 0..runs / AT_A_TIME {
        let batch = (0..AT_A_TIME).map(|_| {
            let mut run = Runner::run_streamed(&agent, "Go", going.clone());
            let (events, polls) = (numbers.below(whole + 1), numbers.below(20));
            async move {
                for _ in 0..events {
                    match run.next().await {
                        Some(event) => drop(event.unwrap()),
                        None => break,
                    }
                }
                // Then somewhere between two events.
                for _ in 0..polls {
                    drop(run.next().now_or_never());
                    tokio::task::yield_now().await;
                }
                // What there is of it is valid input for another run.
                let mut history = run.to_state().to_input_list();
                chatkit_agents::items::prune_orphans(&mut history);
                assert_eq!(history.first(), Some(&InputItem::user("Go")));
                u64::from(!run.is_complete())
            }
        });
        stopped_early += within(futures::future::join_all(batch))
            .await
            .into_iter()
            .sum::<u64>();
    }
    assert!(
        stopped_early > runs / 2,
        "{stopped_early} of {runs} were stopped on the way"
    );
    assert_eq!(going.count(), 0, "no tool goes on");
    assert_eq!(Arc::strong_count(&going.0), 1, "nobody holds the context");

    // The endpoint lives in this process, so what is left is its listener and connections that wait to be used again.
    until(|| tasks() < 4 * AT_A_TIME as usize).await;
    let (_, error) = drain(&mut Runner::run_streamed(&agent, "Go", going.clone())).await;
    assert!(error.is_none(), "and the next run works: {error:?}");
}

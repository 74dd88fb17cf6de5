//! Tools in a run.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use chatkit_agents::function_tool;
use chatkit_agents::model::ModelSettings;
use chatkit_agents::testing::Script;
use chatkit_agents::tool::{FnTool, Json, OwnedToolContext, Tool, ToolError, ToolOutputImage};
use chatkit_agents::{
    Agent, BoxError, RunConfig, RunContext, RunErrorKind, RunItemEventName, RunItemKind, Runner,
    StreamEvent, ToolUseBehavior,
};
use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{Barrier, Notify};

use super::*;

const DEFAULT_TEXT: &str = "An error occurred while running the tool. Please try again.";

/// The call ids of the `tool_output` events, in the order in which they came.
fn settled(events: &[StreamEvent]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            StreamEvent::RunItem(item) if item.event_name() == RunItemEventName::ToolOutput => {
                let RunItemKind::ToolCallOutput(item) = &item.kind else {
                    panic!("{event:?}")
                };
                item.call_id().map(str::to_owned)
            }
            _ => None,
        })
        .collect()
}

/// A closure's context is a copy, and still that of its run.
#[tokio::test]
async fn a_closure_knows_its_run() {
    let server = server([calls(&["look"]).usage(7, 3), Script::text("Done")]).await;
    let look = tool("look", |ctx: OwnedToolContext<()>| async move {
        let ctx = ctx.as_ref();
        let agent = ctx.run().agent().map(|agent| agent.name().to_owned());
        format!("{agent:?} {}", ctx.run().usage().total_tokens)
    });
    Runner::run(&agent(&server).tool(look), "Go", ())
        .await
        .unwrap();
    assert_eq!(told(&server), "Some(\"Assistant\") 10");
}

/// Runs an agent whose model calls `tool` once, and gives what the model was told.
async fn told_of(tool: impl Into<Tool<()>>, arguments: &str) -> String {
    let tool = tool.into();
    let name = tool
        .as_function()
        .unwrap()
        .definition()
        .unwrap()
        .name()
        .to_owned();
    let server = server([
        Script::new().then_item(call_item(1, &name, arguments)),
        Script::text("Well"),
    ])
    .await;
    let result = Runner::run(&agent(&server).tool(tool), "Go", ())
        .await
        .unwrap();
    assert_eq!(result.final_output(), Some("Well"), "the run goes on");
    told(&server)
}

#[tokio::test]
async fn the_calls_of_a_response_run_at_the_same_time() {
    let server = server([calls(&["meet", "meet", "meet"]), Script::text("Met")]).await;
    let barrier = Arc::new(Barrier::new(3));
    let meet = tool("meet", move |_| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
        }
    });
    let result = within(Runner::run(&agent(&server).tool(meet), "Go", ())).await;
    assert_eq!(result.unwrap().final_output(), Some("Met"));
}

/// `slow` is called first and settles when it is let go.
fn slow_and_fast(server: &ScriptedResponses) -> (Agent<()>, Arc<Notify>) {
    let go = Arc::new(Notify::new());
    let waiting = Arc::clone(&go);
    let slow = tool("slow", move |_| {
        let waiting = Arc::clone(&waiting);
        async move {
            waiting.notified().await;
            "slow result"
        }
    });
    let agent = agent(server).tool(slow).tool(says("fast", "fast result"));
    (agent, go)
}

#[tokio::test]
async fn results_are_shown_as_they_come_and_sent_in_the_order_of_the_calls() {
    let server = server([calls(&["slow", "fast"]), Script::text("Done")]).await;
    let (agent, go) = slow_and_fast(&server);
    let mut run = Runner::run_streamed(&agent, "Go", ());
    let mut before = Vec::new();
    while settled(&before).is_empty() {
        before.push(within(run.next()).await.unwrap().unwrap());
    }
    assert_eq!(settled(&before), ["call_2"]);
    assert!(run.next().now_or_never().is_none(), "slow still runs");
    go.notify_one();
    let (after, error) = drain(&mut run).await;
    assert!(error.is_none());
    assert_eq!(settled(&after), ["call_1"]);

    let bodies = bodies(&server);
    assert_eq!(
        outputs(&bodies[1]),
        [
            ("call_1".to_owned(), json!("slow result")),
            ("call_2".to_owned(), json!("fast result")),
        ]
    );
}

#[tokio::test]
async fn stopping_on_the_first_tool_means_the_first_that_was_called() {
    let server = server([calls(&["slow", "fast"])]).await;
    let (agent, go) = slow_and_fast(&server);
    let agent = agent.tool_use_behavior(ToolUseBehavior::StopOnFirstTool);
    let mut run = Runner::run_streamed(&agent, "Go", ());
    let mut seen = Vec::new();
    while settled(&seen).is_empty() {
        seen.push(within(run.next()).await.unwrap().unwrap());
    }
    assert_eq!(settled(&seen), ["call_2"], "fast is the first to settle");
    go.notify_one();
    drain(&mut run).await;
    let result = run.into_result().unwrap();
    assert_eq!(result.final_output(), Some("slow result"));
    assert_eq!(result.new_items().len(), 4, "both results are kept");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn stopping_at_tools_goes_on_with_others() {
    let server = server([calls(&["other"]), calls(&["other", "stop", "halt"])]).await;
    let agent = agent(&server)
        .tool(says("other", "other result"))
        .tool(says("halt", "halt result"))
        .tool(tool("stop", |_| async { Json(json!({"stopped": true})) }))
        .tool_use_behavior(ToolUseBehavior::stop_at_tools(["halt", "stop"]));
    let result = Runner::run(&agent, "Go", ()).await.unwrap();
    assert_eq!(result.final_output(), Some(r#"{"stopped":true}"#));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn outputs_have_the_form_that_the_model_takes() {
    let server = server([calls(&["json", "image", "nothing"]), Script::text("Seen")]).await;
    let agent = agent(&server)
        .tool(tool("json", |_| async { Json(json!({"n": 1})) }))
        .tool(tool("image", |_| async {
            ToolOutputImage::from_url("https://x.test/a.png")
        }))
        .tool(tool("nothing", |_| async {}));
    Runner::run(&agent, "Go", ()).await.unwrap();
    let outputs: Vec<Value> = outputs(&bodies(&server)[1])
        .into_iter()
        .map(|(_, output)| output)
        .collect();
    assert_eq!(outputs[0], r#"{"n":1}"#);
    assert_eq!(outputs[1][0]["type"], "input_image");
    assert_eq!(outputs[1][0]["image_url"], "https://x.test/a.png");
    assert!(outputs[2].is_string(), "{outputs:?}");
}

mod failures {
    use super::*;

    fn failing(error: fn() -> ToolError) -> FnTool<()> {
        tool("failing", move |_| async move { Err::<(), _>(error()) })
    }

    #[tokio::test]
    async fn an_error_is_a_fixed_text() {
        let error = || ToolError::new("password=hunter2");
        assert_eq!(told_of(failing(error), "{}").await, DEFAULT_TEXT);
    }

    #[tokio::test]
    async fn an_error_with_a_text_is_that_text() {
        let error = || ToolError::for_model("There is no such city.");
        assert_eq!(
            told_of(failing(error), "{}").await,
            "There is no such city."
        );
    }

    #[tokio::test]
    async fn a_tool_may_word_its_failures() {
        let error = || ToolError::new("boom");
        let tool = failing(error).failure_message(|_| "Try tomorrow.".to_owned());
        assert_eq!(told_of(tool, "{}").await, "Try tomorrow.");
    }

    #[tokio::test]
    async fn a_panic_is_a_fixed_text() {
        let tool = tool("panicking", |_| async {
            if true {
                panic!("a panic on purpose");
            }
        });
        assert_eq!(told_of(tool, "{}").await, DEFAULT_TEXT);
    }

    /// The closure itself panics, before there is a future.
    #[tokio::test]
    async fn a_panic_in_the_call_is_a_fixed_text() {
        let tool = tool("panicking", |_| -> std::future::Ready<()> {
            panic!("a panic on purpose")
        });
        assert_eq!(told_of(tool, "{}").await, DEFAULT_TEXT);
    }

    #[tokio::test]
    async fn a_timeout_names_the_tool_and_the_limit() {
        let tool =
            tool("stuck", |_| std::future::pending::<()>()).timeout(Duration::from_millis(20));
        assert_eq!(
            told_of(tool, "{}").await,
            "Tool 'stuck' timed out after 0.02 seconds."
        );
    }

    /// Counts guests.
    #[function_tool]
    async fn book(guests: u32) -> String {
        format!("A table for {guests}.")
    }

    #[tokio::test]
    async fn bad_arguments_name_the_field() {
        assert_eq!(told_of(book, r#"{"guests":2}"#).await, "A table for 2.");
        for arguments in [r#"{"guests":"two"}"#, "{}"] {
            let text = told_of(book, arguments).await;
            let start = "Invalid arguments for tool book: guests: ";
            assert!(text.starts_with(start), "{text}");
        }
        let text = told_of(book, "{").await;
        assert!(
            text.starts_with("Invalid arguments for tool book: "),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_fatal_error_ends_the_run_and_drops_the_other_tools() {
        let server = server([calls(&["slow", "fast", "failing"])]).await;
        let (agent, go) = slow_and_fast(&server);
        let agent = agent.tool(failing(|| ToolError::fatal("password=hunter2")));
        let mut run = Runner::run_streamed(&agent, "Go", ());
        let (events, error) = drain(&mut run).await;
        let error = error.unwrap();
        assert_eq!(error.kind(), RunErrorKind::Tool);
        assert_eq!(error.to_string(), "the tool failing ended the run");
        assert_eq!(
            format!("{error:#}"),
            "the tool failing ended the run: password=hunter2"
        );
        assert_eq!(settled(&events), ["call_2"], "what settled before is shown");
        assert_eq!(server.requests().len(), 1);
        drop((run, agent));
        assert_eq!(Arc::strong_count(&go), 1, "the slow tool is dropped");
    }

    #[tokio::test]
    async fn one_failure_leaves_the_other_calls_alone() {
        let server = server([calls(&["failing", "fine"]), Script::text("Done")]).await;
        let agent = agent(&server)
            .tool(failing(|| ToolError::for_model("no")))
            .tool(says("fine", "yes"));
        Runner::run(&agent, "Go", ()).await.unwrap();
        assert_eq!(
            outputs(&bodies(&server)[1]),
            [
                ("call_1".to_owned(), json!("no")),
                ("call_2".to_owned(), json!("yes")),
            ]
        );
    }
}

#[tokio::test]
async fn a_tool_that_does_not_exist_is_answered_with_a_text() {
    let server = ScriptedResponses::start_with(|_| calls(&["ghost"]))
        .await
        .unwrap();
    let agent = agent(&server);
    let run = Runner::run(&agent, "Go", ()).max_turns(2);
    let error = within(run).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::MaxTurnsExceeded);
    let bodies = bodies(&server);
    assert_eq!(bodies.len(), 2);
    let answer = || ("call_1".to_owned(), json!("Tool 'ghost' not found."));
    assert_eq!(outputs(&bodies[1]), [answer()]);

    // Nothing but names that do not exist, three times in a row, is no way.
    let error = within(Runner::run(&agent, "Go", ())).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::ModelBehavior);
    assert_eq!(error.to_string(), "Tool ghost not found in agent Assistant");
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn a_disabled_tool_is_neither_offered_nor_run() {
    let server = server([calls(&["secret"]), Script::text("Well")]).await;
    let ran = Arc::new(AtomicBool::new(false));
    let witness = Arc::clone(&ran);
    let secret = tool("secret", move |_: OwnedToolContext<bool>| {
        witness.store(true, Ordering::SeqCst);
        async {}
    })
    .is_enabled(|run: RunContext<'_, bool>| *run);
    let agent = agent(&server).tool(secret).tool(says("open", "ok"));
    Runner::run(&agent, "Go", false).await.unwrap();
    let names: Vec<_> = bodies(&server)[0]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].clone())
        .collect();
    assert_eq!(names, ["open"]);
    assert_eq!(told(&server), "Tool 'secret' not found.");
    assert!(!ran.load(Ordering::SeqCst));

    server.push(calls(&["secret"]));
    server.push(Script::text("Well"));
    Runner::run(&agent, "Go", true).await.unwrap();
    assert!(ran.load(Ordering::SeqCst));
}

#[tokio::test]
async fn whether_a_tool_is_enabled_is_asked_before_every_call() {
    let server = server([calls(&["once"]), Script::text("Done")]).await;
    let used = Arc::new(AtomicUsize::new(0));
    let (count, asked) = (Arc::clone(&used), Arc::clone(&used));
    let once = tool("once", move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async {}
    })
    .is_enabled(move |_: RunContext<'_, ()>| asked.load(Ordering::SeqCst) == 0);
    Runner::run(&agent(&server).tool(once), "Go", ())
        .await
        .unwrap();
    let offered: Vec<_> = bodies(&server)
        .iter()
        .map(|body| body["tools"].as_array().unwrap().len())
        .collect();
    assert_eq!(offered, [1, 0]);
}

#[tokio::test]
async fn a_tool_whose_schema_cannot_be_strict_ends_the_run_before_the_model() {
    let server = server([]).await;
    let schema = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let map = FnTool::with_schema("map", "", schema, |_: OwnedToolContext<()>| async {});
    let error = Runner::run(&agent(&server).tool(map), "Go", ())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Config);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_forced_tool_is_forced_once() {
    for reset in [true, false] {
        let server = server([calls(&["tool"]), Script::text("Done")]).await;
        let agent = agent(&server)
            .tool(says("tool", "ok"))
            .model_settings(ModelSettings::new().tool_choice("required"))
            .reset_tool_choice(reset);
        Runner::run(&agent, "Go", ()).await.unwrap();
        let bodies = bodies(&server);
        assert_eq!(bodies[0]["tool_choice"], "required");
        let second = bodies[1].get("tool_choice");
        assert_eq!(second.is_none(), reset, "{second:?}");
    }
}

#[tokio::test]
async fn a_run_leaves_the_settings_of_its_agent_alone() {
    let server = server([
        calls(&["tool"]),
        Script::text("Done"),
        Script::text("Again"),
    ])
    .await;
    let agent = agent(&server)
        .tool(says("tool", "ok"))
        .model_settings(ModelSettings::new().tool_choice("tool"));
    Runner::run(&agent, "Go", ()).await.unwrap();
    Runner::run(&agent, "Go", ()).await.unwrap();
    let choice = json!({"type": "function", "name": "tool"});
    assert_eq!(bodies(&server)[2]["tool_choice"], choice);
}

#[tokio::test]
async fn tools_get_the_context_and_the_ids_of_their_call() {
    let server = server([calls(&["whoami"]), Script::text("Done")]).await;
    let whoami = tool("whoami", |ctx: OwnedToolContext<&'static str>| async move {
        format!("{} {} {}", *ctx, ctx.tool_name(), ctx.tool_call_id())
    });
    Runner::run(&agent(&server).tool(whoami), "Go", "Ada")
        .await
        .unwrap();
    assert_eq!(told(&server), "Ada whoami call_1");
}

/// Runs the calls of one response, and counts how many run at the same time.
#[tokio::test]
async fn a_cap_holds_and_keeps_the_order() {
    let server = server([calls(&["work"; 6]), Script::text("Done")]).await;
    let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, most) = (Arc::clone(&running), Arc::clone(&peak));
    let work = tool("work", move |ctx: OwnedToolContext<()>| {
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            now.fetch_sub(1, Ordering::SeqCst);
            ctx.tool_call_id().to_owned()
        }
    });
    let agent = agent(&server).tool(work);
    let config = RunConfig::new().max_function_tool_concurrency(NonZeroUsize::new(2).unwrap());
    Runner::run(&agent, "Go", ()).config(config).await.unwrap();
    assert_eq!(peak.load(Ordering::SeqCst), 2);
    let outputs = outputs(&bodies(&server)[1]);
    assert_eq!(outputs.len(), 6);
    assert!(outputs.iter().all(|(id, output)| output == id.as_str()));
    assert!(outputs.is_sorted_by_key(|(id, _)| id.clone()));
}

mod ends_run {
    use super::*;

    async fn error_of(tool: impl Into<Tool<()>>) -> Option<String> {
        let server = server([calls(&["tool"]), Script::text("Done")]).await;
        let result = Runner::run(&agent(&server).tool(tool), "Go", ()).await;
        let error = result.err()?;
        assert_eq!(error.kind(), RunErrorKind::Tool);
        assert_eq!(server.requests().len(), 1);
        Some(format!("{error:#}"))
    }

    #[tokio::test]
    async fn a_timeout_may_end_the_run() {
        let endless = tool("tool", |_| std::future::pending::<()>())
            .timeout(Duration::from_millis(5))
            .ends_run(ToolError::is_timed_out);
        let error = error_of(endless).await.unwrap();
        assert_eq!(error, "the tool tool ended the run: the tool timed out");
        let refusing = tool("tool", |_| async {
            Err::<(), _>(ToolError::for_model("no"))
        })
        .ends_run(ToolError::is_timed_out);
        assert_eq!(
            error_of(refusing).await,
            None,
            "other errors go to the model"
        );
    }

    /// Fails.
    #[function_tool(name = "tool", ends_run)]
    async fn failing() -> Result<(), std::fmt::Error> {
        Err(std::fmt::Error)
    }

    /// Never ends.
    #[function_tool(name = "tool", timeout = "5ms", ends_run = ToolError::is_timed_out)]
    async fn stuck() {
        std::future::pending::<()>().await;
    }

    #[tokio::test]
    async fn an_attribute_says_so_too() {
        assert!(error_of(failing).await.is_some());
        assert!(error_of(stuck).await.is_some());
    }
}

mod guardrails {
    use chatkit_agents::tool::{
        ToolContext, ToolGuardrailFunctionOutput, ToolInputGuardrail, ToolOutputGuardrail,
        ToolOutputGuardrailData,
    };

    use super::*;

    type Decision = Result<ToolGuardrailFunctionOutput, BoxError>;

    async fn check_word(ctx: ToolContext<'_, ()>) -> Decision {
        Ok(match ctx.tool_arguments() {
            text if text.contains("secret") => {
                ToolGuardrailFunctionOutput::reject_content("Do not ask for secrets.")
            }
            text if text.contains("attack") => ToolGuardrailFunctionOutput::RaiseException,
            text if text.contains("broken") => return Err("the guardrail is broken".into()),
            _ => ToolGuardrailFunctionOutput::Allow,
        })
    }

    async fn check_result(data: ToolOutputGuardrailData<'_, ()>) -> Decision {
        let text = data.output.to_wire().to_string();
        Ok(if text.contains("password") {
            ToolGuardrailFunctionOutput::reject_content("(withheld)")
        } else if text.contains("virus") {
            ToolGuardrailFunctionOutput::RaiseException
        } else {
            ToolGuardrailFunctionOutput::Allow
        })
    }

    /// Repeats a word.
    #[function_tool(input_guardrails = [check_word], output_guardrails = check_result)]
    async fn echo(ctx: ToolContext<'_, ()>, word: String) -> String {
        assert!(!word.contains("secret"), "{}", ctx.tool_name());
        word
    }

    fn closure() -> FnTool<()> {
        tool("echo", |ctx: OwnedToolContext<()>| async move {
            ctx.tool_arguments().to_owned()
        })
        .input_guardrail(ToolInputGuardrail::new("check_word", check_word))
        .output_guardrail(ToolOutputGuardrail::new("check_result", check_result))
    }

    fn both() -> [Tool<()>; 2] {
        [echo.into(), closure().into()]
    }

    #[tokio::test]
    async fn what_is_allowed_goes_through_and_what_is_rejected_is_replaced() {
        for tool in both() {
            let fine = told_of(tool.clone(), r#"{"word":"fine"}"#).await;
            assert!(fine.contains("fine"));
            let rejected = told_of(tool.clone(), r#"{"word":"secret"}"#).await;
            assert_eq!(rejected, "Do not ask for secrets.");
            let withheld = told_of(tool, r#"{"word":"password"}"#).await;
            assert_eq!(withheld, "(withheld)");
        }
    }

    #[tokio::test]
    async fn what_must_not_be_ends_the_run() {
        for (word, kind, name) in [
            (
                "attack",
                RunErrorKind::ToolInputGuardrailTripwireTriggered,
                "check_word",
            ),
            (
                "virus",
                RunErrorKind::ToolOutputGuardrailTripwireTriggered,
                "check_result",
            ),
            ("broken", RunErrorKind::Callback, ""),
        ] {
            for tool in both() {
                let arguments = json!({"word": word}).to_string();
                let server =
                    server([Script::new().then_item(call_item(1, "echo", &arguments))]).await;
                let error = Runner::run(&agent(&server).tool(tool), "Go", ())
                    .await
                    .unwrap_err();
                assert_eq!(error.kind(), kind, "{word}");
                if word == "broken" {
                    let what = "the guardrail check_word of the tool echo failed";
                    assert_eq!(error.to_string(), what);
                }
                let guardrail = error.guardrail_result();
                assert_eq!(guardrail.map_or("", |result| &result.guardrail), name);
            }
        }
    }
}

mod approvals {
    use chatkit_agents::RunState;
    use chatkit_agents::tool::ToolContext;

    use super::*;

    #[derive(serde::Deserialize)]
    struct Amount {
        cents: u64,
    }

    fn is_large(_: ToolContext<'_, ()>, Amount { cents }: Amount) -> bool {
        cents > 100
    }

    /// Pays.
    #[function_tool(needs_approval = is_large)]
    async fn pay(ctx: ToolContext<'_, ()>, cents: u64) -> String {
        format!("paid {cents} ({})", ctx.tool_call_id())
    }

    fn pays(amounts: &[u64]) -> Script {
        amounts
            .iter()
            .zip(1..)
            .fold(Script::new(), |script, (cents, number)| {
                let arguments = json!({"cents": cents}).to_string();
                script.then_item(call_item(number, "pay", &arguments))
            })
    }

    /// The state as another process reads it.
    fn stored(state: &RunState) -> RunState {
        RunState::from_json(&state.to_json().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_call_waits_the_others_run_and_nothing_runs_twice() {
        let server = server([pays(&[5, 500, 600]), Script::text("Done")]).await;
        let agent = agent(&server).tool(pay);
        let result = Runner::run(&agent, "Go", ()).await.unwrap();
        assert_eq!(result.final_output(), None);
        let waiting = result.interruptions();
        let ids: Vec<_> = waiting.iter().map(|item| item.call_id.as_str()).collect();
        assert_eq!(ids, ["call_2", "call_3"]);
        assert_eq!(waiting[0].arguments, r#"{"cents":500}"#);

        let mut state = stored(result.state());
        state.approve("call_2").unwrap();
        assert!(state.approve("call_1").is_err(), "it did not wait");
        // A decision about one of two: the other still waits.
        let result = Runner::resume(&agent, state, ()).await.unwrap();
        assert_eq!(result.interruptions().len(), 1);
        assert_eq!(server.requests().len(), 1);

        let mut state = stored(result.state());
        state.reject("call_3").unwrap();
        let result = Runner::resume(&agent, state, ()).await.unwrap();
        assert_eq!(result.final_output(), Some("Done"));
        let outputs: Vec<_> = outputs(&bodies(&server)[1])
            .into_iter()
            .map(|(_, output)| output)
            .collect();
        assert_eq!(
            outputs,
            [
                "paid 5 (call_1)",
                "paid 500 (call_2)",
                "Tool execution was not approved."
            ]
        );
    }

    #[tokio::test]
    async fn always_holds_for_the_rest_of_the_run() {
        for (approve, expected) in [(true, "paid 600 (call_1)"), (false, "No.")] {
            let server = server([pays(&[500]), pays(&[600]), Script::text("Done")]).await;
            let agent = agent(&server).tool(pay);
            let mut state = Runner::run(&agent, "Go", ()).await.unwrap().into_state();
            if approve {
                state.approve_always("call_1").unwrap();
            } else {
                state.reject_always_with("call_1", "No.").unwrap();
            }
            let result = Runner::resume(&agent, stored(&state), ()).await.unwrap();
            assert_eq!(result.final_output(), Some("Done"));
            let outputs = outputs(&bodies(&server)[2]);
            assert_eq!(outputs.last().unwrap().1, expected);
        }
    }

    #[tokio::test]
    async fn arguments_that_cannot_be_read_need_an_approval() {
        for arguments in ["{", "[]", r#"{"cents":"many"}"#, "{}"] {
            let server = server([Script::new().then_item(call_item(1, "pay", arguments))]).await;
            let agent = agent(&server).tool(pay);
            let result = Runner::run(&agent, "Go", ()).await.unwrap();
            assert_eq!(result.interruptions().len(), 1, "{arguments}");
        }
    }
}

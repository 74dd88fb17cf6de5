//! Guardrails of runs, and holding back what they have yet to see.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chatkit_agents::items::InputItem;
use chatkit_agents::testing::Script;
use chatkit_agents::{
    BoxError, GuardrailFunctionOutput, InputGuardrail, InputGuardrailData, OutputGuardrail,
    OutputGuardrailData, Run, RunConfig, RunErrorKind, RunItem, Runner, StreamEvent,
};

use super::*;

type Found = Result<GuardrailFunctionOutput, BoxError>;

async fn no_bombs(data: InputGuardrailData<'_, ()>) -> Found {
    assert_eq!(data.run.agent().unwrap().name(), "Assistant");
    let InputItem::Message(_) = &data.input[0] else {
        panic!("{:?}", data.input);
    };
    let text = serde_json::to_string(data.input)?;
    Ok(match text.contains("bomb") {
        true => GuardrailFunctionOutput::trip().output_info("bomb"),
        false => GuardrailFunctionOutput::pass().output_info("fine"),
    })
}

async fn no_secrets(data: OutputGuardrailData<'_, ()>) -> Found {
    Ok(match data.output.contains("secret") {
        true => GuardrailFunctionOutput::trip(),
        false => GuardrailFunctionOutput::pass(),
    })
}

fn shown_text(events: &[StreamEvent]) -> bool {
    events
        .iter()
        .any(|event| !matches!(event, StreamEvent::AgentUpdated { .. }))
}

#[tokio::test]
async fn a_blocking_guardrail_spares_the_model() {
    let server = server([Script::text("Hello")]).await;
    let agent =
        agent(&server).input_guardrail(InputGuardrail::new("no bombs", no_bombs).blocking());
    let mut run = Runner::run_streamed(&agent, "A bomb", ());
    let (events, error) = drain(&mut run).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), RunErrorKind::InputGuardrailTripwireTriggered);
    assert!(error.is_tripwire());
    let result = error.guardrail_result().unwrap();
    assert_eq!(result.guardrail, "no bombs");
    assert_eq!(result.output.output_info, "bomb");
    assert!(!shown_text(&events));
    assert!(server.requests().is_empty());

    let result = Runner::run(&agent, "A cake", ()).await.unwrap();
    assert_eq!(
        result.input_guardrail_results()[0].output.output_info,
        "fine"
    );
}

#[tokio::test]
async fn a_parallel_guardrail_stops_the_model_and_comes_before_tools() {
    // The model hangs in the middle of its answer; the guardrail ends the run all the same.
    let server = server([Script::text("A long story").hang_after(4)]).await;
    let agent = agent(&server).input_guardrail(InputGuardrail::new("no bombs", no_bombs));
    let error = within(Runner::run(&agent, "A bomb", ())).await.unwrap_err();
    assert!(error.is_tripwire());

    // The guardrail is slower than the model: no tool runs before it has decided.
    let (decide, decided) = tokio::sync::oneshot::channel::<()>();
    let decided = Arc::new(tokio::sync::Mutex::new(Some(decided)));
    let slow = InputGuardrail::new("slow", move |_: InputGuardrailData<'_, ()>| {
        let decided = Arc::clone(&decided);
        async move {
            let decided = decided.lock().await.take();
            decided.ok_or("asked twice")?.await?;
            Ok(GuardrailFunctionOutput::trip())
        }
    });
    let server = self::server([calls(&["act"])]).await;
    let ran = Arc::new(AtomicBool::new(false));
    let witness = Arc::clone(&ran);
    let act = tool("act", move |_| {
        witness.store(true, Ordering::SeqCst);
        async { "done" }
    });
    let agent = self::agent(&server).tool(act).input_guardrail(slow);
    let mut run = Runner::run_streamed(&agent, "Go", ());
    let mut events = Vec::new();
    let mut decide = Some(decide);
    let error = loop {
        match within(run.next()).await.unwrap() {
            Ok(event) => events.push(event),
            Err(error) => break error,
        }
        if matches!(events.last(), Some(StreamEvent::RunItem(_))) {
            decide.take().unwrap().send(()).unwrap();
        }
    };
    assert!(error.is_tripwire());
    assert!(!ran.load(Ordering::SeqCst));
}

#[tokio::test]
async fn an_output_guardrail_refuses_the_answer_and_the_error_has_what_was_done() {
    let server = server([calls(&["lookup"]), Script::text("The secret is 7")]).await;
    let agent = agent(&server)
        .tool(says("lookup", "7"))
        .output_guardrail(OutputGuardrail::new("no secrets", no_secrets));
    let mut run = Runner::run_streamed(&agent, "Go", ());
    let (events, error) = drain(&mut run).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), RunErrorKind::OutputGuardrailTripwireTriggered);
    assert!(shown_text(&events), "it was shown before it was checked");
    assert_eq!(run.final_output(), None);
    let state = error.state().unwrap();
    assert_eq!(state.current_turn, 2);
    assert!(matches!(
        state.new_items[..],
        [
            RunItem::ToolCallItem(_),
            RunItem::ToolCallOutputItem(_),
            RunItem::MessageOutputItem(_)
        ]
    ));
    assert!(error.to_string().contains("no secrets"), "{error}");
}

#[tokio::test]
async fn output_that_is_held_back_is_not_shown_before_it_has_passed() {
    let refused = || [calls(&["lookup"]), Script::text("The secret is 7")];
    let server = server(refused()).await;
    let agent = agent(&server).tool(says("lookup", "7"));
    let config = RunConfig::new()
        .output_guardrail(OutputGuardrail::new("no secrets", no_secrets))
        .hold_back_output(true);
    let mut run = Run::new(&agent, "Go", ())
        .config(config.clone())
        .run_streamed();
    let (events, error) = drain(&mut run).await;
    assert!(error.unwrap().is_tripwire());
    let only_results = events.iter().all(|event| {
        matches!(event, StreamEvent::RunItem(event) if matches!(event.item, RunItem::ToolCallOutputItem(_)))
    });
    assert!(only_results, "{events:?}");

    for script in [calls(&["lookup"]), Script::text("All is well")] {
        server.push(script);
    }
    let mut run = Run::new(&agent, "Go", ()).config(config).run_streamed();
    let (events, error) = drain(&mut run).await;
    assert!(error.is_none());
    let texts = events.iter().filter(|event| {
        matches!(event, StreamEvent::RawResponse(event) if event.event_type() == "response.output_text.delta")
    });
    assert!(texts.count() > 0, "what has passed is shown");
}

#[tokio::test]
async fn a_guardrail_that_fails_ends_the_run_as_a_failure() {
    async fn broken(_: OutputGuardrailData<'_, ()>) -> Found {
        Err("no connection".into())
    }
    let server = server([Script::text("Hello"), Script::text("Hello")]).await;
    let agent = agent(&server).output_guardrail(OutputGuardrail::new("broken", broken));
    let config = RunConfig::new().hold_back_output(true);
    let mut run = Run::new(&agent, "Hi", ()).config(config).run_streamed();
    let (events, error) = drain(&mut run).await;
    assert_eq!(error.unwrap().kind(), RunErrorKind::Callback);
    assert!(
        events.is_empty(),
        "what was not checked is not shown: {events:?}"
    );

    let error = Runner::run(&agent, "Hi", ()).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Callback);
    assert!(!error.is_tripwire());
    assert_eq!(
        format!("{error:#}"),
        "the guardrail broken failed: no connection"
    );
}

#[tokio::test]
async fn what_is_refused_cannot_be_taken_back_from_the_endpoint() {
    let server = server([]).await;
    let agent = agent(&server).output_guardrail(OutputGuardrail::new("no secrets", no_secrets));
    let error = Run::new(&agent, "Hi", ())
        .conversation_id("conv_1")
        .run()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Config);
}

//! Guardrails of runs, and holding back what they have yet to see.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chatkit_agents::items::InputItem;
use chatkit_agents::testing::Script;
use chatkit_agents::{
    BoxError, GuardrailFunctionOutput, InputGuardrail, InputGuardrailData, OutputGuardrail,
    OutputGuardrailData, RunConfig, RunErrorKind, RunItemKind, Runner, StreamEvent,
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
async fn what_is_not_answered_yet_is_what_a_guardrail_asks_about() {
    let said = |input: Vec<InputItem>| async move {
        let server = server([Script::text("Hello")]).await;
        let tells = |data: InputGuardrailData<'_, ()>| -> Found {
            Ok(GuardrailFunctionOutput::pass().output_info(data.unanswered_user_text()))
        };
        let agent = agent(&server).input_guardrail(InputGuardrail::new("tells", tells));
        let result = Runner::run(&agent, input, ()).await.unwrap();
        result.input_guardrail_results()[0]
            .output
            .output_info
            .clone()
    };
    let user = InputItem::user;
    let raw = |json: Value| InputItem::from_value(&json).unwrap();
    assert_eq!(said(vec![user("A"), user("B")]).await, "A\nB");
    let answered = [user("A bomb"), InputItem::assistant("No")];
    let with = |more: &[InputItem]| [&answered, more].concat();
    assert_eq!(said(with(&[])).await, "");
    let quote = raw(json!({"role": "user", "content": "4111"}));
    let more = [user("A cake"), InputItem::developer("Be kind"), quote];
    assert_eq!(said(with(&more)).await, "A cake\n4111");
    let called = [
        user("A bomb"),
        InputItem::function_call("call_1", "look", "{}"),
        InputItem::function_call_output("call_1", "nothing"),
        user("And now?"),
    ];
    assert_eq!(said(called.to_vec()).await, "And now?");
}

#[tokio::test]
async fn an_output_guardrail_reads_an_answer_as_its_type() {
    let reads = |data: OutputGuardrailData<'_, ()>| -> Found {
        let numbers: Vec<u8> = data.output_as()?;
        Ok(GuardrailFunctionOutput::pass().output_info(numbers.len()))
    };
    let server = server([Script::text("[1,2,3]"), Script::text("Three")]).await;
    let agent = agent(&server).output_guardrail(OutputGuardrail::new("reads", reads));
    let result = Runner::run(&agent, "Go", ()).await.unwrap();
    assert_eq!(
        result.output_guardrail_results()[0].output.output_info,
        json!(3)
    );
    let error = Runner::run(&agent, "Go", ()).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Callback);
    assert!(error.find_source::<serde_json::Error>().is_some());
    assert!(error.find_source::<std::fmt::Error>().is_none());
}

#[tokio::test]
async fn a_blocking_guardrail_spares_the_model() {
    let server = server([Script::text("Hello")]).await;
    let agent =
        agent(&server).input_guardrail(InputGuardrail::new("no bombs", no_bombs).blocking(true));
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
    assert_eq!(state.current_turn(), 2);
    let kinds: Vec<_> = state.new_items().iter().map(|item| &item.kind).collect();
    assert!(matches!(
        kinds[..],
        [
            RunItemKind::ToolCall(_),
            RunItemKind::ToolCallOutput(_),
            RunItemKind::Message(_)
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
    let mut run = Runner::run(&agent, "Go", ())
        .config(config.clone())
        .streamed();
    let (events, error) = drain(&mut run).await;
    assert!(error.unwrap().is_tripwire());
    let only_results = events.iter().all(|event| {
        matches!(event, StreamEvent::RunItem(event) if matches!(event.kind, RunItemKind::ToolCallOutput(_)))
    });
    assert!(only_results, "{events:?}");

    for script in [calls(&["lookup"]), Script::text("All is well")] {
        server.push(script);
    }
    let mut run = Runner::run(&agent, "Go", ()).config(config).streamed();
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
    let mut run = Runner::run(&agent, "Hi", ()).config(config).streamed();
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
    let error = Runner::run(&agent, "Hi", ())
        .conversation_id("conv_1")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Config);
}

#[tokio::test]
async fn guardrails_of_the_run_hold_for_agents_that_are_used_as_tools() {
    async fn of_inner_input(data: InputGuardrailData<'_, ()>) -> Found {
        let trips = data.run.agent().unwrap().name() == "Inner"
            && serde_json::to_string(data.input)?.contains("bomb");
        Ok(match trips {
            true => GuardrailFunctionOutput::trip(),
            false => GuardrailFunctionOutput::pass(),
        })
    }
    let config = RunConfig::new()
        .input_guardrail(InputGuardrail::new("no bombs", of_inner_input).blocking(true))
        .output_guardrail(OutputGuardrail::new("no secrets", no_secrets));
    // What goes into the inner run, and then what comes out of it.
    let asks = |text: &str| Script::function_call("inner", json!({"input": text}));
    for (scripts, calls) in [
        (vec![asks("A bomb"), Script::text("No")], 2),
        (
            vec![
                asks("Hi"),
                Script::text("The secret is 7"),
                Script::text("No"),
            ],
            3,
        ),
    ] {
        let server = server(scripts).await;
        let inner: Agent<()> = Agent::new("Inner", server.client().model("scripted"));
        let outer = agent(&server).tool(inner.as_tool("inner", "Knows."));
        let run = Runner::run(&outer, "Go", ()).config(config.clone());
        assert_eq!(run.await.unwrap().final_output(), Some("No"));
        let bodies = bodies(&server);
        assert_eq!(bodies.len(), calls);
        let told = bodies[calls - 1]["input"][2]["output"].as_str().unwrap();
        assert!(told.contains("error") && !told.contains("secret"), "{told}");
    }
}

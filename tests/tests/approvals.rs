//! Tools that a person has to approve: the question in the thread, the answer, and the run that goes on.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chatkit::store::{DynStore, MemoryStore, SqliteStore};
use chatkit::types::{StructuredInputFreeform, StructuredInputItem};
use chatkit::{BoxError, Turn, TurnError};
use chatkit_agents::testing::{Script, ScriptedResponses};
use chatkit_agents::tool::{FunctionTool, SchemaError, Tool, ToolDefinition, ToolOutput};
use chatkit_agents::{
    Agent, AgentContext, ApprovalAnswer, Approvals, DefaultThreadItemConverter, Runner,
    ThreadItemConverter, ToolContext, ToolError,
};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::support::{App, Bot, add, create, kinds, labels, only_error, streamed_text, thread_id};

type Ctx = AgentContext<()>;

/// A tool that counts its calls.
struct Counted {
    definition: ToolDefinition,
    needs_approval: bool,
    calls: Arc<AtomicUsize>,
}

impl FunctionTool<Ctx> for Counted {
    fn definition(&self) -> Result<&ToolDefinition, &SchemaError> {
        Ok(&self.definition)
    }

    fn call<'a>(
        &'a self,
        ctx: ToolContext<'a, Ctx>,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let text = format!("done {}", ctx.tool_arguments());
        Box::pin(async move { Ok(ToolOutput::Text(text)) })
    }

    fn needs_approval<'a>(
        &'a self,
        _: ToolContext<'a, Ctx>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(std::future::ready(Ok(self.needs_approval)))
    }
}

/// A scripted model, and a desk with tools: `refund` needs an approval, `look` does not.
struct Desk {
    model: ScriptedResponses,
    refunds: Arc<AtomicUsize>,
    looks: Arc<AtomicUsize>,
}

impl Desk {
    async fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        let model = ScriptedResponses::start().await.unwrap();
        for script in scripts {
            model.push(script);
        }
        Self {
            model,
            refunds: Arc::default(),
            looks: Arc::default(),
        }
    }

    fn tool(&self, name: &str) -> Tool<Ctx> {
        let (needs_approval, calls) = match name {
            "refund" => (true, &self.refunds),
            _ => (false, &self.looks),
        };
        let parameters = json!({"type": "object", "properties": {}});
        Tool::function(Counted {
            definition: ToolDefinition::new(name, "", parameters),
            needs_approval,
            calls: Arc::clone(calls),
        })
    }

    /// What a process makes anew when it starts.
    fn agent(&self) -> Agent<Ctx> {
        Agent::new("Clerk", self.model.client().model("scripted"))
            .tool(self.tool("refund"))
            .tool(self.tool("look"))
    }

    fn bot(&self, approvals: Approvals) -> Bot {
        bot(self.agent(), approvals)
    }

    fn refunds(&self) -> usize {
        self.refunds.load(Ordering::SeqCst)
    }

    /// What the model was told of its calls, in the newest request.
    fn told(&self) -> Vec<String> {
        let requests = self.model.requests();
        let input = requests.last().unwrap().body["input"].as_array().unwrap();
        input
            .iter()
            .filter(|item| item["type"] == "function_call_output")
            .map(|item| item["output"].as_str().unwrap().to_owned())
            .collect()
    }
}

async fn go_on(
    turn: &Turn<()>,
    agent: &Agent<Ctx>,
    approvals: &Approvals,
    answer: ApprovalAnswer,
) -> Result<(), TurnError> {
    let context = AgentContext::new(turn);
    let run = match answer {
        ApprovalAnswer::Decided(state) => Runner::resume(agent, *state, context.clone()),
        ApprovalAnswer::Late => return Ok(()),
        _ => {
            let input = DefaultThreadItemConverter.history(turn, 20).await?;
            Runner::run(agent, input, context.clone())
        }
    };
    approvals.forward(context, run.streamed()).await
}

fn bot(agent: Agent<Ctx>, approvals: Approvals) -> Bot {
    let both = (agent, approvals);
    let again = both.clone();
    Bot::new(move |turn, _| {
        let (agent, approvals) = both.clone();
        async move {
            let answer = approvals.answer(&turn).await?;
            go_on(&turn, &agent, &approvals, answer).await
        }
    })
    .on_action(move |turn, (action, sender)| {
        let (agent, approvals) = again.clone();
        async move {
            let answer = approvals.action(&turn, &action, sender.as_ref()).await?;
            if matches!(answer, ApprovalAnswer::Unrelated) {
                return Err(TurnError::msg("not mine"));
            }
            go_on(&turn, &agent, &approvals, answer).await
        }
    })
}

fn refund(order: u32) -> Script {
    Script::function_call("refund", json!({"order": order})).call_id(format!("call_{order}"))
}

/// The newest item of a kind that the events have brought.
#[track_caller]
fn item<'a>(events: &'a [Value], kind: &str) -> &'a Value {
    events
        .iter()
        .rev()
        .map(|event| &event["item"])
        .find(|item| item["type"] == kind)
        .unwrap_or_else(|| panic!("no {kind} in {events:#?}"))
}

/// `threads.add_structured_input` with one answer a question; `None` skips it.
fn submit(thread_id: &str, question: &Value, answers: &[Option<&str>]) -> Value {
    let inputs = question["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), answers.len(), "{question:#}");
    let answers: serde_json::Map<String, Value> = inputs
        .iter()
        .zip(answers)
        .map(|(input, answer)| {
            let values: Vec<&str> = answer.iter().copied().collect();
            let answer = json!({"values": values, "skipped": answer.is_none()});
            (input["id"].as_str().unwrap().to_owned(), answer)
        })
        .collect();
    let input = json!({"status": "answered", "answers": answers});
    answer(thread_id, question, &input)
}

fn answer(thread_id: &str, question: &Value, input: &Value) -> Value {
    json!({
        "type": "threads.add_structured_input",
        "params": {"thread_id": thread_id, "item_id": question["id"], "input": input},
    })
}

fn click(thread_id: &str, widget: &Value, action: &Value) -> Value {
    json!({
        "type": "threads.custom_action",
        "params": {"thread_id": thread_id, "item_id": widget["id"], "action": action},
    })
}

/// Asks for a refund: the thread and the question.
async fn asked(app: &App, kind: &str) -> (String, Value) {
    let events = app.client.stream(&create("My money, please")).await;
    (thread_id(&events), item(&events, kind).clone())
}

#[tokio::test]
async fn a_run_waits_in_memory_and_goes_on_in_another_server() {
    let store = DynStore::new(MemoryStore::new());
    approved_after_a_restart(|| {
        let store = store.clone();
        async move { store }
    })
    .await;
}

#[tokio::test]
async fn a_run_waits_in_sqlite_and_goes_on_in_another_server() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("approvals-{}.db", std::process::id()));
    let url = format!("sqlite://{}?mode=rwc", file.display());
    approved_after_a_restart(|| {
        let url = url.clone();
        async move { DynStore::new(SqliteStore::open(&url).await.unwrap()) }
    })
    .await;
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
}

async fn approved_after_a_restart<Fut: Future<Output = DynStore<()>>>(open: impl Fn() -> Fut) {
    let desk = Desk::new([
        Script::reasoning("A refund it is.").then_function_call("refund", json!({"order": 17})),
        Script::text("You have it."),
    ])
    .await;
    let app = App::start_on(open().await, desk.bot(Approvals::new())).await;

    let events = app.client.stream(&create("My money, please")).await;

    let thread = thread_id(&events);
    let question = item(&events, "structured_input").clone();
    let last = labels(&events);
    assert_eq!(
        last[last.len() - 2..],
        [
            "thread.item.done workflow",
            "thread.item.done structured_input"
        ]
    );
    assert_eq!(question["status"], "pending");
    let input = &question["inputs"][0];
    assert_eq!(input["type"], "multiple_choice");
    assert_eq!(input["question"], "Clerk wants to use refund.\norder: 17");
    assert_eq!(
        input["options"],
        json!([{"value": "Approve"}, {"value": "Reject"}])
    );
    assert_eq!(desk.refunds(), 0);
    // The run is stored, and no client sees it, nor any model.
    let stored = app.store.items(&thread).await;
    assert_eq!(
        kinds(&stored),
        [
            "user_message",
            "workflow",
            "hidden_context_item",
            "structured_input"
        ]
    );
    let seen = format!("{events:?} {:?}", app.client.items(&thread).await);
    assert!(
        !seen.contains("$schemaVersion") && !seen.contains("waiting_run"),
        "{seen}"
    );
    app.server.shutdown().await;
    drop(app);

    let app = App::start_on(open().await, desk.bot(Approvals::new())).await;
    let events = app
        .client
        .stream(&submit(&thread, &question, &[Some("Approve")]))
        .await;

    assert_eq!(labels(&events)[1], "thread.item.replaced structured_input");
    assert_eq!(streamed_text(&events), "You have it.");
    assert_eq!(desk.refunds(), 1);
    assert_eq!(desk.told(), [r#"done {"order":17}"#]);
    let stored = app.store.items(&thread).await;
    assert_eq!(
        kinds(&stored),
        [
            "user_message",
            "workflow",
            "structured_input",
            "assistant_message"
        ]
    );

    // An answer that comes again is refused.
    let events = app
        .client
        .stream(&submit(&thread, &question, &[Some("Approve")]))
        .await;
    only_error(&events);
    assert_eq!((desk.refunds(), desk.model.requests().len()), (1, 2));
}

/// Two answers are let in at the same moment, both to a question that is still open.
#[tokio::test]
async fn a_double_click_runs_nothing_twice() {
    let desk = Desk::new([refund(1), Script::text("Done"), Script::text("Never")]).await;
    let app = App::start_on(MemoryStore::new(), desk.bot(Approvals::new())).await;
    let (thread, question) = asked(&app, "structured_input").await;

    app.store.meet_at_load_item(2);
    let answer = submit(&thread, &question, &[Some("Approve")]);
    let (first, second) = tokio::join!(app.client.stream(&answer), app.client.stream(&answer));

    let mut texts = [streamed_text(&first), streamed_text(&second)];
    texts.sort();
    assert_eq!(texts, ["", "Done"]);
    assert_eq!((desk.refunds(), desk.model.requests().len()), (1, 2));
}

#[tokio::test]
async fn only_the_very_option_approves() {
    for (answer, told) in [
        (Some("Reject"), "Tool execution was not approved."),
        (
            Some(" approve, but only half "),
            "Tool execution was not approved. The user says: approve, but only half",
        ),
        (
            None,
            "Tool execution was not approved: the user did not decide.",
        ),
    ] {
        let desk = Desk::new([refund(1), Script::text("So be it")]).await;
        let app = App::start(desk.bot(Approvals::new())).await;
        let (thread, question) = asked(&app, "structured_input").await;
        let events = app
            .client
            .stream(&submit(&thread, &question, &[answer]))
            .await;
        assert_eq!(streamed_text(&events), "So be it");
        assert_eq!(desk.told(), [told]);
        assert_eq!(desk.refunds(), 0);
    }
}

#[tokio::test]
async fn skipping_all_rejects_all() {
    let desk = Desk::new([refund(1), Script::text("So be it")]).await;
    let app = App::start(desk.bot(Approvals::new())).await;
    let (thread, question) = asked(&app, "structured_input").await;
    let skipped = answer(
        &thread,
        &question,
        &json!({"status": "skipped", "answers": {}}),
    );
    let events = app.client.stream(&skipped).await;
    assert_eq!(item(&events, "structured_input")["status"], "skipped");
    assert_eq!(
        desk.told(),
        ["Tool execution was not approved: the user did not decide."]
    );
    assert_eq!(desk.refunds(), 0);
}

#[tokio::test]
async fn one_question_asks_about_all_calls_and_the_run_may_ask_again() {
    let call = |name: &str, number: u32| {
        json!({
            "type": "function_call", "id": format!("fc_{number}"), "call_id": format!("call_{number}"),
            "name": name, "arguments": format!(r#"{{"n":{number}}}"#),
        })
    };
    let desk = Desk::new([
        Script::new()
            .then_item(call("refund", 1))
            .then_item(call("look", 2))
            .then_item(call("refund", 3))
            .then_item(call("refund", 4)),
        refund(5),
        Script::text("All done"),
    ])
    .await;
    let app = App::start(desk.bot(Approvals::new())).await;
    let (thread, question) = asked(&app, "structured_input").await;
    let looks = || desk.looks.load(Ordering::SeqCst);
    assert_eq!((desk.refunds(), looks()), (0, 1));
    let questions: Vec<_> = question["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["question"].as_str().unwrap())
        .collect();
    assert_eq!(
        questions,
        [1, 3, 4].map(|n| format!("Clerk wants to use refund.\nn: {n}"))
    );

    let answers = [Some("Reject"), Some("Approve"), None];
    let events = app
        .client
        .stream(&submit(&thread, &question, &answers))
        .await;
    assert_eq!(
        desk.told(),
        [
            "Tool execution was not approved.",
            r#"done {"n":2}"#,
            r#"done {"n":3}"#,
            "Tool execution was not approved: the user did not decide.",
        ]
    );
    assert_eq!((desk.refunds(), looks()), (1, 1));

    let second = item(&events, "structured_input");
    assert_ne!(second["id"], question["id"]);
    let events = app
        .client
        .stream(&submit(&thread, second, &[Some("Approve")]))
        .await;
    assert_eq!(streamed_text(&events), "All done");
    assert_eq!(desk.refunds(), 2);
}

#[tokio::test]
async fn a_message_in_place_of_an_answer_withdraws_the_question() {
    let desk = Desk::new([
        refund(1),
        Script::text("Never mind then"),
        Script::text("Hi"),
    ])
    .await;
    let app = App::start(desk.bot(Approvals::new())).await;
    let (thread, question) = asked(&app, "structured_input").await;

    let events = app.client.stream(&add(&thread, "Forget it")).await;
    assert_eq!(streamed_text(&events), "Never mind then");
    let replaced = item(&events, "structured_input");
    assert_eq!(
        (&replaced["id"], &replaced["status"]),
        (&question["id"], &json!("skipped"))
    );
    assert_eq!(replaced["inputs"][0]["answer"]["skipped"], true);
    // The model is told of the question, and gets nothing of the run that waited.
    let input = desk.model.requests()[1].body["input"].to_string();
    assert!(input.contains("status: skipped"), "{input}");
    assert!(
        !input.contains("waiting_run") && !input.contains("$schemaVersion"),
        "{input}"
    );
    assert!(!kinds(&app.store.items(&thread).await).contains(&"hidden_context_item"));

    // The answer of a page that has not noticed is refused.
    let events = app
        .client
        .stream(&submit(&thread, &question, &[Some("Approve")]))
        .await;
    only_error(&events);
    app.client.stream(&add(&thread, "Hello")).await;
    assert_eq!((desk.refunds(), desk.model.requests().len()), (0, 3));
}

#[tokio::test]
async fn an_agent_inside_of_a_tool_asks_too() {
    // The ids of the two agents' calls are the same: each has an endpoint of its own.
    let ask = Script::function_call("ask_treasurer", json!({"input": "Refund 1"}));
    let desk = Desk::new([
        ask.call_id("call_1"),
        refund(1),
        Script::text("Refunded"),
        Script::text("It is done"),
    ])
    .await;
    let make = || {
        let treasurer = Agent::new("Treasurer", desk.model.client().model("scripted"))
            .tool(desk.tool("refund"));
        let tool = treasurer.as_tool("ask_treasurer", "Refunds");
        Agent::new("Clerk", desk.model.client().model("scripted")).tool(tool)
    };
    let store = DynStore::new(MemoryStore::new());
    let app = App::start_on(store.clone(), bot(make(), Approvals::new())).await;
    let (thread, question) = asked(&app, "structured_input").await;
    assert_eq!(
        question["inputs"][0]["question"],
        "Treasurer wants to use refund.\norder: 1"
    );
    drop(app);
    let app = App::start_on(store, bot(make(), Approvals::new())).await;
    let events = app
        .client
        .stream(&submit(&thread, &question, &[Some("Approve")]))
        .await;
    assert_eq!(streamed_text(&events), "It is done");
    assert_eq!(desk.refunds(), 1);
    assert_eq!(desk.told(), ["Refunded"]);
}

#[tokio::test]
async fn words_of_your_own_and_an_approval_for_the_whole_run() {
    let approvals = || {
        Approvals::new()
            .labels("Ja", "Nein")
            .always("Ja, immer")
            .describe(|call| format!("Darf ich {} benutzen?", call.tool_name))
    };
    let desk = Desk::new([refund(1), refund(2), Script::text("Fertig")]).await;
    let store = DynStore::new(MemoryStore::new());
    let app = App::start_on(store.clone(), desk.bot(approvals())).await;
    let (thread, question) = asked(&app, "structured_input").await;
    assert_eq!(
        question["inputs"][0]["question"],
        "Darf ich refund benutzen?"
    );
    assert_eq!(
        question["inputs"][0]["options"],
        json!([{"value": "Ja"}, {"value": "Ja, immer"}, {"value": "Nein"}])
    );
    drop(app);
    // What counts is what the user has read, not what another version of the program would show.
    let app = App::start_on(store, desk.bot(Approvals::new())).await;
    let events = app
        .client
        .stream(&submit(&thread, &question, &[Some("Ja, immer")]))
        .await;
    assert_eq!(streamed_text(&events), "Fertig");
    assert_eq!(desk.refunds(), 2);
}

#[tokio::test]
async fn a_question_of_your_own_is_yours() {
    let desk = Desk::new([Script::text("I see")]).await;
    let (agent, approvals) = (desk.agent(), Approvals::new());
    let app = App::start(Bot::new(move |turn, message| {
        let (agent, approvals) = (agent.clone(), approvals.clone());
        async move {
            if message.is_some() {
                let input = StructuredInputFreeform::new("colour", "Which colour?");
                let item = StructuredInputItem::new("q1", turn.thread_id(), vec![input.into()]);
                return Ok(turn.add_item(item).await?);
            }
            let item = turn.structured_input().expect("the turn is an answer");
            assert_eq!(item.inputs[0].answer().unwrap().values, ["red"]);
            let answer = approvals.answer(&turn).await?;
            assert!(matches!(answer, ApprovalAnswer::Unrelated));
            go_on(&turn, &agent, &approvals, answer).await
        }
    }))
    .await;
    let (thread, question) = asked(&app, "structured_input").await;
    let events = app
        .client
        .stream(&submit(&thread, &question, &[Some("red")]))
        .await;
    assert_eq!(streamed_text(&events), "I see");
}

#[tokio::test]
async fn a_card_with_two_buttons() {
    let desk = Desk::new([refund(1), Script::text("You have it")]).await;
    let app = App::start(desk.bot(Approvals::new().in_widget())).await;
    let (thread, widget) = asked(&app, "widget").await;
    let card = &widget["widget"];
    assert_eq!(card["children"][0]["value"], "Clerk wants to use refund.");
    assert_eq!(card["children"][1]["value"], "order: 1");
    assert_eq!(card["confirm"]["label"], "Approve");

    let events = app
        .client
        .stream(&click(&thread, &widget, &card["confirm"]["action"]))
        .await;
    assert_eq!(streamed_text(&events), "You have it");
    assert_eq!(desk.refunds(), 1);
    let settled = item(&events, "widget");
    assert_eq!(settled["id"], widget["id"]);
    let settled = settled["widget"].to_string();
    assert!(settled.contains(r#""label":"Approve""#), "{settled}");
    assert!(!settled.contains("confirm"), "{settled}");

    // A click on the card of a page that has not noticed does nothing.
    let events = app
        .client
        .stream(&click(&thread, &widget, &card["confirm"]["action"]))
        .await;
    assert_eq!(labels(&events), ["stream_options"]);
    assert_eq!((desk.refunds(), desk.model.requests().len()), (1, 2));
}

#[tokio::test]
async fn a_card_can_be_rejected_with_a_reason() {
    let desk = Desk::new([refund(1), Script::text("As you wish")]).await;
    let app = App::start(desk.bot(Approvals::new().in_widget())).await;
    let (thread, widget) = asked(&app, "widget").await;
    let mut action = widget["widget"]["cancel"]["action"].clone();
    action["payload"] = json!({"reason": "Too much"});
    app.client.stream(&click(&thread, &widget, &action)).await;
    assert_eq!(
        desk.told(),
        ["Tool execution was not approved. The user says: Too much"]
    );
    assert_eq!(desk.refunds(), 0);
}

#[tokio::test]
async fn a_card_with_a_choice_a_call_and_payloads_that_nobody_could_have_sent() {
    let untrusted = [
        json!(null),
        json!("approve"),
        json!({"decisions": null}),
        json!({"decisions": {"call_0": "Approve", "call_1": true}}),
        json!({"decisions": {"call_0": "always", "call_1": ["approve"]}}),
        json!({"decisions": {"call_7": "approve"}}),
    ];
    let payloads = untrusted.map(|payload| (payload, ["not approved", "not approved"]));
    let chosen = json!({"decisions": {"call_0": "approve", "call_1": "reject"}, "reason": "No"});
    let chosen = (chosen, [r#"done {"order":1}"#, "The user says: No"]);
    for (payload, told) in payloads.into_iter().chain([chosen]) {
        let two = refund(1).then_function_call("refund", json!({"order": 2}));
        let desk = Desk::new([two, Script::text("So be it")]).await;
        let app = App::start(desk.bot(Approvals::new().in_widget())).await;
        let (thread, widget) = asked(&app, "widget").await;
        let names: Vec<_> = widget["widget"]["children"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|child| child["type"] == "RadioGroup")
            .map(|group| group["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["decisions.call_0", "decisions.call_1"]);
        let mut action = widget["widget"]["confirm"]["action"].clone();
        action["payload"] = payload;
        app.client.stream(&click(&thread, &widget, &action)).await;
        for (text, told) in desk.told().iter().zip(told) {
            assert!(text.contains(told), "{text}");
        }
        assert_eq!(desk.told().len(), 2);
    }
}

#[tokio::test]
async fn a_card_is_withdrawn_and_other_actions_are_yours() {
    let desk = Desk::new([refund(1), Script::text("Fine")]).await;
    let app = App::start(desk.bot(Approvals::new().in_widget())).await;
    let (thread, widget) = asked(&app, "widget").await;
    let other = json!({"type": "order.open", "payload": null});
    only_error(&app.client.stream(&click(&thread, &widget, &other)).await);

    let events = app.client.stream(&add(&thread, "Forget it")).await;
    let settled = item(&events, "widget")["widget"].to_string();
    assert!(settled.contains("Not decided"), "{settled}");
    let action = &widget["widget"]["confirm"]["action"];
    let events = app.client.stream(&click(&thread, &widget, action)).await;
    assert_eq!(labels(&events), ["stream_options"]);
    assert_eq!((desk.refunds(), desk.model.requests().len()), (0, 2));
}

#[tokio::test]
async fn a_run_that_cannot_be_stored_asks_nothing() {
    let desk = Desk::new([refund(1)]).await;
    let app = App::start(desk.bot(Approvals::new())).await;
    app.store.fail_if(|_, item| {
        item.is_some_and(|item| matches!(item, chatkit::types::ThreadItem::HiddenContext(_)))
    });
    let events = app.client.stream(&create("My money, please")).await;
    only_error(&events);
    assert!(
        !labels(&events)
            .iter()
            .any(|label| label.contains("structured_input"))
    );
    assert_eq!(desk.refunds(), 0);
}

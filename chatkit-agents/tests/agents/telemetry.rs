//! The spans of runs: their tree, their names, and what is not in them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, Once};

use chatkit_agents::model::{ModelSettings, ReasoningEffort};
use chatkit_agents::telemetry::{TARGET, names};
use chatkit_agents::testing::Script;
use chatkit_agents::{
    GuardrailFunctionOutput, InputGuardrail, InputGuardrailData, RunConfig, Runner, ToolError,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use super::*;

/// Everything that was told to `tracing` on this thread, at any level.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Entry>>>);

/// A span, or an event.
#[derive(Debug, Clone)]
struct Entry {
    id: Option<u64>,
    parent: Option<u64>,
    name: &'static str,
    target: String,
    fields: Fields,
}

#[derive(Debug, Clone, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

thread_local! {
    /// What records the spans of this thread.
    static CURRENT: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Stops recording when it is dropped.
struct Recording;

impl Drop for Recording {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}

/// The subscriber of the whole process: one that came and went with each test would leave what `tracing` remembers of
/// who is interested to chance. Each test has a thread.
struct ToThread;

fn push(entry: Entry) {
    CURRENT.with_borrow(|current| {
        if let Some(recorder) = current {
            recorder.0.lock().unwrap().push(entry);
        }
    });
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ToThread {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let parent = ctx
            .span(id)
            .and_then(|span| span.parent().map(|span| span.id()));
        push(Entry {
            id: Some(id.into_u64()),
            parent: parent.map(|id| id.into_u64()),
            name: attributes.metadata().name(),
            target: attributes.metadata().target().to_owned(),
            fields,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        CURRENT.with_borrow(|current| {
            let Some(recorder) = current else { return };
            let mut entries = recorder.0.lock().unwrap();
            // Ids are used again: the newest is meant.
            let mut newest = entries.iter_mut().rev();
            if let Some(entry) = newest.find(|entry| entry.id == Some(id.into_u64())) {
                values.record(&mut entry.fields);
            }
        });
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        push(Entry {
            id: None,
            parent: ctx.event_span(event).map(|span| span.id().into_u64()),
            name: "event",
            target: event.metadata().target().to_owned(),
            fields,
        });
    }
}

impl Recorder {
    /// Records what this thread does until the guard is dropped.
    fn start() -> (Self, Recording) {
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| tracing_subscriber::registry().with(ToThread).init());
        let recorder = Self::default();
        CURRENT.set(Some(recorder.clone()));
        (recorder, Recording)
    }

    /// Spans and events of runs.
    fn of_runs(&self) -> Vec<Entry> {
        let mut entries = self.0.lock().unwrap().clone();
        entries.retain(|entry| entry.target == TARGET);
        entries
    }

    /// The tree of the runs, a line a span or event, indented.
    fn tree(&self) -> Vec<String> {
        let entries = self.of_runs();
        let mut depths: Vec<usize> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let parent = entries[..index]
                .iter()
                .rposition(|other| other.id.is_some() && other.id == entry.parent);
            depths.push(parent.map_or(0, |parent| depths[parent] + 1));
        }
        entries
            .iter()
            .zip(depths)
            .map(|(entry, depth)| {
                let name = entry
                    .get(names::OTEL_NAME)
                    .or(entry.get("message"))
                    .unwrap();
                format!("{}{name}", "  ".repeat(depth))
            })
            .collect()
    }

    #[track_caller]
    fn find(&self, title: &str) -> Entry {
        self.of_runs()
            .into_iter()
            .find(|entry| {
                [names::OTEL_NAME, "message"]
                    .iter()
                    .any(|name| entry.get(name) == Some(title))
            })
            .unwrap_or_else(|| panic!("no {title} in {:#?}", self.tree()))
    }

    fn text(&self) -> String {
        format!("{:?}", self.0.lock().unwrap())
    }
}

impl Entry {
    fn get(&self, name: &str) -> Option<&str> {
        self.fields.0.get(name).map(String::as_str)
    }
}

#[tokio::test]
async fn the_tree_of_a_run() {
    let server = server([
        Script::function_call("ask_expert", json!({"input": "?"})),
        Script::function_call("look", json!({})),
        Script::text("It rains"),
        Script::function_call("transfer_to_writer", json!({})),
        Script::text("Rain, rain"),
    ])
    .await;
    let expert = Agent::new("Expert", server.client().model("scripted")).tool(says("look", "Rain"));
    let writer = Agent::new("Writer", server.client().model("scripted"));
    let guardrail = InputGuardrail::new("polite", |_: InputGuardrailData<'_, ()>| async {
        Ok(GuardrailFunctionOutput::pass())
    });
    let agent = agent(&server)
        .tool(expert.as_tool("ask_expert", "Knows"))
        .handoff(writer)
        .input_guardrail(guardrail);
    let (recorder, _guard) = Recorder::start();
    let config = RunConfig::new().workflow_name("Poems").group_id("thr_7");
    let outer = tracing::info_span!("outer");
    let run = Runner::run(&agent, "Write", ()).config(config);
    tracing::Instrument::instrument(run.into_future(), outer)
        .await
        .unwrap();

    assert_eq!(
        recorder.tree(),
        [
            "invoke_workflow Poems",
            "  invoke_agent Assistant",
            "    chat scripted",
            "    guardrail",
            "    execute_tool ask_expert",
            "      invoke_agent Expert",
            "        chat scripted",
            "        execute_tool look",
            "        chat scripted",
            "    chat scripted",
            "    handoff",
            "  invoke_agent Writer",
            "    chat scripted",
        ]
    );
    let workflow = recorder.find("invoke_workflow Poems");
    assert!(workflow.parent.is_some(), "it is below the caller's span");
    assert_eq!(workflow.get("gen_ai.workflow.name"), Some("Poems"));
    for name in [
        "invoke_workflow Poems",
        "invoke_agent Expert",
        "chat scripted",
    ] {
        assert_eq!(
            recorder.find(name).get("gen_ai.conversation.id"),
            Some("thr_7")
        );
    }
    let handoff = recorder.find("handoff");
    assert_eq!(
        handoff.get("chatkit_agents.handoff.source_agent"),
        Some("Assistant")
    );
    assert_eq!(
        handoff.get("chatkit_agents.handoff.target_agent"),
        Some("Writer")
    );
    let guardrail = recorder.find("guardrail");
    assert_eq!(
        guardrail.get("chatkit_agents.guardrail.name"),
        Some("polite")
    );
    assert_eq!(
        guardrail.get("chatkit_agents.guardrail.tripwire_triggered"),
        Some("false")
    );
}

#[tokio::test]
async fn what_a_call_to_the_model_says() {
    let server = server([
        Script::function_call("look", json!({}))
            .call_id("call_1")
            .usage(11, 7),
        Script::text("Done"),
    ])
    .await;
    let settings = ModelSettings::new()
        .temperature(0.5)
        .top_p(0.25)
        .max_tokens(100_u64)
        .service_tier("flex")
        .reasoning_effort(ReasoningEffort::Low);
    let agent = agent(&server)
        .model_settings(settings)
        .tool(says("look", "Rain"));
    let (recorder, _guard) = Recorder::start();
    Runner::run(&agent, "Go", ()).await.unwrap();

    let chat = recorder.find("chat scripted");
    for (name, value) in [
        ("otel.kind", "client"),
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.agent.name", "Assistant"),
        ("gen_ai.output.type", "text"),
        ("gen_ai.request.model", "scripted"),
        ("gen_ai.request.stream", "true"),
        ("gen_ai.request.temperature", "0.5"),
        ("gen_ai.request.top_p", "0.25"),
        ("gen_ai.request.max_tokens", "100"),
        ("gen_ai.request.reasoning.level", "low"),
        ("gen_ai.response.finish_reasons", r#"["tool_call"]"#),
        ("gen_ai.usage.input_tokens", "11"),
        ("gen_ai.usage.output_tokens", "7"),
        ("openai.api.type", "responses"),
        ("openai.request.service_tier", "flex"),
    ] {
        assert_eq!(chat.get(name), Some(value), "{name}");
    }
    let seconds: f64 = chat
        .get("gen_ai.response.time_to_first_chunk")
        .unwrap()
        .parse()
        .unwrap();
    assert!(seconds > 0.0);
    assert!(chat.get("gen_ai.response.id").unwrap().starts_with("resp_"));
    assert_eq!(chat.get("otel.status_code"), None);

    let tool = recorder.find("execute_tool look");
    for (name, value) in [
        ("otel.kind", "internal"),
        ("gen_ai.operation.name", "execute_tool"),
        ("gen_ai.tool.name", "look"),
        ("gen_ai.tool.type", "function"),
        ("gen_ai.tool.call.id", "call_1"),
    ] {
        assert_eq!(tool.get(name), Some(value), "{name}");
    }
    // Whatever is recorded has a name in the module.
    for entry in recorder.of_runs() {
        for name in entry.fields.0.keys().filter(|name| **name != "message") {
            assert!(names::ALL.contains(name), "{name}");
        }
    }
}

#[tokio::test]
async fn failures_have_a_kind_and_no_message() {
    let failing = tool("fail", |_| async {
        Err::<String, _>(ToolError::new("swordfish"))
    });
    let server = server([
        Script::function_call("fail", json!({})),
        Script::text("").incomplete("max_output_tokens"),
    ])
    .await;
    let agent = agent(&server).tool(failing);
    let (recorder, _guard) = Recorder::start();
    Runner::run(&agent, "Go", ()).await.unwrap_err();
    let tool = recorder.find("execute_tool fail");
    assert_eq!(tool.get("otel.status_code"), Some("ERROR"));
    assert_eq!(tool.get("error.type"), Some("Failed"));
    for name in ["invoke_workflow", "invoke_agent Assistant"] {
        assert_eq!(
            recorder.find(name).get("error.type"),
            Some("ModelBehavior"),
            "{name}"
        );
    }
    let last = recorder
        .of_runs()
        .into_iter()
        .rfind(|entry| entry.name == "chat")
        .unwrap();
    assert_eq!(last.get("error.type"), Some("ModelBehavior"));
    assert_eq!(
        last.get("gen_ai.response.finish_reasons"),
        Some(r#"["length"]"#)
    );
}

#[tokio::test]
async fn a_refused_key_is_the_kind_of_the_failure() {
    let server = server([Script::status(401)]).await;
    let (recorder, _guard) = Recorder::start();
    Runner::run(&agent::<()>(&server), "Go", ())
        .await
        .unwrap_err();
    let chat = recorder.find("chat scripted");
    assert_eq!(chat.get("error.type"), Some("Authentication"));
    assert_eq!(chat.get("otel.status_code"), Some("ERROR"));
}

const SECRETS: [&str; 6] = [
    "secret-instructions",
    "secret-input",
    "secret-argument",
    "secret-result",
    "secret-thought",
    "secret-answer",
];

/// A run with a secret in everything that is said.
async fn whisper(config: RunConfig<()>) -> Recorder {
    let server = server([
        Script::reasoning("secret-thought")
            .then_function_call("look", json!({"q": "secret-argument"})),
        Script::text("secret-answer"),
    ])
    .await;
    let agent = agent(&server)
        .instructions("secret-instructions")
        .tool(says("look", "secret-result"));
    let (recorder, _guard) = Recorder::start();
    let result = Runner::run(&agent, "secret-input", ())
        .config(config)
        .await
        .unwrap();
    assert_eq!(result.final_output(), Some("secret-answer"));
    recorder
}

#[tokio::test]
async fn nothing_that_is_said_is_recorded_at_any_level() {
    let text = whisper(RunConfig::new()).await.text();
    assert!(text.contains("execute_tool look"), "{text}");
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn what_is_said_is_recorded_when_it_is_asked_for() {
    let recorder = whisper(RunConfig::new().trace_include_sensitive_data(true)).await;
    let text = recorder.text();
    for secret in SECRETS {
        assert!(text.contains(secret), "{secret} in {text}");
    }
    let chats: Vec<Entry> = recorder
        .of_runs()
        .into_iter()
        .filter(|entry| entry.name == "chat")
        .collect();
    let read = |entry: &Entry, name: &str| -> Value {
        serde_json::from_str(entry.get(name).unwrap()).unwrap()
    };
    assert_eq!(
        read(&chats[0], "gen_ai.system_instructions"),
        json!([{"type": "text", "content": "secret-instructions"}])
    );
    let input = read(&chats[1], "gen_ai.input.messages");
    let parts: Vec<(&str, &str)> = input
        .as_array()
        .unwrap()
        .iter()
        .map(|message| {
            (
                message["role"].as_str().unwrap(),
                message["parts"][0]["type"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        parts,
        [
            ("user", "text"),
            ("assistant", "reasoning"),
            ("assistant", "tool_call"),
            ("tool", "tool_call_response")
        ]
    );
    assert_eq!(
        input[2]["parts"][0]["arguments"],
        json!({"q": "secret-argument"})
    );
    assert_eq!(input[3]["parts"][0]["response"], "secret-result");
    assert_eq!(
        read(&chats[1], "gen_ai.output.messages"),
        json!([{"role": "assistant", "parts": [{"type": "text", "content": "secret-answer"}], "finish_reason": "stop"}])
    );
    let tool = recorder.find("execute_tool look");
    assert_eq!(
        tool.get("gen_ai.tool.call.arguments"),
        Some(r#"{"q":"secret-argument"}"#)
    );
    assert_eq!(tool.get("gen_ai.tool.call.result"), Some("secret-result"));
}

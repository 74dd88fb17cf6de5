//! What runs and agents can be told: instructions, prompts, models, output types, hooks, filters, sessions.

use std::sync::{Arc, Mutex};

use chatkit_agents::items::InputItem;
use chatkit_agents::model::{ModelSettings, Response};
use chatkit_agents::session::{MemorySession, Session};
use chatkit_agents::testing::Script;
use chatkit_agents::tool::{ToolContext, ToolOutput};
use chatkit_agents::{
    AgentOutputSchema, BoxError, CallModelData, Handoff, ModelInputData, Prompt, Run, RunConfig,
    RunContext, RunErrorHandlerData, RunErrorHandlerResult, RunErrorHandlers, RunErrorKind,
    RunHooks, RunItem, Runner, SessionInputData, ToolResults, ToolsToFinalOutputResult,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;

fn text(body: &Value, index: usize) -> &str {
    let content = &body["input"][index]["content"];
    content[0]["text"].as_str().or(content.as_str()).unwrap()
}

#[tokio::test]
async fn instructions_and_prompts_may_be_asked_for_before_every_call() {
    struct User {
        name: String,
    }
    async fn instructions(run: RunContext<'_, User>) -> String {
        let agent = run.agent().unwrap().name();
        format!(
            "You are {agent}, for {}. {} so far.",
            run.name,
            run.usage().requests
        )
    }
    async fn prompt(run: RunContext<'_, User>) -> Prompt {
        Prompt::new("pmpt_1")
            .version("2")
            .variable("name", run.name.as_str())
    }
    let server = server([calls(&["noop"]), Script::text("Hi")]).await;
    let agent: Agent<Arc<User>> =
        Agent::new("Ann", server.client().model("scripted")).tool(says("noop", ""));
    async fn shared(run: RunContext<'_, Arc<User>>) -> String {
        instructions_of(&run)
    }
    fn instructions_of(run: &RunContext<'_, Arc<User>>) -> String {
        let agent = run.agent().unwrap().name();
        format!(
            "You are {agent}, for {}. {} so far.",
            run.name,
            run.usage().requests
        )
    }
    let user = Arc::new(User {
        name: "Bob".to_owned(),
    });
    Runner::run(&agent.instructions_fn(shared), "Hi", user)
        .await
        .unwrap();
    let bodies = bodies(&server);
    assert_eq!(bodies[0]["instructions"], "You are Ann, for Bob. 0 so far.");
    assert_eq!(bodies[1]["instructions"], "You are Ann, for Bob. 1 so far.");

    server.push(Script::text("Hi"));
    let agent = Agent::new("Ann", server.client().model("scripted"))
        .instructions_fn(instructions)
        .prompt_fn(prompt);
    Runner::run(
        &agent,
        "Hi",
        User {
            name: "Eve".to_owned(),
        },
    )
    .await
    .unwrap();
    let body = &self::bodies(&server)[2];
    assert_eq!(
        body["prompt"],
        json!({"id": "pmpt_1", "version": "2", "variables": {"name": "Eve"}})
    );
    assert!(
        body.get("tools").is_none(),
        "a stored prompt brings its own"
    );
}

#[tokio::test]
async fn a_model_may_be_a_name() {
    let server = server([Script::text("Hi"), Script::text("Hi")]).await;
    let agent: Agent<()> = Agent::new("A", "small-model");
    let error = Runner::run(&agent, "Hi", ()).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Config);
    assert!(
        error.to_string().contains("RunConfig::model_provider"),
        "{error}"
    );

    let config = RunConfig::new().model_provider(server.client());
    Run::new(&agent, "Hi", ())
        .config(config.clone())
        .run()
        .await
        .unwrap();
    let config = config
        .model("big-model")
        .model_settings(ModelSettings::new().temperature(0.5));
    let agent = agent.model_settings(ModelSettings::new().temperature(0.1).top_p(0.9));
    Run::new(&agent, "Hi", ())
        .config(config)
        .run()
        .await
        .unwrap();
    let bodies = bodies(&server);
    assert_eq!(bodies[0]["model"], "small-model");
    assert_eq!(bodies[1]["model"], "big-model");
    assert_eq!(
        (&bodies[1]["temperature"], &bodies[1]["top_p"]),
        (&json!(0.5), &json!(0.9))
    );
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct City {
    name: String,
    inhabitants: u64,
}

#[tokio::test]
async fn an_answer_may_be_a_type() {
    let server = server([
        Script::text(r#"{"name":"Oslo","inhabitants":717710}"#),
        Script::text(r#"{"response":[{"name":"Oslo","inhabitants":1}]}"#),
        Script::text(r#"{"name":"Oslo"}"#),
        Script::refusal("I do not count people."),
        Script::text("No JSON"),
    ])
    .await;
    let one = agent::<()>(&server).output_type::<City>();
    let result = Runner::run(&one, "Go", ()).await.unwrap();
    let oslo = City {
        name: "Oslo".to_owned(),
        inhabitants: 717_710,
    };
    assert_eq!(result.final_output_as::<City>().unwrap(), oslo);
    assert_eq!(
        bodies(&server)[0]["text"]["format"],
        json!({
            "type": "json_schema",
            "name": "final_output",
            "schema": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "inhabitants": {"type": "integer", "minimum": 0}},
                "required": ["name", "inhabitants"],
                "additionalProperties": false,
            },
            "strict": true,
        })
    );

    let many = agent::<()>(&server).output_type::<Vec<City>>();
    let result = Runner::run(&many, "Go", ()).await.unwrap();
    assert_eq!(result.final_output_as::<Vec<City>>().unwrap().len(), 1);
    let schema = &bodies(&server)[1]["text"]["format"]["schema"];
    assert_eq!(schema["required"], json!(["response"]));
    assert_eq!(schema["properties"]["response"]["type"], "array");
    assert!(schema["$defs"]["City"].is_object(), "{schema}");

    let error = Runner::run(&one, "Go", ()).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::InvalidFinalOutput);
    assert!(format!("{error:#}").contains("inhabitants"), "{error:#}");
    let error = Runner::run(&one, "Go", ()).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::ModelRefusal);

    async fn sorry(data: RunErrorHandlerData<'_, ()>) -> Option<RunErrorHandlerResult> {
        assert_eq!(data.state.current_turn, 1);
        Some(RunErrorHandlerResult::new(
            r#"{"name":"?","inhabitants":0}"#,
        ))
    }
    let handlers = RunErrorHandlers::new().invalid_final_output(sorry);
    let result = Run::new(&one, "Go", ())
        .error_handlers(handlers)
        .run()
        .await
        .unwrap();
    assert_eq!(result.final_output_as::<City>().unwrap().name, "?");
}

#[tokio::test]
async fn a_schema_may_be_lenient_or_from_elsewhere() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Counts {
        counts: std::collections::HashMap<String, u64>,
    }
    let server = server([
        Script::text("\n {\"counts\":{\"a\":1}}\n"),
        Script::text(r#"{"x":1}"#),
    ])
    .await;
    let strict = agent::<()>(&server).output_type::<Counts>();
    let error = Runner::run(&strict, "Go", ()).await.unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Config);
    let what = "cannot make the JSON schema of the output type strict: `additionalProperties`";
    assert!(error.to_string().starts_with(what), "{error}");
    assert_eq!(error.to_string(), format!("{error:#}"), "said once");
    assert!(server.requests().is_empty());

    let lenient =
        agent::<()>(&server).output_schema(AgentOutputSchema::of::<Counts>().strict(false));
    let result = Runner::run(&lenient, "Go", ()).await.unwrap();
    assert_eq!(result.final_output_as::<Counts>().unwrap().counts["a"], 1);
    assert_eq!(bodies(&server)[0]["text"]["format"]["strict"], false);

    let schema = json!({"type": "object", "properties": {"x": {"type": "integer"}}});
    let even = AgentOutputSchema::from_schema(schema, |json| {
        let value: Value = serde_json::from_str(json)?;
        match value["x"].as_i64() {
            Some(x) if x % 2 == 0 => Ok(()),
            _ => Err("x is not even".into()),
        }
    });
    let error = Runner::run(&agent::<()>(&server).output_schema(even), "Go", ())
        .await
        .unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "the model's output is not of the agent's type: x is not even"
    );
}

#[tokio::test]
async fn a_handler_answers_when_the_turns_are_used_up() {
    async fn give_up(data: RunErrorHandlerData<'_, ()>) -> Option<RunErrorHandlerResult> {
        assert_eq!(data.error.kind(), RunErrorKind::MaxTurnsExceeded);
        Some(RunErrorHandlerResult::new("It takes too long."))
    }
    let server = ScriptedResponses::start_with(|_| calls(&["tool"]))
        .await
        .unwrap();
    let agent = agent(&server).tool(says("tool", "again"));
    let handlers = RunErrorHandlers::new().max_turns(give_up);
    let run = Run::new(&agent, "Go", ())
        .max_turns(1)
        .error_handlers(handlers);
    let result = run.run().await.unwrap();
    assert_eq!(result.final_output, "It takes too long.");
    let [_, _, RunItem::MessageOutputItem(_)] = result.new_items() else {
        panic!("{:?}", result.new_items());
    };
    let last = serde_json::to_value(result.to_input_list().last().unwrap()).unwrap();
    assert_eq!(last["content"][0]["text"], "It takes too long.");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>, &'static str);

impl Log {
    fn note(&self, what: impl std::fmt::Display) -> Result<(), BoxError> {
        self.0.lock().unwrap().push(format!("{}{what}", self.1));
        Ok(())
    }
}

impl<C: Send + Sync> RunHooks<C> for Log {
    async fn on_agent_start(&self, _: RunContext<'_, C>, agent: &Agent<C>) -> Result<(), BoxError> {
        self.note(format_args!("start {}", agent.name()))
    }
    async fn on_llm_start(
        &self,
        _: RunContext<'_, C>,
        instructions: Option<&str>,
        input: &[InputItem],
    ) -> Result<(), BoxError> {
        self.note(format_args!(
            "llm {} {}",
            instructions.unwrap_or("-"),
            input.len()
        ))
    }
    async fn on_llm_end(&self, _: RunContext<'_, C>, response: &Response) -> Result<(), BoxError> {
        self.note(format_args!("answer {}", response.output.len()))
    }
    async fn on_tool_start(&self, ctx: ToolContext<'_, C>) -> Result<(), BoxError> {
        self.note(format_args!("tool {}", ctx.tool_name()))
    }
    async fn on_tool_end(&self, ctx: ToolContext<'_, C>, _: &ToolOutput) -> Result<(), BoxError> {
        self.note(format_args!("tool {} done", ctx.tool_call_id()))
    }
    async fn on_handoff(
        &self,
        _: RunContext<'_, C>,
        from: &Agent<C>,
        to: &Agent<C>,
    ) -> Result<(), BoxError> {
        self.note(format_args!("{} to {}", from.name(), to.name()))
    }
    async fn on_agent_end(&self, _: RunContext<'_, C>, output: &str) -> Result<(), BoxError> {
        self.note(format_args!("end {output}"))
    }
}

#[tokio::test]
async fn hooks_of_the_run_and_of_agents_are_told() {
    let server = server([
        calls(&["lookup"]),
        Script::new().then_item(call_item(2, "transfer_to_b", "{}")),
        Script::text("Bye"),
    ])
    .await;
    let log = Log::default();
    let of_a = Log(Arc::clone(&log.0), "A: ");
    let b = Agent::new("B", server.client().model("scripted"));
    let a = Agent::new("A", server.client().model("scripted"))
        .instructions("Be.")
        .tool(says("lookup", ""))
        .handoff(Handoff::to(&b))
        .hooks(of_a);
    Run::new(&a, "Go", ())
        .hooks(log.clone())
        .run()
        .await
        .unwrap();
    let told = log.0.lock().unwrap();
    assert_eq!(
        *told,
        [
            "start A",
            "A: start A",
            "llm Be. 1",
            "A: llm Be. 1",
            "answer 1",
            "A: answer 1",
            "tool lookup",
            "A: tool lookup",
            "tool call_1 done",
            "A: tool call_1 done",
            "llm Be. 3",
            "A: llm Be. 3",
            "answer 1",
            "A: answer 1",
            "A to B",
            "A: A to B",
            "start B",
            "llm - 5",
            "answer 1",
            "end Bye",
        ]
    );
}

#[tokio::test]
async fn a_hook_that_fails_ends_the_run() {
    struct Broken;
    impl RunHooks<()> for Broken {
        async fn on_tool_start(&self, _: ToolContext<'_, ()>) -> Result<(), BoxError> {
            Err("no audit log".into())
        }
    }
    let server = server([calls(&["lookup"])]).await;
    let agent = agent(&server).tool(says("lookup", "")).hooks(Broken);
    let error = Runner::run(&agent, "Go", ()).await.unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "a hook failed at the tool lookup: no audit log"
    );
    assert_eq!(error.kind(), RunErrorKind::Callback);
}

#[tokio::test]
async fn a_filter_has_the_last_word_on_what_the_model_gets() {
    async fn shorten(data: CallModelData<'_, ()>) -> Result<ModelInputData, BoxError> {
        let mut data = data.model_data;
        data.input.drain(..data.input.len() - 1);
        data.instructions = Some("Shortened.".to_owned());
        Ok(data)
    }
    let server = server([Script::text("Hi")]).await;
    let input = vec![InputItem::user("One"), InputItem::user("Two")];
    let config = RunConfig::new().call_model_input_filter(shorten);
    let run = Run::new(&agent(&server), input, ()).config(config).run();
    let result = run.await.unwrap();
    assert_eq!(result.to_input_list().len(), 3, "the run keeps what it has");
    let bodies = bodies(&server);
    assert_eq!(text(&bodies[0], 0), "Two");
    assert_eq!(bodies[0]["instructions"], "Shortened.");
}

#[tokio::test]
async fn a_function_may_decide_what_tool_results_mean() {
    async fn decide(results: ToolResults<'_, ()>) -> ToolsToFinalOutputResult {
        match results
            .results
            .iter()
            .find(|result| result.tool_name == "answer")
        {
            Some(result) => ToolsToFinalOutputResult::FinalOutput(result.output.to_text()),
            None => ToolsToFinalOutputResult::RunLlmAgain,
        }
    }
    let server = server([calls(&["look"]), calls(&["look", "answer"])]).await;
    let agent = agent(&server)
        .tool(says("look", "here"))
        .tool(says("answer", "42"))
        .tool_use_behavior_fn(decide);
    let result = Runner::run(&agent, "Go", ()).await.unwrap();
    assert_eq!(result.final_output, "42");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn the_endpoint_may_keep_the_conversation() {
    let server = server([
        calls(&["look"]),
        Script::text("One"),
        calls(&["look"]),
        Script::text("Two"),
    ])
    .await;
    let agent = agent(&server).tool(says("look", "here"));
    let result = Run::new(&agent, "Go", ())
        .auto_previous_response_id(true)
        .run()
        .await
        .unwrap();
    let seen = bodies(&server);
    assert!(seen[0].get("previous_response_id").is_none());
    assert!(seen[1]["previous_response_id"].is_string());
    assert_eq!(
        seen[1]["input"].as_array().unwrap().len(),
        1,
        "the result only"
    );
    assert_eq!(result.final_output, "One");

    Run::new(&agent, "More", ())
        .conversation_id("conv_1")
        .run()
        .await
        .unwrap();
    let seen = bodies(&server);
    assert_eq!(
        (&seen[2]["conversation"], &seen[3]["conversation"]),
        (&json!("conv_1"), &json!("conv_1"))
    );
    assert!(seen[3].get("previous_response_id").is_none());
    assert_eq!(seen[3]["input"].as_array().unwrap().len(), 1);

    let error = Run::new(&agent, "More", ())
        .conversation_id("conv_1")
        .session(MemorySession::new("s"))
        .run()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Config);
}

#[tokio::test]
async fn a_session_gets_calls_together_with_their_results() {
    let server = server([
        calls(&["look"]),
        Script::text("One"),
        Script::text("Two"),
        calls(&["look"]).cut_after(3),
    ])
    .await;
    let agent = agent(&server).tool(says("look", "here"));
    let session = Arc::new(MemorySession::new("s"));
    Run::new(&agent, "First", ())
        .session(Arc::clone(&session))
        .run()
        .await
        .unwrap();
    let types = |items: &[InputItem]| -> Vec<String> {
        items
            .iter()
            .map(|item| item.role().unwrap_or(item.item_type()).to_owned())
            .collect()
    };
    let stored = session.get_items(None).await.unwrap();
    assert_eq!(
        types(&stored),
        ["user", "function_call", "function_call_output", "assistant"]
    );

    let result = Run::new(&agent, "Second", ())
        .session(Arc::clone(&session))
        .run()
        .await
        .unwrap();
    assert_eq!(bodies(&server)[2]["input"].as_array().unwrap().len(), 5);
    assert_eq!(text(&bodies(&server)[2], 4), "Second");
    assert_eq!(result.input().len(), 5);
    assert_eq!(session.get_items(None).await.unwrap().len(), 6);

    // A response that breaks off leaves the question, and no half of an answer.
    let broken = Run::new(&agent, "Third", ())
        .session(Arc::clone(&session))
        .run()
        .await;
    assert_eq!(broken.unwrap_err().kind(), RunErrorKind::Model);
    let stored = session.get_items(None).await.unwrap();
    assert_eq!(types(&stored[6..]), ["user"]);
}

#[tokio::test]
async fn a_session_may_be_limited_and_combined() {
    async fn newest_first(data: SessionInputData<'_, ()>) -> Vec<InputItem> {
        data.new_input.iter().cloned().chain(data.history).collect()
    }
    let server = server([Script::text("A"), Script::text("B"), Script::text("C")]).await;
    let agent = agent(&server);
    let session = Arc::new(MemorySession::new("s"));
    let run = |text: &'static str| Run::new(&agent, text, ()).session(Arc::clone(&session));
    run("one").run().await.unwrap();
    run("two")
        .config(RunConfig::new().session_limit(1))
        .run()
        .await
        .unwrap();
    let input = bodies(&server)[1]["input"].clone();
    assert_eq!(input.as_array().unwrap().len(), 2, "{input}");
    let config = RunConfig::new().session_input_callback(newest_first);
    run("three").config(config).run().await.unwrap();
    assert_eq!(text(&bodies(&server)[2], 0), "three");
    let stored = session.get_items(None).await.unwrap();
    assert_eq!(stored.len(), 6);
    assert_eq!(
        stored[4],
        InputItem::user("three"),
        "the session has it in order"
    );
}

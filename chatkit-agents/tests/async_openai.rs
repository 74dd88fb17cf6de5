//! Runs whose model is reached through an `async_openai::Client`.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::responses::{InputParam, Tool};
use chatkit_agents::model::{AsyncOpenAiModel, ModelError, ModelErrorKind};
use chatkit_agents::testing::{Script, ScriptedResponses};
use chatkit_agents::tool::HostedTool;
use chatkit_agents::{Agent, RunConfig, RunInput, Runner, function_tool};
use serde_json::{Value, json};

/// Looks up the weather.
#[function_tool]
async fn weather() -> &'static str {
    "Rain"
}

async fn endpoint(
    scripts: impl IntoIterator<Item = Script>,
) -> (ScriptedResponses, Client<OpenAIConfig>) {
    // reqwest looks for a crypto provider, even where there is nothing to encrypt.
    drop(rustls::crypto::ring::default_provider().install_default());
    let server = ScriptedResponses::start().await.unwrap();
    for script in scripts {
        server.push(script);
    }
    let config = OpenAIConfig::new()
        .with_api_key("sk-secret")
        .with_api_base(server.base_url());
    (server, Client::with_config(config))
}

fn cause(error: &chatkit_agents::RunError) -> &ModelError {
    use std::error::Error;
    error.source().unwrap().downcast_ref().unwrap()
}

#[tokio::test]
async fn a_run_with_a_tool() {
    let strange = json!({"type": "response.brand_new", "n": 1});
    let scripts = [
        Script::reasoning("Hm")
            .then_event(strange)
            .then_function_call("weather", json!({})),
        Script::text("It rains"),
    ];
    let (server, client) = endpoint(scripts).await;
    let agent = Agent::new("Assistant", AsyncOpenAiModel::new(client, "gpt-test")).tool(weather);
    let result = Runner::run(&agent, "Weather?", ()).await.unwrap();
    assert_eq!(result.final_output(), Some("It rains"));
    assert_eq!(result.usage().requests, 2);
    let requests = server.requests();
    assert_eq!(requests[0].body["model"], "gpt-test");
    assert_eq!(requests[0].body["stream"], true);
    assert_eq!(
        requests[0].header("authorization"),
        Some("Bearer sk-secret")
    );
    assert_eq!(requests[1].body["input"][3]["output"], "Rain");
}

#[tokio::test]
async fn a_client_resolves_the_names_of_models() {
    let (server, client) = endpoint([Script::text("Hi")]).await;
    let agent: Agent<()> = Agent::new("Assistant", "small");
    let config = RunConfig::new().model_provider(client);
    Runner::run(&agent, "Hi", ()).config(config).await.unwrap();
    assert_eq!(server.requests()[0].body["model"], "small");
}

#[tokio::test]
async fn failures_are_told_apart_and_quote_nothing() {
    let refused = json!({"error": {"message": "You said hush", "type": "x", "code": "invalid_api_key", "param": null}});
    let scripts = [
        Script::status(401).body(refused.to_string()),
        Script::text("Half an answer").cut_after(4),
        Script::text("Half an answer").unterminated(),
    ];
    let (_server, client) = endpoint(scripts).await;
    let agent: Agent<()> = Agent::new("Assistant", AsyncOpenAiModel::new(client, "m"));
    let error = Runner::run(&agent, "Hi", ()).await.unwrap_err();
    let refused = cause(&error);
    assert_eq!(refused.kind(), ModelErrorKind::Authentication);
    assert_eq!(
        (refused.status(), refused.code()),
        (Some(401), Some("invalid_api_key"))
    );
    assert_eq!(refused.api_message(), Some("You said hush"));
    assert!(
        !format!("{error:#} {error:?}").contains("hush"),
        "{error:#}"
    );
    for _ in 0..2 {
        let error = Runner::run(&agent, "Hi", ()).await.unwrap_err();
        assert_eq!(cause(&error).kind(), ModelErrorKind::Truncated, "{error:#}");
    }
}

#[tokio::test]
async fn its_types_are_input() {
    let (server, client) = endpoint([Script::text("Hi")]).await;
    let input: InputParam = serde_json::from_value(json!([
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
        {"type": "function_call_output", "call_id": "call_1", "output": "ok"},
    ]))
    .unwrap();
    let tool: Tool = serde_json::from_value(json!({"type": "web_search"})).unwrap();
    let agent: Agent<()> = Agent::new("Assistant", AsyncOpenAiModel::new(client, "m"))
        .tool(HostedTool::try_from(tool).unwrap());
    Runner::run(&agent, RunInput::try_from(input).unwrap(), ())
        .await
        .unwrap();
    let body: &Value = &server.requests()[0].body;
    assert_eq!(body["tools"][0]["type"], "web_search");
    assert_eq!(body["input"][0]["content"][0]["text"], "Hello");
    assert_eq!(body["input"][1]["call_id"], "call_1");
}

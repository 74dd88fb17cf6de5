//! The trace of a run, as a collector gets it.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::within;

type Received = Arc<Mutex<Vec<Value>>>;

async fn collect(State(received): State<Received>, Json(traces): Json<Value>) -> Json<Value> {
    received.lock().unwrap().push(traces);
    Json(json!({}))
}

#[tokio::test]
async fn a_run_is_a_tree_of_spans() {
    let received = Received::default();
    let collector = axum::Router::new()
        .route("/v1/traces", post(collect))
        .with_state(Arc::clone(&received));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let collector = tokio::spawn(async move { axum::serve(listener, collector).await });

    let program = Command::new(env!("CARGO_BIN_EXE_otlp"))
        .env_clear()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = within(program).await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.trim(), "Clear sky in Paris. Have a picnic.");
    collector.abort();

    let received = received.lock().unwrap();
    let spans: Vec<&Value> = received
        .iter()
        .flat_map(|traces| traces["resourceSpans"].as_array().unwrap())
        .flat_map(|resource| resource["scopeSpans"].as_array().unwrap())
        .flat_map(|scope| scope["spans"].as_array().unwrap())
        .collect();
    let by_name: HashMap<&str, &Value> = spans
        .iter()
        .map(|span| (span["name"].as_str().unwrap(), *span))
        .collect();
    let agent = by_name["invoke_agent Assistant"];
    let chat = by_name["chat gpt-5.6-luna"];
    let tool = by_name["execute_tool get_weather"];
    assert_eq!(chat["parentSpanId"], agent["spanId"]);
    assert_eq!(tool["parentSpanId"], agent["spanId"]);
    assert_eq!(chat["traceId"], agent["traceId"]);
    let chats = spans.iter().filter(|span| span["name"] == chat["name"]);
    assert_eq!(chats.count(), 2);

    let sent = serde_json::to_string(&*received).unwrap();
    assert!(sent.contains("gen_ai.usage.input_tokens"), "{sent}");
    assert!(
        !sent.contains("picnic in Paris"),
        "nothing that was said: {sent}"
    );
}
